/* eval_index.c - blocks of an iteration domain, and index expressions over them. */
#include "compiler/ir/eval_prog.h"

i64 eval_sym(const struct eval_run *r, u32 sym)
{
    return sym == 0 ? r->ev->batch : r->c->sym.at[sym].lo;
}

void eval_domain_make(struct eval_run *r, struct eval_domain *d, u32 nrank, const u32 *rank)
{
    *d = (struct eval_domain){ .n = nrank, .nouter = nrank, .block = 1 };
    for (u32 i = 0; i < nrank; i++)
        d->rank[i] = rank[i];
    for (u32 i = 0; i < r->e->nrank; i++) {
        ein_ext e = r->e->rank[i].ext;
        d->ext[i] = e < 0 ? eval_sym(r, (u32)(-1 - e)) : e;
    }
    while (d->nouter && (i64)d->block * d->ext[d->rank[d->nouter - 1]] <= EVAL_BLOCK)
        d->block *= (u32)d->ext[d->rank[--d->nouter]];
    if (d->nouter == nrank && nrank) {
        d->nouter--;
        d->chunked = true;
        d->block = EVAL_BLOCK;
    }
    i64 inside = d->block;
    for (u32 i = d->nouter; i < nrank; i++) {
        u32 k = d->rank[i];
        d->coord[k] = NEW_ARRAY(r->a, i64, d->block);
        if (d->chunked) {
            for (u32 p = 0; p < d->block; p++)
                d->coord[k][p] = p;
            break;
        }
        inside /= d->ext[k];
        for (u32 p = 0; p < d->block; p++)
            d->coord[k][p] = p / inside % d->ext[k];
    }
}

bool eval_next_block(struct eval_domain *d, bool start)
{
    if (start) {
        for (u32 i = 0; i < d->n; i++)
            d->at[d->rank[i]] = 0;
    } else {
        if (d->chunked) {
            u32 k = d->rank[d->nouter];
            d->at[k] += EVAL_BLOCK;
            if (d->at[k] < d->ext[k])
                goto lanes;
            d->at[k] = 0;
        }
        u32 i = d->nouter;
        while (i && ++d->at[d->rank[i - 1]] == d->ext[d->rank[i - 1]])
            d->at[d->rank[--i]] = 0;
        if (!i)
            return false;
    }
lanes:
    d->lanes = d->block;
    if (d->chunked) {
        u32 k = d->rank[d->nouter];
        d->lanes = (u32)MIN((i64)EVAL_BLOCK, d->ext[k] - d->at[k]);
    }
    return true;
}

u64 eval_strides(const struct eval_run *r, u32 tens, i64 *stride)
{
    const struct ein_tens *t = &r->c->tens.at[tens];
    i64 n = 1;
    for (u32 i = t->ndim; i--;) {
        stride[i] = n;
        n *= t->dim[i] < 0 ? eval_sym(r, (u32)(-1 - t->dim[i])) : t->dim[i];
    }
    return (u64)n;
}

static u32 compile_slot(struct eval_run *r, struct eval_prog *p, const struct eval_domain *d, ein_node x)
{
    if (p->reg[x])
        return p->reg[x] - 1;
    const struct ein_x *y = &r->c->node.at[x];
    struct eval_slot s = { .kind = y->kind };
    if (y->kind == EIN_GATHER) {
        i64 stride[EVAL_AXES];
        s.tens = y->u;
        s.n = eval_strides(r, y->u, stride);
        for (u32 i = 0; i < y->nlist; i++)
            eval_compile_index(r, p, d, r->c->list.at[y->list + i], stride[i], &s.x);
    } else {
        CHECK(y->kind == EIN_IDIV || y->kind == EIN_IMOD);
        s.k = r->c->node.at[y->b].i;
        eval_compile_index(r, p, d, y->a, 1, &s.x);
    }
    s.v = NEW_ARRAY(r->a, i64, EVAL_BLOCK);
    vec_push(r->a, &p->slot, s);
    p->reg[x] = p->slot.n;
    return p->slot.n - 1;
}

void eval_compile_index(struct eval_run *r, struct eval_prog *p, const struct eval_domain *d, ein_node x, i64 times, struct eval_index *to)
{
    const struct cascade *c = r->c;
    struct ein_lin l = { 0 };
    if (!ein_lin(c, x, times, &l))
        BUG("an index of more than %d terms", LIN_TERMS);
    to->c += l.c;
    for (u32 i = 0; i < l.n; i++) {
        const struct ein_x *y = &c->node.at[l.t[i].atom];
        i64 k = l.t[i].k;
        if (y->kind == EIN_SYM) {
            to->c += k * eval_sym(r, y->u);
        } else if (y->kind != EIN_RANK) {
            CHECK(to->natom < EVAL_TERMS);
            u32 slot = compile_slot(r, p, d, l.t[i].atom);
            to->atom[to->natom].slot = slot;
            to->atom[to->natom++].k = k;
        } else if (d->coord[y->u]) {
            if (!to->part)
                to->part = NEW_ARRAY(r->a, i64, d->block);
            for (u32 q = 0; q < d->block; q++)
                to->part[q] += k * d->coord[y->u][q];
            if (d->chunked)
                to->chunk_k += k;
        } else {
            u32 j = 0;
            while (j < to->nouter && to->outer[j].rank != y->u)
                j++;
            CHECK(j < EVAL_TERMS);
            if (j == to->nouter) {
                to->outer[to->nouter].rank = y->u;
                to->outer[to->nouter++].k = 0;
            }
            to->outer[j].k += k;
        }
    }
    to->unit = to->part != NULL;
    for (u32 q = 0; to->unit && q < d->block; q++)
        to->unit = to->part[q] == q;
}

