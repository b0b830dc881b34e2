/* loop_programs.h - a code generator against the interpreter, to the bit: every operation at every type and several lane counts, memory,
 * structure, random programs, and two instances in two threads.  The test that includes it defines TESTED, the backend's name, and LANES_STEP, the ratio of the lane
 * counts that are tried.  Skipped, with the reason, where the module is not built. */
#ifndef NASC_TEST_LOOP_PROGRAMS_H
#define NASC_TEST_LOOP_PROGRAMS_H
#include "tests/unit/loop_differ.h"

#include "compiler/ir/op.h"

#include <pthread.h>

static const struct ltype I64 = { DT_I64, 1 };

static lval load_all(struct loop_fn *f, struct loop_emit *e, struct ltype t, const char *name)
{
    u32 b = loop_buf_add(f, str_c(f->sp, name), LB_IN, (enum dtype)t.dtype, 8, 64);
    return le_load(e, b, le_int(e, 0), t, 0, 0);
}

static void store(struct loop_fn *f, struct loop_emit *e, lval v, const char *name)
{
    u32 b = loop_buf_add(f, str_c(f->sp, name), LB_OUT, (enum dtype)f->val.at[v].dtype, 8, 64);
    le_store(e, b, le_int(e, 0), v, 0);
}

/* One function: z = op(x, y, w) on types of the arguments and the result. */
static void one_op(struct differ *d, enum loop_op op, struct ltype to, struct ltype a, struct ltype b, struct ltype c, u32 u)
{
    struct loop_fn *f = loop_fn_new(d->e->a, d->e->sp, str_fmt(d->e->sp, "%s_%u", loop_ops[op].word, to.lanes));
    struct loop_emit e = { f, &f->body };
    u32 n = loop_ops[op].nargs;
    lval x = n > 0 ? load_all(f, &e, a, "x") : 0, y = n > 1 ? load_all(f, &e, b, "y") : 0, w = n > 2 ? load_all(f, &e, c, "w") : 0;
    if (op == LO_IDIV || op == LO_IMOD) {           /* above 0 */
        y = le_op(&e, LO_IMAX, b, y, le_bits(&e, b, 1), 0);
        store(f, &e, le_op(&e, op, to, x, le_bits(&e, b, 7), 0), "by7");
        store(f, &e, le_op(&e, op, to, x, le_bits(&e, b, 16), 0), "by16");
    }
    if (op == LO_BSHL || op == LO_BSHR)
        y = le_op(&e, LO_BAND, b, y, le_bits(&e, b, b.dtype == DT_I64 ? 63 : 31), 0);
    lval z = le_op(&e, op, to, x, y, w);
    if (op == LO_REDUCE || op == LO_LANE || op == LO_INSERT || op == LO_SYM)
        e.at->stmt.at[e.at->stmt.n - 1].u = u;
    if (op == LO_SYM)
        f->nsym = u + 1;
    store(f, &e, z, "z");
    differ_add(d, f);
}

