/* tape_choose.c - how an equation's points become blocks.
 *
 * Parallel ranks go by the left side's strides, so that blocks are stored as lines; a block is whole inner ranks and a part of
 * the next.  A reduction accumulates whole blocks, or sums up rows where its reads are lines along the reduced ranks only.  A sum of
 * products of a factor without the innermost parallel rank and one with it is a product of matrices. */
#include "passes/tape.h"

enum { NARROW = 64, PRODUCT_LEAST = 8 };

i64 taped_coef(const struct tape_index *x, u32 rank)
{
    i64 k = 0;
    for (u32 i = 0; i < x->n; i++)
        if (x->t[i].atom == TA_RANK && x->t[i].u == rank)
            k += x->t[i].k;
    return k;
}

static i64 stride(const struct tape_index *x, u32 rank)
{
    i64 k = taped_coef(x, rank);
    return k < 0 ? -k : k;
}

/* Largest strides first; equal ones as they are. */
static void sort(const struct tape_index *x, u32 n, u32 *rank)
{
    for (u32 i = 1; i < n; i++)
        for (u32 k = i; k && stride(x, rank[k - 1]) < stride(x, rank[k]); k--) {
            u32 r = rank[k];
            rank[k] = rank[k - 1];
            rank[k - 1] = r;
        }
}

/* Blocks of up to `most` points: a suffix of the order; even: parts of equal size.  The first `fixed` ranks may only come first. */
static struct tape_dom dom(const struct tape_nest *n, u32 count, const u32 *order, u32 fixed, i64 most, bool even)
{
    struct tape_dom d = { 0 };
    i64 points = 1;
    for (u32 i = count; i-- > 0 && d.n < TAPE_DIMS;) {
        const struct tape_rank *r = &n->rank[order[i]];
        i64 room = most / points, size = r->ext;
        if (room < 2)
            break;
        bool part = r->tb || size > room;
        if (part) {
            i64 parts = r->tb ? 1 : (size + room - 1) / room;
            size = r->tb ? room : even ? (size + parts - 1) / parts : room;
        }
        memmove(d.rank + 1, d.rank, d.n * sizeof *d.rank);
        memmove(d.size + 1, d.size, d.n * sizeof *d.size);
        d.rank[0] = order[i];
        d.size[0] = size;
        d.n++;
        points *= size;
        if (part || i < fixed)
            break;
    }
    return d;
}

static double points_of(const struct tape_nest *n, u32 count, const u32 *rank)
{
    double p = 1;
    for (u32 i = 0; i < count; i++)
        p *= n->rank[rank[i]].tb ? 1 : (double)n->rank[rank[i]].ext;
    return p;
}

static double block_points(const struct tape_dom *d, const struct tape_nest *n)
{
    double p = 1;
    for (u32 i = 0; i < d->n; i++)
        p *= n->rank[d->rank[i]].tb ? 1 : (double)d->size[i];
    return p;
}

/* Cost of a point of the body in blocks of d. */
static double cost(const struct taped *q, const struct tape_dom *d)
{
    const struct tape_prog *p = &q->n.prog[TPROG_BODY];
    double points = block_points(d, &q->n), sum = (double)(p->ins.n + 1) * 24 / points;
    for (u32 i = 0; i < p->ins.n; i++) {
        const struct tape_ins *s = &p->ins.at[i];
        if (s->op != TP_LOAD) {
            sum += s->op >= TP_EXP && s->op <= TP_COS ? 2 : 0.15;
            continue;
        }
        i64 k = d->n ? stride(&s->x, d->rank[d->n - 1]) : 0;
        bool some = false;
        for (u32 t = 0; t < s->x.n; t++)
            some |= s->x.t[t].atom == TA_SLOT;
        sum += some ? 6 : !k ? 0.1 : k == 1 ? 0.2 : k < 16 ? 1 : 2.5;
    }
    return sum;
}

