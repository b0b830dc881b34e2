/* test_arena.c - arenas, vectors, bug traps. */
#include "tests/unit/unit.h"

#include "compiler/base/vec.h"

static void memory_is_zero_and_aligned(void **state)
{
    (void)state;
    struct arena *a = arena_new("test");
    struct arena_mark start = arena_mark(a);
    for (int round = 0; round < 3; round++) {
        for (size_t n = 0; n < 3000; n += 7) {
            unsigned char *p = arena_alloc(a, n);
            assert_non_null(p);
            assert_int_equal((uintptr_t)p % 16, 0);
            for (size_t i = 0; i < n; i++)
                assert_int_equal(p[i], 0);
            memset(p, 0xa5, n);
        }
        arena_reset(a, start);
    }
    arena_free(a);
    arena_free(NULL);
}

static void loops_that_reset_are_flat(void **state)
{
    (void)state;
    struct arena *a = arena_new("test");
    char *kept = arena_strdup(a, "kept");
    struct arena_mark m = arena_mark(a);
    size_t held = 0;
    for (int round = 0; round < 200; round++) {
        /* Sizes around and above the block size, in changing order. */
        for (size_t i = 0; i < 60; i++)
            memset(arena_alloc(a, (i * 7919 + (size_t)round * 31) % 60 * 997), 1, 1);
        arena_alloc(a, 3 << 20);
        arena_reset(a, m);
        if (round == 100)
            held = arena_bytes(a);
    }
    assert_int_equal(arena_bytes(a), held);
    assert_string_equal(kept, "kept");
    arena_clear(a);
    assert_int_equal(arena_bytes(a), held);
    arena_free(a);
}

static void marks_nest(void **state)
{
    (void)state;
    struct arena *a = arena_new("test");
    char *one = arena_printf(a, "%s-%d", "one", 1);
    struct arena_mark m1 = arena_mark(a);
    for (int i = 0; i < 2000; i++)
        arena_alloc(a, 100);
    char *two = arena_printf(a, "%05000d", 2);
    struct arena_mark m2 = arena_mark(a);
    for (int i = 0; i < 5000; i++)
        arena_alloc(a, 1000);
    arena_reset(a, m2);
    assert_int_equal(strlen(two), 5000);
    void *p2 = arena_alloc(a, 16);
    arena_reset(a, m2);
    assert_ptr_equal(arena_alloc(a, 16), p2);
    arena_reset(a, m1);
    assert_string_equal(one, "one-1");
    arena_free(a);
}

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>

/* What was not handed out, or was given back, may not be touched. */
static void free_space_is_poisoned(void **state)
{
    (void)state;
    struct arena *a = arena_new("test");
    char *before = arena_alloc(a, 20);
    struct arena_mark m = arena_mark(a);
    char *p = arena_alloc(a, 100);
    assert_false(__asan_address_is_poisoned(before + 19) || __asan_address_is_poisoned(p + 99));
    assert_true(__asan_address_is_poisoned(before + 20) && __asan_address_is_poisoned(p + 100));
    arena_alloc(a, 10000);
    arena_reset(a, m);
    assert_true(__asan_address_is_poisoned(p));
    assert_false(__asan_address_is_poisoned(before));
    assert_false(__asan_address_is_poisoned(arena_alloc(a, 1)));
    arena_free(a);
}
#endif

static void absurd_sizes_unwind(void **state)
{
    (void)state;
    struct arena *a = arena_new("test");
    expect_bug(arena_alloc(a, SIZE_MAX));
    expect_bug(arena_alloc(a, SIZE_MAX / 4));
    arena_free(a);
}

static void vectors_grow(void **state)
{
    (void)state;
    struct arena *a = arena_new("test");
    VEC(u32) v = { 0 };
    for (u32 i = 0; i < 100000; i++)
        vec_push(a, &v, i * i);
    assert_int_equal(v.n, 100000);
    for (u32 i = 0; i < v.n; i++)
        assert_true(v.at[i] == i * i);
    arena_free(a);
}

static void inner_bug(void)
{
    struct bug_trap inner;
    bug_trap_push(&inner);
    if (setjmp(inner.back)) {
        assert_non_null(strstr(inner.text, "test_arena.c:"));
        assert_non_null(strstr(inner.text, ": inner 7"));
        BUG("outer");
    }
    BUG("inner %d", 7);
}

static void traps_nest(void **state)
{
    (void)state;
    struct bug_trap outer;
    bug_trap_push(&outer);
    if (!setjmp(outer.back)) {
        inner_bug();
        fail();
    }
    assert_non_null(strstr(outer.text, ": outer"));
    bug_trap_pop(&outer);
    expect_bug(CHECK(1 + 1 == 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zero_and_aligned), cmocka_unit_test(loops_that_reset_are_flat),
#ifdef __SANITIZE_ADDRESS__
        cmocka_unit_test(free_space_is_poisoned),
#endif
        cmocka_unit_test(marks_nest), cmocka_unit_test(absurd_sizes_unwind),
        cmocka_unit_test(vectors_grow), cmocka_unit_test(traps_nest),
    };
    return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
