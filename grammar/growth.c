/* growth.c - components, spectral radii, expected sizes. */
#include "grammar/growth.h"

#include "compiler/base/vec.h"

#define INF __builtin_inf()

enum { MOST_ROUNDS = 20000, ENDING_ROUNDS = 4000, DENSE = 400 };
static const double tiny = 1e-13;

struct edge { u32 to; double n[GROWTH_LEVELS]; };
struct net {
    struct arena *a;
    const struct skel *k;
    VEC(struct edge) *edge;     /* by symbol: expected children */
    u32 *comp, ncomp;           /* children's components have lower numbers */
    VEC(u32) *member;
};

static void add_edge(struct net *n, u32 from, u32 to, double der, double inst)
{
    for (u32 i = 0; i < n->edge[from].n; i++)
        if (n->edge[from].at[i].to == to) {
            n->edge[from].at[i].n[0] += der;
            n->edge[from].at[i].n[1] += inst;
            return;
        }
    struct edge e = {to, {der, inst}};
    vec_push(n->a, &n->edge[from], e);
}

/* ---- components (Tarjan's, without recursion) ---- */

static void components(struct net *n)
{
    u32 N = n->k->nsym, next = 1;
    u32 *index = NEW_ARRAY(n->a, u32, N), *low = NEW_ARRAY(n->a, u32, N), *at = NEW_ARRAY(n->a, u32, N);
    bool *on = NEW_ARRAY(n->a, bool, N);
    VEC(u32) stack = {0}, path = {0};
    n->comp = NEW_ARRAY(n->a, u32, N);
    for (u32 root = 0; root < N; root++) {
        if (index[root])
            continue;
        vec_push(n->a, &path, root);
        while (path.n) {
            u32 v = path.at[path.n - 1];
            if (!index[v]) {
                index[v] = low[v] = next++;
                vec_push(n->a, &stack, v);
                on[v] = true;
            }
            if (at[v] < n->edge[v].n) {
                u32 w = n->edge[v].at[at[v]].to;
                if (!index[w]) {
                    vec_push(n->a, &path, w);
                    continue;
                }
                if (on[w])
                    low[v] = MIN(low[v], low[w]);
                at[v]++;
                continue;
            }
            path.n--;
            if (low[v] != index[v])
                continue;
            u32 w;
            do {
                w = stack.at[--stack.n];
                on[w] = false;
                n->comp[w] = n->ncomp;
            } while (w != v);
            n->ncomp++;
        }
    }
    n->member = arena_alloc(n->a, n->ncomp * sizeof(*n->member));
    for (u32 i = 0; i < N; i++)
        vec_push(n->a, &n->member[n->comp[i]], i);
}

/* ---- rates ---- */

/* The largest eigenvalue of a component's matrix A: powers of A + I, whose quotients close in on it from both sides
 * (Collatz and Wielandt; the I is for matrices that swing). */
static double radius(const struct net *n, u32 c, enum growth_level l)
{
    struct arena_mark m = arena_mark(n->a);
    u32 size = n->member[c].n;
    if (size == 1) {
        u32 s = n->member[c].at[0];
        for (u32 e = 0; e < n->edge[s].n; e++)
            if (n->edge[s].at[e].to == s)
                return n->edge[s].at[e].n[l];
        return 0;
    }
    u32 *place = NEW_ARRAY(n->a, u32, n->k->nsym);
    double *x = NEW_ARRAY(n->a, double, size), *y = NEW_ARRAY(n->a, double, size), lo = 0, hi = 0;
    for (u32 i = 0; i < size; i++) {
        place[n->member[c].at[i]] = i;
        x[i] = 1;
    }
    for (u32 round = 0; round < MOST_ROUNDS; round++) {
        double most = 0;
        lo = INF;
        hi = 0;
        for (u32 i = 0; i < size; i++) {
            u32 s = n->member[c].at[i];
            double sum = 0;
            for (u32 e = 0; e < n->edge[s].n; e++)
                if (n->comp[n->edge[s].at[e].to] == c)
                    sum += n->edge[s].at[e].n[l] * x[place[n->edge[s].at[e].to]];
            double q = sum / x[i];
            lo = MIN(lo, q);
            hi = MAX(hi, q);
            y[i] = sum + x[i];
            most = MAX(most, y[i]);
        }
        if (hi - lo <= tiny * (1 + hi))
            break;
        for (u32 i = 0; i < size; i++)
            x[i] = y[i] / most;
    }
    arena_reset(n->a, m);
    return (lo + hi) / 2;
}

