/* link_runtime.h - the C files that go along with executables, as one object: compiled once, not for each program.
 *
 * In: a C compiler, a directory for temporary files.  Out: words for its command that links: the object, or the C files themselves. */
#ifndef NASC_LINK_RUNTIME_H
#define NASC_LINK_RUNTIME_H
#include "compiler/link.h"

#define LINK_RUNTIME_KIND "runtime"     /* of files in the cache */
/* The object is, in this order: made when nasc was built (for this machine, by the C compiler that links without NASC_CC), in the cache, or compiled now
 * to TMP/runtime.o and put there.  Where no object can be made, the C files are compiled by the command that links, which says what is wrong. */
void link_runtime(nasc_session *s, struct arena *a, const struct link_cc *cc, const char *tmp, struct link_words *argv);

#endif
