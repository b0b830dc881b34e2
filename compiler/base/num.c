/* num.c - exact rationals with checked 64-bit parts, reals, and saturating counts. */
#include "compiler/base/num.h"

#include "compiler/base/real.h"

#include <math.h>

typedef __int128 i128;

static const struct num BAD = { .kind = NUM_BAD };

/* n/d in lowest terms, or BAD where it does not fit. */
static struct num reduce(i128 n, i128 d)
{
    if (d == 0)
        return BAD;
    u128 un = n < 0 ? -(u128)n : (u128)n, ud = d < 0 ? -(u128)d : (u128)d, a = un, b = ud;
    while (b) {
        u128 r = a % b;
        a = b;
        b = r;
    }
    un /= a;
    ud /= a;
    bool minus = (n < 0) != (d < 0) && un;
    if (ud > INT64_MAX || un > (u128)INT64_MAX + minus)
        return BAD;
    return (struct num){ .kind = NUM_RAT, .n = (i64)(minus ? -un : un), .d = (i64)ud };
}

static bool bad(struct num a, struct num b)
{
    return a.kind == NUM_BAD || b.kind == NUM_BAD;
}

static bool exact(struct num a, struct num b)
{
    return a.kind == NUM_RAT && b.kind == NUM_RAT;
}

/* A real result: not-a-number and overflow are BAD. */
static struct num real_or_bad(double r)
{
    return isfinite(r) ? (struct num){ .kind = NUM_REAL, .r = r } : BAD;
}

struct num num_int(i64 v)
{
    return (struct num){ .kind = NUM_RAT, .n = v, .d = 1 };
}

struct num num_rat(i64 n, i64 d)
{
    return reduce(n, d);
}

struct num num_real(double r)
{
    return isnan(r) ? BAD : (struct num){ .kind = NUM_REAL, .r = r };
}

double num_double(struct num a)
{
    CHECK(a.kind != NUM_BAD);
    return a.kind == NUM_REAL ? a.r : (double)a.n / (double)a.d;
}

struct num num_add(struct num a, struct num b)
{
    if (bad(a, b))
        return BAD;
    if (!exact(a, b))
        return real_or_bad(num_double(a) + num_double(b));
    return reduce((i128)a.n * b.d + (i128)b.n * a.d, (i128)a.d * b.d);
}

struct num num_neg(struct num a)
{
    return a.kind == NUM_RAT ? reduce(-(i128)a.n, a.d) : a.kind == NUM_REAL ? num_real(-a.r) : BAD;
}

struct num num_sub(struct num a, struct num b)
{
    if (bad(a, b))
        return BAD;
    if (!exact(a, b))
        return real_or_bad(num_double(a) - num_double(b));
    return reduce((i128)a.n * b.d - (i128)b.n * a.d, (i128)a.d * b.d);
}

struct num num_mul(struct num a, struct num b)
{
    if (bad(a, b))
        return BAD;
    if (!exact(a, b))
        return real_or_bad(num_double(a) * num_double(b));
    return reduce((i128)a.n * b.n, (i128)a.d * b.d);
}

static bool is_zero(struct num a)
{
    return a.kind == NUM_RAT ? a.n == 0 : a.r == 0;
}

struct num num_div(struct num a, struct num b)
{
    if (bad(a, b) || is_zero(b))
        return BAD;
    if (!exact(a, b))
        return real_or_bad(num_double(a) / num_double(b));
    return reduce((i128)a.n * b.d, (i128)a.d * b.n);
}

struct num num_mod(struct num a, struct num b)
{
    if (bad(a, b) || is_zero(b))
        return BAD;
    if (!exact(a, b)) {
        double x = num_double(a), y = num_double(b), r = fmod(x, y);
        return real_or_bad(r != 0 && (r < 0) != (y < 0) ? r + y : r);
    }
    /* Over the common denominator; |y| < 2^126, so adding it once stays in range. */
    i128 x = (i128)a.n * b.d, y = (i128)b.n * a.d, r = x % y;
    if (r && (r < 0) != (y < 0))
        r += y;
    return reduce(r, (i128)a.d * b.d);
}

