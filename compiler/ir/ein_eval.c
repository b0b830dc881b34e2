/* ein_eval.c - the meaning of a cascade: its equations in order, point by point.
 *
 * An equation is evaluated in two steps: reductions gather into one number per parallel point, then the post
 * expression (or that number) is stored; maps store their body.  Equations of a scan take turns for each round. */
#include "compiler/ir/eval_prog.h"
#include "compiler/ir/weight.h"

#include "compiler/ir/elem.h"

#include <math.h>

struct ein_eval *ein_eval_new(struct arena *a, const struct cascade *c, enum eval_mode mode, i64 batch)
{
    CHECK(batch > 0);
    struct ein_eval *ev = NEW(a, struct ein_eval);
    ev->mode = mode;
    ev->batch = batch;
    ev->a = a;
    ev->tens = NEW_ARRAY(a, struct ein_array, c->tens.n);
    ev->sum = mode == EVAL_BOUND ? NEW_ARRAY(a, struct eval_sums, c->tens.n) : NULL;
    return ev;
}

double *ein_eval_alloc(struct ein_eval *ev, const struct cascade *c, u32 t)
{
    struct eval_run r = { .ev = ev, .c = c };
    struct ein_array *to = &ev->tens[t];
    i64 stride[EVAL_AXES];
    CHECK(c->tens.at[t].ndim <= EVAL_AXES);
    u64 n = eval_strides(&r, t, stride);
    if (to->v && to->n == n) {
        memset(to->v, 0, n * sizeof *to->v);
        if (to->err)
            memset(to->err, 0, n * sizeof *to->err);
    } else {
        to->n = n;
        to->v = NEW_ARRAY(ev->a, double, n);
        if (ev->mode == EVAL_BOUND)
            to->err = NEW_ARRAY(ev->a, double, n);
    }
    for (u64 i = 0; c->tens.at[t].halo && i < n; i++)
        to->v[i] = ev->mode == EVAL_F32 ? elem_round(c->tens.at[t].dtype, c->tens.at[t].rest) : c->tens.at[t].rest;
    return to->v;
}

void ein_eval_weights(struct ein_eval *ev, const struct cascade *c, u64 seed)
{
    for (u32 t = 0; t < c->tens.n; t++) {
        const struct ein_tens *w = &c->tens.at[t];
        if (w->role != EIN_PARAM && w->role != EIN_STATE)
            continue;
        double *v = ein_eval_alloc(ev, c, t);
        float part[256];
        for (u64 i = 0; i < ev->tens[t].n; i += COUNTOF(part)) {
            u64 n = MIN((u64)COUNTOF(part), ev->tens[t].n - i);
            weight_fill(w, seed, i, n, part);
            for (u64 k = 0; k < n; k++)
                v[i + k] = dtype_is_float(w->dtype) ? eval_round(w->dtype, part[k]) : elem_round(w->dtype, part[k]);
        }
    }
}

/* The state of reductions, one per parallel point: values, and what bounds and guards need. */
struct gather {
    double **v, **e, *sum_abs;
    u64 *count, n;
    i64 *best;
    bool *unsure;                       /* points may be absent or not */
    struct eval_terms terms;            /* of a single point that is a sum itself; mag NULL: the result is one term */
};

struct eq_run {
    struct eval_run r;
    struct eval_domain all, par;        /* iteration space; its parallel ranks (a scan's left out) */
    struct eval_prog body, post, lift, merge;
    u32 *body_reg, guard_reg, post_reg, *lift_reg, *merge_reg;
    struct eval_index *lhs;
    i64 reduced;                        /* points of the reduced ranks */
    struct gather g;
    struct eval_domain one;             /* a single point, for merges */
};

static bool fail(struct eq_run *q, const char *what, const char *name)
{
    if (q->r.why)
        buf_printf(q->r.why, "equation of %s: %s%s", q->r.c->tens.at[q->r.e->out[0]].name, what, name ? name : "");
    return false;
}

