/* op.c - size expressions of an op under a binding, and what follows from them: which equations
 * are there, and how large every tensor is.
 *
 * A slot that is not bound yet is NUM_BAD (all zero), and so is whatever is computed from it. */
#include "compiler/ir/op.h"

static struct num num_bool(bool b)
{
    return num_int(b);
}

static bool bad(struct num v)
{
    return v.kind == NUM_BAD;
}

static bool is_true(struct num v)
{
    return !bad(v) && num_cmp(v, num_int(0)) != 0;
}

static struct num run_product(const struct op_bind *b, const struct types *t)
{
    struct num v = num_int(1);
    for (u32 i = 0; i < b->run; i++)
        v = num_mul(v, num_int(axis_extent(t, b->run_axis[i])));
    return v;
}

struct num op_size(const struct op_bind *b, const struct types *t, u32 ox, bool training)
{
    static const struct num BAD = { .kind = NUM_BAD };
    const struct ox *x = &b->op->ox.at[ox];
#define A op_size(b, t, x->a, training)
#define B op_size(b, t, x->b, training)
    switch ((enum ox_kind)x->kind) {
    case OX_CONST: return x->num;
    case OX_SLOT: return b->slot[x->u].v;
    case OX_EXTENT_RUN: return run_product(b, t);
    case OX_RANK_RUN: return num_int(b->run);
    case OX_TRAINING: return num_bool(training);
    case OX_ADD: return num_add(A, B);
    case OX_SUB: return num_sub(A, B);
    case OX_MUL: return num_mul(A, B);
    case OX_DIV: return num_div(A, B);
    case OX_MOD: return num_mod(A, B);
    case OX_NEG: return num_neg(A);
    case OX_FLOOR: return num_floor(A);
    case OX_SQRT: return num_sqrt(A);
    case OX_EXP: return num_exp(A);
    case OX_LOG: return num_log(A);
    case OX_ABS: return num_abs(A);
    case OX_POW: return num_pow(A, B);
    case OX_NOT: {
        struct num v = A;
        return bad(v) ? BAD : num_bool(!is_true(v));
    }
    case OX_AND: {
        struct num v = A;
        return bad(v) ? BAD : !is_true(v) ? num_bool(false) : B;
    }
    case OX_OR: {
        struct num v = A;
        return bad(v) ? BAD : is_true(v) ? num_bool(true) : B;
    }
    case OX_SELECT: {
        struct num v = A;
        return bad(v) ? BAD : op_size(b, t, is_true(v) ? x->b : x->c, training);
    }
    case OX_MIN: case OX_MAX: case OX_LT: case OX_LE: case OX_GT: case OX_GE: case OX_EQ: case OX_NE: {
        struct num l = A, r = B;
        if (bad(l) || bad(r))
            return BAD;
        int c = num_cmp(l, r);
        switch (x->kind) {
        case OX_MIN: return c <= 0 ? l : r;
        case OX_MAX: return c >= 0 ? l : r;
        case OX_LT: return num_bool(c < 0);
        case OX_LE: return num_bool(c <= 0);
        case OX_GT: return num_bool(c > 0);
        case OX_GE: return num_bool(c >= 0);
        case OX_EQ: return num_bool(c == 0);
        default: return num_bool(c != 0);
        }
    }
    default:
        return BAD;             /* OX_BATCH and points: not known before the run */
    }
#undef A
#undef B
}

bool op_static(const struct op_bind *b, const struct types *t, u32 guard, bool training)
{
    return guard == 0 || is_true(op_size(b, t, guard, training));
}

static i64 whole(const struct op_bind *b, const struct types *t, u32 ox)
{
    i64 v;
    struct num n = op_size(b, t, ox, false);
    if (bad(n) || !num_is_int(n, &v))
        BUG("extent of a bound op is not a whole number");
    return v;
}

static i64 axis_size(const struct op_bind *b, const struct types *t, const struct oaxis *x)
{
    switch ((enum oaxis_kind)x->kind) {
    case OAXIS_BIND: {
        i64 v;
        CHECK(num_is_int(b->slot[x->slot].v, &v));
        return v;
    }
    case OAXIS_EXPR:
        return whole(b, t, x->ox);
    case OAXIS_FOLD: {
        i64 v = 1;
        for (u32 i = 0; i < x->nfactor; i++)
            if (__builtin_mul_overflow(v, axis_size(b, t, &x->factor[i]), &v))
                BUG("a bound extent overflows");
        return v;
    }
    case OAXIS_ANY: case OAXIS_RUN:
        break;
    }
    BUG("this axis has no size of its own");
}

u32 op_extents(const struct op_bind *b, const struct types *t, u32 tensor, i64 *extent)
{
    const struct otensor *x = &b->op->tensor.at[tensor];
    u32 n = 0;
    /* What is bound to an interned type is read from it. */
    if (x->role == OT_OUT) {
        const struct type *y = type_get(t, b->out[tensor - b->op->nin]);
        for (; n < y->rank; n++)
            extent[n] = axis_extent(t, y->axis[n]);
        return n;
    }
    for (u32 i = 0; i < x->type.n; i++) {
        const struct oaxis *ax = &x->type.axis[i];
        if (ax->kind == OAXIS_RUN)
            for (u32 k = 0; k < b->run; k++)
                extent[n++] = axis_extent(t, b->run_axis[k]);
        else
            extent[n++] = axis_size(b, t, ax) + (x->iter_axis == i + 1);
    }
    return n;
}

