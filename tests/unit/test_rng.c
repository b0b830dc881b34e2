/* test_rng.c - Philox4x32-10 against the known answers of its authors, and our streams. */
#include "tests/unit/unit.h"

#include "compiler/base/rng.h"

/* Random123's kat_vectors, philox4x32 10. */
static void known_answers(void **state)
{
    (void)state;
    static const struct { u32 counter[4], key[2], out[4]; } kat[] = {
        { { 0, 0, 0, 0 }, { 0, 0 }, { 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 } },
        { { ~0u, ~0u, ~0u, ~0u }, { ~0u, ~0u }, { 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd } },
        { { 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344 }, { 0xa4093822, 0x299f31d0 },
          { 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1 } },
    };
    for (u32 i = 0; i < COUNTOF(kat); i++) {
        u32 out[4];
        rng_philox(kat[i].counter, kat[i].key, out);
        assert_memory_equal(out, kat[i].out, sizeof out);
    }
}

static void streams_are_functions(void **state)
{
    (void)state;
    struct rng a = rng_make(42, 7, 99), b = rng_make(42, 7, 99), c = rng_make(42, 8, 99),
               d = rng_make(42, 7, 98), e = rng_make(43, 7, 99);
    u64 first = rng_u64(&a);
    assert_true(first == rng_u64(&b));
    assert_true(first != rng_u64(&c) && first != rng_u64(&d) && first != rng_u64(&e));
    u64 third = (rng_u64(&a), rng_u64(&a));
    b.n = 2;
    assert_true(rng_u64(&b) == third);
    u32 w[4], v[4];
    rng_at(1, 2, 3, w);
    rng_at(1, 2, 3, v);
    assert_memory_equal(w, v, sizeof w);
    rng_at(1, 3, 2, v);
    assert_memory_not_equal(w, v, sizeof w);
}

/* Frozen: a change here changes every sample and every weight ever reported. */
static void frozen(void **state)
{
    (void)state;
    struct rng r = rng_make(42, 0, 0);
    u64 a = rng_u64(&r), b = rng_u64(&r);
    u32 w[4];
    rng_at(42, 0, 0, w);
    assert_true(a == 0x9d6de93dcf9b3850ull);
    assert_true(b == 0x60a4f48502b14822ull);
    assert_true(w[0] == 0xb4979954);
}

static void unit_is_uniform(void **state)
{
    (void)state;
    struct rng r = rng_make(1, 1, 1);
    enum { N = 100000, BINS = 10 };
    u32 bin[BINS] = { 0 };
    double sum = 0;
    for (int i = 0; i < N; i++) {
        double u = rng_unit(&r);
        assert_true(u >= 0 && u < 1);
        sum += u;
        bin[(int)(u * BINS)]++;
    }
    assert_true(sum / N > 0.495 && sum / N < 0.505);
    for (int i = 0; i < BINS; i++)
        assert_in_range(bin[i], N / BINS - 500, N / BINS + 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers), cmocka_unit_test(streams_are_functions), cmocka_unit_test(frozen),
        cmocka_unit_test(unit_is_uniform),
    };
    return cmocka_run_group_tests_name("rng", tests, NULL, NULL);
}
