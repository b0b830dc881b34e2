/* Every derivation, once and in order, on the tables and by the elaborator alike. */
#include "tests/unit/gram_world.h"
#include "compiler/base/clock.h"
#include "compiler/base/hash.h"
#include "compiler/base/real.h"
#include "grammar/enumerate.h"
#include "grammar/tally_typed.h"

#include <stdlib.h>

struct all { u64 n; u64 hash; double mass; u32 nlast, last[4096]; };

/* In order, all different; their texts, numbers and probabilities in one hash. */
static struct all enumerate(struct world *w, u32 depth, bool tables, bool texts)
{
    struct all r = {0};
    struct enumeration *e = enumerate_open(w->g, world_space(w, NULL), depth);
    assert_non_null(e);
    enumerate_use_tables(e, tables);
    const struct notation *n = texts ? notation_build(w->g, world_space(w, NULL)) : NULL;
    struct buf b = {0};
    struct sample s;
    while (enumerate_next(e, &s)) {
        u32 i = 0;
        assert_true(s.index == r.n);
        while (i < s.ndecided && i < r.nlast && s.decided[i] == r.last[i])
            i++;
        if (r.n)
            assert_true(i < s.ndecided && i < r.nlast && s.decided[i] > r.last[i]);
        r.nlast = s.ndecided;
        memcpy(r.last, s.decided, s.ndecided * sizeof(u32));
        r.n++;
        r.mass += real_exp(s.logp);
        r.hash = hash64_seed(s.decided, s.ndecided * sizeof(u32), r.hash);
        u64 num[] = {s.depth, s.nodes, (u64)s.count.params, (u64)s.count.macs};
        r.hash = hash64_seed(num, sizeof num, r.hash);
        if (n) {
            buf_clear(&b);
            enumerate_text(e, n, &b);
            r.hash = hash64_seed(b.at, b.n, r.hash);
        }
    }
    buf_free(&b);
    enumerate_close(e);
    return r;
}

static void load(struct world *w, const char *text)
{
    world_begin(w, text);
    world_load(w);
}

#define OPS "import std.nn\n"
#define SPACE(body) "space s(x: [8, 8]) -> [8, 8] { " body " } as \"$a\"\n"

static void both_ways(void **state)
{
    (void)state;
    static const struct { const char *text; u32 depth; u64 n; } t[] = {
        {OPS "rule A(x) = relu(x) as \"r\" | gelu(x) as \"g\" | x |> a:A |> b:A as \"($a $b)\"\n" SPACE("x |> a:A"), 4, 1446},
        /* types refuse: only squares stay; what is refused is not given */
        {OPS "op cut(x: [A, B]) -> y: [A, C] where C = B - 3, C >= 1 { rank c: C; y[a, c] = x[a, c] }\n"
             "rule A(x) = x as \"x\" | x |> cut |> a:A as \"c$a\" | relu(x) |> a:A as \"r$a\"\n"
             "space s(x: [8, 8]) -> [8, _8] { x |> a:A } as \"$a\"\nconst _8 = 5\n", 5, 0},
        {OPS "rule A(x) = 0 -> relu(x) as \"never\" | x as \"x\" | { let n = choose {1, 2}; x |> repeat n { l:B } } as \"${n}[${l|,}]\"\n"
             "rule B(x) = relu(x) as \"r\" | gelu(x) where depth < 9 as \"g\"\n" SPACE("x |> a:A"), 0, 1 + 2 + 4},
        {OPS "op clones[N](x: [..]) -> y: [N, ..] { y[n, ..] = x[..] }\nop first(x: [N, ..]) -> y: [..] { y[..] = x[0, ..] }\n"
             "rule A(x) = for n in {2, 3}: { let p = clones[n](x); each b:B(p) |> first } as \"$n$b\" | { let c = once b:B; x |> repeat 2 { c } } as \"o$b\"\n"
             "rule B(x) = relu(x) as \"r\" | x |> c:B as \"b$c\"\n" SPACE("limit nodes 7; x |> a:A"), 6, 0},
        {OPS "rule A(x) = { let c = share b:B; x |> repeat 2 { c } } as \"s$b\" | x |> b:B as \"$b\"\nrule B(x) = relu(x) as \"r\" | x |> linear[8] as \"l\"\n"
             SPACE("x |> a:A"), 0, 4},
    };
    for (u32 i = 0; i < COUNTOF(t); i++) {
        struct world w;
        load(&w, t[i].text);
        struct all fast = enumerate(&w, t[i].depth, true, true), slow = enumerate(&w, t[i].depth, false, true);
        assert_int_equal(fast.n, slow.n);
        assert_true(fast.hash == slow.hash);
        assert_true(fast.n > 0);
        if (t[i].n)
            assert_int_equal(fast.n, t[i].n);
        world_end(&w);
    }
}

