/* note_alt.c - one alternative's notations: what its holes may name, and its forms as pieces.
 *
 * In: an alternative (with the inline alternative that stands in for its mention, if any), or an option of a
 * `choose`.  Out: slots, families, forms.  Complains when a hole names nothing (E0641), a draw is
 * not determined by a form (E0642), a hole is a list or not against what is drawn (E0643), or one
 * label stands for two draws (E0644). */
#include "grammar/note.h"

struct half {               /* an alternative without its inline part */
    const struct gram_rule *rule;
    const struct ast *alt, *fors, *expr, *where, *note;
    u32 number, total;      /* among the alternatives of its set */
    const char *name;       /* of the set */
    VEC(struct note_slot) slot;
    VEC(struct note_form) form;
    VEC(struct note_family) family;
    VEC(str) other;
    const struct ast *spliced;  /* the inline mention: its slot is no draw */
};

static bool static_num(const struct ast *e, struct num *v)
{
    struct num a, b;
    if (e->kind == A_INT || e->kind == A_REAL) {
        *v = e->num;
    } else if (e->kind == A_NEG && static_num(e->kid[0], &a)) {
        *v = num_neg(a);
    } else if (e->kind == A_BINARY && e->nkid == 2 && static_num(e->kid[0], &a) && static_num(e->kid[1], &b)) {
        *v = e->op == AB_ADD ? num_add(a, b) : e->op == AB_SUB ? num_sub(a, b) : e->op == AB_MUL ? num_mul(a, b)
           : e->op == AB_DIV ? num_div(a, b) : (struct num){ 0 };
    } else {
        return false;
    }
    return v->kind != NUM_BAD;
}

static str num_text(struct notation *n, struct num v)
{
    struct buf b = { 0 };
    num_print(&b, v);
    str s = str_intern(n->g->sp, b.at, b.n);
    buf_free(&b);
    return s;
}

/* A size or string written out, as it is printed; NULL if it has to be computed. */
static str static_text(struct notation *n, const struct ast *e)
{
    struct num v;
    if (e->kind == A_STRING)
        return e->text;
    return static_num(e, &v) ? num_text(n, v) : NULL;
}

/* The members of a set in { }: rows of nvar texts.  false: not written out. */
enum { MOST_MEMBERS = 1024 };
typedef VEC(str) str_vec;
static bool members(struct notation *n, const struct ast *opts, u32 nvar, str_vec *out)
{
    for (u32 i = 0; i < opts->nkid; i++) {
        const struct ast *e = opts->kid[i];
        if (e->kind == A_OPT)
            e = e->kid[e->nkid - 1];
        if (e->kind == A_RANGE) {
            struct num lo, hi;
            i64 a, b;
            if (nvar != 1 || !static_num(e->kid[0], &lo) || !static_num(e->kid[1], &hi) || !num_is_int(lo, &a) || !num_is_int(hi, &b) ||
                (b >= a && (u64)b - (u64)a >= MOST_MEMBERS))
                return false;
            for (i64 v = a; v <= b; v++)
                vec_push(n->a, out, num_text(n, num_int(v)));
        } else if (nvar == 1) {
            str s = static_text(n, e);
            if (!s)
                return false;
            vec_push(n->a, out, s);
        } else {
            if (e->kind != A_TUPLE || e->nkid != nvar)
                return false;
            for (u32 j = 0; j < nvar; j++) {
                str s = static_text(n, e->kid[j]);
                if (!s)
                    return false;
                vec_push(n->a, out, s);
            }
        }
        if (out->n > MOST_MEMBERS * nvar)
            return false;
    }
    return true;
}

static void add_family(struct notation *n, struct half *h, u32 nvar, str *var, const struct ast *opts)
{
    struct note_family f = { .var = var, .nvar = nvar };
    str_vec text = { 0 };
    f.open = !members(n, opts, nvar, &text);
    if (!f.open)
        f.nmember = text.n / nvar, f.text = text.at;
    vec_push(n->a, &h->family, f);
}

/* ---- slots ---------------------------------------------------------------------------------- */