static void test_ops(void **state)
{
    struct differ d;
    if (!differ_open(&d, *state, TESTED))
        return;
    bool few = !d.e->m.fma;             /* expansions are long */
    for (u32 op = LO_IADD; op < LOOP_OPS; op++)
        for (u32 lanes = 1; lanes <= LOOP_LANES; lanes *= LANES_STEP)
            for (u32 wide = 0; wide < 2; wide++) {
                if (few && lanes != 1 && lanes != (wide ? 2 : 8))
                    continue;
                struct ltype in = { wide ? DT_I64 : DT_I32, (u16)lanes }, fl = { wide ? DT_F64 : DT_F32, (u16)lanes }, bo = { DT_BOOL, (u16)lanes };
                if (op >= LO_EXP && op <= LO_POW && (lanes == 2 || lanes > 16))
                    continue;
                switch (loop_ops[op].class) {
                case 'I': one_op(&d, (enum loop_op)op, in, in, in, in, 0); break;
                case 'F':
                    if (op != LO_FCONST)
                        one_op(&d, (enum loop_op)op, fl, fl, fl, fl, 0);
                    break;
                case 'C': {
                    bool ints = op == LO_ILT || op == LO_ILE || op == LO_IEQ;
                    one_op(&d, (enum loop_op)op, bo, ints ? in : fl, ints ? in : fl, fl, 0);
                    break;
                }
                case 'B':
                    if (op != LO_SELECT)
                        one_op(&d, (enum loop_op)op, bo, bo, bo, bo, 0);
                    break;
                default: break;
                }
            }
    for (u32 t = 0; t < DTYPES; t++)
        for (u32 lanes = 1; lanes <= (few ? 8 : 32); lanes *= few ? 8 : 2) {
            struct ltype v = { (u8)t, (u16)lanes }, one = { (u8)t, 1 }, bo = { DT_BOOL, (u16)lanes }, b1 = { DT_BOOL, 1 };
            one_op(&d, LO_SELECT, v, bo, v, v, 0);
            if (lanes > 1) {
                one_op(&d, LO_SELECT, v, b1, v, v, 0);
                one_op(&d, LO_SPLAT, v, one, one, one, 0);
                one_op(&d, LO_LANE, one, v, v, v, lanes - 1);
                one_op(&d, LO_INSERT, v, v, one, one, lanes / 2);
                if (t == DT_F64 || t == DT_F32 || t == DT_I64 || t == DT_I32)
                    for (u32 red = RED_ADD; red <= RED_MIN; red++)
                        one_op(&d, LO_REDUCE, one, v, v, v, red);
                if (t == DT_I64 || t == DT_I32)
                    one_op(&d, LO_IOTA, v, v, v, v, 0);
            }
            for (u32 to = 0; to < DTYPES; to++) {
                bool half = t == DT_F16 || t == DT_BF16 || to == DT_F16 || to == DT_BF16;
                if (to != t && (!half || t == DT_F32 || to == DT_F32))
                    one_op(&d, LO_CAST, (struct ltype){ (u8)to, (u16)lanes }, v, v, v, 0);
            }
            u32 other = t == DT_F64 ? DT_I64 : t == DT_I64 ? DT_F64 : t == DT_F32 ? DT_I32 : t == DT_I32 ? DT_F32 : DTYPES;
            if (other < DTYPES)
                one_op(&d, LO_BITS, (struct ltype){ (u8)other, (u16)lanes }, v, v, v, 0);
        }
    one_op(&d, LO_SYM, I64, I64, I64, I64, 2);
    differ_close(&d);
}

/* Masked and gathered, loaded and stored, of every dtype; tables; scratch; edges of buffers. */
static void test_memory(void **state)
{
    struct differ d;
    if (!differ_open(&d, *state, TESTED))
        return;
    for (u32 t = 0; t < DTYPES; t++)
        for (u32 lanes = 2; lanes <= 16; lanes *= LANES_STEP) {
            struct loop_fn *f = loop_fn_new(d.e->a, d.e->sp, str_c(d.e->sp, "memory"));
            struct loop_emit e = { f, &f->body };
            struct ltype v = { (u8)t, (u16)lanes }, idx = { lanes == 4 ? DT_I64 : DT_I32, (u16)lanes }, bo = { DT_BOOL, (u16)lanes };
            u32 x = loop_buf_add(f, str_c(d.e->sp, "x"), LB_IN, (enum dtype)t, 1, 64), y = loop_buf_add(f, str_c(d.e->sp, "y"), LB_OUT, (enum dtype)t, 1, 128),
                s = loop_buf_add(f, str_c(d.e->sp, "pad"), LB_SCRATCH, DT_I8, 1, 3), s2 = loop_buf_add(f, str_c(d.e->sp, "s"), LB_SCRATCH, (enum dtype)t, 64, 32);
            (void)s;
            lval iota = le_op(&e, LO_IOTA, idx, 0, 0, 0), n = le_opu(&e, LO_SYM, I64, 0, 0);
            lval mask = le_op(&e, LO_ILT, bo, iota, le_bits(&e, idx, lanes / 2 + 1), 0);
            lval tail = le_load(&e, x, le_int(&e, 64 - (lanes / 2 + 1)), v, mask, 0);      /* the rest is past the end */
            lval step = le_op(&e, LO_IMUL, idx, iota, le_bits(&e, idx, 3), 0);
            lval gather = le_load(&e, x, n, v, 0, step), masked = le_load(&e, x, n, v, mask, step);
            lval k = le_opu(&e, LO_TAB, I64, n, 1);
            le_store(&e, s2, k, tail, 0);
            lval back = le_load(&e, s2, k, v, 0, 0);
            le_store(&e, y, le_int(&e, 0), back, 0);
            le_store(&e, y, le_int(&e, 20), gather, 0);
            le_store(&e, y, le_int(&e, 40), masked, mask);
            le_store(&e, y, le_int(&e, 128 - (lanes / 2 + 1)), gather, mask);
            differ_add(&d, f);
        }
    differ_close(&d);
}

