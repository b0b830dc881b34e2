/* npy.c - NumPy's .npy files.
 *
 *   "\x93NUMPY" major minor, header length (2 bytes in version 1, else 4), header, elements
 *   {'descr': '<f4', 'fortran_order': False, 'shape': (3, 32, 32), }      spaces, \n
 *
 * In: any bytes.  The header is a Python literal; exactly the three keys are read, once each. */
#include "compiler/npy.h"

#include "compiler/atomic_file.h"

#include <errno.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "elements are copied as they are: this needs a little-endian machine"
#endif

/* What NumPy calls our dtypes.  Note that its i8 is eight bytes. */
static const struct { const char *descr; enum dtype dtype; } names[] = {
    { "<f8", DT_F64 }, { "<f4", DT_F32 }, { "<f2", DT_F16 }, { "<i8", DT_I64 }, { "<i4", DT_I32 },
    { "|i1", DT_I8 }, { "|u1", DT_U8 }, { "|b1", DT_BOOL },
};

struct reader {
    struct diags *ds;
    const char *name;
    const char *at, *end;               /* in the header */
};

static const struct loc NOWHERE = { 0 };

static bool bad_header(struct reader *r, const char *what)
{
    diag_add(r->ds, E0812, NOWHERE, "%s: bad .npy header: %s", r->name, what);
    return false;
}

static void skip(struct reader *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r'))
        r->at++;
}

/* Skips space, then takes the character if it is next. */
static bool take(struct reader *r, char c)
{
    skip(r);
    if (r->at >= r->end || *r->at != c)
        return false;
    r->at++;
    return true;
}

static bool take_word(struct reader *r, const char *w)
{
    size_t n = strlen(w);
    skip(r);
    if ((size_t)(r->end - r->at) < n || memcmp(r->at, w, n) != 0)
        return false;
    r->at += n;
    return true;
}

/* A quoted string without escapes. */
static bool take_string(struct reader *r, const char **s, size_t *n)
{
    skip(r);
    if (r->at >= r->end || (*r->at != '\'' && *r->at != '"'))
        return false;
    char quote = *r->at++;
    *s = r->at;
    while (r->at < r->end && *r->at != quote && *r->at != '\\' && *r->at != '\n')
        r->at++;
    if (r->at >= r->end || *r->at != quote)
        return false;
    *n = (size_t)(r->at++ - *s);
    return true;
}

static bool read_descr(struct reader *r, struct npy *out)
{
    const char *s;
    size_t n;
    if (!take_string(r, &s, &n)) {
        diag_add(r->ds, E0813, NOWHERE, "%s: structured arrays are not read", r->name);
        return false;
    }
    for (u32 i = 0; i < COUNTOF(names); i++)
        if (n == strlen(names[i].descr) && memcmp(s, names[i].descr, n) == 0) {
            out->dtype = names[i].dtype;
            return true;
        }
    struct diag *d = diag_add(r->ds, E0813, NOWHERE, "%s: arrays of dtype '%.*s' are not read", r->name,
                              (int)MIN(n, (size_t)40), s);
    diag_note(r->ds, d, "f2 f4 f8 i1 i4 i8 u1 and bool are, in little-endian order");
    if (n && s[0] == '>')
        diag_hint(r->ds, d, "x.astype(x.dtype.newbyteorder('<')) turns the bytes around");
    return false;
}

static bool read_shape(struct reader *r, i64 extent[NPY_RANK], u32 *rank)
{
    if (!take(r, '('))
        return bad_header(r, "the shape is not a tuple");
    bool comma = true;
    for (*rank = 0; !take(r, ')');) {
        if (!comma)
            return bad_header(r, "the shape is not a tuple of integers");
        if (*rank == NPY_RANK)
            return bad_header(r, "too many axes");
        i64 v = 0;
        const char *from = r->at;
        for (; r->at < r->end && *r->at >= '0' && *r->at <= '9'; r->at++)
            if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, *r->at - '0', &v))
                return bad_header(r, "an extent does not fit 64 bits");
        if (r->at == from)
            return bad_header(r, "the shape is not a tuple of integers");
        extent[(*rank)++] = v;
        comma = take(r, ',');
    }
    return *rank != 1 || comma || bad_header(r, "(n) is not a tuple, (n,) is");
}

