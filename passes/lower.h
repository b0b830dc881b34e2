/* lower.h - inside ein_to_loop: one kernel (struct lower) and one equation of it (struct low).
 *
 * Ranks.  While a nest is open a rank's value is   base + static offset + lane:
 *     base     the loop variable that binds it (0 while it is not bound or its blocks start at 0),
 *     static   coordinate j of a static rank times its step: register tiles, unrolled taps, vectors of a chunk,
 *     lane     0 .. vl-1 on the vectorised rank.
 * An instance is a vector of static coordinates; the value of a node depends on those of its ranks only, so it is
 * remembered under the projected instance and shared between the rest (a weight by all vectors of a tile).
 *
 * Accesses.  An access' element offset is a sum of multiples of ranks (and of quotients and such); as loops open,
 * what has become known is added to its running offset, so inner loops add only what they change. */
#ifndef NASC_LOWER_H
#define NASC_LOWER_H
#include "passes/pass.h"

enum { LOW_RANKS = 64, LOW_STATS = 12 };

struct low_scaled { i64 k; bool tb; i64 times; lval v; };     /* products of symbols in front of the body */
/* One kernel. */
struct lower {
    struct arena *a;
    struct cascade *c;              /* scratch: nodes are added */
    const struct mach *m;
    const struct pass_options *o;
    struct loop_fn *f;
    struct loop_region pro;         /* goes in front of the body: symbols and products of them */
    VEC(u32) tens, as;              /* of each buffer */
    VEC(struct plan_int) sym;
    VEC(lval) symval;
    VEC(bool) symtrip;              /* a trip count */
    VEC(struct low_scaled) scaled;
    VEC(lval) slot;                 /* f64 */
    struct plan_int units;
    bool several;                   /* equations: tensors may be written and read */
};

struct low_rank {
    i64 ext;                        /* times batch when tb */
    bool tb, red, vec, bound;
    lval base;                      /* 0: none */
    i64 lo, hi;                     /* interval of base */
};
struct low_stat { u32 rank, n, max; i64 step; bool red; };

/* 0 <= sub < ext (times batch when tb) */
struct low_test {
    ein_node sub; i64 ext; bool tb; u64 deps;
    u32 clip;                       /* reduced rank whose loop bounds can see to it, LOW_RANKS: none */
    bool held;                      /* they do */
};
struct low_acc {
    ein_node read;                  /* 0: left side */
    u32 tens, buf;
    struct ein_lin off;             /* elements */
    u64 atom_deps[LIN_TERMS], deps; /* ranks of each atom, of all */
    u64 done;                       /* atoms already in run */
    lval run;                       /* 0: none */
    u32 lead;                       /* 1 + an access a fixed distance (off.c) before this one, whose run is this one's too; 0: none */
    u32 ntest;
    struct low_test *test;
};
/* A node of this equation. */
struct low_node {
    ein_node x;
    u64 deps;                       /* ranks */
    u64 vary;                       /* those whose static coordinate matters: not h of h / 4 in a tile of 4 */
    bool acc;                       /* sees the reduction's result */
    u32 access;                     /* READ: 1 + access; GATHER as well */
    u32 nmemo, visit;
    lval *memo, *test;              /* by projected instance: value; READ: in-range mask */
};

enum { VEC_NONE = LOW_RANKS };
struct low_sched {
    u32 vec, vl, nv;                /* vectorised rank, lanes, vectors of a chunk */
    bool vec_red;
    u32 ntile; struct { u32 rank, n; } tile[4];
    u64 fixed;                      /* tiled ranks of a map: selects on them are decided for each instance */
    u64 taps;                       /* unrolled reduced ranks */
    bool contraction;              /* a sum of products */
    u32 outer;                      /* rank of blocks that all else is inside of; nrank or 0 ranks: none */
};

