/* op_fact.c - what can be seen of an op for all attributes and types, by looking at its equations: whether it only moves data, so that
 * it takes any dtype.  What is proved of an op once it is bound is passes/op_law.h. */
#include "grammar/op_build.h"

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

void op_facts(struct arena *a, struct op *op)
{
    struct arena_mark mark = arena_mark(a);
    op->fact.data_movement = data_movement(a, op);
    arena_reset(a, mark);
}
