/* be_gccjit_work.c - forked workers: libgccjit keeps one lock for all threads and may abort, so it runs in processes of its own.
 *
 * In: jobs.  Out: their bytes, or the first reason why not.  A worker does one job, as a second context of a process is not like its first, writes
 * what comes of it into a private directory and ends; it does nothing but run libgccjit, which puts its own temporary files there, too (TMPDIR).  A worker that dies is a reason like any
 * other.  The directory goes when the work is done.  Holds: the parent never calls into libgccjit's compiler, so no lock of it is held in a child. */
#include "backends/be_gccjit_work.h"

#include "compiler/base/arena.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_SECONDS = 600, A_KERNEL = 5 };     /* by the clock: the machine may be busy */

struct work { const struct gj_options *o; struct arena *a; struct gj_job *job; char *dir; struct buf *why; };

static const char *file_of(const struct work *w, u32 job, const char *kind)
{
    return arena_printf(w->a, "%s/%u.%s", w->dir, job, kind);
}

/* ---- in a worker ---- */

/* Names that LLVM and GCC share; what else a processor has, this code does not use. */
static void machine_options(gcc_jit_context *c, struct arena *a, const char *features)
{
    static const char *const known[] = { "sse3", "ssse3", "sse4.1", "sse4.2", "popcnt", "avx", "avx2", "fma", "f16c", "bmi", "bmi2", "lzcnt",
                                         "avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl" };
    gcc_jit_context_add_command_line_option(c, "-march=x86-64");
    for (const char *f = features; (f = strchr(f, '+')); f++)
        for (u32 i = 0; i < COUNTOF(known); i++)
            if (strcspn(f + 1, ",") == strlen(known[i]) && strncmp(f + 1, known[i], strlen(known[i])) == 0)
                gcc_jit_context_add_command_line_option(c, arena_printf(a, "-m%s", known[i]));
}

static void options(gcc_jit_context *c, struct arena *a, const struct gj_options *o, bool unit)
{
    static const char *const option[] = {
        "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math", "-fwrapv", "-fno-strict-aliasing",        /* meaning */
        "-fno-tree-loop-distribute-patterns", "-fno-stack-protector", "-fcf-protection=none",                   /* nothing outside */
        "-fno-asynchronous-unwind-tables", "-fno-unwind-tables", "-fno-reorder-blocks-and-partition", "-fno-jump-tables",
        "-fno-ipa-icf", "-fno-ipa-ra", "-fno-semantic-interposition",   /* a function's code is its own */
        "-fno-tree-vectorize", "-fno-tree-slp-vectorize",               /* loops come written as they should run */
    };
    static const char *const together[] = {
        "-fno-inline", "-fno-ipa-cp", "-fno-ipa-sra",                   /* kernels are what they are alone */
        "-fno-ipa-pure-const", "-fno-ipa-modref", "-fno-ipa-reference",        /* GCC does not see memory that is written by instructions alone */
    };
    gcc_jit_context_set_int_option(c, GCC_JIT_INT_OPTION_OPTIMIZATION_LEVEL, (int)o->level);
    gcc_jit_context_set_bool_print_errors_to_stderr(c, 0);
    for (u32 i = 0; i < COUNTOF(option); i++)
        gcc_jit_context_add_command_line_option(c, option[i]);
    for (u32 i = 0; i < COUNTOF(together) && unit; i++)
        gcc_jit_context_add_command_line_option(c, together[i]);
    if (!unit)
        gcc_jit_context_add_command_line_option(c, "-ffunction-sections");
    machine_options(c, a, o->features);
}

