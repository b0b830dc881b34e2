/* The evaluator against plain loops: each construct of cascades, all three modes, and the bounds it gives. */
#include "tests/unit/unit.h"

#include <math.h>

#include "compiler/base/rng.h"
#include "compiler/ir/ein_eval.h"

struct world { struct arena *a; struct str_pool *sp; struct srcs *srcs; struct diags ds; struct buf why; struct cascade *c; };

static int setup(void **state)
{
    struct world *w = test_calloc(1, sizeof *w);
    w->a = arena_new("test");
    w->sp = str_pool_new(w->a);
    w->srcs = srcs_new(w->a);
    diags_init(&w->ds, w->a, w->srcs);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    buf_free(&w->why);
    arena_free(w->a);
    test_free(w);
    return 0;
}

static void load(struct world *w, const char *text)
{
    w->c = ein_read_text(w->a, w->sp, &w->ds, srcs_add(w->srcs, "t.ein", text, strlen(text)));
    if (!w->c) {
        diag_render(&w->why, &w->ds, w->ds.all.at[0], false);
        fail_msg("%s", w->why.at);
    }
    if (!ein_verify(w->c, &w->why))
        fail_msg("%s", w->why.at);
}

static u32 tens(struct world *w, const char *name)
{
    u32 t = 0;
    assert_true(cascade_find(w->c, name, &t));
    return t;
}

/* f32 numbers in [-1, 1), the same in every mode. */
static double noise(const char *name, u64 i)
{
    u32 word[4];
    rng_at(1, hash64(name, strlen(name)), i, word);
    return (double)(i32)(word[0] & 0xffffff00u) * 0x1p-31;
}

static struct ein_eval *run(struct world *w, enum eval_mode mode, i64 batch)
{
    struct ein_eval *ev = ein_eval_new(w->a, w->c, mode, batch);
    for (u32 t = 0; t < w->c->tens.n; t++) {
        const struct ein_tens *x = &w->c->tens.at[t];
        if (x->role == EIN_IN || x->role == EIN_PARAM || x->role == EIN_STATE) {
            double *v = ein_eval_alloc(ev, w->c, t);
            for (u64 i = 0; i < ev->tens[t].n; i++)
                v[i] = dtype_is_float(x->dtype) ? noise(x->name, i) : floor(8 + 8 * noise(x->name, i));
        }
    }
    buf_clear(&w->why);
    if (!ein_eval_run(ev, w->c, 0, w->c->eq.n, &w->why))
        fail_msg("%s", w->why.at);
    return ev;
}

/* Truth by a plain loop in long double; checks f64 closely, and that f32 lies within the bound, which is no larger than `loose`. */
static void agree(struct world *w, const char *name, i64 batch, double (*want)(u64 i), double loose)
{
    struct ein_eval *f64 = run(w, EVAL_F64, batch), *f32 = run(w, EVAL_F32, batch), *bound = run(w, EVAL_BOUND, batch);
    u32 t = tens(w, name);
    bool rounds = false;
    for (u64 i = 0; i < f64->tens[t].n; i++) {
        double x = want(i), d = f64->tens[t].v[i], s = f32->tens[t].v[i], e = bound->tens[t].err[i];
        if (!(fabs(d - x) <= 1e-13 * (1 + fabs(x))))
            fail_msg("%s[%llu]: %.17g, not %.17g", name, (unsigned long long)i, d, x);
        assert_true(bound->tens[t].v[i] == d);
        if (!(fabs(s - d) <= e))
            fail_msg("%s[%llu]: f32 is off by %g, bound %g", name, (unsigned long long)i, fabs(s - d), e);
        if (!(e <= loose))
            fail_msg("%s[%llu]: bound %g is vacuous", name, (unsigned long long)i, e);
        rounds |= s != d;
    }
    assert_true(rounds || loose <= 1e-6);      /* else f32 was not f32 */
}

/* --- attention: reductions, softmax, a guard ------------------------------------------------- */

enum { P = 5, M = 7, E = 3, F = 4 };
static bool causal;

