/* atomic_file.h - a file is written whole or not at all: a temporary beside it, then rename. */
#ifndef NASC_ATOMIC_FILE_H
#define NASC_ATOMIC_FILE_H
#include <stdbool.h>
#include <stddef.h>

/* Several files, none in place before all are written.  exec: with the x bits that the umask leaves.  false with errno; *bad says which. */
struct atomic_file { const char *path; const void *data; size_t n; bool exec; };
bool atomic_write_all(const struct atomic_file *f, unsigned n, unsigned *bad);
bool atomic_write(const char *path, const void *data, size_t n);   /* false with errno */

#endif
