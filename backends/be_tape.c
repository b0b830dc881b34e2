/* be_tape.c - a tape's nests over its work units.
 *
 * In: a finished tape, its buffers.  Out: what its equations write.  Units come in pieces of neighbours along the last
 * unit rank; within a piece equations run one after the other (those of a scan by turns, round by round). */
#include "backends/tape_run.h"

bool tape_first(struct tape_run *r, const struct tape_loops *l)
{
    for (u32 i = 0; i < l->n; i++) {
        if (l->l[i].lo >= l->l[i].hi)
            return false;
        r->at[l->l[i].rank] = l->l[i].lo;
    }
    return true;
}

bool tape_next(struct tape_run *r, const struct tape_loops *l)
{
    for (u32 i = l->n; i-- > 0;) {
        const struct tape_loop *k = &l->l[i];
        if ((r->at[k->rank] += k->step) < k->hi)
            return true;
        r->at[k->rank] = k->lo;
    }
    return false;
}

u32 tape_points(const struct tape_run *r, const struct tape_dom *d)
{
    i64 n = 1;
    for (u32 i = 0; i < d->n; i++)
        n *= i ? d->size[i] : MIN(d->size[0], r->hi[d->rank[0]] - r->at[d->rank[0]]);
    return (u32)n;
}

void tape_loops_of(const struct tape_run *r, u32 n, const u32 *order, const struct tape_dom *d, struct tape_loops *l)
{
    for (u32 i = 0; i < n; i++) {
        u32 rank = order[i], k = 0;
        while (k < d->n && d->rank[k] != rank)
            k++;
        if (k && k < d->n)
            continue;                   /* whole in every block */
        l->l[l->n++] = (struct tape_loop){ rank, r->lo[rank], r->hi[rank], k < d->n ? d->size[0] : 1 };
    }
}

static void start(struct tape_run *r, u32 n)
{
    const struct tape_nest *t = r->n;
    if (t->red == RED_USER) {
        tape_eval(r, TPROG_ZERO, n, 0, 2, t->prog[TPROG_ZERO].ins.n);
        for (u32 k = 0; k < t->nstate; k++)
            memcpy(r->state + (size_t)k * r->pitch, r->reg[t->prog[TPROG_ZERO].res.at[k]], (size_t)n * r->size);
        return;
    }
    r->real->fill(n, r->state, t->zero);
    if (t->red == RED_ARGMAX || t->red == RED_ARGMIN)
        for (u32 i = 0; i < n; i++)
            r->best[i] = -1;
}

#define BEST(T)                                                                               \
    do {                                                                                      \
        T *s = (T *)(void *)r->state;                                                         \
        const T *x = (const T *)(const void *)v, *g = (const T *)(const void *)on;            \
        for (u32 i = 0; i < n; i++)                                                           \
            if (!(g && g[i] == 0) && (r->best[i] < 0 || (max ? x[i] > s[i] : x[i] < s[i]))) { \
                s[i] = x[i];                                                                  \
                r->best[i] = at;                                                              \
            }                                                                                 \
    } while (0)

static void best(struct tape_run *r, u32 n, const char *v, const char *on, i64 at)
{
    bool max = r->n->red == RED_ARGMAX;
    if (r->size == 8)
        BEST(double);
    else
        BEST(float);
}

static void merge(struct tape_run *r, u32 n, const char *on)
{
    const struct tape_nest *t = r->n;
    const struct tape_prog *lift = &t->prog[TPROG_LIFT], *fuse = &t->prog[TPROG_MERGE];
    char *arg[64];
    for (u32 k = 0; k < t->nlift; k++)
        arg[k] = r->reg[t->prog[TPROG_BODY].res.at[k]];
    r->arg = arg;
    tape_eval(r, TPROG_LIFT, n, 1, 2, lift->ins.n);
    char *both[64];
    for (u32 k = 0; k < t->nstate; k++) {
        both[k] = r->state + (size_t)k * r->pitch;
        both[t->nstate + k] = r->reg[lift->res.at[k]];
    }
    r->arg = both;
    tape_eval(r, TPROG_MERGE, n, 1, 2, fuse->ins.n);
    for (u32 k = 0; k < t->nstate; k++) {
        char *to = r->fresh + (size_t)k * r->pitch, *from = r->reg[fuse->res.at[k]];
        if (on)
            r->real->map[TP_SELECT](n, to, on, from, both[k]);
        else
            memcpy(to, from, (size_t)n * r->size);
    }
    for (u32 k = 0; k < t->nstate; k++)
        memcpy(both[k], r->fresh + (size_t)k * r->pitch, (size_t)n * r->size);
}

