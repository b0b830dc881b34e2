/* The sampler `local`: weights, what happens to alternatives that lead nowhere, limits, recipes, and that a
 * sample is a function of its seed and number alone. */
#include "tests/unit/gram_world.h"

#define NN "import std.nn\n"

/* How often each alternative of the first draw under the root is taken. */
static void frequencies(const char *text, u32 n, u32 nalt, const double *p)
{
    struct world w;
    world_begin(&w, text);
    world_load(&w);
    const struct gram_rule *r = world_space(&w, "s");
    u32 seen[64] = {0};
    for (u32 i = 0; i < n; i++) {
        arena_clear(w.sample);
        struct derivation *d = derive_local(w.sample, w.g, r, 7, i, NULL, NULL);
        assert_non_null(d);
        assert_in_range(d->root->child[0]->alt_no, 0, nalt - 1);
        seen[d->root->child[0]->alt_no]++;
    }
    for (u32 i = 0; i < nalt; i++) {    /* five standard deviations */
        double want = n * p[i], off = seen[i] - want;
        if (off * off > 25 * (want * (1 - p[i]) + 0.01))
            fail_msg("alternative %u: %u of %u, expected %g", i, seen[i], n, want);
    }
    world_end(&w);
}

#define S "space s(x: [4]) = x |> q:A as \"$q\"\n"

static void weights(void **s)
{
    (void)s;
    frequencies(NN S "rule A(x) = x as \"a\" | relu(x) as \"b\" | tanh(x) as \"c\"", 3000, 3, (double[]){1 / 3., 1 / 3., 1 / 3.});
    frequencies(NN S "rule A(x) = 0.5 -> x as \"a\" | relu(x) as \"b\" | tanh(x) as \"c\"", 3000, 3, (double[]){.5, .25, .25});
    frequencies(NN S "rule A(x) = 3 -> x as \"a\" | 1 -> relu(x) as \"b\"", 3000, 2, (double[]){.75, .25});
    frequencies(NN S "rule A(x) = 0 -> x as \"a\" | relu(x) as \"b\"", 300, 2, (double[]){0, 1});
    frequencies(NN S "rule A(x) = (if depth == 1 then 0.9 else 0) -> x as \"a\" | _ -> relu(x) as \"b\"", 3000, 2, (double[]){.9, .1});
    frequencies(NN S "rule A(x) = 1/extent(x, 0) -> x as \"a\" | _ -> relu(x) as \"b\"", 3000, 2, (double[]){.25, .75});
    frequencies(NN S "rule A(x) = for k in {1, 2, 3}: k/10 -> x |> linear[k] as \"$k\" | _ -> relu(x) as \"b\"", 3000, 4, (double[]){.1, .2, .3, .4});
    frequencies(NN S "rule A(x) = for i in {0 .. 1}: for j in {i .. 2}: x |> linear[3*i + j + 1] as \"$i $j\"", 3000, 5, (double[]){.2, .2, .2, .2, .2});
}

/* An inline rule's alternatives take the mention's place. */
static void inlined(void **s)
{
    (void)s;
    const char *three = "inline rule I(x) = relu(x) as \"r\" | tanh(x) as \"t\" | sigmoid(x) as \"s\"\n";
    char text[400];
    snprintf(text, sizeof(text), "%s%s%s", NN S, three, "rule A(x) = x as \"a\" | y:I(x) as \"$y\"");
    frequencies(text, 3000, 4, (double[]){.25, .25, .25, .25});
    snprintf(text, sizeof(text), "%s%s%s", NN S, three, "rule A(x) = 0.4 -> x as \"a\" | 0.6 -> y:I(x) as \"$y\"");
    frequencies(text, 3000, 4, (double[]){.4, .2, .2, .2});
    frequencies(NN S "inline rule I(x) = 3 -> relu(x) as \"r\" | 1 -> tanh(x) as \"t\"\nrule A(x) = x as \"a\" | y:I(x) as \"$y\"", 3000, 3,
                (double[]){1 / 3., .5, 1 / 6.});
}