/* All of it is drawn with probability 1. */
static void whole(void **state)
{
    (void)state;
    struct world w;
    load(&w, OPS "rule A(x) = 0.2 -> relu(x) as \"r\" | gelu(x) as \"g\" | x |> a:B |> b:B as \"($a $b)\"\nrule B(x) = relu(x) as \"r\" | 0.9 -> silu(x) as \"s\"\n"
                 SPACE("x |> a:A"));
    struct all r = enumerate(&w, 0, true, true);
    assert_int_equal(r.n, 6);
    assert_true(r.mass > 1 - 1e-12 && r.mass < 1 + 1e-12);
    world_end(&w);
    load(&w, OPS "rule A(x) = relu(x) as \"r\" | x |> a:A as \"a$a\"\n" SPACE("x |> a:A"));
    assert_null(enumerate_open(w.g, world_space(&w, NULL), 0));
    assert_int_equal(w.ds.nerrors, 1);
    assert_int_equal(w.ds.all.at[w.ds.all.n - 1]->code, E0692);
    world_end(&w);
}

/* Numbers on the tables, against each one there is. */
static void counted(void **state)
{
    (void)state;
    static const struct { const char *text; u32 depth; } t[] = {
        {OPS "rule A(x) = relu(x) as \"r\" | gelu(x) as \"g\" | x |> a:A |> b:A as \"($a $b)\"\n" SPACE("x |> a:A"), 4},
        /* axes get shorter, until nothing fits; and rows are folded, and unfolded where they remember it */
        {OPS "op cut[N](x: [A, B]) -> y: [A, C] where C = B - N, C >= 1 { rank c: C; y[a, c] = x[a, c] }\n"
             "rule A(x) = x as \"x\" | for n in {1, 3}: x |> cut[n] |> a:A as \"c$n$a\" | x |> a:A |> b:A as \"($a $b)\"\n"
             "space s(x: [8, 8]) -> [8, 5] { x |> a:A } as \"$a\"\n", 5},
        {OPS "op fold_up(x: [A, B]) -> y: [(A B)] { y[(a b)] = x[a, b] }\nop unfold(x: [(A B)]) -> y: [B, A] { y[b, a] = x[(a b)] }\n"
             "rule A(x) = x as \"x\" | x |> fold_up |> a:A as \"f$a\" | x |> unfold |> a:A as \"u$a\" | x |> relu |> a:A as \"r$a\"\n"
             "space s(x: [4, 8]) -> [8, 4] { x |> a:A } as \"$a\"\n", 6},
        {OPS "rule A(x) = relu(x) where depth > 2 as \"r\" | gelu(x) as \"g\" | (if depth < 3 then 1/2 else 0) -> { let n = choose {1, 2}; x |> repeat n { l:A } } as \"${n}[${l|,}]\"\n"
             SPACE("x |> a:A"), 7},
        {OPS "op clones[N](x: [..]) -> y: [N, ..] { y[n, ..] = x[..] }\nop first(x: [N, ..]) -> y: [..] { y[..] = x[0, ..] }\n"
             "rule A(x) = for n in {2, 3}: { let p = clones[n](x); each b:B(p) |> first } as \"$n$b\" | x |> b:B |> c:A as \"$b$c\"\n"
             "rule B(x) = relu(x) as \"r\" | x |> linear[8] as \"l\" | x |> linear[4] |> linear[8] as \"L\"\n" SPACE("x |> a:A"), 5},
    };
    for (u32 i = 0; i < COUNTOF(t); i++) {
        struct world w;
        load(&w, t[i].text);
        struct typed_tally *y = typed_tally_new(w.g, world_space(&w, NULL), NULL, t[i].depth, 10000000, NULL);
        assert_int_equal(y->how, TT_TABLES);
        assert_int_equal(y->n, t[i].depth + 1);
        for (u32 d = 1; d <= t[i].depth; d++) {
            struct all r = enumerate(&w, d, true, false);
            if (r.n != mpz_get_ui(y->upto[d]))
                fail_msg("space %u to depth %u: %llu counted, %llu there", i, d, (unsigned long long)mpz_get_ui(y->upto[d]), (unsigned long long)r.n);
        }
        assert_true(mpz_cmp_ui(y->upto[t[i].depth], 0) > 0);
        typed_tally_free(y);
        /* with little work allowed it says so, and what is said is right */
        y = typed_tally_new(w.g, world_space(&w, NULL), NULL, t[i].depth, 5, NULL);
        assert_int_equal(y->why, TT_WORK);
        assert_true(y->n <= t[i].depth);
        typed_tally_free(y);
        world_end(&w);
    }
}

static void cells(void **state)
{
    (void)state;
    struct world w;
    load(&w, "import std.spaces.nas_bench_201\nimport std.nn\n"
             "space s(x: [3, 32, 32]) -> [10] { let c = once k:Cell; x |> conv[16] |> repeat 5 { c } |> reduce[32] |> repeat 5 { c } |> global_avg_pool |> linear[10] } as \"$k\"");
    u64 t = clock_now();
    struct all r = enumerate(&w, 0, true, false);
    t = clock_now() - t;
    assert_int_equal(r.n, 15625);
    if (getenv("NASC_TEST_TIMES"))
        print_message("15,625 cells in %.3f s\n", (double)t * 1e-9);
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(both_ways), cmocka_unit_test(whole), cmocka_unit_test(counted), cmocka_unit_test(cells)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
