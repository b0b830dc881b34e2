/* ein_to_loop_point.c - expressions of an equation as values.
 *
 * In: a point node at an instance.  Out: a scalar where no lane matters, else one value per lane; comparisons stay
 * bools until a number is needed.  Everything is computed in one type (f32, or f64 where f64 or wide integers occur);
 * reads are converted on the way in, left sides on the way out.  Both sides of a select are computed: reads that
 * leave their tensors are masked, so nothing depends on which side is taken. */
#include "passes/lower.h"

#include "compiler/base/rng.h"
#include "compiler/ir/elem.h"

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
    if (low_type(q, v).dtype == DT_BOOL)
        v = low_as_number(q, v);
    struct ltype t = low_type(q, v);
    if (d != t.dtype && !(d == DT_F64 && q->ct == DT_F32))
        v = le_op(&q->e, LO_CAST, (struct ltype){ (u8)d, t.lanes }, v, 0, 0);
    return low_as_number(q, v);
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

static int dtype_of(const struct low *q, ein_node x)
{
    return ein_dtype(q->c, &q->q, x);
}

static bool is_integer(int d)
{
    return d >= 0 && d != DT_BOOL && !dtype_is_float((enum dtype)d);
}

lval low_round(struct low *q, lval v, int d)
{
    bool strict = q->L->o->strict && d >= 0 && d != DT_BOOL && dtype_is_float((enum dtype)d);
    return strict || is_integer(d) ? cast(q, v, (enum dtype)d) : v;
}

lval low_typed(struct low *q, ein_node x, int d)
{
    bool floats = d >= 0 && dtype_is_float((enum dtype)d) && q->L->o->strict;
    const struct ein_x *y = &q->c->node.at[x];
    if (floats && y->kind == EIN_NUM)
        return low_const(q, elem_round((enum dtype)d, y->r));
    lval v = low_number(q, x);
    return floats && dtype_of(q, x) == EIN_ANY ? low_round(q, v, d) : v;
}

/* A function of ir/poly.h: of f32 and less by the f32 program, whatever is computed in. */
static lval function(struct low *q, enum loop_op op, int d, lval a, lval b)
{
    if (b)
        join(q, &a, &b);
    struct ltype t = low_type(q, a), f = { DT_F32, t.lanes };
    if (!q->L->o->strict || q->ct == DT_F32 || d < 0 || d == DT_F64 || !dtype_is_float((enum dtype)d))
        return le_op(&q->e, op, t, a, b, 0);
    a = le_op(&q->e, LO_CAST, f, a, 0, 0);
    b = b ? le_op(&q->e, LO_CAST, f, b, 0, 0) : 0;
    return le_op(&q->e, LO_CAST, t, le_op(&q->e, op, f, a, b, 0), 0, 0);
}

static lval remainder_of(struct low *q, int d, lval a, lval b)
{
    lval v = unary(q, LO_FFLOOR, low_round(q, low_arith(q, LO_FDIV, a, b), is_integer(d) ? EIN_ANY : d));
    v = low_round(q, low_arith(q, LO_FMUL, v, b), is_integer(d) ? EIN_ANY : d);
    return low_arith(q, LO_FSUB, a, v);
}

/* a / b, integers floored and 0 where b is 0; DIV0: 0 there in any case. */
static lval quotient(struct low *q, enum ein_kind kind, int d, lval a, lval b)
{
    lval v = low_arith(q, LO_FDIV, a, b);
    if (is_integer(d))
        v = unary(q, LO_FFLOOR, v);
    else if (kind == EIN_DIV)
        return v;
    lval zero = compare(q, LO_FEQ, b, low_const(q, 0));
    return low_pick(q, zero, low_const(q, 0), v);
}

/* Operands of at least two, in the dtype that they have together. */
static void operands(struct low *q, const struct ein_x *y, int d, lval *a, lval *b)
{
    *a = low_typed(q, y->a, d);
    *b = low_typed(q, y->b, d);
}

