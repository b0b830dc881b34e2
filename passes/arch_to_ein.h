/* arch_to_ein.h - inside the lowering of architectures: the walk over functions (arch_to_ein.c) and the
 * instantiation of one op's body (op_inst.c, op_expr.c).
 *
 * A value is a tensor whose axes are [batch] [the reps it depends on, outermost first] [its own].  Reps are
 * numbered by nesting; `reps` is the set of those a tensor has. */
#ifndef NASC_ARCH_TO_EIN_H
#define NASC_ARCH_TO_EIN_H
#include "passes/pass.h"

enum { A2E_REPS = 32, A2E_RANKS = 64 };

struct a2e_val { u32 tens, reps; };

/* The parameters of one set: what the first instantiation of a tied call made, later ones take in turn. */
struct a2e_set { u64 frame; u32 tie; VEC(u32) tens; u32 next, ninst, next_inst; };

/* An activation of a function. */
struct a2e_frame {
    struct a2e_frame *up;
    u64 id;
    const struct afn *f;
    struct a2e_val *val;
    str path;
    u32 own_reps;               /* the reps that parameters made here have in front */
    struct a2e_set *set;        /* inside a tied call; NULL: every op has its own */
};

struct a2e {
    struct arena *a;            /* scratch */
    struct cascade *c;
    const struct arch *ar;
    struct types *types;
    bool training;
    u32 nrep; i64 rep[A2E_REPS];            /* open reps */
    u32 number, scan;                       /* given out so far */
    u32 inst;                               /* instances that own something, so far */
    VEC(u32) owner;                         /* by number: its instance */
    u64 frames;
    VEC(struct a2e_set *) set;
    u32 *next_of; u32 cap_next;             /* by tensor: 1 + the NEXT that stands for a state by now */
};

str a2e_path(struct a2e *x, str path, str label);
/* A tensor with batch (if asked), reps and own axes. */
u32 a2e_tens(struct a2e *x, str name, u8 role, enum dtype t, bool batched, u32 reps, u32 ndim, const i64 *dim);
/* dst[..] = src[..], axis by axis; ranks that only dst has are in front of or between those of src as reps say. */
void a2e_copy(struct a2e *x, struct a2e_val src, struct a2e_val dst, str prov);
/* A bound op by itself: a cascade of its own, in and out: its tensors. */
struct cascade *op_to_ein(struct arena *a, struct types *t, const struct op_bind *b, bool training, u32 *in, u32 *out);
/* One op instance in a frame. */
void a2e_op(struct a2e *x, struct a2e_frame *f, const struct anode *n, const struct a2e_val *in, struct a2e_val *out);

/* One op's instantiation. */
struct op_inst {
    struct a2e *x;
    const struct a2e_frame *f;
    const struct op_bind *b;
    const struct op *op;
    str path, prov;
    u32 *tens, *reps;           /* by op tensor */
    bool *there;
    u32 *int_tens;              /* CONST tensors again as i32, for gathers: 1 + tensor */
    /* the equation under work */
    const struct oeq *q; u32 scan;
    u32 nrank; struct ein_rank rank[A2E_RANKS];
    u32 *index_rank;            /* by index variable: 1 + its (first) rank */
    u32 batch_rank;             /* 1 + */
    u32 rep_rank[A2E_REPS];     /* 1 + */
};
/* A point expression and its dtype (EIN_ANY: takes the other's). */
struct op_point { ein_node x; int t; };
/* An index expression is n / d. */
struct op_index { ein_node n; i64 d; };

i64 op_inst_extent(const struct op_inst *o, u32 index);
enum dtype op_inst_float(const struct op_inst *o);          /* the op's generic floating type */
struct op_point op_inst_point(struct op_inst *o, u32 ox);
ein_node op_inst_cast(struct op_inst *o, struct op_point p, enum dtype t);
ein_node op_inst_bool(struct op_inst *o, u32 ox);
/* The subscripts of an access to tensor t, batch and reps in front; returns how many. */
u32 op_inst_subs(struct op_inst *o, u32 t, u32 list, u32 n, ein_node *sub);
/* The index as an i32 tensor over the ranks it depends on, gathered from: for what is no quasi-affine expression. */
ein_node op_inst_table(struct op_inst *o, struct op_point p);
void op_inst_emit(struct op_inst *o, struct ein_eq e);

#endif
