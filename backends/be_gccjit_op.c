/* be_gccjit_op.c - operations of loop IR through libgccjit.
 *
 * In: a statement whose arguments have values.  Out: its value.  Holds: the meaning of loop.def to the bit: no fast-math, no contraction;
 * a fused multiply-add is GCC's builtin on scalars and an instruction on vectors, where libgccjit has nothing that GCC could be held to.
 * Arithmetic and bits are GCC's own vectors; what these lack are rows of gccjit_x86.def, and where there is no row, lanes. */
#include "backends/be_gccjit.h"

#include "compiler/ir/op.h"

static const struct { u8 op, dtype; const char *vex, *evex; } row[] = {
#define X(op, dtype, vex, evex) { op, dtype, vex, evex },
#include "backends/gccjit_x86.def"
#undef X
};

static const char *instruction_of(const struct gj_mach *m, enum loop_op op, enum dtype d)
{
    for (u32 i = 0; i < COUNTOF(row); i++)
        if (row[i].op == op && row[i].dtype == d)
            return m->evex ? row[i].evex : m->vex ? row[i].vex : NULL;
    return NULL;
}

/* What GCC's own vectors do. */
static bool plain(enum loop_op op, enum gcc_jit_binary_op *out)
{
    static const struct { u8 op, gcc; } same[] = {
        { LO_IADD, GCC_JIT_BINARY_OP_PLUS }, { LO_ISUB, GCC_JIT_BINARY_OP_MINUS }, { LO_IMUL, GCC_JIT_BINARY_OP_MULT },
        { LO_FADD, GCC_JIT_BINARY_OP_PLUS }, { LO_FSUB, GCC_JIT_BINARY_OP_MINUS }, { LO_FMUL, GCC_JIT_BINARY_OP_MULT },
        { LO_FDIV, GCC_JIT_BINARY_OP_DIVIDE }, { LO_BSHL, GCC_JIT_BINARY_OP_LSHIFT }, { LO_BSHR, GCC_JIT_BINARY_OP_RSHIFT },
        { LO_BAND, GCC_JIT_BINARY_OP_BITWISE_AND }, { LO_BOR, GCC_JIT_BINARY_OP_BITWISE_OR },
    };
    for (u32 i = 0; i < COUNTOF(same); i++)
        if (same[i].op == op) {
            *out = (enum gcc_jit_binary_op)same[i].gcc;
            return true;
        }
    return false;
}

bool gj_vector_op(const struct gj_mach *m, enum loop_op op, struct ltype t)
{
    enum gcc_jit_binary_op any;
    if (t.dtype == DT_BOOL)
        return gj_has_masks(m, t);
    if (!gj_part_lanes(m, t))
        return false;
    switch (op) {
    case LO_FMA: return m->vex;
    case LO_FNEG: case LO_FABS: case LO_IDIV: case LO_IMOD: case LO_BITS: return true;
    case LO_CAST: return m->evex || (m->vex && (t.dtype == DT_F32 || t.dtype == DT_F64 || t.dtype == DT_I64));      /* from i32 mostly */
    default: return plain(op, &any) || instruction_of(m, op, (enum dtype)t.dtype);
    }
}

/* ---- scalars ---- */

static gj_r negative(struct gj_fn *g, gj_t t, gj_r x)
{
    return gcc_jit_context_new_unary_op(g->u->c, NULL, GCC_JIT_UNARY_OP_MINUS, t, x);
}

static gj_r invert(struct gj_fn *g, gj_t t, gj_r x)
{
    return gcc_jit_context_new_unary_op(g->u->c, NULL, GCC_JIT_UNARY_OP_BITWISE_NEGATE, t, x);
}

static gj_r not(struct gj_fn *g, gj_r x)
{
    return gcc_jit_context_new_unary_op(g->u->c, NULL, GCC_JIT_UNARY_OP_LOGICAL_NEGATE, g->u->b, x);
}

