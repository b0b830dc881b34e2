/* ein_layout.c - ein-layout: the axis that inner loops put in lanes is the last one of each temporary.
 *
 * In: a fused cascade.  Out: the same with the dims of temporaries permuted, subscripts and all; the caller's arrays,
 * parameters and states keep their order.  An image in the language is [c,h,w]; a convolution wants its output channels in lanes,
 * whose weights are then one vector for a whole tile of pixels, and no lane is at a border:
 *
 *     y[b,d,h,w] += x[b,c,h+i-1,w+j-1] * k[d,c,i,j]   =>   y[b,h,w,d] += x[b,h+i-1,w+j-1,c] * k[d,c,i,j]
 *
 * How.  What an equation costs under given last axes is estimated as the lowering will do it: the best rank to have in lanes,
 * by loads per point (unit stride, one for all lanes, gathered).  From two starts - as written, and every sum of products as
 * it likes best with its neighbours following - one tensor after another takes the axis that makes the equations around it
 * cheapest; the cheaper end is taken.  Nothing here knows what a convolution is. */
#include "passes/rewrite.h"

enum { LANES = 16, DIMS = 16, RANKS = 60, ROUNDS = 4, ANY = 255 };

/* How a tensor is walked in one equation: by rank, in which dims it occurs, and where alone and with factor 1. */
struct walk { u32 tens; bool pad, post, write; u64 reduced; u16 *in, *unit, *tested; };
struct equation { u32 n; struct walk *walk; double points, per_sum; u32 ops; bool as_written, product, busy; };
struct layouts {
    struct rewrite *w;
    struct cascade *c;
    struct arena *a;
    struct equation *eq;
    u8 *last;                           /* by tensor: the dim that is last; ANY, in the end: it stays */
    bool *free;                         /* by tensor: may be permuted */
    struct { VEC(u32) v; } *around;     /* by tensor: equations that write or read it */
};

static u64 bit(u32 r)
{
    return (u64)1 << r;
}

/* The dim of stride 1 among those longer than 1, when dim l is put last. */
static u32 unit_dim(const struct ein_tens *t, u32 l)
{
    if (l < t->ndim && t->dim[l] != 1)
        return l;
    for (u32 d = t->ndim; d-- > 0;)
        if (d != l && t->dim[d] != 1)
            return d;
    return DIMS;
}

static void walk_sub(struct layouts *y, const struct ein_eq *e, struct walk *k, u32 d, ein_node x)
{
    struct cascade *c = y->c;
    struct ein_lin l = { 0 };
    bool affine = ein_lin(c, x, 1, &l);
    i64 lo, hi, ext = c->tens.at[k->tens].dim[d];
    bool tested = k->pad && ext > 0 && !(ein_range(c, x, e->nrank, e->rank, &lo, &hi) && lo >= 0 && hi < ext);
    for (u32 r = 0; r < RANKS; r++)
        if (c->node.at[x].ranks >> r & 1) {
            k->in[r] |= (u16)(1u << d);
            if (tested)
                k->tested[r] |= (u16)(1u << d);
        }
    for (u32 i = 0; affine && i < l.n; i++) {
        const struct ein_x *n = &c->node.at[l.t[i].atom];
        bool alone = n->kind == EIN_RANK && n->u < RANKS && l.t[i].k == 1;
        for (u32 j = 0; alone && j < l.n; j++)      /* not inside a quotient beside it */
            alone = j == i || c->node.at[l.t[j].atom].kind == EIN_RANK || c->node.at[l.t[j].atom].kind == EIN_SYM;
        if (alone)
            k->unit[n->u] |= (u16)(1u << d);
    }
}

