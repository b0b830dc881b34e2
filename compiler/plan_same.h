/* plan_same.h - which plans do the same: same code on the same bytes in the same order, whatever things are called. */
#ifndef NASC_PLAN_SAME_H
#define NASC_PLAN_SAME_H
#include "compiler/ir/plan.h"

/* Plans with equal identities take the same time (weights are as large and lie alike; their values may differ).  false: the
 * plan has something this cannot judge, and equals no other. */
bool plan_identity(const struct plan *p, struct hash128 *out);

#endif
