/* fmt.c - the one layout for every file: the tree as ops for fmt_layout.c.
 *
 * In: a file without errors.  Out: text that parses to the same tree.  Every line break comes
 * where the lexer sees no separator (before an operator, `|`, `as`, `where`, `then`, `else`, or inside
 * ( ) and [ ]), or is one.  Numbers, strings and texts are copied as they were written.
 *
 *     rule C(x) =                                 net mha[H, Q](x: [S, D]) {
 *         x                  as "identity"            let q = x |> linear[Q]
 *       | x |> linear[d]     as "linear($d)"          attend(q)
 *                                                 } */
#include "grammar/fmt.h"

struct fmt { struct fmt_ops ops; struct arena *a; const struct src *src; };

enum {
    ALTS_WIDTH = 100,           /* alternatives on one line: no wider */
    NOTE_COLUMN = 84,           /* notations are aligned up to here */
    STEP = 16                   /* lines whose left sides differ by more are not aligned */
};

/* ---- ops ---- */

static struct fmt_op *push(struct fmt *f, enum fmt_op_kind kind)
{
    struct fmt_op op = { .kind = (u8)kind, .off = FMT_NOWHERE };
    vec_push(f->a, &f->ops.v, op);
    return &f->ops.v.at[f->ops.v.n - 1];
}

static u32 here(const struct fmt *f)
{
    return f->ops.v.n;
}

static void text(struct fmt *f, const char *s)
{
    struct fmt_op *o = push(f, FMT_TEXT);
    o->text = s;
    o->len = (u32)strlen(s);
}

/* A text that begins at `off` in the source. */
static void mark(struct fmt *f, i64 off, const char *s)
{
    text(f, s);
    f->ops.v.at[here(f) - 1].off = off;
}

static void copy(struct fmt *f, struct loc loc)
{
    struct fmt_op *o = push(f, FMT_TEXT);
    o->text = f->src->text + loc.off;
    o->len = loc.len;
    o->off = loc.off;
}

static void close_mark(struct fmt *f, const struct ast *n, const char *s)
{
    mark(f, n->loc.off + n->loc.len - 1, s);
}

static void place(struct fmt *f, enum fmt_place p)
{
    push(f, FMT_PLACE)->place = (u8)p;
}

static void unit(struct fmt *f, enum fmt_place p, const struct ast *n, bool first)
{
    struct fmt_op *o = push(f, FMT_PLACE);
    o->place = (u8)p;
    o->unit = true;
    o->first = first;
    if (n)
        o->off = n->loc.off;
}

static u32 open(struct fmt *f)
{
    push(f, FMT_OPEN);
    return here(f) - 1;
}

static void shut(struct fmt *f)
{
    push(f, FMT_CLOSE);
}

static void indent(struct fmt *f, i32 n)
{
    push(f, FMT_INDENT)->n = n;
}

static void block_like(struct fmt *f, u32 group)
{
    f->ops.v.at[group].broken = f->ops.v.at[group].block = true;
}

/* ---- expressions ---- */

static void expr(struct fmt *f, const struct ast *e);
static void block(struct fmt *f, const struct ast *b, bool own_lines);

/* a, b, c with a place after each comma. */
static void commas(struct fmt *f, struct ast *const *e, u32 n, enum fmt_place p)
{
    for (u32 i = 0; i < n; i++) {
        if (i) {
            text(f, ",");
            place(f, p);
        }
        expr(f, e[i]);
    }
}

static void brackets(struct fmt *f, const char *left, struct ast *const *e, u32 n, const char *right, const struct ast *whole)
{
    open(f);
    text(f, left);
    indent(f, 4);
    commas(f, e, n, PLACE_FILL);
    indent(f, -4);
    close_mark(f, whole, right);
    shut(f);
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
    expr(f, e->kid[0]);
    open(f);
    text(f, "(");
    bool lines = e->nkid > 2;
    indent(f, 4);
    if (lines)
        place(f, PLACE_NOTHING);
    commas(f, e->kid + 1, e->nkid - 1, PLACE_SPACE);
    indent(f, -4);
    if (lines)
        place(f, PLACE_NOTHING);
    close_mark(f, e, ")");
    shut(f);
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
        expr(f, l);
    if (!tight)
        place(f, PLACE_FILL);
    text(f, ast_binop_text(e->op));
    if (!tight)
        text(f, " ");
    expr(f, e->kid[1]);
}

