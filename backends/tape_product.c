/* tape_product.c - sums of products: C[m,n] += A[m,k] * B[k,n] by register tiles.
 *
 *     for n in boxes of up to 256                         B: where it lies if its rows are whole vectors, else evaluated into a panel,
 *       for m in boxes of up to 48                           all of its depth at once if that fits
 *         for k in boxes of up to 1024                    A: where it lies if it is a plain read, else evaluated into a panel
 *           tiles of C in scratch                         epilogue and stores: the nest's post program, row by row
 *
 * Sums run along k in order for every element of C, so results do not depend on boxes, batch or threads. */
#include "backends/tape_run.h"

struct operand { bool direct; const struct tape_ins *load; i32 *k; };

struct product {
    struct tape_run *r;
    const struct tape_nest *t;
    struct operand a, b;
    float *apanel, *bpanel, *c;
    i32 *step;                          /* of a packed B: k * columns */
    i32 row[TAPE_ROWS];                 /* A where it lies: offsets of the rows of a box */
    i64 depth, lda;                     /* of all; of a box */
    bool whole;                         /* B's panel holds all of the depth */
};

/* Offsets of all points of a box. */
static void offsets(const struct tape_index *x, const struct tape_dom *d, i32 *out)
{
    i64 n = 1;
    out[0] = 0;
    for (u32 i = d->n; i-- > 0;) {
        i64 k = tape_coef(x, d->rank[i]);
        for (i64 p = 1; p < d->size[i]; p++)
            for (i64 q = 0; q < n; q++)
                out[p * n + q] = (i32)(out[q] + p * k);
        n *= d->size[i];
    }
}

/* A single read of f32 without tests or quotients. */
static bool plain(const struct tape_run *r, u32 prog, struct operand *o)
{
    const struct tape_prog *p = &r->n->prog[prog];
    o->load = &p->ins.at[0];
    return p->ins.n == 1 && o->load->op == TP_LOAD && !o->load->ntest && !p->slot.n && r->t->buf.at[o->load->u].dtype == DT_F32;
}

static bool line(const struct tape_ins *s, u32 lanes)
{
    const struct tape_walk *w = &s->x.walk;
    return w->step == 1 && (w->kind == TW_LINE || (w->kind == TW_ROWS && w->cols % lanes == 0));
}

struct saved { i64 at[TAPE_DIMS], lo[TAPE_DIMS], hi[TAPE_DIMS]; };

/* Narrows the ranges of a box's ranks to the box at their present values; the order of their loops. */
static u32 narrow(struct tape_run *r, const struct tape_dom *d, struct saved *s, u32 n, u32 *order)
{
    for (u32 i = 0; i < d->n; i++) {
        u32 k = d->rank[i];
        s->at[i] = r->at[k];
        s->lo[i] = r->lo[k];
        s->hi[i] = r->hi[k];
        if (!i) {
            r->lo[k] = r->at[k];
            r->hi[k] = MIN(r->hi[k], r->at[k] + d->size[0]);
        }
        order[n++] = k;
    }
    return n;
}

static void widen(struct tape_run *r, const struct tape_dom *d, const struct saved *s)
{
    for (u32 i = 0; i < d->n; i++) {
        r->at[d->rank[i]] = s->at[i];
        r->lo[d->rank[i]] = s->lo[i];
        r->hi[d->rank[i]] = s->hi[i];
    }
}

static i64 place(const struct tape_run *r, const struct tape_dom *d, const struct saved *s)
{
    i64 spot = 0;
    for (u32 i = 0; i < d->n; i++)
        spot = spot * (i ? d->size[i] : 1) + (r->at[d->rank[i]] - s->at[i]);
    return spot;
}

