/* exec.c - walking a plan: one block of memory per segment, a table of addresses per command.
 *
 * In: a plan, its compiled kernels, weights, the caller's arrays.  Out: what the kernels wrote.  Addresses and symbol
 * values of all commands are worked out when the batch changes; a run with the same batch only patches the caller's
 * arrays in and calls. */
#include "compiler/exec.h"

#include "compiler/base/mem.h"
#include "compiler/base/rng.h"
#include "compiler/ir/elem.h"
#include "compiler/ir/weight.h"

#include <stdlib.h>

enum { SEGMENTS = SEG_CONST + 1, ALIGN = 64 };

struct exec {
    const struct plan *p;
    const struct be_kernel *kernel;
    char *seg[SEGMENTS];                /* IO: NULL */
    i64 batch, cap;                     /* of the addresses; of the SAMPLE block */
    void **io;                          /* by buffer: the caller's array, NULL otherwise */
    void **own; u64 *own_bytes;         /* by buffer: IO buffers for exec_command */
    u32 ncmd;
    struct { void **base; i64 *sym; i64 units; } *cmd;      /* load, run, state */
};

static void *block(u64 bytes)
{
    u64 n = (bytes + ALIGN - 1) / ALIGN * ALIGN + ALIGN;
    void *p = n < bytes || !mem_fits(n) ? NULL : aligned_alloc(ALIGN, n);
    if (p)
        memset(p, 0, n);
    return p;
}

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
    u64 scale = b->segment == SEG_SAMPLE ? (u64)x->batch : 1;
    return x->seg[b->segment] + (b->offset + arg->offset) * scale;
}

