/* unit_build.c - see unit_build.h.  Where everything lies:
 *
 *     weights   parameters and states as given, one after the other, 64-aligned: the caller's
 *     packed    what the run section reads of parameters, states and what load makes of them | what only load uses | its kernels' scratch
 *     arena     activations, as the plan has placed them, times batch | scratch of each worker
 *     data      the plan's constants
 *
 * load copies weights that the run section reads as they are, then does the plan's load section.  forward fills the halos, each place once, then does
 * the run section. */
#include "compiler/unit_build.h"

#include "compiler/base/arena.h"
#include "compiler/ir/elem.h"
#include "passes/pass.h"

#include <string.h>

/* Work that is worth sharing.  Below it, what another processor's cache must hand over takes longer than the half that is saved. */
enum { SHARE_MACS = 512 << 10, SHARE_BYTES = 1 << 20 };
enum { ALIGN = 64 };

struct maker {
    struct unit *u;
    const struct mach *m;
    const struct backend *be;
    bool checked;
    struct idmap seen;                  /* kernels by key */
    VEC(struct hash128) key;
    /* of the model under way */
    const struct plan *p;
    u32 *given, *data;                  /* by buffer: 1 + number among the weights; 1 + data */
    u64 *weight_at, *packed_at;         /* by weight; by buffer */
    bool *run_reads;
    u32 *io;                            /* by buffer: which of the inputs or outputs */
    u64 scratch;                        /* of the function under way: bytes */
    VEC(struct unit_step) step;
};

static u64 up(u64 x)
{
    return (x + ALIGN - 1) & ~(u64)(ALIGN - 1);
}

u64 unit_weights(const struct plan *p, u64 *offset)
{
    u64 at = 0;
    for (u32 i = 0; i < p->weight.n; i++) {
        if (offset)
            offset[i] = at;
        at += up(p->buf.at[p->weight.at[i]].bytes);
    }
    return at;
}

/* ---- kernels and constants ---- */

/* A name as assemblers take it. */
static const char *plain(struct arena *a, const char *name)
{
    char *s = arena_strdup(a, name ? name : "");
    for (char *c = s; *c; c++)
        if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9')))
            *c = '_';
    return s;
}

static u32 kernel(struct maker *k, const struct plan_kernel *from)
{
    struct unit *u = k->u;
    u32 at = idmap_home(&k->seen, from->key.lo), id;
    while ((id = idmap_find(&k->seen, from->key.lo, &at)))
        if (k->key.at[id - 1].hi == from->key.hi)
            return id - 1;
    struct loop_fn *f = loop_copy(u->a, from->fn);
    CHECK(!f->nuk && !f->ntab);
    loop_legalize(f, k->m, k->be->can);
    struct buf why = {0};
    if (k->checked && !loop_verify(f, &why))
        BUG("kernel %s does not verify: %s", from->name, why.at);
    buf_free(&why);
    struct unit_kernel to = {arena_printf(u->a, "k%u_%s", u->kernel.n, plain(u->a, from->name)), f};
    vec_push(u->a, &u->kernel, to);
    vec_push(u->a, &k->key, from->key);
    idmap_put(u->a, &k->seen, from->key.lo, u->kernel.n);
    return u->kernel.n - 1;
}

static u32 constant(struct maker *k, u32 buf)
{
    struct unit *u = k->u;
    const struct plan_buf *b = &k->p->buf.at[buf];
    if (k->data[buf])
        return k->data[buf] - 1;
    u8 *at = arena_alloc(u->a, b->bytes + 1);
    for (i64 i = 0; i < b->lay.elems; i++)
        elem_set((enum dtype)b->dtype, at, (u64)i, b->value[i]);
    struct unit_data d = {.name = arena_printf(u->a, "c%u", u->data.n), .align = ALIGN, .bytes = b->bytes, .at = at};
    vec_push(u->a, &u->data, d);
    k->data[buf] = u->data.n;
    return u->data.n - 1;
}

/* ---- places ---- */

/* The parts of `packed`: what the run section reads first.  Returns the bytes. */
static u64 place_packed(struct maker *k)
{
    const struct plan *p = k->p;
    u64 at = 0;
    for (u32 i = 0; i < p->run.n; i++)
        for (u32 j = 0; j < p->run.at[i].narg; j++)
            k->run_reads[p->run.at[i].arg[j].buf] = true;
    for (u32 round = 0; round < 2; round++)
        for (u32 i = 0; i < p->buf.n; i++) {
            const struct plan_buf *b = &p->buf.at[i];
            if ((b->segment != SEG_WEIGHT && b->segment != SEG_STATE) || k->run_reads[i] == round || (round && k->given[i]))
                continue;
            k->packed_at[i] = at;
            at += up(b->bytes);
        }
    return at;
}

