/* ein_to_loop_access.c - where an equation reads and writes: offsets, lanes, in-range tests.
 *
 * In: an equation whose ranks are bound step by step (low_bind).  Out: loads and stores with the least index
 * arithmetic in the innermost loop.  A read that may leave its tensor has tests 0 <= sub < extent; those that hold
 * everywhere under the current intervals are dropped, the rest become a mask (lanes) or a select of the offset
 * (scalars), so nothing outside a tensor is ever touched, whatever guards or selects say about using the value. */
#include "passes/lower.h"

static const struct ltype I64 = { DT_I64, 1 }, BOOL = { DT_BOOL, 1 };

struct ltype low_type(const struct low *q, lval v)
{
    return q->L->f->val.at[v];
}

static u64 bit(u32 r)
{
    return (u64)1 << r;
}

static u64 vec_bit(const struct low *q)
{
    return q->vl > 1 && q->s.vec < LOW_RANKS && q->rank[q->s.vec].vec ? bit(q->s.vec) : 0;
}

/* The element offset of T[sub..] in row-major order, simplified.  A symbolic extent is the leading one. */
ein_node lower_offset(struct cascade *c, const struct ein_eq *q, u32 tens, u32 nsub, const ein_node *sub)
{
    const struct ein_tens *t = &c->tens.at[tens];
    i64 stride = 1;
    ein_node off = ein_int(c, 0);
    CHECK(nsub == t->ndim);
    for (u32 d = nsub; d-- > 0;) {
        off = ein_iadd(c, off, ein_imul(c, sub[d], stride));
        CHECK(t->dim[d] > 0 || d == 0);
        if (d)
            stride *= t->dim[d];
    }
    return ein_simplify(c, off, q->nrank, q->rank);
}

static u64 deps_of(struct low *q, ein_node x)
{
    u32 k = low_node(q, x);     /* may move the table */
    return q->node.at[k].deps;
}

static u64 vary_of(struct low *q, ein_node x)
{
    u32 k = low_node(q, x);
    return q->node.at[k].vary;
}

u32 low_node(struct low *q, ein_node x)
{
    u32 at = idmap_home(&q->map, x), id;
    while ((id = idmap_find(&q->map, x, &at)))
        return id;
    struct ein_x y = q->c->node.at[x];
    struct low_node n = { .x = x };
    if (y.kind == EIN_RANK)
        n.deps = bit(y.u);
    if (y.kind == EIN_ACC) {
        n.acc = true;
        for (u32 r = 0; r < q->q.nrank; r++)
            if (q->q.rank[r].kind == EIN_PAR)
                n.deps |= bit(r);
    }
    ein_node child[3] = { y.a, y.b, y.c };
    for (u32 i = 0; i < 3; i++)
        if (child[i]) {
            u32 k = low_node(q, child[i]);
            n.deps |= q->node.at[k].deps;
            n.acc |= q->node.at[k].acc;
        }
    for (u32 i = 0; i < y.nlist; i++)
        n.deps |= deps_of(q, q->c->list.at[y.list + i]);
    if (y.kind == EIN_READ || y.kind == EIN_GATHER) {
        ein_node *sub = NEW_ARRAY(q->a, ein_node, y.nlist);
        for (u32 i = 0; i < y.nlist; i++)
            sub[i] = q->c->list.at[y.list + i];
        n.access = 1 + low_access(q, x, y.u, y.nlist, sub);
    }
    if (y.kind == EIN_OF_INT || y.kind == EIN_RAND || (y.kind >= EIN_LT && y.kind <= EIN_NE && ein_is_index(q->c, y.a)))
        q->free_deps |= n.deps;
    n.vary = low_vary(q, x);
    vec_push(q->a, &q->node, n);
    idmap_put(q->a, &q->map, x, q->node.n - 1);
    return q->node.n - 1;
}

