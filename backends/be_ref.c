/* be_ref.c - the reference backend: an interpreter of loop IR, exact and bounds-checked.
 *
 * In: a verified loop function (legalized or not: exp .. run through ir/poly.h, with the same bits) and its
 * arguments.  Out: the buffers.  Anything the verifier cannot see - an offset outside of its buffer, a divisor of 0,
 * a shift by the width - is a BUG with the statement's number, never a wild access.
 *
 * A value lives in a slot of native lanes (bool: one byte a lane; f16, bf16: their bits); slots are laid out once per run. */
#include "backends/backend.h"

#include "compiler/ir/elem.h"
#include "compiler/ir/op.h"
#include "compiler/ir/poly.h"

#include <math.h>
#include <stdlib.h>

struct run {
    const struct loop_fn *f;
    const struct kernel_args *args;
    u8 *cell;
    u32 *at;                    /* value -> its slot's offset in cell */
    u8 *scratch;
    void *heap;                 /* what cell and at came from, if not the stack */
};

_Noreturn static void fail(struct run *r, u32 value, const char *what)
{
    free(r->heap);
    BUG("kernel %s: v%u: %s", r->f->name ? r->f->name : "?", value, what);
}

static void *slot(struct run *r, lval v)
{
    return r->cell + r->at[v];
}

static struct ltype type_of(struct run *r, lval v)
{
    return r->f->val.at[v];
}

static i64 get_i64(struct run *r, lval v)
{
    return *(i64 *)slot(r, v);
}

/* ---- operations: one loop over the lanes for each type ---- */

#define LANES(T, expr)                                                       \
    do {                                                                     \
        T *z = slot(r, s->res);                                              \
        const T *x = s->narg > 0 ? slot(r, s->arg[0]) : NULL;                \
        const T *y = s->narg > 1 ? slot(r, s->arg[1]) : NULL;                \
        const T *w = s->narg > 2 ? slot(r, s->arg[2]) : NULL;                \
        (void)x, (void)y, (void)w;                                           \
        for (u32 k = 0; k < n; k++)                                          \
            z[k] = (T)(expr);                                                \
    } while (0)

#define TESTS(T, expr)                                                       \
    do {                                                                     \
        u8 *z = slot(r, s->res);                                             \
        const T *x = slot(r, s->arg[0]), *y = slot(r, s->arg[1]);            \
        for (u32 k = 0; k < n; k++)                                          \
            z[k] = (expr);                                                   \
    } while (0)

#define FLOATS(expr32, expr64)                                               \
    do {                                                                     \
        if (is64)                                                            \
            LANES(double, expr64);                                           \
        else                                                                 \
            LANES(float, expr32);                                            \
    } while (0)
#define FLOATS_SAME(expr) FLOATS(expr, expr)
#define INTS(expr32, expr64)                                                 \
    do {                                                                     \
        if (is64)                                                            \
            LANES(i64, expr64);                                              \
        else                                                                 \
            LANES(i32, expr32);                                              \
    } while (0)
/* Wrapping arithmetic: in unsigned. */
#define INTS_WRAP(op) INTS((u32)x[k] op (u32)y[k], (u64)x[k] op (u64)y[k])

