/* rw_simplify.c - one equation made simple: indices under the ranges of its ranks, neutral operands, sums of zeros.
 *
 * 0 * x is 0 (parameters and activations are finite) unless --strict-math; so a convolution of zeros is zero.  Under it signs of zeros
 * count as well: x + 0 is no x of -0, and a sum is 0 + its points. */
#include "passes/rewrite.h"

#include "compiler/ir/elem.h"

static bool is_num(const struct cascade *c, ein_node x, double v)
{
    return c->node.at[x].kind == EIN_NUM && c->node.at[x].r == v;
}

/* Neutral to a sum: -0; to a difference: 0. */
static bool is_zero(const struct rewrite *w, ein_node x, bool negative)
{
    return is_num(w->c, x, 0) && (!w->o->strict || !__builtin_signbit(w->c->node.at[x].r) != negative);
}

/* b - a, if that is a number. */
static bool apart(struct cascade *c, ein_node a, ein_node b, i64 *k)
{
    struct ein_lin l = {0};
    if (!ein_lin(c, b, 1, &l) || !ein_lin(c, a, -1, &l))
        return false;
    for (u32 i = 0; i < l.n; i++)
        if (l.t[i].k)
            return false;
    *k = l.c;
    return true;
}

/* What is left of a condition for a read whose pad is `otherwise`: where the rest fails the read is its pad anyway. 0: nothing. */
static ein_node needed(struct cascade *c, ein_node cond, ein_node read, ein_node otherwise)
{
    struct ein_x y = c->node.at[cond], r = c->node.at[read];
    if (r.kind != EIN_READ || !r.a || r.a != otherwise || c->node.at[otherwise].kind != EIN_NUM)
        return cond;
    if (y.kind == EIN_AND) {
        ein_node a = needed(c, y.a, read, otherwise), b = needed(c, y.b, read, otherwise);
        return a == y.a && b == y.b ? cond : !a ? b : !b ? a : ein_op2(c, EIN_AND, a, b);
    }
    if ((y.kind != EIN_LE && y.kind != EIN_LT) || !ein_is_index(c, y.a))
        return cond;
    for (u32 d = 0; d < r.nlist; d++) {
        i64 k, ext = c->tens.at[r.u].dim[d], less = y.kind == EIN_LT;
        struct ein_x low = c->node.at[y.a], high = c->node.at[y.b];
        /* fails: sub < low + k <= 0, or sub >= high + k >= ext */
        if (ext > 0 && low.kind == EIN_INT && apart(c, y.b, c->list.at[r.list + d], &k) && low.i + less + k <= 0)
            return 0;
        if (ext > 0 && high.kind == EIN_INT && apart(c, y.a, c->list.at[r.list + d], &k) && high.i + !less + k >= ext)
            return 0;
    }
    return cond;
}

static ein_node neutral(struct rewrite *w, const struct ein_eq *e, ein_node x)
{
    struct cascade *c = w->c;
    struct ein_x y = c->node.at[x];
    switch (y.kind) {
    case EIN_ADD:
        return is_zero(w, y.a, true) ? y.b : is_zero(w, y.b, true) ? y.a : x;
    case EIN_SUB:
        return is_zero(w, y.b, false) ? y.a : x;
    case EIN_MUL:
        if (is_num(c, y.a, 1) || is_num(c, y.b, 1))
            return is_num(c, y.a, 1) ? y.b : y.a;
        if (!w->o->strict && (is_num(c, y.a, 0) || is_num(c, y.b, 0)))
            return ein_num(c, 0);
        return x;
    case EIN_DIV:
        return is_num(c, y.b, 1) ? y.a : !w->o->strict && is_num(c, y.a, 0) && c->node.at[y.b].kind == EIN_NUM ? y.a : x;
    case EIN_SELECT: {
        /* x > 0 ? x : k*x with 0 < k < 1 is max(x, k*x) */
        struct ein_x lt = c->node.at[y.a], k = c->node.at[y.c];
        bool leaky = lt.kind == EIN_LT && is_num(c, lt.a, 0) && lt.b == y.b && k.kind == EIN_MUL;
        ein_node times = leaky ? k.a == y.b ? k.b : k.b == y.b ? k.a : 0 : 0;
        bool less = times && c->node.at[times].kind == EIN_NUM && c->node.at[times].r > (w->o->strict ? 0x1p-14 : 0) && c->node.at[times].r < 1;
        if (less)
            return ein_op2(c, EIN_MAX, y.b, y.c);
        ein_node left = needed(c, y.a, y.b, y.c);
        return left == y.a ? x : left ? ein_select(c, left, y.b, y.c) : y.b;
    }
    case EIN_NEG: {
        /* of integers, the least has no opposite: -(-(-128)) is -127 in i8 */
        int t = ein_dtype(c, e, y.a);
        return c->node.at[y.a].kind == EIN_NEG && t >= 0 && dtype_is_float((enum dtype)t) ? c->node.at[y.a].a : x;
    }
    default:
        return x;
    }
}

