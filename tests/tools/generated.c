/* generated - random cascades on every engine, against the evaluator; what differs is shrunk and kept as text.
 *
 *   generated [-n N] [--seed S] [--engine NAME]... [--every K] [--training] [--wild] [--conditions] [--batch B] [--special] [--size EQUATIONS] [--points P] [--break K] [--keep DIR] [--no-shrink] [--first] [--table] [--text] [FILE.ein]...
 *
 * Cascades of the seeds S, S+1, .. (or those of the files) run on the engines named (all there are), or, --every K, each on K of them in
 * turn.  Batches are 1 to 4, inputs special for strict engines at odd seeds, unless --batch and
 * --special say so.  Prints what differs, how many agreed, the worst error over its bound; --table what they were made of; --text only the
 * cascades; --first goes on with the next cascade when an engine differs.  --break seeds a bug of passes/seeded.def.  Work is done by a child, so that one that dies is one more finding.  Exit 1 if anything differs. */
#include "tests/differential/engine.h"
#include "tests/differential/shrink.h"

#include "compiler/base/src.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_ENGINES = 32, MOST_FILES = 256 };
/* Shared with the children. */
struct progress {
    u64 at;                             /* the cascade under way */
    u32 engine;
    u64 trials[MOST_ENGINES], bad[MOST_ENGINES], unbounded, gave_up, launches, elems, bugs;
    double worst[MOST_ENGINES];
    u64 worst_at[MOST_ENGINES];
};
struct job {
    u64 n, seed, every;
    bool table, text, shrink, special, first;
    i64 batch;
    const char *keep;
    u32 break_, nengine, nfile;
    struct engine engine[MOST_ENGINES];
    const char *file[MOST_FILES];
    struct gen_options o;
    struct progress *p;
};

static struct cascade *read_file(struct arena *a, const char *path)
{
    struct srcs *srcs = srcs_new(a);
    struct diags ds;
    diags_init(&ds, a, srcs);
    size_t n;
    const char *text = src_read_file(a, path, &n);
    struct cascade *c = text ? ein_read_text(a, str_pool_new(a), &ds, srcs_add(srcs, path, text, n)) : NULL;
    struct buf why = { 0 };
    if (!c || !ein_verify(c, &why)) {
        fprintf(stderr, "%s: %s\n", path, why.at ? why.at : "not a cascade");
        exit(2);
    }
    return c;
}

static struct cascade *make(const struct job *j, struct arena *a, u64 k)
{
    if (j->nfile)
        return read_file(a, j->file[k]);
    struct gen_options o = j->o;
    return gen_cascade(a, str_pool_new(a), j->seed + k, &o);
}

static struct trial trial_of(const struct job *j, u64 k, const struct engine *e)
{
    u64 seed = j->seed + k;
    return (struct trial){ .seed = seed, .batch = j->batch ? j->batch : 1 + (i64)(seed * 7 % 4),
                           .special = e->strict && (j->special || (seed % 2 && !j->nfile)) };
}

struct suspect { struct engine *e; struct trial t; u8 kind; bool fork; const char *what; u32 nwhat; };

/* Does it still fail, and in the same way? */
static bool still(void *ctx, const struct cascade *c)
{
    struct suspect *s = ctx;
    struct verdict v;
    if (s->fork) {
        fflush(stdout);
        pid_t pid = fork();
        if (!pid) {
            s->e->s = NULL;             /* threads of a session do not live here */
            engine_try(s->e, c, &s->t, &v);
            _exit(0);
        }
        int status;
        return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status);
    }
    engine_try(s->e, c, &s->t, &v);
    return v.kind == s->kind && (v.kind != V_BUG || strncmp(v.text, s->what, s->nwhat) == 0);
}

