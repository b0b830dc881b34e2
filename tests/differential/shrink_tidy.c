/* shrink_tidy.c - a cascade with nothing that is not needed: tensors, axes of one element, ranks of one round.
 *
 * In: any cascade whose arrays are well formed, some of its equations marked as gone (nout 0).  Out: a copy: what no equation mentions is left
 * out, tensors that nothing writes are inputs (with the batch) or parameters, intermediates that nobody reads are outputs, casts to the same dtype are
 * gone, parameters are numbered anew, reads that cannot be proven in range have a pad. */
#include "tests/differential/shrink.h"

enum { AXES = 64 };
struct tidy { const struct cascade *from; struct cascade *to; struct arena *a; u32 *tens; ein_node *node; const struct ein_eq *e; };

static ein_node copy(struct tidy *t, ein_node x)
{
    if (!x)
        return 0;
    if (t->node[x])
        return t->node[x];
    struct ein_x y = t->from->node.at[x];
    ein_node list[AXES], r;
    u32 n = MIN(y.nlist, (u32)AXES), list_at = y.list;
    for (u32 i = 0; i < n; i++)
        list[i] = copy(t, t->from->list.at[list_at + i]);
    ein_node a = copy(t, y.a), b = copy(t, y.b), c = copy(t, y.c);
    switch (y.kind) {
    case EIN_INT: r = ein_int(t->to, y.i); break;
    case EIN_NUM: r = ein_num(t->to, y.r); break;
    case EIN_RANK: r = ein_rank(t->to, y.u); break;
    case EIN_IADD: r = ein_iadd(t->to, a, b); break;
    case EIN_IMUL: r = ein_imul(t->to, a, t->from->node.at[y.b].i); break;
    case EIN_IDIV: r = ein_idiv(t->to, a, t->from->node.at[y.b].i); break;
    case EIN_IMOD: r = ein_imod(t->to, a, t->from->node.at[y.b].i); break;
    case EIN_READ: r = ein_read(t->to, t->tens[y.u] - 1, n, list, a); break;
    case EIN_CAST:
        r = ein_dtype(t->from, t->e, y.a) == (int)y.u ? a : ein_cast(t->to, a, (enum dtype)y.u);
        break;
    default:
        if (y.kind == EIN_GATHER)
            y.u = t->tens[y.u] - 1;
        r = ein_make(t->to, (struct ein_x){ .kind = y.kind, .u = y.u, .a = a, .b = b, .c = c, .i = y.i, .r = y.r }, n, list);
    }
    return t->node[x] = r;
}

static void mention(const struct cascade *c, struct arena *a, ein_node x, bool *used)
{
    ein_nodes all = { 0 };
    if (x)
        ein_reach(a, c, x, &all);
    for (u32 i = 0; i < all.n; i++) {
        const struct ein_x *y = &c->node.at[all.at[i]];
        if (y->kind == EIN_READ || y->kind == EIN_GATHER)
            used[y->u] = true;
    }
}

/* A pad for what is not proven: until nothing is. */
static void pads(struct cascade *c, struct arena *a)
{
    for (u32 e = 0; e < c->eq.n; e++) {
        for (u32 k = 0; k <= c->eq.at[e].nbody + 1; k++) {
            struct ein_eq *q = &c->eq.at[e];
            ein_node *root = k < q->nbody ? &q->body[k] : k == q->nbody ? &q->guard : &q->post;
            ein_nodes open = { 0 };
            if (*root)
                ein_open_reads(a, c, q, *root, &open);
            if (!open.n)
                continue;
            struct tidy t = { .from = c, .to = c, .a = a, .node = NEW_ARRAY(a, ein_node, c->node.n + 1), .tens = NEW_ARRAY(a, u32, c->tens.n), .e = q };
            for (u32 i = 0; i < c->tens.n; i++)
                t.tens[i] = i + 1;
            for (u32 i = 0; i < open.n; i++) {
                struct ein_x y = c->node.at[open.at[i]];
                ein_node sub[AXES];
                for (u32 d = 0; d < y.nlist; d++)
                    sub[d] = c->list.at[y.list + d];
                t.node[open.at[i]] = ein_read(c, y.u, y.nlist, sub, ein_num(c, 0));
            }
            ein_node now = copy(&t, *root);
            q = &c->eq.at[e];
            *(k < q->nbody ? &q->body[k] : k == q->nbody ? &q->guard : &q->post) = now;
        }
    }
}

