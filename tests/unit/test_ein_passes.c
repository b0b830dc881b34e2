/* The rewrites of cascades: what they make of known texts, and that nothing they do changes a value: random chains of
 * views, maps and reductions are evaluated before and after each pass.  Deliberate bugs must show. */
#include "tests/unit/unit.h"

#include <math.h>

#include "compiler/base/rng.h"
#include "compiler/ir/ein_eval.h"
#include "passes/rewrite.h"

struct world { struct arena *a; struct str_pool *sp; struct srcs *srcs; struct diags ds; };

static struct world world_new(void)
{
    struct world w = {.a = arena_new("test")};
    w.sp = str_pool_new(w.a);
    w.srcs = srcs_new(w.a);
    diags_init(&w.ds, w.a, w.srcs);
    return w;
}

static const struct { const char *name; u32 (*run)(struct cascade *, const struct pass_options *); } passes[] = {
#define X(fn, name, needs, spoils, about) {name, fn},
#include "passes/passes.def"
#undef X
};

static void verify(const struct cascade *c, const char *after)
{
    struct buf why = {0}, text = {0};
    if (!ein_verify(c, &why)) {
        ein_dump(&text, c);
        print_error("%s\n", text.at);
        fail_msg("after %s: %s", after, why.at);
    }
    buf_free(&why);
}

static struct cascade *read_text(struct world *w, const char *text)
{
    struct cascade *c = ein_read_text(w->a, w->sp, &w->ds, srcs_add(w->srcs, "test.ein", text, strlen(text)));
    if (!c) {
        struct buf b = {0};
        diag_render(&b, &w->ds, w->ds.all.at[0], false);
        fail_msg("%s", b.at);
    }
    verify(c, "reading");
    return c;
}

/* --- values -------------------------------------------------------------------------------- */

enum { BATCH = 2 };

static struct ein_eval *evaluate(struct arena *a, const struct cascade *c, u64 seed)
{
    struct ein_eval *ev = ein_eval_new(a, c, EVAL_BOUND, BATCH);
    ein_eval_weights(ev, c, seed);
    for (u32 t = 0; t < c->tens.n; t++) {
        const struct ein_tens *e = &c->tens.at[t];
        if (e->role != EIN_IN && e->role != EIN_STATE && e->role != EIN_PARAM)
            continue;
        double *v = e->role == EIN_IN ? ein_eval_alloc(ev, c, t) : ev->tens[t].v;
        for (u64 i = 0; i < ev->tens[t].n; i++) {
            u32 word[4];
            rng_at(seed, e->role == EIN_IN ? 1000 + t : e->number, i, word);
            v[i] = (double)(i32)word[0] * 0x1p-31 + (e->role == EIN_STATE ? 1.5 : 0);
        }
    }
    struct buf why = {0};
    if (!ein_eval_run(ev, c, 0, c->eq.n, &why))
        fail_msg("%s", why.at);
    return ev;
}

/* The outputs' largest distance, in units of 2^-28 of the running error bound (both are sums in double). */
static double distance(const struct cascade *c, const struct ein_eval *x, const struct ein_eval *y)
{
    double worst = 0;
    for (u32 t = 0; t < c->tens.n; t++)
        if (c->tens.at[t].role == EIN_OUT || c->tens.at[t].role == EIN_NEXT)
            for (u64 i = 0; i < x->tens[t].n; i++) {
                double p = x->tens[t].v[i], q = y->tens[t].v[i];
                if (p == q || (p != p && q != q))
                    continue;
                double d = fabs(p - q) / (x->tens[t].err[i] * 0x1p-28 + 1e-300);
                worst = d == d && d > worst ? d : d != d ? INFINITY : worst;
            }
    return worst;
}

