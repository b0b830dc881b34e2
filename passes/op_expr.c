/* op_expr.c - expressions of an op row as nodes of a cascade, under one equation's ranks.
 *
 * Index expressions are rational sums while they are built (d * G / D), and integers once floored.  What is
 * no quasi-affine expression of ranks (a product of indices, min, select, a gather inside a gather) becomes a
 * table of i32 that is gathered from.  Conversions are spelled out: operands of different dtypes meet in the floating one. */
#include "passes/arch_to_ein.h"

static ein_node table_index(struct op_inst *o, u32 ox)
{
    return op_inst_table(o, op_inst_point(o, ox));
}

static bool index_of(struct op_inst *o, u32 ox, struct op_index *r);

/* r = a * x + b * y */
static bool combine(struct op_inst *o, struct op_index x, i64 a, struct op_index y, i64 b, struct op_index *r)
{
    struct cascade *c = o->x->c;
    i64 d, ka, kb;
    if (__builtin_mul_overflow(x.d, y.d, &d) || __builtin_mul_overflow(a, y.d, &ka) || __builtin_mul_overflow(b, x.d, &kb))
        return false;
    if (x.d == y.d) {
        d = x.d;
        ka = a;
        kb = b;
    }
    ein_node left = ein_imul(c, x.n, ka);
    *r = (struct op_index){ ein_iadd(c, left, ein_imul(c, y.n, kb)), d };
    return true;
}

static bool size_of(const struct op_inst *o, u32 ox, struct num *v)
{
    i64 whole;
    if (!ox_is_size(o->op, ox))
        return false;
    *v = op_size(o->b, o->x->types, ox, o->x->training);
    if (v->kind == NUM_REAL && num_is_int(*v, &whole))
        *v = num_int(whole);
    return v->kind == NUM_RAT;
}

/* r = x * n / d, d > 0 */
static struct op_index scaled(struct op_inst *o, struct op_index x, i64 n, i64 d)
{
    i64 g = x.d, h = n < 0 ? -n : n;
    while (h) {
        i64 t = g % h;
        g = h;
        h = t;
    }
    g = g ? g : 1;
    return (struct op_index){ ein_imul(o->x->c, x.n, n / g), x.d / g * d };
}

static bool fold(struct op_inst *o, const struct ox *x, struct op_index *r)
{
    struct cascade *c = o->x->c;
    *r = (struct op_index){ ein_int(c, 0), 1 };
    for (u32 i = 0; i < x->nlist; i++) {
        u32 item = o->op->list.at[x->list + i];
        const struct ox *y = &o->op->ox.at[item];
        struct op_index v;
        i64 n;
        if (y->kind == OX_INDEX)
            n = op_inst_extent(o, y->u);
        else if (!num_is_int(op_size(o->b, o->x->types, y->b, o->x->training), &n))
            return false;
        if (!index_of(o, item, &v) || !combine(o, *r, n, v, 1, r))
            return false;
    }
    return true;
}

static bool in_range(const struct op_inst *o, u32 tens, u32 n, const ein_node *sub)
{
    const struct cascade *c = o->x->c;
    for (u32 i = 0; i < n; i++) {
        i64 lo, hi;
        ein_ext dim = c->tens.at[tens].dim[i];
        if (dim < 0 ? c->node.at[sub[i]].kind != EIN_RANK : !ein_range(c, sub[i], o->nrank, o->rank, &lo, &hi) || lo < 0 || hi >= dim)
            return false;
    }
    return true;
}

/* An index that is read from a tensor. */
static ein_node gather(struct op_inst *o, u32 ox)
{
    struct cascade *c = o->x->c;
    const struct ox *x = &o->op->ox.at[ox];
    const struct otensor *t = &o->op->tensor.at[x->u];
    u32 tens = o->tens[x->u];
    ein_node sub[A2E_RANKS];
    bool table = t->role == OT_CONST && t->table;
    if (!table && dtype_is_float(c->tens.at[tens].dtype))
        return table_index(o, ox);
    if (table && !o->int_tens[x->u]) {
        struct ein_tens k = c->tens.at[tens];
        k.dtype = DT_I32;
        o->int_tens[x->u] = cascade_tens(c, k) + 1;
    }
    u32 n = op_inst_subs(o, x->u, x->list, x->nlist, sub);
    if (table)
        tens = o->int_tens[x->u] - 1;
    if (!in_range(o, tens, n, sub))
        return table_index(o, ox);
    return ein_make(c, (struct ein_x){ .kind = EIN_GATHER, .u = tens }, n, sub);
}

