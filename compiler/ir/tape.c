/* tape.c - how a tape's indices go through its blocks, and whether it is a tape at all.
 *
 * In: a tape as lowered or read.  Out: walks, tests, phases of instructions and sizes of scratch, worked out from the
 * rest; or false and why.  What an index reaches inside a buffer is the lowering's matter, as with kernels. */
#include "compiler/ir/tape.h"

#include "compiler/base/arena.h"

const struct tape_op_row tape_ops[TAPE_OPS] = {
#define X(kind, word, nsrc, class) { word, nsrc, #class[0] },
#include "compiler/ir/tape.def"
#undef X
};

struct finish {
    struct arena *a;
    struct tape *t;
    struct tape_nest *n;
    struct tape_prog *p;
    const struct tape_dom *dom;
    struct buf *why;
    const char *wrong;
};

static bool no(struct finish *f, const char *what)
{
    if (!f->wrong)
        f->wrong = what;
    return false;
}

i64 tape_coef(const struct tape_index *x, u32 rank)
{
    i64 k = 0;
    for (u32 i = 0; i < x->n; i++)
        if (x->t[i].atom == TA_RANK && x->t[i].u == rank)
            k += x->t[i].k;
    return k;
}

i64 tape_dom_points(const struct tape_dom *d)
{
    i64 n = 1;
    for (u32 i = 0; i < d->n; i++)
        n *= d->size[i];
    return n;
}

static bool finish_dom(struct finish *f, const struct tape_dom *d, i64 most)
{
    i64 n = 1;
    if (d->n > TAPE_DIMS)
        return no(f, "a block has too many dimensions");
    for (u32 i = 0; i < d->n; i++) {
        if (d->rank[i] >= f->n->nrank || d->size[i] < 1 || d->size[i] > most || (n *= d->size[i]) > most)
            return no(f, "a block is too large or has no such rank");
        if (i && (f->n->rank[d->rank[i]].tb || f->n->rank[d->rank[i]].ext != d->size[i]))
            return no(f, "only the first rank of a block is taken in part");
    }
    return true;
}

/* Offsets of all points of a block. */
static const i32 *table(struct finish *f, const i64 *k)
{
    i64 n = tape_dom_points(f->dom);
    i32 *off = NEW_ARRAY(f->a, i32, n);
    for (i64 p = 0; p < n; p++) {
        i64 rest = p, sum = 0;
        for (u32 d = f->dom->n; d-- > 0;) {
            sum += rest % f->dom->size[d] * k[d];
            rest /= f->dom->size[d];
        }
        if (sum != (i32)sum)
            no(f, "an index goes too far inside a block");
        off[p] = (i32)sum;
    }
    return off;
}

/* Also: does it change with the reduced ranks? */
static bool finish_index(struct finish *f, struct tape_index *x, bool *reduced)
{
    bool slots = false;
    i64 k[TAPE_DIMS], step = 0, cols = 1, row = 0;
    u32 groups = 0;
    bool any = false;
    for (u32 i = 0; i < x->n; i++) {
        const struct tape_term *t = &x->t[i];
        if (t->atom == TA_RANK) {
            if (t->u >= f->n->nrank)
                return no(f, "an index has no such rank");
            *reduced |= f->n->rank[t->u].red;
        } else if (t->atom == TA_SLOT) {
            if (!f->p || t->u >= f->p->slot.n)
                return no(f, "an index has no such slot");
            slots |= f->p->slot.at[t->u].x.walk.kind != TW_SAME;
            *reduced |= f->p->slot.at[t->u].when == 2;
        } else if (t->atom != TA_BATCH) {
            return no(f, "an index has terms of an unknown kind");
        }
    }
    for (u32 d = f->dom->n; d-- > 0;) {
        k[d] = tape_coef(x, f->dom->rank[d]);
        any |= k[d] != 0;
        if (f->dom->size[d] == 1)
            continue;
        if (!groups) {
            step = k[d];
            cols = f->dom->size[d];
            groups = 1;
        } else if (groups == 1 && k[d] == step * cols) {
            cols *= f->dom->size[d];
        } else if (groups == 1) {
            row = k[d];
            groups = 2;
        } else if (groups == 2) {
            i64 inside = 1;         /* points of the dims in between */
            for (u32 e = d + 1; e < f->dom->n; e++)
                inside *= f->dom->size[e];
            if (k[d] != row * (inside / cols))
                groups = 3;
        }
    }
    struct tape_walk w = { 0 };
    if (slots) {
        w.kind = TW_SLOTS;
        w.off = any ? table(f, k) : NULL;
    } else if (!any) {
        w.kind = TW_SAME;
    } else if (groups <= 1) {
        w.kind = TW_LINE;
        w.step = step;
    } else if (groups == 2 && cols >= 4) {
        w.kind = TW_ROWS;
        w.step = step;
        w.row = row;
        w.cols = (u32)cols;
    } else {
        w.kind = TW_TABLE;
        w.step = step;
        w.cols = (u32)cols;
        w.off = table(f, k);
    }
    x->walk = w;
    return true;
}

