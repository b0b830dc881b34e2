/* plan_env.h - what the tests of lowering share: a cascade from text or from pieces, its plan, native runs, the judge. */
#ifndef NASC_TEST_PLAN_ENV_H
#define NASC_TEST_PLAN_ENV_H
#include "tests/unit/unit.h"

#include "compiler/code.h"
#include "compiler/exec.h"
#include "compiler/ir/ein_eval.h"
#include "compiler/ir/elem.h"
#include "passes/pass.h"

#include <dlfcn.h>
#include <math.h>

struct plan_env {
    struct arena *a; struct str_pool *sp; struct srcs *srcs; struct diags ds; struct buf why; struct mach m; struct pass_options o;
    const struct backend *be; struct be *inst; struct code *code;       /* NULL: the interpreter */
    bool pack;                                          /* ein-pack first */
};

static inline void plan_env_open(struct plan_env *e)
{
    *e = (struct plan_env){ .a = arena_new("test") };
    e->sp = str_pool_new(e->a);
    e->srcs = srcs_new(e->a);
    diags_init(&e->ds, e->a, e->srcs);
    mach_host(&e->m, e->a);
    e->code = code_new();
}

static inline void plan_env_close(struct plan_env *e)
{
    if (e->inst)
        e->be->close(e->inst);
    code_free(e->code);
    buf_free(&e->why);
    arena_free(e->a);
}

/* The LLVM backend, if it was built: false otherwise. */
static inline bool plan_env_native(struct plan_env *e)
{
#ifdef NASC_BUILD_DIR
    void *so = dlopen(NASC_BUILD_DIR "/.libs/nasc_be_llvm.so", RTLD_NOW | RTLD_LOCAL);
    const struct backend *be = so ? dlsym(so, "nasc_backend") : NULL;
    buf_clear(&e->why);
    e->inst = be && be->abi == BACKEND_ABI ? be->open(&e->m, &e->why) : NULL;
    e->be = e->inst ? be : NULL;
#endif
    if (!e->inst)
        said_less("no llvm");
    return e->inst;
}

static inline void plan_env_fail(struct plan_env *e, const char *what, const struct cascade *c, const struct plan *p)
{
    struct buf b = { 0 };
    if (c)
        ein_dump(&b, c);
    if (p)
        plan_dump(&b, p);
    print_error("%s: %s\n%s\n", what, e->why.at ? e->why.at : "", b.at ? b.at : "");
    buf_free(&b);
    fail();
}

static inline struct cascade *plan_env_read(struct plan_env *e, const char *text)
{
    struct cascade *c = ein_read_text(e->a, e->sp, &e->ds, srcs_add(e->srcs, "test", text, strlen(text)));
    if (!c) {
        struct buf b = { 0 };
        diag_render(&b, &e->ds, e->ds.all.at[e->ds.all.n - 1], false);
        print_error("%s", b.at);
        fail();
    }
    return c;
}

static inline struct plan *plan_env_plan(struct plan_env *e, struct cascade *c)
{
    buf_clear(&e->why);
    if (!ein_verify(c, &e->why))
        plan_env_fail(e, "cascade", c, NULL);
    if (e->pack)
        ein_pack(c, &e->o);
    u32 group = 0;
    for (u32 i = 0; i < c->eq.n; i++) {
        if (!i || !c->eq.at[i].scan || c->eq.at[i].scan != c->eq.at[i - 1].scan)
            group++;
        c->eq.at[i].group = group;
    }
    ein_phases(c);
    struct bug_trap trap;
    bug_trap_push(&trap);
    if (setjmp(trap.back)) {
        print_error("%s\n", trap.text);
        plan_env_fail(e, "bug", c, NULL);
    }
    struct plan *p = ein_to_plan(e->a, c, &e->m, &e->o, NULL);
    bug_trap_pop(&trap);
    if (!plan_verify(p, &e->why))
        plan_env_fail(e, "plan", c, p);
    return p;
}

