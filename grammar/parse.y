/* parse.y - the grammar of .nas files (Lemon, LALR(1), no conflicts; tests check that).
 *
 * In: tokens of lex.re.  Out: the tree of ast.def.  There is one expression grammar for weights,
 * sizes, cascades and networks: before `->` nobody knows which it is, so check.c tells the
 * kinds apart.  Errors are caught at items, alternatives, statements and sets; the driver in
 * ast_parse.c skips to where one of those ends. */
%name lemon_parse
%token_prefix TK_
%token_type {struct token}
%default_type {struct ast *}
%extra_argument {struct parser *p}
%stack_size 4000
%start_symbol unit

%include {
#define NDEBUG 1        /* no tracing: it needs global state */
#include "grammar/parser.h"

#define KIDS(...) (struct ast *[]){ __VA_ARGS__ }, (u32)(sizeof((struct ast *[]){ __VA_ARGS__ }) / sizeof(struct ast *))
#define NODE(kind, loc, text, ...) parse_node(p, kind, loc, text, KIDS(__VA_ARGS__))
#define LEAF(kind, loc, text) parse_node(p, kind, loc, text, NULL, 0)
#define LIST(kind, loc, text, l) list_node(p, kind, loc, text, l)
/* A function, because `l` is often a call that must happen once. */
static struct ast *list_node(struct parser *p, enum ast_kind kind, struct loc loc, str text, struct nodes *l)
{
    return parse_node(p, kind, loc, text, l->v.at, l->v.n);
}
#define SPAN(from, to) loc_join((from).loc, (to).loc)
#define OVER(from, to) loc_join((from)->loc, (to)->loc)
#define TEXT(t) parse_text(p, t)

/* A node whose first child is e and whose others are a list. */
static struct ast *with_list(struct parser *p, enum ast_kind kind, struct loc loc, str text, struct ast *e, struct nodes *l)
{
    struct nodes *all = parse_list(p, e);
    for (u32 i = 0; i < l->v.n; i++)
        parse_more(p, all, l->v.at[i]);
    return LIST(kind, loc, text, all);
}

static struct loc span(const struct nodes *l)
{
    return OVER(l->v.at[0], l->v.at[l->v.n - 1]);
}

static struct ast *binary(struct parser *p, enum ast_binop op, struct ast *l, struct ast *r)
{
    struct ast *e = NODE(A_BINARY, OVER(l, r), NULL, l, r);
    e->op = (u8)op;
    return e;
}

static struct ast *flag(struct ast *e, enum ast_flag f)
{
    e->flags |= (u8)f;
    return e;
}

/* Its place takes in the parentheses, but a word's or number's is that of the token. */
static struct ast *in_parentheses(struct ast *e, struct loc loc)
{
    if (e->nkid || e->kind == A_TUPLE)
        e->loc = loc;
    return flag(e, AF_PAREN);
}

/* fors, weight and the rest to an A_ALT; its place spans what is there. */
static struct ast *alternative(struct parser *p, struct ast *fors, struct ast *weight, struct ast *e, struct ast *where, struct ast *note)
{
    struct loc loc = e->loc;
    if (weight)
        loc = loc_join(weight->loc, loc);
    if (fors->nkid)
        loc = loc_join(fors->loc, loc);
    if (where)
        loc = loc_join(loc, where->loc);
    if (note)
        loc = loc_join(loc, note->loc);
    return NODE(A_ALT, loc, NULL, fors, weight, e, where, note);
}

/* net f(x) { .. } as "..": one alternative that is a block. */
static struct ast *block_alternative(struct parser *p, struct ast *block, struct ast *note)
{
    struct loc none = { block->loc.file, block->loc.off, 0 };
    struct ast *alt = alternative(p, LEAF(A_FORS, none, NULL), NULL, block, NULL, note);
    return NODE(A_ALTS, alt->loc, NULL, alt);
}
}

/* Nothing to destroy: all is in the arena.  (Without these lines generated code warns.) */
%token_destructor { (void)p; (void)$$; }
%default_destructor { (void)p; (void)$$; }
%syntax_error { (void)p; (void)yyminor; BUG("token %d was viable and is not", yymajor); }
%stack_overflow { p->overflow = true; }

%token WHOLE_FILE JUST_EXPR SEP BAD.

