/* gram.c - modules to a checked grammar: loads a file and what it imports, has names resolved, constants
 * computed, ops built and rules checked. */
#include "grammar/gram_load.h"

const char *gram_builtin_name(enum gram_builtin b)
{
    static const char *const name[] = {
#define X(id, name, least, most) name,
        GRAM_BUILTINS(X)
#undef X
    };
    return name[b];
}

struct loader {
    struct gram *g;
    gram_open_fn open;
    void *ctx;
};

static struct gram_module *find_module(struct gram *g, str name)
{
    for (u32 i = 0; i < g->module.n; i++)
        if (g->module.at[i]->name == name)
            return g->module.at[i];
    return NULL;
}

static str path_name(struct gram *g, const struct ast *path)
{
    struct buf b = {0};
    for (u32 i = 0; i < path->nkid; i++)
        buf_printf(&b, "%s%s", i ? "." : "", path->kid[i]->text);
    str s = str_intern(g->sp, b.at, b.n);
    buf_free(&b);
    return s;
}

typedef struct { struct gram_module **at; u32 n, cap; } module_vec;

static struct gram_module *load_module(struct loader *l, str name, struct loc from, module_vec *under_way)
{
    struct gram *g = l->g;
    struct gram_module *m = find_module(g, name);
    if (m)
        return m;
    for (u32 i = 0; i < under_way->n; i++)
        if (under_way->at[i]->name == name) {
            struct diag *d = diag_add(g->ds, E0205, from, "`%s` is imported while it is being read: modules import each other in a circle", name);
            for (u32 k = i; k + 1 < under_way->n; k++)
                diag_note(g->ds, d, "`%s` imports `%s`", under_way->at[k]->name, under_way->at[k + 1]->name);
            return NULL;
        }
    size_t len = 0;
    const char *shown = name, *text = l->open(l->ctx, g->a, name, &len, &shown);
    if (!text) {
        diag_add(g->ds, E0202, from, "no module `%s` (looked for %s)", name, shown);
        return NULL;
    }
    m = NEW(g->a, struct gram_module);
    m->name = name;
    m->file = ast_parse(g->a, g->sp, g->ds, srcs_add(g->srcs, shown, text, len));
    vec_push(g->a, under_way, m);
    struct ast *root = m->file->root;
    for (u32 i = 0; i < root->nkid; i++) {
        struct ast *it = root->kid[i];
        if (it->kind != A_IMPORT)
            continue;
        struct gram_module *of = load_module(l, path_name(g, it->kid[0]), it->kid[0]->loc, under_way);
        if (!of)
            continue;
        struct gram_import im = {of, it->text, it, false};
        vec_push(g->a, &m->import, im);
    }
    under_way->n--;
    resolve_decls(g, m);
    vec_push(g->a, &g->module, m);
    return m;
}

/* ---- constants and overrides ---- */

static void compute_const(struct gram *g, struct gram_const *c);

static void compute_consts_in(struct gram *g, const struct ast *n)
{
    if (!n)
        return;
    if (n->bind.kind == BIND_CONST)
        compute_const(g, n->bind.ptr);
    for (u32 i = 0; i < n->nkid; i++)
        compute_consts_in(g, n->kid[i]);
}

static void compute_const(struct gram *g, struct gram_const *c)
{
    if (c->evaluated)
        return;
    if (c->busy) {
        diag_add(g->ds, E0210, c->d.loc, "the constant `%s` is defined by itself", c->d.name);
        c->evaluated = true;
        c->v = num_int(1);
        return;
    }
    c->busy = true;
    compute_consts_in(g, c->ast->kid[0]);
    if (!c->evaluated && !elab_const(g, c->ast->kid[0], &c->v, &c->s))
        c->v = num_int(1);
    c->evaluated = true;
}

