/* within - are a network's outputs, whoever computed them, within the evaluator's bound for f32?
 *
 *   within MODULE [-s SPACE] [-D NAME=VALUE]... --arch TEXT --weights W.safetensors [--strict] X.npy Y.npy...
 *   within MODULE ... --draw X.npy
 *
 * X: one input, without a batch axis, or with one; Y: outputs for it, each from another program.  Prints for each the largest error over the bound
 * (ein_eval.h, of the cascade as written).  Deep networks have numbers with a large bound, or none that is finite: none may be off by 1/1000 of the largest.
 * With --strict the bits must be those of the evaluator.  Exit 1 if one is beyond that.
 * The second form writes an input for one: numbers in [-1, 1). */
#include "compiler/ir/ein_eval.h"
#include "compiler/ir/elem.h"
#include "compiler/npy.h"
#include "compiler/pipeline.h"
#include "compiler/weights_file.h"
#include "tests/differential/gen_inputs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { FILES = 32 };

static void fail(const char *text)
{
    fprintf(stderr, "within: %s\n", text);
    exit(2);
}

static struct npy load(nasc_session *s, struct arena *a, const char *path)
{
    struct npy x;
    if (!npy_load(a, &s->ds, path, &x))
        fail(nasc_messages(s));
    return x;
}

static struct ein_tens *input_of(const struct cascade *c)
{
    for (u32 t = 0; t < c->tens.n; t++)
        if (c->tens.at[t].role == EIN_IN)
            return &c->tens.at[t];
    fail("no input");
    return NULL;
}

static void draw(nasc_session *s, struct arena *a, const struct cascade *c, const char *path)
{
    const struct ein_tens *x = input_of(c);
    u64 n = 1;
    for (u32 d = 1; d < x->ndim; d++)
        n *= (u64)x->dim[d];
    void *v = arena_alloc(a, n * 8);
    for (u64 i = 0; i < n; i++)
        elem_set((enum dtype)x->dtype, v, i, gen_input((enum dtype)x->dtype, 1, 0, i, false));
    if (!npy_save(&s->ds, path, (enum dtype)x->dtype, x->ndim - 1, x->dim + 1, v))
        fail(nasc_messages(s));
}

/* Both return 1 if it is not. */
static int bits(const struct ein_array *want, const struct npy *y, const char *name)
{
    u64 differ = 0;
    for (u64 i = 0; i < want->n; i++) {
        double v = elem_get(y->dtype, y->data, i), w = want->v[i];
        differ += !((v != v && w != w) || (v == w && signbit(v) == signbit(w)));
    }
    printf("%s: %s: %llu of %llu numbers have other bits\n", name, differ ? "NOT THE SAME" : "the same", (unsigned long long)differ, (unsigned long long)want->n);
    return differ != 0;
}

static int near(const struct ein_array *want, const struct npy *y, const char *name)
{
    double worst = 0, off = 0, most = 0;
    u64 any = 0;
    for (u64 i = 0; i < want->n; i++) {
        double err = want->err[i], d = fabs(elem_get(y->dtype, y->data, i) - want->v[i]);
        most = fmax(most, fabs(want->v[i]));
        d = d == d ? d : INFINITY;
        any += !isfinite(err);
        if (isfinite(err))
            worst = d > 0 ? fmax(worst, d / err) : worst;
        off = fmax(off, d);
    }
    bool ok = worst <= 1 && off <= 0.001 * most && isfinite(most);
    printf("%s: %s: worst of %llu numbers at %.4f of its bound (%llu without one), off by %.2g of the largest\n", name, ok ? "near" : "NOT NEAR",
           (unsigned long long)want->n, worst, (unsigned long long)any, off > 0 ? off / most : 0);
    return !ok;
}

static int done(nasc_session *s, struct arena *a, int status)
{
    nasc_close(s);
    arena_free(a);
    return status;
}

