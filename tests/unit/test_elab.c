/* What the constructs of rules mean: types, counts and graphs of small spaces. */
#include "tests/unit/gram_world.h"

#define NN "import std.nn\n"

/* The space `s` of a text gives this type, these counts; the graph is good.  -1: any. */
static void gives(const char *text, const char *out, i64 params, i64 nodes)
{
    struct world w;
    world_begin(&w, text);
    world_load(&w);
    struct derivation *d = world_must(&w, "s", 1, 0);
    assert_string_equal(world_types(&w, d->nout, d->out), out);
    if (params >= 0)
        assert_int_equal((i64)d->count.params, params);
    if (nodes >= 0)
        assert_int_equal((i64)d->count.nodes, nodes);
    world_end(&w);
}

/* No sample of `s` can be made, and this is why. */
static void refuses(const char *text, const char *code)
{
    struct world w;
    world_begin(&w, text);
    world_load(&w);
    const struct gram_rule *r = world_space(&w, "s");
    assert_null(derive_local(w.sample, w.g, r, 1, 0, NULL, NULL));
    if (!w.ds.nerrors)
        derive_explain(w.sample, w.g, r, 1, 0, &w.ds);
    assert_true(w.ds.nerrors > 0);
    const char *got = NULL;
    for (u32 i = 0; i < w.ds.all.n && !got; i++)
        if (w.ds.all.at[i]->severity == diag_error)
            got = diag_code_text(w.ds.all.at[i]->code);
    if (strcmp(got, code) != 0)
        world_show(&w);
    assert_string_equal(got, code);
    world_end(&w);
}

static void pipes(void **s)
{
    (void)s;
    gives(NN "space s(x: [4]) -> [4] = x |> relu", "[4]", 0, 1);
    gives(NN "net two(a, b) = a + b\nspace s(x: [4]) -> [4] = (x, x |> relu) |> two", "[4]", 0, 2);
    gives(NN "net two(a, b) = a + b\nspace s(x: [4]) -> [4] = x |> two(x)", "[4]", 0, 1);
    gives(NN "space s(x: [4]) -> [8] = x |> (linear[6] |> relu |> linear[8])", "[8]", 4 * 6 + 6 + 6 * 8 + 8, 3);
    gives(NN "space s(x: [4]) -> [4] = x |> (y => y + relu(y)) |> ((a) => a)", "[4]", 0, 2);
    gives(NN "space s(x: [4]) -> [4] { let (a, b) = (x, relu(x));  (a, b) |> ((p, q) => p * q - p / q) }", "[4]", 0, 4);
    gives(NN "space s(x: [4]) -> [4] = 2 * x + 1 - x / 3 - (-x)", "[4]", 0, -1);
    gives(NN "space s(x: [2, 4]) -> [4] = x.0 + x.1", "[4]", 0, 3);
    gives(NN "space s(x: [4]) -> ([4], [4]) = (x, relu(x))", "[4], [4]", 0, 1);
    gives(NN "space s(x: [4], y: [4]) -> [4] = x + y", "[4]", 0, 1);
}

static void attributes(void **s)
{
    (void)s;
    gives(NN "net f[D, E = 2*D](x) = x |> linear[D] |> linear[E]\nspace s(x: [4]) -> [6] = x |> f[3]", "[6]", 15 + 24, 2);
    gives(NN "net f[D, E = 2*D](x) = x |> linear[D] |> linear[E]\nspace s(x: [4]) -> [5] = x |> f[E = 5, D = 3]", "[5]", 15 + 20, 2);
    gives(NN "net f[D = 2*K](x: [K]) = x |> linear[D]\nspace s(x: [4]) -> [8] = f(x)", "[8]", 40, 1);
    gives("op f[D = 2*K](x: [K]) -> y: [D] { param w: [D, K] ~ zeros;  y[d] += w[d, k] * x[k] }\nspace s(x: [4]) -> [8] = f(x)", "[8]", 32, 1);
    gives(NN "net r[F](x) = x + F(x)\nspace s(x: [4]) -> [4] = x |> r[linear[4]] |> r[y => relu(y)]", "[4]", 20, 4);
    gives(NN "net r[F, G](x) = x |> F |> G\nspace s(x: [4]) -> [4] = x |> r[relu, r[relu, relu]]", "[4]", 0, 3);
    refuses(NN "net r[F](x) = x |> F[3]\nspace s(x: [4]) -> [4] = x |> r[relu]", "E0306");
    refuses(NN "net r[F](x) = x |> F\nspace s(x: [4]) -> [4] = x |> r[linear]", "E0307");
}