/* The header's three entries. */
static bool read_header(struct reader *r, struct npy *out, i64 extent[NPY_RANK], bool *fortran)
{
    enum { DESCR = 1, ORDER = 2, SHAPE = 4 };
    u32 seen = 0;
    if (!take(r, '{'))
        return bad_header(r, "it is not a dictionary");
    for (bool comma = true; !take(r, '}'); comma = take(r, ',')) {
        const char *key;
        size_t n;
        if (!comma || !take_string(r, &key, &n) || !take(r, ':'))
            return bad_header(r, "it is not a dictionary of descr, fortran_order and shape");
        u32 which = n == 5 && !memcmp(key, "descr", n) ? DESCR : n == 13 && !memcmp(key, "fortran_order", n) ? ORDER
                    : n == 5 && !memcmp(key, "shape", n) ? SHAPE : 0;
        if (!which)
            return bad_header(r, "a key other than descr, fortran_order and shape");
        if (seen & which)
            return bad_header(r, "a key stands twice");
        seen |= which;
        if (which == DESCR && !read_descr(r, out))
            return false;
        if (which == SHAPE && !read_shape(r, extent, &out->rank))
            return false;
        if (which == ORDER) {
            *fortran = take_word(r, "True");
            if (!*fortran && !take_word(r, "False"))
                return bad_header(r, "fortran_order is neither True nor False");
        }
    }
    if (seen != (DESCR | ORDER | SHAPE))
        return bad_header(r, "descr, fortran_order or shape is missing");
    skip(r);
    return r->at == r->end || bad_header(r, "text follows the dictionary");
}

/* Elements in Fortran order to C order: the last axis runs fastest in `to`. */
static void transpose(const struct npy *x, size_t size, const unsigned char *from, unsigned char *to)
{
    i64 at[NPY_RANK] = { 0 }, stride[NPY_RANK];
    i64 s = 1, off = 0;
    for (u32 i = 0; i < x->rank; i++) {
        stride[i] = s;
        s *= x->extent[i];
    }
    for (size_t n = x->bytes / size; n; n--, to += size) {
        memcpy(to, from + (size_t)off * size, size);
        for (u32 i = x->rank; i-- > 0;) {
            off += stride[i];
            if (++at[i] < x->extent[i])
                break;
            off -= at[i] * stride[i];
            at[i] = 0;
        }
    }
}

bool npy_read(struct arena *a, struct diags *ds, const char *name, const void *bytes, size_t n, struct npy *out)
{
    const unsigned char *p = bytes;
    *out = (struct npy){ 0 };
    if (n < 10 || memcmp(p, "\x93NUMPY", 6) != 0) {
        struct diag *d = diag_add(ds, E0810, NOWHERE, "%s: this is not a .npy file", name);
        if (n >= 4 && memcmp(p, "PK\3\4", 4) == 0)
            diag_hint(ds, d, "it is an archive (.npz): save one array with numpy.save");
        return false;
    }
    if (p[6] < 1 || p[6] > 3 || p[7] != 0) {
        diag_add(ds, E0811, NOWHERE, "%s: .npy version %u.%u is not known", name, p[6], p[7]);
        return false;
    }
    size_t start = p[6] == 1 ? 10 : 12, len = 0;
    if (start <= n)
        for (size_t i = start; i-- > 8;)
            len = len << 8 | p[i];
    struct reader r = { .ds = ds, .name = name };
    if (start > n || len > n - start)
        return bad_header(&r, "it is cut off");
    r.at = (const char *)p + start;
    r.end = r.at + len;
    i64 extent[NPY_RANK];
    bool fortran = false;
    if (!read_header(&r, out, extent, &fortran))
        return false;

    u64 size = dtype_bytes(out->dtype), want = size;
    bool fits = true, empty = false;
    for (u32 i = 0; i < out->rank; i++) {
        empty |= extent[i] == 0;
        fits = fits && !__builtin_mul_overflow(want, (u64)extent[i], &want);
    }
    if (empty)
        want = 0;
    size_t have = n - start - len;
    if ((!fits && !empty) || want != have) {
        struct diag *d = diag_add(ds, E0815, NOWHERE, "%s: the shape needs %s%llu bytes of elements, the file has %zu", name,
                                  fits || empty ? "" : "more than ", (unsigned long long)(fits || empty ? want : UINT64_MAX), have);
        if (have < want || !fits)
            diag_note(ds, d, "the file is cut off");
        return false;
    }
    p += start + len;
    for (size_t i = 0; out->dtype == DT_BOOL && i < have; i++)
        if (p[i] > 1) {
            diag_add(ds, E0816, NOWHERE, "%s: element %zu of a bool array is %u", name, i, p[i]);
            return false;
        }
    out->extent = arena_dup(a, extent, out->rank * sizeof *extent);
    out->bytes = have;
    out->data = arena_alloc(a, have);
    if (fortran && out->rank > 1 && have)
        transpose(out, size, p, out->data);
    else if (have)
        memcpy(out->data, p, have);
    return true;
}

