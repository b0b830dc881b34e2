/* Bounds of sums of expressions (eval_sum.c) against the same sums by hand, in f32: any order of their terms, equal ones joined, factors distributed. */
#include "tests/unit/unit.h"

#include <math.h>

#include "compiler/base/rng.h"
#include "compiler/ir/ein_eval.h"

struct world { struct arena *a; struct str_pool *sp; struct srcs *srcs; struct diags ds; struct buf why; struct cascade *c; };

static int setup(void **state)
{
    struct world *w = test_calloc(1, sizeof *w);
    w->a = arena_new("test");
    w->sp = str_pool_new(w->a);
    w->srcs = srcs_new(w->a);
    diags_init(&w->ds, w->a, w->srcs);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    buf_free(&w->why);
    arena_free(w->a);
    test_free(w);
    return 0;
}

enum { N = 64 };        /* elements of each tensor: as many draws */

static float noise(u32 key, u64 i)
{
    u32 word[4];
    rng_at(1, key, i, word);
    return (float)((double)(i32)(word[0] & 0xffffff00u) * 0x1p-31);
}

/* Inputs a .. h and a parameter p, then `rest`, which writes y; values[k]: of the k-th tensor of the text. */
static const struct ein_array *bound_of(struct world *w, const char *rest, float (*const *values)[N], bool lowered)
{
    struct buf text = { 0 };
    buf_puts(&text, "(cascade s)");
    for (u32 k = 0; k < 8; k++)
        buf_printf(&text, " (tens %c in f32 run (dims 64))", 'a' + k);
    buf_printf(&text, " (tens p param f32 load (dims 64) (init uniform -1.0 1.0) (number 0)) (tens y out f32 run (dims 64)) %s", rest);
    w->c = ein_read_text(w->a, w->sp, &w->ds, srcs_add(w->srcs, "t.ein", arena_dup(w->a, text.at, text.n + 1), text.n));
    buf_free(&text);
    if (!w->c) {
        diag_render(&w->why, &w->ds, w->ds.all.at[0], false);
        fail_msg("%s", w->why.at);
    }
    if (!ein_verify(w->c, &w->why))
        fail_msg("%s", w->why.at);
    struct ein_eval *ev = ein_eval_new(w->a, w->c, EVAL_BOUND, 1);
    ev->lowered = lowered;
    for (u32 k = 0; k < 9; k++) {
        char name[2] = { k < 8 ? (char)('a' + k) : 'p' };
        u32 t = 0;
        assert_true(cascade_find(w->c, name, &t));
        double *v = ein_eval_alloc(ev, w->c, t);
        for (u32 i = 0; i < N; i++)
            v[i] = (*values)[k][i];
    }
    u32 y = 0;
    assert_true(ein_eval_run(ev, w->c, 0, w->c->eq.n, &w->why));
    assert_true(cascade_find(w->c, "y", &y));
    return &ev->tens[y];
}

#define MAP(to, body) "(eq (out " to ") (lhs r0) (rank i par 64) (acc f32) (body " body "))"
#define TEMP(name) "(tens " name " temp f32 run (dims 64))"
#define A "(read a r0)"
#define B "(read b r0)"
#define C "(read c r0)"
#define D "(read d r0)"
#define P "(read p r0)"

static float draws[9][N];

static const struct ein_array *bound(struct world *w, const char *rest)
{
    float (*const v)[N] = draws;
    return bound_of(w, rest, &v, false);
}

static const struct ein_array *as_written(struct world *w, const char *rest)
{
    float (*const v)[N] = draws;
    return bound_of(w, rest, &v, true);
}

static void draw(void)
{
    for (u32 k = 0; k < 9; k++)
        for (u32 i = 0; i < N; i++)
            draws[k][i] = noise(k, i);
}

static double off(const struct ein_array *y, u32 i, float got)
{
    return fabs((double)got - y->v[i]);
}

/* The next order of n things; false after the last. */
static bool permute(u32 n, u32 *at)
{
    u32 i = n - 1, j = n - 1;
    while (i && at[i - 1] > at[i])
        i--;
    if (!i)
        return false;
    while (at[j] < at[i - 1])
        j--;
    u32 t = at[i - 1];
    at[i - 1] = at[j];
    at[j] = t;
    for (j = n - 1; i < j; i++, j--) {
        t = at[i];
        at[i] = at[j];
        at[j] = t;
    }
    return true;
}

