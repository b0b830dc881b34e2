/* bench_id MODULE N [SEED] - what identities cost: N samples drawn, their graphs built, their ids; microseconds each, and how many ids there are. */
#include "compiler/pipeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* The thread's own time: others may run beside it. */
static u64 now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (u64)t.tv_sec * 1000000000 + (u64)t.tv_nsec;
}

static int by_id(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct hash128));
}

int main(int argc, char **argv)
{
    nasc_session *s = nasc_open();
    u32 n = argc > 2 ? (u32)strtoul(argv[2], NULL, 10) : 0;
    u64 seed = argc > 3 ? strtoull(argv[3], NULL, 10) : 1, ns[3] = { 0 }, nodes = 0, ops = 0;
    if (!n || nasc_load(s, argv[1]) || nasc_select(s, NULL)) {
        printf("%s\n", n ? nasc_messages(s) : "bench_id MODULE N [SEED]");
        return 1;
    }
    struct sampler *d = sampler_open(s->g, s->space, SAMPLER_LOCAL, seed);
    struct hash128 *id = calloc(n, sizeof *id);
    struct arena *a = arena_new("sample");
    for (u32 round = 0; round < 2; round++)         /* the first fills tables */
        for (u32 i = 0; i < n; i++) {
            struct sample drawn;
            struct arch *graph = NULL;
            u64 t[4] = { now_ns() };
            if (!sampler_draw(d, i, &drawn))
                continue;
            t[1] = now_ns();
            arena_clear(a);
            sampler_derivation(d, a, &graph);
            t[2] = now_ns();
            struct canon_result r = arch_canon(session_canon(s), graph);
            t[3] = now_ns();
            id[i] = r.id;
            for (u32 k = 0; round && k < 3; k++)
                ns[k] += t[k + 1] - t[k];
            nodes += round ? r.nodes : 0;
            ops += round ? (u64)drawn.nodes : 0;
        }
    u32 distinct = 0;
    qsort(id, n, sizeof *id, by_id);
    for (u32 i = 0; i < n; i++)
        distinct += !i || by_id(&id[i], &id[i - 1]);
    printf("%u networks, %u ids, %.0f op instances and %.0f vertices each\n", n, distinct, (double)ops / n, (double)nodes / n);
    printf("draw %8.2f us\nbuild %7.2f us\nid %10.2f us\n", (double)ns[0] / n / 1e3, (double)ns[1] / n / 1e3, (double)ns[2] / n / 1e3);
    sampler_close(d);
    arena_free(a);
    free(id);
    nasc_close(s);
    return 0;
}
