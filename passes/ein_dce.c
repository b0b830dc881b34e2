/* ein_dce.c - ein-dce: equations nobody reads.  Outputs and new states are what is wanted. */
#include "passes/rewrite.h"

u32 ein_dce(struct cascade *c, const struct pass_options *o)
{
    struct rewrite *w = rw_open(c, o);
    bool *live = NEW_ARRAY(w->a, bool, w->ntens + 1);
    for (u32 i = 0; i < w->ntens; i++)
        live[i] = c->tens.at[i].role == EIN_OUT || c->tens.at[i].role == EIN_NEXT;
    /* Backward; again while a recurrence keeps something earlier alive. */
    bool *kept = NEW_ARRAY(w->a, bool, w->neq + 1);
    for (bool again = true; again;) {
        again = false;
        for (u32 i = w->neq; i-- > 0;) {
            bool wanted = false;
            for (u32 k = 0; k < c->eq.at[i].nout; k++)
                wanted |= live[c->eq.at[i].out[k]];
            if (!wanted || kept[i])
                continue;
            kept[i] = again = true;
            for (u32 r = 0; r < w->reads[i].n; r++)
                live[c->node.at[w->reads[i].at[r]].u] = true;
        }
    }
    for (u32 i = 0; i < w->neq; i++)
        if (!kept[i]) {
            rw_drop(w, i);
            w->fired++;
        }
    return rw_close(w);
}
