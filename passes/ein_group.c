/* ein_group.c - ein-group: which equations become one launch.  The equations of a scan share theirs, every other has its own. */
#include "passes/rewrite.h"

u32 ein_group(struct cascade *c, const struct pass_options *o)
{
    (void)o;
    u32 group = 0;
    for (u32 i = 0; i < c->eq.n; i++) {
        struct ein_eq *e = &c->eq.at[i];
        if (!i || !e->scan || e->scan != c->eq.at[i - 1].scan)
            group++;
        e->group = group;
    }
    ein_phases(c);
    return group;
}
