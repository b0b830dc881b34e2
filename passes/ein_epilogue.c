/* ein_epilogue.c - ein-epilogue: what surrounds a sum in one form, so that networks share kernels.
 *
 * In: a fused cascade.  Out: the epilogue of a sum a is   max(a * s + t + x, 0)   or less: a scale and a shift that depend
 * on parameters only, worked out in the load phase, and at most one more tensor; what does not fit becomes a
 * map, and long sums in maps become sums of two.
 *
 *     y = max(x + ((a - m[d]) * r[d] * g[d] + b[d]) + z, 0)
 *         =>  s[d] = r[d] * g[d];  t[d] = b[d] - m[d] * s[d];  u = x + z;  y = max(a * s[d] + t[d] + u, 0)
 *     y[..] += max(x[p] + z[p], 0) * w     =>  u = x + z;  y[..] += max(u[p], 0) * w
 *     a sum over parameters only with an epilogue over inputs  =>  the sum in the load phase, a map
 *
 * Reassociates, so not for strict arithmetic. */
#include "passes/rewrite.h"

/* An epilogue in two launches writes and reads its sum once more: not where that is more than this. */
enum { WHOLE_MOST = 12, CUT_MOST = 32768 };

struct info { bool acc, load; };
struct term { ein_node x; double k; };
/* acc * scale + shift + the sum of k * x; scale 0: no acc; shift 0: none. */
struct form { bool ok; ein_node scale, shift; u32 n; struct term t[WHOLE_MOST]; };
struct pass {
    struct cascade *c;
    struct arena *a;
    VEC(struct ein_eq) out;
    u32 fired;
    /* of the expression at hand */
    struct idmap at; VEC(struct info) info; struct form **form;
};

/* Facts of every node under x, part of e. */
static void look(struct pass *p, const struct ein_eq *e, ein_node x)
{
    struct cascade *c = p->c;
    p->at = (struct idmap){ 0 };
    p->info.n = 0;
    ein_nodes all = { 0 };
    ein_reach(p->a, c, x, &all);
    for (u32 i = 0; i < all.n; i++) {
        const struct ein_x *y = &c->node.at[all.at[i]];
        struct info f = { y->kind == EIN_ACC, true };
        ein_node child[3] = { y->a, y->b, y->c };
        f.load = y->kind != EIN_ACC && y->kind != EIN_RAND && y->kind != EIN_SYM && y->kind != EIN_GATHER;
        if (y->kind == EIN_RANK)        /* which sample it is is known when it runs */
            f.load = e->rank[y->u].ext > 0;
        if (y->kind == EIN_READ)
            f.load &= c->tens.at[y->u].phase != EIN_PHASE_RUN && !(c->training && c->tens.at[y->u].role == EIN_STATE);
        for (u32 k = 0; k < 3; k++)
            if (child[k]) {
                u32 at = idmap_home(&p->at, child[k]), id = idmap_find(&p->at, child[k], &at);
                f.acc |= p->info.at[id - 1].acc;
                f.load &= p->info.at[id - 1].load;
            }
        for (u32 k = 0; k < y->nlist; k++) {
            ein_node s = c->list.at[y->list + k];
            u32 at = idmap_home(&p->at, s), id = idmap_find(&p->at, s, &at);
            f.load &= p->info.at[id - 1].load;
        }
        vec_push(p->a, &p->info, f);
        idmap_put(p->a, &p->at, all.at[i], p->info.n);
    }
    p->form = NEW_ARRAY(p->a, struct form *, p->info.n + 1);
}

static u32 id_of(const struct pass *p, ein_node x)
{
    u32 at = idmap_home(&p->at, x), id = idmap_find(&p->at, x, &at);
    CHECK(id);
    return id;
}

static struct info info(const struct pass *p, ein_node x)
{
    return p->info.at[id_of(p, x) - 1];
}

static bool is_num(const struct cascade *c, ein_node x, double *v)
{
    *v = c->node.at[x].r;
    return c->node.at[x].kind == EIN_NUM;
}

static ein_node add(struct cascade *c, ein_node a, ein_node b)
{
    return !a ? b : !b ? a : ein_op2(c, EIN_ADD, a, b);
}

