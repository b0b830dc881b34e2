/* sampler.c - the samplers over the elaborator: the general way, and the law that faster ones follow.
 *
 * exact.  An attempt asks for its decisions one after the other, in evaluation order, with the weights of the grammar, and ends at
 * the first thing that does not fit; the first attempt that goes through is the sample.  An attempt gives derivation d with
 * the product P(d) of its weights if d is well-typed and within the limits, else nothing, and attempts are independent: so a
 * sample is d with probability P(d) / sum of P over all such d.  Decision k of attempt a of sample i is Philox word pair k
 * under key seed and counter (i, a, k/2): nothing else enters. */
#include "grammar/sampler.h"

#include "compiler/base/real.h"
#include "grammar/typed_walk.h"

#include <stdlib.h>

enum { MOST_EXACT = 1000000 };          /* attempts of a sample */
enum { MOST_ATTEMPTS = DERIVE_MOST_ATTEMPTS, MOST_WORK = DERIVE_MOST_WORK };
static const u64 EXACT = 0x6e6173632d657861ull;

struct sampler {
    struct gram *g;
    const struct gram_rule *space;
    enum sampler_kind kind;
    u64 seed;
    struct sampler_stats stats;
    bool tables;
    struct walk walk;
    struct arena *a;                    /* the last sample's */
    struct derivation *d;               /* NULL: it is in walk */
    u64 index, attempt;                 /* of it: the attempt that went through */
    u32 ndecided; const u32 *decided;
};

static const char *const kind_name[] = {"local", "exact"};

bool sampler_kind_parse(const char *name, enum sampler_kind *k)
{
    for (u32 i = 0; i < COUNTOF(kind_name); i++)
        if (strcmp(name, kind_name[i]) == 0) {
            *k = (enum sampler_kind)i;
            return true;
        }
    return false;
}

const char *sampler_kind_name(enum sampler_kind k)
{
    return kind_name[k];
}

void sampler_stats_add(struct sampler_stats *to, const struct sampler_stats *s)
{
    to->samples += s->samples;
    to->failed += s->failed;
    to->attempts += s->attempts;
    to->tried += s->tried;
    to->draws += s->draws;
    to->nodes += s->nodes;
    to->slow += s->slow;
}

void sampler_stats_sub(struct sampler_stats *from, const struct sampler_stats *s)
{
    from->samples -= s->samples;
    from->failed -= s->failed;
    from->attempts -= s->attempts;
    from->tried -= s->tried;
    from->draws -= s->draws;
    from->nodes -= s->nodes;
    from->slow -= s->slow;
}

double sampler_acceptance(const struct sampler_stats *s)
{
    return s->attempts ? (double)s->samples / (double)s->attempts : 0;
}

double sampler_log_mass(const struct sampler_stats *s, double *error)
{
    double p = sampler_acceptance(s);
    /* Attempts until a number of successes: the log of the share has standard error sqrt((1 - p) / successes). */
    if (error)
        *error = s->samples ? num_double(num_sqrt(num_real((1 - p) / (double)s->samples))) : __builtin_inf();
    return p > 0 ? real_log(p) : -__builtin_inf();
}

struct sampler *sampler_open(struct gram *g, const struct gram_rule *space, enum sampler_kind k, u64 seed)
{
    struct sampler *s = calloc(1, sizeof(*s));
    CHECK(s);
    *s = (struct sampler){.g = g, .space = space, .kind = k, .seed = seed, .a = arena_new("sample"), .tables = true};
    walk_init(&s->walk, NULL);
    return s;
}

void sampler_close(struct sampler *s)
{
    if (!s)
        return;
    arena_free(s->a);
    walk_free(&s->walk);
    free(s);
}

const struct sampler_stats *sampler_stats(const struct sampler *s)
{
    return &s->stats;
}

/* ---- exact ---- */

struct exact { u64 seed, index, attempt, k, tried; u32 word[4]; bool chance; };

static double exact_unit(struct exact *x)
{
    if (x->k % 2 == 0) {
        u32 counter[4] = {(u32)x->index, (u32)(x->index >> 32), (u32)x->attempt, (u32)(x->k / 2)};
        u64 key = x->seed ^ EXACT;
        rng_philox(counter, (u32[]){(u32)key, (u32)(key >> 32)}, x->word);
    }
    const u32 *w = x->word + 2 * (x->k++ % 2);
    return (double)((w[0] | (u64)w[1] << 32) >> 11) * 0x1p-53;
}

