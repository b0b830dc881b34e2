/* plan.c - is this plan one?  And what it needs at its peak.
 *
 * In: a plan, built or read.  Out: true, or false and why, naming the command or buffer.  What commands touch
 * inside their buffers is the kernels' matter (be_ref checks it); here their arguments, sizes and lives are. */
#include "compiler/ir/plan.h"

const char *const plan_segment_word[] = { "weight", "state", "io", "sample", "thread", "const" };

struct check { const struct plan *p; struct buf *why; };

static bool no(struct check *c, const char *section, u32 k, const char *text)
{
    if (c->why)
        buf_printf(c->why, "%s %u: %s", section, k, text);
    return false;
}

static u64 segment_bytes(const struct plan *p, u8 segment)
{
    const u64 of[] = { p->weight_bytes, p->state_bytes, UINT64_MAX, p->sample_bytes, p->thread_bytes, p->const_bytes };
    return of[segment];
}

/* Buffers of one halo class are alike in everything that says where the halo is. */
static bool halo_ok(const struct plan *p, u32 i)
{
    const struct plan_buf *b = &p->buf.at[i];
    if (b->segment != SEG_SAMPLE)
        return false;
    for (u32 d = 0; d < b->lay.n; d++)
        if (b->inner[2 * d] < 0 || b->inner[2 * d] > b->inner[2 * d + 1] || b->inner[2 * d + 1] > b->lay.dim[d].mod)
            return false;
    for (u32 j = 0; j < i; j++) {
        const struct plan_buf *o = &p->buf.at[j];
        if (o->halo != b->halo)
            continue;
        bool same = o->lay.n == b->lay.n && o->dtype == b->dtype && o->batched == b->batched && o->bytes == b->bytes && o->rest == b->rest;
        for (u32 d = 0; same && d < b->lay.n; d++)
            same = o->lay.dim[d].mod == b->lay.dim[d].mod && o->inner[2 * d] == b->inner[2 * d] && o->inner[2 * d + 1] == b->inner[2 * d + 1];
        return same;
    }
    return true;
}

/* Do the equations of a command leave the halo of what they write alone?  (A plan that was read has no equations.) */
static bool keeps_halo(const struct plan *p, const struct plan_cmd *cmd, const struct plan_buf *b)
{
    const struct cascade *c = p->ein;
    for (u32 i = 0; c && i < c->eq.n; i++) {
        const struct ein_eq *e = &c->eq.at[i];
        for (u32 k = 0; e->group == cmd->group && k < e->nout; k++)
            for (u32 d = 0; e->out[k] == b->tens && d < e->nsub; d++) {
                i64 lo, hi;
                if (c->tens.at[b->tens].dim[d] > 0 &&
                    (!ein_range(c, e->sub[d], e->nrank, e->rank, &lo, &hi) || lo < b->inner[2 * d] || hi >= b->inner[2 * d + 1]))
                    return false;
            }
    }
    return true;
}

static bool check_bufs(struct check *c)
{
    const struct plan *p = c->p;
    for (u32 i = 0; i < p->buf.n; i++) {
        const struct plan_buf *b = &p->buf.at[i];
        if (b->segment > SEG_CONST || b->dtype >= DTYPES)
            return no(c, "buffer", i, "no such segment or dtype");
        if (b->bytes != (u64)b->lay.elems * dtype_bytes((enum dtype)b->dtype))
            return no(c, "buffer", i, "its bytes are not its layout's");
        if (b->batched && b->segment != SEG_IO && b->segment != SEG_SAMPLE)
            return no(c, "buffer", i, "the batch only scales inputs, outputs and activations");
        if (b->segment != SEG_IO && (b->offset % 64 || b->offset > segment_bytes(p, b->segment) || b->bytes > segment_bytes(p, b->segment) - b->offset))
            return no(c, "buffer", i, "it does not lie within its segment, 64-aligned");
        if (b->halo && !halo_ok(p, i))
            return no(c, "buffer", i, "its halo is not that of its class");
        if (b->segment == SEG_CONST && !b->value)
            return no(c, "buffer", i, "a constant has no value");
        if (b->segment == SEG_IO || !b->bytes)
            continue;
        for (u32 j = 0; j < i; j++) {
            const struct plan_buf *o = &p->buf.at[j];
            bool both = o->segment == b->segment && (b->segment != SEG_SAMPLE || (o->first <= b->last && b->first <= o->last));
            if (b->segment == SEG_SAMPLE && (o->halo || b->halo))
                both |= o->halo != b->halo || o->offset != b->offset;
            if (both && o->segment == b->segment && o->offset < b->offset + b->bytes && b->offset < o->offset + o->bytes)
                return no(c, "buffer", i, "it overlaps another that lives at the same time");
        }
    }
    return true;
}

