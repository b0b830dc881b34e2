/* cross - programs on other machines against the evaluator (tests/differential/cross.h).
 *
 *   cross [--target NAME]... [-n N] [--seed S] [--loose | --strict | --either] [--show N] [--shrink] [--break K] [--keep DIR] [MODULE [-s SPACE] [-D NAME=VALUE]... [--macs M] [--arch TEXT]...]
 *   cross --how NAME
 *
 * The second form prints the commands that run programs for a target, a line each, or says why it cannot be tried (77).
 * --shrink: the first cascade that differs is made small, and its text printed; --break: with a bug of passes/seeded.def.
 * --either: cascades take turns, without strict math and with it, so that each is compiled once.
 * Random cascades (gen.h) or, of a MODULE, samples with at most M multiply-adds, or the networks named; for each of the targets of cross.def
 * that can be tried here, two of which are at work at a time.  Exit 1 if something differs; 77 if no target can be tried. */
#include "compiler/base/vec.h"
#include "compiler/pipeline.h"
#include "tests/differential/cross.h"
#include "tests/differential/cross_impl.h"
#include "tests/differential/gen.h"
#include "tests/differential/shrink.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORDS = 64, AT_ONCE = 2, CHUNK = 500 /* cascades in a program */ };
struct tool {
    struct arena *a;
    const struct cross_target *target[WORDS]; u32 ntarget;
    const char *arch[WORDS], *define[WORDS], *module, *space, *keep; u32 narch, ndefine;
    u64 n, seed, macs, show;
    bool loose, strict, either, shrink;
    u32 break_;
    VEC(struct cross_program) program;
    VEC(struct cross_job) job;
    u64 gave_up;
};

static int how(const char *name)
{
    const struct cross_target *t = cross_target_named(name);
    struct buf why = { 0 };
    if (!t || !cross_can(t, &why)) {
        fprintf(stderr, "%s: %s\n", name, t ? why.at : "no such target");
        return t ? 77 : 2;
    }
    for (const char *s = t->run;; s++) {
        size_t n = strcspn(s, ";");
        printf("%.*s\n", (int)n, s);
        s += n;
        if (!*s)
            return 0;
    }
}

static void fail(const char *text)
{
    fprintf(stderr, "cross: %s\n", text);
    exit(2);
}

/* A cascade under one rule of arithmetic, with inputs. */
static void add(struct tool *t, const struct cascade *c, bool strict, const char *label, i64 batch, u64 seed, bool specials)
{
    struct buf why = { 0 };
    struct cross_program p = { .c = c, .strict = strict, .break_ = t->break_, .label = label };
    struct cross_job j;
    if (cross_job_make(t->a, t->program.n, &p, batch, seed, specials, &j, &why)) {
        vec_push(t->a, &t->program, p);
        vec_push(t->a, &t->job, j);
    } else {
        t->gave_up++;
    }
    buf_free(&why);
}

/* Usual inputs without strict math; with it, special ones every second time: infinities and NaNs also hide things. */
static void generate(struct tool *t, u64 from, u64 end)
{
    for (u64 k = from; k < end; k++) {
        u64 seed = t->seed + k;
        struct gen_options o = { 0 };
        struct cascade *c = gen_cascade(t->a, str_pool_new(t->a), seed, &o);
        const char *label = arena_printf(t->a, "seed %llu", (unsigned long long)seed);
        i64 batch = 1 + (i64)(seed % 3);
        if (t->either ? k % 2 : t->loose)
            add(t, c, false, label, batch, seed, false);
        if (t->either ? k % 2 == 0 : t->strict)
            add(t, c, true, label, batch, seed, (t->either ? seed / 2 : seed) % 2);
    }
}

static void network(struct tool *t, nasc_session *s, nasc_arch *ar, u64 k)
{
    nasc_record rec;
    nasc_arch_record(ar, &rec);
    const char *label = arena_printf(t->a, "%.200s%s", rec.arch, strlen(rec.arch) > 200 ? "..." : "");
    for (int strict = 0; strict < 2; strict++) {
        struct pass_options o = { .strict = strict };
        if (strict ? t->strict : t->loose)
            add(t, pipe_cascade(s, t->a, arch_graph(ar), &o), strict, label, 1 + (i64)(k % 2), t->seed + k, strict && k % 2);
    }
}

