/* safetensors.c - named tensors in one file.  Its header is read by jansson.
 *
 *   8 bytes: length of the header    header, JSON, padded with spaces    elements
 *   {"a.w": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, "__metadata__": {..}}
 *
 * Offsets count from the end of the header.  Holds after reading: the tensors, in the order of
 * their offsets, cover the rest of the file exactly. */
#include "compiler/safetensors.h"

#include "compiler/atomic_file.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "elements are copied as they are: this needs a little-endian machine"
#endif

static const size_t HEADER_LARGEST = 100 * 1000 * 1000;
enum { RANK = 32 };
static const struct loc NOWHERE = { 0 };

static const struct { const char *name; enum dtype dtype; } names[] = {
    { "F64", DT_F64 }, { "F32", DT_F32 }, { "F16", DT_F16 }, { "BF16", DT_BF16 }, { "I64", DT_I64 },
    { "I32", DT_I32 }, { "I8", DT_I8 }, { "U8", DT_U8 }, { "BOOL", DT_BOOL },
};

/* A tensor with where it stands. */
struct entry { struct safetensor t; u64 from, to; };

struct reader { struct arena *a; struct diags *ds; const char *name; const unsigned char *data; u64 bytes; };

static bool complain(struct reader *r, enum diag_code code, const char *key, const char *what)
{
    diag_add(r->ds, code, NOWHERE, "%s: tensor \"%s\": %s", r->name, key, what);
    return false;
}

/* A JSON integer from 0. */
static bool count_of(const json_t *j, u64 *out)
{
    if (!json_is_integer(j) || json_integer_value(j) < 0)
        return false;
    *out = (u64)json_integer_value(j);
    return true;
}

/* Metadata are strings; nobody here reads them. */
static bool check_metadata(struct reader *r, json_t *j)
{
    const char *key;
    json_t *value;
    bool ok = json_is_object(j);
    if (ok)
        json_object_foreach(j, key, value)
            ok = ok && json_is_string(value);
    if (!ok)
        diag_add(r->ds, E0822, NOWHERE, "%s: __metadata__ is not a table of strings", r->name);
    return ok;
}

static bool read_entry(struct reader *r, const char *key, json_t *j, struct entry *e)
{
    json_t *dtype = json_object_get(j, "dtype"), *shape = json_object_get(j, "shape"),
           *offsets = json_object_get(j, "data_offsets");
    if (json_object_size(j) != 3 || !json_is_string(dtype) || !json_is_array(shape) || !json_is_array(offsets)
        || json_array_size(offsets) != 2)
        return complain(r, E0822, key, "it needs exactly dtype, shape and two data_offsets");
    e->t.name = arena_strdup(r->a, key);
    bool known = false;
    for (u32 i = 0; i < COUNTOF(names) && !known; i++)
        if (strcmp(json_string_value(dtype), names[i].name) == 0) {
            e->t.dtype = names[i].dtype;
            known = true;
        }
    if (!known) {
        diag_add(r->ds, E0823, NOWHERE, "%s: tensor \"%s\": elements of dtype \"%.40s\" are not read", r->name, key,
                 json_string_value(dtype));
        return false;
    }
    if (json_array_size(shape) > RANK)
        return complain(r, E0822, key, "it has too many axes");
    e->t.rank = (u32)json_array_size(shape);
    i64 *extent = NEW_ARRAY(r->a, i64, e->t.rank);
    e->t.extent = extent;
    u64 want = dtype_bytes(e->t.dtype);
    bool fits = true, empty = false;
    for (u32 i = 0; i < e->t.rank; i++) {
        u64 v;
        if (!count_of(json_array_get(shape, i), &v))
            return complain(r, E0822, key, "an extent is not a natural number");
        extent[i] = (i64)v;
        empty |= v == 0;
        fits = fits && !__builtin_mul_overflow(want, v, &want);
    }
    if (empty)
        want = 0;
    if (!count_of(json_array_get(offsets, 0), &e->from) || !count_of(json_array_get(offsets, 1), &e->to))
        return complain(r, E0824, key, "an offset is not a natural number");
    if (e->from > e->to || e->to > r->bytes)
        return complain(r, E0824, key, "its offsets are out of order or past the end of the file");
    if ((!fits && !empty) || e->to - e->from != want)
        return complain(r, E0825, key, "its shape needs another number of bytes than its offsets give");
    e->t.bytes = want;
    const unsigned char *p = r->data + e->from;
    for (u64 i = 0; e->t.dtype == DT_BOOL && i < want; i++)
        if (p[i] > 1)
            return complain(r, E0816, key, "a bool that is neither 0 nor 1");
    return true;
}

