/* law_value.c - what is known of every tensor of an op when some inputs are zero: numbers and sums of views, worked out equation by
 * equation.
 *
 * Numbers are kept only where arithmetic on them is exact.  A recurrence is assumed to keep what it begins with, and gone through until
 * nothing changes. */
#include "passes/law.h"

#include "compiler/ir/ein_node.h"

i64 law_size(const struct cascade *c, u32 tens)
{
    i64 n = 1;
    for (u32 i = 0; i < c->tens.at[tens].ndim; i++)
        n *= MAX(c->tens.at[tens].dim[i], 1);
    return n;
}

bool law_batched(const struct cascade *c, u32 tens)
{
    return c->tens.at[tens].ndim && c->tens.at[tens].dim[0] < 0;
}

/* --- Places ------------------------------------------------------------------------------------ */

/* The left side as one sum over ranks: whole if it is a mixed-radix number in them, from one element up to the size. */
static bool whole(const struct cascade *c, const struct ein_eq *e, struct law_place *p)
{
    u32 t = e->out[0], lead = law_batched(c, t);
    i64 weight[64] = { 0 }, inner = 1;
    for (u32 d = c->tens.at[t].ndim; d-- > lead;) {
        struct ein_lin l = { 0 };
        if (!ein_lin(c, e->sub[d], 1, &l) || l.c)
            return false;
        for (u32 i = 0; i < l.n; i++) {
            const struct ein_x *x = &c->node.at[l.t[i].atom];
            if (x->kind != EIN_RANK || x->u >= e->nrank || e->rank[x->u].ext < 0)
                return false;
            weight[x->u] += l.t[i].k * inner;
        }
        inner *= c->tens.at[t].dim[d];
    }
    bool used[64] = { false };
    for (i64 at = 1; at < p->size;) {
        u32 k = 0;
        while (k < e->nrank && (used[k] || weight[k] != at || e->rank[k].ext == 1))
            k++;
        if (k == e->nrank)
            return false;
        used[k] = true;
        p->rank[k].inner = at;
        p->rank[k].ext = e->rank[k].ext;
        at *= e->rank[k].ext;
    }
    for (u32 k = 0; k < e->nrank; k++)
        if (e->rank[k].kind == EIN_PAR && !used[k] && e->rank[k].ext > 1)
            return false;
    return true;
}

void law_place(const struct cascade *c, const struct ein_eq *e, struct law_place *p)
{
    u32 t = e->out[0];
    p->c = c;
    p->e = e;
    p->size = law_size(c, t);
    p->batch = 0;
    CHECK(e->nrank <= COUNTOF(p->rank));
    for (u32 k = 0; k < e->nrank; k++) {
        p->rank[k].inner = p->rank[k].ext = 1;
        p->at[k] = 0;
    }
    p->whole = whole(c, e, p);
    if (law_batched(c, t)) {
        const struct ein_x *x = &c->node.at[e->sub[0]];
        if (x->kind == EIN_RANK)
            p->batch = x->u + 1;
        else
            p->whole = false;
    }
}

static bool fun_of(const struct law_place *p, ein_node node, struct vfun *f)
{
    const struct ein_x *x = &p->c->node.at[node];
    struct vfun g, low;
    switch (x->kind) {
    case EIN_INT:
        vfun_const(f, p->size, x->i);
        return true;
    case EIN_RANK:
        if (p->e->rank[x->u].ext < 0)
            return false;
        if (p->e->rank[x->u].kind == EIN_RED || p->rank[x->u].ext == 1) {
            vfun_const(f, p->size, p->at[x->u]);
            return true;
        }
        f->to = p->size;
        f->first = 0;
        f->n = 3;
        f->d[0] = (struct vdigit){ p->size / p->rank[x->u].inner / p->rank[x->u].ext, 0 };
        f->d[1] = (struct vdigit){ p->rank[x->u].ext, 1 };
        f->d[2] = (struct vdigit){ p->rank[x->u].inner, 0 };
        return true;
    case EIN_IADD:
        return fun_of(p, x->a, f) && fun_of(p, x->b, &g) && vfun_add(f, &g);
    case EIN_IMUL:
        if (!fun_of(p, x->a, f))
            return false;
        vfun_scale(f, p->c->node.at[x->b].i);
        return true;
    case EIN_IDIV:
        return fun_of(p, x->a, &g) && vfun_divmod(&g, p->c->node.at[x->b].i, f, &low);
    case EIN_IMOD:
        return fun_of(p, x->a, &g) && vfun_divmod(&g, p->c->node.at[x->b].i, &low, f);
    default:
        return false;
    }
}

