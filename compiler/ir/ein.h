/* ein.h - the cascade: a list of extended einsums over tensors; what the network computes.
 *
 * No strides, no layout, no loops.  An equation has its own ranks, numbered from 0: first the
 * parallel ones (they index the left side), then the reduced ones; nodes name ranks by number, so equal
 * expressions of different equations are the same hash-consed node.
 *
 *     for all parallel points p:  T[lhs(p)] = post( (+) over reduced points r with guard: body(p, r) )
 *
 * Without a reduction the value is body(p), and there is no post.  `post` (a fused epilogue) sees the parallel ranks
 * and the reduction's result as (acc 0).  Absent points (guard 0) are skipped by reductions; a map writes 0 there.
 *
 * Reductions run over the points of the reduced ranks in row-major order.  An empty one gives the identity: 0, 1, the
 * dtype's lowest and highest value (floats: -inf, inf).  argmax and argmin give the row-major number of the first best point, -1 for none.
 * max(a, b) is a > b ? a : b, min(a, b) is a < b ? a : b.  Comparisons are bool; a constant takes the dtype it is used with, and constants
 * among themselves are computed in f64 (docs/numerics.md).
 * A read whose place is not proven has a pad value; gathered places (GATHER) are such unless a remainder bounds them.
 *
 * Scans.  Equations with the same `scan` (> 0, contiguous) form a recurrence: for t = 0 .. N-1 (or down), each
 * is evaluated in order at that t; `scan_rank` is the local rank that is t.  A tensor written at t + 1 is read at t.
 *
 * Invariants (ein_verify): single assignment (several equations may write disjoint regions of one tensor); every
 * read in range or padded; operands defined before use (but by recurrences); a reduction's accumulator dtype is
 * explicit; no implicit conversion; batch is an ordinary rank.  Names are for people: they are not in the canonical text. */
#ifndef NASC_EIN_H
#define NASC_EIN_H
#include "compiler/base/diag.h"
#include "compiler/base/hash.h"
#include "compiler/ir/idmap.h"
#include "compiler/ir/op.h"
#include "compiler/ir/type.h"

enum ein_kind {
#define X(kind, word, nchild, class) kind,
#include "compiler/ir/ein.def"
#undef X
    EIN_KINDS
};
typedef u32 ein_node;       /* index into cascade.node; 0: none */
typedef i64 ein_ext;        /* > 0: that extent; < 0: symbol -1 - ext */

/* What a node is or has under it; worked out by ein_make. */
enum ein_has {
    EIN_HAS_TENS = 1,           /* READ, GATHER */
    EIN_HAS_SYM = 2,
    EIN_HAS_OTHER = 4,          /* ACC, ARG, RAND */
    EIN_HAS_RANGES = 8,         /* what ranges may simplify: quotients, remainders, comparisons, pads */
    EIN_HAS_FAR = 16,           /* ranks from 64 on */
};
struct ein_x { u8 kind, has; u32 u; ein_node a, b, c; i64 i; double r; u32 list, nlist; /* cascade.list */ u64 ranks; /* bits */ };

/* When a symbol or a value is known. */
enum ein_bind { EIN_BIND_LOAD, EIN_BIND_PLAN, EIN_BIND_CALL };
struct ein_sym { str name; i64 lo, hi, divides; u8 bind; };     /* symbol 0 is batch, EIN_BIND_CALL */

enum ein_role { EIN_IN, EIN_OUT, EIN_PARAM, EIN_STATE, EIN_NEXT /* new value of state `of` */, EIN_CONST, EIN_TEMP };
enum ein_phase { EIN_PHASE_CONST, EIN_PHASE_LOAD, EIN_PHASE_RUN };      /* of what it depends on: nothing, parameters, inputs */
struct ein_tens {
    str name;               /* a path for params: "cell.a.conv.w" */
    u8 role, dtype, phase;
    bool hist_last;         /* recurrent tensor of which only the latest round is ever read */
    bool halo;              /* TEMP: elements that no equation writes hold `rest`; else each is written */
    double rest;
    u32 of;                 /* NEXT: the state */
    u32 ndim; ein_ext *dim; /* row-major logical order, batch first, then rep ranks */
    /* PARAM, STATE */
    u8 init;                /* enum init_kind of ir/op.h */
    double init_arg[2];
    u32 number;             /* parameter number, the random key; dense over PARAM and STATE, by instances in the order that the arch says */
    const double *value;    /* CONST: row-major values */
};

enum ein_rank_kind { EIN_PAR, EIN_RED };
struct ein_rank { str name; ein_ext ext; u8 kind; };

struct ein_monoid { str name; u32 nstate, nlift; ein_node *zero, *lift, *merge; };  /* over EIN_ARG; see op_monoid */

struct ein_eq {
    u32 nout; u32 *out;             /* tensors written: 1, or the parts of a user monoid; same subscripts */
    u32 nsub; ein_node *sub;        /* left side: index nodes over parallel ranks */
    u32 nrank; struct ein_rank *rank;
    u8 red;                         /* enum red_kind of ir/op.h */
    u32 monoid;                     /* RED_USER */
    u8 acc;                         /* dtype of the accumulator (and of the body) */
    bool as_written;                /* order of the reduction is fixed (--strict-math) */
    u32 nbody; ein_node *body;      /* 1, or nlift of the monoid */
    ein_node guard;                 /* 0: everywhere */
    ein_node post;                  /* 0: the result itself; user monoids have none */
    u32 scan, scan_rank; bool scan_down;
    u32 group;                      /* set by ein_group: equations of one group become one loop function */
    u8 phase;
    str prov;                       /* where it comes from: a path of labels and the op, for people */
};

