/* elab.c - a space under a chooser: one evaluation, and the derivation that is left of it.
 *
 * A graph is built in an evaluation of its own that follows the decisions of the first, so
 * nothing that a retrying chooser threw away is ever in it. */
#include "compiler/base/real.h"
#include "grammar/elab.h"
#include "grammar/gram_load.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Bounds of one attempt (ELAB_MOST_..).  Where types and limits rule out much, trying what is left of the alternatives at every
 * level of a deep tree would take exponential time: a sample that has thrown away so many starts again. */

static char *format(struct arena *a, const char *fmt, va_list ap)
{
    char text[1024];
    vsnprintf(text, sizeof(text), fmt, ap);
    return arena_strdup(a, text);
}

bool elab_fail(struct elab *e, enum diag_code code, struct loc loc, const char *fmt, ...)
{
    if (!e->ds)
        return false;
    va_list ap;
    va_start(ap, fmt);
    char *text = format(e->ds->a, fmt, ap);
    va_end(ap);
    diag_add(e->ds, code, loc, "%s", text);
    return false;
}

bool elab_wrong(struct elab *e, enum diag_code code, struct loc loc, const char *fmt, ...)
{
    if (e->hard)
        return false;
    e->halt = e->hard = true;
    if (e->tab)                 /* whoever evaluates this for a sample will say it */
        return false;
    struct diags *ds = e->ds ? e->ds : e->g->ds;
    va_list ap;
    va_start(ap, fmt);
    char *text = format(ds->a, fmt, ap);
    va_end(ap);
    diag_add(ds, code, loc, "%s", text);
    return false;
}

/* ---- undoing ---- */

void elab_trail(struct elab *e, enum trail_kind k, void *p, const void *old)
{
    if (e->tab)                 /* nothing is undone there */
        return;
    if (e->trail.n == e->trail.cap) {
        /* On the heap: the arena goes back in time, this does not. */
        e->trail.cap = e->trail.cap ? 2 * e->trail.cap : 1024;
        e->trail.at = realloc(e->trail.at, e->trail.cap * sizeof(*e->trail.at));
        CHECK(e->trail.at);
    }
    e->trail.at[e->trail.n++] = (struct trail){(u8)k, p, old};
}

struct emark elab_mark(struct elab *e)
{
    return (struct emark){arena_mark(e->a), e->trail.n, e->recipe, e->total, e->rel, e->nodes, e->nunit, e->params_hash, e->outer_share, e->depth,
                          e->steps, e->tried, e->wasted};
}

void elab_undo(struct elab *e, const struct emark *m)
{
    while (e->trail.n > m->trail) {
        struct trail *t = &e->trail.at[--e->trail.n];
        struct enode *d = t->p;
        switch (t->kind) {
        case TR_CHILD: {
            struct enode *last = d->last;
            if (last->holder)
                last->attached = false;
            d->last = last->prev;
            if (d->last)
                d->last->next = NULL;
            else
                d->first = NULL;
            break;
        }
        case TR_CURSOR:
            d->cursor = (struct enode *)t->old;
            break;
        case TR_ONCE:
            memcpy(t->p, t->old, sizeof(struct once));
            break;
        }
    }
    e->recipe = m->recipe;
    e->total = m->total;
    e->rel = m->rel;
    e->nodes = m->nodes;
    e->nunit = m->nunit;
    e->params_hash = m->params_hash;
    e->outer_share = m->outer_share;
    e->depth = m->depth;
    arena_reset(e->a, m->m);
    e->wasted = m->wasted + (e->tried - m->tried);
    if (e->wasted > e->most_wasted)
        e->halt = e->over_work = true;
}

/* ---- limits ---- */