static double attention(u64 i)
{
    u64 b = i / (P * F), p = i / F % P, f = i % F;
    double s[M], mx = -INFINITY, z = 0, out = 0;
    for (u64 m = 0; m < M; m++) {
        s[m] = 0;
        for (u64 e = 0; e < E; e++)
            s[m] += noise("q", (b * P + p) * E + e) * noise("k", (b * M + m) * E + e);
        if (!causal || m <= p)
            mx = fmax(mx, s[m]);
    }
    for (u64 m = 0; m < M; m++)
        if (!causal || m <= p) {
            z += exp(s[m] - mx);
            out += exp(s[m] - mx) * noise("v", (b * M + m) * F + f);
        }
    return out / z;
}

#define ATTENTION(guard) \
    "(cascade a) (tens q in f32 run (dims batch 5 3)) (tens k in f32 run (dims batch 7 3)) (tens v in f32 run (dims batch 7 4))" \
    "(tens s temp f32 run (dims batch 5 7)) (tens mx temp f32 run (dims batch 5)) (tens ex temp f32 run (dims batch 5 7))" \
    "(tens z temp f32 run (dims batch 5)) (tens y out f32 run (dims batch 5 4))" \
    "(eq (out s) (lhs r0 r1 r2) (rank b par batch) (rank p par 5) (rank m par 7) (rank e red 3) (red add) (acc f32)" \
    "    (body (mul (read q r0 r1 r3) (read k r0 r2 r3)))" guard ")" \
    "(eq (out mx) (lhs r0 r1) (rank b par batch) (rank p par 5) (rank m red 7) (red max) (acc f32) (body (read s r0 r1 r2))" guard ")" \
    "(eq (out ex) (lhs r0 r1 r2) (rank b par batch) (rank p par 5) (rank m par 7) (acc f32)" \
    "    (body (exp (sub (read s r0 r1 r2) (read mx r0 r1))))" guard ")" \
    "(eq (out z) (lhs r0 r1) (rank b par batch) (rank p par 5) (rank m red 7) (red add) (acc f32) (body (read ex r0 r1 r2))" guard ")" \
    "(eq (out y) (lhs r0 r1 r2) (rank b par batch) (rank p par 5) (rank f par 4) (rank m red 7) (red add) (acc f32)" \
    "    (body (mul (read ex r0 r1 r3) (read v r0 r3 r2)))" \
    "    (guard "

static void attention_is_right(void **state)
{
    causal = false;
    load(*state, ATTENTION("") "(le 0 r3)) (post (div (acc 0) (read z r0 r1))))");
    agree(*state, "y", 3, attention, 1e-5);
    causal = true;
    load(*state, ATTENTION("(guard (le r2 r1))") "(le r3 r1)) (post (div (acc 0) (read z r0 r1))))");
    agree(*state, "y", 2, attention, 1e-5);
}

/* --- layer norm and Welford ------------------------------------------------------------------ */

static double layer_norm(u64 i)
{
    double mean = 0, var = 0;
    u64 row = i / 700 * 700;
    for (u64 k = 0; k < 700; k++)
        mean += noise("x", row + k) / 700;
    for (u64 k = 0; k < 700; k++)
        var += (noise("x", row + k) - mean) * (noise("x", row + k) - mean) / 700;
    return (noise("x", i) - mean) / sqrt(var + 1e-5) * noise("g", i % 700);
}

static void layer_norm_is_right(void **state)
{
    /* 700: more than a block */
    load(*state, "(cascade n) (tens x in f32 run (dims batch 700)) (tens g param f32 load (dims 700) (init ones 0.0 0.0) (number 0))"
        "(tens s temp f32 run (dims batch)) (tens v temp f32 run (dims batch)) (tens y out f32 run (dims batch 700))"
        "(eq (out s) (lhs r0) (rank b par batch) (rank d red 700) (red add) (acc f32) (body (read x r0 r1)) (post (div (acc 0) 700.0)))"
        "(eq (out v) (lhs r0) (rank b par batch) (rank d red 700) (red add) (acc f32) (let %1 (sub (read x r0 r1) (read s r0))) (body (mul %1 %1)))"
        "(eq (out y) (lhs r0 r1) (rank b par batch) (rank d par 700) (acc f32)"
        "  (body (mul (mul (sub (read x r0 r1) (read s r0)) (rsqrt (add (div (read v r0) 700.0) 1e-5))) (read g r1))))");
    agree(*state, "y", 2, layer_norm, 1e-3);
}

