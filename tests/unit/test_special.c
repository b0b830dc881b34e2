/* test_special.c - every operation of cascades on special values: NaN, infinities, zeros of both signs, denormals, the largest, and integers at
 * their ends, in pairs, for every dtype; by the interpreter, by tapes and by the compiling backends that are there, in vectors and (over the batch) one by
 * one.  Strict arithmetic has the evaluator's bits, and the evaluator means what docs/numerics.md says. */
#include "tests/unit/unit.h"

#include "compiler/compare_strict.h"
#include "compiler/ir/ein_eval.h"
#include "compiler/ir/elem.h"

#include <math.h>
#include <unistd.h>

static const double reals[] = { NAN, INFINITY, -INFINITY, 0.0, -0.0, 0x1p-149, -0x1p-149, 0x1p-126, -0x1.8p-127, 0x1.fffffep127, -0x1.fffffep127, 1, -1, 0.5, -2.5,
                                0x1p-24, 0x1p-9, 65519, 65520, 3.3895314e38, 88.8, -104, 2, 3, -7.25, 1e-310, 0.1 };
static const double wholes[] = { 0, 1, -1, 2, 3, -7, 100, 127, 128, -128, -129, 255, 256, 32767, 1000000007, 2147483647.0, -2147483648.0, 4294967296.0, 0x1p53, -0x1p53, 0x1p62, -0x1p63 };
static const char *const unary[] = { "neg", "abs", "sign", "sqrt", "rsqrt", "exp", "log", "tanh", "sigmoid", "erf", "sin", "cos", "floor" };
static const char *const binary[] = { "add", "sub", "mul", "div", "div0", "pow", "mod", "min", "max", "lt", "le", "eq", "ne" };
static const char *const casts[] = { "f64", "f32", "f16", "bf16", "i64", "i32", "i8", "u8" };

static bool compares(const char *op) { return strcmp(op, "lt") == 0 || strcmp(op, "le") == 0 || strcmp(op, "eq") == 0 || strcmp(op, "ne") == 0; }

/* All operations of x and z in dtype d as one cascade: y0, y1, ..  Points are ranks of their own, or samples of the batch. */
static void write_cascade(struct buf *b, const char *d, bool real, bool batched, u32 n)
{
    char dims[32] = "batch", sub[16] = "r0", rank[48] = "(rank batch par batch)";
    u32 k = 0;
    if (!batched) {
        snprintf(dims, sizeof dims, "batch %u", n);
        snprintf(sub, sizeof sub, "r0 r1");
        snprintf(rank, sizeof rank, "(rank batch par batch) (rank i par %u)", n);
    }
    struct buf eqs = { 0 };
    buf_printf(b, "(cascade c)\n(sym batch 1 2147483648 1 call)\n(tens x in %s run (dims %s))\n(tens z in %s run (dims %s))\n", d, dims, d, dims);
#define EQ(type, ...)                                                                                                                  \
    do {                                                                                                                               \
        buf_printf(b, "(tens y%u out %s run (dims %s))\n", k, type, dims);                                                             \
        buf_printf(&eqs, "(eq (out y%u) (lhs %s) %s (acc %s) (body ", k++, sub, rank, type);                                           \
        buf_printf(&eqs, __VA_ARGS__);                                                                                                 \
        buf_puts(&eqs, ") (phase run))\n");                                                                                            \
    } while (0)
    for (u32 i = 0; i < COUNTOF(unary); i++)
        if (real || i < 3)
            EQ(d, "(%s (read x %s))", unary[i], sub);
    for (u32 i = 0; i < COUNTOF(binary); i++)
        if (compares(binary[i]))
            EQ("f32", "(cast f32 (%s (read x %s) (read z %s)))", binary[i], sub, sub);
        else if (real || strcmp(binary[i], "pow") != 0)
            EQ(d, "(%s (read x %s) (read z %s))", binary[i], sub, sub);
    for (u32 i = 0; i < COUNTOF(casts); i++)
        if (strcmp(casts[i], d) != 0)
            EQ(casts[i], "(cast %s (read x %s))", casts[i], sub);
    EQ(d, "(select (lt (read x %s) (read z %s)) (read x %s) (neg (read z %s)))", sub, sub, sub, sub);
    if (real) {                 /* several roundings; constants among themselves */
        EQ(d, "(add (mul (read x %s) (read z %s)) (read x %s))", sub, sub, sub);
        EQ(d, "(mul (read x %s) (add (mul (sqrt 2.0) 0.1) 0.7))", sub);
        EQ(d, "(max (add (read x %s) 0.0) (mul (read z %s) 1.0))", sub, sub);
    }
    buf_puts(b, eqs.at);
    buf_free(&eqs);
}