/* A's values in the present box: rows of `lda`. */
static void pack_a(struct product *p)
{
    struct tape_run *r = p->r;
    const struct tape_nest *t = p->t;
    const struct tape_prog *g = &t->prog[TPROG_A];
    struct saved m, k;
    u32 order[2 * TAPE_DIMS], n = narrow(r, &t->mdom, &m, 0, order);
    n = narrow(r, &t->kdom, &k, n, order);
    struct tape_loops l;
    l.n = 0;
    tape_loops_of(r, n, order, &g->dom, &l);
    bool rows = g->dom.n && !t->rank[g->dom.rank[0]].red;
    if (tape_first(r, &l))
        do {
            u32 points = tape_points(r, &g->dom), count = rows ? points / (u32)p->depth : 1;
            float *to = p->apanel + place(r, &t->mdom, &m) * p->lda + place(r, &t->kdom, &k);
            tape_eval(r, TPROG_A, points, 1, 2, g->ins.n);
            const float *v = (const float *)(const void *)r->reg[g->res.at[0]];
            for (u32 i = 0; i < count; i++)
                memcpy(to + i * p->lda, v + i * (points / count), points / count * sizeof *v);
        } while (tape_next(r, &l));
    widen(r, &t->kdom, &k);
    widen(r, &t->mdom, &m);
}

/* B's values in the present box: a row of `cols` for each k. */
static void pack_b(struct product *p, u32 points, i64 cols, float *to)
{
    struct tape_run *r = p->r;
    const struct tape_nest *t = p->t;
    const struct tape_prog *g = &t->prog[TPROG_B];
    struct saved k;
    u32 order[TAPE_DIMS], n = narrow(r, &t->kdom, &k, 0, order);
    struct tape_loops l;
    l.n = 0;
    tape_loops_of(r, n, order, &(struct tape_dom){ 0 }, &l);
    if (tape_first(r, &l)) {
        tape_eval(r, TPROG_B, points, 1, 1, g->ins.n);
        do {
            tape_eval(r, TPROG_B, points, 2, 2, g->ins.n);
            memcpy(to, r->reg[g->res.at[0]], points * sizeof *to);
            for (i64 i = points; i < cols; i++)
                to[i] = 0;
            to += cols;
        } while (tape_next(r, &l));
    }
    widen(r, &t->kdom, &k);
}

static void tiles(struct product *p, u32 rows, i64 cols, i64 depth, const float *const *a, const i32 *ka, const float *b, const i32 *kb, bool direct, bool first)
{
    const struct tape_ops *ops = p->r->ops;
    u32 lanes = ops->lanes, most = ops->rows[4] ? 4 : 2;
    const struct tape_walk *w = &p->b.load->x.walk;
    bool broken = direct && w->kind == TW_ROWS;
    for (i64 c = 0; c < cols;) {
        u32 nv = (u32)MIN((i64)most, (cols - c) / lanes);
        const float *at = b + c;
        if (broken) {
            nv = MIN(nv, (u32)(w->cols - c % w->cols) / lanes);
            at = b + c / w->cols * w->row + c % w->cols;
        }
        for (u32 i = 0; i < rows;) {
            u32 left = rows - i, nr = MIN(left, ops->rows[nv]);
            if (left > nr && left < 2 * nr)
                nr = (left + 1) / 2;
            ops->gemm[nr][nv](depth, a + i, ka, at, kb, p->c + i * cols + c, cols, first);
            i += nr;
        }
        c += nv * lanes;
    }
}

/* The box of k at hand. */
static void depth_box(struct product *p, u32 rows, u32 points, i64 cols, i64 kpos, bool first_m)
{
    struct tape_run *r = p->r;
    const struct tape_nest *t = p->t;
    i64 depth = tape_points(r, &t->kdom);
    const float *a[TAPE_ROWS], *b;
    const i32 *ka = p->a.k, *kb = p->b.k;
    bool direct = p->b.direct && points % r->ops->lanes == 0;
    if (direct) {
        b = (const float *)r->base[p->b.load->u] + tape_offset(r, TPROG_B, &p->b.load->x);
    } else {
        float *panel = p->bpanel + (p->whole ? kpos * cols : 0);
        if (!p->whole || first_m)
            pack_b(p, points, cols, panel);
        b = panel;
        kb = p->step;
    }
    if (p->a.direct) {
        const float *base = (const float *)r->base[p->a.load->u] + tape_offset(r, TPROG_A, &p->a.load->x);
        for (u32 i = 0; i < rows; i++)
            a[i] = base + p->row[i];
    } else {
        pack_a(p);
        for (u32 i = 0; i < rows; i++)
            a[i] = p->apanel + i * p->lda;
    }
    tiles(p, rows, cols, depth, a, ka, b, kb, direct, kpos == 0);
}

