/* vec.c - growth of arena arrays: by doubling, the old block stays behind. */
#include "compiler/base/vec.h"

void *vec_grow(struct arena *a, void *at, u32 n, u32 *cap, size_t elem)
{
    CHECK(*cap <= UINT32_MAX / 2);
    u32 want = *cap ? *cap * 2 : 8;
    void *to = arena_alloc(a, want * elem);
    if (n)
        memcpy(to, at, n * elem);
    *cap = want;
    return to;
}
