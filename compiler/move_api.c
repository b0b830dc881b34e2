/* move_api.c - mutation and crossover of a session's architectures. */
#include "compiler/api.h"
#include "compiler/pipeline.h"
#include "grammar/move.h"

#include <stdio.h>
#include <string.h>

/* Two networks are one if their ids are.  tested: the ids of the last two candidates. */
struct parents {
    nasc_session *s;
    nasc_arch *at[2];
    struct { const struct derivation *d; struct hash128 id; } tested[2];
};

static bool is_new(void *ctx, const struct derivation *child)
{
    struct parents *p = ctx;
    struct hash128 id = derivation_id(p->s, child);
    p->tested[1] = p->tested[0];
    p->tested[0].d = child;
    p->tested[0].id = id;
    for (u32 i = 0; i < COUNTOF(p->at); i++)
        if (p->at[i]) {
            struct hash128 of = arch_id(p->at[i]);
            if (of.hi == id.hi && of.lo == id.lo)
                return false;
        }
    return true;
}

/* The child as an architecture; its id need not be worked out again. */
static nasc_arch *wrap(const struct parents *p, struct arena *a, struct derivation *d)
{
    nasc_arch *ar = arch_wrap(p->s, a, d, NULL);
    for (u32 i = 0; ar && !ar->has_id && i < COUNTOF(p->tested); i++)  /* the later first: memory of refused ones is used again */
        if (p->tested[i].d == d) {
            ar->id = p->tested[i].id;
            ar->has_id = true;
        }
    return ar;
}

static struct move_parent *parent_of(nasc_session *s, nasc_arch *ar)
{
    if (!ar->moves)
        ar->moves = move_parent_new(ar->a, s->g, ar->d, &s->ds);
    return ar->moves;
}

static void put_path(char *out, size_t cap, const struct move_parent *p, const struct move_node *n)
{
    struct buf b = {0};
    move_path(&b, p, n);
    snprintf(out, cap, "%s", b.at ? b.at : "");
    buf_free(&b);
}

static void describe(nasc_move *out, const struct move *m, const struct move_parent *p, const struct move_parent *q)
{
    if (!out)
        return;
    *out = (nasc_move){.nodes = p->nopen, .tries = m->tries, .given_up = m->given_up};
    put_path(out->node, sizeof out->node, p, m->node);
    snprintf(out->rule, sizeof out->rule, "%s", m->node->d->rules ? m->node->d->rules->d.name : "choose");
    while (out->number < p->nopen && p->open[out->number] != m->node->number)
        out->number++;
    if (q)
        put_path(out->other, sizeof out->other, q, m->other);
}

/* Of the module and space selected now? */
static bool belongs(const nasc_session *s, const nasc_arch *ar)
{
    return s->space && ar && ar->g == s->g && ar->d->space == s->space;
}

nasc_status nasc_mutate(nasc_session *s, nasc_arch *parent, uint64_t seed, uint64_t index, nasc_arch **out, nasc_move *what)
{
    API_ENTER(s);
    *out = NULL;
    if (!belongs(s, parent))
        API_LEAVE(s, NASC_USAGE);
    struct move_parent *p = parent_of(s, parent);
    if (!p || !session_notation(s))
        API_LEAVE(s, NASC_WRONG);
    struct arena *a = arena_new("sample");
    struct parents of = {.s = s, .at = {parent}};
    struct move m;
    u64 t = clock_ns();
    struct derivation *d = move_mutate(a, p, &(struct move_test){&of, is_new}, seed, index, &m);
    session_clock(s, STAGE_DERIVE, t);
    if (!d) {
        if (!m.hard && !p->nopen)
            session_complain(s, E0761, "nothing is left to be drawn anew in this network: each of its draws has one alternative");
        else if (!m.hard)
            session_complain(s, E0761, "none of the %u node%s of this network can be drawn anew so that another network comes of it%s", p->nopen,
                             p->nopen == 1 ? "" : "s", m.given_up ? ", as far as was searched" : "");
        arena_free(a);
        API_LEAVE(s, NASC_WRONG);
    }
    describe(what, &m, p, NULL);
    *out = wrap(&of, a, d);
    API_LEAVE(s, *out ? NASC_OK : NASC_WRONG);
}

nasc_status nasc_crossover(nasc_session *s, nasc_arch *one, nasc_arch *two, uint64_t seed, uint64_t index, nasc_arch *out[2], nasc_move *what)
{
    API_ENTER(s);
    out[0] = out[1] = NULL;
    if (!belongs(s, one) || !belongs(s, two))
        API_LEAVE(s, NASC_USAGE);
    struct move_parent *p = parent_of(s, one), *q = one == two ? move_parent_new(two->a, s->g, two->d, &s->ds) : parent_of(s, two);
    if (!p || !q || !session_notation(s))
        API_LEAVE(s, NASC_WRONG);
    struct arena *a[2] = {arena_new("sample"), arena_new("sample")};
    struct parents of = {.s = s, .at = {one, two}};
    struct derivation *d[2];
    struct move m;
    u64 t = clock_ns();
    bool ok = move_crossover(a, p, q, &(struct move_test){&of, is_new}, seed, index, d, &m);
    session_clock(s, STAGE_DERIVE, t);
    if (ok)
        describe(what, &m, p, q);
    else if (!m.hard)
        session_complain(s, E0761, "no exchange of subtrees between these two networks gives another one: %llu pair%s of nodes tried", (unsigned long long)m.tries,
                         m.tries == 1 ? "" : "s");
    for (u32 i = 0; i < 2; i++)
        if (ok && d[i])
            ok = (out[i] = wrap(&of, a[i], d[i])) != NULL;
        else
            arena_free(a[i]);
    API_LEAVE(s, ok ? NASC_OK : NASC_WRONG);
}