bool law_read_place(const struct law_place *p, const struct ein_x *read, struct vfun *f)
{
    const struct cascade *c = p->c;
    const struct ein_tens *t = &c->tens.at[read->u];
    u32 lead = law_batched(c, read->u);
    i64 inner = 1;
    if (!p->whole)
        return false;
    if (lead) {
        const struct ein_x *b = &c->node.at[c->list.at[read->list]];
        if (b->kind != EIN_RANK || b->u + 1 != p->batch)
            return false;
    }
    vfun_const(f, p->size, 0);
    for (u32 d = t->ndim; d-- > lead;) {
        struct vfun g;
        if (!fun_of(p, c->list.at[read->list + d], &g))
            return false;
        vfun_scale(&g, inner);
        if (!vfun_add(f, &g))
            return false;
        inner *= t->dim[d];
    }
    return true;
}

/* --- Values ------------------------------------------------------------------------------------ */

struct point {
    struct law_body *b;
    struct law_value *tens;         /* by tensor */
    const struct ein_eq *e;
    struct law_place place;
    struct law_value acc;           /* of the reduction, in its post */
    u32 *memo, nmemo;               /* by node: 1 + value below; NULL: none kept */
    VEC(struct law_value) val;
};

static const struct law_value ANY = { .kind = LAW_ANY }, BAD = { .kind = LAW_BAD };

static struct law_value number(double v)
{
    return v != v ? BAD : (struct law_value){ .kind = LAW_NUM, .num = v };
}

static bool is(struct law_value v, double n)
{
    return v.kind == LAW_NUM && v.num == n;
}

static bool infinite(struct law_value v)
{
    return v.kind == LAW_NUM && __builtin_isinf(v.num);
}

/* Multiples of 2^-20 below 2^30: sums and products of two, where they are such numbers again, are exact. */
static bool plain(double v)
{
    return v >= -0x1p30 && v <= 0x1p30 && v * 0x1p20 == (double)(i64)(v * 0x1p20);
}

static struct law_value exact(struct law_value a, struct law_value b, double r)
{
    return a.kind == LAW_NUM && b.kind == LAW_NUM && plain(a.num) && plain(b.num) && plain(r) ? number(r) : ANY;
}

static bool same_terms(const struct law_value *a, const struct law_value *b)
{
    return a->nterm == b->nterm && memcmp(a->term, b->term, a->nterm * sizeof *a->term) == 0;
}

static bool same(struct law_value a, struct law_value b)
{
    return a.kind == b.kind && (a.kind != LAW_NUM || a.num == b.num) && (a.kind != LAW_SUM || same_terms(&a, &b));
}

/* What is known of a value that is one or the other. */
static struct law_value either(struct law_value a, struct law_value b)
{
    if (a.kind == LAW_NONE || b.kind == LAW_NONE)
        return a.kind == LAW_NONE ? b : a;
    return same(a, b) ? a : a.kind == LAW_BAD || b.kind == LAW_BAD ? BAD : ANY;
}

static int by_view(struct views *v, struct law_term a, struct law_term b)
{
    if (a.input != b.input)
        return a.input < b.input ? -1 : 1;
    struct hash128 x = view_get(v, a.view)->hash, y = view_get(v, b.view)->hash;
    return x.hi != y.hi ? (x.hi < y.hi ? -1 : 1) : x.lo != y.lo ? (x.lo < y.lo ? -1 : 1) : 0;
}

/* n times a, and b, in order. */
static struct law_value sum_of(struct point *p, struct law_value a, u32 times, struct law_value b)
{
    u64 most = (u64)a.nterm * times + b.nterm;
    if (most > LAW_TERMS)
        return ANY;
    struct law_term *t = NEW_ARRAY(p->b->a, struct law_term, most + 1);
    u32 n = 0;
    for (u32 i = 0, k = 0; i < a.nterm * times || k < b.nterm;)
        if (k == b.nterm || (i < a.nterm * times && by_view(p->b->v, a.term[i / times], b.term[k]) <= 0))
            t[n++] = a.term[i++ / times];
        else
            t[n++] = b.term[k++];
    return (struct law_value){ .kind = LAW_SUM, .nterm = n, .term = t };
}

static enum dtype input_dtype(const struct point *p, u32 input)
{
    return p->b->c->tens.at[p->b->in[input]].dtype;
}

