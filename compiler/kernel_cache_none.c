/* kernel_cache_none.c - kernel_cache.h in a build without SQLite: there is none, and everything is compiled. */
#include "compiler/kernel_cache.h"

bool kernel_cache_built(void) { return false; }

struct kernel_cache *kernel_cache_open(const char *dir, u64 most, struct buf *why)
{
    (void)dir, (void)most, (void)why;
    return NULL;
}

void kernel_cache_close(struct kernel_cache *c) { (void)c; }

u32 kernel_cache_get(struct kernel_cache *c, struct arena *a, u32 n, const struct hash128 *key, struct be_image *image)
{
    (void)c, (void)a, (void)key;
    for (u32 i = 0; i < n; i++)
        image[i] = (struct be_image){0};
    return 0;
}

void kernel_cache_put(struct kernel_cache *c, u32 n, const struct hash128 *key, const struct be_image *image)
{
    (void)c, (void)n, (void)key, (void)image;
}

const char *kernel_cache_said(struct kernel_cache *c)
{
    (void)c;
    return NULL;
}

bool kernel_cache_about(struct kernel_cache *c, struct kernel_cache_info *info)
{
    (void)c;
    *info = (struct kernel_cache_info){0};
    return false;
}

bool kernel_cache_there(const char *dir)
{
    (void)dir;
    return false;
}

bool kernel_cache_clear(const char *dir, struct buf *why)
{
    (void)dir, (void)why;
    return true;
}
