/* test_kernel_cache.c - the cache on disk: what comes out is what went in, whatever happened to the files in between. */
#include "tests/unit/unit.h"

#include "compiler/kernel_cache.h"

#include "compiler/base/arena.h"
#include "compiler/base/hash.h"
#include "compiler/base/rng.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { N = 40 };
static const u64 MOST = 64 << 20;
struct env { char dir[64], file[96]; struct arena *a; struct rng r; };

static int setup(void **state)
{
    if (!kernel_cache_built())
        return 0;
    struct env *e = calloc(1, sizeof *e);
    snprintf(e->dir, sizeof e->dir, "kernel-cache-XXXXXX");
    assert_non_null(mkdtemp(e->dir));
    snprintf(e->file, sizeof e->file, "%s/kernels-1.sqlite", e->dir);
    e->a = arena_new("test");
    e->r = rng_make(5, 6, 7);
    *state = e;
    return 0;
}

static void shell(const char *fmt, const char *x)
{
    char text[512];
    snprintf(text, sizeof text, fmt, x, x, x);
    int status = system(text);
    if (status)
        print_error("%s\n", text);
    assert_int_equal(status, 0);
}

static int teardown(void **state)
{
    struct env *e = *state;
    if (!e)
        return 0;
    shell("rm -rf %s", e->dir);
    arena_free(e->a);
    free(e);
    return 0;
}

/* The k-th key and its image: anybody's is the same. */
static struct hash128 key_of(u64 k)
{
    return hash128(&k, sizeof k);
}

static struct be_image image_of(struct arena *a, u64 k)
{
    struct rng r = rng_make(k, 1, 1);
    u32 n = 100 + (u32)(rng_u64(&r) % (k % 7 ? 3000 : 30000));
    u8 *at = arena_alloc(a, n);
    for (u32 i = 0; i < n; i++)
        at[i] = (u8)rng_u64(&r);
    return (struct be_image){at, n, (u32)(k % 100), 64};
}

static void put(struct env *e, struct kernel_cache *c, u64 from, u64 to)
{
    for (u64 k = from; k < to; k++) {
        struct hash128 key = key_of(k);
        struct be_image i = image_of(e->a, k);
        kernel_cache_put(c, 1, &key, &i);
    }
}

/* How many of them there are; each of these must be right. */
static u32 get(struct env *e, struct kernel_cache *c, u64 from, u64 to)
{
    struct arena_mark m = arena_mark(e->a);
    u32 n = (u32)(to - from);
    struct hash128 *key = NEW_ARRAY(e->a, struct hash128, n);
    struct be_image *got = NEW_ARRAY(e->a, struct be_image, n);
    for (u32 i = 0; i < n; i++)
        key[i] = key_of(from + i);
    u32 found = kernel_cache_get(c, e->a, n, key, got), seen = 0;
    for (u32 i = 0; i < n; i++) {
        if (!got[i].at)
            continue;
        struct be_image want = image_of(e->a, from + i);
        assert_int_equal(got[i].bytes, want.bytes);
        assert_int_equal(got[i].entry, want.entry);
        assert_int_equal(got[i].align, want.align);
        assert_memory_equal(got[i].at, want.at, want.bytes);
        seen++;
    }
    assert_int_equal(seen, found);
    arena_reset(e->a, m);
    return found;
}

static struct kernel_cache *open_cache(struct env *e)
{
    struct buf why = {0};
    struct kernel_cache *c = kernel_cache_open(e->dir, MOST, &why);
    if (!c)
        print_error("%s\n", why.at);
    assert_non_null(c);
    buf_free(&why);
    return c;
}

/* A sound cache of N, closed. */
static void begin_anew(struct env *e)
{
    shell("rm -rf %s; mkdir -m 700 %s", e->dir);
    struct kernel_cache *c = open_cache(e);
    put(e, c, 0, N);
    kernel_cache_close(c);
}

/* After damage: it works, what it holds is right, and it holds what is put.  said: must it have complained (2: it may). */
static void works(struct env *e, u32 said, const char *what)
{
    struct kernel_cache *c = open_cache(e);
    get(e, c, 0, N);
    put(e, c, 0, N);
    if (said == 2 && get(e, c, 0, N) < N)               /* found out only now */
        put(e, c, 0, N);
    u32 found = get(e, c, 0, N);
    const char *words = kernel_cache_said(c);
    if (found != N || (said == 1 && !words) || (!said && words))
        print_error("%s: %u of %u, said %s\n", what, found, (u32)N, words ? words : "nothing");
    assert_int_equal(found, N);
    assert_true(said == 2 || !!words == said);
    assert_null(kernel_cache_said(c));                  /* once */
    kernel_cache_close(c);
    if (said == 2)
        return;
    c = open_cache(e);
    assert_int_equal(get(e, c, 0, N), N);
    assert_null(kernel_cache_said(c));
    kernel_cache_close(c);
}

