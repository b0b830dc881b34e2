/* poly.c - the f32 programs of poly_f32.def, and running them.
 *
 * In: a function and an argument.  Out: its value, with the bits that the same steps in loop IR give.
 * Each table row says the greatest error in ulp (a bound with some room over what tests/unit/test_poly.c finds against
 * long double; sin and cos for |x| <= 2^17).  Subnormal results are rounded like others; overflow gives infinity, underflow 0,
 * a NaN a NaN. */
#include "compiler/ir/poly.h"

#include <math.h>

enum { POLY_STEPS = 160 };
#define POLY_DEF "compiler/ir/poly_f32.def"
#define POLY_TABLE poly_table
#define REAL float
#define WORD i32
#define WORD_UNSIGNED u32
#define MATH(g) g##f
#include "compiler/ir/poly_program.h"

float poly_f32(enum poly_fn f, float x)
{
    return run(&poly_table[f], x, 0);
}

float poly_pow_f32(float x, float y)
{
    if (poly_pow_few(y)) {
        float xx = x * x;
        return y == 1 ? x : y == 2 ? xx : y == 3 ? xx * x : y == 4 ? xx * xx : y == -1 ? 1 / x : 1 / xx;
    }
    return (float)poly_pow_f64((double)x, (double)y);
}
