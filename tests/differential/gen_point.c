/* gen_point.c - random expressions of a wanted dtype, each with a range that holds its values. */
#include "tests/differential/gen_impl.h"

#include <math.h>

double gen_most(enum dtype t)
{
    switch (t) {
    case DT_F64: case DT_F32: return 1e6;
    case DT_F16: return 2000;
    case DT_BF16: return 1e5;
    case DT_I64: return 0x1p40;
    case DT_I32: return 0x1p30;
    case DT_I8: return 127;
    case DT_U8: return 255;
    default: return 1;
    }
}

static double least(enum dtype t)
{
    return t == DT_U8 || t == DT_BOOL ? 0 : -gen_most(t);
}

static struct gen_range hull(struct gen_range a, struct gen_range b)
{
    return (struct gen_range){ fmin(a.lo, b.lo), fmax(a.hi, b.hi) };
}

/* Bounds of functions without libm's, so that texts are the same on every machine. */
static double most_exp(double x)
{
    return x <= 0 ? 1.01 : x <= 1 ? 2.75 : x <= 4 ? 56 : 3020;
}

static double most_log(double x)
{
    int e;
    frexp(x, &e);
    return e > 0 ? 0.7 * e : 0.01;
}

double gen_power(double x, double n)
{
    double p = 1;
    for (; n >= 1; n--)
        p *= x;
    return p;
}

static bool in(struct gen_range v, double lo, double hi)
{
    return v.lo >= lo && v.hi <= hi;
}

static struct gen_point typed(struct gen_point p, ein_node x, int t, double lo, double hi)
{
    return (struct gen_point){ x, (u8)(t < 0 ? p.t : t), { lo, hi } };
}

struct gen_point gen_num(struct gen *g, double v)
{
    return (struct gen_point){ ein_num(g->c, v), GEN_ANY, { v, v } };
}

static struct gen_point some_num(struct gen *g, enum dtype t)
{
    static const double real[] = { 0, 1, -1, 0.5, 2, 0.1, -0.25, 3, 1.5, -0.7 };
    if (dtype_is_float(t))
        return gen_num(g, real[gen_below(g, COUNTOF(real))]);
    return gen_num(g, t == DT_BOOL ? (double)gen_below(g, 2) : (double)gen_between(g, t == DT_U8 ? 0 : -3, 7));
}

/* To a dtype from any other; integers saturate. */
struct gen_point gen_cast(struct gen *g, struct gen_point p, enum dtype t)
{
    if (p.t == t)
        return p;
    struct gen_range v = p.v;
    if (t == DT_BOOL)
        v = (struct gen_range){ 0, 1 };
    else if (dtype_is_float(t)) {
        if (!in(v, -gen_most(t), gen_most(t)))
            p = gen_fit(g, p, (enum dtype)(p.t == GEN_ANY ? t : p.t), -gen_most(t), gen_most(t));
        v = p.v;
        if (t == DT_BF16 || t == DT_F16)
            v = (struct gen_range){ v.lo - fabs(v.lo) * 0.01, v.hi + fabs(v.hi) * 0.01 };
    } else {
        v = (struct gen_range){ fmin(fmax(floor(v.lo), least(t)), gen_most(t)), fmax(fmin(ceil(v.hi), gen_most(t)), least(t)) };
    }
    return typed(p, ein_cast(g->c, p.x, t), (int)t, v.lo, v.hi);
}

struct gen_point gen_fit(struct gen *g, struct gen_point p, enum dtype t, double lo, double hi)
{
    struct cascade *c = g->c;
    if (in(p.v, lo, hi))
        return p;
    if (dtype_is_float(t) && lo <= -hi && hi > 0) {
        double most = fmax(fabs(p.v.lo), fabs(p.v.hi));
        switch (gen_below(g, 4)) {
        case 0: {
            double k = hi / most;
            return typed(p, ein_op2(c, EIN_MUL, p.x, ein_num(c, k)), -1, -hi, hi);
        }
        case 1: if (hi >= 1) return typed(p, ein_op1(c, EIN_TANH, p.x), -1, -1, 1); break;
        case 2: if (hi >= 1) return typed(p, ein_op1(c, gen_chance(g, 50) ? EIN_SIN : EIN_COS, p.x), -1, -1, 1); break;
        default: break;
        }
    }
    ein_node x = p.x;
    if (p.v.lo < lo)
        x = ein_op2(c, EIN_MAX, x, ein_num(c, ceil(lo)));
    if (p.v.hi > hi)
        x = ein_op2(c, EIN_MIN, x, ein_num(c, hi));
    return typed(p, x, -1, fmin(fmax(p.v.lo, ceil(lo)), hi), fmax(fmin(p.v.hi, hi), lo));
}