static bool add_limits(struct elab *e, struct frame *f, const struct ast *n, struct limits *l)
{
    for (u32 i = 0; i < n->nkid; i++) {
        const struct ast *lim = n->kid[i];
        struct num v;
        u128 u;
        if (!elab_num(e, f, lim->kid[0], &v))
            return false;
        if (!limit_number(v, &u))
            return elab_wrong(e, E0310, lim->loc, "a limit is above 0");
        if (!limit_set(l, lim->text, u, true))
            return elab_wrong(e, E0310, lim->loc, "there is no limit `%s`: depth, nodes, params, macs, memory", lim->text);
    }
    return true;
}

/* Of the module (`limit` as an item) and of the space's block; where both say one, the smaller.  What is given from outside
 * takes the place of both. */
static bool find_limits(struct elab *e, const struct gram_rule *space, struct frame *f)
{
    const struct ast *root = space->module->file->root, *body = space->alt[0].expr;
    for (u32 i = 0; i < root->nkid; i++)
        if (root->kid[i]->kind == A_LIMIT && !add_limits(e, f, root->kid[i], &e->limits))
            return false;
    for (u32 i = 0; body->kind == A_BLOCK && i < body->nkid; i++)
        if (body->kid[i]->kind == A_LIMIT && !add_limits(e, f, body->kid[i], &e->limits))
            return false;
    return true;
}

bool elab_limits(struct elab *e, struct frame *f)
{
    if (!find_limits(e, e->space, f))
        return false;
    limit_overrule(&e->limits, &e->g->limit);
    return true;
}

/* ---- the tree at the end ---- */

static u32 count_children(const struct enode *d)
{
    u32 n = 0;
    for (const struct enode *c = d->first; c; c = c->next)
        n += c->holder ? count_children(c) : 1;
    return n;
}

static void take_children(struct enode *d, struct draw **out, u32 *n)
{
    for (struct enode *c = d->first; c; c = c->next)
        if (c->holder)
            take_children(c, out, n);
        else
            out[(*n)++] = &c->d;
}

static void finish_draw(struct elab *e, struct enode *d, double *logp)
{
    elab_fill_vars(e, d);
    d->d.user = NULL;
    d->d.child = NEW_ARRAY(e->a, struct draw *, count_children(d) + 1);
    u32 n = 0;
    take_children(d, d->d.child, &n);
    d->d.nchild = n;
    if (d->d.p < 1)
        *logp += d->d.p > 0 ? real_log(d->d.p) : -__builtin_inf();
    for (u32 i = 0; i < n; i++)
        finish_draw(e, (struct enode *)d->d.child[i], logp);
}

/* ---- evaluating ---- */

void elab_begin(struct elab *e, struct arena *a, struct gram *g, const struct chooser *c, struct diags *ds)
{
    *e = (struct elab){.g = g, .a = a, .types = g->types, .chooser = c, .ds = ds, .mult = 1, .pmult = 1, .rel_mult = 1, .rel_pmult = 1};
    e->plain = g->plain;
    e->most_steps = c->decide ? ~(u64)0 : c->most_steps ? c->most_steps : ELAB_MOST_STEPS;
    e->most_wasted = c->decide ? ~(u64)0 : ELAB_MOST_WASTED;
}

static bool tensors_only(struct elab *e, const struct val *v, struct loc loc)
{
    if (v->kind == V_TENSOR)
        return true;
    if (v->kind == V_TUPLE && v->tuple->n) {
        for (u32 i = 0; i < v->tuple->n; i++)
            if (!tensors_only(e, &v->tuple->at[i], loc))
                return false;
        return true;
    }
    return elab_wrong(e, E0309, loc, "an entry point gives tensors, not %s", val_kind_name(v));
}

bool elab_body(struct elab *e, const struct gram_rule *space, struct enode *forced, struct enode **root, struct val *out)
{
    return elab_root(e, space, forced, root, out) && elab_space_inputs(e, true) && tensors_only(e, out, space->ast->loc);
}

/* One evaluation of the space; forced: following these decisions. */
static struct enode *run(struct elab *e, const struct gram_rule *space, struct enode *forced, struct val *out)
{
    struct enode *root = NULL;
    if (e->build) {
        e->nlevel = 0;
        elab_open(e, space->set->d.name, 0, NULL);
    } else {
        e->nlevel = 1;
    }
    return elab_body(e, space, forced, &root, out) ? root : NULL;
}

