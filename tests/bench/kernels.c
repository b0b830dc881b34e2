/* kernels.c - single kernels on one core, by turns with whoever else computes them, each beside its bound.
 *
 * In: tests/bench/kernels.nas, compiled here.  Out: a JSON line a kernel and contender: microseconds (the least of short windows, taken by
 * turns), operations, the bound.  The bound is what the arithmetic takes at the rate of a multiply-add loop in registers, or what memcpy
 * takes for as many bytes, whichever is more; both are measured here, in this process, before every shape.
 *
 * Denormals are flushed.
 *
 *     kernels KERNELS.nas [FILTER]      FILTER: a substring of kernels' names */
#include "tests/bench/kernels.h"

#include "compiler/base/clock.h"
#include "compiler/fp_mode.h"
#include "compiler/nasc.h"
#include "compiler/peak.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CHAIN = 8, ROOM = 8, TURNS = 14, WINDOW = 2000000, SAMPLE = 20000, LONG = 500000 };   /* nanoseconds */

static const struct shape shapes[] = {
    { MATMUL, 16, 0, 0, 64 }, { MATMUL, 24, 0, 0, 32 }, { MATMUL, 32, 0, 0, 16 }, { MATMUL, 48, 0, 0, 8 }, { MATMUL, 64, 0, 0, 4 },
    { MATMUL, 96, 0, 0, 1 }, { MATMUL, 128, 0, 0, 1 }, { MATMUL, 256, 0, 0, 1 }, { MATMUL, 512, 0, 0, 1 }, { MATMUL, 1024, 0, 0, 1 },
    { PACKED, 64, 0, 0, 4 }, { PACKED, 128, 0, 0, 1 }, { PACKED, 256, 0, 0, 1 }, { PACKED, 512, 0, 0, 1 }, { PACKED, 1024, 0, 0, 1 },
    { CONV, 16, 32, 3, 1 }, { CONV, 32, 16, 3, 1 }, { CONV, 64, 8, 3, 1 }, { CONV, 32, 32, 3, 1 }, { CONV, 64, 16, 3, 1 }, { CONV, 64, 32, 3, 1 },
    { CONV, 16, 32, 1, 1 }, { CONV, 32, 16, 1, 1 }, { CONV, 64, 8, 1, 1 }, { CONV, 128, 28, 1, 1 },
    { DEPTHWISE, 32, 32, 3, 1 }, { DEPTHWISE, 64, 16, 3, 1 }, { DEPTHWISE, 128, 28, 3, 1 },
    { STRIDED, 16, 32, 3, 1 }, { STRIDED, 32, 16, 3, 1 }, { STRIDED, 64, 32, 3, 1 },
    { POOL, 16, 32, 3, 1 }, { POOL, 32, 16, 3, 1 }, { POOL, 64, 8, 3, 1 },
    { SOFTMAX, 64, 64, 0, 1 }, { SOFTMAX, 256, 256, 0, 1 }, { SOFTMAX, 1024, 128, 0, 1 },
    { NORM, 64, 64, 0, 1 }, { NORM, 256, 512, 0, 1 }, { NORM, 1024, 128, 0, 1 },
};

/* What a kernel does: vector operations a result element (a multiply-add is one), as a multiply-add loop would count them: an
 * exponential is eleven (range reduction, a polynomial of degree six, the scale). */
struct work { double fma, bytes; };

static struct work work_of(const struct shape *s)
{
    double c = (double)s->c, h = (double)s->h, k = (double)s->k, image = c * h * h;
    switch (s->kind) {
    case MATMUL: case PACKED: return (struct work){ c * c * c, 4 * 3 * c * c };
    case CONV: return (struct work){ image * c * k * k, 4 * (2 * image + c * c * k * k) };
    case DEPTHWISE: return (struct work){ image * k * k, 4 * (2 * image + c * k * k) };
    case STRIDED: return (struct work){ image / 2 * c * k * k, 4 * (image * 3 / 2 + 2 * c * c * k * k) };
    case POOL: return (struct work){ image * 5, 4 * 2 * image };                   /* two sums of three and a product */
    case SOFTMAX: return (struct work){ c * h * 15, 4 * 2 * c * h };               /* max, minus, exp, sum, times */
    case NORM: return (struct work){ c * h * 5, 4 * 2 * c * h };                   /* sum, minus, sum of squares, times, plus */
    }
    return (struct work){ 0, 0 };
}

