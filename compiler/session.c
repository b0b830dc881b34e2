/* session.c - opening and closing sessions; complaints; clocks. */
#include "compiler/session.h"
#include "compiler/base/clock.h"
#include "compiler/cache_dir.h"
#include "compiler/exec_mem.h"
#include "compiler/exec_pool.h"
#include "grammar/derive.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

nasc_session *nasc_open(void)
{
    nasc_session *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->a = arena_new("session");
    s->sp = str_pool_new(s->a);
    s->srcs = srcs_new(s->a);
    s->talk = arena_new("talk");
    diags_init(&s->ds, s->talk, s->srcs);
#ifdef NASC_CHECKED
    s->checked = true;
#endif
    return s;
}

void nasc_close(nasc_session *s)
{
    if (!s)
        return;
    while (s->nets)
        nasc_net_free(s->nets);
    while (s->archs)
        nasc_arch_free(s->archs);
    sampler_close(s->sampler);
    exec_pool_free(s->pool);
    exec_mem_free(s->mem);
    kernel_cache_close(s->cache);
    plan_memo_drop(s->plans);
    kernels_free(s->kernels);
    for (struct backend_handle *h = s->backends; h; h = h->next)
        if (h->inst)
            h->be->close(h->inst);
    buf_free(&s->msg);
    buf_free(&s->json);
    for (u32 k = 0; k < COUNTOF(s->emitted); k++)
        buf_free(&s->emitted[k]);
    buf_free(&s->repro);
    arena_free(s->talk);
    arena_free(s->a);
    free(s);
}

/* Each CPUID of a virtual machine costs a microsecond's multiple: only what compiles asks. */
const struct mach *session_mach(nasc_session *s)
{
    const char *level = getenv("NASC_CPU");
    if (!s->mach.triple)
        session_cpu(s, level && *level ? level : "native");
    return &s->mach;
}

bool session_target(nasc_session *s, const char *target, const char *cpu, const char *features)
{
    struct buf why = {0};
    bool ok = mach_target(&s->mach, s->a, target, cpu, features, &why);
    if (!ok) {
        struct diag *d = diag_add(&s->ds, E0913, (struct loc){0}, "%s", why.at);
        diag_hint(&s->ds, d, "--target says which machine, --cpu which processor, --features +this,-that (docs/compile.md)");
    }
    buf_free(&why);
    return ok;
}

bool session_runs(nasc_session *s)
{
    const struct mach *m = session_mach(s);
    if (m->host)
        return true;
    struct mach host;
    mach_host(&host, s->talk);
    const char *lacks = host.isa == m->isa ? mach_lacks(&host, m, s->talk) : NULL;
    struct diag *d = diag_add(&s->ds, E0914, (struct loc){0}, lacks ? "code for %s cannot run here: this machine has no %s" : "code for %s cannot run here",
                              m->name, lacks);
    diag_hint(&s->ds, d, "`nasc compile` writes it to a file");
    return false;
}

bool session_cpu(nasc_session *s, const char *level)
{
    struct buf why = {0};
    if (!s->mach.triple)
        mach_host(&s->mach, s->a);
    bool ok = mach_level(&s->mach, s->a, level, &why);
    if (!ok)
        session_complain(s, E0909, "%s", why.at);
    buf_free(&why);
    return ok;
}

struct kernels *session_kernels(nasc_session *s)
{
    if (!s->kernels)
        s->kernels = kernels_new(KERNELS_MOST, KERNELS_MOST_BYTES);
    return s->kernels;
}

static void no_cache(nasc_session *s, const char *why)
{
    struct diag *d = diag_add(&s->ds, W0901, (struct loc){0}, "no cache of kernels: %s", why ? why : "it is not there");
    diag_hint(&s->ds, d, "NASC_CACHE_DIR names another place for it, NASC_CACHE=off does without");
}

struct kernel_cache *session_cache(nasc_session *s)
{
    if (s->cache || s->no_cache)
        return s->cache;
    struct buf dir = {0}, why = {0};
    u64 most;
    bool sized = kernel_cache_size(&most);
    s->no_cache = !cache_wanted() || !kernel_cache_built() || !most || !kernel_cache_dir(&dir);
    if (!s->no_cache && !sized)
        session_complain(s, W0901, "NASC_CACHE_SIZE is bytes, or a number with K, M or G behind it: %u MiB are taken", (u32)KERNEL_CACHE_MB);
    if (!s->no_cache) {
        s->cache = kernel_cache_open(dir.at, most, &why);
        s->no_cache = !s->cache;
        if (!s->cache)
            no_cache(s, why.at);
    }
    buf_free(&dir);
    buf_free(&why);
    return s->cache;
}

void session_cache_said(nasc_session *s)
{
    const char *said = kernel_cache_said(s->cache);
    if (said)
        session_complain(s, W0901, "the cache of kernels: %s", said);
}

void session_complain(nasc_session *s, enum diag_code code, const char *fmt, ...)
{
    char text[4096];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    diag_add(&s->ds, code, (struct loc){0}, "%s", text);
}

nasc_status session_trapped(nasc_session *s, const struct bug_trap *t)
{
    if (t->memory)
        session_complain(s, E0904, "not enough memory: %s", t->text);
    else
        session_complain(s, E0970, "internal error: %s", t->text);
    return t->memory ? NASC_ENV : NASC_BUG;
}

nasc_status session_status(nasc_session *s)
{
    return s->ds.nerrors ? NASC_WRONG : NASC_OK;
}

void session_clear(nasc_session *s)
{
    u32 limit = s->ds.limit;
    srcs_forget(s->srcs, s->nsrc);
    arena_clear(s->talk);
    diags_init(&s->ds, s->talk, s->srcs);
    s->ds.limit = limit;
    s->stale = false;
}

void session_begin(nasc_session *s)
{
    if (s->stale)
        session_clear(s);
}

const char *nasc_messages(nasc_session *s)
{
    buf_clear(&s->msg);
    for (u32 i = 0; i < s->ds.all.n; i++)
        diag_render(&s->msg, &s->ds, s->ds.all.at[i], false);
    return s->msg.at ? s->msg.at : "";
}

const char *nasc_messages_json(nasc_session *s)
{
    buf_clear(&s->json);
    for (u32 i = 0; i < s->ds.all.n; i++)
        diag_render_json(&s->json, &s->ds, s->ds.all.at[i]);
    return s->json.at ? s->json.at : "";
}

u64 clock_ns(void)
{
    return clock_now();
}

void session_clock(nasc_session *s, enum stage st, u64 since)
{
    s->clock[st].ns += clock_ns() - since;
    s->clock[st].n++;
}

const char *stage_name(enum stage st)
{
    static const char *const name[] = {
#define X(id, text) text,
#include "compiler/stage.def"
#undef X
    };
    return name[st];
}