static bool finish_tests(struct finish *f, u32 n, struct tape_test *test, bool *reduced)
{
    for (u32 i = 0; i < n; i++) {
        struct tape_test *t = &test[i];
        if (!finish_index(f, &t->x, reduced))
            return false;
        u32 dims = 0;
        for (u32 d = 0; d < f->dom->n; d++) {
            i64 k = tape_coef(&t->x, f->dom->rank[d]);
            if (k && ++dims) {
                t->dim = (u8)d;
                t->k = k;
            }
        }
        t->how = t->x.walk.kind == TW_SLOTS || dims > 1 ? TEST_LANES : dims ? TEST_DIM : TEST_SAME;
    }
    return true;
}

/* A leaf's own span. */
static u8 leaf_span(const struct tape_prog *p, const struct tape_ins *s)
{
    if (s->op == TP_ACC || s->op == TP_ARG || s->y.walk.kind != TW_SAME)
        return SPAN_ALL;
    for (u32 k = 0; k < s->ntest; k++)
        if (s->test[k].how != TEST_SAME)
            return SPAN_ALL;
    const struct tape_walk *w = &s->x.walk;
    if (w->kind == TW_SAME)
        return SPAN_ONE;
    return s->op == TP_LOAD && !s->ntest && w->kind == TW_ROWS && !w->step && w->cols == p->cols ? SPAN_ROWS : SPAN_ALL;
}

/* What is computed once for a row or a block, and spread to its points where these need it.  A value of rows that both rows and
 * points need is one of points. */
static void spans(struct finish *f, struct tape_prog *p)
{
    u32 *def = NEW_ARRAY(f->a, u32, f->n->nreg + 1), fused = UINT32_MAX;      /* a product that may be fused with the sum: at its points */
    struct { u32 n, of[3]; } *src = arena_alloc(f->a, arena_size(p->ins.n + 1, sizeof *src));
    bool *rows = NEW_ARRAY(f->a, bool, p->ins.n + 1), again = true;
    p->cols = 0;
    for (u32 i = 0; i < p->ins.n; i++) {
        const struct tape_ins *s = &p->ins.at[i];
        const u32 from[3] = { s->op == TP_LOAD ? s->a - !!s->a : s->a, s->b, s->c };
        src[i].n = s->op == TP_LOAD && s->a ? 1 : tape_ops[s->op].nsrc;
        for (u32 k = 0; k < src[i].n; k++)
            src[i].of[k] = def[from[k]];
        def[s->dst] = i;
        if (!p->cols && s->op == TP_LOAD && !s->ntest && s->x.walk.kind == TW_ROWS && !s->x.walk.step)
            p->cols = s->x.walk.cols;
    }
    for (u32 i = 0; i < p->ins.n; i++) {
        struct tape_ins *s = &p->ins.at[i];
        s->span = leaf_span(p, s);
        for (u32 k = 0; k < src[i].n; k++)
            s->span = MIN(s->span, p->ins.at[src[i].of[k]].span);
        if (i + 1 == p->ins.n && s->op == TP_MUL && f->n->fuse && f->n->red == RED_ADD) {
            fused = i;
            s->span = s->span == SPAN_ROWS ? SPAN_ALL : s->span;
        }
    }
    while (again) {
        again = false;
        for (u32 i = 0; i < p->ins.n; i++)
            p->ins.at[i].spread = rows[i] = false;
        for (u32 i = 0; i < p->res.n; i++)
            p->ins.at[def[p->res.at[i]]].spread = true;
        for (u32 i = 0; i < p->ins.n; i++)
            for (u32 k = 0; k < src[i].n; k++) {
                struct tape_ins *v = &p->ins.at[src[i].of[k]];
                bool last = i == fused;
                if (p->ins.at[i].span == SPAN_ROWS && !last)
                    rows[src[i].of[k]] = true;
                if (p->ins.at[i].span == SPAN_ALL || last || (p->ins.at[i].span == SPAN_ROWS && v->span == SPAN_ONE))
                    v->spread = true;
            }
        for (u32 i = 0; i < p->ins.n; i++)
            if (p->ins.at[i].span == SPAN_ROWS && p->ins.at[i].spread && rows[i])
                for (u32 j = i + 1; j < p->ins.n; j++)
                    for (u32 k = 0; k < src[j].n; k++)
                        if (src[j].of[k] == i && p->ins.at[j].span == SPAN_ROWS) {
                            p->ins.at[j].span = SPAN_ALL;
                            again = true;
                        }
        for (u32 i = 0; again && i < p->ins.n; i++)     /* and what follows from it */
            for (u32 k = 0; k < src[i].n; k++)
                if (p->ins.at[src[i].of[k]].span == SPAN_ALL)
                    p->ins.at[i].span = SPAN_ALL;
    }
}

