/* test_mach.c - the host as probed, against what the C compiler's runtime says of it, and against sense. */
#include "compiler/ir/mach.h"

#include "compiler/base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static bool names(const struct mach *m, const char *feature)
{
    size_t n = strlen(feature);
    for (const char *s = m->features; (s = strchr(s, '+')); s++)
        if (strncmp(s + 1, feature, n) == 0 && (s[1 + n] == ',' || !s[1 + n]))
            return true;
    return false;
}

static void test_features(void **state)
{
    (void)state;
    struct arena *a = arena_new("test");
    struct mach m;
    mach_host(&m, a);
#if defined __x86_64__
    assert_int_equal(m.isa, ISA_X86_64);
    __builtin_cpu_init();
#define SAME(name) assert_int_equal(names(&m, name), !!__builtin_cpu_supports(name))
    SAME("sse3");
    SAME("sse4.1");
    SAME("avx");
    SAME("avx2");
    SAME("fma");
    SAME("bmi2");
    SAME("avx512f");
    SAME("avx512bw");
    SAME("avx512dq");
    SAME("avx512vl");
    SAME("avx512vnni");
    assert_int_equal(m.fma, !!__builtin_cpu_supports("fma"));
    assert_int_equal(m.vector_bits == 512, m.masks);
#endif
    assert_true(m.vector_bits == 128 || m.vector_bits == 256 || m.vector_bits == 512);
    assert_true(m.nvreg == 16 || m.nvreg == 32);
    assert_true(m.cores >= 1 && m.line >= 16 && m.l1d >= 4096 && m.l2 >= m.l1d && m.l3 >= m.l2);
    arena_free(a);
}

static void test_print(void **state)
{
    (void)state;
    struct mach m = { .isa = ISA_X86_64, .triple = "x86_64-pc-linux-gnu", .cpu = "x86-64", .features = "+avx2,+fma", .vector_bits = 256, .nvreg = 16,
                      .fma = true, .l1d = 32768, .l2 = 1048576, .l3 = 8388608, .cores = 4, .line = 64 };
    struct buf b = { 0 };
    mach_print(&b, &m);
    assert_string_equal(b.at, "(mach x86_64 (cpu x86-64) (features \"+avx2,+fma\") (vector 256) (registers 16) fma (l1d 32768) (l2 1048576) (l3 8388608) (line 64) (cores 4))\n");
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_features), cmocka_unit_test(test_print) };
    return cmocka_run_group_tests_name("mach", tests, NULL, NULL);
}