/* ---- expected sizes ---- */

/* x = M x + b for the members of a component. */
static void solve_dense(u32 n, double *M, double *b)
{
    for (u32 i = 0; i < n; i++)
        for (u32 j = 0; j < n; j++)
            M[i * n + j] = (i == j) - M[i * n + j];
    for (u32 k = 0; k < n; k++) {
        u32 best = k;
        for (u32 i = k + 1; i < n; i++)
            if (__builtin_fabs(M[i * n + k]) > __builtin_fabs(M[best * n + k]))
                best = i;
        for (u32 j = 0; j < n && best != k; j++) {
            double t = M[k * n + j];
            M[k * n + j] = M[best * n + j];
            M[best * n + j] = t;
        }
        double t = b[k];
        b[k] = b[best];
        b[best] = t;
        for (u32 i = k + 1; i < n; i++) {
            double q = M[i * n + k] / M[k * n + k];
            if (q == 0)
                continue;
            for (u32 j = k; j < n; j++)
                M[i * n + j] -= q * M[k * n + j];
            b[i] -= q * b[k];
        }
    }
    for (u32 k = n; k-- > 0;) {
        for (u32 j = k + 1; j < n; j++)
            b[k] -= M[k * n + j] * b[j];
        b[k] /= M[k * n + k];
    }
}

static void solve(const struct net *n, u32 c, enum growth_level l, double *own, double *x)
{
    struct arena_mark m = arena_mark(n->a);
    u32 size = n->member[c].n;
    u32 *place = NEW_ARRAY(n->a, u32, n->k->nsym);
    double *b = NEW_ARRAY(n->a, double, size);
    for (u32 i = 0; i < size; i++) {
        u32 s = n->member[c].at[i];
        place[s] = i;
        b[i] = own[s];
        for (u32 e = 0; e < n->edge[s].n; e++)
            if (n->comp[n->edge[s].at[e].to] != c && x[n->edge[s].at[e].to] > 0)
                b[i] += n->edge[s].at[e].n[l] * x[n->edge[s].at[e].to];
    }
    bool infinite = false;
    for (u32 i = 0; i < size; i++)
        infinite |= b[i] == INF;
    if (infinite) {
        for (u32 i = 0; i < size; i++)
            x[n->member[c].at[i]] = INF;
    } else if (size <= DENSE) {
        double *M = NEW_ARRAY(n->a, double, (size_t)size * size);
        for (u32 i = 0; i < size; i++) {
            u32 s = n->member[c].at[i];
            for (u32 e = 0; e < n->edge[s].n; e++)
                if (n->comp[n->edge[s].at[e].to] == c)
                    M[i * size + place[n->edge[s].at[e].to]] += n->edge[s].at[e].n[l];
        }
        solve_dense(size, M, b);
        for (u32 i = 0; i < size; i++)
            x[n->member[c].at[i]] = b[i];
    } else {
        for (u32 i = 0; i < size; i++)
            x[n->member[c].at[i]] = b[i];
        for (u32 round = 0; round < MOST_ROUNDS; round++) {
            double most = 0;
            for (u32 i = 0; i < size; i++) {
                u32 s = n->member[c].at[i];
                double sum = b[i];
                for (u32 e = 0; e < n->edge[s].n; e++)
                    if (n->comp[n->edge[s].at[e].to] == c)
                        sum += n->edge[s].at[e].n[l] * x[n->edge[s].at[e].to];
                most = MAX(most, (sum - x[s]) / (1 + sum));
                x[s] = sum;
            }
            if (most < tiny)
                break;
        }
    }
    arena_reset(n->a, m);
}

