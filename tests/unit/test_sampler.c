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
    struct sampler *fast = sampler_open(w->g, r, kind, seed), *slow = sampler_open(w->g, r, kind, seed);
    sampler_use_tables(slow, false);
    for (u64 i = 0; i < n; i++) {
        struct sample a = {0}, b = {0};
        bool yes = sampler_draw(slow, i, &b);
        struct sample keep = b;
        u32 *decided = malloc((b.ndecided + 1) * sizeof(u32));
        if (yes)
            memcpy(decided, b.decided, b.ndecided * sizeof(u32));
        assert_int_equal(sampler_draw(fast, i, &a), yes);
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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(stdlib_spaces), cmocka_unit_test(examples)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
