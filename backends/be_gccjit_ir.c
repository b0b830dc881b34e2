/* be_gccjit_ir.c - a loop function as a libgccjit function: structure, memory, arguments.
 *
 * In: a verified, legalized function.  Out: void f(void *args, i64 lo, i64 hi, void *scratch) as blocks and variables.  What is carried around a loop
 * is variables that its end assigns:
 *
 *   (for v3 (lo v1) (hi v2) (step 8) (carry (v5 v4)) (results v6) body (yield v7))
 *
 *       v3 = lo; v5 = v4; if (lo < hi) goto body; else goto after;
 *   body:  ..  next = v7; v5 = next; v3 += 8; if (v3 < hi) goto body; else goto after;
 *   after: v6 is v5
 *
 * Masked accesses are instructions where there are masks, else a branch a lane. */
#include "backends/be_gccjit.h"

#include "compiler/ir/op.h"

enum { UNROLL_MOST = 64 };

static gcc_jit_block *new_block(struct gj_fn *g)
{
    return gcc_jit_function_new_block(g->fn, NULL);
}

static void assign(struct gj_fn *g, gj_l to, gj_r x)
{
    gcc_jit_block_add_assignment(g->at, NULL, to, x);
}

static gj_r value_of(gj_l v)
{
    return gcc_jit_lvalue_as_rvalue(v);
}

static void branch(struct gj_fn *g, gj_r is, gcc_jit_block *yes, gcc_jit_block *no)
{
    gcc_jit_block_end_with_conditional(g->at, NULL, is, yes, no);
}

static void jump(struct gj_fn *g, gcc_jit_block *to)
{
    gcc_jit_block_end_with_jump(g->at, NULL, to);
}

/* ---- memory ---- */

/* bool is a byte in memory. */
static enum dtype stored_as(enum dtype d)
{
    return d == DT_BOOL ? DT_U8 : d;
}

struct access { bool load; lval v, mask, index; u32 buf; enum dtype d; struct ltype t; gj_r off; bool known; i64 k; };

static gj_l element(struct gj_fn *g, const struct access *x, gj_r index)
{
    return gcc_jit_context_new_array_access(g->u->c, NULL, g->base[x->buf], index);
}

static gj_r offset_plus(struct gj_fn *g, const struct access *x, i64 k)
{
    gj_t w = g->u->i64;
    return x->known ? gj_int(g, w, x->k + k) : k ? gj_bin(g, GCC_JIT_BINARY_OP_PLUS, w, x->off, gj_int(g, w, k)) : x->off;
}

/* A register's worth of memory from lane k on. */
static gj_l packed(struct gj_fn *g, const struct access *x, u32 k, u32 lanes)
{
    gj_t p = gcc_jit_type_get_pointer(gj_packed_type(g->u, x->d, lanes));
    gj_r at = gcc_jit_lvalue_get_address(element(g, x, offset_plus(g, x, k)), NULL);
    return gcc_jit_rvalue_dereference(gj_cast(g, at, p), NULL);
}

static const char *masked_move(enum dtype d, bool load)
{
    static const char *const text[][2] = {
        [DT_F64] = { "vmovupd %1, %0%{%2%}", "vmovupd %1, %0%{%2%}%{z%}" },     [DT_F32] = { "vmovups %1, %0%{%2%}", "vmovups %1, %0%{%2%}%{z%}" },
        [DT_F16] = { "vmovdqu16 %1, %0%{%2%}", "vmovdqu16 %1, %0%{%2%}%{z%}" }, [DT_BF16] = { "vmovdqu16 %1, %0%{%2%}", "vmovdqu16 %1, %0%{%2%}%{z%}" },
        [DT_I64] = { "vmovdqu64 %1, %0%{%2%}", "vmovdqu64 %1, %0%{%2%}%{z%}" }, [DT_I32] = { "vmovdqu32 %1, %0%{%2%}", "vmovdqu32 %1, %0%{%2%}%{z%}" },
        [DT_I8] = { "vmovdqu8 %1, %0%{%2%}", "vmovdqu8 %1, %0%{%2%}%{z%}" },    [DT_U8] = { "vmovdqu8 %1, %0%{%2%}", "vmovdqu8 %1, %0%{%2%}%{z%}" },
    };
    return text[d][load];
}

