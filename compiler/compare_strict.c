/* compare_strict.c - see compare_strict.h. */
#include "compiler/compare_strict.h"
#include "compiler/compare.h"
#include "compiler/base/rng.h"
#include "compiler/ir/ein_eval.h"
#include "compiler/ir/elem.h"

#include <math.h>

struct job {
    nasc_net *n;
    struct arena *a;
    i64 batch;
    struct compare_strict *r;
    struct buf *why;
};

static const double specials[] = { NAN, INFINITY, -INFINITY, 0.0, -0.0, 0x1p-149, -0x1p-149, 0x1.8p-130, -0x1p-126, 0x1.fffffep127, -0x1.fffffep127,
                                   1, -1, 0.5, 0x1p-25, 0x1.000002p0, 88.75, -103.5, 1e-20, -1e20 };

static const double edges[] = { 127, -128, 255, 0x1p20, -0x1p20, 1000003, -77777 };     /* indices are less than 2^30 */

double compare_draw(enum compare_draw d, enum dtype t, u64 seed, u32 number, u64 i)
{
    u32 w[4];
    rng_at(seed, 0x737472696374ull + number, i, w);
    if (!dtype_is_float(t)) {
        i64 small = d == DRAW_PLAIN ? w[0] % 2 : (i64)(w[0] % 12) - 2;
        return elem_round(t, d == DRAW_SPECIAL && w[1] % 37 == 0 ? edges[w[2] % COUNTOF(edges)] : (double)small);
    }
    double unit = (double)(i32)w[0] * 0x1p-31;
    switch (d) {
    case DRAW_SMALL:
        return w[1] % 4 == 0 ? unit * 0x1p-126 : w[1] % 4 == 1 ? unit * 0x1p-140 : w[1] % 8 == 2 ? unit : w[2] % 2 ? 0.0 : -0.0;
    case DRAW_LARGE:
        return w[1] % 4 == 0 ? unit * 0x1p127 : w[1] % 4 == 1 ? unit * 0x1p64 : unit * 100;
    case DRAW_SPECIAL:
        return w[1] % 61 == 0 ? specials[w[2] % COUNTOF(specials)] : unit * 4;
    default:
        return unit;
    }
}

static u64 buf_elems(const struct job *j, const struct plan_buf *b)
{
    return b->bytes / dtype_bytes(b->dtype) * (b->batched ? (u64)j->batch : 1);
}

/* As both sides read it back. */
static bool same(enum dtype d, double x, double y)
{
    x = elem_round(d, x);
    y = elem_round(d, y);
    return x != x ? y != y : x == y && signbit(x) == signbit(y);
}

/* The inputs and weights that the exec has. */
static void give(const struct job *j, struct ein_eval *ev, const struct cascade *c, void *const *in)
{
    const struct plan *p = j->n->plan;
    u32 k = 0;
    for (u32 t = 0; t < c->tens.n; t++) {
        const struct ein_tens *e = &c->tens.at[t];
        const void *from = NULL;
        const struct plan_buf *b = NULL;
        if (e->role == EIN_IN) {
            b = &p->buf.at[p->in[k]];
            from = in[k++];
        } else if (e->role == EIN_PARAM || e->role == EIN_STATE) {
            for (u32 w = 0; w < p->weight.n && !from; w++) {
                u64 bytes;
                b = &p->buf.at[p->weight.at[w]];
                if (j->n->ein->tens.at[b->tens].number == e->number)
                    from = exec_weight(j->n->exec, w, &bytes);
            }
        } else {
            continue;
        }
        double *v = ein_eval_alloc(ev, c, t);
        u64 m = from ? MIN(ev->tens[t].n, buf_elems(j, b)) : 0;
        for (u64 i = 0; i < m; i++)
            v[i] = elem_get(b->dtype, from, i);
    }
}

