/* repl_edit.c - lines of a terminal, by libedit: edited, completed, remembered.
 *
 * The history is $XDG_STATE_HOME/nasc/history (~/.local/state); where that cannot be read or written, nothing is said: it is only
 * the history.  Ctrl-C gives the line up; Ctrl-Z and another size of the window are passed on to libedit between two keys. */
#include "compiler/cache_dir.h"
#include "compiler/repl.h"

#include <errno.h>
#include <histedit.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <wchar.h>

enum { REMEMBERED = 2000 };

struct repl_edit {
    struct repl *r;
    EditLine *el;
    History *h;
    const char *prompt;
    struct buf file, line;
    bool cancelled;
};

/* A handler can tell nobody but a variable of the program. */
static volatile sig_atomic_t resized, suspended;
static void heard(int signal)
{
    if (signal == SIGWINCH)
        resized = 1;
    else
        suspended = 1;
}

static char *prompt(EditLine *el)
{
    struct repl_edit *e;
    el_get(el, EL_CLIENTDATA, &e);
    return (char *)e->prompt;
}

static void suspend(EditLine *el)
{
    struct sigaction dfl = {.sa_handler = SIG_DFL}, was;
    suspended = 0;
    el_set(el, EL_PREP_TERM, 0);
    sigaction(SIGTSTP, &dfl, &was);
    raise(SIGTSTP);             /* goes on here */
    sigaction(SIGTSTP, &was, NULL);
    el_set(el, EL_PREP_TERM, 1);
    el_set(el, EL_REFRESH);
}

static int next_key(EditLine *el, wchar_t *out)
{
    struct repl_edit *e;
    el_get(el, EL_CLIENTDATA, &e);
    mbstate_t state = {0};
    for (;;) {
        char c;
        ssize_t k = read(STDIN_FILENO, &c, 1);
        if (k == 1) {
            size_t n = mbrtowc(out, &c, 1, &state);
            if (n == (size_t)-2)        /* a part of a character */
                continue;
            if (n == (size_t)-1) {
                state = (mbstate_t){0};
                *out = L'?';
            }
            return 1;
        }
        if (k == 0)
            return 0;
        if (errno != EINTR)
            return -1;
        if (repl_interrupted()) {
            e->cancelled = true;
            return -1;
        }
        if (suspended)
            suspend(el);
        if (resized) {
            resized = 0;
            el_resize(el);
            el_set(el, EL_REFRESH);
        }
    }
}

static size_t common(const struct repl_words_of *w)
{
    size_t n = strlen(w->at[0]);
    for (u32 i = 1; i < w->n; i++)
        for (size_t k = 0; k < n; k++)
            if (w->at[i][k] != w->at[0][k]) {
                n = k;
                break;
            }
    return n;
}

static void list(EditLine *el, const struct repl_words_of *w)
{
    int columns = 80;
    size_t wide = 0;
    el_get(el, EL_GETTC, "co", &columns, NULL);
    for (u32 i = 0; i < w->n; i++)
        wide = MAX(wide, strlen(w->at[i]));
    size_t each = MAX((size_t)MAX(columns, 1) / (wide + 2), 1);
    for (u32 i = 0; i < w->n; i++)
        printf("%s%-*s", i % each ? "  " : "\n", i % each + 1 < each && i + 1 < w->n ? (int)wide : 0, w->at[i]);
    putchar('\n');
    fflush(stdout);
}