static struct unit_place place(struct maker *k, const struct plan_arg *arg, bool load)
{
    const struct plan_buf *b = &k->p->buf.at[arg->buf];
    switch ((enum plan_segment)b->segment) {
    case SEG_WEIGHT: case SEG_STATE:
        if (load && k->given[arg->buf])
            return (struct unit_place){.area = UA_WEIGHTS, .offset = k->weight_at[k->given[arg->buf] - 1] + arg->offset};
        return (struct unit_place){.area = UA_PACKED, .offset = k->packed_at[arg->buf] + arg->offset};
    case SEG_IO:
        CHECK(!load);
        return (struct unit_place){.area = b->tens < k->p->ein->tens.n && k->p->ein->tens.at[b->tens].role == EIN_IN ? UA_INPUT : UA_OUTPUT,
                                   .slot = k->io[arg->buf], .offset = arg->offset};
    case SEG_SAMPLE:
        CHECK(!load);
        return (struct unit_place){.area = UA_ARENA, .per_sample = b->offset + arg->offset};
    case SEG_CONST:
        return (struct unit_place){.area = UA_DATA, .slot = constant(k, arg->buf), .offset = arg->offset};
    case SEG_THREAD: break;
    }
    BUG("an argument in scratch");
}

static struct unit_size size_of(const struct plan_buf *b)
{
    return b->batched ? (struct unit_size){0, b->bytes} : (struct unit_size){b->bytes, 0};
}

/* ---- steps ---- */

static void push(struct maker *k, const struct unit_step *s)
{
    vec_push(k->u->a, &k->step, *s);
}

static u64 pattern_of(enum dtype t, double x)
{
    union { u64 bits; u8 byte[8]; } u = {0};
    elem_set(t, u.byte, 0, x);
    return u.bits;
}

/* The least batch that two threads are better for. */
static i64 share_from(const struct plan_cmd *c)
{
    u64 batch = UINT64_MAX;
    if (c->units.k * (c->units.times_batch ? INT32_MAX : 1) < 2)
        return 0;
    if (c->macs)
        batch = (SHARE_MACS + c->macs - 1) / c->macs;
    if (c->bytes)
        batch = MIN(batch, (SHARE_BYTES + c->bytes - 1) / c->bytes);
    return batch == UINT64_MAX ? 0 : (i64)batch;
}

static void command(struct maker *k, const struct plan_cmd *c, bool load)
{
    const struct plan *p = k->p;
    struct unit_step s = {.nplace = c->narg, .nsym = c->nsym, .sym = c->sym, .units = c->units, .what = c->what};
    s.place = NEW_ARRAY(k->u->a, struct unit_place, c->narg + 1);
    for (u32 i = 0; i < c->narg; i++)
        s.place[i] = place(k, &c->arg[i], load);
    const struct plan_buf *to = c->narg ? &p->buf.at[c->arg[0].buf] : NULL;
    switch ((enum plan_cmd_kind)c->kind) {
    case PC_KERNEL: case PC_ONCE: {
        const struct plan_kernel *from = c->kind == PC_KERNEL ? &p->kernel.at[c->kernel] : &p->once.at[c->kernel];
        s.kind = US_KERNEL;
        s.kernel = kernel(k, from);
        s.share = load ? 0 : share_from(c);
        k->scratch = MAX(k->scratch, (u64)k->u->kernel.at[s.kernel].fn->scratch_bytes);
        k->scratch = MAX(k->scratch, (u64)loop_scratch_bytes(k->u->kernel.at[s.kernel].fn));
        break;
    }
    case PC_COPY:
        s.kind = US_COPY;
        s.bytes = size_of(to);
        break;
    case PC_FILL:
        s.kind = US_FILL;
        s.width = (u8)dtype_bytes((enum dtype)to->dtype);
        s.bytes = size_of(to);
        s.pattern = pattern_of((enum dtype)to->dtype, c->fill);
        break;
    case PC_TAPE: BUG("a tape");
    }
    push(k, &s);
}

/* Weights that the run section reads as they are given. */
static void copies(struct maker *k)
{
    const struct plan *p = k->p;
    for (u32 i = 0; i < p->weight.n; i++) {
        u32 buf = p->weight.at[i];
        if (!k->run_reads[buf])
            continue;
        struct unit_step s = {.kind = US_COPY, .nplace = 2, .place = NEW_ARRAY(k->u->a, struct unit_place, 2), .bytes = {p->buf.at[buf].bytes, 0},
                              .what = p->buf.at[buf].name};
        s.place[0] = place(k, &(struct plan_arg){.buf = buf}, false);
        s.place[1] = place(k, &(struct plan_arg){.buf = buf}, true);
        push(k, &s);
    }
}

