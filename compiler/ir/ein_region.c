/* ein_region.c - who writes what and when: single assignment, order, disjoint regions that cover.
 *
 * Several equations may write one tensor if no element is written twice and every element is written, or the tensor has a
 * value for the rest (a halo).
 * Affine left sides are decided by ranges, strides and residues; what those cannot decide is counted
 * element by element up to a bound, and refused past it.  Symbolic extents stand at a small value meanwhile. */
#include "compiler/ir/ein_check.h"

enum { COUNT_BOUND = 1 << 24 };

bool ein_check_writers(struct ein_check *v)
{
    const struct cascade *c = v->c;
    v->wfirst = NEW_ARRAY(v->a, u32, c->tens.n + 2);
    u32 total = 0;
    for (u32 i = 0; i < c->eq.n; i++)
        for (u32 k = 0; k < c->eq.at[i].nout; k++) {
            if (c->eq.at[i].out[k] >= c->tens.n)
                return ein_fail(v, "equation %u writes a tensor that is not there", i);
            v->wfirst[c->eq.at[i].out[k] + 2]++;
            total++;
        }
    for (u32 t = 1; t < c->tens.n + 2; t++)
        v->wfirst[t] += v->wfirst[t - 1];
    v->writer = NEW_ARRAY(v->a, u32, total);
    for (u32 i = 0; i < c->eq.n; i++)
        for (u32 k = 0; k < c->eq.at[i].nout; k++)
            v->writer[v->wfirst[c->eq.at[i].out[k] + 1]++] = i;
    for (u32 i = 0; i < c->eq.n; i++)
        for (u32 j = i + 1; c->eq.at[i].scan && j < c->eq.n; j++)
            if (c->eq.at[j].scan == c->eq.at[i].scan && c->eq.at[j - 1].scan != c->eq.at[i].scan)
                return ein_fail(v, "the equations of scan %u do not stand together", c->eq.at[i].scan);
    for (u32 t = 0; t < c->tens.n; t++)
        if (c->tens.at[t].role == EIN_OUT && v->wfirst[t] == v->wfirst[t + 1])
            return ein_fail(v, "nothing writes the output %s", c->tens.at[t].name);
    return true;
}

/* x = rank + *at (rank true) or just *at.  With a single round, rank is 0. */
static bool round_of(const struct cascade *c, ein_node x, const struct ein_eq *e, bool *moves, i64 *at)
{
    struct ein_lin l = { 0 };
    if (!ein_lin(c, x, 1, &l) || l.n > 1)
        return false;
    *moves = l.n == 1 || e->rank[e->scan_rank].ext == 1;
    *at = l.c;
    if (!l.n)
        return true;
    const struct ein_x *y = &c->node.at[l.t[0].atom];
    return y->kind == EIN_RANK && y->u == e->scan_rank && l.t[0].k == 1;
}

/* In one scan: does every round read only what earlier rounds, or earlier equations of this one, wrote? */
static bool lags(const struct cascade *c, const struct ein_eq *reader, const struct ein_x *read, u32 reader_no, const struct ein_eq *w, u32 w_no)
{
    for (u32 d = 0; d < read->nlist; d++) {
        bool wmoves, rmoves;
        i64 at_w, at_r;
        if (!round_of(c, w->sub[d], w, &wmoves, &at_w) || !wmoves ||
            !round_of(c, c->list.at[read->list + d], reader, &rmoves, &at_r))
            continue;
        i64 lag = at_w - at_r;
        if (!rmoves) {
            /* a fixed place: before what round 0 writes (counting down: never sure) */
            if (!w->scan_down && lag > 0)
                return true;
            continue;
        }
        if (w->scan_down)
            lag = -lag;
        if (lag > 0 || (lag == 0 && w_no < reader_no))
            return true;
    }
    return false;
}

