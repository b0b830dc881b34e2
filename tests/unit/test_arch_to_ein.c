/* From .nas text to cascades: what replication, sharing, static cases and implicit ranks become, values against plain loops, and
 * every op of std.nn lowered, verified and evaluated in both modes. */
#include "tests/unit/unit.h"

#include <math.h>

#include "compiler/base/rng.h"
#include "compiler/ir/ein_eval.h"
#include "compiler/session.h"
#include "grammar/derive.h"
#include "passes/pass.h"

struct world { struct arena *a; struct str_pool *sp; struct srcs *srcs; struct diags ds; struct buf b; const char *text; struct cascade *c; };

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
    buf_free(&w->b);
    arena_free(w->a);
    test_free(w);
    return 0;
}

static const char *open_module(void *ctx, struct arena *a, const char *module, size_t *len, const char **shown)
{
    struct world *w = ctx;
    *shown = module;
    if (strcmp(module, "main") == 0) {
        *len = strlen(w->text);
        return w->text;
    }
    const char *dir = getenv("NASC_SRCDIR");
    char *path = arena_printf(a, "%s/stdlib/%s.nas", dir && *dir ? dir : NASC_SOURCE_DIR, module + 4);
    return src_read_file(a, path, len);
}

/* The first sample of a module's only space, lowered and verified. */
static struct cascade *lower(struct world *w, const char *text, bool training)
{
    w->text = text;
    diags_init(&w->ds, w->a, w->srcs);
    struct gram *g = gram_load(w->a, w->sp, w->srcs, &w->ds, open_module, w, "main", 0, NULL);
    struct gram_rule *space = g ? gram_space(g, NULL) : NULL;
    u64 attempts = 0;
    struct arch *arch = NULL;
    if (space && derive_local(w->a, g, space, 1, 0, &attempts, &arch) && arch) {
        struct pass_options o = { .training = training };
        w->c = arch_to_ein(w->a, w->sp, arch, &o);
        buf_clear(&w->b);
        if (!ein_verify(w->c, &w->b)) {
            struct buf dump = { 0 };
            ein_dump(&dump, w->c);
            print_error("%s", dump.at);
            fail_msg("%s", w->b.at);
        }
        buf_clear(&w->b);
        ein_dump(&w->b, w->c);
        struct cascade *back = ein_read_text(w->a, w->sp, &w->ds, srcs_add(w->srcs, "back", w->b.at, w->b.n));
        assert_non_null(back);
        struct buf again = { 0 };
        ein_dump(&again, back);
        assert_string_equal(again.at, w->b.at);
        buf_free(&again);
        return w->c;
    }
    for (u32 i = 0; i < w->ds.all.n; i++)
        if (w->ds.all.at[i]->severity == diag_error)
            diag_render(&w->b, &w->ds, w->ds.all.at[i], false);
    fail_msg("%s\n%s", text, w->b.at ? w->b.at : "no sample");
    return NULL;
}

static void has(struct world *w, const char *line)
{
    if (!strstr(w->b.at, line))
        fail_msg("no `%s` in\n%s", line, w->b.at);
}

static u32 count(struct world *w, const char *part)
{
    u32 n = 0;
    for (const char *p = w->b.at; (p = strstr(p, part)); p++)
        n++;
    return n;
}

/* --- replication and sharing ------------------------------------------------------------------ */

static void reps_are_ranks_in_front(void **state)
{
    struct world *w = *state;
    lower(w, "import std.nn\nrule E(x) = x |> linear[8] |> relu as \"e\"\nrule Q(x) = (each[2] E(x)) |> sum_of as \"q\"\n"
             "space s(x: [6, 4]) -> [3, 6, 8] = each[3] Q(x)\n", false);
    has(w, "(tens Q.E.linear.w param f32 load (dims 3 2 8 4) (init kaiming_uniform 4.0 0.0) (number 0))");
    has(w, "(tens Q.E.linear.b param f32 load (dims 3 2 8)");
    has(w, "(tens Q.E.relu.y temp f32 run (dims batch 3 2 6 8))");
    has(w, "(tens Q.sum_of.y out f32 run (dims batch 3 6 8))");
    has(w, "(body (mul (read x r0 r3 r5) (read Q.E.linear.w r1 r2 r4 r5)))");
    /* each part of a bundle to its own instance, and what depends on no instance spelled out */
    lower(w, "import std.nn\nrule E(x) = x |> linear[4] as \"e\"\nspace s(x: [3, 6, 4]) -> [3, 6, 4] = each E(x)\n", false);
    has(w, "(body (mul (read x r0 r1 r2 r4) (read E.linear.w r1 r3 r4)))");
    lower(w, "import std.nn\nrule E(x) = x |> relu as \"e\"\nspace s(x: [5]) -> [4, 5] = each[4] E(x)\n", false);
    has(w, "(tens E.relu.y temp f32 run (dims batch 5))");
    has(w, "(eq (out E.all) (lhs r0 r1 r2) (rank batch par batch) (rank - par 4) (rank - par 5) (acc f32)\n  (body (read E.relu.y r0 r2))");
}

