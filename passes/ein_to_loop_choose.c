/* ein_to_loop_choose.c - the schedule of one equation: simple, and good for the common shapes.
 *
 *  1. Ranks that every access walks as one collapse: (h w) of a 1x1 convolution is one rank of H*W.  On images
 *     narrower than a vector a padded convolution's (oh ow) collapses too; its row and column come back per lane as
 *     s / W and s % W, only for the masks, which loops over channels do not recompute.
 *  2. The vectorised rank is the cheapest by counting loads per point: a parallel rank of unit stride on the left,
 *     or a reduced rank (order permitting).  Reads without that rank are splats, other strides gather.
 *  3. Sums of products get a register tile: a parallel rank the vector operand does not have times vectors of the chunk
 *     (or a second rank where a chunk is one vector; two ranks when a reduced rank is vectorised).
 *  4. Small inner reduced ranks (taps) unroll, as long as the body stays small: code is paid for when it is compiled. */
#include "passes/lower.h"

static u64 bit(u32 r)
{
    return (u64)1 << r;
}

u64 low_keep(const struct ein_eq *eq, u32 nprefix)
{
    return (bit(nprefix) - 1) | (eq->scan ? bit(eq->scan_rank) : 0);
}

void low_import(struct low *q)
{
    const struct ein_eq *eq = &q->q;
    for (u32 i = 0; i < eq->nout; i++)
        low_access(q, 0, eq->out[i], eq->nsub, eq->sub);
    q->nlhs = eq->nout;
    bool wide = eq->acc == DT_F64 || !dtype_is_float(eq->acc);
    for (u32 i = 0; i < eq->nbody; i++)
        low_node(q, eq->body[i]);
    if (eq->guard)
        low_node(q, eq->guard);
    q->in_post = !q->L->several;
    if (eq->post)
        low_node(q, eq->post);
    q->in_post = false;
    for (u32 i = 1; i < q->node.n; i++) {
        const struct ein_x *y = &q->c->node.at[q->node.at[i].x];
        u8 d = y->kind == EIN_READ ? q->c->tens.at[y->u].dtype : y->kind == EIN_CAST ? (u8)y->u : DT_F32;
        wide |= d == DT_F64 || d == DT_I64 || d == DT_I32;
    }
    q->ct = wide ? DT_F64 : DT_F32;
}

static bool is_product(const struct cascade *c, ein_node x)
{
    const struct ein_x *y = &c->node.at[x];
    return y->kind == EIN_MUL || (y->kind == EIN_CAST && is_product(c, y->a));
}

static bool contraction(const struct cascade *c, const struct ein_eq *eq)
{
    return eq->red == RED_ADD && eq->nbody == 1 && is_product(c, eq->body[0]);
}

static bool any_order(const struct low *q)
{
    return (q->q.red == RED_ADD || q->q.red == RED_MUL || q->q.red == RED_MAX || q->q.red == RED_MIN) && !q->q.as_written && !q->L->o->strict;
}

static u32 lanes_of(const struct low *q, i64 ext)
{
    u32 most = q->L->m->vector_bits / (q->ct == DT_F64 ? 64 : 32), vl = 1;
    while (vl < most && (q->L->m->masks ? (i64)vl < ext : (i64)vl * 2 <= ext))
        vl *= 2;
    return vl;
}

/* Collapsing */

static bool walks_as_one(const struct low *q, u32 a, u32 b, bool *padded)
{
    i64 eb = q->rank[b].ext;
    *padded = false;
    if ((q->free_deps >> a & 1) || (q->free_deps >> b & 1))
        return false;
    for (u32 k = 0; k < q->acc.n; k++) {
        bool fa, fb;
        i64 ca = low_rank_coef(&q->acc.at[k], q->c, a, &fa), cb = low_rank_coef(&q->acc.at[k], q->c, b, &fb), want;
        if (!fa || !fb || __builtin_mul_overflow(cb, eb, &want) || ca != want)
            return false;
        u64 deps = low_test_deps(q, k);
        *padded |= (deps >> a & 1) || (deps >> b & 1);
    }
    return true;
}

/* Is a padded (a b) better off as one rank of lanes? */
static bool narrow(const struct low *q, const struct ein_eq *eq, u32 a, u32 b)
{
    u32 most = q->L->m->vector_bits / (q->ct == DT_F64 ? 64 : 32);
    bool affine;
    if (!q->L->m->masks || !contraction(q->c, eq) || q->rank[a].red || low_rank_coef(&q->acc.at[0], q->c, b, &affine) != 1)
        return false;
    i64 e = q->rank[b].ext, all = e * q->rank[a].ext;
    i64 alone = (e + most - 1) / most * q->rank[a].ext, together = (all + most - 1) / most;
    return e % most && together * 5 <= alone * 4;
}

