/* diag_render.c - a diagnostic as text with the source line and carets, or as a line of JSON.
 *
 *   error[E0401]: index `j` is not on the left side
 *    --> lin.nas:3:18
 *     |
 *   3 |     y[i] = x[i, j]
 *     |                 ^
 *   ...
 *   9 | const K = 3
 *     |       - the extent
 *     = note: a map names all its indices
 *     = help: write `y[i] += x[i, j]` to sum over `j`
 *
 * Columns are display columns: tabs go to multiples of 4, wide characters take two.  Control
 * characters of the source are drawn as U+FFFD, so no text can speak to the terminal.  Of a
 * line longer than WINDOW columns only the part around the places is drawn. */
#include "compiler/base/diag.h"

#include "compiler/base/utf8.h"

#include <stdlib.h>

enum { TAB = 4, WINDOW = 120, BEFORE = 40 };

/* One underlined place. */
struct mark {
    const struct src *s;
    u32 group;                  /* order of the files: the primary's first */
    u32 line, off, end;         /* end: clipped to the line */
    u32 from, to;               /* display columns */
    u32 number;                 /* 0: the primary, then the labels in order */
    const char *text;
    bool done;
};

struct pen { struct buf *out; bool color; u32 gutter; const char *strong; };

static void color(struct pen *p, const char *code)
{
    if (p->color)
        buf_printf(p->out, "\x1b[%sm", code);
}

/* Text of a message: control characters made harmless, further lines indented. */
static void put_text(struct buf *b, const char *s, u32 indent)
{
    for (size_t n = strlen(s), i = 0; i < n;) {
        u32 bytes, c = utf8_decode(s + i, n - i, &bytes);
        if (c == '\n') {
            buf_putc(b, '\n');
            buf_pad(b, indent);
        } else if (c == '\t')
            buf_putc(b, ' ');
        else if (c < 0x20 || c == 0x7f || (c == 0xfffd && bytes == 1))
            buf_puts(b, "\xef\xbf\xbd");
        else
            buf_put(b, s + i, bytes);
        i += bytes;
    }
}

/* Steps over one character of a line: its bytes, and the columns it takes at `col`. */
static u32 step(const struct src *s, u32 off, u32 end, u32 col, u32 *width, u32 *c)
{
    u32 bytes;
    *c = utf8_decode(s->text + off, end - off, &bytes);
    *width = *c == '\t' ? TAB - col % TAB : *c < 0x20 || *c == 0x7f ? 1 : utf8_width(*c);
    return bytes;
}

static u32 line_end(const struct src *s, u32 line)
{
    u32 end = line < s->nlines ? s->line_off[line] - 1 : s->len;
    if (end > s->line_off[line - 1] && s->text[end - 1] == '\r')
        end--;
    return end;
}

static u32 column_of(const struct src *s, u32 line, u32 off)
{
    u32 col = 0, width, c, end = line_end(s, line);
    for (u32 at = s->line_off[line - 1]; at < off && at < end; col += width)
        at += step(s, at, end, col, &width, &c);
    return col;
}

static void mark_set(struct mark *m, const struct src *s, struct loc loc)
{
    struct src_pos pos = src_pos(s, loc.off);
    u32 end = line_end(s, pos.line), off = MIN(loc.off, end);
    m->s = s;
    m->line = pos.line;
    m->off = off;
    m->end = loc.len > end - off ? end : off + loc.len;
    m->from = column_of(s, m->line, m->off);
    m->to = MAX(column_of(s, m->line, m->end), m->from + 1);
}

static int mark_order(const void *pa, const void *pb)
{
    const struct mark *a = pa, *b = pb;
    if (a->group != b->group)
        return a->group < b->group ? -1 : 1;
    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    if (!a->number != !b->number)
        return a->number ? 1 : -1;
    if (a->from != b->from)
        return a->from < b->from ? -1 : 1;
    return a->number < b->number ? -1 : 1;
}

/* "  12 |" or "     |". */
static void gutter(struct pen *p, u32 line)
{
    color(p, "1;34");
    if (line)
        buf_printf(p->out, "%*u |", (int)p->gutter, line);
    else
        buf_printf(p->out, "%*s |", (int)p->gutter, "");
    color(p, "0");
}

