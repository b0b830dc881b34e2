/* glue.c - which model the program is of: the linker gives nrt_the_model, and nrt_the_weights where they are part of the program, the addresses of
 * the object's (--defsym), so that this is compiled once for all programs. */
#include "rt.h"

extern const nasc_model nrt_the_model;
extern const unsigned char nrt_the_weights[] __attribute__((weak));
const nasc_model *const nrt_model = &nrt_the_model;
const void *const nrt_weights = nrt_the_weights;
