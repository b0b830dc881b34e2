/* be_gccjit.c - the GCC backend, a module of its own: loop functions in, machine code out, by libgccjit, for x86-64 hosts.
 *
 * In: legalized functions.  Out: their images, or the text of one; units to objects and assembly.  It is a second, independent code generator: what it makes equals what
 * LLVM's makes, to the bit.  Functions are shared out over parts, the parts over processes (be_gccjit_work.c): per part one context.  Objects are cut into images
 * (elf_image.c), so that what a function is compiled along with changes nothing in its code. */
#include "backends/be_gccjit_work.h"
#include "backends/elf_alone.h"

#include "compiler/base/arena.h"

#include <stdio.h>
#include <stdlib.h>

enum { LEAST_PER_PART = 2, MOST_PER_PART = 48, DEFAULT_LEVEL = 1 };

struct be { struct mach m; struct arena *a; struct gj_options o; u64 nkernel; };

static bool has(const char *features, const char *name)
{
    size_t n = strlen(name);
    for (const char *s = features; (s = strchr(s, '+')); s++)
        if (strncmp(s + 1, name, n) == 0 && (s[1 + n] == ',' || !s[1 + n]))
            return true;
    return false;
}

struct gj_mach gj_mach(const struct mach *m)
{
    struct gj_mach g = { .fma = has(m->features, "fma"), .sse41 = has(m->features, "sse4.1"), .f16c = has(m->features, "f16c") };
    g.vex = g.fma && g.f16c && has(m->features, "avx2") && m->vector_bits >= 256;
    g.evex = g.vex && m->masks && has(m->features, "avx512f") && has(m->features, "avx512bw") && has(m->features, "avx512dq") && has(m->features, "avx512vl");
    g.vector_bytes = MIN(m->vector_bits / 8, g.evex ? 64 : g.vex ? 32 : 16);
    return g;
}

static const char *gccjit_version(void)
{
    static char text[24];
    if (!*text)
        snprintf(text, sizeof text, "%d.%d.%d", gcc_jit_version_major(), gcc_jit_version_minor(), gcc_jit_version_patchlevel());
    return text;
}

static struct be *gccjit_open(const struct mach *m, struct buf *why)
{
#if defined __x86_64__
    bool ours = m->isa == ISA_X86_64;
#else
    bool ours = false;
#endif
    if (!ours) {
        buf_printf(why, "libgccjit makes code for the machine it runs on, this backend for x86-64 only, not for %s", mach_isa_name(m->isa));
        return NULL;
    }
    static const char *const needed[] = { "fma", "sse4.1", "f16c" };
    for (u32 i = 0; i < COUNTOF(needed); i++)
        if (!has(m->features, needed[i])) {
            buf_printf(why, "%s has no %s, which the GCC backend needs", m->name && strcmp(m->name, "native") != 0 ? m->name : "this machine", needed[i]);
            return NULL;
        }
    struct arena *a = arena_new("code");
    struct be *be = NEW(a, struct be);
    be->a = a;
    be->m = *m;
    be->o = (struct gj_options){ .mach = &be->m, .m = gj_mach(m), .features = arena_strdup(a, m->features), .level = DEFAULT_LEVEL };
    const char *level = getenv("NASC_GCCJIT_O");
    if (level && *level >= '0' && *level <= '3' && !level[1])
        be->o.level = (u32)(*level - '0');
    return be;
}

static void gccjit_close(struct be *be)
{
    arena_free(be->a);
}

static bool gccjit_can(const struct mach *m, enum loop_op op, struct ltype t)
{
    struct gj_mach g = gj_mach(m);
    if (op >= LO_EXP && op <= LO_POW)
        return false;
    if (t.lanes > 1 && loop_ops[op].class != 'V' && loop_ops[op].nargs > 0)
        return gj_vector_op(&g, op, t);
    return op == LO_FMA ? g.fma : op == LO_FFLOOR || op == LO_FROUND ? g.sse41 : true;
}

/* ---- a batch ---- */

static void share_out(struct be *be, struct arena *tmp, u32 njob, struct gj_job *job, u32 n, const struct loop_fn *const *fn, u32 *where)
{
    u32 most = MIN(n, 2 * ((n + njob - 1) / njob));
    for (u32 p = 0; p < njob; p++)
        job[p] = (struct gj_job){ .fn = NEW_ARRAY(tmp, const struct loop_fn *, most), .name = NEW_ARRAY(tmp, const char *, most) };
    for (u32 i = 0; i < n; i++) {
        u32 p = 0;
        for (u32 k = 1; k < njob; k++)
            if (job[k].n < most && (job[p].n == most || job[k].values < job[p].values))
                p = k;
        struct gj_job *x = &job[p];
        x->values += fn[i]->val.n;
        x->fn[x->n] = fn[i];
        x->name[x->n++] = arena_printf(tmp, "nasc_k%llu", (unsigned long long)be->nkernel++);
        where[i] = p;
    }
}

