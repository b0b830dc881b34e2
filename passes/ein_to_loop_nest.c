/* ein_to_loop_nest.c - the loops of one equation under its schedule.
 *
 *     for work units, plain parallel ranks              hoisted: what is known by then
 *       for blocks of tiled ranks
 *         for chunks of the vectorised rank             last vectors masked, or a scalar remainder
 *           acc[tile x vectors] = identity
 *           for reduced ranks (carry acc)
 *             acc = acc (+) body                        taps unrolled
 *           store post(acc)
 *
 * A reduction whose scalar in-range tests may fail is emitted twice, under the condition that none fails here and without. */
#include "passes/lower.h"

#include "compiler/ir/tune.h"

enum { ACC_MOST = 96, WALKS = 8, ITEMS = LOW_RANKS };
struct low_item { u32 rank; i32 stat; };            /* stat -1: a plain loop */
struct nest { struct low *q; u32 n; struct low_item item[ITEMS]; u32 nred; u32 red[LOW_RANKS]; u32 nstate; };

static u64 bit(u32 r)
{
    return (u64)1 << r;
}

static i32 stat_of(const struct low *q, u32 rank)
{
    for (u32 i = 0; i < q->nstat; i++)
        if (q->stat[i].rank == rank)
            return (i32)i;
    return -1;
}

static void add_stat(struct low *q, u32 rank, u32 n, i64 step)
{
    CHECK(q->nstat < LOW_STATS);
    q->stat[q->nstat++] = (struct low_stat){ rank, n, n, step, q->rank[rank].red };
}

/* The innermost loop of a sum of products takes as many steps at once as leave its body small: fewer turns, and a loop of few turns ends where
 * the processor expects it to. */
static void unroll(struct nest *t, u32 rank)
{
    struct low *q = t->q;
    u32 points = 1;
    for (u32 i = 0; i < q->nstat; i++)
        points *= q->stat[i].max;
    u32 n = tune_steps(points);
    while (n > 1 && q->rank[rank].ext < n)
        n /= 2;
    if (n > 1 && q->nstat < LOW_STATS)
        add_stat(q, rank, n, 1);
}

/* Static ranks and the order of loops. */
static void set_up(struct nest *t, struct low *q)
{
    struct low_sched *s = &q->s;
    *t = (struct nest){ .q = q, .nstate = q->q.red == RED_USER ? q->c->monoid.at[q->q.monoid].nstate : 1 };
    q->nstat = 0;
    for (u32 i = 0; i < s->ntile; i++)
        add_stat(q, s->tile[i].rank, s->tile[i].n, 1);
    if (s->vec < LOW_RANKS)
        add_stat(q, s->vec, s->nv, s->vl);
    for (u32 r = 0; r < q->q.nrank; r++)
        if ((s->taps & bit(r)) && q->rank[r].ext > 1)
            add_stat(q, r, (u32)q->rank[r].ext, 1);
    q->vl = s->vl;
    if (s->vec < LOW_RANKS)
        q->rank[s->vec].vec = true;
    low_begin(q);
    for (u32 r = 0; r < q->q.nrank; r++)
        if ((s->taps & bit(r)) || (!q->rank[r].bound && !q->rank[r].tb && q->rank[r].ext == 1))
            low_bind(q, r, 0, 0, 0);
    /* batch outermost; inside, loops that leave a large vector operand alone go innermost, so that it is walked once */
    u64 large = low_large(q);
    bool batch_inside = low_batch_inside(q, large);
    for (u32 pass = 0; pass < 4; pass++) {
        if (pass == 2 && large)
            for (u32 i = 0; i < q->nstat; i++)
                if (!q->stat[i].red && (large >> q->stat[i].rank & 1))
                    t->item[t->n++] = (struct low_item){ q->stat[i].rank, (i32)i };
        for (u32 r = 0; r < q->q.nrank; r++)
            if (!q->rank[r].bound && !q->rank[r].red && stat_of(q, r) < 0 &&
                ((q->rank[r].tb && !batch_inside) || (s->outer && r == s->outer) ? 0u : !large || (large >> r & 1) ? 1u : 2u) == pass)
                t->item[t->n++] = (struct low_item){ r, -1 };
    }
    for (u32 i = 0; i < q->nstat; i++)
        if (!q->stat[i].red && q->stat[i].rank != s->vec && !(large >> q->stat[i].rank & 1))
            t->item[t->n++] = (struct low_item){ q->stat[i].rank, (i32)i };
    if (s->vec < LOW_RANKS && !s->vec_red && !large)
        t->item[t->n++] = (struct low_item){ s->vec, stat_of(q, s->vec) };
    /* taps outside of channels: their bounds and masks are worked out less often */
    bool in_order = q->q.as_written || q->L->o->strict || q->q.red == RED_USER || q->q.red == RED_ARGMAX || q->q.red == RED_ARGMIN;
    u64 tested = 0;
    for (u32 k = q->nlhs; k < q->acc.n; k++)
        tested |= low_test_deps(q, k);
    for (u32 pass = 0; pass < 2; pass++)
        for (u32 r = 0; r < q->q.nrank; r++)
            if (!q->rank[r].bound && q->rank[r].red && r != s->vec && (in_order ? !pass : (tested & bit(r)) ? !pass : pass))
                t->red[t->nred++] = r;
    u32 last = t->nred ? t->red[t->nred - 1] : 0;
    bool inside = false;                /* taps are inside of the loops: steps side by side would come after them */
    for (u32 i = 0; i < q->nstat; i++)
        inside |= q->stat[i].red;
    if (s->contraction && t->nred && !s->vec_red && !q->rank[last].tb && !(tested & bit(last)) && !(in_order && inside))
        unroll(t, last);
    low_find_clips(q);
    if (s->vec_red)
        t->red[t->nred++] = s->vec;
}

