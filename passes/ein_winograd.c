/* ein_winograd.c - ein-winograd: convolutions of 3x3 taps by Winograd's minimal filtering (Winograd 1980; Lavin & Gray, "Fast
 * Algorithms for Convolutional Neural Networks", CVPR 2016, whose matrices these are).
 *
 * In: a fused cascade.  Out: sums of products over two taps of 3 and channels, whose operand is a parameter, as a sum over
 * channels alone between two transforms of small tiles of the image (F(m,3): an m x m tile of outputs from n x n inputs, n = m + 2):
 *
 *     y[b,d,h,w] = post((+) x[b,c,h+i-1,w+j-1] * k[d,c,i,j])
 *         =>  u[p,q,c,d]          = (+) G[p,i] * G[q,j] * k[d,c,i,j]                    load phase
 *             v[b,th,tw,p,q,c]    = (+) B[p,i] * B[q,j] * x[b,c,m*th+i-1,m*tw+j-1]
 *             s[b,th,tw,p,q,d]    = (+) v[b,th,tw,p,q,c] * u[p,q,c,d]
 *             y[b,d,h,w]          = post((+) A[h%m,i] * A[w%m,j] * s[b,h/m,w/m,i,j,d])
 *
 * The pattern is one of structure: any operand that depends on h + i and w + j only (checked by shifting both), any
 * offset, pad and epilogue; ranks that both operands share (groups) are batches.  Tiles are rounded up: what an image lacks there is
 * read as 0 and never stored, since y keeps its own ranks; an operand that is no finite number there (1 / x) stays as it is.
 *
 * G, B and A are constants, which the lowering multiplies out: rows before columns, additions for the most part
 * (ein_to_loop_matrix.c).
 *
 * 2.25 or 4 times fewer products, at a larger error (docs/performance.md): not for strict arithmetic, f32 only. */
#include "passes/rewrite.h"

#include <math.h>

enum { TAPS = 3, TILE_MOST = 6, RANKS = 48 };

/* F(m,3): B^T, G times `scale` (whole numbers), A^T, row by row. */
struct filter {
    u32 m, n;
    double in, out;                             /* what transforming a tile of one channel costs, measured, in products */
    double scale, bt[TILE_MOST * TILE_MOST], g[TILE_MOST * TAPS], at[TILE_MOST * TILE_MOST];
};
static const struct filter f2 = {
    .m = 2, .n = 4, .in = 200, .out = 120, .scale = 2,
    .bt = { 1, 0, -1, 0,    0, 1, 1, 0,    0, -1, 1, 0,    0, 1, 0, -1 },
    .g = { 2, 0, 0,    1, 1, 1,    1, -1, 1,    0, 0, 2 },
    .at = { 1, 1, 1, 0,    0, 1, -1, -1 },
};
static const struct filter f4 = {
    .m = 4, .n = 6, .in = 450, .out = 275, .scale = 24,
    .bt = { 4, 0, -5, 0, 1, 0,    0, -4, -4, 1, 1, 0,    0, 4, -4, -1, 1, 0,    0, -2, -1, 2, 1, 0,    0, 2, -1, -2, 1, 0,    0, 4, 0, -5, 0, 1 },
    .g = { 6, 0, 0,    -4, -4, -4,    -4, 4, -4,    1, 2, 4,    1, -2, 4,    0, 0, 24 },
    .at = { 1, 1, 1, 1, 1, 0,    0, 1, -1, 2, -2, 0,    0, 1, 1, 4, 4, 0,    0, 1, -1, 8, -8, 1 },
};

/* When it pays: costs in products (multiply-adds in registers), measured on an AVX-512 core.  A weight costs WEIGHT of them, for it is
 * read from beyond the second cache once in a network, and there are 36 or 16 of them for 9: small images with many channels are
 * better off with the smaller tile, or direct.  MOST: bytes of tiles and sums, which go through memory. */
enum { IMAGE_LEAST = 4, WEIGHT = 12, LANES = 16, MOST = 16 << 20 };
#define WORTH 0.9                               /* of the direct sum's cost */