static u32 par_order(struct taped *q)
{
    struct tape_nest *n = &q->n;
    const struct ein_eq *e = q->e;
    u32 fixed = q->g->nunit, nfixed = 0;
    n->par = NEW_ARRAY(q->a, u32, e->nrank + 1);
    n->redr = NEW_ARRAY(q->a, u32, e->nrank + 1);
    for (u32 r = 0; r < e->nrank; r++) {
        if ((e->scan && e->scan_rank == r) || (n->rank[r].ext == 1 && !n->rank[r].tb))
            continue;
        if (n->rank[r].red)
            n->redr[n->nred++] = r;
        else
            n->par[n->npar++] = r;
        nfixed += r < fixed;
    }
    u32 skip = nfixed;
    if (!nfixed && n->npar && n->rank[n->par[0]].tb)
        skip = 1;                       /* the batch stays outermost */
    sort(&n->lhs, n->npar - skip, n->par + skip);
    return nfixed;
}

/* Short blocks made long: several points of one reduced rank beside each other, of the one that goes on where the block ends if
 * there is such a one. */
static bool split(const struct tape_nest *n, const struct tape_prog *p, const struct tape_dom *par, struct tape_dom *inner, struct tape_dom *wide)
{
    *inner = *par;
    i64 points = 1;
    if (inner->n && n->rank[inner->rank[0]].tb) {
        memmove(inner->rank, inner->rank + 1, --inner->n * sizeof *inner->rank);
        memmove(inner->size, inner->size + 1, inner->n * sizeof *inner->size);
    }
    for (u32 i = 0; i < inner->n; i++) {
        if (inner->size[i] != n->rank[inner->rank[i]].ext)
            return false;
        points *= inner->size[i];
    }
    if (points > TAPE_BLOCK / 4 || !points || inner->n + 1 > TAPE_DIMS)
        return false;
    u32 best = n->redr[n->nred - 1];
    for (u32 k = 0; k < n->nred; k++)
        for (u32 i = 0; i < p->ins.n; i++)
            if (p->ins.at[i].op == TP_LOAD && stride(&p->ins.at[i].x, n->redr[k]) == points && n->rank[n->redr[k]].ext > 1)
                best = n->redr[k];
    i64 room = TAPE_BLOCK / points, ext = n->rank[best].ext, parts = (ext + room - 1) / room;
    *wide = *inner;
    memmove(wide->rank + 1, wide->rank, inner->n * sizeof *wide->rank);
    memmove(wide->size + 1, wide->size, inner->n * sizeof *wide->size);
    wide->rank[0] = best;
    wide->size[0] = (ext + parts - 1) / parts;
    wide->n++;
    return wide->size[0] > 1;
}

void taped_choose(struct taped *q)
{
    struct tape_nest *n = &q->n;
    const struct ein_eq *e = q->e;
    u32 fixed = par_order(q);
    struct tape_dom par = dom(n, n->npar, n->par, fixed, TAPE_BLOCK, true);
    n->prog[TPROG_BODY].dom = n->prog[TPROG_POST].dom = par;
    n->prog[TPROG_LIFT].dom = n->prog[TPROG_MERGE].dom = n->prog[TPROG_ZERO].dom = par;
    n->mode = TM_BLOCKS;
    bool any = e->red == RED_ADD || e->red == RED_MUL || e->red == RED_MAX || e->red == RED_MIN;
    if (!any || e->as_written || q->g->o->strict || !n->nred)
        return;
    for (u32 i = 0; i < n->nred; i++)
        if (n->rank[n->redr[i]].tb)
            return;
    /* rows: the reduced ranks as the read that is a line along one of them has them */
    u32 all[TAPE_RANKS], *red = NEW_ARRAY(q->a, u32, n->nred);
    memcpy(red, n->redr, n->nred * sizeof *red);
    const struct tape_prog *p = &n->prog[TPROG_BODY];
    bool line = false;
    for (u32 i = 0; i < p->ins.n && !line; i++)
        for (u32 k = 0; p->ins.at[i].op == TP_LOAD && k < n->nred && !line; k++)
            if (stride(&p->ins.at[i].x, red[k]) == 1) {
                sort(&p->ins.at[i].x, n->nred, red);
                line = true;
            }
    memcpy(all, n->par, n->npar * sizeof *all);
    memcpy(all + n->npar, red, n->nred * sizeof *all);
    struct tape_dom body = dom(n, n->npar + n->nred, all, fixed, TAPE_BLOCK, true);
    double length = points_of(n, n->nred, red), of_blocks = cost(q, &par) + 0.15;
    struct tape_dom wide, inner;
    if (!fixed && split(n, p, &par, &inner, &wide) && cost(q, &wide) + 0.15 < of_blocks * 0.8) {
        of_blocks = cost(q, &wide) + 0.15;
        n->prog[TPROG_BODY].dom = wide;
        n->prog[TPROG_POST].dom = inner;
    }
    if (cost(q, &body) + 0.2 + 24 / length < of_blocks) {
        n->mode = TM_ROWS;
        memcpy(n->redr, red, n->nred * sizeof *red);
        n->prog[TPROG_BODY].dom = body;
        n->prog[TPROG_POST].dom = par;
    }
}

