/* Identity: what is one network and what is not, rule by rule; graphs with symmetries; parameters numbered alike. */
#include "tests/unit/gram_world.h"

#include "compiler/base/buf.h"
#include "compiler/ir/ein_eval.h"
#include "passes/arch_canon.h"
#include "passes/pass.h"

static const char head[] = "import std.nn\n"
    "op swap(x: [A, B]) -> y: [B, A] { y[b, a] = x[a, b] }\n"
    "op halves(x: [A, ..]) -> y: [2, K, ..] where K = A/2 { y[n, k, ..] = x[n*K + k, ..] }\n"
    "op ema(x: [A, ..]) -> y: [A, ..] { state m: [A] ~ zeros\n if training { s[a] += x[batch, a, ..]\n next m[a] = 0.9 * m[a] + 0.1 * s[a] }\n y[a, ..] = x[a, ..] - m[a] }\n"
    "op two(x: [..]) -> (y: [..], z: [..]) { y[..] = exp(x[..])\n z[..] = sin(x[..]) }\n";

struct net { struct world w; struct canon *c; struct canon_result r; };

static void open_net(struct net *n, const char *space)
{
    memset(n, 0, sizeof *n);
    world_begin(&n->w, "");
    n->w.text = arena_printf(n->w.a, "%s%s", head, space);
    world_load(&n->w);
    world_must(&n->w, NULL, 1, 0);
    n->c = canon_new(n->w.a, op_laws_new(n->w.a, n->w.g->types, views_new(n->w.a)), n->w.g->types);
    n->r = arch_canon(n->c, n->w.arch);
    assert_true(n->r.whole);
}

/* The outputs for one input, with weights that are rough and depend on the parameters' numbers and places only. */
static double *outputs(struct net *n, u32 *count)
{
    struct arena *a = n->w.a;
    struct buf why = { 0 };
    n->w.arch->ninst = n->r.ninst;
    n->w.arch->rank = n->r.rank;
    struct pass_options o = { 0 };
    struct cascade *c = arch_to_ein(a, n->w.sp, n->w.arch, &o);
    if (!ein_verify(c, &why))
        fail_msg("%s", why.at);
    struct ein_eval *ev = ein_eval_new(a, c, EVAL_F64, 2);
    for (u32 t = 0; t < c->tens.n; t++) {
        const struct ein_tens *x = &c->tens.at[t];
        if (x->role != EIN_IN && x->role != EIN_PARAM && x->role != EIN_STATE)
            continue;
        double *v = ein_eval_alloc(ev, c, t);
        for (u64 i = 0; i < ev->tens[t].n; i++) {
            u64 h = (x->role == EIN_IN ? 0x1000 + t : x->number) * 0x9e3779b97f4a7c15u + i * 0xd6e8feb86659fd93u;
            h = hash64(&h, sizeof h);
            v[i] = (x->role == EIN_IN ? -0.5 : 0.25) + (double)(h >> 40) * 0x1p-24;
        }
    }
    if (!ein_eval_run(ev, c, 0, c->eq.n, &why))
        fail_msg("%s", why.at);
    u32 k = 0;
    double *all = NULL;
    for (int pass = 0; pass < 2; pass++) {
        if (pass)
            all = NEW_ARRAY(a, double, k + 1);
        k = 0;
        for (u32 t = 0; t < c->tens.n; t++)
            for (u64 i = 0; c->tens.at[t].role == EIN_OUT && i < ev->tens[t].n; i++, k++)
                if (pass)
                    all[k] = ev->tens[t].v[i];
    }
    *count = k;
    return all;
}

static bool same_id(const struct net *x, const struct net *y)
{
    return x->r.id.hi == y->r.id.hi && x->r.id.lo == y->r.id.lo;
}

static void check_pair(const char *one, const char *two, bool same)
{
    struct net x, y;
    u32 nx, ny;
    open_net(&x, one);
    open_net(&y, two);
    if (same_id(&x, &y) != same) {
        struct buf b = { 0 };
        arch_canon_dump(x.c, &b);
        arch_canon_dump(y.c, &b);
        fail_msg("%s\n%s\n%s", one, two, b.at);
    }
    double *a = outputs(&x, &nx), *b = outputs(&y, &ny);
    if (same) {
        assert_int_equal(nx, ny);
        assert_int_equal(x.r.nlive, y.r.nlive);
    }
    for (u32 i = 0; same && i < nx; i++)
        if (!(__builtin_fabs(a[i] - b[i]) <= 1e-9 * (1 + __builtin_fabs(a[i]))))
            fail_msg("output %u: %.17g, %.17g\n%s\n%s", i, a[i], b[i], one, two);
    world_end(&x.w);
    world_end(&y.w);
}

