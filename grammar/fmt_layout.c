/* fmt_layout.c - where lines break, and where comments go.
 *
 * In: the ops of fmt.c and the comments of a file.  Out: text.  Laying out the text again gives
 * the same: the only things taken from the source are blank lines between units, and for each comment
 * whether it stands on a line of its own and between which texts.  A comment ends its line, so the
 * last place between its neighbours is made to break; where there is no place it moves to the end of
 * the line, in front of a place that breaks anyway. */
#include "grammar/fmt.h"

#include "compiler/base/utf8.h"

enum how { OWN_LINE, IN_LINE, LINE_END };
struct attached { u32 comment; enum how how; };

struct layout {
    struct buf *b;
    const struct ast_file *f;
    struct fmt_op *op;
    u32 n;
    VEC(struct attached) *at;           /* by op: after a text, before a place */
    VEC(u32) group;                     /* open groups, as ops */
    VEC(u32) suffix;                    /* comments for the end of the line */
    i32 indent, begins;                 /* of what follows a break; of this line */
    u32 col;
    bool fresh;                         /* nothing on this line yet */
    bool top;                           /* nothing written yet */
};

static u32 columns(const char *s, u32 len)
{
    u32 col = 0, bytes;
    for (u32 i = 0; i < len; i += bytes)
        col += utf8_width(utf8_decode(s + i, len - i, &bytes));
    return col;
}

static u32 flat_columns(const struct fmt_op *o)
{
    return o->place == PLACE_NOTHING ? 0 : o->place == PLACE_SEMI ? 2 : 1;
}

i32 fmt_flat_width(const struct fmt_ops *ops, u32 from, u32 to)
{
    u32 w = 0;
    for (u32 i = from; i < to; i++) {
        const struct fmt_op *o = &ops->v.at[i];
        if (o->kind == FMT_TEXT && memchr(o->text, '\n', o->len))
            return -1;
        if ((o->kind == FMT_PLACE && o->place == PLACE_HARD) || (o->kind == FMT_OPEN && o->broken))
            return -1;
        w += o->kind == FMT_TEXT ? columns(o->text, o->len) : o->kind == FMT_PLACE ? flat_columns(o) : 0;
    }
    return (i32)w;
}

/* ---- comments ---- */

static const char *comment_text(const struct layout *l, u32 i)
{
    return l->f->src->text + l->f->comments.at[i].loc.off;
}

static u32 comment_len(const struct layout *l, u32 i)
{
    return l->f->comments.at[i].loc.len;
}

/* A comment that more text may follow on its line. */
static bool is_inline(const struct layout *l, u32 i)
{
    return comment_text(l, i)[1] == '*' && !memchr(comment_text(l, i), '\n', comment_len(l, i));
}

/* The line has to end at this place: so its groups are broken.  Beyond a block, which is broken by what
 * it is, nothing changes. */
static void force(struct layout *l, u32 place)
{
    if (l->op[place].place == PLACE_HARD)
        return;
    l->op[place].broken = true;
    for (u32 g = l->op[place].mate; g != UINT32_MAX && !l->op[g].block; g = l->op[g].mate)
        l->op[g].broken = true;
}

/* The place for a comment between texts i and j: the last hard one, else the last. */
static u32 place_between(const struct layout *l, u32 i, u32 j)
{
    u32 last = UINT32_MAX, hard = UINT32_MAX;
    for (u32 k = i; k < j; k++)
        if (l->op[k].kind == FMT_PLACE) {
            last = k;
            if (l->op[k].place == PLACE_HARD)
                hard = k;
        }
    return hard != UINT32_MAX ? hard : last;
}

static void attach_comments(struct layout *l)
{
    struct arena *a = l->f->a;
    u32 before = UINT32_MAX, next = 0;          /* texts with offsets around the comment */
    for (u32 c = 0; c < l->f->comments.n; c++) {
        const struct ast_comment *cm = &l->f->comments.at[c];
        for (;; next++) {
            if (next == l->n)
                break;
            if (l->op[next].kind != FMT_TEXT || l->op[next].off == FMT_NOWHERE)
                continue;
            if (l->op[next].off > cm->loc.off)
                break;
            before = next;
        }
        u32 place = place_between(l, before == UINT32_MAX ? 0 : before, next);
        bool own = place != UINT32_MAX && (cm->own_line || before == UINT32_MAX);
        struct attached at = { c, own ? OWN_LINE : is_inline(l, c) ? IN_LINE : LINE_END };
        CHECK(own || before != UINT32_MAX);
        vec_push(a, &l->at[own ? place : before], at);
        if (at.how != IN_LINE && place != UINT32_MAX)
            force(l, place);
    }
}

