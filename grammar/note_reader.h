/* note_reader.h - a text being read (note_parse.c and its helpers only). */
#ifndef NASC_NOTE_READER_H
#define NASC_NOTE_READER_H
#include "grammar/note.h"

enum { NOTE_MOST_LISTS = 64 };      /* ways to read one node that are kept */

/* A reading of a drawn node: the elements of each slot the form shows, mentions in order of the text. */
struct elems { struct cf_node **at; u32 n; };
struct shown { VEC(struct elems) mention; };        /* a slot may be shown twice */
struct nread { const struct note_prod *np; const struct cf_reading *r; struct shown *slot; };
struct nreads { VEC(struct nread *) at; };

struct inst {                       /* a draw of the current run */
    const struct draw *draw;
    u32 nread; struct nread **read; /* one per node it is read from; 0: not in the text */
    u32 *used;                      /* draws so far, by slot */
    u32 from, to;                   /* its place, squeezed */
    const struct inst *parent;
    struct inst *next;
};
struct run { u32 nstep, *step; struct cf_span *span; struct derivation *d; struct arch *arch; };
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
    struct inst **bucket; u32 nbucket;
    VEC(struct inst *) inst;        /* of this run, in order */
    VEC(u32) taken, of;             /* the path: candidate taken at each step, and how many there were */
    VEC(u32) alt_no;                /* of this run */
    u32 at;                         /* step of this run */
    struct failure this, best;
};

/* note_read.c: the readings of a drawn node, listed once. */
const struct nreads *note_reads(struct reader *r, struct cf_node *d);
const struct note_piece *note_piece_of(const struct note_prod *np, const struct cf_sym *s);
const struct note_prod *note_prod_of(const struct reader *r, const struct cf_prod *p);

/* note_say.c: complaints, with their places. */
const char *note_quote(const struct reader *r, u32 from, u32 to);
void note_say_syntax(struct reader *r);
void note_say_refused(struct reader *r);
void note_say_ambiguous(struct reader *r, const struct run *one, const struct run *two);
struct loc note_place(const struct reader *r, u32 from, u32 to);

#endif
