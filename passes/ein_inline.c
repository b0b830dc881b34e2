/* ein_inline.c - see ein_inline.h.
 *
 *     t[r0,r1] = read(x, r1, r0)                      y[r0] += mul(read(x, r0, r1), read(w, r1))
 *     y[r0]   += mul(read(t, r1, r0), read(w, r1))  ->
 */
#include "passes/ein_inline.h"

/* The equation's own dtype: what its tensor holds is what its expression has. */
static bool same_dtype(const struct cascade *c, const struct ein_eq *p)
{
    int d = ein_dtype(c, p, p->body[0]);
    return d == c->tens.at[p->out[0]].dtype || d == EIN_ANY;
}

static bool can_take(struct rewrite *w, const struct ein_eq *p, u32 reader)
{
    struct cascade *c = w->c;
    ein_node *with = NEW_ARRAY(w->a, ein_node, p->nrank + 1);
    for (u32 i = 0; i < w->reads[reader].n; i++) {
        struct ein_x r = c->node.at[w->reads[reader].at[i]];
        if (r.u != p->out[0])
            continue;
        ein_node *idx = arena_dup(w->a, c->list.at + r.list, sizeof *idx * r.nlist);
        if (r.kind != EIN_READ || !rw_inverse(c, p, idx, with))
            return false;
        struct ein_reads pad = ein_reads(c, r.a);       /* a pad that reads the same tensor would stay */
        for (u32 k = 0; r.a && k < pad.n; k++)
            if (c->node.at[pad.at[k]].u == p->out[0])
                return false;
    }
    return true;
}

u32 inline_readers(struct rewrite *w, u32 eq, u32 **readers)
{
    const struct ein_eq *p = &w->c->eq.at[eq];
    if (!rw_inlinable(w, eq) || p->red != RED_NONE || !same_dtype(w->c, p))
        return 0;
    u32 n = rw_readers(w, p->out[0], readers);
    for (u32 i = 0; i < n; i++)
        if (!can_take(w, p, (*readers)[i]))
            return 0;
    return n;
}

static ein_node break_read(struct rewrite *w, ein_node x);

bool inline_map(struct rewrite *w, u32 eq)
{
    struct cascade *c = w->c;
    u32 *reader, n = inline_readers(w, eq, &reader);
    struct ein_eq p = c->eq.at[eq];
    if (!n)
        return false;
    for (u32 i = 0; i < n; i++) {
        struct ein_eq e = c->eq.at[reader[i]];
        ein_node from[64], to[64];
        u32 k = 0;
        for (u32 r = 0; r < w->reads[reader[i]].n; r++)
            if (c->node.at[w->reads[reader[i]].at[r]].u == p.out[0]) {
                if (k == COUNTOF(from))
                    return false;
                from[k] = w->reads[reader[i]].at[r];
                to[k] = break_read(w, rw_value_at(w, &p, &e, from[k]));
                if (!to[k++])
                    return false;
            }
        e.body = arena_dup(c->a, e.body, sizeof *e.body * e.nbody);
        e.sub = arena_dup(c->a, e.sub, sizeof *e.sub * e.nsub);
        for (u32 b = 0; b < e.nbody; b++)
            e.body[b] = rw_replace(c, e.body[b], k, from, to);
        e.guard = rw_replace(c, e.guard, k, from, to);
        e.post = rw_replace(c, e.post, k, from, to);
        rw_simplify(w, &e);
        rw_set(w, reader[i], e);
    }
    rw_drop(w, eq);
    return true;
}

/* Deliberate bugs in what has been composed: see seeded.def. */
static ein_node break_read(struct rewrite *w, ein_node x)
{
    struct cascade *c = w->c;
    u32 bug = w->o->break_;
    if (!x || (bug != BREAK_TAP && bug != BREAK_PAD && bug != BREAK_STRIDE))
        return x;
    ein_nodes all = {0};
    ein_reach(w->a, c, x, &all);
    for (u32 i = 0; i < all.n; i++) {
        struct ein_x y = c->node.at[all.at[i]];
        ein_node from = all.at[i], to = from, sub[32];
        if (bug == BREAK_STRIDE && y.kind == EIN_IMUL && c->node.at[y.b].i > 1)
            to = y.a;
        if (y.kind == EIN_READ && y.a && y.nlist && y.nlist <= 32) {
            memcpy(sub, c->list.at + y.list, sizeof *sub * y.nlist);
            i64 ext = c->tens.at[y.u].dim[y.nlist - 1];
            if (bug == BREAK_PAD)
                sub[y.nlist - 1] = ein_iadd(c, sub[y.nlist - 1], ein_int(c, 1));
            if (bug == BREAK_TAP && ext > 0)
                sub[y.nlist - 1] = ein_imod(c, sub[y.nlist - 1], ext);
            to = ein_read(c, y.u, y.nlist, sub, y.a);
        }
        if (to != from)
            return rw_replace(c, x, 1, &from, &to);
    }
    return x;
}