/* Initial zeros and ones hide mistakes; and weights have their special values too. */
static void roughen(struct job *j, u64 seed, enum compare_draw d)
{
    const struct plan *p = j->n->plan;
    for (u32 w = 0; w < p->weight.n; w++) {
        const struct plan_buf *b = &p->buf.at[p->weight.at[w]];
        const struct ein_tens *t = &j->n->ein->tens.at[b->tens];
        bool flat = t->init == INIT_ZEROS || t->init == INIT_ONES || t->init == INIT_CONSTANT;
        u64 bytes;
        void *v = exec_weight(j->n->exec, w, &bytes);
        for (u64 i = 0; i < bytes / dtype_bytes(b->dtype); i++) {
            u32 word[4];
            rng_at(seed, 0x726f756768ull + t->number, i, word);
            if (flat)
                elem_set(b->dtype, v, i, elem_get(b->dtype, v, i) + 0.4 * ((double)(i32)word[0] * 0x1p-31));
            if (d == DRAW_SPECIAL && word[1] % 499 == 0)
                elem_set(b->dtype, v, i, specials[word[2] % COUNTOF(specials)]);
        }
    }
}

static void found(struct job *j, const char *what, const char *name, u64 at, double got, double want)
{
    if (!j->r->first_bad)
        j->r->first_bad = arena_printf(j->n->a, "%s: %s[%llu] is %.9g (%a) and should be %.9g (%a)", what, name, (unsigned long long)at, got, got, want, want);
}

/* Run command k alone, on the evaluator's values. */
static void launch(struct job *j, const struct ein_eval *ev, u32 k)
{
    nasc_net *n = j->n;
    const struct plan_cmd *cmd = &n->plan->run.at[k];
    const struct cascade *c = n->ein;
    if (cmd->kind != PC_KERNEL && cmd->kind != PC_TAPE)
        return;
    bool *written = NEW_ARRAY(j->a, bool, c->tens.n), scan = false;
    for (u32 e = 0; e < c->eq.n; e++)
        for (u32 o = 0; c->eq.at[e].group == cmd->group && o < c->eq.at[e].nout; o++) {
            written[c->eq.at[e].out[o]] = true;
            scan |= c->eq.at[e].scan != 0;
        }
    for (u32 i = 0; i < cmd->narg; i++) {
        const struct plan_buf *b = &n->plan->buf.at[cmd->arg[i].buf];
        if (b->tens >= c->tens.n)
            continue;
        char *bytes = exec_buffer(n->exec, cmd->arg[i].buf);
        for (u64 x = 0, m = buf_elems(j, b); x < m; x++)
            elem_set(b->dtype, bytes, x, ev->tens[b->tens].v[x]);
    }
    exec_command(n->exec, j->batch, k);
    bool bad = false;
    for (u32 i = 0; i < cmd->narg && !scan; i++) {
        const struct plan_buf *b = &n->plan->buf.at[cmd->arg[i].buf];
        if (b->tens >= c->tens.n || !written[b->tens])
            continue;
        const void *bytes = exec_buffer(n->exec, cmd->arg[i].buf);
        for (u64 x = 0, m = buf_elems(j, b); x < m; x++)
            if (!same(b->dtype, elem_get(b->dtype, bytes, x), ev->tens[b->tens].v[x])) {
                found(j, arena_printf(j->a, "command %u (%s)", k, cmd->what ? cmd->what : ""), c->tens.at[b->tens].name, x,
                      elem_get(b->dtype, bytes, x), ev->tens[b->tens].v[x]);
                bad = true;
                break;
            }
    }
    j->r->bad_launches += bad;
}

/* Where it is: the passes, or a launch. */
static bool search(struct job *j, const struct ein_eval *written, void *const *in)
{
    nasc_net *n = j->n;
    struct ein_eval *ev = ein_eval_new(j->a, n->ein, EVAL_F32, j->batch);
    give(j, ev, n->ein, in);
    if (!ein_eval_run(ev, n->ein, 0, n->ein->eq.n, j->why))
        return false;
    u32 k = 0;
    for (u32 t = 0; t < n->written->tens.n; t++) {
        if (n->written->tens.at[t].role != EIN_OUT)
            continue;
        const struct plan_buf *b = &n->plan->buf.at[n->plan->out[k++]];
        for (u64 x = 0; x < written->tens[t].n; x++)
            if (!same(b->dtype, ev->tens[b->tens].v[x], written->tens[t].v[x])) {
                j->r->passes = true;
                found(j, "passes", n->written->tens.at[t].name, x, ev->tens[b->tens].v[x], written->tens[t].v[x]);
                break;
            }
    }
    for (u32 c = 0; c < n->plan->run.n && !j->r->passes; c++)
        launch(j, ev, c);
    return true;
}

