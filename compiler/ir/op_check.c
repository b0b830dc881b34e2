/* op_check.c - the body of an op against concrete sizes: no read or write out of range, and several
 * equations of one tensor write disjoint regions that cover it.
 *
 * An index expression becomes an affine form: a constant plus coefficients of atoms, an atom being an
 * index variable or an opaque quasi-affine term (floor, mod, a gather) with the bounds of its
 * value.  A subscript s of an axis of extent n is in range if s >= 0 and n - 1 - s >= 0 follow
 * from the bounds of the atoms and from the conditions the point stands under (`where` conjuncts,
 * enclosing selects); where that does not decide it, small spaces are tried out exactly.
 *
 * Regions: an equation whose subscripts are mixed-radix numbers (2*a + b, A + j) writes a box;
 * boxes that are disjoint and as large together as the tensor cover it.  Anything else is marked
 * point by point, axes that every equation writes in full left out. */
#include "compiler/ir/op_check.h"

enum { MAX_RANK = 32, MAX_TERMS = 24, MAX_FACTS = 24 };
static const i64 MAX_TRIED = 1 << 18, MAX_MARKED = 1 << 26;

struct bound { bool inf; struct num v; };       /* inf: unbounded on its side */
struct term { u32 ox; struct num k; struct bound lo, hi; };
struct aff { bool bad; u32 n; struct num c; struct term at[MAX_TERMS]; };

struct chk {
    struct arena *a;
    const struct op_bind *b;
    const struct op *op;
    const struct types *t;
    struct op_why *why;
    i64 *range;                         /* extent of each index variable */
    bool training;
    const struct oeq *eq;
    u32 nfact;
    struct aff *fact;                   /* each >= 0 at the point looked at */
};

static const struct num ZERO = { .kind = NUM_RAT, .n = 0, .d = 1 }, ONE = { .kind = NUM_RAT, .n = 1, .d = 1 };

static bool is_bad(struct num v) { return v.kind == NUM_BAD; }
static bool negative(struct num v) { return num_cmp(v, ZERO) < 0; }
static bool zero(struct num v) { return num_cmp(v, ZERO) == 0; }

/* --- Affine forms ------------------------------------------------------------------------- */

static void aff_const(struct aff *r, struct num v)
{
    r->bad = is_bad(v);
    r->n = 0;
    r->c = v;
}

static void aff_atom(struct aff *r, u32 ox, struct bound lo, struct bound hi)
{
    aff_const(r, ZERO);
    r->n = 1;
    r->at[0] = (struct term){ ox, ONE, lo, hi };
}

/* r += k * x */
static void aff_add(struct chk *c, struct aff *r, const struct aff *x, struct num k)
{
    r->c = num_add(r->c, num_mul(x->c, k));
    r->bad |= x->bad || is_bad(r->c);
    for (u32 i = 0; !r->bad && i < x->n; i++) {
        struct num q = num_mul(x->at[i].k, k);
        u32 j = 0;
        while (j < r->n && !op_ox_equal(c->op, r->at[j].ox, x->at[i].ox))
            j++;
        if (j == r->n) {
            if (r->n == MAX_TERMS) {
                r->bad = true;
                break;
            }
            r->at[r->n] = x->at[i];
            r->at[r->n++].k = q;
        } else {
            r->at[j].k = num_add(r->at[j].k, q);
        }
        r->bad |= is_bad(r->at[j].k);
        if (!r->bad && zero(r->at[j].k))
            r->at[j] = r->at[--r->n];
    }
}

static struct bound aff_low(const struct aff *x, bool high)
{
    struct bound s = { false, x->c };
    for (u32 i = 0; i < x->n && !s.inf; i++) {
        const struct bound *e = negative(x->at[i].k) != high ? &x->at[i].hi : &x->at[i].lo;
        if (e->inf)
            s.inf = true;
        else
            s.v = num_add(s.v, num_mul(x->at[i].k, e->v));
        if (is_bad(s.v))
            s.inf = true;
    }
    return s;
}

static void aff_of(struct chk *c, u32 ox, struct aff *r);

static struct bound floor_of(struct bound x)
{
    if (!x.inf)
        x.v = num_floor(x.v);
    return x;
}

static bool whole_form(const struct aff *x)
{
    i64 v;
    for (u32 i = 0; i < x->n; i++)
        if (!num_is_int(x->at[i].k, &v))
            return false;
    return num_is_int(x->c, &v);
}

