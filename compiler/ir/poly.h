/* poly.h - exp, log, tanh, erf, sin, cos, sigmoid, pow as polynomials: one table for the evaluator (as written), the
 * loop expander (loop_legalize) and so for every backend.  Model code never calls libm.
 *
 * Each function is a straight-line program over f32 operations (add, mul, fma, and integer bit operations), so that the C
 * version here and the expansion in loop IR give the same bits.  Accuracy in ulp stands in poly.c and
 * is tested against long double over the whole range. */
#ifndef NASC_POLY_H
#define NASC_POLY_H
#include "compiler/base/base.h"

enum poly_fn { POLY_EXP, POLY_LOG, POLY_TANH, POLY_ERF, POLY_SIN, POLY_COS, POLY_SIGMOID, POLYS };

/* One step of a program: v[i] = op(v[a], v[b], v[c]).  v[0] is the argument (of pow: v[0] and v[1]). */
enum poly_op { PO_ARG, PO_CONST, PO_ADD, PO_SUB, PO_MUL, PO_FMA, PO_DIV, PO_MIN, PO_MAX, PO_ABS, PO_NEG, PO_ROUND /* to even */, PO_SQRT,
               PO_F2I /* exact small float to i32 */, PO_I2F, PO_ICONST, PO_IADD, PO_ISUB, PO_ISHL, PO_ISHR, PO_IAND, PO_IOR, PO_BITS /* f32 -> i32 */, PO_FLOAT /* i32 -> f32 bits */,
               PO_LT, PO_LE, PO_EQ, PO_SELECT /* v[a] ? v[b] : v[c] */, PO_FLOOR };
struct poly_step { u8 op; u16 a, b, c; double k; i64 i; };
struct poly { const char *name; u32 n; const struct poly_step *step; double ulp; };
extern const struct poly poly_table[POLYS];
float poly_f32(enum poly_fn f, float x);        /* runs the program */

/* The same over f64 (and i64, of which F2I, I2F, BITS and FLOAT speak then). */
extern const struct poly poly_table_f64[POLYS];
double poly_f64(enum poly_fn f, double x);

/* x to the y: a f64 program of two arguments, with 1, 2, 3, 4, -1, -2 as multiplications (and one division) of the
 * type itself: x, xx = x * x, xx * x, xx * xx, 1 / x, 1 / xx.  In f32 any other power is the f64 one rounded. */
static inline bool poly_pow_few(double y) { return y == 1 || y == 2 || y == 3 || y == 4 || y == -1 || y == -2; }
extern const struct poly poly_pow_table;
float poly_pow_f32(float x, float y);
double poly_pow_f64(double x, double y);

#endif