#define S46 "space s(x: [4, 6]) -> [4, 6] = "
#define S(body) "space s(x: [4, 6]) -> [4, 6] " body

static void one_network(void **state)
{
    (void)state;
    static const char *const pair[][2] = {
        /* identities, sequences */
        { S46 "x |> linear[6]", S46 "x |> identity |> linear[6] |> identity" },
        { S46 "x |> (linear[6] |> relu) |> softmax", S46 "x |> linear[6] |> (relu |> softmax)" },
        { S46 "x", S46 "x |> swap |> swap" },
        /* sums are multisets; nested ones flatten; multiplicities count */
        { S46 "relu(x) + (tanh(x) + x)", S46 "(x + relu(x)) + tanh(x)" },
        { S46 "(x + x) + relu(x) + (x + x)", S("{ let y = x + x; y + relu(x) + y }") },
        { S("{ let a = linear[6](x); let b = linear[6](x); relu(a) + b }"), S("{ let b = linear[6](x); let a = linear[6](x); b + relu(a) }") },
        { S46 "sum_of(clones[3](x))", S46 "x + x + x" },
        { S46 "2 * x", S46 "x + x" },
        /* equal ops without parameters are one */
        { S46 "relu(x) * relu(x)", S("{ let y = relu(x); y * y }") },
        { S46 "tanh(x) * relu(x)", S46 "relu(x) * tanh(x)" },
        { S46 "tanh(x) * relu(x) + relu(x) * tanh(x)", S("{ let y = tanh(x) * relu(x); y + y }") },
        { S46 "max_of(x, relu(x))\nop max_of(a: [..], b: [..]) -> y: [..] { y[..] = max(a[..], b[..]) }",
          S46 "max_of(relu(x), x)\nop max_of(a: [..], b: [..]) -> y: [..] { y[..] = max(a[..], b[..]) }" },
        /* zeros, and what they make zero; what is not read is dead */
        { S46 "x + zeros(x)", S46 "x" },
        { S46 "x + relu(zeros(x))", S46 "x" },
        { S46 "x + linear[6, BIAS = 0](zeros(x))", S46 "x" },
        { S46 "x + linear[6, BIAS = 0](zeros(x)) * linear[6](x)", S46 "x" },
        { S("{ let y = linear[6](x); x }"), S46 "x" },
        { S46 "linear[6](ones(x))", S46 "linear[6](ones(relu(x)))" },
        { S46 "linear[6](linear[9, BIAS = 0](zeros(x)) |> linear[6, BIAS = 0])", S46 "linear[6](zeros(x))" },
        /* movements */
        { S46 "x |> swap |> relu |> swap", S46 "relu(x)" },
        { S46 "swap(swap(x) + swap(relu(x)))", S46 "x + relu(x)" },
        { S46 "swap(x |> swap |> linear[4] |> relu |> swap |> swap)", S46 "x |> swap |> linear[4] |> swap |> relu" },
        { S46 "(clones[5](x)).3", S46 "x" },
        { "space s(x: [4, 6]) -> [24] = x |> relu |> flat\nop flat(x: [A, B]) -> y: [(A B)] { y[(a b)] = x[a, b] }",
          "space s(x: [4, 6]) -> [24] = x |> flat |> relu\nop flat(x: [A, B]) -> y: [(A B)] { y[(a b)] = x[a, b] }" },
        /* replicas: movements go in and out; what does not depend on the index is one */
        { S46 "sum_of(clones[3](x) |> each linear[6])", S46 "sum_of(x |> each[3] linear[6])" },
        { "space s(x: [4, 6]) -> [3, 4, 6] = x |> each[3] relu", "space s(x: [4, 6]) -> [3, 4, 6] = clones[3](relu(x))" },
        { "space s(x: [3, 4, 6]) -> [3, 4, 6] = x |> each relu", "space s(x: [3, 4, 6]) -> [3, 4, 6] = relu(x)" },
        { "space s(x: [3, 4, 6]) -> [3, 6, 4] = x |> each linear[6] |> each swap", "space s(x: [3, 4, 6]) -> [3, 6, 4] = x |> each (y => swap(linear[6](y)))" },
        { "space s(x: [3, 4, 6]) -> [3, 4, 6] = x |> each identity", "space s(x: [3, 4, 6]) -> [3, 4, 6] = x" },
        { S46 "sum_of(x |> each[1] linear[6])", S46 "linear[6](x)" },
        /* calls and rounds are what they do; a share used once is no share */
        { S46 "x |> repeat 3 { linear[6] }", S46 "x |> linear[6] |> linear[6] |> linear[6]" },
        { S46 "x |> repeat 2 { y => y |> linear[6] |> relu }", S("{ let f = once G; x |> f |> f }\nrule G(x) = x |> linear[6] |> relu as \"g\"") },
        { S("{ let f = share linear[6]; f(x) }"), S46 "linear[6](x)" },
        { S("{ let f = share linear[6]; f(x) * f(x) }"), S("{ let y = linear[6](x); y * y }") },
        { S("{ let f = share linear[6]; relu(f(x)) + f(relu(x)) }"), S("{ let f = share linear[6]; f(relu(x)) + relu(f(x)) }") },
        { S46 "two(x).0", S46 "two(x).0 + zeros(x)" },
    };
    for (u32 i = 0; i < COUNTOF(pair); i++)
        check_pair(pair[i][0], pair[i][1], true);
}

