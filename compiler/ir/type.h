/* type.h - tensor types, interned: two types are equal iff their ids are.
 *
 * An axis is an extent and, where it was folded, the axes it was folded from (which may
 * remember in turn).  A type is a dtype and axes, of one sample: the batch rank is not in it.
 * Ids are dense and stable within a table, so memo tables are keyed by them. */
#ifndef NASC_TYPE_H
#define NASC_TYPE_H
#include "compiler/base/buf.h"
#include "compiler/base/str.h"
#include "compiler/base/vec.h"
#include "compiler/base/hash.h"

enum dtype {
#define X(name, text, bits, bytes, is_float, is_signed) name,
#include "compiler/ir/dtype.def"
#undef X
    DTYPES
};
const char *dtype_name(enum dtype t);
bool dtype_parse(const char *s, enum dtype *t);
u32 dtype_bytes(enum dtype t);
bool dtype_is_float(enum dtype t);

typedef u32 axis_id;        /* 0: none */
typedef u32 type_id;        /* 0: none */

struct axis { i64 extent; u32 nfactor; const axis_id *factor; };        /* nfactor 0: plain; else >= 2 */
struct type { enum dtype dtype; u32 rank; const axis_id *axis; };

struct types;               /* the table; not locked: one per session or thread */
struct types *types_new(struct arena *a);
axis_id axis_plain(struct types *t, i64 extent);                        /* extent >= 1 */
axis_id axis_fold(struct types *t, u32 n, const axis_id *factor);       /* n >= 2; BUG on overflow: check first */
const struct axis *axis_get(const struct types *t, axis_id a);
i64 axis_extent(const struct types *t, axis_id a);
/* Equal extents: the same axis if memories agree, else plain.  0 if extents differ. */
axis_id axis_unify(struct types *t, axis_id a, axis_id b);
/* "64", "(32 32)", "((4 8) 3)". */
void axis_print(struct buf *b, const struct types *t, axis_id a);
type_id type_make(struct types *t, enum dtype d, u32 rank, const axis_id *axis);
const struct type *type_get(const struct types *t, type_id id);
u128 type_elems(const struct types *t, type_id id);
/* "f32[3, (32 32)]"; f32 is left out unless all is set. */
void type_print(struct buf *b, const struct types *t, type_id id, bool all);
/* Reads that text back; 0 if it is not one. */
type_id type_parse(struct types *t, const char *s, const char **end);

#endif
