/* elem.c - see elem.h.  The 16-bit formats are done on bits: the same on every machine. */
#include "compiler/ir/elem.h"

#include <math.h>

static u32 bits_of(float x) { u32 b; memcpy(&b, &x, 4); return b; }
static float float_of(u32 b) { float x; memcpy(&x, &b, 4); return x; }

u16 elem_f32_to_bf16(float x)
{
    u32 b = bits_of(x);
    if (x != x)
        return (u16)(b >> 16 | 0x40);
    return (u16)((b + 0x7fff + (b >> 16 & 1)) >> 16);
}
float elem_bf16_to_f32(u16 h) { return float_of((u32)h << 16); }

u16 elem_f32_to_f16(float x)
{
    u32 b = bits_of(x), sign = b >> 16 & 0x8000;
    b &= 0x7fffffff;
    if (b > 0x7f800000)
        return (u16)(sign | 0x7e00);
    if (b >= 0x477ff000)                    /* rounds to 65536 or more: infinity */
        return (u16)(sign | 0x7c00);
    if (b < 0x38800000) {                   /* below 2^-14: in units of 2^-24; the addition rounds */
        float units = float_of(b) * 0x1p24f;
        return (u16)(sign | (u32)rintf(units));
    }
    b += 0xfff + (b >> 13 & 1);
    return (u16)(sign | ((b - 0x38000000) >> 13));
}
float elem_f16_to_f32(u16 h)
{
    u32 sign = (u32)(h & 0x8000) << 16, e = h >> 10 & 31, m = h & 0x3ff;
    if (e == 31)
        return float_of(sign | 0x7f800000 | m << 13);
    if (!e) {
        float x = (float)m * 0x1p-24f;
        return sign ? -x : x;
    }
    return float_of(sign | (e + 112) << 23 | m << 13);
}

double elem_get(enum dtype d, const void *base, u64 i)
{
    switch (d) {
    case DT_F64: return ((const double *)base)[i];
    case DT_F32: return ((const float *)base)[i];
    case DT_F16: return elem_f16_to_f32(((const u16 *)base)[i]);
    case DT_BF16: return elem_bf16_to_f32(((const u16 *)base)[i]);
    case DT_I64: return (double)((const i64 *)base)[i];
    case DT_I32: return ((const i32 *)base)[i];
    case DT_I8: return ((const i8 *)base)[i];
    case DT_U8: case DT_BOOL: return ((const u8 *)base)[i];
    default: BUG("no such dtype %d", d);
    }
}

static double saturate(double x, double lo, double hi)
{
    return x != x ? 0 : x < lo ? lo : x > hi ? hi : trunc(x);
}

void elem_set(enum dtype d, void *base, u64 i, double x)
{
    switch (d) {
    case DT_F64: ((double *)base)[i] = x; break;
    case DT_F32: ((float *)base)[i] = (float)x; break;
    case DT_F16: ((u16 *)base)[i] = elem_f32_to_f16((float)x); break;
    case DT_BF16: ((u16 *)base)[i] = elem_f32_to_bf16((float)x); break;
    case DT_I64: ((i64 *)base)[i] = x >= 0x1p63 ? INT64_MAX : (i64)saturate(x, -0x1p63, 0x1p63); break;
    case DT_I32: ((i32 *)base)[i] = (i32)saturate(x, INT32_MIN, INT32_MAX); break;
    case DT_I8: ((i8 *)base)[i] = (i8)saturate(x, INT8_MIN, INT8_MAX); break;
    case DT_U8: ((u8 *)base)[i] = (u8)saturate(x, 0, UINT8_MAX); break;
    case DT_BOOL: ((u8 *)base)[i] = x != 0; break;
    default: BUG("no such dtype %d", d);
    }
}

double elem_round(enum dtype d, double x)
{
    u64 cell = 0;
    elem_set(d, &cell, 0, x);
    return elem_get(d, &cell, 0);
}
