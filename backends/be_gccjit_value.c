/* be_gccjit_value.c - the forms of a loop value: vectors that fill registers, lanes as scalars, masks as integers.
 *
 * In: a value in one form.  Out: the form that is asked for, made from one that is there.  libgccjit has vectors, but nothing that takes one apart or
 * tests one: a lane is read through the address of a variable, which GCC turns into a move between registers.
 *
 *     f32x32 on AVX-512    part: v16sf, v16sf         f32x2     lane: float, float
 *     boolx32              mask: an unsigned int      u8x8      lane: eight unsigned chars
 *
 * Inserting a lane and taking one out of a list of lanes are no code at all, so what loop_legalize does lane by lane becomes a list, and a
 * vector again when somebody wants one.  Holds: a form is used only where the region it was made in is open. */
#include "backends/be_gccjit.h"

#include "compiler/base/arena.h"

#include <stdio.h>

/* ---- types ---- */

gj_t gj_scalar_type(const struct gj_unit *u, enum dtype d)
{
    switch (d) {
    case DT_F64: return u->f64;
    case DT_F32: return u->f32;
    case DT_F16: case DT_BF16: return u->u16;
    case DT_I64: return u->i64;
    case DT_I32: return u->i32;
    case DT_I8: return u->i8;
    case DT_U8: return u->u8;
    case DT_BOOL: return u->b;
    default: BUG("no such dtype %d", (int)d);
    }
}

static u32 log2_of(u32 n)
{
    return (u32)__builtin_ctz(n);
}

gj_t gj_vector_type(struct gj_unit *u, enum dtype d, u32 lanes)
{
    gj_t *t = &u->vector[d][log2_of(lanes)];
    if (!*t)
        *t = gcc_jit_type_get_vector(gj_scalar_type(u, d), lanes);
    return *t;
}

gj_t gj_packed_type(struct gj_unit *u, enum dtype d, u32 lanes)
{
    gj_t *t = &u->packed[d][log2_of(lanes)];
    if (!*t)
        *t = gcc_jit_type_get_aligned(gj_vector_type(u, d, lanes), dtype_bytes(d));
    return *t;
}

gj_t gj_mask_type(const struct gj_unit *u, u32 lanes)
{
    return lanes <= 8 ? u->u8 : lanes <= 16 ? u->u16 : lanes <= 32 ? u->u32 : u->u64;
}

u32 gj_part_lanes(const struct gj_mach *m, struct ltype t)
{
    u32 bytes = dtype_bytes((enum dtype)t.dtype), most = m->vector_bytes / MAX(bytes, 4), lanes = MIN(t.lanes, most);
    return t.dtype != DT_BOOL && lanes * bytes >= 16 ? lanes : 0;
}

bool gj_has_masks(const struct gj_mach *m, struct ltype t)
{
    return t.dtype == DT_BOOL && t.lanes > 1 && m->evex;
}

struct ltype gj_type(const struct gj_fn *g, lval v)
{
    return g->f->val.at[v];
}

/* ---- expressions ---- */

gj_r *gj_list(struct gj_fn *g, u32 n)
{
    return NEW_ARRAY(g->tmp, gj_r, n);
}

gj_l gj_local(struct gj_fn *g, gj_t t)
{
    char name[24];
    snprintf(name, sizeof name, "t%u", g->nlocal++);
    return gcc_jit_function_new_local(g->fn, NULL, t, name);
}

gj_r gj_let(struct gj_fn *g, gj_t t, gj_r x)
{
    gj_l v = gj_local(g, t);
    gcc_jit_block_add_assignment(g->at, NULL, v, x);
    return gcc_jit_lvalue_as_rvalue(v);
}

gj_r gj_int(const struct gj_fn *g, gj_t t, i64 k)
{
    return gcc_jit_context_new_rvalue_from_long(g->u->c, t, k);
}

