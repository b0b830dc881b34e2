/* cmd_fit.c - nasc fit: architecture texts in, the module with the weights that make them likeliest out. */
#include "compiler/cli.h"
#include "compiler/base/real.h"
#include "compiler/dump.h"
#include "compiler/json_line.h"
#include "grammar/fit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct cmd {
    struct cli *c;
    struct fit *fit;
    struct arena *a;                    /* one text's */
    u64 wrong;
};

static void add(struct cmd *f, char *line, size_t n, const char *file, u64 no)
{
    nasc_session *s = f->c->s;
    while (n && strchr(" \t\r\n", line[n - 1]))
        line[--n] = 0;
    line += strspn(line, " \t");
    if (!*line)
        return;
    arena_clear(f->a);
    gram_forget(s->g);
    const char *name = arena_printf(s->talk, "%s line %llu", file, (unsigned long long)no), *text = *line == '{' ? json_line_string(f->a, &s->ds, name, line, "arch") : line;
    struct inside in;
    u64 t = clock_ns();
    if (text && notation_inside(f->a, session_notation(s), &s->ds, srcs_add(s->srcs, name, text, strlen(text)), &in))
        fit_add(f->fit, &in);
    else
        f->wrong++;
    session_clock(s, STAGE_PARSE, t);
    cli_say(f->c);
}

static nasc_status read_file(struct cmd *f, const char *path)
{
    bool in = !path || strcmp(path, "-") == 0;
    FILE *from = in ? stdin : fopen(path, "r");
    char *line = NULL;
    size_t cap = 0;
    ssize_t n;
    if (from)
        for (u64 no = 1; (n = getline(&line, &cap, from)) >= 0; no++)
            add(f, line, (size_t)n, in ? "<stdin>" : path, no);
    nasc_status st = NASC_OK;
    if (!from || ferror(from)) {
        session_complain(f->c->s, E0905, "cannot read `%s`: %s", in ? "<stdin>" : path, strerror(errno));
        st = NASC_WRONG;
    }
    free(line);
    if (from && !in)
        fclose(from);
    return st;
}

static bool prior(struct cli *c, double *out)
{
    const char *v = c->value[OPT_PRIOR];
    *out = 0;
    if (!v || (real_read(v, strlen(v), out) && *out >= 1 && *out < 1e12))
        return true;
    cli_usage(c, "--prior is a number of at least 1, not `%s`", v);
    return false;
}

static void report(const struct cmd *f, const struct fit_report *r)
{
    double each = (r->after - r->before) / (double)r->texts;
    struct buf b = {0};
    fit_kept(f->fit, &b);
    fprintf(stderr, "%llu text%s", (unsigned long long)r->texts, r->texts == 1 ? "" : "s");
    if (r->ambiguous)
        fprintf(stderr, ", %llu with several derivations", (unsigned long long)r->ambiguous);
    if (r->left_out)
        fprintf(stderr, ", %llu of probability 0 left out", (unsigned long long)r->left_out);
    if (f->wrong)
        fprintf(stderr, ", %llu not read", (unsigned long long)f->wrong);
    fprintf(stderr, "; %u weights in %u place%s; %u iteration%s\n", r->weights, r->groups, r->groups == 1 ? "" : "s", r->iterations, r->iterations == 1 ? "" : "s");
    fprintf(stderr, "log-likelihood %.6f -> %.6f: %+.6f, %+.6f a text\n%s", r->before, r->after, r->after - r->before, each, b.at ? b.at : "");
    buf_free(&b);
}

static nasc_status finish(struct cmd *f)
{
    struct fit_report r;
    struct buf b = {0};
    u64 texts = fit_texts(f->fit);
    if (!texts) {
        struct diag *d = diag_add(&f->c->s->ds, E0934, (struct loc){0}, "there is no text to fit the weights to");
        if (fit_left_out(f->fit))
            diag_hint(&f->c->s->ds, d, "%llu texts use alternatives of weight 0, which stay 0: --zeros estimates them, too", (unsigned long long)fit_left_out(f->fit));
        return NASC_WRONG;
    }
    fit_run(f->fit, &r);
    fit_source(f->fit, &b);
    fwrite(b.at, 1, b.n, stdout);
    fflush(stdout);
    buf_free(&b);
    if (!f->c->value[OPT_QUIET])
        report(f, &r);
    return NASC_OK;
}

nasc_status cmd_fit(struct cli *c)
{
    struct cmd f = {.c = c};
    struct fit_options o = {.zeros = c->value[OPT_ZEROS]};
    bool done;
    u32 next;
    if (!prior(c, &o.prior))
        return NASC_USAGE;
    nasc_status st = dump_load(c, true, &next, &done);
    if (st || done)
        return st;
    if (!session_notation(c->s))
        return NASC_WRONG;
    cli_say(c);                         /* warnings about the module */
    f.a = arena_new_in(c->s->a, "text");
    f.fit = fit_open(c->s->g, &o);
    if (next == c->narg)
        st = read_file(&f, NULL);
    for (u32 i = next; i < c->narg; i++) {
        nasc_status one = read_file(&f, c->arg[i]);
        st = MAX(st, one);
    }
    nasc_status end = finish(&f);
    fit_close(f.fit);
    return MAX(MAX(st, end), f.wrong ? NASC_WRONG : NASC_OK);
}
