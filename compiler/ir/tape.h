/* tape.h - a program for the equations of one launch that runs without a compiler: `--code generic`.
 *
 * A tape has a nest per equation.  A nest walks its parallel ranks block by block: up to 256 points that share the values
 * of the outer ranks.  Every instruction handles a whole block, so that dispatch costs little.  Registers are blocks of f32, or of f64
 * where the equation needs it.  Three ways to reduce:
 *     blocks    a loop over the reduced points around the body; whole blocks of results accumulate, in order
 *     rows      the body's blocks run along the reduced ranks too; each row of a block is summed up (any order)
 *     product   C[m,n] += A[m,k] * B[k,n]: the contraction family.  m, n, k are lists of ranks; an operand that is a plain read is
 *               used where it lies, through tables of its offsets, anything else is evaluated into a panel first
 *
 * Accesses are indices: sums of multiples of ranks and of slots (quotients, remainders, gathers).  How an index goes through a block
 * (struct tape_walk) is worked out by tape_finish and is not in the text.
 *
 * Units [lo, hi) are points of the leading parallel ranks, independent of each other.  Code depends on the equations only. */
#ifndef NASC_TAPE_H
#define NASC_TAPE_H
#include "compiler/base/buf.h"
#include "compiler/base/diag.h"
#include "compiler/ir/op.h"
#include "compiler/ir/type.h"

enum { TAPE_BLOCK = 512, TAPE_RANKS = 64, TAPE_DIMS = 12, TAPE_LANES = 16 /* most of a vector */ };
enum { TAPE_ROWS = 48, TAPE_COLS = 256, TAPE_DEPTH = 1024, TAPE_PANEL = 1 << 19 };  /* products: points of m, n, k at a time; numbers in a panel */

enum tape_op {
#define X(kind, word, nsrc, class) kind,
#include "compiler/ir/tape.def"
#undef X
    TAPE_OPS
};
struct tape_op_row { const char *word; u8 nsrc; char class; };
extern const struct tape_op_row tape_ops[TAPE_OPS];

enum tape_atom { TA_RANK, TA_SLOT, TA_BATCH };
struct tape_term { u8 atom; u32 u; i64 k; };
/* Derived.  SAME: one value for all points.  LINE: step per point.  ROWS: rows of `cols` points, `step` inside, `row` between.
 * TABLE: off[point], with `step` inside runs of `cols`.  SLOTS: off[point] (NULL: 0) and slots that change inside the block. */
enum tape_walk_kind { TW_SAME, TW_LINE, TW_ROWS, TW_TABLE, TW_SLOTS };
struct tape_walk { u8 kind; i64 step, row; u32 cols; const i32 *off; };
struct tape_index { i64 c; u32 n; struct tape_term *t; struct tape_walk walk; };

enum { TEST_SAME, TEST_DIM, TEST_LANES };               /* derived: one answer for a block; an interval of one dim; a point each */
struct tape_test { struct tape_index x; i64 ext; bool tb; u8 how; u8 dim; i64 k; };       /* 0 <= x < ext (times batch) */
enum tape_slot_kind { TS_DIV, TS_MOD, TS_GATHER };
struct tape_slot { u8 kind; struct tape_index x; i64 k; u32 buf; u32 ntest; struct tape_test *test; u8 when; };
enum tape_span { SPAN_ALL, SPAN_ROWS, SPAN_ONE };         /* a value for each point, each row of tape_prog.cols, the block */
struct tape_ins {
    u8 op, when;                        /* when (derived): 0 once, 1 for each block, 2 for each reduced point */
    u8 span; bool spread;               /* derived: enum tape_span; somebody needs it at every point */
    u32 dst, a, b, c, u;
    double r;
    struct tape_index x, y;
    u32 ntest; struct tape_test *test;
};
/* Ranks of a block, outermost first; the first may be taken in part (`size` at most), the others are whole. */
struct tape_dom { u32 n; u32 rank[TAPE_DIMS]; i64 size[TAPE_DIMS]; };
struct tape_prog {
    struct tape_dom dom;
    VEC(struct tape_slot) slot;
    VEC(struct tape_ins) ins;
    VEC(u32) res;                       /* registers of its results */
    u32 cols;                           /* derived: points of a row */
};
enum tape_mode { TM_BLOCKS, TM_ROWS, TM_PRODUCT };
/* BODY: of BLOCKS and ROWS, in the order bodies.. guard?; A, B: operands of a product; ZERO, LIFT, MERGE: of a user monoid. */
enum tape_part { TPROG_BODY, TPROG_POST, TPROG_A, TPROG_B, TPROG_ZERO, TPROG_LIFT, TPROG_MERGE, TAPE_PROGS };
struct tape_rank { i64 ext; bool tb, red; };
struct tape_nest {
    u8 mode, red, ct;                   /* ct: DT_F32 or DT_F64 */
    bool fuse;                          /* sums of products by fused multiply-add */
    u8 round;                           /* each step of a sum or product is rounded: TP_TO_F32 .., or 0: it is in `ct` */
    u32 scan, scan_rank; bool scan_down;    /* equations of one scan > 0 take turns */
    u32 nrank; struct tape_rank *rank;
    u32 npar, nred; u32 *par, *redr;    /* orders, outermost first; ranks of extent 1 are in none */
    u32 nm, nn;                         /* PRODUCT: par = outer.., nm of m, nn of n */
    struct tape_dom mdom, kdom;         /* PRODUCT: rows of C and depth at a time (its n: TPROG_B's) */
    u32 nstate, nlift;                  /* USER */
    double zero;                        /* the identity */
    bool guard, post;
    struct tape_prog prog[TAPE_PROGS];
    u32 nout; u32 *out;                 /* buffers */
    struct tape_index lhs;              /* in the post's (a map's: the body's) blocks */
    u32 nreg;                           /* registers 0 .. nreg-1 */
    u64 bytes;                          /* derived: scratch */
};
struct tape_buf { str name; u8 dtype; bool out; };
struct tape {
    str name;
    u8 level;                           /* widest vector code: 0 any machine, 1 AVX2 with FMA, 2 AVX-512 */
    VEC(struct tape_buf) buf;           /* args.base[k] */
    VEC(struct tape_nest) nest;
    u32 nunit; struct tape_rank *unit;  /* leading parallel ranks, outermost first */
    u32 **unit_rank;                    /* [nest][unit]: its local rank */
    i64 piece;                          /* points of the last unit rank at a time */
    u64 scratch_bytes;                  /* derived */
};

/* Bytes of a register. */
static inline u32 tape_pitch(enum dtype ct) { return TAPE_BLOCK * (ct == DT_F64 ? 8 : 4) + 64; }
/* What one step of a rank adds to an index; points of a box. */
i64 tape_coef(const struct tape_index *x, u32 rank);
i64 tape_dom_points(const struct tape_dom *d);
/* Fills in what is derived; false: it is no tape (numbers out of range), with why. */
bool tape_finish(struct arena *a, struct tape *t, struct buf *why);
/* Text: one (tape ..) record; reads back. */
void tape_dump(struct buf *b, const struct tape *t);
struct rec;
struct tape *tape_read_rec(struct arena *a, struct str_pool *sp, struct diags *ds, const struct rec *at);

#endif
