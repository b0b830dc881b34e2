/* bench_kernels [MODULE.so] - what code generation costs and gives: kernels written in loop IR by hand, compiled by a backend's module
 * (default: this build's LLVM), compared with the interpreter, and timed.  Minima over repeats; a busy machine shows in all of them. */
#include "compiler/code.h"
#include "passes/pass.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct bench { struct arena *a; struct str_pool *sp; struct mach m; const struct backend *backend; struct be *be; struct code *code; u32 lanes; };

static const struct ltype I = { DT_I64, 1 }, F = { DT_F32, 1 };

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static u32 buffer(struct loop_fn *f, const char *name, enum loop_buf_kind kind)
{
    return loop_buf_add(f, str_c(f->sp, name), kind, DT_F32, 64, -1);
}

/* c[i] = op(a[i] + b[i]); LO_FADD: nothing more. */
static struct loop_fn *elementwise(struct bench *x, enum loop_op op)
{
    struct loop_fn *f = loop_fn_new(x->a, x->sp, op == LO_FADD ? str_c(x->sp, "a + b") : str_fmt(x->sp, "%s(a + b)", op == LO_FMAX ? "relu" : loop_ops[op].word));
    const struct ltype V = { DT_F32, (u16)x->lanes };
    u32 a = buffer(f, "a", LB_IN), b = buffer(f, "b", LB_IN), c = buffer(f, "c", LB_OUT);
    struct loop_emit e = { f, &f->body };
    lval i;
    struct loop_emit in = le_for(&e, f->lo, f->hi, x->lanes, 0, 0, NULL, &i, NULL, NULL);
    lval s = le_op(&in, LO_FADD, V, le_load(&in, a, i, V, 0, 0), le_load(&in, b, i, V, 0, 0), 0);
    if (op == LO_FMAX)
        s = le_op(&in, LO_FMAX, V, s, le_num(&in, V, 0), 0);
    else if (op != LO_FADD)
        s = le_op(&in, op, V, s, 0, 0);
    le_store(&in, c, i, s, 0);
    return f;
}

/* c = a b, square, a's rows as they are, b packed in panels of nv vectors; a tile of rows x nv vectors stays in registers. */
static struct loop_fn *matmul(struct bench *x, u32 rows, u32 nv, i64 k)
{
    struct loop_fn *f = loop_fn_new(x->a, x->sp, str_fmt(x->sp, "matmul tile %ux%u", rows, nv * x->lanes));
    const struct ltype V = { DT_F32, (u16)x->lanes };
    u32 a = buffer(f, "a", LB_IN), b = buffer(f, "b", LB_IN), c = buffer(f, "c", LB_OUT), nc = rows * nv;
    i64 wide = (i64)nv * x->lanes;
    struct loop_emit e = { f, &f->body };
    lval n = le_opu(&e, LO_SYM, I, 0, 0), panels = le_op(&e, LO_IDIV, I, n, le_int(&e, wide), 0), unit, kk, acc[64], carry[64], sum[64], next[64];
    struct loop_emit o = le_for(&e, f->lo, f->hi, 1, 0, 0, NULL, &unit, NULL, NULL);
    lval row = le_op(&o, LO_IMUL, I, le_op(&o, LO_IDIV, I, unit, panels, 0), le_int(&o, rows), 0), panel = le_op(&o, LO_IMOD, I, unit, panels, 0);
    lval at_a = le_op(&o, LO_IMUL, I, row, le_int(&o, k), 0), at_b = le_op(&o, LO_IMUL, I, panel, le_int(&o, wide * k), 0);
    for (u32 i = 0; i < nc; i++)
        acc[i] = le_num(&o, V, 0);
    struct loop_emit in = le_for(&o, le_int(&o, 0), le_int(&o, k), 1, 0, nc, acc, &kk, carry, sum);
    lval off_b = le_op(&in, LO_IADD, I, at_b, le_op(&in, LO_IMUL, I, kk, le_int(&in, wide), 0), 0), off_a = le_op(&in, LO_IADD, I, at_a, kk, 0), bv[8];
    for (u32 v = 0; v < nv; v++)
        bv[v] = le_load(&in, b, le_op(&in, LO_IADD, I, off_b, le_int(&in, (i64)v * x->lanes), 0), V, 0, 0);
    for (u32 r = 0; r < rows; r++) {
        lval s = le_op(&in, LO_SPLAT, V, le_load(&in, a, le_op(&in, LO_IADD, I, off_a, le_int(&in, r * k), 0), F, 0, 0), 0, 0);
        for (u32 v = 0; v < nv; v++)
            next[r * nv + v] = le_op(&in, LO_FMA, V, s, bv[v], carry[r * nv + v]);
    }
    le_yield(&in, nc, next);
    for (u32 r = 0; r < rows; r++)
        for (u32 v = 0; v < nv; v++) {
            lval left = le_op(&o, LO_IMUL, I, le_op(&o, LO_IADD, I, row, le_int(&o, r), 0), n, 0);
            lval right = le_op(&o, LO_IADD, I, le_op(&o, LO_IMUL, I, panel, le_int(&o, wide), 0), le_int(&o, (i64)v * x->lanes), 0);
            le_store(&o, c, le_op(&o, LO_IADD, I, left, right, 0), sum[r * nv + v], 0);
        }
    return f;
}

