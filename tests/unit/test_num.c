/* test_num.c - exact rationals, reals without libm, saturating counts. */
#include "tests/unit/unit.h"

#include "compiler/base/num.h"
#include "compiler/base/real.h"
#include "compiler/base/rng.h"

#include <math.h>

static struct buf out;

static const char *show(struct num a)
{
    buf_clear(&out);
    num_print(&out, a);
    return out.at;
}

#define assert_num(e, text) assert_string_equal(show(e), text)
#define I(v) num_int(v)
#define R(n, d) num_rat(n, d)
static const char BAD[] = "<bad number>";

static void rationals(void **state)
{
    (void)state;
    assert_num(num_add(R(1, 3), R(1, 6)), "1/2");
    assert_num(num_sub(R(1, 3), R(1, 3)), "0");
    assert_num(num_mul(R(-2, 3), R(3, 4)), "-1/2");
    assert_num(num_div(I(7), I(-14)), "-1/2");
    assert_num(num_div(I(7), I(0)), BAD);
    assert_num(R(6, -4), "-3/2");
    assert_num(R(1, 0), BAD);
    assert_num(R(0, -5), "0");
    assert_num(num_floor(R(7, 2)), "3");
    assert_num(num_floor(R(-7, 2)), "-4");
    assert_num(num_floor(I(-4)), "-4");
    assert_num(num_abs(R(-7, 2)), "7/2");
    assert_num(num_mod(I(7), I(3)), "1");
    assert_num(num_mod(I(-7), I(3)), "2");
    assert_num(num_mod(I(7), I(-3)), "-2");
    assert_num(num_mod(R(7, 2), R(1, 3)), "1/6");
    assert_num(num_mod(I(7), I(0)), BAD);
    assert_num(num_neg(R(3, 4)), "-3/4");
    i64 v;
    assert_true(num_is_int(R(8, 4), &v) && v == 2);
    assert_false(num_is_int(R(9, 4), &v));
    assert_true(num_is_int(num_real(3), &v) && v == 3);
    assert_false(num_is_int(num_real(1e30), &v));
    assert_int_equal(num_cmp(R(1, 3), R(2, 6)), 0);
    assert_int_equal(num_cmp(R(1, 3), num_real(0.5)), -1);
    expect_bug(num_cmp(I(1), num_div(I(1), I(0))));
}

static void overflow_is_bad(void **state)
{
    (void)state;
    struct num most = I(INT64_MAX), least = I(INT64_MIN);
    assert_num(num_add(most, I(1)), BAD);
    assert_num(num_sub(least, I(1)), BAD);
    assert_num(num_mul(most, I(2)), BAD);
    assert_num(num_neg(least), BAD);
    assert_num(num_abs(least), BAD);
    assert_num(num_div(least, I(-1)), BAD);
    assert_num(num_mod(least, I(-1)), "0");
    assert_num(num_add(most, I(0)), "9223372036854775807");
    assert_num(num_mul(least, I(1)), "-9223372036854775808");
    assert_num(R(INT64_MIN, INT64_MIN), "1");
    assert_num(R(INT64_MIN, -1), BAD);
    assert_num(R(1, INT64_MIN), BAD);
    assert_num(R(2, INT64_MIN), "-1/4611686018427387904");
    assert_num(num_mul(R(INT64_MAX, 2), R(2, INT64_MAX)), "1");
    assert_num(num_add(R(1, INT64_MAX), R(1, INT64_MAX - 1)), BAD);
    assert_num(num_add(num_add(most, I(1)), I(1)), BAD);
}