/* read 0: the left side. */
u32 low_access(struct low *q, ein_node read, u32 tens, u32 nsub, const ein_node *sub)
{
    struct cascade *c = q->c;
    const struct ein_tens *t = &c->tens.at[tens];
    struct low_acc a = { .read = read, .tens = tens, .buf = lower_buf(q->L, tens, !read, q->in_post) };
    ein_node off = lower_offset(c, &q->q, tens, nsub, sub);
    if (!ein_lin(c, off, 1, &a.off))
        BUG("an offset has more than %d terms", LIN_TERMS);
    for (u32 i = 0; i < a.off.n; i++) {
        a.atom_deps[i] = deps_of(q, a.off.t[i].atom);
        a.deps |= a.atom_deps[i];
    }
    if (read) {
        a.test = NEW_ARRAY(q->a, struct low_test, nsub);
        for (u32 d = 0; d < nsub; d++) {
            t = &c->tens.at[tens];
            i64 lo, hi;
            bool tb = t->dim[d] < 0;
            const struct ein_x *y = &c->node.at[sub[d]];
            if (tb && y->kind == EIN_RANK && q->q.rank[y->u].ext == t->dim[d])
                continue;
            if (!tb && ein_range(c, sub[d], q->q.nrank, q->q.rank, &lo, &hi) && lo >= 0 && hi < t->dim[d])
                continue;
            a.test[a.ntest++] = (struct low_test){ sub[d], tb ? 1 : t->dim[d], tb, deps_of(q, sub[d]), LOW_RANKS, false };
        }
    }
    vec_push(q->a, &q->acc, a);
    return q->acc.n - 1;
}

u64 low_test_deps(const struct low *q, u32 k)
{
    u64 deps = 0;
    for (u32 i = 0; i < q->acc.at[k].ntest; i++)
        deps |= q->acc.at[k].test[i].deps;
    return deps;
}

/* Its place, or - where subscripts cancel in the place - its tests. */
static bool differs_by_lane(const struct low *q, u32 k)
{
    return (q->acc.at[k].deps | low_test_deps(q, k)) & vec_bit(q);
}

/* Coefficient of a rank in an offset; *affine false if it is also inside a quotient or such. */
i64 low_rank_coef(const struct low_acc *a, const struct cascade *c, u32 rank, bool *affine)
{
    i64 k = 0;
    *affine = true;
    for (u32 i = 0; i < a->off.n; i++) {
        const struct ein_x *y = &c->node.at[a->off.t[i].atom];
        if (y->kind == EIN_RANK && y->u == rank)
            k = a->off.t[i].k;
        else if (a->atom_deps[i] & bit(rank))
            *affine = false;
    }
    return k;
}

void low_init(struct low *q, struct lower *L, const struct ein_eq *eq, struct loop_emit e)
{
    CHECK(eq->nrank <= LOW_RANKS - 1);
    *q = (struct low){ .L = L, .a = L->a, .c = L->c, .q = *eq, .e = e, .vl = 1, .s = { .vec = VEC_NONE, .vl = 1, .nv = 1 } };
    vec_push(q->a, &q->node, (struct low_node){ 0 });
    for (u32 r = 0; r < eq->nrank; r++) {
        i64 ext = eq->rank[r].ext;
        q->rank[r] = (struct low_rank){ .ext = ext < 0 ? 1 : ext, .tb = ext < 0, .red = eq->rank[r].kind == EIN_RED };
    }
}

static bool is_static(const struct low *q, u64 deps)
{
    for (u32 i = 0; i < q->nstat; i++)
        if ((deps & bit(q->stat[i].rank)) && q->stat[i].max > 1)
            return true;
    return false;
}

static i64 static_offset(const struct low *q, u32 rank)
{
    for (u32 i = 0; i < q->nstat; i++)
        if (q->stat[i].rank == rank)
            return (i64)q->coord[i] * q->stat[i].step;
    return 0;
}

static lval add(struct low *q, lval a, lval b)
{
    return !a ? b : !b ? a : le_op(&q->e, LO_IADD, I64, a, b, 0);
}

static lval times(struct low *q, lval v, i64 k)
{
    return k == 1 ? v : le_op(&q->e, LO_IMUL, I64, v, lower_size(q->L, &q->e, ROLE_STRIDE, k, false), 0);
}

void low_begin(struct low *q)
{
    for (u32 i = 1; i < q->node.n; i++)     /* children come first */
        q->node.at[i].vary = low_vary(q, q->node.at[i].x);
    if (q->s.fixed)
        low_follow(q);
    for (u32 k = 0; k < q->acc.n; k++) {
        struct low_acc *a = &q->acc.at[k];
        if (a->lead || lower_literal(ROLE_STRIDE, a->off.c))
            continue;
        a->run = add(q, a->run, lower_sym(q->L, a->off.c, false));
        a->off.c = 0;
    }
}

