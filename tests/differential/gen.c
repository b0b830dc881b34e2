/* gen.c - see gen.h: tensors, and equations until there are enough; what nobody reads becomes an output. */
#include "tests/differential/gen_impl.h"

#include <math.h>

u32 gen_below(struct gen *g, u32 n)
{
    return (u32)(rng_u64(&g->r) % n);
}

bool gen_chance(struct gen *g, u32 percent)
{
    return gen_below(g, 100) < percent;
}

i64 gen_between(struct gen *g, i64 lo, i64 hi)
{
    return lo + (i64)(rng_u64(&g->r) % (u64)(hi - lo + 1));
}

/* Sizes that leave remainders: around multiples of lanes. */
i64 gen_extent(struct gen *g, i64 most)
{
    static const u8 some[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 15, 16, 17, 19, 24, 31, 32, 33, 48, 63, 64, 65, 100, 127, 129 };
    u32 n = 0;
    while (n < COUNTOF(some) && some[n] <= most)
        n++;
    return n ? some[gen_below(g, gen_chance(g, 50) ? MIN(n, 9) : n)] : 1;
}

enum dtype gen_float(struct gen *g)
{
    static const enum dtype t[] = { DT_F64, DT_F16, DT_BF16 };
    return gen_chance(g, 85) ? DT_F32 : t[gen_below(g, COUNTOF(t))];
}

enum dtype gen_whole(struct gen *g)
{
    static const enum dtype t[] = { DT_I64, DT_I8, DT_U8 };
    return gen_chance(g, 60) ? DT_I32 : t[gen_below(g, COUNTOF(t))];
}

u32 gen_tens(struct gen *g, u8 role, enum dtype t, bool batched, u32 ndim, const i64 *dim)
{
    static const char *const letter[] = { "x", "y", "w", "s", "n", "k", "t" };
    ein_ext d[GEN_DIMS + 1];
    u32 n = 0;
    if (batched)
        d[n++] = -1;
    for (u32 i = 0; i < ndim; i++)
        d[n++] = dim[i];
    struct ein_tens x = { .name = str_fmt(g->c->sp, "%s%u", letter[role], g->c->tens.n), .role = role, .dtype = (u8)t, .ndim = n, .dim = d };
    u32 id = cascade_tens(g->c, x);
    struct gen_known k = { .v = gen_input_range(t), .batched = batched };
    vec_push(g->a, &g->tens, k);
    return id;
}

static void initializer(struct gen *g, struct ein_tens *t)
{
    static const enum init_kind kind[] = { INIT_UNIFORM, INIT_UNIFORM, INIT_NORMAL, INIT_ZEROS, INIT_ONES, INIT_CONSTANT, INIT_TRUNC_NORMAL,
                                           INIT_KAIMING_UNIFORM, INIT_KAIMING_NORMAL, INIT_XAVIER_UNIFORM, INIT_XAVIER_NORMAL };
    t->init = (u8)kind[gen_below(g, t->role == EIN_STATE ? 6 : COUNTOF(kind))];
    if (!dtype_is_float(t->dtype))
        t->init = INIT_UNIFORM;
    static const double arg[INITS][2] = { [INIT_CONSTANT] = { 0.5 }, [INIT_UNIFORM] = { -1, 1 }, [INIT_NORMAL] = { 0, 0.5 }, [INIT_TRUNC_NORMAL] = { 0.25, 0.5 },
                                          [INIT_KAIMING_UNIFORM] = { 8 }, [INIT_KAIMING_NORMAL] = { 8 }, [INIT_XAVIER_UNIFORM] = { 4, 8 },
                                          [INIT_XAVIER_NORMAL] = { 4, 8 } };
    t->init_arg[0] = dtype_is_float(t->dtype) ? arg[t->init][0] : t->dtype == DT_U8 ? 0 : -3;
    t->init_arg[1] = dtype_is_float(t->dtype) ? arg[t->init][1] : 6;
    t->number = g->nnumber++;
}