static bool index_of(struct op_inst *o, u32 ox, struct op_index *r)
{
    struct cascade *c = o->x->c;
    const struct ox *x = &o->op->ox.at[ox];
    struct op_index a, b;
    struct num v;
    if (x->kind != OX_INDEX && size_of(o, ox, &v)) {
        *r = (struct op_index){ ein_int(c, v.n), v.d };
        return true;
    }
    r->d = 1;
    switch ((enum ox_kind)x->kind) {
    case OX_INDEX:
        CHECK(o->index_rank[x->u]);
        r->n = ein_rank(c, o->index_rank[x->u] - 1);
        return true;
    case OX_LAST:
        r->n = ein_int(c, op_inst_extent(o, x->u));
        return true;
    case OX_BATCH:
        r->n = ein_make(c, (struct ein_x){ .kind = EIN_SYM }, 0, NULL);
        return true;
    case OX_ADD: case OX_SUB:
        return index_of(o, x->a, &a) && index_of(o, x->b, &b) && combine(o, a, 1, b, x->kind == OX_ADD ? 1 : -1, r);
    case OX_NEG:
        if (!index_of(o, x->a, &a))
            return false;
        *r = scaled(o, a, -1, 1);
        return true;
    case OX_MUL:
        if (size_of(o, x->a, &v) ? !index_of(o, x->b, &a) : !size_of(o, x->b, &v) || !index_of(o, x->a, &a))
            return false;
        *r = scaled(o, a, v.n, v.d);
        return true;
    case OX_DIV:
        if (!size_of(o, x->b, &v) || !v.n || !index_of(o, x->a, &a))
            return false;
        *r = scaled(o, a, v.n < 0 ? -v.d : v.d, v.n < 0 ? -v.n : v.n);
        return true;
    case OX_FLOOR:
        if (!index_of(o, x->a, &a))
            return false;
        r->n = ein_idiv(c, a.n, a.d);
        return true;
    case OX_MOD:
        /* (n/d) % (p/q) = ((n q) % (p d)) / (d q) */
        if (!size_of(o, x->b, &v) || v.n <= 0 || !index_of(o, x->a, &a))
            return false;
        r->n = ein_imod(c, ein_imul(c, a.n, v.d), v.n * a.d);
        r->d = a.d * v.d;
        return true;
    case OX_FOLDIDX:
        return fold(o, x, r);
    case OX_READ:
        r->n = gather(o, ox);
        return true;
    default:
        return false;
    }
}

/* An index made of ranks only: what may be a number of its own accord. */
static bool index_only(const struct op *op, u32 ox)
{
    const struct ox *x = &op->ox.at[ox];
    if (!ox)
        return true;
    switch ((enum ox_kind)x->kind) {
    case OX_INDEX: case OX_LAST: case OX_CONST: case OX_SLOT: case OX_EXTENT_RUN: case OX_RANK_RUN: case OX_BATCH:
        return true;
    case OX_ADD: case OX_SUB: case OX_MUL: case OX_DIV: case OX_MOD: case OX_NEG: case OX_FLOOR:
        return index_only(op, x->a) && index_only(op, x->b);
    default:
        return false;
    }
}

static ein_node subscript(struct op_inst *o, u32 ox)
{
    struct op_index v;
    if (!index_of(o, ox, &v))
        return table_index(o, ox);
    return ein_idiv(o->x->c, v.n, v.d);         /* whole, as the op's check found */
}

u32 op_inst_subs(struct op_inst *o, u32 t, u32 list, u32 n, ein_node *sub)
{
    struct cascade *c = o->x->c;
    const struct ein_tens *to = &c->tens.at[o->tens[t]];
    u32 at = 0, ndim = to->ndim;
    if (to->ndim && to->dim[0] < 0) {
        CHECK(o->batch_rank);
        sub[at++] = ein_rank(c, o->batch_rank - 1);
    }
    for (u32 i = 0; i < o->x->nrep; i++)
        if (o->reps[t] >> i & 1) {
            CHECK(o->rep_rank[i]);
            sub[at++] = ein_rank(c, o->rep_rank[i] - 1);
        }
    for (u32 i = 0; i < n; i++) {
        u32 item = o->op->list.at[list + i];
        const struct ox *x = &o->op->ox.at[item];
        if (x->kind == OX_INDEX && o->op->index.at[x->u].batch)
            continue;
        if (x->kind == OX_RUN) {
            CHECK(o->index_rank[x->u] || !o->b->run);
            for (u32 k = 0; k < o->b->run; k++)
                sub[at++] = ein_rank(c, o->index_rank[x->u] - 1 + k);
        } else {
            sub[at++] = subscript(o, item);
        }
    }
    CHECK(at == ndim);
    return at;
}

