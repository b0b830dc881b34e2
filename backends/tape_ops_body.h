/* tape_ops_body.h - the source of tape_ops_0.c .. 2.c: loops the C compiler vectorises, and the contraction tile.
 *   OPS_NAME the table, OPS_LANES floats of a vector, OPS_REGISTERS vectors that fit, OPS_FMA fused multiply-add is one instruction.
 * Functions come from the polynomial programs of ir/poly_f32.def as straight C; no libm. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O3")
#endif
#include "backends/tape_ops.h"

#include "compiler/ir/elem.h"
#include "compiler/ir/poly.h"
#ifndef OPS_TARGET
#define OPS_TARGET
#endif

#if defined(__GNUC__) && !defined(__clang__)
#define CONTRACTED __attribute__((optimize("fp-contract=fast")))        /* x * y + z of vectors is one instruction */
#else
#define CONTRACTED
#endif
#define CAT_(a, b) a##b
#define CAT(a, b) CAT_(a, b)

/* ---- functions: each program of poly_f32.def as one C function ---- */

static inline i32 bits_of(float x) { i32 b; __builtin_memcpy(&b, &x, 4); return b; }
#if !OPS_FMA
/* x * y + z, rounded once: the product is exact in f64, and the sum is rounded to odd there, so that rounding it again to f32 is as rounding the
 * exact one. */
static inline float fma_of(float x, float y, float z)
{
    double p = (double)x * (double)y, s = p + (double)z, t = s - p, e = (p - (s - t)) + ((double)z - t);
    i64 b, d;
    __builtin_memcpy(&b, &s, 8);
    __builtin_memcpy(&d, &e, 8);
    /* not exact and even: one step towards what is missing.  (e is a NaN where s is no number: left alone.) */
    b += (e != 0) & (e == e) & !(b & 1) ? ((b ^ d) < 0 ? -1 : 1) : 0;
    __builtin_memcpy(&s, &b, 8);
    return (float)s;
}
#endif
static inline float float_of(i32 b) { float x; __builtin_memcpy(&x, &b, 4); return x; }
#define FL_ARG float
#define FL_CONST float
#define FL_ADD float
#define FL_SUB float
#define FL_MUL float
#define FL_FMA float
#define FL_DIV float
#define FL_MIN float
#define FL_MAX float
#define FL_ABS float
#define FL_NEG float
#define FL_ROUND float
#define FL_SQRT float
#define FL_F2I i32
#define FL_I2F float
#define FL_IADD i32
#define FL_ISUB i32
#define FL_ISHL i32
#define FL_ISHR i32
#define FL_IAND i32
#define FL_IOR i32
#define FL_BITS i32
#define FL_FLOAT float
#define FL_LT i32
#define FL_LE i32
#define FL_EQ i32
#define FL_SELECT float
#define FL_FLOOR float
#define DO_ADD(x, y) (x) + (y)
#define DO_SUB(x, y) (x) - (y)
#define DO_MUL(x, y) (x) * (y)
#if OPS_FMA
#define DO_FMA(x, y, z) __builtin_fmaf(x, y, z)
#else
#define DO_FMA(x, y, z) fma_of(x, y, z)
#endif
#define DO_DIV(x, y) (x) / (y)
#define DO_MIN(x, y) (x) < (y) ? (x) : (y)
#define DO_MAX(x, y) (x) > (y) ? (x) : (y)
#define DO_ABS(x) __builtin_fabsf(x)
#define DO_NEG(x) -(x)
#define DO_ROUND(x) __builtin_rintf(x)
#define DO_SQRT(x) __builtin_sqrtf(x)
#define DO_F2I(x) (i32)(x)
#define DO_I2F(x) (float)(x)
#define DO_IADD(x, y) (i32)((u32)(x) + (u32)(y))
#define DO_ISUB(x, y) (i32)((u32)(x) - (u32)(y))
#define DO_ISHL(x, y) (i32)((u32)(x) << (y))
#define DO_ISHR(x, y) (x) >> (y)
#define DO_IAND(x, y) (x) & (y)
#define DO_IOR(x, y) (x) | (y)
#define DO_BITS(x) bits_of(x)
#define DO_FLOAT(x) float_of(x)
#define DO_LT(x, y) (x) < (y)
#define DO_LE(x, y) (x) <= (y)
#define DO_EQ(x, y) (x) == (y)
#define DO_SELECT(c, x, y) (c) ? (x) : (y)
#define DO_FLOOR(x) __builtin_floorf(x)

