/* parser.h - what parse.y (the grammar), ast_parse.c (the driver) and parse_error.c (the words of a
 * syntax error) share.  Nobody else includes it. */
#ifndef NASC_PARSER_H
#define NASC_PARSER_H
#include "grammar/ast.h"
#include "grammar/lex.h"

struct nodes { VEC(struct ast *) v; };  /* a list under construction */

struct parser {
    struct arena *a;
    struct str_pool *sp;
    struct diags *ds;
    const struct src *src;
    void *lemon;
    struct token last[3];               /* fed before the current token, the latest first */
    struct token item, before;          /* first token of the item being read, and of the one before */
    struct nodes items;
    struct ast *expr;                   /* what JUST_EXPR read */
    bool overflow;                      /* Lemon's stack was full while a token was fed */
    bool broken;                        /* the item being read has an error: it is left out */
    struct loc too_deep;                /* len > 0: a tree grew past AST_DEPTH here */
};

/* parse.y */
void *parse_new(struct arena *a);
void parse_restart(struct parser *p);
void parse_feed(struct parser *p, struct token t);
u32 parse_room(const struct parser *p);                 /* places left on Lemon's stack */
bool parse_viable(const struct parser *p, int kind);    /* could that token stand there? */
bool parse_shift_error(struct parser *p);               /* false: nothing can hold an error */

/* ast_parse.c: what the grammar's actions call */
struct ast *parse_node(struct parser *p, enum ast_kind kind, struct loc loc, str text, struct ast **kid, u32 nkid);
struct ast *parse_name(struct parser *p, struct token t);       /* A_ID */
struct ast *parse_literal(struct parser *p, struct token t);    /* A_INT A_REAL A_STRING A_BTEXT */
struct ast *parse_pattern(struct parser *p, struct ast *e);     /* left of => */
str parse_text(struct parser *p, struct token t);               /* a token as written */
struct loc parse_here(const struct parser *p);                  /* empty, after the last token */
struct nodes *parse_list(struct parser *p, struct ast *first);  /* first NULL: an empty list */
struct nodes *parse_more(struct parser *p, struct nodes *l, struct ast *e);

/* parse_error.c */
void parse_complain(struct parser *p, struct token found);

#endif