static void test_texts(void **state)
{
    struct differ d;
    if (!differ_open(&d, *state, TESTED))
        return;
    static const char *const text[] = {
        /* loops that run never, once, with a rest; carried values that change places; a result used after */
        "(for v3 (lo v4) (hi v5) (step 1) (carry (v6 v7) (v8 v9)) (results v10 v11) (v12 i64 iadd v6 v8) (yield v8 v12)) (v13 f32 cast v10) (store b1 v4 v13)",
        "(for v3 (lo v5) (hi v4) (step 1) (carry (v6 v7) (v8 v9)) (results v10 v11) (v12 i64 iadd v6 v8) (yield v8 v12)) (v13 f32 cast v10) (store b1 v4 v13)",
        "(for v3 (lo v1) (hi v2) (step 5) (carry (v6 v7) (v8 v9)) (results v10 v11) (v12 i64 iadd v6 v8) (yield v8 v12)) (v13 f32 cast v11) (store b1 v4 v13)",
        "(for v3 (lo v4) (hi v9) (step 1) (carry (v6 v7) (v8 v9)) (results v10 v11) (v12 i64 iadd v6 v8) (yield v8 v12)) (v13 f32 cast v11) (store b1 v4 v13)",
        "(for v3 (lo v4) (hi v5) (step 1) (flag unroll) (carry (v6 v7) (v8 v9)) (results v10 v11) (v12 i64 iadd v6 v3) (yield v8 v12)) (v13 f32 cast v10) (store b1 v4 v13)",
        /* an if with and without results, in a loop, whose condition is data */
        "(for v3 (lo v1) (hi v2) (step 1) (carry (v6 v16)) (results v10) (v12 f32 load b0 v3) (v13 bool flt v6 v12) (if v13 (results (v14 f32)) (then (v15 f32 fadd v12 v6) (yield v15)) (else (store b1 v3 v12) (yield v6))) (yield v14)) (store b1 v4 v10)",
        "(for v3 (lo v1) (hi v2) (step 1) (carry) (results) (v12 f32 load b0 v3) (v13 bool flt v16 v12) (if v13 (results) (then (store b1 v3 v12)) (else)))",
        /* carried vectors and masks, nested loops */
        "(v20 f32x8 fconst 0.0) (v21 f32x8 load b0 v4) (v22 boolx8 flt v20 v21) (for v3 (lo v4) (hi v5) (step 1) (carry (v6 v20) (v23 v22)) (results v10 v24)"
        "(for v30 (lo v4) (hi v5) (step 2) (carry (v31 v6)) (results v32) (v33 i64 iadd v3 v30) (v34 f32x8 load b0 v33 (mask v23)) (v35 f32x8 fma v34 v21 v31) (yield v35))"
        "(v36 boolx8 flt v32 v21) (yield v32 v36)) (store b1 v4 v10 (mask v24))",
    };
    for (u32 i = 0; i < COUNTOF(text); i++) {
        char all[2048];
        snprintf(all, sizeof all, "(fn f (buf b0 x in f32 (align 4) (elems 64)) (buf b1 y inout f32 (align 4) (elems 64)) (body"
                 "(v4 i64 iconst 0) (v5 i64 iconst 9) (v7 i64 iconst 0) (v9 i64 iconst 1) (v16 f32 fconst 0.5) %s))", text[i]);
        differ_add(&d, loop_env_read(d.e, all));
    }
    differ_close(&d);
}

/* ---- random programs ---- */

enum { LIVE = 400 };
struct gen { struct differ *d; struct loop_fn *f; lval live[LIVE]; u32 n, budget; };

static u32 below(struct gen *g, u32 n) { return (u32)(rng_u64(&g->d->rng) % n); }

