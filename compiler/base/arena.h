/* arena.h - bump allocation, one arena per lifetime (session, file, sample, pass, code).
 *
 * Memory comes zeroed and 16-byte aligned.  arena_reset gives everything since a mark back;
 * blocks are kept for reuse, so a loop that resets is flat.  Without memory it unwinds (NO_MEMORY). */
#ifndef NASC_ARENA_H
#define NASC_ARENA_H
#include "compiler/base/base.h"

struct arena;
struct arena_mark { void *block; size_t used; };

struct arena *arena_new(const char *lifetime);
struct arena *arena_new_in(struct arena *parent, const char *lifetime);     /* ends with its parent, or by arena_free before */
void arena_free(struct arena *a);                       /* NULL is fine */
void *arena_alloc(struct arena *a, size_t bytes);       /* zeroed */
void *arena_dup(struct arena *a, const void *p, size_t bytes);
char *arena_strdup(struct arena *a, const char *s);
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
struct arena_mark arena_mark(struct arena *a);
void arena_reset(struct arena *a, struct arena_mark m);
void arena_clear(struct arena *a);                      /* back to empty */
void arena_recycle(struct arena *a);                    /* back to empty, and those that end with it end */
size_t arena_bytes(const struct arena *a);              /* bytes held from the system */
size_t arena_used(const struct arena *a);               /* of them in use; those that end with it as they are held */

#define NEW(a, T) ((T *)arena_alloc((a), sizeof(T)))
/* More than there is stays more than there is. */
static inline size_t arena_size(size_t n, size_t elem)
{
    size_t bytes;
    return __builtin_mul_overflow(n, elem, &bytes) ? SIZE_MAX : bytes;
}
#define NEW_ARRAY(a, T, n) ((T *)arena_alloc((a), arena_size((size_t)(n), sizeof(T))))

#endif
