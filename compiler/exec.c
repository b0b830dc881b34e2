/* exec.c - walking a plan: one block of memory per segment, a table of addresses per command.
 *
 * In: a plan, its compiled kernels, weights, the caller's arrays.  Out: what the kernels wrote.  Addresses, symbol
 * values and the split over threads of all commands are worked out when the batch changes; a run with the same batch only
 * patches the caller's arrays in and calls.
 *
 * A command's work units are independent, so they are split into as many ranges as there are threads (fewer where the command is
 * small), and the results are the same bytes for any number of them. */
#include "compiler/exec.h"

#include "backends/be_tape.h"
#include "compiler/base/clock.h"
#include "compiler/base/rng.h"
#include "compiler/exec_pool.h"
#include "compiler/ir/elem.h"
#include "compiler/ir/weight.h"

#include <stdlib.h>

enum { SEGMENTS = SEG_CONST + 1 };
/* Work that is worth a thread's while: a microsecond or two of it. */
enum { PART_MACS = 128 << 10, PART_BYTES = 64 << 10 };
enum { MOVE_UNIT = 64 << 10 };          /* bytes that are one work unit of a copy or a fill */

struct step { void **base; i64 *sym; i64 units; u32 parts; };
struct exec {
    const struct plan *p;
    const struct be_kernel *kernel;
    struct exec_mem *mem; bool own_mem;
    char *seg[SEGMENTS];                /* IO and THREAD: NULL */
    const float **slab;                 /* by buffer: where a weight as given lies instead; NULL: in its segment */
    i64 batch, cap;                     /* of the addresses; of the SAMPLE block */
    void **io;                          /* by buffer: the caller's array, NULL otherwise */
    void **own; u64 *own_bytes;         /* by buffer: IO buffers for exec_command */
    u32 ncmd; struct step *cmd;         /* load, run, state */
    void *tables;                       /* what those point into */
    u32 threads; struct exec_pool *pool;
    char **scratch;                     /* [threads] */
    bool poison;
    u64 deadline; bool late;            /* of clock_thread, 0: none; it was over before the last run's end */
    u32 at;                             /* the command the pool is at work on */
};

static const struct plan_cmd *command(const struct plan *p, u32 k)
{
    return k < p->load.n ? &p->load.at[k] : k < p->load.n + p->run.n ? &p->run.at[k - p->load.n] : &p->state.at[k - p->load.n - p->run.n];
}

static u64 bytes_of(const struct exec *x, const struct plan_buf *b)
{
    return b->bytes * (b->batched ? (u64)x->batch : 1);
}

static char *address(const struct exec *x, const struct plan_arg *arg)
{
    const struct plan_buf *b = &x->p->buf.at[arg->buf];
    if (b->segment == SEG_IO)
        return x->io[arg->buf] ? (char *)x->io[arg->buf] + arg->offset : NULL;
    if (x->slab[arg->buf])
        return (char *)(uintptr_t)x->slab[arg->buf] + arg->offset;
    u64 scale = b->segment == SEG_SAMPLE ? (u64)x->batch : 1;
    return x->seg[b->segment] + (b->offset + arg->offset) * scale;
}

static char *block(struct exec *x, u64 bytes)
{
    char *p = exec_mem_take(x->mem, bytes);
    if (p && x->poison)
        memset(p, 0xff, bytes);
    return p;
}

/* The tables of all commands, in one piece. */
static bool tables(struct exec *x)
{
    u64 nbase = 0, nsym = 0;
    for (u32 k = 0; k < x->ncmd; k++) {
        nbase += command(x->p, k)->narg;
        nsym += command(x->p, k)->nsym;
    }
    void **base = x->tables = calloc(nbase + nsym + 1, MAX(sizeof *base, sizeof(i64)));
    if (!base)
        return false;
    i64 *sym = (i64 *)(base + nbase);
    for (u32 k = 0; k < x->ncmd; k++) {
        x->cmd[k].base = base;
        x->cmd[k].sym = sym;
        base += command(x->p, k)->narg;
        sym += command(x->p, k)->nsym;
    }
    return true;
}