/* Words that are names wherever the grammar has no other place for them. */
%fallback ID IMPORT NET SPACE TEXT ARCH MONOID MAP LIMIT RECIPE REQUIRE ZERO LIFT MERGE PARAM STATE INIT NEXT RANK ITER IN.

%right FATARROW IF THEN ELSE.
%left PIPE.
%left OR.
%left AND.
%right NOT.
%nonassoc LT LE GT GE EQEQ NE.
%left PLUS MINUS PLUSPLUS.
%left STAR SLASH PERCENT.
%right UMINUS.

%type ids        {struct nodes *}
%type path_ids   {struct nodes *}
%type attr_list  {struct nodes *}
%type param_list {struct nodes *}
%type type_list  {struct nodes *}
%type out_list   {struct nodes *}
%type wdef_list  {struct nodes *}
%type alt_list   {struct nodes *}
%type notations  {struct nodes *}
%type stmts      {struct nodes *}
%type tables     {struct nodes *}
%type bitems     {struct nodes *}
%type lims       {struct nodes *}
%type map_lines  {struct nodes *}
%type opt_list   {struct nodes *}
%type exprs      {struct nodes *}
%type args       {struct nodes *}
%type elems      {struct nodes *}
%type ranks      {struct nodes *}
%type factors    {struct nodes *}
%type oinline    {struct token}

unit ::= items.
unit ::= JUST_EXPR e(B) SEP.    { p->expr = B; }

/* ---- items ---- */
items ::= WHOLE_FILE.
items ::= items item(B) SEP.    { if (!p->broken) parse_more(p, &p->items, B); }

item(A) ::= error.              { A = NULL; }
item(A) ::= IMPORT(B) path(C).                              { A = NODE(A_IMPORT, SPAN(B, *C), NULL, C); }
item(A) ::= IMPORT(B) path(C) AS ID(D).                     { A = NODE(A_IMPORT, SPAN(B, D), TEXT(D), C); }
item(A) ::= IMPORT(B) path(C) LPAREN ids(D) RPAREN(E).      { A = with_list(p, A_IMPORT, SPAN(B, E), NULL, C, D); }
item(A) ::= CONST(B) ID(C) EQ e(D).                         { A = NODE(A_CONST, SPAN(B, *D), TEXT(C), D); }
item(A) ::= OP(B) ID(C) attrs(D) params(E) ARROW out(F) op_where(G) body(H).
                                                            { A = NODE(A_OP, SPAN(B, *H), TEXT(C), D, E, F, G, H); }
item(A) ::= oinline(B) RULE(C) ID(D) attrs(E) oparams(F) oout(G) owhere(H) EQ alts(I). {
    A = NODE(A_RULE, SPAN(B.kind ? B : C, *I), TEXT(D), E, F, G, H, I);
    if (B.kind)
        flag(A, AF_INLINE);
}
item(A) ::= NET(B) ID(C) attrs(D) oparams(E) oout(F) owhere(G) EQ alt(H).
    { A = NODE(A_NET, SPAN(B, *H), TEXT(C), D, E, F, G, NODE(A_ALTS, (H)->loc, NULL, H)); }
item(A) ::= NET(B) ID(C) attrs(D) oparams(E) oout(F) owhere(G) block(H) onote(I).
    { A = NODE(A_NET, SPAN(B, *(I ? I : H)), TEXT(C), D, E, F, G, block_alternative(p, H, I)); }
item(A) ::= SPACE(B) ID(C) attrs(D) oparams(E) oout(F) owhere(G) EQ alt(H).
    { A = NODE(A_SPACE, SPAN(B, *H), TEXT(C), D, E, F, G, NODE(A_ALTS, (H)->loc, NULL, H)); }
item(A) ::= SPACE(B) ID(C) attrs(D) oparams(E) oout(F) owhere(G) block(H) onote(I).
    { A = NODE(A_SPACE, SPAN(B, *(I ? I : H)), TEXT(C), D, E, F, G, block_alternative(p, H, I)); }