static void walk(struct layouts *y, const struct ein_eq *e, struct equation *q, u32 tens, u32 nsub, const ein_node *sub, bool pad, bool post, bool write)
{
    struct walk *k = &q->walk[q->n++];
    *k = (struct walk){ .tens = tens, .pad = pad, .post = post, .write = write };
    k->in = NEW_ARRAY(y->a, u16, 3 * RANKS);
    k->unit = k->in + RANKS;
    k->tested = k->unit + RANKS;
    for (u32 d = 0; d < nsub; d++)
        walk_sub(y, e, k, d, sub[d]);
    for (u32 r = 0; r < e->nrank; r++)
        if (k->in[r] && e->rank[r].kind == EIN_RED)
            k->reduced |= bit(r);
}

static bool is_product(const struct cascade *c, ein_node x)
{
    const struct ein_x *y = &c->node.at[x];
    return y->kind == EIN_MUL || (y->kind == EIN_CAST && is_product(c, y->a));
}

static void look(struct layouts *y, u32 i)
{
    struct cascade *c = y->c;
    const struct ein_eq *e = &c->eq.at[i];
    struct equation *q = &y->eq[i];
    const struct rw_reads *reads = &y->w->reads[i];
    *q = (struct equation){ .points = 1, .per_sum = 1, .as_written = e->as_written || y->w->o->strict };
    if (e->nrank > RANKS || e->phase != EIN_PHASE_RUN)
        return;
    q->busy = true;
    for (u32 r = 0; r < e->nrank; r++) {
        double ext = e->rank[r].ext < 0 ? 1 : (double)e->rank[r].ext;
        q->points *= ext;
        if (e->rank[r].kind == EIN_RED)
            q->per_sum *= ext;
    }
    q->product = e->red == RED_ADD && e->nbody == 1 && is_product(c, e->body[0]);
    q->walk = NEW_ARRAY(y->a, struct walk, e->nout + reads->n);
    for (u32 k = 0; k < e->nout; k++)
        walk(y, e, q, e->out[k], e->nsub, e->sub, false, false, true);
    ein_nodes body = { 0 };
    for (u32 k = 0; k < e->nbody; k++)
        ein_reach(y->a, c, e->body[k], &body);
    if (e->guard)
        ein_reach(y->a, c, e->guard, &body);
    for (u32 k = 0; k < body.n; k++)
        q->ops += c->node.at[body.at[k]].kind >= EIN_NEG;
    for (u32 k = 0; k < reads->n; k++) {
        struct ein_x x = c->node.at[reads->at[k]];
        bool inside = false;
        for (u32 j = 0; j < body.n && !inside; j++)
            inside = body.at[j] == reads->at[k];
        walk(y, e, q, x.u, x.nlist, c->list.at + x.list, x.a || x.kind == EIN_GATHER, !inside, false);
    }
}

enum how { HOW_NOT, HOW_UNIT, HOW_GATHER };
static enum how along(const struct layouts *y, const struct equation *q, const struct walk *k, u32 r)
{
    const struct ein_tens *t = &y->c->tens.at[k->tens];
    if (!k->in[r])
        return HOW_NOT;
    if (q->product && !k->write && !k->post && t->phase != EIN_PHASE_RUN && t->role != EIN_CONST && t->role != EIN_STATE)
        return HOW_UNIT;                /* ein-pack will see to it */
    u32 d = unit_dim(t, y->last[k->tens]);
    return d < DIMS && k->in[r] == 1u << d && (k->unit[r] >> d & 1) ? HOW_UNIT : HOW_GATHER;
}

/* Loads and additions per point with rank r in lanes; negative: impossible. */
static double cost_in(const struct layouts *y, const struct ein_eq *e, const struct equation *q, u32 r)
{
    i64 ext = e->rank[r].ext;
    bool red = e->rank[r].kind == EIN_RED;
    if (ext < 2 || (e->scan && e->scan_rank == r) || (red && (q->as_written || e->red == RED_USER)))
        return -1;
    double lanes = (double)ext / (double)((ext + LANES - 1) / LANES), per = 1 + 0.5 * q->ops, apart = 1;
    if (red)
        per += 6.0 * LANES / q->per_sum;
    for (u32 i = 0; i < q->n; i++) {
        const struct walk *k = &q->walk[i];
        enum how how = along(y, q, k, r);
        if (k->write) {
            if (red)
                continue;
            if (how == HOW_NOT)
                return -1;
            if (how == HOW_GATHER) {
                per += 1.5 * LANES / q->per_sum;
                apart = 2;
            }
            continue;
        }
        double weight = q->per_sum > 1 && !k->reduced ? 1 / q->per_sum : 1;
        per += weight * (how == HOW_NOT ? 0.3 : how == HOW_GATHER ? LANES : k->tested[r] ? 1.5 : 1);
    }
    return per * apart / lanes;
}

