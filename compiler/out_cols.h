/* out_cols.h - the fields that records of architectures share: one name, one heading, one width each. */
#ifndef NASC_OUT_COLS_H
#define NASC_OUT_COLS_H
#include "compiler/cli.h"

#define OUT_COL_SPACE {"space", OUT_STR, NULL, 0, true, NULL}
#define OUT_COL_SEED {"seed", OUT_U64, NULL, 0, false, NULL}
#define OUT_COL_INDEX {"index", OUT_U64, "#", 5, false, NULL}
#define OUT_COL_ID {"id", OUT_STR, "id", 10, true, NULL}
#define OUT_COL_LOGP {"logp", OUT_REAL, "logp", 8, false, NULL}
/* depth, nodes, params, macs */
#define OUT_COLS_SIZE                                                                                                  \
    {"depth", OUT_U64, "depth", 5, false, NULL}, {"nodes", OUT_U64, "nodes", 6, false, "k"},                           \
    {"params", OUT_COUNT, "params", 7, false, NULL}, {"macs", OUT_COUNT, "macs", 7, false, NULL}
#define OUT_COL_ARCH(width) {"arch", OUT_STR, "architecture", width, true, NULL}

#endif
