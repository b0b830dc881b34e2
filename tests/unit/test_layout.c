/* ein-layout, ein-halo and ein-prologue, and what becomes of halos in plans and runs. */
#include "tests/unit/plan_env.h"

/* Two convolutions and a pool over channels-first images; the middle is also read raw, under a relu and with a pad of -inf elsewhere. */
static const char net[] =
    "(cascade \"net\") (sym batch 1 2147483648 1 call)\n"
    "(tens x in f32 run (dims batch 3 9 7)) (tens w param f32 load (dims 16 3 3 3) (init normal 0.0 0.3) (number 0))"
    "(tens u param f32 load (dims 16 16 3 3) (init normal 0.0 0.3) (number 1)) (tens h temp f32 run (dims batch 16 9 7))"
    "(tens g temp f32 run (dims batch 16 9 7)) (tens y out f32 run (dims batch 16 9 7)) (tens m temp f32 run (dims batch 16 5 4))"
    "(tens z out f32 run (dims batch 16 5 4))\n"
    "(eq (out h) (lhs r0 r1 r2 r3) (rank b par batch) (rank d par 16) (rank h par 9) (rank w par 7) (rank c red 3) (rank i red 3) (rank j red 3) (red add) (acc f32)"
    " (body (mul (read x r0 r4 (iadd (iadd r2 r5) -1) (iadd (iadd r3 r6) -1) (pad 0.0)) (read w r1 r4 r5 r6))) (phase run))\n"
    "(eq (out g) (lhs r0 r1 r2 r3) (rank b par batch) (rank d par 16) (rank h par 9) (rank w par 7) (rank c red 16) (rank i red 3) (rank j red 3) (red add) (acc f32)"
    " (body (mul (max (read h r0 r4 (iadd (iadd r2 r5) -1) (iadd (iadd r3 r6) -1) (pad 0.0)) 0.0) (read u r1 r4 r5 r6)))"
    " (post (add (acc 0) (read h r0 r1 r2 r3))) (phase run))\n"
    "(eq (out m) (lhs r0 r1 r2 r3) (rank b par batch) (rank d par 16) (rank h par 5) (rank w par 4) (rank i red 3) (rank j red 3) (red max) (acc f32)"
    " (body (read g r0 r1 (iadd (iadd (imul r2 2) r4) -1) (iadd (iadd (imul r3 2) r5) -1) (pad -inf))) (phase run))\n"
    "(eq (out z) (lhs r0 r1 r2 r3) (rank b par batch) (rank d par 16) (rank h par 5) (rank w par 4) (rank c red 16) (rank i red 3) (rank j red 3) (red add) (acc f32)"
    " (body (mul (read m r0 r4 (iadd (iadd r2 r5) -1) (iadd (iadd r3 r6) -1) (pad 0.0)) (read u r1 r4 r5 r6))) (phase run))\n"
    "(eq (out y) (lhs r0 r1 r2 r3) (rank b par batch) (rank d par 16) (rank h par 9) (rank w par 7) (acc f32) (body (read g r0 r1 r2 r3)) (phase run))\n";

static u32 tensor(const struct cascade *c, const char *name)
{
    u32 t = 0;
    while (t < c->tens.n && strcmp(c->tens.at[t].name, name))
        t++;
    assert_true(t < c->tens.n);
    return t;
}

/* Reads with a pad, of temporaries, anywhere. */
static u32 padded(struct plan_env *e, const struct cascade *c)
{
    u32 n = 0;
    for (u32 i = 0; i < c->eq.n; i++) {
        ein_nodes all = { 0 };
        for (u32 k = 0; k < c->eq.at[i].nbody; k++)
            ein_reach(e->a, c, c->eq.at[i].body[k], &all);
        for (u32 k = 0; k < all.n; k++)
            n += c->node.at[all.at[k]].kind == EIN_READ && c->node.at[all.at[k]].a && c->tens.at[c->node.at[all.at[k]].u].role == EIN_TEMP;
    }
    return n;
}

static void dims_are(const struct cascade *c, const char *name, i64 h, i64 w, i64 ch)
{
    const struct ein_tens *t = &c->tens.at[tensor(c, name)];
    assert_int_equal(t->ndim, 4);
    assert_true(t->dim[0] < 0);
    assert_int_equal(t->dim[1], h);
    assert_int_equal(t->dim[2], w);
    assert_int_equal(t->dim[3], ch);
}

static struct cascade *laid_out(struct plan_env *e)
{
    struct cascade *c = plan_env_read(e, net);
    ein_prologue(c, &e->o);
    ein_layout(c, &e->o);
    ein_halo(c, &e->o);
    if (!ein_verify(c, &e->why))
        plan_env_fail(e, "cascade", c, NULL);
    return c;
}

