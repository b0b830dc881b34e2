/* out.c - data on stdout: a table for people, jsonl, json or csv for programs.  One description of the
 * columns serves all four. */
#include "compiler/cli.h"
#include "compiler/filter.h"

#include <stdio.h>
#include <unistd.h>

enum { FLUSH_AT = 1 << 16 };

/* One column that is printed: which cell it shows, and what stands before it in a JSON object. */
struct shown { u32 cell; struct out_col col; const char *key; };
struct out {
    enum out_format f;
    struct arena *a;
    u32 ncol; const struct out_col *col;
    u32 n; struct shown *at;            /* what is printed, in order */
    struct filter *where;
    u64 rows;
    bool failed;
    struct buf b;
};

bool out_format_of(struct cli *c, enum out_format *f)
{
    static const char *const name[] = {"text", "jsonl", "json", "csv"};
    const char *v = c->value[OPT_FORMAT];
    *f = isatty(1) ? OUT_TEXT : OUT_JSONL;
    if (!v)
        return true;
    for (u32 i = 0; i < COUNTOF(name); i++)
        if (strcmp(v, name[i]) == 0) {
            *f = (enum out_format)i;
            return true;
        }
    cli_usage(c, "`%s` is not a format: text, jsonl, json or csv", v);
    return false;
}

/* 12.3M and the like, for tables: at most 7 characters. */
static void put_short(struct buf *b, double x)
{
    static const char unit[] = " kMGTPE";
    if (x < 10000) {
        buf_printf(b, "%.0f", x);
        return;
    }
    u32 k = 0;
    while (x >= 999.5 && k < 6) {
        x /= 1000;
        k++;
    }
    if (x >= 999.5)
        buf_printf(b, "%.1e", x * 1e18);
    else
        buf_printf(b, x < 9.995 ? "%.2f%c" : x < 99.95 ? "%.1f%c" : "%.0f%c", x, unit[k]);
}

static void put_u64(struct buf *b, u64 u)
{
    char text[20], *p = text + sizeof text;
    do
        *--p = (char)('0' + u % 10);
    while (u /= 10);
    buf_put(b, p, (size_t)(text + sizeof text - p));
}

static void put_count(struct buf *b, u128 c)
{
    if (c >> 64)
        count_print(b, c);
    else
        put_u64(b, (u64)c);
}

void out_digits(struct buf *b, const char *s)
{
    size_t n = strlen(s);
    if (strspn(s, "0123456789") < n) {
        buf_puts(b, s);         /* it is short already */
        return;
    }
    if (n > 27) {
        buf_printf(b, "%c.%.3se+%zu", s[0], s + 1, n - 1);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        if (i && (n - i) % 3 == 0)
            buf_putc(b, ',');
        buf_putc(b, s[i]);
    }
}

static void put_csv(struct buf *b, const char *s)
{
    if (!strpbrk(s, ",\"\n")) {
        buf_puts(b, s);
        return;
    }
    buf_putc(b, '"');
    for (const char *p = s; *p; p++) {
        if (*p == '"')
            buf_putc(b, '"');
        buf_putc(b, *p);
    }
    buf_putc(b, '"');
}

static void put_cell(struct buf *b, const struct out_col *col, const struct out_cell *x, enum out_format f)
{
    bool text = f == OUT_TEXT;
    if (x->none) {
        buf_puts(b, text ? "-" : f == OUT_CSV ? "" : "null");
        return;
    }
    switch (col->kind) {
    case OUT_U64:
        if (text && col->unit && *col->unit == 'k')
            put_short(b, (double)x->u);
        else
            put_u64(b, x->u);
        break;
    case OUT_COUNT:
        if (text)
            put_short(b, (double)x->c);
        else if (x->c >> 64 && f != OUT_CSV) {
            buf_putc(b, '"');
            count_print(b, x->c);
            buf_putc(b, '"');
        } else
            put_count(b, x->c);
        break;
    case OUT_REAL:
        if (text)
            buf_printf(b, x->r < 99.95 && x->r > -99.95 ? "%.2f" : "%.1f", x->r);
        else if (x->r - x->r != 0)
            buf_puts(b, f == OUT_CSV ? "" : "null");
        else
            buf_double(b, x->r);
        break;
    case OUT_BIG:
        if (text)
            out_digits(b, x->s);
        else if (f == OUT_CSV || strlen(x->s) < 20)
            buf_puts(b, x->s);
        else
            buf_json(b, x->s, strlen(x->s));
        break;
    default:
        if (text)
            buf_puts(b, x->s);
        else if (f == OUT_CSV)
            put_csv(b, x->s);
        else
            buf_json(b, x->s, strlen(x->s));
    }
}

