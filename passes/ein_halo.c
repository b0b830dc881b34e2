/* ein_halo.c - ein-halo: temporaries that are read beyond their edges get the edge they are read with.
 *
 * In: a cascade with its layouts.  Out: a temporary whose readers pad with one value by a bounded margin is that much larger on each
 * side; equations write its middle, what nobody writes holds the value, and reads need no test:
 *
 *     y[b,h,w,d] += read(x, b, h+i-1, w+j-1, c pad 0) * k        =>    y[b,h,w,d] += read(x, b, h+i, w+j, c) * k
 *     x[b,h,w,c]  = ...                                                x[b,h+1,w+1,c] = ...    (rest 0)
 *
 * Not where the margins would be most of the tensor.  Tensors of equal shape get equal halos, wanted or not: what sums and maps them
 * walks all alike, and one kernel does for all of a network's stages. */
#include "passes/rewrite.h"

enum { DIMS = 16, ALWAYS_LESS = 16 /* tenths of the old size */, MOST = 40, SMALL = 1 << 16 /* elements: up to MOST */ };

struct margin { bool wanted, refused; ein_node pad; i64 lo[DIMS], hi[DIMS]; };
struct halos { struct rewrite *w; struct margin *of; u32 ntens; };

/* How far the read x of equation e leaves its tensor, into *m. */
static void leave(struct cascade *c, const struct ein_eq *e, const struct ein_x *x, struct margin *m)
{
    const struct ein_tens *t = &c->tens.at[x->u];
    i64 over_lo[DIMS] = { 0 }, over_hi[DIMS] = { 0 };
    bool leaves = false;
    for (u32 d = 0; d < t->ndim; d++) {
        i64 lo, hi, ext = t->dim[d];
        if (ext < 0)
            continue;
        if (!ein_range(c, c->list.at[x->list + d], e->nrank, e->rank, &lo, &hi)) {
            m->refused = true;
            return;
        }
        over_lo[d] = MAX(-lo, 0);
        over_hi[d] = MAX(hi - (ext - 1), 0);
        leaves |= over_lo[d] || over_hi[d];
    }
    if (!leaves)
        return;
    if (c->node.at[x->a].kind != EIN_NUM || (m->wanted && m->pad != x->a))
        m->refused = true;
    m->wanted = true;
    m->pad = x->a;
    for (u32 d = 0; d < t->ndim; d++) {
        m->lo[d] = MAX(m->lo[d], over_lo[d]);
        m->hi[d] = MAX(m->hi[d], over_hi[d]);
    }
}

static bool worth(const struct ein_tens *t, const struct margin *m)
{
    double was = 1, is = 1;
    if (!m->wanted || m->refused)
        return false;
    for (u32 d = 0; d < t->ndim; d++)
        if (t->dim[d] > 0) {
            was *= (double)t->dim[d];
            is *= (double)(t->dim[d] + m->lo[d] + m->hi[d]);
        }
    return is * 10 <= was * ALWAYS_LESS || (is * 10 <= was * MOST && is <= SMALL);
}

static ein_node shift_read(void *ctx, struct cascade *c, const struct ein_x *y, const ein_node *sub)
{
    const struct halos *h = ctx;
    ein_node to[DIMS];
    const struct margin *m = y->u < h->ntens ? &h->of[y->u] : NULL;
    if (m && m->wanted) {
        for (u32 d = 0; d < y->nlist; d++)
            to[d] = m->lo[d] ? ein_iadd(c, sub[d], ein_int(c, m->lo[d])) : sub[d];
        sub = to;
    }
    return ein_make(c, *y, y->nlist, sub);
}

static bool uses(const struct halos *h, u32 i)
{
    const struct cascade *c = h->w->c;
    const struct ein_eq *e = &c->eq.at[i];
    for (u32 k = 0; k < h->w->reads[i].n; k++)
        if (h->of[c->node.at[h->w->reads[i].at[k]].u].wanted)
            return true;
    for (u32 k = 0; k < e->nout; k++)
        if (h->of[e->out[k]].wanted)
            return true;
    return false;
}

