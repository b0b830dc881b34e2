/* arch_api.c - architectures of a session: sampled, read from text, described. */
#include "compiler/api.h"
#include "compiler/pipeline.h"

#include <math.h>

struct notation *session_notation(nasc_session *s)
{
    if (!s->notation && s->space)
        s->notation = notation_build(s->g, s->space);
    return s->notation;
}

nasc_arch *arch_wrap(nasc_session *s, struct arena *a, struct derivation *d, struct arch *graph)
{
    struct notation *n = session_notation(s);
    if (!n) {
        arena_free(a);
        return NULL;
    }
    nasc_arch *ar = NEW(a, nasc_arch);
    *ar = (nasc_arch){.s = s, .a = a, .g = s->g, .d = d, .graph = graph};
    struct buf b = {0};
    notation_print(&b, n, d);
    ar->text = arena_strdup(a, b.at ? b.at : "");
    buf_free(&b);
    ar->next = s->archs;
    ar->link = &s->archs;
    if (ar->next)
        ar->next->link = &ar->next;
    s->archs = ar;
    return ar;
}

/* Laws are of binds, so they go with the grammar's tables. */
static struct canon *canon_of(struct gram *g)
{
    if (!g->laws)
        g->laws = canon_new(g->tables, op_laws_new(g->tables, g->types, views_new(g->tables)), g->types);
    return g->laws;
}

struct canon *session_canon(nasc_session *s)
{
    return canon_of(s->g);
}

struct hash128 derivation_id(nasc_session *s, const struct derivation *d)
{
    struct arena *a = arena_new_in(s->a, "identity");
    struct arch *graph = NULL;
    derive_replay(a, s->g, d, &graph);
    CHECK(graph);
    struct hash128 id = arch_canon(session_canon(s), graph).id;
    arena_free(a);
    return id;
}

struct arch *arch_graph(nasc_arch *ar)
{
    if (!ar->graph) {
        u64 t = clock_ns();
        struct derivation *again = derive_replay(ar->a, ar->g, ar->d, &ar->graph);
        session_clock(ar->s, STAGE_BUILD, t);
        CHECK(again && ar->graph);
    }
    if (!ar->ranked) {                  /* its parameters are numbered canonically from now on */
        u64 t = clock_ns();
        struct canon_result r = arch_canon(canon_of(ar->g), ar->graph);
        ar->graph->ninst = r.ninst;
        ar->graph->rank = r.rank ? arena_dup(ar->a, r.rank, (r.ninst + 1) * sizeof *r.rank) : NULL;
        session_clock(ar->s, STAGE_CANON, t);
        ar->id = r.id;
        ar->has_id = ar->ranked = true;
    }
    return ar->graph;
}

struct hash128 arch_id(nasc_arch *ar)
{
    if (!ar->has_id)
        arch_graph(ar);
    return ar->id;
}

/* Before one more architecture: with none open, nothing names the types that were made for earlier ones. */
static void make_room(nasc_session *s)
{
    s->g->keep = s->archs;
    gram_forget(s->g);
}

nasc_status nasc_sample(nasc_session *s, uint64_t seed, uint64_t index, nasc_arch **out)
{
    API_ENTER(s);
    *out = NULL;
    if (!s->space)
        API_LEAVE(s, NASC_USAGE);
    u64 t = clock_ns();
    struct sampler *sampler = session_sampler(s, seed);
    u64 before = sampler_stats(sampler)->attempts;
    struct sample drawn;
    if (!sampler_draw(sampler, index, &drawn)) {
        session_clock(s, STAGE_DERIVE, t);
        session_no_sample(s, seed, index, sampler_stats(sampler)->attempts - before);
        API_LEAVE(s, NASC_WRONG);
    }
    struct arena *a = arena_new("sample");
    struct derivation *d = sampler_derivation(sampler, a, NULL);
    session_clock(s, STAGE_DERIVE, t);
    *out = arch_wrap(s, a, d, NULL);
    API_LEAVE(s, *out ? NASC_OK : NASC_WRONG);
}

void session_no_sample(nasc_session *s, u64 seed, u64 index, u64 attempts)
{
    session_complain(s, E0690, "no architecture found for sample %llu of seed %llu in %llu attempts", (unsigned long long)index,
                     (unsigned long long)seed, (unsigned long long)attempts);
}