/* The finished reduction's epilogue, and its stores. */
static void finish(struct tape_run *r, u32 n)
{
    const struct tape_nest *t = r->n;
    if (t->red == RED_ARGMAX || t->red == RED_ARGMIN)
        for (u32 i = 0; i < n; i++) {
            if (r->size == 8)
                ((double *)(void *)r->state)[i] = (double)r->best[i];
            else
                ((float *)(void *)r->state)[i] = (float)r->best[i];
        }
    char *acc[64];
    for (u32 k = 0; k < t->nstate; k++)
        acc[k] = r->state + (size_t)k * r->pitch;
    r->acc = acc;
    const struct tape_prog *p = &t->prog[TPROG_POST];
    tape_eval(r, TPROG_POST, n, 1, 2, p->ins.n);
    for (u32 k = 0; k < t->nout; k++)
        tape_store(r, TPROG_POST, t->out[k], t->post ? r->reg[p->res.at[0]] : acc[k], n);
}

static bool is_fused(const struct tape_nest *t)
{
    const struct tape_prog *p = &t->prog[TPROG_BODY];
    return t->fuse && t->red == RED_ADD && !t->guard && p->ins.n && p->ins.at[p->ins.n - 1].op == TP_MUL && p->ins.at[p->ins.n - 1].dst == p->res.at[0] &&
           (p->ins.at[p->ins.n - 1].when == 2 || t->mode == TM_ROWS);
}

static void blocks(struct tape_run *r)
{
    const struct tape_nest *t = r->n;
    const struct tape_prog *p = &t->prog[TPROG_BODY];
    struct tape_loops par, red;
    par.n = red.n = 0;
    /* several reduced points side by side: a row of results for each, added up at the end */
    const struct tape_dom *post = &t->prog[t->red == RED_NONE ? TPROG_BODY : TPROG_POST].dom, one = { 0 };
    i64 split = t->red != RED_NONE && p->dom.n && t->rank[p->dom.rank[0]].red;
    for (u32 i = 1; split && i < p->dom.n; i++)
        split *= p->dom.size[i];
    tape_loops_of(r, t->npar, t->par, post, &par);
    tape_loops_of(r, t->nred, t->redr, split ? &p->dom : &one, &red);
    bool fused = is_fused(t);
    const struct tape_ins *product = fused ? &p->ins.at[p->ins.n - 1] : NULL;
    if (!tape_first(r, &par))
        return;
    do {
        u32 n = tape_points(r, post);
        if (t->red == RED_NONE) {
            tape_eval(r, TPROG_BODY, n, 1, 2, p->ins.n);
            char *v = r->reg[p->res.at[0]];
            if (t->guard) {
                char *zero = r->fresh;
                r->real->fill(n, zero, 0);
                r->real->map[TP_SELECT](n, zero, r->reg[p->res.at[1]], v, zero);
                v = zero;
            }
            tape_store(r, TPROG_BODY, t->out[0], v, n);
            continue;
        }
        u32 all = n;
        start(r, split ? (u32)split * (u32)p->dom.size[0] : n);
        tape_first(r, &red);
        tape_eval(r, TPROG_BODY, split ? (u32)split * (u32)p->dom.size[0] : n, 1, 1, p->ins.n);
        i64 at = 0;
        do {
            if (split)
                n = tape_points(r, &p->dom);
            tape_eval(r, TPROG_BODY, n, 2, 2, p->ins.n - fused);
            const char *v = r->reg[p->res.at[0]], *on = t->guard ? r->reg[p->res.at[p->res.n - 1]] : NULL;
            if (fused) {
                r->real->add_product(n, r->state, r->reg[product->a], r->reg[product->b]);
            } else if (t->red == RED_USER) {
                merge(r, n, on);
            } else if (t->red == RED_ARGMAX || t->red == RED_ARGMIN) {
                best(r, n, v, on, at++);
            } else if (on && (t->red == RED_MAX || t->red == RED_MIN)) {     /* the identity would take a NaN's place */
                r->real->map[t->red == RED_MAX ? TP_MAX : TP_MIN](n, r->fresh, r->state, v, NULL);
                r->real->map[TP_SELECT](n, r->state, on, r->fresh, r->state);
            } else if (on) {
                char *zero = r->fresh;
                r->real->fill(n, zero, t->zero);
                r->real->map[TP_SELECT](n, zero, on, v, zero);
                r->real->reduce(t->red, n, r->state, zero);
            } else {
                r->real->reduce(t->red, n, r->state, v);
            }
            if (t->round)
                r->real->map[t->round](n, r->state, r->state, NULL, NULL);
        } while (tape_next(r, &red));
        n = all;
        for (u32 k = 1; split && k < p->dom.size[0]; k++)
            r->real->reduce(t->red, n, r->state, r->state + (size_t)k * n * r->size);
        finish(r, n);
    } while (tape_next(r, &par));
}