/* The images of a job's functions; what cannot be told apart is left in alone[]. */
static bool cut(struct gj_job *x, struct arena *a, enum image_by by, struct be_image *image, bool *alone, struct buf *why)
{
    if (!elf_object_ours(x->at, x->bytes)) {
        buf_printf(why, "libgccjit made no object for x86-64");
        return false;
    }
    return elf_images(a, x->at, x->bytes, x->n, x->name, by, image, alone, why) == IMAGE_DONE;
}

static bool gccjit_compile(struct be *be, u32 n, const struct loop_fn *const *fn, struct be_code *out, struct arena *a, struct buf *why)
{
    struct arena *tmp = arena_new("pass");
    u32 workers = MAX(MIN(be->m.cores, n / LEAST_PER_PART), 1), njob = MAX((n + MOST_PER_PART - 1) / MOST_PER_PART, n ? workers : 0), nalone = 0;
    struct gj_job *job = NEW_ARRAY(tmp, struct gj_job, njob + 1), *again = NEW_ARRAY(tmp, struct gj_job, n + 1);
    u32 *where = NEW_ARRAY(tmp, u32, n + 1), *which = NEW_ARRAY(tmp, u32, n + 1), *seen = NEW_ARRAY(tmp, u32, njob + 1);
    if (n)
        share_out(be, tmp, njob, job, n, fn, where);
    bool ok = gj_work(&be->o, tmp, njob, job, workers, why);
    struct be_image **image = NEW_ARRAY(tmp, struct be_image *, njob + 1);
    bool **alone = NEW_ARRAY(tmp, bool *, njob + 1);
    for (u32 p = 0; p < njob && ok; p++) {
        image[p] = NEW_ARRAY(tmp, struct be_image, job[p].n + 1);
        alone[p] = NEW_ARRAY(tmp, bool, job[p].n + 1);
        ok = cut(&job[p], a, IMAGE_BY_SYMBOL, image[p], alone[p], why);
    }
    for (u32 i = 0; i < n && ok; i++) {
        struct gj_job *x = &job[where[i]];
        u32 k = seen[where[i]]++;
        out[i] = (struct be_code){ .image = image[where[i]][k], .code_bytes = image[where[i]][k].bytes };
        out[i].compile_ns = (u64)((double)x->ns * (double)fn[i]->val.n / (double)MAX(x->values, 1));
        if (alone[where[i]][k]) {
            again[nalone] = (struct gj_job){ .n = 1, .fn = &x->fn[k], .name = &x->name[k], .values = fn[i]->val.n };
            which[nalone++] = i;
        }
    }
    ok = ok && gj_work(&be->o, tmp, nalone, again, MIN(be->m.cores, MAX(nalone, 1)), why);
    for (u32 k = 0; k < nalone && ok; k++) {
        struct be_code *x = &out[which[k]];
        bool no;
        ok = cut(&again[k], a, IMAGE_BY_SYMBOL, &x->image, &no, why) && (!no || cut(&again[k], a, IMAGE_WHOLE, &x->image, &no, why));
        x->code_bytes = x->image.bytes;
        x->compile_ns += again[k].ns;
    }
    arena_free(tmp);
    return ok;
}

static bool gccjit_text(struct be *be, const struct loop_fn *fn, const char *what, struct buf *out, struct buf *why)
{
    if (strcmp(what, "gccjit") != 0 && strcmp(what, "asm") != 0 && strcmp(what, "reproducer") != 0) {
        buf_printf(why, "the GCC backend has `gccjit`, `reproducer` and `asm`, no `%s`", what);
        return false;
    }
    struct arena *tmp = arena_new("pass");
    char *name = arena_printf(tmp, "k_%s", fn->name ? fn->name : "");
    for (char *c = name; *c; c++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_", *c))
            *c = '_';
    struct gj_job job = { .n = 1, .fn = &fn, .name = (const char *[]){ name }, .values = 1, .what = what };
    bool ok = gj_work(&be->o, tmp, 1, &job, 1, why);
    if (ok)
        buf_put(out, job.at, job.bytes);
    arena_free(tmp);
    return ok;
}

/* The forms of backend.forms only. */
static bool gccjit_emit(struct be *be, const struct unit *u, enum unit_form form, struct buf *out, struct buf *why)
{
    struct arena *tmp = arena_new("pass");
    struct gj_job job = { .unit = u, .what = form == UNIT_ASM ? "asm" : NULL };
    struct gj_options o = be->o;
    o.level = MAX(o.level, 1);          /* at level 0 some operations are calls of a library */
    bool ok = gj_work(&o, tmp, 1, &job, 1, why) && (form != UNIT_OBJECT || elf_stands_alone(tmp, job.at, job.bytes, why));
    if (ok)
        buf_put(out, job.at, job.bytes);
    arena_free(tmp);
    return ok;
}

extern const struct backend nasc_backend;
const struct backend nasc_backend = {
    .abi = BACKEND_ABI, .name = "gccjit", .about = "compiles loop IR with GCC (libgccjit) for this machine", .version = gccjit_version,
    .open = gccjit_open, .close = gccjit_close, .can = gccjit_can, .compile = gccjit_compile, .text = gccjit_text,
    .forms = 1u << UNIT_OBJECT | 1u << UNIT_ASM, .emit = gccjit_emit,
};
