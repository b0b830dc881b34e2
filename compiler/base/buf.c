/* buf.c - text under construction, on the heap, doubling. */
#include "compiler/base/buf.h"

#include "compiler/base/mem.h"
#include "compiler/base/real.h"
#include "compiler/base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void buf_free(struct buf *b)
{
    free(b->at);
    *b = (struct buf){ 0 };
}

void buf_clear(struct buf *b)
{
    b->n = 0;
    if (b->at)
        b->at[0] = 0;
}

/* Room for n more bytes and the NUL. */
static void buf_reserve(struct buf *b, size_t n)
{
    if (n < b->cap - b->n && b->cap)
        return;
    if (n > SIZE_MAX / 4 || b->n > SIZE_MAX / 4)
        BUG("text too long");
    size_t cap = MAX(b->cap * 2, b->n + n + 1);
    cap = MAX(cap, (size_t)64);
    char *at = mem_fits(cap) ? realloc(b->at, cap) : NULL;
    if (!at)
        NO_MEMORY(cap, "text");
    b->at = at;
    b->cap = cap;
}

void buf_put(struct buf *b, const void *p, size_t n)
{
    buf_reserve(b, n);
    if (n)
        memcpy(b->at + b->n, p, n);
    b->n += n;
    b->at[b->n] = 0;
}

void buf_puts(struct buf *b, const char *s)
{
    buf_put(b, s, strlen(s));
}

void buf_putc(struct buf *b, char c)
{
    buf_put(b, &c, 1);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    size_t room = b->cap - b->n;
    int n = vsnprintf(room ? b->at + b->n : NULL, room, fmt, ap);
    va_end(ap);
    CHECK(n >= 0);
    if ((size_t)n >= room) {
        buf_reserve(b, (size_t)n);
        vsnprintf(b->at + b->n, (size_t)n + 1, fmt, again);
    }
    va_end(again);
    b->n += (size_t)n;
}

void buf_pad(struct buf *b, size_t column)
{
    size_t from = b->n, width = 0;
    while (from && b->at[from - 1] != '\n')
        from--;
    for (u32 bytes; from < b->n; from += bytes)
        width += utf8_width(utf8_decode(b->at + from, b->n - from, &bytes));
    for (; width < column; width++)
        buf_putc(b, ' ');
}

void buf_json(struct buf *b, const char *s, size_t n)
{
    buf_putc(b, '"');
    for (size_t i = 0; i < n;) {
        size_t plain = i;
        while (plain < n && (u8)s[plain] >= 0x20 && (u8)s[plain] < 0x7f && s[plain] != '"' && s[plain] != '\\')
            plain++;
        buf_put(b, s + i, plain - i);
        if ((i = plain) == n)
            break;
        u32 bytes, c = utf8_decode(s + i, n - i, &bytes);
        if (c == '"' || c == '\\')
            buf_printf(b, "\\%c", (char)c);
        else if (c == '\n')
            buf_puts(b, "\\n");
        else if (c == '\t')
            buf_puts(b, "\\t");
        else if (c < 0x20 || c == 0x7f || (c == 0xfffd && bytes == 1))
            buf_printf(b, "\\u%04x", c);
        else
            buf_put(b, s + i, bytes);
        i += bytes;
    }
    buf_putc(b, '"');
}

void buf_double(struct buf *b, double x)
{
    char text[REAL_TEXT];
    buf_put(b, text, real_print(text, x));
}