struct low {
    struct lower *L;
    struct arena *a;
    struct cascade *c;
    struct ein_eq q;                /* with ranks collapsed */
    struct loop_emit e;
    u8 ct;                          /* DT_F32 or DT_F64: what is computed in */
    u32 vl;                         /* lanes now */
    bool interior;                  /* scalar tests are known to hold */
    struct low_rank rank[LOW_RANKS];
    u32 nstat; struct low_stat stat[LOW_STATS];
    u32 coord[LOW_STATS];           /* the instance */
    lval tail[16];                  /* by vector of the chunk: lanes that exist; 0: all */
    u32 tail_n[16];                 /* how many those are */
    VEC(struct low_acc) acc;
    VEC(struct low_node) node;
    struct idmap map;
    VEC(struct low_splat) splat;    /* vectors of scalars, of the open scopes */
    u32 nlhs;                       /* accesses 0 .. nlhs-1 are the left sides */
    bool in_post;                   /* importing the epilogue */
    u64 free_deps;                  /* ranks that points use as numbers */
    VEC(lval *) trail;              /* memo entries to forget */
    lval result[8];                 /* ACC */
    lval *arg; ein_node *monoid_node; lval *monoid_val; u32 nmonoid;    /* evaluating a monoid */
    u32 visit;
    struct low_sched s;
};
struct low_splat { lval scalar, vec; };
struct low_scope { struct loop_emit e; u32 trail, splat; struct low_rank *rank; lval *run; u64 *done; };
#define LOW_TRUE ((lval)-1)                 /* a remembered mask: all lanes */

/* Kernel (ein_to_loop.c). */
/* One group, on a cascade that may be added to; the tensors of its buffers, in order, into *tens, and the values its symbols take
 * into *sym. */
struct loop_fn *lower_group(struct arena *a, struct cascade *scratch, u32 group, const struct mach *m, const struct pass_options *o,
                            u32 *ntens, u32 **tens, u32 *nsym, struct plan_int **sym, struct plan_int *units);
/* as: 0, or what else of the kernel reads the same tensor through a buffer of its own (epilogues). */
u32 lower_buf(struct lower *L, u32 tens, bool write, u32 as);
/* A number that is the caller's to choose (a symbol's bits): kernels that differ in it are one. */
u32 lower_slot(struct lower *L, double v);
/* The lower bound of what a sum stores, 0 (relu) or none, and numbers before tensors, by slots. */
void lower_floors(struct lower *L, struct ein_eq *e);
/* A sum of products with two small constant matrices becomes a map (ein_to_loop_matrix.c). */
bool lower_matrices(struct lower *L, struct ein_eq *e);
/* k, or k * batch, as a symbol of the kernel. */
lval lower_sym(struct lower *L, i64 k, bool tb);
/* Binding policy: an extent, stride or offset is a literal only where it shapes the inner two loops. */
enum low_role { ROLE_TRIP, ROLE_STRIDE, ROLE_TAP_STRIDE, ROLE_BOUND };
bool lower_literal(enum low_role role, i64 k);
lval lower_size(struct lower *L, struct loop_emit *e, enum low_role role, i64 k, bool tb);
/* k * times, in front of the body unless literal. */
lval lower_scaled(struct lower *L, struct loop_emit *e, i64 k, bool tb, i64 times);
ein_node lower_offset(struct cascade *c, const struct ein_eq *q, u32 tens, u32 nsub, const ein_node *sub);

/* Accesses and indices (ein_to_loop_access.c). */
void low_init(struct low *q, struct lower *L, const struct ein_eq *eq, struct loop_emit e);
u32 low_node(struct low *q, ein_node x);
u32 low_access(struct low *q, ein_node read, u32 tens, u32 nsub, const ein_node *sub);
i64 low_rank_coef(const struct low_acc *a, const struct cascade *c, u32 rank, bool *affine);
/* Once the ranks' roles are known: constant parts of offsets that are symbols. */
void low_begin(struct low *q);
void low_bind(struct low *q, u32 rank, lval base, i64 lo, i64 hi);
struct low_walk { u32 acc; lval from, step; };
u32 low_walks(struct low *q, u32 rank, lval lo, i64 step, u32 most, struct low_walk *walk);
void low_walking(struct low *q, u32 rank, u32 k, lval v);
void low_open(struct low *q, struct loop_emit e, struct low_scope *s);
void low_close(struct low *q, const struct low_scope *s);
u32 low_project(const struct low *q, u64 deps);
void low_remember(struct low *q, lval *slot, lval v);
bool low_ready(const struct low *q, u64 deps);
/* An index at the instance: scalar + lanes (vec: i32 per lane, else lane * iota is left to the caller). */
struct low_index { lval scalar; i64 k, lane; lval vec; };
struct low_index low_index(struct low *q, ein_node x);
lval low_index_scalar(struct low *q, struct low_index x);           /* without lanes */
lval low_index_vector(struct low *q, struct low_index x);           /* i32, q->vl lanes */
/* Interval of an index at the instance under what is bound. */
bool low_interval(const struct low *q, ein_node x, i64 *lo, i64 *hi);
/* Mask of the in-range tests of access k: 0 where all hold. Scalar or vector bool. */
lval low_tests(struct low *q, u32 k);
u64 low_test_deps(const struct low *q, u32 k);
lval low_load(struct low *q, u32 k, lval mask);
void low_store(struct low *q, u32 k, lval v);
lval low_and(struct low *q, lval a, lval b);
struct ltype low_type(const struct low *q, lval v);
lval low_splat(struct low *q, lval v);
/* Which tests can loop bounds see to: where they fail the body adds nothing. */
void low_find_clips(struct low *q);
/* Bounds of reduced rank r so that its clipped tests hold; marks them held (release: no longer). */
bool low_clip(struct low *q, u32 rank, lval *lo, lval *hi);
void low_release(struct low *q, u32 rank);
/* Where do no tests of scalar reads fail?  false: everywhere, or nowhere for certain. */
bool low_interior(struct low *q, lval *cond);

