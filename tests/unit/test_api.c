/* test_api.c - the public interface as a program uses it: statuses, messages, sessions in threads. */
#include "tests/unit/unit.h"

#include "compiler/nasc.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

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

/* A stream gives what single samples give, for any number of threads; conditions that are wrong say so; an architecture that is open meanwhile
 * stays whole. */
static void streams(void **state)
{
    (void)state;
    nasc_session *s = nasc_open();
    nasc_stream *st;
    assert_int_equal(nasc_stream_open(s, 1, 0, NULL, &st), NASC_USAGE);     /* nothing is loaded */
    assert_int_equal(nasc_load(s, "std.spaces.einspace"), NASC_OK);
    assert_int_equal(nasc_select(s, NULL), NASC_OK);
    assert_int_equal(nasc_sampler(s, "fair"), NASC_USAGE);
    assert_non_null(strstr(nasc_messages(s), "E0912"));
    assert_int_equal(nasc_stream_open(s, 1, 0, &(nasc_stream_options){ .where = "parms > 3" }, &st), NASC_WRONG);
    assert_non_null(strstr(nasc_messages(s), "E0931"));
    for (uint32_t threads = 0; threads < 4; threads++) {
        nasc_arch *a, *open;
        nasc_record r, q, before;
        uint64_t i = 0, n = 0, last = 0, samples, attempts;
        bool more;
        assert_int_equal(nasc_sampler(s, threads % 2 ? "exact" : NULL), NASC_OK);
        assert_int_equal(nasc_sample(s, 4, 1000, &open), NASC_OK);
        nasc_arch_record(open, &before);
        char *text = strdup(before.arch);
        assert_int_equal(nasc_stream_open(s, 7, 10, &(nasc_stream_options){ .where = "params < 100k", .unique = true, .samples = 300, .threads = threads }, &st), NASC_OK);
        while (assert_int_equal(nasc_stream_next(st, &r, &i, &more), NASC_OK), more) {
            assert_true(r.params < 100000 && i >= 10 && i < 310 && (!n || i > last));
            last = i;
            if (n++ % 16)
                continue;
            /* not on the stream's session: another */
            nasc_session *t = nasc_open();
            assert_int_equal(nasc_load(t, "std.spaces.einspace") || nasc_select(t, NULL) || nasc_sampler(t, threads % 2 ? "exact" : "local"), NASC_OK);
            assert_int_equal(nasc_sample(t, 7, i, &a), NASC_OK);
            nasc_arch_record(a, &q);
            assert_string_equal(q.arch, r.arch);
            assert_string_equal(q.id, r.id);
            assert_true(q.logp == r.logp && q.macs == r.macs && q.nodes == r.nodes && q.depth == r.depth);
            nasc_close(t);
        }
        assert_int_equal(nasc_stream_next(st, &r, &i, &more), NASC_OK);
        assert_false(more);
        nasc_stream_count(st, &samples, &attempts);
        assert_true(n > 100 && n < 300 && samples == 300 && attempts >= 300);
        nasc_stream_close(st);
        nasc_arch_record(open, &before);
        assert_string_equal(before.arch, text);
        free(text);
        nasc_arch_free(open);
    }
    nasc_stream_close(NULL);
    nasc_close(s);
}

/* Weights from texts: the source that comes back gives the texts the likelihood that is stated. */
static void fits(void **state)
{
    (void)state;
    static const char *const text[] = { "|nor_conv_1x1~0|+|none~0|none~1|+|nor_conv_3x3~0|skip_connect~1|none~2|", "|none~0|", "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|" };
    nasc_session *s = nasc_open();
    nasc_fit_report r;
    const char *source;
    assert_int_equal(nasc_fit(s, 3, text, NULL, &r, &source), NASC_USAGE);
    assert_int_equal(nasc_load(s, "std.spaces.nas_bench_201") || nasc_select(s, NULL), NASC_OK);
    assert_int_equal(nasc_fit(s, 3, text, &(nasc_fit_options){ .prior = 0.5 }, &r, &source), NASC_USAGE);
    assert_int_equal(nasc_fit(s, 0, text, NULL, &r, &source), NASC_WRONG);
    assert_non_null(strstr(nasc_messages(s), "E0934"));
    assert_int_equal(nasc_fit(s, 3, text, &(nasc_fit_options){ .prior = 1 }, &r, &source), NASC_WRONG);
    assert_non_null(strstr(nasc_messages(s), "E0701"));             /* the second; the others are used */
    assert_true(r.texts == 2 && r.ambiguous == 0 && r.left_out == 0 && r.rules == 1 && r.weights == 5 && r.iterations == 1);
    assert_true(r.before < -19.31 && r.before > -19.32 && r.after > r.before);      /* 12 log(1/5) */
    const char *const good[] = { text[0], text[2] };
    assert_int_equal(nasc_fit(s, 2, good, &(nasc_fit_options){ .prior = 1 }, &r, &source), NASC_OK);
    char path[] = "/tmp/nasc_fit_XXXXXX.nas";
    int fd = mkstemps(path, 4);
    assert_true(fd >= 0 && write(fd, source, strlen(source)) == (ssize_t)strlen(source) && close(fd) == 0);
    assert_int_equal(nasc_load(s, path) || nasc_select(s, NULL), NASC_OK);
    unlink(path);
    double sum = 0;
    for (int i = 0; i < 2; i++) {
        nasc_arch *a;
        nasc_record q;
        assert_int_equal(nasc_parse(s, good[i], &a), NASC_OK);
        nasc_arch_record(a, &q);
        sum += q.logp;
        nasc_arch_free(a);
    }
    assert_true(sum - r.after < 1e-9 && r.after - sum < 1e-9);
    nasc_close(s);
}

