/* op_check.c - the body of an op against concrete sizes: no read or write out of range.
 *
 * A subscript s of an axis of extent n is in range if s >= 0 and n - 1 - s >= 0 follow from the
 * ranges of its indices and from the conditions the point stands under (`where` conjuncts,
 * enclosing selects); where that does not decide it, small spaces are tried out exactly. */
#include "compiler/ir/op_check.h"

static const i64 MAX_TRIED = 1 << 18;

static bool zero(struct num v) { return num_cmp(v, num_int(0)) == 0; }

struct path { u32 ox; bool holds; };    /* the conditions a read stands under */

/* Every point at which the subscript is used: in range?  False too when there are too many. */
static bool try_out(struct chk *c, u32 sub, i64 extent, const struct path *path, u32 npath)
{
    u32 nall = c->op->index.n, n = 0;
    bool *used = NEW_ARRAY(c->a, bool, nall + 1);
    opc_mark(c->op, sub, used);
    opc_mark(c->op, c->eq->where, used);
    for (u32 i = 0; i < npath; i++)
        opc_mark(c->op, path[i].ox, used);
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
        if (c->eq->where && opc_at(c, c->eq->where, point, &v) && zero(v))
            here = false;
        for (u32 i = 0; i < npath && here; i++)
            if (opc_at(c, path[i].ox, point, &v) && zero(v) == path[i].holds)
                here = false;
        i64 s;
        if (here && (!opc_at(c, sub, point, &v) || !num_is_int(v, &s) || s < 0 || s >= extent))
            return false;
    } while (opc_next(n, index, c->range, point));
    return true;
}

/* --- Intervals ------------------------------------------------------------------------------ */

/* Where an index expression lies, in whole numbers, each part by itself: cheap, and enough for most subscripts.  False: not
 * known, which says nothing. */
static bool interval(struct chk *c, u32 ox, i64 *lo, i64 *hi)
{
    const struct ox *x = &c->op->ox.at[ox];
    i64 a, b, d, e;
    switch ((enum ox_kind)x->kind) {
    case OX_CONST:
        return num_is_int(x->num, lo) && (*hi = *lo, true);
    case OX_SLOT:
        return num_is_int(c->b->slot[x->u].v, lo) && (*hi = *lo, true);
    case OX_INDEX:
        if (c->op->index.at[x->u].batch || c->op->index.at[x->u].run || c->range[x->u] < 1)
            return false;
        *lo = 0;
        *hi = c->range[x->u] - 1;
        return true;
    case OX_FOLDIDX:
        *lo = 0;
        *hi = 1;
        for (u32 i = 0; i < x->nlist; i++)
            if (!interval(c, c->op->list.at[x->list + i], &a, &b) || c->op->ox.at[c->op->list.at[x->list + i]].kind != OX_INDEX
                || __builtin_mul_overflow(*hi, b + 1, hi))
                return false;
        --*hi;
        return true;
    case OX_ADD:
        return interval(c, x->a, &a, &b) && interval(c, x->b, &d, &e) && !__builtin_add_overflow(a, d, lo) && !__builtin_add_overflow(b, e, hi);
    case OX_SUB:
        return interval(c, x->a, &a, &b) && interval(c, x->b, &d, &e) && !__builtin_sub_overflow(a, e, lo) && !__builtin_sub_overflow(b, d, hi);
    case OX_MUL:                        /* of what is not negative */
        return interval(c, x->a, &a, &b) && a >= 0 && interval(c, x->b, &d, &e) && d >= 0 && !__builtin_mul_overflow(a, d, lo)
               && !__builtin_mul_overflow(b, e, hi);
    case OX_MOD:
        if (!interval(c, x->a, &a, &b) || !interval(c, x->b, &d, &e) || d != e || d < 1)
            return false;
        *lo = a >= 0 && b < d ? a : 0;
        *hi = a >= 0 && b < d ? b : d - 1;
        return true;
    case OX_FLOOR:
        if (c->op->ox.at[x->a].kind != OX_DIV)
            return interval(c, x->a, lo, hi);
        x = &c->op->ox.at[x->a];
        if (!interval(c, x->a, &a, &b) || a < 0 || !interval(c, x->b, &d, &e) || d != e || d < 1)
            return false;
        *lo = a / d;
        *hi = b / d;
        return true;
    default:
        return false;
    }
}

/* --- In range ------------------------------------------------------------------------------- */

bool opc_refuse(struct chk *c, enum op_refusal code, u32 tensor, u32 axis, i64 got, i64 want, struct loc at, const char *text)
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
    i64 lo, hi;
    if (interval(c, sub, &lo, &hi) && lo >= 0 && hi < extent)
        return true;
    struct arena_mark mark = arena_mark(c->a);
    struct aff *s = NEW(c->a, struct aff), *up = NEW(c->a, struct aff);
    opc_aff(c, sub, s);
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
    } else if (!opc_whole(s)) {
        ok = false;
        text = "is not a whole number everywhere";
    } else {
        opc_const(up, num_int(extent - 1));
        opc_add(c, up, s, num_int(-1));
        c->nfact = 0;
        if (c->eq->where || npath)      /* they are large */
            c->fact = NEW_ARRAY(c->a, struct aff, OPC_FACTS);
        if (c->eq->where)
            opc_assume(c, c->eq->where, true);
        for (u32 i = 0; i < npath; i++)
            opc_assume(c, path[i].ox, path[i].holds);
        bool low = opc_prove(c, s, 2), high = low && opc_prove(c, up, 2);
        ok = (low && high) || try_out(c, sub, extent, path, npath);
        struct bound e = opc_bound(s, low);
        if (e.inf || !num_is_int(num_floor(e.v), &got))
            text = "cannot be shown to be in range";
    }
    arena_reset(c->a, mark);
    return ok || opc_refuse(c, OPR_INDEX_RANGE, tensor, axis, got, extent, x->loc, text);
}

/* The subscripts of one access.  An axis under `..` is its own index. */
static bool access_fits(struct chk *c, u32 tensor, u32 list, u32 n, const struct path *path, u32 npath)
{
    i64 extent[OPC_RANK];
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
        bool ok = opc_regions(c, i);
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
            if (!num_is_int(op_size(b, t, x->extent, false), &c.range[i]))
                c.range[i] = 0;         /* of equations that are not there: op_infer has asked of the others */
    }
    bool ok = check_mode(&c);
    if (ok && reads_training(b->op)) {
        c.training = true;
        ok = check_mode(&c);
    }
    arena_reset(scratch, mark);
    return ok;
}
