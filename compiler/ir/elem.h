/* elem.h - one element of an array of any dtype, as a double: the conversions every reader and
 * writer of tensors shares (evaluator, interpreter, comparison, files). */
#ifndef NASC_ELEM_H
#define NASC_ELEM_H
#include "compiler/ir/type.h"

double elem_get(enum dtype d, const void *base, u64 i);
/* Rounds to nearest even; integers saturate toward zero, NaN becomes 0; bool is x != 0. */
void elem_set(enum dtype d, void *base, u64 i, double x);
/* x as it would be read back. */
double elem_round(enum dtype d, double x);

u16 elem_f32_to_f16(float x);
float elem_f16_to_f32(u16 h);
u16 elem_f32_to_bf16(float x);
float elem_bf16_to_f32(u16 h);

#endif