static void newline(struct pen *p)
{
    while (p->out->n && p->out->at[p->out->n - 1] == ' ')
        p->out->at[--p->out->n] = 0;
    buf_putc(p->out, '\n');
}

/* The columns [from, to) of a line. */
static void draw_line(struct pen *p, const struct src *s, u32 line, u32 from, u32 to, bool more)
{
    gutter(p, line);
    buf_puts(p->out, from ? " ..." : " ");
    u32 col = 0, width, c, end = line_end(s, line);
    for (u32 at = s->line_off[line - 1], bytes; at < end && col < to; at += bytes, col += width) {
        bytes = step(s, at, end, col, &width, &c);
        if (col < from) {
            /* A wide character cut by the window's edge leaves its second column blank. */
            for (u32 i = from; i < col + width; i++)
                buf_putc(p->out, ' ');
        } else if (c == '\t')
            for (u32 i = 0; i < width; i++)
                buf_putc(p->out, ' ');
        else if (c < 0x20 || c == 0x7f || (c == 0xfffd && bytes == 1))
            buf_puts(p->out, "\xef\xbf\xbd");
        else
            buf_put(p->out, s->text + at, bytes);
    }
    if (more)
        buf_puts(p->out, "...");
    newline(p);
}

static void draw_mark(struct pen *p, const struct mark *m, u32 from, u32 to)
{
    gutter(p, 0);
    u32 start = m->from - from + (from ? 3 : 0);
    for (u32 i = 0; i <= start; i++)
        buf_putc(p->out, ' ');
    color(p, m->number ? "1;34" : p->strong);
    for (u32 i = m->from; i < MIN(m->to, to) || i == m->from; i++)
        buf_putc(p->out, m->number ? '-' : '^');
    if (m->text && *m->text) {
        u32 indent = p->gutter + 2 + start + 1 + (MIN(m->to, to) - m->from) + 1;
        buf_putc(p->out, ' ');
        put_text(p->out, m->text, indent);
    }
    color(p, "0");
    newline(p);
}

/* All marks of one line (n of them, the first decides what is seen of a long line; those
 * outside are drawn with the line again). */
static void draw_marked_line(struct pen *p, struct mark *m, u32 n)
{
    u32 width = column_of(m->s, m->line, UINT32_MAX);
    for (u32 i = 0; i < n; i++) {
        if (m[i].done)
            continue;
        u32 from = 0, to = UINT32_MAX;
        if (width > WINDOW) {
            from = m[i].from > BEFORE ? m[i].from - BEFORE : 0;
            to = from + WINDOW;
        }
        draw_line(p, m->s, m->line, from, to, to < width);
        for (u32 k = i; k < n; k++)
            if (!m[k].done && m[k].from >= from && m[k].from < to) {
                draw_mark(p, &m[k], from, to);
                m[k].done = true;
            }
    }
}

static void draw_places(struct pen *p, struct mark *m, u32 n)
{
    for (u32 i = 0; i < n;) {
        u32 end = i + 1;
        while (end < n && m[end].group == m[i].group)
            end++;
        /* The head of a file's part shows its primary place, or its first label. */
        const struct mark *head = &m[i];
        for (u32 k = i; k < end; k++)
            if (!m[k].number)
                head = &m[k];
        color(p, "1;34");
        buf_printf(p->out, "%*s%s ", (int)p->gutter, "", i ? ":::" : "-->");
        color(p, "0");
        put_text(p->out, m[i].s->name, 0);
        buf_printf(p->out, ":%u:%u\n", head->line, head->off - head->s->line_off[head->line - 1] + 1);
        gutter(p, 0);
        newline(p);
        for (u32 k = i; k < end;) {
            u32 same = k + 1;
            while (same < end && m[same].line == m[k].line)
                same++;
            if (k > i && m[k].line > m[k - 1].line + 1) {
                color(p, "1;34");
                buf_puts(p->out, "...");
                color(p, "0");
                buf_putc(p->out, '\n');
            }
            draw_marked_line(p, m + k, same - k);
            k = same;
        }
        i = end;
    }
}

static void remark(struct pen *p, const char *kind, const char *text)
{
    color(p, "1;34");
    buf_printf(p->out, "%*s = ", (int)p->gutter, "");
    color(p, "0");
    color(p, "1");
    buf_puts(p->out, kind);
    color(p, "0");
    buf_puts(p->out, ": ");
    put_text(p->out, text, p->gutter + 3 + (u32)strlen(kind) + 2);
    buf_putc(p->out, '\n');
}

