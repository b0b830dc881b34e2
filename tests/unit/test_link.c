/* test_link.c - executables and shared libraries by the C compiler; what is missing is said with what mends it. */
#include "tests/unit/unit.h"

#include "compiler/atomic_file.h"
#include "compiler/child.h"
#include "compiler/link.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/nasc-test-link-XXXXXX";
static char *object;
static size_t nobject;

/* The object of a model written by hand. */
static int setup(void **state)
{
    nasc_session *s = *state = nasc_open();
    struct buf said = {0}, why = {0};
    int status = 1;
    char source[4096], include[4096], out[100];
    unsetenv("NASC_CC");
    snprintf(source, sizeof source, "%s/tests/cases/runtime/toy_model.c", getenv("NASC_SRCDIR") ? getenv("NASC_SRCDIR") : ".");
    snprintf(include, sizeof include, "-I%s", session_runtime(s));
    assert_non_null(mkdtemp(dir));
    snprintf(out, sizeof out, "%s/toy.o", dir);
    if (child_run((const char *const[]){"cc", "-O1", "-fPIC", include, "-c", source, "-o", out, NULL}, NULL, 60, &said, &status, &why) && !status)
        object = src_read_file(s->a, out, &nobject);
    buf_free(&said);
    buf_free(&why);
    unlink(out);
    return object ? 0 : -1;
}

static int teardown(void **state)
{
    nasc_close(*state);
    return rmdir(dir);
}

static struct link_model toy(nasc_session *s)
{
    return (struct link_model){.mach = session_mach(s), .name = "toy", .object = object, .nobject = nobject};
}

static void executable(void **state)
{
    nasc_session *s = *state;
    struct link_model m = toy(s);
    struct buf a = {0}, b = {0}, said = {0}, why = {0};
    int status;
    char path[100];
    assert_true(link_executable(s, &m, &a));
    assert_true(link_executable(s, &m, &b));
    assert_true(a.n == b.n && memcmp(a.at, b.at, a.n) == 0);
    snprintf(path, sizeof path, "%s/toy", dir);
    assert_true(atomic_write(path, a.at, a.n));
    assert_int_equal(chmod(path, 0755), 0);
    assert_true(child_run((const char *const[]){path, "--info", NULL}, NULL, 60, &said, &status, &why));
    assert_int_equal(status, 0);
    assert_non_null(strstr(said.at, "\"weights_embedded\": false"));
    unlink(path);
    buf_free(&a);
    buf_clear(&b);
    buf_clear(&said);
    m.weights = true;
    assert_true(link_executable(s, &m, &b));
    assert_true(atomic_write(path, b.at, b.n));
    assert_int_equal(chmod(path, 0755), 0);
    assert_true(child_run((const char *const[]){path, "--info", NULL}, NULL, 60, &said, &status, &why));
    assert_non_null(strstr(said.at, "\"weights_embedded\": true"));
    unlink(path);
    buf_free(&b);
    buf_free(&said);
    buf_free(&why);
}

static void shared(void **state)
{
    nasc_session *s = *state;
    struct link_model m = toy(s);
    struct buf b = {0};
    char path[100];
    assert_true(link_shared(s, &m, &b));
    snprintf(path, sizeof path, "%s/toy.so", dir);
    assert_true(atomic_write(path, b.at, b.n));
    void *h = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    assert_non_null(h);
    assert_non_null(dlsym(h, "toy_model"));
    dlclose(h);
    unlink(path);
    buf_free(&b);
}

static void expect(nasc_session *s, enum diag_code code, const char *what)
{
    assert_int_equal(s->ds.all.n, 1);
    assert_int_equal(s->ds.all.at[0]->code, code);
    assert_non_null(strstr(nasc_messages(s), what));
    session_clear(s);
}

static void refused(void **state)
{
    nasc_session *s = *state;
    struct link_model m = toy(s);
    struct buf b = {0};
    session_clear(s);
    setenv("NASC_CC", "no-such-compiler -m64", 1);
    assert_false(link_shared(s, &m, &b));
    expect(s, E0950, "apt-get install gcc");
    setenv("NASC_CC", "sh -c false", 1);
    assert_false(link_shared(s, &m, &b));
    expect(s, E0951, "exit status 1");
    unsetenv("NASC_CC");
    m.object = "junk";
    m.nobject = 4;
    assert_false(link_shared(s, &m, &b));
    expect(s, E0951, "model.o");
    setenv("NASC_RUNTIME", "/nowhere/at/all", 1);
    assert_false(link_executable(s, &m, &b));
    expect(s, E0952, "/nowhere/at/all");
    unsetenv("NASC_RUNTIME");
    assert_int_equal(b.n, 0);
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(executable),
        cmocka_unit_test(shared),
        cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
