/* ein_check.h - what the two files of the verifier share. */
#ifndef NASC_EIN_CHECK_H
#define NASC_EIN_CHECK_H
#include "compiler/ir/ein.h"

enum { MAX_RANKS = 64, MAX_FACTS = 64 };

struct ein_check {
    const struct cascade *c;
    struct buf *why;
    struct arena *a;
    u32 eq; const struct ein_eq *e;         /* under check; NULL between equations */
    /* nodes seen under this stamp, their dtypes, and whether a read below still needs a condition */
    u32 stamp, *seen; i8 *type; bool *open;
    u32 budget;
    ein_node *sym, rank[MAX_RANKS];         /* the nodes that are these, 0 where there is none */
    u32 nfact; struct ein_lin fact[MAX_FACTS];
    ein_nodes *collect; struct arena *to;   /* reads that are not proven go here instead of failing */
    bool any_order;                         /* whether operands are defined is not asked */
    u32 *wfirst, *writer;                   /* equations that write tensor t: writer[wfirst[t] .. wfirst[t + 1]) */
};

/* Writes the sentence into why; always false. */
bool ein_fail(struct ein_check *v, const char *fmt, ...) PRINTF_LIKE(2, 3);
bool ein_within(struct ein_check *v, ein_node x, ein_ext ext);
bool ein_check_writers(struct ein_check *v);
/* Is what the read or gather x of the equation under check mentions written by then? */
bool ein_check_defined(struct ein_check *v, ein_node x);
/* Each tensor's regions are disjoint and cover it. */
bool ein_check_regions(struct ein_check *v);

#endif
