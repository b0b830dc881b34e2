/* op_infer.c - the type function of ops: attributes and argument types to sizes and output types,
 * or to a refusal that knows both axes, both sizes and both places.  Memoised.
 *
 * Order of events: ranks and the run `..`; dtypes; axes that bind; axes that must equal what is
 * already known; `where` rows in order; the rest of the axes; axes that indices tie together;
 * outputs; the extents of everything else; the body (op_check.c). */
#include "compiler/ir/op.h"

#include "compiler/ir/idmap.h"
#include "compiler/ir/op_check.h"

#include <inttypes.h>

enum { MAX_RANK = 32 };                 /* op_extents promises no more */
static const u32 WHY_INDEX = UINT32_MAX - 1;    /* op_why.input: axis numbers an index variable */
static const i64 MAX_ELEMS = (i64)1 << 50;

struct entry {                          /* one memo entry */
    u32 op, nattr, nin;
    const struct num *attr;
    const type_id *in;
    const struct op_bind *bind;         /* NULL: refused; why is worked out again where somebody asks */
};
struct op_memo {
    struct arena *a, *scratch;
    u32 nbind;
    struct types *t;
    struct op_table *ops;
    VEC(struct entry *) entry;
    struct idmap by;
};

struct op_memo *op_memo_new(struct arena *a, struct types *t, struct op_table *ops)
{
    struct op_memo *m = NEW(a, struct op_memo);
    m->a = a;
    m->scratch = arena_new_in(a, "pass");
    m->t = t;
    m->ops = ops;
    return m;
}

struct types *op_memo_types(const struct op_memo *m)
{
    return m->t;
}

struct infer {
    struct types *t;
    const struct op *op;
    struct op_bind *b;
    const type_id *in;
    struct op_why *why;
    bool *seen_dtvar;
    bool run_known;
    axis_id run[MAX_RANK];
    struct loc run_loc;
    struct loc *slot_loc;               /* where a slot got its value */
};

static bool refuse(struct infer *f, enum op_refusal code, u32 tensor, u32 axis, i64 got, i64 want, struct loc at, struct loc at2)
{
    const char *text = f->why->text;
    *f->why = (struct op_why){ code, tensor, axis, got, want, at, at2, text };
    return false;
}

static bool refuse_size(struct infer *f, enum op_refusal code, u32 tensor, u32 axis, struct loc at, const char *text)
{
    *f->why = (struct op_why){ .code = code, .input = tensor, .axis = axis, .pattern = at, .text = text };
    return false;
}

/* Which run of axes `..` stands for: the first input that has one says it, the others agree. */
static bool match_run(struct infer *f, u32 input, u32 first, u32 n, const axis_id *axis, struct loc at)
{
    if (!f->run_known) {
        f->run_known = true;
        f->run_loc = at;
        f->b->run = n;
        for (u32 i = 0; i < n; i++)
            f->run[i] = axis[i];
        return true;
    }
    if (f->b->run != n)
        return refuse(f, OPR_RANK, input, first, n, f->b->run, at, f->run_loc);
    for (u32 i = 0; i < n; i++) {
        axis_id u = axis_unify(f->t, f->run[i], axis[i]);
        if (!u)
            return refuse(f, OPR_EXTENT, input, first + i, axis_extent(f->t, axis[i]), axis_extent(f->t, f->run[i]), at, f->run_loc);
        f->run[i] = u;
    }
    return true;
}

static void bind_axis(struct infer *f, const struct oaxis *p, axis_id axis)
{
    f->b->slot[p->slot] = (struct osize){ num_int(axis_extent(f->t, axis)), axis };
    f->slot_loc[p->slot] = p->loc;
}

