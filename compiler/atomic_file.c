/* atomic_file.c - see atomic_file.h: bytes into new files beside the old ones, which are then replaced. */
#include "compiler/atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Devices and pipes (/dev/stdout) are written to; only files can be replaced. */
struct staged { char *tmp; bool plain; };

static bool put(int fd, const char *data, size_t n)
{
    for (size_t done = 0; done < n;) {
        ssize_t k = write(fd, data + done, n - done);
        if (k < 0 && errno == EINTR)
            continue;
        if (k <= 0)
            return false;
        done += (size_t)k;
    }
    return true;
}

/* Writes what is to become the file.  false with errno, and nothing is left. */
static bool stage(const struct atomic_file *f, struct staged *s)
{
    struct stat st;
    bool there = stat(f->path, &st) == 0;
    mode_t mode = (there ? st.st_mode & 0777 : 0666) | (f->exec ? (there ? (st.st_mode & 0444) >> 2 : 0111) : 0);
    size_t len = strlen(f->path);
    s->plain = !there || S_ISREG(st.st_mode);
    s->tmp = malloc(len + 40);
    if (!s->tmp)
        return false;
    /* A new file gets the mode the umask leaves it, which only open knows without a race. */
    int fd = s->plain ? -1 : open(f->path, O_WRONLY);
    for (unsigned i = 0; s->plain && fd < 0 && i < 100; i++) {
        snprintf(s->tmp, len + 40, "%s.%lx.%x", f->path, (long)getpid(), i);
        fd = open(s->tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
        if (fd < 0 && errno != EEXIST)
            break;
    }
    bool ok = fd >= 0 && put(fd, f->data, f->n) && (!s->plain || !there || !fchmod(fd, mode));
    int err = errno;
    if (fd >= 0 && close(fd) && ok) {
        ok = false;
        err = errno;
    }
    if (s->plain && !ok && fd >= 0)
        unlink(s->tmp);
    if (!ok) {
        free(s->tmp);
        s->tmp = NULL;
    }
    errno = err;
    return ok;
}

bool atomic_write_all(const struct atomic_file *f, unsigned n, unsigned *bad)
{
    struct staged *s = calloc(n + 1, sizeof *s);
    bool ok = s;
    unsigned done = 0;
    for (*bad = 0; ok && *bad < n; *bad += ok)
        ok = stage(&f[*bad], &s[*bad]);
    for (; ok && done < n; done += ok) {
        ok = !s[done].plain || rename(s[done].tmp, f[done].path) == 0;
        *bad = done;
    }
    int err = errno;
    for (unsigned i = 0; s && i < n; i++) {
        if (s[i].tmp && s[i].plain && i >= done)
            unlink(s[i].tmp);
        free(s[i].tmp);
    }
    free(s);
    errno = err;
    return ok;
}

bool atomic_write(const char *path, const void *data, size_t n)
{
    unsigned bad;
    return atomic_write_all(&(struct atomic_file){path, data, n, false}, 1, &bad);
}
