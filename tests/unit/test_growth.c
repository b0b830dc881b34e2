/* Skeletons, rates of growth and counts against numbers worked out by hand, and against every derivation there is. */
#include "tests/unit/gram_world.h"
#include "grammar/growth.h"
#include "grammar/tally.h"

#define NEAR(a, b, eps) assert_true((a) - (b) < (eps) && (b) - (a) < (eps))

struct grown { struct world w; struct skel *k; struct growth *g; };

static void grow(struct grown *t, const char *text)
{
    struct skel_opts o = {0};
    world_begin(&t->w, text);
    world_load(&t->w);
    t->k = skel_build(t->w.a, t->w.g, world_space(&t->w, NULL), &o);
    assert_non_null(t->k);
    t->g = t->k->empty ? NULL : growth_of(t->w.a, t->k);
}

static u32 sym(const struct grown *t, const char *name)
{
    for (u32 i = 0; i < t->k->nsym; i++)
        if (strcmp(t->k->sym[i].name, name) == 0)
            return i;
    fail_msg("no symbol %s", name);
    return 0;
}

static double critical(struct grown *t, enum growth_level l, const char **what)
{
    struct growth_critical c;
    if (!growth_critical(t->w.a, t->w.g, world_space(&t->w, NULL), t->k, t->g, l, &c))
        return -1;
    *what = c.con ? c.con->d.name : c.rule->set->d.name;
    return c.at;
}

static u64 count(struct grown *t, u32 depth)
{
    struct tally *y = tally_new(t->k, TALLY_BITS);
    assert_non_null(y);
    struct tally_number n = tally_depth(y, depth);
    assert_true(n.exact);
    u64 v = mpz_get_ui(n.n);
    tally_free(y);
    return v;
}

static void einspace(void **state)
{
    (void)state;
    struct grown t;
    const char *what;
    grow(&t, "import std.spaces.einspace\n"
             "space e(x: [3, 32, 32]) -> [10] { x |> s:S |> head[10] } as \"$s\"");
    const struct growth_sizes *der = &t.g->at[GROWTH_DERIVATION], *inst = &t.g->at[GROWTH_INSTANCE];
    NEAR(der->rate, 0.68 / 3 * (2 + 4.0 / 3 + 1), 1e-9);        /* 0.982 */
    NEAR(der->terminals[sym(&t, "M")], 69, 1e-6);
    NEAR(der->terminals[sym(&t, "S")], 101, 1e-6);
    NEAR(der->terminals[t.k->root], 101, 1e-6);
    NEAR(critical(&t, GROWTH_DERIVATION, &what), 4.0 / 13, 1e-9);       /* 0.3077 */
    assert_string_equal(what, "P_COMPUTE");
    NEAR(inst->rate, 0.68 / 3 * (2 + 14.0 / 3 + 1), 1e-9);      /* 1.74 */
    NEAR(critical(&t, GROWTH_INSTANCE, &what), 1 - 9.0 / 23, 1e-9);     /* 0.609 */
    assert_string_equal(what, "P_COMPUTE");
    assert_true(inst->terminals[t.k->root] == __builtin_inf());
    assert_int_equal(t.k->notes, 0);
    /* 13^2 sequences, 4 * 13^2 * 12 and 2 * 4 * 13 * 4 branchings, 14 * 13 * 8 routings */
    assert_int_equal(count(&t, 2), 0);
    assert_int_equal(count(&t, 3), 169 + 8112 + 416 + 1456);
    world_end(&t.w);
}

