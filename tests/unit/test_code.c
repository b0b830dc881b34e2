/* test_code.c - code memory and the kernel table: what goes in comes out whole, nothing is writable and executable, memory stays flat. */
#include "compiler/kernels.h"

#include "compiler/base/arena.h"
#include "compiler/base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* Lines of the process's map that are writable and executable. */
static u32 writable_and_executable(void)
{
    FILE *f = fopen("/proc/self/maps", "r");
    char line[512];
    u32 n = 0;
    while (f && fgets(line, sizeof line, f)) {
        const char *mode = strchr(line, ' ');
        n += mode && mode[2] == 'w' && mode[3] == 'x';
    }
    if (f)
        fclose(f);
    return n;
}

static long resident(void)
{
    FILE *f = fopen("/proc/self/statm", "r");
    long all, now = 0;
    if (f && fscanf(f, "%ld %ld", &all, &now) != 2)
        now = 0;
    if (f)
        fclose(f);
    return now * sysconf(_SC_PAGESIZE);
}

static void fill(u8 *at, u32 bytes, u32 seed)
{
    for (u32 i = 0; i < bytes; i++)
        at[i] = (u8)(seed * 31 + i * 7 + (i >> 8));
}

static void test_whole(void **state)
{
    (void)state;
    enum { N = 400, MOST = 60000 };
    struct code *c = code_new();
    struct buf why = {0};
    struct rng r = rng_make(1, 2, 3);
    struct { struct be_image i; kernel_fn at; u32 seed; } live[N] = {0};
    u8 *bytes = malloc(MOST);
    for (u32 turn = 0; turn < 6000; turn++) {
        u32 k = (u32)(rng_u64(&r) % N);
        if (live[k].at) {
            fill(bytes, live[k].i.bytes, live[k].seed);
            const u8 *start = (const u8 *)(uintptr_t)live[k].at - live[k].i.entry;
            assert_int_equal((uintptr_t)start % 64, 0);
            assert_memory_equal(start, bytes, live[k].i.bytes);
            code_drop(c, &live[k].i, live[k].at);
            live[k].at = NULL;
            continue;
        }
        u32 n = 1 + (u32)(rng_u64(&r) % (turn % 10 ? 3000 : MOST - 1));
        live[k].seed = turn;
        live[k].i = (struct be_image){bytes, n, (u32)(rng_u64(&r) % n), 64};
        fill(bytes, n, turn);
        assert_true(code_load(c, 1, &live[k].i, &live[k].at, &why));
        if (turn % 1000 == 0)
            assert_int_equal(writable_and_executable(), 0);
    }
    u64 used = 0;
    for (u32 k = 0; k < N; k++)
        used += live[k].at ? ((u64)live[k].i.bytes + 63) / 64 * 64 : 0;
    assert_int_equal(code_used(c), used);
    assert_true(code_held(c) <= 2 * used + (2 << 20));
    for (u32 k = 0; k < N; k++)
        if (live[k].at)
            code_drop(c, &live[k].i, live[k].at);
    assert_int_equal(code_used(c), 0);
    assert_true(code_held(c) <= 1 << 20);
    free(bytes);
    code_free(c);
}

static void test_many_at_once(void **state)
{
    (void)state;
    enum { N = 500 };
    struct code *c = code_new();
    struct buf why = {0};
    static u8 bytes[N][3000];
    struct be_image i[N];
    kernel_fn at[N];
    for (u32 k = 0; k < N; k++) {
        fill(bytes[k], sizeof bytes[k], k);
        i[k] = (struct be_image){bytes[k], 1 + (k * 37) % 3000, 0, 64};
    }
    assert_true(code_load(c, N, i, at, &why));
    assert_int_equal(writable_and_executable(), 0);
    for (u32 k = 0; k < N; k++)
        assert_memory_equal((const void *)(uintptr_t)at[k], bytes[k], i[k].bytes);
    u64 used = code_used(c);
    i[N - 1].entry = i[N - 1].bytes;            /* all or nothing */
    assert_false(code_load(c, N, i, at, &why));
    assert_int_equal(code_used(c), used);
    buf_free(&why);
    code_free(c);
}

static void test_hostile(void **state)
{
    (void)state;
    struct code *c = code_new();
    struct buf why = {0};
    u8 byte = 0;
    kernel_fn at;
    const struct be_image bad[] = {
        {NULL, 8, 0, 64}, {&byte, 0, 0, 64}, {&byte, IMAGE_MOST_BYTES + 1, 0, 64}, {&byte, UINT32_MAX, 0, 64}, {&byte, 1, 1, 64}, {&byte, 1, UINT32_MAX, 64},
        {&byte, 1, 0, 0}, {&byte, 1, 0, 3}, {&byte, 1, 0, 128}, {&byte, 1, 0, 0x80000000u},
    };
    for (u32 k = 0; k < COUNTOF(bad); k++)
        assert_false(code_load(c, 1, &bad[k], &at, &why));
    assert_int_equal(code_used(c), 0);
    buf_free(&why);
    code_free(c);
}