static double variance(u64 i)
{
    double mean = 0, var = 0;
    for (u64 k = 0; k < 30; k++)
        mean += noise("x", i * 30 + k) / 30;
    for (u64 k = 0; k < 30; k++)
        var += (noise("x", i * 30 + k) - mean) * (noise("x", i * 30 + k) - mean);
    return var;
}

static void welford_is_right(void **state)
{
    load(*state, "(cascade w) (tens x in f32 run (dims batch 30)) (tens n temp f32 run (dims batch)) (tens mean temp f32 run (dims batch))"
        "(tens m2 out f32 run (dims batch))"
        "(monoid welford 3 1 (let %d (sub (arg 4) (arg 1))) (let %n (add (arg 0) (arg 3)))"
        "  (zero 0.0 0.0 0.0) (lift 1.0 (arg 0) 0.0)"
        "  (merge %n (add (arg 1) (div (mul %d (arg 3)) %n)) (add (add (arg 2) (arg 5)) (div (mul (mul (mul %d %d) (arg 0)) (arg 3)) %n))))"
        "(eq (out n mean m2) (lhs r0) (rank b par batch) (rank k red 30) (red user welford) (acc f32) (body (read x r0 r1)))");
    agree(*state, "m2", 4, variance, 1e-3);
}

/* --- convolutions: pads, strides, dilation, groups ------------------------------------------- */

enum { C = 6, H = 9, W = 8, D = 4, G = 2 };

/* 3x3, stride 2, dilation 2, pad 2, two groups: 5 x 4 outputs */
static double conv(u64 i)
{
    i64 b = (i64)i / (D * 5 * 4), d = (i64)i / 20 % D, oh = (i64)i / 4 % 5, ow = (i64)i % 4;
    double z = 0;
    for (i64 c = 0; c < C / G; c++)
        for (i64 r = 0; r < 3; r++)
            for (i64 s = 0; s < 3; s++) {
                i64 h = oh * 2 + r * 2 - 2, v = ow * 2 + s * 2 - 2, ch = d * G / D * (C / G) + c;
                if (h >= 0 && h < H && v >= 0 && v < W)
                    z += noise("x", (u64)(((b * C + ch) * H + h) * W + v)) * noise("w", (u64)(((d * (C / G) + c) * 3 + r) * 3 + s));
            }
    return fmax(z, 0);
}

static void convolution_is_right(void **state)
{
    load(*state, "(cascade c) (tens x in f32 run (dims batch 6 9 8)) (tens w param f32 load (dims 4 3 3 3) (init ones 0.0 0.0) (number 0))"
        "(tens y out f32 run (dims batch 4 5 4))"
        "(eq (out y) (lhs r0 r1 r2 r3) (rank b par batch) (rank d par 4) (rank oh par 5) (rank ow par 4) (rank c red 3) (rank i red 3) (rank j red 3)"
        "  (red add) (acc f32)"
        "  (body (mul (read x r0 (iadd (imul (idiv (imul r1 2) 4) 3) r4) (iadd (iadd (imul r2 2) (imul r5 2)) -2) (iadd (iadd (imul r3 2) (imul r6 2)) -2)"
        "         (pad 0.0)) (read w r1 r4 r5 r6)))"
        "  (post (max (acc 0) 0.0)))");
    agree(*state, "y", 2, conv, 1e-4);
}

static double max_pool(u64 i)
{
    i64 b = (i64)i / 20, oh = (i64)i / 4 % 5, ow = (i64)i % 4;
    double z = -INFINITY;
    for (i64 r = -1; r < 2; r++)
        for (i64 s = -1; s < 2; s++)
            if (oh * 2 + r >= 0 && oh * 2 + r < 9 && ow * 2 + s >= 0 && ow * 2 + s < 8)
                z = fmax(z, noise("x", (u64)((b * 9 + oh * 2 + r) * 8 + ow * 2 + s)));
    return z;
}

