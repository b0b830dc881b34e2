/* test_be_ref.c - the interpreter of loop IR: every operation by known values, structure, bounds; and loop_legalize by it. */
#include "tests/unit/loop_env.h"

#include "compiler/base/rng.h"
#include "compiler/ir/poly.h"
#include "passes/pass.h"

#include <math.h>

/* Runs text's function over in (8 doubles, cast by the function) and out. */
static void run(struct loop_env *e, const char *text, void *in, void *out)
{
    struct loop_fn *f = loop_env_read(e, text);
    u64 scratch[512] = { 0 };
    assert_true((u64)f->scratch_bytes <= sizeof scratch);
    void *base[2] = { in, out };
    i64 sym[2] = { 11, -5 };
    const i32 table[4] = { 3, 1, -4, 1 };
    const i32 *tab[1] = { table };
    struct kernel_args args = { base, sym, tab, NULL };
    struct be_kernel k;
    const struct loop_fn *fn = f;
    assert_true(code_compile(NULL, &be_ref, NULL, 1, &fn, &k, NULL));
    be_call(&k, &args, 0, 8, scratch);
}

/* An operation on i64 a, b (scalars): the expected result. */
static void test_integers(void **state)
{
    struct loop_env *e = *state;
    static const struct { const char *op; i64 a, b, want; } row[] = {
        { "iadd", 5, -7, -2 }, { "iadd", INT64_MAX, 1, INT64_MIN }, { "isub", 5, -7, 12 }, { "imul", -5, 7, -35 }, { "imul", INT64_MIN, -1, INT64_MIN },
        { "idiv", 7, 2, 3 }, { "idiv", -7, 2, -4 }, { "idiv", -8, 2, -4 }, { "imod", -7, 2, 1 }, { "imod", 7, 4, 3 }, { "imod", -1, 64, 63 },
        { "imin", -3, 2, -3 }, { "imax", -3, 2, 2 }, { "bshl", 3, 4, 48 }, { "bshr", -16, 2, -4 }, { "band", 12, 10, 8 }, { "bor", 12, 10, 14 },
    };
    for (u32 i = 0; i < COUNTOF(row); i++) {
        char text[512];
        i64 in[2] = { row[i].a, row[i].b }, out[1] = { 0 };
        snprintf(text, sizeof text, "(fn f (buf b0 x in i64 (align 8) (elems 2)) (buf b1 y out i64 (align 8) (elems 1)) (body (v3 i64 iconst 0) (v4 i64 iconst 1)"
                 "(v5 i64 load b0 v3) (v6 i64 load b0 v4) (v7 i64 %s v5 v6) (store b1 v3 v7)))", row[i].op);
        run(e, text, in, out);
        if (out[0] != row[i].want)
            print_error("%s %lld %lld\n", row[i].op, (long long)in[0], (long long)in[1]);
        assert_int_equal(out[0], row[i].want);
    }
}

