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
    void (*rows_product)(u32 rows, u32 cols, void *acc, const void *a, const void *b);      /* acc[i] += sum of a[i][k] * b[i][k] */
    void (*fill)(u32 n, void *d, double v);
    void (*spread)(u32 n, u32 cols, void *d);       /* value k to the points of row k */
    void (*read)(u8 dtype, u32 n, void *d, const void *from, i64 at, i64 step);
    void (*read_rows)(u8 dtype, u32 n, u32 cols, void *d, const void *from, i64 at, i64 step, i64 row);     /* n points in rows of cols */
    void (*write)(u8 dtype, u32 n, void *to, i64 at, i64 step, const void *v);
    void (*write_rows)(u8 dtype, u32 n, u32 cols, void *to, i64 at, i64 step, i64 row, const void *v);
    void (*write_far)(u8 dtype, u32 n, void *to, const i64 *off, const void *v);
    /* Runs of cols points, `step` inside, run k at off[k * cols]. */
    void (*read_runs)(u8 dtype, u32 n, u32 cols, void *d, const void *from, i64 at, i64 step, const i32 *off);
    void (*write_runs)(u8 dtype, u32 n, u32 cols, void *to, i64 at, i64 step, const i32 *off, const void *v);
    void (*gather)(u8 dtype, u32 n, void *d, const void *from, i64 at, const i32 *off);
    void (*gather_far)(u8 dtype, u32 n, void *d, const void *from, const i64 *off);
    void (*pick)(u32 n, void *d, const u8 *in, const void *pad);            /* d[i] = pad[i] (NULL: 0) where not in[i] */
};
struct tape_ops {
    u32 lanes;
    /* Indices. */
    void (*line)(u32 n, i64 *x, i64 v, i64 step);
    void (*table)(u32 n, i64 *x, i64 v, const i32 *off);
    void (*add)(u32 n, i64 *x, i64 k, const i64 *y);
    void (*divide)(u32 n, i64 *x, i64 k, bool rest);        /* floored; |x| < 2^50 */
    void (*inside)(u32 n, u8 *in, const i64 *x, i64 ext);   /* in[i] &= 0 <= x[i] < ext */
    struct tape_real f32, f64;
    tape_gemm gemm[GEMM_ROWS + 1][GEMM_VECS + 1];               /* NULL: too many registers */
    u32 rows[GEMM_VECS + 1];                                    /* most rows of so many vectors */
};
extern const struct tape_ops tape_ops_0;
#if defined(__x86_64__)
extern const struct tape_ops tape_ops_1, tape_ops_2;
#endif

#endif
