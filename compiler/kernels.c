/* kernels.c - see kernels.h: entries in a hash table with chains, those without pins in a list by last use.
 *
 *     slot[hash] -> entry -> entry        newest <-> ... <-> oldest (unpinned only: dropping looks at no pinned one)
 *
 * Dropped entries go to a free list, so numbers stay small and memory flat however many kernels come by. */
#include "compiler/kernels.h"

#include "compiler/base/arena.h"

#include <stdlib.h>

struct entry {
    struct hash128 key;
    struct be_kernel k;
    struct be_image image;      /* at: NULL; entry and bytes of what was loaded, bytes 0: nothing was */
    struct arena *own;
    u64 bytes;
    u32 pins;
    u32 chain;                  /* next of this slot, or of the free ones */
    u32 newer, older;
};
struct kernels {
    struct code *code;
    struct entry *at;           /* [1, n) */
    u32 n, cap, free, live, pinned;
    u32 *slot, nslot;           /* a power of two */
    u32 newest, oldest;
    u64 bytes, most_bytes;
    u32 most;
};

struct kernels *kernels_new(u32 most, u64 most_bytes)
{
    struct kernels *t = calloc(1, sizeof *t);
    if (!t)
        NO_MEMORY(sizeof *t, "kernels");
    t->n = 1;
    kernels_bound(t, most, most_bytes);
    return t;
}

void kernels_bound(struct kernels *t, u32 most, u64 most_bytes)
{
    t->most = most;
    t->most_bytes = most_bytes;
}

void kernels_free(struct kernels *t)
{
    if (!t)
        return;
    for (u32 i = 1; i < t->n; i++)
        arena_free(t->at[i].own);
    if (t->code)
        code_free(t->code);
    free(t->at);
    free(t->slot);
    free(t);
}

u32 kernels_count(const struct kernels *t) { return t->live; }
u64 kernels_bytes(const struct kernels *t) { return t->bytes; }

/* The key is a hash already. */
static u32 *slot_of(const struct kernels *t, struct hash128 key)
{
    return &t->slot[key.lo & (t->nslot - 1)];
}

u32 kernels_find(const struct kernels *t, struct hash128 key)
{
    if (!t->nslot)
        return 0;
    for (u32 i = *slot_of(t, key); i; i = t->at[i].chain)
        if (t->at[i].key.lo == key.lo && t->at[i].key.hi == key.hi)
            return i;
    return 0;
}

static void unlist(struct kernels *t, u32 i)
{
    struct entry *e = &t->at[i];
    *(e->newer ? &t->at[e->newer].older : &t->newest) = e->older;
    *(e->older ? &t->at[e->older].newer : &t->oldest) = e->newer;
    e->newer = e->older = 0;
}

static void list(struct kernels *t, u32 i)
{
    struct entry *e = &t->at[i];
    e->newer = 0;
    e->older = t->newest;
    *(t->newest ? &t->at[t->newest].newer : &t->oldest) = i;
    t->newest = i;
}

static void grow_slots(struct kernels *t)
{
    u32 n = t->nslot ? t->nslot * 2 : 256;
    u32 *slot = calloc(n, sizeof *slot);
    if (!slot)
        NO_MEMORY((u64)n * sizeof *slot, "kernels");
    free(t->slot);
    t->slot = slot;
    t->nslot = n;
    for (u32 i = 1; i < t->n; i++)
        if (t->at[i].bytes) {           /* live ones */
            u32 *s = slot_of(t, t->at[i].key);
            t->at[i].chain = *s;
            *s = i;
        }
}

static u32 enter(struct kernels *t, struct hash128 key, const struct entry *new)
{
    if (t->live >= t->nslot)
        grow_slots(t);
    u32 i = t->free;
    if (i) {
        t->free = t->at[i].chain;
    } else {
        if (t->n >= t->cap) {
            u32 cap = t->cap ? t->cap * 2 : 256;
            struct entry *more = realloc(t->at, cap * sizeof *more);
            if (!more)
                NO_MEMORY((u64)cap * sizeof *more, "kernels");
            t->at = more;
            t->cap = cap;
        }
        i = t->n++;
    }
    struct entry *e = &t->at[i];
    *e = *new;
    e->key = key;
    e->k.held = i;
    e->bytes = MAX(e->bytes, 1);
    u32 *s = slot_of(t, key);
    e->chain = *s;
    *s = i;
    t->live++;
    t->bytes += e->bytes;
    list(t, i);
    return i;
}

bool kernels_add(struct kernels *t, u32 n, const struct hash128 *key, const struct be_image *image, u32 *id, struct buf *why)
{
    kernel_fn *at = malloc((n + 1) * sizeof *at);
    if (!at)
        NO_MEMORY((u64)n * sizeof *at, "kernels");
    if (!t->code)
        t->code = code_new();
    bool ok = code_load(t->code, n, image, at, why);
    for (u32 i = 0; i < n && ok; i++) {
        struct entry e = { .k = { .fn = at[i], .code_bytes = image[i].bytes }, .image = image[i], .bytes = ((u64)image[i].bytes + 63) / 64 * 64 };
        e.image.at = NULL;
        id[i] = enter(t, key[i], &e);
    }
    free(at);
    return ok;
}

u32 kernels_add_plain(struct kernels *t, struct hash128 key, const struct be_kernel *k, struct arena *own)
{
    struct entry e = { .k = *k, .own = own, .bytes = own ? arena_bytes(own) : k->code_bytes };
    return enter(t, key, &e);
}

struct be_kernel kernels_pin(struct kernels *t, u32 id)
{
    struct entry *e = &t->at[id];
    CHECK(id && id < t->n && e->bytes);
    if (!e->pins++) {
        unlist(t, id);
        t->pinned++;
    }
    return e->k;
}

void kernels_unpin(struct kernels *t, const struct be_kernel *k)
{
    struct entry *e = &t->at[k->held];
    if (!k->held)
        return;
    CHECK(k->held < t->n && e->pins);
    if (!--e->pins) {
        list(t, k->held);
        t->pinned--;
    }
}

static void drop(struct kernels *t, u32 i)
{
    struct entry *e = &t->at[i];
    u32 *s = slot_of(t, e->key);
    while (*s != i)
        s = &t->at[*s].chain;
    *s = e->chain;
    unlist(t, i);
    if (e->image.bytes)
        code_drop(t->code, &e->image, e->k.fn);
    arena_free(e->own);
    t->bytes -= e->bytes;
    t->live--;
    *e = (struct entry){ .chain = t->free };
    t->free = i;
}

void kernels_trim(struct kernels *t)
{
    while (t->oldest && (t->live > t->most || t->bytes > t->most_bytes))
        drop(t, t->oldest);
}
