/* kernel_cache.c - see kernel_cache.h: one SQLite database, kernels-1.sqlite (its schema's version in its name).
 *
 *     kernel  lo -> hi, entry, align, checksum, image        the key is 128 bits: lo, hi
 *     use     lo -> when it was last wanted, in seconds      apart: rows of images are not written again
 *     count   0: hits, 1: misses
 *
 * Holds: an image is handed out only if its checksum over key, numbers and bytes fits.  The database runs without syncs: a killed process
 * leaves it whole, a lost machine may not, and that is found like any other damage: the file is set aside, once a process, and begun
 * anew.  Reading waits for nobody; a writer that finds another at work keeps its images for the next time. */
#include "compiler/kernel_cache.h"
#include "compiler/base/arena.h"
#include "compiler/base/hash.h"
#include "compiler/base/vec.h"
#include "compiler/cache_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { APPLICATION = 0x6e617363, WAIT_MOST = 8 << 20, TOUCH_SECONDS = 3600, TOUCHED_MOST = 10000 };
#define FILE_NAME "kernels-1.sqlite"

static const char *const tables[] = {      /* as sqlite_master has them, by name */
    "CREATE TABLE count(what INTEGER PRIMARY KEY, n INTEGER NOT NULL)",
    "CREATE TABLE kernel(lo INTEGER PRIMARY KEY, hi INTEGER NOT NULL, entry INTEGER NOT NULL, align INTEGER NOT NULL, "
    "sumhi INTEGER NOT NULL, sumlo INTEGER NOT NULL, image BLOB NOT NULL)",
    "CREATE TABLE use(lo INTEGER PRIMARY KEY, at INTEGER NOT NULL)",
};

enum statement { BEGIN_READ, BEGIN_WRITE, COMMIT, GET, PUT, USE, TOUCH, DROP, UNUSE, COUNT, OLD, PAGES, FREE_PAGES, STATEMENTS };
static const char *const sql[STATEMENTS] = {
    [BEGIN_READ] = "BEGIN", [BEGIN_WRITE] = "BEGIN IMMEDIATE", [COMMIT] = "COMMIT",
    [GET] = "SELECT hi, entry, align, sumhi, sumlo, image FROM kernel WHERE lo = ?1",
    [PUT] = "INSERT OR REPLACE INTO kernel VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [USE] = "INSERT OR REPLACE INTO use VALUES(?1, ?2)",
    [TOUCH] = "UPDATE use SET at = ?2 WHERE lo = ?1 AND at < ?2",
    [DROP] = "DELETE FROM kernel WHERE lo = ?1", [UNUSE] = "DELETE FROM use WHERE lo = ?1",
    [COUNT] = "UPDATE count SET n = n + ?2 WHERE what = ?1",
    [OLD] = "SELECT k.lo, length(k.image) FROM kernel k LEFT JOIN use u ON u.lo = k.lo ORDER BY coalesce(u.at, 0)",
    [PAGES] = "PRAGMA page_count", [FREE_PAGES] = "PRAGMA freelist_count",
};

struct waiting { struct hash128 key; struct be_image image; };
struct kernel_cache {
    char *dir, *path;
    sqlite3 *db;                /* NULL: off */
    sqlite3_stmt *st[STATEMENTS];
    pid_t pid;                  /* a connection is of one process */
    ino_t ino;                  /* the file it is to */
    u64 most;
    bool damaged, read_only, rebuilt;
    struct buf said;
    bool told;
    u64 hits, misses;           /* not yet counted in the database */
    struct arena *wait;         /* what the next write takes along */
    u64 wait_bytes;
    VEC(struct waiting) put;
    VEC(i64) touched, dropped;
};

static void say(struct kernel_cache *c, const char *what, const char *why)
{
    if (!c->said.n)
        buf_printf(&c->said, "%s %s%s%s", c->path, what, why ? ": " : "", why ? why : "");
}

const char *kernel_cache_said(struct kernel_cache *c)
{
    if (!c || c->told || !c->said.n)
        return NULL;
    c->told = true;
    return c->said.at;
}

bool kernel_cache_built(void) { return true; }

/* What a result code means for what comes. */
static bool failed(struct kernel_cache *c, int rc)
{
    switch (rc & 0xff) {
    case SQLITE_BUSY: case SQLITE_LOCKED: case SQLITE_INTERRUPT:
        break;
    case SQLITE_FULL: case SQLITE_READONLY: case SQLITE_CANTOPEN: case SQLITE_PERM: case SQLITE_AUTH: case SQLITE_IOERR: case SQLITE_NOMEM: case SQLITE_NOLFS:
        /* A file that is writable and yet said not to be has a bad header, or is no longer the one at its path. */
        if (rc != SQLITE_IOERR_SHORT_READ && rc != SQLITE_IOERR_CORRUPTFS && ((rc & 0xff) != SQLITE_READONLY || access(c->path, W_OK))) {
            c->read_only = true;
            say(c, "cannot be written", sqlite3_errstr(rc));
            break;
        } /* fallthrough */
    default:
        c->damaged = true;
    }
    return false;
}

