/* peak.c - see peak.h: the same loop for each kind of vector, the widest that this machine runs.
 *
 * Sixteen independent sums hide the latency of a multiply-add on every machine whose latency times throughput is at most sixteen; the
 * values stay at a fixed point, so nothing becomes denormal or infinite. */
#include "compiler/peak.h"

#include "compiler/base/clock.h"

#include <stdlib.h>
#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

enum { SUMS = 16, ROUNDS = 20000, TRIES = 8, BUFFER = 8 << 20 };

/* ROUNDS times SUMS multiply-adds of vectors; what comes out depends on all of them.  x * 1/2 + 1/2 stays at 1. */
#define LOOP(name, attr, vec, set1, fma, store, lanes) \
    attr static float name(void)                       \
    {                                                  \
        vec s[SUMS], half = set1(0.5f);                \
        for (u32 i = 0; i < SUMS; i++)                 \
            s[i] = set1(1.0f);                         \
        for (u32 r = 0; r < ROUNDS; r++)               \
            _Pragma("GCC unroll 16")                   \
            for (u32 i = 0; i < SUMS; i++)             \
                s[i] = fma(s[i], half, half);          \
        float out[lanes], sum = 0;                     \
        for (u32 i = 0; i < SUMS; i++) {               \
            store(out, s[i]);                          \
            sum += out[i % (lanes)];                   \
        }                                              \
        return sum;                                    \
    }

#if defined(__x86_64__)
LOOP(loop_512, __attribute__((target("avx512f"))), __m512, _mm512_set1_ps, _mm512_fmadd_ps, _mm512_storeu_ps, 16)
LOOP(loop_256, __attribute__((target("avx2,fma"))), __m256, _mm256_set1_ps, _mm256_fmadd_ps, _mm256_storeu_ps, 8)
#elif defined(__aarch64__)
static inline float32x4_t neon_fma(float32x4_t a, float32x4_t b, float32x4_t c) { return vfmaq_f32(c, a, b); }
LOOP(loop_neon, , float32x4_t, vdupq_n_f32, neon_fma, vst1q_f32, 4)
#endif

typedef float four __attribute__((vector_size(16)));
static inline four four_set(float v) { return (four){v, v, v, v}; }
static inline four four_fma(four a, four b, four c) { return a * b + c; }
static inline void four_store(float *to, four v) { memcpy(to, &v, sizeof v); }
LOOP(loop_c, , four, four_set, four_fma, four_store, 4)

struct kind { float (*run)(void); u32 lanes; const char *how; };

static struct kind widest(void)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f"))
        return (struct kind){loop_512, 16, "avx512f"};
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return (struct kind){loop_256, 8, "fma"};
#elif defined(__aarch64__)
    return (struct kind){loop_neon, 4, "neon"};
#endif
    return (struct kind){loop_c, 4, "c"};
}

/* Sums of four words at a time, many under way: as fast as lines arrive. */
static u64 read_all(const u64 *at, u64 n)
{
    u64 s[8] = {0};
    for (u64 i = 0; i + 8 <= n; i += 8)
        for (u32 k = 0; k < 8; k++)
            s[k] += at[i + k];
    return s[0] + s[1] + s[2] + s[3] + s[4] + s[5] + s[6] + s[7];
}

bool peak_measure(struct peak *p)
{
    struct kind k = widest();
    u64 *buffer = malloc(BUFFER), n = BUFFER / sizeof *buffer;
    if (!buffer)
        return false;
    for (u64 i = 0; i < n; i++)
        buffer[i] = i;
    volatile float seen = 0;
    volatile u64 sum = 0;
    u64 best = UINT64_MAX, walk = UINT64_MAX;
    for (u32 i = 0; i < TRIES; i++) {
        u64 t = clock_now();
        seen = seen + k.run();
        best = MIN(best, clock_now() - t);
        t = clock_now();
        sum = sum + read_all(buffer, n);
        walk = MIN(walk, clock_now() - t);
    }
    free(buffer);
    *p = (struct peak){.flops = 2.0 * ROUNDS * SUMS * k.lanes / (double)best * 1e9, .bytes = (double)BUFFER / (double)walk * 1e9, .how = k.how};
    return true;
}