static void test_round(void **state)
{
    struct env *e = *state;
    if (!e)
        skip_for("no sqlite");
    begin_anew(e);
    struct kernel_cache *c = open_cache(e);
    struct kernel_cache_info i;
    assert_int_equal(get(e, c, 0, N), N);
    assert_int_equal(get(e, c, N, 2 * N), 0);
    kernel_cache_close(c);
    c = open_cache(e);
    assert_true(kernel_cache_about(c, &i));
    assert_true(i.entries == N && i.hits == N && i.misses == N && i.most == MOST && i.bytes > 50000);
    put(e, c, 0, 2 * N);
    assert_int_equal(get(e, c, 0, 2 * N), 2 * N);
    pid_t pid = fork();
    if (!pid)
        _exit(get(e, c, 0, 2 * N) == 0 ? 0 : 1);        /* a connection is not inherited */
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    kernel_cache_close(c);
    struct stat st;
    assert_true(stat(e->dir, &st) == 0 && (st.st_mode & 0777) == 0700);
    assert_true(stat(e->file, &st) == 0 && (st.st_mode & 0777) == 0600);
    struct buf why = {0};
    assert_true(kernel_cache_clear(e->dir, &why));
    assert_int_not_equal(stat(e->file, &st), 0);
    works(e, 0, "cleared");
}

/* The file as a whole. */
static void test_files(void **state)
{
    struct env *e = *state;
    if (!e)
        skip_for("no sqlite");
    static const struct { u32 said; const char *what; } row[] = {
        {0, ": > %s; : %s %s"}, {1, "truncate -s 100 %s; : %s %s"}, {1, "truncate -s 4097 %s; : %s %s"}, {2, "truncate -s 50000 %s; : %s %s"},
        {1, "head -c 100000 /dev/urandom > %s; : %s %s"}, {1, "echo hello > %s; : %s %s"}, {1, "printf 'SQLite format 3\\0' > %s; : %s %s"},
        {1, "rm %s; mkdir %s; touch %s/x"}, {1, "rm %s; ln -s /etc/passwd %s; : %s"}, {1, "mv %s %s.x; ln -s kernels-1.sqlite.x %s"},
        {1, "rm %s; ln -s nowhere %s; : %s"}, {1, "rm %s; mkfifo %s; : %s"}, {1, "chmod 666 %s; : %s %s"}, {1, "ln %s %s.hard; : %s"},
        {1, "mkdir %s-wal; : %s %s"}, {1, "ln -s x %s-shm; : %s %s"}, {2, "head -c 20000 /dev/urandom > %s-wal; chmod 600 %s-wal; : %s"},
        {2, "head -c 40000 /dev/urandom > %s-journal; chmod 600 %s-journal; : %s"}, {2, "head -c 40000 /dev/urandom > %s-shm; chmod 600 %s-shm; : %s"},
        {0, "mkdir %s.y; rm %s; : %s"}, {1, "mkdir %s.damaged; touch %s.damaged/x; echo hello > %s"},
    };
    for (u32 i = 0; i < COUNTOF(row); i++) {
        begin_anew(e);
        shell(row[i].what, e->file);
        works(e, row[i].said, row[i].what);
    }
    struct stat st;
    assert_true(stat("/etc/passwd", &st) != 0 || st.st_size > 0);
}

/* Single bytes anywhere. */
static void test_flips(void **state)
{
    struct env *e = *state;
    if (!e)
        skip_for("no sqlite");
    begin_anew(e);
    shell("cp %s %s.good; : %s", e->file);
    for (u32 turn = 0; turn < 30; turn++) {
        shell("rm -f %s-*; cp %s.good %s", e->file);
        int fd = open(e->file, O_RDWR);
        u64 size = (u64)lseek(fd, 0, SEEK_END);
        for (u32 k = 0; k <= turn % 20; k++) {
            u8 byte = (u8)rng_u64(&e->r);
            u64 at = turn % 3 ? rng_u64(&e->r) % size : rng_u64(&e->r) % 40 * 4096 % size + rng_u64(&e->r) % 100;     /* often the head of a page */
            assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
        }
        close(fd);
        works(e, 2, "flips");
    }
}

