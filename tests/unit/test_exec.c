/* test_exec.c - the executor: any batch, nothing allocated in a run, states, single commands, threads, memory. */
#include "tests/unit/plan_env.h"

#include "compiler/exec_pool.h"

#include <malloc.h>

static const char net[] =
    "(cascade \"net\") (sym batch 1 2147483648 1 call)\n"
    "(tens x in f32 run (dims batch 30)) (tens w param f32 load (dims 20 30) (init normal 0.0 0.3) (number 0)) (tens s param f32 load (dims 20) (init uniform 0.5 1.5) (number 1))"
    "(tens f temp f32 load (dims 20)) (tens k const f32 const (dims 2) (value 0.5 2.0)) (tens h temp f32 run (dims batch 20)) (tens y out f32 run (dims batch 20))"
    "(eq (out f) (lhs r0) (rank d par 20) (acc f32) (body (mul (read s r0) (read k 1))) (phase load))"
    "(eq (out h) (lhs r0 r1) (rank b par batch) (rank d par 20) (rank k red 30) (red add) (acc f32) (body (mul (read x r0 r2) (read w r1 r2))) (post (mul (acc 0) (read f r1))) (phase run))"
    "(eq (out y) (lhs r0 r1) (rank b par batch) (rank d par 20) (acc f32) (body (max (read h r0 r1) 0.0)) (phase run))";

static void any_batch(void **s)
{
    struct plan_env e;
    (void)s;
    plan_env_open(&e);
    struct cascade *c = plan_env_read(&e, net);
    struct plan *p = plan_env_plan(&e, c);
    struct exec *x = exec_new(p, plan_env_code(&e, p));
    exec_weights_seed(x, 7);
    exec_load(x);
    float in[8 * 30], out[8 * 20], all[8 * 20];
    for (u32 i = 0; i < COUNTOF(in); i++)
        in[i] = (float)(i % 17) / 8 - 1;
    const void *ip = in;
    void *op = all;
    assert_true(exec_run(x, 8, &ip, &op));
    for (i64 batch = 1; batch <= 8; batch += 3)
        for (u32 again = 0; again < 2; again++) {
            memset(out, 0x7f, sizeof out);
            op = out;
            assert_true(exec_run(x, batch, &ip, &op));
            assert_memory_equal(out, all, (size_t)batch * 20 * sizeof *out);
        }
    /* samples are independent: the last one alone */
    ip = in + 7 * 30;
    assert_true(exec_run(x, 1, &ip, &op));
    assert_memory_equal(out, all + 7 * 20, 20 * sizeof *out);
    exec_free(x);
    plan_env_close(&e);
}

/* A batch that does not fit leaves no trace: not the arrays of the run before. */
static void too_large_a_batch(void **s)
{
    struct plan_env e;
    (void)s;
    plan_env_open(&e);
    struct plan *p = plan_env_plan(&e, plan_env_read(&e, net));
    struct exec *x = exec_new(p, plan_env_code(&e, p));
    exec_weights_seed(x, 7);
    exec_load(x);
    float in[30], first[20], second[20];
    for (u32 i = 0; i < COUNTOF(in); i++)
        in[i] = (float)(i % 17) / 8 - 1;
    const void *ip = in;
    void *op = first;
    assert_true(exec_run(x, 1, &ip, &op));
    memset(second, 0x7f, sizeof second);
    op = second;
    assert_false(exec_run(x, (i64)1 << 62, &ip, &op));
    assert_true(exec_run(x, 1, &ip, &op));
    assert_memory_equal(first, second, sizeof first);
    exec_free(x);
    plan_env_close(&e);
}

static void allocates_nothing(void **s)
{
    struct plan_env e;
    (void)s;
    plan_env_open(&e);
    struct plan *p = plan_env_plan(&e, plan_env_read(&e, net));
    if (!plan_env_native(&e)) {         /* the interpreter allocates */
        plan_env_close(&e);
        skip_for("no llvm");
    }
    struct exec *x = exec_new(p, plan_env_code(&e, p));
    exec_weights_seed(x, 7);
    exec_load(x);
    float in[4 * 30] = { 0 }, out[4 * 20];
    const void *ip = in;
    void *op = out;
    assert_true(exec_run(x, 4, &ip, &op));
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__)
    struct mallinfo2 before = mallinfo2();
    for (u32 i = 0; i < 100; i++)
        assert_true(exec_run(x, 1 + i % 4, &ip, &op));
    struct mallinfo2 after = mallinfo2();
    assert_int_equal(before.uordblks, after.uordblks);
    assert_int_equal(before.fordblks, after.fordblks);
