/* Interned types: equality by id, memory of folds, text that reads back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "compiler/ir/type.h"

struct world { struct arena *a; struct types *t; struct buf b; };

static int setup(void **state)
{
    struct world *w = test_calloc(1, sizeof *w);
    w->a = arena_new("test");
    w->t = types_new(w->a);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    buf_free(&w->b);
    arena_free(w->a);
    test_free(w);
    return 0;
}

static const char *text(struct world *w, type_id id, bool all)
{
    buf_clear(&w->b);
    type_print(&w->b, w->t, id, all);
    return w->b.at;
}

static void interned(void **state)
{
    struct world *w = *state;
    axis_id a = axis_plain(w->t, 32), b = axis_plain(w->t, 3);
    assert_int_equal(a, axis_plain(w->t, 32));
    assert_int_not_equal(a, b);
    axis_id hw[2] = { a, a }, hb[2] = { a, b };
    axis_id f = axis_fold(w->t, 2, hw);
    assert_int_equal(f, axis_fold(w->t, 2, hw));
    assert_int_not_equal(f, axis_plain(w->t, 1024));
    assert_int_equal(axis_extent(w->t, f), 1024);
    assert_int_not_equal(axis_fold(w->t, 2, hb), f);
    type_id x = type_make(w->t, DT_F32, 2, hw);
    assert_int_equal(x, type_make(w->t, DT_F32, 2, hw));
    assert_int_not_equal(x, type_make(w->t, DT_F16, 2, hw));
    assert_int_not_equal(x, type_make(w->t, DT_F32, 1, hw));
    assert_int_not_equal(type_make(w->t, DT_F32, 0, NULL), 0);
    assert_true(type_elems(w->t, x) == 1024);
}

static void unify(void **state)
{
    struct world *w = *state;
    axis_id a = axis_plain(w->t, 4), b = axis_plain(w->t, 8);
    axis_id ab[2] = { a, b }, ba[2] = { b, a };
    axis_id x = axis_fold(w->t, 2, ab), y = axis_fold(w->t, 2, ba), p = axis_plain(w->t, 32);
    assert_int_equal(axis_unify(w->t, x, x), x);
    assert_int_equal(axis_unify(w->t, x, y), p);
    assert_int_equal(axis_unify(w->t, x, p), p);
    assert_int_equal(axis_unify(w->t, a, b), 0);
}

static void texts(void **state)
{
    struct world *w = *state;
    static const char *const good[] = {
        "[3, 32, 32]", "[]", "[(32 32), (64 3 3)]", "i32[128]", "bf16[((4 8) 2), 5]", "bool[1]",
    };
    for (u32 i = 0; i < COUNTOF(good); i++) {
        const char *end;
        type_id id = type_parse(w->t, good[i], &end);
        assert_int_not_equal(id, 0);
        assert_int_equal(*end, 0);
        assert_string_equal(text(w, id, false), good[i]);
        assert_int_equal(id, type_parse(w->t, text(w, id, true), NULL));
    }
    static const char *const bad[] = {
        "", "f32", "[", "[3", "[3,]", "[0]", "[3 4]", "f31[3]", "[(3)]", "[-1]", "[99999999999999999999]",
        "[(4294967296 4294967296)]", "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]",
    };
    for (u32 i = 0; i < COUNTOF(bad); i++)
        assert_int_equal(type_parse(w->t, bad[i], NULL), 0);
    assert_string_equal(text(w, type_parse(w->t, " [ 3 , ( 2 2 ) ]", NULL), true), "f32[3, (2 2)]");
    char deep[400] = "[";
    for (u32 i = 0; i < 120; i++)
        strcat(deep, "(1 ");
    assert_int_equal(type_parse(w->t, deep, NULL), 0);
}

static void many(void **state)
{
    struct world *w = *state;
    for (i64 n = 1; n <= 2000; n++) {
        axis_id a = axis_plain(w->t, n);
        type_id x = type_make(w->t, DT_F32, 1, &a);
        assert_int_equal(axis_extent(w->t, a), n);
        assert_int_equal(type_get(w->t, x)->axis[0], a);
    }
    for (i64 n = 1; n <= 2000; n++) {
        axis_id a = axis_plain(w->t, n);
        assert_true(type_elems(w->t, type_make(w->t, DT_F32, 1, &a)) == (u128)n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(interned, setup, teardown),
        cmocka_unit_test_setup_teardown(unify, setup, teardown),
        cmocka_unit_test_setup_teardown(texts, setup, teardown),
        cmocka_unit_test_setup_teardown(many, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
