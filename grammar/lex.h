/* lex.h - text to tokens: kind + place.  Separators (a line end that ends an item) are
 * tokens; which line ends separate is decided here (LANGUAGE: section 2). */
#ifndef NASC_LEX_H
#define NASC_LEX_H
#include "compiler/base/diag.h"

struct token { int kind; struct loc loc; };         /* kind: a TK_ constant of parse.h, 0 at the end */
struct lexer;                                       /* see lex.re */
struct lexer *lex_new(struct arena *a, struct diags *ds, const struct src *src);
struct token lex_next(struct lexer *lx);            /* complains and goes on after a bad character */
const char *lex_token_name(int kind);               /* "`|>`", "a name": for messages */
void lex_dump(struct buf *b, struct lexer *lx);     /* --dump=tokens */

#endif
