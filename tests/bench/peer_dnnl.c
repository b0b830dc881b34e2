/* peer_dnnl.c - oneDNN's kernels through its C interface, version 2 (Debian: libdnnl-dev), where it is installed.
 *
 * Layouts are oneDNN's choice and laid out beforehand: nothing is reordered while the clock runs. */
#include "tests/bench/kernels.h"

#if __has_include(<dnnl.h>) && defined(BENCH_DNNL)
#include <dnnl.h>
#include <stdio.h>
#include <stdlib.h>

static dnnl_engine_t engine;
static dnnl_stream_t stream;

struct run { dnnl_primitive_t p; int n; dnnl_exec_arg_t arg[8]; i64 batch; };

static void run_call(void *state)
{
    struct run *r = state;
    for (i64 i = 0; i < r->batch; i++)
        if (dnnl_primitive_execute(r->p, stream, r->n, r->arg))
            abort();
    dnnl_stream_wait(stream);
}

static bool ready(void)
{
    return stream || (dnnl_engine_create(&engine, dnnl_cpu, 0) == dnnl_success &&
                      dnnl_stream_create(&stream, engine, dnnl_stream_default_flags) == dnnl_success);
}

/* An argument of the layout that the primitive asks for. */
static bool give(struct run *r, const_dnnl_primitive_desc_t pd, dnnl_query_t what, int index, int arg)
{
    const dnnl_memory_desc_t *d = dnnl_primitive_desc_query_md(pd, what, index);
    if (!d || d->ndims == 0)
        return true;
    dnnl_memory_t m;
    float *at = bench_floats((i64)dnnl_memory_desc_get_size(d) / 4 + 16);
    if (dnnl_memory_create(&m, d, engine, at))
        return false;
    r->arg[r->n++] = (dnnl_exec_arg_t){ arg, m };
    return true;
}

/* A primitive of a descriptor, with all that it takes; false: oneDNN does not offer it. */
static bool make(const void *desc, i64 batch, const char *name, double per_call, struct contender *out)
{
    dnnl_primitive_attr_t attr;
    dnnl_primitive_desc_t pd;
    struct run *r = calloc(1, sizeof *r);
    bool ok = r && dnnl_primitive_attr_create(&attr) == dnnl_success && dnnl_primitive_desc_create(&pd, desc, attr, engine, NULL) == dnnl_success;
    if (!ok)
        return false;
    r->batch = batch;
    ok = give(r, pd, dnnl_query_src_md, 0, DNNL_ARG_SRC) && give(r, pd, dnnl_query_weights_md, 0, DNNL_ARG_WEIGHTS) &&
         give(r, pd, dnnl_query_dst_md, 0, DNNL_ARG_DST) && give(r, pd, dnnl_query_scratchpad_md, 0, DNNL_ARG_SCRATCHPAD) &&
         dnnl_primitive_create(&r->p, pd) == dnnl_success;
    *out = (struct contender){ name, run_call, r, per_call };
    return ok;
}

static dnnl_memory_desc_t desc(int n, const i64 *d, dnnl_format_tag_t tag)
{
    dnnl_memory_desc_t m;
    dnnl_dims_t dims;
    for (int i = 0; i < n; i++)
        dims[i] = d[i];
    if (dnnl_memory_desc_init_by_tag(&m, n, dims, dnnl_f32, tag))
        abort();
    return m;
}

