/* pass.h - passes as rows of passes.def; the lowerings between IRs.
 *
 * A rewrite changes an IR in place and returns how often it fired.  A lowering takes a const IR and returns a new one. The
 * runner (compiler/pipeline.c) verifies after each in checked builds, dumps and clocks them. */
#ifndef NASC_PASS_H
#define NASC_PASS_H
#include "compiler/ir/arch.h"
#include "compiler/ir/ein.h"
#include "compiler/ir/mach.h"
#include "compiler/ir/plan.h"

/* What decides the code of a launch (--code), and nothing else does: never what a cache happens to hold.
 * special: a kernel for the shape of its inner loops.  generic: a tape, compiled never.  tuned: special, by measured tiles. */
enum code_policy { CODE_SPECIAL, CODE_GENERIC, CODE_TUNED };
struct tune;                    /* compiler/ir/tune.h: what was measured on this machine */
struct pass_options {
    bool strict;                /* --strict-math: nothing is reassociated */
    bool training;
    u8 code;                    /* enum code_policy */
    const struct tune *tune;    /* NULL: the shipped defaults */
    u64 without;                /* test hook: passes left out, bit k the k-th row of passes.def (never ein-group) */
    u32 break_;                 /* test hook, 0: none. k > 0: the k-th seeded bug (passes/seeded.def) */
};

/* Rewrites of cascades: u32 ein_NAME(struct cascade *, const struct pass_options *) */
#define X(fn, name, needs, spoils, about) u32 fn(struct cascade *c, const struct pass_options *o);
#include "passes/passes.def"
#undef X

/* Lowerings. */
struct cascade *arch_to_ein(struct arena *a, struct str_pool *sp, const struct arch *ar, const struct pass_options *o);
/* Groups -> kernels, tensors -> buffers.  memo: groups lowered before (NULL: none); it changes times, never the plan, which holds
 * symbols and functions of it. */
struct plan_memo;
struct plan *ein_to_plan(struct arena *a, const struct cascade *c, const struct mach *m, const struct pass_options *o, struct plan_memo *memo);
struct plan_memo *plan_memo_new(void);
struct plan_memo *plan_memo_hold(struct plan_memo *m);  /* for as long as a plan that it served */
void plan_memo_drop(struct plan_memo *m);               /* once for _new, once for each _hold; NULL is fine */
size_t plan_memo_bytes(const struct plan_memo *m);
/* Rewrites of loop functions; each returns how often it fired. */
u32 loop_clean(struct loop_fn *f);
u32 loop_legalize(struct loop_fn *f, const struct mach *m, bool (*can)(const struct mach *, enum loop_op, struct ltype));
/* Adds a function's operations on vectors, and those of them that loop_legalize does lane by lane. */
void loop_vectors(const struct loop_fn *f, const struct mach *m, bool (*can)(const struct mach *, enum loop_op, struct ltype), u64 *all, u64 *lanes);

#endif
