/* ein_to_plan.c - a grouped cascade as a plan: launches in order, distinct kernels, buffers.
 *
 * In: a cascade after ein-group.  Out: a plan that verifies.  Each group becomes one command of the load section (what
 * depends on parameters only) or of the run section; groups whose loop functions have the same canonical text
 * share one kernel and differ in the values of its symbols.  Tensors become plain row-major buffers: caller's arrays,
 * weights, constants, and activations placed by plan_place.  A tensor its equations do not cover is filled first: in each run, or
 * once when it has a halo around a box that they do cover. */
#include "passes/lower.h"
#include "passes/plan_place.h"
#include "passes/plan_sign.h"
#include "passes/tape.h"

/* A lowered group: its signature, and its buffers as places in the signature's tensors. */
struct known { struct hash128 sign; u32 kernel, narg, *place, nsym; struct plan_int *sym, units; };

struct builder {
    struct arena *a;
    struct cascade *c;
    const struct mach *m;
    const struct pass_options *o;
    struct plan *p;
    u32 *buf;                   /* of a tensor: 1 + buffer */
    bool *filled;               /* tensors: covered, or a fill is there */
    struct idmap kernels, onces;
    struct idmap signs; VEC(struct known) known;    /* groups lowered so far */
};

static u32 buffer(struct builder *b, u32 tens)
{
    if (b->buf[tens])
        return b->buf[tens] - 1;
    const struct ein_tens *t = &b->c->tens.at[tens];
    struct plan_buf f = { .name = t->name, .tens = tens, .dtype = t->dtype, .first = UINT32_MAX };
    f.lay.n = t->ndim;
    f.lay.dim = NEW_ARRAY(b->a, struct lay_dim, t->ndim);
    f.lay.elems = 1;
    for (u32 d = t->ndim; d-- > 0;) {
        i64 ext = t->dim[d] < 0 ? 1 : t->dim[d];
        f.batched |= t->dim[d] < 0;
        f.lay.dim[d] = (struct lay_dim){ d, 1, ext, 0, f.lay.elems };
        if (__builtin_mul_overflow(f.lay.elems, ext, &f.lay.elems))
            BUG("tensor %s does not fit memory", t->name);
    }
    f.bytes = (u64)f.lay.elems * dtype_bytes((enum dtype)t->dtype);
    switch (t->role) {
    case EIN_IN: case EIN_OUT: f.segment = SEG_IO; break;
    case EIN_PARAM: f.segment = SEG_WEIGHT; break;
    case EIN_STATE: f.segment = SEG_STATE; break;
    case EIN_CONST: f.segment = SEG_CONST; f.value = t->value; break;
    default: f.segment = t->phase == EIN_PHASE_RUN ? SEG_SAMPLE : SEG_WEIGHT;
    }
    vec_push(b->a, &b->p->buf, f);
    b->buf[tens] = b->p->buf.n;
    return b->p->buf.n - 1;
}

/* Times are counted through load, run and state; load comes first, so run times are shifted when all is there. */
static void use(struct plan *p, u32 buf, u32 time)
{
    struct plan_buf *f = &p->buf.at[buf];
    f->first = MIN(f->first, time);
    f->last = MAX(f->last, time);
}

/* Points of an equation's parallel ranks per batch element, and of all ranks. */
static void points(const struct ein_eq *e, double *par, double *all)
{
    *par = *all = 1;
    for (u32 r = 0; r < e->nrank; r++) {
        double ext = e->rank[r].ext < 0 ? 1 : (double)e->rank[r].ext;
        *all *= ext;
        if (e->rank[r].kind == EIN_PAR)
            *par *= ext;
    }
}

static bool is_op(u8 kind)
{
    return kind >= EIN_NEG && kind <= EIN_CAST;
}

static u64 count(double x)
{
    return x < 1.8e19 ? (u64)x : UINT64_MAX;
}

