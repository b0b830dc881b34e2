/* parse_env.h - texts to tokens and trees, for the tests of lexer, parser and layout. */
#ifndef NASC_PARSE_ENV_H
#define NASC_PARSE_ENV_H
#include "tests/unit/unit.h"

#include "grammar/ast.h"
#include "grammar/lex.h"

struct env { struct arena *a; struct srcs *ss; struct diags ds; struct str_pool *sp; struct buf out; };

static inline int env_setup(void **state)
{
    struct env *f = calloc(1, sizeof *f);
    f->a = arena_new("test");
    f->ss = srcs_new(f->a);
    f->sp = str_pool_new(f->a);
    diags_init(&f->ds, f->a, f->ss);
    *state = f;
    return 0;
}

static inline int env_teardown(void **state)
{
    struct env *f = *state;
    buf_free(&f->out);
    arena_free(f->a);
    free(f);
    return 0;
}

static inline const struct src *env_src(struct env *f, const char *text, size_t len)
{
    diags_init(&f->ds, f->a, f->ss);
    return srcs_add(f->ss, "t.nas", text, len);
}

static inline struct ast_file *env_parse_n(struct env *f, const char *text, size_t len)
{
    const struct src *s = env_src(f, text, len);
    return ast_parse(f->a, f->sp, &f->ds, s);
}

static inline struct ast_file *env_parse(struct env *f, const char *text)
{
    return env_parse_n(f, text, strlen(text));
}

/* The codes complained about, as "E0110 E0112". */
static inline const char *env_codes(struct env *f)
{
    buf_clear(&f->out);
    buf_puts(&f->out, "");
    for (u32 i = 0; i < f->ds.all.n; i++)
        buf_printf(&f->out, "%s%s", i ? " " : "", diag_code_text(f->ds.all.at[i]->code));
    return arena_strdup(f->a, f->out.at ? f->out.at : "");
}

/* The tree on one line: runs of white space as one blank. */
static inline const char *env_dump(struct env *f, const struct ast *n)
{
    struct buf b = { 0 };
    ast_dump(&b, n);
    char *s = arena_strdup(f->a, b.at), *to = s;
    for (const char *p = s; *p; p++) {
        bool space = *p == ' ' || *p == '\n';
        if (!space)
            *to++ = *p;
        else if (to > s && to[-1] != ' ')
            *to++ = ' ';
    }
    while (to > s && to[-1] == ' ')
        to--;
    *to = 0;
    buf_free(&b);
    return s;
}

#endif
