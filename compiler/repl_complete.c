/* repl_complete.c - what the word under the cursor may become: commands, files and modules, names of the module. */
#include "compiler/repl.h"

#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>

struct words { struct arena *a; const char *word; size_t n; VEC(const char *) at; };

static void offer(struct words *w, const char *text)
{
    if (strncmp(text, w->word, w->n))
        return;
    for (u32 i = 0; i < w->at.n; i++)
        if (!strcmp(w->at.at[i], text))
            return;
    vec_push(w->a, &w->at, (const char *)arena_strdup(w->a, text));
}

static bool is_dir(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Directories and .nas files. */
static void files(struct words *w)
{
    const char *slash = NULL;
    for (size_t i = 0; i < w->n; i++)
        if (w->word[i] == '/')
            slash = w->word + i;
    const char *dir = slash ? arena_printf(w->a, "%.*s", (int)(slash + 1 - w->word), w->word) : "";
    DIR *d = opendir(*dir ? dir : ".");
    for (struct dirent *e; d && (e = readdir(d));) {
        if (*e->d_name == '.')
            continue;
        const char *path = arena_printf(w->a, "%s%s", dir, e->d_name);
        size_t n = strlen(path);
        if (is_dir(path))
            offer(w, arena_printf(w->a, "%s/", path));
        else if (n > 4 && !strcmp(path + n - 4, ".nas"))
            offer(w, path);
    }
    if (d)
        closedir(d);
}

/* std.nn and the like. */
static void modules(struct words *w, const char *dir, const char *prefix, u32 depth)
{
    DIR *d = depth < 4 ? opendir(dir) : NULL;
    for (struct dirent *e; d && (e = readdir(d));) {
        if (*e->d_name == '.')
            continue;
        const char *path = arena_printf(w->a, "%s/%s", dir, e->d_name);
        size_t n = strlen(e->d_name);
        if (n > 4 && !strcmp(e->d_name + n - 4, ".nas"))
            offer(w, arena_printf(w->a, "%s.%.*s", prefix, (int)(n - 4), e->d_name));
        else if (is_dir(path))
            modules(w, path, arena_printf(w->a, "%s.%s", prefix, e->d_name), depth + 1);
    }
    if (d)
        closedir(d);
}

static bool wanted(const struct gram_decl *d, enum repl_words what)
{
    if (what == WORDS_ARCH)
        return d->kind == GD_ARCH;
    return d->kind == GD_RULES && (what == WORDS_RULE || ((const struct gram_rules *)d)->overload.at[0]->form == RF_SPACE);
}

/* Of the module and of what it imports. */
static void names(struct words *w, struct repl *r, enum repl_words what)
{
    struct gram *g = r->s->g;
    const struct gram_module *m = g ? g->module.at[g->module.n - 1] : NULL;
    for (u32 i = 0; m && i < m->decl.n; i++)
        if (wanted(m->decl.at[i], what))
            offer(w, m->decl.at[i]->name);
    for (u32 k = 0; m && k < m->import.n; k++)
        for (u32 i = 0; !m->import.at[k].alias && i < m->import.at[k].module->decl.n; i++) {
            const struct gram_decl *d = m->import.at[k].module->decl.at[i];
            /* nets of a library are too many to be of interest */
            bool net = d->kind == GD_RULES && ((const struct gram_rules *)d)->overload.at[0]->form == RF_NET;
            if (wanted(d, what) && !net && gram_lookup(g, (struct gram_module *)m, d->name) == d)
                offer(w, d->name);
        }
}

static void commands(struct words *w, const struct repl *r, bool colon)
{
    for (u32 i = 0; i < repl_nrow; i++)
        if (repl_table[i].step ? r->stepping : colon)
            offer(w, colon ? arena_printf(w->a, ":%s", repl_table[i].name) : repl_table[i].name);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

struct repl_words_of repl_complete(struct arena *a, struct repl *r, const char *line, size_t cursor, size_t *from)
{
    size_t first = 0, end;
    while (first < cursor && isspace((unsigned char)line[first]))
        first++;
    for (end = first; end < cursor && !isspace((unsigned char)line[end]);)
        end++;
    *from = cursor;
    while (*from > first && !isspace((unsigned char)line[*from - 1]))
        (*from)--;
    struct words w = {.a = a, .word = line + *from, .n = cursor - *from};
    bool colon = first < cursor && line[first] == ':';
    if (*from == first) {
        if (colon || r->stepping)
            commands(&w, r, colon);
        else
            names(&w, r, WORDS_ARCH);
    } else {
        enum repl_words what = WORDS_NONE;
        u32 same = 0;
        for (u32 i = 0; i < repl_nrow; i++)     /* a beginning will do, as for the command itself */
            if (colon && !strncmp(repl_table[i].name, line + first + 1, end - first - 1) && end > first + 1)
                if (!same++ || strlen(repl_table[i].name) == end - first - 1)
                    what = repl_table[i].words;
        static const char *const samplers[] = {"local", "exact"};
        static const char *const limits[] = {"depth", "nodes", "params", "macs", "memory", "off"};
        if (what == WORDS_FILE) {
            files(&w);
            if (session_stdlib(r->s))
                modules(&w, session_stdlib(r->s), "std", 0);
        } else if (what == WORDS_LIMIT) {
            for (u32 i = 0; i < COUNTOF(limits); i++)
                offer(&w, limits[i]);
        } else if (what == WORDS_SAMPLER) {
            for (u32 i = 0; i < COUNTOF(samplers); i++)
                offer(&w, samplers[i]);
        } else if (what == WORDS_HELP) {
            for (u32 i = 0; i < repl_nrow; i++)
                offer(&w, repl_table[i].name);
        } else if (what != WORDS_NONE) {
            names(&w, r, what);
        }
    }
    if (w.at.n)
        qsort(w.at.at, w.at.n, sizeof *w.at.at, by_text);
    return (struct repl_words_of){w.at.n, w.at.at};
}
