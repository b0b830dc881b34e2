/* test_pipe_code.c - kernels of a session: found, compiled together, bounded, kept while a network is open; from the cache on disk the same code. */
#include "tests/unit/unit.h"

#include "compiler/compare.h"

#include <sys/stat.h>

enum { NETS = 10 };
static const u128 MACS = 300000;

static nasc_session *open_session(const char *module)
{
    nasc_session *s = nasc_open();
    assert_int_equal(nasc_load(s, module), NASC_OK);
    assert_int_equal(nasc_select(s, NULL), NASC_OK);
    return s;
}

/* Small networks, drawn. */
static void draw(nasc_session *s, u32 n, nasc_net **net, u64 seed)
{
    struct pass_options o = {0};
    u32 k = 0;
    for (u64 i = 0; k < n; i++) {
        nasc_arch *a;
        nasc_record r;
        assert_int_equal(nasc_sample(s, seed, i, &a), NASC_OK);
        nasc_arch_record(a, &r);
        if (r.macs <= MACS && r.macs > 0)
            net[k++] = net_lower(s, arch_graph(a), &o);
        nasc_arch_free(a);
    }
}

static void right(nasc_net *n)
{
    struct compare r = {0};
    struct buf why = {0};
    assert_true(compare_net(n, 1, 2, &r, &why));
    if (r.bad_groups)
        print_error("%s\n", r.first_bad);
    assert_int_equal(r.bad_groups, 0);
    assert_true(r.worst_end <= 1);
    buf_free(&why);
}

static bool native(nasc_session *s)
{
    bool have = strcmp(session_backend_named(s, NULL)->name, "llvm") == 0;
    if (!have)
        said_less("no llvm");
    return have;
}

static void test_together(void **state)
{
    (void)state;
    nasc_session *s = open_session("std.spaces.einspace"), *t = open_session("std.spaces.einspace");
    s->no_cache = t->no_cache = true;
    nasc_net *net[NETS], *alone[NETS];
    draw(s, NETS, net, 3);
    draw(t, NETS, alone, 3);
    assert_true(net_code(s, NETS, net, NULL));
    u32 all = 0;
    for (u32 i = 0; i < NETS; i++) {
        assert_true(net_code(t, 1, &alone[i], NULL));
        assert_int_equal(net[i]->misses, alone[i]->misses);     /* who needs it first */
        assert_int_equal(net[i]->plan->kernel.n, alone[i]->plan->kernel.n);
        for (u32 k = 0; k < net[i]->plan->kernel.n && native(s); k++) {
            const struct be_kernel *x = &net[i]->kernel[k], *y = &alone[i]->kernel[k];
            assert_int_equal(x->code_bytes, y->code_bytes);
            assert_memory_equal((const void *)(uintptr_t)x->fn, (const void *)(uintptr_t)y->fn, x->code_bytes);
        }
        all += net[i]->misses;
        right(net[i]);
    }
    assert_true(all > NETS && all == s->compiled && all == kernels_count(s->kernels));
    for (u32 i = 0; i < NETS; i++)
        nasc_net_free(net[i]);
    draw(s, NETS, net, 3);
    assert_true(net_code(s, NETS, net, NULL));
    for (u32 i = 0; i < NETS; i++)
        assert_int_equal(net[i]->misses, 0);
    assert_int_equal(s->compiled, all);
    nasc_close(s);
    nasc_close(t);
}

/* A table of four kernels: those of a network that stays open stay, the others come and go. */
static void bounded(const char *backend)
{
    nasc_session *s = open_session("std.spaces.einspace");
    s->no_cache = true;
    kernels_bound(session_kernels(s), 4, 1 << 20);
    nasc_net *kept, *net[NETS];
    draw(s, 1, &kept, 4);
    assert_true(net_code(s, 1, &kept, backend));
    draw(s, NETS, net, 5);
    for (u32 turn = 0; turn < 2; turn++)
        for (u32 i = 0; i < NETS; i++) {
            assert_true(net_code(s, 1, &net[i], backend));
            right(net[i]);
            pipe_release(s, net[i]->plan, net[i]->kernel);
            net[i]->kernel = NULL;
            exec_free(net[i]->exec);
            net[i]->exec = NULL;
            assert_true(kernels_count(s->kernels) <= 4 + kept->plan->kernel.n);
        }
    right(kept);
    assert_true(s->compiled > 2 * NETS);                /* compiled again */
    nasc_net_free(kept);
    assert_true(kernels_count(s->kernels) <= 4);
    nasc_close(s);
}

static void test_bounded(void **state)
{
    (void)state;
    bounded(NULL);
    bounded("ref");
}

static void test_next_session(void **state)
{
    (void)state;
    char dir[] = "pipe-code-XXXXXX";
    assert_non_null(mkdtemp(dir));
    setenv("NASC_CACHE_DIR", dir, 1);
    nasc_session *s = open_session("std.spaces.nas_bench_201"), *t = open_session("std.spaces.nas_bench_201"), *u;
    nasc_net *one[1], *two[1], *three[1];
    struct pass_options o = {0};
    nasc_session *in[] = {s, t};
    nasc_net **to[] = {one, two};
    bool have = native(s) && session_cache(s);
    for (u32 i = 0; i < 2; i++) {
        nasc_arch *a;
        assert_int_equal(nasc_sample(in[i], 1, 0, &a), NASC_OK);
        *to[i] = net_lower(in[i], arch_graph(a), &o);
        assert_true(net_code(in[i], 1, to[i], NULL));
        nasc_arch_free(a);
    }
    assert_true(s->compiled > 0 && s->loaded == 0);
    if (have) {
        assert_true(t->compiled == 0 && t->loaded == s->compiled && (*two)->misses == 0);
        assert_null(session_backend_named(t, NULL)->inst);      /* nobody opened it */
        for (u32 k = 0; k < (*one)->plan->kernel.n; k++) {
            const struct be_kernel *x = &(*one)->kernel[k], *y = &(*two)->kernel[k];
            assert_int_equal(x->code_bytes, y->code_bytes);
            assert_memory_equal((const void *)(uintptr_t)x->fn, (const void *)(uintptr_t)y->fn, x->code_bytes);
        }
        u = open_session("std.spaces.nas_bench_201");           
        if (u->mach.triple == NULL && session_mach(u)->isa == ISA_X86_64 && session_mach(u)->vector_bits == 512) {
            nasc_arch *a;
            assert_true(session_cpu(u, "x86-64-v3"));           /* other code */
            assert_int_equal(nasc_sample(u, 1, 0, &a), NASC_OK);
            *three = net_lower(u, arch_graph(a), &o);
            assert_true(net_code(u, 1, three, NULL));
            assert_true(u->loaded == 0 && u->compiled > 0);
            nasc_arch_free(a);
        }
        nasc_close(u);
    }
    nasc_close(s);
    nasc_close(t);
    char text[64];
    snprintf(text, sizeof text, "rm -rf %s", dir);
    assert_int_equal(system(text), 0);
    unsetenv("NASC_CACHE_DIR");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_together), cmocka_unit_test(test_bounded), cmocka_unit_test(test_next_session)};
    return cmocka_run_group_tests_name("pipe_code", tests, NULL, NULL);
}
