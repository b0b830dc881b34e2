/* Mutation and crossover: children are valid and new; which node changes and what comes there follow the documented
 * laws; bodies that are used several times change as one; what is impossible is said to be. */
#include "tests/unit/gram_world.h"
#include "grammar/move.h"

#define NN "import std.nn\n"

struct family { struct world w; struct arena *two; const struct gram_rule *space; struct notation *n; struct derivation *d[2]; struct move_parent *p[2]; const char *text[2]; u32 have; };

static const char *text_of(struct family *f, struct arena *a, const struct derivation *d)
{
    struct buf b = {0};
    notation_print(&b, f->n, d);
    const char *t = arena_strdup(a, b.at ? b.at : "");
    buf_free(&b);
    return t;
}

static bool is_new(void *ctx, const struct derivation *child)
{
    struct family *f = ctx;
    const char *t = text_of(f, child->a, child);
    for (u32 i = 0; i < f->have; i++)
        if (!strcmp(t, f->text[i]))
            return false;
    return true;
}

static struct derivation *read(struct family *f, struct arena *a, const char *text)
{
    struct derivation *d = notation_parse(a, f->n, &f->w.ds, srcs_add(f->w.srcs, "<arch>", text, strlen(text)), NULL);
    if (!d)
        world_show(&f->w);
    assert_non_null(d);
    return d;
}

static void add_parent(struct family *f, const char *text)
{
    u32 i = f->have++;
    f->d[i] = read(f, f->w.a, text);
    f->text[i] = text_of(f, f->w.a, f->d[i]);
    f->p[i] = move_parent_new(f->w.a, f->w.g, f->d[i], &f->w.ds);
    assert_non_null(f->p[i]);
}

static void begin(struct family *f, const char *grammar, const char *parent)
{
    memset(f, 0, sizeof(*f));
    world_begin(&f->w, grammar);
    world_load(&f->w);
    f->space = world_space(&f->w, NULL);
    f->n = notation_build(f->w.g, f->space);
    assert_non_null(f->n);
    add_parent(f, parent);
}

/* The child's text, after its graph was built and it was read back. */
static const char *check_child(struct family *f, struct derivation *d)
{
    const char *t = text_of(f, f->w.sample, d);
    struct arch *graph;
    struct buf why = {0};
    assert_non_null(derive_replay(f->w.sample, f->w.g, d, &graph));
    if (!arch_verify(graph, &why))
        fail_msg("%s: %s", t, why.at);
    struct count c = count_arch(graph);
    assert_true(c.params == d->count.params && c.nodes == d->count.nodes);
    struct derivation *again = read(f, f->w.sample, t);
    assert_true(again->logp == d->logp || (again->logp - d->logp < 1e-9 && d->logp - again->logp < 1e-9));
    assert_true(again->depth == d->depth && again->nodes == d->nodes && again->count.params == d->count.params);
    buf_free(&why);
    return t;
}

static const char *mutate(struct family *f, u64 seed, u64 index, struct move *what)
{
    arena_clear(f->w.sample);
    struct move_test t = {f, is_new};
    struct derivation *d = move_mutate(f->w.sample, f->p[0], &t, seed, index, what);
    return d ? check_child(f, d) : NULL;
}

/* Pearson's statistic; bins that cannot be must be empty. */
static double chi2(u32 n, const u32 *seen, const double *p, u32 all)
{
    double x = 0;
    for (u32 i = 0; i < n; i++) {
        if (p[i] > 0)
            x += (seen[i] - all * p[i]) * (seen[i] - all * p[i]) / (all * p[i]);
        else if (seen[i])
            return 1e9;
    }
    return x;
}

/* n mutations against expected texts and their probabilities. */
static void law(const char *grammar, const char *parent, u32 n, u32 nchild, const char *const *child, const double *p, double most)
{
    struct family f;
    begin(&f, grammar, parent);
    u32 seen[16] = {0};
    for (u32 i = 0; i < n; i++) {
        struct move what;
        const char *t = mutate(&f, 11, i, &what);
        assert_non_null(t);
        u32 k = 0;
        while (k < nchild && strcmp(child[k], t))
            k++;
        if (k == nchild)
            fail_msg("%s became %s", parent, t);
        seen[k]++;
    }
    double x = chi2(nchild, seen, p, n);
    if (!(x < most))
        fail_msg("%s: chi-squared %g", parent, x);
    world_end(&f.w);
}

