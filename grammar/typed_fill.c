/* typed_fill.c - a state of the tables, made by the elaborator.
 *
 * In: a symbol, a state of it and an answer (none: its entry).  The elaborator evaluates the alternative from its beginning; where it
 * would decide a draw it comes here (tab_decide, tab_choose, tab_once).  Events that are in the tables are passed with the
 * answers that led to the state; what comes after the last answer becomes new states, up to the next event that needs an answer,
 * where the evaluation is broken off. */
#include "compiler/base/real.h"
#include "grammar/typed.h"

enum { MOST_OPEN = 7, FAIL_STEPS = 256, MOST_CASES = 4096 };    /* and T_MOST_WAY */

struct tab {
    struct typed *t;
    struct tsym *sym;
    struct tstate **path;       /* states to pass */
    u32 npath, at;
    struct tstate *from;        /* the last of them, and the answer there */
    u64 alt; const struct tval *on;
    struct tstate *last;        /* the event passed last */
    struct tstate *made;        /* the first new one */
    bool stop, slow;
    bool begun;                 /* the symbol's own draw is there */
    struct enode *open[MOST_OPEN + 1];  /* the symbol's draw, choices under way */
    u32 nopen, ncall, nuse;
    bool chooses;
    u64 steps;                  /* at the event passed last */
};

bool tab_cannot(struct elab *e)
{
    e->tab->slow = e->halt = true;
    return false;
}

u32 tab_use(struct elab *e)
{
    return e->tab->nuse++;
}

void tab_limits(struct elab *e)
{
    e->tab->sym->limits = e->limits;
    memset(&e->limits, 0, sizeof(e->limits));
}

/* ---- costs ---- */

static bool fits(u128 x, u64 *out)
{
    *out = (u64)x;
    return x <= (u128)INT64_MAX;
}

static bool take_cost(struct elab *e, const struct tcost **out)
{
    struct tcost c = {.instances = e->nodes};
    *out = NULL;
    if (!fits(e->total.params, &c.params) || !fits(e->total.macs, &c.macs) || !fits(e->total.nodes, &c.nodes) || !fits(e->total.bytes, &c.bytes))
        return false;
    if (c.params || c.macs || c.nodes || c.bytes || c.instances)
        *out = arena_dup(e->tab->t->a, &c, sizeof(c));
    return true;
}

/* What follows counts from here. */
static void restart(struct elab *e)
{
    memset(&e->total, 0, sizeof(e->total));
    e->nodes = 0;
    e->nest_most = 0;
    e->tab->steps = e->steps;
}

/* ---- states ---- */

static struct tstate *new_state(struct elab *e, enum tkind k, const struct tsite *site)
{
    struct tab *b = e->tab;
    struct tstate *s = NEW(b->t->a, struct tstate);
    b->t->nstate++;
    s->kind = (u8)k;
    s->level = (u8)b->nopen;
    s->chooses = b->chooses;
    s->steps = (u32)MIN(e->steps - b->steps, (u64)UINT32_MAX / 2);
    s->site = site;
    s->up = b->last;
    if (b->last && b->last == b->from) {
        if (b->last->kind == T_CHOICE)
            s->alt = b->alt;
        else
            s->on = b->on;
    } else if (b->last) {
        b->last->to = s;
    }
    if (!b->made)
        b->made = s;
    b->last = s;
    return s;
}

/* The path of a draw under `home`, from its symbol's or innermost open choice's: the mixes on the way. */
static bool path_of(struct tab *b, const struct enode *d, struct tsite *s)
{
    const struct enode *h = d->parent;
    u32 n = 0;
    s->step[n++] = d->step;
    for (; h && h->holder; h = h->parent) {
        if (n == COUNTOF(s->step))
            return false;
        s->step[n++] = h->step;
    }
    for (u32 i = 0; i < n / 2; i++) {
        u64 x = s->step[i];
        s->step[i] = s->step[n - 1 - i];
        s->step[n - 1 - i] = x;
    }
    s->nstep = n;
    return h == b->open[b->nopen];
}

/* The event of kind k: one of the tables, or a new state, then perhaps b->stop.  NULL: cannot. */
static struct tstate *arrive(struct elab *e, enum tkind k, struct enode *d, u32 use)
{
    struct tab *b = e->tab;
    if (b->at < b->npath) {
        struct tstate *s = b->last = b->path[b->at++];
        CHECK(s->kind == k);
        restart(e);
        return s;
    }
    struct tsite site;
    memset(&site, 0, sizeof(site));     /* compared byte by byte */
    site.nest = (u16)e->nest;
    site.nest_most = (u16)e->nest_most;
    site.use = use;
    if (e->mult > (u128)INT64_MAX || e->mult != e->pmult) {
        tab_cannot(e);
        return NULL;
    }
    site.mult = (u64)e->mult;
    if (d) {
        site.at = d->d.at;
        site.label = d->d.label;
        site.round = d->d.round;
        site.deeper = !d->d.rule || d->d.rule->form == RF_RULE;
        if (b->at && k != T_FOLLOW && !path_of(b, d, &site)) {
            tab_cannot(e);
            return NULL;
        }
    }
    const struct tcost *cost;
    if (!take_cost(e, &cost)) {
        tab_cannot(e);
        return NULL;
    }
    struct tstate *s = new_state(e, k, typed_site(b->t, &site));
    s->cost = cost;
    restart(e);
    b->at++;
    b->npath++;                 /* passed, and not looked up again */
    if (k == T_CHOICE || k == T_CALL || k == T_FOLLOW)
        b->stop = e->halt = true;
    return s;
}

