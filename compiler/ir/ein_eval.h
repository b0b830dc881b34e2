/* ein_eval.h - the meaning of a cascade: slow, obvious evaluation.
 *
 * EVAL_F64    everything in double: the truth passes and backends are judged against.
 * EVAL_F32    as written: each operation rounded to the accumulator's dtype, reductions in row-major order:
 *             the reference of --strict-math (exp, tanh, erf .. by the polynomials of ir/poly.h).
 * EVAL_BOUND  F64 with, beside each value, a bound on the error of an f32 evaluation in any order of summation, of reductions and
 *             of what passes make of an expression's additions (eval_sum.c)
 *             (running error analysis; Higham, Accuracy and Stability of Numerical Algorithms, 3.1, 3.3, 4.2).
 *             Where an error may turn a comparison or a rounding to an integer, the bound covers both outcomes; where it
 *             may reach a pole or leave a domain, it is infinite.  User monoids: in order only.
 *
 * A user monoid starts at its zero and merges lifted points in row-major order.  Integer division is floored.
 * mod(a, b) is a - b * floor(a / b). */
#ifndef NASC_EIN_EVAL_H
#define NASC_EIN_EVAL_H
#include "compiler/ir/ein.h"

enum eval_mode { EVAL_F64, EVAL_F32, EVAL_BOUND };
struct ein_array { u64 n; double *v; double *err; };    /* row-major; err only with EVAL_BOUND */
struct ein_eval {
    enum eval_mode mode;
    i64 batch;
    struct arena *a;
    bool in_f64;                                        /* EVAL_BOUND: the bound of an f64 evaluation, such as the truth itself */
    bool lowered;                                       /* EVAL_BOUND: of a cascade after all passes: no additions of its expressions are regrouped any more */
    struct eval_sums *sum;                              /* [cascade tens]; EVAL_BOUND: terms of sums (eval_prog.h) */
    struct ein_array *tens;                             /* [cascade tens]; inputs, params, states given by the caller */
    u64 work, work_limit;                               /* points evaluated; 0: no limit */
    bool (*stop)(void *ctx); void *stop_ctx;            /* asked now and then: true ends the evaluation; may be NULL */
};
struct ein_eval *ein_eval_new(struct arena *a, const struct cascade *c, enum eval_mode mode, i64 batch);
/* Allocates (zeroed) an array for tensor t. */
double *ein_eval_alloc(struct ein_eval *ev, const struct cascade *c, u32 t);
/* Draws every PARAM and STATE (ir/weight.h). */
void ein_eval_weights(struct ein_eval *ev, const struct cascade *c, u64 seed);
/* Runs equations [first, last); false with *why if an index leaves its tensor (a bug of ours) or the work bound is passed. */
bool ein_eval_run(struct ein_eval *ev, const struct cascade *c, u32 first, u32 last, struct buf *why);

#endif
