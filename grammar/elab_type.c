/* elab_type.c - patterns of signatures against values, and types written out.
 *
 * A name in a pattern that has no value yet is bound by it, and takes the axis' memory along; any
 * other element must agree with the axis. */
#include "grammar/elab.h"

static struct val *pattern_slot(struct frame *f, const struct ast *n)
{
    if (n->kind != A_ID || n->bind.kind != BIND_LOCAL)
        return NULL;
    for (u32 up = n->bind.up; up; up--)
        f = f->up;
    return &f->slot[n->bind.slot];
}

static void print_axis(struct buf *b, const struct types *t, axis_id a)
{
    const struct axis *x = axis_get(t, a);
    if (!x->nfactor) {
        buf_printf(b, "%lld", (long long)x->extent);
        return;
    }
    buf_putc(b, '(');
    for (u32 i = 0; i < x->nfactor; i++) {
        if (i)
            buf_putc(b, ' ');
        print_axis(b, t, x->factor[i]);
    }
    buf_putc(b, ')');
}

static bool no_match(struct elab *e, bool quiet, enum diag_code code, const struct ast *elem, const struct ast *type, type_id t, const char *what)
{
    if (quiet || !e->ds)
        return false;
    struct buf b = {0};
    type_print(&b, e->types, t, false);
    elab_fail(e, code, elem ? elem->loc : type->loc, "%s: the argument is %s", what, b.at);
    buf_free(&b);
    return false;
}

static bool match_axis(struct elab *e, struct frame *f, const struct ast *type, const struct ast *el, u32 no, axis_id ax, type_id t, bool quiet)
{
    i64 extent = axis_extent(e->types, ax), want;
    if (el->kind == A_HOLE)
        return true;
    struct val *slot = pattern_slot(f, el);
    if (slot && slot->kind == V_NONE) {
        *slot = val_int(extent);
        slot->type = ax;
        return true;
    }
    if (el->kind == A_FOLD) {
        const struct axis *x = axis_get(e->types, ax);
        if (x->nfactor != el->nkid)
            return no_match(e, quiet, E0503, el, type, t, "this axis does not remember such factors");
        for (u32 i = 0; i < el->nkid; i++)
            if (!match_axis(e, f, type, el->kid[i], no, x->factor[i], t, quiet))
                return false;
        return true;
    }
    if (slot && slot->kind == V_NUM && slot->exact) {
        want = slot->i;
    } else {
        if (!elab_int(e, f, el, &want))
            return false;
    }
    if (want == extent)
        return true;
    if (quiet || !e->ds)
        return false;
    struct buf b = {0};
    if (el->kind == A_ID)
        buf_printf(&b, "`%s` is %lld here", el->text, (long long)want);
    else
        buf_printf(&b, "%lld stands here", (long long)want);
    buf_printf(&b, ", and axis %u of ", no);
    type_print(&b, e->types, t, false);
    buf_puts(&b, " is ");
    print_axis(&b, e->types, ax);
    elab_fail(e, E0504, el->loc, "%s", b.at);
    buf_free(&b);
    return false;
}

static bool match_run(struct elab *e, struct frame *f, const struct ast *type, const struct type *t, type_id id, u32 at, u32 n, bool quiet)
{
    if (!f->has_run) {
        f->has_run = true;
        f->nrun = n;
        f->run = t->axis + at;
        return true;
    }
    bool same = f->nrun == n;
    for (u32 i = 0; same && i < n; i++)
        same = axis_extent(e->types, f->run[i]) == axis_extent(e->types, t->axis[at + i]);
    return same || no_match(e, quiet, E0504, NULL, type, id, "`..` stands for other axes here than before");
}