static void run_int(struct run *r, const struct loop_stmt *s, bool is64, u32 n)
{
    if (s->op == LO_IDIV || s->op == LO_IMOD || s->op == LO_BSHL || s->op == LO_BSHR) {
        bool shift = s->op == LO_BSHL || s->op == LO_BSHR;
        for (u32 k = 0; k < n; k++) {
            i64 y = is64 ? ((i64 *)slot(r, s->arg[1]))[k] : ((i32 *)slot(r, s->arg[1]))[k];
            if (shift ? y < 0 || y >= (is64 ? 64 : 32) : y <= 0)
                fail(r, s->res, shift ? "shift by the width or more" : "division by 0 or less");
        }
    }
    switch (s->op) {
    case LO_IADD: INTS_WRAP(+); break;
    case LO_ISUB: INTS_WRAP(-); break;
    case LO_IMUL: INTS_WRAP(*); break;
    case LO_IDIV: INTS(x[k] / y[k] - (x[k] % y[k] < 0), x[k] / y[k] - (x[k] % y[k] < 0)); break;
    case LO_IMOD: INTS(x[k] % y[k] + (x[k] % y[k] < 0 ? y[k] : 0), x[k] % y[k] + (x[k] % y[k] < 0 ? y[k] : 0)); break;
    case LO_IMIN: INTS(MIN(x[k], y[k]), MIN(x[k], y[k])); break;
    case LO_IMAX: INTS(MAX(x[k], y[k]), MAX(x[k], y[k])); break;
    case LO_BSHL: INTS((u32)x[k] << y[k], (u64)x[k] << y[k]); break;
    case LO_BSHR: INTS(x[k] >> y[k], x[k] >> y[k]); break;
    case LO_BAND: INTS_WRAP(&); break;
    case LO_BOR: INTS_WRAP(|); break;
    default: fail(r, s->res, "no such operation");
    }
}

static void run_float(struct run *r, const struct loop_stmt *s, bool is64, u32 n)
{
    switch (s->op) {
    case LO_FADD: FLOATS_SAME(x[k] + y[k]); break;
    case LO_FSUB: FLOATS_SAME(x[k] - y[k]); break;
    case LO_FMUL: FLOATS_SAME(x[k] * y[k]); break;
    case LO_FDIV: FLOATS_SAME(x[k] / y[k]); break;
    case LO_FMA: FLOATS(fmaf(x[k], y[k], w[k]), fma(x[k], y[k], w[k])); break;
    case LO_FNEG: FLOATS_SAME(-x[k]); break;
    case LO_FABS: FLOATS(fabsf(x[k]), fabs(x[k])); break;
    case LO_FMIN: FLOATS_SAME(x[k] < y[k] ? x[k] : y[k]); break;
    case LO_FMAX: FLOATS_SAME(x[k] > y[k] ? x[k] : y[k]); break;
    case LO_FSQRT: FLOATS(sqrtf(x[k]), sqrt(x[k])); break;
    case LO_FFLOOR: FLOATS(floorf(x[k]), floor(x[k])); break;
    case LO_FROUND: FLOATS(rintf(x[k]), rint(x[k])); break;
#define POLY(fn) FLOATS(poly_f32(fn, x[k]), poly_f64(fn, x[k]))
    case LO_EXP: POLY(POLY_EXP); break;
    case LO_LOG: POLY(POLY_LOG); break;
    case LO_TANH: POLY(POLY_TANH); break;
    case LO_ERF: POLY(POLY_ERF); break;
    case LO_SIN: POLY(POLY_SIN); break;
    case LO_COS: POLY(POLY_COS); break;
    case LO_SIGMOID: POLY(POLY_SIGMOID); break;
#undef POLY
    case LO_POW: FLOATS(poly_pow_f32(x[k], y[k]), poly_pow_f64(x[k], y[k])); break;
    default: fail(r, s->res, "no such operation");
    }
}

static void run_compare(struct run *r, const struct loop_stmt *s, bool is64, u32 n)
{
#define ITEST(op) do { if (is64) TESTS(i64, x[k] op y[k]); else TESTS(i32, x[k] op y[k]); } while (0)
#define FTEST(op) do { if (is64) TESTS(double, x[k] op y[k]); else TESTS(float, x[k] op y[k]); } while (0)
    switch (s->op) {
    case LO_ILT: ITEST(<); break;
    case LO_ILE: ITEST(<=); break;
    case LO_IEQ: ITEST(==); break;
    case LO_FLT: FTEST(<); break;
    case LO_FLE: FTEST(<=); break;
    case LO_FEQ: FTEST(==); break;
    case LO_FNE: FTEST(!=); break;
    default: fail(r, s->res, "no such operation");
    }
}