static void max_pool_is_right(void **state)
{
    load(*state, "(cascade p) (tens x in f32 run (dims batch 9 8)) (tens y out f32 run (dims batch 5 4))"
        "(eq (out y) (lhs r0 r1 r2) (rank b par batch) (rank oh par 5) (rank ow par 4) (rank i red 3) (rank j red 3) (red max) (acc f32)"
        "  (body (read x r0 (iadd (iadd (imul r1 2) r3) -1) (iadd (iadd (imul r2 2) r4) -1) (pad -inf))))");
    agree(*state, "y", 3, max_pool, 0);
}

/* --- scans ----------------------------------------------------------------------------------- */

static double sig(double x)
{
    return 1 / (1 + exp(-x));
}

enum { T = 6, K = 5, N = 3 };

static double lstm(u64 i)
{
    double h[N] = { 0 }, c[N] = { 0 };
    u64 b = i / (T * N), upto = i / N % T;
    for (u64 t = 0; t <= upto; t++) {
        double z[4][N], nc[N];
        for (u64 g = 0; g < 4; g++)
            for (u64 d = 0; d < N; d++) {
                z[g][d] = noise("bias", g * N + d);
                for (u64 k = 0; k < K; k++)
                    z[g][d] += noise("x", (b * T + t) * K + k) * noise("wx", (g * N + d) * K + k);
                for (u64 k = 0; k < N; k++)
                    z[g][d] += h[k] * noise("wh", (g * N + d) * N + k);
            }
        for (u64 d = 0; d < N; d++) {
            nc[d] = sig(z[1][d]) * c[d] + sig(z[0][d]) * tanh(z[2][d]);
            h[d] = sig(z[3][d]) * tanh(nc[d]);
            c[d] = nc[d];
        }
    }
    return h[i % N];
}

static void lstm_is_right(void **state)
{
    load(*state, "(cascade l) (tens x in f32 run (dims batch 6 5)) (tens wx param f32 load (dims 4 3 5) (init ones 0.0 0.0) (number 0))"
        "(tens wh param f32 load (dims 4 3 3) (init ones 0.0 0.0) (number 1)) (tens bias param f32 load (dims 4 3) (init ones 0.0 0.0) (number 2))"
        "(tens h temp f32 run (dims batch 7 3)) (tens c temp f32 run (dims batch 7 3)) (tens gx temp f32 run (dims batch 6 4 3))"
        "(tens z temp f32 run (dims batch 6 4 3)) (tens y out f32 run (dims batch 6 3))"
        "(eq (out h) (lhs r0 0 r1) (rank b par batch) (rank d par 3) (acc f32) (body 0.0))"
        "(eq (out c) (lhs r0 0 r1) (rank b par batch) (rank d par 3) (acc f32) (body 0.0))"
        "(eq (out gx) (lhs r0 r1 r2 r3) (rank b par batch) (rank t par 6) (rank g par 4) (rank d par 3) (rank k red 5) (red add) (acc f32)"
        "  (body (mul (read x r0 r1 r4) (read wx r2 r3 r4))))"
        "(eq (out z) (lhs r0 r1 r2 r3) (rank b par batch) (rank t par 6) (rank g par 4) (rank d par 3) (rank k red 3) (red add) (acc f32)"
        "  (body (mul (read h r0 r1 r4) (read wh r2 r3 r4))) (post (add (add (acc 0) (read gx r0 r1 r2 r3)) (read bias r2 r3))) (scan 1 1))"
        "(eq (out c) (lhs r0 (iadd r1 1) r2) (rank b par batch) (rank t par 6) (rank d par 3) (acc f32)"
        "  (body (add (mul (sigmoid (read z r0 r1 1 r2)) (read c r0 r1 r2)) (mul (sigmoid (read z r0 r1 0 r2)) (tanh (read z r0 r1 2 r2))))) (scan 1 1))"
        "(eq (out h) (lhs r0 (iadd r1 1) r2) (rank b par batch) (rank t par 6) (rank d par 3) (acc f32)"
        "  (body (mul (sigmoid (read z r0 r1 3 r2)) (tanh (read c r0 (iadd r1 1) r2)))) (scan 1 1))"
        "(eq (out y) (lhs r0 r1 r2) (rank b par batch) (rank t par 6) (rank d par 3) (acc f32) (body (read h r0 (iadd r1 1) r2)))");
    agree(*state, "y", 2, lstm, 1e-3);
}

