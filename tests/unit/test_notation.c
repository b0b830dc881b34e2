/* Notations: what a space prints, it reads back as the same derivation; what is wrong is said with its
 * code and its place. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include "grammar/derive.h"

static struct arena *A, *Sample;        /* a derivation's arena is never the grammar's: failures take it back */
static struct srcs *S;
static struct str_pool *P;
static struct diags D;
static const char *Text;

static const char *open_module(void *ctx, struct arena *a, const char *module, size_t *len, const char **shown)
{
    (void)ctx;
    *shown = module;
    if (!strcmp(module, "test")) {
        *len = strlen(Text);
        return Text;
    }
    if (strncmp(module, "std.", 4))
        return NULL;
    const char *root = getenv("NASC_SRCDIR");
    if (!root)
        root = ".";
    char *path = arena_printf(a, "%s/stdlib/%s.nas", root, module + 4);
    for (char *c = path + strlen(root) + 8; *c && strcmp(c, ".nas"); c++)
        if (*c == '.')
            *c = '/';
    return src_read_file(a, path, len);
}

static int setup(void **s)
{
    (void)s;
    A = arena_new("test");
    Sample = arena_new("sample");
    S = srcs_new(A);
    P = str_pool_new(A);
    memset(&D, 0, sizeof D);
    diags_init(&D, A, S);
    return 0;
}
static int teardown(void **s) { (void)s; arena_free(Sample); arena_free(A); return 0; }

static void show_diags(void)
{
    struct buf b = { 0 };
    for (u32 i = 0; i < D.all.n; i++)
        diag_render(&b, &D, D.all.at[i], false);
    if (b.n)
        print_error("%s", b.at);
    buf_free(&b);
}

static struct notation *build(const char *text, struct gram **g_out, const struct gram_rule **space_out)
{
    Text = text;
    struct gram *g = gram_load(A, P, S, &D, open_module, NULL, "test", 0, NULL);
    if (!g)
        return NULL;
    const struct gram_rule *s = gram_space(g, NULL);
    if (!s)
        return NULL;
    if (g_out)
        *g_out = g;
    if (space_out)
        *space_out = s;
    return notation_build(g, s);
}
static struct notation *good(const char *text, struct gram **g, const struct gram_rule **s)
{
    struct notation *n = build(text, g, s);
    if (!n)
        show_diags();
    assert_non_null(n);
    return n;
}

static struct derivation *parse(struct notation *n, const char *t)
{
    return notation_parse(Sample, n, &D, srcs_add(S, "<arch>", t, strlen(t)), NULL);
}
static const char *print(const struct notation *n, const struct derivation *d)
{
    struct buf b = { 0 };
    notation_print(&b, n, d);
    const char *t = arena_strdup(A, b.at ? b.at : "");
    buf_free(&b);
    return t;
}
static struct derivation *reads(struct notation *n, const char *t)
{
    struct derivation *d = parse(n, t);
    if (!d)
        show_diags();
    assert_non_null(d);
    return d;
}
/* Reads t, and prints it as `as`. */
static void is(struct notation *n, const char *t, const char *as)
{
    assert_string_equal(print(n, reads(n, t)), as);
}
static void wrong(struct notation *n, const char *t, enum diag_code code, u32 at, u32 len)
{
    D.all.n = 0;
    D.nerrors = 0;
    struct derivation *got = parse(n, t);
    if (got)
        print_error("%s reads as %s\n", t, print(n, got));
    assert_null(got);
    assert_int_equal(D.all.n, 1);
    const struct diag *d = D.all.at[0];
    if (d->code != code || d->loc.off != at || d->loc.len != len)
        show_diags();
    assert_string_equal(diag_code_text(d->code), diag_code_text(code));
    assert_int_equal(d->loc.off, at);
    assert_int_equal(d->loc.len, len);
}
static bool said(const char *what)
{
    struct buf b = { 0 };
    for (u32 i = 0; i < D.all.n; i++)
        diag_render(&b, &D, D.all.at[i], false);
    bool found = b.at && strstr(b.at, what);
    if (!found)
        print_error("no `%s` in\n%s", what, b.at ? b.at : "");
    buf_free(&b);
    return found;
}
static void refused(const char *text, enum diag_code code)
{
    D.all.n = 0;
    D.nerrors = 0;
    struct notation *n = build(text, NULL, NULL);
    u32 i = 0;
    while (i < D.all.n && D.all.at[i]->severity != diag_error)
        i++;
    if (n || i == D.all.n || D.all.at[i]->code != code)
        show_diags();
    assert_null(n);
    assert_true(i < D.all.n);
    assert_string_equal(diag_code_text(D.all.at[i]->code), diag_code_text(code));
    assert_true(D.all.at[i]->loc.len > 0);
}