static void aff_mod(struct chk *c, u32 ox, struct aff *r)
{
    const struct ox *x = &c->op->ox.at[ox];
    struct num m = op_size(c->b, c->t, x->b, c->training);
    aff_of(c, x->a, r);
    if (r->bad || is_bad(m) || !negative(num_neg(m))) {
        r->bad = true;
        return;
    }
    struct bound lo = aff_low(r, false), hi = aff_low(r, true);
    if (!lo.inf && !hi.inf) {
        struct num q = num_floor(num_div(lo.v, m));
        if (num_cmp(q, num_floor(num_div(hi.v, m))) == 0) {     /* e % n is e - q n here */
            r->c = num_sub(r->c, num_mul(q, m));
            r->bad = is_bad(r->c);
            return;
        }
    }
    bool whole = whole_form(r);
    aff_atom(r, ox, (struct bound){ false, ZERO }, (struct bound){ false, whole ? num_sub(m, ONE) : m });
}

static struct bound least(struct bound a, struct bound b, bool most)
{
    if (a.inf || b.inf)
        return (struct bound){ true, ZERO };
    return (num_cmp(a.v, b.v) <= 0) != most ? a : b;
}

static void aff_fold(struct chk *c, const struct ox *x, struct aff *r)
{
    aff_const(r, ZERO);
    struct aff *item = NEW(c->a, struct aff);
    /* Row-major with the ranges of the items; a constant item's range is in its b (see op_build). */
    for (u32 i = 0; i < x->nlist; i++) {
        u32 o = c->op->list.at[x->list + i];
        const struct ox *y = &c->op->ox.at[o];
        struct num n = y->kind == OX_INDEX ? num_int(c->range[y->u]) : op_size(c->b, c->t, y->b, c->training);
        struct aff up = *r;
        aff_const(r, ZERO);
        aff_add(c, r, &up, n);
        aff_of(c, o, item);
        aff_add(c, r, item, ONE);
        if (r->bad)
            return;
    }
}

static void aff_of(struct chk *c, u32 ox, struct aff *r)
{
    static const struct bound INF = { true, { NUM_RAT, 0, 1, 0 } };
    const struct ox *x = &c->op->ox.at[ox];
    if (x->kind != OX_INDEX && ox_is_size(c->op, ox)) {
        aff_const(r, op_size(c->b, c->t, ox, c->training));
        return;
    }
    switch ((enum ox_kind)x->kind) {
    case OX_INDEX:
        if (c->op->index.at[x->u].batch || c->op->index.at[x->u].run)
            aff_atom(r, ox, (struct bound){ false, ZERO }, INF);
        else
            aff_atom(r, ox, (struct bound){ false, ZERO }, (struct bound){ false, num_int(c->range[x->u] - 1) });
        return;
    case OX_LAST:
        aff_const(r, num_int(c->range[x->u]));
        return;
    case OX_BATCH:
        aff_atom(r, ox, (struct bound){ false, ONE }, INF);
        return;
    case OX_ADD: case OX_SUB: {
        struct aff *y = NEW(c->a, struct aff);
        aff_of(c, x->a, r);
        aff_of(c, x->b, y);
        aff_add(c, r, y, x->kind == OX_ADD ? ONE : num_int(-1));
        return;
    }
    case OX_NEG: case OX_MUL: case OX_DIV: {
        struct num k = num_int(-1);
        u32 form = x->a;
        if (x->kind == OX_MUL && ox_is_size(c->op, x->a)) {
            k = op_size(c->b, c->t, x->a, c->training);
            form = x->b;
        } else if (x->kind != OX_NEG) {
            k = ox_is_size(c->op, x->b) ? op_size(c->b, c->t, x->b, c->training) : (struct num){ .kind = NUM_BAD };
            if (x->kind == OX_DIV)
                k = num_div(ONE, k);
        }
        if (is_bad(k))
            break;
        struct aff *y = NEW(c->a, struct aff);
        aff_of(c, form, y);
        aff_const(r, ZERO);
        if (!zero(k))
            aff_add(c, r, y, k);
        return;
    }
    case OX_FLOOR: {
        aff_of(c, x->a, r);
        if (r->bad || whole_form(r))
            return;
        struct bound lo = floor_of(aff_low(r, false)), hi = floor_of(aff_low(r, true));
        if (!lo.inf && !hi.inf && num_cmp(lo.v, hi.v) == 0)
            aff_const(r, lo.v);
        else
            aff_atom(r, ox, lo, hi);
        return;
    }
    case OX_MOD:
        aff_mod(c, ox, r);
        return;
    case OX_MIN: case OX_MAX: case OX_SELECT: {
        struct aff *y = NEW(c->a, struct aff);
        aff_of(c, x->kind == OX_SELECT ? x->b : x->a, r);
        aff_of(c, x->kind == OX_SELECT ? x->c : x->b, y);
        if (r->bad || y->bad)
            break;
        struct bound lo = least(aff_low(r, false), aff_low(y, false), x->kind == OX_MAX);
        struct bound hi = least(aff_low(r, true), aff_low(y, true), x->kind != OX_MIN);
        aff_atom(r, ox, lo, hi);
        return;
    }
    case OX_FOLDIDX:
        aff_fold(c, x, r);
        return;
    case OX_READ:               /* a gather: its value is data */
        aff_atom(r, ox, INF, INF);
        return;
    default:
        break;
    }
    aff_const(r, ZERO);
    r->bad = true;
}

