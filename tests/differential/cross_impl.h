/* cross_impl.h - between the files of the harness. */
#ifndef NASC_TESTS_CROSS_IMPL_H
#define NASC_TESTS_CROSS_IMPL_H
#include "compiler/base/buf.h"
#include "tests/differential/cross.h"

/* An object file with models m0, m1, .. of the programs that could be lowered, and a text with a line for each: empty, or why it was not.
 * false: there is none of all, *why. */
bool cross_build(const struct cross_target *t, const char *object, const char *said, u32 n, const struct cross_program *program, struct buf *why);
/* Appends a file's bytes. */
bool cross_text(const char *path, struct buf *out);

#endif