static void pipes(struct fmt *f, const struct ast *e)
{
    const struct ast *l = e->kid[0];
    if (l->kind == A_PIPE && !(l->flags & AF_PAREN))
        pipes(f, l);
    else
        expr(f, l);
    place(f, PLACE_FILL);
    text(f, "|> ");
    expr(f, e->kid[1]);
}

static void pattern(struct fmt *f, const struct ast *p)
{
    if (p->flags & AF_TUPLE)
        text(f, "(");
    for (u32 i = 0; i < p->nkid; i++) {
        if (i)
            text(f, ", ");
        copy(f, p->kid[i]->loc);
    }
    if (p->flags & AF_TUPLE)
        close_mark(f, p, ")");
}

static void set(struct fmt *f, const struct ast *o)
{
    brackets(f, "{", o->kid, o->nkid, "}", o);
}

static void fold(struct fmt *f, const struct ast *e)
{
    mark(f, e->loc.off, "(");
    for (u32 i = 0; i < e->nkid; i++) {
        if (i)
            text(f, " ");
        copy(f, e->kid[i]->loc);
    }
    close_mark(f, e, ")");
}

static void projection(struct fmt *f, const struct ast *e)
{
    const struct ast *i = e->kid[1];
    expr(f, e->kid[0]);
    if (e->kid[0]->kind == A_INT && !(e->kid[0]->flags & AF_PAREN))
        text(f, " ");                   /* 3.0 would be a number */
    bool digits = i->kind == A_INT && !(i->flags & AF_PAREN);
    for (u32 k = 0; digits && k < i->loc.len; k++)
        digits = f->src->text[i->loc.off + k] >= '0' && f->src->text[i->loc.off + k] <= '9';
    text(f, digits ? "." : ".(");
    expr(f, i);
    if (!digits)
        close_mark(f, e, ")");
}

