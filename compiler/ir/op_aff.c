/* op_aff.c - index expressions against concrete sizes.
 *
 * An expression becomes an affine form: a constant plus coefficients of atoms, an atom being an
 * index variable or an opaque quasi-affine term (floor, mod, a gather) with the bounds of its
 * value.  Conditions become facts, forms that are >= 0; a form is proved >= 0 from the bounds of
 * its atoms, or from what is left of it after taking away multiples of facts. */
#include "compiler/ir/op_check.h"

static const struct num ZERO = { .kind = NUM_RAT, .n = 0, .d = 1 }, ONE = { .kind = NUM_RAT, .n = 1, .d = 1 };

static bool is_bad(struct num v) { return v.kind == NUM_BAD; }
static bool negative(struct num v) { return num_cmp(v, ZERO) < 0; }
static bool zero(struct num v) { return num_cmp(v, ZERO) == 0; }

/* --- Affine forms ------------------------------------------------------------------------- */

void opc_const(struct aff *r, struct num v)
{
    r->bad = is_bad(v);
    r->n = 0;
    r->c = v;
}

static void aff_atom(struct aff *r, u32 ox, struct bound lo, struct bound hi)
{
    opc_const(r, ZERO);
    r->n = 1;
    r->at[0] = (struct term){ ox, ONE, lo, hi };
}

