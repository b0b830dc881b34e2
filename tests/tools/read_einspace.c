/* read_einspace SOURCES DIR - reads all texts that einspace's own code drew (DIR/samples-3x32x32.jsonl) and its seeds
 * (its .txt files), and compares parameters and the backbone's output shape with what PyTorch gave. Also:
 * what is printed again is the text, and so is what std.spaces.seeds says with macros. */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include "grammar/derive.h"

static struct arena *A;
static struct srcs *S;
static struct str_pool *P;
static u32 Bad;
static const char *Root;

static const char Backbone[] = "import std.spaces.einspace (S)\nspace backbone(x: [3, 32, 32]) = x |> s:S as \"$s\"\n";

static const char *open_module(void *ctx, struct arena *a, const char *module, size_t *len, const char **shown)
{
    (void)ctx;
    *shown = module;
    if (!strcmp(module, "backbone")) {
        *len = strlen(Backbone);
        return Backbone;
    }
    char *path = arena_printf(a, "%s/stdlib/%s.nas", Root, module + 4);
    for (char *c = path + strlen(Root) + 8; *c && strcmp(c, ".nas"); c++)
        if (*c == '.')
            *c = '/';
    return src_read_file(a, path, len);
}

static void complain(const struct diags *ds)
{
    struct buf b = { 0 };
    for (u32 i = 0; i < ds->all.n; i++)
        diag_render(&b, ds, ds->all.at[i], false);
    fprintf(stderr, "%s", b.at ? b.at : "");
    buf_free(&b);
}

struct space { struct gram *g; struct notation *n; };
static struct space load(const char *module, u32 no, const struct gram_override *o)
{
    struct diags *ds = NEW(A, struct diags);
    diags_init(ds, A, S);
    struct space s = { .g = gram_load(A, P, S, ds, open_module, NULL, module, no, o) };
    const struct gram_rule *r = s.g ? gram_space(s.g, NULL) : NULL;
    s.n = r ? notation_build(s.g, r) : NULL;
    if (!s.n) {
        complain(ds);
        exit(1);
    }
    return s;
}

/* White space is free, so it does not count. */
static bool same_text(const char *a, const char *b)
{
    for (;; a++, b++) {
        while (*a == ' ' || *a == '\n')
            a++;
        while (*b == ' ' || *b == '\n')
            b++;
        if (*a != *b || !*a)
            return *a == *b;
    }
}

static struct derivation *read(struct arena *a, const struct space *s, const char *text)
{
    struct srcs *srcs = srcs_new(a);
    struct diags ds = { 0 };
    diags_init(&ds, a, srcs);
    struct derivation *d = notation_parse(a, s->n, &ds, srcs_add(srcs, "<arch>", text, strlen(text)), NULL);
    if (!d) {
        complain(&ds);
        Bad++;
        return NULL;
    }
    struct buf b = { 0 };
    notation_print(&b, s->n, d);
    if (!same_text(b.at, text)) {
        fprintf(stderr, "printed differently:\n  %s\n  %s\n", text, b.at);
        Bad++;
    }
    buf_free(&b);
    return d;
}

static void params(const struct derivation *d, u64 want, const char *what)
{
    if (d && d->count.params != want) {
        fprintf(stderr, "%s: %llu parameters, PyTorch has %llu\n", what, (unsigned long long)d->count.params, (unsigned long long)want);
        Bad++;
    }
}

int main(int argc, char **argv)
{
    struct bug_trap t;
    bug_trap_push(&t);
    if (argc != 3 || setjmp(t.back)) {
        fprintf(stderr, "%s\n", argc == 3 ? t.text : "usage: read_einspace SOURCES DIR");
        return 2;
    }
    Root = argv[1];
    A = arena_new("session");
    S = srcs_new(A);
    P = str_pool_new(A);
    struct space whole = load("std.spaces.einspace", 0, NULL), backbone = load("backbone", 0, NULL);

    size_t len;
    char *line = src_read_file(A, arena_printf(A, "%s/samples-3x32x32.jsonl", argv[2]), &len);
    u32 n = 0;
    for (char *end; line && *line && (end = strchr(line, '\n')); line = end + 1, n++) {
        *end = 0;
        struct arena *a = arena_new("sample");
        char *arch = strstr(line, "\"arch\": \"") + 9, *stop = strchr(arch, '"');
        const char *out = strstr(stop, "\"out\": ") + 7, *p = strstr(stop, "\"params\": ") + 10;
        *stop = 0;
        params(read(a, &whole, arch), strtoull(p, NULL, 10), arch);
        struct derivation *d = read(a, &backbone, arch);
        if (d) {
            struct buf b = { 0 };
            const struct type *ty = type_get(backbone.g->types, d->out[0]);
            for (u32 i = 0; i < ty->rank; i++)
                buf_printf(&b, "%s%lld", i ? ", " : "[", (long long)axis_extent(backbone.g->types, ty->axis[i]));
            if (strncmp(b.at, out, b.n) || out[b.n] != ']') {
                fprintf(stderr, "%s: output %s], PyTorch has %.20s\n", arch, b.at, out);
                Bad++;
            }
            buf_free(&b);
        }
        arena_free(a);
    }
    printf("%u samples\n", n);

    static const struct gram_override big[] = { { "H", "64" }, { "W", "64" } };
    struct space large = load("std.spaces.einspace", 2, big);
    static const struct { const char *name; u64 params; } seed[] = {
        { "resnet18", 11215690 }, { "wrn16_4", 2751146 }, { "vit_d4", 4370442 }, { "mlp_mixer", 6474762 },
    };
    struct diags ds = { 0 };
    diags_init(&ds, A, S);
    struct gram *seeds = gram_load(A, P, S, &ds, open_module, NULL, "std.spaces.seeds", 0, NULL);
    for (u32 i = 0; i < COUNTOF(seed); i++) {
        char *text = src_read_file(A, arena_printf(A, "%s/%s.txt", argv[2], seed[i].name), &len);
        if (!text) {
            fprintf(stderr, "no %s.txt\n", seed[i].name);
            return 2;
        }
        struct arena *a = arena_new("sample");
        struct derivation *d = read(a, &large, text);
        params(d, seed[i].params, seed[i].name);
        struct gram_decl *ar = seeds ? gram_lookup(seeds, seeds->module.at[seeds->module.n - 1], str_c(P, seed[i].name)) : NULL;
        const char *own = ar && ar->kind == GD_ARCH ? notation_expand(a, seeds, ar->module, ((struct gram_arch *)ar)->ast->kid[1]) : NULL;
        if (!own || !same_text(own, text)) {
            complain(&ds);
            fprintf(stderr, "the arch %s of std.spaces.seeds is another text\n", seed[i].name);
            Bad++;
        }
        arena_free(a);
    }
    printf("%u seeds\n%u differences\n", COUNTOF(seed), Bad);
    arena_free(A);
    bug_trap_pop(&t);
    return Bad != 0;
}
