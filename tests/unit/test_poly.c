/* test_poly.c - the polynomial functions against long double: greatest error in ulp over the whole range, special values,
 * and that programs are straight lines (every step reads earlier ones). */
#include "compiler/ir/poly.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static long double sigmoidl(long double x) { return 1 / (1 + expl(-x)); }
typedef long double (*truth_fn)(long double);
static const truth_fn truth[POLYS] = { expl, logl, tanhl, erfl, sinl, cosl, sigmoidl };

/* The distance of y from want, in units of the last place of want in f32 or f64. */
static double ulps(long double want, double y, int digits, int least)
{
    if (isnan(want))
        return isnan(y) ? 0 : INFINITY;
    long double most = digits == 24 ? 0x1.ffffffp127L : 0x1.fffffffffffff8p1023L;
    if (fabsl(want) >= most)
        return isinf(y) && (y > 0) == (want > 0) ? 0 : INFINITY;
    if (isnan(y) || isinf(y))
        return INFINITY;
    int e;
    frexpl(want, &e);
    e = e - digits < least ? least : e - digits;
    return (double)(fabsl((long double)y - want) / ldexpl(1, e));
}

static u32 stride32(void)
{
    const char *s = getenv("NASC_POLY_STRIDE");         /* 1: every float */
    return s ? (u32)strtoul(s, NULL, 10) : 9973;
}

static void test_f32(void **state)
{
    (void)state;
    for (u32 f = 0; f < POLYS; f++) {
        double worst = 0;
        float at = 0;
        for (u64 b = 0; b <= UINT32_MAX; b += stride32()) {
            u32 bits = (u32)b;
            float x;
            memcpy(&x, &bits, 4);
            if ((f == POLY_SIN || f == POLY_COS) && fabsf(x) > 0x1p17f)
                continue;
            double e = ulps(truth[f]((long double)x), (double)poly_f32((enum poly_fn)f, x), 24, -149);
            if (e > worst)
                worst = e, at = x;
        }
        printf("  f32 %-8s %.3f ulp at %a (bound %.2f)\n", poly_table[f].name, worst, (double)at, poly_table[f].ulp);
        assert_true(worst <= poly_table[f].ulp);
    }
}

static void test_f64(void **state)
{
    (void)state;
    for (u32 f = 0; f < POLYS; f++) {
        double worst = 0, at = 0;
        for (u64 k = 0; k < 400000; k++) {
            /* bit patterns spread over all exponents, and a dense run over the middle */
            u64 bits = k * 0x9e3779b97f4a7c15u;
            double x;
            memcpy(&x, &bits, 8);
            if (k % 2)
                x = ((double)(k * 2654435761u % 1000003) / 1000003 - 0.5) * (f == POLY_EXP || f == POLY_SIGMOID ? 1500 : k % 4 == 1 ? 14 : 3);
            if ((f == POLY_SIN || f == POLY_COS) && fabs(x) > 0x1p30)
                continue;
            double e = ulps(truth[f]((long double)x), poly_f64((enum poly_fn)f, x), 53, -1074);
            if (e > worst)
                worst = e, at = x;
        }
        printf("  f64 %-8s %.3f ulp at %a (bound %.2f)\n", poly_table_f64[f].name, worst, at, poly_table_f64[f].ulp);
        assert_true(worst <= poly_table_f64[f].ulp);
    }
}

static void test_specials(void **state)
{
    (void)state;
    for (u32 f = 0; f < POLYS; f++) {
        assert_true(isnan(poly_f32((enum poly_fn)f, NAN)));
        assert_true(isnan(poly_f64((enum poly_fn)f, NAN)));
    }
    assert_true(poly_f32(POLY_EXP, INFINITY) == INFINITY && poly_f32(POLY_EXP, -INFINITY) == 0);
    assert_true(poly_f32(POLY_EXP, 0x1.62e42ep+6f) < INFINITY && poly_f32(POLY_EXP, 88.73f) == INFINITY);
    assert_true(poly_f32(POLY_EXP, -103.98f) == 0 && poly_f32(POLY_EXP, -103.0f) > 0 && poly_f32(POLY_EXP, 0) == 1);
    assert_true(poly_f32(POLY_LOG, 0) == -INFINITY && poly_f32(POLY_LOG, -0.0f) == -INFINITY && isnan(poly_f32(POLY_LOG, -1)));
    assert_true(poly_f32(POLY_LOG, INFINITY) == INFINITY && poly_f32(POLY_LOG, 1) == 0 && isnan(poly_f32(POLY_LOG, -INFINITY)));
    assert_true(poly_f32(POLY_TANH, INFINITY) == 1 && poly_f32(POLY_TANH, -INFINITY) == -1 && poly_f32(POLY_TANH, 0) == 0);
    assert_true(poly_f32(POLY_ERF, INFINITY) == 1 && poly_f32(POLY_ERF, -INFINITY) == -1);
    assert_true(poly_f32(POLY_SIGMOID, INFINITY) == 1 && poly_f32(POLY_SIGMOID, -INFINITY) == 0 && poly_f32(POLY_SIGMOID, 0) == 0.5f);
    assert_true(isnan(poly_f32(POLY_SIN, INFINITY)) && isnan(poly_f32(POLY_COS, -INFINITY)) && poly_f32(POLY_COS, 0) == 1);
    assert_true(fabsf(poly_f32(POLY_SIN, 3e38f)) <= 1 && fabs(poly_f64(POLY_SIN, 1e300)) <= 1);     /* lost, but bounded */
    assert_true(poly_f64(POLY_EXP, INFINITY) == INFINITY && poly_f64(POLY_EXP, -INFINITY) == 0);
    assert_true(poly_f64(POLY_LOG, 0) == -INFINITY && isnan(poly_f64(POLY_LOG, -1)));
}

