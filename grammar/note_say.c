/* note_say.c - why a text was not read: what was expected where it stopped to fit, why the network it describes is
 * refused, or the two ways to read it. */
#include "grammar/note_reader.h"

const char *note_quote(const struct reader *r, u32 from, u32 to)
{
    enum { MOST = 48 };
    const char *t = r->chart->text.at;
    return to - from <= MOST ? arena_printf(r->scratch, "`%.*s`", (int)(to - from), t + from)
                             : arena_printf(r->scratch, "`%.*s...`", MOST - 3, t + from);
}

struct loc note_place(const struct reader *r, u32 from, u32 to)
{
    const struct cf_text *t = &r->chart->text;
    struct loc loc = { r->src->id, t->off[from], 0 };
    if (to > from)
        loc.len = t->off[to - 1] + 1 - t->off[from];
    return loc;
}

static u32 word_end(const struct cf_text *t, u32 at)
{
    u32 end = at;
    while (end < t->n && cf_word_char(t->at[end]))
        end++;
    return end > at ? end : MIN(at + 1, t->n);
}

void note_say_syntax(struct reader *r)
{
    struct cf_chart *c = r->chart;
    u32 at = c->far, end = word_end(&c->text, at), most = 8;
    /* What could have come, cut to its first word or run of punctuation, each once. */
    VEC(const char *) want = { 0 };
    const char **word = NEW_ARRAY(r->scratch, const char *, c->expect.n + 1);
    u32 nword = 0;
    for (u32 i = 0; i < c->expect.n; i++) {
        const struct cf_expect *e = &c->expect.at[i];
        u32 n = 0;
        while (n < e->len && cf_word_char(e->lit[n]) == cf_word_char(e->lit[0]))
            n++;
        const char *w = !e->lit ? "a value" : !e->len ? "the end of the text" : e->lit[0] == ' ' ? "a space"
                      : arena_printf(r->scratch, "`%.*s`", (int)n, e->lit);
        bool again = false;
        for (u32 j = 0; j < want.n; j++)
            again |= !strcmp(want.at[j], w);
        if (again)
            continue;
        vec_push(r->scratch, &want, w);
        if (n && cf_word_char(e->lit[0]))
            word[nword++] = arena_printf(r->scratch, "%.*s", (int)n, e->lit);
    }
    struct buf b = { 0 };
    for (u32 i = 0; i < want.n; i++) {
        if (i == most && want.n > most + 1) {
            buf_printf(&b, " or %u more", want.n - most);
            break;
        }
        buf_printf(&b, "%s%s", i == 0 ? "" : i + 1 == want.n ? " or " : ", ", want.at[i]);
    }
    struct diag *d;
    if (at == c->text.n)
        d = diag_add(r->ds, E0701, note_place(r, at, at), "the text ends where %s is expected", b.at ? b.at : "more");
    else
        d = diag_add(r->ds, E0701, note_place(r, at, end), "expected %s, found %s", b.at ? b.at : "nothing more", note_quote(r, at, end));
    buf_free(&b);
    char *got = arena_printf(r->scratch, "%.*s", (int)(end - at), c->text.at + at);
    const char *near = cf_word_char(got[0]) ? diag_nearest(got, word, nword) : NULL;
    if (near && strcmp(near, got))
        diag_hint(r->ds, d, "did you mean `%s`?", near);
    if (c->expect.n == 1 && c->g->prod.at[c->expect.at[0].prod].user) {
        const struct note_prod *np = note_prod_of(r, &c->g->prod.at[c->expect.at[0].prod]);
        if (np->form->shown[0])
            diag_label(r->ds, d, np->form->loc, "the notation read here");
    }
}

void note_say_refused(struct reader *r)
{
    const struct failure *f = &r->best;
    struct loc loc = note_place(r, f->from, f->to);
    if (!f->why) {
        struct diag *d = diag_add(r->ds, f->code, loc, "%s", f->text);
        if (f->where.file)
            diag_label(r->ds, d, f->where, "%s", f->where_text);
        if (f->note)
            diag_note(r->ds, d, "%s", f->note);
        return;
    }
    const struct diag *first = f->why->all.n ? f->why->all.at[0] : NULL;
    struct diag *d = diag_add(r->ds, f->code, loc, "%s", first && first->text ? first->text : "the network that this text describes is refused");
    if (!first)
        return;
    if (first->loc.file)
        diag_label(r->ds, d, first->loc, "here in the grammar");
    for (u32 i = 0; i < first->labels.n; i++)
        diag_label(r->ds, d, first->labels.at[i].loc, "%s", first->labels.at[i].text);
    for (u32 i = 0; i < first->notes.n; i++)
        diag_note(r->ds, d, "%s", first->notes.at[i]);
    for (u32 i = 0; i < first->hints.n; i++)
        diag_hint(r->ds, d, "%s", first->hints.at[i]);
}

/* A derivation from one draw down, short: R.2(S.1, T.3(...)). */
static void tree(struct buf *b, const struct draw *d, u32 depth)
{
    buf_printf(b, "%s.%u", d->rules ? d->rules->d.name : "choose", d->alt_no + 1);
    if (!d->nchild)
        return;
    if (depth == 0 || b->n > 120) {
        buf_puts(b, "(...)");
        return;
    }
    for (u32 i = 0; i < d->nchild; i++) {
        buf_puts(b, i ? ", " : "(");
        tree(b, d->child[i], depth - 1);
    }
    buf_putc(b, ')');
}

static void whole_tree(struct buf *b, const struct draw *d)
{
    buf_printf(b, "%s.%u", d->rules ? d->rules->d.name : "choose", d->alt_no + 1);
    for (u32 i = 0; i < d->nchild; i++) {
        buf_puts(b, i ? ", " : "(");
        whole_tree(b, d->child[i]);
    }
    if (d->nchild)
        buf_putc(b, ')');
}

void notation_tree(struct buf *b, const struct derivation *d)
{
    whole_tree(b, d->root);
}

void notation_tell(struct diags *ds, enum diag_code code, const struct inside *in)
{
    struct diag *d = diag_add(ds, code, in->place, "this can be read in two ways");
    const struct draw *of[2] = { in->at_best, in->at_other };
    for (u32 k = 0; k < 2 && of[k]; k++) {
        struct buf t = { 0 };
        tree(&t, of[k], 3);
        diag_note(ds, d, "%s reading: %s", k ? "another" : "one", t.at);
        buf_free(&t);
        if (of[k]->alt && (k == 0 || of[0]->alt != of[1]->alt || of[0]->inner != of[1]->inner))
            diag_label(ds, d, of[k]->inner ? of[k]->inner->loc : of[k]->alt->loc, k ? "or by this alternative" : "by this alternative");
    }
}