static lval keep(struct gen *g, lval v)
{
    if (g->n < LIVE)
        g->live[g->n++] = v;
    return v;
}

/* A live value of the type, or one made for it. */
static lval some(struct gen *g, struct loop_emit *e, struct ltype t)
{
    for (u32 k = 0; k < 12 && g->n; k++) {
        lval v = g->live[below(g, g->n)];
        struct ltype x = g->f->val.at[v];
        if (x.dtype == t.dtype && x.lanes == t.lanes)
            return v;
    }
    if (t.dtype == DT_BOOL) {
        struct ltype f = { DT_F32, t.lanes };
        return keep(g, le_op(e, LO_FLT, t, some(g, e, f), le_num(e, f, below(g, 5) - 2.0), 0));
    }
    if (t.lanes > 1 && below(g, 3) == 0)
        return keep(g, le_op(e, LO_SPLAT, t, some(g, e, (struct ltype){ t.dtype, 1 }), 0, 0));
    return keep(g, t.dtype == DT_F32 || t.dtype == DT_F64 ? le_num(e, t, (below(g, 64) - 32.0) / 4) : le_bits(e, t, (i64)below(g, 32) - 9));
}

static struct ltype any_type(struct gen *g)
{
    static const u8 dt[] = { DT_F32, DT_F32, DT_F32, DT_F64, DT_I64, DT_I64, DT_I32, DT_BOOL };
    static const u16 lanes[] = { 1, 1, 4, 8, 16, 2 };
    struct ltype t = { dt[below(g, COUNTOF(dt))], lanes[below(g, COUNTOF(lanes))] };
    return t;
}

/* An offset at which n lanes fit into 64 elements. */
static lval offset(struct gen *g, struct loop_emit *e, u32 n)
{
    return le_op(e, LO_IMOD, I64, some(g, e, I64), le_int(e, 64 - n + 1), 0);
}

static void random_op(struct gen *g, struct loop_emit *e)
{
    struct ltype t = any_type(g);
    bool is_float = t.dtype == DT_F32 || t.dtype == DT_F64;
    if (t.dtype == DT_BOOL) {
        struct ltype in = { below(g, 2) ? DT_F32 : below(g, 2) ? DT_I64 : DT_I32, t.lanes };
        static const u8 fl[] = { LO_FLT, LO_FLE, LO_FEQ, LO_FNE }, it[] = { LO_ILT, LO_ILE, LO_IEQ }, bo[] = { LO_AND, LO_OR, LO_NOT };
        if (below(g, 3) == 0)
            keep(g, le_op(e, (enum loop_op)bo[below(g, 3)], t, some(g, e, t), some(g, e, t), 0));
        else
            keep(g, le_op(e, (enum loop_op)(in.dtype == DT_F32 ? fl[below(g, 4)] : it[below(g, 3)]), t, some(g, e, in), some(g, e, in), 0));
        return;
    }
    switch (below(g, 9)) {
    case 0: keep(g, le_op(e, LO_SELECT, t, some(g, e, (struct ltype){ DT_BOOL, below(g, 2) ? t.lanes : 1 }), some(g, e, t), some(g, e, t))); return;
    case 1: {
        struct ltype from = { below(g, 2) ? DT_F64 : below(g, 2) ? DT_I32 : below(g, 2) ? DT_F32 : DT_BOOL, t.lanes };
        if (from.dtype != t.dtype)
            keep(g, le_op(e, LO_CAST, t, some(g, e, from), 0, 0));
        return;
    }
    case 2:
        if (t.lanes == 1) {
            struct ltype v = { t.dtype, (u16)(2u << below(g, 4)) };
            lval x = some(g, e, v);
            keep(g, below(g, 2) ? le_opu(e, LO_REDUCE, t, x, RED_ADD + below(g, 4)) : le_opu(e, LO_LANE, t, x, below(g, v.lanes)));
        } else {
            keep(g, le_insert(e, t, some(g, e, t), some(g, e, (struct ltype){ t.dtype, 1 }), below(g, t.lanes)));
        }
        return;
    default: break;
    }
    if (is_float) {
        static const u8 op[] = { LO_FADD, LO_FSUB, LO_FMUL, LO_FMA, LO_FMIN, LO_FMAX, LO_FNEG, LO_FABS, LO_FFLOOR, LO_FDIV, LO_FSQRT, LO_FROUND };
        keep(g, le_op(e, (enum loop_op)op[below(g, COUNTOF(op))], t, some(g, e, t), some(g, e, t), some(g, e, t)));
    } else {
        static const u8 op[] = { LO_IADD, LO_ISUB, LO_IMUL, LO_IMIN, LO_IMAX, LO_BAND, LO_BOR, LO_IDIV, LO_IMOD, LO_BSHL, LO_BSHR };
        enum loop_op o = (enum loop_op)op[below(g, COUNTOF(op))];
        lval y = o >= LO_BSHL && o <= LO_BSHR ? le_bits(e, t, below(g, 31)) : o == LO_IDIV || o == LO_IMOD ? le_bits(e, t, 1 + below(g, 12)) : some(g, e, t);
        keep(g, le_op(e, o, t, some(g, e, t), y, 0));
    }
}