static void rounds_and_calls_own_their_parameters(void **state)
{
    struct world *w = *state;
    lower(w, "import std.nn\nspace s(x: [6, 8]) -> [6, 8] = x |> repeat 3 { linear[8] |> relu }\n", false);
    assert_int_equal(count(w, " param "), 6);
    has(w, "(tens repeat.1.linear.w param");
    has(w, "(number 5)");
    lower(w, "import std.nn\nrule R(x) = x |> linear[8] as \"r\"\nspace s(x: [6, 8]) -> [6, 8] = { let b = share R\n x |> repeat 3 { b } }\n", false);
    assert_int_equal(count(w, " param "), 2);
    assert_int_equal(count(w, "(red add)"), 3);
    lower(w, "import std.nn\nrule R(x) = x |> linear[8] as \"r\"\nspace s(x: [6, 8]) -> [6, 8] = { let b = once R\n x |> b |> b }\n", false);
    assert_int_equal(count(w, " param "), 4);
    /* shared inside a rep: no rep rank on the shared ones */
    lower(w, "import std.nn\nrule R(x) = x |> linear[5] as \"r\"\nrule S[F](x) = x |> linear[5] |> F as \"s\"\n"
             "space s(x: [5]) -> [5] = { let b = share R\n (each[3] S[b](x)) |> sum_of }\n", false);
    has(w, "param f32 load (dims 3 5 5)");
    has(w, "param f32 load (dims 5 5)");
    assert_int_equal(count(w, " param "), 4);
}

static void training_states(void **state)
{
    struct world *w = *state;
    const char *once = "import std.nn\nspace s(x: [3, 4, 4]) -> [3, 4, 4] = x |> batch_norm\n";
    lower(w, once, false);
    assert_int_equal(count(w, " next "), 0);
    lower(w, once, true);
    assert_int_equal(count(w, " next "), 2);
    has(w, "(rank c par 3) (rank batch red batch) (rank - red 4) (rank - red 4) (red add)");
    has(w, "(ofint (imul (sym batch) 16))");
    /* a shared one updates its states in turn */
    lower(w, "import std.nn\nrule B(x) = x |> batch_norm as \"b\"\nspace s(x: [3, 4, 4]) -> [3, 4, 4] = { let b = share B\n x |> b |> b }\n", true);
    assert_int_equal(count(w, " next "), 2);
    assert_int_equal(count(w, " state "), 2);
    has(w, "(body (add (mul 0.9 (read b.batch_norm.rm.next r0))");
}

static void outputs_are_told_apart(void **state)
{
    struct world *w = *state;
    struct cascade *c = lower(w, "space s(x: [4]) -> ([4], [4]) = (x, x)\n", false);
    u32 outs = 0;
    for (u32 i = 0; i < c->tens.n; i++)
        outs += c->tens.at[i].role == EIN_OUT;
    assert_int_equal(outs, 2);
    assert_int_equal(c->eq.n, 2);
    c = lower(w, "import std.nn\nspace s(x: [4]) -> ([4], [4]) = { let a = x |> relu\n let b = a |> sigmoid\n (b, a) }\n", false);
    /* the order of outputs is the order of tensors */
    str first = NULL;
    for (u32 i = 0; i < c->tens.n && !first; i++)
        if (c->tens.at[i].role == EIN_OUT)
            first = c->tens.at[i].name;
    assert_string_equal(first, "sigmoid.y");
}

/* --- values ----------------------------------------------------------------------------------- */

static double noise(u64 i)
{
    u32 word[4];
    rng_at(1, 99, i, word);
    return (double)(i32)(word[0] & 0xffffff00u) * 0x1p-31;
}

enum { BATCH = 3 };