static void chosen(void **s)
{
    (void)s;
    frequencies(NN "space s(x: [4]) { let k = choose {0.5 -> 3, 0.3 -> 5, 0.2 -> 7};  x |> linear[k] } as \"$k\"", 3000, 3, (double[]){.5, .3, .2});
    frequencies(NN "space s(x: [4]) { let k = choose {1 .. 4};  x |> linear[k] } as \"$k\"", 3000, 4, (double[]){.25, .25, .25, .25});
}

/* Alternatives that are not viable are taken out and the rest renormalised. */
static void dead_ends(void **s)
{
    (void)s;
    frequencies(NN S "rule A(x) = x.9 as \"a\" | relu(x) as \"b\" | tanh(x) as \"c\"", 3000, 3, (double[]){0, .5, .5});
    frequencies(NN S "rule A(x) = x where extent(x, 0) == 5 as \"a\" | relu(x) as \"b\"", 300, 2, (double[]){0, 1});
    frequencies(NN S "rule A(x) = { require extent(x, 0) > 4;  x } as \"a\" | relu(x) as \"b\"", 300, 2, (double[]){0, 1});
    /* below: B has nothing for a matrix, so A's first alternative is the dead end */
    frequencies(NN S "rule A(x) = B(each[2] relu (x)) as \"a\" | relu(x) as \"b\"\nrule B(x: [K]) = x | relu(x)", 300, 2, (double[]){0, 1});
    /* the choice that led there goes, not the sample: one attempt each */
    struct world w;
    world_begin(&w, NN "space s(x: [4]) = x |> repeat 20 { a:A } as \"${a|}\"\nrule A(x) = x.9 as \"a\" | relu(x) as \"b\"");
    world_load(&w);
    for (u32 i = 0; i < 50; i++)
        world_must(&w, NULL, 1, i);
    assert_int_equal(w.attempts, 50);
    world_end(&w);
}

/* What is undone leaves nothing behind: draws, counts, what a `once` outside had drawn, recipes. */
static void undone(void **s)
{
    (void)s;
    struct world w;
    world_begin(&w, NN "space s(x: [4]) { let c = once o:O;  x |> a:A[c] } as \"$a $o\"\n"
                       "rule A[C](x) = { let y = x |> C |> linear[9];  y.9 } as \"bad\" | (x |> C |> C) as \"good\"\n"
                       "rule O(x) = relu(x) as \"r\" | tanh(x) as \"t\" | linear[4](x) as \"l\"");
    world_load(&w);
    for (u32 i = 0; i < 60; i++) {
        struct derivation *d = world_must(&w, NULL, 1, i);
        assert_int_equal(d->root->nchild, 2);
        const struct draw *o = d->root->child[0]->rules->d.name[0] == 'O' ? d->root->child[0] : d->root->child[1];
        assert_true(d->nodes == 2);
        assert_true(d->count.params == (o->alt_no == 2 ? 40 : 0));
    }
    world_end(&w);
}

static void limits(void **s)
{
    (void)s;
    struct world w;
    world_begin(&w, NN "limit depth 9\nspace s(x: [4]) { limit params 200, nodes 12, macs 1k, memory 1k;  x |> a:A } as \"$a\"\n"
                       "rule A(x) = x as \"i\" | for k in {4, 64}: x |> linear[k] |> a:A as \"$k $a\" | { let y = each[4] b:A (x);  y.0 } as \"($b)\"");
    world_load(&w);
    u32 deepest = 0;
    u128 most = 0;
    for (u32 i = 0; i < 300; i++) {
        struct derivation *d = world_must(&w, NULL, 1, i);
        assert_true(d->count.params <= 200 && d->count.nodes <= 12 && d->count.macs <= 1000 && d->count.bytes <= 1000 && d->depth <= 9);
        deepest = MAX(deepest, d->depth);
        most = MAX(most, d->count.params);
    }
    assert_true(deepest > 5);
    assert_true(most > 100);
    world_end(&w);
}