static void masked_store(struct gj_fn *g, const struct access *x, u32 k, u32 lanes, gj_r value)
{
    gj_r mask = gj_mask_part(g, x->mask, k, lanes);
    gj_l to = packed(g, x, k, lanes);
    gcc_jit_extended_asm *s = gcc_jit_block_add_extended_asm(g->at, NULL, masked_move(x->d, false));
    gcc_jit_extended_asm_add_output_operand(s, NULL, "+m", to);
    gcc_jit_extended_asm_add_input_operand(s, NULL, "v", value);
    gcc_jit_extended_asm_add_input_operand(s, NULL, "Yk", mask);
}

static void access_vectors(struct gj_fn *g, const struct access *x, u32 n)
{
    static const char *const from[2] = { "m", "Yk" };
    gj_t type = gj_vector_type(g->u, x->d, n);
    gj_r *part = x->load ? gj_list(g, x->t.lanes / n) : gj_parts(g, x->v);
    for (u32 i = 0; i < x->t.lanes / n; i++) {
        if (!x->load && x->mask) {
            masked_store(g, x, i * n, n, part[i]);
        } else if (!x->load) {
            assign(g, packed(g, x, i * n, n), part[i]);
        } else if (x->mask) {
            gj_r in[2] = { NULL, gj_mask_part(g, x->mask, i * n, n) };
            in[0] = value_of(packed(g, x, i * n, n));
            part[i] = gj_instruction(g, masked_move(x->d, true), type, "=v", 2, in, from);
        } else {
            part[i] = gj_let(g, type, value_of(packed(g, x, i * n, n)));
        }
    }
    if (x->load)
        gj_set_parts(g, x->v, part);
}

static gj_r from_memory(struct gj_fn *g, const struct access *x, gj_r y)
{
    return x->t.dtype == DT_BOOL ? gj_cmp(g, GCC_JIT_COMPARISON_NE, y, gj_int(g, g->u->u8, 0)) : y;
}

static void access_lanes(struct gj_fn *g, const struct access *x)
{
    gj_t type = gj_scalar_type(g->u, (enum dtype)x->t.dtype), w = g->u->i64;
    gj_r *lane = gj_list(g, x->t.lanes);
    for (u32 k = 0; k < x->t.lanes; k++) {
        gj_r at = x->index ? gj_bin(g, GCC_JIT_BINARY_OP_PLUS, w, x->off, gj_cast(g, gj_lane(g, x->index, k), w)) : offset_plus(g, x, k);
        gj_r value = x->load ? NULL : gj_lane(g, x->v, k), is = x->mask ? gj_lane(g, x->mask, k) : NULL;
        gcc_jit_block *touch = NULL, *after = NULL;
        gj_l out = NULL;
        if (is) {
            touch = new_block(g);
            after = new_block(g);
            if (x->load) {
                out = gj_local(g, type);
                assign(g, out, gcc_jit_context_zero(g->u->c, type));
            }
            branch(g, is, touch, after);
            g->at = touch;
        }
        if (!x->load)
            assign(g, element(g, x, at), x->t.dtype == DT_BOOL ? gj_cast(g, value, g->u->u8) : value);
        else if (is)
            assign(g, out, from_memory(g, x, value_of(element(g, x, at))));
        else
            lane[k] = gj_let(g, type, from_memory(g, x, value_of(element(g, x, at))));
        if (is) {
            jump(g, after);
            g->at = after;
            lane[k] = x->load ? value_of(out) : NULL;
        }
    }
    if (x->load)
        gj_set_lanes(g, x->v, lane);
}

