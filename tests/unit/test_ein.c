/* Cascades: index arithmetic against brute force, text that reads back, what the verifier refuses. */
#include "tests/unit/unit.h"

#include "compiler/base/rng.h"
#include "compiler/ir/ein.h"

struct world { struct arena *a; struct str_pool *sp; struct srcs *srcs; struct diags ds; struct buf b, why; struct cascade *c; };

static int setup(void **state)
{
    struct world *w = test_calloc(1, sizeof *w);
    w->a = arena_new("test");
    w->sp = str_pool_new(w->a);
    w->srcs = srcs_new(w->a);
    diags_init(&w->ds, w->a, w->srcs);
    w->c = cascade_new(w->a, w->sp, str_c(w->sp, "net"));
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    buf_free(&w->b);
    buf_free(&w->why);
    arena_free(w->a);
    test_free(w);
    return 0;
}

static struct cascade *read_text(struct world *w, const char *text)
{
    return ein_read_text(w->a, w->sp, &w->ds, srcs_add(w->srcs, "t.ein", text, strlen(text)));
}

static const char *dump(struct world *w, const struct cascade *c)
{
    buf_clear(&w->b);
    ein_dump(&w->b, c);
    return w->b.at;
}

/* --- index arithmetic ------------------------------------------------------------------------ */

static i64 at(const struct cascade *c, ein_node x, const i64 *rank)
{
    const struct ein_x *y = &c->node.at[x];
    i64 a, k;
    switch (y->kind) {
    case EIN_INT: return y->i;
    case EIN_RANK: return rank[y->u];
    case EIN_IADD: return at(c, y->a, rank) + at(c, y->b, rank);
    case EIN_IMUL: return at(c, y->a, rank) * c->node.at[y->b].i;
    case EIN_IDIV: case EIN_IMOD:
        a = at(c, y->a, rank);
        k = c->node.at[y->b].i;
        if (y->kind == EIN_IDIV)
            return a >= 0 ? a / k : -((-a + k - 1) / k);
        return a - k * (a >= 0 ? a / k : -((-a + k - 1) / k));
    default: fail_msg("node %s", ein_kind_word(y->kind)); return 0;
    }
}

static void named_identities(void **state)
{
    struct world *w = *state;
    struct cascade *c = w->c;
    struct ein_rank r[4] = { { "h", 5, EIN_PAR }, { "w", 32, EIN_PAR }, { "c", 16, EIN_PAR }, { "j", 3, EIN_PAR } };
    ein_node h = ein_rank(c, 0), x = ein_rank(c, 1), ch = ein_rank(c, 2), j = ein_rank(c, 3);
#define SIMP(n) ein_simplify(c, (n), 4, r)
    ein_node hw = ein_iadd(c, ein_imul(c, h, 32), x);
    assert_int_equal(SIMP(ein_idiv(c, hw, 32)), h);
    assert_int_equal(SIMP(ein_imod(c, hw, 32)), x);
    /* k = (c*3 + i)*3 + j with i = h % 3 */
    ein_node i = ein_imod(c, h, 3), k = ein_iadd(c, ein_imul(c, ein_iadd(c, ein_imul(c, ch, 3), i), 3), j);
    assert_int_equal(SIMP(ein_idiv(c, k, 9)), ch);
    assert_int_equal(SIMP(ein_imod(c, ein_idiv(c, k, 3), 3)), i);
    assert_int_equal(SIMP(ein_imod(c, k, 3)), j);
    /* and back again */
    ein_node q = ein_rank(c, 2);
    ein_node back = ein_iadd(c, ein_imul(c, ein_idiv(c, q, 9), 9), ein_iadd(c, ein_imul(c, ein_imod(c, ein_idiv(c, q, 3), 3), 3), ein_imod(c, q, 3)));
    assert_int_equal(back, q);
    assert_int_equal(SIMP(ein_imod(c, x, 32)), x);
    assert_int_equal(SIMP(ein_idiv(c, x, 32)), ein_int(c, 0));
    assert_int_equal(SIMP(ein_idiv(c, ein_iadd(c, x, ein_int(c, -32)), 32)), ein_int(c, -1));
    assert_int_equal(ein_idiv(c, ein_idiv(c, x, 4), 8), ein_idiv(c, x, 32));
    assert_int_equal(ein_imod(c, ein_imod(c, x, 12), 4), ein_imod(c, x, 4));
    assert_int_equal(ein_iadd(c, h, x), ein_iadd(c, x, h));
    assert_int_equal(ein_iadd(c, hw, ein_imul(c, hw, -1)), ein_int(c, 0));
    assert_int_equal(ein_idiv(c, ein_int(c, -7), 2), ein_int(c, -4));
    assert_int_equal(ein_imod(c, ein_int(c, -7), 2), ein_int(c, 1));
    /* 6i + 2j over 12: the small part goes */
    assert_int_equal(SIMP(ein_idiv(c, ein_iadd(c, ein_imul(c, h, 6), ein_imul(c, j, 2)), 12)), SIMP(ein_idiv(c, h, 2)));
    /* conditions that ranges decide */
    ein_node zero = ein_int(c, 0);
    assert_int_equal(SIMP(ein_op2(c, EIN_LE, zero, x)), ein_num(c, 1));
    assert_int_equal(SIMP(ein_op2(c, EIN_LT, x, ein_int(c, 32))), ein_num(c, 1));
    assert_int_equal(SIMP(ein_op2(c, EIN_LT, ein_int(c, 40), x)), ein_num(c, 0));
    ein_node open = ein_op2(c, EIN_LT, x, ein_int(c, 31));
    assert_int_equal(SIMP(open), open);
}

