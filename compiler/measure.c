/* measure.c - timing a plan.
 *
 * In: an exec whose weights are loaded.  Out: least and median time, and what is known of how good they are.  First runs until two
 * of them agree; then samples, until the median is known well enough (looked at when their number has grown by half, so that
 * looking does not disturb) or the time is up.  Before and after each window the canary runs; a window during which
 * the machine was slow is repeated, and the best one counts.  Denormals are flushed while timing, and the caller's mode and
 * processors are put back. */
#define _GNU_SOURCE
#include "compiler/measure.h"

#include "compiler/base/clock.h"
#include "compiler/base/rng.h"
#include "compiler/canary.h"
#include "compiler/counters.h"
#include "compiler/fp_mode.h"
#include "compiler/ir/elem.h"

#include <math.h>
#include <sched.h>
#include <stdlib.h>

enum { WARM_RUNS = 8, FIRST_LOOK = 8, SAMPLE_NS = 10000, WALKS = 5, MOST_WALKS = 50 };

struct meter {
    struct canary canary;
    double last;                        /* the canary's ratio after the last window; 0: none yet */
    struct counters counters; bool counts;
    cpu_set_t before; int cpu; bool pinned;
    double *raw, *kept, *sorted; u64 cap;       /* kept: the best window's, while another is tried */
};

struct meter *measure_open(void)
{
    struct meter *m = calloc(1, sizeof *m);
    if (!m)
        return NULL;
    m->cpu = -1;
    m->cap = 1024;
    m->raw = malloc(m->cap * sizeof *m->raw);
    m->kept = malloc(m->cap * sizeof *m->kept);
    m->sorted = malloc(m->cap * sizeof *m->sorted);
    if (!m->raw || !m->kept || !m->sorted || !canary_open(&m->canary)) {
        measure_close(m);
        return NULL;
    }
    m->counts = counters_open(&m->counters);
    return m;
}

void measure_close(struct meter *m)
{
    if (!m)
        return;
    measure_loud(m);
    if (m->counts)
        counters_close(&m->counters);
    canary_close(&m->canary);
    free(m->raw);
    free(m->kept);
    free(m->sorted);
    free(m);
}

/* The same processor for all of a meter's measurements: the one it was on at the first. */
void measure_quiet(struct meter *m)
{
    if (m->pinned || sched_getaffinity(0, sizeof m->before, &m->before))
        return;
    if (m->cpu < 0 || !CPU_ISSET((unsigned)m->cpu, &m->before))
        m->cpu = sched_getcpu();
    if (m->cpu < 0)
        return;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET((unsigned)m->cpu, &one);
    m->pinned = sched_setaffinity(0, sizeof one, &one) == 0;    /* where it may not be had, without */
    m->last = 0;
}

void measure_loud(struct meter *m)
{
    if (m->pinned)
        sched_setaffinity(0, sizeof m->before, &m->before);
    m->pinned = false;
}

static int by_time(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return a < b ? -1 : a > b;
}

double measure_median(const double *sorted, u64 n, double *width)
{
    double median = n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
    /* Of n draws, n/2 +- 0.98 sqrt(n) lie below the median 19 times in 20. */
    double half = 0.98 * sqrt((double)n), mid = (double)(n - 1) / 2;
    u64 lo = mid - half > 0 ? (u64)(mid - half) : 0, hi = (u64)ceil(MIN(mid + half, (double)(n - 1)));
    *width = n < 2 ? INFINITY : median > 0 ? (sorted[hi] - sorted[lo]) / 2 / median : 0;
    return median;
}

/* ---- the caller's arrays ---- */

struct ends { u32 n; void **in, **out; struct exec_mem *mem; };

static void draw(const struct plan_buf *b, u64 seed, u32 number, u64 n, void *out)
{
    u32 w[4] = {0};
    for (u64 i = 0; i < n; i++) {
        if (i % 4 == 0)
            rng_at(seed, 0x6d656173u + (u64)number, i / 4, w);
        if (b->dtype == DT_F32)
            ((float *)out)[i] = (float)(i32)w[i % 4] * 0x1p-31f;
        else
            elem_set((enum dtype)b->dtype, out, i, dtype_is_float((enum dtype)b->dtype) ? (double)(i32)w[i % 4] * 0x1p-31 : w[i % 4] % 2);
    }
}

