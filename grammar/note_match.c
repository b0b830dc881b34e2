/* note_match.c - what the draws of an evaluation can be, by the text.
 *
 * In: a chart, and a draw the elaborator asks about.  Out: the alternatives that fit: each draw is looked up by its parent's
 * reading and the slot it fills, its nodes of the chart say which productions can stand there.  Where several fit
 * (two of one spelling, told apart by types or values; two readings of the text), the path of decisions
 * (struct tries) says which is taken; note_advance moves it like an odometer. */
#include "grammar/elab.h"
#include "grammar/note_reader.h"

static str value_of(const struct draw *d, str var)
{
    for (u32 i = d->nvar; i-- > 0;)
        if (!strcmp(d->var[i], var))
            return d->value[i].text;
    return NULL;
}

static bool same_text(const struct reader *r, const struct cf_span *s, str text)
{
    struct cf_text t = cf_squeeze(r->scratch, text, (u32)strlen(text));
    return t.n == s->to - s->from && !memcmp(t.at, r->chart->text.at + s->from, t.n);
}

static void fail(struct reader *r, enum diag_code code, u32 from, u32 to, const char *text, const char *note)
{
    if (r->this.any)
        return;
    r->this = (struct failure){ .any = true, .steps = r->t->at, .code = code, .from = from, .to = to, .text = text, .note = note };
}

/* A value in the text that is not what the network has there, and what it would have to be (the first few). */
enum { MOST_WANTED = 6 };
struct misfit { const struct cf_span *where; str var; VEC(str) want; };

/* Does a reading stand for the alternative?  If only a value differs, *bad tells. */
static bool stands_for(const struct reader *r, const struct nread *t, const struct draw *d, struct misfit *bad)
{
    const struct note_alt *a = t->np->alt;
    if (a->alt != d->alt || a->inner != d->inner)
        return false;
    for (u32 i = 0; i < t->np->nfixed; i++) {
        str v = value_of(d, t->np->fixed_var[i]);
        if (v && strcmp(v, t->np->fixed_text[i]))
            return false;
    }
    for (u32 k = 0; k < t->r->prod->n; k++) {
        const struct cf_sym *s = &t->r->prod->sym[k];
        if (s->kind != CF_VALUE)
            continue;
        str var = note_piece_of(t->np, s)->var, v = value_of(d, var);
        if (!v || same_text(r, &t->r->span[k], v))
            continue;
        if (bad->where != &t->r->span[k])
            *bad = (struct misfit){ .where = &t->r->span[k], .var = var };
        bool again = bad->want.n > MOST_WANTED;
        for (u32 i = 0; i < bad->want.n && !again; i++)
            again = !strcmp(bad->want.at[i], v);
        if (!again)
            vec_push(r->scratch, &bad->want, v);
        return false;
    }
    return true;
}

static void fail_value(struct reader *r, const struct misfit *bad)
{
    struct buf b = { 0 };
    buf_printf(&b, "%s%s%s is ", bad->var[0] ? "`" : "this choice", bad->var, bad->var[0] ? "`" : "");
    for (u32 i = 0; i < bad->want.n && i < MOST_WANTED; i++)
        buf_printf(&b, "%s%s", i == 0 ? "" : i + 1 == bad->want.n ? " or " : ", ", bad->want.at[i]);
    buf_printf(&b, "%s here, not %s", bad->want.n > MOST_WANTED ? ", ..." : "", note_quote(r, bad->where->from, bad->where->to));
    fail(r, E0702, bad->where->from, bad->where->to, arena_strdup(r->scratch, b.at), NULL);
    buf_free(&b);
}

bool note_nodes(struct reader *r, const struct choice *c, struct cf_node ***out, u32 *n, u32 **used)
{
    *n = 0;
    *used = NULL;
    if (!c->parent) {
        *out = &r->chart->root;
        *n = 1;
        return true;
    }
    struct inst *p = c->parent->user;
    if (!p || !p->nread)
        return true;
    VEC(struct cf_node *) v = { 0 };
    u32 slot = ~0u;
    const struct note_alt *t = p->read[0]->np->alt;
    for (u32 i = 0; i < t->slot.n && slot == ~0u; i++)
        for (u32 j = 0; j < t->slot.at[i].at.n; j++)
            if (t->slot.at[i].at.at[j] == c->draw->at)
                slot = i;
    if (slot == ~0u)
        return true;
    u32 round = p->used[slot]++;
    *used = &p->used[slot];
    const struct note_slot *s = &t->slot.at[slot];
    for (u32 k = 0; k < p->nread; k++) {
        const struct shown *m = &p->read[k]->slot[slot];
        for (u32 j = 0; j < m->mention.n; j++) {
            const struct elems *e = &m->mention.at[j];
            u32 at = s->repeat ? round : 0;
            if (at >= e->n) {
                const char *name = s->name.n ? s->name.at[0] : "it";
                fail(r, E0706, p->from, p->to,
                     e->n ? arena_printf(r->scratch, "`%s` is drawn more often than the text writes it: %u time%s", name, e->n, e->n == 1 ? "" : "s")
                          : arena_printf(r->scratch, "`%s` is drawn here, but the text writes nothing for it", name), NULL);
                return false;
            }
            vec_push(r->scratch, &v, e->at[at]);
        }
    }
    *out = v.at;
    *n = v.n;
    return true;
}