ein_node op_inst_table(struct op_inst *o, struct op_point p)
{
    struct cascade *c = o->x->c;
    ein_nodes under = { 0 };
    ein_node with[A2E_RANKS] = { 0 }, lhs[A2E_RANKS], sub[A2E_RANKS];
    struct ein_rank rank[A2E_RANKS];
    ein_ext dim[A2E_RANKS];
    bool used[A2E_RANKS] = { false };
    u32 n = 0, scan_rank = 0;
    ein_node body = op_inst_cast(o, p, DT_I32);
    ein_reach(o->x->a, c, body, &under);
    for (u32 i = 0; i < under.n; i++)
        if (c->node.at[under.at[i]].kind == EIN_RANK)
            used[c->node.at[under.at[i]].u] = true;
    if (o->scan)
        used[o->index_rank[o->q->iter - 1] - 1] = true;
    for (u32 i = 0; i < o->nrank; i++) {
        if (!used[i])
            continue;
        if (o->scan && i == o->index_rank[o->q->iter - 1] - 1)
            scan_rank = n;
        rank[n] = o->rank[i];
        rank[n].kind = EIN_PAR;
        dim[n] = rank[n].ext;
        lhs[n] = with[i] = ein_rank(c, n);
        sub[n++] = ein_rank(c, i);
    }
    body = ein_subst(c, body, o->nrank, with);
    u32 t = cascade_tens(c, (struct ein_tens){ .name = a2e_path(o->x, o->path, "index"), .role = EIN_TEMP, .dtype = DT_I32, .ndim = n, .dim = dim });
    op_inst_emit(o, (struct ein_eq){ .nout = 1, .out = &t, .nsub = n, .sub = lhs, .nrank = n, .rank = rank, .acc = DT_I32, .nbody = 1, .body = &body,
                                     .scan = o->scan, .scan_rank = o->scan ? scan_rank : 0 });
    return ein_make(c, (struct ein_x){ .kind = EIN_GATHER, .u = t }, n, sub);
}

/* --- Points ---------------------------------------------------------------------------------- */

ein_node op_inst_cast(struct op_inst *o, struct op_point p, enum dtype t)
{
    const struct cascade *c = o->x->c;
    const struct ein_x *y = &c->node.at[p.x], *z = &c->node.at[y->a];
    if (p.t == EIN_ANY || p.t == (int)t)
        return p.x;
    if (y->kind == EIN_CAST && z->kind == EIN_READ && c->tens.at[z->u].dtype == t && dtype_is_float(t))
        return y->a;            /* there and back: a wider type keeps the value */
    return ein_cast(o->x->c, p.x, t);
}

/* The dtype in which two operands meet. */
static int meet(int a, int b)
{
    if (a == b || b == EIN_ANY)
        return a;
    if (a == EIN_ANY)
        return b;
    bool fa = dtype_is_float(a), fb = dtype_is_float(b);
    if (fa != fb)
        return fa ? a : b;
    return dtype_bytes(a) >= dtype_bytes(b) ? a : b;
}

/* Conditions are numbers where arithmetic needs them. */
static struct op_point number(struct op_inst *o, struct op_point p, enum dtype t)
{
    if (p.t == DT_BOOL)
        return (struct op_point){ ein_cast(o->x->c, p.x, t), t };
    return p;
}

static struct op_point condition(struct op_inst *o, struct op_point p)
{
    if (p.t != DT_BOOL && !(p.t == EIN_ANY && o->x->c->node.at[p.x].kind == EIN_NUM))
        p.x = ein_op2(o->x->c, EIN_NE, p.x, ein_num(o->x->c, 0));
    p.t = DT_BOOL;
    return p;
}

ein_node op_inst_bool(struct op_inst *o, u32 ox)
{
    return condition(o, op_inst_point(o, ox)).x;
}

