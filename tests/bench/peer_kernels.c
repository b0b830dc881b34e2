/* peer_kernels.c - kernels.c with the peers' kernels (peer_dnnl.c, peer_xsmm.c) taking turns. */
#define BENCH_PEERS 1
#include "tests/bench/kernels.c"