static void nas_bench_201(void **state)
{
    (void)state;
    struct grown t;
    u32 deepest;
    grow(&t, "import std.spaces.nas_bench_201\nimport std.nn\n"
             "space s(x: [16, 8, 8]) -> [16, 8, 8] { let c = once k:Cell; x |> repeat 3 { c } } as \"$k\"");
    assert_int_equal(count(&t, 2), 15625);
    struct tally *y = tally_new(t.k, TALLY_BITS);
    assert_true(tally_finite(y, &deepest));
    assert_int_equal(deepest, 2);
    tally_free(y);
    NEAR(t.g->at[GROWTH_DERIVATION].terminals[t.k->root], 6, 1e-12);
    NEAR(t.g->at[GROWTH_INSTANCE].terminals[t.k->root], 18, 1e-12);     /* the cell stands there three times */
    NEAR(t.g->at[GROWTH_DERIVATION].rate, 0, 1e-12);
    world_end(&t.w);
}

#define OPS "import std.nn\n"
#define SPACE(body) "space s(x: [8, 8]) -> [8, 8] { " body " }\n"

/* The textbook process: two children with 1 - p, none with p. */
static void twins(void **state)
{
    (void)state;
    struct grown t;
    const char *what;
    grow(&t, OPS "const P = 2/3\nrule A(x) = P -> relu(x) | x |> a:A |> b:A\n" SPACE("x |> A"));
    NEAR(t.g->at[0].rate, 2.0 / 3, 1e-12);
    NEAR(t.g->at[0].draws[t.k->root], 3, 1e-9);                 /* 1 / (1 - 2/3) */
    NEAR(t.g->at[0].terminals[t.k->root], 2, 1e-9);
    NEAR(critical(&t, GROWTH_DERIVATION, &what), 0.5, 1e-9);
    assert_true(t.g->ends == 1);
    assert_int_equal(count(&t, 1), 1);
    assert_int_equal(count(&t, 2), 2);
    assert_int_equal(count(&t, 3), 5);                          /* c <- 1 + c^2 */
    assert_int_equal(count(&t, 4), 26);
    assert_int_equal(count(&t, 5), 677);
    world_end(&t.w);
    grow(&t, OPS "rule A(x) = 1/4 -> relu(x) | x |> a:A |> b:A\n" SPACE("x |> A"));
    NEAR(t.g->at[0].rate, 1.5, 1e-12);
    assert_true(t.g->at[0].draws[t.k->root] == __builtin_inf());
    NEAR(t.g->ends, 1.0 / 3, 1e-9);                             /* x = 1/4 + 3/4 x^2 */
    NEAR(critical(&t, GROWTH_DERIVATION, &what), 0.5, 1e-9);    /* of the first alternative of A */
    assert_string_equal(what, "A");
    world_end(&t.w);
}

/* Two symbols that swing: the matrix is (0 2; 1/4 0), its radius sqrt(1/2). */
static void swing(void **state)
{
    (void)state;
    struct grown t;
    grow(&t, OPS "rule A(x) = x |> b:B |> c:B\nrule B(x) = 3/4 -> relu(x) | 1/4 -> x |> a:A\n" SPACE("x |> A"));
    NEAR(t.g->at[0].rate * t.g->at[0].rate, 0.5, 1e-9);
    NEAR(t.g->at[0].draws[sym(&t, "A")], 6, 1e-9);              /* a = 1 + 2 b, b = 1 + a / 4 */
    NEAR(t.g->at[0].draws[sym(&t, "B")], 2.5, 1e-9);
    world_end(&t.w);
}

/* Attributes are part of symbols: 4 levels, each with its own alternatives. */
static void attributes(void **state)
{
    (void)state;
    struct grown t;
    u32 deepest;
    grow(&t, OPS "rule L[n](x) = relu(x) | (if n > 0 then (x |> L[n - 1]) else (x |> E)) where n < 9\n"
                 "rule E(x) = gelu(x) | silu(x)\n" SPACE("x |> L[3]"));
    assert_int_equal(count(&t, 100), 6);
    struct tally *y = tally_new(t.k, TALLY_BITS);
    assert_true(tally_finite(y, &deepest));
    assert_int_equal(deepest, 5);
    tally_free(y);
    assert_int_equal(t.k->nsym, 6);
    /* 1 + 1/2 + 1/4 + 1/8, and E with 1/16 */
    NEAR(t.g->at[0].draws[t.k->root], 1.9375, 1e-12);
    world_end(&t.w);
    /* One that ends by name and not with this attribute. */
    grow(&t, OPS "rule D[n](x) = relu(x) where n == 0 | x |> D[n + 2] where n < 100\n"
                 "rule E(x) = relu(x) | x |> D[1]\n" SPACE("x |> E"));
    assert_int_equal(count(&t, 100), 1);
    assert_true(t.k->nendless > 0);
    assert_string_equal(t.k->endless[0].name, "D[1]");
    world_end(&t.w);
}