static double rewritten_distance(struct world *w, const struct cascade *c, u32 brk, bool strict)
{
    struct cascade *d = ein_copy(w->a, c);
    struct pass_options o = {.break_ = brk, .strict = strict};
    struct ein_eval *before = evaluate(w->a, c, 7);
    double worst = 0;
    for (u32 i = 0; i < COUNTOF(passes); i++) {
        passes[i].run(d, &o);
        if (brk) {
            struct buf why = {0};
            if (!ein_verify(d, &why)) {         /* caught already */
                buf_free(&why);
                return INFINITY;
            }
        } else {
            verify(d, passes[i].name);
        }
        double now = distance(d, before, evaluate(w->a, d, 7));
        if (!brk && now > 1) {
            struct buf text = {0};
            ein_dump(&text, c);
            print_error("%s---- after %s\n", text.at, passes[i].name);
            buf_clear(&text);
            ein_dump(&text, d);
            print_error("%s\n", text.at);
            fail_msg("%s changed a value: %g", passes[i].name, now);
        }
        worst = fmax(worst, now);
    }
    return worst;
}

/* --- known texts ----------------------------------------------------------------------------- */

static const char im2col_linear_col2im[] =
    "(cascade t)\n"
    "(tens x in f32 run (dims batch 3 8 6))\n"
    "(tens w param f32 load (dims 5 27) (init kaiming_uniform 27.0 0.0) (number 0))\n"
    "(tens b param f32 load (dims 5) (init uniform -1.0 1.0) (number 1))\n"
    "(tens p temp f32 run (dims batch 12 27))\n"
    "(tens z temp f32 run (dims batch 12 5))\n"
    "(tens l temp f32 run (dims batch 12 5))\n"
    "(tens y out f32 run (dims batch 5 4 3))\n"
    "(eq (out p) (lhs r0 (iadd (imul r1 3) r2) (iadd (iadd (imul r3 9) (imul r4 3)) r5)) (rank n par batch) (rank h par 4) (rank w par 3) "
    "(rank c par 3) (rank i par 3) (rank j par 3) (acc f32) "
    "(body (read x r0 r3 (iadd (iadd (imul r1 2) r4) -1) (iadd (iadd (imul r2 2) r5) -1) (pad 0.0))))\n"
    "(eq (out z) (lhs r0 r1 r2) (rank n par batch) (rank s par 12) (rank d par 5) (rank k red 27) (red add) (acc f32) "
    "(body (mul (read p r0 r1 r3) (read w r2 r3))))\n"
    "(eq (out l) (lhs r0 r1 r2) (rank n par batch) (rank s par 12) (rank d par 5) (acc f32) (body (add (read z r0 r1 r2) (read b r2))))\n"
    "(eq (out y) (lhs r0 r1 r2 r3) (rank n par batch) (rank d par 5) (rank h par 4) (rank w par 3) (acc f32) "
    "(body (read l r0 (iadd (imul r2 3) r3) r1)))\n";

/* conv, batch norm and relu as they are written, the relu read by two more convolutions whose difference goes out beside a filtered
 * softmax-like sum: an epilogue, load-time vectors, a prologue. */