static void prepare(struct low *q)
{
    for (u32 i = 0; i < q->q.nbody; i++)
        low_prepare(q, q->q.body[i]);
    low_prepare(q, q->q.guard);
}

static lval trip(struct low *q, i64 k, bool tb)
{
    return lower_size(q->L, &q->e, ROLE_TRIP, k, tb);
}

/* The first n lanes. */
static lval lanes_below(struct low *q, i64 n)
{
    struct ltype it = { DT_I32, (u16)q->vl }, bt = { DT_BOOL, (u16)q->vl };
    lval lanes = le_op(&q->e, LO_IOTA, it, 0, 0, 0);
    return le_op(&q->e, LO_ILT, bt, lanes, le_num(&q->e, it, (double)n), 0);
}

/* Instances: all combinations of the static ranks that are red (or not); next_instance after first_instance. */
static void first_instance(struct low *q, bool red)
{
    for (u32 i = 0; i < q->nstat; i++)
        if (q->stat[i].red == red)
            q->coord[i] = 0;
}

static bool next_instance(struct low *q, bool red)
{
    for (u32 i = q->nstat; i-- > 0;)
        if (q->stat[i].red == red) {
            if (++q->coord[i] < q->stat[i].n)
                return true;
            q->coord[i] = 0;
        }
    return false;
}

/* Accumulators are numbered by parallel instance, then vector of a reduced chunk, then component. */
static u32 acc_at(const struct nest *t)
{
    const struct low *q = t->q;
    u32 at = 0;
    for (u32 i = 0; i < q->nstat; i++)
        if (!q->stat[i].red || q->stat[i].rank == q->s.vec)
            at = at * q->stat[i].max + q->coord[i];
    return at * t->nstate;
}

static u32 acc_count(const struct nest *t)
{
    const struct low *q = t->q;
    u32 n = t->nstate;
    for (u32 i = 0; i < q->nstat; i++)
        if (!q->stat[i].red || q->stat[i].rank == q->s.vec)
            n *= q->stat[i].max;
    CHECK(n <= ACC_MOST);
    return n;
}

