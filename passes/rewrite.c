/* rewrite.c - see rewrite.h. */
#include "passes/rewrite.h"
#include "compiler/ir/ein_node.h"

static void collect(struct rewrite *w, u32 eq, bool count)
{
    struct cascade *c = w->c;
    const struct ein_eq *e = &c->eq.at[eq];
    struct rw_reads got = {0};
    u32 parts = 0, most = 0;
    for (u32 i = 0; i < e->nbody + 2; i++) {
        struct ein_reads r = ein_reads(c, i < e->nbody ? e->body[i] : i == e->nbody ? e->guard : e->post);
        parts += r.n > 0;
        most += r.n;
        if (r.n)
            got = (struct rw_reads){r.n, r.at};
    }
    if (parts > 1) {
        ein_node *at = NEW_ARRAY(w->a, ein_node, most);
        got = (struct rw_reads){0, at};
        for (u32 i = 0; i < e->nbody + 2; i++) {
            struct ein_reads r = ein_reads(c, i < e->nbody ? e->body[i] : i == e->nbody ? e->guard : e->post);
            for (u32 k = 0; k < r.n; k++) {
                bool known = false;
                for (u32 j = 0; j < got.n && !known; j++)
                    known = at[j] == r.at[k];
                if (!known)
                    at[got.n++] = r.at[k];
            }
        }
    }
    for (u32 i = 0; i < got.n && count; i++) {
        u32 t = c->node.at[got.at[i]].u;
        if (t < w->ntens)        /* a tensor made by this rewrite is not tracked */
            vec_push(w->a, &w->readers[t].v, eq);
    }
    w->reads[eq] = got;
}

struct rewrite *rw_open(struct cascade *c, const struct pass_options *o)
{
    struct arena *a = arena_new("rewrite");
    struct rewrite *w = NEW(a, struct rewrite);
    *w = (struct rewrite){.c = c, .a = a, .o = o, .neq = c->eq.n, .ntens = c->tens.n};
    w->reads = NEW_ARRAY(a, struct rw_reads, w->neq + 1);
    w->readers = arena_alloc(a, sizeof *w->readers * (w->ntens + 1));
    w->nwriter = NEW_ARRAY(a, u32, w->ntens + 1);
    w->writer = NEW_ARRAY(a, u32, w->ntens + 1);
    w->dropped = NEW_ARRAY(a, bool, w->neq + 1);
    for (u32 i = 0; i < w->neq; i++) {
        collect(w, i, true);
        for (u32 k = 0; k < c->eq.at[i].nout; k++) {
            w->nwriter[c->eq.at[i].out[k]]++;
            w->writer[c->eq.at[i].out[k]] = i;
        }
    }
    return w;
}

u32 rw_close(struct rewrite *w)
{
    struct cascade *c = w->c;
    VEC(struct ein_eq) eq = {0};
    for (u32 i = 0; i < w->neq; i++) {
        for (u32 k = 0; k < w->add.n; k++)
            if (w->add.at[k].before == i)
                vec_push(c->a, &eq, w->add.at[k].e);
        if (!w->dropped[i])
            vec_push(c->a, &eq, c->eq.at[i]);
    }
    c->eq.at = eq.at;
    c->eq.n = eq.n;
    c->eq.cap = eq.cap;
    ein_phases(c);
    u32 fired = w->fired;
    arena_free(w->a);
    return fired;
}

void rw_set(struct rewrite *w, u32 eq, struct ein_eq e)
{
    rw_keep_inside(w, &e);
    w->c->eq.at[eq] = e;
    collect(w, eq, true);
    w->fired++;
}

void rw_drop(struct rewrite *w, u32 eq)
{
    w->dropped[eq] = true;
    w->reads[eq].n = 0;
}

void rw_before(struct rewrite *w, u32 eq, struct ein_eq e)
{
    struct rw_add add = {eq, e};
    vec_push(w->a, &w->add, add);
    w->fired++;
}

bool rw_reads_tens(const struct rewrite *w, u32 eq, u32 tens)
{
    if (w->dropped[eq])
        return false;
    for (u32 i = 0; i < w->reads[eq].n; i++)
        if (w->c->node.at[w->reads[eq].at[i]].u == tens)
            return true;
    return false;
}