item(A) ::= TEXT(B) ID(C) text_params(D) EQ BACKTICK(E).    { A = NODE(A_TEXT, SPAN(B, E), TEXT(C), D, parse_literal(p, E)); }
item(A) ::= ARCH(B) ID(C) IN path(D) EQ BACKTICK(E).        { A = NODE(A_ARCH, SPAN(B, E), TEXT(C), D, parse_literal(p, E)); }
item(A) ::= MONOID(B) ID(C) name_list(D) LBRACE ZERO e(E) SEP LIFT name_list(F) e(G) SEP MERGE name_list(H) e(I) RBRACE(J).
                                                            { A = NODE(A_MONOID, SPAN(B, J), TEXT(C), D, E, F, G, H, I); }
item(A) ::= MONOID ID name_list LBRACE error RBRACE.           { A = NULL; }
item(A) ::= MAP(B) ID(C) LBRACE map_lines(D) RBRACE(E).     { A = LIST(A_MAP, SPAN(B, E), TEXT(C), D); }
item(A) ::= limit(B).                                       { A = B; }

oinline(A) ::= .                                            { A = (struct token){ 0 }; }
oinline(A) ::= INLINE(B).                                   { A = B; }

path(A) ::= path_ids(B).                                    { A = LIST(A_PATH, span(B), NULL, B); }
path_ids(A) ::= ID(B).                                      { A = parse_list(p, parse_name(p, B)); }
path_ids(A) ::= path_ids(B) DOT ID(C).                      { A = parse_more(p, B, parse_name(p, C)); }
ids(A) ::= ID(B).                                           { A = parse_list(p, parse_name(p, B)); }
ids(A) ::= ids(B) COMMA ID(C).                              { A = parse_more(p, B, parse_name(p, C)); }
name_list(A) ::= LPAREN(B) ids(C) RPAREN(D).                { A = LIST(A_IDS, SPAN(B, D), NULL, C); }

text_params(A) ::= .                                        { A = NULL; }
text_params(A) ::= LPAREN(B) ids(C) RPAREN(D). {
    for (u32 i = 0; i < C->v.n; i++)
        C->v.at[i] = NODE(A_PARAM, C->v.at[i]->loc, C->v.at[i]->text, NULL);
    A = LIST(A_PARAMS, SPAN(B, D), NULL, C);
}

limit(A) ::= LIMIT(B) lims(C).                              { A = LIST(A_LIMIT, SPAN(B, *(C->v.at[C->v.n - 1])), NULL, C); }
lims(A) ::= lim(B).                                         { A = parse_list(p, B); }
lims(A) ::= lims(B) COMMA lim(C).                           { A = parse_more(p, B, C); }
lim(A) ::= ID(B) e(C).                                      { A = NODE(A_LIM, SPAN(B, *C), TEXT(B), C); }

map_lines(A) ::= map_line(B).                               { A = parse_list(p, B); }
map_lines(A) ::= map_lines(B) SEP map_line(C).              { A = parse_more(p, B, C); }
map_line(A) ::= error.                                      { A = NULL; }
map_line(A) ::= ID(B) ids(C).           { A = NODE(A_MAPLINE, loc_join(B.loc, span(C)), TEXT(B), LIST(A_IDS, span(C), NULL, C), NULL); }
map_line(A) ::= ID(B) ids(C) COLON exprs(D). {
    A = NODE(A_MAPLINE, loc_join(B.loc, span(D)), TEXT(B), LIST(A_IDS, span(C), NULL, C), LIST(A_TUPLE, span(D), NULL, D));
}

/* ---- signatures ---- */
attrs(A) ::= .                                              { A = LEAF(A_ATTRS, parse_here(p), NULL); }
attrs(A) ::= LBRACKET(B) attr_list(C) RBRACKET(D).          { A = LIST(A_ATTRS, SPAN(B, D), NULL, C); }
attr_list(A) ::= attr(B).                                   { A = parse_list(p, B); }
attr_list(A) ::= attr_list(B) COMMA attr(C).                { A = parse_more(p, B, C); }
attr(A) ::= ID(B).                                          { A = NODE(A_ATTR, B.loc, TEXT(B), NULL); }
attr(A) ::= ID(B) EQ e(C).                                  { A = NODE(A_ATTR, SPAN(B, *C), TEXT(B), C); }

