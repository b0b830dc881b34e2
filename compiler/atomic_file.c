/* atomic_file.c - see atomic_file.h: bytes into a new file beside the old one, which is then replaced. */
#include "compiler/atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool atomic_write(const char *path, const void *data, size_t n)
{
    /* Devices and pipes (/dev/stdout) are written to; only files can be replaced. */
    struct stat st;
    bool there = stat(path, &st) == 0, plain = !there || S_ISREG(st.st_mode);
    mode_t mode = there ? st.st_mode & 0777 : 0666;
    size_t len = strlen(path);
    char *tmp = malloc(len + 40);
    if (!tmp)
        return false;
    /* A new file gets the mode the umask leaves it, which only open knows without a race. */
    int fd = plain ? -1 : open(path, O_WRONLY);
    for (unsigned i = 0; plain && fd < 0 && i < 100; i++) {
        snprintf(tmp, len + 40, "%s.%lx.%x", path, (long)getpid(), i);
        fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
        if (fd < 0 && errno != EEXIST)
            break;
    }
    bool ok = fd >= 0;
    for (size_t done = 0; ok && done < n;) {
        ssize_t k = write(fd, (const char *)data + done, n - done);
        if (k < 0 && errno == EINTR)
            continue;
        ok = k > 0;
        done += ok ? (size_t)k : 0;
    }
    int err = errno;
    if (ok && plain && there && fchmod(fd, mode)) {
        ok = false;
        err = errno;
    }
    if (fd >= 0 && close(fd) && ok) {
        ok = false;
        err = errno;
    }
    if (plain && ok && rename(tmp, path)) {
        ok = false;
        err = errno;
    }
    if (plain && !ok && fd >= 0)
        unlink(tmp);
    free(tmp);
    errno = err;
    return ok;
}
