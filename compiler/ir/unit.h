/* unit.h - what becomes one object file: kernels, the functions that call them, constant data.
 *
 * A unit holds any number of models (compiler/runtime/nasc_model.h).  Functions are lists of steps; a step's places are addresses made of an area,
 * an offset and the batch, so neither form of them needs a table that is written.
 *
 *     forward:  scratch = arena + sample_bytes * batch;   for each step: base[] = places;  kernel(args, 0, units, scratch)
 *
 * Nothing in a unit refers to anything outside of it but memcpy and memset. */
#ifndef NASC_UNIT_H
#define NASC_UNIT_H
#include "compiler/ir/plan.h"

enum unit_area { UA_WEIGHTS /* load: the caller's block */, UA_PACKED, UA_INPUT, UA_OUTPUT /* slot: which */, UA_ARENA, UA_DATA /* slot: unit.data */ };
struct unit_place { u8 area; u32 slot; u64 offset, per_sample; };      /* bytes: offset + per_sample * batch */
struct unit_size { u64 k, per_sample; };
/* KERNEL: place[] become args.base; COPY: bytes of place[1] to place[0]; FILL: bytes of place[0] with repeated elements of `width` bytes. */
enum unit_step_kind { US_KERNEL, US_COPY, US_FILL };
struct unit_step {
    u8 kind, width;
    u32 kernel;                         /* of the unit */
    u32 nplace; struct unit_place *place;
    u32 nsym; struct plan_int *sym;
    struct plan_int units;
    struct unit_size bytes;
    u64 pattern;                        /* FILL */
    i64 share;                          /* KERNEL: the least batch for which it is worth sharing among workers; 0: never */
    const char *what;                   /* for people */
};
enum unit_fn_kind { UF_LOAD, UF_FORWARD };
/* scratch: where kernels' scratch lies, for worker w at scratch + w * worker_bytes; in UA_ARENA (forward) or UA_PACKED (load). */
struct unit_fn { u8 kind; const char *name; u32 nstep; struct unit_step *step; struct unit_place scratch; u64 worker_bytes; };
/* Constant bytes, and addresses in them: of other data or of functions. */
struct unit_ref { u64 at; bool fn; u32 index; u64 addend; };
struct unit_data { const char *name; bool global; u32 align; u64 bytes; const u8 *at; u32 nref; struct unit_ref *ref; };
struct unit_kernel { const char *name; const struct loop_fn *fn; };    /* legalized for the backend */
struct unit {
    struct arena *a;
    const char *name;
    VEC(struct unit_kernel) kernel;     /* local symbols */
    VEC(struct unit_fn) fn;             /* global */
    VEC(struct unit_data) data;
};
enum unit_form { UNIT_OBJECT, UNIT_ASM, UNIT_IR };

#endif
