/* measure.c - timing a plan.
 *
 * In: an exec whose weights are loaded.  Out: the fastest and the median run in nanoseconds.  Two warm-up runs fault the
 * memory in and fill caches; then runs are repeated until both the least number and the least time are reached, or
 * the most time is.  Denormals are flushed while timing (weights of a slab may produce them), and the
 * caller's mode is put back. */
#include "compiler/measure.h"

#include "compiler/base/mem.h"
#include "compiler/base/rng.h"
#include "compiler/fp_mode.h"
#include "compiler/ir/elem.h"

#include <stdlib.h>
#include <time.h>

static u64 now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (u64)t.tv_sec * 1000000000u + (u64)t.tv_nsec;
}

static int by_time(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return a < b ? -1 : a > b;
}

static void draw(const struct plan_buf *b, u64 seed, u32 number, u64 n, void *out)
{
    for (u64 i = 0; i < n; i++) {
        u32 w[4];
        rng_at(seed, 0x6d656173u + (u64)number, i / 4, w);
        u32 v = w[i % 4];
        elem_set((enum dtype)b->dtype, out, i, dtype_is_float((enum dtype)b->dtype) ? (double)(i32)v * 0x1p-31 : v % 2);
    }
}

bool measure_run(struct exec *x, const struct plan *p, const struct measure_options *o, u64 seed, struct measure *m)
{
    *m = (struct measure){ 0 };
    void **in = calloc(p->nin + 1, sizeof *in), **out = calloc(p->nout + 1, sizeof *out);
    u32 cap = 1024, n = 0;
    double *ns = malloc(cap * sizeof *ns);
    bool ok = in && out && ns;
    for (u32 i = 0; ok && i < p->nin + p->nout; i++) {
        const struct plan_buf *b = &p->buf.at[i < p->nin ? p->in[i] : p->out[i - p->nin]];
        u64 bytes = b->bytes * (b->batched ? (u64)o->batch : 1);
        void *at = mem_fits(bytes) ? aligned_alloc(64, (bytes + 127) / 64 * 64) : NULL;
        ok = at;
        if (!at)
            break;
        memset(at, 0, bytes);
        if (i < p->nin)
            draw(b, seed, i, bytes / dtype_bytes((enum dtype)b->dtype), in[i] = at);
        else
            out[i - p->nin] = at;
    }
    u64 mode = fp_mode_get();
    fp_mode_set(fp_mode_flushing(mode));
    for (u32 warm = 0; ok && warm < 2; warm++)
        ok = exec_run(x, o->batch, (const void *const *)in, out);
    for (u64 start = now(), spent = 0; ok;) {
        u64 t = now();
        exec_run(x, o->batch, (const void *const *)in, out);
        u64 end = now();
        if (n == cap) {
            double *more = realloc(ns, 2 * (size_t)cap * sizeof *ns);
            if (!more)
                break;
            ns = more;
            cap *= 2;
        }
        ns[n++] = (double)(end - t);
        spent = end - start;
        if ((n >= o->min_runs && spent >= o->min_ns) || (o->max_ns && spent >= o->max_ns))
            break;
    }
    fp_mode_set(mode);
    if (ok && n) {
        qsort(ns, n, sizeof *ns, by_time);
        m->runs = n;
        m->min_ns = ns[0];
        m->median_ns = n % 2 ? ns[n / 2] : (ns[n / 2 - 1] + ns[n / 2]) / 2;
        double p90 = ns[(u64)(n - 1) * 9 / 10];
        m->spread = ns[0] > 0 ? (p90 - ns[0]) / ns[0] : 0;
    }
    for (u32 i = 0; in && i < p->nin; i++)
        free(in[i]);
    for (u32 i = 0; out && i < p->nout; i++)
        free(out[i]);
    free(in);
    free(out);
    free(ns);
    return ok;
}