u32 rw_readers(struct rewrite *w, u32 tens, u32 **eq)
{
    VEC(u32) out = {0};
    for (u32 i = 0; i < w->readers[tens].v.n; i++) {
        u32 e = w->readers[tens].v.at[i];
        bool known = !rw_reads_tens(w, e, tens);
        for (u32 k = 0; k < out.n && !known; k++)
            known = out.at[k] == e;
        if (!known)
            vec_push(w->a, &out, e);
    }
    *eq = out.at;
    return out.n;
}

bool rw_inlinable(const struct rewrite *w, u32 eq)
{
    const struct ein_eq *e = &w->c->eq.at[eq];
    return !w->dropped[eq] && e->nout == 1 && e->nbody == 1 && !e->scan && w->nwriter[e->out[0]] == 1 && w->c->tens.at[e->out[0]].role == EIN_TEMP;
}

u32 rw_npar(const struct ein_eq *e)
{
    u32 n = 0;
    while (n < e->nrank && e->rank[n].kind == EIN_PAR)
        n++;
    return n;
}

struct rw_points rw_points(const struct ein_eq *e, bool with_reduced)
{
    struct rw_points p = {1, 0};
    for (u32 i = 0; i < e->nrank; i++) {
        if (e->rank[i].kind == EIN_RED && !with_reduced)
            continue;
        if (e->rank[i].ext < 0)
            p.batch++;
        else if (__builtin_mul_overflow(p.n, (u64)e->rank[i].ext, &p.n) || p.n > (u64)1 << 62)
            p.n = (u64)1 << 62;
    }
    return p;
}

bool rw_fewer(struct rw_points a, struct rw_points b)
{
    return a.batch <= b.batch && a.n <= b.n;
}

bool rw_inverse(struct cascade *c, const struct ein_eq *p, const ein_node *idx, ein_node *with)
{
    u32 npar = rw_npar(p), set = 0;
    memset(with, 0, sizeof *with * npar);
    for (u32 d = 0; d < p->nsub; d++) {
        struct ein_lin l = {0};
        if (!ein_lin(c, p->sub[d], 1, &l) || l.c)
            return false;
        /* Digits from the largest weight down: each weight is the next one's times its extent, the last is 1. */
        i64 weight = 0, ext = 1;
        for (u32 n = l.n; n; n--) {
            u32 top = 0;
            for (u32 i = 1; i < n; i++)
                if (l.t[i].k > l.t[top].k)
                    top = i;
            i64 k = l.t[top].k;
            const struct ein_x *x = &c->node.at[l.t[top].atom];
            if (x->kind != EIN_RANK || x->u >= npar || with[x->u] || k < 1)
                return false;
            u32 r = x->u;
            bool first = n == l.n;
            ext = p->rank[r].ext;
            if ((!first && k * ext != weight) || (l.n > 1 && ext < 1 && !first))
                return false;
            weight = k;
            with[r] = ein_idiv(c, idx[d], k);
            if (!first)
                with[r] = ein_imod(c, with[r], ext);
            set++;
            l.t[top] = l.t[n - 1];
        }
        if (l.n && weight != 1)
            return false;
    }
    return set == npar;
}

/* least, has: nodes below that number, and those that have not all of these, stay as they are. */
struct swap { struct cascade *c; u32 stamp, n; const ein_node *from, *to; const u32 *map; rw_read_fn *read; void *ctx; ein_node least; u8 has; };

static ein_node swap_nodes(struct swap *s, ein_node x)
{
    struct cascade *c = s->c;
    if (!x || x < s->least || (c->node.at[x].has & s->has) != s->has)
        return x;
    for (u32 i = 0; i < s->n; i++)
        if (s->from[i] == x)
            return s->to[i];
    ein_node to = ein_memo_get(c, s->stamp, x);
    if (to)
        return to;
    struct ein_x y = c->node.at[x];
    ein_node a = swap_nodes(s, y.a), b = swap_nodes(s, y.b), z = swap_nodes(s, y.c);
    ein_node few[32], *list = y.nlist <= COUNTOF(few) ? few : NEW_ARRAY(c->a, ein_node, y.nlist);
    bool same = a == y.a && b == y.b && z == y.c;
    for (u32 i = 0; i < y.nlist; i++) {
        ein_node old = c->list.at[y.list + i];
        list[i] = swap_nodes(s, old);
        same &= list[i] == old;
    }
    if (s->read && (y.kind == EIN_READ || y.kind == EIN_GATHER)) {
        y.a = a;
        to = s->read(s->ctx, c, &y, list);
    } else if (s->map && (y.kind == EIN_READ || y.kind == EIN_GATHER) && s->map[y.u] != y.u) {
        y.u = s->map[y.u];
        y.a = a;
        to = ein_make(c, y, y.nlist, list);
    } else {
        to = same ? x : ein_rebuild(c, x, a, b, z, list);
    }
    ein_memo_put(c, s->stamp, x, to);
    return to;
}

