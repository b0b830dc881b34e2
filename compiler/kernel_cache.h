/* kernel_cache.h - images on disk, for the next process: one SQLite database in the user's cache directory.
 *
 * A cache is a convenience: nothing in here fails.  What is not found, damaged, or cannot be written is compiled; what went wrong is said once. */
#ifndef NASC_KERNEL_CACHE_H
#define NASC_KERNEL_CACHE_H
#include "backends/backend.h"

enum { KERNEL_CACHE_MB = 256 };

struct kernel_cache;
struct kernel_cache_info { u64 entries, bytes, most, hits, misses; };

/* Where it is to be: $NASC_CACHE_DIR, $XDG_CACHE_HOME/nasc or ~/.cache/nasc; false: nowhere. */
bool kernel_cache_dir(struct buf *dir);
/* $NASC_CACHE_SIZE (bytes; K, M or G behind), or the default; false: it is no size. */
bool kernel_cache_size(u64 *most);
/* false: this build has none. */
bool kernel_cache_built(void);
/* Makes the directory and the database if need be.  NULL: there can be none, *why says why. */
struct kernel_cache *kernel_cache_open(const char *dir, u64 most, struct buf *why);
void kernel_cache_close(struct kernel_cache *c);        /* writes what waits; NULL is fine */
/* Images of n keys, in the arena; at NULL: not there.  Returns how many were found. */
u32 kernel_cache_get(struct kernel_cache *c, struct arena *a, u32 n, const struct hash128 *key, struct be_image *image);
/* Enters n images in one transaction; what another process's writing holds up waits for the next call. */
void kernel_cache_put(struct kernel_cache *c, u32 n, const struct hash128 *key, const struct be_image *image);
/* The first thing that went wrong, once; NULL: nothing, or it was said. */
const char *kernel_cache_said(struct kernel_cache *c);
bool kernel_cache_about(struct kernel_cache *c, struct kernel_cache_info *info);
/* Is there a database? */
bool kernel_cache_there(const char *dir);
/* Removes the database; false and *why. */
bool kernel_cache_clear(const char *dir, struct buf *why);

#endif
