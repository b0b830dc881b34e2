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
    bool plain = stat(path, &st) || S_ISREG(st.st_mode);
    size_t len = strlen(path);
    char *tmp = malloc(len + 8);
    if (!tmp)
        return false;
    memcpy(tmp, path, len);
    memcpy(tmp + len, ".XXXXXX", 8);
    int fd = plain ? mkstemp(tmp) : open(path, O_WRONLY);
    bool ok = fd >= 0;
    for (size_t done = 0; ok && done < n;) {
        ssize_t k = write(fd, (const char *)data + done, n - done);
        if (k < 0 && errno == EINTR)
            continue;
        ok = k > 0;
        done += ok ? (size_t)k : 0;
    }
    int err = errno;
    if (fd >= 0 && plain) {
        mode_t mask = umask(0);
        umask(mask);
        ok = ok && fchmod(fd, stat(path, &st) == 0 ? st.st_mode & 0777 : 0666 & ~mask) == 0;
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
