/* compare.c - see compare.h: the evaluator is the judge, its running error bound the measure. */
#include "compiler/compare.h"
#include "compiler/base/rng.h"
#include "compiler/ir/ein_eval.h"
#include "compiler/ir/elem.h"

#include <math.h>
#include <stdlib.h>

struct job {
    nasc_net *n;
    struct arena *a;
    i64 batch;
    struct ein_eval *truth;         /* of the optimised cascade, all of it, in f64 */
    struct compare *r;
    struct buf *why;
};

static u64 buf_elems(const struct job *j, const struct plan_buf *b)
{
    return b->bytes / dtype_bytes(b->dtype) * (b->batched ? (u64)j->batch : 1);
}

/* Inputs in [-1, 1); integer inputs are small indices. */
static void draw_input(const struct job *j, u32 number, u64 seed, const struct plan_buf *b, void *out)
{
    u64 n = buf_elems(j, b);
    for (u64 i = 0; i < n; i++) {
        u32 w[4];
        rng_at(seed, 0x696e707574ull + number, i, w);
        elem_set(b->dtype, out, i, dtype_is_float(b->dtype) ? (double)(i32)w[0] * 0x1p-31 : w[0] % 2);
    }
}

/* Initial biases, means and variances are zeros and ones, which hide mistakes: constants get up to 0.4 of noise. */
static void roughen(struct job *j, u64 seed)
{
    const struct plan *p = j->n->plan;
    for (u32 w = 0; w < p->weight.n; w++) {
        const struct plan_buf *b = &p->buf.at[p->weight.at[w]];
        const struct ein_tens *t = &j->n->ein->tens.at[b->tens];
        if (t->init != INIT_ZEROS && t->init != INIT_ONES && t->init != INIT_CONSTANT)
            continue;
        u64 bytes;
        void *v = exec_weight(j->n->exec, w, &bytes);
        for (u64 i = 0; i < bytes / dtype_bytes(b->dtype); i++) {
            u32 word[4];
            rng_at(seed, 0x726f756768ull + t->number, i, word);
            elem_set(b->dtype, v, i, elem_get(b->dtype, v, i) + 0.4 * ((double)(i32)word[0] * 0x1p-31));
        }
    }
}

static void to_values(enum dtype d, const void *from, double *to, u64 n)
{
    for (u64 i = 0; i < n; i++)
        to[i] = elem_get(d, from, i);
}

/* Gives an evaluation of `c` the inputs and weights the exec has. */
static void give(const struct job *j, struct ein_eval *ev, const struct cascade *c, void *const *in)
{
    const struct plan *p = j->n->plan;
    u32 k = 0;
    for (u32 t = 0; t < c->tens.n; t++)
        if (c->tens.at[t].role == EIN_IN) {
            const struct plan_buf *b = &p->buf.at[p->in[k]];
            to_values(b->dtype, in[k], ein_eval_alloc(ev, c, t), buf_elems(j, b));
            k++;
        } else if (c->tens.at[t].role == EIN_PARAM || c->tens.at[t].role == EIN_STATE) {
            double *v = ein_eval_alloc(ev, c, t);
            for (u32 w = 0; w < p->weight.n; w++) {
                const struct plan_buf *b = &p->buf.at[p->weight.at[w]];
                u64 bytes;
                if (j->n->ein->tens.at[b->tens].number == c->tens.at[t].number)
                    to_values(b->dtype, exec_weight(j->n->exec, w, &bytes), v, buf_elems(j, b));
            }
        }
}

/* |got - want| in units of the bound; 0 / 0 is 0, and equal infinities agree. */
static double ratio(double got, double want, double err)
{
    if (got == want || (got != got && want != want))
        return 0;
    double d = fabs(got - want);
    if (err == INFINITY)                /* a pole or the end of a domain may be within the error: anything may come out */
        return 0;
    return d <= err ? (err > 0 ? d / err : 0) : err > 0 && d == d ? d / err : INFINITY;
}

/* In f64 the judge is as inexact as the judged. */
static double judged(u8 dtype)
{
    return dtype == DT_F64 ? 2 : 1;
}

