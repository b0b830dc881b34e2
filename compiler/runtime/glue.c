/* glue.c - which model the program is of: NASC_MODEL (a symbol of its object) and, where its weights are part of the object, NASC_WEIGHTS. */
#include "rt.h"

extern const nasc_model NASC_MODEL;
const nasc_model *const nrt_model = &NASC_MODEL;
#ifdef NASC_WEIGHTS
extern const unsigned char NASC_WEIGHTS[];
const void *const nrt_weights = NASC_WEIGHTS;
#else
const void *const nrt_weights = NULL;
#endif
