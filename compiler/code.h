/* code.h - the memory that kernels run in.
 *
 * Images (backends/backend.h) go in by copying and come out again, in any order.  No page is ever writable and executable at once. */
#ifndef NASC_CODE_H
#define NASC_CODE_H
#include "backends/backend.h"

struct code;
struct code *code_new(void);
void code_free(struct code *c);
/* Copies n images to where they can be called: their entries in at[].  All of them, or none and *why. */
bool code_load(struct code *c, u32 n, const struct be_image *image, kernel_fn *at, struct buf *why);
/* Gives an image's room back: nobody may call it any more. */
void code_drop(struct code *c, const struct be_image *image, kernel_fn at);
u64 code_used(const struct code *c);                    /* bytes of the images held, in units of 64 */
u64 code_held(const struct code *c);                    /* bytes from the system */
/* Is this an image that may be loaded?  What comes from a file is asked. */
bool image_ok(const struct be_image *image);

/* Compiles and loads, without a table in between: for tests and tools. */
bool code_compile(struct code *c, const struct backend *be, struct be *inst, u32 n, const struct loop_fn *const *fn, struct be_kernel *out, struct buf *why);

#endif
