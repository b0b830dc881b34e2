/* loop_legalize.c - a loop function fitted to what a backend can do.
 *
 * In: a verified function, a machine, the backend's `can` (NULL: it has no exp .. pow).  Out: the same function without the operations
 * refused: exp, log, tanh, erf, sin, cos, sigmoid and pow become the steps of ir/poly.h, a vector operation that is refused where the
 * scalar one is not is done lane by lane, and multiply-adds and roundings that are refused altogether are done by others (loop_exact.h).
 *
 *   (v5 f32x8 exp v4)      ->  (v9 f32x8 fconst 89.0) (v10 f32x8 fmin v9 v4) ..
 *   (v6 boolx2 flt v4 v5)  ->  (v7 f32 lane 0 v4) (v8 f32 lane 0 v5) (v9 bool flt v7 v8) ..
 *
 * Holds: the same bits as before (be_ref runs either).  Powers to a constant 1, 2, 3, 4, -1, -2 or 0 are multiplications. */
#include "passes/pass.h"

#include "compiler/ir/poly.h"
#include "passes/loop_exact.h"

typedef bool can_fn(const struct mach *, enum loop_op, struct ltype);

struct legalizer {
    struct loop_fn *f;
    const struct mach *m;
    can_fn *can;
    u32 nvalue;                 /* before */
    lval *now;                  /* a value of before -> what replaced it; 0: itself */
    const double **number;      /* a value of before -> the constant it is (splat or not), or NULL */
    u32 fired;
};

static bool is_function(enum loop_op op)
{
    return op >= LO_EXP && op <= LO_POW;
}

static bool refused(const struct legalizer *l, enum loop_op op, struct ltype t)
{
    return l->can ? !l->can(l->m, op, t) : is_function(op);
}

/* Refused for vectors and scalars alike, and there is another way. */
static bool has_another_way(const struct legalizer *l, enum loop_op op, struct ltype t)
{
    return (op == LO_FMA || op == LO_FROUND || op == LO_FFLOOR) && refused(l, op, t) && refused(l, op, (struct ltype){ t.dtype, 1 });
}

static lval another_way(struct loop_emit *e, enum loop_op op, struct ltype t, lval x, lval y, lval z)
{
    return op == LO_FMA ? exact_fma(e, t, x, y, z) : exact_round(e, op, t, x);
}

/* What a program's step becomes. */
static const struct { u8 op; u8 kind; } step_op[] = {      /* kind: f float, i integer, b bool result */
    [PO_ADD] = { LO_FADD, 'f' }, [PO_SUB] = { LO_FSUB, 'f' }, [PO_MUL] = { LO_FMUL, 'f' }, [PO_FMA] = { LO_FMA, 'f' },
    [PO_DIV] = { LO_FDIV, 'f' }, [PO_MIN] = { LO_FMIN, 'f' }, [PO_MAX] = { LO_FMAX, 'f' }, [PO_ABS] = { LO_FABS, 'f' },
    [PO_NEG] = { LO_FNEG, 'f' }, [PO_ROUND] = { LO_FROUND, 'f' }, [PO_SQRT] = { LO_FSQRT, 'f' }, [PO_FLOOR] = { LO_FFLOOR, 'f' },
    [PO_F2I] = { LO_CAST, 'i' }, [PO_I2F] = { LO_CAST, 'f' }, [PO_IADD] = { LO_IADD, 'i' }, [PO_ISUB] = { LO_ISUB, 'i' },
    [PO_ISHL] = { LO_BSHL, 'i' }, [PO_ISHR] = { LO_BSHR, 'i' }, [PO_IAND] = { LO_BAND, 'i' }, [PO_IOR] = { LO_BOR, 'i' },
    [PO_BITS] = { LO_BITS, 'i' }, [PO_FLOAT] = { LO_BITS, 'f' }, [PO_LT] = { LO_FLT, 'b' }, [PO_LE] = { LO_FLE, 'b' },
    [PO_EQ] = { LO_FEQ, 'b' }, [PO_SELECT] = { LO_SELECT, 's' },
};

static lval expand(const struct legalizer *l, struct loop_emit *e, const struct poly *p, struct ltype t, lval x0, lval x1)
{
    lval v[256];
    CHECK(p->n && p->n <= COUNTOF(v));
    const struct ltype ints = { t.dtype == DT_F64 ? DT_I64 : DT_I32, t.lanes }, bools = { DT_BOOL, t.lanes };
    for (u32 k = 0; k < p->n; k++) {
        const struct poly_step *s = &p->step[k];
        if (s->op == PO_ARG) {
            v[k] = k ? x1 : x0;
        } else if (s->op == PO_CONST) {
            v[k] = le_num(e, t, s->k);
        } else if (s->op == PO_ICONST) {
            v[k] = le_bits(e, ints, t.dtype == DT_F64 ? s->i : (i32)s->i);
        } else {
            enum loop_op op = (enum loop_op)step_op[s->op].op;
            u8 kind = step_op[s->op].kind;
            struct ltype to = kind == 'f' ? t : kind == 'i' ? ints : kind == 'b' ? bools : e->f->val.at[v[s->b]];
            u32 n = loop_ops[op].nargs;
            lval y = n > 1 ? v[s->b] : 0, z = n > 2 ? v[s->c] : 0;
            v[k] = has_another_way(l, op, to) ? another_way(e, op, to, v[s->a], y, z) : le_op(e, op, to, v[s->a], y, z);
        }
    }
    return v[p->n - 1];
}

