/* op.h - an op (one overload of a terminal), checked and freed from the AST.
 *
 * Filled once by grammar/op_build.c; read by everybody after: the type function (op.c), counts
 * (count.c) and the instantiation into einsums (passes/arch_to_ein.c).
 *
 * Sizes.  An op has size variables ("slots"): first its attributes, then the sizes its
 * patterns bind and its `where` and `let` define.  A binding gives each slot a num and, where it came
 * from an axis, that axis (so memory travels).  An attribute that is a string or a stage never reaches an
 * op: ops take sizes only.
 *
 * Expressions.  One node, struct ox, serves size expressions (only OX_CONST .. OX_DIM),
 * index expressions and point expressions; nodes live in op->ox[], children are indices
 * (0 = none, so node 0 is unused).
 *
 * `..`  One run of axes, the same wherever the op says `..`; its rank is known at binding. In
 * an access `..` is one subscript item (OX_RUN) that stands for that many indices. */
#ifndef NASC_OP_H
#define NASC_OP_H
#include "compiler/base/diag.h"
#include "compiler/base/num.h"
#include "compiler/ir/type.h"

enum ox_kind {
    OX_NONE,
    /* sizes: compile-time */
    OX_CONST,       /* num */
    OX_SLOT,        /* u: slot */
    OX_EXTENT_RUN,  /* extent(..): product of the run */
    OX_ADD, OX_SUB, OX_MUL, OX_DIV, OX_MOD, OX_NEG,         /* a, b; also points. Index: quasi-affine */
    OX_FLOOR, OX_SQRT, OX_EXP, OX_LOG, OX_ABS, OX_POW, OX_MIN, OX_MAX,
    OX_LT, OX_LE, OX_GT, OX_GE, OX_EQ, OX_NE, OX_AND, OX_OR, OX_NOT,
    OX_SELECT,      /* a ? b : c */
    OX_RANK_RUN,    /* rank(..): number of axes of the run */
    OX_TRAINING,    /* is the cascade lowered for training (static) */
    /* run time sizes */
    OX_BATCH,       /* extent(batch) */
    /* indices */
    OX_INDEX,       /* u: index variable (op->index[]) */
    OX_RUN,         /* `..` as a subscript item; u: the index variable that stands for it */
    OX_FOLDIDX,     /* (h w): list = item nodes; row-major with the axis' factors */
    OX_LAST,        /* last(i): u = iter index; one past its final round */
    /* points */
    OX_READ,        /* u: tensor, list: subscripts; a = pad value node (0: must be in range) */
    OX_RSQRT, OX_TANH, OX_SIGMOID, OX_ERF, OX_SIN, OX_COS, OX_SIGN,
    OX_ARG,         /* u: k-th argument of a monoid's lift or merge (see op_monoid) */
    OX_KINDS
};
struct ox {
    u8 kind;
    u32 u, a, b, c;
    struct num num;
    u32 list, nlist;        /* op->list[list .. list+nlist): node indices */
    struct loc loc;
};

/* One item of a type pattern or of a tensor's declared ranks. */
enum oaxis_kind { OAXIS_EXPR, OAXIS_BIND, OAXIS_ANY /* not made by op_build */, OAXIS_RUN, OAXIS_FOLD };
struct oaxis {
    u8 kind;
    u32 slot;               /* BIND: the slot this axis binds (first mention; `_` binds a slot named _) */
    u32 ox;                 /* EXPR: must equal (input) or is (output, param) this size */
    u32 nfactor;            /* FOLD: factors, themselves EXPR or BIND */
    struct oaxis *factor;
    struct loc loc;
};
struct otype {
    i32 dtype;              /* enum dtype, or -1 - v for dtype variable v (0 = the op's generic float) */
    u32 n;
    struct oaxis *axis;
    struct loc loc;
};

