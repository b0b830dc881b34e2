/* fuzz_check.c - names, types and weights: any bytes as a module, with the standard library to
 * import; a module that passes gets its report and the notations of its spaces. */
#include "tests/fuzz/fuzz.h"

#include "grammar/derive.h"

struct text { const char *s; size_t n; };

static const char *open_module(void *ctx, struct arena *a, const char *module, size_t *len, const char **shown)
{
    const struct text *t = ctx;
    *shown = arena_strdup(a, module);
    if (strcmp(module, "fuzz.nas") == 0) {
        *len = t->n;
        return arena_dup(a, t->s, t->n);
    }
    if (strncmp(module, "std.", 4) != 0 || strchr(module, '/'))
        return NULL;
    char *path = arena_printf(a, "%s/%s.nas", NASC_SOURCE_DIR "/stdlib", module + 4);
    for (char *p = path + strlen(NASC_SOURCE_DIR "/stdlib/"); p < path + strlen(path) - 4; p++)
        if (*p == '.')
            *p = '/';
    return src_read_file(a, path, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct fuzz f = fuzz_begin();
    diags_init(&f.ds, f.a, f.srcs);
    struct text t = { (const char *)data, n };
    struct gram *g = gram_load(f.a, f.sp, f.srcs, &f.ds, open_module, &t, "fuzz.nas", 0, NULL);
    HOLDS(g || f.ds.nerrors);
    if (g && !f.ds.nerrors) {
        struct buf b = { 0 };
        gram_report(&b, g);
        gram_dump(&b, g);
        struct gram_rule *space = gram_space(g, NULL);
        if (space)
            notation_build(g, space);
        buf_free(&b);
    }
    fuzz_end(&f);
    return 0;
}
