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

enum {
    ALTS_WIDTH = 100,           /* alternatives on one line: no wider */
    NOTE_COLUMN = 84            /* notations are aligned up to here */
};

/* ---- signatures ---- */

static void attrs(struct fmt *f, const struct ast *a)
{
    if (!a->nkid)
        return;
    fmt_mark(f, a->loc.off, "[");
    fmt_open(f);
    fmt_indent(f, 4);
    for (u32 i = 0; i < a->nkid; i++) {
        if (i) {
            fmt_text(f, ",");
            fmt_place(f, PLACE_FILL);
        }
        fmt_mark(f, a->kid[i]->loc.off, a->kid[i]->text);
        if (a->kid[i]->kid[0]) {
            fmt_text(f, " = ");
            fmt_expr(f, a->kid[i]->kid[0]);
        }
    }
    fmt_indent(f, -4);
    fmt_shut(f);
    fmt_close_mark(f, a, "]");
}

/* word name[attrs](params) -> type; `where` begins a line if all does not fit on one. */
static void signature(struct fmt *f, const struct ast *n, const char *word)
{
    if (n->flags & AF_INLINE)
        word = "inline rule ";
    fmt_mark(f, n->loc.off, word);
    fmt_text(f, n->text);
    attrs(f, n->kid[RULE_ATTRS]);
    if (n->kid[RULE_PARAMS])
        fmt_type(f, n->kid[RULE_PARAMS]);
    if (n->kid[RULE_TYPE]) {
        fmt_text(f, " -> ");
        fmt_type(f, n->kid[RULE_TYPE]);
    }
    if (n->kid[RULE_WHERE]) {
        fmt_indent(f, 4);
        fmt_place(f, PLACE_SPACE);
        fmt_where(f, n->kid[RULE_WHERE]);
        fmt_indent(f, -4);
    }
}

/* ---- alternatives ---- */

static void note(struct fmt *f, const struct ast *n)
{
    fmt_mark(f, n->loc.off, "as ");
    for (u32 i = 0; i < n->nkid; i++) {
        if (i)
            fmt_text(f, " or ");
        fmt_expr(f, n->kid[i]);
    }
}