/* Thresholds of chi-squared at p = 1e-6. */
enum { DF1 = 24, DF2 = 28, DF3 = 31, DF4 = 34, DF5 = 37 };

#define TWO NN "space s(x: [4]) -> [4] { let y = a:A(x);  b:B(y) } as \"$a $b\"\n" \
               "rule A(x) = 0.5 -> x as \"i\" | 0.3 -> x |> linear[4] as \"4\" | 0.2 -> x |> linear[6] as \"6\"\n" \
               "rule B(x) = 0.6 -> x |> linear[4] as \"L\" | 0.4 -> relu(x) as \"r\"\n"

/* Uniform over the nodes where something else is possible; there, in proportion to the weights of what fits. */
static void children(void **s)
{
    (void)s;
    law(TWO, "i r", 2000, 2, (const char *[]){"4 r", "i L"}, (double[]){.5, .5}, DF1);
    law(TWO, "i L", 4000, 3, (const char *[]){"4 L", "6 L", "i r"}, (double[]){.3, .2, .5}, DF2);
    law(TWO, "6 L", 2000, 2, (const char *[]){"i L", "4 L"}, (double[]){5 / 8., 3 / 8.}, DF1);
    /* what the parent has, of weight 0, is followed; such an alternative is never drawn */
    law(NN "space s(x: [4]) = { let y = a:A(x); b:A(y) } as \"$a $b\"\nrule A(x) = 0 -> x as \"i\" | relu(x) as \"r\" | tanh(x) as \"t\"", "i r", 3000, 3,
        (const char *[]){"r r", "t r", "i t"}, (double[]){.25, .25, .5}, DF2);
}

/* The law of a subtree is that of the grammar, not of what is easy to find: 1 |-> (x x) has weight 1/4 of the ways here. */
static void subtrees(void **s)
{
    (void)s;
    const char *g = NN "space s(x: [4]) -> [6] { limit depth 3;  x |> m:M } as \"$m\"\n"
                       "rule M(x) = 0.5 -> x |> linear[4] as \"4\" | 0.3 -> x |> linear[6] as \"6\" | 0.2 -> x |> a:M |> b:M as \"($a $b)\"\n";
    /* depth 3 leaves words of up to four leaves; the last is 6.  From 6: weights .5*.3, .3*.3 times .2 each, and deeper */
    struct family f;
    begin(&f, g, "6");
    double w = 0, want[2] = {0};
    u32 seen[2] = {0};
    /* At depth d, mass of all (A), and of those that end in 6 (E): depth 3: A = .8, E = .3; depth 2: A = .8 + .2*.64, E = .3 + .2*.8*.3. */
    double a2 = .8 + .2 * .64, e2 = .3 + .2 * .8 * .3, all = .2 * a2 * e2;
    want[0] = .2 * .5 * .3 / all;               /* (4 6) */
    want[1] = 1 - want[0];
    for (u32 i = 0; i < 4000; i++) {
        struct move what;
        const char *t = mutate(&f, 5, i, &what);
        assert_non_null(t);
        seen[strcmp(t, "(4 6)") != 0]++;
    }
    w = chi2(2, seen, want, 4000);
    if (!(w < DF1))
        fail_msg("chi-squared %g: %u %u", w, seen[0], seen[1]);
    world_end(&f.w);
}

#define HARD NN "space s(x: [4]) -> [7] { limit depth 8;  x |> m:M } as \"$m\"\n" \
                "rule M(x) = 0.5 -> x |> c:C as \"$c\" | 0.5 -> x |> a:M |> b:M as \"($a $b)\"\n" \
                "rule C(x) = for d in {1 .. 60}: x |> linear[d] as \"$d\"\n"

/* The node is uniform, the hard ones included: whatever is drawn at m.b ends in 7, one subtree of some 120; at m.b.c
 * nothing but 7 fits, so it is never chosen. */
static void nodes(void **s)
{
    (void)s;
    struct family f;
    begin(&f, HARD, "(3 7)");
    assert_int_equal(f.p[0]->nopen, 5);
    u32 seen[5] = {0}, n = 2000;
    u64 tries = 0;
    for (u32 i = 0; i < n; i++) {
        struct move what;
        assert_non_null(mutate(&f, 3, i, &what));
        for (u32 k = 0; k < 5; k++)
            if (f.p[0]->open[k] == what.node->number) {
                seen[k]++;
                tries += k == 3 ? what.tries : 0;
            }
    }
    const double p[] = {.25, .25, .25, .25, 0};         /* m m.a m.a.c m.b m.b.c */
    double x = chi2(5, seen, p, n);
    if (!(x < DF3))
        fail_msg("chi-squared %g: %u %u %u %u %u", x, seen[0], seen[1], seen[2], seen[3], seen[4]);
    assert_true(tries > 20 * (u64)seen[3]);             /* it is hard */
    world_end(&f.w);
}