/* What has not been written is lost with the program's status (main.c looks at stdout's). */
bool out_flush(struct out *o)
{
    if (o->b.n && !o->failed)
        o->failed = fwrite(o->b.at, 1, o->b.n, stdout) != o->b.n;
    o->failed |= fflush(stdout) != 0;
    buf_clear(&o->b);
    return !o->failed;
}

static void table_row(const struct out *o, struct buf *b, const struct out_cell *cell)
{
    struct buf one = {0};
    bool first = true;
    for (u32 i = 0; i < o->n; i++) {
        const struct out_col *c = &o->at[i].col;
        if (!c->width)
            continue;
        buf_clear(&one);
        if (cell)
            put_cell(&one, c, &cell[o->at[i].cell], OUT_TEXT);
        else
            buf_puts(&one, c->head ? c->head : c->name);
        size_t n = one.n, w = c->width;
        buf_puts(b, first ? "" : "  ");
        first = false;
        if (c->left && n > w) {         /* long texts are cut, numbers never */
            buf_put(b, one.at, w - 3);
            buf_puts(b, "...");
            continue;
        }
        if (!c->left)
            for (size_t k = n; k < w; k++)
                buf_putc(b, ' ');
        buf_put(b, one.at, n);
        if (c->left)
            for (size_t k = n; k < w; k++)
                buf_putc(b, ' ');
    }
    while (b->n && b->at[b->n - 1] == ' ')
        b->at[--b->n] = 0;
    buf_putc(b, '\n');
    buf_free(&one);
}

/* ---- which fields, which records ---- */

static void show(struct out *o, u32 cell, bool named)
{
    struct shown *x = &o->at[o->n];
    *x = (struct shown){cell, o->col[cell], arena_printf(o->a, "%s\"%s\": ", o->n ? ", " : "{", o->col[cell].name)};
    if (named && !x->col.width)         /* asked for: it has a place in the table, too */
        x->col.width = x->col.kind == OUT_STR ? 16 : 10;
    o->n++;
}

static struct out *out_new(enum out_format f, u32 ncol, const struct out_col *col, u32 most)
{
    struct arena *a = arena_new("out");
    struct out *o = NEW(a, struct out);
    *o = (struct out){.f = f, .a = a, .ncol = ncol, .col = col, .at = NEW_ARRAY(a, struct shown, most + 1)};
    return o;
}

static void out_free(struct out *o)
{
    filter_free(o->where);
    buf_free(&o->b);
    arena_free(o->a);
}

/* --fields a,b,c; false after complaining. */
static bool choose(struct out *o, struct cli *c, const char *list)
{
    const char *cand[256], *from = list;
    for (u32 i = 0; i < o->ncol; i++)
        cand[i] = o->col[i].name;
    for (;; from++) {
        size_t n = strcspn(from, ",");
        char *name = arena_printf(o->a, "%.*s", (int)n, from);
        u32 i = 0;
        while (i < o->ncol && strcmp(o->col[i].name, name))
            i++;
        if (i == o->ncol) {
            const char *near = diag_nearest(name, cand, o->ncol);
            struct loc at = {srcs_add(c->s->srcs, "<--fields>", list, strlen(list))->id, (u32)(from - list), (u32)n};
            struct diag *d = diag_add(&c->s->ds, E0931, at, "a record has no field `%s`", name);
            struct buf all = {0};
            for (u32 k = 0; k < o->ncol; k++)
                buf_printf(&all, "%s%s", k ? "," : "", cand[k]);
            if (near)
                diag_hint(&c->s->ds, d, "did you mean `%s`?", near);
            diag_note(&c->s->ds, d, "fields are: %s", all.at);
            buf_free(&all);
            return false;
        }
        show(o, i, true);
        if (!*(from += n))
            return true;
    }
}