#define FUNCTION(name) static inline __attribute__((always_inline)) float poly_##name(float arg) { float last = 0;
#define S0(n, o) const FL_##o n = arg; last = (float)n;
#define S1(n, o, x) const FL_##o n = DO_##o(x); last = (float)n;
#define S2(n, o, x, y) const FL_##o n = DO_##o(x, y); last = (float)n;
#define S3(n, o, x, y, z) const FL_##o n = DO_##o(x, y, z); last = (float)n;
#define K(n, v) const float n = (float)(v); (void)n;
#define I(n, v) const i32 n = v; (void)n;
#define H(n, acc, x, v) const float n = DO_FMA(acc, x, (float)(v)); last = n;
#define END(name, kind, u) return last; }
#ifndef NAN
#define NAN __builtin_nanf("")
#define INFINITY __builtin_inff()
#endif
#include "compiler/ir/poly_f32.def"
#undef FUNCTION
#undef S0
#undef S1
#undef S2
#undef S3
#undef K
#undef I
#undef H
#undef END

static inline float pow1_f32(float x, float y) { return poly_pow_f32(x, y); }
static inline double exp_d(double x) { return poly_f64(POLY_EXP, x); }
static inline double log_d(double x) { return poly_f64(POLY_LOG, x); }
static inline double tanh_d(double x) { return poly_f64(POLY_TANH, x); }
static inline double erf_d(double x) { return poly_f64(POLY_ERF, x); }
static inline double sin_d(double x) { return poly_f64(POLY_SIN, x); }
static inline double cos_d(double x) { return poly_f64(POLY_COS, x); }
static inline double sigmoid_d(double x) { return poly_f64(POLY_SIGMOID, x); }

/* ---- f32 and f64 ---- */

#define T float
#define SUF f32
#define FABS __builtin_fabsf
#define SQRT __builtin_sqrtf
#define FLOOR __builtin_floorf
#define FUSED(x, y, z) DO_FMA_T(x, y, z)
#if OPS_FMA
#define DO_FMA_T(x, y, z) __builtin_fmaf(x, y, z)
#else
#define DO_FMA_T(x, y, z) (x) * (y) + (z)
#endif
#define F_EXP poly_exp
#define F_LOG poly_log
#define F_TANH poly_tanh
#define F_ERF poly_erf
#define F_SIN poly_sin
#define F_COS poly_cos
#define F_SIGMOID poly_sigmoid
#define F_POW pow1_f32
#define NATIVE DT_F32
#include "backends/tape_ops_real.h"
#undef T
#undef SUF
#undef FABS
#undef SQRT
#undef FLOOR
#undef F_EXP
#undef F_LOG
#undef F_TANH
#undef F_ERF
#undef F_SIN
#undef F_COS
#undef F_SIGMOID
#undef F_POW
#undef NATIVE
#undef DO_FMA_T

#define T double
#define SUF f64
#define FABS __builtin_fabs
#define SQRT __builtin_sqrt
#define FLOOR __builtin_floor
#if OPS_FMA
#define DO_FMA_T(x, y, z) __builtin_fma(x, y, z)
#else
#define DO_FMA_T(x, y, z) (x) * (y) + (z)
#endif
#define F_EXP exp_d
#define F_LOG log_d
#define F_TANH tanh_d
#define F_ERF erf_d
#define F_SIN sin_d
#define F_COS cos_d
#define F_SIGMOID sigmoid_d
#define F_POW poly_pow_f64
#define NATIVE DT_F64
#include "backends/tape_ops_real.h"
#undef T
#undef SUF

/* ---- indices ---- */

OPS_TARGET static void index_line(u32 n, i64 *x, i64 v, i64 step)
{
    for (u32 i = 0; i < n; i++)
        x[i] = v + (i64)i * step;
}

OPS_TARGET static void index_table(u32 n, i64 *x, i64 v, const i32 *off)
{
    for (u32 i = 0; i < n; i++)
        x[i] = v + off[i];
}

OPS_TARGET static void index_add(u32 n, i64 *x, i64 k, const i64 *y)
{
    for (u32 i = 0; i < n; i++)
        x[i] += k * y[i];
}

/* In double: x + 1/2 is at least 1 / (2 k) away from a multiple of k. */
OPS_TARGET static void index_divide(u32 n, i64 *x, i64 k, bool rest)
{
    double inv = 1.0 / (double)k;
    if (rest)
        for (u32 i = 0; i < n; i++)
            x[i] -= k * (i64)__builtin_floor(((double)x[i] + 0.5) * inv);
    else
        for (u32 i = 0; i < n; i++)
            x[i] = (i64)__builtin_floor(((double)x[i] + 0.5) * inv);
}

OPS_TARGET static void index_inside(u32 n, u8 *in, const i64 *x, i64 ext)
{
    for (u32 i = 0; i < n; i++)
        in[i] &= (u64)x[i] < (u64)ext;
}