static void report(struct job *j, u64 k, struct engine *e, const struct verdict *v, bool died, int signal)
{
    struct suspect s = { e, trial_of(j, k, e), v->kind, died, v->text, (u32)strcspn(v->text, "(") };
    const char *names = strstr(v->text, ": equation");         /* which equation does not matter */
    if (names)
        s.nwhat = (u32)(names - v->text);
    struct arena *a = arena_new("report");
    struct cascade *c = make(j, a, k);
    if (died)
        printf("seed %llu, %s, batch %lld: died by signal %d\n", (unsigned long long)(j->seed + k), e->name, (long long)s.t.batch, signal);
    else
        printf("seed %llu, %s, batch %lld%s: %s%s\n", (unsigned long long)(j->seed + k), e->name, (long long)s.t.batch, s.t.special ? ", special inputs" : "",
               v->kind == V_BUG ? "bug: " : "", v->text);
    struct buf b = { 0 };
    if (j->shrink) {
        u32 tries = 0;
        c = shrink(a, c, still, &s, 4000, &tries);
        for (i64 batch = 1; batch < s.t.batch; batch++) {
            struct suspect less = s;
            less.t.batch = batch;
            if (still(&less, c)) {
                s.t.batch = batch;
                break;
            }
        }
        if (!died) {
            struct verdict last;
            engine_try(e, c, &s.t, &last);
            printf("  shrunk in %u tries (batch %lld): %s\n", tries, (long long)s.t.batch, last.text);
        }
        ein_dump(&b, c);
        fputs(b.at, stdout);
        if (v->kind == V_BUG && e->s && e->s->repro.n)
            printf("  it left\n%s", e->s->repro.at);
    }
    if (j->keep) {
        if (!b.n)
            ein_dump(&b, c);
        char path[600];
        snprintf(path, sizeof path, "%s/%s-%llu.ein", j->keep, e->name, (unsigned long long)(j->seed + k));
        FILE *f = fopen(path, "w");
        if (f) {
            fprintf(f, "; RUN: %%{build}/tests/tools/generated --seed %llu --batch %lld%s --engine %s %%s\n; CHECK: 0 differ\n", (unsigned long long)(j->seed + k),
                    (long long)s.t.batch, s.t.special ? " --special" : "", e->name);
            fputs(b.at, f);
            fclose(f);
        }
    }
    fflush(stdout);
    buf_free(&b);
    arena_free(a);
}

static void one(struct job *j, u64 k)
{
    struct arena *a = arena_new("cascade");
    struct cascade *c = make(j, a, k);
    struct progress *p = j->p;
    u32 present = 0, turn = 0;
    for (u32 e = 0; e < j->nengine; e++)
        present += !j->engine[e].absent;
    for (u32 e = 0; e < j->nengine; e++) {
        struct engine *en = &j->engine[e];
        if (en->absent)
            continue;
        u32 mine = turn++;
        if (j->every && (mine + present - (j->seed + k) * j->every % present) % present >= j->every)
            continue;
        struct trial t = trial_of(j, k, en);
        struct verdict v;
        p->engine = e;
        engine_try(en, c, &t, &v);
        if (v.kind == V_ABSENT)
            continue;
        p->trials[e]++;
        p->launches += v.launches;
        p->elems += v.elems;
        p->unbounded += v.unbounded;
        p->gave_up += v.kind == V_GAVE_UP;
        if (v.kind == V_AGREES && v.worst > p->worst[e]) {
            p->worst[e] = v.worst;
            p->worst_at[e] = j->seed + k;
        }
        if (v.kind == V_DIFFERS || v.kind == V_BUG) {
            p->bad[e]++;
            p->bugs++;
            report(j, k, en, &v, false, 0);
            if (j->first)
                break;
        }
    }
    arena_free(a);
}

