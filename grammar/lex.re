/* lex.re - text to tokens.
 *
 * In: any bytes.  Out: tokens with places, each byte looked at once; comments on the side.
 * Holds: brackets in the stream balance (a missing closer is made up, a stray one left out, both
 * diagnosed); never two SEPs in a row, none after `{` or before `}`, one before the end.
 *
 * scan() reads raw tokens; lex_next() decides with one token of look-ahead which line ends
 * separate.  See token.def for what cannot end or begin an item. */
#include "grammar/lex.h"

#include "compiler/base/rec.h"
#include "compiler/base/utf8.h"
#include "grammar/ast.h"
#include "grammar/parse.h"

enum { RESERVED = 1, SOFT = 2, CANT_END = 4, CANT_BEGIN = 8 };

static const struct { const char *name, *shown; u8 is; } tokens[] = {
#define X(tk, shown, is) [TK_##tk] = { #tk, shown, is },
#include "grammar/token.def"
#undef X
};

struct lexer {
    struct arena *a;
    struct diags *ds;
    const struct src *src;
    const unsigned char *at, *end, *mark;
    struct token ahead;             /* the next token of the text */
    bool have;                      /* ahead is filled */
    bool newline;                   /* a line end stands before ahead */
    struct loc semicolon;           /* len > 0: a `;` stands before ahead */
    struct token last;              /* given out; kind 0 at the beginning */
    struct token open[LEX_DEPTH];
    u32 depth;
    u32 unwind;                     /* closers to make up before anything else */
    bool bad_bytes;                 /* E0104 was said */
    VEC(struct ast_comment) comments;
};

const char *lex_token_name(int kind)
{
    if (kind == 0)
        return "the end of the file";
    return kind > 0 && kind < (int)COUNTOF(tokens) && tokens[kind].shown ? tokens[kind].shown : "this";
}

static u8 token_is(int kind)
{
    return kind > 0 && kind < (int)COUNTOF(tokens) ? tokens[kind].is : 0;
}

bool lex_is_reserved(int kind)
{
    return token_is(kind) & RESERVED;
}

bool lex_is_soft(int kind)
{
    return token_is(kind) & SOFT;
}

struct lexer *lex_new(struct arena *a, struct diags *ds, const struct src *src)
{
    struct lexer *lx = NEW(a, struct lexer);
    lx->a = a;
    lx->ds = ds;
    lx->src = src;
    lx->at = (const unsigned char *)src->text;
    lx->end = lx->at + src->len;
    CHECK(*lx->end == 0);
    size_t bad;
    if (!utf8_valid(src->text, src->len, &bad)) {
        lx->bad_bytes = true;
        struct diag *d = diag_add(ds, E0104, (struct loc){ src->id, (u32)bad, 1 }, "byte 0x%02x is not UTF-8 text here",
                                  (unsigned char)src->text[bad]);
        diag_hint(ds, d, "save the file in the encoding UTF-8");
    }
    if (src->len >= 3 && memcmp(src->text, "\xef\xbb\xbf", 3) == 0)
        lx->at += 3;
    return lx;
}

const struct ast_comment *lex_comments(const struct lexer *lx, u32 *n)
{
    *n = lx->comments.n;
    return lx->comments.at;
}

static struct loc place(const struct lexer *lx, const unsigned char *from, const unsigned char *to)
{
    return (struct loc){ lx->src->id, (u32)(from - (const unsigned char *)lx->src->text), (u32)(to - from) };
}

static void keep_comment(struct lexer *lx, const unsigned char *from)
{
    const unsigned char *to = lx->at, *p = from, *text = (const unsigned char *)lx->src->text;
    while (to > from && (to[-1] == ' ' || to[-1] == '\t' || to[-1] == '\r'))
        to--;
    while (p > text && (p[-1] == ' ' || p[-1] == '\t' || p[-1] == '\r'))
        p--;
    struct ast_comment c = { place(lx, from, to), p == text || p[-1] == '\n' };
    vec_push(lx->a, &lx->comments, c);
}

