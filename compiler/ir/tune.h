/* tune.h - what was measured of a machine, as data: an input of passes, never a measurement of theirs.
 *
 *   (tune (version 1) (machine "x86-64-v4 512 bits 32 registers")
 *     (tile 8 2 0.95) ..)         points x vectors of a register tile: the share of the multiply-adds' peak it reaches
 *
 * The text prints and reads back; what does not belong to this version and machine is refused. */
#ifndef NASC_TUNE_H
#define NASC_TUNE_H
#include "compiler/base/diag.h"
#include "compiler/base/str.h"
#include "compiler/ir/mach.h"

enum { TUNE_VERSION = 1, TUNE_POINTS = 28, TUNE_VECTORS = 8 };
struct tune {
    str machine;
    double share[TUNE_POINTS + 1][TUNE_VECTORS + 1];    /* 0: not measured */
};

/* Does a tile of that size stay in registers? */
bool tune_fits(const struct mach *m, u32 points, u32 vectors);
/* Steps of a reduction that the innermost loop takes at once around a tile of so many accumulators: in lowering as in measuring. */
static inline u32 tune_steps(u32 accumulators)
{
    return accumulators <= 8 ? 4 : accumulators <= 16 ? 2 : 1;
}
/* The key of a machine: what decides the speed of tiles. */
str tune_machine(struct str_pool *sp, const struct mach *m);
/* The name of its file: letters, digits and dashes. */
void tune_file(struct buf *b, const struct mach *m);
void tune_dump(struct buf *b, const struct tune *t);
/* NULL after complaining (E0850). */
struct tune *tune_read(struct arena *a, struct str_pool *sp, struct diags *ds, const struct src *s, const struct mach *m);
/* How much slower than `ideal` (multiply-adds alone) a tile is: measured, or by default of the machine's class (tune.def).  0: unknown. */
double tune_share(const struct tune *t, const struct mach *m, u32 points, u32 vectors);

#endif
