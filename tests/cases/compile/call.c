/* call.c - a compiled network `net` from C: standard input is a batch of f32, standard output what comes out.  Twice with the same arena, once with
 * ranges shared out to workers one after the other, backwards, then by two threads at once, each with an arena: the same bytes each time. */
#include "net.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORKERS = 3 };

static void run(void *ctx, int64_t n, nasc_range body, void *arg)
{
    int64_t k;
    ++*(int *)ctx;
    for (k = n; k-- > 0;)
        body(arg, k, k + 1, (uint32_t)(k % WORKERS));
}

/* A pass of its own, several times. */
struct pass { const void *packed; const void *const *inputs; char *arena, *y; int64_t batch; pthread_t thread; };

static void *passes(void *arg)
{
    struct pass *p = arg;
    void *const outputs[] = { p->y };
    int k;
    for (k = 0; k < 20; k++)
        net_forward(p->packed, p->inputs, outputs, p->arena, p->batch, NULL);
    return NULL;
}

static char *block(uint64_t bytes)
{
    return aligned_alloc(64, (size_t)(bytes + 63) / 64 * 64);
}

int main(void)
{
    const nasc_model *m = &net_model;
    const size_t in = (size_t)m->input[0].bytes, out = (size_t)m->output[0].bytes;
    char *x = NULL;
    size_t got = 0, k;
    int shared = 0, round;
    do {
        x = realloc(x, got + in);
        k = fread(x + got, 1, in, stdin);
        got += k;
    } while (k == in);
    {
        const int64_t batch = (int64_t)(got / in);
        void *packed = block(NET_PACKED_BYTES), *arena = block(nasc_arena_bytes(m, batch, WORKERS));
        char *y = malloc(out * (size_t)batch), *first = malloc(out * (size_t)batch);
        const void *const inputs[] = { x };
        void *const outputs[] = { y };
        nasc_parallel par;
        struct pass two[2];
        par.ctx = &shared;
        par.workers = WORKERS;
        par.run = run;
        if (m->abi != NASC_MODEL_ABI || m->packed_bytes != NET_PACKED_BYTES || m->load != net_load || net_load(net_weights, packed) != NASC_MODEL_OK)
            return 1;
        memset(arena, 0xff, (size_t)nasc_arena_bytes(m, batch, WORKERS));
        for (round = 0; round < 3; round++) {
            memset(y, 0x55, out * (size_t)batch);
            net_forward(packed, inputs, outputs, arena, batch, round < 2 ? NULL : &par);
            if (round && memcmp(y, first, out * (size_t)batch))
                return 2;
            memcpy(first, y, out * (size_t)batch);
        }
        if (!shared)
            return 3;
        for (k = 0; k < 2; k++) {
            two[k].packed = packed;
            two[k].inputs = inputs;
            two[k].arena = block(nasc_arena_bytes(m, batch, 1));
            two[k].y = malloc(out * (size_t)batch);
            two[k].batch = batch;
            if (pthread_create(&two[k].thread, NULL, passes, &two[k]))
                return 4;
        }
        for (k = 0; k < 2; k++)
            if (pthread_join(two[k].thread, NULL) || memcmp(two[k].y, first, out * (size_t)batch))
                return 5;
        fwrite(y, 1, out * (size_t)batch, stdout);
    }
    return 0;
}