/* Messages are about the calls since the last success; what is open ends with its session. */
static void messages_and_lifetimes(void **state)
{
    (void)state;
    nasc_session *s = nasc_open();
    nasc_arch *a, *b;
    nasc_net *n;
    assert_int_equal(nasc_define(s, "C", "4"), NASC_OK);
    assert_int_equal(nasc_define(s, "N", "1"), NASC_OK);
    assert_int_equal(nasc_load(s, "std.spaces.nas_bench_201"), NASC_OK);
    assert_int_equal(nasc_select(s, NULL), NASC_OK);
    assert_int_equal(nasc_parse(s, "|none~0|", &a), NASC_WRONG);
    assert_int_equal(nasc_parse(s, "|nonsense", &a), NASC_WRONG);
    assert_non_null(strstr(nasc_messages(s), "|none~0|"));
    assert_non_null(strstr(nasc_messages(s), "|nonsense"));
    assert_int_equal(nasc_sample(s, 1, 0, &a), NASC_OK);
    assert_int_equal(nasc_sample(s, 1, 1, &b), NASC_OK);
    assert_string_equal(nasc_messages(s), "");
    assert_int_equal(nasc_compile(s, a, &(nasc_options){ .backend = "nosuch" }, &n), NASC_ENV);
    assert_non_null(strstr(nasc_messages(s), "E0901"));
    assert_int_equal(nasc_compile(s, a, &(nasc_options){ .backend = "ref" }, &n), NASC_OK);
    nasc_arch_free(a);                                      /* the net outlives it */
    assert_int_equal(nasc_net_weights(n, 3), NASC_OK);
    assert_int_equal(nasc_compile(s, b, &(nasc_options){ .backend = "ref" }, &n), NASC_OK);
    nasc_close(s);
}

enum { NETS = 6, CLASSES = 10, PIXELS = 3 * 32 * 32 };
struct ran { float y[NETS][CLASSES]; int failed; uint32_t threads; };

static void *run_all(void *arg)
{
    struct ran *w = arg;
    nasc_session *s = nasc_open();
    float *x = malloc(PIXELS * sizeof *x);
    for (int i = 0; i < PIXELS; i++)
        x[i] = (float)(i % 31) / 31;
    w->failed = nasc_define(s, "C", "4") || nasc_define(s, "N", "1") || nasc_load(s, "std.spaces.nas_bench_201") || nasc_select(s, NULL);
    for (uint64_t i = 0; i < NETS && !w->failed; i++) {
        nasc_arch *a;
        nasc_net *n;
        w->failed = nasc_sample(s, 5, i, &a) || nasc_compile(s, a, &(nasc_options){ .threads = w->threads }, &n) || nasc_net_weights(n, i) ||
                    nasc_net_run(n, 1, (const void *[]){ x }, (void *[]){ w->y[i] });
        if (!w->failed) {
            nasc_net_free(n);
            nasc_arch_free(a);
        }
    }
    if (w->failed)
        fputs(nasc_messages(s), stderr);
    nasc_close(s);
    free(x);
    return NULL;
}

/* Native code made and run in two threads at once, the same bytes as alone, where two threads share each run. */
static void threads_compile_and_run(void **state)
{
    (void)state;
    static struct ran w[3];
    pthread_t t[2];
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&t[i], NULL, run_all, &w[i]), 0);
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    w[2].threads = 2;
    run_all(&w[2]);
    for (int k = 0; k < 3; k++) {
        assert_int_equal(w[k].failed, 0);
        assert_memory_equal(w[k].y, w[2].y, sizeof w[k].y);
    }
    assert_memory_not_equal(w[2].y[0], w[2].y[1], sizeof w[2].y[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(statuses), cmocka_unit_test(messages_and_lifetimes),
                                        cmocka_unit_test(threads_do_not_meet), cmocka_unit_test(streams), cmocka_unit_test(fits), cmocka_unit_test(threads_compile_and_run) };
    return cmocka_run_group_tests_name("api", tests, NULL, NULL);
}
