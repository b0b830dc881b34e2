/* bench.h - architectures in, measurements out.
 *
 * Networks are lowered as they come.  When a batch is full its code is made, all at once and on all processors; then, with nothing
 * else going on, one network after the other is measured.  Of networks with the same plan one is measured for all. Results come in the order
 * of the architectures.  What a network needs is gone when its result has been given out. */
#ifndef NASC_BENCH_H
#define NASC_BENCH_H
#include "compiler/compare.h"
#include "compiler/compare_strict.h"
#include "compiler/measure.h"
#include "compiler/pipeline.h"

#include <signal.h>

struct bench_launch { const char *kernel, *what; u64 units, macs, bytes; double ns; };
struct bench_result {
    u64 index; bool drawn;              /* number of the sample or of the text */
    nasc_record r;                      /* strings live as long as the result */
    u64 place;                          /* the caller's, of bench_add */
    const char *error;                  /* why there is no measurement; NULL: there is one */
    bool same; u64 same_as;             /* measured for all its kind: that one's index */
    bool measured;                      /* itself */
    bool lowered; double compile_ns;
    struct measure m;                   /* raw: NULL, unless asked for */
    u64 peak_bytes; u32 launches, misses, kernels;
    u32 nlaunch; struct bench_launch *launch;
    bool verified; struct compare compare; struct compare_strict strict;      /* which of them: pass.strict */
};
struct bench_options {
    struct pass_options pass; const char *backend; struct measure_options measure;
    u64 seed; u32 threads;
    bool verify, raw, launches;
    const volatile sig_atomic_t *stop;  /* set: finish after the network under way; NULL: never */
};
struct bench_totals { u64 networks, measured, errors, drifted; double forward_ns, warm_ns; };

struct bench;
/* emit: called for each result, in order; the result is gone afterwards. NULL: no backend, after complaining. */
struct bench *bench_open(nasc_session *s, const struct bench_options *o, void (*emit)(void *ctx, const struct bench_result *r), void *ctx);
/* Takes the architecture over.  What is wrong with the network is a result, complained about; the status is that of the worst so far. */
nasc_status bench_add(struct bench *b, nasc_arch *ar, u64 index, bool drawn, u64 place);
nasc_status bench_flush(struct bench *b);
void bench_close(struct bench *b, struct bench_totals *t);

#endif