bool ein_check_defined(struct ein_check *v, ein_node x)
{
    const struct cascade *c = v->c;
    const struct ein_x *y = &c->node.at[x];
    const struct ein_tens *t = &c->tens.at[y->u];
    if (v->any_order || t->role == EIN_IN || t->role == EIN_PARAM || t->role == EIN_STATE || t->role == EIN_CONST)
        return true;
    if (v->wfirst[y->u] == v->wfirst[y->u + 1])
        return ein_fail(v, "it reads %s, which nothing writes", t->name);
    for (u32 i = v->wfirst[y->u]; i < v->wfirst[y->u + 1]; i++) {
        u32 no = v->writer[i];
        const struct ein_eq *w = &c->eq.at[no];
        if (v->e->scan && w->scan == v->e->scan) {
            if (!lags(c, v->e, y, v->eq, w, no))
                return ein_fail(v, "it reads %s at a round that is not written yet", t->name);
        } else if (no >= v->eq) {
            return ein_fail(v, "it reads %s, which equation %u writes later", t->name, no);
        }
    }
    return true;
}

/* Symbols stand at 3, or what their bounds allow nearest to it. */
static i64 probe(const struct cascade *c, ein_ext e)
{
    if (e > 0)
        return e;
    const struct ein_sym *s = &c->sym.at[-1 - e];
    return s->lo > 3 ? s->lo : MIN(s->hi, 3);
}

static i64 index_at(const struct cascade *c, ein_node x, const i64 *rank)
{
    const struct ein_x *y = &c->node.at[x];
    i64 a, k;
    switch (y->kind) {
    case EIN_INT: return y->i;
    case EIN_RANK: return rank[y->u];
    case EIN_SYM: return probe(c, -1 - (i64)y->u);
    case EIN_IADD: return index_at(c, y->a, rank) + index_at(c, y->b, rank);
    case EIN_IMUL: return index_at(c, y->a, rank) * c->node.at[y->b].i;
    default:
        a = index_at(c, y->a, rank);
        k = c->node.at[y->b].i;
        return y->kind == EIN_IDIV ? a / k - (a % k < 0) : a % k + (a % k < 0 ? k : 0);
    }
}

static u64 volume(const struct cascade *c, const struct ein_eq *e)
{
    u64 n = 1;
    for (u32 i = 0; i < e->nrank && e->rank[i].kind == EIN_PAR; i++)
        if (__builtin_mul_overflow(n, (u64)probe(c, e->rank[i].ext), &n))
            return UINT64_MAX;
    return n;
}

/* Does every point of e write another element?  True only if sure: each rank is found again in some
 * subscript that is a mixed-radix number of ranks. */
static bool surely_injective(const struct cascade *c, const struct ein_eq *e)
{
    bool found[MAX_RANKS] = { 0 };
    for (u32 d = 0; d < e->nsub; d++) {
        struct ein_lin l = { 0 };
        if (!ein_lin(c, e->sub[d], 1, &l))
            continue;
        bool ranks = true;
        for (u32 i = 0; i < l.n; i++) {
            ranks &= c->node.at[l.t[i].atom].kind == EIN_RANK;
            l.t[i].k = l.t[i].k < 0 ? -l.t[i].k : l.t[i].k;
        }
        for (u32 i = 1; i < l.n; i++)
            for (u32 j = i; j && l.t[j].k < l.t[j - 1].k; j--) {
                __typeof__(l.t[0]) t = l.t[j];
                l.t[j] = l.t[j - 1];
                l.t[j - 1] = t;
            }
        i64 reach = 0;
        for (u32 i = 0; ranks && i < l.n; i++) {
            if (probe(c, e->rank[c->node.at[l.t[i].atom].u].ext) == 1)
                continue;               /* stands still */
            ranks = l.t[i].k > reach;
            i64 span;
            if (__builtin_mul_overflow(l.t[i].k, probe(c, e->rank[c->node.at[l.t[i].atom].u].ext) - 1, &span) ||
                __builtin_add_overflow(reach, span, &reach))
                ranks = false;
        }
        for (u32 i = 0; ranks && i < l.n; i++)
            found[c->node.at[l.t[i].atom].u] = true;
    }
    for (u32 i = 0; i < e->nrank && e->rank[i].kind == EIN_PAR; i++)
        if (!found[i] && e->rank[i].ext != 1)
            return false;
    return true;
}

static i64 gcd(i64 a, i64 b)
{
    while (b) {
        i64 t = a % b;
        a = b;
        b = t;
    }
    return a < 0 ? -a : a;
}