/* Sound databases with other things in them than there should be. */
static void test_contents(void **state)
{
    struct env *e = *state;
    if (!e)
        skip_for("no sqlite");
    if (system("python3 -c 'import sqlite3' >/dev/null 2>&1"))
        skip_for("no python3 with sqlite3");
    static const struct { u32 said; const char *sql; } row[] = {
        {0, "UPDATE kernel SET image = randomblob(length(image))"}, {0, "UPDATE kernel SET image = randomblob(17000000) WHERE lo = (SELECT min(lo) FROM kernel)"},
        {0, "UPDATE kernel SET image = zeroblob(900000000) WHERE lo = (SELECT min(lo) FROM kernel)"},
        {0, "UPDATE kernel SET image = x''"}, {0, "UPDATE kernel SET image = 'text'"}, {0, "UPDATE kernel SET image = 7"}, {0, "UPDATE kernel SET entry = 1 << 62"},
        {0, "UPDATE kernel SET entry = -1"}, {0, "UPDATE kernel SET entry = 'x'"}, {0, "UPDATE kernel SET align = 0"}, {0, "UPDATE kernel SET align = 3"},
        {0, "UPDATE kernel SET align = 1 << 40"}, {0, "UPDATE kernel SET hi = hi + 1"}, {0, "UPDATE kernel SET sumlo = 0"}, {0, "UPDATE kernel SET entry = entry + 1"},
        {0, "DELETE FROM use"}, {0, "UPDATE use SET at = 9000000000000000000"}, {0, "DELETE FROM count"}, {0, "UPDATE count SET n = 9223372036854775807"},
        {1, "DROP TABLE kernel"}, {1, "CREATE TABLE more(x)"}, {1, "CREATE TRIGGER t AFTER INSERT ON kernel BEGIN DELETE FROM kernel; END"},
        {1, "DROP TABLE use; CREATE VIEW use AS SELECT lo, 1 AS at FROM kernel"}, {1, "ALTER TABLE kernel ADD COLUMN more"},
        {0, "UPDATE kernel SET image = (SELECT image FROM kernel k WHERE k.lo != kernel.lo LIMIT 1)"},
    };
    for (u32 i = 0; i < COUNTOF(row); i++) {
        begin_anew(e);
        FILE *f = popen("python3 -c 'import sqlite3,sys\nd=sqlite3.connect(sys.stdin.readline().strip())\nd.executescript(sys.stdin.read())\nd.commit()'", "w");
        assert_non_null(f);
        fprintf(f, "%s\n%s;\n", e->file, row[i].sql);
        assert_int_equal(pclose(f), 0);
        works(e, row[i].said, row[i].sql);
    }
}

static void test_directory(void **state)
{
    struct env *e = *state;
    if (!e)
        skip_for("no sqlite");
    static const char *const bad[] = {"chmod 777 %s; : %s %s", "chmod 770 %s; : %s %s", "rm -rf %s; touch %s; : %s", "rm -rf %s; ln -s nowhere %s; : %s", "rm -rf %s; mkfifo %s; : %s"};
    for (u32 i = 0; i < COUNTOF(bad); i++) {
        begin_anew(e);
        shell(bad[i], e->dir);
        struct buf why = {0};
        assert_null(kernel_cache_open(e->dir, MOST, &why));
        assert_true(why.n > 0);
        buf_free(&why);
        shell("rm -rf %s; : %s %s", e->dir);
    }
    struct buf why = {0};
    assert_null(kernel_cache_open("/proc/nowhere/cache", MOST, &why));
    assert_null(kernel_cache_open("", MOST, &why));
    buf_free(&why);
    shell("mkdir -m 700 %s.real; ln -s %s.real %s", e->dir);       /* an own directory elsewhere is fine */
    works(e, 0, "a link to a directory");
    shell("rm -rf %s %s.real; : %s", e->dir);
}

/* Nothing can be written from some size on: a full disk. */
static void test_full(void **state)
{
    struct env *e = *state;
    if (!e)
        skip_for("no sqlite");
    for (u32 turn = 0; turn < 6; turn++) {
        shell("rm -rf %s; : %s %s", e->dir);
        pid_t pid = fork();
        if (!pid) {
            static const rlim_t most[] = {0, 3000, 9000, 60000, 100000, 130000};
            signal(SIGXFSZ, SIG_IGN);
            setrlimit(RLIMIT_FSIZE, &(struct rlimit){most[turn], most[turn]});
            struct buf why = {0};
            struct kernel_cache *c = kernel_cache_open(e->dir, MOST, &why);
            bool ok = c || why.n;
            put(e, c, 0, 3 * N);
            get(e, c, 0, 3 * N);
            ok = ok && (!c || kernel_cache_said(c)) && !kernel_cache_said(c);
            kernel_cache_close(c);
            _exit(ok ? 0 : 1);
        }
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
        works(e, 2, "full");
    }
}

