/* enumerate.c - every derivation of a space: an odometer over the decisions that evaluating it asks for.
 *
 * A try goes through the decisions on record and takes the first alternative at each one after them; then the last decision
 * that has a next alternative takes that one, and what followed it is forgotten.  A try that fails shows with its last decision
 * that nothing begins like this, so whole branches go at once.  Tries are made on the tables (typed_walk.h), and by the
 * elaborator where those do not know. */
#include "grammar/enumerate.h"

#include "grammar/tally.h"
#include "grammar/typed_walk.h"

#include <stdlib.h>

struct digit { u32 alt; i32 next; };    /* next: the alternative after it; -1: none */

struct enumeration {
    struct gram *g;
    const struct gram_rule *space;
    u32 most_depth;
    bool tables, done;
    struct digit *at; u32 n, cap, pos;
    struct walk walk;
    struct arena *a;                    /* of the last one */
    struct derivation *d;
    u32 ndecided; u32 *decided;
    u64 given, failed;
};

/* ---- deciding ---- */

static i32 open_from(const double *weight, u32 n, u32 from)
{
    for (u32 i = from; i < n; i++)
        if (weight[i] > 0)
            return (i32)i;
    return -1;
}

static int decide(struct enumeration *e, const double *weight, u32 n)
{
    if (e->pos == e->n) {
        i32 first = open_from(weight, n, 0);
        if (first < 0)
            return -1;
        if (e->n == e->cap) {
            e->cap = 2 * e->cap + 64;
            e->at = realloc(e->at, e->cap * sizeof *e->at);
            CHECK(e->at);
        }
        e->at[e->n++].alt = (u32)first;
    }
    struct digit *d = &e->at[e->pos++];
    d->next = open_from(weight, n, d->alt + 1);
    return (int)d->alt;
}

static int decide_walk(void *ctx, const struct tweights *w)
{
    return decide(ctx, w->weight, w->n);
}

static int decide_elab(void *ctx, const struct choice *c)
{
    return decide(ctx, c->weight, c->n);
}

static void advance(struct enumeration *e)
{
    e->n = e->pos;
    while (e->n && e->at[e->n - 1].next < 0)
        e->n--;
    if (e->n)
        e->at[e->n - 1].alt = (u32)e->at[e->n - 1].next;
    else
        e->done = true;
}

/* ---- trying ---- */

static enum walk_end try_tables(struct enumeration *e, struct sample *out)
{
    struct walk *w = &e->walk;
    w->t = typed_of(e->g);
    struct tsym *space = typed_space(w->t, e->space);
    if (typed_entry(w->t, space)->kind != T_CHOICE)
        return WALK_SLOW;
    struct limits l = space->limits;
    if (e->most_depth && (!l.depth || l.depth > e->most_depth))
        l.depth = e->most_depth;
    enum walk_end end = walk_space(w, space, &l);
    if (end == WALK_DONE)
        *out = (struct sample){.logp = walk_logp(w), .depth = w->depth, .nodes = w->instances, .count = {w->params, w->macs, w->bytes, w->nodes}};
    return end;
}

static bool try_elab(struct enumeration *e, struct sample *out)
{
    struct chooser c = {.ctx = e, .pick = decide_elab};
    u128 was = e->g->limit.depth;
    struct limits l;
    if (e->most_depth && !(elab_space_limits(e->g, e->space, &l) && l.depth && l.depth <= e->most_depth))
        e->g->limit.depth = e->most_depth;
    e->d = elab_run(e->a, e->g, e->space, &c, NULL, NULL, NULL);
    e->g->limit.depth = was;
    if (e->d)
        *out = (struct sample){.logp = e->d->logp, .depth = e->d->depth, .nodes = e->d->nodes, .count = e->d->count};
    return e->d;
}

bool enumerate_next(struct enumeration *e, struct sample *out)
{
    while (!e->done) {
        arena_clear(e->a);
        gram_forget(e->g);
        e->d = NULL;
        e->pos = 0;
        enum walk_end end = e->tables ? try_tables(e, out) : WALK_SLOW;
        if (end == WALK_SLOW) {
            e->pos = 0;                 /* what was decided of it stays */
            end = try_elab(e, out) ? WALK_DONE : WALK_FAILED;
        }
        if (end == WALK_DONE) {
            e->ndecided = e->pos;
            e->decided = NEW_ARRAY(e->a, u32, e->pos + 1);
            for (u32 i = 0; i < e->pos; i++)
                e->decided[i] = e->at[i].alt;
            out->index = e->given++;
            out->attempts = 1;
            out->ndecided = e->ndecided;
            out->decided = e->decided;
        } else {
            e->failed++;
        }
        advance(e);
        if (end == WALK_DONE)
            return true;
    }
    return false;
}

/* ---- the rest ---- */

static bool has_end(struct gram *g, const struct gram_rule *space)
{
    struct arena *a = arena_new("enumeration");
    struct skel_opts o = {0};
    const struct skel *k = skel_build(a, g, space, &o);
    struct tally *t = k && !k->empty ? tally_new(k, TALLY_FEW_BITS) : NULL;
    u32 deepest;
    bool yes = k && (k->empty || (t && tally_finite(t, &deepest)));
    if (!k)                     /* too much to be spelled out, and so hardly endless */
        yes = true;
    tally_free(t);
    arena_free(a);
    return yes;
}

struct enumeration *enumerate_open(struct gram *g, const struct gram_rule *space, u32 most_depth)
{
    struct limits l;
    if (!most_depth && !(elab_space_limits(g, space, &l) && l.depth) && !has_end(g, space)) {
        struct diag *d = diag_add(g->ds, E0692, space->set->d.loc, "there is no end to the derivations of `%s`", space->set->d.name);
        diag_hint(g->ds, d, "--max-depth bounds them, or a `limit depth` in the space");
        return NULL;
    }
    struct enumeration *e = calloc(1, sizeof *e);
    CHECK(e);
    *e = (struct enumeration){.g = g, .space = space, .most_depth = most_depth, .tables = true, .a = arena_new("enumeration")};
    walk_init(&e->walk, NULL);
    e->walk.exact = true;
    e->walk.pick = decide_walk;
    e->walk.ctx = e;
    return e;
}

void enumerate_close(struct enumeration *e)
{
    if (!e)
        return;
    walk_free(&e->walk);
    arena_free(e->a);
    free(e->at);
    free(e);
}

void enumerate_text(struct enumeration *e, const struct notation *n, struct buf *b)
{
    if (!e->d)
        e->d = derive_decided(e->a, e->g, e->space, e->ndecided, e->decided, NULL, NULL, NULL);
    CHECK(e->d);
    notation_print(b, n, e->d);
}

struct derivation *enumerate_derivation(struct enumeration *e, struct arena *a, struct arch **arch_out)
{
    struct derivation *d = derive_decided(a, e->g, e->space, e->ndecided, e->decided, NULL, NULL, arch_out);
    CHECK(d);
    return d;
}

void enumerate_counts(const struct enumeration *e, u64 *given, u64 *failed)
{
    *given = e->given;
    *failed = e->failed;
}

void enumerate_use_tables(struct enumeration *e, bool yes)
{
    e->tables = yes;
}