/* Exact in every dtype of four bytes and more. */
static bool whole_number(double v)
{
    return v >= -0x1p20 && v <= 0x1p20 && v == (double)(i64)v;
}

/* In a dtype as wide as its inputs' a sum stays what it is; one of integers may saturate. */
static struct law_value in_dtype(const struct point *p, struct law_value v, enum dtype t)
{
    if (v.kind == LAW_NUM) {
        bool fits = dtype_is_float(t) ? infinite(v) || (plain(v.num) && dtype_bytes(t) >= 8) || whole_number(v.num) : whole_number(v.num);
        return v.num == 0 || (fits && dtype_bytes(t) >= 4) ? v : infinite(v) ? BAD : ANY;
    }
    if (v.kind != LAW_SUM)
        return v;
    for (u32 i = 0; i < v.nterm; i++) {
        enum dtype from = input_dtype(p, v.term[i].input);
        bool wide = dtype_is_float(from) == dtype_is_float(t) && dtype_bytes(t) >= dtype_bytes(from) && (dtype_bytes(t) > dtype_bytes(from) || t == from);
        if (!wide || (v.nterm > 1 && !dtype_is_float(t)))
            return ANY;
    }
    return v;
}

static struct law_value value(struct point *p, ein_node x);

static struct law_value read(struct point *p, ein_node node)
{
    struct ein_x x = p->b->c->node.at[node];
    struct law_value v = p->tens[x.u];
    struct vfun f;
    if (x.a) {
        struct law_value pad = value(p, x.a);
        return v.kind == LAW_NONE || (v.kind == LAW_NUM && same(v, pad)) ? v : ANY;
    }
    if (v.kind != LAW_SUM)
        return v;
    if (!law_read_place(&p->place, &x, &f))
        return ANY;
    view_id at = view_of(p->b->v, law_size(p->b->c, x.u), &f);
    struct law_value sum = { .kind = LAW_SUM };
    for (u32 i = 0; i < v.nterm; i++) {
        struct law_term t = { v.term[i].input, at ? view_compose(p->b->v, at, v.term[i].view) : 0 };
        if (!t.view)
            return ANY;
        sum = sum_of(p, sum, 1, (struct law_value){ .kind = LAW_SUM, .nterm = 1, .term = &t });
    }
    return sum;
}

static struct law_value function(enum ein_kind k, struct law_value a)
{
    if (k == EIN_ABS || k == EIN_NEG || k == EIN_SIGN || k == EIN_NOT || k == EIN_FLOOR) {
        if (a.kind != LAW_NUM)
            return ANY;
        switch (k) {
        case EIN_ABS: return number(__builtin_fabs(a.num));
        case EIN_NEG: return number(-a.num);
        case EIN_SIGN: return number((a.num > 0) - (a.num < 0));
        case EIN_NOT: return number(a.num == 0);
        default: return plain(a.num) ? number((double)(i64)a.num - (a.num < (double)(i64)a.num)) : ANY;
        }
    }
    if (a.kind != LAW_NUM)
        return ANY;
    double v = a.num;
    switch (k) {
    case EIN_SQRT: return v < 0 ? BAD : v == 0 || v == 1 ? a : ANY;
    case EIN_RSQRT: return v <= 0 ? BAD : v == 1 ? a : ANY;
    case EIN_EXP: return v == 0 ? number(1) : infinite(a) ? v < 0 ? number(0) : BAD : ANY;
    case EIN_LOG: return v <= 0 ? BAD : v == 1 ? number(0) : ANY;
    case EIN_TANH: case EIN_ERF: return v == 0 ? a : ANY;
    case EIN_SIN: return v == 0 ? a : infinite(a) ? BAD : ANY;
    case EIN_COS: return v == 0 ? number(1) : infinite(a) ? BAD : ANY;
    case EIN_SIGMOID: return v == 0 ? number(0.5) : ANY;
    default: return ANY;
    }
}

static struct law_value product(struct point *p, struct law_value a, struct law_value b)
{
    if (infinite(a) || infinite(b))
        return BAD;
    if (is(a, 0) || is(b, 0))
        return number(0);
    if (is(a, 1) || is(b, 1))
        return is(a, 1) ? b : a;
    for (u32 side = 0; side < 2; side++) {
        struct law_value n = side ? b : a, v = side ? a : b;
        if (n.kind == LAW_NUM && v.kind == LAW_SUM && n.num > 0 && n.num <= LAW_TERMS && n.num == (double)(u32)n.num)
            return sum_of(p, v, (u32)n.num, (struct law_value){ .kind = LAW_SUM });
    }
    return exact(a, b, a.num * b.num);
}