static double prefix(u64 i)
{
    double s = 0;
    for (u64 k = i / 600 * 600; k <= i; k++)
        s += noise("x", k);
    return s;
}

static double suffix(u64 i)
{
    double s = 0;
    for (u64 k = i; k < i / 600 * 600 + 600; k++)
        s += noise("x", k);
    return s;
}

static void prefix_sums(void **state)
{
    load(*state, "(cascade p) (tens x in f32 run (dims batch 600)) (tens y out f32 run (dims batch 600))"
        "(eq (out y) (lhs r0 r1) (rank b par batch) (rank i par 600) (rank k red 600) (red add) (acc f32) (body (read x r0 r2)) (guard (le r2 r1)))");
    agree(*state, "y", 1, prefix, 0.05);
    /* the same from behind, as a recurrence that counts down */
    load(*state, "(cascade p) (tens x in f32 run (dims batch 600)) (tens y out f32 run (dims batch 601))"
        "(eq (out y) (lhs r0 600) (rank b par batch) (acc f32) (body 0.0))"
        "(eq (out y) (lhs r0 r1) (rank b par batch) (rank t par 600) (acc f32) (body (add (read y r0 (iadd r1 1)) (read x r0 r1))) (scan 1 1 down))");
    struct world *w = *state;
    struct ein_eval *ev = run(w, EVAL_F64, 1);
    for (u64 i = 0; i < 600; i++)
        assert_true(fabs(ev->tens[tens(w, "y")].v[i] - suffix(i)) < 1e-12);
}

/* --- indices: argmax, gather, tables, conditions --------------------------------------------- */

static double best(u64 i)
{
    u64 k = 0;
    for (u64 j = 1; j < 20; j++)
        if (noise("x", i * 20 + j) > noise("x", i * 20 + k))
            k = j;
    return (double)k;
}

static double embedded(u64 i)
{
    u64 id = (u64)floor(8 + 8 * noise("ids", i / 4));
    return noise("w", id * 4 + i % 4);
}

static double tabled(u64 i)
{
    static const double table[3] = { 1, -0.5, 4 };
    return table[i % 7 % 3] + (double)(i / 7 % 5);
}

static void indices(void **state)
{
    struct world *w = *state;
    load(w, "(cascade g) (tens x in f32 run (dims batch 4 5)) (tens ids in i32 run (dims batch 6)) (tens w param f32 load (dims 16 4) (init ones 0.0 0.0) (number 0))"
        "(tens k const f32 const (dims 3) (value 1.0 -0.5 4.0))"
        "(tens best temp i32 run (dims batch)) (tens best.f out f32 run (dims batch)) (tens none out f32 run (dims batch))"
        "(tens y out f32 run (dims batch 6 4)) (tens t out f32 run (dims 5 7))"
        "(eq (out best) (lhs r0) (rank b par batch) (rank i red 4) (rank j red 5) (red argmax) (acc f32) (body (read x r0 r1 r2)))"
        "(eq (out best.f) (lhs r0) (rank b par batch) (acc f32) (body (cast f32 (read best r0))))"
        "(eq (out none) (lhs r0) (rank b par batch) (rank i red 4) (red max) (acc f32) (body (read x r0 r1 0)) (guard (lt r1 0)))"
        "(eq (out y) (lhs r0 r1 r2) (rank b par batch) (rank s par 6) (rank d par 4) (acc f32) (body (read w (gather ids r0 r1) r2 (pad nan))))"
        "(eq (out t) (lhs r0 r1) (rank i par 5) (rank j par 7) (acc f32) (body (add (read k (imod r1 3)) (ofint r0))))");
    agree(w, "best.f", 4, best, 0);
    agree(w, "y", 2, embedded, 0);
    agree(w, "t", 1, tabled, 1e-6);
    struct ein_eval *ev = run(w, EVAL_F64, 2);
    assert_true(ev->tens[tens(w, "none")].v[1] == -INFINITY);
    /* an id past the table reads the pad */
    ev->tens[tens(w, "ids")].v[0] = 16;
    assert_true(ein_eval_run(ev, w->c, 0, w->c->eq.n, &w->why));
    assert_true(isnan(ev->tens[tens(w, "y")].v[0]) && !isnan(ev->tens[tens(w, "y")].v[4]));
}

