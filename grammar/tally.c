/* tally.c - exact numbers of derivations, by dynamic programming over (symbol, depth). */
#include "grammar/tally.h"

#include "compiler/base/real.h"

#include <stdlib.h>

#define NONE (-__builtin_inf())

struct num_at { mpz_t n; double log; bool exact; };     /* log: natural */

struct tally {
    const struct skel *k;
    u64 bits;
    u32 rows;                   /* depths worked out so far: 0 .. rows - 1 */
    struct num_at **row;        /* [rows][nsym] */
    bool finite; u32 deepest;
    u32 *order;                 /* symbols, children first, where nothing derives itself without getting deeper */
};

/* ---- is there an end? ---- */

/* Longest path of draws below each symbol; false: there is none.  same: draws at the same depth only. */
static bool heights(const struct skel *k, u32 *height, u32 *order, bool same)
{
    u32 *at = calloc(k->nsym, sizeof *at), *path = calloc(k->nsym + 1, sizeof *path), n = 0, done = 0;
    u8 *state = calloc(k->nsym, 1);     /* 0 new, 1 on the path, 2 done */
    bool ok = at && path && state;
    for (u32 root = 0; ok && root < k->nsym; root++) {
        if (state[root])
            continue;
        path[n++] = root;
        while (n && ok) {
            u32 v = path[n - 1], i = 0, want = at[v];
            const struct skel_sym *s = &k->sym[v];
            state[v] = 1;
            const struct skel_child *c = NULL;
            for (u32 p = 0; p < s->nprod && !c; p++) {
                if (want - i < s->prod[p].nchild)
                    c = &s->prod[p].child[want - i];
                i += s->prod[p].nchild;
            }
            if (!c) {
                state[v] = 2;
                order[done++] = v;
                n--;
                continue;
            }
            if (same && k->sym[c->sym].depth != s->depth) {
                at[v]++;
            } else if (state[c->sym] == 0) {
                path[n++] = c->sym;
            } else if (state[c->sym] == 1) {
                ok = false;
            } else {
                height[v] = MAX(height[v], height[c->sym] + 1);
                at[v]++;
            }
        }
    }
    free(at);
    free(path);
    free(state);
    return ok;
}

struct skel *tally_skel(struct arena *a, struct gram *g, const struct gram_rule *space, u32 depth, u64 steps)
{
    struct skel_opts o = {.steps = steps};
    struct skel *k = skel_build(a, g, space, &o);
    if (!k || (!k->by_depth && !k->crosses))
        return k;
    o.by_depth = true;
    if (!k->by_depth)
        k = skel_build(a, g, space, &o);
    u32 deepest;
    struct tally *t = k && !k->empty ? tally_new(k, TALLY_FEW_BITS) : NULL;
    bool ends = t && tally_finite(t, &deepest) && deepest < k->most_depth;
    tally_free(t);
    if (ends || (k && k->empty))
        return k;
    o.depth = MAX(depth, 1u);
    o.cut = true;
    return skel_build(a, g, space, &o);
}

struct tally *tally_new(const struct skel *k, u64 bits)
{
    struct tally *t = calloc(1, sizeof *t);
    if (!t)
        NO_MEMORY(sizeof *t, "counting");
    t->k = k;
    t->bits = bits;
    t->order = calloc(k->nsym + 1, sizeof *t->order);
    u32 *height = calloc(k->nsym + 1, sizeof *height);
    CHECK(t->order && height);
    t->finite = heights(k, height, t->order, false);
    if (t->finite) {
        t->deepest = height[k->root];
        for (u32 i = 0; k->by_depth && i < k->nsym; i++)
            t->deepest = i ? MAX(t->deepest, k->sym[i].depth) : k->sym[i].depth;
    }
    memset(height, 0, k->nsym * sizeof *height);
    bool ok = !k->by_depth || heights(k, height, t->order, false);
    free(height);
    if (ok)
        return t;
    tally_free(t);
    return NULL;
}

void tally_free(struct tally *t)
{
    if (!t)
        return;
    for (u32 r = 0; r < t->rows; r++) {
        for (u32 i = 0; i < t->k->nsym; i++)
            mpz_clear(t->row[r][i].n);
        free(t->row[r]);
    }
    free(t->row);
    free(t->order);
    free(t);
}

