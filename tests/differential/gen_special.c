/* gen_special.c - random equations of the rarer kinds: reductions by a monoid of one's own, recurrences, states. */
#include "tests/differential/gen_impl.h"

#include <math.h>

static ein_node arg(struct gen *g, u32 k)
{
    return ein_make(g->c, (struct ein_x){ .kind = EIN_ARG, .u = k }, 0, NULL);
}

static ein_node op2(struct gen *g, enum ein_kind k, ein_node a, ein_node b)
{
    return ein_op2(g->c, k, a, b);
}

/* Zero, lift, merge of a monoid; v[i]: what part i holds after n points of values in [-2, 2]. */
struct monoid { u32 nstate, nlift; ein_node zero[8], lift[8], merge[8]; struct gen_range v[8]; const char *name; };

static void part(struct gen *g, struct monoid *m, double zero, ein_node lift, ein_node merge, double lo, double hi)
{
    u32 i = m->nstate++;
    m->zero[i] = ein_num(g->c, zero);
    m->lift[i] = lift;
    m->merge[i] = merge;
    m->v[i] = (struct gen_range){ lo, hi };
}

static void choose_monoid(struct gen *g, struct monoid *m, double n)
{
    ein_node a0 = arg(g, 0), a1 = arg(g, 1), a2 = arg(g, 2), a3 = arg(g, 3), one = ein_num(g->c, 1), zero = ein_num(g->c, 0);
    m->nlift = 1;
    switch (gen_below(g, 5)) {
    case 0: {                                                   /* count, mean, sum of squared deviations */
        ein_node a4 = arg(g, 4), a5 = arg(g, 5);
        ein_node d = op2(g, EIN_SUB, a4, a1), all = op2(g, EIN_ADD, a0, a3), w = op2(g, EIN_DIV0, a3, all);
        m->name = "welford";
        part(g, m, 0, one, all, 0, n);
        part(g, m, 0, a0, op2(g, EIN_ADD, a1, op2(g, EIN_MUL, d, w)), -2.1, 2.1);
        part(g, m, 0, zero, op2(g, EIN_ADD, op2(g, EIN_ADD, a2, a5), op2(g, EIN_MUL, op2(g, EIN_MUL, d, d), op2(g, EIN_MUL, a0, w))), -0.1, 17 * n + 1);
        break;
    }
    case 1: {                                                   /* largest and sum of exponentials below it */
        ein_node top = op2(g, EIN_MAX, a0, a2);
        m->name = "lse";
        part(g, m, -40, a0, top, -40, 2);
        part(g, m, 0, one, op2(g, EIN_ADD, op2(g, EIN_MUL, a1, ein_op1(g->c, EIN_EXP, op2(g, EIN_SUB, a0, top))),
                               op2(g, EIN_MUL, a3, ein_op1(g->c, EIN_EXP, op2(g, EIN_SUB, a2, top)))), 0, n * 1.1);
        break;
    }
    case 2:                                                     /* affine maps, composed: does not commute */
        m->name = "affine";
        m->nlift = 2;
        part(g, m, 1, op2(g, EIN_MUL, a0, ein_num(g->c, 0.5)), op2(g, EIN_MUL, a0, a2), -1.1, 1.1);
        part(g, m, 0, a1, op2(g, EIN_ADD, op2(g, EIN_MUL, a1, a2), a3), -2.2 * n - 1, 2.2 * n + 1);
        break;
    case 3: {                                                   /* the value beside the largest */
        ein_node c = op2(g, EIN_LT, a0, a2);
        m->name = "beside";
        m->nlift = 2;
        part(g, m, -9, a0, ein_select(g->c, c, a2, a0), -9, 2);
        part(g, m, 0, a1, ein_select(g->c, c, a3, a1), -2, 2);
        break;
    }
    default: {                                                  /* parts on their own */
        u32 parts = 1 + gen_below(g, 4);
        m->name = "parts";
        for (u32 i = 0; i < parts; i++) {
            ein_node a = arg(g, i), b = arg(g, parts + i), x = gen_chance(g, 40) ? op2(g, EIN_MUL, a0, a0) : gen_chance(g, 30) ? ein_op1(g->c, EIN_ABS, a0) : a0;
            switch (gen_below(g, 4)) {
            case 0: part(g, m, -9, x, op2(g, EIN_MAX, a, b), -9, 4); break;
            case 1: part(g, m, 9, x, op2(g, EIN_MIN, a, b), -2, 9); break;
            case 2: part(g, m, 0, one, op2(g, EIN_ADD, a, b), 0, n); break;
            default: part(g, m, 0, x, op2(g, EIN_ADD, a, b), -4 * n, 4 * n);
            }
        }
    }
    }
}

