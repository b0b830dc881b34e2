/* bench_lowered [-a] [-l] [-s] [NAME...] - what the lowering makes of single operations: cascades as texts, lowered by the pipeline's passes (not ein-winograd), compiled
 * by this build's LLVM backend, timed beside two bounds measured in this process: a loop of multiply-adds in registers, and a copy of the
 * operation's bytes.  NAME: only rows whose name begins so; -a: AVX2 code; -l, -s: loops, assembly.  Minima over repeats, the loops of the bounds between them. */
#include "backends/backend.h"
#include "compiler/code.h"
#include "compiler/exec.h"
#include "compiler/ir/ein_check.h"
#include "passes/pass.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct bench { struct arena *a; struct str_pool *sp; struct mach m; const struct backend *backend; struct be *be; struct code *code; bool loops, asm_; };

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);     /* long runs on a busy machine are interrupted */
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static const struct ltype I = { DT_I64, 1 };

/* n turns of 16 independent multiply-adds, as a kernel. */
static struct loop_fn *peak_loop(struct bench *x)
{
    struct loop_fn *f = loop_fn_new(x->a, x->sp, str_c(x->sp, "peak"));
    const struct ltype V = { DT_F32, (u16)(x->m.vector_bits / 32) };
    u32 b = loop_buf_add(f, str_c(x->sp, "b"), LB_INOUT, DT_F32, 4, -1);
    struct loop_emit e = { f, &f->body };
    enum { N = 12 };
    lval acc[N], carry[N], sum[N], k, one = le_load(&e, b, le_int(&e, 0), V, 0, 0);
    for (u32 i = 0; i < N; i++)
        acc[i] = one;
    struct loop_emit in = le_for(&e, f->lo, f->hi, 1, 0, N, acc, &k, carry, sum);
    for (u32 i = 0; i < N; i++)
        carry[i] = le_op(&in, LO_FMA, V, carry[i], one, one);
    le_yield(&in, N, carry);
    for (u32 i = 1; i < N; i++)
        sum[0] = le_op(&e, LO_FADD, V, sum[0], sum[i], 0);
    le_store(&e, b, le_op(&e, LO_IADD, I, le_int(&e, 0), le_int(&e, 0), 0), sum[0], 0);
    return f;
}

static double time_peak(struct bench *x)
{
    static struct be_kernel k;
    static float data[64];
    struct buf why = { 0 };
    const struct loop_fn *f = k.fn ? NULL : peak_loop(x);
    if (f && !code_compile(x->code, x->backend, x->be, 1, &f, &k, &why))
        return 0;
    void *base[1] = { data };
    struct kernel_args args = { base, NULL, NULL, NULL };
    double best = 1e9;
    for (u32 r = 0; r < 20; r++) {
        double t = seconds();
        be_call(&k, &args, 0, 4000, NULL);
        best = MIN(best, seconds() - t);
    }
    return 4000.0 * 12 * 2 * (x->m.vector_bits / 32) / best;
}

/* ---- operations ---- */

static const char HEAD[] = "(cascade \"k\") (sym batch 1 2147483648 1 call)";

static char *matmul(struct bench *x, u32 m, u32 k, u32 n)
{
    return arena_printf(x->a, "%s(tens x in f32 run (dims batch %u %u)) (tens w param f32 load (dims %u %u) (init normal 0.0 1.0) (number 0)) (tens y out f32 run (dims batch %u %u))"
        "(eq (out y) (lhs r0 r1 r2) (rank b par batch) (rank t par %u) (rank d par %u) (rank k red %u) (red add) (acc f32) (body (mul (read x r0 r1 r3) (read w r2 r3))) (phase run))", HEAD, m, k, n, k, m, n, m, n, k);
}

