/* note_read.c - the readings of a drawn node: production, and for each slot that the form shows the nodes of its
 * elements.  Nodes of lists, options and unions are looked through.
 *
 * In: a chart.  Out: readings in arena memory, at most NOTE_MOST_LISTS for a node. */
#include "grammar/note_reader.h"

typedef VEC(struct elems) elems_vec;

static bool is_aux(const struct reader *r, const struct cf_node *d)
{
    return r->n->nt.at[d->nt].kind >= NT_UNION;
}

static void elems_add(struct reader *r, elems_vec *out, struct elems e)
{
    if (out->n < NOTE_MOST_LISTS)
        vec_push(r->scratch, out, e);
    else
        r->cut = true;
}

/* The ways to read a hole: vectors of drawn nodes (one for a plain hole, none for an absent one). */
static void elems_of(struct reader *r, struct cf_node *d, elems_vec *out)
{
    VEC(struct cf_node *) tail = { 0 };     /* last element first */
    while (is_aux(r, d)) {
        cf_readings(r->chart, d);
        if (d->nreading != 1)
            break;
        /* One reading: walk down without recursion, lists are long. */
        const struct cf_reading *q = &d->reading[0];
        struct cf_node *down = NULL, *last = NULL;
        for (u32 i = 0; i < q->prod->n; i++)
            if (q->span[i].node) {
                if (!down)
                    down = q->span[i].node;
                else
                    last = q->span[i].node;
            }
        if (last)
            vec_push(r->scratch, &tail, last);
        if (!down) {
            d = NULL;
            break;
        }
        d = down;
    }
    elems_vec heads = { 0 };
    if (!d) {
        elems_add(r, &heads, (struct elems){ 0 });
    } else if (!is_aux(r, d)) {
        struct cf_node **one = NEW(r->scratch, struct cf_node *);
        *one = d;
        elems_add(r, &heads, (struct elems){ one, 1 });
    } else {
        for (u32 i = 0; i < d->nreading; i++) {
            const struct cf_reading *q = &d->reading[i];
            elems_vec some = { 0 };
            struct cf_node *last = NULL;
            bool head = false;
            for (u32 j = 0; j < q->prod->n; j++)
                if (q->span[j].node) {
                    if (!head)
                        elems_of(r, q->span[j].node, &some);
                    else
                        last = q->span[j].node;
                    head = true;
                }
            if (!head)
                elems_add(r, &some, (struct elems){ 0 });
            for (u32 k = 0; k < some.n; k++) {
                struct elems e = some.at[k];
                if (last) {
                    struct cf_node **more = NEW_ARRAY(r->scratch, struct cf_node *, e.n + 1);
                    if (e.n)
                        memcpy(more, e.at, e.n * sizeof *more);
                    more[e.n] = last;
                    e = (struct elems){ more, e.n + 1 };
                }
                elems_add(r, &heads, e);
            }
        }
    }
    for (u32 k = 0; k < heads.n; k++) {
        struct elems e = heads.at[k];
        if (tail.n) {
            struct cf_node **all = NEW_ARRAY(r->scratch, struct cf_node *, e.n + tail.n);
            if (e.n)
                memcpy(all, e.at, e.n * sizeof *all);
            for (u32 i = 0; i < tail.n; i++)
                all[e.n + i] = tail.at[tail.n - 1 - i];
            e = (struct elems){ all, e.n + tail.n };
        }
        elems_add(r, out, e);
    }
}

const struct note_prod *note_prod_of(const struct reader *r, const struct cf_prod *p)
{
    return &r->n->prod.at[p->user - 1];
}

const struct note_piece *note_piece_of(const struct note_prod *np, const struct cf_sym *s)
{
    return s->user ? &np->form->piece.at[s->user - 1] : NULL;
}

const struct nreads *note_reads(struct reader *r, struct cf_node *d)
{
    if (d->user)
        return d->user;
    struct nreads *out = NEW(r->scratch, struct nreads);
    d->user = out;
    cf_readings(r->chart, d);
    for (u32 i = 0; i < d->nreading; i++) {
        const struct cf_reading *q = &d->reading[i];
        const struct note_prod *np = note_prod_of(r, q->prod);
        u32 nslot = np->alt->slot.n;
        u32 first = out->at.n;
        struct nread *one = NEW(r->scratch, struct nread);
        *one = (struct nread){ np, q, NEW_ARRAY(r->scratch, struct shown, nslot + 1) };
        vec_push(r->scratch, &out->at, one);
        for (u32 k = 0; k < q->prod->n; k++) {
            if (q->prod->sym[k].kind != CF_NT)
                continue;
            u32 slot = note_piece_of(np, &q->prod->sym[k])->slot;
            elems_vec ways = { 0 };
            elems_of(r, q->span[k].node, &ways);
            /* Multiply what there is by the ways to read this hole. */
            u32 have = out->at.n;
            for (u32 w = 0; w < ways.n; w++)
                for (u32 h = first; h < have; h++) {
                    struct nread *t = out->at.at[h];
                    if (w + 1 < ways.n) {
                        if (out->at.n - first >= NOTE_MOST_LISTS) {
                            r->cut = true;
                            continue;
                        }
                        struct nread *copy = arena_dup(r->scratch, t, sizeof *t);
                        copy->slot = NEW_ARRAY(r->scratch, struct shown, nslot + 1);
                        for (u32 s = 0; s < nslot; s++)
                            for (u32 m = 0; m < t->slot[s].mention.n; m++)
                                vec_push(r->scratch, &copy->slot[s].mention, t->slot[s].mention.at[m]);
                        vec_push(r->scratch, &out->at, copy);
                        t = copy;
                    }
                    vec_push(r->scratch, &t->slot[slot].mention, ways.at[w]);
                }
        }
    }
    return out;
}