static void ends_free(struct ends *e, const struct plan *p)
{
    for (u32 i = 0; e->in && i < p->nin; i++)
        exec_mem_give(e->mem, e->in[i]);
    for (u32 i = 0; e->out && i < p->nout; i++)
        exec_mem_give(e->mem, e->out[i]);
    free(e->in);
    free(e->out);
}

static bool ends_make(struct ends *e, struct exec *x, const struct plan *p, i64 batch, u64 seed)
{
    *e = (struct ends){.mem = exec_memory(x), .in = calloc(p->nin + 1, sizeof *e->in), .out = calloc(p->nout + 1, sizeof *e->out)};
    bool ok = e->in && e->out;
    for (u32 i = 0; ok && i < p->nin + p->nout; i++) {
        const struct plan_buf *b = &p->buf.at[i < p->nin ? p->in[i] : p->out[i - p->nin]];
        u64 bytes = b->bytes * (b->batched ? (u64)batch : 1);
        void *at = exec_mem_take(e->mem, bytes);
        ok = at;
        if (i < p->nin)
            e->in[i] = at;
        else
            e->out[i - p->nin] = at;
        if (ok && i < p->nin)
            draw(b, seed, i, bytes / dtype_bytes((enum dtype)b->dtype), at);
    }
    if (!ok)
        ends_free(e, p);
    return ok;
}

/* ---- a window ---- */

struct window { struct meter *m; struct exec *x; const struct ends *e; const struct measure_options *o; u32 inner; u64 start; };

static u64 timed_run(const struct window *w, u32 times)
{
    u64 t = clock_now();
    for (u32 i = 0; i < times; i++)
        if (!exec_run(w->x, w->o->batch, (const void *const *)w->e->in, w->e->out))
            return UINT64_MAX;
    return clock_now() - t;
}

/* Until two runs are within a twentieth of each other; says how many make a sample.  false: out of memory. */
static bool warm_up(struct window *w, struct measure *out)
{
    u64 last = 0, least = UINT64_MAX, spent = 0;
    for (u32 i = 0; i < WARM_RUNS; i++) {
        if (!i)
            exec_deadline(w->x, w->o->run_ns);
        u64 t = timed_run(w, 1);
        out->late = exec_late(w->x);
        exec_deadline(w->x, 0);
        if (t == UINT64_MAX)
            return false;
        if (out->late)
            return true;
        out->warm_ns += (double)t;
        least = MIN(least, t);
        spent += t;
        u64 apart = t > last ? t - last : last - t;
        if ((i && apart <= MAX(t, last) / 20) || (w->o->max_ns && spent > w->o->max_ns / 4))
            break;
        last = t;
    }
    w->inner = (u32)MAX(SAMPLE_NS / MAX(least, 20), 1);
    return true;
}

static bool room_for(struct meter *m, u64 n)
{
    if (n < m->cap)
        return true;
    double **of[] = {&m->raw, &m->kept, &m->sorted};
    for (u32 i = 0; i < COUNTOF(of); i++) {
        double *more = realloc(*of[i], 2 * m->cap * sizeof *more);
        if (!more)
            return false;
        *of[i] = more;
    }
    m->cap *= 2;
    return true;
}

static void look(struct meter *m, u64 n, struct measure *out)
{
    memcpy(m->sorted, m->raw, n * sizeof *m->raw);
    qsort(m->sorted, n, sizeof *m->sorted, by_time);
    out->samples = n;
    out->min_ns = m->sorted[0];
    out->median_ns = measure_median(m->sorted, n, &out->width);
    double p90 = m->sorted[(n - 1) * 9 / 10];
    out->spread = out->min_ns > 0 ? (p90 - out->min_ns) / out->min_ns : 0;
}

