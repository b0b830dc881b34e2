/* ein_fuse.c - ein-fuse: elementwise equations into their producers or consumers.
 *
 * Epilogues.  A reduction that only one map reads is computed by that map's points, its expression the map's:
 *     z[r0,r1] += mul(read(x, r0, r2), read(w, r1, r2))           y[r0,r1] += mul(...) post max(add(acc, read(b, r1)), 0)
 *     y[r0,r1]  = max(add(read(z, r0, r1), read(b, r1)), 0)   ->
 * Through any invertible place (a transpose, col2im, a region of a concatenation) as long as the map has no more points than
 * the reduction, so nothing is computed twice.  Where a map reads several reductions the last one takes it; the others
 * are stored and read: kernels stay few (a convolution with or without one more addend, whatever the graph).
 *
 * Prologues.  A map is inlined into its readers where that costs no more than storing it: the table `inline_rules`. */
#include "passes/ein_inline.h"

/* What may be inlined where; the first row that fits decides. cost: rw_cost of the map. */
struct inline_rule {
    const char *into;
    bool into_map, one_reader, recomputes;  /* recomputes: the reader has more points than the map */
    u32 most_cost, most_reads;
};
static const struct inline_rule inline_rules[] = {
    {"the only reader, a map, point for point", true, true, false, 1000, 1000},
    {"the only reader, a map with more points", true, true, true, 2, 4},
    {"several maps", true, false, true, 2, 2},
    {"a reduction that reads each point once", false, true, false, 1000, 4},
    {"reductions: a relu or a leaky one, recomputed per tap", false, false, true, 3, 1},
};

static bool allowed(bool into_map, bool one, bool recomputes, u32 cost, u32 reads)
{
    for (u32 i = 0; i < COUNTOF(inline_rules); i++) {
        const struct inline_rule *r = &inline_rules[i];
        if (r->into_map == into_map && (one || !r->one_reader) && (r->recomputes || !recomputes) && cost <= r->most_cost && reads <= r->most_reads)
            return true;
    }
    return false;
}

static bool prologue(struct rewrite *w, u32 eq)
{
    struct cascade *c = w->c;
    const struct ein_eq *p = &c->eq.at[eq];
    u32 *reader, n = inline_readers(w, eq, &reader);
    if (!n)
        return false;
    bool gathers;
    u32 cost = rw_cost(w, p->body[0]), reads = rw_count_reads(w, p->body[0], &gathers);
    for (u32 i = 0; i < n; i++) {
        const struct ein_eq *e = &c->eq.at[reader[i]];
        bool once = true;           /* does the reader take each point once? */
        u32 places = 0;
        for (u32 r = 0; r < w->reads[reader[i]].n; r++)
            places += c->node.at[w->reads[reader[i]].at[r]].u == p->out[0];
        once = places == 1 && rw_fewer(rw_points(e, true), rw_points(p, false));
        if (e->scan || (gathers && e->red != RED_NONE) || !allowed(e->red == RED_NONE, n == 1 && places == 1, !once, cost, reads))
            return false;
        /* A reduction that would take a filtered map pays the filter per tap. */
        if (p->guard && e->red != RED_NONE)
            return false;
    }
    return inline_map(w, eq);
}

/* The reduction whose epilogue map `eq` can be: the last one in order, of those that only it reads, at one place. */
static bool find_anchor(struct rewrite *w, u32 eq, u32 *anchor, ein_node *read, ein_node *with)
{
    struct cascade *c = w->c;
    const struct ein_eq *v = &c->eq.at[eq];
    bool found = false;
    for (u32 i = 0; i < w->reads[eq].n; i++) {
        ein_node r = w->reads[eq].at[i];
        struct ein_x x = c->node.at[r];
        u32 at = w->writer[x.u], *reader;
        if (x.kind != EIN_READ || x.a || w->nwriter[x.u] != 1 || !rw_inlinable(w, at) || (found && at < *anchor))
            continue;
        const struct ein_eq *p = &c->eq.at[at];
        bool plain = p->red == RED_ADD || p->red == RED_MUL || p->red == RED_MAX || p->red == RED_MIN;
        u32 places = 0;
        for (u32 k = 0; k < w->reads[eq].n; k++)
            places += c->node.at[w->reads[eq].at[k]].u == x.u;
        if (!plain || places != 1 || p->acc != c->tens.at[x.u].dtype || p->acc != v->acc || p->nrank + v->nrank > 60 ||
            rw_readers(w, x.u, &reader) != 1 || !rw_fewer(rw_points(v, false), rw_points(p, false)))
            continue;
        ein_node *idx = arena_dup(w->a, c->list.at + x.list, sizeof *idx * x.nlist), inv[64];
        if (!rw_inverse(c, p, idx, inv))
            continue;
        /* A read behind a condition: the reduction would be without it. */
        bool inside = true;
        for (u32 d = 0; inside && d < x.nlist; d++) {
            i64 lo, hi, ext = c->tens.at[x.u].dim[d];
            inside = ext < 0 || (ein_range(c, idx[d], v->nrank, v->rank, &lo, &hi) && lo >= 0 && hi < ext);
        }
        if (!inside)
            continue;
        memcpy(with, inv, sizeof *inv * rw_npar(p));
        *anchor = at;
        *read = r;
        found = true;
    }
    return found;
}