/* --- Conditions ---------------------------------------------------------------------------- */

static void fact_ge0(struct chk *c, const struct aff *x)
{
    if (c->nfact < MAX_FACTS && !x->bad)
        c->fact[c->nfact++] = *x;
}

/* a - b - strict >= 0, both whole */
static void fact_ge(struct chk *c, u32 a, u32 b, bool strict)
{
    struct aff *x = NEW(c->a, struct aff), *y = NEW(c->a, struct aff);
    aff_of(c, a, x);
    aff_of(c, b, y);
    if (x->bad || y->bad)
        return;
    aff_add(c, x, y, num_int(-1));
    if (strict && !whole_form(x))
        strict = false;
    if (strict)
        x->c = num_sub(x->c, ONE);
    fact_ge0(c, x);
}

/* What holds where condition ox is `holds`. */
static void assume(struct chk *c, u32 ox, bool holds)
{
    const struct ox *x = &c->op->ox.at[ox];
    switch ((enum ox_kind)x->kind) {
    case OX_NOT:
        assume(c, x->a, !holds);
        break;
    case OX_AND: case OX_OR:
        if ((x->kind == OX_AND) == holds) {
            assume(c, x->a, holds);
            assume(c, x->b, holds);
        }
        break;
    case OX_LT:
        holds ? fact_ge(c, x->b, x->a, true) : fact_ge(c, x->a, x->b, false);
        break;
    case OX_LE:
        holds ? fact_ge(c, x->b, x->a, false) : fact_ge(c, x->a, x->b, true);
        break;
    case OX_GT:
        holds ? fact_ge(c, x->a, x->b, true) : fact_ge(c, x->b, x->a, false);
        break;
    case OX_GE:
        holds ? fact_ge(c, x->a, x->b, false) : fact_ge(c, x->b, x->a, true);
        break;
    case OX_EQ: case OX_NE:
        if ((x->kind == OX_EQ) == holds) {
            fact_ge(c, x->a, x->b, false);
            fact_ge(c, x->b, x->a, false);
        } else {                /* not at its end: one away from it */
            struct aff *d = NEW(c->a, struct aff), *y = NEW(c->a, struct aff);
            aff_of(c, x->a, d);
            aff_of(c, x->b, y);
            if (d->bad || y->bad)
                break;
            aff_add(c, d, y, num_int(-1));
            if (d->bad || !whole_form(d))
                break;
            struct bound lo = aff_low(d, false), hi = aff_low(d, true);
            if (!lo.inf && zero(lo.v)) {
                d->c = num_sub(d->c, ONE);
                fact_ge0(c, d);
            } else if (!hi.inf && zero(hi.v)) {
                struct aff *m = NEW(c->a, struct aff);
                aff_const(m, num_int(-1));
                aff_add(c, m, d, num_int(-1));
                fact_ge0(c, m);
            }
        }
        break;
    default:
        break;
    }
}

static bool nonneg(const struct aff *s)
{
    struct bound lo = aff_low(s, false);
    return !s->bad && !lo.inf && !negative(lo.v);
}

/* s >= 0 from bounds, or from s - k q >= 0 for facts q and fitting k > 0, up to two of them. */
static bool prove(struct chk *c, const struct aff *s, u32 depth)
{
    if (nonneg(s))
        return true;
    if (depth == 0)
        return false;
    for (u32 f = 0; f < c->nfact; f++) {
        const struct aff *q = &c->fact[f];
        for (u32 i = 0; i < q->n; i++) {
            for (u32 j = 0; j < s->n; j++) {
                if (!op_ox_equal(c->op, q->at[i].ox, s->at[j].ox) || zero(q->at[i].k))
                    continue;
                struct num k = num_div(s->at[j].k, q->at[i].k);
                if (is_bad(k) || negative(k) || zero(k))
                    continue;
                struct aff *r = NEW(c->a, struct aff);
                *r = *s;
                aff_add(c, r, q, num_neg(k));
                if (!r->bad && prove(c, r, depth - 1))
                    return true;
            }
        }
    }
    return false;
}

