/* gram_world.h - grammars from text, for tests: loaded with the standard library, sampled, their graphs verified. */
#ifndef NASC_TEST_GRAM_WORLD_H
#define NASC_TEST_GRAM_WORLD_H
#include "tests/unit/unit.h"
#include "grammar/derive.h"

struct world {
    struct arena *a, *sample;
    struct srcs *srcs;
    struct str_pool *sp;
    struct diags ds;
    struct gram *g;
    const char *text, *other;       /* modules `test` and `other` */
    u32 noverride; struct gram_override override[4];
    struct arch *arch;              /* of the last sample */
    u64 attempts;
};

static const char *world_module(void *ctx, struct arena *a, const char *module, size_t *len, const char **shown)
{
    struct world *w = ctx;
    *shown = module;
    const char *own = strcmp(module, "test") == 0 ? w->text : strcmp(module, "other") == 0 ? w->other : NULL;
    if (own) {
        *len = strlen(own);
        return own;
    }
    if (strncmp(module, "std.", 4) != 0)
        return NULL;
    char *path = arena_printf(a, "%s/stdlib/%s.nas", NASC_SOURCE_DIR, module + 4);
    for (char *c = path + strlen(NASC_SOURCE_DIR) + 8; strcmp(c, ".nas") != 0; c++)
        if (*c == '.')
            *c = '/';
    return src_read_file(a, path, len);
}

static void world_begin(struct world *w, const char *text)
{
    memset(w, 0, sizeof(*w));
    w->a = arena_new("test");
    w->sample = arena_new("sample");
    w->srcs = srcs_new(w->a);
    w->sp = str_pool_new(w->a);
    diags_init(&w->ds, w->a, w->srcs);
    w->text = text;
}

static void world_end(struct world *w)
{
    arena_free(w->sample);
    arena_free(w->a);
}

__attribute__((unused)) static void world_show(struct world *w)
{
    struct buf b = {0};
    for (u32 i = 0; i < w->ds.all.n; i++)
        if (w->ds.all.at[i]->severity == diag_error)
            diag_render(&b, &w->ds, w->ds.all.at[i], false);
    if (b.n)
        print_error("%s", b.at);
    buf_free(&b);
}

__attribute__((unused)) static void world_load(struct world *w)
{
    w->g = gram_load(w->a, w->sp, w->srcs, &w->ds, world_module, w, "test", w->noverride, w->override);
    if (!w->g)
        world_show(w);
    assert_non_null(w->g);
}

__attribute__((unused)) static const struct gram_rule *world_space(struct world *w, const char *name)
{
    const struct gram_rule *r = gram_space(w->g, name);
    assert_non_null(r);
    return r;
}

/* A sample whose graph is verified, agrees with the counts of the derivation and reads back. */
__attribute__((unused)) static struct derivation *world_sample(struct world *w, const char *space, u64 seed, u64 index)
{
    arena_clear(w->sample);
    const struct gram_rule *r = world_space(w, space);
    struct derivation *d = derive_local(w->sample, w->g, r, seed, index, &w->attempts, &w->arch);
    if (!d) {
        if (!w->ds.nerrors)
            derive_explain(w->sample, w->g, r, seed, index, &w->ds);
        world_show(w);
        return NULL;
    }
    struct buf why = {0}, one = {0}, two = {0};
    if (!arch_verify(w->arch, &why))
        fail_msg("%s", why.at);
    struct count c = count_arch(w->arch);
    assert_true(c.params == d->count.params);
    assert_true(c.macs == d->count.macs);
    assert_true(c.nodes == d->count.nodes);
    assert_true(c.bytes == d->count.bytes);
    arch_dump(&one, w->arch);
    struct arch *again = arch_read(w->sample, w->sp, &w->ds, srcs_add(w->srcs, "<arch>", one.at, one.n), w->g->memo, &w->g->ops);
    world_show(w);
    assert_non_null(again);
    arch_dump(&two, again);
    assert_string_equal(one.at, two.at);
    buf_free(&why);
    buf_free(&one);
    buf_free(&two);
    return d;
}

__attribute__((unused)) static struct derivation *world_must(struct world *w, const char *space, u64 seed, u64 index)
{
    struct derivation *d = world_sample(w, space, seed, index);
    assert_non_null(d);
    return d;
}

__attribute__((unused)) static const char *world_types(struct world *w, u32 n, const type_id *t)
{
    struct buf b = {0};
    for (u32 i = 0; i < n; i++) {
        if (i)
            buf_puts(&b, ", ");
        type_print(&b, w->g->types, t[i], false);
    }
    const char *s = arena_strdup(w->sample, b.at ? b.at : "");
    buf_free(&b);
    return s;
}

__attribute__((unused)) static const char *world_tree(struct world *w, const struct derivation *d)
{
    struct buf b = {0};
    derivation_dump(&b, d);
    const char *s = arena_strdup(w->sample, b.at);
    buf_free(&b);
    return s;
}

__attribute__((unused)) static const char *world_arch(struct world *w)
{
    struct buf b = {0};
    arch_dump(&b, w->arch);
    const char *s = arena_strdup(w->sample, b.at);
    buf_free(&b);
    return s;
}

#endif