/* r += k * x */
void opc_add(struct chk *c, struct aff *r, const struct aff *x, struct num k)
{
    r->c = num_add(r->c, num_mul(x->c, k));
    r->bad |= x->bad || is_bad(r->c);
    for (u32 i = 0; !r->bad && i < x->n; i++) {
        struct num q = num_mul(x->at[i].k, k);
        u32 j = 0;
        while (j < r->n && !op_ox_equal(c->op, r->at[j].ox, x->at[i].ox))
            j++;
        if (j == r->n) {
            if (r->n == OPC_TERMS) {
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

struct bound opc_bound(const struct aff *x, bool high)
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

static struct bound floor_of(struct bound x)
{
    if (!x.inf)
        x.v = num_floor(x.v);
    return x;
}

bool opc_whole(const struct aff *x)
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
    opc_aff(c, x->a, r);
    if (r->bad || is_bad(m) || !negative(num_neg(m))) {
        r->bad = true;
        return;
    }
    struct bound lo = opc_bound(r, false), hi = opc_bound(r, true);
    if (!lo.inf && !hi.inf) {
        struct num q = num_floor(num_div(lo.v, m));
        if (num_cmp(q, num_floor(num_div(hi.v, m))) == 0) {     /* e % n is e - q n here */
            r->c = num_sub(r->c, num_mul(q, m));
            r->bad = is_bad(r->c);
            return;
        }
    }
    bool whole = opc_whole(r);
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
    opc_const(r, ZERO);
    struct aff *item = NEW(c->a, struct aff);
    /* Row-major with the ranges of the items; a constant item's range is in its b (see op_build). */
    for (u32 i = 0; i < x->nlist; i++) {
        u32 o = c->op->list.at[x->list + i];
        const struct ox *y = &c->op->ox.at[o];
        struct num n = y->kind == OX_INDEX ? num_int(c->range[y->u]) : op_size(c->b, c->t, y->b, c->training);
        struct aff up = *r;
        opc_const(r, ZERO);
        opc_add(c, r, &up, n);
        opc_aff(c, o, item);
        opc_add(c, r, item, ONE);
        if (r->bad)
            return;
    }
}

void opc_aff(struct chk *c, u32 ox, struct aff *r)
{
    static const struct bound INF = { true, { NUM_RAT, 0, 1, 0 } };
    const struct ox *x = &c->op->ox.at[ox];
    if (x->kind != OX_INDEX && ox_is_size(c->op, ox)) {
        opc_const(r, op_size(c->b, c->t, ox, c->training));
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
        opc_const(r, num_int(c->range[x->u]));
        return;
    case OX_BATCH:
        aff_atom(r, ox, (struct bound){ false, ONE }, INF);
        return;
    case OX_ADD: case OX_SUB: {
        struct aff *y = NEW(c->a, struct aff);
        opc_aff(c, x->a, r);
        opc_aff(c, x->b, y);
        opc_add(c, r, y, x->kind == OX_ADD ? ONE : num_int(-1));
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
        opc_aff(c, form, y);
        opc_const(r, ZERO);
        if (!zero(k))
            opc_add(c, r, y, k);
        return;
    }
    case OX_FLOOR: {
        opc_aff(c, x->a, r);
        if (r->bad || opc_whole(r))
            return;
        struct bound lo = floor_of(opc_bound(r, false)), hi = floor_of(opc_bound(r, true));
        if (!lo.inf && !hi.inf && num_cmp(lo.v, hi.v) == 0)
            opc_const(r, lo.v);
        else
            aff_atom(r, ox, lo, hi);
        return;
    }
    case OX_MOD:
        aff_mod(c, ox, r);
        return;
    case OX_MIN: case OX_MAX: case OX_SELECT: {
        struct aff *y = NEW(c->a, struct aff);
        opc_aff(c, x->kind == OX_SELECT ? x->b : x->a, r);
        opc_aff(c, x->kind == OX_SELECT ? x->c : x->b, y);
        if (r->bad || y->bad)
            break;
        struct bound lo = least(opc_bound(r, false), opc_bound(y, false), x->kind == OX_MAX);
        struct bound hi = least(opc_bound(r, true), opc_bound(y, true), x->kind != OX_MIN);
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
    opc_const(r, ZERO);
    r->bad = true;
}

/* --- Conditions ---------------------------------------------------------------------------- */

static void fact_ge0(struct chk *c, const struct aff *x)
{
    if (c->nfact < OPC_FACTS && !x->bad)
        c->fact[c->nfact++] = *x;
}

/* a - b - strict >= 0, both whole */
static void fact_ge(struct chk *c, u32 a, u32 b, bool strict)
{
    struct aff *x = NEW(c->a, struct aff), *y = NEW(c->a, struct aff);
    opc_aff(c, a, x);
    opc_aff(c, b, y);
    if (x->bad || y->bad)
        return;
    opc_add(c, x, y, num_int(-1));
    if (strict && !opc_whole(x))
        strict = false;
    if (strict)
        x->c = num_sub(x->c, ONE);
    fact_ge0(c, x);
}

/* What holds where condition ox is `holds`. */
void opc_assume(struct chk *c, u32 ox, bool holds)
{
    const struct ox *x = &c->op->ox.at[ox];
    switch ((enum ox_kind)x->kind) {
    case OX_NOT:
        opc_assume(c, x->a, !holds);
        break;
    case OX_AND: case OX_OR:
        if ((x->kind == OX_AND) == holds) {
            opc_assume(c, x->a, holds);
            opc_assume(c, x->b, holds);
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
            opc_aff(c, x->a, d);
            opc_aff(c, x->b, y);
            if (d->bad || y->bad)
                break;
            opc_add(c, d, y, num_int(-1));
            if (d->bad || !opc_whole(d))
                break;
            struct bound lo = opc_bound(d, false), hi = opc_bound(d, true);
            if (!lo.inf && zero(lo.v)) {
                d->c = num_sub(d->c, ONE);
                fact_ge0(c, d);
            } else if (!hi.inf && zero(hi.v)) {
                struct aff *m = NEW(c->a, struct aff);
                opc_const(m, num_int(-1));
                opc_add(c, m, d, num_int(-1));
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
    struct bound lo = opc_bound(s, false);
    return !s->bad && !lo.inf && !negative(lo.v);
}

/* s >= 0 from bounds, or from s - k q >= 0 for facts q and fitting k > 0, up to two of them. */
bool opc_prove(struct chk *c, const struct aff *s, u32 depth)
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
                struct arena_mark mark = arena_mark(c->a);
                struct aff *r = NEW(c->a, struct aff);
                *r = *s;
                opc_add(c, r, q, num_neg(k));
                bool yes = !r->bad && opc_prove(c, r, depth - 1);
                arena_reset(c->a, mark);
                if (yes)
                    return true;
            }
        }
    }
    return false;
}

/* --- Trying out ---------------------------------------------------------------------------- */

/* The value of an index expression or index condition at a point; false: not one of those. */
bool opc_at(struct chk *c, u32 ox, const i64 *point, struct num *out)
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
            if (!opc_at(c, o, point, &l))
                return false;
            *out = num_add(num_mul(*out, n), l);
        }
        return !is_bad(*out);
    }
    case OX_SELECT:
        if (!opc_at(c, x->a, point, &l))
            return false;
        return opc_at(c, zero(l) ? x->c : x->b, point, out);
    case OX_NEG: case OX_FLOOR: case OX_ABS: case OX_NOT:
        if (!opc_at(c, x->a, point, &l))
            return false;
        *out = x->kind == OX_NEG ? num_neg(l) : x->kind == OX_FLOOR ? num_floor(l)
               : x->kind == OX_ABS ? num_abs(l) : num_int(zero(l));
        return !is_bad(*out);
    case OX_ADD: case OX_SUB: case OX_MUL: case OX_DIV: case OX_MOD: case OX_MIN: case OX_MAX: case OX_LT: case OX_LE:
    case OX_GT: case OX_GE: case OX_EQ: case OX_NE: case OX_AND: case OX_OR: {
        if (!opc_at(c, x->a, point, &l) || !opc_at(c, x->b, point, &r))
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

void opc_mark(const struct op *op, u32 ox, bool *used)
{
    if (!ox)
        return;
    const struct ox *x = &op->ox.at[ox];
    if (x->kind == OX_INDEX)
        used[x->u] = true;
    opc_mark(op, x->a, used);
    opc_mark(op, x->b, used);
    opc_mark(op, x->c, used);
    for (u32 i = 0; i < x->nlist; i++)
        opc_mark(op, op->list.at[x->list + i], used);
}

bool opc_next(u32 n, const u32 *index, const i64 *range, i64 *point)
{
    for (u32 i = n; i-- > 0;) {
        if (++point[index[i]] < range[index[i]])
            return true;
        point[index[i]] = 0;
    }
    return false;
}