static bool check_tape(struct check *c, const char *section, u32 k, const struct plan_cmd *cmd, bool *defined)
{
    const struct plan *p = c->p;
    if (cmd->kernel >= p->tape.n)
        return no(c, section, k, "there is no such tape");
    const struct tape *t = p->tape.at[cmd->kernel];
    if (cmd->narg != t->buf.n || cmd->nsym)
        return no(c, section, k, "it gives its tape another number of buffers");
    for (u32 i = 0; i < t->buf.n; i++) {
        const struct plan_buf *b = &p->buf.at[cmd->arg[i].buf];
        if (b->dtype != t->buf.at[i].dtype)
            return no(c, section, k, "a buffer has another dtype than the tape's");
        if (!t->buf.at[i].out && !defined[cmd->arg[i].buf])
            return no(c, section, k, "it reads a buffer before anything is there");
        for (u32 j = 0; j < i; j++)
            if (cmd->arg[j].buf == cmd->arg[i].buf && (t->buf.at[i].out || t->buf.at[j].out))
                return no(c, section, k, "a buffer it writes is two of its arguments");
        if (t->buf.at[i].out && (b->segment == SEG_CONST || b->segment == SEG_STATE))
            return no(c, section, k, "a tape writes constants or states");
    }
    for (u32 i = 0; i < t->buf.n; i++)
        if (t->buf.at[i].out)
            defined[cmd->arg[i].buf] = true;
    if (t->scratch_bytes > p->thread_bytes)
        return no(c, section, k, "its tape needs more scratch than there is");
    return true;
}

static bool check_cmd(struct check *c, const char *section, u32 k, const struct plan_cmd *cmd, u32 time, bool *defined)
{
    const struct plan *p = c->p;
    for (u32 i = 0; i < cmd->narg; i++) {
        if (cmd->arg[i].buf >= p->buf.n)
            return no(c, section, k, "there is no such buffer");
        const struct plan_buf *b = &p->buf.at[cmd->arg[i].buf];
        if (cmd->arg[i].offset > b->bytes)
            return no(c, section, k, "an argument starts behind its buffer");
        if (b->segment == SEG_SAMPLE && (time < b->first || time > b->last))
            return no(c, section, k, "it uses a buffer outside of its life");
    }
    if ((cmd->kind == PC_FILL || cmd->kind == PC_COPY) && cmd->narg && p->buf.at[cmd->arg[0].buf].halo)
        return no(c, section, k, "a fill or a copy goes over a halo");
    if (cmd->kind == PC_FILL) {
        if (cmd->narg != 1)
            return no(c, section, k, "a fill has one buffer");
        defined[cmd->arg[0].buf] = true;
        return true;
    }
    if (cmd->kind == PC_COPY) {
        if (cmd->narg != 2 || p->buf.at[cmd->arg[0].buf].bytes != p->buf.at[cmd->arg[1].buf].bytes ||
            p->buf.at[cmd->arg[0].buf].batched != p->buf.at[cmd->arg[1].buf].batched)
            return no(c, section, k, "a copy is between two buffers of one size");
        if (!defined[cmd->arg[1].buf])
            return no(c, section, k, "it reads a buffer before anything is there");
        defined[cmd->arg[0].buf] = true;
        return true;
    }
    if (cmd->kind == PC_TAPE)
        return check_tape(c, section, k, cmd, defined);
    bool once = cmd->kind == PC_ONCE;
    if ((cmd->kind != PC_KERNEL && !once) || cmd->kernel >= (once ? p->once.n : p->kernel.n))
        return no(c, section, k, "there is no such command or kernel");
    if (once && time >= p->load.n)
        return no(c, section, k, "only the load section is interpreted");
    const struct loop_fn *f = once ? p->once.at[cmd->kernel].fn : p->kernel.at[cmd->kernel].fn;
    u32 n = 0;
    for (u32 i = 0; i < f->buf.n; i++)
        n += f->buf.at[i].kind != LB_SCRATCH;
    if (cmd->narg != n || cmd->nsym != f->nsym || f->ntab || f->nuk)
        return no(c, section, k, "it gives its kernel another number of buffers or symbols");
    for (u32 i = 0; i < f->buf.n; i++) {
        if (f->buf.at[i].kind == LB_SCRATCH)
            continue;
        const struct plan_buf *b = &p->buf.at[cmd->arg[i].buf];
        if (b->dtype != f->buf.at[i].dtype)
            return no(c, section, k, "a buffer has another dtype than the kernel's");
        if (f->buf.at[i].kind != LB_IN && b->halo && !keeps_halo(p, cmd, b))
            return no(c, section, k, "it writes a halo");
        if (f->buf.at[i].kind == LB_IN && !defined[cmd->arg[i].buf])
            return no(c, section, k, "it reads a buffer before anything is there");
        for (u32 j = 0; j < i; j++)
            if (cmd->arg[j].buf == cmd->arg[i].buf && (f->buf.at[i].kind != LB_IN || f->buf.at[j].kind != LB_IN))
                return no(c, section, k, "a buffer it writes is two of its arguments");
        if (f->buf.at[i].kind != LB_IN && (b->segment == SEG_CONST || b->segment == SEG_STATE))
            return no(c, section, k, "a kernel writes constants or states");
    }
    for (u32 i = 0; i < f->buf.n; i++)
        if (f->buf.at[i].kind == LB_OUT || f->buf.at[i].kind == LB_INOUT)
            defined[cmd->arg[i].buf] = true;
    if (f->scratch_bytes > (i64)p->thread_bytes)
        return no(c, section, k, "its kernel needs more scratch than there is");
    return true;
}

