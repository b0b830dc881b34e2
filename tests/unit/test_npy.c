/* test_npy.c - .npy: what is written reads back, NumPy's own bytes read, all else is refused. */
#include "tests/unit/unit.h"

#include "compiler/npy.h"

#include <sys/stat.h>

struct fix { struct arena *a; struct diags ds; struct buf out; };

static int setup(void **state)
{
    struct fix *f = calloc(1, sizeof *f);
    f->a = arena_new("test");
    diags_init(&f->ds, f->a, srcs_new(f->a));
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

static void round_trip(void **state)
{
    struct fix *f = *state;
    static const enum dtype types[] = { DT_F64, DT_F32, DT_F16, DT_I64, DT_I32, DT_I8, DT_U8, DT_BOOL };
    static const i64 shapes[][4] = { { 0 }, { 1, 5 }, { 2, 3, 4 }, { 3, 2, 1, 3 }, { 2, 0, 7 } };    /* rank, extents */
    unsigned char data[8 * 24];
    for (u32 i = 0; i < sizeof data; i++)
        data[i] = i & 1;
    for (u32 t = 0; t < COUNTOF(types); t++)
        for (u32 s = 0; s < COUNTOF(shapes); s++) {
            struct npy x;
            buf_clear(&f->out);
            assert_true(npy_write(&f->ds, "x", &f->out, types[t], (u32)shapes[s][0], shapes[s] + 1, data));
            assert_true(npy_read(f->a, &f->ds, "x", f->out.at, f->out.n, &x));
            assert_int_equal(x.dtype, types[t]);
            assert_int_equal(x.rank, shapes[s][0]);
            size_t n = dtype_bytes(types[t]);
            for (u32 i = 0; i < x.rank; i++) {
                assert_int_equal(x.extent[i], shapes[s][i + 1]);
                n *= (size_t)x.extent[i];
            }
            assert_int_equal(x.bytes, n);
            if (n)
                assert_memory_equal(x.data, data, n);
            assert_int_equal((f->out.n - n) % 64, 0);
        }
    assert_int_equal(f->ds.nerrors, 0);
    assert_false(npy_write(&f->ds, "x", &f->out, DT_BF16, 0, NULL, data));
    assert_int_equal(f->ds.all.at[0]->code, E0813);
}

/* The file of a header and elements; version 1, or 2 and 3 with their longer length. */
static void make(struct buf *b, int version, const char *header, const void *data, size_t n)
{
    size_t len = strlen(header);
    buf_clear(b);
    buf_put(b, "\x93NUMPY", 6);
    buf_putc(b, (char)version);
    buf_putc(b, 0);
    for (int i = 0; i < (version == 1 ? 2 : 4); i++)
        buf_putc(b, (char)(len >> 8 * i));
    buf_puts(b, header);
    buf_put(b, data, n);
}

static void reads_what_numpy_writes(void **state)
{
    struct fix *f = *state;
    const i32 data[6] = { 1, 2, 3, 4, 5, 6 };
    struct npy x;
    for (int v = 1; v <= 3; v++) {
        make(&f->out, v, "{'descr': '<i4', 'fortran_order': False, 'shape': (2, 3), }     \n", data, sizeof data);
        assert_true(npy_read(f->a, &f->ds, "x", f->out.at, f->out.n, &x));
        assert_memory_equal(x.data, data, sizeof data);
    }
    /* Fortran order: the first axis ran fastest. */
    const i32 want[6] = { 1, 3, 5, 2, 4, 6 };
    make(&f->out, 1, "{\"shape\":(2,3),'fortran_order':True,'descr':'<i4'}", data, sizeof data);
    assert_true(npy_read(f->a, &f->ds, "x", f->out.at, f->out.n, &x));
    assert_memory_equal(x.data, want, sizeof want);
    make(&f->out, 1, "{'descr': '<i4', 'fortran_order': True, 'shape': (6,), }", data, sizeof data);
    assert_true(npy_read(f->a, &f->ds, "x", f->out.at, f->out.n, &x));
    assert_memory_equal(x.data, data, sizeof data);
    i32 cube[24], turned[24];
    for (i32 i = 0; i < 24; i++)
        cube[i] = i;
    for (i32 i = 0; i < 2; i++)
        for (i32 j = 0; j < 3; j++)
            for (i32 k = 0; k < 4; k++)
                turned[(i * 3 + j) * 4 + k] = cube[i + 2 * (j + 3 * k)];
    make(&f->out, 1, "{'descr': '<i4', 'fortran_order': True, 'shape': (2, 3, 4), }", cube, sizeof cube);
    assert_true(npy_read(f->a, &f->ds, "x", f->out.at, f->out.n, &x));
    assert_memory_equal(x.data, turned, sizeof turned);
    assert_int_equal(f->ds.nerrors, 0);
}

static void refuses(void **state)
{
    struct fix *f = *state;
    static const struct { const char *header; size_t bytes; enum diag_code code; } bad[] = {
        { "", 4, E0812 }, { "{", 4, E0812 }, { "{}", 4, E0812 }, { "[]", 4, E0812 },
        { "{'descr': '<f4', 'fortran_order': False}", 4, E0812 },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'more': 1}", 4, E0812 },
        { "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", 4, E0812 },
        { "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}", 4, E0812 },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x", 4, E0812 },
        { "{'descr': '<f4' 'fortran_order': False, 'shape': (1,)}", 4, E0812 },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (1)}", 4, E0812 },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': [1]}", 4, E0812 },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}", 4, E0812 },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (1.0,)}", 4, E0812 },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (1 1)}", 4, E0812 },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}", 4, E0812 },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1)}", 4, E0812 },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (", 4, E0812 },
        { "{'descr': '<f4", 4, E0813 },
        { "{'descr': '>f4', 'fortran_order': False, 'shape': (1,)}", 4, E0813 },
        { "{'descr': '<c8', 'fortran_order': False, 'shape': (1,)}", 8, E0813 },
        { "{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", 8, E0813 },
        { "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", 4, E0813 },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", 4, E0815 },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", 5, E0815 },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (0,)}", 4, E0815 },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296)}", 4, E0815 },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904,)}", 0, E0815 },
        { "{'descr': '|b1', 'fortran_order': False, 'shape': (1,)}", 1, E0816 },
    };
    f->ds.limit = 1000;
    static const char data[16] = "\2\2\2\2\2\2\2\2";
    for (u32 i = 0; i < COUNTOF(bad); i++) {
        struct npy x;
        make(&f->out, 1 + (int)i % 3, bad[i].header, data, bad[i].bytes);
        assert_false(npy_read(f->a, &f->ds, "x", f->out.at, f->out.n, &x));
        assert_int_equal(f->ds.all.n, i + 1);
        assert_string_equal(diag_code_text(f->ds.all.at[i]->code), diag_code_text(bad[i].code));
    }
    for (int v = 0; v <= 4; v += 4) {         /* 1 to 3 exist */
        struct npy x;
        make(&f->out, v, "{'descr': '<f4', 'fortran_order': False, 'shape': ()}", data, 4);
        assert_false(npy_read(f->a, &f->ds, "x", f->out.at, f->out.n, &x));
        assert_int_equal(f->ds.all.at[f->ds.all.n - 1]->code, E0811);
    }
    /* 0 x anything is empty, however large the other extents. */
    struct npy x;
    make(&f->out, 1, "{'descr': '<f4', 'fortran_order': True, 'shape': (4294967296, 4294967296, 0)}", data, 0);
    assert_true(npy_read(f->a, &f->ds, "x", f->out.at, f->out.n, &x));
}

