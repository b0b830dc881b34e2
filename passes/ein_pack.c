/* ein_pack.c - ein-pack: parameters of contractions in the order their inner loops read them.
 *
 * In: a fused cascade.  Out: contractions whose parameter operand would be walked with large strides read a copy instead,
 * made once by an equation of the load phase; values are the same.
 *
 *     y[b,d,h,w] += x[b,c,h+i,w+j] * k[d,c,i,j]           lanes over w, a tile over d:
 *         =>  p[d1,c,i,j,d0] = k[16*d1+d0,c,i,j];         panels of up to 16 d, d = 16*d1 + d0
 *     y[b,t,d] += x[b,t,k] * w[d,k]                       lanes over d, panels of 32 or 48 d if they divide it:
 *         =>  p[d1,k,d0] = w[32*d1+d0,k]                  (a long axis of another extent: the part that fills vectors best)
 *     y[b,h,w,c] += x[b,h+i,w+j,c] * k[c,i,j]             lanes over c, which both have (depthwise):
 *         =>  p[i,j,c] = k[c,i,j]
 *     y[b,d] += x[b,i,j,c] * w[d,c,i,j]                   read once, so no panels, but along c as x is:
 *         =>  p[d,i,j,c] = w[d,c,i,j]
 *
 *     z[b,m,n] += x[b,m,k] * v[b,k,n]                     lanes over n, v computed at run time, large, its rows far apart:
 *         =>  p[b,n1,k,n0] = v[b,k,32*n1+n0]              rows of a power of two meet in a few cache sets; the copy is read instead
 *
 * Panels only where enough of the output reuses a weight. */
#include "passes/rewrite.h"

enum { PANEL_MOST = 16, PANEL_LEAST = 4, REUSE_LEAST = 4 };
/* A copy at run time pays where the operand is past the first caches, its rows this many elements apart, and each element read this often. */
enum { DATA_LEAST = 128 << 10, DATA_STEP = 256, DATA_REUSE = 64 };

struct eqs { VEC(struct ein_eq) v; u32 fired; };
struct use { struct cascade *c; const struct ein_eq *e; ein_node read; u64 ranks; u64 data; u32 unit; };

/* Coefficient of a rank in the row-major offset of t[sub..]; 0 if it has none or is divided. */
static i64 stride_of(struct cascade *c, u32 tens, u32 nsub, const ein_node *sub, u32 rank)
{
    i64 stride = 1, k = 0;
    for (u32 d = nsub; d-- > 0;) {
        struct ein_lin l = { 0 };
        if (!ein_lin(c, sub[d], 1, &l))
            return 0;
        for (u32 i = 0; i < l.n; i++) {
            const struct ein_x *y = &c->node.at[l.t[i].atom];
            if (y->kind == EIN_RANK && y->u == rank)
                k += l.t[i].k * stride;
        }
        if (c->tens.at[tens].dim[d] < 0)
            break;
        stride *= c->tens.at[tens].dim[d];
    }
    return k;
}

