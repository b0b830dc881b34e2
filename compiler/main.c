/* main.c - nasc: words of the command line to one verb, its complaints to stderr, its status to the shell. */
#include "compiler/cli.h"

#include <getopt.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct verb { nasc_status (*run)(struct cli *); const char *name; char letter; const char *args, *about; };
static const struct verb verbs[] = {
#define X(fn, name, letter, args, about) {fn, name, letter, args, about},
#include "compiler/verb.def"
#undef X
};
struct opt { const char *name; char short_; const char *arg, *verbs, *help; };
static const struct opt opts[] = {
#define X(id, name, short_, arg, verbs, help) {name, short_, arg, verbs, help},
#include "compiler/opt.def"
#undef X
};

static bool takes(const struct opt *o, const struct verb *v)
{
    return o->verbs[0] == '*' || (v && strchr(o->verbs, v->letter));
}

static void print_help(FILE *f, const struct verb *v)
{
    if (!v) {
        fprintf(f, "nasc %s - a compiler for neural-architecture search spaces\n\nusage: nasc VERB FILE [SPACE] [-D NAME=VALUE]... [OPTION]...\n\n",
                nasc_version());
        for (u32 i = 0; i < COUNTOF(verbs); i++)
            fprintf(f, "  %-8s %-24s %s\n", verbs[i].name, verbs[i].args, verbs[i].about);
        fprintf(f, "\nFILE is a .nas file or a module such as std.spaces.einspace. `nasc VERB --help` lists a verb's options.\n"
                   "Exit status: 0 ok, 1 the input is wrong, 2 usage, 3 environment, 70 a bug of nasc.\n");
        return;
    }
    fprintf(f, "usage: nasc %s %s [OPTION]...\n%s\n\n", v->name, v->args, v->about);
    for (u32 i = 0; i < COUNTOF(opts); i++) {
        if (!opts[i].help || !takes(&opts[i], v))
            continue;
        char left[64];
        snprintf(left, sizeof left, "%c%c%s --%s%s%s", opts[i].short_ ? '-' : ' ', opts[i].short_ ? opts[i].short_ : ' ',
                 opts[i].short_ ? "," : " ", opts[i].name, opts[i].arg ? " " : "", opts[i].arg ? opts[i].arg : "");
        fprintf(f, "  %-28s %s\n", left, opts[i].help);
    }
}

nasc_status cli_usage(struct cli *c, const char *fmt, ...)
{
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    session_complain(c->s, E0902, "%s", text);
    diag_hint(&c->s->ds, c->s->ds.all.at[c->s->ds.all.n - 1], "`nasc %s --help` lists what it takes", c->verb);
    return NASC_USAGE;
}

/* Options into c->value; words into c->arg. */
static nasc_status parse_options(struct cli *c, const struct verb *v, int argc, char **argv)
{
    struct option lo[COUNTOF(opts) + 1] = {0};
    char so[3 * COUNTOF(opts) + 2] = ":";
    size_t ns = 1;
    for (u32 i = 0; i < COUNTOF(opts); i++) {
        lo[i] = (struct option){opts[i].name, opts[i].arg ? required_argument : no_argument, NULL, 256 + (int)i};
        if (opts[i].short_) {
            so[ns++] = opts[i].short_;
            if (opts[i].arg)
                so[ns++] = ':';
        }
    }
    opterr = 0;
    for (;;) {
        int k = getopt_long(argc, argv, so, lo, NULL);
        if (k == -1)
            break;
        if (k == '?' || k == ':') {
            /* A letter may stand among others; a long option is what was read last (words have been moved behind). */
            const char letter[] = {'-', (char)optopt, 0};
            return cli_usage(c, k == ':' ? "option %s needs a value" : "unknown option %s",
                             optopt && optopt < 256 ? letter : argv[optind - 1]);
        }
        u32 id = 0;
        if (k >= 256)
            id = (u32)k - 256;
        else
            while (opts[id].short_ != k)
                id++;
        if (!takes(&opts[id], v))
            return cli_usage(c, "`nasc %s` has no option --%s", v->name, opts[id].name);
        c->value[id] = optarg ? optarg : "";
        if (id == OPT_DEFINE)
            vec_push(c->s->a, &c->define, (const char *)optarg);
        if (id == OPT_INPUT)
            vec_push(c->s->a, &c->input, (const char *)optarg);
        if (id == OPT_OUTPUT)
            vec_push(c->s->a, &c->output, (const char *)optarg);
        if (id == OPT_ARCH)
            vec_push(c->s->a, &c->arch, (const char *)optarg);
    }
    c->narg = (u32)(argc - optind);
    c->arg = (const char **)(argv + optind);
    const char *f = c->value[OPT_DIAG], *when = c->value[OPT_COLOR];
    if (f && strcmp(f, "text") && strcmp(f, "json"))
        return cli_usage(c, "--diagnostics is text or json, not `%s`", f);
    if (when && strcmp(when, "auto") && strcmp(when, "always") && strcmp(when, "never"))
        return cli_usage(c, "--color is auto, always or never, not `%s`", when);
    if (c->arch.n > 1 && v->run != cmd_crossover)
        return cli_usage(c, "one --arch: `nasc %s` takes no second", v->name);
    return NASC_OK;
}