#ifdef __x86_64__
/* mov dword [rcx], value; ret */
static struct be_image stores(u8 *at, i32 value)
{
    const u8 text[] = {0xc7, 0x01, 0, 0, 0, 0, 0xc3};
    memcpy(at, text, sizeof text);
    memcpy(at + 2, &value, 4);
    return (struct be_image){at, sizeof text, 0, 64};
}

static i32 call(kernel_fn f)
{
    i32 x = 0;
    f(NULL, 0, 0, &x);
    return x;
}

/* What a child loads and drops, its parent does not see. */
static void test_fork(void **state)
{
    (void)state;
    struct code *c = code_new();
    struct buf why = {0};
    u8 text[2][16];
    struct be_image i[2] = {stores(text[0], 1), stores(text[1], 2)};
    kernel_fn at[2];
    assert_true(code_load(c, 2, i, at, &why));
    assert_int_equal(call(at[0]), 1);
    assert_int_equal(call(at[1]), 2);
    pid_t pid = fork();
    if (!pid) {
        code_drop(c, &i[0], at[0]);
        struct be_image mine = stores(text[0], 3);
        kernel_fn f;
        _exit(code_load(c, 1, &mine, &f, &why) && f == at[0] && call(f) == 3 && call(at[1]) == 2 ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(call(at[0]), 1);
    code_free(c);
}
#endif

static struct hash128 key_of(u64 k)
{
    return hash128(&k, sizeof k);
}

static u32 add(struct kernels *t, u64 k, u32 bytes)
{
    static u8 text[8192];
    struct buf why = {0};
    struct be_image i = {text, bytes, 0, 64};
    struct hash128 key = key_of(k);
    u32 id;
    fill(text, bytes, (u32)k);
    assert_true(kernels_add(t, 1, &key, &i, &id, &why));
    return id;
}

static void test_table(void **state)
{
    (void)state;
    struct kernels *t = kernels_new(4, 1 << 20);
    struct be_kernel first = kernels_pin(t, add(t, 0, 100));
    for (u32 k = 1; k < 4; k++)
        add(t, k, 100);
    struct be_kernel one = kernels_pin(t, kernels_find(t, key_of(1)));
    kernels_unpin(t, &one);             /* used last */
    add(t, 4, 100);
    kernels_trim(t);
    assert_int_equal(kernels_count(t), 4);
    assert_int_equal(kernels_find(t, key_of(2)), 0);
    assert_true(kernels_find(t, key_of(0)) && kernels_find(t, key_of(1)) && kernels_find(t, key_of(3)) && kernels_find(t, key_of(4)));
    kernels_bound(t, 0, 0);             /* pinned ones stay whatever the bound */
    kernels_trim(t);
    assert_int_equal(kernels_count(t), 1);
    assert_int_equal(kernels_find(t, key_of(0)), first.held);
    struct be_kernel again = kernels_pin(t, first.held);
    assert_ptr_equal(again.fn, first.fn);
    kernels_unpin(t, &again);
    kernels_trim(t);
    assert_int_equal(kernels_count(t), 1);
    kernels_unpin(t, &first);
    kernels_trim(t);
    assert_int_equal(kernels_count(t), 0);
    assert_int_equal(kernels_bytes(t), 0);
    kernels_free(t);
}

/* A hundred thousand kernels through a table of a few: memory stays where it was, pinned code is never touched. */
static void test_flat(void **state)
{
    (void)state;
    struct kernels *t = kernels_new(1000, 2 << 20);
    struct be_kernel pinned[20];
    long before = 0;
    for (u64 k = 0; k < 100000; k++) {
        u32 id = add(t, k, 64 + (u32)(k * 2654435761u % 5000));
        if (k % 5000 == 0)
            pinned[k / 5000] = kernels_pin(t, id);
        kernels_trim(t);
        assert_true(kernels_count(t) <= 1000 && kernels_bytes(t) <= 2 << 20);
        if (k == 20000)
            before = resident();
    }
    assert_true(resident() - before < 4 << 20);
    for (u64 p = 0; p < 20; p++) {
        u64 k = p * 5000;
        u32 bytes = 64 + (u32)(k * 2654435761u % 5000);
        static u8 want[8192];
        fill(want, bytes, (u32)k);
        assert_int_equal(kernels_find(t, key_of(k)), pinned[p].held);
        assert_memory_equal((const void *)(uintptr_t)pinned[p].fn, want, bytes);
        kernels_unpin(t, &pinned[p]);
    }
    assert_int_equal(writable_and_executable(), 0);
    kernels_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole), cmocka_unit_test(test_many_at_once), cmocka_unit_test(test_hostile), cmocka_unit_test(test_table), cmocka_unit_test(test_flat),
#ifdef __x86_64__
        cmocka_unit_test(test_fork),
#endif
    };
    return cmocka_run_group_tests_name("code", tests, NULL, NULL);
}
