/* resolve.c - binds every name of a module: locals to slots of a frame, the rest to declarations.
 *
 * Frames.  A rule, net or space has one frame; its slots are first the attributes, then the parameters, then in
 * order of appearance the sizes that patterns bind, family variables and lets.  A lambda and the block of a
 * repeat have frames of their own (bind.slot of A_LAMBDA and A_REPEAT: how many slots); bind.up counts frames outward.
 * An op has one for its attributes and the sizes of its patterns, used for defaults only.
 *
 * A default that reads something else than attributes before it is marked (bind.up of A_ATTR).
 * A mention that gives a `let` its value gets the let's name as label: an A_LABEL is put around it. */
#include "grammar/gram_load.h"

struct local { str name; u32 slot; struct loc loc; bool used, may_be_unused; };
struct scope_frame {
    struct scope_frame *up;
    VEC(struct local) seen;     /* visible now */
    VEC(str) slot_name;
};
struct late { str name; u32 slot; struct loc loc; bool met; };
struct resolver {
    struct gram *g;
    struct gram_module *m;
    struct scope_frame *f;
    const struct ast *note;     /* of the alternative at hand: names in it are uses */
    VEC(struct late) late;      /* a space's sizes that its lets give later */
    u32 highest;                /* defaults: the highest slot read, + 1 */
    bool quiet;
};

static void expr(struct resolver *r, struct ast **slot);

/* ---- scopes ---- */

static struct scope_frame *push_frame(struct resolver *r)
{
    struct scope_frame *f = NEW(r->g->a, struct scope_frame);
    f->up = r->f;
    r->f = f;
    return f;
}

static bool in_note(const struct ast *note, str name)
{
    size_t n = strlen(name);
    for (u32 i = 0; note && i < note->nkid; i++)
        for (const char *p = note->kid[i]->text; (p = strchr(p, '$')); p++) {
            const char *q = p + 1 + (p[1] == '{');
            if (strncmp(q, name, n) == 0)
                return true;
        }
    return false;
}

static void leave(struct resolver *r, u32 mark)
{
    while (r->f->seen.n > mark) {
        struct local *l = &r->f->seen.at[--r->f->seen.n];
        if (l->used || l->may_be_unused || l->name[0] == '_' || in_note(r->note, l->name))
            continue;
        diag_add(r->g->ds, W0201, l->loc, "`%s` is never used", l->name);
    }
}

static u32 add_slot(struct resolver *r, str name)
{
    vec_push(r->g->a, &r->f->slot_name, name);
    return r->f->slot_name.n - 1;
}

static u32 declare_at(struct resolver *r, struct ast *id, u32 slot, bool may_be_unused)
{
    for (u32 i = 0; i < r->f->seen.n; i++)
        if (r->f->seen.at[i].name == id->text) {
            struct diag *d = diag_add(r->g->ds, E0203, id->loc, "`%s` has a meaning here already", id->text);
            diag_label(r->g->ds, d, r->f->seen.at[i].loc, "this one");
            r->f->seen.at[i].used = true;
        }
    struct local l = {id->text, slot, id->loc, false, may_be_unused};
    vec_push(r->g->a, &r->f->seen, l);
    id->bind.kind = BIND_LOCAL;
    id->bind.up = 0;
    id->bind.slot = slot;
    return slot;
}

static u32 declare(struct resolver *r, struct ast *id, bool may_be_unused)
{
    for (u32 i = 0; r->f->up == NULL && i < r->late.n; i++)
        if (r->late.at[i].name == id->text && !r->late.at[i].met) {
            r->late.at[i].met = true;
            declare_at(r, id, r->late.at[i].slot, true);
            return r->late.at[i].slot;
        }
    return declare_at(r, id, add_slot(r, id->text), may_be_unused);
}

static void declare_pat(struct resolver *r, struct ast *pat, bool may_be_unused)
{
    for (u32 i = 0; i < pat->nkid; i++)
        declare(r, pat->kid[i], may_be_unused);
}

static struct local *find_local(struct resolver *r, str name, u32 *up)
{
    *up = 0;
    for (struct scope_frame *f = r->f; f; f = f->up, ++*up)
        for (u32 i = f->seen.n; i-- > 0;)
            if (f->seen.at[i].name == name)
                return &f->seen.at[i];
    return NULL;
}