static bool override_value(struct gram *g, u32 i)
{
    const struct gram_override *o = &g->override[i];
    struct num *v = (struct num *)&g->override_num[i];
    struct diags quiet;
    diags_init(&quiet, g->a, g->srcs);
    const struct src *src = srcs_add(g->srcs, "<-D>", o->value, strlen(o->value));
    struct ast *e = ast_parse_expr(g->a, g->sp, &quiet, src);
    str s = NULL;
    struct diags *was = g->ds;
    g->ds = &quiet;
    bool ok = e && !quiet.nerrors && elab_const(g, e, v, &s) && !s;
    g->ds = was;
    if (!ok)
        v->kind = NUM_BAD;
    return ok;
}

static void apply_overrides(struct gram *g)
{
    g->override_num = NEW_ARRAY(g->a, struct num, g->noverride + 1);
    for (u32 i = 0; i < g->noverride; i++) {
        const struct gram_override *o = &g->override[i];
        bool known = false, is_num = override_value(g, i);
        for (u32 k = 0; k < g->module.n; k++) {
            struct gram_module *m = g->module.at[k];
            for (u32 j = 0; j < m->decl.n; j++) {
                if (m->decl.at[j]->kind == GD_RULES) {
                    const struct gram_rule *r = ((struct gram_rules *)m->decl.at[j])->overload.at[0];
                    const struct ast *attrs = r->ast->kid[RULE_ATTRS];
                    for (u32 a = 0; r->form == RF_SPACE && attrs && a < attrs->nkid; a++) {
                        if (strcmp(attrs->kid[a]->text, o->name) != 0)
                            continue;
                        if (!known && !is_num)
                            diag_add(g->ds, E0207, attrs->kid[a]->loc, "-D %s=%s: the attribute is a number, of 64 bits at most", o->name, o->value);
                        known = true;
                    }
                    continue;
                }
                if (m->decl.at[j]->kind != GD_CONST || strcmp(m->decl.at[j]->name, o->name) != 0)
                    continue;
                struct gram_const *c = (struct gram_const *)m->decl.at[j];
                known = c->overridden = c->evaluated = true;
                if (c->ast->kid[0]->kind == A_STRING)
                    c->s = str_c(g->sp, o->value);
                else if (is_num)
                    c->v = g->override_num[i];
                else
                    diag_add(g->ds, E0207, c->d.loc, "-D %s=%s: the constant is a number, of 64 bits at most", o->name, o->value);
            }
        }
        if (!known)
            diag_add(g->ds, E0207, (struct loc){0}, "-D %s: no constant and no attribute of a space has this name", o->name);
    }
}

const struct num *gram_override_num(const struct gram *g, str name)
{
    for (u32 i = g->noverride; i-- > 0;)
        if (strcmp(g->override[i].name, name) == 0 && g->override_num[i].kind != NUM_BAD)
            return &g->override_num[i];
    return NULL;
}

/* ---- ops ---- */

static struct ast *monoid_named(void *ctx, str name)
{
    void **c = ctx;
    struct gram_decl *d = gram_lookup(c[0], c[1], name);
    if (!d || d->kind != GD_MONOID)
        return NULL;
    d->used = true;
    return ((struct gram_monoid *)d)->ast;
}

static void build_ops(struct gram *g)
{
    for (u32 i = 0; i < g->module.n; i++) {
        struct gram_module *m = g->module.at[i];
        for (u32 k = 0; k < m->decl.n; k++) {
            if (m->decl.at[k]->kind != GD_OPS)
                continue;
            struct gram_ops *set = (struct gram_ops *)m->decl.at[k];
            for (u32 j = 0; j < set->ast.n; j++) {
                void *ctx[2] = {g, m};
                struct op *op = op_build(g, set->ast.at[j], monoid_named, ctx);
                if (!op)
                    continue;
                u32 same = 0;           /* numbered over all modules: texts name ops by (name, overload) */
                for (u32 o = 0; o < g->ops.at.n; o++)
                    same += g->ops.at.at[o] != op && g->ops.at.at[o]->name == op->name;
                op->overload = same;
                vec_push(g->a, &set->overload, op);
            }
        }
    }
}

enum { TABLES_MOST = 32 << 20 };        /* bytes; einspace takes some 10 KB a sample while they grow */