static bool exclusive(const struct note_path *a, const struct note_path *b)
{
    for (; a; a = a->up)
        for (const struct note_path *p = b; p; p = p->up)
            if (p->at == a->at && p->kid != a->kid)
                return true;
    return false;
}

static bool shares_name(const struct note_mention *a, const struct note_mention *b, str *name)
{
    for (u32 i = 0; i < a->name.n; i++)
        for (u32 j = 0; j < b->name.n; j++)
            if (a->name.at[i] == b->name.at[j]) {
                *name = a->name.at[i];
                return true;
            }
    return false;
}

static bool fill_slots(struct notation *n, struct half *h)
{
    struct note_walk w = { .a = n->a };
    bool ok = true;
    note_walk(&w, h->expr);
    h->other.at = w.other.at, h->other.n = w.other.n, h->other.cap = w.other.cap;
    u32 *slot_of = NEW_ARRAY(n->a, u32, w.mention.n + 1);
    for (u32 i = 0; i < w.mention.n; i++) {
        const struct note_mention *m = &w.mention.at[i];
        struct note_slot *s = NULL;
        for (u32 j = 0; j < i; j++) {
            str name;
            const struct note_mention *o = &w.mention.at[j];
            if (!shares_name(m, o, &name))
                continue;
            if (!exclusive(m->path, o->path)) {
                struct diag *d = diag_add(n->g->ds, E0644, m->mention->loc, "`%s` names two draws", name);
                diag_label(n->g->ds, d, o->mention->loc, "the other one");
                diag_hint(n->g->ds, d, "give each its own label");
                ok = false;
            }
            s = &h->slot.at[slot_of[j]];
            slot_of[i] = slot_of[j];
        }
        if (!s) {
            slot_of[i] = h->slot.n;
            vec_push(n->a, &h->slot, ((struct note_slot){ .loc = m->mention->loc }));
            s = &h->slot.at[h->slot.n - 1];
        }
        for (u32 j = 0; j < m->name.n; j++)
            vec_push(n->a, &s->name, m->name.at[j]);
        for (u32 j = 0; j < m->at.n; j++)
            vec_push(n->a, &s->at, m->at.at[j]);
        vec_push(n->a, &s->mention, m->mention);
        const struct gram_rules *set = note_mention_set(m->mention);
        s->open |= !set || note_set_open(n, set);
        s->repeat |= m->repeat;
        s->optional |= m->path != NULL;
    }
    return ok;
}

/* ---- forms ---------------------------------------------------------------------------------- */

static bool name_char(char c, bool first)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (!first && c >= '0' && c <= '9');
}

static bool is_value(const struct half *h, str name)
{
    for (u32 i = 0; i < h->family.n; i++)
        for (u32 j = 0; j < h->family.at[i].nvar; j++)
            if (h->family.at[i].var[j] == name)
                return true;
    for (u32 i = 0; h->rule && i < h->rule->nslot; i++)
        if (h->rule->slot_name[i] == name)
            return i < h->rule->nattr || i >= h->rule->nattr + h->rule->nparam;
    return false;
}

static u32 slot_named(const struct half *h, str name)
{
    for (u32 i = 0; i < h->slot.n; i++)
        for (u32 j = 0; j < h->slot.at[i].name.n; j++)
            if (h->slot.at[i].name.at[j] == name)
                return i;
    return ~0u;
}

