/* be_gccjit.h - inside of the GCC module: the one place where libgccjit's header is included.
 *
 * be_gccjit.c        the backend: instances, options, what it can, batches
 * be_gccjit_work.c   forked workers: a temporary directory, a process a part, objects and reasons back
 * be_gccjit_ir.c     one loop function -> libgccjit: structure and memory
 * be_gccjit_op.c     ... its operations
 * be_gccjit_cast.c   ... its casts
 * be_gccjit_value.c  the forms of a value: vectors, lanes, masks
 * be_gccjit_unit.c   a unit: its functions beside kernels
 * be_gccjit_data.c   ... its data
 * be_gccjit_cpu.c    ... what its load asks the processor
 * gccjit_x86.def     instructions for what libgccjit lacks
 * elf_image.c        object bytes -> images */
#ifndef NASC_BE_GCCJIT_H
#define NASC_BE_GCCJIT_H
#include "backends/elf_image.h"
#include "compiler/ir/unit.h"

#include <libgccjit.h>

typedef gcc_jit_rvalue *gj_r;
typedef gcc_jit_lvalue *gj_l;
typedef gcc_jit_type *gj_t;

/* What of the machine decides code. */
struct gj_mach { bool vex /* AVX2, FMA, F16C */, evex /* and AVX-512 F, BW, DQ, VL */, fma, sse41, f16c; u32 vector_bytes; };
struct gj_mach gj_mach(const struct mach *m);

/* One context under construction. */
struct gj_unit {
    gcc_jit_context *c;
    struct gj_mach m;
    gj_t voidt, voidp, b, i8, u8, i16, u16, i32, u32, i64, u64, f32, f64;
    gj_t vector[DTYPES][8];             /* by log2 of lanes, made when needed; f16, bf16: of u16 */
    gj_t packed[DTYPES][8];             /* the same in memory: aligned like an element */
    gcc_jit_function *builtin[8];
};

/* A value has one or more forms.  A form is there where the region that made it is open. */
struct gj_form { gj_r *at; u32 region; };
struct gj_val {
    struct gj_form part;                /* vectors that fill registers: lanes 0.., one after the other */
    struct gj_form lane;                /* scalars: all lanes, NULL where not taken out yet */
    struct gj_form mask;                /* bool: one integer, a bit a lane */
    bool lanes_only;                    /* lanes are what it was made with: all are there */
    bool known; i64 k;                  /* an integer constant, in all lanes */
    bool constant;                      /* a constant of any type: cheap in memory */
};

/* One function in it. */
struct gj_fn {
    struct gj_unit *u;
    struct arena *tmp;
    const struct loop_fn *f;
    const char *cannot;                 /* an operation that is not compiled */
    gcc_jit_function *fn;
    gcc_jit_block *at;                  /* where statements go; NULL after its end */
    struct gj_val *val;
    u32 region, nregion, *open;         /* the open regions' numbers, innermost last; nregion: numbers given */
    u32 depth, room;
    u32 nlocal, nblock;
    gj_r args, scratch, *base, *sym, *tab, *uk;
};

enum { GJ_PARTS = LOOP_LANES };

