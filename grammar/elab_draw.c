/* elab_draw.c - the draw: a node of the derivation, decided by the chooser or by what was drawn before.
 *
 * With a retrying chooser an alternative that leads nowhere is undone and taken out, and the chooser asked
 * again; when none is left the draw itself is a dead end. */
#include "grammar/elab.h"

static struct enode *real_draw(struct enode *d)
{
    while (d && d->holder)
        d = d->parent;
    return d;
}

static void attach(struct elab *e, struct enode *home, struct enode *d)
{
    if (home->holder && !home->attached) {
        home->attached = true;
        attach(e, home->parent, home);
    }
    d->prev = home->last;
    if (home->last)
        home->last->next = d;
    else
        home->first = d;
    home->last = d;
    elab_trail(e, TR_CHILD, home, NULL);
}

/* From n on, the first that is a draw: what hangs under a holder comes in its place. */
static struct enode *draw_from(struct enode *n, const struct enode *list)
{
    for (;;) {
        if (!n || !n->holder)
            return n;
        if (n->first) {
            n = n->first;
            continue;
        }
        while (!n->next && n->parent != list && n->parent->holder)
            n = n->parent;
        n = n->next;
    }
}

static struct enode *draw_after(struct enode *n, const struct enode *list)
{
    while (!n->next && n->parent && n->parent != list && n->parent->holder)
        n = n->parent;
    return draw_from(n->next, list);
}

void elab_follow(struct enode *d, struct enode *decided)
{
    d->follows = true;
    d->list = decided;
    d->cursor = draw_from(decided->first, decided);
}

/* The next draw that was decided before, where home's are.  A holder that is not itself being followed
 * takes them from its parent. */
static struct enode *next_decided(struct elab *e, struct enode *home, bool *follows)
{
    while (home->holder && !home->follows)
        home = home->parent;
    *follows = home->follows;
    struct enode *n = home->follows ? home->cursor : NULL;
    if (n) {
        elab_trail(e, TR_CURSOR, home, n);
        home->cursor = draw_after(n, home->list);
    }
    return n;
}

struct enode *elab_new_draw(struct elab *e, struct frame *ff, const struct ast *at, str label, const struct gram_rule *r, struct loc loc)
{
    struct enode *home = ff->draw;
    if (e->rec)
        return elab_record_refuse(e), NULL;
    struct enode *d = NEW(e->a, struct enode);
    d->parent = home;
    d->d.at = at;
    d->d.label = label;
    d->d.round = ff->round;
    d->d.rule = r;
    d->d.rules = r ? r->set : NULL;
    d->order = e->order++;
    if (!home) {
        d->path = 1;
        return d;
    }
    bool deeper = !r || r->form == RF_RULE;
    d->d.depth = home->d.depth + deeper;
    d->step = ((u64)home->d.alt_no << 32) + home->seq++;
    d->path = path_mix(home->path, d->step);
    if (e->limits.depth && d->d.depth > e->limits.depth) {
        FAIL(e, E0509, loc, "a draw at depth %u: the limit is %llu", d->d.depth, (unsigned long long)e->limits.depth);
        return NULL;
    }
    bool follows;
    struct enode *decided = next_decided(e, home, &follows);
    if (follows) {
        if (!decided || decided->d.at != at || decided->d.rules != d->d.rules) {
            FAIL(e, E0511, loc, "what was drawn before does not fit here: another draw is needed at these types");
            return NULL;
        }
        elab_follow(d, decided);
        d->d.alt_no = decided->d.alt_no;
        d->d.p = decided->d.p;
    }
    attach(e, home, d);
    if (d->d.depth > e->depth)
        e->depth = d->d.depth;
    return d;
}

struct pick {
    struct enode *d;
    struct acases cases;
    bool *tried;
    u32 attempt;
};