void gen_monoid_equation(struct gen *g)
{
    struct cascade *c = g->c;
    struct monoid m = { 0 };
    gen_begin(g, !gen_chance(g, 10));
    gen_choose_ranks(g, 3);
    if (g->nrank == g->npar && g->nrank < GEN_RANKS) {
        g->rank[g->nrank++] = (struct ein_rank){ .name = str_c(c->sp, "z"), .ext = gen_extent(g, 9), .kind = EIN_RED };
        g->use = g->nrank;
    }
    if (g->npar > GEN_DIMS) {
        gen_equation(g);
        return;
    }
    double n = 1;
    for (u32 i = g->npar; i < g->nrank; i++)
        n *= g->rank[i].ext < 0 ? GEN_BATCH_MOST : (double)g->rank[i].ext;
    choose_monoid(g, &m, n);
    struct ein_monoid made = { .name = str_fmt(c->sp, "%s%u", m.name, c->monoid.n), .nstate = m.nstate, .nlift = m.nlift };
    made.zero = arena_dup(c->a, m.zero, sizeof m.zero);
    made.lift = arena_dup(c->a, m.lift, sizeof m.lift);
    made.merge = arena_dup(c->a, m.merge, sizeof m.merge);
    vec_push(c->a, &c->monoid, made);
    i64 dim[GEN_DIMS];
    ein_node sub[GEN_DIMS], body[2];
    bool batched = g->npar && g->batch == 0;
    for (u32 i = 0; i < g->npar; i++) {
        sub[i] = ein_rank(c, i);
        dim[i] = g->rank[i].ext;
    }
    for (u32 k = 0; k < m.nlift; k++)
        body[k] = gen_fit(g, gen_body(g, DT_F32), DT_F32, -2, 2).x;
    ein_node guard = gen_chance(g, 12) ? gen_cond(g, 1).x : 0;
    u32 out[8];
    for (u32 i = 0; i < m.nstate; i++) {
        out[i] = gen_tens(g, EIN_TEMP, DT_F32, batched, g->npar - batched, dim + batched);
        g->tens.at[out[i]].v = m.v[i];
    }
    cascade_eq(c, (struct ein_eq){ .nout = m.nstate, .out = out, .nsub = g->npar, .sub = sub, .nrank = g->nrank, .rank = g->rank, .red = RED_USER,
                                   .monoid = c->monoid.n - 1, .acc = DT_F32, .nbody = m.nlift, .body = body, .guard = guard,
                                   .prov = str_fmt(c->sp, "e%u", c->eq.n) });
}

/* h[.., t + lag] from h[.., t] (down: h[.., t] from h[.., t + lag]), perhaps by way of u[.., t]. */
struct scan { u32 axis /* of h, and rank of t */, nother, h, u, lag, no; i64 rounds; bool down, batched, has_u; enum dtype t; };

static void scan_ranks(struct gen *g, const struct scan *s, const i64 *dim, bool rounds)
{
    gen_begin(g, s->batched);
    for (u32 i = s->batched; i <= s->nother + s->batched; i++) {
        bool is_t = i == s->axis;
        if (is_t && !rounds)
            continue;
        g->rank[g->nrank++] = (struct ein_rank){ .name = is_t ? str_c(g->c->sp, "t") : NULL, .ext = is_t ? s->rounds : dim[i - s->batched], .kind = EIN_PAR };
    }
    g->npar = g->use = g->nrank;
}

/* Subscripts of h (or u) at the round plus `ahead`; red: the axis of which is a reduced rank instead. */
static void scan_subs(struct gen *g, const struct scan *s, i64 ahead, u32 axis, u32 red, ein_node *sub)
{
    for (u32 i = 0; i <= s->nother + s->batched; i++)
        sub[i] = ein_rank(g->c, axis && i == axis ? red : i);
    sub[s->axis] = ein_iadd(g->c, sub[s->axis], ein_int(g->c, ahead));
}