static bool finish_prog(struct finish *f, struct tape_prog *p, bool phases)
{
    struct tape_nest *n = f->n;
    f->p = p;
    f->dom = &p->dom;
    u8 *when = NEW_ARRAY(f->a, u8, n->nreg + 1);
    u32 *def = NEW_ARRAY(f->a, u32, n->nreg + 1);       /* 1 + the instruction a register comes from */
    if (!finish_dom(f, &p->dom, TAPE_BLOCK))
        return false;
    u32 slots = p->slot.n;
    for (u32 i = 0; i < slots; i++) {
        struct tape_slot *s = &p->slot.at[i];
        bool red = false;
        p->slot.n = i;              /* earlier ones only */
        bool ok = finish_index(f, &s->x, &red) && finish_tests(f, s->ntest, s->test, &red);
        p->slot.n = slots;
        if (!ok || s->kind > TS_GATHER || (s->kind != TS_GATHER && s->k < 1) || (s->kind == TS_GATHER && s->buf >= f->t->buf.n))
            return no(f, "a slot is wrong");
        s->when = red && phases ? 2 : 1;
    }
    for (u32 i = 0; i < p->ins.n; i++) {
        struct tape_ins *s = &p->ins.at[i];
        if (s->op >= TAPE_OPS || s->dst >= n->nreg || s->a >= n->nreg + 1 || s->b >= n->nreg || s->c >= n->nreg)
            return no(f, "an instruction has no such operation or register");
        bool red = false, leaf = tape_ops[s->op].class == 'L';
        if (s->op == TP_LOAD && (s->u >= f->t->buf.n || s->a > n->nreg))
            return no(f, "a load has no such buffer");
        if (!leaf && s->a >= n->nreg)
            return no(f, "an instruction has no such register");
        if (leaf && (!finish_index(f, &s->x, &red) || !finish_index(f, &s->y, &red) || !finish_tests(f, s->ntest, s->test, &red)))
            return false;
        s->when = s->op == TP_NUM ? 0 : red && phases ? 2 : 1;
        if (s->op == TP_ARG || s->op == TP_ACC)
            s->when = 1;
        u32 src = s->op == TP_LOAD && s->a ? 1 : tape_ops[s->op].nsrc;
        const u32 from[3] = { s->op == TP_LOAD ? s->a - !!s->a : s->a, s->b, s->c };
        for (u32 k = 0; k < src; k++)
            s->when = MAX(s->when, when[from[k]]);
        when[s->dst] = s->when;
        for (u32 k = 0; k < src; k++)
            if (!def[from[k]])
                return no(f, "an instruction reads a register before anything is there");
        def[s->dst] = i + 1;
    }
    for (u32 i = 0; i < p->res.n; i++)
        if (p->res.at[i] >= n->nreg || !def[p->res.at[i]])
            return no(f, "a result is in no register");
    spans(f, p);
    f->p = NULL;
    return true;
}

static u64 up(u64 n)
{
    return (n + 63) & ~(u64)63;
}