/* Everything x reads has values. */
static bool readable(struct eq_run *q, ein_node x)
{
    ein_nodes under = { 0 };
    const struct cascade *c = q->r.c;
    if (x)
        ein_reach(q->r.a, c, x, &under);
    for (u32 i = 0; i < under.n; i++) {
        const struct ein_x *y = &c->node.at[under.at[i]];
        if ((y->kind == EIN_READ || y->kind == EIN_GATHER) && !q->r.ev->tens[y->u].v)
            return fail(q, "no values are given for ", c->tens.at[y->u].name);
    }
    return true;
}

static void prepare_monoid(struct eq_run *q, const struct ein_monoid *m)
{
    struct eval_run *r = &q->r;
    eval_domain_make(r, &q->one, 0, NULL);
    q->one.lanes = 1;
    q->lift_reg = NEW_ARRAY(r->a, u32, m->nstate);
    q->merge_reg = NEW_ARRAY(r->a, u32, m->nstate);
    for (u32 i = 0; i < m->nstate; i++) {
        q->lift_reg[i] = eval_compile(r, &q->lift, &q->one, m->lift[i], r->e->acc);
        q->merge_reg[i] = eval_compile(r, &q->merge, &q->one, m->merge[i], r->e->acc);
    }
    eval_finish(r, &q->lift);
    eval_finish(r, &q->merge);
}

/* Terms go from the body to the result where a reduction has but one point, and on to the tensor if readers may take it in. */
static void prepare_sums(struct eq_run *q)
{
    struct eval_run *r = &q->r;
    const struct ein_eq *e = r->e;
    const struct cascade *c = r->c;
    bool plain = e->red == RED_ADD || e->red == RED_MUL || e->red == RED_MAX || e->red == RED_MIN;
    bool point = e->red && !(plain && q->reduced == 1 && !e->guard && e->nbody == 1);
    bool kept = !e->scan && r->ev->sum[e->out[0]].asked && c->tens.at[e->out[0]].role == EIN_TEMP && e->nout == 1, scaled = false, sum = false, fixed = !e->scan;
    eval_sum_prepare(r, &q->body, e->nbody, q->body_reg, point ? EVAL_ROOT_POINT : kept || e->red ? EVAL_ROOT_KEPT : EVAL_ROOT_VALUE);
    const struct eval_ins *body = eval_ins_of(&q->body, q->body_reg[0]);
    for (u32 i = 0; i < e->nbody; i++)
        fixed &= eval_ins_of(&q->body, q->body_reg[i])->fixed;
    fixed &= !e->guard || eval_ins_of(&q->body, q->guard_reg)->fixed;
    if (!point) {
        scaled = body->scaled;
        sum = q->body.terms[q->body_reg[0]].mag;
    }
    if (e->red) {
        q->post.acc_fixed = fixed;
        q->post.acc_scaled = scaled;
        q->post.acc_sum = sum;
        if (sum)
            q->g.terms = eval_terms_new(r->a, q->g.n);
        eval_sum_prepare(r, &q->post, e->post != 0, &q->post_reg, kept ? EVAL_ROOT_KEPT : EVAL_ROOT_VALUE);
    }
    if (e->post) {
        const struct eval_ins *post = eval_ins_of(&q->post, q->post_reg);
        fixed &= post->fixed;
        scaled = post->scaled;
        sum = q->post.terms[q->post_reg].mag;
    }
    for (u32 k = 0; k < e->nout; k++)
        r->ev->sum[e->out[k]].fixed &= fixed;
    if (kept && sum)
        eval_sum_tensor(r, e->out[0]);
    r->ev->sum[e->out[0]].scaled |= kept && scaled;
}