struct conv {
    struct rewrite *w;
    struct cascade *c;
    const struct ein_eq *e;
    ein_node data, par;             /* the factors */
    u64 data_ranks, par_ranks;
    u32 image[2], tap[2];           /* ranks h, w and i, j */
    const struct filter *f;
};

static u64 bit(u32 r)
{
    return (u64)1 << r;
}

/* Ranks under x; *phase: the latest of what is read there. */
static u64 ranks_of(struct rewrite *w, ein_node x, u8 *phase)
{
    ein_nodes n = { 0 };
    *phase = EIN_PHASE_CONST;
    ein_reach(w->a, w->c, x, &n);
    for (u32 i = 0; i < n.n; i++) {
        const struct ein_x *y = &w->c->node.at[n.at[i]];
        if (y->kind == EIN_READ || y->kind == EIN_GATHER)
            *phase = MAX(*phase, w->c->tens.at[y->u].role == EIN_STATE && w->c->training ? EIN_PHASE_RUN : w->c->tens.at[y->u].phase);
        if (y->kind == EIN_RAND || y->kind == EIN_SYM || y->kind == EIN_GATHER)
            *phase = EIN_PHASE_RUN;
    }
    return w->c->node.at[x].ranks;
}

/* Does the operand change when h and i do, but not when h + i stays? */
static bool slides(const struct conv *v, u32 image, u32 tap)
{
    ein_node with[64] = { 0 };
    if (!(v->data_ranks & bit(image)) || !(v->data_ranks & bit(tap)))
        return false;
    with[image] = ein_iadd(v->c, ein_rank(v->c, image), ein_int(v->c, 1));
    with[tap] = ein_iadd(v->c, ein_rank(v->c, tap), ein_int(v->c, -1));
    return ein_subst(v->c, v->data, v->e->nrank, with) == v->data;
}

static bool find_taps(struct conv *v)
{
    const struct ein_eq *e = v->e;
    u32 n = 0;
    for (u32 t = 0; t < e->nrank; t++) {
        if (e->rank[t].kind != EIN_RED || e->rank[t].ext != TAPS || !(v->par_ranks & bit(t)))
            continue;
        for (u32 r = 0; r < e->nrank; r++)
            if (e->rank[r].kind == EIN_PAR && e->rank[r].ext >= IMAGE_LEAST && !(v->par_ranks & bit(r)) && (!n || v->image[0] != r) &&
                slides(v, r, t)) {
                if (n == 2)
                    return false;
                v->image[n] = r;
                v->tap[n++] = t;
                break;
            }
    }
    return n == 2;
}

static bool is_image(const struct conv *v, u32 r)
{
    return r == v->image[0] || r == v->image[1];
}

static bool is_tap(const struct conv *v, u32 r)
{
    return r == v->tap[0] || r == v->tap[1];
}

static double lanes(double n)
{
    return (double)(((i64)n + LANES - 1) / LANES * LANES);
}

/* In products, for one element of the batch. f NULL: directly. */
static double cost(const struct conv *v, const struct filter *f, double batches, double in, double out)
{
    double tiles = 1;
    for (u32 k = 0; k < 2; k++) {
        i64 ext = v->e->rank[v->image[k]].ext;
        tiles *= f ? (double)((ext + f->m - 1) / f->m) : (double)ext;
    }
    double points = f ? f->n * f->n : TAPS * TAPS, moved = f ? tiles * (f->in * lanes(in) + f->out * lanes(out)) : 0;
    if (f && batches * tiles * points * (in + out) * 4 > MOST)
        return 1e300;
    return batches * (points * in * lanes(out) * (tiles + WEIGHT) + moved);
}

/* Is the operand a number where tiles reach past the image?  What they have there cancels out of every output, unless it is infinite:
 * worked out with 0 for what is read beyond. */
