/* Weights: the same bytes for ever, any part on its own, and the distributions they claim. */
#include "tests/unit/unit.h"

#include "compiler/ir/weight.h"

enum { N = 200000 };
static float *big;

static int setup(void **state)
{
    (void)state;
    big = malloc(N * sizeof *big);
    return big ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    free(big);
    return 0;
}

static struct ein_tens param(enum init_kind k, double x, double y)
{
    return (struct ein_tens){ .role = EIN_PARAM, .init = (u8)k, .init_arg = { x, y }, .number = 3 };
}

static u64 bytes_of(const struct ein_tens *t, u64 seed, u64 n)
{
    weight_fill(t, seed, 0, n, big);
    return hash64(big, n * sizeof *big);
}

/* These numbers are part of every saved result: they may never change. */
static void golden(void **state)
{
    (void)state;
    static const struct { enum init_kind k; double x, y; u64 hash; } row[] = {
#define GOLDEN(k, x, y, h) { k, x, y, h }
        GOLDEN(INIT_UNIFORM, -1, 1, 0x2fea730286bb88d7ull),
        GOLDEN(INIT_NORMAL, 0, 1, 0x8a344cf01fd9b965ull),
        GOLDEN(INIT_TRUNC_NORMAL, 0, 1, 0x8d43ec2cc92e1449ull),
        GOLDEN(INIT_KAIMING_UNIFORM, 64, 0, 0x20f68acaa0dc0266ull),
        GOLDEN(INIT_XAVIER_NORMAL, 64, 32, 0x11cf007ebfd7404full),
    };
    for (u32 i = 0; i < COUNTOF(row); i++) {
        struct ein_tens t = param(row[i].k, row[i].x, row[i].y);
        u64 h = bytes_of(&t, 42, 10000);
        if (h != row[i].hash)
            fail_msg("initializer %u: 0x%016llx", row[i].k, (unsigned long long)h);
    }
    struct ein_tens t = param(INIT_UNIFORM, 0, 1);
    float four[4];
    weight_fill(&t, 42, 0, 4, four);
    assert_true(four[0] == 0.113531649f && four[1] == 0.755007803f);
}

static void any_part(void **state)
{
    (void)state;
    static const enum init_kind kind[] = { INIT_UNIFORM, INIT_NORMAL, INIT_TRUNC_NORMAL };
    for (u32 k = 0; k < COUNTOF(kind); k++) {
        struct ein_tens t = param(kind[k], 0, 1), other = t;
        weight_fill(&t, 7, 0, 1000, big);
        float part[64];
        for (u64 first = 0; first < 900; first += 37) {
            weight_fill(&t, 7, first, 5 + first % 50, part);
            assert_memory_equal(part, big + first, (5 + first % 50) * sizeof *part);
        }
        other.number = 4;
        weight_fill(&other, 7, 0, 64, part);
        assert_memory_not_equal(part, big, sizeof part);
        weight_fill(&t, 8, 0, 64, part);
        assert_memory_not_equal(part, big, sizeof part);
    }
}

static void moments(void **state)
{
    (void)state;
    /* min, max, mean, variance, fourth moment over variance squared */
    static const struct { enum init_kind k; double x, y, lo, hi, mean, var, kurt; } row[] = {
        { INIT_UNIFORM, -1, 3, -1, 3, 1, 16.0 / 12, 1.8 },
        { INIT_NORMAL, 2, 0.5, -1, 5, 2, 0.25, 3 },
        { INIT_TRUNC_NORMAL, 0, 1, -2, 2, 0, 0.7737, 2.366 },
        { INIT_KAIMING_UNIFORM, 16, 0, -0.25, 0.25, 0, 0.25 * 0.25 / 3, 1.8 },
        { INIT_KAIMING_NORMAL, 8, 0, -3, 3, 0, 0.25, 3 },
        { INIT_XAVIER_UNIFORM, 16, 8, -0.5, 0.5, 0, 0.25 / 3, 1.8 },
        { INIT_XAVIER_NORMAL, 5, 3, -3, 3, 0, 0.25, 3 },
    };
    for (u32 i = 0; i < COUNTOF(row); i++) {
        struct ein_tens t = param(row[i].k, row[i].x, row[i].y);
        weight_fill(&t, 1, 0, N, big);
        double sum = 0, two = 0, four = 0;
        for (u32 k = 0; k < N; k++) {
            assert_true(big[k] >= row[i].lo && big[k] <= row[i].hi);
            sum += big[k];
        }
        double mean = sum / N;
        for (u32 k = 0; k < N; k++) {
            double d = (big[k] - mean) * (big[k] - mean);
            two += d;
            four += d * d;
        }
        double var = two / N, kurt = four / N / (var * var), sd = row[i].var;
        assert_true((mean - row[i].mean) * (mean - row[i].mean) < 16 * sd / N);
        assert_true(var > 0.98 * row[i].var && var < 1.02 * row[i].var);
        assert_true(kurt > 0.97 * row[i].kurt && kurt < 1.03 * row[i].kurt);
    }
    struct ein_tens t = param(INIT_CONSTANT, 2.5, 0);
    weight_fill(&t, 1, 0, 8, big);
    assert_true(big[7] == 2.5f);
}

/* Quantiles as tables give them. */
static void normal_quantiles(void **state)
{
    (void)state;
    static const struct { double p, z; } row[] = {
        { 0.5, 0 }, { 0.75, 0.6744897501960817 }, { 0.975, 1.959963984540054 }, { 0.99, 2.3263478740408408 }, { 0.9999, 3.719016485455709 },
        { 0.999999, 4.753424308822899 }, { 1e-9, -5.997807015007696 }, { 0.025, -1.959963984540054 }, { 1e-12, -7.034483825301132 },
    };
    for (u32 i = 0; i < COUNTOF(row); i++) {
        u64 w = (u64)(row[i].p * 0x1p52);
        double z = weight_normal((u32)(w >> 20), (u32)(w << 12)), e = z - row[i].z;
        double tol = 2e-7 * (row[i].z < 0 ? -row[i].z : row[i].z) + 1e-9 + (row[i].p < 1e-10 ? 1e-4 : 0);
        if (e > tol || e < -tol)
            fail_msg("quantile of %g: off by %g", row[i].p, e);
    }
    assert_true(weight_normal(0, 0) < -8 && weight_normal(0xffffffff, 0xffffffff) > 8);
    assert_true(weight_normal(0, 0) == -weight_normal(0xffffffff, 0xffffffff));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(golden, setup, teardown),
        cmocka_unit_test_setup_teardown(any_part, setup, teardown),
        cmocka_unit_test_setup_teardown(moments, setup, teardown),
        cmocka_unit_test_setup_teardown(normal_quantiles, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
