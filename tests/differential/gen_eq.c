/* gen_eq.c - random equations: ranks from what they read, left sides, reductions, guards, epilogues, regions. */
#include "tests/differential/gen_impl.h"

#include <math.h>

void gen_begin(struct gen *g, bool batched)
{
    g->npar = g->nrank = g->use = 0;
    g->batch = -1;
    g->only_params = !batched;
    g->in_post = false;
    g->primary = (struct gen_point){ 0 };
    if (batched) {
        g->rank[g->nrank++] = (struct ein_rank){ .name = str_c(g->c->sp, "batch"), .ext = -1, .kind = EIN_PAR };
        g->batch = 0;
        g->npar = 1;
    }
    g->use = g->nrank;
}

/* How an axis of what is read first becomes ranks: stride * a + dilation * b + add, or a quotient. */
struct form { u32 a, b; bool has_a, has_b; i64 stride, dilation, add, div; };
struct item { i64 ext; u8 kind; u32 rank; };
struct shape { u32 n; struct item item[GEN_RANKS]; i64 points; };

static u32 add_item(struct gen *g, struct shape *s, i64 ext, u8 kind)
{
    (void)g;
    s->item[s->n] = (struct item){ ext, kind, 0 };
    s->points *= ext;
    return s->n++;
}

static i64 divisor(struct gen *g, i64 n)
{
    i64 some[16];
    u32 k = 0;
    for (i64 d = 2; d < n && k < 16; d++)
        if (n % d == 0)
            some[k++] = d;
    return k ? some[gen_below(g, k)] : 0;
}

static struct form take_axis(struct gen *g, struct shape *s, i64 ext, u8 kind)
{
    struct form f = { .stride = 1, .dilation = 1 };
    i64 room = MAX((i64)g->o.points / s->points, 1), k;
    u32 w = gen_below(g, 100);
    bool fits = ext <= room && s->n + 2 < GEN_RANKS;
    if (w < 12 && fits && ext > 2) {                            /* a window */
        i64 taps = gen_between(g, 1, 3), pad = gen_below(g, 2);
        f.stride = gen_between(g, 1, 2);
        f.dilation = gen_chance(g, 80) ? 1 : 2;
        i64 out = (ext + 2 * pad - f.dilation * (taps - 1) - 1) / f.stride + 1;
        if (out >= 1 && ext + 2 * pad >= f.dilation * (taps - 1) + 1 && out * taps <= room) {
            f.has_a = f.has_b = true;
            f.a = add_item(g, s, out, EIN_PAR);
            f.b = add_item(g, s, taps, gen_chance(g, 85) ? EIN_RED : EIN_PAR);
            f.add = -pad;
            return f;
        }
        f.stride = f.dilation = 1;
    } else if (w < 20 && fits && (k = divisor(g, ext)) != 0) {  /* two ranks make one axis */
        f.has_a = f.has_b = true;
        f.a = add_item(g, s, ext / k, gen_chance(g, 60) ? EIN_PAR : EIN_RED);
        f.b = add_item(g, s, k, gen_chance(g, 60) ? EIN_PAR : EIN_RED);
        f.stride = k;
        return f;
    } else if (w < 24 && ext * 2 <= room && s->n + 1 < GEN_RANKS) {
        k = gen_between(g, 2, 3);
        if (ext * k <= room) {                                  /* each element several times */
            f.has_a = true;
            f.a = add_item(g, s, ext * k - (gen_chance(g, 30) ? 1 : 0), EIN_PAR);
            f.div = k;
            return f;
        }
    } else if (w < 28 || s->n + 1 >= GEN_RANKS) {
        f.add = gen_between(g, 0, ext - 1);
        return f;
    } else if (w < 32 && ext > 2 && ext / 2 <= room) {          /* every other one, or backwards */
        f.has_a = true;
        f.stride = gen_chance(g, 50) ? 2 : -1;
        f.add = f.stride < 0 ? ext - 1 : gen_below(g, 2);
        f.a = add_item(g, s, f.stride < 0 ? MIN(ext, room) : (ext - 1 - f.add) / 2 + 1, kind);
        return f;
    }
    f.has_a = true;
    i64 part = MIN(ext, room);
    if (part > 2 && gen_chance(g, 5))
        part -= gen_between(g, 1, part - 1);
    f.add = gen_between(g, 0, ext - part);
    f.a = add_item(g, s, part, kind);
    return f;
}