/* An operation on a vector of 4 f32 and another: lanes {a, -0.5, inf, nan} and {b, 2, -inf, 1}. */
static void test_floats(void **state)
{
    struct loop_env *e = *state;
    const float x[4] = { 2.5f, -0.5f, INFINITY, NAN }, y[4] = { -1.5f, 2, -INFINITY, 1 };
    static const struct { const char *op; u32 nargs; float want[4]; } row[] = {
        { "fadd", 2, { 1, 1.5f, NAN, NAN } }, { "fsub", 2, { 4, -2.5f, INFINITY, NAN } }, { "fmul", 2, { -3.75f, -1, -INFINITY, NAN } },
        { "fdiv", 2, { 2.5f / -1.5f, -0.25f, NAN, NAN } }, { "fneg", 1, { -2.5f, 0.5f, -INFINITY, NAN } }, { "fabs", 1, { 2.5f, 0.5f, INFINITY, NAN } },
        { "fmin", 2, { -1.5f, -0.5f, -INFINITY, 1 } }, { "fmax", 2, { 2.5f, 2, INFINITY, 1 } }, { "ffloor", 1, { 2, -1, INFINITY, NAN } },
        { "fround", 1, { 2, -0.0f, INFINITY, NAN } }, { "fsqrt", 1, { 1.58113885f, NAN, INFINITY, NAN } },
    };
    for (u32 i = 0; i < COUNTOF(row); i++) {
        char text[512];
        float in[8], out[4];
        memcpy(in, x, sizeof x);
        memcpy(in + 4, y, sizeof y);
        snprintf(text, sizeof text, "(fn f (buf b0 x in f32 (align 4) (elems 8)) (buf b1 y out f32 (align 4) (elems 4)) (body (v3 i64 iconst 0) (v4 i64 iconst 4)"
                 "(v5 f32x4 load b0 v3) (v6 f32x4 load b0 v4) (v7 f32x4 %s v5 %s) (store b1 v3 v7)))", row[i].op, row[i].nargs == 2 ? "v6" : "");
        run(e, text, in, out);
        for (u32 k = 0; k < 4; k++) {
            bool same = isnan(row[i].want[k]) ? isnan(out[k]) : out[k] == row[i].want[k];
            if (!same)
                print_error("%s lane %u: %g\n", row[i].op, k, (double)out[k]);
            assert_true(same);
        }
    }
}

static void test_casts(void **state)
{
    struct loop_env *e = *state;
    const double in[8] = { 3.99, -3.99, 300, -300, 1e20, -1e20, NAN, 0.5 };
    static const struct { const char *type; i64 want[8]; } row[] = {
        { "i64", { 3, -3, 300, -300, INT64_MAX, INT64_MIN, 0, 0 } }, { "i32", { 3, -3, 300, -300, INT32_MAX, INT32_MIN, 0, 0 } },
        { "i8", { 3, -3, 127, -128, 127, -128, 0, 0 } }, { "u8", { 3, 0, 255, 0, 255, 0, 0, 0 } }, { "bool", { 1, 1, 1, 1, 1, 1, 1, 1 } },
    };
    for (u32 i = 0; i < COUNTOF(row); i++) {
        char text[512];
        double x[8];
        i64 out[8];
        memcpy(x, in, sizeof in);
        bool already = strcmp(row[i].type, "i64") == 0;
        snprintf(text, sizeof text, "(fn f (buf b0 x in f64 (align 8) (elems 8)) (buf b1 y out i64 (align 8) (elems 8)) (body (v3 i64 iconst 0)"
                 "(v5 f64x8 load b0 v3) (v6 %sx8 cast v5) %s (store b1 v3 %s)))", row[i].type, already ? "" : "(v7 i64x8 cast v6)", already ? "v6" : "v7");
        run(e, text, x, out);
        for (u32 k = 0; k < 8; k++)
            assert_int_equal(out[k], row[i].want[k]);
    }
}

static void test_structure(void **state)
{
    struct loop_env *e = *state;
    float in[16] = { 0 };
    /* a fold with two carried values that change places: Fibonacci numbers */
    i64 fib[1];
    run(e, "(fn f (buf b0 x in f32 (align 4) (elems 16)) (buf b1 y out i64 (align 8) (elems 1)) (body (v3 i64 iconst 0) (v4 i64 iconst 1)"
        "(for v5 (lo v1) (hi v2) (step 1) (carry (v6 v3) (v7 v4)) (results v8 v9) (v10 i64 iadd v6 v7) (yield v7 v10)) (store b1 v3 v8)))", in, fib);
    assert_int_equal(fib[0], 21);
}

