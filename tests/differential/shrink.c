/* shrink.c - see shrink.h: the moves. */
#include "tests/differential/shrink.h"

enum { AXES = 64 };
struct shrinker {
    struct arena *a;                    /* of the result */
    const struct cascade *now;
    bool (*fails)(void *, const struct cascade *);
    void *ctx;
    u32 most, tries;
};

static bool out_of(const struct shrinker *s)
{
    return s->tries >= s->most;
}

/* Inputs and outputs have the batch in front. */
static bool batched_ends(const struct cascade *c)
{
    for (u32 t = 0; t < c->tens.n; t++) {
        const struct ein_tens *x = &c->tens.at[t];
        if ((x->role == EIN_IN || x->role == EIN_OUT) && !(x->ndim && x->dim[0] < 0))
            return false;
    }
    return true;
}

/* Takes the candidate (a copy of s->now, changed) if it verifies and still fails. */
static bool take(struct shrinker *s, struct arena *tmp, const struct cascade *candidate)
{
    struct buf old = { 0 }, new = { 0 };
    bool volatile ok = false;
    struct bug_trap trap;
    bug_trap_push(&trap);
    struct cascade *c = NULL;
    if (!setjmp(trap.back)) {
        c = shrink_tidy(tmp, candidate);
        ok = c->eq.n && batched_ends(c) && ein_verify(c, NULL);
        bug_trap_pop(&trap);
    }
    if (ok) {
        ein_dump(&old, s->now);
        ein_dump(&new, c);
        ok = new.n != old.n || strcmp(new.at, old.at) != 0;
        if (ok) {
            s->tries++;
            ok = s->fails(s->ctx, c);
        }
    }
    if (ok)
        s->now = ein_copy(s->a, c);
    buf_free(&old);
    buf_free(&new);
    return ok;
}

/* Equations [from, from + n) go. */
static bool drop_equations(struct shrinker *s, u32 from, u32 n)
{
    struct arena *tmp = arena_new("shrink");
    struct cascade *c = ein_copy(tmp, s->now);
    for (u32 i = from; i < from + n; i++) {
        struct ein_eq *e = &c->eq.at[i];
        for (u32 k = 0; k < c->eq.n; k++)       /* with the others that write the same */
            for (u32 o = 0; e->nout && k != i && o < c->eq.at[k].nout; o++)
                if (c->eq.at[k].out[o] == e->out[0]) {
                    c->eq.at[k].nout = 0;
                    break;
                }
        e->nout = 0;
    }
    bool ok = take(s, tmp, c);
    arena_free(tmp);
    return ok;
}

static bool equations(struct shrinker *s)
{
    bool any = false;
    for (u32 n = MAX(s->now->eq.n / 2, 1); n; n /= 2)
        for (u32 i = 0; i + n <= s->now->eq.n && s->now->eq.n > 1 && !out_of(s);)
            if (drop_equations(s, i, n))
                any = true;
            else
                i++;
    return any;
}

/* --- Expressions ----------------------------------------------------------------------------- */

/* The same with `with` in the place of `at`. */
static ein_node replace(struct cascade *c, ein_node x, ein_node at, ein_node with, ein_node *memo)
{
    if (!x || x == at)
        return x ? with : 0;
    if (memo[x])
        return memo[x];
    struct ein_x y = c->node.at[x];
    ein_node list[AXES], r;
    for (u32 i = 0; i < y.nlist; i++)
        list[i] = c->list.at[y.list + i];
    for (u32 i = 0; i < y.nlist; i++)
        list[i] = replace(c, list[i], at, with, memo);
    ein_node a = replace(c, y.a, at, with, memo), b = replace(c, y.b, at, with, memo), z = replace(c, y.c, at, with, memo);
    switch (y.kind) {
    case EIN_IADD: r = ein_iadd(c, a, b); break;
    case EIN_IMUL: r = ein_imul(c, a, c->node.at[b].i); break;
    case EIN_IDIV: r = ein_idiv(c, a, MAX(c->node.at[b].i, 1)); break;
    case EIN_IMOD: r = ein_imod(c, a, MAX(c->node.at[b].i, 1)); break;
    case EIN_INT: case EIN_NUM: case EIN_RANK: case EIN_SYM: case EIN_ACC: case EIN_ARG: r = x; break;
    default: r = ein_make(c, (struct ein_x){ .kind = y.kind, .u = y.u, .a = a, .b = b, .c = z, .i = y.i, .r = y.r }, y.nlist, list);
    }
    return memo[x] = r;
}

