/* hash.h - XXH3 (xxhash), stable across machines by specification. */
#ifndef NASC_HASH_H
#define NASC_HASH_H
#include "compiler/base/base.h"

struct hash128 { u64 hi, lo; };
u64 hash64(const void *p, size_t n);
u64 hash64_seed(const void *p, size_t n, u64 seed);
struct hash128 hash128(const void *p, size_t n);
void hash128_hex(struct hash128 h, char out[33]);

/* Open-addressing map from 64-bit hash to a 1-based u32 id; the caller compares. */
struct hmap { u32 *slot; u64 *key; u32 cap, n; };
void hmap_free(struct hmap *m);
/* Visits candidates: i = hmap_first(...) ; i ; i = hmap_next(...).  0 = none. */
u32 hmap_first(const struct hmap *m, u64 key, u32 *at);
u32 hmap_next(const struct hmap *m, u64 key, u32 *at);
void hmap_put(struct hmap *m, u64 key, u32 id);

#endif