/* Alternative i, if every node can be read as it: all combinations of readings. */
static void candidates(struct reader *r, u32 alt, const struct draw *d, struct cf_node **node, u32 n, struct cands *out,
                       struct misfit *bad)
{
    struct cands have = { 0 };
    vec_push(r->scratch, &have.at, ((struct cand){ alt, 0, NULL }));
    for (u32 k = 0; k < n; k++) {
        const struct nreads *all = note_reads(r, node[k]);
        struct cands more = { 0 };
        for (u32 j = 0; j < all->at.n; j++) {
            if (!stands_for(r, all->at.at[j], d, bad))
                continue;
            for (u32 h = 0; h < have.at.n; h++) {
                if (more.at.n == NOTE_MOST_LISTS) {
                    r->cut = true;
                    break;
                }
                struct nread **read = NEW_ARRAY(r->scratch, struct nread *, k + 1);
                if (k)
                    memcpy(read, have.at.at[h].read, k * sizeof *read);
                read[k] = all->at.at[j];
                vec_push(r->scratch, &more.at, ((struct cand){ alt, k + 1, read }));
            }
        }
        have = more;
    }
    for (u32 h = 0; h < have.at.n; h++)
        vec_push(r->scratch, &out->at, have.at.at[h]);
}

void note_candidates(struct reader *r, const struct choice *c, struct cf_node **node, u32 n, struct cands *out)
{
    struct misfit bad = { 0 };
    const struct nreads *all = note_reads(r, node[0]);
    for (u32 i = 0; i < c->n; i++) {
        struct draw d = *c->draw;
        elab_taken(c, i, &d.alt, &d.inner);
        bool any = false;               /* most can be told from the text alone */
        for (u32 j = 0; j < all->at.n && !any; j++)
            any = all->at.at[j]->np->alt->alt == d.alt && all->at.at[j]->np->alt->inner == d.inner;
        if (!any)
            continue;
        elab_alternative(c, i, &d);
        candidates(r, i, &d, node, n, out, &bad);
    }
    if (out->at.n)
        return;
    u32 from = node[0]->from, to = node[0]->to;
    const char *name = c->draw->rules ? c->draw->rules->d.name : "choose";
    if (bad.where)
        fail_value(r, &bad);
    else
        fail(r, E0702, from, to, arena_printf(r->scratch, "%s stands for no alternative of `%s` that applies here", note_quote(r, from, to), name), NULL);
    r->this.where = c->draw->at ? c->draw->at->loc : (struct loc){ 0 };
    r->this.where_text = "drawn here";
}

struct inst *note_inst(struct reader *r, const struct choice *c, u32 nread, struct nread **read, u32 from, u32 to)
{
    struct inst *i = NEW(r->scratch, struct inst);
    u32 nslot = nread ? read[0]->np->alt->slot.n : 0;
    *i = (struct inst){ c->draw, nread, read, nslot ? NEW_ARRAY(r->scratch, u32, nslot) : NULL, from, to, c->parent ? c->parent->user : NULL };
    ((struct draw *)c->draw)->user = i;
    vec_push(r->scratch, &r->t->inst, i);
    return i;
}

u32 note_take(struct reader *r, u32 n)
{
    struct tries *t = r->t;
    u32 take = 0;
    if (t->at < t->taken.n) {
        take = t->taken.at[t->at];
        CHECK(n == t->of.at[t->at]);
    } else {
        vec_push(r->scratch, &t->taken, 0u);
        vec_push(r->scratch, &t->of, n);
    }
    t->at++;
    return take;
}

/* An alternative taken, for the record. */
static int taken(struct reader *r, const struct choice *c, u32 i, u32 from, u32 to)
{
    struct draw d = *c->draw;
    d.alt_no = i;
    struct step s = { .draw = { d.rule, d.at, NULL, NULL, i, c->weight[i] }, .from = from, .to = to };
    elab_taken(c, i, &s.draw.alt, &s.draw.inner);
    vec_push(r->scratch, &r->t->step, s);
    return (int)i;
}

