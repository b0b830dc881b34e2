/* rec.h - the one text format of every IR: records.
 *
 *   (eq (lhs y r0 r1) (body (mul (read x r0) 2.5)) ; comment to end of line
 *
 * A record is '(' head item* ')'; an item is a word, an integer, a real, a "string" or a
 * record.  Words are any run of characters other than space ( ) " ;.  rec_parse reads a whole text
 * into a tree; rec_* accessors complain through diags with the place (E0801..E0809), so
 * every IR reader gives carets for free. */
#ifndef NASC_REC_H
#define NASC_REC_H
#include "compiler/base/diag.h"
#include "compiler/base/str.h"

enum rec_kind { REC_WORD, REC_INT, REC_REAL, REC_STRING, REC_LIST };
struct rec {
    enum rec_kind kind;
    struct loc loc;
    str text;                   /* word, string, or the head of a list */
    i64 i;
    double r;                   /* set for INT too */
    struct rec *item;           /* LIST: the items after the head */
    u32 n;
};

/* All top-level records of a text; NULL after complaining. */
struct rec *rec_parse(struct arena *a, struct str_pool *sp, struct diags *ds, const struct src *s, u32 *n);
/* First sub-record with that head, or NULL. */
const struct rec *rec_find(const struct rec *r, const char *head);
/* Item i as ..., complaining and returning false if it is absent or of another kind. */
bool rec_int(struct diags *ds, const struct rec *r, u32 i, i64 *out);
bool rec_real(struct diags *ds, const struct rec *r, u32 i, double *out);
bool rec_word(struct diags *ds, const struct rec *r, u32 i, str *out);      /* WORD or STRING */
bool rec_list(struct diags *ds, const struct rec *r, u32 i, const char *head, const struct rec **out);  /* head NULL: any */

/* Printing: rec_open(b, depth, "eq") ... rec_close(b).  Depth > 0 starts an indented line. */
void rec_open(struct buf *b, int depth, const char *head);
void rec_close(struct buf *b);
void rec_put_word(struct buf *b, const char *w);            /* leading space, quoted if needed */
void rec_put_int(struct buf *b, i64 v);
void rec_put_real(struct buf *b, double v);                 /* always with . e inf or nan */

#endif
