/* tally_typed.c - exact numbers of derivations that type. */
#include "grammar/tally_typed.h"

#include "compiler/base/hash.h"
#include "compiler/base/real.h"
#include "grammar/enumerate.h"
#include "grammar/typed.h"

#include <stdlib.h>

enum { MOST_NUMBERS = 4000000, MOST_WORDS = 50000, MOST_NEST = 3000, MOST_BITS = 1 << 20 };

/* ---- each of them ---- */

/* A set of 128-bit hashes. */
struct words { struct hash128 *at; u32 cap, n; };

static void add_word(struct words *w, struct hash128 h)
{
    if ((w->n + 1) * 2 > w->cap) {
        struct words to = {.cap = w->cap ? 2 * w->cap : 1024};
        to.at = calloc(to.cap, sizeof *to.at);
        CHECK(to.at);
        for (u32 i = 0; i < w->cap; i++)
            if (w->at[i].lo)
                add_word(&to, w->at[i]);
        free(w->at);
        *w = to;
    }
    h.lo += !h.lo;              /* 0 marks a free place */
    u32 i = (u32)h.hi & (w->cap - 1);
    for (; w->at[i].lo; i = (i + 1) & (w->cap - 1))
        if (w->at[i].lo == h.lo && w->at[i].hi == h.hi)
            return;
    w->at[i] = h;
    w->n++;
}

static bool count_each(struct gram *g, const struct gram_rule *space, struct typed_tally *t, u64 most, struct notation *notation)
{
    struct enumeration *e = enumerate_open(g, space, t->n - 1);
    struct words w = {0};
    struct buf b = {0};
    struct sample s;
    u64 given = 0, failed = 0;
    if (!e)
        return false;
    bool more = true, words = notation;
    while (given + failed < most && (more = enumerate_next(e, &s))) {
        mpz_add_ui(t->upto[s.depth], t->upto[s.depth], 1);
        enumerate_counts(e, &given, &failed);
        words &= given <= MOST_WORDS;
        if (!words)
            continue;
        buf_clear(&b);
        enumerate_text(e, notation, &b);
        add_word(&w, hash128(b.at, b.n));
    }
    buf_free(&b);
    enumerate_close(e);
    for (u32 i = 0; i < t->n; i++)
        if (more)
            mpz_set_ui(t->upto[i], 0);
        else if (i)
            mpz_add(t->upto[i], t->upto[i], t->upto[i - 1]);
    t->how = TT_EACH;
    t->words_known = words && !more;
    t->words = w.n;
    free(w.at);
    return !more;
}

/* ---- on the tables ---- */

struct given { const struct tval *v; mpz_t n; };
struct entry { const struct tsym *sym; u32 left, depth; bool busy; struct given *at; u32 n, cap; };

struct table {
    struct typed *t;
    struct entry **at; u32 n, cap;      /* open addressing */
    u32 most_depth, nest;
    u64 steps, numbers;
    bool by_depth, reads_depth, stop;
    enum typed_tally_how why;
};

static void stop(struct table *t, enum typed_tally_how why)
{
    if (!t->stop)
        t->why = why;
    t->stop = true;
}

static struct entry *find(struct table *t, const struct tsym *s, u32 depth, bool *isnew)
{
    u32 left = t->most_depth - depth, key = t->by_depth ? depth : 0;
    if ((t->n + 1) * 2 > t->cap) {
        u32 cap = t->cap ? 2 * t->cap : 1024;
        struct entry **at = calloc(cap, sizeof *at);
        CHECK(at);
        for (u32 i = 0; i < t->cap; i++)
            if (t->at[i]) {
                u64 h = (t->at[i]->sym->id * 1000003ull + t->at[i]->left) * 1000003ull + t->at[i]->depth;
                u32 j = (u32)(h ^ h >> 29) & (cap - 1);
                while (at[j])
                    j = (j + 1) & (cap - 1);
                at[j] = t->at[i];
            }
        free(t->at);
        t->at = at;
        t->cap = cap;
    }
    u64 h = (s->id * 1000003ull + left) * 1000003ull + key;
    u32 j = (u32)(h ^ h >> 29) & (t->cap - 1);
    for (; t->at[j]; j = (j + 1) & (t->cap - 1))
        if (t->at[j]->sym == s && t->at[j]->left == left && t->at[j]->depth == key) {
            *isnew = false;
            return t->at[j];
        }
    *isnew = true;
    struct entry *e = calloc(1, sizeof *e);
    CHECK(e);
    *e = (struct entry){.sym = s, .left = left, .depth = key};
    t->at[j] = e;
    t->n++;
    return e;
}

static void add(struct table *t, struct entry *e, const struct tval *v, mpz_srcptr n)
{
    for (u32 i = 0; i < e->n; i++)
        if (e->at[i].v == v) {
            mpz_add(e->at[i].n, e->at[i].n, n);
            return;
        }
    if (e->n == e->cap) {
        e->cap = e->cap ? 2 * e->cap : 4;
        e->at = realloc(e->at, e->cap * sizeof *e->at);
        CHECK(e->at);
    }
    e->at[e->n].v = v;
    mpz_init_set(e->at[e->n++].n, n);
    if (++t->numbers > MOST_NUMBERS)
        stop(t, TT_WORK);
}

static const struct entry *entry_of(struct table *t, struct tsym *s, u32 depth);

