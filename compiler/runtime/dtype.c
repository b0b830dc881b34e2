/* dtype.c - elements: what the formats call them, how many bytes they take, their values. */
#include "rt.h"

#include <stdio.h>
#include <string.h>

/* In the order of enum nasc_dtype.  NumPy has no bf16: what ml_dtypes saves is two bytes without a meaning. */
const nrt_dtype nrt_dtypes[NRT_DTYPES] = {
    { "f64", "<f8", "F64", 8 }, { "f32", "<f4", "F32", 4 }, { "f16", "<f2", "F16", 2 }, { "bf16", "<V2", "BF16", 2 },
    { "i64", "<i8", "I64", 8 }, { "i32", "<i4", "I32", 4 }, { "i8", "|i1", "I8", 1 }, { "u8", "|u1", "U8", 1 },
    { "bool", "|b1", "BOOL", 1 },
};

static float half(uint32_t h)
{
    uint32_t exponent = h >> 10 & 31, digits = h & 1023, sign = h >> 15 << 31;
    union { uint32_t u; float f; } v = { .u = (exponent == 31 ? 255 : exponent + 112) << 23 | digits << 13 };
    if (!exponent)
        v.f = (float)digits * 0x1p-24f;
    v.u |= sign;
    return v.f;
}

double nrt_element(uint32_t dtype, const void *at, uint64_t i)
{
    const unsigned char *p = (const unsigned char *)at + i * nrt_dtypes[dtype].bytes;
    union { double f64; float f32; uint16_t u16; uint32_t u32; int64_t i64; int32_t i32; int8_t i8; } v;
    memcpy(&v, p, nrt_dtypes[dtype].bytes);
    switch (dtype) {
    case NASC_F64: return v.f64;
    case NASC_F32: return v.f32;
    case NASC_F16: return half(v.u16);
    case NASC_BF16: v.u32 = (uint32_t)v.u16 << 16; return v.f32;
    case NASC_I64: return (double)v.i64;
    case NASC_I32: return v.i32;
    case NASC_I8: return v.i8;
    default: return *p;
    }
}

const char *nrt_shape(char *to, size_t size, uint32_t dtype, uint32_t rank, const int64_t *extent)
{
    size_t at = (size_t)snprintf(to, size, "%s[", nrt_dtypes[dtype].name);
    for (uint32_t i = 0; i < rank && at + 28 < size; i++)
        at += (size_t)snprintf(to + at, size - at, "%s%lld", i ? ", " : "", (long long)extent[i]);
    if (at + 2 < size)
        memcpy(to + at, "]", 2);
    return to;
}

bool nrt_bytes(uint32_t dtype, uint32_t rank, const int64_t *extent, uint64_t *bytes)
{
    bool fits = true;
    *bytes = nrt_dtypes[dtype].bytes;
    for (uint32_t i = 0; i < rank; i++)
        if (extent[i] == 0) {
            *bytes = 0;
            return true;
        }
    for (uint32_t i = 0; i < rank; i++)
        fits = fits && !__builtin_mul_overflow(*bytes, (uint64_t)extent[i], bytes);
    return fits;
}
