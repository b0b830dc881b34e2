/* cross.c - see cross.h: build, link with the runner, run, compare.
 *
 * What ends the compiler is looked for by halves; what ends a program is the job it was at, and the next start goes on behind it. */
#include "tests/differential/cross.h"

#include "compiler/atomic_file.h"
#include "compiler/base/vec.h"
#include "compiler/child.h"
#include "compiler/ir/elem.h"
#include "compiler/link.h"
#include "compiler/session.h"
#include "tests/differential/cross_files.h"
#include "tests/differential/cross_impl.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { SECONDS = 600 };                 /* that a program may take */

const struct cross_target cross_targets[] = {
#define X(name, backend, target, cpu, features, run, need) { name, backend, target, cpu, features, run, need },
#include "tests/differential/cross.def"
#undef X
};
const u32 cross_target_count = COUNTOF(cross_targets);

const struct cross_target *cross_target_named(const char *name)
{
    for (u32 i = 0; i < cross_target_count; i++)
        if (strcmp(cross_targets[i].name, name) == 0)
            return &cross_targets[i];
    return NULL;
}

bool cross_text(const char *path, struct buf *out)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return false;
    char part[65536];
    for (size_t n; (n = fread(part, 1, sizeof part, f)) > 0;)
        buf_put(out, part, n);
    return fclose(f) == 0;
}

/* ---- what there is ---- */

static bool word_in(const char *text, const char *word, size_t n)
{
    for (const char *s = text; (s = strstr(s, word)); s++)
        if ((s == text || s[-1] == ' ') && (s[n] == ' ' || s[n] == '\n'))
            return true;
    return false;
}

static bool processor_has(const char *need)
{
    struct buf b = { 0 };
    cross_text("/proc/cpuinfo", &b);
    const char *flags = b.at ? strstr(b.at, "flags") : NULL;
    char *line = flags ? strndup(flags, strcspn(flags, "\n") + 1) : NULL;
    bool all = line != NULL;
    for (const char *w = need; all && *w; w += *w == ' ') {
        char word[64];
        size_t n = strcspn(w, " ");
        snprintf(word, sizeof word, "%.*s", (int)n, w);
        all = word_in(line, word, n);
        w += n;
    }
    free(line);
    buf_free(&b);
    return all;
}

static enum mach_isa isa_of(const struct cross_target *t)
{
    return strncmp(t->target, "aarch64", 7) == 0 ? ISA_AARCH64 : strncmp(t->target, "riscv64", 7) == 0 ? ISA_RISCV64 : ISA_X86_64;
}

static bool built(const char *backend)
{
    nasc_session *s = nasc_open();
    bool there = backend_there(s, backend);
    nasc_close(s);
    return there;
}

bool cross_can(const struct cross_target *t, struct buf *why)
{
    struct arena *a = arena_new("can");
    struct link_cc cc;
    struct buf path = { 0 };
    char emulator[64];
    link_cc(a, isa_of(t), &cc);
    snprintf(emulator, sizeof emulator, "%.*s", (int)strcspn(t->run, " ;"), t->run);
    bool ok = false;
    if (!cc.path)
        buf_printf(why, "no %s", cc.command);
    else if (*emulator && !child_find(emulator, &path))
        buf_printf(why, "no %s", emulator);
    else if (!built(t->backend))
        buf_printf(why, "nasc was built without %s", t->backend);
    else if (t->need && !processor_has(t->need))
        buf_printf(why, "a processor without one of: %s", t->need);
    else
        ok = true;
    buf_free(&path);
    arena_free(a);
    return ok;
}

/* ---- jobs to bytes ---- */

static void number(struct buf *b, u64 v)
{
    buf_put(b, (const char *)&v, sizeof v);
}

static void put_job(struct buf *all, const struct cross_job *j, u32 model)
{
    struct buf b = { 0 };
    number(&b, model);
    number(&b, (u64)j->batch);
    number(&b, j->nin);
    number(&b, j->nout);
    number(&b, j->nweight);
    for (u32 i = 0; i < j->nweight; i++) {
        char name[CROSS_NAME] = "";
        snprintf(name, sizeof name, "%s", j->weight[i].name);
        buf_put(&b, name, sizeof name);
        number(&b, j->weight[i].bytes);
        buf_put(&b, j->weight[i].at, j->weight[i].bytes);
    }
    for (u32 i = 0; i < j->nin; i++) {
        number(&b, j->in[i].bytes);
        buf_put(&b, j->in[i].at, j->in[i].bytes);
    }
    for (u32 i = 0; i < j->nout; i++)
        number(&b, j->out[i].bytes);
    number(all, b.n);
    buf_put(all, b.at, b.n);
    buf_free(&b);
}

/* ---- outputs against what they must be ---- */

static void wrong(struct arena *a, struct cross_result *r, const char *text)
{
    if (!r->text)
        r->text = arena_strdup(a, text);
}

static bool same_bits(double a, double b)
{
    return (a != a && b != b) || (a == b && signbit(a) == signbit(b));
}