static bool finite_beyond(struct conv *v)
{
    struct cascade *c = v->c;
    bool beyond = false;
    for (u32 k = 0; k < 2; k++)
        beyond |= v->e->rank[v->image[k]].ext % v->f->m != 0;
    if (!beyond)
        return true;
    u64 moving = bit(v->image[0]) | bit(v->image[1]) | bit(v->tap[0]) | bit(v->tap[1]);
    ein_nodes all = { 0 };
    ein_reach(v->w->a, c, v->data, &all);
    ein_node *from = NEW_ARRAY(v->w->a, ein_node, all.n + 1), *to = NEW_ARRAY(v->w->a, ein_node, all.n + 1), x = v->data;
    u32 n = 0;
    for (u32 i = 0; i < all.n; i++) {
        struct ein_x y = c->node.at[all.at[i]];
        if (y.kind == EIN_READ && (y.ranks & moving)) {
            from[n] = all.at[i];
            to[n++] = y.a ? y.a : ein_num(c, 0);
        }
    }
    x = n ? rw_replace(c, x, n, from, to) : x;
    all = (ein_nodes){ 0 };
    ein_reach(v->w->a, c, x, &all);
    for (u32 i = 0; i < all.n; i++) {
        const struct ein_x *y = &c->node.at[all.at[i]];
        bool divides = (y->kind == EIN_DIV && !(c->node.at[y->b].kind == EIN_NUM && c->node.at[y->b].r != 0)) || y->kind == EIN_PMOD;
        if (divides || y->kind == EIN_RSQRT || y->kind == EIN_LOG || y->kind == EIN_SQRT || y->kind == EIN_POW || (y->kind == EIN_NUM && !isfinite(y->r)))
            return false;
    }
    return true;
}

static bool find(struct conv *v)
{
    struct cascade *c = v->c;
    const struct ein_eq *e = v->e;
    if (e->red != RED_ADD || e->nbody != 1 || e->nout != 1 || e->guard || e->scan || e->as_written || e->phase != EIN_PHASE_RUN ||
        e->acc != DT_F32 || e->nrank > RANKS || c->tens.at[e->out[0]].dtype != DT_F32 || c->node.at[e->body[0]].kind != EIN_MUL ||
        ein_dtype(c, e, e->body[0]) != DT_F32)
        return false;
    u8 pa, pb;
    v->data = c->node.at[e->body[0]].a;
    v->par = c->node.at[e->body[0]].b;
    v->data_ranks = ranks_of(v->w, v->data, &pa);
    v->par_ranks = ranks_of(v->w, v->par, &pb);
    if (pa < pb) {
        ein_node x = v->data;
        u64 m = v->data_ranks;
        u8 p = pa;
        v->data = v->par, v->data_ranks = v->par_ranks, pa = pb;
        v->par = x, v->par_ranks = m, pb = p;
    }
    if (pa != EIN_PHASE_RUN || pb != EIN_PHASE_LOAD || c->node.at[v->par].kind != EIN_READ || !find_taps(v))
        return false;
    double in = 1, out = 1, batches = 1;
    for (u32 r = 0; r < e->nrank; r++) {
        bool d = v->data_ranks & bit(r), p = v->par_ranks & bit(r);
        if (is_image(v, r) || is_tap(v, r))
            continue;
        if ((e->rank[r].kind == EIN_RED && !(d && p)) || (!d && !p) || (p && e->rank[r].ext < 0))
            return false;
        if (e->rank[r].kind == EIN_RED)
            in *= (double)e->rank[r].ext;
        else if (!d)
            out *= (double)e->rank[r].ext;
        else
            batches *= e->rank[r].ext < 0 ? 1 : (double)e->rank[r].ext;
    }
    double two = cost(v, &f2, batches, in, out), four = cost(v, &f4, batches, in, out);
    v->f = four <= two ? &f4 : &f2;
    return MIN(two, four) < WORTH * cost(v, NULL, batches, in, out) && finite_beyond(v);
}

/* Equations */

/* A new tensor and the equation that writes it, its ranks in order: those of v->e in `first` (with: their new names), the tile's
 * place p, q (n each) and, if asked, its row and column (tiles), those in `last`. */