static void test_memory(void **state)
{
    struct loop_env *e = *state;
    float in[16], out[16] = { 0 };
    for (u32 i = 0; i < 16; i++)
        in[i] = (float)i;
    run(e, "(fn f (syms 2) (tabs 1) (uks 0) (buf b0 x in f32 (align 4) (elems 16)) (buf b1 y out f32 (align 4) (elems 16)) (buf b2 t scratch f32 (align 64) (elems 8))"
        "(body (v3 i64 iconst 0) (v4 i32x8 iota) (v5 i32x8 iconst 4) (v6 boolx8 ilt v4 v5)"
        "(v7 i64 iconst 12) (v8 f32x8 load b0 v7 (mask v6))"                        /* 12 13 14 15 0 0 0 0: the rest is past the buffer */
        "(store b2 v3 v8) (v9 f32x8 load b2 v3) (v10 f32 reduce add v9)"            /* 54 */
        "(store b1 v3 v10)"
        "(v11 i32x8 imul v4 v5) (v12 f32x8 load b0 v3 (mask v6) (index v11))"       /* 0 4 8 12 */
        "(v13 f32 reduce max v12) (v14 i64 iconst 1) (store b1 v14 v13)"            /* 12 */
        "(v15 i64 sym 1) (v16 i64 tab 0 v14) (v17 i64 isub v16 v15) (v18 f32 load b0 v17)"   /* 1 - -5 = 6 */
        "(v19 i64 iconst 2) (store b1 v19 v18)"
        "(v20 f32 lane 3 v12) (v21 f32x8 splat v20) (v22 i64 iconst 4) (store b1 v22 v21 (mask v6))"
        "(v23 f32x8 insert 6 v21 v10) (v24 f32 lane 6 v23) (v25 i64 iconst 3) (store b1 v25 v24)"
        "(v26 bool ilt v1 v2) (if v26 (results (v27 f32)) (then (yield v10)) (else (yield v13))) (v28 i64 iconst 8) (store b1 v28 v27)"
        "))", in, out);
    const float want[] = { 54, 12, 6, 54, 12, 12, 12, 12, 54, 0 };
    for (u32 i = 0; i < COUNTOF(want); i++)
        assert_true(out[i] == want[i]);
}

static bool stops(struct loop_env *e, const char *text, void *in, void *out, struct bug_trap *trap)
{
    bug_trap_push(trap);
    if (setjmp(trap->back)) {
        bug_trap_pop(trap);
        return true;
    }
    run(e, text, in, out);
    bug_trap_pop(trap);
    return false;
}

/* What the verifier cannot see is stopped when it happens. */
static void test_stopped(void **state)
{
    struct loop_env *e = *state;
    static const struct { const char *body, *why; } row[] = {
        { "(v3 i64 iconst 8) (v4 f32 load b0 v3)", "read outside of buffer x" },
        { "(v3 i64 iconst 5) (v4 f32x4 load b0 v3)", "read outside of buffer x" },
        { "(v3 i64 iconst -1) (v4 f32 load b0 v3)", "read outside of buffer x" },
        { "(v3 f32x4 fconst 0.0) (v4 i64 iconst 6) (store b1 v4 v3)", "written outside of buffer y" },
        { "(v3 i64 iconst 1) (v4 i32x4 iconst 8) (v5 f32x4 load b0 v3 (index v4))", "read outside of buffer x" },
        { "(v3 i64 iconst 0) (v4 i64 idiv v2 v3)", "division by 0" },
        { "(v3 i64 iconst 64) (v4 i64 bshl v2 v3)", "shift" },
    };
    for (u32 i = 0; i < COUNTOF(row); i++) {
        char text[512];
        float in[8] = { 0 }, out[8];
        snprintf(text, sizeof text, "(fn f (buf b0 x in f32 (align 4) (elems 8)) (buf b1 y out f32 (align 4) (elems 8)) (body %s))", row[i].body);
        struct bug_trap trap;
        bool stopped = stops(e, text, in, out, &trap);
        if (!stopped || !strstr(trap.text, row[i].why))
            print_error("%s: %s\n", row[i].body, stopped ? trap.text : "ran");
        assert_true(stopped && strstr(trap.text, row[i].why));
    }
}