/* 1: equal; 0: refused; -1: its sizes are not known yet. */
static int check_expr(struct infer *f, u32 input, u32 at, const struct oaxis *p, axis_id axis)
{
    struct num v = op_size(f->b, f->t, p->ox, false);
    i64 got = axis_extent(f->t, axis), want = 0;
    if (v.kind == NUM_BAD)
        return -1;
    const struct ox *x = &f->op->ox.at[p->ox];
    struct loc other = x->kind == OX_SLOT ? f->slot_loc[x->u] : x->loc;
    if (!num_is_int(v, &want))
        return refuse_size(f, OPR_BAD_SIZE, input, at, p->loc, "is not a whole number");
    if (want != got)
        return refuse(f, OPR_EXTENT, input, at, got, want, p->loc, other);
    if (x->kind == OX_SLOT && f->b->slot[x->u].axis)    /* where memories differ the result is plain */
        f->b->slot[x->u].axis = axis_unify(f->t, f->b->slot[x->u].axis, axis);
    return 1;
}

enum phase { BINDS, KNOWN, REST };

static bool match_axis(struct infer *f, enum phase phase, u32 input, u32 at, const struct oaxis *p, axis_id axis)
{
    switch ((enum oaxis_kind)p->kind) {
    case OAXIS_BIND:
        if (phase == BINDS)
            bind_axis(f, p, axis);
        return true;
    case OAXIS_EXPR: {
        if (phase == BINDS)
            return true;
        int r = check_expr(f, input, at, p, axis);
        if (r < 0 && phase == REST)
            return refuse_size(f, OPR_BAD_SIZE, input, at, p->loc, "cannot be computed");
        return r != 0;
    }
    case OAXIS_FOLD: {
        const struct axis *x = axis_get(f->t, axis);
        if (x->nfactor != p->nfactor)
            return refuse(f, OPR_FOLD, input, at, x->nfactor, p->nfactor, p->loc, p->loc);
        for (u32 i = 0; i < p->nfactor; i++)
            if (!match_axis(f, phase, input, at, &p->factor[i], axis_get(f->t, axis)->factor[i]))
                return false;
        return true;
    }
    case OAXIS_ANY:
        return true;
    case OAXIS_RUN:
        break;
    }
    BUG("pattern");
}

static bool match_dtype(struct infer *f, u32 input, const struct otype *p, enum dtype d)
{
    if (p->dtype >= 0)
        return (i32)d == p->dtype || refuse(f, OPR_DTYPE, input, 0, d, p->dtype, p->loc, p->loc);
    u32 v = (u32)(-1 - p->dtype);
    if (!f->seen_dtvar[v]) {
        /* Only what just moves data is for every dtype: the rest computes in floating point. */
        if (!dtype_is_float(d) && !f->op->fact.data_movement)
            return refuse(f, OPR_DTYPE, input, 0, d, -1, p->loc, p->loc);
        f->seen_dtvar[v] = true;
        f->b->dtvar[v] = d;
        return true;
    }
    return f->b->dtvar[v] == d || refuse(f, OPR_DTYPE, input, 0, d, f->b->dtvar[v], p->loc, p->loc);
}

/* Every axis of every input against its pattern. */
static bool match_inputs(struct infer *f, enum phase phase)
{
    for (u32 i = 0; i < f->op->nin; i++) {
        const struct otype *p = &f->op->tensor.at[i].type;
        const struct type *x = type_get(f->t, f->in[i]);
        if (phase == BINDS) {
            bool run = false;
            for (u32 k = 0; k < p->n; k++)
                run |= p->axis[k].kind == OAXIS_RUN;
            u32 fixed = p->n - run;
            if (x->rank > MAX_RANK || (run ? x->rank < fixed : x->rank != fixed))
                return refuse(f, OPR_RANK, i, 0, x->rank, fixed, p->loc, p->loc);
            if (!match_dtype(f, i, p, x->dtype))
                return false;
        }
        /* type_get's pointer moves when types are interned, axis arrays do not. */
        const axis_id *axis = x->axis;
        u32 rank = x->rank, at = 0;
        for (u32 k = 0; k < p->n; k++) {
            if (p->axis[k].kind == OAXIS_RUN) {
                u32 n = rank - (p->n - 1);
                if (phase == BINDS && !match_run(f, i, at, n, at ? axis + at : axis, p->axis[k].loc))
                    return false;
                at += n;
            } else if (!match_axis(f, phase, i, at, &p->axis[k], axis[at])) {
                return false;
            } else {
                at++;
            }
        }
    }
    return true;
}

