/* fmt_stmt.c - bodies of ops and blocks as ops: statements on lines of their own, the `=` and `~` of
 * neighbours in one column. */
#include "grammar/fmt.h"

enum {
    BLOCK_WIDTH = 80,           /* a block on one line: no wider */
    STEP = 16                   /* lines whose left sides differ by more are not aligned */
};

struct lines { u32 group; VEC(u32) pad; VEC(i32) width; };

static void begin_lines(struct fmt *f, struct lines *l, const struct ast *n)
{
    *l = (struct lines){ .group = fmt_open(f) };
    fmt_mark(f, n->loc.off, "{");
    fmt_indent(f, 4);
}

static void end_lines(struct fmt *f, struct lines *l, const struct ast *n, bool own_lines)
{
    fmt_indent(f, -4);
    struct fmt_op *o = fmt_push(f, FMT_PLACE);
    o->unit = true;
    o->n = 4;
    fmt_mark(f, n->loc.off + n->loc.len - 1, "}");
    fmt_align(f, l->pad.at, l->width.at, l->pad.n, STEP);
    i32 width = fmt_flat_width(&f->ops, l->group, fmt_here(f));
    if (own_lines || width < 0 || width > BLOCK_WIDTH)
        fmt_block_like(f, l->group);
    fmt_shut(f);
}

/* `width` columns stand before the padding that is pushed here. */
static void padding(struct fmt *f, struct lines *l, i32 width)
{
    vec_push(f->a, &l->pad, fmt_here(f));
    vec_push(f->a, &l->width, width);
    fmt_push(f, FMT_PAD)->mate = l->group;
}

static void no_padding(struct fmt *f, struct lines *l)
{
    vec_push(f->a, &l->pad, 0);
    vec_push(f->a, &l->width, -1);
}

static void access(struct fmt *f, const struct ast *a)
{
    fmt_mark(f, a->loc.off, a->text);
    if (a->nkid)
        fmt_brackets(f, "[", a->kid, a->nkid, "]", a);
}

void fmt_names(struct fmt *f, const struct ast *ids)
{
    for (u32 i = 0; i < ids->nkid; i++) {
        if (i)
            fmt_text(f, ", ");
        fmt_copy(f, ids->kid[i]->loc);
    }
}

/* left op= right where c, the `=` of neighbours in one column. */
static void equation(struct fmt *f, struct lines *l, const struct ast *s)
{
    u32 from = fmt_here(f);
    access(f, s->kid[0]);
    i32 width = fmt_flat_width(&f->ops, from, fmt_here(f));
    if (s->text)
        width += (i32)strlen(s->text);
    padding(f, l, width);
    fmt_text(f, " ");
    if (s->text)
        fmt_text(f, s->text);
    fmt_text(f, "= ");
    fmt_open(f);
    fmt_expr(f, s->kid[1]);
    if (s->kid[2]) {
        fmt_indent(f, 4);
        fmt_place(f, PLACE_SPACE);
        fmt_where(f, s->kid[2]);
        fmt_indent(f, -4);
    }
    fmt_shut(f);
}

static void declaration(struct fmt *f, struct lines *l, const struct ast *s, const char *word)
{
    u32 from = fmt_here(f);
    fmt_mark(f, s->loc.off, word);
    fmt_text(f, s->text);
    fmt_text(f, ": ");
    fmt_type(f, s->kid[0]);
    padding(f, l, fmt_flat_width(&f->ops, from, fmt_here(f)));
    fmt_text(f, " ~ ");
    fmt_expr(f, s->kid[1]);
}

