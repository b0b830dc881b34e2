/* step.c - see step.h: the elaborator under a chooser that replays picks and stops at the next choice. */
#include "grammar/elab.h"
#include "grammar/step.h"

enum { MOST_LOOKED = 4000, MOST_ATTEMPTS = 2000, MOST_WORK = 30000000 };

struct pick { u32 alt; struct arena_mark before; struct step_place *place; };
struct step {
    struct gram *g;
    const struct gram_rule *space;
    const struct notation *n;
    u64 seed, index, undone;
    struct arena *a;            /* places, newest last */
    struct arena *run;          /* of one evaluation */
    VEC(struct pick) made;
    struct arena *list;         /* of made */
    enum step_state state;
    struct step_place *here;
    struct arena_mark before;   /* before here */
    const char *why;
};

/* ---- values in words ---- */

static void say_val(struct buf *b, struct types *t, const struct val *v)
{
    switch (v->kind) {
    case V_TENSOR:
        type_print(b, t, v->type, false);
        break;
    case V_TUPLE:
        buf_putc(b, '(');
        for (u32 i = 0; i < v->tuple->n; i++) {
            if (i)
                buf_puts(b, ", ");
            say_val(b, t, &v->tuple->at[i]);
        }
        buf_putc(b, ')');
        break;
    case V_NONE:
        break;
    default:
        if (!val_print(b, v))
            buf_puts(b, val_kind_name(v));
    }
}

/* Attributes and arguments of a draw. */
static void say_in(struct buf *b, struct types *t, const struct enode *d)
{
    const struct gram_rule *r = d->d.rule;
    for (u32 i = 0; r && i < r->nattr + r->nparam; i++) {
        const struct val *v = &d->frame->slot[i];
        if (v->kind == V_NONE)
            continue;
        if (b->n)
            buf_puts(b, ", ");
        buf_printf(b, i < r->nattr ? "%s = " : "%s: ", r->slot_name[i]);
        say_val(b, t, v);
    }
}

static const char *taken(struct arena *a, struct buf *b)
{
    const char *s = arena_strdup(a, b->at ? b->at : "");
    buf_free(b);
    return s;
}

/* ---- one evaluation ---- */

/* What is drawn so far, as a tree of its own: that of the elaborator is complete only at the end. */
struct seen { struct draw d; const struct draw *key; struct seen *parent; u32 cap; };

struct walk {
    struct step *s;
    u32 at;                     /* picks made in this evaluation */
    const u32 *extra;           /* one more pick, to see what it does */
    struct step_place *place;   /* to fill in; NULL: only whether it gets there */
    bool stopped;
    const struct draw *last;    /* of the last pick */
    VEC(struct seen *) seen;
};

static struct seen *find(struct walk *w, const struct draw *key)
{
    for (u32 i = w->seen.n; key && i-- > 0;)
        if (w->seen.at[i]->key == key)
            return w->seen.at[i];
    return NULL;
}

static struct seen *note(struct walk *w, const struct choice *c, int alt)
{
    struct arena *a = w->s->run;
    struct seen *n = NEW(a, struct seen), *p = find(w, c->parent);
    if (alt >= 0)
        elab_alternative(c, (u32)alt, &n->d);
    else
        n->d = *c->draw;
    n->d.child = NULL;
    n->d.nchild = 0;
    n->key = c->draw;
    n->parent = p;
    vec_push(a, &w->seen, n);
    if (!p)
        return n;
    struct { struct draw **at; u32 n, cap; } kids = {p->d.child, p->d.nchild, p->cap};
    vec_push(a, &kids, &n->d);
    p->d.child = kids.at;
    p->d.nchild = kids.n;
    p->cap = kids.cap;
    return n;
}

static void say_above(struct buf *b, const struct seen *n)
{
    if (!n)
        return;
    say_above(b, n->parent);
    if (b->n)
        buf_puts(b, " > ");
    if (n->d.label)
        buf_printf(b, "%s: ", n->d.label);
    buf_puts(b, n->d.rules ? n->d.rules->d.name : "choose");
}

static void describe(struct walk *w, const struct choice *c)
{
    struct step *s = w->s;
    struct step_place *p = w->place;
    const struct elab_choice *ec = c->elab;
    struct seen *n = note(w, c, -1), *root = n;
    n->d.alt = NULL;
    while (root->parent)
        root = root->parent;
    struct buf b = {0};
    p->label = c->draw->label ? arena_strdup(s->a, c->draw->label) : NULL;
    p->rule = c->draw->rules ? c->draw->rules->d.name : "choose";
    p->depth = c->draw->depth;
    p->round = c->draw->round;
    p->repeats = p->round > 0;
    for (u32 i = 0; n->parent && i < n->parent->d.nchild; i++)
        p->repeats |= n->parent->d.child[i] != &n->d && n->parent->d.child[i]->at == n->d.at;
    p->path = c->path;
    say_in(&b, s->g->types, ec->d);
    p->in = taken(s->a, &b);
    say_above(&b, n->parent);
    p->above = taken(s->a, &b);
    notation_print_open(&b, s->n, &root->d);
    p->sofar = taken(s->a, &b);
    p->n = c->n;
    p->option = NEW_ARRAY(s->a, struct step_option, c->n + 1);
    for (u32 i = 0; i < c->n; i++) {
        struct draw d;
        elab_alternative(c, i, &d);
        d.child = NULL;
        d.nchild = 0;
        notation_print_open(&b, s->n, &d);
        p->option[i] = (struct step_option){.text = taken(s->a, &b), .weight = c->weight[i]};
    }
}

