/* real.c - doubles as text through the C locale, and exp, log, pow from + - * / alone.
 *
 * Built with -ffp-contract=off, so every operation rounds once and in the order written:
 * the same bits on any IEEE 754 machine. */
#define _GNU_SOURCE
#include "compiler/base/real.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* glibc's "C" locale is a constant object: newlocale hands it out without allocating, and it
 * need not be freed.  strtod and printf of a program that set another locale stay right. */
static locale_t c_locale(void)
{
    return newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

/* ---- numbers of 1 <= |x| < 2^52 by integers: log-probabilities, times, most of what is printed ---- */

static const u64 ten[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000, 10000000000, 100000000000,
                          1000000000000, 10000000000000, 100000000000000, 1000000000000000, 10000000000000000};

static u32 put_digits(char *out, u64 v, u32 least)
{
    char text[20], *p = text + sizeof text;
    for (; v || least; v /= 10, least -= least > 0)
        *--p = (char)('0' + v % 10);
    memcpy(out, p, (size_t)(text + sizeof text - p));
    return (u32)(text + sizeof text - p);
}

/* The same text as by the C library; 0: it is not one of these.  x is whole + part / 2^shift, in 52 - shift and shift bits; of a
 * text with j decimals what is left out is rest / 2^shift of its last place, and the text reads back if that is less than half of x's own. */
static u32 print_middle(char *out, double x)
{
    u64 bits;
    memcpy(&bits, &x, sizeof bits);
    u64 mantissa = (bits & 0xfffffffffffffull) | 0x10000000000000ull;
    int exponent = (int)(bits >> 52 & 0x7ff) - 1023;
    if (exponent < 0 || exponent >= 52 || mantissa == 0x10000000000000ull)      /* powers of two have uneven neighbours */
        return 0;
    u32 shift = 52 - (u32)exponent, n = 0, before = 1;
    u64 mask = ((u64)1 << shift) - 1, whole = mantissa >> shift, part = mantissa & mask;
    while (before < 16 && whole >= ten[before])
        before++;
    for (u32 digits = 15; digits <= 17; digits++) {
        u32 decimals = digits > before ? digits - before : 0;
        if (!decimals)
            return 0;
        unsigned __int128 scaled = (unsigned __int128)part * ten[decimals];
        u64 shown = (u64)(scaled >> shift), rest = (u64)scaled & mask, half = (u64)1 << (shift - 1), w = whole;
        bool up = rest > half || (rest == half && shown % 2);
        u64 off = up ? mask + 1 - rest : rest;
        if (digits < 17 && 2 * off >= ten[decimals])
            continue;
        shown += up;
        if (shown == ten[decimals]) {
            shown = 0;
            w++;
        }
        for (; decimals && shown % 10 == 0; decimals--)
            shown /= 10;
        if (bits >> 63)
            out[n++] = '-';
        n += put_digits(out + n, w, 1);
        if (decimals) {
            out[n++] = '.';
            n += put_digits(out + n, shown, decimals);
        }
        out[n] = 0;
        return n;
    }
    return 0;
}

u32 real_print(char out[REAL_TEXT], double x)
{
    u32 middle = print_middle(out, x);
    if (middle)
        return middle;
    if (isnan(x) || isinf(x)) {
        strcpy(out, isnan(x) ? "nan" : x < 0 ? "-inf" : "inf");
        return (u32)strlen(out);
    }
    locale_t c = c_locale(), old = uselocale(c);
    int n = 0;
    /* 15 digits are always exact text, so a shorter text is what %.15g shows after dropping
     * zeros; only subnormals hold fewer digits. */
    for (int digits = fabs(x) < 0x1p-1022 ? 1 : 15; digits <= 17; digits++) {
        n = snprintf(out, REAL_TEXT, "%.*g", digits, x);
        if (strtod(out, NULL) == x)
            break;
    }
    uselocale(old);
    freelocale(c);
    return (u32)n;
}

bool real_read(const char *s, size_t n, double *out)
{
    size_t i = 0, digits = 0;
    bool minus = n && s[0] == '-';
    if (n && (s[0] == '-' || s[0] == '+'))
        i++;
    if (n - i == 3 && (memcmp(s + i, "inf", 3) == 0 || memcmp(s + i, "nan", 3) == 0)) {
        *out = s[i] == 'n' ? NAN : minus ? -INFINITY : INFINITY;
        return true;
    }
    for (; i < n && s[i] >= '0' && s[i] <= '9'; i++)
        digits++;
    if (i < n && s[i] == '.')
        for (i++; i < n && s[i] >= '0' && s[i] <= '9'; i++)
            digits++;
    if (!digits)
        return false;
    if (i < n && (s[i] == 'e' || s[i] == 'E')) {
        i++;
        if (i < n && (s[i] == '-' || s[i] == '+'))
            i++;
        size_t from = i;
        while (i < n && s[i] >= '0' && s[i] <= '9')
            i++;
        if (i == from)
            return false;
    }
    if (i != n)
        return false;
    char small[64], *copy = n < sizeof small ? small : malloc(n + 1);
    if (!copy)
        BUG("out of memory");
    memcpy(copy, s, n);
    copy[n] = 0;
    locale_t c = c_locale();
    *out = strtod_l(copy, NULL, c);
    freelocale(c);
    if (copy != small)
        free(copy);
    return true;
}

static const double LN2_HI = 0x1.62e42fee00000p-1, LN2_LO = 0x1.a39ef35793c76p-33;

/* exp(x) = 2^k exp(r), |r| <= ln2/2; exp(r) = 1 + r + r^2 (1/2 + r/6 + ...), 14 terms.
 * xl is a correction to x, for pow. */
static double exp2parts(double x, double xl)
{
    if (isnan(x))
        return x;
    if (x > 709.782712893384)
        return INFINITY;
    if (x < -745.1332191019412)
        return 0;
    double k = floor(x * 0x1.71547652b82fep0 + 0.5);
    double hi = x - k * LN2_HI, lo = k * LN2_LO - xl, r = hi - lo, c = (hi - r) - lo;
    double p = 1.0 / 87178291200.0;
    static const double inverse[] = {
        1.0 / 6227020800.0, 1.0 / 479001600.0, 1.0 / 39916800.0, 1.0 / 3628800.0, 1.0 / 362880.0,
        1.0 / 40320.0, 1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5,
    };
    for (u32 i = 0; i < COUNTOF(inverse); i++)
        p = p * r + inverse[i];
    double e = 1 + (r + (c + p * r * r));
    /* Two steps, so that a subnormal result is rounded once, at the end. */
    int n = (int)k;
    if (n < -1020)
        return ldexp(ldexp(e, n + 1000), -1000);
    return ldexp(e, n);
}

/* log(x) as hi + lo: x = 2^k m, m in [sqrt(1/2), sqrt(2)); with f = m - 1, s = f / (2 + f),
 * log m = 2 s + s (2/3 s^2 + 2/5 s^4 + ...) = f - (f^2/2 - s (f^2/2 + R)). */
static double log2parts(double x, double *lo)
{
    int k;
    double m = frexp(x, &k);
    if (m < 0x1.6a09e667f3bcdp-1) {
        m *= 2;
        k--;
    }
    double f = m - 1, s = f / (2 + f), z = s * s, p = 0;
    for (int i = 25; i >= 3; i -= 2)
        p = p * z + 2.0 / i;
    double r = z * p, half = 0.5 * f * f;
    double rest = k * LN2_LO + s * (half + r) - half;
    double a = k * LN2_HI, sum = a + f;
    /* The exact sum of a and f, then the small parts. */
    double t = sum - a, err = (a - (sum - t)) + (f - t) + rest, out = sum + err;
    *lo = (sum - out) + err;
    return out;
}

double real_exp(double x)
{
    return exp2parts(x, 0);
}

double real_log(double x)
{
    if (isnan(x) || x < 0)
        return NAN;
    if (x == 0)
        return -INFINITY;
    if (isinf(x))
        return x;
    double lo;
    return log2parts(x, &lo);
}

double real_pow(double a, double b)
{
    if (b == 0 || a == 1)
        return 1;
    if (isnan(a) || isnan(b))
        return NAN;
    bool whole = floor(b) == b, odd = whole && fabs(b) < 0x1p53 && fmod(b, 2) != 0;
    if (a == 0)
        return b > 0 ? 0 : INFINITY;
    if (a < 0 && !whole)
        return NAN;
    double m = fabs(a), out;
    if (isinf(m))
        out = b > 0 ? INFINITY : 0;
    else if (isinf(b))
        out = m == 1 ? 1 : (m > 1) == (b > 0) ? INFINITY : 0;
    else {
        double lo, hi = log2parts(m, &lo), x = b * hi;
        /* What the product lost, by splitting both factors in halves of 26 bits. */
        double ch = hi * 134217729.0, hh = ch - (ch - hi), hl = hi - hh;
        double cb = b * 134217729.0, bh = cb - (cb - b), bl = b - bh;
        double xl = ((hh * bh - x) + hh * bl + hl * bh) + hl * bl + b * lo;
        out = exp2parts(x, fabs(b) < 0x1p900 ? xl : 0);
    }
    return a < 0 && odd ? -out : out;
}