static void costs(struct builder *b, u32 group, struct plan_cmd *cmd)
{
    double macs = 0, flops = 0;
    struct cascade *c = b->c;
    for (u32 i = 0; i < c->eq.n; i++) {
        const struct ein_eq *e = &c->eq.at[i];
        if (e->group != group)
            continue;
        double par, all;
        points(e, &par, &all);
        u32 inner = e->red != RED_NONE, outer = 0, tens[2] = { 0 }, reads = 0;
        ein_nodes n = { 0 };
        for (u32 k = 0; k < e->nbody; k++)
            ein_reach(b->a, c, e->body[k], &n);
        for (u32 k = 0; k < n.n; k++) {
            const struct ein_x *x = &c->node.at[n.at[k]];
            inner += is_op(x->kind);
            if (x->kind == EIN_READ && (!reads || x->u != tens[0]))
                tens[reads++ ? 1 : 0] = x->u;
        }
        n = (ein_nodes){ 0 };
        if (e->post)
            ein_reach(b->a, c, e->post, &n);
        for (u32 k = 0; k < n.n; k++)
            outer += is_op(c->node.at[n.at[k]].kind);
        flops += all * inner + par * outer;
        if (e->red == RED_ADD && e->nbody == 1 && c->node.at[e->body[0]].kind == EIN_MUL && reads > 1)
            macs += all;
        if (e->prov && *e->prov && !cmd->what)
            cmd->what = e->prov;
    }
    cmd->macs = count(macs);
    cmd->flops = count(flops);
    for (u32 i = 0; i < cmd->narg; i++)
        cmd->bytes += b->p->buf.at[cmd->arg[i].buf].bytes;
}

static u32 kernel(struct builder *b, struct loop_fn *f, bool once)
{
    struct buf text = { 0 };
    loop_clean(f);
    loop_canon(&text, f);
    struct hash128 key = hash128(text.at, text.n);
    buf_free(&text);
    struct idmap *map = once ? &b->onces : &b->kernels;
    u32 at = idmap_home(map, key.lo), id;
    while ((id = idmap_find(map, key.lo, &at)))
        if ((once ? b->p->once.at[id - 1] : b->p->kernel.at[id - 1]).key.hi == key.hi)
            return id - 1;
    f->scratch_bytes = loop_scratch_bytes(f);
    b->p->thread_bytes = MAX(b->p->thread_bytes, (u64)f->scratch_bytes);
    struct plan_kernel k = { key, f->name, f };
    if (once)
        vec_push(b->a, &b->p->once, k);
    else
        vec_push(b->a, &b->p->kernel, k);
    u32 n = once ? b->p->once.n : b->p->kernel.n;
    idmap_put(b->a, map, key.lo, n);
    return n - 1;
}

/* Buffers with the same place, size and value of what is not written. */
static u32 halo_class(struct builder *b, u32 buf)
{
    const struct plan_buf *f = &b->p->buf.at[buf];
    u32 most = 0;
    for (u32 i = 0; i < b->p->buf.n; i++) {
        const struct plan_buf *g = &b->p->buf.at[i];
        if (i == buf || !g->halo)
            continue;
        bool same = g->lay.n == f->lay.n && g->dtype == f->dtype && g->batched == f->batched && g->bytes == f->bytes && g->rest == f->rest;
        for (u32 d = 0; same && d < f->lay.n; d++)
            same = g->lay.dim[d].mod == f->lay.dim[d].mod && g->inner[2 * d] == f->inner[2 * d] && g->inner[2 * d + 1] == f->inner[2 * d + 1];
        if (same)
            return g->halo;
        most = MAX(most, g->halo);
    }
    return most + 1;
}

/* An activation whose equations fill a box of it needs no filling in each run: the rest is filled when memory is bound. */
static bool halo(struct builder *b, u32 tens, double written)
{
    struct cascade *c = b->c;
    const struct ein_tens *t = &c->tens.at[tens];
    i64 *inner = NEW_ARRAY(b->a, i64, 2 * t->ndim);
    double box = 1;
    if (!t->halo || t->phase != EIN_PHASE_RUN)
        return false;
    for (u32 d = 0; d < t->ndim; d++) {
        i64 from = INT64_MAX, to = 0, lo, hi;
        for (u32 i = 0; i < c->eq.n && t->dim[d] > 0; i++)
            for (u32 k = 0; k < c->eq.at[i].nout; k++)
                if (c->eq.at[i].out[k] == tens) {
                    if (!ein_range(c, c->eq.at[i].sub[d], c->eq.at[i].nrank, c->eq.at[i].rank, &lo, &hi))
                        return false;
                    from = MIN(from, lo);
                    to = MAX(to, hi + 1);
                }
        inner[2 * d] = t->dim[d] < 0 ? 0 : from;
        inner[2 * d + 1] = t->dim[d] < 0 ? 1 : to;
        box *= (double)(inner[2 * d + 1] - inner[2 * d]);
    }
    if (box != written)
        return false;
    u32 buf = buffer(b, tens);
    struct plan_buf *f = &b->p->buf.at[buf];
    f->rest = t->rest;
    f->inner = inner;
    f->halo = halo_class(b, buf);
    return true;
}