/* Every prefix, and every single changed byte, of a good file: an answer, never a crash. */
static void survives_any_bytes(void **state)
{
    struct fix *f = *state;
    const float data[3] = { 1, 2, 3 };
    const i64 extent[1] = { 3 };
    assert_true(npy_write(&f->ds, "x", &f->out, DT_F32, 1, extent, data));
    struct npy x;
    for (size_t n = 0; n < f->out.n; n++) {
        char *cut = malloc(n + !n);
        memcpy(cut, f->out.at, n);
        assert_false(npy_read(f->a, &f->ds, "x", cut, n, &x));
        free(cut);
    }
    for (size_t i = 0; i < f->out.n; i++)
        for (int flip = 1; flip < 256; flip <<= 1) {
            f->out.at[i] ^= (char)flip;
            npy_read(f->a, &f->ds, "x", f->out.at, f->out.n, &x);
            f->out.at[i] ^= (char)flip;
        }
    static const char zip[] = "PK\3\4 and so on";
    f->ds.limit = 0xffffffff;
    assert_false(npy_read(f->a, &f->ds, "x", zip, sizeof zip, &x));
    assert_int_equal(f->ds.all.at[f->ds.all.n - 1]->hints.n, 1);
}

static void files_are_whole_or_not_there(void **state)
{
    struct fix *f = *state;
    const i64 extent[1] = { 2 };
    struct npy x;
    assert_true(npy_save(&f->ds, "a.npy", DT_F32, 1, extent, (float[]){ 1, 2 }));
    assert_true(npy_load(f->a, &f->ds, "a.npy", &x));
    assert_true(((float *)x.data)[1] == 2);
    remove("a.npy");
    assert_false(npy_load(f->a, &f->ds, "a.npy", &x));
    assert_int_equal(f->ds.all.at[0]->code, E0905);
    assert_false(npy_save(&f->ds, "no/such/dir/a.npy", DT_F32, 1, extent, (float[]){ 1, 2 }));
    assert_int_equal(f->ds.all.at[1]->code, E0906);
    struct stat st;
    assert_false(npy_save(&f->ds, "b.npy", DT_BF16, 1, extent, (float[]){ 1, 2 }));
    assert_int_not_equal(stat("b.npy", &st), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(round_trip), T(reads_what_numpy_writes), T(refuses), T(survives_any_bytes), T(files_are_whole_or_not_there),
    };
    return cmocka_run_group_tests_name("npy", tests, NULL, NULL);
}
