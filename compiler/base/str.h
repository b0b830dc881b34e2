/* str.h - interned strings.  Two strs of one pool are equal iff their pointers are. */
#ifndef NASC_STR_H
#define NASC_STR_H
#include "compiler/base/arena.h"

typedef const char *str;            /* NUL-terminated, immutable, lives as long as its pool */

struct str_pool;
struct str_pool *str_pool_new(struct arena *a);
str str_intern(struct str_pool *p, const char *s, size_t len);
str str_c(struct str_pool *p, const char *s);           /* NUL-terminated */
str str_fmt(struct str_pool *p, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Edit distance with transpositions, for "did you mean"; at most `most` + 1. */
u32 str_distance(const char *a, const char *b, u32 most);

#endif
