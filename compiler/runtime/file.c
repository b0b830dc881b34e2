/* file.c - reading what may be cut off, writing whole files. */
#include "rt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool nrt_open(nrt_in *in, const char *path, nrt_error *e)
{
    bool standard = strcmp(path, "-") == 0;
    struct stat st;
    *in = (nrt_in){ .fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC), .name = standard ? "standard input" : path };
    if (in->fd < 0)
        return nrt_fail(e, "%s: cannot be read: %s", path, strerror(errno));
    if (fstat(in->fd, &st) == 0 && S_ISREG(st.st_mode)) {
        off_t at = lseek(in->fd, 0, SEEK_CUR);
        in->sized = at >= 0;
        in->left = at >= 0 && st.st_size > at ? (uint64_t)(st.st_size - at) : 0;
    }
    return true;
}

void nrt_close(nrt_in *in)
{
    if (in->fd > STDIN_FILENO)
        close(in->fd);
    in->fd = -1;
}

bool nrt_read(nrt_in *in, void *to, uint64_t n, nrt_error *e)
{
    for (uint64_t done = 0; done < n;) {
        uint64_t want = n - done;
        ssize_t k = read(in->fd, (char *)to + done, want < (uint64_t)1 << 30 ? (size_t)want : (size_t)1 << 30);
        if (k < 0 && errno == EINTR)
            continue;
        if (k < 0)
            return nrt_fail(e, "%s: cannot be read: %s", in->name, strerror(errno));
        if (k == 0)
            return nrt_fail(e, "%s: the file is cut off: %llu more bytes are expected", in->name, (unsigned long long)(want + in->after));
        done += (uint64_t)k;
        if (in->sized)
            in->left -= (uint64_t)k < in->left ? (uint64_t)k : in->left;
    }
    return true;
}

void *nrt_read_new(nrt_in *in, uint64_t n, nrt_error *e)
{
    if (in->sized && n > in->left) {
        nrt_fail(e, "%s: the file is cut off: %llu bytes are expected here, %llu are left", in->name, (unsigned long long)n,
                 (unsigned long long)in->left);
        return NULL;
    }
    uint64_t room = in->sized || n < 1 << 20 ? n : 1 << 20, have = 0;
    unsigned char *to = nrt_alloc(room, e);
    while (to) {
        in->after = n - room;
        bool ok = nrt_read(in, to + have, room - have, e);
        in->after = 0;
        if (!ok)
            break;
        have = room;
        if (have == n)
            return to;
        room = n - have < have ? n : 2 * have;
        void *more = nrt_alloc(room, e);
        if (!more)
            break;
        memcpy(more, to, (size_t)have);
        free(to);
        to = more;
    }
    free(to);
    return NULL;
}

bool nrt_at_end(nrt_in *in, nrt_error *e)
{
    char c;
    ssize_t k;
    do
        k = read(in->fd, &c, 1);
    while (k < 0 && errno == EINTR);
    return k == 0 || nrt_fail(e, k < 0 ? "%s: cannot be read to its end" : "%s: more bytes follow than there should be", in->name);
}

static bool put(int fd, const void *data, uint64_t n)
{
    for (uint64_t done = 0; done < n;) {
        uint64_t want = n - done;
        ssize_t k = write(fd, (const char *)data + done, want < (uint64_t)1 << 30 ? (size_t)want : (size_t)1 << 30);
        if (k < 0 && errno == EINTR)
            continue;
        if (k <= 0)
            return false;
        done += (uint64_t)k;
    }
    return true;
}

/* Where a file's bytes go first: a name of its own beside it, "" where it cannot be replaced (a device, a pipe). */
static bool place(const nrt_out *o, char *tmp, size_t size, int *fd)
{
    struct stat st;
    bool there = stat(o->path, &st) == 0;
    *tmp = 0;
    if (strcmp(o->path, "-") == 0) {
        *fd = STDOUT_FILENO;
        return true;
    }
    if (there && !S_ISREG(st.st_mode)) {
        *fd = open(o->path, O_WRONLY | O_CLOEXEC);
        return *fd >= 0;
    }
    for (unsigned i = 0; i < 100; i++) {
        snprintf(tmp, size, "%s.%lx.%x", o->path, (long)getpid(), i);
        *fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, there ? st.st_mode & 0777 : 0666);
        if (*fd >= 0)
            return true;
        if (errno != EEXIST)
            break;
    }
    *tmp = 0;
    return false;
}

static bool write_one(const nrt_out *o, char *tmp, size_t size)
{
    int fd;
    if (!place(o, tmp, size, &fd))
        return false;
    bool ok = put(fd, o->head, o->nhead) && put(fd, o->data, o->ndata);
    int err = errno;
    if (fd != STDOUT_FILENO && close(fd) && ok) {
        ok = false;
        err = errno;
    }
    errno = err;
    return ok;
}

bool nrt_write(uint32_t n, const nrt_out *out, nrt_error *e)
{
    char **tmp = calloc(n + (size_t)1, sizeof *tmp);
    bool ok = tmp || nrt_fail_env(e, "there is no memory");
    for (uint32_t i = 0; ok && i < n; i++) {
        size_t size = strlen(out[i].path) + 40;
        tmp[i] = calloc(1, size);
        ok = tmp[i] || nrt_fail_env(e, "there is no memory");
        if (ok && !write_one(&out[i], tmp[i], size))
            ok = nrt_fail_env(e, "%s: cannot be written: %s", strcmp(out[i].path, "-") ? out[i].path : "standard output", strerror(errno));
    }
    for (uint32_t i = 0; ok && i < n; i++) {
        if (*tmp[i] && rename(tmp[i], out[i].path))
            ok = nrt_fail_env(e, "%s: cannot be written: %s", out[i].path, strerror(errno));
        else
            *tmp[i] = 0;
    }
    for (uint32_t i = 0; tmp && i < n; i++) {
        if (tmp[i] && *tmp[i])
            unlink(tmp[i]);
        free(tmp[i]);
    }
    free(tmp);
    return ok;
}
