/* The samplers: what the tables draw is what the elaborator draws, derivation for derivation. */
#include "grammar/sampler.h"
#include "tests/unit/gram_world.h"

#include <cmocka.h>

static void load(struct world *w, const char *text, const char *module)
{
    world_begin(w, text);
    w->g = gram_load(w->a, w->sp, w->srcs, &w->ds, world_module, w, module, 0, NULL);
    if (!w->g)
        world_show(w);
    assert_non_null(w->g);
}

/* n samples both ways; the share drawn by the elaborator after all. */
static double agree(struct world *w, const char *space, enum sampler_kind kind, u64 seed, u64 n)
{
    const struct gram_rule *r = world_space(w, space);
    const struct notation *nt = notation_build(w->g, r);
    struct buf one = {0}, two = {0};
    if (!nt)
        world_show(w);
    assert_non_null(nt);
    struct sampler *fast = sampler_open(w->g, r, kind, seed), *slow = sampler_open(w->g, r, kind, seed);
    sampler_use_tables(slow, false);
    for (u64 i = 0; i < n; i++) {
        struct sample a = {0}, b = {0};
        bool yes = sampler_draw(slow, i, &b);
        struct sample keep = b;
        u32 *decided = malloc((b.ndecided + 1) * sizeof(u32));
        if (yes)
            memcpy(decided, b.decided, b.ndecided * sizeof(u32));
        buf_clear(&one);
        buf_clear(&two);
        if (yes)
            sampler_text(slow, nt, &one);
        assert_int_equal(sampler_draw(fast, i, &a), yes);
        if (yes) {
            sampler_text(fast, nt, &two);
            assert_string_equal(one.at ? one.at : "", two.at ? two.at : "");
        }
        if (yes) {
            if (a.ndecided != keep.ndecided || memcmp(a.decided, decided, a.ndecided * sizeof(u32)) != 0)
                fail_msg("sample %llu of `%s`: other decisions", (unsigned long long)i, r->set->d.name);
            assert_int_equal(a.attempts, keep.attempts);
            assert_memory_equal(&a.logp, &keep.logp, sizeof(double));
            assert_int_equal(a.depth, keep.depth);
            assert_int_equal(a.nodes, keep.nodes);
            assert_true(a.count.params == keep.count.params && a.count.macs == keep.count.macs && a.count.nodes == keep.count.nodes &&
                        a.count.bytes == keep.count.bytes);
        }
        free(decided);
    }
    struct sampler_stats s = *sampler_stats(fast), t = *sampler_stats(slow);
    assert_int_equal(s.attempts, t.attempts);
    sampler_close(fast);
    sampler_close(slow);
    buf_free(&one);
    buf_free(&two);
    return (double)s.slow / (double)n;
}

static void both(struct world *w, const char *space, u64 n, double most_slow)
{
    for (u32 k = 0; k < 2; k++) {
        double slow = agree(w, space, (enum sampler_kind)k, 3, n);
        if (slow > most_slow)
            fail_msg("`%s`: %g of the samples come from the elaborator", space ? space : "?", slow);
    }
}

static void stdlib_spaces(void **state)
{
    (void)state;
    struct world w;
    load(&w, NULL, "std.spaces.einspace");
    both(&w, NULL, 1500, 0);
    world_end(&w);
    load(&w, NULL, "std.spaces.nas_bench_201");
    both(&w, NULL, 500, 0);
    world_end(&w);
}

static const char *example_module(void *ctx, struct arena *a, const char *module, size_t *len, const char **shown)
{
    if (strncmp(module, "std.", 4) == 0)
        return world_module(ctx, a, module, len, shown);
    *shown = module;
    return src_read_file(a, arena_printf(a, "%s/examples/%s.nas", NASC_SOURCE_DIR, module), len);
}

static void examples(void **state)
{
    static const char *const name[] = {"attn", "darts", "fbnet", "hnb201", "nas_bench_101", "ofa", "resnet", "rnn", "unet", "vit"};
    (void)state;
    for (u32 i = 0; i < COUNTOF(name); i++) {
        struct world w;
        world_begin(&w, NULL);
        w.g = gram_load(w.a, w.sp, w.srcs, &w.ds, example_module, &w, name[i], 0, NULL);
        assert_non_null(w.g);
        const struct gram_module *m = w.g->module.at[w.g->module.n - 1];
        for (u32 k = 0; k < m->decl.n; k++) {
            struct gram_rules *s = (struct gram_rules *)m->decl.at[k];
            if (s->d.kind != GD_RULES || s->overload.at[0]->form != RF_SPACE)
                continue;
            for (u32 x = 0; x < 2; x++) {
                double slow = agree(&w, s->d.name, (enum sampler_kind)x, 5, 60);
                if (slow > 0)
                    print_message("%s %s: %g slow\n", name[i], s->d.name, slow);
            }
        }
        world_end(&w);
    }
}

