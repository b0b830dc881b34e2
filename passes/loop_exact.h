/* loop_exact.h - operations that a machine lacks, by those that every machine has, to the same bits. */
#ifndef NASC_LOOP_EXACT_H
#define NASC_LOOP_EXACT_H
#include "compiler/ir/loop.h"

/* a * b + c with one rounding.  f32: always.  f64: but for results below 2^-1022, which may be off by the least number, for a product above 2^500 that
 * stands between two numbers while |c| < 2^-570, and for sums that overflow on their way to a number. */
lval exact_fma(struct loop_emit *e, struct ltype t, lval a, lval b, lval c);
/* FROUND and FFLOOR. */
lval exact_round(struct loop_emit *e, enum loop_op op, struct ltype t, lval x);

#endif
