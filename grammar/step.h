/* step.h - a derivation by hand, choice after choice.
 *
 * In: a space, and the picks so far.  Out: the choice that comes next, in words: where it is, what it is applied to, its
 * alternatives, which of them fit, and why the others do not.
 *
 * The elaborator works everything out anew from the picks, so undoing is forgetting a pick.  Nothing kept here names a type: gram_forget
 * may be called between two calls.
 *
 * An alternative is tried by evaluating it up to the next choice.  What fails on the way is what the sampler `local` would take
 * out, and the probabilities are those it draws the rest with.  That an alternative leads nowhere may also show later: then
 * the place further down has nothing left, and undo marks the alternative that led there. */
#ifndef NASC_STEP_H
#define NASC_STEP_H
#include "grammar/derive.h"

enum step_fit {
    STEP_YES,           /* it evaluates to its end */
    STEP_OPEN,          /* it evaluates as far as a choice of its own: the rest shows further down */
    STEP_NO,            /* it does not evaluate here */
    STEP_AFTER,         /* it does, but then what stands around it does not */
    STEP_DEAD           /* tried before: a place below it had nothing left */
};
struct step_option {
    const char *text;   /* as its notation, holes for what is not drawn */
    double weight;      /* normalised over all alternatives */
    double p;           /* over those that fit (STEP_YES, STEP_OPEN) */
    enum step_fit fit;
    const char *why;    /* it does not fit, in short; NULL */
};
struct step_place {
    const char *label;  /* NULL: none */
    const char *rule;   /* "choose" for a choose */
    const char *in;     /* attributes and arguments: "C = 16, x: [3, 32, 32]" */
    const char *above;  /* the draws around it, outermost first: "einspace > s: S" */
    const char *sofar;  /* the network's text as far as it goes, `?` here */
    u32 depth, round;   /* round of a repeat, from 0 */
    bool repeats;       /* the same mention was asked for before: round says which this is */
    u32 n, nfit;        /* alternatives; those that fit, weight 0 included */
    struct step_option *option;
    u64 path;
};
enum step_state {
    STEP_CHOICE,        /* step_here: what to choose from; nfit 0: a dead end */
    STEP_DONE,          /* nothing is left to choose */
    STEP_FAILED         /* the space does not evaluate, whatever is chosen: step_why */
};

struct step;
/* n: of that space; may be shared.  seed and index decide what step_random and step_finish draw. */
struct step *step_new(struct gram *g, const struct gram_rule *space, const struct notation *n, u64 seed, u64 index);
void step_free(struct step *s);
enum step_state step_state(const struct step *s);
u32 step_picks(const struct step *s);                   /* how many were made */
const struct step_place *step_here(const struct step *s);       /* NULL: done or failed */
const char *step_why(const struct step *s);
/* Takes alternative i (from 0) of step_here; false: it does not fit, and nothing has changed. */
bool step_pick(struct step *s, u32 i);
/* Takes one by weight, as sample `index` of `seed` would; after an undo, another number decides.  -1: nothing that is ever drawn fits. */
int step_random(struct step *s);
bool step_undo(struct step *s);                         /* false: nothing was picked */
/* The derivation of the picks, when they are all there are. */
struct derivation *step_derive(struct step *s, struct arena *a);
/* These picks, and what is left drawn as `local` does; NULL: not found in a bounded number of attempts. */
struct derivation *step_finish(struct step *s, struct arena *a);

/* What each draw of a derivation was applied to, and what it gave: in the order of the tree, parents first. */
struct step_types { const struct draw *draw; const char *in, *out; };
struct step_types *step_types_of(struct arena *a, struct gram *g, const struct derivation *d, u32 *n);

#endif
