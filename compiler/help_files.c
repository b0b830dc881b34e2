/* help_files.c - what the command line's tables say, for other readers: `man` prints nasc.1, `bash MODULE...` a completion for bash.
 * Runs when nasc is built. */
#include <stdio.h>
#include <string.h>

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION ""
#endif
#define COUNTOF(a) (sizeof(a) / sizeof(*(a)))

struct verb { const char *name; char letter; const char *args, *about; };
static const struct verb verbs[] = {
#define X(fn, name, letter, args, about) {name, letter, args, about},
#include "compiler/verb.def"
#undef X
};
struct opt { const char *name; char short_; const char *arg, *verbs, *help; };
static const struct opt opts[] = {
#define X(id, name, short_, arg, verbs, help) {name, short_, arg, verbs, help},
#include "compiler/opt.def"
#undef X
};
struct command { const char *name; char short_; const char *args, *about; int step; };
static const struct command commands[] = {
#define REPL_COMMAND(fn, name, short_, args, words, about) {name, short_, args, about, 0},
#define REPL_STEP(fn, name, short_, args, words, about) {name, short_, args, about, 1},
#include "compiler/repl.def"
};
/* What an option takes, where that is one of a few words. */
static const char *const choices[][2] = {
    {"format", "text jsonl json csv"}, {"diagnostics", "text json"}, {"color", "auto always never"}, {"code", "special generic tuned"},
    {"backend", "llvm ref"}, {"cpu", "native x86-64-v2 x86-64-v3 x86-64-v4"},
    {"target", "native x86_64 x86_64-v2 x86_64-v3 x86_64-v4 aarch64 aarch64-sve aarch64-sve256 riscv64 riscv64-v riscv64-v256"}, {"sampler", "local exact"},
    {"dump", "tokens ast gram op tree arch ein loop plan llvm asm"},
};
static const char *const environment[][2] = {
    {"NASC_CPU", "which processors code is for, as --cpu"},
    {"NASC_CACHE", "off: no compiled kernels are kept on disk"},
    {"NASC_CACHE_DIR", "where they are kept ($XDG_CACHE_HOME/nasc or ~/.cache/nasc)"},
    {"NASC_CACHE_SIZE", "how much of them is kept, in bytes or with K, M or G (256M)"},
    {"XDG_STATE_HOME", "below it, in nasc/history, are the lines typed at the prompt (~/.local/state)"},
    {"NO_COLOR", "messages without colours"},
};

static int takes(const struct opt *o, const struct verb *v)
{
    return o->help && (o->verbs[0] == '*' || strchr(o->verbs, v->letter));
}

/* ---- man ---- */

static void roff(const char *s)
{
    for (const char *p = s; *p; p++) {
        if (p == s && (*p == '.' || *p == '\''))
            fputs("\\&", stdout);
        if (*p == '\\')
            fputs("\\e", stdout);
        else if (*p == '-')
            fputs("\\-", stdout);
        else
            putchar(*p);
    }
}

/* Small words plain, capitals as arguments. */
static void item(const char *before, const char *name, const char *args)
{
    fputs(".TP\n\\fB", stdout);
    roff(before);
    roff(name);
    fputs("\\fR", stdout);
    if (args && *args) {
        fputs(" \\fI", stdout);
        roff(args);
        fputs("\\fR", stdout);
    }
    putchar('\n');
}

static void text(const char *s)
{
    roff(s);
    putchar('\n');
}

