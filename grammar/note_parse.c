/* note_parse.c - an architecture text back to its derivation.
 *
 * In: a notation and a text.  Out: the derivation, or a complaint with place.
 *
 * The chart (earley.c) says which alternatives can stand where; the elaborator, asked to derive the space,
 * asks for one alternative after another, in its own order; each draw is looked up by its parent's reading
 * and the slot it fills.  Where several alternatives fit a piece of the text (two of one spelling, told
 * apart by types or values; two readings of the text), all are tried, one evaluation each: a path of
 * decisions, advanced like an odometer.  One success is the answer, two different ones are an
 * ambiguity, none is explained by the attempt that came furthest. */
#include "grammar/note.h"

enum { MOST_RUNS = 2000, MOST_LISTS = 64 };

/* A reading of a drawn node: the elements of each slot the form shows, mentions in order of the text. */
struct elems { struct cf_node **at; u32 n; };
struct shown { VEC(struct elems) mention; };        /* a slot may be shown twice */
struct nread { const struct note_prod *np; const struct cf_reading *r; struct shown *slot; };
struct nreads { VEC(struct nread *) at; };

struct inst {                       /* a draw of the current run */
    const struct draw *draw;
    u32 nread; struct nread **read; /* one per node it is read from; 0: not in the text */
    u32 *used;                      /* draws so far, by slot */
    u32 from, to;                   /* its place, squeezed */
    const struct inst *parent;
    struct inst *next;
};
struct run { u32 nstep, *step; struct cf_span *span; struct derivation *d; struct arch *arch; };
struct failure {
    bool any;
    u32 steps;
    enum diag_code code;
    u32 from, to;
    const char *text, *note, *hint;
    struct loc where; const char *where_text;
    struct diags *why;
};
struct reader {
    struct notation *n;
    struct arena *a, *scratch;
    struct diags *ds;
    const struct src *src;
    struct cf_chart *chart;
    struct inst **bucket; u32 nbucket;
    VEC(struct inst *) inst;        /* of this run, in order */
    VEC(u32) taken, of;             /* the path: candidate taken at each step, and how many there were */
    VEC(u32) alt_no;                /* of this run */
    u32 at;                         /* step of this run */
    struct failure this, best;
};

/* ---- readings of a node ------------------------------------------------------------------------ */

typedef VEC(struct elems) elems_vec;

static bool is_aux(const struct reader *r, const struct cf_node *d)
{
    return r->n->nt.at[d->nt].kind >= NT_UNION;
}