static struct ein_eval *run(struct world *w, enum eval_mode mode)
{
    struct ein_eval *ev = ein_eval_new(w->a, w->c, mode, BATCH);
    struct buf why = { 0 };
    ein_eval_weights(ev, w->c, 7);
    for (u32 t = 0; t < w->c->tens.n; t++)
        if (w->c->tens.at[t].role == EIN_IN) {
            double *v = ein_eval_alloc(ev, w->c, t);
            for (u64 i = 0; i < ev->tens[t].n; i++)
                v[i] = dtype_is_float(w->c->tens.at[t].dtype) ? noise(i) : floor(4 + 4 * noise(i));
        }
    if (!ein_eval_run(ev, w->c, 0, w->c->eq.n, &why))
        fail_msg("%s", why.at);
    return ev;
}

static const struct ein_array *out(struct world *w, const struct ein_eval *ev)
{
    u32 t = 0;
    while (w->c->tens.at[t].role != EIN_OUT)
        t++;
    return &ev->tens[t];
}

static void value(struct world *w, const char *text, double (*want)(u64 i), u64 n)
{
    lower(w, text, false);
    struct ein_eval *ev = run(w, EVAL_F64);
    assert_int_equal(out(w, ev)->n, n);
    for (u64 i = 0; i < n; i++)
        if (!(fabs(out(w, ev)->v[i] - want(i)) < 1e-12))
            fail_msg("%s\nelement %llu: %.17g, not %.17g\n%s", text, (unsigned long long)i, out(w, ev)->v[i], want(i), w->b.at);
}

static double regions(u64 i)    /* [6, 2]: x, then -x, of x: [3, 2] */
{
    u64 b = i / 12, k = i % 12;
    return k < 6 ? noise(b * 6 + k) : -noise(b * 6 + k - 6);
}
static double conditions(u64 i)     /* [8]: below 3 twice, from 5 on negated, 0 between */
{
    u64 k = i % 8;
    return k < 3 ? 2 * noise(i) : k >= 5 ? -noise(i) : 0;
}
static double haar(u64 i)       /* [4, 2, 3] of x: [4, 6] */
{
    u64 b = i / 24, s = i / 6 % 4, h = i / 3 % 2, v = i % 3;
    double y = 0;
    for (u64 r = 0; r < 2; r++)
        for (u64 q = 0; q < 2; q++)
            y += noise(b * 24 + (2 * h + r) * 6 + 2 * v + q) * (s / 2 && r ? -1 : 1) * (s % 2 && q ? -1 : 1) / 2;
    return y;
}
static double masked(u64 i)     /* [5, 4]: shares of what lies before t; nothing lies before 0 */
{
    u64 t = i / 4 % 5, row = i / 4 * 4;
    double s = 0;
    for (u64 d = 0; d < 4 && d < t; d++)
        s += noise(row + d);
    return t ? noise(i) / s : 0;
}
static double running_max(u64 i)    /* [4] of x: [5, 4], from 0 on */
{
    double m = 0;
    for (u64 t = 0; t < 5; t++)
        m = fmax(m, noise(i / 4 * 20 + t * 4 + i % 4));
    return m;
}
static double strided(u64 i)    /* [3] of x: [7]: every other, rounded down halves, from the back */
{
    u64 b = i / 3 * 7, k = i % 3;
    return noise(b + 2 * k) + noise(b + (3 * k + 1) / 2) * 10 + noise(b + 6 - k) * 100;
}
static double folded(u64 i)     /* [2, 3, 2] back from [(3 2), 2] */
{
    return noise(i);
}
static double counted(u64 i)    /* [2, 5]: how many of 5 are less, as numbers */
{
    double n = 0;
    for (u64 k = 0; k < 5; k++)
        n += noise(i / 5 * 5 + k) < noise(i);
    return n;
}
static double id(u64 i)         /* what integer inputs hold: 0 .. 7 */
{
    return floor(4 + 4 * noise(i));
}
static double histogram(u64 i)      /* how often i of 8 is among 20 */
{
    double n = 0;
    for (u64 k = 0; k < 20; k++)
        n += id(i / 8 * 20 + k) == (double)(i % 8);
    return n;
}
static double whole_numbers(u64 i)      /* half of twice the sums of 8, plus the place */
{
    double n = 0;
    for (u64 k = 0; k < 8; k++)
        n += id(i * 8 + k);
    return (2 * n + (double)(i % 4)) / 2;
}
static double gathered_twice(u64 i)     /* t[x[x[s]]] with t[v] = v * v - v */
{
    u64 row = i / 8 * 8;
    double v = id(row + (u64)id(i));
    return v * v - v;
}
static double positions(u64 i)      /* [4, 3]: numbers made of indices */
{
    return noise(i) + (double)(i / 3 % 4) * (double)(i % 3) + (double)(i % 3) / 2;
}