/* Some axis keeps them apart: by range, or by residue. */
static bool surely_apart(const struct cascade *c, const struct ein_eq *x, const struct ein_eq *y)
{
    for (u32 d = 0; d < x->nsub; d++) {
        struct ein_lin l = { 0 }, m = { 0 };
        i64 lo, hi, lo2, hi2, g = 0;
        if (!ein_lin(c, x->sub[d], 1, &l) || !ein_lin(c, y->sub[d], 1, &m))
            continue;
        if (ein_lin_range(c, &l, x->nrank, x->rank, &lo, &hi) && ein_lin_range(c, &m, y->nrank, y->rank, &lo2, &hi2) && (hi < lo2 || hi2 < lo))
            return true;
        for (u32 i = 0; i < l.n; i++)
            g = gcd(g, l.t[i].k);
        for (u32 i = 0; i < m.n; i++)
            g = gcd(g, m.t[i].k);
        if (g > 1 && (l.c - m.c) % g)
            return true;
    }
    return false;
}

/* Marks what e writes; false at an element that is marked. */
static bool mark(const struct cascade *c, const struct ein_eq *e, const struct ein_tens *t, u8 *done, u64 *count)
{
    i64 at[MAX_RANKS] = { 0 };
    u32 npar = 0;
    while (npar < e->nrank && e->rank[npar].kind == EIN_PAR)
        npar++;
    for (;;) {
        u64 i = 0;
        for (u32 d = 0; d < e->nsub; d++)
            i = i * (u64)probe(c, t->dim[d]) + (u64)index_at(c, e->sub[d], at);
        if (done[i / 8] >> i % 8 & 1)
            return false;
        done[i / 8] |= (u8)(1 << i % 8);
        ++*count;
        u32 k = npar;
        while (k && ++at[k - 1] == probe(c, e->rank[k - 1].ext))
            at[--k] = 0;
        if (!k)
            return true;
    }
}

static bool check_tensor(struct ein_check *v, u32 id)
{
    const struct cascade *c = v->c;
    const struct ein_tens *t = &c->tens.at[id];
    const u32 *w = v->writer + v->wfirst[id];
    u32 n = v->wfirst[id + 1] - v->wfirst[id];
    u64 elems = 1, written = 0;
    if (!n)
        return true;
    for (u32 d = 0; d < t->ndim; d++)
        if (__builtin_mul_overflow(elems, (u64)probe(c, t->dim[d]), &elems))
            return ein_fail(v, "tensor %s has too many elements", t->name);
    bool sure = true;
    for (u32 i = 0; i < n; i++) {
        const struct ein_eq *e = &c->eq.at[w[i]];
        if (e->nrank > MAX_RANKS)
            return ein_fail(v, "equation %u has more than %d ranks", w[i], MAX_RANKS);
        u64 vol = volume(c, e);
        if (vol > elems || __builtin_add_overflow(written, vol, &written))
            return ein_fail(v, "equation %u writes elements of %s twice", w[i], t->name);
        sure = sure && surely_injective(c, e);
        for (u32 j = 0; sure && j < i; j++)
            sure = surely_apart(c, e, &c->eq.at[w[j]]);
    }
    if (!sure) {
        if (elems > COUNT_BOUND)
            return ein_fail(v, "it cannot be shown that the elements of %s are written once", t->name);
        struct arena_mark m = arena_mark(v->a);
        u8 *done = NEW_ARRAY(v->a, u8, elems / 8 + 1);
        bool once = true;
        written = 0;
        for (u32 i = 0; once && i < n; i++)
            once = mark(c, &c->eq.at[w[i]], t, done, &written) || ein_fail(v, "equation %u writes an element of %s that is written already", w[i], t->name);
        arena_reset(v->a, m);
        if (!once)
            return false;
    }
    if (written != elems && !t->halo)
        return ein_fail(v, "%s: %llu of %llu elements are written", t->name, (unsigned long long)written, (unsigned long long)elems);
    return true;
}

bool ein_check_regions(struct ein_check *v)
{
    for (u32 i = 0; i < v->c->tens.n; i++)
        if (!check_tensor(v, i))
            return false;
    return true;
}
