/* be_gccjit_work.h - work for forked processes: libgccjit runs in them only. */
#ifndef NASC_BE_GCCJIT_WORK_H
#define NASC_BE_GCCJIT_WORK_H
#include "backends/be_gccjit.h"

/* What one context makes: functions, or a unit, to an object or a text. */
struct gj_job {
    u32 n;
    const struct loop_fn **fn;
    const char **name;
    const struct unit *unit;            /* in place of functions */
    u64 values;                         /* in all of its functions */
    const char *what;                   /* NULL: an object; asm, gccjit, reproducer */
    char *at; size_t bytes;             /* what came of it, in the arena */
    u64 ns;                             /* processor time */
};
struct gj_options { const struct mach *mach; struct gj_mach m; const char *features; u32 level; };

/* Does all jobs in up to `workers` processes; false with *why.  Nothing of it stays in this process or in the file system. */
bool gj_work(const struct gj_options *o, struct arena *a, u32 n, struct gj_job *job, u32 workers, struct buf *why);

#endif