static double cost(const struct layouts *y, u32 i)
{
    const struct equation *q = &y->eq[i];
    const struct ein_eq *e = &y->c->eq.at[i];
    double best = 1 + 0.5 * q->ops + q->n;
    if (!q->busy)
        return 0;
    for (u32 r = 0; r < e->nrank; r++) {
        double k = cost_in(y, e, q, r);
        if (k >= 0 && k < best)
            best = k;
    }
    return best * q->points;
}

static double total(const struct layouts *y)
{
    double sum = 0;
    for (u32 i = 0; i < y->w->neq; i++)
        sum += cost(y, i);
    return sum;
}

static double around(const struct layouts *y, u32 t)
{
    double sum = 0;
    for (u32 i = 0; i < y->around[t].v.n; i++)
        sum += cost(y, y->around[t].v.at[i]);
    return sum;
}

static u32 as_written(const struct ein_tens *t)
{
    for (u32 d = t->ndim; d-- > 0;)
        if (t->dim[d] != 1)
            return d;
    return t->ndim ? t->ndim - 1 : 0;
}

static void descend(struct layouts *y)
{
    bool changed = true;
    for (u32 round = 0; changed && round < ROUNDS; round++) {
        changed = false;
        for (u32 i = 0; i < y->w->ntens; i++) {
            u32 t = round & 1 ? y->w->ntens - 1 - i : i;
            if (!y->free[t])
                continue;
            u8 now = y->last[t], best = now;
            double least = around(y, t) * (1 - 1e-9);
            const struct ein_tens *x = &y->c->tens.at[t];
            for (u32 d = 0; d < x->ndim; d++) {
                if (d == now || x->dim[d] < 2)
                    continue;
                y->last[t] = (u8)d;
                double k = around(y, t);
                if (k < least) {
                    least = k;
                    best = (u8)d;
                }
            }
            y->last[t] = best;
            changed |= best != now;
        }
    }
}

/* The rank a sum of products has in lanes if its parameter decides: parallel, of the parameter and not of the data. */
static u32 wanted_rank(const struct layouts *y, u32 i)
{
    const struct equation *q = &y->eq[i];
    const struct ein_eq *e = &y->c->eq.at[i];
    u32 best = RANKS;
    for (u32 r = 0; q->busy && q->product && r < e->nrank; r++) {
        bool weight = false, data = false;
        for (u32 k = 0; k < q->n; k++)
            if (!q->walk[k].write && !q->walk[k].post && q->walk[k].in[r])
                *(y->c->tens.at[q->walk[k].tens].phase != EIN_PHASE_RUN ? &weight : &data) = true;
        if (e->rank[r].kind == EIN_PAR && weight && !data && e->rank[r].ext > 1 && (best == RANKS || e->rank[r].ext > e->rank[best].ext))
            best = r;
    }
    return best;
}

static bool seed_one(struct layouts *y, const struct walk *k, u32 r, bool *seeded)
{
    const struct ein_tens *t = &y->c->tens.at[k->tens];
    if (!y->free[k->tens] || seeded[k->tens] || r >= RANKS)
        return false;
    for (u32 d = 0; d < t->ndim; d++)
        if (k->in[r] == 1u << d && (k->unit[r] >> d & 1) && t->dim[d] > 1) {
            y->last[k->tens] = (u8)d;
            seeded[k->tens] = true;
            return true;
        }
    return false;
}

