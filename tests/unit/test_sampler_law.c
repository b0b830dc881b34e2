/* The laws of the samplers on small grammars: every derivation with its probability, by an odometer over the elaborator's choices,
 * against draws.  Seeds are fixed, so nothing here is left to chance; a bound is passed by a right sampler with probability 3e-5. */
#include "grammar/sampler.h"
#include "tests/unit/gram_world.h"

#include <cmocka.h>
#include <math.h>

/* ---- grammars ---- */

#define OPS \
    "op lin[D](x: [.., K]) -> y: [.., D] { param w: [D, K] ~ zeros; y[.., d] += x[.., k] * w[d, k] }\n" \
    "op half(x: [.., K]) -> y: [.., K/2] { y[.., k] = x[.., 2*k] }\n" \
    "op third(x: [.., K]) -> y: [.., K/3] { y[.., k] = x[.., 3*k] }\n" \
    "op flip(x: [A, B]) -> y: [B, A] { y[b, a] = x[a, b] }\n" \
    "op pack(x: [A, B]) -> y: [(A B)] { y[(a b)] = x[a, b] }\n" \
    "op unpack(x: [(A B)]) -> y: [A, B] { y[a, b] = x[(a b)] }\n" \
    "op copies[N](x: [..]) -> y: [N, ..] { y[n, ..] = x[..] }\n" \
    "op total(x: [N, ..]) -> y: [..] { y[..] += x[n, ..] }\n" \
    "op keep(x: [..]) -> y: [..] { y[..] = x[..] }\n" \
    "op pair(a: [K], b: [K]) -> y: [K] { y[k] = a[k] + b[k] }\n"

struct grammar { const char *name, *text; bool differs; /* local's law is another */ };
static const struct grammar grammars[] = {
    { "recursion", OPS
      "rule R(x) = 0.5 -> x |> c:C as \"$c\" | x |> a:R |> b:R as \"($a $b)\"\n"
      "rule C(x) = keep(x) as \"k\" | 2/5 -> half(x) as \"h\" | third(x) as \"t\"\n"
      "space s(x: [12]) { limit depth 3; x |> r:R |> e:E } as \"$r$e\"\n"
      "rule E(x) = keep(x) as \".\"\n", true },
    { "dead ends", OPS
      "rule T(x) = x |> a:A |> b:B as \"$a$b\"\n"
      "rule A(x) = half(x) as \"h\" | third(x) as \"t\" | keep(x) as \"k\"\n"
      "rule B(x: [6]) = keep(x) as \"1\" | third(x) as \"2\"\n"
      "rule B(x: [3]) = keep(x) as \"3\" | third(x) as \"4\" | half(x) as \"5\"\n"
      "space s(x: [6]) = x |> p:T |> q:T as \"$p $q\"\n", true },
    { "folded axes", OPS
      "rule P(x) = 0.7 -> pack(x) as \"p\" | flip(x) as \"f\" | keep(x) as \"k\"\n"
      "rule Q(x) = unpack(x) as \"u\" | flip(x) as \"f\" | 0.5 -> keep(x) as \"k\"\n"
      "space s(x: [3, 4]) = x |> a:P |> b:Q |> c:P as \"$a$b$c\"\n", true },
    { "each", OPS
      "rule M(x) = half(x) as \"h\" | lin[3](x) as \"l\" | x |> w:W as \"$w\"\n"
      "rule W(x) = for n in {2, 3}: { let y = copies[n](x); total(each m:M(y)) } as \"$n*$m\" | 0.4 -> third(x) as \"t\"\n"
      "space s(x: [12]) { limit depth 3, params 150; x |> a:M |> b:M } as \"$a$b\"\n", true },
    { "depth", OPS
      "rule D(x) = (if depth < 3 then 0.2 else 0.7) -> half(x) as \"h\" | 0.1 -> third(x) as \"t\" | x |> a:D |> b:D as \"($a$b)\"\n"
      "space s(x: [24]) { limit depth 3; x |> d:D } as \"$d\"\n", true },
    { "limits", OPS
      "rule L(x) = for d in {1, 2, 5}: x |> lin[d] |> n:L as \"$d$n\" | 0.3 -> keep(x) as \".\"\n"
      "space s(x: [4]) { limit params 30, nodes 3, macs 26; x |> l:L } as \"$l\"\n", true },
    { "once", OPS
      "rule U(x) = half(x) as \"h\" | third(x) as \"t\" | x |> a:V |> b:V as \"$a$b\"\n"
      "rule V(x) = 0.25 -> half(x) as \"H\" | keep(x) as \"K\" | third(x) as \"T\"\n"
      "space s(x: [36]) { let u = once r:U; x |> u |> u |> c:V } as \"$r $c\"\n", true },
    { "choose", OPS
      "rule G(x) = { let k = choose {0.5 -> 1, 2, 4}; x |> lin[k] |> z:choose {half, third, c:Act} } as \"$k$z\" | keep(x) as \"k\"\n"
      "rule Act = 0.3 -> keep as \"K\" | half as \"H\"\n"
      "space s(x: [6]) = x |> a:G |> b:G as \"$a $b\"\n", true },
    { "nothing fails", OPS
      "rule N(x) = 0.3 -> keep(x) as \"k\" | for d in {2, 3}: x |> lin[d] as \"$d\"\n"
      "space s(x: [6]) = x |> a:N |> b:N as \"$a $b\"\n", false },
};

