/* fit.h - weights of a grammar estimated from architecture texts.
 *
 * In: a grammar and a space; what each text can stand for.  Out: the weights under which the texts are most likely (with a prior:
 * most probable), by expectation-maximization over the derivations of ambiguous texts; and the module's source with them.
 *
 * What is estimated: of each rule of the module itself whose weights are constants one weight for each alternative and member of a
 * family, inline rules' own ones among them (the mention in their host has one); of each `choose` with such weights one for each option.
 * All others keep theirs, and fit_kept says why: weights that read depth, attributes or types, rules of imported modules, rules that no
 * text uses.  Alternatives of weight 0 keep that, unless asked for. */
#ifndef NASC_FIT_H
#define NASC_FIT_H
#include "grammar/derive.h"

struct fit_options {
    double prior;               /* of a symmetric Dirichlet distribution on each rule's weights, at least 1; 0: 1 + 1/n of n weights */
    bool zeros;                 /* weights that are 0 are estimated, too */
};
struct fit_report {
    u64 texts, ambiguous;       /* used; of these with several derivations */
    u64 left_out;               /* of probability 0 */
    u32 groups, weights;        /* rules and chooses estimated, and their weights */
    u32 iterations;
    double before, after;       /* log-likelihood of the texts used, under the weights as they are printed */
};

struct fit;
struct fit *fit_open(struct gram *g, const struct fit_options *o);
void fit_close(struct fit *f);
/* One text; nothing of `in` is kept. */
void fit_add(struct fit *f, const struct inside *in);
u64 fit_texts(const struct fit *f);
u64 fit_left_out(const struct fit *f);
void fit_run(struct fit *f, struct fit_report *r);
/* After fit_run.  The module as `nasc fmt` writes it, with the weights found. */
void fit_source(struct fit *f, struct buf *b);
/* The rules that keep their weights: a line for each reason. */
void fit_kept(const struct fit *f, struct buf *b);

#endif