/* Reads whose offset goes up by a fixed step from turn to turn of a loop over `rank`: carried and added to instead of multiplied out.
 * Emits what the loop starts with and adds. */
u32 low_walks(struct low *q, u32 rank, lval lo, i64 step, u32 most, struct low_walk *walk)
{
    u32 n = 0;
    for (u32 k = q->nlhs; k < q->acc.n && n < most; k++) {
        bool affine;
        i64 stride = low_rank_coef(&q->acc.at[k], q->c, rank, &affine), by;
        if (!stride || !affine || !q->acc.at[k].run || __builtin_mul_overflow(stride, step, &by))
            continue;
        lval run = q->acc.at[k].run;
        struct loop_known from = q->L->f->known.at[lo];
        if (!from.is_const || from.i)
            run = add(q, run, times(q, lo, stride));
        lval each = lower_literal(ROLE_STRIDE, by) ? le_int(&q->e, by) : lower_scaled(q->L, &q->e, stride, false, step);
        walk[n++] = (struct low_walk){ k, run, each };
    }
    return n;
}

/* In the loop's body, before the rank is bound: access k's offset is carried as v. */
void low_walking(struct low *q, u32 rank, u32 k, lval v)
{
    struct low_acc *a = &q->acc.at[k];
    a->run = v;
    for (u32 i = 0; i < a->off.n; i++)
        if (q->c->node.at[a->off.t[i].atom].kind == EIN_RANK && q->c->node.at[a->off.t[i].atom].u == rank)
            a->done |= bit(i);
}

/* Adds to the running offsets what rank's binding made known. */
void low_bind(struct low *q, u32 rank, lval base, i64 lo, i64 hi)
{
    struct low_rank *r = &q->rank[rank];
    r->bound = true;
    r->base = base;
    r->lo = lo;
    r->hi = hi;
    for (u32 k = 0; k < q->acc.n; k++) {
        for (u32 i = 0; i < q->acc.at[k].off.n; i++) {
            struct low_acc *a = &q->acc.at[k];
            u64 deps = a->atom_deps[i];
            if (a->lead || (a->done & bit(i)) || !(deps & bit(rank)) || !low_ready(q, deps))
                continue;
            ein_node atom = a->off.t[i].atom;
            i64 times_k = a->off.t[i].k;
            lval v = 0;
            if (q->c->node.at[atom].kind == EIN_RANK)
                v = base;
            else if (!(deps & vec_bit(q)) && !is_static(q, vary_of(q, atom)))
                v = low_index_scalar(q, low_index(q, atom));
            else
                continue;
            lval run = q->acc.at[k].run;
            if (v)
                run = add(q, run, times(q, v, times_k));
            q->acc.at[k].run = run;
            q->acc.at[k].done |= bit(i);
        }
    }
}

/* Indices */

static lval memo_index(struct low *q, ein_node atom);

struct low_index low_index(struct low *q, ein_node x)
{
    struct ein_lin l = { 0 };
    struct low_index out = { 0 };
    if (!ein_lin(q->c, x, 1, &l))
        BUG("an index has more than %d terms", LIN_TERMS);
    out.k = l.c;
    for (u32 i = 0; i < l.n; i++) {
        ein_node atom = l.t[i].atom;
        i64 k = l.t[i].k;
        struct ein_x y = q->c->node.at[atom];
        lval v;
        if (y.kind == EIN_RANK) {
            struct low_rank *r = &q->rank[y.u];
            CHECK(r->bound);
            out.k += static_offset(q, y.u) * k;
            if (vec_bit(q) & bit(y.u))
                out.lane += k;
            v = r->base;
        } else if (y.kind == EIN_SYM) {
            v = lower_sym(q->L, 1, true);
        } else {
            v = memo_index(q, atom);
        }
        if (!v)
            continue;
        struct ltype t = low_type(q, v);
        if (t.lanes > 1) {
            lval m = k == 1 ? v : le_op(&q->e, LO_IMUL, t, v, le_num(&q->e, t, (double)k), 0);
            out.vec = out.vec ? le_op(&q->e, LO_IADD, t, out.vec, m, 0) : m;
        } else {
            out.scalar = add(q, out.scalar, k == 1 ? v : le_op(&q->e, LO_IMUL, I64, v, le_int(&q->e, k), 0));
        }
    }
    return out;
}