static void unknown_hole(struct notation *n, const struct half *h, str name, struct loc loc)
{
    for (u32 i = 0; i < h->other.n; i++)
        if (h->other.at[i] == name) {
            struct diag *d = diag_add(n->g->ds, E0641, loc, "`$%s`: nothing is drawn at the label `%s`", name, name);
            diag_note(n->g->ds, d, "a hole shows a draw (a rule, a `choose`), an attribute, a size or a family variable");
            return;
        }
    VEC(const char *) cand = { 0 };
    for (u32 i = 0; i < h->slot.n; i++)
        for (u32 j = 0; j < h->slot.at[i].name.n; j++)
            vec_push(n->a, &cand, (const char *)h->slot.at[i].name.at[j]);
    for (u32 i = 0; i < h->family.n; i++)
        for (u32 j = 0; j < h->family.at[i].nvar; j++)
            vec_push(n->a, &cand, (const char *)h->family.at[i].var[j]);
    for (u32 i = 0; h->rule && i < h->rule->nslot; i++)
        if (h->rule->slot_name[i])
            vec_push(n->a, &cand, (const char *)h->rule->slot_name[i]);
    struct diag *d = diag_add(n->g->ds, E0641, loc, "the hole `$%s` names nothing of this alternative", name);
    const char *near = diag_nearest(name, cand.at, cand.n);
    if (near)
        diag_hint(n->g->ds, d, "did you mean `$%s`?", near);
    else
        diag_hint(n->g->ds, d, "a hole names a label, a `let`, an attribute or a family variable; `$$` is a dollar");
}

/* `${y:shape}`, `${y:part}`: extents of a tensor, read and compared.  t + i is behind the colon; returns what is behind the word. */
static u32 read_shape(struct notation *n, const struct half *h, const char *t, u32 i, str name, struct loc loc, struct note_piece *p, bool *ok)
{
    bool shape = !strncmp(t + i, "shape}", 6), known = !name[0];
    for (u32 k = 0; h->rule && k < h->rule->nslot && !known; k++)
        known = h->rule->slot_name[k] == name;
    *p = (struct note_piece){ .kind = NP_SHAPE, .var = name, .part = !shape, .loc = loc };
    if (!shape && strncmp(t + i, "part}", 5)) {
        struct diag *d = diag_add(n->g->ds, E0640, loc, "`${` and `:` that begin no hole");
        diag_hint(n->g->ds, d, "`${y:shape}` stands for the extents of the tensor y, `${y:part}` for those of a part of a bundle; without a name: of what is given");
        *ok = false;
    } else if (!known) {
        unknown_hole(n, h, name, loc);
        *ok = false;
    } else if (!h->form.n) {
        struct diag *d = diag_add(n->g->ds, E0640, loc, "shapes are read and compared, not printed: this notation would be printed");
        diag_hint(n->g->ds, d, "put a notation without shapes before it: as \"...\" or \"...\"");
        *ok = false;
    }
    return i + (shape ? 5 : 4);
}

static void put_text(struct notation *n, struct note_form *f, const char *text, u32 len, struct loc loc)
{
    if (len)
        vec_push(n->a, &f->piece, ((struct note_piece){ .kind = NP_TEXT, .text = text, .len = len, .loc = loc }));
}

