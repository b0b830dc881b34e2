/* Derivations by hand: what a place shows, which alternatives fit and why not, undo, dead ends, and that drawing step by
 * step is what the sampler draws. */
#include "tests/unit/gram_world.h"
#include "grammar/step.h"

#define NN "import std.nn\n"

struct hand { struct world w; const struct gram_rule *space; struct notation *n; struct step *s; };

static void hand_begin(struct hand *h, const char *text, u64 seed, u64 index)
{
    world_begin(&h->w, text);
    world_load(&h->w);
    h->space = world_space(&h->w, NULL);
    h->n = notation_build(h->w.g, h->space);
    if (!h->n)
        world_show(&h->w);
    assert_non_null(h->n);
    h->s = step_new(h->w.g, h->space, h->n, seed, index);
}

static void hand_end(struct hand *h)
{
    step_free(h->s);
    world_end(&h->w);
}

static const char *text_of(struct hand *h, const struct derivation *d)
{
    struct buf b = {0};
    assert_non_null(d);
    notation_print(&b, h->n, d);
    const char *s = arena_strdup(h->w.a, b.at ? b.at : "");
    buf_free(&b);
    return s;
}

static void expect(const struct step_option *o, const char *text, double p, enum step_fit fit, const char *why)
{
    assert_string_equal(o->text, text);
    assert_true(o->p > p - 1e-12 && o->p < p + 1e-12);
    assert_int_equal(o->fit, fit);
    if (why)
        assert_non_null(strstr(o->why, why));
    else
        assert_null(o->why);
}

static void places(void **st)
{
    (void)st;
    struct hand h;
    hand_begin(&h, NN
               "space s(x: [8, 8]) = x |> a:A |> b:A as \"f($a, $b)\"\n"
               "rule A(x: [S, D]) = 0.2 -> x as \"id\" | 0.3 -> x where S > 100 as \"never\" | 0.1 -> x |> c:C as \"c<$c>\"\n"
               "  | for k in {4, 9}: 0.2 -> x |> cut[k] as \"cut($k)\" | 0 -> relu(x) as \"relu\"\n"
               "rule C(x) = relu(x) as \"relu\" | tanh(x) as \"tanh\"\n"
               "op cut[K](x: [S, D]) -> y: [T, D] where T = S - K, T >= 1 { rank s: T\n y[s, d] = x[s + K, d] }\n", 1, 0);
    const struct step_place *p = step_here(h.s);
    assert_int_equal(step_state(h.s), STEP_CHOICE);
    assert_string_equal(p->label, "a");
    assert_string_equal(p->rule, "A");
    assert_string_equal(p->in, "x: [8, 8]");
    assert_string_equal(p->above, "s");
    assert_string_equal(p->sofar, "f(?, $b)");
    assert_int_equal(p->n, 6);
    assert_int_equal(p->nfit, 4);
    expect(&p->option[0], "id", 0.4, STEP_YES, NULL);
    expect(&p->option[1], "never", 0, STEP_NO, "condition");
    expect(&p->option[2], "c<$c>", 0.2, STEP_OPEN, NULL);
    expect(&p->option[3], "cut(4)", 0.4, STEP_YES, NULL);
    expect(&p->option[4], "cut(9)", 0, STEP_NO, "`cut`: its condition `T >= 1` is false: -1 < 1");
    expect(&p->option[5], "relu", 0, STEP_YES, NULL);
    assert_false(step_pick(h.s, 1));            /* does not fit */
    assert_false(step_pick(h.s, 6));
    assert_int_equal(step_picks(h.s), 0);
    assert_true(step_pick(h.s, 3));
    p = step_here(h.s);
    assert_string_equal(p->in, "x: [4, 8]");
    assert_string_equal(p->sofar, "f(cut(4), ?)");
    expect(&p->option[3], "cut(4)", 0, STEP_NO, "");
    assert_true(step_pick(h.s, 2));
    p = step_here(h.s);
    assert_string_equal(p->sofar, "f(cut(4), c<?>)");
    assert_string_equal(p->above, "s > b: A");
    assert_string_equal(p->label, "c");
    assert_int_equal(p->depth, 2);
    assert_true(step_pick(h.s, 1));
    assert_int_equal(step_state(h.s), STEP_DONE);
    assert_null(step_here(h.s));
    struct derivation *d = step_derive(h.s, h.w.sample);
    assert_string_equal(text_of(&h, d), "f(cut(4), c<tanh>)");
    double logp = d->logp;
    /* The same text read has the same probability. */
    arena_clear(h.w.sample);
    d = notation_parse(h.w.sample, h.n, &h.w.ds, srcs_add(h.w.srcs, "<arch>", "f(cut(4), c<tanh>)", 18), NULL);
    assert_true(d && d->logp == logp);
    u32 n;
    const struct step_types *t = step_types_of(h.w.sample, h.w.g, d, &n);
    assert_int_equal(n, 4);
    assert_string_equal(t[0].in, "x: [8, 8]");
    assert_string_equal(t[0].out, "[4, 8]");
    assert_string_equal(t[1].in, "x: [8, 8]");
    assert_string_equal(t[1].out, "[4, 8]");
    assert_true(t[3].draw == d->root->child[1]->child[0]);
    /* Back to the start, and another way. */
    while (step_undo(h.s))
        assert_int_equal(step_state(h.s), STEP_CHOICE);
    assert_int_equal(step_picks(h.s), 0);
    p = step_here(h.s);
    assert_string_equal(p->sofar, "f(?, $b)");
    expect(&p->option[3], "cut(4)", 0.4, STEP_YES, NULL);
    assert_true(step_pick(h.s, 5));             /* weight 0 can be picked */
    hand_end(&h);
}