static struct gen_point unary(struct gen *g, enum ein_kind k, struct gen_point p, double lo, double hi)
{
    return typed(p, ein_op1(g->c, k, p.x), -1, lo, hi);
}

static u8 meet(struct gen_point a, struct gen_point b)
{
    return a.t == GEN_ANY ? b.t : a.t;
}

static bool has_zero(struct gen_range v, double around)
{
    return v.lo < around && v.hi > -around;
}

/* Away from 0, above it. */
static struct gen_point positive(struct gen *g, struct gen_point p, double least_value)
{
    if (p.v.lo >= least_value)
        return p;
    struct gen_point q = unary(g, EIN_ABS, p, 0, fmax(fabs(p.v.lo), fabs(p.v.hi)));
    return typed(p, ein_op2(g->c, EIN_ADD, q.x, ein_num(g->c, least_value)), -1, least_value, q.v.hi + least_value);
}

struct gen_point gen_binary(struct gen *g, enum ein_kind k, struct gen_point a, struct gen_point b)
{
    struct cascade *c = g->c;
    u8 t = meet(a, b);
    bool real = t == GEN_ANY || dtype_is_float((enum dtype)t);
    double lo, hi;
    switch (k) {
    case EIN_ADD: lo = a.v.lo + b.v.lo; hi = a.v.hi + b.v.hi; break;
    case EIN_SUB: lo = a.v.lo - b.v.hi; hi = a.v.hi - b.v.lo; break;
    case EIN_MUL: {
        double p[4] = { a.v.lo * b.v.lo, a.v.lo * b.v.hi, a.v.hi * b.v.lo, a.v.hi * b.v.hi };
        lo = fmin(fmin(p[0], p[1]), fmin(p[2], p[3]));
        hi = fmax(fmax(p[0], p[1]), fmax(p[2], p[3]));
        break;
    }
    case EIN_MIN: lo = fmin(a.v.lo, b.v.lo); hi = fmin(a.v.hi, b.v.hi); break;
    case EIN_MAX: lo = fmax(a.v.lo, b.v.lo); hi = fmax(a.v.hi, b.v.hi); break;
    case EIN_PMOD:
        if (!(g->o.wild && real) || !has_zero(b.v, 1e-3))
            b = positive(g, b, real ? 0.25 : 1);
        lo = real ? -0.01 * b.v.hi : 0;
        hi = b.v.hi;
        break;
    default: {                                                  /* DIV, DIV0 */
        double d = 1;
        if (k == EIN_DIV0 && gen_chance(g, 60)) {               /* 0 or well away from it */
            struct gen_point on = gen_cond(g, 1);
            b = positive(g, b, real ? 0.25 : 1);
            d = b.v.lo;
            b = typed(b, ein_select(c, on.x, b.x, ein_num(c, 0)), t, 0, b.v.hi);
        } else if (!(g->o.wild && gen_chance(g, 40)) && has_zero(b.v, real ? 0.2 : 1)) {
            b = positive(g, b, real ? 0.25 : 1);
            d = b.v.lo;
        } else {
            d = real ? 0.2 : 1;
        }
        double m = fmax(fabs(a.v.lo), fabs(a.v.hi)) / fmin(d, 1);
        lo = -m;
        hi = real ? m : m;
        if (!real) {
            lo = -m - 1;
        }
    }
    }
    struct gen_point r = { ein_op2(c, k, a.x, b.x), t, { lo, hi } };
    enum dtype as = t == GEN_ANY ? DT_F32 : (enum dtype)t;
    if (!in(r.v, least(as), gen_most(as)) && !real) {           /* integers do not wrap: something tamer instead */
        struct gen_range v = { fmin(a.v.lo, b.v.lo), fmax(a.v.hi, b.v.hi) };
        return (struct gen_point){ ein_op2(c, gen_chance(g, 50) ? EIN_MIN : EIN_MAX, a.x, b.x), t, v };
    }
    return gen_fit(g, r, as, least(as), gen_most(as));
}