static void powers_and_roots(void **state)
{
    (void)state;
    assert_num(num_pow(I(2), I(62)), "4611686018427387904");
    assert_num(num_pow(I(-2), I(63)), "-9223372036854775808");
    assert_num(num_pow(I(2), I(63)), BAD);
    assert_num(num_pow(I(2), I(INT64_MAX)), BAD);
    assert_num(num_pow(R(2, 3), I(-3)), "27/8");
    assert_num(num_pow(I(3), I(INT64_MIN)), BAD);
    assert_num(num_pow(I(-1), I(INT64_MIN)), "1");
    assert_num(num_pow(I(0), I(0)), "1");
    assert_num(num_pow(I(0), I(-1)), BAD);
    assert_num(num_pow(I(4), R(1, 2)), "2.0");
    assert_num(num_pow(I(-4), R(1, 2)), BAD);
    assert_num(num_sqrt(I(144)), "12");
    assert_num(num_sqrt(R(9, 16)), "3/4");
    assert_num(num_sqrt(I(0)), "0");
    assert_num(num_sqrt(I(2)), "1.4142135623730951");
    assert_num(num_sqrt(I(-1)), BAD);
    assert_num(num_sqrt(I(9223372030926249001)), "3037000499");
    assert_num(num_exp(I(0)), "1.0");
    assert_num(num_exp(I(1000)), BAD);
    assert_num(num_log(I(1)), "0.0");
    assert_num(num_log(I(0)), BAD);
    assert_num(num_real(NAN), BAD);
    assert_num(num_real(2.5), "2.5");
    assert_num(num_real(1e21), "1e+21");
    assert_num(num_add(I(1), num_real(0.5)), "1.5");
}

/* Known bits: these must not depend on the machine. */
static void transcendental_bits(void **state)
{
    (void)state;
    assert_true(real_exp(1) == 0x1.5bf0a8b14576ap+1);
    assert_true(real_log(10) == 0x1.26bb1bbb55516p+1);
    assert_true(real_exp(-1000) == 0 && isinf(real_exp(1000)));
    assert_true(real_exp(-3.7) == 0x1.9511fc6871044p-6 && real_pow(3.3, 2.7) == 0x1.91e3f087998f6p+4);
    assert_true(isinf(real_log(0)) && isnan(real_log(-1)));
    assert_true(real_pow(2, 10) == 1024 && real_pow(-2, 3) == -8 && isnan(real_pow(-2, 0.5)));
    assert_true(real_pow(0, 2) == 0 && real_pow(5, 0) == 1 && isinf(real_pow(0, -1)));
    struct rng r = rng_make(1, 2, 3);
    for (int i = 0; i < 20000; i++) {
        double x = (rng_unit(&r) - 0.5) * 1400;
        long double e = expl((long double)x), l = logl((long double)fabs(x));
        if (x > -700)
            assert_true(fabsl(real_exp(x) - e) <= e * 0x1p-52L);
        assert_true(fabsl(real_log(fabs(x)) - l) <= fabsl(l) * 0x1p-52L);
    }
}

static void counts_saturate(void **state)
{
    (void)state;
    u128 big = (u128)1 << 127;
    buf_clear(&out);
    count_print(&out, count_add(big, big - 1));
    assert_string_equal(out.at, ">=2^128");
    assert_true(count_add(big, big) == COUNT_MAX);
    assert_true(count_add(big, big - 2) == COUNT_MAX - 1);
    assert_true(count_mul(big, 2) == COUNT_MAX);
    assert_true(count_mul(big, 1) == big);
    assert_true(count_mul(COUNT_MAX, 0) == 0);
    assert_true(count_mul((u128)UINT64_MAX, UINT64_MAX) == (u128)UINT64_MAX * UINT64_MAX);
    buf_clear(&out);
    count_print(&out, 0);
    count_print(&out, big);
    assert_string_equal(out.at, "0170141183460469231731687303715884105728");
}

static int done(void **state)
{
    (void)state;
    buf_free(&out);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rationals), cmocka_unit_test(overflow_is_bad), cmocka_unit_test(powers_and_roots),
        cmocka_unit_test(transcendental_bits), cmocka_unit_test(counts_saturate),
    };
    return cmocka_run_group_tests_name("num", tests, NULL, done);
}