static bool add_term(struct form *f, ein_node x, double k)
{
    for (u32 i = 0; i < f->n; i++)
        if (f->t[i].x == x) {
            f->t[i].k += k;
            return true;
        }
    if (f->n == WHOLE_MOST)
        return false;
    f->t[f->n++] = (struct term){ x, k };
    return true;
}

static ein_node by(struct cascade *c, enum ein_kind kind, ein_node x, ein_node q)
{
    double v;
    if (!x)
        return 0;
    if (kind == EIN_MUL && is_num(c, x, &v) && v == 1)
        return q;
    return ein_op2(c, kind, x, q);
}

static const struct form *form_of(struct pass *p, ein_node x);

static bool make_form(struct pass *p, ein_node x, struct form *f)
{
    struct cascade *c = p->c;
    struct ein_x y = c->node.at[x];
    struct info i = info(p, x);
    if (i.load) {
        f->shift = x;
        return true;
    }
    if (y.kind == EIN_ACC) {
        f->scale = ein_num(c, 1);
        return true;
    }
    if (y.kind == EIN_ADD || y.kind == EIN_SUB) {
        const struct form *a = form_of(p, y.a), *b = form_of(p, y.b);
        double sign = y.kind == EIN_ADD ? 1 : -1;
        if (!a->ok || !b->ok)
            return false;
        *f = *a;
        if (b->scale)
            f->scale = f->scale ? ein_op2(c, (enum ein_kind)y.kind, f->scale, b->scale) : sign > 0 ? b->scale : ein_op1(c, EIN_NEG, b->scale);
        if (b->shift)
            f->shift = f->shift ? ein_op2(c, (enum ein_kind)y.kind, f->shift, b->shift) : sign > 0 ? b->shift : ein_op1(c, EIN_NEG, b->shift);
        for (u32 k = 0; k < b->n; k++)
            if (!add_term(f, b->t[k].x, sign * b->t[k].k))
                return false;
        return true;
    }
    if (y.kind == EIN_MUL || y.kind == EIN_DIV || y.kind == EIN_DIV0) {
        bool left = !info(p, y.a).load;
        ein_node q = left ? y.b : y.a;
        double v;
        if (info(p, q).load && (left || y.kind == EIN_MUL)) {
            const struct form *a = form_of(p, left ? y.a : y.b);
            bool num = is_num(c, q, &v) && y.kind != EIN_DIV0 && v != 0;
            if (a->ok && (num || (!a->n && a->scale))) {
                *f = *a;
                f->scale = by(c, (enum ein_kind)y.kind, f->scale, q);
                f->shift = by(c, (enum ein_kind)y.kind, f->shift, q);
                for (u32 k = 0; k < f->n; k++)
                    f->t[k].k = y.kind == EIN_MUL ? f->t[k].k * v : f->t[k].k / v;
                return true;
            }
        }
    }
    return !i.acc && add_term(f, x, 1);
}

static const struct form *form_of(struct pass *p, ein_node x)
{
    u32 id = id_of(p, x);
    if (!p->form[id]) {
        struct form *f = NEW(p->a, struct form);
        f->ok = make_form(p, x, f);
        p->form[id] = f;
    }
    return p->form[id];
}

/* Equations */

static u64 ranks_of(const struct pass *p, ein_node x)
{
    return p->c->node.at[x].ranks;
}

static u64 parallel(const struct ein_eq *e, bool batch)
{
    u64 m = 0;
    for (u32 r = 0; r < e->nrank; r++)
        if (e->rank[r].kind == EIN_PAR && (batch || e->rank[r].ext > 0))
            m |= (u64)1 << r;
    return m;
}