static struct law_value quotient(struct law_value a, struct law_value b, bool zero)
{
    if (is(b, 0))
        return zero ? number(0) : BAD;
    if (infinite(a) || infinite(b))
        return BAD;
    if (is(a, 0))
        return a;
    if (is(b, 1))
        return a;
    if (a.kind != LAW_NUM || b.kind != LAW_NUM)
        return ANY;
    struct law_value q = exact(a, b, a.num / b.num);
    return q.kind == LAW_NUM && q.num * b.num == a.num ? q : ANY;
}

static struct law_value two(struct point *p, enum ein_kind k, struct law_value a, struct law_value b)
{
    bool num = a.kind == LAW_NUM && b.kind == LAW_NUM;
    switch (k) {
    case EIN_ADD:
        if (infinite(a) || infinite(b))
            return BAD;
        if (is(a, 0) || is(b, 0))
            return is(a, 0) ? b : a;
        return a.kind == LAW_SUM && b.kind == LAW_SUM ? sum_of(p, a, 1, b) : exact(a, b, a.num + b.num);
    case EIN_SUB:
        if (infinite(a) || infinite(b))
            return BAD;
        return is(b, 0) ? a : exact(a, b, a.num - b.num);
    case EIN_MUL: return product(p, a, b);
    case EIN_DIV: return quotient(a, b, false);
    case EIN_DIV0: return quotient(a, b, true);
    case EIN_POW: return is(b, 0) ? number(1) : is(b, 1) ? a : is(a, 0) && b.kind == LAW_NUM ? b.num > 0 ? a : BAD : ANY;
    case EIN_PMOD: return is(b, 0) ? BAD : is(a, 0) && b.kind == LAW_NUM && !infinite(b) ? a : ANY;
    case EIN_MIN: case EIN_MAX: {
        double least = k == EIN_MIN ? __builtin_inf() : -__builtin_inf();
        if (num)
            return (k == EIN_MIN) == (a.num < b.num) ? a : b;
        return is(a, least) ? b : is(b, least) ? a : ANY;
    }
    case EIN_LT: return num ? number(a.num < b.num) : ANY;
    case EIN_LE: return num ? number(a.num <= b.num) : ANY;
    case EIN_EQ: return num ? number(a.num == b.num) : ANY;
    case EIN_NE: return num ? number(a.num != b.num) : ANY;
    case EIN_AND: return is(a, 0) || is(b, 0) ? number(0) : num ? number(1) : ANY;
    case EIN_OR: return (a.kind == LAW_NUM && a.num != 0) || (b.kind == LAW_NUM && b.num != 0) ? number(1) : num ? number(0) : ANY;
    default: return ANY;
    }
}

static struct law_value value_of(struct point *p, ein_node node)
{
    struct ein_x x = p->b->c->node.at[node];
    switch ((enum ein_kind)x.kind) {
    case EIN_NUM: return number(x.r);
    case EIN_ACC: return p->acc;
    case EIN_READ: return read(p, node);
    case EIN_SELECT: {
        struct law_value cond = value(p, x.a);
        if (cond.kind == LAW_NUM)
            return value(p, cond.num != 0 ? x.b : x.c);
        if (cond.kind == LAW_BAD || cond.kind == LAW_NONE)
            return cond;
        struct law_value a = value(p, x.b);
        return either(a, value(p, x.c));
    }
    case EIN_CAST: return in_dtype(p, value(p, x.a), (enum dtype)x.u);
    default: break;
    }
    if (ein_is_index(p->b->c, node) || x.kind == EIN_OF_INT || ein_kind_nchild(x.kind) == 0 || ein_is_index(p->b->c, x.a))
        return ANY;
    struct law_value a = value(p, x.a), b = ein_kind_nchild(x.kind) > 1 ? value(p, x.b) : a;
    if (a.kind == LAW_BAD || b.kind == LAW_BAD)
        return BAD;
    if (a.kind == LAW_NONE || b.kind == LAW_NONE)
        return (struct law_value){ .kind = LAW_NONE };
    return ein_kind_nchild(x.kind) == 1 ? function(x.kind, a) : two(p, x.kind, a, b);
}

