/* Likelihood: sums over the derivations of a text, against numbers worked out by hand, and against all derivations of small grammars,
 * made one by one and sorted by what they print. */
#include "tests/unit/gram_world.h"
#include "compiler/base/real.h"
#include <math.h>

static struct world W;
static struct notation *N;
static const struct gram_rule *Space;

static int setup(void **s) { (void)s; return 0; }
static int teardown(void **s) { (void)s; world_end(&W); return 0; }

static void load(const char *text)
{
    world_begin(&W, text);
    world_load(&W);
    Space = world_space(&W, NULL);
    N = notation_build(W.g, Space);
    if (!N)
        world_show(&W);
    assert_non_null(N);
}

static struct inside inside(const char *t)
{
    struct inside in;
    bool ok = notation_inside(W.sample, N, &W.ds, srcs_add(W.srcs, "<arch>", t, strlen(t)), &in);
    if (!ok)
        world_show(&W);
    assert_true(ok);
    return in;
}

static void near(double a, double b)
{
    if (a != b && !(fabs(a - b) <= 1e-11 * (1 + fabs(b))))
        fail_msg("%.17g is not %.17g", a, b);
}

static double count_of(const struct forest *f, forest_weight w, const char *rule, u32 alt_no)
{
    struct forest_counts c;
    forest_expect(W.sample, f, w, NULL, &c);
    for (u32 i = 0; i < c.at.n; i++)
        if (c.at.at[i].draw.rule && !strcmp(c.at.at[i].draw.rule->set->d.name, rule) && c.at.at[i].draw.alt_no == alt_no)
            return c.at.at[i].count;
    return 0;
}


/* ---- by hand --------------------------------------------------------------------------------- */

static void catalan(void **state)
{
    (void)state;
    load("op id(x: [..]) -> y: [..] { y[..] = x[..] }\n"
         "rule S(x) = 0.6 -> id(x) as \"a\" | 0.4 -> x |> l:S |> r:S as \"$l $r\"\n"
         "space s(x: [4]) -> [4] = x |> h:S as \"$h\"\n");
    double c = 1;                       /* Catalan number k */
    char t[64] = "a";
    for (u32 n = 1; n <= 20; n++) {
        struct inside in = inside(t);
        assert_true(in.exact);
        assert_true(in.nreading == c);
        near(in.logp, log(c) + n * log(0.6) + (n - 1) * log(0.4));
        near(in.best->logp, n * log(0.6) + (n - 1) * log(0.4));
        assert_true((in.other != NULL) == (n > 2));
        near(forest_size(&in.forest), c);
        near(count_of(&in.forest, NULL, "S", 0), n);
        near(count_of(&in.forest, NULL, "S", 1), n - 1);
        c = c * 2 * (2 * n - 1) / (n + 1);
        strcat(t, " a");
    }
}

static const char Typed[] =
    "op id(x: [..]) -> y: [..] { y[..] = x[..] }\n"
    "op half(x: [K]) -> y: [D] where D = K / 2 { y[d] = x[2*d] }\n"
    "op lin[D](x: [K]) -> y: [D] { param w: [D, K] ~ zeros\n y[d] += x[k] * w[d, k] }\n"
    "rule H(x) = 0.4 -> id(x) as \"w\" | 0.1 -> half(x) as \"w\" | 0.2 -> lin[4](x) as \"w\" | 0.3 -> x |> a:H |> b:H as \"$a $b\"\n"
    "space s(x: [8]) -> [4] = x |> h:H as \"$h\"\n";

/* From 8 to 4 in two words: id half, half id .04 each; id lin, lin id .08 each; half lin .02, lin lin .04. */
static void types_choose(void **state)
{
    (void)state;
    load(Typed);
    struct inside in = inside("w w");
    assert_true(in.nreading == 6);
    near(in.logp, log(0.3 * 0.30));
    near(in.best->logp, log(0.3 * 0.08));
    near(count_of(&in.forest, NULL, "H", 0), 0.24 / 0.30);
    near(count_of(&in.forest, NULL, "H", 1), 0.10 / 0.30);
    near(count_of(&in.forest, NULL, "H", 2), 0.26 / 0.30);
    near(count_of(&in.forest, NULL, "H", 3), 1);
    in = inside("w");
    assert_true(in.nreading == 2);
    near(in.logp, log(0.3));
}

