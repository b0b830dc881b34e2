/* explain.h - what a network was compiled to, launch by launch, for people. */
#ifndef NASC_EXPLAIN_H
#define NASC_EXPLAIN_H
#include "compiler/peak.h"
#include "compiler/pipeline.h"

struct explain_launch {
    const char *kernel, *what;
    u64 units, bytes, macs;                 /* of one sample */
    /* Layouts of what it reads and writes of activations, and of parameters and constants: dims outermost first by the names equations
     * give them (an extent where they give none), `+1`: with an edge of one element around it.  "bhwc+1", "b.oh.ow.c". */
    const char *reads, *writes, *weights;
    double ns;                              /* 0: not measured */
    double gflops, share;                   /* multiply-adds, and of those of the peak */
    bool memory;                            /* its bytes take longer than its arithmetic, at the peaks' rates */
    bool moves, relayout;                   /* it computes nothing; and what it writes are the same numbers in another order */
};
struct explain {
    u32 n; struct explain_launch *launch;
    u32 copies, fills, relayouts;           /* copies: launches that move, relayouts among them */
    u64 bytes, macs;
    double ns, share;
    struct peak peak;
};
/* Measured if asked for: the least time of each launch in its place, and the machine's peaks; false: out of memory. */
bool explain_net(struct arena *a, nasc_net *n, bool measured, struct explain *out);

#endif