/* A random index expression over two ranks, raw (not simplified) and through the constructors. */
static ein_node grow(struct cascade *c, struct rng *r, u32 depth, bool raw)
{
    static const i64 some[] = { 1, 2, 3, 4, 6, 8, 9, 12, 5 };
    u64 pick = depth ? rng_u64(r) % 10 : rng_u64(r) % 3;
    i64 k = some[rng_u64(r) % COUNTOF(some)];
    if (pick < 2)
        return ein_rank(c, (u32)pick);
    if (pick == 2)
        return ein_int(c, (i64)(rng_u64(r) % 15) - 7);
    ein_node a = grow(c, r, depth - 1, raw);
    if (pick < 6) {
        ein_node b = grow(c, r, depth - 1, raw);
        return raw ? ein_make(c, (struct ein_x){ .kind = EIN_IADD, .a = a, .b = b }, 0, NULL) : ein_iadd(c, a, b);
    }
    if (pick == 6) {
        k = rng_u64(r) % 3 ? k : -k;
        return raw ? ein_make(c, (struct ein_x){ .kind = EIN_IMUL, .a = a, .b = ein_int(c, k) }, 0, NULL) : ein_imul(c, a, k);
    }
    enum ein_kind kind = pick < 8 ? EIN_IDIV : EIN_IMOD;
    if (raw)
        return ein_make(c, (struct ein_x){ .kind = (u8)kind, .a = a, .b = ein_int(c, k) }, 0, NULL);
    return kind == EIN_IDIV ? ein_idiv(c, a, k) : ein_imod(c, a, k);
}

static void simplifier_keeps_values(void **state)
{
    struct world *w = *state;
    u32 smaller = 0;
    for (u64 n = 0; n < 4000; n++) {
        struct cascade *c = cascade_new(w->a, w->sp, "x");
        struct rng r1 = rng_make(1, n, 0), r2 = r1, ext = rng_make(2, n, 0);
        ein_node raw = grow(c, &r1, 5, true), made = grow(c, &r2, 5, false);
        struct ein_rank rank[2] = { { "a", 1 + (i64)(rng_u64(&ext) % 13), EIN_PAR }, { "b", 1 + (i64)(rng_u64(&ext) % 9), EIN_PAR } };
        ein_node simple = ein_simplify(c, raw, 2, rank), simple2 = ein_simplify(c, made, 2, rank);
        i64 lo, hi, lo2, hi2;
        assert_true(ein_range(c, raw, 2, rank, &lo, &hi));
        assert_true(ein_range(c, simple, 2, rank, &lo2, &hi2));
        ein_nodes before = { 0 }, after = { 0 };
        ein_reach(w->a, c, raw, &before);
        ein_reach(w->a, c, simple, &after);
        smaller += after.n < before.n;
        for (i64 a = 0; a < rank[0].ext; a++)
            for (i64 b = 0; b < rank[1].ext; b++) {
                i64 p[2] = { a, b }, v = at(c, raw, p);
                if (at(c, made, p) != v || at(c, simple, p) != v || at(c, simple2, p) != v)
                    fail_msg("expression %llu changes at %lld, %lld", (unsigned long long)n, (long long)a, (long long)b);
                assert_in_range(v - lo, 0, hi - lo);
                assert_in_range(v - lo2, 0, hi2 - lo2);
            }
    }
    assert_true(smaller > 2000);
}