void diag_render(struct buf *out, const struct diags *ds, const struct diag *d, bool with_color)
{
    struct pen p = { out, with_color, 1, d->severity == diag_error ? "1;31" : "1;33" };
    color(&p, p.strong);
    buf_printf(out, "%s[%s]", d->severity == diag_error ? "error" : "warning", diag_code_text(d->code));
    color(&p, "0");
    color(&p, "1");
    buf_puts(out, ": ");
    put_text(out, d->text, 0);
    color(&p, "0");
    buf_putc(out, '\n');

    struct mark *m = calloc(d->labels.n + 1, sizeof *m);
    if (!m)
        BUG("out of memory");
    u32 n = 0, largest = 1;
    for (u32 i = 0; i <= d->labels.n; i++) {
        struct loc loc = i ? d->labels.at[i - 1].loc : d->loc;
        const struct src *s = srcs_get(ds->srcs, loc.file);
        if (!s)
            continue;
        m[n].number = i;
        m[n].text = i ? d->labels.at[i - 1].text : NULL;
        m[n].group = n;
        for (u32 k = 0; k < n; k++)
            if (m[k].s == s) {
                m[n].group = m[k].group;
                break;
            }
        mark_set(&m[n], s, loc);
        largest = MAX(largest, m[n].line);
        n++;
    }
    for (; largest >= 10; largest /= 10)
        p.gutter++;
    qsort(m, n, sizeof *m, mark_order);
    draw_places(&p, m, n);
    free(m);
    /* A label without a place still has something to say. */
    for (u32 i = 0; i < d->labels.n; i++)
        if (!srcs_get(ds->srcs, d->labels.at[i].loc.file))
            remark(&p, "note", d->labels.at[i].text);
    for (u32 i = 0; i < d->notes.n; i++)
        remark(&p, "note", d->notes.at[i]);
    for (u32 i = 0; i < d->hints.n; i++)
        remark(&p, "help", d->hints.at[i]);
}

static void json_text(struct buf *out, const char *key, const char *text)
{
    buf_printf(out, "\"%s\":", key);
    buf_json(out, text, strlen(text));
}

static void json_place(struct buf *out, const struct diags *ds, struct loc loc)
{
    const struct src *s = srcs_get(ds->srcs, loc.file);
    if (!s) {
        buf_puts(out, "\"file\":null,\"line\":null,\"column\":null,\"length\":null");
        return;
    }
    struct src_pos pos = src_pos(s, loc.off);
    json_text(out, "file", s->name);
    buf_printf(out, ",\"line\":%u,\"column\":%u,\"length\":%u", pos.line, pos.col, loc.len);
}

static void json_texts(struct buf *out, const char *key, const char *const *at, u32 n)
{
    buf_printf(out, ",\"%s\":[", key);
    for (u32 i = 0; i < n; i++) {
        buf_puts(out, i ? "," : "");
        buf_json(out, at[i], strlen(at[i]));
    }
    buf_putc(out, ']');
}

void diag_render_json(struct buf *out, const struct diags *ds, const struct diag *d)
{
    buf_printf(out, "{\"code\":\"%s\",", diag_code_text(d->code));
    json_text(out, "name", diag_code_name(d->code));
    buf_printf(out, ",\"severity\":\"%s\",", d->severity == diag_error ? "error" : "warning");
    json_place(out, ds, d->loc);
    buf_putc(out, ',');
    json_text(out, "message", d->text);
    buf_puts(out, ",\"labels\":[");
    for (u32 i = 0; i < d->labels.n; i++) {
        buf_puts(out, i ? ",{" : "{");
        json_place(out, ds, d->labels.at[i].loc);
        buf_putc(out, ',');
        json_text(out, "text", d->labels.at[i].text);
        buf_putc(out, '}');
    }
    buf_putc(out, ']');
    json_texts(out, "notes", d->notes.at, d->notes.n);
    json_texts(out, "hints", d->hints.at, d->hints.n);
    struct buf drawn = { 0 };
    diag_render(&drawn, ds, d, false);
    buf_putc(out, ',');
    json_text(out, "rendered", drawn.at);
    buf_puts(out, "}\n");
    buf_free(&drawn);
}
