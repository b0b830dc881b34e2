/* weight.c - initial values of parameters and states, from counters.
 *
 * Words of Philox at (seed, parameter number, block): a uniform element i takes word i % 4 of
 * block i / 4, a normal one words 2 (i % 2) and the next of block i / 2.  All arithmetic is in double with
 * + - * / and sqrt, which round the same everywhere, and one rounding to f32 at the end.
 *
 *     uniform(lo, hi)              lo + (hi - lo) u, u a multiple of 2^-24 in [0, 1)
 *     normal(mean, sigma)          mean + sigma z
 *     trunc_normal(mean, sigma)    the same, z conditioned on [-2, 2]
 *     kaiming_uniform(fan)         uniform(-b, b), b = 1 / sqrt(fan): what PyTorch's Linear and Conv do by default
 *                                  (its kaiming_uniform_ with a = sqrt(5))
 *     kaiming_normal(fan)          normal(0, sqrt(2 / fan))
 *     xavier_uniform(in, out)      uniform(-b, b), b = sqrt(6 / (in + out))
 *     xavier_normal(in, out)       normal(0, sqrt(2 / (in + out))) */
#include "compiler/ir/weight.h"

#include "compiler/base/real.h"
#include "compiler/base/rng.h"

/* The p-quantile of the standard normal, 0 < p < 1: Wichura's rational approximations (Applied Statistics
 * algorithm 241, PPND7), within 1e-7 of the true value relatively. */
static double quantile(double p)
{
    double q = p - 0.5, r, z;
    if (q >= -0.425 && q <= 0.425) {
        r = 0.180625 - q * q;
        return q * (((59.109374720 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179) /
               (((67.187563600 * r + 78.757757664) * r + 17.895169469) * r + 1.0);
    }
    r = __builtin_sqrt(-real_log(q < 0 ? p : 1 - p));
    if (r <= 5) {
        r -= 1.6;
        z = (((0.17023821103 * r + 1.3067284816) * r + 2.7568153900) * r + 1.4234372777) /
            ((0.12021132975 * r + 0.73700164250) * r + 1.0);
    } else {
        r -= 5;
        z = (((0.017337203997 * r + 0.42868294337) * r + 3.0812263860) * r + 6.6579051150) /
            ((0.012258202635 * r + 0.24197894225) * r + 1.0);
    }
    return q < 0 ? -z : z;
}

/* A number in (0, 1), never the ends, symmetric about 1/2. */
static double open_unit(u32 a, u32 b)
{
    return ((double)((u64)a << 20 | b >> 12) + 0.5) * 0x1p-52;
}

double weight_normal(u32 a, u32 b)
{
    return quantile(open_unit(a, b));
}

/* Phi(-2) and Phi(2) - Phi(-2) */
static const double below_2 = 0.022750131948179207, within_2 = 0.9544997361036416;

static void fill_uniform(const struct ein_tens *t, u64 seed, u64 first, u64 n, double lo, double hi, float *out)
{
    u32 word[4];
    for (u64 i = first; i < first + n; i++) {
        if (i == first || i % 4 == 0)
            rng_at(seed, t->number, i / 4, word);
        out[i - first] = (float)(lo + (hi - lo) * ((double)(word[i % 4] >> 8) * 0x1p-24));
    }
}

static void fill_normal(const struct ein_tens *t, u64 seed, u64 first, u64 n, double mean, double sigma, bool trunc, float *out)
{
    u32 word[4];
    for (u64 i = first; i < first + n; i++) {
        if (i == first || i % 2 == 0)
            rng_at(seed, t->number, i / 2, word);
        double u = open_unit(word[i % 2 * 2], word[i % 2 * 2 + 1]);
        out[i - first] = (float)(mean + sigma * quantile(trunc ? below_2 + within_2 * u : u));
    }
}

static void fill_constant(u64 n, double v, float *out)
{
    for (u64 i = 0; i < n; i++)
        out[i] = (float)v;
}

void weight_fill(const struct ein_tens *t, u64 seed, u64 first, u64 n, float *out)
{
    double x = t->init_arg[0], y = t->init_arg[1], b;
    switch ((enum init_kind)t->init) {
    case INIT_NONE: case INIT_ZEROS: fill_constant(n, 0, out); return;
    case INIT_ONES: fill_constant(n, 1, out); return;
    case INIT_CONSTANT: fill_constant(n, x, out); return;
    case INIT_UNIFORM: fill_uniform(t, seed, first, n, x, y, out); return;
    case INIT_NORMAL: fill_normal(t, seed, first, n, x, y, false, out); return;
    case INIT_TRUNC_NORMAL: fill_normal(t, seed, first, n, x, y, true, out); return;
    case INIT_KAIMING_UNIFORM:
        b = 1 / __builtin_sqrt(x);
        fill_uniform(t, seed, first, n, -b, b, out);
        return;
    case INIT_KAIMING_NORMAL: fill_normal(t, seed, first, n, 0, __builtin_sqrt(2 / x), false, out); return;
    case INIT_XAVIER_UNIFORM:
        b = __builtin_sqrt(6 / (x + y));
        fill_uniform(t, seed, first, n, -b, b, out);
        return;
    case INIT_XAVIER_NORMAL: fill_normal(t, seed, first, n, 0, __builtin_sqrt(2 / (x + y)), false, out); return;
    case INITS: break;
    }
    BUG("initializer %u", t->init);
}
