/* dump.h - `--dump=STAGE`: what a stage made, as text on stdout. */
#ifndef NASC_DUMP_H
#define NASC_DUMP_H
#include "compiler/cli.h"
#include "compiler/pipeline.h"

/* How every verb on a module begins: tokens and ast of its file before anything is loaded; cli_load; gram and op of what was
 * loaded.  *done: a stage was printed, and that was it. */
nasc_status dump_load(struct cli *c, bool space, u32 *next, bool *done);
/* Of one architecture: tree arch arch:canon ein ein:PASS loop plan llvm asm. */
nasc_status dump_arch_stage(struct cli *c, nasc_arch *ar, const struct pass_options *o, bool *done);

#endif