static void substitution(void **state)
{
    struct world *w = *state;
    struct cascade *c = w->c;
    ein_ext dim[2] = { 8, 8 };
    u32 t = cascade_tens(c, (struct ein_tens){ .name = "x", .role = EIN_IN, .dtype = DT_F32, .ndim = 2, .dim = dim });
    ein_node sub[2] = { ein_rank(c, 0), ein_rank(c, 1) }, read = ein_read(c, t, 2, sub, 0);
    ein_node twice = ein_op2(c, EIN_MUL, read, ein_op1(c, EIN_EXP, read));
    ein_node with[2] = { ein_rank(c, 1), ein_rank(c, 0) };
    ein_node swapped = ein_subst(c, twice, 2, with);
    assert_int_not_equal(swapped, twice);
    assert_int_equal(ein_subst(c, swapped, 2, with), twice);
    ein_node keep[2] = { 0, 0 };
    assert_int_equal(ein_subst(c, twice, 2, keep), twice);
    /* names are made unique */
    u32 t2 = cascade_tens(c, (struct ein_tens){ .name = "x", .role = EIN_TEMP, .dtype = DT_F32, .ndim = 2, .dim = dim });
    assert_string_not_equal(c->tens.at[t2].name, "x");
}

/* --- text ------------------------------------------------------------------------------------ */

static const char whole[] =
    "(cascade net training)\n"
    "(sym batch 1 2147483648 1 call)\n"
    "(sym n 1 64 8 plan)\n"
    "(tens x in f32 run (dims batch 8))\n"
    "(tens \"a b.w\" param f32 load (dims 4 8) (init kaiming_uniform 8.0 0.0) (number 0))\n"
    "(tens s state f32 run (dims 4) (init ones 0.0 0.0) (number 1))\n"
    "(tens s.next next f32 run (dims 4) (of s))\n"
    "(tens k const f32 const (dims 2)\n  (value 1.0 -0.5))\n"
    "(tens y out f32 run (dims batch 4))\n"
    "(tens h temp f32 run (dims batch 9) (last))\n"
    "(tens p temp i32 run (dims batch))\n"
    "(tens n0 temp f32 run (dims batch))\n"
    "(tens n1 temp f32 run (dims batch))\n"
    "(monoid mean 2 1\n  (zero 0.0 0.0)\n  (lift 1.0 (arg 0))\n  (merge (add (arg 0) (arg 2)) (add (arg 1) (arg 3))))\n"
    "(eq (out h) (lhs r0 0) (rank batch par batch) (acc f32)\n  (body 0.0)\n  (phase run))\n"
    "(eq (out h) (lhs r0 (iadd r1 1)) (rank batch par batch) (rank t par 8) (acc f32)\n"
    "  (body (add (read h r0 r1) (read x r0 r1)))\n  (scan 1 1)\n  (phase run) (prov a.cumsum))\n"
    "(eq (out y) (lhs r0 r1) (rank batch par batch) (rank d par 4) (rank k red 8) (red add) (acc f32) (as_written)\n"
    "  (body (mul (read x r0 (iadd r2 -1) (pad 0.0)) (read \"a b.w\" r1 r2)))\n"
    "  (guard (le r2 r1))\n  (post (max (acc 0) 0.0))\n  (phase run) (group 3))\n"
    "(eq (out s.next) (lhs r0) (rank - par 4) (acc f32)\n  (body (select (lt (read s r0) 1.0) 2.0 (read k (imod r0 2))))\n  (phase run))\n"
    "(eq (out p) (lhs r0) (rank batch par batch) (rank k red 8) (red argmax) (acc f32)\n  (body (read x r0 r1))\n  (phase run))\n"
    "(eq (out n0 n1) (lhs r0) (rank batch par batch) (rank k red 8) (red user mean) (acc f32)\n"
    "  (body (read x r0 (gather p r0) (pad nan)))\n  (phase run))\n";

