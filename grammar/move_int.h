/* move_int.h - a move under way (move*.c only). */
#ifndef NASC_MOVE_INT_H
#define NASC_MOVE_INT_H
#include "compiler/ir/idmap.h"
#include "grammar/elab.h"
#include "grammar/move.h"

/* ---- decisions drawn without repeating what failed (move_trie.c) ---- */

struct tnode;
struct trie {
    struct arena *a;
    struct rng *rng;
    struct tnode *root;
    struct tnode *at; u32 alt;          /* the last decision taken; at is NULL: none is recorded */
    bool lost;                          /* this path went on past what is recorded */
    u32 n;                              /* nodes */
};
void trie_begin(struct trie *t, struct arena *a, struct rng *r);        /* nothing has failed yet */
void trie_restart(struct trie *t);                                      /* a path from the root */
int trie_pick(struct trie *t, const struct choice *c);                  /* the next decision; -1: nothing is left */
void trie_refuse(struct trie *t);                                       /* the path just taken failed */
bool trie_exhausted(const struct trie *t);

/* ---- an evaluation that follows a parent ---- */

struct mover {
    struct move_parent *p;
    struct move_node *at;               /* the node that changes; NULL: none */
    struct move_parent *q;              /* crossover: where its subtree comes from */
    struct move_node *graft;
    struct trie *trie;                  /* mutation */
    u64 seen, seen_q;
    const struct draw *target;          /* the draw of at, once it is there */
    bool done;                          /* it has its value */
    u32 nrest;                          /* draws made anew after it */
    VEC(struct move_node *) matched;    /* since the target was reached */
    struct arena *scratch;
    /* mutation: values of the target that the rest refused, and the bounds */
    struct idmap refused;
    u64 value; bool has_value;          /* hash of the value under way */
    u64 tries, steps;
    /* the parent itself: what is noted of its nodes */
    bool noting;
};
/* One evaluation; NULL: refused. */
struct derivation *move_run(struct mover *m, struct arena *a, struct diags *why, struct elab_end *end);

#endif
