/* note_walk.c - the mentions of things drawn in an alternative, and which rules have something to choose.
 *
 * In: a resolved expression.  Out: mentions in the order of the text, each with its names (labels
 * and lets around it), whether it is in a `repeat`, and the branches of `if` it stands in. */
#include "grammar/note.h"

const struct gram_rules *note_mention_set(const struct ast *m)
{
    return m->kind == A_CHOOSE ? NULL : m->bind.ptr;
}

static bool draws(const struct gram_rules *s)
{
    for (u32 i = 0; i < s->overload.n; i++)
        if (s->overload.at[i]->draws)
            return true;
    return false;
}

/* How often an expression applies the stage of that name: 0, 1, or 2 for several times or once a round.  What is
 * handed on as an attribute counts as often as the rule it goes to applies it. */
static u32 uses(const struct ast *e, str name, bool repeat, u32 depth);

static const struct gram_rules *callee(const struct ast *e)
{
    while (e->kind == A_LABEL)
        e = e->kid[0];
    return (e->kind == A_ID || e->kind == A_FIELD) && e->bind.kind == BIND_RULE ? e->bind.ptr : NULL;
}

static u32 applies(const struct gram_rules *s, u32 attr, str named, u32 depth)
{
    u32 most = 0;
    for (u32 i = 0; i < s->overload.n && most < 2; i++) {
        const struct gram_rule *r = s->overload.at[i];
        str name = named ? named : attr < r->nattr ? r->slot_name[attr] : NULL;
        for (u32 k = 0; name && k < r->nalt; k++)
            most = MAX(most, uses(r->alt[k].expr, name, false, depth));
    }
    return most;
}

static u32 uses(const struct ast *e, str name, bool repeat, u32 depth)
{
    if (!e)
        return 0;
    if (e->kind == A_ID)
        return e->text == name ? 1 + repeat : 0;
    u32 n = 0;
    const struct gram_rules *to = e->kind == A_INDEX && depth ? callee(e->kid[0]) : NULL;
    for (u32 i = 0; i < e->nkid && n < 2; i++) {
        u32 k = uses(e->kid[i], name, repeat || (e->kind == A_REPEAT && i == 1), depth);
        if (k && to && i)
            k = applies(to, i - 1, e->kid[i]->kind == A_NAMED ? e->kid[i]->text : NULL, depth - 1) > 1 ? 2 : k;
        n += k;
    }
    return MIN(n, 2);
}

/* A stage not yet applied nor fixed by `once`: each use of it draws. */
static bool is_stage(const struct ast *e)
{
    switch (e->kind) {
    case A_LABEL: case A_INDEX: case A_PIPE:
        return is_stage(e->kid[0]);
    case A_NAMED:
        return is_stage(e->kid[0]);
    case A_IF:
        return is_stage(e->kid[1]);
    case A_BLOCK:
        return e->nkid && is_stage(e->kid[e->nkid - 1]);
    case A_LAMBDA: case A_EACH: case A_REPEAT:
        return true;
    case A_ID: case A_FIELD:
        if (e->bind.kind == BIND_RULE) {
            const struct gram_rule *r = ((const struct gram_rules *)e->bind.ptr)->overload.at[0];
            return r->nparam > 0 || r->yield == RY_STAGE;       /* a rule of sizes is drawn where it is named */
        }
        return e->bind.kind == BIND_OP;
    default:
        return false;
    }
}

enum { DEEP = 8 };