/* One point of the reduction into its accumulator(s). */
static void accumulate(struct nest *t, lval *acc)
{
    struct low *q = t->q;
    lval present = q->q.guard ? low_as_bool(q, low_point(q, q->q.guard)) : 0;
    if (q->q.red == RED_USER) {
        const struct ein_monoid *m = &q->c->monoid.at[q->q.monoid];
        lval arg[32], lift[16], next[16];
        CHECK(m->nlift <= 16 && m->nstate <= 16);
        for (u32 i = 0; i < m->nlift; i++)
            arg[i] = low_typed(q, q->q.body[i], q->q.acc);
        for (u32 i = 0; i < m->nstate; i++)
            lift[i] = low_monoid(q, m->nlift, arg, m->lift[i]);
        for (u32 i = 0; i < m->nstate; i++) {
            arg[i] = acc[i];
            arg[m->nstate + i] = lift[i];
        }
        for (u32 i = 0; i < m->nstate; i++) {
            next[i] = low_splat(q, low_monoid(q, 2 * m->nstate, arg, m->merge[i]));
            if (present)
                next[i] = low_pick(q, present, next[i], acc[i]);
        }
        memcpy(acc, next, m->nstate * sizeof *acc);
        return;
    }
    if (q->s.vec_red)
        for (u32 i = 0; i < q->nstat; i++)
            if (q->stat[i].rank == q->s.vec && q->tail[q->coord[i]])
                present = low_and(q, present, q->tail[q->coord[i]]);
    if (!present && q->q.red == RED_ADD) {
        acc[0] = low_add_point(q, acc[0], q->q.body[0]);
        return;
    }
    lval v = low_typed(q, q->q.body[0], q->q.acc), was = acc[0];
    bool skips = q->q.red == RED_ADD || q->q.red == RED_MUL;    /* an extremum that is NaN is lost by the identity */
    if (present && (skips || !q->L->o->strict))
        v = low_pick(q, present, v, low_const(q, low_identity(q)));
    acc[0] = low_combine(q, acc[0], v);
    if (present && !skips && q->L->o->strict)
        acc[0] = low_pick(q, present, acc[0], was);
}

static void reduce(struct nest *t, u32 depth, lval *acc);

static void innermost(struct nest *t, lval *acc)
{
    struct low *q = t->q;
    first_instance(q, true);
    do {
        first_instance(q, false);
        do
            accumulate(t, acc + acc_at(t));
        while (next_instance(q, false));
    } while (next_instance(q, true));
}

/* A loop over a reduced rank from lo to hi, carrying the accumulators. */
static void carry_loop(struct nest *t, u32 depth, lval *acc, lval lo, lval hi, i64 step, i64 first, i64 last)
{
    struct low *q = t->q;
    u32 n = acc_count(t), rank = t->red[depth];
    lval var, init[ACC_MOST + WALKS], carry[ACC_MOST + WALKS], result[ACC_MOST + WALKS], next[WALKS];
    struct low_walk walk[WALKS];
    struct low_scope sc;
    prepare(q);
    memcpy(init, acc, n * sizeof *acc);
    u32 w = low_walks(q, rank, lo, step, WALKS, walk);
    for (u32 i = 0; i < w; i++)
        init[n + i] = walk[i].from;
    struct loop_emit body = le_for(&q->e, lo, hi, step, 0, n + w, init, &var, carry, result);
    low_open(q, body, &sc);
    for (u32 i = 0; i < w; i++) {
        low_walking(q, rank, walk[i].acc, carry[n + i]);
        next[i] = carry[n + i];
    }
    low_bind(q, rank, var, first, last);
    reduce(t, depth + 1, carry);
    for (u32 i = 0; i < w; i++)
        carry[n + i] = le_op(&q->e, LO_IADD, (struct ltype){ DT_I64, 1 }, next[i], walk[i].step, 0);
    le_yield(&q->e, n + w, carry);
    low_close(q, &sc);
    memcpy(acc, result, n * sizeof *acc);
}

