/* op_absent.c - three things that flow along the equations, in their order.
 *
 * Absence: `where` makes points absent.  A map over an absent point is absent, a reduction skips
 * it; so each equation's condition becomes its own and those of what it reads, subscripts put in
 * for indices.  Of a reduction's own condition, what concerns only left indices makes the result absent.
 * The batch rank: see otensor.batched.  Dtypes of intermediates: what their values have. */
#include "grammar/op_build.h"

/* --- Absence ---------------------------------------------------------------------------------- */

struct subst { u32 from; u32 to; };     /* index variable -> ox */

static u32 substitute(struct ob *o, u32 ox, const struct subst *s, u32 n)
{
    struct ox x = o->op->ox.at[ox];
    if (x.kind == OX_INDEX) {
        for (u32 i = 0; i < n; i++)
            if (s[i].from == x.u)
                return s[i].to;
        return ox;
    }
    u32 a = x.a ? substitute(o, x.a, s, n) : 0, b = x.b ? substitute(o, x.b, s, n) : 0, c = x.c ? substitute(o, x.c, s, n) : 0;
    if (a == x.a && b == x.b && c == x.c)
        return ox;
    x.a = a, x.b = b, x.c = c;
    return ob_node(o, x);
}

static u32 ob_or(struct ob *o, u32 a, u32 b)
{
    if (!a || !b)
        return 0;                       /* 0 is true */
    return op_ox_equal(o->op, a, b) ? a : ob_binary(o, OX_OR, a, b, o->op->ox.at[a].loc);
}

static u32 ob_not(struct ob *o, u32 a)
{
    return ob_node(o, (struct ox){ .kind = OX_NOT, .a = a, .loc = o->op->ox.at[a].loc });
}

static bool has_conjunct(const struct ob *o, u32 c, u32 part)
{
    const struct ox *x = &o->op->ox.at[c];
    if (op_ox_equal(o->op, c, part))
        return true;
    return x->kind == OX_AND && (has_conjunct(o, x->a, part) || has_conjunct(o, x->b, part));
}

static bool implies(const struct ob *o, u32 c, u32 p)
{
    const struct ox *x = &o->op->ox.at[p];
    if (x->kind == OX_AND)
        return implies(o, c, x->a) && implies(o, c, x->b);
    return has_conjunct(o, c, p);
}

static bool index_only(const struct ob *o, u32 ox)
{
    const struct ox *x = &o->op->ox.at[ox];
    if (x->kind == OX_READ || x->kind == OX_BATCH)
        return false;
    return (!x->a || index_only(o, x->a)) && (!x->b || index_only(o, x->b)) && (!x->c || index_only(o, x->c));
}

/* Under which condition a read is of a point that is there (0: always). */
static u32 read_presence(struct ob *o, const struct ox *x)
{
    u32 p = 0;
    u32 w = x->u, part = o->op->tensor.at[w].monoid_part;
    if (part)
        w -= part - 1;
    for (u32 e = 0; e < o->op->eq.n; e++) {
        const struct oeq q = o->op->eq.at[e];
        if (q.lhs != w || !o->eq.at[e].presence)
            continue;
        if (!o->eq.at[e].full && q.red == RED_NONE && q.nsub)
            for (u32 k = 0; k < q.nsub; k++) {
                u8 kind = o->op->ox.at[o->op->list.at[q.sub + k]].kind;
                if (kind != OX_INDEX && kind != OX_RUN) {
                    diag_add(o->ds, E0433, q.loc, "an intermediate written in regions cannot have absent points");
                    return 0;
                }
            }
        struct subst *s = NEW_ARRAY(o->a, struct subst, q.nsub + 1);
        u32 n = 0;
        u32 skip = q.nsub > x->nlist ? q.nsub - x->nlist : 0, back = x->nlist > q.nsub ? x->nlist - q.nsub : 0;
        for (u32 k = skip; k < q.nsub; k++) {
            const struct ox *l = &o->op->ox.at[o->op->list.at[q.sub + k]];
            if (l->kind == OX_INDEX)
                s[n++] = (struct subst){ l->u, o->op->list.at[x->list + back + k - skip] };
        }
        u32 here = substitute(o, o->eq.at[e].presence, s, n);
        if (q.guard)
            here = ob_or(o, ob_not(o, q.guard), here);
        p = ob_and(o, p, here);
    }
    return p;
}

