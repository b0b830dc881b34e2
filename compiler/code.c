/* code.c - code memory: chunks of a MiB, handed out in units of 64 bytes.
 *
 * In: images.  Out: their entries, at multiples of 64.  Holds: a page is readable and either writable or executable; it is writable
 * only inside of code_load, during which none of a session's kernels runs (a session belongs to one thread at a time).  Mappings are
 * private: after a fork, parent and child load and drop what they like without seeing each other's, which a memory file mapped twice
 * would not give.  A chunk whose last image is dropped goes back to the system, all but one. */
#include "compiler/code.h"

#include "compiler/base/arena.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { UNIT = 64, CHUNK = 1 << 20 };

struct chunk {
    struct chunk *next;
    u8 *at;
    u64 units, used;
    u64 from;                   /* no free unit before this one */
    u64 *taken;                 /* a bit a unit */
};
struct code { struct chunk *chunk; u64 page; };

struct code *code_new(void)
{
    struct code *c = calloc(1, sizeof *c);
    if (!c)
        NO_MEMORY(sizeof *c, "code");
    c->page = (u64)sysconf(_SC_PAGESIZE);
    return c;
}

static void chunk_free(struct chunk *k)
{
    munmap(k->at, k->units * UNIT);
    free(k->taken);
    free(k);
}

void code_free(struct code *c)
{
    for (struct chunk *k = c ? c->chunk : NULL, *next; k; k = next) {
        next = k->next;
        chunk_free(k);
    }
    free(c);
}

u64 code_used(const struct code *c)
{
    u64 n = 0;
    for (const struct chunk *k = c->chunk; k; k = k->next)
        n += k->used * UNIT;
    return n;
}

u64 code_held(const struct code *c)
{
    u64 n = 0;
    for (const struct chunk *k = c->chunk; k; k = k->next)
        n += k->units * UNIT;
    return n;
}

bool image_ok(const struct be_image *i)
{
    return i->at && i->bytes && i->bytes <= IMAGE_MOST_BYTES && i->entry < i->bytes && i->align && i->align <= IMAGE_MOST_ALIGN &&
           !(i->align & (i->align - 1));
}

static u64 units_of(const struct be_image *i)
{
    return ((u64)i->bytes + UNIT - 1) / UNIT;
}

static struct chunk *chunk_new(struct code *c, u64 units, struct buf *why)
{
    u64 bytes = MAX(units * UNIT, (u64)CHUNK);
    bytes = (bytes + c->page - 1) / c->page * c->page;
    struct chunk *k = calloc(1, sizeof *k);
    if (k) {
        k->units = bytes / UNIT;
        k->taken = calloc((k->units + 63) / 64, sizeof *k->taken);
    }
    void *at = k && k->taken ? mmap(NULL, bytes, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) : MAP_FAILED;
    if (at == MAP_FAILED) {
        buf_printf(why, "no memory for code: %s", strerror(errno));
        if (k)
            free(k->taken);
        free(k);
        return NULL;
    }
    k->at = at;
    k->next = c->chunk;
    c->chunk = k;
    return k;
}

static bool taken(const struct chunk *k, u64 unit)
{
    return k->taken[unit / 64] >> (unit % 64) & 1;
}

static void mark(struct chunk *k, u64 from, u64 n, bool on)
{
    for (u64 u = from; u < from + n; u++)
        if (on)
            k->taken[u / 64] |= 1ull << (u % 64);
        else
            k->taken[u / 64] &= ~(1ull << (u % 64));
    k->used = on ? k->used + n : k->used - n;
}

/* The first run of n free units, or k->units. */
static u64 find_run(struct chunk *k, u64 n)
{
    if (k->units - k->used < n)
        return k->units;
    while (k->from < k->units && taken(k, k->from))
        k->from++;
    u64 run = 0;
    for (u64 u = k->from; u < k->units; u++) {
        if (u % 64 == 0 && k->taken[u / 64] == UINT64_MAX) {
            run = 0;
            u += 63;
            continue;
        }
        run = taken(k, u) ? 0 : run + 1;
        if (run == n)
            return u + 1 - n;
    }
    return k->units;
}

static u8 *place(struct code *c, const struct be_image *i, struct chunk **in, struct buf *why)
{
    u64 n = units_of(i), at = 0;
    struct chunk *k;
    for (k = c->chunk; k; k = k->next)
        if ((at = find_run(k, n)) < k->units)
            break;
    if (!k) {
        k = chunk_new(c, n, why);
        at = 0;
    }
    if (!k)
        return NULL;
    mark(k, at, n, true);
    *in = k;
    return k->at + at * UNIT;
}