struct stage { struct ein_eq eq; ein_node with[64]; u32 p, q, th, tw; ein_node read[RANKS + 8]; };

static void add_rank(struct conv *v, struct stage *s, str name, i64 ext, ein_node mine)
{
    struct cascade *c = v->c;
    u32 k = s->eq.nrank++;
    s->eq.rank[k] = (struct ein_rank){ name, ext, EIN_PAR };
    s->eq.sub[k] = ein_rank(c, k);
    s->read[k] = mine;
}

static void add_ranks(struct conv *v, struct stage *s, u64 of, bool reduced)
{
    for (u32 pass = 0; pass < 2; pass++)        /* the batch leads */
        for (u32 r = 0; r < v->e->nrank; r++)
            if ((of & bit(r)) && !is_image(v, r) && !is_tap(v, r) && (v->e->rank[r].kind == EIN_RED) == reduced && (v->e->rank[r].ext > 0) == pass) {
                s->with[r] = ein_rank(v->c, s->eq.nrank);
                add_rank(v, s, v->e->rank[r].name, v->e->rank[r].ext, ein_rank(v->c, r));
            }
}

static i64 tiles(const struct conv *v, u32 k)
{
    return (v->e->rank[v->image[k]].ext + v->f->m - 1) / v->f->m;
}

static void add_place(struct conv *v, struct stage *s, bool tile)
{
    struct cascade *c = v->c;
    if (tile) {
        s->th = s->eq.nrank;
        add_rank(v, s, "th", tiles(v, 0), ein_idiv(c, ein_rank(c, v->image[0]), v->f->m));
        s->tw = s->eq.nrank;
        add_rank(v, s, "tw", tiles(v, 1), ein_idiv(c, ein_rank(c, v->image[1]), v->f->m));
    }
    s->p = s->eq.nrank;
    add_rank(v, s, "p", v->f->n, 0);
    s->q = s->eq.nrank;
    add_rank(v, s, "q", v->f->n, 0);
}

static void stage_open(struct conv *v, struct stage *s, u8 phase)
{
    struct cascade *c = v->c;
    *s = (struct stage){ .eq = { .nout = 1, .red = RED_NONE, .acc = DT_F32, .nbody = 1, .phase = phase, .prov = v->e->prov } };
    s->eq.out = NEW_ARRAY(c->a, u32, 1);
    s->eq.sub = NEW_ARRAY(c->a, ein_node, RANKS + 8);
    s->eq.rank = NEW_ARRAY(c->a, struct ein_rank, RANKS + 8);
    s->eq.body = NEW_ARRAY(c->a, ein_node, 1);
}

static void stage_close(struct conv *v, struct stage *s, const char *what)
{
    struct cascade *c = v->c;
    s->eq.nsub = s->eq.nrank;
    ein_ext *dim = NEW_ARRAY(v->w->a, ein_ext, s->eq.nrank);
    for (u32 i = 0; i < s->eq.nrank; i++)
        dim[i] = s->eq.rank[i].ext;
    s->eq.out[0] = cascade_tens(c, (struct ein_tens){ .name = str_fmt(c->sp, "%s.%s", c->tens.at[v->e->out[0]].name, what), .role = EIN_TEMP,
                                                      .dtype = DT_F32, .phase = s->eq.phase, .ndim = s->eq.nrank, .dim = dim });
}

/* Its element at place (p, q) of the tile, in other ranks. */
static ein_node place(struct conv *v, const struct stage *s, ein_node p, ein_node q, const ein_node *with, u32 nwith)
{
    ein_node sub[RANKS + 8];
    for (u32 k = 0; k < s->eq.nsub; k++)
        sub[k] = k == s->p ? p : k == s->q ? q : nwith ? ein_subst(v->c, s->read[k], nwith, with) : s->read[k];
    return ein_read(v->c, s->eq.out[0], s->eq.nsub, sub, 0);
}

