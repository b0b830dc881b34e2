/* test_plan.c - plans: text both ways, shared kernels, shared memory, peak bytes, and what the verifier refuses. */
#include "tests/unit/plan_env.h"

#define HEAD "(cascade \"net\") (sym batch 1 2147483648 1 call)\n"

/* x -> a chain of n maps -> y; every temporary has 100 floats. */
static struct cascade *chain(struct plan_env *e, u32 n)
{
    struct buf b = { 0 };
    buf_puts(&b, HEAD "(tens t0 in f32 run (dims batch 100))");
    for (u32 i = 1; i <= n; i++)
        buf_printf(&b, "(tens t%u %s f32 run (dims batch 100))", i, i == n ? "out" : "temp");
    for (u32 i = 1; i <= n; i++)
        buf_printf(&b, "(eq (out t%u) (lhs r0 r1) (rank b par batch) (rank i par 100) (acc f32) (body (mul (read t%u r0 r1) %u.5)) (phase run))", i, i - 1, i);
    struct cascade *c = plan_env_read(e, b.at);
    buf_free(&b);
    return c;
}

static const char two_layers[] = HEAD
    "(tens x in f32 run (dims batch 24 8 20)) (tens w param f32 load (dims 24 24) (init normal 0.0 1.0) (number 0))"
    "(tens v param f32 load (dims 24 24) (init normal 0.0 1.0) (number 1)) (tens u param f32 load (dims 24) (init ones 0.0 0.0) (number 2))"
    "(tens k const f32 const (dims 3) (value 0.5 1.0 2.0)) (tens s temp f32 load (dims 24))"
    "(tens m temp f32 run (dims batch 24 8 20)) (tens y out f32 run (dims batch 24 8 20))"
    "(eq (out m) (lhs r0 r1 r2 r3) (rank b par batch) (rank d par 24) (rank h par 8) (rank w par 20) (rank c red 24) (red add) (acc f32)"
    " (body (mul (read x r0 r4 r2 r3) (read w r1 r4))) (phase run) (prov \"first\"))"
    "(eq (out s) (lhs r0) (rank d par 24) (acc f32) (body (mul (read u r0) (read k 1))) (phase load))"
    "(eq (out y) (lhs r0 r1 r2 r3) (rank b par batch) (rank d par 24) (rank h par 8) (rank w par 20) (rank c red 24) (red add) (acc f32)"
    " (body (mul (read m r0 r4 r2 r3) (read v r1 r4))) (phase run) (prov \"second\"))";

static const char state[] = HEAD
    "(tens x in f32 run (dims batch 4)) (tens r state f32 load (dims 4) (init zeros 0.0 0.0) (number 0)) (tens n next f32 run (dims 4) (of r))"
    "(tens y out f32 run (dims batch 4))"
    "(eq (out n) (lhs r0) (rank d par 4) (rank b red batch) (red add) (acc f32) (body (read x r1 r0)) (post (add (read r r0) (acc 0))) (phase run))"
    "(eq (out y) (lhs r0 r1) (rank b par batch) (rank d par 4) (acc f32) (body (add (read x r0 r1) (read r r1))) (phase run))";

static int setup(void **s)
{
    *s = calloc(1, sizeof(struct plan_env));
    plan_env_open(*s);
    return 0;
}

static int teardown(void **s)
{
    plan_env_close(*s);
    free(*s);
    return 0;
}

static void reads_back(void **s)
{
    struct plan_env *e = *s;
    const char *const text[] = { two_layers, state };
    for (u32 i = 0; i < COUNTOF(text); i++) {
        struct plan *p = plan_env_plan(e, plan_env_read(e, text[i])), *r;
        struct buf a = { 0 }, b = { 0 };
        plan_dump(&a, p);
        r = plan_read(e->a, e->sp, &e->ds, srcs_add(e->srcs, "plan", a.at, a.n));
        assert_non_null(r);
        plan_dump(&b, r);
        assert_string_equal(a.at, b.at);
        assert_true(plan_verify(r, &e->why));
        assert_int_equal(plan_peak_bytes(p, 5), plan_peak_bytes(r, 5));
        buf_free(&a);
        buf_free(&b);
    }
}