static void networks(struct tool *t)
{
    nasc_session *s = nasc_open();
    for (u32 i = 0; i < t->ndefine; i++) {
        const char *eq = strchr(t->define[i], '=');
        if (!eq)
            fail("-D NAME=VALUE");
        nasc_define(s, arena_printf(t->a, "%.*s", (int)(eq - t->define[i]), t->define[i]), eq + 1);
    }
    if (nasc_load(s, t->module) || nasc_select(s, t->space))
        fail(nasc_messages(s));
    nasc_arch *ar;
    for (u32 i = 0; i < t->narch; i++) {
        if (session_arch_item(s, t->arch[i]) ? nasc_named(s, t->arch[i], &ar) : nasc_parse(s, t->arch[i], &ar))
            fail(nasc_messages(s));
        network(t, s, ar, i);
    }
    u64 done = 0;
    for (u64 k = 0; !t->narch && done < t->n && k < 100 * t->n + 1000; k++) {
        nasc_record rec;
        if (nasc_sample(s, t->seed, k, &ar))
            fail(nasc_messages(s));
        nasc_arch_record(ar, &rec);
        if (rec.macs <= t->macs) {
            u64 before = t->gave_up;
            network(t, s, ar, k);       /* its cascade holds parts of it */
            done += t->gave_up == before;
        } else {
            nasc_arch_free(ar);
        }
    }
}

/* By the rule of arithmetic: jobs, numbers compared, those with no bound, jobs that differ. */
struct tally { u64 jobs[2], elems[2], any, bad[2], shown; double worst; };

static void count(struct tool *t, const struct cross_result *r, struct tally *y, FILE *out)
{
    for (u32 k = 0; k < t->job.n; k++) {
        const struct cross_program *p = &t->program.at[t->job.at[k].program];
        y->jobs[p->strict]++;
        y->elems[p->strict] += r[k].elems;
        y->any += r[k].free;
        y->bad[p->strict] += r[k].text != NULL;
        if (!r[k].text)
            y->worst = fmax(y->worst, r[k].worst);
        else if (y->shown++ < t->show)
            fprintf(out, "  %s%s, %s inputs, batch %lld: %s\n", p->label, p->strict ? ", strict" : "", t->job.at[k].specials ? "special" : "usual", (long long)t->job.at[k].batch, r[k].text);
    }
}

/* Does a cascade fail the way another did? */
struct again { const struct cross_target *target; const char *dir; const struct cross_program *p; const struct cross_job *j; };
static bool fails(void *ctx, const struct cascade *c)
{
    const struct again *w = ctx;
    struct arena *a = arena_new("again");
    struct cross_program p = { .c = c, .strict = w->p->strict, .break_ = w->p->break_, .label = w->p->label };
    struct cross_job j;
    struct cross_result r;
    struct buf why = { 0 };
    bool bad = cross_job_make(a, 0, &p, w->j->batch, w->j->seed, w->j->specials, &j, &why) && cross_run(a, w->target, w->dir, 1, &p, 1, &j, &r, &why) && r.text;
    buf_free(&why);
    arena_free(a);
    return bad;
}

static void make_small(struct tool *t, const struct cross_target *target, const char *dir, const struct cross_result *r, FILE *out)
{
    enum { TRIES = 400 };
    for (u32 k = 0; k < t->job.n; k++) {
        if (!r[k].text)
            continue;
        struct again w = { target, dir, &t->program.at[t->job.at[k].program], &t->job.at[k] };
        u32 tries;
        struct buf b = { 0 };
        ein_dump(&b, shrink(t->a, w.p->c, fails, &w, TRIES, &tries));
        fprintf(out, "%s: %s, in %u tries:\n%s", target->name, w.p->label, tries, b.at);
        buf_free(&b);
        t->shrink = false;
        return;
    }
}

/* One target, in a process of its own: what it has to say goes to a file. */
static int one(struct tool *t, const struct cross_target *target, const char *dir, FILE *out)
{
    struct tally y = { 0 };
    for (u64 from = 0; from < (t->module ? 1 : t->n); from += CHUNK) {
        struct buf why = { 0 };
        struct arena *a = t->a = arena_new("chunk");
        t->program.n = t->program.cap = t->job.n = t->job.cap = 0;
        if (t->module)
            networks(t);
        else
            generate(t, from, MIN(from + CHUNK, t->n));
        struct cross_result *r = NEW_ARRAY(t->a, struct cross_result, t->job.n + 1);
        if (!cross_run(t->a, target, dir, t->program.n, t->program.at, t->job.n, t->job.at, r, &why)) {
            fprintf(out, "%s: not tried: %s\n", target->name, why.at ? why.at : "");
            return 1;
        }
        count(t, r, &y, out);
        if (t->shrink)
            make_small(t, target, dir, r, out);
        arena_free(a);
    }
    fprintf(out, "%s:", target->name);
    if (y.jobs[0])
        fprintf(out, " %llu within the bound: worst output at %.3f of it (%llu numbers, %llu without a bound), %llu differ%s", (unsigned long long)(y.jobs[0] - y.bad[0]), y.worst,
                (unsigned long long)y.elems[0], (unsigned long long)y.any, (unsigned long long)y.bad[0], y.jobs[1] ? ";" : "");
    if (y.jobs[1])
        fprintf(out, " strict: %llu have the evaluator's bits (%llu numbers), %llu differ", (unsigned long long)(y.jobs[1] - y.bad[1]), (unsigned long long)y.elems[1],
                (unsigned long long)y.bad[1]);
    fprintf(out, "; %llu beyond the evaluator's work bound\n", (unsigned long long)t->gave_up);
    return y.bad[0] || y.bad[1] || t->gave_up * 20 > y.jobs[0] + y.jobs[1];
}

