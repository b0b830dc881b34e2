/* ein_to_loop_tile.c - the register tile of a sum of products with parallel lanes: n points of one rank, m of another, o vectors.
 *
 * In: lanes are chosen.  Out: the tile with the least estimated time of the whole nest, remainders included.  A step of the
 * reduction costs the largest of
 *     multiplications and other operations     two a cycle
 *     loads                                    two a cycle; an operand that does not have a tile's rank is loaded once for it
 *     the accumulators' latency
 *     the panel of the vector operand          32 bytes a cycle where it does not fit the first cache
 * and a tile costs its zeros and stores.  What was measured on a machine (struct tune) corrects the estimate. */
#include "passes/lower.h"

#include "compiler/ir/tune.h"

enum { POINTS_MOST = 24, SECOND_MOST = 8, VECTORS_MOST = 4, TERMS = 24, SHARED_MOST = 8 };

struct term { bool t, u, v; double loads, ops, again; };
struct model {
    const struct low *q;
    u32 nterm; struct term term[TERMS];
    double steps;                   /* of the reduction */
    double panel;                   /* bytes of the vector operand per vector of lanes, 0: none */
    bool panels;                    /* and per point of u */
    i64 apart;                      /* elements from one point of t to the next in the operand that is one number for all lanes */
    i64 ext_t, ext_u, nvec;
    bool shares;                    /* vectors, by points and taps: taps unroll, so the tile is small */
    u32 latency;
};

static bool has(u64 ranks, u32 r)
{
    return r < LOW_RANKS && (ranks >> r & 1);
}

static u64 red_ranks(const struct low *q)
{
    u64 m = 0;
    for (u32 r = 0; r < q->q.nrank; r++)
        m |= (u64)q->rank[r].red << r;
    return m;
}

/* What a step does besides the multiplications: per node of the body, once for each point of the tile ranks it has. */
static void count_terms(struct model *m, ein_node x, u32 t, u32 u, ein_nodes *seen)
{
    const struct low *q = m->q;
    u32 at = idmap_home(&q->map, x), id = idmap_find(&q->map, x, &at);
    struct ein_x y = q->c->node.at[x];
    for (u32 i = 0; i < seen->n; i++)
        if (seen->at[i] == x)
            return;
    vec_push(q->a, seen, x);
    if (!id || ein_is_index(q->c, x) || y.kind == EIN_NUM || y.kind == EIN_ARG)
        return;
    u64 deps = q->node.at[id].deps;
    struct term k = { has(deps, t), has(deps, u), has(deps, q->s.vec), 0, 0, 0 };
    if (y.kind == EIN_READ) {
        const struct low_acc *a = &q->acc.at[q->node.at[id].access - 1];
        bool affine;
        i64 step = k.v ? low_rank_coef(a, q->c, q->s.vec, &affine) : 1;
        k.loads = step == 1 ? 1 : q->s.vl;
        if (k.v && !m->panel && !k.t)
            m->panel = m->steps * q->s.vl * 4, m->panels = k.u;
        if (!k.v && k.t)
            m->apart = low_rank_coef(a, q->c, t, &affine);
        for (u32 r = 0; k.v && k.t && r < q->q.nrank; r++)
            if (low_shares(q, q->node.at[id].access - 1, t, r)) {
                k.again = (double)q->rank[r].ext;
                m->shares = true;
            }
    } else if (x != q->q.body[0] || y.kind != EIN_MUL) {
        k.ops = y.kind >= EIN_SQRT && y.kind <= EIN_COS ? 12 : 1;
    }
    if ((k.loads || k.ops) && m->nterm < TERMS)
        m->term[m->nterm++] = k;
    ein_node child[3] = { y.a, y.b, y.c };
    for (u32 i = 0; i < 3; i++)
        if (child[i] && !(y.kind == EIN_READ))
            count_terms(m, child[i], t, u, seen);
}

/* How much slower a tile was than a product of matrices is thought to be: 1 where nothing was measured. */
static double measured(const struct low *q, u32 points, u32 vectors)
{
    const struct mach *m = q->L->m;
    double share = tune_share(q->L->o->code == CODE_TUNED ? q->L->o->tune : NULL, m, points, vectors);
    double fma = points * vectors / 2.0, loads = (points + vectors) / 2.0, least = MAX(MAX(fma, loads), 4);
    return share > 0 ? MAX(fma / share / least, 0.5) : 1;
}

static double step_cycles(const struct model *m, double n, double k, double o)
{
    double fma = n * k * o, ops = fma, loads = 0, vectors = o;
    for (u32 i = 0; i < m->nterm; i++) {
        const struct term *e = &m->term[i];
        double times = (e->t ? n : 1) * (e->u ? k : 1) * (e->v ? o : 1);
        if (e->again)                   /* points next to each other, at taps next to each other */
            times *= (n + e->again - 1) / (e->again * n);
        loads += e->loads * times;
        ops += e->ops * times;
    }
    double c = MAX(ops / 2, loads / 2);
    c = MAX(c, (ops + loads + 2) / 5);
    c = MAX(c, m->latency);
    o *= m->panels ? k : 1;
    if (m->panel * o > 0.6 * (double)m->q->L->m->l1d)
        c = MAX(c + 0.1 * o, o * m->q->s.vl * 4 / 32.0);
    if (m->apart > 64)              /* neighbours first: fewer lines and pages */
        c *= m->apart > 1024 ? 1.02 : 1.01;
    if (m->apart && m->apart % 1024 == 0 && n > 8)
        c *= 1.3;                   /* rows a page apart share the sets of the first cache */
    return c * measured(m->q, (u32)(n * k), (u32)vectors);
}

