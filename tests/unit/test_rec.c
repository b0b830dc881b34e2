/* test_rec.c - records: what is printed reads back, what is hostile is refused. */
#include "tests/unit/unit.h"

#include "compiler/base/rec.h"

#include <math.h>

struct fix { struct arena *a; struct srcs *ss; struct diags ds; struct str_pool *sp; struct buf out; };

static int setup(void **state)
{
    struct fix *f = calloc(1, sizeof *f);
    f->a = arena_new("test");
    f->ss = srcs_new(f->a);
    f->sp = str_pool_new(f->a);
    diags_init(&f->ds, f->a, f->ss);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fix *f = *state;
    buf_free(&f->out);
    arena_free(f->a);
    free(f);
    return 0;
}

static struct rec *parse_n(struct fix *f, const char *text, size_t len, u32 *n)
{
    return rec_parse(f->a, f->sp, &f->ds, srcs_add(f->ss, "t", text, len), n);
}

static struct rec *parse(struct fix *f, const char *text, u32 *n)
{
    return parse_n(f, text, strlen(text), n);
}

static void print(struct buf *b, const struct rec *r, int depth)
{
    rec_open(b, depth, r->text);
    for (u32 i = 0; i < r->n; i++) {
        const struct rec *it = &r->item[i];
        if (it->kind == REC_LIST)
            print(b, it, depth + 1);
        else if (it->kind == REC_INT)
            rec_put_int(b, it->i);
        else if (it->kind == REC_REAL)
            rec_put_real(b, it->r);
        else
            rec_put_word(b, it->text);
    }
    rec_close(b);
}

static void parses(void **state)
{
    struct fix *f = *state;
    u32 n;
    struct rec *r = parse(f, "; head\n(eq (lhs y r0) (body (mul (read x) 2.5)) -7 \"a b\\n\") ; tail\n(z)", &n);
    assert_non_null(r);
    assert_int_equal(n, 2);
    assert_string_equal(r[0].text, "eq");
    assert_int_equal(r[0].n, 4);
    assert_ptr_equal(rec_find(&r[0], "body"), &r[0].item[1]);
    assert_null(rec_find(&r[0], "none"));
    i64 i;
    double x;
    str w;
    const struct rec *l;
    assert_true(rec_int(&f->ds, &r[0], 2, &i) && i == -7);
    assert_true(rec_real(&f->ds, &r[0], 2, &x) && x == -7);
    assert_true(rec_word(&f->ds, &r[0], 3, &w));
    assert_string_equal(w, "a b\n");
    assert_true(rec_list(&f->ds, &r[0], 0, "lhs", &l) && l->n == 2);
    assert_true(rec_word(&f->ds, l, 0, &w));
    assert_ptr_equal(w, str_c(f->sp, "y"));
    assert_true(rec_list(&f->ds, &r[0], 1, NULL, &l));
    assert_int_equal(f->ds.nerrors, 0);
    assert_int_equal(r[0].loc.off, 7);
    r = parse(f, "", &n);
    assert_non_null(r);
    assert_int_equal(n, 0);
    assert_non_null(parse(f, " ; only a comment", &n));
    assert_int_equal(n, 0);
}

static void prints_and_reads_back(void **state)
{
    struct fix *f = *state;
    static const char *const words[] = { "", "x", "3x", "-", "+a", "1e", "inf", "nan", "-inf", "12", "1.5", ".5", "a b", "a(b",
        "q\"q", "back\\slash", "new\nline", "tab\t", "semi;colon", "\xc3\xa9", "x=1", "..", "r\rr" };
    static const double reals[] = { 0, -0.0, 1, -1.5, 1e300, 5e-324, 0.1, INFINITY, -INFINITY };
    static const i64 ints[] = { 0, 1, -1, INT64_MAX, INT64_MIN };
    rec_open(&f->out, 0, "all");
    for (u32 i = 0; i < COUNTOF(words); i++)
        rec_put_word(&f->out, words[i]);
    rec_open(&f->out, 1, "reals");
    for (u32 i = 0; i < COUNTOF(reals); i++)
        rec_put_real(&f->out, reals[i]);
    rec_close(&f->out);
    rec_open(&f->out, 0, "ints");
    for (u32 i = 0; i < COUNTOF(ints); i++)
        rec_put_int(&f->out, ints[i]);
    rec_close(&f->out);
    rec_close(&f->out);
    u32 n;
    struct rec *r = parse(f, f->out.at, &n);
    assert_non_null(r);
    assert_int_equal(n, 1);
    for (u32 i = 0; i < COUNTOF(words); i++) {
        str w;
        assert_true(rec_word(&f->ds, r, i, &w));
        assert_string_equal(w, words[i]);
    }
    const struct rec *l;
    assert_true(rec_list(&f->ds, r, COUNTOF(words), "reals", &l));
    for (u32 i = 0; i < COUNTOF(reals); i++) {
        assert_int_equal(l->item[i].kind, REC_REAL);
        assert_memory_equal(&l->item[i].r, &reals[i], 8);
    }
    assert_true(rec_list(&f->ds, r, COUNTOF(words) + 1, "ints", &l));
    for (u32 i = 0; i < COUNTOF(ints); i++) {
        assert_int_equal(l->item[i].kind, REC_INT);
        assert_true(l->item[i].i == ints[i]);
    }
    /* Printing what was read gives the same text. */
    struct buf again = { 0 };
    print(&again, r, 0);
    struct rec *r2 = parse(f, again.at, &n);
    assert_non_null(r2);
    struct buf third = { 0 };
    print(&third, r2, 0);
    assert_string_equal(third.at, again.at);
    buf_free(&again);
    buf_free(&third);
}