gj_r gj_cast(const struct gj_fn *g, gj_r x, gj_t t)
{
    return gcc_jit_context_new_cast(g->u->c, NULL, x, t);
}

gj_r gj_bitcast(const struct gj_fn *g, gj_r x, gj_t t)
{
    return gcc_jit_context_new_bitcast(g->u->c, NULL, x, t);
}

gj_r gj_bin(const struct gj_fn *g, enum gcc_jit_binary_op op, gj_t t, gj_r a, gj_r b)
{
    return gcc_jit_context_new_binary_op(g->u->c, NULL, op, t, a, b);
}

gj_r gj_cmp(const struct gj_fn *g, enum gcc_jit_comparison op, gj_r a, gj_r b)
{
    return gcc_jit_context_new_comparison(g->u->c, NULL, op, a, b);
}

gj_r gj_fill(struct gj_fn *g, enum dtype d, u32 lanes, gj_r x)
{
    gj_r all[LOOP_LANES];
    for (u32 k = 0; k < lanes; k++)
        all[k] = x;
    gj_t t = gj_vector_type(g->u, d, lanes);
    return gj_let(g, t, gcc_jit_context_new_rvalue_from_vector(g->u->c, NULL, t, lanes, all));
}

/* A pointer to a variable that holds x. */
static gj_r address(struct gj_fn *g, gj_t t, gj_r x)
{
    gj_l v = gj_local(g, t);
    gcc_jit_block_add_assignment(g->at, NULL, v, x);
    return gcc_jit_lvalue_get_address(v, NULL);
}

gj_r gj_sub(struct gj_fn *g, enum dtype d, u32 from_lanes, gj_r x, u32 first, u32 lanes)
{
    gj_t t = gj_vector_type(g->u, d, lanes);
    if (from_lanes == lanes)
        return x;
    gj_r p = gj_cast(g, address(g, gj_vector_type(g->u, d, from_lanes), x), gcc_jit_type_get_pointer(t));
    return gj_let(g, t, gcc_jit_lvalue_as_rvalue(gcc_jit_context_new_array_access(g->u->c, NULL, p, gj_int(g, g->u->i64, first / lanes))));
}

void gj_vector_lanes(struct gj_fn *g, enum dtype d, u32 lanes, gj_r x, gj_r *out)
{
    gj_t s = gj_scalar_type(g->u, d);
    gj_r p = gj_cast(g, address(g, gj_vector_type(g->u, d, lanes), x), gcc_jit_type_get_pointer(s));
    for (u32 k = 0; k < lanes; k++)
        out[k] = gj_let(g, s, gcc_jit_lvalue_as_rvalue(gcc_jit_context_new_array_access(g->u->c, NULL, p, gj_int(g, g->u->i64, k))));
}

gj_r gj_instruction(struct gj_fn *g, const char *text, gj_t out, const char *constraint, u32 n, const gj_r *in, const char *const *in_constraint)
{
    gj_l v = gj_local(g, out);
    gcc_jit_extended_asm *s = gcc_jit_block_add_extended_asm(g->at, NULL, text);
    gcc_jit_extended_asm_add_output_operand(s, NULL, constraint, v);
    for (u32 i = 0; i < n; i++)
        gcc_jit_extended_asm_add_input_operand(s, NULL, in_constraint[i], in[i]);
    return gcc_jit_lvalue_as_rvalue(v);
}

/* ---- regions ---- */

u32 gj_push_region(struct gj_fn *g)
{
    if (g->depth == g->room) {
        g->room = g->room ? 2 * g->room : 16;
        u32 *more = NEW_ARRAY(g->tmp, u32, g->room);
        if (g->depth)
            memcpy(more, g->open, g->depth * sizeof *more);
        g->open = more;
    }
    g->region = ++g->nregion;
    g->open[g->depth++] = g->region;
    return g->region;
}

void gj_pop_region(struct gj_fn *g)
{
    g->depth--;
    g->region = g->depth ? g->open[g->depth - 1] : 0;
}

