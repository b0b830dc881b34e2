/* loop.c - building loop functions: values, buffers, and the emitters le_*.
 *
 * In: a cursor into a region and what to append.  Out: the statement's value.  Holds: every
 * value has its type in fn->val from the moment it exists, and what is known of it (a constant) in
 * fn->known.  Folding is local and never moves or removes a statement. */
#include "compiler/ir/loop.h"

const struct loop_op_row loop_ops[LOOP_OPS] = {
#define X(kind, word, nargs, class) { word, nargs, #class[0] },
#include "compiler/ir/loop.def"
#undef X
};

u32 ltype_bytes(struct ltype t)
{
    return dtype_bytes((enum dtype)t.dtype) * t.lanes;
}

void ltype_print(struct buf *b, struct ltype t)
{
    buf_puts(b, dtype_name((enum dtype)t.dtype));
    if (t.lanes != 1)
        buf_printf(b, "x%u", t.lanes);
}

bool ltype_parse(const char *s, struct ltype *t)
{
    char name[8];
    u32 n = 0;
    for (; *s && *s != 'x'; s++) {
        if (n + 1 >= sizeof name)
            return false;
        name[n++] = *s;
    }
    name[n] = 0;
    enum dtype d;
    if (!dtype_parse(name, &d))
        return false;
    u32 lanes = 1;
    if (*s == 'x') {
        for (lanes = 0, s++; *s >= '0' && *s <= '9' && lanes <= LOOP_LANES; s++)
            lanes = lanes * 10 + (u32)(*s - '0');
        if (*s || lanes < 2 || lanes > LOOP_LANES)
            return false;
    }
    *t = (struct ltype){ (u8)d, (u16)lanes };
    return true;
}

struct loop_fn *loop_fn_new(struct arena *a, struct str_pool *sp, str name)
{
    struct loop_fn *f = NEW(a, struct loop_fn);
    f->a = a;
    f->sp = sp;
    f->name = name;
    vec_push(a, &f->val, (struct ltype){ 0 });
    vec_push(a, &f->known, (struct loop_known){ 0 });
    f->lo = loop_value(f, DT_I64, 1);
    f->hi = loop_value(f, DT_I64, 1);
    return f;
}

u32 loop_buf_add(struct loop_fn *f, str name, enum loop_buf_kind kind, enum dtype d, u32 align, i64 elems)
{
    CHECK(kind != LB_SCRATCH || elems >= 0);
    vec_push(f->a, &f->buf, ((struct loop_buf){ name, (u8)kind, (u8)d, align, elems }));
    f->scratch_bytes = loop_scratch_bytes(f);
    return f->buf.n - 1;
}

static u64 scratch_size(const struct loop_buf *b)
{
    return b->kind == LB_SCRATCH ? ((u64)b->elems * dtype_bytes((enum dtype)b->dtype) + 63) & ~(u64)63 : 0;
}

u64 loop_buf_scratch_offset(const struct loop_fn *f, u32 buf)
{
    u64 at = 0;
    for (u32 i = 0; i < buf; i++)
        at += scratch_size(&f->buf.at[i]);
    return at;
}

i64 loop_scratch_bytes(const struct loop_fn *f)
{
    return (i64)loop_buf_scratch_offset(f, f->buf.n);
}

lval loop_value(struct loop_fn *f, enum dtype d, u32 lanes)
{
    CHECK(lanes >= 1 && lanes <= LOOP_LANES);
    vec_push(f->a, &f->val, ((struct ltype){ (u8)d, (u16)lanes }));
    vec_push(f->a, &f->known, (struct loop_known){ 0 });
    return f->val.n - 1;
}

static struct ltype type_of(const struct loop_emit *e, lval v)
{
    CHECK(v && v < e->f->val.n);
    return e->f->val.at[v];
}

static struct loop_stmt *append(struct loop_emit *e, enum loop_stmt_kind kind)
{
    vec_push(e->f->a, &e->at->stmt, (struct loop_stmt){ .kind = (u8)kind });
    return &e->at->stmt.at[e->at->stmt.n - 1];
}

static lval constant(struct loop_emit *e, struct ltype t, i64 v, bool lift)
{
    lval res = loop_value(e->f, (enum dtype)t.dtype, t.lanes);
    struct loop_stmt *s = append(e, LS_OP);
    s->op = LO_ICONST;
    s->flag = lift ? LF_LIFT : 0;
    s->i = v;
    s->res = res;
    e->f->known.at[res] = (struct loop_known){ true, lift, v };
    return res;
}

static const struct ltype I64 = { DT_I64, 1 }, BOOL = { DT_BOOL, 1 };

lval le_int(struct loop_emit *e, i64 v)
{
    return constant(e, I64, v, false);
}

lval le_lift(struct loop_emit *e, i64 v)
{
    return constant(e, I64, v, true);
}

lval le_bits(struct loop_emit *e, struct ltype t, i64 v)
{
    return constant(e, t, v, false);
}