struct ein_eq low_collapse(struct lower *L, const struct ein_eq *from, u32 nprefix)
{
    struct ein_eq eq = *from;
    struct cascade *c = L->c;
    for (;;) {
        struct low q;
        low_init(&q, L, &eq, (struct loop_emit){ 0 });
        low_import(&q);
        u64 keep = low_keep(&eq, nprefix);
        u32 a = 0, b = 0;
        bool found = false, in_order = !any_order(&q);
        for (a = 0; a < eq.nrank && !found; a++)
            for (b = 0; b < eq.nrank && !found; b++) {
                bool padded;
                if (a == b || q.rank[a].red != q.rank[b].red || ((keep >> a | keep >> b) & 1) || q.rank[a].tb || q.rank[b].tb)
                    continue;
                if (q.rank[a].ext == 1 || q.rank[b].ext == 1 || (q.rank[a].red && in_order && b != a + 1))
                    continue;
                i64 ext;
                if (__builtin_mul_overflow(q.rank[a].ext, q.rank[b].ext, &ext) || ext > (i64)1 << 30)
                    continue;
                found = walks_as_one(&q, a, b, &padded) && (!padded || narrow(&q, &eq, a, b));
                if (found)
                    goto rewrite;
            }
        return eq;
rewrite:;
        i64 eb = eq.rank[b].ext;
        struct ein_rank *rank = NEW_ARRAY(L->a, struct ein_rank, eq.nrank);
        ein_node *with = NEW_ARRAY(L->a, ein_node, eq.nrank);
        u32 n = 0, s = 0, scan = 0;
        for (u32 r = 0; r < eq.nrank; r++) {
            if (r == b)
                continue;
            if (r == a)
                s = n;
            if (r == eq.scan_rank)
                scan = n;
            with[r] = ein_rank(c, n);
            rank[n++] = eq.rank[r];
        }
        rank[s].ext *= eb;
        with[a] = ein_idiv(c, ein_rank(c, s), eb);
        with[b] = ein_imod(c, ein_rank(c, s), eb);
        u32 old = eq.nrank;
        eq.nrank = n;
        eq.rank = rank;
        eq.scan_rank = scan;
        ein_node *sub = NEW_ARRAY(L->a, ein_node, eq.nsub), *body = NEW_ARRAY(L->a, ein_node, eq.nbody);
        for (u32 i = 0; i < eq.nsub; i++)
            sub[i] = ein_subst(c, eq.sub[i], old, with);
        for (u32 i = 0; i < eq.nbody; i++)
            body[i] = ein_simplify(c, ein_subst(c, eq.body[i], old, with), n, rank);
        eq.sub = sub;
        eq.body = body;
        if (eq.guard)
            eq.guard = ein_simplify(c, ein_subst(c, eq.guard, old, with), n, rank);
        if (eq.post)
            eq.post = ein_simplify(c, ein_subst(c, eq.post, old, with), n, rank);
    }
}

/* Choosing */

static u64 red_mask(const struct low *q)
{
    u64 m = 0;
    for (u32 r = 0; r < q->q.nrank; r++)
        if (q->rank[r].red)
            m |= bit(r);
    return m;
}

static double points_of(const struct low *q, u64 ranks)
{
    double n = 1;
    for (u32 r = 0; r < q->q.nrank; r++)
        if (ranks & bit(r))
            n *= (double)q->rank[r].ext;
    return n;
}

/* How an access goes along a rank. */
enum along { ALONG_NOT, ALONG_UNIT, ALONG_GATHER, ALONG_DIVIDED };
static enum along along(const struct low *q, u32 k, u32 r)
{
    const struct low_acc *a = &q->acc.at[k];
    bool affine;
    i64 c = low_rank_coef(a, q->c, r, &affine);
    if (!affine)
        return ALONG_DIVIDED;
    if (c == 1)
        return ALONG_UNIT;
    return c || (low_test_deps(q, k) >> r & 1) ? ALONG_GATHER : ALONG_NOT;
}

static bool has_kind(const struct low *q, enum ein_kind kind)
{
    for (u32 i = 1; i < q->node.n; i++)
        if (q->c->node.at[q->node.at[i].x].kind == kind)
            return true;
    return false;
}