/* ---- casts: a lane as an i64 or a double or a float, then to where it goes ---- */

static i64 saturate(double x, i64 least, i64 most)
{
    if (x != x)
        return 0;
    if (x <= (double)least)
        return least;
    return x >= (double)most ? most : (i64)x;           /* (double)INT64_MAX is 2^63, and all below it fits */
}

static void int_bounds(enum dtype d, i64 *least, i64 *most)
{
    switch (d) {
    case DT_I32: *least = INT32_MIN, *most = INT32_MAX; break;
    case DT_I8: *least = INT8_MIN, *most = INT8_MAX; break;
    case DT_U8: *least = 0, *most = UINT8_MAX; break;
    default: *least = INT64_MIN, *most = INT64_MAX; break;
    }
}

static i64 get_int(const void *p, enum dtype d, u32 k)
{
    switch (d) {
    case DT_I64: return ((const i64 *)p)[k];
    case DT_I32: return ((const i32 *)p)[k];
    case DT_I8: return ((const i8 *)p)[k];
    default: return ((const u8 *)p)[k];
    }
}

static void put_int(void *p, enum dtype d, u32 k, i64 v)
{
    switch (d) {
    case DT_I64: ((i64 *)p)[k] = v; break;
    case DT_I32: ((i32 *)p)[k] = (i32)v; break;
    case DT_I8: ((i8 *)p)[k] = (i8)v; break;
    default: ((u8 *)p)[k] = (u8)v; break;
    }
}

static void put_real(void *p, enum dtype d, u32 k, double v)    /* v is exact in d, but for f64 -> f32 */
{
    switch (d) {
    case DT_F64: ((double *)p)[k] = v; break;
    case DT_F32: ((float *)p)[k] = (float)v; break;
    case DT_F16: ((u16 *)p)[k] = elem_f32_to_f16((float)v); break;
    default: ((u16 *)p)[k] = elem_f32_to_bf16((float)v); break;
    }
}

static double get_real(const void *p, enum dtype d, u32 k)
{
    switch (d) {
    case DT_F64: return ((const double *)p)[k];
    case DT_F32: return (double)((const float *)p)[k];
    case DT_F16: return (double)elem_f16_to_f32(((const u16 *)p)[k]);
    default: return (double)elem_bf16_to_f32(((const u16 *)p)[k]);
    }
}

static void run_cast(struct run *r, const struct loop_stmt *s, u32 n)
{
    enum dtype from = (enum dtype)type_of(r, s->arg[0]).dtype, to = (enum dtype)type_of(r, s->res).dtype;
    const void *x = slot(r, s->arg[0]);
    void *z = slot(r, s->res);
    i64 least, most;
    int_bounds(to, &least, &most);
    for (u32 k = 0; k < n; k++)
        if (dtype_is_float(from)) {
            double v = get_real(x, from, k);
            if (to == DT_BOOL)
                ((u8 *)z)[k] = v != 0;
            else if (dtype_is_float(to))
                put_real(z, to, k, v);
            else
                put_int(z, to, k, saturate(v, least, most));
        } else {
            i64 v = get_int(x, from, k);
            if (to == DT_BOOL)
                ((u8 *)z)[k] = v != 0;
            else if (to == DT_F32)
                ((float *)z)[k] = (float)v;             /* one rounding */
            else if (dtype_is_float(to))
                put_real(z, to, k, (double)v);
            else
                put_int(z, to, k, MIN(MAX(v, least), most));
        }
}

/* ---- vector shapes ---- */

#define HALVES(T, add, mul)                                                                 \
    do {                                                                                    \
        T v[LOOP_LANES];                                                                    \
        memcpy(v, slot(r, s->arg[0]), n * sizeof *v);                                       \
        for (u32 h = n / 2; h; h /= 2)                                                      \
            for (u32 k = 0; k < h; k++) {                                                   \
                T x = v[k], y = v[k + h];                                                   \
                v[k] = s->u == RED_ADD ? (T)(add) : s->u == RED_MUL ? (T)(mul) :            \
                       s->u == RED_MAX ? (x > y ? x : y) : (x < y ? x : y);                 \
            }                                                                               \
        *(T *)slot(r, s->res) = v[0];                                                       \
    } while (0)