static double flat(void *ctx, const struct forest_draw *d)
{
    (void)ctx;
    return d->rule && !strcmp(d->rule->set->d.name, "H") ? 0.25 : 1;
}

static void other_weights(void **state)
{
    (void)state;
    load(Typed);
    struct inside in = inside("w w");
    near(forest_logp(&in.forest, flat, NULL), log(6 * 0.25 * 0.25 * 0.25));
    near(count_of(&in.forest, flat, "H", 1), 3.0 / 6);
    near(count_of(&in.forest, flat, "H", 2), 5.0 / 6);
}

/* A derivation that can be written in several ways that look the same is one. */
static void once_counted(void **state)
{
    (void)state;
    load("op id(x: [..]) -> y: [..] { y[..] = x[..] }\n"
         "rule A(x) = id(x) as \"a\" or \"a\" or \" a\" or \"a \" | id(x) |> id as \"b\"\n"
         "space s(x: [4]) -> [4] = x |> p:A |> q:A as \"$p $q\" or \"$p$q\" or \"$p $q \"\n");
    struct inside in = inside("a a");
    assert_true(in.nreading == 1 && in.exact && !in.other);
    assert_true(in.logp == in.best->logp);
    near(in.logp, log(0.25));
    assert_true(inside("b a").nreading == 1);
}

static void limits(void **state)
{
    (void)state;
    load("op id(x: [..]) -> y: [..] { y[..] = x[..] }\n"
         "rule A(x) = 0.7 -> id(x) as \"a\" | 0.3 -> id(x) |> id as \"a\"\n"
         "space s(x: [4]) -> [4] { limit nodes 3\n x |> p:A |> q:A } as \"$p $q\"\n");
    struct inside in = inside("a a");
    assert_true(in.nreading == 3);
    near(in.logp, log(0.49 + 2 * 0.21));
}

static void weight_zero(void **state)
{
    (void)state;
    load("op id(x: [..]) -> y: [..] { y[..] = x[..] }\n"
         "rule A(x) = 1 -> id(x) as \"a\" | 0 -> id(x) |> id as \"b\" | 0 -> id(x) |> id |> id as \"b\"\n"
         "space s(x: [4]) -> [4] = x |> p:A as \"$p\"\n");
    struct inside in = inside("b");
    assert_true(in.nreading == 2 && in.logp == -INFINITY && in.best->logp == -INFINITY);
    near(count_of(&in.forest, NULL, "A", 1), 0.5);
}

/* ---- against all derivations ------------------------------------------------------------------- */

struct every { VEC(u32) taken, of; u32 at; };

static int every_pick(void *ctx, const struct choice *c)
{
    struct every *e = ctx;
    if (e->at == e->taken.n) {
        vec_push(W.a, &e->taken, 0u);
        vec_push(W.a, &e->of, c->n);
    }
    return (int)e->taken.at[e->at++];
}

static double every_unit(void *ctx, u64 path) { (void)ctx, (void)path; return 0.5; }

static bool every_next(struct every *e)
{
    while (e->taken.n) {
        if (++e->taken.at[e->taken.n - 1] < e->of.at[e->taken.n - 1])
            return true;
        e->taken.n--, e->of.n--;
    }
    return false;
}

struct word { const char *text; double p, best; u32 n; };

