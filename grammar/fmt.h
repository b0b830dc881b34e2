/* fmt.h - the language between fmt.c (what is printed) and fmt_layout.c (where lines break).
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

/* Decides the breaks, puts the comments in and writes. */
void fmt_layout(struct buf *b, const struct ast_file *f, struct fmt_ops *ops);
/* Columns of ops from .. to - 1 on one line, or -1 if they cannot be on one. */
i32 fmt_flat_width(const struct fmt_ops *ops, u32 from, u32 to);

#endif
