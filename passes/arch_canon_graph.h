/* arch_canon_graph.h - the graph that arch_canon.c gives an id to, while it is made.
 *
 * A node is a value (or an op of several outputs, whose values are PARTs).  Constructors bring what they are asked for into normal form; what
 * they return computes the same from the same:
 *
 *   - a sum has as terms values that are no sums and not zero, each once, with its multiplicity; one term once is that term;
 *   - movements (views, the parts and the wholes of each[n]) stand below sums and below ops that work element by element, directly on what
 *     is none of these; views of views are one view; a view stands below the part that is taken of it and above the whole it is taken of;
 *   - nodes without parameters are hash-consed.
 *
 * each[n].  Inside, values depend on an index.  An index is named by how many there are around it and by n, so sections side by side
 * share it and their parts meet: EACH(i, x) is part i of x, ALL(i, y) puts the y of all i side by side and binds i.  A value's `free` are the
 * indices that it depends on. */
#ifndef NASC_ARCH_CANON_GRAPH_H
#define NASC_ARCH_CANON_GRAPH_H
#include <stdlib.h>

#include "compiler/ir/arch.h"
#include "passes/arch_canon.h"

enum cn_kind { CN_IN, CN_ZERO, CN_OP, CN_PART, CN_SUM, CN_VIEW, CN_EACH, CN_ALL, CN_KINDS };
enum { CN_NONE = 0 };                   /* no node: node 0 is not used */
enum {
    CN_TERMS = 1024,                    /* a sum of more terms is not opened by the sums over it */
    CN_MOVED = 48,                      /* so many elementwise ops and sums above each other let a movement through */
};

struct cnode {
    u8 kind, dtype;
    bool live;
    u16 moved;                          /* elementwise ops and sums above each other, this one included */
    u32 in, nin;                        /* canon.list */
    u32 mult;                           /* SUM: canon.wide, multiplicities in parallel */
    u32 free;                           /* bit d: depends on the index with d others around it */
    u32 a;                              /* IN: which; PART: which; VIEW: view_id; EACH, ALL: d */
    i64 n;                              /* EACH, ALL: extent of the index */
    i64 elems;
    const struct op_bind *op;           /* OP, IN: none */
    const struct op_law *law;
    u32 inst;                           /* OP with parameters: 1 + instance */
    u32 turn;                           /* its place among the uses of the instance */
    u32 next_use;                       /* node */
    u32 vertex;
    const char *name;
};

/* A set of parameters: of one op instance, or shared by several. */
struct cinst {
    u32 uses, first_use, nparam;
    u32 reps;                           /* the indices it is replicated over (bits) */
    u32 wide;                           /* their extents, outermost first */
    u32 live;                           /* nodes */
    u32 vertex, tie;
};

struct canon_moved { u8 kind; u32 a, x, result; i64 n; };
struct canon_term { u32 x; u64 times; };
struct canon_terms { struct canon_term *at; u32 n, cap; };

struct canon_text { struct arena *a; u8 *at; u32 n, cap; };

/* Hash to number; a slot counts if `used` is `now`. */
struct canon_table { u32 *id, *used; u64 *hash; u32 cap, n, now; };

struct canon {
    struct arena *a;                    /* as long as the workshop */
    struct arena *scratch;              /* as long as the architecture */
    struct op_laws *laws;
    struct views *views;
    struct types *types;
    const struct arch *ar;
    VEC(struct cnode) node;
    VEC(u32) list;
    VEC(u64) wide;
    VEC(struct cinst) inst;
    VEC(struct canon_moved) moved;
    struct canon_table cons, memo;      /* nodes; moved */
    u32 nindex; i64 index[32];          /* each[n] around what is being made */
    u32 nout; u32 *out;                 /* values of the entry */
    /* arch_canon.c */
    u32 nvertex; u32 *order;            /* vertices in canonical order: node, or CANON_INST and instance */
    struct canon_text text;             /* what is hashed */
    struct canon_result result;
};

void canon_clear(struct canon *c);
u32 cn_input(struct canon *c, u32 k, i64 elems, u8 dtype);
u32 cn_zero(struct canon *c, i64 elems, u8 dtype);
/* n: the fields of an OP or PART; in: inputs.  Hash-consed unless `apart`. */
u32 cn_make(struct canon *c, struct cnode n, u32 nin, const u32 *in, bool apart);
u32 cn_op(struct canon *c, struct cnode n, u32 nin, const u32 *in);     /* without parameters: exchangeable inputs in order, hash-consed */
u32 cn_view(struct canon *c, view_id v, u32 x);
u32 cn_each(struct canon *c, u32 depth, i64 n, u32 x);
u32 cn_all(struct canon *c, u32 depth, i64 n, u32 x);
/* Terms of a sum under way, then the sum. */
void cn_add(struct canon *c, struct canon_terms *t, u32 x, u64 times);
u32 cn_sum(struct canon *c, struct canon_terms *t, i64 elems, u8 dtype);
void canon_sort_terms(struct canon_terms *t);

/* arch_canon_build.c: the graph of an architecture; false: it is too large (or takes shared parameters in two ways). */
bool canon_build(struct canon *c, const struct arch *ar);

/* arch_canon.c: a numbered node's inputs, by number; exchangeable ones and the terms of a sum in order.  Room for x->nin each. */
enum { CANON_INST = 0x80000000u };      /* in canon.order: a shared set, not a node */
void canon_inputs(struct canon *c, const struct cnode *x, u32 *in, u64 *times);

/* arch_canon_order.c: an order of the vertices of a graph that depends on nothing but the graph. */
struct cgraph {
    u32 n;                              /* vertices 0 .. n-1, inputs before what reads them */
    u64 *colour;                        /* what vertices are; left as unequal numbers that rank them */
    u32 nedge; const u32 *from; const u64 *as;         /* edges into v: edge[first[v]] .. edge[first[v+1]-1]; as: which place of v's it feeds */
    const u32 *first;
    u64 work;                           /* visits of vertices so far */
};
/* false: what is symmetric in hard ways was ordered as it stood. */
bool canon_order(struct arena *a, struct cgraph *g);

static inline u64 canon_mix(u64 x)
{
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93u;
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93u;
    x ^= x >> 32;
    return x;
}

#endif
