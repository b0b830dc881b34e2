/* tape_ops_0.c - tape_ops.h for any machine. */
#define OPS_NAME tape_ops_0
#define OPS_LANES 4
#define OPS_REGISTERS 16
#define OPS_FMA 0
#include "backends/tape_ops_body.h"
