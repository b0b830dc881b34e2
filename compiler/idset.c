/* idset.c - see idset.h: open addressing, linear probing. */
#include "compiler/idset.h"

#include "compiler/base/mem.h"

#include <stdlib.h>

enum { IDSET_FIRST = 1024 };

static bool empty(struct hash128 id)
{
    return !id.hi && !id.lo;
}

/* Its place, or the empty one where it belongs. */
static struct hash128 *place(struct idset *s, struct hash128 id)
{
    u64 i = id.lo & (s->cap - 1);
    while (!empty(s->at[i]) && (s->at[i].lo != id.lo || s->at[i].hi != id.hi))
        i = (i + 1) & (s->cap - 1);
    return &s->at[i];
}

static void grow(struct idset *s)
{
    struct idset to = {.cap = s->cap ? 2 * s->cap : IDSET_FIRST, .n = s->n, .zero = s->zero};
    size_t bytes = to.cap * sizeof *to.at;
    to.at = mem_fits(bytes) ? calloc(to.cap, sizeof *to.at) : NULL;
    if (!to.at)
        NO_MEMORY(bytes, "ids");
    for (u64 i = 0; i < s->cap; i++)
        if (!empty(s->at[i]))
            *place(&to, s->at[i]) = s->at[i];
    free(s->at);
    *s = to;
}

bool idset_add(struct idset *s, struct hash128 id)
{
    if (empty(id)) {
        bool was = s->zero;
        s->zero = true;
        return !was;
    }
    if (4 * s->n >= 3 * s->cap)
        grow(s);
    struct hash128 *at = place(s, id);
    if (!empty(*at))
        return false;
    *at = id;
    s->n++;
    return true;
}

void idset_free(struct idset *s)
{
    free(s->at);
    *s = (struct idset){0};
}