static void random_region(struct gen *g, struct loop_emit *e, u32 depth, u32 n)
{
    for (u32 k = 0; k < n && g->budget; k++) {
        g->budget--;
        u32 what = below(g, 12);
        u32 mark = g->n;
        if (what == 0 && depth < 3) {
            struct ltype t[3];
            lval init[3], carry[3], res[3], next[3], var;
            u32 nc = below(g, 4);
            for (u32 i = 0; i < nc; i++)
                init[i] = some(g, e, t[i] = any_type(g));
            lval lo = below(g, 2) ? le_int(e, 0) : le_op(e, LO_IMOD, I64, some(g, e, I64), le_int(e, 5), 0);
            mark = g->n;
            struct loop_emit in = le_for(e, lo, le_int(e, 1 + below(g, 6)), 1 + below(g, 3), below(g, 4) ? 0 : LF_UNROLL, nc, init, &var, carry, res);
            keep(g, var);
            for (u32 i = 0; i < nc; i++)
                keep(g, carry[i]);
            random_region(g, &in, depth + 1, 6);
            for (u32 i = 0; i < nc; i++)
                next[i] = some(g, &in, t[i]);
            le_yield(&in, nc, next);
            g->n = mark;
            for (u32 i = 0; i < nc; i++)
                keep(g, res[i]);
        } else if (what == 1 && depth < 3) {
            struct ltype t[2];
            lval out[2], res[2];
            u32 nr = below(g, 3);
            struct loop_emit way[2];
            lval cond = some(g, e, (struct ltype){ DT_BOOL, 1 });
            for (u32 i = 0; i < nr; i++)
                t[i] = any_type(g);
            le_if(e, cond, nr, t, &way[0], &way[1], res);
            mark = g->n;
            for (u32 w = 0; w < 2; w++) {
                random_region(g, &way[w], depth + 1, 4);
                for (u32 i = 0; i < nr; i++)
                    out[i] = some(g, &way[w], t[i]);
                le_yield(&way[w], nr, out);
                g->n = mark;
            }
            for (u32 i = 0; i < nr; i++)
                keep(g, res[i]);
        } else if (what <= 4) {
            struct ltype v = { below(g, 3) ? DT_F32 : DT_F64, (u16)(below(g, 3) ? 8 : 1) };
            u32 b = v.dtype == DT_F32 ? below(g, 3) : 3;
            if (b == 1 || below(g, 3) == 0) {
                if (b == 0)
                    b = 1;
                le_store(e, b, offset(g, e, v.lanes), some(g, e, v), v.lanes > 1 && below(g, 2) ? some(g, e, (struct ltype){ DT_BOOL, v.lanes }) : 0);
            } else {
                lval mask = v.lanes > 1 && below(g, 2) ? some(g, e, (struct ltype){ DT_BOOL, v.lanes }) : 0, index = 0;
                if (v.lanes > 1 && below(g, 3) == 0)
                    index = le_op(e, LO_IMOD, (struct ltype){ DT_I32, v.lanes }, some(g, e, (struct ltype){ DT_I32, v.lanes }), le_bits(e, (struct ltype){ DT_I32, v.lanes }, 8), 0);
                keep(g, le_load(e, b, offset(g, e, 8), v, mask, index));
            }
        } else {
            random_op(g, e);
            struct loop_stmt last = e->at->stmt.n ? e->at->stmt.at[e->at->stmt.n - 1] : (struct loop_stmt){ .kind = LS_FOR };
            if ((last.kind == LS_OP || last.kind == LS_LOAD) && below(g, 3) == 0) {     /* once more: something for loop_clean to find */
                struct ltype t = g->f->val.at[last.res];
                last.res = keep(g, loop_value(g->f, (enum dtype)t.dtype, t.lanes));
                vec_push(g->f->a, &e->at->stmt, last);
            }
        }
    }
}