/* --- Trying out ---------------------------------------------------------------------------- */

/* The value of an index expression or index condition at a point; false: not one of those. */
static bool at_point(struct chk *c, u32 ox, const i64 *point, struct num *out)
{
    const struct ox *x = &c->op->ox.at[ox];
    struct num l, r;
    if (x->kind != OX_INDEX && ox_is_size(c->op, ox)) {
        *out = op_size(c->b, c->t, ox, c->training);
        return !is_bad(*out);
    }
    switch ((enum ox_kind)x->kind) {
    case OX_INDEX:
        if (c->op->index.at[x->u].batch || c->op->index.at[x->u].run)
            return false;
        *out = num_int(point[x->u]);
        return true;
    case OX_LAST: *out = num_int(c->range[x->u]); return true;
    case OX_FOLDIDX: {
        *out = ZERO;
        for (u32 i = 0; i < x->nlist; i++) {
            u32 o = c->op->list.at[x->list + i];
            const struct ox *y = &c->op->ox.at[o];
            struct num n = y->kind == OX_INDEX ? num_int(c->range[y->u]) : op_size(c->b, c->t, y->b, c->training);
            if (!at_point(c, o, point, &l))
                return false;
            *out = num_add(num_mul(*out, n), l);
        }
        return !is_bad(*out);
    }
    case OX_SELECT:
        if (!at_point(c, x->a, point, &l))
            return false;
        return at_point(c, zero(l) ? x->c : x->b, point, out);
    case OX_NEG: case OX_FLOOR: case OX_ABS: case OX_NOT:
        if (!at_point(c, x->a, point, &l))
            return false;
        *out = x->kind == OX_NEG ? num_neg(l) : x->kind == OX_FLOOR ? num_floor(l)
               : x->kind == OX_ABS ? num_abs(l) : num_int(zero(l));
        return !is_bad(*out);
    case OX_ADD: case OX_SUB: case OX_MUL: case OX_DIV: case OX_MOD: case OX_MIN: case OX_MAX: case OX_LT: case OX_LE:
    case OX_GT: case OX_GE: case OX_EQ: case OX_NE: case OX_AND: case OX_OR: {
        if (!at_point(c, x->a, point, &l) || !at_point(c, x->b, point, &r))
            return false;
        int d = num_cmp(l, r);
        switch (x->kind) {
        case OX_ADD: *out = num_add(l, r); break;
        case OX_SUB: *out = num_sub(l, r); break;
        case OX_MUL: *out = num_mul(l, r); break;
        case OX_DIV: *out = num_div(l, r); break;
        case OX_MOD: *out = num_mod(l, r); break;
        case OX_MIN: *out = d <= 0 ? l : r; break;
        case OX_MAX: *out = d >= 0 ? l : r; break;
        case OX_LT: *out = num_int(d < 0); break;
        case OX_LE: *out = num_int(d <= 0); break;
        case OX_GT: *out = num_int(d > 0); break;
        case OX_GE: *out = num_int(d >= 0); break;
        case OX_EQ: *out = num_int(d == 0); break;
        case OX_NE: *out = num_int(d != 0); break;
        case OX_AND: *out = num_int(!zero(l) && !zero(r)); break;
        default: *out = num_int(!zero(l) || !zero(r)); break;
        }
        return !is_bad(*out);
    }
    default:
        return false;
    }
}

struct path { u32 ox; bool holds; };    /* the conditions a read stands under */

static void mark_indices(const struct op *op, u32 ox, bool *used)
{
    if (!ox)
        return;
    const struct ox *x = &op->ox.at[ox];
    if (x->kind == OX_INDEX)
        used[x->u] = true;
    mark_indices(op, x->a, used);
    mark_indices(op, x->b, used);
    mark_indices(op, x->c, used);
    for (u32 i = 0; i < x->nlist; i++)
        mark_indices(op, op->list.at[x->list + i], used);
}

static bool next_point(u32 n, const u32 *index, const i64 *range, i64 *point)
{
    for (u32 i = n; i-- > 0;) {
        if (++point[index[i]] < range[index[i]])
            return true;
        point[index[i]] = 0;
    }
    return false;
}

