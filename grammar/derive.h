/* derive.h - grammar + decisions -> a derivation, and from it a typed graph.
 *
 * elab.c evaluates the bodies of spaces, rules and nets.  Where a nonterminal or `choose` has to be
 * decided it asks a chooser; so sampling, replaying and reading a text back are the same code
 * with three choosers.  What was decided is the derivation: a tree of draws, in evaluation order.
 *
 * Failure is a value: a body that does not type, a `where` or `require` that is false, a limit that is
 * passed makes the alternative not viable; with a retrying chooser (sampling) the alternative is
 * removed at that node and another drawn from the rest (sampler `local`); with others the whole
 * evaluation fails with the reason kept. */
#ifndef NASC_DERIVE_H
#define NASC_DERIVE_H
#include "compiler/base/rng.h"
#include "compiler/ir/arch.h"
#include "compiler/ir/count.h"
#include "grammar/forest.h"
#include "grammar/gram.h"

/* One decision: which alternative, and which member of its family. */
struct draw {
    const struct gram_rules *rules;     /* the nonterminal; NULL for `choose` */
    const struct gram_rule *rule;       /* the overload that applied */
    const struct ast *at;               /* where it was asked for: label, mention or A_CHOOSE */
    const struct ast *alt;              /* A_ALT or A_OPT taken */
    const struct ast *inner;            /* alternative of an inline rule that stands in for the mention in alt; NULL */
    u32 alt_no;                         /* its number among all alternatives, families and inline rules expanded, weight 0 included */
    str label;                          /* label or let name; NULL */
    u32 nvar; str *var; struct dval *value;     /* what a notation may show, name -> text: attributes, sizes, family variables, lets that are
                                                 * sizes or strings; choose: var[0] = "" and its value, if it is one */
    struct draw **child; u32 nchild;    /* draws made while evaluating the alternative, in order */
    u32 round;                          /* round of the innermost repeat it was made in */
    u32 depth;
    double p;                           /* its weight, normalised over the alternatives */
    void *user;                         /* the chooser's, while it is asked */
};
struct dval { str text; };              /* as it is printed in a notation */

struct derivation {
    struct arena *a;                    /* the sample's lifetime */
    const struct gram_rule *space;
    struct draw *root;                  /* of the space */
    double logp;                        /* sum of log p */
    u32 depth; u64 nodes;               /* deepest draw; op instances of the network as derived */
    struct count count;
    u32 nin, nout; type_id *in, *out;
    VEC(struct arecipe) recipe;
};

/* Which draws there are.  Each application of a rule makes one, and each evaluation of a `choose`; a `once` or `share` one at
 * its first use; a net one if gram_rule.draws.  A draw belongs to (is a child of) the draw in whose text its mention stands, so a rule
 * passed as an attribute, captured by a lambda or wrapped in `once` is a child of the alternative that wrote it.  Names: label is the
 * label in the text, else the name of the `let` whose value it is (resolve.c writes it into the tree: an A_LABEL around the
 * mention).  A net without draws of its own is transparent: what it mentions belongs to the alternative that applies it.  For a choose,
 * alt is the A_OPT (or the A_RANGE it came from) and var[0] = "" with its value as printed, if it is a size or a string. */

/* A decision to be taken. `viable`/`weight` run over all n alternatives (families and inline rules expanded);
 * tried ones are not viable any more. */
struct choice { const struct draw *draw; u32 n; const double *weight; const bool *tried; u64 path; u32 attempt; const struct draw *parent;
                const void *elab; /* of elab_alternative */ };
/* What a chooser that does not retry may rely on (notation.c does; a retrying one sees no var/value):
 * - pick is asked for every draw, also where n is 1 (space, net, rule of one alternative).  Weight 0 alternatives are
 *   among the n and may be picked by number.
 * - `draw` is the struct that stays in the derivation (same address later), and is `parent` of the choices made under it.
 *   Filled before pick: rules, rule, at, label, round, depth, and var/value with the attributes; after pick: the rest.
 * - `parent` is the draw in whose text (AST) the mention stands, not the one that happens to apply it: for
 *   `x |> residual[a:Mha]` the parent of a's draw is the rule that says a:Mha, though `residual` calls it; the same for
 *   once, share, lambdas and repeat bodies.  NULL for the space.
 * - `at`: the A_LABEL where the mention has one, else the mention (A_ID or A_FIELD, A_CHOOSE); `at` is a node of the
 *   parent's alternative.  An inline rule's alternative taken in place of its mention is no draw of its own.
 * - a draw of `once`/`share` is asked for once. */
/* Alternative i of a choice as it would be drawn: fills rule, alt, alt_no (= i), inner (the alternative of the inline rule, or
 * NULL) and nvar/var/value (attributes, then family variables of alt, then those of inner) of *out; texts live in the sample's arena. */
