/* fit_group.c - which weights there are to estimate: the rules and chooses of the module whose weights are constants. */
#include "grammar/fit_group.h"
#include "grammar/gram_load.h"

str fit_var_name(const struct gram_alt *alt, u32 k)
{
    for (u32 i = 0; i < alt->fors->nkid; i++) {
        const struct ast *pat = alt->fors->kid[i]->kid[0];
        if (k < pat->nkid)
            return pat->kid[k]->text;
        k -= pat->nkid;
    }
    return NULL;
}

static bool same_val(const struct val *a, const struct val *b)
{
    if (a->kind != b->kind)
        return false;
    return a->kind == V_STR ? a->s == b->s : num_cmp(val_get(*a), val_get(*b)) == 0;
}

static bool told_apart(const struct fit *f, u32 first, u32 n, u32 by)
{
    for (u32 i = 0; i < n; i++)
        for (u32 j = 0; j < i; j++) {
            const struct acase *a = f->weight.at[first + i].of, *b = f->weight.at[first + j].of;
            bool same = true;
            for (u32 k = 0; k < a->nvar; k++)
                if (by >> k & 1)
                    same = same && same_val(&a->var[k], &b->var[k]);
            if (same)
                return false;
        }
    return true;
}

u32 fit_tells(const struct fit *f, u32 first, u32 n)
{
    const struct acase *c = f->weight.at[first].of;
    u32 all = 0, strings = 0;
    for (u32 k = 0; k < c->nvar; k++) {
        bool num = true, text = true;
        for (u32 i = 0; i < n; i++) {
            num = num && f->weight.at[first + i].of->var[k].kind == V_NUM;
            text = text && f->weight.at[first + i].of->var[k].kind == V_STR;
        }
        all |= (u32)num << k;
        strings |= (u32)text << k;
    }
    for (u32 pass = 0; pass < 2; pass++, all |= strings) {
        for (u32 k = 0; k < c->nvar; k++)
            if (all >> k & 1 && told_apart(f, first, n, 1u << k))
                return 1u << k;
        if (all && told_apart(f, first, n, all))
            return all;
    }
    return 0;
}

u32 fit_run_of(const struct fit *f, const struct fit_group *g, u32 i)
{
    u32 n = 1;
    const struct fit_weight *w = &f->weight.at[g->first + i];
    while (i + n < g->n && (g->rule ? w[n].of->alt == w->of->alt : w[n].opt == w->opt))
        n++;
    return n;
}

/* ---- rules ---- */

static void add_weight(struct fit *f, struct fit_weight w)
{
    vec_push(f->a, &f->weight, w);
    f->group.at[f->group.n - 1].n++;
}

/* Cases of one alternative and member come one after the other, one for each alternative of its inline rule. */
static void rule_weights(struct fit *f, const struct acases *c, struct fit_rule *r)
{
    r->n = c->n;
    r->at = NEW_ARRAY(f->a, struct fit_case, c->n + 1);
    for (u32 i = 0; i < c->n; i++) {
        bool again = i && c->at[i].alt == c->at[i - 1].alt && c->at[i].var == c->at[i - 1].var;
        if (!again)
            add_weight(f, (struct fit_weight){.of = &c->at[i]});
        f->weight.at[f->weight.n - 1].w += c->weight[i];
        r->at[i] = (struct fit_case){f->weight.n - 1, FIT_NONE, 1};
    }
}

static bool members_told_apart(const struct fit *f, const struct fit_group *g)
{
    for (u32 i = 0, n; i < g->n; i += n) {
        n = fit_run_of(f, g, i);
        if (n > 1 && !fit_tells(f, g->first + i, n))
            return false;
    }
    return true;
}

static void add_rule(struct fit *f, const struct gram_rule *r)
{
    struct fit_group g = {.rule = r, .first = f->weight.n};
    struct fit_rule *at = &f->rule[r->serial];
    g.keep = r->module != f->m ? KEEP_MODULE : r->cache ? KEEP_NOT : KEEP_DEPENDS;
    if (r->form != RF_RULE)
        return;
    vec_push(f->a, &f->group, g);
    at->group = f->group.n;
    if (g.keep)
        return;
    rule_weights(f, r->cache, at);
    struct fit_group *now = &f->group.at[f->group.n - 1];
    if (!members_told_apart(f, now))
        now->keep = KEEP_MEMBERS;
}

