/* poly_f64.c - the f64 programs of poly_f64.def, and pow.  Like poly.c; sin and cos for |x| <= 2^30. */
#include "compiler/ir/poly.h"

#include <math.h>

enum { POLY_STEPS = 160 };
#define POLY_DEF "compiler/ir/poly_f64.def"
#define POLY_TABLE poly_table_f64
#define REAL double
#define WORD i64
#define WORD_UNSIGNED u64
#define MATH(g) g
#include "compiler/ir/poly_program.h"

const struct poly poly_pow_table = { "pow", COUNTOF(pow_steps), pow_steps, 1000 };

double poly_f64(enum poly_fn f, double x)
{
    return run(&poly_table_f64[f], x, 0);
}

double poly_pow_f64(double x, double y)
{
    if (poly_pow_few(y)) {
        double xx = x * x;
        return y == 1 ? x : y == 2 ? xx : y == 3 ? xx * x : y == 4 ? xx * xx : y == -1 ? 1 / x : 1 / xx;
    }
    return run(&poly_pow_table, x, y);
}
