/* growth.h - the branching process of a space: does a derivation end, and how large is it?
 *
 * In: a skeleton (skel.h).  A symbol has so many children of each kind on average: the expectation matrix.  Its spectral
 * radius is the rate: below 1 a derivation ends with probability 1 and has a finite expected size (Booth & Thompson 1973).  At
 * the level of instances, what is replicated (`each[n]`, uses of a `once`) counts as often as it stands in the network. */
#ifndef NASC_GROWTH_H
#define NASC_GROWTH_H
#include "grammar/skel.h"

enum growth_level { GROWTH_DERIVATION, GROWTH_INSTANCE, GROWTH_LEVELS };
/* By symbol; infinite where the rate below it is 1 or more.  A terminal is a draw of an alternative that draws nothing. */
struct growth_sizes { double rate; u32 worst; /* a symbol of the component with that rate */ const double *draws, *terminals; };
struct growth {
    struct growth_sizes at[GROWTH_LEVELS];
    const u32 *component;       /* by symbol: what derives each other */
    double ends;                /* probability that a derivation ends */
};
struct growth *growth_of(struct arena *a, const struct skel *k);
/* The rate alone. */
double growth_rate(struct arena *a, const struct skel *k, enum growth_level l);

/* The value of one weight at which the rate is 1: of a constant that weights read, or of the first alternative that leads out. */
struct growth_critical {
    const struct gram_const *con;       /* or else: */
    const struct gram_rule *rule;
    const struct ast *alt;              /* this one, in proportion to the others */
    double is, at;
};
bool growth_critical(struct arena *a, struct gram *g, const struct gram_rule *space, const struct skel *k, const struct growth *w,
                     enum growth_level l, struct growth_critical *out);

#endif