static void skip_block_comment(struct lexer *lx, const unsigned char *from)
{
    for (;; lx->at++) {
        if (lx->end - lx->at < 2) {
            struct diag *d = diag_add(lx->ds, E0102, place(lx, from, from + 2), "this comment is not closed");
            diag_hint(lx->ds, d, "`*/` closes a comment; comments do not nest");
            lx->at = lx->end;
            break;
        }
        if (lx->at[0] == '\n')
            lx->newline = true;
        if (lx->at[0] == '*' && lx->at[1] == '/') {
            lx->at += 2;
            break;
        }
    }
    keep_comment(lx, from);
}

/* A string: from the quote at `from` to the one on the same line that closes it. */
static void scan_string(struct lexer *lx, const unsigned char *from)
{
    for (; lx->at < lx->end && *lx->at != '\n'; lx->at++) {
        unsigned char c = *lx->at;
        if (c == '"') {
            lx->at++;
            return;
        }
        if (c == 0)
            diag_add(lx->ds, E0101, place(lx, lx->at, lx->at + 1), "a string cannot hold a NUL byte");
        if (c != '\\' || lx->at + 1 >= lx->end || lx->at[1] == '\n')
            continue;
        lx->at++;
        if (!memchr("\"\\nt", *lx->at, 4)) {
            u32 n;
            utf8_decode((const char *)lx->at, (size_t)(lx->end - lx->at), &n);
            struct diag *d = diag_add(lx->ds, E0105, place(lx, lx->at - 1, lx->at + n), "unknown escape in a string");
            diag_hint(lx->ds, d, "known are \\\" \\\\ \\n and \\t; a backslash itself is \\\\");
            lx->at += n - 1;
        }
    }
    while (lx->at > from + 1 && lx->at[-1] == '\r')
        lx->at--;
    struct diag *d = diag_add(lx->ds, E0102, place(lx, from, lx->at), "this string is not closed on its line");
    diag_hint(lx->ds, d, "a string ends with `\"`; a line end in it is written \\n");
}

static void scan_backtick(struct lexer *lx, const unsigned char *from)
{
    const unsigned char *close = memchr(lx->at, '`', (size_t)(lx->end - lx->at));
    lx->at = close ? close + 1 : lx->end;
    if (!close) {
        struct diag *d = diag_add(lx->ds, E0102, place(lx, from, from + 1), "this architecture text is not closed");
        diag_hint(lx->ds, d, "a text from one backtick to the next may span lines");
    }
    const unsigned char *nul = memchr(from, 0, (size_t)(lx->at - from));
    if (nul)
        diag_add(lx->ds, E0101, place(lx, nul, nul + 1), "an architecture text cannot hold a NUL byte");
}

