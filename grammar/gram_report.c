/* gram_report.c - what `nasc check` says about a grammar: its spaces, their rules, how they grow, how many derivations they have. */
#include "grammar/gram_report.h"

enum { SMALL_DEPTH = 100, MOST_ROWS = 40, OF_RULE = 4, MOST_STEPS = 500000 /* a check takes milliseconds */ };

/* ---- numbers ---- */

static void put_real(struct buf *b, double x)
{
    double whole = x < 1e6 ? (double)(i64)(x + 0.5) : x;
    if (x == __builtin_inf())
        buf_puts(b, "infinite");
    else if (x >= 1e6)
        buf_printf(b, "%.3g", x);
    else if (x >= 99.95 || __builtin_fabs(x - whole) < 1e-9 * (1 + x))
        buf_printf(b, "%.0f", x);
    else
        buf_printf(b, x >= 9.995 ? "%.1f" : "%.2f", x);
}

static void put_right(struct buf *b, size_t column, double x)
{
    struct buf one = {0};
    put_real(&one, x);
    buf_pad(b, column > one.n ? column - one.n : 0);
    buf_puts(b, one.at);
    buf_free(&one);
}

static void put_rate(struct buf *b, double x)
{
    buf_printf(b, x < 0.995 ? "%.3f" : x < 1.005 ? "%.4f" : "%.2f", x);
}

static void put_weight(struct buf *b, double x)
{
    size_t from = b->n;
    buf_printf(b, x < 0.1 ? "%.3g" : x < 0.5 ? "%.4f" : "%.3f", x);
    if (x >= 0.1)
        while (b->n > from && (b->at[b->n - 1] == '0' || b->at[b->n - 1] == '.') && memchr(b->at + from, '.', b->n - from))
            b->at[--b->n] = 0;
}

/* ---- the skeleton's rules as rows: symbols that differ by depth or by what they give are one ---- */

struct row { const char *name; const struct skel_sym *sym; u32 nalt, of, more; /* more symbols of the rule, not shown */ };

static bool same_row(const struct row *r, const struct skel_sym *s)
{
    return r->sym->rule == s->rule && r->sym->choose == s->choose && (!s->rule || strcmp(r->name, s->name) == 0);
}

static u32 alternatives(const struct skel_sym *s)
{
    u32 n = 0;
    for (u32 p = 0; p < s->nprod; p++)
        n += p == 0 || s->prod[p].number != s->prod[p - 1].number;
    return n;
}

/* A choose by its label or its place. */
static const char *row_name(struct gram *g, const struct skel_sym *s)
{
    if (s->rule)
        return s->name;
    const struct src *src = srcs_get(g->srcs, s->choose->loc.file);
    return src ? arena_printf(g->a, "choose, line %u", src_pos(src, s->choose->loc.off).line) : "choose";
}

/* Of each rule the first few. */
static u32 rows_of(struct gram *g, const struct skel *k, struct row *row, u32 cap)
{
    u32 n = 0;
    for (u32 i = 0; i < k->nsym; i++) {
        const struct skel_sym *s = &k->sym[i];
        u32 at = 0, same = 0, last = 0;
        if (i == k->root)
            continue;
        for (; at < n && !same_row(&row[at], s); at++)
            if (row[at].sym->rule == s->rule && s->rule) {
                same++;
                last = at;
            }
        if (at < n) {           /* one that is told apart by what it gives has fewer alternatives */
            row[at].nalt = MAX(row[at].nalt, alternatives(s));
        } else if (same == OF_RULE) {
            row[last].more++;
        } else if (n == cap) {
            return n + 1;
        } else {
            row[n++] = (struct row){row_name(g, s), s, alternatives(s), i, 0};
        }
    }
    return n;
}

static void put_sizes(struct buf *b, const struct growth *w, u32 s, bool copies)
{
    put_right(b, 46, w->at[GROWTH_DERIVATION].draws[s]);
    put_right(b, 57, w->at[GROWTH_DERIVATION].terminals[s]);
    if (copies) {
        put_right(b, 72, w->at[GROWTH_INSTANCE].draws[s]);
        put_right(b, 83, w->at[GROWTH_INSTANCE].terminals[s]);
    }
    buf_putc(b, '\n');
}