ein_node rw_replace(struct cascade *c, ein_node x, u32 n, const ein_node *from, const ein_node *to)
{
    struct swap s = {.c = c, .stamp = ein_memo_open(c), .n = n, .from = from, .to = to, .least = UINT32_MAX, .has = 0xff};
    for (u32 i = 0; i < n; i++) {
        s.least = MIN(s.least, from[i]);
        s.has &= c->node.at[from[i]].has;
    }
    return swap_nodes(&s, x);
}

ein_node rw_retarget(struct cascade *c, ein_node x, const u32 *map)
{
    struct swap s = {.c = c, .stamp = ein_memo_open(c), .map = map, .has = EIN_HAS_TENS};
    return swap_nodes(&s, x);
}

ein_node rw_reads(struct cascade *c, ein_node x, rw_read_fn *f, void *ctx)
{
    struct swap s = {.c = c, .stamp = ein_memo_open(c), .read = f, .ctx = ctx, .has = EIN_HAS_TENS};
    return swap_nodes(&s, x);
}

/* 0 <= idx[d] < dim of tens, for the dims a pad may be for. */
static ein_node in_tensor(struct cascade *c, u32 tens, const ein_node *idx)
{
    ein_node all = ein_num(c, 1);
    for (u32 d = 0; d < c->tens.at[tens].ndim; d++) {
        ein_ext ext = c->tens.at[tens].dim[d];
        if (ext < 0)            /* batch is never padded */
            continue;
        ein_node low = ein_op2(c, EIN_LE, ein_int(c, 0), idx[d]), high = ein_op2(c, EIN_LT, idx[d], ein_int(c, ext));
        all = ein_op2(c, EIN_AND, all, ein_op2(c, EIN_AND, low, high));
    }
    return all;
}

/* May the reader's pad go straight into p's reads?  Then each place outside p's tensor must be outside of what p reads there as
 * well, and p's expression must turn the pad into itself.  Tried on the one shape that matters: one read without a pad, whose
 * subscripts are p's own, axis by axis. */
static ein_node pad_through(struct rewrite *w, const struct ein_eq *p, ein_node body, const ein_node *idx, ein_node pad, const ein_node *with)
{
    struct cascade *c = w->c;
    ein_nodes all = {0};
    ein_node read = 0;
    ein_reach(w->a, c, body, &all);
    for (u32 i = 0; i < all.n; i++)
        if (c->node.at[all.at[i]].kind == EIN_READ) {
            if (read)
                return 0;
            read = all.at[i];
        }
    if (!read)
        return 0;
    struct ein_x y = c->node.at[read];
    const struct ein_tens *to = &c->tens.at[p->out[0]], *from = &c->tens.at[y.u];
    if (y.a || to->ndim != from->ndim || p->nsub != y.nlist)
        return 0;
    ein_node *sub = NEW_ARRAY(w->a, ein_node, y.nlist + 1);
    for (u32 d = 0; d < y.nlist; d++) {
        if (c->list.at[y.list + d] != p->sub[d] || to->dim[d] != from->dim[d])
            return 0;
        sub[d] = idx[d];
    }
    ein_node at_pad = rw_replace(c, body, 1, &read, &pad);
    if (w->o->strict ? !rw_same_at_pad(w, body, read, pad, (enum dtype)from->dtype) : at_pad != pad)
        return 0;
    ein_node padded = ein_read(c, y.u, y.nlist, sub, pad);
    (void)with;
    /* The rest of the body may name p's ranks only through the read. */
    for (u32 i = 0; i < all.n; i++)
        if (c->node.at[all.at[i]].kind == EIN_OF_INT || ein_is_index(c, all.at[i])) {
            bool of_read = false;
            for (u32 d = 0; d < y.nlist && !of_read; d++) {
                ein_nodes under = {0};
                ein_reach(w->a, c, c->list.at[y.list + d], &under);
                for (u32 k = 0; k < under.n && !of_read; k++)
                    of_read = under.at[k] == all.at[i];
            }
            if (!of_read && c->node.at[all.at[i]].kind != EIN_INT)
                return 0;
        }
    return rw_replace(c, body, 1, &read, &padded);
}