/* ---- every derivation ---- */

struct outcome { u64 key; double p; u64 seen; };
struct law { struct outcome *at; u32 n, cap; double all, failed; u64 runs; };

static void outcome_add(struct law *l, u64 key, double p)
{
    l->all += p;
    for (u32 i = 0; i < l->n; i++)
        if (l->at[i].key == key) {
            l->at[i].p += p;
            return;
        }
    if (l->n == l->cap) {
        l->cap = l->cap ? 2 * l->cap : 256;
        l->at = realloc(l->at, l->cap * sizeof *l->at);
        assert_non_null(l->at);
    }
    l->at[l->n++] = (struct outcome){ key, p, 0 };
}

static int by_key(const void *a, const void *b)
{
    const struct outcome *x = a, *y = b;
    return (x->key > y->key) - (x->key < y->key);
}

/* The choices of one evaluation: those of the wheel, then the first possible ones. */
struct odometer {
    struct { u32 now, n; double p[32]; } wheel[4096];
    u32 n, at;
    double p;
    bool retries;
};

static int pick_wheel(void *ctx, const struct choice *c)
{
    struct odometer *o = ctx;
    double left = 0;
    assert_true(c->n <= 32 && o->at < COUNTOF(o->wheel));
    for (u32 i = 0; i < c->n; i++)
        left += o->retries && c->tried[i] ? 0 : c->weight[i];
    if (!(left > 0))
        return -1;
    if (o->at == o->n) {
        o->wheel[o->n].now = 0;
        o->wheel[o->n].n = c->n;
        for (u32 i = 0; i < c->n; i++)
            o->wheel[o->n].p[i] = o->retries ? (c->tried[i] ? 0 : c->weight[i] / left) : c->weight[i];
        while (!(o->wheel[o->n].p[o->wheel[o->n].now] > 0))
            o->wheel[o->n].now++;
        o->n++;
    }
    u32 i = o->wheel[o->at].now;
    o->p *= o->wheel[o->at++].p[i];
    return (int)i;
}

static bool turn(struct odometer *o)
{
    o->n = o->at;               /* an evaluation that failed earlier than the last one asked for less */
    while (o->n) {
        u32 last = o->n - 1;
        do
            o->wheel[last].now++;
        while (o->wheel[last].now < o->wheel[last].n && !(o->wheel[last].p[o->wheel[last].now] > 0));
        if (o->wheel[last].now < o->wheel[last].n)
            return true;
        o->n--;
    }
    return false;
}

static u64 key_of(struct world *w, const struct notation *nt, const struct derivation *d)
{
    struct buf b = { 0 };
    (void)w;
    notation_print(&b, nt, d);
    u64 h = hash64(b.at, b.n);
    buf_free(&b);
    return h;
}

/* retries false: derivations with the product of their weights; true: the runs of the sampler `local`. */
static void enumerate(struct world *w, const struct gram_rule *space, const struct notation *nt, bool retries, struct law *l)
{
    static struct odometer o;
    struct chooser c = { .ctx = &o, .retries = retries, .pick = pick_wheel };
    o.n = 0;
    o.retries = retries;
    do {
        o.at = 0;
        o.p = 1;
        arena_clear(w->sample);
        struct derivation *d = elab_space(w->sample, w->g, space, &c, NULL, NULL);
        if (++l->runs > 500000)
            fail_msg("too large to enumerate");
        if (d)
            outcome_add(l, key_of(w, nt, d), o.p);
        else
            l->failed += o.p;
    } while (turn(&o));
    qsort(l->at, l->n, sizeof *l->at, by_key);
}

/* ---- draws against a law ---- */

static void draw(struct world *w, const struct gram_rule *space, const struct notation *nt, enum sampler_kind kind, u64 n, struct law *l)
{
    struct sampler *s = sampler_open(w->g, space, kind, 20);
    struct buf b = { 0 };
    for (u32 i = 0; i < l->n; i++)
        l->at[i].seen = 0;
    for (u64 i = 0; i < n; i++) {
        struct sample x;
        assert_true(sampler_draw(s, i, &x));
        buf_clear(&b);
        sampler_text(s, nt, &b);
        struct outcome k = { .key = hash64(b.at, b.n) }, *o = bsearch(&k, l->at, l->n, sizeof k, by_key);
        if (!o)
            fail_msg("`%s` was drawn, which is no derivation", b.at);
        o->seen++;
    }
    buf_free(&b);
    sampler_close(s);
}

