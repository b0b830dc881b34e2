/* test_safetensors.c - safetensors: round trips, and every way a file can lie. */
#include "tests/unit/unit.h"

#include "compiler/safetensors.h"

struct fix { struct arena *a; struct diags ds; struct buf out; };

static int setup(void **state)
{
    struct fix *f = calloc(1, sizeof *f);
    f->a = arena_new("test");
    diags_init(&f->ds, f->a, srcs_new(f->a));
    f->ds.limit = 1000;
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fix *f = *state;
    buf_free(&f->out);
    arena_free(f->a);
    free(f);
    return 0;
}

static const float ones[6] = { 1, 2, 3, 4, 5, 6 };
static const u8 bits[3] = { 1, 0, 1 };
static const double pi = 3.25;

static void round_trip(void **state)
{
    struct fix *f = *state;
    struct safetensor t[] = {
        { "flags", DT_BOOL, 1, (i64[]){ 3 }, bits, 0 },
        { "b \"q\" \xc3\xa9", DT_F32, 2, (i64[]){ 2, 3 }, ones, 0 },
        { "a", DT_F32, 1, (i64[]){ 0 }, ones, 0 },
        { "scalar", DT_F64, 0, NULL, &pi, 0 },
    };
    assert_true(safetensors_write(&f->ds, "x", &f->out, t, COUNTOF(t)));
    struct safetensors s;
    assert_true(safetensors_read(f->a, &f->ds, "x", f->out.at, f->out.n, &s));
    assert_int_equal(s.n, COUNTOF(t));
    for (u32 i = 0; i < COUNTOF(t); i++) {
        const struct safetensor *r = safetensors_find(&s, t[i].name);
        assert_non_null(r);
        assert_int_equal(r->dtype, t[i].dtype);
        assert_int_equal(r->rank, t[i].rank);
        assert_memory_equal(r->extent, t[i].extent, t[i].rank * sizeof(i64));
        assert_memory_equal(r->data, t[i].data, r->bytes);
        assert_int_equal((uintptr_t)r->data % dtype_bytes(r->dtype), 0);
    }
    assert_int_equal(safetensors_find(&s, "flags")->bytes, 3);
    assert_null(safetensors_find(&s, "flag"));
    /* The same bytes in any order. */
    struct safetensor swap = t[0];
    t[0] = t[3];
    t[3] = swap;
    struct buf again = { 0 };
    assert_true(safetensors_write(&f->ds, "x", &again, t, COUNTOF(t)));
    assert_int_equal(again.n, f->out.n);
    assert_memory_equal(again.at, f->out.at, again.n);
    /* Data that is not aligned is copied. */
    char *moved = malloc(again.n + 1);
    memcpy(moved + 1, again.at, again.n);
    assert_true(safetensors_read(f->a, &f->ds, "x", moved + 1, again.n, &s));
    assert_int_equal((uintptr_t)safetensors_find(&s, "scalar")->data % 8, 0);
    assert_memory_equal(safetensors_find(&s, "scalar")->data, &pi, 8);
    free(moved);
    buf_free(&again);
    buf_clear(&f->out);
    assert_true(safetensors_write(&f->ds, "x", &f->out, NULL, 0));
    assert_true(safetensors_read(f->a, &f->ds, "x", f->out.at, f->out.n, &s));
    assert_int_equal(s.n, 0);
    assert_null(safetensors_find(&s, "a"));
    assert_int_equal(f->ds.nerrors, 0);
}

static void names_that_clash_are_not_written(void **state)
{
    struct fix *f = *state;
    struct safetensor t[] = {
        { "a", DT_F32, 1, (i64[]){ 1 }, ones, 0 }, { "b", DT_F64, 0, NULL, &pi, 0 }, { "a", DT_BOOL, 1, (i64[]){ 1 }, bits, 0 },
    };
    assert_false(safetensors_write(&f->ds, "x", &f->out, t, 3));
    t[2].name = "__metadata__";
    assert_false(safetensors_write(&f->ds, "x", &f->out, t, 3));
    assert_int_equal(f->ds.all.at[0]->code, E0826);
    assert_int_equal(f->ds.all.at[1]->code, E0826);
    assert_int_equal(f->out.n, 0);
}

static void make(struct buf *b, u64 len, const char *header, size_t data)
{
    buf_clear(b);
    for (int i = 0; i < 8; i++)
        buf_putc(b, (char)(len >> 8 * i));
    buf_puts(b, header);
    for (size_t i = 0; i < data; i++)
        buf_putc(b, 2);
}