static bool bind_local(struct resolver *r, struct ast *n)
{
    u32 up;
    struct local *l = find_local(r, n->text, &up);
    if (!l)
        return false;
    l->used = true;
    n->bind.kind = BIND_LOCAL;
    n->bind.up = (u16)up;
    n->bind.slot = l->slot;
    if (!up && l->slot >= r->highest)
        r->highest = l->slot + 1;
    return true;
}

/* ---- names of modules ---- */

static void bind_decl(struct ast *n, struct gram_decl *d)
{
    static const u8 kind[] = {[GD_CONST] = BIND_CONST, [GD_OPS] = BIND_OP, [GD_RULES] = BIND_RULE,
                              [GD_MONOID] = BIND_MONOID, [GD_TEXT] = BIND_TEXT, [GD_ARCH] = BIND_ARCH};
    d->used = true;
    n->bind.kind = kind[d->kind];
    n->bind.ptr = d;
    n->bind.slot = 0;
    if (d->kind == GD_OPS) {            /* floor(3): the op of that name is for tensors, the builtin for numbers */
        i32 b = resolve_builtin(d->name);
        n->bind.slot = b < 0 ? 0 : (u32)b + 1;
    }
}

static const char *suggest(struct resolver *r, str name)
{
    VEC(const char *) c = {0};
    struct arena *a = r->g->a;
    for (struct scope_frame *f = r->f; f; f = f->up)
        for (u32 i = 0; i < f->seen.n; i++)
            vec_push(a, &c, f->seen.at[i].name);
    for (u32 i = 0; i < r->m->decl.n; i++)
        vec_push(a, &c, r->m->decl.at[i]->name);
    for (u32 k = 0; k < r->m->import.n; k++)
        for (u32 i = 0; !r->m->import.at[k].alias && i < r->m->import.at[k].module->decl.n; i++)
            vec_push(a, &c, r->m->import.at[k].module->decl.at[i]->name);
    for (u32 i = 0; i < GRAM_NBUILTIN; i++)
        vec_push(a, &c, gram_builtin_name((enum gram_builtin)i));
    return diag_nearest(name, c.at, c.n);
}

static void undefined(struct resolver *r, const struct ast *n)
{
    struct diag *d = diag_add(r->g->ds, E0201, n->loc, "nothing here is called `%s`", n->text);
    const char *near = suggest(r, n->text);
    if (near)
        diag_hint(r->g->ds, d, "did you mean `%s`?", near);
    else if (r->m->import.n == 0)
        diag_hint(r->g->ds, d, "the usual operators are in the module std.nn: `import std.nn`");
}

static struct gram_import *import_alias(struct gram_module *m, str name)
{
    for (u32 i = 0; i < m->import.n; i++)
        if (m->import.at[i].alias == name)
            return &m->import.at[i];
    return NULL;
}

static void name(struct resolver *r, struct ast *n)
{
    if (bind_local(r, n))
        return;
    struct gram_decl *other, *d = resolve_lookup(r->g, r->m, n->text, &other);
    i32 b = resolve_builtin(n->text);
    if (d && other && !r->quiet) {
        struct diag *e = diag_add(r->g->ds, E0204, n->loc, "`%s` is defined by two imported modules", n->text);
        diag_label(r->g->ds, e, d->loc, "in `%s`", d->module->name);
        diag_label(r->g->ds, e, other->loc, "in `%s`", other->module->name);
        diag_hint(r->g->ds, e, "import one of them `as` a name, or list the names it should bring in");
    }
    if (d) {
        bind_decl(n, d);
    } else if (b >= 0) {
        n->bind.kind = BIND_BUILTIN;
        n->bind.slot = (u32)b;
    } else if (import_alias(r->m, n->text)) {
        n->bind.kind = BIND_MODULE;
        n->bind.ptr = import_alias(r->m, n->text)->module;
    } else if (!r->quiet) {
        undefined(r, n);
    }
}

