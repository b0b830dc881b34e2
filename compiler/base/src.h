/* src.h - source texts and places in them.
 * A place is file + byte offset + length; line and column are computed when complaining. */
#ifndef NASC_SRC_H
#define NASC_SRC_H
#include "compiler/base/arena.h"

struct loc { u32 file, off, len; };                     /* file 0: no place */

struct src { u32 id; const char *name, *text; u32 len; u32 *line_off; u32 nlines; };
struct src_pos { u32 line, col; };                      /* 1-based; col counts bytes */

struct srcs;                                            /* all texts of a session */
struct srcs *srcs_new(struct arena *a);
/* Texts added from here on live in arena a. */
void srcs_into(struct srcs *s, struct arena *a);
u32 srcs_count(const struct srcs *s);
/* Forgets all but the first n texts; their arena may end then. */
void srcs_forget(struct srcs *s, u32 n);
/* Copies text.  name is what diagnostics print ("<arch>", "<-D>", a path). */
const struct src *srcs_add(struct srcs *s, const char *name, const char *text, size_t len);
const struct src *srcs_get(const struct srcs *s, u32 file);     /* NULL for 0 */
struct src_pos src_pos(const struct src *s, u32 off);
#define SRC_LARGEST ((size_t)1 << 30)   /* bytes of a source text at most: offsets are 32 bits */
#define FILE_LARGEST ((size_t)1 << 37)
/* Reads a whole file into arena memory, NUL behind it; NULL on failure with errno set (EFBIG: more than SRC_LARGEST,
 * or `most`). */
char *src_read_file(struct arena *a, const char *path, size_t *len);
char *src_read_file_max(struct arena *a, const char *path, size_t *len, size_t most);

struct loc loc_join(struct loc a, struct loc b);        /* from a's start to b's end */

#endif