static ein_node break_post(struct rewrite *w, ein_node post, ein_node acc);

static bool epilogue(struct rewrite *w, u32 eq)
{
    struct cascade *c = w->c;
    struct ein_eq v = c->eq.at[eq];
    if (w->dropped[eq] || v.red != RED_NONE || v.nout != 1 || v.nbody != 1 || v.scan || v.guard)
        return false;
    u32 anchor = 0;
    ein_node read, with[64] = {0};
    if (!find_anchor(w, eq, &anchor, &read, with))
        return false;
    struct ein_eq p = c->eq.at[anchor], e = v;
    u32 npar = rw_npar(&p);
    e.rank = NEW_ARRAY(c->a, struct ein_rank, v.nrank + p.nrank - npar + 1);
    memcpy(e.rank, v.rank, sizeof *v.rank * v.nrank);
    e.nrank = v.nrank;
    for (u32 k = npar; k < p.nrank; k++) {
        with[k] = ein_rank(c, e.nrank);
        e.rank[e.nrank++] = p.rank[k];
    }
    struct ein_x acc_x = {.kind = EIN_ACC};
    ein_node acc = p.post ? ein_subst(c, p.post, p.nrank, with) : ein_make(c, acc_x, 0, NULL);
    e.red = p.red;
    e.as_written = p.as_written;
    e.acc = p.acc;
    e.body = NEW_ARRAY(c->a, ein_node, 1);
    e.sub = arena_dup(c->a, v.sub, sizeof *v.sub * v.nsub);
    e.body[0] = ein_subst(c, p.body[0], p.nrank, with);
    e.guard = p.guard ? ein_subst(c, p.guard, p.nrank, with) : 0;
    e.post = break_post(w, rw_replace(c, v.body[0], 1, &read, &acc), acc);
    if (c->node.at[e.post].kind == EIN_ACC)
        e.post = 0;
    e.prov = p.prov;
    if (w->o->break_ == BREAK_REGION && w->nwriter[v.out[0]] > 1)
        for (u32 d = 0; d < e.nsub; d++) {
            struct ein_lin l = {0};
            if (ein_lin(c, e.sub[d], 1, &l) && l.c > 0)
                e.sub[d] = ein_iadd(c, e.sub[d], ein_int(c, -1));
        }
    rw_simplify(w, &e);
    rw_set(w, eq, e);
    rw_drop(w, anchor);
    return true;
}

/* Deliberate bugs: see seeded.def. */
static ein_node break_post(struct rewrite *w, ein_node post, ein_node acc)
{
    struct ein_x y = w->c->node.at[post];
    if (w->o->break_ == BREAK_EPILOGUE)
        return acc;
    if (w->o->break_ == BREAK_ADDEND && y.kind == EIN_ADD)
        return y.a;
    if (w->o->break_ == BREAK_SWAP && (y.kind == EIN_SUB || y.kind == EIN_DIV))
        return ein_op2(w->c, y.kind, y.b, y.a);
    return post;
}

u32 ein_fuse(struct cascade *c, const struct pass_options *o)
{
    struct rewrite *w = rw_open(c, o);
    for (u32 before = w->fired, round = 0; round < 16; round++, before = w->fired) {
        for (u32 i = 0; i < w->neq; i++)
            while (epilogue(w, i))
                ;
        for (u32 i = 0; i < w->neq; i++)
            if (!w->dropped[i] && c->eq.at[i].red == RED_NONE)
                prologue(w, i);
        if (w->fired == before)
            break;
    }
    return rw_close(w);
}
