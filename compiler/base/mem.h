/* mem.h - asking before taking: systems hand out more memory than they have, and end the process
 * that uses it.  Small requests always fit. */
#ifndef NASC_MEM_H
#define NASC_MEM_H
#include "compiler/base/base.h"

bool mem_fits(u64 bytes);

#endif
