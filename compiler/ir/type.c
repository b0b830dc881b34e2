/* type.c - the table of interned axes and types, and their text.
 *
 * Holds: axis[id] and type[id] for ids from 1, never moved or removed; two entries are never
 * equal, so ids compare instead of contents.  The text of a type is what people write:
 * f32[3, (32 32)], the memory of an axis in ( ), nested where a factor remembers in turn. */
#include "compiler/ir/type.h"

#include "compiler/ir/idmap.h"

#include <ctype.h>

static const struct { const char *text; u8 bits, bytes, is_float, is_signed; } dtype_row[] = {
#define X(name, text, bits, bytes, is_float, is_signed) { text, bits, bytes, is_float, is_signed },
#include "compiler/ir/dtype.def"
#undef X
};

const char *dtype_name(enum dtype t)
{
    CHECK((u32)t < DTYPES);
    return dtype_row[t].text;
}

bool dtype_parse(const char *s, enum dtype *t)
{
    for (u32 i = 0; i < DTYPES; i++)
        if (strcmp(s, dtype_row[i].text) == 0) {
            *t = (enum dtype)i;
            return true;
        }
    return false;
}

u32 dtype_bytes(enum dtype t)
{
    CHECK((u32)t < DTYPES);
    return dtype_row[t].bytes;
}

bool dtype_is_float(enum dtype t)
{
    CHECK((u32)t < DTYPES);
    return dtype_row[t].is_float;
}

struct types {
    struct arena *a;
    VEC(struct axis) axis;
    VEC(struct type) type;
    struct idmap axis_by, type_by;
};

struct types *types_new(struct arena *a)
{
    struct types *t = NEW(a, struct types);
    t->a = a;
    vec_push(a, &t->axis, (struct axis){ 0 });      /* id 0: none */
    vec_push(a, &t->type, (struct type){ 0 });
    return t;
}

static bool ids_equal(const u32 *a, const u32 *b, u32 n)
{
    return n == 0 || memcmp(a, b, sizeof *a * n) == 0;
}

static axis_id axis_intern(struct types *t, i64 extent, u32 n, const axis_id *factor)
{
    u64 h = n ? hash64_seed(factor, sizeof *factor * n, 1) : hash64(&extent, sizeof extent);
    u32 at = idmap_home(&t->axis_by, h), id;
    while ((id = idmap_find(&t->axis_by, h, &at))) {
        const struct axis *x = &t->axis.at[id];
        if (x->extent == extent && x->nfactor == n && ids_equal(x->factor, factor, n))
            return id;
    }
    id = t->axis.n;
    const axis_id *copy = n ? arena_dup(t->a, factor, sizeof *factor * n) : NULL;
    vec_push(t->a, &t->axis, ((struct axis){ extent, n, copy }));
    idmap_put(t->a, &t->axis_by, h, id);
    return id;
}

axis_id axis_plain(struct types *t, i64 extent)
{
    CHECK(extent >= 1);
    return axis_intern(t, extent, 0, NULL);
}

axis_id axis_fold(struct types *t, u32 n, const axis_id *factor)
{
    CHECK(n >= 2);
    i64 extent = 1;
    for (u32 i = 0; i < n; i++)
        if (__builtin_mul_overflow(extent, axis_extent(t, factor[i]), &extent))
            BUG("a folded axis overflows");
    return axis_intern(t, extent, n, factor);
}

const struct axis *axis_get(const struct types *t, axis_id a)
{
    CHECK(a && a < t->axis.n);
    return &t->axis.at[a];
}

i64 axis_extent(const struct types *t, axis_id a)
{
    return axis_get(t, a)->extent;
}

axis_id axis_unify(struct types *t, axis_id a, axis_id b)
{
    if (a == b)
        return a;
    i64 n = axis_extent(t, a);
    return n == axis_extent(t, b) ? axis_plain(t, n) : 0;
}