bool elab_match(struct elab *e, struct frame *f, const struct ast *type, struct val v, bool quiet)
{
    if (type->kind == A_TUPLETYPE) {
        if (v.kind != V_TUPLE || v.tuple->n != type->nkid) {
            if (quiet || !e->ds)
                return false;
            return elab_fail(e, E0504, type->loc, "the signature wants a tuple of %u, the argument is %s", type->nkid, val_kind_name(&v));
        }
        for (u32 i = 0; i < type->nkid; i++)
            if (!elab_match(e, f, type->kid[i], v.tuple->at[i], quiet))
                return false;
        return true;
    }
    enum dtype d;
    bool fixed = type->text && dtype_parse(type->text, &d);
    if ((type->flags & AF_BARE) && !fixed)
        return true;                    /* a name alone: anything */
    if (v.kind != V_TENSOR) {
        if (quiet || !e->ds)
            return false;
        return elab_fail(e, E0504, type->loc, "the signature wants a tensor, the argument is %s", val_kind_name(&v));
    }
    const struct type *t = type_get(e->types, v.type);
    if (fixed && t->dtype != d)
        return no_match(e, quiet, E0504, NULL, type, v.type, "the signature wants another dtype");
    u32 dots = type->nkid;
    for (u32 i = 0; i < type->nkid; i++)
        if (type->kid[i]->kind == A_DOTS)
            dots = i;
    bool run = dots < type->nkid;
    u32 fixed_axes = type->nkid - run;
    if (run ? t->rank < fixed_axes : t->rank != fixed_axes)
        return no_match(e, quiet, E0504, NULL, type, v.type, "the signature wants another number of axes");
    u32 nrun = run ? t->rank - fixed_axes : 0;
    for (u32 i = 0; i < dots; i++)
        if (!match_axis(e, f, type, type->kid[i], i, t->axis[i], v.type, quiet))
            return false;
    if (run && !match_run(e, f, type, t, v.type, dots, nrun, quiet))
        return false;
    for (u32 i = dots + 1; i < type->nkid; i++)
        if (!match_axis(e, f, type, type->kid[i], i - 1 + nrun, t->axis[i - 1 + nrun], v.type, quiet))
            return false;
    return true;
}

static axis_id make_axis(struct elab *e, struct frame *f, const struct ast *el, bool *pending)
{
    struct val *slot = pattern_slot(f, el);
    if (slot && slot->kind == V_NONE) {
        *pending = true;
        return 0;
    }
    if (slot && slot->kind == V_NUM && slot->type)
        return slot->type;
    if (el->kind == A_FOLD) {
        axis_id x[8];
        i64 p = 1;
        if (el->nkid > COUNTOF(x))
            return 0;
        for (u32 i = 0; i < el->nkid; i++) {
            if (!(x[i] = make_axis(e, f, el->kid[i], pending)))
                return 0;
            if (__builtin_mul_overflow(p, axis_extent(e->types, x[i]), &p))
                return elab_fail(e, E0506, el->loc, "this extent overflows"), 0;
        }
        return axis_fold(e->types, el->nkid, x);
    }
    i64 n;
    if (el->kind == A_HOLE || el->kind == A_DOTS) {
        elab_wrong(e, E0309, el->loc, "an entry point has fixed types: `%s` says no size", el->kind == A_HOLE ? "_" : "..");
        return 0;
    }
    if (!elab_int(e, f, el, &n))
        return 0;
    if (n < 1) {
        elab_fail(e, E0506, el->loc, "an extent is a positive integer, not %lld", (long long)n);
        return 0;
    }
    return axis_plain(e->types, n);
}

type_id elab_make_type(struct elab *e, struct frame *f, const struct ast *type, bool *pending)
{
    enum dtype d = DT_F32;
    if (type->kind != A_TYPE || type->nkid > 32) {
        elab_wrong(e, E0309, type->loc, "an entry point takes tensors of fixed types");
        return 0;
    }
    if (type->text && !dtype_parse(type->text, &d)) {
        if (type->flags & AF_BARE) {
            elab_wrong(e, E0309, type->loc, "an entry point takes tensors of fixed types");
            return 0;
        }
        d = DT_F32;
    }
    axis_id ax[32];
    for (u32 i = 0; i < type->nkid; i++)
        if (!(ax[i] = make_axis(e, f, type->kid[i], pending)))
            return 0;
    return type_make(e->types, d, type->nkid, ax);
}