static bool nothing_but_scalars(const struct mach *m, enum loop_op op, struct ltype t)
{
    (void)m;
    return op < LO_EXP || (op > LO_POW && t.lanes == 1) || loop_ops[op].class == 'V' || op == LO_ICONST || op == LO_FCONST;
}

static bool oldest(const struct mach *m, enum loop_op op, struct ltype t)
{
    (void)m, (void)t;
    return op != LO_FMA && op != LO_FROUND && op != LO_FFLOOR && (op < LO_EXP || op > LO_POW);
}

/* f with three arguments from x, as written and without fused multiply-add and rounding, n numbers of a float type: where do they differ? */
static void same_without(struct loop_env *e, const char *d, const char *op, const void *x, u32 n, const char *what)
{
    bool is64 = d[1] == '6';
    u32 size = is64 ? 8 : 4, points = n / 3, nargs = strcmp(op, "fma") == 0 ? 3 : strcmp(op, "pow") == 0 ? 2 : 1;
    struct arena *a = arena_new("test");
    void *out[2];
    char text[600];
    snprintf(text, sizeof text, "(fn f (buf b0 x in %s (align 8) (elems %u)) (buf b1 y in %s (align 8) (elems %u)) (buf b2 z in %s (align 8) (elems %u))"
             "(buf b3 w out %s (align 8) (elems %u)) (body (for v3 (lo v1) (hi v2) (step 1) (carry) (results) (v5 %s load b0 v3) (v6 %s load b1 v3) (v7 %s load b2 v3)"
             "(v8 %s %s v5%s%s) (store b3 v3 v8))))", d, points, d, points, d, points, d, points, d, d, d, d, op, nargs > 1 ? " v6" : "", nargs > 2 ? " v7" : "");
    for (u32 way = 0; way < 2; way++) {
        struct loop_fn *f = loop_env_read(e, text);
        if (way)
            assert_true(loop_legalize(f, &e->m, oldest) == 1 && loop_verify(f, &e->why));
        out[way] = arena_alloc(a, (size_t)points * size);
        void *base[] = { (void *)(uintptr_t)x, (char *)(uintptr_t)x + (size_t)points * size, (char *)(uintptr_t)x + (size_t)points * 2 * size, out[way] };
        struct kernel_args args = { base, NULL, NULL, NULL };
        be_ref_run(f, &args, 0, points, NULL);
    }
    for (u32 i = 0; i < points; i++) {
        const char *p = (char *)out[0] + (size_t)i * size, *q = (char *)out[1] + (size_t)i * size;
        double v = is64 ? *(const double *)p : (double)*(const float *)p, w = is64 ? *(const double *)q : (double)*(const float *)q;
        if (memcmp(p, q, size) != 0 && !(isnan(v) && isnan(w)))
            fail_msg("%s %s %s: number %u: %a, %a without", what, d, op, i, v, w);
    }
    arena_free(a);
}

/* A machine without fused multiply-add and rounding gives the bits of one that has them: on arguments of any size where that is claimed
 * (loop_exact.h), on sums near halves, and in every function on all exponents. */
