/* loop_env.h - what the tests of loop backends share: reading a function, running it on small buffers. */
#ifndef NASC_TEST_LOOP_ENV_H
#define NASC_TEST_LOOP_ENV_H
#include "tests/unit/unit.h"

#include "compiler/code.h"

#include <stdio.h>
#include <stdlib.h>

struct loop_env { struct code *code; struct arena *a; struct str_pool *sp; struct srcs *srcs; struct diags ds; struct buf why; struct mach m; };

static inline int loop_env_setup(void **state)
{
    struct loop_env *e = calloc(1, sizeof *e);
    e->a = arena_new("test");
    e->code = code_new();
    e->sp = str_pool_new(e->a);
    e->srcs = srcs_new(e->a);
    diags_init(&e->ds, e->a, e->srcs);
    mach_host(&e->m, e->a);
    *state = e;
    return 0;
}

static inline int loop_env_teardown(void **state)
{
    struct loop_env *e = *state;
    buf_free(&e->why);
    arena_free(e->a);
    code_free(e->code);
    free(e);
    return 0;
}

/* A function from text; the test fails with the reason if it is none. */
static inline struct loop_fn *loop_env_read(struct loop_env *e, const char *text)
{
    struct loop_fn *f = loop_read(e->a, e->sp, &e->ds, srcs_add(e->srcs, "test", text, strlen(text)));
    if (!f && e->ds.all.n) {
        struct buf b = { 0 };
        diag_render(&b, &e->ds, e->ds.all.at[e->ds.all.n - 1], false);
        print_error("%s", b.at);
        buf_free(&b);
    }
    assert_non_null(f);
    buf_clear(&e->why);
    if (!loop_verify(f, &e->why)) {
        print_error("%s\n", e->why.at);
        fail();
    }
    return f;
}

#endif
