/* ein_to_loop_block.c - sums of products larger than the caches: what stays in the second one.
 *
 * In: an equation under its schedule.  Out: whether the operand in lanes is walked once, its panels outermost (outside of the batch too, where
 * a sample has few rows: weights come from memory once a run, not once a sample); and, where the other operand
 * does not stay either, the equation with its rows in blocks that do:
 *
 *     y[t,d] += x[t,k] w[k,d]    =>    y[64 t1 + t0, d] += x[64 t1 + t0, k] w[k,d]     for t1, panels of d, tiles of t0 */
#include "passes/lower.h"

static u64 bit(u32 r)
{
    return (u64)1 << r;
}

static double bytes_of(const struct low *q, u64 ranks)
{
    double n = q->ct == DT_F64 ? 8 : 4;
    for (u32 r = 0; r < q->q.nrank; r++)
        if (ranks & bit(r))
            n *= (double)q->rank[r].ext;
    return n;
}

static double second_cache(const struct low *q)
{
    return (double)(q->L->m->l2 ? q->L->m->l2 : 1 << 20);
}

u64 low_large(const struct low *q)
{
    u64 ranks = 0;
    double most = 0, here = 0;
    if (!q->s.contraction || q->s.vec >= LOW_RANKS || q->s.vec_red)
        return 0;
    for (u32 k = q->nlhs; k < q->acc.n; k++) {
        double n = bytes_of(q, q->acc.at[k].deps);
        if (q->acc.at[k].deps & bit(q->s.vec) && n > here) {
            here = n;
            ranks = q->acc.at[k].deps;
        }
        most = MAX(most, n);
    }
    return here >= most && here > second_cache(q) / 2 ? ranks : 0;
}

bool low_batch_inside(const struct low *q, u64 large)
{
    double rows = 0;
    for (u32 k = q->nlhs; large && k < q->acc.n; k++)
        if (!(q->acc.at[k].deps & bit(q->s.vec)))
            rows += bytes_of(q, q->acc.at[k].deps);
    for (u32 r = 0; r < q->q.nrank; r++)
        large = q->rank[r].tb && (large & bit(r)) ? 0 : large;
    return large && rows <= second_cache(q) / 64;
}

/* The rank to block: the longest step of the other operand that the operand in lanes does not have. */
static u32 block_rank(const struct low *q, u64 large, double *row)
{
    u32 rank = LOW_RANKS;
    i64 step = 0;
    u64 red = 0;
    for (u32 r = 0; r < q->q.nrank; r++)
        red |= q->rank[r].red ? bit(r) : 0;
    for (u32 k = q->nlhs; k < q->acc.n; k++) {
        u64 deps = q->acc.at[k].deps;
        if ((deps & bit(q->s.vec)) || !(deps & red) || q->acc.at[k].ntest)
            continue;
        for (u32 r = 0; r < q->q.nrank; r++) {
            bool affine;
            i64 c = low_rank_coef(&q->acc.at[k], q->c, r, &affine);
            if (q->rank[r].red || q->rank[r].tb || !(deps & bit(r)) || (large & bit(r)) || !affine || c <= step || (q->free_deps & bit(r)))
                continue;
            step = c;
            rank = r;
            *row = bytes_of(q, deps & ~bit(r));
        }
    }
    return rank;
}

bool low_block(const struct low *q, struct ein_eq *eq, u32 *outer)
{
    u64 large = low_large(q);
    double row = 0;
    u32 t = large ? block_rank(q, large, &row) : LOW_RANKS;
    if (t >= LOW_RANKS || eq->nrank + 1 >= LOW_RANKS || row * (double)q->rank[t].ext < second_cache(q) / 2)
        return false;
    i64 ext = q->rank[t].ext, tile = 1, best = 0;
    for (u32 i = 0; i < q->s.ntile; i++)
        if (q->s.tile[i].rank == t)
            tile = q->s.tile[i].n;
    for (i64 n = 2; n < ext && row * (double)n <= second_cache(q) / 4; n++)     /* whole tiles if they divide it */
        if (ext % n == 0 && (n % tile == 0 || (best % tile && n >= 4 * tile)))
            best = n;
    if (best < 2 || best < 2 * tile)
        return false;
    /* t = best * t1 + t0, t0 in t's place and t1 at the end of the parallel ranks */
    struct cascade *c = q->L->c;
    u32 npar = 0;
    while (npar < eq->nrank && eq->rank[npar].kind == EIN_PAR)
        npar++;
    struct ein_rank *rank = NEW_ARRAY(q->a, struct ein_rank, eq->nrank + 1);
    ein_node *with = NEW_ARRAY(q->a, ein_node, eq->nrank), *sub = NEW_ARRAY(q->a, ein_node, eq->nsub), *body = NEW_ARRAY(q->a, ein_node, eq->nbody);
    for (u32 r = 0; r < eq->nrank; r++) {
        rank[r + (r >= npar)] = eq->rank[r];
        with[r] = ein_rank(c, r + (r >= npar));
    }
    rank[npar] = (struct ein_rank){ eq->rank[t].name, ext / best, EIN_PAR };
    rank[t].ext = best;
    with[t] = ein_imul(c, ein_rank(c, npar), best);
    with[t] = ein_iadd(c, with[t], ein_rank(c, t));
    u32 old = eq->nrank++;
    eq->rank = rank;
    for (u32 i = 0; i < eq->nsub; i++)
        sub[i] = ein_simplify(c, ein_subst(c, eq->sub[i], old, with), eq->nrank, rank);
    for (u32 i = 0; i < eq->nbody; i++)
        body[i] = ein_simplify(c, ein_subst(c, eq->body[i], old, with), eq->nrank, rank);
    eq->sub = sub;
    eq->body = body;
    if (eq->guard)
        eq->guard = ein_simplify(c, ein_subst(c, eq->guard, old, with), eq->nrank, rank);
    if (eq->post)
        eq->post = ein_simplify(c, ein_subst(c, eq->post, old, with), eq->nrank, rank);
    *outer = npar;
    return true;
}
