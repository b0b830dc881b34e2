/* plan_place.c - offsets for buffers: activations share memory where their lives do not meet.
 *
 * In: sizes and live ranges.  Out: 64-byte aligned offsets and the segments' sizes.  Activations are placed largest
 * first, each into the smallest gap between those that live at the same time (best fit); all offsets of that
 * segment are per batch element.  Buffers with halos come before, each class of equal ones in slots of its own.  Every other
 * segment is a row of buffers.
 *
 *     a: live 0..2    |aaaaaaaa|      |
 *     b: live 1..3    |        |bbbb  |
 *     c: live 3..4    |cccccc         |    over a, beside b */
#include "passes/plan_place.h"

#include <stdlib.h>

static u64 up(u64 n)
{
    return (n + 63) & ~(u64)63;
}

struct order { const struct plan *p; u32 buf; };

/* Largest first; equals in order of birth, then of number: one order on every machine. */
static int by_size(const void *x, const void *y)
{
    const struct order *a = x, *b = y;
    const struct plan_buf *f = &a->p->buf.at[a->buf], *g = &b->p->buf.at[b->buf];
    if (f->bytes != g->bytes)
        return f->bytes > g->bytes ? -1 : 1;
    if (f->first != g->first)
        return f->first < g->first ? -1 : 1;
    return a->buf < b->buf ? -1 : a->buf > b->buf;
}

static int by_birth(const void *x, const void *y)
{
    const struct order *a = x, *b = y;
    const struct plan_buf *f = &a->p->buf.at[a->buf], *g = &b->p->buf.at[b->buf];
    if (f->first != g->first)
        return f->first < g->first ? -1 : 1;
    return a->buf < b->buf ? -1 : a->buf > b->buf;
}

static int by_place(const void *x, const void *y)
{
    const struct order *a = x, *b = y;
    u64 f = a->p->buf.at[a->buf].offset, g = b->p->buf.at[b->buf].offset;
    return f < g ? -1 : f > g;
}

static u64 best_fit(const struct plan *p, u32 buf, const struct order *placed, u32 nplaced, struct order *near, u64 base)
{
    const struct plan_buf *f = &p->buf.at[buf];
    u32 n = 0;
    for (u32 i = 0; i < nplaced; i++) {
        const struct plan_buf *g = &p->buf.at[placed[i].buf];
        if (g->bytes && g->first <= f->last && f->first <= g->last)
            near[n++] = placed[i];
    }
    qsort(near, n, sizeof *near, by_place);
    u64 end = base, best = UINT64_MAX, gap = UINT64_MAX, want = up(f->bytes);
    for (u32 i = 0; i < n; i++) {
        const struct plan_buf *g = &p->buf.at[near[i].buf];
        if (g->offset > end && g->offset - end >= want && g->offset - end < gap) {
            gap = g->offset - end;
            best = end;
        }
        end = MAX(end, g->offset + up(g->bytes));
    }
    return best == UINT64_MAX ? end : best;
}

/* Buffers with halos keep what is around what commands write, so their memory is nobody else's: those of a class, whose halos
 * are at the same places, take turns in slots of their own.  Sorted by birth, each takes the first slot that is free by then. */
static void place_halos(struct plan *p, struct order *order)
{
    u32 n = 0;
    for (u32 i = 0; i < p->buf.n; i++)
        if (p->buf.at[i].halo)
            order[n++] = (struct order){ p, i };
    qsort(order, n, sizeof *order, by_birth);
    bool *done = NEW_ARRAY(p->a, bool, n + 1);
    for (u32 i = 0; i < n; i++) {
        if (done[i])
            continue;
        /* a slot: from the first that has none on, all of its class that come after one another */
        struct plan_buf *f = &p->buf.at[order[i].buf];
        u32 last = f->last;
        f->offset = p->sample_bytes;
        p->sample_bytes += up(f->bytes);
        for (u32 k = i + 1; k < n; k++) {
            struct plan_buf *g = &p->buf.at[order[k].buf];
            if (done[k] || g->halo != f->halo || g->first <= last)
                continue;
            g->offset = f->offset;
            last = g->last;
            done[k] = true;
        }
    }
}

void plan_place(struct plan *p)
{
    struct order *order = NEW_ARRAY(p->a, struct order, p->buf.n + 1), *near = NEW_ARRAY(p->a, struct order, p->buf.n + 1);
    u32 n = 0;
    place_halos(p, order);
    u64 base = p->sample_bytes;
    u64 *const size[] = { &p->weight_bytes, &p->state_bytes, NULL, &p->sample_bytes, NULL, &p->const_bytes };
    for (u32 i = 0; i < p->buf.n; i++) {
        struct plan_buf *f = &p->buf.at[i];
        if (f->halo) {
            continue;
        } else if (f->segment == SEG_SAMPLE) {
            order[n++] = (struct order){ p, i };
        } else if (size[f->segment]) {
            f->offset = *size[f->segment];
            *size[f->segment] += up(f->bytes);
        }
    }
    qsort(order, n, sizeof *order, by_size);
    for (u32 i = 0; i < n; i++) {
        struct plan_buf *f = &p->buf.at[order[i].buf];
        f->offset = best_fit(p, order[i].buf, order, i, near, base);
        p->sample_bytes = MAX(p->sample_bytes, f->offset + up(f->bytes));
    }
}
