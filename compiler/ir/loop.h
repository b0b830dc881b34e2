/* loop.h - one kernel: structured loops with carried values over buffers.
 *
 * ABI of every kernel:   void f(const struct kernel_args *args, i64 lo, i64 hi, void *scratch)
 * It does work units [lo, hi); units are independent, so an executor may split the range over threads.
 * Objects need no relocation: buffers, symbols, tables and other kernels all come through args.
 *
 * Values are SSA: numbered from 1 (value 0 = none) in fn->val[], each defined by one statement (or as a loop
 * variable or carried value) and visible in its region after that and in nested regions.
 * A FOR yields its carried values' final versions as results; the body ends in YIELD with the next versions.
 *
 *   (for v3 (lo v1) (hi v2) (step 16) (carry (v5 v4)) (results v9)   body ... (yield v8))
 *
 * Memory only through load/store of (buffer, element offset).  A vector load reads `lanes` consecutive elements, or with
 * `index` one per lane (gather); `mask` false lanes are not touched and read as 0. */
#ifndef NASC_LOOP_H
#define NASC_LOOP_H
#include "compiler/base/buf.h"
#include "compiler/base/diag.h"
#include "compiler/base/hash.h"
#include "compiler/ir/type.h"

struct kernel_args {
    void *const *base;                  /* buffers */
    const i64 *sym;                     /* symbols */
    const i32 *const *tab;              /* offset tables */
    void *const *uk;                    /* microkernels and tile functions */
};
typedef void (*kernel_fn)(const struct kernel_args *args, i64 lo, i64 hi, void *scratch);

enum loop_op {
#define X(kind, word, nargs, class) kind,
#include "compiler/ir/loop.def"
#undef X
    LOOP_OPS
};
struct loop_op_row { const char *word; u8 nargs; char class; };
extern const struct loop_op_row loop_ops[LOOP_OPS];

typedef u32 lval;
struct ltype { u8 dtype; u16 lanes; };          /* lanes 1: scalar, else a power of two up to LOOP_LANES; dtype DT_BOOL: a mask */
enum { LOOP_LANES = 64 };

enum loop_stmt_kind { LS_OP, LS_LOAD, LS_STORE, LS_FOR, LS_IF, LS_YIELD, LS_CALL, LS_FENCE /* unused */ };
struct loop_region { VEC(struct loop_stmt) stmt; };
struct loop_stmt {
    u8 kind;
    u8 op;                              /* OP */
    u8 flag;                            /* enum loop_flag */
    u32 u;                              /* OP: see loop.def; LOAD, STORE: buffer; CALL: uk slot */
    i64 i; double r;
    lval res;                           /* OP, LOAD */
    u32 narg; lval arg[3];              /* OP; LOAD: offset, mask?, index vector?; STORE: offset, value, mask?; FOR: lo, hi; IF: condition */
    i64 step;                           /* FOR */
    lval var;                           /* FOR */
    u32 ncarry; lval *init, *carry, *result;    /* FOR: before, in the body, after. IF: result only. YIELD: init = values; CALL: init = lo, hi */
    struct loop_region *body, *other;   /* FOR: body; IF: then, else */
};
enum loop_flag { LF_LIFT = 1, LF_UNROLL = 2, LF_PAR = 4, LF_INDEXED = 8 /* LOAD has an index vector in arg[2] */ };

enum loop_buf_kind { LB_IN, LB_OUT, LB_INOUT, LB_SCRATCH };
/* What the builder knows of a value: an integer or bool constant. */
struct loop_known { bool is_const, lift; i64 i; };
struct loop_buf { str name; u8 kind, dtype; u32 align; i64 elems; /* -1: unknown; SCRATCH: how many */ };

struct loop_fn {
    struct arena *a;
    struct str_pool *sp;
    str name;
    VEC(struct loop_buf) buf;           /* args.base[k]; SCRATCH buffers lie in `scratch`, one after the other, 64-aligned */
    u32 nsym, nuk, ntab;
    VEC(struct ltype) val;              /* type of each value; val.at[0] unused */
    VEC(struct loop_known) known;       /* beside val; filled by the emitters, read by them only */
    lval lo, hi;                        /* the work range, i64 */
    struct loop_region body;
    i64 scratch_bytes;
};

struct loop_fn *loop_fn_new(struct arena *a, struct str_pool *sp, str name);    /* values 1, 2 are lo and hi */
u32 loop_buf_add(struct loop_fn *f, str name, enum loop_buf_kind kind, enum dtype d, u32 align, i64 elems);
u64 loop_buf_scratch_offset(const struct loop_fn *f, u32 buf);                  /* of a SCRATCH buffer in `scratch` */
i64 loop_scratch_bytes(const struct loop_fn *f);                                /* what the caller's `scratch` must hold */
u32 ltype_bytes(struct ltype t);
void ltype_print(struct buf *b, struct ltype t);                                /* f32x16 */
bool ltype_parse(const char *s, struct ltype *t);
lval loop_value(struct loop_fn *f, enum dtype d, u32 lanes);
void loop_dump(struct buf *b, const struct loop_fn *f);                         /* reads back */
struct loop_fn *loop_read(struct arena *a, struct str_pool *sp, struct diags *ds, const struct src *s);
struct rec;
struct loop_fn *loop_read_rec(struct arena *a, struct str_pool *sp, struct diags *ds, const struct rec *at);   /* one (fn ...) inside another text */
bool loop_verify(const struct loop_fn *f, struct buf *why);                     /* types, scopes, carries */
struct loop_fn *loop_copy(struct arena *a, const struct loop_fn *from);         /* shares nothing but names */
/* Canonical text: no names, values numbered by their definitions: what a kernel's key hashes. */
void loop_canon(struct buf *b, const struct loop_fn *f);

/* Emitting: a cursor into a region; each helper appends a statement and returns its value. Scalar integer and bool operations
 * on constants fold (not on lifted ones), and so do x + 0, x * 1, a splat to one lane, a cast to the same type. */
struct loop_emit { struct loop_fn *f; struct loop_region *at; };
lval le_int(struct loop_emit *e, i64 v);
lval le_lift(struct loop_emit *e, i64 v);               /* LF_LIFT constant */
lval le_num(struct loop_emit *e, struct ltype t, double v);
lval le_bits(struct loop_emit *e, struct ltype t, i64 v);   /* an integer constant of any integer type */
lval le_op(struct loop_emit *e, enum loop_op op, struct ltype t, lval a, lval b, lval c);
lval le_load(struct loop_emit *e, u32 buf, lval off, struct ltype t, lval mask, lval index);
void le_store(struct loop_emit *e, u32 buf, lval off, lval v, lval mask);
/* Opens a loop: returns the statement's body emitter; var and carried values out. Close with le_yield in the body; then results. */
struct loop_emit le_for(struct loop_emit *e, lval lo, lval hi, i64 step, u8 flag, u32 ncarry, const lval *init, lval *var, lval *carry, lval *result);
void le_if(struct loop_emit *e, lval cond, u32 nres, const struct ltype *t, struct loop_emit *then, struct loop_emit *other, lval *result);
void le_yield(struct loop_emit *e, u32 n, const lval *v);
void le_call(struct loop_emit *e, u32 uk, lval lo, lval hi);                    /* args.uk[uk](args, lo, hi, scratch) */
lval le_opu(struct loop_emit *e, enum loop_op op, struct ltype t, lval a, u32 u);   /* SYM, TAB, REDUCE, LANE: with their u */
lval le_insert(struct loop_emit *e, struct ltype t, lval vector, lval scalar, u32 lane);

#endif