/* One string of `as`. */
static bool read_form(struct notation *n, struct half *h, const struct ast *s)
{
    struct note_form f = { .shown = s->text, .loc = s->loc };
    const char *t = s->text;
    u32 len = (u32)strlen(t), from = 0;
    bool ok = true;
    for (u32 i = 0; i < len;) {
        if (t[i] != '$') {
            i++;
            continue;
        }
        put_text(n, &f, t + from, i - from, s->loc);
        u32 dollar = i++;
        /* Exact as long as the string has no escapes. */
        struct loc loc = { s->loc.file, s->loc.off + 1 + dollar, 1 };
        if (s->loc.len != len + 2)
            loc = s->loc;
        if (i < len && t[i] == '$') {
            put_text(n, &f, "$", 1, loc);
            from = ++i;
            continue;
        }
        bool brace = i < len && t[i] == '{', list = false;
        i += brace;
        u32 at = i, sep = 0, seplen = 0;
        while (i < len && name_char(t[i], i == at))
            i++;
        u32 end = i;
        bool shape = brace && i < len && t[i] == ':';
        struct note_piece sized;
        if (shape) {
            i = read_shape(n, h, t, i + 1, str_intern(n->g->sp, t + at, end - at), loc, &sized, &ok);
            if (!ok)
                return false;
        }
        if (brace && i < len && t[i] == '|') {
            list = true;
            sep = ++i;
            while (i < len && t[i] != '}')
                i++;
            seplen = i - sep;
        }
        if ((end == at && !shape) || (brace && (i >= len || t[i] != '}'))) {
            struct diag *d = diag_add(n->g->ds, E0640, loc, end == at ? "`$` without a name" : "`${` without its `}`");
            diag_hint(n->g->ds, d, "write `$name`, `${name}`, `${name|separator}`, or `$$` for a dollar");
            return false;
        }
        i += brace;
        from = i;
        if (loc.len == 1)
            loc.len = i - dollar;
        if (shape) {
            vec_push(n->a, &f.piece, sized);
            continue;
        }
        str name = str_intern(n->g->sp, t + at, end - at);
        u32 slot = slot_named(h, name);
        struct note_piece p = { .loc = loc, .slot = slot, .text = t + sep, .len = seplen, .var = name };
        if (slot != ~0u) {
            const struct note_slot *k = &h->slot.at[slot];
            p.kind = list ? NP_LIST : NP_SLOT;
            if (list != k->repeat) {
                struct diag *d = diag_add(n->g->ds, E0643, loc, list ? "`%s` is drawn once, not once a round" : "`%s` is drawn once a round, any number of times", name);
                diag_label(n->g->ds, d, k->loc, list ? "drawn here, outside of any `repeat`" : "drawn here, in a `repeat`");
                if (list)
                    diag_hint(n->g->ds, d, "write `${%s}`", name);
                else
                    diag_hint(n->g->ds, d, "write a list with its separator: `${%s|, }`", name);
                ok = false;
            }
        } else if (is_value(h, name) && !list) {
            p.kind = NP_VALUE;
        } else if (is_value(h, name)) {
            diag_add(n->g->ds, E0643, loc, "`%s` is one value, not a list", name);
            ok = false;
            continue;
        } else {
            unknown_hole(n, h, name, loc);
            ok = false;
            continue;
        }
        vec_push(n->a, &f.piece, p);
    }
    put_text(n, &f, t + from, len - from, s->loc);
    vec_push(n->a, &h->form, f);
    return ok;
}

/* Without `as`: the child alone, a size or string as it is, else Rule.2(family, child, [list, list]). */
static void default_form(struct notation *n, struct half *h)
{
    struct note_form f = { .shown = "", .loc = h->expr->loc };
    u32 nopen = 0, child = 0;
    for (u32 i = 0; i < h->slot.n; i++)
        if (h->slot.at[i].open)
            nopen++, child = i;
    str s = static_text(n, h->expr);
    const struct ast *e = h->expr;
    if (s && !h->family.n) {
        put_text(n, &f, s, (u32)strlen(s), f.loc);
    } else if (!h->rule && (e->kind == A_BINARY || e->kind == A_NEG || e->kind == A_RANGE || (e->kind == A_ID && e->bind.kind != BIND_OP && e->bind.kind != BIND_RULE))) {
        vec_push(n->a, &f.piece, ((struct note_piece){ .kind = NP_VALUE, .var = str_c(n->g->sp, ""), .loc = f.loc }));
    } else if (!h->rule && e->kind == A_ID && nopen == 0) {
        put_text(n, &f, e->text, (u32)strlen(e->text), f.loc);
    } else if (nopen == 1 && h->family.n == 0 && !h->slot.at[child].repeat) {
        vec_push(n->a, &f.piece, ((struct note_piece){ .kind = NP_SLOT, .slot = child, .loc = f.loc }));
    } else {
        const char *head = h->total > 1 ? arena_printf(n->a, "%s.%u", h->name, h->number) : h->name;
        put_text(n, &f, head, (u32)strlen(head), f.loc);
        const char *sep = "(";
        for (u32 i = 0; i < h->family.n; i++)
            for (u32 j = 0; j < h->family.at[i].nvar; j++) {
                put_text(n, &f, sep, (u32)strlen(sep), f.loc);
                vec_push(n->a, &f.piece, ((struct note_piece){ .kind = NP_VALUE, .var = h->family.at[i].var[j], .loc = f.loc }));
                sep = ", ";
            }
        for (u32 i = 0; i < h->slot.n; i++) {
            const struct note_slot *k = &h->slot.at[i];
            if (!k->open)
                continue;
            put_text(n, &f, sep, (u32)strlen(sep), f.loc);
            if (k->repeat)
                put_text(n, &f, "[", 1, f.loc);
            vec_push(n->a, &f.piece, ((struct note_piece){ .kind = k->repeat ? NP_LIST : NP_SLOT, .slot = i, .text = ", ", .len = 2, .loc = f.loc }));
            if (k->repeat)
                put_text(n, &f, "]", 1, f.loc);
            sep = ", ";
        }
        if (sep[0] == ',')
            put_text(n, &f, ")", 1, f.loc);
    }
    vec_push(n->a, &h->form, f);
}