void elab_alternative(const struct choice *c, u32 i, struct draw *out);
/* What alternative i is in the text: the alternative, and that of an inline rule in its place, or NULL. */
void elab_taken(const struct choice *c, u32 i, const struct ast **alt, const struct ast **inner);
struct elab; struct enode; struct frame; struct val;
struct chooser {
    void *ctx;
    bool retries;
    bool mute;                          /* no var/value is wanted before pick */
    u64 most_steps;         /* of work; 0: as much as for a sample */
    /* Takes the draw of a rule over before anything is asked, and evaluates it its own way: *mine, and whether that went well (NULL,
     * or *mine false: as usual).  Whoever does bounds the work itself. */
    bool (*decide)(void *ctx, struct elab *e, struct frame *f, const struct gram_rule *r, struct enode *d, struct val *out, bool *mine);
    /* The number of the alternative to try, or -1: none left (dead end). */
    int (*pick)(void *ctx, const struct choice *c);
    /* NULL, or: the alternative taken at a draw was evaluated, to a value or (NULL) in vain, in so many steps.  True: it is
     * undone, and pick is asked again for the same draw. */
    bool (*again)(void *ctx, const struct draw *d, const struct val *v, u64 steps);
    /* A recipe's draw in [0,1). */
    double (*unit)(void *ctx, u64 path);
};

struct elab_why { bool failed; struct diags *ds; };     /* when failed: diagnostics that explain (filled when ds given) */

/* Evaluates a space.  attrs: overrides of its attributes by name (-D).  arch_out may be NULL (types, counts
 * and limits only).  NULL on failure. */
struct derivation *elab_space(struct arena *a, struct gram *g, const struct gram_rule *space, const struct chooser *c,
                              struct diags *why, struct arch **arch_out);
/* The limits that hold for a space; false: they depend on what is drawn. */
bool elab_space_limits(struct gram *g, const struct gram_rule *space, struct limits *out);
/* The sampler `local`: sample number `index` of `seed`. Counts attempts; NULL only if a bound of attempts is reached, or at a
 * mistake of the grammar that only shows here; then g->ds says why. */
struct derivation *derive_local(struct arena *a, struct gram *g, const struct gram_rule *space, u64 seed, u64 index, u64 *attempts, struct arch **arch_out);
/* What it draws: the alternative by weight among those not tried (-1: none; *chance: there was more than one), and a recipe's
 * number.  attempt: 0, 1, .. of that sample. */
int derive_pick(u64 seed, u64 index, u64 attempt, const struct choice *c, bool *chance);
double derive_unit(u64 seed, u64 index, u64 attempt, u64 path);
/* Why the first try of a sample does not go through without trying other alternatives: complains into ds. */
void derive_explain(struct arena *a, struct gram *g, const struct gram_rule *space, u64 seed, u64 index, struct diags *ds);
/* The same derivation again, e.g. to build its graph. */
struct derivation *derive_replay(struct arena *a, struct gram *g, const struct derivation *d, struct arch **arch_out);
void derivation_dump(struct buf *b, const struct derivation *d);        /* --dump=tree */

/* notation.c: architecture texts. */
struct notation;                        /* the context-free grammar of a space's texts, built once per grammar and space */
struct notation *notation_build(struct gram *g, const struct gram_rule *space);         /* complains (E06xx); NULL on error */
/* All notations of a module's rules, also of those that no space reaches.  Complains (E064x); false on error. */
bool notation_check(struct gram *g, const struct gram_module *m);
void notation_print(struct buf *b, const struct notation *n, const struct derivation *d);
/* The text of a draw as far as it is derived: `?` for a draw without an alternative, its hole ($name) for what is not drawn yet. */
void notation_print_open(struct buf *b, const struct notation *n, const struct draw *d);
/* Reads a text.  Complains with place (E07xx): where the text stops to fit and what was expected there; types that do
 * not fit; ambiguity, with two derivations.  arch_out may be NULL. */
struct derivation *notation_parse(struct arena *a, struct notation *n, struct diags *ds, const struct src *text, struct arch **arch_out);
/* All derivations that a text can stand for. */
struct inside {
    double logp;                /* of the text: log of the sum over them */
    double nreading;            /* how many they are; a double: above 2^53 rounded */
    bool exact;                 /* false: there are more; nreading and logp are lower bounds */
    struct derivation *best;    /* the most likely, the first of equals; its logp is its own */
    struct derivation *other;   /* if there is more than one: another */
    const struct draw *at_best, *at_other; struct loc place;        /* then: where the two part, in them and in the text */
    struct forest forest;       /* for sums under other weights */
};
/* Complains like notation_parse when there is none; W0702 where it is not exact.  Everything of *out lives in `a`. */
bool notation_inside(struct arena *a, struct notation *n, struct diags *ds, const struct src *text, struct inside *out);
/* The k most likely of them, best first; returns how many.  With those of `in` as long as nobody forgets their types. */
u32 notation_readings(struct arena *a, struct notation *n, const struct inside *in, u32 k, struct derivation **out);
/* A derivation on one line: Rule.2(Rule.1, ...), alternatives counted from 1, families spread out. */
void notation_tree(struct buf *b, const struct derivation *d);
/* Says that there are two (nreading > 1), and shows them; code: E0704, or W0701. */
void notation_tell(struct diags *ds, enum diag_code code, const struct inside *in);
/* `text` macros and `arch` items: the text with its ${...} expanded; NULL after complaining. */
const char *notation_expand(struct arena *a, struct gram *g, struct gram_module *m, const struct ast *btext);

#endif
