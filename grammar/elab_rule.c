/* elab_rule.c - applying rules: attributes, overloads by argument types; and the space at the root. */
#include "grammar/elab.h"

enum fit { FIT_YES, FIT_NO, FIT_STOP };

static bool place_attrs(struct elab *e, const struct stage *st, const struct gram_rule *r, struct frame *f)
{
    const struct ast *attrs = r->ast->kid[RULE_ATTRS];
    u32 n = r->nattr, pos = 0;
    for (u32 i = 0; i < st->nattr; i++) {
        const struct sattr *s = &st->attr[i];
        u32 j = n;
        if (s->name) {
            for (j = 0; j < n && attrs->kid[j]->text != s->name; j++)
                ;
            if (j == n)
                return elab_wrong(e, E0306, s->loc, "`%s` has no attribute `%s`", r->set->d.name, s->name);
        } else if ((j = pos++) >= n) {
            return elab_wrong(e, E0306, s->loc, "`%s` takes %u attribute%s, this is number %u", r->set->d.name, n, n == 1 ? "" : "s", j + 1);
        }
        if (f->slot[j].kind != V_NONE)
            return elab_wrong(e, E0306, s->loc, "attribute `%s` of `%s` is given twice", attrs->kid[j]->text, r->set->d.name);
        f->slot[j] = s->v;
    }
    return true;
}

/* Defaults; late: those that read sizes of the arguments. */
static bool default_attrs(struct elab *e, const struct stage *st, const struct gram_rule *r, struct frame *f, bool late)
{
    const struct ast *attrs = r->ast->kid[RULE_ATTRS];
    for (u32 j = 0; j < r->nattr; j++) {
        const struct ast *a = attrs->kid[j];
        if (f->slot[j].kind != V_NONE || (a->bind.up != 0) != late)
            continue;
        if (!a->nkid || !a->kid[0])
            return elab_wrong(e, E0307, st->at->loc, "`%s` needs its attribute `%s`", r->set->d.name, a->text);
        if (!elab_eval(e, f, a->kid[0], &f->slot[j]))
            return false;
    }
    return true;
}

static enum fit fit(struct elab *e, const struct stage *st, const struct gram_rule *r, u32 narg, const struct val *arg, bool quiet, struct frame **out)
{
    struct frame *f = elab_frame(e, r->nslot, NULL);
    u32 n;
    *out = f;
    f->rule = r;
    f->draw = st->frame ? st->frame->draw : NULL;
    f->round = 0;
    if (r->nattr || st->nattr)
        if (!place_attrs(e, st, r, f) || !default_attrs(e, st, r, f, false))
            return e->halt ? FIT_STOP : FIT_NO;
    if (r->nparam) {
        if (!elab_spread(e, r->nparam, narg, arg, &n, &arg)) {
            if (quiet)
                return FIT_NO;
            elab_wrong(e, E0302, st->at->loc, "`%s` takes %u argument%s, not %u", r->set->d.name, r->nparam, r->nparam == 1 ? "" : "s", narg);
            return FIT_STOP;
        }
        const struct ast *params = r->ast->kid[RULE_PARAMS];
        for (u32 i = 0; i < r->nparam; i++) {
            const struct ast *p = params->kid[i];
            if (p->nkid && p->kid[0] && !elab_match(e, f, p->kid[0], arg[i], quiet))
                return e->halt ? FIT_STOP : FIT_NO;
            f->slot[r->nattr + i] = arg[i];
        }
    }
    if (r->nattr && !default_attrs(e, st, r, f, true))
        return e->halt ? FIT_STOP : FIT_NO;
    const struct ast *where = r->ast->kid[RULE_WHERE];
    for (u32 i = 0; where && i < where->nkid; i++) {
        bool ok;
        if (!elab_cond(e, f, where->kid[i], &ok))
            return e->halt ? FIT_STOP : FIT_NO;
        if (!ok) {
            if (!quiet)
                FAIL(e, E0507, where->kid[i]->loc, "this condition of `%s` does not hold", r->set->d.name);
            return FIT_NO;
        }
    }
    return FIT_YES;
}