static void overloads(void **s)
{
    (void)s;
    const char *t = NN "rule n(x: [C, H, W]) = batch_norm(x)\nrule n(x: [S, D]) = layer_norm(x)\n"
                       "space s(x: [%s]) = x |> a:n as \"$a\"\n";
    char text[300];
    snprintf(text, sizeof(text), t, "3, 5, 5");
    gives(text, "[3, 5, 5]", 6, 1);
    snprintf(text, sizeof(text), t, "3, 5");
    gives(text, "[3, 5]", 10, 1);
    snprintf(text, sizeof(text), t, "3");
    refuses(text, "E0514");
    gives(NN "net f(x: [A, A]) = x |> relu\nnet f(x: [A, B]) = x |> relu |> relu\nspace s(x: [2, 3]) = f(x)", "[2, 3]", 0, 2);
    gives(NN "net f[N](x) where N > 3 = relu(x)\nnet f[N](x) = relu(relu(x))\nspace s(x: [2]) = x |> f[3] |> f[4]", "[2]", 0, 3);
    gives(NN "net f(x: [.., K], y: [.., K]) = x + y\nspace s(x: [2, 3, 4]) = f(x, x)", "[2, 3, 4]", 0, 1);
    refuses(NN "net f(x: [.., K], y: [.., K]) = x\nspace s(x: [2, 3, 4]) = f(x, x.0)", "E0504");
}

/* Axes remember their factors; size variables take them along. */
static void memory(void **s)
{
    (void)s;
    gives(NN "space s(x: [3, 4, 5]) = x |> to_sequence |> from_sequence", "[3, 4, 5]", 0, 2);
    gives(NN "net f(x: [S, D]) = x |> linear[fold(x, 0, 1)]\nspace s(x: [3, 4, 5]) = x |> to_sequence |> f", "[(4 5), 5]", 20, 2);
    gives(NN "net f(x: [(H W), D]) = x |> linear[H]\nspace s(x: [3, 4, 5]) = x |> to_sequence |> f", "[(4 5), 4]", 16, 2);
    refuses(NN "net f(x: [(H W), D]) = x |> linear[H]\nspace s(x: [20, 3]) = f(x)", "E0503");
    refuses(NN "space s(x: [20, 3]) = x |> linear[fold(x, 0, 0)]", "E0503");
    gives(NN "space s(x: [20, 3]) = x |> linear[extent(x, -1) * rank(x) + extent(x, 0)]", "[20, 26]", 104, 1);
}

static void recursion(void **s)
{
    (void)s;
    gives(NN "net f[N](x) = if N == 0 then x else x |> relu |> f[N - 1]\nspace s(x: [4]) = x |> f[5]", "[4]", 0, 5);
    gives(NN "const K = 3\nspace s[N = K + 1](x: [N]) -> [N] = x |> repeat i in N { y => if i % 2 == 0 then relu(y) else y }", "[4]", 0, 2);
    refuses(NN "net f[N](x) = if N == 0 then x else x |> relu |> f[N + 1]\nspace s(x: [4]) = x |> f[5]", "E0512");
}

/* ---- once, share, each, repeat ---- */

