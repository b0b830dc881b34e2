/* bench.c - how long a call takes: the least and the median of samples of at least ten microseconds. */
#define _POSIX_C_SOURCE 200809L
#include "rt.h"

#include <stdlib.h>
#include <time.h>

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Seconds of one of `times` calls. */
static double sample(nrt_call call, void *ctx, uint32_t times)
{
    double from = now();
    for (uint32_t i = 0; i < times; i++)
        call(ctx);
    return (now() - from) / times;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

bool nrt_bench(uint32_t n, nrt_call call, void *ctx, double *least, double *median, nrt_error *e)
{
    double *s = calloc(n + (size_t)1, sizeof *s);
    if (!s)
        return nrt_fail_env(e, "there is no memory for %u samples", n);
    uint32_t times = 1;
    sample(call, ctx, 1);               /* pages and caches */
    while (times < 1 << 16 && sample(call, ctx, times) * times < 10e-6)
        times *= 2;
    for (uint32_t i = 0; i < n; i++)
        s[i] = sample(call, ctx, times);
    qsort(s, n, sizeof *s, ascending);
    *least = s[0];
    *median = n % 2 ? s[n / 2] : (s[n / 2 - 1] + s[n / 2]) / 2;
    free(s);
    return true;
}
