/* Random cascades: the same for a seed, read back from their text, and of everything that the IR has. */
#include "tests/unit/unit.h"

#include "compiler/base/hash.h"
#include "tests/differential/gen.h"

enum { MANY = 1500 };

static void nothing_is_missing(void **state)
{
    (void)state;
    struct arena *all = arena_new("all");
    struct gen_table *t = gen_table_new(all);
    struct buf b = { 0 };
    for (u64 seed = 1; seed <= MANY; seed++) {
        struct arena *a = arena_new("one");
        struct gen_options o = { .training = seed % 4 == 0, .wild = seed % 5 == 0 };
        gen_table_count(t, gen_cascade(a, str_pool_new(a), seed, &o));
        arena_free(a);
    }
    for (u32 i = 0; i < t->n; i++) {
        const struct gen_row *r = &t->row[i];
        if (strcmp(r->name, "none") != 0 && r->cascades < 3) {
            gen_table_print(&b, t);
            fail_msg("%s %s: in %llu of %d cascades\n%s", r->kind, r->name, (unsigned long long)r->cascades, MANY, b.at);
        }
    }
    arena_free(all);
}

static void reads_back(void **state)
{
    (void)state;
    struct buf b = { 0 }, again = { 0 };
    for (u64 seed = 1; seed <= 300; seed++) {
        struct arena *a = arena_new("one");
        struct str_pool *sp = str_pool_new(a);
        struct srcs *srcs = srcs_new(a);
        struct diags ds;
        diags_init(&ds, a, srcs);
        struct gen_options o = { .training = seed % 2 };
        buf_clear(&b);
        buf_clear(&again);
        ein_dump(&b, gen_cascade(a, sp, seed, &o));
        struct cascade *c = ein_read_text(a, sp, &ds, srcs_add(srcs, "t.ein", b.at, b.n));
        assert_non_null(c);
        assert_true(ein_verify(c, NULL));
        ein_dump(&again, c);
        assert_string_equal(b.at, again.at);
        arena_free(a);
    }
    buf_free(&b);
    buf_free(&again);
}

static void same_for_a_seed(void **state)
{
    (void)state;
    struct buf b[2] = { 0 };
    for (u64 seed = 1; seed <= 50; seed++)
        for (u32 k = 0; k < 2; k++) {
            struct arena *a = arena_new("one");
            ein_dump(&b[k], gen_cascade(a, str_pool_new(a), seed, &(struct gen_options){ 0 }));
            arena_free(a);
        }
    assert_string_equal(b[0].at, b[1].at);
    buf_free(&b[0]);
    buf_free(&b[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_missing),
        cmocka_unit_test(reads_back),
        cmocka_unit_test(same_for_a_seed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
