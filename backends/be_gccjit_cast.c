/* be_gccjit_cast.c - casts of loop IR through libgccjit, which converts scalars only.
 *
 * In: a cast whose argument has a value.  Out: its value.  To integers casts saturate and a NaN is 0; to floats they round to nearest even.
 * Vectors go a register at a time: as many lanes as the wider of both types has in one.
 *
 *     f32x16 -> f64x16    one v16sf -> its halves -> two v8df
 *     f64x16 -> f32x16    two v8df -> two v8sf -> one v16sf */
#include "backends/be_gccjit.h"

#include "compiler/ir/op.h"

/* ---- scalars ---- */

static gj_r real(const struct gj_fn *g, gj_t t, double x)
{
    return gcc_jit_context_new_rvalue_from_double(g->u->c, t, x);
}

static void bounds(enum dtype d, i64 *least, i64 *most)
{
    switch (d) {
    case DT_I32: *least = INT32_MIN, *most = INT32_MAX; break;
    case DT_I8: *least = INT8_MIN, *most = INT8_MAX; break;
    case DT_U8: *least = 0, *most = UINT8_MAX; break;
    default: *least = INT64_MIN, *most = INT64_MAX; break;
    }
}

/* What is within is converted, the rest is a bound or 0. */
static gj_r float_to_int(struct gj_fn *g, enum dtype to, gj_r x)
{
    gj_t f = g->u->f64, w = g->u->i64;
    i64 least, most;
    bounds(to, &least, &most);
    x = gj_let(g, f, gj_cast(g, x, f));
    gj_r low = gj_cmp(g, GCC_JIT_COMPARISON_LE, x, real(g, f, (double)least)), high = gj_cmp(g, GCC_JIT_COMPARISON_GE, x, real(g, f, (double)most));
    low = gj_let(g, w, gj_cast(g, low, w));
    high = gj_let(g, w, gj_cast(g, high, w));
    gj_r fits = gj_cast(g, gj_bin(g, GCC_JIT_BINARY_OP_BITWISE_AND, g->u->u8, gj_cast(g, gj_cmp(g, GCC_JIT_COMPARISON_GT, x, real(g, f, (double)least)), g->u->u8),
                                  gj_cast(g, gj_cmp(g, GCC_JIT_COMPARISON_LT, x, real(g, f, (double)most)), g->u->u8)), g->u->b);
    gj_r safe = gj_choose(g, DT_F64, gj_let(g, g->u->b, fits), x, real(g, f, 0));
    gj_r all = gj_bin(g, GCC_JIT_BINARY_OP_PLUS, w, gj_cast(g, safe, w), gj_bin(g, GCC_JIT_BINARY_OP_PLUS, w, gj_bin(g, GCC_JIT_BINARY_OP_MULT, w, low, gj_int(g, w, least)),
                                                                                   gj_bin(g, GCC_JIT_BINARY_OP_MULT, w, high, gj_int(g, w, most))));
    gj_t t = gj_scalar_type(g->u, to);
    return gj_let(g, t, gj_cast(g, all, t));
}

static gj_r int_to_int(struct gj_fn *g, enum dtype from, enum dtype to, gj_r x)
{
    i64 least, most, fewest, more;
    bounds(to, &least, &most);
    bounds(from, &fewest, &more);
    gj_t w = g->u->i64, t = gj_scalar_type(g->u, to);
    x = gj_let(g, w, gj_cast(g, x, w));
    if (more > most)
        x = gj_choose(g, DT_I64, gj_cmp(g, GCC_JIT_COMPARISON_LT, x, gj_int(g, w, most)), x, gj_int(g, w, most));
    if (fewest < least)
        x = gj_choose(g, DT_I64, gj_cmp(g, GCC_JIT_COMPARISON_GT, x, gj_int(g, w, least)), x, gj_int(g, w, least));
    return gj_let(g, t, gj_cast(g, x, t));
}

