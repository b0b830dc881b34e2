/* plan_memo.h - inside ein_to_plan: the code of a group, from an equal group if one was lowered before. */
#ifndef NASC_PLAN_MEMO_H
#define NASC_PLAN_MEMO_H
#include "passes/plan_sign.h"

/* What a plan needs of a group, tensors apart: a function of the group's signature. */
struct group_code {
    struct hash128 sign, key;           /* key: of the function's canonical text; of a tape the signature */
    u8 kind;                            /* PC_KERNEL, PC_ONCE: so little that it is interpreted, PC_TAPE: by policy */
    struct loop_fn *fn;                 /* its names mean nothing */
    struct tape *tape;                  /* PC_TAPE */
    u32 narg, *place;                   /* buffers: which of the signature's tensors */
    u32 nsym; struct plan_int *sym, units;
    u64 macs, flops, bytes;
};
struct plan_memo *plan_memo_in(struct arena *a);        /* one that ends with the arena */
const struct group_code *plan_code(struct plan_memo *memo, struct plan_signer *s, const struct plan_group *g, const struct mach *m,
                                   const struct pass_options *o);
/* Points of an equation's parallel ranks per batch element, and of all ranks. */
void plan_points(const struct ein_eq *e, double *par, double *all);

#endif
