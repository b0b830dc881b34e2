/* plan_place.h - where buffers lie. */
#ifndef NASC_PLAN_PLACE_H
#define NASC_PLAN_PLACE_H
#include "compiler/ir/plan.h"

/* Sets offsets of all buffers and the sizes of segments, from sizes and live ranges. */
void plan_place(struct plan *p);

#endif
