/* earley.h - general context-free parsing of architecture texts (Earley 1970), with a shared forest.
 *
 * In: a grammar whose terminals are literal strings, optional spaces and value tokens, and a text.
 * Out: a chart from which every reading of the text can be listed, or where the text stopped to fit
 * and what was expected there.
 *
 * No assumption on the grammar: left recursive, ambiguous and nullable symbols are fine (cf_cycle
 * finds symbols that derive themselves, whose readings would be without end).
 *
 * White space.  A text is read in squeezed form: runs of white space vanish, but for one space
 * between two word characters.  Literals hold no white space; where the notation has some, CF_SPACE
 * stands: it takes the squeezed space if there is one, and fails only between two word characters
 * that touch. */
#ifndef NASC_EARLEY_H
#define NASC_EARLEY_H
#include "compiler/base/vec.h"

enum cf_kind {
    CF_LIT,         /* lit, len */
    CF_SPACE,
    CF_VALUE,       /* a number (12, -3, 3.5, 9/8) or a word */
    CF_SHAPE,       /* numbers between commas, also none: 3, 32, 32 */
    CF_NT           /* nt */
};
struct cf_sym { u8 kind; u32 nt; const char *lit; u32 len; u32 user; };
struct cf_prod { u32 lhs, n, state0, user; const struct cf_sym *sym; };
/* start: productions that may begin with a character, by cfg_index: those of bucket b are start[first[b]] up to start[first[b + 1]]. */
struct cf_nt { const char *name; VEC(u32) prod; u32 *start, *first; };
enum { CF_BUCKETS = 64 };
struct cfg {
    struct arena *a;
    VEC(struct cf_nt) nt;
    VEC(struct cf_prod) prod;
    u32 nstate;
};
void cfg_init(struct cfg *g, struct arena *a);
u32 cf_nt(struct cfg *g, const char *name);
/* Symbols are copied; a CF_SPACE that can never meet two word characters is left out. */
u32 cf_prod(struct cfg *g, u32 lhs, u32 n, const struct cf_sym *sym, u32 user);
/* Sorts productions by what they begin with, for cf_parse; once, when all are there. */
void cfg_index(struct cfg *g);
/* A symbol that derives itself (through units and nullables), as its number + 1; 0: none. */
u32 cf_cycle(const struct cfg *g, struct arena *scratch);

bool cf_word_char(char c);
/* Squeezed text; off[i] is the offset of character i in the original, off[n] its end. */
struct cf_text { const char *at; u32 n; const u32 *off; };
struct cf_text cf_squeeze(struct arena *a, const char *text, u32 len);

/* One way to read a node: a production and the extent of each of its symbols. */
struct cf_span { u32 from, to; struct cf_node *node; };         /* node: NULL for terminals */
struct cf_reading { const struct cf_prod *prod; const struct cf_span *span; };
struct cf_node {                /* nonterminal nt over [from, to) */
    u32 nt, from, to;
    struct cf_item *done, *last;        /* completed items, in order */
    struct cf_reading *reading; u32 nreading;
    struct cf_node *next;       /* that ends there */
    bool listed, cut;           /* cut: there are more readings than cf_readings keeps */
    void *user;
};
struct cf_expect { const char *lit; u32 len; u32 prod; };       /* what was expected (rest of a literal; NULL: a value) */
struct cf_position { struct cf_item *first, *last, *wait; struct cf_node *node; u32 nitem, nnode; };
struct cf_chart {
    struct arena *a;
    const struct cfg *g;
    struct cf_text text;
    struct cf_node *root;       /* NULL: the text does not fit */
    u32 far;                    /* then: how far it fitted (squeezed) ... */
    VEC(struct cf_expect) expect;       /* ... and what could have come there, without doubles */
    u32 only;                   /* internal: collect what is expected at this place; CF_FURTHEST; CF_NOTHING */
    struct cf_position *at;     /* [text.n + 1] */
    struct cf_item **slot; u32 nslot, nitem;    /* of positions that have many, by hash */
    struct cf_node **nodes; u32 nodecap, nnode;
    u64 nlink, most;            /* links made, and how many there may be */
    bool full;                  /* the chart was given up: there were more */
    bool cut;                   /* some node has more readings than were listed */
};
enum { CF_MOST_READINGS = 1024, CF_MOST_TEXT = 1 << 22, CF_FURTHEST = 0xffffffffu, CF_NOTHING = 0xfffffffeu };
/* text.n must be below CF_MOST_TEXT.  Where the text does not fit and that is in the middle of a word, far goes back to the
 * start of the word if words are expected there. */
struct cf_chart *cf_parse(struct arena *a, const struct cfg *g, u32 start, struct cf_text text);
/* Lists the readings of a node (once), at most CF_MOST_READINGS. */
void cf_readings(struct cf_chart *c, struct cf_node *n);

#endif