static void run_reduce(struct run *r, const struct loop_stmt *s)
{
    u32 n = type_of(r, s->arg[0]).lanes;
    switch (type_of(r, s->res).dtype) {
    case DT_F64: HALVES(double, x + y, x * y); break;
    case DT_F32: HALVES(float, x + y, x * y); break;
    case DT_I64: HALVES(i64, (u64)x + (u64)y, (u64)x * (u64)y); break;
    default: HALVES(i32, (u32)x + (u32)y, (u32)x * (u32)y); break;
    }
}

static void run_const(struct run *r, const struct loop_stmt *s, struct ltype t)
{
    void *z = slot(r, s->res);
    for (u32 k = 0; k < t.lanes; k++)
        if (s->op == LO_IOTA)
            put_int(z, (enum dtype)t.dtype, k, k);
        else if (s->op == LO_ICONST)
            put_int(z, (enum dtype)t.dtype, k, s->i);
        else
            put_real(z, (enum dtype)t.dtype, k, s->r);
}

static void run_op(struct run *r, const struct loop_stmt *s)
{
    struct ltype t = type_of(r, s->res);
    u32 n = t.lanes, bytes = dtype_bytes((enum dtype)t.dtype);
    bool is64 = bytes == 8;
    switch ((enum loop_op)s->op) {
    case LO_ICONST: case LO_FCONST: case LO_IOTA: run_const(r, s, t); return;
    case LO_SYM: *(i64 *)slot(r, s->res) = r->args->sym[s->u]; return;
    case LO_TAB:
        if (get_i64(r, s->arg[0]) < 0)
            fail(r, s->res, "a table is read below its start");
        *(i64 *)slot(r, s->res) = r->args->tab[s->u][get_i64(r, s->arg[0])];
        return;
    case LO_AND: LANES(u8, x[k] & y[k]); return;
    case LO_OR: LANES(u8, x[k] | y[k]); return;
    case LO_NOT: LANES(u8, !x[k]); return;
    case LO_SELECT: {
        const u8 *c = slot(r, s->arg[0]), *x = slot(r, s->arg[1]), *y = slot(r, s->arg[2]);
        u8 *z = slot(r, s->res);
        bool one = type_of(r, s->arg[0]).lanes == 1;
        for (u32 k = 0; k < n; k++)
            memcpy(z + k * bytes, (c[one ? 0 : k] ? x : y) + k * bytes, bytes);
        return;
    }
    case LO_SPLAT:
        for (u32 k = 0; k < n; k++)
            memcpy((u8 *)slot(r, s->res) + k * bytes, slot(r, s->arg[0]), bytes);
        return;
    case LO_LANE: memcpy(slot(r, s->res), (u8 *)slot(r, s->arg[0]) + s->u * bytes, bytes); return;
    case LO_INSERT:
        memcpy(slot(r, s->res), slot(r, s->arg[0]), (size_t)n * bytes);
        memcpy((u8 *)slot(r, s->res) + s->u * bytes, slot(r, s->arg[1]), bytes);
        return;
    case LO_REDUCE: run_reduce(r, s); return;
    case LO_CAST: run_cast(r, s, n); return;
    case LO_BITS: memcpy(slot(r, s->res), slot(r, s->arg[0]), (size_t)n * bytes); return;
    default: break;
    }
    switch (loop_ops[s->op].class) {
    case 'I': run_int(r, s, is64, n); break;
    case 'F': run_float(r, s, is64, n); break;
    case 'C': run_compare(r, s, dtype_bytes((enum dtype)type_of(r, s->arg[0]).dtype) == 8, n); break;
    default: fail(r, s->res, "no such operation");
    }
}

/* ---- memory ---- */

