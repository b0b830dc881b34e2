/* op_world.h - ops from text, for tests: parsed, built, bound. */
#ifndef NASC_TEST_OP_WORLD_H
#define NASC_TEST_OP_WORLD_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "compiler/ir/count.h"
#include "grammar/gram.h"

struct op_world {
    struct arena *a;
    struct diags ds;
    struct gram g;
    struct ast_file *file;
    struct op_memo *memo;
    struct buf text;
};

static struct ast *world_monoid(void *ctx, str name)
{
    struct op_world *w = ctx;
    for (u32 i = 0; i < w->file->root->nkid; i++) {
        struct ast *x = w->file->root->kid[i];
        if (x && x->kind == A_MONOID && x->text == name)
            return x;
    }
    return NULL;
}

/* Builds every op of the text; mistakes are in w->ds. */
static void world_open(struct op_world *w, const char *source)
{
    memset(w, 0, sizeof *w);
    w->a = arena_new("test");
    w->g.a = w->a;
    w->g.sp = str_pool_new(w->a);
    w->g.srcs = srcs_new(w->a);
    diags_init(&w->ds, w->a, w->g.srcs);
    w->g.ds = &w->ds;
    w->g.types = types_new(w->a);
    w->memo = op_memo_new(w->a, w->g.types, &w->g.ops);
    w->file = ast_parse(w->a, w->g.sp, &w->ds, srcs_add(w->g.srcs, "t.nas", source, strlen(source)));
    if (w->ds.nerrors)
        return;
    for (u32 i = 0; i < w->file->root->nkid; i++) {
        struct ast *x = w->file->root->kid[i];
        if (x && x->kind == A_OP)
            op_build(&w->g, x, world_monoid, w);
    }
}

static void world_close(struct op_world *w)
{
    buf_free(&w->text);
    arena_free(w->a);
}

static inline const char *world_diags(struct op_world *w)
{
    buf_clear(&w->text);
    buf_puts(&w->text, "");
    for (u32 i = 0; i < w->ds.all.n; i++)
        diag_render(&w->text, &w->ds, w->ds.all.at[i], false);
    return w->text.at;
}

static inline const struct op *world_op(struct op_world *w, const char *name)
{
    for (u32 i = 0; i < w->g.ops.at.n; i++)
        if (strcmp(w->g.ops.at.at[i]->name, name) == 0)
            return w->g.ops.at.at[i];
    if (w->ds.all.n)
        print_error("%s", world_diags(w));
    fail_msg("no op %s", name);
    return NULL;
}

/* Binds `name[1, 2] f32[..] i32[..]`: numbers are whole.  Fills why. */
static inline const struct op_bind *world_bind(struct op_world *w, const char *call, struct op_why *why)
{
    char name[64];
    struct num attr[16];
    type_id in[8];
    u32 n = 0, nattr = 0, nin = 0;
    while (*call && *call != '[' && *call != ' ' && n + 1 < sizeof name)
        name[n++] = *call++;
    name[n] = 0;
    if (*call == '[') {
        do {
            char *end;
            i64 v = strtol(call + 1, &end, 10);
            attr[nattr++] = num_int(v);
            if (*end == '/')
                attr[nattr - 1] = num_rat(v, strtol(end + 1, &end, 10));
            call = end;
        } while (*call == ',');
        assert_int_equal(*call, ']');
        call++;
    }
    while (*call) {
        in[nin] = type_parse(w->g.types, call, &call);
        assert_int_not_equal(in[nin], 0);
        nin++;
        while (*call == ' ')
            call++;
    }
    const struct op *op = world_op(w, name);
    assert_int_equal(op->nattr, nattr);
    return op_infer(w->memo, op, attr, nin, in, why);
}

/* What binding gives, as text: output types, or the reason why not. */
static inline const char *world_infer(struct op_world *w, const char *call)
{
    struct op_why why;
    const struct op_bind *b = world_bind(w, call, &why);
    buf_clear(&w->text);
    buf_puts(&w->text, "");
    if (!b) {
        char name[64];
        u32 n = (u32)strcspn(call, "[ ");
        memcpy(name, call, n);
        name[n] = 0;
        op_why_print(&w->text, w->memo, world_op(w, name), &why);
        return w->text.at;
    }
    for (u32 i = 0; i < b->op->nout; i++) {
        if (i)
            buf_putc(&w->text, ' ');
        type_print(&w->text, w->g.types, b->out[i], false);
    }
    return w->text.at;
}

#endif