static struct gen_point real_unary(struct gen *g, struct gen_point p)
{
    bool wild = g->o.wild && gen_chance(g, 40);
    switch (gen_below(g, 15)) {
    case 0: return unary(g, EIN_NEG, p, -p.v.hi, -p.v.lo);
    case 1: return unary(g, EIN_ABS, p, 0, fmax(fabs(p.v.lo), fabs(p.v.hi)));
    case 2: return unary(g, EIN_SIGN, p, -1, 1);
    case 3:
        p = wild ? p : positive(g, p, 0);
        return unary(g, EIN_SQRT, p, 0, sqrt(fmax(p.v.hi, 0)) + 1e-6);
    case 4:
        p = wild ? p : positive(g, p, 0.25);
        return unary(g, EIN_RSQRT, p, 0, 2.01);
    case 5:
        if (!wild && p.v.hi > 4)
            p = gen_fit(g, p, DT_F32, -4, 4);
        return unary(g, EIN_EXP, p, 0, most_exp(p.v.hi));
    case 6:
        p = wild ? p : positive(g, p, 0.25);
        return unary(g, EIN_LOG, p, -1.4, most_log(p.v.hi));
    case 7: return unary(g, EIN_TANH, p, -1, 1);
    case 8: return unary(g, EIN_SIGMOID, p, 0, 1);
    case 9: return unary(g, EIN_ERF, p, -1, 1);
    case 10: return unary(g, EIN_SIN, p, -1, 1);
    case 11: return unary(g, EIN_COS, p, -1, 1);
    case 12: return unary(g, EIN_FLOOR, p, floor(p.v.lo), p.v.hi);
    case 13: return (struct gen_point){ ein_op2(g->c, EIN_MAX, p.x, ein_num(g->c, 0)), p.t, { fmax(p.v.lo, 0), fmax(p.v.hi, 0) } };
    default: {
        static const double e[] = { 2, 2, 3, 4, 0, 1, -1, -2, 0.5, 1.7, -0.3 };
        double k = e[gen_below(g, COUNTOF(e))];
        p = gen_fit(g, p, DT_F32, -30, 30);
        if (k != 2 && k != 3 && k != 4 && !wild)
            p = positive(g, p, 0.25);
        double m = fmax(fmax(fabs(p.v.lo), fabs(p.v.hi)), 1);
        m = fmax(k > 0 ? gen_power(m, ceil(k)) : 1, 17);
        return typed(p, ein_op2(g->c, EIN_POW, p.x, ein_num(g->c, k)), -1, -m, m * 1.01);
    }
    }
}

static struct gen_point whole_unary(struct gen *g, struct gen_point p, enum dtype t)
{
    switch (gen_below(g, 4)) {
    case 0: if (t != DT_U8) return unary(g, EIN_NEG, p, -p.v.hi, -p.v.lo); break;
    case 1: return unary(g, EIN_ABS, p, 0, fmax(fabs(p.v.lo), fabs(p.v.hi)));
    case 2: if (t != DT_U8) return unary(g, EIN_SIGN, p, -1, 1); break;
    default: break;
    }
    return (struct gen_point){ ein_op2(g->c, EIN_MIN, p.x, ein_num(g->c, 5)), p.t, { fmin(p.v.lo, 5), fmin(p.v.hi, 5) } };
}

/* A constant operand takes the dtype of the other: one of two has one. */
static struct gen_point with_type(struct gen *g, struct gen_point p, enum dtype t)
{
    return p.t == GEN_ANY ? gen_cast(g, p, t) : p;
}

struct gen_point gen_cond(struct gen *g, u32 depth)
{
    static const enum ein_kind cmp[] = { EIN_LT, EIN_LE, EIN_EQ, EIN_NE };
    struct cascade *c = g->c;
    enum ein_kind k = cmp[gen_below(g, COUNTOF(cmp))];
    u32 rank[GEN_RANKS];
    struct gen_point a, b, r = { 0, DT_BOOL, { 0, 1 } };
    u32 w = depth ? gen_below(g, 10) : gen_below(g, 6);
    if (w < 3 && gen_ranks(g, rank)) {
        ein_node x = gen_affine(g), y = gen_chance(g, 50) ? gen_affine(g) : ein_int(c, gen_between(g, 0, 4));
        r.x = ein_op2(c, k, x, y);
    } else if (w < 7) {
        enum dtype t = gen_chance(g, 70) ? gen_float(g) : gen_whole(g);
        a = with_type(g, depth ? gen_point(g, t, depth - 1) : gen_read(g, t), t);
        b = gen_chance(g, 50) ? some_num(g, t) : gen_read(g, t);
        if (b.t != GEN_ANY && b.t != a.t)
            b = gen_cast(g, b, (enum dtype)a.t);
        r.x = ein_op2(c, k, a.x, b.x);
    } else if (w == 7) {
        r.x = ein_op1(c, EIN_NOT, gen_cond(g, depth - 1).x);
    } else if (w == 8) {
        a = gen_cond(g, depth - 1);
        b = gen_cond(g, depth - 1);
        r.x = ein_op2(c, gen_chance(g, 50) ? EIN_AND : EIN_OR, a.x, b.x);
    } else {
        return gen_read(g, DT_BOOL);
    }
    return r;
}