static u32 presence(struct ob *o, u32 ox)
{
    struct ox x = o->op->ox.at[ox];
    u32 p = 0;
    if (x.kind == OX_READ)
        p = read_presence(o, &x);
    if (x.kind == OX_SELECT && index_only(o, x.a)) {
        u32 a = presence(o, x.b), b = presence(o, x.c);
        if (a && implies(o, x.a, a))
            a = 0;
        u32 then = a ? ob_or(o, ob_not(o, x.a), a) : 0;
        u32 els = b ? ob_or(o, x.a, b) : 0;
        return ob_and(o, then, els);
    }
    const u32 kid[3] = { x.kind == OX_READ ? 0 : x.a, x.b, x.c };
    for (u32 i = 0; i < 3; i++)
        if (kid[i])
            p = ob_and(o, p, presence(o, kid[i]));
    for (u32 i = 0; i < x.nlist; i++)
        p = ob_and(o, p, presence(o, o->op->list.at[x.list + i]));
    return p;
}

static bool only_left(const struct ob *o, u32 ox, const struct ob_eq *e)
{
    const struct ox *x = &o->op->ox.at[ox];
    if (x->kind == OX_INDEX || x->kind == OX_RUN) {
        for (u32 i = 0; i < e->left.n; i++)
            if (e->left.at[i] == x->u)
                return true;
        return false;
    }
    return (!x->a || only_left(o, x->a, e)) && (!x->b || only_left(o, x->b, e)) && (!x->c || only_left(o, x->c, e));
}

static u32 left_part(struct ob *o, u32 c, const struct ob_eq *e)
{
    if (!c)
        return 0;
    const struct ox x = o->op->ox.at[c];
    if (x.kind == OX_AND)
        return ob_and(o, left_part(o, x.a, e), left_part(o, x.b, e));
    return only_left(o, c, e) ? c : 0;
}

static bool divides_by(const struct ob *o, u32 ox, const bool *filtered, bool below)
{
    const struct ox *x = &o->op->ox.at[ox];
    if (x->kind == OX_READ)
        return below && filtered[x->u];
    bool r = (x->a && divides_by(o, x->a, filtered, below)) || (x->b && divides_by(o, x->b, filtered, below || x->kind == OX_DIV));
    return r || (x->c && divides_by(o, x->c, filtered, below));
}

static u32 definitions(const struct ob *o, u32 t)
{
    u32 n = 0;
    for (u32 i = 0; i < o->op->eq.n; i++)
        n += o->op->eq.at[i].lhs == t;
    return n;
}