static void shift(struct halos *h, u32 i)
{
    struct cascade *c = h->w->c;
    struct ein_eq e = c->eq.at[i];
    const struct margin *m = &h->of[e.out[0]];
    e.body = arena_dup(c->a, e.body, sizeof *e.body * e.nbody);
    e.sub = arena_dup(c->a, e.sub, sizeof *e.sub * e.nsub);
    for (u32 k = 0; k < e.nbody; k++)
        e.body[k] = ein_simplify(c, rw_reads(c, e.body[k], shift_read, h), e.nrank, e.rank);
    if (e.guard)
        e.guard = ein_simplify(c, rw_reads(c, e.guard, shift_read, h), e.nrank, e.rank);
    if (e.post)
        e.post = ein_simplify(c, rw_reads(c, e.post, shift_read, h), e.nrank, e.rank);
    for (u32 d = 0; m->wanted && d < e.nsub; d++)
        if (m->lo[d])
            e.sub[d] = ein_iadd(c, e.sub[d], ein_int(c, m->lo[d]));
    rw_set(h->w, i, e);
}

static bool same_shape(const struct ein_tens *a, const struct ein_tens *b)
{
    bool same = a->ndim == b->ndim && a->dtype == b->dtype;
    for (u32 d = 0; same && d < a->ndim; d++)
        same = a->dim[d] == b->dim[d];
    return same;
}

/* Equal margins for equal shapes. */
static void share(struct halos *h)
{
    struct cascade *c = h->w->c;
    VEC(u32) first = { 0 };             /* of each shape and pad */
    for (u32 t = 0; t < h->ntens; t++) {
        const struct margin *m = &h->of[t];
        if (!m->wanted)
            continue;
        u32 k = 0;
        while (k < first.n && !(h->of[first.at[k]].pad == m->pad && same_shape(&c->tens.at[first.at[k]], &c->tens.at[t])))
            k++;
        if (k == first.n)
            vec_push(h->w->a, &first, t);
        struct margin *to = &h->of[first.at[k]];
        for (u32 d = 0; d < c->tens.at[t].ndim; d++) {
            to->lo[d] = MAX(to->lo[d], m->lo[d]);
            to->hi[d] = MAX(to->hi[d], m->hi[d]);
        }
    }
    for (u32 t = 0; t < h->ntens; t++) {
        struct margin *m = &h->of[t];
        for (u32 k = 0; !m->refused && k < first.n; k++) {
            const struct margin *from = &h->of[first.at[k]];
            if (!same_shape(&c->tens.at[first.at[k]], &c->tens.at[t]) || (m->pad && m->pad != from->pad))
                continue;
            *m = *from;
            break;
        }
    }
}

u32 ein_halo(struct cascade *c, const struct pass_options *o)
{
    struct rewrite *w = rw_open(c, o);
    struct halos h = { w, arena_alloc(w->a, sizeof(struct margin) * (w->ntens + 1)), w->ntens };
    memset(h.of, 0, sizeof(struct margin) * (w->ntens + 1));
    for (u32 t = 0; t < w->ntens; t++) {
        const struct ein_tens *x = &c->tens.at[t];
        h.of[t].refused = x->role != EIN_TEMP || x->phase != EIN_PHASE_RUN || !w->nwriter[t] || x->ndim > DIMS || x->halo || !dtype_is_float(x->dtype);
    }
    for (u32 i = 0; i < w->neq; i++) {
        const struct ein_eq *e = &c->eq.at[i];
        for (u32 k = 0; k < e->nout; k++)
            h.of[e->out[k]].refused |= e->nout > 1 || e->scan;
        for (u32 k = 0; k < w->reads[i].n; k++) {
            struct ein_x x = c->node.at[w->reads[i].at[k]];
            if (x.kind != EIN_READ)
                h.of[x.u].refused = true;
            else if (x.a && !h.of[x.u].refused)
                leave(c, e, &x, &h.of[x.u]);
        }
    }
    for (u32 t = 0; t < w->ntens; t++)
        h.of[t].wanted = worth(&c->tens.at[t], &h.of[t]);
    share(&h);
    for (u32 t = 0; t < w->ntens; t++) {
        struct ein_tens *x = &c->tens.at[t];
        const struct margin *m = &h.of[t];
        if (!m->wanted)
            continue;
        ein_ext *dim = arena_dup(c->a, x->dim, sizeof *dim * x->ndim);
        for (u32 d = 0; d < x->ndim; d++)
            if (dim[d] > 0)
                dim[d] += m->lo[d] + m->hi[d];
        x->dim = dim;
        x->halo = true;
        x->rest = c->node.at[m->pad].r;
    }
    for (u32 i = 0; i < w->neq; i++)
        if (uses(&h, i))
            shift(&h, i);
    return rw_close(w);
}