static double tile_cycles(const struct model *m, double n, double k, double o)
{
    double points = n * k * o;
    return m->steps * step_cycles(m, n, k, o) + 24 + 2.5 * points;
}

/* The nest's time with that tile; *bodies: how many copies of the loops remainders make. */
static double nest_cycles(const struct model *m, u32 n, u32 k, u32 o)
{
    const i64 ext[3] = { m->ext_t, m->ext_u, m->nvec };
    const u32 size[3] = { n, k, o };
    double sum = 0, bodies = 0;
    for (u32 way = 0; way < 8; way++) {
        double times = 1, part[3];
        for (u32 i = 0; i < 3; i++) {
            i64 rem = ext[i] % size[i];
            bool last = way >> i & 1;
            times *= last ? rem != 0 : (double)(ext[i] / size[i]);
            part[i] = last ? (double)rem : size[i];
        }
        if (times > 0) {
            sum += times * tile_cycles(m, part[0], part[1], part[2]);
            bodies++;
        }
    }
    return sum * (1 + 0.05 * (bodies - 1));
}

/* Does access k read the same place for neighbours along t at neighbouring taps r? */
bool low_shares(const struct low *q, u32 k, u32 t, u32 r)
{
    bool fr, ft;
    if (t >= LOW_RANKS || !q->rank[r].red || q->rank[r].ext > 7)
        return false;
    i64 tap = low_rank_coef(&q->acc.at[k], q->c, r, &fr), point = low_rank_coef(&q->acc.at[k], q->c, t, &ft);
    return fr && ft && tap && point && tap % point == 0;
}

static bool candidate(const struct low *q, u64 keep, u32 r)
{
    if ((keep >> r & 1) || q->rank[r].red || q->rank[r].tb || q->rank[r].ext < 2 || r == q->s.vec)
        return false;
    u64 red = red_ranks(q);         /* some operand is used again along r, and it is not the one in lanes that changes */
    bool again = false, same = false, other = false;
    for (u32 k = q->nlhs; k < q->acc.n; k++) {
        again |= (q->acc.at[k].deps & red) && !has(q->acc.at[k].deps, r);
        if ((q->acc.at[k].deps & red) && has(q->acc.at[k].deps, q->s.vec))
            *(has(q->acc.at[k].deps, r) ? &other : &same) = true;
    }
    return again && (same || !other || q->rank[q->s.vec].ext <= q->s.vl);
}

static bool fits(const struct low *q, u32 n, u32 k, u32 o)
{
    u32 points = n * k * o;
    return points + o + 2 <= q->L->m->nvreg + (q->L->m->nvreg < 32) && points <= 28;
}

void low_choose_tile(struct low *q, u64 keep)
{
    struct low_sched *s = &q->s;
    double best = 0;
    u32 best_t = VEC_NONE, best_u = VEC_NONE, best_n = 1, best_m = 1, best_o = 1;
    for (u32 t = 0; t <= q->q.nrank; t++)
        for (u32 u = t; u <= q->q.nrank; u++) {
            bool none_t = t == q->q.nrank, none_u = u == q->q.nrank;
            if ((!none_t && !candidate(q, keep, t)) || (!none_u && (u == t || !candidate(q, keep, u))) || (none_t && !none_u))
                continue;
            struct model m = { .q = q, .steps = 1, .ext_t = none_t ? 1 : q->rank[t].ext, .ext_u = none_u ? 1 : q->rank[u].ext, .latency = 4 };
            m.nvec = (q->rank[s->vec].ext + s->vl - 1) / s->vl;
            for (u32 r = 0; r < q->q.nrank; r++)
                if (q->rank[r].red)
                    m.steps *= (double)q->rank[r].ext;
            ein_nodes seen = { 0 };
            count_terms(&m, q->q.body[0], none_t ? VEC_NONE : t, none_u ? VEC_NONE : u, &seen);
            double others = 1;      /* ranks outside */
            for (u32 r = 0; r < q->q.nrank; r++)
                if (!q->rank[r].red && r != t && r != u && r != s->vec)
                    others *= (double)q->rank[r].ext;
            for (u32 o = 1; o <= VECTORS_MOST + (none_t ? 4 : 0) && (i64)o <= m.nvec; o++)
                for (u32 k = none_u ? 1 : 2; k <= (none_u ? 1 : SECOND_MOST) && (i64)k <= m.ext_u; k++)
                    for (u32 n = none_t ? 1 : 2; n <= (none_t ? 1 : POINTS_MOST) && (i64)n <= m.ext_t && fits(q, n, k, o) && (!m.shares || n * k * o <= SHARED_MOST); n++) {
                        double c = others * nest_cycles(&m, n, k, o);
                        if (best == 0 || c < best * (1 - 1e-9)) {
                            best = c;
                            best_t = t, best_u = u, best_n = n, best_m = k, best_o = o;
                        }
                    }
        }
    if (best_n > 1) {
        s->tile[s->ntile].rank = best_t;
        s->tile[s->ntile++].n = best_n;
    }
    if (best_m > 1) {
        s->tile[s->ntile].rank = best_u;
        s->tile[s->ntile++].n = best_m;
    }
    s->nv = best_o;
}
