/* op_dump.c - an op row as records, for people and for golden tests (--dump=op).
 *
 *   (op relu 0
 *     (in x T (run))
 *     (out y T (run))
 *     (eq (left y ..) = (max (read x ..) 0)))
 */
#include "compiler/ir/op.h"

#include "compiler/base/rec.h"

static const char *const ox_name[OX_KINDS] = {
    [OX_ADD] = "add", [OX_SUB] = "sub", [OX_MUL] = "mul", [OX_DIV] = "div", [OX_MOD] = "mod", [OX_NEG] = "neg", [OX_FLOOR] = "floor",
    [OX_SQRT] = "sqrt", [OX_EXP] = "exp", [OX_LOG] = "log", [OX_ABS] = "abs", [OX_POW] = "pow", [OX_MIN] = "min", [OX_MAX] = "max",
    [OX_LT] = "lt", [OX_LE] = "le", [OX_GT] = "gt", [OX_GE] = "ge", [OX_EQ] = "eq", [OX_NE] = "ne", [OX_AND] = "and", [OX_OR] = "or",
    [OX_NOT] = "not", [OX_SELECT] = "select", [OX_RSQRT] = "rsqrt", [OX_TANH] = "tanh", [OX_SIGMOID] = "sigmoid", [OX_ERF] = "erf",
    [OX_SIN] = "sin", [OX_COS] = "cos", [OX_SIGN] = "sign",
};

static void dump_num(struct buf *b, struct num v)
{
    i64 i;
    if (v.kind == NUM_BAD)
        rec_put_word(b, "bad");
    else if (v.kind == NUM_REAL)
        rec_put_real(b, v.r);
    else if (num_is_int(v, &i))
        rec_put_int(b, i);
    else
        buf_printf(b, " (rat %lld %lld)", (long long)v.n, (long long)v.d);
}

static void dump_ox(struct buf *b, const struct op *op, u32 ox);

static void dump_items(struct buf *b, const struct op *op, u32 list, u32 n)
{
    for (u32 i = 0; i < n; i++)
        dump_ox(b, op, op->list.at[list + i]);
}

static void dump_ox(struct buf *b, const struct op *op, u32 ox)
{
    const struct ox *x = &op->ox.at[ox];
    switch ((enum ox_kind)x->kind) {
    case OX_NONE: rec_put_word(b, "none"); return;
    case OX_CONST: dump_num(b, x->num); return;
    case OX_SLOT: rec_put_word(b, op->slot_name[x->u]); return;
    case OX_INDEX: rec_put_word(b, op->index.at[x->u].name); return;
    case OX_RUN: rec_put_word(b, ".."); return;
    case OX_TRAINING: rec_put_word(b, "training"); return;
    case OX_EXTENT_RUN: buf_puts(b, " (extent ..)"); return;
    case OX_RANK_RUN: buf_puts(b, " (rank ..)"); return;
    case OX_BATCH: buf_puts(b, " (extent batch)"); return;
    case OX_ARG: buf_printf(b, " (arg %u)", x->u); return;
    case OX_LAST: buf_printf(b, " (last %s)", op->index.at[x->u].name); return;
    case OX_FOLDIDX:
        buf_puts(b, " (fold");
        dump_items(b, op, x->list, x->nlist);
        buf_putc(b, ')');
        return;
    case OX_READ:
        buf_puts(b, x->a ? " (pad" : " (read");
        rec_put_word(b, op->tensor.at[x->u].name);
        dump_items(b, op, x->list, x->nlist);
        if (x->a) {
            buf_puts(b, " (else");
            dump_ox(b, op, x->a);
            buf_putc(b, ')');
        }
        buf_putc(b, ')');
        return;
    default:
        break;
    }
    buf_printf(b, " (%s", ox_name[x->kind] ? ox_name[x->kind] : "?");
    const u32 kid[3] = { x->a, x->b, x->c };
    for (u32 i = 0; i < 3; i++)
        if (kid[i])
            dump_ox(b, op, kid[i]);
    buf_putc(b, ')');
}

