/* utf8.h - characters in bytes, and the columns they take on a terminal. */
#ifndef NASC_UTF8_H
#define NASC_UTF8_H
#include "compiler/base/base.h"

/* The character at s[0..n) and its bytes (1..4).  Anything that is not well-formed UTF-8
 * (overlong, surrogate, past U+10FFFF, cut off) gives 0xfffd and 1 byte; n > 0. */
u32 utf8_decode(const char *s, size_t n, u32 *bytes);
bool utf8_valid(const char *s, size_t n, size_t *bad);      /* *bad: offset of the first bad byte */
/* 0 (combining, joiner), 1 or 2 (East Asian wide, emoji). */
u32 utf8_width(u32 c);

#endif