static bool there(const struct gj_fn *g, const struct gj_form *f)
{
    for (u32 i = g->depth; f->at && i-- > 0;)
        if (g->open[i] == f->region)
            return true;
    return false;
}

/* ---- forms ---- */

static void fresh(struct gj_fn *g, lval v)
{
    g->val[v] = (struct gj_val){ 0 };
}

static void enter(struct gj_fn *g, struct gj_form *f, gj_r *at)
{
    *f = (struct gj_form){ at, g->region };
}

void gj_set_parts(struct gj_fn *g, lval v, gj_r *part)
{
    fresh(g, v);
    enter(g, &g->val[v].part, part);
}

void gj_set_lanes(struct gj_fn *g, lval v, gj_r *lane)
{
    fresh(g, v);
    g->val[v].lanes_only = true;
    enter(g, &g->val[v].lane, lane);
}

void gj_set_filled(struct gj_fn *g, lval v, gj_r *part, gj_r x)
{
    u32 n = gj_type(g, v).lanes;
    gj_r *lane = gj_list(g, n);
    for (u32 k = 0; k < n; k++)
        lane[k] = x;
    gj_set_parts(g, v, part);
    enter(g, &g->val[v].lane, lane);
}

void gj_set_scalar(struct gj_fn *g, lval v, gj_r x)
{
    gj_r *lane = gj_list(g, 1);
    lane[0] = x;
    gj_set_lanes(g, v, lane);
}

void gj_set_mask(struct gj_fn *g, lval v, gj_r mask)
{
    gj_r *one = gj_list(g, 1);
    one[0] = mask;
    fresh(g, v);
    enter(g, &g->val[v].mask, one);
}

/* The lanes taken out so far. */
static gj_r *some_lanes(struct gj_fn *g, lval v)
{
    struct gj_form *f = &g->val[v].lane;
    if (g->val[v].lanes_only || (there(g, f) && f->region == g->region))
        return f->at;
    gj_r *lane = gj_list(g, gj_type(g, v).lanes);
    if (there(g, f))
        memcpy(lane, f->at, gj_type(g, v).lanes * sizeof *lane);
    enter(g, f, lane);
    return lane;
}

gj_r gj_lane(struct gj_fn *g, lval v, u32 k)
{
    struct ltype t = gj_type(g, v);
    gj_r *lane = some_lanes(g, v);
    CHECK(lane);
    if (lane[k])
        return lane[k];
    gj_t s = gj_scalar_type(g->u, (enum dtype)t.dtype);
    if (t.dtype == DT_BOOL) {
        gj_t m = gj_mask_type(g->u, t.lanes);
        gj_r bit = gj_bin(g, GCC_JIT_BINARY_OP_BITWISE_AND, m, g->val[v].mask.at[0], gj_int(g, m, (i64)((u64)1 << k)));
        lane[k] = gj_let(g, s, gj_cmp(g, GCC_JIT_COMPARISON_NE, bit, gj_int(g, m, 0)));
    } else {
        u32 n = gj_part_lanes(&g->u->m, t);
        gj_r p = gj_cast(g, address(g, gj_vector_type(g->u, (enum dtype)t.dtype, n), g->val[v].part.at[k / n]), gcc_jit_type_get_pointer(s));
        lane[k] = gj_let(g, s, gcc_jit_lvalue_as_rvalue(gcc_jit_context_new_array_access(g->u->c, NULL, p, gj_int(g, g->u->i64, k % n))));
    }
    return lane[k];
}

gj_r *gj_lanes(struct gj_fn *g, lval v)
{
    for (u32 k = 0; k < gj_type(g, v).lanes; k++)
        gj_lane(g, v, k);
    return g->val[v].lane.at;
}

