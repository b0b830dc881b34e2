/* link.c - see link.h.  A command in a directory of its own, which is gone afterwards:
 *
 *   CC -pthread -Wl,--defsym=nrt_the_model=NAME_model model.o runtime.o -s -o out
 *
 * Executables for other machines are static, so that they run on any system and under an emulator without one. */
#define _GNU_SOURCE
#include "compiler/link.h"

#include "compiler/atomic_file.h"
#include "compiler/child.h"
#include "compiler/link_runtime.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Debian's compilers.  The C library is named beside them: it is only recommended by their packages. */
static const struct { enum mach_isa isa; bool host; const char *command, *packages; } compilers[] = {
#if defined(__x86_64__)
    { ISA_X86_64, true, "cc", "gcc libc6-dev" },
#else
    { ISA_X86_64, false, "x86_64-linux-gnu-gcc", "gcc-x86-64-linux-gnu libc6-dev-amd64-cross" },
#endif
#if defined(__aarch64__)
    { ISA_AARCH64, true, "cc", "gcc libc6-dev" },
#else
    { ISA_AARCH64, false, "aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu libc6-dev-arm64-cross" },
#endif
#if defined(__riscv) && __riscv_xlen == 64
    { ISA_RISCV64, true, "cc", "gcc libc6-dev" },
#else
    { ISA_RISCV64, false, "riscv64-linux-gnu-gcc", "gcc-riscv64-linux-gnu libc6-dev-riscv64-cross" },
#endif
};

struct link { nasc_session *s; struct arena *a; const struct link_model *m; struct link_cc cc; const char *dir; struct link_words argv; };

static void word(struct link *l, const char *w)
{
    vec_push(l->a, &l->argv, w);
}

static const char *find_program(struct arena *a, const char *name)
{
    struct buf path = {0};
    const char *found = child_find(name, &path) ? arena_strdup(a, path.at) : NULL;
    buf_free(&path);
    return found;
}

void link_cc(struct arena *a, enum mach_isa isa, struct link_cc *out)
{
    const char *env = getenv("NASC_CC");
    *out = (struct link_cc){0};
    for (u32 i = 0; i < COUNTOF(compilers); i++)
        if (compilers[i].isa == isa) {
            out->command = compilers[i].command;
            out->packages = compilers[i].packages;
            out->mend = arena_printf(a, "apt-get install %s", compilers[i].packages);
            out->cross = !compilers[i].host;
        }
    CHECK(out->command);
    if (env && env[strspn(env, " ")]) {
        env += strspn(env, " ");
        out->command = env;
        out->named = true;
    }
    for (const char *p = out->command; *p; p += strspn(p, " ")) {
        size_t n = strcspn(p, " ");
        vec_push(a, &out->words, arena_printf(a, "%.*s", (int)n, p));
        p += n;
    }
    out->path = find_program(a, out->words.at[0]);
}

static bool environment(struct link *l, enum diag_code code, const char *what, const char *detail, const char *hint)
{
    struct diag *d = diag_add(&l->s->ds, code, (struct loc){0}, "%s: %s", what, detail);
    if (hint)
        diag_hint(&l->s->ds, d, "%s", hint);
    return false;
}

/* The temporary directory and, in it, the object. */
static bool begin(struct link *l)
{
    const char *tmp = getenv("TMPDIR");
    tmp = tmp && *tmp ? tmp : "/tmp";
    char *dir = arena_printf(l->a, "%s/nasc-link-XXXXXX", tmp);
    if (!mkdtemp(dir))
        return environment(l, E0906, tmp, strerror(errno), "TMPDIR names another directory for temporary files");
    l->dir = dir;
    const char *path = arena_printf(l->a, "%s/model.o", dir);
    return atomic_write(path, l->m->object, l->m->nobject) ||
           environment(l, E0906, path, strerror(errno), "TMPDIR names another directory for temporary files");
}

static void end(struct link *l)
{
    static const char *const files[] = { "model.o", "runtime.o", "out" };
    for (u32 i = 0; l->dir && i < COUNTOF(files); i++)
        unlink(arena_printf(l->a, "%s/%s", l->dir, files[i]));
    if (l->dir)
        rmdir(l->dir);
}

