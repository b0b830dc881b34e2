/* lex.h - text to tokens: kind + place.  Separators (a line end that ends an item) are
 * tokens; which line ends separate is decided here (LANGUAGE: section 2).
 *
 * Brackets balance in what comes out: a closer that is missing is made up (and diagnosed here),
 * one too many is left out.  So the parser can skip a broken statement by counting. */
#ifndef NASC_LEX_H
#define NASC_LEX_H
#include "compiler/base/diag.h"

struct token {
    int kind;           /* a TK_ constant of parse.h, 0 at the end */
    bool made_up;       /* not in the text: it mends something already diagnosed */
    u16 depth;          /* brackets open around it */
    u16 brace;          /* 1 + the number of brackets open around the innermost `{`, which a `}` closes; 0: none */
    struct loc loc;
};
enum { LEX_DEPTH = 200 };                           /* brackets within brackets */

struct lexer;                                       /* see lex.re */
struct lexer *lex_new(struct arena *a, struct diags *ds, const struct src *src);
struct token lex_next(struct lexer *lx);            /* complains and goes on after a bad character */
const char *lex_token_name(int kind);               /* "`|>`", "a name": for messages */
bool lex_is_reserved(int kind);                     /* a word that can never be a name */
bool lex_is_soft(int kind);                         /* a word that is a name where the grammar has no place for it */
void lex_dump(struct buf *b, struct lexer *lx);     /* --dump=tokens */

/* Comments met so far, in order. */
struct ast_comment;
const struct ast_comment *lex_comments(const struct lexer *lx, u32 *n);

#endif