/* One run command alone: rounded truth in, native out, against the group's own bound. */
static bool compare_group(struct job *j, u32 k)
{
    nasc_net *n = j->n;
    const struct plan *p = n->plan;
    const struct plan_cmd *cmd = &p->run.at[k];
    const struct cascade *c = n->ein;
    if (cmd->kind != PC_KERNEL && cmd->kind != PC_TAPE)
        return true;
    u32 first = 0, last;
    while (first < c->eq.n && c->eq.at[first].group != cmd->group)
        first++;
    for (last = first; last < c->eq.n && c->eq.at[last].group == cmd->group; last++)
        ;
    struct arena *a = arena_new_in(j->a, "group");
    struct ein_eval *ev = ein_eval_new(a, c, EVAL_BOUND, j->batch);
    ev->lowered = true;
    bool *written = NEW_ARRAY(a, bool, c->tens.n), scan = c->eq.at[first].scan;
    for (u32 e = first; e < last; e++)
        for (u32 o = 0; o < c->eq.at[e].nout; o++)
            written[c->eq.at[e].out[o]] = true;
    for (u32 i = 0; i < cmd->narg; i++) {
        const struct plan_buf *b = &p->buf.at[cmd->arg[i].buf];
        if (b->tens >= c->tens.n)
            continue;
        /* What the group writes starts as NaN on both sides: elements of regions that others write must stay so.  A recurrence
         * also reads what it writes (its first round is another equation's), so there it starts as the truth. */
        u64 m = buf_elems(j, b);
        char *bytes = exec_buffer(n->exec, cmd->arg[i].buf);
        double *v = ein_eval_alloc(ev, c, b->tens);
        for (u64 x = 0; x < m; x++) {
            elem_set(b->dtype, bytes, x, written[b->tens] && !scan ? NAN : j->truth->tens[b->tens].v[x]);
            v[x] = elem_get(b->dtype, bytes, x);
        }
    }
    exec_command(n->exec, j->batch, k);
    bool ok = ein_eval_run(ev, c, first, last, j->why);
    double worst = 0;
    for (u32 i = 0; ok && i < cmd->narg; i++) {
        const struct plan_buf *b = &p->buf.at[cmd->arg[i].buf];
        if (b->tens >= c->tens.n || !written[b->tens])
            continue;
        u64 m = buf_elems(j, b);
        const void *bytes = exec_buffer(n->exec, cmd->arg[i].buf);
        for (u64 x = 0; x < m; x++)
            worst = fmax(worst, ratio(elem_get(b->dtype, bytes, x), ev->tens[b->tens].v[x], ev->tens[b->tens].err[x] * judged(b->dtype)));
        for (u64 x = 0; b->halo && x < m; x++)          /* the NaNs go */
            elem_set(b->dtype, exec_buffer(n->exec, cmd->arg[i].buf), x, b->rest);
    }
    if (worst > 1) {
        if (!j->r->bad_groups)
            j->r->first_bad = arena_printf(n->a, "command %u (%s): error %.3g times the bound", k, cmd->what ? cmd->what : "", worst);
        j->r->bad_groups++;
    }
    j->r->groups++;
    j->r->worst_group = fmax(j->r->worst_group, worst);
    arena_free(a);
    return ok;
}

/* Outputs of the cascade as written, with its bound, against the native ones and against the rewritten cascade in f64. */
static bool compare_ends(struct job *j, struct ein_eval *ev, struct ein_eval *given, void *const *out)
{
    const struct plan *p = j->n->plan;
    const struct cascade *c = j->n->written;
    if (!ein_eval_run(ev, c, 0, c->eq.n, j->why))
        return false;
    struct ein_eval *fine = NULL;       /* the bound of an f64 evaluation, where that of an f32 one is lost */
    u32 k = 0;
    j->r->end_checked = true;
    for (u32 t = 0; t < c->tens.n; t++) {
        if (c->tens.at[t].role != EIN_OUT)
            continue;
        const struct plan_buf *b = &p->buf.at[p->out[k]];
        const struct ein_array *want = &ev->tens[t], *rewritten = &j->truth->tens[b->tens];
        for (u64 x = 0; x < want->n; x++) {
            if (!isfinite(want->v[x]) || !isfinite(want->err[x])) {
                j->r->end_checked = false;
                if (!fine) {
                    fine = given;
                    fine->in_f64 = true;
                    if (!ein_eval_run(fine, c, 0, c->eq.n, j->why))
                        return false;
                }
                /* Both evaluations have errors of f64, and so have the constants that passes fold. */
                double err = fine->tens[t].err[x];
                if (isfinite(want->v[x]) && isfinite(err))
                    j->r->worst_rewrite = fmax(j->r->worst_rewrite, ratio(rewritten->v[x], want->v[x], 4 * err + 1e-300));
                continue;
            }
            double got = elem_get(b->dtype, out[k], x), at = ratio(got, want->v[x], want->err[x] * judged(b->dtype));
            if (at > 1 && !j->r->bad_end)
                j->r->bad_end = arena_printf(j->n->a, "%s[%llu] is %.9g and should be %.9g, give or take %.3g", c->tens.at[t].name, (unsigned long long)x,
                                             got, want->v[x], want->err[x]);
            j->r->worst_end = fmax(j->r->worst_end, at);
            /* Both evaluations are in f64: their errors are 2^-29 of an f32 bound each. */
            double scale = b->dtype == DT_F64 ? 2 : 0x1p-28;
            j->r->worst_rewrite = fmax(j->r->worst_rewrite, ratio(rewritten->v[x], want->v[x], want->err[x] * scale + 1e-300));
        }
        k++;
    }
    return true;
}

