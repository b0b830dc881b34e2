/* repl.c - the prompt's lines: which command, its words, help; modules, spaces, limits and seeds. */
#include "compiler/repl.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

const struct repl_row repl_table[] = {
#define REPL_COMMAND(fn, name, short_, args, words, about) {fn, name, short_, args, words, about, false},
#define REPL_STEP(fn, name, short_, args, words, about) {fn, name, short_, args, words, about, true},
#include "compiler/repl.def"
};
const u32 repl_nrow = COUNTOF(repl_table);

/* ---- complaints ---- */

nasc_status repl_wrong(struct repl *r, const char *at, const char *hint, const char *fmt, ...)
{
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    /* The line as the last of a text, so that it has its number. */
    struct buf b = {0};
    for (u32 i = 1; i < r->nline && !r->people; i++)
        buf_putc(&b, '\n');
    size_t n = strlen(r->line), skip = b.n, from = at ? n - MIN(strlen(at), n) : 0, len = n - from;
    buf_puts(&b, r->line);
    for (size_t i = from; at && *at && i < n; i++)      /* a word of it */
        if (isspace((unsigned char)r->line[i])) {
            len = i - from;
            break;
        }
    const struct src *src = srcs_add(r->s->srcs, r->people ? "<line>" : "<stdin>", b.at ? b.at : "", b.n);
    buf_free(&b);
    struct diag *d = diag_add(&r->s->ds, E0940, (struct loc){src->id, (u32)(skip + from), (u32)MAX(len, 1)}, "%s", text);
    if (hint)
        diag_hint(&r->s->ds, d, "%s", hint);
    return NASC_WRONG;
}

bool repl_number(struct repl *r, const char *args, u64 def, u64 least, u64 *out)
{
    *out = def;
    if (!*args)
        return true;
    char *end;
    errno = 0;
    unsigned long long x = strtoull(args, &end, 10);
    if (!isdigit((unsigned char)*args) || *end || errno || x < least) {
        repl_wrong(r, args, NULL, "this is a whole number from %llu on", (unsigned long long)least);
        return false;
    }
    *out = x;
    return true;
}

bool repl_space_there(struct repl *r)
{
    if (r->s->space)
        return true;
    if (!r->s->g)
        repl_wrong(r, NULL, "`:load std.spaces.einspace` takes one", "no module is loaded");
    else
        repl_wrong(r, NULL, "`:space` lists them, `:space NAME` chooses", "no space is chosen");
    return false;
}

/* ---- which command ---- */

/* The row of a word: its whole name, its short one, or a beginning that only one has.  Complains. */
static const struct repl_row *row_of(struct repl *r, const char *word, size_t n, const char *at, bool colon)
{
    const struct repl_row *only = NULL;
    const char *name[64];
    u32 count = 0, near = 0;
    struct buf many = {0};
    for (u32 i = 0; i < repl_nrow; i++) {
        const struct repl_row *x = &repl_table[i];
        if (x->step && !r->stepping && !(r->step && x->run == repl_undo))
            continue;
        if (!colon && !x->step)
            continue;
        name[near++] = x->name;
        if ((strlen(x->name) == n && !strncmp(x->name, word, n)) || (n == 1 && *word == x->short_ && colon == !x->step))
            return buf_free(&many), x;
        if (n && !strncmp(x->name, word, n)) {
            buf_printf(&many, "%s`%s%s`", many.n ? ", " : "", x->step ? "" : ":", x->name);
            /* `:sa` is `:sample`, though there is `:sampler` */
            if (!only || strncmp(only->name, x->name, strlen(only->name)))
                count++;
            only = only ? only : x;
        }
    }
    const char *w = arena_printf(r->a, "%.*s", (int)MIN(n, 60), word), *sign = colon ? ":" : "";
    if (count > 1) {
        repl_wrong(r, at, NULL, "`%s%s` may be %s", sign, w, many.at);
        only = NULL;
    } else if (!count) {
        const char *like = diag_nearest(w, name, near), *hint = colon ? "`:help` lists the commands" : "a number, or one of the words that `:help` lists";
        repl_wrong(r, at, like ? arena_printf(r->a, "did you mean `%s%s`?", sign, like) : hint, "there is no command `%s%s`", sign, w);
    }
    buf_free(&many);
    return only;
}

static nasc_status run_row(struct repl *r, const struct repl_row *x, const char *args)
{
    if (!*x->args && *args)
        return repl_wrong(r, args, NULL, "`%s` takes nothing more", x->name);
    if (*x->args && *x->args != '[' && !*args)
        return repl_wrong(r, NULL, NULL, "`%s` takes %s", x->name, x->args);
    return x->run(r, args);
}

