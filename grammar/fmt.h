/* fmt.h - the language between fmt.c, fmt_expr.c and fmt_stmt.c (what is printed) and fmt_layout.c (where
 * lines break).  Nobody else includes it.
 *
 * A flat list of texts, places where a line may break, groups and indentations.  A group is
 * printed on one line if it fits, else all its places break; a FILL place breaks by itself when
 * what follows up to the next place does not fit.  Indentation counts where its group is broken.
 * Texts that stand in the source carry their offset: comments are put between those. */
#ifndef NASC_FMT_H
#define NASC_FMT_H
#include "grammar/ast.h"

enum { FMT_WIDTH = 120, FMT_NOWHERE = -1 };

enum fmt_op_kind { FMT_TEXT, FMT_PLACE, FMT_OPEN, FMT_CLOSE, FMT_INDENT, FMT_PAD };
enum fmt_place { /* flat: */ PLACE_SPACE /* " " */, PLACE_NOTHING /* "" */, PLACE_SEMI /* "; " */, PLACE_FILL /* " " */, PLACE_HARD };

struct fmt_op {
    u8 kind;                    /* enum fmt_op_kind */
    u8 place;                   /* enum fmt_place */
    bool unit;                  /* PLACE before an item, statement or alternative: one blank line is kept */
    bool first;                 /* PLACE: of a body or of alternatives; no blank line before it */
    bool broken;                /* OPEN: always, or as decided; PLACE: a comment needs the line to end here */
    bool block;                 /* OPEN: broken by what it is, not by its width */
    i64 off;                    /* TEXT, unit PLACE: offset in the source, or FMT_NOWHERE */
    const char *text;
    u32 len;
    i32 n;                      /* INDENT, PAD: columns; OPEN: width it must fit, 0: any; PLACE: more indent for comments */
    u32 mate;                   /* PAD: the OPEN that must be broken for it to count; PLACE, INDENT: its group (set by layout) */
    u32 end;                    /* OPEN: its CLOSE (set by layout) */
};
struct fmt_ops { VEC(struct fmt_op) v; };

struct fmt { struct fmt_ops ops; struct arena *a; const struct src *src; };

/* fmt_ops.c */
u32 fmt_here(const struct fmt *f);                              /* number of the next op */
struct fmt_op *fmt_push(struct fmt *f, enum fmt_op_kind kind);
void fmt_text(struct fmt *f, const char *s);
void fmt_mark(struct fmt *f, i64 off, const char *s);           /* a text that begins at `off` in the source */
void fmt_copy(struct fmt *f, struct loc loc);                   /* the source's own words */
void fmt_close_mark(struct fmt *f, const struct ast *n, const char *s);     /* a text that ends where n does */
void fmt_place(struct fmt *f, enum fmt_place p);
/* The place before n; first: the first of a body or list of alternatives. */
void fmt_unit(struct fmt *f, enum fmt_place p, const struct ast *n, bool first);
u32 fmt_open(struct fmt *f);
void fmt_shut(struct fmt *f);
void fmt_indent(struct fmt *f, i32 n);
void fmt_block_like(struct fmt *f, u32 group);                  /* it always breaks */
bool fmt_is_flat(const struct fmt *f, u32 from, u32 to);        /* no place in these ops always breaks */
/* Pads that follow texts of these widths get one column, run by run of neighbours; width < 0: none. */
void fmt_align(struct fmt *f, const u32 *pad, const i32 *width, u32 n, i32 step);

/* fmt_expr.c */
void fmt_expr(struct fmt *f, const struct ast *e);
void fmt_commas(struct fmt *f, struct ast *const *e, u32 n, enum fmt_place p);
void fmt_brackets(struct fmt *f, const char *left, struct ast *const *e, u32 n, const char *right, const struct ast *whole);
void fmt_pattern(struct fmt *f, const struct ast *p);
void fmt_set(struct fmt *f, const struct ast *opts);
void fmt_type(struct fmt *f, const struct ast *t);              /* A_PARAMS and A_PARAM too */
void fmt_where(struct fmt *f, const struct ast *w);

/* fmt_stmt.c */
void fmt_body(struct fmt *f, const struct ast *b);
void fmt_block(struct fmt *f, const struct ast *b, bool own_lines);
void fmt_limits(struct fmt *f, const struct ast *n);
void fmt_names(struct fmt *f, const struct ast *ids);           /* a, b, c */

/* fmt_layout.c */
/* Decides the breaks, puts the comments in and writes. */
void fmt_layout(struct buf *b, const struct ast_file *f, struct fmt_ops *ops);
/* Columns of ops from .. to - 1 on one line, or -1 if they cannot be on one. */
i32 fmt_flat_width(const struct fmt_ops *ops, u32 from, u32 to);

#endif
