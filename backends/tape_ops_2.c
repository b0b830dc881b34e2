/* tape_ops_2.c - tape_ops.h for x86-64 with AVX-512. */
#if defined(__x86_64__)
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,avx512cd,avx2,fma,f16c,bmi,bmi2,lzcnt,popcnt,prefer-vector-width=512")
#define OPS_TARGET
#else
#define OPS_TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512cd,avx2,fma,f16c,bmi,bmi2,lzcnt,popcnt")))
#endif
#define OPS_NAME tape_ops_2
#define OPS_LANES 16
#define OPS_REGISTERS 32
#define OPS_FMA 1
#include "backends/tape_ops_body.h"
#endif
