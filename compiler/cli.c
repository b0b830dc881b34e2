/* cli.c - what several verbs share: numbers of options, FILE [SPACE], --arch, lines of stdin. */
#include "compiler/cli.h"

#include "compiler/exec_pool.h"
#include "compiler/ir/tune.h"
#include "compiler/json_line.h"
#include "passes/pass.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* The suffixes of the language: 10k, 2M, 64Ki. */
static bool scale(const char *suffix, u64 *x)
{
    static const struct { const char *text; u64 by; } known[] = {
        {"", 1}, {"k", 1000}, {"M", 1000000}, {"G", 1000000000}, {"Ki", 1 << 10}, {"Mi", 1 << 20}, {"Gi", 1 << 30},
    };
    for (u32 i = 0; i < COUNTOF(known); i++)
        if (strcmp(suffix, known[i].text) == 0)
            return !__builtin_mul_overflow(*x, known[i].by, x);
    return false;
}

bool cli_u64(struct cli *c, enum opt_id o, u64 def, u64 lo, u64 hi, u64 *out)
{
    *out = def;
    const char *v = c->value[o];
    if (!v)
        return true;
    char *end;
    errno = 0;
    u64 x = strtoull(v, &end, 10);
    if (!(*v >= '0' && *v <= '9') || errno || !scale(end, &x) || x < lo || x > hi) {
        cli_usage(c, "`%s` is not a whole number from %llu to %llu", v, (unsigned long long)lo, (unsigned long long)hi);
        return false;
    }
    *out = x;
    return true;
}

bool cli_threads(struct cli *c, u32 *threads)
{
    u64 n;
    const char *v = c->value[OPT_THREADS];
    if (v && strcmp(v, "all") == 0)
        n = 0;
    else if (!cli_u64(c, OPT_THREADS, 1, 0, 1024, &n))
        return false;
    *threads = n ? (u32)n : exec_cpus();
    return true;
}

/* The table --tune names, or this machine's; NULL after complaining. */
static const struct tune *tune_table(struct cli *c)
{
    enum { TABLE_MOST = 1 << 20 };
    nasc_session *s = c->s;
    struct buf path = {0};
    size_t n;
    if (c->value[OPT_TUNE])
        buf_puts(&path, c->value[OPT_TUNE]);
    else
        cli_tune_path(c, &path);
    const char *name = arena_printf(s->a, "%s", path.n ? path.at : "");
    char *text = path.n ? src_read_file_max(s->a, name, &n, TABLE_MOST) : NULL;
    buf_free(&path);
    if (text)
        return tune_read(s->a, s->sp, &s->ds, srcs_add(s->srcs, name, text, n), session_mach(s));
    struct diag *d = diag_add(&s->ds, E0911, (struct loc){0}, "there is no table of measurements of this machine%s%s", *name ? ": " : "", name);
    diag_hint(&s->ds, d, "`nasc tune` measures it, once; or --code special");
    return NULL;
}

bool cli_pass_options(struct cli *c, struct pass_options *o)
{
    static const char *const policy[] = {[CODE_SPECIAL] = "special", [CODE_GENERIC] = "generic", [CODE_TUNED] = "tuned"};
    u64 brk;
    if (!cli_u64(c, OPT_BREAK, 0, 0, 1000, &brk))
        return false;
    *o = (struct pass_options){.strict = c->value[OPT_STRICT], .training = c->value[OPT_TRAIN], .break_ = (u32)brk};
    const char *code = c->value[OPT_CODE] ? c->value[OPT_CODE] : policy[CODE_SPECIAL];
    while (o->code < COUNTOF(policy) && strcmp(code, policy[o->code]))
        o->code++;
    if (o->code == COUNTOF(policy)) {
        cli_usage(c, "--code is special, generic or tuned, not `%s`", code);
        return false;
    }
    if (c->value[OPT_TUNE] && o->code != CODE_TUNED) {
        cli_usage(c, "--tune is what --code tuned reads");
        return false;
    }
    return o->code != CODE_TUNED || (o->tune = tune_table(c)) != NULL;
}

