/* ein_to_loop.c - one group of equations as one kernel.
 *
 * In: equations of one group in order.  Out: a verified-to-be loop function, its buffers as tensors and the values of
 * its symbols.  A single equation opens work units on its outermost loops; several run one after the other within
 * a unit, which is a point of the leading parallel ranks they share (those along which nothing of the group is
 * exchanged); a scan is a loop over its rounds inside the unit.
 *
 *     y[b,t] = max_k x[b,t,k];  z[b,t,k] = exp(x[b,t,k] - y[b,t])      units: (b t)
 *
 * Names in the function are those of tensors; they are not in the canonical text. */
#include "passes/lower.h"

static const struct ltype I64 = { DT_I64, 1 };

/* What of a shape is a literal of a kernel, so that another shape means another kernel:
 *     trip counts and bounds of scalar tests     never
 *     strides, constant parts of offsets         up to 8 (a convolution's stride, panels, a transposed pair)
 *     strides between unrolled taps              up to 80 (rows of small images: one address and displacements)
 * The shape of the inner loops (lanes, tile, taps, remainders, masks) is literal by construction. */
bool lower_literal(enum low_role role, i64 k)
{
    static const i64 most[] = { [ROLE_TRIP] = -1, [ROLE_BOUND] = -1, [ROLE_STRIDE] = 8, [ROLE_TAP_STRIDE] = 1 << 16 };
    return k >= -most[role] && k <= most[role];
}

/* A trip count and a stride that happen to be equal are two symbols, so that kernels for other sizes have the same text. */
static lval symbol(struct lower *L, bool trip, i64 k, bool tb)
{
    for (u32 i = 0; i < L->sym.n; i++)
        if (L->symval.at[i] && L->symtrip.at[i] == trip && L->sym.at[i].k == k && L->sym.at[i].times_batch == tb)
            return L->symval.at[i];
    struct loop_emit e = { L->f, &L->pro };
    vec_push(L->a, &L->sym, ((struct plan_int){ k, tb }));
    lval v = le_opu(&e, LO_SYM, I64, 0, L->sym.n - 1);
    vec_push(L->a, &L->symval, v);
    vec_push(L->a, &L->symtrip, trip);
    return v;
}

lval lower_sym(struct lower *L, i64 k, bool tb)
{
    return symbol(L, false, k, tb);
}

u32 lower_slot(struct lower *L, double v)
{
    struct loop_emit e = { L->f, &L->pro };
    i64 bits;
    memcpy(&bits, &v, sizeof bits);
    vec_push(L->a, &L->sym, ((struct plan_int){ bits, false }));
    lval x = le_opu(&e, LO_SYM, I64, 0, L->sym.n - 1);
    vec_push(L->a, &L->symval, 0);          /* never shared by value */
    vec_push(L->a, &L->symtrip, false);
    vec_push(L->a, &L->slot, le_op(&e, LO_BITS, (struct ltype){ DT_F64, 1 }, x, 0, 0));
    return L->slot.n - 1;
}

lval lower_size(struct lower *L, struct loop_emit *e, enum low_role role, i64 k, bool tb)
{
    return !tb && lower_literal(role, k) ? le_int(e, k) : symbol(L, role == ROLE_TRIP, k, tb);
}

lval lower_scaled(struct lower *L, struct loop_emit *e, i64 k, bool tb, i64 times)
{
    (void)e;
    for (u32 i = 0; i < L->scaled.n; i++)
        if (L->scaled.at[i].k == k && L->scaled.at[i].tb == tb && L->scaled.at[i].times == times)
            return L->scaled.at[i].v;
    lval s = lower_sym(L, k, tb);
    struct loop_emit pro = { L->f, &L->pro };
    lval v = times == 1 ? s : le_op(&pro, LO_IMUL, I64, s, le_int(&pro, times), 0);
    vec_push(L->a, &L->scaled, ((struct low_scaled){ k, tb, times, v }));
    return v;
}

u32 lower_buf(struct lower *L, u32 tens, bool write, u32 as)
{
    u32 k = 0;
    while (k < L->tens.n && (L->tens.at[k] != tens || L->as.at[k] != as))
        k++;
    const struct ein_tens *t = &L->c->tens.at[tens];
    if (k == L->tens.n) {
        vec_push(L->a, &L->tens, tens);
        vec_push(L->a, &L->as, as);
        loop_buf_add(L->f, t->name, write ? LB_OUT : LB_IN, (enum dtype)t->dtype, dtype_bytes((enum dtype)t->dtype), -1);
    } else if (L->f->buf.at[k].kind != (write ? LB_OUT : LB_IN)) {
        L->f->buf.at[k].kind = LB_INOUT;
    }
    return k;
}

/* Groups of several equations */

struct group { u32 n; const struct ein_eq **eq; };

static bool writes(const struct group *g, u32 tens)
{
    for (u32 i = 0; i < g->n; i++)
        for (u32 k = 0; k < g->eq[i]->nout; k++)
            if (g->eq[i]->out[k] == tens)
                return true;
    return false;
}

static bool is_rank(const struct cascade *c, ein_node x, u32 r)
{
    return c->node.at[x].kind == EIN_RANK && c->node.at[x].u == r;
}

