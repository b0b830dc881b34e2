/* view.c - see view.h. */
#include "compiler/ir/view.h"

#include "compiler/ir/idmap.h"
#include "compiler/base/vec.h"

struct composed { view_id outer, inner, is; };
struct views {
    struct arena *a;
    VEC(struct view) at;            /* [0] unused */
    struct idmap by, pair;
    VEC(struct composed) done;
};

struct views *views_new(struct arena *a)
{
    struct views *v = NEW(a, struct views);
    v->a = a;
    vec_push(a, &v->at, (struct view){ 0 });
    return v;
}

const struct view *view_get(const struct views *v, view_id id)
{
    CHECK(id && id < v->at.n);
    return &v->at.at[id];
}

/* --- Normal form ------------------------------------------------------------------------------- */

/* Drops digits of extent 1 and joins neighbours that are one. */
static void normalise(struct vfun *f)
{
    u32 n = 0;
    for (u32 i = 0; i < f->n; i++) {
        if (f->d[i].extent == 1)
            continue;
        i64 whole;
        if (n && !__builtin_mul_overflow(f->d[i].extent, f->d[i].stride, &whole) && f->d[n - 1].stride == whole)
            f->d[n - 1] = (struct vdigit){ f->d[n - 1].extent * f->d[i].extent, f->d[i].stride };
        else
            f->d[n++] = f->d[i];
    }
    f->n = n;
}

/* The least and the largest value. */
static bool range(const struct vfun *f, i64 *lo, i64 *hi)
{
    *lo = *hi = f->first;
    for (u32 i = 0; i < f->n; i++) {
        i64 far;
        if (__builtin_mul_overflow(f->d[i].extent - 1, f->d[i].stride, &far) || __builtin_add_overflow(far < 0 ? *lo : *hi, far, far < 0 ? lo : hi))
            return false;
    }
    return true;
}

view_id view_of(struct views *v, i64 from, const struct vfun *g)
{
    struct vfun f = *g;
    i64 lo, hi, word[3 + 2 * VIEW_DIGITS];
    normalise(&f);
    if (!range(&f, &lo, &hi) || lo < 0 || hi >= from)
        return 0;
    u32 n = 0;
    word[n++] = from;
    word[n++] = f.to;
    word[n++] = f.first;
    for (u32 i = 0; i < f.n; i++) {
        word[n++] = f.d[i].extent;
        word[n++] = f.d[i].stride;
    }
    struct hash128 h = hash128(word, n * sizeof *word);
    u32 at = idmap_home(&v->by, h.lo), id;
    while ((id = idmap_find(&v->by, h.lo, &at))) {
        const struct view *w = &v->at.at[id];
        if (w->from == from && w->to == f.to && w->first == f.first && w->n == f.n && memcmp(w->digit, f.d, f.n * sizeof *f.d) == 0)
            return id;
    }
    struct view w = { .from = from, .to = f.to, .first = f.first, .n = f.n, .hash = h };
    w.digit = arena_dup(v->a, f.d, MAX(f.n, 1) * sizeof *f.d);
    id = v->at.n;
    vec_push(v->a, &v->at, w);
    idmap_put(v->a, &v->by, h.lo, id);
    return id;
}

view_id view_make(struct views *v, i64 from, i64 first, u32 n, const struct vdigit *d)
{
    struct vfun f = { .to = 1, .first = first };
    for (u32 i = 0; i < n; i++) {
        if (d[i].extent == 1)
            continue;
        if (f.n == VIEW_DIGITS || d[i].extent < 1 || __builtin_mul_overflow(f.to, d[i].extent, &f.to))
            return 0;
        f.d[f.n++] = d[i];
    }
    return view_of(v, from, &f);
}

/* --- Functions --------------------------------------------------------------------------------- */

void vfun_const(struct vfun *f, i64 to, i64 value)
{
    f->to = to;
    f->first = value;
    f->n = to > 1;
    f->d[0] = (struct vdigit){ to, 0 };
}

void vfun_scale(struct vfun *f, i64 k)
{
    f->first *= k;
    for (u32 i = 0; i < f->n; i++)
        f->d[i].stride *= k;
}

