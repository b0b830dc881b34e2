/* weight.h - a weight is f(seed, parameter number, logical row-major index): Philox, no libm,
 * the same bits on every machine, in any order, into any layout. */
#ifndef NASC_WEIGHT_H
#define NASC_WEIGHT_H
#include "compiler/ir/ein.h"

/* Elements [first, first + n) of tensor t (role PARAM or STATE) as f32. */
void weight_fill(const struct ein_tens *t, u64 seed, u64 first, u64 n, float *out);
/* The standard normal from two uniform words, by polynomials (accuracy in weight.c). */
double weight_normal(u32 a, u32 b);

#endif