oparams(A) ::= .                                            { A = NULL; }
oparams(A) ::= params(B).                                   { A = B; }
params(A) ::= LPAREN(B) param_list(C) RPAREN(D).            { A = LIST(A_PARAMS, SPAN(B, D), NULL, C); }
param_list(A) ::= param(B).                                 { A = parse_list(p, B); }
param_list(A) ::= param_list(B) COMMA param(C).             { A = parse_more(p, B, C); }
param(A) ::= ID(B).                                         { A = NODE(A_PARAM, B.loc, TEXT(B), NULL); }
param(A) ::= ID(B) COLON type(C).                           { A = NODE(A_PARAM, SPAN(B, *C), TEXT(B), C); }

type(A) ::= tensor(B).                                      { A = B; }
type(A) ::= LPAREN(B) type_list(C) RPAREN(D).               { A = LIST(A_TUPLETYPE, SPAN(B, D), NULL, C); }
type_list(A) ::= type(B).                                   { A = parse_list(p, B); }
type_list(A) ::= type_list(B) COMMA type(C).                { A = parse_more(p, B, C); }
tensor(A) ::= ID(B).                                        { A = flag(LEAF(A_TYPE, B.loc, TEXT(B)), AF_BARE); }
tensor(A) ::= ID(B) LBRACKET ranks(C) RBRACKET(D).          { A = LIST(A_TYPE, SPAN(B, D), TEXT(B), C); }
tensor(A) ::= ID(B) LBRACKET RBRACKET(D).                   { A = LEAF(A_TYPE, SPAN(B, D), TEXT(B)); }
tensor(A) ::= LBRACKET(B) ranks(C) RBRACKET(D).             { A = LIST(A_TYPE, SPAN(B, D), NULL, C); }
tensor(A) ::= LBRACKET(B) RBRACKET(C).                      { A = LEAF(A_TYPE, SPAN(B, C), NULL); }

/* What follows `->`: outputs of an op have names. */
oout(A) ::= .                                               { A = NULL; }
oout(A) ::= ARROW out(B).                                   { A = B; }
out(A) ::= one_out(B).                                      { A = B; }
out(A) ::= LPAREN(B) out_list(C) RPAREN(D).                 { A = LIST(A_TUPLETYPE, SPAN(B, D), NULL, C); }
out_list(A) ::= out(B).                                     { A = parse_list(p, B); }
out_list(A) ::= out_list(B) COMMA out(C).                   { A = parse_more(p, B, C); }
one_out(A) ::= tensor(B).                                   { A = B; }
one_out(A) ::= ID(B) COLON tensor(C).                       { A = NODE(A_PARAM, SPAN(B, *C), TEXT(B), C); }

owhere(A) ::= .                                             { A = NULL; }
owhere(A) ::= WHERE(B) exprs(C).                            { A = LIST(A_WHERE, loc_join(B.loc, span(C)), NULL, C); }
op_where(A) ::= .                                           { A = NULL; }
op_where(A) ::= WHERE(B) wdef_list(C).                      { A = LIST(A_WHERE, loc_join(B.loc, span(C)), NULL, C); }
wdef_list(A) ::= wdef(B).                                   { A = parse_list(p, B); }
wdef_list(A) ::= wdef_list(B) COMMA wdef(C).                { A = parse_more(p, B, C); }
wdef(A) ::= e(B).                                           { A = B; }
wdef(A) ::= ID(B) EQ e(C).                                  { A = NODE(A_WDEF, SPAN(B, *C), TEXT(B), C); }

