/* cache_file.c - see cache_file.h.  A file is its bytes and behind them a hash of key and bytes; it is put in place whole, so nobody waits for anybody. */
#include "compiler/cache_file.h"

#include "compiler/atomic_file.h"
#include "compiler/base/src.h"
#include "compiler/cache_dir.h"
#include "compiler/kernel_cache.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

/* NULL: none is wanted, or none can be had. */
static const char *path_of(struct arena *a, const char *kind, struct hash128 key)
{
    struct buf dir = {0}, real = {0}, why = {0};
    const char *path = NULL;
    char hex[33];
    hash128_hex(key, hex);
    if (cache_wanted() && kernel_cache_dir(&dir) && cache_dir_make(dir.at, &real, &why))
        path = arena_printf(a, "%s/%s-%s", real.at, kind, hex);
    buf_free(&dir);
    buf_free(&real);
    buf_free(&why);
    return path;
}

static struct hash128 sum_of(struct hash128 key, const void *data, size_t n)
{
    const struct hash128 both[2] = {key, hash128(data, n)};
    return hash128(both, sizeof both);
}

bool cache_file_get(struct arena *a, const char *kind, struct hash128 key, struct buf *out)
{
    const char *path = path_of(a, kind, key);
    size_t n;
    const char *at = path ? src_read_file_max(a, path, &n, FILE_LARGEST) : NULL;
    struct hash128 sum, is;
    if (!at || n < sizeof sum)
        return false;
    n -= sizeof sum;
    memcpy(&sum, at + n, sizeof sum);
    is = sum_of(key, at, n);
    if (memcmp(&sum, &is, sizeof sum) != 0)
        return false;
    buf_put(out, at, n);
    return true;
}

void cache_file_put(struct arena *a, const char *kind, struct hash128 key, const void *data, size_t n)
{
    const char *path = path_of(a, kind, key);
    const struct hash128 sum = sum_of(key, data, n);
    struct buf all = {0};
    buf_put(&all, data, n);
    buf_put(&all, &sum, sizeof sum);
    if (path)
        (void)atomic_write(path, all.at, all.n);
    buf_free(&all);
}

bool cache_file_clear(const char *dir, const char *kind, struct buf *why)
{
    DIR *d = opendir(dir);
    size_t len = strlen(kind);
    bool ok = d || errno == ENOENT;
    if (!ok)
        buf_printf(why, "%s: %s", dir, strerror(errno));
    for (const struct dirent *e; d && ok && (e = readdir(d));)
        if (strncmp(e->d_name, kind, len) == 0 && e->d_name[len] == '-') {
            ok = unlinkat(dirfd(d), e->d_name, 0) == 0 || errno == ENOENT;
            if (!ok)
                buf_printf(why, "%s/%s: %s", dir, e->d_name, strerror(errno));
        }
    if (d)
        closedir(d);
    return ok;
}
