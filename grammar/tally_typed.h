/* tally_typed.h - how many derivations type, exactly, by depth.
 *
 * In: a space, bounds on depth and on work.  Two ways: every derivation in turn (enumerate.h), where there are few, which
 * respects all limits; else numbers by (symbol, depth, what it gives) on the tables of typed.h, which respect types, conditions
 * and depth, but no other limit, and do not know functions used at several types (`once`), nor what is not tabulated. */
#ifndef NASC_TALLY_TYPED_H
#define NASC_TALLY_TYPED_H
#include "grammar/derive.h"
#include "grammar/tally.h"

enum typed_tally_how {
    TT_EACH,                    /* every one was there: limits respected */
    TT_TABLES,                  /* limits other than depth aside */
    TT_WORK,                    /* too much work */
    TT_ONCE,                    /* something is drawn once for several types */
    TT_SLOW                     /* something is not tabulated */
};
struct typed_tally {
    enum typed_tally_how how;
    enum typed_tally_how why;   /* where n is less than asked for: what stopped it */
    u32 n; mpz_t *upto;         /* [n]: derivations at most 0 .. n - 1 deep */
    bool words_known; u64 words;        /* TT_EACH: different texts among them */
};
/* untyped: of the same space; NULL: the second way only.  A step costs about a microsecond.  notation: to count words; may be NULL.  The grammar's tables
 * may be dropped. */
struct typed_tally *typed_tally_new(struct gram *g, const struct gram_rule *space, struct tally *untyped, u32 most_depth, u64 steps,
                                    struct notation *notation);
void typed_tally_free(struct typed_tally *t);

#endif
