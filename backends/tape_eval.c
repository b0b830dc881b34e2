/* tape_eval.c - one block of a tape's program: reads, indices, arithmetic.
 *
 * In: the ranks' values at the block's first point.  Out: registers.  A read of neighbouring f32 is no copy: the
 * register is where the numbers lie.  A read that may leave its tensor is cut to the part of the block that does not, where its tests
 * speak of one dimension each; else it is tested point by point. */
#include "backends/tape_run.h"

#include "compiler/base/rng.h"

static i64 *slot_of(const struct tape_run *r, u32 prog, u32 k)
{
    return r->slot + (size_t)(r->slot_at[prog] + k) * TAPE_BLOCK;
}

/* What is the same for the whole block. */
i64 tape_offset(const struct tape_run *r, u32 prog, const struct tape_index *x)
{
    i64 v = x->c;
    for (u32 i = 0; i < x->n; i++) {
        const struct tape_term *t = &x->t[i];
        if (t->atom == TA_RANK)
            v += t->k * r->at[t->u];
        else if (t->atom == TA_BATCH)
            v += t->k * r->batch;
        else if (r->n->prog[prog].slot.at[t->u].x.walk.kind == TW_SAME)
            v += t->k * *slot_of(r, prog, t->u);
    }
    return v;
}

/* An index at n points. */
static void index_block(const struct tape_run *r, u32 prog, const struct tape_index *x, u32 n, i64 *out)
{
    i64 v = tape_offset(r, prog, x);
    const struct tape_walk *w = &x->walk;
    if (w->kind == TW_LINE)
        r->ops->line(n, out, v, w->step);
    else if (w->kind == TW_ROWS)
        for (u32 i = 0; i < n; i += w->cols, v += w->row)
            r->ops->line(MIN(w->cols, n - i), out + i, v, w->step);
    else if (w->off)
        r->ops->table(n, out, v, w->off);
    else
        r->ops->line(n, out, v, 0);
    if (w->kind != TW_SLOTS)
        return;
    for (u32 k = 0; k < x->n; k++) {
        const struct tape_term *t = &x->t[k];
        if (t->atom != TA_SLOT || r->n->prog[prog].slot.at[t->u].x.walk.kind == TW_SAME)
            continue;
        r->ops->add(n, out, t->k, slot_of(r, prog, t->u));
    }
}

static i64 floor_div(i64 a, i64 k)
{
    i64 q = a / k;
    return q - (a % k < 0);
}

static i64 limit(const struct tape_run *r, const struct tape_test *t)
{
    return t->ext * (t->tb ? r->batch : 1);
}

/* Those that are one answer for the block. */
static bool tests_same(const struct tape_run *r, u32 prog, u32 n, const struct tape_test *test)
{
    for (u32 i = 0; i < n; i++)
        if (test[i].how == TEST_SAME && (u64)tape_offset(r, prog, &test[i].x) >= (u64)limit(r, &test[i]))
            return false;
    return true;
}

static void tests_block(const struct tape_run *r, u32 prog, u32 n, const struct tape_test *test, u32 points, u8 *in)
{
    i64 x[TAPE_BLOCK];
    memset(in, 1, points);
    for (u32 i = 0; i < n; i++) {
        index_block(r, prog, &test[i].x, points, x);
        r->ops->inside(points, in, x, limit(r, &test[i]));
    }
}

static i64 clip_index(double got)
{
    return got > -0x1p30 && got < 0x1p30 ? (i64)got : -1;      /* beyond any tensor: sums of such cannot overflow */
}

static void slot_block(struct tape_run *r, u32 prog, u32 k, u32 points)
{
    const struct tape_slot *s = &r->n->prog[prog].slot.at[k];
    i64 *v = slot_of(r, prog, k);
    bool same = s->x.walk.kind == TW_SAME;
    if (s->kind != TS_GATHER) {
        if (same) {
            i64 x = tape_offset(r, prog, &s->x), q = floor_div(x, s->k);
            *v = s->kind == TS_DIV ? q : x - q * s->k;
            return;
        }
        index_block(r, prog, &s->x, points, v);
        r->ops->divide(points, v, s->k, s->kind == TS_MOD);
        return;
    }
    u8 in[TAPE_BLOCK];
    double got[TAPE_BLOCK];
    u32 n = same ? 1 : points;
    index_block(r, prog, &s->x, n, v);
    tests_block(r, prog, s->ntest, s->test, n, in);
    for (u32 i = 0; i < n; i++) {
        got[i] = 0;
        if (in[i])
            r->ops->f64.read(r->t->buf.at[s->buf].dtype, 1, &got[i], r->base[s->buf], v[i], 0);
        v[i] = clip_index(got[i]);
    }
}

/* Reads */

static void copy_line(struct tape_run *r, const struct tape_ins *s, i64 at, i64 step, u32 n, char *to)
{
    r->real->read(r->t->buf.at[s->u].dtype, n, to, r->base[s->u], at, step);
}