static bool measure(struct bench *x, struct loop_fn *f, i64 na, i64 nb, i64 nc, i64 sym, i64 units, double work, const char *unit)
{
    struct buf why = { 0 };
    struct be_kernel k, many[16];
    const struct loop_fn *same[16];
    double compile = 1e9, batch = 1e9, run = 1e9;
    float *m[3], *again = calloc((size_t)nc, sizeof *again);
    const i64 n[3] = { na, nb, nc };
    for (u32 i = 0; i < 3; i++) {
        m[i] = aligned_alloc(64, (size_t)(n[i] * 4 + 63) & ~(size_t)63);
        for (i64 j = 0; m[i] && j < n[i]; j++)
            m[i][j] = (float)((j * 7 + i) % 11 - 5) / 4;
    }
    loop_legalize(f, &x->m, x->backend->can);
    loop_clean(f);
    bool ok = again && m[0] && m[1] && m[2] && loop_verify(f, &why);
    for (u32 i = 0; i < 16; i++)
        same[i] = f;
    for (u32 r = 0; r < 12 && ok; r++) {
        double t = seconds();
        ok = code_compile(x->code, x->backend, x->be, 1, same, &k, &why);
        compile = MIN(compile, seconds() - t);
    }
    for (u32 r = 0; r < 3 && ok; r++) {
        double t = seconds();
        ok = code_compile(x->code, x->backend, x->be, 16, same, many, &why);
        batch = MIN(batch, (seconds() - t) / 16);
    }
    void *base[3] = { m[0], m[1], again };
    struct kernel_args args = { base, &sym, NULL, NULL };
    if (ok) {
        be_ref_run(f, &args, 0, units, NULL);
        base[2] = m[2];
        be_call(&k, &args, 0, units, NULL);
        ok = memcmp(again, m[2], (size_t)nc * 4) == 0;
        if (!ok)
            buf_puts(&why, "the interpreter has another result");
    }
    for (u32 r = 0; r < 40 && ok; r++) {
        double t = seconds();
        for (u32 i = 0; i < 50; i++)
            be_call(&k, &args, 0, units, NULL);
        run = MIN(run, (seconds() - t) / 50);
    }
    if (ok)
        printf("%-22s %9.2f %12.2f %8llu %10.2f %10.1f %s\n", f->name, compile * 1e3, batch * 1e3, (unsigned long long)k.code_bytes, run * 1e6, work / run / 1e9, unit);
    else
        printf("%-22s %s\n", f->name, why.at ? why.at : "out of memory");
    for (u32 i = 0; i < 3; i++)
        free(m[i]);
    free(again);
    buf_free(&why);
    return ok;
}

int main(int argc, char **argv)
{
    struct bench x = { .a = arena_new("bench"), .code = code_new() };
    x.sp = str_pool_new(x.a);
    mach_host(&x.m, x.a);
    x.lanes = x.m.vector_bits / 32;
    const char *path = argc > 1 ? argv[1] : NASC_BUILD_DIR "/.libs/nasc_be_llvm.so";
    void *dl = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    struct buf why = { 0 };
    x.backend = dl ? dlsym(dl, "nasc_backend") : NULL;
    x.be = x.backend ? x.backend->open(&x.m, &why) : NULL;
    if (!x.be) {
        fprintf(stderr, "bench_kernels: %s: %s\n", path, dl ? why.at ? why.at : "no backend" : dlerror());
        return 3;
    }
    printf("%s %s, %u-bit vectors\n%-22s %9s %12s %8s %10s\n", x.backend->name, x.backend->version(), x.m.vector_bits, "kernel", "alone ms", "in 16s ms", "bytes", "run us");
    bool ok = true;
    static const u8 ops[] = { LO_FADD, LO_FMAX, LO_EXP, LO_TANH, LO_ERF, LO_SIGMOID, LO_SIN };
    for (u32 i = 0; i < COUNTOF(ops); i++)
        ok = measure(&x, elementwise(&x, (enum loop_op)ops[i]), 4096, 4096, 4096, 0, 4096, 4096, "elements/ns") && ok;
    static const struct { u32 rows, nv; } tile[] = { { 4, 4 }, { 6, 4 }, { 8, 3 }, { 8, 2 }, { 12, 2 }, { 14, 2 } };
    for (u32 i = 0; i < COUNTOF(tile) && x.m.nvreg == 32; i++) {
        i64 wide = (i64)tile[i].nv * x.lanes, rows = (64 + tile[i].rows - 1) / tile[i].rows * tile[i].rows, n = (64 + wide - 1) / wide * wide;
        struct loop_fn *f = matmul(&x, tile[i].rows, tile[i].nv, 64);
        ok = measure(&x, f, rows * 64, 64 * n, rows * n, n, rows / tile[i].rows * (n / wide), 2.0 * (double)rows * (double)n * 64, "GFLOP/s") && ok;
    }
    x.backend->close(x.be);
    code_free(x.code);
    arena_free(x.a);
    return ok ? 0 : 1;
}
