/* arch_canon_order.c - the vertices of a graph in an order that isomorphic graphs agree on.
 *
 * Colours are numbers that depend on the graph only.  A vertex's next colour is made of its colour and of those of its inputs and users, with
 * their places; sweeps up and down go on until no class of equal colours splits (refinement).  What stays equal may be symmetric, and
 * mostly is: branches that may be exchanged.
 *
 *   - Vertices of a colour of their own are left out.  What is left falls apart into components that know nothing of each other, so each
 *     is ordered for itself and the components by what they are (their certificates); equal ones are interchangeable.
 *   - A component that has at most one vertex of a colour is ordered already.  So any number of equal branches costs nothing.
 *   - In any other, one vertex of its smallest class is told apart (individualization), for each vertex of the class, and the one with the
 *     least certificate wins.  Two vertices for which the first way down gives equal certificates are exchanged by an automorphism, and
 *     one of them is enough.
 *
 * Unequal colours that collide would cost completeness, nothing else: the id is of the whole numbered graph. */
#include "passes/arch_canon_graph.h"

enum { WORK_MOST = 1 << 25 };           /* visits; beyond, one way down is taken for all */
#define APART 0x9fb21c651e98df25u

struct user { u32 v; u64 as; };
struct ord {
    struct arena *a;
    struct cgraph *g;
    u64 *c;
    u32 *ufirst; struct user *user;
    u32 *mark, now;                     /* membership of what is being looked at */
    bool tired;
};
struct cv { u64 c; u32 v; };

static void find_users(struct ord *o)
{
    const struct cgraph *g = o->g;
    o->ufirst = NEW_ARRAY(o->a, u32, g->n + 2);
    o->user = NEW_ARRAY(o->a, struct user, g->nedge + 1);
    for (u32 e = 0; e < g->nedge; e++)
        o->ufirst[g->from[e] + 2]++;
    for (u32 v = 0; v < g->n; v++)
        o->ufirst[v + 2] += o->ufirst[v + 1];
    for (u32 v = 0; v < g->n; v++)
        for (u32 e = g->first[v]; e < g->first[v + 1]; e++)
            o->user[o->ufirst[g->from[e] + 1]++] = (struct user){ v, g->as[e] };
}

/* Up and down once; s is in order of vertices. */
static void sweep(struct ord *o, u32 n, const u32 *s)
{
    const struct cgraph *g = o->g;
    u64 *c = o->c;
    for (u32 i = 0; i < n; i++) {
        u32 v = s[i];
        u64 sum = 0;
        for (u32 e = g->first[v]; e < g->first[v + 1]; e++)
            sum += canon_mix(c[g->from[e]] ^ g->as[e]);
        c[v] = canon_mix(c[v] * 3 + sum);
    }
    for (u32 i = n; i-- > 0;) {
        u32 v = s[i];
        u64 sum = 0;
        for (u32 e = o->ufirst[v]; e < o->ufirst[v + 1]; e++)
            sum += canon_mix(c[o->user[e].v] + o->user[e].as);
        c[v] = canon_mix(c[v] * 5 + sum);
    }
    o->g->work += n;
    o->tired |= o->g->work > WORK_MOST;
}

static u32 classes(struct ord *o, u32 n, const u32 *s)
{
    struct arena_mark m = arena_mark(o->a);
    u32 cap = 64, k = 0;
    while (cap < 2 * n)
        cap *= 2;
    u64 *set = NEW_ARRAY(o->a, u64, cap);
    for (u32 i = 0; i < n; i++) {
        u64 c = o->c[s[i]] | 1;         /* 0: free; colours are good to 63 bits */
        u32 at = (u32)(c >> 32) & (cap - 1);
        while (set[at] && set[at] != c)
            at = (at + 1) & (cap - 1);
        k += !set[at];
        set[at] = c;
    }
    arena_reset(o->a, m);
    return k;
}