/* x over those ranks of e as a tensor: *def gets the map that defines it (not yet put out), the result is a read of it. */
static ein_node tensor(struct pass *p, const struct ein_eq *e, ein_node x, u64 ranks, enum ein_phase phase, const char *what, struct ein_eq *def)
{
    struct cascade *c = p->c;
    u32 n = 0;
    ein_node *with = NEW_ARRAY(p->a, ein_node, e->nrank), sub[64];
    ein_ext dim[64];
    struct ein_eq q = { .nout = 1, .red = RED_NONE, .acc = e->acc, .nbody = 1, .phase = (u8)phase, .prov = e->prov };
    q.out = NEW_ARRAY(c->a, u32, 1);
    q.rank = NEW_ARRAY(c->a, struct ein_rank, e->nrank);
    q.sub = NEW_ARRAY(c->a, ein_node, e->nrank);
    q.body = NEW_ARRAY(c->a, ein_node, 1);
    for (u32 k = 0; k < 2 * e->nrank; k++) {
        u32 r = k % e->nrank;
        if (!(ranks >> r & 1) || (e->rank[r].ext < 0) != (k < e->nrank))       /* the batch first, though the sum may be over it */
            continue;
        sub[n] = ein_rank(c, r);
        dim[n] = e->rank[r].ext;
        q.rank[n] = e->rank[r];
        q.rank[n].kind = EIN_PAR;
        q.sub[n] = with[r] = ein_rank(c, n);
        n++;
    }
    q.nrank = q.nsub = n;
    q.body[0] = x ? rw_inside(c, ein_subst(c, x, e->nrank, with), n, q.rank) : 0;      /* the guard stays behind */
    struct ein_tens t = { .name = str_fmt(c->sp, "%s.%s", c->tens.at[e->out[0]].name, what), .role = EIN_TEMP, .dtype = e->acc,
                          .phase = (u8)phase, .ndim = n, .dim = dim };
    q.out[0] = cascade_tens(c, t);
    *def = q;
    return ein_read(c, q.out[0], n, sub, 0);
}

static ein_node stored(struct pass *p, const struct ein_eq *e, ein_node x, u64 ranks, enum ein_phase phase, const char *what)
{
    struct ein_eq def;
    ein_node read = tensor(p, e, x, ranks, phase, what, &def);
    vec_push(p->c->a, &p->out, def);
    p->fired++;
    return read;
}

static bool is_read(const struct cascade *c, ein_node x)
{
    return c->node.at[x].kind == EIN_READ && !c->node.at[x].a;
}

/* x worked out in the load phase; itself where it is a read or a number. */
static ein_node worked_out(struct pass *p, const struct ein_eq *e, ein_node x, const char *what)
{
    return p->c->node.at[x].kind == EIN_NUM || is_read(p->c, x) ? x : stored(p, e, x, ranks_of(p, x), EIN_PHASE_LOAD, what);
}

static bool all_reads(const struct cascade *c, const struct form *f)
{
    for (u32 i = 0; i < f->n; i++)
        if (!is_read(c, f->t[i].x))
            return false;
    return true;
}

static ein_node scaled(struct cascade *c, struct term t)
{
    return t.k == 1 ? t.x : ein_op2(c, EIN_MUL, t.x, ein_num(c, t.k));
}

/* The sum of the terms: sums of two, stored on the way, the last `keep` of them left open. */
static ein_node sum_of(struct pass *p, const struct ein_eq *e, const struct form *f, bool open)
{
    struct cascade *c = p->c;
    ein_node sum = scaled(c, f->t[0]);
    for (u32 i = 1; i < f->n; i++) {
        sum = ein_op2(c, EIN_ADD, sum, scaled(c, f->t[i]));
        if (i + 1 < f->n || !open)
            sum = stored(p, e, sum, parallel(e, true), EIN_PHASE_RUN, "sum");
    }
    if (f->n == 1 && f->t[0].k != 1 && !open)
        sum = stored(p, e, sum, parallel(e, true), EIN_PHASE_RUN, "sum");
    return sum;
}

static ein_node strip_floor(const struct cascade *c, ein_node x, ein_node *floor)
{
    const struct ein_x *y = &c->node.at[x];
    *floor = 0;
    if (y->kind != EIN_MAX)
        return x;
    if (c->node.at[y->b].kind == EIN_NUM) {
        *floor = y->b;
        return y->a;
    }
    if (c->node.at[y->a].kind == EIN_NUM) {
        *floor = y->a;
        return y->b;
    }
    return x;
}

static bool is_wide_float(u8 t)
{
    return t == DT_F32 || t == DT_F64;
}

