/* net_api.c - native networks of a session: compiled, given weights, run. */
#include "compiler/api.h"
#include "compiler/pipeline.h"
#include "compiler/weights_file.h"

nasc_status nasc_compile(nasc_session *s, nasc_arch *ar, const nasc_options *o, nasc_net **out)
{
    API_ENTER(s);
    struct pass_options p = {.strict = o && o->strict_math, .training = o && o->training};
    *out = net_compile(s, arch_graph(ar), o ? o->backend : NULL, &p);
    if (*out && o && o->threads > 1 && !net_threads(*out, o->threads)) {
        nasc_net_free(*out);
        *out = NULL;
    }
    API_LEAVE(s, *out ? NASC_OK : NASC_ENV);
}

static nasc_status loaded(nasc_net *n)
{
    if (n->weights)
        return NASC_OK;
    session_complain(n->s, E0904, "not enough memory for the network's weights and activations");
    return NASC_ENV;
}

nasc_status nasc_net_weights(nasc_net *n, uint64_t seed)
{
    API_ENTER(n->s);
    if (!net_exec(n))
        API_LEAVE(n->s, NASC_ENV);
    u64 t = clock_ns();
    exec_weights_seed(n->exec, seed);
    session_clock(n->s, STAGE_WEIGHTS, t);
    t = clock_ns();
    n->weights = exec_load(n->exec);
    session_clock(n->s, STAGE_LOADSEC, t);
    API_LEAVE(n->s, loaded(n));
}

nasc_status nasc_net_load_weights(nasc_net *n, const char *path)
{
    API_ENTER(n->s);
    if (!net_exec(n))
        API_LEAVE(n->s, NASC_ENV);
    if (!weights_load(n, path))
        API_LEAVE(n->s, NASC_WRONG);
    n->weights = exec_load(n->exec);
    API_LEAVE(n->s, loaded(n));
}

nasc_status nasc_net_save_weights(nasc_net *n, const char *path)
{
    API_ENTER(n->s);
    if (!n->weights)
        API_LEAVE(n->s, NASC_USAGE);
    API_LEAVE(n->s, weights_save(n, path) ? NASC_OK : NASC_ENV);
}

uint32_t nasc_net_inputs(const nasc_net *n) { return n->plan->nin; }
uint32_t nasc_net_outputs(const nasc_net *n) { return n->plan->nout; }

static void shape_of(const nasc_net *n, u32 buf, nasc_shape *s)
{
    const struct plan_buf *b = &n->plan->buf.at[buf];
    const struct ein_tens *t = &n->ein->tens.at[b->tens];
    *s = (nasc_shape){.dtype = dtype_name(t->dtype), .bytes = dtype_bytes(t->dtype)};
    for (u32 i = 0; i < t->ndim; i++)
        if (t->dim[i] > 0) {            /* not the batch */
            CHECK(s->rank < COUNTOF(s->extent));
            s->extent[s->rank++] = t->dim[i];
            s->bytes *= (u64)t->dim[i];
        }
}
void nasc_net_input(const nasc_net *n, uint32_t i, nasc_shape *s) { shape_of(n, n->plan->in[i], s); }
void nasc_net_output(const nasc_net *n, uint32_t i, nasc_shape *s) { shape_of(n, n->plan->out[i], s); }

nasc_status nasc_net_run(nasc_net *n, int64_t batch, const void *const *in, void *const *out)
{
    API_ENTER(n->s);
    if (!n->weights || batch < 1)
        API_LEAVE(n->s, NASC_USAGE);
    u64 t = clock_ns();
    bool ok = exec_run(n->exec, batch, in, out);
    session_clock(n->s, STAGE_RUN, t);
    if (!ok)
        session_complain(n->s, E0904, "not enough memory for a batch of %lld", (long long)batch);
    API_LEAVE(n->s, ok ? NASC_OK : NASC_ENV);
}

const char *nasc_version(void)
{
#ifdef PACKAGE_VERSION
    return PACKAGE_VERSION;
#else
    return "0";
#endif
}