/* The answer at the state just passed. */
static const struct tstate *answered(const struct tab *b)
{
    return b->at < b->npath ? b->path[b->at] : NULL;
}

static u64 answer_alt(const struct tab *b)
{
    const struct tstate *s = answered(b);
    return s ? s->alt : b->alt;
}

static const struct val *answer_val(const struct tab *b)
{
    const struct tstate *s = answered(b);
    return s ? &s->on->v : &b->on->v;
}

/* ---- choices ---- */

static const struct tweights *make_weights(struct arena *a, const struct acases *c, bool keep)
{
    struct tweights *w = NEW(a, struct tweights);
    double *sum = NEW_ARRAY(a, double, c->n + 1), *logp = NEW_ARRAY(a, double, c->n + 1), all = 0;
    w->n = c->n;
    w->weight = keep ? arena_dup(a, c->weight, c->n * sizeof(double)) : c->weight;
    w->at = c->at;
    for (u32 i = 0; i < c->n; i++) {
        if (c->weight[i] > 0) {
            all += c->weight[i];
            w->nopen++;
            w->only = i;
        }
        sum[i] = all;
        logp[i] = c->weight[i] >= 1 ? 0 : c->weight[i] > 0 ? real_log(c->weight[i]) : -__builtin_inf();
    }
    w->sum = sum;
    w->logp = logp;
    return w;
}

/* Of alternatives that were spelled out for this symbol. */
static const struct tweights *own_weights(struct typed *t, const struct acases *c)
{
    struct acases k = *c;
    struct acase *at = arena_dup(t->a, c->at, c->n * sizeof(*at));
    for (u32 i = 0; i < c->n; i++) {
        struct val *var = NEW_ARRAY(t->a, struct val, c->at[i].nvar + 1);
        for (u32 j = 0; j < c->at[i].nvar; j++) {
            const struct tval *v = typed_val(t, &c->at[i].var[j]);
            if (!v)
                return NULL;
            var[j] = v->v;
        }
        at[i].var = var;
    }
    k.at = at;
    return make_weights(t->a, &k, true);
}

static struct tchoice *make_choice(struct elab *e, const struct gram_rule *r, const struct acases *c, const struct ast *choose)
{
    struct typed *t = e->tab->t;
    const struct tweights *w;
    const struct acases *fixed = r ? r->cache : NULL;
    if (c->n > MOST_CASES)
        return NULL;
    if (fixed && fixed->at == c->at) {
        if (!r->weights)
            ((struct gram_rule *)r)->weights = make_weights(t->g->a, c, false);
        w = r->weights;
    } else if (!(w = own_weights(t, c))) {
        return NULL;
    }
    struct tchoice *k = arena_alloc(t->a, sizeof(*k) + c->n * sizeof(struct tstate *));
    k->w = w;
    k->choose = choose;
    return k;
}

/* ---- events ---- */

/* The symbol's own draw. */
static bool entry(struct elab *e, struct frame *f, const struct gram_rule *r, struct enode *d, struct val *out)
{
    struct tab *b = e->tab;
    struct acases cases;
    b->begun = true;
    b->open[0] = d;
    if (!elab_cases(e, f, r, &cases))
        return false;
    struct tstate *s = arrive(e, T_CHOICE, d, 0);
    if (!s)
        return false;
    if (b->stop) {
        s->owner = b->sym;
        return (s->choice = make_choice(e, r, &cases, NULL)) ? false : tab_cannot(e);
    }
    u64 alt = answer_alt(b);
    const struct acase *c = &cases.at[alt];
    d->taken = c;
    d->d.alt = c->alt->ast;
    d->d.inner = c->inner ? c->inner->alt->ast : NULL;
    d->d.alt_no = (u32)alt;
    d->seq = 0;
    return elab_alternate(e, f, r, c, out);
}

bool tab_decide(struct elab *e, struct frame *f, const struct gram_rule *r, struct enode *d, struct val *out)
{
    struct tab *b = e->tab;
    if (!b->begun)
        return entry(e, f, r, d, out);
    if (!d->follows)
        d->call = b->ncall++;
    struct tstate *s = d->follows ? arrive(e, T_FOLLOW, d, d->list->call) : arrive(e, T_CALL, d, d->call);
    if (!s)
        return false;
    if (b->stop)
        return (s->sym = typed_sym(b->t, r, f)) ? false : tab_cannot(e);
    *out = *answer_val(b);
    return true;
}

