/* eval_prog.c - an equation's point expressions as straight-line programs, and one block of them.
 *
 * In the f64 modes functions are libm's: an oracle that shares nothing with the polynomials it judges.  As
 * written (EVAL_F32) they are those polynomials, and every result is rounded to its dtype. */
#include "compiler/ir/eval_prog.h"

#include "compiler/base/rng.h"
#include "compiler/ir/elem.h"
#include "compiler/ir/poly.h"

#include <math.h>

static u32 new_reg(struct eval_prog *p)
{
    return p->nreg++;
}

/* Subscripts that may leave their axis are checked; which those are is told by ranges. */
static void compile_read(struct eval_run *r, struct eval_prog *p, const struct eval_domain *d, ein_node x, struct eval_ins *ins)
{
    const struct cascade *c = r->c;
    const struct ein_x *y = &c->node.at[x];
    const struct ein_tens *t = &c->tens.at[y->u];
    i64 stride[EVAL_AXES];
    struct ein_rank rank[EVAL_RANKS];
    CHECK(t->ndim <= EVAL_AXES);
    eval_strides(r, y->u, stride);
    for (u32 i = 0; i < r->e->nrank; i++)
        rank[i] = (struct ein_rank){ .ext = d->ext[i] };
    ins->u = y->u;
    ins->padded = y->a != 0;
    ins->a = y->a ? p->reg[y->a] - 1 : 0;
    ins->check = NEW_ARRAY(r->a, struct eval_check, t->ndim);
    for (u32 i = 0; i < t->ndim; i++) {
        ein_node s = c->list.at[y->list + i];
        i64 lo, hi, dim = t->dim[i] < 0 ? eval_sym(r, (u32)(-1 - t->dim[i])) : t->dim[i];
        eval_compile_index(r, p, d, s, stride[i], &ins->x);
        if (ein_range(c, s, r->e->nrank, rank, &lo, &hi) && lo >= 0 && hi < dim)
            continue;
        struct eval_check *k = &ins->check[ins->ncheck++];
        k->dim = dim;
        eval_compile_index(r, p, d, s, 1, &k->x);
        p->open |= !y->a;
    }
}


static int join(int a, int b)
{
    return a == EIN_ANY ? b : a;
}

/* A register of constants where a number of dtype t is wanted.  As written they are in f64 so far; a bound counts the rounding to a dtype that is
 * coarser than the one they were counted in. */
static u32 in_dtype(struct eval_run *r, struct eval_prog *p, u32 reg, int t, enum dtype any)
{
    bool coarser = r->ev->mode == EVAL_BOUND && t != EIN_ANY && eval_unit((enum dtype)t) > eval_unit(any);
    if ((r->ev->mode != EVAL_F32 && !coarser) || t == EIN_ANY || t == DT_F64 || !dtype_is_float((enum dtype)t))
        return reg;
    struct eval_ins ins = { .kind = EIN_CAST, .a = reg, .dtype = (u8)t, .u = (u32)t, .dst = new_reg(p) };
    vec_push(r->a, &p->ins, ins);
    return ins.dst;
}