lval low_index_scalar(struct low *q, struct low_index x)
{
    CHECK(!x.lane && !x.vec);
    if (!x.scalar)
        return le_int(&q->e, x.k);
    return x.k ? add(q, x.scalar, le_int(&q->e, x.k)) : x.scalar;
}

lval low_index_vector(struct low *q, struct low_index x)
{
    struct ltype t = { DT_I32, (u16)q->vl };
    lval v = x.vec;
    if (x.lane) {
        lval lanes = le_op(&q->e, LO_IOTA, t, 0, 0, 0);
        if (x.lane != 1)
            lanes = le_op(&q->e, LO_IMUL, t, lanes, le_num(&q->e, t, (double)x.lane), 0);
        v = v ? le_op(&q->e, LO_IADD, t, v, lanes, 0) : lanes;
    }
    struct low_index s = { .scalar = x.scalar, .k = x.k };
    if (!s.scalar && (v || s.k)) {
        lval k = le_num(&q->e, t, (double)s.k);
        return v ? s.k ? le_op(&q->e, LO_IADD, t, v, k, 0) : v : k;
    }
    lval base = low_splat(q, le_op(&q->e, LO_CAST, (struct ltype){ DT_I32, 1 }, low_index_scalar(q, s), 0, 0));
    return v ? le_op(&q->e, LO_IADD, t, v, base, 0) : base;
}

/* A quotient, remainder or gather at the instance: scalar i64, or i32 per lane. */
static lval memo_index(struct low *q, ein_node atom)
{
    u32 id = low_node(q, atom);
    struct low_node *n = &q->node.at[id];
    if (!n->memo) {
        n->nmemo = 1;
        for (u32 i = 0; i < q->nstat; i++)
            if (n->vary & bit(q->stat[i].rank))
                n->nmemo *= q->stat[i].max;
        n->memo = NEW_ARRAY(q->a, lval, n->nmemo);
    }
    lval *slot = &n->memo[low_project(q, n->vary)];
    if (*slot)
        return *slot;
    struct ein_x y = q->c->node.at[atom];
    lval v;
    if (y.kind == EIN_GATHER) {
        u32 k = n->access - 1;
        v = low_load(q, k, low_tests(q, k));
        struct ltype t = low_type(q, v), to = { t.lanes > 1 ? DT_I32 : DT_I64, t.lanes }, is = { DT_BOOL, t.lanes };
        v = le_op(&q->e, LO_CAST, to, v, 0, 0);
        if (t.dtype == DT_I32 || t.dtype == DT_I64) {           /* beyond any tensor: -1, so that what is made of it does not overflow */
            lval most = le_num(&q->e, to, 0x1p30), least = le_num(&q->e, to, -0x1p30);
            lval below = le_op(&q->e, LO_ILT, is, v, most, 0), above = le_op(&q->e, LO_ILT, is, least, v, 0);
            v = le_op(&q->e, LO_SELECT, to, le_op(&q->e, LO_AND, is, below, above, 0), v, le_num(&q->e, to, -1));
        }
    } else {
        CHECK(y.kind == EIN_IDIV || y.kind == EIN_IMOD);
        i64 k = q->c->node.at[y.b].i;
        enum loop_op op = y.kind == EIN_IDIV ? LO_IDIV : LO_IMOD;
        struct low_index a = low_index(q, y.a);
        if (a.lane || a.vec) {
            struct ltype t = { DT_I32, (u16)q->vl };
            v = low_index_vector(q, a);
            v = le_op(&q->e, op, t, v, le_num(&q->e, t, (double)k), 0);
        } else {
            v = low_index_scalar(q, a);
            v = le_op(&q->e, op, I64, v, le_int(&q->e, k), 0);
        }
    }
    low_remember(q, slot, v);
    return v;
}

static i64 floor_div(i64 a, i64 b)
{
    return a / b - (a % b < 0);
}