/* Products */

static u32 factors(const struct cascade *c, ein_node x, u32 n, ein_node *out)
{
    const struct ein_x *y = &c->node.at[x];
    if (y->kind != EIN_MUL || n > 8) {
        out[n] = x;
        return n + 1;
    }
    ein_node b = y->b;
    n = factors(c, y->a, n, out);
    return factors(c, b, n, out);
}

static ein_node times(struct cascade *c, ein_node a, ein_node b)
{
    return a ? ein_op2(c, EIN_MUL, a, b) : b;
}

/* Blocks of a suffix of the order, no more of the first rank than `box` has. */
static struct tape_dom within(const struct tape_nest *n, u32 count, const u32 *order, const struct tape_dom *box)
{
    struct tape_dom d = dom(n, count, order, 0, TAPE_BLOCK, false);
    for (u32 k = d.n; k-- > 0;)         /* from the first rank that is in the box, and not whole in it */
        for (u32 i = 0; i < box->n; i++)
            if (box->rank[i] == d.rank[k] && !i) {
                memmove(d.rank, d.rank + k, (d.n - k) * sizeof *d.rank);
                memmove(d.size, d.size + k, (d.n - k) * sizeof *d.size);
                d.n -= k;
                d.size[0] = MIN(d.size[0], box->size[0]);
                return d;
            }
    return d;
}

/* Is x, but for padding, a read whose offset has coefficient 1 for rank r? */
static bool is_line(struct taped *q, ein_node x, u32 rank)
{
    const struct ein_x *y = &q->c->node.at[x];
    if (y->kind != EIN_READ || !y->nlist)
        return false;
    const struct ein_x *last = &q->c->node.at[q->c->list.at[y->list + y->nlist - 1]];
    return last->kind == EIN_RANK && last->u == rank;
}

