/* ein_to_tape.c - one group of equations as a tape (`--code generic`).
 *
 * In: equations of one group in order.  Out: a finished tape, its buffers as tensors.  Work units are points of the leading
 * parallel ranks: of one equation all that no block holds whole, of several those along which nothing is exchanged. */
#include "passes/tape.h"

static bool writes(struct taping *g, u32 group, u32 tens)
{
    for (u32 i = 0; i < g->c->eq.n; i++)
        for (u32 k = 0; g->c->eq.at[i].group == group && k < g->c->eq.at[i].nout; k++)
            if (g->c->eq.at[i].out[k] == tens)
                return true;
    return false;
}

static bool is_rank(const struct cascade *c, ein_node x, u32 r)
{
    return c->node.at[x].kind == EIN_RANK && c->node.at[x].u == r;
}

/* Is rank r the same parallel rank of all equations, and nothing exchanged along it? */
static bool common(struct taping *g, u32 group, const struct ein_eq *first, u32 r)
{
    const struct cascade *c = g->c;
    for (u32 i = 0; i < c->eq.n; i++) {
        const struct ein_eq *e = &c->eq.at[i];
        if (e->group != group)
            continue;
        if (first->nrank <= r || e->nrank <= r || e->rank[r].kind != EIN_PAR || e->rank[r].ext != first->rank[r].ext || (e->scan && e->scan_rank == r) ||
            e->nsub <= r || !is_rank(c, e->sub[r], r))
            return false;
        ein_nodes all = { 0 };
        for (u32 k = 0; k < e->nbody; k++)
            ein_reach(g->a, c, e->body[k], &all);
        if (e->guard)
            ein_reach(g->a, c, e->guard, &all);
        if (e->post)
            ein_reach(g->a, c, e->post, &all);
        for (u32 k = 0; k < all.n; k++) {
            const struct ein_x *x = &c->node.at[all.at[k]];
            if ((x->kind == EIN_READ || x->kind == EIN_GATHER) && writes(g, group, x->u) && (x->nlist <= r || !is_rank(c, c->list.at[x->list + r], r)))
                return false;
        }
    }
    return true;
}

static u8 type_of(struct taped *q)
{
    const struct ein_eq *e = q->e;
    const struct cascade *c = q->c;
    bool wide = e->acc == DT_F64 || !dtype_is_float((enum dtype)e->acc);
    ein_nodes all = { 0 };
    for (u32 k = 0; k < e->nbody; k++)
        ein_reach(q->a, c, e->body[k], &all);
    if (e->guard)
        ein_reach(q->a, c, e->guard, &all);
    if (e->post)
        ein_reach(q->a, c, e->post, &all);
    for (u32 i = 0; i < all.n; i++) {
        const struct ein_x *y = &c->node.at[all.at[i]];
        u8 d = y->kind == EIN_READ ? c->tens.at[y->u].dtype : y->kind == EIN_CAST ? (u8)y->u : DT_F32;
        wide |= d == DT_F64 || d == DT_I64 || d == DT_I32;
        /* strict arithmetic computes constants among themselves in f64 */
        bool compares = y->kind >= EIN_LT && y->kind <= EIN_NE && !ein_is_index(c, y->a);
        if (q->g->o->strict && (compares || (y->kind >= EIN_NEG && y->kind < EIN_LT) || y->kind == EIN_SELECT))
            wide |= compares ? ein_dtype(c, e, y->a) == EIN_ANY && ein_dtype(c, e, y->b) == EIN_ANY : ein_dtype(c, e, all.at[i]) == EIN_ANY;
    }
    return wide ? DT_F64 : DT_F32;
}

static double identity(const struct ein_eq *e)
{
    static const struct { double lo, hi; } of[DTYPES] = {
        [DT_F64] = { -__builtin_inf(), __builtin_inf() }, [DT_F32] = { -__builtin_inf(), __builtin_inf() },
        [DT_F16] = { -__builtin_inf(), __builtin_inf() }, [DT_BF16] = { -__builtin_inf(), __builtin_inf() },
        [DT_I64] = { -0x1p63, 0x1p63 }, [DT_I32] = { -2147483648.0, 2147483647.0 }, [DT_I8] = { -128, 127 }, [DT_U8] = { 0, 255 }, [DT_BOOL] = { 0, 1 },
    };
    switch (e->red) {
    case RED_MUL: return 1;
    case RED_MAX: case RED_ARGMAX: return of[e->acc].lo;
    case RED_MIN: case RED_ARGMIN: return of[e->acc].hi;
    default: return 0;
    }
}