bool npy_load(struct arena *a, struct diags *ds, const char *path, struct npy *out)
{
    struct arena *file = arena_new("npy file");
    size_t n;
    char *bytes = src_read_file_max(file, path, &n, FILE_LARGEST);
    bool ok = bytes && npy_read(a, ds, path, bytes, n, out);
    if (!bytes)
        diag_add(ds, E0905, NOWHERE, "%s: cannot be read: %s", path, strerror(errno));
    arena_free(file);
    return ok;
}

bool npy_write(struct diags *ds, const char *name, struct buf *out, enum dtype dtype, u32 rank, const i64 *extent,
               const void *data)
{
    const char *descr = NULL;
    for (u32 i = 0; i < COUNTOF(names); i++)
        if (names[i].dtype == dtype)
            descr = names[i].descr;
    if (!descr) {
        struct diag *d = diag_add(ds, E0813, NOWHERE, "%s: a .npy file cannot hold %s", name, dtype_name(dtype));
        diag_hint(ds, d, "write f32, or a safetensors file");
        return false;
    }
    CHECK(rank <= NPY_RANK);
    struct buf head = { 0 };
    size_t bytes = dtype_bytes(dtype);
    buf_printf(&head, "{'descr': '%s', 'fortran_order': False, 'shape': (", descr);
    for (u32 i = 0; i < rank; i++) {
        buf_printf(&head, i + 1 < rank || rank == 1 ? "%lld," : "%lld", (long long)extent[i]);
        if (i + 1 < rank)
            buf_putc(&head, ' ');
        bytes *= (size_t)extent[i];
    }
    buf_puts(&head, "), }");
    /* Elements begin at a multiple of 64; 32 axes of 20 digits stay below version 1's limit. */
    while ((10 + head.n + 1) % 64)
        buf_putc(&head, ' ');
    buf_putc(&head, '\n');
    CHECK(head.n <= UINT16_MAX);
    const unsigned char start[10] = { 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (unsigned char)head.n, (unsigned char)(head.n >> 8) };
    buf_put(out, start, sizeof start);
    buf_put(out, head.at, head.n);
    buf_put(out, data, bytes);
    buf_free(&head);
    return true;
}

bool npy_save(struct diags *ds, const char *path, enum dtype dtype, u32 rank, const i64 *extent, const void *data)
{
    struct buf b = { 0 };
    bool ok = npy_write(ds, path, &b, dtype, rank, extent, data);
    if (ok && !atomic_write(path, b.at, b.n)) {
        diag_add(ds, E0906, NOWHERE, "%s: cannot be written: %s", path, strerror(errno));
        ok = false;
    }
    buf_free(&b);
    return ok;
}