static void name_of(const struct shape *s, char *out, size_t room)
{
    long c = (long)s->c, h = (long)s->h, k = (long)s->k;
    switch (s->kind) {
    case MATMUL: snprintf(out, room, "matmul %ld", c); return;
    case PACKED: snprintf(out, room, "matmul %ld, packed weights", c); return;
    case CONV: snprintf(out, room, "conv %ldx%ld C%ld %ldx%ld", k, k, c, h, h); return;
    case DEPTHWISE: snprintf(out, room, "depthwise %ldx%ld C%ld %ldx%ld", k, k, c, h, h); return;
    case STRIDED: snprintf(out, room, "conv %ldx%ld/2 C%ld-%ld %ldx%ld", k, k, c, 2 * c, h, h); return;
    case POOL: snprintf(out, room, "avg_pool %ldx%ld C%ld %ldx%ld", k, k, c, h, h); return;
    case SOFTMAX: snprintf(out, room, "softmax %ldx%ld", c, h); return;
    case NORM: snprintf(out, room, "layer_norm %ldx%ld", c, h); return;
    }
}

float *bench_floats(i64 n)
{
    float *p = aligned_alloc(64, ((size_t)n * 4 + 127) / 64 * 64);
    u32 x = 1;
    for (i64 i = 0; p && i < n; i++) {
        x = x * 1664525u + 1013904223u;
        p[i] = (float)(i32)x * 0x1p-31f;
    }
    if (!p)
        abort();
    return p;
}

/* ---- nasc ---- */

struct ours { nasc_session *s; nasc_net *n; const void *in[2]; void *out[1]; i64 batch; };

static void ours_call(void *state)
{
    struct ours *o = state;
    if (nasc_net_run(o->n, o->batch, o->in, o->out))
        abort();
}

static void define(nasc_session *s, const char *name, i64 v)
{
    char text[24];
    snprintf(text, sizeof text, "%ld", (long)v);
    nasc_define(s, name, text);
}

static bool ours_open(const char *module, const struct shape *sh, struct ours *o, struct contender *c)
{
    static const char *const space[] = { "product", "packed", "conv_chain", "depthwise_chain", "strided", "pool_chain", "rows_softmax", "rows_norm" };
    *o = (struct ours){ .s = nasc_open(), .batch = sh->batch };
    nasc_session *s = o->s;
    nasc_arch *a;
    bool square = sh->kind == MATMUL || sh->kind == PACKED, rows = sh->kind == SOFTMAX || sh->kind == NORM;
    if (!s)
        return false;
    if (rows) {
        define(s, "S", sh->c);
        define(s, "D", sh->h);
    } else if (square) {
        define(s, "N", sh->c);
        if (sh->kind == PACKED) {
            define(s, "M", sh->c);
            define(s, "K", sh->c);
        }
    } else {
        define(s, "C", sh->c);
        define(s, "H", sh->h);
        if (sh->kind == CONV)
            define(s, "K", sh->k);
        if (sh->kind != STRIDED)
            define(s, "N", CHAIN);
    }
    if (nasc_load(s, module) || nasc_select(s, space[sh->kind]) || nasc_sample(s, 0, 0, &a) || nasc_compile(s, a, NULL, &o->n) || nasc_net_weights(o->n, 1)) {
        fputs(nasc_messages(s), stderr);
        nasc_close(s);
        return false;
    }
    nasc_shape f;
    for (u32 i = 0; i < nasc_net_inputs(o->n); i++) {
        nasc_net_input(o->n, i, &f);
        o->in[i] = bench_floats((i64)f.bytes / 4 * sh->batch);
    }
    nasc_net_output(o->n, 0, &f);
    o->out[0] = bench_floats((i64)f.bytes / 4 * sh->batch);
    bool chain = sh->kind == CONV || sh->kind == DEPTHWISE || sh->kind == POOL;
    *c = (struct contender){ "nasc", ours_call, o, chain ? CHAIN : (double)sh->batch };
    return true;
}

