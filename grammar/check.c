/* check.c - what can be said about rules before any sampling: kinds, arity, attributes, places, entry points.
 * check_flow.c: weights, termination, what is reached. */
#include "grammar/check.h"

struct checker {
    struct gram *g;
    struct gram_module *m;
    const struct gram_rule *rule;
    bool in_recipe;
    const char *pure;           /* "a weight", "a condition": no ops and rules in it */
};

static void expr(struct checker *c, const struct ast *n);

/* ---- applying ---- */

struct signature { u32 nattr, nrequired, nparam; const struct ast *attrs; };

static u32 overloads(const struct ast *n)
{
    return n->bind.kind == BIND_OP ? ((struct gram_ops *)n->bind.ptr)->ast.n : ((struct gram_rules *)n->bind.ptr)->overload.n;
}

static struct signature signature(const struct ast *n, u32 i)
{
    const struct ast *a = n->bind.kind == BIND_OP ? ((struct gram_ops *)n->bind.ptr)->ast.at[i] : ((struct gram_rules *)n->bind.ptr)->overload.at[i]->ast;
    struct signature s = {.attrs = a->kid[OP_ATTRS]};           /* the same place in both */
    s.nattr = s.attrs ? s.attrs->nkid : 0;
    for (u32 k = 0; k < s.nattr; k++)
        s.nrequired += !s.attrs->kid[k]->nkid || !s.attrs->kid[k]->kid[0];
    s.nparam = a->kid[OP_PARAMS] ? a->kid[OP_PARAMS]->nkid : 0;
    return s;
}

/* The name that a callee is about: under labels, once, each and attributes. */
static const struct ast *mention(const struct ast *n, const struct ast **index)
{
    for (;;) {
        switch (n->kind) {
        case A_ID: case A_FIELD:
            return n->bind.kind == BIND_OP || n->bind.kind == BIND_RULE ? n : NULL;
        case A_INDEX:
            if (index && !*index)
                *index = n;
            n = n->kid[0];
            break;
        case A_LABEL: case A_ONCE: case A_SHARE:
            n = n->kid[0];
            break;
        case A_EACH:
            n = n->kid[n->nkid - 1];
            break;
        default:
            return NULL;
        }
    }
}

static bool attrs_fit(const struct ast *index, const struct signature *s, const struct ast **bad)
{
    u32 pos = 0;
    for (u32 i = 1; i < index->nkid; i++) {
        const struct ast *k = index->kid[i];
        bool ok = false;
        if (k->kind == A_NAMED)
            for (u32 j = 0; j < s->nattr && !ok; j++)
                ok = s->attrs->kid[j]->text == k->text;
        else
            ok = pos++ < s->nattr;
        if (!ok) {
            *bad = k;
            return false;
        }
    }
    return true;
}

static void check_attrs(struct checker *c, const struct ast *index)
{
    const struct ast *n = mention(index->kid[0], NULL), *bad = NULL;
    if (!n || index->kid[0]->kind == A_INDEX)
        return;
    struct signature s = {0};
    for (u32 i = 0; i < overloads(n); i++) {
        s = signature(n, i);
        if (attrs_fit(index, &s, &bad))
            return;
    }
    struct diag *d;
    if (bad->kind != A_NAMED) {
        d = diag_add(c->g->ds, E0306, bad->loc, "`%s` has %u attribute%s", n->text, s.nattr, s.nattr == 1 ? "" : "s");
    } else {
        d = diag_add(c->g->ds, E0306, bad->loc, "`%s` has no attribute `%s`", n->text, bad->text);
        const char **cand = NEW_ARRAY(c->g->a, const char *, s.nattr + 1);
        for (u32 k = 0; k < s.nattr; k++)
            cand[k] = s.attrs->kid[k]->text;
        const char *near = diag_nearest(bad->text, cand, s.nattr);
        if (near)
            diag_hint(c->g->ds, d, "did you mean `%s`?", near);
    }
    diag_label(c->g->ds, d, ((struct gram_decl *)n->bind.ptr)->loc, "defined here");
}

static bool never_a_function(const struct ast *n)
{
    switch (n->kind) {
    case A_INT: case A_REAL: case A_STRING: case A_TUPLE: case A_NOT:
        return true;
    case A_BINARY:
        return true;
    case A_ID: case A_FIELD:
        return n->bind.kind == BIND_CONST;
    default:
        return false;
    }
}

