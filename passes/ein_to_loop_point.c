/* ein_to_loop_point.c - expressions of an equation as values.
 *
 * In: a point node at an instance.  Out: a scalar where no lane matters, else one value per lane; comparisons stay
 * bools until a number is needed.  Everything is computed in one type (f32, or f64 where f64 or wide integers occur);
 * reads are converted on the way in, left sides on the way out.  Both sides of a select are computed: reads that
 * leave their tensors are masked, so nothing depends on which side is taken. */
#include "passes/lower.h"

#include "compiler/base/rng.h"

static u64 bit(u32 r)
{
    return (u64)1 << r;
}

struct ltype low_ct(const struct low *q, u32 lanes)
{
    return (struct ltype){ q->ct, (u16)lanes };
}

lval low_const(struct low *q, double v)
{
    return le_num(&q->e, low_ct(q, 1), v);
}

static u32 join(struct low *q, lval *a, lval *b)
{
    u32 la = low_type(q, *a).lanes, lb = low_type(q, *b).lanes;
    if (la != lb) {
        *a = low_splat(q, *a);
        *b = low_splat(q, *b);
    }
    return MAX(la, lb);
}

lval low_arith(struct low *q, enum loop_op op, lval a, lval b)
{
    u32 lanes = join(q, &a, &b);
    return le_op(&q->e, op, low_ct(q, lanes), a, b, 0);
}

static lval compare(struct low *q, enum loop_op op, lval a, lval b)
{
    u32 lanes = join(q, &a, &b);
    return le_op(&q->e, op, (struct ltype){ DT_BOOL, (u16)lanes }, a, b, 0);
}

lval low_pick(struct low *q, lval cond, lval a, lval b)
{
    u32 lanes = join(q, &a, &b);
    if (low_type(q, cond).lanes > lanes) {
        a = low_splat(q, a);
        b = low_splat(q, b);
    }
    struct ltype t = low_type(q, a);
    return le_op(&q->e, LO_SELECT, t, cond, a, b);
}

lval low_as_number(struct low *q, lval v)
{
    struct ltype t = low_type(q, v);
    if (t.dtype == DT_BOOL) {
        lval one = le_num(&q->e, low_ct(q, t.lanes), 1), zero = le_num(&q->e, low_ct(q, t.lanes), 0);
        return le_op(&q->e, LO_SELECT, low_ct(q, t.lanes), v, one, zero);
    }
    return t.dtype == q->ct ? v : le_op(&q->e, LO_CAST, low_ct(q, t.lanes), v, 0, 0);
}

lval low_as_bool(struct low *q, lval v)
{
    struct ltype t = low_type(q, v);
    if (t.dtype == DT_BOOL)
        return v;
    return le_op(&q->e, LO_FNE, (struct ltype){ DT_BOOL, t.lanes }, v, le_num(&q->e, t, 0), 0);
}

lval low_number(struct low *q, ein_node x)
{
    return low_as_number(q, low_point(q, x));
}

static lval unary(struct low *q, enum loop_op op, lval a)
{
    return le_op(&q->e, op, low_ct(q, low_type(q, a).lanes), a, 0, 0);
}

/* Rounded to dtype d and back. */
static lval cast(struct low *q, lval v, enum dtype d)
{
    if (d == DT_BOOL)
        return low_as_bool(q, v);
    v = low_as_number(q, v);
    struct ltype t = low_type(q, v);
    if (d == q->ct || (d == DT_F64 && q->ct == DT_F32))
        return v;
    if (!dtype_is_float(d))
        v = unary(q, LO_FROUND, v);
    v = le_op(&q->e, LO_CAST, (struct ltype){ (u8)d, t.lanes }, v, 0, 0);
    return le_op(&q->e, LO_CAST, t, v, 0, 0);
}