/* A condition that does not hold: both sides, where it compares whole numbers. */
static bool refuse_where(struct infer *f, u32 i)
{
    const struct owhere *w = &f->op->where[i];
    const struct ox *x = &f->op->ox.at[w->ox];
    i64 l = 0, r = 0;
    f->why->text = NULL;
    if (x->kind >= OX_LT && x->kind <= OX_NE && num_is_int(op_size(f->b, f->t, x->a, false), &l) && num_is_int(op_size(f->b, f->t, x->b, false), &r))
        f->why->text = ((const char *[]){">=", ">", "<=", "<", "!=", "=="})[x->kind - OX_LT];
    return refuse(f, OPR_WHERE, UINT32_MAX, i, l, r, w->loc, w->loc);
}

static bool run_where(struct infer *f)
{
    for (u32 i = 0; i < f->op->nwhere; i++) {
        const struct owhere *w = &f->op->where[i];
        struct num v = op_size(f->b, f->t, w->ox, false);
        if (v.kind == NUM_BAD)
            return refuse_size(f, OPR_BAD_SIZE, UINT32_MAX, w->def ? w->slot : UINT32_MAX, w->loc, "cannot be computed");
        if (w->def) {
            f->b->slot[w->slot] = (struct osize){ .v = v };
            const struct ox *x = &f->op->ox.at[w->ox];
            if (x->kind == OX_SLOT)     /* D = K: the name takes the axis' memory along */
                f->b->slot[w->slot].axis = f->b->slot[x->u].axis;
            f->slot_loc[w->slot] = w->loc;
        } else if (num_cmp(v, num_int(0)) == 0) {
            return refuse_where(f, i);
        }
    }
    return true;
}

/* The extent of an expression that has to be one: a positive integer. */
static bool extent_of(struct infer *f, u32 ox, u32 tensor, u32 axis, struct loc at, i64 least, i64 *out)
{
    struct num v = op_size(f->b, f->t, ox, false);
    if (v.kind == NUM_BAD)
        return refuse_size(f, OPR_BAD_SIZE, tensor, axis, at, "cannot be computed");
    if (!num_is_int(v, out))
        return refuse_size(f, OPR_BAD_SIZE, tensor, axis, at, "is not a whole number");
    if (*out < least) {
        refuse_size(f, OPR_BAD_SIZE, tensor, axis, at, least ? "is not positive" : "is negative");
        f->why->got = *out;
        return false;
    }
    return true;
}

static bool run_agree(struct infer *f)
{
    for (u32 i = 0; i < f->op->agree.n; i++) {
        const struct oagree *g = &f->op->agree.at[i];
        if (!op_static(f->b, f->t, g->guard, false) && !op_static(f->b, f->t, g->guard, true))
            continue;
        struct num a = op_size(f->b, f->t, g->a, false), b = op_size(f->b, f->t, g->b, false);
        if (a.kind == NUM_BAD || b.kind == NUM_BAD)
            return refuse_size(f, OPR_BAD_SIZE, UINT32_MAX, UINT32_MAX, g->la, "cannot be computed");
        i64 x = 0, y = 0;
        if (num_cmp(a, b) != 0) {
            num_is_int(a, &x);
            num_is_int(b, &y);
            refuse(f, OPR_EXTENT, UINT32_MAX, i, x, y, g->la, g->lb);
            f->why->text = g->index;
            return false;
        }
    }
    return true;
}

