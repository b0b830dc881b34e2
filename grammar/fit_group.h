/* fit_group.h - the weights that are estimated, by rule (fit*.c only). */
#ifndef NASC_FIT_GROUP_H
#define NASC_FIT_GROUP_H
#include "compiler/base/real.h"
#include "grammar/elab.h"
#include "grammar/fit.h"

enum { FIT_NONE = 0xffffffffu };
enum fit_keep { KEEP_NOT, KEEP_DEPENDS, KEEP_HOST, KEEP_MEMBERS, KEEP_MODULE, KEEP_UNUSED, KEEP_ALONE, FIT_KEEPS };

struct fit_weight {
    double w;                   /* relative to the others of its group, adding up to 1 */
    double base, count;         /* expected decisions: of texts with one derivation; of all */
    bool zero;                  /* stays 0 */
    const struct acase *of;     /* of a rule: the first case it covers */
    const struct ast *opt;      /* of a choose: A_OPT or A_RANGE ... */
    i64 member;                 /* ... and the number in it */
};
struct fit_group {
    const struct gram_rule *rule;       /* NULL: */
    const struct ast *choose;
    u32 first, n;               /* its weights */
    u8 keep;                    /* why not */
};
/* Alternative alt_no of a rule: its weight, and that of the inline rule's alternative in it; FIT_NONE: none.  share: the weight of the
 * latter where that is kept. */
struct fit_case { u32 host, inner; double share; };

struct fit {
    struct arena *a;
    struct gram *g;
    const struct gram_module *m;
    struct fit_options o;
    VEC(struct fit_group) group;
    VEC(struct fit_weight) weight;
    struct fit_rule { u32 group /* + 1 */, n; struct fit_case *at; } *rule; u32 nrule;   /* by serial */
    u32 *choose; u32 nchoose;           /* by the id of an A_CHOOSE of the module: group + 1 */
    struct arena *scratch;
    VEC(struct forest) ambiguous;
    u64 texts, left_out;
    double before, constant;            /* log-likelihood before; the part of it that no weight changes, of texts with one derivation */
    double *found;                      /* weights as printed, relative */
};

/* fit_group.c */
void fit_find_groups(struct fit *f);
/* Family variables (a bit each, in order of acase.var) that tell the members of weights first .. first + n - 1 apart; 0: none do. */
u32 fit_tells(const struct fit *f, u32 first, u32 n);
/* The name of variable k of an alternative. */
str fit_var_name(const struct gram_alt *alt, u32 k);
/* Weights of a group's alternative or option from i on. */
u32 fit_run_of(const struct fit *f, const struct fit_group *g, u32 i);

/* fit.c: a weight as it is printed: six digits; returns its length. */
u32 fit_weight_text(double w, char out[REAL_TEXT]);

#endif
