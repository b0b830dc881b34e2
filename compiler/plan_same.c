/* plan_same.c - see plan_same.h: everything of a plan but names, provenance and tensor numbers, hashed in order.
 *
 * Kernels go in by key, so plans that number them differently are still the same. */
#include "compiler/plan_same.h"

#include "compiler/base/buf.h"

static void word(struct buf *b, u64 v)
{
    buf_put(b, (const char *)&v, sizeof v);
}

static void key(struct buf *b, struct hash128 k)
{
    word(b, k.hi);
    word(b, k.lo);
}

static void put_buffer(struct buf *b, const struct plan_buf *f)
{
    word(b, (u64)f->segment | (u64)f->dtype << 8 | (u64)f->batched << 16 | (u64)f->lay.n << 32);
    word(b, f->bytes);
    word(b, f->offset);
    word(b, (u64)f->lay.elems);
    word(b, (u64)f->lay.halo);
    word(b, (u64)f->lay.slack);
    for (u32 d = 0; d < f->lay.n; d++) {
        const struct lay_dim *l = &f->lay.dim[d];
        const i64 of[] = {l->dim, l->div, l->mod, l->pad, l->stride};
        buf_put(b, (const char *)of, sizeof of);
        if (f->halo)
            buf_put(b, (const char *)&f->inner[2 * d], 2 * sizeof *f->inner);
    }
    word(b, f->halo);
    buf_put(b, (const char *)&f->rest, sizeof f->rest);
    if (f->value)
        buf_put(b, (const char *)f->value, (size_t)f->lay.elems * sizeof *f->value);
}

static bool put_command(struct buf *b, const struct plan *p, const struct plan_cmd *c)
{
    if (c->kind == PC_KERNEL)
        key(b, p->kernel.at[c->kernel].key);
    else if (c->kind == PC_ONCE)
        key(b, p->once.at[c->kernel].key);
    else if (c->kind == PC_TAPE)
        tape_dump(b, p->tape.at[c->kernel]);    /* with its names: tapes that are called differently are taken for different */
    else if (c->kind != PC_COPY && c->kind != PC_FILL)
        return false;
    word(b, (u64)c->kind | (u64)c->narg << 8 | (u64)c->nsym << 40);
    for (u32 i = 0; i < c->narg; i++) {
        word(b, c->arg[i].buf);
        word(b, c->arg[i].offset);
    }
    for (u32 i = 0; i < c->nsym; i++)
        word(b, (u64)c->sym[i].k << 1 | c->sym[i].times_batch);
    word(b, (u64)c->units.k << 1 | c->units.times_batch);
    buf_put(b, (const char *)&c->fill, sizeof c->fill);
    word(b, c->macs);           /* and bytes: they decide how a launch is shared by threads */
    word(b, c->bytes);
    return true;
}

bool plan_identity(const struct plan *p, struct hash128 *out)
{
    struct buf b = {0};
    bool ok = true;
    const u64 head[] = {p->training, p->buf.n, p->load.n, p->run.n, p->state.n, p->weight.n, p->nin, p->nout,
                        p->weight_bytes, p->state_bytes, p->sample_bytes, p->thread_bytes, p->const_bytes};
    buf_put(&b, (const char *)head, sizeof head);
    for (u32 i = 0; i < p->buf.n; i++)
        put_buffer(&b, &p->buf.at[i]);
    for (u32 i = 0; i < p->load.n; i++)
        ok &= put_command(&b, p, &p->load.at[i]);
    for (u32 i = 0; i < p->run.n; i++)
        ok &= put_command(&b, p, &p->run.at[i]);
    for (u32 i = 0; i < p->state.n; i++)
        ok &= put_command(&b, p, &p->state.at[i]);
    for (u32 i = 0; i < p->weight.n; i++)
        word(&b, p->weight.at[i]);
    for (u32 i = 0; i < p->nin; i++)
        word(&b, p->in[i]);
    for (u32 i = 0; i < p->nout; i++)
        word(&b, p->out[i]);
    *out = hash128(b.at, b.n);
    buf_free(&b);
    return ok;
}
