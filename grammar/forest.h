/* forest.h - all derivations of an architecture text, packed, and sums over them.
 *
 * A forest is what a text can stand for: nodes are draws at given arguments that gave a given value, a way is one
 * alternative of it with what was drawn in it.  Derivations share what they have in common, so there
 * may be many more of them than ways.  Only derivations that type, and are within the limits, are in it. */
#ifndef NASC_FOREST_H
#define NASC_FOREST_H
#include "compiler/base/vec.h"
#include "grammar/ast.h"

struct gram_rule;
/* A decision: alternative alt_no (as in struct draw) of a rule, or of the `choose` at `at` (rule is NULL). */
struct forest_draw { const struct gram_rule *rule; const struct ast *at, *alt, *inner; u32 alt_no; double p; /* its weight there */ };
/* What was decided, in order of evaluation: node is 0 for a decision, else the number of a node, plus one; it is smaller than that of the node
 * whose way this is. */
struct forest_step { u32 node; struct forest_draw draw; };
struct forest_way { u32 nstep; const struct forest_step *step; };
struct forest_node { u32 nway; const struct forest_way *way; };
struct forest { u32 nnode; const struct forest_node *node; };  /* the last node is the text; no nodes: no derivation */

/* The weight of a decision; NULL: as it was when the text was read. */
typedef double (*forest_weight)(void *ctx, const struct forest_draw *d);
/* Log of the sum over derivations of the product of their weights. */
double forest_logp(const struct forest *f, forest_weight w, void *ctx);
/* How often each decision is expected to be made in a derivation drawn in proportion to its weight; every decision that occurs
 * is listed once, in order of first mention; those of rules by (rule, alt_no), of a choose by (its place, alt_no).  If all derivations weigh 0, each
 * counts the same.  Returns the log of the sum. */
struct forest_count { struct forest_draw draw; double count; };
struct forest_counts { VEC(struct forest_count) at; };
double forest_expect(struct arena *a, const struct forest *f, forest_weight w, void *ctx, struct forest_counts *out);
/* The k most likely derivations, best first, each as its alternatives (struct draw.alt_no) in order of evaluation; returns how
 * many there are, at most k. */
struct forest_path { double logp; u32 n; u32 *alt; };
u32 forest_paths(struct arena *a, const struct forest *f, u32 k, struct forest_path *out);
/* How many derivations there are (rounded where they are more than 2^53). */
double forest_size(const struct forest *f);
/* log(exp(a) + exp(b)), exactly commutative. */
double log_add(double a, double b);

#endif
