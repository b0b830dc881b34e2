/* The general parser under the notations: ambiguity, left recursion, nullable symbols, lists, white
 * space, value tokens, and the place and the words of a mistake. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>
#include "grammar/earley.h"

static struct arena *A;
static struct cfg G;

#define L(s) { .kind = CF_LIT, .lit = (s), .len = sizeof(s) - 1 }
#define N(i) { .kind = CF_NT, .nt = (i) }
#define SP { .kind = CF_SPACE }
#define VAL { .kind = CF_VALUE }
#define PROD(lhs, ...) cf_prod(&G, lhs, COUNTOF(((struct cf_sym[]){ __VA_ARGS__ })), (struct cf_sym[]){ __VA_ARGS__ }, 0)
#define EMPTY(lhs) cf_prod(&G, lhs, 0, NULL, 0)

static int setup(void **s) { (void)s; A = arena_new("test"); cfg_init(&G, A); return 0; }
static int teardown(void **s) { (void)s; arena_free(A); return 0; }

static struct cf_chart *read(u32 start, const char *t)
{
    return cf_parse(A, &G, start, cf_squeeze(A, t, (u32)strlen(t)));
}

/* Number of readings of a whole text. */
static u64 count(struct cf_chart *c, struct cf_node *n)
{
    cf_readings(c, n);
    u64 sum = 0;
    for (u32 i = 0; i < n->nreading; i++) {
        u64 p = 1;
        for (u32 k = 0; k < n->reading[i].prod->n; k++)
            if (n->reading[i].span[k].node)
                p *= count(c, n->reading[i].span[k].node);
        sum += p;
    }
    return sum;
}
static u64 readings(u32 start, const char *t)
{
    struct cf_chart *c = read(start, t);
    return c->root ? count(c, c->root) : 0;
}

static void squeeze(void **state)
{
    (void)state;
    struct cf_text t = cf_squeeze(A, "  a  b ( 1 ,\n2 ) ~ x ", 21);
    assert_string_equal(t.at, "a b(1,2)~x");
    assert_int_equal(t.n, 10);
    assert_int_equal(t.off[0], 2);
    assert_int_equal(t.off[2], 5);      /* b */
    assert_int_equal(t.off[10], 20);    /* after x */
}

static void ambiguity(void **state)
{
    (void)state;
    u32 e = cf_nt(&G, "E");
    PROD(e, N(e), L("+"), N(e));
    PROD(e, L("a"));
    static const u64 catalan[] = { 1, 1, 2, 5, 14, 42 };
    char t[16] = "a";
    for (u32 n = 0; n < 6; n++) {
        assert_int_equal(readings(e, t), catalan[n]);
        strcat(t, "+a");
    }
    assert_int_equal(readings(e, "a+"), 0);
    assert_int_equal(readings(e, ""), 0);
    assert_int_equal(cf_cycle(&G, A), 0);
}

static void nullable(void **state)
{
    (void)state;
    /* S -> A B A "x"; A -> "" | "a"; B -> "" | A: every empty symbol, before and after its completion. */
    u32 s = cf_nt(&G, "S"), a = cf_nt(&G, "A"), b = cf_nt(&G, "B");
    PROD(s, N(a), N(b), N(a), L("x"));
    EMPTY(a);
    PROD(a, L("a"));
    EMPTY(b);
    PROD(b, N(a));
    assert_int_equal(readings(s, "x"), 2);          /* B empty itself or through A */
    assert_int_equal(readings(s, "ax"), 5);         /* a by the 1st (2), by B (1), by the 3rd (2) */
    assert_int_equal(readings(s, "aaax"), 1);
    assert_int_equal(readings(s, "aaaax"), 0);
    assert_int_equal(cf_cycle(&G, A), 0);
    PROD(b, N(b), N(a));
    assert_true(cf_cycle(&G, A) != 0);
}

static void cycles(void **state)
{
    (void)state;
    u32 a = cf_nt(&G, "A"), b = cf_nt(&G, "B");
    PROD(a, N(b));
    PROD(b, L("("), N(a), L(")"));
    PROD(b, L("x"));
    assert_int_equal(cf_cycle(&G, A), 0);
    PROD(b, N(a));
    assert_true(cf_cycle(&G, A) != 0);
    assert_non_null(read(a, "((x))")->root);        /* no loop */
}