/* nn.linear */
static void field(struct resolver *r, struct ast *n)
{
    struct ast *base = n->kid[0];
    u32 up;
    struct gram_import *im = base->kind == A_ID && !find_local(r, base->text, &up) ? import_alias(r->m, base->text) : NULL;
    if (!im) {
        expr(r, &n->kid[0]);
        diag_add(r->g->ds, E0314, n->loc, "`.%s`: only a module that was imported `as` a name has parts with names", n->text);
        return;
    }
    im->used = true;
    base->bind.kind = BIND_MODULE;
    base->bind.ptr = im->module;
    for (u32 i = 0; i < im->module->decl.n; i++)
        if (im->module->decl.at[i]->name == n->text) {
            bind_decl(n, im->module->decl.at[i]);
            return;
        }
    struct diag *d = diag_add(r->g->ds, E0206, n->loc, "`%s` defines no `%s`", im->module->name, n->text);
    const char **cand = NEW_ARRAY(r->g->a, const char *, im->module->decl.n + 1);
    for (u32 k = 0; k < im->module->decl.n; k++)
        cand[k] = im->module->decl.at[k]->name;
    const char *near = diag_nearest(n->text, cand, im->module->decl.n);
    if (near)
        diag_hint(r->g->ds, d, "did you mean `%s`?", near);
}

/* ---- expressions ---- */

static void label_mention(struct resolver *r, struct ast **slot, str name, bool numbers)
{
    struct ast *n = *slot;
    bool mention = (n->kind == A_ID || n->kind == A_FIELD) && n->bind.kind == BIND_RULE && !numbers;
    if (mention || n->kind == A_CHOOSE) {
        struct ast **kid = NEW_ARRAY(r->m->file->a, struct ast *, 1);
        kid[0] = n;
        *slot = ast_new(r->m->file->a, A_LABEL, n->loc, name, kid, 1);
        return;
    }
    switch (n->kind) {
    case A_CALL: case A_INDEX: case A_ONCE: case A_SHARE:
        label_mention(r, &n->kid[0], name, numbers);
        break;
    case A_EACH:
        label_mention(r, &n->kid[n->nkid - 1], name, numbers);
        break;
    case A_PIPE:
        label_mention(r, &n->kid[1], name, numbers);
        break;
    case A_BINARY:
        label_mention(r, &n->kid[0], name, true);
        label_mention(r, &n->kid[1], name, true);
        break;
    case A_IF:
        label_mention(r, &n->kid[1], name, numbers);
        label_mention(r, &n->kid[2], name, numbers);
        break;
    default:
        break;
    }
}

static void block(struct resolver *r, struct ast *n)
{
    u32 mark = r->f->seen.n;
    for (u32 i = 0; i < n->nkid; i++) {
        struct ast *it = n->kid[i];
        switch (it->kind) {
        case A_LET:
            expr(r, &it->kid[1]);
            if (!(it->kid[0]->flags & AF_TUPLE))
                label_mention(r, &it->kid[1], it->kid[0]->kid[0]->text, false);
            declare_pat(r, it->kid[0], (it->kid[0]->flags & AF_TUPLE) != 0);
            break;
        case A_RECIPE:
            expr(r, &it->kid[0]);
            break;
        case A_LIMIT:
            for (u32 k = 0; k < it->nkid; k++)
                expr(r, &it->kid[k]->kid[0]);
            break;
        default:
            expr(r, &n->kid[i]);
        }
    }
    leave(r, mark);
}

static void lambda(struct resolver *r, struct ast *n)
{
    struct scope_frame *outer = r->f;
    push_frame(r);
    declare_pat(r, n->kid[0], true);
    expr(r, &n->kid[1]);
    n->bind.slot = r->f->slot_name.n;
    leave(r, 0);
    r->f = outer;
}

static void repeat(struct resolver *r, struct ast *n)
{
    expr(r, &n->kid[0]);
    struct scope_frame *outer = r->f;
    push_frame(r);
    if (n->text) {
        struct local l = {n->text, add_slot(r, n->text), n->loc, true, true};
        vec_push(r->g->a, &r->f->seen, l);
    }
    expr(r, &n->kid[1]);
    n->bind.slot = r->f->slot_name.n;
    r->f = outer;
}

static void expr(struct resolver *r, struct ast **slot)
{
    struct ast *n = *slot;
    if (!n)
        return;
    switch (n->kind) {
    case A_ID:
        name(r, n);
        break;
    case A_FIELD:
        field(r, n);
        break;
    case A_LAMBDA:
        lambda(r, n);
        break;
    case A_REPEAT:
        repeat(r, n);
        break;
    case A_BLOCK:
        block(r, n);
        break;
    default:
        for (u32 i = 0; i < n->nkid; i++)
            expr(r, &n->kid[i]);
    }
}

/* ---- signatures ---- */

enum type_place { TP_PARAM, TP_RESULT, TP_INPUT /* of a space: its names have values */ };