int note_pick(void *ctx, const struct choice *c)
{
    struct reader *r = ctx;
    struct cf_node **node;
    u32 n, *used;
    if (!note_nodes(r, c, &node, &n, &used))
        return -1;
    if (n == 0) {               /* nothing to choose, or drawn beside the architecture */
        note_inst(r, c, 0, NULL, 0, 0);
        return taken(r, c, 0, 0, 0);
    }
    struct cands cand = { 0 };
    note_candidates(r, c, node, n, &cand);
    if (!cand.at.n)
        return -1;
    const struct cand *k = &cand.at.at[note_take(r, cand.at.n)];
    note_inst(r, c, k->nread, k->read, node[0]->from, node[0]->to);
    return taken(r, c, k->alt, node[0]->from, node[0]->to);
}

double note_unit(void *ctx, u64 path)
{
    (void)ctx, (void)path;
    return 0.5;
}

/* The extents of the first tensor in a value, as `${y:shape}` reads them: 3,32,32. */
static bool put_shape(struct buf *b, const struct types *types, const struct val *v, bool part)
{
    if (v->kind == V_TENSOR) {
        const struct type *t = type_get(types, v->type);
        for (u32 i = part; i < t->rank; i++)
            buf_printf(b, "%s%lld", i > part ? "," : "", (long long)axis_extent(types, t->axis[i]));
        return true;
    }
    for (u32 i = 0; v->kind == V_TUPLE && i < v->tuple->n; i++)
        if (put_shape(b, types, &v->tuple->at[i], part))
            return true;
    return false;
}

/* Shapes can be compared once the alternative is evaluated. */
static bool shapes_fit(struct reader *r, const struct nread *q, const struct draw *d)
{
    for (u32 k = 0; k < q->r->prod->n; k++) {
        if (q->r->prod->sym[k].kind != CF_SHAPE)
            continue;
        const struct note_piece *p = note_piece_of(q->np, &q->r->prod->sym[k]);
        const struct cf_span *s = &q->r->span[k];
        struct val v = elab_local((const struct enode *)d, p->var);
        struct buf b = { 0 };
        bool tensor = put_shape(&b, r->n->g->types, &v, p->part), same = tensor && b.n == s->to - s->from && !memcmp(b.at ? b.at : "", r->chart->text.at + s->from, b.n);
        if (!same)
            fail(r, E0702, s->from, s->to, tensor ? arena_printf(r->scratch, "the shape is [%s] here, not [%.*s]", b.at ? b.at : "", (int)(s->to - s->from), r->chart->text.at + s->from)
                                                  : "there is no tensor here that has a shape", NULL);
        buf_free(&b);
        if (!same)
            return false;
    }
    return true;
}

bool note_all_used(struct reader *r)
{
    for (u32 i = 0; i < r->t->inst.n; i++) {
        const struct inst *t = r->t->inst.at[i];
        for (u32 k = 0; k < t->nread; k++) {
            const struct nread *q = t->read[k];
            for (u32 s = 0; s < q->np->alt->slot.n; s++) {
                const struct note_slot *slot = &q->np->alt->slot.at[s];
                for (u32 m = 0; m < q->slot[s].mention.n; m++) {
                    const struct elems *e = &q->slot[s].mention.at[m];
                    u32 used = slot->repeat ? t->used[s] : MIN(t->used[s], 1);
                    if (used >= e->n)
                        continue;
                    if (!slot->open)
                        continue;
                    fail(r, E0706, e->at[used]->from, e->at[used]->to,
                         arena_printf(r->scratch, "%s is written here, but nothing is drawn for it", note_quote(r, e->at[used]->from, e->at[used]->to)),
                         slot->repeat ? arena_printf(r->scratch, "the network draws %u", used) : NULL);
                    return false;
                }
            }
            if (!shapes_fit(r, q, t->draw))
                return false;
            struct misfit bad = { 0 };
            if (!stands_for(r, q, t->draw, &bad)) {
                if (bad.where)
                    fail_value(r, &bad);
                else
                    fail(r, E0702, t->from, t->to, "the text and the network disagree here", NULL);
                return false;
            }
            for (u32 j = 0; j < q->r->prod->n; j++)
                if (q->r->prod->sym[j].kind == CF_VALUE && !value_of(t->draw, note_piece_of(q->np, &q->r->prod->sym[j])->var)) {
                    fail(r, E0702, q->r->span[j].from, q->r->span[j].to,
                         arena_printf(r->scratch, "`%s` is no size and no string here: a text cannot show it", note_piece_of(q->np, &q->r->prod->sym[j])->var), NULL);
                    return false;
                }
        }
    }
    return true;
}

void note_begin(struct tries *t)
{
    t->at = t->inst.n = t->step.n = 0;
}

bool note_advance(struct tries *t)
{
    while (t->taken.n) {
        u32 i = t->taken.n - 1;
        if (++t->taken.at[i] < t->of.at[i])
            return true;
        t->taken.n--;
        t->of.n--;
    }
    return false;
}
