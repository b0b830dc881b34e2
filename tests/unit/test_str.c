/* test_str.c - interning, edit distance, hashing, the map, UTF-8, buffers. */
#include "tests/unit/unit.h"

#include "compiler/base/buf.h"
#include "compiler/base/hash.h"
#include "compiler/base/real.h"
#include "compiler/base/str.h"
#include "compiler/base/utf8.h"

#include <float.h>
#include <math.h>

static void interned_are_one(void **state)
{
    (void)state;
    struct arena *a = arena_new("test");
    struct str_pool *p = str_pool_new(a);
    enum { N = 5000 };
    static str s[N];
    for (u32 i = 0; i < N; i++)
        s[i] = str_fmt(p, "name%u", i);
    for (u32 i = 0; i < N; i++) {
        char text[32];
        snprintf(text, sizeof text, "name%u!", i);
        assert_ptr_equal(str_intern(p, text, strlen(text) - 1), s[i]);
        text[strlen(text) - 1] = 0;
        assert_string_equal(s[i], text);
        assert_ptr_equal(str_c(p, text), s[i]);
    }
    assert_ptr_equal(str_intern(p, NULL, 0), str_c(p, ""));
    assert_ptr_not_equal(str_intern(p, "a\0b", 3), str_c(p, "a"));
    assert_int_equal(strlen(str_fmt(p, "%01000d", 1)), 1000);
    arena_free(a);
}

static void distances(void **state)
{
    (void)state;
    assert_int_equal(str_distance("", "", 3), 0);
    assert_int_equal(str_distance("linear", "linear", 3), 0);
    assert_int_equal(str_distance("linear", "liner", 3), 1);
    assert_int_equal(str_distance("linear", "lienar", 3), 1);       /* a swap */
    assert_int_equal(str_distance("ab", "ba", 1), 1);
    assert_int_equal(str_distance("linear", "lunar", 3), 2);
    assert_int_equal(str_distance("kitten", "sitting", 9), 3);
    assert_int_equal(str_distance("kitten", "sitting", 2), 3);      /* most + 1 */
    assert_int_equal(str_distance("", "abc", 3), 3);
    assert_int_equal(str_distance("abcdefgh", "zzzzzzzz", 3), 4);
    assert_int_equal(str_distance("ca", "abc", 9), 3);
    char a[400], b[400];
    memset(a, 'a', 399), memset(b, 'b', 399);
    a[399] = b[399] = 0;
    assert_int_equal(str_distance(a, b, 5), 6);
}

/* Values of the XXH3 specification (xxhsum -H3 and -H2 of the same bytes). */
static void hashes_are_xxh3(void **state)
{
    (void)state;
    char hex[33];
    assert_true(hash64("", 0) == 0x2d06800538d394c2ull);
    hash128_hex(hash128("", 0), hex);
    assert_string_equal(hex, "99aa06d3014798d86001c324468d497f");
    assert_true(hash64_seed("abc", 3, 0) == hash64("abc", 3));
    assert_true(hash64_seed("abc", 3, 1) != hash64("abc", 3));
}

static void map_finds_all(void **state)
{
    (void)state;
    struct hmap m = { 0 };
    u32 at;
    assert_int_equal(hmap_first(&m, 5, &at), 0);
    /* Every key twice: both ids are visited. */
    for (u32 i = 1; i <= 3000; i++)
        hmap_put(&m, i % 1500 * 0x100000001ull, i);
    for (u64 k = 0; k < 1500; k++) {
        u32 seen = 0, sum = 0;
        for (u32 i = hmap_first(&m, k * 0x100000001ull, &at); i; i = hmap_next(&m, k * 0x100000001ull, &at)) {
            assert_int_equal(i % 1500, k);
            seen++;
            sum += i;
        }
        assert_int_equal(seen, 2);
        assert_int_equal(sum, k ? 2 * k + 1500 : 4500);
    }
    assert_int_equal(hmap_first(&m, 77777, &at), 0);
    hmap_free(&m);
}

