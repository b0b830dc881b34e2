/* What is remembered does not show: derivations, counts and graphs with and without it are the same bytes, and so is a graph built
 * while it is decided. */
#include "tests/unit/gram_world.h"

#include "grammar/sampler.h"

static void dump(struct buf *b, const struct derivation *d, const struct arch *ar)
{
    buf_clear(b);
    if (d)
        derivation_dump(b, d);
    arch_dump(b, ar);
}

/* n samples by both samplers: in full in one world, with all that was remembered in another. */
static void same_graphs(const char *text, const char *space, u32 n)
{
    struct world plain, w;
    world_begin(&plain, text);
    world_load(&plain);
    plain.g->plain = true;
    world_begin(&w, text);
    world_load(&w);
    struct buf want = {0}, is = {0};
    for (u32 kind = 0; kind < 2; kind++) {
        struct sampler *p = sampler_open(plain.g, world_space(&plain, space), kind ? SAMPLER_EXACT : SAMPLER_LOCAL, 3);
        struct sampler *s = sampler_open(w.g, world_space(&w, space), kind ? SAMPLER_EXACT : SAMPLER_LOCAL, 3);
        for (u32 i = 0; i < n; i++) {
            struct sample a, b;
            struct arch *ga, *gb;
            arena_clear(plain.sample);
            arena_clear(w.sample);
            bool ok = sampler_draw(p, i, &a);
            assert_true(sampler_draw(s, i, &b) == ok);
            if (!ok)
                continue;
            assert_int_equal(a.ndecided, b.ndecided);
            assert_memory_equal(a.decided, b.decided, a.ndecided * sizeof *a.decided);
            assert_true(a.count.params == b.count.params && a.count.macs == b.count.macs && a.count.nodes == b.count.nodes && a.count.bytes == b.count.bytes);
            assert_true(a.attempts == b.attempts && a.nodes == b.nodes && a.depth == b.depth && a.logp == b.logp);
            u32 nd = b.ndecided, *decided = arena_dup(w.sample, b.decided, nd * sizeof *decided);
            struct derivation *da = sampler_derivation(p, plain.sample, &ga), *db = sampler_derivation(s, w.sample, &gb);
            dump(&want, da, ga);
            dump(&is, db, gb);
            assert_string_equal(is.at, want.at);
            dump(&want, NULL, ga);
            assert_non_null(derive_replay(plain.sample, plain.g, da, &ga));     /* in two passes */
            dump(&is, NULL, ga);
            assert_string_equal(is.at, want.at);
            if (w.g->prelude && !da->recipe.n) {        /* recipes are drawn from a sample's number */
                dump(&want, NULL, ga);
                struct arch *gc = derive_graph(w.sample, w.g, world_space(&w, space), nd, decided, NULL, NULL);
                assert_non_null(gc);
                dump(&is, NULL, gc);
                assert_string_equal(is.at, want.at);
                struct buf why = {0};
                assert_true(arch_verify(gc, &why));
            }
        }
        sampler_close(p);
        sampler_close(s);
    }
    buf_free(&want);
    buf_free(&is);
    world_end(&plain);
    world_end(&w);
}

static void spaces(void **state)
{
    (void)state;
    same_graphs("import std.nn\nrule Edge(x: [C, H, W]) = zeros(x) | x | x |> relu_conv_bn[C, 1] | x |> relu_conv_bn[C, 3] | x |> avg_pool[3]\n"
                "rule Cell(x) = { let n1 = a:Edge(x); let n2 = b:Edge(x) + c:Edge(n1); d:Edge(x) + e:Edge(n1) + f:Edge(n2) }\n"
                "net reduce[D](x) = (x |> relu_conv_bn[D, 3, S = 2] |> relu_conv_bn[D, 3]) + (x |> avg_pool[2, 2, P = 0] |> conv[D, 1])\n"
                "space s[C = 4, N = 3](x: [3, 8, 8]) -> [5] { let cell = once k:Cell\n"
                " x |> conv[C] |> batch_norm |> repeat N { cell } |> reduce[2*C] |> repeat N { cell } |> batch_norm |> relu |> global_avg_pool |> linear[5] }",
                "s", 60);
}

/* Everything that a fragment must not hold, beside what it may. */
static void constructs(void **state)
{
    (void)state;
    static const char *const text[] = {
        /* attributes by name and default, overloads, families with conditions, lets that are sizes, results checked */
        "import std.nn\n"
        "net block[D, K = 3](x: [C, H, W]) = x |> conv[D, K = K] |> batch_norm |> relu\n"
        "net block[D, K = 3](x: [S, C]) = x |> linear[D] |> relu\n"
        "rule E(x) = for k in {1, 3, 5}: x |> block[4, K = k] where k < 5 as \"c$k\" | { let d = extent(x, 0) * 2; x |> block[d] } as \"w$d\" "
        "| x |> flatten |> l as \"f\" | x as \"i\" | x + (x |> block[extent(x, 0)]) as \"r\"\n"
        "net l(x: [(C H W)]) = x |> linear[C]\n"
        "rule R(x) = 0.5 -> { let y = a:E(x); y |> b:R } | x |> E\n"
        "space s(x: [3, 6, 6]) { limit depth 9, params 3k; x |> R }",
        /* share, once, each, repeat with and without draws, rounds that read their number, labels that clash */
        "import std.nn\n"
        "net two(x: [.., D]) = x |> linear[D] |> linear[D]\n"
        "net many(x: [.., D]) = x |> repeat 3 { two } |> linear_2:linear[D]\n"
        "rule E(x: [.., D]) = x |> two | x |> many | x |> p:two |> p:two | each[2] two(x) |> sum_of | x |> repeat i in 3 { y => later(y, i) }\n"
        "net later(x, i) = if i > 0 then x |> relu else x\n"
        "rule M(x) = x |> E | { let m = share E; x |> m |> m } | { let m = once E; x |> repeat 4 { m } } | x |> repeat 3 { E } | each[3] E(x) |> sum_of "
        "| x |> repeat 2 { y => y |> share two } | { let m = share two; x |> repeat 3 { m } } | { let m = share two; x |> m |> linear[3] |> m |> linear[6] }\n"
        "space s(x: [4, 6]) { limit params 2k; x |> a:M |> b:M |> repeat 2 { M } }",
        /* functions as attributes, lambdas, tuples, depth, recipes, inline rules, choose */
        "import std.nn\n"
        "net res[F](x) = x + (x |> F)\n"
        "net pair(x) = (x |> relu, x |> tanh)\n"
        "net join(t) = t.0 + t.1\n"
        "inline rule I(x) = x |> relu as \"a\" | x |> tanh as \"b\"\n"
        "rule A(x: [.., D]) = x |> res[linear[D]] as \"x\" | x |> pair |> join as \"y\" | q:I(x) as \"$q\" | x |> linear[if depth < 3 then D else D] as \"z\" "
        "| { let k = choose {1, 2}; x |> linear[k * D] |> linear[D] } as \"k$k\" | x |> (y => y + y) as \"l\"\n"
        "space s(x: [2, 4]) { recipe lr = log_uniform(0.1, 1); x |> u:A |> v:A |> w:A } as \"$u $v $w\"",
    };
    for (u32 i = 0; i < COUNTOF(text); i++)
        same_graphs(text[i], "s", 150);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(spaces), cmocka_unit_test(constructs) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