static int by_place(const void *pa, const void *pb)
{
    const struct entry *a = pa, *b = pb;
    if (a->from != b->from)
        return a->from < b->from ? -1 : 1;
    return a->to < b->to ? -1 : a->to > b->to;
}

static int by_name(const void *pa, const void *pb)
{
    return strcmp(((const struct safetensor *)pa)->name, ((const struct safetensor *)pb)->name);
}

/* No holes, no overlaps, nothing left over. */
static bool check_cover(struct reader *r, struct entry *e, u32 n)
{
    u64 at = 0;
    qsort(e, n, sizeof *e, by_place);
    for (u32 i = 0; i < n; i++) {
        if (e[i].from != at)
            return complain(r, E0824, e[i].t.name,
                            e[i].from < at ? "it overlaps another tensor" : "a hole lies before it");
        at = e[i].to;
    }
    if (at != r->bytes) {
        diag_add(r->ds, E0824, NOWHERE, "%s: %llu bytes after the last tensor belong to none", r->name,
                 (unsigned long long)(r->bytes - at));
        return false;
    }
    return true;
}

static bool read_header(struct reader *r, json_t *root, struct safetensors *out)
{
    const char *key;
    json_t *value;
    u32 n = 0;
    if (json_object_size(root) >= UINT32_MAX / 2)
        return complain(r, E0822, "", "there are too many");
    struct entry *e = calloc(json_object_size(root) + 1, sizeof *e);
    if (!e)
        NO_MEMORY(sizeof(struct safetensor), "an index of tensors");
    bool ok = true;
    json_object_foreach(root, key, value) {
        ok = strcmp(key, "__metadata__") == 0 ? check_metadata(r, value) : read_entry(r, key, value, &e[n++]);
        if (!ok)
            break;
    }
    if (ok && check_cover(r, e, n)) {
        out->at = NEW_ARRAY(r->a, struct safetensor, n);
        out->n = n;
        for (u32 i = 0; i < n; i++) {
            const unsigned char *p = r->data + e[i].from;
            bool aligned = (uintptr_t)p % dtype_bytes(e[i].t.dtype) == 0;
            out->at[i] = e[i].t;
            out->at[i].data = aligned ? p : arena_dup(r->a, p, e[i].t.bytes);
        }
        qsort(out->at, n, sizeof *out->at, by_name);
    } else {
        ok = false;
    }
    free(e);
    return ok;
}

bool safetensors_read(struct arena *a, struct diags *ds, const char *name, const void *bytes, size_t n,
                      struct safetensors *out)
{
    const unsigned char *p = bytes;
    *out = (struct safetensors){ 0 };
    u64 len = 0;
    for (u32 i = 8; n >= 8 && i-- > 0;)
        len = len << 8 | p[i];
    const char *what = n < 8 ? "it is shorter than 8 bytes" : len > HEADER_LARGEST ? "its header is longer than 100 MB"
                       : len > n - 8 ? "its header is cut off" : len < 2 || p[8] != '{' ? "its header does not begin with {" : NULL;
    if (what) {
        diag_add(ds, E0820, NOWHERE, "%s: this is not a safetensors file: %s", name, what);
        return false;
    }
    json_error_t err;
    json_t *root = json_loadb((const char *)p + 8, len, JSON_REJECT_DUPLICATES, &err);
    if (!root) {
        diag_add(ds, E0821, NOWHERE, "%s: bad safetensors header, at byte %d: %s", name, err.position, err.text);
        return false;
    }
    struct reader r = { a, ds, name, p + 8 + len, n - 8 - len };
    bool ok = read_header(&r, root, out);
    json_decref(root);
    return ok;
}