static const char block[] =
    "(cascade t)\n"
    "(tens x in f32 run (dims batch 4 7))\n"
    "(tens w param f32 load (dims 6 4 3) (init kaiming_uniform 12.0 0.0) (number 0))\n"
    "(tens g param f32 load (dims 6) (init uniform 0.5 1.5) (number 1))\n"
    "(tens m state f32 load (dims 6) (init zeros 0.0 0.0) (number 2))\n"
    "(tens v state f32 load (dims 6) (init ones 0.0 0.0) (number 3))\n"
    "(tens w1 param f32 load (dims 6 6) (init kaiming_uniform 6.0 0.0) (number 4))\n"
    "(tens w2 param f32 load (dims 6 6) (init kaiming_uniform 6.0 0.0) (number 5))\n"
    "(tens z temp f32 run (dims batch 6 7))\n(tens n temp f32 run (dims batch 6 7))\n(tens r temp f32 run (dims batch 6 7))\n"
    "(tens r2 temp f32 run (dims batch 6 7))\n"
    "(tens a temp f32 run (dims batch 6 7))\n(tens c temp f32 run (dims batch 6 7))\n(tens y out f32 run (dims batch 6 7))\n"
    "(tens cat out f32 run (dims batch 12 7))\n(tens s temp f32 run (dims batch 6 7))\n"
    "(eq (out z) (lhs r0 r1 r2) (rank - par batch) (rank - par 6) (rank - par 7) (rank - red 4) (rank - red 3) (red add) (acc f32) "
    "(body (mul (read x r0 r3 (iadd (iadd r2 r4) -1) (pad 0.0)) (read w r1 r3 r4))))\n"
    "(eq (out n) (lhs r0 r1 r2) (rank - par batch) (rank - par 6) (rank - par 7) (acc f32) "
    "(body (mul (mul (sub (read z r0 r1 r2) (read m r1)) (rsqrt (add (read v r1) 0.00001))) (read g r1))))\n"
    "(eq (out r) (lhs r0 r1 r2) (rank - par batch) (rank - par 6) (rank - par 7) (acc f32) (body (max (read n r0 r1 r2) 0.0)))\n"
    "(eq (out r2) (lhs r0 r1 r2) (rank - par batch) (rank - par 6) (rank - par 7) (acc f32) (body (max (read n r0 r1 r2) 0.0)))\n"
    "(eq (out a) (lhs r0 r1 r2) (rank - par batch) (rank - par 6) (rank - par 7) (rank - red 6) (red add) (acc f32) "
    "(body (mul (read r r0 r3 r2) (read w1 r1 r3))))\n"
    "(eq (out c) (lhs r0 r1 r2) (rank - par batch) (rank - par 6) (rank - par 7) (rank - red 6) (red add) (acc f32) "
    "(body (mul (read r2 r0 r3 r2) (read w2 r1 r3))))\n"
    "(eq (out y) (lhs r0 r1 r2) (rank - par batch) (rank - par 6) (rank - par 7) (acc f32) (body (sub (read a r0 r1 r2) (read c r0 r1 r2))))\n"
    "(eq (out s) (lhs r0 r1 r2) (rank - par batch) (rank - par 6) (rank - par 7) (rank - red 7) (red add) (acc f32) "
    "(body (read n r0 r1 r3)) (guard (le r3 r2)))\n"
    "(eq (out cat) (lhs r0 r1 r2) (rank - par batch) (rank - par 6) (rank - par 7) (acc f32) (body (read n r0 r1 r2)))\n"
    "(eq (out cat) (lhs r0 (iadd r1 6) r2) (rank - par batch) (rank - par 6) (rank - par 7) (acc f32) (body (mul (read s r0 r1 r2) 1.0)))\n";

static u32 count_divisions(const struct cascade *c)
{
    u32 n = 0;
    struct arena *a = arena_new("count");
    for (u32 i = 0; i < c->eq.n; i++) {
        ein_nodes all = {0};
        ein_reach(a, c, c->eq.at[i].body[0], &all);
        for (u32 k = 0; k < all.n; k++)
            n += c->node.at[all.at[k]].kind == EIN_IDIV || c->node.at[all.at[k]].kind == EIN_IMOD;
    }
    arena_free(a);
    return n;
}

static void im2col_is_a_convolution(void **state)
{
    (void)state;
    struct world w = world_new();
    struct cascade *c = read_text(&w, im2col_linear_col2im);
    assert_true(rewritten_distance(&w, c, 0, false) <= 1);
    struct pass_options o = {0};
    for (u32 i = 0; i < COUNTOF(passes); i++)
        passes[i].run(c, &o);
    u32 run = 0;
    for (u32 i = 0; i < c->eq.n; i++) {
        const struct ein_eq *e = &c->eq.at[i];
        if (e->phase != EIN_PHASE_RUN)
            continue;
        run++;
        assert_int_equal(e->red, RED_ADD);
        assert_true(e->post != 0);
        assert_int_equal(e->nrank, 7);
    }
    assert_int_equal(run, 1);
    assert_int_equal(count_divisions(c), 0);
    arena_free(w.a);
}

static void epilogues_and_loads(void **state)
{
    (void)state;
    struct world w = world_new();
    struct cascade *c = read_text(&w, block);
    assert_true(rewritten_distance(&w, c, 0, false) <= 1);
    assert_true(rewritten_distance(&w, c, 0, true) <= 1);
    struct pass_options o = {0};
    for (u32 i = 0; i < COUNTOF(passes); i++)
        passes[i].run(c, &o);
    u32 load = 0, run = 0;
    for (u32 i = 0; i < c->eq.n; i++) {
        run += c->eq.at[i].phase == EIN_PHASE_RUN;
        load += strstr(c->tens.at[c->eq.at[i].out[0]].name, ".load") != NULL;
    }
    assert_int_equal(load, 1);              /* rsqrt(v + eps) * g; others are parameters packed */
    assert_int_equal(run, 5);               /* conv+bn, conv, conv+difference, filtered sum into its region, the other region */
    arena_free(w.a);
}