static type_id *types_of(struct elab *e, const struct val *v, u32 *n)
{
    *n = 0;
    elab_tensors(e, v, n, NULL, 0);
    struct val *t = NEW_ARRAY(e->a, struct val, *n + 1);
    type_id *ty = NEW_ARRAY(e->a, type_id, *n + 1);
    u32 k = 0;
    elab_tensors(e, v, &k, t, *n);
    for (u32 i = 0; i < *n; i++)
        ty[i] = t[i].type;
    return ty;
}

/* The graph of an evaluation that has come to its end. */
static struct arch *finish_graph(struct elab *e, const struct val *out, const struct recipes *recipe)
{
    u32 n = 0;
    elab_tensors(e, out, &n, NULL, 0);
    struct val *t = NEW_ARRAY(e->a, struct val, n + 1);
    aval *v = NEW_ARRAY(e->a, aval, n + 1);
    u32 k = 0;
    elab_tensors(e, out, &k, t, n);
    for (u32 i = 0; i < n; i++)
        v[i] = elab_use(e, t[i]);
    ab_end(e->build, n, v);
    for (u32 i = 0; i < recipe->n; i++)
        ab_recipe(e->build, recipe->at[i]);
    return ab_finish(e->build);
}

static struct arch *build_graph(struct arena *a, struct gram *g, const struct gram_rule *space, struct enode *forced, struct diags *ds, const struct recipes *recipe)
{
    struct elab e;
    struct val out;
    struct chooser none = {0};
    elab_begin(&e, a, g, &none, ds);
    e.most_steps = ~(u64)0;
    e.build = arch_builder_new(a, g->types, space->set->d.name);
    struct enode *root = run(&e, space, forced, &out);
    free(e.trail.at);
    return root ? finish_graph(&e, &out, recipe) : NULL;
}

struct arch *elab_graph(struct arena *a, struct gram *g, const struct gram_rule *space, const struct chooser *c, struct diags *ds)
{
    struct elab e;
    struct val out;
    CHECK(!c->retries);
    elab_begin(&e, a, g, c, ds);
    e.build = arch_builder_new(a, g->types, space->set->d.name);
    struct enode *root = run(&e, space, NULL, &out);
    free(e.trail.at);
    return root ? finish_graph(&e, &out, &e.recipe) : NULL;
}

static struct enode *as_enode(struct arena *a, const struct draw *d)
{
    struct enode *n = NEW(a, struct enode);
    n->d = *d;
    for (u32 i = 0; i < d->nchild; i++) {
        struct enode *c = as_enode(a, d->child[i]);
        if (n->last)
            n->last->next = c;
        else
            n->first = c;
        n->last = c;
    }
    return n;
}

struct derivation *elab_run(struct arena *a, struct gram *g, const struct gram_rule *space, const struct chooser *c, struct diags *ds,
                            struct arch **arch_out, struct elab_end *end)
{
    struct elab e;
    struct val out;
    bool at_once = arch_out && c->mute && !c->retries && !c->again;     /* what is decided stays: the graph may be built on the way */
    elab_begin(&e, a, g, c, ds);
    if (at_once)
        e.build = arch_builder_new(a, g->types, space->set->d.name);
    struct enode *root = run(&e, space, NULL, &out);
    free(e.trail.at);
    e.trail.at = NULL;
    if (end)
        *end = (struct elab_end){e.hard, e.over_work, e.bounded, e.steps, e.tried};
    if (!root)
        return NULL;
    struct derivation *d = NEW(a, struct derivation);
    d->a = a;
    d->space = space;
    d->root = &root->d;
    finish_draw(&e, root, &d->logp);
    d->depth = e.depth;
    d->nodes = e.nodes;
    d->count = e.total;
    d->nin = space->nparam;
    d->in = NEW_ARRAY(a, type_id, d->nin + 1);
    for (u32 i = 0; i < d->nin; i++)
        d->in[i] = e.space_frame->slot[space->nattr + i].type;
    d->out = types_of(&e, &out, &d->nout);
    for (u32 i = 0; i < e.recipe.n; i++)
        vec_push(a, &d->recipe, e.recipe.at[i]);
    if (at_once)
        *arch_out = finish_graph(&e, &out, &e.recipe);
    else if (arch_out && !(*arch_out = build_graph(a, g, space, as_enode(a, &root->d), g->ds, &e.recipe)))
        BUG("a derivation of %s cannot be followed again: %s", space->set->d.name, g->ds->all.n ? g->ds->all.at[g->ds->all.n - 1]->text : "?");
    return d;
}

