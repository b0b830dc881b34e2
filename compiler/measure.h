/* measure.h - how long a plan takes: warm, denormals flushed, repeated until both a count and a time are reached. */
#ifndef NASC_MEASURE_H
#define NASC_MEASURE_H
#include "compiler/exec.h"

struct measure_options { i64 batch; u32 min_runs; u64 min_ns, max_ns; };
struct measure { u64 runs; double min_ns, median_ns, spread; };     /* spread: (p90 - min) / min */
/* Inputs are drawn from `seed`; weights must be loaded.  false: out of memory. */
bool measure_run(struct exec *x, const struct plan *p, const struct measure_options *o, u64 seed, struct measure *m);

#endif