static void begin_module(struct family *f, const char *module)
{
    memset(f, 0, sizeof(*f));
    world_begin(&f->w, "");
    f->w.g = gram_load(f->w.a, f->w.sp, f->w.srcs, &f->w.ds, world_module, &f->w, module, 0, NULL);
    assert_non_null(f->w.g);
    f->space = world_space(&f->w, NULL);
    f->n = notation_build(f->w.g, f->space);
    assert_non_null(f->n);
}

/* n mutations of a network: uniform over the nodes where something else is possible, and elsewhere it is proved that nothing is; some node
 * takes `hard` subtrees on average to find one that fits. */
static void uniform_nodes(const char *module, const char *parent, u32 n, u32 nopen, u32 nclosed, u64 hard)
{
    enum { MOST = 64 };
    struct family f;
    u32 seen[MOST] = {0}, left = 0, given_up = 0;
    u64 tries[MOST] = {0}, most = 0;
    double p[MOST];
    begin_module(&f, module);
    add_parent(&f, parent);
    const struct move_parent *mp = f.p[0];
    assert_int_equal(mp->nopen, nopen);
    for (u32 i = 0; i < n; i++) {
        struct move what;
        struct move_test t = {&f, is_new};
        arena_clear(f.w.sample);
        assert_non_null(move_mutate(f.w.sample, f.p[0], &t, 21, i, &what));
        given_up += what.given_up;
        u32 k = 0;
        while (mp->open[k] != what.node->number)
            k++;
        seen[k]++;
        tries[k] += what.tries;
    }
    assert_true(given_up <= n / 500);       /* at the bounds: rarely, even where one subtree of 1,500 fits */
    for (u32 k = 0; k < nopen; k++)
        left += !mp->node[mp->open[k]].closed;
    assert_int_equal(nopen - left, nclosed);
    for (u32 k = 0; k < nopen; k++) {
        p[k] = mp->node[mp->open[k]].closed ? 0 : 1. / left;
        most = MAX(most, tries[k] / MAX(seen[k], 1));
    }
    double x = chi2(nopen, seen, p, n), df = left - 1;
    if (!(x < df + 7 * __builtin_sqrt(2 * df)))         /* p < 1e-6 */
        fail_msg("%s: chi-squared %g at %g degrees", parent, x, df);
    assert_true(most >= hard);
    world_end(&f.w);
}

static void nodes_of_spaces(void **s)
{
    (void)s;
    uniform_nodes("std.spaces.nas_bench_201", "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_3x3~1|none~2|", 3000, 6, 0, 1);
    /* The branches have to agree: few modules take the place of one, and nothing that of the last layer's width. */
    uniform_nodes("std.spaces.einspace", "branching(2){clone(2),sequential(computation<linear(64)>,computation<norm>),"
                  "routing[identity,computation<linear(64)>,identity],add(2)}", 400, 13, 3, 60);
    if (getenv("NASC_TEST_LONG"))
        uniform_nodes("std.spaces.einspace", "branching(2){clone(2),routing[im2col(3,2,1),computation<linear(64)>,col2im],"
                      "routing[im2col(3,2,1),computation<linear(64)>,col2im],add(2)}", 2000, 13, 4, 500);
}

/* Mutation `index` is the same alone and after others. */
static void repeatable(void **s)
{
    (void)s;
    struct family f, g;
    begin(&f, HARD, "(3 (5 7))");
    begin(&g, HARD, "(3 (5 7))");
    for (u32 i = 0; i < 60; i++) {
        struct move what;
        const char *t = arena_strdup(f.w.a, mutate(&f, 9, i, &what));
        if (i % 7 == 0)
            assert_string_equal(t, mutate(&g, 9, i, &what));
    }
    world_end(&f.w);
    world_end(&g.w);
}