/* both operands activations; kind: 'n' b[k,n], 't' b[n,k], 'a' both walked across rows: a[k,m] b[n,k] */
static char *product(struct bench *x, u32 m, u32 k, u32 n, char kind)
{
    const char *a = kind == 'a' ? "r0 r3 r1" : "r0 r1 r3", *b = kind == 'n' ? "r0 r3 r2" : "r0 r2 r3";
    return arena_printf(x->a, "%s(tens a in f32 run (dims batch %u %u)) (tens b in f32 run (dims batch %u %u)) (tens y out f32 run (dims batch %u %u))"
        "(eq (out y) (lhs r0 r1 r2) (rank b par batch) (rank t par %u) (rank d par %u) (rank k red %u) (red add) (acc f32) (body (mul (read a %s) (read b %s))) (phase run))",
        HEAD, kind == 'a' ? k : m, kind == 'a' ? m : k, kind == 'n' ? k : n, kind == 'n' ? n : k, m, n, m, n, k, a, b);
}

/* channels last, the image padded already */
static char *conv(struct bench *x, u32 c, u32 d, u32 out, u32 taps, u32 stride)
{
    u32 in = (out - 1) * stride + taps;
    return arena_printf(x->a, "%s(tens x in f32 run (dims batch %u %u %u)) (tens w param f32 load (dims %u %u %u %u) (init normal 0.0 1.0) (number 0)) (tens y out f32 run (dims batch %u %u %u))"
        "(eq (out y) (lhs r0 r1 r2 r3) (rank b par batch) (rank h par %u) (rank w par %u) (rank d par %u) (rank c red %u) (rank i red %u) (rank j red %u) (red add) (acc f32)"
        "(body (mul (read x r0 (iadd (imul r1 %u) r5) (iadd (imul r2 %u) r6) r4) (read w r3 r4 r5 r6))) (phase run))", HEAD, in, in, c, d, c, taps, taps, out, out, d, out, out, d, c, taps, taps, stride, stride);
}

static char *depthwise(struct bench *x, u32 c, u32 out, u32 taps)
{
    u32 in = out + taps - 1;
    return arena_printf(x->a, "%s(tens x in f32 run (dims batch %u %u %u)) (tens w param f32 load (dims %u %u %u) (init normal 0.0 1.0) (number 0)) (tens y out f32 run (dims batch %u %u %u))"
        "(eq (out y) (lhs r0 r1 r2 r3) (rank b par batch) (rank h par %u) (rank w par %u) (rank d par %u) (rank i red %u) (rank j red %u) (red add) (acc f32)"
        "(body (mul (read x r0 (iadd r1 r4) (iadd r2 r5) r3) (read w r3 r4 r5))) (phase run))", HEAD, in, in, c, c, taps, taps, out, out, c, out, out, c, taps, taps);
}

/* 3x3, stride 1, the divisor counts what lies inside: channels last with a halo, as the passes make it of temporaries, or channels first without. */
static char *avgpool(struct bench *x, u32 c, u32 n, bool last)
{
    if (last)
        return arena_printf(x->a, "%s(tens x in f32 run (dims batch %u %u %u)) (tens s param f32 load (dims %u %u) (init ones 0.0 0.0) (number 0)) (tens y out f32 run (dims batch %u %u %u))"
            "(eq (out y) (lhs r0 r1 r2 r3) (rank b par batch) (rank h par %u) (rank w par %u) (rank c par %u) (rank i red 3) (rank j red 3) (red add) (acc f32) (body (read x r0 (iadd r1 r4) (iadd r2 r5) r3))"
            "(post (mul (acc 0) (read s r1 r2))) (phase run))", HEAD, n + 2, n + 2, c, n, n, n, n, c, n, n, c);
    return arena_printf(x->a, "%s(tens x in f32 run (dims batch %u %u %u)) (tens s param f32 load (dims %u %u) (init ones 0.0 0.0) (number 0)) (tens y out f32 run (dims batch %u %u %u))"
        "(eq (out y) (lhs r0 r1 r2 r3) (rank b par batch) (rank c par %u) (rank h par %u) (rank w par %u) (rank i red 3) (rank j red 3) (red add) (acc f32)"
        "(body (read x r0 r1 (iadd (iadd r2 r4) -1) (iadd (iadd r3 r5) -1) (pad 0.0))) (post (mul (acc 0) (read s r2 r3))) (phase run))", HEAD, c, n, n, n, n, c, n, n, c, n, n);
}

