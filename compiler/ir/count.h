/* count.h - parameters, multiply-adds and bytes from types alone: exact, saturating at 2^128-1.
 *
 * macs: for every `+=` equation whose right side is a product with at least two factors that read
 * different tensors, the number of points of its iteration space (per sample, padding and
 * filters not subtracted: the network as written). params: elements of its parameters (not states).
 * bytes: inputs + outputs + parameters of the op at their dtypes (the `memory` limit takes the largest). */
#ifndef NASC_COUNT_H
#define NASC_COUNT_H
#include "compiler/ir/arch.h"
#include "compiler/ir/op.h"

struct count { u128 params, macs, bytes, nodes; };      /* nodes: op instances */
struct count count_op(const struct op_bind *b, const struct types *t);
/* Parameters and states it has, in training or in inference. */
u32 op_params(const struct op_bind *b, const struct types *t);
struct count count_add_all(struct count a, struct count b);          /* bytes: max, others: sum */
/* All of an arch, replication multiplied out; tied parameters once; bytes as the largest op, the instances of a rep together. */
struct count count_arch(const struct arch *a);

#endif