/* From the innermost digit outwards; of two digits of different extents the longer one is cut. */
bool vfun_add(struct vfun *f, const struct vfun *g)
{
    struct vdigit out[VIEW_DIGITS];
    u32 n = 0, i = f->n, k = g->n;
    struct vdigit a = { 1, 0 }, b = { 1, 0 };
    CHECK(f->to == g->to);
    for (;;) {
        while (a.extent == 1 && i)
            a = f->d[--i];
        while (b.extent == 1 && k)
            b = g->d[--k];
        if (a.extent == 1 && b.extent == 1)
            break;
        i64 e = MIN(a.extent, b.extent);
        if (e == 1 || n == VIEW_DIGITS || a.extent % e || b.extent % e)
            return false;
        out[n++] = (struct vdigit){ e, a.stride + b.stride };
        a = (struct vdigit){ a.extent / e, a.stride * e };
        b = (struct vdigit){ b.extent / e, b.stride * e };
    }
    for (u32 j = 0; j < n; j++)
        f->d[j] = out[n - 1 - j];
    f->n = n;
    f->first += g->first;
    normalise(f);
    return true;
}

static i64 floor_div(i64 a, i64 b)
{
    return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

/* Each stride is q*b + r; the quotients are f / b if the sum of the remainders never crosses a multiple of b. */
bool vfun_divmod(const struct vfun *f, i64 b, struct vfun *q, struct vfun *r)
{
    struct vfun whole = { .to = f->to }, rest = { .to = f->to };
    whole.first = floor_div(f->first, b);
    rest.first = f->first - whole.first * b;
    for (u32 i = 0; i < f->n; i++) {
        struct vdigit part[2] = { f->d[i] };
        i64 s = part[0].stride, step = s < 0 ? -s : s;
        u32 n = 1;
        /* A digit that runs through several blocks is a digit of blocks and one within a block. */
        if (step && step < b && b % step == 0 && part[0].extent > b / step && part[0].extent % (b / step) == 0) {
            part[1] = (struct vdigit){ b / step, s };
            part[0] = (struct vdigit){ part[0].extent / (b / step), s * (b / step) };
            n = 2;
        }
        for (u32 k = 0; k < n; k++) {
            if (whole.n == VIEW_DIGITS)
                return false;
            whole.d[whole.n++] = (struct vdigit){ part[k].extent, part[k].stride / b };
            rest.d[rest.n++] = (struct vdigit){ part[k].extent, part[k].stride % b };
        }
    }
    i64 lo, hi;
    if (!range(&rest, &lo, &hi) || floor_div(lo, b) != floor_div(hi, b))
        return false;
    whole.first += floor_div(lo, b);
    rest.first -= floor_div(lo, b) * b;
    normalise(&whole);
    normalise(&rest);
    *q = whole;
    *r = rest;
    return true;
}

/* --- Composition ------------------------------------------------------------------------------- */

i64 view_at(const struct view *w, i64 place)
{
    i64 at = w->first;
    for (u32 i = w->n; i--;) {
        at += place % w->digit[i].extent * w->digit[i].stride;
        place /= w->digit[i].extent;
    }
    return at;
}

static void as_fun(const struct view *w, struct vfun *f)
{
    f->to = w->to;
    f->first = w->first;
    f->n = w->n;
    memcpy(f->d, w->digit, w->n * sizeof *w->digit);
}

static bool by_digits(const struct view *inner, const struct view *outer, struct vfun *sum)
{
    struct vfun rest, low;
    as_fun(outer, &rest);
    vfun_const(sum, outer->to, inner->first);
    for (u32 i = inner->n; i--;) {
        if (i) {
            if (!vfun_divmod(&rest, inner->digit[i].extent, &rest, &low))
                return false;
        } else {
            low = rest;             /* the outermost digit is all that is left */
        }
        vfun_scale(&low, inner->digit[i].stride);
        if (!vfun_add(sum, &low))
            return false;
    }
    return true;
}

/* Is at[0 .. n) a view's places?  Takes the innermost digit, and goes on with what it leaves: place p of the rest is at[p * step]. */
static bool from_places(const i64 *at, i64 n, struct vfun *f)
{
    struct vdigit d[VIEW_DIGITS];
    u32 k = 0;
    f->to = n;
    f->first = at[0];
    for (i64 step = 1; step < n;) {
        i64 left = n / step, stride = at[step] - at[0], e = 1;
        while (e < left && at[e * step] - at[0] == e * stride)
            e++;
        if (k == VIEW_DIGITS || left % e)
            return false;
        for (i64 p = 0; p < left; p++)
            if (at[p * step] - at[(p - p % e) * step] != p % e * stride)
                return false;
        d[k++] = (struct vdigit){ e, stride };
        step *= e;
    }
    for (u32 i = 0; i < k; i++)
        f->d[i] = d[k - 1 - i];
    f->n = k;
    return true;
}

/* Small ones whose digits do not nest are tried place by place. */
static bool by_places(struct views *v, const struct view *inner, const struct view *outer, struct vfun *sum)
{
    if (outer->to > VIEW_TRY)
        return false;
    struct arena_mark m = arena_mark(v->a);
    i64 *at = NEW_ARRAY(v->a, i64, outer->to);
    for (i64 p = 0; p < outer->to; p++)
        at[p] = view_at(inner, view_at(outer, p));
    bool ok = from_places(at, outer->to, sum);
    arena_reset(v->a, m);
    return ok;
}

view_id view_compose(struct views *v, view_id outer, view_id inner)
{
    const struct view *o = view_get(v, outer), *i = view_get(v, inner);
    CHECK(o->from == i->to);
    if (view_is_identity(v, outer))
        return inner;
    if (view_is_identity(v, inner))
        return outer;
    u64 key[1] = { (u64)outer << 32 | inner };
    u64 h = hash64(key, sizeof key);
    u32 at = idmap_home(&v->pair, h), id;
    while ((id = idmap_find(&v->pair, h, &at)))
        if (v->done.at[id - 1].outer == outer && v->done.at[id - 1].inner == inner)
            return v->done.at[id - 1].is;
    struct vfun sum;
    view_id is = 0;
    if (by_digits(i, o, &sum) || by_places(v, i, o, &sum))
        is = view_of(v, i->from, &sum);
    vec_push(v->a, &v->done, ((struct composed){ outer, inner, is }));
    idmap_put(v->a, &v->pair, h, v->done.n);
    return is;
}

/* --- Some views ---------------------------------------------------------------------------------- */

view_id view_identity(struct views *v, i64 n)
{
    return view_make(v, n, 0, 1, &(struct vdigit){ n, 1 });
}

bool view_is_identity(const struct views *v, view_id id)
{
    const struct view *w = view_get(v, id);
    return w->from == w->to && w->first == 0 && (w->n == 0 || (w->n == 1 && w->digit[0].stride == 1));
}

bool view_is_permutation(const struct views *v, view_id id)
{
    const struct view *w = view_get(v, id);
    bool used[VIEW_DIGITS] = { false };
    i64 stride = 1;
    if (w->from != w->to || w->first != 0)
        return false;
    for (u32 k = 0; k < w->n; k++) {
        u32 i = 0;
        while (i < w->n && (used[i] || w->digit[i].stride != stride))
            i++;
        if (i == w->n)
            return false;
        used[i] = true;
        stride *= w->digit[i].extent;
    }
    return true;
}

view_id view_lead(struct views *v, view_id id, i64 n)
{
    struct view w = *view_get(v, id);
    struct vdigit d[VIEW_DIGITS + 1] = { { n, w.from } };
    i64 from;
    memcpy(d + 1, w.digit, w.n * sizeof *d);
    if (w.n == VIEW_DIGITS || __builtin_mul_overflow(w.from, n, &from))
        return 0;
    return view_make(v, from, w.first, w.n + 1, d);
}

view_id view_clone(struct views *v, i64 from, i64 n)
{
    return view_make(v, from, 0, 2, (struct vdigit[]){ { n, 0 }, { from, 1 } });
}

view_id view_part(struct views *v, i64 from, i64 n, i64 i)
{
    CHECK(n > 0 && from % n == 0 && i >= 0 && i < n);
    return view_make(v, from, i * (from / n), 1, &(struct vdigit){ from / n, 1 });
}
