/* cmd_check.c - nasc check, nasc fmt, nasc explain: what needs no more than the text. */
#include "compiler/atomic_file.h"
#include "compiler/cli.h"
#include "compiler/dump.h"
#include "grammar/gram_report.h"

#include <errno.h>
#include <stdio.h>

nasc_status cmd_check(struct cli *c)
{
    bool done;
    nasc_status st = dump_load(c, false, NULL, &done);
    if (st || done)
        return st;
    /* Notations are part of what is checked: of every rule, and together for every space. */
    struct gram_module *m = c->s->g->module.at[c->s->g->module.n - 1];
    bool notations = notation_check(c->s->g, m);
    for (u32 i = 0; i < m->decl.n; i++) {
        struct gram_rules *r = (struct gram_rules *)m->decl.at[i];
        if (notations && r->d.kind == GD_RULES && r->overload.at[0]->form == RF_SPACE)
            notation_build(c->s->g, r->overload.at[0]);
        if (r->d.kind == GD_ARCH)
            notation_expand(c->s->a, c->s->g, m, ((struct gram_arch *)r)->ast->kid[1]);
    }
    st = session_status(c->s);
    if (st == NASC_OK) {
        struct buf b = {0};
        gram_report(&b, c->s->g);
        fwrite(b.at, 1, b.n, stdout);
        buf_free(&b);
    }
    return st;
}

static nasc_status format_one(struct cli *c, const char *path)
{
    nasc_session *s = c->s;
    size_t len;
    char *text = src_read_file(s->a, path, &len);
    if (!text) {
        session_complain(s, E0905, "cannot read `%s`: %s", path, strerror(errno));
        return NASC_WRONG;
    }
    u32 before = s->ds.nerrors;
    struct ast_file *f = ast_parse(s->a, s->sp, &s->ds, srcs_add(s->srcs, path, text, len));
    if (s->ds.nerrors > before)
        return NASC_WRONG;
    struct buf b = {0};
    nasc_status st = NASC_OK;
    ast_format(&b, f);
    bool same = b.n == len && (!len || memcmp(b.at, text, len) == 0);
    if (c->value[OPT_CHECK]) {
        if (!same) {
            printf("%s\n", path);
            st = NASC_WRONG;
        }
    } else if (c->value[OPT_WRITE]) {
        if (!same && !atomic_write(path, b.at, b.n)) {
            session_complain(s, E0906, "cannot write `%s`: %s", path, strerror(errno));
            st = NASC_ENV;
        }
    } else {
        fwrite(b.at, 1, b.n, stdout);
    }
    buf_free(&b);
    return st;
}

nasc_status cmd_fmt(struct cli *c)
{
    if (!c->narg)
        return cli_usage(c, "which files?");
    nasc_status worst = NASC_OK;
    for (u32 i = 0; i < c->narg; i++) {
        nasc_status st = format_one(c, c->arg[i]);
        worst = MAX(worst, st);
    }
    return worst;
}

nasc_status cmd_explain(struct cli *c)
{
    if (c->narg != 1)
        return cli_usage(c, "which code? (such as E0401)");
    const char *names[DIAG_CODES];
    for (u32 i = 0; i < DIAG_CODES; i++) {
        names[i] = diag_code_text((enum diag_code)i);
        if (strcmp(names[i], c->arg[0]) == 0) {
            printf("%s %s\n%s\n", names[i], diag_code_name((enum diag_code)i), diag_code_about((enum diag_code)i));
            return NASC_OK;
        }
    }
    const char *near = diag_nearest(c->arg[0], names, DIAG_CODES);
    return cli_usage(c, "there is no diagnostic `%s`%s%s", c->arg[0], near ? "; the nearest is " : "", near ? near : "");
}
