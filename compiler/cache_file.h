/* cache_file.h - bytes kept for the next process, each in a file of its own in the cache directory, KIND-KEY: what takes a C compiler's time to make.
 *
 * A cache is a convenience: what is not there, is damaged or cannot be written is made anew. */
#ifndef NASC_CACHE_FILE_H
#define NASC_CACHE_FILE_H
#include "compiler/base/arena.h"
#include "compiler/base/buf.h"
#include "compiler/base/hash.h"

/* Appends the bytes of the key; false: not there, or not as they were put. */
bool cache_file_get(struct arena *a, const char *kind, struct hash128 key, struct buf *out);
void cache_file_put(struct arena *a, const char *kind, struct hash128 key, const void *data, size_t n);
/* Removes all files of a kind, and what killed processes left of them. */
bool cache_file_clear(const char *dir, const char *kind, struct buf *why);

#endif
