/* plan_sign.h - groups of equations told apart: what a plan's code for one depends on, and nothing else. */
#ifndef NASC_PLAN_SIGN_H
#define NASC_PLAN_SIGN_H
#include "compiler/base/hash.h"
#include "passes/pass.h"

/* Signs the groups of one cascade. */
struct plan_signer {
    struct arena *a;                    /* scratch */
    const struct cascade *c;
    struct hash128 context;             /* machine, options, symbols */
    struct hash128 *hash; u8 *closed;   /* by node: closed 0: not looked at, 1: no tensor under it, and its hash; 2: some */
    u32 *seen_in, *seen;                /* by node: the group it was met in last, its number there */
    u32 *tens_in, *number;              /* the same by tensor */
    u32 group, nseen;
    VEC(u64) word;
    VEC(u32) tens;                      /* of the group, by first mention */
    VEC(u32) scan;
};
struct plan_group { u32 n; const struct ein_eq **eq; };

void plan_signer_open(struct plan_signer *s, struct arena *a, const struct cascade *c, const struct mach *m, const struct pass_options *o);
/* The signature of a group; s->tens are its tensors until the next is signed.  Groups with equal signatures lower to equal functions,
 * symbols and units, their tensors one for one. */
struct hash128 plan_sign(struct plan_signer *s, const struct plan_group *g);
/* The group just signed as a cascade of its own, a function of its signature: tensor k is s->tens.at[k]. Its group is 1. */
struct cascade *plan_alone(struct arena *a, struct plan_signer *s, const struct plan_group *g);

#endif