struct ein_reads { u32 n; const ein_node *at; };
/* mark: the last walk that saw a node.  reads: what ein_reads said of a node, NULL: not asked. */
struct ein_walks { u32 *mark, now, cap; struct ein_reads **reads; u32 read_cap; };

struct cascade {
    struct arena *a;
    struct str_pool *sp;
    str name;
    bool training;
    VEC(struct ein_sym) sym;
    VEC(struct ein_tens) tens;
    VEC(struct ein_x) node;         /* hash-consed by ein_* below */
    VEC(ein_node) list;
    VEC(struct ein_monoid) monoid;
    VEC(struct ein_eq) eq;
    struct idmap cons;              /* nodes by content */
    struct idmap byname;            /* tensors by name + 1 */
    struct { u64 *at; u32 cap, now; } memo;     /* of ein_subst and ein_simplify: stamp and result by node */
    struct ein_walks *walks;        /* of ein_reach and ein_reads */
};

struct cascade *cascade_new(struct arena *a, struct str_pool *sp, str name);    /* symbol 0 = batch */
/* Names are unique: one that is taken, or none, gets a number behind it.  Copies dims. */
u32 cascade_tens(struct cascade *c, struct ein_tens t);
bool cascade_find(const struct cascade *c, str name, u32 *tens);
u32 cascade_eq(struct cascade *c, struct ein_eq e);     /* appended; copies arrays into the arena */

/* Nodes.  Index constructors simplify on the spot (constants, 0, 1, sums ordered, c * (a + b)). Points: only constants fold. */
ein_node ein_make(struct cascade *c, struct ein_x x, u32 nlist, const ein_node *list);
ein_node ein_int(struct cascade *c, i64 v);
ein_node ein_rank(struct cascade *c, u32 k);
ein_node ein_num(struct cascade *c, double v);
ein_node ein_iadd(struct cascade *c, ein_node a, ein_node b);
ein_node ein_imul(struct cascade *c, ein_node a, i64 k);
ein_node ein_idiv(struct cascade *c, ein_node a, i64 k);
ein_node ein_imod(struct cascade *c, ein_node a, i64 k);
ein_node ein_op1(struct cascade *c, enum ein_kind k, ein_node a);
ein_node ein_op2(struct cascade *c, enum ein_kind k, ein_node a, ein_node b);
ein_node ein_select(struct cascade *c, ein_node a, ein_node b, ein_node z);
ein_node ein_cast(struct cascade *c, ein_node a, enum dtype t);
ein_node ein_read(struct cascade *c, u32 tens, u32 nsub, const ein_node *sub, ein_node pad);
/* Replaces rank k by with[k] (0: keep) everywhere under x. */
ein_node ein_subst(struct cascade *c, ein_node x, u32 n, const ein_node *with);
/* Interval of an index node over ranks of those extents (a call-bound extent counts as [1, 2^31]). false: unbounded. */
bool ein_range(const struct cascade *c, ein_node x, u32 nrank, const struct ein_rank *rank, i64 *lo, i64 *hi);
/* The same node, its indices simplified under the ranges of their ranks: (h*W + w)/W -> h, (x % 8) -> x for x in [0, 8),
 * comparisons that ranges decide, pads of reads that are in range. */
ein_node ein_simplify(struct cascade *c, ein_node x, u32 nrank, const struct ein_rank *rank);

/* Everything under x, children before parents, each once. */
typedef VEC(ein_node) ein_nodes;
/* The READ and GATHER nodes under x, in the same order, each once; worked out once. */
struct ein_reads ein_reads(const struct cascade *c, ein_node x);
void ein_reach(struct arena *a, const struct cascade *c, ein_node x, ein_nodes *out);
/* An index as a sum of integer multiples of atoms (ranks, symbols, quotients, remainders, gathers) and a constant. */
enum { LIN_TERMS = 24 };
struct ein_lin { u32 n; struct { ein_node atom; i64 k; } t[LIN_TERMS]; i64 c; };
bool ein_lin(const struct cascade *c, ein_node x, i64 times, struct ein_lin *l);      /* adds to *l; false: too many terms or overflow */
bool ein_lin_range(const struct cascade *c, const struct ein_lin *l, u32 nrank, const struct ein_rank *rank, i64 *lo, i64 *hi);
/* The dtype of a point node in an equation that verifies; EIN_ANY for constants and the like, which take the other operand's. */
enum { EIN_ANY = -1 };
int ein_dtype(const struct cascade *c, const struct ein_eq *e, ein_node x);
/* Fills in the phases of tensors and equations. */
void ein_phases(struct cascade *c);
const char *ein_kind_word(enum ein_kind k);
const char *ein_red_word(enum red_kind k);      /* "add" */
const char *ein_init_word(enum init_kind k);    /* "kaiming_uniform" */
u32 ein_kind_nchild(enum ein_kind k);
bool ein_is_index(const struct cascade *c, ein_node x);

void ein_dump(struct buf *b, const struct cascade *c);                      /* reads back with ein_read_text */
struct cascade *ein_read_text(struct arena *a, struct str_pool *sp, struct diags *ds, const struct src *s);
bool ein_verify(const struct cascade *c, struct buf *why);
/* Reads without a pad under x that cannot be proven in range: x is part of the equation's body or, if it has no guard, of its post expression. */
void ein_open_reads(struct arena *a, const struct cascade *c, const struct ein_eq *e, ein_node x, ein_nodes *out);
struct cascade *ein_copy(struct arena *a, const struct cascade *c);

#endif