lval le_num(struct loop_emit *e, struct ltype t, double v)
{
    if (!dtype_is_float((enum dtype)t.dtype))
        return constant(e, t, (i64)v, false);
    if (t.dtype == DT_F16 || t.dtype == DT_BF16)        /* only moved: made in f32 */
        return le_op(e, LO_CAST, t, le_num(e, (struct ltype){ DT_F32, t.lanes }, v), 0, 0);
    lval res = loop_value(e->f, (enum dtype)t.dtype, t.lanes);
    struct loop_stmt *s = append(e, LS_OP);
    s->op = LO_FCONST;
    s->r = t.dtype == DT_F32 ? (double)(float)v : v;
    s->res = res;
    return res;
}

static bool is_plain(const struct loop_emit *e, lval v, i64 *out)
{
    if (!v || !e->f->known.at[v].is_const || e->f->known.at[v].lift || e->f->val.at[v].lanes != 1)
        return false;
    *out = e->f->known.at[v].i;
    return true;
}

static i64 floor_div(i64 a, i64 b)
{
    return a / b - (a % b < 0);
}

/* The value of an operation on constants; false if it has none worth folding (overflow stays to run time). */
static bool fold(enum loop_op op, i64 a, i64 b, i64 *out)
{
    switch (op) {
    case LO_IADD: return !__builtin_add_overflow(a, b, out);
    case LO_ISUB: return !__builtin_sub_overflow(a, b, out);
    case LO_IMUL: return !__builtin_mul_overflow(a, b, out);
    case LO_IDIV: return b > 0 ? *out = floor_div(a, b), true : false;
    case LO_IMOD: return b > 0 ? *out = a - floor_div(a, b) * b, true : false;
    case LO_IMIN: *out = MIN(a, b); return true;
    case LO_IMAX: *out = MAX(a, b); return true;
    case LO_ILT: *out = a < b; return true;
    case LO_ILE: *out = a <= b; return true;
    case LO_IEQ: *out = a == b; return true;
    case LO_AND: *out = a & b; return true;
    case LO_OR: *out = a | b; return true;
    default: return false;
    }
}

/* An operand that is already the answer, or 0. */
static lval identity(const struct loop_emit *e, enum loop_op op, lval a, lval b)
{
    i64 ka = 0, kb = 0;
    bool ca = is_plain(e, a, &ka), cb = is_plain(e, b, &kb);
    switch (op) {
    case LO_IADD: return cb && kb == 0 ? a : ca && ka == 0 ? b : 0;
    case LO_ISUB: return cb && kb == 0 ? a : 0;
    case LO_IMUL: return cb && (kb == 1) ? a : ca && ka == 1 ? b : cb && kb == 0 ? b : ca && ka == 0 ? a : 0;
    case LO_IDIV: return cb && kb == 1 ? a : 0;
    case LO_IMIN: case LO_IMAX: return a == b ? a : 0;
    case LO_AND: return a == b ? a : ca ? (ka ? b : a) : cb ? (kb ? a : b) : 0;
    case LO_OR: return a == b ? a : ca ? (ka ? a : b) : cb ? (kb ? b : a) : 0;
    default: return 0;
    }
}

static bool needs_f32(struct ltype from, struct ltype to)
{
    bool small_from = from.dtype == DT_F16 || from.dtype == DT_BF16, small_to = to.dtype == DT_F16 || to.dtype == DT_BF16;
    return (small_from && to.dtype != DT_F32) || (small_to && from.dtype != DT_F32);
}

lval le_op(struct loop_emit *e, enum loop_op op, struct ltype t, lval a, lval b, lval c)
{
    CHECK((u32)op < LOOP_OPS && op != LO_ICONST && op != LO_FCONST);
    if (a && type_of(e, a).lanes == 1 && t.lanes == 1) {
        i64 ka, kb, out;
        if (loop_ops[op].class == 'I' || loop_ops[op].class == 'C' || op == LO_AND || op == LO_OR) {
            bool narrow = loop_ops[op].class == 'I' && t.dtype != DT_I64;       /* wraps at another width: left to run time */
            if (!narrow && is_plain(e, a, &ka) && is_plain(e, b, &kb) && fold(op, ka, kb, &out))
                return constant(e, t, out, false);
            lval same = identity(e, op, a, b);
            if (same)
                return same;
            if (op == LO_IMOD && t.dtype == DT_I64 && is_plain(e, b, &kb) && kb == 1)
                return constant(e, t, 0, false);
        }
        if (op == LO_NOT && is_plain(e, a, &ka))
            return constant(e, BOOL, !ka, false);
    }
    i64 known;
    if (op == LO_SELECT && (b == c || is_plain(e, a, &known)))
        return b == c || known ? b : c;
    if (op == LO_SPLAT && t.lanes == 1)
        return a;
    if (op == LO_CAST && type_of(e, a).dtype == t.dtype)
        return a;
    if (op == LO_CAST && needs_f32(type_of(e, a), t))
        a = le_op(e, LO_CAST, (struct ltype){ DT_F32, t.lanes }, a, 0, 0);
    lval res = loop_value(e->f, (enum dtype)t.dtype, t.lanes);
    struct loop_stmt *s = append(e, LS_OP);
    s->op = (u8)op;
    s->narg = loop_ops[op].nargs;
    s->arg[0] = a;
    s->arg[1] = b;
    s->arg[2] = c;
    s->res = res;
    return res;
}

