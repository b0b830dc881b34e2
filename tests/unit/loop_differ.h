/* loop_differ.h - the same functions by the reference interpreter and by a backend: equal to the bit (NaNs are equal).
 * Functions are collected and compiled in batches. */
#ifndef NASC_TEST_LOOP_DIFFER_H
#define NASC_TEST_LOOP_DIFFER_H
#include "tests/unit/loop_env.h"

#include "compiler/base/rng.h"
#include "compiler/ir/elem.h"
#include "passes/pass.h"

#include <dlfcn.h>
#include <math.h>
#include <unistd.h>

#ifndef DIFFER_BATCH
#define DIFFER_BATCH 24         /* functions compiled at once */
#define DIFFER_ALONE 6          /* every so many of them by itself, too */
#endif
enum { DIFFER_BYTES = 1 << 14, DIFFER_BUFS = 8 };

struct differ {
    struct loop_env *e;
    const struct backend *backend;
    struct be *be;
    struct rng rng;
    struct loop_fn *fn[DIFFER_BATCH];       /* as given; what is compiled is a copy that went through loop_legalize */
    u32 n, done;
    u64 compile_ns;
};

/* Without the module the test is left out; false: it does not start for this machine. */
static inline bool differ_open(struct differ *d, struct loop_env *e, const char *name)
{
    const char *dir = getenv("NASC_BACKENDS");
    char *path = arena_printf(e->a, "%s/nasc_be_%s.so", dir && *dir ? dir : NASC_BUILD_DIR "/.libs", name);
    if (access(path, F_OK) != 0)
        skip_for(arena_printf(e->a, "no %s", name));
    void *dl = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!dl) {
        print_error("%s\n", dlerror());
        fail();
    }
    memset(d, 0, sizeof *d);
    d->e = e;
    d->backend = dlsym(dl, "nasc_backend");
    assert_non_null(d->backend);
    assert_int_equal(d->backend->abi, BACKEND_ABI);
    d->rng = rng_make(1, 2, 3);
    d->be = d->backend->open(&e->m, &e->why);
    if (!d->be)
        said_less(e->why.at);
    return d->be != NULL;
}

/* A number worth trying. */
static inline void differ_fill(struct rng *r, enum dtype d, void *p, u32 n)
{
    static const double some[] = { 0, -0.0, 1, -1, 0.5, 2.5, -3.5, 1e-40, 1e-310, 3e38, -3e38, 1e300, INFINITY, -INFINITY, NAN, 127, 128, -129, 255, 256,
                                   2147483647, -2147483649.0, 9.3e18, -9.3e18, 65504, 65520, 88.7, -103.9,
                                   1.00390625, 1.01171875, 1.00048828125, 1.00146484375 };
    for (u32 i = 0; i < n; i++) {
        u64 w = rng_u64(r);
        double x = w % 4 == 0 ? some[(w >> 8) % COUNTOF(some)] : (rng_unit(r) - 0.5) * (w % 4 == 1 ? 4 : w % 4 == 2 ? 300 : 1e5);
        if (d == DT_BOOL)
            ((u8 *)p)[i] = (u8)(w % 3);
        else
            elem_set(d, p, i, x);
    }
}

static inline bool differ_equal(enum dtype d, const void *x, const void *y, u32 i)
{
    size_t n = dtype_bytes(d);
    if (memcmp((const char *)x + i * n, (const char *)y + i * n, n) == 0)
        return true;
    return dtype_is_float(d) && isnan(elem_get(d, x, i)) && isnan(elem_get(d, y, i));
}

/* Runs fn by k into fresh copies of the inputs. */
static inline void differ_run(const struct loop_fn *fn, const struct be_kernel *k, u64 in[DIFFER_BUFS][DIFFER_BYTES / 8], u64 out[DIFFER_BUFS][DIFFER_BYTES / 8])
{
    static _Alignas(64) u64 scratch[DIFFER_BYTES];
    void *base[DIFFER_BUFS];
    const i64 sym[4] = { 3, 0, -17, 8 };
    const i32 table[8] = { 4, 0, 7, 1, 2, 2, 9, 5 };
    const i32 *tab[2] = { table, table + 2 };
    for (u32 i = 0; i < fn->buf.n; i++) {
        memcpy(out[i], in[i], DIFFER_BYTES);
        base[i] = out[i];
    }
    memset(scratch, 0, sizeof scratch);
    assert_true((u64)fn->scratch_bytes <= sizeof scratch);
    struct kernel_args args = { base, sym, tab, NULL };
    be_call(k, &args, 0, 16, scratch);
}