enum otensor_role { OT_IN, OT_OUT, OT_PARAM, OT_STATE, OT_CONST, OT_TEMP };
enum init_kind { INIT_NONE, INIT_ZEROS, INIT_ONES, INIT_CONSTANT, INIT_UNIFORM, INIT_NORMAL, INIT_KAIMING_UNIFORM,
                 INIT_KAIMING_NORMAL, INIT_XAVIER_UNIFORM, INIT_XAVIER_NORMAL, INIT_TRUNC_NORMAL, INITS };
struct otensor {
    str name;
    u8 role;
    struct otype type;      /* TEMP: ranks inferred by op_build, so also filled */
    u32 guard;              /* static condition under which it exists (ox; 0 = always): `if BIAS == 1 {..}` */
    enum init_kind init;    /* PARAM, STATE */
    u32 init_arg[2];        /* ox: uniform lo, hi; normal mean, sigma; kaiming fan; xavier fan_in, fan_out; constant */
    u32 table;              /* CONST: first value node in op->list (row-major), or 0 with rule: */
    u32 const_rule;         /* CONST: ox over const_index (const s[a,i] = e) */
    const u32 *const_index; u32 nconst_index;
    bool sees_batch;        /* has the batch rank in spite of the implicit rule being off: indexed by `batch` */
    bool iter;              /* written by a recurrence: its axis iter_axis - 1 has N + 1 entries */
    u32 iter_axis;          /* 1 + position of that axis in type.axis, else 0 */
    bool batched;           /* has the batch rank (in every mode in which it exists).  Inputs have it; a tensor
                             * has it if an equation that does not mention `batch` reads one that has, or
                             * if `batch` is a subscript of its left side */
    bool absent;            /* TEMP: some points may be absent (reads carry the condition already) */
    u32 monoid_part;        /* TEMP of a user monoid: 1 + component, else 0 */
    struct loc loc;
};

/* An index variable of the body. Its range is [0, extent). */
struct oindex {
    str name;
    u32 extent;             /* ox size expression; 0 when run */
    bool run;               /* stands for `..`: as many indices as the run has axes */
    bool iter;              /* rank t: iter N */
    bool batch;             /* the reserved name */
    struct loc loc;
};

/* Beyond these an op is refused, so that tables behind it have a size: an equation's indices (the batch and up to 31 replications
 * come on top, 64 in all), and a monoid's parts and arguments. */
enum { OP_RANKS_MOST = 32, OP_MONOID_MOST = 16 };

enum red_kind { RED_NONE, RED_ADD, RED_MUL, RED_MAX, RED_MIN, RED_ARGMAX, RED_ARGMIN, RED_USER };
struct op_monoid {          /* state of n numbers; OX_ARG numbers: lift: its arguments; merge: a.0.. a.n-1, b.0 .. b.n-1 */
    str name;
    u32 nstate, nlift;
    const str *part;
    u32 *zero, *lift, *merge;   /* nstate ox each */
};
struct oeq {
    u32 lhs;                /* tensor; a user monoid writes lhs .. lhs + nstate - 1 (its parts are adjacent) */
    u32 sub, nsub;          /* op->list: subscripts of the left side (ox: indices, affine, RUN, FOLDIDX) */
    u8 red;                 /* enum red_kind */
    u32 monoid;             /* RED_USER: op->monoid[] */
    u32 rhs;                /* ox; RED_USER with several lift arguments: OX_NONE and list in rhs_list */
    u32 rhs_list, nrhs;
    u32 where;              /* ox boolean over indices; 0 = everywhere. Absence already propagated from operands */
    u32 guard;              /* static condition (if .. {} else {}); 0 = always */
    u32 iter;               /* 1 + iter index whose scan this belongs to; 0 = outside of scans */
    u32 scan;               /* 1 + number of the scan (a maximal group that runs round by round); 0 = outside */
    u32 ix, nix, nleft;     /* op->list: its index variables, those of the left side first (nleft), then the reduced */
    bool init;              /* init h[0, ..] = e: runs before the scan */
    bool next;              /* next rm[c] = e: the new value of a state */
    bool empty_zero;        /* divides by a filtered sum: x / 0 reads 0 */
    struct loc loc;
};