/* ---- alternatives ---- */
alts(A) ::= alt_list(B).                                    { A = LIST(A_ALTS, B->v.n ? span(B) : parse_here(p), NULL, B); }
alt_list(A) ::= alt(B).                                     { A = parse_list(p, B); }
alt_list(A) ::= BAR alt(B).                                 { A = parse_list(p, B); }
alt_list(A) ::= alt_list(B) BAR alt(C).                     { A = parse_more(p, B, C); }
alt(A) ::= error.               { A = LEAF(A_HOLE, parse_here(p), NULL); }     /* the file has errors: nobody looks */
alt(A) ::= fors(B) e(C) owhere(D) onote(E).                 { A = alternative(p, B, NULL, C, D, E); }
alt(A) ::= fors(B) e(C) ARROW e(D) owhere(E) onote(F).      { A = alternative(p, B, C, D, E, F); }
fors(A) ::= .                                               { A = LEAF(A_FORS, parse_here(p), NULL); }
fors(A) ::= fors(B) FOR(C) pat(D) IN set(E) COLON(F). {
    struct nodes *l = parse_list(p, NULL);
    for (u32 i = 0; i < (B)->nkid; i++)
        parse_more(p, l, (B)->kid[i]);
    parse_more(p, l, NODE(A_FOR, SPAN(C, F), NULL, D, E));
    A = LIST(A_FORS, span(l), NULL, l);
}
set(A) ::= LBRACE(B) opt_list(C) RBRACE(D).                 { A = LIST(A_OPTS, SPAN(B, D), NULL, C); }
set(A) ::= LBRACE(B) error RBRACE(D).                       { A = LEAF(A_OPTS, SPAN(B, D), NULL); }
opt_list(A) ::= opt(B).                                     { A = parse_list(p, B); }
opt_list(A) ::= opt_list(B) COMMA opt(C).                   { A = parse_more(p, B, C); }
opt(A) ::= e(B).                                            { A = NODE(A_OPT, (B)->loc, NULL, NULL, B); }
opt(A) ::= e(B) ARROW e(C).                                 { A = NODE(A_OPT, OVER(B, C), NULL, B, C); }
opt(A) ::= e(B) DOTDOT e(C).                                { A = NODE(A_RANGE, OVER(B, C), NULL, B, C); }
onote(A) ::= .                                              { A = NULL; }
onote(A) ::= AS(B) notations(C).                            { A = LIST(A_NOTE, loc_join(B.loc, span(C)), NULL, C); }
notations(A) ::= STRING(B).                                 { A = parse_list(p, parse_literal(p, B)); }
notations(A) ::= notations(B) OR STRING(C).                 { A = parse_more(p, B, parse_literal(p, C)); }
pat(A) ::= ID(B).                                           { A = NODE(A_PAT, B.loc, NULL, parse_name(p, B)); }
pat(A) ::= LPAREN(B) ids(C) RPAREN(D).                      { A = flag(LIST(A_PAT, SPAN(B, D), NULL, C), AF_TUPLE); }

/* ---- op bodies ---- */
body(A) ::= LBRACE(B) stmts(C) RBRACE(D).                   { A = LIST(A_BODY, SPAN(B, D), NULL, C); }
stmts(A) ::= stmt(B).                                       { A = parse_list(p, B); }
stmts(A) ::= stmts(B) SEP stmt(C).                          { A = parse_more(p, B, C); }
stmt(A) ::= error.                                          { A = NULL; }
stmt(A) ::= LET(B) ID(C) EQ e(D).                           { A = NODE(A_SLET, SPAN(B, *D), TEXT(C), D); }
stmt(A) ::= PARAM(B) ID(C) COLON type(D) TILDE e(E).        { A = NODE(A_SPARAM, SPAN(B, *E), TEXT(C), D, E); }
stmt(A) ::= STATE(B) ID(C) COLON type(D) TILDE e(E).        { A = NODE(A_SSTATE, SPAN(B, *E), TEXT(C), D, E); }
stmt(A) ::= CONST(B) ID(C) COLON type(D) EQ table(E).       { A = NODE(A_SCONST, SPAN(B, *E), TEXT(C), D, E); }
stmt(A) ::= CONST(B) access(C) EQ e(D).                     { A = NODE(A_SCONSTEQ, SPAN(B, *D), NULL, C, D); }
stmt(A) ::= RANK(B) ids(C) COLON e(D).                      { A = NODE(A_SRANK, SPAN(B, *D), NULL, LIST(A_IDS, span(C), NULL, C), D); }
stmt(A) ::= RANK(B) ids(C) COLON ITER e(D).                 { A = flag(NODE(A_SRANK, SPAN(B, *D), NULL, LIST(A_IDS, span(C), NULL, C), D), AF_ITER); }
stmt(A) ::= INIT(B) access(C) EQ e(D).                      { A = NODE(A_SINIT, SPAN(B, *D), NULL, C, D); }
stmt(A) ::= NEXT(B) access(C) EQ e(D).                      { A = NODE(A_SNEXT, SPAN(B, *D), NULL, C, D); }
stmt(A) ::= access(B) EQ e(C) owhere(D).                    { A = NODE(A_SEQ, OVER(B, D ? D : C), NULL, B, C, D); }
stmt(A) ::= access(B) PLUSEQ e(C) owhere(D).                { A = NODE(A_SEQ, OVER(B, D ? D : C), str_c(p->sp, "+"), B, C, D); }
stmt(A) ::= access(B) STAREQ e(C) owhere(D).                { A = NODE(A_SEQ, OVER(B, D ? D : C), str_c(p->sp, "*"), B, C, D); }
stmt(A) ::= access(B) ID(C) EQ e(D) owhere(E).              { A = NODE(A_SEQ, OVER(B, E ? E : D), TEXT(C), B, D, E); }
stmt(A) ::= sif(B).                                         { A = B; }
sif(A) ::= IF(B) e(C) body(D).                              { A = NODE(A_SIF, SPAN(B, *D), NULL, C, D, NULL); }
sif(A) ::= IF(B) e(C) body(D) ELSE body(E).                 { A = NODE(A_SIF, SPAN(B, *E), NULL, C, D, E); }
sif(A) ::= IF(B) e(C) body(D) ELSE sif(E).                  { A = NODE(A_SIF, SPAN(B, *E), NULL, C, D, NODE(A_BODY, (E)->loc, NULL, E)); }
access(A) ::= ID(B).                                        { A = LEAF(A_ACCESS, B.loc, TEXT(B)); }
access(A) ::= ID(B) LBRACKET ranks(C) RBRACKET(D).          { A = LIST(A_ACCESS, SPAN(B, D), TEXT(B), C); }
table(A) ::= e(B).                                          { A = B; }
table(A) ::= LBRACKET(B) tables(C) RBRACKET(D).             { A = LIST(A_TABLE, SPAN(B, D), NULL, C); }
tables(A) ::= table(B).                                     { A = parse_list(p, B); }
tables(A) ::= tables(B) COMMA table(C).                     { A = parse_more(p, B, C); }