static void expr_bare(struct fmt *f, const struct ast *e)
{
    switch (e->kind) {
    case A_ID:
    case A_INT:
    case A_REAL:
    case A_STRING:
    case A_BTEXT:
        copy(f, e->loc);
        break;
    case A_HOLE:
        mark(f, e->loc.off, "_");
        break;
    case A_DOTS:
        mark(f, e->loc.off, "..");
        break;
    case A_BINARY: {
        bool tight = is_tight(e);
        open(f);
        /* Its first operand stands where the chain begins. */
        indent(f, 2);
        chain(f, e, precedence(e), tight);
        indent(f, -2);
        shut(f);
        break;
    }
    case A_NOT:
        mark(f, e->loc.off, "not ");
        expr(f, e->kid[0]);
        break;
    case A_NEG:
        mark(f, e->loc.off, "-");
        expr(f, e->kid[0]);
        break;
    case A_IF:
        open(f);
        mark(f, e->loc.off, "if ");
        expr(f, e->kid[0]);
        indent(f, 2);
        place(f, PLACE_SPACE);
        text(f, "then ");
        expr(f, e->kid[1]);
        if (ends_in_block(e->kid[1]) || ends_in_block(e->kid[2]))
            text(f, " ");
        else
            place(f, PLACE_SPACE);
        text(f, "else ");
        expr(f, e->kid[2]);
        indent(f, -2);
        shut(f);
        break;
    case A_LAMBDA:
        pattern(f, e->kid[0]);
        text(f, " => ");
        expr(f, e->kid[1]);
        break;
    case A_PIPE:
        open(f);
        indent(f, 2);
        pipes(f, e);
        indent(f, -2);
        shut(f);
        break;
    case A_INDEX:
        expr(f, e->kid[0]);
        brackets(f, "[", e->kid + 1, e->nkid - 1, "]", e);
        break;
    case A_NAMED:
    case A_WDEF:
        mark(f, e->loc.off, e->text);
        text(f, " = ");
        expr(f, e->kid[0]);
        break;
    case A_FOLD:
        fold(f, e);
        break;
    case A_CALL:
        call(f, e);
        break;
    case A_FIELD:
        expr(f, e->kid[0]);
        text(f, ".");
        text(f, e->text);
        break;
    case A_PROJ:
        projection(f, e);
        break;
    case A_TUPLE:
        mark(f, e->loc.off, "(");
        open(f);
        indent(f, 4);
        commas(f, e->kid, e->nkid, PLACE_FILL);
        indent(f, -4);
        shut(f);
        close_mark(f, e, ")");
        break;
    case A_REPEAT:
        mark(f, e->loc.off, "repeat ");
        if (e->text) {
            text(f, e->text);
            text(f, " in ");
        }
        expr(f, e->kid[0]);
        text(f, " ");
        expr(f, e->kid[1]);
        break;
    case A_EACH:
        mark(f, e->loc.off, "each");
        if (e->kid[0]) {
            text(f, "[");
            expr(f, e->kid[0]);
            text(f, "]");
        }
        text(f, " ");
        expr(f, e->kid[1]);
        break;
    case A_ONCE:
    case A_SHARE:
        mark(f, e->loc.off, e->kind == A_ONCE ? "once " : "share ");
        expr(f, e->kid[0]);
        break;
    case A_LABEL:
        mark(f, e->loc.off, e->text);
        text(f, ":");
        expr(f, e->kid[0]);
        break;
    case A_CHOOSE:
        mark(f, e->loc.off, "choose ");
        set(f, e->kid[0]);
        break;
    case A_OPT:
        if (e->kid[0]) {
            expr(f, e->kid[0]);
            text(f, " -> ");
        }
        expr(f, e->kid[1]);
        break;
    case A_RANGE:
        expr(f, e->kid[0]);
        text(f, " .. ");
        expr(f, e->kid[1]);
        break;
    case A_BLOCK:
        block(f, e, false);
        break;
    case A_TABLE:
        mark(f, e->loc.off, "[");
        open(f);
        indent(f, 4);
        commas(f, e->kid, e->nkid, PLACE_FILL);
        indent(f, -4);
        shut(f);
        close_mark(f, e, "]");
        break;
    default:
        BUG("fmt: an expression of kind %s", ast_kind_name(e->kind));
    }
}

static void expr(struct fmt *f, const struct ast *e)
{
    if (!(e->flags & AF_PAREN)) {
        expr_bare(f, e);
        return;
    }
    bool word = !e->nkid && e->kind != A_TUPLE;         /* its place is without the parentheses */
    mark(f, word ? FMT_NOWHERE : (i64)e->loc.off, "(");
    expr_bare(f, e);
    mark(f, word ? FMT_NOWHERE : (i64)e->loc.off + e->loc.len - 1, ")");
}

/* ---- signatures ---- */

static void type(struct fmt *f, const struct ast *t)
{
    switch (t->kind) {
    case A_PARAM:
        mark(f, t->loc.off, t->text);
        if (t->kid[0]) {
            text(f, ": ");
            type(f, t->kid[0]);
        }
        break;
    case A_TUPLETYPE:
    case A_PARAMS:
        mark(f, t->loc.off, "(");
        open(f);
        indent(f, 4);
        for (u32 i = 0; i < t->nkid; i++) {
            if (i) {
                text(f, ",");
                place(f, PLACE_FILL);
            }
            type(f, t->kid[i]);
        }
        indent(f, -4);
        shut(f);
        close_mark(f, t, ")");
        break;
    default:
        CHECK(t->kind == A_TYPE);
        if (t->text)
            mark(f, t->loc.off, t->text);
        if (t->flags & AF_BARE)
            break;
        brackets(f, "[", t->kid, t->nkid, "]", t);
    }
}