static void two_networks(void **state)
{
    (void)state;
    static const char *const pair[][2] = {
        { S46 "relu(x)", S46 "x" },
        { S46 "x + x", S46 "x" },
        { S46 "x + relu(x)", S46 "x - relu(x)" },
        { S46 "x - relu(x)", S46 "relu(x) - x" },
        { S46 "x * x", S46 "x + x" },
        { S46 "relu(x) + relu(x)", S46 "relu(x + x)" },
        { S46 "x |> relu |> softmax", S46 "x |> softmax |> relu" },
        /* an instance used twice is not two */
        { S46 "linear[6](x) + linear[6](x)", S("{ let y = linear[6](x); y + y }") },
        { S("{ let f = share linear[6]; x |> f |> f }"), S46 "x |> linear[6] |> linear[6]" },
        { S("{ let f = share linear[6]; let g = share linear[6]; f(g(f(g(x)))) }"), S("{ let f = share linear[6]; let g = share linear[6]; f(g(g(f(x)))) }") },
        { S("{ let f = share linear[6]; f(x) + f(relu(x)) }"), S46 "linear[6](x) + linear[6](relu(x))" },
        /* a normalized zero is a constant of its own parameters */
        { S46 "batch_norm(zeros(x))", S46 "zeros(x)" },
        { S46 "batch_norm(zeros(x)) + batch_norm(zeros(x))", S("{ let y = batch_norm(zeros(x)); y + y }") },
        { S46 "batch_norm(zeros(x)) + batch_norm(zeros(x))", S46 "batch_norm(zeros(x))" },
        { S46 "linear[6](zeros(x))", S46 "zeros(x)" },
        { S46 "softmax(zeros(x))", S46 "zeros(x)" },
        /* sizes, attributes, initial values, types of inputs */
        { S46 "x |> linear[5] |> linear[6]", S46 "x |> linear[7] |> linear[6]" },
        { S46 "linear[6](x)", S46 "linear[6, BIAS = 0](x)" },
        { S46 "x + 1", S46 "x + 2" },
        { S46 "batch_norm[EPS = 1e-5](x)", S46 "batch_norm[EPS = 1e-4](x)" },
        { S46 "batch_norm[MOM = 0.1](x)", S46 "batch_norm[MOM = 0.2](x)" },
        { S46 "p(x)\nop p(x: [A, ..]) -> y: [A, ..] { param g: [A] ~ ones\n y[a, ..] = x[a, ..] * g[a] }", S46 "p(x)\nop p(x: [A, ..]) -> y: [A, ..] { param g: [A] ~ zeros\n y[a, ..] = x[a, ..] * g[a] }" },
        { S46 "relu(x)", "space s(x: [6, 4]) -> [6, 4] = relu(x)" },
        /* movements that do not cancel */
        { "space s(x: [4, 4]) -> [4, 4] = swap(x)", "space s(x: [4, 4]) -> [4, 4] = x" },
        { "space s(x: [4, 4]) -> [4, 4] = softmax(swap(x))", "space s(x: [4, 4]) -> [4, 4] = swap(softmax(x))" },
        { "space s(x: [4, 4]) -> [4, 4] = reverse(x)", "space s(x: [4, 4]) -> [4, 4] = x" },
        { S("{ let h = halves(x); concat(h.1, h.0) }"), S46 "x" },
        /* replicas */
        { S46 "sum_of(x |> each[3] linear[6])", S46 "sum_of(x |> each[4] linear[6])" },
        { S46 "sum_of(x |> each[3] linear[6])", S46 "sum_of(clones[3](linear[6](x)))" },
        { S46 "sum_of(x |> each[3] linear[6])", S("{ let y = linear[6](x); y + y + y }") },
        { "space s(x: [3, 3, 6]) -> [3, 3, 6] = x |> each linear[6]", "space s(x: [3, 3, 6]) -> [3, 3, 6] = linear[6](x)" },
        /* a state that a shared op updates twice remembers the order */
        { S("{ let f = share ema; f(x) + f(relu(x)) }"), S("{ let f = share ema; f(relu(x)) + f(x) }") },
        { S("{ let f = share ema; let g = f(relu(x)); f(x) }"), S46 "ema(x)" },
        { S46 "two(x).0", S46 "two(x).1" },
        /* outputs in order, inputs too */
        { "space s(x: [4], y: [4]) -> ([4], [4]) = (relu(x), y)", "space s(x: [4], y: [4]) -> ([4], [4]) = (y, relu(x))" },
        { "space s(x: [4], y: [4]) -> [4] = x - y", "space s(x: [4], y: [4]) -> [4] = y - x" },
    };
    for (u32 i = 0; i < COUNTOF(pair); i++)
        check_pair(pair[i][0], pair[i][1], false);
}