/* A balanced sum of eight, over four equations, taken in all orders one by one: within the bound, which is as large as it must be and no more. */
static void any_order_of_eight(void **state)
{
    struct world *w = *state;
    draw();
    for (u32 i = 0; i < N; i++)         /* sizes far apart: what is added first matters */
        for (u32 k = 0; k < 8; k++)
            draws[k][i] = ldexpf(draws[k][i], (int)((i + 3 * k) % 9));
    const char *text = TEMP("s") TEMP("t") TEMP("u") MAP("s", "(add " A " " B ")") MAP("t", "(sub " C " " D ")")
        MAP("u", "(sub (add (read e r0) (read f r0)) (add (read g r0) (read h r0)))")
        MAP("y", "(add (add (read s r0) (read t r0)) (neg (read u r0)))");
    const struct ein_array *y = bound(w, text), *less = as_written(w, text);
    static const float sign[8] = { 1, 1, 1, -1, -1, -1, 1, 1 };
    u32 outside = 0;
    for (u32 i = 0; i < N; i++) {
        u32 at[8] = { 0, 1, 2, 3, 4, 5, 6, 7 };
        double worst = 0, mag = 0;
        for (u32 k = 0; k < 8; k++)
            mag += fabs(draws[k][i]);
        do {
            volatile float s = sign[at[0]] * draws[at[0]][i];
            for (u32 k = 1; k < 8; k++)
                s = s + sign[at[k]] * draws[at[k]][i];
            worst = fmax(worst, off(y, i, s));
        } while (permute(8, at));
        assert_true(worst <= y->err[i]);
        assert_true(y->err[i] <= 7.001 * 0x1p-24 * mag);
        outside += worst > less->err[i];
    }
    assert_true(outside > 0);           /* the order as written would not do */
}

/* (1e8 + x) - 1e8, over two equations. */
static void cancelled(void **state)
{
    struct world *w = *state;
    draw();
    for (u32 i = 0; i < N; i++) {
        draws[0][i] = 1e8f;
        draws[1][i] *= 3;
    }
    static const char *const text[] = {
        TEMP("t") MAP("t", "(add " A " " B ")") MAP("y", "(sub (read t r0) " A ")"),
        MAP("y", "(add (sub " A " " A ") " B ")"),
        TEMP("t") MAP("t", "(sub " B " " A ")") MAP("y", "(add " A " (read t r0))"),
    };
    for (u32 k = 0; k < COUNTOF(text); k++) {
        const struct ein_array *y = bound(w, text[k]);
        for (u32 i = 0; i < N; i++) {
            volatile float a = draws[0][i], x = draws[1][i], up = a + x, first = up - a, down = x - a, last = down + a, none = a - a, exact = none + x;
            assert_true(off(y, i, first) <= y->err[i] && off(y, i, last) <= y->err[i] && off(y, i, exact) <= y->err[i]);
            assert_true(first == x || off(y, i, first) > 0x1p-24 * fabsf(x));
            assert_true(off(y, i, a + up) > y->err[i] && off(y, i, a) > y->err[i] && off(y, i, x + 32) > y->err[i]);
        }
    }
}

/* f * (a + b), (a + b) / p: each term by itself, and f's error with each. */
static void distributed(void **state)
{
    struct world *w = *state;
    draw();
    for (u32 i = 0; i < N; i++) {
        draws[1][i] = -draws[0][i] * (1 + draws[1][i] * 0x1p-10f);      /* a + b is small */
        draws[8][i] += draws[8][i] < 0 ? -0.1f : 0.1f;
    }
    const struct ein_array *times = bound(w, MAP("y", "(mul 0.7 (add " A " " B "))")), *by = bound(w, MAP("y", "(mul (add " A " " B ") " P ")"));
    const struct ein_array *over = bound(w, MAP("y", "(div (sub " A " (neg " B ")) " P ")")), *less = as_written(w, MAP("y", "(mul 0.7 (add " A " " B "))"));
    const struct ein_array *gated = bound(w, MAP("y", "(mul " C " (add " A " " B "))")), *same = as_written(w, MAP("y", "(mul " C " (add " A " " B "))"));
    u32 outside = 0;
    for (u32 i = 0; i < N; i++) {
        volatile float a = draws[0][i], b = draws[1][i], p = draws[8][i], r = 1 / p;
        volatile float fa = 0.7f * a, fb = 0.7f * b, pa = p * a, pb = p * b, qa = a / p, qb = b / p, ra = a * r, rb = b * r;
        assert_true(off(times, i, fa + fb) <= times->err[i] && off(times, i, 0.7f * (a + b)) <= times->err[i]);
        assert_true(off(by, i, pa + pb) <= by->err[i] && off(over, i, qa + qb) <= over->err[i] && off(over, i, ra + rb) <= over->err[i]);
        assert_true(off(by, i, pa - pb) > by->err[i] && off(times, i, fa) > times->err[i]);
        assert_true(times->err[i] <= 5.01 * 0x1p-24 * 0.7 * (fabsf(a) + fabsf(b)) && by->err[i] <= 4.01 * 0x1p-24 * fabsf(p) * (fabsf(a) + fabsf(b)));
        assert_true(gated->err[i] <= same->err[i] * (1 + 0x1p-40));      /* by an input: it stays a product */
        outside += off(times, i, fa + fb) > less->err[i];
    }
    assert_true(outside > 0);
}

