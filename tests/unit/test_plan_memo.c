/* test_plan_memo.c - a plan is a function of its network: whatever the session lowered before, in whatever order, or nothing at all. */
#include "tests/unit/unit.h"

#include "compiler/pipeline.h"

enum { NETS = 24 };
static const char *const space[] = { "std.spaces.nas_bench_201", "std.spaces.einspace" };

static nasc_session *session(const char *module)
{
    nasc_session *s = nasc_open();
    assert_int_equal(nasc_load(s, module), NASC_OK);
    assert_int_equal(nasc_select(s, NULL), NASC_OK);
    s->checked = false;         /* times; other tests verify */
    return s;
}

/* The plan of sample i as text. */
static struct hash128 plan_of(nasc_session *s, u64 i, const struct pass_options *o, bool memo)
{
    nasc_arch *ar;
    assert_int_equal(nasc_sample(s, 3, i, &ar), NASC_OK);
    struct arena *a = arena_new("test");
    struct cascade *c = pipe_cascade(s, a, arch_graph(ar), o);
    pipe_optimize(s, c, o, NULL, NULL);
    struct plan *p = memo ? pipe_plan(s, a, c, o) : ein_to_plan(a, c, session_mach(s), o, NULL);
    struct buf b = { 0 };
    plan_dump(&b, p);
    assert_true(b.n > 0);
    struct hash128 h = hash128(b.at, b.n);
    buf_free(&b);
    arena_free(a);
    nasc_arch_free(ar);
    return h;
}

static void order_does_not_matter(void **state)
{
    (void)state;
    const struct pass_options all[] = { { .strict = true }, { .code = CODE_GENERIC } }, o = { 0 };
    for (u32 k = 0; k < COUNTOF(space); k++) {
        const struct pass_options *odd = &all[k];
        struct hash128 want[NETS], other[NETS];
        nasc_session *s = session(space[k]), *t = session(space[k]);
        for (u32 i = 0; i < NETS; i++)
            want[i] = plan_of(s, i, &o, true);
        for (u32 i = NETS; i-- > 0;) {
            struct hash128 h = plan_of(t, i, &o, true), none = plan_of(t, i, &o, false);
            assert_memory_equal(&h, &want[i], sizeof h);
            assert_memory_equal(&none, &want[i], sizeof h);
        }
        /* other options in between do not leak into it */
        for (u32 i = 0; i < NETS; i++)
            other[i] = plan_of(t, i, odd, true);
        u32 differ = 0;
        for (u32 i = 0; i < NETS; i++) {
            struct hash128 h = plan_of(s, i, odd, true), again = plan_of(s, i, &o, true);
            assert_memory_equal(&h, &other[i], sizeof h);
            assert_memory_equal(&again, &want[i], sizeof h);
            differ += memcmp(&h, &want[i], sizeof h) != 0;
        }
        assert_true(differ > 0);
        nasc_close(t);
        for (u32 i = 0; i < NETS; i += 8) {
            nasc_session *fresh = session(space[k]);
            struct hash128 h = plan_of(fresh, i, &o, true);
            assert_memory_equal(&h, &want[i], sizeof h);
            nasc_close(fresh);
        }
        nasc_close(s);
    }
}

static struct hash128 plan_for(nasc_session *s, const struct mach *m, struct plan_memo *memo)
{
    struct pass_options o = { 0 };
    nasc_arch *ar;
    assert_int_equal(nasc_sample(s, 3, 0, &ar), NASC_OK);
    struct arena *a = arena_new("test");
    struct cascade *c = pipe_cascade(s, a, arch_graph(ar), &o);
    pipe_optimize(s, c, &o, NULL, NULL);
    struct buf b = { 0 };
    plan_dump(&b, ein_to_plan(a, c, m, &o, memo));
    struct hash128 h = hash128(b.at, b.n);
    buf_free(&b);
    arena_free(a);
    nasc_arch_free(ar);
    return h;
}

/* One memo may serve several machines. */
static void machines_are_told_apart(void **state)
{
    (void)state;
    nasc_session *s = session(space[0]);
    struct plan_memo *memo = plan_memo_new();
    struct mach narrow = *session_mach(s), wide = narrow;
    narrow.vector_bits = 128;
    wide.vector_bits = 512;
    struct hash128 a = plan_for(s, &narrow, memo), b = plan_for(s, &wide, memo), c = plan_for(s, &wide, NULL), d = plan_for(s, &narrow, memo);
    assert_memory_equal(&b, &c, sizeof b);
    assert_memory_equal(&a, &d, sizeof a);
    assert_memory_not_equal(&a, &b, sizeof a);
    plan_memo_drop(memo);
    nasc_close(s);
}

/* Networks that need new code all the time, for ever, in bounded memory; a plan outlives the memo it came from. */
static void memory_is_bounded(void **state)
{
    (void)state;
    bool all = getenv("NASC_TEST_LONG");
    u64 n = all ? 10000 : 300;
    struct pass_options o = { 0 };
    nasc_session *s = session(space[1]);
    nasc_arch *ar;
    assert_int_equal(nasc_sample(s, 3, 0, &ar), NASC_OK);
    nasc_net *net = net_compile(s, arch_graph(ar), "ref", &o);
    assert_non_null(net);
    struct buf before = { 0 }, after = { 0 };
    plan_dump(&before, net->plan);
    if (!all) {                 /* as if it had become large */
        plan_memo_drop(s->plans);
        s->plans = NULL;
    }
    size_t most = 0;
    for (u64 i = 1; i < n; i++) {
        plan_of(s, i, &o, true);
        most = MAX(most, plan_memo_bytes(s->plans));
    }
    assert_in_range(most, 1, 80 << 20);
    plan_dump(&after, net->plan);
    assert_string_equal(before.at, after.at);
    buf_free(&before);
    buf_free(&after);
    nasc_net_free(net);
    nasc_arch_free(ar);
    nasc_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(order_does_not_matter), cmocka_unit_test(machines_are_told_apart),
                                        cmocka_unit_test(memory_is_bounded) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
