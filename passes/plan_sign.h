/* plan_sign.h - when two groups surely become the same kernel with the same symbols. */
#ifndef NASC_PLAN_SIGN_H
#define NASC_PLAN_SIGN_H
#include "compiler/base/buf.h"
#include "compiler/ir/ein.h"

/* Writes all a group's lowering depends on into *b, tensors by order of mention; their numbers into tens[<= most].
 * Returns how many; false in *ok if there are more. */
u32 plan_sign(struct buf *b, struct arena *a, const struct cascade *c, u32 group, u32 first, u32 most, u32 *tens, bool *ok);

#endif
