/* measure.h - how long a plan takes: quiet, warm, repeated until the median is known well enough or the time is up.
 *
 * A meter is what measurements of one process share: the processor they run on, the canary, counters, room for samples.
 *
 *     measure_open(&m);  measure_quiet(m);  measure_run(m, ...);  measure_run(m, ...);  measure_loud(m);  measure_close(m);
 */
#ifndef NASC_MEASURE_H
#define NASC_MEASURE_H
#include "compiler/exec.h"

struct measure_options {
    i64 batch;
    u32 min_samples;        /* at least */
    u64 min_ns, max_ns;     /* time spent on a window of samples: at least; stop there though the median is not known well (0: never) */
    u64 give_up_ns;         /* stop there though there are fewer samples than wanted (0: never) */
    u64 run_ns;             /* what a first run may take: longer, and nothing is measured (0: anything) */
    double width;           /* stop when the median's confidence interval is that wide, relative to it (0: never) */
    u32 again;              /* windows to repeat at most, when the canary says that the machine has become slow */
};
struct measure {
    bool late;              /* a run takes longer than it may; nothing else is known */
    u64 samples, runs;      /* a sample is one run; of very short networks the mean of as many as take ten microseconds */
    double min_ns, median_ns, spread;       /* spread: (p90 - min) / min */
    double width;           /* of the median's 95 % confidence interval, relative to it */
    double canary;          /* the canary's time around the window over its best; 0: no canary */
    u32 windows;            /* 1, and those repeated */
    bool drift;             /* the canary was slow around every one of them */
    bool counted; double cycles, instructions;      /* a run, where processor and kernel tell */
    double timed_ns, warm_ns;               /* spent in forward passes: of all windows; before them */
    const double *raw;      /* [samples] nanoseconds a run, in order of time; the meter's, until the next measure_run */
};
#define CANARY_SLOW 1.1     /* a window between canaries slower than this is repeated */

struct meter;
struct meter *measure_open(void);       /* NULL: out of memory */
void measure_close(struct meter *m);
/* This thread stays on one processor / may go where it might before. */
void measure_quiet(struct meter *m);
void measure_loud(struct meter *m);
/* Inputs are drawn from `seed`; weights must be loaded.  false: out of memory. */
bool measure_run(struct meter *m, struct exec *x, const struct plan *p, const struct measure_options *o, u64 seed, struct measure *out);
/* The least time of each command of the run section over several whole runs: ns[p->run.n].  false: out of memory. */
bool measure_launches(struct meter *m, struct exec *x, const struct plan *p, const struct measure_options *o, u64 seed, double *ns);
/* Of n sorted samples the median, and the half-width of its 95 % confidence interval relative to it (order statistics: nothing is
 * assumed of how they are distributed). */
double measure_median(const double *sorted, u64 n, double *width);

#endif