/* ---- structure ---- */

/* Pairs opens with closes and gives every op its group. */
static void pair(struct layout *l)
{
    struct arena *a = l->f->a;
    u32 g = UINT32_MAX;
    VEC(u32) open = { 0 };
    for (u32 i = 0; i < l->n; i++) {
        struct fmt_op *o = &l->op[i];
        if (o->kind == FMT_OPEN) {
            o->mate = g;
            vec_push(a, &open, i);
            g = i;
        } else if (o->kind == FMT_CLOSE) {
            CHECK(open.n > 0);
            l->op[open.at[--open.n]].end = i;
            g = open.n ? open.at[open.n - 1] : UINT32_MAX;
        } else if (o->kind != FMT_PAD) {
            o->mate = g;
        }
    }
    CHECK(open.n == 0);
}

static bool is_open(const struct layout *l, u32 g)
{
    for (u32 i = l->group.n; i > 0; i--)
        if (l->group.at[i - 1] == g)
            return true;
    return false;
}

/* Whether what follows op `i` fits into `room` columns, up to the first place that can break:
 * groups not yet open are taken flat, but behind `end` a body or a list of alternatives can break. */
static bool fits(const struct layout *l, u32 i, u32 end, i64 room)
{
    for (; i < l->n && room >= 0; i++) {
        const struct fmt_op *o = &l->op[i];
        if (o->kind == FMT_TEXT) {
            const char *nl = memchr(o->text, '\n', o->len);
            room -= columns(o->text, nl ? (u32)(nl - o->text) : o->len);
            for (u32 k = 0; k < l->at[i].n; k++)
                if (l->at[i].at[k].how == IN_LINE)
                    room -= 1 + columns(comment_text(l, l->at[i].at[k].comment), comment_len(l, l->at[i].at[k].comment));
            if (nl)
                return room >= 0;
        } else if (o->kind == FMT_PLACE) {
            if (o->place == PLACE_HARD || o->mate == UINT32_MAX || (o->first && i > end))
                return true;
            /* Breaks that only a comment wants do not count: the comment may have come from elsewhere. */
            if (l->op[o->mate].broken && (l->op[o->mate].block || is_open(l, o->mate)))
                return true;
            room -= flat_columns(o);
        } else if (o->kind == FMT_PAD && l->op[o->mate].broken) {
            room -= o->n;
        }
    }
    return room >= 0;
}

/* ---- writing ---- */

static void put(struct layout *l, const char *s, u32 len)
{
    if (!len)
        return;
    if (l->fresh) {
        for (i32 i = 0; i < l->begins; i++)
            buf_putc(l->b, ' ');
        l->col = (u32)MAX(l->begins, 0);
        l->fresh = false;
    }
    l->top = false;
    buf_put(l->b, s, len);
    u32 line = len;                     /* what stands on the last line of s */
    while (line && s[line - 1] != '\n')
        line--;
    l->col = (line ? 0 : l->col) + columns(s + line, len - line);
}

static void end_line(struct layout *l)
{
    if (!l->fresh)
        while (l->b->n && l->b->at[l->b->n - 1] == ' ')
            l->b->at[--l->b->n] = 0;
    /* What ends with the line comes last. */
    for (u32 i = 0; i < 2 * l->suffix.n; i++) {
        u32 c = l->suffix.at[i % l->suffix.n];
        if ((comment_text(l, c)[1] == '/') != (i >= l->suffix.n))
            continue;
        put(l, "  ", l->fresh ? 0 : 2);
        put(l, comment_text(l, c), comment_len(l, c));
    }
    l->suffix.n = 0;
    if (!l->fresh)
        buf_putc(l->b, '\n');
    l->fresh = true;
}