/* --- bounds ---------------------------------------------------------------------------------- */

static void bounds_cover_the_other_outcome(void **state)
{
    struct world *w = *state;
    load(w, "(cascade b) (tens x in f32 run (dims 4)) (tens y in f32 run (dims 4)) (tens relu out f32 run (dims 4)) (tens step out f32 run (dims 4))"
        "(tens arg temp i32 run (dims)) (tens k const f32 const (dims 4) (value 1.0 3.0 3.0 2.0)) (tens tie temp i32 run (dims)) (tens ex out f32 run (dims 4)) (tens fl out f32 run (dims 4)) (tens inv out f32 run (dims 4))"
        "(eq (out relu) (lhs r0) (rank i par 4) (acc f32) (body (max (read x r0) 0.0)))"
        "(eq (out step) (lhs r0) (rank i par 4) (acc f32) (body (select (lt (read x r0) (read y r0)) 1.0 -3.0)))"
        "(eq (out arg) (lhs) (rank i red 4) (red argmax) (acc f32) (body (read x r0)))"
        "(eq (out tie) (lhs) (rank i red 4) (red argmax) (acc f32) (body (read k r0)))"
        "(eq (out ex) (lhs r0) (rank i par 4) (acc f32) (body (exp (read x r0))))"
        "(eq (out fl) (lhs r0) (rank i par 4) (acc f32) (body (floor (read x r0))))"
        "(eq (out inv) (lhs r0) (rank i par 4) (acc f32) (body (div 1.0 (read x r0))))");
    struct ein_eval *ev = ein_eval_new(w->a, w->c, EVAL_BOUND, 1);
    static const double x[4] = { 0, 2, 1.9999, -5 }, y[4] = { 1e-4, 3, 1, -5 }, ex[4] = { 1e-3, 1e-3, 1e-3, 1e-3 };
    u32 tx = tens(w, "x"), ty = tens(w, "y");
    memcpy(ein_eval_alloc(ev, w->c, tx), x, sizeof x);
    memcpy(ev->tens[tx].err, ex, sizeof ex);
    memcpy(ein_eval_alloc(ev, w->c, ty), y, sizeof y);
    assert_true(ein_eval_run(ev, w->c, 0, w->c->eq.n, &w->why));
#define ERR(name) ev->tens[tens(w, name)].err
    assert_true(ERR("relu")[0] >= 1e-3 && ERR("relu")[0] < 2e-3 && ERR("relu")[1] >= 1e-3 && ERR("relu")[3] == 0);
    assert_true(ERR("step")[0] >= 4 && ERR("step")[1] == 0 && ERR("step")[2] == 0 && ERR("step")[3] >= 4);
    assert_true(ERR("arg")[0] == 1);        /* 2 and 1.9999 +- 1e-3: one apart */
    assert_true(ev->tens[tens(w, "tie")].v[0] == 1 && ERR("tie")[0] == 0);     /* the first of equals */
    assert_true(ERR("ex")[1] >= 7.38e-3 && ERR("ex")[1] < 7.5e-3);
    assert_true(ERR("fl")[0] >= 1 && ERR("fl")[1] >= 1 && ERR("fl")[2] >= 1);
    assert_true(isinf(ERR("inv")[0]) && ERR("inv")[1] < 1e-3);
}

/* Sums in any order stay within the bound: forwards, backwards, pairwise, of numbers of both signs and many sizes. */
static void bounds_hold_for_any_order(void **state)
{
    struct world *w = *state;
    load(w, "(cascade b) (tens x in f32 run (dims 1000)) (tens y in f32 run (dims 1000)) (tens z out f32 run (dims))"
        "(eq (out z) (lhs) (rank i red 1000) (red add) (acc f32) (body (mul (mul (read x r0) (read x r0)) (read y r0))))");
    struct ein_eval *ev = run(w, EVAL_BOUND, 1);
    double z = ev->tens[tens(w, "z")].v[0], e = ev->tens[tens(w, "z")].err[0];
    float p[1000], up = 0, down = 0;
    for (u32 i = 0; i < 1000; i++)
        p[i] = (float)noise("x", i) * (float)noise("x", i) * (float)noise("y", i);
    for (u32 i = 0; i < 1000; i++) {
        up += p[i];
        down += p[999 - i];
    }
    for (u32 n = 1000; n > 1; n = (n + 1) / 2)
        for (u32 i = 0; i < n / 2; i++)
            p[i] += p[n - 1 - i];
    assert_true(fabs(up - z) <= e && fabs(down - z) <= e && fabs(p[0] - z) <= e && e < 0.02);
}