int main(int argc, char **argv)
{
    nasc_session *s = nasc_open();
    struct arena *a = arena_new("within");
    const char *module = NULL, *space = NULL, *text = NULL, *weights = NULL, *drawn = NULL, *file[FILES];
    u32 nfile = 0;
    bool strict = false;
    for (int i = 1; i < argc; i++) {
        const char *w = argv[i], *next = i + 1 < argc ? argv[i + 1] : "", *eq = strchr(next, '=');
        if (w[0] != '-' && !module)
            module = w;
        else if (w[0] != '-' && nfile < FILES)
            file[nfile++] = w;
        else if (strcmp(w, "--strict") == 0)
            strict = true;
        else if (strcmp(w, "-s") == 0)
            space = argv[++i];
        else if (strcmp(w, "--arch") == 0)
            text = argv[++i];
        else if (strcmp(w, "--weights") == 0)
            weights = argv[++i];
        else if (strcmp(w, "--draw") == 0)
            drawn = argv[++i];
        else if (strcmp(w, "-D") == 0 && eq)
            nasc_define(s, arena_printf(a, "%.*s", (int)(eq - argv[++i]), next), eq + 1);
        else
            fail("what?");
    }
    if (!module || !text || (!drawn && (!weights || nfile < 2)))
        fail("MODULE --arch TEXT --weights W X Y...");
    nasc_arch *ar;
    if (nasc_load(s, module) || nasc_select(s, space) || (session_arch_item(s, text) ? nasc_named(s, text, &ar) : nasc_parse(s, text, &ar)))
        fail(nasc_messages(s));
    struct pass_options o = { .strict = strict };
    nasc_net *n = net_compile(s, arch_graph(ar), "ref", &o);
    if (!n || (!drawn && (!net_exec(n) || !weights_load(n, weights))))
        fail(nasc_messages(s));
    const struct cascade *c = n->written;
    if (drawn) {
        draw(s, a, c, drawn);
        return done(s, a, 0);
    }
    struct npy x = load(s, a, file[0]);
    u32 in = 0, out = 0;
    u64 elems = 1;
    for (u32 t = 0; t < c->tens.n; t++)
        if (&c->tens.at[t] == input_of(c))
            in = t;
        else if (c->tens.at[t].role == EIN_OUT)
            out = t;
    for (u32 d = 1; d < c->tens.at[in].ndim; d++)
        elems *= (u64)c->tens.at[in].dim[d];
    u64 given = x.bytes / dtype_bytes(x.dtype);
    if (given % elems || x.dtype != c->tens.at[in].dtype)
        fail("an input of another shape");
    struct ein_eval *ev = ein_eval_new(a, c, strict ? EVAL_F32 : EVAL_BOUND, (i64)(given / elems));
    for (u32 t = 0; t < c->tens.n; t++)
        if (t == in) {
            double *v = ein_eval_alloc(ev, c, t);
            for (u64 i = 0; i < given; i++)
                v[i] = elem_get(x.dtype, x.data, i);
        } else if (c->tens.at[t].role == EIN_PARAM || c->tens.at[t].role == EIN_STATE) {
            double *v = ein_eval_alloc(ev, c, t);
            for (u32 w = 0; w < n->plan->weight.n; w++) {
                const struct plan_buf *b = &n->plan->buf.at[n->plan->weight.at[w]];
                u64 bytes;
                if (n->ein->tens.at[b->tens].number != c->tens.at[t].number)
                    continue;
                const void *from = exec_weight(n->exec, w, &bytes);
                for (u64 i = 0; i < bytes / dtype_bytes((enum dtype)b->dtype); i++)
                    v[i] = elem_get((enum dtype)b->dtype, from, i);
            }
        }
    struct buf why = { 0 };
    if (!ein_eval_run(ev, c, 0, c->eq.n, &why))
        fail(why.at);
    int failed = 0;
    for (u32 k = 1; k < nfile; k++) {
        struct npy y = load(s, a, file[k]);
        if (y.dtype != c->tens.at[out].dtype || y.bytes / dtype_bytes(y.dtype) != ev->tens[out].n)
            fail("an output of another shape");
        failed |= strict ? bits(&ev->tens[out], &y, file[k]) : near(&ev->tens[out], &y, file[k]);
    }
    return done(s, a, failed);
}