static axis_id make_axis(struct infer *f, u32 tensor, u32 at, const struct oaxis *p)
{
    i64 n;
    switch ((enum oaxis_kind)p->kind) {
    case OAXIS_EXPR: {
        if (!extent_of(f, p->ox, tensor, at, p->loc, 1, &n))
            return 0;
        const struct ox *x = &f->op->ox.at[p->ox];
        if (x->kind == OX_SLOT && f->b->slot[x->u].axis)
            return f->b->slot[x->u].axis;
        return axis_plain(f->t, n);
    }
    case OAXIS_FOLD: {
        axis_id factor[MAX_RANK];
        CHECK(p->nfactor <= MAX_RANK);
        i64 all = 1;
        for (u32 i = 0; i < p->nfactor; i++) {
            if (!(factor[i] = make_axis(f, tensor, at, &p->factor[i])))
                return 0;
            if (__builtin_mul_overflow(all, axis_extent(f->t, factor[i]), &all)) {
                refuse_size(f, OPR_OVERFLOW, tensor, at, p->loc, "is too large");
                return 0;
            }
        }
        return axis_fold(f->t, p->nfactor, factor);
    }
    default:
        BUG("an output axis that is not a size");
    }
}

static bool make_outputs(struct infer *f, struct arena *a)
{
    f->b->out = NEW_ARRAY(a, type_id, f->op->nout);
    for (u32 i = 0; i < f->op->nout; i++) {
        u32 tensor = f->op->nin + i, n = 0;
        const struct otype *p = &f->op->tensor.at[tensor].type;
        axis_id axis[2 * MAX_RANK];
        for (u32 k = 0; k < p->n; k++) {
            if (n + f->b->run >= 2 * MAX_RANK)
                return refuse(f, OPR_RANK, tensor, 0, n + f->b->run, MAX_RANK, p->loc, p->loc);
            if (p->axis[k].kind == OAXIS_RUN) {
                for (u32 r = 0; r < f->b->run; r++)
                    axis[n++] = f->run[r];
            } else if (!(axis[n++] = make_axis(f, tensor, k, &p->axis[k]))) {
                return false;
            }
        }
        if (n > MAX_RANK)
            return refuse(f, OPR_RANK, tensor, 0, n, MAX_RANK, p->loc, p->loc);
        enum dtype d = p->dtype >= 0 ? (enum dtype)p->dtype : f->b->dtvar[-1 - p->dtype];
        f->b->out[i] = type_make(f->t, d, n, axis);
        if (type_elems(f->t, f->b->out[i]) > (u128)MAX_ELEMS)
            return refuse_size(f, OPR_OVERFLOW, tensor, 0, p->loc, "is too large");
    }
    return true;
}

static bool factor_extents(struct infer *f, u32 tensor, u32 at, const struct oaxis *p, i64 *elems)
{
    i64 n = 1;
    if (p->kind == OAXIS_FOLD) {
        for (u32 i = 0; i < p->nfactor; i++)
            if (!factor_extents(f, tensor, at, &p->factor[i], elems))
                return false;
        return true;
    }
    if (p->kind == OAXIS_EXPR && !extent_of(f, p->ox, tensor, at, p->loc, 1, &n))
        return false;
    if (__builtin_mul_overflow(*elems, n, elems) || *elems > MAX_ELEMS)
        return refuse_size(f, OPR_OVERFLOW, tensor, at, p->loc, "is too large");
    return true;
}