/* The alternative to try: decided before, or asked for. -1: none. */
static int pick_next(struct elab *e, struct pick *p)
{
    struct enode *d = p->d, *parent = d->parent ? real_draw(d->parent) : NULL;
    if (d->follows) {
        if (p->attempt++ || d->d.alt_no >= p->cases.n)
            return -1;
        return (int)d->d.alt_no;
    }
    struct choice c = {.draw = &d->d, .n = p->cases.n, .weight = p->cases.weight, .tried = p->tried, .path = d->path,
                       .attempt = p->attempt++, .parent = parent ? &parent->d : NULL, .elab = &(struct elab_choice){e, d, &p->cases}};
    int i = e->chooser->pick(e->chooser->ctx, &c);
    CHECK(i < (int)p->cases.n);
    return i;
}

static bool dead_end(struct elab *e, struct enode *d, struct loc loc)
{
    if (e->ds && !d->follows && (e->chooser->retries || d->d.alt == NULL))
        elab_fail(e, E0510, loc, "no alternative of `%s` is left here", d->d.rules ? d->d.rules->d.name : "choose");
    return false;
}

static bool check_result(struct elab *e, struct frame *f, const struct gram_rule *r, const struct val *v)
{
    const struct ast *t = r->ast->kid[RULE_TYPE];
    return !t || elab_match(e, f, t, *v, false);
}

bool elab_alternate(struct elab *e, struct frame *f, const struct gram_rule *r, const struct acase *c, struct val *out)
{
    elab_set_family(f, c);
    const struct ast *where = c->alt->where;
    for (u32 i = 0; where && i < where->nkid; i++) {
        bool ok;
        if (!elab_cond(e, f, where->kid[i], &ok))
            return false;
        if (!ok)
            return FAIL(e, E0507, where->kid[i]->loc, "the condition of this alternative does not hold");
    }
    return elab_eval(e, f, c->alt->expr, out) && check_result(e, f, r, out);
}

static bool eval_alternative(struct elab *e, const struct elab_known *k, const struct val *arg, struct val *out)
{
    struct frame *f = k->frame;
    u32 n = k->rule->nslot;
    struct val *was = arena_dup(e->a, f->slot, n * sizeof(*was));
    if (k->narg)
        memcpy(f->slot, arg, k->narg * sizeof(*arg));
    bool ok = elab_alternate(e, f, k->rule, k->c, out);
    if (k->nslot)               /* what it bound, for the fragment */
        memcpy(k->slot, f->slot + k->narg, k->nslot * sizeof(*was));
    if (n)
        memcpy(f->slot, was, n * sizeof(*was));
    return ok;
}

/* An alternative of a draw: one that draws nothing may be known for these arguments. */
static bool alternate(struct elab *e, struct frame *f, const struct gram_rule *r, const struct acase *c, struct enode *d, struct val *out)
{
    u32 narg = r->nattr + r->nparam;
    if (e->plain || !r->cache || !elab_is_terminal(c))
        return elab_alternate(e, f, r, c, out);
    struct val *slot = NEW_ARRAY(e->a, struct val, r->nslot - narg + 1);
    struct elab_known k = {.of = r, .alt = d->d.alt_no, .narg = narg, .arg = f->slot, .nslot = r->nslot - narg, .slot = slot, .home = d,
                           .eval = eval_alternative, .frame = f, .rule = r, .c = c};
    enum elab_how how = elab_known(e, &k, d->d.at->loc, out);
    if (how == ELAB_EVALUATE)
        return elab_alternate(e, f, r, c, out);
    if (how == ELAB_YES && k.nslot)
        memcpy(f->slot + narg, slot, k.nslot * sizeof(*slot));
    return how == ELAB_YES;
}

/* An alternative that is known not to evaluate counts as tried and undone, as if it had been. */
static void charge(struct elab *e)
{
    e->tried++;
    e->steps++;
    if (++e->wasted > e->most_wasted)
        e->halt = e->over_work = true;
}

/* Asks the chooser whether what was just evaluated is to be undone and decided again; that counts as no waste: choosers
 * that ask for it have bounds of their own. */
