/* rw_inside.c - reads kept in their tensors without the conditions around them.
 *
 * A read may stand without a pad behind a select or a guard that keeps its subscripts in range.  Rewrites that take it away from there
 * (out of an arm, into another equation) or compose its subscripts with others, in which the condition can no longer be found again
 * ((7*r / 6) / 3 < 2 is no longer seen in 7*r / 18), make it safe first: it gets a pad that nobody sees, and a gather, which has none,
 * the remainder of its subscript.  Equations whose indices a rewrite made others of are looked through once more: what kept a read inside is
 * there, but may be more than ein_verify can see. */
#include "passes/rewrite.h"

static bool axis_in_range(const struct cascade *c, ein_node sub, ein_ext ext, u32 nrank, const struct ein_rank *rank)
{
    const struct ein_x *y = &c->node.at[sub];
    i64 lo, hi;
    if (ext < 0)                /* a batch-sized axis only takes the batch rank itself */
        return y->kind == EIN_RANK && y->u < nrank && rank[y->u].ext == ext;
    return ein_range(c, sub, nrank, rank, &lo, &hi) && lo >= 0 && hi < ext;
}

bool rw_in_range(const struct cascade *c, u32 tens, const ein_node *sub, u32 nrank, const struct ein_rank *rank)
{
    const struct ein_tens *t = &c->tens.at[tens];
    for (u32 d = 0; d < t->ndim; d++)
        if (!axis_in_range(c, sub[d], t->dim[d], nrank, rank))
            return false;
    return true;
}

struct over { u32 nrank; const struct ein_rank *rank; };

static ein_node keep(void *ctx, struct cascade *c, const struct ein_x *y, const ein_node *sub)
{
    const struct over *o = ctx;
    struct ein_x to = *y;
    bool inside = rw_in_range(c, y->u, sub, o->nrank, o->rank);
    if (y->kind == EIN_READ) {
        to.a = inside || y->a ? y->a : ein_num(c, 0);
        return ein_make(c, to, y->nlist, sub);
    }
    ein_node *at = NEW_ARRAY(c->a, ein_node, y->nlist + 1);
    for (u32 d = 0; d < y->nlist; d++) {
        ein_ext ext = c->tens.at[y->u].dim[d];
        at[d] = ext < 0 || axis_in_range(c, sub[d], ext, o->nrank, o->rank) ? sub[d] : ein_imod(c, sub[d], ext);
    }
    return ein_make(c, to, y->nlist, at);
}

ein_node rw_inside(struct cascade *c, ein_node x, u32 nrank, const struct ein_rank *rank)
{
    struct over o = { nrank, rank };
    return rw_reads(c, x, keep, &o);
}

static ein_node padded(struct rewrite *w, const struct ein_eq *e, ein_node x)
{
    struct cascade *c = w->c;
    struct ein_reads r = ein_reads(c, x);
    bool sure = true;
    for (u32 i = 0; sure && i < r.n; i++) {
        const struct ein_x *y = &c->node.at[r.at[i]];
        sure = y->kind != EIN_READ || y->a || rw_in_range(c, y->u, c->list.at + y->list, e->nrank, e->rank);
    }
    if (sure)
        return x;
    ein_nodes open = { 0 };
    ein_open_reads(w->a, c, e, x, &open);
    ein_node *to = NEW_ARRAY(w->a, ein_node, open.n + 1);
    for (u32 i = 0; i < open.n; i++) {
        struct ein_x y = c->node.at[open.at[i]];
        to[i] = ein_read(c, y.u, y.nlist, c->list.at + y.list, ein_num(c, 0));
    }
    return open.n ? rw_replace(c, x, open.n, open.at, to) : x;
}

void rw_keep_inside(struct rewrite *w, struct ein_eq *e)
{
    struct ein_eq post = *e;
    post.guard = 0;
    e->post = e->post ? padded(w, &post, e->post) : 0;
    for (u32 i = 0; i < e->nbody; i++) {
        ein_node x = padded(w, e, e->body[i]);
        if (x == e->body[i])
            continue;
        e->body = arena_dup(w->c->a, e->body, sizeof *e->body * e->nbody);
        e->body[i] = x;
    }
}