struct gen_point gen_read_at(struct gen *g, u32 tens, const ein_node *sub, bool open)
{
    struct cascade *c = g->c;
    enum dtype t = c->tens.at[tens].dtype;
    struct gen_range v = g->tens.at[tens].v;
    u32 n = c->tens.at[tens].ndim;
    g->tens.at[tens].reads++;
    if (!open)
        return (struct gen_point){ ein_read(c, tens, n, sub, 0), (u8)t, v };
    struct gen_point behind;
    if (g->o.conditions && !g->behind && gen_chance(g, 80) && gen_behind(g, tens, sub, &behind))
        return behind;
    if (gen_chance(g, 12)) {                                    /* a condition in front of it */
        ein_node cond = 0;
        for (u32 i = 0; i < n; i++) {
            i64 lo, hi, ext = c->tens.at[tens].dim[i];
            if (ext < 0 || (ein_range(c, sub[i], g->nrank, g->rank, &lo, &hi) && lo >= 0 && hi < ext))
                continue;
            ein_node in = ein_op2(c, EIN_AND, ein_op2(c, EIN_LE, ein_int(c, 0), sub[i]), ein_op2(c, EIN_LT, sub[i], ein_int(c, ext)));
            cond = cond ? ein_op2(c, EIN_AND, cond, in) : in;
        }
        struct gen_point other = some_num(g, t);
        return (struct gen_point){ ein_select(c, cond, ein_read(c, tens, n, sub, 0), other.x), (u8)t, hull(v, other.v) };
    }
    struct gen_point pad = gen_chance(g, 60) ? gen_num(g, 0) : some_num(g, t);
    if (gen_chance(g, 6) && t != DT_BOOL)
        pad = gen_fit(g, gen_read(g, t), t, fmax(-20, least(t)), 20);
    if (pad.t != GEN_ANY && pad.t != t)
        pad = gen_cast(g, pad, t);
    return (struct gen_point){ ein_read(c, tens, n, sub, pad.x), (u8)t, hull(v, pad.v) };
}

/* A tensor there is: later ones and those of the dtype rather. UINT32_MAX: none. */
static u32 choose(struct gen *g, enum dtype t)
{
    u32 best = UINT32_MAX, n = 0;
    for (u32 i = 0; i < g->c->tens.n; i++)
        if (gen_may_read(g, i)) {
            u32 w = (g->c->tens.at[i].dtype == t ? 6 : 1) * (g->tens.at[i].reads ? 1 : 3);
            n += w;
            if (gen_below(g, n) < w)
                best = i;
        }
    return best;
}

struct gen_point gen_read(struct gen *g, enum dtype t)
{
    ein_node sub[GEN_DIMS];
    bool open = false, o;
    u32 tens = choose(g, t), k = 0;
    if (tens == UINT32_MAX || gen_chance(g, 25)) {
        i64 dim[4];
        ein_node at[4];
        u32 n = gen_below(g, 4);
        i64 most = 4096;
        for (u32 i = 0; i < n; i++) {
            at[i] = gen_axis(g, MIN(most, 200), &dim[i], &o);
            open |= o;
            most = MAX(most / dim[i], 1);
        }
        tens = gen_leaf(g, t, n, dim);
        if (!gen_may_read(g, tens))     /* the batch is reduced already */
            return some_num(g, t);
        if (g->tens.at[tens].batched)
            sub[k++] = ein_rank(g->c, (u32)g->batch);
        for (u32 i = 0; i < n; i++)
            sub[k++] = at[i];
    } else {
        const struct ein_tens *x = &g->c->tens.at[tens];
        u32 n = x->ndim;
        if (g->tens.at[tens].batched)
            sub[k++] = ein_rank(g->c, (u32)g->batch);
        for (; k < n; k++) {
            sub[k] = gen_index(g, g->c->tens.at[tens].dim[k], false, &o);
            open |= o;
        }
    }
    struct gen_point p = gen_read_at(g, tens, sub, open);
    return p.t == t ? p : gen_cast(g, p, t);
}

