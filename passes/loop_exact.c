/* loop_exact.c - see loop_exact.h.
 *
 * Rounding a sum to odd - towards zero, the last bit set if anything was lost - keeps what a second rounding to fewer bits
 * must know: round(f32, odd(f64, x + y)) is x + y rounded once (Boldo and Melquiond, 2008). */
#include "passes/loop_exact.h"

struct real { struct loop_emit *e; struct ltype f, i, b; };     /* a float type, its integers, its truth */
struct pair { lval hi, lo; };

static struct real real_of(struct loop_emit *e, struct ltype t)
{
    return (struct real){ e, t, { t.dtype == DT_F64 ? DT_I64 : DT_I32, t.lanes }, { DT_BOOL, t.lanes } };
}

static lval f2(const struct real *r, enum loop_op op, lval x, lval y)
{
    return le_op(r->e, op, r->f, x, y, 0);
}

static lval i2(const struct real *r, enum loop_op op, lval x, lval y)
{
    return le_op(r->e, op, r->i, x, y, 0);
}

static lval less(const struct real *r, lval x, lval y)
{
    return le_op(r->e, LO_FLT, r->b, x, y, 0);
}

static lval both(const struct real *r, lval x, lval y)
{
    return le_op(r->e, LO_AND, r->b, x, y, 0);
}

/* Is |x| at most `most`?  Not, if it is a NaN. */
static lval within(const struct real *r, lval x, double most)
{
    lval size = f2(r, LO_FABS, x, 0), bound = le_num(r->e, r->f, most);
    return le_op(r->e, LO_FLE, r->b, size, bound, 0);
}

/* x + y = hi + lo (Knuth). */
static struct pair two_sum(const struct real *r, lval x, lval y)
{
    lval s = f2(r, LO_FADD, x, y), y1 = f2(r, LO_FSUB, s, x), x1 = f2(r, LO_FSUB, s, y1);
    lval dy = f2(r, LO_FSUB, y, y1), dx = f2(r, LO_FSUB, x, x1);
    return (struct pair){ s, f2(r, LO_FADD, dx, dy) };
}

/* x = hi + lo, 26 bits each (Veltkamp). */
static struct pair split(const struct real *r, lval x)
{
    lval g = f2(r, LO_FMUL, x, le_num(r->e, r->f, 134217729.0)), d = f2(r, LO_FSUB, g, x), hi = f2(r, LO_FSUB, g, d);
    return (struct pair){ hi, f2(r, LO_FSUB, x, hi) };
}

/* x * y = hi + lo (Dekker). */
static struct pair two_product(const struct real *r, lval x, lval y, lval product)
{
    struct pair a = split(r, x), b = split(r, y);
    lval e = f2(r, LO_FSUB, f2(r, LO_FMUL, a.hi, b.hi), product);
    e = f2(r, LO_FADD, e, f2(r, LO_FMUL, a.hi, b.lo));
    e = f2(r, LO_FADD, e, f2(r, LO_FMUL, a.lo, b.hi));
    return (struct pair){ product, f2(r, LO_FADD, e, f2(r, LO_FMUL, a.lo, b.lo)) };
}

/* x + y rounded to odd.  What was lost has the sum's sign (its bits become odd) or the other (they are one less, and odd). */
static lval odd_sum(const struct real *r, lval x, lval y)
{
    struct pair s = two_sum(r, x, y);
    lval zero = le_num(r->e, r->f, 0), word = le_op(r->e, LO_BITS, r->i, s.hi, 0, 0);
    lval below = less(r, s.lo, zero), above = less(r, zero, s.lo), minus = less(r, s.hi, zero), plus = less(r, zero, s.hi);
    lval under = both(r, below, plus), over = both(r, above, minus);
    lval away = le_op(r->e, LO_OR, r->b, under, over, 0), lost = le_op(r->e, LO_OR, r->b, below, above, 0);
    word = i2(r, LO_ISUB, word, le_op(r->e, LO_CAST, r->i, away, 0, 0));
    word = i2(r, LO_BOR, word, le_op(r->e, LO_CAST, r->i, lost, 0, 0));
    return le_op(r->e, LO_BITS, r->f, word, 0, 0);
}

