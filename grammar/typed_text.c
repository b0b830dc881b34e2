/* typed_text.c - a derivation on the tables as text, without making it: the bytes that notation_print gives.
 *
 * How an alternative is printed depends on the alternative, its family, its attributes and which draws it made, all of which a
 * DONE state says: so each has a template, literal text between draws, interned since most are the same.  Sizes that are
 * bound by a pattern or a `let` are not in the tables; where a notation shows one, notation_print has to do it. */
#include "grammar/note.h"
#include "grammar/typed_walk.h"

struct tpiece { u32 len; u32 child; /* 1 + number of the draw; 0: literal */ const char *text; };
struct ttext { u32 n, nchild; struct tpiece at[]; };

/* A draw in the making: the symbol's own, or a choice within its alternative. */
struct tdraw {
    const struct ast *alt, *inner, *at;
    const struct acase *taken;
    struct tdraw *up;
    struct { struct tdraw *open; u32 call; const struct ast *at; } child[T_MOST_WAY];
    u32 nchild;
};
struct maker {
    struct typed *t;
    const struct notation *n;
    const struct tsym *sym;
    struct buf lit;             /* the literal under way */
    struct { struct tpiece at[3 * T_MOST_WAY]; u32 n; } piece;
    struct arena *a;
    u32 nchild;
    bool cannot;
};

static void flush(struct maker *m)
{
    if (m->lit.n && m->piece.n < COUNTOF(m->piece.at))
        m->piece.at[m->piece.n++] = (struct tpiece){(u32)m->lit.n, 0, str_intern(m->t->g->sp, m->lit.at, m->lit.n)};
    buf_clear(&m->lit);
}

static bool of_slot(const struct note_slot *s, const struct ast *at)
{
    for (u32 i = 0; i < s->at.n; i++)
        if (s->at.at[i] == at)
            return true;
    return false;
}

static bool put_family(struct maker *m, const struct acase *c, const char *name)
{
    if (!c)
        return false;
    if (put_family(m, c->inner, name))
        return true;
    if (!c->alt) {              /* a choose: its value has no name */
        if (*name || !c->nvar || !val_has_text(&c->var[0]))
            return false;
        return val_print(&m->lit, &c->var[0]);
    }
    const struct val *found = NULL;
    u32 v = 0;
    for (u32 i = 0; c->alt->fors && i < c->alt->fors->nkid; i++) {
        const struct ast *pat = c->alt->fors->kid[i]->kid[0];
        for (u32 k = 0; k < pat->nkid; k++, v++)
            if (strcmp(pat->kid[k]->text, name) == 0 && val_has_text(&c->var[v]))
                found = &c->var[v];
    }
    return found && val_print(&m->lit, found);
}

static bool put_value(struct maker *m, const struct tdraw *d, const char *name)
{
    if (put_family(m, d->taken, name))
        return true;
    const struct gram_rule *r = m->sym->rule;
    if (d->up || !m->sym->frame)
        return false;
    for (u32 i = r->nattr; i-- > 0;)
        if (strcmp(r->slot_name[i], name) == 0 && val_has_text(&m->sym->frame->slot[i]))
            return val_print(&m->lit, &m->sym->frame->slot[i]);
    return false;
}

static void make(struct maker *m, const struct tdraw *d)
{
    const struct note_alt *t = note_find(m->n, d->alt, d->inner);
    if (!t) {
        m->cannot = true;
        return;
    }
    const struct note_form *f = &t->form.at[0];
    for (u32 i = 0; i < f->piece.n && !m->cannot; i++) {
        const struct note_piece *p = &f->piece.at[i];
        bool first = true;
        if (p->kind == NP_TEXT) {
            buf_put(&m->lit, p->text, p->len);
            continue;
        }
        if (p->kind == NP_VALUE) {
            m->cannot |= !put_value(m, d, p->var);
            continue;
        }
        for (u32 k = 0; k < d->nchild; k++) {
            if (!of_slot(&t->slot.at[p->slot], d->child[k].at))
                continue;
            if (!first && p->kind == NP_LIST)
                buf_put(&m->lit, p->text, p->len);
            first = false;
            if (d->child[k].open) {
                make(m, d->child[k].open);
            } else {
                flush(m);
                m->cannot |= m->piece.n >= COUNTOF(m->piece.at) - 1;
                if (!m->cannot)
                    m->piece.at[m->piece.n++] = (struct tpiece){0, d->child[k].call + 1, NULL};
            }
            if (p->kind == NP_SLOT)
                break;
        }
    }
}