static lval index_compare(struct low *q, enum loop_op op, ein_node a, ein_node b, bool negate)
{
    struct low_index x = low_index(q, a), y = low_index(q, b);
    bool lanes = x.lane || x.vec || y.lane || y.vec;
    lval left = lanes ? low_index_vector(q, x) : low_index_scalar(q, x), right = lanes ? low_index_vector(q, y) : low_index_scalar(q, y);
    lval v = le_op(&q->e, op, (struct ltype){ DT_BOOL, (u16)(lanes ? q->vl : 1) }, left, right, 0);
    return negate ? le_op(&q->e, LO_NOT, low_type(q, v), v, 0, 0) : v;
}

/* Philox4x32-10 of (key, index): the same numbers as rng_at, in 64-bit integers. */
static lval iop(struct low *q, enum loop_op op, lval a, lval b)
{
    return le_op(&q->e, op, (struct ltype){ DT_I64, 1 }, a, b, 0);
}

static lval low32(struct low *q, lval a)
{
    return iop(q, LO_BAND, a, le_int(&q->e, 0xffffffff));
}

static lval high32(struct low *q, lval a)
{
    return low32(q, iop(q, LO_BSHR, a, le_int(&q->e, 32)));
}

static lval xor(struct low *q, lval a, lval b)
{
    lval either = iop(q, LO_BOR, a, b);
    return iop(q, LO_ISUB, either, iop(q, LO_BAND, a, b));
}

static lval philox(struct low *q, u64 seed, u64 number, lval index)
{
    static const u64 mult[2] = { 0xD2511F53, 0xCD9E8D57 }, weyl[2] = { 0x9E3779B9, 0xBB67AE85 };
    u64 key[2] = { seed & 0xffffffff, seed >> 32 };
    lval c[4] = { low32(q, index), high32(q, index), le_int(&q->e, (i64)(number & 0xffffffff)), le_int(&q->e, (i64)(number >> 32)) };
    for (u32 round = 0; round < 10; round++) {
        lval p0 = iop(q, LO_IMUL, c[0], le_int(&q->e, (i64)mult[0])), p1 = iop(q, LO_IMUL, c[2], le_int(&q->e, (i64)mult[1]));
        lval n0 = xor(q, high32(q, p1), c[1]);
        n0 = xor(q, n0, le_int(&q->e, (i64)key[0]));
        lval n2 = xor(q, high32(q, p0), c[3]);
        n2 = xor(q, n2, le_int(&q->e, (i64)key[1]));
        c[1] = low32(q, p1);
        c[3] = low32(q, p0);
        c[0] = n0;
        c[2] = n2;
        key[0] = (key[0] + weyl[0]) & 0xffffffff;
        key[1] = (key[1] + weyl[1]) & 0xffffffff;
    }
    return c[0];
}

static bool is_integer(const struct low *q, ein_node x)
{
    int d = ein_dtype(q->c, &q->q, x);
    return d >= 0 && !dtype_is_float((enum dtype)d);
}

