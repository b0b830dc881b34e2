/* tally.h - how many derivations a space has, exactly, types left out: by depth, and in all where there is an end to them.
 *
 * In: a skeleton (skel.h).  A symbol has as many derivations of depth at most r as the sum over its alternatives of the
 * products over their draws of the derivations of depth at most r - 1.  Numbers are exact up to a bound of bits; beyond it only their
 * logarithms are kept. */
#ifndef NASC_TALLY_H
#define NASC_TALLY_H
#include "grammar/skel.h"

#include <gmp.h>

enum { TALLY_BITS = 1 << 22, TALLY_FEW_BITS = 1 << 12 };         /* bounds to choose from */

/* A skeleton whose derivations can be counted by depth: symbols told apart by depth where that is needed, and where there is
 * no end then, cut at `depth`.  NULL: too large.  steps: as in skel_opts. */
struct skel *tally_skel(struct arena *a, struct gram *g, const struct gram_rule *space, u32 depth, u64 steps);

struct tally;
struct tally_number { bool exact; mpz_srcptr n; double log10; };        /* n while the tally lives; log10 of 0: -inf */

/* NULL: symbols that derive each other without getting deeper; never, unless k is by_depth. */
struct tally *tally_new(const struct skel *k, u64 bits);
void tally_free(struct tally *t);
/* Derivations at most so deep; in a skeleton by depth that is cut, not deeper than that. */
struct tally_number tally_depth(struct tally *t, u32 depth);
/* Whether there is a deepest derivation, and how deep it is; false also of a skeleton that is cut. */
bool tally_finite(const struct tally *t, u32 *depth);
/* Digits, in groups of three or as 3.14e+1234. */
void tally_print(struct buf *b, const struct tally_number *n);

#endif
