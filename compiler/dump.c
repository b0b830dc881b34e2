/* dump.c - the stages as text.  A stage is a row: its name, and what prints it. */
#include "compiler/dump.h"
#include "grammar/lex.h"

#include <stdio.h>

static void put(struct buf *b)
{
    if (b->n)
        fwrite(b->at, 1, b->n, stdout);
    buf_free(b);
}

static const struct src *file_src(struct cli *c)
{
    size_t len;
    const char *shown = c->arg[0];
    const char *text = session_opener()(c->s, c->s->a, c->arg[0], &len, &shown);
    if (!text) {
        session_complain(c->s, E0905, "cannot read `%s`", shown);
        return NULL;
    }
    return srcs_add(c->s->srcs, shown, text, len);
}

static nasc_status dump_text(struct cli *c, bool *done)
{
    const char *stage = c->value[OPT_DUMP];
    *done = stage && (strcmp(stage, "tokens") == 0 || strcmp(stage, "ast") == 0);
    if (!*done)
        return NASC_OK;
    if (c->narg < 1)
        return cli_usage(c, "which file?");
    nasc_session *s = c->s;
    const struct src *src = file_src(c);
    if (!src)
        return NASC_WRONG;
    struct buf b = {0};
    if (strcmp(stage, "tokens") == 0) {
        lex_dump(&b, lex_new(s->a, &s->ds, src));
    } else {
        struct ast_file *f = ast_parse(s->a, s->sp, &s->ds, src);
        if (f->root)
            ast_dump(&b, f->root);
    }
    put(&b);
    return session_status(s);
}

static nasc_status dump_grammar(struct cli *c, bool *done)
{
    const char *stage = c->value[OPT_DUMP];
    *done = stage && (strcmp(stage, "gram") == 0 || strcmp(stage, "op") == 0);
    if (!*done)
        return NASC_OK;
    struct buf b = {0};
    if (strcmp(stage, "gram") == 0)
        gram_dump(&b, c->s->g);
    else
        for (u32 i = 0; i < c->s->g->ops.at.n; i++)
            op_dump(&b, c->s->g->ops.at.at[i]);
    put(&b);
    return NASC_OK;
}

nasc_status dump_load(struct cli *c, bool space, u32 *next, bool *done)
{
    nasc_status st = dump_text(c, done);
    if (st || *done)
        return st;
    st = cli_load(c, space, next);
    return st ? st : dump_grammar(c, done);
}

struct after { const char *want; struct buf b; bool found; };
static void after_pass(void *ctx, const char *pass, const struct cascade *c)
{
    struct after *a = ctx;
    if (strcmp(a->want, pass) && (strncmp(pass, "ein-", 4) || strcmp(a->want, pass + 4)))
        return;
    a->found = true;
    buf_clear(&a->b);
    ein_dump(&a->b, c);
}

static nasc_status dump_code(struct cli *c, const struct plan *p, const char *what, struct buf *b)
{
    nasc_session *s = c->s;
    const char *name = c->value[OPT_BACKEND], *gcc = strcmp(what, "gccjit") == 0 || strcmp(what, "reproducer") == 0 ? "gccjit" : NULL;
    struct backend_handle *be = session_backend(s, name ? name : gcc);
    if (!be)
        return NASC_ENV;
    if (gcc ? strcmp(be->be->name, gcc) != 0 : strcmp(what, "llvm") == 0 && strcmp(be->be->name, "gccjit") == 0)
        return cli_usage(c, "backend `%s` has no %s", be->be->name, what);
    if (!be->be->text)
        return cli_usage(c, "backend `%s` has no %s", be->be->name, what);
    for (u32 i = 0; i < p->kernel.n; i++) {
        struct buf why = {0};
        struct loop_fn *f = loop_copy(p->a, p->kernel.at[i].fn);
        loop_legalize(f, session_mach(s), be->be->can);
        if (!be->be->text(be->inst, f, what, b, &why))
            BUG("backend %s: %s", be->be->name, why.at ? why.at : "no text");
        buf_free(&why);
    }
    return NASC_OK;
}

nasc_status dump_arch_stage(struct cli *c, nasc_arch *ar, const struct pass_options *o, bool *done)
{
    const char *stage = c->value[OPT_DUMP];
    *done = stage;
    if (!stage)
        return NASC_OK;
    nasc_session *s = c->s;
    struct buf b = {0};
    nasc_status st = NASC_OK;
    if (strcmp(stage, "tree") == 0) {
        derivation_dump(&b, ar->d);
        put(&b);
        return st;
    }
    struct arch *graph = arch_graph(ar);
    if (strcmp(stage, "arch") == 0) {
        arch_dump(&b, graph);
        put(&b);
        return st;
    }
    if (strcmp(stage, "arch:canon") == 0) {
        struct canon *cn = session_canon(s);
        arch_canon(cn, graph);
        arch_canon_dump(cn, &b);
        put(&b);
        return st;
    }
    struct cascade *e = pipe_cascade(s, ar->a, graph, o);
    if (strcmp(stage, "ein") == 0) {
        ein_dump(&b, e);
        put(&b);
        return st;
    }
    struct after a = {.want = strncmp(stage, "ein:", 4) == 0 ? stage + 4 : ""};
    pipe_optimize(s, e, o, after_pass, &a);
    if (strncmp(stage, "ein:", 4) == 0) {
        if (!a.found) {
            buf_free(&a.b);
            return cli_usage(c, "`%s` is not a pass of cascades", stage + 4);
        }
        put(&a.b);
        return st;
    }
    bool code = strcmp(stage, "llvm") == 0 || strcmp(stage, "asm") == 0 || strcmp(stage, "gccjit") == 0 || strcmp(stage, "reproducer") == 0;
    if (!code && strcmp(stage, "loop") && strcmp(stage, "plan"))
        return cli_usage(c, "`%s` is not a stage: tokens ast gram op tree arch arch:canon ein ein:PASS loop plan llvm gccjit reproducer asm", stage);
    struct plan *p = pipe_plan(s, ar->a, e, o);
    if (code)
        st = dump_code(c, p, stage, &b);
    else if (strcmp(stage, "plan") == 0)
        plan_dump(&b, p);
    else
        for (u32 i = 0; i < p->kernel.n; i++)
            loop_dump(&b, p->kernel.at[i].fn);
    put(&b);
    return st;
}
