/* gen_inputs.h - what is fed to a generated cascade: a function of the seed, the tensor's number and the element, no more.
 *
 * Usual values: floats in [-1, 1), some of them exact (0, 1/2, -1); integers in a small range that reaches below 0 and beyond the
 * tensors they index.  Special ones: every third element or so is an infinity, a NaN, a zero of either sign, a denormal or another edge. */
#ifndef NASC_TESTS_GEN_INPUTS_H
#define NASC_TESTS_GEN_INPUTS_H
#include "compiler/ir/ein.h"

struct gen_range { double lo, hi; };
struct gen_range gen_input_range(enum dtype t);         /* of the usual values */
struct gen_range gen_weight_range(const struct ein_tens *t);
/* Element i of input number `number` (counted among inputs), as a double that the dtype can hold. */
double gen_input(enum dtype t, u64 seed, u32 number, u64 i, bool special);
/* Elements [0, n) of a parameter or state: its initial values (ir/weight.h), constants with up to 0.25 of noise. */
void gen_weights(const struct ein_tens *t, u64 seed, u64 n, double *out);

#endif