struct exec *exec_new_in(const struct plan *p, const struct be_kernel *kernel, struct exec_mem *mem)
{
    struct exec *x = calloc(1, sizeof *x);
    if (!x)
        return NULL;
    x->p = p;
    x->kernel = kernel;
    x->own_mem = !mem;
    x->mem = mem ? mem : exec_mem_new();
    x->threads = 1;
    x->ncmd = p->load.n + p->run.n + p->state.n;
    x->io = calloc(p->buf.n + 1, sizeof *x->io);
    x->own = calloc(p->buf.n + 1, sizeof *x->own);
    x->own_bytes = calloc(p->buf.n + 1, sizeof *x->own_bytes);
    x->slab = calloc(p->buf.n + 1, sizeof *x->slab);
    x->cmd = calloc(x->ncmd + 1, sizeof *x->cmd);
    x->scratch = calloc(1, sizeof *x->scratch);
    bool ok = x->mem && x->io && x->own && x->own_bytes && x->slab && x->cmd && x->scratch && tables(x);
    ok = ok && (x->seg[SEG_WEIGHT] = block(x, p->weight_bytes)) && (x->seg[SEG_STATE] = block(x, p->state_bytes)) &&
         (x->seg[SEG_CONST] = block(x, p->const_bytes)) && (x->scratch[0] = block(x, p->thread_bytes));
    if (!ok) {
        exec_free(x);
        return NULL;
    }
    for (u32 i = 0; i < p->buf.n; i++)
        if (p->buf.at[i].segment == SEG_CONST)
            for (i64 k = 0; k < p->buf.at[i].lay.elems; k++)
                elem_set((enum dtype)p->buf.at[i].dtype, x->seg[SEG_CONST] + p->buf.at[i].offset, (u64)k, p->buf.at[i].value[k]);
    return x;
}

struct exec *exec_new(const struct plan *p, const struct be_kernel *kernel)
{
    return exec_new_in(p, kernel, NULL);
}

bool exec_threads(struct exec *x, u32 n, struct exec_pool *pool)
{
    CHECK(n >= 1 && (n == 1 || n <= exec_pool_size(pool)));
    u32 before = x->threads;
    if (n > x->threads) {
        char **more = realloc(x->scratch, n * sizeof *more);
        if (!more)
            return false;
        for (x->scratch = more; x->threads < n; x->threads++)
            if (!(more[x->threads] = block(x, x->p->thread_bytes))) {
                while (x->threads > before)     /* as it was: the pool, too */
                    exec_mem_give(x->mem, x->scratch[--x->threads]);
                return false;
            }
    }
    while (x->threads > n)
        exec_mem_give(x->mem, x->scratch[--x->threads]);
    x->pool = pool;
    x->batch = 0;                       /* split anew */
    return true;
}

void exec_poison(struct exec *x)
{
    x->poison = true;
    x->batch = 0;
    memset(x->seg[SEG_WEIGHT], 0xff, x->p->weight_bytes);
    memset(x->seg[SEG_STATE], 0xff, x->p->state_bytes);
    for (u32 i = 0; i < x->threads; i++)
        memset(x->scratch[i], 0xff, x->p->thread_bytes);
    if (x->seg[SEG_SAMPLE])
        memset(x->seg[SEG_SAMPLE], 0xff, x->p->sample_bytes * (u64)x->cap);
}

void exec_free(struct exec *x)
{
    if (!x)
        return;
    for (u32 i = 0; x->own && i < x->p->buf.n; i++)
        exec_mem_give(x->mem, x->own[i]);
    for (u32 s = 0; x->mem && s < SEGMENTS; s++)
        exec_mem_give(x->mem, x->seg[s]);
    for (u32 i = 0; x->mem && x->scratch && i < x->threads; i++)
        exec_mem_give(x->mem, x->scratch[i]);
    if (x->own_mem)
        exec_mem_free(x->mem);
    free(x->scratch);
    free(x->tables);
    free(x->cmd);
    free(x->slab);
    free(x->io);
    free(x->own);
    free(x->own_bytes);
    free(x);
}

