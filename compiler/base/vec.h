/* vec.h - growable arrays that live in an arena: struct { T *at; u32 n, cap; }.
 * Growing copies; the old block stays behind in the arena until it is reset. */
#ifndef NASC_VEC_H
#define NASC_VEC_H
#include "compiler/base/arena.h"

#define VEC(T) struct { T *at; u32 n, cap; }

/* Room for one more; returns the array's (possibly new) place.  Used by vec_push only. */
void *vec_grow(struct arena *a, void *at, u32 n, u32 *cap, size_t elem);

#define vec_push(a, v, x)                                                            \
    do {                                                                             \
        if ((v)->n == (v)->cap)                                                      \
            (v)->at = vec_grow((a), (v)->at, (v)->n, &(v)->cap, sizeof(*(v)->at));   \
        (v)->at[(v)->n++] = (x);                                                     \
    } while (0)

#endif
