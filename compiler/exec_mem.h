/* exec_mem.h - memory that execs of a session hand on to each other, and random numbers that stand for weights.
 *
 * A network's blocks are taken from those that networks before it gave back, so that timing a thousand networks faults
 * no page a thousand times.  A block holds anything.  One thread at a time. */
#ifndef NASC_EXEC_MEM_H
#define NASC_EXEC_MEM_H
#include "compiler/base/base.h"

struct exec_mem;
struct exec_mem *exec_mem_new(void);                    /* NULL: out of memory */
void exec_mem_free(struct exec_mem *m);
/* `bytes`, and a cache line behind them, 64-byte aligned. NULL: out of memory. */
void *exec_mem_take(struct exec_mem *m, u64 bytes);
void exec_mem_give(struct exec_mem *m, void *block);    /* NULL is fine */
u64 exec_mem_kept(const struct exec_mem *m);            /* bytes of blocks nobody uses */

/* The slab: floats that nobody writes.  A walk hands each of its tensors numbers at addresses of its own, so that a network
 * reads as many different bytes as it has weights; two walks see the same numbers. */
enum slab_kind {
    SLAB_COARSE,        /* both signs, about 1/8: what is summed up over few elements */
    SLAB_FINE,          /* both signs, about 1/32: over many */
    SLAB_NEAR_ONE,      /* 1/2 .. 1: scales and variances */
    SLAB_KINDS
};
struct slab_walk { u32 chunk[SLAB_KINDS]; u64 at[SLAB_KINDS]; };
const float *exec_mem_slab(struct exec_mem *m, struct slab_walk *w, enum slab_kind kind, u64 n);

#endif
