/* Moves through the public library: what comes out, what may be left out, what is refused. */
#include "tests/unit/unit.h"
#include "compiler/nasc.h"

static nasc_session *opened(const char *module)
{
    nasc_session *s = nasc_open();
    assert_non_null(s);
    assert_int_equal(nasc_load(s, module), NASC_OK);
    assert_int_equal(nasc_select(s, NULL), NASC_OK);
    return s;
}

static void children(void **state)
{
    (void)state;
    nasc_session *s = opened("std.spaces.nas_bench_201");
    nasc_arch *a, *b, *m, *again, *c[2];
    nasc_move what;
    nasc_record ra, rm, rc;
    assert_int_equal(nasc_sample(s, 1, 0, &a), NASC_OK);
    assert_int_equal(nasc_sample(s, 1, 1, &b), NASC_OK);
    assert_int_equal(nasc_mutate(s, a, 5, 0, &m, &what), NASC_OK);
    assert_int_equal(nasc_mutate(s, a, 5, 0, &again, NULL), NASC_OK);
    nasc_arch_record(a, &ra);
    nasc_arch_record(m, &rm);
    nasc_arch_record(again, &rc);
    assert_string_equal(rm.arch, rc.arch);
    assert_string_not_equal(rm.arch, ra.arch);
    assert_string_equal(what.rule, "Edge");
    assert_int_equal(what.nodes, 6);
    assert_true(what.number < 6 && what.tries >= 1 && what.given_up == 0);
    /* children are parents in their turn; also of one network twice */
    assert_int_equal(nasc_crossover(s, m, b, 5, 1, c, &what), NASC_OK);
    assert_true(c[0] && c[1] && *what.node && *what.other);
    nasc_arch_free(c[0]);
    assert_int_equal(nasc_crossover(s, c[1], c[1], 5, 2, c, NULL), NASC_OK);
    nasc_arch_free(c[0]);
    nasc_net *n;
    assert_int_equal(nasc_compile(s, m, &(nasc_options){.backend = "ref"}, &n), NASC_OK);
    nasc_net_free(n);
    nasc_close(s);
}

/* Other texts of the same network do not count: on the node that holds zero, a skip, a pooling and nothing are one, and the two
 * convolutions are, in front of their normalization.  Every edge keeps its share, and takes what is left. */
static void identities(void **state)
{
    (void)state;
    enum { N = 1500 };
    nasc_session *s = opened("std.spaces.nas_bench_201");
    nasc_arch *a, *m;
    nasc_move what;
    nasc_record r;
    char id[33];
    u32 seen[6] = {0};
    assert_int_equal(nasc_parse(s, "|none~0|+|skip_connect~0|nor_conv_3x3~1|+|none~0|none~1|skip_connect~2|", &a), NASC_OK);
    assert_int_equal(nasc_arch_id(a, id), NASC_OK);
    for (u32 i = 0; i < N; i++) {
        assert_int_equal(nasc_mutate(s, a, 8, i, &m, &what), NASC_OK);
        nasc_arch_record(m, &r);
        assert_string_not_equal(r.id, id);
        const char *e = strstr(r.arch, "none~0|none~1|skip"), *c = strstr(r.arch, "skip_connect~0|nor_conv_1x1~1");
        assert_false(!strcmp(what.node, "k.e") && (e || strstr(r.arch, "none~0|skip_connect~1|skip") || strstr(r.arch, "avg_pool_3x3~1|skip")));
        assert_false(!strcmp(what.node, "k.c") && c);
        assert_int_equal(what.nodes, 6);
        seen[what.number]++;
        nasc_arch_free(m);
    }
    double x = 0;
    for (u32 i = 0; i < 6; i++)
        x += (seen[i] - N / 6.) * (seen[i] - N / 6.) / (N / 6.);
    assert_true(x < 37);                /* chi-squared, five degrees of freedom: p = 6e-7 */
    nasc_close(s);
}

static void refused(void **state)
{
    (void)state;
    nasc_session *s = opened("std.spaces.nas_bench_201");
    nasc_arch *a, *m, *c[2];
    assert_int_equal(nasc_sample(s, 1, 0, &a), NASC_OK);
    assert_int_equal(nasc_mutate(s, NULL, 0, 0, &m, NULL), NASC_USAGE);
    assert_int_equal(nasc_crossover(s, a, NULL, 0, 0, c, NULL), NASC_USAGE);
    /* the limits of now are not those it was drawn under */
    assert_int_equal(nasc_limit(s, "params 1k"), NASC_OK);
    assert_int_equal(nasc_mutate(s, a, 0, 0, &m, NULL), NASC_WRONG);
    assert_null(m);
    assert_non_null(strstr(nasc_messages(s), "E0760"));
    /* of another module */
    assert_int_equal(nasc_load(s, "std.spaces.einspace"), NASC_OK);
    assert_int_equal(nasc_select(s, NULL), NASC_OK);
    assert_int_equal(nasc_mutate(s, a, 0, 0, &m, NULL), NASC_USAGE);
    nasc_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(children), cmocka_unit_test(identities), cmocka_unit_test(refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