/* The block's dims and how many points of each; the first may be short. */
static u32 dims_of(const struct tape_run *r, const struct tape_dom *d, u32 points, i64 *size)
{
    i64 inside = 1;
    (void)r;
    for (u32 i = 1; i < d->n; i++) {
        size[i] = d->size[i];
        inside *= size[i];
    }
    if (d->n)
        size[0] = points / inside;
    return d->n;
}

/* A read cut to the box in which its tests hold. false: some test needs each point. */
static bool read_box(struct tape_run *r, u32 prog, const struct tape_ins *s, u32 points, char *to, const char *pad)
{
    const struct tape_dom *d = &r->n->prog[prog].dom;
    i64 size[TAPE_DIMS], from[TAPE_DIMS] = { 0 }, end[TAPE_DIMS], k[TAPE_DIMS], at[TAPE_DIMS], place[TAPE_DIMS];
    u32 nd = dims_of(r, d, points, size);
    bool all = true, none = false;
    if (s->x.walk.kind == TW_SLOTS)
        return false;
    for (u32 i = 0; i < nd; i++)
        end[i] = size[i];
    for (u32 i = 0; i < s->ntest; i++) {
        const struct tape_test *t = &s->test[i];
        if (t->how == TEST_LANES)
            return false;
        if (t->how == TEST_SAME)
            continue;
        i64 x = tape_offset(r, prog, &t->x), ext = limit(r, t), l, h;
        if (t->k > 0) {                 /* 0 <= x + k c < ext */
            l = floor_div(-x + t->k - 1, t->k);
            h = floor_div(ext - 1 - x, t->k) + 1;
        } else {
            l = floor_div(x - ext + 1 - t->k - 1, -t->k);
            h = floor_div(x, -t->k) + 1;
        }
        from[t->dim] = MAX(from[t->dim], l);
        end[t->dim] = MIN(end[t->dim], h);
        none |= from[t->dim] >= end[t->dim];
        all &= from[t->dim] <= 0 && end[t->dim] >= size[t->dim];
    }
    if (none || !all) {
        if (pad)
            memcpy(to, pad, (size_t)points * r->size);
        else
            memset(to, 0, (size_t)points * r->size);
        if (none)
            return true;
    }
    i64 off = tape_offset(r, prog, &s->x), step = 1, spot = 0;
    for (u32 i = nd; i-- > 0;) {
        k[i] = tape_coef(&s->x, d->rank[i]);
        place[i] = step;
        step *= size[i];
        at[i] = from[i];
        off += k[i] * from[i];
        spot += place[i] * from[i];
    }
    u32 last = nd - 1, row = (u32)(end[last] - from[last]);
    for (;;) {
        copy_line(r, s, off, k[last], row, to + (size_t)spot * r->size);
        u32 i = last;
        for (; i-- > 0;) {
            off += k[i];
            spot += place[i];
            if (++at[i] < end[i])
                break;
            off -= k[i] * (end[i] - from[i]);
            spot -= place[i] * (end[i] - from[i]);
            at[i] = from[i];
        }
        if (i == UINT32_MAX)
            return true;
    }
}

static void read_block(struct tape_run *r, u32 prog, const struct tape_ins *s, u32 n)
{
    char *to = r->own + (size_t)s->dst * r->pitch;
    const char *pad = s->a ? r->reg[s->a - 1] : NULL;
    const struct tape_walk *w = &s->x.walk;
    u8 dtype = r->t->buf.at[s->u].dtype;
    r->reg[s->dst] = to;
    if (s->ntest) {
        bool any = false;
        if (!tests_same(r, prog, s->ntest, s->test)) {
            if (pad)
                memcpy(to, pad, (size_t)n * r->size);
            else
                memset(to, 0, (size_t)n * r->size);
            return;
        }
        for (u32 i = 0; i < s->ntest; i++)
            any |= s->test[i].how != TEST_SAME;
        if (any && read_box(r, prog, s, n, to, pad))
            return;
        if (any) {
            u8 in[TAPE_BLOCK];
            i64 x[TAPE_BLOCK];
            tests_block(r, prog, s->ntest, s->test, n, in);
            index_block(r, prog, &s->x, n, x);
            for (u32 i = 0; i < n; i++)
                x[i] = in[i] ? x[i] : 0;
            r->real->gather_far(dtype, n, to, r->base[s->u], x);
            r->real->pick(n, to, in, pad);
            return;
        }
    }
    i64 at = tape_offset(r, prog, &s->x);
    switch (w->kind) {
    case TW_SAME:
        copy_line(r, s, at, 0, n, to);
        break;
    case TW_LINE:
        if (w->step == 1 && dtype == r->n->ct)
            r->reg[s->dst] = (char *)r->base[s->u] + at * r->size;
        else
            copy_line(r, s, at, w->step, n, to);
        break;
    case TW_ROWS:
        if (s->span == SPAN_ROWS && w->row == 1 && dtype == r->n->ct)
            r->reg[s->dst] = (char *)r->base[s->u] + at * r->size;
        else if (s->span == SPAN_ROWS)
            copy_line(r, s, at, w->row, n, to);
        else
            r->real->read_rows(dtype, n, w->cols, to, r->base[s->u], at, w->step, w->row);
        break;
    case TW_TABLE:
        if (w->cols >= 8)
            r->real->read_runs(dtype, n, w->cols, to, r->base[s->u], at, w->step, w->off);
        else
            r->real->gather(dtype, n, to, r->base[s->u], at, w->off);
        break;
    default: {
        i64 x[TAPE_BLOCK];
        index_block(r, prog, &s->x, n, x);
        r->real->gather_far(dtype, n, to, r->base[s->u], x);
    }
    }
}

