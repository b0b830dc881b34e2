/* half.h - f16 and bf16 bits from and to f32: to nearest even, subnormals kept, NaNs stay NaNs. */
#ifndef NASC_HALF_H
#define NASC_HALF_H
#include "compiler/base/base.h"

static inline u32 f32_bits(float x) { u32 b; memcpy(&b, &x, sizeof b); return b; }
static inline float f32_of_bits(u32 b) { float x; memcpy(&x, &b, sizeof x); return x; }

static inline u16 bf16_of_f32(float x)
{
    u32 b = f32_bits(x);
    if (x != x)
        return (u16)(b >> 16 | 0x40);
    return (u16)((b + 0x7fff + (b >> 16 & 1)) >> 16);
}

static inline float f32_of_bf16(u16 h) { return f32_of_bits((u32)h << 16); }

static inline u16 f16_of_f32(float x)
{
    u32 b = f32_bits(x), sign = b >> 16 & 0x8000, a = b & 0x7fffffff;
    if (a > 0x7f800000)
        return (u16)(sign | 0x7e00 | (a >> 13 & 0x3ff));
    if (a >= 0x477ff000)                        /* 65520 and above round to infinity */
        return (u16)(sign | 0x7c00);
    if (a < 0x38800000) {                       /* below 2^-14: adding 0.5 leaves the subnormal in the low bits, rounded */
        float t = f32_of_bits(a) + 0.5f;
        return (u16)(sign | (f32_bits(t) - 0x3f000000));
    }
    return (u16)(sign | ((a - 0x38000000 + 0xfff + (a >> 13 & 1)) >> 13));
}

static inline float f32_of_f16(u16 h)
{
    u32 sign = (u32)(h & 0x8000) << 16, a = h & 0x7fff;
    if (a >= 0x7c00)
        return f32_of_bits(sign | 0x7f800000 | (a & 0x3ff) << 13 | (a > 0x7c00 ? 0x400000 : 0));
    if (a < 0x400) {                            /* 0 or subnormal: a * 2^-24, exact */
        float t = (float)a * 0x1p-24f;
        return f32_of_bits(sign | f32_bits(t));
    }
    return f32_of_bits(sign | ((a << 13) + 0x38000000));
}

#endif