/* A sum over edges of relu(node + node) of nodes that each are a linear of x: as symmetric as the graph that `edge` lists. */
static struct hash128 of_edges(u32 nnode, u32 nedge, const u8 (*edge)[2], u64 shuffle, u32 *sets)
{
    struct buf b = { 0 };
    struct net n;
    u32 node[64], at[256];
    CHECK(nnode <= COUNTOF(node) && nedge <= COUNTOF(at));
    for (u32 i = 0; i < nnode; i++)
        node[i] = i;
    for (u32 i = 0; i < nedge; i++)
        at[i] = i;
    for (u32 i = nnode; shuffle && i-- > 1;) {
        u64 h[2] = { shuffle, i };
        u32 k = (u32)(hash64(h, sizeof h) % (i + 1)), t = node[i];
        node[i] = node[k];
        node[k] = t;
    }
    for (u32 i = nedge; shuffle && i-- > 1;) {
        u64 h[2] = { shuffle + 1000, i };
        u32 k = (u32)(hash64(h, sizeof h) % (i + 1)), t = at[i];
        at[i] = at[k];
        at[k] = t;
    }
    buf_puts(&b, "space s(x: [2, 3]) -> [2, 3] {\n");
    for (u32 i = 0; i < nnode; i++)
        buf_printf(&b, "let n%u = linear[3](x)\n", i);
    for (u32 i = 0; i < nedge; i++)
        buf_printf(&b, "%srelu(n%u + n%u)", i ? " + " : "", node[edge[at[i]][0]], node[edge[at[i]][1]]);
    buf_puts(&b, "\n}\n");
    open_net(&n, b.at);
    *sets = n.r.nlive;
    struct hash128 id = n.r.id;
    world_end(&n.w);
    buf_free(&b);
    return id;
}

static bool equal(struct hash128 a, struct hash128 b)
{
    return a.hi == b.hi && a.lo == b.lo;
}

