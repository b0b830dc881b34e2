/* cross.h - cascades on other machines: many in one unit, built for a target, run there (or under an emulator), compared with the evaluator.
 *
 * In: programs (cascades as written, with the rules of arithmetic) and jobs (what they are fed, and what the evaluator says must come
 * out).  Out: a result for each job.  One object file, one link and a start of each of the target's emulators serve all jobs.
 * Without strict math outputs lie within the evaluator's bound for f32 (ein_eval.h); with it they have the bits of EVAL_F32, NaNs being one value. */
#ifndef NASC_TESTS_CROSS_H
#define NASC_TESTS_CROSS_H
#include "compiler/ir/ein.h"

/* A row of cross.def.  run: commands before the program's name, separated by `;` ("" is: as it is); need: features of our processor to run
 * it so, NULL: none. */
struct cross_target { const char *name, *backend, *target, *cpu, *features, *run, *need; };
extern const struct cross_target cross_targets[];
extern const u32 cross_target_count;
const struct cross_target *cross_target_named(const char *name);        /* NULL: no such */
/* Is there what it takes: C compiler, emulator, processor?  Else *why. */
bool cross_can(const struct cross_target *t, struct buf *why);

struct cross_program { const struct cascade *c; bool strict; u32 break_; const char *label; };
struct cross_tensor { const char *name; u8 dtype; u64 n, bytes; void *at; };
struct cross_want { u8 dtype; u64 n, bytes; const double *v, *err /* NULL: these very bits */; };
struct cross_job {
    u32 program;
    i64 batch;
    u64 seed; bool specials;        /* of its inputs */
    u32 nin, nweight, nout;
    struct cross_tensor *in, *weight;
    struct cross_want *out;
};
/* Inputs and weights from a seed, outputs by the evaluator.  specials: infinities, NaNs and the like are among the inputs.  false: the evaluator
 * gave up, *why. */
bool cross_job_make(struct arena *a, u32 index, const struct cross_program *p, i64 batch, u64 seed, bool specials, struct cross_job *j, struct buf *why);

/* verdict: of the runner (cross_files.h); died: the program ended before it was done; built: false, if nasc made no code of it. */
struct cross_result {
    bool built, died; u32 verdict;
    u64 elems, free /* no finite bound: anything goes */, differ;
    double worst;                   /* error / bound */
    const char *text;               /* what is wrong, NULL: nothing */
};
/* One result for each job, the worst of all ways to run it.  dir: where files may lie.  false: it could not be tried, *why. */
bool cross_run(struct arena *a, const struct cross_target *t, const char *dir, u32 nprogram, const struct cross_program *program, u32 njob, const struct cross_job *job,
               struct cross_result *out, struct buf *why);

#endif
