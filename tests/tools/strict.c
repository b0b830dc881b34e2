/* strict - strict arithmetic on every engine: native code's outputs have the bits of the cascade as written (EVAL_F32).
 *
 *   strict MODULE|CASCADE.ein|--generated [-s SPACE]... [-D NAME=VALUE]... [-n N] [--seed S] [--macs M] [--engine ref|tape|llvm|..]... [--cpu CPU] [--batch B] [--threads T] [--all]
 *
 * N samples of each space (or N random cascades) with at most M multiply-adds, with each kind of inputs (compare_strict.h), by each engine.  Says what differs; --all:
 * every one of them.  Exit 1 if anything does. */
#include "compiler/compare_strict.h"
#include "tests/differential/gen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 16 };
struct job {
    nasc_session *s;
    const char *space[MOST], *engine[MOST], *cpu;
    u32 nspace, nengine;
    u64 n, seed, macs, batch, threads;
    bool all, generated;
    u64 runs, elems, differ, infinite, bad, gave_up;
};

static const char *const draw_name[COMPARE_DRAWS] = { "plain", "small", "large", "special" };

/* A graph, or a cascade. */
static void try(struct job *j, const struct arch *graph, const struct cascade *cascade, const char *text, const char *engine, u64 index)
{
    bool tape = strcmp(engine, "tape") == 0;
    struct pass_options o = { .strict = true, .code = tape ? CODE_GENERIC : CODE_SPECIAL };
    const char *backend = tape ? NULL : engine;
    nasc_net *n = graph ? net_compile(j->s, graph, backend, &o) : net_lower_cascade(j->s, cascade, &o);
    if (n && cascade && !net_code(j->s, 1, &n, backend))
        n = NULL;
    if (!n || !net_threads(n, (u32)j->threads)) {
        printf("%s", nasc_messages(j->s));
        exit(1);
    }
    bool said = false;
    for (u32 d = 0; d < COMPARE_DRAWS; d++) {
        struct compare_strict r;
        struct buf why = { 0 };
        if (!compare_strict(n, j->seed + index, j->batch ? (i64)j->batch : 1 + (i64)(index % 3), (enum compare_draw)d, &r, &why)) {
            j->gave_up++;
            buf_free(&why);
            continue;
        }
        j->runs++;
        j->elems += r.elems;
        j->differ += r.differ;
        j->infinite += r.infinite;
        j->bad += r.differ != 0;
        if (r.differ && (!said || j->all)) {
            printf("%s, sample %llu, %s inputs: %llu of %llu differ, %u launches; %s\n", engine, (unsigned long long)index, draw_name[d], (unsigned long long)r.differ,
                   (unsigned long long)r.elems, r.bad_launches, r.first_bad ? r.first_bad : "?");
            if (!said)
                printf("  %s\n", text);
            said = true;
        }
    }
    nasc_net_free(n);
}

/* The same; a bug of ours is one more that differs. */
static void one(struct job *j, const struct arch *graph, const struct cascade *cascade, const char *text, const char *engine, u64 index)
{
    struct bug_trap trap;
    bug_trap_push(&trap);
    if (!setjmp(trap.back)) {
        try(j, graph, cascade, text, engine, index);
        bug_trap_pop(&trap);
        return;
    }
    j->bad++;
    printf("%s, sample %llu: bug: %s\n  %s\n", engine, (unsigned long long)index, trap.text, text);
}

static void space(struct job *j)
{
    u64 done = 0;
    for (u64 index = 0; done < j->n && index < 100 * j->n + 1000; index++) {
        nasc_arch *ar;
        nasc_record rec;
        if (nasc_sample(j->s, j->seed, index, &ar)) {
            printf("%s", nasc_messages(j->s));
            exit(1);
        }
        nasc_arch_record(ar, &rec);
        if (rec.macs <= j->macs) {
            done++;
            for (u32 e = 0; e < j->nengine; e++)
                one(j, arch_graph(ar), NULL, rec.arch, j->engine[e], index);
        }
        nasc_arch_free(ar);
    }
    if (done < j->n)
        j->bad++;
}

static void generated(struct job *j)
{
    for (u64 i = 0; i < j->n; i++) {
        struct arena *a = arena_new("generated");
        struct gen_options g = { .wild = i % 2 };
        struct cascade *c = gen_cascade(a, str_pool_new(a), j->seed + i, &g);
        char text[64];
        snprintf(text, sizeof text, "seed %llu%s", (unsigned long long)(j->seed + i), g.wild ? ", wild" : "");
        for (u32 e = 0; e < j->nengine; e++)
            one(j, NULL, c, text, j->engine[e], i);
        arena_free(a);
    }
}