/* One construct each; slow: the tables leave it to the elaborator. */
static const struct { const char *text; bool slow; } small[] = {
    { "net res[F](x) = x + (x |> F)\nrule A(x) = relu(x) as \"r\" | x |> linear[8] as \"l\" | softmax(x) as \"s\"\n"
      "space s(x: [4, 8]) = x |> res[a:A] |> res[b:A] as \"$a$b\"\n", false },
    { "rule A = relu as \"r\" | linear[8] as \"l\" | softmax |> linear[4] as \"s\"\n"
      "space s(x: [4, 8]) { let f = a:A; x |> f |> b:A |> f } as \"${a|,}$b\"\n", false },
    { "rule A(x) = relu(x) as \"r\" | x |> linear[8] as \"l\"\n"
      "space s(x: [4, 8]) { let n = choose {1, 2, 0.2 -> 5}; x |> repeat i in n { l:A |> linear[8 * (i + 1)] } } as \"$n:${l|,}\"\n", false },
    { "rule A(x) = relu(x) as \"r\" | x |> linear[5] as \"l\" | x |> a:A |> b:A as \"($a$b)\"\n"
      "rule B(x) = { let y = clones[3](x); each m:A(y) |> tot } as \"B$m\" | 0.4 -> x |> u:once_two as \"$u\"\n"
      "net once_two(x) { let o = once a:A; x |> linear[8] |> o |> linear[8] |> o |> linear[7] |> o } as \"<$a>\"\n"
      "op clones[N](x: [..]) -> y: [N, ..] { y[n, ..] = x[..] }\nop tot(x: [N, ..]) -> y: [..] { y[..] += x[n, ..] }\n"
      "space s(x: [4, 8]) { limit depth 7, macs 5000; x |> a:B |> b:B } as \"$a$b\"\n", false },
    { "rule A(x) = relu(x) as \"r\" | x |> linear[5] as \"l\"\n"
      "space s(x: [4, 8]) { let o = share a:A; x |> o |> o } as \"$a\"\n", true },
    { "rule A(x) = relu(x) as \"r\" | x |> linear[5] as \"l\"\n"
      "space s(x: [4, 8]) { recipe lr = choose {1, 2}; x |> a:A } as \"$a\"\n", true },
    { "rule A(x) = { let n = extent(x, -1); x |> linear[n + 1] } where extent(x, -1) < 11 as \"+$n\" | relu(x) as \"r\"\n"
      "space s(x: [4, 8]) = x |> a:A |> b:A |> c:A |> d:A as \"$a$b$c$d\"\n", false },
    { "rule A(x, f) = x |> f as \"f\" | relu(x) as \"r\"\n"
      "space s(x: [4, 8]) = a:A(x, y => y |> linear[3]) as \"$a\"\n", true },
    { "rule A(x: [.., K]) = { require K % 2 == 0; x |> linear[K + 1] } as \"e\" | x |> linear[2 * K] as \"d\"\n"
      "rule A(x: [K]) = x |> linear[K * K] as \"q\" | c:choose {relu(x), x |> k:A} as \"c$c\"\n"
      "space s(x: [3]) { limit depth 6, params 300; x |> a:A |> b:A } as \"$a$b\"\n", false },
};

static void constructs(void **state)
{
    (void)state;
    for (u32 i = 0; i < COUNTOF(small); i++) {
        struct world w;
        char text[2048];
        snprintf(text, sizeof text, "import std.nn\n%s", small[i].text);
        load(&w, text, "test");
        for (u32 k = 0; k < 2; k++) {
            double slow = agree(&w, "s", (enum sampler_kind)k, 9, 200);
            if (small[i].slow ? slow == 0 : slow > 0)
                fail_msg("grammar %u: %g of the samples come from the elaborator", i, slow);
        }
        world_end(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(constructs), cmocka_unit_test(stdlib_spaces), cmocka_unit_test(examples)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
