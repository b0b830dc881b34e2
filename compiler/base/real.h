/* real.h - doubles as text and the few transcendental functions of compile time.
 *
 * Nothing here depends on the locale, and nothing on which libm the machine has: weights of
 * rules and recipes go through these, and must be bit-equal everywhere.  exp and log are within
 * 1 ulp of the true value, pow within 2 + |b log a| ulp. */
#ifndef NASC_REAL_H
#define NASC_REAL_H
#include "compiler/base/base.h"

enum { REAL_TEXT = 32 };

/* The shortest %g text that reads back to x, else inf, -inf, nan.  Returns its length. */
u32 real_print(char out[REAL_TEXT], double x);
/* Reads s[0..n), all of it: [+-] digits [. digits] [e [+-] digits], inf, nan.  False: not that. */
bool real_read(const char *s, size_t n, double *out);

double real_exp(double x);
double real_log(double x);
double real_pow(double a, double b);

#endif