static bool same(const struct draw *a, const struct draw *b)
{
    bool eq = a->rule == b->rule && a->alt == b->alt && a->inner == b->inner && a->alt_no == b->alt_no && a->nchild == b->nchild;
    for (u32 i = 0; eq && i < a->nchild; i++)
        eq = same(a->child[i], b->child[i]);
    return eq;
}
/* parse(print(d)) = d for samples. */
static void round_trips(const char *text, u32 samples)
{
    struct gram *g;
    const struct gram_rule *s;
    struct notation *n = good(text, &g, &s);
    for (u32 i = 0; i < samples; i++) {
        u64 attempts = 0;
        struct arena_mark m = arena_mark(Sample);
        struct derivation *d = derive_local(Sample, g, s, 7, i, &attempts, NULL);
        assert_non_null(d);
        const char *t = print(n, d);
        struct derivation *e = reads(n, t);
        if (!same(d->root, e->root))
            print_error("%s\n%s\n", t, print(n, e));
        assert_true(same(d->root, e->root));
        assert_true(d->logp == e->logp);
        assert_true(d->count.params == e->count.params && d->count.macs == e->count.macs);
        arena_reset(Sample, m);
    }
}

#define OPS                                                                                                            \
    "op id(x: [..]) -> y: [..] { y[..] = x[..] }\n"                                                                    \
    "op twice(x: [K]) -> y: [2*K] { y[k] = x[k % K] }\n"                                                               \
    "op lin[D](x: [K]) -> y: [D] { param w: [D, K] ~ zeros\n y[d] += x[k] * w[d, k] }\n"                               \
    "op half(x: [K]) -> y: [D] where D = K / 2 { y[d] = x[2*d] }\n"

static const char Modules[] = OPS
    "rule M(x) = 0.4 -> x |> c:C as \"c<$c>\" | x |> a:M |> b:M as \"seq($a, $b)\" | x |> q:Q as \"$q\"\n"
    "rule Q(x) = x |> m:M |> r:R as \"[$m ; $r]\"\n"
    "rule R(x) = id(x) as \"same\" | p:Perm(x) as \"$p\"\n"
    "inline rule Perm(x) = twice(x) as \"up\" or \"twice\" | half(x) as \"down\"\n"
    "rule C(x) = id(x) as \"id\" or \"identity\" | for d in {1, 2, 4, 10}: lin[d](x) as \"lin($d)\" | 0 -> twice(x) as \"rare $$\"\n"
    "space s(x: [8]) -> [3] { limit depth 12\n x |> m:M |> lin[3] } as \"$m\"\n";