/* Numbers the ranks: the batch, parallel ones, reduced ones; shuffled now and then. */
static void number(struct gen *g, struct shape *s, bool batch_reduced)
{
    u32 order[GEN_RANKS];
    for (u32 i = 0; i < s->n; i++)
        order[i] = i;
    if (gen_chance(g, 40))
        for (u32 i = s->n; i > 1; i--) {
            u32 j = gen_below(g, i), t = order[i - 1];
            order[i - 1] = order[j];
            order[j] = t;
        }
    if (batch_reduced)
        g->nrank = g->npar = 0;
    for (u32 pass = 0; pass < 2; pass++) {
        bool put = !batch_reduced || pass == 0;
        for (u32 i = 0; i <= s->n; i++) {
            if (pass == 1 && !put && (i == s->n || gen_chance(g, 50))) {
                g->batch = (i32)g->nrank;
                g->rank[g->nrank++] = (struct ein_rank){ .name = str_c(g->c->sp, "batch"), .ext = -1, .kind = EIN_RED };
                put = true;
            }
            if (i == s->n || s->item[order[i]].kind != (pass ? EIN_RED : EIN_PAR))
                continue;
            struct item *it = &s->item[order[i]];
            it->rank = g->nrank;
            g->rank[g->nrank++] = (struct ein_rank){ .name = str_fmt(g->c->sp, "%c", (int)('a' + order[i])), .ext = it->ext, .kind = it->kind };
            g->npar += pass == 0;
        }
    }
    g->use = g->nrank;
}

void gen_choose_ranks(struct gen *g, u32 most_reduced)
{
    struct cascade *c = g->c;
    struct shape s = { .points = 1 };
    struct form f[GEN_DIMS];
    u32 tens = UINT32_MAX, seen = 0;
    for (u32 i = 0; i < c->tens.n; i++) {
        u32 w = c->tens.at[i].role == EIN_TEMP ? (g->tens.at[i].reads ? 3 : 12) : 1;
        if (gen_may_read(g, i) && c->tens.at[i].ndim <= 6 && gen_below(g, seen += w) < w)
            tens = i;
    }
    if (tens == UINT32_MAX || gen_chance(g, 20)) {
        i64 dim[4], room = 4096;
        u32 n = 1 + gen_below(g, 4);
        for (u32 k = 0; k < n; k++) {
            dim[k] = gen_extent(g, room);
            room = MAX(room / dim[k], 1);
        }
        tens = gen_leaf(g, gen_chance(g, 85) ? gen_float(g) : gen_whole(g), n, dim);
    }
    bool batched = g->tens.at[tens].batched, reduce_batch = batched && g->batch >= 0 && most_reduced && gen_chance(g, 5);
    u32 ndim = c->tens.at[tens].ndim, first = batched, reduced = 0;
    for (u32 k = first; k < ndim; k++) {
        u8 kind = reduced < most_reduced && gen_chance(g, 35) ? EIN_RED : EIN_PAR;
        f[k] = take_axis(g, &s, c->tens.at[tens].dim[k], kind);
        reduced = 0;
        for (u32 i = 0; i < s.n; i++) {
            if (s.item[i].kind == EIN_RED && !most_reduced)
                s.item[i].kind = EIN_PAR;
            reduced += s.item[i].kind == EIN_RED;
        }
    }
    for (u32 k = 0; k < 2 && s.n + 1 < GEN_RANKS; k++)
        if (gen_chance(g, k ? 6 : 28) && s.points * 2 <= (i64)g->o.points)
            add_item(g, &s, gen_extent(g, (i64)g->o.points / s.points), most_reduced && (k || gen_chance(g, 5)) ? EIN_RED : EIN_PAR);
    number(g, &s, reduce_batch);
    ein_node sub[GEN_DIMS];
    bool open = false;
    if (batched)
        sub[0] = ein_rank(c, (u32)g->batch);
    for (u32 k = first; k < ndim; k++) {
        ein_node x = f[k].has_a ? ein_rank(c, s.item[f[k].a].rank) : 0;
        x = f[k].has_a ? ein_imul(c, x, f[k].stride) : ein_int(c, 0);
        if (f[k].has_b)
            x = ein_iadd(c, x, ein_imul(c, ein_rank(c, s.item[f[k].b].rank), f[k].dilation));
        x = ein_iadd(c, x, ein_int(c, f[k].add));
        sub[k] = f[k].div ? ein_idiv(c, x, f[k].div) : x;
        i64 lo, hi;
        open |= !ein_range(c, sub[k], g->nrank, g->rank, &lo, &hi) || lo < 0 || hi >= c->tens.at[tens].dim[k];
    }
    g->primary = gen_read_at(g, tens, sub, open);
}