static void straight(struct nest *t, u32 depth, lval *acc, i64 base)
{
    struct low *q = t->q;
    struct low_scope sc;
    low_open(q, q->e, &sc);
    low_bind(q, t->red[depth], base ? le_int(&q->e, base) : 0, base, base);
    reduce(t, depth + 1, acc);
    low_close(q, &sc);
}

static void reduce(struct nest *t, u32 depth, lval *acc)
{
    struct low *q = t->q;
    if (depth == t->nred) {
        innermost(t, acc);
        return;
    }
    u32 r = t->red[depth];
    i64 ext = q->rank[r].ext;
    i32 several = stat_of(q, r);
    if (r != q->s.vec && several >= 0) {
        struct low_stat *st = &q->stat[several];
        i64 full = ext / st->max;
        if (full > 1) {
            lval lo = le_int(&q->e, 0), hi = trip(q, full * st->max, false);
            carry_loop(t, depth, acc, lo, hi, st->max, 0, (full - 1) * st->max);
        } else if (full)
            straight(t, depth, acc, 0);
        if (ext % st->max) {
            st->n = (u32)(ext % st->max);
            straight(t, depth, acc, full * st->max);
            st->n = st->max;
        }
        return;
    }
    if (r != q->s.vec) {
        lval lo = le_int(&q->e, 0), hi = trip(q, ext, q->rank[r].tb);
        low_clip(q, r, &lo, &hi);
        carry_loop(t, depth, acc, lo, hi, 1, 0, q->rank[r].tb ? (i64)1 << 31 : ext - 1);
        low_release(q, r);
        return;
    }
    struct low_stat *st = &q->stat[stat_of(q, r)];
    i64 chunk = (i64)q->s.vl * q->s.nv, full = ext / chunk, rem = ext % chunk;
    if (full > 1) {
        lval lo = le_int(&q->e, 0), hi = trip(q, full * chunk, false);
        carry_loop(t, depth, acc, lo, hi, chunk, 0, (full - 1) * chunk);
    } else if (full)
        straight(t, depth, acc, 0);
    if (!rem)
        return;
    if (q->L->m->masks) {
        st->n = (u32)((rem + q->s.vl - 1) / q->s.vl);
        if (rem % q->s.vl)
            q->tail[st->n - 1] = lanes_below(q, q->tail_n[st->n - 1] = (u32)(rem % q->s.vl));
        straight(t, depth, acc, full * chunk);
        q->tail[st->n - 1] = 0;
        st->n = st->max;
        return;
    }
    st->n = (u32)(rem / q->s.vl);
    if (st->n)
        straight(t, depth, acc, full * chunk);
    st->n = st->max;
    i64 left = rem % q->s.vl;
    if (!left)
        return;
    /* scalars: folded into lane 0's sum at the end, so kept in accumulators of their own */
    u32 n = acc_count(t);
    lval one[ACC_MOST];
    for (u32 i = 0; i < n; i++)
        one[i] = low_const(q, low_identity(q));
    q->vl = 1;
    q->rank[r].vec = false;
    st->n = 1;
    lval lo = trip(q, ext - left, false), hi = trip(q, ext, false);
    carry_loop(t, depth, one, lo, hi, 1, ext - left, ext - 1);
    st->n = st->max;
    q->rank[r].vec = true;
    q->vl = q->s.vl;
    lval first = lanes_below(q, 1), none = low_const(q, low_identity(q));
    none = low_splat(q, none);
    for (u32 i = 0; i < n; i++) {
        one[i] = low_splat(q, one[i]);
        acc[i] = low_combine(q, acc[i], low_pick(q, first, one[i], none));
    }
}

/* Left sides */

static lval to_store(struct low *q, lval v, enum dtype d)
{
    if (d == DT_BOOL)
        return low_as_bool(q, v);
    v = low_as_number(q, v);
    struct ltype t = low_type(q, v), to = { (u8)d, t.lanes };
    if (d == q->ct)
        return v;
    return le_op(&q->e, LO_CAST, to, v, 0, 0);
}