void ob_absence(struct ob *o)
{
    bool *filtered = NEW_ARRAY(o->a, bool, o->op->tensor.n + 1);
    for (u32 i = 0; i < o->op->eq.n && !ob_failed(o); i++) {
        struct ob_eq *e = &o->eq.at[i];
        u32 rhs = o->op->eq.at[i].rhs, p = rhs ? presence(o, rhs) : 0;
        for (u32 k = 0; k < o->op->eq.at[i].nrhs; k++)
            p = ob_and(o, p, presence(o, o->op->list.at[o->op->eq.at[i].rhs_list + k]));
        struct oeq *q = &o->op->eq.at[i];
        u32 own = e->own_where, all = own && p && implies(o, own, p) ? own : ob_and(o, own, p);
        q = &o->op->eq.at[i];
        q->where = all;
        if (q->scan && e->iter && all)
            diag_add(o->ds, E0417, q->loc, "points of a recurrence cannot be absent");
        e->presence = q->red == RED_NONE ? all : left_part(o, own, e);
        q = &o->op->eq.at[i];
        if (q->red == RED_ADD && all)
            filtered[q->lhs] = true;
        if (q->rhs)
            q->empty_zero = divides_by(o, q->rhs, filtered, false);
        struct otensor *t = &o->op->tensor.at[q->lhs];
        if (!e->presence)
            continue;
        u32 parts = q->red == RED_USER ? o->op->monoid.at[q->monoid].nstate : 1;
        for (u32 k = 0; k < parts; k++)
            t[k].absent = true;
        /* What was only taken over may turn out to be everywhere: that is seen when it is bound. */
        if (e->own_where && (t->role == OT_STATE || (t->role == OT_OUT && definitions(o, q->lhs) == 1))) {
            struct diag *d = diag_add(o->ds, E0433, q->loc, "points of %s `%s` are absent: it is written only where `%s`", t->role == OT_OUT ? "output" : "state",
                                      t->name, ob_text(o, e->presence));
            diag_hint(o->ds, d, "add an equation for the other points, or `select(c, ..., 0)`");
        }
    }
}

/* --- The batch rank ---------------------------------------------------------------------------- */

static bool reads_batched(const struct ob *o, u32 ox)
{
    const struct ox *x = &o->op->ox.at[ox];
    if (x->kind == OX_READ && o->op->tensor.at[x->u].batched)
        return true;
    for (u32 i = 0; i < x->nlist; i++)
        if (reads_batched(o, o->op->list.at[x->list + i]))
            return true;
    return (x->a && reads_batched(o, x->a)) || (x->b && reads_batched(o, x->b)) || (x->c && reads_batched(o, x->c));
}

static bool mentions_batch(const struct ob *o, const struct ob_eq *e, bool left)
{
    for (u32 i = 0; i < e->left.n; i++)
        if (o->op->index.at[e->left.at[i]].batch)
            return true;
    for (u32 i = 0; i < e->right.n && !left; i++)
        if (o->op->index.at[e->right.at[i]].batch)
            return true;
    return false;
}

void ob_batch(struct ob *o)
{
    for (u32 i = 0; i < o->op->nin + o->op->nout; i++)
        o->op->tensor.at[i].batched = true;
    for (bool more = true; more;) {     /* recurrences carry it around */
        more = false;
        for (u32 i = 0; i < o->op->eq.n; i++) {
            struct oeq *q = &o->op->eq.at[i];
            const struct ob_eq *e = &o->eq.at[i];
            bool b = mentions_batch(o, e, true);
            if (!b && !mentions_batch(o, e, false)) {
                b = q->rhs && reads_batched(o, q->rhs);
                for (u32 k = 0; k < q->nrhs; k++)
                    b |= reads_batched(o, o->op->list.at[q->rhs_list + k]);
            }
            u32 parts = q->red == RED_USER ? o->op->monoid.at[q->monoid].nstate : 1;
            for (u32 k = 0; k < parts && b; k++) {
                more |= !o->op->tensor.at[q->lhs + k].batched;
                o->op->tensor.at[q->lhs + k].batched = true;
            }
        }
    }
    for (u32 i = 0; i < o->op->eq.n; i++) {
        const struct oeq *q = &o->op->eq.at[i];
        const struct otensor *t = &o->op->tensor.at[q->lhs];
        if (t->role == OT_STATE && t->batched) {
            struct diag *d = diag_add(o->ds, E0426, q->loc, "state `%s` is one for all samples, this value differs from sample to sample", t->name);
            diag_hint(o->ds, d, "reduce over `batch`: `s[c] += x[batch, c, ..]`");
            return;
        }
    }
}

/* --- Dtypes ------------------------------------------------------------------------------------ */

enum { NEUTRAL = 1000 };                /* a literal or a size: goes with what it meets */

static bool is_int(i32 d)
{
    return d >= 0 && d != NEUTRAL && !dtype_is_float((enum dtype)d);
}