u32 eval_compile(struct eval_run *r, struct eval_prog *p, const struct eval_domain *d, ein_node x, enum dtype any)
{
    const struct cascade *c = r->c;
    ein_nodes under = { 0 };
    if (!p->reg)
        p->reg = NEW_ARRAY(r->a, u32, c->node.n);
    ein_reach(r->a, c, x, &under);
    int *type = NEW_ARRAY(r->a, int, p->nreg + 4 * under.n + 2);
    for (u32 i = 0; i < p->ins.n; i++)
        type[p->ins.at[i].dst] = p->ins.at[i].any ? EIN_ANY : p->ins.at[i].dtype;
    for (u32 i = 0; i < under.n; i++) {
        ein_node n = under.at[i];
        const struct ein_x *y = &c->node.at[n];
        if (ein_is_index(c, n) || p->reg[n])
            continue;
        struct eval_ins ins = { .kind = y->kind, .u = y->u, .r = y->r };
        int t = EIN_ANY;
        bool index = y->a && ein_is_index(c, y->a) && y->kind != EIN_READ;
        if (y->kind == EIN_READ) {
            compile_read(r, p, d, n, &ins);
            t = c->tens.at[y->u].dtype;
            if (y->a && type[ins.a] == EIN_ANY)
                ins.a = in_dtype(r, p, ins.a, t, any);
        } else if (index) {
            ins.index = true;
            eval_compile_index(r, p, d, y->a, 1, &ins.x);
            if (y->kind != EIN_OF_INT && y->kind != EIN_RAND) {
                eval_compile_index(r, p, d, y->b, 1, &ins.y);
                t = DT_BOOL;
            }
        } else {
            ins.a = y->a ? p->reg[y->a] - 1 : 0;
            ins.b = y->b ? p->reg[y->b] - 1 : 0;
            ins.c = y->c ? p->reg[y->c] - 1 : 0;
            switch (y->kind) {
            case EIN_NUM: break;
            case EIN_ACC: t = ein_dtype(c, r->e, n); break;
            case EIN_ARG: t = r->e->acc; break;
            case EIN_CAST: t = (int)y->u; break;
            case EIN_LT: case EIN_LE: case EIN_EQ: case EIN_NE: case EIN_AND: case EIN_OR: case EIN_NOT: t = DT_BOOL; break;
            case EIN_SELECT: t = join(type[ins.b], type[ins.c]); break;
            default: t = y->b ? join(type[ins.a], type[ins.b]) : type[ins.a];
            }
            bool compares = y->kind >= EIN_LT && y->kind <= EIN_NE, selects = y->kind == EIN_SELECT;
            int want = compares ? join(type[ins.a], type[ins.b]) : t;
            if (ein_kind_nchild(y->kind) > 1 && want != DT_BOOL) {
                if (!selects && type[ins.a] == EIN_ANY)
                    ins.a = in_dtype(r, p, ins.a, want, any);
                if (type[ins.b] == EIN_ANY)
                    ins.b = in_dtype(r, p, ins.b, want, any);
                if (selects && type[ins.c] == EIN_ANY)
                    ins.c = in_dtype(r, p, ins.c, want, any);
            }
        }
        /* Constants among themselves: as written in f64, else counted in the dtype around them. */
        ins.any = t == EIN_ANY;
        ins.dtype = (u8)(t != EIN_ANY ? t : r->ev->mode == EVAL_F32 ? (int)DT_F64 : (int)any);
        ins.dst = new_reg(p);
        type[ins.dst] = t;
        p->reg[n] = ins.dst + 1;
        vec_push(r->a, &p->ins, ins);
    }
    u32 reg = p->reg[x] - 1;
    return eval_ins_of(p, reg)->any ? in_dtype(r, p, reg, any, any) : reg;
}

const struct eval_ins *eval_ins_of(const struct eval_prog *p, u32 reg)
{
    for (u32 i = 0; i < p->ins.n; i++)
        if (p->ins.at[i].dst == reg)
            return &p->ins.at[i];
    BUG("a register of no instruction");
}

void eval_finish(struct eval_run *r, struct eval_prog *p)
{
    bool bound = r->ev->mode == EVAL_BOUND;
    p->v = NEW_ARRAY(r->a, double *, p->nreg);
    p->e = bound ? NEW_ARRAY(r->a, double *, p->nreg) : NULL;
    p->poison = p->open ? NEW_ARRAY(r->a, u8 *, p->nreg) : NULL;
    for (u32 i = 0; i < p->nreg; i++) {
        p->v[i] = NEW_ARRAY(r->a, double, EVAL_BLOCK);
        if (bound)
            p->e[i] = NEW_ARRAY(r->a, double, EVAL_BLOCK);
        if (p->poison)
            p->poison[i] = NEW_ARRAY(r->a, u8, EVAL_BLOCK);
    }
    for (u32 i = 0; i < p->ins.n; i++) {
        struct eval_ins *ins = &p->ins.at[i];
        if (ins->kind != EIN_NUM)
            continue;
        double v = r->ev->mode == EVAL_F32 ? eval_round(ins->dtype, ins->r) : ins->r;
        enum dtype bt = eval_bound_dtype(r->ev, ins->dtype);
        double e = eval_round(bt, ins->r) == ins->r ? 0 : eval_unit(bt) * fabs(ins->r);
        for (u32 k = 0; k < EVAL_BLOCK; k++) {
            p->v[ins->dst][k] = v;
            if (bound)
                p->e[ins->dst][k] = e;
        }
    }
}

static double sigmoid(double x)
{
    return x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x));
}

/* As written: f64 and integers by the f64 programs, everything else in f32. */
static double as_written(enum ein_kind k, enum dtype t, double x)
{
    static const i8 fn[EIN_KINDS] = { [EIN_EXP] = POLY_EXP + 1, [EIN_LOG] = POLY_LOG + 1, [EIN_TANH] = POLY_TANH + 1, [EIN_ERF] = POLY_ERF + 1,
                                      [EIN_SIN] = POLY_SIN + 1, [EIN_COS] = POLY_COS + 1, [EIN_SIGMOID] = POLY_SIGMOID + 1 };
    CHECK(fn[k]);
    return t == DT_F64 || !dtype_is_float(t) ? poly_f64(fn[k] - 1, x) : (double)poly_f32(fn[k] - 1, (float)x);
}

