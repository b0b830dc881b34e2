/* tape_prog.c - expressions of an equation as instructions over blocks.
 *
 * In: a point node.  Out: the register that holds it; equal nodes are computed once.  Bools are 1 and 0.  A read that may leave its
 * tensor has tests; where they fail it is its pad, or 0 (the side of a select not taken). */
#include "passes/lower.h"
#include "passes/tape.h"

#include "compiler/ir/elem.h"

u64 taped_deps(struct taped *q, ein_node x)
{
    if (!x)
        return 0;
    u32 at = idmap_home(&q->known, x), id;
    while ((id = idmap_find(&q->known, x, &at)))
        return q->deps.at[id - 1].deps;
    struct ein_x y = q->c->node.at[x];
    u64 d = y.kind == EIN_RANK ? (u64)1 << y.u : 0;
    d |= taped_deps(q, y.a);
    d |= taped_deps(q, y.b);
    d |= taped_deps(q, y.c);
    for (u32 i = 0; i < y.nlist; i++)
        d |= taped_deps(q, q->c->list.at[y.list + i]);
    q->deps.at = q->deps.n == q->deps.cap ? vec_grow(q->a, q->deps.at, q->deps.n, &q->deps.cap, sizeof *q->deps.at) : q->deps.at;
    q->deps.at[q->deps.n].x = x;
    q->deps.at[q->deps.n++].deps = d;
    idmap_put(q->a, &q->known, x, q->deps.n);
    return d;
}

u32 taped_buf(struct taping *g, u32 tens, bool out)
{
    for (u32 k = 0; k < g->tens.n; k++)
        if (g->tens.at[k] == tens) {
            g->t->buf.at[k].out |= out;
            return k;
        }
    const struct ein_tens *t = &g->c->tens.at[tens];
    vec_push(g->a, &g->tens, tens);
    vec_push(g->a, &g->t->buf, ((struct tape_buf){ t->name, t->dtype, out }));
    return g->tens.n - 1;
}

/* Subscripts that may leave their axis. */
static void tests(struct taped *q, u32 prog, u32 tens, u32 nsub, const ein_node *sub, u32 *n, struct tape_test **out)
{
    struct cascade *c = q->c;
    *n = 0;
    for (u32 d = 0; d < nsub; d++) {
        const struct ein_tens *t = &c->tens.at[tens];
        i64 lo, hi, dim = t->dim[d];
        const struct ein_x *y = &c->node.at[sub[d]];
        if (dim < 0 && y->kind == EIN_RANK && q->e->rank[y->u].ext == dim)
            continue;
        if (dim > 0 && ein_range(c, sub[d], q->e->nrank, q->e->rank, &lo, &hi) && lo >= 0 && hi < dim)
            continue;
        if (!*n)
            *out = NEW_ARRAY(q->a, struct tape_test, nsub);
        struct tape_test *k = &(*out)[(*n)++];
        k->ext = dim < 0 ? 1 : dim;
        k->tb = dim < 0;
        taped_index(q, prog, sub[d], &k->x);
    }
}

static void offset(struct taped *q, u32 prog, u32 tens, u32 nsub, const ein_node *sub, struct tape_index *to)
{
    ein_node off = lower_offset(q->c, q->e, tens, nsub, sub);
    taped_index(q, prog, off, to);
}

static u32 slot(struct taped *q, u32 prog, ein_node x)
{
    u32 at = idmap_home(&q->slot[prog], x), id;
    while ((id = idmap_find(&q->slot[prog], x, &at)))
        return id - 1;
    struct ein_x y = q->c->node.at[x];
    struct tape_slot s = { .kind = y.kind == EIN_GATHER ? TS_GATHER : y.kind == EIN_IDIV ? TS_DIV : TS_MOD };
    if (y.kind == EIN_GATHER) {
        ein_node *sub = arena_dup(q->a, q->c->list.at + y.list, sizeof *sub * y.nlist);
        s.buf = taped_buf(q->g, y.u, false);
        tests(q, prog, y.u, y.nlist, sub, &s.ntest, &s.test);
        offset(q, prog, y.u, y.nlist, sub, &s.x);
    } else {
        CHECK(y.kind == EIN_IDIV || y.kind == EIN_IMOD);
        s.k = q->c->node.at[y.b].i;
        taped_index(q, prog, y.a, &s.x);
    }
    vec_push(q->a, &q->n.prog[prog].slot, s);
    idmap_put(q->a, &q->slot[prog], x, q->n.prog[prog].slot.n);
    return q->n.prog[prog].slot.n - 1;
}

