/* tape_ops_1.c - tape_ops.h for x86-64 with AVX2 with FMA. */
#if defined(__x86_64__)
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC target("avx2,fma,f16c,bmi,bmi2,lzcnt,popcnt")
#define OPS_TARGET
#else
#define OPS_TARGET __attribute__((target("avx2,fma,f16c,bmi,bmi2,lzcnt,popcnt")))
#endif
#define OPS_NAME tape_ops_1
#define OPS_LANES 8
#define OPS_REGISTERS 16
#define OPS_FMA 1
#include "backends/tape_ops_body.h"
#endif