/* What the compiler said, a few lines of it, without the directory's name. */
static void quote(struct link *l, struct diag *d, char *text)
{
    enum { LINES = 12 };
    size_t len = strlen(l->dir);
    for (u32 lines = 0; text && *text && lines < LINES; lines++) {
        char *eol = text + strcspn(text, "\n"), *next = *eol ? eol + 1 : eol;
        *eol = 0;
        for (char *q; (q = strstr(text, l->dir));)
            memmove(q, q + len + (q[len] == '/'), strlen(q + len + (q[len] == '/')) + 1);
        if (*text)
            diag_note(&l->s->ds, d, "%s", text);
        text = next;
    }
}

static bool run(struct link *l)
{
    struct buf said = {0}, why = {0};
    int status = 0;
    vec_push(l->a, &l->argv, NULL);
    bool ran = child_run(l->argv.at, NULL, LINK_SECONDS, &said, &status, &why);
    if (!ran || status) {
        struct diag *d = ran ? diag_add(&l->s->ds, E0951, (struct loc){0}, "the C compiler cannot link `%s`: %s: exit status %d", l->m->name,
                                        l->cc.command, status)
                             : diag_add(&l->s->ds, E0951, (struct loc){0}, "the C compiler cannot link `%s`: %s", l->m->name, why.at);
        quote(l, d, said.at);
        diag_hint(&l->s->ds, d, "it needs the target's C library (%s); NASC_CC names another C compiler", l->cc.mend);
    }
    buf_free(&said);
    buf_free(&why);
    return ran && !status;
}

/* The compiler and its own options. */
static bool compiler(struct link *l)
{
    if (!l->cc.path) {
        struct diag *d = diag_add(&l->s->ds, E0950, (struct loc){0}, "linking for %s needs the C compiler `%s`, which is not there", l->m->mach->triple,
                                  l->cc.command);
        diag_hint(&l->s->ds, d, l->cc.named ? "NASC_CC names it; without NASC_CC, Debian's is taken: %s" : "%s; or NASC_CC names another", l->cc.mend);
        return false;
    }
    for (u32 i = 0; i < l->cc.words.n; i++)
        word(l, l->cc.words.at[i]);
    return true;
}

static bool link_it(nasc_session *s, const struct link_model *m, bool shared, struct buf *out)
{
    struct link l = {.s = s, .a = arena_new("link"), .m = m};
    link_cc(l.a, m->mach->isa, &l.cc);
    const char *dir = session_runtime(s);
    bool ok = compiler(&l);
    if (ok && !shared && access(arena_printf(l.a, "%s/main.c", dir), R_OK))
        ok = environment(&l, E0952, dir, "the files that go along with executables are not there",
                         "they are installed with nasc; NASC_RUNTIME names their directory");
    ok = ok && begin(&l);
    if (ok) {
        if (shared)
            word(&l, "-shared");
        word(&l, arena_printf(l.a, "%s/model.o", l.dir));
        if (!shared) {
            word(&l, "-pthread");
            if (l.cc.cross)
                word(&l, "-static");
            word(&l, arena_printf(l.a, "-Wl,--defsym=nrt_the_model=%s_model", m->name));
            if (m->weights)
                word(&l, arena_printf(l.a, "-Wl,--defsym=nrt_the_weights=%s_weights", m->name));
            link_runtime(s, l.a, &l.cc, l.dir, &l.argv);
        }
        word(&l, "-s");
        word(&l, "-Wl,-z,noexecstack,-z,relro,-z,now,-z,defs,--build-id=none");
        word(&l, "-o");
        word(&l, arena_printf(l.a, "%s/out", l.dir));
        ok = run(&l);
    }
    if (ok) {
        size_t n;
        const char *path = arena_printf(l.a, "%s/out", l.dir);
        char *bytes = src_read_file_max(l.a, path, &n, FILE_LARGEST);
        ok = bytes || environment(&l, E0905, path, strerror(errno), NULL);
        if (ok)
            buf_put(out, bytes, n);
    }
    end(&l);
    arena_free(l.a);
    return ok;
}

bool link_executable(nasc_session *s, const struct link_model *m, struct buf *out)
{
    return link_it(s, m, false, out);
}

bool link_shared(nasc_session *s, const struct link_model *m, struct buf *out)
{
    return link_it(s, m, true, out);
}
