/* skel_build.h - the insides of skel.h: values without types, symbols, evaluation.
 *
 *   skel.c         symbols, their alternatives and weights, the fixpoint over results
 *   skel_value.c   values: copied across symbols, compared, joined, forced
 *   skel_eval.c    expressions and blocks
 *   skel_apply.c   ops, rules, lambdas, once, each, repeat
 *
 * An alternative is evaluated as the elaborator would, tensors being opaque.  A draw of a rule of values gives what is
 * common to all its derivations; a draw of a size, string or function stays a name for its result until something needs
 * to know it, and then the evaluation splits: every result in turn (a decision, replayed by skel.c), the symbol's
 * derivations being told apart by it. What crosses into a symbol is specialised on demand: an argument is opaque until its
 * body asks for a number or a leading extent, and then everything starts again with that slot open. */
#ifndef NASC_SKEL_BUILD_H
#define NASC_SKEL_BUILD_H
#include "compiler/ir/idmap.h"
#include "grammar/skel.h"

enum { SKEL_RESULT = 63 };      /* the slot that stands for what a rule gives */

enum sv_kind { SV_NONE, SV_ANY, SV_NUM, SV_STR, SV_TUPLE, SV_STAGE, SV_DRAWN, SV_LAZY };
struct sv {
    u8 kind;
    u8 slot;                    /* ANY: it could be known if this slot */
    const struct gram_rule *of; /* of this rule were open; NULL: it cannot */
    i64 lead;                   /* ANY: leading extent, where known; else 0 */
    union {
        struct num num;
        str s;
        const struct sv_tuple *tuple;
        const struct sv_stage *stage;
        u32 draw;               /* of this evaluation */
        const struct sv_lazy *lazy;
    };
};
struct sv_tuple { u32 n; struct sv at[]; };
struct sv_lazy { const struct ast *at; u32 n; struct sv arg[]; };        /* binary, neg, not or builtin call */

/* The draw that mentions in a text belong to. */
struct sv_home { i32 depth; const struct sv_case *taken; };
struct sv_frame {
    struct sv_frame *up;
    const struct sv_home *home;
    u32 nslot;
    struct sv slot[];
};
enum { SS_OP, SS_RULE, SS_LAMBDA, SS_ONCE, SS_EACH, SS_REPEAT, SS_PIPE, SS_PARTIAL, SS_BUILTIN };
struct sv_attr { str name; struct sv v; };
struct sv_stage {
    u8 kind;
    struct sv_frame *frame;
    const void *ptr;            /* OP: gram_ops; RULE: gram_rules */
    const struct sv_stage *f, *g;       /* PIPE; EACH and PARTIAL: f */
    const struct ast *code;     /* LAMBDA, REPEAT; ONCE: its head; BUILTIN: the mention */
    struct sv_once *once;
    struct sv n;                /* REPEAT, EACH (NONE: by the bundle) */
    u32 nattr; const struct sv_attr *attr;
    u32 narg; const struct sv *arg;
};
struct sv_once { bool used; u32 from, to; double mult; struct sv result; };

struct sv_case { const struct gram_alt *alt; const struct ast *opt; u32 nvar; const struct sv *var; const struct sv_case *inner; double w; bool rest; };

struct sdraw { u32 sym; i32 cls; i32 shift; double inst; };     /* cls -1: whatever it gives; shift: of its depth from here */
struct sclass { struct sv v; double p; };
struct sprod { double p; u32 number; const struct ast *alt; i32 cls; u32 ndraw; const struct sdraw *draw; };
struct ssym {
    const struct gram_rule *rule;
    const struct ast *choose;
    struct sv *slot;            /* attributes and parameters */
    struct sv_frame *frame;     /* choose */
    u32 depth;
    u32 nword; const u64 *word;
    bool queued, has;           /* has: some derivation ends */
    struct sv joined;
    VEC(struct sclass) cls;     /* where it is told apart by results */
    VEC(struct sprod) prod;
    VEC(u32) user;              /* symbols to look at again when this one gives more */
};
struct srule { u64 open; u32 nsym; bool widened; };     /* open: slots that are handed over as they are */

struct decision { u32 pick, n; };
struct sbuild {
    struct gram *g;
    const struct gram_rule *space;
    const struct skel_opts *o;
    struct arena *a, *tmp;      /* of the build; of one evaluation */
    struct srule *rule;         /* by serial */
    VEC(struct ssym *) sym;
    struct idmap by_key;
    VEC(u32) work;
    u64 steps, most_steps;
    u32 nest;
    u32 notes;
    bool by_depth, wants_depth; /* something reads the depth: all again, by depth */
    u32 most_depth;
    bool restart, over, crosses;
    /* the evaluation under way */
    u32 cur;
    struct { struct decision *at; u32 n, cap; } dec; u32 ndec;
    struct { struct sdraw *at; u32 n, cap; } draw;
    double p, mult;
};

