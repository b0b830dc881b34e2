/* loop_verify.c - is this loop function one?  Types of every operation, single definitions, scopes, carried
 * values, buffers.
 *
 * In: any loop function (built, read or rewritten).  Out: true, or false and why, naming the statement's value.
 * What a run needs beside this (offsets within their buffers, divisors above 0) is checked by be_ref. */
#include "compiler/ir/loop.h"

#include "compiler/ir/op.h"

struct checker {
    const struct loop_fn *f;
    struct buf *why;
    u8 *seen;                   /* of a value: 1 in scope, 2 defined but out of scope */
    u32 *stack, depth;          /* values in scope, in order */
};

static bool no(struct checker *c, const struct loop_stmt *s, const char *fmt, const char *what)
{
    if (c->why) {
        buf_printf(c->why, "%s: ", c->f->name ? c->f->name : "?");
        if (s && (s->kind == LS_OP || s->kind == LS_LOAD))
            buf_printf(c->why, "v%u %s: ", s->res, s->kind == LS_LOAD ? "load" : s->op < LOOP_OPS ? loop_ops[s->op].word : "?");
        else if (s && s->kind == LS_FOR)
            buf_printf(c->why, "for v%u: ", s->var);
        else if (s)
            buf_printf(c->why, "%s: ", s->kind == LS_STORE ? "store" : s->kind == LS_IF ? "if" : s->kind == LS_YIELD ? "yield" :
                       s->kind == LS_CALL ? "call" : "statement");
        buf_printf(c->why, fmt, what);
    }
    return false;
}

static struct ltype type_of(const struct checker *c, lval v)
{
    return c->f->val.at[v];
}

static bool same(struct ltype a, struct ltype b)
{
    return a.dtype == b.dtype && a.lanes == b.lanes;
}

static bool use(struct checker *c, const struct loop_stmt *s, lval v)
{
    if (!v || v >= c->f->val.n)
        return no(c, s, "an argument is missing%s", "");
    if (c->seen[v] != 1)
        return no(c, s, c->seen[v] ? "an argument is used outside of its region%s" : "an argument is used before its definition%s", "");
    return true;
}

static bool define(struct checker *c, const struct loop_stmt *s, lval v)
{
    if (!v || v >= c->f->val.n)
        return no(c, s, "the result has no number%s", "");
    if (c->seen[v])
        return no(c, s, "the result is defined twice%s", "");
    struct ltype t = type_of(c, v);
    if (t.dtype >= DTYPES || !t.lanes || t.lanes > LOOP_LANES || (t.lanes & (t.lanes - 1)))
        return no(c, s, "the result's type is none: lanes are a power of two up to 64%s", "");
    c->seen[v] = 1;
    c->stack[c->depth++] = v;
    return true;
}

static void leave(struct checker *c, u32 depth)
{
    while (c->depth > depth)
        c->seen[c->stack[--c->depth]] = 2;
}

static bool is_int(struct ltype t) { return t.dtype == DT_I64 || t.dtype == DT_I32; }
static bool is_float(struct ltype t) { return t.dtype == DT_F64 || t.dtype == DT_F32; }
static bool is_i64(struct ltype t) { return t.dtype == DT_I64 && t.lanes == 1; }
static bool is_16(struct ltype t) { return t.dtype == DT_F16 || t.dtype == DT_BF16; }