bool low_interval(const struct low *q, ein_node x, i64 *lo, i64 *hi)
{
    const struct ein_x *y = &q->c->node.at[x];
    i64 l, h, k;
    switch (y->kind) {
    case EIN_INT:
        *lo = *hi = y->i;
        return true;
    case EIN_SYM:
        *lo = q->c->sym.at[y->u].lo;
        *hi = q->c->sym.at[y->u].hi;
        return true;
    case EIN_RANK: {
        const struct low_rank *r = &q->rank[y->u];
        i64 last = r->tb ? (i64)1 << 31 : r->ext - 1, off = static_offset(q, y->u);
        if (!r->bound) {
            *lo = 0;
            *hi = last;
            return true;
        }
        *lo = r->lo + off;
        *hi = r->hi + off + (vec_bit(q) & bit(y->u) ? (i64)q->vl - 1 : 0);
        *hi = MIN(*hi, last);       /* lanes past the end are masked anyway */
        return true;
    }
    case EIN_IADD:
        if (!low_interval(q, y->a, &l, &h) || !low_interval(q, y->b, lo, hi))
            return false;
        *lo += l;
        *hi += h;
        return true;
    case EIN_IMUL:
        k = q->c->node.at[y->b].i;
        if (!low_interval(q, y->a, &l, &h))
            return false;
        *lo = k < 0 ? h * k : l * k;
        *hi = k < 0 ? l * k : h * k;
        return true;
    case EIN_IDIV:
        k = q->c->node.at[y->b].i;
        if (!low_interval(q, y->a, &l, &h))
            return false;
        *lo = floor_div(l, k);
        *hi = floor_div(h, k);
        return true;
    case EIN_IMOD:
        if (low_digit(q, x, lo)) {
            *hi = *lo;
            return true;
        }
        k = q->c->node.at[y->b].i;
        if (low_interval(q, y->a, &l, &h) && floor_div(l, k) == floor_div(h, k)) {
            *lo = l - floor_div(l, k) * k;
            *hi = h - floor_div(l, k) * k;
        } else {
            *lo = 0;
            *hi = k - 1;
        }
        return true;
    default:
        return false;
    }
}

lval low_splat(struct low *q, lval v)
{
    struct ltype t = low_type(q, v);
    if (q->vl == 1 || t.lanes > 1)
        return v;
    for (u32 i = q->splat.n; i-- > 0;)
        if (q->splat.at[i].scalar == v && low_type(q, q->splat.at[i].vec).lanes == q->vl)
            return q->splat.at[i].vec;
    lval x = le_op(&q->e, LO_SPLAT, (struct ltype){ t.dtype, (u16)q->vl }, v, 0, 0);
    vec_push(q->a, &q->splat, ((struct low_splat){ v, x }));
    return x;
}

lval low_and(struct low *q, lval a, lval b)
{
    if (!a || !b)
        return a ? a : b;
    if (low_type(q, a).lanes != low_type(q, b).lanes) {
        a = low_splat(q, a);
        b = low_splat(q, b);
    }
    return le_op(&q->e, LO_AND, low_type(q, a), a, b, 0);
}

static lval one_test(struct low *q, const struct low_test *t)
{
    i64 lo, hi;
    bool known = low_interval(q, t->sub, &lo, &hi);
    bool below = !known || lo < 0, above = !known || t->tb || hi >= t->ext;
    if (!below && !above)
        return 0;
    struct low_index x = low_index(q, t->sub);
    lval ok = 0;
    if (!x.lane && !x.vec) {
        lval v = low_index_scalar(q, x);
        if (below)
            ok = le_op(&q->e, LO_ILE, BOOL, le_int(&q->e, 0), v, 0);
        if (above)
            ok = low_and(q, ok, le_op(&q->e, LO_ILT, BOOL, v, lower_size(q->L, &q->e, ROLE_BOUND, t->ext, t->tb), 0));
        return ok;
    }
    struct ltype it = { DT_I32, (u16)q->vl }, bt = { DT_BOOL, (u16)q->vl };
    lval v = low_index_vector(q, x);
    if (below)
        ok = le_op(&q->e, LO_ILE, bt, le_num(&q->e, it, 0), v, 0);
    if (above) {
        lval most = t->tb ? low_splat(q, le_op(&q->e, LO_CAST, (struct ltype){ DT_I32, 1 }, lower_sym(q->L, t->ext, true), 0, 0))
                          : le_num(&q->e, it, (double)t->ext);
        ok = low_and(q, ok, le_op(&q->e, LO_ILT, bt, v, most, 0));
    }
    return ok;
}