static void store(struct low *q, u32 k, lval v)
{
    low_store(q, k, to_store(q, v, (enum dtype)q->c->tens.at[q->acc.at[k].tens].dtype));
}

static void map_cell(struct low *q)
{
    first_instance(q, false);
    if (q->s.fixed)
        low_shared_first(q);
    do {
        lval v = low_point(q, q->q.body[0]);
        if (q->q.guard) {
            v = low_as_number(q, v);
            lval present = low_as_bool(q, low_point(q, q->q.guard));
            v = low_pick(q, present, v, low_const(q, 0));
        }
        store(q, 0, v);
    } while (next_instance(q, false));
}

/* The row-major number of the first best point; -1: none.  Points before a reduced batch count times its extent: number[1]. */
static void arg_loops(struct nest *t, u32 depth, const ein_node *number, i64 stride, lval *acc)
{
    struct low *q = t->q;
    if (depth < t->nred) {
        u32 r = t->red[depth];
        lval var, carry[2], result[2];
        struct low_scope sc;
        prepare(q);
        lval lo = le_int(&q->e, 0), hi = trip(q, q->rank[r].ext, q->rank[r].tb);
        struct loop_emit body = le_for(&q->e, lo, hi, 1, 0, 2, acc, &var, carry, result);
        low_open(q, body, &sc);
        low_bind(q, r, var, 0, q->rank[r].tb ? (i64)1 << 31 : q->rank[r].ext - 1);
        arg_loops(t, depth + 1, number, stride, carry);
        le_yield(&q->e, 2, carry);
        low_close(q, &sc);
        memcpy(acc, result, sizeof result);
        return;
    }
    struct ltype b = { DT_BOOL, 1 }, i = { DT_I64, 1 };
    lval v = low_typed(q, q->q.body[0], q->q.acc);
    lval better = q->q.red == RED_ARGMAX ? le_op(&q->e, LO_FLT, b, acc[0], v, 0) : le_op(&q->e, LO_FLT, b, v, acc[0], 0);
    better = le_op(&q->e, LO_OR, b, better, le_op(&q->e, LO_ILT, b, acc[1], le_int(&q->e, 0), 0), 0);
    if (q->q.guard)
        better = le_op(&q->e, LO_AND, b, better, low_as_bool(q, low_point(q, q->q.guard)), 0);
    acc[0] = le_op(&q->e, LO_SELECT, low_ct(q, 1), better, v, acc[0]);
    lval at = low_index_scalar(q, low_index(q, number[0]));
    if (number[1]) {
        lval before = low_index_scalar(q, low_index(q, number[1]));
        at = le_op(&q->e, LO_IADD, i, at, le_op(&q->e, LO_IMUL, i, before, lower_size(q->L, &q->e, ROLE_STRIDE, stride, true), 0), 0);
    }
    acc[1] = le_op(&q->e, LO_SELECT, i, better, at, acc[1]);
}

static void arg_cell(struct nest *t)
{
    struct low *q = t->q;
    ein_node number[2] = { ein_int(q->c, 0), 0 };
    i64 stride = 1, batch = 0;
    for (u32 r = q->q.nrank; r-- > 0;)
        if (q->rank[r].red) {
            ein_node *to = &number[batch ? 1 : 0];
            *to = ein_iadd(q->c, *to ? *to : ein_int(q->c, 0), ein_imul(q->c, ein_rank(q->c, r), stride));
            if (q->rank[r].tb) {
                CHECK(!batch);
                batch = stride;
                stride = 1;
            } else {
                stride *= q->rank[r].ext;
            }
        }
    lval acc[2] = { low_const(q, low_identity(q)), le_int(&q->e, -1) };
    arg_loops(t, 0, number, batch, acc);
    enum dtype d = (enum dtype)q->c->tens.at[q->acc.at[0].tens].dtype;
    if (q->q.post || dtype_is_float(d)) {
        q->result[0] = low_as_number(q, acc[1]);
        store(q, 0, q->q.post ? low_point(q, q->q.post) : q->result[0]);
    } else {
        low_store(q, 0, le_op(&q->e, LO_CAST, (struct ltype){ (u8)d, 1 }, acc[1], 0, 0));
    }
}