static void attrs(struct fmt *f, const struct ast *a)
{
    if (!a->nkid)
        return;
    mark(f, a->loc.off, "[");
    open(f);
    indent(f, 4);
    for (u32 i = 0; i < a->nkid; i++) {
        if (i) {
            text(f, ",");
            place(f, PLACE_FILL);
        }
        mark(f, a->kid[i]->loc.off, a->kid[i]->text);
        if (a->kid[i]->kid[0]) {
            text(f, " = ");
            expr(f, a->kid[i]->kid[0]);
        }
    }
    indent(f, -4);
    shut(f);
    close_mark(f, a, "]");
}

static void where(struct fmt *f, const struct ast *w)
{
    mark(f, w->loc.off, "where ");
    open(f);
    indent(f, 6);
    commas(f, w->kid, w->nkid, PLACE_FILL);
    indent(f, -6);
    shut(f);
}

/* word name[attrs](params) -> type; `where` begins a line if all does not fit on one. */
static void signature(struct fmt *f, const struct ast *n, const char *word)
{
    if (n->flags & AF_INLINE)
        word = "inline rule ";
    mark(f, n->loc.off, word);
    text(f, n->text);
    attrs(f, n->kid[RULE_ATTRS]);
    if (n->kid[RULE_PARAMS])
        type(f, n->kid[RULE_PARAMS]);
    if (n->kid[RULE_TYPE]) {
        text(f, " -> ");
        type(f, n->kid[RULE_TYPE]);
    }
    if (n->kid[RULE_WHERE]) {
        indent(f, 4);
        place(f, PLACE_SPACE);
        where(f, n->kid[RULE_WHERE]);
        indent(f, -4);
    }
}

/* ---- alternatives ---- */

static void note(struct fmt *f, const struct ast *n)
{
    mark(f, n->loc.off, "as ");
    for (u32 i = 0; i < n->nkid; i++) {
        if (i)
            text(f, " or ");
        expr(f, n->kid[i]);
    }
}

/* Whether the group of ops from .. to has a place that always breaks. */
static bool is_flat(const struct fmt *f, u32 from, u32 to)
{
    return fmt_flat_width(&f->ops, from, to) >= 0;
}

/* One alternative; returns the pad before its notation (0: none) and how wide what precedes it is. */
static u32 alternative(struct fmt *f, const struct ast *alt, u32 alts, i32 *width)
{
    const struct ast *fors = alt->kid[ALT_FORS], *e = alt->kid[ALT_EXPR];
    u32 from = open(f), pad = 0;
    for (u32 i = 0; i < fors->nkid; i++) {
        mark(f, fors->kid[i]->loc.off, "for ");
        pattern(f, fors->kid[i]->kid[0]);
        text(f, " in ");
        set(f, fors->kid[i]->kid[1]);
        text(f, i + 1 < fors->nkid ? ": " : ":");
    }
    indent(f, 2);
    if (fors->nkid && (e->kind != A_BLOCK || e->nkid <= 2))
        place(f, PLACE_SPACE);
    else if (fors->nkid)
        text(f, " ");
    if (alt->kid[ALT_WEIGHT]) {
        expr(f, alt->kid[ALT_WEIGHT]);
        text(f, " -> ");
    }
    indent(f, -2);
    expr(f, e);
    indent(f, 2);
    bool flat = is_flat(f, from, here(f));
    if (alt->kid[ALT_WHERE]) {
        if (flat)
            place(f, PLACE_FILL);
        else
            text(f, " ");
        where(f, alt->kid[ALT_WHERE]);
    }
    flat = flat && is_flat(f, from, here(f));
    *width = -1;
    if (alt->kid[ALT_NOTE]) {
        if (flat) {
            *width = fmt_flat_width(&f->ops, from, here(f));
            pad = here(f);
            push(f, FMT_PAD)->mate = alts;
            place(f, PLACE_FILL);
        } else {
            text(f, " ");
        }
        note(f, alt->kid[ALT_NOTE]);
    }
    indent(f, -2);
    shut(f);
    return pad;
}