static void report_rules(struct buf *b, struct gram *g, const struct skel *k, const struct growth *w)
{
    struct row row[MOST_ROWS];
    u32 n = rows_of(g, k, row, COUNTOF(row)), shown = MIN(n, (u32)MOST_ROWS);
    const double *der = w->at[GROWTH_DERIVATION].draws, *inst = w->at[GROWTH_INSTANCE].draws;
    bool copies = false;
    for (u32 i = 0; i < k->nsym; i++)
        copies |= inst[i] > der[i] * (1 + 1e-9);
    if (copies)
        buf_puts(b, "                                      expected                  with copies\n");
    buf_printf(b, "    rule              alternatives       draws  terminals%s\n", copies ? "          draws  terminals" : "");
    for (u32 i = 0; i < shown; i++) {
        struct buf num = {0};
        buf_printf(b, "    %s", row[i].name);
        buf_printf(&num, "%u", row[i].nalt);
        buf_pad(b, 34 - MIN(num.n, 30));
        buf_puts(b, num.at);
        buf_free(&num);
        put_sizes(b, w, row[i].of, copies);
        if (row[i].more)
            buf_printf(b, "    ... %u more of %s\n", row[i].more, row[i].sym->rule->set->d.name);
    }
    if (n > shown)
        buf_puts(b, "    ... and more rules\n");
    buf_puts(b, "    a network");
    put_sizes(b, w, k->root, copies);
}

/* ---- rates ---- */

static void say_critical(struct buf *b, const struct growth_critical *c)
{
    if (c->con)
        buf_printf(b, "%s = ", c->con->d.name);
    else
        buf_printf(b, "a share of ");
    put_weight(b, c->at);
    if (!c->con) {
        u32 no = 0;
        for (u32 i = 0; i < c->rule->nalt; i++)
            if (c->rule->alt[i].ast == c->alt)
                no = i + 1;
        if (no)
            buf_printf(b, " for alternative %u of `%s`", no, c->rule->set->d.name);
        else
            buf_printf(b, " for a way out of `%s`", c->rule->set->d.name);
    }
}

static const char *critical_text(struct arena *a, const struct growth_critical *c)
{
    struct buf t = {0};
    say_critical(&t, c);
    buf_printf(&t, " (it is %.4g)", c->is);
    const char *s = arena_strdup(a, t.at);
    buf_free(&t);
    return s;
}

static void warn(struct gram *g, const struct gram_rule *space, const struct skel *k, const struct growth *w, enum growth_level l,
                 const struct growth_critical *c)
{
    const struct skel_sym *s = &k->sym[w->at[l].worst];
    struct loc loc = s->rule ? s->rule->set->d.loc : s->choose->loc;
    struct buf r = {0};
    put_rate(&r, w->at[l].rate);
    struct diag *d;
    if (l == GROWTH_DERIVATION) {
        d = diag_add(g->ds, W0603, loc, "derivations of `%s` grow at a rate of %s: their expected size is infinite", space->set->d.name, r.at);
        if (w->ends < 1 - 1e-6)
            diag_note(g->ds, d, "left to itself a derivation ends with probability %.4g; limits cut the others off", w->ends);
    } else {
        d = diag_add(g->ds, W0604, loc, "networks of `%s`, copies counted, grow at a rate of %s: their expected size is infinite", space->set->d.name, r.at);
        diag_note(g->ds, d, "a derivation ends, but what `each`, `once` and `share` copy outgrows it; limits cut the largest networks off");
    }
    if (c)
        diag_hint(g->ds, d, "the rate is 1 at %s", critical_text(g->a, c));
    buf_free(&r);
}

static void report_rate(struct buf *b, struct gram *g, const struct gram_rule *space, const struct skel *k, const struct growth *w)
{
    static const char *const what[] = {"rate of growth", "with copies"};
    double der = w->at[GROWTH_DERIVATION].rate, inst = w->at[GROWTH_INSTANCE].rate;
    if (inst == 0)
        return;
    for (u32 l = 0; l < GROWTH_LEVELS; l++) {
        double r = w->at[l].rate;
        if (l && inst < der * (1 + 1e-9))
            break;
        struct growth_critical c;
        bool found = growth_critical(g->a, g, space, k, w, (enum growth_level)l, &c);
        buf_printf(b, "    %-15s ", what[l]);
        put_rate(b, r);
        if (found)
            buf_printf(b, "; critical at %s", critical_text(g->a, &c));
        if (l == GROWTH_DERIVATION && w->ends < 1 - 1e-6)
            buf_printf(b, "; ends with probability %.4g", w->ends);
        buf_putc(b, '\n');
        if (r >= 1 - 1e-12 && (l == GROWTH_DERIVATION || der < 1 - 1e-12))
            warn(g, space, k, w, (enum growth_level)l, found ? &c : NULL);
    }
}

/* ---- counts ---- */