static void reduce_cell(struct nest *t)
{
    struct low *q = t->q;
    u32 n = acc_count(t);
    lval acc[ACC_MOST], cond;
    if (q->q.red == RED_USER) {
        const struct ein_monoid *m = &q->c->monoid.at[q->q.monoid];
        for (u32 i = 0; i < m->nstate; i++) {
            acc[i] = low_splat(q, low_monoid(q, 1, acc, m->zero[i]));
            for (u32 k = i + m->nstate; k < n; k += m->nstate)
                acc[k] = acc[i];
        }
    } else {
        acc[0] = low_splat(q, low_const(q, low_identity(q)));
        for (u32 i = 1; i < n; i++)
            acc[i] = acc[0];
    }
    if ((q->s.contraction || q->s.taps) && low_interior(q, &cond)) {
        struct loop_emit side[2];
        struct ltype type[ACC_MOST];
        lval result[ACC_MOST];
        for (u32 i = 0; i < n; i++)
            type[i] = low_type(q, acc[i]);
        le_if(&q->e, cond, n, type, &side[0], &side[1], result);
        for (u32 k = 0; k < 2; k++) {
            lval sum[ACC_MOST];
            struct low_scope sc;
            memcpy(sum, acc, n * sizeof *acc);
            low_open(q, side[k], &sc);
            q->interior = k == 0;
            reduce(t, 0, sum);
            q->interior = false;
            le_yield(&q->e, n, sum);
            low_close(q, &sc);
        }
        memcpy(acc, result, n * sizeof *acc);
    } else {
        reduce(t, 0, acc);
    }
    i32 vec = q->s.vec_red ? stat_of(q, q->s.vec) : -1;
    first_instance(q, true);
    first_instance(q, false);
    u32 lanes = q->vl;
    do {
        u32 at = acc_at(t);
        for (u32 i = 0; i < t->nstate; i++)
            q->result[i] = acc[at + i];
        if (vec >= 0) {
            /* vectors pairwise, then lanes */
            u32 m = q->stat[vec].max;
            lval sum[16];
            for (u32 j = 0; j < m; j++) {
                q->coord[vec] = j;
                sum[j] = acc[acc_at(t)];
            }
            q->coord[vec] = 0;
            for (; m > 1; m = (m + 1) / 2)
                for (u32 j = 0; j < m / 2; j++)
                    sum[j] = low_combine(q, sum[j], sum[m - 1 - j]);
            q->result[0] = le_opu(&q->e, LO_REDUCE, low_ct(q, 1), sum[0], q->q.red);
            q->vl = 1;
        }
        for (u32 k = 0; k < q->nlhs; k++)
            store(q, k, q->q.post ? low_point(q, q->q.post) : q->result[k]);
        q->vl = lanes;
    } while (next_instance(q, false));
}

static void cell(struct nest *t)
{
    if (t->q->q.red == RED_NONE)
        map_cell(t->q);
    else if (t->q->q.red == RED_ARGMAX || t->q->q.red == RED_ARGMIN)
        arg_cell(t);
    else
        reduce_cell(t);
}

/* Parallel loops */

static void par(struct nest *t, u32 i);

static void par_loop(struct nest *t, u32 i, lval lo, lval hi, i64 step, i64 first, i64 last)
{
    struct low *q = t->q;
    struct low_scope sc;
    lval var;
    prepare(q);
    struct loop_emit body = le_for(&q->e, lo, hi, step, 0, 0, NULL, &var, NULL, NULL);
    low_open(q, body, &sc);
    low_bind(q, t->item[i].rank, var, first, last);
    par(t, i + 1);
    low_close(q, &sc);
}

static void par_at(struct nest *t, u32 i, i64 base)
{
    struct low *q = t->q;
    struct low_scope sc;
    low_open(q, q->e, &sc);
    low_bind(q, t->item[i].rank, base ? trip(q, base, false) : 0, base, base);
    par(t, i + 1);
    low_close(q, &sc);
}

