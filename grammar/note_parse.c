/* note_parse.c - an architecture text back to its derivations.
 *
 * In: a notation and a text.  Out: a derivation, or all of them; or a complaint with place.
 *
 * The chart (earley.c) says which alternatives can stand where; the elaborator, asked to derive the space,
 * asks for one alternative after another, in its own order, and note_match.c answers.  Nearly always there is one answer, and
 * one evaluation reads the text.  Where there were several, all are tried (note_sum.c), and the derivations
 * asked for are evaluated again.  If none leads to a network, the evaluation that came furthest explains why. */
#include "grammar/note_reader.h"

enum {
    MOST_EXPLAINED = 100,               /* evaluations that look for the best explanation of a refusal */
    MOST_STEPS = 50000000               /* of one evaluation: more than the longest text needs, and seconds */
};

static bool covers(const struct ast *e, struct loc loc)
{
    return e && e->loc.file == loc.file && e->loc.off <= loc.off && loc.off + loc.len <= e->loc.off + e->loc.len;
}

/* The draw whose alternative was being evaluated when it failed: of the last one and those around it, the first that
 * says what failed; the last one if none does. */
static const struct inst *culprit(const struct reader *r, const struct diags *why)
{
    const struct inst *last = NULL;
    for (u32 i = r->t->inst.n; i-- > 0 && !last;)
        if (r->t->inst.at[i]->nread)
            last = r->t->inst.at[i];
    if (last && why->all.n)
        for (const struct inst *i = last; i; i = i->parent)
            if (i->nread && (covers(i->read[0]->np->alt->alt, why->all.at[0]->loc) || covers(i->read[0]->np->alt->inner, why->all.at[0]->loc)))
                return i;
    return last;
}

/* One evaluation along the path r->t. */
static struct derivation *evaluate(struct reader *r, struct arch **arch_out)
{
    note_begin(r->t);
    r->this = (struct failure){ 0 };
    struct diags *why = NEW(r->scratch, struct diags);
    diags_init(why, r->scratch, r->n->g->srcs);
    struct chooser c = { .ctx = r, .pick = note_pick, .unit = note_unit, .most_steps = MOST_STEPS };
    struct arena_mark mark = arena_mark(r->a);
    struct derivation *d = elab_space(r->a, r->n->g, r->n->space, &c, why, arch_out);
    if (d && note_all_used(r))
        return d;
    arena_reset(r->a, mark);
    if (!r->this.any) {
        const struct inst *last = culprit(r, why);
        r->this = (struct failure){ .any = true, .steps = r->t->at, .code = E0703, .from = last ? last->from : 0,
                                    .to = last ? last->to : r->chart->text.n, .why = why };
    }
    if (!r->best.any || r->this.steps > r->best.steps)
        r->best = r->this;
    return NULL;
}

/* ---- following a list of alternatives -------------------------------------------------------- */

struct following { const struct forest_path *t; u32 at, split; const struct draw *draw; };

static int next_of(void *ctx, const struct choice *c)
{
    struct following *f = ctx;
    if (f->at >= f->t->n || f->t->alt[f->at] >= c->n)
        return -1;
    if (f->at == f->split)
        f->draw = c->draw;
    return (int)f->t->alt[f->at++];
}

/* split: the number of a draw that is wanted in *at. */
static struct derivation *follow(struct arena *a, struct notation *n, const struct forest_path *t, struct diags *why, u32 split, const struct draw **at,
                                 struct arch **arch_out)
{
    struct following f = { .t = t, .split = split };
    struct chooser c = { .ctx = &f, .pick = next_of, .unit = note_unit, .most_steps = MOST_STEPS };
    struct derivation *d = elab_space(a, n->g, n->space, &c, why, arch_out);
    if (at)
        *at = f.draw;
    return d;
}

u32 notation_readings(struct arena *a, struct notation *n, const struct inside *in, u32 k, struct derivation **out)
{
    struct arena *scratch = arena_new("text");
    struct forest_path *path = NEW_ARRAY(scratch, struct forest_path, k + 1);
    u32 m = 0;
    k = forest_paths(scratch, &in->forest, k, path);
    for (u32 i = 0; i < k; i++) {
        struct derivation *d = follow(a, n, &path[i], NULL, 0, NULL, NULL);
        if (d)
            out[m++] = d;
    }
    arena_free(scratch);
    return m;
}

/* The forest of the one derivation that was just evaluated. */
static struct forest single(struct reader *r)
{
    u32 n = r->t->step.n;
    struct forest_step *step = NEW_ARRAY(r->a, struct forest_step, n + 1);
    for (u32 i = 0; i < n; i++)
        step[i].draw = r->t->step.at[i].draw;
    struct forest_way *w = NEW(r->a, struct forest_way);
    *w = (struct forest_way){ n, step };
    struct forest_node *node = NEW(r->a, struct forest_node);
    *node = (struct forest_node){ 1, w };
    return (struct forest){ 1, node };
}

