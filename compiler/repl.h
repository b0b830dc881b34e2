/* repl.h - the prompt: what a session at it holds, its commands, and where its lines come from.
 *
 * Lines come from a terminal (repl_edit.c: libedit) or from anything else (plain lines, no prompt).  A line is a command of repl.def, while
 * deriving by hand one of its bare words, or else an architecture text.  A wrong line is said and does not end the session. */
#ifndef NASC_REPL_H
#define NASC_REPL_H
#include "compiler/cli.h"
#include "grammar/step.h"

struct repl {
    struct cli *c;
    nasc_session *s;
    struct arena *a;            /* of the line under way */
    bool people;                /* somebody types: prompts, and no status for mistakes */
    bool quit;
    u32 nline; const char *line;        /* the line under way */
    const char *file, *limits;  /* as given, for loading anew; NULL */
    nasc_arch *arch;            /* the current one; NULL */
    u64 seed, index, moves;     /* of the next sample; mutations made under this seed */
    struct step *step;          /* NULL: none; kept after its end, for undo */
    bool stepping;
};

enum repl_words { WORDS_NONE, WORDS_FILE, WORDS_SPACE, WORDS_RULE, WORDS_ARCH, WORDS_LIMIT, WORDS_SAMPLER, WORDS_HELP };
typedef nasc_status (*repl_fn)(struct repl *r, const char *args);
struct repl_row { repl_fn run; const char *name; char short_; const char *args; enum repl_words words; const char *about; bool step; };
extern const struct repl_row repl_table[];
extern const u32 repl_nrow;

#define REPL_COMMAND(fn, ...) nasc_status fn(struct repl *r, const char *args);
#define REPL_STEP(fn, ...) nasc_status fn(struct repl *r, const char *args);
#include "compiler/repl.def"

/* Complains about a part of the line (`at` points into it, or into a copy of its end; NULL: all of it). */
nasc_status repl_wrong(struct repl *r, const char *at, const char *hint, const char *fmt, ...) PRINTF_LIKE(4, 5);
/* A number, `def` where there is none; complains. */
bool repl_number(struct repl *r, const char *args, u64 def, u64 least, u64 *out);
/* One line: a command, or a text. */
nasc_status repl_line(struct repl *r, const char *line);
nasc_status repl_open_file(struct repl *r, const char *file, const char *space);
bool repl_space_there(struct repl *r);  /* complains */
bool repl_interrupted(void);            /* Ctrl-C since the line began */
void repl_take(struct repl *r, nasc_arch *ar);          /* makes it the current one, and says what it is */
void repl_drop(struct repl *r);                         /* the current one, and what is derived by hand */
void repl_drop_step(struct repl *r);
nasc_status repl_take_text(struct repl *r, const char *text);
void repl_ready(struct repl *r);        /* what there is after loading, for people */

/* Candidates for the word that ends at `cursor` of a line: *from is where it begins.  In arena memory, sorted. */
struct repl_words_of { u32 n; const char **at; };
struct repl_words_of repl_complete(struct arena *a, struct repl *r, const char *line, size_t cursor, size_t *from);

/* Lines of a terminal, edited, with history and completion.  NULL: not built in, or not possible here. */
struct repl_edit;
struct repl_edit *repl_edit_open(struct repl *r);
/* NULL at the end; *cancelled: Ctrl-C, an empty line.  Valid until the next. */
const char *repl_edit_line(struct repl_edit *e, const char *prompt, bool *cancelled);
void repl_edit_close(struct repl_edit *e);

#endif