static void sample(struct window *w, struct measure *out)
{
    const struct measure_options *o = w->o;
    struct meter *m = w->m;
    u64 n = 0, spent = 0, next_look = FIRST_LOOK, start = clock_now();
    for (bool more = true; more;) {
        u64 t = timed_run(w, w->inner);
        m->raw[n++] = (double)t / w->inner;
        spent = clock_now() - start;
        bool enough = n >= o->min_samples && spent >= o->min_ns;
        more = !(enough && o->max_ns && spent >= o->max_ns) && !(o->give_up_ns && spent >= o->give_up_ns) && room_for(m, n);
        if (enough && !o->width && !o->max_ns)
            more = false;
        if (more && enough && o->width && n >= next_look) {
            look(m, n, out);
            more = out->width > o->width;
            next_look = n + n / 2;
        }
    }
    look(m, n, out);
    out->runs = n * w->inner;
    out->timed_ns += (double)spent;
}

/* One window between two canaries. */
static void between_canaries(struct window *w, struct measure *out)
{
    struct meter *m = w->m;
    double before = m->last ? m->last : canary_run(&m->canary);
    u64 cycles = 0, instructions = 0;
    if (m->counts)
        counters_start(&m->counters);
    sample(w, out);
    out->counted = m->counts && counters_stop(&m->counters, &cycles, &instructions);
    if (out->counted) {
        out->cycles = (double)cycles / (double)out->runs;
        out->instructions = (double)instructions / (double)out->runs;
    }
    m->last = canary_run(&m->canary);
    out->canary = MAX(before, m->last);
}

static void swap(struct meter *m)
{
    double *raw = m->raw;
    m->raw = m->kept;
    m->kept = raw;
}

static void windows(struct window *w, struct measure *out)
{
    struct meter *m = w->m;
    between_canaries(w, out);
    for (out->windows = 1; out->canary > CANARY_SLOW && out->windows <= w->o->again; out->windows++) {
        struct measure next = {.timed_ns = out->timed_ns, .warm_ns = out->warm_ns};
        swap(m);                        /* the best one so far is kept */
        between_canaries(w, &next);
        out->timed_ns = next.timed_ns;
        next.windows = out->windows;
        if (next.canary < out->canary)
            *out = next;
        else
            swap(m);
    }
    out->drift = out->canary > CANARY_SLOW;
}

bool measure_run(struct meter *m, struct exec *x, const struct plan *p, const struct measure_options *o, u64 seed, struct measure *out)
{
    struct ends e;
    *out = (struct measure){0};
    if (!ends_make(&e, x, p, o->batch, seed))
        return false;
    u64 mode = fp_mode_get();
    fp_mode_set(fp_mode_flushing(mode));
    struct window w = {.m = m, .x = x, .e = &e, .o = o, .inner = 1};
    bool ok = warm_up(&w, out);
    if (ok && !out->late)
        windows(&w, out);
    fp_mode_set(mode);
    out->raw = m->raw;
    ends_free(&e, p);
    return ok;
}

bool measure_launches(struct meter *m, struct exec *x, const struct plan *p, const struct measure_options *o, u64 seed, double *ns)
{
    struct ends e;
    (void)m;
    if (!ends_make(&e, x, p, o->batch, seed))
        return false;
    u64 mode = fp_mode_get(), start = clock_now();
    fp_mode_set(fp_mode_flushing(mode));
    for (u32 k = 0; k < p->run.n; k++)
        ns[k] = INFINITY;
    u64 clock = UINT64_MAX;             /* what looking at it costs */
    for (u32 i = 0; i < 20; i++) {
        u64 t = clock_now();
        clock = MIN(clock, clock_now() - t);
    }
    bool ok = true;
    for (u32 i = 0; ok && i <= MOST_WALKS && (i <= WALKS || clock_now() - start < o->max_ns) && !(i && o->give_up_ns && clock_now() - start > o->give_up_ns); i++)
        ok = i ? exec_walk(x, o->batch, (const void *const *)e.in, e.out, ns) : exec_run(x, o->batch, (const void *const *)e.in, e.out);
    for (u32 k = 0; k < p->run.n; k++)
        ns[k] = ok && isfinite(ns[k]) ? MAX(ns[k] - (double)clock, 1) : 0;
    fp_mode_set(mode);
    ends_free(&e, p);
    return ok;
}
