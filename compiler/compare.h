/* compare.h - native code against the evaluator: group by group on the evaluator's own inputs, and end to end.
 *
 * Group by group: each run command of the plan gets, in its input buffers, the evaluator's f64 values rounded to the
 * buffer's dtype; its outputs must lie within the evaluator's own running error bound for one group (ein_eval.h) of what the
 * evaluator computes from the same rounded inputs.  End to end: outputs within the running error bound of the whole
 * cascade as written.  Bounds count in units of f32 rounding and grow with the reduction lengths; none is tuned. */
#ifndef NASC_COMPARE_H
#define NASC_COMPARE_H
#include "compiler/pipeline.h"

struct compare {
    u32 groups, bad_groups;
    double worst_group;             /* largest error / bound of a group */
    double worst_end;               /* of the outputs, end to end */
    bool end_checked;               /* false: the bound is not finite, or not comparable (a NaN in the truth) */
    double worst_rewrite;           /* passes: largest |optimised - written| / scale in f64 */
    const char *first_bad;          /* what the first bad group was, in the net's arena */
    const char *bad_end;            /* the first element of an output that is beyond its bound */
};
/* Where inputs and weights come from, by tests' own rules: n elements of input `number`, of a parameter or state. */
struct compare_values {
    void *ctx;
    void (*input)(void *ctx, u32 number, enum dtype t, u64 n, void *out);
    void (*weight)(void *ctx, const struct ein_tens *t, u64 n, void *out);
};
bool compare_net_on(nasc_net *n, const struct compare_values *v, u64 seed, i64 batch, struct compare *r, struct buf *why);
/* Runs on `batch` inputs drawn from seed.  false: the evaluator gave up (work bound), *why says so. */
bool compare_net(nasc_net *n, u64 seed, i64 batch, struct compare *r, struct buf *why);

#endif
