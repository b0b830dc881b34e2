/* unit_build.h - plans to a unit: steps with addresses in place of commands on buffers (ir/unit.h).
 *
 * For each model NAME the unit defines NAME_load, NAME_forward, NAME_model (runtime/nasc_model.h) and, with weights, NAME_weights. */
#ifndef NASC_UNIT_BUILD_H
#define NASC_UNIT_BUILD_H
#include "backends/backend.h"
#include "compiler/ir/plan.h"

struct unit_model {
    const char *name;                   /* a C identifier, in no other model of the unit */
    const struct plan *plan;            /* for inference, without tapes; made for the unit's machine */
    const char *id, *arch;              /* NULL: "" */
    const u8 *weights;                  /* NULL, or the block that load reads: becomes NAME_weights */
};
/* Where the parameters and states as given lie in the block that load reads: offset[i] of plan->weight[i] (offset may be NULL).  Returns its bytes. */
u64 unit_weights(const struct plan *p, u64 *offset);
/* Kernels are legalized for the backend, and models share them.  checked: they are verified.  What it says of the plans points into them.  NULL with
 * *why: a plan cannot become native code ahead of time. */
struct unit *unit_build(struct arena *a, const char *name, const struct mach *m, const struct backend *be, u32 n, const struct unit_model *model,
                        bool checked, struct buf *why);

/* What NAME_model points to (unit_describe.c): made of the bytes that unit_build has worked out. */
struct unit_sizes { u64 weights, packed, sample, worker; };
void unit_describe(struct unit *u, const struct unit_model *model, const struct mach *m, const char *compiler, const struct unit_sizes *size, u32 load, u32 forward);
/* The text of a C header for the unit's models; it stands alone (unit_header.c). */
void unit_header(struct buf *b, const struct unit *u, u32 n, const struct unit_model *model);
/* The description's sizes, read back from the unit. */
bool unit_sizes_of(const struct unit *u, const char *model, struct unit_sizes *out);

#endif