static bool check_op(struct checker *c, const struct loop_stmt *s)
{
    if (s->op >= LOOP_OPS || s->narg != loop_ops[s->op].nargs)
        return no(c, s, "no such operation, or another number of arguments%s", "");
    for (u32 i = 0; i < s->narg; i++)
        if (!use(c, s, s->arg[i]))
            return false;
    if (!s->res || s->res >= c->f->val.n)
        return no(c, s, "the result has no number%s", "");
    struct ltype t = type_of(c, s->res), a = s->narg > 0 ? type_of(c, s->arg[0]) : t, b = s->narg > 1 ? type_of(c, s->arg[1]) : a,
                 d = s->narg > 2 ? type_of(c, s->arg[2]) : b;
    const char *wrong = NULL;
    switch ((enum loop_op)s->op) {
    case LO_ICONST:
        wrong = dtype_is_float((enum dtype)t.dtype) ? "an integer constant has an integer type or bool" : NULL;
        if (!wrong && t.dtype != DT_I64) {
            u32 bits = t.dtype == DT_BOOL ? 1 : dtype_bytes((enum dtype)t.dtype) * 8;
            bool is_signed = t.dtype != DT_U8 && t.dtype != DT_BOOL;
            i64 most = ((i64)1 << (is_signed ? bits - 1 : bits)) - 1, least = is_signed ? -most - 1 : 0;
            if (s->i < least || s->i > most)
                wrong = "the constant does not fit its type";
        }
        break;
    case LO_SYM:
        wrong = !is_i64(t) || s->u >= c->f->nsym ? "a symbol is one of the function's, an i64" : NULL;
        break;
    case LO_TAB:
        wrong = !is_i64(t) || !is_i64(a) || s->u >= c->f->ntab ? "a table is one of the function's, read at an i64, an i64" : NULL;
        break;
    case LO_FCONST:
        wrong = !is_float(t) ? "a constant of f32 or f64 is needed" : t.dtype == DT_F32 && s->r == s->r && (double)(float)s->r != s->r
                ? "the constant is not an f32" : NULL;
        break;
    case LO_SELECT:
        wrong = a.dtype != DT_BOOL || (a.lanes != 1 && a.lanes != t.lanes) || !same(b, t) || !same(d, t) ? "select takes bool, x, y, of the result's type" : NULL;
        break;
    case LO_SPLAT:
        wrong = a.lanes != 1 || a.dtype != t.dtype || t.lanes < 2 ? "splat takes a scalar of the vector's dtype" : NULL;
        break;
    case LO_IOTA:
        wrong = !is_int(t) || t.lanes < 2 ? "iota is a vector of i32 or i64" : NULL;
        break;
    case LO_REDUCE:
        wrong = t.lanes != 1 || a.lanes < 2 || a.dtype != t.dtype || !(is_float(t) || is_int(t)) || s->u < RED_ADD || s->u > RED_MIN
                ? "reduce takes a vector of the scalar's dtype, by add, mul, max or min" : NULL;
        break;
    case LO_LANE:
        wrong = t.lanes != 1 || a.dtype != t.dtype || s->u >= a.lanes ? "lane takes one of a vector's lanes" : NULL;
        break;
    case LO_INSERT:
        wrong = t.lanes < 2 || !same(a, t) || b.lanes != 1 || b.dtype != t.dtype || s->u >= t.lanes ? "insert puts a scalar into one of a vector's lanes" : NULL;
        break;
    case LO_CAST:
        wrong = a.lanes != t.lanes ? "a cast keeps the lanes" : a.dtype == t.dtype ? "a cast changes the dtype" :
                (is_16(a) && t.dtype != DT_F32) || (is_16(t) && a.dtype != DT_F32) ? "f16 and bf16 are cast from and to f32 only" : NULL;
        break;
    case LO_BITS:
        wrong = a.lanes != t.lanes || !((a.dtype == DT_F32 && t.dtype == DT_I32) || (a.dtype == DT_I32 && t.dtype == DT_F32) ||
                (a.dtype == DT_F64 && t.dtype == DT_I64) || (a.dtype == DT_I64 && t.dtype == DT_F64)) ? "bits is between f32 and i32, f64 and i64" : NULL;
        break;
    default:
        switch (loop_ops[s->op].class) {
        case 'I':
            wrong = !is_int(t) || !same(a, t) || !same(b, t) ? "integer arithmetic is on i32 or i64, all of one type" : NULL;
            break;
        case 'F':
            wrong = !is_float(t) || !same(a, t) || !same(b, t) || !same(d, t) ? "float arithmetic is on f32 or f64, all of one type" : NULL;
            break;
        case 'C': {
            bool ints = s->op == LO_ILT || s->op == LO_ILE || s->op == LO_IEQ;
            wrong = t.dtype != DT_BOOL || t.lanes != a.lanes || !same(a, b) || !(ints ? is_int(a) : is_float(a)) ? "a comparison is of two of one type, to bool" : NULL;
            break;
        }
        default:
            wrong = t.dtype != DT_BOOL || !same(a, t) || !same(b, t) ? "logic is on bool" : NULL;
        }
    }
    return wrong ? no(c, s, "%s", wrong) : define(c, s, s->res);
}

