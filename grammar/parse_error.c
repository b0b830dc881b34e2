/* parse_error.c - a syntax error in words: what could have stood there, what stands there, and a
 * hint for the mistakes people make.
 *
 * In: the token that did not fit and the parser's states before it.  What was possible is asked of
 * the automaton itself (parse_viable), so messages cannot drift from the grammar. */
#include "grammar/parser.h"

#include "grammar/parse.h"

enum { KINDS = 128 };

struct scene {
    struct parser *p;
    struct token found;
    int last, last2;                /* kinds of the tokens before */
    bool can[KINDS];                /* could have stood there */
    bool expression;                /* an expression could begin there */
    bool operand;                   /* an expression could end or go on there */
    bool item, statement;           /* an item, or a statement of a body or block, could begin there */
};

static const int all_tokens[] = {
#define X(tk, shown, is) TK_##tk,
#include "grammar/token.def"
#undef X
};

static void look(struct scene *s, struct parser *p, struct token found)
{
    s->p = p;
    s->found = found;
    s->last = p->last[0].kind;
    s->last2 = p->last[1].kind;
    for (u32 i = 0; i < COUNTOF(all_tokens); i++)
        s->can[all_tokens[i]] = parse_viable(p, all_tokens[i]);
    s->item = s->can[TK_RULE];
    s->expression = s->can[TK_INT] && s->can[TK_CHOOSE];
    s->operand = s->can[TK_STAR] && s->can[TK_PIPE];
    s->statement = s->can[TK_LET];
}

/* ---- what was expected ---- */

/* Tokens that one phrase stands for. */
static bool covered(const struct scene *s, int k)
{
    static const int begins[] = { TK_ID, TK_INT, TK_REAL, TK_STRING, TK_UNDERSCORE, TK_IF, TK_CHOOSE, TK_EACH, TK_ONCE, TK_SHARE,
                                  TK_REPEAT, TK_NOT, TK_MINUS, TK_LPAREN, TK_LBRACE };
    static const int goes_on[] = { TK_PIPE, TK_OR, TK_AND, TK_LT, TK_LE, TK_GT, TK_GE, TK_EQEQ, TK_NE, TK_PLUS, TK_MINUS, TK_PLUSPLUS,
                                   TK_STAR, TK_SLASH, TK_PERCENT, TK_FATARROW, TK_LPAREN, TK_LBRACKET, TK_DOT, TK_COLON };
    if (s->item || (lex_is_soft(k) && s->can[TK_ID]))
        return true;
    if (s->statement && lex_is_soft(k))
        return true;
    if (s->statement && (k == TK_LET || k == TK_CONST || k == TK_IF || k == TK_ID))
        return true;
    if (s->can[TK_ID] && s->can[TK_LBRACKET] && !s->operand && (k == TK_ID || k == TK_LBRACKET || k == TK_LPAREN))
        return true;            /* a type */
    if (s->expression)
        for (u32 i = 0; i < COUNTOF(begins); i++)
            if (begins[i] == k)
                return true;
    if (s->operand)
        for (u32 i = 0; i < COUNTOF(goes_on); i++)
            if (goes_on[i] == k)
                return true;
    return k == TK_ID;
}

static void list_expected(struct buf *b, const struct scene *s)
{
    const char *phrase[COUNTOF(all_tokens) + 2];
    u32 n = 0;
    if (s->item)
        phrase[n++] = "an item (op, rule, net, space, const, import, ...)";
    else if (s->statement)
        phrase[n++] = s->expression ? "a statement or an expression" : "a statement";
    else if (s->expression)
        phrase[n++] = "an expression";
    else if (s->can[TK_ID] && s->can[TK_LBRACKET] && !s->operand)
        phrase[n++] = "a type";
    else if (s->can[TK_ID] && !s->operand)
        phrase[n++] = "a name";
    for (u32 i = 1; i < COUNTOF(all_tokens); i++)
        if (s->can[all_tokens[i]] && !covered(s, all_tokens[i]))
            phrase[n++] = lex_token_name(all_tokens[i]);
    if (!n && s->operand)
        phrase[n++] = "an operator";
    if (s->can[TK_SEP])
        phrase[n++] = lex_token_name(TK_SEP);
    if (n > 6)
        n = 6;
    for (u32 i = 0; i < n; i++)
        buf_printf(b, "%s%s", i == 0 ? "" : i + 1 == n ? " or " : ", ", phrase[i]);
}

static const char *shown(struct parser *p, struct token t)
{
    const char *text = p->src->text + t.loc.off;
    int len = (int)MIN(t.loc.len, 40u);
    switch (t.kind) {
    case TK_SEP:
        return t.loc.len ? "`;`" : "the end of the line";
    case TK_STRING:
        return "a string";
    case TK_BACKTICK:
        return "an architecture text";
    case TK_ID:
    case TK_INT:
    case TK_REAL:
        return arena_printf(p->a, "`%.*s%s`", len, text, (u32)len < t.loc.len ? "..." : "");
    default:
        return lex_token_name(t.kind);
    }
}

/* ---- hints ---- */

static bool is_comparison(int k)
{
    return k == TK_LT || k == TK_LE || k == TK_GT || k == TK_GE || k == TK_EQEQ || k == TK_NE;
}

static bool begins_line(int before)
{
    return before == TK_SEP || before == TK_LBRACE;
}

