/* fuzz_ein.c - what a cascade means: a text that reads and verifies evaluates without leaving a tensor, and
 * every pass leaves a cascade that verifies and computes the same. */
#include "tests/fuzz/fuzz.h"

#include <math.h>

#include "compiler/ir/ein_eval.h"
#include "passes/pass.h"

enum { WORK = 200000, ELEMS = 20000, BATCH = 2 };

static const struct { const char *name; u32 (*run)(struct cascade *, const struct pass_options *); } passes[] = {
#define X(fn, name, needs, spoils, about) { name, fn },
#include "passes/passes.def"
#undef X
};

static bool small(const struct cascade *c)
{
    u64 all = 0;
    for (u32 t = 0; t < c->tens.n; t++) {
        u64 n = 1;
        for (u32 d = 0; d < c->tens.at[t].ndim && n <= ELEMS; d++)
            n *= (u64)(c->tens.at[t].dim[d] < 0 ? c->sym.at[-1 - c->tens.at[t].dim[d]].lo + BATCH : c->tens.at[t].dim[d]);
        all += n;
        if (n > ELEMS || all > 10 * ELEMS || c->tens.at[t].ndim > 16)
            return false;
    }
    return c->sym.n == 1;
}

/* NULL: too much work. */
static struct ein_eval *evaluate(struct fuzz *f, const struct cascade *c, enum eval_mode mode)
{
    struct ein_eval *ev = ein_eval_new(f->a, c, mode, BATCH);
    struct buf why = { 0 };
    ev->work_limit = WORK;
    ein_eval_weights(ev, c, 1);
    for (u32 t = 0; t < c->tens.n; t++)
        if (c->tens.at[t].role == EIN_IN) {
            double *v = ein_eval_alloc(ev, c, t);
            for (u64 i = 0; i < ev->tens[t].n; i++)
                v[i] = dtype_is_float(c->tens.at[t].dtype) ? (double)((i * 7 + t) % 11) / 8 - 0.5 : (double)((i * 5 + t) % 3);
        }
    bool ok = ein_eval_run(ev, c, 0, c->eq.n, &why);
    HOLDS(ok || (why.at && strstr(why.at, "bound of work")));
    buf_free(&why);
    return ok ? ev : NULL;
}

static void same(const struct cascade *c, const struct ein_eval *want, const struct cascade *d, const struct ein_eval *got, const char *pass)
{
    u32 t = 0;
    for (u32 k = 0; k < d->tens.n; k++) {
        if (d->tens.at[k].role != EIN_OUT)
            continue;
        while (c->tens.at[t].role != EIN_OUT)
            t++;
        for (u64 i = 0; i < want->tens[t].n; i++) {
            double x = want->tens[t].v[i], y = got->tens[k].v[i], e = want->tens[t].err[i];
            bool agree = !isfinite(x) || !isfinite(e) || fabs(x - y) <= e * 0x1p-20 + fabs(x) * 0x1p-40;
            if (!agree)
                fprintf(stderr, "%s: %s[%llu] was %.17g and is %.17g\n", pass, d->tens.at[k].name, (unsigned long long)i, x, y);
            HOLDS(agree);
        }
        t++;
    }
}

/* Half of the mutations keep the form of the text: a number becomes another small one, an operation another. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t n, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t max, unsigned seed);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t max, unsigned seed)
{
    static const char *const group[][8] = {
        { "(iadd ", "(imul ", "(idiv ", "(imod " }, { "(add ", "(sub ", "(mul ", "(max ", "(min ", "(div " },
        { "(exp ", "(neg ", "(abs ", "(tanh ", "(floor ", "(sign " }, { "(lt ", "(le ", "(eq ", "(ne " },
        { "(red add)", "(red max)", "(red min)", "(red mul)" }, { " par ", " red " },
    };
    if (seed % 2)
        return LLVMFuzzerMutate(data, n, max);
    size_t from = n ? seed / 2 % n : 0;
    for (size_t k = 0; k < n; k++) {
        size_t i = (from + k) % n;
        bool digit = data[i] >= '0' && data[i] <= '9';
        if (digit && seed / 16 % 2) {
            data[i] = (uint8_t)('0' + seed / 64 % 10);
            return n;
        }
        for (u32 g = 0; data[i] != ' ' && !digit && g < COUNTOF(group); g++)
            for (u32 w = 0; w < 8 && group[g][w]; w++) {
                size_t len = strlen(group[g][w]);
                if (n - i < len || memcmp(data + i, group[g][w], len) != 0)
                    continue;
                u32 words = 0;
                while (words < 8 && group[g][words])
                    words++;
                const char *to = group[g][seed / 64 % words];
                size_t m = strlen(to);
                if (n - len + m > max)
                    return n;
                memmove(data + i + m, data + i + len, n - i - len);
                memcpy(data + i, to, m);
                return n - len + m;
            }
    }
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct fuzz f = fuzz_begin();
    diags_init(&f.ds, f.a, f.srcs);
    struct buf why = { 0 };
    struct cascade *c = ein_read_text(f.a, f.sp, &f.ds, srcs_add(f.srcs, "fuzz", (const char *)data, n));
    HOLDS(c || f.ds.nerrors);
    if (c && ein_verify(c, &why) && small(c)) {
        struct ein_eval *want = evaluate(&f, c, EVAL_BOUND);
        struct pass_options o = { .training = c->training };
        evaluate(&f, c, EVAL_F32);
        struct cascade *d = ein_copy(f.a, c);
        for (u32 k = 0; want && k < COUNTOF(passes); k++) {
            passes[k].run(d, &o);
            if (!ein_verify(d, &why))
                fprintf(stderr, "%s: %s\n", passes[k].name, why.at);
            HOLDS(ein_verify(d, &why));
            struct ein_eval *got = evaluate(&f, d, EVAL_F64);
            if (got)
                same(c, want, d, got, passes[k].name);
        }
    }
    buf_free(&why);
    fuzz_end(&f);
    return 0;
}