/* Gives pads [from, to) of the widths before them the same column. */
static void align(struct fmt *f, const u32 *pad, const i32 *width, u32 from, u32 to)
{
    i32 widest = 0;
    for (u32 i = from; i < to; i++)
        widest = MAX(widest, width[i]);
    for (u32 i = from; i < to; i++)
        f->ops.v.at[pad[i]].n = widest - width[i];
}

/* Runs of neighbours are aligned while the widths are alike; width < 0 ends a run. */
static void align_runs(struct fmt *f, const u32 *pad, const i32 *width, u32 n, i32 step)
{
    for (u32 i = 0; i < n;) {
        u32 end = i + 1;
        if (width[i] >= 0)
            while (end < n && width[end] >= 0 && width[end] - width[end - 1] <= step && width[end - 1] - width[end] <= step)
                end++;
        if (width[i] >= 0)
            align(f, pad, width, i, end);
        i = end;
    }
}

static bool is_plain(const struct ast *alt)
{
    return !alt->kid[ALT_FORS]->nkid && !alt->kid[ALT_WEIGHT] && !alt->kid[ALT_WHERE];
}

/* = a | b | c on one line if there are few and plain ones, else every alternative on its line. */
static void alternatives(struct fmt *f, const struct ast *alts)
{
    u32 n = alts->nkid;
    i32 w;
    const struct ast *first = alts->kid[0];
    bool hugs = n == 1 && is_plain(first) && (first->kid[ALT_EXPR]->kind == A_BLOCK || !first->kid[ALT_NOTE]);
    if (hugs) {
        text(f, " = ");
        alternative(f, first, open(f), &w);
        shut(f);
        return;
    }
    u32 all = open(f);
    u32 *pad = NEW_ARRAY(f->a, u32, n);
    i32 *width = NEW_ARRAY(f->a, i32, n);
    bool one_line = n <= 3;
    text(f, " =");
    for (u32 i = 0; i < n; i++) {
        i32 col = i ? 2 : 4;
        indent(f, col);
        if (i && n > 1) {
            unit(f, PLACE_SPACE, alts->kid[i], false);
            f->ops.v.at[here(f) - 1].n = 2;
        } else {
            unit(f, PLACE_SPACE, NULL, true);
        }
        indent(f, -col);
        if (i)
            text(f, "| ");
        indent(f, 4);
        pad[i] = alternative(f, alts->kid[i], all, &width[i]);
        indent(f, -4);
        if (width[i] > NOTE_COLUMN)
            width[i] = -1;
        one_line = one_line && (n == 1 || is_plain(alts->kid[i]));
    }
    if (n > 1)
        align_runs(f, pad, width, n, FMT_WIDTH);
    if (one_line)
        f->ops.v.at[all].n = ALTS_WIDTH;
    else
        block_like(f, all);
    shut(f);
}

/* ---- statements ---- */

struct lines { u32 group; VEC(u32) pad; VEC(i32) width; };

static void begin_lines(struct fmt *f, struct lines *l, const struct ast *n)
{
    *l = (struct lines){ .group = open(f) };
    mark(f, n->loc.off, "{");
    indent(f, 4);
}

static void end_lines(struct fmt *f, struct lines *l, const struct ast *n, bool own_lines)
{
    indent(f, -4);
    struct fmt_op *o = push(f, FMT_PLACE);
    o->unit = true;
    o->n = 4;
    mark(f, n->loc.off + n->loc.len - 1, "}");
    align_runs(f, l->pad.at, l->width.at, l->pad.n, STEP);
    if (own_lines || !is_flat(f, l->group + 1, here(f)))
        block_like(f, l->group);
    shut(f);
}

/* `width` columns stand before the padding that is pushed here. */
static void padding(struct fmt *f, struct lines *l, i32 width)
{
    vec_push(f->a, &l->pad, here(f));
    vec_push(f->a, &l->width, width);
    push(f, FMT_PAD)->mate = l->group;
}

static void no_padding(struct fmt *f, struct lines *l)
{
    vec_push(f->a, &l->pad, 0);
    vec_push(f->a, &l->width, -1);
}