static i32 join(i32 a, i32 b)
{
    if (a == NEUTRAL || a == b)
        return b;
    if (b == NEUTRAL)
        return a;
    return is_int(a) && !is_int(b) ? b : a;
}

static i32 dtype_at(const struct ob *o, u32 ox)
{
    const struct ox *x = &o->op->ox.at[ox];
    switch ((enum ox_kind)x->kind) {
    case OX_CONST: case OX_SLOT: case OX_INDEX: case OX_EXTENT_RUN: case OX_RANK_RUN: case OX_BATCH: case OX_LAST:
        return x->kind == OX_CONST && x->num.kind == NUM_REAL ? -1 : NEUTRAL;
    case OX_READ:
        return o->op->tensor.at[x->u].role == OT_CONST ? NEUTRAL : o->op->tensor.at[x->u].type.dtype;
    case OX_ADD: case OX_SUB: case OX_MUL: case OX_MIN: case OX_MAX: case OX_MOD:
        return join(dtype_at(o, x->a), dtype_at(o, x->b));
    case OX_SELECT:
        return join(dtype_at(o, x->b), dtype_at(o, x->c));
    case OX_NEG: case OX_ABS: case OX_FLOOR: case OX_SIGN:
        return dtype_at(o, x->a);
    case OX_DIV: case OX_POW: {
        i32 d = join(dtype_at(o, x->a), dtype_at(o, x->b));
        return is_int(d) || d == NEUTRAL ? -1 : d;
    }
    default: {
        i32 d = x->a ? dtype_at(o, x->a) : -1;
        return is_int(d) || d == NEUTRAL ? -1 : d;
    }
    }
}

/* A subscript that is read from a tensor must be read from a tensor of whole numbers. */
static bool gathers_fit(struct ob *o, u32 ox, bool subscript)
{
    const struct ox x = o->op->ox.at[ox];
    if (x.kind == OX_READ && subscript) {
        i32 d = o->op->tensor.at[x.u].type.dtype;
        if (o->op->tensor.at[x.u].role != OT_CONST && !is_int(d)) {
            struct diag *e = diag_add(o->ds, E0414, x.loc, "`%s` is floating point and cannot be a subscript", o->op->tensor.at[x.u].name);
            diag_label(o->ds, e, o->op->tensor.at[x.u].loc, "defined here");
            diag_hint(o->ds, e, "a table of indices is typed: `%s: i32[...]`", o->op->tensor.at[x.u].name);
            return false;
        }
    }
    bool ok = true;
    for (u32 i = 0; i < x.nlist && ok; i++)
        ok = gathers_fit(o, o->op->list.at[x.list + i], subscript || x.kind == OX_READ);
    const u32 kid[3] = { x.a, x.b, x.c };
    for (u32 i = 0; i < 3 && ok; i++)
        ok = !kid[i] || gathers_fit(o, kid[i], subscript && x.kind != OX_READ);
    return ok;
}

void ob_dtypes(struct ob *o)
{
    bool *set = NEW_ARRAY(o->a, bool, o->op->tensor.n + 1);
    for (u32 i = 0; i < o->op->eq.n; i++) {
        const struct oeq *q = &o->op->eq.at[i];
        struct otensor *t = &o->op->tensor.at[q->lhs];
        if (t->role != OT_TEMP || q->red == RED_USER || q->init)
            continue;
        i32 d = q->red == RED_ARGMAX || q->red == RED_ARGMIN ? DT_I32 : dtype_at(o, q->rhs);
        if (d == NEUTRAL)
            d = -1;
        t->type.dtype = set[q->lhs] ? join(t->type.dtype, d) : d;
        set[q->lhs] = true;
    }
    for (u32 i = 0; i < o->op->eq.n; i++) {
        const struct oeq *q = &o->op->eq.at[i];
        if (q->rhs && !gathers_fit(o, q->rhs, false))
            return;
        for (u32 k = 0; k < q->nrhs; k++)
            if (!gathers_fit(o, o->op->list.at[q->rhs_list + k], false))
                return;
    }
}