/* As written: the bits of plain f32 loops. */
static void written_order_is_bit_exact(void **state)
{
    struct world *w = *state;
    load(w, "(cascade m) (tens x in f32 run (dims 20 300)) (tens w in f32 run (dims 300)) (tens y out f32 run (dims 20))"
        "(eq (out y) (lhs r0) (rank i par 20) (rank k red 300) (red add) (acc f32) (body (mul (read x r0 r1) (read w r1)))"
        "  (post (div (sqrt (abs (acc 0))) 3.0)))");
    struct ein_eval *ev = run(w, EVAL_F32, 1);
    for (u64 i = 0; i < 20; i++) {
        volatile float s = 0, p;
        for (u64 k = 0; k < 300; k++) {
            p = (float)noise("x", i * 300 + k) * (float)noise("w", k);
            s = s + p;
        }
        s = sqrtf(fabsf(s));
        s = s / 3.0f;
        assert_true(ev->tens[tens(w, "y")].v[i] == s);
    }
}

static void what_is_refused(void **state)
{
    struct world *w = *state;
    load(w, "(cascade r) (tens x in f32 run (dims 8)) (tens i in i32 run (dims)) (tens y out f32 run (dims 8))"
        "(eq (out y) (lhs r0) (rank k par 8) (acc f32) (body (select (lt r0 7) (read x (iadd r0 1)) 0.0)))");
    struct ein_eval *ev = ein_eval_new(w->a, w->c, EVAL_F64, 1);
    assert_false(ein_eval_run(ev, w->c, 0, 1, &w->why));
    assert_non_null(strstr(w->why.at, "no values are given for x"));
    ein_eval_alloc(ev, w->c, tens(w, "x"));
    assert_true(ein_eval_run(ev, w->c, 0, 1, &w->why));         /* the side not taken does no harm */
    buf_clear(&w->why);
    ev->work_limit = ev->work + 7;
    assert_false(ein_eval_run(ev, w->c, 0, 1, &w->why));
    assert_non_null(strstr(w->why.at, "bound of work"));
    /* a read that leaves its tensor: the verifier would not let it through */
    const char *bad = "(cascade r) (tens x in f32 run (dims 8)) (tens y out f32 run (dims 8))"
                      "(eq (out y) (lhs r0) (rank k par 8) (acc f32) (body (read x (iadd r0 1))))";
    w->c = ein_read_text(w->a, w->sp, &w->ds, srcs_add(w->srcs, "bad", bad, strlen(bad)));
    ev = ein_eval_new(w->a, w->c, EVAL_F64, 1);
    ein_eval_alloc(ev, w->c, 0);
    buf_clear(&w->why);
    assert_false(ein_eval_run(ev, w->c, 0, 1, &w->why));
    assert_non_null(strstr(w->why.at, "leaves its tensor"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(attention_is_right, setup, teardown),
        cmocka_unit_test_setup_teardown(layer_norm_is_right, setup, teardown),
        cmocka_unit_test_setup_teardown(welford_is_right, setup, teardown),
        cmocka_unit_test_setup_teardown(convolution_is_right, setup, teardown),
        cmocka_unit_test_setup_teardown(max_pool_is_right, setup, teardown),
        cmocka_unit_test_setup_teardown(lstm_is_right, setup, teardown),
        cmocka_unit_test_setup_teardown(prefix_sums, setup, teardown),
        cmocka_unit_test_setup_teardown(indices, setup, teardown),
        cmocka_unit_test_setup_teardown(bounds_cover_the_other_outcome, setup, teardown),
        cmocka_unit_test_setup_teardown(bounds_hold_for_any_order, setup, teardown),
        cmocka_unit_test_setup_teardown(written_order_is_bit_exact, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_refused, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