/* Every point at which the subscript is used: in range?  False too when there are too many. */
static bool try_out(struct chk *c, u32 sub, i64 extent, const struct path *path, u32 npath)
{
    u32 nall = c->op->index.n, n = 0;
    bool *used = NEW_ARRAY(c->a, bool, nall + 1);
    mark_indices(c->op, sub, used);
    mark_indices(c->op, c->eq->where, used);
    for (u32 i = 0; i < npath; i++)
        mark_indices(c->op, path[i].ox, used);
    u32 *index = NEW_ARRAY(c->a, u32, nall + 1);
    i64 points = 1, *point = NEW_ARRAY(c->a, i64, nall + 1);
    for (u32 i = 0; i < nall; i++) {
        if (!used[i])
            continue;
        if (c->op->index.at[i].batch || c->op->index.at[i].run)
            return false;
        index[n++] = i;
        if (c->range[i] == 0)
            return true;
        if (__builtin_mul_overflow(points, c->range[i], &points) || points > MAX_TRIED)
            return false;
    }
    do {
        struct num v;
        bool here = true;
        if (c->eq->where && at_point(c, c->eq->where, point, &v) && zero(v))
            here = false;
        for (u32 i = 0; i < npath && here; i++)
            if (at_point(c, path[i].ox, point, &v) && zero(v) == path[i].holds)
                here = false;
        i64 s;
        if (here && (!at_point(c, sub, point, &v) || !num_is_int(v, &s) || s < 0 || s >= extent))
            return false;
    } while (next_point(n, index, c->range, point));
    return true;
}

/* --- In range ------------------------------------------------------------------------------- */

static bool refuse(struct chk *c, enum op_refusal code, u32 tensor, u32 axis, i64 got, i64 want, struct loc at, const char *text)
{
    *c->why = (struct op_why){ code, tensor, axis, got, want, at, c->eq ? c->eq->loc : at, text };
    return false;
}

static bool subscript_fits(struct chk *c, u32 tensor, u32 axis, u32 sub, i64 extent, const struct path *path, u32 npath)
{
    const struct ox *x = &c->op->ox.at[sub];
    if (x->kind == OX_INDEX) {
        if (c->op->index.at[x->u].batch || c->range[x->u] <= extent)
            return true;
    }
    struct arena_mark mark = arena_mark(c->a);
    struct aff *s = NEW(c->a, struct aff), *up = NEW(c->a, struct aff);
    aff_of(c, sub, s);
    bool ok = true;
    i64 got = 0;
    const char *text = "goes out of range";
    bool gather = false;
    for (u32 i = 0; i < s->n; i++)
        gather |= c->op->ox.at[s->at[i].ox].kind == OX_READ;
    if (gather) {
        ok = true;
    } else if (s->bad) {
        ok = try_out(c, sub, extent, path, npath);
        text = "cannot be shown to be in range";
    } else if (!whole_form(s)) {
        ok = false;
        text = "is not a whole number everywhere";
    } else {
        aff_const(up, num_int(extent - 1));
        aff_add(c, up, s, num_int(-1));
        c->nfact = 0;
        c->fact = NEW_ARRAY(c->a, struct aff, MAX_FACTS);
        if (c->eq->where)
            assume(c, c->eq->where, true);
        for (u32 i = 0; i < npath; i++)
            assume(c, path[i].ox, path[i].holds);
        bool low = prove(c, s, 2), high = low && prove(c, up, 2);
        ok = (low && high) || try_out(c, sub, extent, path, npath);
        struct bound e = aff_low(s, low);
        if (e.inf || !num_is_int(num_floor(e.v), &got))
            text = "cannot be shown to be in range";
    }
    arena_reset(c->a, mark);
    return ok || refuse(c, OPR_INDEX_RANGE, tensor, axis, got, extent, x->loc, text);
}

/* The subscripts of one access.  An axis under `..` is its own index. */
static bool access_fits(struct chk *c, u32 tensor, u32 list, u32 n, const struct path *path, u32 npath)
{
    i64 extent[MAX_RANK];
    u32 rank = op_extents(c->b, c->t, tensor, extent), at = 0;
    for (u32 i = 0; i < n; i++) {
        u32 sub = c->op->list.at[list + i];
        const struct ox *x = &c->op->ox.at[sub];
        if (x->kind == OX_INDEX && c->op->index.at[x->u].batch)
            continue;
        if (x->kind == OX_RUN) {
            at += c->b->run;
            continue;
        }
        CHECK(at < rank);
        if (!subscript_fits(c, tensor, at, sub, extent[at], path, npath))
            return false;
        at++;
    }
    return true;
}

