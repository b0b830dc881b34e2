/* gen_impl.h - between the files of the generator: the cascade and the equation under way, with the range of every value.
 *
 * Every expression is made together with an interval that holds its values, so that nothing overflows a dtype, divides by zero or
 * indexes outside of what is proven, unless that is wanted. */
#ifndef NASC_TESTS_GEN_IMPL_H
#define NASC_TESTS_GEN_IMPL_H
#include "compiler/base/rng.h"
#include "tests/differential/gen.h"
#include "tests/differential/gen_inputs.h"

enum { GEN_RANKS = 16, GEN_DIMS = 8, GEN_ANY = DTYPES /* of constants: the dtype they meet */ };
struct gen_point { ein_node x; u8 t; struct gen_range v; };
struct gen_known { struct gen_range v; u32 reads; bool batched, closed /* not to be read (yet) */; };
struct gen {
    struct arena *a;
    struct cascade *c;
    struct rng r;
    struct gen_options o;
    VEC(struct gen_known) tens;         /* beside cascade.tens */
    u32 nnumber, scans;
    /* the equation under way */
    struct ein_rank rank[GEN_RANKS];
    u32 npar, nrank, use;               /* ranks [0, use) may be mentioned now */
    i32 batch;                          /* its rank of the batch, -1: none */
    bool only_params;                   /* nothing that depends on inputs is read */
    bool in_post; struct gen_point acc;
    struct gen_point primary;           /* x 0: none */
    bool filtered; ein_node need;       /* a read may ask for a guard of the equation: this */
    bool behind;                        /* something behind a condition is being made */
};

u32 gen_below(struct gen *g, u32 n);
bool gen_chance(struct gen *g, u32 percent);
i64 gen_between(struct gen *g, i64 lo, i64 hi);
i64 gen_extent(struct gen *g, i64 most);
enum dtype gen_float(struct gen *g);            /* f32 mostly */
enum dtype gen_whole(struct gen *g);            /* i32 mostly */

/* tensors */
u32 gen_tens(struct gen *g, u8 role, enum dtype t, bool batched, u32 ndim, const i64 *dim);
/* Something new to read: input, parameter, constant or state; dims without the batch. */
u32 gen_leaf(struct gen *g, enum dtype t, u32 ndim, const i64 *dim);
bool gen_may_read(const struct gen *g, u32 tens);

/* indices */
u32 gen_ranks(const struct gen *g, u32 *out);   /* those that may be mentioned, without the batch */
/* An index into an axis of `ext`; *open: not proven inside.  must: it is. */
ein_node gen_index(struct gen *g, i64 ext, bool must, bool *open);
ein_node gen_affine(struct gen *g);
/* An index of a new axis: *ext becomes its extent. */
ein_node gen_axis(struct gen *g, i64 most, i64 *ext, bool *open);

/* points */
struct gen_point gen_point(struct gen *g, enum dtype t, u32 depth);
struct gen_point gen_cond(struct gen *g, u32 depth);
struct gen_point gen_read(struct gen *g, enum dtype t);
struct gen_point gen_read_at(struct gen *g, u32 tens, const ein_node *sub, bool open);     /* with a pad or a condition where it is open */
/* The same behind a condition of the select's or the equation's; false: none was found. */
bool gen_behind(struct gen *g, u32 tens, const ein_node *sub, struct gen_point *to);
struct gen_point gen_num(struct gen *g, double v);
struct gen_point gen_cast(struct gen *g, struct gen_point p, enum dtype t);
/* The same or something of it within [lo, hi]. */
struct gen_point gen_fit(struct gen *g, struct gen_point p, enum dtype t, double lo, double hi);
struct gen_point gen_binary(struct gen *g, enum ein_kind k, struct gen_point a, struct gen_point b);
double gen_power(double x, double n);
double gen_most(enum dtype t);                  /* magnitude of values of that dtype here */

/* equations */
void gen_equation(struct gen *g);
void gen_monoid_equation(struct gen *g);
void gen_scan(struct gen *g);
void gen_state(struct gen *g);
/* Ranks for a new equation from the dims of something there is or something new, with a read of it (g->primary). */
void gen_choose_ranks(struct gen *g, u32 most_reduced);
void gen_begin(struct gen *g, bool batched);
struct gen_point gen_body(struct gen *g, enum dtype t);

#endif
