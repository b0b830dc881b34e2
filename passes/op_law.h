/* op_law.h - what is proved about a bound op from its body.
 *
 * In: an op bound to attributes and argument types.  Out: laws that hold in inference and in training.  The proofs read the cascade
 * that the op alone becomes (arch_to_ein.h), where sizes are numbers; names play no part.
 *
 * Laws are about real numbers: values and parameters are finite, sums may be reassociated, zeros have no sign (x + 0 is x), 0 * w is 0, and
 * nothing is divided by zero unless the zero is known.  Extents count, memories of folds do not.  What is not proved is not claimed. */
#ifndef NASC_OP_LAW_H
#define NASC_OP_LAW_H
#include "compiler/ir/op.h"
#include "compiler/ir/view.h"

enum { LAW_TERMS = 64 };        /* of a sum */
/* A view of an input, in the flat places of the output. */
struct law_term { u32 input; view_id view; };
/* When the inputs of the set `zero` (bits) are zero, the output is the sum of these terms; one: that, bit by bit; none: it is zero.  Terms may
 * repeat.  They are sorted by input and by the view's hash. */
struct law_case { u32 zero, nterm; const struct law_term *term; };
struct law_out {
    u32 uses;                   /* bit i: input i matters; bits from 31 on: bit 31 */
    u32 ncase; const struct law_case *when;     /* small sets first, so {} (always) is the first if there is one; none that a smaller set implies */
};
struct op_law {
    struct hash128 meaning;     /* of the body up to names, of a map of points also up to shapes: equal only for the same function of inputs and
                                 * parameters in order */
    bool own;                   /* it has parameters or states, in some mode: two instances are two functions */
    bool updates;               /* a state has a `next` */
    u32 nparam;                 /* parameters and states that exist in some mode */
    bool sees_batch;            /* a sample's result depends on other samples, or on how many there are */
    bool elementwise;           /* no parameters, and each element of an output is one function, everywhere the same, of the elements at that flat place
                                 * of the inputs: it commutes with every view */
    u32 nin, nout;
    const u32 *sym;             /* [nin] inputs with the same number may be exchanged for each other */
    u32 lead;                   /* bit i: the parts of input i along its first axis may be permuted */
    const struct law_out *out;  /* [nout] */
};

struct op_laws;                 /* memo by the bind's serial; one for one op_memo */
struct op_laws *op_laws_new(struct arena *a, struct types *t, struct views *v);
struct views *op_laws_views(struct op_laws *l);
const struct op_law *op_law(struct op_laws *l, const struct op_bind *b);

#endif