/* ---- blocks of rules, nets and spaces ---- */
block(A) ::= LBRACE(B) bitems(C) RBRACE(D).                 { A = LIST(A_BLOCK, SPAN(B, D), NULL, C); }
bitems(A) ::= bitem(B).                                     { A = parse_list(p, B); }
bitems(A) ::= bitems(B) SEP bitem(C).                       { A = parse_more(p, B, C); }
bitem(A) ::= error.                                         { A = NULL; }
bitem(A) ::= e(B).                                          { A = B; }
bitem(A) ::= LET(B) pat(C) EQ e(D).                         { A = NODE(A_LET, SPAN(B, *D), NULL, C, D); }
bitem(A) ::= REQUIRE(B) exprs(C).                           { A = LIST(A_REQUIRE, loc_join(B.loc, span(C)), NULL, C); }
bitem(A) ::= RECIPE(B) ID(C) EQ e(D).                       { A = NODE(A_RECIPE, SPAN(B, *D), TEXT(C), D); }
bitem(A) ::= limit(B).                                      { A = B; }

/* ---- expressions ---- */
e(A) ::= e(B) PIPE e(C).        { A = NODE(A_PIPE, OVER(B, C), NULL, B, C); }
e(A) ::= e(B) OR e(C).          { A = binary(p, AB_OR, B, C); }
e(A) ::= e(B) AND e(C).         { A = binary(p, AB_AND, B, C); }
e(A) ::= NOT(B) e(C).           { A = NODE(A_NOT, SPAN(B, *C), NULL, C); }
e(A) ::= e(B) LT e(C).          { A = binary(p, AB_LT, B, C); }
e(A) ::= e(B) LE e(C).          { A = binary(p, AB_LE, B, C); }
e(A) ::= e(B) GT e(C).          { A = binary(p, AB_GT, B, C); }
e(A) ::= e(B) GE e(C).          { A = binary(p, AB_GE, B, C); }
e(A) ::= e(B) EQEQ e(C).        { A = binary(p, AB_EQ, B, C); }
e(A) ::= e(B) NE e(C).          { A = binary(p, AB_NE, B, C); }
e(A) ::= e(B) PLUS e(C).        { A = binary(p, AB_ADD, B, C); }
e(A) ::= e(B) MINUS e(C).       { A = binary(p, AB_SUB, B, C); }
e(A) ::= e(B) PLUSPLUS e(C).    { A = binary(p, AB_CAT, B, C); }
e(A) ::= e(B) STAR e(C).        { A = binary(p, AB_MUL, B, C); }
e(A) ::= e(B) SLASH e(C).       { A = binary(p, AB_DIV, B, C); }
e(A) ::= e(B) PERCENT e(C).     { A = binary(p, AB_MOD, B, C); }
e(A) ::= MINUS(B) e(C). [UMINUS] { A = NODE(A_NEG, SPAN(B, *C), NULL, C); }
e(A) ::= IF(B) e(C) THEN e(D) ELSE e(E). { A = NODE(A_IF, SPAN(B, *E), NULL, C, D, E); }
/* A lambda's left side is read as an expression and turned into names here. */
e(A) ::= post(B) FATARROW e(C). { A = NODE(A_LAMBDA, OVER(B, C), NULL, parse_pattern(p, B), C); }
e(A) ::= post(B).               { A = B; }

