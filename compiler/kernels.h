/* kernels.h - the kernels a session has, by key: bounded, least recently used out, pinned while a network needs them. */
#ifndef NASC_KERNELS_H
#define NASC_KERNELS_H
#include "compiler/base/hash.h"
#include "compiler/code.h"

enum { KERNELS_MOST = 65536, KERNELS_MOST_BYTES = 64 << 20 };

struct kernels;
/* most kernels of most_bytes bytes (code, and loop functions that are interpreted); what is pinned counts and stays. */
struct kernels *kernels_new(u32 most, u64 most_bytes);
void kernels_free(struct kernels *t);
void kernels_bound(struct kernels *t, u32 most, u64 most_bytes);
/* 0: not there.  Entries keep their numbers until they are dropped, which kernels_trim alone does. */
u32 kernels_find(const struct kernels *t, struct hash128 key);
/* Loads n images at once and enters them under their keys, unpinned; their entries into id[].  false and *why: no code memory. */
bool kernels_add(struct kernels *t, u32 n, const struct hash128 *key, const struct be_image *image, u32 *id, struct buf *why);
/* Enters a kernel that has no image: own is what it lives in (may be NULL), which the entry takes over. */
u32 kernels_add_plain(struct kernels *t, struct hash128 key, const struct be_kernel *k, struct arena *own);
/* A kernel to call, and its pin.  Every pin wants one unpin; k->held says of which entry. */
struct be_kernel kernels_pin(struct kernels *t, u32 id);
void kernels_unpin(struct kernels *t, const struct be_kernel *k);
void kernels_trim(struct kernels *t);                   /* drops the least recently used ones beyond the bound */
u32 kernels_count(const struct kernels *t);
u64 kernels_bytes(const struct kernels *t);

#endif