static void scan_emit(struct gen *g, const struct scan *s, u32 out, const ein_node *sub, ein_node body, ein_node post, bool in_scan)
{
    cascade_eq(g->c, (struct ein_eq){ .nout = 1, .out = &out, .nsub = s->nother + s->batched + 1, .sub = (ein_node *)(uintptr_t)sub, .nrank = g->nrank,
                                      .rank = g->rank, .red = g->nrank > g->npar ? RED_ADD : RED_NONE, .acc = (u8)(g->nrank > g->npar ? DT_F32 : s->t),
                                      .nbody = 1, .body = &body, .post = post, .scan = in_scan ? s->no : 0, .scan_rank = in_scan ? s->axis : 0,
                                      .scan_down = in_scan && s->down, .prov = str_fmt(g->c->sp, "scan%u", s->no) });
}

static void scan_init(struct gen *g, const struct scan *s, const i64 *dim)
{
    for (u32 k = 0; k < s->lag; k++) {
        ein_node sub[GEN_DIMS];
        scan_ranks(g, s, dim, false);
        for (u32 i = 0, r = 0; i <= s->nother + s->batched; i++)
            sub[i] = i == s->axis ? ein_int(g->c, s->down ? s->rounds + k : k) : ein_rank(g->c, r++);
        struct gen_point p = gen_chance(g, 40) ? gen_cast(g, gen_num(g, 0), s->t) : gen_fit(g, gen_point(g, s->t, 1), s->t, -2, 2);
        scan_emit(g, s, s->h, sub, p.x, 0, false);
    }
}

void gen_scan(struct gen *g)
{
    struct cascade *c = g->c;
    struct scan s = { .batched = !gen_chance(g, 10), .nother = gen_below(g, 3), .lag = gen_chance(g, 15) ? 2 : 1, .rounds = gen_extent(g, 20),
                      .down = gen_chance(g, 30), .has_u = gen_chance(g, 35), .no = ++g->scans };
    i64 dim[GEN_DIMS], udim[GEN_DIMS];
    ein_node sub[GEN_DIMS], old[GEN_DIMS];
    s.t = gen_chance(g, 85) ? gen_float(g) : DT_I32;
    s.axis = s.batched + gen_below(g, s.nother + 1);
    for (u32 i = 0; i <= s.nother; i++)
        dim[i] = udim[i] = gen_extent(g, 9);
    dim[s.axis - s.batched] = s.rounds + s.lag;
    udim[s.axis - s.batched] = s.rounds;
    s.h = gen_tens(g, EIN_TEMP, s.t, s.batched, s.nother + 1, dim);
    g->tens.at[s.h].v = (struct gen_range){ -2, 2 };
    g->tens.at[s.h].closed = true;
    scan_init(g, &s, dim);
    i64 from = s.down ? s.lag : s.lag - 1, to = s.down ? 0 : s.lag;
    if (gen_chance(g, 30))
        from = s.down ? 1 : 0;                                  /* the round furthest behind that is there */
    if (s.down)
        from = MAX(from, 1);
    if (s.has_u) {
        s.u = gen_tens(g, EIN_TEMP, s.t, s.batched, s.nother + 1, udim);
        g->tens.at[s.u].closed = true;
        scan_ranks(g, &s, dim, true);
        scan_subs(g, &s, from, 0, 0, old);
        g->primary = gen_read_at(g, s.h, old, false);
        struct gen_point p = gen_fit(g, gen_body(g, s.t), s.t, -4, 4);
        scan_subs(g, &s, 0, 0, 0, sub);
        scan_emit(g, &s, s.u, sub, p.x, 0, true);
        g->tens.at[s.u].v = (struct gen_range){ -4, 4 };
    }
    scan_ranks(g, &s, dim, true);
    bool product = s.nother && s.t == DT_F32 && gen_chance(g, 45) && g->nrank < GEN_RANKS;
    ein_node post = 0;
    struct gen_point p;
    if (product) {                                              /* the state times a matrix, then a nonlinearity */
        u32 axis = s.batched;
        while (axis == s.axis)
            axis++;
        u32 red = g->nrank;
        i64 n = dim[axis - s.batched], square[2] = { n, n };
        g->rank[g->nrank++] = (struct ein_rank){ .name = str_c(c->sp, "k"), .ext = n, .kind = EIN_RED };
        g->use = g->nrank;
        scan_subs(g, &s, from, axis, red, old);
        struct gen_point state = gen_read_at(g, s.h, old, false);
        bool only = g->only_params;
        g->only_params = true;
        u32 w = gen_leaf(g, DT_F32, 2, square);
        g->only_params = only;
        ein_node at[2] = { ein_rank(c, axis), ein_rank(c, red) };
        p = gen_binary(g, EIN_MUL, state, gen_read_at(g, w, at, false));
        g->use = g->npar;
        struct gen_point acc = { ein_make(c, (struct ein_x){ .kind = EIN_ACC }, 0, NULL), DT_F32, { (double)n * p.v.lo, (double)n * p.v.hi } };
        if (s.has_u) {
            scan_subs(g, &s, 0, 0, 0, sub);
            acc = gen_binary(g, EIN_ADD, acc, gen_read_at(g, s.u, sub, false));
        }
        post = gen_fit(g, gen_binary(g, EIN_ADD, acc, gen_point(g, DT_F32, 1)), DT_F32, -2, 2).x;
    } else {
        scan_subs(g, &s, from, 0, 0, old);
        g->primary = gen_read_at(g, s.h, old, false);
        if (s.has_u && gen_chance(g, 80)) {
            scan_subs(g, &s, 0, 0, 0, sub);
            g->primary = gen_binary(g, EIN_ADD, g->primary, gen_read_at(g, s.u, sub, false));
        }
        p = gen_fit(g, gen_body(g, s.t), s.t, -2, 2);
    }
    scan_subs(g, &s, to, 0, 0, sub);
    scan_emit(g, &s, s.h, sub, p.x, post, true);
    g->tens.at[s.h].reads = 0;
    g->tens.at[s.h].closed = false;
    if (s.has_u)
        g->tens.at[s.u].closed = false;
}

