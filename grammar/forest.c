/* forest.c - see forest.h.  Inside values bottom up, outside values top down; all in logs. */
#include "grammar/forest.h"
#include "compiler/base/real.h"

double log_add(double a, double b)
{
    double hi = a > b ? a : b, lo = a > b ? b : a;
    return lo == -__builtin_inf() ? hi : hi + real_log(1 + real_exp(lo - hi));
}

/* The log weights of ways, made one by one and kept by the caller. */
static double way_weight(const struct forest_way *w, const double *inside, forest_weight f, void *ctx)
{
    double sum = 0;
    for (u32 i = 0; i < w->nstep; i++) {
        const struct forest_step *s = &w->step[i];
        if (s->node) {
            sum += inside[s->node - 1];
            continue;
        }
        double p = f ? f(ctx, &s->draw) : s->draw.p;
        if (p != 1)
            sum += p > 0 ? real_log(p) : -__builtin_inf();
    }
    return sum;
}

static u32 count_ways(const struct forest *f)
{
    u32 n = 0;
    for (u32 i = 0; i < f->nnode; i++)
        n += f->node[i].nway;
    return n;
}

/* One: every decision weighs 1. */
static double one(void *ctx, const struct forest_draw *d)
{
    (void)ctx, (void)d;
    return 1;
}

/* Inside values of all nodes; of ways too, where wanted. */
static double *insides(struct arena *a, const struct forest *f, forest_weight w, void *ctx, double *of_way)
{
    double *inside = NEW_ARRAY(a, double, f->nnode + 1);
    for (u32 i = 0, k = 0; i < f->nnode; i++) {
        const struct forest_node *n = &f->node[i];
        double most = -__builtin_inf(), sum = 0, *at = of_way ? of_way + k : NEW_ARRAY(a, double, n->nway + 1);
        for (u32 j = 0; j < n->nway; j++, k++) {
            at[j] = way_weight(&n->way[j], inside, w, ctx);
            most = at[j] > most ? at[j] : most;
        }
        /* Relative to the largest: nothing is lost but what is too small to count. */
        for (u32 j = 0; j < n->nway && most > -__builtin_inf(); j++)
            sum += at[j] == most ? 1 : real_exp(at[j] - most);
        inside[i] = sum == 1 ? most : most > -__builtin_inf() ? most + real_log(sum) : most;
    }
    return inside;
}

double forest_logp(const struct forest *f, forest_weight w, void *ctx)
{
    if (!f->nnode)
        return -__builtin_inf();
    struct arena *a = arena_new("pass");
    double p = insides(a, f, w, ctx, NULL)[f->nnode - 1];
    arena_free(a);
    return p;
}

double forest_size(const struct forest *f)
{
    if (!f->nnode)
        return 0;
    struct arena *a = arena_new("pass");
    double *n = NEW_ARRAY(a, double, f->nnode);
    for (u32 i = 0; i < f->nnode; i++)
        for (u32 j = 0; j < f->node[i].nway; j++) {
            double k = 1;
            for (u32 s = 0; s < f->node[i].way[j].nstep; s++)
                if (f->node[i].way[j].step[s].node)
                    k *= n[f->node[i].way[j].step[s].node - 1];
            n[i] += k;
        }
    double all = n[f->nnode - 1];
    arena_free(a);
    return all;
}

static bool same_decision(const struct forest_draw *a, const struct forest_draw *b)
{
    return a->rule == b->rule && a->alt_no == b->alt_no && (a->rule || a->alt == b->alt);
}

/* Decisions met so far, by hash. */
struct tally { struct forest_counts *out; u32 *slot, cap; struct arena *a; };

static u32 decision_hash(const struct forest_draw *d)
{
    u64 h = ((uintptr_t)(d->rule ? (const void *)d->rule : (const void *)d->alt) >> 4) * 0x9e3779b97f4a7c15u + d->alt_no * 0xff51afd7ed558ccdu;
    return (u32)(h ^ h >> 32);
}

static void tally(struct tally *t, const struct forest_draw *d, double count)
{
    if ((t->out->at.n + 1) * 2 > t->cap) {
        t->cap = t->cap ? t->cap * 2 : 64;
        t->slot = NEW_ARRAY(t->a, u32, t->cap);
        for (u32 k = 0; k < t->out->at.n; k++) {
            u32 i = decision_hash(&t->out->at.at[k].draw) & (t->cap - 1);
            while (t->slot[i])
                i = (i + 1) & (t->cap - 1);
            t->slot[i] = k + 1;
        }
    }
    u32 i = decision_hash(d) & (t->cap - 1);
    for (; t->slot[i]; i = (i + 1) & (t->cap - 1))
        if (same_decision(&t->out->at.at[t->slot[i] - 1].draw, d)) {
            t->out->at.at[t->slot[i] - 1].count += count;
            return;
        }
    vec_push(t->a, &t->out->at, ((struct forest_count){ *d, count }));
    t->slot[i] = t->out->at.n;
}