/* fn is applied to narg arguments (piped ones count; a tuple among them may be spread over several). */
static void check_apply(struct checker *c, const struct ast *fn, u32 narg, const struct ast *at)
{
    const struct ast *index = NULL, *n = mention(fn, &index);
    if (never_a_function(fn)) {
        diag_add(c->g->ds, E0301, fn->loc, "this is not a function: only ops, rules, nets and `y => ..` apply");
        return;
    }
    if (!n)
        return;
    bool args_fit = false, attrs_fit_ = index != NULL;
    struct signature s = {0};
    const struct ast *missing = NULL;
    for (u32 i = 0; i < overloads(n); i++) {
        s = signature(n, i);
        bool nullary_stage = s.nparam == 0 && n->bind.kind == BIND_RULE && ((struct gram_rules *)n->bind.ptr)->overload.at[0]->yield == RY_STAGE;
        args_fit |= narg <= s.nparam || nullary_stage;
        attrs_fit_ |= s.nrequired == 0;
        for (u32 k = 0; s.nrequired && !missing && k < s.nattr; k++)
            if (!s.attrs->kid[k]->nkid || !s.attrs->kid[k]->kid[0])
                missing = s.attrs->kid[k];
    }
    if (!args_fit) {
        struct diag *d = diag_add(c->g->ds, E0302, at->loc, "`%s` takes %u argument%s, not %u", n->text, s.nparam, s.nparam == 1 ? "" : "s", narg);
        diag_label(c->g->ds, d, ((struct gram_decl *)n->bind.ptr)->loc, "defined here");
    }
    if (!attrs_fit_) {
        struct diag *d = diag_add(c->g->ds, E0307, fn->loc, "`%s` needs its attribute `%s`", n->text, missing->text);
        diag_label(c->g->ds, d, missing->loc, "this one has no default");
        diag_hint(c->g->ds, d, "`%s[..]`", n->text);
    }
}

static void check_builtin(struct checker *c, const struct ast *call)
{
    static const u8 least[] = {
#define X(id, name, lo, hi) lo,
        GRAM_BUILTINS(X)
#undef X
    }, most[] = {
#define X(id, name, lo, hi) hi,
        GRAM_BUILTINS(X)
#undef X
    };
    u32 b = call->kid[0]->bind.slot, narg = call->nkid - 1;
    if (narg < least[b] || narg > most[b])
        diag_add(c->g->ds, E0304, call->loc, "`%s` takes %u argument%s, not %u", gram_builtin_name(b), least[b], least[b] == 1 ? "" : "s", narg);
    if ((b == BI_UNIFORM || b == BI_LOG_UNIFORM) && !c->in_recipe)
        diag_add(c->g->ds, E0305, call->loc, "`%s` draws a real number: it stands in a `recipe` only", gram_builtin_name(b));
}

/* ---- places ---- */

static bool has_value(const struct ast *it)
{
    return it->kind != A_LET && it->kind != A_REQUIRE && it->kind != A_LIMIT && it->kind != A_RECIPE;
}

static void check_block(struct checker *c, const struct ast *n)
{
    const struct ast *last = n->nkid ? n->kid[n->nkid - 1] : NULL;
    bool top = c->rule && c->rule->form == RF_SPACE && c->rule->alt[0].expr == n;
    if (!last || !has_value(last)) {
        struct diag *d = diag_add(c->g->ds, E0313, last ? last->loc : n->loc, "this block has no value");
        diag_note(c->g->ds, d, "the last item of a block is the expression that it stands for");
    }
    for (u32 i = 0; i < n->nkid; i++) {
        const struct ast *it = n->kid[i];
        if (has_value(it) && it != last)
            diag_add(c->g->ds, W0202, it->loc, "nothing uses this value");
        if ((it->kind == A_LIMIT || it->kind == A_RECIPE) && !top)
            diag_add(c->g->ds, E0314, it->loc, "a %s stands in the block of a space", it->kind == A_LIMIT ? "limit" : "recipe");
        if (it->kind == A_LIMIT)
            limit_check_names(c->g, it);
        bool was = c->in_recipe;
        c->in_recipe = it->kind == A_RECIPE;
        expr(c, it);
        c->in_recipe = was;
    }
}

static void expr(struct checker *c, const struct ast *n)
{
    if (!n)
        return;
    if (c->pure && (n->bind.kind == BIND_OP || n->bind.kind == BIND_RULE) && (n->kind == A_ID || n->kind == A_FIELD) &&
        !(n->bind.kind == BIND_OP && n->bind.slot)) {
        diag_add(c->g->ds, E0303, n->loc, "%s cannot apply %s `%s`: it is computed from numbers, types and `depth`", c->pure,
                 n->bind.kind == BIND_OP ? "the op" : "the rule", n->text);
        return;
    }
    switch (n->kind) {
    case A_BLOCK:
        check_block(c, n);
        return;
    case A_INDEX:
        check_attrs(c, n);
        break;
    case A_CALL:
        if (n->kid[0]->kind == A_ID && n->kid[0]->bind.kind == BIND_BUILTIN) {
            check_builtin(c, n);
        } else {
            u32 given = n->nkid - 1;
            check_apply(c, n->kid[0], given, n);
        }
        break;
    case A_PIPE: {
        const struct ast *r = n->kid[1];
        if (r->kind == A_CALL && !(r->flags & AF_PAREN)) {
            check_apply(c, r->kid[0], r->nkid, r);
            for (u32 i = 1; i < r->nkid; i++)
                expr(c, r->kid[i]);
            expr(c, r->kid[0]);
            expr(c, n->kid[0]);
            return;
        }
        check_apply(c, r, 1, r);
        break;
    }
    case A_HOLE:
        diag_add(c->g->ds, E0314, n->loc, "`_` stands for any extent in a signature, or for the rest as a weight");
        return;
    case A_FOLD:
        diag_add(c->g->ds, E0314, n->loc, "`(a b)` is an axis with two factors: it stands in a signature or in an access");
        return;
    default:
        break;
    }
    for (u32 i = 0; i < n->nkid; i++)
        expr(c, n->kid[i]);
}