/* The parameter read of a product worth packing, and what the other factors depend on. */
static bool find(struct rewrite *w, const struct ein_eq *e, struct use *u)
{
    struct cascade *c = w->c;
    *u = (struct use){ .c = c, .e = e };
    if (e->red != RED_ADD || e->nbody != 1 || e->nout != 1 || e->phase != EIN_PHASE_RUN || e->nrank > 60 || c->node.at[e->body[0]].kind != EIN_MUL)
        return false;
    u64 red = 0, most = 0;
    for (u32 r = 0; r < e->nrank; r++)
        red |= (u64)(e->rank[r].kind == EIN_RED) << r;
    ein_nodes n = { 0 };
    ein_reach(w->a, c, e->body[0], &n);
    for (u32 i = 0; i < n.n; i++) {
        const struct ein_x *y = &c->node.at[n.at[i]];
        if (y->kind == EIN_GATHER || y->kind == EIN_SELECT)
            return false;
        if (y->kind != EIN_READ)
            continue;
        const struct ein_tens *t = &c->tens.at[y->u];
        u64 ranks = c->node.at[n.at[i]].ranks, elems = 1;
        if (t->phase == EIN_PHASE_RUN || t->role == EIN_STATE) {
            u->data |= ranks;
            continue;
        }
        for (u32 d = 0; d < t->ndim; d++)
            elems *= t->dim[d] < 0 ? 0 : (u64)t->dim[d];
        if (!y->a && (ranks & red) && t->ndim > 1 && t->role != EIN_CONST && elems > most) {
            most = elems;
            u->read = n.at[i];
            u->ranks = ranks;
        }
    }
    if (!u->read || !u->data)
        return false;
    u->unit = e->nrank;
    for (u32 r = 0; r < e->nrank; r++)
        if (e->rank[r].kind == EIN_PAR && e->rank[r].ext > 1 && stride_of(c, e->out[0], e->nsub, e->sub, r) == 1)
            u->unit = r;
    /* the copy must not be larger than what it copies */
    double points = 1;
    for (u32 r = 0; r < e->nrank; r++)
        if (u->ranks >> r & 1)
            points *= e->rank[r].ext < 0 ? 1e18 : (double)e->rank[r].ext;
    return u->unit < e->nrank && points <= 1.5 * (double)most;
}

/* How many points of the output read each weight, per batch element. */
static double reuse(const struct use *u)
{
    double n = 1;
    for (u32 r = 0; r < u->e->nrank; r++)
        if (u->e->rank[r].kind == EIN_PAR && u->e->rank[r].ext > 0 && !(u->ranks >> r & 1))
            n *= (double)u->e->rank[r].ext;
    return n;
}

/* e with rank d = n * d1 + d0, d0 right behind d1. */
static struct ein_eq split(struct cascade *c, const struct ein_eq *from, u32 d, i64 n)
{
    struct ein_eq e = *from;
    struct ein_rank *rank = NEW_ARRAY(c->a, struct ein_rank, e.nrank + 1);
    ein_node *with = NEW_ARRAY(c->a, ein_node, e.nrank);
    for (u32 r = 0; r < e.nrank; r++) {
        u32 to = r + (r > d);
        rank[to] = e.rank[r];
        with[r] = ein_rank(c, to);
    }
    rank[d].ext /= n;
    rank[d + 1] = (struct ein_rank){ e.rank[d].name, n, EIN_PAR };
    with[d] = ein_imul(c, ein_rank(c, d), n);
    with[d] = ein_iadd(c, with[d], ein_rank(c, d + 1));
    ein_node *sub = NEW_ARRAY(c->a, ein_node, e.nsub), *body = NEW_ARRAY(c->a, ein_node, 1);
    for (u32 i = 0; i < e.nsub; i++)
        sub[i] = ein_subst(c, e.sub[i], e.nrank, with);
    body[0] = ein_subst(c, e.body[0], e.nrank, with);
    if (e.guard)
        e.guard = ein_subst(c, e.guard, e.nrank, with);
    if (e.post)
        e.post = ein_subst(c, e.post, e.nrank, with);
    e.sub = sub;
    e.body = body;
    e.scan_rank += e.scan && e.scan_rank > d;
    e.rank = rank;
    e.nrank++;
    return e;
}

