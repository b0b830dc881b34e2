/* counters.h - cycles and instructions of this thread, as the processor counts them, where the kernel lets us ask. */
#ifndef NASC_COUNTERS_H
#define NASC_COUNTERS_H
#include "compiler/base/base.h"

struct counters { int fd[2]; };         /* cycles, instructions; -1: not to be had */
/* false: there are none (no processor counters, no permission); the others may be called all the same. */
bool counters_open(struct counters *c);
void counters_close(struct counters *c);
void counters_start(struct counters *c);
/* What was counted since the start; false: nothing can be said. */
bool counters_stop(struct counters *c, u64 *cycles, u64 *instructions);

#endif
