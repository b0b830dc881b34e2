/* kernels.h - what the kernel benchmark and the peers it is compared with agree on.
 *
 * A shape is one kernel: what it computes and how much.  A contender runs it: call() does `per_call` of them. */
#ifndef BENCH_KERNELS_H
#define BENCH_KERNELS_H
#include "compiler/base/base.h"

enum kind { MATMUL, PACKED, CONV, DEPTHWISE, STRIDED, POOL, SOFTMAX, NORM };

struct shape {
    enum kind kind;
    i64 c, h, k;            /* convolutions, poolings: channels, height and width, kernel; MATMUL: c cubed; SOFTMAX, NORM: rows c of h */
    i64 batch;              /* so many at once, one behind the other in memory */
};

struct contender {
    const char *name;
    void (*call)(void *state);
    void *state;
    double per_call;        /* kernels that one call runs */
};

/* The peers' kernels for a shape, all that there are; 0 where none. */
u32 peer_dnnl(const struct shape *s, struct contender *out, u32 room);
u32 peer_xsmm(const struct shape *s, struct contender *out, u32 room);
const char *peer_dnnl_version(void);
const char *peer_xsmm_version(void);

/* 64-byte aligned, filled with small numbers of both signs; never freed: the program is short. */
float *bench_floats(i64 n);

#endif