static lval compute(struct low *q, const struct low_node *n)
{
    struct ein_x y = q->c->node.at[n->x];
    lval a, b, v;
    bool holds;
    switch ((enum ein_kind)y.kind) {
    case EIN_OF_INT: {
        struct low_index x = low_index(q, y.a);
        if (x.lane || x.vec)
            return low_as_number(q, low_index_vector(q, x));
        return low_as_number(q, low_index_scalar(q, x));
    }
    case EIN_READ: {
        u32 k = n->access - 1;
        lval mask = low_tests(q, k);
        v = low_load(q, k, mask);
        if (low_type(q, v).dtype != DT_BOOL)
            v = low_as_number(q, v);
        if (!y.a || !mask)
            return v;
        struct ein_x pad = q->c->node.at[y.a];
        if (pad.kind == EIN_NUM && pad.r == 0 && low_type(q, v).lanes > 1)
            return v;               /* masked lanes read as 0 */
        v = low_as_number(q, v);
        return low_pick(q, mask, v, low_number(q, y.a));
    }
    case EIN_ACC:
        return q->result[y.u];
    case EIN_ARG:               /* outside of monoids: a slot */
        return low_as_number(q, q->L->slot.at[y.u]);
    case EIN_NEG: return unary(q, LO_FNEG, low_number(q, y.a));
    case EIN_ABS: return unary(q, LO_FABS, low_number(q, y.a));
    case EIN_SQRT: return unary(q, LO_FSQRT, low_number(q, y.a));
    case EIN_RSQRT: a = low_const(q, 1); return low_arith(q, LO_FDIV, a, unary(q, LO_FSQRT, low_number(q, y.a)));
    case EIN_EXP: return unary(q, LO_EXP, low_number(q, y.a));
    case EIN_LOG: return unary(q, LO_LOG, low_number(q, y.a));
    case EIN_TANH: return unary(q, LO_TANH, low_number(q, y.a));
    case EIN_SIGMOID: return unary(q, LO_SIGMOID, low_number(q, y.a));
    case EIN_ERF: return unary(q, LO_ERF, low_number(q, y.a));
    case EIN_SIN: return unary(q, LO_SIN, low_number(q, y.a));
    case EIN_COS: return unary(q, LO_COS, low_number(q, y.a));
    case EIN_FLOOR: return unary(q, LO_FFLOOR, low_number(q, y.a));
    case EIN_SIGN:
        a = low_number(q, y.a);
        b = compare(q, LO_FLT, a, low_const(q, 0));
        b = low_pick(q, b, low_const(q, -1), a);
        v = compare(q, LO_FLT, low_const(q, 0), a);
        return low_pick(q, v, low_const(q, 1), b);
    case EIN_ADD: {
        ein_node m = y.a, other = y.b;
        if (q->c->node.at[m].kind != EIN_MUL)
            m = y.b, other = y.a;
        if (q->c->node.at[m].kind == EIN_MUL && !q->L->o->strict && q->L->m->fma && !q->monoid_node)
            return low_add_point(q, low_number(q, other), m);
        a = low_number(q, y.a);
        return low_arith(q, LO_FADD, a, low_number(q, y.b));
    }
    case EIN_SUB: a = low_number(q, y.a); return low_arith(q, LO_FSUB, a, low_number(q, y.b));
    case EIN_MUL: a = low_number(q, y.a); return low_arith(q, LO_FMUL, a, low_number(q, y.b));
    case EIN_DIV:
        a = low_number(q, y.a);
        v = low_arith(q, LO_FDIV, a, low_number(q, y.b));
        return q->monoid_node || !is_integer(q, n->x) ? v : unary(q, LO_FFLOOR, v);     /* integers divide by floor */
    case EIN_MIN: a = low_number(q, y.a); return low_arith(q, LO_FMIN, a, low_number(q, y.b));
    case EIN_MAX: a = low_number(q, y.a); return low_arith(q, LO_FMAX, a, low_number(q, y.b));
    case EIN_POW: a = low_number(q, y.a); return low_arith(q, LO_POW, a, low_number(q, y.b));
    case EIN_DIV0:
        a = low_number(q, y.a);
        b = low_number(q, y.b);
        v = compare(q, LO_FEQ, b, low_const(q, 0));
        a = low_arith(q, LO_FDIV, a, b);
        return low_pick(q, v, low_const(q, 0), a);
    case EIN_PMOD:
        a = low_number(q, y.a);
        b = low_number(q, y.b);
        return low_arith(q, LO_FSUB, a, low_arith(q, LO_FMUL, unary(q, LO_FFLOOR, low_arith(q, LO_FDIV, a, b)), b));
    case EIN_LT: case EIN_LE: case EIN_EQ: case EIN_NE:
        if (!q->monoid_node && ein_is_index(q->c, y.a))
            return index_compare(q, y.kind == EIN_LT ? LO_ILT : y.kind == EIN_LE ? LO_ILE : LO_IEQ, y.a, y.b, y.kind == EIN_NE);
        a = low_number(q, y.a);
        return compare(q, y.kind == EIN_LT ? LO_FLT : y.kind == EIN_LE ? LO_FLE : y.kind == EIN_EQ ? LO_FEQ : LO_FNE, a, low_number(q, y.b));
    case EIN_AND: case EIN_OR:
        a = low_as_bool(q, low_point(q, y.a));
        b = low_as_bool(q, low_point(q, y.b));
        join(q, &a, &b);
        return le_op(&q->e, y.kind == EIN_AND ? LO_AND : LO_OR, low_type(q, a), a, b, 0);
    case EIN_NOT:
        a = low_as_bool(q, low_point(q, y.a));
        return le_op(&q->e, LO_NOT, low_type(q, a), a, 0, 0);
    case EIN_SELECT:
        if (low_decided(q, y.a, &holds))
            return low_point(q, holds ? y.b : y.c);
        v = low_as_bool(q, low_point(q, y.a));
        a = low_point(q, y.b);
        b = low_point(q, y.c);
        if (low_type(q, a).dtype != low_type(q, b).dtype) {
            a = low_as_number(q, a);
            b = low_as_number(q, b);
        }
        return low_pick(q, v, a, b);
    case EIN_CAST:
        return cast(q, low_point(q, y.a), (enum dtype)y.u);
    case EIN_RAND: {
        lval word = philox(q, RNG_WEIGHTS, y.u, low_index_scalar(q, low_index(q, y.a)));
        v = low_as_number(q, iop(q, LO_BSHR, word, le_int(&q->e, 8)));
        return low_arith(q, LO_FMUL, v, low_const(q, 1.0 / (1 << 24)));
    }
    default:
        BUG("a point of kind %u", y.kind);
    }
}