static void test_exact(void **state)
{
    struct loop_env *e = *state;
    enum { N = 3 * 20000 };
    static const double some[] = { 0, -0.0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 0.49999999999999994, 8388607.5, -8388609, 4503599627370495.5, 4503599627370497.0,
                                   INFINITY, -INFINITY, NAN, 1e-40, 3e38, -3e38, 0x1p-149, 0x1p-126, 65504, 88.7, 709.7, -745.1 };
    struct rng r = rng_make(7, 8, 9);
    double *x = NEW_ARRAY(e->a, double, N);
    float *y = NEW_ARRAY(e->a, float, N);
    for (u32 round = 0; round < 3; round++) {
        for (u32 i = 0; i < N; i++) {
            u64 w = rng_u64(&r);
            /* round 0: any; 1: like exponents, few bits: many exact, halves and cancelling sums; 2: c near -a * b */
            i32 span = round == 0 ? 240 : 4;
            double m = round == 1 ? (double)(i64)(w >> 44) - 524288 : (rng_unit(&r) - 0.5) * 4;
            x[i] = round < 2 && w % 16 == 0 ? some[(w >> 8) % COUNTOF(some)] : ldexp(m, (i32)(w >> 16 & 0xffff) % (2 * span + 1) - span);
            if (round == 2 && i >= N / 3 * 2)
                x[i] = -(x[i - N / 3] * x[i - N / 3 * 2]) * (w % 3 ? 1 : 1 + ldexp((double)(i32)(w >> 32), -60));
            y[i] = round == 0 && w % 16 ? (float)ldexp(m, (i32)(w >> 16 & 0xffff) % 250 - 148) : (float)x[i];
            if (round == 2 && i >= N / 3 * 2)
                y[i] = -(y[i - N / 3] * y[i - N / 3 * 2]) * (w % 3 ? 1 : 1 + (float)ldexp((double)(i32)(w >> 32), -54));
        }
        static const char *const op[] = { "fma", "fround", "ffloor", "exp", "log", "tanh", "erf", "sin", "cos", "sigmoid", "pow" };
        for (u32 k = 0; k < COUNTOF(op); k++) {
            u32 n = k < 3 ? N : N / 8;
            same_without(e, "f64", op[k], x, n, round == 0 ? "any" : round == 1 ? "few bits" : "near");
            same_without(e, "f32", op[k], y, n, round == 0 ? "any" : round == 1 ? "few bits" : "near");
        }
    }
    /* functions: every exponent of f64, also where sums of products are not claimed */
    for (u32 i = 0; i < N; i++)
        x[i] = ldexp(1 + rng_unit(&r), (i32)(i % 2044) - 1021) * (i / 2044 % 2 ? -1 : 1);
    static const char *const fn[] = { "fround", "ffloor", "exp", "log", "tanh", "erf", "sin", "cos", "sigmoid", "pow" };
    for (u32 k = 0; k < COUNTOF(fn); k++)
        same_without(e, "f64", fn[k], x, N / 4, "every exponent");
    /* sums of numbers near the least normal ones, ties and cancellations among them */
    for (u32 i = 0; i < N; i++) {
        u64 w = rng_u64(&r);
        double m = w % 3 ? (double)(i64)(w >> 44) - 524288 : (rng_unit(&r) - 0.5) * 0x1p20;
        x[i] = i < N / 3 * 2 ? ldexp(m, -517 + (i32)(w >> 8 & 15)) : ldexp(m, -1010 + (i32)(w >> 8 & 31));
    }
    same_without(e, "f64", "fma", x, N, "least");
}