/* x^y for the few y of poly_pow_few, or 0 */
static lval few_power(struct loop_emit *e, struct ltype t, lval x, double y)
{
    if (y == 0)
        return le_num(e, t, 1);
    if (y == 1)
        return x;
    lval d = y == -1 ? x : le_op(e, LO_FMUL, t, x, x, 0);
    if (y == 2)
        return d;
    if (y > 2)
        return le_op(e, LO_FMUL, t, d, y == 3 ? x : d, 0);
    return le_op(e, LO_FDIV, t, le_num(e, t, 1), d, 0);
}

static lval expand_pow(const struct legalizer *l, struct loop_emit *e, struct ltype t, lval x, lval y, const double *constant)
{
    if (constant && (poly_pow_few(*constant) || *constant == 0))
        return few_power(e, t, x, *constant);
    const struct ltype wide = { DT_F64, t.lanes }, bools = { DT_BOOL, t.lanes };
    lval wide_x = le_op(e, LO_CAST, wide, x, 0, 0), wide_y = le_op(e, LO_CAST, wide, y, 0, 0);
    lval v = le_op(e, LO_CAST, t, expand(l, e, &poly_pow_table, wide, wide_x, wide_y), 0, 0);
    static const double few[] = { 1, 2, 3, 4, -1, -2 };
    for (u32 i = 0; !constant && i < COUNTOF(few); i++) {
        lval is = le_op(e, LO_FEQ, bools, y, le_num(e, t, few[i]), 0);
        v = le_op(e, LO_SELECT, t, is, few_power(e, t, x, few[i]), v);
    }
    return v;
}

static lval expand_function(const struct legalizer *l, struct loop_emit *e, enum loop_op op, struct ltype t, lval x, lval y, const double *constant)
{
    if (op == LO_POW)
        return expand_pow(l, e, t, x, y, constant);
    static const u8 fn[] = { [LO_EXP - LO_EXP] = POLY_EXP, [LO_LOG - LO_EXP] = POLY_LOG, [LO_TANH - LO_EXP] = POLY_TANH, [LO_ERF - LO_EXP] = POLY_ERF,
                             [LO_SIN - LO_EXP] = POLY_SIN, [LO_COS - LO_EXP] = POLY_COS, [LO_SIGMOID - LO_EXP] = POLY_SIGMOID };
    return expand(l, e, &(t.dtype == DT_F64 ? poly_table_f64 : poly_table)[fn[op - LO_EXP]], t, x, 0);
}

/* The type `can` is asked about: of the operands where they decide (comparisons, reductions, lanes), else of the result. */
static struct ltype asked(const struct legalizer *l, const struct loop_stmt *s)
{
    bool operands = loop_ops[s->op].class == 'C' || s->op == LO_REDUCE || s->op == LO_LANE;
    return l->f->val.at[operands ? s->arg[0] : s->res];
}

static bool elementwise(enum loop_op op)
{
    return loop_ops[op].class != 'V' && loop_ops[op].nargs > 0;
}

/* The operation lane by lane. */
static lval by_lanes(struct loop_emit *e, const struct loop_stmt *s, struct ltype t)
{
    struct ltype one = { t.dtype, 1 };
    lval out = t.dtype == DT_F32 || t.dtype == DT_F64 ? le_num(e, t, 0) : dtype_is_float((enum dtype)t.dtype) ? 0 : le_bits(e, t, 0);
    for (u32 k = 0; k < t.lanes; k++) {
        lval a[3] = { 0 };
        for (u32 i = 0; i < s->narg; i++) {
            struct ltype at = e->f->val.at[s->arg[i]];
            a[i] = at.lanes == 1 ? s->arg[i] : le_opu(e, LO_LANE, (struct ltype){ at.dtype, 1 }, s->arg[i], k);
        }
        lval x = le_op(e, (enum loop_op)s->op, one, a[0], a[1], a[2]);
        out = out ? le_insert(e, t, out, x, k) : le_op(e, LO_SPLAT, t, x, 0, 0);      /* of 16-bit floats there are no constants */
    }
    return out;
}