static bool prepare(struct eq_run *q)
{
    struct eval_run *r = &q->r;
    const struct ein_eq *e = r->e;
    const struct cascade *c = r->c;
    u32 rank[EVAL_RANKS], npar = 0, n = 0;
    CHECK(e->nrank <= EVAL_RANKS);
    for (u32 i = 0; i < e->nbody; i++)
        if (!readable(q, e->body[i]))
            return false;
    if (!readable(q, e->guard) || !readable(q, e->post))
        return false;
    for (u32 i = 0; i < e->nrank; i++)
        if (!e->scan || i != e->scan_rank) {
            rank[n++] = i;
            npar += e->rank[i].kind == EIN_PAR;
        }
    eval_domain_make(r, &q->all, n, rank);
    eval_domain_make(r, &q->par, npar, rank);
    q->reduced = 1;
    q->g.n = 1;
    for (u32 i = 0; i < n; i++)
        if (i < npar)
            q->g.n *= (u64)q->all.ext[rank[i]];
        else
            q->reduced *= q->all.ext[rank[i]];
    q->body_reg = NEW_ARRAY(r->a, u32, e->nbody);
    for (u32 i = 0; i < e->nbody; i++)
        q->body_reg[i] = eval_compile(r, &q->body, &q->all, e->body[i], e->acc);
    if (e->guard)
        q->guard_reg = eval_compile(r, &q->body, &q->all, e->guard, e->acc);
    q->lhs = NEW_ARRAY(r->a, struct eval_index, 1);
    struct eval_prog *store = e->red ? &q->post : &q->body;
    if (e->post)
        q->post_reg = eval_compile(r, store, &q->par, e->post, c->tens.at[e->out[0]].dtype);
    if (!store->reg)
        store->reg = NEW_ARRAY(r->a, u32, c->node.n);
    i64 stride[EVAL_AXES];
    eval_strides(r, e->out[0], stride);
    for (u32 i = 0; i < e->nsub; i++)
        eval_compile_index(r, store, &q->par, e->sub[i], stride[i], q->lhs);
    if (eval_sums(r))
        prepare_sums(q);
    eval_finish(r, &q->body);
    eval_finish(r, &q->post);
    if (e->red == RED_USER)
        prepare_monoid(q, &c->monoid.at[e->monoid]);
    if (e->red) {
        u32 parts = e->nout;
        q->g.v = NEW_ARRAY(r->a, double *, parts);
        q->g.e = NEW_ARRAY(r->a, double *, parts);
        for (u32 k = 0; k < parts; k++) {
            q->g.v[k] = NEW_ARRAY(r->a, double, q->g.n);
            q->g.e[k] = NEW_ARRAY(r->a, double, q->g.n);
        }
        q->g.sum_abs = NEW_ARRAY(r->a, double, q->g.n);
        q->g.count = NEW_ARRAY(r->a, u64, q->g.n);
        q->g.best = NEW_ARRAY(r->a, i64, q->g.n);
        q->g.unsure = NEW_ARRAY(r->a, bool, q->g.n);
    }
    return true;
}

static double lowest(enum dtype t)
{
    switch (t) {
    case DT_I64: return -0x1p63;
    case DT_I32: return INT32_MIN;
    case DT_I8: return INT8_MIN;
    case DT_U8: case DT_BOOL: return 0;
    default: return -INFINITY;
    }
}

static double highest(enum dtype t)
{
    switch (t) {
    case DT_I64: return 0x1p63;
    case DT_I32: return INT32_MAX;
    case DT_I8: return INT8_MAX;
    case DT_U8: return UINT8_MAX;
    case DT_BOOL: return 1;
    default: return INFINITY;
    }
}

static void gather_start(struct eq_run *q)
{
    const struct ein_eq *e = q->r.e;
    double zero = e->red == RED_MUL ? 1 : e->red == RED_MAX || e->red == RED_ARGMAX ? lowest(e->acc) :
                  e->red == RED_MIN || e->red == RED_ARGMIN ? highest(e->acc) : 0;
    for (u64 i = 0; i < q->g.n; i++) {
        q->g.v[0][i] = zero;
        q->g.e[0][i] = q->g.sum_abs[i] = 0;
        q->g.count[i] = 0;
        q->g.best[i] = -1;
        q->g.unsure[i] = false;
    }
    if (e->red != RED_USER)
        return;
    const struct ein_monoid *m = &q->r.c->monoid.at[e->monoid];
    struct eval_prog zeros = { 0 };
    for (u32 k = 0; k < m->nstate; k++)
        eval_compile(&q->r, &zeros, &q->one, m->zero[k], e->acc);
    eval_finish(&q->r, &zeros);
    eval_block(&q->r, &zeros, &q->one);
    for (u32 k = 0; k < m->nstate; k++) {
        u32 reg = zeros.reg[m->zero[k]] - 1;
        for (u64 i = 0; i < q->g.n; i++) {
            q->g.v[k][i] = zeros.v[reg][0];
            q->g.e[k][i] = zeros.e ? zeros.e[reg][0] : 0;
        }
    }
}

