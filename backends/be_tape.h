/* be_tape.h - running tapes: no code is made, whatever the equations are. */
#ifndef NASC_BE_TAPE_H
#define NASC_BE_TAPE_H
#include "compiler/ir/tape.h"

/* Work units [lo, hi) of a finished tape; base: its buffers, scratch: tape.scratch_bytes, 64-aligned. */
void be_tape_run(const struct tape *t, void *const *base, i64 batch, i64 lo, i64 hi, void *scratch);

#endif
