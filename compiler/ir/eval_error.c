/* eval_error.c - running error analysis: how far an evaluation in the working precision may be from the value here.
 *
 * In: an operation's value d and its operands' values and bounds.  Out: a bound for the result, where the other evaluation has
 * operands anywhere within their bounds, and rounds once per operation (functions: within the ulps of
 * ir/poly.h).  Infinite where a pole or the end of a domain is within the bounds. */
#include "compiler/ir/eval_prog.h"

#include "compiler/ir/elem.h"
#include "compiler/ir/poly.h"

#include <math.h>

double eval_round(enum dtype t, double x)
{
    return t == DT_F32 ? (double)(float)x : t == DT_F64 || !dtype_is_float(t) ? x : elem_round(t, x);
}

/* In units of u: an ulp is two. */
static double ulps(enum poly_fn f)
{
    return 2 * poly_table[f].ulp + 1;
}

/* May x op y come out the other way? */
static bool near(double a, double ea, double b, double eb)
{
    double e = ea + eb;
    return e > 0 && !(fabs(a - b) > e);
}

/* The least |x| within a's bounds. */
static double nearest_zero(double a, double ea)
{
    double m = fabs(a) - ea;
    return m > 0 ? m : 0;
}

/* Of sin and cos: beyond where the polynomials reduce their argument well (poly_f32.def, poly_f64.def), they are only numbers in [-1, 1]. */
static double turn_err(enum dtype t, double a, double ea)
{
    return fabs(a) + ea <= (t == DT_F64 ? 0x1p30 : 0x1p17) ? fmin(ea, 2) : 2;
}

static double step_err(double (*f)(double), double a, double ea, double d)
{
    if (!ea)
        return 0;
    return fmax(fabs(f(a + ea) - d), fabs(f(a - ea) - d));
}

static double div_err(enum dtype t, double d, double ea, double b, double eb)
{
    if (!(fabs(b) > eb))
        return eb == 0 && ea == 0 ? 0 : INFINITY;
    return eval_rounded(t, d, (ea + eval_times(fabs(d), eb)) / (fabs(b) - eb), 2);
}

static double pow_err(enum dtype t, double d, double a, double ea, double b, double eb)
{
    if (a == 0 || !(fabs(a) > ea))
        return ea == 0 && eb == 0 ? 0 : eb == 0 && b >= 1 ? eval_rounded(t, d, fabs(d) + pow(fabs(a) + ea, b), 4) : INFINITY;
    double rel = eval_times(fabs(b) + eb, ea) / (fabs(a) - ea) + eval_times(fabs(log(fabs(a))), eb);
    return eval_rounded(t, d, eval_times(fabs(d), expm1(rel)), 2 * 2 + 4);
}

double eval_err_op(enum ein_kind k, enum dtype t, double d, double a, double ea, double b, double eb, double c, double ec)
{
    double m;
    switch (k) {
    case EIN_NEG: case EIN_ABS: return ea;
    case EIN_SIGN: return ea > 0 && !(fabs(a) > ea) ? 2 : 0;
    case EIN_SQRT:
        if (ea == 0)
            return eval_rounded(t, d, 0, 1);
        return a > ea ? eval_rounded(t, d, ea / (sqrt(a) + sqrt(a - ea)), 1) : INFINITY;
    case EIN_RSQRT:
        return a > ea ? eval_rounded(t, d, 1 / sqrt(a - ea) - d, 4) : ea == 0 ? 0 : INFINITY;
    case EIN_EXP: return eval_rounded(t, d, d == 0 ? exp(a + ea) : eval_times(d, expm1(ea)), ulps(POLY_EXP));
    case EIN_LOG:
        if (ea == 0)
            return eval_rounded(t, d, 0, ulps(POLY_LOG));
        return a > ea ? eval_rounded(t, d, -log1p(-ea / a), ulps(POLY_LOG)) : INFINITY;
    case EIN_TANH:
        m = cosh(fmin(nearest_zero(a, ea), 300));
        return eval_rounded(t, d, fmin(ea / (m * m), 2), ulps(POLY_TANH));
    case EIN_SIGMOID:
        m = exp(-nearest_zero(a, ea));
        return eval_rounded(t, d, fmin(eval_times(ea, m) / ((1 + m) * (1 + m)), 1), ulps(POLY_SIGMOID));
    case EIN_ERF:
        m = nearest_zero(a, ea);
        return eval_rounded(t, d, fmin(ea * 1.1283791670955126 * exp(-m * m), 2), ulps(POLY_ERF));
    case EIN_SIN: return eval_rounded(t, d, turn_err(t, a, ea), ulps(POLY_SIN));
    case EIN_COS: return eval_rounded(t, d, turn_err(t, a, ea), ulps(POLY_COS));
    case EIN_FLOOR: return step_err(floor, a, ea, d);
    case EIN_ADD: case EIN_SUB:
        if (ea == 0 && eb == 0 && (a == 0 || b == 0))
            return 0;
        return eval_rounded(t, d, ea + eb, 1);
    case EIN_MUL:
        if (ea == 0 && eb == 0 && (fabs(a) == 1 || fabs(b) == 1))
            return 0;
        return eval_rounded(t, d, eval_times(fabs(a), eb) + eval_times(fabs(b), ea) + eval_times(ea, eb), 1);
    case EIN_DIV: case EIN_DIV0:
        if (k == EIN_DIV0 && b == 0 && eb == 0)
            return 0;
        m = div_err(t, d, ea, b, eb);
        return dtype_is_float(t) || !m ? m : m + 1;     /* a quotient of integers is floored */
    case EIN_POW: return pow_err(t, d, a, ea, b, eb);
    case EIN_PMOD: {
        double q = a / b, eq = div_err(t, q, ea, b, eb);
        if (!(eq < INFINITY))
            return INFINITY;
        if (floor(q + eq) != floor(q - eq))
            return fabs(b) + ea + eb;
        return eval_rounded(t, fabs(a) + fabs(b), ea + eval_times(fabs(floor(q)), eb), 2);
    }
    case EIN_MIN: return a + ea < b - eb ? ea : b + eb < a - ea ? eb : fmax(ea, eb);
    case EIN_MAX: return a - ea > b + eb ? ea : b - eb > a + ea ? eb : fmax(ea, eb);
    case EIN_LT: case EIN_LE: case EIN_EQ: case EIN_NE: return near(a, ea, b, eb);
    case EIN_AND: return (ea > 0 && (b != 0 || eb > 0)) || (eb > 0 && (a != 0 || ea > 0));
    case EIN_OR: return (ea > 0 && (b == 0 || eb > 0)) || (eb > 0 && (a == 0 || ea > 0));
    case EIN_NOT: return ea > 0;
    case EIN_SELECT:
        if (ea > 0)
            return b == c ? fmax(eb, ec) : fmax(fabs(d - b) + eb, fabs(d - c) + ec);
        return a != 0 ? eb : ec;
    default: return ea;
    }
}

double eval_cast_err(enum dtype to, double v, double e)
{
    if (dtype_is_float(to))
        return eval_round(to, v) == v && e == 0 ? 0 : eval_rounded(to, v, e, 1);
    if (to == DT_BOOL)
        return e > 0 && !(fabs(v) > e);
    return step_err(trunc, v, e, trunc(v));
}
