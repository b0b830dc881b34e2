/* cmd_compile.c - nasc compile: an architecture to native files, all of them or none. */
#include "compiler/atomic_file.h"
#include "compiler/cli.h"
#include "compiler/emit.h"
#include "passes/pass.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

struct files { u32 kinds; const char *base, *name; const char *path[EMIT_KINDS]; };

/* The file name without its directories. */
static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Suffixes of files that nasc does not make: a program of such a name is asked for by --emit exe. */
static const char *const foreign[] = {
    ".asm", ".bc", ".c", ".cc", ".cpp", ".dll", ".dylib", ".exe", ".hpp", ".json", ".lib", ".nas", ".npy", ".obj", ".onnx", ".pt", ".pth", ".py", ".rs",
    ".safetensors", ".tflite", ".txt", ".wasm", ".zip",
};

/* The kind a suffix means, and how long it is; a shared library may have numbers behind it (libnet.so.1.2), an executable has none. */
static enum emit_kind kind_of(const char *path, size_t *len)
{
    const char *name = last_part(path), *dot = strrchr(name, '.'), *end = name + strlen(name), *so = strstr(name, ".so.");
    *len = so && so != name ? (size_t)(end - so) : 0;
    if (*len && so[4 + strspn(so + 4, "0123456789.")] == 0)
        return EMIT_SHARED;
    *len = dot && dot != name ? (size_t)(end - dot) : 0;
    for (u32 k = 0; k < EMIT_KINDS && *len; k++)
        if (strcmp(dot, emit_rows[k].suffix) == 0)
            return (enum emit_kind)k;
    for (u32 k = 0; k < COUNTOF(foreign) && *len; k++)
        if (strcasecmp(dot, foreign[k]) == 0)
            return EMIT_KINDS;
    *len = 0;
    return EMIT_EXE;
}

static nasc_status emit_list(struct cli *c, u32 *kinds)
{
    const char *p = c->value[OPT_EMIT];
    for (*kinds = 0; *p;) {
        size_t n = strcspn(p, ",");
        u32 k = 0;
        while (k < EMIT_KINDS && (strlen(emit_rows[k].word) != n || strncmp(emit_rows[k].word, p, n) != 0))
            k++;
        if (k == EMIT_KINDS)
            return cli_usage(c, "--emit has obj, header, static, shared, exe, asm and llvm, not `%.*s`", (int)MIN(n, (size_t)200), p);
        *kinds |= 1u << k;
        p += n + (p[n] == ',');
    }
    return *kinds ? NASC_OK : cli_usage(c, "--emit: which files?");
}

/* A C identifier from a file's name. */
static const char *name_from(struct arena *a, const char *base)
{
    char *s = arena_printf(a, "%s%s", *base >= '0' && *base <= '9' ? "_" : "", base);
    for (char *p = s; *p; p++)
        if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9')))
            *p = '_';
    return *s ? s : "model";
}

/* Which files, and where. */
static nasc_status name_files(struct cli *c, struct files *f)
{
    struct arena *a = c->s->a;
    if (c->output.n != 1)
        return cli_usage(c, c->output.n ? "one --output: --emit says which files beside it" : "--output says where the files go");
    const char *out = c->output.at[0];
    size_t suffix;
    enum emit_kind k = kind_of(out, &suffix);
    if (k == EMIT_KINDS && !c->value[OPT_EMIT])
        return cli_usage(c, "--output: nasc makes no %s files: .o .h .a .so .s .ll, and without a suffix (or with --emit exe) programs", strrchr(out, '.'));
    if (k == EMIT_KINDS)
        k = EMIT_EXE, suffix = 0;
    f->base = arena_printf(a, "%.*s", (int)(strlen(out) - suffix), out);
    f->kinds = 1u << k | (k == EMIT_OBJECT || k == EMIT_STATIC || k == EMIT_SHARED ? 1u << EMIT_HEADER : 0);
    nasc_status st = c->value[OPT_EMIT] ? emit_list(c, &f->kinds) : NASC_OK;
    if (st)
        return st;
    if (!*last_part(f->base))
        return cli_usage(c, "--output `%s` names no file", out);
    f->name = c->value[OPT_NAME] ? c->value[OPT_NAME] : name_from(a, last_part(f->base));
    if (!emit_name_ok(f->name))
        return cli_usage(c, "--name is a C identifier of at most 200 characters, not `%s`", f->name);
    for (u32 i = 0; i < EMIT_KINDS; i++)
        f->path[i] = i == k ? out : arena_printf(a, "%s%s", f->base, emit_rows[i].suffix);
    return NASC_OK;
}

static nasc_status write_files(struct cli *c, const struct files *f, const struct buf *out)
{
    struct atomic_file to[EMIT_KINDS];
    unsigned n = 0, bad = 0;
    for (u32 k = 0; k < EMIT_KINDS; k++)
        if (f->kinds >> k & 1)
            to[n++] = (struct atomic_file){f->path[k], out[k].at ? out[k].at : "", out[k].n, emit_rows[k].exec};
    if (atomic_write_all(to, n, &bad))
        return NASC_OK;
    session_complain(c->s, E0906, "%s: %s", to[bad].path, strerror(errno));
    return NASC_ENV;
}

static nasc_status options(struct cli *c, struct files *f, struct pass_options *po, struct emit_options *o)
{
    if (!cli_u64(c, OPT_SEED, 0, 0, UINT64_MAX, &o->seed) || !cli_pass_options(c, po))
        return NASC_USAGE;
    if (po->code == CODE_GENERIC)
        return cli_usage(c, "--code generic is code built with nasc: there is nothing to compile");
    if (c->value[OPT_WEIGHTS] && !c->value[OPT_EMBED])
        return cli_usage(c, "--weights goes with --embed-weights; without it, weights are given to what is compiled");
    o->embed = c->value[OPT_EMBED];
    o->weights = c->value[OPT_WEIGHTS];
    o->backend = c->value[OPT_BACKEND];
    nasc_status st = name_files(c, f);
    o->name = f->name;
    return st;
}

nasc_status cmd_compile(struct cli *c)
{
    struct files f = {0};
    struct pass_options po;
    struct emit_options o = {0};
    struct buf out[EMIT_KINDS] = {{0}};
    nasc_status st = options(c, &f, &po, &o);
    if (st || (st = cli_load(c, true, NULL)))
        return st;
    nasc_arch *ar;
    st = c->value[OPT_ARCH] ? cli_arch(c, &ar) : nasc_sample(c->s, o.seed, 0, &ar);
    if (st)
        return st;
    st = emit_arch(ar, &po, &o, f.kinds, out);
    st = st ? st : write_files(c, &f, out);
    for (u32 k = 0; k < EMIT_KINDS; k++)
        buf_free(&out[k]);
    nasc_arch_free(ar);
    return st;
}
