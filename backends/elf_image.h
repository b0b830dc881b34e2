/* elf_image.h - object bytes to images: for backends whose compiler writes ELF objects; each module compiles it in. */
#ifndef NASC_ELF_IMAGE_H
#define NASC_ELF_IMAGE_H
#include "backends/backend.h"

/* Is this an object that images can be made of? */
bool elf_object_ours(const char *object, size_t bytes);
enum image_verdict { IMAGE_DONE, IMAGE_ALONE /* to be compiled by itself */, IMAGE_BAD };
/* How a function's constants are told from others': by symbols, in sections without by the grid they stand on; by symbols that no other shares;
 * not at all, as the object holds one function only. */
enum image_by { IMAGE_BY_GRID, IMAGE_BY_SYMBOL, IMAGE_WHOLE };
/* The images of n functions of an object, in the arena.  alone[i]: its constants cannot be told from others' here. */
enum image_verdict elf_images(struct arena *a, const char *object, size_t bytes, u32 n, const char *const *name, enum image_by by, struct be_image *out,
                              bool *alone, struct buf *why);

#endif