bool safetensors_load(struct arena *a, struct diags *ds, const char *path, struct safetensors *out)
{
    size_t n;
    char *bytes = src_read_file_max(a, path, &n, FILE_LARGEST);
    if (!bytes) {
        diag_add(ds, E0905, NOWHERE, "%s: cannot be read: %s", path, strerror(errno));
        return false;
    }
    return safetensors_read(a, ds, path, bytes, n, out);
}

const struct safetensor *safetensors_find(const struct safetensors *s, const char *name)
{
    struct safetensor key = { .name = name };
    return s->n ? bsearch(&key, s->at, s->n, sizeof *s->at, by_name) : NULL;
}

static int by_width(const void *pa, const void *pb)
{
    const struct safetensor *a = pa, *b = pb;
    u32 x = dtype_bytes(a->dtype), y = dtype_bytes(b->dtype);
    return x != y ? (x > y ? -1 : 1) : strcmp(a->name, b->name);
}

static u64 bytes_of(const struct safetensor *t)
{
    u64 bytes = dtype_bytes(t->dtype);
    for (u32 i = 0; i < t->rank; i++)
        CHECK(t->extent[i] >= 0 && !__builtin_mul_overflow(bytes, (u64)t->extent[i], &bytes));
    return bytes;
}

static const char *dtype_text(enum dtype d)
{
    for (u32 i = 0; i < COUNTOF(names); i++)
        if (names[i].dtype == d)
            return names[i].name;
    BUG("dtype %d has no name in safetensors", d);
}

/* Names that a reader would refuse or confuse. */
static bool check_names(struct diags *ds, const char *file, const struct safetensor *t, u32 n)
{
    for (u32 i = 0; i < n; i++)
        if (strcmp(t[i].name, "__metadata__") == 0 || (i && strcmp(t[i].name, t[i - 1].name) == 0)) {
            diag_add(ds, E0826, NOWHERE, "%s: two tensors, or a tensor and the metadata, are named \"%s\"", file, t[i].name);
            return false;
        }
    return true;
}

bool safetensors_write(struct diags *ds, const char *name, struct buf *out, const struct safetensor *at, u32 n)
{
    struct safetensor *t = calloc(n + (size_t)1, sizeof *t);
    if (!t)
        NO_MEMORY(sizeof(struct safetensor), "an index of tensors");
    if (n)
        memcpy(t, at, n * sizeof *t);
    qsort(t, n, sizeof *t, by_name);
    bool ok = check_names(ds, name, t, n);
    struct buf head = { 0 };
    if (ok) {
        qsort(t, n, sizeof *t, by_width);
        u64 off = 0;
        buf_putc(&head, '{');
        for (u32 i = 0; i < n; i++) {
            buf_puts(&head, i ? "," : "");
            buf_json(&head, t[i].name, strlen(t[i].name));
            buf_printf(&head, ":{\"dtype\":\"%s\",\"shape\":[", dtype_text(t[i].dtype));
            for (u32 k = 0; k < t[i].rank; k++)
                buf_printf(&head, k ? ",%lld" : "%lld", (long long)t[i].extent[k]);
            u64 end = off + bytes_of(&t[i]);
            CHECK(end >= off);
            buf_printf(&head, "],\"data_offsets\":[%llu,%llu]}", (unsigned long long)off, (unsigned long long)end);
            off = end;
        }
        buf_putc(&head, '}');
        while (head.n % 8)
            buf_putc(&head, ' ');
        unsigned char start[8];
        for (u32 i = 0; i < 8; i++)
            start[i] = (unsigned char)((u64)head.n >> 8 * i);
        buf_put(out, start, sizeof start);
        buf_put(out, head.at, head.n);
        for (u32 i = 0; i < n; i++)
            buf_put(out, t[i].data, bytes_of(&t[i]));
    }
    buf_free(&head);
    free(t);
    return ok;
}

bool safetensors_save(struct diags *ds, const char *path, const struct safetensor *at, u32 n)
{
    struct buf b = { 0 };
    bool ok = safetensors_write(ds, path, &b, at, n);
    if (ok && !atomic_write(path, b.at, b.n)) {
        diag_add(ds, E0906, NOWHERE, "%s: cannot be written: %s", path, strerror(errno));
        ok = false;
    }
    buf_free(&b);
    return ok;
}
