/* fit.c - expectation-maximization over the derivations of texts.
 *
 * Texts with one derivation are sums of decisions: they are added up and forgotten.  Of others the forest is kept, and each round
 * its expected decisions are taken under the weights of the round before.  A round never lowers the posterior. */
#include "grammar/fit_group.h"

#include "compiler/base/real.h"

#include <stdlib.h>

enum { MOST_ROUNDS = 1000 };
#define ENOUGH 1e-12                    /* relative gain of a round below which no other follows */

struct fit *fit_open(struct gram *g, const struct fit_options *o)
{
    struct arena *a = arena_new("fit");
    struct fit *f = NEW(a, struct fit);
    *f = (struct fit){.a = a, .g = g, .m = g->module.at[g->module.n - 1], .o = *o};
    f->scratch = arena_new_in(a, "pass");
    fit_find_groups(f);
    for (u32 i = 0; i < f->weight.n; i++)
        f->weight.at[i].zero = !(f->weight.at[i].w > 0) && !o->zeros;
    return f;
}

void fit_close(struct fit *f)
{
    if (f)
        arena_free(f->a);
}

static struct fit_group *group_of(const struct fit *f, u32 no)
{
    return no && !f->group.at[no - 1].keep ? &f->group.at[no - 1] : NULL;
}

/* The weights that a decision has part in; host FIT_NONE: none. */
static struct fit_case case_of(const struct fit *f, const struct forest_draw *d)
{
    const struct fit_case none = {FIT_NONE, FIT_NONE, 1};
    if (d->rule) {
        const struct fit_rule *r = &f->rule[d->rule->serial];
        return group_of(f, r->group) && d->alt_no < r->n ? r->at[d->alt_no] : none;
    }
    const struct ast *at = d->at;
    while (at->kind == A_LABEL)
        at = at->kid[0];
    if (at->kind != A_CHOOSE || at->loc.file != f->m->file->src->id || at->id >= f->nchoose)
        return none;
    const struct fit_group *g = group_of(f, f->choose[at->id]);
    return g && d->alt_no < g->n ? (struct fit_case){g->first + d->alt_no, FIT_NONE, 1} : none;
}

static double weight_now(void *ctx, const struct forest_draw *d)
{
    const struct fit *f = ctx;
    struct fit_case c = case_of(f, d);
    if (c.host == FIT_NONE)
        return d->p;
    return f->weight.at[c.host].w * c.share * (c.inner == FIT_NONE ? 1 : f->weight.at[c.inner].w);
}

/* ---- texts ---- */

static void copy_forest(struct fit *f, const struct forest *from)
{
    struct forest_node *node = arena_dup(f->a, from->node, from->nnode * sizeof *node);
    for (u32 i = 0; i < from->nnode; i++) {
        struct forest_way *way = arena_dup(f->a, node[i].way, node[i].nway * sizeof *way);
        for (u32 k = 0; k < node[i].nway; k++)
            way[k].step = arena_dup(f->a, way[k].step, way[k].nstep * sizeof *way[k].step);
        node[i].way = way;
    }
    struct forest to = {from->nnode, node};
    vec_push(f->a, &f->ambiguous, to);
}

static void add_counts(struct fit *f, const struct forest_counts *c, bool base)
{
    for (u32 i = 0; i < c->at.n; i++) {
        const struct forest_count *n = &c->at.at[i];
        struct fit_case at = case_of(f, &n->draw);
        if (at.host != FIT_NONE)
            *(base ? &f->weight.at[at.host].base : &f->weight.at[at.host].count) += n->count;
        if (at.inner != FIT_NONE)
            *(base ? &f->weight.at[at.inner].base : &f->weight.at[at.inner].count) += n->count;
    }
}

/* Is a decision possible, weights of 0 that are to be estimated taken for open? */
static bool can_be(const struct fit *f, const struct forest_draw *d)
{
    struct fit_case c = case_of(f, d);
    if (c.host == FIT_NONE)
        return d->p > 0;
    return c.share > 0 && !f->weight.at[c.host].zero && (c.inner == FIT_NONE || !f->weight.at[c.inner].zero);
}