/* Without a branch: y ^ ((x ^ y) & -is), on bits. */
gj_r gj_choose(struct gj_fn *g, enum dtype d, gj_r is, gj_r x, gj_r y)
{
    gj_t t = gj_scalar_type(g->u, d), w = d == DT_F32 ? g->u->i32 : d == DT_F64 ? g->u->i64 : d == DT_BOOL ? g->u->u8 : t;
    if (d == DT_BOOL)
        x = gj_cast(g, x, w), y = gj_cast(g, y, w);
    else if (w != t)
        x = gj_bitcast(g, x, w), y = gj_bitcast(g, y, w);
    x = gj_let(g, w, x);
    y = gj_let(g, w, y);
    gj_r all = negative(g, w, gj_cast(g, is, w));
    gj_r out = gj_bin(g, GCC_JIT_BINARY_OP_BITWISE_XOR, w, y, gj_bin(g, GCC_JIT_BINARY_OP_BITWISE_AND, w, gj_bin(g, GCC_JIT_BINARY_OP_BITWISE_XOR, w, x, y), all));
    return gj_let(g, t, d == DT_BOOL ? gj_cast(g, out, t) : w != t ? gj_bitcast(g, out, t) : out);
}

static gj_r builtin(struct gj_fn *g, u32 which, bool wide, u32 n, gj_r *x)
{
    static const char *const name[4][2] = { { "__builtin_fmaf", "__builtin_fma" }, { "__builtin_sqrtf", "__builtin_sqrt" },
                                            { "__builtin_floorf", "__builtin_floor" }, { "__builtin_roundevenf", "__builtin_roundeven" } };
    gcc_jit_function **f = &g->u->builtin[which * 2 + wide];
    if (!*f)
        *f = gcc_jit_context_get_builtin_function(g->u->c, name[which][wide]);
    return gcc_jit_context_new_call(g->u->c, NULL, *f, (int)n, x);
}

/* Floored, divisor above 0. */
static gj_r divide(struct gj_fn *g, gj_t t, bool quotient, gj_r a, gj_r b)
{
    gj_r r = gj_let(g, t, gj_bin(g, GCC_JIT_BINARY_OP_MODULO, t, a, b));
    gj_r below = gj_let(g, t, gj_cast(g, gj_cmp(g, GCC_JIT_COMPARISON_LT, r, gj_int(g, t, 0)), t));
    return quotient ? gj_bin(g, GCC_JIT_BINARY_OP_MINUS, t, gj_bin(g, GCC_JIT_BINARY_OP_DIVIDE, t, a, b), below)
                    : gj_bin(g, GCC_JIT_BINARY_OP_PLUS, t, r, gj_bin(g, GCC_JIT_BINARY_OP_BITWISE_AND, t, b, negative(g, t, below)));
}

static bool power_of_two(i64 k)
{
    return k > 0 && !(k & (k - 1));
}

static gj_r extreme(struct gj_fn *g, enum dtype d, bool least, gj_r a, gj_r b)
{
    static const char *const text[2][2] = { { "vmaxss %2, %1, %0", "vminss %2, %1, %0" }, { "vmaxsd %2, %1, %0", "vminsd %2, %1, %0" } };
    static const char *const from[2] = { "v", "vm" };
    if (dtype_is_float(d) && g->u->m.vex) {
        gj_r in[2] = { a, b };
        return gj_instruction(g, text[d == DT_F64][least], gj_scalar_type(g->u, d), "=v", 2, in, from);
    }
    return gj_choose(g, d, gj_cmp(g, least ? GCC_JIT_COMPARISON_LT : GCC_JIT_COMPARISON_GT, a, b), a, b);
}