/* An item was expected: the first word may be misspelt or come from another language. */
static const char *item_hint(const struct scene *s)
{
    static const char *const words[] = { "op", "rule", "net", "space", "const", "import", "inline", "text", "arch", "monoid", "map", "limit" };
    static const char *const foreign[] = { "def", "fn", "func", "function", "class", "module", "grammar" };
    int k = s->found.kind;
    if (k == TK_LET)
        return "a constant of a file is written `const NAME = ...`";
    if (k == TK_ID) {
        str word = parse_text(s->p, s->found);
        for (u32 i = 0; i < COUNTOF(foreign); i++)
            if (strcmp(word, foreign[i]) == 0)
                return "functions of tensors are written `op`, `net` or `rule`";
        const char *near = diag_nearest(word, words, COUNTOF(words));
        if (near)
            return arena_printf(s->p->a, "did you mean `%s`?", near);
    }
    if (s->p->before.kind == TK_RULE || s->p->before.kind == TK_INLINE)
        return "if this is one more alternative of the rule above, begin it with `|`";
    return NULL;
}

static const char *hint(const struct scene *s)
{
    int k = s->found.kind, item = s->p->item.kind;
    bool word = k == TK_ID || k == TK_INT || k == TK_REAL || lex_is_soft(k);
    if (s->item)
        return item_hint(s);
    if (lex_is_reserved(k) && s->expression && s->last != TK_SEP)
        return arena_printf(s->p->a, "%s is a reserved word, so nothing can have that name", lex_token_name(k));
    if (lex_is_soft(s->last) && begins_line(s->last2) && !s->operand)
        return arena_printf(s->p->a, "%s begins a declaration here; as a name it cannot be the first word of a line", lex_token_name(s->last));
    if (s->last == TK_COMMA && (k == TK_RPAREN || k == TK_RBRACKET || k == TK_RBRACE))
        return "a list does not end with a comma";
    if (s->last == TK_AS)
        return "a notation is a string: as \"conv($k)\"";
    if (s->can[TK_BACKTICK] && k == TK_STRING)
        return "an architecture text stands in backticks";
    if (k == TK_EQ && s->operand)
        return begins_line(s->last2) && s->last == TK_ID ? "a block names a value with `let x = ...`" : "compare with `==`";
    if (is_comparison(k) && s->operand && s->can[TK_AND] && !s->can[TK_LT])
        return "comparisons do not chain: write `a < b and b < c`";
    if (s->can[TK_THEN] || s->can[TK_ELSE])
        return "an expression chooses with `if c then a else b`";
    if (s->can[TK_TILDE])
        return "a parameter or state says how it begins: `~ zeros`, `~ kaiming_uniform(K)`";
    if (item == TK_OP && s->can[TK_ARROW] && !s->operand)
        return "an op names its output: `-> y: [..]`";
    if (s->can[TK_EQ] && s->last2 == TK_LET)
        return "`let` gives a value a name: `let n = ...`";
    if (s->can[TK_EQ] && (item == TK_RULE || item == TK_INLINE) && k == TK_LBRACE)
        return "the alternatives of a rule follow `=`";
    if (s->last == TK_IN && s->can[TK_LBRACE])
        return "a family ranges over a set in braces: `for k in {1, 3}: ...`";
    if (s->last == TK_LBRACE && k == TK_RBRACE)
        return "a block ends with its value, and an op's body says what its output is";
    if (s->last == TK_STRING && s->can[TK_BAR] && s->can[TK_OR] && !s->operand)
        return "alternatives are separated by `|`, and further notations of one by `or`";
    if (!s->operand)
        return k == TK_DOT && s->expression ? "a fraction needs a digit before its point: 0.5" : NULL;
    /* An expression has been read, and this cannot follow it. */
    if (k == TK_COLON)
        return "a label stands before one name: `a:Edge`";
    if (k == TK_ARROW)
        return "a weight stands before an alternative of a rule or of `choose {...}`";
    if (k == TK_LBRACE)
        return "a line that begins with `{` goes on with the line before: put a `;` between them";
    if (k == TK_STRING)
        return "a notation follows `as`";
    if (word && s->can[TK_RPAREN] && s->last2 == TK_LPAREN && s->p->last[2].kind != TK_ID && s->p->last[2].kind != TK_RBRACKET)
        return "`(h w)` folds axes, directly inside [ ] and of names only; a product needs its `*`";
    if (word && s->can[TK_COMMA])
        return "what stands in brackets is separated by `,`; a product needs its `*`";
    if (word && s->can[TK_BAR] && s->can[TK_ARROW] && (s->last == TK_INT || s->last == TK_REAL))
        return "a weight is followed by `->`; a product needs its `*`";
    if (word && (s->last == TK_INT || s->last == TK_REAL))
        return "a product needs its `*`";
    if (s->can[TK_BAR] && word)
        return "alternatives are separated by `|`";
    return NULL;
}

void parse_complain(struct parser *p, struct token found)
{
    if (found.made_up || found.kind == TK_BAD)
        return;                         /* the lexer has said what is wrong */
    struct scene s = { 0 };
    look(&s, p, found);
    if (lex_is_reserved(found.kind) && s.can[TK_ID] && !s.expression && !s.operand && !s.item && !s.statement) {
        struct diag *d = diag_add(p->ds, E0113, found.loc, "%s is a reserved word and cannot be a name", lex_token_name(found.kind));
        diag_hint(p->ds, d, "choose another name");
        return;
    }
    struct buf b = { 0 };
    list_expected(&b, &s);
    struct diag *d = b.n ? diag_add(p->ds, E0110, found.loc, "expected %s, found %s", b.at, shown(p, found))
                         : diag_add(p->ds, E0110, found.loc, "%s cannot stand here", shown(p, found));
    buf_free(&b);
    const char *h = hint(&s);
    if (h)
        diag_hint(p->ds, d, "%s", h);
}
