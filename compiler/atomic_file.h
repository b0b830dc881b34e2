/* atomic_file.h - a file is written whole or not at all: a temporary beside it, then rename. */
#ifndef NASC_ATOMIC_FILE_H
#define NASC_ATOMIC_FILE_H
#include <stdbool.h>
#include <stddef.h>

bool atomic_write(const char *path, const void *data, size_t n);   /* false with errno */

#endif