#endif
    exec_free(x);
    plan_env_close(&e);
}

static void single_command(void **s)
{
    struct plan_env e;
    (void)s;
    plan_env_open(&e);
    struct plan *p = plan_env_plan(&e, plan_env_read(&e, net));
    struct exec *x = exec_new(p, plan_env_code(&e, p));
    assert_null(exec_buffer(x, p->out[0]));
    exec_weights_slab(x);
    exec_load(x);
    exec_command(x, 2, 1);
    u32 h = p->run.at[1].arg[1].buf;
    float *from = exec_buffer(x, h), *to = exec_buffer(x, p->out[0]);
    for (u32 i = 0; i < 40; i++)
        from[i] = (float)i - 20;
    exec_command(x, 2, 1);
    for (u32 i = 0; i < 40; i++)
        assert_true(to[i] == (i < 20 ? 0 : (float)i - 20));
    exec_free(x);
    plan_env_close(&e);
}

/* Two maps and a reduction, each worth several threads; and a fill, and a launch of one unit. */
static const char wide[] =
    "(cascade \"wide\") (sym batch 1 2147483648 1 call)\n"
    "(tens x in f32 run (dims batch 64 64)) (tens w param f32 load (dims 64 64) (init normal 0.0 0.3) (number 0)) (tens h temp f32 run (dims batch 64 64))"
    "(tens y out f32 run (dims batch 64 64)) (tens z out f32 run (dims batch))"
    "(eq (out h) (lhs r0 r1 r2) (rank b par batch) (rank i par 64) (rank j par 64) (rank k red 64) (red add) (acc f32) (body (mul (read x r0 r1 r3) (read w r2 r3))) (phase run))"
    "(eq (out y) (lhs r0 r1 r2) (rank b par batch) (rank i par 64) (rank j par 64) (acc f32) (body (exp (sub (read h r0 r1 r2) (read x r0 r2 r1)))) (phase run))"
    "(eq (out z) (lhs r0) (rank b par batch) (rank i red 64) (red max) (acc f32) (body (read h r0 r1 3)) (phase run))";

static void threads_give_the_same_bytes(void **s)
{
    struct plan_env e;
    (void)s;
    plan_env_open(&e);
    for (u32 native = 0; native < 2; native++) {
        struct plan *p = plan_env_plan(&e, plan_env_read(&e, native ? wide : net));
        if (native && !plan_env_native(&e))
            break;
        const struct be_kernel *code = plan_env_code(&e, p);
        enum { BATCH = 3, MOST = BATCH * 64 * 64 };
        static float in[MOST], out[2][MOST], got[2][MOST];
        for (u32 i = 0; i < MOST; i++)
            in[i] = (float)(i % 101) / 64 - 0.7f;
        const void *ip = in;
        static const u32 count[] = {1, 2, 5, 64, 3};
        struct exec_pool *pool = exec_pool_new(64);
        assert_non_null(pool);
        struct exec *x = exec_new(p, code);
        exec_poison(x);
        for (u32 t = 0; t < COUNTOF(count); t++)
            for (i64 batch = 1; batch <= BATCH; batch += 2) {
                assert_true(exec_threads(x, count[t], pool));
                exec_weights_seed(x, 7);
                exec_load(x);
                memset(got, 0x7f, sizeof got);
                void *op[2] = {got[0], got[1]};
                assert_true(exec_run(x, batch, &ip, op));
                if (!t && batch == 1)
                    continue;
                if (!t)
                    memcpy(out, got, sizeof out);
                for (u32 o = 0; o < p->nout; o++)
                    assert_memory_equal(got[o], out[o], p->buf.at[p->out[o]].bytes * (u64)batch);
            }
        exec_free(x);
        exec_pool_free(pool);
    }
    plan_env_close(&e);
}

enum { UNITS = 64 };
static unsigned done[UNITS];
static char *_Atomic scratch_of[UNITS];

static void count_units(const struct kernel_args *args, i64 lo, i64 hi, void *scratch)
{
    (void)args;
    for (i64 u = lo; u < hi; u++) {
        __atomic_fetch_add(&done[u], 1, __ATOMIC_RELAXED);
        scratch_of[u] = scratch;
    }
}