/* Cost per point with rank r in lanes (VEC_NONE: scalar); negative: impossible. */
static double cost(const struct low *q, u32 r, u64 keep)
{
    u64 red = red_mask(q);
    bool scalar = r == VEC_NONE;
    double lanes = 1, per = 0.5 * q->node.n, apart = 1;
    u32 vl = 1;
    if (!scalar) {
        i64 ext = q->rank[r].ext;
        if (((keep | q->s.fixed) >> r & 1) || q->rank[r].tb || ext < 2)
            return -1;
        vl = lanes_of(q, ext);
        if (vl < 2)
            return -1;
        lanes = (double)ext / (double)((ext + vl - 1) / vl);
        if (q->rank[r].red) {
            if (!any_order(q))
                return -1;
            per += 6.0 * vl / points_of(q, red);
        } else {
            for (u32 k = 0; k < q->nlhs; k++) {
                enum along how = along(q, k, r);
                if ((how != ALONG_UNIT && how != ALONG_GATHER) || q->c->tens.at[q->acc.at[k].tens].dtype == DT_BOOL)
                    return -1;
                if (how == ALONG_GATHER) {      /* stored lane by lane: only where nothing else is half as good */
                    per += 1.5 * vl / points_of(q, red);
                    apart = 2;
                }
            }
        }
    }
    for (u32 k = q->nlhs; k < q->acc.n; k++) {
        double w = red && !(q->acc.at[k].deps & red) ? 0.05 : 1;
        enum along how = scalar ? ALONG_NOT : along(q, k, r);
        if (how != ALONG_NOT && q->c->tens.at[q->acc.at[k].tens].dtype == DT_BOOL)
            return -1;
        if (scalar)
            per += w;
        else if (how == ALONG_NOT)
            per += 0.3 * w;
        else if (how == ALONG_UNIT)
            per += w * (low_test_deps(q, k) >> r & 1 ? 1.5 : 1);
        else
            per += w * vl * (how == ALONG_GATHER ? 1.0 : 2.5);
    }
    return per * apart / lanes;
}

static u32 taps_limit(const struct low *q)
{
    return q->L->m->nvreg >= 32 ? 24 : 12;
}

/* Tiling rank r by n leaves a remainder: worth how much? */
static double whole(i64 ext, i64 n)
{
    return ext % n ? 0.8 * (double)ext / (double)((ext + n - 1) / n * n) : 1;
}

/* Does some read of the sum not have rank t?  2: the one in lanes. */
static u32 reuse(const struct low *q, u32 t)
{
    u64 red = red_mask(q);
    u32 best = 0;
    for (u32 k = q->nlhs; k < q->acc.n; k++) {
        u64 deps = q->acc.at[k].deps;
        if (!(deps & red) || (deps >> t & 1))
            continue;
        best = MAX(best, q->s.vec < LOW_RANKS && (deps >> q->s.vec & 1) ? 2u : 1u);
    }
    return best;
}

static bool is_unit(const struct low *q, u32 r)
{
    for (u32 k = q->nlhs; k < q->acc.n; k++)
        if ((q->acc.at[k].deps & red_mask(q)) && along(q, k, r) == ALONG_UNIT)
            return true;
    return false;
}

static u32 best_tile_rank(const struct low *q, u64 not, u32 want)
{
    u32 at = VEC_NONE;
    bool at_unit = false;
    for (u32 r = 0; r < q->q.nrank; r++) {
        if ((not >> r & 1) || q->rank[r].red || q->rank[r].tb || q->rank[r].ext < 2 || r == q->s.vec || reuse(q, r) < want)
            continue;
        /* neighbours in the read that repeats for each vector, as ein-pack lays parameters out; else the longest */
        bool unit = is_unit(q, r);
        if (at == VEC_NONE || unit > at_unit || (unit == at_unit && q->rank[r].ext > q->rank[at].ext)) {
            at = r;
            at_unit = unit;
        }
    }
    return at;
}

static void choose_two(struct low *q, u32 t, i64 other_ext, u32 other_most, u32 *best_t, u32 *best_o)
{
    u32 most = taps_limit(q);
    double best = 0;
    for (u32 n = 1; n <= most && (t == VEC_NONE ? n == 1 : (i64)n <= q->rank[t].ext); n++)
        for (u32 o = 1; o <= other_most && (i64)o <= other_ext && n * o <= most; o++) {
            double e = (double)n * o / (n + o) * (t == VEC_NONE ? 1 : whole(q->rank[t].ext, n)) * whole(other_ext, o);
            if (n * o < 8)
                e *= 0.9;
            if (e > best + 1e-9) {
                best = e;
                *best_t = n;
                *best_o = o;
            }
        }
}

static void tile(struct low *q, u32 rank, u32 n)
{
    if (rank == VEC_NONE || n < 2)
        return;
    q->s.tile[q->s.ntile].rank = rank;
    q->s.tile[q->s.ntile++].n = n;
}