static ein_node *root_of(struct ein_eq *e, u32 k)
{
    return k < e->nbody ? &e->body[k] : k == e->nbody ? &e->guard : k == e->nbody + 1 ? &e->post : &e->sub[k - e->nbody - 2];
}

static u32 roots(const struct ein_eq *e)
{
    return e->nbody + 2 + e->nsub;
}

/* What may stand for node x: way 0, 1, ..; false: no more. */
static bool simpler(struct cascade *c, ein_node x, u32 way, ein_node *with)
{
    struct ein_x y = c->node.at[x];
    ein_node kid[AXES], sub[AXES];
    u32 n = 0;
    bool index = ein_is_index(c, x);
    if (y.kind == EIN_INT) {
        if (way > 1 || y.i == (i64)way)
            return false;
        *with = ein_int(c, way ? 1 : 0);
        return true;
    }
    if (y.kind == EIN_NUM) {
        *with = ein_num(c, way ? 1 : 0);
        return way < 2 && y.r != 0 && !(way && y.r == 1);
    }
    kid[n++] = index ? ein_int(c, 0) : ein_num(c, 0);
    if (!index)
        kid[n++] = ein_num(c, 1);
    if (y.kind == EIN_READ && y.a) {            /* without its pad, or with 0 */
        for (u32 i = 0; i < y.nlist; i++)
            sub[i] = c->list.at[y.list + i];
        kid[n++] = ein_read(c, y.u, y.nlist, sub, 0);
        kid[n++] = ein_read(c, y.u, y.nlist, sub, ein_num(c, 0));
    }
    if (y.kind == EIN_IADD || y.kind == EIN_IMUL || y.kind == EIN_IDIV || y.kind == EIN_IMOD)
        kid[n++] = y.a;
    if (y.kind == EIN_IADD)
        kid[n++] = y.b;
    if (!index && y.kind != EIN_READ) {
        ein_node of[3] = { y.a, y.b, y.c };
        for (u32 i = 0; i < 3; i++)
            if (of[i] && !ein_is_index(c, of[i]))
                kid[n++] = of[i];
    }
    if (way >= n)
        return false;
    *with = kid[way];
    return true;
}

static bool expressions(struct shrinker *s)
{
    bool any = false;
    for (u32 e = 0; e < s->now->eq.n; e++)
        for (u32 k = 0; k < roots(&s->now->eq.at[e]); k++) {
            /* Largest parts first: from the root down. */
            for (u32 pos = 0; !out_of(s); pos++) {
                struct arena *tmp = arena_new("shrink");
                ein_nodes all = { 0 };
                ein_node root = *root_of(&s->now->eq.at[e], k);
                if (root)
                    ein_reach(tmp, s->now, root, &all);
                u32 n = all.n;
                bool done = pos >= n, took = false;
                for (u32 way = 0; !done && !took && !out_of(s); way++) {
                    struct arena *one = arena_new("shrink");
                    struct cascade *c = ein_copy(one, s->now);
                    ein_node at = all.at[n - 1 - pos], with;
                    bool there = simpler(c, at, way, &with);
                    if (there && with != at) {
                        ein_node *memo = NEW_ARRAY(one, ein_node, c->node.n + 1000);
                        ein_node *to = root_of(&c->eq.at[e], k), now = replace(c, *to, at, with, memo);
                        *root_of(&c->eq.at[e], k) = now;
                        took = take(s, one, c);
                    }
                    arena_free(one);
                    if (!there)
                        break;
                }
                arena_free(tmp);
                any |= took;
                if (took)
                    pos--;
                if (done)
                    break;
            }
        }
    return any;
}

/* --- Equations' parts ------------------------------------------------------------------------ */