static void differs(const struct cascade *c, u32 t, double x, double z, double got, double want, const char *engine, const char *d)
{
    struct buf b = { 0 };
    ein_dump(&b, c);
    char name[16];
    snprintf(name, sizeof name, "(out y%u)", t - 2);
    const char *at = strstr(b.at, name);
    print_error("%s of %s and %s: %a (x = %a, z = %a) should be %a\n%.300s\n", engine, d, c->tens.at[t].name, got, x, z, want, at ? at : "");
    buf_free(&b);
    fail();
}

static void on(nasc_session *s, struct arena *a, const struct cascade *c, const char *engine, const char *d, i64 batch, u32 n, const double *x, const double *z)
{
    bool tape = strcmp(engine, "tape") == 0;
    struct pass_options o = { .strict = true, .code = tape ? CODE_GENERIC : CODE_SPECIAL };
    nasc_net *net = net_lower_cascade(s, c, &o);
    assert_non_null(net);
    assert_true(net_code(s, 1, &net, tape ? NULL : engine));
    assert_true(net_exec(net) && exec_load(net->exec));
    const struct plan *p = net->plan;
    struct ein_eval *ev = ein_eval_new(a, c, EVAL_F32, batch);
    void *in[2], **out = NEW_ARRAY(a, void *, p->nout);
    for (u32 k = 0; k < 2; k++) {
        double *v = ein_eval_alloc(ev, c, k);
        in[k] = arena_alloc(a, n * 8 + 64);
        for (u32 i = 0; i < n; i++) {
            elem_set(c->tens.at[k].dtype, in[k], i, k ? z[i] : x[i]);
            v[i] = elem_get(c->tens.at[k].dtype, in[k], i);
        }
    }
    for (u32 k = 0; k < p->nout; k++)
        out[k] = arena_alloc(a, n * 8 + 64);
    assert_true(exec_run(net->exec, batch, (const void *const *)in, out));
    struct buf why = { 0 };
    assert_true(ein_eval_run(ev, c, 0, c->eq.n, &why));
    for (u32 k = 0; k < p->nout; k++) {
        u32 t = 2 + k;
        enum dtype to = c->tens.at[t].dtype;
        for (u32 i = 0; i < n; i++) {
            double got = elem_get(to, out[k], i), want = elem_round(to, ev->tens[t].v[i]);
            if (got != got ? want == want : got != want || signbit(got) != signbit(want))
                differs(c, t, ev->tens[0].v[i], ev->tens[1].v[i], got, want, engine, d);
        }
    }
    nasc_net_free(net);
}

static bool has(struct arena *a, const char *name)
{
    const char *dir = getenv("NASC_BACKENDS");
    return access(arena_printf(a, "%s/nasc_be_%s.so", dir && *dir ? dir : NASC_BUILD_DIR "/.libs", name), F_OK) == 0;
}

static void pairs(void **state)
{
    (void)state;
    nasc_session *s = nasc_open();
    for (u32 d = 0; d < COUNTOF(casts); d++)
        for (u32 batched = 0; batched < 2; batched++) {
            struct arena *a = arena_new("special");
            bool real = d < 4;
            const double *some = real ? reals : wholes;
            u32 m = real ? COUNTOF(reals) : COUNTOF(wholes), n = m * m;
            double *x = NEW_ARRAY(a, double, n), *z = NEW_ARRAY(a, double, n);
            for (u32 i = 0; i < n; i++) {
                x[i] = some[i / m];
                z[i] = some[i % m];
            }
            struct buf text = { 0 }, why = { 0 };
            write_cascade(&text, casts[d], real, batched, n);
            struct diags ds;
            diags_init(&ds, a, srcs_new(a));
            struct cascade *c = ein_read_text(a, str_pool_new(a), &ds, srcs_add(ds.srcs, "special.ein", text.at, strlen(text.at)));
            assert_non_null(c);
            if (!ein_verify(c, &why))
                fail_msg("%s", why.at);
            on(s, a, c, "ref", casts[d], batched ? n : 1, n, x, z);
            on(s, a, c, "tape", casts[d], batched ? n : 1, n, x, z);
            if (has(a, "llvm"))
                on(s, a, c, "llvm", casts[d], batched ? n : 1, n, x, z);
            if (getenv("NASC_TEST_LONG") && has(a, "gccjit"))      /* half a minute */
                on(s, a, c, "gccjit", casts[d], batched ? n : 1, n, x, z);
            buf_free(&text);
            arena_free(a);
        }
    nasc_close(s);
}