/* Lanes [i, end) into point o; v, err: the body; on: the guard (NULL: all present). */
static void gather_some(struct eq_run *q, u64 o, u32 i, u32 end, const double *v, const double *err, const double *on, i64 first)
{
    struct gather *g = &q->g;
    enum dtype t = q->r.e->acc, bt = eval_bound_dtype(q->r.ev, t);
    bool written = q->r.ev->mode == EVAL_F32 && dtype_is_float(t) && t != DT_F64;
    double s = g->v[0][o], e = g->e[0][o], sum_abs = g->sum_abs[o];
    switch (q->r.e->red) {
    case RED_ADD:
        if (!on && !err && !written) {
            for (u32 k = i; k < end; k++)
                s += v[k];
            break;
        }
        for (u32 k = i; k < end; k++) {
            if (on && on[k] == 0)
                continue;
            s = written ? eval_round(t, s + v[k]) : s + v[k];
            if (err) {
                e += err[k];
                sum_abs += fabs(v[k]) + err[k];
                g->count[o]++;
            }
        }
        break;
    case RED_MUL:
        for (u32 k = i; k < end; k++) {
            if (on && on[k] == 0)
                continue;
            double p = written ? eval_round(t, s * v[k]) : s * v[k];
            if (err)
                e = eval_err_op(EIN_MUL, bt, p, s, e, v[k], err[k], 0, 0);
            s = p;
        }
        break;
    case RED_MAX: case RED_MIN:
        for (u32 k = i; k < end; k++) {
            if (on && on[k] == 0)
                continue;
            if (err)
                e = g->count[o]++ ? eval_err_op(q->r.e->red == RED_MAX ? EIN_MAX : EIN_MIN, bt, 0, s, e, v[k], err[k], 0, 0) : err[k];
            s = q->r.e->red == RED_MAX ? (s > v[k] ? s : v[k]) : s < v[k] ? s : v[k];
        }
        break;
    case RED_ARGMAX: case RED_ARGMIN:
        for (u32 k = i; k < end; k++)
            if (!(on && on[k] == 0) && (g->best[o] < 0 || (q->r.e->red == RED_ARGMAX ? v[k] > s : v[k] < s))) {
                s = v[k];
                e = err ? err[k] : 0;
                g->best[o] = first + (k - i);
            }
        break;
    default:
        break;
    }
    g->v[0][o] = s;
    g->e[0][o] = e;
    g->sum_abs[o] = sum_abs;
}

/* Second time through an argmax: how far off are the others that the errors let win? */
static void gather_ties(struct eq_run *q, u64 o, u32 i, u32 end, const double *v, const double *err, const double *on, i64 first)
{
    struct gather *g = &q->g;
    for (u32 k = i; k < end; k++) {
        i64 off = first + (k - i) - g->best[o];
        double e = err[k] + g->e[0][o];
        if (!(on && on[k] == 0) && e > 0 && fabs(v[k] - g->v[0][o]) <= e)
            g->sum_abs[o] = fmax(g->sum_abs[o], (double)(off < 0 ? -off : off));
    }
}