struct derivation *elab_space(struct arena *a, struct gram *g, const struct gram_rule *space, const struct chooser *c, struct diags *why,
                              struct arch **arch_out)
{
    return elab_run(a, g, space, c, why, arch_out, NULL);
}

/* ---- following a finished derivation ---- */

struct derivation *derive_replay(struct arena *a, struct gram *g, const struct derivation *d, struct arch **arch_out)
{
    struct derivation *r = arena_dup(a, d, sizeof(*d));
    struct recipes recipe = {d->recipe.at, d->recipe.n, d->recipe.cap};
    r->a = a;
    if (arch_out && !(*arch_out = build_graph(a, g, d->space, as_enode(a, d->root), NULL, &recipe)))
        return NULL;
    return r;
}

struct enode *elab_again(struct arena *a, struct gram *g, const struct derivation *d)
{
    struct elab e;
    struct val out;
    struct chooser none = {0};
    double logp = 0;
    elab_begin(&e, a, g, &none, NULL);
    e.most_steps = ~(u64)0;
    e.plain = true;
    struct enode *root = run(&e, d->space, as_enode(a, d->root), &out);
    free(e.trail.at);
    if (root)
        finish_draw(&e, root, &logp);
    return root;
}

/* ---- limits, without a derivation ---- */

bool elab_space_limits(struct gram *g, const struct gram_rule *space, struct limits *out)
{
    struct elab e;
    struct chooser none = {0};
    struct arena *a = arena_new_in(g->a, "limits");
    elab_begin(&e, a, g, &none, NULL);
    e.space = space;
    struct frame *f = elab_frame(&e, space->nslot, NULL);
    const struct ast *attrs = space->ast->kid[RULE_ATTRS];
    bool ok = true;
    for (u32 i = 0; i < space->nattr && ok; i++) {
        const struct num *v = gram_override_num(g, attrs->kid[i]->text);
        if (v)
            f->slot[i] = val_num(&e, *v);
        else if (attrs->kid[i]->nkid && attrs->kid[i]->kid[0])
            ok = elab_is_pure(attrs->kid[i]->kid[0]) && elab_eval(&e, f, attrs->kid[i]->kid[0], &f->slot[i]);
    }
    ok = ok && elab_limits(&e, f);
    *out = e.limits;
    free(e.trail.at);
    arena_free(a);
    return ok;
}

/* ---- constants ---- */

bool elab_const(struct gram *g, const struct ast *n, struct num *v, str *s)
{
    struct elab e;
    struct chooser none = {0};
    struct val out;
    elab_begin(&e, g->a, g, &none, g->ds);
    struct frame *f = elab_frame(&e, 0, NULL);
    if (!elab_is_pure(n)) {
        diag_add(g->ds, E0210, n->loc, "a constant is computed from numbers, strings and other constants");
        return false;
    }
    if (!elab_eval(&e, f, n, &out))
        return false;
    if (out.kind == V_STR) {
        *s = out.s;
        return true;
    }
    if (out.kind != V_NUM) {
        diag_add(g->ds, E0210, n->loc, "a constant is a number or a string, not %s", val_kind_name(&out));
        return false;
    }
    *v = val_get(out);
    return true;
}