/* Runs a statement that returns no rows, with up to two numbers. */
static bool run(struct kernel_cache *c, enum statement s, i64 x, i64 y)
{
    sqlite3_stmt *st = c->st[s];
    if (sqlite3_bind_parameter_count(st) > 0)
        sqlite3_bind_int64(st, 1, x);
    if (sqlite3_bind_parameter_count(st) > 1)
        sqlite3_bind_int64(st, 2, y);
    int rc = sqlite3_step(st);
    sqlite3_reset(st);
    return rc == SQLITE_DONE || rc == SQLITE_ROW || failed(c, rc);
}

static bool number(struct kernel_cache *c, enum statement s, u64 *out)
{
    int rc = sqlite3_step(c->st[s]);
    *out = rc == SQLITE_ROW ? (u64)sqlite3_column_int64(c->st[s], 0) : 0;
    sqlite3_reset(c->st[s]);
    return rc == SQLITE_ROW || failed(c, rc);
}

static void roll_back(struct kernel_cache *c)
{
    if (!sqlite3_get_autocommit(c->db))
        sqlite3_exec(c->db, "ROLLBACK", NULL, NULL, NULL);
}

/* ---- opening ---- */

static void shut(struct kernel_cache *c)
{
    for (u32 i = 0; i < STATEMENTS; i++) {
        sqlite3_finalize(c->st[i]);
        c->st[i] = NULL;
    }
    sqlite3_close(c->db);
    c->db = NULL;
}

static bool exec(struct kernel_cache *c, const char *text)
{
    int rc = sqlite3_exec(c->db, text, NULL, NULL, NULL);
    return rc == SQLITE_OK || failed(c, rc == SQLITE_ERROR ? rc : sqlite3_extended_errcode(c->db));
}

/* Is the schema ours to the letter?  *empty: there is none. */
static bool schema_ok(struct kernel_cache *c, bool *empty)
{
    sqlite3_stmt *st = NULL;
    u32 n = 0;
    bool same = true;
    int rc = sqlite3_prepare_v2(c->db, "SELECT sql FROM sqlite_master ORDER BY name", -1, &st, NULL);
    while (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(st, 0);
        same = same && n < COUNTOF(tables) && text && strcmp(text, tables[n]) == 0;
        n++;
        rc = SQLITE_OK;
    }
    sqlite3_finalize(st);
    *empty = rc == SQLITE_DONE && !n;
    if (rc != SQLITE_DONE)
        return failed(c, rc);
    if (!*empty && (!same || n != COUNTOF(tables)))
        c->damaged = true;
    return !c->damaged;
}

static bool make_schema(struct kernel_cache *c)
{
    bool ok = exec(c, "PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL; BEGIN IMMEDIATE");
    for (u32 i = 0; i < COUNTOF(tables) && ok; i++)
        ok = exec(c, tables[i]);
    ok = ok && exec(c, "INSERT INTO count VALUES(0, 0), (1, 0)");
    char *app = sqlite3_mprintf("PRAGMA application_id=%d", APPLICATION);
    ok = ok && app && exec(c, app) && exec(c, "COMMIT");
    sqlite3_free(app);
    if (!ok)
        roll_back(c);
    return ok;
}