/* A constant expression of whole numbers. */
static bool is_whole(const struct cascade *c, ein_node x)
{
    const struct ein_x *y = &c->node.at[x];
    switch (y->kind) {
    case EIN_NUM: return y->r > -0x1p53 && y->r < 0x1p53 && y->r == (double)(i64)y->r;
    case EIN_OF_INT: case EIN_FLOOR: case EIN_SIGN: return true;
    case EIN_NEG: case EIN_ABS: return is_whole(c, y->a);
    case EIN_ADD: case EIN_SUB: case EIN_MUL: case EIN_MIN: case EIN_MAX: case EIN_PMOD: return is_whole(c, y->a) && is_whole(c, y->b);
    case EIN_SELECT: return is_whole(c, y->b) && is_whole(c, y->c);
    default: return false;
    }
}

static struct op_point both(struct op_inst *o, enum ein_kind k, struct op_point a, struct op_point b, bool real)
{
    int t = meet(a.t == DT_BOOL ? EIN_ANY : a.t, b.t == DT_BOOL ? EIN_ANY : b.t);
    real |= (a.t == EIN_ANY && !is_whole(o->x->c, a.x)) || (b.t == EIN_ANY && !is_whole(o->x->c, b.x));     /* k * 0.1 is no integer */
    if (real && (t == EIN_ANY ? a.t == DT_BOOL || b.t == DT_BOOL : !dtype_is_float(t)))
        t = op_inst_float(o);
    if (a.t == DT_BOOL || b.t == DT_BOOL) {
        if (t == EIN_ANY)
            t = op_inst_float(o);
        a = number(o, a, t);
        b = number(o, b, t);
    }
    if (t != EIN_ANY) {
        a.x = op_inst_cast(o, a, t);
        b.x = op_inst_cast(o, b, t);
    }
    return (struct op_point){ ein_op2(o->x->c, k, a.x, b.x), t };
}

/* The left operand's nodes come first, whatever compiler built us. */
static struct op_point both_of(struct op_inst *o, enum ein_kind k, u32 left, u32 right, bool real)
{
    struct op_point a = op_inst_point(o, left);
    return both(o, k, a, op_inst_point(o, right), real);
}

static struct op_point compare(struct op_inst *o, const struct ox *x)
{
    static const struct { u8 kind; bool swap; } of[] = { { EIN_LT, false }, { EIN_LE, false }, { EIN_LT, true }, { EIN_LE, true }, { EIN_EQ, false }, { EIN_NE, false } };
    u32 ox_a = x->a, ox_b = x->b;
    enum ein_kind k = of[x->kind - OX_LT].kind;
    if (of[x->kind - OX_LT].swap) {
        ox_a = x->b;
        ox_b = x->a;
    }
    struct op_index i, j;
    /* a/d < b/e is a*e < b*d */
    if (index_only(o->op, ox_a) && index_only(o->op, ox_b) && index_of(o, ox_a, &i) && index_of(o, ox_b, &j)) {
        struct cascade *c = o->x->c;
        bool same = i.d == j.d;
        ein_node left = ein_imul(c, i.n, same ? 1 : j.d);
        return (struct op_point){ ein_op2(c, k, left, ein_imul(c, j.n, same ? 1 : i.d)), DT_BOOL };
    }
    struct op_point r = both_of(o, k, ox_a, ox_b, false);
    r.t = DT_BOOL;
    return r;
}

static struct op_point read(struct op_inst *o, u32 ox)
{
    struct cascade *c = o->x->c;
    struct ox x = o->op->ox.at[ox];
    ein_node sub[A2E_RANKS], pad = 0;
    enum dtype t = c->tens.at[o->tens[x.u]].dtype;
    u32 n = op_inst_subs(o, x.u, x.list, x.nlist, sub);
    if (x.a) {
        struct op_point p = op_inst_point(o, x.a);
        pad = op_inst_cast(o, p, t);
    }
    struct op_point p = { ein_read(c, o->tens[x.u], n, sub, pad), (int)t };
    /* 16-bit floats are stored, f32 is computed in: results are rounded once. */
    if (t == DT_F16 || t == DT_BF16)
        p = (struct op_point){ ein_cast(c, p.x, DT_F32), DT_F32 };
    return p;
}

static struct op_point function(struct op_inst *o, enum ein_kind k, u32 arg, bool real)
{
    struct op_point p = op_inst_point(o, arg);
    p = number(o, p, op_inst_float(o));
    if (real && p.t != EIN_ANY && !dtype_is_float(p.t))
        p = (struct op_point){ op_inst_cast(o, p, op_inst_float(o)), (int)op_inst_float(o) };
    p.x = ein_op1(o->x->c, k, p.x);
    return p;
}