/* Weights as given are in their segment again, if they were the slab's. */
static void leave_slab(struct exec *x)
{
    memset(x->slab, 0, x->p->buf.n * sizeof *x->slab);
    x->batch = 0;
}

void *exec_weight(struct exec *x, u32 i, u64 *bytes)
{
    const struct plan_buf *b = &x->p->buf.at[x->p->weight.at[i]];
    if (x->slab[x->p->weight.at[i]])
        leave_slab(x);
    *bytes = b->bytes;
    return x->seg[b->segment] + b->offset;
}

void exec_weights_seed(struct exec *x, u64 seed)
{
    enum { CHUNK = 4096 };
    float part[CHUNK];
    leave_slab(x);
    for (u32 i = 0; i < x->p->weight.n; i++) {
        const struct plan_buf *b = &x->p->buf.at[x->p->weight.at[i]];
        const struct ein_tens *t = &x->p->ein->tens.at[b->tens];
        char *to = x->seg[b->segment] + b->offset;
        for (u64 at = 0, n = (u64)b->lay.elems; at < n; at += CHUNK) {
            u64 m = MIN(n - at, (u64)CHUNK);
            if (b->dtype == DT_F32) {
                weight_fill(t, seed, at, m, (float *)to + at);
                continue;
            }
            weight_fill(t, seed, at, m, part);
            for (u64 k = 0; k < m; k++)
                elem_set((enum dtype)b->dtype, to, at + k, part[k]);
        }
    }
}

/* Scales and variances stay positive; what is summed up is the smaller the more of it there is. */
static enum slab_kind kind_of(const struct plan_buf *b, u64 n)
{
    u64 fan = b->lay.n > 1 && b->lay.dim[0].mod > 0 ? n / (u64)b->lay.dim[0].mod : 1;
    return b->segment == SEG_STATE || b->lay.n < 2 ? SLAB_NEAR_ONE : fan > 256 ? SLAB_FINE : SLAB_COARSE;
}

bool exec_weights_slab(struct exec *x)
{
    struct slab_walk walk = { 0 };
    leave_slab(x);
    for (u32 i = 0; i < x->p->weight.n; i++) {
        const struct plan_buf *b = &x->p->buf.at[x->p->weight.at[i]];
        u64 n = (u64)b->lay.elems;
        const float *v = exec_mem_slab(x->mem, &walk, kind_of(b, n), n);
        char *to = x->seg[b->segment] + b->offset;
        if (!v)
            return false;
        if (b->dtype == DT_F32 && b->segment == SEG_WEIGHT)
            x->slab[x->p->weight.at[i]] = v;
        else if (b->dtype == DT_F32)    /* a run in training writes it */
            memcpy(to, v, n * sizeof *v);
        else
            for (u64 k = 0; k < n; k++)
                elem_set((enum dtype)b->dtype, to, k, (double)v[k]);
    }
    return true;
}

/* How many threads share a command. */
static u32 parts_of(const struct exec *x, const struct plan_cmd *c, i64 units, i64 batch)
{
    u64 worth = MAX(c->macs / PART_MACS * (u64)batch + c->macs % PART_MACS * (u64)batch / PART_MACS,
                    c->bytes / PART_BYTES * (u64)batch + c->bytes % PART_BYTES * (u64)batch / PART_BYTES);
    u64 most = MIN((u64)MAX(units, 1), (u64)x->threads);
    return (u32)MAX(MIN(most, worth), 1);
}

/* Halos hold their value from here on: no command writes there. */
static void fill_halos(struct exec *x)
{
    for (u32 i = 0; i < x->p->buf.n; i++) {
        const struct plan_buf *b = &x->p->buf.at[i];
        if (!b->halo)
            continue;
        char *to = x->seg[SEG_SAMPLE] + b->offset * (u64)x->batch;
        u64 n = bytes_of(x, b);
        if (b->rest == 0)
            memset(to, 0, n);
        for (u64 k = 0; b->rest != 0 && k < n / dtype_bytes((enum dtype)b->dtype); k++)
            elem_set((enum dtype)b->dtype, to, k, b->rest);
    }
}