static void elems_add(struct reader *r, elems_vec *out, struct elems e)
{
    if (out->n < MOST_LISTS)
        vec_push(r->scratch, out, e);
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

static const struct note_prod *prod_of(const struct reader *r, const struct cf_prod *p)
{
    return &r->n->prod.at[p->user - 1];
}

static const struct note_piece *piece_of(const struct note_prod *np, const struct cf_sym *s)
{
    return s->user ? &np->form->piece.at[s->user - 1] : NULL;
}

static const struct nreads *reads_of(struct reader *r, struct cf_node *d)
{
    if (d->user)
        return d->user;
    struct nreads *out = NEW(r->scratch, struct nreads);
    d->user = out;
    cf_readings(r->chart, d);
    for (u32 i = 0; i < d->nreading; i++) {
        const struct cf_reading *q = &d->reading[i];
        const struct note_prod *np = prod_of(r, q->prod);
        u32 nslot = np->alt->slot.n;
        u32 first = out->at.n;
        struct nread *one = NEW(r->scratch, struct nread);
        *one = (struct nread){ np, q, NEW_ARRAY(r->scratch, struct shown, nslot + 1) };
        vec_push(r->scratch, &out->at, one);
        for (u32 k = 0; k < q->prod->n; k++) {
            if (q->prod->sym[k].kind != CF_NT)
                continue;
            u32 slot = piece_of(np, &q->prod->sym[k])->slot;
            elems_vec ways = { 0 };
            elems_of(r, q->span[k].node, &ways);
            /* Multiply what there is by the ways to read this hole. */
            u32 have = out->at.n;
            for (u32 w = 0; w < ways.n; w++)
                for (u32 h = first; h < have; h++) {
                    struct nread *t = out->at.at[h];
                    if (w + 1 < ways.n) {
                        if (out->at.n - first >= MOST_LISTS)
                            continue;
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

/* ---- one run ------------------------------------------------------------------------------------ */

static u32 hash_of(const struct reader *r, const struct draw *d)
{
    return (u32)(((uintptr_t)d >> 4) * 0x9e3779b97f4a7c15u >> 32) & (r->nbucket - 1);
}

static struct inst *inst_find(const struct reader *r, const struct draw *d)
{
    if (!d)
        return NULL;
    for (struct inst *i = r->bucket[hash_of(r, d)]; i; i = i->next)
        if (i->draw == d)
            return i;
    return NULL;
}

static struct inst *inst_add(struct reader *r, const struct choice *c, u32 nread, struct nread **read, u32 from, u32 to)
{
    const struct draw *d = c->draw;
    struct inst *i = NEW(r->scratch, struct inst);
    u32 nslot = nread ? read[0]->np->alt->slot.n : 0;
    *i = (struct inst){ d, nread, read, NEW_ARRAY(r->scratch, u32, nslot + 1), from, to, inst_find(r, c->parent), NULL };
    struct inst **head = &r->bucket[hash_of(r, d)];
    i->next = *head;
    *head = i;
    vec_push(r->scratch, &r->inst, i);
    return i;
}

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

static const char *quote(const struct reader *r, u32 from, u32 to)
{
    enum { MOST = 48 };
    const char *t = r->chart->text.at;
    return to - from <= MOST ? arena_printf(r->scratch, "`%.*s`", (int)(to - from), t + from)
                             : arena_printf(r->scratch, "`%.*s...`", MOST - 3, t + from);
}

static void fail(struct reader *r, enum diag_code code, u32 from, u32 to, const char *text, const char *note)
{
    if (r->this.any)
        return;
    r->this = (struct failure){ .any = true, .steps = r->at, .code = code, .from = from, .to = to, .text = text, .note = note };
}

/* Does a reading stand for the alternative?  If only a value differs, *why says so. */
static bool stands_for(const struct reader *r, const struct nread *t, const struct draw *d, const char **why, const struct cf_span **where)
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
        str var = piece_of(t->np, s)->var, v = value_of(d, var);
        if (!v || same_text(r, &t->r->span[k], v))
            continue;
        *why = arena_printf(r->scratch, "%s%s%s is %s here, not %s", var[0] ? "`" : "this choice", var, var[0] ? "`" : "", v, quote(r, t->r->span[k].from, t->r->span[k].to));
        *where = &t->r->span[k];
        return false;
    }
    return true;
}

/* The nodes a draw is read from.  false: the text has none for it. */
static bool nodes_of(struct reader *r, const struct choice *c, struct cf_node ***out, u32 *n)
{
    *n = 0;
    if (!c->parent) {
        *out = &r->chart->root;
        *n = 1;
        return true;
    }
    struct inst *p = inst_find(r, c->parent);
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

struct cand { u32 alt; u32 nread; struct nread **read; };
typedef VEC(struct cand) cand_vec;

/* Alternative i, if every node can be read as it: all combinations of readings. */
static void candidates(struct reader *r, u32 alt, const struct draw *d, struct cf_node **node, u32 n, cand_vec *out,
                       const char **why, const struct cf_span **where)
{
    cand_vec have = { 0 };
    vec_push(r->scratch, &have, ((struct cand){ alt, 0, NULL }));
    for (u32 k = 0; k < n; k++) {
        const struct nreads *all = reads_of(r, node[k]);
        cand_vec more = { 0 };
        for (u32 j = 0; j < all->at.n; j++) {
            if (!stands_for(r, all->at.at[j], d, why, where))
                continue;
            for (u32 h = 0; h < have.n && more.n < MOST_LISTS; h++) {
                struct nread **read = NEW_ARRAY(r->scratch, struct nread *, k + 1);
                if (k)
                    memcpy(read, have.at[h].read, k * sizeof *read);
                read[k] = all->at.at[j];
                vec_push(r->scratch, &more, ((struct cand){ alt, k + 1, read }));
            }
        }
        have.at = more.at, have.n = more.n, have.cap = more.cap;
    }
    for (u32 h = 0; h < have.n; h++)
        vec_push(r->scratch, out, have.at[h]);
}

static int pick(void *ctx, const struct choice *c)
{
    struct reader *r = ctx;
    struct cf_node **node;
    u32 n;
    if (!nodes_of(r, c, &node, &n))
        return -1;
    if (n == 0) {               /* nothing to choose, or drawn beside the architecture */
        inst_add(r, c, 0, NULL, 0, 0);
        vec_push(r->scratch, &r->alt_no, 0u);
        return 0;
    }
    const char *why = NULL;
    const struct cf_span *where = NULL;
    cand_vec cand = { 0 };
    for (u32 i = 0; i < c->n; i++) {
        struct draw d = *c->draw;
        elab_alternative(c, i, &d);
        candidates(r, i, &d, node, n, &cand, &why, &where);
    }
    u32 from = node[0]->from, to = node[0]->to;
    if (cand.n == 0) {
        const char *name = c->draw->rules ? c->draw->rules->d.name : "choose";
        if (why)
            fail(r, E0702, where->from, where->to, why, NULL);
        else
            fail(r, E0702, from, to, arena_printf(r->scratch, "%s stands for no alternative of `%s` that applies here", quote(r, from, to), name), NULL);
        r->this.where = c->draw->at ? c->draw->at->loc : (struct loc){ 0 };
        r->this.where_text = "drawn here";
        return -1;
    }
    u32 take = 0;
    if (r->at < r->taken.n) {
        take = r->taken.at[r->at];
        CHECK(cand.n == r->of.at[r->at]);
    } else {
        vec_push(r->scratch, &r->taken, 0u);
        vec_push(r->scratch, &r->of, cand.n);
    }
    r->at++;
    inst_add(r, c, cand.at[take].nread, cand.at[take].read, from, to);
    vec_push(r->scratch, &r->alt_no, cand.at[take].alt);
    return (int)cand.at[take].alt;
}

static double unit(void *ctx, u64 path)
{
    (void)ctx, (void)path;
    return 0.5;
}

/* A finished run must have used all that the text writes, and its values. */
static bool all_used(struct reader *r)
{
    for (u32 i = 0; i < r->inst.n; i++) {
        const struct inst *t = r->inst.at[i];
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
                         arena_printf(r->scratch, "%s is written here, but nothing is drawn for it", quote(r, e->at[used]->from, e->at[used]->to)),
                         slot->repeat ? arena_printf(r->scratch, "the network draws %u", used) : NULL);
                    return false;
                }
            }
            const char *why = NULL;
            const struct cf_span *where = NULL;
            if (!stands_for(r, q, t->draw, &why, &where)) {
                fail(r, E0702, where ? where->from : t->from, where ? where->to : t->to, why ? why : "the text and the network disagree here", NULL);
                return false;
            }
            for (u32 j = 0; j < q->r->prod->n; j++)
                if (q->r->prod->sym[j].kind == CF_VALUE && !value_of(t->draw, piece_of(q->np, &q->r->prod->sym[j])->var))
                    BUG("a draw of `%s` has no value for `%s`", t->draw->rules ? t->draw->rules->d.name : "choose", piece_of(q->np, &q->r->prod->sym[j])->var);
        }
    }
    return true;
}

/* The next path of decisions; false when all were tried. */
static bool advance(struct reader *r)
{
    while (r->taken.n) {
        u32 i = r->taken.n - 1;
        if (++r->taken.at[i] < r->of.at[i])
            return true;
        r->taken.n--;
        r->of.n--;
    }
    return false;
}

static bool covers(const struct ast *e, struct loc loc)
{
    return e && e->loc.file == loc.file && e->loc.off <= loc.off && loc.off + loc.len <= e->loc.off + e->loc.len;
}

/* The draw whose alternative was being evaluated when it failed: of the last one and those around it, the first that
 * says what failed; the last one if none does. */
static const struct inst *culprit(const struct reader *r, const struct diags *why)
{
    const struct inst *last = NULL;
    for (u32 i = r->inst.n; i-- > 0 && !last;)
        if (r->inst.at[i]->nread)
            last = r->inst.at[i];
    if (last && why->all.n)
        for (const struct inst *i = last; i; i = i->parent)
            if (i->nread && (covers(i->read[0]->np->alt->alt, why->all.at[0]->loc) || covers(i->read[0]->np->alt->inner, why->all.at[0]->loc)))
                return i;
    return last;
}

static struct run evaluate(struct reader *r, bool want_arch)
{
    memset(r->bucket, 0, r->nbucket * sizeof *r->bucket);
    r->inst.n = 0;
    r->alt_no.n = 0;
    r->at = 0;
    r->this = (struct failure){ 0 };
    struct diags *why = NEW(r->scratch, struct diags);
    diags_init(why, r->scratch, r->n->g->srcs);
    struct chooser c = { .ctx = r, .pick = pick, .unit = unit };
    struct run run = { 0 };
    struct arena_mark mark = arena_mark(r->a);
    run.d = elab_space(r->a, r->n->g, r->n->space, &c, why, want_arch ? &run.arch : NULL);
    if (run.d && !all_used(r))
        run.d = NULL;
    if (run.d) {
        run.nstep = r->alt_no.n;
        run.step = arena_dup(r->scratch, r->alt_no.at, r->alt_no.n * sizeof *run.step);
        run.span = NEW_ARRAY(r->scratch, struct cf_span, run.nstep);
        for (u32 i = 0; i < run.nstep; i++)
            run.span[i] = (struct cf_span){ r->inst.at[i]->from, r->inst.at[i]->to, NULL };
        return run;
    }
    arena_reset(r->a, mark);
    if (!r->this.any) {
        const struct inst *last = culprit(r, why);
        r->this = (struct failure){ .any = true, .steps = r->at, .code = E0703, .from = last ? last->from : 0,
                                    .to = last ? last->to : r->chart->text.n, .why = why };
    }
    if (!r->best.any || r->this.steps > r->best.steps)
        r->best = r->this;
    return run;
}

/* ---- complaints ---------------------------------------------------------------------------------- */

static struct loc place(const struct reader *r, u32 from, u32 to)
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

static void syntax_error(struct reader *r)
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
        d = diag_add(r->ds, E0701, place(r, at, at), "the text ends where %s is expected", b.at ? b.at : "more");
    else
        d = diag_add(r->ds, E0701, place(r, at, end), "expected %s, found %s", b.at ? b.at : "nothing more", quote(r, at, end));
    buf_free(&b);
    char *got = arena_printf(r->scratch, "%.*s", (int)(end - at), c->text.at + at);
    const char *near = cf_word_char(got[0]) ? diag_nearest(got, word, nword) : NULL;
    if (near && strcmp(near, got))
        diag_hint(r->ds, d, "did you mean `%s`?", near);
    if (c->expect.n == 1 && c->g->prod.at[c->expect.at[0].prod].user) {
        const struct note_prod *np = prod_of(r, &c->g->prod.at[c->expect.at[0].prod]);
        if (np->form->shown[0])
            diag_label(r->ds, d, np->form->loc, "the notation read here");
    }
}