bool plan_verify(const struct plan *p, struct buf *why)
{
    struct check c = { p, why };
    if (!check_bufs(&c))
        return false;
    bool *defined = NEW_ARRAY(p->a, bool, p->buf.n + 1);
    for (u32 i = 0; i < p->buf.n; i++)
        defined[i] = p->buf.at[i].segment == SEG_CONST;
    for (u32 i = 0; i < p->nin; i++) {
        if (p->in[i] >= p->buf.n || p->buf.at[p->in[i]].segment != SEG_IO)
            return no(&c, "input", i, "it is no buffer of the caller's");
        defined[p->in[i]] = true;
    }
    for (u32 i = 0; i < p->weight.n; i++) {
        u32 b = p->weight.at[i];
        if (b >= p->buf.n || (p->buf.at[b].segment != SEG_WEIGHT && p->buf.at[b].segment != SEG_STATE))
            return no(&c, "weight", i, "it is no buffer of weights or states");
        defined[b] = true;
    }
    for (u32 i = 0; i < p->kernel.n; i++)
        if (!loop_verify(p->kernel.at[i].fn, why))
            return false;
    for (u32 i = 0; i < p->once.n; i++)
        if (!loop_verify(p->once.at[i].fn, why))
            return false;
    for (u32 i = 0; i < p->load.n; i++)
        if (!check_cmd(&c, "load", i, &p->load.at[i], i, defined))
            return false;
    for (u32 i = 0; i < p->run.n; i++)
        if (!check_cmd(&c, "run", i, &p->run.at[i], p->load.n + i, defined))
            return false;
    for (u32 i = 0; i < p->state.n; i++)
        if (!check_cmd(&c, "state", i, &p->state.at[i], p->load.n + p->run.n + i, defined))
            return false;
    for (u32 i = 0; i < p->nout; i++) {
        if (p->out[i] >= p->buf.n || p->buf.at[p->out[i]].segment != SEG_IO)
            return no(&c, "output", i, "it is no buffer of the caller's");
        if (!defined[p->out[i]])
            return no(&c, "output", i, "nothing writes it");
    }
    return true;
}

u64 plan_peak_bytes(const struct plan *p, i64 batch)
{
    u64 sum = p->weight_bytes + p->state_bytes + p->const_bytes + p->thread_bytes + p->sample_bytes * (u64)batch;
    for (u32 i = 0; i < p->buf.n; i++)
        if (p->buf.at[i].segment == SEG_IO)
            sum += p->buf.at[i].bytes * (p->buf.at[i].batched ? (u64)batch : 1);
    return sum;
}

const char *plan_cmd_name(const struct plan *p, const struct plan_cmd *c)
{
    switch (c->kind) {
    case PC_KERNEL: return p->kernel.at[c->kernel].name;
    case PC_ONCE: return p->once.at[c->kernel].name;
    case PC_TAPE: return p->tape.at[c->kernel]->name;
    case PC_COPY: return "copy";
    default: return "fill";
    }
}