/* Bodies that are used several times. */
static void replicated(void **s)
{
    (void)s;
    const char *a = "rule A(x) = x as \"i\" | relu(x) as \"r\" | tanh(x) as \"t\"\n";
    char g[600];
    /* one node, all copies */
    snprintf(g, sizeof(g), "%s%s%s", NN, "space s(x: [4]) = { let y = each[5] a:A (x);  y.0 } as \"[$a]\"\n", a);
    law(g, "[r]", 1000, 2, (const char *[]){"[i]", "[t]"}, (double[]){.5, .5}, DF1);
    /* one round only */
    snprintf(g, sizeof(g), "%s%s%s", NN, "space s(x: [4]) = x |> repeat 3 { a:A } as \"${a|,}\"\n", a);
    law(g, "i,r,t", 6000, 6, (const char *[]){"r,r,t", "t,r,t", "i,i,t", "i,t,t", "i,r,i", "i,r,r"},
        (double[]){1 / 6., 1 / 6., 1 / 6., 1 / 6., 1 / 6., 1 / 6.}, DF5);
    /* rounds that stay keep their draws, rounds that are new are drawn: node n has 2 others, each of the 3 letters too */
    snprintf(g, sizeof(g), "%s%s%s", NN, "space s(x: [4]) = { let n = choose {2, 3, 4};  x |> repeat n { a:A } } as \"${n}[${a|,}]\"\n", a);
    law(g, "3[r,t,i]", 8000, 10, (const char *[]){"2[r,t]", "4[r,t,i,i]", "4[r,t,i,r]", "4[r,t,i,t]", "3[i,t,i]", "3[t,t,i]", "3[r,i,i]", "3[r,r,i]",
        "3[r,t,r]", "3[r,t,t]"}, (double[]){1 / 8., 1 / 24., 1 / 24., 1 / 24., 1 / 8., 1 / 8., 1 / 8., 1 / 8., 1 / 8., 1 / 8.}, 50);
    /* once: at all types it is used at; t wants four elements, and the second use has five */
    snprintf(g, sizeof(g), "%s%s%s", NN, "space s(x: [4]) { let c = once k:A;  x |> c |> linear[5] |> c } as \"$k\"\n", a);
    law(g, "r", 1000, 2, (const char *[]){"i", "t"}, (double[]){.5, .5}, DF1);
    snprintf(g, sizeof(g), "%s%s%s", NN, "space s(x: [4]) { let c = once k:A;  x |> c |> linear[5] |> c } as \"$k\"\n",
             "rule A(x: [K]) = relu(x) as \"r\" | tanh(x) where K == 4 as \"t\" | sigmoid(x) as \"s\"\n");
    law(g, "r", 300, 1, (const char *[]){"s"}, (double[]){1}, 1);
    snprintf(g, sizeof(g), "%s%s%s", NN, "space s(x: [4]) { let c = share k:A;  x |> repeat 3 { c } } as \"$k\"\n",
             "rule A(x: [K]) = x |> linear[4] as \"l\" | tanh(x) as \"t\" | sigmoid(x) as \"s\"\n");
    law(g, "t", 1000, 2, (const char *[]){"l", "s"}, (double[]){.5, .5}, DF1);
}

/* A stage drawn, attributes that are stages, lambdas that draw: followed like anything else. */
static void stages(void **s)
{
    (void)s;
    const char *g = NN "space s(x: [4]) = x |> residual[f:F] |> g:F as \"$f $g\"\nnet residual[F](x) = x + (x |> F)\n"
                       "rule F = relu as \"r\" | tanh as \"t\" | linear[4] as \"4\" | linear[5] as \"5\"\n";
    law(g, "r t", 5000, 5, (const char *[]){"t t", "4 t", "r r", "r 4", "r 5"}, (double[]){1 / 4., 1 / 4., 1 / 6., 1 / 6., 1 / 6.}, DF4);
}

/* Nothing else is possible: no child, and no end of the search either. */
static void impossible(void **s)
{
    (void)s;
    struct family f;
    struct move what;
    begin(&f, NN "space s(x: [4]) -> [4] = x |> a:A as \"$a\"\nrule A(x) = x as \"i\" | x |> linear[5] as \"5\"", "i");
    assert_null(mutate(&f, 1, 0, &what));
    assert_false(what.hard);
    world_end(&f.w);
    begin(&f, NN "space s(x: [4]) = relu(x) as \"r\"", "r");
    assert_int_equal(f.p[0]->nopen, 0);
    assert_null(mutate(&f, 1, 0, &what));
    world_end(&f.w);
    /* without end, and all of it refused: given up */
    begin(&f, NN "space s(x: [4]) -> [4] { limit depth 60;  x |> m:M } as \"$m\"\nrule M(x) = 0 -> x as \"i\" | x |> linear[5] as \"5\" | x |> a:M |> b:M as \"($a $b)\"", "i");
    assert_null(mutate(&f, 1, 0, &what));
    world_end(&f.w);
}

