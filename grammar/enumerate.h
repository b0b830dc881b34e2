/* enumerate.h - every derivation of a space, once, in a stable order.
 *
 * Out: the derivations that type and are within the limits, as samples (sampler.h).  The order is that of their decisions: the one
 * whose first decision that differs has the smaller number comes first.  Alternatives of weight 0 are left out. */
#ifndef NASC_ENUMERATE_H
#define NASC_ENUMERATE_H
#include "grammar/sampler.h"

struct enumeration;
/* most_depth: no deeper derivations; 0: what the space's limits say.  NULL after complaining: there is no end to them. */
struct enumeration *enumerate_open(struct gram *g, const struct gram_rule *space, u32 most_depth);
void enumerate_close(struct enumeration *e);
/* False: that was the last.  *out holds until the next call.  Like sampler_draw it may drop the grammar's tables. */
bool enumerate_next(struct enumeration *e, struct sample *out);
/* Of the last one. */
void enumerate_text(struct enumeration *e, const struct notation *n, struct buf *b);
struct derivation *enumerate_derivation(struct enumeration *e, struct arena *a, struct arch **arch_out);
/* Derivations given so far, and tries that led nowhere. */
void enumerate_counts(const struct enumeration *e, u64 *given, u64 *failed);
/* false: without the tables, by the elaborator alone; for tests that both are the same. */
void enumerate_use_tables(struct enumeration *e, bool yes);

#endif