lval low_tests(struct low *q, u32 k)
{
    struct low_acc *a = &q->acc.at[k];
    if (!a->ntest)
        return 0;
    u64 deps = low_test_deps(q, k);
    u32 id = low_node(q, a->read);
    struct low_node *n = &q->node.at[id];
    u32 size = 1;
    for (u32 i = 0; i < q->nstat; i++)
        if (n->deps & bit(q->stat[i].rank))
            size *= q->stat[i].max;
    if (!n->test)
        n->test = NEW_ARRAY(q->a, lval, 2 * size);
    lval *slot = &n->test[low_project(q, deps) + (q->interior ? size : 0)];
    if (*slot)
        return *slot == LOW_TRUE ? 0 : *slot;
    lval ok = 0;
    for (u32 i = 0; i < q->acc.at[k].ntest; i++) {
        struct low_test t = q->acc.at[k].test[i];
        if (!t.held && !(q->interior && !differs_by_lane(q, k)))
            ok = low_and(q, ok, one_test(q, &t));
    }
    low_remember(q, slot, ok ? ok : LOW_TRUE);
    return ok;
}

/* An offset at the instance: *lane is the step from lane to lane, *vec more of it per lane. */
static lval offset(struct low *q, u32 k, i64 *lane, lval *vec)
{
    struct low_acc a = q->acc.at[k];
    struct low_acc lead = q->acc.at[a.lead ? a.lead - 1 : k];
    lval off = lead.run;
    a.done = lead.done;
    i64 lit = a.off.c + (a.lead ? lead.off.c : 0), scaled[LIN_TERMS][2];
    u32 nscaled = 0;
    *lane = 0;
    *vec = 0;
    for (u32 i = 0; i < a.off.n; i++) {
        ein_node atom = a.off.t[i].atom;
        i64 step = a.off.t[i].k;
        struct ein_x y = q->c->node.at[atom];
        if (y.kind == EIN_RANK) {
            i64 j = static_offset(q, y.u);
            if (vec_bit(q) & bit(y.u))
                *lane += step;
            if (j && ((vec_bit(q) & bit(y.u)) || lower_literal(ROLE_TAP_STRIDE, step))) {
                lit += j * step;
            } else if (j) {
                scaled[nscaled][0] = step;
                scaled[nscaled++][1] = j;
            }
            CHECK(q->rank[y.u].bound);
        } else if (!(a.done & bit(i))) {
            struct low_index x = low_index(q, atom);
            if (x.lane || x.vec) {
                struct ltype t = { DT_I32, (u16)q->vl };
                lval v = low_index_vector(q, x);
                if (step != 1)
                    v = le_op(&q->e, LO_IMUL, t, v, le_num(&q->e, t, (double)step), 0);
                *vec = *vec ? le_op(&q->e, LO_IADD, t, *vec, v, 0) : v;
            } else {
                off = add(q, off, times(q, low_index_scalar(q, x), step));
            }
        }
    }
    for (u32 i = 0; i < nscaled; i++)
        off = add(q, off, lower_scaled(q->L, &q->e, scaled[i][0], false, scaled[i][1]));
    if (lit || !off)
        off = add(q, off, le_int(&q->e, lit));
    return off;
}

static lval tail_mask(const struct low *q)
{
    for (u32 i = 0; i < q->nstat; i++)
        if (q->stat[i].rank == q->s.vec)
            return q->tail[q->coord[i]];
    return 0;
}

lval low_load(struct low *q, u32 k, lval mask)
{
    i64 lane;
    lval vec, off = offset(q, k, &lane, &vec);
    const struct low_acc *a = &q->acc.at[k];
    u8 d = q->L->f->buf.at[a->buf].dtype;
    if (!lane && !vec && (!mask || low_type(q, mask).lanes == 1)) {
        if (mask)
            off = le_op(&q->e, LO_SELECT, I64, mask, off, le_int(&q->e, 0));
        return le_load(&q->e, a->buf, off, (struct ltype){ d, 1 }, 0, 0);
    }
    struct ltype t = { d, (u16)q->vl };
    if (mask)
        mask = low_splat(q, mask);
    mask = low_and(q, mask, tail_mask(q));
    if (lane == 1 && !vec)
        return le_load(&q->e, a->buf, off, t, mask, 0);
    lval index = low_index_vector(q, (struct low_index){ .lane = lane, .vec = vec });
    return le_load(&q->e, a->buf, off, t, mask, index);
}