static double remainder_floored(enum eval_mode m, enum dtype t, double a, double b)
{
    if (m != EVAL_F32)
        return a - b * floor(a / b);
    double q = floor(eval_round(t, a / b));
    return eval_round(t, a - eval_round(t, q * b));
}

#define MAP(e) do { for (u32 i = 0; i < n; i++) d[i] = (e); } while (0)

static void values(struct eval_run *r, const struct eval_prog *p, const struct eval_ins *ins, u32 n)
{
    double *restrict d = p->v[ins->dst];
    const double *a = p->v[ins->a], *b = p->v[ins->b], *c = p->v[ins->c];
    enum eval_mode m = r->ev->mode;
    enum dtype t = ins->dtype;
    bool whole = !dtype_is_float(t), written = m == EVAL_F32;
    switch (ins->kind) {
    case EIN_NEG: MAP(-a[i]); break;
    case EIN_ABS: MAP(fabs(a[i])); break;
    case EIN_SIGN: MAP((a[i] > 0) - (a[i] < 0)); break;
    case EIN_SQRT: MAP(sqrt(a[i])); break;
    case EIN_RSQRT: MAP(1 / (written ? eval_round(t, sqrt(a[i])) : sqrt(a[i]))); break;
    case EIN_EXP: if (written) MAP(as_written(EIN_EXP, t, a[i])); else MAP(exp(a[i])); break;
    case EIN_LOG: if (written) MAP(as_written(EIN_LOG, t, a[i])); else MAP(log(a[i])); break;
    case EIN_TANH: if (written) MAP(as_written(EIN_TANH, t, a[i])); else MAP(tanh(a[i])); break;
    case EIN_SIGMOID: if (written) MAP(as_written(EIN_SIGMOID, t, a[i])); else MAP(sigmoid(a[i])); break;
    case EIN_ERF: if (written) MAP(as_written(EIN_ERF, t, a[i])); else MAP(erf(a[i])); break;
    case EIN_SIN: if (written) MAP(as_written(EIN_SIN, t, a[i])); else MAP(sin(a[i])); break;
    case EIN_COS: if (written) MAP(as_written(EIN_COS, t, a[i])); else MAP(cos(a[i])); break;
    case EIN_POW:
        if (!written) MAP(pow(a[i], b[i]));
        else if (t == DT_F64 || whole) MAP(poly_pow_f64(a[i], b[i]));
        else MAP((double)poly_pow_f32((float)a[i], (float)b[i]));
        break;
    case EIN_FLOOR: MAP(floor(a[i])); break;
    case EIN_ADD: MAP(a[i] + b[i]); break;
    case EIN_SUB: MAP(a[i] - b[i]); break;
    case EIN_MUL: MAP(a[i] * b[i]); break;
    case EIN_DIV: if (whole) MAP(b[i] == 0 ? 0 : floor(a[i] / b[i])); else MAP(a[i] / b[i]); break;
    case EIN_DIV0: if (whole) MAP(b[i] == 0 ? 0 : floor(a[i] / b[i])); else MAP(b[i] == 0 ? 0 : a[i] / b[i]); break;
    case EIN_PMOD: MAP(remainder_floored(m, t, a[i], b[i])); break;
    case EIN_MIN: MAP(a[i] < b[i] ? a[i] : b[i]); break;
    case EIN_MAX: MAP(a[i] > b[i] ? a[i] : b[i]); break;
    case EIN_LT: MAP(a[i] < b[i]); break;
    case EIN_LE: MAP(a[i] <= b[i]); break;
    case EIN_EQ: MAP(a[i] == b[i]); break;
    case EIN_NE: MAP(a[i] != b[i]); break;
    case EIN_AND: MAP(a[i] != 0 && b[i] != 0); break;
    case EIN_OR: MAP(a[i] != 0 || b[i] != 0); break;
    case EIN_NOT: MAP(a[i] == 0); break;
    case EIN_SELECT: MAP(a[i] != 0 ? b[i] : c[i]); break;
    case EIN_CAST:
        if (t == DT_BOOL) MAP(a[i] != 0);
        else if (whole) MAP(elem_round(t, a[i]));
        else MAP(a[i]);
        break;
    default: BUG("no value of `%s`", ein_kind_word(ins->kind));
    }
    if (whole && t != DT_BOOL && !ins->any)
        for (u32 i = 0; i < n; i++)
            d[i] = elem_round(t, d[i]);
    else if (written && !whole && t != DT_F64)
        for (u32 i = 0; i < n; i++)
            d[i] = eval_round(t, d[i]);
}

