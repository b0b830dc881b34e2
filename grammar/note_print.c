/* note_print.c - a derivation as text: the first form of every alternative, filled in; also of one that is not finished, and
 * of a single alternative, where what is not drawn stands as its hole. */
#include "grammar/note.h"

static void print(struct buf *b, const struct notation *n, const struct draw *d);

static bool of_slot(const struct note_slot *s, const struct draw *d)
{
    for (u32 i = 0; i < s->at.n; i++)
        if (s->at.at[i] == d->at)
            return true;
    return false;
}

static void piece(struct buf *b, const struct notation *n, const struct note_alt *t, const struct note_piece *p, const struct draw *d)
{
    bool first = true;
    switch (p->kind) {
    case NP_TEXT:
        buf_put(b, p->text, p->len);
        break;
    case NP_VALUE:
        for (u32 i = d->nvar; i-- > 0;)         /* inner ones hide outer ones */
            if (!strcmp(d->var[i], p->var)) {
                buf_puts(b, d->value[i].text);
                return;
            }
        buf_printf(b, "$%s", p->var);           /* a stage or a tensor: nothing that a text can show */
        break;
    default:
        for (u32 i = 0; i < d->nchild; i++) {
            if (!of_slot(&t->slot.at[p->slot], d->child[i]))
                continue;
            if (!first && p->kind == NP_LIST)
                buf_put(b, p->text, p->len);
            first = false;
            print(b, n, d->child[i]);
            if (p->kind == NP_SLOT)
                return;
        }
    }
}

static void print(struct buf *b, const struct notation *n, const struct draw *d)
{
    const struct note_alt *t = note_find(n, d->alt, d->inner);
    if (!t)
        BUG("no notation for a draw of `%s`", d->rules ? d->rules->d.name : "choose");
    const struct note_form *f = &t->form.at[0];
    for (u32 i = 0; i < f->piece.n; i++)
        piece(b, n, t, &f->piece.at[i], d);
}

static void hole(struct buf *b, const struct note_slot *s)
{
    buf_printf(b, "$%s", s->name.n ? s->name.at[0] : s->at.n && s->at.at[0]->text ? s->at.at[0]->text : "_");
}

/* As print; a draw without an alternative is the one asked for. */
static void print_open(struct buf *b, const struct notation *n, const struct draw *d)
{
    if (!d->alt) {
        buf_putc(b, '?');
        return;
    }
    const struct note_alt *t = note_find(n, d->alt, d->inner);
    if (!t)
        BUG("no notation for a draw of `%s`", d->rules ? d->rules->d.name : "choose");
    const struct note_form *f = &t->form.at[0];
    for (u32 i = 0; i < f->piece.n; i++) {
        const struct note_piece *p = &f->piece.at[i];
        if (p->kind == NP_TEXT || p->kind == NP_VALUE) {
            piece(b, n, t, p, d);
            continue;
        }
        const struct note_slot *s = &t->slot.at[p->slot];
        u32 there = 0;
        for (u32 k = 0; k < d->nchild && (p->kind == NP_LIST || !there); k++)
            if (of_slot(s, d->child[k])) {
                if (there++)
                    buf_put(b, p->text, p->len);
                print_open(b, n, d->child[k]);
            }
        if (!there)
            hole(b, s);
    }
}

void notation_print_open(struct buf *b, const struct notation *n, const struct draw *d)
{
    print_open(b, n, d);
}

void notation_print(struct buf *b, const struct notation *n, const struct derivation *d)
{
    print(b, n, d->root);
}