static void result(struct taped *q, u32 prog, ein_node x, u8 d)
{
    u32 r = taped_typed(q, prog, x, d);
    vec_push(q->a, &q->n.prog[prog].res, r);
}

static bool names(const struct tape_index *x, u64 ranks)
{
    for (u32 i = 0; i < x->n; i++)
        if (x->t[i].atom == TA_RANK && (ranks >> x->t[i].u & 1))
            return true;
    return false;
}

/* Fewer registers: of those that change with every point, places are used again.  Constants, and what may be
 * computed once for a block (all that does not name a reduced rank for certain), keep theirs. */
static void recycle(struct taped *q, u32 prog, bool loops)
{
    struct tape_prog *p = &q->n.prog[prog];
    u32 n = p->ins.n, *last = NEW_ARRAY(q->a, u32, q->n.nreg + 1), *to = NEW_ARRAY(q->a, u32, q->n.nreg + 1);
    u8 *level = NEW_ARRAY(q->a, u8, q->n.nreg + 1);
    VEC(u32) spare = { 0 };
    u64 red = 0;
    for (u32 r = 0; r < q->e->nrank; r++)
        red |= (u64)(q->e->rank[r].kind == EIN_RED) << r;
    for (u32 i = 0; i < n; i++) {
        struct tape_ins *s = &p->ins.at[i];
        u32 nsrc = s->op == TP_LOAD && s->a ? 1 : tape_ops[s->op].nsrc;
        u32 *src[3] = { &s->a, &s->b, &s->c };
        for (u32 k = 0; k < nsrc; k++)
            last[s->op == TP_LOAD ? *src[k] - 1 : *src[k]] = i;
    }
    for (u32 i = 0; i < p->res.n; i++)
        last[p->res.at[i]] = UINT32_MAX;
    for (u32 i = 0; i < n; i++) {
        struct tape_ins *s = &p->ins.at[i];
        u32 nsrc = s->op == TP_LOAD && s->a ? 1 : tape_ops[s->op].nsrc, old = s->dst;
        u32 *src[3] = { &s->a, &s->b, &s->c };
        u8 l = s->op != TP_NUM && tape_ops[s->op].class == 'L';
        if (names(&s->x, red) || names(&s->y, red))
            l = 2;
        for (u32 k = 0; k < s->ntest; k++)
            if (names(&s->test[k].x, red))
                l = 2;
        for (u32 k = 0; k < nsrc; k++)
            l = MAX(l, level[s->op == TP_LOAD ? *src[k] - 1 : *src[k]]);
        level[old] = l;
        u8 most = loops ? 2 : 1;
        u32 freed[3], nfreed = 0;
        for (u32 k = 0; k < nsrc; k++) {
            u32 v = s->op == TP_LOAD ? *src[k] - 1 : *src[k];
            bool twice = false;
            for (u32 j = 0; j < nfreed; j++)
                twice |= freed[j] == v;
            if (last[v] == i && level[v] >= most && !twice)
                freed[nfreed++] = v;
            *src[k] = s->op == TP_LOAD ? to[v] + 1 : to[v];
        }
        if (l >= most && spare.n)
            to[old] = spare.at[--spare.n];
        else
            to[old] = old;
        s->dst = to[old];
        for (u32 k = 0; k < nfreed; k++)
            vec_push(q->a, &spare, to[freed[k]]);
    }
    for (u32 i = 0; i < p->res.n; i++)
        p->res.at[i] = to[p->res.at[i]];
}

/* Registers numbered without gaps. */
static void renumber(struct taped *q)
{
    u32 *to = NEW_ARRAY(q->a, u32, q->n.nreg + 1), n = 0;
    for (u32 k = 0; k < TAPE_PROGS; k++)
        for (u32 i = 0; i < q->n.prog[k].ins.n; i++) {
            u32 d = q->n.prog[k].ins.at[i].dst;
            if (!to[d])
                to[d] = ++n;
        }
    for (u32 k = 0; k < TAPE_PROGS; k++) {
        struct tape_prog *p = &q->n.prog[k];
        for (u32 i = 0; i < p->ins.n; i++) {
            struct tape_ins *s = &p->ins.at[i];
            u32 nsrc = tape_ops[s->op].nsrc;
            s->dst = to[s->dst] - 1;
            if (s->op == TP_LOAD && s->a)
                s->a = to[s->a - 1];
            if (nsrc > 0)
                s->a = to[s->a] - 1;
            if (nsrc > 1)
                s->b = to[s->b] - 1;
            if (nsrc > 2)
                s->c = to[s->c] - 1;
        }
        for (u32 i = 0; i < p->res.n; i++)
            p->res.at[i] = to[p->res.at[i]] - 1;
    }
    q->n.nreg = MAX(n, 1);
}