/* Every text that the grammar's derivations print: its sum, its number, its best. */
static void against_all(const char *grammar, u32 fewest, u32 most)
{
    load(grammar);
    struct every e = {0};
    struct chooser c = {.ctx = &e, .pick = every_pick, .unit = every_unit};
    VEC(struct word) word = {0};
    u32 tries = 0, ambiguous = 0;
    do {
        e.at = 0;
        assert_true(++tries < 400000);
        struct derivation *d = elab_space(W.sample, W.g, Space, &c, NULL, NULL);
        if (d) {
            struct buf b = {0};
            notation_print(&b, N, d);
            u32 i = 0;
            while (i < word.n && strcmp(word.at[i].text, b.at))
                i++;
            if (i == word.n)
                vec_push(W.a, &word, ((struct word){arena_strdup(W.a, b.at), 0, -INFINITY, 0}));
            word.at[i].p += exp(d->logp);
            word.at[i].best = fmax(word.at[i].best, d->logp);
            word.at[i].n++;
            buf_free(&b);
        }
        arena_clear(W.sample);
    } while (every_next(&e));
    for (u32 i = 0; i < word.n; i++) {
        struct inside in = inside(word.at[i].text);
        if (in.nreading != word.at[i].n)
            fail_msg("%s: %g readings, not %u", word.at[i].text, in.nreading, word.at[i].n);
        assert_true(in.exact);
        near(in.logp, log(word.at[i].p));
        near(in.best->logp, word.at[i].best);
        struct derivation *d[64];
        u32 n = notation_readings(W.sample, N, &in, 64, d);
        assert_int_equal(n, MIN(word.at[i].n, 64));
        double sum = 0;
        for (u32 k = 0; k < n; k++) {
            struct buf b = {0};
            notation_print(&b, N, d[k]);
            assert_string_equal(b.at, word.at[i].text);
            buf_free(&b);
            assert_true(!k || d[k]->logp <= d[k - 1]->logp + 1e-12);
            sum += exp(d[k]->logp);
        }
        if (n == word.at[i].n)
            near(log(sum), in.logp);
        ambiguous += n > 1;
        arena_clear(W.sample);
    }
    if (ambiguous < fewest || word.n < most)
        fail_msg("%u texts, %u of them ambiguous", word.n, ambiguous);
}

static void all_depths(void **state)
{
    (void)state;
    against_all("op id(x: [..]) -> y: [..] { y[..] = x[..] }\n"
                "rule S(x) = 0.5 -> id(x) as \"a\" | 0.1 -> id(x) |> id as \"a a\" | (if depth < 2 then 0.3 else 0.7) -> x |> l:S |> r:S as \"$l $r\"\n"
                "space s(x: [4]) -> [4] { limit depth 4\n x |> h:S } as \"$h\"\n", 10, 12);
}

static void all_types(void **state)
{
    (void)state;
    against_all("op id(x: [..]) -> y: [..] { y[..] = x[..] }\n"
                "op half(x: [K]) -> y: [D] where D = K / 2 { y[d] = x[2*d] }\n"
                "op twice(x: [K]) -> y: [2*K] { y[k] = x[k % K] }\n"
                "rule S(x) = 0.4 -> id(x) as \"w\" | 0.3 -> half(x) as \"w\" | 0.2 -> twice(x) as \"v\" | 0.1 -> id(x) as \"v\"\n"
                "  | (if extent(x, 0) > 2 then 0.3 else 0.5) -> x |> l:S |> r:S as \"$l$r\"\n"
                "space s(x: [4]) -> [4] { limit depth 3\n x |> h:S } as \"$h\"\n", 20, 25);
}

/* Values beside tensors, rules of sizes, overloads, families, lists, choose. */
static void all_values(void **state)
{
    (void)state;
    against_all("op id(x: [..]) -> y: [..] { y[..] = x[..] }\n"
                "op lin[D](x: [K]) -> y: [D] { param w: [D, K] ~ zeros\n y[d] += x[k] * w[d, k] }\n"
                "rule K = 0.25 -> 2 as \"n\" | 0.75 -> 3 as \"n\" | 2 as \"2\"\n"
                "rule P(x) = (x, 1) as \"p\" | (id(x), 2) as \"p\" | (lin[2](x), 2) as \"p\" | for d in {2, 3}: (lin[d](x), d) as \"p$d\"\n"
                "rule R[k](x) = id(x) where k == 1 as \"r\" | for d in {k, k + 1}: lin[d](x) as \"r$d\" | lin[k](x) as \"r$k\"\n"
                "rule T(x: [2]) = x |> a:R[2] as \"$a\"\n"
                "rule T(x: [3]) = x |> a:R[1] as \"$a\" | x |> a:R[3] as \"$a\"\n"
                "rule T(x: [4]) = x |> a:R[1] |> b:R[2] as \"$a$b\"\n"
                "space s(x: [4]) -> [4] { let (y, k) = p:P(x)\n let n = K\n let c = choose {0.3 -> 1, 0.7 -> 2}\n"
                "  y |> q:R[k] |> t:T |> repeat c { l:R[n] } |> lin[4] } as \"$p$n$q$t(${l|,})$c\"\n", 3, 4);
}

