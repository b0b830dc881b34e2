/* fmt_expr.c - expressions and types as ops. */
#include "grammar/fmt.h"

/* a, b, c with a place after each comma. */
void fmt_commas(struct fmt *f, struct ast *const *e, u32 n, enum fmt_place p)
{
    for (u32 i = 0; i < n; i++) {
        if (i) {
            fmt_text(f, ",");
            fmt_place(f, p);
        }
        fmt_expr(f, e[i]);
    }
}

void fmt_brackets(struct fmt *f, const char *left, struct ast *const *e, u32 n, const char *right, const struct ast *whole)
{
    fmt_open(f);
    fmt_text(f, left);
    fmt_indent(f, 4);
    fmt_commas(f, e, n, PLACE_FILL);
    fmt_indent(f, -4);
    fmt_close_mark(f, whole, right);
    fmt_shut(f);
}

static bool ends_in_block(const struct ast *e)
{
    if (e->flags & AF_PAREN)
        return false;
    switch (e->kind) {
    case A_BLOCK: return true;
    case A_REPEAT: return true;
    case A_PIPE:
    case A_LAMBDA: return ends_in_block(e->kid[1]);
    case A_IF: return ends_in_block(e->kid[2]);
    default: return false;
    }
}

/* f(a, b): broken, every argument has its line; one argument stays with its parentheses. */
static void call(struct fmt *f, const struct ast *e)
{
    fmt_expr(f, e->kid[0]);
    fmt_open(f);
    fmt_text(f, "(");
    bool lines = e->nkid > 2;
    fmt_indent(f, 4);
    if (lines)
        fmt_place(f, PLACE_NOTHING);
    fmt_commas(f, e->kid + 1, e->nkid - 1, PLACE_SPACE);
    fmt_indent(f, -4);
    if (lines)
        fmt_place(f, PLACE_NOTHING);
    fmt_close_mark(f, e, ")");
    fmt_shut(f);
}

static u32 precedence(const struct ast *e)
{
    static const u8 of[] = { [AB_OR] = 1, [AB_AND] = 2, [AB_LT] = 3, [AB_LE] = 3, [AB_GT] = 3, [AB_GE] = 3, [AB_EQ] = 3,
                             [AB_NE] = 3, [AB_ADD] = 4, [AB_SUB] = 4, [AB_CAT] = 4, [AB_MUL] = 5, [AB_DIV] = 5, [AB_MOD] = 5 };
    return of[e->op];
}

/* Small enough for 2*C, K/2, 1/sqrt(K). */
static bool is_small(const struct ast *e)
{
    if (e->flags & AF_PAREN)
        return false;
    switch (e->kind) {
    case A_ID:
    case A_INT:
    case A_REAL:
        return true;
    case A_CALL:
        return e->kid[0]->kind == A_ID && e->nkid == 2 && is_small(e->kid[1]);
    default:
        return false;
    }
}

/* A product of small things is written tight; one with `%`, accesses or parentheses is not. */
static bool is_tight(const struct ast *e)
{
    if (e->kind != A_BINARY || (e->op != AB_MUL && e->op != AB_DIV) || !is_small(e->kid[1]))
        return false;
    const struct ast *l = e->kid[0];
    return is_small(l) || (!(l->flags & AF_PAREN) && is_tight(l));
}

/* a + b - c: operators of one precedence, in one group. */
static void chain(struct fmt *f, const struct ast *e, u32 level, bool tight)
{
    const struct ast *l = e->kid[0];
    if (l->kind == A_BINARY && !(l->flags & AF_PAREN) && precedence(l) == level)
        chain(f, l, level, tight);
    else
        fmt_expr(f, l);
    if (!tight)
        fmt_place(f, PLACE_FILL);
    fmt_text(f, ast_binop_text(e->op));
    if (!tight)
        fmt_text(f, " ");
    fmt_expr(f, e->kid[1]);
}

static void pipes(struct fmt *f, const struct ast *e)
{
    const struct ast *l = e->kid[0];
    if (l->kind == A_PIPE && !(l->flags & AF_PAREN))
        pipes(f, l);
    else
        fmt_expr(f, l);
    fmt_place(f, PLACE_FILL);
    fmt_text(f, "|> ");
    fmt_expr(f, e->kid[1]);
}

