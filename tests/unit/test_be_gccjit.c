/* test_be_gccjit.c - the GCC backend against the interpreter (loop_programs.h), its refusals and texts, and workers that end badly. */
#define TESTED "gccjit"
#define DIFFER_BATCH 96         /* each context costs as much as a few small functions */
#define DIFFER_ALONE 24
enum { LANES_STEP = 8 };
#include "tests/unit/loop_programs.h"

static const char exp16[] = "(fn f (buf b0 x in f32 (align 4) (elems 64)) (buf b1 y out f32 (align 4) (elems 64)) (body (v3 i64 iconst 0) (v4 f32x16 load b0 v3) (v5 f32x16 exp v4) (store b1 v3 v5)))";

static void test_edges(void **state)
{
    struct differ d;
    struct loop_env *e = *state;
    if (!differ_open(&d, e, TESTED))
        return;
    const struct loop_fn *f = loop_env_read(e, exp16);
    struct be_kernel k;
    assert_false(code_compile(e->code, d.backend, d.be, 1, &f, &k, &e->why));
    assert_non_null(strstr(e->why.at, "exp"));
    assert_false(d.backend->can(&e->m, LO_EXP, (struct ltype){ DT_F32, 16 }));
    struct loop_fn *legal = loop_env_read(e, exp16);
    loop_legalize(legal, &e->m, d.backend->can);
    f = legal;
    static const struct { const char *what, *has; } text[] = { { "gccjit", "__attribute__((vector_size" }, { "reproducer", "gcc_jit_context_acquire" }, { "asm", "ret" } };
    for (u32 i = 0; i < COUNTOF(text); i++) {
        struct buf out = { 0 };
        assert_true(d.backend->text(d.be, f, text[i].what, &out, &e->why));
        assert_non_null(strstr(out.at, text[i].has));
        buf_free(&out);
    }
    assert_false(d.backend->text(d.be, f, "poem", NULL, &e->why));
    assert_true(code_compile(e->code, d.backend, d.be, 0, NULL, NULL, &e->why));
    struct mach other = e->m;
    other.features = "+sse3";
    buf_clear(&e->why);
    assert_null(d.backend->open(&other, &e->why));
    assert_non_null(strstr(e->why.at, "fma"));
    other = e->m;
    other.isa = ISA_RISCV64;
    assert_null(d.backend->open(&other, &e->why));
    differ_close(&d);
}

/* A process that cannot write, and one whose assembler is missing: reasons, not ends. */
static void test_workers(void **state)
{
    struct differ d;
    struct loop_env *e = *state;
    if (!differ_open(&d, e, TESTED))
        return;
    struct loop_fn *f = loop_env_read(e, "(fn f (buf b0 x out f32 (align 4) (elems 4)) (body (v3 i64 iconst 0) (v4 f32 fconst 1.0) (store b0 v3 v4)))");
    const struct loop_fn *one = f;
    struct be_kernel k;
    char *path = strdup(getenv("PATH")), *tmp = getenv("TMPDIR") ? strdup(getenv("TMPDIR")) : NULL;
    buf_clear(&e->why);
    setenv("PATH", "/nowhere", 1);
    bool found = code_compile(e->code, d.backend, d.be, 1, &one, &k, &e->why);       /* some drivers know where their assembler is */
    assert_true(found || strstr(e->why.at, "libgccjit"));
    setenv("PATH", path, 1);
    buf_clear(&e->why);
    setenv("TMPDIR", "/nowhere", 1);
    assert_false(code_compile(e->code, d.backend, d.be, 1, &one, &k, &e->why));
    assert_non_null(strstr(e->why.at, "/nowhere"));
    if (tmp)
        setenv("TMPDIR", tmp, 1);
    else
        unsetenv("TMPDIR");
    buf_clear(&e->why);
    assert_true(code_compile(e->code, d.backend, d.be, 1, &one, &k, &e->why));
    free(path);
    free(tmp);
    differ_close(&d);
}

/* A machine without AVX-512, which this one can run: masks are lanes there. */
static void test_narrow(void **state)
{
    struct loop_env *e = *state;
    if (e->m.vector_bits < 256 || e->m.isa != ISA_X86_64) {
        printf("  skipped: this machine has no AVX2\n");
        return;
    }
    e->m.features = "+sse3,+ssse3,+sse4.1,+sse4.2,+popcnt,+avx,+avx2,+fma,+f16c,+bmi,+bmi2,+lzcnt";
    e->m.vector_bits = 256;
    e->m.nvreg = 16;
    e->m.masks = false;
    test_memory(state);
    test_texts(state);
    setenv("NASC_LOOP_PROGRAMS", "24", 1);
    test_random(state);
}

int main(void)
{
    setenv("NASC_LOOP_PROGRAMS", "48", 0);
#define T(fn) cmocka_unit_test_setup_teardown(fn, loop_env_setup, loop_env_teardown)
    const struct CMUnitTest tests[] = { T(test_edges), T(test_workers), T(test_ops), T(test_memory), T(test_texts), T(test_threads), T(test_random), T(test_narrow) };
    return cmocka_run_group_tests_name("be_gccjit", tests, NULL, NULL);
}