/* x with a pad (0) on every read that had none: tiles reach past the image. */
static ein_node padded(struct conv *v, ein_node x)
{
    ein_nodes all = { 0 };
    ein_reach(v->w->a, v->c, x, &all);
    ein_node *from = NEW_ARRAY(v->w->a, ein_node, all.n + 1), *to = NEW_ARRAY(v->w->a, ein_node, all.n + 1);
    u32 n = 0;
    for (u32 i = 0; i < all.n; i++) {
        struct ein_x y = v->c->node.at[all.at[i]];
        if (y.kind != EIN_READ || y.a)
            continue;
        from[n] = all.at[i];
        ein_node *sub = arena_dup(v->w->a, v->c->list.at + y.list, sizeof *sub * y.nlist);
        to[n++] = ein_read(v->c, y.u, y.nlist, sub, ein_num(v->c, 0));
    }
    return rw_replace(v->c, x, n, from, to);
}

/* A constant of the cascade, made once. */
static u32 matrix(struct conv *v, const char *name, u32 rows, u32 cols, const double *value)
{
    struct cascade *c = v->c;
    u32 t;
    str full = str_fmt(c->sp, "winograd.%u.%s", v->f->m, name);
    ein_ext dim[2] = { rows, cols };
    if (cascade_find(c, full, &t) && c->tens.at[t].role == EIN_CONST && c->tens.at[t].value == value)
        return t;
    return cascade_tens(c, (struct ein_tens){ .name = full, .role = EIN_CONST, .dtype = DT_F32, .phase = EIN_PHASE_CONST, .ndim = 2, .dim = dim, .value = value });
}

/* e becomes (+) M[p,i] * M[q,j] * x, i and j new reduced ranks (the last two). */
static void transform(struct conv *v, struct ein_eq *e, u32 m, ein_node p, ein_node q, ein_node x)
{
    struct cascade *c = v->c;
    ein_node i = ein_rank(c, e->nrank - 2), j = ein_rank(c, e->nrank - 1), left[2] = { p, i }, right[2] = { q, j };
    ein_node a = ein_read(c, m, 2, left, 0), b = ein_read(c, m, 2, right, 0);
    e->red = RED_ADD;
    e->body = NEW_ARRAY(c->a, ein_node, 1);
    e->body[0] = ein_op2(c, EIN_MUL, a, ein_op2(c, EIN_MUL, b, x));
}

static void add_reduced(struct stage *s, i64 ext)
{
    s->eq.rank[s->eq.nrank++] = (struct ein_rank){ "i", ext, EIN_RED };
    s->eq.rank[s->eq.nrank++] = (struct ein_rank){ "j", ext, EIN_RED };
}

/* v->data or v->par in the ranks of a stage: taps and places of the tile are its last two. */
static ein_node operand(struct conv *v, struct stage *s, ein_node x, bool tile)
{
    struct cascade *c = v->c;
    if (tile) {
        s->with[v->image[0]] = ein_imul(c, ein_rank(c, s->th), v->f->m);
        s->with[v->image[1]] = ein_imul(c, ein_rank(c, s->tw), v->f->m);
    }
    s->with[v->tap[0]] = ein_rank(c, s->eq.nrank - 2);
    s->with[v->tap[1]] = ein_rank(c, s->eq.nrank - 1);
    return ein_subst(c, x, v->e->nrank, s->with);
}