static void access(struct fmt *f, const struct ast *a)
{
    mark(f, a->loc.off, a->text);
    if (a->nkid)
        brackets(f, "[", a->kid, a->nkid, "]", a);
}

static void names(struct fmt *f, const struct ast *ids)
{
    for (u32 i = 0; i < ids->nkid; i++) {
        if (i)
            text(f, ", ");
        copy(f, ids->kid[i]->loc);
    }
}

/* left op= right where c, the `=` of neighbours in one column. */
static void equation(struct fmt *f, struct lines *l, const struct ast *s)
{
    u32 from = here(f);
    access(f, s->kid[0]);
    i32 width = fmt_flat_width(&f->ops, from, here(f));
    if (s->text)
        width += (i32)strlen(s->text);
    padding(f, l, width);
    text(f, " ");
    if (s->text)
        text(f, s->text);
    text(f, "= ");
    open(f);
    expr(f, s->kid[1]);
    if (s->kid[2]) {
        indent(f, 4);
        place(f, PLACE_SPACE);
        where(f, s->kid[2]);
        indent(f, -4);
    }
    shut(f);
}

static void declaration(struct fmt *f, struct lines *l, const struct ast *s, const char *word)
{
    u32 from = here(f);
    mark(f, s->loc.off, word);
    text(f, s->text);
    text(f, ": ");
    type(f, s->kid[0]);
    padding(f, l, fmt_flat_width(&f->ops, from, here(f)));
    text(f, " ~ ");
    expr(f, s->kid[1]);
}

static void body(struct fmt *f, const struct ast *b);

static void condition(struct fmt *f, const struct ast *s)
{
    mark(f, s->loc.off, "if ");
    expr(f, s->kid[0]);
    text(f, " ");
    body(f, s->kid[1]);
    const struct ast *other = s->kid[2];
    if (!other)
        return;
    text(f, " else ");
    if (other->nkid == 1 && other->kid[0]->kind == A_SIF && other->loc.off == other->kid[0]->loc.off)
        condition(f, other->kid[0]);
    else
        body(f, other);
}

static void statement(struct fmt *f, struct lines *l, const struct ast *s)
{
    if (s->kind == A_SEQ) {
        equation(f, l, s);
        return;
    }
    if (s->kind == A_SPARAM || s->kind == A_SSTATE) {
        declaration(f, l, s, s->kind == A_SPARAM ? "param " : "state ");
        return;
    }
    no_padding(f, l);
    switch (s->kind) {
    case A_SLET:
        mark(f, s->loc.off, "let ");
        text(f, s->text);
        text(f, " = ");
        expr(f, s->kid[0]);
        break;
    case A_SCONST:
        mark(f, s->loc.off, "const ");
        text(f, s->text);
        text(f, ": ");
        type(f, s->kid[0]);
        text(f, " = ");
        expr(f, s->kid[1]);
        break;
    case A_SCONSTEQ:
    case A_SINIT:
    case A_SNEXT:
        mark(f, s->loc.off, s->kind == A_SCONSTEQ ? "const " : s->kind == A_SINIT ? "init " : "next ");
        access(f, s->kid[0]);
        text(f, " = ");
        expr(f, s->kid[1]);
        break;
    case A_SRANK:
        mark(f, s->loc.off, "rank ");
        names(f, s->kid[0]);
        text(f, s->flags & AF_ITER ? ": iter " : ": ");
        expr(f, s->kid[1]);
        break;
    case A_SIF:
        condition(f, s);
        break;
    default:
        BUG("fmt: a statement of kind %s", ast_kind_name(s->kind));
    }
}