void cli_say(struct cli *c)
{
    nasc_session *s = c->s;
    const char *f = c->value[OPT_DIAG];
    bool json = f && strcmp(f, "json") == 0;
    const char *when = c->value[OPT_COLOR];
    bool color = when && strcmp(when, "always") == 0;
    if (!when || strcmp(when, "auto") == 0)
        color = isatty(2) && !getenv("NO_COLOR");
    struct buf b = {0};
    for (u32 i = 0; i < s->ds.all.n; i++)
        if (json)
            diag_render_json(&b, &s->ds, s->ds.all.at[i]);
        else
            diag_render(&b, &s->ds, s->ds.all.at[i], color);
    if (b.n)
        fwrite(b.at, 1, b.n, stderr);
    u32 limit = s->ds.limit ? s->ds.limit : 50;
    if (!json && s->ds.nerrors > limit)
        fprintf(stderr, "%u more error%s\n", s->ds.nerrors - limit, s->ds.nerrors == limit + 1 ? "" : "s");
    buf_free(&b);
    session_clear(s);
}

static void show_clocks(const nasc_session *s)
{
    fprintf(stderr, "%-14s %10s %8s %12s\n", "stage", "total ms", "times", "us each");
    for (u32 i = 0; i < STAGES; i++)
        if (s->clock[i].n)
            fprintf(stderr, "%-14s %10.2f %8llu %12.1f\n", stage_name(i), (double)s->clock[i].ns / 1e6, (unsigned long long)s->clock[i].n,
                    (double)s->clock[i].ns / 1e3 / (double)s->clock[i].n);
    if (s->clock[STAGE_CODE].n)
        fprintf(stderr, "kernels: %llu compiled, %llu from the cache on disk\n", (unsigned long long)s->compiled, (unsigned long long)s->loaded);
    if (s->vector_ops)
        fprintf(stderr, "operations on vectors: %llu compiled, %llu of them lane by lane\n", (unsigned long long)s->vector_ops, (unsigned long long)s->lane_ops);
}

/* A failed verification leaves the bad IR behind: into a file, so that the report can carry it. */
static void save_reproducer(nasc_session *s)
{
    if (!s->repro.n)
        return;
    FILE *f = fopen("nasc-bug.ir", "w");
    if (f && fwrite(s->repro.at, 1, s->repro.n, f) == s->repro.n && !fclose(f))
        fprintf(stderr, "the IR at fault is in nasc-bug.ir\n");
}

static nasc_status run_verb(struct cli *c, const struct verb *v)
{
    struct bug_trap trap;
    bug_trap_push(&trap);
    if (setjmp(trap.back)) {
        return session_trapped(c->s, &trap);
    }
    c->s->no_cache = c->value[OPT_NOCACHE];
    const char *cpu = c->value[OPT_CPU] ? c->value[OPT_CPU] : takes(&opts[OPT_CPU], v) ? getenv("NASC_CPU") : NULL;
    const char *target = c->value[OPT_TARGET], *features = c->value[OPT_FEATURES];
    bool ok = target || features ? session_target(c->s, target, c->value[OPT_CPU], features) : !cpu || (!*cpu && !c->value[OPT_CPU]) || session_cpu(c->s, cpu);
    nasc_status st = ok ? v->run(c) : NASC_USAGE;
    bug_trap_pop(&trap);
    return st;
}

/* What goes out before there is a session to complain in. */
static nasc_status printed(void)
{
    if (!fflush(stdout) && !ferror(stdout))
        return NASC_OK;
    fprintf(stderr, "nasc: cannot write the output\n");
    return NASC_ENV;
}

int main(int argc, char **argv)
{
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        print_help(argc < 2 ? stderr : stdout, NULL);
        return argc < 2 ? NASC_USAGE : printed();
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("nasc %s\n", nasc_version());
        return printed();
    }
    const struct verb *v = NULL;
    const char *names[COUNTOF(verbs)];
    for (u32 i = 0; i < COUNTOF(verbs); i++) {
        names[i] = verbs[i].name;
        if (strcmp(argv[1], verbs[i].name) == 0)
            v = &verbs[i];
    }
    if (!v) {
        const char *near = diag_nearest(argv[1], names, COUNTOF(verbs));
        fprintf(stderr, "nasc: unknown verb `%s`%s%s%s\n", argv[1], near ? "; did you mean `" : "", near ? near : "", near ? "`?" : "");
        return NASC_USAGE;
    }
    /* Arenas come and go with every sample: keep their memory instead of faulting it in again. */
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TRIM_THRESHOLD, 256 << 20);
    mallopt(M_TOP_PAD, 4 << 20);
    struct cli c = {.s = nasc_open(), .verb = v->name};
    if (!c.s) {
        fprintf(stderr, "nasc: out of memory\n");
        return NASC_ENV;
    }
    c.s->keep = true;           /* what was said is printed at the end, or by cli_say */
    nasc_status st = parse_options(&c, v, argc - 1, argv + 1);
    if (st == NASC_OK && c.value[OPT_HELP])
        print_help(stdout, v);
    else if (st == NASC_OK)
        st = run_verb(&c, v);
    if (fflush(stdout) || ferror(stdout)) {
        session_complain(c.s, E0903, "cannot write the output");
        st = NASC_ENV;
    }
    cli_say(&c);
    save_reproducer(c.s);
    if (c.value[OPT_PASSES])
        show_clocks(c.s);
    nasc_close(c.s);
    return st;
}
