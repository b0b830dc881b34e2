/* ein_simplify_all.c - ein-simplify: index arithmetic under ranges, and the algebra that needs no thought.
 *
 * In: any cascade.  Out: the same equations, no rank of extent 1, no neutral operand.
 *     y[r0,r1] = mul(read(x, r0/8*8 + r0%8, r1), 1) + 0     ->     y[r0,r1] = read(x, r0, r1) */
#include "passes/rewrite.h"

/* Ranks of extent 1 become the index 0; an equation left without reduced ranks is a map. */
static bool drop_ones(struct rewrite *w, struct ein_eq *e)
{
    struct cascade *c = w->c;
    ein_node with[64];
    struct ein_rank rank[64];
    u32 n = 0;
    if (e->nrank > COUNTOF(with) || e->scan)
        return false;
    for (u32 k = 0; k < e->nrank; k++) {
        if (e->rank[k].ext == 1) {
            with[k] = ein_int(c, 0);
            continue;
        }
        with[k] = ein_rank(c, n);
        rank[n++] = e->rank[k];
    }
    if (n == e->nrank)
        return false;
    for (u32 i = 0; i < e->nbody; i++)
        e->body[i] = ein_subst(c, e->body[i], e->nrank, with);
    for (u32 i = 0; i < e->nsub; i++)
        e->sub[i] = ein_subst(c, e->sub[i], e->nrank, with);
    if (e->guard)
        e->guard = ein_subst(c, e->guard, e->nrank, with);
    if (e->post)
        e->post = ein_subst(c, e->post, e->nrank, with);
    e->rank = arena_dup(c->a, rank, sizeof *rank * n);
    e->nrank = n;
    return true;
}

u32 ein_simplify_all(struct cascade *c, const struct pass_options *o)
{
    struct rewrite *w = rw_open(c, o);
    for (u32 i = 0; i < w->neq; i++) {
        struct ein_eq e = c->eq.at[i], was = e;
        e.body = arena_dup(c->a, e.body, sizeof *e.body * e.nbody);
        e.sub = arena_dup(c->a, e.sub, sizeof *e.sub * e.nsub);
        bool fired = drop_ones(w, &e);
        if (o->break_ == BREAK_GUARD)
            e.guard = 0;
        if (o->break_ == BREAK_LAST && e.nrank > rw_npar(&e) && e.rank[e.nrank - 1].ext > 1 && !e.scan) {
            e.rank = arena_dup(c->a, e.rank, sizeof *e.rank * e.nrank);
            e.rank[e.nrank - 1].ext--;
        }
        rw_simplify(w, &e);
        fired |= e.guard != was.guard || e.post != was.post || e.red != was.red || e.nrank != was.nrank;
        for (u32 k = 0; k < e.nbody; k++)
            fired |= e.body[k] != was.body[k];
        for (u32 k = 0; k < e.nsub; k++)
            fired |= e.sub[k] != was.sub[k];
        if (fired || o->break_)
            rw_set(w, i, e);
    }
    return rw_close(w);
}
