/* cmd_run.c - nasc run: one real evaluation, from .npy files to a .npy file, natively or by the evaluator. */
#include "compiler/cli.h"
#include "compiler/compare.h"
#include "compiler/dump.h"
#include "compiler/ir/ein_eval.h"
#include "compiler/ir/elem.h"
#include "compiler/npy.h"

#include <stdio.h>

struct run { struct cli *c; nasc_net *n; struct arena *a; i64 batch; struct npy *in; void **inp, **outp; };

/* The k-th space input's shape per sample against the file's: with a leading batch axis or without. */
static nasc_status check_input(struct run *r, u32 k)
{
    nasc_session *s = r->c->s;
    const struct npy *x = &r->in[k];
    nasc_shape want;
    nasc_net_input(r->n, k, &want);
    enum dtype dt;
    bool ok = dtype_parse(want.dtype, &dt) && dt == x->dtype && (x->rank == want.rank || x->rank == want.rank + 1);
    u32 lead = x->rank == want.rank + 1;
    for (u32 d = 0; ok && d < want.rank; d++)
        ok = x->extent[d + lead] == want.extent[d];
    i64 batch = ok && lead ? x->extent[0] : 1;
    if (batch < 1 || (r->batch && batch != r->batch))
        ok = false;
    if (ok) {
        r->batch = batch;
        return NASC_OK;
    }
    struct buf b = {0};
    buf_printf(&b, "%s: an array %s[", r->c->input.at[k], dtype_name(x->dtype));
    for (u32 d = 0; d < x->rank; d++)
        buf_printf(&b, "%s%lld", d ? ", " : "", (long long)x->extent[d]);
    buf_printf(&b, "], but the space's input %u is %s[", k, want.dtype);
    for (u32 d = 0; d < want.rank; d++)
        buf_printf(&b, "%s%lld", d ? ", " : "", (long long)want.extent[d]);
    buf_puts(&b, "]");
    if (r->batch)
        buf_printf(&b, " with a batch of %lld", (long long)r->batch);
    else
        buf_puts(&b, batch < 1 ? ", and at least one sample of it" : ", with or without a batch axis in front");
    session_complain(s, E0841, "%s", b.at);
    buf_free(&b);
    return NASC_WRONG;
}

/* The double-precision evaluator in place of native code: the meaning itself. */
static nasc_status run_eval(struct run *r)
{
    const struct cascade *c = r->n->written;
    const struct plan *p = r->n->plan;
    struct ein_eval *ev = ein_eval_new(r->a, c, r->n->opt.strict ? EVAL_F32 : EVAL_F64, r->batch);
    u32 nin = 0, nout = 0;
    for (u32 t = 0; t < c->tens.n; t++) {
        const struct ein_tens *e = &c->tens.at[t];
        if (e->role != EIN_IN && e->role != EIN_PARAM && e->role != EIN_STATE)
            continue;
        double *v = ein_eval_alloc(ev, c, t);
        const void *from = e->role == EIN_IN ? r->inp[nin++] : NULL;
        for (u32 w = 0; !from && w < p->weight.n; w++) {
            u64 bytes;
            if (r->n->ein->tens.at[p->buf.at[p->weight.at[w]].tens].number == e->number)
                from = exec_weight(r->n->exec, w, &bytes);
        }
        for (u64 i = 0; from && i < ev->tens[t].n; i++)
            v[i] = elem_get(e->dtype, from, i);
    }
    struct buf why = {0};
    if (!ein_eval_run(ev, c, 0, c->eq.n, &why)) {
        session_complain(r->c->s, E0920, "the evaluator gave up: %s", why.at ? why.at : "");
        buf_free(&why);
        return NASC_WRONG;
    }
    for (u32 t = 0; t < c->tens.n; t++)
        if (c->tens.at[t].role == EIN_OUT) {
            for (u64 i = 0; i < ev->tens[t].n; i++)
                elem_set(c->tens.at[t].dtype, r->outp[nout], i, ev->tens[t].v[i]);
            nout++;
        }
    return NASC_OK;
}