static void condition(struct fmt *f, const struct ast *s)
{
    fmt_mark(f, s->loc.off, "if ");
    fmt_expr(f, s->kid[0]);
    fmt_text(f, " ");
    fmt_body(f, s->kid[1]);
    const struct ast *other = s->kid[2];
    if (!other)
        return;
    fmt_text(f, " else ");
    if (other->nkid == 1 && other->kid[0]->kind == A_SIF && other->loc.off == other->kid[0]->loc.off)
        condition(f, other->kid[0]);
    else
        fmt_body(f, other);
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
        fmt_mark(f, s->loc.off, "let ");
        fmt_text(f, s->text);
        fmt_text(f, " = ");
        fmt_expr(f, s->kid[0]);
        break;
    case A_SCONST:
        fmt_mark(f, s->loc.off, "const ");
        fmt_text(f, s->text);
        fmt_text(f, ": ");
        fmt_type(f, s->kid[0]);
        fmt_text(f, " = ");
        fmt_expr(f, s->kid[1]);
        break;
    case A_SCONSTEQ:
    case A_SINIT:
    case A_SNEXT:
        fmt_mark(f, s->loc.off, s->kind == A_SCONSTEQ ? "const " : s->kind == A_SINIT ? "init " : "next ");
        access(f, s->kid[0]);
        fmt_text(f, " = ");
        fmt_expr(f, s->kid[1]);
        break;
    case A_SRANK:
        fmt_mark(f, s->loc.off, "rank ");
        fmt_names(f, s->kid[0]);
        fmt_text(f, s->flags & AF_ITER ? ": iter " : ": ");
        fmt_expr(f, s->kid[1]);
        break;
    case A_SIF:
        condition(f, s);
        break;
    default:
        BUG("fmt: a statement of kind %s", ast_kind_name(s->kind));
    }
}

/* A body of one statement may stand on one line. */
void fmt_body(struct fmt *f, const struct ast *b)
{
    struct lines l;
    begin_lines(f, &l, b);
    u32 last = 0;
    for (u32 i = 0; i < b->nkid; i++) {
        if (i == 0) {
            fmt_unit(f, PLACE_SPACE, b->kid[i], true);
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
                fmt_align(f, l.pad.at + last, l.width.at + last, l.pad.n - last, STEP);
                l.pad.n = l.width.n = last = 0;
            }
            fmt_unit(f, PLACE_SEMI, b->kid[i], false);
        }
        statement(f, &l, b->kid[i]);
    }
    end_lines(f, &l, b, b->nkid > 1);
}

void fmt_limits(struct fmt *f, const struct ast *n)
{
    fmt_mark(f, n->loc.off, "limit ");
    for (u32 i = 0; i < n->nkid; i++) {
        if (i)
            fmt_text(f, ", ");
        fmt_mark(f, n->kid[i]->loc.off, n->kid[i]->text);
        fmt_text(f, " ");
        fmt_expr(f, n->kid[i]->kid[0]);
    }
}

/* The block of a net or space has lines of its own; a small one inside an expression may not need them. */
void fmt_block(struct fmt *f, const struct ast *b, bool own_lines)
{
    struct lines l;
    begin_lines(f, &l, b);
    for (u32 i = 0; i < b->nkid; i++) {
        const struct ast *s = b->kid[i];
        fmt_unit(f, i ? PLACE_SEMI : PLACE_SPACE, s, i == 0);
        switch (s->kind) {
        case A_LET:
            fmt_mark(f, s->loc.off, "let ");
            fmt_pattern(f, s->kid[0]);
            fmt_text(f, " = ");
            fmt_expr(f, s->kid[1]);
            break;
        case A_REQUIRE:
            fmt_mark(f, s->loc.off, "require ");
            fmt_open(f);
            fmt_indent(f, 4);
            fmt_commas(f, s->kid, s->nkid, PLACE_FILL);
            fmt_indent(f, -4);
            fmt_shut(f);
            break;
        case A_RECIPE:
            fmt_mark(f, s->loc.off, "recipe ");
            fmt_text(f, s->text);
            fmt_text(f, " = ");
            fmt_expr(f, s->kid[0]);
            break;
        case A_LIMIT:
            fmt_limits(f, s);
            break;
        default:
            fmt_expr(f, s);
        }
    }
    end_lines(f, &l, b, own_lines || b->nkid > 2);
}