static void gather_user(struct eq_run *q, u64 o, u32 i, u32 end, const double *on)
{
    struct gather *g = &q->g;
    u32 n = q->r.e->nout;
    const double *arg_v[32], *arg_e[32];
    for (u32 k = i; k < end; k++) {
        if (on && on[k] == 0)
            continue;
        for (u32 s = 0; s < n; s++) {
            arg_v[s] = &g->v[s][o];
            arg_e[s] = &g->e[s][o];
            arg_v[n + s] = &q->lift.v[q->lift_reg[s]][k];
            arg_e[n + s] = q->lift.e ? &q->lift.e[q->lift_reg[s]][k] : NULL;
        }
        q->merge.arg_v = (double *const *)arg_v;
        q->merge.arg_e = (double *const *)arg_e;
        eval_block(&q->r, &q->merge, &q->one);
        for (u32 s = 0; s < n; s++) {
            g->v[s][o] = q->merge.v[q->merge_reg[s]][0];
            if (q->merge.e)
                g->e[s][o] = q->merge.e[q->merge_reg[s]][0];
        }
    }
}

/* One block's body; false if an index left its tensor. */
static bool body_block(struct eq_run *q, const double **on)
{
    eval_block(&q->r, &q->body, &q->all);
    *on = q->r.e->guard ? q->body.v[q->guard_reg] : NULL;
    if (q->r.leaves)
        return fail(q, "an index leaves ", q->r.leaves);
    for (u32 k = 0; q->body.poison && k < q->r.e->nbody; k++)
        for (u32 i = 0; i < q->all.lanes; i++)
            if (q->body.poison[q->body_reg[k]][i] && !(*on && (*on)[i] == 0))
                return fail(q, "a read leaves its tensor", NULL);
    return true;
}

static bool may_go_on(struct eq_run *q, u64 points)
{
    struct ein_eval *ev = q->r.ev;
    ev->work += points;
    if (ev->work_limit && ev->work > ev->work_limit)
        return fail(q, "the evaluation passes its bound of work", NULL);
    if (ev->stop && ev->stop(ev->stop_ctx))
        return fail(q, "the evaluation was stopped", NULL);
    return true;
}

static bool gather_all(struct eq_run *q, bool ties)
{
    i64 at = 0;                 /* the point, counted through the whole domain */
    for (bool more = eval_next_block(&q->all, true); more; more = eval_next_block(&q->all, false)) {
        const double *on;
        u32 n = q->all.lanes;
        if (!may_go_on(q, n) || !body_block(q, &on))
            return false;
        const double *v = q->body.v[q->body_reg[0]], *err = q->body.e ? q->body.e[q->body_reg[0]] : NULL;
        const double *maybe = on && err ? q->body.e[q->guard_reg] : NULL;
        if (q->r.e->red == RED_USER) {
            const double *arg_v[16], *arg_e[16];
            for (u32 k = 0; k < q->r.e->nbody; k++) {
                arg_v[k] = q->body.v[q->body_reg[k]];
                arg_e[k] = q->body.e ? q->body.e[q->body_reg[k]] : NULL;
            }
            q->lift.arg_v = (double *const *)arg_v;
            q->lift.arg_e = (double *const *)arg_e;
            q->one.lanes = n;
            eval_block(&q->r, &q->lift, &q->one);
            q->one.lanes = 1;
        }
        for (u32 i = 0; i < n;) {
            u64 o = (u64)(at / q->reduced);
            i64 first = at % q->reduced;
            u32 end = (u32)MIN((i64)n, i + (q->reduced - first));
            if (q->g.terms.mag)
                eval_terms_copy(&q->g.terms, o, &q->body.terms[q->body_reg[0]], i, v[i], err[i]);
            for (u32 k = i; maybe && k < end; k++)
                if (maybe[k] > 0) {
                    q->g.unsure[o] = true;
                    if (q->r.e->red == RED_ADD)         /* with it or without */
                        q->g.e[0][o] += fabs(v[k]) + (on[k] == 0 ? err[k] : 0);
                }
            if (q->r.e->red == RED_USER)
                gather_user(q, o, i, end, on);
            else if (ties)
                gather_ties(q, o, i, end, v, err, on, first);
            else
                gather_some(q, o, i, end, v, err, on, first);
            at += end - i;
            i = end;
        }
    }
    return true;
}