static struct gen_point leaf(struct gen *g, enum dtype t)
{
    u32 w = gen_below(g, 20), rank[GEN_RANKS];
    if (g->in_post && w < 9)
        return gen_cast(g, g->acc, t);
    if (g->primary.x && w < 6 && !g->in_post)
        return gen_cast(g, g->primary, t);
    if (w < 16)
        return gen_read(g, t);
    if (w == 16 && dtype_is_float(t) && gen_ranks(g, rank)) {
        struct gen_point p = { ein_make(g->c, (struct ein_x){ .kind = EIN_RAND, .u = gen_below(g, 5), .a = gen_affine(g) }, 0, NULL), GEN_ANY, { 0, 1 } };
        return gen_cast(g, p, t);
    }
    if (w == 17) {
        i64 lo, hi;
        ein_node x = gen_affine(g);
        if (gen_chance(g, 10) && !g->only_params)
            x = ein_make(g->c, (struct ein_x){ .kind = EIN_SYM, .u = 0 }, 0, NULL), lo = 1, hi = GEN_BATCH_MOST;
        else if (gen_chance(g, 10) && g->batch >= 0 && (u32)g->batch < g->use)
            x = ein_rank(g->c, (u32)g->batch), lo = 0, hi = GEN_BATCH_MOST;
        else if (!ein_range(g->c, x, g->nrank, g->rank, &lo, &hi))
            return some_num(g, t);
        if (lo >= least(t) && hi <= gen_most(t)) {
            struct gen_point p = { ein_op1(g->c, EIN_OF_INT, x), GEN_ANY, { (double)lo, (double)hi } };
            return gen_cast(g, p, t);
        }
    }
    return some_num(g, t);
}

struct gen_point gen_point(struct gen *g, enum dtype t, u32 depth)
{
    static const enum ein_kind real[] = { EIN_ADD, EIN_ADD, EIN_SUB, EIN_MUL, EIN_MUL, EIN_MUL, EIN_DIV, EIN_DIV0, EIN_PMOD, EIN_MIN, EIN_MAX, EIN_POW };
    struct gen_point a, b, r;
    u32 w = gen_below(g, 100);
    if (t == DT_BOOL)
        return gen_cond(g, depth);
    if (!depth || w < 15)
        return leaf(g, t);
    if (w < 25) {
        static const enum dtype from[] = { DT_F32, DT_F32, DT_F64, DT_F16, DT_BF16, DT_I32, DT_I64, DT_I8, DT_U8, DT_BOOL };
        return gen_cast(g, gen_point(g, from[gen_below(g, COUNTOF(from))], depth - 1), t);
    }
    if (w < 35) {
        struct gen_point c = gen_cond(g, depth - 1);
        a = with_type(g, gen_point(g, t, depth - 1), t);
        b = gen_point(g, t, depth - 1);
        r = (struct gen_point){ ein_select(g->c, c.x, a.x, b.x), (u8)t, hull(a.v, b.v) };
    } else if (w < 60) {
        a = with_type(g, gen_point(g, t, depth - 1), t);
        r = dtype_is_float(t) ? real_unary(g, a) : whole_unary(g, a, t);
    } else {
        a = with_type(g, gen_point(g, t, depth - 1), t);
        b = gen_point(g, t, depth - 1);
        enum ein_kind k = real[gen_below(g, COUNTOF(real))];
        if (k == EIN_POW) {
            if (dtype_is_float(t)) {
                a = gen_fit(g, positive(g, a, 0.25), t, 0.25, 4);
                b = gen_fit(g, b, t, -3, 3);
                r = typed(a, ein_op2(g->c, EIN_POW, a.x, b.x), (int)t, 0, 64.1);
                return gen_fit(g, r, t, least(t), gen_most(t));
            }
            k = EIN_MAX;
        }
        r = gen_binary(g, k, a, b);
    }
    if (r.t == GEN_ANY)
        r = gen_cast(g, r, t);
    return gen_fit(g, r, t, least(t), gen_most(t));
}