/* In f64, where the product of two f32 is exact. */
static lval fma_f32(struct loop_emit *e, struct ltype t, lval a, lval b, lval c)
{
    const struct ltype wide = { DT_F64, t.lanes };
    struct real r = real_of(e, wide);
    lval x = le_op(e, LO_CAST, wide, a, 0, 0), y = le_op(e, LO_CAST, wide, b, 0, 0), z = le_op(e, LO_CAST, wide, c, 0, 0);
    return le_op(e, LO_CAST, t, odd_sum(&r, f2(&r, LO_FMUL, x, y), z), 0, 0);
}

lval exact_fma(struct loop_emit *e, struct ltype t, lval a, lval b, lval c)
{
    if (t.dtype == DT_F32)
        return fma_f32(e, t, a, b, c);
    struct real r = real_of(e, t);
    lval plain = f2(&r, LO_FADD, f2(&r, LO_FMUL, a, b), c), one = le_num(e, t, 1);
    /* very small and very large products: all in units of 2^-500 or 2^500 */
    lval size = f2(&r, LO_FABS, f2(&r, LO_FMUL, a, b), 0), tiny = less(&r, size, le_num(e, t, 0x1p-500)), huge = less(&r, le_num(e, t, 0x1p500), size);
    lval up = le_op(e, LO_SELECT, t, huge, le_num(e, t, 0x1p-250), one), down = le_op(e, LO_SELECT, t, huge, le_num(e, t, 0x1p500), one);
    up = le_op(e, LO_SELECT, t, tiny, le_num(e, t, 0x1p250), up);
    down = le_op(e, LO_SELECT, t, tiny, le_num(e, t, 0x1p-500), down);
    lval x = f2(&r, LO_FMUL, a, up), y = f2(&r, LO_FMUL, b, up), z = f2(&r, LO_FMUL, f2(&r, LO_FMUL, c, up), up), product = f2(&r, LO_FMUL, x, y);
    struct pair u = two_product(&r, x, y, product), s = two_sum(&r, z, u.lo), v = two_sum(&r, u.hi, s.hi);
    lval exact = f2(&r, LO_FMUL, f2(&r, LO_FADD, v.hi, odd_sum(&r, s.lo, v.lo)), down);
    lval fits_a = within(&r, x, 0x1p990), fits_b = within(&r, y, 0x1p990), fits_c = within(&r, z, 0x1p900);
    lval large = le_op(e, LO_FLE, r.b, le_num(e, t, 0x1p-800), f2(&r, LO_FABS, product, 0), 0);
    lval fits = both(&r, both(&r, fits_a, fits_b), both(&r, fits_c, large));
    return le_op(e, LO_SELECT, t, fits, exact, plain);
}

/* Adding what has no bits below one, and taking it away again; larger numbers have none themselves. The sign stays, of zero too. */
lval exact_round(struct loop_emit *e, enum loop_op op, struct ltype t, lval x)
{
    struct real r = real_of(e, t);
    bool wide = t.dtype == DT_F64;
    const double whole = wide ? 0x1p52 : 0x1p23;
    lval word = le_op(e, LO_BITS, r.i, x, 0, 0), sign = i2(&r, LO_BAND, word, le_bits(e, r.i, wide ? INT64_MIN : INT32_MIN));
    lval m = i2(&r, LO_BOR, sign, le_op(e, LO_BITS, r.i, le_num(e, t, whole), 0, 0));
    m = le_op(e, LO_BITS, t, m, 0, 0);
    lval near = f2(&r, LO_FSUB, f2(&r, LO_FADD, x, m), m);
    near = le_op(e, LO_BITS, t, i2(&r, LO_BOR, le_op(e, LO_BITS, r.i, near, 0, 0), sign), 0, 0);
    if (op == LO_FFLOOR) {
        lval lower = f2(&r, LO_FSUB, near, le_num(e, t, 1));
        near = le_op(e, LO_SELECT, t, less(&r, x, near), lower, near);
    }
    lval small = less(&r, f2(&r, LO_FABS, x, 0), le_num(e, t, whole));
    return le_op(e, LO_SELECT, t, small, near, x);
}