struct cascade *shrink_tidy(struct arena *a, const struct cascade *c)
{
    struct arena *tmp = arena_new("tidy");
    struct tidy t = { .from = c, .to = cascade_new(a, c->sp, c->name), .a = tmp, .tens = NEW_ARRAY(tmp, u32, c->tens.n + 1) };
    bool *read = NEW_ARRAY(tmp, bool, c->tens.n + 1), *written = NEW_ARRAY(tmp, bool, c->tens.n + 1);
    for (u32 i = 0; i < c->eq.n; i++) {
        const struct ein_eq *e = &c->eq.at[i];
        for (u32 k = 0; k < e->nout; k++)
            written[e->out[k]] = true;
        for (u32 k = 0; e->nout && k < e->nbody; k++)
            mention(c, tmp, e->body[k], read);
        if (e->nout) {
            mention(c, tmp, e->guard, read);
            mention(c, tmp, e->post, read);
        }
    }
    for (u32 i = 0; i < c->tens.n; i++)
        if (c->tens.at[i].role == EIN_NEXT && written[i])
            read[c->tens.at[i].of] = true;
    u32 number = 0;
    for (u32 i = 0; i < c->tens.n; i++) {
        struct ein_tens x = c->tens.at[i];
        if (!read[i] && !written[i])
            continue;
        if (!written[i] && (x.role == EIN_TEMP || x.role == EIN_OUT)) {
            x.role = x.ndim && x.dim[0] < 0 ? EIN_IN : EIN_PARAM;
            x.init = INIT_UNIFORM;
            x.init_arg[0] = dtype_is_float((enum dtype)x.dtype) ? -1 : 0;
            x.init_arg[1] = dtype_is_float((enum dtype)x.dtype) ? 1 : 6;
        }
        if (written[i] && !read[i] && x.role == EIN_TEMP)
            x.role = EIN_OUT;
        if (x.role == EIN_PARAM || x.role == EIN_STATE)
            x.number = number++;
        if (x.role == EIN_NEXT)
            x.of = t.tens[x.of] - 1;
        t.tens[i] = 1 + cascade_tens(t.to, x);
    }
    for (u32 i = 0; i < c->eq.n; i++) {
        struct ein_eq e = c->eq.at[i];
        if (!e.nout)
            continue;
        t.node = NEW_ARRAY(tmp, ein_node, c->node.n + 1);
        t.e = &c->eq.at[i];
        u32 *out = NEW_ARRAY(tmp, u32, e.nout);
        ein_node *sub = NEW_ARRAY(tmp, ein_node, e.nsub + 1), *body = NEW_ARRAY(tmp, ein_node, e.nbody + 1);
        for (u32 k = 0; k < e.nout; k++)
            out[k] = t.tens[e.out[k]] - 1;
        for (u32 k = 0; k < e.nsub; k++)
            sub[k] = copy(&t, e.sub[k]);
        for (u32 k = 0; k < e.nbody; k++)
            body[k] = copy(&t, e.body[k]);
        if (e.red == RED_USER) {
            const struct ein_monoid *m = &c->monoid.at[e.monoid];
            u32 k = 0;
            while (k < t.to->monoid.n && t.to->monoid.at[k].name != m->name)
                k++;
            if (k == t.to->monoid.n) {
                struct ein_monoid n = { m->name, m->nstate, m->nlift, NEW_ARRAY(a, ein_node, m->nstate), NEW_ARRAY(a, ein_node, m->nstate), NEW_ARRAY(a, ein_node, m->nstate) };
                for (u32 s = 0; s < m->nstate; s++) {
                    n.zero[s] = copy(&t, m->zero[s]);
                    n.lift[s] = copy(&t, m->lift[s]);
                    n.merge[s] = copy(&t, m->merge[s]);
                }
                vec_push(a, &t.to->monoid, n);
            }
            e.monoid = k;
        }
        e.out = out;
        e.sub = sub;
        e.body = body;
        e.guard = copy(&t, e.guard);
        e.post = copy(&t, e.post);
        cascade_eq(t.to, e);
    }
    for (u32 i = 0; i < t.to->tens.n; i++)
        t.to->training |= t.to->tens.at[i].role == EIN_NEXT;
    pads(t.to, tmp);
    ein_phases(t.to);
    arena_free(tmp);
    return t.to;
}