/* May rank r of all equations be a work unit? */
static bool common_rank(struct arena *a, const struct cascade *c, const struct group *g, u32 r)
{
    for (u32 i = 0; i < g->n; i++) {
        const struct ein_eq *e = g->eq[i];
        if (e->nrank <= r || e->rank[r].kind != EIN_PAR || e->rank[r].ext != g->eq[0]->rank[r].ext || (e->scan && e->scan_rank == r))
            return false;
        if (e->nsub <= r || !is_rank(c, e->sub[r], r))
            return false;
        ein_nodes all = { 0 };
        for (u32 k = 0; k < e->nbody; k++)
            ein_reach(a, c, e->body[k], &all);
        if (e->guard)
            ein_reach(a, c, e->guard, &all);
        if (e->post)
            ein_reach(a, c, e->post, &all);
        for (u32 k = 0; k < all.n; k++) {
            const struct ein_x *x = &c->node.at[all.at[k]];
            if ((x->kind == EIN_READ || x->kind == EIN_GATHER) && writes(g, x->u) && (x->nlist <= r || !is_rank(c, c->list.at[x->list + r], r)))
                return false;
        }
    }
    return true;
}

static void lower_one(struct lower *L, const struct ein_eq *from, struct loop_emit e, u32 nprefix, const lval *prefix, lval round)
{
    struct ein_eq eq = low_collapse(L, from, nprefix);
    struct low *q = NEW(L->a, struct low);
    low_init(q, L, &eq, e);
    low_import(q);
    low_choose(q, low_keep(&eq, nprefix));
    for (u32 r = 0; r < nprefix; r++)
        low_bind(q, r, prefix[r], 0, q->rank[r].tb ? (i64)1 << 31 : q->rank[r].ext - 1);
    if (eq.scan)
        low_bind(q, eq.scan_rank, round, 0, q->rank[eq.scan_rank].ext - 1);
    low_nest(q);
}

static void lower_several(struct lower *L, const struct group *g)
{
    L->several = true;
    u32 nprefix = 0;
    while (nprefix < 8 && common_rank(L->a, L->c, g, nprefix))
        nprefix++;
    lval prefix[8], u;
    struct loop_emit top = { L->f, &L->f->body };
    L->units = (struct plan_int){ 1, false };
    struct loop_emit body = le_for(&top, L->f->lo, L->f->hi, 1, 0, 0, NULL, &u, NULL, NULL);
    for (u32 r = nprefix; r-- > 0;) {
        i64 ext = g->eq[0]->rank[r].ext;
        bool tb = ext < 0;
        prefix[r] = u;
        if (r) {
            lval n = lower_size(L, &body, ROLE_TRIP, tb ? 1 : ext, tb);
            prefix[r] = le_op(&body, LO_IMOD, I64, u, n, 0);
            u = le_op(&body, LO_IDIV, I64, u, n, 0);
        }
        L->units.k *= tb ? 1 : ext;
        L->units.times_batch |= tb;
    }
    for (u32 i = 0; i < g->n;) {
        const struct ein_eq *e = g->eq[i];
        if (!e->scan) {
            lower_one(L, e, body, nprefix, prefix, 0);
            i++;
            continue;
        }
        i64 rounds = e->rank[e->scan_rank].ext;
        lval t, round, n = lower_size(L, &body, ROLE_TRIP, rounds < 0 ? 1 : rounds, rounds < 0);
        struct loop_emit in = le_for(&body, le_int(&body, 0), n, 1, 0, 0, NULL, &t, NULL, NULL);
        round = e->scan_down ? le_op(&in, LO_ISUB, I64, le_op(&in, LO_ISUB, I64, n, le_int(&in, 1), 0), t, 0) : t;
        for (u32 scan = e->scan; i < g->n && g->eq[i]->scan == scan; i++)
            lower_one(L, g->eq[i], in, nprefix, prefix, round);
    }
}

struct loop_fn *lower_group(struct arena *a, struct cascade *c, u32 group, const struct mach *m, const struct pass_options *o,
                            u32 *ntens, u32 **tens, u32 *nsym, struct plan_int **sym, struct plan_int *units)
{
    struct lower L = { .a = a, .c = c, .m = m, .o = o };
    struct group g = { 0 };
    for (u32 i = 0; i < c->eq.n; i++)
        g.n += c->eq.at[i].group == group;
    CHECK(g.n);
    g.eq = NEW_ARRAY(a, const struct ein_eq *, g.n);
    g.n = 0;
    for (u32 i = 0; i < c->eq.n; i++)
        if (c->eq.at[i].group == group) {
            struct ein_eq *e = arena_dup(a, &c->eq.at[i], sizeof *e);
            lower_matrices(&L, e);
            g.eq[g.n++] = e;
        }
    L.f = loop_fn_new(a, c->sp, c->tens.at[g.eq[g.n - 1]->out[0]].name);
    if (g.n == 1 && !g.eq[0]->scan) {
        lower_floors(&L, (struct ein_eq *)(uintptr_t)g.eq[0]);
        struct ein_eq eq = low_collapse(&L, g.eq[0], 0);
        struct low *q = NEW(a, struct low);
        low_init(q, &L, &eq, (struct loop_emit){ L.f, &L.f->body });
        low_import(q);
        low_choose(q, 0);
        u32 outer = eq.nrank;
        if (low_block(q, &eq, &outer)) {
            low_init(q, &L, &eq, (struct loop_emit){ L.f, &L.f->body });
            low_import(q);
            low_choose(q, 0);
        }
        q->s.outer = outer;
        low_nest_units(q);
    } else {
        lower_several(&L, &g);
    }
    struct loop_region body = L.f->body;
    L.f->body = L.pro;
    for (u32 i = 0; i < body.stmt.n; i++)
        vec_push(a, &L.f->body.stmt, body.stmt.at[i]);
    *ntens = L.tens.n;
    *tens = L.tens.at;
    *nsym = L.sym.n;
    *sym = L.sym.at;
    *units = L.units;
    return L.f;
}
