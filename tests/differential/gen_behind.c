/* gen_behind.c - reads without a pad behind conditions that keep them in their tensors: a select's, the equation's guard.
 *
 * In: a tensor and subscripts that may leave it.  Out: the read behind a condition said in one of many ways (of the subscript, of what it is
 * a quotient of, of multiples and quotients of it, negated, in one or several selects), alone or with something made of it, and now and then
 * within casts and comparisons.  What ein_verify does not see through is not made. */
#include "tests/differential/gen_impl.h"

#include <math.h>

static ein_node op2(struct gen *g, enum ein_kind k, ein_node a, ein_node b)
{
    return ein_op2(g->c, k, a, b);
}

/* x or, of a quotient, what is divided: then *times is by what. */
static ein_node inside(struct gen *g, ein_node x, i64 *times)
{
    struct ein_x y = g->c->node.at[x];
    *times = 1;
    if (y.kind != EIN_IDIV || gen_chance(g, 40))
        return x;
    *times = g->c->node.at[y.b].i;
    return y.a;
}

static ein_node below(struct gen *g, ein_node x, i64 n)
{
    struct cascade *c = g->c;
    i64 k = gen_between(g, 2, 4), times;
    if (gen_chance(g, 20))
        n = gen_between(g, 1, n);
    x = inside(g, x, &times);
    n *= times;
    switch (gen_below(g, 7)) {
    case 0: return op2(g, EIN_LE, x, ein_int(c, n - 1));
    case 1: return ein_op1(c, EIN_NOT, op2(g, EIN_LE, ein_int(c, n), x));
    case 2: return op2(g, EIN_LT, ein_idiv(c, x, n % k ? n : k), ein_int(c, n % k ? 1 : n / k));
    case 3: return op2(g, EIN_LT, ein_imul(c, x, k), ein_int(c, k * n - (i64)gen_below(g, (u32)k)));
    case 4: return op2(g, EIN_LT, ein_int(c, -n), ein_imul(c, x, -1));
    default: return op2(g, EIN_LT, x, ein_int(c, n));
    }
}

static ein_node not_negative(struct gen *g, ein_node x)
{
    struct cascade *c = g->c;
    i64 k = gen_between(g, 2, 4), times;
    x = inside(g, x, &times);
    switch (gen_below(g, 7)) {
    case 0: return op2(g, EIN_LT, ein_int(c, -1), x);
    case 1: return ein_op1(c, EIN_NOT, op2(g, EIN_LT, x, ein_int(c, 0)));
    case 2: return op2(g, EIN_LE, ein_int(c, 0), ein_idiv(c, x, k));
    case 3: return op2(g, EIN_LT, ein_int(c, -k), ein_imul(c, x, k));
    case 4: return op2(g, EIN_LE, ein_int(c, gen_between(g, 0, 2)), x);
    default: return op2(g, EIN_LE, ein_int(c, 0), x);
    }
}

/* Is x without a read that may leave its tensor? */
static bool stays(struct gen *g, ein_node guard, ein_node x)
{
    struct ein_eq e = { .nrank = g->nrank, .rank = g->rank, .guard = guard };
    ein_nodes open = { 0 };
    ein_open_reads(g->a, g->c, &e, x, &open);
    return !open.n;
}

/* x where all conditions hold, else `otherwise`. */
static ein_node where(struct gen *g, u32 form, u32 n, const ein_node *cond, ein_node x, ein_node otherwise)
{
    ein_node all = cond[0];
    switch (form) {
    case 0:
        for (u32 i = n; i-- > 0;)
            x = ein_select(g->c, cond[i], x, otherwise);
        return x;
    case 1:
        all = ein_op1(g->c, EIN_NOT, all);
        for (u32 i = 1; i < n; i++)
            all = op2(g, EIN_OR, all, ein_op1(g->c, EIN_NOT, cond[i]));
        return ein_select(g->c, all, otherwise, x);
    default:
        for (u32 i = 1; i < n; i++)
            all = op2(g, EIN_AND, all, cond[i]);
        return ein_select(g->c, all, x, otherwise);
    }
}

/* Something made of p, behind its condition. */
static struct gen_point made_of(struct gen *g, struct gen_point p)
{
    static const enum ein_kind with[] = { EIN_MUL, EIN_MUL, EIN_ADD, EIN_SUB, EIN_MIN, EIN_MAX };
    enum dtype t = (enum dtype)p.t;
    if (dtype_is_float(t) && gen_chance(g, 50)) {
        bool e = gen_chance(g, 50);
        p = e ? gen_fit(g, p, t, -4, 4) : p;
        p = (struct gen_point){ ein_op1(g->c, e ? EIN_EXP : EIN_TANH, p.x), (u8)t, { e ? 0 : -1, e ? 56 : 1 } };
    }
    return gen_chance(g, 60) ? gen_binary(g, with[gen_below(g, COUNTOF(with))], p, gen_read(g, t)) : p;
}

bool gen_behind(struct gen *g, u32 tens, const ein_node *sub, struct gen_point *to)
{
    struct cascade *c = g->c;
    enum dtype t = c->tens.at[tens].dtype;
    ein_node cond[2 * GEN_DIMS], all = g->need;
    u32 n = 0, ndim = c->tens.at[tens].ndim;
    for (u32 i = 0; i < ndim; i++) {
        i64 lo, hi, ext = c->tens.at[tens].dim[i];
        bool known = ext > 0 && ein_range(c, sub[i], g->nrank, g->rank, &lo, &hi);
        if (ext > 0 && (!known || lo < 0))
            cond[n++] = not_negative(g, sub[i]);
        if (ext > 0 && (!known || hi >= ext))
            cond[n++] = below(g, sub[i], ext);
    }
    struct gen_point p = { ein_read(c, tens, ndim, sub, 0), (u8)t, g->tens.at[tens].v };
    if (!n || n > 6)
        return false;
    if (g->filtered && !g->in_post && !all) {
        for (u32 i = 0; i < n; i++)
            all = all ? op2(g, EIN_AND, all, cond[i]) : cond[i];
        if (stays(g, all, p.x)) {
            g->need = all;
            *to = p;
            return true;
        }
    }
    ein_node zero = ein_num(c, 0);
    u32 form = gen_below(g, 4);
    if (!stays(g, 0, where(g, form, n, cond, p.x, zero)))
        return false;
    g->behind = true;                   /* one within another only by way of its operands */
    if (t != DT_BOOL && gen_chance(g, 60))
        p = made_of(g, p);
    g->behind = false;
    double v = gen_chance(g, 50) ? 0 : 1;
    ein_node x = where(g, form, n, cond, p.x, ein_num(c, v));
    p = (struct gen_point){ x, (u8)t, { fmin(p.v.lo, v), fmax(p.v.hi, v) } };
    if (t != DT_BOOL && gen_chance(g, 20)) {
        ein_node holds = op2(g, gen_chance(g, 50) ? EIN_NE : EIN_LT, zero, gen_chance(g, 50) ? ein_cast(c, x, DT_F32) : x);
        p = (struct gen_point){ ein_select(c, holds, gen_cast(g, gen_num(g, 1), t).x, zero), (u8)t, { 0, 1 } };
    }
    *to = p;
    return true;
}
