/* test_loop.c - loop IR: builder and folding, text both ways, canonical text, and what the verifier refuses. */
#include "compiler/ir/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>

struct env { struct arena *a; struct str_pool *sp; struct srcs *srcs; struct diags ds; struct buf why; };

static int setup(void **state)
{
    static struct env e;
    memset(&e, 0, sizeof e);
    e.a = arena_new("test");
    e.sp = str_pool_new(e.a);
    e.srcs = srcs_new(e.a);
    diags_init(&e.ds, e.a, e.srcs);
    *state = &e;
    return 0;
}

static int teardown(void **state)
{
    struct env *e = *state;
    buf_free(&e->why);
    arena_free(e->a);
    return 0;
}

static struct loop_fn *read_text(struct env *e, const char *text)
{
    return loop_read(e->a, e->sp, &e->ds, srcs_add(e->srcs, "test", text, strlen(text)));
}

/* One function with every kind of statement and value. */
static struct loop_fn *everything(struct env *e)
{
    struct loop_fn *f = loop_fn_new(e->a, e->sp, str_c(e->sp, "every thing"));
    const struct ltype F = { DT_F32, 1 }, F8 = { DT_F32, 8 }, M8 = { DT_BOOL, 8 }, I8 = { DT_I32, 8 }, B = { DT_BOOL, 1 }, I = { DT_I64, 1 };
    u32 x = loop_buf_add(f, str_c(e->sp, "x"), LB_IN, DT_F32, 64, 1024), y = loop_buf_add(f, str_c(e->sp, "y y"), LB_OUT, DT_F32, 4, -1),
        t = loop_buf_add(f, str_c(e->sp, "tile"), LB_SCRATCH, DT_F32, 64, 100);
    struct loop_emit at = { f, &f->body };
    lval var, acc[2], sum[2], zero[2] = { le_num(&at, F8, 0), le_num(&at, F, -INFINITY) };
    lval n = le_opu(&at, LO_SYM, I, 0, 1), row = le_opu(&at, LO_TAB, I, n, 0);
    struct loop_emit in = le_for(&at, f->lo, f->hi, 8, LF_UNROLL | LF_PAR, 2, zero, &var, acc, sum);
    lval off = le_op(&in, LO_IADD, I, le_op(&in, LO_IMUL, I, var, le_lift(&in, 16), 0), row, 0);
    lval iota = le_op(&in, LO_IOTA, I8, 0, 0, 0);
    lval mask = le_op(&in, LO_ILT, M8, iota, le_num(&in, I8, 5), 0);
    lval v = le_load(&in, x, off, F8, mask, 0), g = le_load(&in, x, off, F8, 0, iota);
    lval m = le_op(&in, LO_FMA, F8, v, g, acc[0]);
    le_store(&in, t, le_int(&in, 0), m, mask);
    lval top = le_op(&in, LO_FMAX, F, acc[1], le_opu(&in, LO_REDUCE, F, m, 3), 0);
    lval next[2] = { m, top };
    le_yield(&in, 2, next);
    struct loop_emit yes, no;
    lval res;
    le_if(&at, le_op(&at, LO_FLT, B, sum[1], le_num(&at, F, 0), 0), 1, &F, &yes, &no, &res);
    lval one = le_opu(&yes, LO_LANE, F, sum[0], 7);
    le_yield(&yes, 1, &one);
    le_call(&no, 2, f->lo, n);
    le_yield(&no, 1, &sum[1]);
    le_store(&at, y, n, res, 0);
    return f;
}