static void modules(void **state)
{
    (void)state;
    struct notation *n = good(Modules, NULL, NULL);
    is(n, "c<id>", "c<id>");
    is(n, " c < identity > ", "c<id>");
    is(n, "seq(c<lin(10)>,[c<id>;down])", "seq(c<lin(10)>, [c<id> ; down])");
    is(n, "[seq(c<lin(1)>, c<id>) ; twice]", "[seq(c<lin(1)>, c<id>) ; up]");
    is(n, "c<rare $>", "c<rare $>");                    /* weight 0: read, never drawn */
    assert_true(reads(n, "c<rare $>")->logp < -1e300);
    is(n, "c<rare$>", "c<rare $>");
    wrong(n, "seq(c<lin(3)>, c<id>)", E0701, 10, 1);
    wrong(n, "seq(c<id> c<id>)", E0701, 10, 1);
    wrong(n, "c<id> c<id>", E0701, 6, 1);
    wrong(n, "c<id", E0701, 4, 0);
    wrong(n, "", E0701, 0, 0);
    wrong(n, "c<idd>", E0701, 2, 3);
    assert_true(said("did you mean `id`"));
}

static void types(void **state)
{
    (void)state;
    struct notation *n = good(Modules, NULL, NULL);
    /* 1 / 2 is no extent: the text reads, the network is refused at `down`. */
    wrong(n, "[c<lin(1)> ; down]", E0703, 13, 4);
    wrong(n, "seq([c<lin(1)> ; down], c<id>)", E0703, 17, 4);
}

static void round_trip(void **state)
{
    (void)state;
    round_trips(Modules, 300);
}

static const char Lists[] = OPS
    "rule L[D](x) = for k in {3, 5}: for e in {1, 2}: lin[D*e + k](x) as \"k${k}e${e}\"\n"
    "rule U(x) = for n in {2, 3, 4}: x |> repeat i in n { l:L[i + 1] } as \"${n}[${l|,}]\"\n"
    "rule V(x) = {\n let k = choose {3, 5, 7}\n let n = choose {0.5 -> 2, 0.5 -> 3}\n"
    "  x |> repeat i in n { let e = choose {1, 2}; lin[k + e] } } as \"$n@$k: ${e| } .\"\n"
    "space s(x: [8]) -> [3] = x |> u:U |> v:V |> lin[3] as \"$u $v\"\n";

static void lists(void **state)
{
    (void)state;
    struct notation *n = good(Lists, NULL, NULL);
    is(n, "2[k3e1,k5e2] 2@7: 1 2 .", "2[k3e1,k5e2] 2@7: 1 2 .");
    is(n, "3[ k3e1 , k5e2,k5e1 ]3@3:1 1 2.", "3[k3e1,k5e2,k5e1] 3@3: 1 1 2 .");
    wrong(n, "3[k3e1,k5e2] 2@7: 1 2 .", E0706, 0, 12);
    wrong(n, "2[k3e1,k5e2,k5e2] 2@7: 1 2 .", E0706, 12, 4);
    wrong(n, "2[k3e1,k5e2] 3@7: 1 2 .", E0706, 13, 10);
    wrong(n, "2[k3e1,k4e2] 2@7: 1 2 .", E0701, 7, 4);
    round_trips(Lists, 200);
}

static const char Values[] = OPS
    "const K = 3\n"
    "rule W[n](x) = for d in {n, n + 1, 2*n}: lin[d](x) as \"w$n.$d\"\n"
    "rule T(x) = for (a, b) in {(1, \"one\"), (1, \"uno\"), (2, \"two\")}: lin[a](x) as \"$b\"\n"
    "space s(x: [8]) -> [3] = x |> a:W[K] |> t:T |> b:W[5] |> lin[3] as \"$a/$t/$b\"\n";

static void values(void **state)
{
    (void)state;
    struct notation *n = good(Values, NULL, NULL);
    is(n, "w3.4/uno/w5.10", "w3.4/uno/w5.10");
    wrong(n, "w4.4/uno/w5.10", E0702, 1, 1);
    assert_true(said("`n` is 3 here, not `4`"));
    wrong(n, "w3.5/uno/w5.10", E0702, 3, 1);
    round_trips(Values, 50);
}