/* Expanded or not: the same bits. Every function, f32 and f64, scalar and vector, vectors whole or lane by lane. */
static void test_legalize(void **state)
{
    struct loop_env *e = *state;
    static const float some[] = { 0, -0.0f, 1, -1, 0.3f, -2.7f, 88.5f, -100.25f, INFINITY, -INFINITY, NAN, 1e-40f, 3e38f, 0.55f, 4, 1e4f };
    for (u32 op = LO_EXP; op <= LO_POW; op++)
        for (u32 is64 = 0; is64 < 2; is64++)
            for (u32 lanes = 1; lanes <= 8; lanes *= 8)
                for (u32 power = 0; power < 8; power++) {
                    static const double powers[] = { NAN, 2, 3, 4, -1, -2, 0, 0.7 };     /* NAN: a value, not a constant */
                    const char *d = is64 ? "f64" : "f32";
                    char text[1024], v[16], c[64];
                    snprintf(v, sizeof v, lanes > 1 ? "%sx8" : "%s", d);
                    snprintf(c, sizeof c, power ? "(v6 %s fconst %s)" : "(v6 %s load b0 v3)", v, power == 7 ? is64 ? "0.7" : "0.69999998807907104" : "");
                    if (power && power < 7)
                        snprintf(c, sizeof c, "(v6 %s fconst %.1f)", v, powers[power]);
                    snprintf(text, sizeof text, "(fn f (buf b0 x in %s (align 8) (elems 16)) (buf b1 y out %s (align 8) (elems 16)) (body"
                             "(for v3 (lo v1) (hi v2) (step %u) (carry) (results) (v5 %s load b0 v3) %s (v7 %s %s v5 %s) (store b1 v3 v7))))",
                             d, d, lanes, v, c, v, loop_ops[op].word, op == LO_POW ? "v6" : "");
                    double in[16] = { 0 }, one[16] = { 0 }, two[16] = { 0 }, three[16] = { 0 };
                    for (u32 i = 0; i < 16; i++)
                        if (is64)
                            in[i] = (double)some[i];
                        else
                            ((float *)in)[i] = some[i];
                    double *out[3] = { one, two, three };
                    for (u32 way = 0; way < 3; way++) {
                        struct loop_fn *f = loop_env_read(e, text);
                        u32 fired = way == 0 ? 0 : loop_legalize(f, &e->m, way == 1 ? NULL : nothing_but_scalars);
                        assert_true(way == 0 || fired >= 1);
                        assert_true(loop_verify(f, &e->why));
                        void *base[2] = { in, out[way] };
                        struct kernel_args args = { base, NULL, NULL, NULL };
                        be_ref_run(f, &args, 0, 16, NULL);
                    }
                    for (u32 i = 0; i < 16; i++) {
                        bool nan = is64 ? isnan(one[i]) && isnan(two[i]) && isnan(three[i])
                                        : isnan(((float *)one)[i]) && isnan(((float *)two)[i]) && isnan(((float *)three)[i]);
                        size_t n = is64 ? 8 : 4;
                        bool same = nan || (memcmp((char *)one + i * n, (char *)two + i * n, n) == 0 && memcmp((char *)one + i * n, (char *)three + i * n, n) == 0);
                        if (!same)
                            print_error("%s %s of %g, power %u: %g %g\n", v, loop_ops[op].word, (double)some[i], power,
                                        is64 ? one[i] : (double)((float *)one)[i], is64 ? two[i] : (double)((float *)two)[i]);
                        assert_true(same);
                    }
                    if (op != LO_POW)
                        break;
                }
}