/* An index whose range was taken from one axis must fit another one too: checked when bound. */
struct oagree { str index; u32 a, b, guard; struct loc la, lb; };      /* a, b: ox sizes that must be equal where the guard holds */

struct op_fact { bool data_movement; /* every value is one of an input's, or a constant: any dtype will do */ };

struct op {
    u32 id;                 /* in its table */
    str name;
    u32 overload;
    struct loc loc;
    u32 nattr, nslot, ndtvar;
    str *slot_name;         /* [nslot] */
    u32 nin, nout;          /* tensors 0 .. nin-1 are inputs, nin .. nin+nout-1 outputs */
    VEC(struct ox) ox;
    VEC(u32) list;
    VEC(struct otensor) tensor;
    VEC(struct oindex) index;
    VEC(struct oeq) eq;     /* in an order that evaluates: topological, iteration groups contiguous */
    VEC(struct op_monoid) monoid;
    struct owhere { u32 slot, ox; bool def; struct loc loc; } *where;   /* in order: definition (let too) or condition */
    u32 nwhere;
    VEC(struct oagree) agree;
    struct op_fact fact;
};

struct op_table { struct arena *a; VEC(struct op *) at; };

/* A slot's value. */
struct osize { struct num v; axis_id axis; };

/* What binding an op to attributes and argument types gives. */
enum op_refusal { OPR_OK, OPR_RANK, OPR_EXTENT, OPR_FOLD, OPR_DTYPE, OPR_WHERE, OPR_BAD_SIZE, OPR_OVERFLOW, OPR_REGION, OPR_INDEX_RANGE,
                  OPR_ARITY /* input = number given */ };
struct op_bind {
    const struct op *op;
    struct osize *slot;                 /* [nslot] */
    u32 run; const axis_id *run_axis;   /* the axes of `..` */
    enum dtype *dtvar;
    type_id *out;                       /* [nout] */
    u32 serial;                         /* dense id of the memo entry: equal binds share one */
};
/* Why not: renders into a diagnostic on request (both axes, both sizes, both places). */
struct op_why {
    enum op_refusal code;
    u32 input, axis;                    /* input: a tensor of the op; axis: counted from 0 */
    i64 got, want;
    struct loc pattern, pattern2;
    const char *text;                   /* BAD_SIZE, REGION, INDEX_RANGE: what exactly; WHERE: how got and want compare, or NULL; static */
};

struct op_memo;                         /* (op, attributes, argument types) -> bind | refusal */
struct op_memo *op_memo_new(struct arena *a, struct types *t, struct op_table *ops);
struct types *op_memo_types(const struct op_memo *m);
/* The type function, memoised.  NULL: refused, *why says it (why may be NULL). attr: [op->nattr]. */
const struct op_bind *op_infer(struct op_memo *m, const struct op *op, const struct num *attr, u32 nin, const type_id *in, struct op_why *why);
void op_why_print(struct buf *b, const struct op_memo *m, const struct op *op, const struct op_why *why);
/* Labels the places of the signature that do not fit, each with its size. */
void op_why_label(struct diags *ds, struct diag *d, const struct op_why *why);
/* Evaluates a size expression under a binding. */
struct num op_size(const struct op_bind *b, const struct types *t, u32 ox, bool training);
/* Is this tensor / equation there under the binding (static guards)? */
bool op_static(const struct op_bind *b, const struct types *t, u32 guard, bool training);
/* The extents of a tensor of the op under a binding, `..` expanded, iter axis N + 1; returns the rank. */
u32 op_extents(const struct op_bind *b, const struct types *t, u32 tensor, i64 *extent /* [<= 32] */);

/* A size expression as it would be written: "C/G", "floor((H + 2*P - K)/S) + 1". */
void op_size_print(struct buf *b, const struct op *op, u32 ox);
bool op_ox_equal(const struct op *op, u32 a, u32 b);                    /* the same expression */
bool ox_is_size(const struct op *op, u32 ox);                           /* no index, no read: known when bound */
void op_dump(struct buf *b, const struct op *op);       /* --dump=op: records */

#endif