/* A parent that the limits of now refuse. */
static void not_a_parent(void **s)
{
    (void)s;
    struct family f;
    begin(&f, NN "space s(x: [4]) = x |> linear[100] |> a:A as \"$a\"\nrule A(x) = x as \"i\" | relu(x) as \"r\"", "i");
    assert_true(gram_limit(f.w.g, "params 100"));
    assert_null(move_parent_new(f.w.a, f.w.g, f.d[0], &f.w.ds));
    assert_int_equal(f.w.ds.all.at[f.w.ds.all.n - 1]->code, E0760);
    world_end(&f.w);
}

/* ---- crossover ---- */

#define TREES NN "space s(x: [4]) = x |> t:T as \"$t\"\nrule T(x) = 0.6 -> x |> l:L as \"$l\" | 0.4 -> x |> a:T |> b:T as \"($a $b)\"\n" \
                 "rule L(x) = x as \"i\" | relu(x) as \"r\" | tanh(x) as \"t\" | sigmoid(x) as \"s\"\n"

/* The text of a tree of that grammar with another's node in place of one. */
static void put_tree(struct buf *b, const struct move_parent *p, u32 n, const struct move_node *at, const struct move_parent *q, const struct move_node *graft)
{
    const struct move_node *x = &p->node[n];
    if (x == at) {
        put_tree(b, q, graft->number, NULL, NULL, NULL);
    } else if (x->nkid == 1) {
        put_tree(b, p, p->kid[x->kid], at, q, graft);
    } else if (x->nkid == 2) {
        buf_putc(b, '(');
        put_tree(b, p, p->kid[x->kid], at, q, graft);
        buf_putc(b, ' ');
        put_tree(b, p, p->kid[x->kid + 1], at, q, graft);
        buf_putc(b, ')');
    } else {
        buf_putc(b, "irts"[x->d->alt_no]);
    }
}

static bool crossover(struct family *f, u64 index, struct derivation *d[2], struct move *what)
{
    if (!f->two)
        f->two = arena_new_in(f->w.a, "sample");
    arena_clear(f->w.sample);
    arena_clear(f->two);
    struct move_test t = {f, is_new};
    return move_crossover((struct arena *[]){f->w.sample, f->two}, f->p[0], f->p[1], &t, 4, index, d, what);
}

/* Uniform over the pairs that give two new trees, and the trees are those. */
static void pairs(void **s)
{
    (void)s;
    struct family f;
    begin(&f, TREES, "(i (r t))");
    add_parent(&f, "(s (i r))");
    enum { MOST = 12 };
    u32 seen[MOST * MOST] = {0}, n = 6000, usable = 0;
    double p[MOST * MOST] = {0};
    struct buf b = {0};
    const struct move_parent *pp = f.p[0], *q = f.p[1];
    assert_true(pp->nnode <= MOST && q->nnode <= MOST);
    for (u32 i = 1; i < pp->nnode; i++)
        for (u32 j = 1; j < q->nnode; j++) {
            bool good = pp->node[i].d->rules == q->node[j].d->rules;
            for (u32 k = 0; k < 2 && good; k++) {
                buf_clear(&b);
                if (k)
                    put_tree(&b, q, 0, &q->node[j], pp, &pp->node[i]);
                else
                    put_tree(&b, pp, 0, &pp->node[i], q, &q->node[j]);
                good = strcmp(b.at, f.text[0]) && strcmp(b.at, f.text[1]);
            }
            p[i * MOST + j] = good;
            usable += good;
        }
    assert_in_range(usable, 15, 60);
    for (u32 i = 0; i < MOST * MOST; i++)
        p[i] /= usable;
    for (u32 i = 0; i < n; i++) {
        struct derivation *d[2];
        struct move what;
        assert_true(crossover(&f, i, d, &what));
        assert_true(d[0] && d[1]);
        seen[what.node->number * MOST + what.other->number]++;
        buf_clear(&b);
        put_tree(&b, pp, 0, what.node, q, what.other);
        assert_string_equal(b.at, check_child(&f, d[0]));
        buf_clear(&b);
        put_tree(&b, q, 0, what.other, pp, what.node);
        assert_string_equal(b.at, check_child(&f, d[1]));
    }
    double x = chi2(MOST * MOST, seen, p, n), df = usable - 1;
    if (!(x < df + 7 * __builtin_sqrt(2 * df)))         /* p < 1e-6 */
        fail_msg("chi-squared %g at %g degrees", x, df);
    buf_free(&b);
    world_end(&f.w);
}