gj_r *gj_parts(struct gj_fn *g, lval v)
{
    struct gj_form *f = &g->val[v].part;
    struct ltype t = gj_type(g, v);
    u32 n = gj_part_lanes(&g->u->m, t);
    if (there(g, f))
        return f->at;
    gj_r *lane = gj_lanes(g, v), *part = gj_list(g, t.lanes / n);
    gj_t type = gj_vector_type(g->u, (enum dtype)t.dtype, n);
    for (u32 i = 0; i < t.lanes / n; i++)
        part[i] = gj_let(g, type, gcc_jit_context_new_rvalue_from_vector(g->u->c, NULL, type, n, lane + i * n));
    enter(g, f, part);
    return part;
}

gj_r gj_mask(struct gj_fn *g, lval v)
{
    struct gj_form *f = &g->val[v].mask;
    if (there(g, f))
        return f->at[0];
    struct ltype t = gj_type(g, v);
    gj_r *lane = gj_lanes(g, v), *one = gj_list(g, 1);
    gj_t m = gj_mask_type(g->u, t.lanes);
    gj_r all = gj_cast(g, lane[0], m);
    for (u32 k = 1; k < t.lanes; k++)
        all = gj_bin(g, GCC_JIT_BINARY_OP_BITWISE_OR, m, all, gj_bin(g, GCC_JIT_BINARY_OP_LSHIFT, m, gj_cast(g, lane[k], m), gj_int(g, m, k)));
    one[0] = gj_let(g, m, all);
    enter(g, f, one);
    return one[0];
}

gj_r gj_mask_part(struct gj_fn *g, lval v, u32 first, u32 lanes)
{
    struct ltype t = gj_type(g, v);
    gj_t whole = gj_mask_type(g->u, t.lanes), m = gj_mask_type(g->u, lanes);
    gj_r x = gj_mask(g, v);
    if (first)
        x = gj_bin(g, GCC_JIT_BINARY_OP_RSHIFT, whole, x, gj_int(g, whole, first));
    return whole == m && !first ? x : gj_let(g, m, whole == m ? x : gj_cast(g, x, m));
}

/* ---- variables ---- */

u32 gj_variables(struct gj_fn *g, struct ltype t, gj_l *out)
{
    u32 n = gj_part_lanes(&g->u->m, t), count = t.lanes;
    gj_t type = gj_scalar_type(g->u, (enum dtype)t.dtype);
    if (gj_has_masks(&g->u->m, t)) {
        count = 1;
        type = gj_mask_type(g->u, t.lanes);
    } else if (t.lanes > 1 && n) {
        count = t.lanes / n;
        type = gj_vector_type(g->u, (enum dtype)t.dtype, n);
    }
    for (u32 i = 0; i < count; i++)
        out[i] = gj_local(g, type);
    return count;
}

u32 gj_contents(struct gj_fn *g, lval v, gj_r *out)
{
    struct ltype t = gj_type(g, v);
    u32 n = gj_part_lanes(&g->u->m, t), count = t.lanes;
    gj_r *from, one;
    if (gj_has_masks(&g->u->m, t)) {
        count = 1;
        one = gj_mask(g, v);
        from = &one;
    } else if (t.lanes > 1 && n) {
        count = t.lanes / n;
        from = gj_parts(g, v);
    } else {
        from = gj_lanes(g, v);
    }
    for (u32 i = 0; i < count; i++)
        out[i] = from[i];
    return count;
}

void gj_set_variables(struct gj_fn *g, lval v, gj_l *from)
{
    struct ltype t = gj_type(g, v);
    u32 n = gj_part_lanes(&g->u->m, t), count = gj_has_masks(&g->u->m, t) ? 1 : t.lanes > 1 && n ? t.lanes / n : t.lanes;
    gj_r *x = gj_list(g, count);
    for (u32 i = 0; i < count; i++)
        x[i] = gcc_jit_lvalue_as_rvalue(from[i]);
    if (gj_has_masks(&g->u->m, t))
        gj_set_mask(g, v, x[0]);
    else if (t.lanes > 1 && n)
        gj_set_parts(g, v, x);
    else
        gj_set_lanes(g, v, x);
}