static void test_random(void **state)
{
    struct differ d;
    if (!differ_open(&d, *state, TESTED))
        return;
    const char *count = getenv("NASC_LOOP_PROGRAMS");
    u32 n = count ? (u32)strtoul(count, NULL, 10) : 240;
    for (u32 i = 0; i < n; i++) {
        struct gen g = { .d = &d, .f = loop_fn_new(d.e->a, d.e->sp, str_fmt(d.e->sp, "random%u", i)), .budget = 60 };
        static const struct { u8 kind, dtype; } buf[] = { { LB_IN, DT_F32 }, { LB_INOUT, DT_F32 }, { LB_SCRATCH, DT_F32 }, { LB_INOUT, DT_F64 } };
        for (u32 b = 0; b < COUNTOF(buf); b++)
            loop_buf_add(g.f, str_fmt(d.e->sp, "m%u", b), (enum loop_buf_kind)buf[b].kind, (enum dtype)buf[b].dtype, 8, 64);
        struct loop_emit e = { g.f, &g.f->body };
        keep(&g, g.f->lo);
        keep(&g, g.f->hi);
        random_region(&g, &e, 0, 40);
        for (u32 k = 0; k < 6; k++) {
            struct ltype v = { k % 3 == 2 ? DT_F64 : DT_F32, (u16)(k & 1 ? 8 : 1) };
            le_store(&e, v.dtype == DT_F32 ? 1 : 3, le_int(&e, 8 * k), some(&g, &e, v), 0);
        }
        differ_add(&d, g.f);
    }
    differ_close(&d);
}

/* Two instances in two threads, each compiling and running. */
struct worker { struct differ d; const struct loop_fn *f; float sum; bool ok; };

static void *work(void *at)
{
    struct worker *w = at;
    struct buf why = { 0 };
    struct be *be = w->d.backend->open(&w->d.e->m, &why);
    struct code *code = code_new();
    w->ok = be != NULL;
    for (u32 i = 0; i < 12 && w->ok; i++) {
        struct be_kernel k;
        float x[16], y[16] = { 0 };
        for (u32 j = 0; j < 16; j++)
            x[j] = (float)(i + j);
        void *base[2] = { x, y };
        struct kernel_args args = { base, NULL, NULL, NULL };
        w->ok = code_compile(code, w->d.backend, be, 1, &w->f, &k, &why);
        if (w->ok)
            be_call(&k, &args, 0, 16, NULL);
        for (u32 j = 0; j < 16; j++)
            w->sum += y[j];
    }
    if (be)
        w->d.backend->close(be);
    code_free(code);
    buf_free(&why);
    return NULL;
}

static void test_threads(void **state)
{
    struct worker w[2] = { 0 };
    struct loop_env *e = *state;
    if (!differ_open(&w[0].d, e, TESTED))
        return;
    w[1].d = w[0].d;
    pthread_t t[2];
    for (u32 i = 0; i < 2; i++) {
        w[i].f = loop_env_read(e, "(fn f (buf b0 x in f32 (align 4) (elems 16)) (buf b1 y out f32 (align 4) (elems 16)) (body (for v3 (lo v1) (hi v2) (step 8) (carry) (results)"
                                  "(v4 f32x8 load b0 v3) (v5 f32x8 fadd v4 v4) (store b1 v3 v5))))");
        assert_int_equal(pthread_create(&t[i], NULL, work, &w[i]), 0);
    }
    for (u32 i = 0; i < 2; i++) {
        pthread_join(t[i], NULL);
        assert_true(w[i].ok);
        assert_true(w[i].sum == 2 * (12 * 120 + 16 * 66));     /* twice the sum of i + j */
    }
    assert_true(w[0].sum == w[1].sum);
    differ_close(&w[0].d);
}

#endif