/* From st to the ends of the alternative, n derivations having come here; depth: by level, of the choices open. */
static void go(struct table *t, struct tstate *st, const u32 *depth, mpz_srcptr n, struct entry *into)
{
    while (st->kind == T_ONCE || st->kind == T_ONCE_END || st->kind == T_AGAIN || st->kind == T_CLOSE)
        st = st->to ? st->to : typed_pass(t->t, st);
    if (!t->steps-- || t->nest > MOST_NEST) {
        t->steps = 0;
        stop(t, TT_WORK);
    }
    if (t->stop)
        return;
    t->nest++;
    switch ((enum tkind)st->kind) {
    case T_CALL: {
        u32 d = depth[st->level] + st->site->deeper;
        const struct entry *e = d <= t->most_depth ? entry_of(t, st->sym, d) : NULL;
        mpz_t m;
        mpz_init(m);
        for (u32 i = 0; e && i < e->n && !t->stop; i++) {
            mpz_mul(m, n, e->at[i].n);
            u64 bits = mpz_sizeinbase(m, 2);
            t->steps -= MIN(t->steps, bits >> 11);      /* long numbers are work */
            if (bits > MOST_BITS)
                stop(t, TT_WORK);
            go(t, typed_result(t->t, st, e->at[i].v), depth, m, into);
        }
        mpz_clear(m);
        break;
    }
    case T_CHOICE: {
        u32 at[16];
        memcpy(at, depth, sizeof at);
        if (st->up) {           /* a choose: one level more */
            u32 d = depth[st->level] + st->site->deeper;
            if (d > t->most_depth || st->level + 1u >= COUNTOF(at))
                break;
            at[st->level + 1] = d;
        }
        for (u32 i = 0; i < st->choice->w->n && !t->stop; i++)
            if (st->choice->w->weight[i] > 0)
                go(t, typed_pick(t->t, st, i), at, n, into);
        break;
    }
    case T_DONE:
        add(t, into, st->result, n);
        break;
    case T_FOLLOW:
        stop(t, TT_ONCE);
        break;
    case T_SLOW:
        stop(t, TT_SLOW);
        break;
    default:
        break;
    }
    t->nest--;
}

static const struct entry *entry_of(struct table *t, struct tsym *s, u32 depth)
{
    u32 at[16] = {depth};
    bool isnew;
    if (s->reads_depth) {
        if (!t->by_depth)
            t->reads_depth = t->stop = true;    /* again, told apart by depth */
        s = typed_at_depth(t->t, s, depth);
    }
    struct entry *e = find(t, s, depth, &isnew);
    if (!isnew) {
        if (e->busy)
            stop(t, TT_SLOW);
        return e;
    }
    mpz_t one;
    mpz_init_set_ui(one, 1);
    e->busy = true;
    go(t, typed_entry(t->t, s), at, one, e);
    e->busy = false;
    mpz_clear(one);
    return e;
}

static void forget(struct table *t)
{
    for (u32 i = 0; i < t->cap; i++)
        if (t->at[i]) {
            for (u32 k = 0; k < t->at[i]->n; k++)
                mpz_clear(t->at[i]->at[k].n);
            free(t->at[i]->at);
            free(t->at[i]);
        }
    free(t->at);
    t->at = NULL;
    t->n = t->cap = 0;
}

static void resize(struct typed_tally *t, u32 n);

static void count_tables(struct gram *g, const struct gram_rule *space, struct typed_tally *out, u64 steps)
{
    struct table t = {.t = typed_of(g), .steps = steps};
    struct tsym *s = typed_space(t.t, space);
    for (u32 d = 0; d < out->n && !t.stop; d++) {
        t.most_depth = d;
        const struct entry *e = entry_of(&t, s, 0);
        if (t.reads_depth) {
            t.reads_depth = t.stop = false;
            t.by_depth = true;
            forget(&t);
            e = entry_of(&t, s, 0);
        }
        for (u32 i = 0; i < e->n && !t.stop; i++)
            mpz_add(out->upto[d], out->upto[d], e->at[i].n);
        if (t.by_depth)
            forget(&t);
        if (t.stop)
            resize(out, d);
    }
    forget(&t);
    out->how = TT_TABLES;
    out->why = t.why;
}

static void resize(struct typed_tally *t, u32 n)
{
    for (u32 i = n; i < t->n; i++)
        mpz_clear(t->upto[i]);
    t->upto = realloc(t->upto, (n + 1) * sizeof *t->upto);
    CHECK(t->upto);
    for (u32 i = t->n; i < n; i++)
        mpz_init(t->upto[i]);
    t->n = n;
}

struct typed_tally *typed_tally_new(struct gram *g, const struct gram_rule *space, struct tally *untyped, u32 most_depth, u64 steps,
                                    struct notation *notation)
{
    struct typed_tally *t = calloc(1, sizeof *t);
    u32 few = 0;                /* to this depth each can be looked at */
    CHECK(t);
    while (untyped && few < most_depth && tally_depth(untyped, few + 1).log10 < real_log((double)steps / 4) / real_log(10))
        few++;
    resize(t, most_depth + 1);
    if (untyped && few == most_depth && count_each(g, space, t, steps, notation))
        return t;
    count_tables(g, space, t, steps);
    if (untyped && t->n <= few && t->n <= most_depth) {
        enum typed_tally_how why = t->why;
        resize(t, 0);
        resize(t, few + 1);
        if (!count_each(g, space, t, steps, NULL))
            resize(t, 0);
        t->why = why;
    }
    return t;
}

void typed_tally_free(struct typed_tally *t)
{
    if (!t)
        return;
    for (u32 i = 0; i < t->n; i++)
        mpz_clear(t->upto[i]);
    free(t->upto);
    free(t);
}