static void man(void)
{
    printf(".TH NASC 1 \"\" \"nasc %s\" \"User Commands\"\n.SH NAME\nnasc \\- a compiler for neural\\-architecture search spaces\n", PACKAGE_VERSION);
    printf(".SH SYNOPSIS\n.B nasc\n\\fIVERB\\fR [\\fIFILE\\fR [\\fISPACE\\fR]] [\\fB\\-D\\fR \\fINAME\\fR=\\fIVALUE\\fR]... [\\fIOPTION\\fR]...\n");
    printf(".SH DESCRIPTION\n\\fIFILE\\fR is a .nas file or a module such as std.spaces.einspace; \\fISPACE\\fR may be left out where there is one.\n"
           "Data go to the standard output, everything else to the standard error.\n.SH VERBS\n");
    for (size_t i = 0; i < COUNTOF(verbs); i++) {
        item("", verbs[i].name, verbs[i].args);
        text(verbs[i].about);
    }
    printf(".SH OPTIONS\n");
    for (size_t i = 0; i < COUNTOF(opts); i++) {
        const struct opt *o = &opts[i];
        char left[16] = "--";
        if (!o->help)
            continue;
        if (o->short_)
            snprintf(left, sizeof left, "-%c, --", o->short_);
        item(left, o->name, o->arg);
        roff(o->help);
        if (o->verbs[0] != '*') {
            fputs(" (", stdout);
            for (size_t k = 0, n = 0; k < COUNTOF(verbs); k++)
                if (strchr(o->verbs, verbs[k].letter))
                    printf("%s%s", n++ ? ", " : "", verbs[k].name);
            putchar(')');
        }
        putchar('\n');
    }
    printf(".SH THE PROMPT\nCommands of \\fBnasc repl\\fR; any other line is an architecture text.\n");
    for (int step = 0; step < 2; step++) {
        if (step)
            printf(".PP\nWhile deriving by hand, without a colon:\n");
        for (size_t i = 0; i < COUNTOF(commands); i++)
            if (commands[i].step == step) {
                item(step ? "" : ":", commands[i].name, commands[i].args);
                text(commands[i].about);
            }
    }
    printf(".SH ENVIRONMENT\n");
    for (size_t i = 0; i < COUNTOF(environment); i++) {
        item("", environment[i][0], NULL);
        text(environment[i][1]);
    }
    printf(".SH EXIT STATUS\n0: done; 1: the input is wrong; 2: usage; 3: something outside is missing; 70: a bug of nasc.\n"
           ".SH SEE ALSO\n\\fBnasc explain\\fR \\fICODE\\fR says what a diagnostic means; the language is described in docs/language.md of the sources.\n");
}

/* ---- bash ---- */

static void bash(int nmodule, char **module)
{
    printf("# bash completion for nasc: made from its tables of verbs and options\n_nasc() {\n"
           "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words= IFS=$' \\t\\n'\n    COMPREPLY=()\n"
           "    if ((COMP_CWORD == 1)); then\n        words='");
    for (size_t i = 0; i < COUNTOF(verbs); i++)
        printf("%s ", verbs[i].name);
    printf("--help --version'\n        COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n        return\n    fi\n    case $prev in\n");
    for (size_t i = 0; i < COUNTOF(opts); i++) {
        const struct opt *o = &opts[i];
        const char *of = NULL;
        for (size_t k = 0; k < COUNTOF(choices); k++)
            if (!strcmp(choices[k][0], o->name))
                of = choices[k][1];
        if (!o->arg || !o->help)
            continue;
        printf("    ");
        if (o->short_)
            printf("-%c | ", o->short_);
        if (of)
            printf("--%s) words='%s' ;;\n", o->name, of);
        else
            printf("--%s) %sreturn ;;\n", o->name, !strcmp(o->arg, "FILE") || strchr(o->arg, '.') ? "COMPREPLY=($(compgen -f -- \"$cur\")); " : "");
    }
    printf("    esac\n    case ${COMP_WORDS[1]} in\n");
    for (size_t i = 0; i < COUNTOF(verbs); i++)
        if (strchr(verbs[i].args, '|') && !strchr(verbs[i].args, ' ')) {        /* one of a few words */
            printf("    %s) [[ $cur == -* ]] || words='", verbs[i].name);
            for (const char *p = verbs[i].args; *p; p++)
                putchar(*p == '|' ? ' ' : *p);
            printf("' ;;\n");
        }
    printf("    esac\n    if [[ -n $words ]]; then\n        COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n        return\n    fi\n"
           "    if [[ $cur != -* ]]; then\n        COMPREPLY=($(compgen -W '");
    for (int i = 0; i < nmodule; i++)
        printf("%s%s", i ? " " : "", module[i]);
    printf("' -- \"$cur\") $(compgen -f -X '!*.nas' -- \"$cur\") $(compgen -d -S / -- \"$cur\"))\n"
           "        [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == */ ]] && compopt -o nospace 2>/dev/null\n        return\n    fi\n    case ${COMP_WORDS[1]} in\n");
    for (size_t i = 0; i < COUNTOF(verbs); i++) {
        printf("    %s) words='", verbs[i].name);
        for (size_t k = 0, n = 0; k < COUNTOF(opts); k++)
            if (takes(&opts[k], &verbs[i]))
                printf("%s--%s", n++ ? " " : "", opts[k].name);
        printf("' ;;\n");
    }
    printf("    esac\n    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n}\ncomplete -F _nasc nasc\n");
}

int main(int argc, char **argv)
{
    if (argc == 2 && !strcmp(argv[1], "man"))
        man();
    else if (argc >= 2 && !strcmp(argv[1], "bash"))
        bash(argc - 2, argv + 2);
    else
        return 2;
    return fflush(stdout) || ferror(stdout);
}
