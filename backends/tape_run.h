/* tape_run.h - inside be_tape: the state of one call. */
#ifndef NASC_TAPE_RUN_H
#define NASC_TAPE_RUN_H
#include "backends/be_tape.h"
#include "backends/tape_ops.h"

struct tape_loop { u32 rank; i64 lo, hi, step; };
struct tape_loops { u32 n; struct tape_loop l[TAPE_RANKS]; };

struct tape_run {
    const struct tape *t;
    const struct tape_nest *n;
    const struct tape_ops *ops;
    const struct tape_real *real;
    u32 size, pitch;                /* bytes of a number, of a register: not a power of two, whose stores would wait for each other */
    void *const *base;
    i64 batch;
    i64 at[TAPE_RANKS];             /* ranks' values: at the block's first point */
    i64 lo[TAPE_RANKS], hi[TAPE_RANKS];     /* what is to be done of each rank */
    char **reg;                     /* where each register's block is: its own place, or the buffer it was read from */
    char *own;                      /* registers' places */
    char *state, *fresh;            /* reductions: [state][point]; a monoid's lifted or merged ones */
    i64 *best;                      /* argmax: [point] */
    i64 *slot;                      /* [slot of all programs][point]: values; one where the same */
    u32 slot_at[TAPE_PROGS];
    char *more;                     /* products: panels */
    char **acc, **arg;              /* what TP_ACC and TP_ARG mean now */
};

/* Loops over boxes: first sets the ranks to the starts; next moves on, false at the end. */
bool tape_first(struct tape_run *r, const struct tape_loops *l);
bool tape_next(struct tape_run *r, const struct tape_loops *l);
/* Points of a block of d at the ranks' present values. */
u32 tape_points(const struct tape_run *r, const struct tape_dom *d);
/* Loops over the ranks of `order` in blocks of d (which takes a suffix of them). */
void tape_loops_of(const struct tape_run *r, u32 n, const u32 *order, const struct tape_dom *d, struct tape_loops *l);
/* Those of p's instructions that are due (`when` >= from), for n points. */
void tape_eval(struct tape_run *r, u32 prog, u32 n, u8 from, u8 to, u32 last);
i64 tape_offset(const struct tape_run *r, u32 prog, const struct tape_index *x);
void tape_store(struct tape_run *r, u32 prog, u32 buf, const void *v, u32 n);
void tape_product(struct tape_run *r);

#endif