bool taped_product(struct taped *q, ein_node *pa, ein_node *pb)
{
    struct tape_nest *n = &q->n;
    const struct ein_eq *e = q->e;
    struct cascade *c = q->c;
    if (e->red != RED_ADD || e->nbody != 1 || e->guard || e->as_written || q->g->o->strict || n->ct != DT_F32 || q->g->nunit || e->scan)
        return false;
    ein_node f[16], a = 0, b = 0;
    u32 nf = factors(c, e->body[0], 0, f), lane = UINT32_MAX;
    if (nf < 2 || nf > 9)
        return false;
    for (u32 r = 0; r < e->nrank; r++)
        if (!n->rank[r].red && !n->rank[r].tb && n->rank[r].ext > 1 && taped_coef(&n->lhs, r) == 1)
            lane = r;
    if (lane == UINT32_MAX)
        return false;
    u64 da = 0, db = 0, red = 0;
    for (u32 i = 0; i < nf; i++)
        if (taped_deps(q, f[i]) >> lane & 1) {
            b = times(c, b, f[i]);
            db |= taped_deps(q, f[i]);
        } else {
            a = times(c, a, f[i]);
            da |= taped_deps(q, f[i]);
        }
    for (u32 r = 0; r < e->nrank; r++)
        red |= (u64)n->rank[r].red << r;
    if (!a || !b || !(da & red) || !(db & red))
        return false;
    u32 outer[TAPE_RANKS], m[TAPE_RANKS], cols[TAPE_RANKS], k[TAPE_RANKS], no = 0, nm = 0, nn = 0, nk = 0;
    for (u32 r = 0; r < e->nrank; r++) {
        if (n->rank[r].ext == 1 && !n->rank[r].tb)
            continue;
        bool ina = da >> r & 1, inb = db >> r & 1;
        if (n->rank[r].red) {
            if (n->rank[r].tb)
                return false;
            k[nk++] = r;
        } else if (ina && !inb) {
            m[nm++] = r;
        } else if (inb && !ina && !n->rank[r].tb) {
            cols[nn++] = r;
        } else {
            outer[no++] = r;
        }
    }
    double rows = points_of(n, nm, m), width = points_of(n, nn, cols), depth = points_of(n, nk, k);
    bool straight = is_line(q, b, lane);
    if (width < PRODUCT_LEAST || depth < 2 || (rows < 4 && !straight) || rows * width * depth < 1024 || depth > 1e9)
        return false;
    if (nm > 1 && n->rank[m[0]].tb && rows >= 16) {     /* samples one by one: there is enough of each */
        outer[no++] = m[0];
        memmove(m, m + 1, --nm * sizeof *m);
    }
    sort(&n->lhs, nm > 0 && n->rank[m[0]].tb ? nm - 1 : nm, m + (nm > 0 && n->rank[m[0]].tb));
    sort(&n->lhs, nn, cols);
    n->mode = TM_PRODUCT;
    n->nm = nm;
    n->nn = nn;
    n->npar = no + nm + nn;
    n->par = NEW_ARRAY(q->a, u32, n->npar + 1);
    n->redr = NEW_ARRAY(q->a, u32, nk + 1);
    memcpy(n->par, outer, no * sizeof *outer);
    memcpy(n->par + no, m, nm * sizeof *m);
    memcpy(n->par + no + nm, cols, nn * sizeof *cols);
    memcpy(n->redr, k, nk * sizeof *k);
    n->nred = nk;
    n->prog[TPROG_B].dom = dom(n, nn, cols, 0, depth * TAPE_COLS > TAPE_PANEL ? NARROW : TAPE_COLS, false);
    n->mdom = dom(n, nm, m, 0, TAPE_ROWS, false);
    n->kdom = dom(n, nk, k, 0, TAPE_DEPTH, false);
    /* the epilogue's blocks: several rows of C where these have no gaps */
    u32 all[TAPE_RANKS];
    bool tight = block_points(&n->prog[TPROG_B].dom, n) == width && (i64)width % TAPE_LANES == 0;
    memcpy(all, m, nm * sizeof *m);
    memcpy(all + nm, cols, nn * sizeof *cols);
    n->prog[TPROG_POST].dom = tight ? within(n, nm + nn, all, &n->mdom) : n->prog[TPROG_B].dom;
    if (n->prog[TPROG_POST].dom.n < n->prog[TPROG_B].dom.n)
        n->prog[TPROG_POST].dom = n->prog[TPROG_B].dom;
    /* A's panel in blocks along k, of several rows if k is short */
    memcpy(all + nm, k, nk * sizeof *k);
    if (block_points(&n->kdom, n) == depth && depth <= TAPE_BLOCK / 2)
        n->prog[TPROG_A].dom = within(n, nm + nk, all, &n->mdom);
    else
        n->prog[TPROG_A].dom = within(n, nk, k, &n->kdom);
    *pa = a;
    *pb = b;
    return true;
}
