/* view.h - data movement between flat row-major arrays, interned in a normal form: equal functions have equal ids.
 *
 * A view takes a place of its result, as digits of a mixed-radix number (outermost first), to
 *
 *     first + sum over digits of digit * stride
 *
 * of its source.  Shapes are not in it: a reshape is the identity.  Permutations, folds, slices, splits, clones, picks, strided
 * and overlapping windows without padding are views; they compose.
 *
 * Normal form: no digit of extent 1, and no two neighbours that are one digit (stride = extent * stride of the next).  It is unique:
 * the innermost digit is the longest run in which places follow each other by one step, and so on outwards. */
#ifndef NASC_VIEW_H
#define NASC_VIEW_H
#include "compiler/base/arena.h"
#include "compiler/base/hash.h"

typedef u32 view_id;            /* 0: none */
enum { VIEW_DIGITS = 32 };
struct vdigit { i64 extent, stride; };
struct view {
    i64 from, to;               /* elements of the source, of the result */
    i64 first;
    u32 n; const struct vdigit *digit;
    struct hash128 hash;        /* of all that: the same in every table, on every machine */
};

struct views;                   /* the table; not locked */
struct views *views_new(struct arena *a);
const struct view *view_get(const struct views *v, view_id id);
/* The digits' extents multiply to the size of the result; none: one element.  0: too many digits, or places outside of the source. */
view_id view_make(struct views *v, i64 from, i64 first, u32 n, const struct vdigit *d);
view_id view_identity(struct views *v, i64 n);
bool view_is_identity(const struct views *v, view_id id);
/* Every element of the source stands at exactly one place of the result. */
bool view_is_permutation(const struct views *v, view_id id);
/* outer(inner(x)).  0: the composition is no view (a slice reshaped across its edges), or was not found to be one: results of more than
 * VIEW_TRY elements whose digits do not nest. */
enum { VIEW_TRY = 1 << 14 };
view_id view_compose(struct views *v, view_id outer, view_id inner);
view_id view_lead(struct views *v, view_id id, i64 n);      /* n side by side: [n, from] -> [n, to] */
view_id view_clone(struct views *v, i64 from, i64 n);       /* [from] -> [n, from] */
view_id view_part(struct views *v, i64 from, i64 n, i64 i); /* part i of n: [n, from/n] -> [from/n] */
i64 view_at(const struct view *w, i64 place);               /* the source's place of one of the result */

/* Integer functions of a place, as views are, not yet in normal form; what index expressions are made of. */
struct vfun { i64 to, first; u32 n; struct vdigit d[VIEW_DIGITS]; };
/* d: extents and strides, extents multiply to `to`. */
void vfun_const(struct vfun *f, i64 to, i64 value);
void vfun_scale(struct vfun *f, i64 k);
bool vfun_add(struct vfun *f, const struct vfun *g);        /* f += g; false: their digits do not nest */
/* f / b and f % b, floored; false: not found to be such functions. */
bool vfun_divmod(const struct vfun *f, i64 b, struct vfun *q, struct vfun *r);
view_id view_of(struct views *v, i64 from, const struct vfun *f);

#endif
