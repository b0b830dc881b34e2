/* engine.h - ways to run a cascade in this process, each judged by the evaluator.
 *
 * An engine is a backend or the tapes, a machine level, and what passes may do.  Default arithmetic is judged by the evaluator's error bound, launch by
 * launch and end to end (compiler/compare.h), on usual inputs; strict arithmetic bit by bit (compiler/compare_strict.h), on special ones too.  An
 * engine that is not there - no LLVM, a processor without AVX-512 - is NULL. */
#ifndef NASC_TESTS_ENGINE_H
#define NASC_TESTS_ENGINE_H
#include "compiler/base/rng.h"
#include "compiler/pipeline.h"
#include "tests/differential/gen.h"

struct engine {
    const char *name, *backend, *cpu;
    bool generic, strict, fewer /* some passes are left out, by the seed */;
    u32 threads;
    u32 break_;                 /* a bug of passes/seeded.def */
    nasc_session *s;            /* opened at first use */
    bool absent;
};
u32 engine_count(void);
const struct engine *engine_row(u32 k);
/* The row by name, to be opened by engine_try; false: there is none of that name. */
bool engine_named(struct engine *e, const char *name);
void engine_close(struct engine *e);

enum verdict_kind { V_AGREES, V_DIFFERS, V_BUG /* an invariant broke, a verifier refused */, V_GAVE_UP /* the evaluator's bound of work */, V_ABSENT };
struct verdict {
    u8 kind;
    bool unbounded;             /* not judged end to end: the error's bound is infinite */
    double worst;               /* error over bound of launches and outputs */
    double worst_rewrite;
    u64 launches, elems;        /* elems: compared bit by bit */
    char text[600];
};
/* What decides the values: seed, batch, special inputs (strict engines only). */
struct trial { u64 seed; i64 batch; bool special; };
void engine_try(struct engine *e, const struct cascade *c, const struct trial *t, struct verdict *v);

#endif
