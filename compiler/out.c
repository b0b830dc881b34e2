/* out.c - data on stdout: a table for people, jsonl, json or csv for programs.  One description of the
 * columns serves all four. */
#include "compiler/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct out { enum out_format f; u32 ncol; const struct out_col *col; u64 rows; struct buf b; };

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
            buf_printf(b, "%llu", (unsigned long long)x->u);
        break;
    case OUT_COUNT:
        if (text)
            put_short(b, (double)x->c);
        else if (x->c >> 64 && f != OUT_CSV) {
            buf_putc(b, '"');
            count_print(b, x->c);
            buf_putc(b, '"');
        } else
            count_print(b, x->c);
        break;
    case OUT_REAL:
        if (text)
            buf_printf(b, x->r < 99.95 && x->r > -99.95 ? "%.2f" : "%.1f", x->r);
        else if (x->r - x->r != 0)
            buf_puts(b, f == OUT_CSV ? "" : "null");
        else
            buf_double(b, x->r);
        break;
    default:
        if (text || (f == OUT_CSV && !strpbrk(x->s, ",\"\n")))
            buf_puts(b, x->s);
        else if (f == OUT_CSV) {
            buf_putc(b, '"');
            for (const char *p = x->s; *p; p++) {
                if (*p == '"')
                    buf_putc(b, '"');
                buf_putc(b, *p);
            }
            buf_putc(b, '"');
        } else
            buf_json(b, x->s, strlen(x->s));
    }
}

static void flush_out(struct out *o)
{
    if (o->b.n)
        fwrite(o->b.at, 1, o->b.n, stdout);
    fflush(stdout);
    buf_clear(&o->b);
}

static void table_row(struct out *o, const struct out_cell *cell)
{
    struct buf one = {0};
    bool first = true;
    for (u32 i = 0; i < o->ncol; i++) {
        const struct out_col *c = &o->col[i];
        if (!c->width)
            continue;
        buf_clear(&one);
        if (cell)
            put_cell(&one, c, &cell[i], OUT_TEXT);
        else
            buf_puts(&one, c->head ? c->head : c->name);
        size_t n = one.n, w = c->width;
        buf_puts(&o->b, first ? "" : "  ");
        first = false;
        if (c->left && n > w) {         /* long texts are cut, numbers never */
            buf_put(&o->b, one.at, w - 3);
            buf_puts(&o->b, "...");
            continue;
        }
        if (!c->left)
            for (size_t k = n; k < w; k++)
                buf_putc(&o->b, ' ');
        buf_put(&o->b, one.at, n);
        if (c->left)
            for (size_t k = n; k < w; k++)
                buf_putc(&o->b, ' ');
    }
    while (o->b.n && o->b.at[o->b.n - 1] == ' ')
        o->b.at[--o->b.n] = 0;
    buf_putc(&o->b, '\n');
    buf_free(&one);
}

struct out *out_open(enum out_format f, u32 ncol, const struct out_col *col)
{
    struct out *o = calloc(1, sizeof *o);
    CHECK(o);
    *o = (struct out){.f = f, .ncol = ncol, .col = col};
    if (f == OUT_TEXT)
        table_row(o, NULL);
    if (f == OUT_CSV)
        for (u32 i = 0; i < ncol; i++)
            buf_printf(&o->b, "%s%s", col[i].name, i + 1 < ncol ? "," : "\n");
    if (f == OUT_JSON)
        buf_puts(&o->b, "[");
    return o;
}

void out_row(struct out *o, const struct out_cell *cell)
{
    if (o->f == OUT_TEXT) {
        table_row(o, cell);
    } else if (o->f == OUT_CSV) {
        for (u32 i = 0; i < o->ncol; i++) {
            put_cell(&o->b, &o->col[i], &cell[i], o->f);
            buf_putc(&o->b, i + 1 < o->ncol ? ',' : '\n');
        }
    } else {
        buf_puts(&o->b, o->f == OUT_JSONL ? "{" : o->rows ? ",\n {" : "\n {");
        for (u32 i = 0; i < o->ncol; i++) {
            buf_printf(&o->b, "%s\"%s\": ", i ? ", " : "", o->col[i].name);
            put_cell(&o->b, &o->col[i], &cell[i], o->f);
        }
        buf_puts(&o->b, o->f == OUT_JSONL ? "}\n" : "}");
    }
    o->rows++;
    flush_out(o);
}

void out_close(struct out *o)
{
    if (o->f == OUT_JSON)
        buf_puts(&o->b, "\n]\n");
    flush_out(o);
    buf_free(&o->b);
    free(o);
}
