/* canary.c - see canary.h: half arithmetic in registers, half a walk over more bytes than the first cache holds. */
#include "compiler/canary.h"

#include "compiler/base/clock.h"

#include <stdlib.h>

enum { FLOATS = 64 << 10, ROUNDS = 2000, TRIES = 3, FIRST_TRIES = 30 };

typedef float four __attribute__((vector_size(16)));

static float work(const float *data)
{
    four s[8];
    for (u32 i = 0; i < 8; i++)
        s[i] = (four){1, 1, 1, 1};
    for (u32 r = 0; r < ROUNDS; r++)
        for (u32 i = 0; i < 8; i++)
            s[i] = s[i] * 0.5f + 0.5f;
    const four *at = (const four *)(const void *)data;
    for (u32 k = 0; k < FLOATS / 4; k += 8)
        for (u32 i = 0; i < 8; i++)
            s[i] += at[k + i];
    float sum = 0;
    for (u32 i = 0; i < 8; i++)
        sum += s[i][0] + s[i][1] + s[i][2] + s[i][3];
    return sum;
}

static double least(const float *data, u32 tries)
{
    u64 best = UINT64_MAX;
    volatile float sum = 0;
    for (u32 i = 0; i < tries; i++) {
        u64 t = clock_now();
        sum = sum + work(data);
        best = MIN(best, clock_now() - t);
    }
    return (double)MAX(best, 1);
}

bool canary_open(struct canary *c)
{
    c->data = aligned_alloc(64, FLOATS * sizeof *c->data);
    if (!c->data)
        return false;
    for (u32 i = 0; i < FLOATS; i++)
        c->data[i] = (float)(i % 64) / 64;
    c->best_ns = least(c->data, FIRST_TRIES);
    return true;
}

void canary_close(struct canary *c)
{
    free(c->data);
    c->data = NULL;
}

double canary_run(struct canary *c)
{
    double ns = least(c->data, TRIES);
    if (ns < c->best_ns)
        c->best_ns = ns;
    return ns / c->best_ns;
}