static bool outputs(struct job *j, struct ein_eval *ev, void *const *in, void *const *out)
{
    const struct plan *p = j->n->plan;
    const struct cascade *c = j->n->written;
    const char *what = NULL;
    u32 k = 0;
    if (!ein_eval_run(ev, c, 0, c->eq.n, j->why))
        return false;
    for (u32 t = 0; t < c->tens.n; t++) {
        if (c->tens.at[t].role != EIN_OUT)
            continue;
        enum dtype d = (enum dtype)p->buf.at[p->out[k]].dtype;
        const struct ein_array *want = &ev->tens[t];
        j->r->elems += want->n;
        for (u64 x = 0; x < want->n; x++) {
            double got = elem_get(d, out[k], x);
            j->r->infinite += !isfinite(want->v[x]);
            if (same(d, got, want->v[x]))
                continue;
            if (!j->r->differ++)
                what = arena_printf(j->n->a, "outputs: %s[%llu] is %.9g (%a) and should be %.9g (%a)", c->tens.at[t].name, (unsigned long long)x, got, got,
                                    want->v[x], want->v[x]);
        }
        k++;
    }
    if (j->r->differ && !search(j, ev, in))
        return false;
    if (j->r->differ && !j->r->first_bad)
        j->r->first_bad = what;
    return true;
}

static bool run(nasc_net *n, const struct compare_values *v, u64 seed, i64 batch, enum compare_draw d, struct compare_strict *r, struct buf *why)
{
    CHECK(n->opt.strict);
    *r = (struct compare_strict){ 0 };
    if (!net_exec(n)) {
        buf_puts(why, "not enough memory");
        return false;
    }
    struct arena *a = arena_new_in(n->a, "compare");
    struct job j = { .n = n, .a = a, .batch = batch, .r = r, .why = why };
    const struct plan *p = n->plan;
    exec_poison(n->exec);
    exec_weights_seed(n->exec, seed);
    if (!v)
        roughen(&j, seed, d);
    for (u32 w = 0; v && w < p->weight.n; w++) {
        const struct plan_buf *b = &p->buf.at[p->weight.at[w]];
        u64 bytes;
        void *to = exec_weight(n->exec, w, &bytes);
        v->weight(v->ctx, &n->ein->tens.at[b->tens], bytes / dtype_bytes(b->dtype), to);
    }
    n->weights = exec_load(n->exec);
    void **in = NEW_ARRAY(a, void *, p->nin + 1), **out = NEW_ARRAY(a, void *, p->nout + 1);
    for (u32 i = 0; i < p->nin; i++) {
        const struct plan_buf *b = &p->buf.at[p->in[i]];
        u64 m = buf_elems(&j, b);
        in[i] = arena_alloc(a, m * 8 + 64);
        if (v)
            v->input(v->ctx, i, (enum dtype)b->dtype, m, in[i]);
        for (u64 x = 0; !v && x < m; x++)
            elem_set(b->dtype, in[i], x, compare_draw(d, b->dtype, seed, i, x));
    }
    for (u32 i = 0; i < p->nout; i++)
        out[i] = arena_alloc(a, buf_elems(&j, &p->buf.at[p->out[i]]) * 8 + 64);
    struct ein_eval *ev = ein_eval_new(a, n->written, EVAL_F32, batch);
    give(&j, ev, n->written, in);       /* before the run: in training it changes states */
    bool ok = n->weights && exec_run(n->exec, batch, (const void *const *)in, out);
    if (!ok)
        buf_puts(why, "not enough memory");
    ok = ok && outputs(&j, ev, in, out);
    arena_free(a);
    return ok;
}

bool compare_strict(nasc_net *n, u64 seed, i64 batch, enum compare_draw d, struct compare_strict *r, struct buf *why)
{
    return run(n, NULL, seed, batch, d, r, why);
}

bool compare_strict_on(nasc_net *n, const struct compare_values *v, u64 seed, i64 batch, struct compare_strict *r, struct buf *why)
{
    return run(n, v, seed, batch, DRAW_PLAIN, r, why);
}
