/* sampler.h - samples of a space: which distribution, how many tries it took, and what was drawn.
 *
 * In: a grammar, a space, a sampler, a seed.  Out: sample number i as a record, its text, and on demand its derivation or graph.
 * Sample i is a pure function of (grammar, space, sampler, seed, i): alone, in a batch, in any order, on any thread or machine.
 *
 *   local   depth-first, left to right; at each draw alternatives that lead nowhere are removed and another drawn from the rest
 *   exact   the grammar's own distribution conditioned on well-typed and within the limits: each derivation with probability
 *           proportional to the product of its weights (attempts from the grammar, given up at the first violation)
 *
 * A sampler belongs to its grammar (its tables hold types of it); a grammar to one thread.  sampler_draw may drop the tables of
 * the grammar when they are large (gram_forget): nothing that names a type may be kept over a call of it. */
#ifndef NASC_SAMPLER_H
#define NASC_SAMPLER_H
#include "grammar/derive.h"

enum sampler_kind { SAMPLER_LOCAL, SAMPLER_EXACT };
bool sampler_kind_parse(const char *name, enum sampler_kind *k);
const char *sampler_kind_name(enum sampler_kind k);

/* What was drawn so far; adds up over samplers of one kind. */
struct sampler_stats {
    u64 samples, failed;        /* given, and given up */
    u64 attempts;               /* tries begun for them */
    u64 tried;                  /* alternatives tried in all of these */
    u64 draws, nodes;           /* of the samples given: draws of their derivations, op instances as derived */
    u64 slow;                   /* samples the tables do not cover: drawn by the elaborator */
};
void sampler_stats_add(struct sampler_stats *to, const struct sampler_stats *s);
void sampler_stats_sub(struct sampler_stats *from, const struct sampler_stats *s);
/* Samples given per attempt.  Under exact: the mass of well-typed derivations within the limits; its log, and the standard
 * error of that. */
double sampler_acceptance(const struct sampler_stats *s);
double sampler_log_mass(const struct sampler_stats *s, double *error);

struct sample {
    u64 index, attempts;        /* attempts: for this one */
    double logp;                /* log of the product of the weights */
    u32 depth;
    u64 nodes;                  /* op instances, replication counted once */
    struct count count;
    /* The alternatives, by number, in the order in which they were asked for: what derive_decided takes. */
    u32 ndecided; const u32 *decided;
};

struct sampler;
struct sampler *sampler_open(struct gram *g, const struct gram_rule *space, enum sampler_kind k, u64 seed);
void sampler_close(struct sampler *s);
/* False: samples come from the elaborator alone.  They are the same; for tests of that. */
void sampler_use_tables(struct sampler *s, bool yes);
/* False: none found, or a mistake of the grammar that only shows here; g->ds says why. *out holds until the next draw. */
bool sampler_draw(struct sampler *s, u64 index, struct sample *out);
/* The text of the last sample. */
void sampler_text(struct sampler *s, const struct notation *n, struct buf *b);
/* Its derivation, and if wanted its graph (arch_out may be NULL). */
struct derivation *sampler_derivation(struct sampler *s, struct arena *a, struct arch **arch_out);
struct arch *sampler_graph(struct sampler *s, struct arena *a);         /* its graph alone, which is less work */
const struct sampler_stats *sampler_stats(const struct sampler *s);

/* A derivation from its decisions; unit: as in struct chooser, for recipes (NULL: their least values).  NULL: they do not fit. */
struct derivation *derive_decided(struct arena *a, struct gram *g, const struct gram_rule *space, u32 n, const u32 *decided,
                                  double (*unit)(void *ctx, u64 path), void *ctx, struct arch **arch_out);
/* Its graph alone. */
struct arch *derive_graph(struct arena *a, struct gram *g, const struct gram_rule *space, u32 n, const u32 *decided,
                          double (*unit)(void *ctx, u64 path), void *ctx);

#endif