static int exact_pick(void *ctx, const struct choice *c)
{
    struct exact *x = ctx;
    double all = 0;
    u32 open = 0;
    int last = -1;
    for (u32 i = 0; i < c->n; i++)
        if (c->weight[i] > 0) {
            all += c->weight[i];
            last = (int)i;
            open++;
        }
    x->tried++;
    if (open < 2)               /* nothing is left to chance */
        return last;
    x->chance = true;
    double u = exact_unit(x) * all, sum = 0;
    for (u32 i = 0; i < c->n; i++) {
        if (!(c->weight[i] > 0))
            continue;
        sum += c->weight[i];
        if (u < sum)
            return (int)i;
    }
    return last;
}

static double recipe_unit(void *ctx, u64 path)
{
    struct exact *x = ctx;
    x->chance = true;
    return derive_unit(x->seed, x->index, x->attempt, path);
}

void sampler_use_tables(struct sampler *s, bool yes)
{
    s->tables = yes;
}

static struct derivation *draw_exact(struct sampler *s, u64 index, u64 *attempts)
{
    struct exact x = {.seed = s->seed, .index = index};
    struct chooser c = {.ctx = &x, .pick = exact_pick, .unit = recipe_unit};
    for (; x.attempt < MOST_EXACT; x.attempt++) {
        struct elab_end end;
        x.k = 0;
        struct derivation *d = elab_run(s->a, s->g, s->space, &c, NULL, NULL, &end);
        ++*attempts;
        s->stats.tried += x.tried;
        x.tried = 0;
        if (d)
            return d;
        arena_clear(s->a);
        if (end.hard)
            return NULL;
        if (!x.chance)
            break;
        if ((x.attempt & 255) == 255)
            gram_forget(s->g);
    }
    derive_explain(s->a, s->g, s->space, s->seed, index, s->g->ds);
    return NULL;
}

/* ---- samples ---- */

struct ordered { u32 order, alt; };

static int by_order(const void *a, const void *b)
{
    const struct ordered *x = a, *y = b;
    return (x->order > y->order) - (x->order < y->order);
}

static u32 count_draws(const struct draw *d)
{
    u32 n = 1;
    for (u32 i = 0; i < d->nchild; i++)
        n += count_draws(d->child[i]);
    return n;
}

static void gather(const struct draw *d, struct ordered *at, u32 *n)
{
    at[(*n)++] = (struct ordered){((const struct enode *)d)->order, d->alt_no};
    for (u32 i = 0; i < d->nchild; i++)
        gather(d->child[i], at, n);
}

/* A draw hangs where its mention stands; decisions come in the order of evaluation. */
static const u32 *decisions(struct arena *a, const struct derivation *d, u32 *n)
{
    u32 k = 0;
    *n = count_draws(d->root);
    struct ordered *o = NEW_ARRAY(a, struct ordered, *n);
    u32 *alt = NEW_ARRAY(a, u32, *n);
    gather(d->root, o, &k);
    qsort(o, *n, sizeof(*o), by_order);
    for (u32 i = 0; i < *n; i++)
        alt[i] = o[i].alt;
    return alt;
}

/* ---- on the tables ---- */

static double local_walk_unit(void *ctx, u64 path, u32 try)
{
    struct exact *x = ctx;
    struct rng r = rng_make(x->seed, x->index, path_mix(path, x->attempt));
    r.n = try;
    return rng_unit(&r);
}

static double exact_walk_unit(void *ctx, u64 path, u32 try)
{
    (void)path, (void)try;
    return exact_unit(ctx);
}

/* The sample, if the tables do for it: false: ask the elaborator. */
static bool draw_walk(struct sampler *s, u64 index, u64 *attempts)
{
    struct exact x = {.seed = s->seed, .index = index};
    struct walk *w = &s->walk;
    u64 work = 0, tried = 0, most = s->kind == SAMPLER_EXACT ? MOST_EXACT : MOST_ATTEMPTS;
    w->exact = s->kind == SAMPLER_EXACT;
    w->unit = w->exact ? exact_walk_unit : local_walk_unit;
    w->ctx = &x;
    w->chance = false;
    for (; x.attempt < most; x.attempt++) {
        w->t = typed_of(s->g);
        struct tsym *space = typed_space(w->t, s->space);
        if (typed_entry(w->t, space)->kind != T_CHOICE)
            return false;
        struct limits l = space->limits;
        x.k = 0;
        enum walk_end end = walk_space(w, space, &l);
        tried += w->tried;
        if (end == WALK_DONE) {
            *attempts = x.attempt + 1;
            s->stats.tried += tried;
            return true;
        }
        work += w->steps;
        if (end == WALK_SLOW || !w->chance || (!w->exact && work >= MOST_WORK))
            return false;
        if ((x.attempt & 255) == 255)
            gram_forget(s->g);
    }
    return false;
}