static u32 tape(struct builder *b, struct tape *t)
{
    b->p->thread_bytes = MAX(b->p->thread_bytes, t->scratch_bytes);
    vec_push(b->a, &b->p->tape, t);
    return b->p->tape.n - 1;
}

/* Fills what the equations of a tensor do not cover. */
static void fill(struct builder *b, u32 tens, bool load)
{
    struct cascade *c = b->c;
    if (b->filled[tens])
        return;
    b->filled[tens] = true;
    double written = 0, elems = 1;
    for (u32 d = 0; d < c->tens.at[tens].ndim; d++)
        elems *= c->tens.at[tens].dim[d] < 0 ? 1 : (double)c->tens.at[tens].dim[d];
    for (u32 i = 0; i < c->eq.n; i++)
        for (u32 k = 0; k < c->eq.at[i].nout; k++)
            if (c->eq.at[i].out[k] == tens) {
                double par, all;
                points(&c->eq.at[i], &par, &all);
                written += par;
            }
    if (written >= elems || halo(b, tens, written))
        return;
    struct plan_cmd cmd = { .kind = PC_FILL, .narg = 1, .arg = NEW(b->a, struct plan_arg), .what = "", .fill = c->tens.at[tens].rest };
    cmd.arg[0].buf = buffer(b, tens);
    cmd.bytes = b->p->buf.at[cmd.arg[0].buf].bytes;
    if (load)
        vec_push(b->a, &b->p->load, cmd);
    else
        vec_push(b->a, &b->p->run, cmd);
}

/* The group's kernel and symbols, from an equal group if there was one; sets the command's buffers. */
static struct known lower(struct builder *b, u32 group, u32 first, struct plan_cmd *cmd)
{
    enum { MOST = 64 };
    struct buf text = { 0 };
    u32 mention[MOST], *tens, ntens;
    bool ok;
    struct arena *tmp = arena_new("signature");
    ntens = plan_sign(&text, tmp, b->c, group, first, MOST, mention, &ok);
    arena_free(tmp);
    buf_putc(&text, (char)cmd->kind);
    struct known k = { .sign = hash128(text.at, text.n) };
    buf_free(&text);
    u32 at = idmap_home(&b->signs, k.sign.lo), id;
    while (ok && (id = idmap_find(&b->signs, k.sign.lo, &at))) {
        struct known *old = &b->known.at[id - 1];
        if (old->sign.hi != k.sign.hi)
            continue;
        cmd->narg = old->narg;
        cmd->arg = NEW_ARRAY(b->a, struct plan_arg, old->narg);
        for (u32 i = 0; i < old->narg; i++)
            cmd->arg[i].buf = buffer(b, mention[old->place[i]]);
        return *old;
    }
    struct loop_fn *f = NULL;
    if (cmd->kind == PC_TAPE)
        k.kernel = tape(b, ein_to_tape(b->a, b->c, group, b->m, b->o, &cmd->narg, &tens, &k.units));
    else
        f = lower_group(b->a, b->c, group, b->m, b->o, &cmd->narg, &tens, &k.nsym, &k.sym, &k.units);
    k.narg = cmd->narg;
    k.place = NEW_ARRAY(b->a, u32, k.narg);
    cmd->arg = NEW_ARRAY(b->a, struct plan_arg, cmd->narg);
    for (u32 i = 0; i < cmd->narg; i++) {
        cmd->arg[i].buf = buffer(b, tens[i]);
        while (ok && k.place[i] < ntens && mention[k.place[i]] != tens[i])
            k.place[i]++;
        CHECK(!ok || k.place[i] < ntens);
    }
    if (f)
        k.kernel = kernel(b, f, cmd->kind == PC_ONCE);
    if (ok) {
        vec_push(b->a, &b->known, k);
        idmap_put(b->a, &b->signs, k.sign.lo, b->known.n);
    }
    return k;
}

/* Work that is not worth a compiler. */
static bool few(const struct cascade *c, u32 group, u32 first)
{
    enum { FEW = 16384 };
    double sum = 0;
    for (u32 i = first; i < c->eq.n; i++)
        if (c->eq.at[i].group == group) {
            double par, all;
            points(&c->eq.at[i], &par, &all);
            sum += all;
        }
    return sum <= FEW;
}