/* Reads a copy whose last axis is rank `last` instead of u->read. */
static void pack(struct rewrite *w, struct eqs *to, struct ein_eq e, ein_node read, u32 last)
{
    struct cascade *c = w->c;
    u64 ranks = c->node.at[read].ranks;
    struct ein_x y = c->node.at[read];
    u32 n = 0, order[64];
    ein_ext dim[64];
    for (u32 pass = 0; pass < 2; pass++)
        for (u32 r = 0; r < e.nrank; r++)
            if ((ranks >> r & 1) && r != last && (e.rank[r].kind == EIN_RED) == pass)
                order[n++] = r;
    /* reduced ranks as the other operand walks them, the shortest steps last: then loops over both are one */
    i64 step[64] = { 0 };
    ein_nodes all = { 0 };
    ein_reach(w->a, c, e.body[0], &all);
    for (u32 i = 0; i < all.n; i++) {
        struct ein_x d = c->node.at[all.at[i]];
        if (d.kind != EIN_READ || all.at[i] == read || (c->tens.at[d.u].phase != EIN_PHASE_RUN && c->tens.at[y.u].phase != EIN_PHASE_RUN))
            continue;
        ein_node *at = NEW_ARRAY(w->a, ein_node, d.nlist + 1);
        for (u32 k = 0; k < d.nlist; k++)
            at[k] = c->list.at[d.list + k];
        for (u32 k = 0; k < n; k++)
            step[order[k]] = stride_of(c, d.u, d.nlist, at, order[k]);
        break;
    }
    for (u32 i = 1; i < n; i++)
        for (u32 k = i; k && e.rank[order[k]].kind == EIN_RED && e.rank[order[k - 1]].kind == EIN_RED && step[order[k]] > step[order[k - 1]]; k--) {
            u32 t = order[k];
            order[k] = order[k - 1];
            order[k - 1] = t;
        }
    order[n++] = last;
    struct ein_eq copy = { .nout = 1, .nsub = n, .nrank = n, .red = RED_NONE, .nbody = 1, .phase = EIN_PHASE_LOAD, .prov = e.prov };
    copy.out = NEW_ARRAY(c->a, u32, 1);
    copy.sub = NEW_ARRAY(c->a, ein_node, n);
    copy.rank = NEW_ARRAY(c->a, struct ein_rank, n);
    copy.body = NEW_ARRAY(c->a, ein_node, 1);
    ein_node *with = NEW_ARRAY(w->a, ein_node, e.nrank), *sub = NEW_ARRAY(w->a, ein_node, n);
    for (u32 i = 0; i < n; i++) {
        copy.rank[i] = e.rank[order[i]];
        copy.rank[i].kind = EIN_PAR;
        copy.sub[i] = ein_rank(c, i);
        with[order[i]] = ein_rank(c, i);
        sub[i] = ein_rank(c, order[i]);
        dim[i] = e.rank[order[i]].ext;
    }
    struct ein_tens t = { .name = str_fmt(c->sp, "%s.packed", c->tens.at[y.u].name), .role = EIN_TEMP, .dtype = c->tens.at[y.u].dtype,
                          .phase = EIN_PHASE_LOAD, .ndim = n, .dim = dim };
    copy.out[0] = cascade_tens(c, t);
    copy.acc = t.dtype;
    copy.body[0] = ein_subst(c, read, e.nrank, with);
    rw_simplify(w, &copy);
    ein_node from = read, packed = ein_read(c, copy.out[0], n, sub, 0), *body = NEW_ARRAY(c->a, ein_node, 1);
    body[0] = rw_replace(c, e.body[0], 1, &from, &packed);
    e.body = body;
    vec_push(c->a, &to->v, copy);
    vec_push(c->a, &to->v, e);
    to->fired++;
}

static void split_and_pack(struct rewrite *w, struct eqs *to, const struct ein_eq *e, ein_node read, u32 d, i64 n)
{
    struct cascade *c = w->c;
    u32 old = e->nrank;
    ein_node *with = NEW_ARRAY(w->a, ein_node, old);
    for (u32 r = 0; r < old; r++) {
        with[r] = r == d ? ein_imul(c, ein_rank(c, d), n) : ein_rank(c, r + (r > d));
        if (r == d)
            with[r] = ein_iadd(c, with[r], ein_rank(c, d + 1));
    }
    struct ein_eq halves = split(c, e, d, n);
    pack(w, to, halves, ein_subst(c, read, old, with), d + 1);
}