/* Blocks that run along the reduced ranks; a block of the epilogue's points at a time. */
static void rows(struct tape_run *r)
{
    const struct tape_nest *t = r->n;
    const struct tape_prog *p = &t->prog[TPROG_BODY], *post = &t->prog[TPROG_POST];
    struct tape_loops par, in;
    par.n = 0;
    bool fused = is_fused(t);
    const struct tape_ins *product = fused ? &p->ins.at[p->ins.n - 1] : NULL;
    tape_loops_of(r, t->npar, t->par, &post->dom, &par);
    if (!tape_first(r, &par))
        return;
    do {
        u32 n = tape_points(r, &post->dom);
        start(r, n);
        /* the block's points and the reduced ranks, as boxes of the body */
        i64 lo[TAPE_DIMS], hi[TAPE_DIMS], base[TAPE_DIMS];
        for (u32 i = 0; i < post->dom.n; i++) {
            u32 k = post->dom.rank[i];
            base[i] = r->at[k];
            lo[i] = r->lo[k];
            hi[i] = r->hi[k];
            r->lo[k] = i ? 0 : base[i];
            r->hi[k] = i ? post->dom.size[i] : MIN(hi[i], base[i] + post->dom.size[0]);
            if (i)
                base[i] = 0;
        }
        u32 order[TAPE_RANKS], m = 0;
        for (u32 i = 0; i < post->dom.n; i++)
            order[m++] = post->dom.rank[i];
        for (u32 i = 0; i < t->nred; i++)
            order[m++] = t->redr[i];
        in.n = 0;
        tape_loops_of(r, m, order, &p->dom, &in);
        bool whole = p->dom.n && !t->rank[p->dom.rank[0]].red;         /* rows are all of the reduced points */
        i64 row = 1;
        for (u32 i = 0; i < t->nred && whole; i++)
            row *= t->rank[t->redr[i]].ext;
        if (tape_first(r, &in))
            do {
                u32 points = tape_points(r, &p->dom), count = whole ? points / (u32)row : 1;
                i64 spot = 0;
                for (u32 i = 0; i < post->dom.n; i++)
                    spot = spot * (i ? post->dom.size[i] : 1) + (r->at[post->dom.rank[i]] - base[i]);
                tape_eval(r, TPROG_BODY, points, 1, 2, p->ins.n - fused);
                if (fused) {
                    r->real->rows_product(count, points / count, r->state + (size_t)spot * r->size, r->reg[product->a], r->reg[product->b]);
                    continue;
                }
                const char *v = r->reg[p->res.at[0]];
                if (t->guard) {
                    r->real->fill(points, r->fresh, t->zero);
                    r->real->map[TP_SELECT](points, r->fresh, r->reg[p->res.at[1]], v, r->fresh);
                    v = r->fresh;
                }
                r->real->rows(t->red, count, points / count, r->state + (size_t)spot * r->size, v);
            } while (tape_next(r, &in));
        for (u32 i = 0; i < post->dom.n; i++) {
            u32 k = post->dom.rank[i];
            r->at[k] = base[i];
            r->lo[k] = lo[i];
            r->hi[k] = hi[i];
        }
        finish(r, n);
    } while (tape_next(r, &par));
}

static char *take(char **at, u64 bytes)
{
    char *p = *at;
    *at += (bytes + 63) & ~(u64)63;
    return p;
}