static void dump_axis(struct buf *b, const struct op *op, const struct oaxis *x)
{
    switch ((enum oaxis_kind)x->kind) {
    case OAXIS_EXPR: dump_ox(b, op, x->ox); break;
    case OAXIS_BIND: buf_printf(b, " (bind %s)", op->slot_name[x->slot]); break;
    case OAXIS_ANY: buf_puts(b, " (any)"); break;
    case OAXIS_RUN: buf_puts(b, " (run)"); break;
    case OAXIS_FOLD:
        buf_puts(b, " (fold");
        for (u32 i = 0; i < x->nfactor; i++)
            dump_axis(b, op, &x->factor[i]);
        buf_putc(b, ')');
        break;
    }
}

static void dump_tensor(struct buf *b, const struct op *op, const struct otensor *t)
{
    static const char *const role[] = { [OT_IN] = "in", [OT_OUT] = "out", [OT_PARAM] = "param", [OT_STATE] = "state", [OT_CONST] = "const", [OT_TEMP] = "temp" };
    static const char *const init[INITS] = { [INIT_NONE] = "none", [INIT_ZEROS] = "zeros", [INIT_ONES] = "ones", [INIT_CONSTANT] = "constant",
        [INIT_UNIFORM] = "uniform", [INIT_NORMAL] = "normal", [INIT_KAIMING_UNIFORM] = "kaiming_uniform", [INIT_KAIMING_NORMAL] = "kaiming_normal",
        [INIT_XAVIER_UNIFORM] = "xavier_uniform", [INIT_XAVIER_NORMAL] = "xavier_normal", [INIT_TRUNC_NORMAL] = "trunc_normal" };
    rec_open(b, 1, role[t->role]);
    rec_put_word(b, t->name);
    if (t->type.dtype >= 0)
        rec_put_word(b, dtype_name((enum dtype)t->type.dtype));
    else
        buf_printf(b, " T%d", -1 - t->type.dtype);
    for (u32 i = 0; i < t->type.n; i++)
        dump_axis(b, op, &t->type.axis[i]);
    if (t->init) {
        buf_printf(b, " (init %s", init[t->init]);
        for (u32 i = 0; i < 2; i++)
            if (t->init_arg[i])
                dump_ox(b, op, t->init_arg[i]);
        buf_putc(b, ')');
    }
    if (t->const_rule) {
        buf_puts(b, " (rule");
        for (u32 i = 0; i < t->nconst_index; i++)
            rec_put_word(b, op->index.at[t->const_index[i]].name);
        dump_ox(b, op, t->const_rule);
        buf_putc(b, ')');
    }
    if (t->table) {
        u32 n = 1;
        i64 v;
        for (u32 i = 0; i < t->type.n; i++)
            n *= num_is_int(op->ox.at[t->type.axis[i].ox].num, &v) ? (u32)v : 1;
        buf_puts(b, " (table");
        dump_items(b, op, t->table, n);
        buf_putc(b, ')');
    }
    if (t->guard) {
        buf_puts(b, " (if");
        dump_ox(b, op, t->guard);
        buf_putc(b, ')');
    }
    if (t->iter)
        buf_printf(b, " (iter %u)", t->iter_axis - 1);
    if (t->batched && t->role == OT_TEMP)
        buf_puts(b, " (batched)");
    if (t->absent)
        buf_puts(b, " (absent)");
    rec_close(b);
}

static const char *red_text(const struct op *op, const struct oeq *q)
{
    static const char *const red[] = { [RED_NONE] = "=", [RED_ADD] = "+=", [RED_MUL] = "*=", [RED_MAX] = "max=", [RED_MIN] = "min=", [RED_ARGMAX] = "argmax=", [RED_ARGMIN] = "argmin=" };
    return q->red == RED_USER ? op->monoid.at[q->monoid].name : red[q->red];
}