static void par(struct nest *t, u32 i)
{
    struct low *q = t->q;
    if (i == t->n) {
        cell(t);
        return;
    }
    struct low_item it = t->item[i];
    struct low_rank *r = &q->rank[it.rank];
    i64 ext = r->ext;
    if (it.stat < 0) {
        lval lo = le_int(&q->e, 0), hi = trip(q, ext, r->tb);
        par_loop(t, i, lo, hi, 1, 0, r->tb ? (i64)1 << 31 : ext - 1);
        return;
    }
    struct low_stat *st = &q->stat[it.stat];
    bool vec = it.rank == q->s.vec;
    i64 vl = vec ? q->s.vl : 1, chunk = vl * st->max, full = ext / chunk, rem = ext % chunk;
    if (full > 1) {
        lval lo = le_int(&q->e, 0), hi = trip(q, full * chunk, false);
        par_loop(t, i, lo, hi, chunk, 0, (full - 1) * chunk);
    } else if (full)
        par_at(t, i, 0);
    if (!rem)
        return;
    if (!vec || q->L->m->masks) {
        st->n = (u32)((rem + vl - 1) / vl);
        u32 last = st->n - 1;
        if (vec && rem % vl)
            q->tail[last] = lanes_below(q, q->tail_n[last] = (u32)(rem % vl));
        par_at(t, i, full * chunk);
        if (vec)
            q->tail[last] = 0;
        st->n = st->max;
        return;
    }
    st->n = (u32)(rem / vl);
    if (st->n)
        par_at(t, i, full * chunk);
    i64 left = rem % vl;
    if (left) {
        st->n = 1;
        q->vl = 1;
        r->vec = false;
        lval lo = trip(q, ext - left, false), hi = trip(q, ext, false);
        par_loop(t, i, lo, hi, 1, ext - left, ext - 1);
        r = &q->rank[it.rank];
        r->vec = true;
        q->vl = q->s.vl;
    }
    st->n = st->max;
}

void low_nest(struct low *q)
{
    struct nest *t = NEW(q->a, struct nest);
    set_up(t, q);
    par(t, 0);
}

/* Work units */

void low_nest_units(struct low *q)
{
    struct nest *t = NEW(q->a, struct nest);
    struct low_scope sc;
    set_up(t, q);
    /* Which loops does not depend on extents, so that kernels are shared: the batch and, inside sums of products, all plain
     * loops; elsewhere one of them, if there is a loop left inside. */
    u32 n = 0, most = q->s.contraction ? t->n : 1;
    i64 units = 1;
    bool batched = false;
    for (; n < t->n && t->item[n].stat < 0; n++) {
        bool tb = q->rank[t->item[n].rank].tb;
        if (!tb && (!most-- || (n + 1 == t->n && !t->nred)))
            break;
        units *= q->rank[t->item[n].rank].ext;
        batched |= tb;
    }
    q->L->units = (struct plan_int){ units, batched };
    lval u;
    prepare(q);
    struct loop_emit body = le_for(&q->e, q->L->f->lo, q->L->f->hi, 1, 0, 0, NULL, &u, NULL, NULL);
    low_open(q, body, &sc);
    struct ltype i64t = { DT_I64, 1 };
    lval at[ITEMS];
    for (u32 i = n; i-- > 0;) {
        at[i] = u;
        if (i) {
            lval trips = trip(q, q->rank[t->item[i].rank].ext, q->rank[t->item[i].rank].tb);
            at[i] = le_op(&q->e, LO_IMOD, i64t, u, trips, 0);
            u = le_op(&q->e, LO_IDIV, i64t, u, trips, 0);
        }
    }
    for (u32 i = 0; i < n; i++) {
        const struct low_rank *r = &q->rank[t->item[i].rank];
        low_bind(q, t->item[i].rank, at[i], 0, r->tb ? (i64)1 << 31 : r->ext - 1);
    }
    par(t, n);
    low_close(q, &sc);
}
