/* op_fact.c - what can be proved of a finished op by looking at its equations.
 *
 * Real-number semantics with finite parameters: 0 times anything is 0.  Every fact holds for all
 * attributes and types; where the proof does not go through, the fact is not claimed. */
#include "grammar/op_build.h"

/* --- Data movement ---------------------------------------------------------------------------- */

static bool index_only(const struct op *op, u32 ox)
{
    const struct ox *x = &op->ox.at[ox];
    if (x->kind == OX_READ || x->kind == OX_BATCH)
        return false;
    return (!x->a || index_only(op, x->a)) && (!x->b || index_only(op, x->b)) && (!x->c || index_only(op, x->c));
}

/* One input element (or moved intermediate), or a constant; *reads: some branch reads. */
static bool moves(const struct op *op, u32 ox, const bool *moved, bool *reads)
{
    const struct ox *x = &op->ox.at[ox];
    switch ((enum ox_kind)x->kind) {
    case OX_CONST: case OX_SLOT:
        return true;
    case OX_SELECT:
        return index_only(op, x->a) && moves(op, x->b, moved, reads) && moves(op, x->c, moved, reads);
    case OX_READ:
        for (u32 i = 0; i < x->nlist; i++)
            if (!index_only(op, op->list.at[x->list + i]))
                return false;
        *reads = true;
        return op->tensor.at[x->u].role == OT_IN || moved[x->u];
    default:
        return false;
    }
}

static bool data_movement(struct arena *a, const struct op *op)
{
    bool *moved = NEW_ARRAY(a, bool, op->tensor.n + 1), reads = false;
    for (u32 i = 0; i < op->eq.n; i++) {
        const struct oeq *q = &op->eq.at[i];
        if (q->red != RED_NONE || q->iter || q->init || q->next || !q->rhs || q->where)
            return false;
        if (!moves(op, q->rhs, moved, &reads))
            return false;
        moved[q->lhs] = true;
    }
    return reads;
}

static bool same_axis(const struct op *op, const struct oaxis *a, const struct oaxis *b)
{
    u32 sa = UINT32_MAX, sb = UINT32_MAX;
    if (a->kind == OAXIS_RUN || b->kind == OAXIS_RUN)
        return a->kind == b->kind;
    if (a->kind == OAXIS_FOLD || b->kind == OAXIS_FOLD) {
        if (a->kind != b->kind || a->nfactor != b->nfactor)
            return false;
        for (u32 i = 0; i < a->nfactor; i++)
            if (!same_axis(op, &a->factor[i], &b->factor[i]))
                return false;
        return true;
    }
    if (a->kind == OAXIS_BIND)
        sa = a->slot;
    else if (op->ox.at[a->ox].kind == OX_SLOT)
        sa = op->ox.at[a->ox].u;
    if (b->kind == OAXIS_BIND)
        sb = b->slot;
    else if (op->ox.at[b->ox].kind == OX_SLOT)
        sb = op->ox.at[b->ox].u;
    if (sa != UINT32_MAX || sb != UINT32_MAX)
        return sa == sb;
    return op_ox_equal(op, a->ox, b->ox);
}

static bool same_type(const struct op *op, const struct otype *a, const struct otype *b)
{
    bool ok = a->dtype == b->dtype && a->n == b->n;
    for (u32 i = 0; i < a->n && ok; i++)
        ok = same_axis(op, &a->axis[i], &b->axis[i]);
    return ok;
}

/* The left side is plain indices, each once. */
static bool left_plain(const struct op *op, const struct oeq *q)
{
    for (u32 i = 0; i < q->nsub; i++) {
        const struct ox *x = &op->ox.at[op->list.at[q->sub + i]];
        if (x->kind != OX_INDEX && x->kind != OX_RUN && x->kind != OX_FOLDIDX)
            return false;
        for (u32 k = 0; k < i; k++)
            if (op_ox_equal(op, op->list.at[q->sub + i], op->list.at[q->sub + k]))
                return false;
    }
    return true;
}

static bool same_subscripts(const struct op *op, const struct oeq *q, const struct ox *read)
{
    if (read->nlist != q->nsub)
        return false;
    for (u32 i = 0; i < q->nsub; i++)
        if (!op_ox_equal(op, op->list.at[q->sub + i], op->list.at[read->list + i]))
            return false;
    return true;
}

static bool identity(const struct op *op)
{
    if (op->eq.n != 1 || op->nin != 1 || op->nout != 1 || op->eq.at[0].where || op->eq.at[0].guard)
        return false;
    const struct oeq *q = &op->eq.at[0];
    const struct ox *r = &op->ox.at[q->rhs];
    return r->kind == OX_READ && !r->a && q->red == RED_NONE && left_plain(op, q) && same_subscripts(op, q, r)
           && same_type(op, &op->tensor.at[0].type, &op->tensor.at[1].type);
}