static const char Plain[] = OPS
    "rule A(x) = x |> B | id(x) | x |> B |> B | lin[2](x)\n"
    "rule B(x) = for k in {1, 2}: lin[k](x) | id(x) | x |> repeat 2 { C } |> B\n"
    "rule C(x) = id(x) | twice(x)\n"
    "rule N = 3 | 5 | 7\n"
    "space s(x: [8]) -> [3] { let f = choose {id, twice}\n let n = choose {1 .. 4}\n let k = N\n"
    "  x |> lin[n] |> f |> A |> lin[3 + 0*k] }\n";

static void plain(void **state)
{
    (void)state;
    struct notation *n = good(Plain, NULL, NULL);
    is(n, "s(id, 3, 5, B.1(2))", "s(id, 3, 5, B.1(2))");
    is(n, "s(twice, 4, 3, A.2)", "s(twice, 4, 3, A.2)");
    is(n, "s(id, 1, 7, A.3(B.2, B.3([C.1, C.2], B.1(1))))", "s(id, 1, 7, A.3(B.2, B.3([C.1, C.2], B.1(1))))");
    round_trips(Plain, 100);
}

static const char Once[] = OPS
    "rule E(x) = id(x) as \"skip\" | lin[4](x) as \"lin\"\n"
    "net two[F](x) = x |> F |> lin[4] |> F\n"
    "space s(x: [4]) -> [3] { let c = once k:E\n let d = share E\n"
    "  x |> repeat 3 { c } |> two[d] |> two[z:E] |> lin[3] } as \"$c+$k+$d+${z|&}\"\n";

static void once(void **state)
{
    (void)state;
    struct notation *n = good(Once, NULL, NULL);
    is(n, "skip + skip + lin + lin & skip", "skip+skip+lin+lin&skip");
    wrong(n, "skip+skip+lin+lin", E0706, 0, 17);        /* `two` applies what it is given twice */
    wrong(n, "skip+lin+lin+lin&lin", E0702, 0, 4);          /* both name one draw */
    round_trips(Once, 50);
}

/* Texts told apart by types alone; and one that is not. */
static const char Same[] = OPS
    "rule H(x) = half(x) as \"h\" | lin[1](x) as \"h\" | for d in {5, 6}: lin[d](x) where d == 5 as \"five\"\n"
    "space s(x: [3]) -> [3] = x |> a:H |> lin[3] as \"$a\"\n";
static void by_type(void **state)
{
    (void)state;
    struct notation *n = good(Same, NULL, NULL);
    is(n, "h", "h");
    assert_int_equal(reads(n, "h")->root->child[0]->alt_no, 1);
    is(n, "five", "five");
    n = good(OPS "rule H(x) = half(x) as \"h\" | lin[1](x) as \"h\"\n"
                 "space s(x: [4]) -> [3] = x |> a:H |> lin[3] as \"<$a>\"\n", NULL, NULL);
    wrong(n, "<h>", E0704, 1, 1);
    assert_true(said("one reading") && said("another reading"));
    n = good(OPS "rule H(x) = id(x) as \"i\" | x |> a:H |> b:H as \"$a$b\"\n"
                 "space s(x: [4]) -> [3] = x |> a:H |> lin[3] as \"$a\"\n", NULL, NULL);
    is(n, "ii", "ii");
    wrong(n, "iii", E0704, 0, 3);
}

static void branches(void **state)
{
    (void)state;
    struct notation *n = good(OPS
        "rule E(x) = id(x) as \"skip\" | lin[4](x) as \"lin\"\n"
        "rule F(x) = id(x) as \"same\" | lin[4](x) as \"lin\"\n"
        "rule G[k](x) = if k == 1 then x |> e:E else if k == 2 then x |> e:F else x as \"<$e>\"\n"
        "space s(x: [4]) -> [3] = x |> a:G[1] |> b:G[2] |> c:G[3] |> lin[3] as \"$a$b$c\"\n", NULL, NULL);
    is(n, "<skip><same><>", "<skip><same><>");
    is(n, "<lin><lin><>", "<lin><lin><>");
    wrong(n, "<same><lin><>", E0702, 1, 4);
    wrong(n, "<skip><lin><lin>", E0706, 12, 3);
    wrong(n, "<><lin><>", E0706, 0, 2);
}