/* What commands leave around what they write. */
static void halos(struct maker *k)
{
    const struct plan *p = k->p;
    struct idmap done = {0};
    for (u32 i = 0; i < p->buf.n; i++) {
        const struct plan_buf *b = &p->buf.at[i];
        u32 at = idmap_home(&done, b->offset);
        if (!b->halo || idmap_find(&done, b->offset, &at))      /* buffers of a class that take turns */
            continue;
        idmap_put(k->u->a, &done, b->offset, i + 1);
        struct unit_step s = {.kind = US_FILL, .nplace = 1, .place = NEW(k->u->a, struct unit_place), .width = (u8)dtype_bytes((enum dtype)b->dtype),
                              .bytes = size_of(b), .pattern = pattern_of((enum dtype)b->dtype, b->rest), .what = b->name};
        s.place[0] = place(k, &(struct plan_arg){.buf = i}, false);
        push(k, &s);
    }
}

static u32 function(struct maker *k, enum unit_fn_kind kind, const char *name, struct unit_place scratch)
{
    struct unit_fn f = {.kind = (u8)kind, .name = name, .nstep = k->step.n, .step = k->step.at, .scratch = scratch, .worker_bytes = up(k->scratch)};
    vec_push(k->u->a, &k->u->fn, f);
    k->step.at = NULL;
    k->step.n = k->step.cap = 0;
    k->scratch = 0;
    return k->u->fn.n - 1;
}

static void model(struct maker *k, const struct unit_model *x)
{
    struct unit *u = k->u;
    const struct plan *p = k->p = x->plan;
    struct unit_sizes size = {.weights = unit_weights(p, NULL), .sample = p->sample_bytes};
    k->given = NEW_ARRAY(u->a, u32, p->buf.n + 1);
    k->data = NEW_ARRAY(u->a, u32, p->buf.n + 1);
    k->io = NEW_ARRAY(u->a, u32, p->buf.n + 1);
    k->run_reads = NEW_ARRAY(u->a, bool, p->buf.n + 1);
    k->packed_at = NEW_ARRAY(u->a, u64, p->buf.n + 1);
    k->weight_at = NEW_ARRAY(u->a, u64, p->weight.n + 1);
    unit_weights(p, k->weight_at);
    for (u32 i = 0; i < p->weight.n; i++)
        k->given[p->weight.at[i]] = i + 1;
    for (u32 i = 0; i < p->nin; i++)
        k->io[p->in[i]] = i;
    for (u32 i = 0; i < p->nout; i++)
        k->io[p->out[i]] = i;
    size.packed = place_packed(k);
    copies(k);
    for (u32 i = 0; i < p->load.n; i++)
        command(k, &p->load.at[i], true);
    struct unit_place scratch = {.area = UA_PACKED, .offset = size.packed};
    size.packed += up(k->scratch);
    u32 load = function(k, UF_LOAD, arena_printf(u->a, "%s_load", x->name), scratch);
    halos(k);
    for (u32 i = 0; i < p->run.n; i++)
        command(k, &p->run.at[i], false);
    scratch = (struct unit_place){.area = UA_ARENA, .per_sample = p->sample_bytes};
    size.worker = up(k->scratch);
    u32 forward = function(k, UF_FORWARD, arena_printf(u->a, "%s_forward", x->name), scratch);
    if (x->weights) {
        struct unit_data d = {.name = arena_printf(u->a, "%s_weights", x->name), .global = true, .align = ALIGN, .bytes = size.weights, .at = x->weights};
        vec_push(u->a, &u->data, d);
    }
    unit_describe(u, x, k->m, arena_printf(u->a, "nasc, %s %s", k->be->name, k->be->version()), &size, load, forward);
}

struct unit *unit_build(struct arena *a, const char *name, const struct mach *m, const struct backend *be, u32 n, const struct unit_model *x,
                        bool checked, struct buf *why)
{
    struct maker k = {.u = NEW(a, struct unit), .m = m, .be = be, .checked = checked};
    k.u->a = a;
    k.u->name = name;
    for (u32 i = 0; i < n; i++) {
        if (x[i].plan->training || x[i].plan->tape.n) {
            buf_printf(why, "%s is planned %s", x[i].name, x[i].plan->training ? "for training" : "as tapes, which nasc walks itself");
            return NULL;
        }
        model(&k, &x[i]);
    }
    return k.u;
}
