/* fuzz_notation.c - architecture texts of einspace: any bytes are read or refused; what was read
 * prints to a text that reads to the same text; and the sum over its readings is what its one
 * reading weighs. */
#include "tests/fuzz/fuzz.h"

#include "grammar/derive.h"

static const char *open_module(void *ctx, struct arena *a, const char *module, size_t *len, const char **shown)
{
    (void)ctx;
    char *path = arena_printf(a, "%s/%s.nas", NASC_SOURCE_DIR "/stdlib", module + 4);
    for (char *p = path + strlen(NASC_SOURCE_DIR "/stdlib/"); p < path + strlen(path) - 4; p++)
        if (*p == '.')
            *p = '/';
    *shown = path;
    return src_read_file(a, path, len);
}

/* The grammar is kept for a while: loading it takes longer than reading a text.  Its caches
 * grow, so it is loaded anew now and then. */
static struct fuzz kept;
static struct gram *gram;
static struct notation *notation;
static u32 uses;

static void load(void)
{
    if (gram && uses++ < 500)
        return;
    if (gram)
        fuzz_end(&kept);
    kept = fuzz_begin();
    diags_init(&kept.ds, kept.a, kept.srcs);
    gram = gram_load(kept.a, kept.sp, kept.srcs, &kept.ds, open_module, NULL, "std.spaces.einspace", 0, NULL);
    HOLDS(gram && !kept.ds.nerrors);
    notation = notation_build(gram, gram_space(gram, NULL));
    HOLDS(notation);
    uses = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    load();
    struct arena *a = arena_new("text");
    struct srcs *srcs = srcs_new(a);
    struct diags ds;
    diags_init(&ds, a, srcs);
    struct derivation *d = notation_parse(a, notation, &ds, srcs_add(srcs, "<arch>", (const char *)data, n), NULL);
    HOLDS(d || ds.nerrors);
    struct buf once = { 0 }, twice = { 0 };
    if (d && !ds.nerrors) {
        notation_print(&once, notation, d);
        struct inside in;
        HOLDS(notation_inside(a, notation, &ds, srcs_add(srcs, "<arch>", (const char *)data, n), &in));
        HOLDS(in.nreading == 1 && in.exact && in.logp == d->logp);
        struct diags again;
        diags_init(&again, a, srcs);
        d = notation_parse(a, notation, &again, srcs_add(srcs, "<again>", once.at, once.n), NULL);
        HOLDS(d && !again.nerrors);
        notation_print(&twice, notation, d);
        HOLDS(strcmp(once.at, twice.at) == 0);
    }
    for (u32 i = 0; i < ds.all.n; i++)
        diag_render_json(&twice, &ds, ds.all.at[i]);
    buf_free(&once);
    buf_free(&twice);
    arena_free(a);
    return 0;
}