static int replay(void *ctx, const struct choice *c)
{
    struct walk *w = ctx;
    struct step *s = w->s;
    int alt;
    if (c->n == 1 && c->weight[0] > 0) {        /* nothing to choose */
        alt = 0;
    } else if (w->at < s->made.n) {
        alt = (int)s->made.at[w->at++].alt;
        w->last = c->draw;
    } else if (w->extra && w->at == s->made.n) {
        alt = (int)*w->extra;
        w->at++;
        w->last = c->draw;
    } else {
        w->stopped = true;
        if (w->place)
            describe(w, c);
        return -1;
    }
    if (w->place)
        note(w, c, alt);
    return alt;
}

static double unit(void *ctx, u64 path)
{
    struct walk *w = ctx;
    return derive_unit(w->s->seed, w->s->index, w->s->undone, path);
}

/* The first complaint: what it notes says more than what it is. */
static const char *reason(struct arena *a, const struct diags *ds)
{
    const struct diag *d = ds->all.n ? ds->all.at[0] : NULL;
    return arena_strdup(a, !d ? "more work than is done for one network" : d->notes.n ? d->notes.at[0] : d->text);
}

/* Evaluates the picks.  The derivation, if they are all. */
static struct derivation *walk(struct walk *w, struct arena *a, struct diags *ds)
{
    struct step *s = w->s;
    struct chooser c = {.ctx = w, .pick = replay, .unit = unit};
    diags_init(ds, s->run, s->g->srcs);
    return elab_run(a, s->g, s->space, &c, ds, NULL, NULL);
}

/* ---- the next place ---- */

static void try_option(struct step *s, struct step_option *o, u32 i)
{
    struct diags ds;
    struct walk w = {.s = s, .extra = &i};
    arena_clear(s->run);
    const struct derivation *d = walk(&w, s->run, &ds);
    const struct enode *n = (const struct enode *)w.last;
    bool whole = n->chosen.kind != V_NONE;
    if (d || w.stopped) {
        o->fit = whole ? STEP_YES : STEP_OPEN;
        return;
    }
    o->fit = whole ? STEP_AFTER : STEP_NO;
    o->why = reason(s->a, &ds);
}

static void settle(struct step_place *p)
{
    double left = 0;
    p->nfit = 0;
    for (u32 i = 0; i < p->n; i++)
        if (p->option[i].fit <= STEP_OPEN) {
            left += p->option[i].weight;
            p->nfit++;
        }
    for (u32 i = 0; i < p->n; i++)
        p->option[i].p = p->option[i].fit <= STEP_OPEN && left > 0 ? p->option[i].weight / left : 0;
}

static void look(struct step *s)
{
    struct diags ds;
    struct step_place *p = NULL;
    s->before = arena_mark(s->a);
    p = NEW(s->a, struct step_place);
    struct walk w = {.s = s, .place = p};
    arena_clear(s->run);
    const struct derivation *d = walk(&w, s->run, &ds);
    s->here = NULL;
    s->why = NULL;
    s->state = d ? STEP_DONE : w.stopped ? STEP_CHOICE : STEP_FAILED;
    if (s->state == STEP_FAILED)
        s->why = reason(s->a, &ds);
    if (s->state != STEP_CHOICE)
        return;
    s->here = p;
    for (u32 i = 0; i < p->n; i++)
        if (i < MOST_LOOKED)
            try_option(s, &p->option[i], i);
        else
            p->option[i].fit = STEP_OPEN;
    arena_clear(s->run);
    settle(p);
}

struct step *step_new(struct gram *g, const struct gram_rule *space, const struct notation *n, u64 seed, u64 index)
{
    struct arena *list = arena_new("step");
    struct step *s = NEW(list, struct step);
    *s = (struct step){.g = g, .space = space, .n = n, .seed = seed, .index = index, .list = list};
    s->a = arena_new_in(list, "places");
    s->run = arena_new_in(list, "step");
    look(s);
    return s;
}

void step_free(struct step *s)
{
    if (s)
        arena_free(s->list);
}

enum step_state step_state(const struct step *s)
{
    return s->state;
}

u32 step_picks(const struct step *s)
{
    return s->made.n;
}

const struct step_place *step_here(const struct step *s)
{
    return s->here;
}

const char *step_why(const struct step *s)
{
    return s->why;
}

/* ---- moving ---- */