/* Addresses and splits of all commands for this batch; false: out of memory. */
static bool bind(struct exec *x, i64 batch)
{
    const struct plan *p = x->p;
    if (batch > x->cap) {
        u64 bytes;
        char *more = __builtin_mul_overflow(p->sample_bytes, (u64)batch, &bytes) ? NULL : block(x, bytes);
        if (!more)
            return false;
        exec_mem_give(x->mem, x->seg[SEG_SAMPLE]);
        x->seg[SEG_SAMPLE] = more;
        x->cap = batch;
        x->batch = 0;
    }
    if (x->batch == batch)
        return true;
    x->batch = batch;
    for (u32 k = 0; k < x->ncmd; k++) {
        const struct plan_cmd *c = command(p, k);
        struct step *s = &x->cmd[k];
        for (u32 i = 0; i < c->narg; i++)
            s->base[i] = address(x, &c->arg[i]);
        for (u32 i = 0; i < c->nsym; i++)
            s->sym[i] = c->sym[i].k * (c->sym[i].times_batch ? batch : 1);
        s->units = c->units.k * (c->units.times_batch ? batch : 1);
        if (c->kind == PC_COPY || c->kind == PC_FILL)
            s->units = (i64)((bytes_of(x, &p->buf.at[c->arg[0].buf]) + MOVE_UNIT - 1) / MOVE_UNIT);
        s->parts = parts_of(x, c, s->units, batch);
    }
    fill_halos(x);
    return true;
}

/* Work units [lo, hi) of a command. */
static void do_units(const struct exec *x, u32 k, i64 lo, i64 hi, char *scratch)
{
    const struct plan *p = x->p;
    const struct plan_cmd *c = command(p, k);
    void **base = x->cmd[k].base;
    struct kernel_args args = { .base = base, .sym = x->cmd[k].sym };
    if (c->kind == PC_KERNEL) {
        be_call(&x->kernel[c->kernel], &args, lo, hi, scratch);
        return;
    }
    if (c->kind == PC_TAPE) {
        be_tape_run(p->tape.at[c->kernel], base, x->batch, lo, hi, scratch);
        return;
    }
    if (c->kind == PC_ONCE) {
        be_ref_run(p->once.at[c->kernel].fn, &args, lo, hi, scratch);
        return;
    }
    const struct plan_buf *to = &p->buf.at[c->arg[0].buf];
    u64 at = (u64)lo * MOVE_UNIT, n = MIN(bytes_of(x, to), (u64)hi * MOVE_UNIT) - at;
    char *dst = (char *)base[0] + at;
    if (c->kind == PC_COPY)
        memcpy(dst, (const char *)base[1] + at, n);
    else if (c->fill == 0)
        memset(dst, 0, n);
    else
        for (u64 i = 0; i < n / dtype_bytes((enum dtype)to->dtype); i++)
            elem_set((enum dtype)to->dtype, dst, i, c->fill);
}

/* One range of the command under way. */
static void do_part(void *ctx, u32 part)
{
    const struct exec *x = ctx;
    const struct step *s = &x->cmd[x->at];
    u64 each = (u64)s->units / s->parts, more = (u64)s->units % s->parts;
    u64 lo = part * each + MIN(part, more), hi = lo + each + (part < more);
    do_units(x, x->at, (i64)lo, (i64)hi, x->scratch[part]);
}

static void do_command(struct exec *x, u32 k)
{
    if (x->cmd[k].parts == 1) {
        do_units(x, k, 0, x->cmd[k].units, x->scratch[0]);
        return;
    }
    x->at = k;
    exec_pool_run(x->pool, x->cmd[k].parts, do_part, x);
}

