/* test_be_llvm.c - the LLVM backend against the interpreter (loop_programs.h), and its refusals and texts. */
#define TESTED "llvm"
enum { LANES_STEP = 2 };
#include "tests/unit/loop_programs.h"

/* Refusals with reasons, text, and many small batches in one instance. */
static void test_edges(void **state)
{
    struct differ d;
    struct loop_env *e = *state;
    if (!differ_open(&d, e, "llvm"))
        return;
    const char *text = "(fn f (buf b0 x in f32 (align 4) (elems 64)) (buf b1 y out f32 (align 4) (elems 64)) (body (v3 i64 iconst 0) (v4 f32x16 load b0 v3) (v5 f32x16 exp v4) (store b1 v3 v5)))";
    const struct loop_fn *f = loop_env_read(e, text);
    struct be_kernel k;
    assert_false(code_compile(e->code, d.backend, d.be, 1, &f, &k, &e->why));
    assert_non_null(strstr(e->why.at, "exp"));
    assert_false(d.backend->can(&e->m, LO_EXP, (struct ltype){ DT_F32, 16 }));
    struct loop_fn *legal = loop_env_read(e, text);
    assert_int_equal(loop_legalize(legal, &e->m, d.backend->can), 1);
    f = legal;
    struct buf out = { 0 };
    assert_true(d.backend->text(d.be, f, "llvm", &out, &e->why));
    assert_non_null(strstr(out.at, "define"));
    assert_null(strstr(out.at, " fast "));
    buf_clear(&out);
    assert_true(d.backend->text(d.be, f, "asm", &out, &e->why));
    assert_non_null(strstr(out.at, "ret"));
    assert_false(d.backend->text(d.be, f, "poem", &out, &e->why));
    buf_free(&out);
    assert_true(code_compile(e->code, d.backend, d.be, 0, NULL, NULL, &e->why));
    for (u32 i = 0; i < 20; i++)
        assert_true(code_compile(e->code, d.backend, d.be, 1, &f, &k, &e->why));
    struct mach none = e->m;
    none.triple = "pdp11-unknown-linux";
    buf_clear(&e->why);
    assert_null(d.backend->open(&none, &e->why));
    assert_non_null(strstr(e->why.at, "makes no code"));
    differ_close(&d);
}

/* All of it for a machine without AVX-512, which this one can run: masks and gathers are done by other means there. */
static void test_narrow(void **state)
{
    struct loop_env *e = *state;
    if (e->m.vector_bits < 256) {
        printf("  skipped: this machine has no AVX2\n");
        return;
    }
    if (e->m.isa == ISA_X86_64)
        e->m.features = "+sse3,+ssse3,+sse4.1,+sse4.2,+popcnt,+avx,+avx2,+fma,+f16c,+bmi,+bmi2,+lzcnt";
    e->m.vector_bits = 256;
    e->m.nvreg = 16;
    e->m.masks = false;
    test_memory(state);
    test_texts(state);
    test_ops(state);
    setenv("NASC_LOOP_PROGRAMS", "80", 0);
    test_random(state);
}

/* And for the first of x86-64: no vectors longer than 128 bits, no fused multiply-add, no rounding, no f16. */
static void test_oldest(void **state)
{
    struct loop_env *e = *state;
    if (e->m.isa != ISA_X86_64) {
        printf("  skipped: this machine is no x86-64\n");
        return;
    }
    e->m.features = "";
    mach_describe(&e->m);
    assert_true(e->m.vector_bits == 128 && !e->m.fma && !e->m.masks);
    test_memory(state);
    test_texts(state);
    test_ops(state);
    setenv("NASC_LOOP_PROGRAMS", "80", 0);
    test_random(state);
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, loop_env_setup, loop_env_teardown)
    const struct CMUnitTest tests[] = { T(test_edges), T(test_ops), T(test_memory), T(test_texts), T(test_threads), T(test_random), T(test_narrow), T(test_oldest) };
    return cmocka_run_group_tests_name("be_llvm", tests, NULL, NULL);
}
