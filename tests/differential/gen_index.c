/* gen_index.c - random indices: ranks, slices, strides, windows, digits of mixed-radix numbers, remainders, gathers.
 *
 * In: the ranks of the equation under way and an axis.  Out: an index that hits it, at least partly; *open says that it may leave it. */
#include "tests/differential/gen_impl.h"

u32 gen_ranks(const struct gen *g, u32 *out)
{
    u32 n = 0;
    for (u32 i = 0; i < g->use; i++)
        if ((i32)i != g->batch)
            out[n++] = i;
    return n;
}

/* One or two ranks with small factors and a constant. */
ein_node gen_affine(struct gen *g)
{
    static const i64 factor[] = { 1, 1, 1, 1, 2, 3, -1, -1, -2 };
    u32 rank[GEN_RANKS], n = gen_ranks(g, rank);
    ein_node x = ein_int(g->c, gen_chance(g, 40) ? gen_between(g, -3, 4) : 0);
    for (u32 k = 0, m = n ? 1 + gen_below(g, 2) : 0; k < m; k++)
        x = ein_iadd(g->c, x, ein_imul(g->c, ein_rank(g->c, rank[gen_below(g, n)]), factor[gen_below(g, COUNTOF(factor))]));
    return x;
}

static i64 extent_of(const struct gen *g, u32 rank)
{
    return g->rank[rank].ext > 0 ? g->rank[rank].ext : 1;
}

/* A gather of integers, by proven indices; 0: nothing to gather from. */
static ein_node gather(struct gen *g)
{
    u32 some[64], n = 0, rank[GEN_RANKS], nrank = gen_ranks(g, rank);
    for (u32 t = 0; t < g->c->tens.n && n < 64; t++)
        if (gen_may_read(g, t) && !dtype_is_float(g->c->tens.at[t].dtype) && g->c->tens.at[t].dtype != DT_BOOL)
            some[n++] = t;
    u32 t;
    if (n && gen_chance(g, 70)) {
        t = some[gen_below(g, n)];
    } else {
        if (g->only_params)
            return 0;
        i64 dim[2];
        u32 m = nrank ? gen_below(g, 3) : 0;
        for (u32 k = 0; k < m; k++)
            dim[k] = extent_of(g, rank[gen_below(g, nrank)]);
        enum dtype whole[] = { DT_I32, DT_I32, DT_I64, DT_U8, DT_I8 };
        t = gen_tens(g, EIN_IN, whole[gen_below(g, COUNTOF(whole))], true, m, dim);
        if (!gen_may_read(g, t))
            return 0;
    }
    g->tens.at[t].reads++;
    ein_node sub[GEN_DIMS];
    bool open;
    u32 k = 0, nsub = g->c->tens.at[t].ndim;
    if (g->tens.at[t].batched)
        sub[k++] = ein_rank(g->c, (u32)g->batch);
    for (; k < nsub; k++)
        sub[k] = gen_index(g, g->c->tens.at[t].dim[k], true, &open);
    return ein_make(g->c, (struct ein_x){ .kind = EIN_GATHER, .u = t }, nsub, sub);
}