static unsigned char complete(EditLine *el, int key)
{
    (void)key;
    struct repl_edit *e;
    el_get(el, EL_CLIENTDATA, &e);
    const LineInfo *li = el_line(el);
    struct arena *a = arena_new("line");
    size_t from, cursor = (size_t)(li->cursor - li->buffer);
    const char *line = arena_printf(a, "%.*s", (int)(li->lastchar - li->buffer), li->buffer);
    struct repl_words_of w = repl_complete(a, e->r, line, cursor, &from);
    unsigned char what = CC_ERROR;
    if (w.n) {
        size_t typed = cursor - from, n = common(&w);
        const char *more = arena_printf(a, "%.*s%s", (int)(n - typed), w.at[0] + typed, w.n == 1 && w.at[0][n - 1] != '/' ? " " : "");
        if (*more && el_insertstr(el, more) == 0) {
            what = CC_REFRESH;
        } else if (w.n > 1) {
            list(el, &w);
            what = CC_REDISPLAY;
        }
    }
    arena_free(a);
    return what;
}

/* Where the history lies: a directory of the user's own, made where it is not there. */
static void find_history(struct buf *file)
{
    const char *xdg = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    struct buf dir = {0}, why = {0};
    if (xdg && *xdg == '/')
        buf_printf(&dir, "%s/nasc", xdg);
    else if (home && *home == '/')
        buf_printf(&dir, "%s/.local/state/nasc", home);
    if (dir.n && cache_dir_make(dir.at, file, &why))
        buf_puts(file, "/history");
    else
        buf_clear(file);
    if (file->n && !cache_file_ok(file->at))
        buf_clear(file);
    buf_free(&dir);
    buf_free(&why);
}

struct repl_edit *repl_edit_open(struct repl *r)
{
    HistEvent ev;
    setlocale(LC_CTYPE, "C.UTF-8");     /* keys are UTF-8; nothing else asks */
    struct repl_edit *e = NEW(r->s->a, struct repl_edit);
    e->r = r;
    e->el = el_init("nasc", stdin, stdout, stderr);
    if (!e->el)
        return NULL;
    e->h = history_init();
    if (e->h) {
        history(e->h, &ev, H_SETSIZE, REMEMBERED);
        history(e->h, &ev, H_SETUNIQUE, 1);
        find_history(&e->file);
        if (e->file.n)
            history(e->h, &ev, H_LOAD, e->file.at);
        el_set(e->el, EL_HIST, history, e->h);
    }
    el_set(e->el, EL_CLIENTDATA, e);
    el_set(e->el, EL_PROMPT, prompt);
    el_set(e->el, EL_EDITOR, "emacs");
    el_set(e->el, EL_ADDFN, "nasc-complete", "completes the word before the cursor", complete);
    el_source(e->el, NULL);
    el_set(e->el, EL_BIND, "^I", "nasc-complete", NULL);
    el_set(e->el, EL_GETCFN, next_key);
    return e;
}

const char *repl_edit_line(struct repl_edit *e, const char *prompt_text, bool *cancelled)
{
    struct sigaction by = {.sa_handler = heard}, tstp, winch;
    HistEvent ev;
    int n;
    e->prompt = prompt_text;
    e->cancelled = false;
    sigaction(SIGTSTP, &by, &tstp);
    sigaction(SIGWINCH, &by, &winch);
    el_resize(e->el);
    const char *got = el_gets(e->el, &n);
    sigaction(SIGTSTP, &tstp, NULL);
    sigaction(SIGWINCH, &winch, NULL);
    *cancelled = e->cancelled;
    if (e->cancelled) {
        el_reset(e->el);
        fputs("^C\n", stdout);
        return "";
    }
    if (!got || n <= 0) {
        putchar('\n');
        return NULL;
    }
    buf_clear(&e->line);
    size_t len = strcspn(got, "\n");
    while (len && got[len - 1] == ' ')
        len--;
    buf_put(&e->line, got, len);
    if (e->h && e->line.n)
        history(e->h, &ev, H_ENTER, e->line.at);
    return e->line.at ? e->line.at : "";
}

void repl_edit_close(struct repl_edit *e)
{
    HistEvent ev;
    if (!e)
        return;
    if (e->h && e->file.n)
        history(e->h, &ev, H_SAVE, e->file.at);
    el_end(e->el);
    if (e->h)
        history_end(e->h);
    buf_free(&e->file);
    buf_free(&e->line);
}