bool step_pick(struct step *s, u32 i)
{
    if (!s->here || i >= s->here->n || s->here->option[i].fit > STEP_OPEN)
        return false;
    struct pick p = {i, s->before, s->here};
    vec_push(s->list, &s->made, p);
    look(s);
    return true;
}

int step_random(struct step *s)
{
    struct step_place *p = s->here;
    if (!p)
        return -1;
    struct arena_mark m = arena_mark(s->run);
    double *weight = NEW_ARRAY(s->run, double, p->n + 1);
    bool *tried = NEW_ARRAY(s->run, bool, p->n + 1), chance = false;
    for (u32 i = 0; i < p->n; i++)
        weight[i] = p->option[i].weight;
    struct choice c = {.n = p->n, .weight = weight, .tried = tried, .path = p->path};
    int i;
    /* Asked as by the sampler: what does not fit costs an attempt. */
    while ((i = derive_pick(s->seed, s->index, s->undone, &c, &chance)) >= 0 && p->option[i].fit > STEP_OPEN) {
        tried[i] = true;
        c.attempt++;
    }
    arena_reset(s->run, m);
    if (i >= 0)
        step_pick(s, (u32)i);
    return i;
}

bool step_undo(struct step *s)
{
    if (!s->made.n)
        return false;
    bool dead = s->here && !s->here->nfit;
    struct pick *p = &s->made.at[--s->made.n];
    const char *rule = dead ? s->here->rule : NULL;
    const char *first = dead && s->here->n ? s->here->option[0].why : NULL;
    struct buf b = {0};
    if (dead)
        buf_printf(&b, "then nothing is left for `%s`: %s", rule, first ? first : "it has no alternatives");
    arena_reset(s->a, s->before);       /* the place left behind */
    s->here = p->place;
    s->before = p->before;
    s->state = STEP_CHOICE;
    s->why = NULL;
    s->undone++;
    if (dead) {
        struct step_option *o = &s->here->option[p->alt];
        o->fit = STEP_DEAD;
        o->why = taken(s->a, &b);
        settle(s->here);
    }
    return true;
}

struct derivation *step_derive(struct step *s, struct arena *a)
{
    struct diags ds;
    struct walk w = {.s = s};
    arena_clear(s->run);
    return s->state == STEP_DONE ? walk(&w, a, &ds) : NULL;
}

/* ---- the rest at random ---- */

struct rest { const struct step *s; u64 attempt; bool chance; };

static int pick_rest(void *ctx, const struct choice *c)
{
    struct rest *r = ctx;
    for (u32 i = 0; i < r->s->made.n; i++)
        if (r->s->made.at[i].place->path == c->path)
            return c->tried[r->s->made.at[i].alt] ? -1 : (int)r->s->made.at[i].alt;
    return derive_pick(r->s->seed, r->s->index, r->attempt, c, &r->chance);
}

static double unit_rest(void *ctx, u64 path)
{
    struct rest *r = ctx;
    r->chance = true;
    return derive_unit(r->s->seed, r->s->index, r->attempt, path);
}

struct derivation *step_finish(struct step *s, struct arena *a)
{
    struct rest r = {.s = s, .attempt = s->undone};
    struct chooser c = {.ctx = &r, .retries = true, .pick = pick_rest, .unit = unit_rest};
    struct arena_mark m = arena_mark(a);
    u64 work = 0;
    for (u32 i = 0; i < MOST_ATTEMPTS && work < MOST_WORK; i++, r.attempt++) {
        struct elab_end end;
        struct derivation *d = elab_run(a, s->g, s->space, &c, NULL, NULL, &end);
        if (d)
            return d;
        arena_reset(a, m);
        work += end.steps;
        if (end.hard || !r.chance)
            break;
    }
    return NULL;
}

/* ---- the types of a finished derivation ---- */

static void collect(struct arena *a, struct types *t, const struct draw *d, const struct enode *again, struct step_types *out, u32 *n)
{
    struct buf b = {0};
    struct step_types *x = &out[(*n)++];
    x->draw = d;
    say_in(&b, t, again);
    x->in = taken(a, &b);
    say_val(&b, t, &again->chosen);
    x->out = taken(a, &b);
    CHECK(d->nchild == again->d.nchild);
    for (u32 i = 0; i < d->nchild; i++)
        collect(a, t, d->child[i], (const struct enode *)again->d.child[i], out, n);
}

static u32 count_draws(const struct draw *d)
{
    u32 n = 1;
    for (u32 i = 0; i < d->nchild; i++)
        n += count_draws(d->child[i]);
    return n;
}

struct step_types *step_types_of(struct arena *a, struct gram *g, const struct derivation *d, u32 *n)
{
    const struct enode *root = elab_again(a, g, d);
    CHECK(root);
    struct step_types *out = NEW_ARRAY(a, struct step_types, count_draws(d->root));
    *n = 0;
    collect(a, g->types, d->root, root, out, n);
    return out;
}