ein_node rw_typed(struct rewrite *w, const struct ein_eq *e, ein_node x, enum dtype d)
{
    return w->o->strict && dtype_is_float(d) && ein_dtype(w->c, e, x) == EIN_ANY ? ein_cast(w->c, x, d) : x;
}

bool rw_at_pad(struct rewrite *w, ein_node x, ein_node read, ein_node pad, enum dtype d, double *value)
{
    const struct ein_x y = w->c->node.at[x];
    double a = 0, b = 0;
    if (y.kind == EIN_NUM || x == read) {
        *value = elem_round(d, w->c->node.at[x == read ? pad : x].r);
        return w->c->node.at[x == read ? pad : x].kind == EIN_NUM;
    }
    bool one = y.kind == EIN_NEG || y.kind == EIN_ABS, two = y.kind >= EIN_ADD && y.kind <= EIN_DIV;
    two |= y.kind == EIN_MIN || y.kind == EIN_MAX;
    /* operands of numbers only are computed in f64 */
    if ((!one && !two) || !rw_at_pad(w, y.a, read, pad, d, &a) || (two && !rw_at_pad(w, y.b, read, pad, d, &b)) ||
        (w->c->node.at[y.a].kind == EIN_NUM && (one || w->c->node.at[y.b].kind == EIN_NUM)))
        return false;
    switch ((enum ein_kind)y.kind) {
    case EIN_NEG: a = -a; break;
    case EIN_ABS: a = __builtin_fabs(a); break;
    case EIN_ADD: a = a + b; break;
    case EIN_SUB: a = a - b; break;
    case EIN_MUL: a = a * b; break;
    case EIN_DIV: a = a / b; break;
    case EIN_MIN: a = a < b ? a : b; break;
    default: a = a > b ? a : b;
    }
    *value = elem_round(d, a);
    return true;
}

bool rw_same_at_pad(struct rewrite *w, ein_node x, ein_node read, ein_node pad, enum dtype d)
{
    double v, was;
    return rw_at_pad(w, x, read, pad, d, &v) && rw_at_pad(w, read, read, pad, d, &was) && v == was && !__builtin_signbit(v) == !__builtin_signbit(was);
}

/* Bottom-up; ein_reach gives children first, so one sweep sees every simplified child. */
static ein_node algebra(struct rewrite *w, const struct ein_eq *e, ein_node x)
{
    for (u32 round = 0; x && round < 8; round++) {
        ein_nodes all = {0};
        ein_reach(w->a, w->c, x, &all);
        ein_node from = 0, to = 0;
        for (u32 i = 0; i < all.n && !from; i++) {
            to = neutral(w, e, all.at[i]);
            if (to != all.at[i])
                from = all.at[i];
        }
        if (!from)
            return x;
        x = rw_replace(w->c, x, 1, &from, &to);
    }
    return x;
}

static bool has_reduced(const struct ein_eq *e)
{
    return e->nrank && e->rank[e->nrank - 1].kind == EIN_RED;
}

