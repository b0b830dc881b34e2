/* arena.c - bump allocation in a chain of blocks.
 *
 * Holds: every block before `cur` is closed, `cur` is being filled, every block after it is
 * empty.  Bytes of a block past `dirty` were never handed out and are still zero from calloc,
 * so only reused memory is cleared again.  Under AddressSanitizer everything not handed out is
 * poisoned, with a gap behind each allocation. */
#include "compiler/base/arena.h"

#include "compiler/base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif
#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(p, n) __asan_poison_memory_region((p), (n))
#define UNPOISON(p, n) __asan_unpoison_memory_region((p), (n))
enum { ARENA_GAP = 16 };
#else
#define POISON(p, n) ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
enum { ARENA_GAP = 0 };
#endif

enum { ARENA_ALIGN = 16, ARENA_FIRST = 4096, ARENA_LARGEST = 1 << 20 };

struct block {
    struct block *next;
    size_t cap, used, dirty;    /* used, dirty: bytes of mem */
    _Alignas(ARENA_ALIGN) unsigned char mem[];
};

struct arena {
    struct block *first, *cur;
    size_t held, grow;          /* bytes from the system; size of the next block */
    struct arena *parent, *child, *next;        /* child: the first of those that end with this one; next: its parent's next */
    const char *lifetime;       /* for the reader of a bug report */
};

struct arena *arena_new(const char *lifetime)
{
    struct arena *a = calloc(1, sizeof *a);
    if (!a)
        NO_MEMORY(sizeof *a, lifetime);
    a->grow = ARENA_FIRST;
    a->held = sizeof *a;
    a->lifetime = lifetime;
    return a;
}

struct arena *arena_new_in(struct arena *parent, const char *lifetime)
{
    struct arena *a = arena_new(lifetime);
    a->parent = parent;
    a->next = parent->child;
    parent->child = a;
    return a;
}

void arena_free(struct arena *a)
{
    if (!a)
        return;
    while (a->child)
        arena_free(a->child);
    if (a->parent) {
        struct arena **link = &a->parent->child;
        while (*link != a)
            link = &(*link)->next;
        *link = a->next;
    }
    for (struct block *b = a->first, *next; b; b = next) {
        next = b->next;
        UNPOISON(b->mem, b->cap);
        free(b);
    }
    free(a);
}

static void block_empty(struct block *b, size_t used)
{
    b->used = used;
    POISON(b->mem + used, b->cap - used);
}

/* Makes a block with room for `bytes` current: an empty one that is large enough, moved up to
 * stand behind `cur`, or a new one.  Marks point to `cur` or before it, so they stay good. */
static struct block *arena_next_block(struct arena *a, size_t bytes)
{
    struct block **link = a->cur ? &a->cur->next : &a->first, **at = link;
    while (*at && (*at)->cap < bytes)
        at = &(*at)->next;
    struct block *b = *at;
    if (b) {
        *at = b->next;
    } else {
        size_t cap = MAX(a->grow, bytes);
        if (cap > SIZE_MAX - sizeof *b || !mem_fits(cap) || !(b = calloc(1, sizeof *b + cap)))
            NO_MEMORY(bytes, a->lifetime);
        b->cap = cap;
        a->held += sizeof *b + cap;
        a->grow = MIN(a->grow * 2, (size_t)ARENA_LARGEST);
    }
    b->next = *link;
    *link = b;
    block_empty(b, 0);
    return a->cur = b;
}

void *arena_alloc(struct arena *a, size_t bytes)
{
    if (bytes > SIZE_MAX / 2)
        NO_MEMORY(bytes, a->lifetime);
    size_t want = (MAX(bytes, (size_t)1) + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN + ARENA_GAP;
    struct block *b = a->cur;
    if (!b || b->cap - b->used < want)
        b = arena_next_block(a, want);
    unsigned char *p = b->mem + b->used;
    UNPOISON(p, MAX(bytes, (size_t)1));
    if (b->used < b->dirty)
        memset(p, 0, MIN(bytes, b->dirty - b->used));
    b->used += want;
    b->dirty = MAX(b->dirty, b->used);
    return p;
}

void *arena_dup(struct arena *a, const void *p, size_t bytes)
{
    void *q = arena_alloc(a, bytes);
    if (bytes)
        memcpy(q, p, bytes);
    return q;
}

char *arena_strdup(struct arena *a, const char *s)
{
    return arena_dup(a, s, strlen(s) + 1);
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    CHECK(n >= 0);
    char *s = arena_alloc(a, (size_t)n + 1);
    vsnprintf(s, (size_t)n + 1, fmt, again);
    va_end(again);
    return s;
}

struct arena_mark arena_mark(struct arena *a)
{
    return (struct arena_mark){ a->cur, a->cur ? a->cur->used : 0 };
}

void arena_reset(struct arena *a, struct arena_mark m)
{
    struct block *keep = m.block;
    if (keep) {
        CHECK(m.used <= keep->used);
        block_empty(keep, m.used);
    }
    for (struct block *b = keep ? keep->next : a->first; b && a->cur != keep; b = b->next) {
        block_empty(b, 0);
        if (b == a->cur)
            break;
    }
    a->cur = keep;
}

void arena_clear(struct arena *a)
{
    arena_reset(a, (struct arena_mark){ 0 });
}

void arena_recycle(struct arena *a)
{
    while (a->child)
        arena_free(a->child);
    arena_clear(a);
}

size_t arena_bytes(const struct arena *a)
{
    return a->held;
}

size_t arena_used(const struct arena *a)
{
    size_t n = 0;
    for (const struct block *b = a->cur ? a->first : NULL; b; b = b == a->cur ? NULL : b->next)
        n += b->used;
    for (const struct arena *c = a->child; c; c = c->next)
        n += c->held;
    return n;
}