/* The upper half of an f32, rounded to even; a NaN keeps a bit.  b: the f32's bits as an unsigned number. */
static gj_r bf16_of(struct gj_fn *g, gj_r x)
{
    gj_t w = g->u->u32;
    gj_r b = gj_let(g, w, gj_bitcast(g, x, w)), s16 = gj_int(g, w, 16), top = gj_let(g, w, gj_bin(g, GCC_JIT_BINARY_OP_RSHIFT, w, b, s16));
    gj_r up = gj_bin(g, GCC_JIT_BINARY_OP_PLUS, w, gj_bin(g, GCC_JIT_BINARY_OP_BITWISE_AND, w, top, gj_int(g, w, 1)), gj_int(g, w, 0x7fff));
    gj_r rounded = gj_let(g, w, gj_bin(g, GCC_JIT_BINARY_OP_RSHIFT, w, gj_bin(g, GCC_JIT_BINARY_OP_PLUS, w, b, up), s16));
    gj_r quiet = gj_bin(g, GCC_JIT_BINARY_OP_BITWISE_OR, w, top, gj_int(g, w, 0x40));
    gj_r out = gj_choose(g, DT_I32, gj_cmp(g, GCC_JIT_COMPARISON_NE, x, x), gj_cast(g, quiet, g->u->i32), gj_cast(g, rounded, g->u->i32));
    return gj_let(g, g->u->u16, gj_cast(g, out, g->u->u16));
}

static gj_r scalar_cast(struct gj_fn *g, enum dtype from, enum dtype to, gj_r x)
{
    static const char *const in[1] = { "v" };
    gj_t t = gj_scalar_type(g->u, to), w = g->u->u32;
    bool ff = dtype_is_float(from), tf = dtype_is_float(to);
    if ((from == DT_F16 || to == DT_F16) && !g->u->m.f16c)
        return NULL;
    if (to == DT_F16) {                 /* the other half of the register is 0 */
        gj_r h = gj_instruction(g, "vcvtps2ph $0, %1, %0", g->u->f32, "=v", 1, &x, in);
        return gj_let(g, t, gj_cast(g, gj_let(g, w, gj_bitcast(g, h, w)), t));
    }
    if (from == DT_F16) {
        gj_r h = gj_let(g, g->u->f32, gj_bitcast(g, gj_let(g, w, gj_cast(g, x, w)), g->u->f32));
        return gj_instruction(g, "vcvtph2ps %1, %0", g->u->f32, "=v", 1, &h, in);
    }
    if (to == DT_BF16)
        return bf16_of(g, x);
    if (from == DT_BF16)
        return gj_let(g, t, gj_bitcast(g, gj_let(g, w, gj_bin(g, GCC_JIT_BINARY_OP_LSHIFT, w, gj_cast(g, x, w), gj_int(g, w, 16))), t));
    if (to == DT_BOOL)
        return gj_let(g, t, gj_cmp(g, GCC_JIT_COMPARISON_NE, x, gcc_jit_context_zero(g->u->c, gj_scalar_type(g->u, from))));
    if (ff && !tf)
        return float_to_int(g, to, x);
    if (!ff && !tf && from != DT_BOOL)
        return int_to_int(g, from, to, x);
    if (from == DT_BOOL)
        x = gj_let(g, g->u->i32, gj_cast(g, x, g->u->i32));
    return gj_let(g, t, gj_cast(g, x, t));
}

/* ---- vectors ---- */

