/* ein_prologue.c - ein-prologue: what sums of products do to an operand before they multiply is done once.
 *
 * In: a fused cascade, in which cheap maps stand in the reductions that read them.  Out: where such a map would be worked out once per
 * output that reads the point, its values are a tensor, shared by all who want the same:
 *
 *     y[b,h,w,d] += max(x[b,h,w,c], 0) * k[d,c]       =>      r[b,h,w,c]  = max(x[b,h,w,c], 0)
 *                                                              y[b,h,w,d] += r[b,h,w,c] * k[d,c]
 *
 * Pads keep their places: r is read with what the map makes of x's pad. */
#include "passes/rewrite.h"

/* A launch more must be worth it: reads of an element, and points in all. */
enum { REUSE_LEAST = 16, POINTS_LEAST = 1 << 16, DIMS = 16 };
struct made { ein_node map; u32 tens; };
struct prologues { struct rewrite *w; VEC(struct made) made; };

/* The only read under x, if the rest are numbers and operations on them; 0 otherwise. */
static ein_node only_read(struct rewrite *w, ein_node x)
{
    struct cascade *c = w->c;
    ein_nodes all = { 0 };
    ein_node read = 0;
    ein_reach(w->a, c, x, &all);
    for (u32 i = 0; i < all.n; i++) {
        u8 kind = c->node.at[all.at[i]].kind;
        if (kind == EIN_READ && !read)
            read = all.at[i];
        else if (kind == EIN_READ || kind == EIN_GATHER || kind == EIN_OF_INT || kind == EIN_RAND || kind == EIN_ACC || kind == EIN_SYM ||
                 (kind >= EIN_LT && kind <= EIN_NE && ein_is_index(c, c->node.at[all.at[i]].a)))
            return 0;
    }
    return read;
}

/* Is each element of the tensor multiplied often, by other lanes? */
static bool reused(struct rewrite *w, const struct ein_eq *e, ein_node read)
{
    struct cascade *c = w->c;
    const struct ein_x *y = &c->node.at[read];
    const struct ein_tens *t = &c->tens.at[y->u];
    ein_nodes all = { 0 };
    u64 has = 0;
    double points = 1, elems = 1;
    bool broadcast = false;
    ein_reach(w->a, c, read, &all);
    for (u32 i = 0; i < all.n; i++)
        if (c->node.at[all.at[i]].kind == EIN_RANK)
            has |= (u64)1 << c->node.at[all.at[i]].u;
    for (u32 r = 0; r < e->nrank; r++) {
        points *= e->rank[r].ext < 0 ? 1 : (double)e->rank[r].ext;
        broadcast |= e->rank[r].kind == EIN_PAR && e->rank[r].ext > 1 && !(has >> r & 1);
    }
    for (u32 d = 0; d < t->ndim; d++)
        elems *= t->dim[d] < 0 ? 1 : (double)t->dim[d];
    return broadcast && points >= REUSE_LEAST * elems && points >= POINTS_LEAST;
}

/* The tensor of map(t), made in front of equation eq unless it is there. */
static u32 tensor_of(struct prologues *p, u32 eq, ein_node map, u32 from)
{
    struct rewrite *w = p->w;
    struct cascade *c = w->c;
    for (u32 i = 0; i < p->made.n; i++)
        if (p->made.at[i].map == map)
            return p->made.at[i].tens;
    struct ein_tens t = c->tens.at[from];
    struct ein_eq q = { .nout = 1, .nsub = t.ndim, .nrank = t.ndim, .red = RED_NONE, .acc = t.dtype, .nbody = 1, .phase = EIN_PHASE_RUN,
                        .prov = c->eq.at[eq].prov };
    q.rank = NEW_ARRAY(c->a, struct ein_rank, t.ndim);
    q.sub = NEW_ARRAY(c->a, ein_node, t.ndim);
    for (u32 d = 0; d < t.ndim; d++) {
        q.rank[d] = (struct ein_rank){ str_fmt(c->sp, "k%u", d), t.dim[d], EIN_PAR };
        q.sub[d] = ein_rank(c, d);
    }
    struct ein_tens u = { .name = str_fmt(c->sp, "%s.in", t.name), .role = EIN_TEMP, .dtype = t.dtype, .phase = EIN_PHASE_RUN, .ndim = t.ndim,
                          .dim = t.dim };
    q.out = NEW_ARRAY(c->a, u32, 1);
    q.out[0] = cascade_tens(c, u);
    q.body = arena_dup(c->a, &map, sizeof map);
    rw_before(w, eq, q);
    vec_push(w->a, &p->made, ((struct made){ map, q.out[0] }));
    return q.out[0];
}

static bool pull_out(struct prologues *p, u32 eq)
{
    struct rewrite *w = p->w;
    struct cascade *c = w->c;
    struct ein_eq e = c->eq.at[eq];
    if (e.red != RED_ADD || e.nbody != 1 || e.phase != EIN_PHASE_RUN || e.scan || e.guard || e.nrank > 60 || c->node.at[e.body[0]].kind != EIN_MUL)
        return false;
    for (u32 side = 0; side < 2; side++) {
        struct ein_x mul = c->node.at[e.body[0]];
        ein_node d = side ? mul.b : mul.a, read = only_read(w, d);
        if (!read || !reused(w, &e, read))
            continue;
        struct ein_x y = c->node.at[read];
        const struct ein_tens *t = &c->tens.at[y.u];
        if (read == d || rw_cost(w, d) == 0)
            continue;
        if (t->phase != EIN_PHASE_RUN || (t->role != EIN_TEMP && t->role != EIN_IN) || y.nlist > DIMS || t->dtype != e.acc)
            continue;
        ein_node own[DIMS], pad = 0, sub[DIMS];
        memcpy(sub, c->list.at + y.list, sizeof *sub * y.nlist);
        for (u32 k = 0; k < y.nlist; k++)
            own[k] = ein_rank(c, k);
        if (y.a) {
            double v;
            pad = rw_replace(c, d, 1, &read, &y.a);
            if (w->o->strict && rw_at_pad(w, d, read, y.a, (enum dtype)e.acc, &v))
                pad = ein_num(c, v);
            else if (w->o->strict || c->node.at[pad].kind != EIN_NUM)
                continue;
        }
        ein_node at = ein_read(c, y.u, y.nlist, own, 0), map = rw_replace(c, d, 1, &read, &at);
        ein_node to = ein_read(c, tensor_of(p, eq, map, y.u), y.nlist, sub, pad);
        ein_node body = rw_replace(c, e.body[0], 1, &d, &to);
        e.body = arena_dup(c->a, &body, sizeof body);
        rw_set(w, eq, e);
        return true;
    }
    return false;
}

u32 ein_prologue(struct cascade *c, const struct pass_options *o)
{
    struct prologues p = { .w = rw_open(c, o) };
    for (u32 i = 0; i < p.w->neq; i++)
        pull_out(&p, i);
    return rw_close(p.w);
}