static void size_name(struct resolver *r, struct ast *n, enum type_place place)
{
    if (bind_local(r, n))
        return;
    /* Of the constants only the module's own: those of an import would change what a signature means. */
    for (u32 i = 0; i < r->m->decl.n; i++)
        if (r->m->decl.at[i]->kind == GD_CONST && r->m->decl.at[i]->name == n->text) {
            bind_decl(n, r->m->decl.at[i]);
            return;
        }
    for (u32 i = 0; place == TP_INPUT && i < r->late.n; i++)
        if (r->late.at[i].name == n->text) {
            n->bind.kind = BIND_LOCAL;
            n->bind.slot = r->late.at[i].slot;
            return;
        }
    if (place == TP_INPUT) {
        struct late l = {n->text, add_slot(r, n->text), n->loc, false};
        vec_push(r->g->a, &r->late, l);
        n->bind.kind = BIND_LOCAL;
        n->bind.slot = l.slot;
        return;
    }
    declare(r, n, true);
}

static void type(struct resolver *r, struct ast *t, enum type_place place)
{
    if (!t)
        return;
    if (t->kind == A_TUPLETYPE) {
        for (u32 i = 0; i < t->nkid; i++)
            type(r, t->kid[i], place);
        return;
    }
    for (u32 pass = 0; pass < 2; pass++)        /* names first: `[2*H, H]` reads what it binds */
        for (u32 i = 0; i < t->nkid; i++) {
            struct ast *el = t->kid[i];
            if (el->kind == A_ID) {
                if (!pass)
                    size_name(r, el, place);
            } else if (el->kind == A_FOLD) {
                for (u32 k = 0; !pass && k < el->nkid; k++)
                    if (el->kid[k]->kind == A_ID)
                        size_name(r, el->kid[k], place);
            } else if (pass && el->kind != A_DOTS && el->kind != A_HOLE) {
                expr(r, &t->kid[i]);
            }
        }
}

static void defaults(struct resolver *r, struct ast *attrs)
{
    for (u32 i = 0; attrs && i < attrs->nkid; i++) {
        struct ast *a = attrs->kid[i];
        if (!a->nkid || !a->kid[0])
            continue;
        r->highest = 0;
        expr(r, &a->kid[0]);
        a->bind.up = r->highest > i;
        for (u32 k = 0; k < i && !a->bind.up; k++)      /* reads an attribute whose default is late: late too (coarsely) */
            a->bind.up = r->highest > k && attrs->kid[k]->bind.up;
    }
}

static void attrs_declare(struct resolver *r, struct ast *attrs, bool may_be_unused)
{
    for (u32 i = 0; attrs && i < attrs->nkid; i++) {
        u16 up = attrs->kid[i]->bind.up;
        declare(r, attrs->kid[i], may_be_unused);
        attrs->kid[i]->bind.up = up;
    }
}

/* Is the name one of the attributes' or of what patterns bind: for the defaults of ops, whose body has its own resolver. */
static void op_signature(struct resolver *r, struct gram_ops *set, struct ast *op)
{
    push_frame(r);
    struct ast *attrs = op->kid[OP_ATTRS], *params = op->kid[OP_PARAMS];
    bool any = false;
    for (u32 i = 0; attrs && i < attrs->nkid; i++)
        any |= attrs->kid[i]->nkid && attrs->kid[i]->kid[0];
    attrs_declare(r, attrs, true);
    if (any) {
        for (u32 i = 0; i < params->nkid; i++)
            if (params->kid[i]->nkid && params->kid[i]->kid[0]) {
                bool was = r->quiet;
                r->quiet = true;
                type(r, params->kid[i]->kid[0], TP_PARAM);
                r->quiet = was;
            }
        defaults(r, attrs);
    }
    vec_push(r->g->a, &set->nslot, r->f->slot_name.n);
    r->f = NULL;
}

static void alternative(struct resolver *r, struct ast *alt)
{
    u32 mark = r->f->seen.n;
    r->note = alt->kid[ALT_NOTE];
    struct ast *fors = alt->kid[ALT_FORS];
    for (u32 i = 0; fors && i < fors->nkid; i++) {
        expr(r, &fors->kid[i]->kid[1]);
        declare_pat(r, fors->kid[i]->kid[0], false);
    }
    expr(r, &alt->kid[ALT_WEIGHT]);
    expr(r, &alt->kid[ALT_WHERE]);
    expr(r, &alt->kid[ALT_EXPR]);
    leave(r, mark);
    r->note = NULL;
}

