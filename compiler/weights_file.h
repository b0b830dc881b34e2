/* weights_file.h - a network's parameters and states to and from safetensors, by path name. */
#ifndef NASC_WEIGHTS_FILE_H
#define NASC_WEIGHTS_FILE_H
#include "compiler/pipeline.h"

/* Every tensor of the network must be in the file with its dtype and shape, and no other: complains (E0835..) and changes
 * nothing otherwise. */
bool weights_load(nasc_net *n, const char *path);
bool weights_save(nasc_net *n, const char *path);      /* atomically; complains */

#endif