static void emit_access(struct gj_fn *g, const struct loop_stmt *s)
{
    struct access x = { .load = s->kind == LS_LOAD, .buf = s->u };
    x.v = x.load ? s->res : s->arg[1];
    x.mask = x.load ? s->arg[1] : s->arg[2];
    x.index = x.load ? s->arg[2] : 0;
    x.t = gj_type(g, x.v);
    x.d = stored_as((enum dtype)x.t.dtype);
    x.off = gj_lane(g, s->arg[0], 0);
    x.known = g->val[s->arg[0]].known;
    x.k = g->val[s->arg[0]].k;
    u32 n = x.t.dtype == DT_BOOL ? 0 : gj_part_lanes(&g->u->m, x.t);
    if (n && !x.index && (!x.mask || g->u->m.evex))
        access_vectors(g, &x, n);
    else
        access_lanes(g, &x);
}

/* ---- structure ---- */

static const lval *emit_region(struct gj_fn *g, const struct loop_region *r);

static u32 turns_most(const struct loop_stmt *s)
{
    return s->flag & LF_UNROLL ? UNROLL_MOST : 1;
}

/* Bounds known and few turns: the body that many times, with numbers for the variable. */
static bool emit_unrolled(struct gj_fn *g, const struct loop_stmt *s)
{
    const struct gj_val *lo = &g->val[s->arg[0]], *hi = &g->val[s->arg[1]];
    if (!lo->known || !hi->known)
        return false;
    i64 from = lo->k, to = hi->k;
    u64 turns = from < to ? ((u64)to - (u64)from + (u64)s->step - 1) / (u64)s->step : 0;
    if (turns > turns_most(s))
        return false;
    struct gj_val *next = NEW_ARRAY(g->tmp, struct gj_val, s->ncarry);
    for (u32 i = 0; i < s->ncarry; i++)
        g->val[s->carry[i]] = g->val[s->init[i]];
    for (u64 k = 0; k < turns; k++) {
        gj_set_scalar(g, s->var, gj_int(g, g->u->i64, from + (i64)k * s->step));
        g->val[s->var].known = g->val[s->var].constant = true;
        g->val[s->var].k = from + (i64)k * s->step;
        const lval *y = emit_region(g, s->body);
        for (u32 i = 0; i < s->ncarry; i++)
            next[i] = g->val[y[i]];
        for (u32 i = 0; i < s->ncarry; i++)
            g->val[s->carry[i]] = next[i];
    }
    for (u32 i = 0; i < s->ncarry; i++)
        g->val[s->result[i]] = g->val[s->carry[i]];
    return true;
}

/* The variables of n values, one value's after the other. */
struct vars { gj_l *at; u32 n; u32 *first; };

static struct vars make_vars(struct gj_fn *g, u32 n, const lval *v)
{
    struct vars x = { .at = NEW_ARRAY(g->tmp, gj_l, n * LOOP_LANES), .first = NEW_ARRAY(g->tmp, u32, n + 1) };
    for (u32 i = 0; i < n; i++) {
        x.first[i] = x.n;
        x.n += gj_variables(g, gj_type(g, v[i]), x.at + x.n);
    }
    return x;
}

/* All at once: a value may be another variable's. */
static void assign_vars(struct gj_fn *g, const struct vars *x, u32 n, const lval *v, bool at_once)
{
    gj_r *new = gj_list(g, x->n + 1);
    for (u32 i = 0; i < n; i++)
        gj_contents(g, v[i], new + x->first[i]);
    for (u32 i = 0; i < x->n && at_once && x->n > 1; i++)
        new[i] = gj_let(g, gcc_jit_rvalue_get_type(new[i]), new[i]);
    for (u32 i = 0; i < x->n; i++)
        assign(g, x->at[i], new[i]);
}