struct gen_point gen_body(struct gen *g, enum dtype t)
{
    static const enum ein_kind with[] = { EIN_ADD, EIN_SUB, EIN_MAX, EIN_MIN, EIN_DIV, EIN_MUL };
    if (!g->primary.x)
        return gen_point(g, t, 1 + gen_below(g, 2));
    struct gen_point p = gen_cast(g, g->primary, t);
    u32 w = gen_below(g, 100);
    if (t == DT_BOOL)
        return w < 30 ? p : gen_cond(g, 2);
    if (w < 18)
        return p;
    if (w < 50)
        return gen_binary(g, EIN_MUL, p, gen_read(g, t));
    if (w < 70)
        return gen_binary(g, with[gen_below(g, COUNTOF(with))], p, gen_point(g, t, 1 + gen_below(g, 2)));
    return gen_point(g, t, 2 + gen_below(g, 2));
}

static enum dtype accumulator(enum dtype t)
{
    return t == DT_F64 || t == DT_I64 ? t : dtype_is_float(t) ? DT_F32 : DT_I32;
}

static double reduced_points(const struct gen *g)
{
    double n = 1;
    for (u32 i = g->npar; i < g->nrank; i++)
        n *= g->rank[i].ext < 0 ? GEN_BATCH_MOST : (double)g->rank[i].ext;
    return n;
}

/* Conditions on indices mostly; points now and then. */
static ein_node guard(struct gen *g)
{
    u32 rank[GEN_RANKS], n = gen_ranks(g, rank);
    if (n < 1 || gen_chance(g, 25))
        return gen_cond(g, 1).x;
    ein_node a = ein_rank(g->c, rank[gen_below(g, n)]), b = ein_rank(g->c, rank[gen_below(g, n)]);
    if (a == b)
        b = ein_int(g->c, gen_between(g, 0, 5));
    ein_node x = ein_op2(g->c, gen_chance(g, 50) ? EIN_LE : EIN_LT, a, b);
    if (gen_chance(g, 20))
        x = ein_op2(g->c, gen_chance(g, 60) ? EIN_AND : EIN_OR, x, gen_cond(g, 1).x);
    return x;
}

