/* ein_to_plan.c - a grouped cascade as a plan: launches in order, distinct kernels, buffers.
 *
 * In: a cascade after ein-group.  Out: a plan that verifies.  Each group becomes one command of the load section (what
 * depends on parameters only) or of the run section; groups whose loop functions have the same canonical text
 * share one kernel and differ in the values of its symbols.  Tensors become plain row-major buffers: caller's arrays,
 * weights, constants, and activations placed by plan_place.  A tensor its equations do not cover is filled first: in each run, or
 * once when it has a halo around a box that they do cover. */
#include "passes/plan_memo.h"
#include "passes/plan_place.h"

struct builder {
    struct arena *a;
    const struct cascade *c;
    const struct mach *m;
    const struct pass_options *o;
    struct plan_memo *memo;
    struct plan_signer sign;
    struct plan *p;
    u32 *buf;                   /* of a tensor: 1 + buffer */
    bool *filled;               /* tensors: covered, or a fill is there */
    double *written;            /* tensors: points of the equations that write it */
    u32 *writer, *next;         /* tensors: 1 + the first equation that writes it; by equation (of several tensors: none): the next */
    VEC(u32) halo;              /* a buffer of each class */
    struct idmap codes[PC_TAPE + 1]; struct { struct hash128 *at; u32 n, cap; } key[PC_TAPE + 1];     /* by kind of command: the plan's, by key */
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

/* The function with the names it has in this network. */
static struct loop_fn *named_fn(struct builder *b, const struct group_code *k, str name)
{
    struct loop_fn *f = arena_dup(b->a, k->fn, sizeof *f);
    f->name = name;
    f->buf.at = arena_dup(b->a, f->buf.at, sizeof *f->buf.at * f->buf.n);
    f->buf.cap = f->buf.n;
    for (u32 i = 0; i < k->narg; i++)
        f->buf.at[i].name = b->c->tens.at[b->sign.tens.at[k->place[i]]].name;
    return f;
}

static struct tape *named_tape(struct builder *b, const struct group_code *k, str name)
{
    struct tape *t = arena_dup(b->a, k->tape, sizeof *t);
    t->name = name;
    t->buf.at = arena_dup(b->a, t->buf.at, sizeof *t->buf.at * t->buf.n);
    t->buf.cap = t->buf.n;
    for (u32 i = 0; i < k->narg; i++)
        t->buf.at[i].name = b->c->tens.at[b->sign.tens.at[k->place[i]]].name;
    return t;
}

/* The number of the kernel or tape in the plan. */
static u32 kernel(struct builder *b, const struct group_code *k, const struct plan_group *g)
{
    struct plan *p = b->p;
    struct idmap *map = &b->codes[k->kind];
    u32 at = idmap_home(map, k->key.lo), id, n;
    while ((id = idmap_find(map, k->key.lo, &at)))
        if (b->key[k->kind].at[id - 1].hi == k->key.hi)
            return id - 1;
    str name = b->c->tens.at[g->eq[g->n - 1]->out[0]].name;
    if (k->kind == PC_TAPE) {
        struct tape *t = named_tape(b, k, name);
        vec_push(b->a, &p->tape, t);
        p->thread_bytes = MAX(p->thread_bytes, t->scratch_bytes);
        n = p->tape.n;
    } else {
        struct plan_kernel to = { k->key, name, named_fn(b, k, name) };
        if (k->kind == PC_ONCE)
            vec_push(b->a, &p->once, to);
        else
            vec_push(b->a, &p->kernel, to);
        p->thread_bytes = MAX(p->thread_bytes, (u64)to.fn->scratch_bytes);
        n = k->kind == PC_ONCE ? p->once.n : p->kernel.n;
    }
    vec_push(b->sign.a, &b->key[k->kind], k->key);
    idmap_put(b->sign.a, map, k->key.lo, n);
    return n - 1;
}

/* Buffers with the same place, size and value of what is not written. */
static u32 halo_class(struct builder *b, u32 buf)
{
    const struct plan_buf *f = &b->p->buf.at[buf];
    for (u32 i = 0; i < b->halo.n; i++) {
        const struct plan_buf *g = &b->p->buf.at[b->halo.at[i]];
        bool same = g->lay.n == f->lay.n && g->dtype == f->dtype && g->batched == f->batched && g->bytes == f->bytes && g->rest == f->rest;
        for (u32 d = 0; same && d < f->lay.n; d++)
            same = g->lay.dim[d].mod == f->lay.dim[d].mod && g->inner[2 * d] == f->inner[2 * d] && g->inner[2 * d + 1] == f->inner[2 * d + 1];
        if (same)
            return i + 1;
    }
    vec_push(b->a, &b->halo, buf);
    return b->halo.n;
}

/* An activation whose equations fill a box of it needs no filling in each run: the rest is filled when memory is bound. */
static bool halo(struct builder *b, u32 tens)
{
    const struct cascade *c = b->c;
    const struct ein_tens *t = &c->tens.at[tens];
    double box = 1;
    if (!t->halo || t->phase != EIN_PHASE_RUN)
        return false;
    i64 *inner = NEW_ARRAY(b->a, i64, 2 * t->ndim);
    for (u32 d = 0; d < t->ndim; d++) {
        i64 from = INT64_MAX, to = 0, lo, hi;
        for (u32 i = b->writer[tens]; i && t->dim[d] > 0; i = b->next[i - 1]) {
            const struct ein_eq *e = &c->eq.at[i - 1];
            if (e->nout > 1 || !ein_range(c, e->sub[d], e->nrank, e->rank, &lo, &hi))
                return false;
            from = MIN(from, lo);
            to = MAX(to, hi + 1);
        }
        inner[2 * d] = t->dim[d] < 0 ? 0 : from;
        inner[2 * d + 1] = t->dim[d] < 0 ? 1 : to;
        box *= (double)(inner[2 * d + 1] - inner[2 * d]);
    }
    if (box != b->written[tens])
        return false;
    u32 buf = buffer(b, tens);
    struct plan_buf *f = &b->p->buf.at[buf];
    f->rest = t->rest;
    f->inner = inner;
    f->halo = halo_class(b, buf);
    return true;
}

/* Fills what the equations of a tensor do not cover. */
static void fill(struct builder *b, u32 tens, bool load)
{
    const struct cascade *c = b->c;
    if (b->filled[tens])
        return;
    b->filled[tens] = true;
    double elems = 1;
    for (u32 d = 0; d < c->tens.at[tens].ndim; d++)
        elems *= c->tens.at[tens].dim[d] < 0 ? 1 : (double)c->tens.at[tens].dim[d];
    if (b->written[tens] >= elems || halo(b, tens))
        return;
    struct plan_cmd cmd = { .kind = PC_FILL, .narg = 1, .arg = NEW(b->a, struct plan_arg), .what = "", .fill = c->tens.at[tens].rest };
    cmd.arg[0].buf = buffer(b, tens);
    cmd.bytes = b->p->buf.at[cmd.arg[0].buf].bytes;
    if (load)
        vec_push(b->a, &b->p->load, cmd);
    else
        vec_push(b->a, &b->p->run, cmd);
}

static void launch(struct builder *b, const struct plan_group *g)
{
    const struct cascade *c = b->c;
    bool load = true;
    for (u32 i = 0; i < g->n; i++)
        load &= g->eq[i]->phase != EIN_PHASE_RUN;
    for (u32 i = 0; i < g->n; i++)
        for (u32 k = 0; k < g->eq[i]->nout; k++)
            fill(b, g->eq[i]->out[k], load);
    const struct group_code *k = plan_code(b->memo, &b->sign, g, b->m, b->o);
    struct plan_cmd cmd = { .kind = k->kind, .group = g->eq[0]->group, .narg = k->narg, .nsym = k->nsym, .sym = k->sym,
                            .units = k->units, .macs = k->macs, .flops = k->flops, .bytes = k->bytes };
    cmd.arg = NEW_ARRAY(b->a, struct plan_arg, k->narg);
    for (u32 i = 0; i < k->narg; i++)
        cmd.arg[i].buf = buffer(b, b->sign.tens.at[k->place[i]]);
    cmd.kernel = kernel(b, k, g);
    for (u32 i = 0; i < g->n && !cmd.what; i++)
        if (g->eq[i]->prov && *g->eq[i]->prov)
            cmd.what = g->eq[i]->prov;
    if (!cmd.what)
        cmd.what = c->tens.at[g->eq[0]->out[0]].name;
    if (load)
        vec_push(b->a, &b->p->load, cmd);
    else
        vec_push(b->a, &b->p->run, cmd);
}

/* Every group, in order of its first equation. */
static void launches(struct builder *b)
{
    const struct cascade *c = b->c;
    u32 most = 0;
    for (u32 i = 0; i < c->eq.n; i++)
        most = MAX(most, c->eq.at[i].group);
    struct plan_group *g = NEW_ARRAY(b->sign.a, struct plan_group, most + 1);
    const struct ein_eq **all = NEW_ARRAY(b->sign.a, const struct ein_eq *, c->eq.n), **free = all;
    for (u32 i = 0; i < c->eq.n; i++)
        g[c->eq.at[i].group].n++;
    for (u32 i = 0; i < c->eq.n; i++) {
        struct plan_group *of = &g[c->eq.at[i].group];
        if (!of->eq) {
            of->eq = free;
            free += of->n;
            of->n = 0;
        }
        of->eq[of->n++] = &c->eq.at[i];
    }
    for (u32 i = 0; i < c->eq.n; i++)
        if (g[c->eq.at[i].group].eq[0] == &c->eq.at[i])
            launch(b, &g[c->eq.at[i].group]);
}

static void find_writers(struct builder *b, struct arena *tmp)
{
    const struct cascade *c = b->c;
    b->written = NEW_ARRAY(tmp, double, c->tens.n + 1);
    b->writer = NEW_ARRAY(tmp, u32, c->tens.n + 1);
    b->next = NEW_ARRAY(tmp, u32, c->eq.n + 1);
    for (u32 i = 0; i < c->eq.n; i++) {
        const struct ein_eq *e = &c->eq.at[i];
        double par, all;
        plan_points(e, &par, &all);
        for (u32 k = 0; k < e->nout; k++)
            b->written[e->out[k]] += par;
        b->next[i] = e->nout == 1 ? b->writer[e->out[0]] : 0;
        for (u32 k = 0; k < e->nout; k++)
            b->writer[e->out[k]] = i + 1;
    }
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

struct plan *ein_to_plan(struct arena *a, const struct cascade *c, const struct mach *m, const struct pass_options *o, struct plan_memo *memo)
{
    struct builder b = { .a = a, .c = c, .m = m, .o = o, .p = NEW(a, struct plan) };
    struct plan *p = b.p;
    p->a = a;
    p->name = c->name;
    p->training = c->training;
    p->ein = c;
    struct arena *tmp = arena_new_in(a, "plan");
    b.memo = memo ? memo : plan_memo_in(a);
    plan_signer_open(&b.sign, tmp, c, m, o);
    find_writers(&b, tmp);
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
    launches(&b);
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
    arena_free(tmp);
    return p;
}