/* What products write as they like it; tensors around follow. */
static void seed(struct layouts *y)
{
    bool *seeded = NEW_ARRAY(y->a, bool, y->w->ntens + 1), more = true;
    for (u32 i = 0; i < y->w->neq; i++)
        if (y->eq[i].busy)
            seed_one(y, &y->eq[i].walk[0], wanted_rank(y, i), seeded);
    for (u32 round = 0; more && round < ROUNDS; round++) {
        more = false;
        for (u32 n = 0; n < y->w->neq; n++) {
            u32 i = round & 1 ? y->w->neq - 1 - n : n;
            const struct equation *q = &y->eq[i];
            for (u32 k = 0; q->busy && k < q->n; k++)
                for (u32 r = 0; seeded[q->walk[k].tens] && r < y->c->eq.at[i].nrank; r++) {
                    u32 d = y->last[q->walk[k].tens];
                    if (q->walk[k].in[r] != 1u << d || !(q->walk[k].unit[r] >> d & 1) || y->c->eq.at[i].rank[r].ext < 2)
                        continue;
                    for (u32 j = 0; j < q->n; j++)
                        more |= seed_one(y, &q->walk[j], r, seeded);
                }
        }
    }
}

/* Which tensors may be permuted: temporaries of the run with one element order for all who use them. */
static void find_free(struct layouts *y)
{
    struct cascade *c = y->c;
    for (u32 t = 0; t < y->w->ntens; t++) {
        const struct ein_tens *x = &c->tens.at[t];
        y->last[t] = (u8)as_written(x);
        y->free[t] = x->role == EIN_TEMP && x->phase == EIN_PHASE_RUN && x->ndim > 1 && x->ndim <= DIMS && y->w->nwriter[t];
        for (u32 d = 1; d < x->ndim; d++)
            y->free[t] &= x->dim[d] > 0;
    }
    for (u32 i = 0; i < y->w->neq; i++) {
        const struct ein_eq *e = &c->eq.at[i];
        for (u32 k = 0; k < e->nout; k++)
            if (e->nout > 1 || e->scan || e->nrank > RANKS)
                y->free[e->out[k]] = false;
        for (u32 k = 0; k < e->nout; k++)
            vec_push(y->a, &y->around[e->out[k]].v, i);
        for (u32 k = 0; k < y->w->reads[i].n; k++) {
            u32 t = c->node.at[y->w->reads[i].at[k]].u;
            u32 n = y->around[t].v.n;
            if (e->nrank > RANKS)
                y->free[t] = false;
            if (!n || y->around[t].v.at[n - 1] != i)
                vec_push(y->a, &y->around[t].v, i);
        }
    }
}

static bool permuted(const struct layouts *y, u32 t)
{
    return t < y->w->ntens && y->free[t] && y->last[t] + 1u != y->c->tens.at[t].ndim && y->c->tens.at[t].dim[y->last[t]] != 1 &&
           y->last[t] != as_written(&y->c->tens.at[t]);
}

static void permute(u32 n, u32 last, const ein_node *from, ein_node *to)
{
    u32 k = 0;
    for (u32 d = 0; d < n; d++)
        if (d != last)
            to[k++] = from[d];
    to[k] = from[last];
}

static ein_node permute_read(void *ctx, struct cascade *c, const struct ein_x *y, const ein_node *sub)
{
    const struct layouts *l = ctx;
    ein_node to[DIMS];
    if (l->last[y->u] != ANY) {
        permute(y->nlist, l->last[y->u], sub, to);
        sub = to;
    }
    return ein_make(c, *y, y->nlist, sub);
}

