/* ein_view.c - ein-view: what only moves data moves none: its reads are composed into its consumers'.
 *
 *     p[r0,r1] = read(x, r1/9, r0/8 + r1/3%3 - 1, r0%8 + r1%3 - 1 pad 0)      (im2col)
 *     z[r0,r1] += mul(read(p, r0, r2), read(w, r1, r2))
 * ->  z[r0,r1] += mul(read(x, r2/9, r0/8 + r2/3%3 - 1, r0%8 + r2%3 - 1 pad 0), read(w, r1, r2))
 *
 * Permutations, splits, reshapes, clones, im2col, crops, pads and constants vanish this way; a tensor that several
 * equations write (a concatenation) stays. */
#include "passes/ein_inline.h"

static bool moves_only(struct rewrite *w, const struct ein_eq *e)
{
    bool gathers;
    rw_count_reads(w, e->body[0], &gathers);
    return !gathers && rw_cost(w, e->body[0]) == 0;
}

u32 ein_view(struct cascade *c, const struct pass_options *o)
{
    struct rewrite *w = rw_open(c, o);
    for (u32 i = 0; i < w->neq; i++)
        if (!w->dropped[i] && c->eq.at[i].red == RED_NONE && rw_inlinable(w, i) && moves_only(w, &c->eq.at[i]))
            inline_map(w, i);
    return rw_close(w);
}
