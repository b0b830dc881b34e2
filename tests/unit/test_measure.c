/* test_measure.c - measuring: when it stops, what it says; the canary, the counters, the peak.  No time is asserted. */
#define _GNU_SOURCE
#include "tests/unit/plan_env.h"

#include "compiler/base/clock.h"
#include "compiler/canary.h"
#include "compiler/counters.h"
#include "compiler/fp_mode.h"
#include "compiler/measure.h"
#include "compiler/peak.h"

#include <sched.h>

static const char net[] =
    "(cascade \"net\") (sym batch 1 2147483648 1 call)\n"
    "(tens x in f32 run (dims batch 30)) (tens w param f32 load (dims 20 30) (init normal 0.0 0.3) (number 0)) (tens h temp f32 run (dims batch 20)) (tens y out f32 run (dims batch 20))"
    "(eq (out h) (lhs r0 r1) (rank b par batch) (rank d par 20) (rank k red 30) (red add) (acc f32) (body (mul (read x r0 r2) (read w r1 r2))) (phase run))"
    "(eq (out y) (lhs r0 r1) (rank b par batch) (rank d par 20) (acc f32) (body (max (read h r0 r1) 0.0)) (phase run))";

struct env { struct plan_env e; struct plan *p; struct be_kernel *code; struct exec *x; struct meter *m; };

/* commands: of the two there are. */
static void open_env(struct env *v, u32 commands)
{
    plan_env_open(&v->e);
    v->p = plan_env_plan(&v->e, plan_env_read(&v->e, net));
    v->p->run.n = commands;
    v->code = plan_env_code(&v->e, v->p);
    v->x = exec_new(v->p, v->code);
    assert_non_null(v->m = measure_open());
    assert_true(exec_weights_slab(v->x));
    exec_load(v->x);
}

static void close_env(struct env *v)
{
    measure_close(v->m);
    exec_free(v->x);
    plan_env_close(&v->e);
}

/* A kernel whose time is as the test wants it: it waits until so many nanoseconds are over. */
static u64 wait_ns[4];
static u32 calls;

static void wait_kernel(const struct kernel_args *args, i64 lo, i64 hi, void *scratch)
{
    (void)args; (void)lo; (void)hi; (void)scratch;
    u64 ns = wait_ns[calls++ % COUNTOF(wait_ns)];
    for (u64 start = clock_now(); clock_now() < start + ns;)
        ;
}

static void waits(struct env *v, u64 a, u64 b, u64 c, u64 d)
{
    const u64 ns[] = {a, b, c, d};
    memcpy(wait_ns, ns, sizeof ns);
    calls = 0;
    for (u32 i = 0; i < v->p->kernel.n; i++)
        v->code[i].fn = wait_kernel;
}

static void stops(void **s)
{
    (void)s;
    struct env v;
    struct measure m;
    open_env(&v, 1);
    /* as many samples as asked for */
    struct measure_options o = {.batch = 3, .min_samples = 7};
    waits(&v, 20000, 20000, 20000, 20000);
    assert_true(measure_run(v.m, v.x, v.p, &o, 1, &m));
    assert_int_equal(m.samples, 7);
    assert_int_equal(m.runs, 7);
    assert_true(m.min_ns >= 20000 && m.median_ns >= m.min_ns && m.spread >= 0 && m.timed_ns >= 7 * 20000 && m.warm_ns >= 20000);
    for (u32 i = 0; i < m.samples; i++)
        assert_true(m.raw[i] >= m.min_ns);
    /* the budget ends it, though the median of two kinds of runs is not known */
    waits(&v, 20000, 20000, 200000, 200000);
    o = (struct measure_options){.batch = 1, .min_samples = 3, .max_ns = 10000000, .width = 0.0001};
    assert_true(measure_run(v.m, v.x, v.p, &o, 1, &m));
    assert_true(m.samples >= 3 && m.samples <= 10000000 / 20000 + 1);
    assert_true(m.width > 0.0001 && m.timed_ns >= 10000000);
    /* a known median ends it: runs that differ by less than the width */
    waits(&v, 1000000, 1000001, 1000002, 1000003);
    o = (struct measure_options){.batch = 1, .min_samples = 3, .max_ns = 60000000000, .width = 0.5};
    assert_true(measure_run(v.m, v.x, v.p, &o, 1, &m));
    assert_true(m.samples >= 8 && m.samples < 10000 && m.width <= 0.5);
    /* a time at least, though it is */
    o.min_ns = 30000000;
    o.max_ns = 40000000;
    assert_true(measure_run(v.m, v.x, v.p, &o, 1, &m));
    assert_true(m.timed_ns >= 30000000);
    /* a slow one is given up before it has its samples, but has one */
    waits(&v, 5000000, 5000000, 5000000, 5000000);
    o = (struct measure_options){.batch = 1, .min_samples = 1000000, .give_up_ns = 1};
    assert_true(measure_run(v.m, v.x, v.p, &o, 1, &m));
    assert_int_equal(m.samples, 1);
    /* one that takes longer than it may is not measured at all */
    o.run_ns = 1000000;
    calls = 0;
    assert_true(measure_run(v.m, v.x, v.p, &o, 1, &m));
    assert_true(m.late && !m.samples && calls == 1);
    /* short ones are timed together */
    waits(&v, 0, 0, 0, 0);
    o = (struct measure_options){.batch = 1, .min_samples = 5};
    assert_true(measure_run(v.m, v.x, v.p, &o, 1, &m));
    assert_true(m.samples == 5 && m.runs >= 10 && m.runs % 5 == 0);
    close_env(&v);
}