static struct chunk *chunk_of(struct code *c, const u8 *at)
{
    for (struct chunk *k = c->chunk; k; k = k->next)
        if (at >= k->at && at < k->at + k->units * UNIT)
            return k;
    return NULL;
}

static const u8 *start_of(const struct be_image *i, kernel_fn at)
{
    return (const u8 *)(uintptr_t)at - i->entry;
}

void code_drop(struct code *c, const struct be_image *i, kernel_fn fn)
{
    const u8 *at = start_of(i, fn);
    struct chunk *k = chunk_of(c, at);
    CHECK(k && (u64)(at - k->at) % UNIT == 0);
    u64 from = (u64)(at - k->at) / UNIT;
    CHECK(taken(k, from));
    mark(k, from, units_of(i), false);
    k->from = MIN(k->from, from);
    if (k->used || (c->chunk == k && !k->next))
        return;
    struct chunk **link = &c->chunk;
    while (*link != k)
        link = &(*link)->next;
    *link = k->next;
    chunk_free(k);
}

/* Pages that are writable for the moment: of one chunk, side by side. */
struct window { struct chunk *k; u64 from, to; };

static bool protect(const struct window *w, int mode, struct buf *why)
{
    if (!w->k || mprotect(w->k->at + w->from, w->to - w->from, mode) == 0)
        return true;
    buf_printf(why, "code may not be made %s: %s", mode & PROT_EXEC ? "executable" : "writable", strerror(errno));
    return false;
}

/* Opens the pages of [at, at + n), closing what was open unless it is next to them. */
static bool open_window(struct code *c, struct window *w, struct chunk *k, const u8 *at, u64 n, struct buf *why)
{
    u64 from = (u64)(at - k->at) / c->page * c->page, to = ((u64)(at - k->at) + n + c->page - 1) / c->page * c->page;
    if (w->k == k && from >= w->from && from <= w->to) {
        struct window more = { k, w->to, to };
        if (to > w->to && !protect(&more, PROT_READ | PROT_WRITE, why))
            return false;
        w->to = MAX(w->to, to);
        return true;
    }
    if (!protect(w, PROT_READ | PROT_EXEC, why))
        return false;
    *w = (struct window){ k, from, to };
    if (protect(w, PROT_READ | PROT_WRITE, why))
        return true;
    w->k = NULL;
    return false;
}

bool code_load(struct code *c, u32 n, const struct be_image *image, kernel_fn *at, struct buf *why)
{
    struct window w = { 0 };
    u32 done = 0;
    bool ok = true;
    for (; done < n && ok; done++) {
        const struct be_image *i = &image[done];
        struct chunk *k;
        if (!image_ok(i)) {
            buf_puts(why, "an image that is none");
            break;
        }
        u8 *to = place(c, i, &k, why);
        if (!to)
            break;
        at[done] = (kernel_fn)(uintptr_t)(to + i->entry);
        ok = open_window(c, &w, k, to, i->bytes, why);
        if (ok)
            memcpy(to, i->at, i->bytes);
    }
    ok = protect(&w, PROT_READ | PROT_EXEC, why) && ok && done == n;
    for (u32 k = 0; k < done; k++)
        if (ok)
            __builtin___clear_cache((char *)(uintptr_t)start_of(&image[k], at[k]), (char *)(uintptr_t)start_of(&image[k], at[k]) + image[k].bytes);
        else
            code_drop(c, &image[k], at[k]);
    return ok;
}

bool code_compile(struct code *c, const struct backend *be, struct be *inst, u32 n, const struct loop_fn *const *fn, struct be_kernel *out, struct buf *why)
{
    struct arena *a = arena_new("code");
    struct be_code *made = NEW_ARRAY(a, struct be_code, n);
    struct buf none = { 0 };
    bool ok = be->compile(inst, n, fn, made, a, why ? why : &none);
    for (u32 i = 0; i < n && ok; i++) {
        out[i] = (struct be_kernel){ .fn = made[i].fn, .self = made[i].self, .code_bytes = made[i].code_bytes, .compile_ns = made[i].compile_ns };
        ok = !made[i].image.at || code_load(c, 1, &made[i].image, &out[i].fn, why ? why : &none);
    }
    buf_free(&none);
    arena_free(a);
    return ok;
}
