/* fmt_ops.c - building the list of ops, and aligning columns in it. */
#include "grammar/fmt.h"

struct fmt_op *fmt_push(struct fmt *f, enum fmt_op_kind kind)
{
    struct fmt_op op = { .kind = (u8)kind, .off = FMT_NOWHERE };
    vec_push(f->a, &f->ops.v, op);
    return &f->ops.v.at[f->ops.v.n - 1];
}

u32 fmt_here(const struct fmt *f)
{
    return f->ops.v.n;
}

void fmt_text(struct fmt *f, const char *s)
{
    struct fmt_op *o = fmt_push(f, FMT_TEXT);
    o->text = s;
    o->len = (u32)strlen(s);
}

/* A text that begins at `off` in the source. */
void fmt_mark(struct fmt *f, i64 off, const char *s)
{
    fmt_text(f, s);
    f->ops.v.at[fmt_here(f) - 1].off = off;
}

void fmt_copy(struct fmt *f, struct loc loc)
{
    struct fmt_op *o = fmt_push(f, FMT_TEXT);
    o->text = f->src->text + loc.off;
    o->len = loc.len;
    o->off = loc.off;
}

void fmt_close_mark(struct fmt *f, const struct ast *n, const char *s)
{
    fmt_mark(f, n->loc.off + n->loc.len - 1, s);
}

void fmt_place(struct fmt *f, enum fmt_place p)
{
    fmt_push(f, FMT_PLACE)->place = (u8)p;
}

void fmt_unit(struct fmt *f, enum fmt_place p, const struct ast *n, bool first)
{
    struct fmt_op *o = fmt_push(f, FMT_PLACE);
    o->place = (u8)p;
    o->unit = true;
    o->first = first;
    if (n)
        o->off = n->loc.off;
}

u32 fmt_open(struct fmt *f)
{
    fmt_push(f, FMT_OPEN);
    return fmt_here(f) - 1;
}

void fmt_shut(struct fmt *f)
{
    fmt_push(f, FMT_CLOSE);
}

void fmt_indent(struct fmt *f, i32 n)
{
    fmt_push(f, FMT_INDENT)->n = n;
}

void fmt_block_like(struct fmt *f, u32 group)
{
    f->ops.v.at[group].broken = f->ops.v.at[group].block = true;
}

/* Whether the group of ops from .. to has a place that always breaks. */
bool fmt_is_flat(const struct fmt *f, u32 from, u32 to)
{
    return fmt_flat_width(&f->ops, from, to) >= 0;
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
void fmt_align(struct fmt *f, const u32 *pad, const i32 *width, u32 n, i32 step)
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

