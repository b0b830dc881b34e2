/* shrink.h - a cascade that fails made as small as it can be while it still does.
 *
 * Greedy: moves that make it smaller are tried, large ones first, and kept where the result verifies and still fails, until none is. What a
 * dropped equation wrote becomes an input; reads that a smaller axis leaves open get a pad.  Whether it fails is asked by a callback, so the
 * same serves engines in this process and machines that are emulated. */
#ifndef NASC_TESTS_SHRINK_H
#define NASC_TESTS_SHRINK_H
#include "compiler/ir/ein.h"

/* At most `most` candidates are tried; *tries (may be NULL): how many were.  The result reads back from its text. */
struct cascade *shrink(struct arena *a, const struct cascade *c, bool (*fails)(void *ctx, const struct cascade *c), void *ctx, u32 most, u32 *tries);

/* A copy with only what is needed (shrink_tidy.c). */
struct cascade *shrink_tidy(struct arena *a, const struct cascade *c);

#endif