post(A) ::= prim(B).                                        { A = B; }
post(A) ::= post(B) LBRACKET elems(C) RBRACKET(D).          { A = with_list(p, A_INDEX, SPAN(*B, D), NULL, B, C); }
post(A) ::= post(B) LPAREN args(C) RPAREN(D).               { A = with_list(p, A_CALL, SPAN(*B, D), NULL, B, C); }
post(A) ::= post(B) LPAREN RPAREN(D).                       { A = NODE(A_CALL, SPAN(*B, D), NULL, B); }
post(A) ::= post(B) DOT ID(C).                              { A = NODE(A_FIELD, SPAN(*B, C), TEXT(C), B); }
post(A) ::= post(B) DOT INT(C).                             { A = NODE(A_PROJ, SPAN(*B, C), NULL, B, parse_literal(p, C)); }
post(A) ::= post(B) DOT LPAREN e(C) RPAREN(D).              { A = NODE(A_PROJ, SPAN(*B, D), NULL, B, C); }

prim(A) ::= head(B).                                        { A = B; }
prim(A) ::= INT(B).                                         { A = parse_literal(p, B); }
prim(A) ::= REAL(B).                                        { A = parse_literal(p, B); }
prim(A) ::= STRING(B).                                      { A = parse_literal(p, B); }
prim(A) ::= UNDERSCORE(B).                                  { A = LEAF(A_HOLE, B.loc, NULL); }
prim(A) ::= LPAREN(B) e(C) COMMA exprs(D) RPAREN(E).        { A = with_list(p, A_TUPLE, SPAN(B, E), NULL, C, D); }
prim(A) ::= LPAREN(B) RPAREN(C).                            { A = LEAF(A_TUPLE, SPAN(B, C), NULL); }
prim(A) ::= REPEAT(B) e(C) block(D).                        { A = NODE(A_REPEAT, SPAN(B, *D), NULL, C, D); }
prim(A) ::= REPEAT(B) ID(C) IN e(D) block(E).               { A = NODE(A_REPEAT, SPAN(B, *E), TEXT(C), D, E); }
prim(A) ::= EACH(B) head(C).                                { A = NODE(A_EACH, SPAN(B, *C), NULL, NULL, C); }
prim(A) ::= EACH(B) LBRACKET e(C) RBRACKET head(D).         { A = NODE(A_EACH, SPAN(B, *D), NULL, C, D); }
prim(A) ::= ONCE(B) head(C).                                { A = NODE(A_ONCE, SPAN(B, *C), NULL, C); }
prim(A) ::= SHARE(B) head(C).                               { A = NODE(A_SHARE, SPAN(B, *C), NULL, C); }
/* A label, once, share and each bind to the name alone: a:Edge[C](x) is ((a:Edge)[C])(x). */
head(A) ::= ID(B).                                          { A = parse_name(p, B); }
head(A) ::= ID(B) COLON head(C).                            { A = NODE(A_LABEL, SPAN(B, *C), TEXT(B), C); }
head(A) ::= LPAREN(B) e(C) RPAREN(D).                       { A = in_parentheses(C, SPAN(B, D)); }
head(A) ::= block(B).                                       { A = B; }
head(A) ::= CHOOSE(B) set(C).                               { A = NODE(A_CHOOSE, SPAN(B, *C), NULL, C); }