/* An inline rule's weights, seen from its hosts: a host that is kept keeps it, too. */
static void inline_rules(struct fit *f)
{
    for (u32 i = 0; i < f->group.n; i++) {
        const struct fit_group *g = &f->group.at[i];
        for (u32 k = 0; g->rule && g->keep && g->keep != KEEP_MODULE && k < g->rule->nalt; k++)
            if (g->rule->alt[k].inline_of) {
                struct fit_rule *in = &f->rule[g->rule->alt[k].inline_of->overload.at[0]->serial];
                if (in->group && !f->group.at[in->group - 1].keep)
                    f->group.at[in->group - 1].keep = KEEP_HOST;
            }
    }
    for (u32 i = 0; i < f->group.n; i++) {
        const struct fit_group *g = &f->group.at[i];
        const struct acases *c = g->rule ? g->rule->cache : NULL;
        struct fit_rule *r = g->rule ? &f->rule[g->rule->serial] : NULL;
        for (u32 k = 0; c && r->at && k < c->n; k++) {
            if (!c->at[k].inner)
                continue;
            const struct gram_rule *in = c->at[k].alt->inline_of->overload.at[0];
            const struct fit_rule *x = &f->rule[in->serial];
            u32 no = (u32)(c->at[k].inner - ((const struct acases *)in->cache)->at);
            if (x->group && !f->group.at[x->group - 1].keep)
                r->at[k].inner = x->at[no].host;
            else
                r->at[k].share = ((const struct acases *)in->cache)->weight[no];
        }
    }
}

/* ---- choose ---- */

static bool is_constant(const struct ast *n)
{
    if (n->kind == A_ID && n->bind.kind == BIND_LOCAL)
        return false;
    if (n->kind == A_ID && n->bind.kind == BIND_BUILTIN && n->bind.slot == BI_DEPTH)
        return false;
    for (u32 i = 0; i < n->nkid; i++)
        if (n->kid[i] && !is_constant(n->kid[i]))
            return false;
    return elab_is_pure(n);
}

static bool number(struct fit *f, const struct ast *n, struct num *v)
{
    str s = NULL;
    return is_constant(n) && elab_const(f->g, n, v, &s) && !s;
}

/* Weights of the options, settled as a draw does; false: they are no constants. */
static bool choose_weights(struct fit *f, const struct ast *opts)
{
    const struct fit_group *g = &f->group.at[f->group.n - 1];
    double given = 0;
    u32 rest = 0;
    for (u32 i = 0; i < opts->nkid; i++) {
        const struct ast *o = opts->kid[i];
        struct num lo, hi, w;
        i64 from, to;
        if (o->kind == A_RANGE) {
            if (!number(f, o->kid[0], &lo) || !number(f, o->kid[1], &hi) || !num_is_int(lo, &from) || !num_is_int(hi, &to) || to - from >= 100000)
                return false;
            for (; from <= to; from++, rest++)
                add_weight(f, (struct fit_weight){.w = -1, .opt = o, .member = from});
            continue;
        }
        const struct ast *weight = o->nkid == 2 ? o->kid[0] : NULL;
        struct fit_weight x = {.w = -1, .opt = o};
        if (weight && weight->kind != A_HOLE) {
            if (!number(f, weight, &w))
                return false;
            given += x.w = num_double(w);
        } else {
            rest++;
        }
        add_weight(f, x);
    }
    for (u32 i = 0; i < g->n; i++) {
        struct fit_weight *x = &f->weight.at[g->first + i];
        x->w = x->w < 0 ? MAX(1 - given, 0) / rest : rest || !(given > 0) ? x->w : x->w / given;
    }
    return true;
}

static void find_chooses(struct fit *f, const struct ast *n)
{
    if (!n || n->kind == A_RECIPE)
        return;
    if (n->kind == A_CHOOSE) {
        struct fit_group g = {.choose = n, .first = f->weight.n};
        vec_push(f->a, &f->group, g);
        f->choose[n->id] = f->group.n;
        if (!choose_weights(f, n->kid[0])) {
            struct fit_group *at = &f->group.at[f->group.n - 1];
            at->keep = KEEP_DEPENDS;
            f->weight.n = at->first;
            at->n = 0;
        }
    }
    for (u32 i = 0; i < n->nkid; i++)
        find_chooses(f, n->kid[i]);
}

static void each_rule(struct fit *f, void (*what)(struct fit *, const struct gram_rule *))
{
    for (u32 i = 0; i < f->g->module.n; i++)
        for (u32 k = 0; k < f->g->module.at[i]->decl.n; k++) {
            const struct gram_decl *d = f->g->module.at[i]->decl.at[k];
            const struct gram_rules *set = (const struct gram_rules *)d;
            for (u32 j = 0; d->kind == GD_RULES && j < set->overload.n; j++)
                what(f, set->overload.at[j]);
        }
}

static void count_rule(struct fit *f, const struct gram_rule *r)
{
    f->nrule = MAX(f->nrule, r->serial + 1);
}

void fit_find_groups(struct fit *f)
{
    each_rule(f, count_rule);
    f->rule = NEW_ARRAY(f->a, struct fit_rule, f->nrule + 1);
    each_rule(f, add_rule);
    inline_rules(f);
    f->nchoose = f->m->file->nnodes;
    f->choose = NEW_ARRAY(f->a, u32, f->nchoose + 1);
    find_chooses(f, f->m->file->root);
}