static bool decide_again(struct elab *e, struct enode *d, bool ok, const struct val *out, const struct emark *m)
{
    if (!e->chooser->again || d->follows || e->hard || !e->chooser->again(e->chooser->ctx, &d->d, ok ? out : NULL, e->steps - m->steps))
        return false;
    elab_undo(e, m);
    e->steps = m->steps;
    e->tried = m->tried;
    e->wasted = m->wasted;
    e->halt = e->over_work = false;
    return true;
}

/* Alternatives that cannot end above the limit of depth are no alternatives. */
static void leave_out_deep(struct elab *e, struct frame *f, const struct gram_rule *r, struct pick *p)
{
    u32 depth = p->d->d.depth;
    if (!e->limits.depth || r->form == RF_SPACE || depth + elab_most_need(e->g, r) <= e->limits.depth || !elab_args_are_values(r, f))
        return;
    for (u32 i = 0; i < p->cases.n; i++)
        p->tried[i] = depth + elab_need(e->g, &p->cases.at[i]) > e->limits.depth;
}

bool elab_decide(struct elab *e, struct frame *f, const struct gram_rule *r, struct enode *d, struct val *out)
{
    struct pick p = {.d = d};
    f->draw = d;
    d->frame = f;
    if (e->tab)
        return tab_decide(e, f, r, d, out);
    if (e->chooser->decide && !d->follows) {
        bool mine = false, ok = e->chooser->decide(e->chooser->ctx, e, f, r, d, out, &mine);
        if (mine)
            return ok;
    }
    if (!elab_cases(e, f, r, &p.cases))
        return false;
    bool retries = e->chooser->retries && !d->follows;
    struct val *saved = NULL;
    u32 depth_was = e->depth;
    u64 *dead = NULL;
    if (retries) {
        p.tried = NEW_ARRAY(e->a, bool, p.cases.n + 1);
        dead = elab_dead(e, f, r, p.cases.n);
        leave_out_deep(e, f, r, &p);
        if (r->nslot)       /* sizes and lets of an alternative that fails go with its memory */
            saved = arena_dup(e->a, f->slot, r->nslot * sizeof(*saved));
    } else if (!d->follows) {
        p.tried = NEW_ARRAY(e->a, bool, p.cases.n + 1);
        if (!e->chooser->mute)
            elab_attr_vars(e, d);
        if (e->chooser->again && r->nslot)
            saved = arena_dup(e->a, f->slot, r->nslot * sizeof(*saved));
    }
    for (;;) {
        int i = pick_next(e, &p);
        if (i < 0)
            return dead_end(e, d, d->d.at->loc);
        const struct acase *c = &p.cases.at[i];
        if (dead && *dead >> i & 1) {
            charge(e);
            p.tried[i] = true;
            if (e->halt)
                return false;
            continue;
        }
        struct emark m = elab_mark(e);
        e->tried = m.tried + !d->follows;
        d->taken = c;
        d->inner = NULL;
        d->d.alt = c->alt->ast;
        d->d.inner = c->inner ? c->inner->alt->ast : NULL;
        d->d.alt_no = (u32)i;
        d->d.p = d->follows ? d->d.p : p.cases.weight[i];
        d->seq = 0;
        e->bounded = false;
        bool ok = alternate(e, f, r, c, d, out);
        if (decide_again(e, d, ok, out, &m)) {
            e->depth = MAX(depth_was, d->d.depth);
            if (saved)
                memcpy(f->slot, saved, r->nslot * sizeof(*saved));
            continue;
        }
        if (ok) {
            d->chosen = *out;
            return true;
        }
        if (e->halt || !retries)
            return false;
        elab_undo(e, &m);
        if (dead && elab_is_terminal(c)) {
            if (!e->bounded)
                *dead |= (u64)1 << i;
            e->steps = m.steps + 1;     /* not what it took: that would show what was known */
        }
        if (e->halt)
            return false;
        e->depth = MAX(depth_was, d->d.depth);
        if (saved)
            memcpy(f->slot, saved, r->nslot * sizeof(*saved));
        p.tried[i] = true;
    }
}

/* ---- choose ---- */

