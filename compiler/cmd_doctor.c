/* cmd_doctor.c - nasc doctor: what nasc finds of what it works with, what is missing, and the command that mends it.
 *
 * Exit 0: whatever work on this machine needs is there; other targets may lack something. */
#include "compiler/cli.h"
#include "compiler/doctor.h"

#include <stdlib.h>
#include <unistd.h>

enum { NAME_WIDTH = 18, WIDTH = 110 };
static const char *const state_word[] = {[FOUND_OK] = "ok", [FOUND_NOTE] = "note", [FOUND_MISSING] = "missing", [FOUND_FAILS] = "fails"};
static const struct out_col columns[] = {
    {"part", OUT_STR, NULL, 16, true, NULL},   {"name", OUT_STR, NULL, NAME_WIDTH, true, NULL}, {"state", OUT_STR, NULL, 8, true, NULL},
    {"needed", OUT_U64, NULL, 6, false, NULL},  {"value", OUT_STR, NULL, 30, true, NULL},        {"says", OUT_STR, NULL, 60, true, NULL},
    {"mend", OUT_STR, NULL, 60, true, NULL},
};

static bool wrong(const struct finding *f)
{
    return f->state == FOUND_MISSING || f->state == FOUND_FAILS;
}

static const char *tint(const struct finding *f)
{
    return f->state == FOUND_OK ? "\033[32m" : f->state == FOUND_NOTE ? "\033[2m" : f->needed ? "\033[1;31m" : "\033[33m";
}

/* Words behind a margin, the first line of which is there already; broken at spaces and commas. */
static void put_words(struct buf *b, const char *s, size_t margin)
{
    size_t room = WIDTH - margin;
    while (strlen(s) > room) {
        size_t n = room;
        while (n && s[n - 1] != ' ' && s[n - 1] != ',')
            n--;
        n = n ? n : room;
        buf_put(b, s, n);
        buf_putc(b, '\n');
        buf_pad(b, margin);
        s += n;
        s += strspn(s, " ");
    }
    buf_puts(b, s);
    buf_putc(b, '\n');
}

/* The packages of what is missing, each once. */
static void put_packages(struct buf *b, const struct doctor *d)
{
    for (u32 i = 0; i < d->found.n; i++)
        for (const char *p = wrong(&d->found.at[i]) && d->found.at[i].package ? d->found.at[i].package : ""; *p; p += strspn(p, " ")) {
            size_t n = strcspn(p, " ");
            bool there = false;
            for (const char *q = b->at; q && *q && !there; q += strcspn(q, " "), q += *q == ' ')
                there = strncmp(q, p, n) == 0 && (q[n] == ' ' || !q[n]);
            if (!there)
                buf_printf(b, "%s%.*s", b->n ? " " : "", (int)n, p);
            p += n;
        }
}

static void print_text(struct doctor *d, bool color, u32 bad, u32 rest)
{
    enum { MARGIN = 2 + 8 + 1 + NAME_WIDTH };
    const char *off = color ? "\033[0m" : "", *bold = color ? "\033[1m" : "", *part = "";
    struct buf b = {0}, packages = {0};
    for (u32 i = 0; i < d->found.n; i++) {
        const struct finding *f = &d->found.at[i];
        if (strcmp(part, f->part))
            buf_printf(&b, "%s%s%s%s\n", i ? "\n" : "", bold, part = f->part, off);
        buf_printf(&b, "  %s%-8s%s %-*s", color ? tint(f) : "", f->state == FOUND_NOTE ? "" : state_word[f->state], off, NAME_WIDTH, f->name);
        put_words(&b, f->says, MARGIN);
        if (f->mend) {
            buf_pad(&b, MARGIN);
            buf_printf(&b, "-> %s\n", f->mend);
        }
    }
    put_packages(&packages, d);
    buf_putc(&b, '\n');
    if (bad)
        buf_printf(&b, "%s%u thing%s that work on this machine needs %s not there or fail%s.%s", color ? "\033[1;31m" : "", bad, bad == 1 ? "" : "s",
                   bad == 1 ? "is" : "are", bad == 1 ? "s" : "", off);
    else
        buf_printf(&b, "%sEverything that work on this machine needs is there.%s", color ? "\033[32m" : "", off);
    if (rest)
        buf_printf(&b, " %u thing%s that other work needs %s not there or fail%s.", rest, rest == 1 ? "" : "s", rest == 1 ? "is" : "are", rest == 1 ? "s" : "");
    buf_putc(&b, '\n');
    if (packages.n)
        buf_printf(&b, "  %s\n", doctor_install_command(d->a, packages.at));
    fwrite(b.at, 1, b.n, stdout);
    buf_free(&b);
    buf_free(&packages);
}

static struct out_cell cell(const char *s)
{
    return (struct out_cell){.s = s, .none = !s};
}

nasc_status cmd_doctor(struct cli *c)
{
    enum out_format f = OUT_TEXT;       /* also where nobody sees it: what it says is for people, unless they ask for records */
    if (c->narg)
        return cli_usage(c, "`%s` is a word too many", c->arg[0]);
    if (c->value[OPT_FORMAT] && !out_format_of(c, &f))
        return NASC_USAGE;
    struct doctor d = {.s = c->s, .a = arena_new_in(c->s->a, "doctor")};
    u32 bad = 0, rest = 0;
    doctor_self(&d);
    doctor_machine(&d);
    doctor_code(&d);
    doctor_targets(&d);
    for (u32 i = 0; i < d.found.n; i++) {
        bad += wrong(&d.found.at[i]) && d.found.at[i].needed;
        rest += wrong(&d.found.at[i]) && !d.found.at[i].needed;
    }
    if (f == OUT_TEXT) {
        const char *when = c->value[OPT_COLOR];
        print_text(&d, when && strcmp(when, "auto") ? strcmp(when, "always") == 0 : isatty(1) && !getenv("NO_COLOR"), bad, rest);
    } else {
        struct out *o = out_open(f, COUNTOF(columns), columns);
        for (u32 i = 0; i < d.found.n; i++) {
            const struct finding *x = &d.found.at[i];
            struct out_cell row[] = {cell(x->part), cell(x->name), cell(state_word[x->state]), {.u = x->needed}, cell(x->value), cell(x->says), cell(x->mend)};
            out_row(o, row);
        }
        out_close(o);
    }
    arena_free(d.a);
    return bad ? NASC_WRONG : NASC_OK;
}