static void reads_what_others_write(void **state)
{
    struct fix *f = *state;
    static const char *const good[] = {
        /* Not in the order of the names, metadata, spaces around. */
        "{ \"z\" : {\"shape\":[2],\"dtype\":\"U8\",\"data_offsets\":[0,2]}, \"a\":{\"dtype\":\"I8\",\"shape\":[],\"data_offsets\":[2,3]},"
        "\"e\":{\"dtype\":\"F64\",\"shape\":[3,0],\"data_offsets\":[3,3]},\"m\":{\"dtype\":\"U8\",\"shape\":[1,1],\"data_offsets\":[3,4]},"
        "\"__metadata__\":{\"format\":\"pt\"} }    ",
    };
    for (u32 i = 0; i < COUNTOF(good); i++) {
        struct safetensors s;
        make(&f->out, strlen(good[i]), good[i], 4);
        assert_true(safetensors_read(f->a, &f->ds, "x", f->out.at, f->out.n, &s));
        assert_int_equal(s.n, 4);
        assert_string_equal(s.at[0].name, "a");
        assert_string_equal(s.at[3].name, "z");
    }
}

#define T4(rest) "{\"t\":{\"dtype\":\"F32\",\"shape\":[1]," rest "}}"
#define TWO(a, b) "{\"t\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":" a "},\"u\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":" b "}}"

