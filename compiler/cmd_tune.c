/* cmd_tune.c - nasc tune: times the register tiles of sums of products once on this machine, and writes what it found as a table that
 * --code tuned reads (ir/tune.h).  A few seconds; the machine should be quiet. */
#include "compiler/atomic_file.h"
#include "compiler/cache_dir.h"
#include "compiler/cli.h"
#include "compiler/code.h"
#include "compiler/ir/tune.h"
#include "compiler/kernel_cache.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 256, CALLS = 40, ROUNDS = 30 };
static const struct ltype I = {DT_I64, 1}, F = {DT_F32, 1};

struct tuner { struct arena *a; struct str_pool *sp; u32 lanes; struct backend_handle *be; struct code *code; float *data[3]; };

/* c[n x o] = a[n x STEPS] b[STEPS x o], over and over: as the innermost loops of a lowered sum of products. */
static struct loop_fn *tile_loop(struct tuner *t, u32 n, u32 o)
{
    struct loop_fn *f = loop_fn_new(t->a, t->sp, str_fmt(t->sp, "tile %u %u", n, o));
    const struct ltype V = {DT_F32, (u16)t->lanes};
    u32 a = loop_buf_add(f, str_c(t->sp, "a"), LB_IN, DT_F32, 4, -1), b = loop_buf_add(f, str_c(t->sp, "b"), LB_IN, DT_F32, 4, -1);
    u32 c = loop_buf_add(f, str_c(t->sp, "c"), LB_OUT, DT_F32, 4, -1), all = n * o, steps = tune_steps(all);
    struct loop_emit e = {f, &f->body};
    lval unit, k, init[64], carry[64], sum[64], next[64], zero = le_num(&e, V, 0), start = le_int(&e, 0), end = le_int(&e, STEPS);
    struct loop_emit outer = le_for(&e, f->lo, f->hi, 1, 0, 0, NULL, &unit, NULL, NULL);
    for (u32 i = 0; i < all; i++)
        init[i] = zero;
    init[all] = init[all + 1] = start;
    struct loop_emit in = le_for(&outer, start, end, steps, 0, all + 2, init, &k, carry, sum);
    lval at_a = carry[all], at_b = carry[all + 1];
    memcpy(next, carry, sizeof next);
    for (u32 turn = 0; turn < steps; turn++) {
        lval v[TUNE_VECTORS];
        for (u32 j = 0; j < o; j++) {
            lval off = le_int(&in, (i64)(turn * o + j) * t->lanes);
            v[j] = le_load(&in, b, le_op(&in, LO_IADD, I, at_b, off, 0), V, 0, 0);
        }
        for (u32 i = 0; i < n; i++) {
            lval off = le_int(&in, (i64)i * STEPS + turn);
            lval one = le_load(&in, a, le_op(&in, LO_IADD, I, at_a, off, 0), F, 0, 0);
            one = le_op(&in, LO_SPLAT, V, one, 0, 0);
            for (u32 j = 0; j < o; j++)
                next[i * o + j] = le_op(&in, LO_FMA, V, one, v[j], next[i * o + j]);
        }
    }
    lval ahead = le_int(&in, steps), wide = le_int(&in, (i64)steps * o * t->lanes);
    next[all] = le_op(&in, LO_IADD, I, at_a, ahead, 0);
    next[all + 1] = le_op(&in, LO_IADD, I, at_b, wide, 0);
    le_yield(&in, all + 2, next);
    for (u32 i = 0; i < all; i++)
        le_store(&outer, c, le_int(&outer, (i64)i * t->lanes), sum[i], 0);
    return f;
}

/* Multiply-adds a nanosecond: the best of many calls. */
static double speed(struct tuner *t, const struct be_kernel *k, u32 points)
{
    void *base[3] = {t->data[0], t->data[1], t->data[2]};
    struct kernel_args args = {base, NULL, NULL, NULL};
    u64 best = UINT64_MAX;
    for (u32 r = 0; r < ROUNDS; r++) {
        u64 at = clock_ns();
        be_call(k, &args, 0, CALLS, NULL);
        best = MIN(best, clock_ns() - at);
    }
    return (double)points * STEPS * CALLS / (double)MAX(best, 1u);
}

