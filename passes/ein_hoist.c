/* ein_hoist.c - ein-hoist: what depends on parameters only is computed once, in the load phase.
 *
 *     y[r0,r1] = mul(mul(sub(read(x, r0, r1), read(m, r1)), rsqrt(add(read(v, r1), 1e-5))), read(g, r1))
 * ->  h[r0] = mul(rsqrt(add(read(v, r0), 1e-5)), read(g, r0))                 (load)
 *     y[r0,r1] = mul(sub(read(x, r0, r1), read(m, r1)), read(h, r1))
 *
 * Factors of a product are regrouped for that unless --strict-math.  A hoisted tensor has the ranks its expression depends on. */
#include "passes/rewrite.h"

enum { HOIST_ELEMS = 1 << 24, FACTORS = 32 };

struct hoist { struct rewrite *w; u32 eq; struct ein_eq e; ein_node from[32], to[32]; u32 n; };

/* The latest phase of what is read under x; a call-bound symbol or the reduction's result is RUN. */
static u8 phase_of(struct rewrite *w, const struct ein_eq *e, ein_node x, u64 *ranks, bool *reads)
{
    struct cascade *c = w->c;
    const struct ein_x *y = &c->node.at[x];
    struct ein_reads r = ein_reads(c, x);
    u8 phase = y->has & (EIN_HAS_SYM | EIN_HAS_OTHER | EIN_HAS_FAR) ? EIN_PHASE_RUN : EIN_PHASE_CONST;
    *ranks = y->ranks;
    *reads = r.n;
    for (u32 i = 0; i < r.n && phase < EIN_PHASE_RUN; i++)
        phase = MAX(phase, c->tens.at[c->node.at[r.at[i]].u].phase);
    for (u32 k = 0; k < MIN(e->nrank, 64u); k++)
        if (*ranks >> k & 1 && e->rank[k].ext < 0) {
            phase = EIN_PHASE_RUN;
            *ranks &= ~((u64)1 << k);
        }
    return phase;
}

/* A product's load-time factors side by side: (x * a) * b -> x * (a * b). */
static ein_node regroup(struct hoist *h, ein_node x)
{
    struct cascade *c = h->w->c;
    ein_node todo[FACTORS], run[FACTORS], load[FACTORS];
    u32 n = 0, nrun = 0, nload = 0;
    if (c->node.at[x].kind != EIN_MUL)
        return x;
    todo[n++] = x;
    while (n) {
        ein_node y = todo[--n];
        u64 ranks;
        bool reads;
        bool is_load = phase_of(h->w, &h->e, y, &ranks, &reads) < EIN_PHASE_RUN;
        if (c->node.at[y].kind == EIN_MUL && !is_load && n + 2 <= FACTORS) {
            todo[n++] = c->node.at[y].b;
            todo[n++] = c->node.at[y].a;
        } else if (nrun + nload == FACTORS) {
            return x;
        } else if (is_load) {
            load[nload++] = y;
        } else {
            run[nrun++] = y;
        }
    }
    if (nload < 2 || !nrun)
        return x;
    ein_node r = run[0], l = load[0];
    for (u32 i = 1; i < nrun; i++)
        r = ein_op2(c, EIN_MUL, r, run[i]);
    for (u32 i = 1; i < nload; i++)
        l = ein_op2(c, EIN_MUL, l, load[i]);
    return ein_op2(c, EIN_MUL, r, l);
}

/* Is everything of the equation in the accumulator's dtype, what it writes as well? */
static bool one_dtype(struct hoist *h)
{
    struct cascade *c = h->w->c;
    ein_nodes all = {0};
    for (u32 k = 0; k < h->e.nout; k++)
        if (c->tens.at[h->e.out[k]].dtype != h->e.acc)
            return false;
    for (u32 k = 0; k < h->e.nbody; k++)
        ein_reach(h->w->a, c, h->e.body[k], &all);
    if (h->e.post)
        ein_reach(h->w->a, c, h->e.post, &all);
    for (u32 i = 0; i < all.n; i++) {
        int d = ein_is_index(c, all.at[i]) ? EIN_ANY : ein_dtype(c, &h->e, all.at[i]);
        if (d != EIN_ANY && d != DT_BOOL && d != h->e.acc)
            return false;
    }
    return true;
}

