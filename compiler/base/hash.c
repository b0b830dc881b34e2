/* hash.c - XXH3 behind our names, and the open-addressing map from hash to id.
 * The one file that includes xxhash. */
#include "compiler/base/hash.h"

#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

u64 hash64(const void *p, size_t n)
{
    return XXH3_64bits(p, n);
}

u64 hash64_seed(const void *p, size_t n, u64 seed)
{
    return XXH3_64bits_withSeed(p, n, seed);
}

struct hash128 hash128(const void *p, size_t n)
{
    XXH128_hash_t h = XXH3_128bits(p, n);
    return (struct hash128){ h.high64, h.low64 };
}

void hash128_hex(struct hash128 h, char out[33])
{
    static const char digit[] = "0123456789abcdef";
    for (u32 i = 0; i < 16; i++) {
        out[i] = digit[h.hi >> (60 - 4 * i) & 15];
        out[16 + i] = digit[h.lo >> (60 - 4 * i) & 15];
    }
    out[32] = 0;
}

/* The map: capacity a power of two, at most three quarters full, linear probing from the top
 * bits of a multiplicative mix (keys may be small numbers as well as hashes). */

static u32 hmap_home(const struct hmap *m, u64 key)
{
    return (u32)((key * 0x9e3779b97f4a7c15ull) >> 32) & (m->cap - 1);
}

void hmap_free(struct hmap *m)
{
    free(m->slot);
    free(m->key);
    *m = (struct hmap){ 0 };
}

static u32 hmap_scan(const struct hmap *m, u64 key, u32 i, u32 *at)
{
    for (; m->slot[i]; i = (i + 1) & (m->cap - 1))
        if (m->key[i] == key) {
            *at = i;
            return m->slot[i];
        }
    *at = i;
    return 0;
}

u32 hmap_first(const struct hmap *m, u64 key, u32 *at)
{
    if (!m->cap) {
        *at = 0;
        return 0;
    }
    return hmap_scan(m, key, hmap_home(m, key), at);
}

u32 hmap_next(const struct hmap *m, u64 key, u32 *at)
{
    return m->cap ? hmap_scan(m, key, (*at + 1) & (m->cap - 1), at) : 0;
}

static void hmap_insert(struct hmap *m, u64 key, u32 id)
{
    u32 i = hmap_home(m, key);
    while (m->slot[i])
        i = (i + 1) & (m->cap - 1);
    m->slot[i] = id;
    m->key[i] = key;
    m->n++;
}

void hmap_put(struct hmap *m, u64 key, u32 id)
{
    CHECK(id);
    if ((u64)m->n * 4 >= (u64)m->cap * 3) {
        struct hmap to = { .cap = m->cap ? m->cap * 2 : 16 };
        CHECK(to.cap > m->cap);
        to.slot = calloc(to.cap, sizeof *to.slot);
        to.key = calloc(to.cap, sizeof *to.key);
        if (!to.slot || !to.key) {
            hmap_free(&to);
            NO_MEMORY((u64)m->n * 16, "a map");
        }
        for (u32 i = 0; i < m->cap; i++)
            if (m->slot[i])
                hmap_insert(&to, m->key[i], m->slot[i]);
        hmap_free(m);
        *m = to;
    }
    hmap_insert(m, key, id);
}