/* The file, its schema, the statements.  false: c says whether it is damaged. */
static bool open_file(struct kernel_cache *c)
{
    int fd = open(c->path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);      /* for the owner alone, whatever the umask */
    if (fd >= 0)
        close(fd);
    int rc = sqlite3_open_v2(c->path, &c->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc != SQLITE_OK)
        return failed(c, rc);
    struct stat file;
    c->ino = stat(c->path, &file) ? 0 : file.st_ino;
    sqlite3_extended_result_codes(c->db, 1);
    sqlite3_busy_timeout(c->db, 200);
    sqlite3_limit(c->db, SQLITE_LIMIT_LENGTH, IMAGE_MOST_BYTES + (1 << 16));
    sqlite3_db_config(c->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(c->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    bool empty;
    if (!exec(c, "PRAGMA cell_size_check=ON; PRAGMA mmap_size=0; PRAGMA synchronous=OFF; PRAGMA temp_store=MEMORY; PRAGMA journal_size_limit=4194304") ||
        !schema_ok(c, &empty) || (empty && !make_schema(c)))
        return false;
    for (u32 i = 0; i < STATEMENTS; i++)
        if ((rc = sqlite3_prepare_v3(c->db, sql[i], -1, SQLITE_PREPARE_PERSISTENT, &c->st[i], NULL)) != SQLITE_OK)
            return failed(c, rc);
    sqlite3_busy_timeout(c->db, 50);
    return true;
}

/* The files of a database; the first is the database. */
static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};

static char *file_name(const struct kernel_cache *c, u32 k)
{
    return arena_printf(c->wait, "%s%s", c->path, suffixes[k]);
}

static bool set_aside(struct kernel_cache *c)
{
    bool ok = true;
    for (u32 k = COUNTOF(suffixes); k-- > 0;) {
        const char *path = file_name(c, k);
        ok = (!k || unlink(path) == 0 || errno == ENOENT || cache_file_aside(path)) && ok;
        if (!k)
            ok = cache_file_aside(path) && ok;
    }
    return ok;
}

/* Opens the database; what is no database is set aside first, and what turns out to be damaged. */
static bool open_sound(struct kernel_cache *c)
{
    int lock = cache_lock(c->dir);
    bool ok = false;
    for (u32 turn = 0; turn < 2 && !ok; turn++) {
        bool sound = true;
        for (u32 k = 0; k < COUNTOF(suffixes); k++)
            sound = cache_file_ok(file_name(c, k)) && sound;
        c->damaged = !sound;
        ok = sound && open_file(c);
        if (ok)
            break;
        shut(c);
        if (!c->damaged || turn)
            break;
        say(c, "is not a cache of kernels, or damaged: it was set aside, a new one begun", NULL);
        c->rebuilt = true;
        if (!set_aside(c)) {
            buf_clear(&c->said);
            say(c, "is damaged, and cannot be set aside", strerror(errno));
            break;
        }
    }
    cache_unlock(lock);
    c->damaged = false;
    return ok;
}

struct kernel_cache *kernel_cache_open(const char *dir, u64 most, struct buf *why)
{
    struct buf real = {0};
    if (!cache_dir_make(dir, &real, why))
        return NULL;
    struct kernel_cache *c = calloc(1, sizeof *c);
    if (!c)
        NO_MEMORY(sizeof *c, "cache");
    c->dir = real.at;
    c->most = most;
    c->pid = getpid();
    c->wait = arena_new("cache");
    c->path = malloc(real.n + sizeof "/" FILE_NAME);
    if (!c->path)
        NO_MEMORY(real.n, "cache");
    memcpy(c->path, real.at, real.n);
    memcpy(c->path + real.n, "/" FILE_NAME, sizeof "/" FILE_NAME);
    if (open_sound(c))
        return c;
    const char *said = kernel_cache_said(c);
    buf_puts(why, said ? said : "it is in use");
    kernel_cache_close(c);
    return NULL;
}

/* After a failure: a damaged file is replaced, once.  If another process has done so, its file is taken. */
static void mend(struct kernel_cache *c)
{
    roll_back(c);
    if (!c->damaged)
        return;
    shut(c);
    bool again = c->rebuilt;
    c->rebuilt = true;
    if (again) {
        say(c, "is damaged again: it is not used", NULL);
        return;
    }
    int lock = cache_lock(c->dir);
    struct stat file;
    bool ok = true;
    if (lstat(c->path, &file) == 0 && file.st_ino == c->ino) {
        say(c, "is damaged: it was set aside, a new one begun", NULL);
        ok = set_aside(c);
    }
    cache_unlock(lock);
    c->damaged = false;
    if (!ok || !open_sound(c))
        shut(c);
}

static bool usable(const struct kernel_cache *c)
{
    return c && c->db && getpid() == c->pid;
}

/* ---- reading ---- */

static struct hash128 checksum(struct hash128 key, const struct be_image *i)
{
    struct hash128 bytes = hash128(i->at, i->bytes);
    u64 all[] = {key.hi, key.lo, i->bytes, i->entry, i->align, bytes.hi, bytes.lo};
    return hash128(all, sizeof all);
}

/* A row is an image of that key, whole. */
static bool read_row(sqlite3_stmt *st, struct arena *a, struct hash128 key, struct be_image *out)
{
    i64 entry = sqlite3_column_int64(st, 1), align = sqlite3_column_int64(st, 2);
    int bytes = sqlite3_column_type(st, 5) == SQLITE_BLOB ? sqlite3_column_bytes(st, 5) : 0;
    const void *blob = bytes > 0 ? sqlite3_column_blob(st, 5) : NULL;
    struct be_image x = {.at = blob, .bytes = (u32)bytes, .entry = (u32)entry, .align = (u32)align};
    if (!blob || (u64)sqlite3_column_int64(st, 0) != key.hi || bytes > IMAGE_MOST_BYTES || entry < 0 || entry >= bytes || align < 1 || align > IMAGE_MOST_ALIGN ||
        align & (align - 1))
        return false;
    struct hash128 sum = checksum(key, &x);
    if (sum.hi != (u64)sqlite3_column_int64(st, 3) || sum.lo != (u64)sqlite3_column_int64(st, 4))
        return false;
    x.at = arena_dup(a, blob, (size_t)bytes);
    *out = x;
    return true;
}

static bool get_one(struct kernel_cache *c, struct arena *a, struct hash128 key, struct be_image *out, u32 *found)
{
    sqlite3_stmt *st = c->st[GET];
    sqlite3_bind_int64(st, 1, (i64)key.lo);
    int rc = sqlite3_step(st);
    bool there = rc == SQLITE_ROW || (rc & 0xff) == SQLITE_TOOBIG;
    if (rc == SQLITE_ROW && read_row(st, a, key, out)) {
        ++*found;
        if (c->touched.n < TOUCHED_MOST)
            vec_push(c->wait, &c->touched, (i64)key.lo);
    } else if (there) {
        vec_push(c->wait, &c->dropped, (i64)key.lo);
    }
    sqlite3_reset(st);
    return there || rc == SQLITE_DONE || failed(c, rc);
}

u32 kernel_cache_get(struct kernel_cache *c, struct arena *a, u32 n, const struct hash128 *key, struct be_image *image)
{
    u32 found = 0;
    for (u32 i = 0; i < n; i++)
        image[i] = (struct be_image){0};
    if (!usable(c) || !n)
        return 0;
    bool ok = run(c, BEGIN_READ, 0, 0);
    for (u32 i = 0; i < n && ok; i++)
        ok = get_one(c, a, key[i], &image[i], &found);
    if (!ok || !run(c, COMMIT, 0, 0))
        mend(c);
    c->hits += found;
    c->misses += n - found;
    return found;
}

/* ---- writing ---- */

static bool put_one(struct kernel_cache *c, const struct waiting *w, i64 now)
{
    sqlite3_stmt *st = c->st[PUT];
    struct hash128 sum = checksum(w->key, &w->image);
    i64 lo = (i64)w->key.lo, v[] = {lo, (i64)w->key.hi, w->image.entry, w->image.align, (i64)sum.hi, (i64)sum.lo};
    for (u32 i = 0; i < COUNTOF(v); i++)
        sqlite3_bind_int64(st, (int)i + 1, v[i]);
    sqlite3_bind_blob(st, 7, w->image.at, (int)w->image.bytes, SQLITE_STATIC);
    int rc = sqlite3_step(st);
    sqlite3_reset(st);
    sqlite3_clear_bindings(st);
    return rc == SQLITE_DONE ? run(c, USE, lo, now) : failed(c, rc);
}

/* Room for what comes: the oldest go until a tenth is free. */
static bool evict(struct kernel_cache *c)
{
    u64 pages, free_pages, page = 4096;
    if (!number(c, PAGES, &pages) || !number(c, FREE_PAGES, &free_pages))
        return false;
    u64 used = (pages - MIN(free_pages, pages)) * page, goal = c->most - c->most / 10;
    if (used <= c->most)
        return true;
    struct arena *a = arena_new("cache");
    VEC(i64) old = {0};
    int rc;
    while (used > goal && (rc = sqlite3_step(c->st[OLD])) == SQLITE_ROW) {
        u64 bytes = (u64)MAX(sqlite3_column_int64(c->st[OLD], 1), 0) + 64;
        vec_push(a, &old, (i64)sqlite3_column_int64(c->st[OLD], 0));
        used -= MIN(used, bytes);
    }
    sqlite3_reset(c->st[OLD]);
    bool ok = run(c, BEGIN_WRITE, 0, 0);
    for (u32 i = 0; i < old.n && ok; i++)
        ok = run(c, DROP, old.at[i], 0) && run(c, UNUSE, old.at[i], 0);
    ok = ok && run(c, COMMIT, 0, 0) && exec(c, "PRAGMA incremental_vacuum");
    arena_free(a);
    return ok;
}

static bool write_all(struct kernel_cache *c)
{
    i64 now = (i64)time(NULL);
    bool ok = run(c, BEGIN_WRITE, 0, 0);
    if (!ok)
        return false;
    for (u32 i = 0; i < c->dropped.n && ok; i++)
        ok = run(c, DROP, c->dropped.at[i], 0) && run(c, UNUSE, c->dropped.at[i], 0);
    for (u32 i = 0; i < c->put.n && ok; i++)
        ok = put_one(c, &c->put.at[i], now);
    for (u32 i = 0; i < c->touched.n && ok; i++)
        ok = run(c, TOUCH, c->touched.at[i], now - now % TOUCH_SECONDS);
    ok = ok && run(c, COUNT, 0, (i64)c->hits) && run(c, COUNT, 1, (i64)c->misses) && run(c, COMMIT, 0, 0);
    return ok;
}

/* What waits goes out in one transaction, or waits on if another process writes. */
static void flush(struct kernel_cache *c)
{
    bool news = c->put.n || c->dropped.n;
    if (c->read_only || !(news || c->touched.n || c->misses))
        return;
    bool ok = write_all(c), damaged = c->damaged, busy = !ok && !damaged && !c->read_only;
    if (!ok)
        mend(c);
    if (damaged && c->db && !(ok = write_all(c)))
        mend(c);                /* no transaction stays open */
    if (busy && c->wait_bytes < WAIT_MOST)
        return;
    arena_clear(c->wait);
    c->put.at = NULL, c->put.n = c->put.cap = 0;
    c->touched.at = c->dropped.at = NULL;
    c->touched.n = c->touched.cap = c->dropped.n = c->dropped.cap = 0;
    c->wait_bytes = c->hits = c->misses = 0;
    if (ok && news && !evict(c))
        mend(c);
}

void kernel_cache_put(struct kernel_cache *c, u32 n, const struct hash128 *key, const struct be_image *image)
{
    if (!usable(c))
        return;
    for (u32 i = 0; i < n && !c->read_only; i++) {
        struct waiting w = {key[i], image[i]};
        w.image.at = arena_dup(c->wait, image[i].at, image[i].bytes);
        vec_push(c->wait, &c->put, w);
        c->wait_bytes += image[i].bytes;
    }
    flush(c);
}

void kernel_cache_close(struct kernel_cache *c)
{
    if (!c)
        return;
    if (usable(c)) {
        sqlite3_busy_timeout(c->db, 500);
        flush(c);
        shut(c);
    }
    buf_free(&c->said);
    arena_free(c->wait);
    free(c->dir);
    free(c->path);
    free(c);
}

/* ---- for people ---- */

bool kernel_cache_about(struct kernel_cache *c, struct kernel_cache_info *info)
{
    *info = (struct kernel_cache_info){.most = c->most};
    static const char *const ask[] = {"SELECT count(*) FROM use", "SELECT n FROM count WHERE what = 0", "SELECT n FROM count WHERE what = 1"};
    u64 *out[] = {&info->entries, &info->hits, &info->misses};
    bool ok = usable(c);
    for (u32 i = 0; i < COUNTOF(ask) && ok; i++) {
        sqlite3_stmt *st = NULL;
        int rc = sqlite3_prepare_v2(c->db, ask[i], -1, &st, NULL);
        if (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW)
            *out[i] = (u64)sqlite3_column_int64(st, 0);
        sqlite3_finalize(st);
        ok = rc == SQLITE_ROW || failed(c, rc);
    }
    if (!ok && usable(c))
        mend(c);
    for (u32 k = 0; k < COUNTOF(suffixes); k++) {
        struct stat s;
        if (k != 2 && stat(file_name(c, k), &s) == 0)
            info->bytes += (u64)s.st_size;
    }
    return ok;
}

bool kernel_cache_there(const char *dir)
{
    struct buf path = {0};
    struct stat st;
    buf_printf(&path, "%s/" FILE_NAME, dir);
    bool there = lstat(path.at, &st) == 0;
    buf_free(&path);
    return there;
}

bool kernel_cache_clear(const char *dir, struct buf *why)
{
    struct buf real = {0};
    struct stat st;
    if (lstat(dir, &st) && errno == ENOENT)
        return true;
    if (!cache_dir_make(dir, &real, why))
        return false;
    int lock = cache_lock(real.at);
    bool ok = true;
    for (u32 k = COUNTOF(suffixes); k-- > 0 && ok;) {
        struct buf path = {0};
        buf_printf(&path, "%s/" FILE_NAME "%s", real.at, suffixes[k]);
        ok = unlink(path.at) == 0 || errno == ENOENT || cache_file_aside(path.at);
        if (!ok)
            buf_printf(why, "%s: %s", path.at, strerror(errno));
        buf_free(&path);
    }
    cache_unlock(lock);
    buf_free(&real);
    return ok;
}
