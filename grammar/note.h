/* note.h - the notations of a space, as notation_build leaves them (notation*.c only).
 *
 * Every alternative that can be drawn (an alternative, or an alternative with the one of an inline rule
 * that stands in for its mention, or an option of a `choose`) has forms: lists of pieces.  Each
 * form gives productions of a context-free grammar, one for every member of a family whose set
 * is written out; other families, attributes and sizes are value tokens, compared with what the
 * elaborator says. */
#ifndef NASC_NOTE_H
#define NASC_NOTE_H
#include "grammar/derive.h"
#include "grammar/earley.h"

/* A draw of an alternative that a hole may name: all mentions that share a name (they exclude each other) or
 * stand alone. */
struct note_slot {
    VEC(str) name;
    VEC(const struct ast *) at;         /* labels and the mention itself: what draw.at may be */
    VEC(const struct ast *) mention;    /* A_ID, A_FIELD, A_CHOOSE */
    VEC(bool) branch;                   /* per mention: in a branch of an `if` */
    struct loc loc;
    bool repeat;                        /* any number of draws */
    bool optional;                      /* may not be drawn at all */
    bool open;                          /* there is something to choose in it */
};
enum note_piece_kind { NP_TEXT, NP_SLOT, NP_LIST, NP_VALUE, NP_SHAPE };
struct note_piece {
    u8 kind;
    u32 slot;                           /* SLOT, LIST */
    const char *text; u32 len;          /* TEXT; LIST: the separator */
    str var;                            /* VALUE; SHAPE: the tensor, "": what the alternative gives */
    bool part;                          /* SHAPE: without the first axis */
    struct loc loc;
};
struct note_form {
    VEC(struct note_piece) piece;
    const char *shown;                  /* as written, for messages */
    struct loc loc;
};
/* A family variable whose set is written out. */
struct note_family { str *var; u32 nvar; u32 nmember; str *text; /* [member][var] */ bool open; /* set not written out */ };
struct note_alt {
    const struct gram_rules *set;       /* NULL: choose */
    const struct gram_rule *rule;
    const struct gram_alt *galt, *ginner;       /* NULL for choose */
    const struct ast *alt, *inner;
    u32 number;                         /* 1-based, among the A_ALTs of the set */
    VEC(struct note_slot) slot;
    VEC(struct note_form) form;
    VEC(struct note_family) family;
    struct note_alt *next;              /* of its bucket */
};
/* One production of a nonterminal that is drawn. */
struct note_prod {
    const struct note_alt *alt;
    const struct note_form *form;
    u32 nfixed; const str *fixed_var; const str *fixed_text;    /* family members written into this production */
};
enum note_nt_kind { NT_SET, NT_CHOOSE, NT_UNION, NT_OPT, NT_LIST };
struct note_nt { u8 kind; const struct gram_rules *set; const struct ast *choose; bool filled; };
struct notation {
    struct arena *a;
    struct gram *g;
    const struct gram_rule *space;
    struct cfg cfg;
    u32 start;
    VEC(struct note_nt) nt;             /* by nonterminal */
    VEC(struct note_prod) prod;         /* by cf_prod.user - 1; user 0: a production of UNION, OPT or LIST */
    VEC(const struct gram_rules *) open;        /* sets with something to choose, sorted by nothing: searched */
    struct note_alt *bucket[256];       /* by alt and inner */
    bool depth_known, reads_depth;      /* does anything in the grammar look at `depth`? */
};
/* cf_sym.user of a production: piece + 1. */

const struct note_alt *note_find(const struct notation *n, const struct ast *alt, const struct ast *inner);
bool note_set_open(const struct notation *n, const struct gram_rules *s);

/* note_alt.c: slots, families and forms of one alternative; complains.  false after an error. */
bool note_alt_fill(struct notation *n, struct note_alt *t);
/* The set a mention names, or NULL if it is a `choose`. */
const struct gram_rules *note_mention_set(const struct ast *mention);
/* note_walk.c: calls back for every mention of something drawn in an alternative's expression, in the order of the text. */
struct note_path { const struct ast *at; u32 kid; const struct note_path *up; };    /* branches of `if` around a mention */
struct note_mention { const struct ast *mention; const struct note_path *path; bool repeat; VEC(str) name; VEC(const struct ast *) at; };
struct note_walk { struct arena *a; VEC(struct note_mention) mention; VEC(str) other; /* names that are no draws */ };
void note_walk(struct note_walk *w, const struct ast *e);
/* Which sets have something to choose in them. */
void note_find_open(struct notation *n);

#endif
