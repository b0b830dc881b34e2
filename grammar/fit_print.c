/* fit_print.c - the module with the weights found: its text with the weights put in, formatted. */
#include "grammar/fit_group.h"

#include "compiler/base/real.h"

#include <stdlib.h>

/* In place of len characters at off; before: an insertion there. */
struct edit { u32 off, len; const char *text; };
struct edits { struct edit *at; u32 n, cap; };

static void put_weight(struct buf *b, double w)
{
    char text[REAL_TEXT];
    fit_weight_text(w, text);
    buf_puts(b, text);
}

static void put_value(struct buf *b, const struct val *v)
{
    if (v->kind != V_STR) {
        num_print(b, val_get(*v));
        return;
    }
    buf_putc(b, '"');
    for (const char *s = v->s; *s; s++)
        if (*s == '"' || *s == '\\')
            buf_printf(b, "\\%c", *s);
        else if (*s == '\n' || *s == '\t')
            buf_puts(b, *s == '\n' ? "\\n" : "\\t");
        else
            buf_putc(b, *s);
    buf_putc(b, '"');
}

static bool all_same(const double *w, u32 n)
{
    for (u32 i = 1; i < n; i++)
        if (w[i] != w[0])
            return false;
    return true;
}

/* One weight for an alternative without family, or a choice among those of its members. */
static void alternative(const struct fit *f, struct buf *b, u32 first, u32 n)
{
    const double *w = &f->found[first];
    if (n == 1 || all_same(w, n)) {
        put_weight(b, w[0]);
        return;
    }
    u32 by = fit_tells(f, first, n);
    buf_putc(b, '(');
    for (u32 i = 0; i + 1 < n; i++) {
        const struct acase *c = f->weight.at[first + i].of;
        bool again = false;
        buf_puts(b, "if ");
        for (u32 k = 0; k < c->nvar; k++) {
            if (!(by >> k & 1))
                continue;
            buf_printf(b, "%s%s == ", again ? " and " : "", fit_var_name(c->alt, k));
            put_value(b, &c->var[k]);
            again = true;
        }
        buf_puts(b, " then ");
        put_weight(b, w[i]);
        buf_puts(b, " else ");
    }
    put_weight(b, w[n - 1]);
    buf_putc(b, ')');
}

static void add_edit(struct fit *f, struct edits *e, u32 off, u32 len, struct buf *b)
{
    struct edit x = {off, len, arena_strdup(f->a, b->at ? b->at : "")};
    buf_clear(b);
    vec_push(f->a, e, x);
}

/* Where an expression begins, its parentheses included: its place may leave them out, and nothing else stands between them and
 * what comes before an alternative or an option. */
static u32 begin_of(const struct fit *f, const struct ast *e)
{
    const char *s = f->m->file->src->text;
    u32 at = e->loc.off, back = at;
    while (back && strchr(" \t\r\n(", s[back - 1]))
        if (s[--back] == '(')
            at = back;
    return at;
}

static void set_weight(struct fit *f, struct edits *e, const struct ast *weight, const struct ast *expr, struct buf *b)
{
    if (weight) {
        add_edit(f, e, weight->loc.off, weight->loc.len, b);
        return;
    }
    buf_puts(b, " -> ");
    add_edit(f, e, begin_of(f, expr), 0, b);
}

static void rule_edits(struct fit *f, const struct fit_group *g, struct edits *e, struct buf *b)
{
    for (u32 i = 0, n; i < g->n; i += n) {
        const struct gram_alt *alt = f->weight.at[g->first + i].of->alt;
        n = fit_run_of(f, g, i);
        alternative(f, b, g->first + i, n);
        set_weight(f, e, alt->weight, alt->expr, b);
    }
}

static void choose_edits(struct fit *f, const struct fit_group *g, struct edits *e, struct buf *b)
{
    for (u32 i = 0, n; i < g->n; i += n) {
        const struct ast *o = f->weight.at[g->first + i].opt;
        n = fit_run_of(f, g, i);
        if (o->kind == A_OPT) {
            put_weight(b, f->found[g->first + i]);
            set_weight(f, e, o->nkid == 2 ? o->kid[0] : NULL, o->kid[o->nkid - 1], b);
            continue;
        }
        for (u32 k = 0; k < n; k++) {           /* a range has no weights: its numbers one by one */
            buf_puts(b, k ? ", " : "");
            put_weight(b, f->found[g->first + i + k]);
            buf_printf(b, " -> %lld", (long long)f->weight.at[g->first + i + k].member);
        }
        u32 from = begin_of(f, o->kid[0]);
        const char *s = f->m->file->src->text;
        u32 to = o->loc.off + o->loc.len;
        while (s[to] && strchr(" \t\r\n)", s[to]))      /* parentheses of its last word */
            to++;
        add_edit(f, e, from, to - from, b);
    }
}

static int by_place(const void *a, const void *b)
{
    const struct edit *x = a, *y = b;
    return (x->off > y->off) - (x->off < y->off);
}

void fit_source(struct fit *f, struct buf *out)
{
    struct edits e = {0};
    struct buf b = {0};
    const struct src *src = f->m->file->src;
    for (u32 i = 0; i < f->group.n; i++) {
        const struct fit_group *g = &f->group.at[i];
        if (g->keep)
            continue;
        if (g->rule)
            rule_edits(f, g, &e, &b);
        else
            choose_edits(f, g, &e, &b);
    }
    if (e.n)
        qsort(e.at, e.n, sizeof *e.at, by_place);
    u32 at = 0;
    for (u32 i = 0; i < e.n; i++) {
        buf_put(&b, src->text + at, e.at[i].off - at);
        buf_puts(&b, e.at[i].text);
        at = e.at[i].off + e.at[i].len;
    }
    buf_put(&b, src->text + at, src->len - at);
    /* In lists of texts of its own: nobody is told about places in it. */
    struct srcs *srcs = srcs_new(f->a);
    struct diags ds;
    diags_init(&ds, f->a, srcs);
    struct ast_file *file = ast_parse(f->a, str_pool_new(f->a), &ds, srcs_add(srcs, src->name, b.at, b.n));
    if (ds.nerrors)
        BUG("weights were put into `%s` where they do not fit", src->name);
    ast_format(out, file);
    buf_free(&b);
}

void fit_kept(const struct fit *f, struct buf *b)
{
    static const char *const why[KEEP_ALONE] = {
        [KEEP_DEPENDS] = "weights that depend on attributes, types or depth",
        [KEEP_HOST] = "inline in a rule that keeps its weights",
        [KEEP_MEMBERS] = "families with equal members",
        [KEEP_MODULE] = "rules of imported modules",
        [KEEP_UNUSED] = "no text decides them",
    };
    for (u32 k = KEEP_NOT + 1; k < KEEP_ALONE; k++) {
        u32 n = 0, chooses = 0;
        for (u32 i = 0; i < f->group.n; i++) {
            const struct fit_group *g = &f->group.at[i];
            if (g->keep != k)
                continue;
            chooses += !g->rule;
            if (g->rule)
                buf_printf(b, "%s%s", n++ ? ", " : "kept: ", g->rule->set->d.name);
        }
        if (chooses)
            buf_printf(b, "%s%u `choose`", n++ ? ", " : "kept: ", chooses);
        if (n)
            buf_printf(b, " (%s)\n", why[k]);
    }
}