static bool no_overload(struct elab *e, const struct gram_rules *set, u32 narg, const struct val *arg, const struct ast *at)
{
    if (!e->ds)
        return false;
    struct buf b = {0};
    for (u32 i = 0; i < narg; i++) {
        if (i)
            buf_puts(&b, ", ");
        if (arg[i].kind == V_TENSOR)
            type_print(&b, e->types, arg[i].type, false);
        else
            buf_puts(&b, val_kind_name(&arg[i]));
    }
    u32 before = e->ds->all.n;
    elab_fail(e, E0514, at->loc, "no `%s` applies to %s", set->d.name, b.at ? b.at : "()");
    if (e->ds->all.n > before)
        for (u32 i = 0; i < set->overload.n; i++)
            diag_label(e->ds, e->ds->all.at[before], set->overload.at[i]->ast->loc, "this one does not");
    buf_free(&b);
    return false;
}

/* The other place of a refusal that was found in a signature. */
static bool applied_here(struct elab *e, u32 before, const struct gram_rules *set, const struct ast *at)
{
    if (e->ds && e->ds->all.n > before)
        diag_label(e->ds, e->ds->all.at[before], at->loc, "`%s` is applied here", set->d.name);
    return false;
}

bool stage_is_nullary(const struct stage *st)
{
    const struct gram_rule *r = st->rules->overload.at[0];
    return r->nparam == 0 && r->yield != RY_STAGE;
}

static bool apply_fitted(struct elab *e, const struct stage *st, const struct gram_rule *r, struct frame *f, struct val *out)
{
    struct enode *home = f->draw;
    if (r->inline_ && e->rec && !elab_record_knows(e, home))
        return elab_record_refuse(e);
    if (r->inline_ && home && home->taken && home->taken->inner && home->taken->alt->inline_of == r->set) {
        struct acase c = *home->taken->inner;
        home->inner = f;
        return elab_alternate(e, f, r, &c, out);
    }
    if (!r->draws) {
        struct acase c = {.alt = &r->alt[0]};
        return elab_alternate(e, f, r, &c, out);
    }
    struct enode *d = elab_new_draw(e, st->frame, st->at, st->label, r, st->at->loc);
    return d && elab_decide(e, f, r, d, out);
}

static bool apply_rule(struct elab *e, const struct stage *st, u32 narg, const struct val *arg, const struct ast *at, struct val *out)
{
    const struct gram_rules *set = st->rules;
    const struct gram_rule *r = NULL;
    struct frame *f = NULL;
    bool several = set->overload.n > 1;
    u32 nparam = set->overload.at[0]->nparam;
    if (nparam == 0 && narg && set->overload.at[0]->yield != RY_STAGE)
        return elab_wrong(e, E0302, at->loc, "`%s` takes no arguments", set->d.name);
    u32 before = e->ds ? e->ds->all.n : 0;
    for (u32 i = 0; i < set->overload.n && !r; i++) {
        enum fit how = fit(e, st, set->overload.at[i], narg, arg, several, &f);
        if (how == FIT_STOP)
            return false;
        if (how == FIT_YES)
            r = set->overload.at[i];
    }
    if (!r)
        return several ? no_overload(e, set, narg, arg, at) : applied_here(e, before, set, at);
    struct val v;
    bool ok = apply_fitted(e, st, r, f, nparam == 0 && narg ? &v : out);
    if (!ok || nparam || !narg)
        return ok;
    if (v.kind != V_STAGE)
        return elab_wrong(e, E0301, at->loc, "`%s` gave %s: that does not apply to anything", set->d.name, val_kind_name(&v));
    return elab_apply(e, v.stage, narg, arg, at, out);
}

static bool eval_net(struct elab *e, const struct elab_known *k, const struct val *arg, struct val *out)
{
    return apply_rule(e, k->stage, k->narg, arg, k->at, out);
}

