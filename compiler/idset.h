/* idset.h - a set of 128-bit ids, flat: 16 bytes a place, at most three quarters of them taken. */
#ifndef NASC_IDSET_H
#define NASC_IDSET_H
#include "compiler/base/hash.h"

struct idset { struct hash128 *at; u64 cap, n; bool zero; };    /* cap: 0 or a power of two; an empty place is zero, so zero itself is apart */

bool idset_add(struct idset *s, struct hash128 id);     /* false: it was there */
void idset_free(struct idset *s);

#endif