static void launch(struct builder *b, u32 first)
{
    struct cascade *c = b->c;
    u32 group = c->eq.at[first].group;
    bool load = true;
    for (u32 i = first; i < c->eq.n; i++)
        if (c->eq.at[i].group == group)
            load &= c->eq.at[i].phase != EIN_PHASE_RUN;
    for (u32 i = first; i < c->eq.n; i++)
        for (u32 k = 0; c->eq.at[i].group == group && k < c->eq.at[i].nout; k++)
            fill(b, c->eq.at[i].out[k], load);
    struct plan_cmd cmd = { .kind = b->o->code == CODE_GENERIC ? PC_TAPE : load && few(c, group, first) ? PC_ONCE : PC_KERNEL, .group = group };
    struct known k = lower(b, group, first, &cmd);
    cmd.kernel = k.kernel;
    cmd.nsym = k.nsym;
    cmd.sym = k.sym;
    cmd.units = k.units;
    costs(b, group, &cmd);
    if (!cmd.what)
        cmd.what = c->tens.at[c->eq.at[first].out[0]].name;
    if (load)
        vec_push(b->a, &b->p->load, cmd);
    else
        vec_push(b->a, &b->p->run, cmd);
}

static void lives(struct plan *p)
{
    u32 time = 0;
    for (u32 i = 0; i < p->load.n; i++, time++)
        for (u32 k = 0; k < p->load.at[i].narg; k++)
            use(p, p->load.at[i].arg[k].buf, time);
    for (u32 i = 0; i < p->run.n; i++, time++)
        for (u32 k = 0; k < p->run.at[i].narg; k++)
            use(p, p->run.at[i].arg[k].buf, time);
    for (u32 i = 0; i < p->state.n; i++, time++)
        for (u32 k = 0; k < p->state.at[i].narg; k++)
            use(p, p->state.at[i].arg[k].buf, time);
    for (u32 i = 0; i < p->buf.n; i++)
        if (p->buf.at[i].segment != SEG_SAMPLE || p->buf.at[i].first == UINT32_MAX) {
            p->buf.at[i].first = 0;
            p->buf.at[i].last = time;
        }
}

struct plan *ein_to_plan(struct arena *a, const struct cascade *from, const struct mach *m, const struct pass_options *o)
{
    struct builder b = { .a = a, .c = ein_copy(a, from), .m = m, .o = o, .p = NEW(a, struct plan) };
    struct cascade *c = b.c;
    struct plan *p = b.p;
    p->a = a;
    p->name = c->name;
    p->training = c->training;
    p->ein = from;
    b.buf = NEW_ARRAY(a, u32, c->tens.n);
    b.filled = NEW_ARRAY(a, bool, c->tens.n);
    u32 nin = 0, nout = 0, nweight = 0;
    for (u32 t = 0; t < c->tens.n; t++) {
        u8 role = c->tens.at[t].role;
        nin += role == EIN_IN;
        nout += role == EIN_OUT;
        if (role == EIN_PARAM || role == EIN_STATE)
            nweight = MAX(nweight, c->tens.at[t].number + 1);
    }
    p->in = NEW_ARRAY(a, u32, nin + 1);
    p->out = NEW_ARRAY(a, u32, nout + 1);
    u32 *by_number = NEW_ARRAY(a, u32, nweight + 1);
    for (u32 t = 0; t < c->tens.n; t++) {
        u8 role = c->tens.at[t].role;
        if (role == EIN_IN)
            p->in[p->nin++] = buffer(&b, t);
        else if (role == EIN_OUT)
            p->out[p->nout++] = buffer(&b, t);
        else if (role == EIN_PARAM || role == EIN_STATE)
            by_number[c->tens.at[t].number] = 1 + buffer(&b, t);
    }
    for (u32 i = 0; i < nweight; i++)
        if (by_number[i])
            vec_push(a, &p->weight, by_number[i] - 1);
    u32 most = 0;
    for (u32 i = 0; i < c->eq.n; i++)
        most = MAX(most, c->eq.at[i].group);
    bool *done = NEW_ARRAY(a, bool, most + 1);
    for (u32 i = 0; i < c->eq.n; i++)
        if (!done[c->eq.at[i].group]) {
            done[c->eq.at[i].group] = true;
            launch(&b, i);
        }
    for (u32 t = 0; t < c->tens.n; t++)
        if (c->tens.at[t].role == EIN_NEXT && b.buf[t]) {
            struct plan_cmd cmd = { .kind = PC_COPY, .narg = 2, .arg = NEW_ARRAY(a, struct plan_arg, 2), .what = c->tens.at[t].name };
            cmd.arg[0].buf = buffer(&b, c->tens.at[t].of);
            cmd.arg[1].buf = buffer(&b, t);
            cmd.bytes = 2 * p->buf.at[cmd.arg[0].buf].bytes;
            vec_push(a, &p->state, cmd);
        }
    lives(p);
    plan_place(p);
    return p;
}