static void set_vars(struct gj_fn *g, const struct vars *x, u32 n, const lval *v)
{
    for (u32 i = 0; i < n; i++)
        gj_set_variables(g, v[i], x->at + x->first[i]);
}

static void emit_for(struct gj_fn *g, const struct loop_stmt *s)
{
    if (emit_unrolled(g, s))
        return;
    gj_t w = g->u->i64;
    bool runs = g->val[s->arg[0]].known && g->val[s->arg[1]].known;     /* at least once, as one turn or none was unrolled */
    gj_r lo = gj_lane(g, s->arg[0], 0), hi = gj_let(g, w, gj_lane(g, s->arg[1], 0));
    struct vars carry = make_vars(g, s->ncarry, s->carry);
    gj_l var = gj_local(g, w);
    gcc_jit_block *body = new_block(g), *after = new_block(g);
    assign(g, var, lo);
    assign_vars(g, &carry, s->ncarry, s->init, false);
    if (runs)
        jump(g, body);
    else
        branch(g, gj_cmp(g, GCC_JIT_COMPARISON_LT, lo, hi), body, after);
    g->at = body;
    gj_push_region(g);
    gj_set_scalar(g, s->var, value_of(var));
    set_vars(g, &carry, s->ncarry, s->carry);
    const lval *y = emit_region(g, s->body);
    assign_vars(g, &carry, s->ncarry, y, true);
    assign(g, var, gj_bin(g, GCC_JIT_BINARY_OP_PLUS, w, value_of(var), gj_int(g, w, s->step)));
    branch(g, gj_cmp(g, GCC_JIT_COMPARISON_LT, value_of(var), hi), body, after);
    gj_pop_region(g);
    g->at = after;
    set_vars(g, &carry, s->ncarry, s->result);
}

static void emit_if(struct gj_fn *g, const struct loop_stmt *s)
{
    gcc_jit_block *way[2] = { new_block(g), new_block(g) }, *after = new_block(g);
    struct vars out = make_vars(g, s->ncarry, s->result);
    branch(g, gj_lane(g, s->arg[0], 0), way[0], way[1]);
    for (u32 k = 0; k < 2; k++) {
        g->at = way[k];
        gj_push_region(g);
        const lval *y = emit_region(g, k ? s->other : s->body);
        assign_vars(g, &out, s->ncarry, y, false);
        jump(g, after);
        gj_pop_region(g);
    }
    g->at = after;
    set_vars(g, &out, s->ncarry, s->result);
}

static void emit_call(struct gj_fn *g, const struct loop_stmt *s)
{
    struct gj_unit *u = g->u;
    gj_t arg[4] = { u->voidp, u->i64, u->i64, u->voidp };
    gj_t type = gcc_jit_context_new_function_ptr_type(u->c, NULL, u->voidt, 4, arg, 0);
    gj_r x[4] = { g->args, gj_lane(g, s->init[0], 0), gj_lane(g, s->init[1], 0), g->scratch };
    gcc_jit_block_add_eval(g->at, NULL, gcc_jit_context_new_call_through_ptr(u->c, NULL, gj_cast(g, g->uk[s->u], type), 4, x));
}

/* Emits a region; the values it yields, or NULL. */
static const lval *emit_region(struct gj_fn *g, const struct loop_region *r)
{
    for (u32 i = 0; i < r->stmt.n; i++) {
        const struct loop_stmt *s = &r->stmt.at[i];
        switch ((enum loop_stmt_kind)s->kind) {
        case LS_OP: gj_op(g, s); break;
        case LS_LOAD: case LS_STORE: emit_access(g, s); break;
        case LS_FOR: emit_for(g, s); break;
        case LS_IF: emit_if(g, s); break;
        case LS_YIELD: return s->init;
        case LS_CALL: emit_call(g, s); break;
        case LS_FENCE: BUG("no such statement");
        }
    }
    return NULL;
}

/* ---- the function's arguments ---- */