nasc_status cli_defines(struct cli *c)
{
    for (u32 i = 0; i < c->define.n; i++) {
        const char *d = c->define.at[i], *eq = strchr(d, '=');
        if (!eq || eq == d)
            return cli_usage(c, "-D takes NAME=VALUE, not `%s`", d);
        nasc_define(c->s, arena_printf(c->s->a, "%.*s", (int)(eq - d), d), eq + 1);
    }
    return NASC_OK;
}

/* Texts or files of them may stand where others take a space at most. */
static bool many_words(const struct cli *c)
{
    return strcmp(c->verb, "parse") == 0 || strcmp(c->verb, "fit") == 0;
}

nasc_status cli_load(struct cli *c, bool space, u32 *next)
{
    if (c->narg < 1)
        return cli_usage(c, "which file?");
    if (c->narg > (space ? 2u : 1u) && !many_words(c))
        return cli_usage(c, "`%s` is a word too many", c->arg[space ? 2 : 1]);
    nasc_status st = cli_defines(c);
    if (st)
        return st;
    st = nasc_load(c->s, c->arg[0]);
    if (next)
        *next = 1;
    if (st || !space)
        return st;
    const char *name = NULL;
    if (c->narg > 1) {
        /* The second word is a space if the module has one of that name; else it is the verb's business. */
        struct gram_decl *d = gram_lookup(c->s->g, c->s->g->module.at[c->s->g->module.n - 1], str_c(c->s->sp, c->arg[1]));
        if (d || !many_words(c)) {
            name = c->arg[1];
            if (next)
                *next = 2;
        }
    }
    const struct gram_arch *item = !name && c->value[OPT_ARCH] ? session_arch_item(c->s, c->value[OPT_ARCH]) : NULL;
    if (item)
        session_select_of(c->s, item);
    else
        st = nasc_select(c->s, name);
    if (!st && c->value[OPT_SAMPLER])
        st = nasc_sampler(c->s, c->value[OPT_SAMPLER]);
    return st || !c->value[OPT_LIMIT] ? st : nasc_limit(c->s, c->value[OPT_LIMIT]);
}

nasc_status cli_arch(struct cli *c, nasc_arch **out)
{
    return cli_arch_text(c, c->value[OPT_ARCH], out);
}

nasc_status cli_arch_text(struct cli *c, const char *text, nasc_arch **out)
{
    return session_arch_item(c->s, text) ? nasc_named(c->s, text, out) : nasc_parse(c->s, text, out);
}

char *cli_line(struct buf *line)
{
    int k;
    buf_clear(line);
    while ((k = getchar()) != EOF && k != '\n')
        buf_putc(line, (char)k);
    if (k == EOF && !line->n)
        return NULL;
    if (line->n && line->at[line->n - 1] == '\r')
        line->at[--line->n] = 0;
    return line->at ? line->at : "";
}

char *cli_line_arch(struct cli *c, struct buf *line, u64 *no, bool *wrong)
{
    char *text = cli_line(line);
    *wrong = false;
    ++*no;
    if (!text || *text != '{' || text[1 + strspn(text + 1, " \t")] != '"')
        return text;
    struct arena *a = arena_new("line");
    const char *arch = json_line_string(a, &c->s->ds, arena_printf(c->s->talk, "line %llu", (unsigned long long)*no), text, "arch");
    *wrong = !arch;
    buf_clear(line);
    buf_puts(line, arch ? arch : "");
    arena_free(a);
    return line->at;
}

nasc_status cli_lines_end(struct cli *c)
{
    if (!ferror(stdin))
        return NASC_OK;
    session_complain(c->s, E0905, "cannot read the standard input");
    return NASC_WRONG;
}