/* A reduction over nothing but one point is that point. */
static bool to_map(struct rewrite *w, struct ein_eq *e)
{
    bool plain = e->red == RED_ADD || e->red == RED_MUL || e->red == RED_MAX || e->red == RED_MIN;
    if (!plain || has_reduced(e) || e->guard || e->nbody != 1)
        return false;
    if (w->o->strict) {
        e->body[0] = rw_typed(w, e, e->body[0], (enum dtype)e->acc);
        if (e->red == RED_ADD && dtype_is_float((enum dtype)e->acc))
            e->body[0] = ein_op2(w->c, EIN_ADD, e->body[0], ein_num(w->c, 0));
    }
    if (e->post) {
        struct ein_x acc = {.kind = EIN_ACC};
        ein_node from = ein_make(w->c, acc, 0, NULL);
        e->body[0] = rw_replace(w->c, e->post, 1, &from, &e->body[0]);
        e->post = 0;
        e->acc = w->c->tens.at[e->out[0]].dtype;
    }
    e->red = RED_NONE;
    return true;
}

/* A sum of zeros, wherever it is taken. */
static bool sum_of_zeros(struct rewrite *w, struct ein_eq *e)
{
    if (e->red != RED_ADD || e->nbody != 1 || !is_num(w->c, e->body[0], 0) || e->scan)
        return false;
    e->nrank = rw_npar(e);
    e->guard = 0;
    e->body[0] = ein_num(w->c, 0);
    return to_map(w, e);
}

/* A select of a number and a constant: once ranges decide it, it may be the constant alone, of no dtype. */
static bool loses_dtype(struct rewrite *w, const struct ein_eq *e, ein_node x)
{
    const struct ein_x y = w->c->node.at[x];
    if (y.kind != EIN_SELECT)
        return false;
    return ein_dtype(w->c, e, y.b) == EIN_ANY || ein_dtype(w->c, e, y.c) == EIN_ANY || loses_dtype(w, e, y.b) || loses_dtype(w, e, y.c);
}

/* Such selects get their dtype said where nothing else beside them says it: strict arithmetic computes constants among themselves in f64. */
static ein_node said(struct rewrite *w, const struct ein_eq *e, ein_node x)
{
    struct cascade *c = w->c;
    for (bool again = w->o->strict && x; again;) {
        ein_nodes all = {0};
        again = false;
        ein_reach(w->a, c, x, &all);
        for (u32 i = 0; i < all.n && !again; i++) {
            struct ein_x y = c->node.at[all.at[i]];
            bool one = ein_kind_nchild(y.kind) == 1 && y.kind >= EIN_NEG, two = y.kind >= EIN_ADD && y.kind <= EIN_NE;
            if ((!one && !two) || ein_is_index(c, y.a))
                continue;
            bool a = loses_dtype(w, e, y.a), b = two && loses_dtype(w, e, y.b);
            int t = ein_dtype(c, e, a ? y.a : y.b);
            if ((!a && !b) || t < 0 || (y.kind == EIN_CAST && (int)y.u == t) || !dtype_is_float((enum dtype)t) || (two && !(a && b) && ein_dtype(c, e, a ? y.b : y.a) != EIN_ANY))
                continue;
            ein_node from = a ? y.a : y.b, to = ein_cast(c, from, (enum dtype)t);
            ein_node node = all.at[i], other = one ? y.kind == EIN_CAST ? ein_cast(c, to, (enum dtype)y.u) : ein_op1(c, y.kind, to)
                                                   : ein_op2(c, y.kind, a ? to : y.a, a ? y.b : to);
            x = rw_replace(c, x, 1, &node, &other);
            again = true;
        }
    }
    return x;
}

void rw_simplify(struct rewrite *w, struct ein_eq *e)
{
    struct cascade *c = w->c;
    for (u32 i = 0; i < e->nbody; i++)
        e->body[i] = algebra(w, e, ein_simplify(c, said(w, e, e->body[i]), e->nrank, e->rank));
    for (u32 i = 0; i < e->nsub; i++)
        e->sub[i] = ein_simplify(c, e->sub[i], e->nrank, e->rank);
    if (e->guard)
        e->guard = ein_simplify(c, e->guard, e->nrank, e->rank);
    if (e->guard && c->node.at[e->guard].kind == EIN_NUM && c->node.at[e->guard].r != 0)
        e->guard = 0;
    if (e->post)
        e->post = algebra(w, e, ein_simplify(c, said(w, e, e->post), e->nrank, e->rank));
    if (!sum_of_zeros(w, e))
        to_map(w, e);
}