static void symmetric_graphs(void **state)
{
    (void)state;
    static const u8 cycle[6][2] = { {0, 1}, {1, 2}, {2, 3}, {3, 4}, {4, 5}, {5, 0} }, triangles[6][2] = { {0, 1}, {1, 2}, {2, 0}, {3, 4}, {4, 5}, {5, 3} };
    /* Two strongly regular graphs with the same numbers (16, 6, 2, 2), which refinement cannot tell apart: the rook's and Shrikhande's. */
    /* Frucht's graph, where refinement tells nothing and yet no two nodes are alike: every way down has to be tried. */
    static const i8 chord[12] = { -5, -2, -4, 2, 5, -2, 2, 5, -2, -5, 4, 2 };
    u8 frucht[18][2];
    u32 nf = 0;
    for (int i = 0; i < 12; i++) {
        memcpy(frucht[nf++], (u8[]){ (u8)i, (u8)((i + 1) % 12) }, 2);
        if ((i + chord[i] + 12) % 12 > i)
            memcpy(frucht[nf++], (u8[]){ (u8)i, (u8)((i + chord[i] + 12) % 12) }, 2);
    }
    assert_int_equal(nf, 18);
    u8 rook[48][2], shrikhande[48][2], complete[66][2];
    u32 nr = 0, ns = 0, nc = 0, sets;
    for (u32 i = 0; i < 16; i++)
        for (u32 k = i + 1; k < 16; k++) {
            u32 dx = (k / 4 - i / 4) & 3, dy = (k % 4 - i % 4) & 3;
            if (!dx != !dy)
                memcpy(rook[nr++], (u8[]){ (u8)i, (u8)k }, 2);
            if ((dx == 0 && (dy & 1)) || (dy == 0 && (dx & 1)) || (dx == dy && (dx & 1)))
                memcpy(shrikhande[ns++], (u8[]){ (u8)i, (u8)k }, 2);
        }
    for (u32 i = 0; i < 12; i++)
        for (u32 k = i + 1; k < 12; k++)
            memcpy(complete[nc++], (u8[]){ (u8)i, (u8)k }, 2);
    assert_int_equal(nr, 48);
    assert_int_equal(ns, 48);
    struct hash128 c = of_edges(6, 6, cycle, 0, &sets), t = of_edges(6, 6, triangles, 0, &sets), r = of_edges(16, 48, (void *)rook, 0, &sets),
                   h = of_edges(16, 48, (void *)shrikhande, 0, &sets), f = of_edges(12, 18, (void *)frucht, 0, &sets), k = of_edges(12, 66, (void *)complete, 0, &sets);
    assert_int_equal(sets, 12);
    assert_false(equal(c, t));
    assert_false(equal(r, h));
    for (u64 i = 1; i <= 4; i++) {
        assert_true(equal(c, of_edges(6, 6, cycle, i, &sets)));
        assert_true(equal(t, of_edges(6, 6, triangles, i, &sets)));
        assert_true(equal(r, of_edges(16, 48, (void *)rook, i, &sets)));
        assert_true(equal(h, of_edges(16, 48, (void *)shrikhande, i, &sets)));
        assert_true(equal(f, of_edges(12, 18, (void *)frucht, i, &sets)));
        assert_true(equal(k, of_edges(12, 66, (void *)complete, i, &sets)));
    }
}

static void many_equal_branches(void **state)
{
    (void)state;
    struct buf b = { 0 };
    struct net n;
    buf_puts(&b, "space s(x: [2, 3]) -> [2, 3] = x");
    for (u32 i = 0; i < 300; i++)
        buf_puts(&b, " + (linear[3](x) |> relu |> linear[3])");
    open_net(&n, b.at);
    assert_int_equal(n.r.nlive, 600);
    world_end(&n.w);
    buf_free(&b);
}

/* Beyond the bound there still is an id, and it says less. */
static void too_large(void **state)
{
    (void)state;
    struct net n[3];
    const char *text[3] = { "space s(x: [2, 3]) -> [2, 3] = x |> repeat 70000 { linear[3] }", "space s(x: [2, 3]) -> [2, 3] = x |> repeat 70001 { linear[3] }",
                            "space s(x: [2, 3]) -> [2, 3] = x |> repeat 70000 { linear[3] } |> identity" };
    for (u32 i = 0; i < 3; i++) {
        world_begin(&n[i].w, "");
        n[i].w.text = arena_printf(n[i].w.a, "%s%s", head, text[i]);
        world_load(&n[i].w);
        world_must(&n[i].w, NULL, 1, 0);
        n[i].c = canon_new(n[i].w.a, op_laws_new(n[i].w.a, n[i].w.g->types, views_new(n[i].w.a)), n[i].w.g->types);
        n[i].r = arch_canon(n[i].c, n[i].w.arch);
        assert_false(n[i].r.whole);
        assert_null(n[i].r.rank);
    }
    assert_false(same_id(&n[0], &n[1]));
    assert_false(same_id(&n[0], &n[2]));
    for (u32 i = 0; i < 3; i++)
        world_end(&n[i].w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_network), cmocka_unit_test(two_networks), cmocka_unit_test(symmetric_graphs), cmocka_unit_test(many_equal_branches),
        cmocka_unit_test(too_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