/* Parallel ranks in the order of the left side: the nest around the lanes follows storage. */
static void order_ranks(struct cascade *c, struct ein_eq *e)
{
    u32 npar = rw_npar(e), n = 0, order[RANKS];
    bool got[RANKS] = { false }, same = true;
    if (e->scan || e->nrank > RANKS)
        return;
    for (u32 d = 0; d < e->nsub; d++)
        for (u32 r = 0; r < npar; r++)
            if (c->node.at[e->sub[d]].ranks >> r & 1 && !got[r]) {
                got[r] = true;
                order[n++] = r;
            }
    if (n != npar)
        return;
    struct ein_rank *rank = arena_dup(c->a, e->rank, sizeof *rank * e->nrank);
    ein_node with[RANKS] = { 0 };
    for (u32 k = 0; k < npar; k++) {
        same &= order[k] == k;
        rank[k] = e->rank[order[k]];
        with[order[k]] = ein_rank(c, k);
    }
    if (same)
        return;
    e->rank = rank;
    for (u32 k = 0; k < e->nbody; k++)
        e->body[k] = ein_subst(c, e->body[k], npar, with);
    for (u32 k = 0; k < e->nsub; k++)
        e->sub[k] = ein_subst(c, e->sub[k], npar, with);
    e->guard = e->guard ? ein_subst(c, e->guard, npar, with) : 0;
    e->post = e->post ? ein_subst(c, e->post, npar, with) : 0;
}

static void apply(struct layouts *y)
{
    struct cascade *c = y->c;
    bool *moves = NEW_ARRAY(y->a, bool, y->w->ntens + 1);
    for (u32 t = 0; t < y->w->ntens; t++) {
        moves[t] = permuted(y, t);
        if (!moves[t])
            y->last[t] = ANY;
    }
    for (u32 i = 0; i < y->w->neq; i++) {
        bool touched = false;
        struct ein_eq e = c->eq.at[i];
        for (u32 k = 0; k < e.nout; k++)
            touched |= moves[e.out[k]];
        for (u32 k = 0; k < y->w->reads[i].n; k++)
            touched |= moves[c->node.at[y->w->reads[i].at[k]].u];
        if (!touched)
            continue;
        e.body = arena_dup(c->a, e.body, sizeof *e.body * e.nbody);
        e.sub = arena_dup(c->a, e.sub, sizeof *e.sub * e.nsub);
        for (u32 k = 0; k < e.nbody; k++)
            e.body[k] = rw_reads(c, e.body[k], permute_read, y);
        e.guard = rw_reads(c, e.guard, permute_read, y);
        e.post = rw_reads(c, e.post, permute_read, y);
        if (moves[e.out[0]]) {
            ein_node *sub = NEW_ARRAY(c->a, ein_node, e.nsub);
            permute(e.nsub, y->last[e.out[0]], e.sub, sub);
            e.sub = sub;
            order_ranks(c, &e);
        }
        rw_set(y->w, i, e);
    }
    for (u32 t = 0; t < y->w->ntens; t++)
        if (moves[t]) {
            struct ein_tens *x = &c->tens.at[t];
            ein_ext *dim = NEW_ARRAY(c->a, ein_ext, x->ndim);
            u32 k = 0;
            for (u32 d = 0; d < x->ndim; d++)
                if (d != y->last[t])
                    dim[k++] = x->dim[d];
            dim[k] = x->dim[y->last[t]];
            x->dim = dim;
        }
}

u32 ein_layout(struct cascade *c, const struct pass_options *o)
{
    struct rewrite *w = rw_open(c, o);
    struct layouts y = { .w = w, .c = c, .a = w->a };
    y.eq = NEW_ARRAY(w->a, struct equation, w->neq + 1);
    y.last = NEW_ARRAY(w->a, u8, w->ntens + 1);
    y.free = NEW_ARRAY(w->a, bool, w->ntens + 1);
    y.around = arena_alloc(w->a, sizeof *y.around * (w->ntens + 1));
    find_free(&y);
    for (u32 i = 0; i < w->neq; i++)
        look(&y, i);
    u8 *written = arena_dup(w->a, y.last, w->ntens + 1);
    seed(&y);
    descend(&y);
    double liked = total(&y);
    u8 *best = arena_dup(w->a, y.last, w->ntens + 1);
    memcpy(y.last, written, w->ntens + 1);
    descend(&y);
    if (liked < total(&y))
        memcpy(y.last, best, w->ntens + 1);
    apply(&y);
    return rw_close(w);
}
