/* ast_parse.c - drives lexer and parser, recovers from errors, reads literals.
 *
 * In: a source text.  Out: a tree and the comments; complaints in diags.  Holds: an item with an
 * error is not in the tree; no tree is deeper than AST_DEPTH; ids number the tree in reading order.
 *
 * Recovery: the grammar has an `error` alternative wherever an item, an alternative, a statement
 * or a set stands.  Tokens have the number of brackets around them, and brackets balance, so
 * after an error the driver skips to the end of the innermost statement (a SEP or `}` at the depth
 * of its brace), or of the item, or, outside of braces in a rule, to the next `|`. */
#include "grammar/parser.h"

#include "compiler/base/real.h"
#include "grammar/parse.h"

struct ast *parse_node(struct parser *p, enum ast_kind kind, struct loc loc, str text, struct ast **kid, u32 nkid)
{
    struct ast *n = ast_new(p->a, kind, loc, text, kid, nkid);
    if (n->depth >= AST_DEPTH && !p->too_deep.len)      /* the file is a level too */
        p->too_deep = loc;
    return n;
}

str parse_text(struct parser *p, struct token t)
{
    return str_intern(p->sp, p->src->text + t.loc.off, t.loc.len);
}

struct ast *parse_name(struct parser *p, struct token t)
{
    return parse_node(p, A_ID, t.loc, parse_text(p, t), NULL, 0);
}

struct loc parse_here(const struct parser *p)
{
    struct loc last = p->last[0].loc;
    return (struct loc){ p->src->id, last.off + last.len, 0 };
}

struct nodes *parse_list(struct parser *p, struct ast *first)
{
    return parse_more(p, NEW(p->a, struct nodes), first);
}

struct nodes *parse_more(struct parser *p, struct nodes *l, struct ast *e)
{
    if (e)
        vec_push(p->a, &l->v, e);
    return l;
}

/* ---- literals ---- */

static struct num integer(struct parser *p, struct token t)
{
    static const struct { const char *suffix; i64 factor; } scale[] = {
        { "k", 1000 }, { "M", 1000000 }, { "G", 1000000000 }, { "Ki", 1 << 10 }, { "Mi", 1 << 20 }, { "Gi", 1 << 30 },
    };
    const char *s = p->src->text + t.loc.off, *end = s + t.loc.len;
    i64 v = 0;
    bool fits = true;
    for (; s < end && *s >= '0' && *s <= '9'; s++)
        fits = fits && !__builtin_mul_overflow(v, (i64)10, &v) && !__builtin_add_overflow(v, (i64)(*s - '0'), &v);
    for (u32 i = 0; i < COUNTOF(scale); i++)
        if ((size_t)(end - s) == strlen(scale[i].suffix) && memcmp(s, scale[i].suffix, (size_t)(end - s)) == 0)
            fits = fits && !__builtin_mul_overflow(v, scale[i].factor, &v);
    if (fits)
        return num_int(v);
    struct diag *d = diag_add(p->ds, E0103, t.loc, "this integer is too large");
    diag_note(p->ds, d, "integers go up to 9223372036854775807");
    return num_int(0);
}

static struct num real(struct parser *p, struct token t)
{
    double v = 0;
    if (!real_read(p->src->text + t.loc.off, t.loc.len, &v) || !(v <= 1.7976931348623157e308)) {
        diag_add(p->ds, E0103, t.loc, "this number is too large");
        v = 0;
    }
    return num_real(v);
}

/* The contents of a string or backtick text; what the lexer complained about is passed over. */
static str contents(struct parser *p, struct token t)
{
    const char *s = p->src->text + t.loc.off + 1, *end = p->src->text + t.loc.off + t.loc.len;
    char *out = arena_alloc(p->a, t.loc.len + 1);
    u32 n = 0;
    for (; s < end; s++) {
        char c = *s;
        if (t.kind == TK_BACKTICK ? c == '`' : c == '"')
            break;
        if (c == 0)
            continue;
        if (t.kind == TK_STRING && c == '\\' && s + 1 < end) {
            c = *++s;
            c = c == 'n' ? '\n' : c == 't' ? '\t' : c;
        }
        out[n++] = c;
    }
    return str_intern(p->sp, out, n);
}

struct ast *parse_literal(struct parser *p, struct token t)
{
    struct ast *n;
    switch (t.kind) {
    case TK_INT:
        n = parse_node(p, A_INT, t.loc, NULL, NULL, 0);
        n->num = integer(p, t);
        return n;
    case TK_REAL:
        n = parse_node(p, A_REAL, t.loc, parse_text(p, t), NULL, 0);
        n->num = real(p, t);
        return n;
    case TK_STRING:
        return parse_node(p, A_STRING, t.loc, contents(p, t), NULL, 0);
    default:
        CHECK(t.kind == TK_BACKTICK);
        return parse_node(p, A_BTEXT, t.loc, contents(p, t), NULL, 0);
    }
}