/* The reduced rank that the data is walked along with stride 1; nrank: none. */
static u32 data_unit(struct rewrite *w, const struct use *u)
{
    struct cascade *c = u->c;
    ein_nodes n = { 0 };
    ein_reach(w->a, c, u->e->body[0], &n);
    for (u32 i = 0; i < n.n; i++) {
        struct ein_x y = c->node.at[n.at[i]];
        if (y.kind != EIN_READ || n.at[i] == u->read || c->tens.at[y.u].phase != EIN_PHASE_RUN)
            continue;
        ein_node *sub = arena_dup(w->a, c->list.at + y.list, sizeof *sub * y.nlist);
        for (u32 r = 0; r < u->e->nrank; r++)
            if (u->e->rank[r].kind == EIN_RED && u->e->rank[r].ext > 1 && stride_of(c, y.u, y.nlist, sub, r) == 1)
                return r;
    }
    return u->e->nrank;
}

/* Lanes of a panel: two vectors or three if that divides, else of a long axis the part that fills its last vector best. */
static i64 panel(i64 ext)
{
    enum { LANES = 16, LONG = 128 };
    i64 best = ext;
    if (ext % 32 == 0 || ext % 48 == 0)
        return ext % 32 == 0 ? 32 : 48;
    for (i64 n = LANES + 1; ext > LONG && n <= LONG; n++)
        if (ext % n == 0 && n * 10 >= (n + LANES - 1) / LANES * LANES * 8 &&
            (best == ext || n * ((best + LANES - 1) / LANES) >= best * ((n + LANES - 1) / LANES)))
            best = n;
    return best;
}

/* Rewrites e if that pays, else leaves it to the caller. */
static bool pack_parameter(struct rewrite *w, struct eqs *to, const struct ein_eq *from)
{
    struct cascade *c = w->c;
    struct ein_eq e = *from;
    struct use u;
    if (!find(w, &e, &u))
        return false;
    struct ein_x y = c->node.at[u.read];
    ein_node *sub = NEW_ARRAY(w->a, ein_node, y.nlist);
    for (u32 k = 0; k < y.nlist; k++)
        sub[k] = c->list.at[y.list + k];
    if (reuse(&u) < REUSE_LEAST) {
        /* read once: as the data is walked */
        u32 along = data_unit(w, &u);
        if (along == e.nrank || !(u.ranks >> along & 1) || stride_of(c, y.u, y.nlist, sub, along) == 1)
            return false;
        pack(w, to, e, u.read, along);
        return true;
    }
    u32 d = e.nrank;
    if (u.ranks >> u.unit & 1) {
        i64 ext = e.rank[u.unit].ext, n = panel(ext);
        if (e.scan && e.scan_rank == u.unit)
            return false;
        if (u.data >> u.unit & 1)       /* a number for each lane: side by side is enough */
            n = ext;
        if (n < ext) {
            split_and_pack(w, to, &e, u.read, u.unit, n);
            return true;
        }
        if (stride_of(c, y.u, y.nlist, sub, u.unit) == 1)
            return false;
        pack(w, to, e, u.read, u.unit);
        return true;
    }
    for (u32 r = 0; r < e.nrank; r++)
        if (e.rank[r].kind == EIN_PAR && (u.ranks >> r & 1) && !(u.data >> r & 1) && (d == e.nrank || e.rank[r].ext > e.rank[d].ext) &&
            !(e.scan && e.scan_rank == r))
            d = r;
    if (d == e.nrank || stride_of(c, y.u, y.nlist, sub, d) == 1)
        return false;
    i64 n = MIN(e.rank[d].ext, (i64)PANEL_MOST);
    while (n > 1 && e.rank[d].ext % n)
        n--;
    if (n < PANEL_LEAST && n < e.rank[d].ext)
        return false;
    if (n == e.rank[d].ext) {
        pack(w, to, e, u.read, d);
        return true;
    }
    split_and_pack(w, to, &e, u.read, d, n);
    return true;
}