/* Another process clears it, or begins it anew, while this one has it open. */
static void test_replaced(void **state)
{
    struct env *e = *state;
    if (!e)
        skip_for("no sqlite");
    struct buf why = {0};
    struct kernel_cache *c = open_cache(e), *d;
    put(e, c, 0, N);
    assert_true(kernel_cache_clear(e->dir, &why));
    d = open_cache(e);
    put(e, d, N, 2 * N);
    put(e, c, 2 * N, 3 * N);
    put(e, d, 3 * N, 4 * N);
    kernel_cache_close(c);
    assert_int_equal(get(e, d, N, 2 * N), N);
    assert_int_equal(get(e, d, 3 * N, 4 * N), N);
    put(e, d, 0, N);
    assert_null(kernel_cache_said(d));
    c = open_cache(e);
    assert_int_equal(get(e, c, 0, 2 * N), 2 * N);
    assert_int_equal(get(e, c, 3 * N, 4 * N), N);
    assert_null(kernel_cache_said(c));
    kernel_cache_close(c);
    kernel_cache_close(d);
}

static void test_together(void **state)
{
    struct env *e = *state;
    if (!e)
        skip_for("no sqlite");
    enum { PROCESSES = 4, ALL = 300 };
    pid_t pid[PROCESSES];
    for (u32 p = 0; p < PROCESSES; p++)
        if (!(pid[p] = fork())) {
            for (u32 turn = 0; turn < 3; turn++) {
                struct kernel_cache *c = open_cache(e);
                for (u64 k = 0; k < ALL; k += 10) {
                    u64 from = (k + 70 * p) % ALL;
                    if (get(e, c, from, from + 10) < 10)
                        put(e, c, from, from + 10);
                }
                if (kernel_cache_said(c))
                    _exit(1);
                kernel_cache_close(c);
            }
            _exit(0);
        }
    for (u32 p = 0; p < PROCESSES; p++) {
        int status;
        assert_int_equal(waitpid(pid[p], &status, 0), pid[p]);
        assert_int_equal(status, 0);
    }
    struct kernel_cache *c = open_cache(e);
    assert_int_equal(get(e, c, 0, ALL), ALL);
    kernel_cache_close(c);
}

static void test_killed(void **state)
{
    struct env *e = *state;
    if (!e)
        skip_for("no sqlite");
    u32 most = 0;
    for (u32 turn = 0; turn < 25; turn++) {
        pid_t pid = fork();
        if (!pid) {
            struct kernel_cache *c = open_cache(e);
            for (u64 k = 0;; k += 20)
                put(e, c, k % 2000, k % 2000 + 20);
        }
        nanosleep(&(struct timespec){.tv_nsec = 500000 + (long)(rng_u64(&e->r) % 12000000)}, NULL);
        kill(pid, SIGKILL);
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        struct kernel_cache *c = open_cache(e);
        u32 found = get(e, c, 0, 2000);
        assert_null(kernel_cache_said(c));              /* nothing was damaged */
        assert_true(found >= most);                     /* and nothing lost */
        most = found;
        put(e, c, 5000, 5001);
        assert_int_equal(get(e, c, 5000, 5001), 1);
        kernel_cache_close(c);
    }
    assert_true(most > 0);
}

static void test_bounded(void **state)
{
    struct env *e = *state;
    if (!e)
        skip_for("no sqlite");
    struct buf why = {0};
    struct kernel_cache_info i;
    struct kernel_cache *c = kernel_cache_open(e->dir, 1 << 20, &why);
    for (u64 k = 0; k < 2000; k += 20)
        put(e, c, k, k + 20);
    kernel_cache_close(c);
    c = kernel_cache_open(e->dir, 1 << 20, &why);
    assert_true(kernel_cache_about(c, &i));
    assert_true(i.bytes <= 5 << 20 && i.entries > 100 && i.entries < 700);      /* the log of what was written last counts */
    struct stat st;
    assert_true(stat(e->file, &st) == 0 && st.st_size <= 3 << 19);
    assert_true(get(e, c, 0, 2000) > 100);
    assert_null(kernel_cache_said(c));
    kernel_cache_close(c);
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
    const struct CMUnitTest tests[] = {T(test_round), T(test_files), T(test_flips), T(test_contents), T(test_directory), T(test_full), T(test_replaced), T(test_together), T(test_killed), T(test_bounded)};
    return cmocka_run_group_tests_name("kernel_cache", tests, NULL, NULL);
}