/* ---- signatures ---- */

static void check_type(struct checker *c, const struct ast *t, bool entry, const char *what)
{
    if (!t)
        return;
    if (t->kind == A_TUPLETYPE) {
        for (u32 i = 0; i < t->nkid; i++)
            check_type(c, t->kid[i], entry, what);
        return;
    }
    u32 dots = 0;
    for (u32 i = 0; i < t->nkid; i++) {
        const struct ast *el = t->kid[i];
        dots += el->kind == A_DOTS;
        if (entry && (el->kind == A_DOTS || el->kind == A_HOLE))
            diag_add(c->g->ds, E0309, el->loc, "%s of a space has a fixed type: `%s` gives no size", what, el->kind == A_DOTS ? ".." : "_");
    }
    if (dots > 1)
        diag_add(c->g->ds, E0314, t->loc, "`..` stands at one place of a type");
}

static void check_rule(struct checker *c, const struct gram_rule *r)
{
    const struct ast *params = r->ast->kid[RULE_PARAMS];
    c->rule = r;
    bool entry = r->form == RF_SPACE;
    for (u32 i = 0; i < r->nparam; i++) {
        const struct ast *p = params->kid[i];
        if (p->nkid && p->kid[0])
            check_type(c, p->kid[0], entry, "an input");
        else if (entry)
            diag_add(c->g->ds, E0309, p->loc, "the input `%s` of a space has a type: `%s: [3, 32, 32]`", p->text, p->text);
    }
    check_type(c, r->ast->kid[RULE_TYPE], entry, "the output");
    if (entry && r->ast->kid[RULE_WHERE])
        diag_add(c->g->ds, E0314, r->ast->kid[RULE_WHERE]->loc, "a space has no `where`: use `require` in its block");
    for (u32 i = 0; i < r->nattr; i++) {
        const struct ast *a = r->ast->kid[RULE_ATTRS]->kid[i];
        if (a->nkid)
            expr(c, a->kid[0]);
    }
    for (u32 i = 0; i < r->nalt; i++) {
        const struct gram_alt *alt = &r->alt[i];
        for (u32 k = 0; alt->fors && k < alt->fors->nkid; k++) {
            const struct ast *opts = alt->fors->kid[k]->kid[1];
            for (u32 o = 0; o < opts->nkid; o++)
                if (opts->kid[o]->kind == A_OPT && opts->kid[o]->nkid == 2 && opts->kid[o]->kid[0])
                    diag_add(c->g->ds, E0314, opts->kid[o]->loc, "the members of a family have no weights of their own: the alternative has one, which may read them");
            expr(c, opts);
        }
        c->pure = "a weight";
        if (alt->weight && alt->weight->kind != A_HOLE)
            expr(c, alt->weight);
        c->pure = "a condition";
        expr(c, alt->where);
        c->pure = NULL;
        expr(c, alt->expr);
    }
    c->rule = NULL;
}

static bool has_op(const struct gram *g, struct gram_module *m, str name)
{
    struct gram_decl *other, *d = resolve_lookup((struct gram *)g, m, name, &other);
    return d && d->kind == GD_OPS;
}

static void check_module(struct gram *g, struct gram_module *m)
{
    struct checker c = {.g = g, .m = m};
    const struct ast *root = m->file->root;
    for (u32 i = 0; i < root->nkid; i++) {
        const struct ast *it = root->kid[i];
        if (it->kind == A_LIMIT)
            limit_check_names(c.g, it);
        if (it->kind == A_MAP && !has_op(g, m, it->text))
            diag_add(g->ds, E0201, it->loc, "`map %s`: there is no op of this name", it->text);
    }
    for (u32 i = 0; i < m->decl.n; i++)
        if (m->decl.at[i]->kind == GD_RULES)
            for (u32 k = 0; k < ((struct gram_rules *)m->decl.at[i])->overload.n; k++)
                check_rule(&c, ((struct gram_rules *)m->decl.at[i])->overload.at[k]);
}

void check_grammar(struct gram *g)
{
    for (u32 i = 0; i < g->module.n; i++)
        check_module(g, g->module.at[i]);
    check_flow(g);
}