/* What operations mean, said here and not computed: docs/numerics.md. */
static void meaning(void **state)
{
    (void)state;
    static const struct { const char *d, *op; double x, z, want; } row[] = {
        { "f32", "max", NAN, 1, 1 }, { "f32", "max", 1, NAN, NAN }, { "f32", "min", NAN, 1, 1 }, { "f32", "max", -0.0, 0.0, 0.0 }, { "f32", "max", 0.0, -0.0, -0.0 },
        { "f32", "sign", NAN, 0, 0 }, { "f32", "sign", -0.0, 0, 0.0 }, { "f32", "abs", -0.0, 0, 0.0 }, { "f32", "neg", 0.0, 0, -0.0 }, { "f32", "floor", -0.0, 0, -0.0 },
        { "f32", "add", -0.0, 0.0, 0.0 }, { "f32", "mul", 0.0, INFINITY, NAN }, { "f32", "div", 1, -0.0, -INFINITY }, { "f32", "div0", 1, -0.0, 0.0 }, { "f32", "sqrt", -1, 0, NAN },
        { "f32", "sqrt", -0.0, 0, -0.0 }, { "f32", "rsqrt", 0.0, 0, INFINITY }, { "f32", "log", 0.0, 0, -INFINITY }, { "f32", "log", -1, 0, NAN }, { "f32", "exp", -INFINITY, 0, 0.0 },
        { "f32", "tanh", INFINITY, 0, 1 }, { "f32", "sin", INFINITY, 0, NAN }, { "f32", "pow", NAN, 0, 1 }, { "f32", "mod", -1, 3, 2 },
        { "f32", "mul", 0x1p-100, 0x1p-49, 0x1p-149 }, { "f32", "mul", 0x1.fffffep127, 2, INFINITY }, { "f16", "add", 65504, 16, INFINITY }, { "f16", "mul", 0x1p-12, 0x1p-12, 0x1p-24 },
        { "bf16", "add", 1, 0x1p-9, 1 }, { "i32", "add", 2147483647.0, 1, 2147483647.0 }, { "i8", "mul", 100, 2, 127 }, { "u8", "sub", 1, 2, 0 }, { "i8", "neg", -128, 0, 127 },
        { "i32", "div", -7, 2, -4 }, { "i32", "div", 5, 0, 0 }, { "i32", "mod", -7, 3, 2 }, { "i32", "mod", 5, 0, 0 },
    };
    static const struct { const char *from, *to; double x, want; } cast[] = {
        { "f32", "i32", NAN, 0 }, { "f32", "i32", 2.75, 2 }, { "f32", "i32", -2.75, -2 }, { "f32", "i8", 300, 127 }, { "f32", "u8", -3, 0 }, { "f32", "i64", INFINITY, 0x1p63 },
        { "f32", "f16", 65520, INFINITY }, { "f32", "f16", 65519, 65504 }, { "f32", "bf16", 0x1.01p0, 1 }, { "f64", "f32", 1e-310, 0 }, { "i32", "i8", -129, -128 }, { "f64", "f32", 0.1, 0x1.99999ap-4 },
    };
    for (u32 i = 0; i < COUNTOF(row) + COUNTOF(cast); i++) {
        bool casts_it = i >= COUNTOF(row);
        u32 k = casts_it ? i - COUNTOF(row) : i;
        bool one = !casts_it && strcmp(row[k].op, "neg") != 0 && strcmp(row[k].op, "abs") != 0;
        for (u32 u = 0; one && u < COUNTOF(unary); u++)
            one = strcmp(unary[u], row[k].op) != 0;
        struct arena *a = arena_new("meaning");
        const char *from = casts_it ? cast[k].from : row[k].d, *to = casts_it ? cast[k].to : row[k].d;
        const char *body = casts_it ? arena_printf(a, "(cast %s (read x r0))", to) : one ? arena_printf(a, "(%s (read x r0) (read z r0))", row[k].op) : arena_printf(a, "(%s (read x r0))", row[k].op);
        const char *text = arena_printf(a, "(cascade c)(sym batch 1 2147483648 1 call)(tens x in %s run (dims batch))(tens z in %s run (dims batch))(tens y out %s run (dims batch))"
                                           "(eq (out y) (lhs r0) (rank batch par batch) (acc %s) (body %s) (phase run))", from, from, to, to, body);
        struct diags ds;
        diags_init(&ds, a, srcs_new(a));
        struct cascade *c = ein_read_text(a, str_pool_new(a), &ds, srcs_add(ds.srcs, "one.ein", text, strlen(text)));
        assert_non_null(c);
        struct ein_eval *ev = ein_eval_new(a, c, EVAL_F32, 1);
        enum dtype d = c->tens.at[0].dtype;
        ein_eval_alloc(ev, c, 0)[0] = elem_round(d, casts_it ? cast[k].x : row[k].x);
        ein_eval_alloc(ev, c, 1)[0] = elem_round(d, casts_it ? 0 : row[k].z);
        struct buf why = { 0 };
        assert_true(ein_eval_run(ev, c, 0, 1, &why));
        double got = ev->tens[2].v[0], want = casts_it ? cast[k].want : row[k].want;
        if (got != got ? want == want : got != want || signbit(got) != signbit(want))
            fail_msg("%s: %a, and %a is meant", text, got, want);
        arena_free(a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(meaning), cmocka_unit_test(pairs) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