/* An operation on scalars; NULL: there is none. */
static gj_r scalar(struct gj_fn *g, enum loop_op op, enum dtype d, gj_r *x)
{
    gj_t t = gj_scalar_type(g->u, d);
    enum gcc_jit_binary_op two;
    bool wide = d == DT_F64;
    if (plain(op, &two))
        return gj_bin(g, two, t, x[0], x[1]);
    switch (op) {
    case LO_IDIV: case LO_IMOD: return divide(g, t, op == LO_IDIV, x[0], x[1]);
    case LO_IMIN: case LO_FMIN: return extreme(g, d, true, x[0], x[1]);
    case LO_IMAX: case LO_FMAX: return extreme(g, d, false, x[0], x[1]);
    case LO_ILT: case LO_FLT: return gj_cmp(g, GCC_JIT_COMPARISON_LT, x[0], x[1]);
    case LO_ILE: case LO_FLE: return gj_cmp(g, GCC_JIT_COMPARISON_LE, x[0], x[1]);
    case LO_IEQ: case LO_FEQ: return gj_cmp(g, GCC_JIT_COMPARISON_EQ, x[0], x[1]);
    case LO_FNE: return gj_cmp(g, GCC_JIT_COMPARISON_NE, x[0], x[1]);
    case LO_FMA: return g->u->m.fma ? builtin(g, 0, wide, 3, x) : NULL;
    case LO_FSQRT: return builtin(g, 1, wide, 1, x);
    case LO_FFLOOR: return g->u->m.sse41 ? builtin(g, 2, wide, 1, x) : NULL;
    case LO_FROUND: return g->u->m.sse41 ? builtin(g, 3, wide, 1, x) : NULL;
    case LO_FNEG: return negative(g, t, x[0]);
    case LO_FABS: return gcc_jit_context_new_unary_op(g->u->c, NULL, GCC_JIT_UNARY_OP_ABS, t, x[0]);
    case LO_AND: return gj_cast(g, gj_bin(g, GCC_JIT_BINARY_OP_BITWISE_AND, g->u->u8, gj_cast(g, x[0], g->u->u8), gj_cast(g, x[1], g->u->u8)), t);
    case LO_OR: return gj_cast(g, gj_bin(g, GCC_JIT_BINARY_OP_BITWISE_OR, g->u->u8, gj_cast(g, x[0], g->u->u8), gj_cast(g, x[1], g->u->u8)), t);
    case LO_NOT: return not(g, x[0]);
    case LO_SELECT: return gj_choose(g, d, x[0], x[1], x[2]);
    case LO_BITS: return gj_bitcast(g, x[0], t);
    default: return NULL;
    }
}

/* ---- vectors ---- */

/* a * b + c: over c, which is an accumulator most of the time, or, where c is a constant, over a. */
static gj_r fused(struct gj_fn *g, enum dtype d, gj_t t, const gj_r *x, bool constant)
{
    static const char *const text[2][2] = { { "vfmadd231ps %3, %2, %0", "vfmadd231pd %3, %2, %0" }, { "vfmadd213ps %3, %2, %0", "vfmadd213pd %3, %2, %0" } };
    static const char *const from[3] = { "0", "v", "vm" };
    gj_r in[2][3] = { { x[2], x[0], x[1] }, { x[0], x[1], x[2] } };
    return gj_instruction(g, text[constant][d == DT_F64], t, "=v", 3, in[constant], from);
}

/* One register's worth; NULL: there is no such instruction. */
static gj_r vector(struct gj_fn *g, enum loop_op op, struct ltype t, u32 lanes, const gj_r *x, const bool *constant)
{
    static const char *const from[3] = { "v", "vm", "v" }, *const one[1] = { "vm" };
    gj_t type = gj_vector_type(g->u, (enum dtype)t.dtype, lanes);
    enum gcc_jit_binary_op two;
    if (plain(op, &two))
        return gj_bin(g, two, type, x[0], x[1]);
    switch (op) {
    case LO_FNEG: return negative(g, type, x[0]);
    case LO_FABS: return gcc_jit_context_new_unary_op(g->u->c, NULL, GCC_JIT_UNARY_OP_ABS, type, x[0]);
    case LO_BITS: return gj_bitcast(g, x[0], type);
    case LO_FMA: return g->u->m.vex ? fused(g, (enum dtype)t.dtype, type, x, constant[2]) : NULL;
    default: break;
    }
    const char *text = instruction_of(&g->u->m, op, (enum dtype)t.dtype);
    u32 n = loop_ops[op].nargs;
    return text && op != LO_SELECT && loop_ops[op].class != 'C' ? gj_instruction(g, text, type, "=v", n, x, n == 1 ? one : from) : NULL;
}