static void begin(struct out *o)
{
    if (o->f == OUT_TEXT)
        table_row(o, &o->b, NULL);
    if (o->f == OUT_CSV)
        for (u32 i = 0; i < o->n; i++)
            buf_printf(&o->b, "%s%s", o->at[i].col.name, i + 1 < o->n ? "," : "\n");
    if (o->f == OUT_JSON)
        buf_puts(&o->b, "[");
}

struct out *out_open(enum out_format f, u32 ncol, const struct out_col *col)
{
    struct out *o = out_new(f, ncol, col, ncol);
    for (u32 i = 0; i < ncol; i++)
        show(o, i, false);
    begin(o);
    return o;
}

struct out *out_begin(struct cli *c, enum out_format f, u32 ncol, const struct out_col *col)
{
    const char *fields = c->value[OPT_FIELDS], *where = c->value[OPT_WHERE];
    struct out *o = out_new(f, ncol, col, fields ? (u32)strlen(fields) + 1 : ncol);
    bool ok = true;
    CHECK(ncol <= 256);
    if (fields)
        ok = choose(o, c, fields);
    else
        for (u32 i = 0; i < ncol; i++)
            show(o, i, false);
    if (where && ok) {
        struct field *named = NEW_ARRAY(o->a, struct field, ncol);
        for (u32 i = 0; i < ncol; i++)
            named[i] = (struct field){col[i].name, col[i].kind};
        o->where = filter_compile(&c->s->ds, srcs_add(c->s->srcs, "<--where>", where, strlen(where)), ncol, named);
        ok = o->where;
    }
    if (!ok) {
        out_free(o);
        return NULL;
    }
    begin(o);
    return o;
}

bool out_wants(const struct out *o, u32 col)
{
    for (u32 i = 0; i < o->n; i++)
        if (o->at[i].cell == col && (o->f != OUT_TEXT || o->at[i].col.width))
            return true;
    return o->where && filter_reads(o->where, col);
}

/* ---- rows ---- */

void out_render(const struct out *o, struct buf *b, const struct out_cell *cell)
{
    if (o->f == OUT_TEXT) {
        table_row(o, b, cell);
    } else if (o->f == OUT_CSV) {
        for (u32 i = 0; i < o->n; i++) {
            put_cell(b, &o->at[i].col, &cell[o->at[i].cell], o->f);
            buf_putc(b, i + 1 < o->n ? ',' : '\n');
        }
    } else {
        for (u32 i = 0; i < o->n; i++) {
            buf_puts(b, o->at[i].key);
            put_cell(b, &o->at[i].col, &cell[o->at[i].cell], o->f);
        }
        buf_puts(b, o->f == OUT_JSONL ? "}\n" : "}");
    }
}

void out_rendered(struct out *o, const char *row, size_t n)
{
    if (o->f == OUT_JSON)
        buf_puts(&o->b, o->rows ? ",\n " : "\n ");
    buf_put(&o->b, row, n);
    o->rows++;
    if (o->b.n >= FLUSH_AT)
        out_flush(o);
}

void out_row(struct out *o, const struct out_cell *cell)
{
    if (o->where && !filter_pass(o->where, cell))
        return;
    if (o->f == OUT_JSON)
        buf_puts(&o->b, o->rows ? ",\n " : "\n ");
    out_render(o, &o->b, cell);
    o->rows++;
    out_flush(o);
}

void out_close(struct out *o)
{
    if (o->f == OUT_JSON)
        buf_puts(&o->b, "\n]\n");
    out_flush(o);
    out_free(o);
}