/* Parameters, tables and intermediates that exist here have sizes too. */
static bool check_inside(struct infer *f)
{
    for (u32 i = f->op->nin + f->op->nout; i < f->op->tensor.n; i++) {
        const struct otensor *x = &f->op->tensor.at[i];
        if (!op_static(f->b, f->t, x->guard, false) && !op_static(f->b, f->t, x->guard, true))
            continue;
        i64 elems = 1;
        u32 rank = 0;
        for (u32 k = 0; k < x->type.n; k++) {
            const struct oaxis *p = &x->type.axis[k];
            if (p->kind == OAXIS_RUN) {
                rank += f->b->run;
                for (u32 r = 0; r < f->b->run; r++)
                    if (__builtin_mul_overflow(elems, axis_extent(f->t, f->run[r]), &elems) || elems > MAX_ELEMS)
                        return refuse_size(f, OPR_OVERFLOW, i, k, p->loc, "is too large");
                continue;
            }
            rank++;
            if (!factor_extents(f, i, k, p, &elems))
                return false;
        }
        if (rank > MAX_RANK)
            return refuse(f, OPR_RANK, i, 0, rank, MAX_RANK, x->loc, x->loc);
    }
    for (u32 e = 0; e < f->op->eq.n; e++) {
        const struct oeq *q = &f->op->eq.at[e];
        if (!op_static(f->b, f->t, q->guard, false) && !op_static(f->b, f->t, q->guard, true))
            continue;
        u32 ranks = 0;
        for (u32 k = 0; k < q->nix; k++) {
            u32 i = f->op->list.at[q->ix + k];
            const struct oindex *x = &f->op->index.at[i];
            i64 n;
            ranks += x->run ? f->b->run : 1;
            if (ranks > OP_RANKS_MOST) {
                f->why->text = "have more than 32 indices";
                return refuse(f, OPR_REGION, q->lhs, 0, ranks, OP_RANKS_MOST, q->loc, q->loc);
            }
            if (!x->run && !x->batch && !extent_of(f, x->extent, WHY_INDEX, i, x->loc, 0, &n))
                return false;
        }
    }
    return true;
}

/* All of *b in scratch memory; false: *why. */
static bool infer(struct op_memo *m, const struct entry *e, struct op_bind *b, struct op_why *why)
{
    struct arena *a = m->scratch;
    const struct op *op = m->ops->at.at[e->op];
    struct infer f = { .t = m->t, .op = op, .b = b, .in = e->in, .why = why };
    b->op = op;
    b->slot = NEW_ARRAY(a, struct osize, op->nslot + 1);
    b->dtvar = NEW_ARRAY(a, enum dtype, op->ndtvar + 1);
    f.seen_dtvar = NEW_ARRAY(a, bool, op->ndtvar + 1);
    f.slot_loc = NEW_ARRAY(a, struct loc, op->nslot + 1);
    for (u32 i = 0; i < op->ndtvar; i++)
        b->dtvar[i] = DT_F32;           /* of parameters and outputs when no input says it */
    for (u32 i = 0; i < op->nattr; i++)
        b->slot[i].v = e->attr[i];
    if (e->nin != op->nin)
        return refuse(&f, OPR_ARITY, e->nin, 0, e->nin, op->nin, op->loc, op->loc);
    if (!match_inputs(&f, BINDS))
        return false;
    b->run_axis = f.run;
    bool ok = match_inputs(&f, KNOWN) && run_where(&f) && match_inputs(&f, REST) && run_agree(&f) && make_outputs(&f, a) && check_inside(&f)
              && op_check_body(a, b, m->t, why);
    b->run_axis = arena_dup(a, f.run, sizeof *f.run * b->run);
    return ok;
}

static const struct op_bind *keep(struct op_memo *m, const struct op_bind *from)
{
    struct op_bind *b = arena_dup(m->a, from, sizeof *b);
    b->slot = arena_dup(m->a, from->slot, sizeof *b->slot * from->op->nslot);
    b->dtvar = arena_dup(m->a, from->dtvar, sizeof *b->dtvar * from->op->ndtvar);
    b->run_axis = arena_dup(m->a, from->run_axis, sizeof *b->run_axis * from->run);
    b->out = arena_dup(m->a, from->out, sizeof *b->out * from->op->nout);
    b->serial = m->nbind++;
    return b;
}

/* Numbers of axes that cannot fit: not worth an entry. */
static bool ranks_fit(const struct op_memo *m, const struct op *op, const type_id *in)
{
    for (u32 i = 0; i < op->nin; i++) {
        const struct otype *p = &op->tensor.at[i].type;
        u32 rank = type_get(m->t, in[i])->rank, n = p->n;
        bool run = false;
        for (u32 k = 0; k < n; k++)
            run |= p->axis[k].kind == OAXIS_RUN;
        if (run ? rank + 1 < n : rank != n)
            return false;
    }
    return true;
}

static bool num_same(struct num a, struct num b)
{
    return a.kind == b.kind && (a.kind == NUM_REAL ? memcmp(&a.r, &b.r, sizeof a.r) == 0 : a.n == b.n && a.d == b.d);
}