static void medians(void **s)
{
    (void)s;
    double v[100], width;
    for (u32 i = 0; i < 100; i++)
        v[i] = i + 1;
    assert_true(measure_median(v, 1, &width) == 1 && isinf(width));
    assert_true(measure_median(v, 3, &width) == 2 && width == 0.5);
    assert_true(measure_median(v, 4, &width) == 2.5);
    assert_true(measure_median(v, 100, &width) == 50.5);
    assert_true(width > 9.0 / 50.5 && width < 11.5 / 50.5);     /* 100 draws: ten ranks to each side */
    for (u32 i = 0; i < 100; i++)
        v[i] = 7;
    assert_true(measure_median(v, 100, &width) == 7 && width == 0);
}

static void launches(void **s)
{
    (void)s;
    struct env v;
    open_env(&v, 2);
    struct measure_options o = {.batch = 2, .max_ns = 1000000};
    double ns[16];
    assert_true(v.p->run.n == 2);
    assert_true(measure_launches(v.m, v.x, v.p, &o, 1, ns));
    assert_true(ns[0] >= 1 && ns[0] < 1e9 && ns[1] >= 1 && ns[1] < 1e9);
    close_env(&v);
}

/* Processors and rounding are as they were; while quiet it is one processor. */
static void puts_back(void **s)
{
    (void)s;
    struct env v;
    struct measure m;
    cpu_set_t before, during, after;
    open_env(&v, 2);
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    measure_quiet(v.m);
    sched_getaffinity(0, sizeof during, &during);
    volatile float tiny = 1e-30f;
    assert_true(measure_run(v.m, v.x, v.p, &(struct measure_options){.batch = 1, .min_samples = 3}, 1, &m));
    assert_true(tiny * 1e-10f > 0);
    measure_quiet(v.m);
    measure_loud(v.m);
    sched_getaffinity(0, sizeof after, &after);
    assert_true(CPU_COUNT(&during) == 1 && CPU_EQUAL(&before, &after));
    measure_quiet(v.m);
    close_env(&v);
    sched_getaffinity(0, sizeof after, &after);
    assert_true(CPU_EQUAL(&before, &after));
}

static void canaries(void **s)
{
    (void)s;
    struct canary c;
    assert_true(canary_open(&c));
    assert_true(c.best_ns > 0);
    double best = c.best_ns, ratio = canary_run(&c);
    assert_true(ratio >= 1 && c.best_ns <= best);
    c.best_ns = 1;              /* as if the machine had been far faster */
    assert_true(canary_run(&c) > CANARY_SLOW);
    canary_close(&c);
}

/* Where there are no counters that is said, and asking does no harm. */
static void counts(void **s)
{
    (void)s;
    struct counters c;
    u64 cycles = 0, instructions = 0;
    bool have = counters_open(&c);
    counters_start(&c);
    volatile u32 sum = 0;
    for (u32 i = 0; i < 100000; i++)
        sum = sum + i;
    bool counted = counters_stop(&c, &cycles, &instructions);
    assert_true(have || !counted);
    assert_true(counted ? instructions >= 100000 && cycles > 1000 : !cycles && !instructions);
    counters_close(&c);
    assert_false(counters_stop(&c, &cycles, &instructions));
    struct env v;
    struct measure m;
    open_env(&v, 2);
    assert_true(measure_run(v.m, v.x, v.p, &(struct measure_options){.batch = 1, .min_samples = 3}, 1, &m));
    assert_true(have || !m.counted);
    close_env(&v);
}

static void peaks(void **s)
{
    (void)s;
    struct peak p;
    assert_true(peak_measure(&p));
    assert_true(p.flops > 1e8 && p.flops < 1e13 && p.bytes > 1e7 && p.bytes < 1e13 && *p.how);
}

/* Denormals are flushed while time is measured and by nobody else: the thread's mode is what it was. */
static void keeps_mode(void **state)
{
    (void)state;
    struct env v;
    struct measure m;
    double ns[2];
    struct measure_options o = { .batch = 1, .min_samples = 3, .max_ns = 1000000 };
    open_env(&v, 2);
    u64 mode = fp_mode_get();
    assert_true(measure_run(v.m, v.x, v.p, &o, 1, &m) && measure_launches(v.m, v.x, v.p, &o, 1, ns));
    assert_true(fp_mode_get() == mode);
    volatile float least = 0x1p-126f, half = 0.5f;
    assert_true(least * half == 0x1p-127f);
    close_env(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stops), cmocka_unit_test(keeps_mode), cmocka_unit_test(medians), cmocka_unit_test(launches), cmocka_unit_test(puts_back),
        cmocka_unit_test(canaries), cmocka_unit_test(counts), cmocka_unit_test(peaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