/* Reductions: from gathered state to (acc 0) and its bound. */
static void gather_end(struct eq_run *q)
{
    struct gather *g = &q->g;
    const struct ein_eq *e = q->r.e;
    bool arg = e->red == RED_ARGMAX || e->red == RED_ARGMIN;
    double u = eval_unit(eval_bound_dtype(q->r.ev, e->acc));
    bool whole = !dtype_is_float(e->acc) && e->acc != DT_BOOL && (e->red == RED_ADD || e->red == RED_MUL);
    for (u64 o = 0; o < g->n && whole; o++)
        g->v[0][o] = elem_round(e->acc, g->v[0][o]);
    for (u64 o = 0; o < g->n && (arg || e->red == RED_ADD); o++) {
        if (arg) {
            g->v[0][o] = (double)g->best[o];
            g->e[0][o] = g->sum_abs[o];
        } else if (g->count[o] > 1 && u > 0) {
            double nu = (double)(g->count[o] - 1) * u;
            g->e[0][o] += nu < 0.5 ? nu / (1 - nu) * g->sum_abs[o] : INFINITY;
        }
    }
    for (u64 o = 0; o < g->n && e->red != RED_ADD; o++)
        for (u32 k = 0; g->unsure[o] && k < e->nout; k++)
            g->e[k][o] = INFINITY;
}

/* terms: of lane 0 on; mag NULL: one each. */
static void store_block(struct eq_run *q, const struct eval_prog *p, u32 tens, const double *v, const double *err, const struct eval_terms *terms,
                        const double *on, const double *maybe)
{
    struct eval_sums *sum = eval_sums(&q->r) && q->r.ev->sum[tens].on ? &q->r.ev->sum[tens] : NULL;
    i64 off[EVAL_BLOCK];
    struct ein_array *to = &q->r.ev->tens[tens];
    enum dtype d = q->r.c->tens.at[tens].dtype;
    bool whole = !dtype_is_float(d) && d != DT_BOOL;
    eval_index_block(p, &q->par, q->lhs, off);
    for (u32 i = 0; i < q->par.lanes; i++) {
        bool absent = on && on[i] == 0;
        if ((u64)off[i] >= to->n) {
            q->r.leaves = q->r.c->tens.at[tens].name;
            return;
        }
        to->v[off[i]] = absent ? 0 : whole ? elem_round(d, v[i]) : v[i];
        if (to->err)
            to->err[off[i]] = maybe && maybe[i] > 0 ? fabs(v[i]) + err[i] : absent ? 0 : err[i];
        if (sum)
            eval_terms_copy(&sum->terms, (u64)off[i], absent || (maybe && maybe[i] > 0) ? NULL : terms, i, to->v[off[i]], to->err[off[i]]);
    }
}

static bool run_map(struct eq_run *q)
{
    q->par = q->all;
    for (bool more = eval_next_block(&q->all, true); more; more = eval_next_block(&q->all, false)) {
        const double *on;
        if (!may_go_on(q, q->all.lanes) || !body_block(q, &on))
            return false;
        memcpy(q->par.at, q->all.at, sizeof q->par.at);
        q->par.lanes = q->all.lanes;
        u32 reg = q->body_reg[0];
        store_block(q, &q->body, q->r.e->out[0], q->body.v[reg], q->body.e ? q->body.e[reg] : NULL, q->body.terms ? &q->body.terms[reg] : NULL, on,
                    on && q->body.e ? q->body.e[q->guard_reg] : NULL);
    }
    return true;
}