static bool measure(struct tuner *t, const struct mach *m, struct tune *to, struct buf *why)
{
    enum { MOST = TUNE_POINTS * TUNE_VECTORS };
    const struct loop_fn *fn[MOST];
    struct { u32 n, o; } size[MOST];
    u32 count = 0;
    for (u32 n = 1; n <= TUNE_POINTS; n++)
        for (u32 o = 1; o <= 4; o++)
            if (tune_fits(m, n, o) && n <= 24) {
                size[count].n = n;
                size[count].o = o;
                fn[count++] = tile_loop(t, n, o);
            }
    struct be_kernel *k = NEW_ARRAY(t->a, struct be_kernel, count);
    if (!code_compile(t->code, t->be->be, t->be->inst, count, fn, k, why))
        return false;
    double rate[MOST] = {0}, peak = 0;
    for (u32 round = 0; round < 3; round++)         /* rounds apart in time: a busy moment does not hit one tile alone */
        for (u32 i = 0; i < count; i++) {
            rate[i] = MAX(rate[i], speed(t, &k[i], size[i].n * size[i].o));
            peak = MAX(peak, rate[i]);
        }
    for (u32 i = 0; i < count; i++)
        to->share[size[i].n][size[i].o] = (double)(u32)(rate[i] / peak * 1000 + 0.5) / 1000;
    return true;
}

bool cli_tune_path(struct cli *c, struct buf *path)
{
    if (!kernel_cache_dir(path))
        return false;
    buf_puts(path, "/");
    tune_file(path, session_mach(c->s));
    return true;
}

nasc_status cmd_tune(struct cli *c)
{
    const struct mach *m = session_mach(c->s);
    if (c->narg)
        return cli_usage(c, "`%s` is a word too many", c->arg[0]);
    struct buf path = {0}, text = {0}, why = {0};
    if (c->output.n)
        buf_puts(&path, c->output.at[c->output.n - 1]);
    else if (!cli_tune_path(c, &path)) {
        session_complain(c->s, E0908, "there is no place for the table: neither NASC_CACHE_DIR nor XDG_CACHE_HOME nor HOME is set");
        return NASC_ENV;
    }
    struct tuner t = {.a = arena_new_in(c->s->a, "tune"), .sp = c->s->sp, .lanes = m->vector_bits / 32, .code = code_new()};
    t.be = session_backend(c->s, c->value[OPT_BACKEND]);
    struct tune *to = NEW(t.a, struct tune);
    nasc_status st = t.be ? NASC_OK : NASC_ENV;
    if (!st && t.be->be == &be_ref) {
        session_complain(c->s, E0901, "only compiled code is worth tuning, and there is no compiler");
        st = NASC_ENV;
    }
    if (!st) {
        size_t floats[3] = {(size_t)TUNE_POINTS * STEPS + STEPS, (size_t)(STEPS + 2) * TUNE_VECTORS * t.lanes, (size_t)TUNE_POINTS * t.lanes};
        for (u32 i = 0; i < 3; i++)
            t.data[i] = arena_alloc(t.a, floats[i] * sizeof(float));
        for (u32 i = 0; i < 3; i++)
            memset(t.data[i], 0, floats[i] * sizeof(float));
        to->machine = tune_machine(t.sp, m);
        if (!measure(&t, m, to, &why)) {
            session_complain(c->s, E0901, "%s", why.at);
            st = NASC_ENV;
        }
    }
    if (!st) {
        struct buf real = {0};
        char *slash = c->output.n ? NULL : strrchr(path.at, '/');
        tune_dump(&text, to);
        if (slash) {
            *slash = 0;
            if (!cache_dir_make(path.at, &real, &why)) {
                session_complain(c->s, E0906, "%s", why.at);
                st = NASC_ENV;
            }
            *slash = '/';
        }
        if (!st && !atomic_write(path.at, text.at, text.n)) {
            session_complain(c->s, E0906, "%s cannot be written: %s", path.at, strerror(errno));
            st = NASC_ENV;
        }
        if (!st)
            printf("%s\n", path.at);
        buf_free(&real);
    }
    code_free(t.code);
    buf_free(&path);
    buf_free(&text);
    buf_free(&why);
    arena_free(t.a);
    return st;
}