/* ---- values ---- */
static inline struct sv sv_any(void) { return (struct sv){.kind = SV_ANY}; }
static inline struct sv sv_lead(i64 n) { return (struct sv){.kind = SV_ANY, .lead = n}; }
static inline struct sv sv_int(i64 n) { return (struct sv){.kind = SV_NUM, .num = num_int(n)}; }
static inline struct sv sv_of(const struct gram_rule *r, u32 slot) { return (struct sv){.kind = SV_ANY, .of = r, .slot = (u8)slot}; }
struct sv sv_tuple(struct sbuild *b, u32 n, const struct sv *at);
/* How a value gets from one symbol to another. */
enum cross {
    CROSS_SHUT,                 /* what is drawn, and leading extents, become opaque: to be asked for at (of, slot) */
    CROSS_OPEN,                 /* draws are forced; what is opaque is asked for */
    CROSS_KEEP,                 /* draws are forced; what is opaque stays */
    CROSS_RESULT                /* what is drawn becomes opaque, leading extents stay */
};
struct crossing { enum cross how; i32 shift; const struct gram_rule *of; u32 slot; };   /* shift: of the depths of homes */
/* A copy in the build's arena that means the same under another symbol. */
bool sv_cross(struct sbuild *b, const struct crossing *c, struct sv v, struct sv *out);
/* The locals that `code` reads, `level` frames out from it. */
bool sv_cross_frame(struct sbuild *b, i32 shift, struct sv_frame *f, const struct ast *code, u32 level, struct sv_frame **out);
typedef VEC(u64) sv_words;
void sv_key(struct sbuild *b, const struct sv *v, sv_words *w);
bool sv_same(struct sbuild *b, const struct sv *x, const struct sv *y);
/* What both are; false: a function in it is not the same in both. */
bool sv_join(struct sbuild *b, const struct gram_rule *r, struct sv *to, const struct sv *v);
/* No draws in it: it is what it is.  Opaque values are asked for where that helps (all starts again). */
bool sv_force(struct sbuild *b, struct sv *v);
bool sv_known_int(struct sbuild *b, struct sv *v, i64 *out, bool *known);        /* forces */
/* May applying it, or evaluating this expression, draw something? */
bool sv_draws(struct sbuild *b, const struct sv *v);
bool sv_may_draw(struct sbuild *b, struct sv_frame *f, const struct ast *n);
i64 sv_leading(struct sbuild *b, const struct sv *v);   /* asks; 0: not known */

/* ---- decisions ---- */
u32 skel_decide(struct sbuild *b, u32 n);
void skel_note(struct sbuild *b, enum skel_note n);

/* ---- evaluation: false where this outcome is none ---- */
struct sv_frame *skel_frame(struct sbuild *b, u32 nslot, struct sv_frame *up);
bool skel_eval(struct sbuild *b, struct sv_frame *f, const struct ast *n, struct sv *out);
bool skel_callee(struct sbuild *b, struct sv_frame *f, const struct ast *n, struct sv *out);
/* Known to be true or false, else both in turn where it matters (n: what it decides upon; NULL: taken as true). */
bool skel_cond(struct sbuild *b, struct sv_frame *f, const struct ast *n, bool *out, bool *known);
bool skel_compute(struct sbuild *b, const struct ast *at, u32 n, const struct sv *arg, struct sv *out);
bool skel_bind(struct sbuild *b, struct sv_frame *f, const struct ast *pat, struct sv v);
bool skel_apply(struct sbuild *b, const struct sv_stage *st, u32 narg, const struct sv *arg, struct sv *out);
const struct sv_stage *skel_with_attrs(struct sbuild *b, const struct sv_stage *st, u32 n, const struct sv_attr *attr);
/* Patterns of a signature: names get the leading extents that are known, and are opaque otherwise. */
void skel_match(struct sbuild *b, struct sv_frame *f, const struct ast *type, const struct sv *v);

/* ---- symbols (skel.c) ---- */
/* The options of a set spelled out; a weight is an A_OPT's. */
struct sv_opt { const struct ast *opt, *weight; struct sv v; };
bool skel_opts_of(struct sbuild *b, struct sv_frame *f, const struct ast *opts, bool values, u32 *n, struct sv_opt **out);
bool skel_draw(struct sbuild *b, const struct sv_home *home, const struct gram_rule *r, const struct sv *slot, struct sv *out);
bool skel_draw_choose(struct sbuild *b, struct sv_frame *f, const struct ast *n, struct sv *out);

#endif
