/* gen.h - random cascades: programs that verify, of every construct the IR has, in awkward sizes.
 *
 * In: a seed.  Out: a cascade as a front end would make it (not optimised), the same for the same seed and options on any machine.
 * Holds: ein_verify accepts it; values stay finite and within their dtypes for inputs and weights that keep to gen_inputs.h (but under
 * `wild`), batches of up to GEN_BATCH_MOST; inputs and outputs have the batch rank.  Programs that want the same values take them
 * from gen_inputs.h. */
#ifndef NASC_TESTS_GEN_H
#define NASC_TESTS_GEN_H
#include "compiler/ir/ein.h"

enum { GEN_BATCH_MOST = 16 };
struct gen_options {
    u32 equations;          /* at most about so many; 0: 6 */
    u32 points;             /* of an equation, for one sample; 0: 6000 */
    bool training;          /* states with next values */
    bool conditions;        /* many reads that may leave their tensors, behind conditions of every form rather than with pads */
    bool wild;              /* functions also where they have poles or no value, reductions that may be empty: infinities and NaNs come up */
};
struct cascade *gen_cascade(struct arena *a, struct str_pool *sp, u64 seed, const struct gen_options *o);

/* What cascades are made of, counted: a row for each construct (gen_count.c). */
struct gen_row { const char *kind, *name; u64 cascades, times; };
struct gen_table { u32 n; struct gen_row *row; u64 cascades; };
struct gen_table *gen_table_new(struct arena *a);
void gen_table_count(struct gen_table *t, const struct cascade *c);
void gen_table_print(struct buf *b, const struct gen_table *t);

#endif