/* One instruction from n lanes to n lanes.  fix: the value where nothing is too large, what too large ones become. */
static const struct { u8 from, to; const char *text; bool evex, saturate; } row[] = {
    { DT_I32, DT_F32, "vcvtdq2ps %1, %0", false, false },   { DT_I32, DT_F64, "vcvtdq2pd %1, %0", false, false },
    { DT_F32, DT_F64, "vcvtps2pd %1, %0", false, false },   { DT_F64, DT_F32, "vcvtpd2ps %1, %0", false, false },
    { DT_I32, DT_I64, "vpmovsxdq %1, %0", false, false },   { DT_I64, DT_I32, "vpmovsqd %1, %0", true, false },
    { DT_I64, DT_F64, "vcvtqq2pd %1, %0", true, false },    { DT_I64, DT_F32, "vcvtqq2ps %1, %0", true, false },
    { DT_I8, DT_I32, "vpmovsxbd %1, %0", false, false },    { DT_U8, DT_I32, "vpmovzxbd %1, %0", false, false },
    { DT_F16, DT_F32, "vcvtph2ps %1, %0", false, false },   { DT_F32, DT_F16, "vcvtps2ph $0, %1, %0", false, false },
    { DT_F32, DT_I32, "vcvttps2dq %1, %0", true, true },    { DT_F64, DT_I32, "vcvttpd2dq %1, %0", true, true },
    { DT_F32, DT_I64, "vcvttps2qq %1, %0", true, true },    { DT_F64, DT_I64, "vcvttpd2qq %1, %0", true, true },
};

static u32 row_of(const struct gj_mach *m, enum dtype from, enum dtype to)
{
    u32 i = 0;
    while (i < COUNTOF(row) && (row[i].from != from || row[i].to != to || (row[i].evex ? !m->evex : !m->vex)))
        i++;
    return i;
}

bool gj_cast_vector(const struct gj_mach *m, struct ltype from, struct ltype to)
{
    u32 a = gj_part_lanes(m, from), b = gj_part_lanes(m, to);
    if (to.dtype == DT_BOOL || from.dtype == DT_BOOL)
        return false;
    u32 n = MIN(a, b);
    return n && n * dtype_bytes((enum dtype)from.dtype) >= 16 && n * dtype_bytes((enum dtype)to.dtype) >= 16 &&
           row_of(m, (enum dtype)from.dtype, (enum dtype)to.dtype) < COUNTOF(row);
}

/* Where x is at or above 2^31 (2^63): the largest integer; where it is a NaN: 0.  What is below the least came out as the least. */
static gj_r saturate(struct gj_fn *g, enum dtype from, enum dtype to, u32 n, gj_r x, gj_r out)
{
    static const char *const pair[2] = { "v", "vm" }, *const blend[3] = { "vm", "v", "Yk" }, *const keep[2] = { "v", "Yk" };
    gj_t m = gj_mask_type(g->u, n), t = gj_vector_type(g->u, to, n);
    gj_r most = gj_fill(g, from, n, real(g, gj_scalar_type(g->u, from), to == DT_I32 ? 2147483648.0 : 9223372036854775808.0));
    gj_r in[2] = { x, most }, self[2] = { x, x };
    gj_r high = gj_instruction(g, from == DT_F32 ? "vcmpps $29, %2, %1, %0" : "vcmppd $29, %2, %1, %0", m, "=Yk", 2, in, pair);
    gj_r number = gj_instruction(g, from == DT_F32 ? "vcmpps $7, %2, %1, %0" : "vcmppd $7, %2, %1, %0", m, "=Yk", 2, self, pair);
    gj_r three[3] = { gj_fill(g, to, n, gj_int(g, gj_scalar_type(g->u, to), to == DT_I32 ? INT32_MAX : INT64_MAX)), out, high };
    gj_r two[2] = { gj_instruction(g, to == DT_I32 ? "vpblendmd %1, %2, %0%{%3%}" : "vpblendmq %1, %2, %0%{%3%}", t, "=v", 3, three, blend), number };
    return gj_instruction(g, to == DT_I32 ? "vmovdqa32 %1, %0%{%2%}%{z%}" : "vmovdqa64 %1, %0%{%2%}%{z%}", t, "=v", 2, two, keep);
}