static bool reads_fit(struct chk *c, u32 ox, struct path *path, u32 npath)
{
    enum { DEEPEST = 16 };              /* selects within selects; deeper ones count as unconditional */
    if (!ox)
        return true;
    const struct ox *x = &c->op->ox.at[ox];
    if (x->kind == OX_READ && !x->a && !access_fits(c, x->u, x->list, x->nlist, path, npath))
        return false;
    if (x->kind == OX_SELECT) {
        bool room = npath < DEEPEST;
        if (!reads_fit(c, x->a, path, npath))
            return false;
        if (room)
            path[npath] = (struct path){ x->a, true };
        if (!reads_fit(c, x->b, path, npath + room))
            return false;
        if (room)
            path[npath] = (struct path){ x->a, false };
        return reads_fit(c, x->c, path, npath + room);
    }
    if (!reads_fit(c, x->a, path, npath) || !reads_fit(c, x->b, path, npath) || !reads_fit(c, x->c, path, npath))
        return false;
    for (u32 i = 0; i < x->nlist; i++)
        if (!reads_fit(c, c->op->list.at[x->list + i], path, npath))
            return false;
    return true;
}

/* --- Regions -------------------------------------------------------------------------------- */

struct box { i64 lo[MAX_RANK], hi[MAX_RANK]; };         /* hi exclusive */

/* The written interval of one axis if the subscript is a mixed-radix number of its indices. */
static bool axis_interval(struct chk *c, const struct aff *s, bool *used, i64 *lo, i64 *hi)
{
    i64 start, k[MAX_TERMS], n[MAX_TERMS];
    if (s->bad || !num_is_int(s->c, &start))
        return false;
    for (u32 i = 0; i < s->n; i++) {
        const struct ox *x = &c->op->ox.at[s->at[i].ox];
        if (x->kind != OX_INDEX || used[x->u] || !num_is_int(s->at[i].k, &k[i]))
            return false;
        used[x->u] = true;
        n[i] = c->range[x->u];
        if (k[i] < 0) {                 /* T - 1 - t runs backwards over the same points */
            start += k[i] * (n[i] - 1);
            k[i] = -k[i];
        }
    }
    /* Digits from the smallest: each weight is the product of the ranges below it. */
    i64 size = 1;
    for (u32 left = s->n; left; left--) {
        u32 j = 0;
        while (j < s->n && (n[j] < 0 || (n[j] != 1 && k[j] != size)))
            j++;
        if (j == s->n || n[j] == 0)
            return false;
        size *= n[j];
        n[j] = -1;
    }
    *lo = start;
    *hi = start + size;
    return true;
}

static bool eq_box(struct chk *c, const struct oeq *e, u32 rank, const i64 *extent, struct box *box)
{
    bool *used = NEW_ARRAY(c->a, bool, c->op->index.n + 1);
    struct aff *s = NEW(c->a, struct aff);
    u32 at = 0;
    for (u32 i = 0; i < e->nsub; i++) {
        u32 sub = c->op->list.at[e->sub + i];
        const struct ox *x = &c->op->ox.at[sub];
        if (x->kind == OX_INDEX && c->op->index.at[x->u].batch)
            continue;
        if (x->kind == OX_RUN) {
            for (u32 r = 0; r < c->b->run; r++, at++) {
                box->lo[at] = 0;
                box->hi[at] = extent[at];
            }
            continue;
        }
        aff_of(c, sub, s);
        if (!axis_interval(c, s, used, &box->lo[at], &box->hi[at]) || box->lo[at] < 0 || box->hi[at] > extent[at])
            return false;
        at++;
    }
    CHECK(at == rank);
    /* An index that no subscript tells apart writes the same points over and over. */
    for (u32 i = 0; i < e->nleft; i++) {
        u32 v = c->op->list.at[e->ix + i];
        if (!used[v] && !c->op->index.at[v].run && !c->op->index.at[v].batch && c->range[v] != 1)
            return false;
    }
    return true;
}

static bool boxes_meet(const struct box *a, const struct box *b, u32 rank)
{
    for (u32 i = 0; i < rank; i++)
        if (a->lo[i] >= b->hi[i] || b->lo[i] >= a->hi[i])
            return false;
    return true;
}