static bool by_vectors(struct gj_fn *g, const struct loop_stmt *s, struct ltype t)
{
    enum loop_op op = (enum loop_op)s->op;
    u32 n = gj_part_lanes(&g->u->m, t), count = n ? t.lanes / n : 0;
    gj_r *part[3] = { 0 }, *out = gj_list(g, count);
    bool constant[3] = { 0 };
    if (!n || loop_ops[op].class == 'C' || op == LO_SELECT || op == LO_CAST || !gj_vector_op(&g->u->m, op, t))
        return false;
    if ((op == LO_IDIV || op == LO_IMOD) && (!g->val[s->arg[1]].known || !power_of_two(g->val[s->arg[1]].k)))
        return false;
    for (u32 i = 0; i < s->narg; i++) {
        part[i] = gj_parts(g, s->arg[i]);
        constant[i] = g->val[s->arg[i]].constant;
    }
    gj_t type = gj_vector_type(g->u, (enum dtype)t.dtype, n);
    gj_r by = NULL;
    if (op == LO_IDIV || op == LO_IMOD) {
        i64 k = g->val[s->arg[1]].k;
        by = gj_fill(g, (enum dtype)t.dtype, n, gj_int(g, gj_scalar_type(g->u, (enum dtype)t.dtype), op == LO_IDIV ? __builtin_ctzll((u64)k) : k - 1));
    }
    for (u32 i = 0; i < count; i++) {
        gj_r x[3] = { part[0] ? part[0][i] : NULL, part[1] ? part[1][i] : NULL, part[2] ? part[2][i] : NULL };
        gj_r y = by ? gj_bin(g, op == LO_IDIV ? GCC_JIT_BINARY_OP_RSHIFT : GCC_JIT_BINARY_OP_BITWISE_AND, type, x[0], by) : vector(g, op, t, n, x, constant);
        if (!y)
            return false;
        out[i] = gj_let(g, type, y);
    }
    gj_set_parts(g, s->res, out);
    return true;
}

/* A comparison into a mask: part by part, put together by shifts. */
static bool compare_vectors(struct gj_fn *g, const struct loop_stmt *s)
{
    static const char *const from[2] = { "v", "vm" };
    struct ltype t = gj_type(g, s->arg[0]);
    u32 n = gj_part_lanes(&g->u->m, t);
    const char *text = n ? instruction_of(&g->u->m, (enum loop_op)s->op, (enum dtype)t.dtype) : NULL;
    if (!text || !g->u->m.evex)
        return false;
    gj_r *a = gj_parts(g, s->arg[0]), *b = gj_parts(g, s->arg[1]), all = NULL;
    gj_t m = gj_mask_type(g->u, n), whole = gj_mask_type(g->u, t.lanes);
    for (u32 i = 0; i < t.lanes / n; i++) {
        gj_r in[2] = { a[i], b[i] }, k = gj_instruction(g, text, m, "=Yk", 2, in, from);
        k = m == whole ? k : gj_cast(g, k, whole);
        all = i ? gj_bin(g, GCC_JIT_BINARY_OP_BITWISE_OR, whole, all, gj_bin(g, GCC_JIT_BINARY_OP_LSHIFT, whole, k, gj_int(g, whole, i * n))) : k;
    }
    gj_set_mask(g, s->res, gj_let(g, whole, all));
    return true;
}

