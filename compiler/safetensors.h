/* safetensors.h - named tensors in one file, strictly read and written.
 *
 * Refused: duplicate names, offsets that overlap, leave holes, are out of range or out of order,
 * sizes that are not the shape's, headers over 100 MB, dtypes nasc does not have, bytes left
 * over (E0816, E0820..E0826). */
#ifndef NASC_SAFETENSORS_H
#define NASC_SAFETENSORS_H
#include "compiler/base/diag.h"
#include "compiler/ir/type.h"

struct safetensor {
    const char *name;
    enum dtype dtype;
    u32 rank;
    const i64 *extent;
    const void *data;
    size_t bytes;
};
struct safetensors { struct safetensor *at; u32 n; };

/* The tensors in bytes[0..n), by name.  Names and shapes live in the arena, and so do copies of
 * data that is not aligned; other data points into `bytes`.  False after complaining. */
bool safetensors_read(struct arena *a, struct diags *ds, const char *name, const void *bytes, size_t n,
                      struct safetensors *out);
bool safetensors_load(struct arena *a, struct diags *ds, const char *path, struct safetensors *out);
const struct safetensor *safetensors_find(const struct safetensors *s, const char *name);  /* or NULL */

/* Appends the file.  The order of the tensors does not matter: wide dtypes come first, then by
 * name, so the same tensors give the same bytes.  .bytes is not looked at. */
bool safetensors_write(struct diags *ds, const char *name, struct buf *out, const struct safetensor *at, u32 n);
bool safetensors_save(struct diags *ds, const char *path, const struct safetensor *at, u32 n);  /* atomically */

#endif