/* What leads nowhere: seen at once where the alternative is whole, else when the place below has nothing left. */
static void dead_ends(void **st)
{
    (void)st;
    struct hand h;
    hand_begin(&h, NN
               "space s(x: [8]) = x |> a:A as \"$a\"\n"
               "rule A(x) = 0.5 -> each[2] b:B (x) |> vec as \"two($b)\" | { let y = x |> c:C; vec(y) } as \"c($c)\" | x as \"id\"\n"
               "rule B(x) = relu(x) as \"r\" | tanh(x) as \"t\"\n"
               "rule C(x) = clones[2](x) as \"k\" | x |> b:B as \"one($b)\"\n"
               "op clones[N](x: [D]) -> y: [N, D] { rank n: N\n y[n, d] = x[d] }\n"
               "op vec(x: [D]) -> y: [D] { y[d] = x[d] }\n", 1, 0);
    const struct step_place *p = step_here(h.s);
    expect(&p->option[0], "two($b)", 0.5, STEP_OPEN, NULL);
    expect(&p->option[1], "c($c)", 0.25, STEP_OPEN, NULL);
    assert_true(step_pick(h.s, 0));
    p = step_here(h.s);
    assert_int_equal(p->nfit, 0);
    expect(&p->option[0], "r", 0, STEP_AFTER, "");
    assert_int_equal(step_random(h.s), -1);
    assert_false(step_pick(h.s, 0));
    assert_null(step_finish(h.s, h.w.sample));
    assert_true(step_undo(h.s));
    p = step_here(h.s);
    expect(&p->option[0], "two($b)", 0, STEP_DEAD, "nothing is left for `B`");
    expect(&p->option[1], "c($c)", 0.5, STEP_OPEN, NULL);
    assert_true(step_pick(h.s, 1));
    p = step_here(h.s);
    expect(&p->option[0], "k", 0, STEP_AFTER, "");
    expect(&p->option[1], "one($b)", 1, STEP_OPEN, NULL);
    assert_int_equal(step_random(h.s), 1);
    assert_true(step_undo(h.s) && step_undo(h.s));
    expect(&step_here(h.s)->option[0], "two($b)", 0, STEP_DEAD, "");    /* still known */
    hand_end(&h);
}