/* A large operand of run time that is walked across its rows, in panels. */
static bool pack_data(struct rewrite *w, struct eqs *to, const struct ein_eq *e)
{
    struct cascade *c = w->c;
    if (e->red != RED_ADD || e->nbody != 1 || e->nout != 1 || e->phase != EIN_PHASE_RUN || e->nrank > 60 || e->scan || e->guard ||
        c->node.at[e->body[0]].kind != EIN_MUL)
        return false;
    u32 unit = e->nrank;
    for (u32 r = 0; r < e->nrank; r++)
        if (e->rank[r].kind == EIN_PAR && e->rank[r].ext > 1 && stride_of(c, e->out[0], e->nsub, e->sub, r) == 1)
            unit = r;
    if (unit == e->nrank || panel(e->rank[unit].ext) == e->rank[unit].ext)
        return false;
    const ein_node side[] = { c->node.at[e->body[0]].a, c->node.at[e->body[0]].b };
    for (u32 k = 0; k < 2; k++) {
        struct ein_x y = c->node.at[side[k]];
        if (y.kind != EIN_READ || y.a || c->tens.at[y.u].phase != EIN_PHASE_RUN || !(y.ranks >> unit & 1) || (c->node.at[side[!k]].ranks >> unit & 1))
            continue;
        ein_node *sub = arena_dup(w->a, c->list.at + y.list, sizeof *sub * y.nlist);
        double points = 1, often = 1, elems = 1;
        i64 step = 0;
        for (u32 r = 0; r < e->nrank; r++) {
            double ext = e->rank[r].ext < 0 ? 1 : (double)e->rank[r].ext;
            i64 apart = e->rank[r].kind == EIN_RED && (y.ranks >> r & 1) ? stride_of(c, y.u, y.nlist, sub, r) : 0;
            if (y.ranks >> r & 1)
                points *= ext;
            else if (e->rank[r].kind == EIN_PAR)
                often *= ext;
            if (apart && (!step || apart < step))
                step = apart;
        }
        for (u32 d = 0; d < c->tens.at[y.u].ndim; d++)
            elems *= c->tens.at[y.u].dim[d] < 0 ? 1 : (double)c->tens.at[y.u].dim[d];
        if (step < DATA_STEP || often < DATA_REUSE || points < DATA_LEAST || points > elems || stride_of(c, y.u, y.nlist, sub, unit) != 1)
            continue;
        split_and_pack(w, to, e, side[k], unit, panel(e->rank[unit].ext));
        return true;
    }
    return false;
}

static u32 sweep(struct cascade *c, const struct pass_options *o, bool (*one)(struct rewrite *, struct eqs *, const struct ein_eq *))
{
    struct rewrite *w = rw_open(c, o);
    struct eqs to = { 0 };
    for (u32 i = 0; i < c->eq.n; i++) {
        struct ein_eq e = c->eq.at[i];
        /* What is packed for an equation in the middle of a recurrence comes before all of that. */
        u32 first = to.v.n;
        while (e.scan && first && to.v.at[first - 1].scan == e.scan)
            first--;
        u32 own = to.v.n;
        if (!one(w, &to, &e)) {
            vec_push(c->a, &to.v, e);
            continue;
        }
        struct ein_eq *made = arena_dup(w->a, to.v.at + own, sizeof *made * (to.v.n - own));
        u32 at = first, packed = to.v.n - own - 1;
        memmove(to.v.at + first + packed, to.v.at + first, sizeof *made * (own - first));
        memcpy(to.v.at + at, made, sizeof *made * packed);
        to.v.at[to.v.n - 1] = made[packed];
    }
    rw_close(w);
    if (to.fired) {
        c->eq.n = 0;
        for (u32 i = 0; i < to.v.n; i++)
            vec_push(c->a, &c->eq, to.v.at[i]);
        ein_phases(c);
    }
    return to.fired;
}

u32 ein_pack(struct cascade *c, const struct pass_options *o)
{
    u32 fired = sweep(c, o, pack_data);
    return fired + sweep(c, o, pack_parameter);
}