/* Every input and intermediate is read at the point that is written. */
static bool pointwise(const struct op *op, const struct oeq *q, u32 ox)
{
    const struct ox *x = &op->ox.at[ox];
    if (x->kind == OX_READ && op->tensor.at[x->u].role != OT_PARAM && op->tensor.at[x->u].role != OT_STATE
        && op->tensor.at[x->u].role != OT_CONST && (x->a || !same_subscripts(op, q, x)))
        return false;
    return (!x->a || pointwise(op, q, x->a)) && (!x->b || pointwise(op, q, x->b)) && (!x->c || pointwise(op, q, x->c));
}

static bool elementwise(const struct op *op)
{
    for (u32 i = 0; i < op->eq.n; i++) {
        const struct oeq *q = &op->eq.at[i];
        if (q->red != RED_NONE || q->iter || q->init || q->where || q->next || !left_plain(op, q) || !pointwise(op, q, q->rhs))
            return false;
    }
    for (u32 i = 0; i < op->nin; i++)
        if (!same_type(op, &op->tensor.at[i].type, &op->tensor.at[op->nin].type))
            return false;
    return op->nout == 1;
}

/* --- Commutative: the body with its two inputs exchanged is the same body ------------------------ */

static u32 swapped(const struct op *op, u32 tensor, bool swap)
{
    return swap && op->nin == 2 && tensor < 2 ? 1 - tensor : tensor;
}

static bool commutes(u8 kind)
{
    return kind == OX_ADD || kind == OX_MUL || kind == OX_MIN || kind == OX_MAX || kind == OX_EQ || kind == OX_NE || kind == OX_AND || kind == OX_OR;
}

static bool same_swapped(const struct op *op, u32 a, u32 b)
{
    if (!a || !b)
        return a == b;
    const struct ox *x = &op->ox.at[a], *y = &op->ox.at[b];
    if (x->kind != y->kind || x->nlist != y->nlist)
        return false;
    if (x->kind == OX_READ ? swapped(op, x->u, true) != y->u : x->u != y->u)
        return false;
    if (x->kind == OX_CONST)
        return op_ox_equal(op, a, b);
    for (u32 i = 0; i < x->nlist; i++)
        if (!same_swapped(op, op->list.at[x->list + i], op->list.at[y->list + i]))
            return false;
    if (same_swapped(op, x->a, y->a) && same_swapped(op, x->b, y->b) && same_swapped(op, x->c, y->c))
        return true;
    return commutes(x->kind) && same_swapped(op, x->a, y->b) && same_swapped(op, x->b, y->a);
}

static bool commutative(const struct op *op)
{
    if (op->nin != 2 || !same_type(op, &op->tensor.at[0].type, &op->tensor.at[1].type))
        return false;
    for (u32 i = 0; i < op->nwhere; i++)        /* conditions are on sizes, which both share */
        if (op->where[i].def)
            continue;
    for (u32 i = 0; i < op->eq.n; i++) {
        const struct oeq *q = &op->eq.at[i];
        if (q->red == RED_USER || !q->rhs || !same_swapped(op, q->rhs, q->rhs))
            return false;
    }
    return true;
}

/* --- Zero stays zero ------------------------------------------------------------------------------ */

struct val { bool known; struct num v; };       /* a value that is the same at every point */

static const struct val ANY = { false, { NUM_BAD, 0, 0, 0 } };

static struct val known(struct num v)
{
    return v.kind == NUM_BAD ? ANY : (struct val){ true, v };
}

static bool is_zero(struct val v)
{
    return v.known && num_cmp(v.v, num_int(0)) == 0;
}