static lval compute_in(struct low *q, const struct low_node *n, int d)
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
        if (pad.kind == EIN_NUM && pad.r == 0 && !__builtin_signbit(pad.r) && low_type(q, v).lanes > 1)
            return v;               /* masked lanes read as 0 */
        v = low_as_number(q, v);
        return low_pick(q, mask, v, low_typed(q, y.a, d));
    }
    case EIN_ACC:
        return q->q.red == RED_ADD || q->q.red == RED_MUL ? low_round(q, q->result[y.u], is_integer(d) ? d : EIN_ANY) : q->result[y.u];
    case EIN_ARG:               /* outside of monoids: a slot */
        return low_as_number(q, q->L->slot.at[y.u]);
    case EIN_NEG: return unary(q, LO_FNEG, low_number(q, y.a));
    case EIN_ABS: return unary(q, LO_FABS, low_number(q, y.a));
    case EIN_SQRT: return unary(q, LO_FSQRT, low_number(q, y.a));
    case EIN_RSQRT:
        a = low_round(q, unary(q, LO_FSQRT, low_number(q, y.a)), is_integer(d) ? EIN_ANY : d);
        return low_arith(q, LO_FDIV, low_const(q, 1), a);
    case EIN_EXP: return function(q, LO_EXP, d, low_number(q, y.a), 0);
    case EIN_LOG: return function(q, LO_LOG, d, low_number(q, y.a), 0);
    case EIN_TANH: return function(q, LO_TANH, d, low_number(q, y.a), 0);
    case EIN_SIGMOID: return function(q, LO_SIGMOID, d, low_number(q, y.a), 0);
    case EIN_ERF: return function(q, LO_ERF, d, low_number(q, y.a), 0);
    case EIN_SIN: return function(q, LO_SIN, d, low_number(q, y.a), 0);
    case EIN_COS: return function(q, LO_COS, d, low_number(q, y.a), 0);
    case EIN_FLOOR: return unary(q, LO_FFLOOR, low_number(q, y.a));
    case EIN_SIGN:
        a = low_number(q, y.a);         /* of a NaN: 0 */
        b = compare(q, LO_FLT, a, low_const(q, 0));
        b = low_pick(q, b, low_const(q, -1), low_const(q, 0));
        v = compare(q, LO_FLT, low_const(q, 0), a);
        return low_pick(q, v, low_const(q, 1), b);
    case EIN_ADD: {
        ein_node m = y.a, other = y.b;
        if (q->c->node.at[m].kind != EIN_MUL)
            m = y.b, other = y.a;
        if (q->c->node.at[m].kind == EIN_MUL && !q->L->o->strict && q->L->m->fma && !q->monoid_node && !is_integer(d))
            return low_add_point(q, low_number(q, other), m);
        operands(q, &y, d, &a, &b);
        return low_arith(q, LO_FADD, a, b);
    }
    case EIN_SUB: operands(q, &y, d, &a, &b); return low_arith(q, LO_FSUB, a, b);
    case EIN_MUL: operands(q, &y, d, &a, &b); return low_arith(q, LO_FMUL, a, b);
    case EIN_DIV: case EIN_DIV0: operands(q, &y, d, &a, &b); return quotient(q, (enum ein_kind)y.kind, d, a, b);
    case EIN_MIN: operands(q, &y, d, &a, &b); return low_arith(q, LO_FMIN, a, b);
    case EIN_MAX: operands(q, &y, d, &a, &b); return low_arith(q, LO_FMAX, a, b);
    case EIN_POW: operands(q, &y, d, &a, &b); return function(q, LO_POW, d, a, b);
    case EIN_PMOD: operands(q, &y, d, &a, &b); return remainder_of(q, d, a, b);
    case EIN_LT: case EIN_LE: case EIN_EQ: case EIN_NE:
        if (!q->monoid_node && ein_is_index(q->c, y.a))
            return index_compare(q, y.kind == EIN_LT ? LO_ILT : y.kind == EIN_LE ? LO_ILE : LO_IEQ, y.a, y.b, y.kind == EIN_NE);
        operands(q, &y, d, &a, &b);
        return compare(q, y.kind == EIN_LT ? LO_FLT : y.kind == EIN_LE ? LO_FLE : y.kind == EIN_EQ ? LO_FEQ : LO_FNE, a, b);
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
        if (d == DT_BOOL) {
            a = low_as_bool(q, low_point(q, y.b));
            b = low_as_bool(q, low_point(q, y.c));
        } else {
            a = low_typed(q, y.b, d);
            b = low_typed(q, y.c, d);
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

/* Rounded to the node's own dtype where that matters: integers saturate, and strict arithmetic rounds every operation.  Its constants
 * are computed in f64 and rounded where they meet a number. */
static lval compute(struct low *q, const struct low_node *n)
{
    struct ein_x y = q->c->node.at[n->x];
    bool compares = y.kind >= EIN_LT && y.kind <= EIN_NE;
    if (compares && !q->monoid_node && ein_is_index(q->c, y.a))
        return compute_in(q, n, DT_BOOL);
    int d = dtype_of(q, n->x);
    if (compares) {
        d = dtype_of(q, y.a);
        d = d == EIN_ANY ? dtype_of(q, y.b) : d;
    }
    u8 ct = q->ct;
    if (q->L->o->strict && d == EIN_ANY)
        q->ct = DT_F64;
    lval v = compute_in(q, n, d);
    if (y.kind >= EIN_NEG && y.kind <= EIN_SELECT && !compares && low_type(q, v).dtype != DT_BOOL)
        v = low_round(q, v, d);
    q->ct = ct;
    return v;
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
        lval v = low_typed(q, x, q->q.acc);
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
    v = low_arith(q, op[q->q.red], acc, v);
    return is_integer(q->q.acc) ? v : low_round(q, v, q->q.acc);
}

lval low_add_point(struct low *q, lval acc, ein_node x)
{
    struct ein_x y = q->c->node.at[x];
    if (y.kind != EIN_MUL || q->L->o->strict || q->q.as_written || !q->L->m->fma || is_integer(dtype_of(q, x))) {
        lval v = low_arith(q, LO_FADD, acc, low_typed(q, x, q->q.acc));
        return is_integer(q->q.acc) ? v : low_round(q, v, q->q.acc);
    }
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
