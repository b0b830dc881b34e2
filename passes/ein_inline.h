/* ein_inline.h - the engine of ein-view and ein-fuse: one map into the reads of its consumers. */
#ifndef NASC_EIN_INLINE_H
#define NASC_EIN_INLINE_H
#include "passes/rewrite.h"

/* Puts map `eq`'s expression in place of every read of its tensor and drops it.  false, with nothing changed, if some reader
 * cannot take it (a gather of it, a scan that writes it, other dtypes, a left side without inverse). */
bool inline_map(struct rewrite *w, u32 eq);
/* The readers of eq's tensor, if each of them can take it; 0 if one cannot or there is none. */
u32 inline_readers(struct rewrite *w, u32 eq, u32 **readers);

#endif