static void refuses_bad_text(void **s)
{
    struct plan_env *e = *s;
    static const char *const bad[] = {
        "(plan)", "(buf 0 \"x\" 0 nowhere f32 plain (bytes 4) (at 0) (live 0 0) (lay 1 0 0))", "(run kernel 3 0)", "(in 0)", "(what)",
        "(buf 1 \"x\" 0 io f32 plain (bytes 4) (at 0) (live 0 0) (lay 1 0 0))", "(kernel 0 \"k\" zz (fn))", "5",
        "(buf 0 \"x\" 0 const f32 plain (bytes 4) (at 0) (live 0 0) (lay 1 0 0) (value 1.0 2.0))",
    };
    for (u32 i = 0; i < COUNTOF(bad); i++) {
        u32 n = e->ds.nerrors;
        assert_null(plan_read(e->a, e->sp, &e->ds, srcs_add(e->srcs, "plan", bad[i], strlen(bad[i]))));
        assert_int_not_equal(e->ds.nerrors, n);
    }
}

static void shares_kernels(void **s)
{
    struct plan_env *e = *s;
    e->pack = true;             /* weights of neighbouring channels side by side */
    struct plan *p = plan_env_plan(e, plan_env_read(e, two_layers));
    e->pack = false;
    assert_int_equal(p->load.n, 3);
    assert_int_equal(p->run.n, 2);
    assert_int_equal(p->run.at[0].kernel, p->run.at[1].kernel);
    assert_string_equal(p->run.at[0].what, "first");
    assert_int_equal(p->run.at[0].macs, 24 * 24 * 8 * 20);
    assert_int_equal(p->run.at[1].macs, 24 * 24 * 8 * 20);
    /* equal equations are lowered once */
    p = plan_env_plan(e, chain(e, 9));
    assert_int_equal(p->run.n, 9);
    assert_int_equal(p->kernel.n, 1);       /* the number before a tensor is a slot */
}

static void shares_memory(void **s)
{
    struct plan_env *e = *s;
    struct plan *p = plan_env_plan(e, chain(e, 9));
    assert_int_equal(p->sample_bytes, 2 * 448);             /* two live at a time, 400 bytes each in 64s */
    assert_int_equal(plan_peak_bytes(p, 3), 3 * (2 * 448 + 2 * 400));
    p = plan_env_plan(e, chain(e, 2));
    assert_int_equal(p->sample_bytes, 448);
}

static void keeps_states(void **s)
{
    struct plan_env *e = *s;
    struct cascade *c = plan_env_read(e, state);
    c->training = true;
    struct plan *p = plan_env_plan(e, c);
    assert_int_equal(p->state.n, 1);
    assert_int_equal(p->state.at[0].kind, PC_COPY);
    assert_int_equal(p->weight.n, 1);
    assert_int_equal(p->buf.at[p->weight.at[0]].segment, SEG_STATE);
}

static void verifier_catches(void **s)
{
    struct plan_env *e = *s;
    for (u32 k = 0; k < 9; k++) {
        struct plan *p = plan_env_plan(e, k < 7 ? chain(e, 4) : plan_env_read(e, two_layers));
        u32 t[2], n = 0;
        for (u32 i = 0; i < p->buf.n && n < 2; i++)
            if (p->buf.at[i].segment == SEG_SAMPLE)
                t[n++] = i;
        switch (k) {
        case 0: p->buf.at[t[1]].offset = p->buf.at[t[0]].offset; break;
        case 1: p->sample_bytes -= 64; break;
        case 2: p->run.at[1].narg--; break;
        case 3: p->run.at[1].arg[0].buf = p->run.at[1].arg[1].buf; break;
        case 4: p->buf.at[t[0]].last = 0; break;
        case 5: p->run.n = 3; break;
        case 6: p->run.at[0].kernel = 99; break;
        case 7: p->load.n = 0; p->run.at[1].arg[1].buf = p->load.at[0].arg[0].buf; break;
        case 8: p->run.at[0].nsym--; break;
        }
        buf_clear(&e->why);
        if (plan_verify(p, &e->why))
            fail_msg("mutation %u was not caught", k);
        assert_true(e->why.n > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_back, setup, teardown), cmocka_unit_test_setup_teardown(refuses_bad_text, setup, teardown),
        cmocka_unit_test_setup_teardown(shares_kernels, setup, teardown), cmocka_unit_test_setup_teardown(shares_memory, setup, teardown),
        cmocka_unit_test_setup_teardown(keeps_states, setup, teardown), cmocka_unit_test_setup_teardown(verifier_catches, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