static void weights(struct job *j, const struct compare_values *v, u64 seed)
{
    const struct plan *p = j->n->plan;
    exec_weights_seed(j->n->exec, seed);
    if (!v)
        roughen(j, seed);
    for (u32 w = 0; v && w < p->weight.n; w++) {
        const struct plan_buf *b = &p->buf.at[p->weight.at[w]];
        u64 bytes;
        void *to = exec_weight(j->n->exec, w, &bytes);
        v->weight(v->ctx, &j->n->ein->tens.at[b->tens], bytes / dtype_bytes((enum dtype)b->dtype), to);
    }
}

bool compare_net(nasc_net *n, u64 seed, i64 batch, struct compare *r, struct buf *why)
{
    return compare_net_on(n, NULL, seed, batch, r, why);
}

bool compare_net_on(nasc_net *n, const struct compare_values *v, u64 seed, i64 batch, struct compare *r, struct buf *why)
{
    *r = (struct compare){0};
    if (!net_exec(n)) {
        buf_puts(why, "not enough memory");
        return false;
    }
    struct arena *a = arena_new_in(n->a, "compare");
    struct job j = {.n = n, .a = a, .batch = batch, .r = r, .why = why};
    const struct plan *p = n->plan;
    exec_poison(n->exec);
    weights(&j, v, seed);
    n->weights = exec_load(n->exec);
    if (!n->weights) {
        buf_puts(why, "not enough memory");
        arena_free(a);
        return false;
    }
    void **in = NEW_ARRAY(a, void *, p->nin + 1), **out = NEW_ARRAY(a, void *, p->nout + 1);
    for (u32 i = 0; i < p->nin; i++) {
        in[i] = arena_alloc(a, buf_elems(&j, &p->buf.at[p->in[i]]) * 8 + 64);
        if (v)
            v->input(v->ctx, i, (enum dtype)p->buf.at[p->in[i]].dtype, buf_elems(&j, &p->buf.at[p->in[i]]), in[i]);
        else
            draw_input(&j, i, seed, &p->buf.at[p->in[i]], in[i]);
    }
    for (u32 i = 0; i < p->nout; i++)
        out[i] = arena_alloc(a, buf_elems(&j, &p->buf.at[p->out[i]]) * 8 + 64);
    j.truth = ein_eval_new(a, n->ein, EVAL_F64, batch);
    struct ein_eval *ends = ein_eval_new(a, n->written, EVAL_BOUND, batch), *fine = ein_eval_new(a, n->written, EVAL_BOUND, batch);
    give(&j, j.truth, n->ein, in);
    give(&j, ends, n->written, in);     /* before the run: in training it changes states */
    give(&j, fine, n->written, in);
    bool ok = exec_run(n->exec, batch, (const void *const *)in, out);
    if (!ok)
        buf_puts(why, "not enough memory");
    ok = ok && ein_eval_run(j.truth, n->ein, 0, n->ein->eq.n, why) && compare_ends(&j, ends, fine, out);
    for (u32 k = 0; ok && k < p->run.n; k++)
        ok = compare_group(&j, k);
    arena_free(a);
    return ok;
}
