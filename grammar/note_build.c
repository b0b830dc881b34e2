/* note_build.c - the context-free grammar of a space's texts.
 *
 * In: a checked grammar and a space.  Out: nonterminals for the rules, nets and `choose`s that holes
 * reach (all overloads of a rule together), productions for every form.  Complains about notations
 * (note_alt.c) and about a rule that can stand for itself alone, whose texts would have readings without
 * end (E0645). */
#include "grammar/note.h"

static u32 bucket(const struct ast *alt, const struct ast *inner)
{
    return (alt->id * 31 + alt->loc.file * 7 + (inner ? inner->id * 17 + 1 : 0)) & 255;
}

const struct note_alt *note_find(const struct notation *n, const struct ast *alt, const struct ast *inner)
{
    for (const struct note_alt *t = n->bucket[bucket(alt, inner)]; t; t = t->next)
        if (t->alt == alt && t->inner == inner)
            return t;
    return NULL;
}

static void remember(struct notation *n, struct note_alt *t)
{
    struct note_alt **end = &n->bucket[bucket(t->alt, t->inner)];
    while (*end)
        end = &(*end)->next;
    *end = t;
}

static u32 new_nt(struct notation *n, struct note_nt t, const char *name)
{
    u32 id = cf_nt(&n->cfg, name);
    vec_push(n->a, &n->nt, t);
    return id;
}

static u32 mention_nt(struct notation *n, const struct ast *m)
{
    const struct gram_rules *set = note_mention_set(m);
    for (u32 i = 0; i < n->nt.n; i++)
        if (set ? n->nt.at[i].kind == NT_SET && n->nt.at[i].set == set : n->nt.at[i].kind == NT_CHOOSE && n->nt.at[i].choose == m)
            return i;
    return set ? new_nt(n, (struct note_nt){ .kind = NT_SET, .set = set }, set->d.name)
               : new_nt(n, (struct note_nt){ .kind = NT_CHOOSE, .choose = m }, "choose");
}

typedef VEC(struct cf_sym) sym_vec;

