/* poly_program.h - a .def of programs as tables, and the machine that runs one; included once for each float type with
 *   POLY_DEF (the file), POLY_TABLE (the table's name), REAL, WORD, MATH(f) (the function of that type).
 * Integers wrap, as in loop IR. */

/* Pass 1: the names of the steps are their indices. */
#define FUNCTION(name) enum {
#define S0(n, o) n,
#define S1(n, o, x) n,
#define S2(n, o, x, y) n,
#define S3(n, o, x, y, z) n,
#define K(n, v) n,
#define I(n, v) n,
#define H(n, acc, x, v) n##_k, n,
#define END(name, kind, u) };
#define END_POW(name, u) };
#include POLY_DEF
#undef FUNCTION
#undef S0
#undef S1
#undef S2
#undef S3
#undef K
#undef I
#undef H
#undef END
#undef END_POW

/* Pass 2: the steps. */
#define FUNCTION(name) static const struct poly_step name##_steps[] = {
#define S0(n, o) { .op = PO_##o },
#define S1(n, o, x) { .op = PO_##o, .a = x },
#define S2(n, o, x, y) { .op = PO_##o, .a = x, .b = y },
#define S3(n, o, x, y, z) { .op = PO_##o, .a = x, .b = y, .c = z },
#define K(n, v) { .op = PO_CONST, .k = (REAL)(v) },
#define I(n, v) { .op = PO_ICONST, .i = v },
#define H(n, acc, x, v) K(n##_k, v) S3(n, FMA, acc, x, n##_k)
#define END(name, kind, u) };
#define END_POW(name, u) };
#include POLY_DEF
#undef FUNCTION
#undef S0
#undef S1
#undef S2
#undef S3
#undef K
#undef I
#undef H
#undef END
#undef END_POW

/* Pass 3: the table. */
#define FUNCTION(name)
#define S0(n, o)
#define S1(n, o, x)
#define S2(n, o, x, y)
#define S3(n, o, x, y, z)
#define K(n, v)
#define I(n, v)
#define H(n, acc, x, v)
#define END(fn, kind, u) [kind] = { #fn, COUNTOF(fn##_steps), fn##_steps, u },
#define END_POW(fn, u)
const struct poly POLY_TABLE[POLYS] = {
#include POLY_DEF
};
#undef FUNCTION
#undef S0
#undef S1
#undef S2
#undef S3
#undef K
#undef I
#undef H
#undef END
#undef END_POW

static REAL run(const struct poly *p, REAL x0, REAL x1)
{
    union cell { REAL f; WORD i; WORD_UNSIGNED u; } v[POLY_STEPS];
    CHECK(p->n && p->n <= POLY_STEPS);
    for (u32 k = 0; k < p->n; k++) {
        const struct poly_step *s = &p->step[k];
        union cell a = v[s->a], b = v[s->b], c = v[s->c], z;
        z.u = 0;
        switch ((enum poly_op)s->op) {
        case PO_ARG: z.f = k == 0 ? x0 : x1; break;
        case PO_CONST: z.f = (REAL)s->k; break;
        case PO_ADD: z.f = a.f + b.f; break;
        case PO_SUB: z.f = a.f - b.f; break;
        case PO_MUL: z.f = a.f * b.f; break;
        case PO_FMA: z.f = MATH(fma)(a.f, b.f, c.f); break;
        case PO_DIV: z.f = a.f / b.f; break;
        case PO_MIN: z.f = a.f < b.f ? a.f : b.f; break;
        case PO_MAX: z.f = a.f > b.f ? a.f : b.f; break;
        case PO_ABS: z.f = MATH(fabs)(a.f); break;
        case PO_NEG: z.f = -a.f; break;
        case PO_ROUND: z.f = MATH(rint)(a.f); break;
        case PO_FLOOR: z.f = MATH(floor)(a.f); break;
        case PO_SQRT: z.f = MATH(sqrt)(a.f); break;
        case PO_F2I: z.i = (WORD)a.f; break;
        case PO_I2F: z.f = (REAL)a.i; break;
        case PO_ICONST: z.i = (WORD)s->i; break;
        case PO_IADD: z.u = a.u + b.u; break;
        case PO_ISUB: z.u = a.u - b.u; break;
        case PO_ISHL: z.u = a.u << b.u; break;
        case PO_ISHR: z.i = a.i >> b.i; break;
        case PO_IAND: z.u = a.u & b.u; break;
        case PO_IOR: z.u = a.u | b.u; break;
        case PO_BITS: z.i = a.i; break;
        case PO_FLOAT: z.f = a.f; break;
        case PO_LT: z.i = a.f < b.f; break;
        case PO_LE: z.i = a.f <= b.f; break;
        case PO_EQ: z.i = a.f == b.f; break;
        case PO_SELECT: z = a.i ? b : c; break;
        }
        v[k] = z;
    }
    return v[p->n - 1].f;
}
