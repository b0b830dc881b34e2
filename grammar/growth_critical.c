/* growth_critical.c - at which value of a weight does a space stop to end?  A root is looked for: everything is worked out
 * again for every value that is tried. */
#include "grammar/growth.h"

#include "compiler/base/vec.h"

enum { MOST_TRIES = 100, MOST_SYMS = 4000 };

struct search {
    struct gram *g;
    const struct gram_rule *space;
    const struct skel *k;
    enum growth_level l;
    struct arena *a;            /* of one try */
    struct growth_critical *c;
};

/* The skeleton with another share for one alternative, the others in proportion. */
static struct skel *with_share(struct arena *a, const struct skel *k, const struct gram_rule *r, const struct ast *alt, double share)
{
    struct skel *s = arena_dup(a, k, sizeof(*s));
    struct skel_sym *sym = arena_dup(a, k->sym, k->nsym * sizeof(*sym));
    s->sym = sym;
    for (u32 i = 0; i < s->nsym; i++) {
        if (sym[i].rule != r)
            continue;
        struct skel_prod *prod = arena_dup(a, sym[i].prod, sym[i].nprod * sizeof(*prod));
        double is = 0;
        for (u32 p = 0; p < sym[i].nprod; p++)
            is += prod[p].alt == alt ? prod[p].p : 0;
        for (u32 p = 0; p < sym[i].nprod && is > 0 && is < 1; p++)
            prod[p].p *= prod[p].alt == alt ? share / is : (1 - share) / (1 - is);
        sym[i].prod = prod;
    }
    return s;
}

/* The rate with that value; -1: it cannot have it. */
static double rate_at(struct search *s, double v)
{
    struct arena_mark m = arena_mark(s->a);
    struct skel_opts o = {.by_depth = s->k->by_depth, .depth = s->k->most_depth, .vary = s->c->con, .value = v, .steps = 500000};
    const struct skel *k = s->c->con ? skel_build(s->a, s->g, s->space, &o) : with_share(s->a, s->k, s->c->rule, s->c->alt, v);
    double r = !k ? -1 : k->empty ? 0 : growth_rate(s->a, k, s->l);
    arena_reset(s->a, m);
    return r;
}

/* Regula falsi, the end that stays counting half (Illinois): a few tries where the rate is nearly straight. */
static bool find_root(struct search *s, double lo, double hi)
{
    double a = s->c->is, fa = rate_at(s, a) - 1, b = a, fb = fa;
    for (u32 k = 0; k < 2; k++) {
        b = k ? lo : hi;
        double e = rate_at(s, b);
        for (u32 i = 0; e < 0 && i < 12; i++) {         /* weights that do not leave room for so much */
            b = (b + a) / 2;
            e = rate_at(s, b);
        }
        fb = e - 1;
        if (e >= 0 && (fb < 0) != (fa < 0))
            break;
        if (k)
            return false;
    }
    for (u32 i = 0; i < MOST_TRIES && __builtin_fabs(b - a) > 1e-12 * (__builtin_fabs(a) + __builtin_fabs(b)); i++) {
        double mid = i % 8 == 7 ? (a + b) / 2 : (a * fb - b * fa) / (fb - fa), f = rate_at(s, mid) - 1;
        if ((f < 0) == (fb < 0))
            fa /= 2;
        else
            a = b, fa = fb;
        b = mid;
        fb = f;
        if (f > -1e-12 && f < 1e-12)
            break;
    }
    s->c->at = b;
    return true;
}

struct consts { const struct gram_const *at[32]; u32 n; };

static void find_consts(const struct ast *n, struct consts *c)
{
    if (!n)
        return;
    if (n->bind.kind == BIND_CONST) {
        const struct gram_const *k = n->bind.ptr;
        bool there = k->s != NULL;
        for (u32 i = 0; i < c->n; i++)
            there |= c->at[i] == k;
        if (!there && c->n < COUNTOF(c->at)) {
            c->at[c->n++] = k;
            if (!k->overridden)
                find_consts(k->ast->kid[0], c);
        }
        return;
    }
    for (u32 i = 0; i < n->nkid; i++)
        find_consts(n->kid[i], c);
}

static void find_in_rule(const struct gram_rule *r, struct consts *c)
{
    for (u32 i = 0; i < r->nalt; i++) {
        find_consts(r->alt[i].weight, c);
        if (r->alt[i].inline_of)
            find_in_rule(r->alt[i].inline_of->overload.at[0], c);
    }
}

/* Of a symbol in the component: the alternative with the fewest children in it. */
static bool way_out(const struct skel *k, const struct growth *w, u32 sym, struct growth_critical *c)
{
    const struct skel_sym *s = &k->sym[sym];
    double least = __builtin_inf(), most = 0;
    if (!s->rule)
        return false;
    for (u32 p = 0; p < s->nprod; p++) {
        double n = 0, share = 0;
        for (u32 q = 0; q < s->nprod; q++) {
            if (s->prod[q].alt != s->prod[p].alt)
                continue;
            share += s->prod[q].p;
            for (u32 i = 0; i < s->prod[q].nchild; i++)
                if (w->component[s->prod[q].child[i].sym] == w->component[sym])
                    n += s->prod[q].p * s->prod[q].child[i].inst;
        }
        n /= share;
        most = MAX(most, n);
        if (n < least) {
            least = n;
            c->alt = s->prod[p].alt;
            c->is = share;
        }
    }
    c->rule = s->rule;
    return least < most;
}

bool growth_critical(struct arena *a, struct gram *g, const struct gram_rule *space, const struct skel *k, const struct growth *w,
                     enum growth_level l, struct growth_critical *out)
{
    u32 comp = w->component[w->at[l].worst];
    if (w->at[l].rate == 0 || k->nsym > MOST_SYMS)
        return false;
    struct search s = {.g = g, .space = space, .k = k, .l = l, .a = arena_new_in(a, "critical weight"), .c = out};
    struct consts c = {0};
    bool found = false;
    for (u32 i = 0; i < k->nsym; i++)
        if (w->component[i] == comp && k->sym[i].rule)
            find_in_rule(k->sym[i].rule, &c);
    for (u32 i = 0; i < c.n && !found; i++) {
        *out = (struct growth_critical){.con = c.at[i], .is = num_double(c.at[i]->v)};
        found = find_root(&s, 1e-9, out->is <= 1 ? 1 - 1e-9 : 1000 * out->is);     /* at 0 and at 1 something else would change */
    }
    for (u32 i = 0; i < k->nsym && !found; i++) {
        *out = (struct growth_critical){0};
        if (w->component[i] == comp && way_out(k, w, i, out))
            found = find_root(&s, 1e-9, 1 - 1e-9);
    }
    arena_free(s.a);
    return found;
}
