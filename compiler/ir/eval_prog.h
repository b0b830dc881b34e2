/* eval_prog.h - inside the evaluator: an equation's expressions as straight-line programs over blocks of points.
 *
 * A block is a run of consecutive points of an iteration domain (ranks in order, the last one fastest)
 * that share the values of the outer ranks.  Every instruction handles the whole block, so that
 * interpretation costs little.  Both sides of a select are evaluated; a read out of range in
 * the side not taken does no harm: it is 0 and marked poisoned, and only poison that reaches a result is an error. */
#ifndef NASC_EVAL_PROG_H
#define NASC_EVAL_PROG_H
#include "compiler/ir/ein_eval.h"

enum { EVAL_BLOCK = 512, EVAL_RANKS = 64, EVAL_TERMS = 24, EVAL_AXES = 64 };

/* The points: ranks in iteration order.  Ranks dom[nouter ..) are inside a block; if chunked, there is one such and
 * blocks take EVAL_BLOCK values of it at a time. */
struct eval_domain {
    u32 n, rank[EVAL_RANKS];            /* local ranks, outermost first */
    i64 ext[EVAL_RANKS];                /* by local rank; values, symbols resolved */
    u32 nouter;
    bool chunked;
    u32 block;                          /* points of a full block */
    i64 *coord[EVAL_RANKS];             /* by local rank: its values in a block (chunked: 0, 1, ..), NULL for outer ranks */
    i64 at[EVAL_RANKS];                 /* by local rank: present value of outer ones and of a scan's; start of the chunk */
    u32 lanes;                          /* points of the present block */
};

/* An index: base + outer ranks + block part + atoms. */
struct eval_index {
    i64 c;
    u32 nouter; struct { u32 rank; i64 k; } outer[EVAL_TERMS];
    i64 *part;                          /* of the ranks inside a block; NULL: none */
    bool unit;                          /* part is 0, 1, 2, .. */
    i64 chunk_k;                        /* times the start of the chunk */
    u32 natom; struct { u32 slot; i64 k; } atom[EVAL_TERMS];
};
/* What is no sum: x / k, x % k, tens[x]. */
struct eval_slot { u8 kind; struct eval_index x; i64 k; u32 tens; u64 n; i64 *v; };

struct eval_check { struct eval_index x; i64 dim; };
struct eval_ins {
    u8 kind, dtype;                     /* dtype it is rounded to */
    u32 dst, a, b, c;                   /* registers */
    u32 u;                              /* READ: tensor; ARG; CAST; RAND */
    double r;
    struct eval_index x, y;             /* READ: offset; OF_INT, RAND, comparisons of indices */
    u32 ncheck; struct eval_check *check;       /* READ: axes that may be left; pad in register a (or none: poison) */
    bool padded, index;
    bool any;                           /* of constants only: its dtype is that of its use */
    /* eval_sum.c: how its terms come about; no input in it; terms have constant factors; operands whose terms are each multiplied */
    u8 sum;
    bool fixed, scaled, over_a, over_b;
};
enum eval_sum { EVAL_TERM /* none: it is one term */, EVAL_SUM_READ, EVAL_SUM_ACC, EVAL_SUM_SAME, EVAL_SUM_PICK, EVAL_SUM_ADD, EVAL_SUM_TIMES };
/* A sum's terms: their sizes together, the bounds of their errors together, and how many are not 0.  mag NULL: one term each. */
struct eval_terms { double *mag, *own; float *n; };
/* Of a tensor. on: some of its elements are sums; asked: some sum reads it; fixed: it depends on no input. */
struct eval_sums { struct eval_terms terms; u64 size; bool on, scaled, fixed, asked; };
struct eval_prog {
    VEC(struct eval_slot) slot;
    VEC(struct eval_ins) ins;
    u32 nreg;
    double **v, **e;                    /* registers */
    u8 **poison;                        /* NULL: nothing can be poisoned */
    bool open;
    u32 *reg;                           /* by node: 1 + register, while compiling */
    const double *acc_v, *acc_e;        /* (acc 0), by lane */
    struct eval_terms *terms;           /* by register; NULL: sums are as written */
    struct eval_terms acc_terms;        /* of (acc 0) */
    bool acc_sum, acc_fixed, acc_scaled;
    double *const *arg_v, *const *arg_e;
};

/* One equation's evaluation. */
struct eval_run {
    struct ein_eval *ev;
    const struct cascade *c;
    const struct ein_eq *e;
    struct arena *a;                    /* of this equation */
    struct buf *why;
    const char *leaves;                 /* set when an index left its tensor: the tensor's name */
};

