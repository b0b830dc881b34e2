/* tape_ops.h - what tapes are made of, in C: one table of functions per width of vectors (tape_ops_0.c any machine,
 * tape_ops_1.c AVX2 with FMA, tape_ops_2.c AVX-512), the same source compiled for each. */
#ifndef NASC_TAPE_OPS_H
#define NASC_TAPE_OPS_H
#include "compiler/ir/tape.h"

enum { GEMM_ROWS = 8, GEMM_VECS = 4 };
/* C[r][v] (+)= sum over k of a[r][ka[k]] * b[kb[k] + v]: rows x vectors of `lanes` floats; c's rows are ldc apart. */
typedef void (*tape_gemm)(i64 n, const float *const *a, const i32 *ka, const float *b, const i32 *kb, float *c, i64 ldc, bool first);
typedef void (*tape_map)(u32 n, void *d, const void *a, const void *b, const void *c);
struct tape_real {                                              /* over f32, or f64 */
    tape_map map[TAPE_OPS];                                     /* class A */
    void (*reduce)(u8 red, u32 n, void *acc, const void *v);    /* acc[i] = acc[i] (+) v[i] */
    void (*add_product)(u32 n, void *acc, const void *a, const void *b);
    void (*rows)(u8 red, u32 rows, u32 cols, void *acc, const void *v);     /* acc[i] = acc[i] (+) all of row i, in any order */
    void (*fill)(u32 n, void *d, double v);
    void (*read)(u8 dtype, u32 n, void *d, const void *from, i64 at, i64 step);
    void (*write)(u8 dtype, u32 n, void *to, i64 at, i64 step, const void *v);
    void (*gather)(u8 dtype, u32 n, void *d, const void *from, i64 at, const i32 *off);
};
struct tape_ops {
    u32 lanes;
    struct tape_real f32, f64;
    tape_gemm gemm[GEMM_ROWS + 1][GEMM_VECS + 1];               /* NULL: too many registers */
    u32 rows[GEMM_VECS + 1];                                    /* most rows of so many vectors */
};
extern const struct tape_ops tape_ops_0;
#if defined(__x86_64__)
extern const struct tape_ops tape_ops_1, tape_ops_2;
#endif

#endif