static bool wanted(const struct ein_eq *e)
{
    return e->nout == 1 && e->nbody == 1 && !e->as_written && !e->scan && e->phase == EIN_PHASE_RUN && e->nrank <= 60 && is_wide_float(e->acc);
}

static void store_base(struct pass *p, struct ein_eq *e);

/* Maps: sums of more than two tensors become sums of two. */
static void map(struct pass *p, struct ein_eq *e)
{
    struct cascade *c = p->c;
    ein_node floor, inner = strip_floor(c, e->body[0], &floor);
    if (e->guard || !is_wide_float(e->acc))
        return;
    look(p, e, e->body[0]);
    const struct form *f = form_of(p, inner);
    bool odd = f->n > 2 || (f->shift && c->node.at[f->shift].kind != EIN_NUM && c->node.at[f->shift].kind != EIN_READ);
    for (u32 i = 0; f->ok && i < f->n; i++)
        odd |= f->t[i].k != 1;
    if (f->ok && f->n && !all_reads(c, f)) {
        store_base(p, e);
        return;
    }
    if (!f->ok || !f->n || !odd || !all_reads(c, f))
        return;
    ein_node sum = sum_of(p, e, f, !f->shift || f->n == 1);
    if (f->shift)
        sum = ein_op2(c, EIN_ADD, sum, worked_out(p, e, f->shift, "shift"));
    if (floor)
        sum = ein_op2(c, EIN_MAX, sum, floor);
    if (sum == e->body[0])
        return;
    e->body = arena_dup(c->a, &sum, sizeof sum);
    p->fired++;
}

/* A sum of several tensors under scales, shifts and a floor is stored first, where that is no larger than its parts. */
static void store_base(struct pass *p, struct ein_eq *e)
{
    struct cascade *c = p->c;
    ein_node floor, x = strip_floor(c, e->body[0], &floor);
    bool under = false;
    for (;; under = true) {
        const struct form *f = form_of(p, x);
        struct ein_x y = c->node.at[x];
        if (f->ok && !(f->n == 1 && f->t[0].x == x) && all_reads(c, f)) {
            if (!f->n || (f->n == 1 && f->t[0].k == 1) || !(under || e->red != RED_NONE))
                return;
            break;
        }
        if (y.kind != EIN_ADD && y.kind != EIN_SUB && y.kind != EIN_MUL && y.kind != EIN_DIV)
            return;
        bool a = info(p, y.a).load, b = info(p, y.b).load;
        if (a == b)
            return;
        x = a ? y.b : y.a;
    }
    u64 ranks = ranks_of(p, x);
    double points = 1, elems = 1;
    struct ein_x r = c->node.at[form_of(p, x)->t[0].x];
    for (u32 k = 0; k < e->nrank; k++)
        if (ranks >> k & 1)
            points *= e->rank[k].ext < 0 ? 1 : (double)e->rank[k].ext;
    for (u32 k = 0; k < r.nlist; k++)
        elems *= c->tens.at[r.u].dim[k] < 0 ? 1 : (double)c->tens.at[r.u].dim[k];
    if (points > elems)
        return;
    struct ein_eq def;
    ein_node read = tensor(p, e, x, ranks, EIN_PHASE_RUN, "sum", &def), body = rw_replace(c, e->body[0], 1, &x, &read);
    map(p, &def);
    vec_push(c->a, &p->out, def);
    e->body = arena_dup(c->a, &body, sizeof body);
    p->fired++;
}

/* k * T under a sum, k > 0: k goes behind the sum, also past a relu. */
static bool pull_out(struct pass *p, struct ein_eq *e, ein_node d, ein_node inner, ein_node floor)
{
    struct cascade *c = p->c;
    const struct form *f = form_of(p, inner);
    double v;
    if (!f->ok || f->scale || f->shift || f->n != 1 || f->t[0].k <= 0 || f->t[0].x == inner || c->node.at[f->t[0].x].kind != EIN_READ ||
        (floor && (!is_num(c, floor, &v) || v != 0)))
        return false;
    ein_node read = f->t[0].x, acc = ein_make(c, (struct ein_x){ .kind = EIN_ACC }, 0, NULL), times = ein_op2(c, EIN_MUL, acc, ein_num(c, f->t[0].k));
    if (floor)
        read = ein_op2(c, EIN_MAX, read, floor);
    ein_node body = rw_replace(c, e->body[0], 1, &d, &read);
    e->body = arena_dup(c->a, &body, sizeof body);
    e->post = e->post ? rw_replace(c, e->post, 1, &acc, &times) : times;
    p->fired++;
    return true;
}