static void tables_begin(struct gram *g)
{
    g->types = types_new(g->tables);
    g->memo = op_memo_new(g->tables, g->types, &g->ops);
    g->cache = g->viable = g->typed = g->laws = NULL;
}

void gram_forget(struct gram *g)
{
    if (g->keep || arena_used(g->tables) <= TABLES_MOST)
        return;
    arena_recycle(g->tables);   /* its memory stays: it will be wanted again at once */
    tables_begin(g);
}

struct gram *gram_load(struct arena *a, struct str_pool *sp, struct srcs *srcs, struct diags *ds, gram_open_fn open, void *ctx,
                       const char *module, u32 noverride, const struct gram_override *override)
{
    struct gram *g = NEW(a, struct gram);
    g->a = a;
    g->sp = sp;
    g->srcs = srcs;
    g->ds = ds;
    g->ops.a = a;
    g->tables = arena_new_in(a, "tables");
    tables_begin(g);
    g->noverride = noverride;
    g->override = override;
    struct loader l = {g, open, ctx};
    module_vec way = {0};
    u32 before = ds->nerrors;
    g->prelude = load_module(&l, str_c(sp, "std.prelude"), (struct loc){0}, &way);
    struct gram_module *main = load_module(&l, str_c(sp, module), (struct loc){0}, &way);
    if (!main || !g->prelude)
        return NULL;
    for (u32 i = 0; i < g->module.n; i++)
        resolve_module(g, g->module.at[i]);
    if (ds->nerrors > before)           /* a tree with holes cannot be evaluated or checked further */
        return NULL;
    apply_overrides(g);
    for (u32 i = 0; i < g->module.n; i++)
        for (u32 k = 0; k < g->module.at[i]->decl.n; k++)
            if (g->module.at[i]->decl.at[k]->kind == GD_CONST)
                compute_const(g, (struct gram_const *)g->module.at[i]->decl.at[k]);
    gram_rules_prepare(g);
    build_ops(g);
    if (ds->nerrors == before)
        check_grammar(g);
    return ds->nerrors > before ? NULL : g;
}

struct gram_decl *gram_lookup(struct gram *g, struct gram_module *m, str name)
{
    struct gram_decl *other;
    return resolve_lookup(g, m, name, &other);
}

struct gram_rule *gram_space(struct gram *g, const char *name)
{
    struct gram_module *m = g->module.at[g->module.n - 1];
    struct gram_rule *found = NULL;
    const char *cand[64];
    u32 n = 0;
    if (name) {
        struct gram_decl *d = gram_lookup(g, m, str_c(g->sp, name));
        if (d && d->kind == GD_RULES && ((struct gram_rules *)d)->overload.at[0]->form != RF_RULE)
            return ((struct gram_rules *)d)->overload.at[0];
    }
    for (u32 pass = 0; pass < 2 && !n; pass++)          /* its own spaces; where there are none, those it imports */
        for (u32 k = 0; k < (pass ? m->import.n : 1); k++) {
            struct gram_module *of = pass ? m->import.at[k].module : m;
            for (u32 i = 0; i < of->decl.n; i++)
                if (of->decl.at[i]->kind == GD_RULES && ((struct gram_rules *)of->decl.at[i])->overload.at[0]->form == RF_SPACE && n < 64) {
                    found = ((struct gram_rules *)of->decl.at[i])->overload.at[0];
                    cand[n++] = of->decl.at[i]->name;
                }
        }
    if (!name && n == 1)
        return found;
    struct diag *d;
    if (name) {
        d = diag_add(g->ds, E0208, (struct loc){0}, "`%s` has no space or net `%s`", m->name, name);
        const char *near = diag_nearest(name, cand, n);
        if (near)
            diag_hint(g->ds, d, "did you mean `%s`?", near);
    } else {
        d = diag_add(g->ds, E0208, (struct loc){0}, n ? "`%s` has several spaces: name one" : "`%s` has no space", m->name);
        for (u32 i = 0; i < n; i++)
            diag_note(g->ds, d, "`%s`", cand[i]);
    }
    return NULL;
}