static void epilogue(struct product *p, u32 points, i64 cols)
{
    struct tape_run *r = p->r;
    const struct tape_nest *t = p->t;
    const struct tape_prog *post = &t->prog[TPROG_POST];
    struct saved m;
    u32 order[TAPE_DIMS], n = narrow(r, &t->mdom, &m, 0, order);
    struct tape_loops l;
    l.n = 0;
    tape_loops_of(r, n, order, &post->dom, &l);
    char *acc = (char *)p->c;
    bool several = post->dom.n > t->prog[TPROG_B].dom.n;
    if (tape_first(r, &l))
        do {
            r->acc = &acc;
            if (several)
                points = tape_points(r, &post->dom);
            tape_eval(r, TPROG_POST, points, 1, 2, post->ins.n);
            tape_store(r, TPROG_POST, t->out[0], t->post ? r->reg[post->res.at[0]] : acc, points);
            acc += (several ? points : cols) * (i64)sizeof(float);
        } while (tape_next(r, &l));
    widen(r, &t->mdom, &m);
}

static char *take(char **at, u64 bytes)
{
    char *p = *at;
    *at += (bytes + 63) & ~(u64)63;
    return p;
}

void tape_product(struct tape_run *r)
{
    const struct tape_nest *t = r->n;
    const struct tape_dom *ndom = &t->prog[TPROG_B].dom;
    struct product p = { .r = r, .t = t };
    i64 m = tape_dom_points(&t->mdom), k = tape_dom_points(&t->kdom), most = (tape_dom_points(ndom) + TAPE_LANES - 1) / TAPE_LANES * TAPE_LANES;
    p.depth = 1;
    for (u32 i = 0; i < t->nred; i++)
        p.depth *= t->rank[t->redr[i]].ext;
    p.whole = p.depth <= TAPE_PANEL / most;
    p.lda = k;
    char *at = r->more;
    p.apanel = (float *)(void *)take(&at, (u64)(m * k) * 4);
    p.bpanel = (float *)(void *)take(&at, (u64)(MAX(k, p.whole ? p.depth : 0) * most) * 4);
    p.c = (float *)(void *)take(&at, (u64)(m * most) * 4);
    p.a.k = (i32 *)(void *)take(&at, TAPE_DEPTH * 4);
    p.b.k = (i32 *)(void *)take(&at, TAPE_DEPTH * 4);
    p.step = (i32 *)(void *)take(&at, TAPE_DEPTH * 4);
    p.a.direct = plain(r, TPROG_A, &p.a);
    p.b.direct = plain(r, TPROG_B, &p.b) && line(p.b.load, r->ops->lanes);
    if (p.a.direct) {
        offsets(&p.a.load->x, &t->kdom, p.a.k);
        offsets(&p.a.load->x, &t->mdom, p.row);
    } else {
        for (i64 i = 0; i < k; i++)
            p.a.k[i] = (i32)i;
    }
    if (p.b.direct)
        offsets(&p.b.load->x, &t->kdom, p.b.k);
    u32 nouter = t->npar - t->nm - t->nn;
    struct tape_loops outer, rows, depth;
    outer.n = rows.n = depth.n = 0;
    tape_loops_of(r, nouter, t->par, ndom, &outer);
    tape_loops_of(r, t->nn, t->par + nouter + t->nm, ndom, &outer);
    tape_loops_of(r, t->nm, t->par + nouter, &t->mdom, &rows);
    tape_loops_of(r, t->nred, t->redr, &t->kdom, &depth);
    i64 stepped = 0;
    if (!tape_first(r, &outer))
        return;
    do {
        u32 points = tape_points(r, ndom);
        i64 cols = (points + r->ops->lanes - 1) / r->ops->lanes * r->ops->lanes;
        for (i64 i = 0; stepped != cols && i < k; i++)
            p.step[i] = (i32)(i * cols);
        stepped = cols;
        bool first = true;
        if (tape_first(r, &rows))
            do {
                u32 count = tape_points(r, &t->mdom);
                i64 kpos = 0;
                tape_first(r, &depth);
                do {
                    depth_box(&p, count, points, cols, kpos, first);
                    kpos += tape_points(r, &t->kdom);
                } while (tape_next(r, &depth));
                first = false;
                epilogue(&p, points, cols);
            } while (tape_next(r, &rows));
    } while (tape_next(r, &outer));
}
