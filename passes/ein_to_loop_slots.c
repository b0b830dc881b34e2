/* ein_to_loop_slots.c - small differences between equations that need not be differences between kernels.
 *
 * In: an equation.  Out: the same with some numbers as slots, which come to the kernel as the bits of a symbol: a
 * sum with and without a relu after it is one kernel, whose floor is 0 or minus infinity; so is a map a * x + b * y for all
 * a and b.  Nothing is reassociated.  Only where a slot costs nothing: nothing is done to what a reduction reads. */
#include "passes/lower.h"

/* acc * number as acc * slot, wherever the sum is used once. */
static ein_node slot_scale(struct lower *L, ein_node x)
{
    struct cascade *c = L->c;
    struct ein_x y = c->node.at[x];
    if (y.kind == EIN_MUL && c->node.at[y.a].kind == EIN_ACC && c->node.at[y.b].kind == EIN_NUM)
        return ein_op2(c, EIN_MUL, y.a, ein_make(c, (struct ein_x){ .kind = EIN_ARG, .u = lower_slot(L, c->node.at[y.b].r) }, 0, NULL));
    if (y.kind != EIN_ADD && y.kind != EIN_MAX)
        return x;
    ein_node a = slot_scale(L, y.a);
    return a == y.a ? x : ein_op2(c, (enum ein_kind)y.kind, a, y.b);
}

/* max(x, 0) as max(slot, x); anything else gets a slot that changes nothing. */
static ein_node floored(struct lower *L, ein_node x)
{
    struct cascade *c = L->c;
    struct ein_x y = c->node.at[x];
    double v = -__builtin_inf();
    for (u32 side = 0; side < 2 && y.kind == EIN_MAX; side++) {
        const struct ein_x *k = &c->node.at[side ? y.a : y.b];
        if (k->kind == EIN_NUM && k->r == 0) {
            v = 0;
            x = side ? y.b : y.a;
            break;
        }
    }
    ein_node slot = ein_make(c, (struct ein_x){ .kind = EIN_ARG, .u = lower_slot(L, v) }, 0, NULL);
    return ein_op2(c, EIN_MAX, slot, x);        /* in this order a NaN of x stays */
}

/* T or T * number, as T * slot. */
static bool weighed(struct lower *L, ein_node x, ein_node *read, double *k)
{
    struct cascade *c = L->c;
    struct ein_x y = c->node.at[x];
    *k = 1;
    *read = x;
    if (y.kind == EIN_MUL && c->node.at[y.b].kind == EIN_NUM) {
        *k = c->node.at[y.b].r;
        *read = y.a;
    }
    return c->node.at[*read].kind == EIN_READ && c->tens.at[c->node.at[*read].u].dtype == DT_F32;
}

/* Sums of two tensors with numbers before them, and a relu: one kernel. */
static void sum_of_two(struct lower *L, struct ein_eq *e)
{
    struct cascade *c = L->c;
    struct ein_x y = c->node.at[e->body[0]];
    bool relu = y.kind == EIN_MAX && c->node.at[y.b].kind == EIN_NUM && c->node.at[y.b].r == 0;
    ein_node x = relu ? y.a : e->body[0], read[2];
    struct ein_x s = c->node.at[x];
    double k[2];
    u32 n = s.kind == EIN_ADD ? 2 : 1;
    if (!weighed(L, n == 2 ? s.a : x, &read[0], &k[0]) || (n == 2 && !weighed(L, s.b, &read[1], &k[1])) || (n == 1 && x == read[0]))
        return;
    ein_node sum = 0;
    for (u32 i = 0; i < n; i++) {
        ein_node t = ein_op2(c, EIN_MUL, read[i], ein_make(c, (struct ein_x){ .kind = EIN_ARG, .u = lower_slot(L, k[i]) }, 0, NULL));
        sum = sum ? ein_op2(c, EIN_ADD, sum, t) : t;
    }
    if (relu)
        sum = ein_op2(c, EIN_MAX, sum, ein_num(c, 0));
    ein_node *body = NEW(L->a, ein_node);
    body[0] = floored(L, sum);
    e->body = body;
}

void lower_floors(struct lower *L, struct ein_eq *e)
{
    struct cascade *c = L->c;
    if (e->red == RED_NONE && e->nbody == 1 && e->phase == EIN_PHASE_RUN && e->acc == DT_F32 && !L->o->strict && !e->as_written && !e->guard)
        sum_of_two(L, e);
    if (e->red != RED_ADD || e->nbody != 1 || L->o->strict || e->as_written || e->acc != DT_F32)
        return;
    struct ein_x y = c->node.at[e->body[0]];
    if (y.kind != EIN_MUL && y.kind != EIN_READ)
        return;
    if (e->post)
        e->post = floored(L, slot_scale(L, e->post));
}