static void rewrite(struct conv *v, u32 eq)
{
    struct cascade *c = v->c;
    const struct filter *f = v->f;
    ein_node acc = ein_make(c, (struct ein_x){ .kind = EIN_ACC }, 0, NULL);
    u64 both = v->data_ranks & v->par_ranks, red = 0;
    for (u32 r = 0; r < v->e->nrank; r++)
        red |= v->e->rank[r].kind == EIN_RED ? bit(r) : 0;

    struct stage u, t, s;
    stage_open(v, &u, EIN_PHASE_LOAD);
    add_ranks(v, &u, both & ~red, false);
    add_place(v, &u, false);
    add_ranks(v, &u, both & red, true);
    add_ranks(v, &u, v->par_ranks & ~both, false);
    stage_close(v, &u, "taps");
    add_reduced(&u, TAPS);
    transform(v, &u.eq, matrix(v, "g", f->n, TAPS, f->g), ein_rank(c, u.p), ein_rank(c, u.q), operand(v, &u, v->par, false));
    u.eq.post = ein_op2(c, EIN_MUL, acc, ein_num(c, 1 / (f->scale * f->scale)));
    rw_simplify(v->w, &u.eq);

    stage_open(v, &t, EIN_PHASE_RUN);
    add_ranks(v, &t, v->data_ranks & ~red, false);
    add_place(v, &t, true);
    add_ranks(v, &t, both & red, true);
    stage_close(v, &t, "tiles");
    add_reduced(&t, f->n);
    transform(v, &t.eq, matrix(v, "b", f->n, f->n, f->bt), ein_rank(c, t.p), ein_rank(c, t.q), operand(v, &t, padded(v, v->data), true));
    rw_simplify(v->w, &t.eq);

    stage_open(v, &s, EIN_PHASE_RUN);
    add_ranks(v, &s, v->data_ranks & ~red, false);
    add_place(v, &s, true);
    add_ranks(v, &s, v->par_ranks & ~both, false);
    stage_close(v, &s, "sums");
    s.eq.red = RED_ADD;
    for (u32 r = 0; r < v->e->nrank; r++)
        if ((both & red & bit(r)) && !is_tap(v, r)) {
            s.with[r] = ein_rank(c, s.eq.nrank);
            s.eq.rank[s.eq.nrank++] = v->e->rank[r];
        }
    s.with[v->image[0]] = ein_imul(c, ein_rank(c, s.th), f->m);     /* in the factors: h / m is the tile */
    s.with[v->image[1]] = ein_imul(c, ein_rank(c, s.tw), f->m);
    ein_node p = ein_rank(c, s.p), q = ein_rank(c, s.q);
    ein_node left = place(v, &t, p, q, s.with, v->e->nrank), right = place(v, &u, p, q, s.with, v->e->nrank);
    s.eq.body[0] = ein_op2(c, EIN_MUL, left, right);
    rw_simplify(v->w, &s.eq);

    struct ein_eq y = *v->e;
    y.nrank = rw_npar(v->e) + 2;
    y.rank = NEW_ARRAY(c->a, struct ein_rank, y.nrank);
    memcpy(y.rank, v->e->rank, sizeof *y.rank * (y.nrank - 2));
    y.rank[y.nrank - 2] = (struct ein_rank){ "i", f->n, EIN_RED };
    y.rank[y.nrank - 1] = (struct ein_rank){ "j", f->n, EIN_RED };
    ein_node h = ein_imod(c, ein_rank(c, v->image[0]), f->m), w = ein_imod(c, ein_rank(c, v->image[1]), f->m);
    transform(v, &y, matrix(v, "a", f->m, f->n, f->at), h, w, place(v, &s, ein_rank(c, y.nrank - 2), ein_rank(c, y.nrank - 1), NULL, 0));
    rw_simplify(v->w, &y);

    rw_before(v->w, eq, u.eq);
    rw_before(v->w, eq, t.eq);
    rw_before(v->w, eq, s.eq);
    rw_set(v->w, eq, y);
}

u32 ein_winograd(struct cascade *c, const struct pass_options *o)
{
    if (o->strict || o->code == CODE_GENERIC)      /* transforms are worth it as compiled code only */
        return 0;
    struct rewrite *w = rw_open(c, o);
    for (u32 i = 0; i < w->neq; i++) {
        struct ein_eq e = c->eq.at[i];
        struct conv v = { .w = w, .c = c, .e = &e };
        if (find(&v))
            rewrite(&v, i);
    }
    u32 fired = rw_close(w);
    if (fired)                  /* convolutions of one tensor share its transform */
        fired += ein_cse(c, o);
    return fired;
}