/* One alternative; returns the pad before its notation (0: none) and how wide what precedes it is. */
static u32 alternative(struct fmt *f, const struct ast *alt, u32 alts, i32 *width)
{
    const struct ast *fors = alt->kid[ALT_FORS], *e = alt->kid[ALT_EXPR];
    u32 from = fmt_open(f), pad = 0;
    for (u32 i = 0; i < fors->nkid; i++) {
        fmt_mark(f, fors->kid[i]->loc.off, "for ");
        fmt_pattern(f, fors->kid[i]->kid[0]);
        fmt_text(f, " in ");
        fmt_set(f, fors->kid[i]->kid[1]);
        fmt_text(f, i + 1 < fors->nkid ? ": " : ":");
    }
    fmt_indent(f, 2);
    if (fors->nkid && (e->kind != A_BLOCK || e->nkid <= 2))
        fmt_place(f, PLACE_SPACE);
    else if (fors->nkid)
        fmt_text(f, " ");
    if (alt->kid[ALT_WEIGHT]) {
        fmt_expr(f, alt->kid[ALT_WEIGHT]);
        fmt_text(f, " -> ");
    }
    fmt_indent(f, -2);
    fmt_expr(f, e);
    fmt_indent(f, 2);
    bool flat = fmt_is_flat(f, from, fmt_here(f));
    if (alt->kid[ALT_WHERE]) {
        if (flat)
            fmt_place(f, PLACE_FILL);
        else
            fmt_text(f, " ");
        fmt_where(f, alt->kid[ALT_WHERE]);
    }
    flat = flat && fmt_is_flat(f, from, fmt_here(f));
    *width = -1;
    if (alt->kid[ALT_NOTE]) {
        if (flat) {
            *width = fmt_flat_width(&f->ops, from, fmt_here(f));
            pad = fmt_here(f);
            fmt_push(f, FMT_PAD)->mate = alts;
            fmt_place(f, PLACE_FILL);
        } else {
            fmt_text(f, " ");
        }
        note(f, alt->kid[ALT_NOTE]);
    }
    fmt_indent(f, -2);
    fmt_shut(f);
    return pad;
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
    bool hugs = n == 1 && is_plain(first) && first->kid[ALT_EXPR]->kind == A_BLOCK && !(first->kid[ALT_EXPR]->flags & AF_PAREN);
    if (hugs) {
        fmt_text(f, " = ");
        alternative(f, first, fmt_open(f), &w);
        fmt_shut(f);
        return;
    }
    u32 all = fmt_open(f);
    u32 *pad = NEW_ARRAY(f->a, u32, n);
    i32 *width = NEW_ARRAY(f->a, i32, n);
    bool one_line = n <= 3;
    fmt_text(f, " =");
    for (u32 i = 0; i < n; i++) {
        i32 col = i ? 2 : 4;
        fmt_indent(f, col);
        if (i && n > 1) {
            fmt_unit(f, PLACE_SPACE, alts->kid[i], false);
            f->ops.v.at[fmt_here(f) - 1].n = 2;
        } else {
            fmt_unit(f, PLACE_SPACE, NULL, true);
        }
        fmt_indent(f, -col);
        if (i)
            fmt_text(f, "| ");
        fmt_indent(f, 4);
        pad[i] = alternative(f, alts->kid[i], all, &width[i]);
        fmt_indent(f, -4);
        if (width[i] > NOTE_COLUMN)
            width[i] = -1;
        one_line = one_line && (n == 1 || is_plain(alts->kid[i]));
    }
    if (n > 1)
        fmt_align(f, pad, width, n, FMT_WIDTH);
    if (one_line)
        f->ops.v.at[all].n = n > 1 ? ALTS_WIDTH : 0;
    else
        fmt_block_like(f, all);
    fmt_shut(f);
}

/* ---- items ---- */

static void path(struct fmt *f, const struct ast *p)
{
    for (u32 i = 0; i < p->nkid; i++) {
        if (i)
            fmt_text(f, ".");
        fmt_copy(f, p->kid[i]->loc);
    }
}

static void rule_like(struct fmt *f, const struct ast *n, const char *word)
{
    const struct ast *alts = n->kid[RULE_ALTS], *alt = alts->kid[0], *e = alt->kid[ALT_EXPR];
    bool block_only = n->kind != A_RULE && is_plain(alt) && e->kind == A_BLOCK && !(e->flags & AF_PAREN);
    fmt_open(f);
    signature(f, n, word);
    if (!block_only) {
        fmt_shut(f);
        alternatives(f, alts);
        return;
    }
    if (n->kid[RULE_WHERE])
        fmt_place(f, PLACE_SPACE);
    else
        fmt_text(f, " ");
    fmt_shut(f);
    fmt_block(f, e, true);
    if (alt->kid[ALT_NOTE]) {
        fmt_text(f, " ");
        note(f, alt->kid[ALT_NOTE]);
    }
}

static void op(struct fmt *f, const struct ast *n)
{
    fmt_open(f);
    signature(f, n, "op ");
    if (n->kid[OP_WHERE])
        fmt_place(f, PLACE_SPACE);
    else
        fmt_text(f, " ");
    fmt_shut(f);
    fmt_body(f, n->kid[OP_BODY]);
}

static void name_list(struct fmt *f, const struct ast *ids)
{
    fmt_mark(f, ids->loc.off, "(");
    fmt_names(f, ids);
    fmt_close_mark(f, ids, ")");
}

static void braces_end(struct fmt *f, const struct ast *n, u32 group)
{
    fmt_indent(f, -4);
    struct fmt_op *o = fmt_push(f, FMT_PLACE);
    o->unit = true;
    o->n = 4;
    fmt_close_mark(f, n, "}");
    fmt_block_like(f, group);
    fmt_shut(f);
}