nasc_status nasc_parse_all(nasc_session *s, const char *text, nasc_arch **out, nasc_likelihood *l)
{
    API_ENTER(s);
    *out = NULL;
    struct notation *n = s->space ? session_notation(s) : NULL;
    if (!n)
        API_LEAVE(s, s->space ? NASC_WRONG : NASC_USAGE);
    make_room(s);
    struct arena *a = arena_new("sample");
    struct inside *in = NEW(a, struct inside);
    u64 t = clock_ns();
    bool ok = notation_inside(a, n, &s->ds, srcs_add(s->srcs, "<arch>", text, strlen(text)), in);
    session_clock(s, STAGE_PARSE, t);
    if (!ok) {
        arena_free(a);
        API_LEAVE(s, NASC_WRONG);
    }
    if (in->nreading > 1)
        notation_tell(&s->ds, W0701, in);
    *l = (nasc_likelihood){in->logp, in->nreading, in->exact};
    *out = arch_wrap(s, a, in->best, NULL);
    if (*out)
        (*out)->inside = in;
    API_LEAVE(s, *out ? NASC_OK : NASC_WRONG);
}

u32 arch_readings(nasc_arch *ar, u32 k, struct derivation **out)
{
    CHECK(ar->inside);
    return notation_readings(ar->a, session_notation(ar->s), ar->inside, k, out);
}

/* Several derivations are fine where one network is wanted, if they are all the same. */
static bool one_network(nasc_session *s, struct arena *a, struct notation *n, const struct inside *in, const struct src *src)
{
    enum { MOST = 500 };
    if (!in->exact || in->nreading > MOST) {
        struct diag *d = diag_add(&s->ds, E0705, (struct loc){src->id, 0, src->len}, "this text can be read in more ways than are compared (%u)", MOST);
        diag_note(&s->ds, d, "one network is wanted here: they would all have to be the same");
        return false;
    }
    struct derivation **d = NEW_ARRAY(a, struct derivation *, (u32)in->nreading);
    u32 k = notation_readings(a, n, in, (u32)in->nreading, d);
    struct hash128 first = derivation_id(s, in->best);
    for (u32 i = 0; i < k; i++) {
        struct hash128 id = derivation_id(s, d[i]);
        if (!memcmp(&id, &first, sizeof id))
            continue;
        notation_tell(&s->ds, E0704, in);
        diag_note(&s->ds, s->ds.all.at[s->ds.all.n - 1], "they are not all the same network, and one is wanted here");
        return false;
    }
    return true;
}

/* `src` is already among the session's texts. */
static nasc_status parse_src(nasc_session *s, const struct src *src, nasc_arch **out)
{
    struct notation *n = session_notation(s);
    if (!n)
        return NASC_WRONG;
    make_room(s);
    struct arena *a = arena_new("sample");
    u64 t = clock_ns();
    struct inside in;
    bool ok = notation_inside(a, n, &s->ds, src, &in);
    session_clock(s, STAGE_PARSE, t);
    if (!ok || ((in.nreading > 1 || !in.exact) && !one_network(s, a, n, &in, src))) {
        arena_free(a);
        return NASC_WRONG;
    }
    *out = arch_wrap(s, a, in.best, NULL);
    return *out ? NASC_OK : NASC_WRONG;
}

nasc_status nasc_parse(nasc_session *s, const char *text, nasc_arch **out)
{
    API_ENTER(s);
    *out = NULL;
    if (!s->space)
        API_LEAVE(s, NASC_USAGE);
    API_LEAVE(s, parse_src(s, srcs_add(s->srcs, "<arch>", text, strlen(text)), out));
}

nasc_status nasc_named(nasc_session *s, const char *name, nasc_arch **out)
{
    API_ENTER(s);
    *out = NULL;
    if (!s->g)
        API_LEAVE(s, NASC_USAGE);
    struct gram_arch *item = session_arch_item(s, name);
    if (!item) {
        session_complain(s, E0910, "the module has no architecture `%s`", name);
        API_LEAVE(s, NASC_WRONG);
    }
    if (!s->space)
        session_select_of(s, item);
    const char *text = notation_expand(s->talk, s->g, item->d.module, item->ast->kid[1]);
    if (!text)
        API_LEAVE(s, NASC_WRONG);
    API_LEAVE(s, parse_src(s, srcs_add(s->srcs, name, text, strlen(text)), out));
}

void nasc_arch_free(nasc_arch *ar)
{
    if (!ar)
        return;
    *ar->link = ar->next;
    if (ar->next)
        ar->next->link = ar->link;
    arena_free(ar->a);
}

nasc_status nasc_arch_id(nasc_arch *ar, char id[33])
{
    API_ENTER(ar->s);
    id[0] = 0;
    hash128_hex(arch_id(ar), id);
    API_LEAVE(ar->s, NASC_OK);
}

void nasc_arch_record(nasc_arch *ar, nasc_record *r)
{
    *r = (nasc_record){
        .space = ar->d->space->set->d.name,
        .arch = ar->text,
        .logp = ar->d->logp,
        .depth = ar->d->depth,
        .nodes = ar->d->nodes,
        .params = ar->d->count.params,
        .macs = ar->d->count.macs,
    };
    nasc_arch_id(ar, r->id);
}
