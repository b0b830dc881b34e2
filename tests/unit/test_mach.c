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
    static const char v3[] = "+sse3,+ssse3,+cx16,+sse4.1,+sse4.2,+movbe,+popcnt,+avx,+fma,+f16c,+bmi,+avx2,+bmi2,+lzcnt";
    struct arena *a = arena_new("test");
    struct buf why = { 0 };
    char all[400];
    snprintf(all, sizeof all, "+amx-tile,+avx512vl,%s,+avx512f,+avx512bw,+avx512cd,+avx512dq,+gfni", v3);
    const struct mach host = { .isa = ISA_X86_64, .cpu = "x86-64", .features = all, .vector_bits = 512, .nvreg = 32, .masks = true, .fma = true };
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
    assert_true(mach_level(&small, a, "x86-64-v2", &why));
    assert_true(small.vector_bits == 128 && !small.fma && names(&small, "sse4.2") && !names(&small, "avx"));
    small = m;
    assert_string_equal(small.features, v3);
    small.features = "+sse3,+avx512fp16";
    buf_clear(&why);
    assert_false(mach_level(&small, a, "x86-64-v3", &why));
    assert_non_null(strstr(why.at, "no ssse3"));
    static const char *const bad[] = { "x86-64-v5", "", "rocketlake", "x86-64-v33", "cortex-a76", "generic" };
    for (u32 i = 0; i < COUNTOF(bad); i++) {
        m = host;
        assert_false(mach_level(&m, a, bad[i], &why));
    }
    m.isa = ISA_AARCH64;
    assert_false(mach_level(&m, a, "x86-64-v3", &why));
    buf_free(&why);
    arena_free(a);
}

static bool named(struct mach *m, struct arena *a, const char *target, const char *cpu, const char *features)
{
    struct buf why = { 0 };
    bool ok = mach_target(m, a, target, cpu, features, &why);
    assert_int_equal(ok, why.n == 0);
    buf_free(&why);
    return ok;
}

static void refused(struct arena *a, const char *target, const char *cpu, const char *features, const char *with)
{
    struct mach m = { .cpu = "untouched" };
    struct buf why = { 0 };
    assert_false(mach_target(&m, a, target, cpu, features, &why));
    if (!strstr(why.at, with))
        fail_msg("`%s` does not say `%s`", why.at, with);
    assert_string_equal(m.cpu, "untouched");
    buf_free(&why);
}

/* Every name of the table gives a machine; what it can do is in its features. */
static void test_targets(void **state)
{
    (void)state;
    struct arena *a = arena_new("test");
    struct mach m, host;
    mach_host(&host, a);
    for (u32 k = 0; mach_target_name(k); k++) {
        assert_true(named(&m, a, mach_target_name(k), NULL, NULL));
        assert_string_equal(m.name, mach_target_name(k));
        assert_true(strncmp(m.triple, mach_isa_name(m.isa), 5) == 0 && strncmp(m.name, m.triple, 5) == 0);
        assert_true(m.vector_bits >= 32 && m.vector_bits <= 512 && m.nvreg >= 16 && m.l1d && m.l2 >= m.l1d && m.l3 >= m.l2 && m.cores == host.cores);
        assert_true((m.isa == ISA_RISCV64) == (m.abi != NULL));
        assert_true(m.least_bits == 0 || m.vector_bits <= m.least_bits);
        assert_true(m.isa == host.isa || !m.host);
    }
    enum mach_isa isa;
    for (u32 k = 0; mach_cpu_name(k, &isa); k++) {
        assert_true(named(&m, a, mach_isa_name(isa), mach_cpu_name(k, &isa), NULL));
        for (u32 i = 0; i < k; i++) {
            enum mach_isa other;
            assert_true(strcmp(mach_cpu_name(k, &isa), mach_cpu_name(i, &other)) != 0);
        }
    }
    assert_true(named(&m, a, NULL, NULL, NULL) && m.host && strcmp(m.features, host.features) == 0 && strcmp(m.name, "native") == 0);
    assert_true(named(&m, a, "x86_64", NULL, NULL) && !m.fma && m.vector_bits == 128 && *m.features == 0);
    assert_true(named(&m, a, "x86_64-v4", NULL, NULL) && m.masks && m.fma && names(&m, "sse3") && names(&m, "avx512f"));
    assert_true(named(&m, a, "x86_64-v4", NULL, "-avx512bw") && !m.masks && m.vector_bits == 256 && names(&m, "avx512f"));
    assert_true(named(&m, a, "x86_64-v4", NULL, "-avx") && m.vector_bits == 128 && !m.fma && !names(&m, "avx512vl") && names(&m, "sse4.2"));
    assert_true(named(&m, a, "x86_64", NULL, "+avx512vl") && names(&m, "f16c") && names(&m, "ssse3"));
    assert_true(named(&m, a, "x86_64-linux-musl", "haswell", NULL) && strcmp(m.triple, "x86_64-linux-musl") == 0 && m.vector_bits == 256 && strcmp(m.tune, "haswell") == 0);
    assert_true(named(&m, a, "aarch64", NULL, NULL) && m.vector_bits == 128 && !m.masks && m.least_bits == 0 && m.fma);
    assert_true(named(&m, a, "aarch64", "neoverse-v1", NULL) && m.vector_bits == 256 && m.masks && m.least_bits == 256);
    assert_true(named(&m, a, "aarch64", "neoverse-v1", "-sve") && m.vector_bits == 128 && m.least_bits == 0);
    assert_true(named(&m, a, "aarch64", NULL, "sve") && m.least_bits == 128 && !m.masks);
    assert_true(named(&m, a, "aarch64-none-elf", NULL, NULL) && !m.host);
    assert_true(named(&m, a, "riscv64", NULL, NULL) && m.vector_bits == 64 && !m.masks && m.nvreg == 16 && strcmp(m.features, "+m,+a,+f,+d,+c") == 0);
    assert_true(named(&m, a, "riscv64", NULL, "+v") && m.vector_bits == 128 && m.least_bits == 128 && m.masks);
    assert_true(named(&m, a, "riscv64-unknown-elf", NULL, "+zvl256b") && m.least_bits == 256 && names(&m, "v") && names(&m, "zvl128b"));
    assert_true(named(&m, a, "riscv64-v256", NULL, "-zvl256b,+zbb") && m.least_bits == 128 && names(&m, "zbb"));
    refused(a, "sparc", NULL, NULL, "`sparc` is no target: native, x86_64");
    refused(a, "x86_64-apple-darwin", NULL, NULL, "no target");
    refused(a, "", NULL, NULL, "no target");
    refused(a, "x86_64", "cortex-a76", NULL, "no processor of x86_64: native, x86-64");
    refused(a, "riscv64", NULL, "+avx", "`avx` is no feature of riscv64: m, a");
    refused(a, "riscv64", NULL, "-d", "cannot be left out");
    refused(a, "aarch64", NULL, "-neon", "cannot be left out");
    refused(a, "aarch64-sve512", "neoverse-v1", NULL, "`neoverse-v1` has no vectors of 512 bits");
    refused(a, "x86_64-v4", "haswell", NULL, "`haswell` has no avx512f");
    refused(a, host.isa == ISA_AARCH64 ? "x86_64" : "aarch64", "native", NULL, "this machine has no such processor");
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_targets), cmocka_unit_test(test_features), cmocka_unit_test(test_levels), cmocka_unit_test(test_print) };
    return cmocka_run_group_tests_name("mach", tests, NULL, NULL);
}