static bool choose_recipe(struct elab *e, struct frame *f, const struct acases *c, const struct opt_val *o, struct val *out)
{
    double u = e->chooser->unit ? e->chooser->unit(e->chooser->ctx, path_mix(0x7265636970650000u, ++e->nunit)) : 0, sum = 0;
    u32 i = 0, last = 0;
    for (; i < c->n; i++) {
        if (c->weight[i] > 0)
            last = i;
        sum += c->weight[i];
        if (u < sum)
            break;
    }
    if (i == c->n)
        i = last;
    if (c->at[i].nvar)
        *out = c->at[i].var[0];
    else if (!elab_eval(e, f, o[i].opt->kid[o[i].opt->nkid - 1], out))
        return false;
    return true;
}

static bool choose_cases(struct elab *e, struct frame *f, const struct ast *n, struct acases *c, struct opt_val **ov)
{
    u32 k;
    if (!elab_opts(e, f, n->kid[0], false, &k, ov))
        return false;
    struct acase *at = NEW_ARRAY(e->a, struct acase, k + 1);
    double *w = NEW_ARRAY(e->a, double, k + 1);
    bool *rest = NEW_ARRAY(e->a, bool, k + 1);
    for (u32 i = 0; i < k; i++) {
        const struct opt_val *o = &(*ov)[i];
        at[i].opt = o->opt;
        if (o->v.kind != V_NONE) {
            at[i].nvar = 1;
            at[i].var = &o->v;
        }
        rest[i] = !o->weight || o->weight->kind == A_HOLE;
        w[i] = 1;
        if (!rest[i]) {
            struct num x;
            if (!elab_num(e, f, o->weight, &x))
                return false;
            w[i] = num_double(x);
            if (!(w[i] >= 0))
                return elab_wrong(e, E0602, o->weight->loc, "a weight is at least 0, not %g", w[i]);
        }
    }
    if (!elab_settle(e, n->loc, k, w, rest))
        return false;
    *c = (struct acases){k, at, w};
    return true;
}

bool elab_choose(struct elab *e, struct frame *f, const struct ast *n, const struct ast *label, struct val *out)
{
    struct pick p = {0};
    struct opt_val *ov;
    struct enode *home = f->draw;
    if (e->in_recipe)
        return choose_cases(e, f, n, &p.cases, &ov) && choose_recipe(e, f, &p.cases, ov, out);
    struct enode *d = elab_new_draw(e, f, label, label->kind == A_LABEL ? label->text : NULL, NULL, n->loc);
    if (!d || !choose_cases(e, f, n, &p.cases, &ov))
        return false;
    p.d = d;
    d->frame = f;
    if (e->tab)
        return tab_choose(e, f, d, &p.cases, ov, out);
    p.tried = NEW_ARRAY(e->a, bool, p.cases.n + 1);
    u32 depth_was = e->depth;
    for (;;) {
        int i = pick_next(e, &p);
        if (i < 0)
            return dead_end(e, d, n->loc);
        struct emark m = elab_mark(e);
        e->tried = m.tried + !d->follows;
        d->taken = &p.cases.at[i];
        d->d.alt = p.cases.at[i].opt;
        d->d.alt_no = (u32)i;
        if (!d->follows)
            d->d.p = p.cases.weight[i];
        d->seq = 0;
        bool ok = true;
        if (p.cases.at[i].nvar) {
            *out = p.cases.at[i].var[0];
        } else {
            f->draw = d;                /* what the option mentions is drawn under it */
            ok = elab_eval(e, f, ov[i].opt->kid[ov[i].opt->nkid - 1], out);
            f->draw = home;
        }
        if (ok)
            d->chosen = *out;
        if (decide_again(e, d, ok, out, &m)) {
            e->depth = depth_was;
            continue;
        }
        if (ok)
            return true;
        if (e->halt || d->follows || !e->chooser->retries)
            return false;
        elab_undo(e, &m);
        if (e->halt)
            return false;
        e->depth = depth_was;
        p.tried[i] = true;
    }
}