static u32 convolution(const struct shape *s, struct contender *out)
{
    static const struct { dnnl_alg_kind_t alg; const char *name; } algs[] = {
        { dnnl_convolution_direct, "oneDNN direct" }, { dnnl_convolution_winograd, "oneDNN Winograd" }, { dnnl_convolution_auto, "oneDNN auto" },
    };
    i64 step = s->kind == STRIDED ? 2 : 1, c = s->c, d = s->kind == STRIDED ? 2 * c : c, oh = (s->h - 1) / step + 1, p = s->k / 2;
    dnnl_memory_desc_t x = desc(4, (i64[]){ 1, c, s->h, s->h }, dnnl_format_tag_any), y = desc(4, (i64[]){ 1, d, oh, oh }, dnnl_format_tag_any);
    dnnl_memory_desc_t w = s->kind == DEPTHWISE ? desc(5, (i64[]){ c, 1, 1, s->k, s->k }, dnnl_format_tag_any)
                                                : desc(4, (i64[]){ d, c, s->k, s->k }, dnnl_format_tag_any);
    dnnl_dims_t stride = { step, step }, pad = { p, p };
    u32 n = 0;
    for (u32 i = 0; i < COUNTOF(algs); i++) {
        dnnl_convolution_desc_t cd;
        if (dnnl_convolution_forward_desc_init(&cd, dnnl_forward_inference, algs[i].alg, &x, &w, NULL, &y, stride, pad, pad) == dnnl_success &&
            make(&cd, 1, algs[i].name, 1, &out[n]))
            n++;
    }
    return n;
}

static u32 pooling(const struct shape *s, struct contender *out)
{
    static const struct { dnnl_format_tag_t tag; const char *name; } tags[] = {
        { dnnl_nChw16c, "oneDNN nChw16c" }, { dnnl_nhwc, "oneDNN nhwc" }, { dnnl_nchw, "oneDNN nchw" },
    };
    i64 p = s->k / 2;
    dnnl_dims_t stride = { 1, 1 }, k = { s->k, s->k }, pad = { p, p };
    u32 n = 0;
    for (u32 i = 0; i < COUNTOF(tags); i++) {
        dnnl_memory_desc_t x = desc(4, (i64[]){ 1, s->c, s->h, s->h }, tags[i].tag);
        dnnl_pooling_desc_t d;
        if (dnnl_pooling_forward_desc_init(&d, dnnl_forward_inference, dnnl_pooling_avg_exclude_padding, &x, &x, stride, k, pad, pad) == dnnl_success &&
            make(&d, 1, tags[i].name, 1, &out[n]))
            n++;
    }
    return n;
}

u32 peer_dnnl(const struct shape *s, struct contender *out, u32 room)
{
    if (!ready() || room < 3)
        return 0;
    dnnl_memory_desc_t rows = s->h ? desc(2, (i64[]){ s->c, s->h }, dnnl_ab) : desc(2, (i64[]){ s->c, s->c }, dnnl_ab);
    switch (s->kind) {
    case CONV: case DEPTHWISE: case STRIDED:
        return convolution(s, out);
    case POOL:
        return pooling(s, out);
    case MATMUL: case PACKED: {
        dnnl_memory_desc_t w = s->kind == PACKED ? desc(2, (i64[]){ s->c, s->c }, dnnl_format_tag_any) : rows;
        dnnl_matmul_desc_t d;
        return dnnl_matmul_desc_init(&d, &rows, &w, NULL, &rows) == dnnl_success && make(&d, s->batch, "oneDNN", (double)s->batch, out);
    }
    case SOFTMAX: {
        dnnl_softmax_desc_t d;
        return dnnl_softmax_forward_desc_init(&d, dnnl_forward_inference, &rows, 1) == dnnl_success && make(&d, 1, "oneDNN", 1, out);
    }
    case NORM: {
        dnnl_layer_normalization_desc_t d;
        return dnnl_layer_normalization_forward_desc_init(&d, dnnl_forward_inference, &rows, NULL, 1e-5f, 0) == dnnl_success && make(&d, 1, "oneDNN", 1, out);
    }
    }
    return 0;
}

const char *peer_dnnl_version(void)
{
    static char text[32];
    const dnnl_version_t *v = dnnl_version();
    snprintf(text, sizeof text, "oneDNN %d.%d.%d", v->major, v->minor, v->patch);
    return text;
}
#else
u32 peer_dnnl(const struct shape *s, struct contender *out, u32 room)
{
    (void)s, (void)out, (void)room;
    return 0;
}
const char *peer_dnnl_version(void) { return "no oneDNN"; }
#endif