/* A nest over the ranges of r; its constants are made first. */
static void nest(struct tape_run *r, const struct tape_nest *n, char *scratch)
{
    r->n = n;
    r->real = n->ct == DT_F64 ? &r->ops->f64 : &r->ops->f32;
    r->size = n->ct == DT_F64 ? 8 : 4;
    r->pitch = tape_pitch((enum dtype)n->ct);
    u32 slots = 0;
    for (u32 k = 0; k < TAPE_PROGS; k++) {
        r->slot_at[k] = slots;
        slots += n->prog[k].slot.n;
    }
    r->own = take(&scratch, (u64)n->nreg * r->pitch);
    r->state = take(&scratch, ((u64)n->nstate + 1) * r->pitch);
    r->fresh = take(&scratch, ((u64)n->nstate + 1) * r->pitch);
    r->best = (i64 *)(void *)take(&scratch, TAPE_BLOCK * 8);
    r->slot = (i64 *)(void *)take(&scratch, (u64)slots * TAPE_BLOCK * 8);
    r->reg = (char **)(void *)take(&scratch, n->nreg * sizeof(char *));
    r->more = scratch;
    for (u32 k = 0; k < n->nreg; k++)
        r->reg[k] = r->own + (size_t)k * r->pitch;
    for (u32 k = 0; k < TAPE_PROGS; k++)
        tape_eval(r, k, TAPE_BLOCK, 0, 0, n->prog[k].ins.n);
    if (n->mode == TM_PRODUCT)
        tape_product(r);
    else if (n->mode == TM_ROWS)
        rows(r);
    else
        blocks(r);
}

static i64 extent(const struct tape_rank *k, i64 batch)
{
    return k->ext * (k->tb ? batch : 1);
}

/* Ranges of nest i's ranks: all of them, but for the units'. */
static void ranges(struct tape_run *r, u32 i, const i64 *unit, i64 len)
{
    const struct tape *t = r->t;
    const struct tape_nest *n = &t->nest.at[i];
    for (u32 k = 0; k < n->nrank; k++) {
        r->at[k] = r->lo[k] = 0;
        r->hi[k] = extent(&n->rank[k], r->batch);
    }
    for (u32 u = 0; u < t->nunit; u++) {
        u32 k = t->unit_rank[i][u];
        r->at[k] = r->lo[k] = unit[u];
        r->hi[k] = unit[u] + (u + 1 == t->nunit ? len : 1);
    }
}

static void piece(struct tape_run *r, const i64 *unit, i64 len, char *scratch)
{
    const struct tape *t = r->t;
    for (u32 i = 0; i < t->nest.n;) {
        const struct tape_nest *n = &t->nest.at[i];
        u32 end = i + 1;
        while (n->scan && end < t->nest.n && t->nest.at[end].scan == n->scan)
            end++;
        i64 rounds = n->scan ? extent(&n->rank[n->scan_rank], r->batch) : 1;
        for (i64 round = 0; round < rounds; round++)
            for (u32 k = i; k < end; k++) {
                const struct tape_nest *m = &t->nest.at[k];
                ranges(r, k, unit, len);
                if (m->scan) {
                    i64 at = m->scan_down ? rounds - 1 - round : round;
                    r->at[m->scan_rank] = r->lo[m->scan_rank] = at;
                    r->hi[m->scan_rank] = at + 1;
                }
                nest(r, m, scratch);
            }
        i = end;
    }
}

static const struct tape_ops *ops_of(u8 level)
{
#if defined(__x86_64__)
    if (level == 2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
        return &tape_ops_2;
    if (level >= 1 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return &tape_ops_1;
#endif
    (void)level;
    return &tape_ops_0;
}

void be_tape_run(const struct tape *t, void *const *base, i64 batch, i64 lo, i64 hi, void *scratch)
{
    struct tape_run r;          /* the rest is set nest by nest */
    r.t = t;
    r.ops = ops_of(t->level);
    r.base = base;
    r.batch = batch;
    i64 unit[TAPE_RANKS];
    while (lo < hi) {
        i64 rest = lo, len = 1;
        for (u32 u = t->nunit; u-- > 0;) {
            i64 ext = extent(&t->unit[u], batch);
            unit[u] = rest % ext;
            rest /= ext;
            if (u + 1 == t->nunit)
                len = MIN(MIN(t->piece, ext - unit[u]), hi - lo);
        }
        piece(&r, unit, len, scratch);
        lo += len;
    }
}