/* The data operand of a product: at most a relu of one read. */
static void prologue(struct pass *p, struct ein_eq *e)
{
    struct cascade *c = p->c;
    struct ein_x y = c->node.at[e->body[0]];
    if (y.kind != EIN_MUL) {
        look(p, e, e->body[0]);
        if (!pull_out(p, e, e->body[0], e->body[0], 0))
            store_base(p, e);
        return;
    }
    look(p, e, e->body[0]);
    bool left = !info(p, y.a).load;
    ein_node d = left ? y.a : y.b, w = left ? y.b : y.a, floor;
    if (info(p, d).load || !info(p, w).load || c->node.at[w].kind != EIN_READ)
        return;
    ein_node inner = strip_floor(c, d, &floor);
    if (pull_out(p, e, d, inner, floor))
        return;
    ein_nodes all = { 0 };
    ein_reach(p->a, c, inner, &all);
    u32 nread = 0, nop = 0, first = 0;
    for (u32 i = 0; i < all.n; i++) {
        struct ein_x x = c->node.at[all.at[i]];
        if (x.kind == EIN_READ) {
            struct ein_x z = c->node.at[first ? first : all.at[i]];
            const struct ein_tens *t = &c->tens.at[x.u], *s = &c->tens.at[z.u];
            bool same = x.nlist == z.nlist && x.a == z.a && t->ndim == s->ndim;
            for (u32 k = 0; same && k < x.nlist; k++)
                same = c->list.at[x.list + k] == c->list.at[z.list + k] && t->dim[k] == s->dim[k];
            double v;
            if (!same || (x.a && (!is_num(c, x.a, &v) || v != 0)))
                return;
            first = first ? first : all.at[i];
            nread++;
        } else if (x.kind == EIN_ADD || x.kind == EIN_SUB) {
            nop++;          /* zero at zero, so the pad stays */
        } else if (!ein_is_index(c, all.at[i]) && x.kind != EIN_NUM) {
            return;
        }
    }
    if (!nop || !nread || c->node.at[first].nlist > 60)
        return;
    for (u32 i = 0; i < all.n; i++)
        if (c->node.at[all.at[i]].kind == EIN_NUM && c->node.at[all.at[i]].r != 0)
            return;
    /* over the operand's own axes */
    struct ein_x r = c->node.at[first];
    const struct ein_tens *t = &c->tens.at[r.u];
    struct ein_eq q = { .nout = 1, .nsub = t->ndim, .nrank = t->ndim, .red = RED_NONE, .acc = e->acc, .nbody = 1, .phase = EIN_PHASE_RUN, .prov = e->prov };
    q.out = NEW_ARRAY(c->a, u32, 1);
    q.rank = NEW_ARRAY(c->a, struct ein_rank, t->ndim);
    q.sub = NEW_ARRAY(c->a, ein_node, t->ndim);
    q.body = NEW_ARRAY(c->a, ein_node, 1);
    for (u32 k = 0; k < t->ndim; k++) {
        q.rank[k] = (struct ein_rank){ str_fmt(c->sp, "k%u", k), t->dim[k], EIN_PAR };
        q.sub[k] = ein_rank(c, k);
    }
    struct ein_tens u = { .name = str_fmt(c->sp, "%s.in", c->tens.at[e->out[0]].name), .role = EIN_TEMP, .dtype = e->acc, .phase = EIN_PHASE_RUN,
                          .ndim = t->ndim, .dim = t->dim };
    q.out[0] = cascade_tens(c, u);
    ein_node *from = NEW_ARRAY(p->a, ein_node, nread), *to = NEW_ARRAY(p->a, ein_node, nread), *sub = NEW_ARRAY(p->a, ein_node, r.nlist);
    u32 n = 0;
    for (u32 i = 0; i < all.n; i++)
        if (c->node.at[all.at[i]].kind == EIN_READ) {
            from[n] = all.at[i];
            to[n++] = ein_read(c, c->node.at[all.at[i]].u, q.nsub, q.sub, 0);
        }
    q.body[0] = rw_replace(c, inner, n, from, to);
    map(p, &q);
    vec_push(c->a, &p->out, q);
    for (u32 k = 0; k < r.nlist; k++)
        sub[k] = c->list.at[r.list + k];
    ein_node read = ein_read(c, q.out[0], r.nlist, sub, r.a);
    if (floor)
        read = ein_op2(c, EIN_MAX, read, floor);
    ein_node body = left ? ein_op2(c, EIN_MUL, read, w) : ein_op2(c, EIN_MUL, w, read);
    e->body = arena_dup(c->a, &body, sizeof body);
    p->fired++;
}