static u64 key_hash(u32 op, u32 nattr, const struct num *attr, u32 nin, const type_id *in)
{
    u64 word[48];
    u32 n = 0;
    u64 h = (u64)op << 32 | nin;
    for (u32 i = 0; i < nattr; i++) {
        if (n + 2 > COUNTOF(word)) {
            h = hash64_seed(word, sizeof *word * n, h);
            n = 0;
        }
        if (attr[i].kind == NUM_REAL) {
            memcpy(&word[n++], &attr[i].r, sizeof attr[i].r);
            word[n++] = 0;              /* no rational has this denominator */
        } else {
            word[n++] = (u64)attr[i].n;
            word[n++] = (u64)attr[i].d;
        }
    }
    for (u32 i = 0; i < nin; i++) {
        if (n == COUNTOF(word)) {
            h = hash64_seed(word, sizeof *word * n, h);
            n = 0;
        }
        word[n++] = in[i];
    }
    return hash64_seed(word, sizeof *word * n, h);
}

const struct op_bind *op_infer(struct op_memo *m, const struct op *op, const struct num *attr, u32 nin, const type_id *in, struct op_why *why)
{
    CHECK(op->id < m->ops->at.n && m->ops->at.at[op->id] == op);
    if (!why && nin == op->nin && !ranks_fit(m, op, in))
        return NULL;
    u64 h = key_hash(op->id, op->nattr, attr, nin, in);
    u32 at = idmap_home(&m->by, h), id;
    struct entry *e = NULL;
    while ((id = idmap_find(&m->by, h, &at))) {
        struct entry *x = m->entry.at[id - 1];
        bool same = x->op == op->id && x->nin == nin && (nin == 0 || memcmp(x->in, in, sizeof *in * nin) == 0);
        for (u32 i = 0; same && i < op->nattr; i++)
            same = num_same(x->attr[i], attr[i]);
        if (same) {
            e = x;
            break;
        }
    }
    struct arena_mark mark = arena_mark(m->scratch);
    if (!e) {
        struct op_bind b = { 0 };
        struct op_why no = { 0 };
        e = NEW(m->a, struct entry);
        e->op = op->id;
        e->nattr = op->nattr;
        e->nin = nin;
        e->attr = op->nattr ? arena_dup(m->a, attr, sizeof *attr * op->nattr) : NULL;
        e->in = nin ? arena_dup(m->a, in, sizeof *in * nin) : NULL;
        if (infer(m, e, &b, &no))
            e->bind = keep(m, &b);
        vec_push(m->a, &m->entry, e);
        idmap_put(m->a, &m->by, h, m->entry.n);
        arena_reset(m->scratch, mark);
    }
    if (why)
        *why = (struct op_why){ 0 };
    if (why && !e->bind) {
        struct op_bind b = { 0 };
        infer(m, e, &b, why);
        arena_reset(m->scratch, mark);
    }
    return e->bind;
}

/* --- Why not ------------------------------------------------------------------------------- */

static void tensor_axis(struct buf *b, const struct op *op, const struct op_why *why)
{
    if (why->input < op->tensor.n)
        buf_printf(b, "axis %" PRIu32 " of `%s`", why->axis, op->tensor.at[why->input].name);
}

static const char *tensor_name(const struct op *op, u32 i)
{
    return i < op->tensor.n ? op->tensor.at[i].name : "?";
}

