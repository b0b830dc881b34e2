/* test_child.c - other programs: found, listened to, ended. */
#include "tests/unit/unit.h"

#include "compiler/base/clock.h"
#include "compiler/child.h"

#include <signal.h>
#include <unistd.h>

static void found_or_not(void **state)
{
    (void)state;
    struct buf b = {0};
    assert_true(child_find("sh", &b));
    assert_int_equal(b.at[0], '/');
    assert_true(child_find("/bin/sh", &b));
    assert_false(child_find("no-such-program-anywhere", &b));
    assert_false(child_find("", &b));
    assert_false(child_find("/etc", &b));           /* a directory is not run */
    buf_free(&b);
}

static void says_and_ends(void **state)
{
    (void)state;
    struct buf out = {0}, why = {0};
    int status = -1;
    assert_true(child_run((const char *const[]){"sh", "-c", "read x; echo $x; echo bad >&2; exit 3", NULL}, "hello\n", 20, &out, &status, &why));
    assert_string_equal(out.at, "hello\nbad\n");
    assert_int_equal(status, 3);
    buf_clear(&out);
    assert_true(child_run((const char *const[]){"cat", NULL}, NULL, 20, &out, &status, &why));
    assert_int_equal(out.n, 0);
    assert_int_equal(status, 0);
    assert_true(child_run((const char *const[]){"sh", "-c", "exec head -c 1000000 /dev/zero", NULL}, NULL, 20, &out, &status, &why));
    assert_int_equal(out.n, CHILD_MOST);            /* what is beyond is read, and forgotten */
    assert_int_equal(status, 0);
    buf_free(&out);
    buf_free(&why);
}

static void does_not_run(void **state)
{
    (void)state;
    struct buf why = {0};
    int status = -1;
    assert_false(child_run((const char *const[]){"no-such-program-anywhere", NULL}, NULL, 20, NULL, &status, &why));
    assert_string_equal(why.at, "there is no program `no-such-program-anywhere`");
    buf_clear(&why);
    assert_false(child_run((const char *const[]){"sh", "-c", "kill -9 $$", NULL}, NULL, 20, NULL, &status, &why));
    assert_string_equal(why.at, "`sh` died: Killed");
    buf_free(&why);
}

/* What it started, too: a sleeping grandchild holds the pipe open. */
static void takes_too_long(void **state)
{
    (void)state;
    struct buf out = {0}, why = {0};
    int status = -1;
    u64 at = clock_now();
    assert_false(child_run((const char *const[]){"sh", "-c", "sleep 1000 & echo $!; wait", NULL}, NULL, 1, &out, &status, &why));
    assert_true(clock_now() - at < 20000000000u);
    assert_string_equal(why.at, "`sh` was ended after 1 s");
    pid_t pid = (pid_t)atoi(out.at);
    assert_true(pid > 1);
    for (u32 i = 0; i < 1000 && kill(pid, 0) == 0; i++) {           /* nobody's child now: whoever adopts it buries it */
        char name[64];
        snprintf(name, sizeof name, "/proc/%d/stat", (int)pid);
        FILE *f = fopen(name, "r");
        char state_of = 0;
        if (!f || fscanf(f, "%*d (sleep) %c", &state_of) != 1 || state_of == 'Z')
            i = 1000;
        else
            usleep(10000);
        if (f)
            fclose(f);
        if (i == 999)
            fail_msg("it is still there");
    }
    buf_free(&out);
    buf_free(&why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(found_or_not), cmocka_unit_test(says_and_ends), cmocka_unit_test(does_not_run), cmocka_unit_test(takes_too_long),
    };
    return cmocka_run_group_tests_name("child", tests, NULL, NULL);
}