static bool run_reduction(struct eq_run *q)
{
    const struct ein_eq *e = q->r.e;
    gather_start(q);
    if (!gather_all(q, false))
        return false;
    if ((e->red == RED_ARGMAX || e->red == RED_ARGMIN) && q->body.e && !gather_all(q, true))
        return false;
    gather_end(q);
    u64 at = 0;
    for (bool more = eval_next_block(&q->par, true); more; more = eval_next_block(&q->par, false)) {
        for (u32 k = 0; k < e->nout; k++) {
            const double *v = q->g.v[k] + at, *err = q->g.e[k] + at;
            q->post.acc_v = v;
            q->post.acc_e = err;
            const struct eval_terms *g = &q->g.terms;
            struct eval_terms acc = g->mag ? (struct eval_terms){ g->mag + at, g->own + at, g->n + at } : (struct eval_terms){ 0 };
            q->post.acc_terms = acc;
            if (!k)
                eval_block(&q->r, &q->post, &q->par);
            if (e->post) {
                v = q->post.v[q->post_reg];
                err = q->post.e ? q->post.e[q->post_reg] : NULL;
                acc = q->post.terms ? q->post.terms[q->post_reg] : (struct eval_terms){ 0 };
                for (u32 i = 0; q->post.poison && i < q->par.lanes; i++)
                    if (q->post.poison[q->post_reg][i])
                        return fail(q, "a read leaves its tensor", NULL);
            }
            store_block(q, &q->post, e->out[k], v, err, &acc, NULL, NULL);
        }
        at += q->par.lanes;
    }
    return true;
}

/* The equation once, or its round t of a scan. */
static bool run_eq(struct eq_run *q, i64 t)
{
    const struct ein_eq *e = q->r.e;
    if (e->scan)
        q->all.at[e->scan_rank] = q->par.at[e->scan_rank] = t;
    if (!(e->red ? run_reduction(q) : run_map(q)))
        return false;
    return q->r.leaves ? fail(q, "an index leaves ", q->r.leaves) : true;
}

static bool run_scan(struct ein_eval *ev, const struct cascade *c, u32 first, u32 last, struct arena *a, struct buf *why)
{
    struct eq_run *q = NEW_ARRAY(a, struct eq_run, last - first);
    i64 rounds = 1;
    for (u32 i = first; i < last; i++) {
        struct eq_run *k = &q[i - first];
        k->r = (struct eval_run){ .ev = ev, .c = c, .e = &c->eq.at[i], .a = a, .why = why };
        if (!prepare(k))
            return false;
        const struct ein_eq *e = k->r.e;
        if (e->scan) {
            i64 n = k->all.ext[e->scan_rank];
            if (i > first && n != rounds)
                return fail(k, "the equations of a scan have different numbers of rounds", NULL);
            rounds = n;
        }
    }
    for (i64 t = 0; t < rounds; t++)
        for (u32 i = 0; i < last - first; i++)
            if (!run_eq(&q[i], q[i].r.e->scan_down ? rounds - 1 - t : t))
                return false;
    return true;
}

bool ein_eval_run(struct ein_eval *ev, const struct cascade *c, u32 first, u32 last, struct buf *why)
{
    for (u32 t = 0; t < c->tens.n; t++)
        if (c->tens.at[t].role == EIN_CONST && !ev->tens[t].v) {
            double *v = ein_eval_alloc(ev, c, t);
            double *err = ev->mode == EVAL_BOUND ? ev->tens[t].err : NULL;
            enum dtype d = (enum dtype)c->tens.at[t].dtype;
            for (u64 i = 0; i < ev->tens[t].n; i++) {
                v[i] = ev->mode == EVAL_F32 ? elem_round(d, c->tens.at[t].value[i]) : c->tens.at[t].value[i];
                if (err && eval_round(eval_bound_dtype(ev, d), v[i]) != v[i])
                    err[i] = eval_unit(eval_bound_dtype(ev, d)) * fabs(v[i]);
            }
        }
    if (ev->sum && !ev->lowered)
        eval_sum_tensors(ev, c, first, last);
    for (u32 i = first; i < last; i++)
        for (u32 k = 0; k < c->eq.at[i].nout; k++)
            if (!ev->tens[c->eq.at[i].out[k]].v)
                ein_eval_alloc(ev, c, c->eq.at[i].out[k]);
    for (u32 i = first; i < last;) {
        u32 end = i + 1;
        while (c->eq.at[i].scan && end < last && c->eq.at[end].scan == c->eq.at[i].scan)
            end++;
        struct arena *a = arena_new("equation");
        bool ok = run_scan(ev, c, i, end, a, why);
        arena_free(a);
        if (!ok)
            return false;
        i = end;
    }
    return true;
}