/* Until nothing splits any more, and once again: the colours then say who is whose neighbour. */
static u32 refine(struct ord *o, u32 n, const u32 *s)
{
    u32 before = 0, k;
    for (;;) {
        sweep(o, n, s);
        k = classes(o, n, s);
        if (k == before)
            return k;
        before = k;
    }
}

static int by_colour(const void *x, const void *y)
{
    const struct cv *a = x, *b = y;
    return a->c != b->c ? (a->c < b->c ? -1 : 1) : a->v < b->v ? -1 : a->v > b->v;
}

static struct cv *sorted(struct ord *o, u32 n, const u32 *s)
{
    struct cv *x = NEW_ARRAY(o->a, struct cv, n);
    for (u32 i = 0; i < n; i++)
        x[i] = (struct cv){ o->c[s[i]], s[i] };
    if (n > 4096) {
        qsort(x, n, sizeof *x, by_colour);
        return x;
    }
    static const u32 gap[] = { 1750, 701, 301, 132, 57, 23, 10, 4, 1 };        /* Ciura's */
    for (u32 g = 0; g < COUNTOF(gap); g++)
        for (u32 i = gap[g]; i < n; i++) {
            struct cv y = x[i];
            u32 k = i;
            for (; k >= gap[g] && by_colour(&x[k - gap[g]], &y) > 0; k -= gap[g])
                x[k] = x[k - gap[g]];
            x[k] = y;
        }
    return x;
}

static u64 solve(struct ord *o, u32 n, const u32 *s, bool first_way);

static u64 tell_apart(struct ord *o, u32 n, const u32 *s, u32 v, bool first_way)
{
    o->c[v] = canon_mix(o->c[v] ^ APART);
    refine(o, n, s);
    return solve(o, n, s, first_way);
}

/* A connected set with classes of several: s ordered, its colours all different afterwards.  Returns what it is. */
static u64 branch(struct ord *o, u32 n, const u32 *s, bool first_way)
{
    struct arena_mark mark = arena_mark(o->a);
    struct cv *x = sorted(o, n, s);
    u32 from = 0, size = UINT32_MAX;
    for (u32 i = 0, k; i < n; i = k) {
        for (k = i; k < n && x[k].c == x[i].c; k++)
            ;
        if (k - i > 1 && k - i < size) {
            from = i;
            size = k - i;
        }
    }
    u64 result = 0;
    if (first_way || o->tired) {
        result = tell_apart(o, n, s, x[from].v, true);
        arena_reset(o->a, mark);
        return result;
    }
    u64 *was = NEW_ARRAY(o->a, u64, n), *best = NEW_ARRAY(o->a, u64, n), *kind = NEW_ARRAY(o->a, u64, size);
    u32 nkind = 0;
    for (u32 i = 0; i < n; i++)
        was[i] = o->c[s[i]];
    for (u32 k = 0; k < size; k++) {
        u64 quick = tell_apart(o, n, s, x[from + k].v, true);
        bool known = false;
        for (u32 j = 0; j < nkind; j++)
            known |= kind[j] == quick;
        for (u32 i = 0; i < n; i++)
            o->c[s[i]] = was[i];
        if (known)
            continue;
        kind[nkind++] = quick;
        u64 all = tell_apart(o, n, s, x[from + k].v, false);
        if (nkind == 1 || all < result) {
            result = all;
            for (u32 i = 0; i < n; i++)
                best[i] = o->c[s[i]];
        }
        for (u32 i = 0; i < n; i++)
            o->c[s[i]] = was[i];
    }
    for (u32 i = 0; i < n; i++)
        o->c[s[i]] = best[i];
    arena_reset(o->a, mark);
    return canon_mix(result + APART);
}

struct part { u32 at, n; u64 what; };

