/* test_tape.c - tapes: every tail of a product, all ways to reduce, units in any pieces, their text, and texts that are none. */
#include "tests/unit/plan_env.h"

#include "backends/be_tape.h"

#define HEAD "(cascade \"net\") (sym batch 1 2147483648 1 call)\n"

static void open_generic(struct plan_env *e, u32 level)
{
    plan_env_open(e);
    e->o.code = CODE_GENERIC;
    if (level < 2) {
        e->m.masks = false;
        e->m.vector_bits = level ? 256 : 128;
        e->m.fma &= level > 0;
    }
}

static const struct tape_nest *only_nest(const struct plan *p)
{
    assert_int_equal(p->kernel.n, 0);
    assert_int_equal(p->run.n, 1);
    assert_int_equal(p->run.at[0].kind, PC_TAPE);
    return &p->tape.at[p->run.at[0].kernel]->nest.at[0];
}

/* y[b,m,n] += x[b,m,k] * w[k,n], or w[n,k]: all m and n up to 40. */
static void tails(void **state)
{
    (void)state;
    u32 products = 0;
    for (u32 m = 1; m <= 40; m++) {
        struct plan_env e;
        open_generic(&e, m % 3);
        for (u32 n = 1; n <= 40; n++) {
            u32 k = 1 + (m * 7 + n * 3) % 37;
            bool turned = (m + n) & 1;
            char text[1024];
            snprintf(text, sizeof text, HEAD "(tens x in f32 run (dims batch %u %u)) (tens w param f32 load (dims %u %u) (init normal 0.0 0.5) (number 0))"
                     "(tens v param f32 load (dims %u) (init normal 0.0 0.5) (number 1)) (tens y out f32 run (dims batch %u %u))"
                     "(eq (out y) (lhs r0 r1 r2) (rank b par batch) (rank m par %u) (rank n par %u) (rank k red %u) (red add) (acc f32)"
                     " (body (mul (read x r0 r1 r3) (read w %s))) %s (phase run))",
                     m, k, turned ? n : k, turned ? k : n, n, m, n, m, n, k, turned ? "r2 r3" : "r3 r2", n % 3 ? "(post (max (add (acc 0) (read v r2)) 0.0))" : "");
            struct cascade *c = plan_env_read(&e, text);
            struct plan *p = plan_env_plan(&e, c);
            products += only_nest(p)->mode == TM_PRODUCT;
            plan_env_judge(&e, c, p, n % 5 == 0 ? 16 : 1 + n % 3, m * 41 + n);
        }
        plan_env_close(&e);
    }
    assert_true(products > 600);        /* the rest is too small */
}

struct want { u8 mode; const char *text; };
static const struct want ways[] = {
    /* few columns, many rows: reduced points beside each other */
    { TM_BLOCKS, HEAD "(tens x in f32 run (dims batch 100 24)) (tens y out f32 run (dims batch 24))"
      "(eq (out y) (lhs r0 r1) (rank b par batch) (rank c par 24) (rank s red 100) (red add) (acc f32) (body (read x r0 r2 r1)) (post (mul (acc 0) 0.01)) (phase run))" },
    { TM_ROWS, HEAD "(tens x in f32 run (dims batch 9 700)) (tens y out f32 run (dims batch 9))"
      "(eq (out y) (lhs r0 r1) (rank b par batch) (rank c par 9) (rank s red 700) (red max) (acc f32) (body (read x r0 r1 r2)) (phase run))" },
    /* of rank c nothing depends */
    { TM_ROWS, HEAD "(tens x in f32 run (dims batch 9 300)) (tens y out f32 run (dims batch 9))"
      "(eq (out y) (lhs r0 r1) (rank b par batch) (rank i par 9) (rank c red 8) (rank s red 300) (red add) (acc f32) (body (read x r0 r1 r3)) (phase run))" },
    /* a depth beyond one box, and beyond B's panel */
    { TM_PRODUCT, HEAD "(tens x in f32 run (dims batch 5 3000)) (tens w param f32 load (dims 300 3000) (init normal 0.0 0.1) (number 0)) (tens y out f32 run (dims batch 5 300))"
      "(eq (out y) (lhs r0 r1 r2) (rank b par batch) (rank m par 5) (rank n par 300) (rank k red 3000) (red add) (acc f32) (body (mul (max (read x r0 r1 r3) 0.0) (read w r2 r3))) (phase run))" },
    /* activations by activations, heads outside */
    { TM_PRODUCT, HEAD "(tens q in f32 run (dims batch 3 19 8)) (tens k in f32 run (dims batch 3 21 8)) (tens y out f32 run (dims batch 3 19 21))"
      "(eq (out y) (lhs r0 r1 r2 r3) (rank b par batch) (rank h par 3) (rank i par 19) (rank j par 21) (rank d red 8) (red add) (acc f32)"
      " (body (mul (mul (read q r0 r1 r2 r4) 0.35) (read k r0 r1 r3 r4))) (phase run))" },
    /* one value for a row, needed by rows and by points */
    { TM_BLOCKS, HEAD "(tens x in f32 run (dims batch 6 40)) (tens s in f32 run (dims batch 6)) (tens y out f32 run (dims batch 6 40))"
      "(eq (out y) (lhs r0 r1 r2) (rank b par batch) (rank i par 6) (rank k par 40) (acc f32)"
      " (body (add (mul (read x r0 r1 r2) (exp (read s r0 r1))) (rsqrt (add (exp (read s r0 r1)) 1.0)))) (phase run))" },
};