/* Less text, the same meaning: what is written twice, what stands in loops, what nobody uses. */
static void test_clean(void **state)
{
    struct loop_env *e = *state;
    static const struct { const char *before, *after; } row[] = {
        { "(v3 i64 iadd v1 v2) (v4 i64 iadd v1 v2) (v5 i64 imul v3 v4) (v6 f32 load b0 v5) (store b1 v4 v6)",
          "(v3 i64 iadd v1 v2) (v5 i64 imul v3 v3) (v6 f32 load b0 v5) (store b1 v3 v6)" },
        { "(for v3 (lo v1) (hi v2) (step 1) (carry) (results) (v4 i64 imul v1 v2) (v5 i64 iadd v4 v3) (v6 f32 load b0 v5) (store b1 v3 v6))",
          "(v4 i64 imul v1 v2) (for v3 (lo v1) (hi v2) (step 1) (carry) (results) (v5 i64 iadd v4 v3) (v6 f32 load b0 v5) (store b1 v3 v6))" },
        /* a division by what may be 0 stays where it runs; one by a constant moves */
        { "(for v3 (lo v1) (hi v2) (step 1) (carry) (results) (v4 i64 idiv v1 v2) (v7 i64 iconst 3) (v8 i64 idiv v1 v7) (v5 i64 iadd v4 v8) (v6 f32 load b0 v5) (store b1 v3 v6))",
          "(v7 i64 iconst 3) (v8 i64 idiv v1 v7) (for v3 (lo v1) (hi v2) (step 1) (carry) (results) (v4 i64 idiv v1 v2) (v5 i64 iadd v4 v8) (v6 f32 load b0 v5) (store b1 v3 v6))" },
        /* not out of one branch into the other; reads of what is written are not one */
        { "(v3 bool ilt v1 v2) (if v3 (results (v4 i64)) (then (v5 i64 imul v1 v2) (yield v5)) (else (v6 i64 imul v1 v2) (v7 i64 iadd v6 v6) (yield v7))) (v8 i64 imul v1 v2)"
          "(v9 f32 load b0 v8) (store b1 v4 v9)",
          "(v3 bool ilt v1 v2) (if v3 (results (v4 i64)) (then (v5 i64 imul v1 v2) (yield v5)) (else (v6 i64 imul v1 v2) (v7 i64 iadd v6 v6) (yield v7))) (v8 i64 imul v1 v2)"
          "(v9 f32 load b0 v8) (store b1 v4 v9)" },
        { "(v3 f32 load b2 v1) (store b2 v1 v3) (v4 f32 load b2 v1) (store b1 v1 v4) (v5 f32 load b0 v1) (v6 f32 load b0 v1) (v7 f32 fadd v5 v6) (store b1 v2 v7) (v8 f32 fneg v7)",
          "(v3 f32 load b2 v1) (store b2 v1 v3) (v4 f32 load b2 v1) (store b1 v1 v4) (v5 f32 load b0 v1) (v7 f32 fadd v5 v5) (store b1 v2 v7)" },
        /* vectors stay, constant expressions of them do not */
        { "(for v3 (lo v1) (hi v2) (step 8) (carry) (results) (v4 f32x8 load b0 v3) (for v5 (lo v1) (hi v2) (step 8) (carry) (results) (v6 f32x8 fneg v4) (v7 i32x8 iota)"
          "(v8 i32x8 iconst 3) (v9 boolx8 ilt v7 v8) (store b1 v5 v6 (mask v9))))",
          "(v7 i32x8 iota) (v8 i32x8 iconst 3) (v9 boolx8 ilt v7 v8) (for v3 (lo v1) (hi v2) (step 8) (carry) (results) (v4 f32x8 load b0 v3)"
          "(for v5 (lo v1) (hi v2) (step 8) (carry) (results) (v6 f32x8 fneg v4) (store b1 v5 v6 (mask v9))))" },
    };
    for (u32 i = 0; i < COUNTOF(row); i++) {
        struct buf text[2] = { { 0 }, { 0 } };
        for (u32 k = 0; k < 2; k++) {
            char all[2048];
            snprintf(all, sizeof all, "(fn f (buf b0 x in f32 (align 4) (elems 64)) (buf b1 y out f32 (align 4) (elems 64)) (buf b2 z inout f32 (align 4) (elems 64)) (body %s))",
                     k ? row[i].after : row[i].before);
            struct loop_fn *f = loop_env_read(e, all);
            u32 fired = k ? 0 : loop_clean(f);
            assert_true(k || (fired > 0) == (strcmp(row[i].before, row[i].after) != 0));
            assert_true(loop_verify(f, &e->why));
            assert_true(k || loop_clean(f) == 0);           /* once is enough */
            loop_dump(&text[k], f);
        }
        assert_string_equal(text[0].at, text[1].at);
        buf_free(&text[0]);
        buf_free(&text[1]);
    }
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, loop_env_setup, loop_env_teardown)
    const struct CMUnitTest tests[] = { T(test_integers), T(test_floats), T(test_casts), T(test_structure), T(test_memory), T(test_stopped), T(test_legalize), T(test_exact), T(test_clean) };
    return cmocka_run_group_tests_name("be_ref", tests, NULL, NULL);
}