static void text_round_trip(void **state)
{
    struct world *w = *state;
    struct cascade *c = read_text(w, whole);
    if (!c) {
        diag_render(&w->why, &w->ds, w->ds.all.at[0], false);
        fail_msg("%s", w->why.at);
    }
    assert_string_equal(dump(w, c), whole);
    if (!ein_verify(c, &w->why))
        fail_msg("%s", w->why.at);
    struct arena *other = arena_new("copy");
    struct cascade *copy = ein_copy(other, c);
    assert_string_equal(dump(w, copy), whole);
    arena_free(other);
}

/* A graph whose tree would have 2^60 nodes, and one deeper than records may nest. */
static void text_is_no_longer_than_the_graph(void **state)
{
    struct world *w = *state;
    struct cascade *c = w->c;
    ein_ext dim[1] = { 4 };
    u32 x = cascade_tens(c, (struct ein_tens){ .name = "x", .role = EIN_IN, .dtype = DT_F32, .ndim = 1, .dim = dim });
    u32 y = cascade_tens(c, (struct ein_tens){ .name = "y", .role = EIN_OUT, .dtype = DT_F32, .ndim = 1, .dim = dim });
    ein_node k = ein_rank(c, 0), v = ein_read(c, x, 1, &k, 0);
    for (u32 i = 0; i < 60; i++)
        v = ein_op2(c, EIN_ADD, ein_op1(c, EIN_TANH, v), v);
    for (u32 i = 0; i < 500; i++)
        v = ein_op1(c, EIN_TANH, v);
    struct ein_rank r = { "i", 4, EIN_PAR };
    cascade_eq(c, (struct ein_eq){ .nout = 1, .out = &y, .nsub = 1, .sub = &k, .nrank = 1, .rank = &r, .acc = DT_F32, .nbody = 1, .body = &v });
    ein_phases(c);
    if (!ein_verify(c, &w->why))
        fail_msg("%s", w->why.at);
    char *text = arena_strdup(w->a, dump(w, c));
    assert_true(strlen(text) < 20000);
    struct cascade *back = read_text(w, text);
    assert_non_null(back);
    assert_string_equal(dump(w, back), text);
}

/* The second equation of the scan reads an input, the first a parameter only: both run with each forward pass, in one launch. */
static void a_scan_has_one_phase(void **state)
{
    struct world *w = *state;
    struct cascade *c = read_text(w, "(cascade c)\n(tens w0 param f32 load (dims 4) (init constant 0.5 0.0) (number 0))\n(tens x1 in f32 run (dims 4))\n"
        "(tens t2 temp f32 load (dims 4))\n(tens y3 out f32 run (dims 4))\n"
        "(eq (out t2) (lhs r0) (rank t par 4) (acc f32)\n  (body (abs (read w0 r0)))\n  (scan 1 0)\n  (phase load))\n"
        "(eq (out y3) (lhs r0) (rank t par 4) (acc f32)\n  (body (mul (read t2 r0) (read x1 r0)))\n  (scan 1 0)\n  (phase run))\n");
    assert_non_null(c);
    ein_phases(c);
    assert_int_equal(c->eq.at[0].phase, EIN_PHASE_RUN);
    assert_int_equal(c->tens.at[c->eq.at[0].out[0]].phase, EIN_PHASE_RUN);
    assert_int_equal(c->eq.at[1].phase, EIN_PHASE_RUN);
}

