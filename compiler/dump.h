/* dump.h - `--dump=STAGE`: what a stage made, as text on stdout. */
#ifndef NASC_DUMP_H
#define NASC_DUMP_H
#include "compiler/cli.h"
#include "compiler/pipeline.h"

/* Before anything is loaded: tokens and ast of the file.  *done: that was it. */
nasc_status dump_text(struct cli *c, bool *done);
/* After loading: gram, op. */
nasc_status dump_grammar(struct cli *c, bool *done);
/* Of one architecture: tree arch ein ein:PASS loop plan llvm asm. */
nasc_status dump_arch_stage(struct cli *c, nasc_arch *ar, const struct pass_options *o, bool *done);

#endif
