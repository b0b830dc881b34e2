/* Views: equal ids for equal functions, compositions against places worked out one by one, and what is refused. */
#include "tests/unit/unit.h"

#include "compiler/base/hash.h"
#include "compiler/ir/view.h"

static u64 state;
static u32 next(u32 n)
{
    state = hash64_seed(&state, sizeof state, 11);
    return (u32)(state % n);
}

/* A permutation of axes, a split or fold of them, a slice, a clone, a pick, a window or a reversal of something of n elements. */
static view_id any(struct views *v, i64 n)
{
    static const i64 of[] = { 1, 2, 3, 4, 6, 8 };
    i64 a = of[next(6)], b = of[next(6)];
    struct vdigit d[4];
    if (n % (a * b))
        a = b = 1;
    i64 c = n / a / b;
    switch (next(7)) {
    case 0: return view_make(v, n, 0, 3, (struct vdigit[]){ { c, 1 }, { a, b * c }, { b, c } });
    case 1: return view_make(v, n, 0, 3, (struct vdigit[]){ { b, c }, { a, b * c }, { c, 1 } });
    case 2: return view_make(v, n, (a - 1) * b * c, 2, (struct vdigit[]){ { b, c }, { c, 1 } });
    case 3: return view_clone(v, n, 2);
    case 4: return view_part(v, n, a, a - 1);
    case 5: return view_make(v, n, n - 1, 1, &(struct vdigit){ n, -1 });
    default:
        d[0] = (struct vdigit){ MAX(n / 2, 1), 1 };
        d[1] = (struct vdigit){ n / 2 >= 1 ? 2 : 1, 1 };
        return view_make(v, n, 0, 2, d);
    }
}

static bool same_places(const struct view *a, const struct view *b)
{
    bool same = a->to == b->to && a->from == b->from;
    for (i64 i = 0; same && i < a->to; i++)
        same = view_at(a, i) == view_at(b, i);
    return same;
}

/* Chains of random views: what composes does so to the function it is, and two compositions have one id exactly if they are one function. */
static void composed(void **ctx)
{
    (void)ctx;
    struct arena *a = arena_new("t");
    struct views *v = views_new(a);
    view_id all[600];
    u32 n = 0, refused = 0;
    state = 5;
    for (u32 k = 0; k < COUNTOF(all); k++) {
        static const i64 size[] = { 1, 6, 12, 24, 36, 48 };
        view_id id = view_identity(v, size[next(6)]);
        for (u32 i = 0; i < 4; i++) {
            struct view inner = *view_get(v, id);
            view_id outer = any(v, inner.to), both;
            assert_true(outer != 0);
            struct view o = *view_get(v, outer);
            both = view_compose(v, outer, id);
            i64 at[1024], used = 0;
            for (i64 p = 0; p < o.to; p++)
                at[used++] = view_at(&inner, view_at(&o, p));
            if (!both) {
                refused++;
                break;
            }
            struct view w = *view_get(v, both);
            assert_int_equal(w.to, o.to);
            assert_int_equal(w.from, inner.from);
            for (i64 p = 0; p < used; p++)
                assert_int_equal(view_at(&w, p), at[p]);
            assert_true(view_compose(v, outer, id) == both);
            id = both;
            if (view_get(v, id)->to > 500)
                break;
        }
        all[n++] = id;
    }
    assert_true(refused > 5 && refused < n / 3);
    u32 equal = 0;
    for (u32 i = 0; i < n; i++)
        for (u32 k = 0; k < i; k++) {
            bool same = same_places(view_get(v, all[i]), view_get(v, all[k]));
            equal += same;
            assert_true(same == (all[i] == all[k]));
        }
    assert_true(equal > 100);
    arena_free(a);
}

static void known(void **ctx)
{
    (void)ctx;
    struct arena *a = arena_new("t");
    struct views *v = views_new(a);
    view_id id = view_identity(v, 24), t = view_make(v, 24, 0, 2, (struct vdigit[]){ { 6, 1 }, { 4, 6 } });     /* [4, 6] -> [6, 4] */
    view_id back = view_make(v, 24, 0, 2, (struct vdigit[]){ { 4, 1 }, { 6, 4 } });
    assert_true(view_compose(v, back, t) == id);
    assert_true(view_is_identity(v, id) && !view_is_identity(v, t));
    assert_true(view_is_permutation(v, t) && view_is_permutation(v, id));
    /* The same digits written otherwise. */
    assert_true(view_make(v, 24, 0, 3, (struct vdigit[]){ { 2, 12 }, { 1, 5 }, { 12, 1 } }) == id);
    assert_true(view_make(v, 24, 0, 4, (struct vdigit[]){ { 3, 2 }, { 2, 1 }, { 2, 12 }, { 2, 6 } }) == t);
    /* Clone and pick, split and pick. */
    view_id clones = view_clone(v, 24, 4);
    assert_false(view_is_permutation(v, clones));
    for (i64 i = 0; i < 4; i++)
        assert_true(view_compose(v, view_part(v, 96, 4, i), clones) == id);
    view_id half = view_part(v, 24, 2, 1);
    assert_int_equal(view_get(v, half)->first, 12);
    assert_true(view_compose(v, view_part(v, 12, 2, 1), half) == view_part(v, 24, 4, 3));
    /* Side by side. */
    view_id both = view_lead(v, t, 3);
    assert_true(view_compose(v, view_lead(v, back, 3), both) == view_identity(v, 72));
    assert_true(view_compose(v, view_part(v, 72, 3, 1), both) == view_compose(v, t, view_part(v, 72, 3, 1)));
    /* A slice reshaped across its edges is no view: [3, 5] -> [3, 4] -> [2, 6] -> its second row. */
    view_id cut = view_make(v, 15, 0, 2, (struct vdigit[]){ { 3, 5 }, { 4, 1 } });
    assert_int_equal(view_compose(v, view_part(v, 12, 2, 1), cut), 0);
    /* Digits that do not nest, but the function is one: the last column of windows. */
    view_id window = view_make(v, 10, 0, 2, (struct vdigit[]){ { 8, 1 }, { 3, 1 } });
    assert_true(view_compose(v, view_make(v, 24, 2, 1, &(struct vdigit){ 8, 3 }), window) == view_make(v, 10, 2, 1, &(struct vdigit){ 8, 1 }));
    /* Places outside of the source. */
    assert_int_equal(view_make(v, 10, 3, 1, &(struct vdigit){ 8, 1 }), 0);
    assert_int_equal(view_make(v, 10, 3, 1, &(struct vdigit){ 5, -1 }), 0);
    /* One hash everywhere. */
    struct views *other = views_new(a);
    view_clone(other, 3, 2);
    view_id again = view_make(other, 24, 0, 2, (struct vdigit[]){ { 6, 1 }, { 4, 6 } });
    assert_true(view_get(other, again)->hash.lo == view_get(v, t)->hash.lo && view_get(other, again)->hash.hi == view_get(v, t)->hash.hi);
    assert_false(view_get(v, back)->hash.lo == view_get(v, t)->hash.lo);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(known), cmocka_unit_test(composed) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