static void complaints(void **state)
{
    (void)state;
#define TAIL "space s(x: [4]) -> [3] = x |> a:H |> lin[3] as \"$a\"\nrule E(x) = id(x) as \"i\" | lin[4](x) as \"l\"\n"
    refused(OPS TAIL "rule H(x) = x |> e:E as \"$f\"\n", E0641);
    refused(OPS TAIL "rule H(x) = x |> l:id |> e:E as \"$l$e\"\n", E0641);
    refused(OPS TAIL "rule H(x) = x |> e:E as \"$ e\"\n", E0640);
    refused(OPS TAIL "rule H(x) = x |> e:E as \"${e\"\n", E0640);
    refused(OPS TAIL "rule H(x) = x |> e:E as \"e\"\n", E0642);
    refused(OPS TAIL "rule H(x) = x |> e:E as \"$e\" or \"e\"\n", E0642);
    refused(OPS TAIL "rule H(x) = x |> lin[choose {4, 5}] as \"e\"\n", E0642);
    refused(OPS TAIL "rule H(x) = for k in {4, 5}: lin[k](x) as \"e\"\n", E0642);
    refused(OPS TAIL "rule H(x) = x |> e:E as \"${e|,}\"\n", E0643);
    refused(OPS TAIL "rule H(x) = x |> repeat 2 { e:E } as \"$e\"\n", E0643);
    refused(OPS TAIL "rule H(x) = { let f = e:E; x |> f |> f } as \"$e\"\n", E0643);
    refused(OPS TAIL "rule H(x) = x |> two[e:E] as \"$e\"\nnet two[F](x) = x |> one[F]\nnet one[G](x) = x |> repeat 2 { G }\n", E0643);
    refused(OPS TAIL "rule H(x) = x |> two[y => y |> e:E] as \"$e\"\nnet two[F](x) = x |> F |> F\n", E0643);
    refused(OPS TAIL "rule H(x) = x |> e:E as \"$x$e\"\n", E0641);
    refused(OPS TAIL "rule H(x) = x |> e:E |> e:E as \"$e\"\n", E0644);
    refused(OPS TAIL "rule H(x) = x |> e:E as \"$e\" | x |> h:H as \"$h\"\n", E0645);
}

static const char Macros[] = OPS
    "rule E(x) = id(x) as \"i\" | for d in {4, 5, 6}: lin[d](x) as \"l($d)\" | x |> a:E |> b:E as \"$a;$b.\"\n"
    "space s(x: [4]) -> [3] = x |> a:E |> lin[3] as \"$a\"\n"
    "const W = 5\n"
    "text both(a, b) = `$a; ${b} .`\n"
    "text wide = `l(${W})`\n"
    "text many(n) = `${if n == 0 then \"i\" else both(wide, many(n - 1))}`\n"
    "arch one in s = `${both(\"l(\" ++ floor(9/2) ++ \")\", \"i\")}`\n"
    "arch two in s = `${many(2)}`\n"
    "text endless = `x${endless}`\n"
    "arch three in s = `${endless}`\n"
    "arch four in s = `${both(1)}`\n"
    "arch five in s = `${bothe(1, 2)}`\n"
    "arch six in s = `${1 / 0}`\n"
    "arch seven in s = `${1 +`\n"
    "arch eight in s = `$$ ${E}`\n";