static void open_unit(struct gj_unit *u, gcc_jit_context *c, const struct gj_options *o)
{
    static const struct { size_t at; enum gcc_jit_types t; } type[] = {
        { offsetof(struct gj_unit, voidt), GCC_JIT_TYPE_VOID }, { offsetof(struct gj_unit, voidp), GCC_JIT_TYPE_VOID_PTR }, { offsetof(struct gj_unit, b), GCC_JIT_TYPE_BOOL },
        { offsetof(struct gj_unit, i8), GCC_JIT_TYPE_INT8_T }, { offsetof(struct gj_unit, u8), GCC_JIT_TYPE_UINT8_T }, { offsetof(struct gj_unit, i16), GCC_JIT_TYPE_INT16_T },
        { offsetof(struct gj_unit, u16), GCC_JIT_TYPE_UINT16_T }, { offsetof(struct gj_unit, i32), GCC_JIT_TYPE_INT32_T }, { offsetof(struct gj_unit, u32), GCC_JIT_TYPE_UINT32_T },
        { offsetof(struct gj_unit, i64), GCC_JIT_TYPE_INT64_T }, { offsetof(struct gj_unit, u64), GCC_JIT_TYPE_UINT64_T }, { offsetof(struct gj_unit, f32), GCC_JIT_TYPE_FLOAT },
        { offsetof(struct gj_unit, f64), GCC_JIT_TYPE_DOUBLE },
    };
    *u = (struct gj_unit){ .c = c, .m = o->m };
    for (u32 i = 0; i < COUNTOF(type); i++)
        memcpy((char *)u + type[i].at, &(gj_t){ gcc_jit_context_get_type(c, type[i].t) }, sizeof(gj_t));
}

static void write_result(struct work *w, gcc_jit_context *c, u32 job, const char *what)
{
    const char *path = file_of(w, job, "out");
    if (!what || strcmp(what, "asm") == 0)
        gcc_jit_context_compile_to_file(c, what ? GCC_JIT_OUTPUT_KIND_ASSEMBLER : GCC_JIT_OUTPUT_KIND_OBJECT_FILE, path);
    else if (strcmp(what, "reproducer") == 0)
        gcc_jit_context_dump_reproducer_to_file(c, path);
    else
        gcc_jit_context_dump_to_file(c, path, 0);
}

static bool do_job(struct work *w, u32 k, struct buf *why)
{
    struct gj_job *job = &w->job[k];
    struct arena *tmp = arena_new("pass");
    gcc_jit_context *c = gcc_jit_context_acquire();
    struct gj_unit u;
    bool ok = c != NULL;
    if (ok) {
        options(c, tmp, w->o, job->unit);
        open_unit(&u, c, w->o);
    }
    for (u32 i = 0; i < job->n && ok; i++)
        ok = gj_emit(&u, tmp, job->fn[i], job->name[i], GCC_JIT_FUNCTION_EXPORTED, why);
    if (ok && job->unit)
        ok = gj_emit_unit(&u, tmp, w->o->mach, job->unit, job->what ? NULL : file_of(w, k, "data"), why);
    if (ok)
        write_result(w, c, k, job->what);
    const char *error = c ? gcc_jit_context_get_first_error(c) : "no context";
    if (error)
        buf_printf(why, "libgccjit: %s", error);
    if (c)
        gcc_jit_context_release(c);
    arena_free(tmp);
    return ok && !error;
}