static struct law_value value(struct point *p, ein_node x)
{
    if (p->memo && x < p->nmemo && p->memo[x])
        return p->val.at[p->memo[x] - 1];
    struct law_value v = value_of(p, x);
    if (p->memo && x < p->nmemo) {
        vec_push(p->b->a, &p->val, v);
        p->memo[x] = p->val.n;
    }
    return v;
}

static struct law_value fresh_value(struct point *p, ein_node x)
{
    p->nmemo = p->b->c->node.n;
    p->memo = NEW_ARRAY(p->b->a, u32, p->nmemo);
    p->val.n = 0;
    return value(p, x);
}

/* --- Reductions --------------------------------------------------------------------------------- */

/* Points of the reduced ranks; 0: many, or as many as the batch. */
static u64 reduced_points(const struct ein_eq *e)
{
    u64 n = 1;
    for (u32 i = 0; i < e->nrank; i++)
        if (e->rank[i].kind == EIN_RED) {
            if (e->rank[i].ext < 0 || e->rank[i].ext > 1 << 20 || n > 1 << 20)
                return 0;
            n *= (u64)e->rank[i].ext;
        }
    return n;
}

/* Has the window of every written point a point inside the tensor that it reads?  By one dimension after the other, where no two share a
 * rank, and each has one parallel and one reduced rank at most. */
static bool windows_touch(const struct cascade *c, const struct ein_eq *e, const struct ein_x *read)
{
    u64 seen = 0;
    for (u32 d = 0; d < read->nlist; d++) {
        struct ein_lin l = { 0 };
        i64 ext = c->tens.at[read->u].dim[d], step[2] = { 0 }, n[2] = { 1, 1 };
        if (!ein_lin(c, c->list.at[read->list + d], 1, &l))
            return false;
        for (u32 i = 0; i < l.n; i++) {
            const struct ein_x *x = &c->node.at[l.t[i].atom];
            if (x->kind != EIN_RANK || seen >> x->u & 1)
                return false;
            seen |= (u64)1 << x->u;
            bool red = e->rank[x->u].kind == EIN_RED;
            if (e->rank[x->u].ext < 0)
                continue;
            if (step[red])
                return false;
            step[red] = l.t[i].k;
            n[red] = e->rank[x->u].ext;
        }
        if (ext < 0)
            continue;
        if (n[0] > 1 << 12 || n[1] > 1 << 12)
            return false;
        for (i64 p = 0; p < n[0]; p++) {
            bool touch = false;
            for (i64 r = 0; r < n[1] && !touch; r++) {
                i64 at = l.c + p * step[0] + r * step[1];
                touch = at >= 0 && at < ext;
            }
            if (!touch)
                return false;
        }
    }
    return true;
}

static struct law_value extreme(struct point *p, struct law_value v)
{
    const struct cascade *c = p->b->c;
    const struct ein_eq *e = p->e;
    struct ein_x x = c->node.at[e->body[0]];
    if (v.kind == LAW_NUM || x.kind != EIN_READ || !x.a)
        return v.kind == LAW_NUM || v.kind == LAW_NONE || v.kind == LAW_BAD ? v : ANY;
    struct law_value in = p->tens[x.u], pad = value(p, x.a);
    bool below = in.kind == LAW_NUM && pad.kind == LAW_NUM && (e->red == RED_MAX ? pad.num <= in.num : pad.num >= in.num);
    return below && windows_touch(c, e, &x) ? in : ANY;
}

static struct law_value reduction(struct point *p)
{
    const struct ein_eq *e = p->e;
    struct law_value v = fresh_value(p, e->body[0]);
    u64 n = reduced_points(e);
    if (e->red == RED_NONE)
        return e->guard && !is(v, 0) ? ANY : v;
    if (v.kind == LAW_NONE || v.kind == LAW_BAD)
        return v;
    switch ((enum red_kind)e->red) {
    case RED_ADD:
        if (is(v, 0))
            return v;
        if (e->guard || !n || infinite(v))
            return ANY;
        if (v.kind == LAW_NUM)
            return exact(v, number((double)n), v.num * (double)n);
        if (n > LAW_TERMS)
            return ANY;
        break;
    case RED_MUL:
        return !e->guard && n && (is(v, 0) || is(v, 1) || (n == 1 && v.kind == LAW_SUM)) ? v : ANY;
    case RED_MAX: case RED_MIN:
        return e->guard ? ANY : n == 1 && v.kind == LAW_SUM ? v : extreme(p, v);
    default:
        return ANY;
    }
    /* A short sum is the sum of its points. */
    struct law_value sum = number(0);
    for (u64 k = 0; k < n; k++) {
        u64 left = k;
        for (u32 i = e->nrank; i--;)
            if (e->rank[i].kind == EIN_RED) {
                p->place.at[i] = (i64)(left % (u64)e->rank[i].ext);
                left /= (u64)e->rank[i].ext;
            }
        v = fresh_value(p, e->body[0]);
        if (v.kind != LAW_NUM && v.kind != LAW_SUM)
            return v;
        sum = two(p, EIN_ADD, sum, v);
        if (sum.kind == LAW_ANY || sum.kind == LAW_BAD)
            return sum;
    }
    return sum;
}