struct ast *parse_pattern(struct parser *p, struct ast *e)
{
    bool ok = e->kind == A_ID;
    struct ast *name = e;
    struct ast **kid = &name;
    u32 n = 1;
    if (e->kind == A_TUPLE && e->nkid && !(e->flags & AF_PAREN)) {
        ok = true;
        kid = e->kid;
        n = e->nkid;
        for (u32 i = 0; i < n; i++)
            ok = ok && kid[i]->kind == A_ID && !(kid[i]->flags & AF_PAREN);
    }
    if (!ok) {
        struct diag *d = diag_add(p->ds, E0114, e->loc, "left of `=>` stands a name or names in parentheses");
        diag_hint(p->ds, d, "y => y + 1, or (a, b) => a + b");
        p->broken = true;
    }
    struct ast *pat = parse_node(p, A_PAT, e->loc, NULL, ok ? kid : NULL, ok ? n : 0);
    if (e->kind == A_TUPLE)
        pat->flags = AF_TUPLE;
    else
        e->flags &= (u8)~AF_PAREN;      /* (y) => .. is y => .. */
    return pat;
}

/* ---- the driver ---- */

static void begin(struct parser *p, int how)
{
    parse_restart(p);
    parse_feed(p, (struct token){ .kind = how });
}

/* An `error` stands for what was broken at the token `wrong`: skips tokens to one that can end
 * that, feeds it and returns it.  Kind 0: the text ended first. */
static struct token recover(struct parser *p, struct lexer *lx, struct token wrong)
{
    bool rule = p->item.kind == TK_RULE || p->item.kind == TK_INLINE, outer = false;
    u32 brace = wrong.brace;
    for (struct token t = wrong;; t = lex_next(lx)) {
        if (!t.kind)
            return t;
        if (outer)
            brace = t.brace;
        outer = brace && t.kind == TK_RBRACE && t.brace == brace;
        bool ends = outer || (t.kind == TK_SEP && t.depth == brace) || (t.kind == TK_BAR && !t.depth && !brace && rule);
        if (ends && parse_viable(p, t.kind)) {
            parse_feed(p, t);
            return t;
        }
    }
}

/* Leaves out the rest of an item, and begins again behind it. */
static struct token give_up(struct parser *p, struct lexer *lx, struct token t, int how)
{
    struct diag *d = diag_add(p->ds, E0111, p->too_deep.len ? p->too_deep : t.loc, "this is nested too deeply");
    diag_note(p->ds, d, "a tree of less than %d levels is read; name parts of it with `let` or rules", AST_DEPTH);
    p->too_deep.len = 0;
    p->overflow = false;
    while (t.kind && !(t.kind == TK_SEP && t.depth == 0))
        t = lex_next(lx);
    begin(p, how);
    return t;
}

/* Feeds the tokens of a text; complains about errors and goes on behind them. */
static void run(struct parser *p, struct lexer *lx, int how)
{
    begin(p, how);
    bool first = true;                  /* token of an item */
    struct token t;
    do {
        t = lex_next(lx);
        if (first) {
            p->before = p->item;
            p->item = t;
        }
        if (parse_room(p) < 16) {
            t = give_up(p, lx, t, how);
        } else if (parse_viable(p, t.kind)) {
            parse_feed(p, t);
            if (first)
                p->broken = false;      /* only now: feeding it put the item before into the tree */
        } else {
            parse_complain(p, t);
            if (!parse_shift_error(p))
                return;
            p->broken = true;
            t = recover(p, lx, t);
        }
        if (p->overflow || p->too_deep.len)
            t = give_up(p, lx, t, how);
        p->last[2] = p->last[1];
        p->last[1] = p->last[0];
        p->last[0] = t;
        first = t.kind == TK_SEP && t.depth == 0;
    } while (t.kind);
}

static struct parser *parser_new(struct arena *a, struct str_pool *sp, struct diags *ds, const struct src *src)
{
    struct parser *p = NEW(a, struct parser);
    p->a = a;
    p->sp = sp;
    p->ds = ds;
    p->src = src;
    p->lemon = parse_new(a);
    return p;
}

static void number(struct ast *n, u32 *next)
{
    n->id = (*next)++;
    for (u32 i = 0; i < n->nkid; i++)
        if (n->kid[i])
            number(n->kid[i], next);
}

struct ast_file *ast_parse(struct arena *a, struct str_pool *sp, struct diags *ds, const struct src *src)
{
    struct parser *p = parser_new(a, sp, ds, src);
    struct lexer *lx = lex_new(a, ds, src);
    run(p, lx, TK_WHOLE_FILE);
    struct ast_file *f = NEW(a, struct ast_file);
    f->a = a;
    f->src = src;
    f->root = ast_new(a, A_FILE, (struct loc){ src->id, 0, src->len }, NULL, p->items.v.at, p->items.v.n);
    number(f->root, &f->nnodes);
    u32 n;
    const struct ast_comment *c = lex_comments(lx, &n);
    for (u32 i = 0; i < n; i++)
        vec_push(a, &f->comments, c[i]);
    return f;
}

struct ast *ast_parse_expr(struct arena *a, struct str_pool *sp, struct diags *ds, const struct src *src)
{
    struct parser *p = parser_new(a, sp, ds, src);
    u32 errors = ds->nerrors, ids = 0;
    run(p, lex_new(a, ds, src), TK_JUST_EXPR);
    if (ds->nerrors != errors || !p->expr)
        return NULL;
    number(p->expr, &ids);
    return p->expr;
}