static void save_reason(const struct work *w, u32 k, const char *text)
{
    int fd = open(file_of(w, k, "why"), O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (fd >= 0 && write(fd, text, strlen(text)) >= 0)
        close(fd);
}

/* A crash ends this process, whatever the program does about its own; so does the program's end, or too much time. */
static void alone(const struct gj_job *job, pid_t parent)
{
    static const int signals[] = { SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGALRM, SIGTERM, SIGINT, SIGPIPE, SIGCHLD };
    sigset_t none;
    sigemptyset(&none);
    for (u32 i = 0; i < COUNTOF(signals); i++)
        signal(signals[i], SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(2);
    alarm(MOST_SECONDS + A_KERNEL * (job->unit ? job->unit->kernel.n : job->n));
}

_Noreturn static void child(struct work *w, u32 k, pid_t parent)
{
    struct buf why = { 0 };
    struct bug_trap trap;
    volatile bool ok = true;
    alone(&w->job[k], parent);
    int said = open(file_of(w, k, "said"), O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (said < 0 || dup2(said, 1) < 0 || dup2(said, 2) < 0 || setenv("TMPDIR", w->dir, 1))
        _exit(2);
    bug_trap_push(&trap);
    if (!setjmp(trap.back)) {
        ok = do_job(w, k, &why);
    } else {
        buf_puts(&why, trap.text);
        ok = false;
    }
    if (!ok)
        save_reason(w, k, why.at ? why.at : "no reason");
    _exit(ok ? 0 : 1);
}

/* ---- in the parent ---- */

static bool read_whole(const struct work *w, const char *path, char **at, size_t *bytes)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool ok = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size < (off_t)1 << 36;
    size_t have = 0;
    *bytes = ok ? (size_t)st.st_size : 0;
    *at = ok ? arena_alloc(w->a, *bytes + 1) : NULL;
    while (ok && have < *bytes) {
        ssize_t got = read(fd, *at + have, *bytes - have);
        ok = got > 0 || (got < 0 && errno == EINTR);
        have += got > 0 ? (size_t)got : 0;
    }
    if (fd >= 0)
        close(fd);
    return ok;
}

static void say(struct work *w, const char *text)
{
    if (!w->why->n)
        buf_printf(w->why, "%.*s", (int)strcspn(text, "\n"), text);
}

/* What the process of job k left. */
static bool collect(struct work *w, u32 k, pid_t pid)
{
    struct gj_job *job = &w->job[k];
    int status = 0;
    struct rusage used = { 0 };
    char *text;
    size_t n;
    while (wait4(pid, &status, 0, &used) < 0)
        if (errno != EINTR) {
            say(w, "a worker is gone");
            return false;
        }
    job->ns = (u64)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000000u + (u64)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1000u;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        bool ok = read_whole(w, file_of(w, k, "out"), &job->at, &job->bytes);
        if (!ok)
            say(w, "libgccjit wrote nothing");
        return ok;
    }
    if (read_whole(w, file_of(w, k, "why"), &text, &n) && n)
        say(w, text);
    else if (read_whole(w, file_of(w, k, "said"), &text, &n) && n)
        say(w, arena_printf(w->a, "libgccjit's process ended: %s", text));
    else if (WIFSIGNALED(status))
        say(w, arena_printf(w->a, "libgccjit's process was ended by signal %d", WTERMSIG(status)));
    else
        say(w, arena_printf(w->a, "libgccjit's process ended with status %d", WEXITSTATUS(status)));
    return false;
}

/* A directory of ours, with directories that libgccjit made in it. */
static void remove_all(struct work *w, const char *dir, u32 depth)
{
    DIR *d = depth < 4 ? opendir(dir) : NULL;
    for (struct dirent *e; d && (e = readdir(d));) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        const char *path = arena_printf(w->a, "%s/%s", dir, e->d_name);
        if (unlink(path) && (errno == EISDIR || errno == EPERM))
            remove_all(w, path, depth + 1);
    }
    if (d)
        closedir(d);
    rmdir(dir);
}

bool gj_work(const struct gj_options *o, struct arena *a, u32 n, struct gj_job *job, u32 workers, struct buf *why)
{
    const char *tmp = getenv("TMPDIR");
    pid_t *pid = NEW_ARRAY(a, pid_t, n);
    struct work w = { .o = o, .a = a, .job = job, .why = why };
    if (!n)
        return true;
    workers = MAX(workers, 1);
    w.dir = arena_printf(a, "%s/nasc-gccjit-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(w.dir)) {
        buf_printf(why, "no temporary directory %s: %s", w.dir, strerror(errno));
        return false;
    }
    bool ok = true;
    u32 started = 0, ended = 0;
    pid_t self = getpid();
    while (ended < started || (started < n && ok)) {
        if (started == ended + workers || started == n || !ok) {
            ok = collect(&w, ended, pid[ended]) && ok;
            ended++;
            continue;
        }
        pid[started] = fork();
        if (pid[started] == 0)
            child(&w, started, self);
        if (pid[started] < 0) {
            say(&w, arena_printf(a, "no process for libgccjit: %s", strerror(errno)));
            ok = false;
        } else {
            started++;
        }
    }
    remove_all(&w, w.dir, 0);
    return ok;
}