bool exec_load(struct exec *x)
{
    if (!bind(x, MAX(x->batch, 1)))
        return false;
    for (u32 k = 0; k < x->p->load.n; k++)
        do_command(x, k);
    return true;
}

/* The caller's arrays into the tables of the commands that use them. */
static void patch(struct exec *x)
{
    const struct plan *p = x->p;
    for (u32 k = p->load.n; k < x->ncmd; k++) {
        const struct plan_cmd *c = command(p, k);
        for (u32 i = 0; i < c->narg; i++)
            if (p->buf.at[c->arg[i].buf].segment == SEG_IO)
                x->cmd[k].base[i] = address(x, &c->arg[i]);
    }
}

/* The caller's arrays and the batch; false: out of memory. */
static bool prepare(struct exec *x, i64 batch, const void *const *in, void *const *out)
{
    const struct plan *p = x->p;
    bool same = x->batch == batch;
    for (u32 i = 0; i < p->nin; i++) {
        same &= x->io[p->in[i]] == in[i];
        x->io[p->in[i]] = (void *)(uintptr_t)in[i];
    }
    for (u32 i = 0; i < p->nout; i++) {
        same &= x->io[p->out[i]] == out[i];
        x->io[p->out[i]] = out[i];
    }
    if (!bind(x, batch)) {
        x->batch = 0;                   /* the commands' tables have other arrays than x->io */
        return false;
    }
    if (!same)
        patch(x);
    return true;
}

bool exec_run(struct exec *x, i64 batch, const void *const *in, void *const *out)
{
    const struct plan *p = x->p;
    if (!prepare(x, batch, in, out))
        return false;
    u32 last = p->training ? x->ncmd : p->load.n + p->run.n;
    for (u32 k = p->load.n; k < last; k++) {
        do_command(x, k);
        if (x->deadline && clock_thread() > x->deadline) {
            x->late = true;
            break;
        }
    }
    return true;
}

void exec_deadline(struct exec *x, u64 ns)
{
    x->deadline = ns ? clock_thread() + ns : 0;
    x->late = false;
}

bool exec_late(const struct exec *x)
{
    return x->late;
}

bool exec_walk(struct exec *x, i64 batch, const void *const *in, void *const *out, double *ns)
{
    const struct plan *p = x->p;
    if (!prepare(x, batch, in, out))
        return false;
    u64 t = clock_now();
    for (u32 k = 0; k < p->run.n; k++) {
        do_command(x, p->load.n + k);
        u64 end = clock_now();
        ns[k] = MIN(ns[k], (double)(end - t));
        t = end;
    }
    for (u32 k = p->load.n + p->run.n; p->training && k < x->ncmd; k++)
        do_command(x, k);
    return true;
}

struct exec_mem *exec_memory(struct exec *x)
{
    return x->mem;
}

void *exec_buffer(struct exec *x, u32 buf)
{
    const struct plan_buf *b = &x->p->buf.at[buf];
    if (b->segment == SEG_IO && x->batch) {             /* never the caller's, which may be gone */
        if (x->own_bytes[buf] < bytes_of(x, b)) {
            exec_mem_give(x->mem, x->own[buf]);
            x->own[buf] = block(x, bytes_of(x, b));
            x->own_bytes[buf] = x->own[buf] ? bytes_of(x, b) : 0;
        }
        x->io[buf] = x->own[buf];
    }
    if (!x->batch && (b->segment == SEG_IO || b->segment == SEG_SAMPLE))
        return NULL;
    if (b->segment == SEG_IO && !x->io[buf])
        return NULL;
    return address(x, &(struct plan_arg){ .buf = buf });
}

void exec_command(struct exec *x, i64 batch, u32 k)
{
    const struct plan *p = x->p;
    CHECK(k < p->run.n && bind(x, batch));
    for (u32 i = 0; i < p->run.at[k].narg; i++)
        CHECK(exec_buffer(x, p->run.at[k].arg[i].buf));
    patch(x);
    do_command(x, p->load.n + k);
}
