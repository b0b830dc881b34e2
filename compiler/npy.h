/* npy.h - NumPy's .npy files: one array, strictly read and written.
 *
 * Read: versions 1 to 3, little-endian f2 f4 f8 i1 i4 i8 u1 b1.  Arrays in Fortran order come
 * out in C order.  Everything else - other dtypes, a size that is not exactly the shape's,
 * anything odd in the header - is refused with a diagnostic (E0810..E0816). */
#ifndef NASC_NPY_H
#define NASC_NPY_H
#include "compiler/base/diag.h"
#include "compiler/ir/type.h"

enum { NPY_RANK = 32 };                 /* axes at most */

struct npy {
    enum dtype dtype;
    u32 rank;
    i64 *extent;
    void *data;                         /* C order, 16-byte aligned, in the arena */
    size_t bytes;
};

/* The array in bytes[0..n); `name` is what diagnostics call it.  False after complaining. */
bool npy_read(struct arena *a, struct diags *ds, const char *name, const void *bytes, size_t n, struct npy *out);
bool npy_load(struct arena *a, struct diags *ds, const char *path, struct npy *out);

/* Appends the file of an array in C order.  False after complaining: NumPy has no bf16. */
bool npy_write(struct diags *ds, const char *name, struct buf *out, enum dtype dtype, u32 rank, const i64 *extent,
               const void *data);
/* Atomically: the whole file or none. */
bool npy_save(struct diags *ds, const char *path, enum dtype dtype, u32 rank, const i64 *extent, const void *data);

#endif