/* Pearson's statistic over its bound: above 1 the law is refused.  Cells of less than 5 expected are one. */
static double misfit(const struct law *l, u64 n)
{
    double chi = 0, rest = 0, rest_seen = 0;
    u32 cells = 0;
    for (u32 i = 0; i < l->n; i++) {
        double e = l->at[i].p / l->all * (double)n, seen = (double)l->at[i].seen;
        if (e < 5) {
            rest += e;
            rest_seen += seen;
            continue;
        }
        chi += (seen - e) * (seen - e) / e;
        cells++;
    }
    if (rest > 0) {
        chi += (rest_seen - rest) * (rest_seen - rest) / rest;
        cells++;
    }
    double k = cells - 1, z = 4, t = 1 - 2 / (9 * k) + z * sqrt(2 / (9 * k));   /* Wilson and Hilferty's quantile */
    return chi / (k * t * t * t);
}

static void laws(void **state)
{
    (void)state;
    u64 n = getenv("NASC_TEST_LONG") ? 1000000 : 100000;
    for (u32 i = 0; i < COUNTOF(grammars); i++) {
        const struct grammar *g = &grammars[i];
        struct world w;
        world_begin(&w, g->text);
        world_load(&w);
        const struct gram_rule *space = world_space(&w, "s");
        struct notation *nt = notation_build(w.g, space);
        if (!nt)
            world_show(&w);
        assert_non_null(nt);
        struct law exact = { 0 }, local = { 0 };
        enumerate(&w, space, nt, false, &exact);
        enumerate(&w, space, nt, true, &local);
        assert_true(exact.n > 3 && local.n == exact.n);
        for (u32 k = 0; k < local.n; k++)
            assert_true(local.at[k].key == exact.at[k].key);
        draw(&w, space, nt, SAMPLER_EXACT, n, &exact);
        double e = misfit(&exact, n);
        draw(&w, space, nt, SAMPLER_LOCAL, n, &local);
        double l = misfit(&local, n);
        for (u32 k = 0; k < local.n; k++)
            exact.at[k].seen = local.at[k].seen;
        double other = misfit(&exact, n);
        print_message("%-14s %5u derivations, mass %.4f; %6llu runs of local: exact %.2f, local %.2f, local against exact %.1f\n", g->name, exact.n,
                      exact.all, (unsigned long long)local.runs, e, l, other);
        assert_true(e < 1);
        assert_true(l < 1);
        assert_true(g->differs ? other > 2 : other < 1);
        free(exact.at);
        free(local.at);
        world_end(&w);
    }
}

/* Two places of a hand-made law: 6 -> h 3 or t 2 or k 6; at 2 nothing follows, so t is taken out and the rest drawn: h and k are 1/2
 * each under local; exact weighs them by what follows, 2/3 of B(3) types and all of B(6). */
static void by_hand(void **state)
{
    (void)state;
    static const char text[] = OPS
        "rule A(x) = half(x) as \"h\" | third(x) as \"t\" | keep(x) as \"k\"\n"
        "rule B(x: [6]) = keep(x) as \"1\" | third(x) as \"2\"\n"
        "rule B(x: [3]) = keep(x) as \"3\" | third(x) as \"4\" | half(x) as \"5\"\n"
        "rule T(x) = x |> a:A |> b:B as \"$a$b\"\n"
        "space s(x: [6]) = x |> t:T as \"$t\"\n";
    struct world w;
    world_begin(&w, text);
    world_load(&w);
    const struct gram_rule *space = world_space(&w, "s");
    struct notation *nt = notation_build(w.g, space);
    struct law exact = { 0 };
    enumerate(&w, space, nt, false, &exact);
    assert_int_equal(exact.n, 4);
    /* 1/3 (h) * 2/3 + 1/3 (k) * 1 */
    assert_true(fabs(exact.all - 5.0 / 9) < 1e-12);
    struct sampler *s = sampler_open(w.g, space, SAMPLER_EXACT, 1);
    for (u64 i = 0; i < 20000; i++) {
        struct sample x;
        assert_true(sampler_draw(s, i, &x));
    }
    double error, mass = sampler_log_mass(sampler_stats(s), &error);
    assert_true(fabs(mass - log(5.0 / 9)) < 4 * error && error < 0.02);
    sampler_close(s);
    free(exact.at);
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(laws), cmocka_unit_test(by_hand) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