static struct law_value equation(struct point *p, const struct ein_eq *e)
{
    p->e = e;
    if (e->red == RED_USER || e->nbody != 1)
        return ANY;
    law_place(p->b->c, e, &p->place);
    struct law_value v = reduction(p);
    if (e->post) {
        p->acc = v;
        v = fresh_value(p, e->post);
    }
    if (e->scan && v.kind == LAW_SUM)
        return ANY;
    v = in_dtype(p, v, p->b->c->tens.at[e->out[0]].dtype);
    return v.kind == LAW_SUM && !p->place.whole ? ANY : v;
}

void law_values(struct law_body *b, u32 zero, struct law_value *out)
{
    struct cascade *c = b->c;
    struct point p = { .b = b, .tens = NEW_ARRAY(b->a, struct law_value, c->tens.n + 1) };
    for (u32 t = 0; t < c->tens.n; t++)
        if (!b->nwriter[t])
            p.tens[t] = ANY;
    for (u32 i = 0; i < b->nin; i++) {
        if (i < 32 && zero >> i & 1) {
            p.tens[b->in[i]] = number(0);
            continue;
        }
        struct law_term *t = NEW(b->a, struct law_term);
        *t = (struct law_term){ i, view_identity(b->v, law_size(c, b->in[i])) };
        p.tens[b->in[i]] = (struct law_value){ .kind = LAW_SUM, .nterm = 1, .term = t };
    }
    for (bool more = true; more;) {
        more = false;
        for (u32 i = 0; i < c->eq.n; i++) {
            struct law_value v = equation(&p, &c->eq.at[i]);
            for (u32 k = 0; k < c->eq.at[i].nout; k++) {
                u32 t = c->eq.at[i].out[k];
                if (b->nwriter[t] > 1 && v.kind == LAW_SUM)
                    v = ANY;            /* one region of several */
                struct law_value to = either(p.tens[t], v);
                more |= !same(to, p.tens[t]) && (p.tens[t].kind != LAW_NONE || c->eq.at[i].scan);
                p.tens[t] = to;
            }
        }
    }
    for (u32 i = 0; i < b->nout; i++)
        out[i] = p.tens[b->out[i]];
}

/* --- Maps of points ------------------------------------------------------------------------------ */

static bool pointwise(const struct law_body *b, const struct law_place *p, ein_node node)
{
    const struct ein_x *x = &b->c->node.at[node];
    struct vfun f;
    if (!node)
        return true;
    switch ((enum ein_kind)x->kind) {
    case EIN_NUM:
        return true;
    case EIN_READ: {
        u8 role = b->c->tens.at[x->u].role;
        bool computed = role == EIN_IN || (b->nwriter[x->u] == 1 && role != EIN_NEXT);
        if (!computed || x->a || law_size(b->c, x->u) != p->size || !law_read_place(p, x, &f))
            return false;
        view_id v = view_of(b->v, p->size, &f);
        return v && view_is_identity(b->v, v);
    }
    case EIN_OF_INT: case EIN_ACC: case EIN_ARG: case EIN_RAND: case EIN_GATHER: case EIN_SYM: case EIN_RANK: case EIN_INT:
        return false;
    default:
        return !ein_is_index(b->c, node) && pointwise(b, p, x->a) && pointwise(b, p, x->b) && pointwise(b, p, x->c);
    }
}

/* All equations are, and those that nobody reads do no harm. */
bool law_elementwise(const struct law_body *b)
{
    for (u32 i = 0; i < b->c->eq.n; i++) {
        const struct ein_eq *e = &b->c->eq.at[i];
        struct law_place p;
        if (e->red != RED_NONE || e->guard || e->scan || e->post || e->nout != 1 || e->nbody != 1 || b->nwriter[e->out[0]] != 1)
            return false;
        law_place(b->c, e, &p);
        if (!p.whole || !pointwise(b, &p, e->body[0]))
            return false;
    }
    return true;
}