/* An image is its function's alone: the same bytes whatever is compiled along, and in whatever order. */
static inline void differ_images(struct differ *d, const struct loop_fn *const *legal)
{
    struct be_code all[DIFFER_BATCH], one;
    const struct loop_fn *back[DIFFER_BATCH];
    struct arena *a = arena_new("test");
    for (u32 i = 0; i < d->n; i++)
        back[i] = legal[d->n - 1 - i];
    assert_true(d->backend->compile(d->be, d->n, back, all, a, &d->e->why));
    for (u32 i = d->done / DIFFER_BATCH % DIFFER_ALONE; i < d->n; i += DIFFER_ALONE) {
        const struct be_image *x = &all[d->n - 1 - i].image, *y = &one.image;
        assert_true(d->backend->compile(d->be, 1, &legal[i], &one, a, &d->e->why));
        if (d->e->m.isa != ISA_X86_64 && !x->at && !y->at)
            continue;
        assert_true(image_ok(x) && image_ok(y));
        assert_int_equal(x->entry, y->entry);
        if (x->bytes != y->bytes || memcmp(x->at, y->at, x->bytes)) {
            struct buf text = { 0 };
            loop_dump(&text, legal[i]);
            print_error("an image depends on what is compiled along:\n%s", text.at);
            fail();
        }
    }
    arena_free(a);
}

static inline void differ_flush(struct differ *d)
{
    static _Alignas(64) u64 in[DIFFER_BUFS][DIFFER_BYTES / 8], one[DIFFER_BUFS][DIFFER_BYTES / 8], two[DIFFER_BUFS][DIFFER_BYTES / 8];
    struct be_kernel k[DIFFER_BATCH];
    const struct loop_fn *legal[DIFFER_BATCH];
    struct buf text = { 0 };
    for (u32 i = 0; i < d->n; i++) {
        buf_clear(&text);
        loop_dump(&text, d->fn[i]);
        struct loop_fn *f = loop_env_read(d->e, text.at);
        if (i % 2)
            loop_clean(f);
        loop_legalize(f, &d->e->m, d->backend->can);
        if (i % 3)
            loop_clean(f);
        buf_clear(&d->e->why);
        if (!loop_verify(f, &d->e->why)) {
            print_error("%s\n%s", d->e->why.at, text.at);
            fail();
        }
        legal[i] = f;
    }
    buf_clear(&d->e->why);
    if (!code_compile(d->e->code, d->backend, d->be, d->n, legal, k, &d->e->why)) {
        print_error("%s\n%s", d->e->why.at, text.at);
        fail();
    }
    differ_images(d, legal);
    for (u32 i = 0; i < d->n; i++) {
        struct loop_fn *f = d->fn[i];
        struct be_kernel ref = { .self = f };
        d->compile_ns += k[i].compile_ns;
        assert_true(k[i].code_bytes > 0 && k[i].compile_ns > 0);
        for (u32 turn = 0; turn < 3; turn++) {
            for (u32 b = 0; b < f->buf.n; b++)
                differ_fill(&d->rng, (enum dtype)f->buf.at[b].dtype, in[b], DIFFER_BYTES / 8);
            differ_run(f, &ref, in, one);
            differ_run(f, &k[i], in, two);
            for (u32 b = 0; b < f->buf.n; b++)
                for (u32 x = 0; x < DIFFER_BYTES / 8 && f->buf.at[b].kind != LB_SCRATCH; x++)
                    if (!differ_equal((enum dtype)f->buf.at[b].dtype, one[b], two[b], x)) {
                        enum dtype t = (enum dtype)f->buf.at[b].dtype;
                        buf_clear(&text);
                        loop_dump(&text, f);
                        print_error("buffer %u element %u: %a by ref, %a by %s\n%s", b, x, elem_get(t, one[b], x), elem_get(t, two[b], x), d->backend->name, text.at);
                        fail();
                    }
        }
        d->done++;
    }
    d->n = 0;
    buf_free(&text);
}

static inline void differ_add(struct differ *d, struct loop_fn *f)
{
    buf_clear(&d->e->why);
    if (!loop_verify(f, &d->e->why)) {
        struct buf text = { 0 };
        loop_dump(&text, f);
        print_error("%s\n%s", d->e->why.at, text.at);
        fail();
    }
    d->fn[d->n++] = f;
    if (d->n == DIFFER_BATCH)
        differ_flush(d);
}

static inline void differ_close(struct differ *d)
{
    differ_flush(d);
    printf("  %u functions, %.2f ms each to compile\n", d->done, (double)d->compile_ns / 1e6 / (d->done ? d->done : 1));
    d->backend->close(d->be);
}

#endif
