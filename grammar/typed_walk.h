/* typed_walk.h - a derivation drawn on the tables.
 *
 * A finished derivation is an array of DONE states, a draw each (those of `choose`s are inside the states), in pre-order: a state
 * says which alternative was taken, with what choices and how many draws below it. */
#ifndef NASC_TYPED_WALK_H
#define NASC_TYPED_WALK_H
#include "grammar/typed.h"

struct wnode { struct tstate *done; u32 size; /* draws in its subtree, itself included */ };

enum walk_end { WALK_DONE, WALK_FAILED, WALK_SLOW /* only the elaborator knows */ };

struct walk {
    struct typed *t;
    bool exact;
    /* The number in [0, 1) that decides a draw: path and which try of it this is. */
    double (*unit)(void *ctx, u64 path, u32 attempt);
    /* Decides instead of that, if there is one; -1: nothing is left. */
    int (*pick)(void *ctx, const struct tweights *c);
    void *ctx;
    u64 limit_depth, limit_params, limit_macs, limit_nodes, limit_memory;
    /* what was drawn */
    struct wnode *node; u32 nnode, cap;
    const struct tval *result;
    u64 params, macs, nodes, bytes, instances;
    u32 depth;
    bool chooses;               /* some node has choices of its own */
    /* work */
    u64 tried, wasted, steps;
    bool chance;                /* something was left to chance */
    bool stop, slow;            /* the attempt is over; for want of a table */
    u32 level;                  /* of a failure: choices open within the alternative */
    struct wuse { u64 params, macs, nodes, bytes, instances, mult, outer; } *use; u32 nuse, capuse;
};
void walk_init(struct walk *w, struct typed *t);
void walk_free(struct walk *w);
/* One attempt at the space.  l: limits (0: none). */
enum walk_end walk_space(struct walk *w, struct tsym *space, const struct limits *l);
double walk_logp(const struct walk *w);
u32 walk_draws(const struct walk *w);
/* Alternatives in the order in which they were asked for. */
void walk_decided(const struct walk *w, u32 *out /* [walk_draws] */);
/* The text, added to b; false (and nothing added): not from the tables.  One notation per grammar. */
bool walk_text(const struct walk *w, const struct notation *n, struct buf *b);

#endif