/* ---- the contraction tile ---- */

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC push_options
#pragma GCC optimize("fp-contract=fast")
#endif
typedef float vec __attribute__((vector_size(OPS_LANES * 4), aligned(4), may_alias));
#define TILE(R, V)                                                                                                                      \
    OPS_TARGET static void gemm_##R##_##V(i64 n, const float *const *a, const i32 *ka, const float *b, const i32 *kb, float *c, i64 ldc, bool first) \
    {                                                                                                                                   \
        vec acc[R][V];                                                                                                                  \
        const float *row[R];                                                                                                            \
        _Pragma("GCC unroll 8") for (u32 r = 0; r < R; r++) {                                                                           \
            row[r] = a[r];                                                                                                              \
            _Pragma("GCC unroll 4") for (u32 v = 0; v < V; v++)                                                                         \
                acc[r][v] = first ? (vec){ 0 } : *(const vec *)(c + r * ldc + v * OPS_LANES);                                           \
        }                                                                                                                               \
        for (i64 k = 0; k < n; k++) {                                                                                                   \
            vec x[V];                                                                                                                   \
            const float *bk = b + kb[k];                                                                                                \
            i64 ak = ka[k];                                                                                                             \
            _Pragma("GCC unroll 4") for (u32 v = 0; v < V; v++)                                                                         \
                x[v] = *(const vec *)(bk + v * OPS_LANES);                                                                              \
            _Pragma("GCC unroll 8") for (u32 r = 0; r < R; r++) {                                                                       \
                float s = row[r][ak];                                                                                                   \
                _Pragma("GCC unroll 4") for (u32 v = 0; v < V; v++)                                                                     \
                    acc[r][v] += s * x[v];                                                                                              \
            }                                                                                                                           \
        }                                                                                                                               \
        _Pragma("GCC unroll 8") for (u32 r = 0; r < R; r++)                                                                             \
            _Pragma("GCC unroll 4") for (u32 v = 0; v < V; v++)                                                                         \
                *(vec *)(c + r * ldc + v * OPS_LANES) = acc[r][v];                                                                      \
    }
#define TILES(V) TILE(1, V) TILE(2, V) TILE(3, V) TILE(4, V)
TILES(1) TILES(2)
TILE(5, 1) TILE(6, 1) TILE(5, 2) TILE(6, 2)
#if OPS_REGISTERS > 16
TILES(3) TILES(4)
TILE(7, 1) TILE(8, 1) TILE(7, 2) TILE(8, 2) TILE(5, 3) TILE(6, 3) TILE(7, 3) TILE(8, 3) TILE(5, 4) TILE(6, 4)
#endif
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC pop_options
#endif

const struct tape_ops OPS_NAME = {
    .lanes = OPS_LANES,
    .line = index_line, .table = index_table, .add = index_add, .divide = index_divide, .inside = index_inside,
    .f32 = REAL_TABLE(f32),
    .f64 = REAL_TABLE(f64),
    .gemm = { [0] = { 0 },
        [1] = { [1] = gemm_1_1, [2] = gemm_1_2,
#if OPS_REGISTERS > 16
                [3] = gemm_1_3, [4] = gemm_1_4 },
        [2] = { [1] = gemm_2_1, [2] = gemm_2_2, [3] = gemm_2_3, [4] = gemm_2_4 },
        [3] = { [1] = gemm_3_1, [2] = gemm_3_2, [3] = gemm_3_3, [4] = gemm_3_4 },
        [4] = { [1] = gemm_4_1, [2] = gemm_4_2, [3] = gemm_4_3, [4] = gemm_4_4 },
        [5] = { [1] = gemm_5_1, [2] = gemm_5_2, [3] = gemm_5_3, [4] = gemm_5_4 },
        [6] = { [1] = gemm_6_1, [2] = gemm_6_2, [3] = gemm_6_3, [4] = gemm_6_4 },
        [7] = { [1] = gemm_7_1, [2] = gemm_7_2, [3] = gemm_7_3 },
        [8] = { [1] = gemm_8_1, [2] = gemm_8_2, [3] = gemm_8_3 },
    },
    .rows = { 0, 8, 8, 8, 6 },
#else
        },
        [2] = { [1] = gemm_2_1, [2] = gemm_2_2 }, [3] = { [1] = gemm_3_1, [2] = gemm_3_2 }, [4] = { [1] = gemm_4_1, [2] = gemm_4_2 },
        [5] = { [1] = gemm_5_1, [2] = gemm_5_2 }, [6] = { [1] = gemm_6_1, [2] = gemm_6_2 },
    },
    .rows = { 0, 6, 6, 0, 0 },
#endif
};
