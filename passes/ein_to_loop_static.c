/* ein_to_loop_static.c - selects on ranks that are decided while code is made.
 *
 *     v[.., p] = select(p == 0, 4*x0 - 5*x2 + x4, select(p == 1, ..))         p: 0 .. 5
 *     y[.., h] = select(h % 4 == 0, s0 + s1, ..)                              reads at h / 4
 *
 * In: a map.  Out: its small ranks that are compared with numbers, alone or by their remainder, become tiles - all of p, blocks
 * of four h - so that at each instance the condition is known and the taken side alone is computed; what sides share is
 * computed once, since a node's value is remembered by the static coordinates it varies with. */
#include "passes/lower.h"

enum { INSTANCES_MOST = 64, BLOCK_MOST = 8, FIXED_MOST = 4 };

static u64 bit(u32 r)
{
    return (u64)1 << r;
}

static const struct low_stat *stat_of(const struct low *q, u32 rank)
{
    for (u32 i = 0; i < q->nstat; i++)
        if (q->stat[i].rank == rank)
            return &q->stat[i];
    return NULL;
}

/* x is rank r, or rank r % *k. */
static bool digit_of(const struct cascade *c, ein_node x, u32 *r, i64 *k)
{
    const struct ein_x *y = &c->node.at[x];
    *k = 0;
    if (y->kind == EIN_IMOD) {
        *k = c->node.at[y->b].i;
        y = &c->node.at[y->a];
    }
    *r = y->u;
    return y->kind == EIN_RANK;
}

void low_fix(struct low *q, u64 keep)
{
    u32 rank[FIXED_MOST], n = 0, all = 1;
    i64 block[FIXED_MOST];
    if (q->q.red != RED_NONE || q->q.nbody != 1)
        return;
    for (u32 i = 1; i < q->node.n; i++) {
        struct ein_x y = q->c->node.at[q->node.at[i].x], on = q->c->node.at[y.a];
        u32 r, k = 0;
        i64 m;
        if (y.kind != EIN_SELECT || on.kind != EIN_EQ || !ein_is_index(q->c, on.a) || q->c->node.at[on.b].kind != EIN_INT ||
            !digit_of(q->c, on.a, &r, &m) || q->rank[r].tb || (keep >> r & 1))
            continue;
        if (!m)
            m = q->rank[r].ext;
        if (m > BLOCK_MOST)             /* better in lanes */
            continue;
        while (k < n && rank[k] != r)
            k++;
        if (k < n) {
            if (block[k] != m)
                return;
            continue;
        }
        if (n == FIXED_MOST || (all *= (u32)m) > INSTANCES_MOST)
            return;
        rank[n] = r;
        block[n++] = m;
    }
    for (u32 k = 0; k < n; k++) {
        q->s.fixed |= bit(rank[k]);
        q->s.tile[q->s.ntile].rank = rank[k];
        q->s.tile[q->s.ntile++].n = (u32)block[k];
    }
}

bool low_digit(const struct low *q, ein_node x, i64 *v)
{
    u32 r;
    i64 k;
    if (!digit_of(q->c, x, &r, &k) || !k || !(q->s.fixed >> r & 1))
        return false;
    const struct low_stat *s = stat_of(q, r);
    if (!s || s->max % k)
        return false;
    *v = (i64)q->coord[s - q->stat] % k;
    return true;
}

u64 low_vary(struct low *q, ein_node x)
{
    struct ein_x y = q->c->node.at[x];
    u64 m = 0;
    u32 r = y.u;
    if (y.kind == EIN_RANK)
        return bit(r);
    if (y.kind == EIN_ACC)
        for (u32 i = 0; i < q->q.nrank; i++)
            m |= q->q.rank[i].kind == EIN_PAR ? bit(i) : 0;
    if (y.kind == EIN_IDIV && q->c->node.at[y.a].kind == EIN_RANK) {
        r = q->c->node.at[y.a].u;
        const struct low_stat *s = stat_of(q, r);
        return s && (q->s.fixed >> r & 1) && (i64)s->max == q->c->node.at[y.b].i ? 0 : bit(r);
    }
    ein_node child[3] = { y.a, y.b, y.c };
    for (u32 i = 0; i < 3; i++)
        if (child[i]) {
            u32 k = low_node(q, child[i]);
            m |= q->node.at[k].vary;
        }
    for (u32 i = 0; i < y.nlist; i++) {
        u32 k = low_node(q, q->c->list.at[y.list + i]);
        m |= q->node.at[k].vary;
    }
    return m;
}

bool low_decided(const struct low *q, ein_node x, bool *holds)
{
    struct ein_x y = q->c->node.at[x];
    i64 al, ah, bl, bh;
    if (!q->s.fixed || y.kind != EIN_EQ || !ein_is_index(q->c, y.a) || !low_interval(q, y.a, &al, &ah) || !low_interval(q, y.b, &bl, &bh))
        return false;
    *holds = al == bl;
    return (al == ah && bl == bh) || ah < bl || bh < al;
}

static bool apart(const struct ein_lin *a, const struct ein_lin *b)
{
    if (a->n != b->n)
        return false;
    for (u32 i = 0; i < a->n; i++)
        if (a->t[i].atom != b->t[i].atom || a->t[i].k != b->t[i].k)
            return false;
    return true;
}

void low_follow(struct low *q)
{
    for (u32 k = q->nlhs; k < q->acc.n; k++) {
        struct low_acc *a = &q->acc.at[k];
        for (u32 j = q->nlhs; j < k && !a->lead; j++) {
            const struct low_acc *b = &q->acc.at[j];
            if (!b->lead && b->buf == a->buf && apart(&a->off, &b->off)) {
                a->lead = 1 + j;
                a->off.c -= b->off.c;
            }
        }
    }
}

/* Selects on one fixed rank (the rows of a transform, before its columns), and none that is a side of another. */
void low_shared_first(struct low *q)
{
    u32 n = q->node.n;
    bool *side = NEW_ARRAY(q->a, bool, n);
    for (u32 i = 1; i < n; i++) {
        struct ein_x y = q->c->node.at[q->node.at[i].x];
        if (y.kind == EIN_SELECT) {
            u32 a = low_node(q, y.b), b = low_node(q, y.c);
            side[a] |= q->c->node.at[y.b].kind == EIN_SELECT;
            side[b] |= q->c->node.at[y.c].kind == EIN_SELECT;
        }
    }
    for (u32 i = 1; i < n; i++) {
        u64 vary = q->node.at[i].vary & q->s.fixed;
        if (side[i] || q->c->node.at[q->node.at[i].x].kind != EIN_SELECT || !vary || (vary & (vary - 1)) || vary == q->s.fixed)
            continue;
        for (u32 k = 0; k < q->nstat; k++)
            if (vary & bit(q->stat[k].rank))
                for (u32 j = 0; j < q->stat[k].n; j++) {
                    q->coord[k] = j;
                    low_point(q, q->node.at[i].x);
                }
        for (u32 k = 0; k < q->nstat; k++)
            q->coord[k] = 0;
    }
}
