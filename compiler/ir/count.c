/* count.c - parameters, multiply-adds and bytes of op instances and of whole architectures.
 *
 * Types alone decide, nothing is unrolled: a function is counted once and multiplied; what
 * calls share (tie) is handed up to the function whose `share` it is and counted there once. */
#include "compiler/ir/count.h"

enum { MAX_RANK = 32 };

static u128 elems(const struct op_bind *b, const struct types *t, u32 tensor)
{
    i64 extent[MAX_RANK];
    u128 n = 1;
    for (u32 i = 0, rank = op_extents(b, t, tensor, extent); i < rank; i++)
        n = count_mul(n, (u128)extent[i]);
    return n;
}

/* Which tensors an expression reads, as a set over at most 64 tensors (folded beyond). */
static u64 reads(const struct op *op, u32 ox)
{
    const struct ox *x = &op->ox.at[ox];
    u64 set = x->kind == OX_READ ? (u64)1 << (x->u % 64) : 0;
    if (x->kind != OX_READ && x->a)
        set |= reads(op, x->a);
    if (x->b)
        set |= reads(op, x->b);
    if (x->c)
        set |= reads(op, x->c);
    return set;
}

/* The factors of a product that read something, as sets: are there two that differ? */
static bool contracts(const struct op *op, u32 ox, u64 *first, bool *seen)
{
    const struct ox *x = &op->ox.at[ox];
    switch ((enum ox_kind)x->kind) {
    case OX_MUL:
        return contracts(op, x->a, first, seen) || contracts(op, x->b, first, seen);
    case OX_DIV: case OX_NEG:
        return contracts(op, x->a, first, seen);
    default: {
        u64 set = reads(op, ox);
        if (!set)
            return false;
        if (!*seen) {
            *first = set;
            *seen = true;
            return false;
        }
        return set != *first;
    }
    }
}

static u128 points(const struct op_bind *b, const struct types *t, const struct oeq *q)
{
    u128 n = 1;
    for (u32 i = 0; i < q->nix; i++) {
        const struct oindex *x = &b->op->index.at[b->op->list.at[q->ix + i]];
        i64 v = 1;
        if (x->run)
            for (u32 k = 0; k < b->run; k++)
                n = count_mul(n, (u128)axis_extent(t, b->run_axis[k]));
        else if (!x->batch && num_is_int(op_size(b, t, x->extent, false), &v))
            n = count_mul(n, (u128)v);
    }
    return n;
}

struct count count_op(const struct op_bind *b, const struct types *t)
{
    const struct op *op = b->op;
    struct count c = { .nodes = 1 };
    for (u32 i = 0; i < op->tensor.n; i++) {
        const struct otensor *x = &op->tensor.at[i];
        if (x->role != OT_IN && x->role != OT_OUT && x->role != OT_PARAM)
            continue;
        if (x->role == OT_PARAM && !op_static(b, t, x->guard, false) && !op_static(b, t, x->guard, true))
            continue;
        u128 n = elems(b, t, i);
        enum dtype d = x->role == OT_OUT ? type_get(t, b->out[i - op->nin])->dtype
                       : x->type.dtype >= 0 ? (enum dtype)x->type.dtype : b->dtvar[-1 - x->type.dtype];
        if (x->role == OT_PARAM)
            c.params = count_add(c.params, n);
        c.bytes = count_add(c.bytes, count_mul(n, dtype_bytes(d)));
    }
    for (u32 i = 0; i < op->eq.n; i++) {
        const struct oeq *q = &op->eq.at[i];
        u64 first = 0;
        bool seen = false;
        if (q->red == RED_ADD && op_static(b, t, q->guard, false) && contracts(op, q->rhs, &first, &seen))
            c.macs = count_add(c.macs, points(b, t, q));
    }
    return c;
}

u32 op_params(const struct op_bind *b, const struct types *t)
{
    u32 n = 0;
    for (u32 i = 0; i < b->op->tensor.n; i++) {
        const struct otensor *x = &b->op->tensor.at[i];
        n += (x->role == OT_PARAM || x->role == OT_STATE) && (op_static(b, t, x->guard, false) || op_static(b, t, x->guard, true));
    }
    return n;
}

struct count count_add_all(struct count a, struct count b)
{
    return (struct count){ count_add(a.params, b.params), count_add(a.macs, b.macs), MAX(a.bytes, b.bytes), count_add(a.nodes, b.nodes) };
}

/* --- A whole architecture ---------------------------------------------------------------------- */

/* A shared set of parameters on its way up to the function whose `share` it is. */
struct shared { u32 up, tie; u128 params; };
struct fn_count { struct count own; VEC(struct shared) shared; };

/* Once per (up, tie): up 0 is this function, where it counts; else it waits for the caller. */
static void share(struct arena *a, struct fn_count *f, u32 up, u32 tie, u128 params)
{
    for (u32 i = 0; i < f->shared.n; i++)
        if (f->shared.at[i].up == up && f->shared.at[i].tie == tie)
            return;
    vec_push(a, &f->shared, ((struct shared){ up, tie, params }));
    if (up == 0)
        f->own.params = count_add(f->own.params, params);
}

struct count count_arch(const struct arch *arch)
{
    struct arena *a = arena_new("count");
    struct fn_count *fn = NEW_ARRAY(a, struct fn_count, arch->fn.n + 1);
    for (u32 i = 0; i < arch->fn.n; i++) {
        const struct afn *f = &arch->fn.at[i];
        struct fn_count *c = &fn[i];
        for (u32 k = 0; k < f->node.n; k++) {
            const struct anode *x = &f->node.at[k];
            u128 n = x->kind == ANODE_REP || x->kind == ANODE_LOOP ? x->n : 1;
            struct count in;
            if (x->kind == ANODE_OP) {
                in = count_op(x->op, arch->types);
            } else {
                CHECK(x->fn < i);       /* callees come first */
                in = fn[x->fn].own;
                for (u32 s = 0; s < fn[x->fn].shared.n; s++) {
                    const struct shared *y = &fn[x->fn].shared.at[s];
                    if (y->up > 0)
                        share(a, c, y->up - 1, y->tie, y->params);
                }
            }
            if (x->tie) {
                share(a, c, x->tie_up, x->tie, count_mul(n, in.params));
                in.params = 0;
            }
            in.params = count_mul(n, in.params);
            in.macs = count_mul(n, in.macs);
            in.nodes = count_mul(n, in.nodes);
            if (x->kind == ANODE_REP)           /* the instances stand side by side */
                in.bytes = count_mul(n, in.bytes);
            c->own = count_add_all(c->own, in);
        }
    }
    struct count r = arch->fn.n ? fn[arch->fn.n - 1].own : (struct count){ 0 };
    arena_free(a);
    return r;
}