u32 gen_leaf(struct gen *g, enum dtype t, u32 ndim, const i64 *dim)
{
    bool batch = g->batch >= 0 && (u32)g->batch < g->use && !g->only_params;
    i64 elems = 1;
    for (u32 i = 0; i < ndim; i++)
        elems *= dim[i];
    u32 w = gen_below(g, 100);
    u8 role = w < 45 ? EIN_IN : w < 85 ? EIN_PARAM : w < 95 ? EIN_CONST : EIN_STATE;
    if (role == EIN_PARAM && !dtype_is_float(t) && !gen_chance(g, 10))
        role = EIN_IN;
    if (t == DT_BOOL && role != EIN_CONST)
        role = EIN_IN;
    if (role == EIN_IN && !batch)
        role = EIN_PARAM;
    if (role == EIN_PARAM && t == DT_BOOL)
        role = EIN_CONST;
    if (role == EIN_CONST && elems > 100)
        role = batch ? EIN_IN : EIN_PARAM;
    u32 id = gen_tens(g, role, t, role == EIN_IN, ndim, dim);
    struct ein_tens *x = &g->c->tens.at[id];
    if (role == EIN_PARAM || role == EIN_STATE) {
        initializer(g, x);
        g->tens.at[id].v = gen_weight_range(x);
    }
    if (role == EIN_CONST) {
        static const double some[] = { 0, 0, 1, 1, -1, 0.5, 0.25, -0.125, 2, 0.3 };
        double *v = NEW_ARRAY(g->c->a, double, elems);
        for (i64 i = 0; i < elems; i++)
            v[i] = t == DT_BOOL ? gen_below(g, 2) : dtype_is_float(t) ? some[gen_below(g, COUNTOF(some))] : (double)gen_between(g, 0, 5);
        x->value = v;
        g->tens.at[id].v = (struct gen_range){ t == DT_BOOL ? 0 : dtype_is_float(t) ? -1 : 0, t == DT_BOOL ? 1 : dtype_is_float(t) ? 2 : 5 };
    }
    if (t == DT_F16 || t == DT_BF16) {
        g->tens.at[id].v.lo -= 0.01 * fabs(g->tens.at[id].v.lo);
        g->tens.at[id].v.hi += 0.01 * fabs(g->tens.at[id].v.hi);
    }
    return id;
}

bool gen_may_read(const struct gen *g, u32 tens)
{
    const struct gen_known *k = &g->tens.at[tens];
    if (k->closed || g->c->tens.at[tens].role == EIN_NEXT)
        return false;
    return !k->batched || (g->batch >= 0 && (u32)g->batch < g->use);
}

/* A tensor without the batch as an output that has it. */
static void with_batch(struct gen *g, u32 tens)
{
    struct cascade *c = g->c;
    u32 n = c->tens.at[tens].ndim;
    u32 out = gen_tens(g, EIN_OUT, c->tens.at[tens].dtype, true, n, c->tens.at[tens].dim);
    ein_node lhs[GEN_DIMS + 1], sub[GEN_DIMS];
    gen_begin(g, true);
    lhs[0] = ein_rank(c, 0);
    for (u32 i = 0; i < n; i++) {
        g->rank[g->nrank++] = (struct ein_rank){ .ext = c->tens.at[tens].dim[i], .kind = EIN_PAR };
        sub[i] = lhs[i + 1] = ein_rank(c, i + 1);
    }
    ein_node body = ein_read(c, tens, n, sub, 0);
    cascade_eq(c, (struct ein_eq){ .nout = 1, .out = &out, .nsub = n + 1, .sub = lhs, .nrank = g->nrank, .rank = g->rank, .acc = c->tens.at[tens].dtype,
                                   .nbody = 1, .body = &body, .prov = "output" });
}

static void finish(struct gen *g)
{
    struct cascade *c = g->c;
    u32 outs = 0, n = c->tens.n;
    for (u32 t = 0; t < n; t++) {
        if (c->tens.at[t].role != EIN_TEMP)
            continue;
        bool out = !g->tens.at[t].reads || gen_chance(g, 10) || (t + 1 == n && !outs);
        if (!out)
            continue;
        if (g->tens.at[t].batched && c->tens.at[t].ndim <= GEN_DIMS)
            c->tens.at[t].role = EIN_OUT;
        else
            with_batch(g, t);
        outs++;
    }
    for (u32 t = n; t-- > 0 && !outs;)
        if (c->tens.at[t].role == EIN_TEMP) {
            if (g->tens.at[t].batched)
                c->tens.at[t].role = EIN_OUT;
            else
                with_batch(g, t);
            outs++;
        }
    c->training = false;
    for (u32 t = 0; t < c->tens.n; t++)
        c->training |= c->tens.at[t].role == EIN_NEXT;
    ein_phases(c);
}

struct cascade *gen_cascade(struct arena *a, struct str_pool *sp, u64 seed, const struct gen_options *o)
{
    struct gen g = { .a = a, .c = cascade_new(a, sp, str_fmt(sp, "g%llu", (unsigned long long)seed)), .r = rng_make(seed, 0x67656e, 0), .o = *o };
    g.o.equations = o->equations ? o->equations : 6;
    g.o.points = o->points ? o->points : 6000;
    u32 n = 1 + gen_below(&g, g.o.equations);
    for (u32 i = 0; i < n; i++) {
        u32 w = gen_below(&g, 100);
        if (w < 8)
            gen_scan(&g);
        else if (w < 16)
            gen_monoid_equation(&g);
        else if (w < 24 && o->training)
            gen_state(&g);
        else
            gen_equation(&g);
    }
    finish(&g);
    struct buf why = { 0 };
    if (!ein_verify(g.c, &why))
        BUG("the generator made %s, which does not verify: %s", g.c->name, why.at);
    buf_free(&why);
    return g.c;
}