bool ox_is_size(const struct op *op, u32 ox)
{
    const struct ox *x = &op->ox.at[ox];
    switch ((enum ox_kind)x->kind) {
    case OX_NONE: case OX_CONST: case OX_SLOT: case OX_EXTENT_RUN: case OX_RANK_RUN: case OX_TRAINING:
        return true;
    case OX_ADD: case OX_SUB: case OX_MUL: case OX_DIV: case OX_MOD: case OX_NEG: case OX_FLOOR: case OX_SQRT:
    case OX_EXP: case OX_LOG: case OX_ABS: case OX_POW: case OX_MIN: case OX_MAX: case OX_LT: case OX_LE: case OX_GT:
    case OX_GE: case OX_EQ: case OX_NE: case OX_AND: case OX_OR: case OX_NOT: case OX_SELECT:
        return ox_is_size(op, x->a) && ox_is_size(op, x->b) && ox_is_size(op, x->c);
    default:
        return false;
    }
}

bool op_ox_equal(const struct op *op, u32 a, u32 b)
{
    if (a == b)
        return true;
    const struct ox *x = &op->ox.at[a], *y = &op->ox.at[b];
    if (x->kind != y->kind || x->u != y->u || x->nlist != y->nlist || !x->a != !y->a || !x->b != !y->b || !x->c != !y->c)
        return false;
    if (x->kind == OX_CONST)
        return x->num.kind == y->num.kind
               && (x->num.kind == NUM_REAL ? x->num.r == y->num.r : x->num.n == y->num.n && x->num.d == y->num.d);
    if ((x->a && !op_ox_equal(op, x->a, y->a)) || (x->b && !op_ox_equal(op, x->b, y->b)) || (x->c && !op_ox_equal(op, x->c, y->c)))
        return false;
    for (u32 i = 0; i < x->nlist; i++)
        if (!op_ox_equal(op, op->list.at[x->list + i], op->list.at[y->list + i]))
            return false;
    return true;
}

/* --- Size expressions as text -------------------------------------------------------------- */

static const struct { const char *text; u8 level; } infix[OX_KINDS] = {
    [OX_OR] = { " or ", 1 }, [OX_AND] = { " and ", 2 },
    [OX_LT] = { " < ", 4 }, [OX_LE] = { " <= ", 4 }, [OX_GT] = { " > ", 4 }, [OX_GE] = { " >= ", 4 },
    [OX_EQ] = { " == ", 4 }, [OX_NE] = { " != ", 4 },
    [OX_ADD] = { " + ", 5 }, [OX_SUB] = { " - ", 5 }, [OX_MUL] = { "*", 6 }, [OX_DIV] = { "/", 6 }, [OX_MOD] = { " % ", 6 },
};
static const char *const call_name[OX_KINDS] = {
    [OX_FLOOR] = "floor", [OX_SQRT] = "sqrt", [OX_EXP] = "exp", [OX_LOG] = "log", [OX_ABS] = "abs", [OX_POW] = "pow",
    [OX_MIN] = "min", [OX_MAX] = "max", [OX_SELECT] = "select",
};

static void size_text(struct buf *b, const struct op *op, u32 ox, u32 level)
{
    const struct ox *x = &op->ox.at[ox];
    if (infix[x->kind].text) {
        u32 own = infix[x->kind].level;
        if (own < level)
            buf_putc(b, '(');
        size_text(b, op, x->a, own == 4 ? 5 : own);
        buf_puts(b, infix[x->kind].text);
        size_text(b, op, x->b, own + 1);
        if (own < level)
            buf_putc(b, ')');
        return;
    }
    if (call_name[x->kind]) {
        buf_puts(b, call_name[x->kind]);
        const u32 arg[3] = { x->a, x->b, x->c };
        for (u32 i = 0; i < 3 && arg[i]; i++) {
            buf_puts(b, i ? ", " : "(");
            size_text(b, op, arg[i], 0);
        }
        buf_putc(b, ')');
        return;
    }
    switch ((enum ox_kind)x->kind) {
    case OX_CONST: num_print(b, x->num); break;
    case OX_SLOT: buf_puts(b, op->slot_name[x->u]); break;
    case OX_EXTENT_RUN: buf_puts(b, "extent(..)"); break;
    case OX_RANK_RUN: buf_puts(b, "rank(..)"); break;
    case OX_TRAINING: buf_puts(b, "training"); break;
    case OX_BATCH: buf_puts(b, "extent(batch)"); break;
    case OX_INDEX: buf_puts(b, op->index.at[x->u].name); break;
    case OX_RUN: buf_puts(b, ".."); break;
    case OX_LAST: buf_printf(b, "last(%s)", op->index.at[x->u].name); break;
    case OX_NEG:
        buf_putc(b, '-');
        size_text(b, op, x->a, 7);
        break;
    case OX_NOT:
        buf_puts(b, "not ");
        size_text(b, op, x->a, 3);
        break;
    case OX_READ: {
        buf_puts(b, op->tensor.at[x->u].name);
        for (u32 i = 0; i < x->nlist; i++) {
            buf_puts(b, i ? ", " : "[");
            size_text(b, op, op->list.at[x->list + i], 0);
        }
        if (x->nlist)
            buf_putc(b, ']');
        break;
    }
    case OX_FOLDIDX:
        for (u32 i = 0; i < x->nlist; i++) {
            buf_putc(b, i ? ' ' : '(');
            size_text(b, op, op->list.at[x->list + i], 7);
        }
        buf_putc(b, ')');
        break;
    default:
        buf_puts(b, "...");
    }
}

void op_size_print(struct buf *b, const struct op *op, u32 ox)
{
    size_text(b, op, ox, 0);
}
