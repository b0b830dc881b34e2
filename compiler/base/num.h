/* num.h - compile-time numbers: exact rationals while they fit 64 bits, else reals.
 * Rational arithmetic that would overflow yields NUM_BAD (reported as a type error);
 * / never rounds; division by zero is NUM_BAD.  Decimals, sqrt, exp, log are reals. */
#ifndef NASC_NUM_H
#define NASC_NUM_H
#include "compiler/base/buf.h"

enum num_kind { NUM_BAD, NUM_RAT, NUM_REAL };
struct num { enum num_kind kind; i64 n, d; double r; };     /* RAT: n/d, d > 0, lowest terms */

struct num num_int(i64 v);
struct num num_rat(i64 n, i64 d);
struct num num_real(double r);
struct num num_add(struct num a, struct num b);
struct num num_sub(struct num a, struct num b);
struct num num_mul(struct num a, struct num b);
struct num num_div(struct num a, struct num b);
struct num num_mod(struct num a, struct num b);             /* floored: sign of b */
struct num num_neg(struct num a);
struct num num_floor(struct num a);
struct num num_abs(struct num a);
struct num num_pow(struct num a, struct num b);             /* exact for integer exponents */
/* sqrt is exact for perfect squares; exp, log real. */
struct num num_sqrt(struct num a);
struct num num_exp(struct num a);
struct num num_log(struct num a);
int num_cmp(struct num a, struct num b);                    /* -1 0 1; BUG on NUM_BAD */
bool num_is_int(struct num a, i64 *v);                      /* also a real with an integer value */
double num_double(struct num a);
void num_print(struct buf *b, struct num a);                /* 64, 9/8, 3.5: reads back */

/* Saturating 128-bit counts (parameters, MACs, bytes, instances). */
#define COUNT_MAX (~(u128)0)
u128 count_add(u128 a, u128 b);
u128 count_mul(u128 a, u128 b);
void count_print(struct buf *b, u128 c);                    /* decimal; ">=2^128" when saturated */

#endif
