/* bench_middle MODULE N [SEED] - from derivation to plan without any code: microseconds a network, all of them and the middle one's. */
#include "compiler/pipeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { PHASES = 5 };

/* The thread's own time: others may run beside it. */
static u64 now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (u64)t.tv_sec * 1000000000 + (u64)t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    const u64 *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

int main(int argc, char **argv)
{
    static const char *const name[PHASES + 1] = { "derive", "build", "ein", "passes", "plan", "all" };
    nasc_session *s = nasc_open();
    u32 n = argc > 2 ? (u32)strtoul(argv[2], NULL, 10) : 0;
    u64 seed = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
    if (!n || nasc_load(s, argv[1]) || nasc_select(s, NULL)) {
        printf("%s\n", n ? nasc_messages(s) : "bench_middle MODULE N [SEED]");
        return 1;
    }
    u64 *ns[PHASES + 1];
    for (u32 k = 0; k <= PHASES; k++)
        ns[k] = calloc(n, sizeof *ns[k]);
    double eqs = 0, nodes = 0, cmds = 0;
    u64 *by_pass = calloc(pass_count, sizeof *by_pass);
    session_mach(s);
    for (u32 i = 0; i < n; i++) {
        struct pass_options o = { 0 };
        nasc_arch *ar;
        u64 t[PHASES + 1] = { now_ns() };
        if (nasc_sample(s, seed, i, &ar)) {
            printf("%s", nasc_messages(s));
            return 1;
        }
        t[1] = now_ns();
        struct arch *g = arch_graph(ar);
        t[2] = now_ns();
        struct arena *a = arena_new("sample");
        struct cascade *c = arch_to_ein(a, s->sp, g, &o);
        t[3] = now_ns();
        for (u32 k = 0; k < pass_count; k++) {
            u64 from = now_ns();
            pass_table[k].run(c, &o);
            by_pass[k] += now_ns() - from;
        }
        t[4] = now_ns();
        struct plan *p = pipe_plan(s, a, c, &o);
        t[5] = now_ns();
        eqs += c->eq.n;
        nodes += c->node.n;
        cmds += p->run.n + p->load.n;
        for (u32 k = 0; k < PHASES; k++)
            ns[k][i] = t[k + 1] - t[k];
        ns[PHASES][i] = t[PHASES] - t[0];
        arena_free(a);
        nasc_arch_free(ar);
    }
    for (u32 k = 0; k <= PHASES; k++) {
        double sum = 0;
        for (u32 i = 0; i < n; i++)
            sum += (double)ns[k][i];
        qsort(ns[k], n, sizeof *ns[k], by_value);
        printf("%-8s mean %9.1f  median %9.1f us\n", name[k], sum / n / 1e3, (double)ns[k][n / 2] / 1e3);
        free(ns[k]);
    }
    for (u32 k = 0; k < pass_count; k++)
        printf("    %-14s %9.1f us\n", pass_table[k].name, (double)by_pass[k] / n / 1e3);
    free(by_pass);
    printf("%.0f equations, %.0f nodes, %.0f commands each\n", eqs / n, nodes / n, cmds / n);
    nasc_close(s);
    return 0;
}
