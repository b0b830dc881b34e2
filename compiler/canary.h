/* canary.h - a small piece of work that always costs the same, to see whether the machine is as fast as it was. */
#ifndef NASC_CANARY_H
#define NASC_CANARY_H
#include "compiler/base/base.h"

struct canary { float *data; double best_ns; };
bool canary_open(struct canary *c);     /* finds its best time so far; false: out of memory */
void canary_close(struct canary *c);
/* Runs it (some 50 us): its time over its best one, 1 where nothing has changed.  A faster run is the new best. */
double canary_run(struct canary *c);

#endif