/* Points (ein_to_loop_point.c). */
lval low_point(struct low *q, ein_node x);          /* number or bool; scalar or q->vl lanes */
lval low_number(struct low *q, ein_node x);
/* The same where a number of dtype d is wanted: strict arithmetic rounds constants to it. */
lval low_typed(struct low *q, ein_node x, int d);
/* What an operation of dtype d makes of its result: integers saturate; floats are rounded to d if arithmetic is strict. */
lval low_round(struct low *q, lval v, int d);
lval low_as_number(struct low *q, lval v);
lval low_as_bool(struct low *q, lval v);
lval low_arith(struct low *q, enum loop_op op, lval a, lval b);
lval low_pick(struct low *q, lval cond, lval a, lval b);
lval low_const(struct low *q, double v);
lval low_monoid(struct low *q, u32 n, const lval *arg, ein_node x);
void low_prepare(struct low *q, ein_node x);        /* what is known by now, before a loop opens */
struct ltype low_ct(const struct low *q, u32 lanes);
double low_identity(const struct low *q);
lval low_combine(struct low *q, lval acc, lval v);
/* acc + x, by fused multiply-add where x is a product. */
lval low_add_point(struct low *q, lval acc, ein_node x);

/* Schedule (ein_to_loop_choose.c). */
/* Ranks that are not the nest's own: the first nprefix, and the scan's. */
u64 low_keep(const struct ein_eq *eq, u32 nprefix);
/* Adjacent ranks that every access walks as one become one. */
struct ein_eq low_collapse(struct lower *L, const struct ein_eq *eq, u32 nprefix);
/* Imports the nodes, then decides what is vectorised, tiled and unrolled. */
void low_import(struct low *q);
void low_choose(struct low *q, u64 keep);
/* Of a sum of products whose lanes are chosen, and parallel (ein_to_loop_tile.c). */
void low_choose_tile(struct low *q, u64 keep);
bool low_shares(const struct low *q, u32 k, u32 t, u32 r);

/* Selects decided per instance (ein_to_loop_static.c). */
/* Ranks of a map that its selects compare with numbers, as tiles that make those comparisons static. */
void low_fix(struct low *q, u64 keep);
/* Is condition x known at the instance? */
bool low_decided(const struct low *q, ein_node x, bool *holds);
/* What rank % k or rank / k is, of a rank whose blocks start at multiples of k. */
bool low_digit(const struct low *q, ein_node x, i64 *v);
/* vary of a node whose children have theirs. */
u64 low_vary(struct low *q, ein_node x);
/* Reads of one tensor a fixed distance apart: one of them leads. */
void low_follow(struct low *q);
/* Values that several instances share and selects hide, in an order that keeps few of them alive. */
void low_shared_first(struct low *q);

/* Ranks of the operand in lanes of a sum of products, if it does not fit the second cache and is larger than the others; else 0. */
u64 low_large(const struct low *q);
/* Does the batch go inside of that walk?  Where the other operand has few rows. */
bool low_batch_inside(const struct low *q, u64 large);
/* Where neither operand fits the second cache: the equation with rows of the other one in blocks that do, *outer the rank of blocks. */
bool low_block(const struct low *q, struct ein_eq *eq, u32 *outer);

/* Nests (ein_to_loop_nest.c). */
/* The ranks of `keep` are bound already. */
void low_nest(struct low *q);
/* Opens work units on the outermost loops; sets L->units. */
void low_nest_units(struct low *q);

#endif