static void report_count(struct buf *b, struct gram *g, const struct gram_rule *space, const struct skel *k)
{
    struct limits lim;
    u32 depth = 0, deepest;
    if (elab_space_limits(g, space, &lim) && lim.depth)
        depth = lim.depth > SMALL_DEPTH ? SMALL_DEPTH : (u32)lim.depth;
    if (k->by_depth || k->crosses)
        k = tally_skel(g->a, g, space, depth ? depth : 8, MOST_STEPS);
    struct tally *t = k && !k->empty ? tally_new(k, TALLY_FEW_BITS) : NULL;
    if (!t)
        return;
    bool finite = tally_finite(t, &deepest);
    u32 to = finite ? deepest : depth ? depth : 8;
    struct tally_number n = tally_depth(t, to);
    buf_puts(b, "    derivations     ");
    tally_print(b, &n);
    buf_printf(b, finite ? ", types left out\n" : " to depth %u, types left out\n", to);
    tally_free(t);
}

static void report_notes(struct buf *b, const struct skel *k)
{
    for (u32 i = 0; i < SKEL_NNOTE; i++)
        if (k->notes >> i & 1)
            buf_printf(b, "    approximate: %s\n", skel_note_text((enum skel_note)i));
    if (k->reads_depth)
        buf_printf(b, "    something reads `depth`: from depth %u on all is taken as it is there\n", k->most_depth);
}

/* The first of each rule: the others lead to it, or are led to. */
static void report_endless(struct gram *g, const struct gram_rule *space, const struct skel *k)
{
    for (u32 i = 0; i < k->nendless; i++) {
        bool first = k->endless[i].rule != NULL && k->endless[i].rule != space;
        for (u32 j = 0; j < i && first; j++)
            first = k->endless[j].rule != k->endless[i].rule;
        if (first)
            diag_add(g->ds, W0605, k->endless[i].rule->set->d.loc, "no derivation of `%s` ends, which `%s` can lead to", k->endless[i].name,
                     space->set->d.name);
    }
}

static void put_attrs(struct buf *b, const struct gram_rule *s)
{
    for (u32 i = 0; i < s->nattr; i++)
        buf_printf(b, "%s%s%s", i ? ", " : "[", s->slot_name[i], i + 1 == s->nattr ? "]" : "");
}

static void report_space(struct buf *b, struct gram *g, const struct gram_rule *s)
{
    struct skel_opts o = {.steps = MOST_STEPS};
    const struct skel *k = skel_build(g->a, g, s, &o);
    buf_printf(b, "\nspace %s", s->set->d.name);
    put_attrs(b, s);
    buf_putc(b, '\n');
    if (!k) {
        buf_puts(b, "    too large to be spelled out: how it grows is not known\n");
        return;
    }
    report_endless(g, s, k);
    if (k->empty)
        return;
    const struct growth *w = growth_of(g->a, k);
    if (k->nsym > 1)
        report_rules(b, g, k, w);
    report_rate(b, g, s, k, w);
    report_count(b, g, s, k);
    report_notes(b, k);
}

static bool is_rules(const struct gram_decl *d, enum rule_form f)
{
    return d->kind == GD_RULES && ((const struct gram_rules *)d)->overload.at[0]->form == f;
}

void gram_report(struct buf *b, struct gram *g)
{
    const struct gram_module *m = g->module.at[g->module.n - 1];
    u32 nop = 0, nrule = 0, nnet = 0, nspace = 0;
    for (u32 i = 0; i < m->decl.n; i++) {
        const struct gram_decl *d = m->decl.at[i];
        u32 n = d->kind == GD_OPS ? ((const struct gram_ops *)d)->ast.n : d->kind == GD_RULES ? ((const struct gram_rules *)d)->overload.n : 0;
        nop += d->kind == GD_OPS ? n : 0;
        nrule += is_rules(d, RF_RULE) ? n : 0;
        nnet += is_rules(d, RF_NET) ? n : 0;
        nspace += is_rules(d, RF_SPACE) ? n : 0;
    }
    buf_printf(b, "%s%s: %u op%s, %u rule%s, %u net%s\n", nspace ? "" : "module ", m->name, nop, nop == 1 ? "" : "s", nrule,
               nrule == 1 ? "" : "s", nnet, nnet == 1 ? "" : "s");
    for (u32 i = 0; i < m->decl.n; i++)
        if (is_rules(m->decl.at[i], RF_SPACE))
            report_space(b, g, ((const struct gram_rules *)m->decl.at[i])->overload.at[0]);
}