exprs(A) ::= e(B).                                          { A = parse_list(p, B); }
exprs(A) ::= exprs(B) COMMA e(C).                           { A = parse_more(p, B, C); }
args(A) ::= arg(B).                                         { A = parse_list(p, B); }
args(A) ::= args(B) COMMA arg(C).                           { A = parse_more(p, B, C); }
arg(A) ::= e(B).                                            { A = B; }
arg(A) ::= DOTDOT(B).                                       { A = LEAF(A_DOTS, B.loc, NULL); }
elems(A) ::= elem(B).                                       { A = parse_list(p, B); }
elems(A) ::= elems(B) COMMA elem(C).                        { A = parse_more(p, B, C); }
elem(A) ::= rank(B).                                        { A = B; }
elem(A) ::= ID(B) EQ e(C).                                  { A = NODE(A_NAMED, SPAN(B, *C), TEXT(B), C); }
ranks(A) ::= rank(B).                                       { A = parse_list(p, B); }
ranks(A) ::= ranks(B) COMMA rank(C).                        { A = parse_more(p, B, C); }
rank(A) ::= e(B).                                           { A = B; }
rank(A) ::= DOTDOT(B).                                      { A = LEAF(A_DOTS, B.loc, NULL); }
/* A fold: two or more names or integers side by side. */
rank(A) ::= LPAREN(B) factors(C) factor(D) RPAREN(E).       { A = LIST(A_FOLD, SPAN(B, E), NULL, parse_more(p, C, D)); }
factors(A) ::= factor(B).                                   { A = parse_list(p, B); }
factors(A) ::= factors(B) factor(C).                        { A = parse_more(p, B, C); }
factor(A) ::= ID(B).                                        { A = parse_name(p, B); }
factor(A) ::= INT(B).                                       { A = parse_literal(p, B); }

%code {
void *parse_new(struct arena *a)
{
    yyParser *y = NEW(a, yyParser);
    lemon_parseInit(y);
    return y;
}

void parse_restart(struct parser *p)
{
    lemon_parseInit(p->lemon);
}

void parse_feed(struct parser *p, struct token t)
{
    p->overflow = false;
    lemon_parse(p->lemon, t.kind, t, p);
}

u32 parse_room(const struct parser *p)
{
    const yyParser *y = p->lemon;
    return (u32)(y->yystackEnd - y->yytos);
}

/* Runs the automaton on states alone.  Asked before every token: by the time Lemon complains it has
 * made default reductions that hide what was possible. */
bool parse_viable(const struct parser *p, int kind)
{
    const yyParser *y = p->lemon;
    YYACTIONTYPE pushed[64];                            /* on top of what is left of Lemon's stack */
    u32 npushed = 0;
    const yyStackEntry *base = y->yytos;
    while (npushed < COUNTOF(pushed)) {
        YYACTIONTYPE act = yy_find_shift_action((YYCODETYPE)kind, npushed ? pushed[npushed - 1] : base->stateno);
        if (act < YY_MIN_REDUCE)
            return act <= YY_MAX_SHIFTREDUCE || act == YY_ACCEPT_ACTION;
        u32 rule = act - YY_MIN_REDUCE, pop = (u32)-yyRuleInfoNRhs[rule];
        u32 own = MIN(pop, npushed);
        npushed -= own;
        base -= pop - own;
        YYACTIONTYPE next = yy_find_reduce_action(npushed ? pushed[npushed - 1] : base->stateno, yyRuleInfoLhs[rule]);
        pushed[npushed++] = next;
    }
    BUG("the parser's automaton pushes without end");
}

/* Throws away what the innermost broken thing has on the stack and puts `error` there.  Not
 * left to Lemon, which would first make default reductions on the wrong token and so leave the
 * rule or block that could have gone on. */
bool parse_shift_error(struct parser *p)
{
    yyParser *y = p->lemon;
    struct token none = { 0 };
    while (y->yytos->stateno >= YY_MIN_REDUCE)          /* reductions that need no look-ahead */
        yy_reduce(y, y->yytos->stateno - YY_MIN_REDUCE, YYNOCODE, none);
    for (; y->yytos > y->yystack; y->yytos--) {
        YYACTIONTYPE act = yy_find_reduce_action(y->yytos->stateno, YYERRORSYMBOL);
        if (act <= YY_MAX_SHIFTREDUCE) {
            yy_shift(y, act, YYERRORSYMBOL, none);
            return true;
        }
    }
    return false;
}
}