static void loops(void **s)
{
    (void)s;
    struct world w;
    world_begin(&w, NN "rule a(x: [K]) = x |> linear[K] as \"l\" | x |> relu as \"r\"\n"
                       "space s(x: [4]) -> [4] { let c = once a;  x |> repeat 6 { c } } as \"$c\"\n"
                       "space anew(x: [4]) -> [4] = x |> repeat 40 { c:a } as \"${c|,}\"\n"
                       "space tied(x: [4]) -> [4] { let c = share linear[4];  x |> repeat 6 { c } |> c }\n"
                       "space outside(x: [4]) -> [4] { let y = relu(x);  x |> repeat 5 { z => z + y } }\n"
                       "space round_share(x: [4]) -> [4] = x |> repeat 3 { y => { let c = share linear[4];  y |> c |> c } }\n");
    world_load(&w);
    for (u32 i = 0; i < 8; i++) {       /* one draw; six instances, one loop */
        struct derivation *d = world_must(&w, "s", 3, i);
        assert_int_equal(d->root->nchild, 1);
        assert_true(d->count.params == (d->root->child[0]->alt_no == 0 ? 6 * 20 : 0));
        assert_true(d->count.nodes == 6);
        assert_non_null(strstr(world_arch(&w), "(loop 6 "));
    }
    struct derivation *d = world_must(&w, "anew", 3, 0);
    assert_int_equal(d->root->nchild, 40);
    u32 linear = 0;
    for (u32 i = 0; i < 40; i++) {
        linear += d->root->child[i]->alt_no == 0;
        assert_int_equal(d->root->child[i]->round, i);
        assert_string_equal(d->root->child[i]->label, "c");
    }
    assert_in_range(linear, 8, 32);
    assert_true(d->count.params == (u128)linear * 20);

    d = world_must(&w, "tied", 3, 0);
    assert_true(d->count.params == 20);
    assert_true(d->count.nodes == 7);
    assert_non_null(strstr(world_arch(&w), "(tie 1 1)"));
    assert_non_null(strstr(world_arch(&w), "(tie 1 0)"));

    d = world_must(&w, "outside", 3, 0);        /* y is carried unchanged */
    assert_true(d->count.nodes == 6);
    assert_non_null(strstr(world_arch(&w), "(loop 5 "));

    d = world_must(&w, "round_share", 3, 0);
    assert_true(d->count.params == 60);
    assert_true(d->count.nodes == 6);
    world_end(&w);
}

static void once_again(void **s)
{
    (void)s;
    struct world w;
    world_begin(&w, NN "rule a[D](x: [K]) = x |> linear[D] as \"l\" | x |> b:inner |> linear[D] as \"b$b\"\n"
                       "rule inner(x) = relu(x) as \"r\" | tanh(x) as \"t\"\n"
                       "space s(x: [4]) -> [6] { let c = once a;  x |> c[4] |> c[4] |> c[5] |> c[6] } as \"$c\"\n"
                       "rule only(x: [4]) = x |> linear[5] as \"five\" | relu(x) as \"same\"\n"
                       "space dead(x: [4]) -> [4] { let c = once only;  x |> c |> c } as \"$c\"\n"
                       "rule grows(x: [K]) = if K < 6 then x |> d:two |> linear[K + 1] else x |> d:two |> e:two |> linear[K + 1]\n"
                       "rule two(x) = relu(x) | tanh(x)\n"
                       "space more(x: [4]) -> [7] { let c = once grows;  x |> c |> c |> c }\n");
    world_load(&w);
    bool seen[2] = {false, false};
    for (u32 i = 0; i < 8; i++) {
        struct derivation *d = world_must(&w, "s", 5, i);
        seen[d->root->child[0]->alt_no] = true;
        assert_int_equal(d->root->nchild, 1);
        assert_true(d->count.params == 20 + 20 + 25 + 36);
    }
    assert_true(seen[0] && seen[1]);
    for (u32 i = 0; i < 8; i++) {       /* `five` cannot be used a second time: a dead end of the sample */
        struct derivation *d = world_must(&w, "dead", 5, i);
        assert_int_equal(d->root->child[0]->alt_no, 1);
    }
    /* at extent 6 the body needs a draw that was not made */
    assert_null(derive_local(w.sample, w.g, world_space(&w, "more"), 1, 0, NULL, NULL));
    derive_explain(w.sample, w.g, world_space(&w, "more"), 1, 0, &w.ds);
    assert_int_equal(w.ds.all.at[w.ds.all.n - 1]->code, E0511);
    world_end(&w);
    refuses(NN "space s(x: [4]) -> [6] { let c = share (y => linear[extent(y, 0) + 1](y));  x |> c |> c }", "E0511");
    gives(NN "space s(x: [4]) -> [4] { let c = share (y => y + y);  (x, x) |> ((a, b) => c(a) + c(b)) }", "[4]", 0, 3);
}