static bool parts(struct shrinker *s)
{
    bool any = false;
    for (u32 e = 0; e < s->now->eq.n; e++)
        for (u32 way = 0; way < 8 && !out_of(s); way++) {
            struct arena *tmp = arena_new("shrink");
            struct cascade *c = ein_copy(tmp, s->now);
            struct ein_eq *q = &c->eq.at[e];
            bool changed = true;
            switch (way) {
            case 0: changed = q->guard; q->guard = 0; break;
            case 1: changed = q->post; q->post = 0; break;
            case 2:
                changed = q->red && q->red != RED_USER && q->red != RED_ADD;
                q->red = RED_ADD;
                break;
            case 3:                             /* nothing is left to reduce over */
                changed = q->red && q->red != RED_USER && !q->post && q->rank[q->nrank - 1].kind != EIN_RED;
                q->red = RED_NONE;
                break;
            case 4: changed = q->scan; q->scan = 0; break;
            case 5: changed = q->scan && q->scan_down; q->scan_down = false; break;
            case 6: changed = q->as_written; q->as_written = false; break;
            default:                            /* of a monoid its first part as a sum */
                changed = q->red == RED_USER;
                q->red = RED_ADD;
                q->nout = q->nbody = 1;
            }
            any |= changed && take(s, tmp, c);
            arena_free(tmp);
        }
    return any;
}

/* --- Sizes ----------------------------------------------------------------------------------- */

static void resize_const(struct cascade *c, u32 tens, u64 n)
{
    struct ein_tens *t = &c->tens.at[tens];
    if (!t->value)
        return;
    double *v = NEW_ARRAY(c->a, double, n + 1);
    for (u64 i = 0; i < n; i++)
        v[i] = t->value[0];
    t->value = v;
}

static void recount(struct cascade *c)
{
    for (u32 i = 0; i < c->tens.n; i++) {
        u64 n = 1;
        for (u32 d = 0; d < c->tens.at[i].ndim; d++)
            n *= (u64)c->tens.at[i].dim[d];
        resize_const(c, i, n);
    }
}

/* Ranks and axes of extent `from` all become `to`. */
static bool extent(struct shrinker *s, i64 from, i64 to)
{
    struct arena *tmp = arena_new("shrink");
    struct cascade *c = ein_copy(tmp, s->now);
    for (u32 i = 0; i < c->tens.n; i++)
        for (u32 d = 0; d < c->tens.at[i].ndim; d++)
            if (c->tens.at[i].dim[d] == from)
                c->tens.at[i].dim[d] = to;
    for (u32 i = 0; i < c->eq.n; i++)
        for (u32 r = 0; r < c->eq.at[i].nrank; r++)
            if (c->eq.at[i].rank[r].ext == from)
                c->eq.at[i].rank[r].ext = to;
    recount(c);
    bool ok = take(s, tmp, c);
    arena_free(tmp);
    return ok;
}

/* One rank becomes shorter, and the axes that it writes alone with it; what others write there fails to verify. */
static bool rank_extent(struct shrinker *s, u32 e, u32 r, i64 to)
{
    struct arena *tmp = arena_new("shrink");
    struct cascade *c = ein_copy(tmp, s->now);
    struct ein_eq *q = &c->eq.at[e];
    i64 from = q->rank[r].ext;
    for (u32 i = 0; i < c->eq.n; i++) {         /* the other equations of the same tensor (a recurrence, regions) */
        struct ein_eq *p = &c->eq.at[i];
        bool same = i == e || (q->scan && p->scan == q->scan);
        for (u32 o = 0; p->nout && o < p->nout; o++)
            same |= q->nout && p->out[o] == q->out[0];
        if (!same)
            continue;
        for (u32 k = 0; k < p->nrank; k++)
            if ((i == e ? k == r : p->rank[k].ext == from && p->rank[k].kind == EIN_PAR)) {
                p->rank[k].ext = to;
                for (u32 d = 0; d < p->nsub; d++) {
                    struct ein_lin l = { 0 };
                    for (u32 o = 0; ein_lin(c, p->sub[d], 1, &l) && l.n == 1 && c->node.at[l.t[0].atom].kind == EIN_RANK && c->node.at[l.t[0].atom].u == k &&
                                    l.t[0].k == 1 && o < p->nout; o++, l = (struct ein_lin){ 0 })
                        if (c->tens.at[p->out[o]].dim[d] >= from)
                            c->tens.at[p->out[o]].dim[d] -= i == e || p->out[o] != q->out[0] ? from - to : 0;
                }
            }
    }
    recount(c);
    bool ok = take(s, tmp, c);
    arena_free(tmp);
    return ok;
}

