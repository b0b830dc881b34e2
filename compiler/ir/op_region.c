/* op_region.c - equations that define one tensor together.
 *
 * An equation whose subscripts are mixed-radix numbers (2*a + b, A + j) writes a box; boxes that
 * are disjoint and as large together as the tensor cover it.  Anything else is marked point by
 * point, axes that every equation writes in full left out. */
#include "compiler/ir/op_check.h"

static const i64 MAX_MARKED = 1 << 24;

static bool zero(struct num v) { return num_cmp(v, num_int(0)) == 0; }

struct box { i64 lo[OPC_RANK], hi[OPC_RANK]; };         /* hi exclusive */

/* The written interval of one axis if the subscript is a mixed-radix number of its indices. */
static bool axis_interval(struct chk *c, const struct aff *s, bool *used, i64 *lo, i64 *hi)
{
    i64 start, k[OPC_TERMS], n[OPC_TERMS];
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
        opc_aff(c, sub, s);
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
    bool keep[OPC_RANK] = { false };
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
                    opc_mark(c->op, c->op->list.at[eq[k]->sub + j], used);
            opc_mark(c->op, eq[k]->where, used);
            if (x->kind != OX_INDEX || used[x->u] || c->range[x->u] != extent[at])
                keep[at] = true;
            at++;
        }
    for (u32 i = 0; i < rank; i++)
        if (keep[i] && (__builtin_mul_overflow(points, extent[i], &points) || points > MAX_MARKED))
            return opc_refuse(c, OPR_REGION, tensor, 0, 0, 0, c->eq->loc, "write regions too large to compare");
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
                opc_mark(c->op, sub, used);
        }
        /* Only conditions on the written point itself matter: others filter what is reduced. */
        u32 n = 0, *index = NEW_ARRAY(c->a, u32, c->op->index.n + 1);
        i64 *point = NEW_ARRAY(c->a, i64, c->op->index.n + 1), tried = 1;
        bool empty = false;
        opc_mark(c->op, eq[k]->red ? 0 : eq[k]->where, used);
        for (u32 i = 0; i < c->op->index.n; i++)
            if (used[i]) {
                index[n++] = i;
                empty |= c->range[i] == 0;
                if (__builtin_mul_overflow(tried, c->range[i], &tried) || tried > MAX_MARKED)
                    return opc_refuse(c, OPR_REGION, tensor, 0, 0, 0, c->eq->loc, "write regions too large to compare");
            }
        if (empty)
            continue;
        do {
            struct num v;
            if (!eq[k]->red && eq[k]->where && opc_at(c, eq[k]->where, point, &v) && zero(v))
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
                if (!opc_at(c, sub, point, &v) || !num_is_int(v, &s) || s < 0 || s >= extent[at - 1])
                    return opc_refuse(c, OPR_INDEX_RANGE, tensor, at - 1, 0, extent[at - 1], x->loc, "goes out of range");
                off = off * extent[at - 1] + s;
            }
            if (mark[off]++)
                return opc_refuse(c, OPR_REGION, tensor, 0, 0, 0, eq[k]->loc, "write a point twice");
        } while (opc_next(n, index, c->range, point));
    }
    if (!partial)
        for (i64 i = 0; i < points; i++)
            if (!mark[i])
                return opc_refuse(c, OPR_REGION, tensor, 0, 0, 0, eq[0]->loc, "leave points unwritten");
    return true;
}

/* Is the left side every point once, but for the condition? */
static bool lhs_plain(struct chk *c, const struct oeq *e, u32 rank, const i64 *extent)
{
    u32 at = 0;
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

/* Is one condition the opposite of the other, as written? */
static bool opposite(const struct op *op, u32 a, u32 b)
{
    static const u8 not_of[OX_KINDS] = { [OX_LT] = OX_GE, [OX_GE] = OX_LT, [OX_LE] = OX_GT, [OX_GT] = OX_LE, [OX_EQ] = OX_NE, [OX_NE] = OX_EQ };
    static const u8 turned[OX_KINDS] = { [OX_LT] = OX_GT, [OX_GT] = OX_LT, [OX_LE] = OX_GE, [OX_GE] = OX_LE, [OX_EQ] = OX_EQ, [OX_NE] = OX_NE };
    const struct ox *x = &op->ox.at[a], *y = &op->ox.at[b];
    if ((x->kind == OX_NOT && op_ox_equal(op, x->a, b)) || (y->kind == OX_NOT && op_ox_equal(op, y->a, a)))
        return true;
    if (!not_of[x->kind] || !turned[y->kind])
        return false;
    if (not_of[x->kind] == y->kind && op_ox_equal(op, x->a, y->a) && op_ox_equal(op, x->b, y->b))
        return true;
    return not_of[x->kind] == turned[y->kind] && op_ox_equal(op, x->a, y->b) && op_ox_equal(op, x->b, y->a);
}

static bool same_left(const struct op *op, const struct oeq *a, const struct oeq *b)
{
    bool same = a->nsub == b->nsub;
    for (u32 i = 0; i < a->nsub && same; i++)
        same = op_ox_equal(op, op->list.at[a->sub + i], op->list.at[b->sub + i]);
    return same;
}

bool opc_regions(struct chk *c, u32 tensor)
{
    const struct otensor *x = &c->op->tensor.at[tensor];
    u32 n = 0, rank;
    i64 extent[OPC_RANK];
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
    bool boxes = true, partial = x->absent && x->role == OT_TEMP;
    bool some = eq[0]->where && !eq[0]->red;            /* its condition leaves points out */
    if (n == 1 && (!some || partial) && lhs_plain(c, eq[0], rank, extent))
        return true;
    if (n == 2 && some && eq[1]->where && !eq[1]->red && opposite(c->op, eq[0]->where, eq[1]->where) && same_left(c->op, eq[0], eq[1])
        && lhs_plain(c, eq[0], rank, extent))
        return true;
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
                return opc_refuse(c, OPR_REGION, tensor, 0, 0, 0, eq[k]->loc, "write a point twice");
            }
    return partial || volume == all || opc_refuse(c, OPR_REGION, tensor, 0, 0, 0, eq[0]->loc, "leave points unwritten");
}