static u8 *base_of(struct run *r, u32 buf)
{
    return r->f->buf.at[buf].kind == LB_SCRATCH ? r->scratch + loop_buf_scratch_offset(r->f, buf) : r->args->base[buf];
}

/* The bytes of element off of a buffer, checked. */
static u8 *element(struct run *r, const struct loop_stmt *s, u8 *base, i64 off)
{
    const struct loop_buf *b = &r->f->buf.at[s->u];
    if (off < 0 || (b->elems >= 0 && off >= b->elems)) {
        char what[160];
        const char *name = b->name ? b->name : "?";
        strcpy(what, s->kind == LS_LOAD ? "read outside of buffer " : "written outside of buffer ");
        strncat(what, name, sizeof what - strlen(what) - 1);
        fail(r, s->kind == LS_LOAD ? s->res : s->arg[1], what);
    }
    return base + (u64)off * dtype_bytes((enum dtype)b->dtype);
}

static void run_access(struct run *r, const struct loop_stmt *s)
{
    bool load = s->kind == LS_LOAD, is_bool = r->f->buf.at[s->u].dtype == DT_BOOL;
    lval v = load ? s->res : s->arg[1], mask = load ? s->arg[1] : s->arg[2];
    struct ltype t = type_of(r, v);
    u32 bytes = dtype_bytes((enum dtype)t.dtype);
    i64 off = get_i64(r, s->arg[0]);
    u8 *base = base_of(r, s->u), *x = slot(r, v);
    const u8 *m = mask ? slot(r, mask) : NULL;
    if (!m && !s->arg[2] && !is_bool && t.lanes) {      /* the usual: n elements in a row (a store's arg[2] is its mask) */
        u8 *p = element(r, s, base, off);
        element(r, s, base, off + t.lanes - 1);
        if (load)
            memcpy(x, p, (size_t)bytes * t.lanes);
        else
            memcpy(p, x, (size_t)bytes * t.lanes);
        return;
    }
    lval index = load ? s->arg[2] : 0;
    for (u32 k = 0; k < t.lanes; k++) {
        if (m && !m[k]) {
            if (load)
                memset(x + k * bytes, 0, bytes);
            continue;
        }
        i64 at = (i64)((u64)off + (u64)(index ? get_int(slot(r, index), (enum dtype)type_of(r, index).dtype, k) : (i64)k));
        u8 *p = element(r, s, base, at);
        if (is_bool && load)
            x[k] = *p != 0;
        else if (load)
            memcpy(x + k * bytes, p, bytes);
        else
            memcpy(p, x + k * bytes, bytes);
    }
}

/* ---- structure ---- */

static void copy_values(struct run *r, u32 n, const lval *to, const lval *from)
{
    for (u32 i = 0; i < n; i++)
        memcpy(slot(r, to[i]), slot(r, from[i]), ltype_bytes(type_of(r, to[i])));
}

/* Carried values change places at once: a yield may swap them. */
static void step_carried(struct run *r, const struct loop_stmt *s, const lval *next)
{
    u64 room[64 * 8], *way = room;
    u64 bytes = 0;
    for (u32 i = 0; i < s->ncarry; i++)
        bytes += ltype_bytes(type_of(r, s->carry[i]));
    if (bytes > sizeof room) {
        way = malloc(bytes);
        if (!way)
            fail(r, s->var, "out of memory");
    }
    u8 *p = (u8 *)way;
    for (u32 i = 0; i < s->ncarry; i++) {
        u32 n = ltype_bytes(type_of(r, s->carry[i]));
        memcpy(p, slot(r, next[i]), n);
        p += n;
    }
    p = (u8 *)way;
    for (u32 i = 0; i < s->ncarry; i++) {
        u32 n = ltype_bytes(type_of(r, s->carry[i]));
        memcpy(slot(r, s->carry[i]), p, n);
        p += n;
    }
    if (way != room)
        free(way);
}