static struct val value(const struct op *op, u32 ox, const struct val *tensor)
{
    const struct ox *x = &op->ox.at[ox];
    const struct val zero = known(num_int(0));
    struct val a = x->a && x->kind != OX_READ ? value(op, x->a, tensor) : ANY, b = x->b ? value(op, x->b, tensor) : ANY;
    switch ((enum ox_kind)x->kind) {
    case OX_CONST: return known(x->num);
    case OX_READ: {
        struct val v = tensor[x->u];
        if (!v.known || !x->a)
            return v;
        struct val c = value(op, x->a, tensor);
        return c.known && num_cmp(c.v, v.v) == 0 ? v : ANY;
    }
    case OX_ADD: return a.known && b.known ? known(num_add(a.v, b.v)) : ANY;
    case OX_SUB: return a.known && b.known ? known(num_sub(a.v, b.v)) : ANY;
    case OX_MUL: return is_zero(a) || is_zero(b) ? zero : a.known && b.known ? known(num_mul(a.v, b.v)) : ANY;
    case OX_DIV: return is_zero(a) ? zero : a.known && b.known ? known(num_div(a.v, b.v)) : ANY;
    case OX_NEG: return a.known ? known(num_neg(a.v)) : ANY;
    case OX_ABS: return a.known ? known(num_abs(a.v)) : ANY;
    case OX_FLOOR: return a.known ? known(num_floor(a.v)) : ANY;
    case OX_SQRT: case OX_TANH: case OX_ERF: case OX_SIN: case OX_SIGN: return is_zero(a) ? zero : ANY;
    case OX_EXP: case OX_COS: return is_zero(a) ? known(num_int(1)) : ANY;
    case OX_LOG: return a.known && num_cmp(a.v, num_int(1)) == 0 ? zero : ANY;
    case OX_SIGMOID: return is_zero(a) ? known(num_rat(1, 2)) : ANY;
    case OX_MIN: case OX_MAX:
        if (!a.known || !b.known)
            return ANY;
        return (num_cmp(a.v, b.v) <= 0) == (x->kind == OX_MIN) ? a : b;
    case OX_LT: case OX_LE: case OX_GT: case OX_GE: case OX_EQ: case OX_NE: {
        if (!a.known || !b.known)
            return ANY;
        int c = num_cmp(a.v, b.v);
        bool r = x->kind == OX_LT ? c < 0 : x->kind == OX_LE ? c <= 0 : x->kind == OX_GT ? c > 0 : x->kind == OX_GE ? c >= 0 : x->kind == OX_EQ ? c == 0 : c != 0;
        return known(num_int(r));
    }
    case OX_SELECT: {
        struct val c = value(op, x->c, tensor);
        if (a.known)
            return is_zero(a) ? c : b;
        return b.known && c.known && num_cmp(b.v, c.v) == 0 ? b : ANY;
    }
    default:
        return ANY;
    }
}

/* The value of all outputs when input i is all zeros; intermediates start unknown, a recurrence is
 * assumed to keep its first value and checked. */
static bool zero_to_zero(struct arena *a, const struct op *op, u32 input)
{
    struct val *t = NEW_ARRAY(a, struct val, op->tensor.n + 1);
    bool *set = NEW_ARRAY(a, bool, op->tensor.n + 1);
    t[input] = known(num_int(0));
    for (bool more = true; more;) {
        more = false;
        for (u32 i = 0; i < op->eq.n; i++) {
            const struct oeq *q = &op->eq.at[i];
            if (q->next)
                continue;
            struct val v = q->rhs ? value(op, q->rhs, t) : ANY;
            if (q->red == RED_USER || q->red == RED_ARGMAX || q->red == RED_ARGMIN || q->where)
                v = q->red == RED_ADD && is_zero(v) ? v : ANY;
            else if (q->red == RED_ADD && !is_zero(v))
                v = ANY;
            else if (q->red == RED_MUL && v.known && !is_zero(v) && num_cmp(v.v, num_int(1)) != 0)
                v = ANY;
            u32 parts = q->red == RED_USER ? op->monoid.at[q->monoid].nstate : 1;
            for (u32 k = 0; k < parts; k++) {
                u32 w = q->lhs + k;
                bool keep = set[w] && (!t[w].known || (v.known && num_cmp(v.v, t[w].v) == 0));
                if (!keep) {
                    t[w] = set[w] ? ANY : v;
                    more = true;
                }
                set[w] = true;
            }
        }
    }
    for (u32 i = 0; i < op->nout; i++)
        if (!is_zero(t[op->nin + i]))
            return false;
    return true;
}

void op_facts(struct arena *a, struct op *op)
{
    struct arena_mark mark = arena_mark(a);
    struct op_fact f = { 0 };
    f.data_movement = data_movement(a, op);
    f.identity = identity(op);
    f.elementwise = elementwise(op);
    f.commutative = commutative(op);
    for (u32 i = 0; i < op->index.n; i++)
        f.sees_batch |= op->index.at[i].batch;
    for (u32 i = 1; i < op->ox.n; i++)
        f.sees_batch |= op->ox.at[i].kind == OX_BATCH;
    for (u32 i = 0; i < op->nin && i < 32; i++)
        if (zero_to_zero(a, op, i))
            f.zero_to_zero |= 1u << i;
    op->fact = f;
    arena_reset(a, mark);
}