/* Whether a blank line stands before `off` in the source; the `|` of an alternative is passed over. */
static bool blank_before(const struct layout *l, i64 off)
{
    const char *s = l->f->src->text;
    u32 lines = 0;
    bool bar = false;
    while (off > 0) {
        char c = s[off - 1];
        if (c == '\n')
            lines++;
        else if (c == '|' && !bar && !lines)
            bar = true;
        else if (c != ' ' && c != '\t' && c != '\r')
            break;
        off--;
    }
    return lines > 1;
}

static void blank(struct layout *l)
{
    if (!l->top)
        buf_putc(l->b, '\n');
}

/* Ends the line at a place, with the comments that have lines of their own there. */
static void break_line(struct layout *l, u32 place)
{
    const struct fmt_op *o = &l->op[place];
    end_line(l);
    bool first = o->first;
    for (u32 i = 0; i < l->at[place].n; i++) {
        struct ast_comment *c = &l->f->comments.at[l->at[place].at[i].comment];
        if (!first && o->unit && blank_before(l, c->loc.off))
            blank(l);
        l->begins = l->indent + o->n;
        put(l, comment_text(l, l->at[place].at[i].comment), c->loc.len);
        end_line(l);
        first = false;
    }
    l->begins = l->indent;
    if (!first && o->unit && o->off != FMT_NOWHERE && blank_before(l, o->off))
        blank(l);
}

static void put_text(struct layout *l, u32 i)
{
    put(l, l->op[i].text, l->op[i].len);
    for (u32 k = 0; k < l->at[i].n; k++) {
        u32 c = l->at[i].at[k].comment;
        if (l->at[i].at[k].how == IN_LINE) {
            put(l, " ", 1);
            put(l, comment_text(l, c), comment_len(l, c));
        } else {
            vec_push(l->f->a, &l->suffix, c);
        }
    }
}

static void put_place(struct layout *l, u32 i)
{
    const struct fmt_op *o = &l->op[i];
    bool ends = o->place == PLACE_HARD || o->broken || l->at[i].n;
    if (!ends && o->mate != UINT32_MAX && l->op[o->mate].broken) {
        ends = o->place != PLACE_FILL;
        /* A fill: the rest of the line has to hold what comes up to the next place. */
        if (!ends)
            ends = !fits(l, i + 1, l->op[o->mate].end, FMT_WIDTH - (i64)l->col - 1);
    }
    if (ends)
        break_line(l, i);
    else if (o->place != PLACE_NOTHING)
        put(l, "; " + (o->place != PLACE_SEMI), flat_columns(o));
}

void fmt_layout(struct buf *b, const struct ast_file *f, struct fmt_ops *ops)
{
    struct layout l = { .b = b, .f = f, .op = ops->v.at, .n = ops->v.n, .fresh = true, .top = true };
    l.at = arena_alloc(f->a, sizeof *l.at * (l.n + 1));
    pair(&l);
    attach_comments(&l);
    for (u32 i = 0; i < l.n; i++) {
        struct fmt_op *o = &l.op[i];
        switch ((enum fmt_op_kind)o->kind) {
        case FMT_TEXT:
            put_text(&l, i);
            break;
        case FMT_PLACE:
            put_place(&l, i);
            break;
        case FMT_OPEN: {
            bool flat_outside = l.group.n && !l.op[l.group.at[l.group.n - 1]].broken;
            i64 col = l.fresh ? l.begins : (i64)l.col;
            if (!o->broken && !flat_outside)
                o->broken = !fits(&l, i + 1, o->end, FMT_WIDTH - col) || (o->n && fmt_flat_width(ops, i, o->end) > o->n - col);
            vec_push(f->a, &l.group, i);
            break;
        }
        case FMT_CLOSE:
            l.group.n--;
            break;
        case FMT_INDENT:
            if (o->mate == UINT32_MAX || l.op[o->mate].broken)
                l.indent += o->n;
            break;
        case FMT_PAD:
            if (l.op[o->mate].broken)
                for (i32 k = 0; k < o->n; k++)
                    put(&l, " ", 1);
            break;
        }
    }
    end_line(&l);
}