lval le_opu(struct loop_emit *e, enum loop_op op, struct ltype t, lval a, u32 u)
{
    if ((op == LO_REDUCE || op == LO_LANE) && type_of(e, a).lanes == 1)
        return a;
    lval res = le_op(e, op, t, a, 0, 0);
    e->at->stmt.at[e->at->stmt.n - 1].u = u;
    if (op == LO_SYM && u >= e->f->nsym)
        e->f->nsym = u + 1;
    if (op == LO_TAB && u >= e->f->ntab)
        e->f->ntab = u + 1;
    return res;
}

lval le_insert(struct loop_emit *e, struct ltype t, lval vector, lval scalar, u32 lane)
{
    lval res = le_op(e, LO_INSERT, t, vector, scalar, 0);
    e->at->stmt.at[e->at->stmt.n - 1].u = lane;
    return res;
}

lval le_load(struct loop_emit *e, u32 buf, lval off, struct ltype t, lval mask, lval index)
{
    lval res = loop_value(e->f, (enum dtype)t.dtype, t.lanes);
    struct loop_stmt *s = append(e, LS_LOAD);
    s->u = buf;
    s->flag = index ? LF_INDEXED : 0;
    s->narg = 3;
    s->arg[0] = off;
    s->arg[1] = mask;
    s->arg[2] = index;
    s->res = res;
    return res;
}

void le_store(struct loop_emit *e, u32 buf, lval off, lval v, lval mask)
{
    struct loop_stmt *s = append(e, LS_STORE);
    s->u = buf;
    s->narg = 3;
    s->arg[0] = off;
    s->arg[1] = v;
    s->arg[2] = mask;
}

struct loop_emit le_for(struct loop_emit *e, lval lo, lval hi, i64 step, u8 flag, u32 ncarry, const lval *init, lval *var, lval *carry, lval *result)
{
    struct arena *a = e->f->a;
    struct loop_stmt s = { .kind = LS_FOR, .flag = flag, .step = step, .narg = 2, .arg = { lo, hi }, .ncarry = ncarry };
    s.var = loop_value(e->f, DT_I64, 1);
    s.init = ncarry ? arena_dup(a, init, ncarry * sizeof *init) : NULL;
    s.carry = NEW_ARRAY(a, lval, ncarry);
    s.result = NEW_ARRAY(a, lval, ncarry);
    for (u32 i = 0; i < ncarry; i++) {
        struct ltype t = type_of(e, init[i]);
        s.carry[i] = carry[i] = loop_value(e->f, (enum dtype)t.dtype, t.lanes);
    }
    for (u32 i = 0; i < ncarry; i++) {
        struct ltype t = type_of(e, init[i]);
        s.result[i] = result[i] = loop_value(e->f, (enum dtype)t.dtype, t.lanes);
    }
    s.body = NEW(a, struct loop_region);
    *var = s.var;
    vec_push(a, &e->at->stmt, s);
    return (struct loop_emit){ e->f, s.body };
}

void le_if(struct loop_emit *e, lval cond, u32 nres, const struct ltype *t, struct loop_emit *then, struct loop_emit *other, lval *result)
{
    struct arena *a = e->f->a;
    struct loop_stmt s = { .kind = LS_IF, .narg = 1, .arg = { cond }, .ncarry = nres };
    s.result = NEW_ARRAY(a, lval, nres);
    for (u32 i = 0; i < nres; i++)
        s.result[i] = result[i] = loop_value(e->f, (enum dtype)t[i].dtype, t[i].lanes);
    s.body = NEW(a, struct loop_region);
    s.other = NEW(a, struct loop_region);
    vec_push(a, &e->at->stmt, s);
    *then = (struct loop_emit){ e->f, s.body };
    *other = (struct loop_emit){ e->f, s.other };
}

void le_yield(struct loop_emit *e, u32 n, const lval *v)
{
    lval *copy = n ? arena_dup(e->f->a, v, n * sizeof *v) : NULL;
    struct loop_stmt *s = append(e, LS_YIELD);
    s->ncarry = n;
    s->init = copy;
}

void le_call(struct loop_emit *e, u32 uk, lval lo, lval hi)
{
    lval arg[2] = { lo, hi };
    lval *copy = arena_dup(e->f->a, arg, sizeof arg);
    struct loop_stmt *s = append(e, LS_CALL);
    s->u = uk;
    s->ncarry = 2;
    s->init = copy;
    if (uk >= e->f->nuk)
        e->f->nuk = uk + 1;
}