static bool all_can_be(const struct fit *f, const struct forest_counts *c)
{
    for (u32 i = 0; i < c->at.n; i++)
        if (!can_be(f, &c->at.at[i].draw))
            return false;
    return true;
}

/* What no weight changes; it may differ from place to place, so that counts do not do. */
static double fixed_part(void *ctx, const struct forest_draw *d)
{
    struct fit_case c = case_of(ctx, d);
    return c.host == FIT_NONE ? d->p : c.share;
}

static double one_if_possible(void *ctx, const struct forest_draw *d)
{
    return can_be(ctx, d) ? 1 : 0;
}

void fit_add(struct fit *f, const struct inside *in)
{
    struct forest_counts c;
    arena_clear(f->scratch);
    if (in->nreading > 1) {
        if (forest_logp(&in->forest, one_if_possible, f) == -__builtin_inf()) {
            f->left_out++;
            return;
        }
        copy_forest(f, &in->forest);
    } else {
        forest_expect(f->scratch, &in->forest, NULL, NULL, &c);
        if (!all_can_be(f, &c)) {
            f->left_out++;
            return;
        }
        add_counts(f, &c, true);
        f->constant += forest_logp(&in->forest, fixed_part, f);
    }
    f->texts++;
    f->before += in->logp;
}

u64 fit_texts(const struct fit *f)
{
    return f->texts;
}

u64 fit_left_out(const struct fit *f)
{
    return f->left_out;
}

/* ---- rounds ---- */

/* Log-likelihood under the weights there are; expected decisions into count. */
static double expect(struct fit *f)
{
    double sum = f->constant;
    for (u32 i = 0; i < f->weight.n; i++) {
        struct fit_weight *w = &f->weight.at[i];
        w->count = w->base;
        if (w->base > 0)
            sum += w->base * (w->w > 0 ? real_log(w->w) : -__builtin_inf());
    }
    for (u32 i = 0; i < f->ambiguous.n; i++) {
        struct forest_counts c;
        arena_clear(f->scratch);
        sum += forest_expect(f->scratch, &f->ambiguous.at[i], weight_now, f, &c);
        add_counts(f, &c, false);
    }
    return sum;
}

/* What the prior adds to the count of each weight of a group. */
static double pseudo(const struct fit *f, const struct fit_group *g)
{
    u32 n = 0;
    for (u32 i = 0; i < g->n; i++)
        n += !f->weight.at[g->first + i].zero;
    return f->o.prior > 0 ? f->o.prior - 1 : n ? 1.0 / n : 0;
}

static double log_prior(const struct fit *f)
{
    double sum = 0;
    for (u32 i = 0; i < f->group.n; i++) {
        const struct fit_group *g = &f->group.at[i];
        double a = pseudo(f, g);
        for (u32 k = 0; k < g->n && !g->keep && a > 0; k++)
            if (f->weight.at[g->first + k].w > 0)
                sum += a * real_log(f->weight.at[g->first + k].w);
    }
    return sum;
}

static void maximize(struct fit *f)
{
    for (u32 i = 0; i < f->group.n; i++) {
        const struct fit_group *g = &f->group.at[i];
        struct fit_weight *w = &f->weight.at[g->first];
        double a = pseudo(f, g), all = 0;
        for (u32 k = 0; k < g->n; k++)
            all += w[k].zero ? 0 : w[k].count + a;
        for (u32 k = 0; k < g->n && !g->keep; k++)
            w[k].w = w[k].zero ? 0 : (w[k].count + a) / all;
    }
}

/* Stay as they are: what no text decides, and where there is nothing to decide. */
static void keep_rest(struct fit *f)
{
    for (u32 i = 0; i < f->group.n; i++) {
        struct fit_group *g = &f->group.at[i];
        double all = 0;
        u32 open = 0;
        for (u32 k = 0; k < g->n; k++) {
            all += f->weight.at[g->first + k].count;
            open += !f->weight.at[g->first + k].zero;
        }
        if (!g->keep)
            g->keep = open < 2 ? KEEP_ALONE : all > 0 ? KEEP_NOT : KEEP_UNUSED;
    }
}