void fmt_pattern(struct fmt *f, const struct ast *p)
{
    if (p->flags & AF_TUPLE)
        fmt_text(f, "(");
    for (u32 i = 0; i < p->nkid; i++) {
        if (i)
            fmt_text(f, ", ");
        fmt_copy(f, p->kid[i]->loc);
    }
    if (p->flags & AF_TUPLE)
        fmt_close_mark(f, p, ")");
}

void fmt_set(struct fmt *f, const struct ast *o)
{
    fmt_brackets(f, "{", o->kid, o->nkid, "}", o);
}

static void fold(struct fmt *f, const struct ast *e)
{
    fmt_mark(f, e->loc.off, "(");
    for (u32 i = 0; i < e->nkid; i++) {
        if (i)
            fmt_text(f, " ");
        fmt_copy(f, e->kid[i]->loc);
    }
    fmt_close_mark(f, e, ")");
}

static void projection(struct fmt *f, const struct ast *e)
{
    const struct ast *i = e->kid[1];
    fmt_expr(f, e->kid[0]);
    if (e->kid[0]->kind == A_INT && !(e->kid[0]->flags & AF_PAREN))
        fmt_text(f, " ");                   /* 3.0 would be a number */
    bool digits = i->kind == A_INT && !(i->flags & AF_PAREN);
    for (u32 k = 0; digits && k < i->loc.len; k++)
        digits = f->src->text[i->loc.off + k] >= '0' && f->src->text[i->loc.off + k] <= '9';
    fmt_text(f, digits ? "." : ".(");
    fmt_expr(f, i);
    if (!digits)
        fmt_close_mark(f, e, ")");
}

/* if c then a, and every `else` on its line if all does not fit on one. */
static void choice(struct fmt *f, const struct ast *e)
{
    fmt_open(f);
    fmt_mark(f, e->loc.off, "if ");
    fmt_indent(f, 2);
    for (;;) {
        fmt_open(f);
        fmt_expr(f, e->kid[0]);
        fmt_place(f, PLACE_SPACE);
        fmt_text(f, "then ");
        fmt_expr(f, e->kid[1]);
        fmt_shut(f);
        const struct ast *other = e->kid[2];
        if (ends_in_block(e->kid[1]) || ends_in_block(other))
            fmt_text(f, " ");
        else
            fmt_place(f, PLACE_SPACE);
        fmt_text(f, "else ");
        if (other->kind != A_IF || (other->flags & AF_PAREN)) {
            fmt_expr(f, other);
            break;
        }
        e = other;
        fmt_mark(f, e->loc.off, "if ");
    }
    fmt_indent(f, -2);
    fmt_shut(f);
}