bool tab_choose(struct elab *e, struct frame *f, struct enode *d, const struct acases *c, const struct opt_val *ov, struct val *out)
{
    struct tab *b = e->tab;
    u64 alt = d->d.alt_no;
    b->chooses = true;
    if (!d->follows) {
        struct tstate *s = arrive(e, T_CHOICE, d, 0);
        if (!s)
            return false;
        if (b->stop)
            return (s->choice = make_choice(e, NULL, c, d->d.at)) ? false : tab_cannot(e);
        if (b->nopen == MOST_OPEN)
            return tab_cannot(e);
        alt = answer_alt(b);
        b->open[++b->nopen] = d;
    } else if (alt >= c->n) {
        return false;
    }
    struct enode *home = f->draw;
    d->taken = &c->at[alt];
    d->d.alt = c->at[alt].opt;
    d->d.alt_no = (u32)alt;
    d->seq = 0;
    if (c->at[alt].nvar) {
        *out = c->at[alt].var[0];
    } else {
        f->draw = d;
        bool ok = elab_eval(e, f, ov[alt].opt->kid[ov[alt].opt->nkid - 1], out);
        f->draw = home;
        if (!ok)
            return false;
    }
    d->chosen = *out;
    if (d->follows)
        return true;
    if (!arrive(e, T_CLOSE, NULL, 0))
        return false;
    b->nopen--;
    return true;
}

bool tab_once(struct elab *e, enum tab_once what, u32 use)
{
    static const u8 kind[] = {T_ONCE, T_ONCE_END, T_AGAIN};
    return arrive(e, kind[what], NULL, use) != NULL;
}

/* ---- filling ---- */

static struct tstate *ended(struct elab *e, bool ok, const struct val *v)
{
    struct tab *b = e->tab;
    const struct tcost *cost = NULL;
    const struct tval *result = NULL;
    if (b->stop && !b->slow)
        return b->made;
    struct tsite site;
    memset(&site, 0, sizeof(site));
    site.nest_most = (u16)e->nest_most;
    b->slow |= e->halt;
    if (!b->slow && ok && (!(result = typed_val(b->t, v)) || !take_cost(e, &cost)))
        b->slow = true;
    if (b->stop) {              /* the state where it was to stop is not one */
        b->last->kind = T_SLOW;
        return b->made;
    }
    if (!ok && !b->slow && !b->made && e->steps - b->steps <= FAIL_STEPS) {
        struct tstate **s = &b->t->fail[b->nopen];
        if (!*s) {
            *s = NEW(b->t->a, struct tstate);
            (*s)->kind = T_FAIL;
            (*s)->level = (u8)b->nopen;
            (*s)->steps = FAIL_STEPS;
        }
        return *s;
    }
    struct tstate *s = new_state(e, b->slow ? T_SLOW : ok ? T_DONE : T_FAIL, typed_site(b->t, &site));
    s->cost = cost;
    s->result = result;
    return b->made;
}

struct tstate *typed_fill(struct typed *t, struct tsym *sym, struct tstate *from, u64 alt, const struct tval *on)
{
    struct tstate *path[T_MOST_WAY];
    struct elab e;
    struct chooser none = {0};
    struct arena_mark m = arena_mark(t->scratch);
    u32 n = 0;
    for (struct tstate *s = from; s; s = s->up)
        n++;
    if (n >= T_MOST_WAY) {      /* evaluating it anew for each draw would take too long */
        struct tstate *s = NEW(t->a, struct tstate);
        s->kind = T_SLOW;
        return s;
    }
    struct tab b = {.t = t, .sym = sym, .path = path, .npath = n, .from = from, .alt = alt, .on = on};
    for (struct tstate *s = from; s; s = s->up)
        path[--n] = s;
    elab_begin(&e, t->scratch, t->g, &none, NULL);
    e.tab = &b;
    e.nlevel = 1;
    struct val v;
    bool ok;
    if (sym->frame) {
        const struct gram_rule *r = sym->rule;
        struct frame *f = elab_frame(&e, r->nslot, NULL);
        memcpy(f, sym->frame, sizeof(*f) + sym->frame->nslot * sizeof(struct val));
        f->nslot = r->nslot;
        struct enode *d = NEW(t->scratch, struct enode);
        d->d.rule = r;
        d->d.rules = r->set;
        d->d.at = r->ast;
        d->d.depth = sym->depth ? sym->depth - 1 : 0;
        d->frame = f;
        f->draw = d;
        ok = elab_decide(&e, f, r, d, &v);
    } else {
        struct enode *root;
        ok = elab_body(&e, sym->rule, NULL, &root, &v);
    }
    struct tstate *s = ended(&e, ok, &v);
    arena_reset(t->scratch, m);
    return s;
}