static void bundles(void **s)
{
    (void)s;
    gives(NN "space s(x: [4]) -> [8, 4] = each[8] linear[4] (x)", "[8, 4]", 8 * 20, 8);
    gives(NN "space s(x: [8, 4]) -> [8, 5] = each linear[5] (x)", "[8, 5]", 8 * 25, 8);
    gives(NN "space s(x: [8, 4]) -> [8, 2, 5] = each (each[2] linear[5]) (x)", "[8, 2, 5]", 16 * 25, 16);
    gives(NN "net f(a, b) = a + b\nspace s(x: [8, 4]) -> [8, 4] = each f (x, x)", "[8, 4]", 0, 8);
    gives(NN "space s(x: [8, 4], y: [4]) -> [8, 4] = each (z => z + y) (x)", "[8, 4]", 0, 8);
    gives(NN "space s(x: [8, 4]) -> [8, 4] { let c = share linear[4];  each (z => c(c(z))) (x) }", "[8, 4]", 20, 16);
    gives(NN "space s(x: [8, 4]) -> [8, 4] = each (z => { let c = share linear[4];  c(c(z)) }) (x)", "[8, 4]", 160, 16);
    gives(NN "space s(x: [8, 4]) -> ([8, 4], [8, 5]) = each (z => (relu(z), linear[5](z))) (x)", "[8, 4], [8, 5]", 8 * 25, 16);
    refuses(NN "net f(a, b) = a + b\nspace s(x: [8, 4]) = each f (x, x.0)", "E0504");
    gives(NN "space s(x: [4]) -> [3, 5] = (x, relu(x), tanh(x)) |> each linear[5]", "[3, 5]", 75, 2 + 3 + 2 + 3);
    refuses(NN "space s(x: [4]) = (x, linear[5](x)) |> each relu", "E0504");
    refuses(NN "space s(x: [4]) = (x, 3) |> each relu", "E0303");

    /* one draw for all instances */
    struct world w;
    world_begin(&w, NN "rule a(x) = relu(x) as \"r\" | tanh(x) as \"t\"\nspace s(x: [8, 4]) -> [8, 4] = each m:a (x) as \"$m\"");
    world_load(&w);
    struct derivation *d = world_must(&w, NULL, 1, 0);
    assert_int_equal(d->root->nchild, 1);
    assert_true(d->nodes == 1 && d->count.nodes == 8);
    assert_non_null(strstr(world_arch(&w), "(rep 8 m "));
    world_end(&w);
}

/* ---- values beside tensors ---- */

static void sizes(void **s)
{
    (void)s;
    gives(NN "rule p(x) = (x, 3, \"a\") | (x, 3, \"b\")\nspace s(x: [4]) { let (y, n, t) = q:p(x);  y |> linear[n] }", "[3]", 15, 1);
    gives(NN "rule k = 3 as \"3\" | 3 as \"three\"\nspace s(x: [4]) = x |> linear[k + k]", "[6]", 30, 1);
    gives(NN "rule col[J] = () |> repeat J { t => t ++ 1 }\nspace s(x: [4]) { let c = col[5];  x |> linear[sum(c) + len(c) + c.(2)] }", "[11]", 55, 1);
    gives(NN "space s(x: [4]) { let t = (x, relu(x)) ++ tanh(x);  t.0 + t.1 + t.2 }", "[4]", 0, 4);
    gives(NN "space s(x: [4]) { let t = ();  let u = t ++ 2 ++ 3;  x |> linear[max(u) * min(7, u.0)] }", "[6]", 30, 1);
    gives(NN "space s(x: [4]) = x |> linear[floor(7/2) + ceil(7/2) + abs(-1) + sqrt(16) + pow(2, 3)]", "[20]", 100, 1);
    gives(NN "space s(x: [4]) = x |> linear[if \"a\" == \"a\" and not (1 > 2) then 3 else 4]", "[3]", 15, 1);
    refuses(NN "space s(x: [4]) = x |> linear[1/2]", "E0502");
    refuses(NN "space s(x: [4]) = x |> linear[1/(2 - 2)]", "E0506");
    refuses(NN "space s(x: [4]) { let (a, b) = (x, x, x);  a + b }", "E0308");
    refuses(NN "space s(x: [4]) = x + \"a\"", "E0303");
    refuses(NN "space s(x: [4]) = (x, x).2", "E0501");
    refuses(NN "space s(x: [4]) -> [5] = x", "E0504");
    refuses(NN "space s(x: [4]) = 3", "E0309");
    refuses(NN "space s[N](x: [N]) = x", "E0307");
}