static void expr_bare(struct fmt *f, const struct ast *e)
{
    switch (e->kind) {
    case A_ID:
    case A_INT:
    case A_REAL:
    case A_STRING:
    case A_BTEXT:
        fmt_copy(f, e->loc);
        break;
    case A_HOLE:
        fmt_mark(f, e->loc.off, "_");
        break;
    case A_DOTS:
        fmt_mark(f, e->loc.off, "..");
        break;
    case A_BINARY: {
        bool tight = is_tight(e);
        fmt_open(f);
        /* Its first operand stands where the chain begins. */
        fmt_indent(f, 2);
        chain(f, e, precedence(e), tight);
        fmt_indent(f, -2);
        fmt_shut(f);
        break;
    }
    case A_NOT:
        fmt_mark(f, e->loc.off, "not ");
        fmt_expr(f, e->kid[0]);
        break;
    case A_NEG:
        fmt_mark(f, e->loc.off, "-");
        fmt_expr(f, e->kid[0]);
        break;
    case A_IF:
        choice(f, e);
        break;
    case A_LAMBDA:
        fmt_pattern(f, e->kid[0]);
        fmt_text(f, " => ");
        fmt_expr(f, e->kid[1]);
        break;
    case A_PIPE:
        fmt_open(f);
        fmt_indent(f, 2);
        pipes(f, e);
        fmt_indent(f, -2);
        fmt_shut(f);
        break;
    case A_INDEX:
        fmt_expr(f, e->kid[0]);
        fmt_brackets(f, "[", e->kid + 1, e->nkid - 1, "]", e);
        break;
    case A_NAMED:
    case A_WDEF:
        fmt_mark(f, e->loc.off, e->text);
        fmt_text(f, " = ");
        fmt_expr(f, e->kid[0]);
        break;
    case A_FOLD:
        fold(f, e);
        break;
    case A_CALL:
        call(f, e);
        break;
    case A_FIELD:
        fmt_expr(f, e->kid[0]);
        fmt_text(f, ".");
        fmt_text(f, e->text);
        break;
    case A_PROJ:
        projection(f, e);
        break;
    case A_TUPLE:
        fmt_mark(f, e->loc.off, "(");
        fmt_open(f);
        fmt_indent(f, 4);
        fmt_commas(f, e->kid, e->nkid, PLACE_FILL);
        fmt_indent(f, -4);
        fmt_shut(f);
        fmt_close_mark(f, e, ")");
        break;
    case A_REPEAT:
        fmt_mark(f, e->loc.off, "repeat ");
        if (e->text) {
            fmt_text(f, e->text);
            fmt_text(f, " in ");
        }
        fmt_expr(f, e->kid[0]);
        fmt_text(f, " ");
        fmt_expr(f, e->kid[1]);
        break;
    case A_EACH:
        fmt_mark(f, e->loc.off, "each");
        if (e->kid[0]) {
            fmt_text(f, "[");
            fmt_expr(f, e->kid[0]);
            fmt_text(f, "]");
        }
        fmt_text(f, " ");
        fmt_expr(f, e->kid[1]);
        break;
    case A_ONCE:
    case A_SHARE:
        fmt_mark(f, e->loc.off, e->kind == A_ONCE ? "once " : "share ");
        fmt_expr(f, e->kid[0]);
        break;
    case A_LABEL:
        fmt_mark(f, e->loc.off, e->text);
        fmt_text(f, ":");
        fmt_expr(f, e->kid[0]);
        break;
    case A_CHOOSE:
        fmt_mark(f, e->loc.off, "choose ");
        fmt_set(f, e->kid[0]);
        break;
    case A_OPT:
        if (e->kid[0]) {
            fmt_expr(f, e->kid[0]);
            fmt_text(f, " -> ");
        }
        fmt_expr(f, e->kid[1]);
        break;
    case A_RANGE:
        fmt_expr(f, e->kid[0]);
        fmt_text(f, " .. ");
        fmt_expr(f, e->kid[1]);
        break;
    case A_BLOCK:
        fmt_block(f, e, false);
        break;
    case A_TABLE:
        fmt_mark(f, e->loc.off, "[");
        fmt_open(f);
        fmt_indent(f, 4);
        fmt_commas(f, e->kid, e->nkid, PLACE_FILL);
        fmt_indent(f, -4);
        fmt_shut(f);
        fmt_close_mark(f, e, "]");
        break;
    default:
        BUG("fmt: an expression of kind %s", ast_kind_name(e->kind));
    }
}

void fmt_expr(struct fmt *f, const struct ast *e)
{
    if (!(e->flags & AF_PAREN)) {
        expr_bare(f, e);
        return;
    }
    bool word = !e->nkid && e->kind != A_TUPLE;         /* its place is without the parentheses */
    fmt_mark(f, word ? FMT_NOWHERE : (i64)e->loc.off, "(");
    expr_bare(f, e);
    fmt_mark(f, word ? FMT_NOWHERE : (i64)e->loc.off + e->loc.len - 1, ")");
}

void fmt_type(struct fmt *f, const struct ast *t)
{
    switch (t->kind) {
    case A_PARAM:
        fmt_mark(f, t->loc.off, t->text);
        if (t->kid[0]) {
            fmt_text(f, ": ");
            fmt_type(f, t->kid[0]);
        }
        break;
    case A_TUPLETYPE:
    case A_PARAMS:
        fmt_mark(f, t->loc.off, "(");
        fmt_open(f);
        fmt_indent(f, 4);
        for (u32 i = 0; i < t->nkid; i++) {
            if (i) {
                fmt_text(f, ",");
                fmt_place(f, PLACE_FILL);
            }
            fmt_type(f, t->kid[i]);
        }
        fmt_indent(f, -4);
        fmt_shut(f);
        fmt_close_mark(f, t, ")");
        break;
    default:
        CHECK(t->kind == A_TYPE);
        if (t->text)
            fmt_mark(f, t->loc.off, t->text);
        if (t->flags & AF_BARE)
            break;
        fmt_brackets(f, "[", t->kid, t->nkid, "]", t);
    }
}

void fmt_where(struct fmt *f, const struct ast *w)
{
    fmt_mark(f, w->loc.off, "where ");
    fmt_open(f);
    fmt_indent(f, 6);
    fmt_commas(f, w->kid, w->nkid, PLACE_FILL);
    fmt_indent(f, -6);
    fmt_shut(f);
}