/* Functions: once and share decide for later uses too; rules of stages; rules that take stages; each. */
static void all_functions(void **state)
{
    (void)state;
    against_all("op id(x: [..]) -> y: [..] { y[..] = x[..] }\n"
                "op lin[D](x: [K]) -> y: [D] { param w: [D, K] ~ zeros\n y[d] += x[k] * w[d, k] }\n"
                "op copies[N](x: [..]) -> y: [N, ..] { y[n, ..] = x[..] }\n"
                "op four(x: [K]) -> y: [K] where K == 4 { y[k] = x[k] }\n"
                "op total(x: [N, ..]) -> y: [..] { y[..] += x[n, ..] }\n"
                "rule Act = 0.7 -> id as \"f\" | 0.3 -> lin[4] as \"f\"\n"
                "rule E(x) = 0.5 -> id(x) as \"e\" | 0.2 -> lin[4](x) as \"e\" | 0.2 -> x |> g:Act as \"$g\" | 0.1 -> x |> g:G as \"$g\"\n"
                "rule G(x) = 0.9 -> id(x) as \"e\" | 0.1 -> lin[4](x) as \"e\"\n"
                "rule Wrap[F](x) = x |> F as \"<>\" | x |> F |> F |> h:E as \"<>$h\"\n"
                "space s(x: [4]) -> [4] { let c = once k:E\n let d = share z:E\n"
                "  x |> c |> lin[2] |> c |> four |> w:Wrap[d] |> copies[2] |> each m:E |> total |> v:Act } as \"$c.$d$w$m$v\"\n", 4, 8);
}

/* Brackets around nothing, empty lists, options in branches. */
static void all_empty(void **state)
{
    (void)state;
    against_all("op id(x: [..]) -> y: [..] { y[..] = x[..] }\n"
                "rule E(x) = x as \"\" | id(x) as \"\" | id(x) |> id as \"e\"\n"
                "rule B(x) = { let k = choose {0, 1, 2}\n if k > 0 then x |> a:E |> repeat k { l:E } else x |> b:E } as \"$k[$a${l|,}$b]\"\n"
                "space s(x: [4]) -> [4] = x |> p:B as \"$p\"\n", 8, 8);
}

/* ---- bounds ------------------------------------------------------------------------------------- */

static void lower_bound(void **state)
{
    (void)state;
    load("op id(x: [..]) -> y: [..] { y[..] = x[..] }\n"
         "rule S(x) = 0.6 -> id(x) as \"a\" | 0.4 -> x |> l:S |> r:S as \"$l$r\"\n"
         "space s(x: [4]) -> [4] = x |> h:S as \"$h\"\n");
    char t[101];
    memset(t, 'a', 100);
    t[100] = 0;
    struct inside in = inside(t);
    assert_false(in.exact);
    assert_true(in.nreading > 1e6 && in.logp > in.best->logp);
    assert_int_equal(W.ds.all.at[W.ds.all.n - 1]->code, W0702);
}

int main(void)
{
    const struct CMUnitTest t[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
        T(catalan), T(types_choose), T(other_weights), T(once_counted), T(limits), T(weight_zero), T(all_depths), T(all_types), T(all_values),
        T(all_functions), T(all_empty), T(lower_bound),
    };
    return cmocka_run_group_tests(t, NULL, NULL);
}
