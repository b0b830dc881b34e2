/* loop_text.c - loop functions as records (read back by loop_read.c), and the canonical text.
 *
 *   (fn relu
 *     (buf b0 x in f32 (align 64) (elems 1024))
 *     (buf b1 y out f32 (align 64) (elems 1024))
 *     (body
 *       (for v3 (lo v1) (hi v2) (step 16) (carry) (results)
 *         (v4 f32x16 load b0 v3)
 *         (v5 f32x16 fconst 0.0)
 *         (v6 f32x16 fmax v4 v5)
 *         (store b1 v3 v6))))
 *
 * v1 and v2 are the work range.  A value's line says its type; a FOR's carried values and results have the
 * types of their first versions, an IF says the types of its results.  The canonical text is the same
 * without names, with values numbered in order of appearance. */
#include "compiler/ir/loop.h"

#include "compiler/base/rec.h"
#include "compiler/ir/loop_words.h"

struct printer {
    struct buf *b;
    const struct loop_fn *f;
    u32 *name;                  /* value -> number printed, 0: not named yet; NULL: as they are */
    u32 next;
};

static void put_val(struct printer *p, lval v)
{
    u32 n = v;
    if (p->name && v && v < p->f->val.n) {
        if (!p->name[v])
            p->name[v] = p->next++;
        n = p->name[v];
    }
    buf_printf(p->b, " v%u", n);
}

static void put_def(struct printer *p, lval v)
{
    put_val(p, v);
    buf_putc(p->b, ' ');
    ltype_print(p->b, v < p->f->val.n ? p->f->val.at[v] : (struct ltype){ 0 });
}

static void put_vals(struct printer *p, u32 n, const lval *v)
{
    for (u32 i = 0; i < n; i++)
        put_val(p, v[i]);
}

static void line(struct printer *p, int depth, const char *head)
{
    rec_open(p->b, depth, head);
}

static void put_flags(struct printer *p, u8 flag)
{
    for (u32 i = 0; i < COUNTOF(flag_word); i++)
        if (flag & flag_word[i].flag)
            buf_printf(p->b, " %s", flag_word[i].word);
}

/* "(v5 f32x16 " : the head of the record is the value itself. */
static void open_def(struct printer *p, int depth, lval v)
{
    buf_putc(p->b, '\n');
    buf_pad(p->b, 2 * (size_t)depth);
    buf_putc(p->b, '(');
    size_t at = p->b->n;
    put_def(p, v);
    memmove(p->b->at + at, p->b->at + at + 1, p->b->n - at);     /* no space after ( */
    p->b->n--;
}

static void put_region(struct printer *p, const struct loop_region *r, int depth);

static void put_op(struct printer *p, const struct loop_stmt *s, int depth)
{
    open_def(p, depth, s->res);
    buf_printf(p->b, " %s", loop_ops[s->op].word);
    switch (s->op) {
    case LO_ICONST: rec_put_int(p->b, s->i); break;
    case LO_FCONST: rec_put_real(p->b, s->r); break;
    case LO_SYM: case LO_TAB: case LO_LANE: case LO_INSERT: rec_put_int(p->b, s->u); break;
    case LO_REDUCE: buf_printf(p->b, " %s", s->u < COUNTOF(red_word) ? red_word[s->u] : "none"); break;
    default: break;
    }
    put_flags(p, s->flag);
    put_vals(p, s->narg, s->arg);
    rec_close(p->b);
}

static void put_option(struct printer *p, const char *head, lval v)
{
    if (!v)
        return;
    buf_printf(p->b, " (%s", head);
    put_val(p, v);
    rec_close(p->b);
}

