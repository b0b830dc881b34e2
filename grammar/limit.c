/* limit.c - the limits of what is drawn: their names, what a declaration says, and those that are given from outside. */
#include "grammar/gram_load.h"

static const char *const names[] = {"depth", "nodes", "params", "macs", "memory"};

void limit_check_names(struct gram *g, const struct ast *n)
{
    for (u32 i = 0; i < n->nkid; i++) {
        const struct ast *l = n->kid[i];
        bool known = false;
        for (u32 k = 0; k < COUNTOF(names); k++)
            known |= strcmp(l->text, names[k]) == 0;
        if (!known) {
            struct diag *d = diag_add(g->ds, E0310, l->loc, "there is no limit `%s`", l->text);
            const char *near = diag_nearest(l->text, names, COUNTOF(names));
            if (near)
                diag_hint(g->ds, d, "did you mean `%s`?", near);
            diag_note(g->ds, d, "limits are: depth, nodes, params, macs, memory");
        }
    }
}

bool limit_number(struct num v, u128 *out)
{
    double d = num_double(v);
    if (v.kind == NUM_BAD || !(d > 0))
        return false;
    *out = d < 1 ? 1 : v.kind == NUM_RAT ? (u128)(v.n / v.d) : d >= 3e38 ? COUNT_MAX : (u128)d;
    return true;
}

bool limit_set(struct limits *l, str name, u128 v, bool least)
{
    u128 *const to[] = {&l->depth, &l->nodes, &l->params, &l->macs, &l->memory};
    for (u32 k = 0; k < COUNTOF(names); k++)
        if (strcmp(names[k], name) == 0) {
            *to[k] = least && *to[k] && *to[k] < v ? *to[k] : v;
            return true;
        }
    return false;
}

void limit_overrule(struct limits *l, const struct limits *by)
{
    l->depth = by->depth ? by->depth : l->depth;
    l->nodes = by->nodes ? by->nodes : l->nodes;
    l->params = by->params ? by->params : l->params;
    l->macs = by->macs ? by->macs : l->macs;
    l->memory = by->memory ? by->memory : l->memory;
}

bool gram_limit(struct gram *g, const char *text)
{
    u32 before = g->ds->nerrors;
    const char *item = arena_printf(g->a, "limit %s", text);
    const struct ast_file *f = ast_parse(g->a, g->sp, g->ds, srcs_add(g->srcs, "<--limit>", item, strlen(item)));
    if (g->ds->nerrors > before)
        return false;
    const struct ast *root = f->root;
    if (root->nkid != 1 || root->kid[0]->kind != A_LIMIT) {
        diag_add(g->ds, E0310, root->loc, "limits are a name and a number each: `macs 500M, params 5M, memory 64Mi`");
        return false;
    }
    limit_check_names(g, root->kid[0]);
    for (u32 i = 0; g->ds->nerrors == before && i < root->kid[0]->nkid; i++) {
        const struct ast *lim = root->kid[0]->kid[i];
        struct num v = {0};
        str s = NULL;
        u128 u;
        if (!elab_const(g, lim->kid[0], &v, &s))
            return false;
        if (s || !limit_number(v, &u))
            diag_add(g->ds, E0310, lim->loc, "a limit is a number above 0");
        else
            limit_set(&g->limit, lim->text, u, false);
    }
    return g->ds->nerrors == before;
}