/* A choice by a scalar: by bits, with a vector that is all ones or none. */
static bool select_by_scalar(struct gj_fn *g, const struct loop_stmt *s, struct ltype t)
{
    u32 n = gj_part_lanes(&g->u->m, t), bytes = dtype_bytes((enum dtype)t.dtype);
    if (!n || bytes < 4)
        return false;
    enum dtype d = bytes == 8 ? DT_I64 : DT_I32;
    gj_t w = gj_vector_type(g->u, d, n), type = gj_vector_type(g->u, (enum dtype)t.dtype, n), one = gj_scalar_type(g->u, d);
    gj_r all = gj_fill(g, d, n, gj_let(g, one, negative(g, one, gj_cast(g, gj_lane(g, s->arg[0], 0), one))));
    gj_r *x = gj_parts(g, s->arg[1]), *y = gj_parts(g, s->arg[2]), *out = gj_list(g, t.lanes / n);
    for (u32 i = 0; i < t.lanes / n; i++) {
        gj_r a = x[i], b = y[i];
        if (w != type)
            a = gj_let(g, w, gj_bitcast(g, a, w)), b = gj_let(g, w, gj_bitcast(g, b, w));
        gj_r z = gj_bin(g, GCC_JIT_BINARY_OP_BITWISE_XOR, w, b, gj_bin(g, GCC_JIT_BINARY_OP_BITWISE_AND, w, gj_bin(g, GCC_JIT_BINARY_OP_BITWISE_XOR, w, a, b), all));
        out[i] = gj_let(g, type, w != type ? gj_bitcast(g, gj_let(g, w, z), type) : z);
    }
    gj_set_parts(g, s->res, out);
    return true;
}

static bool select_vectors(struct gj_fn *g, const struct loop_stmt *s, struct ltype t)
{
    static const char *const from[3] = { "vm", "v", "Yk" };
    if (t.dtype == DT_BOOL || gj_type(g, s->arg[0]).lanes == 1)
        return t.dtype != DT_BOOL && select_by_scalar(g, s, t);
    u32 n = gj_part_lanes(&g->u->m, t);
    const char *text = n ? instruction_of(&g->u->m, LO_SELECT, (enum dtype)t.dtype) : NULL;
    if (!text || !g->u->m.evex)
        return false;
    gj_r *x = gj_parts(g, s->arg[1]), *y = gj_parts(g, s->arg[2]), *out = gj_list(g, t.lanes / n);
    for (u32 i = 0; i < t.lanes / n; i++) {
        gj_r in[3] = { x[i], y[i], gj_mask_part(g, s->arg[0], i * n, n) };
        out[i] = gj_instruction(g, text, gj_vector_type(g->u, (enum dtype)t.dtype, n), "=v", 3, in, from);
    }
    gj_set_parts(g, s->res, out);
    return true;
}

/* Logic on masks. */
static bool by_masks(struct gj_fn *g, const struct loop_stmt *s, struct ltype t)
{
    if (!gj_has_masks(&g->u->m, t) || (loop_ops[s->op].class != 'B'))
        return false;
    gj_t m = gj_mask_type(g->u, t.lanes);
    gj_r out;
    if (s->op == LO_SELECT) {
        gj_r c = gj_type(g, s->arg[0]).lanes == 1 ? gj_let(g, m, negative(g, m, gj_cast(g, gj_lane(g, s->arg[0], 0), m))) : gj_mask(g, s->arg[0]);
        gj_r x = gj_mask(g, s->arg[1]), y = gj_mask(g, s->arg[2]);
        out = gj_bin(g, GCC_JIT_BINARY_OP_BITWISE_XOR, m, y, gj_bin(g, GCC_JIT_BINARY_OP_BITWISE_AND, m, gj_bin(g, GCC_JIT_BINARY_OP_BITWISE_XOR, m, x, y), c));
    } else if (s->op == LO_NOT) {
        out = invert(g, m, gj_mask(g, s->arg[0]));
    } else {
        gj_r a = gj_mask(g, s->arg[0]), b = gj_mask(g, s->arg[1]);
        out = gj_bin(g, s->op == LO_AND ? GCC_JIT_BINARY_OP_BITWISE_AND : GCC_JIT_BINARY_OP_BITWISE_OR, m, a, b);
    }
    gj_set_mask(g, s->res, gj_let(g, m, out));
    return true;
}

