/* test_mach.c - the host as probed, against what the C compiler's runtime says of it, and against sense. */
#include "compiler/ir/mach.h"

#include "compiler/base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>

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

static void test_levels(void **state)
{
    (void)state;
    static const char v3[] = "+sse3,+ssse3,+sse4.1,+sse4.2,+popcnt,+cx16,+movbe,+avx,+avx2,+fma,+f16c,+bmi,+bmi2,+lzcnt";
    struct arena *a = arena_new("test");
    struct buf why = { 0 };
    char all[400];
    snprintf(all, sizeof all, "+amx-tile,+avx512vl,%s,+avx512f,+avx512bw,+avx512cd,+avx512dq,+gfni", v3);
    const struct mach host = { .isa = ISA_X86_64, .features = all, .vector_bits = 512, .nvreg = 32, .masks = true, .fma = true };
    struct mach m = host;
    assert_true(mach_level(&m, a, "native", &why));
    assert_ptr_equal(m.features, all);
    assert_true(mach_level(&m, a, "x86-64-v4", &why));
    assert_true(names(&m, "avx512vl") && names(&m, "avx2") && !names(&m, "gfni") && !names(&m, "amx-tile") && m.vector_bits == 512 && m.masks);
    assert_true(mach_level(&m, a, "x86-64-v3", &why));
    assert_string_equal(m.features, v3);
    assert_true(m.vector_bits == 256 && m.nvreg == 16 && !m.masks && m.fma);
    assert_int_equal(why.n, 0);
    struct mach small = m;
    assert_false(mach_level(&small, a, "x86-64-v4", &why));
    assert_string_equal(why.at, "this machine has no avx512f, which `x86-64-v4` needs");
    assert_string_equal(small.features, v3);
    small.features = "+sse3,+avx512fp16";
    buf_clear(&why);
    assert_false(mach_level(&small, a, "x86-64-v3", &why));
    assert_non_null(strstr(why.at, "no ssse3"));
    static const char *const bad[] = { "x86-64-v2", "x86-64", "x86-64-v5", "", "rocketlake", "x86-64-v33" };
    for (u32 i = 0; i < COUNTOF(bad); i++) {
        m = host;
        assert_false(mach_level(&m, a, bad[i], &why));
    }
    m.isa = ISA_AARCH64;
    assert_false(mach_level(&m, a, "x86-64-v3", &why));
    buf_free(&why);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_features), cmocka_unit_test(test_levels), cmocka_unit_test(test_print) };
    return cmocka_run_group_tests_name("mach", tests, NULL, NULL);
}