static void nothing_left_of_nothing(void **state)
{
    (void)state;
    struct world w = world_new();
    struct cascade *c = read_text(&w,
        "(cascade t)\n(tens x in f32 run (dims batch 4))\n(tens z temp f32 const (dims batch 4))\n(tens w param f32 load (dims 4 4) (init ones 0.0 0.0) (number 0))\n"
        "(tens c temp f32 run (dims batch 4))\n(tens y out f32 run (dims batch 4))\n"
        "(eq (out z) (lhs r0 r1) (rank - par batch) (rank - par 4) (acc f32) (body 0.0))\n"
        "(eq (out c) (lhs r0 r1) (rank - par batch) (rank - par 4) (rank - red 4) (red add) (acc f32) (body (mul (read z r0 r2) (read w r1 r2))))\n"
        "(eq (out y) (lhs r0 r1) (rank - par batch) (rank - par 4) (acc f32) (body (add (read c r0 r1) (read x r0 r1))))\n");
    struct pass_options o = {0};
        for (u32 i = 0; i < COUNTOF(passes); i++)
            passes[i].run(c, &o);
    assert_int_equal(c->eq.n, 1);
    assert_int_equal(c->node.at[c->eq.at[0].body[0]].kind, EIN_READ);
    arena_free(w.a);
}

/* --- random cascades ----------------------------------------------------------------------------- */

struct gen { struct world *w; struct cascade *c; struct rng rng; u32 cur, param; };

static u32 pick(struct gen *g, u32 n) { return (u32)(rng_u64(&g->rng) % n); }

static u32 new_tens(struct gen *g, u32 role, u32 n, const ein_ext *dim, u32 number)
{
    struct ein_tens t = {.role = (u8)role, .dtype = DT_F32, .ndim = n, .dim = (ein_ext *)dim, .number = number,
                         .init = role == EIN_PARAM ? INIT_UNIFORM : 0, .init_arg = {-1, 1}};
    return cascade_tens(g->c, t);
}

static void add_eq(struct gen *g, u32 out, u32 nsub, ein_node *sub, u32 nrank, struct ein_rank *rank, u8 red, ein_node body, ein_node guard)
{
    struct ein_eq e = {.nout = 1, .out = &out, .nsub = nsub, .sub = sub, .nrank = nrank, .rank = rank, .red = red, .acc = DT_F32, .nbody = 1,
                       .body = &body, .guard = guard};
    cascade_eq(g->c, e);
}

