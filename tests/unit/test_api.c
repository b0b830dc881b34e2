/* test_api.c - the public interface as a program uses it: statuses, messages, sessions in threads. */
#include "tests/unit/unit.h"

#include "compiler/nasc.h"

#include <pthread.h>

static void statuses(void **state)
{
    (void)state;
    nasc_session *s = nasc_open();
    nasc_arch *a = NULL;
    assert_int_not_equal(nasc_sample(s, 1, 0, &a), NASC_OK);        /* nothing is loaded */
    assert_int_not_equal(nasc_select(s, NULL), NASC_OK);
    assert_int_equal(nasc_load(s, "std.nowhere"), NASC_WRONG);
    assert_non_null(strstr(nasc_messages(s), "E0202"));
    assert_non_null(strstr(nasc_messages_json(s), "\"code\":\"E0202\""));
    assert_int_equal(nasc_load(s, "std.spaces.nas_bench_201"), NASC_OK);
    assert_int_equal(nasc_select(s, "nosuch"), NASC_WRONG);
    assert_int_equal(nasc_select(s, NULL), NASC_OK);
    assert_int_equal(nasc_named(s, "nosuch", &a), NASC_WRONG);
    assert_non_null(strstr(nasc_messages(s), "E0910"));
    assert_int_equal(nasc_parse(s, "|none~0|", &a), NASC_WRONG);
    assert_non_null(strstr(nasc_messages(s), "E07"));
    assert_int_equal(nasc_sample(s, 1, 0, &a), NASC_OK);
    nasc_arch_free(a);
    nasc_close(s);
    nasc_close(NULL);
}

enum { SAMPLES = 20 };
struct work { char *text[SAMPLES]; int failed; };

static void *sample_all(void *arg)
{
    struct work *w = arg;
    nasc_session *s = nasc_open();
    w->failed = nasc_load(s, "std.spaces.einspace") || nasc_select(s, NULL);
    for (uint64_t i = 0; i < SAMPLES && !w->failed; i++) {
        nasc_arch *a;
        nasc_record f;
        w->failed = nasc_sample(s, 7, i, &a) != NASC_OK;
        if (!w->failed) {
            nasc_arch_record(a, &f);
            w->text[i] = strdup(f.arch);
            nasc_arch_free(a);
        }
    }
    nasc_close(s);
    return NULL;
}

/* Sessions share nothing: the same samples in two threads at once as in one alone. */
static void threads_do_not_meet(void **state)
{
    (void)state;
    struct work w[3] = { 0 };
    pthread_t t[2];
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&t[i], NULL, sample_all, &w[i]), 0);
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    sample_all(&w[2]);
    for (int k = 0; k < 3; k++)
        assert_int_equal(w[k].failed, 0);
    for (int i = 0; i < SAMPLES; i++) {
        assert_string_equal(w[0].text[i], w[1].text[i]);
        assert_string_equal(w[0].text[i], w[2].text[i]);
        for (int k = 0; k < 3; k++)
            free(w[k].text[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(statuses), cmocka_unit_test(threads_do_not_meet) };
    return cmocka_run_group_tests_name("api", tests, NULL, NULL);
}