void taped_index(struct taped *q, u32 prog, ein_node x, struct tape_index *to)
{
    struct ein_lin l = { 0 };
    if (!ein_lin(q->c, x, 1, &l))
        BUG("an index of more than %d terms", LIN_TERMS);
    to->c = l.c;
    to->t = NEW_ARRAY(q->a, struct tape_term, l.n);
    for (u32 i = 0; i < l.n; i++) {
        struct ein_x y = q->c->node.at[l.t[i].atom];
        struct tape_term t = { .k = l.t[i].k };
        if (y.kind == EIN_RANK) {
            t.u = y.u;
        } else if (y.kind == EIN_SYM && y.u == 0) {
            t.atom = TA_BATCH;
        } else if (y.kind == EIN_SYM) {
            to->c += t.k * q->c->sym.at[y.u].lo;
            continue;
        } else {
            t.atom = TA_SLOT;
            t.u = slot(q, prog, l.t[i].atom);
        }
        to->t[to->n++] = t;
    }
}

void taped_lhs(struct taped *q, struct tape_index *to)
{
    u32 prog = q->e->red == RED_NONE ? TPROG_BODY : TPROG_POST;
    offset(q, prog, q->e->out[0], q->e->nsub, q->e->sub, to);
}

static u32 emit(struct taped *q, u32 prog, struct tape_ins s)
{
    s.dst = q->n.nreg++;
    vec_push(q->a, &q->n.prog[prog].ins, s);
    return s.dst;
}

static u32 op(struct taped *q, u32 prog, u8 kind, u32 a, u32 b, u32 c)
{
    return emit(q, prog, (struct tape_ins){ .op = kind, .a = a, .b = b, .c = c });
}

static bool whole(struct taped *q, ein_node x)
{
    int d = ein_dtype(q->c, q->e, x);
    return d >= 0 && !dtype_is_float((enum dtype)d);
}

u8 taped_rounding(const struct taped *q, enum dtype d)
{
    static const u8 to[DTYPES] = { [DT_F32] = TP_TO_F32, [DT_F16] = TP_TO_F16, [DT_BF16] = TP_TO_BF16, [DT_I64] = TP_TO_I64, [DT_I32] = TP_TO_I32,
                                   [DT_I8] = TP_TO_I8, [DT_U8] = TP_TO_U8, [DT_BOOL] = TP_TRUTH };
    return d == DT_F64 || (d == DT_F32 && q->n.ct == DT_F32) ? 0 : to[d];
}

static u32 cast(struct taped *q, u32 prog, u32 a, enum dtype d)
{
    u8 rounds = taped_rounding(q, d);
    return rounds ? op(q, prog, rounds, a, 0, 0) : a;
}

/* What an operation of dtype d makes of its result: integers saturate, floats are rounded to d if arithmetic is strict. */
static u32 settled(struct taped *q, u32 prog, u32 a, int d)
{
    bool any = d < 0 || d == DT_BOOL || (dtype_is_float((enum dtype)d) && !q->g->o->strict);
    return any ? a : cast(q, prog, a, (enum dtype)d);
}

u32 taped_typed(struct taped *q, u32 prog, ein_node x, int d)
{
    const struct ein_x *y = &q->c->node.at[x];
    bool floats = q->g->o->strict && d >= 0 && dtype_is_float((enum dtype)d);
    if (floats && y->kind == EIN_NUM && elem_round((enum dtype)d, y->r) != y->r)
        return emit(q, prog, (struct tape_ins){ .op = TP_NUM, .r = elem_round((enum dtype)d, y->r) });
    bool rounds = floats && y->kind != EIN_NUM && ein_dtype(q->c, q->e, x) == EIN_ANY;
    u32 r = taped_point(q, prog, x);
    return rounds ? settled(q, prog, r, d) : r;
}

