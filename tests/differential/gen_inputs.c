/* gen_inputs.c - see gen_inputs.h. */
#include "tests/differential/gen_inputs.h"

#include "compiler/base/rng.h"
#include "compiler/ir/elem.h"
#include "compiler/ir/weight.h"

#include <math.h>

struct gen_range gen_input_range(enum dtype t)
{
    if (dtype_is_float(t))
        return (struct gen_range){ -1, 1 };
    return t == DT_BOOL ? (struct gen_range){ 0, 1 } : t == DT_U8 ? (struct gen_range){ 0, 15 } : (struct gen_range){ -3, 12 };
}

struct gen_range gen_weight_range(const struct ein_tens *t)
{
    double x = t->init_arg[0], y = t->init_arg[1], b;
    switch ((enum init_kind)t->init) {
    case INIT_ONES: return (struct gen_range){ 0.75, 1.25 };
    case INIT_CONSTANT: return (struct gen_range){ x - 0.25, x + 0.25 };
    case INIT_UNIFORM: return (struct gen_range){ x, y };
    case INIT_NORMAL: return (struct gen_range){ x - 9 * y, x + 9 * y };
    case INIT_TRUNC_NORMAL: return (struct gen_range){ x - 2 * y, x + 2 * y };
    case INIT_KAIMING_UNIFORM: b = 1 / sqrt(x); break;
    case INIT_KAIMING_NORMAL: b = 9 * sqrt(2 / x); break;
    case INIT_XAVIER_UNIFORM: b = sqrt(6 / (x + y)); break;
    case INIT_XAVIER_NORMAL: b = 9 * sqrt(2 / (x + y)); break;
    default: b = 0.25;
    }
    return (struct gen_range){ -b, b };
}

double gen_input(enum dtype t, u64 seed, u32 number, u64 i, bool special)
{
    static const double edge[] = { 0.0, -0.0, INFINITY, -INFINITY, NAN, 0x1p-149, -0x1p-130, 0x1p-126, 0x1.fffffep127, -0x1.fffffep127, 1, -1, 0.5, 2, -2,
                                   88.8, -88.8, -104, 16777217, 65520, 0x1p-24, -0x1p-1074, 3.4e38, 1e-40 };
    u32 w[4];
    rng_at(seed, 0x67656e696eull + number, i, w);
    if (!dtype_is_float(t)) {
        struct gen_range r = gen_input_range(t);
        double v = r.lo + (double)(w[0] % (u32)(r.hi - r.lo + 1));
        if (special && w[1] % 3 == 0) {
            static const double most[] = { 127, -128, 255, 2147483647, -2147483648.0, 0, 1, -1 };
            v = most[w[2] % COUNTOF(most)];
        }
        return elem_round(t, v);
    }
    if (special && w[1] % 3 == 0)
        return elem_round(t, edge[w[2] % COUNTOF(edge)]);
    if (w[1] % 16 == 1)
        return (double)((i32)(w[2] % 4) - 2) / 2;
    return elem_round(t, (double)(i32)w[0] * 0x1p-31);
}

void gen_weights(const struct ein_tens *t, u64 seed, u64 n, double *out)
{
    float part[256];
    for (u64 at = 0; at < n; at += COUNTOF(part)) {
        u64 m = MIN(n - at, (u64)COUNTOF(part));
        weight_fill(t, seed, at, m, part);
        for (u64 k = 0; k < m; k++) {
            double v = (double)part[k];
            u32 w[4];
            if (t->init == INIT_ZEROS || t->init == INIT_ONES || t->init == INIT_CONSTANT || t->init == INIT_NONE) {
                rng_at(seed, 0x67656e7772ull + t->number, at + k, w);
                v += 0.25 * (double)(i32)w[0] * 0x1p-31;
            }
            out[at + k] = elem_round((enum dtype)t->dtype, v);
        }
    }
}
