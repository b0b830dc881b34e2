/* cache_dir.c - see cache_dir.h: what is executed from a cache must be the user's own. */
#define _GNU_SOURCE
#include "compiler/cache_dir.h"
#include "compiler/kernel_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

bool cache_wanted(void)
{
    const char *v = getenv("NASC_CACHE");
    return !v || (strcmp(v, "off") != 0 && strcmp(v, "0") != 0);
}

bool kernel_cache_dir(struct buf *dir)
{
    const char *own = getenv("NASC_CACHE_DIR"), *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (own && *own)
        buf_puts(dir, own);
    else if (xdg && *xdg == '/')
        buf_printf(dir, "%s/nasc", xdg);
    else if (home && *home == '/')
        buf_printf(dir, "%s/.cache/nasc", home);
    return dir->n;
}

bool kernel_cache_size(u64 *most)
{
    const char *v = getenv("NASC_CACHE_SIZE");
    *most = (u64)KERNEL_CACHE_MB << 20;
    if (!v || !*v)
        return true;
    char *end;
    errno = 0;
    unsigned long long n = strtoull(v, &end, 10);
    u64 unit = *end == 'K' || *end == 'k' ? 1u << 10 : *end == 'M' || *end == 'm' ? 1u << 20 : *end == 'G' || *end == 'g' ? 1u << 30 : 1;
    u64 bytes;
    if (*v < '0' || *v > '9' || errno || end[unit > 1] || __builtin_mul_overflow((u64)n, unit, &bytes))
        return false;
    *most = bytes;
    return true;
}

/* The directory and those above it that are not there, for the owner alone. */
static bool make_all(const char *dir)
{
    char path[PATH_MAX];
    size_t n = strlen(dir);
    if (!n || n >= sizeof path) {
        errno = ENAMETOOLONG;
        return false;
    }
    memcpy(path, dir, n + 1);
    for (char *p = path + 1; *p; p++)
        if (*p == '/') {
            *p = 0;
            if (mkdir(path, 0700) && errno != EEXIST)
                return false;
            *p = '/';
        }
    return mkdir(path, 0700) == 0 || errno == EEXIST;
}

bool cache_dir_make(const char *dir, struct buf *real, struct buf *why)
{
    char path[PATH_MAX];
    struct stat st;
    if (!make_all(dir) || !realpath(dir, path) || stat(path, &st)) {
        buf_printf(why, "%s: %s", dir, strerror(errno));
        return false;
    }
    if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || st.st_mode & 022) {
        buf_printf(why, "%s: %s", dir, !S_ISDIR(st.st_mode) ? "not a directory" : st.st_uid != geteuid() ? "another user's directory" : "others may write to this directory");
        return false;
    }
    buf_puts(real, path);
    return true;
}

bool cache_file_ok(const char *path)
{
    struct stat st;
    if (lstat(path, &st))
        return errno == ENOENT;
    return S_ISREG(st.st_mode) && st.st_uid == geteuid() && !(st.st_mode & 022) && st.st_nlink == 1;
}

bool cache_file_aside(const char *path)
{
    struct buf to = {0};
    buf_printf(&to, "%s.damaged", path);
    bool ok = rename(path, to.at) == 0 || errno == ENOENT;
    for (u32 i = 0; !ok && i < 100; i++) {      /* what is there cannot be replaced: a directory, or by one */
        buf_clear(&to);
        buf_printf(&to, "%s.damaged.%u", path, i);
        ok = access(to.at, F_OK) && rename(path, to.at) == 0;
    }
    buf_free(&to);
    return ok;
}

int cache_lock(const char *dir)
{
    struct buf path = {0};
    buf_printf(&path, "%s/lock", dir);
    int fd = open(path.at, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    buf_free(&path);
    for (u32 i = 0; fd >= 0 && i < 200; i++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0)
            return fd;
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    if (fd >= 0)
        close(fd);
    return -1;
}

void cache_unlock(int lock)
{
    if (lock >= 0)
        close(lock);
}
