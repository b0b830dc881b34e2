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
#include "grammar/note_reader.h"

enum { MOST_RUNS = 2000 };

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

static void fail(struct reader *r, enum diag_code code, u32 from, u32 to, const char *text, const char *note)
{
    if (r->this.any)
        return;
    r->this = (struct failure){ .any = true, .steps = r->at, .code = code, .from = from, .to = to, .text = text, .note = note };
}

/* A value in the text that is not what the network has there, and what it would have to be. */
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
        bool again = false;
        for (u32 i = 0; i < bad->want.n; i++)
            again |= !strcmp(bad->want.at[i], v);
        if (!again)
            vec_push(r->scratch, &bad->want, v);
        return false;
    }
    return true;
}

static void fail_value(struct reader *r, const struct misfit *bad)
{
    enum { MOST = 6 };
    struct buf b = { 0 };
    buf_printf(&b, "%s%s%s is ", bad->var[0] ? "`" : "this choice", bad->var, bad->var[0] ? "`" : "");
    for (u32 i = 0; i < bad->want.n && i < MOST; i++)
        buf_printf(&b, "%s%s", i == 0 ? "" : i + 1 == bad->want.n ? " or " : ", ", bad->want.at[i]);
    buf_printf(&b, "%s here, not %s", bad->want.n > MOST ? ", ..." : "", note_quote(r, bad->where->from, bad->where->to));
    fail(r, E0702, bad->where->from, bad->where->to, arena_strdup(r->scratch, b.at), NULL);
    buf_free(&b);
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
                       struct misfit *bad)
{
    cand_vec have = { 0 };
    vec_push(r->scratch, &have, ((struct cand){ alt, 0, NULL }));
    for (u32 k = 0; k < n; k++) {
        const struct nreads *all = note_reads(r, node[k]);
        cand_vec more = { 0 };
        for (u32 j = 0; j < all->at.n; j++) {
            if (!stands_for(r, all->at.at[j], d, bad))
                continue;
            for (u32 h = 0; h < have.n && more.n < NOTE_MOST_LISTS; h++) {
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
    struct misfit bad = { 0 };
    cand_vec cand = { 0 };
    for (u32 i = 0; i < c->n; i++) {
        struct draw d = *c->draw;
        elab_alternative(c, i, &d);
        candidates(r, i, &d, node, n, &cand, &bad);
    }
    u32 from = node[0]->from, to = node[0]->to;
    if (cand.n == 0) {
        const char *name = c->draw->rules ? c->draw->rules->d.name : "choose";
        if (bad.where)
            fail_value(r, &bad);
        else
            fail(r, E0702, from, to, arena_printf(r->scratch, "%s stands for no alternative of `%s` that applies here", note_quote(r, from, to), name), NULL);
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
                         arena_printf(r->scratch, "%s is written here, but nothing is drawn for it", note_quote(r, e->at[used]->from, e->at[used]->to)),
                         slot->repeat ? arena_printf(r->scratch, "the network draws %u", used) : NULL);
                    return false;
                }
            }
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
        note_say_syntax(&r);
        goto out;
    }
    for (r.nbucket = 64; r.nbucket < r.chart->text.n;)
        r.nbucket *= 2;
    r.bucket = NEW_ARRAY(r.scratch, struct inst *, r.nbucket);
    u32 runs = 0;
    do {
        if (++runs > MOST_RUNS) {
            struct diag *d = diag_add(ds, E0705, note_place(&r, 0, r.chart->text.n), "the text has more readings than are tried (%u)", MOST_RUNS);
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
            note_say_ambiguous(&r, &first, &run);
            two = true;
            break;
        }
    } while (advance(&r));
    if (two)
        first.d = NULL;
    else if (!first.d)
        note_say_refused(&r);
    else if (arch_out)
        *arch_out = first.arch;
out:
    arena_free(r.scratch);
    return first.d;
}