/* An axis of what nobody writes becomes shorter; reads beyond it get pads. */
static bool axis(struct shrinker *s, u32 t, u32 d, i64 to)
{
    struct arena *tmp = arena_new("shrink");
    struct cascade *c = ein_copy(tmp, s->now);
    c->tens.at[t].dim[d] = to;
    recount(c);
    bool ok = take(s, tmp, c);
    arena_free(tmp);
    return ok;
}

static bool sizes(struct shrinker *s)
{
    static const i64 to[] = { 1, 2, 3, 4, 5, 8 };
    bool any = false;
    for (u32 i = 0; i < s->now->eq.n; i++)
        for (u32 r = 0; r < s->now->eq.at[i].nrank; r++) {
            for (u32 k = 0; k <= COUNTOF(to) + 1 && !out_of(s); k++) {
                i64 ext = s->now->eq.at[i].rank[r].ext, less = k < COUNTOF(to) ? to[k] : k == COUNTOF(to) ? ext / 2 : ext - 1;
                if (ext > 0 && less > 0 && less < ext && (extent(s, ext, less) || rank_extent(s, i, r, less))) {
                    any = true;
                    break;
                }
            }
        }
    for (u32 t = 0; t < s->now->tens.n; t++)
        for (u32 d = 0; d < s->now->tens.at[t].ndim; d++)
            for (u32 k = 0; k <= COUNTOF(to) && !out_of(s) && t < s->now->tens.n && d < s->now->tens.at[t].ndim; k++) {
                u8 role = s->now->tens.at[t].role;
                i64 ext = s->now->tens.at[t].dim[d], less = k < COUNTOF(to) ? to[k] : ext / 2;
                if (role != EIN_TEMP && role != EIN_OUT && role != EIN_NEXT && ext > 0 && less > 0 && less < ext && axis(s, t, d, less)) {
                    any = true;
                    break;
                }
            }
    return any;
}

/* Rank r of an equation, which has one round, goes; so does an axis of one element. */
static bool drop_rank(struct shrinker *s, u32 e, u32 r)
{
    struct arena *tmp = arena_new("shrink");
    struct cascade *c = ein_copy(tmp, s->now);
    u32 n = c->eq.at[e].nrank;
    ein_node with[AXES];
    for (u32 k = 0; k < n; k++)
        with[k] = k == r ? ein_int(c, 0) : ein_rank(c, k > r ? k - 1 : k);
    for (u32 k = 0; k < roots(&c->eq.at[e]); k++) {
        ein_node x = *root_of(&c->eq.at[e], k);
        x = x ? ein_subst(c, x, n, with) : 0;
        *root_of(&c->eq.at[e], k) = x;
    }
    struct ein_eq *q = &c->eq.at[e];
    bool ok = !(q->scan && q->scan_rank == r);
    q->scan_rank -= q->scan && q->scan_rank > r;
    for (u32 k = r; k + 1 < n; k++)
        q->rank[k] = q->rank[k + 1];
    q->nrank--;
    if (q->red && q->red != RED_USER && !q->post && (!q->nrank || q->rank[q->nrank - 1].kind != EIN_RED))
        q->red = q->red == RED_ARGMAX || q->red == RED_ARGMIN ? q->red : (u8)RED_NONE;
    ok = ok && take(s, tmp, c);
    arena_free(tmp);
    return ok;
}

/* Accesses of tensor t lose subscript d. */
static ein_node without_axis(struct cascade *c, ein_node x, u32 t, u32 d, ein_node *memo)
{
    if (!x || memo[x])
        return x ? memo[x] : 0;
    struct ein_x y = c->node.at[x];
    ein_node list[AXES];
    u32 n = 0;
    for (u32 i = 0; i < y.nlist; i++)
        list[i] = c->list.at[y.list + i];
    for (u32 i = 0; i < y.nlist; i++)
        if (!((y.kind == EIN_READ || y.kind == EIN_GATHER) && y.u == t && i == d))
            list[n++] = without_axis(c, list[i], t, d, memo);
    ein_node a = without_axis(c, y.a, t, d, memo), b = without_axis(c, y.b, t, d, memo), z = without_axis(c, y.c, t, d, memo);
    return memo[x] = ein_make(c, (struct ein_x){ .kind = y.kind, .u = y.u, .a = a, .b = b, .c = z, .i = y.i, .r = y.r }, n, list);
}