/* A body of one statement may stand on one line. */
static void body(struct fmt *f, const struct ast *b)
{
    struct lines l;
    begin_lines(f, &l, b);
    u32 last = 0;
    for (u32 i = 0; i < b->nkid; i++) {
        if (i == 0) {
            unit(f, PLACE_SPACE, b->kid[i], true);
        } else {
            /* Alignment ends where the source has a blank line, or the sort of statement changes. */
            const struct ast *s = b->kid[i], *before = b->kid[i - 1];
            const char *gap = f->src->text + before->loc.off + before->loc.len, *to = f->src->text + s->loc.off;
            bool blank = false;
            for (const char *p = gap; p < to && !blank; p++)
                if (*p == '\n') {
                    const char *q = p + 1;
                    while (q < to && (*q == ' ' || *q == '\t' || *q == '\r'))
                        q++;
                    blank = q < to && *q == '\n';
                }
            if (blank || (s->kind == A_SEQ) != (before->kind == A_SEQ)) {
                align_runs(f, l.pad.at + last, l.width.at + last, l.pad.n - last, STEP);
                l.pad.n = l.width.n = last = 0;
            }
            unit(f, PLACE_SEMI, b->kid[i], false);
        }
        statement(f, &l, b->kid[i]);
    }
    end_lines(f, &l, b, b->nkid > 1);
}

static void limits(struct fmt *f, const struct ast *n)
{
    mark(f, n->loc.off, "limit ");
    for (u32 i = 0; i < n->nkid; i++) {
        if (i)
            text(f, ", ");
        mark(f, n->kid[i]->loc.off, n->kid[i]->text);
        text(f, " ");
        expr(f, n->kid[i]->kid[0]);
    }
}

/* The block of a net or space has lines of its own; a small one inside an expression may not need them. */
static void block(struct fmt *f, const struct ast *b, bool own_lines)
{
    struct lines l;
    begin_lines(f, &l, b);
    for (u32 i = 0; i < b->nkid; i++) {
        const struct ast *s = b->kid[i];
        unit(f, i ? PLACE_SEMI : PLACE_SPACE, s, i == 0);
        switch (s->kind) {
        case A_LET:
            mark(f, s->loc.off, "let ");
            pattern(f, s->kid[0]);
            text(f, " = ");
            expr(f, s->kid[1]);
            break;
        case A_REQUIRE:
            mark(f, s->loc.off, "require ");
            open(f);
            indent(f, 4);
            commas(f, s->kid, s->nkid, PLACE_FILL);
            indent(f, -4);
            shut(f);
            break;
        case A_RECIPE:
            mark(f, s->loc.off, "recipe ");
            text(f, s->text);
            text(f, " = ");
            expr(f, s->kid[0]);
            break;
        case A_LIMIT:
            limits(f, s);
            break;
        default:
            expr(f, s);
        }
    }
    end_lines(f, &l, b, own_lines || b->nkid > 2);
}

/* ---- items ---- */

static void path(struct fmt *f, const struct ast *p)
{
    for (u32 i = 0; i < p->nkid; i++) {
        if (i)
            text(f, ".");
        copy(f, p->kid[i]->loc);
    }
}

static void rule_like(struct fmt *f, const struct ast *n, const char *word)
{
    const struct ast *alts = n->kid[RULE_ALTS], *alt = alts->kid[0], *e = alt->kid[ALT_EXPR];
    bool block_only = n->kind != A_RULE && is_plain(alt) && e->kind == A_BLOCK && !(e->flags & AF_PAREN);
    open(f);
    signature(f, n, word);
    if (!block_only) {
        shut(f);
        alternatives(f, alts);
        return;
    }
    if (n->kid[RULE_WHERE])
        place(f, PLACE_SPACE);
    else
        text(f, " ");
    shut(f);
    block(f, e, true);
    if (alt->kid[ALT_NOTE]) {
        text(f, " ");
        note(f, alt->kid[ALT_NOTE]);
    }
}

static void op(struct fmt *f, const struct ast *n)
{
    open(f);
    signature(f, n, "op ");
    if (n->kid[OP_WHERE])
        place(f, PLACE_SPACE);
    else
        text(f, " ");
    shut(f);
    body(f, n->kid[OP_BODY]);
}

static void name_list(struct fmt *f, const struct ast *ids)
{
    mark(f, ids->loc.off, "(");
    names(f, ids);
    close_mark(f, ids, ")");
}