/* A sum over parameters only: in the load phase, and what is left is a map. */
static bool hoist(struct pass *p, struct ein_eq *e)
{
    struct cascade *c = p->c;
    look(p, e, e->body[0]);
    if (!info(p, e->body[0]).load || e->guard)
        return false;
    u64 ranks = ranks_of(p, e->body[0]) & parallel(e, false), red = 0;
    for (u32 r = 0; r < e->nrank; r++)
        red |= (u64)(e->rank[r].kind == EIN_RED) << r;
    for (u32 r = 0; r < e->nrank; r++)
        if ((red >> r & 1) && e->rank[r].ext < 0)
            return false;
    /* the sum keeps its reduced ranks, behind the parallel ones it has */
    struct ein_eq def, sum = *e;
    ein_node read = tensor(p, e, 0, ranks, EIN_PHASE_LOAD, "sum", &def);
    ein_node *with = NEW_ARRAY(p->a, ein_node, e->nrank);
    sum.rank = NEW_ARRAY(c->a, struct ein_rank, e->nrank);
    sum.nrank = 0;
    for (u32 r = 0; r < e->nrank; r++)
        if ((ranks | red) >> r & 1) {
            with[r] = ein_rank(c, sum.nrank);
            sum.rank[sum.nrank++] = e->rank[r];
        }
    ein_node body = ein_subst(c, e->body[0], e->nrank, with);
    sum.out = def.out;
    sum.sub = def.sub;
    sum.nsub = def.nsub;
    sum.body = arena_dup(c->a, &body, sizeof body);
    sum.post = 0;
    sum.phase = EIN_PHASE_LOAD;
    vec_push(c->a, &p->out, sum);
    ein_node acc = ein_make(c, (struct ein_x){ .kind = EIN_ACC }, 0, NULL), now = e->post ? rw_replace(c, e->post, 1, &acc, &read) : read;
    struct ein_eq rest = *e;
    rest.red = RED_NONE;
    rest.acc = c->tens.at[e->out[0]].dtype;
    rest.post = 0;
    rest.nrank = 0;
    rest.rank = NEW_ARRAY(c->a, struct ein_rank, e->nrank);
    for (u32 r = 0; r < e->nrank; r++)
        if (!(red >> r & 1)) {
            with[r] = ein_rank(c, rest.nrank);
            rest.rank[rest.nrank++] = e->rank[r];
        }
    now = ein_subst(c, now, e->nrank, with);
    rest.sub = NEW_ARRAY(c->a, ein_node, e->nsub);
    for (u32 i = 0; i < e->nsub; i++)
        rest.sub[i] = ein_subst(c, e->sub[i], e->nrank, with);
    rest.body = arena_dup(c->a, &now, sizeof now);
    *e = rest;
    p->fired++;
    return true;
}