static bool drop_axis(struct shrinker *s, u32 t, u32 d)
{
    struct arena *tmp = arena_new("shrink");
    struct cascade *c = ein_copy(tmp, s->now);
    u32 nodes = c->node.n;
    ein_node *memo = NEW_ARRAY(tmp, ein_node, nodes + 1);
    for (u32 e = 0; e < c->eq.n; e++) {
        for (u32 k = 0; k < roots(&c->eq.at[e]); k++) {
            ein_node x = *root_of(&c->eq.at[e], k);
            x = without_axis(c, x, t, d, memo);
            *root_of(&c->eq.at[e], k) = x;
        }
        struct ein_eq *q = &c->eq.at[e];
        for (u32 o = 0; o < q->nout; o++)
            if (q->out[o] == t) {
                for (u32 k = d; k + 1 < q->nsub; k++)
                    q->sub[k] = q->sub[k + 1];
                q->nsub--;
                break;
            }
    }
    struct ein_tens *x = &c->tens.at[t];
    for (u32 k = d; k + 1 < x->ndim; k++)
        x->dim[k] = x->dim[k + 1];
    x->ndim--;
    recount(c);
    bool ok = take(s, tmp, c);
    arena_free(tmp);
    return ok;
}

static bool ranks(struct shrinker *s)
{
    bool any = false;
    for (u32 i = 0; i < s->now->eq.n; i++)
        for (u32 r = s->now->eq.at[i].nrank; r-- > 0 && !out_of(s);)
            if (s->now->eq.at[i].rank[r].ext == 1 || s->now->eq.at[i].rank[r].kind == EIN_RED)
                any |= drop_rank(s, i, r);
    for (u32 t = 0; t < s->now->tens.n; t++)
        for (u32 d = t < s->now->tens.n ? s->now->tens.at[t].ndim : 0; d-- > 0 && !out_of(s) && t < s->now->tens.n && d < s->now->tens.at[t].ndim;)
            if (s->now->tens.at[t].dim[d] == 1)
                any |= drop_axis(s, t, d);
    return any;
}

/* --- Dtypes ---------------------------------------------------------------------------------- */

/* Tensor t, and the equations that write it, in f32; t UINT32_MAX: everything. */
static bool plain_float(struct shrinker *s, u32 t)
{
    struct arena *tmp = arena_new("shrink");
    struct cascade *c = ein_copy(tmp, s->now);
    bool changed = false;
    for (u32 i = 0; i < c->tens.n; i++)
        if ((i == t || t == UINT32_MAX) && c->tens.at[i].dtype != DT_F32) {
            c->tens.at[i].dtype = DT_F32;
            changed = true;
        }
    for (u32 i = 0; i < c->eq.n; i++)
        for (u32 o = 0; o < c->eq.at[i].nout; o++)
            if (t == UINT32_MAX || c->eq.at[i].out[o] == t)
                c->eq.at[i].acc = DT_F32;
    for (u32 n = 0; t == UINT32_MAX && n < c->node.n; n++)      /* no rules are kept here: the text is what counts */
        if (c->node.at[n].kind == EIN_CAST && c->node.at[n].u != DT_BOOL)
            c->node.at[n].u = DT_F32;
    bool ok = changed && take(s, tmp, c);
    arena_free(tmp);
    return ok;
}

static bool dtypes(struct shrinker *s)
{
    bool any = plain_float(s, UINT32_MAX);
    for (u32 t = 0; t < s->now->tens.n && !out_of(s); t++)
        any |= plain_float(s, t);
    return any;
}

struct cascade *shrink(struct arena *a, const struct cascade *c, bool (*fails)(void *ctx, const struct cascade *c), void *ctx, u32 most, u32 *tries)
{
    struct shrinker s = { .a = a, .now = ein_copy(a, c), .fails = fails, .ctx = ctx, .most = most };
    static bool (*const move[])(struct shrinker *) = { equations, parts, sizes, ranks, expressions, dtypes };
    for (bool any = true; any && !out_of(&s);) {
        any = false;
        for (u32 k = 0; k < COUNTOF(move); k++)
            any |= move[k](&s);
    }
    if (tries)
        *tries = s.tries;
    struct cascade *r = shrink_tidy(a, s.now);
    return ein_verify(r, NULL) ? r : ein_copy(a, s.now);
}