/* The functions of ir/poly.h and those of several roundings, of a dtype that registers are wider than; false: any other. */
static bool narrow(struct taped *q, u32 prog, u8 kind, int d, u32 a, u32 b, u32 *out)
{
    static const u8 f32[EIN_KINDS] = { [EIN_EXP] = TP_EXP32, [EIN_LOG] = TP_LOG32, [EIN_TANH] = TP_TANH32, [EIN_SIGMOID] = TP_SIGMOID32, [EIN_ERF] = TP_ERF32,
                                       [EIN_SIN] = TP_SIN32, [EIN_COS] = TP_COS32, [EIN_POW] = TP_POW32 };
    if (!q->g->o->strict || d < 0 || !dtype_is_float((enum dtype)d) || !taped_rounding(q, (enum dtype)d))
        return false;
    u32 v;
    if (f32[kind]) {
        *out = op(q, prog, f32[kind], a, b, 0);
        return true;
    }
    switch ((enum ein_kind)kind) {
    case EIN_RSQRT:
        v = settled(q, prog, op(q, prog, TP_SQRT, a, 0, 0), d);
        a = emit(q, prog, (struct tape_ins){ .op = TP_NUM, .r = 1 });
        *out = op(q, prog, TP_DIV, a, v, 0);
        return true;
    case EIN_PMOD:
        v = settled(q, prog, op(q, prog, TP_DIV, a, b, 0), d);
        v = op(q, prog, TP_FLOOR, v, 0, 0);
        v = settled(q, prog, op(q, prog, TP_MUL, v, b, 0), d);
        *out = op(q, prog, TP_SUB, a, v, 0);
        return true;
    default:
        return false;
    }
}

/* A power that is a multiplication or two. */
static bool few(struct taped *q, u32 prog, ein_node b, u32 a, u32 *out)
{
    if (q->g->o->strict && q->n.ct != DT_F32)        /* rounded in between */
        return false;
    const struct ein_x *y = &q->c->node.at[b];
    if (y->kind != EIN_NUM || (y->r != 1 && y->r != 2 && y->r != 3 && y->r != 4))
        return false;
    u32 xx = y->r == 1 ? a : op(q, prog, TP_MUL, a, a, 0);
    *out = y->r <= 2 ? xx : op(q, prog, TP_MUL, xx, y->r == 3 ? a : xx, 0);
    return true;
}