/* The epilogue so far into a tensor of its own; the rest becomes a map, *e. */
static void cut(struct pass *p, struct ein_eq *e, ein_node post, ein_node rest_of, ein_node from)
{
    struct cascade *c = p->c;
    struct ein_eq def, sum = *e;
    ein_node read = tensor(p, e, 0, parallel(e, true), EIN_PHASE_RUN, "sum", &def);
    sum.out = def.out;
    sum.nsub = def.nsub;
    sum.sub = arena_dup(c->a, c->list.at + c->node.at[read].list, sizeof *sum.sub * def.nsub);
    sum.post = post;
    vec_push(c->a, &p->out, sum);
    ein_node now = rw_replace(c, rest_of, 1, &from, &read), *with = NEW_ARRAY(p->a, ein_node, e->nrank);
    struct ein_eq rest = *e;
    rest.red = RED_NONE;
    rest.acc = c->tens.at[e->out[0]].dtype;
    rest.post = 0;
    rest.guard = 0;
    rest.nrank = 0;
    rest.rank = NEW_ARRAY(c->a, struct ein_rank, e->nrank);
    for (u32 r = 0; r < e->nrank; r++)
        if (e->rank[r].kind == EIN_PAR) {
            with[r] = ein_rank(c, rest.nrank);
            rest.rank[rest.nrank++] = e->rank[r];
        }
    now = ein_subst(c, now, e->nrank, with);
    rest.sub = NEW_ARRAY(c->a, ein_node, e->nsub);
    for (u32 i = 0; i < e->nsub; i++)
        rest.sub[i] = ein_subst(c, e->sub[i], e->nrank, with);
    rest.body = arena_dup(c->a, &now, sizeof now);
    *e = rest;
    p->fired++;
    map(p, e);
}

/* Ranks a shift may have within the kernel: those of the weights. */
static u64 shift_ranks(struct pass *p, const struct ein_eq *e)
{
    u64 m = 0;
    struct ein_x y = p->c->node.at[e->body[0]];
    if (y.kind == EIN_MUL) {
        for (u32 side = 0; side < 2; side++) {
            ein_node w = side ? y.a : y.b;
            if (is_read(p->c, w) && p->c->tens.at[p->c->node.at[w].u].phase != EIN_PHASE_RUN)
                m |= ranks_of(p, w);
        }
    }
    return m;
}

/* Addends of a shift by whether their ranks are among those. */
static void part(struct pass *p, ein_node x, u64 ranks, ein_node *in, ein_node *out, u32 *most)
{
    struct cascade *c = p->c;
    struct ein_x y = c->node.at[x];
    if (!(ranks_of(p, x) & ~ranks)) {
        *in = add(c, *in, x);
    } else if (y.kind == EIN_ADD && *most) {
        --*most;
        part(p, y.a, ranks, in, out, most);
        part(p, y.b, ranks, in, out, most);
    } else {
        *out = add(c, *out, x);
    }
}

static ein_node canonical(struct pass *p, const struct ein_eq *e, const struct form *f)
{
    struct cascade *c = p->c;
    ein_node sum = ein_make(c, (struct ein_x){ .kind = EIN_ACC }, 0, NULL);
    double v;
    if (f->scale && !(is_num(c, f->scale, &v) && v == 1))
        sum = ein_op2(c, EIN_MUL, sum, worked_out(p, e, f->scale, "scale"));
    if (f->shift)
        sum = ein_op2(c, EIN_ADD, sum, worked_out(p, e, f->shift, "shift"));
    if (f->n && all_reads(c, f))
        return ein_op2(c, EIN_ADD, sum, sum_of(p, e, f, false));
    for (u32 i = 0; i < f->n; i++)
        sum = add(c, sum, scaled(c, f->t[i]));
    return sum;
}

/* The largest part x with a form that post is a function of, of nothing else but numbers: relu(x), x * sigmoid(x); 0: none. */
static ein_node activated(struct pass *p, ein_node post)
{
    struct cascade *c = p->c;
    ein_node mark = ein_make(c, (struct ein_x){ .kind = EIN_ACC }, 0, NULL);
    ein_nodes all = { 0 };
    ein_reach(p->a, c, post, &all);
    for (u32 i = all.n; i-- > 0;) {
        ein_node x = all.at[i];
        if (ein_is_index(c, x) || !info(p, x).acc || !form_of(p, x)->ok || !form_of(p, x)->scale)
            continue;
        ein_nodes left = { 0 };
        bool alone = true;
        ein_reach(p->a, c, x == post ? mark : rw_replace(c, post, 1, &x, &mark), &left);
        for (u32 k = 0; alone && k < left.n; k++) {
            u8 kind = c->node.at[left.at[k]].kind;
            alone = kind == EIN_NUM || kind == EIN_ACC || (kind >= EIN_NEG && kind <= EIN_CAST && !ein_is_index(c, c->node.at[left.at[k]].a));
        }
        if (alone)
            return x;
    }
    return 0;
}