static void refuses(void **state)
{
    struct fix *f = *state;
    static const struct { const char *header; size_t data; enum diag_code code; } bad[] = {
        { "", 0, E0820 }, { "[]", 0, E0820 }, { " {}", 0, E0820 },
        { "{", 0, E0820 }, { "{]", 0, E0821 }, { "{} x", 0, E0821 }, { "{}", 1, E0824 },
        { "{\"a\":{}, \"a\":{}}", 0, E0821 },                                           /* duplicate tensors */
        { T4("\"data_offsets\":[0,4],\"data_offsets\":[0,4]"), 4, E0821 },              /* duplicate keys */
        { "{\"a\\u0000b\":{}}", 0, E0821 }, { "{\"\xff\":{}}", 0, E0821 },
        { "{\"a\":3}", 0, E0822 }, { "{\"a\":{}}", 0, E0822 }, { "{\"a\":null}", 0, E0822 },
        { T4("\"data_offsets\":[0,4],\"more\":1"), 4, E0822 },
        { T4("\"data_offsets\":[0]"), 4, E0822 }, { T4("\"data_offsets\":[0,4,4]"), 4, E0822 },
        { T4("\"data_offsets\":{}"), 4, E0822 },
        { "{\"t\":{\"dtype\":\"F32\",\"shape\":[1.0],\"data_offsets\":[0,4]}}", 4, E0822 },
        { "{\"t\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}", 4, E0822 },
        { "{\"t\":{\"dtype\":\"F32\",\"shape\":4,\"data_offsets\":[0,4]}}", 4, E0822 },
        { "{\"t\":{\"dtype\":4,\"shape\":[1],\"data_offsets\":[0,4]}}", 4, E0822 },
        { "{\"t\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,4]}}", 4, E0822 },
        { "{\"__metadata__\":{\"a\":1}}", 0, E0822 }, { "{\"__metadata__\":[]}", 0, E0822 },
        { "{\"t\":{\"dtype\":\"F8_E4M3\",\"shape\":[4],\"data_offsets\":[0,4]}}", 4, E0823 },
        { "{\"t\":{\"dtype\":\"f32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4, E0823 },
        { T4("\"data_offsets\":[4,0]"), 4, E0824 },                                     /* misordered */
        { T4("\"data_offsets\":[-4,0]"), 4, E0824 }, { T4("\"data_offsets\":[0,4.0]"), 4, E0824 },
        { T4("\"data_offsets\":[4,8]"), 4, E0824 },                                     /* past the end */
        { T4("\"data_offsets\":[0,4]"), 3, E0824 },                                     /* cut off */
        { T4("\"data_offsets\":[0,4]"), 5, E0824 },                                     /* bytes left over */
        { T4("\"data_offsets\":[1,5]"), 5, E0824 },                                     /* a hole at the start */
        { TWO("[0,2]", "[1,3]"), 3, E0824 }, { TWO("[0,2]", "[0,2]"), 2, E0824 },       /* overlaps */
        { TWO("[0,2]", "[3,5]"), 5, E0824 },                                            /* a hole */
        { T4("\"data_offsets\":[0,3]"), 3, E0825 }, { T4("\"data_offsets\":[0,8]"), 8, E0825 },
        { "{\"t\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,4],\"data_offsets\":[0,0]}}", 0, E0825 },
        { "{\"t\":{\"dtype\":\"F32\",\"shape\":[9223372036854775807,0],\"data_offsets\":[0,4]}}", 4, E0825 },
        { "{\"t\":{\"dtype\":\"BOOL\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1, E0816 },
        { "{\"t\":{\"dtype\":\"F32\",\"shape\":[99999999999999999999],\"data_offsets\":[0,4]}}", 4, E0821 },
    };
    for (u32 i = 0; i < COUNTOF(bad); i++) {
        struct safetensors s;
        make(&f->out, strlen(bad[i].header), bad[i].header, bad[i].data);
        assert_false(safetensors_read(f->a, &f->ds, "x", f->out.at, f->out.n, &s));
        assert_int_equal(f->ds.all.n, i + 1);
        if (f->ds.all.at[i]->code != bad[i].code)
            fail_msg("%s: %s, not %s (%s)", bad[i].header, diag_code_text(f->ds.all.at[i]->code),
                     diag_code_text(bad[i].code), f->ds.all.at[i]->text);
    }
}

static void lengths_that_lie(void **state)
{
    struct fix *f = *state;
    static const u64 lengths[] = { 3, 1000, 100000001, (u64)1 << 63, UINT64_MAX, UINT64_MAX - 7, UINT64_MAX - 8 };
    struct safetensors s;
    for (u32 i = 0; i < COUNTOF(lengths); i++) {
        make(&f->out, lengths[i], "{}", 0);
        assert_false(safetensors_read(f->a, &f->ds, "x", f->out.at, f->out.n, &s));
        assert_int_equal(f->ds.all.at[i]->code, E0820);
    }
    for (size_t n = 0; n < 8; n++)
        assert_false(safetensors_read(f->a, &f->ds, "x", "\2\0\0\0\0\0\0", n, &s));
    /* Deep nesting is the JSON reader's to refuse. */
    buf_clear(&f->out);
    char *deep = malloc(200001);
    memset(deep, '[', 200000);
    memcpy(deep, "{\"a\":", 5);
    deep[200000] = 0;
    make(&f->out, 200000, deep, 0);
    assert_false(safetensors_read(f->a, &f->ds, "x", f->out.at, f->out.n, &s));
    free(deep);
}

static void survives_any_bytes(void **state)
{
    struct fix *f = *state;
    struct safetensor t[] = { { "a", DT_F32, 1, (i64[]){ 2 }, ones, 0 }, { "b", DT_BOOL, 1, (i64[]){ 3 }, bits, 0 } };
    assert_true(safetensors_write(&f->ds, "x", &f->out, t, 2));
    struct safetensors s;
    for (size_t n = 0; n < f->out.n; n++) {
        char *cut = malloc(n + !n);
        memcpy(cut, f->out.at, n);
        assert_false(safetensors_read(f->a, &f->ds, "x", cut, n, &s));
        free(cut);
    }
    for (size_t i = 0; i < f->out.n; i++)
        for (int flip = 1; flip < 256; flip <<= 1) {
            f->out.at[i] ^= (char)flip;
            safetensors_read(f->a, &f->ds, "x", f->out.at, f->out.n, &s);
            f->out.at[i] ^= (char)flip;
        }
}

static void files(void **state)
{
    struct fix *f = *state;
    struct safetensor t = { "a", DT_F32, 1, (i64[]){ 2 }, ones, 0 };
    struct safetensors s;
    assert_true(safetensors_save(&f->ds, "a.safetensors", &t, 1));
    assert_true(safetensors_load(f->a, &f->ds, "a.safetensors", &s));
    assert_memory_equal(safetensors_find(&s, "a")->data, ones, 8);
    remove("a.safetensors");
    assert_false(safetensors_load(f->a, &f->ds, "a.safetensors", &s));
    assert_false(safetensors_save(&f->ds, "no/such/a", &t, 1));
    assert_int_equal(f->ds.all.at[0]->code, E0905);
    assert_int_equal(f->ds.all.at[1]->code, E0906);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(round_trip), T(names_that_clash_are_not_written), T(reads_what_others_write), T(refuses), T(lengths_that_lie),
        T(survives_any_bytes), T(files),
    };
    return cmocka_run_group_tests_name("safetensors", tests, NULL, NULL);
}
