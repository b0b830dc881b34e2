/* skel.h - the skeleton of a space: its grammar with the types left out.
 *
 * In: a checked grammar and an entry point.  Out: a context-free grammar over symbols, a symbol being a rule with its
 * attributes (the numbers, strings and functions that are known without types) or a `choose`.  Every alternative is
 * thought to fit, whatever the types say; what numbers and constants decide is decided: families, `if`, `where`,
 * rounds, instances.  Nets and inline rules are no symbols: what they mention belongs to who applies them.
 * Alternatives of weight 0 and those that cannot end are left out, and the others' weights scaled to sum to 1.
 *
 * Of it growth.h makes expectations, tally.h counts. */
#ifndef NASC_SKEL_H
#define NASC_SKEL_H
#include "grammar/gram.h"

struct skel_child {
    u32 sym;
    u32 times;                  /* derived so many times, independently */
    double inst;                /* instances in the network, all together: `each[n]` counts n times, `once` at each use */
};
struct skel_prod {
    double p;                   /* given the symbol */
    u32 number;                 /* of the alternative, families and inline rules expanded, from 0 */
    const struct ast *alt;      /* A_ALT, or A_OPT or A_RANGE of a choose */
    bool terminal;              /* draws nothing */
    u32 nchild; const struct skel_child *child;
};
struct skel_sym {
    const struct gram_rule *rule;       /* NULL: a choose */
    const struct ast *choose;
    const char *name;           /* M, BN[4], choose */
    u32 depth;                  /* where symbols differ by depth, and else 0 */
    u32 nprod; const struct skel_prod *prod;
};
/* What had to be left open; each makes results approximate. */
#define SKEL_NOTES(X)                                                                                                    \
    X(SKN_IF, "conditions of `if` that read types are taken as even chances, and both branches are counted")             \
    X(SKN_WEIGHT, "weights that read types are taken as shares of the rest")                                             \
    X(SKN_OVERLOAD, "which of several rules of one name applies depends on types: even chances, and each is counted")     \
    X(SKN_ROUNDS, "rounds of `repeat` that depend on types are taken as one")                                            \
    X(SKN_EACH, "instances of `each` that depend on types are taken as one")                                             \
    X(SKN_FAMILY, "families over values that depend on types are taken to have one member")                              \
    X(SKN_ATTR, "attributes that take very many values are left open")                                                   \
    X(SKN_ONCE, "a `once` that is handed to another rule is taken to be drawn there anew")                               \
    X(SKN_ODD, "some expressions cannot be followed without types")
enum skel_note {
#define X(id, text) id,
    SKEL_NOTES(X)
#undef X
    SKEL_NNOTE
};
const char *skel_note_text(enum skel_note n);

struct skel {
    u32 root;
    u32 nsym; const struct skel_sym *sym;
    u32 notes;                  /* 1 << enum skel_note */
    bool by_depth;              /* symbols are told apart by depth */
    bool reads_depth;           /* weights or conditions read it */
    bool crosses;               /* not every draw is one deeper than the symbol it is a child of: count by depth */
    u32 most_depth;             /* by_depth: deeper draws are refused (cut), or taken as of this depth */
    bool cut;
    u32 nendless; const struct skel_sym *endless;       /* symbols that no derivation of ends */
    bool empty;                 /* the root is one of them: sym is empty */
};
struct skel_opts {
    bool by_depth;              /* tell symbols apart by depth (also done where something reads it) */
    u32 depth;                  /* the deepest; 0: 100 */
    bool cut;                   /* draws below it are refused; else they are as those at it */
    const struct gram_const *vary; double value;        /* a constant that has another value */
    u64 steps;                  /* evaluations at most, a tenth of a microsecond each; 0: 20 million */
};
/* NULL: too large to be spelled out. */
struct skel *skel_build(struct arena *a, struct gram *g, const struct gram_rule *space, const struct skel_opts *o);

#endif