lval low_point(struct low *q, ein_node x)
{
    struct ein_x y = q->c->node.at[x];
    if (y.kind == EIN_NUM)
        return low_const(q, y.r);
    if (q->monoid_node)
        return low_monoid(q, 0, NULL, x);
    u32 id = low_node(q, x);
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
    struct low_node copy = *n;
    lval v = compute(q, &copy);
    low_remember(q, slot, v);
    return v;
}

/* A monoid's expression over arguments; arg NULL: a part of the one being evaluated. */
lval low_monoid(struct low *q, u32 n, const lval *arg, ein_node x)
{
    if (arg) {
        q->arg = arena_dup(q->a, arg, n * sizeof *arg);
        q->monoid_node = NEW_ARRAY(q->a, ein_node, 256);
        q->monoid_val = NEW_ARRAY(q->a, lval, 256);
        q->nmonoid = 0;
        lval v = low_number(q, x);
        q->monoid_node = NULL;
        return v;
    }
    struct ein_x y = q->c->node.at[x];
    if (y.kind == EIN_ARG)
        return q->arg[y.u];
    for (u32 i = 0; i < q->nmonoid; i++)
        if (q->monoid_node[i] == x)
            return q->monoid_val[i];
    struct low_node node = { .x = x };
    lval v = compute(q, &node);
    if (q->nmonoid < 256) {
        q->monoid_node[q->nmonoid] = x;
        q->monoid_val[q->nmonoid++] = v;
    }
    return v;
}

/* Reductions */