static u32 compute(struct taped *q, u32 prog, ein_node x)
{
    static const u8 plain[EIN_KINDS] = {
        [EIN_NEG] = TP_NEG, [EIN_ABS] = TP_ABS, [EIN_SIGN] = TP_SIGN, [EIN_SQRT] = TP_SQRT, [EIN_RSQRT] = TP_RSQRT, [EIN_EXP] = TP_EXP, [EIN_LOG] = TP_LOG,
        [EIN_TANH] = TP_TANH, [EIN_SIGMOID] = TP_SIGMOID, [EIN_ERF] = TP_ERF, [EIN_SIN] = TP_SIN, [EIN_COS] = TP_COS, [EIN_FLOOR] = TP_FLOOR,
        [EIN_ADD] = TP_ADD, [EIN_SUB] = TP_SUB, [EIN_MUL] = TP_MUL, [EIN_PMOD] = TP_MOD, [EIN_POW] = TP_POW, [EIN_MIN] = TP_MIN, [EIN_MAX] = TP_MAX,
        [EIN_LT] = TP_LT, [EIN_LE] = TP_LE, [EIN_EQ] = TP_EQ, [EIN_NE] = TP_NE, [EIN_AND] = TP_AND, [EIN_OR] = TP_OR, [EIN_NOT] = TP_NOT, [EIN_SELECT] = TP_SELECT,
    };
    struct ein_x y = q->c->node.at[x];
    bool index = y.a && y.kind != EIN_READ && ein_is_index(q->c, y.a);
    struct tape_ins s = { .op = TP_NUM, .r = y.r, .u = y.u };
    switch ((enum ein_kind)y.kind) {
    case EIN_NUM: return emit(q, prog, s);
    case EIN_ACC: {
        s.op = TP_ACC;
        u32 acc = emit(q, prog, s);
        bool sums = q->e->red == RED_ADD || q->e->red == RED_MUL;
        if (q->times == 1)
            return sums && !dtype_is_float((enum dtype)q->e->acc) ? settled(q, prog, acc, q->e->acc) : acc;
        u32 times = emit(q, prog, (struct tape_ins){ .op = TP_NUM, .r = q->times });
        return op(q, prog, TP_MUL, acc, times, 0);
    }
    case EIN_ARG: s.op = TP_ARG; return emit(q, prog, s);
    case EIN_READ: {
        ein_node *sub = arena_dup(q->a, q->c->list.at + y.list, sizeof *sub * y.nlist);
        s.op = TP_LOAD;
        s.u = taped_buf(q->g, y.u, false);
        tests(q, prog, y.u, y.nlist, sub, &s.ntest, &s.test);
        if (y.a && s.ntest) {
            u32 pad = taped_typed(q, prog, y.a, q->c->tens.at[y.u].dtype);
            s.a = 1 + pad;
        }
        offset(q, prog, y.u, y.nlist, sub, &s.x);
        return emit(q, prog, s);
    }
    case EIN_OF_INT: case EIN_RAND:
        s.op = y.kind == EIN_RAND ? TP_RAND : TP_OF_INT;
        taped_index(q, prog, y.a, &s.x);
        return emit(q, prog, s);
    default: break;
    }
    if (index) {
        s.op = y.kind == EIN_LT ? TP_ILT : y.kind == EIN_LE ? TP_ILE : y.kind == EIN_EQ ? TP_IEQ : TP_INE;
        taped_index(q, prog, y.a, &s.x);
        taped_index(q, prog, y.b, &s.y);
        return emit(q, prog, s);
    }
    bool compares = y.kind >= EIN_LT && y.kind <= EIN_NE, logic = y.kind >= EIN_AND && y.kind <= EIN_NOT;
    int d = ein_dtype(q->c, q->e, compares ? y.a : x), want;
    if (compares && d == EIN_ANY)
        d = ein_dtype(q->c, q->e, y.b);
    want = logic || y.kind == EIN_CAST || !y.b ? EIN_ANY : d;
    u32 a = taped_typed(q, prog, y.a, y.kind == EIN_SELECT ? EIN_ANY : want), b = 0, c = 0, out;
    if (y.kind == EIN_POW && few(q, prog, y.b, a, &out))
        return settled(q, prog, out, d);
    if (y.b)
        b = taped_typed(q, prog, y.b, want);
    if (y.c)
        c = taped_typed(q, prog, y.c, want);
    if (y.kind == EIN_CAST)
        return cast(q, prog, a, (enum dtype)y.u);
    if (y.kind == EIN_DIV || y.kind == EIN_DIV0)
        out = op(q, prog, whole(q, x) ? TP_IDIV : y.kind == EIN_DIV ? TP_DIV : TP_DIV0, a, b, 0);
    else if (!plain[y.kind])
        BUG("a point of kind %s", ein_kind_word((enum ein_kind)y.kind));
    else if (!narrow(q, prog, y.kind, d, a, b, &out))
        out = op(q, prog, plain[y.kind], a, b, c);
    return compares || logic ? out : settled(q, prog, out, d);
}

u32 taped_point(struct taped *q, u32 prog, ein_node x)
{
    u32 at = idmap_home(&q->reg[prog], x), id;
    while ((id = idmap_find(&q->reg[prog], x, &at)))
        return id - 1;
    u32 r = compute(q, prog, x);
    idmap_put(q->a, &q->reg[prog], x, r + 1);
    return r;
}