static void errors(const struct eval_prog *p, const struct eval_ins *ins, enum dtype t, u32 n)
{
    double *e = p->e[ins->dst];
    const double *d = p->v[ins->dst], *a = p->v[ins->a], *b = p->v[ins->b], *c = p->v[ins->c];
    const double *ea = p->e[ins->a], *eb = p->e[ins->b], *ec = p->e[ins->c];
    if (ins->kind == EIN_CAST)
        for (u32 i = 0; i < n; i++)
            e[i] = eval_cast_err(t, a[i], ea[i]);
    else
        for (u32 i = 0; i < n; i++)
            e[i] = eval_err_op(ins->kind, t, d[i], a[i], ea[i], b[i], eb[i], c[i], ec[i]);
}

static void poisons(const struct eval_prog *p, const struct eval_ins *ins, u32 n)
{
    u8 *d = p->poison[ins->dst];
    u32 kids = ein_kind_nchild(ins->kind);
    const u8 *a = p->poison[ins->a], *b = kids > 1 ? p->poison[ins->b] : a, *c = p->poison[ins->c];
    if (ins->kind == EIN_SELECT)
        for (u32 i = 0; i < n; i++)
            d[i] = a[i] | (p->v[ins->a][i] != 0 ? b[i] : c[i]);
    else
        for (u32 i = 0; i < n; i++)
            d[i] = a[i] | b[i];
}

/* Instructions without register operands. */
static bool leaf(struct eval_run *r, struct eval_prog *p, const struct eval_domain *d, struct eval_ins *ins, u32 n)
{
    double *v = p->v[ins->dst], *e = p->e ? p->e[ins->dst] : NULL;
    if (ins->index) {
        i64 x[EVAL_BLOCK], y[EVAL_BLOCK];
        eval_index_block(p, d, &ins->x, x);
        if (ins->kind == EIN_RAND) {
            for (u32 i = 0; i < n; i++) {
                u32 w[4];
                rng_at(0, ins->u, (u64)x[i], w);
                v[i] = (double)(w[0] >> 8) * 0x1p-24;
            }
        } else if (ins->kind == EIN_OF_INT) {
            enum dtype bt = eval_bound_dtype(r->ev, ins->dtype);
            for (u32 i = 0; i < n; i++) {
                v[i] = r->ev->mode == EVAL_F32 ? eval_round(ins->dtype, (double)x[i]) : (double)x[i];
                if (e)
                    e[i] = eval_round(bt, (double)x[i]) == (double)x[i] ? 0 : eval_unit(bt) * fabs((double)x[i]);
            }
        } else {
            eval_index_block(p, d, &ins->y, y);
            for (u32 i = 0; i < n; i++)
                v[i] = ins->kind == EIN_LT ? x[i] < y[i] : ins->kind == EIN_LE ? x[i] <= y[i] : ins->kind == EIN_EQ ? x[i] == y[i] : x[i] != y[i];
        }
        return true;
    }
    switch (ins->kind) {
    case EIN_NUM:
        return true;
    case EIN_READ:
        eval_read_block(r, p, d, ins);
        return true;
    case EIN_ACC: case EIN_ARG: {
        const double *from = ins->kind == EIN_ACC ? p->acc_v : p->arg_v[ins->u];
        const double *from_e = !e ? NULL : ins->kind == EIN_ACC ? p->acc_e : p->arg_e[ins->u];
        memcpy(v, from, n * sizeof *v);
        if (e)
            memcpy(e, from_e, n * sizeof *e);
        if (p->terms && p->terms[ins->dst].mag)
            eval_sum_acc(p, ins, n);
        return true;
    }
    default:
        return false;
    }
}

void eval_block(struct eval_run *r, struct eval_prog *p, const struct eval_domain *d)
{
    u32 n = d->lanes;
    eval_slots_block(r, p, d);
    for (u32 k = 0; k < p->ins.n; k++) {
        struct eval_ins *ins = &p->ins.at[k];
        if (leaf(r, p, d, ins, n))
            continue;
        values(r, p, ins, n);
        if (p->terms && ins->sum)
            eval_sum_block(p, ins, eval_bound_dtype(r->ev, ins->dtype), n);
        else if (p->e)
            errors(p, ins, eval_bound_dtype(r->ev, ins->dtype), n);
        if (p->poison)
            poisons(p, ins, n);
    }
}