static void values(void **state)
{
    struct world *w = *state;
    value(w, "op f(x: [A, ..]) -> y: [2*A, ..] { y[i, ..] = x[i, ..]\n y[A + j, ..] = -x[j, ..] }\nspace s(x: [3, 2]) -> [6, 2] = x |> f\n", regions, BATCH * 12);
    value(w, "op f(x: [K]) -> y: [K] { y[k] = x[k] + x[k] where k < 3\n y[k] = -x[k] where k >= 5\n y[k] = 0 where k >= 3 and k < 5 }\n"
             "space s(x: [8]) -> [8] = x |> f\n", conditions, BATCH * 8);
    value(w, "op f(x: [K]) -> y: [K] { rank j: 5\n y[k] = 2 * x[k] where k < 3\n y[3 + j] = select(j >= 2, -x[3 + j], 0) }\n"
             "space s(x: [8]) -> [8] = x |> f\n", conditions, BATCH * 8);
    value(w, "op f(x: [H, W]) -> y: [4, H/2, W/2] { const s[a, i] = 1 - 2*a*i\n rank a, b, i, j: 2\n"
             " y[2*a + b, h, w] += x[2*h + i, 2*w + j] * s[a, i] * s[b, j] / 2 }\nspace s(x: [4, 6]) -> [4, 2, 3] = x |> f\n", haar, BATCH * 24);
    value(w, "op f(x: [H, W]) -> y: [4, H/2, W/2] { const s: [2, 2] = [[1, 1], [1, -1]]\n"
             " y[2*a + b, h, w] += x[2*h + i, 2*w + j] * s[a, i] * s[b, j] / 2 }\nspace s(x: [4, 6]) -> [4, 2, 3] = x |> f\n", haar, BATCH * 24);
    value(w, "op f(x: [T, D]) -> y: [T, D] { s[t] += x[t, d] where d < t\n y[t, d] = x[t, d] / s[t] }\nspace s(x: [5, 4]) -> [5, 4] = x |> f\n", masked, BATCH * 20);
    value(w, "op f(x: [T, D]) -> y: [D] { rank t: iter T\n init h[0, d] = 0\n h[t+1, d] = max(h[t, d], x[t, d])\n y[d] = h[last(t), d] }\n"
             "space s(x: [5, 4]) -> [4] = x |> f\n", running_max, BATCH * 4);
    value(w, "op f(x: [K]) -> y: [3] { rank k: 3\n y[k] = x[2*k] + x[floor((3*k + 1)/2)] * 10 + x[K - 1 - k] * 100 }\nspace s(x: [7]) -> [3] = x |> f\n", strided, BATCH * 3);
    value(w, "op f(x: [A, B, C]) -> y: [(A B), C] { y[(a b), c] = x[a, b, c] }\nop g(x: [(A B), C]) -> y: [A, B, C] { y[a, b, c] = x[(a b), c] }\n"
             "space s(x: [2, 3, 2]) -> [2, 3, 2] = x |> f |> g\n", folded, BATCH * 12);
    value(w, "op f(x: [S, K]) -> y: [S, K] { y[s, k] += select(x[s, j] < x[s, k], 1, 0) }\nspace s(x: [2, 5]) -> [2, 5] = x |> f\n", counted, BATCH * 10);
    value(w, "op f(x: i32[S]) -> y: i32[8] { rank v: 8\n y[v] += select(x[s] == v, 1, 0) }\nspace s(x: i32[20]) -> i32[8] = x |> f\n", histogram, BATCH * 8);
    value(w, "op sum(x: i32[S, K]) -> y: i32[S] { y[s] += x[s, k] }\nop twice(x: i32[S]) -> y: i32[S] { y[s] = x[s] * 2 + s }\n"
             "op half(x: i32[S]) -> y: [S] { y[s] = x[s] / 2 }\nspace s(x: i32[4, 8]) -> [4] = x |> sum |> twice |> half\n", whole_numbers, BATCH * 4);
    value(w, "op f(x: i32[S]) -> y: [S] { rank v: 8\n const t[v] = v * v - v\n y[s] = t[x[x[s]]] }\nspace s(x: i32[8]) -> [8] = x |> f\n", gathered_twice, BATCH * 8);
    value(w, "op f(x: [I, J]) -> y: [I, J] { y[i, j] = x[i, j] + i * j + j / 2 }\nspace s(x: [4, 3]) -> [4, 3] = x |> f\n", positions, BATCH * 12);
}