static int all(struct tool *t, const char *dir)
{
    pid_t pid[WORDS];
    int failed = 0;
    for (u32 i = 0; i < t->ntarget + AT_ONCE; i++) {
        if (i >= AT_ONCE) {
            int status = 1;
            if (waitpid(pid[i - AT_ONCE], &status, 0) < 0 || status)
                failed = 1;
            struct buf b = { 0 };
            cross_text(arena_printf(t->a, "%s/%s/report", dir, t->target[i - AT_ONCE]->name), &b);
            fputs(b.n ? b.at : "no report\n", stdout);
            buf_free(&b);
        }
        if (i >= t->ntarget)
            continue;
        const char *own = arena_printf(t->a, "%s/%s", dir, t->target[i]->name);
        mkdir(own, 0777);
        fflush(NULL);
        pid[i] = fork();
        if (pid[i] == 0) {
            FILE *out = fopen(arena_printf(t->a, "%s/report", own), "w");
            int status = out ? one(t, t->target[i], own, out) : 1;
            if (out)
                fclose(out);
            _exit(status);
        }
    }
    return failed;
}

int main(int argc, char **argv)
{
    struct tool t = { .a = arena_new("cross"), .n = 20, .seed = 1, .macs = 300000, .show = 10, .loose = true, .strict = true };
    if (argc == 3 && strcmp(argv[1], "--how") == 0)
        return how(argv[2]);
    for (int i = 1; i < argc; i++) {
        const char *w = argv[i], *next = i + 1 < argc ? argv[i + 1] : "";
        if (w[0] != '-') {
            t.module = w;
            continue;
        }
        if (strcmp(w, "--loose") == 0 || strcmp(w, "--strict") == 0) {
            t.loose = w[2] == 'l';
            t.strict = w[2] == 's';
            continue;
        }
        if (strcmp(w, "--either") == 0 || strcmp(w, "--shrink") == 0) {
            *(w[2] == 'e' ? &t.either : &t.shrink) = true;
            continue;
        }
        i++;
        if (strcmp(w, "-n") == 0)
            t.n = strtoull(next, NULL, 10);
        else if (strcmp(w, "--seed") == 0)
            t.seed = strtoull(next, NULL, 10);
        else if (strcmp(w, "--break") == 0)
            t.break_ = (u32)strtoul(next, NULL, 10);
        else if (strcmp(w, "--macs") == 0)
            t.macs = strtoull(next, NULL, 10);
        else if (strcmp(w, "--show") == 0)
            t.show = strtoull(next, NULL, 10);
        else if (strcmp(w, "-s") == 0)
            t.space = next;
        else if (strcmp(w, "--keep") == 0)
            t.keep = next;
        else if (strcmp(w, "-D") == 0 && t.ndefine < WORDS)
            t.define[t.ndefine++] = next;
        else if (strcmp(w, "--arch") == 0 && t.narch < WORDS)
            t.arch[t.narch++] = next;
        else if (strcmp(w, "--target") == 0 && t.ntarget < WORDS && cross_target_named(next))
            t.target[t.ntarget++] = cross_target_named(next);
        else
            fail(arena_printf(t.a, "%s %s?", w, next));
    }
    bool every = !t.ntarget;
    for (u32 i = 0; every && i < cross_target_count; i++)
        t.target[t.ntarget++] = &cross_targets[i];
    u32 can = 0;
    for (u32 i = 0; i < t.ntarget; i++) {
        struct buf why = { 0 };
        if (cross_can(t.target[i], &why))
            t.target[can++] = t.target[i];
        else
            printf("%s: not tried: %s\n", t.target[i]->name, why.at);
        buf_free(&why);
    }
    t.ntarget = can;
    if (!can) {
        arena_free(t.a);
        return 77;
    }
    char own[] = "/tmp/nasc-cross-XXXXXX";
    const char *tmp = getenv("TMPDIR"), *dir = t.keep ? t.keep : mkdtemp(tmp ? strcat(strcpy(arena_alloc(t.a, strlen(tmp) + sizeof own), tmp), own + 4) : own);
    if (!dir || (t.keep && mkdir(dir, 0777) && access(dir, W_OK)))
        fail("no directory");
    int failed = all(&t, dir);
    if (!t.keep) {
        fflush(NULL);
        if (system(arena_printf(t.a, "rm -rf '%s'", dir)))
            fail("the directory stays behind");
    }
    arena_free(t.a);
    return failed;
}