/* To six digits, as they are printed: w = m 10^-e. */
static void round_weights(struct fit *f)
{
    for (u32 i = 0; i < f->group.n; i++) {
        const struct fit_group *g = &f->group.at[i];
        double all = 0;
        for (u32 k = g->first; k < g->first + g->n && !g->keep; k++) {
            char text[REAL_TEXT];
            u32 n = fit_weight_text(f->weight.at[k].w, text);
            CHECK(real_read(text, n, &f->found[k]));
            all += f->found[k];
        }
        for (u32 k = g->first; k < g->first + g->n && !g->keep; k++)
            f->weight.at[k].w = f->found[k] / all;
    }
}

u32 fit_weight_text(double w, char out[REAL_TEXT])
{
    u32 e = 6;
    double m = w;
    if (!(w > 0)) {
        strcpy(out, "0");
        return 1;
    }
    for (u32 i = 0; i < 6; i++)
        m *= 10;
    for (; m < 99999.5 && e < 300; e++)
        m *= 10;
    u64 digits = (u64)(m + 0.5);
    while (digits % 10 == 0 && digits) {
        digits /= 10;
        e--;
    }
    if (!digits) {                      /* less than any weight can be told from 0 by */
        strcpy(out, "0");
        return 1;
    }
    struct buf b = {0};
    if (!e)
        buf_printf(&b, "%llu", (unsigned long long)digits);
    else if (e <= 9)
        buf_printf(&b, "0.%0*llu", (int)e, (unsigned long long)digits);
    else {
        u64 unit = 1;
        for (; unit <= digits / 10; unit *= 10)
            e--;
        buf_printf(&b, "%llu", (unsigned long long)(digits / unit));
        for (const char *point = "."; unit > 1; unit /= 10, point = "")
            buf_printf(&b, "%s%llu", point, (unsigned long long)(digits % unit / (unit / 10)));
        buf_printf(&b, "e-%u", e);
    }
    u32 n = (u32)b.n;
    memcpy(out, b.at, n + 1);
    buf_free(&b);
    return n;
}

/* A weight of 0 that is to be estimated has a part from the start. */
static void open_zeros(struct fit *f)
{
    for (u32 i = 0; i < f->group.n; i++) {
        const struct fit_group *g = &f->group.at[i];
        double all = 0, least = 0.01 / MAX(g->n, 1u);
        for (u32 k = g->first; k < g->first + g->n; k++) {
            f->weight.at[k].w = f->weight.at[k].w > 0 || f->weight.at[k].zero ? f->weight.at[k].w : least;
            all += f->weight.at[k].w;
        }
        for (u32 k = g->first; k < g->first + g->n && all > 0; k++)
            f->weight.at[k].w /= all;
    }
}

void fit_run(struct fit *f, struct fit_report *r)
{
    *r = (struct fit_report){.texts = f->texts, .ambiguous = f->ambiguous.n, .left_out = f->left_out, .before = f->before};
    f->found = NEW_ARRAY(f->a, double, f->weight.n + 1);
    open_zeros(f);
    double was = expect(f);
    keep_rest(f);
    was += log_prior(f);
    for (bool more = f->texts; more;) {
        maximize(f);
        double now = expect(f) + log_prior(f);
        more = f->ambiguous.n && ++r->iterations < MOST_ROUNDS && !(now - was <= ENOUGH * (now < 0 ? -now : now));
        was = now;
    }
    r->iterations += !f->ambiguous.n && f->texts;
    round_weights(f);
    r->after = expect(f);
    for (u32 i = 0; i < f->group.n; i++)
        if (!f->group.at[i].keep) {
            r->groups++;
            r->weights += f->group.at[i].n;
        }
}