nasc_status repl_line(struct repl *r, const char *line)
{
    size_t n = strlen(line);
    while (n && isspace((unsigned char)line[n - 1]))
        n--;
    r->line = arena_printf(r->a, "%.*s", (int)n, line);
    const char *p = r->line;
    while (isspace((unsigned char)*p))
        p++;
    if (!*p || *p == '#' || (p[0] == '/' && p[1] == '/'))
        return NASC_OK;
    bool colon = *p == ':', undo = r->step && !strncmp(p, "undo", 4) && (!p[4] || isspace((unsigned char)p[4]));
    if (!colon && !r->stepping && !undo)
        return repl_space_there(r) ? repl_take_text(r, p) : NASC_WRONG;
    if (!colon && isdigit((unsigned char)*p))
        return repl_pick(r, p);
    const char *at = p;
    p += colon;
    const char *word = p;
    while (*p && !isspace((unsigned char)*p))
        p++;
    size_t len = (size_t)(p - word);
    while (isspace((unsigned char)*p))
        p++;
    const struct repl_row *x = row_of(r, word, len, at, colon);
    return x ? run_row(r, x, p) : NASC_WRONG;
}

/* ---- help, leaving ---- */

static void help_row(const struct repl_row *x)
{
    char left[64];
    snprintf(left, sizeof left, "%s%s%s%s", x->step ? "" : ":", x->name, *x->args ? " " : "", x->args);
    printf("  %-22s %s", left, x->about);
    if (x->short_)
        printf(x->step ? " (%c)" : " (:%c)", x->short_);
    putchar('\n');
}

nasc_status repl_help(struct repl *r, const char *args)
{
    if (*args == ':')
        args++;
    if (*args) {
        const char *name[64];
        for (u32 i = 0; i < repl_nrow; i++) {
            name[i] = repl_table[i].name;
            if (!strcmp(repl_table[i].name, args))
                return help_row(&repl_table[i]), NASC_OK;
        }
        const char *like = diag_nearest(args, name, repl_nrow);
        return repl_wrong(r, args, like ? arena_printf(r->a, "did you mean `%s`?", like) : NULL, "there is no command `%s`", args);
    }
    for (u32 k = 0; k < 2; k++) {
        if (k)
            printf("while deriving by hand (`:step`), without a colon:\n");
        for (u32 i = 0; i < repl_nrow; i++)
            if (repl_table[i].step == (k == 1))
                help_row(&repl_table[i]);
    }
    printf("Any other line is an architecture text. A command may be cut short as long as no other begins like that.\n");
    return NASC_OK;
}

nasc_status repl_quit(struct repl *r, const char *args)
{
    if (r->stepping)
        return repl_abort(r, args);
    r->quit = true;
    return NASC_OK;
}

/* ---- modules and spaces ---- */

void repl_drop_step(struct repl *r)
{
    step_free(r->step);
    r->step = NULL;
    r->stepping = false;
}

void repl_drop(struct repl *r)
{
    repl_drop_step(r);
    nasc_arch_free(r->arch);
    r->arch = NULL;
}

static const struct gram_rules *as_space(const struct gram_decl *d)
{
    return d->kind == GD_RULES && ((const struct gram_rules *)d)->overload.at[0]->form == RF_SPACE ? (const struct gram_rules *)d : NULL;
}

static void put_space(struct buf *b, const struct repl *r, const struct gram_rules *s)
{
    const struct ast *a = s->overload.at[0]->ast, *body = a->kid[RULE_ALTS];
    const struct src *src = srcs_get(r->s->srcs, a->loc.file);
    u32 len = body && body->loc.off > a->loc.off ? body->loc.off - a->loc.off : a->loc.len;
    while (len && (isspace((unsigned char)src->text[a->loc.off + len - 1]) || src->text[a->loc.off + len - 1] == '='))
        len--;
    buf_printf(b, "%.*s", (int)len, src->text + a->loc.off);
}

/* Its own spaces; where there are none, those it imports. */
static void put_spaces(struct buf *b, struct repl *r)
{
    const struct gram_module *m = r->s->g->module.at[r->s->g->module.n - 1];
    for (u32 pass = 0, n = 0; pass < 2 && !n; pass++)
        for (u32 k = 0; k < (pass ? m->import.n : 1); k++) {
            const struct gram_module *of = pass ? m->import.at[k].module : m;
            for (u32 i = 0; i < of->decl.n; i++) {
                const struct gram_rules *s = as_space(of->decl.at[i]);
                if (!s)
                    continue;
                put_space(b, r, s);
                buf_puts(b, r->s->space && r->s->space->set == s ? "   (chosen)\n" : "\n");
                n++;
            }
        }
}

void repl_ready(struct repl *r)
{
    if (!r->s->g)
        return;
    struct buf b = {0};
    put_spaces(&b, r);
    fputs(b.n ? b.at : "the module has no space\n", stdout);
    buf_free(&b);
}