/* Types decide: what is put in another place is typed there; where only one child is possible there is one; or none. */
static void typed(void **s)
{
    (void)s;
    struct family f;
    struct derivation *d[2];
    struct move what;
    begin(&f, TWO, "6 L");
    add_parent(&f, "4 r");
    for (u32 i = 0; i < 50; i++) {      /* a: 4 L, and 6 r does not type; b: 6 r, and 4 L */
        assert_true(crossover(&f, i, d, &what));
        assert_true((d[0] != NULL) + (d[1] != NULL) == 1);
        assert_string_equal(check_child(&f, d[0] ? d[0] : d[1]), "4 L");
    }
    world_end(&f.w);
    begin(&f, TWO, "i L");
    add_parent(&f, "i r");
    assert_false(crossover(&f, 0, d, &what));           /* each exchange gives the other parent */
    world_end(&f.w);
    begin(&f, NN "space s(x: [4]) = x |> repeat 3 { a:A } as \"${a|,}\"\nrule A(x) = x as \"i\" | relu(x) as \"r\" | tanh(x) as \"t\"", "i,i,i");
    add_parent(&f, "r,r,r");
    for (u32 i = 0; i < 50; i++) {
        assert_true(crossover(&f, i, d, &what));
        u32 r = 0;
        for (const char *t = check_child(&f, d[0]); *t; t++)
            r += *t == 'r';
        assert_int_equal(r, 1);
    }
    world_end(&f.w);
    /* equal attributes only */
    begin(&f, NN "space s(x: [4]) = x |> a:A[1] |> b:A[2] as \"$a $b\"\nrule A[N](x) = x as \"i\" | relu(x) as \"r\" | tanh(x) as \"t\"", "i i");
    add_parent(&f, "r t");
    u32 first = 0;
    for (u32 i = 0; i < 200; i++) {
        assert_true(crossover(&f, i, d, &what));
        const char *t = check_child(&f, d[0]);
        assert_true(!strcmp(t, "r i") || !strcmp(t, "i t"));
        first += *t == 'r';
    }
    assert_in_range(first, 60, 140);
    world_end(&f.w);
}

/* Samples of the spaces we ship: every child is read back, none is a parent. */
static void spaces(void **s)
{
    (void)s;
    static const char *const of[] = {"std.spaces.einspace", "std.spaces.nas_bench_201"};
    for (u32 k = 0; k < COUNTOF(of); k++) {
        struct family f;
        begin_module(&f, of[k]);
        for (u32 i = 0; i < (getenv("NASC_TEST_LONG") ? 2000 : 40); i++) {
            struct arena *a = arena_new("parents");
            f.have = 2;
            for (u32 j = 0; j < 2; j++) {
                f.d[j] = derive_local(a, f.w.g, f.space, 77, 2 * i + j, NULL, NULL);
                f.text[j] = text_of(&f, a, f.d[j]);
                f.p[j] = move_parent_new(a, f.w.g, f.d[j], &f.w.ds);
                assert_non_null(f.p[j]);
            }
            for (u32 j = 0; j < 5; j++) {
                struct move what;
                struct derivation *d[2];
                const char *t = mutate(&f, i, j, &what);
                assert_non_null(t);
                assert_string_not_equal(t, f.text[0]);
                if (crossover(&f, 1000 * i + j, d, &what))
                    for (u32 c = 0; c < 2; c++) {
                        t = d[c] ? check_child(&f, d[c]) : "";
                        assert_true(strcmp(t, f.text[0]) && strcmp(t, f.text[1]));
                    }
            }
            arena_free(a);
        }
        world_end(&f.w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(children), cmocka_unit_test(subtrees), cmocka_unit_test(nodes), cmocka_unit_test(nodes_of_spaces), cmocka_unit_test(repeatable),
        cmocka_unit_test(replicated), cmocka_unit_test(stages), cmocka_unit_test(impossible), cmocka_unit_test(not_a_parent),
        cmocka_unit_test(pairs), cmocka_unit_test(typed), cmocka_unit_test(spaces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
