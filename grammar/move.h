/* move.h - derivations from derivations: mutation and crossover.
 *
 * In: finished derivations.  Out: new ones, valid as a whole: an evaluation that follows the parent, but at one node
 * draws anew, or follows another parent.  The laws are in docs/probability.md ("Moves").
 *
 *   move.c        parents: their nodes; following them; mutation
 *   move_trie.c   drawing a subtree without drawing again what has failed
 *   move_cross.c  crossover */
#ifndef NASC_MOVE_H
#define NASC_MOVE_H
#include "grammar/derive.h"

/* A draw of a parent. */
struct move_node {
    const struct draw *d;
    const struct move_node *up;
    u32 number;                         /* in preorder */
    u32 kid, nkid;                      /* its children: numbers in move_parent.kid */
    bool decides;                       /* another alternative of positive weight was there to be drawn */
    bool closed;                        /* proved: nothing else is possible here */
    bool in_once;                       /* elaborated again wherever its `once` is used */
    bool has_args, has_attrs;           /* can be compared: nothing in them but tensors, sizes, strings, tuples */
    u64 attrs;                          /* hash of the attributes */
    struct hash128 shape;               /* of the decisions in the subtree */
    u64 seen;                           /* the evaluation that has come by here */
};
struct move_parent {
    struct arena *a;
    struct gram *g;
    const struct derivation *d;
    struct move_node *node; u32 nnode;
    u32 *kid;                           /* numbers of children */
    u32 *open, nopen;                   /* the nodes that decide something */
    u64 stamp;
};
/* NULL: the derivation cannot be followed (E0760 says why): it is not of this space as it is now. */
struct move_parent *move_parent_new(struct arena *a, struct gram *g, const struct derivation *d, struct diags *ds);

/* Whether a child is another network than its parents. */
struct move_test { void *ctx; bool (*is_new)(void *ctx, const struct derivation *child); };

/* What was done. */
struct move {
    const struct move_node *node;       /* of the parent; crossover: of the first */
    const struct move_node *other;      /* crossover: of the second */
    u64 tries;                          /* subtrees drawn at that node, or pairs tried */
    u32 given_up;                       /* mutation: nodes left past the bounds, without proof that nothing else is possible there */
    bool hard;                          /* a mistake of the grammar showed: complained */
};
/* Mutation number `index` of `seed`.  NULL: no node has another possibility within the bounds. */
struct derivation *move_mutate(struct arena *a, struct move_parent *p, const struct move_test *t, u64 seed, u64 index, struct move *what);
/* The two children of crossover number `index`: the first has the second parent's subtree in the first parent's place, the other
 * the reverse; each in an arena of its own.  One of them is NULL where no pair of nodes gives two; false: not even one. */
bool move_crossover(struct arena *const a[2], struct move_parent *p, struct move_parent *q, const struct move_test *t, u64 seed, u64 index,
                    struct derivation *child[2], struct move *what);
/* Where a node is: labels from the root, "s.a.l"; siblings of one label are numbered. */
void move_path(struct buf *b, const struct move_parent *p, const struct move_node *n);

#endif
