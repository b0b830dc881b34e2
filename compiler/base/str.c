/* str.c - interning, and the edit distance behind "did you mean".
 *
 * The pool is one open-addressing table in its arena; a string is stored once, after its
 * length, and never moves. */
#include "compiler/base/str.h"

#include "compiler/base/hash.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct entry { u64 hash; const char *s; size_t len; };

struct str_pool {
    struct arena *a;
    struct entry *at;
    u32 n, cap;                 /* cap a power of two */
};

struct str_pool *str_pool_new(struct arena *a)
{
    struct str_pool *p = NEW(a, struct str_pool);
    p->a = a;
    p->cap = 64;
    p->at = NEW_ARRAY(a, struct entry, p->cap);
    return p;
}

static struct entry *entry_of(struct entry *at, u32 cap, u64 hash, const char *s, size_t len)
{
    u32 i = (u32)hash & (cap - 1);
    while (at[i].s && !(at[i].hash == hash && at[i].len == len && memcmp(at[i].s, s, len) == 0))
        i = (i + 1) & (cap - 1);
    return &at[i];
}

str str_intern(struct str_pool *p, const char *s, size_t len)
{
    if (!s)
        s = "";                 /* memcmp and memcpy want a place even for 0 bytes */
    u64 hash = hash64(s, len);
    struct entry *e = entry_of(p->at, p->cap, hash, s, len);
    if (e->s)
        return e->s;
    if ((u64)(p->n + 1) * 4 > (u64)p->cap * 3) {
        u32 cap = p->cap * 2;
        CHECK(cap);
        struct entry *at = NEW_ARRAY(p->a, struct entry, cap);
        for (u32 i = 0; i < p->cap; i++)
            if (p->at[i].s) {
                u32 j = (u32)p->at[i].hash & (cap - 1);
                while (at[j].s)
                    j = (j + 1) & (cap - 1);
                at[j] = p->at[i];
            }
        p->at = at;
        p->cap = cap;
        e = entry_of(at, cap, hash, s, len);
    }
    char *copy = arena_alloc(p->a, len + 1);
    memcpy(copy, s, len);
    *e = (struct entry){ hash, copy, len };
    p->n++;
    return copy;
}

str str_c(struct str_pool *p, const char *s)
{
    return str_intern(p, s, strlen(s));
}

str str_fmt(struct str_pool *p, const char *fmt, ...)
{
    char small[256];
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(small, sizeof small, fmt, ap);
    va_end(ap);
    CHECK(n >= 0);
    str s;
    if ((size_t)n < sizeof small) {
        s = str_intern(p, small, (size_t)n);
    } else {
        char *big = malloc((size_t)n + 1);
        if (!big)
            NO_MEMORY((u64)n + 1, "a name");
        vsnprintf(big, (size_t)n + 1, fmt, again);
        s = str_intern(p, big, (size_t)n);
        free(big);
    }
    va_end(again);
    return s;
}

/* Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours.
 * Three rows of the table are enough; a row that is all above `most` ends it. */
u32 str_distance(const char *a, const char *b, u32 most)
{
    enum { LONGEST = 255 };
    while (*a && *a == *b)
        a++, b++;
    size_t n = strlen(a), m = strlen(b);
    while (n && m && a[n - 1] == b[m - 1])
        n--, m--;
    if (most == UINT32_MAX)
        most--;
    if ((n > m ? n - m : m - n) > most || n > LONGEST || m > LONGEST)
        return most + 1;
    u32 rows[3][LONGEST + 1];
    u32 *before = rows[0], *last = rows[1], *row = rows[2];
    for (u32 j = 0; j <= m; j++)
        last[j] = j;
    for (u32 i = 1; i <= n; i++) {
        u32 least = row[0] = i;
        for (u32 j = 1; j <= m; j++) {
            u32 d = last[j - 1] + (a[i - 1] != b[j - 1]);
            d = MIN(d, MIN(last[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                d = MIN(d, before[j - 2] + 1);
            row[j] = d;
            least = MIN(least, d);
        }
        /* A swap reaches back two rows, so both must be above the bound. */
        if (least > most + 1)
            return most + 1;
        u32 *free_row = before;
        before = last;
        last = row;
        row = free_row;
    }
    return MIN(last[m], most + 1);
}