/* What a size was decides how much is drawn: 3 + 9 + 27 words, 2 rounds on average. */
static void results(void **state)
{
    (void)state;
    struct grown t;
    grow(&t, OPS "rule Act(x) = relu(x) | gelu(x) | silu(x)\n"
                 "rule Stack(x) = { let n = choose {1, 2, 3}; x |> repeat n { l:Act } } as \"${n}[${l|,}]\"\n" SPACE("x |> Stack"));
    assert_int_equal(count(&t, 3), 39);
    NEAR(t.g->at[0].draws[t.k->root], 4, 1e-12);
    world_end(&t.w);
    grow(&t, OPS "rule N = 0.5 -> 1 | 0.25 -> 2 | 3\nrule Act(x) = relu(x) | gelu(x)\n"
                 "net Stack(x) = { let n = k:N; x |> repeat 2 * n { l:Act } } as \"${k}[${l|,}]\"\n" SPACE("x |> Stack"));
    assert_int_equal(count(&t, 2), 4 + 16 + 64);
    NEAR(t.g->at[0].draws[t.k->root], 1 + 0.5 * 2 + 0.25 * 4 + 0.25 * 6, 1e-12);
    world_end(&t.w);
    /* Functions that are drawn, and handed on. */
    grow(&t, OPS "rule Act = relu as \"relu\" | gelu as \"gelu\"\nnet twice[F](x) = x |> F |> F\n" SPACE("x |> twice[a:Act] |> b:Act"));
    assert_int_equal(count(&t, 1), 8);
    world_end(&t.w);
}

/* Copies: of a count, of a bundle whose extent an op tells, of a tuple. */
static void copies(void **state)
{
    (void)state;
    struct grown t;
    grow(&t, OPS "op clones[N](x: [..]) -> y: [N, ..] { y[n, ..] = x[..] }\nop first(x: [N, ..]) -> y: [..] { y[..] = x[0, ..] }\n"
                 "rule Act(x) = relu(x) | gelu(x)\nrule B[n](x) = clones[n](x) | clones[n](relu(x))\n"
                 "rule A(x) = for n in {2, 6}: { let p = b:B[n](x); each m:Act(p) |> first }\n"
                 SPACE("let y = x |> A |> each[5] c:Act |> first\nlet (p, q) = (y, x)\neach d:Act((p, q)) |> first"));
    assert_int_equal(t.k->notes, 0);
    NEAR(t.g->at[GROWTH_DERIVATION].draws[t.k->root], 5, 1e-12);
    NEAR(t.g->at[GROWTH_INSTANCE].draws[t.k->root], 2 + 4 + 5 + 2, 1e-12);
    assert_int_equal(count(&t, 2), 2 * 2 * 2 * 2 * 2);
    world_end(&t.w);
}