/* 16-bit floats: operands widened, sums in f32, one rounding a result; moving data rounds nothing. */
static void narrow_floats(void **state)
{
    struct world *w = *state;
    lower(w, "import std.nn\nspace s(x: f16[4, 8]) -> f16[6, 4] = x |> linear[6] |> transpose\n", false);
    has(w, "(acc f32)\n  (body (mul (cast f32 (read x r0 r1 r3)) (cast f32 (read linear.w r2 r3))))\n  (post (cast f16 (acc 0)))");
    has(w, "(body (cast f16 (add (cast f32 (read linear.z r0 r1 r2)) (cast f32 (read linear.b r2)))))");
    has(w, "(acc f16)\n  (body (read linear.y r0 r2 r1))");
    lower(w, "import std.nn\nspace s(x: f64[4, 8]) -> f64[4, 6] = x |> linear[6]\n", false);
    assert_int_equal(count(w, "f32"), 0);
}

static void batch_statistics(void **state)
{
    struct world *w = *state;
    lower(w, "import std.nn\nspace s(x: [2, 5]) -> [2, 5] = x |> batch_norm\n", true);
    struct ein_eval *ev = run(w, EVAL_F64);
    for (u64 c = 0; c < 2; c++) {
        double mean = 0, var = 0;
        for (u64 b = 0; b < BATCH; b++)
            for (u64 k = 0; k < 5; k++)
                mean += noise(b * 10 + c * 5 + k) / (BATCH * 5);
        for (u64 b = 0; b < BATCH; b++)
            for (u64 k = 0; k < 5; k++)
                var += (noise(b * 10 + c * 5 + k) - mean) * (noise(b * 10 + c * 5 + k) - mean) / (BATCH * 5);
        for (u64 b = 0; b < BATCH; b++)
            for (u64 k = 0; k < 5; k++) {
                double want = (noise(b * 10 + c * 5 + k) - mean) / sqrt(var + 1e-5);
                assert_true(fabs(out(w, ev)->v[b * 10 + c * 5 + k] - want) < 1e-12);
            }
        for (u32 t = 0; t < w->c->tens.n; t++)
            if (w->c->tens.at[t].role == EIN_NEXT) {
                bool v = strstr(w->c->tens.at[t].name, "rv") != NULL;
                double n = BATCH * 5, want = v ? 0.9 + 0.1 * var * n / (n - 1) : 0.1 * mean;
                assert_true(fabs(ev->tens[t].v[c] - want) < 1e-12);
            }
    }
}

/* --- std.nn ----------------------------------------------------------------------------------- */