static char *softmax(struct bench *x, u32 rows, u32 n)
{
    return arena_printf(x->a, "%s(tens x in f32 run (dims batch %u %u)) (tens m temp f32 run (dims batch %u)) (tens e temp f32 run (dims batch %u %u)) (tens s temp f32 run (dims batch %u)) (tens y out f32 run (dims batch %u %u))"
        "(eq (out m) (lhs r0 r1) (rank b par batch) (rank i par %u) (rank k red %u) (red max) (acc f32) (body (read x r0 r1 r2)) (phase run))"
        "(eq (out e) (lhs r0 r1 r2) (rank b par batch) (rank i par %u) (rank k par %u) (acc f32) (body (exp (sub (read x r0 r1 r2) (read m r0 r1)))) (phase run))"
        "(eq (out s) (lhs r0 r1) (rank b par batch) (rank i par %u) (rank k red %u) (red add) (acc f32) (body (read e r0 r1 r2)) (phase run))"
        "(eq (out y) (lhs r0 r1 r2) (rank b par batch) (rank i par %u) (rank k par %u) (acc f32) (body (div (read e r0 r1 r2) (read s r0 r1))) (phase run))",
        HEAD, rows, n, rows, rows, n, rows, rows, n, rows, n, rows, n, rows, n, rows, n);
}

static char *layernorm(struct bench *x, u32 rows, u32 n)
{
    return arena_printf(x->a, "%s(tens x in f32 run (dims batch %u %u)) (tens s temp f32 run (dims batch %u)) (tens v temp f32 run (dims batch %u)) (tens g param f32 load (dims %u) (init ones 0.0 0.0) (number 0)) (tens y out f32 run (dims batch %u %u))"
        "(eq (out s) (lhs r0 r1) (rank b par batch) (rank i par %u) (rank k red %u) (red add) (acc f32) (body (read x r0 r1 r2)) (post (div (acc 0) %u.0)) (phase run))"
        "(eq (out v) (lhs r0 r1) (rank b par batch) (rank i par %u) (rank k red %u) (red add) (acc f32) (body (mul (sub (read x r0 r1 r2) (read s r0 r1)) (sub (read x r0 r1 r2) (read s r0 r1)))) (post (rsqrt (add (div (acc 0) %u.0) 0.00001))) (phase run))"
        "(eq (out y) (lhs r0 r1 r2) (rank b par batch) (rank i par %u) (rank k par %u) (acc f32) (body (mul (mul (sub (read x r0 r1 r2) (read s r0 r1)) (read v r0 r1)) (read g r2))) (phase run))",
        HEAD, rows, n, rows, rows, n, rows, n, rows, n, n, rows, n, n, rows, n);
}

static char *transpose(struct bench *x, u32 rows, u32 n)
{
    return arena_printf(x->a, "%s(tens x in f32 run (dims batch %u %u)) (tens y out f32 run (dims batch %u %u))"
        "(eq (out y) (lhs r0 r1 r2) (rank b par batch) (rank i par %u) (rank j par %u) (acc f32) (body (read x r0 r2 r1)) (phase run))", HEAD, n, rows, rows, n, rows, n);
}

static char *sum(struct bench *x, u32 rows, u32 n, bool across)
{
    return arena_printf(x->a, "%s(tens x in f32 run (dims batch %u %u)) (tens y out f32 run (dims batch %u))"
        "(eq (out y) (lhs r0 r1) (rank b par batch) (rank i par %u) (rank k red %u) (red add) (acc f32) (body (read x r0 %s)) (phase run))", HEAD,
        across ? n : rows, across ? rows : n, rows, rows, n, across ? "r2 r1" : "r1 r2");
}

