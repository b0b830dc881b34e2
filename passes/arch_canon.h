/* arch_canon.h - the identity of an architecture: a canonical graph and its 128-bit id.
 *
 * In: an arch that arch_verify accepts and the laws of its ops (op_law.h).  Out: an id that two architectures share only if they are the same function
 * of inputs and parameters, sharing of parameters included; and the order of their parameters that goes with it: equal ids have equal
 * orders, so equal seeds give equal weights.
 *
 * The graph is flat: calls and rounds are instantiated, each[n] is not; its instances differ by an index, and a value that depends on it is
 * one node.  Nodes are made bottom up, in normal form (arch_canon_graph.h), so what is equal without parameters is one node.
 * What is live is numbered canonically (arch_canon_order.c), and the id is the hash of the numbered graph as text: it says all that the graph
 * says, so equal ids are equal graphs, however the numbers were found. */
#ifndef NASC_ARCH_CANON_H
#define NASC_ARCH_CANON_H
#include "compiler/base/hash.h"
#include "compiler/ir/arch.h"
#include "passes/op_law.h"

/* Above so many op instances (an each[n] counts once) nothing is instantiated: the id is that of the functions as they stand. */
enum { CANON_MOST = 1 << 16 };

struct canon;                           /* a workshop, for one architecture after another; as good as the laws it was made with */
struct canon *canon_new(struct arena *a, struct op_laws *laws, struct types *t);

struct canon_result {
    struct hash128 id;
    /* Instances that own parameters or states, in the order in which they are instantiated (arch.h; a shared set counts at its first
     * use): rank[k] is the place of the k-th among all, live ones first.  For as long as the next architecture is not begun. */
    u32 ninst, nlive;
    const u32 *rank;
    u32 nodes;                          /* of the canonical graph */
    bool whole;                         /* no bound was met: the id is as complete as the rules are */
};
struct canon_result arch_canon(struct canon *c, const struct arch *ar);
/* The graph of the last arch_canon, in canonical order: a line a node.  Names are of the first op that became the node. */
void arch_canon_dump(struct canon *c, struct buf *b);

#endif