/* Does the form say which member of the family was drawn? */
static bool shows_family(const struct note_form *f, const struct note_family *m, str *missing)
{
    bool *shown = (bool[64]){ 0 };
    bool all = true;
    for (u32 v = 0; v < m->nvar && v < 64; v++) {
        for (u32 i = 0; i < f->piece.n; i++)
            shown[v] |= f->piece.at[i].kind == NP_VALUE && f->piece.at[i].var == m->var[v];
        if (!shown[v] && all)
            all = false, *missing = m->var[v];
    }
    if (all || m->open)
        return all;
    for (u32 i = 0; i < m->nmember; i++)
        for (u32 j = 0; j < i; j++) {
            bool same = true;
            for (u32 v = 0; same && v < m->nvar && v < 64; v++)
                same = !shown[v] || m->text[i * m->nvar + v] == m->text[j * m->nvar + v];
            if (same)
                return false;
        }
    return true;
}

static bool determined(struct notation *n, const struct half *h)
{
    bool ok = true;
    for (u32 i = 0; i < h->form.n; i++) {
        const struct note_form *f = &h->form.at[i];
        for (u32 s = 0; s < h->slot.n; s++) {
            bool shown = !h->slot.at[s].open;
            for (u32 j = 0; !shown && j < f->piece.n; j++)
                shown = (f->piece.at[j].kind == NP_SLOT || f->piece.at[j].kind == NP_LIST) && f->piece.at[j].slot == s;
            if (shown)
                continue;
            const struct ast *m = h->slot.at[s].mention.at[0];
            const struct gram_rules *set = note_mention_set(m);
            struct diag *d = diag_add(n->g->ds, E0642, f->loc, "the notation does not say what is drawn for `%s`",
                                      h->slot.at[s].name.n ? h->slot.at[s].name.at[0] : set ? set->d.name : "choose");
            diag_label(n->g->ds, d, h->slot.at[s].loc, "drawn here");
            if (h->slot.at[s].name.n)
                diag_hint(n->g->ds, d, "add `$%s` to the notation", h->slot.at[s].name.at[0]);
            else
                diag_hint(n->g->ds, d, set ? "label it (`a:%s`) and add `$a` to the notation" : "bind it with `let k = choose {...}` and add `$k` to the notation", set ? set->d.name : "");
            ok = false;
        }
        for (u32 k = 0; !h->where && k < h->family.n; k++) {
            str missing = "";
            if (!shows_family(f, &h->family.at[k], &missing)) {
                struct diag *d = diag_add(n->g->ds, E0642, f->loc, "the notation does not say which `%s` of the family is drawn", missing);
                diag_label(n->g->ds, d, h->fors ? h->fors->loc : h->expr->loc, "one alternative for each");
                diag_hint(n->g->ds, d, "add `$%s` to the notation", missing);
                ok = false;
            }
        }
    }
    return ok;
}