static void channels_last_with_halos(void **s)
{
    struct plan_env e;
    (void)s;
    plan_env_open(&e);
    struct cascade *c = plan_env_read(&e, net);
    assert_int_equal(padded(&e, c), 3);
    c = laid_out(&e);
    assert_int_equal(padded(&e, c), 0);
    dims_are(c, "h", 11, 9, 16);
    dims_are(c, "h.in", 11, 9, 16);         /* the relu, once for all products that read it */
    dims_are(c, "g", 11, 9, 16);
    dims_are(c, "m", 7, 6, 16);
    assert_true(c->tens.at[tensor(c, "g")].halo && c->tens.at[tensor(c, "g")].rest < -1e300);
    assert_true(c->tens.at[tensor(c, "h.in")].halo && c->tens.at[tensor(c, "h.in")].rest == 0);
    struct buf text = { 0 };
    ein_dump(&text, c);
    struct cascade *again = plan_env_read(&e, text.at);
    struct buf twice = { 0 };
    ein_dump(&twice, again);
    assert_string_equal(text.at, twice.at);
    buf_free(&text);
    buf_free(&twice);
    plan_env_close(&e);
}

static const struct plan_buf *buffer_of(const struct plan *p, const char *name)
{
    for (u32 i = 0; i < p->buf.n; i++)
        if (strcmp(p->buf.at[i].name, name) == 0)
            return &p->buf.at[i];
    fail();
    return NULL;
}

/* Values, at several batches, one after the other in one execution: each batch has its halos elsewhere. */
static void runs_are_right_at_any_batch(void **s)
{
    struct plan_env e;
    (void)s;
    plan_env_open(&e);
    for (u32 native = 0; native < 2 && (!native || plan_env_native(&e)); native++) {
        struct cascade *c = laid_out(&e);
        struct plan *p = plan_env_plan(&e, c), *plain = plan_env_plan(&e, plan_env_read(&e, net));
        for (i64 batch = 1; batch <= 3; batch += 2)
            assert_true(plan_env_judge(&e, c, p, batch, 5) <= 1);
        enum { MOST = 3 * 16 * 9 * 7 };
        static float in[MOST], got[2][MOST], want[2][MOST];
        for (u32 i = 0; i < MOST; i++)
            in[i] = (float)(i * 37 % 101) / 64 - 0.7f;
        const void *ip = in;
        void *op[2] = { got[0], got[1] }, *wp[2] = { want[0], want[1] };
        struct exec *x = exec_new(p, plan_env_code(&e, p)), *y = exec_new(plain, plan_env_code(&e, plain));
        exec_poison(x);
        exec_weights_seed(x, 7), exec_weights_seed(y, 7);
        exec_load(x), exec_load(y);
        static const i64 batches[] = { 1, 3, 1, 2, 2, 3 };
        for (u32 k = 0; k < COUNTOF(batches); k++) {
            assert_true(exec_run(x, batches[k], &ip, op) && exec_run(y, batches[k], &ip, wp));
            for (u32 o = 0; o < p->nout; o++)
                for (u64 i = 0; i < plan_env_elems(&p->buf.at[p->out[o]], batches[k]); i++)
                    assert_true(fabsf(got[o][i] - want[o][i]) <= 1e-4f * (1 + fabsf(want[o][i])));
        }
        exec_free(x);
        exec_free(y);
    }
    plan_env_close(&e);
}

/* Halos are in classes, filled when bound and by no command; a plan that would spoil one does not verify. */
static void plans_guard_halos(void **s)
{
    struct plan_env e;
    (void)s;
    plan_env_open(&e);
    struct plan *p = plan_env_plan(&e, laid_out(&e));
    const struct plan_buf *h = buffer_of(p, "h.in"), *g = buffer_of(p, "g"), *m = buffer_of(p, "m");
    assert_true(h->halo && g->halo && m->halo);
    assert_true(h->halo != g->halo && h->halo != m->halo);
    assert_int_equal(h->inner[2], 1);
    assert_int_equal(h->inner[3], 10);
    for (u32 i = 0; i < p->run.n; i++)
        assert_int_equal(p->run.at[i].kind, PC_KERNEL);
    struct plan_buf *b = (struct plan_buf *)(uintptr_t)g;
    u64 at = b->offset;
    b->offset = m->offset;                  /* another class over it */
    assert_false(plan_verify(p, &e.why));
    b->offset = at;
    b->inner[3]--;                          /* its last row is halo, but written */
    assert_false(plan_verify(p, &e.why));
    b->inner[3]++;
    assert_true(plan_verify(p, &e.why));
    struct buf text = { 0 };
    plan_dump(&text, p);
    struct plan *again = plan_read(e.a, e.sp, &e.ds, srcs_add(e.srcs, "plan", text.at, text.n));
    assert_non_null(again);
    assert_int_equal(buffer_of(again, "g")->halo, g->halo);
    assert_true(buffer_of(again, "g")->rest == g->rest);
    buf_free(&text);
    plan_env_close(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(channels_last_with_halos),
        cmocka_unit_test(runs_are_right_at_any_batch),
        cmocka_unit_test(plans_guard_halos),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