struct num num_floor(struct num a)
{
    if (a.kind == NUM_RAT)
        return num_int(a.n / a.d - (a.n % a.d < 0));
    if (a.kind == NUM_BAD)
        return BAD;
    double f = floor(a.r);
    return f >= -0x1p63 && f < 0x1p63 ? num_int((i64)f) : num_real(f);
}

struct num num_abs(struct num a)
{
    return a.kind == NUM_BAD ? BAD : num_cmp(a, num_int(0)) < 0 ? num_neg(a) : a;
}

struct num num_pow(struct num a, struct num b)
{
    if (bad(a, b))
        return BAD;
    if (!exact(a, b) || b.d != 1) {
        if (is_zero(a) && num_cmp(b, num_int(0)) < 0)
            return BAD;
        return real_or_bad(real_pow(num_double(a), num_double(b)));
    }
    i64 e = b.n;
    if (a.n == 0)
        return e < 0 ? BAD : num_int(e == 0);
    if (a.d == 1 && (a.n == 1 || a.n == -1))
        return num_int(a.n == 1 || e % 2 == 0 ? 1 : -1);
    if (e < 0) {
        a = reduce(a.d, a.n);
        if (e < -64)
            return BAD;         /* a is neither 0 nor +-1: no 64 bits hold it */
        e = -e;
    }
    if (e > 64)
        return BAD;
    struct num out = num_int(1);
    while (e-- > 0)
        out = num_mul(out, a);
    return out;
}

struct num num_sqrt(struct num a)
{
    if (a.kind == NUM_BAD || num_cmp(a, num_int(0)) < 0)
        return BAD;
    if (a.kind == NUM_RAT) {
        i64 n = (i64)sqrt((double)a.n), d = (i64)sqrt((double)a.d);
        /* Rounding of large values to double can be off by one either way. */
        for (i64 x = n - 1; x <= n + 1; x++)
            for (i64 y = d - 1; y <= d + 1; y++)
                if (x >= 0 && y > 0 && (i128)x * x == a.n && (i128)y * y == a.d)
                    return num_rat(x, y);
    }
    return real_or_bad(sqrt(num_double(a)));
}

struct num num_exp(struct num a)
{
    return a.kind == NUM_BAD ? BAD : real_or_bad(real_exp(num_double(a)));
}

struct num num_log(struct num a)
{
    return a.kind == NUM_BAD ? BAD : real_or_bad(real_log(num_double(a)));
}

int num_cmp(struct num a, struct num b)
{
    CHECK(!bad(a, b));
    if (exact(a, b)) {
        i128 x = (i128)a.n * b.d, y = (i128)b.n * a.d;
        return x < y ? -1 : x > y;
    }
    double x = num_double(a), y = num_double(b);
    return x < y ? -1 : x > y;
}

bool num_is_int(struct num a, i64 *v)
{
    if (a.kind == NUM_RAT && a.d == 1) {
        *v = a.n;
        return true;
    }
    if (a.kind == NUM_REAL && a.r >= -0x1p63 && a.r < 0x1p63 && floor(a.r) == a.r) {
        *v = (i64)a.r;
        return true;
    }
    return false;
}

/* A real shows that it is one, so that it reads back as one. */
void num_print(struct buf *b, struct num a)
{
    if (a.kind == NUM_BAD) {
        buf_puts(b, "<bad number>");
    } else if (a.kind == NUM_RAT) {
        buf_printf(b, "%lld", (long long)a.n);
        if (a.d != 1)
            buf_printf(b, "/%lld", (long long)a.d);
    } else {
        char text[REAL_TEXT];
        real_print(text, a.r);
        buf_puts(b, text);
        if (!strpbrk(text, ".einf"))
            buf_puts(b, ".0");
    }
}

u128 count_add(u128 a, u128 b)
{
    u128 c;
    return __builtin_add_overflow(a, b, &c) ? COUNT_MAX : c;
}

u128 count_mul(u128 a, u128 b)
{
    return a && b > COUNT_MAX / a ? COUNT_MAX : a * b;
}

void count_print(struct buf *b, u128 c)
{
    if (c == COUNT_MAX) {
        buf_puts(b, ">=2^128");
        return;
    }
    char text[40], *p = text + sizeof text;
    *--p = 0;
    do
        *--p = (char)('0' + (int)(c % 10));
    while (c /= 10);
    buf_puts(b, p);
}