static void walk(struct legalizer *l, struct loop_region *r);

static void replace(const struct legalizer *l, lval *v)
{
    if (*v && *v < l->nvalue && l->now[*v])
        *v = l->now[*v];
}

static void replace_all(const struct legalizer *l, u32 n, lval *v)
{
    for (u32 i = 0; v && i < n; i++)
        replace(l, &v[i]);
}

static void note_constant(struct legalizer *l, const struct loop_stmt *s)
{
    if (s->op == LO_FCONST)
        l->number[s->res] = arena_dup(l->f->a, &s->r, sizeof s->r);
    else if (s->op == LO_SPLAT && s->arg[0] < l->nvalue)
        l->number[s->res] = l->number[s->arg[0]];
}

static void walk_op(struct legalizer *l, struct loop_emit *e, const struct loop_stmt *s)
{
    struct ltype t = l->f->val.at[s->res], ask = asked(l, s);
    lval out = 0;
    note_constant(l, s);
    if (refused(l, (enum loop_op)s->op, ask)) {
        struct ltype one = { ask.dtype, 1 };
        if (is_function((enum loop_op)s->op))
            out = expand_function(l, e, (enum loop_op)s->op, t, s->arg[0], s->arg[1], s->op == LO_POW && s->arg[1] < l->nvalue ? l->number[s->arg[1]] : NULL);
        else if (t.lanes > 1 && elementwise((enum loop_op)s->op) && !refused(l, (enum loop_op)s->op, one))
            out = by_lanes(e, s, t);
        else if (has_another_way(l, (enum loop_op)s->op, t))
            out = another_way(e, (enum loop_op)s->op, t, s->arg[0], s->arg[1], s->arg[2]);
    }
    if (out) {
        l->now[s->res] = out;
        l->fired++;
    } else {
        vec_push(l->f->a, &e->at->stmt, *s);
    }
}

static void walk(struct legalizer *l, struct loop_region *r)
{
    struct loop_region old = *r;
    memset(&r->stmt, 0, sizeof r->stmt);
    struct loop_emit e = { l->f, r };
    for (u32 i = 0; i < old.stmt.n; i++) {
        struct loop_stmt s = old.stmt.at[i];
        replace_all(l, s.kind == LS_LOAD || s.kind == LS_STORE ? 3 : s.narg, s.arg);
        if (s.kind == LS_FOR || s.kind == LS_YIELD || s.kind == LS_CALL)
            replace_all(l, s.ncarry, s.init);
        if (s.kind == LS_OP) {
            walk_op(l, &e, &s);
            continue;
        }
        if (s.body)
            walk(l, s.body);
        if (s.other)
            walk(l, s.other);
        vec_push(l->f->a, &r->stmt, s);
    }
}

/* Anything to do at all?  Most functions have nothing, and are left as they are. */
static bool needed(const struct legalizer *l, const struct loop_region *r)
{
    for (u32 i = 0; i < r->stmt.n; i++) {
        const struct loop_stmt *s = &r->stmt.at[i];
        if (s->kind == LS_OP && refused(l, (enum loop_op)s->op, asked(l, s)))
            return true;
        if ((s->body && needed(l, s->body)) || (s->other && needed(l, s->other)))
            return true;
    }
    return false;
}

u32 loop_legalize(struct loop_fn *f, const struct mach *m, bool (*can)(const struct mach *, enum loop_op, struct ltype))
{
    struct legalizer l = { .f = f, .m = m, .can = can, .nvalue = f->val.n };
    if (!needed(&l, &f->body))
        return 0;
    l.now = NEW_ARRAY(f->a, lval, l.nvalue);
    l.number = NEW_ARRAY(f->a, const double *, l.nvalue);
    walk(&l, &f->body);
    return l.fired;
}

static void count(const struct legalizer *l, const struct loop_region *r, u64 *all, u64 *lanes)
{
    for (u32 i = 0; i < r->stmt.n; i++) {
        const struct loop_stmt *s = &r->stmt.at[i];
        if (s->kind == LS_OP && loop_ops[s->op].nargs && asked(l, s).lanes > 1) {
            struct ltype t = asked(l, s);
            ++*all;
            *lanes += elementwise((enum loop_op)s->op) && !is_function((enum loop_op)s->op) && refused(l, (enum loop_op)s->op, t);
        }
        if (s->body)
            count(l, s->body, all, lanes);
        if (s->other)
            count(l, s->other, all, lanes);
    }
}

void loop_vectors(const struct loop_fn *f, const struct mach *m, bool (*can)(const struct mach *, enum loop_op, struct ltype), u64 *all, u64 *lanes)
{
    struct legalizer l = { .f = (struct loop_fn *)(uintptr_t)f, .m = m, .can = can };
    count(&l, &f->body, all, lanes);
}