/* From `first` on, in a child; how far it came is in j->p. */
static int walk(struct job *j, u64 first)
{
    fflush(stdout);
    pid_t pid = fork();
    if (!pid) {
        for (u64 k = first; k < j->n; k++) {
            j->p->at = k;
            one(j, k);
        }
        j->p->at = j->n;
        for (u32 e = 0; e < j->nengine; e++)
            engine_close(&j->engine[e]);
        fflush(stdout);
        _exit(0);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    return status;
}

static void find_absent(struct job *j)
{
    struct arena *a = arena_new("probe");
    struct cascade *c = gen_cascade(a, str_pool_new(a), 1, &(struct gen_options){ .equations = 1 });
    for (u32 e = 0; e < j->nengine; e++) {
        fflush(stdout);
        pid_t pid = fork();
        if (!pid) {
            struct verdict v;
            engine_try(&j->engine[e], c, &(struct trial){ 1, 1, false }, &v);
            _exit(v.kind == V_ABSENT);
        }
        int status;
        j->engine[e].absent = waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 1;
    }
    arena_free(a);
}

static int run(struct job *j)
{
    struct progress *p = j->p = mmap(NULL, sizeof *p, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return 3;
    find_absent(j);
    for (u64 k = 0; k < j->n;) {
        int status = walk(j, k);
        if (WIFEXITED(status) && WEXITSTATUS(status))
            return WEXITSTATUS(status);
        if (p->at < j->n) {
            struct verdict v = { .kind = V_BUG };
            p->trials[p->engine]++;
            p->bad[p->engine]++;
            p->bugs++;
            report(j, p->at, &j->engine[p->engine], &v, true, WIFSIGNALED(status) ? WTERMSIG(status) : 0);
        }
        k = p->at + 1;
    }
    u64 trials = 0;
    for (u32 e = 0; e < j->nengine; e++) {
        const struct engine *en = &j->engine[e];
        trials += p->trials[e];
        if (en->absent)
            printf("%-16s not there\n", en->name);
        else if (en->strict)
            printf("%-16s %6llu cascades, %llu differ; the rest bit by bit\n", en->name, (unsigned long long)p->trials[e], (unsigned long long)p->bad[e]);
        else
            printf("%-16s %6llu cascades, %llu differ; worst error %.3f of its bound (seed %llu)\n", en->name, (unsigned long long)p->trials[e],
                   (unsigned long long)p->bad[e], p->worst[e], (unsigned long long)p->worst_at[e]);
    }
    printf("%llu cascades, %llu trials, %llu launches under their bounds, %llu elements bit by bit; %llu trials without a finite bound end to end, %llu given up\n",
           (unsigned long long)j->n, (unsigned long long)trials, (unsigned long long)p->launches, (unsigned long long)p->elems,
           (unsigned long long)p->unbounded, (unsigned long long)p->gave_up);
    printf("%llu differ\n", (unsigned long long)p->bugs);
    return p->bugs != 0;
}

static void show(struct job *j)
{
    struct arena *all = arena_new("table");
    struct gen_table *t = gen_table_new(all);
    struct buf b = { 0 };
    for (u64 k = 0; k < j->n; k++) {
        struct arena *a = arena_new("cascade");
        struct cascade *c = make(j, a, k);
        gen_table_count(t, c);
        buf_clear(&b);
        ein_dump(&b, c);
        if (j->text)
            fputs(b.at, stdout);
        arena_free(a);
    }
    buf_clear(&b);
    gen_table_print(&b, t);
    if (j->table)
        fputs(b.at, stdout);
    buf_free(&b);
    arena_free(all);
}

static struct job job = { .n = 100, .seed = 1, .shrink = true };

int main(int argc, char **argv)
{
    struct job *j = &job;
    for (int i = 1; i < argc; i++) {
        const char *a = argv[i], *next = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(a, "--table") == 0) j->table = true;
        else if (strcmp(a, "--text") == 0) j->text = true;
        else if (strcmp(a, "--training") == 0) j->o.training = true;
        else if (strcmp(a, "--wild") == 0) j->o.wild = true;
        else if (strcmp(a, "--conditions") == 0) j->o.conditions = true;
        else if (strcmp(a, "--no-shrink") == 0) j->shrink = false;
        else if (strcmp(a, "--special") == 0) j->special = true;
        else if (strcmp(a, "--first") == 0) j->first = true;
        else if (a[0] != '-' && j->nfile < MOST_FILES) j->file[j->nfile++] = a;
        else {
            i++;
            if (strcmp(a, "-n") == 0) j->n = strtoull(next, NULL, 10);
            else if (strcmp(a, "--seed") == 0) j->seed = strtoull(next, NULL, 10);
            else if (strcmp(a, "--batch") == 0) j->batch = strtoll(next, NULL, 10);
            else if (strcmp(a, "--every") == 0) j->every = strtoull(next, NULL, 10);
            else if (strcmp(a, "--size") == 0) j->o.equations = (u32)strtoul(next, NULL, 10);
            else if (strcmp(a, "--points") == 0) j->o.points = (u32)strtoul(next, NULL, 10);
            else if (strcmp(a, "--break") == 0) j->break_ = (u32)strtoul(next, NULL, 10);
            else if (strcmp(a, "--keep") == 0) j->keep = next;
            else if (strcmp(a, "--engine") != 0 || j->nengine == MOST_ENGINES || !engine_named(&j->engine[j->nengine++], next)) {
                fprintf(stderr, "%s %s: no such option or engine\n", a, next);
                return 2;
            }
        }
    }
    if (j->nfile)
        j->n = j->nfile;
    for (u32 k = 0; !j->nengine && k < engine_count(); k++)
        j->engine[k] = *engine_row(k);
    if (!j->nengine)
        j->nengine = engine_count();
    for (u32 k = 0; k < j->nengine; k++)
        j->engine[k].break_ = j->break_;
    if (j->table || j->text) {
        show(j);
        return 0;
    }
    return run(j);
}