static const char *expand(struct gram *g, const char *arch)
{
    struct gram_module *m = g->module.at[g->module.n - 1];
    struct gram_decl *d = gram_lookup(g, m, str_c(P, arch));
    assert_non_null(d);
    assert_int_equal(d->kind, GD_ARCH);
    const struct ast *t = ((struct gram_arch *)d)->ast;
    D.all.n = 0;
    return notation_expand(A, g, m, t->kid[t->nkid - 1]);
}
static void macro_wrong(struct gram *g, const char *arch, enum diag_code code)
{
    assert_null(expand(g, arch));
    assert_true(D.all.n > 0);
    assert_string_equal(diag_code_text(D.all.at[0]->code), diag_code_text(code));
    assert_true(D.all.at[0]->loc.len > 0);
}
static void macros(void **state)
{
    (void)state;
    struct gram *g;
    struct notation *n = good(Macros, &g, NULL);
    assert_string_equal(expand(g, "one"), "l(4); i .");
    assert_string_equal(expand(g, "two"), "l(5); l(5); i . .");
    is(n, expand(g, "two"), "l(5);l(5);i..");
    macro_wrong(g, "three", E0713);
    macro_wrong(g, "four", E0712);
    macro_wrong(g, "five", E0711);
    macro_wrong(g, "six", E0712);
    macro_wrong(g, "seven", E0710);
    macro_wrong(g, "eight", E0711);
}

/* All words of a NAS-Bench-201 cell, with the published parameter and MAC counts. */
static void nas_bench_201(void **state)
{
    (void)state;
    static const char *const op[] = { "none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3" };
    Text = "import std.spaces.nas_bench_201 (nas_bench_201)\n";
    struct gram *g = gram_load(A, P, S, &D, open_module, NULL, "std.spaces.nas_bench_201", 0, NULL);
    if (!g)
        show_diags();
    assert_non_null(g);
    struct notation *n = notation_build(g, gram_space(g, NULL));
    if (!n)
        show_diags();
    assert_non_null(n);
    for (u32 i = 0; i < 15625; i += getenv("NASC_TEST_LONG") ? 1 : 7) {
        u32 e[6], rest = i, ones = 0, threes = 0;
        for (u32 k = 0; k < 6; k++) {
            e[k] = rest % 5, rest /= 5;
            ones += e[k] == 2, threes += e[k] == 3;
        }
        struct arena *a = arena_new("sample");
        struct srcs *srcs = srcs_new(a);
        struct diags ds = { 0 };
        diags_init(&ds, a, srcs);
        const char *t = arena_printf(a, "|%s~0|+|%s~0|%s~1|+|%s~0|%s~1|%s~2|", op[e[0]], op[e[1]], op[e[2]], op[e[3]], op[e[4]], op[e[5]]);
        struct derivation *d = notation_parse(a, n, &ds, srcs_add(srcs, "<arch>", t, strlen(t)), NULL);
        assert_non_null(d);
        assert_true(d->count.params == 73306 + 243040 * (u64)threes + 28000 * (u64)ones);
        assert_true(d->count.macs == 7783040 + 35389440 * (u64)threes + 3932160 * (u64)ones);
        struct buf b = { 0 };
        notation_print(&b, n, d);
        assert_string_equal(b.at, t);
        buf_free(&b);
        arena_free(a);
    }
}

static void einspace(void **state)
{
    (void)state;
    struct gram *g = gram_load(A, P, S, &D, open_module, NULL, "std.spaces.einspace", 0, NULL);
    if (!g)
        show_diags();
    assert_non_null(g);
    const struct gram_rule *s = gram_space(g, NULL);
    struct notation *n = notation_build(g, s);
    if (!n)
        show_diags();
    assert_non_null(n);
    for (u32 i = 0; i < 200; i++) {
        struct arena_mark m = arena_mark(Sample);
        u64 attempts = 0;
        struct derivation *d = derive_local(Sample, g, s, 1, i, &attempts, NULL);
        assert_non_null(d);
        const char *t = print(n, d);
        struct derivation *e = reads(n, t);
        assert_true(same(d->root, e->root));
        assert_true(d->logp == e->logp);
        arena_reset(Sample, m);
    }
}