/* Every unit once, whatever the number of units and of threads; small launches are not split, and ranges have scratch of their own. */
static void every_unit_once(void **s)
{
    struct plan_env e;
    (void)s;
    plan_env_open(&e);
    struct plan *p = plan_env_plan(&e, plan_env_read(&e, net));
    struct be_kernel *code = plan_env_code(&e, p);
    for (u32 i = 0; i < p->kernel.n; i++)
        code[i].fn = count_units;
    p->run.n = 1;
    struct plan_cmd *c = &p->run.at[0];
    struct exec_pool *pool = exec_pool_new(7);
    struct exec *x = exec_new(p, code);
    float in[30] = {0}, out[20];
    const void *ip = in;
    void *op = out;
    assert_int_equal(c->kind, PC_KERNEL);
    for (i64 units = 1; units <= UNITS; units += units < 9 ? 1 : 11)
        for (u32 threads = 1; threads <= 7; threads++)
            for (u32 large = 0; large < 2; large++) {
                c->units = (struct plan_int){.k = units};
                c->macs = large ? 100 << 20 : 1000;
                c->bytes = 4096;
                assert_true(exec_threads(x, threads, pool));
                memset(done, 0, sizeof done);
                assert_true(exec_run(x, 1, &ip, &op));
                u32 parts = 1;
                for (i64 u = 0; u < units; u++) {
                    assert_int_equal(done[u], 1);
                    parts += u && scratch_of[u] != scratch_of[u - 1];
                }
                assert_int_equal(parts, large ? MIN((u32)units, threads) : 1);
            }
    exec_free(x);
    exec_pool_free(pool);
    plan_env_close(&e);
}

static u32 runs;
static void count_runs(const struct kernel_args *args, i64 lo, i64 hi, void *scratch)
{
    (void)args; (void)lo; (void)hi; (void)scratch;
    runs++;
}

/* A run whose time is over ends behind the command during which it was; without a deadline, or with a far one, it ends at its end. */
static void ends_in_time(void **s)
{
    struct plan_env e;
    (void)s;
    plan_env_open(&e);
    struct plan *p = plan_env_plan(&e, plan_env_read(&e, net));
    struct be_kernel *code = plan_env_code(&e, p);
    for (u32 i = 0; i < p->kernel.n; i++)
        code[i].fn = count_runs;
    struct exec *x = exec_new(p, code);
    float in[30] = {0}, out[20];
    const void *ip = in;
    void *op = out;
    assert_int_equal(p->run.n, 2);
    const u64 ns[] = {0, 1, (u64)1 << 60};
    const u32 want[] = {2, 1, 2};
    for (u32 i = 0; i < COUNTOF(ns); i++) {
        runs = 0;
        exec_deadline(x, ns[i]);
        assert_true(exec_run(x, 1, &ip, &op));
        assert_int_equal(runs, want[i]);
        assert_true(exec_late(x) == (ns[i] == 1));
    }
    exec_free(x);
    plan_env_close(&e);
}

/* A kernel that cannot go on, on a thread that is not the caller's. */
static void fail_in_part(void *ctx, u32 part)
{
    u32 *at = ctx;
    if (part == *at)
        BUG("part %u", part);
}

static void bugs_come_back(void **s)
{
    (void)s;
    struct exec_pool *pool = exec_pool_new(4);
    assert_non_null(pool);
    for (u32 at = 0; at < 4; at++) {
        struct bug_trap trap;
        bool volatile caught = false;
        bug_trap_push(&trap);
        if (!setjmp(trap.back))
            exec_pool_run(pool, 4, fail_in_part, &at);
        else
            caught = true;
        bug_trap_pop(&trap);
        assert_true(caught);
        assert_non_null(strstr(trap.text, "part "));
    }
    u32 none = 9;
    exec_pool_run(pool, 3, fail_in_part, &none);
    exec_pool_free(pool);
}

