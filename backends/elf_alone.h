/* elf_alone.h - does an object file stand alone? */
#ifndef NASC_ELF_ALONE_H
#define NASC_ELF_ALONE_H
#include "compiler/base/arena.h"
#include "compiler/base/buf.h"

/* A relocatable ELF object (64 bits, little-endian) that refers to nothing outside of it but memcpy and memset, and has no bytes that are
 * written; else false and *why, with the names. */
bool elf_stands_alone(struct arena *tmp, const void *object, size_t bytes, struct buf *why);

#endif