static bool decided(const struct tries *t)
{
    for (u32 i = 0; i < t->of.n; i++)
        if (t->of.at[i] > 1)
            return true;
    return false;
}

/* No derivation: other paths may say better why than the first. */
static void explain(struct reader *r)
{
    for (u32 i = 1; i < MOST_EXPLAINED && note_advance(r->t); i++)
        evaluate(r, NULL);
}

static bool all_readings(struct reader *r, struct tries *first, struct inside *out, struct arch **arch_out)
{
    struct note_total all;
    note_sum(r, &all);
    if (all.nreading == 0) {
        r->t = first;
        if (!all.broken)
            explain(r);
        return false;
    }
    bool two = all.nreading > 1;
    out->nreading = all.nreading;
    out->exact = !r->cut;
    out->forest = all.forest;
    struct diags why;
    diags_init(&why, r->scratch, r->n->g->srcs);
    out->best = follow(r->a, r->n, &all.best, &why, all.split, &out->at_best, arch_out);
    if (!out->best) {   /* only the bound on nesting depends on the way a derivation is come by */
        r->best = (struct failure){ .any = true, .code = E0703, .to = r->chart->text.n, .why = arena_dup(r->scratch, &why, sizeof why) };
        return false;
    }
    if (two)
        out->other = follow(r->a, r->n, &all.other, NULL, all.split, &out->at_other, NULL);
    if (two)
        out->place = note_place(r, all.from, all.to);
    out->logp = two ? forest_logp(&all.forest, NULL, NULL) : out->best->logp;
    return true;
}

static void too_many(struct reader *r, enum diag_code code, const char *what)
{
    struct diag *d = diag_add(r->ds, code, note_place(r, 0, r->chart->text.n), "%s", what);
    diag_note(r->ds, d, "the notation leaves too much open");
    diag_hint(r->ds, d, "brackets in the notation, or a word of its own for each alternative, make texts short to read");
}

static bool read(struct reader *r, struct inside *out, bool forest, struct arch **arch_out)
{
    struct tries t = { 0 };
    *out = (struct inside){ 0 };
    if (r->src->len >= CF_MOST_TEXT) {
        diag_add(r->ds, E0705, (struct loc){ r->src->id, 0, 0 }, "an architecture text of %u bytes is more than is read (%u)", r->src->len, CF_MOST_TEXT - 1);
        return false;
    }
    r->chart = cf_parse(r->scratch, &r->n->cfg, r->n->start, cf_squeeze(r->scratch, r->src->text, r->src->len));
    if (r->chart->full) {
        too_many(r, E0705, "this text is given up: its parts fit the notation in more ways than are kept");
        return false;
    }
    if (!r->chart->root) {
        note_say_syntax(r);
        return false;
    }
    r->t = &t;
    out->best = evaluate(r, arch_out);
    if (!decided(&t) && !r->cut && !r->chart->cut) {
        if (!out->best) {
            note_say_refused(r);
            return false;
        }
        out->nreading = 1;
        out->exact = true;
        out->logp = out->best->logp;
        if (forest)
            out->forest = single(r);
        return true;
    }
    if (!all_readings(r, &t, out, arch_out)) {
        if (r->cut || r->chart->cut)
            too_many(r, E0705, "this text can be read in more ways than are tried, and none of those tried is a network");
        else
            note_say_refused(r);
        return false;
    }
    out->exact &= !r->chart->cut;
    return true;
}

bool notation_inside(struct arena *a, struct notation *n, struct diags *ds, const struct src *text, struct inside *out)
{
    struct reader r = { .n = n, .a = a, .scratch = arena_new("text"), .ds = ds, .src = text };
    bool ok = read(&r, out, true, NULL);
    if (ok && !out->exact)
        too_many(&r, W0702, "this text can be read in more ways than are summed up: its probability is at least what is given");
    arena_free(r.scratch);
    return ok;
}

struct derivation *notation_parse(struct arena *a, struct notation *n, struct diags *ds, const struct src *text, struct arch **arch_out)
{
    struct reader r = { .n = n, .a = a, .scratch = arena_new("text"), .ds = ds, .src = text };
    struct inside in;
    bool ok = read(&r, &in, false, arch_out);
    if (ok && in.nreading > 1)
        notation_tell(ds, E0704, &in);
    else if (ok && !in.exact)
        too_many(&r, E0705, "this text can be read in more ways than are tried");
    ok = ok && in.nreading == 1 && in.exact;
    arena_free(r.scratch);
    return ok ? in.best : NULL;
}