/* Code for all kernels: compiled, or interpreted. */
static inline struct be_kernel *plan_env_code(struct plan_env *e, const struct plan *p)
{
    struct be_kernel *k = NEW_ARRAY(e->a, struct be_kernel, p->kernel.n + 1);
    const struct loop_fn **fn = NEW_ARRAY(e->a, const struct loop_fn *, p->kernel.n + 1);
    for (u32 i = 0; i < p->kernel.n; i++) {
        struct loop_fn *f = loop_copy(e->a, p->kernel.at[i].fn);
        fn[i] = f;
        k[i].self = f;
        if (e->inst) {
            loop_legalize(f, &e->m, e->be->can);
            if (!loop_verify(f, &e->why))
                plan_env_fail(e, "legalized", NULL, p);
        }
    }
    if (e->inst && p->kernel.n && !code_compile(e->code, e->be, e->inst, p->kernel.n, fn, k, &e->why))
        plan_env_fail(e, "compile", NULL, p);
    return k;
}

static inline u64 plan_env_elems(const struct plan_buf *b, i64 batch)
{
    return (u64)b->lay.elems * (b->batched ? (u64)batch : 1);
}

static inline void plan_env_draw(const struct plan_buf *b, i64 batch, u64 seed, void *to)
{
    u64 n = plan_env_elems(b, batch), s = seed * 2 + 1;
    for (u64 i = 0; i < n; i++) {
        s = s * 6364136223846793005u + 1442695040888963407u;
        i64 v = (i64)(s >> 40) % 4096;
        elem_set((enum dtype)b->dtype, to, i, dtype_is_float((enum dtype)b->dtype) ? (double)(v - 2048) / 1024 : b->dtype == DT_BOOL ? v % 2 : v % 5);
    }
}

/* Runs the plan on drawn inputs and weights and holds every output against the evaluator's bound; returns the worst ratio. */
static inline double plan_env_judge(struct plan_env *e, struct cascade *c, struct plan *p, i64 batch, u64 seed)
{
    struct be_kernel *code = plan_env_code(e, p);
    struct exec *x = exec_new(p, code);
    assert_non_null(x);
    exec_weights_seed(x, seed);
    exec_load(x);
    void *in[16] = { 0 }, *out[16] = { 0 };
    struct ein_eval *ev = ein_eval_new(e->a, c, EVAL_BOUND, batch);
    for (u32 i = 0; i < p->nin; i++) {
        const struct plan_buf *b = &p->buf.at[p->in[i]];
        u64 n = plan_env_elems(b, batch);
        in[i] = malloc(n * dtype_bytes((enum dtype)b->dtype));
        plan_env_draw(b, batch, seed + i, in[i]);
        double *v = ein_eval_alloc(ev, c, b->tens);
        for (u64 k = 0; k < n; k++)
            v[k] = elem_get((enum dtype)b->dtype, in[i], k);
    }
    for (u32 i = 0; i < p->weight.n; i++) {
        u64 bytes;
        const struct plan_buf *b = &p->buf.at[p->weight.at[i]];
        const void *w = exec_weight(x, i, &bytes);
        double *v = ein_eval_alloc(ev, c, b->tens);
        for (i64 k = 0; k < b->lay.elems; k++)
            v[k] = elem_get((enum dtype)b->dtype, w, (u64)k);
    }
    for (u32 i = 0; i < p->nout; i++) {
        const struct plan_buf *b = &p->buf.at[p->out[i]];
        u64 bytes = plan_env_elems(b, batch) * dtype_bytes((enum dtype)b->dtype);
        out[i] = malloc(bytes);
        memset(out[i], 0x7f, bytes);
    }
    assert_true(exec_run(x, batch, (const void *const *)in, out));
    buf_clear(&e->why);
    if (!ein_eval_run(ev, c, 0, c->eq.n, &e->why))
        plan_env_fail(e, "evaluator", c, p);
    double worst = 0;
    for (u32 i = 0; i < p->nout; i++) {
        const struct plan_buf *b = &p->buf.at[p->out[i]];
        for (u64 k = 0; k < ev->tens[b->tens].n; k++) {
            double got = elem_get((enum dtype)b->dtype, out[i], k), want = ev->tens[b->tens].v[k], err = ev->tens[b->tens].err[k];
            if (got == want || (got != got && want != want) || !(err < INFINITY))
                continue;
            double ratio = err > 0 && got == got ? fabs(got - want) / err : INFINITY;
            if (ratio > 1) {
                buf_printf(&e->why, "output %u [%llu]: got %.9g, want %.9g +- %.3g", i, (unsigned long long)k, got, want, err);
                plan_env_fail(e, "value", c, p);
            }
            worst = fmax(worst, ratio);
        }
        free(out[i]);
    }
    for (u32 i = 0; i < p->nin; i++)
        free(in[i]);
    exec_free(x);
    return worst;
}

#endif