static void dump_eq(struct buf *b, const struct op *op, const struct oeq *q)
{
    rec_open(b, 1, q->init ? "init" : q->next ? "next" : "eq");
    buf_puts(b, " (left");
    rec_put_word(b, op->tensor.at[q->lhs].name);
    dump_items(b, op, q->sub, q->nsub);
    buf_putc(b, ')');
    rec_put_word(b, red_text(op, q));
    if (q->rhs)
        dump_ox(b, op, q->rhs);
    dump_items(b, op, q->rhs_list, q->nrhs);
    if (q->nix > q->nleft) {
        buf_puts(b, " (over");
        for (u32 i = q->nleft; i < q->nix; i++)
            rec_put_word(b, op->index.at[op->list.at[q->ix + i]].name);
        buf_putc(b, ')');
    }
    if (q->where) {
        buf_puts(b, " (where");
        dump_ox(b, op, q->where);
        buf_putc(b, ')');
    }
    if (q->guard) {
        buf_puts(b, " (if");
        dump_ox(b, op, q->guard);
        buf_putc(b, ')');
    }
    if (q->scan)
        buf_printf(b, " (scan %u %s)", q->scan, op->index.at[q->iter - 1].name);
    if (q->empty_zero)
        buf_puts(b, " (empty-zero)");
    rec_close(b);
}

static void dump_monoid(struct buf *b, const struct op *op, const struct op_monoid *m)
{
    static const char *const part[] = { "zero", "lift", "merge" };
    const u32 *const of[] = { m->zero, m->lift, m->merge };
    rec_open(b, 1, "monoid");
    rec_put_word(b, m->name);
    for (u32 i = 0; i < m->nstate; i++)
        rec_put_word(b, m->part[i]);
    for (u32 k = 0; k < COUNTOF(of); k++) {
        buf_printf(b, " (%s", part[k]);
        for (u32 i = 0; i < m->nstate; i++)
            dump_ox(b, op, of[k][i]);
        buf_putc(b, ')');
    }
    rec_close(b);
}

void op_dump(struct buf *b, const struct op *op)
{
    rec_open(b, 0, "op");
    rec_put_word(b, op->name);
    rec_put_int(b, op->overload);
    if (op->nattr) {
        rec_open(b, 1, "attrs");
        for (u32 i = 0; i < op->nattr; i++)
            rec_put_word(b, op->slot_name[i]);
        rec_close(b);
    }
    for (u32 i = 0; i < op->nwhere; i++) {
        rec_open(b, 1, op->where[i].def ? "size" : "where");
        if (op->where[i].def)
            rec_put_word(b, op->slot_name[op->where[i].slot]);
        dump_ox(b, op, op->where[i].ox);
        rec_close(b);
    }
    for (u32 i = 0; i < op->tensor.n; i++)
        dump_tensor(b, op, &op->tensor.at[i]);
    for (u32 i = 0; i < op->index.n; i++) {
        const struct oindex *x = &op->index.at[i];
        if (x->run || x->batch)
            continue;
        rec_open(b, 1, x->iter ? "iter" : "index");
        rec_put_word(b, x->name);
        dump_ox(b, op, x->extent);
        rec_close(b);
    }
    for (u32 i = 0; i < op->agree.n; i++) {
        rec_open(b, 1, "agree");
        rec_put_word(b, op->agree.at[i].index);
        dump_ox(b, op, op->agree.at[i].a);
        dump_ox(b, op, op->agree.at[i].b);
        if (op->agree.at[i].guard) {
            buf_puts(b, " (if");
            dump_ox(b, op, op->agree.at[i].guard);
            buf_putc(b, ')');
        }
        rec_close(b);
    }
    for (u32 i = 0; i < op->monoid.n; i++)
        dump_monoid(b, op, &op->monoid.at[i]);
    for (u32 i = 0; i < op->eq.n; i++)
        dump_eq(b, op, &op->eq.at[i]);
    rec_open(b, 1, "facts");
    if (op->fact.data_movement)
        rec_put_word(b, "data_movement");
    rec_close(b);
    rec_close(b);
    buf_putc(b, '\n');
}
