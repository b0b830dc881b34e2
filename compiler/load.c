/* load.c - a session's module and space. */
#include "compiler/session.h"
#include "compiler/api.h"

#include <string.h>

nasc_status nasc_define(nasc_session *s, const char *name, const char *value)
{
    API_ENTER(s);
    struct gram_override o = {arena_strdup(s->a, name), arena_strdup(s->a, value)};
    vec_push(s->a, &s->override, o);
    API_LEAVE(s, NASC_OK);
}

nasc_status nasc_load(nasc_session *s, const char *module)
{
    API_ENTER(s);
    if (!s->g)
        s->nsrc = srcs_count(s->srcs);
    session_clear(s);
    srcs_into(s->srcs, s->a);
    const char *slash = strrchr(module, '/');
    s->main_dir = slash ? arena_printf(s->a, "%.*s", (int)(slash - module), module) : ".";
    session_sampler_drop(s);
    s->space = NULL;
    s->notation = NULL;
    u64 t = clock_ns();
    s->g = gram_load(s->a, s->sp, s->srcs, &s->ds, session_opener(), s, module, s->override.n, s->override.at);
    session_clock(s, STAGE_LOAD, t);
    s->nsrc = srcs_count(s->srcs);
    srcs_into(s->srcs, s->talk);
    API_LEAVE(s, s->g ? session_status(s) : NASC_WRONG);
}

nasc_status nasc_select(nasc_session *s, const char *space)
{
    API_ENTER(s);
    nasc_status st = NASC_USAGE;
    if (s->g) {
        struct gram_rule *r = gram_space(s->g, space);
        if (r != s->space)
            s->notation = NULL;
        s->space = r;
        session_sampler_drop(s);
        st = r ? NASC_OK : NASC_WRONG;
    }
    API_LEAVE(s, st);
}

struct gram_arch *session_arch_item(nasc_session *s, const char *name)
{
    if (!s->g)
        return NULL;
    struct gram_decl *d = gram_lookup(s->g, s->g->module.at[s->g->module.n - 1], str_c(s->sp, name));
    return d && d->kind == GD_ARCH ? (struct gram_arch *)d : NULL;
}

void session_select_of(nasc_session *s, const struct gram_arch *item)
{
    struct gram_rules *set = item->ast->kid[0]->bind.ptr;       /* of a module without errors: there */
    struct gram_rule *r = set->overload.at[0];
    if (r != s->space) {
        s->notation = NULL;
        session_sampler_drop(s);
    }
    s->space = r;
}

nasc_status nasc_limit(nasc_session *s, const char *limits)
{
    API_ENTER(s);
    session_sampler_drop(s);
    API_LEAVE(s, !s->g ? NASC_USAGE : gram_limit(s->g, limits) ? NASC_OK : NASC_WRONG);
}

/* ---- samplers ---- */

nasc_status nasc_sampler(nasc_session *s, const char *name)
{
    API_ENTER(s);
    enum sampler_kind law = SAMPLER_LOCAL;
    if (name && !sampler_kind_parse(name, &law)) {
        session_complain(s, E0912, "`%s` is not a sampler: local or exact", name);
        API_LEAVE(s, NASC_USAGE);
    }
    session_sampler_drop(s);
    s->law = law;
    API_LEAVE(s, NASC_OK);
}

struct sampler *session_sampler(nasc_session *s, u64 seed)
{
    if (s->sampler && s->sampler_seed != seed)
        session_sampler_drop(s);
    if (!s->sampler)
        s->sampler = sampler_open(s->g, s->space, s->law, seed);
    s->sampler_seed = seed;
    s->g->keep = s->archs;
    return s->sampler;
}

void session_sampler_drop(nasc_session *s)
{
    sampler_close(s->sampler);
    s->sampler = NULL;
}

/* ---- the same again ---- */

struct again { nasc_session *from; };

/* The text that a module of another session has. */
static const char *text_again(void *ctx, struct arena *a, const char *module, size_t *len, const char **shown)
{
    const struct gram *g = ((struct again *)ctx)->from->g;
    for (u32 i = 0; i < g->module.n; i++) {
        const struct src *src = g->module.at[i]->file->src;
        if (strcmp(g->module.at[i]->name, module))
            continue;
        *shown = src->name;
        *len = src->len;
        return arena_dup(a, src->text, src->len + 1);
    }
    return NULL;
}

nasc_session *session_again(nasc_session *from)
{
    nasc_session *s = nasc_open();
    if (!s)
        return NULL;
    struct again ctx = {from};
    for (u32 i = 0; i < from->override.n; i++)
        vec_push(s->a, &s->override, from->override.at[i]);
    s->checked = from->checked;
    s->law = from->law;
    s->g = gram_load(s->a, s->sp, s->srcs, &s->ds, text_again, &ctx, from->g->module.at[from->g->module.n - 1]->name, s->override.n, s->override.at);
    s->nsrc = srcs_count(s->srcs);
    if (s->g)
        s->g->limit = from->g->limit;
    s->space = s->g && from->space ? gram_space(s->g, from->space->set->d.name) : NULL;
    if (s->g && s->space)
        return s;
    nasc_close(s);
    return NULL;
}