static void walk(struct note_walk *w, const struct ast *e, bool repeat, const struct note_path *path)
{
    if (!e)
        return;
    switch (e->kind) {
    case A_ID: case A_FIELD:
        if (e->bind.kind == BIND_RULE) {
            if (draws(e->bind.ptr)) {
                struct note_mention m = { .mention = e, .path = path, .repeat = repeat };
                vec_push(w->a, &m.at, e);
                vec_push(w->a, &w->mention, m);
            }
            return;
        }
        break;
    case A_CHOOSE: {
        struct note_mention m = { .mention = e, .path = path, .repeat = repeat };
        vec_push(w->a, &m.at, e);
        vec_push(w->a, &w->mention, m);
        return;
    }
    case A_RECIPE:          /* drawn beside the architecture */
        return;
    case A_LABEL: case A_LET: {
        u32 before = w->mention.n;
        bool let = e->kind == A_LET, single = !let || (e->nkid && !(e->kid[0]->flags & AF_TUPLE));
        str name = !let ? e->text : single && e->kid[0]->nkid ? e->kid[0]->kid[0]->text : NULL;
        walk(w, e->kid[e->nkid - 1], repeat, path);
        if (w->mention.n == before + 1 && name) {
            struct note_mention *m = &w->mention.at[before];
            vec_push(w->a, &m->name, name);
            if (!let)
                vec_push(w->a, &m->at, e);
        } else if (!let) {
            vec_push(w->a, &w->other, name);
        }
        return;
    }
    case A_BLOCK:
        for (u32 i = 0; i < e->nkid; i++) {
            const struct ast *s = e->kid[i];
            u32 before = w->mention.n;
            walk(w, s, repeat, path);
            if (s->kind == A_LET && w->mention.n > before && is_stage(s->kid[1]) && !(s->kid[0]->flags & AF_TUPLE)) {
                u32 n = 0;
                for (u32 j = i + 1; j < e->nkid; j++)
                    n += uses(e->kid[j], s->kid[0]->kid[0]->text, false, DEEP);
                for (; n > 1 && before < w->mention.n; before++)
                    w->mention.at[before].repeat = true;
            }
        }
        return;
    case A_INDEX: {
        const struct gram_rules *to = callee(e->kid[0]);
        walk(w, e->kid[0], repeat, path);
        for (u32 i = 1; i < e->nkid; i++) {
            u32 before = w->mention.n;
            walk(w, e->kid[i], repeat, path);
            if (!to || before == w->mention.n || !is_stage(e->kid[i]) ||
                applies(to, i - 1, e->kid[i]->kind == A_NAMED ? e->kid[i]->text : NULL, DEEP) < 2)
                continue;
            for (; before < w->mention.n; before++)
                w->mention.at[before].repeat = true;
        }
        return;
    }
    case A_REPEAT:
        walk(w, e->kid[0], repeat, path);
        walk(w, e->kid[1], true, path);
        return;
    case A_IF:
        walk(w, e->kid[0], repeat, path);
        for (u32 i = 1; i < e->nkid; i++) {
            struct note_path *p = NEW(w->a, struct note_path);
            *p = (struct note_path){ e, i, path };
            walk(w, e->kid[i], repeat, p);
        }
        return;
    default:
        break;
    }
    for (u32 i = 0; i < e->nkid; i++)
        walk(w, e->kid[i], repeat, path);
}

void note_walk(struct note_walk *w, const struct ast *e)
{
    walk(w, e, false, NULL);
}

/* ---- what is open --------------------------------------------------------------------------- */

bool note_set_open(const struct notation *n, const struct gram_rules *s)
{
    for (u32 i = 0; i < n->open.n; i++)
        if (n->open.at[i] == s)
            return true;
    return false;
}

static bool rule_open(const struct notation *n, struct arena *scratch, const struct gram_rule *r)
{
    if (!r->draws)
        return false;
    if (r->form == RF_RULE && (r->nalt > 1 || (r->nalt == 1 && (r->alt[0].inline_of || (r->alt[0].fors && r->alt[0].fors->nkid)))))
        return true;
    for (u32 i = 0; i < r->nalt; i++) {
        struct note_walk w = { .a = scratch };
        note_walk(&w, r->alt[i].expr);
        for (u32 j = 0; j < w.mention.n; j++) {
            const struct gram_rules *s = note_mention_set(w.mention.at[j].mention);
            if (!s || note_set_open(n, s))
                return true;
        }
    }
    return false;
}

void note_find_open(struct notation *n)
{
    struct arena *scratch = arena_new("pass");
    VEC(const struct gram_rules *) rest = { 0 };
    for (u32 i = 0; i < n->g->module.n; i++) {
        const struct gram_module *m = n->g->module.at[i];
        for (u32 j = 0; j < m->decl.n; j++)
            if (m->decl.at[j]->kind == GD_RULES)
                vec_push(scratch, &rest, (const struct gram_rules *)m->decl.at[j]);
    }
    for (bool more = true; more;) {
        more = false;
        for (u32 i = 0; i < rest.n; i++) {
            bool open = false;
            for (u32 j = 0; !open && rest.at[i] && j < rest.at[i]->overload.n; j++)
                open = rule_open(n, scratch, rest.at[i]->overload.at[j]);
            if (open) {
                vec_push(n->a, &n->open, rest.at[i]);
                rest.at[i] = NULL;
                more = true;
            }
        }
    }
    arena_free(scratch);
}
