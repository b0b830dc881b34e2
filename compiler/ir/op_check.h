/* op_check.h - what is checked of an op's body when its sizes are known (inside ir: op_infer).
 *
 * op_aff.c     index expressions as affine forms over atoms with bounds; conditions; points
 * op_check.c   reads without pad are in range, writes are in range
 * op_region.c  several equations of one tensor write disjoint regions that cover it */
#ifndef NASC_OP_CHECK_H
#define NASC_OP_CHECK_H
#include "compiler/ir/op.h"

/* False: refused, why filled.  scratch is given back. */
bool op_check_body(struct arena *scratch, const struct op_bind *b, const struct types *t, struct op_why *why);

/* --- Among the three ----------------------------------------------------------------------- */

enum { OPC_RANK = 32, OPC_TERMS = 24, OPC_FACTS = 24 };

struct bound { bool inf; struct num v; };       /* inf: unbounded on its side */
struct term { u32 ox; struct num k; struct bound lo, hi; };
struct aff { bool bad; u32 n; struct num c; struct term at[OPC_TERMS]; };

struct chk {
    struct arena *a;
    const struct op_bind *b;
    const struct op *op;
    const struct types *t;
    struct op_why *why;
    i64 *range;                         /* extent of each index variable */
    bool training;
    const struct oeq *eq;
    u32 nfact;
    struct aff *fact;                   /* each >= 0 at the point looked at */
};


/* An index expression as an affine form. */
void opc_aff(struct chk *c, u32 ox, struct aff *r);
void opc_const(struct aff *r, struct num v);
void opc_add(struct chk *c, struct aff *r, const struct aff *x, struct num k);      /* r += k x */
struct bound opc_bound(const struct aff *x, bool high);
bool opc_whole(const struct aff *x);                    /* all coefficients are whole numbers */
void opc_assume(struct chk *c, u32 ox, bool holds);     /* adds facts */
bool opc_prove(struct chk *c, const struct aff *s, u32 depth);      /* s >= 0, with up to depth facts */
/* The value of an index expression or index condition at a point; false: not one of those. */
bool opc_at(struct chk *c, u32 ox, const i64 *point, struct num *out);
bool opc_next(u32 n, const u32 *index, const i64 *range, i64 *point);
void opc_mark(const struct op *op, u32 ox, bool *used);
bool opc_refuse(struct chk *c, enum op_refusal code, u32 tensor, u32 axis, i64 got, i64 want, struct loc at, const char *text);
bool opc_regions(struct chk *c, u32 tensor);

#endif