ein_node rw_value_at(struct rewrite *w, const struct ein_eq *p, const struct ein_eq *e, ein_node read)
{
    struct cascade *c = w->c;
    struct ein_x r = c->node.at[read];
    CHECK(r.kind == EIN_READ && p->red == RED_NONE);
    ein_node *idx = arena_dup(w->a, c->list.at + r.list, sizeof *idx * r.nlist);
    ein_node *with = NEW_ARRAY(w->a, ein_node, p->nrank + 1);
    if (!rw_inverse(c, p, idx, with))
        return 0;
    ein_node body = rw_typed(w, p, p->body[0], (enum dtype)c->tens.at[p->out[0]].dtype);
    if (p->guard)
        body = ein_select(c, p->guard, body, ein_num(c, 0));
    if (r.a && !p->guard) {
        ein_node x = pad_through(w, p, body, idx, r.a, with);
        if (x)
            return x;
        if (c->node.at[body].kind == EIN_NUM && c->node.at[r.a].kind == EIN_NUM && body == r.a)
            return body;
    }
    ein_node x = ein_subst(c, body, p->nrank, with);
    /* What kept p's reads in their tensors may be its guard, its tensor's extents - or what the reader knows of this place alone. */
    if (p->guard || r.a || !rw_in_range(c, r.u, idx, e->nrank, e->rank))
        x = rw_inside(c, x, e->nrank, e->rank);
    return r.a ? ein_select(c, in_tensor(c, p->out[0], idx), x, r.a) : x;
}

/* In additions; what is not listed costs 1 if it computes and nothing if it only says where to read. */
static u32 kind_cost(u8 kind)
{
    switch (kind) {
    case EIN_NONE: case EIN_INT: case EIN_RANK: case EIN_SYM: case EIN_IADD: case EIN_IMUL: case EIN_IDIV: case EIN_IMOD:
    case EIN_NUM: case EIN_OF_INT: case EIN_READ: case EIN_ACC: case EIN_ARG: return 0;
    case EIN_GATHER: return 4;
    case EIN_DIV: case EIN_DIV0: case EIN_SQRT: case EIN_RSQRT: case EIN_PMOD: return 4;
    case EIN_EXP: case EIN_LOG: case EIN_TANH: case EIN_SIGMOID: case EIN_ERF: case EIN_SIN: case EIN_COS: case EIN_POW: case EIN_RAND: return 12;
    default: return 1;
    }
}

/* Conditions over indices are part of data movement (regions, pads). */
static bool index_condition(const struct cascade *c, ein_node x)
{
    const struct ein_x *y = &c->node.at[x];
    switch (y->kind) {
    case EIN_LT: case EIN_LE: case EIN_EQ: case EIN_NE: return ein_is_index(c, y->a) && ein_is_index(c, y->b);
    case EIN_AND: case EIN_OR: return index_condition(c, y->a) && index_condition(c, y->b);
    case EIN_NOT: return index_condition(c, y->a);
    default: return false;
    }
}

u32 rw_cost(struct rewrite *w, ein_node x)
{
    ein_nodes all = {0};
    ein_reach(w->a, w->c, x, &all);
    u32 cost = 0;
    for (u32 i = 0; i < all.n; i++) {
        const struct ein_x *y = &w->c->node.at[all.at[i]];
        if (index_condition(w->c, all.at[i]) || (y->kind == EIN_SELECT && index_condition(w->c, y->a)))
            continue;
        cost += kind_cost(y->kind);
    }
    return cost;
}

u32 rw_count_reads(struct rewrite *w, ein_node x, bool *gathers)
{
    ein_nodes all = {0};
    u32 n = 0;
    *gathers = false;
    ein_reach(w->a, w->c, x, &all);
    for (u32 i = 0; i < all.n; i++) {
        n += w->c->node.at[all.at[i]].kind == EIN_READ;
        *gathers |= w->c->node.at[all.at[i]].kind == EIN_GATHER;
    }
    return n;
}
