/* plan.h - what to run, on which bytes, in which order.
 *
 * A tensor is not a buffer: a buffer has a layout and a place.  Segments: WEIGHT (parameters as given, and packed or
 * folded ones), STATE, IO (the caller's arrays), SAMPLE (activations: every offset and size is batch times a constant,
 * so one plan serves every batch), THREAD (scratch), CONST.
 * Sections: load (once per set of weights), run (each call; allocates nothing), state (after a training run).
 * Invariants (plan_verify): buffers live at the same time do not overlap; each command within its buffers; no use before definition. */
#ifndef NASC_PLAN_H
#define NASC_PLAN_H
#include "compiler/ir/ein.h"
#include "compiler/ir/loop.h"
#include "compiler/ir/tape.h"

enum plan_segment { SEG_WEIGHT, SEG_STATE, SEG_IO, SEG_SAMPLE, SEG_THREAD, SEG_CONST };
/* Layout: logical dims split and ordered.  Plain row-major: n = ndim, each {d, 1, ext}. */
struct lay_dim { u32 dim; i64 div, mod, pad, stride; };
struct layout { u32 n; struct lay_dim *dim; i64 elems; /* per batch element when batched */ i64 halo; i64 slack; };
struct plan_buf {
    str name; u32 tens; u8 segment, dtype; bool batched;
    struct layout lay;
    u64 bytes, offset;              /* batched: per batch element */
    u32 first, last;                /* commands, numbered through load then run: live range */
    const double *value;            /* CONST: the elements */
    /* SAMPLE: 0, or a class of equal layouts. All of it is filled with `rest` when memory is bound to a batch, and commands write
     * only the elements [inner[2d], inner[2d+1]) of each dim; memory is shared within the class only, at equal offsets. */
    u32 halo; double rest; i64 *inner;
};
extern const char *const plan_segment_word[];
/* COPY: all of arg[1] to arg[0]. FILL: all of arg[0] with `fill`. SAMPLE offsets are times batch, of buffers with and without batch. */
enum plan_cmd_kind { PC_KERNEL, PC_COPY, PC_FILL, PC_ONCE /* a kernel of plan.once: interpreted, load section only */,
                     PC_TAPE /* of plan.tape: runs without a compiler */ };
struct plan_arg { u32 buf; u64 offset; };                /* offset in bytes (batched: times batch) */
struct plan_int { i64 k; bool times_batch; };            /* k or k * batch */
struct plan_cmd {
    u8 kind; u32 kernel;            /* plan.kernel[], once[] or tape[] */
    u32 group;                      /* the eq.group it computes (PC_KERNEL, PC_TAPE): for group-by-group comparison */
    u32 narg; struct plan_arg *arg;
    u32 nsym; struct plan_int *sym;
    struct plan_int units;          /* work units [0, units) */
    double fill; str what;          /* for people: provenance */
    u64 macs, flops, bytes;         /* per batch element, for show */
};
struct plan_kernel { struct hash128 key; str name; const struct loop_fn *fn; };      /* fn: others may hold parts of it */
struct plan {
    struct arena *a; str name; bool training;
    VEC(struct plan_buf) buf;
    VEC(struct plan_kernel) kernel;         /* distinct, to be compiled */
    VEC(struct plan_kernel) once;           /* distinct, a few numbers each: not worth compiling */
    VEC(struct tape *) tape;                /* distinct, finished */
    VEC(struct plan_cmd) load, run, state;
    u64 weight_bytes, state_bytes, sample_bytes, thread_bytes, const_bytes;
    u32 nin, nout; u32 *in, *out;           /* IO buffers in order of the space's inputs and outputs */
    VEC(u32) weight;                        /* buffers of parameters and states as given, by number: names, shapes, init via tens */
    const struct cascade *ein;              /* tensors: names, roles, init */
};
void plan_dump(struct buf *b, const struct plan *p);                    /* reads back (kernels included) */
struct plan *plan_read(struct arena *a, struct str_pool *sp, struct diags *ds, const struct src *s);
bool plan_verify(const struct plan *p, struct buf *why);
const char *plan_cmd_name(const struct plan *p, const struct plan_cmd *c);      /* the kernel's name, or what it is: for people */
u64 plan_peak_bytes(const struct plan *p, i64 batch);                  /* weights + states + activations at batch, + in and out */

#endif
