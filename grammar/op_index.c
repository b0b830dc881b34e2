/* op_index.c - what every index ranges over.
 *
 * A plain subscript ties an index variable to an axis: to the declared size of a declared axis,
 * to the unknown axis of an intermediate.  The ties are a union-find forest; a class knows its
 * extent from the first declared axis (or `rank`) in it, every other one must be equal: provably,
 * or it becomes a condition that is checked when the op is bound.  At the end every index and
 * every axis has a size expression, and equal indices of different equations are one. */
#include "grammar/op_build.h"

u32 ob_new_range(struct ob *o, u32 extent, struct loc loc, const char *what)
{
    vec_push(o->a, &o->range, ((struct ob_range){ 0, extent, loc, what }));
    return o->range.n - 1;
}

static u32 root(struct ob *o, u32 r)
{
    while (o->range.at[r].up)
        r = o->range.at[r].up;
    return r;
}

static u32 extent_of(struct ob *o, u32 r)
{
    return r ? o->range.at[root(o, r)].extent : 0;
}

static const char *range_text(struct ob *o, const struct ob_range *r)
{
    const char *size = ob_text(o, r->extent);
    return r->what ? arena_printf(o->a, "%s (%s)", r->what, size) : size;
}

void ob_unify(struct ob *o, u32 a, u32 b, u32 index, struct loc at)
{
    a = root(o, a);
    b = root(o, b);
    if (a == b)
        return;
    struct ob_range *x = &o->range.at[a], *y = &o->range.at[b];
    if (x->extent && y->extent) {
        int same = ob_same_size(o, x->extent, y->extent);
        x = &o->range.at[a], y = &o->range.at[b];
        str name = index < o->index.n ? o->index.at[index].name : str_c(o->g->sp, "?");
        if (same == 0) {
            struct diag *d = diag_add(o->ds, E0405, at, "index `%s` ranges over %s and over %s", name, range_text(o, x), range_text(o, y));
            diag_label(o->ds, d, x->loc, "%s here", ob_text(o, x->extent));
            diag_label(o->ds, d, y->loc, "but %s here", ob_text(o, y->extent));
            if (index < o->index.n && !o->index.at[index].rank)
                diag_hint(o->ds, d, "if it is to go over a part of an axis, say so: `rank %s: ...`", name);
            return;
        }
        if (same < 0)
            vec_push(o->a, &o->op->agree, ((struct oagree){ name, x->extent, y->extent, o->in_eq ? ob_guard(o, o->path) : 0, x->loc, y->loc }));
    }
    if (!x->extent) {
        x->up = b;
    } else {
        y->up = a;
    }
}

/* --- What the forest leaves open ----------------------------------------------------------- */

/* The largest value of a left subscript, if every index in it has a range and no term is negative. */
static u32 upper(struct ob *o, u32 ox)
{
    struct ox x = o->op->ox.at[ox];
    if (x.kind != OX_INDEX && ox_is_size(o->op, ox))
        return ox;
    switch ((enum ox_kind)x.kind) {
    case OX_INDEX: {
        u32 e = extent_of(o, o->index.at[x.u].node);
        return e ? ob_binary(o, OX_SUB, e, ob_int(o, 1, x.loc), x.loc) : 0;
    }
    case OX_ADD: {
        u32 a = upper(o, x.a), b = upper(o, x.b);
        return a && b ? ob_binary(o, OX_ADD, a, b, x.loc) : 0;
    }
    case OX_MUL: {
        u32 a = upper(o, x.a), b = upper(o, x.b);
        return a && b ? ob_binary(o, OX_MUL, a, b, x.loc) : 0;
    }
    default:
        return 0;
    }
}

static u32 fold_extent(struct ob *o, u32 ox)
{
    struct ox x = o->op->ox.at[ox];
    u32 p = 0;
    for (u32 i = 0; i < x.nlist; i++) {
        struct ox y = o->op->ox.at[o->op->list.at[x.list + i]];
        u32 e = y.kind == OX_INDEX ? extent_of(o, o->index.at[y.u].node) : y.b;
        if (!e)
            return 0;
        p = p ? ob_binary(o, OX_MUL, p, e, x.loc) : e;
    }
    return p;
}

/* An axis of an intermediate that no plain index gives: as far as its left sides reach. */
static bool solve_axis(struct ob *o, u32 tensor, u32 at)
{
    u32 node = o->tensor.at[tensor].axis_node[at], most = 0;
    for (u32 i = 0; i < o->op->eq.n; i++) {
        struct oeq q = o->op->eq.at[i];
        if (q.lhs != tensor || q.nsub < o->tensor.at[tensor].ndim)
            continue;
        u32 sub = o->op->list.at[q.sub + q.nsub - o->tensor.at[tensor].ndim + at];
        struct loc loc = o->op->ox.at[sub].loc;
        u32 e;
        if (o->op->ox.at[sub].kind == OX_FOLDIDX) {
            e = fold_extent(o, sub);
        } else {
            u32 u = upper(o, sub);
            e = u ? ob_binary(o, OX_ADD, u, ob_int(o, 1, loc), loc) : 0;
        }
        if (!e)
            return false;
        most = most && !op_ox_equal(o->op, most, e) ? ob_binary(o, OX_MAX, most, e, loc) : e;
    }
    if (!most)
        return false;
    o->range.at[root(o, node)].extent = most;
    return true;
}

