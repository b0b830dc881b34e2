/* exec_mem.c - see exec_mem.h.
 *
 * Blocks are mapped, of sizes in steps of a quarter of a power of two, with huge pages asked for from 2 MiB on; of those given back at most
 * KEPT are kept, the smallest go first (a large one serves a small network, not the other way round), and blocks past
 * KEPT_BYTES in all are given to the system.  The slab grows in chunks that never move. */
#include "compiler/exec_mem.h"

#include "compiler/base/mem.h"

#include <stdlib.h>
#include <sys/mman.h>

enum { KEPT = 16, CHUNKS = 40, PAGE_FLOATS = 16384, HUGE = 2 << 20, LINE = 64 };
#define KEPT_BYTES ((u64)1 << 30)
#define FIRST_CHUNK ((u64)4 << 20)

struct block { char *at; u64 bytes; bool used; };
struct exec_mem {
    struct block *block; u32 n, cap;
    struct { float *at; u64 n; } chunk[SLAB_KINDS][CHUNKS];
    u32 nchunk[SLAB_KINDS];
};

static void *map(u64 bytes)
{
    if (!mem_fits(bytes) || bytes > SIZE_MAX / 2)
        return NULL;
    u64 more = bytes >= HUGE ? bytes + HUGE : bytes;
    char *p = mmap(NULL, more, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return NULL;
    if (bytes >= HUGE) {                /* from a huge page's border on */
        char *at = (char *)(((uintptr_t)p + HUGE - 1) & ~(uintptr_t)(HUGE - 1));
        if (at > p)
            munmap(p, (size_t)(at - p));
        if (p + HUGE > at)
            munmap(at + bytes, (size_t)(p + HUGE - at));
        p = at;
#ifdef MADV_HUGEPAGE
        madvise(p, bytes, MADV_HUGEPAGE);
#endif
    }
    return p;
}

/* Up to a quarter of a power of two, and to whole pages. */
static u64 step_up(u64 bytes)
{
    u64 step = 4096;
    while (step < bytes / 8)
        step *= 2;
    return (bytes + step - 1) / step * step;
}

struct exec_mem *exec_mem_new(void)
{
    return calloc(1, sizeof(struct exec_mem));
}

void exec_mem_free(struct exec_mem *m)
{
    if (!m)
        return;
    for (u32 i = 0; i < m->n; i++)
        munmap(m->block[i].at, m->block[i].bytes);
    for (u32 k = 0; k < SLAB_KINDS; k++)
        for (u32 i = 0; i < m->nchunk[k]; i++)
            munmap(m->chunk[k][i].at, m->chunk[k][i].n * sizeof(float));
    free(m->block);
    free(m);
}

void *exec_mem_take(struct exec_mem *m, u64 bytes)
{
    if (bytes > SIZE_MAX / 4)
        return NULL;
    u64 want = step_up(bytes + LINE);
    struct block *best = NULL;
    for (u32 i = 0; i < m->n; i++)
        if (!m->block[i].used && m->block[i].bytes >= want && (!best || m->block[i].bytes < best->bytes))
            best = &m->block[i];
    if (!best) {
        if (m->n == m->cap) {
            u32 cap = m->cap ? 2 * m->cap : 32;
            struct block *more = realloc(m->block, cap * sizeof *more);
            if (!more)
                return NULL;
            m->block = more;
            m->cap = cap;
        }
        char *at = map(want);
        if (!at)
            return NULL;
        best = &m->block[m->n++];
        *best = (struct block){ .at = at, .bytes = want };
    }
    best->used = true;
    return best->at;
}

static void drop(struct exec_mem *m, u32 i)
{
    munmap(m->block[i].at, m->block[i].bytes);
    m->block[i] = m->block[--m->n];
}

u64 exec_mem_kept(const struct exec_mem *m)
{
    u64 sum = 0;
    for (u32 i = 0; i < m->n; i++)
        sum += m->block[i].used ? 0 : m->block[i].bytes;
    return sum;
}

void exec_mem_give(struct exec_mem *m, void *block)
{
    if (!block)
        return;
    u32 at = 0, kept = 0, least = UINT32_MAX;
    while (at < m->n && m->block[at].at != block)
        at++;
    CHECK(at < m->n && m->block[at].used);
    m->block[at].used = false;
    if (exec_mem_kept(m) > KEPT_BYTES) {
        drop(m, at);
        return;
    }
    for (u32 i = 0; i < m->n; i++)
        if (!m->block[i].used) {
            kept++;
            if (least == UINT32_MAX || m->block[i].bytes < m->block[least].bytes)
                least = i;
        }
    if (kept > KEPT)
        drop(m, least);
}

/* ---- the slab ---- */

static void fill_page(float *page, enum slab_kind kind)
{
    u64 state = 0x9e3779b97f4a7c15u + kind;
    for (u32 i = 0; i < PAGE_FLOATS; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        float v = 0.5f + (float)(state >> 40) * 0x1p-25f;               /* 1/2 .. 1: nothing near zero, so that no product is denormal soon */
        float scale = kind == SLAB_NEAR_ONE ? 1 : kind == SLAB_COARSE ? 0x1p-3f : 0x1p-5f;
        page[i] = kind != SLAB_NEAR_ONE && (state & 1) ? -v * scale : v * scale;
    }
}

static bool grow(struct exec_mem *m, enum slab_kind kind, u64 n)
{
    u32 k = m->nchunk[kind];
    if (k == CHUNKS || n > SIZE_MAX / 8)
        return false;
    u64 bytes = MAX(FIRST_CHUNK << MIN(k, 6u), step_up((n + PAGE_FLOATS) * sizeof(float)));
    float *at = map(bytes);
    if (!at)
        return false;
    m->chunk[kind][k].at = at;
    m->chunk[kind][k].n = bytes / sizeof(float);
    m->nchunk[kind]++;
    fill_page(at, kind);
    for (u64 i = PAGE_FLOATS; i < m->chunk[kind][k].n; i += PAGE_FLOATS)
        memcpy(at + i, at, MIN((u64)PAGE_FLOATS, m->chunk[kind][k].n - i) * sizeof(float));
    return true;
}

const float *exec_mem_slab(struct exec_mem *m, struct slab_walk *w, enum slab_kind kind, u64 n)
{
    u64 want = (n + 2 * LINE / sizeof(float) - 1) / (LINE / sizeof(float)) * (LINE / sizeof(float));
    for (; w->chunk[kind] < m->nchunk[kind] || grow(m, kind, want); w->chunk[kind]++, w->at[kind] = 0) {
        u32 k = w->chunk[kind];
        if (m->chunk[kind][k].n - w->at[kind] >= want) {
            const float *at = m->chunk[kind][k].at + w->at[kind];
            w->at[kind] += want;
            return at;
        }
    }
    return NULL;
}