double eval_err_op(enum ein_kind k, enum dtype t, double d, double a, double ea, double b, double eb, double c, double ec);
double eval_cast_err(enum dtype to, double v, double e);
/* Half a unit in the last place of a dtype, relatively (0 for integers). */
static inline double eval_unit(enum dtype t)
{
    switch (t) {
    case DT_F64: return 0x1p-53;
    case DT_F32: return 0x1p-24;
    case DT_F16: return 0x1p-11;
    case DT_BF16: return 0x1p-8;
    default: return 0;
    }
}
/* Results below the normal range round absolutely, or are flushed to zero (of f16 they are kept: half a step). */
static inline double eval_tiny(enum dtype t)
{
    return t == DT_F64 ? 0x1p-1022 : t == DT_F16 ? 0x1p-25 : 0x1p-126;
}
/* Nothing times an infinite bound is nothing. */
static inline double eval_times(double x, double y)
{
    return x == 0 || y == 0 ? 0 : x * y;
}
/* The bound e of the exact operation on inexact operands, and `roundings` more of the result, which is d. */
static inline double eval_rounded(enum dtype t, double d, double e, double roundings)
{
    double u = eval_unit(t);
    if (!u)
        return e;
    return e + roundings * u * (__builtin_fabs(d) + e) + (d == 0 && e == 0 ? 0 : eval_tiny(t));
}
double eval_round(enum dtype t, double x);
/* The dtype whose roundings a bound counts. */
static inline enum dtype eval_bound_dtype(const struct ein_eval *ev, enum dtype t)
{
    return ev->in_f64 && dtype_is_float(t) ? DT_F64 : t;
}

i64 eval_sym(const struct eval_run *r, u32 sym);
void eval_domain_make(struct eval_run *r, struct eval_domain *d, u32 nrank, const u32 *rank);
/* Goes through the blocks: false at the end.  start true: the first. */
bool eval_next_block(struct eval_domain *d, bool start);
/* Expression x for blocks of d; its value ends in the returned register. */
u32 eval_compile(struct eval_run *r, struct eval_prog *p, const struct eval_domain *d, ein_node x, enum dtype any);
void eval_compile_index(struct eval_run *r, struct eval_prog *p, const struct eval_domain *d, ein_node x, i64 times, struct eval_index *to);
void eval_finish(struct eval_run *r, struct eval_prog *p);      /* allocates registers */
void eval_index_block(const struct eval_prog *p, const struct eval_domain *d, const struct eval_index *x, i64 *out);
/* Elements of a tensor, and its strides. */
u64 eval_strides(const struct eval_run *r, u32 tens, i64 *stride);
void eval_slots_block(struct eval_run *r, struct eval_prog *p, const struct eval_domain *d);
void eval_read_block(struct eval_run *r, struct eval_prog *p, const struct eval_domain *d, struct eval_ins *ins);
void eval_block(struct eval_run *r, struct eval_prog *p, const struct eval_domain *d);

/* Sums in any order: is this evaluation about them?  What becomes of a program's roots: a point of a reduction, whose products stay; a value
 * whose terms nobody asks for; one whose terms are kept. */
enum eval_root { EVAL_ROOT_POINT, EVAL_ROOT_VALUE, EVAL_ROOT_KEPT };
bool eval_sums(const struct eval_run *r);
/* Facts of tensors before equations [first, last) run. */
void eval_sum_tensors(struct ein_eval *ev, const struct cascade *c, u32 first, u32 last);
void eval_sum_prepare(struct eval_run *r, struct eval_prog *p, u32 nroot, const u32 *root, enum eval_root as);
const struct eval_ins *eval_ins_of(const struct eval_prog *p, u32 reg);
void eval_sum_block(struct eval_prog *p, const struct eval_ins *ins, enum dtype t, u32 n);
void eval_sum_read(const struct eval_run *r, struct eval_prog *p, const struct eval_ins *ins, const i64 *off, const u8 *out, u32 n);
void eval_sum_acc(struct eval_prog *p, const struct eval_ins *ins, u32 n);
struct eval_terms eval_terms_new(struct arena *a, u64 n);
/* Element at of `to` gets element i of `from`; without that it is one term, v, with error e. */
void eval_terms_copy(struct eval_terms *to, u64 at, const struct eval_terms *from, u64 i, double v, double e);
/* A tensor some equation of which is a sum: it has terms from now on. */
void eval_sum_tensor(struct eval_run *r, u32 tens);

#endif