/* The five examples of einspace's notation: from these inputs to these outputs, in both dialects. */
static void shapes(void **state)
{
    (void)state;
    static const struct { const char *in, *out, *arch; } t[] = {
        { "[3, 28, 28]", "[32, 28, 28]",
          "sequential(routing[im2col(3,1,1), computation<linear(32)>, col2im], sequential(computation<norm>, computation<relu>))" },
        { "[16, 12, 20]", "[16, 12, 20]",
          "branching(2){clone(2), sequential(routing[im2col(3,1,1), computation<linear(16)>, col2im], computation<relu>), computation<identity>, add(2)}" },
        { "[49, 24]", "[49, 64]",
          "branching(2){clone(2), sequential(branching(2){clone(2), computation<linear(64)>, routing[identity, computation<linear(64)>, perm(0,2,1)], dot_product(scaled)}, computation<softmax>), computation<linear(64)>, dot_product}" },
        { "[3, 32, 32]", "[64, 128]",
          "sequential(routing[im2col(4,4,0), computation<linear(128)>, identity], routing[perm(0,2,1), computation<linear(64)>, perm(0,2,1)])" },
        { "[8, 10, 12]", "[8, 10, 16]", "branching(4){group(4,1), computation<linear(16)>, cat(4,1)}" },
        { "[8, 10, 12]", "[8, 10, 16]", "branching(4){group(4,1), computation<linear(16)>, concat(4,1)}" },
        { "[3, 32, 32]", "[3, 2, 2]", "sequential(4)(computation<maxpool>)" },      /* 32 -> 16 -> 8 -> 4 -> 2 */
    };
    for (u32 i = 0; i < COUNTOF(t); i++)
        for (u32 dialect = 1; dialect <= 2; dialect++) {
            Text = arena_printf(A, "import std.spaces.einspace (S)\nspace backbone(x: %s) = x |> s:S as \"$s\"\n", t[i].in);
            struct gram_override o = { "DIALECT", dialect == 1 ? "1" : "2" };
            struct gram *g = gram_load(A, P, S, &D, open_module, NULL, "test", 1, &o);
            if (!g)
                show_diags();
            assert_non_null(g);
            struct notation *n = notation_build(g, gram_space(g, NULL));
            assert_non_null(n);
            struct derivation *d = reads(n, t[i].arch);
            const struct type *ty = type_get(g->types, d->out[0]);
            struct buf b = { 0 };
            for (u32 k = 0; k < ty->rank; k++)
                buf_printf(&b, "%s%lld", k ? ", " : "[", (long long)axis_extent(g->types, ty->axis[k]));
            buf_putc(&b, ']');
            assert_string_equal(b.at, t[i].out);
            buf_free(&b);
        }
}

/* What the 2024 paper's code draws with which probability (products over the path, before anything is ruled out). */
static void probabilities(void **state)
{
    (void)state;
    struct gram *g = gram_load(A, P, S, &D, open_module, NULL, "std.spaces.einspace", 0, NULL);
    assert_non_null(g);
    struct notation *n = notation_build(g, gram_space(g, NULL));
    assert_non_null(n);
    double c = 0.32 / 13, m = 0.68 / 3;
    static const char *const text[] = {
        "routing[identity, computation<norm>, perm(0,1,3,2)]",
        "sequential(computation<norm>, sequential(computation<relu>, computation<linear(16)>))",
        "branching(2){clone(2), computation<norm>, computation<norm>, cat(8,1)}",
        "branching(8){clone(8), computation<norm>, add(8)}",
    };
    const double p[] = { 1. / 3 / 14 * c / 8, 1. / 3 * c * m * c * c, 1. / 9 / 4 * c * c / 12, 1. / 9 / 4 * c / 4 };
    for (u32 i = 0; i < COUNTOF(text); i++)
        assert_float_equal(exp(reads(n, text[i])->logp) / p[i], 1, 1e-5);
}

int main(void)
{
    const struct CMUnitTest t[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
        T(modules), T(types), T(round_trip), T(lists), T(values), T(plain), T(once), T(by_type), T(branches), T(complaints),
        T(macros), T(nas_bench_201), T(einspace), T(shapes), T(probabilities),
    };
    return cmocka_run_group_tests(t, NULL, NULL);
}