static void bad_texts(void **state)
{
    struct world *w = *state;
    static const struct { enum diag_code code; const char *text; } bad[] = {
        { E0808, "(tens x in f32 run (dims 4))" },
        { E0808, "" },
        { E0845, "(cascade c) (tens x temp f32 run (dims 4)) (eq (out x) (lhs r0) (rank i par 4) (acc f32) (body (read z r0)))" },
        { E0845, "(cascade c) (tens x temp f32 run (dims 4)) (eq (out x) (lhs r0) (rank i par 4) (acc f32) (body %1))" },
        { E0845, "(cascade c) (tens x temp f32 run (dims q))" },
        { E0846, "(cascade c) (tens x tmp f32 run (dims 4))" },
        { E0846, "(cascade c) (tens x temp f31 run (dims 4))" },
        { E0846, "(cascade c) (tens x temp f32 run (dims 4)) (eq (out x) (lhs r0) (rank i par 4) (acc f32) (body (ad 1.0 2.0)))" },
        { E0846, "(cascade c) (tens x temp f32 run (dims 4)) (eq (out x) (lhs r0) (rank i par 4) (acc f32) (bodi 1.0))" },
        { E0847, "(cascade c) (tens x temp f32 run (dims 0))" },
        { E0847, "(cascade c) (sym n 0 4 1 plan)" },
        { E0847, "(cascade c) (tens x temp f32 run (dims 4)) (eq (out x) (lhs 9223372036854775807) (acc f32) (body 1.0))" },
        { E0848, "(cascade c) (tens x temp f32 run (dims 4)) (eq (out x) (lhs r0) (rank i par 4) (acc f32) (body 5))" },
        { E0848, "(cascade c) (tens x temp f32 run (dims 4)) (eq (out x) (lhs (idiv r0 0)) (rank i par 4) (acc f32) (body 5.0))" },
        { E0848, "(cascade c) (tens x temp f32 run (dims 4)) (eq (out x) (lhs (imul r0 r0)) (rank i par 4) (acc f32) (body 5.0))" },
        { E0848, "(cascade c) (tens x temp f32 run (dims 4)) (eq (out x) (lhs r0) (rank i par 4) (acc f32) (body (read x)))" },
        { E0849, "(cascade c) (tens x temp f32 run (dims 4)) (tens x temp f32 run (dims 4))" },
        { E0809, "(cascade c) (tens x const f32 run (dims 4) (value 1.0))" },
        { E0809, "(cascade c) (tens x param f32 run (dims 4))" },
        { E0806, "(cascade c) (tens x temp f32 run (dims 4)) (eq (out x) (lhs r0) (rank i par 4) (acc f32) (body 1.0) (scan 1))" },
    };
    for (u32 i = 0; i < COUNTOF(bad); i++) {
        diags_init(&w->ds, w->a, w->srcs);
        assert_null(read_text(w, bad[i].text));
        assert_int_equal(w->ds.nerrors, 1);
        if (w->ds.all.at[0]->code != bad[i].code)
            fail_msg("%s: %s", bad[i].text, w->ds.all.at[0]->text);
        assert_int_not_equal(w->ds.all.at[0]->loc.file, 0);
    }
}

/* --- verifier -------------------------------------------------------------------------------- */

#define HEAD "(cascade c) (tens x in f32 run (dims batch 8)) (tens i in i32 run (dims batch 8)) (tens y out f32 run (dims batch 8))\n"
#define MAP "(eq (out y) (lhs r0 r1) (rank b par batch) (rank k par 8) (acc f32)"

