/* cmd_pass.c - nasc pass: passes on the text of a cascade, as the tests use them.
 *
 *     nasc pass ein-view,ein-fuse file.ein        the rewritten cascade on stdout, firings on stderr
 *     nasc pass verify file.plan                  reads, verifies and prints again
 */
#include "compiler/base/rec.h"
#include "compiler/cli.h"
#include "compiler/pipeline.h"

#include <errno.h>
#include <stdio.h>

struct reader { const char *suffix; nasc_status (*run)(struct cli *c, const struct src *src, const char *passes); };

static nasc_status print_verified(struct cli *c, bool ok, struct buf *why, struct buf *text)
{
    if (ok)
        fwrite(text->at, 1, text->n, stdout);
    else
        session_complain(c->s, E0809, "does not verify: %s", why->at ? why->at : "");
    buf_free(why);
    buf_free(text);
    return ok ? NASC_OK : NASC_WRONG;
}

static const struct pass *find_pass(const char *name, size_t n)
{
    for (u32 i = 0; i < pass_count; i++)
        if (strlen(pass_table[i].name) == n && memcmp(pass_table[i].name, name, n) == 0)
            return &pass_table[i];
    return NULL;
}

static nasc_status pass_ein(struct cli *c, const struct src *src, const char *passes)
{
    nasc_session *s = c->s;
    struct cascade *e = ein_read_text(s->a, s->sp, &s->ds, src);
    struct buf why = {0}, text = {0};
    if (!e)
        return NASC_WRONG;
    if (!ein_verify(e, &why))
        return print_verified(c, false, &why, &text);
    struct pass_options o;
    if (!cli_pass_options(c, &o))
        return NASC_USAGE;
    o.training = e->training;
    for (const char *p = passes; *p;) {
        size_t n = strcspn(p, ",");
        const struct pass *pass = find_pass(p, n);
        if (pass)
            fprintf(stderr, "%s fired %u\n", pass->name, pass->run(e, &o));
        else if (n == 3 && memcmp(p, "all", 3) == 0)
            pipe_optimize(s, e, &o, NULL, NULL);
        else if (n != 6 || memcmp(p, "verify", 6))
            return cli_usage(c, "`%.*s` is not a pass; `all` runs every one, `verify` none", (int)n, p);
        if (!ein_verify(e, &why))
            return print_verified(c, false, &why, &text);
        p += n + (p[n] == ',');
    }
    ein_dump(&text, e);
    return print_verified(c, true, &why, &text);
}

/* A text of loops may hold several functions, as --dump=loop prints them. */
static nasc_status pass_loop(struct cli *c, const struct src *src, const char *passes)
{
    nasc_session *s = c->s;
    bool legalize = strcmp(passes, "loop-legalize") == 0, clean = strcmp(passes, "loop-clean") == 0;
    if (!legalize && !clean && strcmp(passes, "verify"))
        return cli_usage(c, "loops take `verify`, `loop-clean` or `loop-legalize`, not `%s`", passes);
    struct backend_handle *be = legalize ? session_backend(s, c->value[OPT_BACKEND]) : NULL;
    if (legalize && !be)
        return NASC_ENV;
    u32 n;
    struct rec *fn = rec_parse(s->a, s->sp, &s->ds, src, &n);
    struct buf why = {0}, text = {0};
    bool ok = true;
    for (u32 i = 0; fn && i < n && ok; i++) {
        struct loop_fn *f = loop_read_rec(s->a, s->sp, &s->ds, &fn[i]);
        if (!f)
            fn = NULL;
        else if ((ok = loop_verify(f, &why))) {
            if (clean)
                loop_clean(f);
            if (legalize)
                loop_legalize(f, session_mach(s), be->be->can);
            ok = loop_verify(f, &why);
            loop_dump(&text, f);
        }
    }
    if (fn)
        return print_verified(c, ok, &why, &text);
    buf_free(&why);
    buf_free(&text);
    return NASC_WRONG;
}

static nasc_status pass_plan(struct cli *c, const struct src *src, const char *passes)
{
    if (strcmp(passes, "verify"))
        return cli_usage(c, "plans take `verify`, not `%s`", passes);
    struct plan *p = plan_read(c->s->a, c->s->sp, &c->s->ds, src);
    struct buf why = {0}, text = {0};
    if (!p)
        return NASC_WRONG;
    plan_dump(&text, p);
    return print_verified(c, plan_verify(p, &why), &why, &text);
}

static nasc_status pass_arch(struct cli *c, const struct src *src, const char *passes)
{
    if (strcmp(passes, "verify") || c->narg < 3)
        return cli_usage(c, "architectures take `verify FILE.arch MODULE`");
    nasc_session *s = c->s;
    nasc_status st = nasc_load(s, c->arg[2]);
    if (st)
        return st;
    struct arch *a = arch_read(s->a, s->sp, &s->ds, src, s->g->memo, &s->g->ops);
    struct buf why = {0}, text = {0};
    if (!a)
        return NASC_WRONG;
    arch_dump(&text, a);
    return print_verified(c, arch_verify(a, &why), &why, &text);
}

static const struct reader readers[] = {{".ein", pass_ein}, {".loop", pass_loop}, {".plan", pass_plan}, {".arch", pass_arch}};

nasc_status cmd_pass(struct cli *c)
{
    if (c->narg < 2)
        return cli_usage(c, "which passes, and on which file?");
    const char *path = c->arg[1];
    size_t len, n = strlen(path);
    char *text = src_read_file(c->s->a, path, &len);
    if (!text) {
        session_complain(c->s, E0905, "cannot read `%s`: %s", path, strerror(errno));
        return NASC_WRONG;
    }
    const struct src *src = srcs_add(c->s->srcs, path, text, len);
    for (u32 i = 0; i < COUNTOF(readers); i++) {
        size_t k = strlen(readers[i].suffix);
        if (n > k && strcmp(path + n - k, readers[i].suffix) == 0)
            return readers[i].run(c, src, c->arg[0]);
    }
    return cli_usage(c, "`%s`: the suffix says the IR: .ein, .loop, .plan or .arch", path);
}