/* Point by point.  run and fully written plain axes are left out by the caller's keep[]. */
static bool mark_points(struct chk *c, u32 tensor, const struct oeq *const *eq, u32 neq, u32 rank, const i64 *extent, bool partial)
{
    bool keep[MAX_RANK] = { false };
    i64 points = 1;
    for (u32 k = 0; k < neq; k++)
        for (u32 i = 0, at = 0; i < eq[k]->nsub; i++) {
            u32 sub = c->op->list.at[eq[k]->sub + i];
            const struct ox *x = &c->op->ox.at[sub];
            if (x->kind == OX_INDEX && c->op->index.at[x->u].batch)
                continue;
            if (x->kind == OX_RUN) {
                at += c->b->run;
                continue;
            }
            bool *used = NEW_ARRAY(c->a, bool, c->op->index.n + 1);
            for (u32 j = 0; j < eq[k]->nsub; j++)
                if (j != i)
                    mark_indices(c->op, c->op->list.at[eq[k]->sub + j], used);
            mark_indices(c->op, eq[k]->where, used);
            if (x->kind != OX_INDEX || used[x->u] || c->range[x->u] != extent[at])
                keep[at] = true;
            at++;
        }
    for (u32 i = 0; i < rank; i++)
        if (keep[i] && (__builtin_mul_overflow(points, extent[i], &points) || points > MAX_MARKED))
            return refuse(c, OPR_REGION, tensor, 0, 0, 0, c->eq->loc, "write regions too large to compare");
    u8 *mark = NEW_ARRAY(c->a, u8, points);
    for (u32 k = 0; k < neq; k++) {
        c->eq = eq[k];
        bool *used = NEW_ARRAY(c->a, bool, c->op->index.n + 1);
        for (u32 i = 0, at = 0; i < eq[k]->nsub; i++) {
            u32 sub = c->op->list.at[eq[k]->sub + i];
            const struct ox *x = &c->op->ox.at[sub];
            if (x->kind == OX_INDEX && c->op->index.at[x->u].batch)
                continue;
            if (x->kind == OX_RUN)
                at += c->b->run;
            else if (keep[at++])
                mark_indices(c->op, sub, used);
        }
        /* Only conditions on the written point itself matter: others filter what is reduced. */
        u32 n = 0, *index = NEW_ARRAY(c->a, u32, c->op->index.n + 1);
        i64 *point = NEW_ARRAY(c->a, i64, c->op->index.n + 1), tried = 1;
        bool empty = false;
        mark_indices(c->op, eq[k]->red ? 0 : eq[k]->where, used);
        for (u32 i = 0; i < c->op->index.n; i++)
            if (used[i]) {
                index[n++] = i;
                empty |= c->range[i] == 0;
                if (__builtin_mul_overflow(tried, c->range[i], &tried) || tried > MAX_MARKED)
                    return refuse(c, OPR_REGION, tensor, 0, 0, 0, c->eq->loc, "write regions too large to compare");
            }
        if (empty)
            continue;
        do {
            struct num v;
            if (!eq[k]->red && eq[k]->where && at_point(c, eq[k]->where, point, &v) && zero(v))
                continue;
            i64 off = 0;
            for (u32 i = 0, at = 0; i < eq[k]->nsub; i++) {
                u32 sub = c->op->list.at[eq[k]->sub + i];
                const struct ox *x = &c->op->ox.at[sub];
                if (x->kind == OX_INDEX && c->op->index.at[x->u].batch)
                    continue;
                if (x->kind == OX_RUN) {
                    at += c->b->run;
                    continue;
                }
                i64 s;
                if (!keep[at++])
                    continue;
                if (!at_point(c, sub, point, &v) || !num_is_int(v, &s) || s < 0 || s >= extent[at - 1])
                    return refuse(c, OPR_INDEX_RANGE, tensor, at - 1, 0, extent[at - 1], x->loc, "goes out of range");
                off = off * extent[at - 1] + s;
            }
            if (mark[off]++)
                return refuse(c, OPR_REGION, tensor, 0, 0, 0, eq[k]->loc, "write a point twice");
        } while (next_point(n, index, c->range, point));
    }
    if (!partial)
        for (i64 i = 0; i < points; i++)
            if (!mark[i])
                return refuse(c, OPR_REGION, tensor, 0, 0, 0, eq[0]->loc, "leave points unwritten");
    return true;
}

static bool lhs_plain(struct chk *c, const struct oeq *e, u32 rank, const i64 *extent)
{
    u32 at = 0;
    if (e->where && !e->red)
        return false;
    for (u32 i = 0; i < e->nsub; i++) {
        const struct ox *x = &c->op->ox.at[c->op->list.at[e->sub + i]];
        if (x->kind == OX_RUN) {
            at += c->b->run;
            continue;
        }
        if (x->kind != OX_INDEX)
            return false;
        if (c->op->index.at[x->u].batch)
            continue;
        if (c->range[x->u] != extent[at++])
            return false;
        for (u32 j = 0; j < i; j++) {
            const struct ox *y = &c->op->ox.at[c->op->list.at[e->sub + j]];
            if (y->kind == OX_INDEX && y->u == x->u)
                return false;
        }
    }
    return at == rank;
}