/* The draws of an alternative, from its states. */
static struct tdraw *draws_of(struct maker *m, const struct tstate *done)
{
    const struct tstate *way[T_MOST_WAY + 8];
    u32 n = 0, i;
    for (const struct tstate *s = done; s; s = s->up)
        n++;
    i = n;
    for (const struct tstate *s = done; s; s = s->up)
        way[--i] = s;
    struct tdraw *root = NULL, *d = NULL;
    for (i = 0; i + 1 < n; i++) {
        const struct tstate *s = way[i];
        if (s->kind == T_CHOICE) {
            struct tdraw *k = NEW(m->a, struct tdraw);
            k->taken = &s->choice->w->at[way[i + 1]->alt];
            k->alt = k->taken->alt ? k->taken->alt->ast : k->taken->opt;
            k->inner = k->taken->inner ? k->taken->inner->alt->ast : NULL;
            k->up = d;
            if (d) {
                d->child[d->nchild].open = k;
                d->child[d->nchild++].at = s->site->at;
            } else {
                root = k;
                m->sym = s->owner;
            }
            d = k;
        } else if (s->kind == T_CLOSE) {
            d = d->up;
        } else if (s->kind == T_CALL) {
            d->child[d->nchild].call = m->nchild++;
            d->child[d->nchild++].at = s->site->at;
        }
    }
    return root;
}

static bool pieces_same(const struct ttext *a, const struct tpiece *p, u32 n)
{
    if (a->n != n)
        return false;
    for (u32 i = 0; i < n; i++)
        if (a->at[i].text != p[i].text || a->at[i].child != p[i].child)
            return false;
    return true;
}

static const struct ttext *intern(struct maker *m)
{
    struct typed *t = m->t;
    u64 h = m->nchild;
    for (u32 i = 0; i < m->piece.n; i++)
        h = path_mix(h, (u64)(uintptr_t)m->piece.at[i].text ^ m->piece.at[i].child);
    u32 at = idmap_home(&t->text_by, h);
    for (u32 id; (id = idmap_find(&t->text_by, h, &at));)
        if (t->text.at[id - 1]->nchild == m->nchild && pieces_same(t->text.at[id - 1], m->piece.at, m->piece.n))
            return t->text.at[id - 1];
    struct ttext *x = arena_alloc(t->a, sizeof(*x) + m->piece.n * sizeof(struct tpiece));
    x->n = m->piece.n;
    x->nchild = m->nchild;
    memcpy(x->at, m->piece.at, m->piece.n * sizeof(struct tpiece));
    vec_push(t->a, &t->text, x);
    idmap_put(t->a, &t->text_by, h, t->text.n);
    return x;
}

static const struct ttext *text_of(struct typed *t, const struct notation *n, struct tstate *done)
{
    static const struct ttext none;
    if (!done->text) {
        struct arena_mark mark = arena_mark(t->scratch);
        struct maker *m = NEW(t->scratch, struct maker);
        m->t = t;
        m->n = n;
        m->a = t->scratch;
        make(m, draws_of(m, done));
        flush(m);
        done->text = (void *)(m->cannot ? &none : intern(m));
        buf_free(&m->lit);
        arena_reset(t->scratch, mark);
    }
    return done->text == &none ? NULL : done->text;
}

static bool print(const struct walk *w, const struct notation *n, struct buf *b, u32 node)
{
    const struct ttext *x = text_of(w->t, n, w->node[node].done);
    if (!x)
        return false;
    u32 next = 0, at = node + 1;        /* draw number next is node at */
    for (u32 i = 0; i < x->n; i++) {
        const struct tpiece *p = &x->at[i];
        if (!p->child) {
            buf_put(b, p->text, p->len);
            continue;
        }
        if (p->child - 1 < next) {
            next = 0;
            at = node + 1;
        }
        for (; next < p->child - 1; next++)
            at += w->node[at].size;
        if (!print(w, n, b, at))
            return false;
    }
    return true;
}

bool walk_text(const struct walk *w, const struct notation *n, struct buf *b)
{
    size_t was = b->n;
    if (w->t->text_of && w->t->text_of != n)
        return false;
    w->t->text_of = n;
    if (print(w, n, b, 0))
        return true;
    b->n = was;
    if (b->at)
        b->at[was] = 0;
    return false;
}