/* Blocks are handed on; what is kept has a bound; the slab gives each tensor bytes of its own. */
static void memory_is_handed_on(void **s)
{
    (void)s;
    struct exec_mem *m = exec_mem_new();
    void *a = exec_mem_take(m, 5000000), *b = exec_mem_take(m, 100);
    assert_true(((uintptr_t)a | (uintptr_t)b) % 64 == 0);
    memset(a, 1, 5000000 + 64);
    exec_mem_give(m, a);
    assert_ptr_equal(exec_mem_take(m, 4900000), a);
    exec_mem_give(m, a);
    exec_mem_give(m, b);
    void *many[64];
    for (u32 i = 0; i < COUNTOF(many); i++)
        assert_non_null(many[i] = exec_mem_take(m, 1000 + 9000 * i));
    for (u32 i = 0; i < COUNTOF(many); i++)
        exec_mem_give(m, many[i]);
    assert_true(exec_mem_kept(m) < 16u * 6000000);
    assert_null(exec_mem_take(m, (u64)1 << 60));
    struct slab_walk w = {0}, again = {0};
    const float *v[3], *same;
    v[0] = exec_mem_slab(m, &w, SLAB_COARSE, 7);
    v[1] = exec_mem_slab(m, &w, SLAB_COARSE, 3000000);
    v[2] = exec_mem_slab(m, &w, SLAB_NEAR_ONE, 100);
    assert_true(v[0] && v[1] && v[2] && v[1] != v[0] && (uintptr_t)v[1] % 64 == 0);
    same = exec_mem_slab(m, &again, SLAB_COARSE, 7);
    assert_ptr_equal(same, v[0]);
    for (u32 i = 0; i < 3000000; i += 77)
        assert_true(fabsf(v[1][i]) <= 0.125f && fabsf(v[1][i]) >= 0.0625f);
    for (u32 i = 0; i < 100; i++)
        assert_true(v[2][i] >= 0.5f && v[2][i] <= 1);
    exec_mem_free(m);
}

static void states_move_on(void **s)
{
    struct plan_env e;
    (void)s;
    plan_env_open(&e);
    struct cascade *c = plan_env_read(&e,
        "(cascade \"net\") (sym batch 1 2147483648 1 call) (tens x in f32 run (dims batch 4)) (tens r state f32 load (dims 4) (init zeros 0.0 0.0) (number 0))"
        "(tens n next f32 run (dims 4) (of r)) (tens y out f32 run (dims batch 4))"
        "(eq (out n) (lhs r0) (rank d par 4) (rank b red batch) (red add) (acc f32) (body (read x r1 r0)) (post (add (read r r0) (acc 0))) (phase run))"
        "(eq (out y) (lhs r0 r1) (rank b par batch) (rank d par 4) (acc f32) (body (add (read x r0 r1) (read r r1))) (phase run))");
    c->training = true;
    struct plan *p = plan_env_plan(&e, c);
    struct exec *x = exec_new(p, plan_env_code(&e, p));
    exec_weights_seed(x, 1);
    exec_load(x);
    float in[8] = { 1, 2, 3, 4, 5, 6, 7, 8 }, out[8];
    const void *ip = in;
    void *op = out;
    for (u32 round = 0; round < 3; round++) {
        assert_true(exec_run(x, 2, &ip, &op));
        for (u32 i = 0; i < 8; i++)
            assert_true(out[i] == in[i] + (float)round * (in[i % 4] + in[i % 4 + 4]));
    }
    exec_free(x);
    plan_env_close(&e);
}

static void weights_by_number(void **s)
{
    struct plan_env e;
    (void)s;
    plan_env_open(&e);
    struct plan *p = plan_env_plan(&e, plan_env_read(&e, net));
    struct exec *x = exec_new(p, plan_env_code(&e, p));
    assert_int_equal(p->weight.n, 2);
    u64 bytes;
    exec_weights_seed(x, 3);
    float *w = exec_weight(x, 0, &bytes);
    assert_int_equal(bytes, 600 * sizeof(float));
    float first = w[0], last = w[599];
    exec_weights_seed(x, 4);
    assert_true(w[0] != first);
    exec_weights_seed(x, 3);
    assert_true(w[0] == first && w[599] == last);
    float *scale = exec_weight(x, 1, &bytes);
    for (u32 i = 0; i < 20; i++)
        assert_true(scale[i] >= 0.5f && scale[i] <= 1.5f);
    exec_free(x);
    plan_env_close(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_batch), cmocka_unit_test(too_large_a_batch), cmocka_unit_test(allocates_nothing), cmocka_unit_test(single_command),
        cmocka_unit_test(threads_give_the_same_bytes), cmocka_unit_test(every_unit_once), cmocka_unit_test(ends_in_time), cmocka_unit_test(bugs_come_back), cmocka_unit_test(memory_is_handed_on),
        cmocka_unit_test(states_move_on), cmocka_unit_test(weights_by_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