static bool white(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

static void put_text(struct notation *n, sym_vec *out, const char *t, u32 len, u32 user)
{
    for (u32 i = 0; i < len;) {
        u32 from = i;
        bool w = white(t[i]);
        while (i < len && white(t[i]) == w)
            i++;
        vec_push(n->a, out, w ? ((struct cf_sym){ .kind = CF_SPACE, .user = user })
                              : ((struct cf_sym){ .kind = CF_LIT, .lit = t + from, .len = i - from, .user = user }));
    }
}

static u32 slot_nt(struct notation *n, const struct note_slot *s)
{
    u32 nt = mention_nt(n, s->mention.at[0]);
    if (s->mention.n > 1) {
        u32 u = new_nt(n, (struct note_nt){ .kind = NT_UNION }, n->cfg.nt.at[nt].name);
        for (u32 i = 0; i < s->mention.n; i++) {
            u32 m = mention_nt(n, s->mention.at[i]);
            bool again = false;         /* both branches may mention the same rule */
            for (u32 j = 0; j < i; j++)
                again |= mention_nt(n, s->mention.at[j]) == m;
            if (!again)
                cf_prod(&n->cfg, u, 1, &(struct cf_sym){ .kind = CF_NT, .nt = m }, 0);
        }
        nt = u;
    }
    return nt;
}

static u32 opt_nt(struct notation *n, u32 nt)
{
    u32 o = new_nt(n, (struct note_nt){ .kind = NT_OPT }, n->cfg.nt.at[nt].name);
    cf_prod(&n->cfg, o, 0, NULL, 0);
    cf_prod(&n->cfg, o, 1, &(struct cf_sym){ .kind = CF_NT, .nt = nt }, 0);
    return o;
}

static u32 list_nt(struct notation *n, u32 nt, const char *sep, u32 len)
{
    const char *name = arena_printf(n->a, "list of %s", n->cfg.nt.at[nt].name);
    u32 l = new_nt(n, (struct note_nt){ .kind = NT_LIST }, name), some = new_nt(n, (struct note_nt){ .kind = NT_LIST }, name);
    cf_prod(&n->cfg, l, 0, NULL, 0);
    cf_prod(&n->cfg, l, 1, &(struct cf_sym){ .kind = CF_NT, .nt = some }, 0);
    cf_prod(&n->cfg, some, 1, &(struct cf_sym){ .kind = CF_NT, .nt = nt }, 0);
    sym_vec s = { 0 };
    vec_push(n->a, &s, ((struct cf_sym){ .kind = CF_NT, .nt = some }));
    put_text(n, &s, sep, len, 0);
    vec_push(n->a, &s, ((struct cf_sym){ .kind = CF_NT, .nt = nt }));
    cf_prod(&n->cfg, some, s.n, s.at, 0);
    return l;
}

static void add_form(struct notation *n, u32 nt, const struct note_alt *t, const struct note_form *f)
{
    /* Written-out families are multiplied out, unless that is too much. */
    enum { MOST = 4096 };
    u64 total = 1;
    u32 nvar = 0;
    for (u32 i = 0; i < t->family.n; i++) {
        const struct note_family *m = &t->family.at[i];
        if (!m->open && total * m->nmember <= MOST)
            total *= m->nmember, nvar += m->nvar;
    }
    u32 *hole = NEW_ARRAY(n->a, u32, f->piece.n);
    for (u32 i = 0; i < f->piece.n; i++) {
        const struct note_piece *p = &f->piece.at[i];
        if (p->kind != NP_SLOT && p->kind != NP_LIST)
            continue;
        const struct note_slot *s = &t->slot.at[p->slot];
        hole[i] = slot_nt(n, s);
        if (p->kind == NP_LIST)
            hole[i] = list_nt(n, hole[i], p->text, p->len);
        else if (s->optional)
            hole[i] = opt_nt(n, hole[i]);
    }
    for (u64 k = 0; k < total; k++) {
        str *var = NEW_ARRAY(n->a, str, nvar + 1), *text = NEW_ARRAY(n->a, str, nvar + 1);
        u32 nfixed = 0;
        u64 rest = k, seen = 1;
        for (u32 i = 0; i < t->family.n; i++) {
            const struct note_family *m = &t->family.at[i];
            if (m->open || seen * m->nmember > MOST)
                continue;
            seen *= m->nmember;
            for (u32 j = 0; j < m->nvar; j++, nfixed++) {
                var[nfixed] = m->var[j];
                text[nfixed] = m->text[rest % m->nmember * m->nvar + j];
            }
            rest /= m->nmember;
        }
        sym_vec s = { 0 };
        for (u32 i = 0; i < f->piece.n; i++) {
            const struct note_piece *p = &f->piece.at[i];
            if (p->kind == NP_TEXT) {
                put_text(n, &s, p->text, p->len, i + 1);
            } else if (p->kind == NP_SHAPE) {
                vec_push(n->a, &s, ((struct cf_sym){ .kind = CF_SHAPE, .user = i + 1 }));
            } else if (p->kind == NP_VALUE) {
                str fixed = NULL;
                for (u32 j = 0; j < nfixed; j++)        /* an inner family hides an outer one */
                    if (var[j] == p->var)
                        fixed = text[j];
                if (fixed)
                    put_text(n, &s, fixed, (u32)strlen(fixed), i + 1);
                else
                    vec_push(n->a, &s, ((struct cf_sym){ .kind = CF_VALUE, .user = i + 1 }));
            } else {
                vec_push(n->a, &s, ((struct cf_sym){ .kind = CF_NT, .nt = hole[i], .user = i + 1 }));
            }
        }
        /* Neighbouring literals are one word for matching. */
        sym_vec glued = { 0 };
        for (u32 i = 0; i < s.n; i++) {
            struct cf_sym *last = glued.n ? &glued.at[glued.n - 1] : NULL;
            if (last && last->kind == CF_LIT && s.at[i].kind == CF_LIT) {
                last->lit = arena_printf(n->a, "%.*s%.*s", (int)last->len, last->lit, (int)s.at[i].len, s.at[i].lit);
                last->len += s.at[i].len;
            } else {
                vec_push(n->a, &glued, s.at[i]);
            }
        }
        vec_push(n->a, &n->prod, ((struct note_prod){ t, f, nfixed, var, text }));
        cf_prod(&n->cfg, nt, glued.n, glued.at, n->prod.n);
    }
}

static bool add_alt(struct notation *n, u32 nt, struct note_alt alt)
{
    struct note_alt *t = arena_dup(n->a, &alt, sizeof alt);
    if (!note_alt_fill(n, t))
        return false;
    remember(n, t);
    for (u32 i = 0; i < t->form.n; i++)
        add_form(n, nt, t, &t->form.at[i]);
    return true;
}

static bool fill_rule(struct notation *n, u32 nt, const struct gram_rule *r)
{
    bool ok = true;
    for (u32 i = 0; i < r->nalt; i++) {
        const struct gram_alt *a = &r->alt[i];
        struct note_alt t = { .set = r->set, .rule = r, .galt = a, .alt = a->ast, .number = i + 1 };
        if (!a->inline_of) {
            ok &= add_alt(n, nt, t);
            continue;
        }
        bool fine = true;       /* the outer half is looked at with every inner one: complain once */
        for (u32 j = 0; fine && j < a->inline_of->overload.n; j++) {
            const struct gram_rule *in = a->inline_of->overload.at[j];
            for (u32 k = 0; fine && k < in->nalt; k++) {
                t.ginner = &in->alt[k];
                t.inner = in->alt[k].ast;
                fine = add_alt(n, nt, t);
            }
        }
        ok &= fine;
    }
    return ok;
}

static bool fill_nt(struct notation *n, u32 nt)
{
    bool ok = true;
    const struct ast *choose = n->nt.at[nt].choose;
    if (n->nt.at[nt].kind == NT_SET) {
        const struct gram_rules *set = n->nt.at[nt].set;
        for (u32 i = 0; i < set->overload.n; i++)
            ok &= fill_rule(n, nt, set->overload.at[i]);
    } else if (n->nt.at[nt].kind == NT_CHOOSE) {
        const struct ast *opts = choose->kid[0];
        for (u32 i = 0; i < opts->nkid; i++) {
            struct note_alt t = { .alt = opts->kid[i], .number = i + 1 };
            ok &= add_alt(n, nt, t);
        }
    }
    return ok;
}

struct notation *notation_build(struct gram *g, const struct gram_rule *space)
{
    struct notation *n = NEW(g->a, struct notation);
    n->a = g->a, n->g = g, n->space = space;
    cfg_init(&n->cfg, n->a);
    note_find_open(n);
    n->start = new_nt(n, (struct note_nt){ .kind = NT_SET, .set = space->set, .filled = true }, space->set->d.name);
    bool ok = fill_rule(n, n->start, space);
    for (u32 i = 0; i < n->nt.n; i++)
        if (!n->nt.at[i].filled) {
            n->nt.at[i].filled = true;
            ok &= fill_nt(n, i);
        }
    if (!ok)
        return NULL;
    struct arena *scratch = arena_new("pass");
    u32 cycle = cf_cycle(&n->cfg, scratch);
    arena_free(scratch);
    if (cycle) {
        const struct note_nt *t = &n->nt.at[cycle - 1];
        struct loc loc = t->set ? t->set->d.loc : t->choose ? t->choose->loc : space->set->d.loc;
        struct diag *d = diag_add(g->ds, E0645, loc, "a text of `%s` can stand for the same text of itself", n->cfg.nt.at[cycle - 1].name);
        diag_note(g->ds, d, "every such text could be read in endlessly many ways");
        diag_hint(g->ds, d, "give the alternative that only mentions itself a notation with a word of its own");
        return NULL;
    }
    cfg_index(&n->cfg);
    return n;
}

bool notation_check(struct gram *g, const struct gram_module *m)
{
    struct notation *n = NEW(g->a, struct notation);
    n->a = g->a, n->g = g;
    note_find_open(n);
    bool ok = true;
    for (u32 i = 0; i < m->decl.n; i++) {
        const struct gram_rules *s = (const struct gram_rules *)m->decl.at[i];
        for (u32 j = 0; s->d.kind == GD_RULES && j < s->overload.n; j++) {
            const struct gram_rule *r = s->overload.at[j];
            for (u32 k = 0; k < r->nalt && !r->inline_; k++) {      /* inline ones with whoever mentions them */
                struct note_alt t = { .set = s, .rule = r, .galt = &r->alt[k], .alt = r->alt[k].ast, .number = k + 1 };
                const struct gram_rules *in = t.galt->inline_of;
                bool fine = in || note_alt_fill(n, &t);
                for (u32 p = 0; in && fine && p < in->overload.n; p++)
                    for (u32 q = 0; fine && q < in->overload.at[p]->nalt; q++) {
                        struct note_alt u = t;
                        u.ginner = &in->overload.at[p]->alt[q];
                        u.inner = u.ginner->ast;
                        fine = note_alt_fill(n, &u);
                    }
                ok &= fine;
            }
        }
    }
    return ok;
}