static void refuses(void **state)
{
    struct fix *f = *state;
    static const struct { const char *text; enum diag_code code; u32 off; } bad[] = {
        { "(a", E0803, 0 }, { "a)", E0801, 0 }, { "(a))", E0803, 3 }, { "()", E0801, 0 }, { "(3 a)", E0801, 1 },
        { "(\"a\")", E0801, 1 }, { "((a))", E0801, 1 }, { "(a \"b", E0803, 3 }, { "(a \"b\n\")", E0803, 3 },
        { "(a \"\\q\")", E0805, 4 }, { "(a \"\\", E0805, 4 }, { "(a 9223372036854775808)", E0804, 3 },
        { "(a \x01)", E0801, 3 }, { "(a \x7f)", E0801, 3 }, { "7", E0801, 0 },
    };
    for (u32 i = 0; i < COUNTOF(bad); i++) {
        u32 n = 99, before = f->ds.all.n;
        assert_null(parse(f, bad[i].text, &n));
        assert_int_equal(n, 0);
        assert_int_equal(f->ds.all.n, before + 1);
        const struct diag *d = f->ds.all.at[before];
        assert_string_equal(diag_code_text(d->code), diag_code_text(bad[i].code));
        assert_int_equal(d->loc.off, bad[i].off);
    }
    u32 n;
    assert_null(parse_n(f, "(a \0 b)", 7, &n));
    assert_null(parse_n(f, "(a \"\0\")", 7, &n));
}

static void deep_nesting_is_refused(void **state)
{
    struct fix *f = *state;
    enum { N = 100000 };
    char *text = malloc(3 * N);
    for (u32 i = 0; i < N; i++)
        memcpy(text + 3 * i, "(a ", 3);
    u32 n;
    assert_null(parse_n(f, text, 3 * N, &n));
    assert_int_equal(f->ds.all.at[0]->code, E0802);
    free(text);
}

static void accessors_complain(void **state)
{
    struct fix *f = *state;
    u32 n;
    struct rec *r = parse(f, "(a b 1 2.5 (c))", &n);
    i64 i;
    double x;
    str w;
    const struct rec *l;
    assert_false(rec_int(&f->ds, r, 0, &i));
    assert_false(rec_int(&f->ds, r, 2, &i));
    assert_false(rec_real(&f->ds, r, 0, &x));
    assert_false(rec_word(&f->ds, r, 1, &w));
    assert_false(rec_list(&f->ds, r, 1, NULL, &l));
    assert_false(rec_list(&f->ds, r, 3, "d", &l));
    assert_false(rec_int(&f->ds, r, 4, &i));
    assert_false(rec_int(&f->ds, &r->item[0], 0, &i));
    static const enum diag_code want[] = { E0807, E0807, E0807, E0807, E0807, E0808, E0806, E0807 };
    assert_int_equal(f->ds.all.n, COUNTOF(want));
    for (u32 k = 0; k < COUNTOF(want); k++)
        assert_string_equal(diag_code_text(f->ds.all.at[k]->code), diag_code_text(want[k]));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(parses), T(prints_and_reads_back), T(refuses), T(deep_nesting_is_refused), T(accessors_complain),
    };
    return cmocka_run_group_tests_name("rec", tests, NULL, NULL);
}