/* Appends one step of a random kind to g->cur [batch, A, B]; extents stay between 1 and 24. */
static void step(struct gen *g, bool last)
{
    struct cascade *c = g->c;
    ein_ext dim[3], out[3];
    memcpy(dim, c->tens.at[g->cur].dim, sizeof dim);
    i64 A = dim[1], B = dim[2];
    ein_node r0 = ein_rank(c, 0), r1 = ein_rank(c, 1), r2 = ein_rank(c, 2), r3 = ein_rank(c, 3), r4 = ein_rank(c, 4), at[3] = {r0, r1, r2}, sub[3] = {r0, r1, r2};
    struct ein_rank rank[6] = {{"n", -1, EIN_PAR}};
    u32 nrank = 3, from = g->cur;
    u8 red = RED_NONE;
    ein_node body = 0, guard = 0, zero = ein_num(c, 0);
    out[0] = -1;
    out[1] = A;
    out[2] = B;
    u32 role = last ? EIN_OUT : EIN_TEMP;
    switch (pick(g, 11)) {
    case 0:         /* transpose */
        out[1] = B, out[2] = A;
        at[1] = r2, at[2] = r1;
        break;
    case 1: {       /* reshape: split A or B and give a factor to the other */
        i64 f = B % 2 == 0 ? 2 : B % 3 == 0 ? 3 : 1;
        out[1] = A * f, out[2] = B / f;
        if (out[1] > 24)
            out[1] = A, out[2] = B, f = 1;
        at[1] = ein_idiv(c, r1, f);
        at[2] = ein_iadd(c, ein_imul(c, ein_imod(c, r1, f), B / f), r2);
        break;
    }
    case 2:         /* pad by one around B, then the reads shift */
        out[2] = B + 2 > 24 ? B : B + 2;
        at[2] = ein_iadd(c, r2, ein_int(c, -1));
        body = ein_read(c, from, 3, at, ein_num(c, pick(g, 2) ? 0 : 1.5));
        break;
    case 3:         /* strided crop */
        out[2] = (B + 1) / 2;
        at[2] = ein_imul(c, r2, 2);
        break;
    case 4: {       /* map with a vector parameter */
        ein_ext d1[1] = {A};
        u32 p = new_tens(g, EIN_PARAM, 1, d1, g->param++);
        ein_node x = ein_read(c, from, 3, at, 0), v = ein_read(c, p, 1, &r1, 0);
        body = pick(g, 2) ? ein_op2(c, EIN_SUB, x, ein_op2(c, EIN_MUL, v, v)) : ein_op2(c, EIN_MUL, ein_op2(c, EIN_MUL, x, v), ein_op1(c, EIN_EXP, v));
        break;
    }
    case 5:         /* relu, exp of something small, or x - x * 1 */
        body = ein_read(c, from, 3, at, 0);
        body = pick(g, 2) ? ein_op2(c, EIN_MAX, body, zero) : ein_op1(c, EIN_TANH, body);
        break;
    case 6: {       /* contraction over B */
        i64 D = 1 + pick(g, 6);
        ein_ext d2[2] = {D, B};
        u32 p = new_tens(g, EIN_PARAM, 2, d2, g->param++);
        ein_node ws[2] = {r2, r3};
        at[2] = r3;
        out[2] = D;
        rank[3] = (struct ein_rank){"k", B, EIN_RED};
        nrank = 4;
        red = RED_ADD;
        body = ein_op2(c, EIN_MUL, ein_read(c, from, 3, at, 0), ein_read(c, p, 2, ws, 0));
        break;
    }
    case 7: {       /* one-dimensional convolution over B, A mixed */
        i64 D = 1 + pick(g, 6);
        ein_ext d3[3] = {D, A, 3};
        u32 p = new_tens(g, EIN_PARAM, 3, d3, g->param++);
        ein_node ws[3] = {r1, r3, r4};
        at[1] = r3;
        at[2] = ein_iadd(c, ein_iadd(c, r2, r4), ein_int(c, -1));
        out[1] = D;
        rank[3] = (struct ein_rank){"c", A, EIN_RED};
        rank[4] = (struct ein_rank){"i", 3, EIN_RED};
        nrank = 5;
        red = RED_ADD;
        body = ein_op2(c, EIN_MUL, ein_read(c, from, 3, at, zero), ein_read(c, p, 3, ws, 0));
        break;
    }
    case 8: {       /* running maximum under a filter, back on the same shape */
        at[2] = r3;
        rank[3] = (struct ein_rank){"k", B, EIN_RED};
        nrank = 4;
        red = pick(g, 2) ? RED_MAX : RED_ADD;
        guard = ein_op2(c, EIN_LE, r3, r2);
        body = ein_read(c, from, 3, at, 0);
        break;
    }
    case 9: {       /* concatenate with itself, mirrored, along A */
        if (2 * A > 24)
            break;
        out[1] = 2 * A;
        u32 y = new_tens(g, EIN_TEMP, 3, out, 0);
        rank[1] = (struct ein_rank){"a", A, EIN_PAR};
        rank[2] = (struct ein_rank){"b", B, EIN_PAR};
        add_eq(g, y, 3, sub, 3, rank, RED_NONE, ein_read(c, from, 3, at, 0), 0);
        sub[1] = ein_iadd(c, r1, ein_int(c, A));
        at[2] = ein_iadd(c, ein_int(c, B - 1), ein_imul(c, r2, -1));
        add_eq(g, y, 3, sub, 3, rank, RED_NONE, ein_read(c, from, 3, at, 0), 0);
        g->cur = from = y;
        at[2] = r2;
        sub[1] = r1;
        break;
    }
    default: {      /* im2col-like: the left side folds */
        if (A * 2 > 24)
            break;
        out[1] = A * 2;
        rank[1] = (struct ein_rank){"a", A, EIN_PAR};
        rank[2] = (struct ein_rank){"b", B, EIN_PAR};
        rank[3] = (struct ein_rank){"i", 2, EIN_PAR};
        sub[1] = ein_iadd(c, ein_imul(c, r1, 2), r3);
        at[2] = ein_iadd(c, r2, r3);
        body = ein_read(c, from, 3, at, zero);
        u32 y = new_tens(g, role, 3, out, 0);
        add_eq(g, y, 3, sub, 4, rank, RED_NONE, body, 0);
        g->cur = y;
        return;
    }
    }
    if (!body)
        body = ein_read(c, from, 3, at, 0);
    rank[1] = (struct ein_rank){"a", out[1], EIN_PAR};
    rank[2] = (struct ein_rank){"b", out[2], EIN_PAR};
    u32 y = new_tens(g, role, 3, out, 0);
    add_eq(g, y, 3, sub, nrank, rank, red, body, guard);
    g->cur = y;
}

