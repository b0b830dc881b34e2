/* ein_split.c - ein-split: ranks split so that no index divides.
 *
 *     z[r0,r1] += mul(read(x, r2/9, r0/8 + r2/3%3 - 1, r0%8 + r2%3 - 1 pad 0), read(w, r1, r2))
 * ->  z[r0*8 + r1,r2] += mul(read(x, r3, r0 + r4 - 1, r1 + r5 - 1 pad 0), read(w, r2, r3*9 + r4*3 + r5))
 *
 * A rank's divisors are its cuts; where each divides the next and the last the extent, the rank is the number whose
 * digits the new ranks are.  Others stay as they are. */
#include "passes/rewrite.h"

enum { CUTS = 12, RANKS = 60 };
struct cuts { u32 n; i64 at[CUTS]; bool bad; };

static void add_cut(struct cuts *s, i64 k, i64 ext)
{
    if (k <= 1 || k >= ext)
        return;
    u32 i = 0;
    while (i < s->n && s->at[i] < k)
        i++;
    if (i < s->n && s->at[i] == k)
        return;
    if (s->n == CUTS) {
        s->bad = true;
        return;
    }
    memmove(&s->at[i + 1], &s->at[i], sizeof *s->at * (s->n - i));
    s->at[i] = k;
    s->n++;
}

/* x = floor(rank k / q): gives q; false if x is nothing of the kind. */
static bool quotient(const struct cascade *c, ein_node x, u32 k, i64 *q)
{
    *q = 1;
    for (;;) {
        const struct ein_x *y = &c->node.at[x];
        if (y->kind == EIN_RANK)
            return y->u == k;
        if (y->kind != EIN_IDIV || __builtin_mul_overflow(*q, c->node.at[y->b].i, q))
            return false;
        x = y->a;
    }
}

static void find_cuts(struct rewrite *w, const struct ein_eq *e, u32 k, struct cuts *s)
{
    struct cascade *c = w->c;
    ein_nodes all = {0};
    ein_node root[64];
    u32 n = 0;
    for (u32 i = 0; i < e->nbody && n < 20; i++)
        root[n++] = e->body[i];
    for (u32 i = 0; i < e->nsub && n < 60; i++)
        root[n++] = e->sub[i];
    root[n++] = e->guard;
    root[n++] = e->post;
    for (u32 i = 0; i < n; i++)
        if (root[i])
            ein_reach(w->a, c, root[i], &all);
    for (u32 i = 0; i < all.n; i++) {
        const struct ein_x *y = &c->node.at[all.at[i]];
        i64 q, m;
        if (y->kind != EIN_IDIV && y->kind != EIN_IMOD)
            continue;
        if (quotient(c, y->a, k, &q) && !__builtin_mul_overflow(q, c->node.at[y->b].i, &m)) {
            add_cut(s, q, e->rank[k].ext);
            add_cut(s, m, e->rank[k].ext);
        }
    }
}

static u32 divisions(struct rewrite *w, const struct ein_eq *e)
{
    u32 n = 0;
    ein_nodes all = {0};
    for (u32 i = 0; i < e->nbody; i++)
        ein_reach(w->a, w->c, e->body[i], &all);
    for (u32 i = 0; i < e->nsub; i++)
        ein_reach(w->a, w->c, e->sub[i], &all);
    if (e->guard)
        ein_reach(w->a, w->c, e->guard, &all);
    if (e->post)
        ein_reach(w->a, w->c, e->post, &all);
    for (u32 i = 0; i < all.n; i++) {
        u8 kind = w->c->node.at[all.at[i]].kind;
        n += kind == EIN_IDIV || kind == EIN_IMOD;
    }
    return n;
}

static bool split_rank(struct rewrite *w, struct ein_eq *e, u32 k, const struct cuts *s)
{
    struct cascade *c = w->c;
    u32 more = s->n;                    /* the rank becomes more + 1 ranks, the outermost digit first */
    if (e->nrank + more > RANKS)
        return false;
    struct ein_eq f = *e;
    ein_node with[RANKS] = {0};
    f.rank = NEW_ARRAY(c->a, struct ein_rank, e->nrank + more);
    f.nrank = 0;
    for (u32 i = 0; i < e->nrank; i++) {
        if (i != k) {
            with[i] = ein_rank(c, f.nrank);
            f.rank[f.nrank++] = e->rank[i];
            continue;
        }
        with[k] = ein_int(c, 0);
        for (u32 d = 0; d <= more; d++) {
            i64 weight = d == more ? 1 : s->at[more - 1 - d], above = d ? s->at[more - d] : e->rank[k].ext;
            struct ein_rank r = e->rank[k];
            r.ext = above / weight;
            with[k] = ein_iadd(c, with[k], ein_imul(c, ein_rank(c, f.nrank), weight));
            f.rank[f.nrank++] = r;
        }
        if (w->o->break_ == BREAK_SPLIT && more >= 1) {
            struct ein_rank t = f.rank[k];
            f.rank[k] = f.rank[k + 1];
            f.rank[k + 1] = t;
        }
    }
    f.body = arena_dup(c->a, e->body, sizeof *e->body * e->nbody);
    f.sub = arena_dup(c->a, e->sub, sizeof *e->sub * e->nsub);
    for (u32 i = 0; i < f.nbody; i++)
        f.body[i] = ein_subst(c, f.body[i], e->nrank, with);
    for (u32 i = 0; i < f.nsub; i++)
        f.sub[i] = ein_subst(c, f.sub[i], e->nrank, with);
    f.guard = f.guard ? ein_subst(c, f.guard, e->nrank, with) : 0;
    f.post = f.post ? ein_subst(c, f.post, e->nrank, with) : 0;
    rw_simplify(w, &f);
    if (divisions(w, &f) >= divisions(w, e) && w->o->break_ != BREAK_SPLIT)
        return false;
    if (f.scan && f.scan_rank > k)
        f.scan_rank += more;
    *e = f;
    return true;
}

u32 ein_split(struct cascade *c, const struct pass_options *o)
{
    struct rewrite *w = rw_open(c, o);
    for (u32 i = 0; i < w->neq; i++) {
        struct ein_eq e = c->eq.at[i];
        bool fired = false;
        for (u32 k = 0; k < e.nrank; k++) {
            struct cuts s = {0};
            if (e.rank[k].ext < 2 || (e.scan && e.scan_rank == k) || (e.red == RED_ARGMAX || e.red == RED_ARGMIN))
                continue;
            find_cuts(w, &e, k, &s);
            bool chain = s.n && !s.bad && e.rank[k].ext % s.at[s.n - 1] == 0;
            for (u32 d = 1; d < s.n; d++)
                chain &= s.at[d] % s.at[d - 1] == 0;
            if (chain && split_rank(w, &e, k, &s)) {
                fired = true;
                k += s.n;
            }
        }
        if (fired)
            rw_set(w, i, e);
    }
    return rw_close(w);
}
