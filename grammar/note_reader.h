/* note_reader.h - a text being read (note_parse.c and its helpers only).
 *
 *   note_match.c   which alternatives a draw can be, by the text; what a finished evaluation left unread
 *   note_read.c    the readings of a node of the chart, as slots and their elements
 *   note_parse.c   one reading: the network a text stands for, or what is wrong with it
 *   note_sum.c     all readings: a table over nodes and arguments
 *   note_say.c     complaints */
#ifndef NASC_NOTE_READER_H
#define NASC_NOTE_READER_H
#include "grammar/forest.h"
#include "grammar/note.h"

enum { NOTE_MOST_LISTS = 1024 };    /* ways to read one node that are kept */

/* A reading of a drawn node: the elements of each slot the form shows, mentions in order of the text. */
struct elems { struct cf_node **at; u32 n; };
struct shown { VEC(struct elems) mention; };        /* a slot may be shown twice */
struct nread { const struct note_prod *np; const struct cf_reading *r; struct shown *slot; };
struct nreads { VEC(struct nread *) at; };

struct inst {                       /* a draw of the current evaluation; draw.user */
    const struct draw *draw;
    u32 nread; struct nread **read; /* one per node it is read from; 0: not in the text */
    u32 *used;                      /* draws so far, by slot */
    u32 from, to;                   /* its place, squeezed */
    const struct inst *parent;
};
/* What an evaluation decided, in order: an alternative, or one of the results of a draw that was summed up on its own. */
struct entry;
struct step { const struct entry *entry; u32 result; struct forest_draw draw; u32 from, to; };
/* An evaluation that is repeated until all its paths of decisions were tried. */
struct tries {
    VEC(struct inst *) inst;        /* of this path, in order */
    VEC(struct step) step;
    VEC(u32) taken, of;             /* the path: candidate taken at each decision, and how many there were */
    u32 at;                         /* decision of this path */
};
struct cand { u32 alt; u32 nread; struct nread **read; };
struct cands { VEC(struct cand) at; };

struct failure {
    bool any;
    u32 steps;
    enum diag_code code;
    u32 from, to;
    const char *text, *note, *hint;
    struct loc where; const char *where_text;
    struct diags *why;
};
struct reader {
    struct notation *n;
    struct arena *a, *scratch;
    struct diags *ds;
    const struct src *src;
    struct cf_chart *chart;
    struct tries *t;                /* under way */
    bool cut;                       /* some readings were left out: there are too many */
    struct failure this, best;
};

/* note_match.c */
/* The nodes a draw is read from: none for one that the text does not show.  false: the text has nothing for it, which is noted.
 * *used: the counter that went up, or NULL. */
bool note_nodes(struct reader *r, const struct choice *c, struct cf_node ***out, u32 *n, u32 **used);
/* What the draw can be, by its nodes; notes a failure if nothing. */
void note_candidates(struct reader *r, const struct choice *c, struct cf_node **node, u32 n, struct cands *out);
struct inst *note_inst(struct reader *r, const struct choice *c, u32 nread, struct nread **read, u32 from, u32 to);
/* The candidate of this path among n; may be a new decision. */
u32 note_take(struct reader *r, u32 n);
int note_pick(void *ctx, const struct choice *c);
double note_unit(void *ctx, u64 path);
/* A finished path must have used all that the text writes, and its values. */
bool note_all_used(struct reader *r);
/* The next path of decisions; false when all were tried. */
bool note_advance(struct tries *t);
void note_begin(struct tries *t);

/* note_sum.c: all readings, once one evaluation has met a decision. */
struct note_total {
    double nreading;            /* 0: none */
    bool broken;                /* a mistake of the grammar that only shows now: r->this says which */
    struct forest_path best, other;        /* the most likely, and one that is not the same; of one reading both are best */
    u32 split;                  /* the place where best and other part: a draw by its number in both */
    u32 from, to;               /* what the text has there */
    struct forest forest;       /* in r->a */
};
void note_sum(struct reader *r, struct note_total *out);

/* note_read.c: the readings of a drawn node, listed once. */
const struct nreads *note_reads(struct reader *r, struct cf_node *d);
const struct note_piece *note_piece_of(const struct note_prod *np, const struct cf_sym *s);
const struct note_prod *note_prod_of(const struct reader *r, const struct cf_prod *p);

/* note_say.c: complaints, with their places. */
const char *note_quote(const struct reader *r, u32 from, u32 to);
void note_say_syntax(struct reader *r);
void note_say_refused(struct reader *r);
struct loc note_place(const struct reader *r, u32 from, u32 to);

#endif