static void compare(struct arena *a, const struct cross_job *j, const u8 *file, const char *how, bool first, struct cross_result *r)
{
    for (u32 o = 0; o < j->nout; o++) {
        const struct cross_want *w = &j->out[o];
        const void *bytes = arena_dup(a, file, w->bytes);       /* aligned */
        for (u64 i = 0; i < w->n; i++) {
            double got = elem_get((enum dtype)w->dtype, bytes, i), want = w->v[i], err = w->err ? w->err[i] : 0;
            r->elems += first;
            if (w->err && (!isfinite(want) || !isfinite(err))) {
                r->free += first;
                continue;
            }
            double d = fabs(got - want), ratio = d <= err ? (err > 0 ? d / err : 0) : err > 0 && d == d ? d / err : INFINITY;
            if (w->err ? ratio > 1 : !same_bits(got, want)) {
                r->differ++;
                char text[256];
                snprintf(text, sizeof text, "output %u, element %llu: %.9g (%a) in place of %.9g (%a)%s%s", o, (unsigned long long)i, got, got, want, want,
                         *how ? ", by " : "", how);
                wrong(a, r, text);
            }
            if (w->err)
                r->worst = fmax(r->worst, ratio);
        }
        file += w->bytes;
    }
}

/* Outputs of jobs from number `from` on; returns how many there were, all of them. */
static u32 take(struct arena *a, const struct buf *b, u32 from, u32 n, const u32 *of, const struct cross_job *job, const char *how, bool first, struct cross_result *out)
{
    static const char *const flag[] = { "load refuses", "inputs or outputs are described otherwise", "a weight that nobody has", "writes beside its arrays", "other bytes when shared among workers" };
    u64 at = 0;
    u32 k = from;
    for (; k < n; k++) {
        const struct cross_job *j = &job[of[k]];
        struct cross_result *r = &out[of[k]];
        u64 head[2], bytes = sizeof head;
        for (u32 o = 0; o < j->nout; o++)
            bytes += j->out[o].bytes;
        if (at + bytes > b->n)
            break;
        memcpy(head, b->at + at, sizeof head);
        CHECK(head[0] == k);
        r->verdict |= (u32)head[1];
        for (u32 i = 0; i < COUNTOF(flag); i++)
            if (head[1] >> i & 1)
                wrong(a, r, arena_printf(a, "%s%s%s", flag[i], *how ? ", by " : "", how));
        if (!(head[1] & CROSS_LOAD))
            compare(a, j, (const u8 *)b->at + at + sizeof head, how, first, r);
        at += bytes;
    }
    return k;
}

/* ---- a run ---- */

struct run { struct arena *a; const struct cross_target *t; const char *dir; struct buf *why; };

static const char *path(struct run *r, const char *name)
{
    return arena_printf(r->a, "%s/%s", r->dir, name);
}

/* Words of a command line, by blanks. */
static u32 words(struct arena *a, const char *text, const char **to)
{
    u32 n = 0;
    for (const char *w = text; *w; w += strspn(w, " ")) {
        size_t len = strcspn(w, " ");
        to[n++] = arena_printf(a, "%.*s", (int)len, w);
        w += len;
    }
    return n;
}

static bool tool(struct run *r, const char *const *argv)
{
    struct buf out = { 0 }, why = { 0 };
    int status = 1;
    bool ok = child_run(argv, NULL, SECONDS, &out, &status, &why) && status == 0;
    if (!ok)
        buf_printf(r->why, "%s: %s%s", argv[0], why.at ? why.at : "", out.at ? out.at : "");
    buf_free(&out);
    buf_free(&why);
    return ok;
}

/* The runner and the models' table beside the object: a program. */
static bool link_runner(struct run *r, const char *object, const char *program, u32 n)
{
    const char *root = getenv("NASC_SRCDIR");
    struct link_cc cc;
    link_cc(r->a, isa_of(r->t), &cc);
    struct buf b = { 0 };
    buf_puts(&b, "#include \"nasc_model.h\"\n");
    for (u32 i = 0; i < n; i++)
        buf_printf(&b, "extern const nasc_model m%u_model;\n", i);
    buf_puts(&b, "extern const nasc_model *const cross_model[];\nconst nasc_model *const cross_model[] = {\n");
    for (u32 i = 0; i < n; i++)
        buf_printf(&b, "    &m%u_model,\n", i);
    buf_puts(&b, "};\n");
    const char *table = path(r, "table.c"), *runner = path(r, "runner.o");
    root = root ? root : ".";
    bool ok = atomic_write(table, b.at, b.n);
    buf_free(&b);
    const char *argv[40], *include = arena_printf(r->a, "-I%s/compiler/runtime", root), *here = arena_printf(r->a, "-I%s/tests/differential", root);
    /* -O1, without vectors: Debian's compiler for AArch64 has crashed on loops it was vectorising. */
    const char *const flags[] = { "-O1", "-fno-tree-vectorize", include, here };
    u32 cn = words(r->a, cc.command, argv), k = cn;
    for (u32 i = 0; i < COUNTOF(flags); i++)
        argv[k++] = flags[i];
    u32 after = k;
    if (ok && access(runner, R_OK) != 0) {
        argv[k++] = "-c";
        argv[k++] = arena_printf(r->a, "%s/tests/differential/cross_runner.c", root);
        argv[k++] = "-o";
        argv[k++] = runner;
        argv[k] = NULL;
        ok = tool(r, argv);
    }
    k = after;
    argv[k++] = "-static";
    argv[k++] = table;
    argv[k++] = runner;
    argv[k++] = object;
    argv[k++] = "-o";
    argv[k++] = program;
    argv[k] = NULL;
    return ok && tool(r, argv);
}