/* A cascade's text; seeds take the place of samples. */
static void written(struct job *j, const char *path)
{
    struct arena *a = arena_new("written");
    struct diags ds;
    struct buf text = { 0 };
    diags_init(&ds, a, srcs_new(a));
    FILE *f = fopen(path, "rb");
    for (int c; f && (c = getc(f)) != EOF;)
        buf_putc(&text, (char)c);
    if (f)
        fclose(f);
    struct cascade *c = f ? ein_read_text(a, str_pool_new(a), &ds, srcs_add(ds.srcs, path, text.at, text.n)) : NULL;
    struct buf why = { 0 };
    if (!c || !ein_verify(c, &why)) {
        for (u32 i = 0; i < ds.all.n; i++)
            diag_render(&why, &ds, ds.all.at[i], false);
        printf("%s: %s\n", path, why.at ? why.at : "cannot be read");
        exit(2);
    }
    for (u64 i = 0; i < j->n; i++)
        for (u32 e = 0; e < j->nengine; e++)
            one(j, NULL, c, path, j->engine[e], i);
    buf_free(&text);
    arena_free(a);
}

int main(int argc, char **argv)
{
    struct job j = { .s = nasc_open(), .n = 1, .seed = 1, .macs = 2000000, .threads = 1 };
    const char *module = NULL;
    for (int i = 1; i < argc; i++) {
        const char *a = argv[i], *next = i + 1 < argc ? argv[i + 1] : "", *eq = strchr(next, '=');
        char name[64];
        if (strcmp(a, "--all") == 0) {
            j.all = true;
            continue;
        }
        if (strcmp(a, "--generated") == 0) {
            j.generated = true;
            continue;
        }
        if (a[0] != '-') {
            module = a;
            continue;
        }
        i++;
        if (strcmp(a, "-n") == 0)
            j.n = strtoull(next, NULL, 10);
        else if (strcmp(a, "-s") == 0 && j.nspace < MOST)
            j.space[j.nspace++] = next;
        else if (strcmp(a, "--engine") == 0 && j.nengine < MOST)
            j.engine[j.nengine++] = next;
        else if (strcmp(a, "--seed") == 0)
            j.seed = strtoull(next, NULL, 10);
        else if (strcmp(a, "--macs") == 0)
            j.macs = strtoull(next, NULL, 10);
        else if (strcmp(a, "--batch") == 0)
            j.batch = strtoull(next, NULL, 10);
        else if (strcmp(a, "--threads") == 0)
            j.threads = strtoull(next, NULL, 10);
        else if (strcmp(a, "--cpu") == 0)
            j.cpu = next;
        else if (strcmp(a, "-D") == 0 && eq) {
            snprintf(name, sizeof name, "%.*s", (int)(eq - next), next);
            nasc_define(j.s, name, eq + 1);
        }
    }
    if (!j.nspace)
        j.space[j.nspace++] = NULL;
    if (!j.nengine) {
        j.engine[j.nengine++] = "ref";
        j.engine[j.nengine++] = "tape";
    }
    bool is_text = module && strlen(module) > 4 && strcmp(module + strlen(module) - 4, ".ein") == 0;
    if ((!module && !j.generated) || (j.cpu && !session_cpu(j.s, j.cpu)) || (module && !is_text && nasc_load(j.s, module))) {
        printf("%s", module || j.cpu ? nasc_messages(j.s) : "strict MODULE ..\n");
        return 2;
    }
    if (j.generated)
        generated(&j);
    if (is_text)
        written(&j, module);
    for (u32 i = 0; module && !is_text && i < j.nspace; i++) {
        if (nasc_select(j.s, j.space[i])) {
            printf("%s", nasc_messages(j.s));
            return 2;
        }
        space(&j);
    }
    printf("%llu runs, %llu numbers (%llu not finite): %llu differ, in %llu runs; %llu beyond the evaluator's work bound\n", (unsigned long long)j.runs,
           (unsigned long long)j.elems, (unsigned long long)j.infinite, (unsigned long long)j.differ, (unsigned long long)j.bad, (unsigned long long)j.gave_up);
    nasc_close(j.s);
    return j.bad != 0;
}