/* ---- the clock ---- */

static u64 processor_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (u64)t.tv_sec * 1000000000u + (u64)t.tv_nsec;
}

/* The least time of a call over a window, nanoseconds.  Short calls are taken several at a time; of calls so long that other programs
 * get the processor meanwhile, this thread's processor time is taken. */
static double window(const struct contender *c, u64 length)
{
    u64 once = clock_now();
    c->call(c->state);
    once = clock_now() - once;
    u64 many = once > SAMPLE ? 1 : SAMPLE / (once + 1) + 1;
    u64 (*now)(void) = once > LONG ? processor_now : clock_now;
    double best = 1e18;
    for (u64 start = clock_now(); clock_now() - start < length;) {
        u64 t = now();
        for (u64 i = 0; i < many; i++)
            c->call(c->state);
        best = MIN(best, (double)(now() - t) / (double)many);
    }
    return best;
}

struct copy { char *from, *to; size_t n; };
static void copy_call(void *state)
{
    struct copy *c = state;
    memcpy(c->to, c->from, c->n);
    __asm__ volatile("" : : "r"(c->to) : "memory");
}

static void one(const char *module, const struct shape *sh, const char *name)
{
    struct contender c[ROOM];
    struct ours o;
    u32 n = 0;
    if (!ours_open(module, sh, &o, &c[0]))
        return;
    n = 1;
#ifdef BENCH_PEERS
    n += peer_dnnl(sh, c + n, ROOM - n);
    n += peer_xsmm(sh, c + n, ROOM - n);
#endif
    struct work w = work_of(sh);
    size_t half = (size_t)w.bytes * (size_t)sh->batch / 2;
    struct copy copy = { (char *)bench_floats((i64)half / 4 + 1), (char *)bench_floats((i64)half / 4 + 1), half };
    struct contender mover = { "memcpy", copy_call, &copy, (double)sh->batch };
    struct peak p = { 0 };
    double best[ROOM], moved = 1e18, flops = 0;
    for (u32 i = 0; i < n; i++)
        best[i] = 1e18;
    for (u32 turn = 0; turn < TURNS; turn++) {
        for (u32 i = 0; i < n; i++)
            best[i] = MIN(best[i], window(&c[i], WINDOW) / c[i].per_call);
        moved = MIN(moved, window(&mover, WINDOW / 4) / mover.per_call);
        if (turn % 4 == 0 && peak_measure(&p))
            flops = MAX(flops, p.flops);
    }
    double arithmetic = 2 * w.fma / flops * 1e9;
    for (u32 i = 0; i < n; i++)
        printf("{\"kernel\": \"%s\", \"who\": \"%s\", \"us\": %.4f, \"gflops\": %.1f, \"bound_us\": %.4f, \"bound\": \"%s\", \"peak_gflops\": %.1f, \"gbytes\": %.1f}\n",
               name, c[i].name, best[i] / 1e3, 2 * w.fma / best[i], MAX(arithmetic, moved) / 1e3, arithmetic > moved ? "arithmetic" : "memory",
               flops / 1e9, w.bytes / moved);
    fflush(stdout);
    free(copy.from);
    free(copy.to);
    nasc_close(o.s);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fputs("usage: kernels KERNELS.nas [FILTER]\n", stderr);
        return 2;
    }
    fp_mode_set(fp_mode_flushing(fp_mode_get()));
#ifdef BENCH_PEERS
    printf("{\"versions\": \"%s, %s\"}\n", peer_dnnl_version(), peer_xsmm_version());
#endif
    for (u32 i = 0; i < COUNTOF(shapes); i++) {
        char name[64];
        name_of(&shapes[i], name, sizeof name);
        if (argc < 3 || strstr(name, argv[2]))
            one(argv[1], &shapes[i], name);
    }
    return 0;
}
