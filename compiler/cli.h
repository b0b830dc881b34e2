/* cli.h - the command line: options parsed by opt.def, verbs of verb.def, data out as tables or records. */
#ifndef NASC_CLI_H
#define NASC_CLI_H
#include "compiler/record.h"
#include "compiler/session.h"

#include <stdio.h>

enum opt_id {
#define X(id, long_, short_, arg, verbs, help) id,
#include "compiler/opt.def"
#undef X
    OPTS
};
struct cli {
    nasc_session *s;
    const char *verb;
    VEC(const char *) define, input, output, arch;      /* repeated options */
    const char *value[OPTS];            /* last value given; "" for a flag; NULL: not given */
    u32 narg; const char **arg;         /* words after the verb */
};

/* An option as a number in [lo, hi], or the default; exits with usage through cli_usage. */
bool cli_u64(struct cli *c, enum opt_id o, u64 def, u64 lo, u64 hi, u64 *out);
nasc_status cli_usage(struct cli *c, const char *fmt, ...) PRINTF_LIKE(2, 3);  /* complains; NASC_USAGE */
/* --threads: 0 or `all` is every processor. */
bool cli_threads(struct cli *c, u32 *threads);
/* --strict-math, --training, --code and --break as what passes take; false: complained. */
struct pass_options;
bool cli_pass_options(struct cli *c, struct pass_options *o);
/* Where this machine's table of measurements lies; false: nowhere. */
bool cli_tune_path(struct cli *c, struct buf *path);
nasc_status cli_defines(struct cli *c);                 /* -D NAME=VALUE, before anything is loaded */
/* Loads FILE [SPACE] from the arguments with -D; space: whether one is selected. *next: first argument left. */
nasc_status cli_load(struct cli *c, bool space, u32 *next);
/* The architecture --arch names: a text in the space's notation, or the name of an `arch` item. */
nasc_status cli_arch(struct cli *c, nasc_arch **out);
nasc_status cli_arch_text(struct cli *c, const char *text, nasc_arch **out);    /* the same for any text */
/* Prints the diagnostics there are, and forgets them: between the lines of a long input, and at the end. */
void cli_say(struct cli *c);
/* Lines of stdin; NULL at the end.  The buffer is reused. */
char *cli_line(struct buf *line);
/* The next line as an architecture text: itself, or the field `arch` of a record (the JSON lines of sample and others); no counts lines.  *wrong:
 * it is no such record, complained. */
char *cli_line_arch(struct cli *c, struct buf *line, u64 *no, bool *wrong);
nasc_status cli_lines_end(struct cli *c);               /* complains if the lines ended because they could not be read */

#define X(fn, verb, letter, args, about) nasc_status fn(struct cli *c);
#include "compiler/verb.def"
#undef X

/* Data out: records of named fields, all of one shape. */
enum out_format { OUT_TEXT, OUT_JSONL, OUT_JSON, OUT_CSV };
struct out_col { const char *name; enum out_kind kind; const char *head; u32 width; bool left; const char *unit; };
struct out;
/* Columns with width 0 are left out of tables; of records they are always part. */
struct out *out_open(enum out_format f, u32 ncol, const struct out_col *col);
/* The same as the options want it: --fields chooses and orders columns, --where records.  NULL after complaining. */
struct out *out_begin(struct cli *c, enum out_format f, u32 ncol, const struct out_col *col);
/* Is the cell of a column read by anybody?  Others may be left unfilled. */
bool out_wants(const struct out *o, u32 col);
void out_row(struct out *o, const struct out_cell *cell);       /* unless --where leaves it out; table rows appear at once */
/* In two parts, for rows made by several threads: the row as text, and a row of text to where it goes.  What has been put
 * out appears with out_flush, or when there is much of it. */
void out_render(const struct out *o, struct buf *b, const struct out_cell *cell);
void out_rendered(struct out *o, const char *row, size_t n);
bool out_flush(struct out *o);                                  /* false: it cannot be written */
/* An exact number, given by its digits, for people: 15,625; 1.246e+746769 where it is long.  Other text as it is. */
void out_digits(struct buf *b, const char *s);
void out_close(struct out *o);
/* The derivations of the space chosen, up to a depth if one is said, a row each; what they come to goes to `talk` (cmd_count.c). */
nasc_status count_space(struct cli *c, enum out_format f, bool said, u64 depth, FILE *talk);
/* The ops of an architecture, replication multiplied out (cmd_show.c). */
void show_ops(enum out_format f, nasc_arch *ar);
bool out_format_of(struct cli *c, enum out_format *f);

#endif
