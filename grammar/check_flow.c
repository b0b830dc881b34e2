/* check_flow.c - weights that are constants, rules that cannot end, what no entry point reaches, what is never used. */
#include "grammar/check.h"

/* ---- termination: least fixpoint of "can be derived to the end" ---- */

struct productive { const struct gram_rules **at; u32 n, cap; };

static bool is_productive(const struct productive *p, const struct gram_rules *s)
{
    for (u32 i = 0; i < p->n; i++)
        if (p->at[i] == s)
            return true;
    return false;
}

/* Can this expression be evaluated when only the rules of p end?  `if` needs one branch, choose one option. */
static bool ends(const struct productive *p, const struct ast *n)
{
    if (!n)
        return true;
    if (n->kind == A_IF)
        return ends(p, n->kid[0]) && (ends(p, n->kid[1]) || ends(p, n->kid[2]));
    if (n->kind == A_OPTS) {
        bool any = n->nkid == 0;
        for (u32 i = 0; i < n->nkid; i++)
            any |= ends(p, n->kid[i]);
        return any;
    }
    if ((n->kind == A_ID || n->kind == A_FIELD) && n->bind.kind == BIND_RULE)
        return is_productive(p, n->bind.ptr);
    for (u32 i = 0; i < n->nkid; i++)
        if (!ends(p, n->kid[i]))
            return false;
    return true;
}

static bool rule_ends(const struct productive *p, const struct gram_rule *r)
{
    for (u32 i = 0; i < r->nalt; i++)
        if (ends(p, r->alt[i].expr))
            return true;
    return false;
}

static void check_termination(struct gram *g)
{
    struct productive p = {0};
    for (bool more = true; more;) {
        more = false;
        for (u32 i = 0; i < g->module.n; i++)
            for (u32 k = 0; k < g->module.at[i]->decl.n; k++) {
                struct gram_rules *s = (struct gram_rules *)g->module.at[i]->decl.at[k];
                if (s->d.kind != GD_RULES || is_productive(&p, s))
                    continue;
                bool any = false;
                for (u32 j = 0; j < s->overload.n; j++)
                    any |= rule_ends(&p, s->overload.at[j]);
                if (any) {
                    vec_push(g->a, &p, s);
                    more = true;
                }
            }
    }
    for (u32 i = 0; i < g->module.n; i++)
        for (u32 k = 0; k < g->module.at[i]->decl.n; k++) {
            struct gram_rules *s = (struct gram_rules *)g->module.at[i]->decl.at[k];
            if (s->d.kind != GD_RULES || is_productive(&p, s))
                continue;
            struct diag *d = diag_add(g->ds, E0603, s->d.loc, "no derivation of `%s` ends: every alternative mentions a rule that does not", s->d.name);
            diag_hint(g->ds, d, "give it an alternative without such a mention, or end the recursion with `if`");
        }
}

/* ---- reach ---- */

static void reach(const struct ast *n, struct productive *seen, struct arena *a)
{
    if (!n)
        return;
    if (n->bind.kind == BIND_RULE) {
        const struct gram_rules *s = n->bind.ptr;
        if (!is_productive(seen, s)) {
            vec_push(a, seen, s);
            for (u32 i = 0; i < s->overload.n; i++)
                reach(s->overload.at[i]->ast, seen, a);
        }
    }
    for (u32 i = 0; i < n->nkid; i++)
        reach(n->kid[i], seen, a);
}

static void check_reach(struct gram *g)
{
    struct gram_module *m = g->module.at[g->module.n - 1];
    struct productive seen = {0};
    bool space = false;
    for (u32 i = 0; i < m->decl.n; i++) {
        struct gram_rules *s = (struct gram_rules *)m->decl.at[i];
        if (s->d.kind != GD_RULES || s->overload.at[0]->form == RF_RULE)
            continue;
        space |= s->overload.at[0]->form == RF_SPACE;
        vec_push(g->a, &seen, s);
        for (u32 k = 0; k < s->overload.n; k++)
            reach(s->overload.at[k]->ast, &seen, g->a);
    }
    if (!space)                 /* a library */
        return;
    for (u32 i = 0; i < m->decl.n; i++) {
        struct gram_decl *d = m->decl.at[i];
        if (d->kind == GD_RULES && !is_productive(&seen, (struct gram_rules *)d))
            diag_add(g->ds, W0601, d->loc, "no space or net reaches the rule `%s`", d->name);
        if (d->kind == GD_OPS && !d->used)
            diag_add(g->ds, W0201, d->loc, "the op `%s` is never used", d->name);
    }
}

static void check_imports(struct gram *g)
{
    struct gram_module *m = g->module.at[g->module.n - 1];
    for (u32 i = 0; i < m->import.n; i++) {
        const struct gram_import *im = &m->import.at[i];
        bool arch = false;
        for (u32 k = 0; k < m->decl.n; k++)
            arch |= m->decl.at[k]->kind == GD_ARCH || m->decl.at[k]->kind == GD_TEXT;
        if (!im->used && !arch && m->decl.n)
            diag_add(g->ds, W0201, im->ast->loc, "nothing of `%s` is used", im->module->name);
    }
}

/* ---- choose ---- */

static void check_choose(struct gram *g, const struct ast *n)
{
    if (!n)
        return;
    if (n->kind == A_CHOOSE) {
        const struct ast *o = n->kid[0];
        double sum = 0;
        bool rest = false, fixed = true;
        for (u32 i = 0; i < o->nkid; i++) {
            const struct ast *w = o->kid[i]->kind == A_OPT && o->kid[i]->nkid == 2 ? o->kid[i]->kid[0] : NULL;
            if (!w || w->kind == A_HOLE)
                rest = true;
            else if (w->kind == A_INT || w->kind == A_REAL)
                sum += num_double(w->num);
            else
                fixed = false;
        }
        if (!o->nkid)
            diag_add(g->ds, E0603, n->loc, "nothing to choose from");
        if (fixed && rest && sum > 1 + 1e-9)
            diag_add(g->ds, E0601, n->loc, "the weights given add up to %g: nothing is left for the options without one", sum);
    }
    for (u32 i = 0; i < n->nkid; i++)
        check_choose(g, n->kid[i]);
}

void check_flow(struct gram *g)
{
    for (u32 i = 0; i < g->module.n; i++)
        for (u32 k = 0; k < g->module.at[i]->decl.n; k++) {
            struct gram_rules *s = (struct gram_rules *)g->module.at[i]->decl.at[k];
            for (u32 j = 0; s->d.kind == GD_RULES && j < s->overload.n; j++) {
                elab_check_weights(g, s->overload.at[j]);
                for (u32 x = 0; x < s->overload.at[j]->nalt; x++)
                    check_choose(g, s->overload.at[j]->alt[x].expr);
            }
        }
    check_termination(g);
    check_reach(g);
    check_imports(g);
}