static void monoid(struct fmt *f, const struct ast *n)
{
    fmt_mark(f, n->loc.off, "monoid ");
    fmt_text(f, n->text);
    name_list(f, n->kid[MONOID_IDS]);
    u32 group = fmt_open(f);
    fmt_text(f, " {");
    fmt_indent(f, 4);
    fmt_unit(f, PLACE_SPACE, NULL, true);
    fmt_text(f, "zero ");
    fmt_expr(f, n->kid[MONOID_ZERO]);
    fmt_unit(f, PLACE_SEMI, NULL, false);
    fmt_text(f, "lift ");
    name_list(f, n->kid[MONOID_LIFT_IDS]);
    fmt_text(f, " ");
    fmt_expr(f, n->kid[MONOID_LIFT]);
    fmt_unit(f, PLACE_SEMI, NULL, false);
    fmt_text(f, "merge ");
    name_list(f, n->kid[MONOID_MERGE_IDS]);
    fmt_text(f, " ");
    fmt_expr(f, n->kid[MONOID_MERGE]);
    braces_end(f, n, group);
}

static void map(struct fmt *f, const struct ast *n)
{
    fmt_mark(f, n->loc.off, "map ");
    fmt_text(f, n->text);
    u32 group = fmt_open(f);
    fmt_text(f, " {");
    fmt_indent(f, 4);
    for (u32 i = 0; i < n->nkid; i++) {
        const struct ast *line = n->kid[i];
        fmt_unit(f, i ? PLACE_SEMI : PLACE_SPACE, line, i == 0);
        fmt_mark(f, line->loc.off, line->text);
        fmt_text(f, " ");
        fmt_names(f, line->kid[0]);
        if (line->kid[1]) {
            fmt_text(f, ": ");
            fmt_commas(f, line->kid[1]->kid, line->kid[1]->nkid, PLACE_FILL);
        }
    }
    braces_end(f, n, group);
}

static void import(struct fmt *f, const struct ast *n)
{
    fmt_mark(f, n->loc.off, "import ");
    path(f, n->kid[0]);
    if (n->text) {
        fmt_text(f, " as ");
        fmt_text(f, n->text);
    }
    if (n->nkid > 1) {
        fmt_text(f, " ");
        fmt_brackets(f, "(", n->kid + 1, n->nkid - 1, ")", n);
    }
}

static void item(struct fmt *f, const struct ast *n)
{
    switch (n->kind) {
    case A_IMPORT:
        import(f, n);
        break;
    case A_CONST:
        fmt_mark(f, n->loc.off, "const ");
        fmt_text(f, n->text);
        fmt_text(f, " = ");
        fmt_expr(f, n->kid[0]);
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
        fmt_mark(f, n->loc.off, "text ");
        fmt_text(f, n->text);
        if (n->kid[0])
            fmt_type(f, n->kid[0]);
        fmt_text(f, " = ");
        fmt_expr(f, n->kid[1]);
        break;
    case A_ARCH:
        fmt_mark(f, n->loc.off, "arch ");
        fmt_text(f, n->text);
        fmt_text(f, " in ");
        path(f, n->kid[0]);
        fmt_text(f, " = ");
        fmt_expr(f, n->kid[1]);
        break;
    case A_MONOID:
        monoid(f, n);
        break;
    case A_MAP:
        map(f, n);
        break;
    case A_LIMIT:
        fmt_limits(f, n);
        break;
    default:
        BUG("fmt: an item of kind %s", ast_kind_name(n->kind));
    }
}

void ast_format(struct buf *b, const struct ast_file *file)
{
    struct fmt f = { .a = file->a, .src = file->src };
    for (u32 i = 0; i < file->root->nkid; i++) {
        fmt_unit(&f, PLACE_HARD, file->root->kid[i], false);
        item(&f, file->root->kid[i]);
    }
    fmt_unit(&f, PLACE_HARD, NULL, false);
    fmt_layout(b, file, &f.ops);
}