static const struct { const char *type, *stage; } library[] = {
    { "[4, 8]", "linear[16]" }, { "[4, 8]", "linear[16, BIAS = 0]" }, { "i32[7]", "embed[10, 4]" }, { "[4, 9, 8]", "conv[8, 3, 2, G = 2, BIAS = 1]" },
    { "[4, 9, 8]", "conv[6, 3, 2, 2, 1, 2]" }, { "[4, 9, 8]", "conv2d[8]" }, { "[4, 9, 8]", "depthwise_conv[3]" }, { "[4, 9, 8]", "separable_conv[6]" },
    { "[4, 9]", "conv1d[6]" }, { "[4, 9, 8]", "conv_bn_relu[6]" }, { "[4, 9, 8]", "relu_conv_bn[6]" }, { "[4, 9, 8]", "max_pool[3, 2]" },
    { "[4, 9, 8]", "avg_pool[3, 2]" }, { "[4, 9, 8]", "avg_pool_padded[3, 2]" }, { "[4, 9, 8]", "global_avg_pool" }, { "[4, 9, 8]", "global_max_pool" },
    { "[4, 9]", "mean_pool" }, { "[4, 9, 8]", "upsample[2]" }, { "[4, 9, 8]", "subsample[2]" }, { "[8, 4, 4]", "depth_to_space[2]" },
    { "[8, 4, 4]", "space_to_depth[2]" }, { "[8, 4, 4]", "channel_shuffle[2]" }, { "[8, 4, 4]", "batch_norm" }, { "[8, 4]", "layer_norm" },
    { "[8, 4]", "rms_norm" }, { "[8, 4]", "instance_norm" }, { "[8, 4]", "group_norm[2]" }, { "[8, 4]", "relu" }, { "[8, 4]", "relu6" },
    { "[8, 4]", "leaky_relu" }, { "[8, 4]", "elu" }, { "[8, 4]", "selu" }, { "[8, 4]", "softplus" }, { "[8, 4]", "hard_sigmoid" },
    { "[8, 4]", "hard_swish" }, { "[8, 4]", "hard_tanh" }, { "[8, 4]", "sigmoid" }, { "[8, 4]", "tanh" }, { "[8, 4]", "silu" }, { "[8, 4]", "gelu" },
    { "[8, 4]", "gelu_tanh" }, { "[8, 4]", "mish" }, { "[8, 4]", "relu_squared" }, { "[8, 4]", "prelu" }, { "[8, 4]", "softmax" },
    { "[8, 4]", "log_softmax" }, { "[8, 4]", "glu" }, { "[8, 4]", "reglu" }, { "[8, 4]", "geglu" }, { "[8, 4]", "swiglu" }, { "[8, 4]", "dropout" },
    { "[8, 4]", "drop_path" }, { "[8, 4]", "pos_enc" }, { "[8, 4]", "sinusoidal" }, { "[8, 4]", "rope" }, { "[8, 4]", "ffn[16]" },
    { "[8, 4]", "swiglu_ffn[8]" }, { "[8, 4]", "rnn[5]" }, { "[8, 4]", "lstm[5]" }, { "[8, 4]", "gru[5]" }, { "[8, 4]", "s4d[3]" },
    { "[8, 4]", "reverse" }, { "[8, 4]", "first" }, { "[8, 4]", "final" }, { "[8, 4]", "zeros" }, { "[8, 4]", "ones" }, { "[8, 4]", "identity" },
    { "[8, 4]", "transpose" }, { "[8, 4]", "cls_token" }, { "[8, 4]", "heads[2]" }, { "[8, 4]", "mha[2, 4]" }, { "[8, 4]", "causal_mha[2, 4]" },
    { "[8, 4, 3]", "flatten" }, { "[8, 4, 3]", "to_sequence" }, { "[8, 4, 3]", "unheads" }, { "[8, 4, 3]", "slice[2, 3]" },
    { "[8, 4, 3]", "clones[3]" }, { "[8, 4, 3]", "sum_of" }, { "[3, 8, 8]", "patches[16, 4]" }, { "[4, 8, 8]", "squeeze_excite" },
    { "[8, 4]", "residual[relu]" }, { "[8, 4, 3]", "zeros_like[5]" },
};

static void every_op_of_the_library(void **state)
{
    struct world *w = *state;
    for (u32 i = 0; i < COUNTOF(library); i++)
        for (u32 training = 0; training < 2; training++) {
            char text[256];
            snprintf(text, sizeof text, "import std.nn\nspace s(x: %s) = x |> %s\n", library[i].type, library[i].stage);
            lower(w, text, training);
            struct ein_eval *f32 = run(w, EVAL_F32), *bound = run(w, EVAL_BOUND);
            const struct ein_array *y = out(w, f32), *z = out(w, bound);
            for (u64 k = 0; k < y->n; k++)
                if (!(fabs(y->v[k] - z->v[k]) <= z->err[k]) || !(z->err[k] < 1e-2) || !isfinite(y->v[k]))
                    fail_msg("%s, element %llu: f32 %g, f64 %g, bound %g", library[i].stage, (unsigned long long)k, y->v[k], z->v[k], z->err[k]);
            buf_clear(&w->b);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reps_are_ranks_in_front, setup, teardown),
        cmocka_unit_test_setup_teardown(rounds_and_calls_own_their_parameters, setup, teardown),
        cmocka_unit_test_setup_teardown(training_states, setup, teardown),
        cmocka_unit_test_setup_teardown(outputs_are_told_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(values, setup, teardown),
        cmocka_unit_test_setup_teardown(narrow_floats, setup, teardown),
        cmocka_unit_test_setup_teardown(batch_statistics, setup, teardown),
        cmocka_unit_test_setup_teardown(every_op_of_the_library, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
