/* rewrite.h - what the rewrites of cascades share: who reads and writes a tensor, inlining, and putting the
 * list of equations back together.
 *
 * A rewrite opens one, changes equations through rw_set, removes them with rw_drop, adds with rw_before, and closes: rw_close
 * compacts c->eq, recomputes phases and returns how often it fired. */
#ifndef NASC_REWRITE_H
#define NASC_REWRITE_H
#include "passes/pass.h"

enum seeded_bug {
#define X(id, about) id,
#include "passes/seeded.def"
#undef X
    SEEDED_BUGS
};

struct rw_reads { u32 n; const ein_node *at; };       /* distinct READ and GATHER nodes of an equation */
struct rw_add { u32 before; struct ein_eq e; };
struct rewrite {
    struct cascade *c;
    struct arena *a;                /* scratch */
    const struct pass_options *o;
    struct rw_reads *reads;         /* by equation */
    struct { VEC(u32) v; } *readers;    /* by tensor: equations; may hold stale ones, see rw_reads_tens */
    u32 *nwriter, *writer;          /* by tensor: how many equations write it, the last of them */
    bool *dropped;                  /* by equation */
    VEC(struct rw_add) add;
    u32 neq, ntens, fired;
};

struct rewrite *rw_open(struct cascade *c, const struct pass_options *o);
u32 rw_close(struct rewrite *w);
void rw_set(struct rewrite *w, u32 eq, struct ein_eq e);        /* replaces an equation; arrays must live as long as the cascade */
void rw_drop(struct rewrite *w, u32 eq);
/* A new equation in front of `eq`, writing the new tensor e.out[0]; not seen by the tables of this rewrite. */
void rw_before(struct rewrite *w, u32 eq, struct ein_eq e);
bool rw_reads_tens(const struct rewrite *w, u32 eq, u32 tens);
/* The equations that read a tensor now, in order, into scratch memory. */
u32 rw_readers(struct rewrite *w, u32 tens, u32 **eq);

/* An equation whose value may stand in place of reads of its tensor: one writer, a temporary, no scan. */
bool rw_inlinable(const struct rewrite *w, u32 eq);
u32 rw_npar(const struct ein_eq *e);
/* Points of an equation: constant extents multiplied (saturating at 2^62), batch ranks counted apart. */
struct rw_points { u64 n; u32 batch; };
struct rw_points rw_points(const struct ein_eq *e, bool with_reduced);
bool rw_fewer(struct rw_points a, struct rw_points b);          /* a <= b */

/* The parallel ranks of p at which it writes the place idx of its tensor: with[rank] = node over the reader's ranks.
 * false: the left side is not a mixed-radix bijection. */
bool rw_inverse(struct cascade *c, const struct ein_eq *p, const ein_node *idx, ein_node *with);
/* Replaces nodes from[i] by to[i] everywhere under x. */
ein_node rw_replace(struct cascade *c, ein_node x, u32 n, const ein_node *from, const ein_node *to);
/* Reads and gathers of tensor t become those of map[t]. */
ein_node rw_retarget(struct cascade *c, ein_node x, const u32 *map);
/* Reads and gathers under x through f, subscripts first: f gives the node to stand in place of the read y of y->u at sub[0 .. y->nlist);
 * y->a is its pad. */
typedef ein_node rw_read_fn(void *ctx, struct cascade *c, const struct ein_x *y, const ein_node *sub);
ein_node rw_reads(struct cascade *c, ein_node x, rw_read_fn *f, void *ctx);
/* Map p's value at the place a READ node of equation e names, in e's ranks, its pad kept; 0 if it cannot be said. */
ein_node rw_value_at(struct rewrite *w, const struct ein_eq *p, const struct ein_eq *e, ein_node read);
/* Is that place of the tensor there for all points of the ranks, whatever conditions say? */
bool rw_in_range(const struct cascade *c, u32 tens, const ein_node *sub, u32 nrank, const struct ein_rank *rank);
/* x as it may stand anywhere over those ranks, away from the conditions that kept its reads in their tensors (or where these can no longer
 * be seen in its subscripts): the others get a pad, gathers a remainder.  Where the conditions hold it is the same number (rw_inside.c). */
ein_node rw_inside(struct cascade *c, ein_node x, u32 nrank, const struct ein_rank *rank);
/* Reads of an equation that were in range and can no longer be proven so get a pad; rw_set does it. */
void rw_keep_inside(struct rewrite *w, struct ein_eq *e);
/* x, a value of dtype d that is about to stand in another equation: strict arithmetic rounds a constant expression to it first, for such
 * take the dtype they are used with. */
ein_node rw_typed(struct rewrite *w, const struct ein_eq *e, ein_node x, enum dtype d);
/* What point node x, over one read, is where that read is the number `pad`, worked out in dtype d operation by operation; false: not
 * worked out here.  rw_same_at_pad: is it that number again, to the bit? */
bool rw_at_pad(struct rewrite *w, ein_node x, ein_node read, ein_node pad, enum dtype d, double *value);
bool rw_same_at_pad(struct rewrite *w, ein_node x, ein_node read, ein_node pad, enum dtype d);
/* Indices under ranges, neutral operands, sums of zeros; a reduction over nothing becomes a map (rw_simplify.c). e's arrays
 * are changed in place. */
void rw_simplify(struct rewrite *w, struct ein_eq *e);
/* What evaluating a point node costs, in additions; 0: pure data movement.  Every shared node counts once. */
u32 rw_cost(struct rewrite *w, ein_node x);
u32 rw_count_reads(struct rewrite *w, ein_node x, bool *gathers);

#endif