/* The equation with the ranks as they are, into tensor `out` at `sub`; returns what is written. */
static struct gen_range write(struct gen *g, u32 out, u32 nsub, const ein_node *sub)
{
    static const enum red_kind reds[] = { RED_ADD, RED_ADD, RED_ADD, RED_ADD, RED_ADD, RED_ADD, RED_MAX, RED_MAX, RED_MIN, RED_MUL, RED_ARGMAX, RED_ARGMIN };
    struct cascade *c = g->c;
    enum dtype t = c->tens.at[out].dtype;
    bool reduces = g->nrank > g->npar;
    enum red_kind red = reduces ? reds[gen_below(g, COUNTOF(reds))] : RED_NONE;
    if (t == DT_BOOL && red != RED_NONE)
        red = gen_chance(g, 50) ? RED_MAX : RED_MIN;
    bool arg = red == RED_ARGMAX || red == RED_ARGMIN;
    struct ein_eq e = { .nout = 1, .out = &out, .nsub = nsub, .sub = (ein_node *)(uintptr_t)sub, .nrank = g->nrank, .rank = g->rank, .red = (u8)red, .nbody = 1 };
    e.acc = (u8)(arg ? (gen_chance(g, 80) ? gen_float(g) : gen_whole(g)) : red == RED_ADD || red == RED_MUL ? accumulator(t) : t);
    if (red == RED_ADD && t == DT_F32 && gen_chance(g, 5))
        e.acc = DT_F64;
    g->use = g->nrank;
    g->in_post = false;
    enum dtype acc = e.acc;
    struct gen_point p = gen_body(g, acc), r;
    double n = reduced_points(g), most = gen_most(acc);
    g->filtered = false;
    if (g->need)                        /* alone: what another condition reads would not be behind it */
        e.guard = g->need;
    else if (gen_chance(g, reduces ? 14 : 6))
        e.guard = guard(g);
    g->need = 0;
    if (red == RED_ADD)
        p = gen_fit(g, p, acc, -most / n, most / n);
    if (red == RED_MUL) {
        static const double some[] = { 4, 2, 1.5, 1.25, 1.125, 1.0625, 1.015625, 1 };
        u32 k = 0;
        while (k + 1 < COUNTOF(some) && gen_power(some[k], n) > 1e6)
            k++;
        double m = dtype_is_float(acc) ? some[k] : floor(some[k]);
        p = gen_fit(g, p, acc, -m, m);
    }
    e.body = &p.x;
    r = p;
    if (red == RED_ADD)
        r.v = (struct gen_range){ fmin(n * p.v.lo, 0), fmax(n * p.v.hi, 0) };
    if (red == RED_MUL) {
        double m = gen_power(fmax(fmax(fabs(p.v.lo), fabs(p.v.hi)), 1), n);
        r.v = (struct gen_range){ -m, m };
    }
    if (arg)
        r.v = (struct gen_range){ -1, n - 1 };
    if (red != RED_NONE) {
        enum dtype result = arg ? DT_I32 : acc;
        r.x = ein_make(c, (struct ein_x){ .kind = EIN_ACC }, 0, NULL);
        r.t = (u8)result;
        bool empty = e.guard && (red == RED_MAX || red == RED_MIN) && !g->o.wild && t != DT_BOOL;
        if (empty) {                    /* an identity that is no number ends here */
            double k = dtype_is_float(acc) ? -7.5 : t == DT_U8 ? 0 : -7;
            r.x = red == RED_MAX ? ein_op2(c, EIN_MAX, r.x, ein_num(c, k)) : ein_op2(c, EIN_MIN, r.x, ein_num(c, -k));
            r.v = red == RED_MAX ? (struct gen_range){ k, fmax(r.v.hi, k) } : (struct gen_range){ fmin(r.v.lo, -k), -k };
        }
        bool more = gen_chance(g, 40);
        if (more) {
            g->in_post = true;
            g->use = g->npar;
            g->acc = r;
            struct gen_point q = gen_point(g, t, 1 + gen_below(g, 2));
            r = gen_cast(g, r, t);
            if (t == DT_BOOL)
                r.x = ein_op2(c, gen_chance(g, 50) ? EIN_AND : EIN_OR, r.x, q.x);
            else if (gen_chance(g, 80)) {
                static const enum ein_kind with[] = { EIN_ADD, EIN_MUL, EIN_SUB, EIN_DIV, EIN_DIV0, EIN_MAX, EIN_MIN };
                r = gen_binary(g, with[gen_below(g, COUNTOF(with))], r, q);
            } else {
                r = q;
            }
            g->in_post = false;
        }
        r = gen_cast(g, r, t);
        if (more || empty || result != t)
            e.post = r.x;
    } else if (e.guard) {
        r.v = (struct gen_range){ fmin(r.v.lo, 0), fmax(r.v.hi, 0) };
    }
    e.prov = str_fmt(c->sp, "e%u", c->eq.n);
    cascade_eq(c, e);
    return r.v;
}