static void test_round_trip(void **state)
{
    struct env *e = *state;
    struct loop_fn *f = everything(e);
    struct buf one = { 0 }, two = { 0 };
    assert_true(loop_verify(f, &e->why));
    assert_int_equal(f->nsym, 2);
    assert_int_equal(f->ntab, 1);
    assert_int_equal(f->nuk, 3);
    assert_int_equal(f->scratch_bytes, 448);
    loop_dump(&one, f);
    struct loop_fn *g = read_text(e, one.at);
    assert_non_null(g);
    assert_true(loop_verify(g, &e->why));
    loop_dump(&two, g);
    assert_string_equal(one.at, two.at);
    buf_clear(&one);
    buf_clear(&two);
    loop_canon(&one, f);
    loop_canon(&two, g);
    assert_string_equal(one.at, two.at);
    buf_free(&one);
    buf_free(&two);
}

/* Other names and other numbers of values: the same canonical text; another operation: another. */
static void test_canon(void **state)
{
    struct env *e = *state;
    const char *same[] = {
        "(fn a (buf b0 x inout f32 (align 4) (elems 8)) (body (v3 f32 load b0 v1) (v4 f32 fadd v3 v3) (store b0 v2 v4)))",
        "(fn b (buf b0 other inout f32 (align 4) (elems 8)) (body (v9 f32 load b0 v1) (v7 f32 fadd v9 v9) (store b0 v2 v7)))",
        "(fn b (buf b0 other inout f32 (align 4) (elems 8)) (body (v9 f32 load b0 v1) (v7 f32 fmul v9 v9) (store b0 v2 v7)))",
    };
    struct buf text[3] = { { 0 }, { 0 }, { 0 } };
    for (u32 i = 0; i < 3; i++) {
        struct loop_fn *f = read_text(e, same[i]);
        assert_non_null(f);
        assert_true(loop_verify(f, &e->why));
        loop_canon(&text[i], f);
    }
    assert_string_equal(text[0].at, text[1].at);
    assert_string_not_equal(text[0].at, text[2].at);
    for (u32 i = 0; i < 3; i++)
        buf_free(&text[i]);
}

static struct loop_known known(const struct loop_fn *f, lval v) { return f->known.at[v]; }

static void test_folding(void **state)
{
    struct env *e = *state;
    struct loop_fn *f = loop_fn_new(e->a, e->sp, str_c(e->sp, "f"));
    struct loop_emit at = { f, &f->body };
    const struct ltype I = { DT_I64, 1 }, B = { DT_BOOL, 1 };
    lval two = le_int(&at, 2), seven = le_int(&at, -7), one = le_int(&at, 1), zero = le_int(&at, 0), lifted = le_lift(&at, 3);
    assert_int_equal(known(f, le_op(&at, LO_IDIV, I, seven, two, 0)).i, -4);
    assert_int_equal(known(f, le_op(&at, LO_IMOD, I, seven, two, 0)).i, 1);
    assert_int_equal(known(f, le_op(&at, LO_IMUL, I, seven, two, 0)).i, -14);
    assert_int_equal(known(f, le_op(&at, LO_ILT, B, seven, two, 0)).i, 1);
    assert_int_equal(le_op(&at, LO_IADD, I, f->lo, zero, 0), f->lo);
    assert_int_equal(le_op(&at, LO_IMUL, I, one, f->hi, 0), f->hi);
    assert_int_equal(le_op(&at, LO_IMUL, I, f->hi, zero, 0), zero);
    assert_int_equal(le_op(&at, LO_IADD, I, lifted, zero, 0), lifted);
    lval sum = le_op(&at, LO_IADD, I, lifted, two, 0);
    assert_false(f->known.at[sum].is_const);                /* a lifted constant may become a symbol */
    lval big = le_int(&at, INT64_MAX);
    assert_false(known(f, le_op(&at, LO_IADD, I, big, one, 0)).is_const);
    lval yes = le_op(&at, LO_ILT, B, zero, one, 0), x = le_op(&at, LO_ILT, B, f->lo, f->hi, 0);
    assert_int_equal(le_op(&at, LO_AND, B, x, yes, 0), x);
    assert_int_equal(le_op(&at, LO_OR, B, x, yes, 0), yes);
    assert_int_equal(le_op(&at, LO_SELECT, I, yes, f->lo, f->hi), f->lo);
    assert_int_equal(le_op(&at, LO_SELECT, I, le_op(&at, LO_NOT, B, yes, 0, 0), f->lo, f->hi), f->hi);
    assert_true(loop_verify(f, &e->why));
}

