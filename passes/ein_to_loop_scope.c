/* ein_to_loop_scope.c - what is known while a loop is open.
 *
 * In: the state of one equation as a loop's body opens.  Out: the same state when it closes: what was computed inside is forgotten, ranks bound
 * inside are not bound, running offsets are as they were. */
#include "passes/lower.h"

static u64 bit(u32 r)
{
    return (u64)1 << r;
}

void low_open(struct low *q, struct loop_emit e, struct low_scope *s)
{
    *s = (struct low_scope){ .e = q->e, .trail = q->trail.n, .splat = q->splat.n };
    s->rank = arena_dup(q->a, q->rank, sizeof(struct low_rank) * q->q.nrank);
    s->run = NEW_ARRAY(q->a, lval, q->acc.n);
    s->done = NEW_ARRAY(q->a, u64, q->acc.n);
    for (u32 k = 0; k < q->acc.n; k++) {
        s->run[k] = q->acc.at[k].run;
        s->done[k] = q->acc.at[k].done;
    }
    q->e = e;
}

void low_close(struct low *q, const struct low_scope *s)
{
    q->e = s->e;
    memcpy(q->rank, s->rank, sizeof(struct low_rank) * q->q.nrank);
    for (u32 k = 0; k < q->acc.n; k++) {
        q->acc.at[k].run = s->run[k];
        q->acc.at[k].done = s->done[k];
    }
    while (q->trail.n > s->trail)
        *q->trail.at[--q->trail.n] = 0;
    q->splat.n = s->splat;
}

void low_remember(struct low *q, lval *slot, lval v)
{
    *slot = v;
    vec_push(q->a, &q->trail, slot);
}

bool low_ready(const struct low *q, u64 deps)
{
    for (u32 r = 0; deps; r++, deps >>= 1)
        if ((deps & 1) && !q->rank[r].bound)
            return false;
    return true;
}

u32 low_project(const struct low *q, u64 deps)
{
    u32 at = 0;
    for (u32 i = 0; i < q->nstat; i++)
        if (deps & bit(q->stat[i].rank))
            at = at * q->stat[i].max + q->coord[i];
    return at;
}
