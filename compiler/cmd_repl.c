/* cmd_repl.c - nasc repl: lines to commands, complaints to stderr after each, a status for those who pipe. */
#include "compiler/repl.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

/* A handler can tell nobody but a variable of the program. */
static volatile sig_atomic_t interrupted;
static void interrupt(int signal)
{
    (void)signal;
    interrupted = 1;
}

bool repl_interrupted(void)
{
    return interrupted;
}

static const char *prompt_of(struct repl *r)
{
    const char *name = r->s->space ? r->s->space->set->d.name : "nasc";
    return arena_printf(r->a, r->stepping ? "%s step %u> " : "%s> ", name, r->stepping ? step_picks(r->step) + 1 : 0);
}

/* Without an editor, a person still sees a prompt. */
static const char *plain_line(struct repl *r, struct buf *b)
{
    if (r->people) {
        fputs(prompt_of(r), stdout);
        fflush(stdout);
    }
    const char *line = cli_line(b);
    if (line && strlen(line) != b->n)
        line = "\001";          /* a NUL in it: no command, no text */
    return line;
}

static nasc_status lines(struct repl *r, struct repl_edit *e)
{
    struct buf b = {0};
    nasc_status worst = NASC_OK;
    while (!r->quit) {
        bool cancelled = false;
        const char *line = e ? repl_edit_line(e, prompt_of(r), &cancelled) : plain_line(r, &b);
        if (!line && r->people && !e)
            putchar('\n');
        if (!line)
            break;
        r->nline++;
        interrupted = 0;
        nasc_status st = cancelled ? NASC_OK : repl_line(r, line);
        if (interrupted && !cancelled)
            putchar('\n');              /* the terminal wrote ^C */
        fflush(stdout);
        cli_say(r->c);
        if (ferror(stdout)) {           /* nobody reads: main.c says so */
            worst = NASC_ENV;
            break;
        }
        arena_clear(r->a);
        worst = MAX(worst, st);
        if (st == NASC_BUG)
            break;
    }
    buf_free(&b);
    return worst;
}

nasc_status cmd_repl(struct cli *c)
{
    u64 seed;
    struct repl r = {.c = c, .s = c->s, .people = isatty(0) && isatty(1), .limits = c->value[OPT_LIMIT]};
    if (!cli_u64(c, OPT_SEED, 0, 0, UINT64_MAX, &seed))
        return NASC_USAGE;
    if (c->narg > 2)
        return cli_usage(c, "`%s` is a word too many", c->arg[2]);
    r.seed = seed;
    r.a = arena_new_in(c->s->a, "line");
    r.line = "";
    nasc_status st = cli_defines(c);
    if (!st && c->narg)
        st = repl_open_file(&r, c->arg[0], c->narg > 1 ? c->arg[1] : NULL);
    if (!st && c->value[OPT_ARCH])
        st = repl_take_text(&r, c->value[OPT_ARCH]);
    if (st)
        return st;
    struct sigaction by = {.sa_handler = interrupt}, was;
    struct repl_edit *e = NULL;
    if (r.people) {
        sigaction(SIGINT, &by, &was);
        e = repl_edit_open(&r);
        printf("nasc %s: :help lists the commands, :quit ends\n", nasc_version());
        repl_ready(&r);
        cli_say(c);
    }
    st = lines(&r, e);
    repl_edit_close(e);
    if (r.people)
        sigaction(SIGINT, &was, NULL);
    nasc_status end = e ? NASC_OK : cli_lines_end(c);
    repl_drop(&r);
    if (r.people && st < NASC_BUG && st != NASC_ENV)
        return NASC_OK;         /* mistakes are part of the trade */
    /* Whatever went wrong in a line, the input is. */
    return st == NASC_BUG || !st ? MAX(st, end) : NASC_WRONG;
}