void low_store(struct low *q, u32 k, lval v)
{
    i64 lane;
    lval vec, off = offset(q, k, &lane, &vec);
    u32 buf = q->acc.at[k].buf;
    CHECK(!vec);
    if (lane)
        v = low_splat(q, v);
    if (lane && lane != 1) {            /* lane by lane */
        u32 n = q->vl;
        for (u32 i = 0; i < q->nstat; i++)
            if (q->stat[i].rank == q->s.vec && q->tail[q->coord[i]])
                n = q->tail_n[q->coord[i]];
        for (u32 i = 0; i < n; i++) {
            lval one = le_opu(&q->e, LO_LANE, (struct ltype){ low_type(q, v).dtype, 1 }, v, i);
            le_store(&q->e, buf, i ? add(q, off, lower_scaled(q->L, &q->e, lane, false, i)) : off, one, 0);
        }
        return;
    }
    CHECK(lane || low_type(q, v).lanes == 1);
    le_store(&q->e, buf, off, v, lane ? tail_mask(q) : 0);
}

/* Clipping and interiors */

/* Is the value 0 (want 0), or the read itself (want != 0: the pad must be that) where access k leaves its tensor?  Strict arithmetic knows
 * what 0 times an infinity is, and that the largest of a NaN and -inf is -inf: there all of the factors must be 0, and extrema are none. */
static bool absorbs(struct low *q, ein_node x, u32 k, double want)
{
    struct ein_x y = q->c->node.at[x];
    if (y.kind == EIN_READ) {
        struct ein_x pad = q->c->node.at[y.a];
        u32 id = low_node(q, x);
        return q->node.at[id].access == k + 1 && y.a && pad.kind == EIN_NUM && pad.r == want;
    }
    bool strict = q->L->o->strict;
    if (want != 0)
        return false;
    switch (y.kind) {
    case EIN_NUM: return y.r == 0;
    case EIN_ARG: return true;                      /* a floor of 0 or none: max(floor, 0) is 0 */
    case EIN_MUL: return strict ? absorbs(q, y.a, k, 0) && absorbs(q, y.b, k, 0) : absorbs(q, y.a, k, 0) || absorbs(q, y.b, k, 0);
    case EIN_DIV:
        if (strict)
            return false;
        /* fall through */
    case EIN_CAST: case EIN_NEG: case EIN_ABS: case EIN_TANH: case EIN_ERF: case EIN_SQRT: return absorbs(q, y.a, k, 0);
    case EIN_ADD: case EIN_SUB: case EIN_MAX: case EIN_MIN: return absorbs(q, y.a, k, 0) && absorbs(q, y.b, k, 0);
    default: return false;
    }
}

void low_find_clips(struct low *q)
{
    double want = low_identity(q);
    if (q->L->o->strict && q->q.red != RED_ADD)
        return;
    if ((q->q.red != RED_ADD && q->q.red != RED_MAX && q->q.red != RED_MIN) || q->q.nbody != 1)
        return;
    for (u32 k = q->nlhs; k < q->acc.n; k++) {
        if (!q->acc.at[k].ntest || !absorbs(q, q->q.body[0], k, want))
            continue;
        for (u32 i = 0; i < q->acc.at[k].ntest; i++) {
            struct low_test *t = &q->acc.at[k].test[i];
            struct ein_lin l = { 0 };
            u32 r = LOW_RANKS;
            bool ok = !(t->deps & vec_bit(q)) && !is_static(q, t->deps) && ein_lin(q->c, t->sub, 1, &l);
            for (u32 j = 0; ok && j < l.n; j++) {
                const struct ein_x *y = &q->c->node.at[l.t[j].atom];
                ok = y->kind == EIN_RANK && !(q->rank[y->u].red && (r != LOW_RANKS || l.t[j].k <= 0));
                if (ok && q->rank[y->u].red)
                    r = y->u;
            }
            if (ok && r != LOW_RANKS && !q->rank[r].tb)
                t->clip = r;
        }
    }
}

