/* doctor_code.c - code generators: which there are, of which version, and whether what they compile here computes what it should. */
#include "compiler/code.h"
#include "compiler/doctor.h"
#include "passes/pass.h"

#include <stdlib.h>

/* A generator that is a module, and the packages by which it is built. */
static const struct { const char *name, *what, *package; } module_row[] = {
    {"llvm", "LLVM", "llvm-19-dev"},
    {"gccjit", "libgccjit", "libgccjit-12-dev"},
};

enum { ITEMS = 1000 };

/* y[i] = x[i] x[i] + 2 x[i] for a vector's worth at a time, and single ones behind: what any kernel is made of. */
static struct loop_fn *trial_loop(struct arena *a, struct str_pool *sp, u32 lanes)
{
    static const struct ltype I = {DT_I64, 1};
    struct loop_fn *f = loop_fn_new(a, sp, str_c(sp, "trial"));
    u32 x = loop_buf_add(f, str_c(sp, "x"), LB_IN, DT_F32, 4, ITEMS), y = loop_buf_add(f, str_c(sp, "y"), LB_OUT, DT_F32, 4, ITEMS);
    struct loop_emit e = {f, &f->body};
    i64 whole = ITEMS / lanes * lanes;
    for (u32 part = 0; part < 2; part++) {
        const struct ltype V = {DT_F32, part ? 1 : (u16)lanes};
        lval i, from = le_int(&e, part ? whole : 0), to = le_int(&e, part ? ITEMS : whole);
        struct loop_emit in = le_for(&e, from, to, V.lanes, 0, 0, NULL, &i, NULL, NULL);
        lval at = le_op(&in, LO_IADD, I, i, le_int(&in, 0), 0), v = le_load(&in, x, at, V, 0, 0);
        lval two = le_num(&in, V, 2), twice = le_op(&in, LO_FMUL, V, v, two, 0), square = le_op(&in, LO_FMUL, V, v, v, 0);
        le_store(&in, y, at, le_op(&in, LO_FADD, V, square, twice, 0), 0);
        le_yield(&in, 0, NULL);
    }
    return f;
}

/* Compiles and runs it; false and *why. */
static bool trial(struct doctor *d, struct backend_handle *be, u64 *ns, struct buf *why)
{
    const struct mach *m = session_mach(d->s);
    struct loop_fn *f = trial_loop(d->a, d->s->sp, m->vector_bits / 32);
    loop_legalize(f, m, be->be->can);
    struct be_kernel k = {0};
    float x[ITEMS], y[ITEMS] = {0};
    for (u32 i = 0; i < ITEMS; i++)
        x[i] = (float)i;
    struct code *code = code_new();
    const struct loop_fn *const all[] = {f};
    bool ok = code_compile(code, be->be, be->inst, 1, all, &k, why);
    if (ok) {
        void *base[] = {x, y};
        struct kernel_args args = {base, NULL, NULL, NULL};
        be_call(&k, &args, 0, 1, NULL);
        for (u32 i = 0; i < ITEMS && ok; i++)
            ok = y[i] == (float)i * (float)i + 2 * (float)i;
        if (!ok)
            buf_puts(why, "what it compiles computes something else");
        *ns = k.compile_ns;
    }
    code_free(code);
    return ok;
}

/* What was complained of, which findings say instead. */
static const char *complaint(struct doctor *d)
{
    const char *text = d->s->ds.all.n ? arena_strdup(d->a, d->s->ds.all.at[d->s->ds.all.n - 1]->text) : "it does not start";
    session_clear(d->s);
    return text;
}

static void module_found(struct doctor *d, const char *name, const char *what, const char *package)
{
    struct backend_handle *be;
    struct finding *f;
    struct buf why = {0};
    u64 ns = 0;
    if (!backend_there(d->s, name)) {
        f = doctor_found(d, name, FOUND_MISSING, NULL, "nasc was built without %s", what);
        doctor_install(d, f, package);
        f->mend = arena_printf(d->a, "%s, then configure and build nasc again", f->mend);
        f->package = NULL;
    } else if (!(be = session_backend(d->s, name))) {
        f = doctor_found(d, name, FOUND_FAILS, NULL, "%s", complaint(d));
        doctor_install(d, f, package);
    } else if (!trial(d, be, &ns, &why)) {
        f = doctor_found(d, name, FOUND_FAILS, be->be->version(), "%s %s: %s", what, be->be->version(), why.at);
    } else {
        f = doctor_found(d, name, FOUND_OK, be->be->version(), "%s %s, tried in %.1f ms", what, be->be->version(), (double)ns / 1e6);
    }
    buf_free(&why);
}

void doctor_code(struct doctor *d)
{
    d->part = "code";
    u32 first = d->found.n;
    bool any = false;
    for (u32 i = 0; i < COUNTOF(module_row); i++) {
        module_found(d, module_row[i].name, module_row[i].what, module_row[i].package);
        any |= d->found.at[d->found.n - 1].state == FOUND_OK;
    }
    /* One that makes native code is enough. */
    for (u32 i = first; i < d->found.n; i++)
        d->found.at[i].needed = d->found.at[i].state == FOUND_OK || (!any && i == first);
    doctor_found(d, "ref", FOUND_OK, "ref", "interprets kernels, is always there");
    doctor_found(d, "tapes", FOUND_OK, "generic", "--code generic: compiled with nasc, need no code generator");
}