static void reductions(void **state)
{
    (void)state;
    for (u32 level = 0; level < 3; level++)
        for (u32 i = 0; i < COUNTOF(ways); i++) {
            struct plan_env e;
            open_generic(&e, level);
            struct cascade *c = plan_env_read(&e, ways[i].text);
            struct plan *p = plan_env_plan(&e, c);
            if (only_nest(p)->mode != ways[i].mode)
                plan_env_fail(&e, "another way to reduce", c, p);
            plan_env_judge(&e, c, p, 1, i);
            plan_env_judge(&e, c, p, 16, i + 100);
            plan_env_close(&e);
        }
}

/* Units in pieces of any size give the same bytes as all at once. */
static void pieces(void **state)
{
    (void)state;
    for (u32 i = 0; i < COUNTOF(ways); i++) {
        struct plan_env e;
        open_generic(&e, 2);
        struct cascade *c = plan_env_read(&e, ways[i].text);
        struct plan *p = plan_env_plan(&e, c);
        const struct plan_cmd *cmd = &p->run.at[0];
        const struct tape *t = p->tape.at[cmd->kernel];
        i64 batch = 3, units = cmd->units.k * (cmd->units.times_batch ? batch : 1);
        void *base[8], *scratch = aligned_alloc(64, (t->scratch_bytes + 63) / 64 * 64), *first = NULL;
        u64 bytes = 0, out = 0;
        for (u32 k = 0; k < cmd->narg; k++) {
            const struct plan_buf *b = &p->buf.at[cmd->arg[k].buf];
            base[k] = calloc(plan_env_elems(b, batch) + 16, 4);
            plan_env_draw(b, batch, k, base[k]);
            if (t->buf.at[k].out) {
                out = k;
                bytes = plan_env_elems(b, batch) * 4;
            }
        }
        for (i64 step = units; step; step = step * 2 / 3) {
            memset(base[out], 0x7f, bytes);
            for (i64 lo = 0; lo < units; lo += step)
                be_tape_run(t, base, batch, lo, MIN(units, lo + step), scratch);
            if (!first) {
                first = malloc(bytes);
                memcpy(first, base[out], bytes);
            }
            assert_memory_equal(first, base[out], bytes);
        }
        for (u32 k = 0; k < cmd->narg; k++)
            free(base[k]);
        free(first);
        free(scratch);
        plan_env_close(&e);
    }
}