static void recipes(void **s)
{
    (void)s;
    struct world w;
    world_begin(&w, NN "space s(x: [4]) { recipe opt = choose {\"sgd\", \"adam\"};  recipe lr = log_uniform(0.001, 0.1)\n"
                       "recipe d = uniform(2, 3);  recipe k = choose {0.9 -> 1, 0.1 -> 2};  x |> a:A } as \"$a\"\nrule A(x) = x as \"i\" | relu(x) as \"r\"");
    world_load(&w);
    u32 sgd = 0, low = 0, one = 0;
    for (u32 i = 0; i < 400; i++) {
        struct derivation *d = world_must(&w, NULL, 1, i);
        assert_int_equal(d->recipe.n, 4);
        assert_int_equal(d->root->nchild, 1);
        sgd += strcmp(d->recipe.at[0].s, "sgd") == 0;
        double lr = num_double(d->recipe.at[1].v), u = num_double(d->recipe.at[2].v);
        assert_true(lr >= 0.001 && lr <= 0.1 && u >= 2 && u < 3);
        low += lr < 0.01;
        one += num_double(d->recipe.at[3].v) == 1;
    }
    assert_in_range(sgd, 150, 250);
    assert_in_range(low, 150, 250);
    assert_in_range(one, 330, 390);
    world_end(&w);
}

static void same_everywhere(void **s)
{
    (void)s;
    struct world w, v;
    world_begin(&w, "import std.spaces.einspace\n");
    world_begin(&v, "import std.spaces.einspace\n");
    world_load(&w);
    world_load(&v);
    for (u32 i = 0; i < 40; i++)        /* v: backwards, so other tables at each moment */
        (void)world_must(&v, "einspace", 42, 39 - i);
    u32 differ = 0;
    char *last = NULL;
    for (u32 i = 0; i < 40; i++) {
        const char *a = world_tree(&w, world_must(&w, "einspace", 42, i));
        const char *ga = world_arch(&w);
        const char *b = world_tree(&v, world_must(&v, "einspace", 42, i));
        assert_string_equal(a, b);
        assert_string_equal(ga, world_arch(&v));
        differ += last && strcmp(last, a) != 0;
        free(last);
        last = strdup(a);
    }
    free(last);
    assert_true(differ > 35);
    char *one = strdup(world_tree(&w, world_must(&w, "einspace", 1, 3)));
    assert_string_not_equal(one, world_tree(&w, world_must(&w, "einspace", 2, 3)));
    free(one);
    world_end(&w);
    world_end(&v);
}

static void replayed(void **s)
{
    (void)s;
    struct world w;
    world_begin(&w, "import std.spaces.nas_bench_201\n");
    world_load(&w);
    for (u32 i = 0; i < 30; i++) {
        struct derivation *d = world_must(&w, NULL, 9, i);
        const char *graph = world_arch(&w);
        struct arch *again = NULL;
        assert_non_null(derive_replay(w.sample, w.g, d, &again));
        struct buf b = {0};
        arch_dump(&b, again);
        assert_string_equal(graph, b.at);
        buf_free(&b);
        /* the published formulas */
        u32 n3 = 0, n1 = 0;
        const struct draw *cell = d->root->child[0];
        assert_int_equal(cell->nchild, 6);
        for (u32 k = 0; k < 6; k++) {
            n1 += cell->child[k]->alt_no == 2;
            n3 += cell->child[k]->alt_no == 3;
        }
        assert_true(d->count.params == 73306 + 243040 * n3 + 28000 * n1);
        assert_true(d->count.macs == 7783040 + 35389440ull * n3 + 3932160ull * n1);
        double want = 0;
        for (u32 k = 0; k < 6; k++)
            want += -1.6094379124341003;
        assert_true(d->logp > want - 1e-12 && d->logp < want + 1e-12);
    }
    world_end(&w);
}

/* Every einspace sample types, and its derivation's text fields are filled. */
static void einspace(void **s)
{
    (void)s;
    struct world w;
    world_begin(&w, "import std.spaces.einspace\n");
    world_load(&w);
    for (u32 i = 0; i < 150; i++) {
        struct derivation *d = world_must(&w, NULL, 0, i);
        assert_string_equal(world_types(&w, d->nout, d->out), "[10]");
        assert_true(d->count.params >= 10);
    }
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights), cmocka_unit_test(inlined), cmocka_unit_test(chosen), cmocka_unit_test(dead_ends), cmocka_unit_test(undone),
        cmocka_unit_test(limits), cmocka_unit_test(recipes), cmocka_unit_test(same_everywhere), cmocka_unit_test(replayed), cmocka_unit_test(einspace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