static void refused(struct reader *r)
{
    const struct failure *f = &r->best;
    struct loc loc = place(r, f->from, f->to);
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

/* The first draws at which two derivations differ, and the draws around them. */
struct split { const struct draw *a, *b, *up_a, *up_b; };
static bool differ(const struct draw *a, const struct draw *b, struct split *s)
{
    s->a = a, s->b = b;
    if (a->alt_no != b->alt_no || a->rules != b->rules || a->nchild != b->nchild)
        return true;
    for (u32 i = 0; i < a->nchild; i++)
        if (differ(a->child[i], b->child[i], s)) {
            if (s->a == a->child[i])
                s->up_a = a, s->up_b = b;
            return true;
        }
    return false;
}

static void ambiguous(struct reader *r, const struct run *one, const struct run *two)
{
    struct split s = { 0 };
    differ(one->d->root, two->d->root, &s);
    u32 i = 0;
    while (i + 1 < one->nstep && i + 1 < two->nstep && one->step[i] == two->step[i])
        i++;
    /* Either the same words stand for two things, or they are grouped in two ways: then the group is to blame. */
    bool grouped = one->span[i].from != two->span[i].from || one->span[i].to != two->span[i].to;
    const struct inst *at = r->inst.at[i];
    if (grouped && at->parent) {
        at = at->parent;
        if (s.up_a)
            s.a = s.up_a, s.b = s.up_b;
    }
    struct diag *d = diag_add(r->ds, E0704, place(r, at->from, at->to), "this can be read in two ways");
    const struct draw *of[2] = { s.a, s.b };
    for (u32 k = 0; k < 2; k++) {
        struct buf t = { 0 };
        tree(&t, of[k], 3);
        diag_note(r->ds, d, "%s reading: %s", k ? "another" : "one", t.at);
        buf_free(&t);
        if (of[k]->alt && (k == 0 || of[0]->alt != of[1]->alt || of[0]->inner != of[1]->inner))
            diag_label(r->ds, d, of[k]->inner ? of[k]->inner->loc : of[k]->alt->loc, k ? "or by this alternative" : "by this alternative");
    }
}

static bool same_run(const struct run *a, const struct run *b)
{
    return a->nstep == b->nstep && !memcmp(a->step, b->step, a->nstep * sizeof *a->step);
}

struct derivation *notation_parse(struct arena *a, struct notation *n, struct diags *ds, const struct src *text, struct arch **arch_out)
{
    if (text->len >= CF_MOST_TEXT) {
        diag_add(ds, E0705, (struct loc){ text->id, 0, 0 }, "an architecture text of %u bytes is more than is read (%u)", text->len, CF_MOST_TEXT - 1);
        return NULL;
    }
    struct reader r = { .n = n, .a = a, .scratch = arena_new("text"), .ds = ds, .src = text };
    struct run first = { 0 };
    bool two = false;
    r.chart = cf_parse(r.scratch, &n->cfg, n->start, cf_squeeze(r.scratch, text->text, text->len));
    if (!r.chart->root) {
        syntax_error(&r);
        goto out;
    }
    for (r.nbucket = 64; r.nbucket < r.chart->text.n;)
        r.nbucket *= 2;
    r.bucket = NEW_ARRAY(r.scratch, struct inst *, r.nbucket);
    u32 runs = 0;
    do {
        if (++runs > MOST_RUNS) {
            struct diag *d = diag_add(ds, E0705, place(&r, 0, r.chart->text.n), "the text has more readings than are tried (%u)", MOST_RUNS);
            diag_note(ds, d, "the notation leaves too much open");
            first.d = NULL;
            two = true;
            break;
        }
        struct run run = evaluate(&r, arch_out != NULL);
        if (!run.d)
            continue;
        if (!first.d) {
            first = run;
        } else if (!same_run(&first, &run)) {
            ambiguous(&r, &first, &run);
            two = true;
            break;
        }
    } while (advance(&r));
    if (two)
        first.d = NULL;
    else if (!first.d)
        refused(&r);
    else if (arch_out)
        *arch_out = first.arch;
out:
    arena_free(r.scratch);
    return first.d;
}