static bool check_mask(struct checker *c, const struct loop_stmt *s, lval m, struct ltype t)
{
    if (!m)
        return true;
    if (!use(c, s, m))
        return false;
    struct ltype x = type_of(c, m);
    return (x.dtype == DT_BOOL && x.lanes == t.lanes && t.lanes > 1) || no(c, s, "a mask is a bool per lane of a vector%s", "");
}

static bool check_access(struct checker *c, const struct loop_stmt *s)
{
    bool load = s->kind == LS_LOAD;
    if (s->u >= c->f->buf.n)
        return no(c, s, "there is no such buffer%s", "");
    const struct loop_buf *b = &c->f->buf.at[s->u];
    if (!use(c, s, s->arg[0]) || (!load && !use(c, s, s->arg[1])))
        return false;
    lval v = load ? s->res : s->arg[1];
    if (!v || v >= c->f->val.n)
        return no(c, s, "the result has no number%s", "");
    struct ltype t = type_of(c, v);
    if (!is_i64(type_of(c, s->arg[0])))
        return no(c, s, "an offset is an i64%s", "");
    if (t.dtype != b->dtype)
        return no(c, s, "the value's dtype is not the buffer's%s", "");
    if (load ? b->kind == LB_OUT : b->kind == LB_IN)
        return no(c, s, load ? "an out buffer is not read (inout is)%s" : "an in buffer is not written%s", "");
    if (!check_mask(c, s, load ? s->arg[1] : s->arg[2], t))
        return false;
    if (!load)
        return true;
    if (!!(s->flag & LF_INDEXED) != (s->arg[2] != 0))
        return no(c, s, "an index vector goes with its flag%s", "");
    if (s->arg[2]) {
        if (!use(c, s, s->arg[2]))
            return false;
        struct ltype x = type_of(c, s->arg[2]);
        if (!is_int(x) || x.lanes != t.lanes || t.lanes < 2)
            return no(c, s, "an index vector has an i32 or i64 per lane of a vector%s", "");
    }
    return define(c, s, s->res);
}

static bool check_region(struct checker *c, const struct loop_region *r, const struct loop_stmt *owner);

static bool check_for(struct checker *c, const struct loop_stmt *s)
{
    if (!use(c, s, s->arg[0]) || !use(c, s, s->arg[1]) || !is_i64(type_of(c, s->arg[0])) || !is_i64(type_of(c, s->arg[1])))
        return no(c, s, "bounds are i64%s", "");
    if (s->step <= 0)
        return no(c, s, "a step is above 0%s", "");
    for (u32 i = 0; i < s->ncarry; i++)
        if (!use(c, s, s->init[i]))
            return false;
    u32 depth = c->depth;
    if (!define(c, s, s->var))
        return false;
    if (!is_i64(type_of(c, s->var)))
        return no(c, s, "a loop variable is an i64%s", "");
    for (u32 i = 0; i < s->ncarry; i++)
        if (!define(c, s, s->carry[i]))
            return false;
        else if (!same(type_of(c, s->carry[i]), type_of(c, s->init[i])))
            return no(c, s, "a carried value changes its type%s", "");
    if (!check_region(c, s->body, s))
        return false;
    leave(c, depth);
    for (u32 i = 0; i < s->ncarry; i++)
        if (!define(c, s, s->result[i]))
            return false;
        else if (!same(type_of(c, s->result[i]), type_of(c, s->init[i])))
            return no(c, s, "a result has another type than its carried value%s", "");
    return true;
}