static nasc_status load_inputs(struct run *r)
{
    struct cli *c = r->c;
    u32 nin = nasc_net_inputs(r->n);
    if (c->input.n != nin)
        return cli_usage(c, "the space has %u input%s, %u --input given", nin, nin == 1 ? "" : "s", c->input.n);
    r->in = NEW_ARRAY(r->a, struct npy, nin + 1);
    r->inp = NEW_ARRAY(r->a, void *, nin + 1);
    for (u32 k = 0; k < nin; k++) {
        if (!npy_load(r->a, &c->s->ds, c->input.at[k], &r->in[k]))
            return NASC_WRONG;
        nasc_status st = check_input(r, k);
        if (st)
            return st;
        r->inp[k] = r->in[k].data;
    }
    return NASC_OK;
}

static nasc_status save_output(struct run *r, u32 k, const char *path)
{
    nasc_shape o;
    nasc_net_output(r->n, k, &o);
    i64 extent[COUNTOF(o.extent) + 1] = {r->batch};
    memcpy(extent + 1, o.extent, sizeof *extent * o.rank);
    enum dtype dt;
    CHECK(dtype_parse(o.dtype, &dt));
    /* An input without a batch axis gives an output without one. */
    nasc_shape first;
    nasc_net_input(r->n, 0, &first);
    bool lead = r->in[0].rank == first.rank + 1;
    return npy_save(&r->c->s->ds, path, dt, o.rank + lead, lead ? extent : extent + 1, r->outp[k]) ? NASC_OK : NASC_ENV;
}

static nasc_status run_net(struct run *r, u64 seed)
{
    struct cli *c = r->c;
    u32 nout = nasc_net_outputs(r->n);
    if (c->output.n && c->output.n != nout)
        return cli_usage(c, "the space has %u output%s, %u --output given", nout, nout == 1 ? "" : "s", c->output.n);
    nasc_status st = load_inputs(r);
    if (!st)
        st = c->value[OPT_WEIGHTS] ? nasc_net_load_weights(r->n, c->value[OPT_WEIGHTS]) : nasc_net_weights(r->n, seed);
    if (st)
        return st;
    r->outp = NEW_ARRAY(r->a, void *, nout + 1);
    for (u32 k = 0; k < nout; k++) {
        nasc_shape o;
        nasc_net_output(r->n, k, &o);
        r->outp[k] = arena_alloc(r->a, o.bytes * (u64)r->batch + 64);
    }
    st = c->value[OPT_EVAL] ? run_eval(r) : nasc_net_run(r->n, r->batch, (const void *const *)r->inp, r->outp);
    if (!st && c->value[OPT_SAVEW])         /* afterwards: a training run has new states */
        st = nasc_net_save_weights(r->n, c->value[OPT_SAVEW]);
    for (u32 k = 0; !st && k < c->output.n; k++)
        st = save_output(r, k, c->output.at[k]);
    return st;
}

nasc_status cmd_run(struct cli *c)
{
    bool done;
    u64 seed, batch;
    u32 threads;
    struct pass_options o;
    if (!cli_u64(c, OPT_SEED, 0, 0, UINT64_MAX, &seed) || !cli_u64(c, OPT_BATCH, 0, 1, 65536, &batch) || !cli_pass_options(c, &o) ||
        !cli_threads(c, &threads))
        return NASC_USAGE;
    nasc_status st = dump_load(c, true, NULL, &done);
    if (st || done)
        return st;
    nasc_arch *ar;
    st = c->value[OPT_ARCH] ? cli_arch(c, &ar) : nasc_sample(c->s, seed, 0, &ar);
    if (st)
        return st;
    st = dump_arch_stage(c, ar, &o, &done);
    nasc_net *n = st || done ? NULL : net_compile(c->s, arch_graph(ar), c->value[OPT_BACKEND], &o);
    if (n) {
        struct run r = {.c = c, .n = n, .a = arena_new_in(c->s->a, "run"), .batch = (i64)batch};
        st = net_threads(n, threads) ? run_net(&r, seed) : NASC_ENV;
        arena_free(r.a);
        nasc_net_free(n);
    } else if (!st && !done) {
        st = NASC_ENV;
    }
    nasc_arch_free(ar);
    return st;
}
