/* buf.h - text under construction (heap; buf_free when done).  at is always NUL-terminated. */
#ifndef NASC_BUF_H
#define NASC_BUF_H
#include "compiler/base/base.h"

struct buf { char *at; size_t n, cap; };

void buf_free(struct buf *b);
void buf_clear(struct buf *b);
void buf_put(struct buf *b, const void *p, size_t n);
void buf_puts(struct buf *b, const char *s);
void buf_putc(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_pad(struct buf *b, size_t column);             /* spaces up to a column of this line */
void buf_json(struct buf *b, const char *s, size_t n);  /* a quoted JSON string */
void buf_double(struct buf *b, double x);               /* shortest text that reads back; inf -inf nan */

#endif
