/* cache_dir.h - the directory of a cache: where it is, whether what lies in it may be trusted, and one process at a time in it. */
#ifndef NASC_CACHE_DIR_H
#define NASC_CACHE_DIR_H
#include "compiler/base/buf.h"

/* Not with NASC_CACHE=off. */
bool cache_wanted(void);
/* Makes the directory if need be, for its owner alone; its path without symbolic links into *real.  false and *why: it cannot be had, or is not this user's alone. */
bool cache_dir_make(const char *dir, struct buf *real, struct buf *why);
/* Is there nothing at the path, or a file of this user's that no other can write? */
bool cache_file_ok(const char *path);
/* Moves what is at the path out of the way (to PATH.damaged, which is replaced), whatever it is. */
bool cache_file_aside(const char *path);
/* One process at a time, for a second at most: a stuck one does not stick the others.  -1: without. */
int cache_lock(const char *dir);
void cache_unlock(int lock);

#endif