/* Other ranks along the parallel ones: those of a second equation of the same tensor. */
static void again(struct gen *g, u32 axis, i64 ext)
{
    g->rank[axis].ext = ext;
    g->nrank = g->use = g->npar;
    g->primary = (struct gen_point){ 0 };
    if (g->batch >= (i32)g->npar) {     /* it was reduced over the batch */
        g->batch = -1;
        g->only_params = true;
    }
    if (gen_chance(g, 40)) {
        double n = 1;
        for (u32 i = 0; i < g->npar; i++)
            n *= g->rank[i].ext < 0 ? 1 : (double)g->rank[i].ext;
        g->rank[g->nrank++] = (struct ein_rank){ .name = str_c(g->c->sp, "z"), .ext = gen_extent(g, MAX((i64)(g->o.points / n), 1)), .kind = EIN_RED };
        g->use = g->nrank;
    }
}

static void widen(struct gen *g, u32 tens, struct gen_range v)
{
    struct gen_range *to = &g->tens.at[tens].v;
    *to = (struct gen_range){ fmin(to->lo, v.lo), fmax(to->hi, v.hi) };
}

void gen_equation(struct gen *g)
{
    static const enum dtype types[] = { DT_F32, DT_F64, DT_F16, DT_BF16, DT_I32, DT_I64, DT_I8, DT_U8, DT_BOOL };
    struct cascade *c = g->c;
    gen_begin(g, !gen_chance(g, 12));
    g->filtered = g->o.conditions && gen_chance(g, 30);
    g->need = 0;
    gen_choose_ranks(g, 3);
    enum dtype t = gen_chance(g, 72) ? DT_F32 : types[gen_below(g, COUNTOF(types))];
    i64 dim[GEN_DIMS];
    ein_node sub[GEN_DIMS];
    u32 n = 0, first = g->batch == 0 && g->npar, axis = 0;
    bool batched = first;
    if (batched)
        sub[n++] = ein_rank(c, 0);
    for (u32 i = first; i < g->npar; i++) {
        ein_node x = ein_rank(c, i);
        i64 ext = g->rank[i].ext;
        while (i + 1 < g->npar && (n + (g->npar - i) > GEN_DIMS || gen_chance(g, 10))) {    /* folded into one axis */
            i++;
            x = ein_iadd(c, ein_imul(c, x, g->rank[i].ext), ein_rank(c, i));
            ext *= g->rank[i].ext;
        }
        dim[n] = ext;
        sub[n++] = x;
    }
    if (n > 1u + batched && gen_chance(g, 15)) {
        u32 i = batched + gen_below(g, n - batched), j = batched + gen_below(g, n - batched);
        ein_node x = sub[i];
        i64 d = dim[i];
        sub[i] = sub[j];
        dim[i] = dim[j];
        sub[j] = x;
        dim[j] = d;
    }
    /* All of it, backwards, or a part: the rest is another equation's. */
    u32 form = gen_below(g, 100);
    i64 rest = 0;
    bool even = false;
    if (g->npar > first)
        axis = first + gen_below(g, g->npar - first);
    u32 at = UINT32_MAX;                /* the subscript that is this rank alone */
    for (u32 k = batched; k < n && g->npar > first; k++)
        if (sub[k] == ein_rank(c, axis))
            at = k;
    if (at != UINT32_MAX && form < 5) {
        sub[at] = ein_iadd(c, ein_imul(c, sub[at], -1), ein_int(c, dim[at] - 1));
    } else if (at != UINT32_MAX && form < 20) {
        even = gen_chance(g, 30);
        rest = even ? dim[at] - (i64)gen_below(g, 2) : gen_extent(g, 20);
        rest = MAX(rest, 1);
        if (even)
            sub[at] = ein_imul(c, sub[at], 2);
    }
    i64 own = rest ? dim[at] : 0;
    if (rest)
        dim[at] += rest;
    u32 out = gen_tens(g, EIN_TEMP, t, batched, n - batched, dim + batched);
    g->tens.at[out].closed = true;
    g->tens.at[out].v = write(g, out, n, sub);
    if (rest) {
        again(g, axis, rest);
        sub[at] = even ? ein_iadd(c, ein_imul(c, ein_rank(c, axis), 2), ein_int(c, 1)) : ein_iadd(c, ein_rank(c, axis), ein_int(c, own));
        widen(g, out, write(g, out, n, sub));
    }
    g->tens.at[out].closed = false;
}