static void sizes(const struct net *n, enum growth_level l, struct growth_sizes *out)
{
    u32 N = n->k->nsym;
    double *one = NEW_ARRAY(n->a, double, N), *term = NEW_ARRAY(n->a, double, N);
    double *draws = NEW_ARRAY(n->a, double, N), *terminals = NEW_ARRAY(n->a, double, N);
    for (u32 i = 0; i < N; i++) {
        if (i == n->k->root)
            continue;           /* the space itself is no draw */
        one[i] = 1;
        for (u32 p = 0; p < n->k->sym[i].nprod; p++)
            term[i] += n->k->sym[i].prod[p].terminal ? n->k->sym[i].prod[p].p : 0;
    }
    out->rate = 0;
    for (u32 c = 0; c < n->ncomp; c++) {
        double r = radius(n, c, l);
        if (r > out->rate) {
            out->rate = r;
            out->worst = n->member[c].at[0];
        }
        if (r >= 1 - 1e-12) {
            for (u32 i = 0; i < n->member[c].n; i++) {
                draws[n->member[c].at[i]] = INF;
                terminals[n->member[c].at[i]] = INF;
            }
            continue;
        }
        solve(n, c, l, one, draws);
        solve(n, c, l, term, terminals);
    }
    out->draws = draws;
    out->terminals = terminals;
}

/* The least solution of x = G(x), G being the generating functions: the probability that a derivation ends. */
static double ending(const struct net *n)
{
    const struct skel *k = n->k;
    double *x = NEW_ARRAY(n->a, double, k->nsym);
    for (u32 round = 0; round < ENDING_ROUNDS; round++) {
        double most = 0;
        for (u32 s = k->nsym; s-- > 0;) {
            double sum = 0;
            for (u32 p = 0; p < k->sym[s].nprod; p++) {
                const struct skel_prod *q = &k->sym[s].prod[p];
                double t = q->p;
                for (u32 c = 0; c < q->nchild; c++)
                    for (u32 i = 0; i < q->child[c].times; i++)
                        t *= x[q->child[c].sym];
                sum += t;
            }
            most = MAX(most, sum - x[s]);
            x[s] = sum;
        }
        if (most < 1e-14)
            break;
    }
    return MIN(x[k->root], 1);
}

static void begin(struct net *n, struct arena *a, const struct skel *k)
{
    *n = (struct net){.a = a, .k = k};
    n->edge = arena_alloc(a, k->nsym * sizeof(*n->edge));
    for (u32 i = 0; i < k->nsym; i++)
        for (u32 p = 0; p < k->sym[i].nprod; p++)
            for (u32 c = 0; c < k->sym[i].prod[p].nchild; c++) {
                const struct skel_child *ch = &k->sym[i].prod[p].child[c];
                add_edge(n, i, ch->sym, k->sym[i].prod[p].p * ch->times, k->sym[i].prod[p].p * ch->inst);
            }
    components(n);
}

struct growth *growth_of(struct arena *a, const struct skel *k)
{
    struct growth *g = NEW(a, struct growth);
    struct net n;
    begin(&n, a, k);
    for (u32 l = 0; l < GROWTH_LEVELS; l++)
        sizes(&n, (enum growth_level)l, &g->at[l]);
    g->component = n.comp;
    g->ends = g->at[GROWTH_DERIVATION].rate > 1 + 1e-9 ? ending(&n) : 1;
    return g;
}

double growth_rate(struct arena *a, const struct skel *k, enum growth_level l)
{
    struct arena_mark m = arena_mark(a);
    struct net n;
    double most = 0;
    begin(&n, a, k);
    for (u32 c = 0; c < n.ncomp; c++) {
        double r = radius(&n, c, l);
        most = MAX(most, r);
    }
    arena_reset(a, m);
    return most;
}
