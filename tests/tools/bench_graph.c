/* bench_graph MODULE N [SEED] - samples by `local`: from decisions to graphs: microseconds a network, the least of several rounds over all of them. */
#include "compiler/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 5 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

struct known { u32 n, *alt; };

int main(int argc, char **argv)
{
    nasc_session *s = nasc_open();
    u32 n = argc > 2 ? (u32)strtoul(argv[2], NULL, 10) : 0;
    u64 seed = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
    if (!n || nasc_load(s, argv[1]) || nasc_select(s, NULL)) {
        printf("%s\n", n ? nasc_messages(s) : "bench_graph MODULE N [SEED]");
        return 1;
    }
    struct sampler *sm = sampler_open(s->g, s->space, SAMPLER_LOCAL, seed);
    struct known *k = calloc(n, sizeof *k);
    for (u32 i = 0; i < n; i++) {
        struct sample d;
        if (!sampler_draw(sm, i, &d))
            return 1;
        k[i].n = d.ndecided;
        k[i].alt = malloc((d.ndecided + 1) * sizeof *k[i].alt);
        memcpy(k[i].alt, d.decided, d.ndecided * sizeof *k[i].alt);
    }
    double types = 1e30, graphs = 1e30;
    u64 nodes = 0, bytes = 0;
    struct arena *a = arena_new("graph");
    for (u32 round = 0; round < ROUNDS; round++)
        for (u32 graph = 0; graph < 2; graph++) {
            double from = now();
            for (u32 i = 0; i < n; i++) {
                struct arch *ar = NULL;
                arena_clear(a);
                if (graph) {
                    ar = derive_graph(a, s->g, s->space, k[i].n, k[i].alt, NULL, NULL);
                    CHECK(ar);
                    for (u32 f = 0; f < ar->fn.n; f++)
                        nodes += ar->fn.at[f].node.n;
                } else {
                    CHECK(derive_decided(a, s->g, s->space, k[i].n, k[i].alt, NULL, NULL, NULL));
                }
                bytes = MAX(bytes, arena_bytes(a));
            }
            double us = (now() - from) / n;
            if (graph)
                graphs = us < graphs ? us : graphs;
            else
                types = us < types ? us : types;
        }
    printf("derivation %.2f us, graph %.2f us, %.1f nodes each, %llu KiB at most\n", types, graphs, (double)nodes / n / ROUNDS, (unsigned long long)bytes / 1024);
    arena_free(a);
    for (u32 i = 0; i < n; i++)
        free(k[i].alt);
    free(k);
    sampler_close(sm);
    nasc_close(s);
    return 0;
}