bool low_clip(struct low *q, u32 rank, lval *lo, lval *hi)
{
    bool any = false;
    for (u32 k = q->nlhs; k < q->acc.n; k++)
        for (u32 i = 0; i < q->acc.at[k].ntest; i++) {
            struct low_test *t = &q->acc.at[k].test[i];
            if (t->clip != rank || t->held)
                continue;
            i64 least, most;
            bool below = true, above = true;
            if (low_interval(q, t->sub, &least, &most)) {
                below = least < 0;
                above = t->tb || most >= t->ext;
            }
            t->held = true;
            struct ein_lin l = { 0 };
            CHECK(ein_lin(q->c, t->sub, 1, &l));
            lval s = 0;
            i64 c = 1;
            for (u32 j = 0; j < l.n; j++) {
                u32 r = q->c->node.at[l.t[j].atom].u;
                if (r == rank)
                    c = l.t[j].k;
                else if (q->rank[r].base)
                    s = add(q, s, times(q, q->rank[r].base, l.t[j].k));
            }
            s = add(q, s, le_int(&q->e, l.c));
            /* 0 <= s + c * r < ext */
            lval k64 = le_int(&q->e, c);
            if (below) {
                lval first = le_op(&q->e, LO_IDIV, I64, le_op(&q->e, LO_ISUB, I64, le_int(&q->e, c - 1), s, 0), k64, 0);
                *lo = le_op(&q->e, LO_IMAX, I64, *lo, first, 0);
            }
            if (above) {
                lval ext = lower_size(q->L, &q->e, ROLE_BOUND, t->ext, t->tb);
                lval left = le_op(&q->e, LO_ISUB, I64, add(q, ext, le_int(&q->e, c - 1)), s, 0);
                *hi = le_op(&q->e, LO_IMIN, I64, *hi, le_op(&q->e, LO_IDIV, I64, left, k64, 0), 0);
            }
            any = true;
        }
    return any;
}

void low_release(struct low *q, u32 rank)
{
    for (u32 k = q->nlhs; k < q->acc.n; k++)
        for (u32 i = 0; i < q->acc.at[k].ntest; i++)
            if (q->acc.at[k].test[i].clip == rank)
                q->acc.at[k].test[i].held = false;
}

bool low_interior(struct low *q, lval *cond)
{
    bool any = false;
    *cond = 0;
    for (u32 k = q->nlhs; k < q->acc.n; k++)
        for (u32 i = 0; i < q->acc.at[k].ntest; i++) {
            struct low_test t = q->acc.at[k].test[i];
            if (differs_by_lane(q, k) || t.clip != LOW_RANKS)
                continue;
            struct ein_lin l = { 0 };
            if (!ein_lin(q->c, t.sub, 1, &l))
                return false;
            lval s = 0;
            i64 lo = l.c, hi = l.c, most_lo = l.c, most_hi = l.c;
            for (u32 j = 0; j < l.n; j++) {
                struct ein_x y = q->c->node.at[l.t[j].atom];
                i64 c = l.t[j].k, last = 0, a, b;
                if (y.kind != EIN_RANK)
                    return false;
                const struct low_rank *r = &q->rank[y.u];
                for (u32 n = 0; n < q->nstat; n++)
                    if (q->stat[n].rank == y.u)
                        last = (i64)(q->stat[n].n - 1) * q->stat[n].step;
                if (!r->bound) {
                    if (r->tb)
                        return false;
                    last = r->ext - 1;
                } else if (r->base) {
                    s = add(q, s, times(q, r->base, c));
                }
                b = last * c;
                lo += MIN(0, b), hi += MAX(0, b);
                a = (r->bound ? r->lo : 0) * c, b = (last + (r->bound ? r->hi : 0)) * c;
                most_lo += MIN(a, b), most_hi += MAX(a, b);
            }
            if (most_lo >= 0 && !t.tb && most_hi < t.ext)
                continue;
            any = true;
            if (!s)
                return false;           /* fails for certain */
            if (most_lo < 0)
                *cond = low_and(q, *cond, le_op(&q->e, LO_ILE, BOOL, le_int(&q->e, -lo), s, 0));
            if (t.tb || most_hi >= t.ext) {
                lval top = add(q, s, le_int(&q->e, hi));
                *cond = low_and(q, *cond, le_op(&q->e, LO_ILT, BOOL, top, lower_size(q->L, &q->e, ROLE_BOUND, t.ext, t.tb), 0));
            }
        }
    return any && *cond;
}
