/* typed.h - a grammar with its types worked out: symbols, and what an alternative does between its draws, as tables.
 *
 * A *symbol* (struct tsym) is a rule, net or space once its attributes and arguments are known, and `depth` where it reads that.  What an
 * alternative of a symbol does is a function of the results of the draws it makes; so it is a tree of *states* (struct tstate): each is
 * the place of one event, and the evaluation from the event before it to this one is done, its costs noted.
 *
 *   T_CHOICE     an alternative is to be chosen: typed_pick(state, number).  The entry of a symbol, and each `choose`, which opens a
 *                draw within the alternative (level counts those open)
 *   T_CALL       a draw of symbol `sym`: typed_result(state, what it gave)
 *   T_FOLLOW     the decisions of draw number site->use of this alternative again, at symbol `sym`: typed_result
 *   T_CLOSE      the innermost open choice is over: typed_pass
 *   T_ONCE, T_ONCE_END, T_AGAIN   a once body begins, ends; what number site->use of them cost is due once more: typed_pass
 *   T_DONE       the alternative gives `result`
 *   T_FAIL       it does not evaluate: types, conditions (not limits: nothing here knows them)
 *   T_SLOW       it does something that is not tabulated (`share`, recipes, functions handed to rules that draw, mistakes):
 *                only the elaborator knows
 *
 * States are made when they are asked for, by the elaborator itself: it evaluates the alternative with the results given, and stops
 * at the next event.  So there is one meaning of the language, and tables are invisible: dropping them changes nothing.
 * Everything lives in gram.tables and goes with it (gram_forget). */
#ifndef NASC_TYPED_H
#define NASC_TYPED_H
#include "compiler/ir/idmap.h"
#include "grammar/elab.h"

struct tval { u64 hash; struct val v; u32 id; u32 nword; u64 word[]; };        /* interned: equal values are one */

/* The weights of a choice; shared by all symbols of a rule whose alternatives are fixed. */
struct tweights {
    u32 n, nopen;               /* alternatives; those of weight above 0 */
    u32 only;                   /* nopen 1: which */
    const double *weight;       /* normalised */
    const double *sum;          /* of the weights up to and with this one */
    const double *logp;
    const struct acase *at;     /* NULL for a choose */
};
struct tchoice {
    const struct tweights *w;
    const struct ast *choose;   /* A_CHOOSE; NULL: a rule */
    struct tstate *to[];        /* [n]; NULL: not asked for yet */
};
struct tcost { u64 params, macs, nodes, bytes, instances; };    /* of one instance of the symbol; bytes: the largest */

/* Where an event stands: the same for all types, interned. */
struct tsite {
    const struct ast *at; str label;
    u64 mult;                   /* replication around it, within the alternative */
    u64 step[4];                /* its path is that of its home, mixed with these */
    u32 nstep;
    u32 round, use;             /* use: FOLLOW: number of the draw; ONCE ..: of the body */
    u16 nest, nest_most;        /* applications around it; most since the event before */
    u8 deeper;                  /* a draw: counts for depth */
};

enum { T_MOST_WAY = 200 };      /* events of an alternative; longer ones are SLOW */
enum tkind { T_CHOICE, T_CALL, T_FOLLOW, T_CLOSE, T_ONCE, T_ONCE_END, T_AGAIN, T_DONE, T_FAIL, T_SLOW };
struct tstate {
    u8 kind;
    u8 level;                   /* choices open within the alternative before this event */
    u8 chooses;                 /* some are, or were */
    u32 steps;                  /* of the elaborator, from the event before */
    const struct tsite *site;   /* NULL: DONE, FAIL, SLOW */
    const struct tcost *cost;   /* from the event before; NULL: none */
    struct tstate *up;          /* the event before; NULL: an entry */
    union { u64 alt; const struct tval *on; };          /* the answer there that led here */
    union { struct tsym *sym; struct tchoice *choice; const struct tval *result; };
    union {
        const struct tval *last_on;
        struct tsym *owner;     /* an entry: of whom */
        void *text;             /* DONE: how it is printed (typed_text.c) */
    };
    struct tstate *to;          /* one-entry cache of typed_result; typed_pass */
};

struct tsym {
    u64 hash;
    const struct gram_rule *rule;
    u32 depth;                  /* 1 + that; 0: it does not read it, or a symbol whose depth is open */
    bool reads_depth;           /* use typed_at_depth */
    u32 id;
    struct tstate *entry;
    const struct frame *frame;  /* attributes and arguments; NULL for a space */
    struct { struct tsym **at; u32 n, cap; } by_depth;
    struct limits limits;       /* of a space */
    void *user;                 /* of whoever walks these; NULL at first */
    u32 nword; u64 word[];
};

struct typed;
struct typed *typed_of(struct gram *g);                 /* the tables of a grammar; begun when there are none */
struct tsym *typed_space(struct typed *t, const struct gram_rule *space);
struct tsym *typed_at_depth(struct typed *t, struct tsym *s, u32 depth);
struct tstate *typed_entry(struct typed *t, struct tsym *s);    /* CHOICE, FAIL or SLOW */
/* What follows; made if it is not there. */
struct tstate *typed_pick(struct typed *t, struct tstate *choice, u32 alt);
struct tstate *typed_result(struct typed *t, struct tstate *call, const struct tval *v);
struct tstate *typed_pass(struct typed *t, struct tstate *s);
u32 typed_count(const struct typed *t, u32 *nsym, u32 *nval);  /* states, symbols, values so far */

/* ---- typed.c, typed_fill.c, typed_plain.c, typed_text.c among themselves ---- */
struct ttext;
struct tplain;
struct notation;
struct typed {
    struct gram *g;
    struct arena *a, *scratch;
    struct idmap val_by, sym_by, site_by;
    VEC(struct tval *) val;
    VEC(struct tsym *) sym;
    VEC(const struct tsite *) site;
    struct { const struct tstate **from; const struct tval **on; struct tstate **to; u32 cap, n; } edge;
    struct tstate *fail[8];
    struct idmap plain_by;      /* typed_plain.c */
    VEC(struct tplain *) plain;
    VEC(const struct tstate *) first;       /* by the rule's serial: an entry of it, where alternatives and weights are the same for all its symbols */
    struct idmap text_by;       /* typed_text.c */
    VEC(struct ttext *) text;
    const struct notation *text_of;
    u32 nstate;
};
/* NULL: a value that is not one for tables. */
const struct tval *typed_val(struct typed *t, const struct val *v);
struct tsym *typed_sym(struct typed *t, const struct gram_rule *r, const struct frame *f);
const struct tsite *typed_site(struct typed *t, const struct tsite *s);
struct tstate *typed_fill(struct typed *t, struct tsym *s, struct tstate *from, u64 alt, const struct tval *on);
/* The same for an alternative that only hands values on; NULL: it is not one, or not known to be. */
struct tstate *typed_plain(struct typed *t, struct tsym *s, struct tstate *from, u64 alt, const struct tval *on);
/* What typed_fill made, for others like it. */
void typed_plain_note(struct typed *t, struct tsym *s, struct tstate *from, u64 alt, const struct tval *on, const struct tstate *made);

#endif