/* A net that draws nothing may be known for these arguments. */
bool elab_apply_rule(struct elab *e, const struct stage *st, u32 narg, const struct val *arg, const struct ast *at, struct val *out)
{
    str prefix = e->prefix;
    if ((e->build || e->rec) && st->label && !e->skip_prefix)
        e->prefix = elab_prefixed(e, st->label);
    e->skip_prefix = false;
    enum elab_how how = ELAB_EVALUATE;
    if (!e->plain && elab_net_is_plain(st->rules)) {
        struct elab_known k = {.of = st->rules, .nattr = st->nattr, .attr = st->attr, .narg = narg, .arg = arg, .eval = eval_net, .stage = st, .at = at};
        how = elab_known(e, &k, at->loc, out);
    }
    bool ok = how == ELAB_EVALUATE ? apply_rule(e, st, narg, arg, at, out) : how == ELAB_YES;
    e->prefix = prefix;
    return ok;
}

/* ---- the root ---- */

bool elab_root(struct elab *e, const struct gram_rule *space, struct enode *forced, struct enode **root, struct val *out)
{
    struct frame *f = elab_frame(e, space->nslot, NULL);
    f->rule = space;
    e->space = space;
    e->space_frame = f;
    const struct ast *attrs = space->ast->kid[RULE_ATTRS];
    for (u32 i = 0; i < space->nattr; i++) {
        const struct ast *a = attrs->kid[i];
        const struct num *v = gram_override_num(e->g, a->text);
        if (v) {
            f->slot[i] = val_num(e, *v);
        } else if (!a->nkid || !a->kid[0]) {
            return elab_wrong(e, E0307, a->loc, "attribute `%s` of the entry point `%s` has no value: give one with -D %s=..", a->text,
                              space->set->d.name, a->text);
        } else if (!elab_eval(e, f, a->kid[0], &f->slot[i])) {
            return false;
        }
    }
    if (!elab_limits(e, f) || !elab_space_inputs(e, false))
        return false;
    if (e->tab)
        tab_limits(e);
    struct frame top = {0};
    struct enode *d = elab_new_draw(e, &top, space->ast, NULL, space, space->ast->loc);
    *root = d;
    if (forced) {
        elab_follow(d, forced);
        d->d.alt_no = forced->d.alt_no;
        d->d.p = forced->d.p;
    }
    f->draw = d;
    d->frame = f;
    if (!elab_decide(e, f, space, d, out))
        return false;
    const struct ast *where = space->ast->kid[RULE_WHERE];
    for (u32 i = 0; where && i < where->nkid; i++) {
        bool ok;
        if (!elab_cond(e, f, where->kid[i], &ok))
            return false;
        if (!ok)
            return FAIL(e, E0507, where->kid[i]->loc, "this condition of the space does not hold");
    }
    return true;
}

bool elab_space_inputs(struct elab *e, bool must)
{
    const struct gram_rule *r = e->space;
    const struct ast *params = r->ast->kid[RULE_PARAMS];
    for (; e->ninput < r->nparam; e->ninput++) {
        const struct ast *p = params->kid[e->ninput];
        if (!p->nkid || !p->kid[0])
            return elab_wrong(e, E0309, p->loc, "input `%s` of an entry point has a type: `%s: [3, 32, 32]`", p->text, p->text);
        bool pending = false;
        type_id t = elab_make_type(e, e->space_frame, p->kid[0], &pending);
        if (!t) {
            if (pending && must)
                return elab_wrong(e, E0309, p->loc, "the type of input `%s` depends on a name that has no value yet", p->text);
            return pending && !must;
        }
        struct val v = {.kind = V_TENSOR, .type = t, .level = 1};
        if (e->build)
            v.ref = ab_param_entry(e->build, t);
        e->space_frame->slot[r->nattr + e->ninput] = v;
    }
    return true;
}