static void choose_tile(struct low *q, u64 keep)
{
    struct low_sched *s = &q->s;
    i64 nvec = s->vec < LOW_RANKS ? (q->rank[s->vec].ext + s->vl - 1) / s->vl : 1;
    u32 n = 1, o = 1;
    if (s->fixed)
        return;
    if (q->q.red == RED_NONE) {
        if (s->vec < LOW_RANKS)
            s->nv = nvec <= 2 ? (u32)nvec : q->node.n > 40 || nvec % 2 ? 1 : nvec % 4 || q->node.n > 16 ? 2 : 4;
        return;
    }
    if (s->vec == VEC_NONE || q->q.red == RED_USER)
        return;
    if (s->vec_red) {
        u32 t = best_tile_rank(q, keep, 1), u = VEC_NONE;
        if (t != VEC_NONE)
            u = best_tile_rank(q, keep | bit(t), 1);
        if (u != VEC_NONE) {
            choose_two(q, t, q->rank[u].ext, 4, &n, &o);
            tile(q, t, MIN(n, 6));
            tile(q, u, o);
        } else if (t != VEC_NONE) {
            for (u32 k = 2; k <= 8; k++)
                if (q->rank[t].ext >= k && whole(q->rank[t].ext, k) * k / (k + 1) > whole(q->rank[t].ext, n) * n / (n + 1))
                    n = k;
            tile(q, t, n);
        } else {
            s->nv = (u32)MIN(nvec, 4);
        }
        return;
    }
    if (s->contraction) {
        low_choose_tile(q, keep);
        return;
    }
    u32 t = best_tile_rank(q, keep, 2);
    for (u32 r = 0; r < q->q.nrank && s->ntile == 0; r++)
        for (u32 tap = 0; tap < q->q.nrank && s->ntile == 0; tap++)     /* pooling: neighbours share what they read */
            if (!(keep >> r & 1) && !q->rank[r].red && !q->rank[r].tb && q->rank[r].ext > 1 && r != s->vec && q->acc.n > q->nlhs && low_shares(q, q->nlhs, r, tap)) {
                s->nv = nvec % 2 == 0 ? 2 : 1;
                for (n = 4; n > 1 && q->rank[r].ext % n; n--)
                    ;
                tile(q, r, n > 1 ? n : (u32)MIN(q->rank[r].ext, 4));
            }
    if (s->ntile)
        return;
    if (t == VEC_NONE) {
        s->nv = nvec % 4 == 0 ? 4 : nvec % 2 == 0 ? 2 : nvec == 3 ? 3 : 1;
        return;
    }
    if (nvec > 1) {
        choose_two(q, t, nvec, 4, &n, &o);
        tile(q, t, n);
        s->nv = o;
        return;
    }
    u32 u = best_tile_rank(q, keep | bit(t), 1);
    choose_two(q, t, u == VEC_NONE ? 1 : q->rank[u].ext, 3, &n, &o);
    tile(q, t, n);
    tile(q, u, o);
}

/* Would points of the tile at taps r share reads?  Then unrolling makes those values live side by side, and accumulators spill. */
static bool shares_taps(const struct low *q, u32 r)
{
    for (u32 k = q->nlhs; k < q->acc.n; k++)
        for (u32 i = 0; i < q->s.ntile; i++)
            if (low_shares(q, k, q->s.tile[i].rank, r))
                return true;
    return false;
}

void low_choose(struct low *q, u64 keep)
{
    struct low_sched *s = &q->s;
    *s = (struct low_sched){ .vec = VEC_NONE, .vl = 1, .nv = 1 };
    low_fix(q, keep);
    bool lanes = q->q.red != RED_ARGMAX && q->q.red != RED_ARGMIN && !has_kind(q, EIN_RAND) && q->L->m->vector_bits >= 64;
    double best = cost(q, VEC_NONE, keep);
    for (u32 r = 0; lanes && r < q->q.nrank; r++) {
        double c = cost(q, r, keep);
        if (c >= 0 && c < best) {
            best = c;
            s->vec = r;
        }
    }
    if (s->vec < LOW_RANKS) {
        s->vl = lanes_of(q, q->rank[s->vec].ext);
        s->vec_red = q->rank[s->vec].red;
    }
    s->contraction = contraction(q->c, &q->q);
    choose_tile(q, keep);
    if (q->q.red == RED_NONE || q->q.red == RED_ARGMAX || q->q.red == RED_ARGMIN)
        return;
    u32 count = s->nv;
    for (u32 i = 0; i < s->ntile; i++)
        count *= s->tile[i].n;
    u32 most = q->q.red == RED_USER ? 4 : s->vec == VEC_NONE ? 64 : 112;
    for (u32 r = q->q.nrank; r-- > 0;) {
        if (!q->rank[r].red || q->rank[r].tb || q->rank[r].ext > 7 || r == s->vec || (i64)count * q->rank[r].ext > most)
            break;
        if (s->contraction && count > 8 && shares_taps(q, r))
            break;
        count *= (u32)q->rank[r].ext;
        s->taps |= bit(r);
    }
}