static void put_stmt(struct printer *p, const struct loop_stmt *s, int depth)
{
    struct buf *b = p->b;
    switch ((enum loop_stmt_kind)s->kind) {
    case LS_OP:
        put_op(p, s, depth);
        return;
    case LS_LOAD:
        open_def(p, depth, s->res);
        buf_printf(b, " load b%u", s->u);
        put_val(p, s->arg[0]);
        put_option(p, "mask", s->arg[1]);
        put_option(p, "index", s->arg[2]);
        break;
    case LS_STORE:
        line(p, depth, "store");
        buf_printf(b, " b%u", s->u);
        put_vals(p, 2, s->arg);
        put_option(p, "mask", s->arg[2]);
        break;
    case LS_FOR:
        line(p, depth, "for");
        put_val(p, s->var);
        put_option(p, "lo", s->arg[0]);
        put_option(p, "hi", s->arg[1]);
        buf_printf(b, " (step %lld)", (long long)s->step);
        if (s->flag) {
            buf_puts(b, " (flag");
            put_flags(p, s->flag);
            rec_close(b);
        }
        buf_puts(b, " (carry");
        for (u32 i = 0; i < s->ncarry; i++) {
            buf_puts(b, " (");
            size_t at = b->n;
            put_val(p, s->carry[i]);
            memmove(b->at + at, b->at + at + 1, b->n - at);
            b->n--;
            put_val(p, s->init[i]);
            rec_close(b);
        }
        buf_puts(b, ") (results");
        put_vals(p, s->ncarry, s->result);
        rec_close(b);
        put_region(p, s->body, depth + 1);
        break;
    case LS_IF:
        line(p, depth, "if");
        put_val(p, s->arg[0]);
        buf_puts(b, " (results");
        for (u32 i = 0; i < s->ncarry; i++) {
            buf_puts(b, " (");
            size_t at = b->n;
            put_def(p, s->result[i]);
            memmove(b->at + at, b->at + at + 1, b->n - at);
            b->n--;
            rec_close(b);
        }
        rec_close(b);
        line(p, depth + 1, "then");
        put_region(p, s->body, depth + 2);
        rec_close(b);
        line(p, depth + 1, "else");
        put_region(p, s->other, depth + 2);
        rec_close(b);
        break;
    case LS_YIELD:
        line(p, depth, "yield");
        put_vals(p, s->ncarry, s->init);
        break;
    case LS_CALL:
        line(p, depth, "call");
        rec_put_int(b, s->u);
        put_vals(p, s->ncarry, s->init);
        break;
    case LS_FENCE:
        line(p, depth, "fence");
        break;
    }
    rec_close(b);
}

static void put_region(struct printer *p, const struct loop_region *r, int depth)
{
    for (u32 i = 0; r && i < r->stmt.n; i++)
        put_stmt(p, &r->stmt.at[i], depth);
}

static void put_fn(struct printer *p, bool names)
{
    struct buf *b = p->b;
    const struct loop_fn *f = p->f;
    rec_open(b, 0, "fn");
    if (names)
        rec_put_word(b, f->name);
    if (f->nsym || f->ntab || f->nuk)
        buf_printf(b, " (syms %u) (tabs %u) (uks %u)", f->nsym, f->ntab, f->nuk);
    for (u32 i = 0; i < f->buf.n; i++) {
        const struct loop_buf *x = &f->buf.at[i];
        rec_open(b, 1, "buf");
        buf_printf(b, " b%u", i);
        if (names)
            rec_put_word(b, x->name);
        buf_printf(b, " %s %s (align %u) (elems %lld)", kind_word[x->kind], dtype_name((enum dtype)x->dtype), x->align,
                   (long long)x->elems);
        rec_close(b);
    }
    rec_open(b, 1, "body");
    put_region(p, &f->body, 2);
    rec_close(b);
    rec_close(b);
    buf_putc(b, '\n');
}

void loop_dump(struct buf *b, const struct loop_fn *f)
{
    struct printer p = { .b = b, .f = f };
    put_fn(&p, true);
}

void loop_canon(struct buf *b, const struct loop_fn *f)
{
    struct arena_mark m = arena_mark(f->a);
    struct printer p = { .b = b, .f = f, .name = NEW_ARRAY(f->a, u32, f->val.n), .next = 3 };
    p.name[f->lo] = 1;
    p.name[f->hi] = 2;
    put_fn(&p, false);
    arena_reset(f->a, m);
}