/* x + 0.1 x is 1.1 x, a constant rounded by itself. */
static void joined(void **state)
{
    struct world *w = *state;
    draw();
    const struct ein_array *y = bound(w, MAP("y", "(mul 0.7 (add " A " (mul 0.03 " A ")))")), *z = bound(w, MAP("y", "(add (add " A " " B ") (add " C " " A "))"));
    const struct ein_array *k = bound(w, MAP("y", "(add " A " (mul 0.03 " A "))"));
    double worst = 0;
    for (u32 i = 0; i < N; i++) {
        volatile float a = draws[0][i], two = 2 * a, ab = two + draws[1][i];
        assert_true(off(y, i, (float)(0.7 + 0.7 * 0.03) * a) <= y->err[i] && off(k, i, 1.03f * a) <= k->err[i]);
        assert_true(off(z, i, ab + draws[2][i]) <= z->err[i]);
        assert_true(off(z, i, ab) > z->err[i] && off(k, i, 1.0301f * a) > k->err[i]);
        worst = fmax(worst, off(k, i, 1.03f * a) / k->err[i]);
    }
    assert_true(worst > 0.3);
}

/* What no pass takes apart has the bound of its operations; what is exact stays exact. */
static void barriers(void **state)
{
    struct world *w = *state;
    draw();
    static const char *const text[] = {
        MAP("y", "(add (max (add " A " " B ") 0.25) " C ")"),
        MAP("y", "(mul (add " A " " B ") (add " C " " D "))"),
        MAP("y", "(exp (add " A " " B "))"),
        "(eq (out y) (lhs r0) (rank i par 64) (rank k red 64) (red add) (acc f32) (body (mul (add (read a r0) (read b r1)) (read p r1))))",
        "(tens t temp f32 run (dims 64)) (eq (out t) (lhs r0) (rank i par 64) (rank k red 64) (red add) (acc f32) (body (mul (read a r0) (read b r1))))"
        MAP("y", "(add (read t r0) " C ")"),
    };
    for (u32 k = 0; k < COUNTOF(text); k++) {
        const struct ein_array *y = bound(w, text[k]), *z = as_written(w, text[k]);
        for (u32 i = 0; i < N; i++)
            assert_true(fabs(y->err[i] - z->err[i]) <= 0x1p-40 * z->err[i] && z->err[i] > 0);
    }
    const struct ein_array *sum = bound(w, MAP("y", "(add (add " A " 0.0) (sub 0.0 0.0))"));
    for (u32 i = 0; i < N; i++)
        assert_true(sum->err[i] == 0);
}

/* Through what moves: pads, selects, single points; and a region beside another. */
static void passed_on(void **state)
{
    struct world *w = *state;
    draw();
    for (u32 i = 0; i < N; i++)
        draws[0][i] = 1e6f;
    static const char *const text[] = {
        TEMP("t") TEMP("s") MAP("t", "(add " A " " B ")") MAP("s", "(read t (iadd r0 0))") MAP("y", "(sub (read s r0) " A ")"),
        TEMP("t") MAP("t", "(add " A " " B ")") MAP("y", "(sub (select (lt r0 64) (read t r0) " C ") " A ")"),
        TEMP("t") MAP("t", "(add " A " " B ")") "(eq (out y) (lhs r0) (rank i par 64) (rank k red 1) (red add) (acc f32) (body (read t (iadd r0 r1))) (post (sub (acc 0) " A ")))",
        TEMP("t") "(eq (out t) (lhs r0) (rank i par 32) (acc f32) (body (add " A " " B ")))"
        "(eq (out t) (lhs (iadd r0 32)) (rank i par 32) (acc f32) (body (add (read a (iadd r0 32)) (read b (iadd r0 32)))))"
        MAP("y", "(sub (read t r0) " A ")"),
    };
    for (u32 k = 0; k < COUNTOF(text); k++) {
        const struct ein_array *y = bound(w, text[k]), *less = as_written(w, MAP("y", "(add (sub " A " " A ") " B ")"));
        for (u32 i = 0; i < N; i++) {
            volatile float a = draws[0][i], b = draws[1][i], up = a + b;
            assert_true(off(y, i, up - a) <= y->err[i]);
            assert_true(y->err[i] >= 0x1p-24 * 2e6 && y->err[i] <= 0x1p-24 * 2.01e6);
            assert_true(less->err[i] < 0x1p-20);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(any_order_of_eight, setup, teardown),
        cmocka_unit_test_setup_teardown(cancelled, setup, teardown),
        cmocka_unit_test_setup_teardown(distributed, setup, teardown),
        cmocka_unit_test_setup_teardown(joined, setup, teardown),
        cmocka_unit_test_setup_teardown(barriers, setup, teardown),
        cmocka_unit_test_setup_teardown(passed_on, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
