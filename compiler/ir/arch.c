/* arch.c - the typed graph: types of its values, and what must hold in it. */
#include "compiler/ir/arch.h"

type_id arch_val_type(const struct afn *f, aval v)
{
    if (v < f->nparam)
        return f->param[v];
    CHECK(v < f->nval);
    u32 lo = 0, hi = f->node.n;         /* the last node whose out0 <= v */
    while (hi - lo > 1) {
        u32 mid = (lo + hi) / 2;
        if (f->node.at[mid].out0 <= v)
            lo = mid;
        else
            hi = mid;
    }
    /* Nodes without outputs share their successor's out0. */
    while (f->node.at[lo].out0 + f->node.at[lo].nout <= v)
        lo++;
    return f->node.at[lo].out[v - f->node.at[lo].out0];
}

type_id arch_lead(struct types *t, type_id id, i64 n)
{
    const struct type *ty = type_get(t, id);
    axis_id ax[33];
    CHECK(ty->rank < 32);
    ax[0] = axis_plain(t, n);
    memcpy(ax + 1, ty->axis, ty->rank * sizeof(*ax));
    return type_make(t, ty->dtype, ty->rank + 1, ax);
}

type_id arch_unlead(struct types *t, type_id id, i64 n)
{
    const struct type *ty = type_get(t, id);
    if (ty->rank == 0 || axis_extent(t, ty->axis[0]) != n)
        return 0;
    return type_make(t, ty->dtype, ty->rank - 1, ty->axis + 1);
}

#define BAD(...) do { buf_printf(why, "function %u (%s), node %u: ", fi, f->name, i); buf_printf(why, __VA_ARGS__); return false; } while (0)

static bool verify_node(const struct arch *a, u32 fi, u32 i, u32 defined, struct buf *why)
{
    const struct afn *f = &a->fn.at[fi];
    const struct anode *n = &f->node.at[i];
    if (n->out0 != defined)
        BAD("its first output is value %u, expected %u", n->out0, defined);
    for (u32 k = 0; k < n->nin; k++)
        if (n->in[k] >= defined)
            BAD("input %u reads value %u before it is defined", k, n->in[k]);
    for (u32 k = 0; k < n->nout; k++)
        if (!n->out[k])
            BAD("output %u has no type", k);
    if (!n->label || !*n->label)
        BAD("no label");
    if (n->tie && n->kind != ANODE_CALL)
        BAD("only calls can be tied");
    if (n->kind == ANODE_OP) {
        if (!n->op || n->n != 1)
            BAD("an op instance without an op, or with a count");
        if (n->nin != n->op->op->nin || n->nout != n->op->op->nout)
            BAD("%s takes %u and gives %u values, not %u and %u", n->op->op->name, n->op->op->nin, n->op->op->nout, n->nin, n->nout);
        for (u32 k = 0; k < n->nout; k++)
            if (n->out[k] != n->op->out[k])
                BAD("output %u has not the type of its op", k);
        return true;
    }
    if (n->fn >= fi)
        BAD("calls function %u: callees come first", n->fn);
    const struct afn *g = &a->fn.at[n->fn];
    if (n->nin != g->nparam || n->nout != g->nout)
        BAD("function %u takes %u and gives %u values, not %u and %u", n->fn, g->nparam, g->nout, n->nin, n->nout);
    if (n->n == 0 || (n->kind == ANODE_CALL && n->n != 1))
        BAD("a count of %llu", (unsigned long long)n->n);
    for (u32 k = 0; k < n->nin; k++) {
        type_id t = arch_val_type(f, n->in[k]);
        if (n->kind == ANODE_REP && n->spread && n->spread[k])
            t = arch_unlead(a->types, t, (i64)n->n);
        if (t != g->param[k])
            BAD("input %u has not the type of the parameter", k);
        if (n->kind == ANODE_LOOP && (k >= g->nout || arch_val_type(g, g->out[k]) != g->param[k]))
            BAD("value %u is not carried at one type", k);
    }
    if (n->kind == ANODE_LOOP && g->nout != g->nparam)
        BAD("a loop gives what it takes");
    for (u32 k = 0; k < n->nout; k++) {
        type_id t = arch_val_type(g, g->out[k]);
        if (n->kind == ANODE_REP)
            t = arch_lead(a->types, t, (i64)n->n);
        if (t != n->out[k])
            BAD("output %u has not the type of the function's", k);
    }
    return true;
}

bool arch_verify(const struct arch *a, struct buf *why)
{
    if (!a->fn.n) {
        buf_puts(why, "no functions");
        return false;
    }
    for (u32 fi = 0; fi < a->fn.n; fi++) {
        const struct afn *f = &a->fn.at[fi];
        u32 defined = f->nparam;
        for (u32 i = 0; i < f->node.n; i++) {
            if (!verify_node(a, fi, i, defined, why))
                return false;
            for (u32 k = 0; k < i; k++)
                if (f->node.n < 256 && strcmp(f->node.at[k].label, f->node.at[i].label) == 0)
                    BAD("label \"%s\" is taken by node %u", f->node.at[i].label, k);
            defined += f->node.at[i].nout;
        }
        if (defined != f->nval) {
            buf_printf(why, "function %u (%s): %u values, expected %u", fi, f->name, f->nval, defined);
            return false;
        }
        for (u32 k = 0; k < f->nout; k++)
            if (f->out[k] >= defined) {
                buf_printf(why, "function %u (%s): output %u is value %u of %u", fi, f->name, k, f->out[k], defined);
                return false;
            }
    }
    return true;
}