static struct cascade *random_cascade(struct world *w, u64 seed)
{
    struct gen g = {.w = w, .c = cascade_new(w->a, w->sp, "random"), .rng = rng_make(seed, 0, 0)};
    ein_ext dim[3] = {-1, 1 + pick(&g, 6), 1 + pick(&g, 8)};
    g.cur = new_tens(&g, EIN_IN, 3, dim, 0);
    u32 n = 2 + pick(&g, 7), side = 0, side_at = pick(&g, n);
    for (u32 i = 0; i < n; i++) {
        if (i == side_at)
            side = g.cur;
        step(&g, false);
    }
    /* A second use of something earlier, where the shapes allow. */
    const struct ein_tens *p = &g.c->tens.at[side], *q = &g.c->tens.at[g.cur];
    if (side && p->dim[1] == q->dim[1] && p->dim[2] == q->dim[2]) {
        ein_node at[3] = {ein_rank(g.c, 0), ein_rank(g.c, 1), ein_rank(g.c, 2)};
        struct ein_rank rank[3] = {{"n", -1, EIN_PAR}, {"a", q->dim[1], EIN_PAR}, {"b", q->dim[2], EIN_PAR}};
        ein_ext d[3] = {-1, q->dim[1], q->dim[2]};
        ein_node body = ein_op2(g.c, EIN_SUB, ein_read(g.c, g.cur, 3, at, 0), ein_read(g.c, side, 3, at, 0));
        u32 y = new_tens(&g, EIN_TEMP, 3, d, 0);
        add_eq(&g, y, 3, at, 3, rank, RED_NONE, body, 0);
        g.cur = y;
    }
    step(&g, true);
    if (g.c->tens.at[g.cur].role != EIN_OUT)
        step(&g, true);
    ein_phases(g.c);
    verify(g.c, "generating");
    return g.c;
}

static void random_cascades_keep_their_values(void **state)
{
    (void)state;
    for (u64 seed = 0; seed < 400; seed++) {
        struct world w = world_new();
        struct cascade *c = random_cascade(&w, seed);
        assert_true(rewritten_distance(&w, c, 0, seed % 4 == 0) <= 1);
        arena_free(w.a);
    }
}

static void seeded_bugs_show(void **state)
{
    (void)state;
    static const char *const about[] = {
#define X(id, text) text,
#include "passes/seeded.def"
#undef X
    };
    for (u32 bug = 1; bug < SEEDED_BUGS; bug++) {
        struct world w = world_new();
        bool caught = rewritten_distance(&w, read_text(&w, im2col_linear_col2im), bug, false) > 1 ||
                      rewritten_distance(&w, read_text(&w, block), bug, false) > 1;
        for (u64 seed = 0; seed < 200 && !caught; seed++)
            caught = rewritten_distance(&w, random_cascade(&w, seed), bug, false) > 1;
        print_message("seeded bug %2u %-7s %s\n", bug, caught ? "caught" : "MISSED", about[bug]);
        assert_true(caught);
        arena_free(w.a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(im2col_is_a_convolution),
        cmocka_unit_test(epilogues_and_loads),
        cmocka_unit_test(nothing_left_of_nothing),
        cmocka_unit_test(random_cascades_keep_their_values),
        cmocka_unit_test(seeded_bugs_show),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
