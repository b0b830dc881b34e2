/* Networks of tests/golden against what NumPy computed (make.py there): the evaluator in f64 closely, and in f32 and
 * every backend there is within the evaluator's running error bound.  Environment NASC_SRCDIR: the source tree. */
#include "tests/unit/unit.h"

#include <math.h>

#include "compiler/ir/ein_eval.h"
#include "compiler/ir/elem.h"
#include "compiler/npy.h"
#include "compiler/pipeline.h"
#include "compiler/safetensors.h"

static const char *source_dir(void)
{
    const char *d = getenv("NASC_SRCDIR");
    return d && *d ? d : NASC_SOURCE_DIR;
}

struct world { nasc_session *s; struct arena *a; struct npy x, y; struct safetensors w; const char *weights; struct ein_eval *bound; };

static void ok(struct world *w, nasc_status st, const char *what)
{
    if (st)
        fail_msg("%s: %s", what, nasc_messages(w->s));
}

static const char *file(struct world *w, const char *name, const char *suffix)
{
    return arena_printf(w->a, "%s/tests/golden/%s.%s", source_dir(), name, suffix);
}

/* The cascade as written, with the golden input and weights. */
static struct ein_eval *evaluate(struct world *w, const struct cascade *c, enum eval_mode mode)
{
    struct ein_eval *ev = ein_eval_new(w->a, c, mode, w->x.extent[0]);
    struct buf why = { 0 };
    for (u32 t = 0; t < c->tens.n; t++) {
        const struct ein_tens *e = &c->tens.at[t];
        if (e->role != EIN_IN && e->role != EIN_PARAM)
            continue;
        double *v = ein_eval_alloc(ev, c, t);
        const void *from = w->x.data;
        if (e->role == EIN_PARAM) {
            const struct safetensor *p = safetensors_find(&w->w, e->name);
            if (!p)
                fail_msg("no golden weights %s", e->name);
            assert_int_equal(p->bytes, ev->tens[t].n * 4);
            from = p->data;
        }
        for (u64 i = 0; i < ev->tens[t].n; i++)
            v[i] = elem_get(e->dtype, from, i);
    }
    if (!ein_eval_run(ev, c, 0, c->eq.n, &why))
        fail_msg("%s", why.at);
    return ev;
}

static u32 output(const struct cascade *c)
{
    u32 t = 0;
    while (c->tens.at[t].role != EIN_OUT)
        t++;
    return t;
}

static void check_backend(struct world *w, nasc_arch *a, const char *backend, const struct cascade *written)
{
    nasc_net *n;
    nasc_shape shape;
    if (strcmp(backend, "ref") && !backend_there(w->s, backend)) {
        said_less("no llvm");
        return;
    }
    ok(w, nasc_compile(w->s, a, &(nasc_options){ .backend = backend }, &n), "compile");
    ok(w, w->weights ? nasc_net_load_weights(n, w->weights) : nasc_net_weights(n, 0), "weights");
    nasc_net_output(n, 0, &shape);
    void *y = arena_alloc(w->a, shape.bytes * (u64)w->x.extent[0]);
    ok(w, nasc_net_run(n, w->x.extent[0], (const void *[]){ w->x.data }, (void *[]){ y }), backend);
    const struct ein_array *b = &w->bound->tens[output(written)];
    for (u64 i = 0; i < b->n; i++) {
        double got = elem_get(written->tens.at[output(written)].dtype, y, i);
        if (!(fabs(got - b->v[i]) <= b->err[i]))
            fail_msg("%s, element %llu: %.9g, not %.9g: off by %g, bound %g", backend, (unsigned long long)i, got, b->v[i], fabs(got - b->v[i]),
                     b->err[i]);
    }
    nasc_net_free(n);
}

static void golden(void **state)
{
    const char *name = *state;
    struct world w = { .s = nasc_open(), .a = arena_new("golden") };
    char *nas = arena_printf(w.a, "%s/tests/golden/golden.nas", source_dir());
    ok(&w, nasc_load(w.s, nas), "load");
    ok(&w, nasc_select(w.s, name), "select");
    assert_true(npy_load(w.a, &w.s->ds, file(&w, name, "x.npy"), &w.x));
    assert_true(npy_load(w.a, &w.s->ds, file(&w, name, "y.npy"), &w.y));
    FILE *weights = fopen(file(&w, name, "safetensors"), "rb");
    if (weights) {
        fclose(weights);
        w.weights = file(&w, name, "safetensors");
        assert_true(safetensors_load(w.a, &w.s->ds, w.weights, &w.w));
    }
    nasc_arch *a;
    nasc_net *n;
    ok(&w, nasc_sample(w.s, 0, 0, &a), "sample");
    ok(&w, nasc_compile(w.s, a, &(nasc_options){ .backend = "ref" }, &n), "compile");
    const struct cascade *c = n->written;
    u32 out = output(c);
    struct ein_eval *f64 = evaluate(&w, c, EVAL_F64), *f32 = evaluate(&w, c, EVAL_F32);
    w.bound = evaluate(&w, c, EVAL_BOUND);
    assert_int_equal(f64->tens[out].n * dtype_bytes(w.y.dtype), w.y.bytes);
    for (u64 i = 0; i < f64->tens[out].n; i++) {
        double want = elem_get(w.y.dtype, w.y.data, i), got = f64->tens[out].v[i], err = w.bound->tens[out].err[i];
        if (!(fabs(got - want) <= 1e-12 * (1 + fabs(want))))
            fail_msg("element %llu: %.17g, NumPy has %.17g", (unsigned long long)i, got, want);
        assert_true(w.bound->tens[out].v[i] == got);
        assert_true(fabs(f32->tens[out].v[i] - got) <= err);
        if (!(err < 5e-3))              /* else it would bound nothing */
            fail_msg("element %llu, %g: a bound of %g", (unsigned long long)i, got, err);
    }
    check_backend(&w, a, "ref", c);
    check_backend(&w, a, "llvm", c);
    nasc_net_free(n);
    nasc_arch_free(a);
    nasc_close(w.s);
    arena_free(w.a);
}

int main(void)
{
#define GOLDEN(name) { #name, golden, NULL, NULL, "g_" #name }
    const struct CMUnitTest tests[] = {
        GOLDEN(softmax), GOLDEN(attention), GOLDEN(causal), GOLDEN(layer_norm), GOLDEN(lstm), GOLDEN(prefix), GOLDEN(welford),
        GOLDEN(max_pool), GOLDEN(dilated), GOLDEN(grouped), GOLDEN(unfold), GOLDEN(each), GOLDEN(argmax), GOLDEN(embed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