static bool regions_fit(struct chk *c, u32 tensor)
{
    const struct otensor *x = &c->op->tensor.at[tensor];
    u32 n = 0, rank;
    i64 extent[MAX_RANK];
    if (x->monoid_part > 1)
        return true;                    /* written with the first part */
    const struct oeq **eq = NEW_ARRAY(c->a, const struct oeq *, c->op->eq.n + 1);
    for (u32 i = 0; i < c->op->eq.n; i++) {
        const struct oeq *e = &c->op->eq.at[i];
        if (e->lhs == tensor && op_static(c->b, c->t, e->guard, c->training))
            eq[n++] = e;
    }
    if (n == 0)
        return true;
    rank = op_extents(c->b, c->t, tensor, extent);
    c->eq = eq[0];
    if (n == 1 && lhs_plain(c, eq[0], rank, extent))
        return true;
    bool boxes = true, partial = x->absent && x->role == OT_TEMP;
    struct box *box = NEW_ARRAY(c->a, struct box, n);
    u128 volume = 0, all = 1;
    for (u32 k = 0; k < n && boxes; k++) {
        c->eq = eq[k];
        boxes = !(eq[k]->where && !eq[k]->red) && eq_box(c, eq[k], rank, extent, &box[k]);
        u128 v = 1;
        for (u32 i = 0; i < rank && boxes; i++)
            v *= (u128)(box[k].hi[i] - box[k].lo[i]);
        volume += v;
    }
    if (!boxes)
        return mark_points(c, tensor, eq, n, rank, extent, partial);
    for (u32 i = 0; i < rank; i++)
        all *= (u128)extent[i];
    for (u32 k = 0; k < n; k++)
        for (u32 j = 0; j < k; j++)
            if (boxes_meet(&box[k], &box[j], rank)) {
                c->eq = eq[j];
                return refuse(c, OPR_REGION, tensor, 0, 0, 0, eq[k]->loc, "write a point twice");
            }
    return partial || volume == all || refuse(c, OPR_REGION, tensor, 0, 0, 0, eq[0]->loc, "leave points unwritten");
}

static bool check_mode(struct chk *c)
{
    for (u32 i = 0; i < c->op->eq.n; i++) {
        const struct oeq *e = c->eq = &c->op->eq.at[i];
        struct path path[24];
        if (!op_static(c->b, c->t, e->guard, c->training))
            continue;
        if (!access_fits(c, e->lhs, e->sub, e->nsub, path, 0))
            return false;
        for (u32 k = 0; k < e->nsub; k++)
            if (!reads_fit(c, c->op->list.at[e->sub + k], path, 0))
                return false;
        if (!reads_fit(c, e->where, path, 0) || !reads_fit(c, e->rhs, path, 0))
            return false;
        for (u32 k = 0; k < e->nrhs; k++)
            if (!reads_fit(c, c->op->list.at[e->rhs_list + k], path, 0))
                return false;
    }
    for (u32 i = c->op->nin; i < c->op->tensor.n; i++) {
        struct arena_mark mark = arena_mark(c->a);
        bool ok = regions_fit(c, i);
        arena_reset(c->a, mark);
        if (!ok)
            return false;
    }
    return true;
}

static bool reads_training(const struct op *op)
{
    for (u32 i = 1; i < op->ox.n; i++)
        if (op->ox.at[i].kind == OX_TRAINING)
            return true;
    return false;
}

bool op_check_body(struct arena *scratch, const struct op_bind *b, const struct types *t, struct op_why *why)
{
    struct arena_mark mark = arena_mark(scratch);
    struct chk c = { .a = scratch, .b = b, .op = b->op, .t = t, .why = why };
    c.range = NEW_ARRAY(scratch, i64, b->op->index.n + 1);
    for (u32 i = 0; i < b->op->index.n; i++) {
        const struct oindex *x = &b->op->index.at[i];
        c.range[i] = 1;
        if (!x->run && !x->batch)
            CHECK(num_is_int(op_size(b, t, x->extent, false), &c.range[i]));
    }
    bool ok = check_mode(&c);
    if (ok && reads_training(b->op)) {
        c.training = true;
        ok = check_mode(&c);
    }
    arena_reset(scratch, mark);
    return ok;
}