struct op_point op_inst_point(struct op_inst *o, u32 ox)
{
    struct cascade *c = o->x->c;
    struct ox x = o->op->ox.at[ox];
    struct op_index i;
    if (ox_is_size(o->op, ox)) {
        struct num v = op_size(o->b, o->x->types, ox, o->x->training);
        CHECK(v.kind != NUM_BAD);
        return (struct op_point){ ein_num(c, num_double(v)), EIN_ANY };
    }
    if (index_only(o->op, ox) && index_of(o, ox, &i)) {
        ein_node n = ein_op1(c, EIN_OF_INT, i.n);
        return (struct op_point){ i.d == 1 ? n : ein_op2(c, EIN_DIV, n, ein_num(c, (double)i.d)), EIN_ANY };
    }
    struct op_point a, b, z;
    switch ((enum ox_kind)x.kind) {
    case OX_READ: return read(o, ox);
    case OX_ARG: return (struct op_point){ ein_make(c, (struct ein_x){ .kind = EIN_ARG, .u = x.u }, 0, NULL), EIN_ANY };
    case OX_ADD: return both_of(o, EIN_ADD, x.a, x.b, false);
    case OX_SUB: return both_of(o, EIN_SUB, x.a, x.b, false);
    case OX_MUL: return both_of(o, EIN_MUL, x.a, x.b, false);
    case OX_MOD: return both_of(o, EIN_PMOD, x.a, x.b, false);
    case OX_MIN: return both_of(o, EIN_MIN, x.a, x.b, false);
    case OX_MAX: return both_of(o, EIN_MAX, x.a, x.b, false);
    case OX_DIV:
        return both_of(o, o->q && o->q->empty_zero && !ox_is_size(o->op, x.b) ? EIN_DIV0 : EIN_DIV, x.a, x.b, true);
    case OX_POW: return both_of(o, EIN_POW, x.a, x.b, true);
    case OX_NEG: return function(o, EIN_NEG, x.a, false);
    case OX_ABS: return function(o, EIN_ABS, x.a, false);
    case OX_SIGN: return function(o, EIN_SIGN, x.a, false);
    case OX_FLOOR: return function(o, EIN_FLOOR, x.a, false);
    case OX_SQRT: return function(o, EIN_SQRT, x.a, true);
    case OX_RSQRT: return function(o, EIN_RSQRT, x.a, true);
    case OX_EXP: return function(o, EIN_EXP, x.a, true);
    case OX_LOG: return function(o, EIN_LOG, x.a, true);
    case OX_TANH: return function(o, EIN_TANH, x.a, true);
    case OX_SIGMOID: return function(o, EIN_SIGMOID, x.a, true);
    case OX_ERF: return function(o, EIN_ERF, x.a, true);
    case OX_SIN: return function(o, EIN_SIN, x.a, true);
    case OX_COS: return function(o, EIN_COS, x.a, true);
    case OX_LT: case OX_LE: case OX_GT: case OX_GE: case OX_EQ: case OX_NE:
        return compare(o, &x);
    case OX_AND: case OX_OR:
        a = condition(o, op_inst_point(o, x.a));
        b = condition(o, op_inst_point(o, x.b));
        return (struct op_point){ ein_op2(c, x.kind == OX_AND ? EIN_AND : EIN_OR, a.x, b.x), DT_BOOL };
    case OX_NOT:
        a = condition(o, op_inst_point(o, x.a));
        return (struct op_point){ ein_op1(c, EIN_NOT, a.x), DT_BOOL };
    case OX_SELECT:
        z = condition(o, op_inst_point(o, x.a));
        a = op_inst_point(o, x.b);
        b = op_inst_point(o, x.c);
        if (a.t != b.t) {
            int t = meet(a.t == DT_BOOL ? EIN_ANY : a.t, b.t == DT_BOOL ? EIN_ANY : b.t);
            if (t == EIN_ANY)
                t = op_inst_float(o);
            a = (struct op_point){ op_inst_cast(o, a, t), t };
            b = (struct op_point){ op_inst_cast(o, b, t), t };
        }
        return (struct op_point){ ein_select(c, z.x, a.x, b.x), a.t };
    default:
        BUG("%s: expression %u cannot be lowered", o->op->name, x.kind);
    }
}