/* next s[c] = 0.9 s[c] + 0.1 of a sum over the batch and more. */
void gen_state(struct gen *g)
{
    struct cascade *c = g->c;
    u32 n = 1 + gen_below(g, 2);
    i64 dim[2];
    ein_node sub[2];
    gen_begin(g, true);
    g->nrank = 0;
    for (u32 i = 0; i < n; i++) {
        dim[i] = gen_extent(g, 17);
        g->rank[g->nrank++] = (struct ein_rank){ .ext = dim[i], .kind = EIN_PAR };
        sub[i] = ein_rank(c, i);
    }
    g->npar = g->nrank;
    g->batch = (i32)g->nrank;
    g->rank[g->nrank++] = (struct ein_rank){ .name = str_c(c->sp, "batch"), .ext = -1, .kind = EIN_RED };
    if (gen_chance(g, 50))
        g->rank[g->nrank++] = (struct ein_rank){ .ext = gen_extent(g, 9), .kind = EIN_RED };
    g->use = g->nrank;
    u32 s = gen_tens(g, EIN_STATE, DT_F32, false, n, dim);
    struct ein_tens *st = &c->tens.at[s];
    st->init = gen_chance(g, 50) ? INIT_ZEROS : INIT_ONES;
    st->number = g->nnumber++;
    g->tens.at[s].v = gen_weight_range(st);
    struct gen_point p = gen_fit(g, gen_point(g, DT_F32, 2), DT_F32, -2, 2);
    g->use = g->npar;
    struct gen_point old = gen_read_at(g, s, sub, false);
    ein_node acc = ein_make(c, (struct ein_x){ .kind = EIN_ACC }, 0, NULL);
    ein_node post = ein_op2(c, EIN_ADD, ein_op2(c, EIN_MUL, old.x, ein_num(c, 0.9)), ein_op2(c, EIN_MUL, acc, ein_num(c, 0.1)));
    u32 next = gen_tens(g, EIN_NEXT, DT_F32, false, n, dim);
    c->tens.at[next].of = s;
    cascade_eq(c, (struct ein_eq){ .nout = 1, .out = &next, .nsub = n, .sub = sub, .nrank = g->nrank, .rank = g->rank, .red = RED_ADD, .acc = DT_F32,
                                   .nbody = 1, .body = &p.x, .post = post, .prov = str_fmt(c->sp, "e%u", c->eq.n) });
    g->tens.at[s].reads = 0;
}