static bool is_word(unsigned char c)
{
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int bad_number(struct lexer *lx, const unsigned char *from)
{
    u32 digits = 0;
    while (from[digits] >= '0' && from[digits] <= '9')
        digits++;
    int n = (int)(lx->at - from), shown = MIN(n, 40);
    struct diag *d = diag_add(lx->ds, E0103, place(lx, from, lx->at), "`%.*s%s` is not a number", shown, (const char *)from,
                              n > shown ? "..." : "");
    if (digits && digits < (u32)n && from[digits] == '.')
        diag_hint(lx->ds, d, "only integers take a suffix");
    else if (from[digits] == 'e' || from[digits] == 'E')
        diag_hint(lx->ds, d, "an exponent has digits: 1e-3");
    else
        diag_hint(lx->ds, d, "names begin with a letter, a product needs its `*`, and the suffixes are k M G Ki Mi Gi");
    return TK_INT;
}

/* What people write for something else.  A row's token goes on in its place; 0: TK_BAD. */
static const struct { const char *text; int kind; const char *hint; } lookalikes[] = {
    { "?", 0, "there is no `?:`: write `if c then a else b`" },
    { "&&", TK_AND, "write `and`" },
    { "&", TK_AND, "write `and`" },
    { "||", TK_OR, "write `or`; alternatives are separated by one `|`" },
    { "!", TK_NOT, "write `not`" },
    { "**", TK_STAR, "write `pow(a, b)`" },
    { "^", TK_STAR, "write `pow(a, b)`" },
    { "'", 0, "strings are written \"...\"" },
    { "$", 0, "`$` marks holes inside notations and architecture texts only" },
    { "\\", 0, "a line goes on by itself after an operator, before one, and inside ( ) and [ ]" },
    { "\xc3\x97", TK_STAR, "write `*`" },               /* multiplication sign */
    { "\xc2\xb7", TK_STAR, "write `*`" },               /* middle dot */
    { "\xe2\x88\x92", TK_MINUS, "write `-`" },          /* minus sign */
    { "\xe2\x80\x93", TK_MINUS, "write `-`" },          /* en dash */
    { "\xe2\x86\x92", TK_ARROW, "write `->`" },         /* arrow */
    { "\xe2\x89\xa4", TK_LE, "write `<=`" },
    { "\xe2\x89\xa5", TK_GE, "write `>=`" },
    { "\xe2\x89\xa0", TK_NE, "write `!=`" },
    { "\xe2\x80\xa6", TK_DOTDOT, "write `..`" },        /* ellipsis */
    { "\xe2\x80\x9c", 0, "strings are written with the plain quote `\"`" },
    { "\xe2\x80\x9d", 0, "strings are written with the plain quote `\"`" },
};

/* The character at `from` starts no token. */
static int bad_character(struct lexer *lx, const unsigned char *from)
{
    size_t left = (size_t)(lx->end - from);
    for (u32 i = 0; i < COUNTOF(lookalikes); i++) {
        size_t n = strlen(lookalikes[i].text);
        if (n > left || memcmp(from, lookalikes[i].text, n) != 0)
            continue;
        lx->at = from + n;
        struct diag *d = diag_add(lx->ds, E0101, place(lx, from, lx->at), "`%s` is not used here", lookalikes[i].text);
        diag_hint(lx->ds, d, "%s", lookalikes[i].hint);
        return lookalikes[i].kind ? lookalikes[i].kind : TK_BAD;
    }
    u32 n, c = utf8_decode((const char *)from, left, &n);
    lx->at = from + n;
    if (c < 0x80 || c == 0xa0 || (c >= 0x2000 && c < 0x2e00) || c == 0xfffd) {
        if (c == 0xfffd && lx->bad_bytes)
            return TK_BAD;
        /* A run of the same is one mistake. */
        while ((size_t)(lx->end - lx->at) >= n && memcmp(lx->at, from, n) == 0)
            lx->at += n;
        if (c > 0x20 && c < 0x7f)
            diag_add(lx->ds, E0101, place(lx, from, lx->at), "character `%c` has no meaning here", (int)c);
        else
            diag_add(lx->ds, E0101, place(lx, from, lx->at), "character U+%04X has no meaning here", c);
        return TK_BAD;
    }
    /* A letter of another script: take the whole word for a name. */
    while (lx->at < lx->end && (is_word(*lx->at) || *lx->at >= 0x80))
        lx->at++;
    struct diag *d = diag_add(lx->ds, E0101, place(lx, from, lx->at), "U+%04X cannot be in a name", c);
    diag_hint(lx->ds, d, "names consist of ASCII letters, digits and `_`; comments and strings may hold any text");
    return TK_ID;
}

/* The next token of the text into lx->ahead; line ends and `;` before it are noted. */
static void scan(struct lexer *lx)
{
    const unsigned char *from;
    int kind;
    lx->newline = false;
    lx->semicolon.len = 0;
again:
    from = lx->at;
    if (lx->last.kind == TK_DOT && *from >= '0' && *from <= '9') {
        /* t.0.1: after a point only an integer. */
        while (*lx->at >= '0' && *lx->at <= '9')
            lx->at++;
        kind = TK_INT;
        if (is_word(*lx->at)) {
            while (is_word(*lx->at))
                lx->at++;
            kind = bad_number(lx, from);
        }
        goto done;
    }
    /*!re2c
    re2c:define:YYCTYPE = "unsigned char";
    re2c:define:YYCURSOR = "lx->at";
    re2c:define:YYLIMIT = "lx->end";
    re2c:define:YYMARKER = "lx->mark";
    re2c:yyfill:enable = 0;
    re2c:eof = 0;

    digits   = [0-9]+;
    word     = [A-Za-z0-9_];
    name     = [A-Za-z_] word*;
    exponent = [eE] [+-]? digits;

    $               { kind = 0; goto done; }
    [ \t\r]+        { goto again; }
    "\n"            { lx->newline = true; goto again; }
    ";"             { lx->semicolon = place(lx, from, lx->at); goto again; }
    "//" [^\n]*     { keep_comment(lx, from); goto again; }
    "/" "*"         { skip_block_comment(lx, from); goto again; }
    "#" [^\n]*      {
        struct diag *d = diag_add(lx->ds, E0101, place(lx, from, from + 1), "`#` is not used here");
        diag_hint(lx->ds, d, "comments begin with `//`");
        goto again;
    }

    "op"            { kind = TK_OP; goto done; }
    "rule"          { kind = TK_RULE; goto done; }
    "inline"        { kind = TK_INLINE; goto done; }
    "const"         { kind = TK_CONST; goto done; }
    "let"           { kind = TK_LET; goto done; }
    "if"            { kind = TK_IF; goto done; }
    "then"          { kind = TK_THEN; goto done; }
    "else"          { kind = TK_ELSE; goto done; }
    "for"           { kind = TK_FOR; goto done; }
    "choose"        { kind = TK_CHOOSE; goto done; }
    "each"          { kind = TK_EACH; goto done; }
    "once"          { kind = TK_ONCE; goto done; }
    "share"         { kind = TK_SHARE; goto done; }
    "repeat"        { kind = TK_REPEAT; goto done; }
    "where"         { kind = TK_WHERE; goto done; }
    "as"            { kind = TK_AS; goto done; }
    "or"            { kind = TK_OR; goto done; }
    "and"           { kind = TK_AND; goto done; }
    "not"           { kind = TK_NOT; goto done; }
    "import"        { kind = TK_IMPORT; goto done; }
    "net"           { kind = TK_NET; goto done; }
    "space"         { kind = TK_SPACE; goto done; }
    "text"          { kind = TK_TEXT; goto done; }
    "arch"          { kind = TK_ARCH; goto done; }
    "monoid"        { kind = TK_MONOID; goto done; }
    "map"           { kind = TK_MAP; goto done; }
    "limit"         { kind = TK_LIMIT; goto done; }
    "recipe"        { kind = TK_RECIPE; goto done; }
    "require"       { kind = TK_REQUIRE; goto done; }
    "zero"          { kind = TK_ZERO; goto done; }
    "lift"          { kind = TK_LIFT; goto done; }
    "merge"         { kind = TK_MERGE; goto done; }
    "param"         { kind = TK_PARAM; goto done; }
    "state"         { kind = TK_STATE; goto done; }
    "init"          { kind = TK_INIT; goto done; }
    "next"          { kind = TK_NEXT; goto done; }
    "rank"          { kind = TK_RANK; goto done; }
    "iter"          { kind = TK_ITER; goto done; }
    "in"            { kind = TK_IN; goto done; }
    "_"             { kind = TK_UNDERSCORE; goto done; }
    name            { kind = TK_ID; goto done; }

    digits ("k" | "M" | "G" | "Ki" | "Mi" | "Gi")?  { kind = TK_INT; goto done; }
    digits "." digits exponent? | digits exponent   { kind = TK_REAL; goto done; }
    digits ("." digits)? exponent? word+            { kind = bad_number(lx, from); goto done; }
    ["]             { scan_string(lx, from); kind = TK_STRING; goto done; }
    [`]             { scan_backtick(lx, from); kind = TK_BACKTICK; goto done; }

    "|>"            { kind = TK_PIPE; goto done; }
    "<"             { kind = TK_LT; goto done; }
    "<="            { kind = TK_LE; goto done; }
    ">"             { kind = TK_GT; goto done; }
    ">="            { kind = TK_GE; goto done; }
    "=="            { kind = TK_EQEQ; goto done; }
    "!="            { kind = TK_NE; goto done; }
    "+"             { kind = TK_PLUS; goto done; }
    "-"             { kind = TK_MINUS; goto done; }
    "++"            { kind = TK_PLUSPLUS; goto done; }
    "*"             { kind = TK_STAR; goto done; }
    "/"             { kind = TK_SLASH; goto done; }
    "%"             { kind = TK_PERCENT; goto done; }
    "="             { kind = TK_EQ; goto done; }
    "+="            { kind = TK_PLUSEQ; goto done; }
    "*="            { kind = TK_STAREQ; goto done; }
    "->"            { kind = TK_ARROW; goto done; }
    "=>"            { kind = TK_FATARROW; goto done; }
    ":"             { kind = TK_COLON; goto done; }
    "~"             { kind = TK_TILDE; goto done; }
    ","             { kind = TK_COMMA; goto done; }
    "|"             { kind = TK_BAR; goto done; }
    "."             { kind = TK_DOT; goto done; }
    ".."            { kind = TK_DOTDOT; goto done; }
    "("             { kind = TK_LPAREN; goto done; }
    ")"             { kind = TK_RPAREN; goto done; }
    "["             { kind = TK_LBRACKET; goto done; }
    "]"             { kind = TK_RBRACKET; goto done; }
    "{"             { kind = TK_LBRACE; goto done; }
    "}"             { kind = TK_RBRACE; goto done; }
    "||" | "&&" | "**"  { kind = bad_character(lx, from); goto done; }
    *               { kind = bad_character(lx, from); goto done; }
    */
done:
    lx->ahead = (struct token){ .kind = kind, .loc = place(lx, from, lx->at) };
    lx->have = true;
}

static int closer_of(int open)
{
    return open == TK_LPAREN ? TK_RPAREN : open == TK_LBRACKET ? TK_RBRACKET : TK_RBRACE;
}

/* The next token begins an item, and no item can stand inside a bracket: so one is open by mistake.
 * Soft words count only where no expression or statement could go on like that. */
static bool begins_item(const struct lexer *lx)
{
    int kind = lx->ahead.kind;
    if (!lx->newline)
        return false;
    if (kind == TK_OP || kind == TK_RULE || kind == TK_INLINE)
        return true;
    if (kind != TK_NET && kind != TK_SPACE && kind != TK_IMPORT)
        return false;
    const unsigned char *p = lx->at;
    while (*p == ' ' || *p == '\t')
        p++;
    if (p == lx->at || !is_word(*p))
        return false;
    while (is_word(*p))
        p++;
    return kind == TK_IMPORT ? *p == '.' : *p == '(' || *p == '[';
}

static struct token made_up(const struct lexer *lx, int kind, u32 depth)
{
    struct loc at = { lx->src->id, lx->last.loc.off + lx->last.loc.len, 0 };
    return (struct token){ .kind = kind, .made_up = true, .depth = (u16)depth, .loc = at };
}

static u16 innermost_brace(const struct lexer *lx)
{
    for (u32 i = lx->depth; i > 0; i--)
        if (lx->open[i - 1].kind == TK_LBRACE)
            return (u16)i;
    return 0;
}

static struct token give(struct lexer *lx, struct token t)
{
    lx->last = t;
    return t;
}

static struct token give_closer(struct lexer *lx, struct token t)
{
    CHECK(lx->depth > 0);
    t.brace = innermost_brace(lx);
    t.depth = (u16)--lx->depth;
    return give(lx, t);
}

/* Brackets from `keep` on were never closed: says so, and has their closers made up. */
static void unclosed(struct lexer *lx, u32 keep)
{
    const struct token *open = &lx->open[lx->depth - 1];
    struct loc at = lx->ahead.loc;
    if (!lx->ahead.kind)
        at = made_up(lx, 0, 0).loc;
    struct diag *d = diag_add(lx->ds, E0112, at, "expected %s before %s", lex_token_name(closer_of(open->kind)),
                              lex_token_name(lx->ahead.kind));
    for (u32 i = lx->depth; i > keep && i + 3 > lx->depth; i--)
        diag_label(lx->ds, d, lx->open[i - 1].loc, "%s opened here is not closed", lex_token_name(lx->open[i - 1].kind));
    lx->unwind = lx->depth - keep;
}

/* Deals with a closing bracket that does not fit.  True: look at the stream again. */
static bool mend_closer(struct lexer *lx)
{
    int kind = lx->ahead.kind;
    if (lx->depth && closer_of(lx->open[lx->depth - 1].kind) == kind)
        return false;
    for (u32 i = lx->depth; i > 0; i--)
        if (closer_of(lx->open[i - 1].kind) == kind) {
            unclosed(lx, i);
            return true;
        }
    if (!lx->depth) {
        struct diag *d = diag_add(lx->ds, E0112, lx->ahead.loc, "%s closes nothing", lex_token_name(kind));
        diag_hint(lx->ds, d, "remove it, or look for a bracket closed too early");
    } else {
        const struct token *open = &lx->open[lx->depth - 1];
        struct diag *d = diag_add(lx->ds, E0112, lx->ahead.loc, "%s where %s is needed", lex_token_name(kind),
                                  lex_token_name(closer_of(open->kind)));
        diag_label(lx->ds, d, open->loc, "it closes this %s", lex_token_name(open->kind));
        lx->unwind = 1;
    }
    lx->have = false;           /* the wrong one is dropped */
    return true;
}

/* Whether a separator stands between the last token and the next. */
static bool separates(const struct lexer *lx)
{
    int last = lx->last.kind, next = lx->ahead.kind;
    if (!last || last == TK_SEP || last == TK_LBRACE || next == TK_RBRACE)
        return false;
    if (lx->semicolon.len || !next)
        return true;
    if (!lx->newline || (token_is(last) & CANT_END) || (token_is(next) & CANT_BEGIN))
        return false;
    return !lx->depth || lx->open[lx->depth - 1].kind == TK_LBRACE;
}

struct token lex_next(struct lexer *lx)
{
    for (;;) {
        if (lx->unwind) {
            lx->unwind--;
            return give_closer(lx, made_up(lx, closer_of(lx->open[lx->depth - 1].kind), 0));
        }
        if (!lx->have)
            scan(lx);
        struct token t = lx->ahead;
        bool closes = t.kind == TK_RPAREN || t.kind == TK_RBRACKET || t.kind == TK_RBRACE;
        if (lx->depth && (!t.kind || begins_item(lx))) {
            unclosed(lx, 0);
            continue;
        }
        if (closes && mend_closer(lx))
            continue;
        t.depth = (u16)lx->depth;
        t.brace = innermost_brace(lx);
        if (separates(lx)) {
            struct token sep = t;
            sep.kind = TK_SEP;
            sep.loc = lx->semicolon.len ? lx->semicolon : made_up(lx, TK_SEP, 0).loc;
            return give(lx, sep);
        }
        lx->have = false;
        if (closes)
            return give_closer(lx, t);
        if (t.kind == TK_LPAREN || t.kind == TK_LBRACKET || t.kind == TK_LBRACE) {
            if (lx->depth == LEX_DEPTH) {
                /* Nothing sensible looks like this: the rest of the text is not read. */
                diag_add(lx->ds, E0111, t.loc, "brackets are nested more than %d deep", LEX_DEPTH);
                lx->at = lx->end;
                lx->unwind = lx->depth;
                continue;
            }
            lx->open[lx->depth++] = t;
        }
        return give(lx, t);
    }
}

void lex_dump(struct buf *b, struct lexer *lx)
{
    for (struct token t = lex_next(lx); t.kind; t = lex_next(lx)) {
        rec_open(b, 0, t.kind < (int)COUNTOF(tokens) && tokens[t.kind].name ? tokens[t.kind].name : "BAD");
        struct src_pos pos = src_pos(lx->src, t.loc.off);
        rec_put_int(b, pos.line);
        rec_put_int(b, pos.col);
        bool words = t.kind == TK_ID || t.kind == TK_INT || t.kind == TK_REAL || t.kind == TK_STRING || t.kind == TK_BACKTICK;
        if (words) {
            /* As written: a string keeps its quotes and escapes. */
            char *text = arena_alloc(lx->a, t.loc.len + 1);
            memcpy(text, lx->src->text + t.loc.off, t.loc.len);
            rec_put_word(b, text);
        }
        rec_close(b);
        buf_putc(b, '\n');
    }
}