static void braces_end(struct fmt *f, const struct ast *n, u32 group)
{
    indent(f, -4);
    struct fmt_op *o = push(f, FMT_PLACE);
    o->unit = true;
    o->n = 4;
    close_mark(f, n, "}");
    block_like(f, group);
    shut(f);
}

static void monoid(struct fmt *f, const struct ast *n)
{
    mark(f, n->loc.off, "monoid ");
    text(f, n->text);
    name_list(f, n->kid[MONOID_IDS]);
    u32 group = open(f);
    text(f, " {");
    indent(f, 4);
    unit(f, PLACE_SPACE, NULL, true);
    text(f, "zero ");
    expr(f, n->kid[MONOID_ZERO]);
    unit(f, PLACE_SEMI, NULL, false);
    text(f, "lift ");
    name_list(f, n->kid[MONOID_LIFT_IDS]);
    text(f, " ");
    expr(f, n->kid[MONOID_LIFT]);
    unit(f, PLACE_SEMI, NULL, false);
    text(f, "merge ");
    name_list(f, n->kid[MONOID_MERGE_IDS]);
    text(f, " ");
    expr(f, n->kid[MONOID_MERGE]);
    braces_end(f, n, group);
}

static void map(struct fmt *f, const struct ast *n)
{
    mark(f, n->loc.off, "map ");
    text(f, n->text);
    u32 group = open(f);
    text(f, " {");
    indent(f, 4);
    for (u32 i = 0; i < n->nkid; i++) {
        const struct ast *line = n->kid[i];
        unit(f, i ? PLACE_SEMI : PLACE_SPACE, line, i == 0);
        mark(f, line->loc.off, line->text);
        text(f, " ");
        names(f, line->kid[0]);
        if (line->kid[1]) {
            text(f, ": ");
            commas(f, line->kid[1]->kid, line->kid[1]->nkid, PLACE_FILL);
        }
    }
    braces_end(f, n, group);
}

static void import(struct fmt *f, const struct ast *n)
{
    mark(f, n->loc.off, "import ");
    path(f, n->kid[0]);
    if (n->text) {
        text(f, " as ");
        text(f, n->text);
    }
    if (n->nkid > 1) {
        text(f, " ");
        brackets(f, "(", n->kid + 1, n->nkid - 1, ")", n);
    }
}

static void item(struct fmt *f, const struct ast *n)
{
    switch (n->kind) {
    case A_IMPORT:
        import(f, n);
        break;
    case A_CONST:
        mark(f, n->loc.off, "const ");
        text(f, n->text);
        text(f, " = ");
        expr(f, n->kid[0]);
        break;
    case A_OP:
        op(f, n);
        break;
    case A_RULE:
        rule_like(f, n, "rule ");
        break;
    case A_NET:
        rule_like(f, n, "net ");
        break;
    case A_SPACE:
        rule_like(f, n, "space ");
        break;
    case A_TEXT:
        mark(f, n->loc.off, "text ");
        text(f, n->text);
        if (n->kid[0])
            type(f, n->kid[0]);
        text(f, " = ");
        expr(f, n->kid[1]);
        break;
    case A_ARCH:
        mark(f, n->loc.off, "arch ");
        text(f, n->text);
        text(f, " in ");
        path(f, n->kid[0]);
        text(f, " = ");
        expr(f, n->kid[1]);
        break;
    case A_MONOID:
        monoid(f, n);
        break;
    case A_MAP:
        map(f, n);
        break;
    case A_LIMIT:
        limits(f, n);
        break;
    default:
        BUG("fmt: an item of kind %s", ast_kind_name(n->kind));
    }
}

void ast_format(struct buf *b, const struct ast_file *file)
{
    struct fmt f = { .a = file->a, .src = file->src };
    for (u32 i = 0; i < file->root->nkid; i++) {
        unit(&f, PLACE_HARD, file->root->kid[i], false);
        item(&f, file->root->kid[i]);
    }
    unit(&f, PLACE_HARD, NULL, false);
    fmt_layout(b, file, &f.ops);
}