/* Sums over a rank the body does not depend on are a multiple, extrema over it the same. */
static void ignore(struct taped *q)
{
    const struct ein_eq *e = q->e;
    q->times = 1;
    if ((e->red != RED_ADD && e->red != RED_MAX && e->red != RED_MIN) || e->guard || e->as_written || q->g->o->strict ||
        !dtype_is_float((enum dtype)e->acc))
        return;
    u64 deps = taped_deps(q, e->body[0]);
    for (u32 r = 0; r < e->nrank; r++) {
        if (!q->n.rank[r].red || q->n.rank[r].tb || q->n.rank[r].ext == 1 || (deps >> r & 1))
            continue;
        q->times *= e->red == RED_ADD ? (double)q->n.rank[r].ext : 1;
        q->n.rank[r].ext = 1;
    }
}

static void lower(struct taping *g, const struct ein_eq *e)
{
    struct taped *q = NEW(g->a, struct taped);
    *q = (struct taped){ .g = g, .a = g->a, .c = g->c, .e = e };
    struct tape_nest *n = &q->n;
    if (e->nrank > TAPE_RANKS)
        BUG("an equation of %u ranks", e->nrank);
    n->ct = type_of(q);
    n->red = e->red;
    n->fuse = !g->o->strict && !e->as_written;
    n->round = g->o->strict && (e->red == RED_ADD || e->red == RED_MUL) && dtype_is_float((enum dtype)e->acc) ? taped_rounding(q, (enum dtype)e->acc) : 0;
    n->scan = e->scan;
    n->scan_rank = e->scan_rank;
    n->scan_down = e->scan_down;
    n->nrank = e->nrank;
    n->rank = NEW_ARRAY(g->a, struct tape_rank, e->nrank + 1);
    n->nstate = 1;
    n->zero = identity(e);
    n->guard = e->guard;
    n->post = e->post && e->red != RED_NONE;
    for (u32 r = 0; r < e->nrank; r++)
        n->rank[r] = (struct tape_rank){ e->rank[r].ext < 0 ? 1 : e->rank[r].ext, e->rank[r].ext < 0, e->rank[r].kind == EIN_RED };
    n->nout = e->nout;
    n->out = NEW_ARRAY(g->a, u32, e->nout + 1);
    for (u32 k = 0; k < e->nout; k++)
        n->out[k] = taped_buf(g, e->out[k], true);
    taped_lhs(q, &n->lhs);
    ignore(q);
    ein_node a, b;
    if (taped_product(q, &a, &b)) {
        result(q, TPROG_A, a, e->acc);
        result(q, TPROG_B, b, e->acc);
    } else {
        for (u32 k = 0; k < e->nbody; k++)
            result(q, TPROG_BODY, e->body[k], e->red == RED_NONE ? g->c->tens.at[e->out[0]].dtype : e->acc);
        if (e->guard)
            result(q, TPROG_BODY, e->guard, DT_BOOL);
    }
    if (n->post)
        result(q, TPROG_POST, e->post, g->c->tens.at[e->out[0]].dtype);
    else if (q->times != 1) {
        n->post = true;
        result(q, TPROG_POST, ein_make(g->c, (struct ein_x){ .kind = EIN_ACC }, 0, NULL), e->acc);
    }
    if (e->red == RED_USER) {
        const struct ein_monoid m = g->c->monoid.at[e->monoid];
        n->nstate = m.nstate;
        n->nlift = m.nlift;
        for (u32 k = 0; k < m.nstate; k++) {
            result(q, TPROG_ZERO, m.zero[k], e->acc);
            result(q, TPROG_LIFT, m.lift[k], e->acc);
            result(q, TPROG_MERGE, m.merge[k], e->acc);
        }
    }
    if (n->mode != TM_PRODUCT)
        taped_choose(q);
    recycle(q, TPROG_BODY, n->mode == TM_BLOCKS && e->red != RED_NONE);
    recycle(q, TPROG_A, false);
    recycle(q, TPROG_B, true);
    recycle(q, TPROG_POST, false);
    renumber(q);
    vec_push(g->a, &g->t->nest, *n);
}