double forest_expect(struct arena *a, const struct forest *f, forest_weight w, void *ctx, struct forest_counts *out)
{
    *out = (struct forest_counts){ 0 };
    if (!f->nnode)
        return -__builtin_inf();
    struct arena *scratch = arena_new("pass");
    u32 nway = count_ways(f), root = f->nnode - 1, k = nway;
    double *of_way = NEW_ARRAY(scratch, double, nway + 1);
    double *inside = insides(scratch, f, w, ctx, of_way), logp = inside[root];
    if (logp == -__builtin_inf())
        inside = insides(scratch, f, one, NULL, of_way);
    /* Of a node: the probability that it is in the derivation (a node may be there several times: the expected number). */
    double *times = NEW_ARRAY(scratch, double, f->nnode), *share = NEW_ARRAY(scratch, double, nway + 1);
    times[root] = 1;
    for (u32 i = f->nnode; i-- > 0;) {
        const struct forest_node *n = &f->node[i];
        k -= n->nway;
        for (u32 j = 0; j < n->nway; j++) {
            if (!(times[i] > 0) || of_way[k + j] == -__builtin_inf())
                continue;
            share[k + j] = times[i] * (n->nway == 1 ? 1 : real_exp(of_way[k + j] - inside[i]));
            for (u32 s = 0; s < n->way[j].nstep; s++)
                if (n->way[j].step[s].node)
                    times[n->way[j].step[s].node - 1] += share[k + j];
        }
    }
    struct tally t = { .out = out, .a = a };
    for (u32 i = 0; i < f->nnode; i++)
        for (u32 j = 0; j < f->node[i].nway; j++, k++)
            for (u32 d = 0; d < f->node[i].way[j].nstep; d++)
                if (!f->node[i].way[j].step[d].node)
                    tally(&t, &f->node[i].way[j].step[d].draw, share[k]);
    arena_free(scratch);
    return logp;
}

/* ---- the k best --------------------------------------------------------------------------------- */

/* A derivation of a node: a way, and which derivation of each node in it. */
struct kbest { double logp; u32 way; const u32 *pick; };
struct kbests { u32 n; struct kbest *at; };

/* Into a list sorted best first, of at most k; of equals the first stays first. */
static void keep_best(struct kbests *b, u32 k, struct kbest x)
{
    if (b->n == k && !(x.logp > b->at[k - 1].logp))
        return;
    u32 i = b->n < k ? b->n++ : k - 1;
    for (; i > 0 && x.logp > b->at[i - 1].logp; i--)
        b->at[i] = b->at[i - 1];
    b->at[i] = x;
}

static void spell_path(struct arena *a, const struct forest *f, const struct kbests *all, u32 node, u32 which, struct forest_path *out, u32 *cap)
{
    const struct kbest *b = &all[node].at[which];
    const struct forest_way *w = &f->node[node].way[b->way];
    for (u32 i = 0, sub = 0; i < w->nstep; i++) {
        if (w->step[i].node)
            spell_path(a, f, all, w->step[i].node - 1, b->pick[sub++], out, cap);
        else {
            if (out->n == *cap)
                out->alt = vec_grow(a, out->alt, out->n, cap, sizeof *out->alt);
            out->alt[out->n++] = w->step[i].draw.alt_no;
        }
    }
}

u32 forest_paths(struct arena *a, const struct forest *f, u32 k, struct forest_path *out)
{
    if (!f->nnode || !k)
        return 0;
    struct arena *scratch = arena_new("pass");
    struct kbests *all = NEW_ARRAY(scratch, struct kbests, f->nnode), sum, next;
    sum.at = NEW_ARRAY(scratch, struct kbest, k);
    next.at = NEW_ARRAY(scratch, struct kbest, k);
    for (u32 i = 0; i < f->nnode; i++) {
        all[i].at = NEW_ARRAY(scratch, struct kbest, k);
        for (u32 j = 0; j < f->node[i].nway; j++) {
            const struct forest_way *w = &f->node[i].way[j];
            u32 nsub = 0;
            sum.n = 1;
            sum.at[0] = (struct kbest){ 0, j, NULL };
            for (u32 s = 0; s < w->nstep; s++) {
                const struct forest_step *p = &w->step[s];
                if (!p->node) {
                    for (u32 x = 0; x < sum.n && p->draw.p < 1; x++)
                        sum.at[x].logp += p->draw.p > 0 ? real_log(p->draw.p) : -__builtin_inf();
                    continue;
                }
                const struct kbests *of = &all[p->node - 1];
                next.n = 0;
                for (u32 x = 0; x < sum.n; x++)
                    for (u32 y = 0; y < of->n; y++) {
                        if (next.n == k && !(sum.at[x].logp + of->at[y].logp > next.at[k - 1].logp))
                            break;
                        u32 *pick = NEW_ARRAY(scratch, u32, nsub + 1);
                        if (nsub)
                            memcpy(pick, sum.at[x].pick, nsub * sizeof *pick);
                        pick[nsub] = y;
                        keep_best(&next, k, (struct kbest){ sum.at[x].logp + of->at[y].logp, j, pick });
                    }
                nsub++;
                sum.n = next.n;
                memcpy(sum.at, next.at, next.n * sizeof *next.at);
            }
            for (u32 x = 0; x < sum.n; x++)
                keep_best(&all[i], k, sum.at[x]);
        }
    }
    const struct kbests *root = &all[f->nnode - 1];
    for (u32 x = 0; x < root->n; x++) {
        u32 cap = 0;
        out[x] = (struct forest_path){ .logp = root->at[x].logp };
        spell_path(a, f, all, f->nnode - 1, x, &out[x], &cap);
    }
    u32 n = root->n;
    arena_free(scratch);
    return n;
}