static void lists(void **state)
{
    (void)state;
    u32 l = cf_nt(&G, "L"), some = cf_nt(&G, "list"), x = cf_nt(&G, "X");
    EMPTY(l);
    PROD(l, N(some));
    PROD(some, N(x));
    PROD(some, N(some), L(","), N(x));
    PROD(x, L("k"), VAL);
    assert_int_equal(readings(l, ""), 1);
    assert_int_equal(readings(l, "k1"), 1);
    assert_int_equal(readings(l, " k1 , k22,k3 "), 1);
    assert_int_equal(readings(l, "k1,,k3"), 0);
    char *big = arena_alloc(A, 40001);
    for (u32 i = 0; i < 10000; i++)
        memcpy(big + i * 4, "k10,", 4);
    big[39999] = 0;
    assert_non_null(read(l, big)->root);
}

static void spaces(void **state)
{
    (void)state;
    u32 s = cf_nt(&G, "S");
    PROD(s, L("a"), SP, L("b"), SP, L("("), SP, VAL, SP, L(")"));
    assert_int_equal(readings(s, "a b(1)"), 1);
    assert_int_equal(readings(s, " a\n\tb ( 1 ) "), 1);
    assert_int_equal(readings(s, "ab(1)"), 0);      /* two words need their space */
    assert_int_equal(readings(s, "a b(1 )x"), 0);
    u32 t = cf_nt(&G, "T");
    PROD(t, L("ab"));
    assert_int_equal(readings(t, "a b"), 0);        /* a space parts words */
    assert_int_equal(readings(t, " ab "), 1);
}

static void values(void **state)
{
    (void)state;
    u32 s = cf_nt(&G, "S"), q = cf_nt(&G, "Q");
    PROD(s, VAL);
    PROD(q, VAL, L("/"), VAL);
    assert_int_equal(readings(s, "12"), 1);
    assert_int_equal(readings(s, "-3.5"), 1);
    assert_int_equal(readings(s, "9/8"), 1);
    assert_int_equal(readings(s, "1e-05"), 1);
    assert_int_equal(readings(s, "relu_2"), 1);
    assert_int_equal(readings(s, "9//8"), 0);
    assert_int_equal(readings(q, "9/8"), 1);
    assert_int_equal(readings(q, "9/8/7"), 2);
}

static bool expects(const struct cf_chart *c, const char *lit)
{
    for (u32 i = 0; i < c->expect.n; i++)
        if (c->expect.at[i].lit && c->expect.at[i].len == strlen(lit) && !memcmp(c->expect.at[i].lit, lit, strlen(lit)))
            return true;
    return false;
}

static void mistakes(void **state)
{
    (void)state;
    u32 s = cf_nt(&G, "S"), e = cf_nt(&G, "E");
    PROD(s, L("|"), N(e), L("~0|+|"), N(e), L("~1|"));
    PROD(e, L("skip"));
    PROD(e, L("conv_3x3"));
    PROD(e, L("conv_1x1"));
    struct cf_chart *c = read(s, "|skip~0|+|conv_5x5~1|");
    assert_null(c->root);
    assert_int_equal(c->far, 10);
    assert_int_equal(c->expect.n, 3);
    assert_true(expects(c, "skip") && expects(c, "conv_3x3") && expects(c, "conv_1x1"));
    c = read(s, "|skip~0|-|skip~1|");
    assert_int_equal(c->far, 8);                    /* inside a literal: at its first wrong character */
    assert_true(expects(c, "+|"));
    c = read(s, "|skip~0|+|skip");
    assert_int_equal(c->far, 14);
    assert_true(expects(c, "~1|"));
    c = read(s, "|skip~0|+|skip~1|x");
    assert_int_equal(c->far, 17);
    assert_true(expects(c, ""));
    c = read(s, "");
    assert_int_equal(c->far, 0);
    assert_true(expects(c, "|"));
}

static void cut(void **state)
{
    (void)state;
    u32 s = cf_nt(&G, "S"), x = cf_nt(&G, "X");
    PROD(s, N(x), N(x));
    PROD(x, N(x), L("a"));
    PROD(x, L("a"));
    char t[CF_MOST_READINGS + 101];
    memset(t, 'a', sizeof t - 1);
    t[sizeof t - 1] = 0;
    struct cf_chart *c = read(s, t);
    assert_non_null(c->root);
    cf_readings(c, c->root);
    assert_int_equal(c->root->nreading, CF_MOST_READINGS);
    assert_true(c->root->cut && c->cut);
}

int main(void)
{
    const struct CMUnitTest t[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
        T(squeeze), T(ambiguity), T(nullable), T(cycles), T(lists), T(spaces), T(values), T(mistakes), T(cut),
    };
    return cmocka_run_group_tests(t, NULL, NULL);
}