static ein_node candidate(struct gen *g, i64 ext, bool must)
{
    struct cascade *c = g->c;
    u32 rank[GEN_RANKS], n = gen_ranks(g, rank);
    if (!n)
        return ein_int(c, gen_between(g, 0, ext - 1));
    u32 r = rank[gen_below(g, n)], r2 = rank[gen_below(g, n)];
    for (u32 i = 0; i < n && extent_of(g, r) != ext; i++)       /* a rank of that extent is likeliest */
        r = rank[gen_below(g, n)];
    ein_node x = ein_rank(c, r), y;
    i64 e = extent_of(g, r), k;
    switch (g->o.conditions && gen_chance(g, 60) ? 9 + gen_below(g, 9) : gen_below(g, 18)) {
    default:
        if (e > ext)
            return ein_imod(c, x, gen_chance(g, 70) ? ext : gen_between(g, 1, ext));
        return e < ext ? ein_iadd(c, x, ein_int(c, gen_between(g, 0, ext - e))) : x;
    case 8:                                                     /* backwards */
        return ein_iadd(c, ein_imul(c, x, -1), ein_int(c, e <= ext ? gen_between(g, e - 1, ext - 1) : ext - 1));
    case 9: case 10: {                                          /* a window or a stride */
        x = ein_imul(c, x, gen_between(g, 1, 3));
        if (gen_chance(g, 70))
            x = ein_iadd(c, x, ein_imul(c, ein_rank(c, r2), gen_between(g, 1, 2)));
        return ein_iadd(c, x, ein_int(c, gen_between(g, -2, 1)));
    }
    case 11:                                                    /* digits */
        k = gen_between(g, 2, 5);
        return gen_chance(g, 50) ? ein_idiv(c, gen_affine(g), k) : ein_imod(c, ein_idiv(c, x, k), gen_between(g, 1, ext));
    case 12:
        return ein_imod(c, gen_affine(g), gen_between(g, 1, ext));
    case 13:                                                    /* two digits make a number */
        return ein_iadd(c, ein_imul(c, ein_rank(c, r2), e), x);
    case 14:
        return ein_int(c, gen_between(g, 0, ext - 1));
    case 15:
        return gen_affine(g);
    case 16:
        y = gather(g);
        if (!y)
            return x;
        if (must || gen_chance(g, 40))
            return ein_imod(c, y, ext);
        return gen_chance(g, 30) ? ein_iadd(c, y, ein_rank(c, r2)) : y;
    case 17:                                                    /* (k * a + b) / k and % k, before they are simplified */
        k = gen_between(g, 2, 6);
        y = ein_iadd(c, ein_imul(c, ein_rank(c, r2), k), x);
        return gen_chance(g, 50) ? ein_idiv(c, y, k) : ein_imod(c, y, k);
    }
}

ein_node gen_index(struct gen *g, i64 ext, bool must, bool *open)
{
    i64 lo, hi;
    for (u32 k = 0; k < 6; k++) {
        ein_node x = candidate(g, ext, must);
        bool bounded = ein_range(g->c, x, g->nrank, g->rank, &lo, &hi);
        *open = !(bounded && lo >= 0 && hi < ext);
        if (!*open)
            return x;
        if (!must && (!bounded || (hi >= 0 && lo < ext)) && gen_chance(g, g->o.conditions ? 90 : 60))
            return x;
    }
    *open = false;
    ein_node x = gen_affine(g);
    return gen_chance(g, 80) ? ein_imod(g->c, x, ext) : ein_int(g->c, gen_between(g, 0, ext - 1));
}

ein_node gen_axis(struct gen *g, i64 most, i64 *ext, bool *open)
{
    u32 rank[GEN_RANKS], n = gen_ranks(g, rank);
    i64 lo, hi, pad = 0;
    ein_node x;
    *open = false;
    if (!n || gen_chance(g, 8)) {
        *ext = MIN(gen_extent(g, 9), most);
        return gen_index(g, *ext, false, open);
    }
    if (gen_chance(g, 65)) {
        x = ein_rank(g->c, rank[gen_below(g, n)]);
    } else {
        x = gen_affine(g);
        if (gen_chance(g, 50))
            pad = gen_between(g, 1, 2);
    }
    if (!ein_range(g->c, x, g->nrank, g->rank, &lo, &hi) || hi - lo >= most) {
        *ext = MIN(MAX(most, 1), 5);
        return gen_index(g, *ext, false, open);
    }
    *ext = MAX(hi - lo + 1 - 2 * pad, 1);
    x = ein_iadd(g->c, x, ein_int(g->c, -lo - pad));
    *open = lo - lo - pad < 0 || hi - lo - pad >= *ext;
    return x;
}