/* Entry i of a table of t, which is field `field` of struct kernel_args: four pointers, base, sym, tab, uk. */
static gj_r *entries(struct gj_fn *g, u32 field, u32 n, gj_t t)
{
    struct gj_unit *u = g->u;
    gj_r *out = gj_list(g, n);
    gj_t table = gcc_jit_type_get_pointer(t);
    gj_r at = n ? gj_cast(g, g->args, gcc_jit_type_get_pointer(table)) : NULL;
    at = n ? gj_let(g, table, value_of(gcc_jit_context_new_array_access(u->c, NULL, at, gj_int(g, u->i64, field)))) : NULL;
    for (u32 i = 0; i < n; i++)
        out[i] = gj_let(g, t, value_of(gcc_jit_context_new_array_access(u->c, NULL, at, gj_int(g, u->i64, i))));
    return out;
}

static void load_arguments(struct gj_fn *g)
{
    struct gj_unit *u = g->u;
    const struct loop_fn *f = g->f;
    u32 last = 0;
    for (u32 i = 0; i < f->buf.n; i++)
        if (f->buf.at[i].kind != LB_SCRATCH)
            last = i + 1;
    gj_r *base = entries(g, 0, last, u->voidp);
    g->base = gj_list(g, f->buf.n);
    for (u32 i = 0; i < f->buf.n; i++) {
        gj_t p = gcc_jit_type_get_pointer(gj_scalar_type(u, stored_as((enum dtype)f->buf.at[i].dtype)));
        gj_r at = base && i < last ? base[i] : NULL;
        if (f->buf.at[i].kind == LB_SCRATCH) {
            gj_l byte = gcc_jit_context_new_array_access(u->c, NULL, gj_cast(g, g->scratch, gcc_jit_type_get_pointer(u->u8)),
                                                         gj_int(g, u->i64, (i64)loop_buf_scratch_offset(f, i)));
            at = gcc_jit_lvalue_get_address(byte, NULL);
        }
        g->base[i] = gj_let(g, p, gj_cast(g, at, p));
    }
    g->sym = entries(g, 1, f->nsym, u->i64);
    g->tab = entries(g, 2, f->ntab, gcc_jit_type_get_pointer(u->i32));
    g->uk = entries(g, 3, f->nuk, u->voidp);
}

gcc_jit_function *gj_emit(struct gj_unit *u, struct arena *tmp, const struct loop_fn *f, const char *name, enum gcc_jit_function_kind kind, struct buf *why)
{
    struct gj_fn g = { .u = u, .tmp = tmp, .f = f, .val = NEW_ARRAY(tmp, struct gj_val, f->val.n) };
    gcc_jit_param *p[4] = { gcc_jit_context_new_param(u->c, NULL, u->voidp, "args"), gcc_jit_context_new_param(u->c, NULL, u->i64, "lo"),
                            gcc_jit_context_new_param(u->c, NULL, u->i64, "hi"), gcc_jit_context_new_param(u->c, NULL, u->voidp, "scratch") };
    g.fn = gcc_jit_context_new_function(u->c, NULL, kind, u->voidt, name, 4, p, 0);
    g.args = gcc_jit_param_as_rvalue(p[0]);
    g.scratch = gcc_jit_param_as_rvalue(p[3]);
    g.at = new_block(&g);
    gj_push_region(&g);
    gj_set_scalar(&g, f->lo, gcc_jit_param_as_rvalue(p[1]));
    gj_set_scalar(&g, f->hi, gcc_jit_param_as_rvalue(p[2]));
    load_arguments(&g);
    emit_region(&g, &f->body);
    gcc_jit_block_end_with_void_return(g.at, NULL);
    if (g.cannot)
        buf_printf(why, "kernel %s: libgccjit has no `%s` here: loop_legalize has not run, or the machine lacks it", f->name ? f->name : "?", g.cannot);
    return g.cannot ? NULL : g.fn;
}