bool tally_finite(const struct tally *t, u32 *depth)
{
    *depth = t->deepest;
    return t->finite && !t->k->cut;
}

/* ---- sums of products ---- */

static double log_of(mpz_srcptr n)
{
    long e;
    if (!mpz_sgn(n))
        return NONE;
    double d = mpz_get_d_2exp(&e, n);
    return real_log(d) + (double)e * real_log(2);
}

static double log_add(double a, double b)
{
    double m = MAX(a, b), d = MIN(a, b) - m;
    return m == NONE ? NONE : d < -745 ? m : m + real_log(1 + real_exp(d));
}

/* Derivations of a symbol, its draws being worth `below` (or those of its own row, where depths say how deep they are). */
static void sum_up(const struct tally *t, u32 s, u32 depth, struct num_at *row, const struct num_at *below, struct num_at *out, mpz_t term, mpz_t power)
{
    const struct skel *k = t->k;
    const struct skel_sym *sym = &k->sym[s];
    mpz_init(out->n);
    out->exact = true;
    out->log = NONE;
    for (u32 p = 0; p < sym->nprod; p++) {
        const struct skel_prod *q = &sym->prod[p];
        double log = 0;
        bool exact = true;
        for (u32 c = 0; c < q->nchild; c++) {
            const struct num_at *x = k->by_depth ? &row[q->child[c].sym] : below ? &below[q->child[c].sym] : NULL;
            bool deep = k->by_depth && k->sym[q->child[c].sym].depth > depth;
            if (!x || deep || x->log == NONE)
                log = NONE;
            else
                log += x->log * q->child[c].times;
            exact &= log == NONE || x->exact;
        }
        if (log == NONE)
            continue;
        exact &= log < (double)t->bits * 0.693147;
        out->log = log_add(out->log, log);
        out->exact &= exact;
        if (!out->exact)
            continue;
        mpz_set_ui(term, 1);
        for (u32 c = 0; c < q->nchild; c++) {
            const struct num_at *x = k->by_depth ? &row[q->child[c].sym] : &below[q->child[c].sym];
            if (q->child[c].times == 1) {
                mpz_mul(term, term, x->n);
            } else {
                mpz_pow_ui(power, x->n, q->child[c].times);
                mpz_mul(term, term, power);
            }
        }
        mpz_add(out->n, out->n, term);
    }
    if (out->exact)
        out->log = log_of(out->n);
    else
        mpz_set_ui(out->n, 0);
}

static void add_row(struct tally *t)
{
    u32 n = t->k->nsym, depth = t->rows;
    struct num_at *row = calloc(n + 1, sizeof *row);
    t->row = realloc(t->row, (t->rows + 1) * sizeof *t->row);
    CHECK(row && t->row);
    mpz_t term, power;
    mpz_inits(term, power, NULL);
    for (u32 i = 0; i < n; i++) {
        u32 s = t->k->by_depth ? t->order[i] : i;
        sum_up(t, s, depth, row, depth ? t->row[depth - 1] : NULL, &row[s], term, power);
    }
    mpz_clears(term, power, NULL);
    t->row[t->rows++] = row;
}

struct tally_number tally_depth(struct tally *t, u32 depth)
{
    if (t->finite && !t->k->cut)
        depth = MIN(depth, t->deepest);
    while (t->rows <= depth)
        add_row(t);
    const struct num_at *x = &t->row[depth][t->k->root];
    return (struct tally_number){x->exact, x->n, x->log / real_log(10)};
}

/* ---- text ---- */

void tally_print(struct buf *b, const struct tally_number *n)
{
    if (n->exact && mpz_sizeinbase(n->n, 10) <= 30) {
        char s[40];
        mpz_get_str(s, 10, n->n);
        size_t len = strlen(s);
        for (size_t i = 0; i < len; i++) {
            if (i && (len - i) % 3 == 0)
                buf_putc(b, ',');
            buf_putc(b, s[i]);
        }
        return;
    }
    u64 e = n->log10 < 1e18 ? (u64)n->log10 : 0;
    double m = real_exp((n->log10 - (double)e) * real_log(10));
    if (e >= 1000000000 || !e)
        buf_printf(b, "10^%.4g", n->log10);
    else
        buf_printf(b, "%.3fe+%llu", m >= 9.9995 ? 9.999 : m, (unsigned long long)e);
}
