/* tape.h - inside ein_to_tape: one tape being made (struct taping) and one equation of it (struct taped). */
#ifndef NASC_PASSES_TAPE_H
#define NASC_PASSES_TAPE_H
#include "compiler/ir/tape.h"
#include "passes/pass.h"

struct taping {
    struct arena *a;
    struct cascade *c;              /* scratch: nodes are added */
    const struct mach *m;
    const struct pass_options *o;
    struct tape *t;
    VEC(u32) tens;                  /* of each buffer */
    u32 nunit;                      /* leading ranks all equations share (several equations) */
};
struct taped {
    struct taping *g;
    struct arena *a;
    struct cascade *c;
    const struct ein_eq *e;
    struct tape_nest n;
    double times;                   /* the sum is so many times what is added up: reduced ranks the body does not depend on are left out */
    struct idmap reg[TAPE_PROGS], slot[TAPE_PROGS];         /* by node: 1 + register, 1 + slot */
    VEC(struct { ein_node x; u64 deps; }) deps;
    struct idmap known;             /* deps by node */
};

/* Group `group` as a finished tape; its tensors, in order of its buffers, and its work units. */
struct tape *ein_to_tape(struct arena *a, struct cascade *scratch, u32 group, const struct mach *m, const struct pass_options *o,
                         u32 *ntens, u32 **tens, struct plan_int *units);

/* Programs (tape_prog.c). */
u32 taped_point(struct taped *q, u32 prog, ein_node x);         /* appended to the program; its register */
u32 taped_typed(struct taped *q, u32 prog, ein_node x, int d);  /* the same where a number of dtype d is wanted: strict arithmetic rounds constants */
u8 taped_rounding(const struct taped *q, enum dtype d);         /* what rounds a register to dtype d; 0: it has it */
void taped_index(struct taped *q, u32 prog, ein_node x, struct tape_index *to);
u64 taped_deps(struct taped *q, ein_node x);                    /* ranks */
u32 taped_buf(struct taping *g, u32 tens, bool out);
void taped_lhs(struct taped *q, struct tape_index *to);

/* Schedules (tape_choose.c). */
void taped_choose(struct taped *q);                             /* maps and reductions: orders, blocks, how to reduce */
bool taped_product(struct taped *q, ein_node *a, ein_node *b);  /* is it a product?  Its orders, boxes and operands */
i64 taped_coef(const struct tape_index *x, u32 rank);

#endif