static int by_what(const void *x, const void *y)
{
    const struct part *a = x, *b = y;
    return a->what != b->what ? (a->what < b->what ? -1 : 1) : a->at < b->at ? -1 : a->at > b->at;
}
static int by_number(const void *x, const void *y)
{
    const u32 *a = x, *b = y;
    return *a < *b ? -1 : *a > *b;
}

/* Everything that hangs together with v among the marked, appended to s. */
static u32 reach(struct ord *o, u32 v, u32 *s)
{
    const struct cgraph *g = o->g;
    u32 n = 0;
    s[n++] = v;
    o->mark[v] = 0;
    for (u32 i = 0; i < n; i++) {
        u32 x = s[i];
        for (u32 e = g->first[x]; e < g->first[x + 1]; e++)
            if (o->mark[g->from[e]] == o->now) {
                o->mark[g->from[e]] = 0;
                s[n++] = g->from[e];
            }
        for (u32 e = o->ufirst[x]; e < o->ufirst[x + 1]; e++)
            if (o->mark[o->user[e].v] == o->now) {
                o->mark[o->user[e].v] = 0;
                s[n++] = o->user[e].v;
            }
    }
    qsort(s, n, sizeof *s, by_number);
    return n;
}

/* s: refined.  All its colours are different afterwards; returns a number that says what s is, up to isomorphism. */
static u64 solve(struct ord *o, u32 n, const u32 *s, bool first_way)
{
    struct arena_mark mark = arena_mark(o->a);
    struct cv *x = sorted(o, n, s);
    u64 what = n;
    u32 left = 0;
    o->now++;
    for (u32 i = 0; i < n; i++) {
        what = canon_mix(what * 3 + x[i].c);
        if ((i && x[i].c == x[i - 1].c) || (i + 1 < n && x[i].c == x[i + 1].c)) {
            o->mark[x[i].v] = o->now;
            left++;
        }
    }
    if (left) {
        u32 *in = NEW_ARRAY(o->a, u32, left), at = 0, nparts = 0;
        struct part *part = NEW_ARRAY(o->a, struct part, left);
        for (u32 i = 0; i < n; i++)
            if (o->mark[s[i]] == o->now) {
                part[nparts] = (struct part){ at, reach(o, s[i], in + at), 0 };
                at += part[nparts++].n;
            }
        for (u32 k = 0; k < nparts; k++) {
            struct part *p = &part[k];
            struct arena_mark inner = arena_mark(o->a);
            struct cv *y = sorted(o, p->n, in + p->at);
            bool apart = true;
            p->what = p->n;
            for (u32 i = 0; i < p->n; i++) {
                p->what = canon_mix(p->what * 5 + y[i].c);
                apart &= !i || y[i].c != y[i - 1].c;
            }
            arena_reset(o->a, inner);
            if (!apart)
                p->what = canon_mix(p->what ^ branch(o, p->n, in + p->at, first_way));
        }
        qsort(part, nparts, sizeof *part, by_what);
        for (u32 k = 0; k < nparts; k++) {
            what = canon_mix(what * 7 + part[k].what);
            for (u32 i = 0; i < part[k].n; i++)
                o->c[in[part[k].at + i]] = canon_mix(o->c[in[part[k].at + i]] + (u64)(k + 1) * APART);
        }
    }
    arena_reset(o->a, mark);
    return what;
}

bool canon_order(struct arena *a, struct cgraph *g)
{
    struct arena_mark mark = arena_mark(a);
    struct ord o = { .a = a, .g = g, .c = g->colour };
    u32 *all = NEW_ARRAY(a, u32, g->n + 1);
    for (u32 v = 0; v < g->n; v++)
        all[v] = v;
    find_users(&o);
    sweep(&o, g->n, all);
    if (classes(&o, g->n, all) < g->n && refine(&o, g->n, all) < g->n) {
        o.mark = NEW_ARRAY(a, u32, g->n + 1);
        solve(&o, g->n, all, false);
    }
    arena_reset(a, mark);
    return !o.tired;
}