/* Lane by lane; false: not on scalars either. */
static bool by_lanes(struct gj_fn *g, const struct loop_stmt *s, struct ltype t)
{
    gj_r *out = gj_list(g, t.lanes);
    gj_t type = gj_scalar_type(g->u, (enum dtype)t.dtype);
    for (u32 k = 0; k < t.lanes; k++) {
        gj_r x[3] = { 0 };
        for (u32 i = 0; i < s->narg; i++)
            x[i] = gj_lane(g, s->arg[i], gj_type(g, s->arg[i]).lanes == 1 ? 0 : k);
        gj_r y = scalar(g, (enum loop_op)s->op, (enum dtype)t.dtype, x);
        if (!y)
            return false;
        out[k] = gj_let(g, type, y);
    }
    gj_set_lanes(g, s->res, out);
    return true;
}

/* ---- constants and shapes ---- */

static void constant(struct gj_fn *g, const struct loop_stmt *s, struct ltype t)
{
    gj_t type = gj_scalar_type(g->u, (enum dtype)t.dtype);
    gj_r *lane = gj_list(g, t.lanes);
    for (u32 k = 0; k < t.lanes; k++)
        lane[k] = s->op == LO_FCONST ? gcc_jit_context_new_rvalue_from_double(g->u->c, type, s->r) : gj_int(g, type, s->op == LO_IOTA ? (i64)k : s->i);
    gj_set_lanes(g, s->res, lane);
    g->val[s->res].constant = true;
    g->val[s->res].known = s->op == LO_ICONST;
    g->val[s->res].k = s->i;
}

static void splat(struct gj_fn *g, const struct loop_stmt *s, struct ltype t)
{
    const struct gj_val *from = &g->val[s->arg[0]];
    bool known = from->known, is_constant = from->constant;
    i64 k = from->k;
    u32 n = gj_part_lanes(&g->u->m, t);
    gj_r x = gj_lane(g, s->arg[0], 0), *all = gj_list(g, t.lanes), filled = n && !is_constant ? gj_fill(g, (enum dtype)t.dtype, n, x) : NULL;
    for (u32 i = 0; i < t.lanes; i++)
        all[i] = filled ? filled : x;
    if (filled)
        gj_set_filled(g, s->res, all, x);
    else
        gj_set_lanes(g, s->res, all);
    g->val[s->res].known = known;
    g->val[s->res].constant = is_constant;
    g->val[s->res].k = k;
}

/* By halves: parts with parts, then halves of one, then scalars. */
static void reduce(struct gj_fn *g, const struct loop_stmt *s, struct ltype t)
{
    enum dtype d = (enum dtype)t.dtype;
    bool is_float = dtype_is_float(d);
    enum loop_op op = s->u == RED_ADD ? (is_float ? LO_FADD : LO_IADD) : s->u == RED_MUL ? (is_float ? LO_FMUL : LO_IMUL)
                    : s->u == RED_MIN ? (is_float ? LO_FMIN : LO_IMIN) : (is_float ? LO_FMAX : LO_IMAX);
    u32 n = gj_part_lanes(&g->u->m, t), left = t.lanes;
    static const bool no[3];
    gj_r lane[LOOP_LANES];
    if (n && gj_vector_op(&g->u->m, op, t)) {
        gj_r *from = gj_parts(g, s->arg[0]), part[GJ_PARTS];
        memcpy(part, from, t.lanes / n * sizeof *part);
        for (; left > n; left /= 2)
            for (u32 i = 0; i < left / n / 2; i++) {
                gj_r x[3] = { part[i], part[i + left / n / 2] };
                part[i] = gj_let(g, gj_vector_type(g->u, d, n), vector(g, op, t, n, x, no));
            }
        for (; left > 2 && left / 2 * dtype_bytes(d) >= 16; left /= 2) {
            gj_r x[3] = { gj_sub(g, d, left, part[0], 0, left / 2), gj_sub(g, d, left, part[0], left / 2, left / 2) };
            part[0] = gj_let(g, gj_vector_type(g->u, d, left / 2), vector(g, op, t, left / 2, x, no));
        }
        gj_vector_lanes(g, d, left, part[0], lane);
    } else {
        memcpy(lane, gj_lanes(g, s->arg[0]), t.lanes * sizeof *lane);
    }
    for (; left > 1; left /= 2)
        for (u32 i = 0; i < left / 2; i++) {
            gj_r x[3] = { lane[i], lane[i + left / 2] };
            lane[i] = gj_let(g, gj_scalar_type(g->u, d), scalar(g, op, d, x));
        }
    gj_set_scalar(g, s->res, lane[0]);
}