static bool noted(const struct ast *alts, str name)
{
    for (u32 i = 0; i < alts->nkid; i++)
        if (in_note(alts->kid[i]->kid[ALT_NOTE], name))
            return true;
    return false;
}

static void rule(struct resolver *r, struct gram_rule *ru)
{
    struct ast *n = ru->ast, *attrs = n->kid[RULE_ATTRS], *params = n->kid[RULE_PARAMS];
    push_frame(r);
    r->late.n = 0;
    attrs_declare(r, attrs, ru->form == RF_SPACE);
    ru->nattr = attrs ? attrs->nkid : 0;
    ru->nparam = params ? params->nkid : 0;
    for (u32 i = 0; i < ru->nparam; i++)
        declare(r, params->kid[i], true);
    for (u32 i = 0; i < ru->nparam; i++)
        if (params->kid[i]->nkid)
            type(r, params->kid[i]->kid[0], ru->form == RF_SPACE ? TP_INPUT : TP_PARAM);
    defaults(r, attrs);
    if (ru->form != RF_SPACE)
        type(r, n->kid[RULE_TYPE], TP_RESULT);
    expr(r, &n->kid[RULE_WHERE]);
    struct ast *alts = n->kid[RULE_ALTS];
    for (u32 i = 0; i < alts->nkid; i++)
        alternative(r, alts->kid[i]);
    if (ru->form == RF_SPACE)
        type(r, n->kid[RULE_TYPE], TP_INPUT);
    for (u32 i = 0; i < r->late.n; i++)
        if (!r->late.at[i].met) {
            struct ast id = {.kind = A_ID, .loc = r->late.at[i].loc, .text = r->late.at[i].name};
            undefined(r, &id);
            diag_hint(r->g->ds, r->g->ds->all.at[r->g->ds->all.n - 1],
                      "the sizes of a space's inputs are its attributes, constants of the module, or given by a `let` of its block");
        }
    for (u32 i = 0; i < r->f->seen.n; i++)
        r->f->seen.at[i].used |= noted(alts, r->f->seen.at[i].name);
    leave(r, 0);
    ru->nslot = r->f->slot_name.n;
    ru->slot_name = r->f->slot_name.at;
    r->f = NULL;
}

/* arch name in nn.space = `..` */
static void arch_space(struct resolver *r, struct gram_arch *ar)
{
    struct ast *path = ar->ast->kid[0], *last = path->kid[path->nkid - 1];
    struct gram_decl *d = NULL, *other;
    if (path->nkid == 1) {
        d = resolve_lookup(r->g, r->m, last->text, &other);
    } else {
        struct gram_import *im = import_alias(r->m, path->kid[0]->text);
        for (u32 i = 0; im && i < im->module->decl.n; i++)
            if (im->module->decl.at[i]->name == last->text)
                d = im->module->decl.at[i];
    }
    if (!d || d->kind != GD_RULES || ((struct gram_rules *)d)->overload.at[0]->form == RF_RULE) {
        diag_add(r->g->ds, E0201, path->loc, "`%s` is no space or net", last->text);
        return;
    }
    bind_decl(path, d);
}

void resolve_module(struct gram *g, struct gram_module *m)
{
    struct resolver r = {.g = g, .m = m};
    for (u32 i = 0; i < m->decl.n; i++) {
        struct gram_decl *d = m->decl.at[i];
        switch (d->kind) {
        case GD_CONST:
            push_frame(&r);
            expr(&r, &((struct gram_const *)d)->ast->kid[0]);
            r.f = NULL;
            break;
        case GD_OPS:
            for (u32 k = 0; k < ((struct gram_ops *)d)->ast.n; k++)
                op_signature(&r, (struct gram_ops *)d, ((struct gram_ops *)d)->ast.at[k]);
            break;
        case GD_RULES:
            for (u32 k = 0; k < ((struct gram_rules *)d)->overload.n; k++)
                rule(&r, ((struct gram_rules *)d)->overload.at[k]);
            break;
        case GD_ARCH:
            arch_space(&r, (struct gram_arch *)d);
            break;
        default:
            break;
        }
    }
    struct ast *root = m->file->root;
    for (u32 i = 0; i < root->nkid; i++)
        if (root->kid[i]->kind == A_LIMIT)
            for (u32 k = 0; k < root->kid[i]->nkid; k++)
                expr(&r, &root->kid[i]->kid[k]->kid[0]);
}