static bool finish_nest(struct finish *f, struct tape_nest *n)
{
    f->n = n;
    if (n->nrank > TAPE_RANKS || n->mode > TM_PRODUCT || n->red > RED_USER || (n->ct != DT_F32 && n->ct != DT_F64) || n->nreg > 4096 ||
        n->nstate > 32 || n->npar > n->nrank || n->nred > n->nrank || n->nm > n->npar || n->nn > n->npar - n->nm || !n->nout || n->nreg < 1)
        return no(f, "a nest has numbers out of range");
    for (u32 i = 0; i < n->npar + n->nred; i++) {
        u32 r = i < n->npar ? n->par[i] : n->redr[i - n->npar];
        if (r >= n->nrank || n->rank[r].red != (i >= n->npar))
            return no(f, "a nest's orders name ranks of the wrong kind");
    }
    for (u32 i = 0; i < n->nout; i++)
        if (n->out[i] >= f->t->buf.n)
            return no(f, "a nest writes no buffer");
    u64 slots = 0;
    for (u32 k = 0; k < TAPE_PROGS; k++) {
        bool phases = (k == TPROG_BODY && n->mode == TM_BLOCKS) || k == TPROG_B;
        if (!finish_prog(f, &n->prog[k], phases))
            return false;
        slots += n->prog[k].slot.n;
    }
    u32 want = n->mode == TM_PRODUCT ? 0 : n->red == RED_USER ? n->nlift : 1;
    if (n->prog[TPROG_BODY].res.n != want + n->guard || (n->guard && n->mode == TM_PRODUCT))
        return no(f, "a nest's body has another number of results");
    if (n->mode == TM_PRODUCT && (n->prog[TPROG_A].res.n != 1 || n->prog[TPROG_B].res.n != 1 || n->red != RED_ADD || n->ct != DT_F32))
        return no(f, "a product has two operands");
    if (n->red == RED_USER && (n->mode != TM_BLOCKS || n->prog[TPROG_ZERO].res.n != n->nstate || n->prog[TPROG_LIFT].res.n != n->nstate ||
        n->prog[TPROG_MERGE].res.n != n->nstate || n->nout != n->nstate))
        return no(f, "a monoid's parts do not fit its states");
    if (n->post != (n->prog[TPROG_POST].res.n == 1) || (n->red == RED_NONE && (n->post || n->mode != TM_BLOCKS)))
        return no(f, "a nest's epilogue is wrong");
    struct tape_prog *store = &n->prog[n->red == RED_NONE ? TPROG_BODY : TPROG_POST];
    bool red = false;
    f->p = store;
    f->dom = &store->dom;
    if (!finish_index(f, &n->lhs, &red) || red)
        return no(f, "a left side depends on reduced ranks");
    f->p = NULL;
    u64 size = tape_pitch((enum dtype)n->ct);
    n->bytes = up((u64)n->nreg * size) + 2 * up(((u64)n->nstate + 1) * size) + TAPE_BLOCK * 8 +
               up(slots * TAPE_BLOCK * 8) + up((u64)n->nreg * sizeof(void *)) + 4 * 64;
    if (n->mode == TM_PRODUCT) {
        if (!finish_dom(f, &n->mdom, TAPE_ROWS) || !finish_dom(f, &n->kdom, TAPE_DEPTH))
            return false;
        u64 m = (u64)tape_dom_points(&n->mdom), k = (u64)tape_dom_points(&n->kdom), c = ((u64)tape_dom_points(&n->prog[TPROG_B].dom) + TAPE_LANES - 1) / TAPE_LANES * TAPE_LANES, all = 1;
        for (u32 i = 0; i < n->nred; i++)
            if (n->rank[n->redr[i]].tb || __builtin_mul_overflow(all, (u64)n->rank[n->redr[i]].ext, &all))
                return no(f, "a product's depth is no number");
        if (all < (u64)1 << 40 && all * c <= TAPE_PANEL)
            k = MAX(k, all);
        n->bytes += up(m * (u64)tape_dom_points(&n->kdom) * 4) + up(k * c * 4) + up(m * c * 4) + 3 * up((u64)TAPE_DEPTH * 4);
    }
    return true;
}

bool tape_finish(struct arena *a, struct tape *t, struct buf *why)
{
    struct finish f = { .a = a, .t = t, .why = why };
    bool ok = t->level <= 2 && t->nest.n && (t->piece >= 1 || no(&f, "a tape takes at least one unit at a time"));
    t->scratch_bytes = 0;
    for (u32 i = 0; ok && i < t->nest.n; i++) {
        struct tape_nest *n = &t->nest.at[i];
        ok = finish_nest(&f, n);
        for (u32 u = 0; ok && u < t->nunit; u++) {
            u32 r = t->unit_rank[i][u];
            if (r >= n->nrank || n->rank[r].red || n->rank[r].ext != t->unit[u].ext || n->rank[r].tb != t->unit[u].tb)
                ok = no(&f, "a unit is no rank of its nests");
        }
        if (ok && n->scan && n->scan_rank >= n->nrank)
            ok = no(&f, "a scan has no such rank");
        t->scratch_bytes = MAX(t->scratch_bytes, n->bytes);
    }
    if (!ok && why)
        buf_puts(why, f.wrong ? f.wrong : "a tape has no nests");
    return ok;
}