/* ---- measuring ---- */

static double time_copy(double in_bytes, double out_bytes)
{
    size_t in = (size_t)in_bytes, out = (size_t)out_bytes, most = MAX(in, out) + 64;
    char *a = aligned_alloc(64, (most + 63) & ~(size_t)63), *b = aligned_alloc(64, (most + 63) & ~(size_t)63);
    double best = 1e9;
    if (!a || !b)
        return 0;
    memset(a, 1, most);
    memset(b, 1, most);
    for (u32 r = 0; r < 30; r++) {
        double t = seconds();
        u32 n = (u32)(100000 / most) + 1;
        for (u32 i = 0; i < n; i++) {
            memcpy(b, a, MIN(in, out));
            if (in > out) {             /* the rest is only read */
                typedef long long v8 __attribute__((vector_size(64)));
                const v8 *p = (const v8 *)a;
                v8 s[4] = { 0 };
                for (size_t k = out / 64; k + 4 <= in / 64; k += 4)
                    s[0] ^= p[k], s[1] ^= p[k + 1], s[2] ^= p[k + 2], s[3] ^= p[k + 3];
                s[0] ^= s[1] ^ s[2] ^ s[3];
                memcpy(b, &s[0], 64);
            } else {
                memset(b + in, (int)i, out - in);
            }
            __asm__ volatile("" : : "r"(b) : "memory");
        }
        best = MIN(best, (seconds() - t) / n);
    }
    free(a);
    free(b);
    return best;
}

/* slots: operations a lane must do, a multiply-add being one. */
static bool row(struct bench *x, const char *name, const char *text, double slots)
{
    struct buf why = { 0 };
    struct diags ds;
    struct srcs *srcs = srcs_new(x->a);
    struct pass_options o = { 0 };
    diags_init(&ds, x->a, srcs);
    struct cascade *c = ein_read_text(x->a, x->sp, &ds, srcs_add(srcs, name, text, strlen(text)));
    if (!c || !ein_verify(c, &why)) {
        printf("%-28s does not read: %s\n", name, why.at ? why.at : "");
        return false;
    }
    ein_phases(c);
    ein_simplify_all(c, &o);
    ein_fuse(c, &o);
    ein_dce(c, &o);
    ein_epilogue(c, &o);
    ein_pack(c, &o);
    ein_group(c, &o);
    ein_phases(c);
    struct plan *p = ein_to_plan(x->a, c, &x->m, &o, NULL);
    struct be_kernel *k = NEW_ARRAY(x->a, struct be_kernel, p->kernel.n);
    const struct loop_fn **fn = NEW_ARRAY(x->a, const struct loop_fn *, p->kernel.n);
    for (u32 i = 0; i < p->kernel.n; i++) {
        struct loop_fn *f = loop_copy(x->a, p->kernel.at[i].fn);
        loop_legalize(f, &x->m, x->backend->can);
        loop_clean(f);
        fn[i] = f;
    }
    for (u32 i = 0; i < p->kernel.n; i++) {
        struct buf text = { 0 };
        if (x->loops)
            loop_dump(&text, fn[i]);
        if (x->asm_)
            x->backend->text(x->be, fn[i], "asm", &text, &why);
        fputs(text.at ? text.at : "", stdout);
        buf_free(&text);
    }
    double t0 = seconds();
    if (!code_compile(x->code, x->backend, x->be, p->kernel.n, fn, k, &why)) {
        printf("%-28s %s\n", name, why.at);
        return false;
    }
    double compile = seconds() - t0;
    struct exec *e = exec_new(p, k);
    exec_weights_seed(e, 1);
    exec_load(e);
    void *in[4], *out[4];
    double bytes[2] = { 0, 0 };
    for (u32 i = 0; i < p->nin; i++) {
        u64 n = p->buf.at[p->in[i]].bytes;
        in[i] = aligned_alloc(64, (n + 63) & ~63ull);
        for (u64 j = 0; j < n / 4; j++)
            ((float *)in[i])[j] = (float)((j * 7 + i) % 11) / 8 - 0.6f;
        bytes[0] += (double)n;
    }
    for (u32 i = 0; i < p->weight.n; i++)
        bytes[0] += (double)p->buf.at[p->weight.at[i]].bytes;
    for (u32 i = 0; i < p->nout; i++) {
        u64 n = p->buf.at[p->out[i]].bytes;
        out[i] = aligned_alloc(64, (n + 63) & ~63ull);
        memset(out[i], 0, n);
        bytes[1] += (double)n;
    }
    exec_run(e, 1, (const void *const *)in, out);
    double best = 1e9, peak = 0, copy = 1e9, began = seconds();
    for (u32 r = 0; r < 60 && (r < 5 || seconds() - began < 0.4); r++) {
        double t = seconds();
        exec_run(e, 1, (const void *const *)in, out);
        double once = seconds() - t;
        u32 n = (u32)MIN(4e-4 / once, 1e5) + 1;
        t = seconds();
        for (u32 i = 0; i < n; i++)
            for (u32 j = 0; j < p->run.n; j++)
                exec_command(e, 1, j);
        best = MIN(best, (seconds() - t) / n);
        if (r % 10 == 0) {
            peak = MAX(peak, time_peak(x));
            copy = MIN(copy, time_copy(bytes[0], bytes[1]));
        }
    }
    double bound = MAX(slots * 2 / peak, copy);
    printf("%-28s %10.3f us %7.1f GFLOP/s  %5.1f %% of %.0f   bound %9.3f us (%s)  %5.2f times   %u launches, compile %.1f ms\n", name, best * 1e6, slots * 2 / best / 1e9,
           100 * slots * 2 / best / peak, peak / 1e9, bound * 1e6, bound > copy ? "arithmetic" : "memory", best / bound, p->run.n, compile * 1e3);
    fflush(stdout);
    exec_free(e);
    for (u32 i = 0; i < p->nin; i++)
        free(in[i]);
    for (u32 i = 0; i < p->nout; i++)
        free(out[i]);
    return true;
}