static void texts(void **state)
{
    (void)state;
    for (u32 i = 0; i < COUNTOF(ways); i++) {
        struct plan_env e;
        open_generic(&e, 2);
        struct plan *p = plan_env_plan(&e, plan_env_read(&e, ways[i].text));
        struct buf a = { 0 }, b = { 0 };
        plan_dump(&a, p);
        struct plan *q = plan_read(e.a, e.sp, &e.ds, srcs_add(e.srcs, "plan", a.at, a.n));
        if (!q || !plan_verify(q, &e.why))
            plan_env_fail(&e, "reading back", NULL, p);
        plan_dump(&b, q);
        assert_string_equal(a.at, b.at);
        assert_int_equal(p->tape.at[0]->scratch_bytes, q->tape.at[0]->scratch_bytes);
        /* anything cut out of it is refused or is still a tape, never a crash */
        for (u32 at = 0; at < a.n; at += 1 + a.n / 150) {
            char *text = arena_strdup(e.a, a.at);
            u32 n = 1 + at % 7;
            if (at + n >= a.n)
                break;
            memmove(text + at, text + at + n, a.n - at - n + 1);
            struct plan *r = plan_read(e.a, e.sp, &e.ds, srcs_add(e.srcs, "plan", text, strlen(text)));
            buf_clear(&e.why);
            if (r)
                plan_verify(r, &e.why);
        }
        buf_free(&a);
        buf_free(&b);
        plan_env_close(&e);
    }
}

static void refused(void **state)
{
    (void)state;
#define NEST(rest) "(tape \"t\" 0 1 (buf \"x\" f32 0) (buf \"y\" f32 1) (nest blocks none f32 (flags 1 0 0 0) (scan 0 0 0) (counts 1 0 0 0 1) (zero 0.0) (rank 8 0 0)" rest
#define REST " (par 0) (red) (mdom) (kdom) (out 1) (lhs 0 (t 0 0 1))"
    static const char *const bad[] = {
        NEST(REST " (prog 0 (dom 0 8) (ins load 0 0 0 0 7 0.0 (x 0 (t 0 0 1))) (res 0))))"),            /* no such buffer */
        NEST(REST " (prog 0 (dom 0 8) (ins add 0 0 0 0 0 0.0) (res 0))))"),                             /* reads before anything is there */
        NEST(REST " (prog 0 (dom 0 9999) (ins load 0 0 0 0 0 0.0 (x 0 (t 0 0 1))) (res 0))))"),         /* a block too large */
        NEST(REST " (prog 0 (dom 3 8) (ins load 0 0 0 0 0 0.0 (x 0 (t 0 0 1))) (res 0))))"),            /* no such rank */
        NEST(REST " (prog 0 (dom 0 8) (ins load 5 0 0 0 0 0.0 (x 0 (t 0 0 1))) (res 5))))"),            /* no such register */
        NEST(REST " (prog 0 (dom 0 8) (ins load 0 0 0 0 0 0.0 (x 0 (t 1 0 1))) (res 0))))"),            /* no such slot */
        NEST(REST " (prog 0 (dom 0 8) (res))))"),                                                      /* no result */
        NEST(REST " (prog 0 (dom 0 8) (ins leap 0 0 0 0 0 0.0) (res 0))))"),                            /* no such word */
        NEST(" (par 3) (red) (mdom) (kdom) (out 1) (lhs 0) (prog 0 (dom 0 8) (ins num 0 0 0 0 0 0.0) (res 0))))"),
        "(tape \"t\" 3 1)", "(tape \"t\" 0 0)", "(tape \"t\" 0 1)",
    };
    struct plan_env e;
    plan_env_open(&e);
    for (u32 i = 0; i < COUNTOF(bad); i++)
        if (plan_read(e.a, e.sp, &e.ds, srcs_add(e.srcs, "plan", bad[i], strlen(bad[i]))))
            fail_msg("read: %s", bad[i]);
    const char *good = NEST(REST " (prog 0 (dom 0 8) (ins load 0 0 0 0 0 0.0 (x 0 (t 0 0 1))) (res 0))))");
    assert_non_null(plan_read(e.a, e.sp, &e.ds, srcs_add(e.srcs, "plan", good, strlen(good))));
    plan_env_close(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tails), cmocka_unit_test(reductions), cmocka_unit_test(pieces), cmocka_unit_test(texts), cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