/* Weights that read the depth: symbols by depth; from the first level on where nothing changes, a matrix. */
static void depths(void **state)
{
    (void)state;
    struct grown t;
    grow(&t, OPS "rule A(x) = (if depth < 3 then 1 else 0) -> x |> a:A |> b:A | (if depth < 3 then 0 else 1) -> relu(x)\n" SPACE("x |> A"));
    assert_true(t.k->by_depth);
    NEAR(t.g->at[0].draws[t.k->root], 7, 1e-12);
    assert_int_equal(count(&t, 100), 1);
    world_end(&t.w);
    grow(&t, OPS "rule A(x) = (if depth < 3 then 1/4 else 3/4) -> relu(x) | x |> a:A |> b:A\n" SPACE("x |> A"));
    NEAR(t.g->at[0].rate, 0.5, 1e-12);
    /* from depth 3 on 1 / (1 - 1/2) = 2 draws; before 1 + 3/2 times what is below */
    NEAR(t.g->at[0].draws[t.k->root], 1 + 1.5 * (1 + 1.5 * 2), 1e-9);
    world_end(&t.w);
}

/* Every derivation there is, by the elaborator: of spaces whose types refuse nothing, as many as were counted. */
struct odometer { VEC(u32) at, n; u32 pos; struct arena *a; };
static int turn(void *ctx, const struct choice *c)
{
    struct odometer *o = ctx;
    if (o->pos == o->at.n) {
        vec_push(o->a, &o->at, 0);
        vec_push(o->a, &o->n, c->n);
    }
    return (int)o->at.at[o->pos++];
}

static u64 brute(struct world *w, u32 depth)
{
    struct odometer o = {.a = w->a};
    struct chooser c = {.ctx = &o, .pick = turn};
    u64 n = 0;
    do {
        o.pos = 0;
        arena_clear(w->sample);
        struct derivation *d = elab_space(w->sample, w->g, world_space(w, NULL), &c, NULL, NULL);
        n += d && d->depth <= depth;
        while (o.at.n && ++o.at.at[o.at.n - 1] >= o.n.at[o.at.n - 1])
            o.at.n = --o.n.n;
    } while (o.at.n);
    return n;
}

static void against_all(void **state)
{
    (void)state;
    static const char *const text[] = {
        OPS "rule E(x) = relu(x) | gelu(x) | x |> e:E where depth < 4\nrule C(x) = E(x) + (x |> residual2[a:E] |> F)\n"
            "net residual2[G](x) = x + (x |> G)\nrule F(x) = for k in {1, 2}: x |> repeat k { h:E } | x\n" SPACE("x |> C"),
        OPS "rule R[g](x) = x |> g | x + (x |> g)\nrule A(x) = relu(x) | gelu(x)\nrule B(x) = x |> R[a:A] | x |> R[relu]\n" SPACE("x |> B |> c:B"),
        OPS "inline rule I(x) = relu(x) | for k in {1, 2}: x |> J[k]\nrule J[k](x) = for i in {1 .. k}: relu(x)\nrule A(x) = x | x |> i:I | x |> I |> k:J[3]\n" SPACE("x |> A"),
        OPS "rule A(x) = { let c = once q:B; x |> repeat 2 { c } |> c } | { let n = choose {1, choose {2, 3}}; require n > 1; x |> repeat n { b:B } }\n"
            "rule B(x) = relu(x) | gelu(x)\n" SPACE("x |> A"),
    };
    for (u32 i = 0; i < COUNTOF(text); i++)
        for (u32 depth = 1; depth < 6; depth++) {
            struct grown t;
            grow(&t, text[i]);
            if (t.k->by_depth || t.k->crosses) {
                struct skel_opts o = {.by_depth = true, .depth = depth, .cut = true};
                t.k = skel_build(t.w.a, t.w.g, world_space(&t.w, NULL), &o);
            }
            u64 want = brute(&t.w, depth), got = t.k->empty ? 0 : count(&t, depth);
            if (want != got)
                fail_msg("space %u to depth %u: %llu counted, %llu there", i, depth, (unsigned long long)got, (unsigned long long)want);
            assert_int_equal(t.k->notes, 0);
            world_end(&t.w);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(einspace), cmocka_unit_test(nas_bench_201), cmocka_unit_test(twins), cmocka_unit_test(swing),
        cmocka_unit_test(attributes), cmocka_unit_test(results), cmocka_unit_test(copies), cmocka_unit_test(depths),
        cmocka_unit_test(against_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
