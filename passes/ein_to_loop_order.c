/* ein_to_loop_order.c - sums in an epilogue in one order, so that equal kernels are written equally.
 *
 * In: an epilogue.  Out: the same sum of the same terms: the one with the reduction's result first, then by shape, not by
 * tensor or by how the network nested it.  x + (s * acc + t), (s * acc + t) + x: one kernel.  Reassociates, so
 * not for strict arithmetic. */
#include "passes/lower.h"

enum { TERMS = 16, STEPS = 2000 };      /* beyond these an epilogue stays as it is: shared parts may unfold without end */

struct order { struct cascade *c; ein_nodes all; bool *acc; struct idmap at; u32 steps; };

static bool has_acc(const struct order *o, ein_node x)
{
    u32 at = idmap_home(&o->at, x), id = x ? idmap_find(&o->at, x, &at) : 0;
    return id && o->acc[id - 1];
}

/* By what they say, tensors apart. */
static int compare(struct order *o, ein_node x, ein_node y)
{
    if (x == y || o->steps >= STEPS)
        return 0;
    o->steps++;
    if (!x || !y)
        return x ? 1 : -1;
    const struct cascade *c = o->c;
    const struct ein_x *a = &c->node.at[x], *b = &c->node.at[y];
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    bool read = a->kind == EIN_READ || a->kind == EIN_GATHER;
    if (!read && a->u != b->u)
        return a->u < b->u ? -1 : 1;
    if (a->i != b->i)
        return a->i < b->i ? -1 : 1;
    if (a->r != b->r)
        return a->r < b->r ? -1 : 1;
    if (a->nlist != b->nlist)
        return a->nlist > b->nlist ? -1 : 1;        /* whole tensors before vectors */
    int r = compare(o, a->a, b->a);
    if (!r)
        r = compare(o, a->b, b->b);
    if (!r)
        r = compare(o, a->c, b->c);
    for (u32 i = 0; !r && i < a->nlist; i++)
        r = compare(o, c->list.at[a->list + i], c->list.at[b->list + i]);
    return r;
}

static bool terms(const struct order *o, ein_node x, ein_node *out, u32 *n)
{
    const struct ein_x *y = &o->c->node.at[x];
    if (y->kind == EIN_ADD)
        return terms(o, y->a, out, n) && terms(o, y->b, out, n);
    if (*n == TERMS)
        return false;
    out[(*n)++] = x;
    return true;
}

static ein_node rewrite(struct order *o, ein_node x)
{
    struct cascade *c = o->c;
    struct ein_x y = c->node.at[x];
    if (!has_acc(o, x) || y.kind == EIN_ACC || y.kind == EIN_SELECT || o->steps++ >= STEPS)
        return x;
    if (y.kind != EIN_ADD) {
        ein_node a = rewrite(o, y.a), b = y.b ? rewrite(o, y.b) : 0;
        if (a == y.a && b == y.b)
            return x;
        return y.b ? ein_op2(c, (enum ein_kind)y.kind, a, b) : y.kind == EIN_CAST ? ein_cast(c, a, (enum dtype)y.u) : ein_op1(c, (enum ein_kind)y.kind, a);
    }
    ein_node t[TERMS];
    bool acc[TERMS];
    u32 n = 0;
    if (!terms(o, x, t, &n))
        return x;
    for (u32 i = 0; i < n; i++) {
        acc[i] = has_acc(o, t[i]);
        t[i] = rewrite(o, t[i]);
    }
    for (u32 i = 1; i < n; i++)
        for (u32 k = i; k && (acc[k] > acc[k - 1] || (acc[k] == acc[k - 1] && compare(o, t[k], t[k - 1]) < 0)); k--) {
            ein_node s = t[k];
            t[k] = t[k - 1];
            t[k - 1] = s;
            bool b = acc[k];
            acc[k] = acc[k - 1];
            acc[k - 1] = b;
        }
    ein_node sum = t[0];
    for (u32 i = 1; i < n; i++)
        sum = ein_op2(c, EIN_ADD, sum, t[i]);
    return sum;
}

ein_node lower_order(struct arena *a, struct cascade *c, ein_node x)
{
    struct order o = { .c = c };
    ein_reach(a, c, x, &o.all);
    o.acc = NEW_ARRAY(a, bool, o.all.n);
    for (u32 i = 0; i < o.all.n; i++) {
        const struct ein_x *y = &c->node.at[o.all.at[i]];
        idmap_put(a, &o.at, o.all.at[i], i + 1);
        o.acc[i] = y->kind == EIN_ACC || has_acc(&o, y->a) || has_acc(&o, y->b) || has_acc(&o, y->c);
    }
    return rewrite(&o, x);
}
