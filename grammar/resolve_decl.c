/* resolve_decl.c - what a module declares, and what it imports: overload sets, clashes, "did you mean". */
#include "grammar/gram_load.h"

static struct gram_decl *own(const struct gram_module *m, str name)
{
    for (u32 i = 0; i < m->decl.n; i++)
        if (m->decl.at[i]->name == name)
            return m->decl.at[i];
    return NULL;
}

/* 2: names it in its list; 1: brings in everything; 0: does not bring it in. */
static int lists(const struct gram_import *im, str name)
{
    if (im->alias)
        return 0;
    if (im->ast->nkid == 1)
        return 1;
    for (u32 i = 1; i < im->ast->nkid; i++)
        if (im->ast->kid[i]->text == name)
            return 2;
    return 0;
}

struct gram_decl *resolve_lookup(struct gram *g, struct gram_module *m, str name, struct gram_decl **other)
{
    *other = NULL;
    struct gram_decl *found = own(m, name);
    if (found)
        return found;
    /* A name that an import lists comes before those that another brings in with everything. */
    for (int rank = 2; rank > 0 && !found; rank--)
        for (u32 i = 0; i < m->import.n; i++) {
            struct gram_import *im = &m->import.at[i];
            struct gram_decl *d = lists(im, name) == rank ? own(im->module, name) : NULL;
            if (!d || d == found)
                continue;
            im->used = true;
            if (found)
                *other = d;
            else
                found = d;
        }
    if (!found && g->prelude && g->prelude != m)
        found = own(g->prelude, name);
    return found;
}

i32 resolve_builtin(const char *name)
{
    for (i32 i = 0; i < GRAM_NBUILTIN; i++)
        if (strcmp(gram_builtin_name((enum gram_builtin)i), name) == 0)
            return i;
    return -1;
}

static const char *const decl_kind[] = {"a constant", "an op", "a rule", "a monoid", "a text", "an architecture"};

static struct gram_decl *declare(struct gram *g, struct gram_module *m, struct ast *it, enum gram_decl_kind k, size_t size)
{
    struct gram_decl *old = own(m, it->text);
    if (old && old->kind == k && (k == GD_OPS || k == GD_RULES))
        return old;
    if (old) {
        struct diag *d = diag_add(g->ds, E0203, it->loc, "`%s` is already %s of this module", it->text, decl_kind[old->kind]);
        diag_label(g->ds, d, old->loc, "first defined here");
        return NULL;
    }
    struct gram_decl *d = arena_alloc(g->a, size);
    d->kind = k;
    d->name = it->text;
    d->module = m;
    d->loc = it->loc;
    vec_push(g->a, &m->decl, d);
    return d;
}

static void declare_rule(struct gram *g, struct gram_module *m, struct ast *it)
{
    struct gram_rules *s = (struct gram_rules *)declare(g, m, it, GD_RULES, sizeof(*s));
    if (!s)
        return;
    struct gram_rule *r = NEW(g->a, struct gram_rule);
    r->ast = it;
    r->set = s;
    r->module = m;
    r->form = it->kind == A_RULE ? RF_RULE : it->kind == A_NET ? RF_NET : RF_SPACE;
    r->inline_ = (it->flags & AF_INLINE) != 0;
    r->number = s->overload.n;
    if (s->overload.n && (s->overload.at[0]->form != r->form || r->form == RF_SPACE)) {
        struct diag *d = diag_add(g->ds, E0203, it->loc, "`%s` is already defined: only rules and nets of one kind can share a name", it->text);
        diag_label(g->ds, d, s->d.loc, "first defined here");
        return;
    }
    vec_push(g->a, &s->overload, r);
}

static void check_import_list(struct gram *g, const struct gram_import *im)
{
    for (u32 i = 1; i < im->ast->nkid; i++) {
        const struct ast *id = im->ast->kid[i];
        if (own(im->module, id->text))
            continue;
        struct diag *d = diag_add(g->ds, E0206, id->loc, "`%s` defines no `%s`", im->module->name, id->text);
        const char **cand = NEW_ARRAY(g->a, const char *, im->module->decl.n + 1);
        for (u32 k = 0; k < im->module->decl.n; k++)
            cand[k] = im->module->decl.at[k]->name;
        const char *near = diag_nearest(id->text, cand, im->module->decl.n);
        if (near)
            diag_hint(g->ds, d, "did you mean `%s`?", near);
    }
}

void resolve_decls(struct gram *g, struct gram_module *m)
{
    struct ast *root = m->file->root;
    for (u32 i = 0; i < m->import.n; i++)
        check_import_list(g, &m->import.at[i]);
    for (u32 i = 0; i < root->nkid; i++) {
        struct ast *it = root->kid[i];
        switch (it->kind) {
        case A_CONST: {
            struct gram_const *c = (struct gram_const *)declare(g, m, it, GD_CONST, sizeof(*c));
            if (c)
                c->ast = it;
            break;
        }
        case A_OP: {
            struct gram_ops *o = (struct gram_ops *)declare(g, m, it, GD_OPS, sizeof(*o));
            if (o)
                vec_push(g->a, &o->ast, it);
            break;
        }
        case A_RULE: case A_NET: case A_SPACE:
            declare_rule(g, m, it);
            break;
        case A_MONOID: {
            struct gram_monoid *o = (struct gram_monoid *)declare(g, m, it, GD_MONOID, sizeof(*o));
            if (o)
                o->ast = it;
            break;
        }
        case A_TEXT: {
            struct gram_text *t = (struct gram_text *)declare(g, m, it, GD_TEXT, sizeof(*t));
            if (t)
                t->ast = it;
            break;
        }
        case A_ARCH: {
            struct gram_arch *t = (struct gram_arch *)declare(g, m, it, GD_ARCH, sizeof(*t));
            if (t)
                t->ast = it;
            break;
        }
        default:
            break;
        }
    }
}