static void run_one_way(struct run *r, const char *program, const char *how, u32 n, const u32 *of, const struct cross_job *job, bool first, struct cross_result *out)
{
    const char *outputs = path(r, "outputs"), *argv[40];
    u32 prefix = words(r->a, how, argv);
    for (u32 from = 0; from < n;) {
        u32 k = prefix;
        argv[k++] = program;
        argv[k++] = path(r, "jobs");
        argv[k++] = outputs;
        argv[k++] = arena_printf(r->a, "%u", from);
        argv[k] = NULL;
        unlink(outputs);
        struct buf said = { 0 }, why = { 0 }, b = { 0 };
        int status = 0;
        bool ok = child_run(argv, NULL, SECONDS, &said, &status, &why) && status == 0;
        cross_text(outputs, &b);
        from = take(r->a, &b, from, n, of, job, how, first, out);
        if (from < n) {
            out[of[from]].died = true;
            wrong(r->a, &out[of[from]], arena_printf(r->a, "the program ended: %s %s%s%s", why.at ? why.at : ok ? "early" : "", said.at ? said.at : "", *how ? ", by " : "", how));
            from++;
        }
        buf_free(&said);
        buf_free(&why);
        buf_free(&b);
    }
}

/* Programs [lo, hi) and their jobs. */
static bool range(struct run *r, u32 lo, u32 hi, const struct cross_program *program, u32 njob, const struct cross_job *job, struct cross_result *out)
{
    const char *object = path(r, "models.o"), *said = path(r, "said"), *exe = path(r, "program");
    struct buf why = { 0 };
    if (!cross_build(r->t, object, said, hi - lo, program + lo, &why)) {
        if (hi - lo > 1) {
            buf_free(&why);
            u32 mid = lo + (hi - lo) / 2;
            bool ok = range(r, lo, mid, program, njob, job, out);
            return range(r, mid, hi, program, njob, job, out) && ok;
        }
        for (u32 k = 0; k < njob; k++)
            if (job[k].program == lo)
                wrong(r->a, &out[k], why.at ? why.at : "no code");
        buf_free(&why);
        return true;
    }
    /* Which programs have a model: the lines that are empty. */
    struct buf lines = { 0 };
    cross_text(said, &lines);
    u32 *model = NEW_ARRAY(r->a, u32, hi - lo + 1), *of = NEW_ARRAY(r->a, u32, njob + 1), n = 0, models = 0;
    const char **reason = NEW_ARRAY(r->a, const char *, hi - lo + 1);
    const char *s = lines.at ? lines.at : "";
    for (u32 i = 0; i < hi - lo; i++) {
        size_t len = strcspn(s, "\n");
        reason[i] = len ? arena_printf(r->a, "%.*s", (int)len, s) : NULL;
        model[i] = len ? 0 : models++;
        s += len + (s[len] == '\n');
    }
    buf_free(&lines);
    struct buf jobs = { 0 };
    number(&jobs, CROSS_MAGIC);
    for (u32 k = 0; k < njob; k++)
        n += job[k].program >= lo && job[k].program < hi && !reason[job[k].program - lo];
    number(&jobs, n);
    n = 0;
    for (u32 k = 0; k < njob; k++) {
        if (job[k].program < lo || job[k].program >= hi)
            continue;
        if (reason[job[k].program - lo]) {
            wrong(r->a, &out[k], reason[job[k].program - lo]);
            continue;
        }
        out[k].built = true;
        put_job(&jobs, &job[k], model[job[k].program - lo]);
        of[n++] = k;
    }
    bool ok = !n || (link_runner(r, object, exe, models) && atomic_write(path(r, "jobs"), jobs.at, jobs.n));
    buf_free(&jobs);
    bool first = true;
    for (const char *how = r->t->run; ok; how++, first = false) {
        size_t len = strcspn(how, ";");
        run_one_way(r, exe, arena_printf(r->a, "%.*s", (int)len, how), n, of, job, first, out);
        how += len;
        if (!*how)
            break;
    }
    return ok;
}

bool cross_run(struct arena *a, const struct cross_target *t, const char *dir, u32 nprogram, const struct cross_program *program, u32 njob, const struct cross_job *job,
               struct cross_result *out, struct buf *why)
{
    struct run r = { .a = a, .t = t, .dir = dir, .why = why };
    memset(out, 0, njob * sizeof *out);
    return range(&r, 0, nprogram, program, njob, job, out);
}
