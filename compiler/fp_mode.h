/* fp_mode.h - the thread's floating-point mode: denormals kept, as the language wants, or flushed, as measuring does. */
#ifndef NASC_FP_MODE_H
#define NASC_FP_MODE_H
#include "compiler/base/base.h"
#if defined(__x86_64__)
#include <immintrin.h>
#endif

static inline u64 fp_mode_get(void)
{
#if defined(__x86_64__)
    return _mm_getcsr();
#elif defined(__aarch64__)
    u64 mode;
    __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
    return mode;
#else
    return 0;
#endif
}

static inline void fp_mode_set(u64 mode)
{
#if defined(__x86_64__)
    _mm_setcsr((unsigned)mode);
#elif defined(__aarch64__)
    __asm__ volatile("msr fpcr, %0" : : "r"(mode));
#else
    (void)mode;
#endif
}

/* `mode` with results and operands that are denormal taken as zero. */
static inline u64 fp_mode_flushing(u64 mode)
{
#if defined(__x86_64__)
    return mode | 0x8040;               /* FTZ, DAZ */
#elif defined(__aarch64__)
    return mode | (u64)1 << 24;
#else
    return mode;
#endif
}

#endif