/* be_gccjit_value.c */
gj_t gj_scalar_type(const struct gj_unit *u, enum dtype d);            /* bool: bool; f16, bf16: u16 */
gj_t gj_vector_type(struct gj_unit *u, enum dtype d, u32 lanes);
gj_t gj_packed_type(struct gj_unit *u, enum dtype d, u32 lanes);
gj_t gj_mask_type(const struct gj_unit *u, u32 lanes);
/* Lanes a vector register holds of the type's; 0: such values are lanes. */
u32 gj_part_lanes(const struct gj_mach *m, struct ltype t);
bool gj_has_masks(const struct gj_mach *m, struct ltype t);            /* bool: as an integer */
struct ltype gj_type(const struct gj_fn *g, lval v);
gj_r *gj_list(struct gj_fn *g, u32 n);
gj_l gj_local(struct gj_fn *g, gj_t t);
gj_r gj_let(struct gj_fn *g, gj_t t, gj_r x);                          /* a new variable that holds x */
gj_r gj_int(const struct gj_fn *g, gj_t t, i64 k);
gj_r gj_cast(const struct gj_fn *g, gj_r x, gj_t t);
gj_r gj_bitcast(const struct gj_fn *g, gj_r x, gj_t t);
gj_r gj_bin(const struct gj_fn *g, enum gcc_jit_binary_op op, gj_t t, gj_r a, gj_r b);
gj_r gj_cmp(const struct gj_fn *g, enum gcc_jit_comparison op, gj_r a, gj_r b);
gj_r gj_fill(struct gj_fn *g, enum dtype d, u32 lanes, gj_r x);        /* a vector of n times x */
gj_r gj_sub(struct gj_fn *g, enum dtype d, u32 from_lanes, gj_r x, u32 first, u32 lanes);    /* some lanes of a vector, as a shorter vector */
void gj_vector_lanes(struct gj_fn *g, enum dtype d, u32 lanes, gj_r x, gj_r *out);     /* a vector's lanes */
void gj_set_parts(struct gj_fn *g, lval v, gj_r *part);
void gj_set_filled(struct gj_fn *g, lval v, gj_r *part, gj_r x);         /* x in all lanes */
void gj_set_lanes(struct gj_fn *g, lval v, gj_r *lane);
void gj_set_mask(struct gj_fn *g, lval v, gj_r mask);
void gj_set_scalar(struct gj_fn *g, lval v, gj_r x);
gj_r *gj_parts(struct gj_fn *g, lval v);
gj_r gj_lane(struct gj_fn *g, lval v, u32 k);
gj_r *gj_lanes(struct gj_fn *g, lval v);
gj_r gj_mask(struct gj_fn *g, lval v);
gj_r gj_mask_part(struct gj_fn *g, lval v, u32 first, u32 lanes);      /* of as many lanes */
u32 gj_push_region(struct gj_fn *g);
void gj_pop_region(struct gj_fn *g);
/* The variables of a value that changes (carried, or an if's result): its form is its type's own. */
u32 gj_variables(struct gj_fn *g, struct ltype t, gj_l *out);
u32 gj_contents(struct gj_fn *g, lval v, gj_r *out);                   /* a value in that form */
void gj_set_variables(struct gj_fn *g, lval v, gj_l *from);

/* One instruction: text with %0 the result, %1 .. the operands. */
gj_r gj_instruction(struct gj_fn *g, const char *text, gj_t out, const char *constraint, u32 n, const gj_r *in, const char *const *in_constraint);

/* be_gccjit_op.c, be_gccjit_cast.c */
bool gj_vector_op(const struct gj_mach *m, enum loop_op op, struct ltype t);   /* is there a vector form of it? */
void gj_op(struct gj_fn *g, const struct loop_stmt *s);
void gj_cast_op(struct gj_fn *g, const struct loop_stmt *s);
bool gj_cast_vector(const struct gj_mach *m, struct ltype from, struct ltype to);
gj_r gj_choose(struct gj_fn *g, enum dtype d, gj_r is, gj_r x, gj_r y);        /* scalars */

/* be_gccjit_ir.c: adds the function; NULL with *why. */
gcc_jit_function *gj_emit(struct gj_unit *u, struct arena *tmp, const struct loop_fn *f, const char *name, enum gcc_jit_function_kind kind, struct buf *why);

/* be_gccjit_unit.c: adds all of a unit; false with *why.  files: what names of files may begin with, for bytes the assembler finds there; NULL: all is text. */
bool gj_emit_unit(struct gj_unit *u, struct arena *tmp, const struct mach *m, const struct unit *unit, const char *files, struct buf *why);
/* be_gccjit_cpu.c: a function that asks the processor, as text of the assembler; false: there is nothing to ask. */
bool gj_cpu(struct buf *out, const struct mach *m, const char *name);
/* be_gccjit_data.c: its data as text of the assembler, each with a local name beside the global one it may have. */
bool gj_data(struct buf *out, struct arena *tmp, const struct unit *unit, const char *const *name, const char *files, struct buf *why);

#endif