struct exec *exec_new(const struct plan *p, const struct be_kernel *kernel)
{
    struct exec *x = calloc(1, sizeof *x);
    if (!x)
        return NULL;
    x->p = p;
    x->kernel = kernel;
    x->seg[SEG_WEIGHT] = block(p->weight_bytes);
    x->seg[SEG_STATE] = block(p->state_bytes);
    x->seg[SEG_THREAD] = block(p->thread_bytes);
    x->seg[SEG_CONST] = block(p->const_bytes);
    x->io = calloc(p->buf.n + 1, sizeof *x->io);
    x->own = calloc(p->buf.n + 1, sizeof *x->own);
    x->own_bytes = calloc(p->buf.n + 1, sizeof *x->own_bytes);
    x->ncmd = p->load.n + p->run.n + p->state.n;
    x->cmd = calloc(x->ncmd + 1, sizeof *x->cmd);
    bool ok = x->seg[SEG_WEIGHT] && x->seg[SEG_STATE] && x->seg[SEG_THREAD] && x->seg[SEG_CONST] && x->io && x->own && x->own_bytes && x->cmd;
    for (u32 k = 0; ok && k < x->ncmd; k++) {
        const struct plan_cmd *c = command(p, k);
        x->cmd[k].base = calloc(c->narg + 1, sizeof *x->cmd[k].base);
        x->cmd[k].sym = calloc(c->nsym + 1, sizeof *x->cmd[k].sym);
        ok = x->cmd[k].base && x->cmd[k].sym;
    }
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

void exec_free(struct exec *x)
{
    if (!x)
        return;
    for (u32 k = 0; x->cmd && k < x->ncmd; k++) {
        free(x->cmd[k].base);
        free(x->cmd[k].sym);
    }
    for (u32 i = 0; x->own && i < x->p->buf.n; i++)
        free(x->own[i]);
    for (u32 s = 0; s < SEGMENTS; s++)
        free(x->seg[s]);
    free(x->cmd);
    free(x->io);
    free(x->own);
    free(x->own_bytes);
    free(x);
}

void *exec_weight(struct exec *x, u32 i, u64 *bytes)
{
    const struct plan_buf *b = &x->p->buf.at[x->p->weight.at[i]];
    *bytes = b->bytes;
    return x->seg[b->segment] + b->offset;
}

void exec_weights_seed(struct exec *x, u64 seed)
{
    enum { CHUNK = 4096 };
    float part[CHUNK];
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

/* Small numbers of both signs that no activation can overflow with: magnitudes up to 1 / sqrt(fan) by the tensor's row. */
void exec_weights_slab(struct exec *x)
{
    u64 state = 0x9e3779b97f4a7c15u;
    for (u32 i = 0; i < x->p->weight.n; i++) {
        const struct plan_buf *b = &x->p->buf.at[x->p->weight.at[i]];
        char *to = x->seg[b->segment] + b->offset;
        u64 n = (u64)b->lay.elems, fan = b->lay.n > 1 && b->lay.dim[0].mod > 0 ? n / (u64)b->lay.dim[0].mod : 1;
        float scale = 1;
        while ((float)fan * scale * scale > 1)
            scale *= 0.5f;
        for (u64 k = 0; k < n; k++) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            float v = (float)(i32)(state >> 32) * 0x1p-31f;
            v = b->segment == SEG_STATE || b->lay.n < 2 ? 0.75f + 0.25f * v : v * scale;     /* scales and variances stay positive */
            if (b->dtype == DT_F32)
                ((float *)to)[k] = v;
            else
                elem_set((enum dtype)b->dtype, to, k, v);
        }
    }
}

/* Addresses of all commands for this batch; false: out of memory. */
static bool bind(struct exec *x, i64 batch)
{
    const struct plan *p = x->p;
    if (batch > x->cap) {
        u64 bytes;
        char *more = __builtin_mul_overflow(p->sample_bytes, (u64)batch, &bytes) ? NULL : block(bytes);
        if (!more)
            return false;
        free(x->seg[SEG_SAMPLE]);
        x->seg[SEG_SAMPLE] = more;
        x->cap = batch;
        x->batch = 0;
    }
    if (x->batch == batch)
        return true;
    x->batch = batch;
    for (u32 k = 0; k < x->ncmd; k++) {
        const struct plan_cmd *c = command(p, k);
        for (u32 i = 0; i < c->narg; i++)
            x->cmd[k].base[i] = address(x, &c->arg[i]);
        for (u32 i = 0; i < c->nsym; i++)
            x->cmd[k].sym[i] = c->sym[i].k * (c->sym[i].times_batch ? batch : 1);
        x->cmd[k].units = c->units.k * (c->units.times_batch ? batch : 1);
    }
    return true;
}

static void do_command(struct exec *x, u32 k)
{
    const struct plan *p = x->p;
    const struct plan_cmd *c = command(p, k);
    void **base = x->cmd[k].base;
    if (c->kind == PC_KERNEL) {
        struct kernel_args args = { .base = base, .sym = x->cmd[k].sym };
        be_call(&x->kernel[c->kernel], &args, 0, x->cmd[k].units, x->seg[SEG_THREAD]);
        return;
    }
    if (c->kind == PC_ONCE) {
        struct kernel_args args = { .base = base, .sym = x->cmd[k].sym };
        be_ref_run(p->once.at[c->kernel].fn, &args, 0, x->cmd[k].units, x->seg[SEG_THREAD]);
        return;
    }
    const struct plan_buf *to = &p->buf.at[c->arg[0].buf];
    u64 n = bytes_of(x, to);
    if (c->kind == PC_COPY)
        memcpy(base[0], base[1], n);
    else if (c->fill == 0)
        memset(base[0], 0, n);
    else
        for (u64 i = 0; i < n / dtype_bytes((enum dtype)to->dtype); i++)
            elem_set((enum dtype)to->dtype, base[0], i, c->fill);
}

void exec_load(struct exec *x)
{
    CHECK(bind(x, MAX(x->batch, 1)));
    for (u32 k = 0; k < x->p->load.n; k++)
        do_command(x, k);
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

bool exec_run(struct exec *x, i64 batch, const void *const *in, void *const *out)
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
    if (!bind(x, batch))
        return false;
    if (!same)
        patch(x);
    u32 last = p->training ? x->ncmd : p->load.n + p->run.n;
    for (u32 k = p->load.n; k < last; k++)
        do_command(x, k);
    return true;
}

void *exec_buffer(struct exec *x, u32 buf)
{
    const struct plan_buf *b = &x->p->buf.at[buf];
    if (b->segment == SEG_IO && x->batch) {             /* never the caller's, which may be gone */
        if (x->own_bytes[buf] < bytes_of(x, b)) {
            free(x->own[buf]);
            x->own[buf] = block(bytes_of(x, b));
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
