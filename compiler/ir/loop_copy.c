/* loop_copy.c - a loop function again, in another arena, with nothing of the first left in it but names. */
#include "compiler/ir/loop.h"

static void copy_region(struct arena *a, struct loop_region *to, const struct loop_region *from);

static struct loop_region *region_again(struct arena *a, const struct loop_region *from)
{
    if (!from)
        return NULL;
    struct loop_region *to = NEW(a, struct loop_region);
    copy_region(a, to, from);
    return to;
}

static lval *values_again(struct arena *a, const lval *v, u32 n)
{
    return v ? arena_dup(a, v, sizeof *v * n) : NULL;
}

static void copy_region(struct arena *a, struct loop_region *to, const struct loop_region *from)
{
    to->stmt.n = to->stmt.cap = from->stmt.n;
    to->stmt.at = arena_dup(a, from->stmt.at, sizeof *from->stmt.at * from->stmt.n);
    for (u32 i = 0; i < to->stmt.n; i++) {
        struct loop_stmt *s = &to->stmt.at[i];
        s->init = values_again(a, s->init, s->ncarry);
        s->carry = values_again(a, s->carry, s->ncarry);
        s->result = values_again(a, s->result, s->ncarry);
        s->body = region_again(a, s->body);
        s->other = region_again(a, s->other);
    }
}

struct loop_fn *loop_copy(struct arena *a, const struct loop_fn *from)
{
    struct loop_fn *f = arena_dup(a, from, sizeof *from);
    f->a = a;
    f->buf.at = arena_dup(a, from->buf.at, sizeof *f->buf.at * from->buf.n);
    f->buf.cap = from->buf.n;
    f->val.at = arena_dup(a, from->val.at, sizeof *f->val.at * from->val.n);
    f->val.cap = from->val.n;
    f->known.at = arena_dup(a, from->known.at, sizeof *f->known.at * from->known.n);
    f->known.cap = from->known.n;
    copy_region(a, &f->body, &from->body);
    return f;
}