static void insert(struct gj_fn *g, const struct loop_stmt *s, struct ltype t)
{
    gj_r *from = gj_lanes(g, s->arg[0]), x = gj_lane(g, s->arg[1], 0), *lane = gj_list(g, t.lanes);
    memcpy(lane, from, t.lanes * sizeof *lane);
    lane[s->u] = x;
    gj_set_lanes(g, s->res, lane);
}

/* ---- all ---- */

/* Integers that are known stay so: loops are unrolled by them. */
static bool fold(struct gj_fn *g, const struct loop_stmt *s, struct ltype t)
{
    if (t.dtype != DT_I64 || t.lanes != 1 || s->narg != 2 || !g->val[s->arg[0]].known || !g->val[s->arg[1]].known)
        return false;
    i64 a = g->val[s->arg[0]].k, b = g->val[s->arg[1]].k, k;
    switch ((enum loop_op)s->op) {
    case LO_IADD: k = (i64)((u64)a + (u64)b); break;
    case LO_ISUB: k = (i64)((u64)a - (u64)b); break;
    case LO_IMUL: k = (i64)((u64)a * (u64)b); break;
    case LO_IMIN: k = MIN(a, b); break;
    case LO_IMAX: k = MAX(a, b); break;
    case LO_IDIV: if (b <= 0) return false; k = a / b - (a % b < 0); break;
    case LO_IMOD: if (b <= 0) return false; k = a % b + (a % b < 0 ? b : 0); break;
    default: return false;
    }
    gj_set_scalar(g, s->res, gj_int(g, g->u->i64, k));
    g->val[s->res].known = g->val[s->res].constant = true;
    g->val[s->res].k = k;
    return true;
}

void gj_op(struct gj_fn *g, const struct loop_stmt *s)
{
    struct ltype t = gj_type(g, s->res);
    switch ((enum loop_op)s->op) {
    case LO_ICONST: case LO_FCONST: case LO_IOTA: constant(g, s, t); return;
    case LO_SYM: gj_set_scalar(g, s->res, g->sym[s->u]); return;
    case LO_TAB: {
        gj_l at = gcc_jit_context_new_array_access(g->u->c, NULL, g->tab[s->u], gj_lane(g, s->arg[0], 0));
        gj_set_scalar(g, s->res, gj_let(g, g->u->i64, gj_cast(g, gcc_jit_lvalue_as_rvalue(at), g->u->i64)));
        return;
    }
    case LO_SPLAT: splat(g, s, t); return;
    case LO_REDUCE: reduce(g, s, gj_type(g, s->arg[0])); return;
    case LO_LANE: gj_set_scalar(g, s->res, gj_lane(g, s->arg[0], s->u)); return;
    case LO_INSERT: insert(g, s, t); return;
    case LO_CAST: gj_cast_op(g, s); return;
    default: break;
    }
    if (fold(g, s, t) || by_masks(g, s, t) || (loop_ops[s->op].class == 'C' && compare_vectors(g, s)) || (s->op == LO_SELECT && select_vectors(g, s, t)) ||
        by_vectors(g, s, t) || by_lanes(g, s, t))
        return;
    g->cannot = g->cannot ? g->cannot : loop_ops[s->op].word;
    gj_r *none = gj_list(g, t.lanes);
    for (u32 k = 0; k < t.lanes; k++)
        none[k] = gcc_jit_context_zero(g->u->c, gj_scalar_type(g->u, (enum dtype)t.dtype));
    gj_set_lanes(g, s->res, none);
}