/* The part that is the same for the whole block. */
static i64 uniform(const struct eval_domain *d, const struct eval_index *x)
{
    i64 v = x->c;
    for (u32 i = 0; i < x->nouter; i++)
        v += x->outer[i].k * d->at[x->outer[i].rank];
    if (x->chunk_k)
        v += x->chunk_k * d->at[d->rank[d->nouter]];
    return v;
}

void eval_index_block(const struct eval_prog *p, const struct eval_domain *d, const struct eval_index *x, i64 *out)
{
    i64 base = uniform(d, x);
    u32 n = d->lanes;
    if (x->part)
        for (u32 i = 0; i < n; i++)
            out[i] = base + x->part[i];
    else
        for (u32 i = 0; i < n; i++)
            out[i] = base;
    for (u32 k = 0; k < x->natom; k++) {
        const i64 *v = p->slot.at[x->atom[k].slot].v;
        i64 times = x->atom[k].k;
        for (u32 i = 0; i < n; i++)
            out[i] += times * v[i];
    }
}

static i64 floor_div(i64 a, i64 k)
{
    i64 q = a / k;
    return q - (a % k < 0);
}

static void slot_block(struct eval_run *r, struct eval_prog *p, const struct eval_domain *d, struct eval_slot *s)
{
    u32 n = d->lanes;
    eval_index_block(p, d, &s->x, s->v);
    if (s->kind == EIN_GATHER) {
        const double *v = r->ev->tens[s->tens].v;
        for (u32 i = 0; i < n; i++) {
            if ((u64)s->v[i] >= s->n) {
                r->leaves = r->c->tens.at[s->tens].name;
                s->v[i] = 0;
            }
            double got = v[s->v[i]];
            /* indices beyond any tensor become -1, so that sums of them cannot overflow */
            s->v[i] = got > -0x1p30 && got < 0x1p30 ? (i64)got : -1;
        }
        return;
    }
    i64 k = s->k;
    bool same = !s->x.part && !s->x.natom;
    u32 m = same ? 1 : n;
    if (s->kind == EIN_IDIV)
        for (u32 i = 0; i < m; i++)
            s->v[i] = floor_div(s->v[i], k);
    else
        for (u32 i = 0; i < m; i++)
            s->v[i] -= k * floor_div(s->v[i], k);
    for (u32 i = m; i < n; i++)
        s->v[i] = s->v[0];
}

void eval_read_block(struct eval_run *r, struct eval_prog *p, const struct eval_domain *d, struct eval_ins *ins)
{
    const struct ein_array *t = &r->ev->tens[ins->u];
    double *v = p->v[ins->dst], *e = p->e ? p->e[ins->dst] : NULL;
    u32 n = d->lanes;
    i64 off[EVAL_BLOCK];
    bool terms = p->terms && p->terms[ins->dst].mag;
    if (!terms && !ins->ncheck && !ins->x.natom && (!ins->x.part || ins->x.unit)) {
        i64 base = uniform(d, &ins->x);
        for (u32 i = 0; i < n; i++)
            v[i] = t->v[base + (ins->x.part ? i : 0)];
        for (u32 i = 0; e && i < n; i++)
            e[i] = t->err[base + (ins->x.part ? i : 0)];
        return;
    }
    eval_index_block(p, d, &ins->x, off);
    if (!ins->ncheck) {
        for (u32 i = 0; i < n; i++)
            v[i] = t->v[off[i]];
        for (u32 i = 0; e && i < n; i++)
            e[i] = t->err[off[i]];
        if (terms)
            eval_sum_read(r, p, ins, off, NULL, n);
        return;
    }
    u8 out[EVAL_BLOCK] = { 0 };
    for (u32 k = 0; k < ins->ncheck; k++) {
        i64 at[EVAL_BLOCK];
        u64 dim = (u64)ins->check[k].dim;
        eval_index_block(p, d, &ins->check[k].x, at);
        for (u32 i = 0; i < n; i++)
            out[i] |= (u64)at[i] >= dim;
    }
    const double *pv = ins->padded ? p->v[ins->a] : NULL, *pe = ins->padded && e ? p->e[ins->a] : NULL;
    u8 *poison = p->poison ? p->poison[ins->dst] : NULL;
    for (u32 i = 0; i < n; i++) {
        v[i] = out[i] ? (pv ? pv[i] : 0) : t->v[off[i]];
        if (e)
            e[i] = out[i] ? (pe ? pe[i] : 0) : t->err[off[i]];
        if (poison)
            poison[i] = out[i] && (!pv || p->poison[ins->a][i]);
    }
    if (terms)
        eval_sum_read(r, p, ins, off, out, n);
}

void eval_slots_block(struct eval_run *r, struct eval_prog *p, const struct eval_domain *d)
{
    for (u32 i = 0; i < p->slot.n; i++)
        slot_block(r, p, d, &p->slot.at[i]);
}