/* A body (over v1, v2 and two buffers) and what the verifier must say of it. */
static const struct { const char *body, *why; } refused[] = {
    { "(v3 i64 iadd v1 v3)", NULL },            /* not even read: v3 is not defined yet */
    { "(v3 f32 fadd v1 v1)", "all of one type" },
    { "(v3 i32 iadd v1 v2)", "all of one type" },
    { "(v3 f64 fconst 0.5) (v4 f32 fneg v3)", "all of one type" },
    { "(v3 f32 fconst 0.1)", "not an f32" },
    { "(v3 i64 fconst 0.0)", "f32 or f64" },
    { "(v3 i8 iconst 128)", "does not fit" },
    { "(v3 f32 iconst 1)", "integer type" },
    { "(v3 i64 sym 1)", "one of the function's" },
    { "(v3 i64 tab 0 v1)", "one of the function's" },
    { "(v3 bool flt v1 v2)", "two of one type" },
    { "(v3 bool ilt v1 v2) (v4 bool and v3 v1)", "logic is on bool" },
    { "(v3 bool ilt v1 v2) (v4 f32 load b0 v1) (v5 f32 select v3 v4 v1)", "select" },
    { "(v3 f32x4 splat v1)", "splat" },
    { "(v3 f32 load b0 v1) (v4 f32 splat v3)", "splat" },
    { "(v3 f32x4 iota)", "iota" },
    { "(v3 f32x4 load b0 v1) (v4 f32x4 reduce add v3)", "reduce" },
    { "(v3 f32x4 load b0 v1) (v4 f32 lane 4 v3)", "lane" },
    { "(v3 f32x4 load b0 v1) (v4 i32x8 cast v3)", "keeps the lanes" },
    { "(v3 f32 load b0 v1) (v4 f32 cast v3)", "changes the dtype" },
    { "(v3 f64 fconst 1.0) (v4 bf16 cast v3)", "f32 only" },
    { "(v3 f64 fconst 1.0) (v4 i32 bits v3)", "bits" },
    { "(v3 f32x3 load b0 v1)", "power of two" },
    { "(v3 f64 load b0 v1)", "buffer's" },
    { "(v3 f32 load b1 v1)", "not read" },
    { "(v3 f32 load b0 v1) (store b0 v1 v3)", "not written" },
    { "(v3 f32 load b0 v1) (v4 f32 load b0 v3)", "offset" },
    { "(v3 bool ilt v1 v2) (v4 f32x4 load b0 v1 (mask v3))", "mask" },
    { "(v3 f32x4 load b0 v1) (v4 f32x4 load b0 v1 (index v3))", "index" },
    { "(for v3 (lo v1) (hi v2) (step 0) (carry) (results))", "above 0" },
    { "(v3 f32 load b0 v1) (for v4 (lo v3) (hi v2) (step 1) (carry) (results))", "bounds" },
    { "(for v3 (lo v1) (hi v2) (step 1) (carry (v4 v1)) (results v5))", "ends in yield" },
    { "(for v3 (lo v1) (hi v2) (step 1) (carry (v4 v1)) (results v5) (yield v4 v4))", "number of values" },
    { "(v6 f32 load b0 v1) (for v3 (lo v1) (hi v2) (step 1) (carry (v4 v1)) (results v5) (yield v6))", "another type" },
    { "(for v3 (lo v1) (hi v2) (step 1) (carry (v4 v1)) (results v5) (yield v4) (store b1 v1 v1))", "last statement" },
    { "(for v3 (lo v1) (hi v2) (step 1) (carry (v4 v1)) (results v5) (yield v4) (v7 i64 iconst 1))", "last statement" },
    { "(for v3 (lo v1) (hi v2) (step 1) (carry) (results)) (v4 i64 iadd v3 v1)", "outside of its region" },
    { "(if v1 (results) (then) (else))", "scalar bool" },
    { "(v3 bool ilt v1 v2) (if v3 (results (v4 f32)) (then (yield v1)) (else (yield v1)))", "another type" },
    { "(v3 bool ilt v1 v2) (if v3 (results (v4 i64)) (then (yield v1)) (else))", "ends in yield" },
    { "(yield v1)", "for or an if" },
    { "(call 0 v1 v2)", "call" },
    { "(v3 f32x4 load b0 v1) (v4 f32x4 insert 4 v3 v3)", "insert" },
};