/* Runs a region; the values it yields, or NULL. */
static const lval *run_region(struct run *r, const struct loop_region *g)
{
    for (u32 i = 0; i < g->stmt.n; i++) {
        const struct loop_stmt *s = &g->stmt.at[i];
        switch ((enum loop_stmt_kind)s->kind) {
        case LS_OP: run_op(r, s); break;
        case LS_LOAD: case LS_STORE: run_access(r, s); break;
        case LS_FOR: {
            i64 hi = get_i64(r, s->arg[1]), *var = slot(r, s->var);
            copy_values(r, s->ncarry, s->carry, s->init);
            for (i64 v = get_i64(r, s->arg[0]); v < hi;) {
                *var = v;
                const lval *next = run_region(r, s->body);
                if (s->ncarry)
                    step_carried(r, s, next);
                if (__builtin_add_overflow(v, s->step, &v))
                    break;
            }
            copy_values(r, s->ncarry, s->result, s->carry);
            break;
        }
        case LS_IF: {
            const lval *out = run_region(r, *(u8 *)slot(r, s->arg[0]) ? s->body : s->other);
            if (s->ncarry)
                copy_values(r, s->ncarry, s->result, out);
            break;
        }
        case LS_YIELD: return s->init;
        case LS_CALL: ((kernel_fn)r->args->uk[s->u])(r->args, get_i64(r, s->init[0]), get_i64(r, s->init[1]), r->scratch); break;
        case LS_FENCE: fail(r, 0, "no such statement");
        }
    }
    return NULL;
}

void be_ref_run(const struct loop_fn *f, const struct kernel_args *a, i64 lo, i64 hi, void *scratch)
{
    u64 room[2048];
    struct run r = { .f = f, .args = a, .scratch = scratch };
    u64 bytes = ((u64)f->val.n * sizeof *r.at + 15) & ~(u64)15, head = bytes;
    for (u32 v = 1; v < f->val.n; v++)
        bytes += (ltype_bytes(f->val.at[v]) + 7) & ~7u;
    u8 *p = (u8 *)room;
    if (bytes > sizeof room) {
        r.heap = malloc(bytes);
        if (!r.heap)
            BUG("out of memory");
        p = r.heap;
    }
    r.at = (u32 *)(void *)p;
    r.cell = p + head;
    u32 at = 0;
    for (u32 v = 1; v < f->val.n; v++) {
        r.at[v] = at;
        at += (ltype_bytes(f->val.at[v]) + 7) & ~7u;
    }
    *(i64 *)slot(&r, f->lo) = lo;
    *(i64 *)slot(&r, f->hi) = hi;
    run_region(&r, &f->body);
    free(r.heap);
}

/* ---- the backend ---- */

static const char *ref_version(void) { return "1"; }

static struct be *ref_open(const struct mach *m, struct buf *why)
{
    static const char instance;                 /* nothing to hold: any address will do, and nobody writes to it */
    (void)m, (void)why;
    return (struct be *)(uintptr_t)&instance;
}

static void ref_close(struct be *be) { (void)be; }

static bool ref_can(const struct mach *m, enum loop_op op, struct ltype t)
{
    (void)m, (void)op, (void)t;
    return true;
}

static bool ref_compile(struct be *be, u32 n, const struct loop_fn *const *fn, struct be_code *out, struct arena *a, struct buf *why)
{
    (void)be, (void)a, (void)why;
    for (u32 i = 0; i < n; i++)
        out[i] = (struct be_code){ .self = (void *)(uintptr_t)fn[i] };
    return true;
}

static bool ref_text(struct be *be, const struct loop_fn *fn, const char *what, struct buf *out, struct buf *why)
{
    (void)be, (void)fn, (void)out;
    buf_printf(why, "the reference backend interprets loops: it has no %s", what);
    return false;
}

const struct backend be_ref = {
    .abi = BACKEND_ABI, .name = "ref", .about = "interprets loop IR; exact, bounds-checked, slow", .version = ref_version,
    .open = ref_open, .close = ref_close, .can = ref_can, .compile = ref_compile, .text = ref_text,
};
