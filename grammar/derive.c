/* derive.c - the sampler `local`, and derivations as text.
 *
 * Sample `index` of `seed` is a pure function of both: the number that decides a draw is
 * number `attempt` of the stream (seed, index, path of the draw and try of the sample).  Compares are on doubles that were
 * computed by + - * / only, so they fall the same way everywhere. */
#include "grammar/elab.h"


struct local { u64 seed, index, attempt; bool chance; /* something was left to chance */ };

int derive_pick(u64 seed, u64 index, u64 attempt, const struct choice *c, bool *chance)
{
    double left = 0;
    u32 open = 0;
    for (u32 i = 0; i < c->n; i++)
        if (!c->tried[i] && c->weight[i] > 0) {
            left += c->weight[i];
            open++;
        }
    *chance |= open > 1;
    if (!(left > 0))
        return -1;
    struct rng r = rng_make(seed, index, path_mix(c->path, attempt));
    r.n = c->attempt;
    double u = rng_unit(&r) * left, sum = 0;
    int last = -1;
    for (u32 i = 0; i < c->n; i++) {
        if (c->tried[i] || !(c->weight[i] > 0))
            continue;
        sum += c->weight[i];
        last = (int)i;
        if (u < sum)
            return last;
    }
    return last;
}

double derive_unit(u64 seed, u64 index, u64 attempt, u64 path)
{
    struct rng r = rng_make(seed, index, path_mix(path, attempt));
    return rng_unit(&r);
}

static int pick(void *ctx, const struct choice *c)
{
    struct local *l = ctx;
    return derive_pick(l->seed, l->index, l->attempt, c, &l->chance);
}

static double unit(void *ctx, u64 path)
{
    struct local *l = ctx;
    l->chance = true;
    return derive_unit(l->seed, l->index, l->attempt, path);
}

struct derivation *derive_local(struct arena *a, struct gram *g, const struct gram_rule *space, u64 seed, u64 index, u64 *attempts,
                                struct arch **arch_out)
{
    struct local l = {seed, index, 0, false};
    struct chooser c = {.ctx = &l, .retries = true, .pick = pick, .unit = unit};
    struct arena_mark m = arena_mark(a);
    for (u64 work = 0; l.attempt < DERIVE_MOST_ATTEMPTS && work < DERIVE_MOST_WORK; l.attempt++) {
        struct elab_end end;
        struct derivation *d = elab_run(a, g, space, &c, NULL, arch_out, &end);
        if (attempts)
            ++*attempts;
        if (d)
            return d;
        arena_reset(a, m);
        work += end.steps;
        if (end.hard)
            return NULL;
        if (!l.chance)          /* the next try would be the same */
            break;
    }
    derive_explain(a, g, space, seed, index, g->ds);
    return NULL;
}

void derive_explain(struct arena *a, struct gram *g, const struct gram_rule *space, u64 seed, u64 index, struct diags *ds)
{
    struct local l = {seed, index, 0, false};
    struct chooser c = {.ctx = &l, .pick = pick, .unit = unit};
    elab_run(a, g, space, &c, ds, NULL, NULL);
}

/* ---- text ---- */

static void put_draw(struct buf *b, const struct draw *d, u32 depth)
{
    for (u32 i = 0; i < depth; i++)
        buf_puts(b, "  ");
    if (d->label)
        buf_printf(b, "%s: ", d->label);
    buf_printf(b, "%s #%u", d->rules ? d->rules->d.name : "choose", d->alt_no);
    if (d->round)
        buf_printf(b, " round %u", d->round);
    for (u32 i = 0; i < d->nvar; i++)
        buf_printf(b, "%s%s=%s", i ? " " : " {", *d->var[i] ? d->var[i] : "value", d->value[i].text);
    if (d->nvar)
        buf_putc(b, '}');
    buf_puts(b, " p=");
    buf_double(b, d->p);
    buf_putc(b, '\n');
    for (u32 i = 0; i < d->nchild; i++)
        put_draw(b, d->child[i], depth + 1);
}

void derivation_dump(struct buf *b, const struct derivation *d)
{
    put_draw(b, d->root, 0);
    buf_puts(b, "logp ");
    buf_double(b, d->logp);
    buf_printf(b, "\ndepth %u\nnodes %llu\nparams ", d->depth, (unsigned long long)d->nodes);
    count_print(b, d->count.params);
    buf_puts(b, "\nmacs ");
    count_print(b, d->count.macs);
    buf_putc(b, '\n');
}