/* A new tensor for x over the ranks it depends on; the read that stands for it.  cond: x is used as a condition. */
static ein_node hoisted(struct hoist *h, ein_node x, u64 ranks, bool cond)
{
    struct cascade *c = h->w->c;
    ein_node with[64] = {0}, sub[64], read[64];
    ein_ext dim[64];
    struct ein_rank rank[64];
    u32 n = 0;
    u64 elems = 1;
    for (u32 k = 0; k < h->e.nrank; k++) {
        if (!(ranks >> k & 1))
            continue;
        with[k] = sub[n] = ein_rank(c, n);
        read[n] = ein_rank(c, k);
        dim[n] = h->e.rank[k].ext;
        rank[n] = h->e.rank[k];
        rank[n].kind = EIN_PAR;
        if (__builtin_mul_overflow(elems, (u64)dim[n], &elems) || elems > HOIST_ELEMS)
            return 0;
        n++;
    }
    int d = ein_dtype(c, &h->e, x);
    if (d == EIN_ANY && (cond || h->w->o->strict || !one_dtype(h)))     /* it takes the dtype it is used with */
        return 0;
    if (d == EIN_ANY)
        d = h->e.acc;
    if (d < 0 || d == DT_BOOL)
        return 0;
    struct ein_tens t = {.name = str_fmt(c->sp, "%s.load", c->tens.at[h->e.out[0]].name), .role = EIN_TEMP, .dtype = (u8)d,
                         .phase = EIN_PHASE_LOAD, .ndim = n, .dim = dim};
    u32 out = cascade_tens(c, t);
    ein_node body = rw_inside(c, ein_subst(c, x, h->e.nrank, with), n, rank);      /* the conditions around x stay behind */
    struct ein_eq e = {.nout = 1, .out = &out, .nsub = n, .sub = sub, .nrank = n, .rank = rank, .acc = (u8)d, .nbody = 1, .body = &body,
                       .as_written = h->e.as_written, .prov = h->e.prov};
    e.out = arena_dup(c->a, e.out, sizeof *e.out);
    e.sub = arena_dup(c->a, e.sub, sizeof *e.sub * n);
    e.rank = arena_dup(c->a, e.rank, sizeof *e.rank * n);
    e.body = arena_dup(c->a, e.body, sizeof *e.body);
    rw_before(h->w, h->eq, e);
    if (h->w->o->break_ == BREAK_HOIST && n && dim[n - 1] > 1) {
        ein_node last = ein_int(c, dim[n - 1] - 1);
        read[n - 1] = ein_iadd(c, last, ein_imul(c, read[n - 1], -1));
    }
    return ein_read(c, out, n, read, 0);
}

/* Largest load-time subexpressions that compute something, from the root down. */
static void find(struct hoist *h, ein_node x, bool cond)
{
    struct cascade *c = h->w->c;
    if (!x || h->n == COUNTOF(h->from) || ein_is_index(c, x))
        return;
    for (u32 i = 0; i < h->n; i++)
        if (h->from[i] == x)
            return;
    u64 ranks;
    bool reads;
    u8 phase = phase_of(h->w, &h->e, x, &ranks, &reads);
    u32 cost = rw_cost(h->w, x);
    if (phase < EIN_PHASE_RUN) {
        if (cost >= (reads ? 1u : 4u)) {
            ein_node to = hoisted(h, x, ranks, cond);
            if (to) {
                h->from[h->n] = x;
                h->to[h->n++] = to;
            }
        }
        return;
    }
    struct ein_x y = c->node.at[x];
    bool logic = y.kind == EIN_AND || y.kind == EIN_OR || y.kind == EIN_NOT;
    find(h, y.a, logic || y.kind == EIN_SELECT);
    find(h, y.b, logic);
    find(h, y.c, false);
}

/* Bottom-up regrouping of every product under x. */
static ein_node regroup_all(struct hoist *h, ein_node x)
{
    ein_nodes all = {0};
    if (!x)
        return 0;
    ein_reach(h->w->a, h->w->c, x, &all);
    for (u32 i = all.n; i-- > 0;) {     /* the outermost product of a chain first */
        ein_node to = regroup(h, all.at[i]);
        if (to != all.at[i])
            return rw_replace(h->w->c, x, 1, &all.at[i], &to);
    }
    return x;
}

u32 ein_hoist(struct cascade *c, const struct pass_options *o)
{
    ein_phases(c);
    struct rewrite *w = rw_open(c, o);
    for (u32 i = 0; i < w->neq; i++) {
        struct hoist h = {.w = w, .eq = i, .e = c->eq.at[i]};
        if (h.e.phase < EIN_PHASE_RUN || h.e.scan || c->training || h.e.nrank > 63)
            continue;
        h.e.body = arena_dup(c->a, h.e.body, sizeof *h.e.body * h.e.nbody);
        if (!o->strict) {
            for (u32 k = 0; k < h.e.nbody; k++)
                h.e.body[k] = regroup_all(&h, h.e.body[k]);
            h.e.post = regroup_all(&h, h.e.post);
        }
        for (u32 k = 0; k < h.e.nbody; k++)
            find(&h, h.e.body[k], false);
        find(&h, h.e.post, false);
        if (!h.n)
            continue;
        for (u32 k = 0; k < h.e.nbody; k++)
            h.e.body[k] = rw_replace(c, h.e.body[k], h.n, h.from, h.to);
        h.e.post = rw_replace(c, h.e.post, h.n, h.from, h.to);
        c->eq.at[i] = h.e;
    }
    return rw_close(w);
}