type_id type_make(struct types *t, enum dtype d, u32 rank, const axis_id *axis)
{
    u64 h = hash64_seed(rank ? (const void *)axis : "", sizeof *axis * rank, (u64)d << 32 | rank);
    u32 at = idmap_home(&t->type_by, h), id;
    while ((id = idmap_find(&t->type_by, h, &at))) {
        const struct type *x = &t->type.at[id];
        if (x->dtype == d && x->rank == rank && ids_equal(x->axis, axis, rank))
            return id;
    }
    for (u32 i = 0; i < rank; i++)
        CHECK(axis[i] && axis[i] < t->axis.n);
    id = t->type.n;
    const axis_id *copy = rank ? arena_dup(t->a, axis, sizeof *axis * rank) : NULL;
    vec_push(t->a, &t->type, ((struct type){ d, rank, copy }));
    idmap_put(t->a, &t->type_by, h, id);
    return id;
}

const struct type *type_get(const struct types *t, type_id id)
{
    CHECK(id && id < t->type.n);
    return &t->type.at[id];
}

u128 type_elems(const struct types *t, type_id id)
{
    const struct type *x = type_get(t, id);
    u128 n = 1;
    for (u32 i = 0; i < x->rank; i++)
        if (__builtin_mul_overflow(n, (u128)axis_extent(t, x->axis[i]), &n))
            return ~(u128)0;
    return n;
}

void axis_print(struct buf *b, const struct types *t, axis_id id)
{
    const struct axis *x = axis_get(t, id);
    if (!x->nfactor) {
        buf_printf(b, "%lld", (long long)x->extent);
        return;
    }
    for (u32 i = 0; i < x->nfactor; i++) {
        buf_putc(b, i ? ' ' : '(');
        axis_print(b, t, x->factor[i]);
    }
    buf_putc(b, ')');
}

void type_print(struct buf *b, const struct types *t, type_id id, bool all)
{
    const struct type *x = type_get(t, id);
    if (all || x->dtype != DT_F32)
        buf_puts(b, dtype_name(x->dtype));
    buf_putc(b, '[');
    for (u32 i = 0; i < x->rank; i++) {
        if (i)
            buf_puts(b, ", ");
        axis_print(b, t, x->axis[i]);
    }
    buf_putc(b, ']');
}

enum { PARSE_RANK = 32, PARSE_DEPTH = 64 };     /* more is not a type anybody wrote */

static const char *skip_space(const char *s)
{
    while (*s == ' ' || *s == '\t')
        s++;
    return s;
}

static axis_id axis_parse(struct types *t, const char **at, u32 depth)
{
    const char *s = skip_space(*at);
    if (*s == '(') {
        axis_id factor[PARSE_RANK];
        u32 n = 0;
        i64 extent = 1;
        for (s = skip_space(s + 1); *s != ')'; s = skip_space(s)) {
            axis_id f = n < PARSE_RANK && depth < PARSE_DEPTH ? axis_parse(t, &s, depth + 1) : 0;
            if (!f || __builtin_mul_overflow(extent, axis_extent(t, f), &extent))
                return 0;
            factor[n++] = f;
        }
        *at = s + 1;
        return n >= 2 ? axis_fold(t, n, factor) : 0;
    }
    i64 v = 0;
    if (!isdigit((unsigned char)*s))
        return 0;
    for (; isdigit((unsigned char)*s); s++)
        if (__builtin_mul_overflow(v, (i64)10, &v) || __builtin_add_overflow(v, (i64)(*s - '0'), &v))
            return 0;
    *at = s;
    return v >= 1 ? axis_plain(t, v) : 0;
}

type_id type_parse(struct types *t, const char *s, const char **end)
{
    char name[8];
    u32 n = 0;
    s = skip_space(s);
    while (isalnum((unsigned char)*s)) {
        if (n + 1 >= sizeof name)
            return 0;
        name[n++] = *s++;
    }
    name[n] = 0;
    enum dtype d = DT_F32;
    if (n && !dtype_parse(name, &d))
        return 0;
    s = skip_space(s);
    if (*s != '[')
        return 0;
    axis_id axis[PARSE_RANK];
    u32 rank = 0;
    for (s = skip_space(s + 1); *s != ']'; s = skip_space(s)) {
        if (rank) {
            if (*s != ',')
                return 0;
            s++;
        }
        if (rank == PARSE_RANK || !(axis[rank] = axis_parse(t, &s, 0)))
            return 0;
        rank++;
    }
    if (end)
        *end = s + 1;
    return type_make(t, d, rank, axis);
}