static bool wanted(int argc, char **argv, const char *name)
{
    bool any = false;
    for (int i = 1; i < argc; i++)
        if (argv[i][0] != '-') {
            any = true;
            if (!strncmp(name, argv[i], strlen(argv[i])))
                return true;
        }
    return !any;
}

int main(int argc, char **argv)
{
    struct bench x = { .a = arena_new("bench"), .code = code_new() };
    x.sp = str_pool_new(x.a);
    mach_host(&x.m, x.a);
    for (int i = 1; i < argc; i++) {
        x.loops |= !strcmp(argv[i], "-l");
        x.asm_ |= !strcmp(argv[i], "-s");
        if (!strcmp(argv[i], "-a")) {
            x.m.vector_bits = MIN(x.m.vector_bits, 256u);
            x.m.nvreg = 16;
            x.m.masks = false;
            x.m.features = "+avx,+avx2,+fma,+bmi,+bmi2,+f16c,+popcnt,+lzcnt,+sse4.1,+sse4.2,+ssse3,+sse3";
        }
    }
    void *dl = dlopen(NASC_BUILD_DIR "/.libs/nasc_be_llvm.so", RTLD_NOW | RTLD_LOCAL);
    struct buf why = { 0 };
    x.backend = dl ? dlsym(dl, "nasc_backend") : NULL;
    x.be = x.backend && x.backend->abi == BACKEND_ABI ? x.backend->open(&x.m, &why) : NULL;
    if (!x.be) {
        fprintf(stderr, "bench_lowered: %s\n", dl ? why.at ? why.at : "no backend" : dlerror());
        return 3;
    }
    bool ok = true;
    static const u32 square[] = { 16, 32, 48, 64, 96, 128, 256, 512, 768, 1000, 1024 };
#define ROW(slots, text, ...) do { const char *name = arena_printf(x.a, __VA_ARGS__); if (wanted(argc, argv, name)) ok = row(&x, name, text, slots) && ok; } while (0)
    for (u32 i = 0; i < COUNTOF(square); i++) {
        u32 n = square[i];
        ROW((double)n * n * n, matmul(&x, n, n, n), "matmul %u", n);
    }
    for (u32 i = 0; i < COUNTOF(square); i++)
        for (const char *k = "nta"; *k; k++) {
            u32 n = square[i];
            ROW((double)n * n * n, product(&x, n, n, n, *k), "product-%c %u", *k, n);
        }
    ROW(196. * 196 * 64, product(&x, 196, 64, 196, 't'), "scores 196x64");
    ROW(196. * 196 * 64, product(&x, 196, 196, 64, 'n'), "values 196x64");
    ROW(65. * 65 * 32, product(&x, 65, 32, 65, 't'), "scores 65x32");
    static const struct { u32 c, d, out, taps, stride; } convs[] = {
        { 16, 16, 32, 3, 1 }, { 32, 32, 16, 3, 1 }, { 64, 64, 8, 3, 1 }, { 32, 32, 32, 3, 1 }, { 64, 64, 16, 3, 1 }, { 64, 64, 56, 3, 1 }, { 128, 128, 14, 3, 1 }, { 512, 512, 7, 3, 1 },
        { 16, 16, 32, 1, 1 }, { 32, 32, 16, 1, 1 }, { 64, 64, 8, 1, 1 }, { 16, 32, 16, 3, 2 }, { 32, 64, 8, 3, 2 }, { 64, 128, 28, 3, 2 }, { 3, 16, 32, 3, 1 }, { 3, 64, 112, 7, 2 }, { 48, 48, 16, 3, 1 }, { 20, 40, 15, 3, 1 },
    };
    for (u32 i = 0; i < COUNTOF(convs); i++)
        ROW((double)convs[i].c * convs[i].d * convs[i].out * convs[i].out * convs[i].taps * convs[i].taps, conv(&x, convs[i].c, convs[i].d, convs[i].out, convs[i].taps, convs[i].stride),
            "conv %ux%u %u>%u %u /%u", convs[i].taps, convs[i].taps, convs[i].c, convs[i].d, convs[i].out, convs[i].stride);
    static const u32 wide[] = { 16, 32, 64, 96 }, tall[] = { 32, 16, 8, 28 };
    for (u32 i = 0; i < COUNTOF(wide); i++) {
        double points = (double)wide[i] * tall[i] * tall[i];
        ROW(points * 9, depthwise(&x, wide[i], tall[i], 3), "depthwise %u %u", wide[i], tall[i]);
        ROW(points * 9, avgpool(&x, wide[i], tall[i], true), "avgpool %u %u last", wide[i], tall[i]);
        ROW(points * 9, avgpool(&x, wide[i], tall[i], false), "avgpool %u %u first", wide[i], tall[i]);
    }
    static const u32 rows[] = { 64, 196, 1024, 16 }, cols[] = { 64, 196, 256, 4096 };
    for (u32 i = 0; i < COUNTOF(rows); i++) {
        double points = (double)rows[i] * cols[i];
        ROW(points * 18, softmax(&x, rows[i], cols[i]), "softmax %ux%u", rows[i], cols[i]);
        ROW(points * 6, layernorm(&x, rows[i], cols[i]), "layernorm %ux%u", rows[i], cols[i]);
        ROW(points * 0.01, transpose(&x, rows[i], cols[i]), "transpose %ux%u", rows[i], cols[i]);
        ROW(points, sum(&x, rows[i], cols[i], false), "sum %ux%u", rows[i], cols[i]);
        ROW(points, sum(&x, rows[i], cols[i], true), "sum-across %ux%u", rows[i], cols[i]);
    }
    x.backend->close(x.be);
    code_free(x.code);
    arena_free(x.a);
    return ok ? 0 : 1;
}