static void put(struct tape_run *r, char *to, u32 i, double v)
{
    if (r->size == 8)
        ((double *)(void *)to)[i] = v;
    else
        ((float *)(void *)to)[i] = (float)v;
}

static void leaf(struct tape_run *r, u32 prog, const struct tape_ins *s, u32 n)
{
    char *to = r->own + (size_t)s->dst * r->pitch;
    i64 x[TAPE_BLOCK], y[TAPE_BLOCK];
    r->reg[s->dst] = to;
    switch (s->op) {
    case TP_NUM:
        r->real->fill(TAPE_BLOCK, to, s->r);
        return;
    case TP_ACC:
        r->reg[s->dst] = r->acc[s->u];
        return;
    case TP_ARG:
        r->reg[s->dst] = r->arg[s->u];
        return;
    case TP_OF_INT: case TP_RAND:
        index_block(r, prog, &s->x, n, x);
        for (u32 i = 0; i < n; i++) {
            u32 w[4];
            if (s->op == TP_RAND) {
                rng_at(0, s->u, (u64)x[i], w);
                put(r, to, i, (double)(w[0] >> 8) * 0x1p-24);
            } else {
                put(r, to, i, (double)x[i]);
            }
        }
        return;
    default:
        index_block(r, prog, &s->x, n, x);
        index_block(r, prog, &s->y, n, y);
        for (u32 i = 0; i < n; i++)
            put(r, to, i, s->op == TP_ILT ? x[i] < y[i] : s->op == TP_ILE ? x[i] <= y[i] : s->op == TP_IEQ ? x[i] == y[i] : x[i] != y[i]);
    }
}

void tape_eval(struct tape_run *r, u32 prog, u32 n, u8 from, u8 to, u32 last)
{
    const struct tape_prog *p = &r->n->prog[prog];
    for (u32 i = 0; i < p->slot.n; i++)
        if (p->slot.at[i].when >= from && p->slot.at[i].when <= to)
            slot_block(r, prog, i, n);
    for (u32 i = 0; i < last; i++) {
        const struct tape_ins *s = &p->ins.at[i];
        if (s->when < from || s->when > to)
            continue;
        u32 m = s->span == SPAN_ALL ? n : s->span == SPAN_ONE ? 1 : n / p->cols;
        if (s->op == TP_LOAD) {
            read_block(r, prog, s, m);
        } else if (tape_ops[s->op].class == 'L') {
            leaf(r, prog, s, m);
        } else {
            char *d = r->own + (size_t)s->dst * r->pitch;
            r->reg[s->dst] = d;
            r->real->map[s->op](m, d, r->reg[s->a], r->reg[s->b], r->reg[s->c]);
        }
        if (s->span != SPAN_ALL && s->spread && s->op != TP_NUM) {
            char *d = r->own + (size_t)s->dst * r->pitch;
            if (r->reg[s->dst] != d)
                memcpy(d, r->reg[s->dst], (size_t)m * r->size);
            r->reg[s->dst] = d;
            r->real->spread(n, s->span == SPAN_ONE ? n : p->cols, d);
        }
    }
}

void tape_store(struct tape_run *r, u32 prog, u32 buf, const void *v, u32 n)
{
    const struct tape_index *x = &r->n->lhs;
    const struct tape_walk *w = &x->walk;
    u8 dtype = r->t->buf.at[buf].dtype;
    void *to = r->base[buf];
    i64 at = tape_offset(r, prog, x);
    if (w->kind == TW_LINE || w->kind == TW_SAME) {
        r->real->write(dtype, n, to, at, w->step, v);
    } else if (w->kind == TW_ROWS) {
        r->real->write_rows(dtype, n, w->cols, to, at, w->step, w->row, v);
    } else if (w->kind == TW_TABLE && w->cols >= 8) {
        r->real->write_runs(dtype, n, w->cols, to, at, w->step, w->off, v);
    } else {
        i64 off[TAPE_BLOCK];
        index_block(r, prog, x, n, off);
        r->real->write_far(dtype, n, to, off, v);
    }
}
