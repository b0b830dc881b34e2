/* op_check.h - what is checked of an op's body when its sizes are known (inside ir: op_infer).
 *
 * Reads without pad are in range, writes are in range, several equations of one tensor write
 * disjoint regions that cover it. */
#ifndef NASC_OP_CHECK_H
#define NASC_OP_CHECK_H
#include "compiler/ir/op.h"

/* False: refused, why filled.  scratch is given back. */
bool op_check_body(struct arena *scratch, const struct op_bind *b, const struct types *t, struct op_why *why);

#endif