static void verifier_accepts(void **state)
{
    struct world *w = *state;
    static const char *const good[] = {
        HEAD MAP "(body (read x r0 r1)))",
        HEAD MAP "(body (read x r0 (iadd r1 1) (pad 0.0))))",
        /* in range by a select, by a guard, by a remainder */
        HEAD MAP "(body (select (lt r1 7) (read x r0 (iadd r1 1)) 0.0)))",
        HEAD MAP "(body (select (le 7 r1) 0.0 (read x r0 (iadd r1 1)))))",
        HEAD MAP "(body (select (and (lt 2 r1) (lt r1 7)) (read x r0 (iadd r1 -3)) 0.0)))",
        HEAD MAP "(body (select (lt (idiv (iadd r1 1) 2) 4) (read x r0 (iadd r1 1)) 0.0)))",
        HEAD MAP "(body (select (le 1 (idiv (imul r1 2) 6)) (read x r0 (iadd r1 -3)) 0.0)))",
        HEAD MAP "(body (select (lt (idiv (imul r1 7) 6) 1) (read x r0 (imul (idiv (imul r1 7) 18) 9)) 0.0)))",
        HEAD MAP "(body (read x r0 (imod (gather i r0 r1) 8))))",
        HEAD "(eq (out y) (lhs r0 r1) (rank b par batch) (rank k par 8) (rank m red 8) (red add) (acc f32)"
             "(body (read x r0 (iadd r1 (imul r2 -1)))) (guard (le r2 r1)))",
        /* two regions: side by side, and interleaved */
        HEAD "(eq (out y) (lhs r0 r1) (rank b par batch) (rank k par 3) (acc f32) (body 1.0))"
             "(eq (out y) (lhs r0 (iadd r1 3)) (rank b par batch) (rank k par 5) (acc f32) (body 2.0))",
        HEAD "(eq (out y) (lhs r0 (imul r1 2)) (rank b par batch) (rank k par 4) (acc f32) (body 1.0))"
             "(eq (out y) (lhs r0 (iadd (imul r1 2) 1)) (rank b par batch) (rank k par 4) (acc f32) (body 2.0))",
        HEAD "(eq (out y) (lhs r0 (iadd (imul r1 2) r2)) (rank b par batch) (rank k par 4) (rank j par 2) (acc f32) (body 1.0))",
        /* found by counting */
        HEAD "(eq (out y) (lhs r0 (imod (iadd r1 3) 8)) (rank b par batch) (rank k par 8) (acc f32) (body 1.0))",
        HEAD MAP "(body (cast f32 (read i r0 r1))))",
        HEAD MAP "(body (ofint r1)))",
    };
    for (u32 i = 0; i < COUNTOF(good); i++) {
        struct cascade *c = read_text(w, good[i]);
        assert_non_null(c);
        buf_clear(&w->why);
        if (!ein_verify(c, &w->why))
            fail_msg("%s: %s", good[i], w->why.at);
    }
}