/* Two vectors of n lanes as one. */
static gj_r join(struct gj_fn *g, enum dtype d, u32 n, gj_r low, gj_r high)
{
    static const char *const from[2] = { "v", "v" };
    bool wide = n * dtype_bytes(d) == 32;
    gj_r in[2] = { low, high };
    return gj_instruction(g, wide ? "vinsertf64x4 $1, %2, %g1, %0" : g->u->m.evex ? "vinsertf64x2 $1, %2, %t1, %0" : "vinsertf128 $1, %2, %t1, %0",
                          gj_vector_type(g->u, d, 2 * n), "=v", 2, in, from);
}

static bool by_vectors(struct gj_fn *g, const struct loop_stmt *s, struct ltype from, struct ltype to)
{
    static const char *const in[1] = { "v" };
    if (!gj_cast_vector(&g->u->m, from, to))
        return false;
    enum dtype f = (enum dtype)from.dtype, d = (enum dtype)to.dtype;
    u32 a = gj_part_lanes(&g->u->m, from), b = gj_part_lanes(&g->u->m, to), n = MIN(a, b), which = row_of(&g->u->m, f, d);
    gj_r *x = gj_parts(g, s->arg[0]), *y = gj_list(g, to.lanes / n);
    gj_t t = gj_vector_type(g->u, d, n);
    for (u32 i = 0; i < to.lanes / n; i++) {
        gj_r one = gj_sub(g, f, a, x[i * n / a], i * n % a, n);
        y[i] = gj_instruction(g, row[which].text, t, "=v", 1, &one, in);
        if (row[which].saturate)
            y[i] = saturate(g, f, d, n, one, y[i]);
    }
    for (; n < b; n *= 2)
        for (u32 i = 0; i < to.lanes / n / 2; i++)
            y[i] = join(g, d, n, y[2 * i], y[2 * i + 1]);
    gj_set_parts(g, s->res, y);
    return true;
}

/* A mask to numbers: 1 where it is set. */
static bool from_mask(struct gj_fn *g, const struct loop_stmt *s, struct ltype from, struct ltype to)
{
    static const char *const in[2] = { "v", "Yk" };
    u32 n = gj_part_lanes(&g->u->m, to);
    const char *text = to.dtype == DT_F32 ? "vmovaps %1, %0%{%2%}%{z%}" : to.dtype == DT_F64 ? "vmovapd %1, %0%{%2%}%{z%}" :
                       to.dtype == DT_I32 ? "vmovdqa32 %1, %0%{%2%}%{z%}" : to.dtype == DT_I64 ? "vmovdqa64 %1, %0%{%2%}%{z%}" : NULL;
    if (!n || !text || !gj_has_masks(&g->u->m, from))
        return false;
    enum dtype d = (enum dtype)to.dtype;
    gj_t one = gj_scalar_type(g->u, d);
    gj_r ones = gj_fill(g, d, n, gcc_jit_context_one(g->u->c, one)), *out = gj_list(g, to.lanes / n);
    for (u32 i = 0; i < to.lanes / n; i++) {
        gj_r x[2] = { ones, gj_mask_part(g, s->arg[0], i * n, n) };
        out[i] = gj_instruction(g, text, gj_vector_type(g->u, d, n), "=v", 2, x, in);
    }
    gj_set_parts(g, s->res, out);
    return true;
}

void gj_cast_op(struct gj_fn *g, const struct loop_stmt *s)
{
    struct ltype to = gj_type(g, s->res), from = gj_type(g, s->arg[0]);
    if (by_vectors(g, s, from, to) || (from.dtype == DT_BOOL && from_mask(g, s, from, to)))
        return;
    gj_r *out = gj_list(g, to.lanes);
    for (u32 k = 0; k < to.lanes; k++) {
        out[k] = scalar_cast(g, (enum dtype)from.dtype, (enum dtype)to.dtype, gj_lane(g, s->arg[0], k));
        if (!out[k]) {
            g->cannot = g->cannot ? g->cannot : "cast";
            out[k] = gcc_jit_context_zero(g->u->c, gj_scalar_type(g->u, (enum dtype)to.dtype));
        }
    }
    gj_set_lanes(g, s->res, out);
}
