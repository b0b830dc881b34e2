/* law.h - among the files that prove laws of ops (op_law.h): a bound op as a cascade of its own, index expressions as functions of
 * flat places (law_value.c), and the hash of its meaning (law_hash.c). */
#ifndef NASC_LAW_H
#define NASC_LAW_H
#include "compiler/ir/ein.h"
#include "passes/op_law.h"

struct law_body {
    struct arena *a;                /* scratch */
    struct cascade *c;              /* equations simplified (ein_simplify) */
    struct views *v;
    u32 nin, nout;
    u32 *in, *out;                  /* tensors */
    u32 *input_of;                  /* by tensor: 1 + the input that it is */
    u32 *nwriter, *writer;          /* by tensor: equations that write it, the last of them */
};

/* Where an equation's ranks stand in the flat places of the tensor it writes, the batch left out. */
struct law_place {
    const struct cascade *c;
    const struct ein_eq *e;
    bool whole;                     /* its left side covers the tensor, each place once; else nothing below is filled */
    i64 size;                       /* of the tensor, one sample */
    u32 batch;                      /* 1 + the batch rank of the left side */
    struct { i64 inner, ext; } rank[64];    /* inner: elements that one step is apart; ext 1: always 0 */
    i64 at[64];                     /* of reduced ranks: the point */
};
void law_place(const struct cascade *c, const struct ein_eq *e, struct law_place *p);
/* The flat place that a READ names, as a function of the flat place that is written.  false: none is found, or the batch is not read at
 * the sample that is written. */
bool law_read_place(const struct law_place *p, const struct ein_x *read, struct vfun *f);
i64 law_size(const struct cascade *c, u32 tens);       /* elements of a sample */
bool law_batched(const struct cascade *c, u32 tens);

/* What is known of a value: nothing; that it is no number (a division by zero); a number, everywhere the same; a sum of views. */
enum law_kind { LAW_NONE /* not written yet */, LAW_ANY, LAW_BAD, LAW_NUM, LAW_SUM };
struct law_value { u8 kind; double num; u32 nterm; const struct law_term *term; };
/* Of each output, when the inputs in `zero` are zero. */
void law_values(struct law_body *b, u32 zero, struct law_value *out);

bool law_elementwise(const struct law_body *b);
/* The meaning of outputs and next states; input i is called perm[i].  flat: shapes left out, for what is elementwise. */
struct hash128 law_meaning(struct law_body *b, const u32 *perm, bool flat);

#endif