/* Is x of the accumulator's dtype, as what is stored of it is? */
static bool computed_in(const struct cascade *c, const struct ein_eq *e, ein_node x)
{
    int t = ein_dtype(c, e, x);
    return t == EIN_ANY || t == e->acc;
}

static void epilogue(struct pass *p, struct ein_eq *e)
{
    struct cascade *c = p->c;
    ein_node floor, inner = strip_floor(c, e->post, &floor);
    look(p, e, e->post);
    ein_node within = activated(p, e->post);
    if (within && within != inner && computed_in(c, e, within)) {
        struct form f = *form_of(p, within);
        ein_node in = 0, out = 0;
        u32 most = 64;
        if (f.shift)
            part(p, f.shift, shift_ranks(p, e), &in, &out, &most);
        f.shift = in;
        ein_node sum = out ? within : canonical(p, e, &f);
        if (sum != within) {
            e->post = rw_replace(c, e->post, 1, &within, &sum);
            p->fired++;
        }
        return;
    }
    /* the largest part that has the form: all, or what products with more stand over */
    ein_node x = inner;
    while (!form_of(p, x)->ok) {
        struct ein_x y = c->node.at[x];
        bool a = y.a && info(p, y.a).acc, b = y.b && info(p, y.b).acc;
        if (a == b || (y.kind != EIN_ADD && y.kind != EIN_SUB && y.kind != EIN_MUL && y.kind != EIN_DIV && y.kind != EIN_MAX))
            return;
        x = a ? y.a : y.b;
    }
    struct form f = *form_of(p, x);
    if (!f.scale || (x != inner && !f.n) || !computed_in(c, e, x))
        return;
    ein_node in = 0, out = 0;
    u32 most = 64;
    if (f.shift)
        part(p, f.shift, shift_ranks(p, e), &in, &out, &most);
    f.shift = in;
    if (x == inner && !out) {
        ein_node sum = canonical(p, e, &f);
        if (floor)
            sum = ein_op2(c, EIN_MAX, sum, floor);
        if (sum != e->post) {
            e->post = sum;
            p->fired++;
        }
        return;
    }
    double points = 1;
    for (u32 r = 0; r < e->nrank; r++)
        if (e->rank[r].kind == EIN_PAR && e->rank[r].ext > 0)
            points *= (double)e->rank[r].ext;
    if (points > CUT_MOST)
        return;
    ein_node mark = ein_make(c, (struct ein_x){ .kind = EIN_ACC }, 0, NULL), with = mark, rest;
    if (out)
        with = ein_op2(c, EIN_ADD, mark, stored(p, e, out, parallel(e, false), EIN_PHASE_LOAD, "shift"));
    rest = x == e->post ? with : rw_replace(c, e->post, 1, &x, &with);
    ein_node post = canonical(p, e, &f);
    cut(p, e, post == mark ? 0 : post, rest, mark);
}

u32 ein_epilogue(struct cascade *c, const struct pass_options *o)
{
    if (o->strict)
        return 0;
    struct pass p = { .c = c, .a = arena_new("ein-epilogue") };
    for (u32 i = 0; i < c->eq.n; i++) {
        struct ein_eq e = c->eq.at[i];
        if (wanted(&e) && e.red == RED_NONE) {
            map(&p, &e);
        } else if (wanted(&e) && e.red == RED_ADD) {
            if (hoist(&p, &e)) {
                map(&p, &e);
            } else {
                prologue(&p, &e);
                if (e.post)
                    epilogue(&p, &e);
            }
        }
        vec_push(c->a, &p.out, e);
    }
    if (p.fired) {
        c->eq.n = 0;
        for (u32 i = 0; i < p.out.n; i++)
            vec_push(c->a, &c->eq, p.out.at[i]);
        ein_phases(c);
    }
    u32 fired = p.fired;
    arena_free(p.a);
    return fired;
}