static void unit(struct taping *g, u32 nest, u32 rank)
{
    struct tape *t = g->t;
    t->unit[t->nunit] = t->nest.at[nest].rank[rank];
    t->unit_rank[nest][t->nunit++] = rank;
}

/* Of one equation: the ranks outside of its blocks, and the one they take in part. */
static void units_of_one(struct taping *g)
{
    const struct tape_nest *n = &g->t->nest.at[0];
    u32 count = n->npar, until = UINT32_MAX;
    if (n->mode == TM_PRODUCT) {
        count = n->npar - n->nm - n->nn + 1;
        if (!n->nm && n->nn)            /* columns: as far as boxes take them in part */
            for (u32 i = count - 1; i < n->npar && n->par[i] != n->prog[TPROG_B].dom.rank[0]; i++)
                count++;
        count = MIN(count, n->npar);
    } else if (n->red != RED_NONE && n->mode == TM_BLOCKS && n->prog[TPROG_BODY].dom.n && n->rank[n->prog[TPROG_BODY].dom.rank[0]].red) {
        count -= n->prog[TPROG_POST].dom.n;     /* these are whole */
    } else if (n->prog[TPROG_POST].dom.n) {
        until = n->prog[TPROG_POST].dom.rank[0];
    }
    for (u32 i = 0; i < count; i++) {
        unit(g, 0, n->par[i]);
        if (n->par[i] == until)
            break;
    }
}

struct tape *ein_to_tape(struct arena *a, struct cascade *c, u32 group, const struct mach *m, const struct pass_options *o,
                         u32 *ntens, u32 **tens, struct plan_int *units)
{
    struct taping g = { .a = a, .c = c, .m = m, .o = o, .t = NEW(a, struct tape) };
    struct tape *t = g.t;
    const struct ein_eq *first = NULL;
    u32 count = 0;
    for (u32 i = 0; i < c->eq.n; i++)
        if (c->eq.at[i].group == group) {
            first = first ? first : arena_dup(a, &c->eq.at[i], sizeof *first);
            count++;
            t->name = c->tens.at[c->eq.at[i].out[0]].name;
        }
    CHECK(first);
    bool alone = count == 1 && !first->scan;
    while (!alone && g.nunit < 8 && common(&g, group, first, g.nunit))
        g.nunit++;
    t->level = m->isa != ISA_X86_64 || !m->fma ? 0 : m->vector_bits >= 512 && m->masks ? 2 : m->vector_bits >= 256 ? 1 : 0;
    for (u32 i = 0; i < c->eq.n; i++)
        if (c->eq.at[i].group == group) {
            const struct ein_eq e = c->eq.at[i];
            lower(&g, arena_dup(a, &e, sizeof e));
        }
    t->unit = NEW_ARRAY(a, struct tape_rank, TAPE_RANKS);
    t->unit_rank = NEW_ARRAY(a, u32 *, t->nest.n);
    for (u32 i = 0; i < t->nest.n; i++)
        t->unit_rank[i] = NEW_ARRAY(a, u32, TAPE_RANKS);
    t->piece = (i64)1 << 40;
    if (alone) {
        units_of_one(&g);
    } else {
        double most = 1;
        for (u32 u = 0; u < g.nunit; u++)
            unit(&g, 0, u);
        for (u32 i = 0; i < t->nest.n; i++) {
            double points = 1;
            for (u32 r = 0; r < t->nest.at[i].nrank; r++)
                points *= r < g.nunit || t->nest.at[i].rank[r].tb ? 1 : (double)t->nest.at[i].rank[r].ext;
            most = MAX(most, points);
            for (u32 u = 0; u < g.nunit; u++)
                t->unit_rank[i][u] = u;
        }
        t->piece = most < 4096 ? (i64)(4096 / most) : 1;
    }
    *units = (struct plan_int){ 1, false };
    for (u32 u = 0; u < t->nunit; u++) {
        units->k *= t->unit[u].ext;
        units->times_batch |= t->unit[u].tb;
    }
    struct buf why = { 0 };
    if (!tape_finish(a, t, &why))
        BUG("a tape of %s: %s", t->name, why.at ? why.at : "");
    *ntens = g.tens.n;
    *tens = g.tens.at;
    return t;
}
