/* fit_api.c - weights from texts, for programs (nasc.h). */
#include "compiler/api.h"
#include "compiler/pipeline.h"
#include "grammar/fit.h"

static nasc_status add_texts(nasc_session *s, struct fit *f, const char *const *text, size_t n)
{
    struct arena *a = arena_new_in(s->a, "text");
    nasc_status st = NASC_OK;
    for (size_t i = 0; i < n; i++) {
        struct inside in;
        const char *name = arena_printf(s->talk, "<text %llu>", (unsigned long long)i);
        arena_clear(a);
        s->g->keep = s->archs;
        gram_forget(s->g);
        if (notation_inside(a, session_notation(s), &s->ds, srcs_add(s->srcs, name, text[i], strlen(text[i])), &in))
            fit_add(f, &in);
        else
            st = NASC_WRONG;
    }
    arena_free(a);
    return st;
}

nasc_status nasc_fit(nasc_session *s, size_t n, const char *const *text, const nasc_fit_options *o, nasc_fit_report *r, const char **source)
{
    API_ENTER(s);
    const struct fit_options by = {.prior = o ? o->prior : 0, .zeros = o && o->zeros};
    *source = NULL;
    *r = (nasc_fit_report){0};
    if (!s->space || (by.prior && !(by.prior >= 1)))
        API_LEAVE(s, NASC_USAGE);
    if (!session_notation(s))
        API_LEAVE(s, NASC_WRONG);
    struct fit *f = fit_open(s->g, &by);
    nasc_status st = add_texts(s, f, text, n);
    struct fit_report got = {.left_out = fit_left_out(f)};
    if (fit_texts(f)) {
        struct buf b = {0};
        fit_run(f, &got);
        fit_source(f, &b);
        *source = arena_strdup(s->talk, b.at ? b.at : "");
        buf_free(&b);
    } else {
        session_complain(s, E0934, "there is no text to fit the weights to");
        st = NASC_WRONG;
    }
    fit_close(f);
    *r = (nasc_fit_report){got.texts, got.ambiguous, got.left_out, got.groups, got.weights, got.iterations, got.before, got.after};
    API_LEAVE(s, st);
}