static void utf8_decodes_strictly(void **state)
{
    (void)state;
    static const struct { const char *s; u32 c, bytes, width; } good[] = {
        { "a", 'a', 1, 1 }, { "\xc3\xa9", 0xe9, 2, 1 }, { "\xe6\x97\xa5", 0x65e5, 3, 2 },
        { "\xf0\x9f\x98\x80", 0x1f600, 4, 2 }, { "\xcc\x81", 0x301, 2, 0 }, { "\xef\xbf\xbd", 0xfffd, 3, 1 },
    };
    u32 bytes;
    for (u32 i = 0; i < COUNTOF(good); i++) {
        assert_int_equal(utf8_decode(good[i].s, strlen(good[i].s), &bytes), good[i].c);
        assert_int_equal(bytes, good[i].bytes);
        assert_int_equal(utf8_width(good[i].c), good[i].width);
        assert_true(utf8_valid(good[i].s, strlen(good[i].s), NULL));
    }
    static const char *const bad[] = {
        "\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x80\x80\x80",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xc3", "\xe6\x97", "\xc3(",
    };
    for (u32 i = 0; i < COUNTOF(bad); i++) {
        size_t at = 99;
        assert_int_equal(utf8_decode(bad[i], strlen(bad[i]), &bytes), 0xfffd);
        assert_int_equal(bytes, 1);
        assert_false(utf8_valid(bad[i], strlen(bad[i]), &at));
        assert_int_equal(at, 0);
    }
}

static void buffers_hold(void **state)
{
    (void)state;
    struct buf b = { 0 };
    buf_printf(&b, "%s", "");
    assert_string_equal(b.at, "");
    for (int i = 0; i < 1000; i++)
        buf_printf(&b, "%d,", i);
    assert_int_equal(b.n, 3890);
    assert_int_equal(strlen(b.at), b.n);
    buf_clear(&b);
    buf_puts(&b, "x\n\xe6\x97\xa5");
    buf_pad(&b, 4);
    buf_pad(&b, 2);
    buf_putc(&b, '|');
    assert_string_equal(b.at, "x\n\xe6\x97\xa5  |");
    buf_clear(&b);
    buf_json(&b, "a\"\\\n\x01\xc3\xa9\xff\0z", 10);
    assert_string_equal(b.at, "\"a\\\"\\\\\\n\\u0001\xc3\xa9\\ufffd\\u0000z\"");
    buf_free(&b);
}

static void doubles_are_shortest_and_read_back(void **state)
{
    (void)state;
    static const struct { double x; const char *text; } known[] = {
        { 0, "0" }, { -0.0, "-0" }, { 1, "1" }, { 0.1, "0.1" }, { 1e300, "1e+300" }, { 5e-324, "5e-324" },
        { 1.0 / 3, "0.3333333333333333" }, { DBL_MAX, "1.797693134862316e+308" }, { 2.5, "2.5" },
        { 100000, "100000" }, { 1e-5, "1e-05" }, { INFINITY, "inf" }, { -INFINITY, "-inf" }, { NAN, "nan" },
    };
    char text[REAL_TEXT];
    double x;
    for (u32 i = 0; i < COUNTOF(known); i++) {
        u32 n = real_print(text, known[i].x);
        assert_int_equal(n, strlen(text));
        if (known[i].x != DBL_MAX)
            assert_string_equal(text, known[i].text);
        assert_true(real_read(text, strlen(text), &x));
        assert_true(memcmp(&x, &known[i].x, 8) == 0 || isnan(x));
    }
    u64 bits = 88172645463325252ull;
    for (int i = 0; i < 20000; i++) {
        bits ^= bits << 13, bits ^= bits >> 7, bits ^= bits << 17;
        double y;
        memcpy(&y, &bits, 8);
        if (isnan(y))
            continue;
        real_print(text, y);
        assert_true(real_read(text, strlen(text), &x));
        assert_memory_equal(&x, &y, 8);
    }
    static const char *const no[] = { "", "-", ".", "e5", "1e", "1e+", "1.2.3", "0x10", " 1", "1 ", "infinity", "1f" };
    for (u32 i = 0; i < COUNTOF(no); i++)
        assert_false(real_read(no[i], strlen(no[i]), &x));
    assert_true(real_read("+1.5E3zz", 6, &x) && x == 1500);
}

/* Numbers that are printed without the C library: the same text. */
static void middle_doubles_are_as_by_printf(void **state)
{
    (void)state;
    u64 bits = 88172645463325252ull;
    static const double known[] = { 9.5, 99999999999999.9, 999999999999999.9, 1.0000000000000002, 9.999999999999998, 2, -1, 1023.9999999999999, 4503599627370495.5, 0.99999999999999989 };
    for (u32 i = 0; i < 100000 + COUNTOF(known); i++) {
        char text[REAL_TEXT], want[REAL_TEXT];
        bits ^= bits << 13, bits ^= bits >> 7, bits ^= bits << 17;
        u64 b = (bits & 0x800fffffffffffffull) | (u64)(1021 + (bits >> 52) % 56) << 52;
        double y = i % 3 == 0 ? (double)(bits % 1000000) / 1000 : i % 3 == 1 ? (double)(bits % 100000000000000ull) / (double)(1 + (bits >> 50)) : 0;
        if (i % 3 == 2)
            memcpy(&y, &b, 8);
        if (i >= 100000)
            y = known[i - 100000];
        for (int digits = 15; digits <= 17; digits++) {
            snprintf(want, sizeof want, "%.*g", digits, y);
            if (strtod(want, NULL) == y)
                break;
        }
        assert_int_equal(real_print(text, y), strlen(want));
        assert_string_equal(text, want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(interned_are_one), cmocka_unit_test(distances), cmocka_unit_test(hashes_are_xxh3),
        cmocka_unit_test(map_finds_all), cmocka_unit_test(utf8_decodes_strictly), cmocka_unit_test(buffers_hold),
        cmocka_unit_test(doubles_are_shortest_and_read_back), cmocka_unit_test(middle_doubles_are_as_by_printf),
    };
    return cmocka_run_group_tests_name("str", tests, NULL, NULL);
}