double low_identity(const struct low *q)
{
    static const struct { double lo, hi; } of[DTYPES] = {
        [DT_F64] = { -__builtin_inf(), __builtin_inf() }, [DT_F32] = { -__builtin_inf(), __builtin_inf() },
        [DT_F16] = { -__builtin_inf(), __builtin_inf() }, [DT_BF16] = { -__builtin_inf(), __builtin_inf() },
        [DT_I64] = { -9223372036854775808.0, 9223372036854775807.0 }, [DT_I32] = { -2147483648.0, 2147483647.0 },
        [DT_I8] = { -128, 127 }, [DT_U8] = { 0, 255 }, [DT_BOOL] = { 0, 1 },
    };
    switch (q->q.red) {
    case RED_MUL: return 1;
    case RED_MAX: case RED_ARGMAX: return of[q->q.acc].lo;
    case RED_MIN: case RED_ARGMIN: return of[q->q.acc].hi;
    default: return 0;
    }
}

lval low_combine(struct low *q, lval acc, lval v)
{
    static const u8 op[] = { [RED_ADD] = LO_FADD, [RED_MUL] = LO_FMUL, [RED_MAX] = LO_FMAX, [RED_MIN] = LO_FMIN };
    return low_arith(q, op[q->q.red], acc, v);
}

lval low_add_point(struct low *q, lval acc, ein_node x)
{
    struct ein_x y = q->c->node.at[x];
    if (y.kind != EIN_MUL || q->L->o->strict || q->q.as_written || !q->L->m->fma)
        return low_arith(q, LO_FADD, acc, low_number(q, x));
    lval a = low_number(q, y.a), b = low_number(q, y.b);
    u32 la = low_type(q, a).lanes, lb = low_type(q, b).lanes, lc = low_type(q, acc).lanes;
    u32 lanes = MAX(MAX(la, lb), lc);
    if (lanes > 1) {
        a = low_splat(q, a);
        b = low_splat(q, b);
        acc = low_splat(q, acc);
    }
    return le_op(&q->e, LO_FMA, low_ct(q, lanes), a, b, acc);
}

/* Hoisting */

enum { HOIST_MOST = 64 };       /* instances of one node kept over an inner loop */

static u32 instances(const struct low *q, u64 deps)
{
    u32 n = 1;
    for (u32 i = 0; i < q->nstat; i++)
        if (deps & bit(q->stat[i].rank))
            n *= q->stat[i].n;
    return n;
}

/* Sets the coordinates of deps' static ranks to the k-th instance. */
static void place(struct low *q, u64 deps, u32 k)
{
    for (u32 i = q->nstat; i-- > 0;)
        if (deps & bit(q->stat[i].rank)) {
            q->coord[i] = k % q->stat[i].n;
            k /= q->stat[i].n;
        }
}

static void hoist(struct low *q, ein_node x)
{
    u32 id = low_node(q, x);
    if (q->node.at[id].visit == q->visit)
        return;
    q->node.at[id].visit = q->visit;
    struct low_node n = q->node.at[id];
    struct ein_x y = q->c->node.at[x];
    if (y.kind == EIN_NUM || y.kind == EIN_ACC || y.kind == EIN_INT || y.kind == EIN_RANK)
        return;
    if (ein_is_index(q->c, x) || n.acc)
        return;
    if (low_ready(q, n.deps)) {
        u32 m = instances(q, n.vary);
        for (u32 k = 0; m <= HOIST_MOST && k < m; k++) {
            place(q, n.vary, k);
            low_point(q, x);
        }
        return;
    }
    if (n.access && q->acc.at[n.access - 1].ntest) {
        u64 deps = low_test_deps(q, n.access - 1);
        u32 m = instances(q, deps);
        for (u32 k = 0; low_ready(q, deps) && m <= HOIST_MOST && k < m; k++) {
            place(q, deps, k);
            low_tests(q, n.access - 1);
        }
    }
    ein_node child[3] = { y.a, y.b, y.c };
    for (u32 i = 0; i < 3; i++)
        if (child[i])
            hoist(q, child[i]);
}

void low_prepare(struct low *q, ein_node x)
{
    u32 save[LOW_STATS];
    if (!x)
        return;
    memcpy(save, q->coord, sizeof save);
    q->visit++;
    hoist(q, x);
    memcpy(q->coord, save, sizeof save);
}