void op_why_print(struct buf *b, const struct op_memo *m, const struct op *op, const struct op_why *why)
{
    (void)m;
    const char *s = why->text ? why->text : "does not fit";
    buf_printf(b, "`%s`: ", op->name);
    switch (why->code) {
    case OPR_OK:
        buf_puts(b, "applies");
        break;
    case OPR_ARITY:
        buf_printf(b, "takes %" PRIi64 " input%s, given %" PRIi64, why->want, why->want == 1 ? "" : "s", why->got);
        break;
    case OPR_RANK:
        if (why->pattern.off != why->pattern2.off)
            buf_printf(b, "`..` of `%s` stands for %" PRIi64 " axes, elsewhere for %" PRIi64, tensor_name(op, why->input), why->got, why->want);
        else if (why->input >= op->nin)
            buf_printf(b, "`%s` would have %" PRIi64 " axes, at most %" PRIi64 " are possible", tensor_name(op, why->input), why->got, why->want);
        else
            buf_printf(b, "`%s` has %" PRIi64 " axes, the signature asks for %" PRIi64, tensor_name(op, why->input), why->got, why->want);
        break;
    case OPR_EXTENT:
        if (why->input == UINT32_MAX) {
            const struct oagree *g = &op->agree.at[why->axis];
            buf_printf(b, "index `%s` ranges over ", g->index);
            op_size_print(b, op, g->a);
            buf_printf(b, " = %" PRIi64 " here and over ", why->got);
            op_size_print(b, op, g->b);
            buf_printf(b, " = %" PRIi64 " there", why->want);
            break;
        }
        tensor_axis(b, op, why);
        buf_printf(b, " is %" PRIi64 ", it must be %" PRIi64, why->got, why->want);
        break;
    case OPR_FOLD:
        tensor_axis(b, op, why);
        if (why->got)
            buf_printf(b, " remembers %" PRIi64 " factors, the pattern has %" PRIi64, why->got, why->want);
        else
            buf_printf(b, " remembers no factors, the pattern has %" PRIi64, why->want);
        break;
    case OPR_DTYPE:
        buf_printf(b, "`%s` is %s, it must be %s", tensor_name(op, why->input), dtype_name((enum dtype)why->got),
                   why->want < 0 ? "floating point" : dtype_name((enum dtype)why->want));
        break;
    case OPR_WHERE:
        buf_puts(b, "its condition `");
        op_size_print(b, op, op->where[why->axis].ox);
        buf_puts(b, "` is false");
        if (why->text)
            buf_printf(b, ": %" PRIi64 " %s %" PRIi64, why->got, why->text, why->want);
        break;
    case OPR_BAD_SIZE:
        if (why->input < op->tensor.n) {
            tensor_axis(b, op, why);
        } else if (why->input == WHY_INDEX) {
            buf_printf(b, "the range of index `%s`", op->index.at[why->axis].name);
        } else if (why->axis < op->nslot) {
            buf_printf(b, "size `%s`", op->slot_name[why->axis]);
        } else {
            buf_puts(b, "a size");
        }
        buf_printf(b, " %s", s);
        if (why->got)
            buf_printf(b, ": %" PRIi64, why->got);
        break;
    case OPR_OVERFLOW:
        tensor_axis(b, op, why);
        buf_printf(b, " %s", s);
        break;
    case OPR_REGION:
        buf_printf(b, "the equations of `%s` %s", tensor_name(op, why->input), s);
        break;
    case OPR_INDEX_RANGE:
        buf_puts(b, "a subscript of ");
        tensor_axis(b, op, why);
        buf_printf(b, " (extent %" PRIi64 ") %s", why->want, s);
        if (!strcmp(s, "goes out of range"))
            buf_printf(b, ": it reaches %" PRIi64, why->got);
        break;
    }
}

void op_why_label(struct diags *ds, struct diag *d, const struct op_why *why)
{
    struct loc a = why->pattern, b = why->pattern2;
    bool two = b.file && (a.off != b.off || a.len != b.len);
    if (why->code == OPR_EXTENT || (why->code == OPR_RANK && two)) {
        const char *what = why->code == OPR_RANK ? " axes" : "";
        if (a.file)
            diag_label(ds, d, a, "%" PRIi64 "%s here", why->got, what);
        if (two)
            diag_label(ds, d, b, "%" PRIi64 "%s here", why->want, what);
        return;
    }
    if (a.file)
        diag_label(ds, d, a, "of this signature");
    if (why->code == OPR_INDEX_RANGE || why->code == OPR_REGION)
        if (two)
            diag_label(ds, d, b, "in this equation");
}