static bool fill_half(struct notation *n, struct half *h)
{
    for (u32 i = 0; h->fors && i < h->fors->nkid; i++) {
        const struct ast *f = h->fors->kid[i], *pat = f->kid[0];
        str *var = NEW_ARRAY(n->a, str, pat->nkid + 1);
        for (u32 j = 0; j < pat->nkid; j++)
            var[j] = pat->kid[j]->text;
        add_family(n, h, pat->nkid, var, f->kid[1]);
    }
    if (!h->rule && h->expr->kind == A_RANGE) {
        str *var = NEW(n->a, str);
        *var = str_c(n->g->sp, "");
        struct ast *opts = NEW(n->a, struct ast);
        opts->kind = A_OPTS, opts->nkid = 1;
        opts->kid = NEW(n->a, struct ast *);
        opts->kid[0] = (struct ast *)h->expr;
        add_family(n, h, 1, var, opts);
    }
    bool ok = fill_slots(n, h);
    if (h->note && h->note->nkid) {
        for (u32 i = 0; i < h->note->nkid; i++)
            ok &= read_form(n, h, h->note->kid[i]);
    } else {
        default_form(n, h);
    }
    return ok;
}

static void open_half(struct half *h, const struct gram_rule *r, const struct gram_alt *a)
{
    u32 total = 0, number = 0;
    for (u32 i = 0; i < r->set->overload.n; i++) {
        const struct gram_rule *o = r->set->overload.at[i];
        for (u32 j = 0; j < o->nalt; j++) {
            total++;
            if (&o->alt[j] == a)
                number = total;
        }
    }
    *h = (struct half){ .rule = r, .alt = a->ast, .fors = a->fors, .expr = a->expr, .where = a->where, .note = a->note,
                        .number = number, .total = total, .name = r->set->d.name };
}

/* The outer form with the pieces of the inner one in place of the inline mention. */
static struct note_form splice(struct notation *n, const struct note_form *out, u32 slot, const struct note_form *in)
{
    struct note_form f = { .shown = out->shown, .loc = out->loc };
    for (u32 i = 0; i < out->piece.n; i++) {
        const struct note_piece *p = &out->piece.at[i];
        if ((p->kind == NP_SLOT || p->kind == NP_LIST) && p->slot == slot)
            for (u32 j = 0; j < in->piece.n; j++)
                vec_push(n->a, &f.piece, in->piece.at[j]);
        else
            vec_push(n->a, &f.piece, *p);
    }
    return f;
}

bool note_alt_fill(struct notation *n, struct note_alt *t)
{
    struct half h;
    if (t->galt) {
        open_half(&h, t->rule, t->galt);
    } else {
        const struct ast *e = t->alt->kind == A_OPT ? t->alt->kid[t->alt->nkid - 1] : t->alt;
        h = (struct half){ .alt = t->alt, .expr = e, .number = t->number, .total = 1,
                           .name = arena_printf(n->a, "%u", t->number) };
    }
    bool ok = fill_half(n, &h);
    if (!t->ginner) {
        ok = ok && determined(n, &h);
        t->slot.at = h.slot.at, t->slot.n = h.slot.n;
        t->form.at = h.form.at, t->form.n = h.form.n;
        t->family.at = h.family.at, t->family.n = h.family.n;
        return ok;
    }
    struct half in;
    const struct gram_rules *set = t->galt->inline_of;
    u32 slot = 0;
    while (slot < h.slot.n && note_mention_set(h.slot.at[slot].mention.at[0]) != set)
        slot++;
    CHECK(slot < h.slot.n);
    h.slot.at[slot].open = true;
    ok = ok && determined(n, &h);
    const struct gram_rule *r = NULL;
    for (u32 i = 0; i < set->overload.n; i++)
        for (u32 j = 0; j < set->overload.at[i]->nalt; j++)
            if (&set->overload.at[i]->alt[j] == t->ginner)
                r = set->overload.at[i];
    CHECK(r);
    open_half(&in, r, t->ginner);
    ok = fill_half(n, &in) && ok;
    ok = ok && determined(n, &in);
    t->slot.at = in.slot.at, t->slot.n = in.slot.n;
    for (u32 i = 0; i < h.family.n; i++)
        vec_push(n->a, &t->family, h.family.at[i]);
    for (u32 i = 0; i < in.family.n; i++)
        vec_push(n->a, &t->family, in.family.at[i]);
    for (u32 i = 0; i < h.form.n; i++)
        for (u32 j = 0; j < in.form.n; j++)
            vec_push(n->a, &t->form, splice(n, &h.form.at[i], slot, &in.form.at[j]));
    return ok;
}