static bool check_if(struct checker *c, const struct loop_stmt *s)
{
    if (!use(c, s, s->arg[0]))
        return false;
    struct ltype t = type_of(c, s->arg[0]);
    if (t.dtype != DT_BOOL || t.lanes != 1)
        return no(c, s, "a condition is a scalar bool%s", "");
    u32 depth = c->depth;
    if (!check_region(c, s->body, s))
        return false;
    leave(c, depth);
    if (!check_region(c, s->other, s))
        return false;
    leave(c, depth);
    for (u32 i = 0; i < s->ncarry; i++)
        if (!define(c, s, s->result[i]))
            return false;
    return true;
}

static bool check_yield(struct checker *c, const struct loop_stmt *s, const struct loop_stmt *owner)
{
    if (!owner)
        return no(c, s, "yield stands in a for or an if%s", "");
    if (s->ncarry != owner->ncarry)
        return no(c, s, "yield gives another number of values than the statement has%s", "");
    for (u32 i = 0; i < s->ncarry; i++)
        if (!owner->result[i] || owner->result[i] >= c->f->val.n)
            return no(c, owner, "the result has no number%s", "");
    for (u32 i = 0; i < s->ncarry; i++) {
        if (!use(c, s, s->init[i]))
            return false;
        if (!same(type_of(c, s->init[i]), type_of(c, owner->result[i])))
            return no(c, s, "a value has another type than the result%s", "");
    }
    return true;
}

static bool check_stmt(struct checker *c, const struct loop_stmt *s, const struct loop_stmt *owner)
{
    switch ((enum loop_stmt_kind)s->kind) {
    case LS_OP: return check_op(c, s);
    case LS_LOAD: case LS_STORE: return check_access(c, s);
    case LS_FOR: return check_for(c, s);
    case LS_IF: return check_if(c, s);
    case LS_YIELD: return check_yield(c, s, owner);
    case LS_CALL:
        if (s->u >= c->f->nuk || s->ncarry != 2 || !use(c, s, s->init[0]) || !use(c, s, s->init[1]) ||
            !is_i64(type_of(c, s->init[0])) || !is_i64(type_of(c, s->init[1])))
            return no(c, s, "a call is of one of the function's kernels, with lo and hi%s", "");
        return true;
    case LS_FENCE: break;
    }
    return no(c, s, "there is no such statement%s", "");
}

static bool check_region(struct checker *c, const struct loop_region *r, const struct loop_stmt *owner)
{
    u32 n = r ? r->stmt.n : 0;
    for (u32 i = 0; i < n; i++) {
        if (!check_stmt(c, &r->stmt.at[i], owner))
            return false;
        if (r->stmt.at[i].kind == LS_YIELD && i + 1 != n)
            return no(c, &r->stmt.at[i], "yield is the last statement of its region%s", "");
    }
    if (owner && owner->ncarry && (!n || r->stmt.at[n - 1].kind != LS_YIELD))
        return no(c, owner, "a region that gives values ends in yield%s", "");
    return true;
}

bool loop_verify(const struct loop_fn *f, struct buf *why)
{
    struct arena_mark m = arena_mark(f->a);
    struct checker c = { .f = f, .why = why, .seen = NEW_ARRAY(f->a, u8, f->val.n), .stack = NEW_ARRAY(f->a, u32, f->val.n + 1) };
    bool ok = true;
    for (u32 i = 0; i < f->buf.n && ok; i++)
        if (f->buf.at[i].dtype >= DTYPES || (f->buf.at[i].align & (f->buf.at[i].align - 1)) || f->buf.at[i].kind > LB_SCRATCH)
            ok = no(&c, NULL, "a buffer's kind, dtype or alignment (a power of two) is wrong%s", "");
    c.seen[f->lo] = c.seen[f->hi] = 1;
    if (ok && (f->scratch_bytes != loop_scratch_bytes(f)))
        ok = no(&c, NULL, "scratch_bytes is not the size of the scratch buffers%s", "");
    ok = ok && check_region(&c, &f->body, NULL);
    arena_reset(f->a, m);
    return ok;
}