/* Loads, and keeps what there was where that does not go well. */
nasc_status repl_open_file(struct repl *r, const char *file, const char *space)
{
    nasc_session *s = r->s;
    struct gram *g = s->g;
    struct gram_rule *was = s->space;
    struct notation *notation = s->notation;
    const char *dir = s->main_dir;
    nasc_status st = nasc_load(s, file);
    if (!st && r->limits)
        st = nasc_limit(s, r->limits);
    if (!st && space)
        st = nasc_select(s, space);
    if (st) {
        s->g = g;
        s->space = was;
        s->notation = notation;
        s->main_dir = dir;
        return st;
    }
    repl_drop(r);
    r->file = arena_strdup(s->a, file);
    r->index = r->moves = 0;
    if (!space) {               /* one of several is chosen later */
        u32 n = s->ds.all.n, errors = s->ds.nerrors;
        nasc_select(s, NULL);
        s->ds.all.n = n;
        s->ds.nerrors = errors;
    }
    return NASC_OK;
}

nasc_status repl_load(struct repl *r, const char *args)
{
    nasc_status st = repl_open_file(r, args, NULL);
    if (!st && r->people)
        repl_ready(r);
    return st;
}

nasc_status repl_define(struct repl *r, const char *args)
{
    nasc_session *s = r->s;
    const char *eq = strchr(args, '=');
    if (!eq || eq == args)
        return repl_wrong(r, args, NULL, "`:define` takes NAME=VALUE");
    const char *name = arena_printf(s->a, "%.*s", (int)(eq - args), args), *value = arena_strdup(s->a, eq + 1);
    const char *space = s->space ? s->space->set->d.name : NULL;
    u32 k = 0, n = s->override.n;
    while (k < n && strcmp(s->override.at[k].name, name))
        k++;
    struct gram_override new = {name, value}, old = k < n ? s->override.at[k] : new;
    if (k < n)
        s->override.at[k] = new;
    else
        vec_push(s->a, &s->override, new);
    nasc_status st = r->file ? repl_open_file(r, r->file, space) : NASC_OK;
    if (st) {
        s->override.at[k] = old;
        s->override.n = n;
    }
    return st;
}

nasc_status repl_space(struct repl *r, const char *args)
{
    if (!r->s->g)
        return repl_space_there(r), NASC_WRONG;
    if (!*args) {
        repl_ready(r);
        return NASC_OK;
    }
    struct gram_rule *was = r->s->space;
    struct notation *notation = r->s->notation;
    nasc_status st = nasc_select(r->s, args);
    if (st) {
        r->s->space = was;
        r->s->notation = notation;
    } else if (r->s->space != was)
        repl_drop(r);
    return st;
}

nasc_status repl_rule(struct repl *r, const char *args)
{
    if (!r->s->g)
        return repl_space_there(r), NASC_WRONG;
    struct gram_module *m = r->s->g->module.at[r->s->g->module.n - 1];
    if (!*args) {
        struct arena *a = arena_new("talk");
        size_t from;
        struct repl_words_of w = repl_complete(a, r, ":rule ", 6, &from);
        for (u32 i = 0; i < w.n; i++)
            printf("%s\n", w.at[i]);
        arena_free(a);
        return NASC_OK;
    }
    struct gram_decl *d = gram_lookup(r->s->g, m, str_c(r->s->sp, args));
    if (!d || d->kind != GD_RULES)
        return repl_wrong(r, args, "`:rule` lists them", "there is no rule, net or space `%s`", args);
    const struct gram_rules *s = (const struct gram_rules *)d;
    for (u32 i = 0; i < s->overload.n; i++) {
        struct loc l = s->overload.at[i]->ast->loc;
        printf("%.*s\n", (int)l.len, srcs_get(r->s->srcs, l.file)->text + l.off);
    }
    return NASC_OK;
}

nasc_status repl_limit(struct repl *r, const char *args)
{
    if (!r->s->g)
        return repl_space_there(r), NASC_WRONG;
    if (!*args) {
        printf("%s\n", r->limits ? r->limits : "those that the space declares");
        return NASC_OK;
    }
    if (!strcmp(args, "off")) {
        r->s->g->limit = (struct limits){0};
        r->limits = NULL;
        session_sampler_drop(r->s);
        repl_drop_step(r);
        return NASC_OK;
    }
    nasc_status st = nasc_limit(r->s, args);
    if (!st) {
        r->limits = arena_strdup(r->s->a, args);
        repl_drop_step(r);
    }
    return st;
}

nasc_status repl_sampler(struct repl *r, const char *args)
{
    if (*args)
        return nasc_sampler(r->s, args);
    printf("%s\n", sampler_kind_name(r->s->law));
    return NASC_OK;
}

nasc_status repl_seed(struct repl *r, const char *args)
{
    u64 n;
    if (!repl_number(r, args, r->seed, 0, &n))
        return NASC_WRONG;
    if (*args) {
        r->seed = n;
        r->index = r->moves = 0;
    } else {
        printf("seed %llu, next sample %llu\n", (unsigned long long)r->seed, (unsigned long long)r->index);
    }
    return NASC_OK;
}