/* How often index v stands in an expression. */
static u32 times(const struct ob *o, u32 ox, u32 v)
{
    const struct ox *x = &o->op->ox.at[ox];
    if (x->kind == OX_INDEX)
        return x->u == v;
    return (x->a ? times(o, x->a, v) : 0) + (x->b ? times(o, x->b, v) : 0);
}

/* Is it a sum of multiples of indices and sizes?  *from: the sizes alone (0: none). */
static bool sum_form(struct ob *o, u32 ox, u32 *from)
{
    struct ox x = o->op->ox.at[ox];
    u32 none = 0;
    if (x.kind != OX_INDEX && ox_is_size(o->op, ox)) {
        *from = *from ? ob_binary(o, OX_ADD, *from, ox, x.loc) : ox;
        return true;
    }
    if (x.kind == OX_ADD)
        return sum_form(o, x.a, from) && sum_form(o, x.b, from);
    if (x.kind == OX_MUL)
        return ox_is_size(o->op, x.a) ? sum_form(o, x.b, &none) : ox_is_size(o->op, x.b) && sum_form(o, x.a, &none);
    return x.kind == OX_INDEX;
}

/* y[t, j*D + d] with y: [T, 2*D] says that j ranges over 2*D / D: a left side has to cover, point by
 * point, so the ranges of the indices of a subscript multiply to the extent.  That they do is
 * checked when the op is bound. */
static bool solve_left(struct ob *o, u32 eq, u32 pos)
{
    struct oeq q = o->op->eq.at[eq];
    u32 skip = q.nsub - o->tensor.at[q.lhs].ndim, sub = o->op->list.at[q.sub + pos];
    struct ob_tensor *x = &o->tensor.at[q.lhs];
    struct loc loc = o->op->ox.at[sub].loc;
    if (pos < skip || !x->known || o->op->ox.at[sub].kind == OX_FOLDIDX || o->op->ox.at[sub].kind == OX_RUN)
        return false;
    u32 open = UINT32_MAX, nopen = 0, from = 0;
    for (u32 i = 0; i < o->eq.at[eq].left.n; i++) {
        u32 v = o->eq.at[eq].left.at[i];
        if (o->index.at[v].run || o->index.at[v].batch || !times(o, sub, v) || extent_of(o, o->index.at[v].node))
            continue;
        open = v;
        nopen += times(o, sub, v);
    }
    if (nopen != 1 || !sum_form(o, sub, &from))
        return false;
    u32 size = ob_axis_size(o, &o->op->tensor.at[q.lhs].type.axis[pos - skip]);
    if (from)
        size = ob_binary(o, OX_SUB, size, from, loc);
    for (u32 i = 0; i < o->eq.at[eq].left.n; i++) {
        u32 v = o->eq.at[eq].left.at[i];
        if (v != open && !o->index.at[v].run && !o->index.at[v].batch && times(o, sub, v))
            size = ob_binary(o, OX_DIV, size, extent_of(o, o->index.at[v].node), loc);
    }
    struct ob_range *r = &o->range.at[root(o, o->index.at[open].node)];
    r->extent = size;
    r->loc = loc;
    return true;
}

static void settle(struct ob *o)
{
    for (bool more = true; more;) {
        more = false;
        for (u32 i = 0; i < o->weak.n; i++) {
            struct ob_weak *w = &o->weak.at[i];
            if (!extent_of(o, w->a) && extent_of(o, w->b)) {
                ob_unify(o, w->a, w->b, w->index, w->loc);
                more = true;
            }
        }
        for (u32 t = 0; t < o->tensor.n; t++)
            for (u32 i = 0; !o->tensor.at[t].known && i < o->tensor.at[t].ndim; i++)
                if (o->tensor.at[t].axis_node[i] && !extent_of(o, o->tensor.at[t].axis_node[i]))
                    more |= solve_axis(o, t, i);
        for (u32 e = 0; e < o->op->eq.n && !more; e++)
            for (u32 k = 0; k < o->op->eq.at[e].nsub && !more; k++)
                more |= solve_left(o, e, k);
    }
}