static void test_refused(void **state)
{
    struct env *e = *state;
    for (u32 i = 0; i < COUNTOF(refused); i++) {
        char text[512];
        snprintf(text, sizeof text, "(fn f (buf b0 x in f32 (align 4) (elems 8)) (buf b1 y out f32 (align 4) (elems 8)) (body %s))", refused[i].body);
        struct loop_fn *f = read_text(e, text);
        if (!refused[i].why) {
            assert_null(f);
            continue;
        }
        if (!f)
            print_error("not read: %s\n", refused[i].body);
        assert_non_null(f);
        buf_clear(&e->why);
        if (loop_verify(f, &e->why) || !strstr(e->why.at, refused[i].why))
            print_error("%s: %s\n", refused[i].body, e->why.at ? e->why.at : "accepted");
        assert_false(loop_verify(f, NULL));
        assert_non_null(strstr(e->why.at, refused[i].why));
    }
}

static void test_unreadable(void **state)
{
    struct env *e = *state;
    const char *text[] = {
        "", "(fn)", "(fn f)", "(gn f (body))", "(fn f (body) (body))", "(fn f 3 (body))", "(fn f (body)) (fn g (body))",
        "(fn f (buf b1 x in f32 (align 4) (elems 8)) (body))", "(fn f (buf b0 x near f32 (align 4) (elems 8)) (body))",
        "(fn f (buf b0 x in f31 (align 4) (elems 8)) (body))", "(fn f (buf b0 x scratch f32 (align 4) (elems -1)) (body))",
        "(fn f (body x))", "(fn f (body (hop v1)))", "(fn f (body (v3 i64 hop v1)))", "(fn f (body (v3 i63 iadd v1 v2)))",
        "(fn f (body (v3 i64 iadd v1)))", "(fn f (body (v3 i64 iadd v1 v2 v1)))", "(fn f (body (v3 i64 iconst x)))",
        "(fn f (body (v2 i64 iconst 1)))", "(fn f (body (v99999999 i64 iconst 1)))", "(fn f (body (v3 f32 load b0 v1)))",
        "(fn f (body (for v3)))", "(fn f (body (for v3 (lo v1) (hi v2) (step 1) (carry (v4 v1)) (results))))",
        "(fn f (body (for v3 (lo v1) (hi v2) (step 1) (flag quick) (carry) (results))))",
        "(fn f (body (for v3 (lo v1) (hi v2) (step 1) (carry v1) (results v4))))", "(fn f (body (if v1 (results v3) (then) (else))))",
        "(fn f (body (v3 i64x65 iconst 1)))", "(fn f (body (v3 f32x8 fconst 1.0) (v4 f32 reduce max2 v3)))",
    };
    for (u32 i = 0; i < COUNTOF(text); i++) {
        u32 before = e->ds.nerrors;
        struct loop_fn *f = read_text(e, text[i]);
        if (f)
            print_error("read: %s\n", text[i]);
        assert_null(f);
        assert_true(e->ds.nerrors > before);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_round_trip, setup, teardown), cmocka_unit_test_setup_teardown(test_canon, setup, teardown),
        cmocka_unit_test_setup_teardown(test_folding, setup, teardown), cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unreadable, setup, teardown),
    };
    return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
