/* compare_strict.h - strict arithmetic, bit by bit: native code against the cascade as written (EVAL_F32).
 *
 * Inputs are drawn with special values among them (compare_specials); the same inputs and weights are given to the evaluator, and every
 * output must have the same bits.  NaNs count as one value.  What differs is looked for: in the passes (the rewritten cascade
 * evaluated the same way), then launch by launch on the evaluator's own values. */
#ifndef NASC_COMPARE_STRICT_H
#define NASC_COMPARE_STRICT_H
#include "compiler/pipeline.h"

/* What is among the numbers of an input. */
enum compare_draw {
    DRAW_PLAIN,             /* [-1, 1) */
    DRAW_SMALL,             /* denormals, the least normals, zeros of both signs */
    DRAW_LARGE,             /* up to the largest: sums overflow */
    DRAW_SPECIAL,           /* plain, and now and then a NaN, an infinity, a zero of either sign, a denormal, a largest */
    COMPARE_DRAWS
};
/* Number i of input `number`; whole numbers for dtypes of such. */
double compare_draw(enum compare_draw d, enum dtype t, u64 seed, u32 number, u64 i);

struct compare_strict {
    u64 elems, differ;              /* elements of outputs; those with other bits */
    u64 infinite;                   /* elements that are NaN or infinite in the evaluator */
    bool passes;                    /* the rewritten cascade differs already */
    u32 bad_launches;
    const char *first_bad;          /* what was found to differ first, in the net's arena */
};
/* The net was lowered with pass_options.strict.  false: the evaluator gave up, or no memory: *why says so. */
struct compare_values;          /* compare.h: a test's own inputs and weights */
bool compare_strict_on(nasc_net *n, const struct compare_values *v, u64 seed, i64 batch, struct compare_strict *r, struct buf *why);
bool compare_strict(nasc_net *n, u64 seed, i64 batch, enum compare_draw d, struct compare_strict *r, struct buf *why);

#endif