bool sampler_draw(struct sampler *s, u64 index, struct sample *out)
{
    u64 attempts = 0;
    const struct walk *w = &s->walk;
    arena_clear(s->a);
    gram_forget(s->g);
    s->index = index;
    s->d = NULL;
    bool fast = s->tables && draw_walk(s, index, &attempts);
    if (!fast) {
        attempts = 0;
        s->d = s->kind == SAMPLER_EXACT ? draw_exact(s, index, &attempts) : derive_local(s->a, s->g, s->space, s->seed, index, &attempts, NULL);
        s->stats.slow++;
    }
    s->attempt = attempts - 1;
    s->stats.attempts += attempts;
    if (!fast && !s->d) {
        s->stats.failed++;
        return false;
    }
    if (fast) {
        *out = (struct sample){.logp = walk_logp(w), .depth = w->depth, .nodes = w->instances, .count = {w->params, w->macs, w->bytes, w->nodes}};
        out->ndecided = walk_draws(w);
        u32 *alt = NEW_ARRAY(s->a, u32, out->ndecided);
        walk_decided(w, alt);
        out->decided = alt;
    } else {
        *out = (struct sample){.logp = s->d->logp, .depth = s->d->depth, .nodes = s->d->nodes, .count = s->d->count};
        out->decided = decisions(s->a, s->d, &out->ndecided);
    }
    out->index = index;
    out->attempts = attempts;
    s->decided = out->decided;
    s->ndecided = out->ndecided;
    s->stats.samples++;
    s->stats.draws += out->ndecided;
    s->stats.nodes += out->nodes;
    return true;
}

/* The elaborator's derivation of it. */
static struct derivation *derived(struct sampler *s, struct arena *a, struct arch **arch_out)
{
    struct exact x = {.seed = s->seed, .index = s->index, .attempt = s->attempt};
    struct derivation *d = derive_decided(a, s->g, s->space, s->ndecided, s->decided, recipe_unit, &x, arch_out);
    CHECK(d);
    return d;
}

void sampler_text(struct sampler *s, const struct notation *n, struct buf *b)
{
    if (!s->d && walk_text(&s->walk, n, b))
        return;
    if (!s->d)
        s->d = derived(s, s->a, NULL);
    notation_print(b, n, s->d);
}

struct derivation *sampler_derivation(struct sampler *s, struct arena *a, struct arch **arch_out)
{
    return derived(s, a, arch_out);
}

struct arch *sampler_graph(struct sampler *s, struct arena *a)
{
    struct exact x = {.seed = s->seed, .index = s->index, .attempt = s->attempt};
    struct arch *ar = derive_graph(a, s->g, s->space, s->ndecided, s->decided, recipe_unit, &x);
    CHECK(ar);
    return ar;
}

struct decided { u32 n, at; const u32 *alt; double (*unit)(void *ctx, u64 path); void *ctx; };

static int pick_decided(void *ctx, const struct choice *c)
{
    struct decided *d = ctx;
    if (d->at >= d->n || d->alt[d->at] >= c->n)
        return -1;
    return (int)d->alt[d->at++];
}

static double unit_decided(void *ctx, u64 path)
{
    struct decided *d = ctx;
    return d->unit ? d->unit(d->ctx, path) : 0;
}

struct derivation *derive_decided(struct arena *a, struct gram *g, const struct gram_rule *space, u32 n, const u32 *decided,
                                  double (*unit)(void *ctx, u64 path), void *ctx, struct arch **arch_out)
{
    struct decided dec = {.n = n, .alt = decided, .unit = unit, .ctx = ctx};
    struct chooser c = {.ctx = &dec, .mute = true, .pick = pick_decided, .unit = unit_decided};
    struct derivation *d = elab_run(a, g, space, &c, NULL, arch_out, NULL);
    return d && dec.at == n ? d : NULL;
}

struct arch *derive_graph(struct arena *a, struct gram *g, const struct gram_rule *space, u32 n, const u32 *decided,
                          double (*unit)(void *ctx, u64 path), void *ctx)
{
    struct decided dec = {.n = n, .alt = decided, .unit = unit, .ctx = ctx};
    struct chooser c = {.ctx = &dec, .mute = true, .pick = pick_decided, .unit = unit_decided};
    struct arch *ar = elab_graph(a, g, space, &c, NULL);
    return ar && dec.at == n ? ar : NULL;
}