/* A rule of functions: drawn where it is applied, or once. */
static void stages(void **s)
{
    (void)s;
    struct world w;
    world_begin(&w, NN "rule Act = relu as \"r\" | tanh as \"t\"\nnet twice[F](x) = x |> F |> F\n"
                       "space s(x: [4]) = x |> a:Act |> twice[relu] as \"$a\"\n"
                       "space t(x: [4]) { let f = once a:Act;  x |> twice[f] } as \"$a\"\n"
                       "space u(x: [4]) = x |> twice[a:Act] as \"${a|}\"\n");
    world_load(&w);
    assert_int_equal(world_must(&w, "s", 1, 0)->root->nchild, 1);
    assert_int_equal(world_must(&w, "t", 1, 0)->root->nchild, 1);
    assert_int_equal(world_must(&w, "u", 1, 0)->root->nchild, 2);
    world_end(&w);
}

static void names(void **s)
{
    (void)s;
    struct world w;
    world_begin(&w, "import std.nn as nn\nimport other (half, K)\nconst N = K + 1\nspace s(x: [N]) = x |> nn.linear[3] |> half\n");
    w.other = "import std.nn\nconst K = 3\nop half(x: [..]) -> y: [..] { y[..] = x[..] / 2 }\nop linear(x: [..]) -> y: [..] { y[..] = x[..] }\n";
    w.noverride = 1;
    w.override[0] = (struct gram_override){"K", "9/3 + 4"};
    world_load(&w);
    struct derivation *d = world_must(&w, NULL, 1, 0);
    assert_string_equal(world_types(&w, d->nin, d->in), "[8]");
    assert_true(d->count.params == 27);
    world_end(&w);

    world_begin(&w, NN "const MODE = \"a\"\nspace s[N = 2, W = 2*N](x: [W]) = if MODE == \"b\" then relu(x) else x");
    w.noverride = 3;
    w.override[0] = (struct gram_override){"MODE", "b"};
    w.override[1] = (struct gram_override){"N", "5"};
    w.override[2] = (struct gram_override){"N", "6"};       /* the last one holds */
    world_load(&w);
    d = world_must(&w, NULL, 1, 0);
    assert_string_equal(world_types(&w, d->nin, d->in), "[12]");
    assert_true(d->nodes == 1);
    world_end(&w);
}

/* The resolution is drawn: a size of the input that a `let` gives. */
static void drawn_input(void **s)
{
    (void)s;
    struct world w;
    world_begin(&w, NN "space s(x: [3, r, r]) -> [3] { let r = choose {8, 16};  x |> global_avg_pool } as \"$r\"");
    world_load(&w);
    bool seen[2] = {false, false};
    for (u32 i = 0; i < 16; i++) {
        struct derivation *d = world_must(&w, NULL, 1, i);
        seen[d->root->child[0]->alt_no] = true;
        assert_string_equal(world_types(&w, d->nin, d->in), d->root->child[0]->alt_no ? "[3, 16, 16]" : "[3, 8, 8]");
        assert_string_equal(d->root->child[0]->label, "r");
    }
    assert_true(seen[0] && seen[1]);
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pipes), cmocka_unit_test(attributes), cmocka_unit_test(overloads), cmocka_unit_test(memory),
        cmocka_unit_test(recursion), cmocka_unit_test(loops), cmocka_unit_test(once_again), cmocka_unit_test(bundles),
        cmocka_unit_test(sizes), cmocka_unit_test(stages), cmocka_unit_test(names), cmocka_unit_test(drawn_input),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