static void test_pow(void **state)
{
    (void)state;
    const double special[] = { 0.0, -0.0, 1, -1, 2, -2, 3, 0.5, -0.5, 2.5, 1e300, -1e300, 1e-310, 7, -7, 0x1p53, 0x1p53 + 2, INFINITY, -INFINITY, NAN };
    for (u32 i = 0; i < COUNTOF(special); i++)
        for (u32 j = 0; j < COUNTOF(special); j++) {
            double x = special[i], y = special[j], want = pow(x, y), got = poly_pow_f64(x, y);
            bool same = isnan(want) ? isnan(got) : isinf(want) || want == 0 ? got == want && signbit(got) == signbit(want) :
                        fabs(got - want) <= 1e-13 * fabs(want) + 0x1p-1073;
            if (!same)
                print_error("pow(%g, %g) = %g, not %g\n", x, y, got, want);
            assert_true(same);
        }
    double worst = 0;
    for (u32 k = 1; k < 200000; k++) {
        double x = exp(((double)(k * 2654435761u % 100003) / 100003 - 0.5) * 40), y = ((double)(k * 40503u % 99991) / 99991 - 0.5) * 60;
        long double want = powl((long double)x, (long double)y);
        if (want > 1e300L || want < 1e-300L)
            continue;
        double e = (double)(fabsl((long double)poly_pow_f64(x, y) - want) / want);
        worst = e > worst ? e : worst;
        float xf = (float)x, yf = (float)y;
        long double wf = powl((long double)xf, (long double)yf);
        assert_true(ulps(wf, (double)poly_pow_f32(xf, yf), 24, -149) <= 0.51);
    }
    printf("  f64 pow      %.2g relative\n", worst);
    assert_true(worst < 1e-13);
    for (float x = -3; x < 3; x += 0.37f) {
        assert_true(poly_pow_f32(x, 2) == x * x && poly_pow_f32(x, 3) == x * x * x && poly_pow_f32(x, -1) == 1 / x);
        assert_true(poly_pow_f32(x, 0) == 1);
    }
}

static void test_straight(void **state)
{
    (void)state;
    const u8 args[] = { [PO_ADD] = 2, [PO_SUB] = 2, [PO_MUL] = 2, [PO_FMA] = 3, [PO_DIV] = 2, [PO_MIN] = 2, [PO_MAX] = 2, [PO_ABS] = 1,
                        [PO_NEG] = 1, [PO_ROUND] = 1, [PO_SQRT] = 1, [PO_F2I] = 1, [PO_I2F] = 1, [PO_IADD] = 2, [PO_ISUB] = 2, [PO_ISHL] = 2,
                        [PO_ISHR] = 2, [PO_IAND] = 2, [PO_IOR] = 2, [PO_BITS] = 1, [PO_FLOAT] = 1, [PO_LT] = 2, [PO_LE] = 2, [PO_EQ] = 2,
                        [PO_SELECT] = 3, [PO_FLOOR] = 1 };
    for (u32 t = 0; t < 2 * POLYS + 1; t++) {
        const struct poly *p = t == 2 * POLYS ? &poly_pow_table : t < POLYS ? &poly_table[t] : &poly_table_f64[t - POLYS];
        assert_non_null(p->name);
        for (u32 k = 0; k < p->n; k++) {
            u32 n = args[p->step[k].op];
            assert_true(n < 1 || p->step[k].a < k);
            assert_true(n < 2 || p->step[k].b < k);
            assert_true(n < 3 || p->step[k].c < k);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_straight), cmocka_unit_test(test_f32), cmocka_unit_test(test_f64),
        cmocka_unit_test(test_specials), cmocka_unit_test(test_pow),
    };
    return cmocka_run_group_tests_name("poly", tests, NULL, NULL);
}
