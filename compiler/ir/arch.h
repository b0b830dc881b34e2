/* arch.h - a concrete architecture: a typed graph of op instances, in functions.
 *
 * Nothing here is unrolled.  A function is stored once and called; ANODE_REP is `each[n]`: n
 * instances side by side, each input's leading axis of extent n being theirs (or broadcast), outputs gaining a leading axis n;
 * ANODE_LOOP is `repeat n` whose rounds are equal: in-types = out-types.
 *
 * Parameters.  Every op instance owns its parameters, separately for each instance of the calls,
 * reps and loops around it, except inside a call whose `tie` is set: such calls with equal (tie_up, tie)
 * share one set.  tie names a `share` evaluated in the function `tie_up` levels out from the node
 * (0: the function the node stands in).
 * Instances are counted depth-first, nodes in order, rounds in order; a rep counts once (its parameters have a leading axis), a
 * shared set at its first use.  Parameter numbers (for weights) follow that order, or the one that `rank` says: the canonical one
 * (passes/arch_canon.h), so that architectures that are the same have the same weights. */
#ifndef NASC_ARCH_H
#define NASC_ARCH_H
#include "compiler/ir/op.h"

enum anode_kind { ANODE_OP, ANODE_CALL, ANODE_REP, ANODE_LOOP };
typedef u32 aval;           /* value in a function: parameters first, then outputs of nodes in order */

struct anode {
    u8 kind;
    const struct op_bind *op;           /* OP */
    u32 fn;                             /* CALL, REP, LOOP: arch->fn[] */
    u64 n;                              /* REP, LOOP: times; else 1 */
    u32 nin; const aval *in;
    const bool *spread;                 /* REP, per input: true: leading axis is split, false: every instance gets it whole */
    u32 nout; aval out0; const type_id *out;    /* values out0 .. out0 + nout - 1 */
    u32 tie, tie_up;                    /* tie 0: own parameters */
    str label;                          /* name for parameter paths (label, else op or rule name) */
};
struct afn {
    str name;
    u32 nparam; const type_id *param;
    VEC(struct anode) node;
    u32 nval; 
    u32 nout; const aval *out;
};
struct arecipe { str name; bool is_str; str s; struct num v; };
struct arch {
    struct arena *a;
    struct types *types;
    str space;
    VEC(struct afn) fn;                 /* callees before callers; the last is the entry */
    VEC(struct arecipe) recipe;
    u32 ninst; const u32 *rank;         /* [ninst] instances that own parameters or states: the k-th is rank[k]-th in order; NULL: as they stand */
};
type_id arch_val_type(const struct afn *f, aval v);
type_id arch_lead(struct types *t, type_id id, i64 n);                  /* with one more leading axis of extent n */
type_id arch_unlead(struct types *t, type_id id, i64 n);                /* without its leading axis; 0 unless that has extent n */
void arch_dump(struct buf *b, const struct arch *a);                    /* reads back with arch_read */
/* ops: resolves (op "name" overload) by name. NULL after complaining. */
struct arch *arch_read(struct arena *a, struct str_pool *sp, struct diags *ds, const struct src *s, struct op_memo *m, struct op_table *ops);
bool arch_verify(const struct arch *a, struct buf *why);

/* Building: nodes are appended to a function under construction; equal finished functions become one. */
struct arch_builder;
struct arch_builder *arch_builder_new(struct arena *a, struct types *t, str space);
u32 ab_begin(struct arch_builder *b, str name, u32 nparam, const type_id *param);    /* opens a function (nests); returns a token for the open level */
aval ab_node(struct arch_builder *b, struct anode n);                   /* copies; fills out0; returns it */
u32 ab_end(struct arch_builder *b, u32 nout, const aval *out);          /* closes; id of the (maybe older, equal) function */
void ab_drop(struct arch_builder *b);                                   /* closes the innermost open function and forgets it */
struct arch *ab_finish(struct arch_builder *b);                         /* last closed function is the entry */
/* One more parameter for the innermost open function, after those it has: a value that its body turned out to need
 * from outside.  Values are renumbered at ab_end, so the numbers given out while a function is open mean nothing after. */
aval ab_param(struct arch_builder *b, type_id t);
aval ab_param_entry(struct arch_builder *b, type_id t);                   /* the same for the outermost open function */
u32 ab_tie(struct arch_builder *b);                                     /* a new tie number of the innermost open function */
void ab_recipe(struct arch_builder *b, struct arecipe r);
/* For repeats: a function closed but not yet kept; it can be compared, kept (ab_keep: id of the older equal one, if any) or copied into
 * the innermost open function.  Copying is not possible (false) where calls inside it name a tie in or beyond it. */
struct afn *ab_detach(struct arch_builder *b, u32 nout, const aval *out);
bool ab_equal(const struct afn *f, const struct afn *g);
u32 ab_keep(struct arch_builder *b, struct afn *f);
bool ab_splice(struct arch_builder *b, const struct afn *f, const aval *arg, aval *out);
/* The type of a value of the innermost open function. */
type_id ab_type(const struct arch_builder *b, aval v);

#endif