static void verifier_refuses(void **state)
{
    struct world *w = *state;
    static const struct { const char *why, *text; } bad[] = {
        { "nothing writes", HEAD },
        { "not proven in range", HEAD MAP "(body (read x r0 (iadd r1 1))))" },
        { "not proven in range", HEAD MAP "(body (read x r1 r1)))" },
        { "not proven in range", HEAD MAP "(body (select (lt r1 8) (read x r0 (iadd r1 1)) 0.0)))" },
        { "not proven in range", HEAD MAP "(body (read x r0 (gather i r0 r1))))" },
        { "not proven in range", HEAD MAP "(body (add (select (lt r1 7) (read x r0 (iadd r1 1)) 0.0) (read x r0 (iadd r1 1)))))" },
        { "not proven in range", HEAD MAP "(body (read x r0 (iadd r1 1) (pad (read x r0 (iadd r1 2))))))" },
        { "not proven in range", HEAD MAP "(body (select (lt (idiv (iadd r1 1) 2) 5) (read x r0 (iadd r1 1)) 0.0)))" },
        { "not proven in range", HEAD MAP "(body (select (le 1 (idiv (imul r1 2) 3)) (read x r0 (iadd r1 -3)) 0.0)))" },
        { "does not hold integers", HEAD MAP "(body (read x r0 (gather x r0 r1) (pad 0.0))))" },
        { "not proven within", HEAD "(eq (out y) (lhs r0 (iadd r1 1)) (rank b par batch) (rank k par 8) (acc f32) (body 1.0))" },
        { "are written", HEAD "(eq (out y) (lhs r0 r1) (rank b par batch) (rank k par 7) (acc f32) (body 1.0))" },
        { "are written", HEAD "(eq (out y) (lhs 0 r0) (rank k par 8) (acc f32) (body 1.0))" },
        { "written already", HEAD "(eq (out y) (lhs r0 r1) (rank b par batch) (rank k par 4) (acc f32) (body 1.0))"
                                  "(eq (out y) (lhs r0 (iadd r1 3)) (rank b par batch) (rank k par 4) (acc f32) (body 2.0))" },
        { "written already", HEAD "(eq (out y) (lhs r0 (imod r1 4)) (rank b par batch) (rank k par 8) (acc f32) (body 1.0))" },
        { "written already", HEAD MAP "(body 1.0))" MAP "(body 2.0))" },
        { "cast is missing", HEAD MAP "(body (read i r0 r1)))" },
        { "cast is missing", HEAD MAP "(body (add (read x r0 r1) (read i r0 r1))))" },
        { "cast is missing", HEAD MAP "(body (mul (lt r1 4) (read x r0 r1))))" },
        { "condition", HEAD MAP "(body (select (read x r0 r1) 1.0 0.0)))" },
        { "condition", HEAD MAP "(body 1.0) (guard (read x r0 r1)))" },
        { "mentions rank r2", HEAD MAP "(body (read x r0 r2)))" },
        { "mentions (acc 0)", HEAD MAP "(body (acc 0)))" },
        { "mentions rank r2", HEAD "(eq (out y) (lhs r0 r1) (rank b par batch) (rank k par 8) (rank m red 8) (red add) (acc f32)"
                                   "(body 1.0) (post (mul (acc 0) (ofint r2))))" },
        { "without a reduction", HEAD "(eq (out y) (lhs r0 r1) (rank b par batch) (rank k par 8) (rank m red 8) (acc f32) (body 1.0))" },
        { "not its to write", HEAD MAP "(body 1.0))(eq (out x) (lhs r0 r1) (rank b par batch) (rank k par 8) (acc f32) (body 1.0))" },
        { "writes later", "(cascade c) (tens t temp f32 run (dims 4)) (tens y out f32 run (dims 4))"
                          "(eq (out y) (lhs r0) (rank k par 4) (acc f32) (body (read t r0)))(eq (out t) (lhs r0) (rank k par 4) (acc f32) (body 1.0))" },
        { "not written yet", "(cascade c) (tens y out f32 run (dims 5)) (eq (out y) (lhs 0) (acc f32) (body 0.0))"
                             "(eq (out y) (lhs (iadd r0 1)) (rank t par 4) (acc f32) (body (read y (iadd r0 1))) (scan 1 0))" },
        { "not written yet", "(cascade c) (tens y out f32 run (dims 5)) (eq (out y) (lhs 0) (acc f32) (body 0.0))"
                             "(eq (out y) (lhs (iadd r0 1)) (rank t par 4) (acc f32) (body (read y r0)) (scan 1 0 down))" },
        { "number 0, which is taken", "(cascade c) (tens a param f32 load (dims 4) (init ones 0.0 0.0) (number 0))"
                                      "(tens b param f32 load (dims 4) (init ones 0.0 0.0) (number 0))" },
        { "no state", "(cascade c) (tens a param f32 load (dims 4) (init ones 0.0 0.0) (number 0)) (tens b next f32 run (dims 4) (of a))" },
        { "mentions (arg 1)", "(cascade c) (monoid m 1 1 (zero 0.0) (lift (arg 1)) (merge (arg 0)))" },
        { "parallel rank r1 after", HEAD "(eq (out y) (lhs r1 r2) (rank k red 8) (rank b par batch) (rank j par 8) (red add) (acc f32) (body 1.0))" },
        { "do not stand together", "(cascade c) (tens y out f32 run (dims 4)) (tens z out f32 run (dims 4)) (tens u out f32 run (dims 4))"
            "(eq (out y) (lhs r0) (rank t par 4) (acc f32) (body 1.0) (scan 1 0)) (eq (out z) (lhs r0) (rank t par 4) (acc f32) (body 1.0))"
            "(eq (out u) (lhs r0) (rank t par 4) (acc f32) (body 1.0) (scan 1 0))" },
    };
    for (u32 i = 0; i < COUNTOF(bad); i++) {
        struct cascade *c = read_text(w, bad[i].text);
        if (!c)
            fail_msg("%s: %s", bad[i].text, w->ds.all.at[0]->text);
        buf_clear(&w->why);
        if (ein_verify(c, &w->why))
            fail_msg("accepted: %s", bad[i].text);
        if (!strstr(w->why.at, bad[i].why))
            fail_msg("%s: %s", bad[i].text, w->why.at);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(named_identities, setup, teardown),
        cmocka_unit_test_setup_teardown(simplifier_keeps_values, setup, teardown),
        cmocka_unit_test_setup_teardown(substitution, setup, teardown),
        cmocka_unit_test_setup_teardown(text_round_trip, setup, teardown),
        cmocka_unit_test_setup_teardown(text_is_no_longer_than_the_graph, setup, teardown),
        cmocka_unit_test_setup_teardown(a_scan_has_one_phase, setup, teardown),
        cmocka_unit_test_setup_teardown(bad_texts, setup, teardown),
        cmocka_unit_test_setup_teardown(verifier_accepts, setup, teardown),
        cmocka_unit_test_setup_teardown(verifier_refuses, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
