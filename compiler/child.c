/* child.c - see child.h.
 *
 * In: words of a command.  Out: what it printed and how it ended.  Holds: the program has a process group of its own, so that what it
 * started is ended along with it; nothing is left running, and no shell reads the words. */
#define _GNU_SOURCE
#include "compiler/child.h"

#include "compiler/base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static bool runnable(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

bool child_find(const char *name, struct buf *path)
{
    buf_clear(path);
    if (strchr(name, '/')) {
        buf_puts(path, name);
        return runnable(name);
    }
    const char *dir = getenv("PATH");
    for (dir = *name && dir ? dir : ""; *dir; dir += *dir == ':') {
        size_t n = strcspn(dir, ":");
        buf_clear(path);
        buf_printf(path, "%.*s/%s", n ? (int)n : 1, n ? dir : ".", name);
        if (runnable(path->at))
            return true;
        dir += n;
    }
    buf_clear(path);
    return false;
}

/* Starts it; 0 or an errno. */
static int start(const char *path, const char *const *argv, int in, int out, pid_t *pid)
{
    posix_spawn_file_actions_t fa;
    posix_spawnattr_t at;
    sigset_t none, def;
    if (posix_spawn_file_actions_init(&fa))
        return ENOMEM;
    if (posix_spawnattr_init(&at)) {
        posix_spawn_file_actions_destroy(&fa);
        return ENOMEM;
    }
    sigemptyset(&none);
    sigemptyset(&def);
    sigaddset(&def, SIGPIPE);
    int bad = posix_spawn_file_actions_adddup2(&fa, in, 0) || posix_spawn_file_actions_adddup2(&fa, out, 1) ||
              posix_spawn_file_actions_adddup2(&fa, out, 2) || posix_spawnattr_setsigmask(&at, &none) ||
              posix_spawnattr_setsigdefault(&at, &def) || posix_spawnattr_setpgroup(&at, 0) ||
              posix_spawnattr_setflags(&at, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    bad = bad ? ENOMEM : posix_spawn(pid, path, &fa, &at, (char *const *)(uintptr_t)argv, environ);
    posix_spawnattr_destroy(&at);
    posix_spawn_file_actions_destroy(&fa);
    return bad;
}

/* What it prints, until it closes its outputs; false: its time is up. */
static bool listen_to(int fd, u64 until, struct buf *out)
{
    char part[4096];
    for (;;) {
        u64 now = clock_now();
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int k = now < until ? poll(&p, 1, (int)MIN((until - now) / 1000000 + 1, 1000u)) : 0;
        if (!k && clock_now() >= until)
            return false;
        if (k <= 0)
            continue;
        ssize_t n = read(fd, part, sizeof part);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return true;
        if (out && out->n < CHILD_MOST)
            buf_put(out, part, MIN((size_t)n, CHILD_MOST - out->n));
    }
}

/* Its end, waited for until its time is up; false: it is up. */
static bool wait_for(pid_t pid, u64 until, int *how)
{
    for (useconds_t nap = 50;; nap = MIN(nap * 2, 5000u)) {
        pid_t k = waitpid(pid, how, WNOHANG);
        if (k == pid)
            return true;
        if (k < 0 && errno != EINTR) {          /* somebody else's SIGCHLD took it */
            *how = 0;
            return true;
        }
        if (clock_now() >= until)
            return false;
        usleep(nap);
    }
}

/* A file without a name that has the text, read from its beginning; -1 with errno. */
static int as_file(const char *text)
{
    int fd = text ? memfd_create("input", MFD_CLOEXEC) : open("/dev/null", O_RDONLY | O_CLOEXEC);
    for (size_t n = text && fd >= 0 ? strlen(text) : 0; n;) {
        ssize_t k = write(fd, text, n);
        if (k < 0 && errno != EINTR) {
            close(fd);
            return -1;
        }
        text += MAX(k, 0);
        n -= (size_t)MAX(k, 0);
    }
    if (text && fd >= 0)
        lseek(fd, 0, SEEK_SET);
    return fd;
}

bool child_run(const char *const *argv, const char *input, u32 seconds, struct buf *out, int *status, struct buf *why)
{
    struct buf path = {0};
    if (!child_find(argv[0], &path)) {
        buf_printf(why, "there is no program `%s`", argv[0]);
        buf_free(&path);
        return false;
    }
    int to[2], in = as_file(input), how = 0;
    if (in < 0 || pipe2(to, O_CLOEXEC)) {
        buf_printf(why, "`%s` cannot be started: %s", argv[0], strerror(errno));
        if (in >= 0)
            close(in);
        buf_free(&path);
        return false;
    }
    pid_t pid = 0;
    int bad = start(path.at, argv, in, to[1], &pid);
    close(in);
    close(to[1]);
    buf_free(&path);
    if (bad) {
        close(to[0]);
        buf_printf(why, "`%s` cannot be started: %s", argv[0], strerror(bad));
        return false;
    }
    u64 until = clock_now() + (u64)seconds * 1000000000u;
    bool ended = listen_to(to[0], until, out) && wait_for(pid, until, &how);
    close(to[0]);
    if (!ended) {
        kill(-pid, SIGKILL);
        while (waitpid(pid, &how, 0) < 0 && errno == EINTR)
            ;
        buf_printf(why, "`%s` was ended after %u s", argv[0], seconds);
        return false;
    }
    if (WIFSIGNALED(how)) {
        buf_printf(why, "`%s` died: %s", argv[0], strsignal(WTERMSIG(how)));
        return false;
    }
    *status = WEXITSTATUS(how);
    return true;
}