/* A space that fails whatever is chosen; one without a choice. */
static void no_choice(void **st)
{
    (void)st;
    struct hand h;
    hand_begin(&h, NN "space s(x: [8]) = vec(x |> linear[4]) |> a:A as \"$a\"\nrule A(x) = x as \"1\" | relu(x) as \"2\"\n"
               "op vec(x: [A, B]) -> y: [A, B] { y[a, b] = x[a, b] }\n", 1, 0);
    assert_int_equal(step_state(h.s), STEP_FAILED);
    assert_non_null(strstr(step_why(h.s), "2"));
    assert_null(step_here(h.s));
    assert_int_equal(step_random(h.s), -1);
    assert_false(step_undo(h.s));
    hand_end(&h);
    hand_begin(&h, NN "space s(x: [8]) = x |> linear[4] as \"it\"\n", 1, 0);
    assert_int_equal(step_state(h.s), STEP_DONE);
    assert_string_equal(text_of(&h, step_derive(h.s, h.w.sample)), "it");
    hand_end(&h);
}

/* Rounds, choose, once, and draws that belong to who wrote them. */
static void kinds(void **st)
{
    (void)st;
    struct hand h;
    hand_begin(&h, NN
               "space s(x: [8]) { let k = choose {2, 3};  let o = once A;  x |> repeat k { l:A } |> o |> o |> res[m:A] } as \"$k[${l|,}] $o $m\"\n"
               "net res[F](x) = x + (x |> F)\n"
               "rule A(x) = x as \"x\" | relu(x) as \"r\"\n", 1, 0);
    const struct step_place *p = step_here(h.s);
    assert_string_equal(p->rule, "choose");
    assert_string_equal(p->label, "k");
    expect(&p->option[0], "2", 0.5, STEP_YES, NULL);
    step_pick(h.s, 0);
    p = step_here(h.s);
    assert_string_equal(p->sofar, "2[?] $o $m");
    step_pick(h.s, 0);
    p = step_here(h.s);
    assert_string_equal(p->sofar, "2[x,?] $o $m");
    assert_true(p->repeats);
    assert_int_equal(p->round, 1);
    step_pick(h.s, 1);
    p = step_here(h.s);
    assert_string_equal(p->sofar, "2[x,r] ? $m");
    step_pick(h.s, 1);
    p = step_here(h.s);
    assert_string_equal(p->sofar, "2[x,r] r ?");
    assert_string_equal(p->above, "s");         /* not under `res`, which only applies it */
    step_pick(h.s, 0);
    assert_int_equal(step_state(h.s), STEP_DONE);
    assert_string_equal(text_of(&h, step_derive(h.s, h.w.sample)), "2[x,r] r x");
    hand_end(&h);
}

/* Drawing every step is the sampler's draw, wherever no choice turns out to be a dead end further down; and so is finishing, always. */
static void by_hand(const char *module, u32 samples, u32 least)
{
    struct hand h;
    char text[200];
    snprintf(text, sizeof text, "import %s\n", module);
    u32 same = 0;
    for (u32 i = 0; i < samples; i++) {
        world_begin(&h.w, text);
        h.w.g = gram_load(h.w.a, h.w.sp, h.w.srcs, &h.w.ds, world_module, &h.w, module, 0, NULL);
        assert_non_null(h.w.g);
        h.space = gram_space(h.w.g, NULL);
        h.n = notation_build(h.w.g, h.space);
        h.s = step_new(h.w.g, h.space, h.n, 42, i);
        const char *want = text_of(&h, derive_local(h.w.sample, h.w.g, h.space, 42, i, NULL, NULL));
        assert_string_equal(text_of(&h, step_finish(h.s, h.w.sample)), want);
        u32 half = 0;
        while (step_random(h.s) >= 0)
            half++;
        if (step_state(h.s) == STEP_DONE) {
            same++;
            assert_string_equal(text_of(&h, step_derive(h.s, h.w.sample)), want);
            for (half /= 2; half--;)
                assert_true(step_undo(h.s));
            assert_non_null(step_finish(h.s, h.w.sample));
        } else {
            assert_int_equal(step_here(h.s)->nfit, 0);
        }
        hand_end(&h);
    }
    assert_true(same >= least);
}

static void same_draws(void **st)
{
    (void)st;
    by_hand("std.spaces.nas_bench_201", 5, 5);
    by_hand("std.spaces.einspace", 12, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places), cmocka_unit_test(dead_ends), cmocka_unit_test(no_choice), cmocka_unit_test(kinds), cmocka_unit_test(same_draws),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