static void complain_open(struct ob *o)
{
    for (u32 i = 0; i < o->index.n; i++) {
        const struct ob_index *v = &o->index.at[i];
        if (v->run || v->batch || extent_of(o, v->node))
            continue;
        struct diag *d = diag_add(o->ds, E0404, v->loc, "nothing says what index `%s` ranges over", v->name);
        diag_note(o->ds, d, "it stands alone in no axis of an input, a parameter or an output");
        diag_hint(o->ds, d, "declare it: `rank %s: N`", v->name);
    }
    for (u32 t = 0; t < o->tensor.n && !ob_failed(o); t++)
        for (u32 i = 0; !o->tensor.at[t].known && i < o->tensor.at[t].ndim; i++)
            if (o->tensor.at[t].axis_node[i] && !extent_of(o, o->tensor.at[t].axis_node[i])) {
                struct otensor *x = &o->op->tensor.at[t];
                struct diag *d = diag_add(o->ds, E0428, x->loc, "the extent of axis %u of `%s` follows from nothing", i, x->name);
                diag_hint(o->ds, d, "define it with a plain index somewhere");
            }
}

/* --- Results into the row ------------------------------------------------------------------- */

static void fill_axes(struct ob *o)
{
    for (u32 t = 0; t < o->tensor.n; t++) {
        struct otensor *x = &o->op->tensor.at[t];
        for (u32 i = 0; !o->tensor.at[t].known && i < x->type.n; i++) {
            if (x->type.axis[i].kind != OAXIS_EXPR)
                continue;
            /* The declared extent of an iterative axis is its N; op_extents adds the first entry. */
            u32 e = extent_of(o, o->tensor.at[t].axis_node[i]);
            if (x->iter_axis == i + 1 && o->op->ox.at[e].kind == OX_ADD)
                e = o->op->ox.at[e].a;
            x->type.axis[i].ox = e;
        }
    }
    for (u32 i = 0; i < o->fold.n; i++) {
        struct ob_fold f = o->fold.at[i];
        u32 have = fold_extent(o, f.ox), want = o->tensor.at[f.tensor].known ? ob_axis_size(o, &o->op->tensor.at[f.tensor].type.axis[f.at])
                                                                            : extent_of(o, o->tensor.at[f.tensor].axis_node[f.at]);
        int same = ob_same_size(o, have, want);
        struct loc at = o->op->ox.at[f.ox].loc, there = o->op->tensor.at[f.tensor].loc;
        if (same == 0) {
            struct diag *d = diag_add(o->ds, E0405, at, "the indices of axis %u of `%s` make %s points, it has %s", f.at, o->op->tensor.at[f.tensor].name,
                                      ob_text(o, have), ob_text(o, want));
            diag_label(o->ds, d, there, "`%s` is defined here", o->op->tensor.at[f.tensor].name);
        } else if (same < 0) {
            vec_push(o->a, &o->op->agree, ((struct oagree){ str_c(o->g->sp, "(...)"), have, want, f.guard, at, there }));
        }
    }
}

/* One variable per name and range. */
static void merge_indices(struct ob *o)
{
    u32 n = o->index.n, *to = NEW_ARRAY(o->a, u32, n + 1);
    VEC(struct oindex) keep = { 0 };
    for (u32 i = 0; i < n; i++) {
        struct oindex x = o->op->index.at[i];
        if (!x.run && !x.batch)
            x.extent = extent_of(o, o->index.at[i].node);
        u32 k = 0;
        while (k < keep.n && !(keep.at[k].name == x.name && keep.at[k].iter == x.iter && keep.at[k].run == x.run && keep.at[k].batch == x.batch
                               && (x.run || x.batch || ob_same_size(o, keep.at[k].extent, x.extent) == 1)))
            k++;
        if (k == keep.n)
            vec_push(o->a, &keep, x);
        to[i] = k;
    }
    for (u32 i = 1; i < o->op->ox.n; i++) {
        struct ox *x = &o->op->ox.at[i];
        if (x->kind == OX_INDEX || x->kind == OX_RUN || x->kind == OX_LAST)
            x->u = to[x->u];
    }
    for (u32 i = 0; i < o->op->tensor.n; i++) {
        u32 *c = (u32 *)o->op->tensor.at[i].const_index;
        for (u32 k = 0; k < o->op->tensor.at[i].nconst_index; k++)
            c[k] = to[c[k]];
    }
    for (u32 i = 0; i < o->eq.n; i++) {
        struct ob_eq *e = &o->eq.at[i];
        for (u32 k = 0; k < e->left.n; k++)
            e->left.at[k] = to[e->left.at[k]];
        for (u32 k = 0; k < e->right.n; k++)
            e->right.at[k] = to[e->right.at[k]];
        if (e->iter)
            e->iter = to[e->iter - 1] + 1;
    }
    o->op->index.at = keep.at;
    o->op->index.n = keep.n;
    o->op->index.cap = keep.cap;
}

void ob_ranges(struct ob *o)
{
    settle(o);
    complain_open(o);
    if (ob_failed(o))
        return;
    fill_axes(o);
    merge_indices(o);
}
