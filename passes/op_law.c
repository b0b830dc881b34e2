/* op_law.c - see op_law.h: an op's laws put together from its cascades, in inference and, where the body asks, in training. */
#include "passes/op_law.h"

#include "passes/arch_to_ein.h"
#include "passes/law.h"

enum { CASE_INPUTS = 5, SYM_INPUTS = 8 };       /* beyond: only no, one and all inputs zero; no exchanges */

struct op_laws {
    struct arena *a, *scratch;
    struct types *types;
    struct views *views;
    VEC(struct op_law *) by;            /* by serial */
};

struct op_laws *op_laws_new(struct arena *a, struct types *t, struct views *v)
{
    struct op_laws *l = NEW(a, struct op_laws);
    l->a = a;
    l->scratch = arena_new_in(a, "laws of an op");
    l->types = t;
    l->views = v;
    return l;
}

struct views *op_laws_views(struct op_laws *l)
{
    return l->views;
}

/* --- The body ------------------------------------------------------------------------------------ */

static void simplify(struct cascade *c, struct ein_eq *e)
{
    for (u32 i = 0; i < e->nbody; i++)
        e->body[i] = ein_simplify(c, e->body[i], e->nrank, e->rank);
    for (u32 i = 0; i < e->nsub; i++)
        e->sub[i] = ein_simplify(c, e->sub[i], e->nrank, e->rank);
    if (e->guard)
        e->guard = ein_simplify(c, e->guard, e->nrank, e->rank);
    if (e->guard && c->node.at[e->guard].kind == EIN_NUM && c->node.at[e->guard].r != 0)
        e->guard = 0;
    if (e->post)
        e->post = ein_simplify(c, e->post, e->nrank, e->rank);
}

static struct law_body *body_of(struct op_laws *l, const struct op_bind *b, bool training)
{
    struct arena *a = l->scratch;
    struct law_body *y = NEW(a, struct law_body);
    *y = (struct law_body){ .a = a, .v = l->views, .nin = b->op->nin, .nout = b->op->nout };
    y->in = NEW_ARRAY(a, u32, y->nin + 1);
    y->out = NEW_ARRAY(a, u32, y->nout + 1);
    struct cascade *c = y->c = op_to_ein(a, l->types, b, training, y->in, y->out);
    for (u32 i = 0; i < c->eq.n; i++)
        simplify(c, &c->eq.at[i]);
    y->input_of = NEW_ARRAY(a, u32, c->tens.n + 1);
    y->nwriter = NEW_ARRAY(a, u32, c->tens.n + 1);
    y->writer = NEW_ARRAY(a, u32, c->tens.n + 1);
    for (u32 i = 0; i < y->nin; i++)
        y->input_of[y->in[i]] = i + 1;
    for (u32 i = 0; i < c->eq.n; i++)
        for (u32 k = 0; k < c->eq.at[i].nout; k++) {
            y->nwriter[c->eq.at[i].out[k]]++;
            y->writer[c->eq.at[i].out[k]] = i;
        }
    return y;
}

static bool asks_training(const struct op *op)
{
    for (u32 i = 1; i < op->ox.n; i++)
        if (op->ox.at[i].kind == OX_TRAINING)
            return true;
    return false;
}

/* --- What an output is made of ---------------------------------------------------------------------- */

/* Calls f for each READ and GATHER of an equation. */
static void each_read(const struct cascade *c, const struct ein_eq *e, void (*f)(void *ctx, const struct ein_x *read), void *ctx)
{
    for (u32 i = 0; i < e->nbody + 2; i++) {
        struct ein_reads r = ein_reads(c, i < e->nbody ? e->body[i] : i == e->nbody ? e->guard : e->post);
        for (u32 k = 0; k < r.n; k++)
            f(ctx, &c->node.at[r.at[k]]);
    }
}

struct reach { const struct law_body *b; bool *tens; bool more; };

static void reached(void *ctx, const struct ein_x *read)
{
    struct reach *r = ctx;
    r->more |= !r->tens[read->u];
    r->tens[read->u] = true;
}

/* The tensors that t is computed from. */
static void reach(struct reach *r, u32 t)
{
    const struct cascade *c = r->b->c;
    r->tens[t] = true;
    for (r->more = true; r->more;) {
        r->more = false;
        for (u32 i = c->eq.n; i--;) {
            bool wanted = false;
            for (u32 k = 0; k < c->eq.at[i].nout; k++)
                wanted |= r->tens[c->eq.at[i].out[k]];
            if (wanted)
                each_read(c, &c->eq.at[i], reached, r);
        }
    }
}

static u32 uses(const struct law_body *b, u32 out)
{
    struct reach r = { .b = b, .tens = NEW_ARRAY(b->a, bool, b->c->tens.n + 1) };
    u32 mask = 0;
    reach(&r, b->out[out]);
    for (u32 i = 0; i < b->nin; i++)
        if (r.tens[b->in[i]])
            mask |= 1u << MIN(i, 31);
    return mask;
}

struct batch { const struct cascade *c; ein_node own; bool seen; };

static void batch_read(void *ctx, const struct ein_x *read)
{
    struct batch *b = ctx;
    if (law_batched(b->c, read->u))
        b->seen |= b->c->list.at[read->list] != b->own;
}

static bool sees_batch(const struct law_body *b)
{
    struct batch x = { .c = b->c };
    for (u32 i = 0; i < b->c->eq.n; i++) {
        const struct ein_eq *e = &b->c->eq.at[i];
        x.own = law_batched(b->c, e->out[0]) ? e->sub[0] : 0;
        each_read(b->c, e, batch_read, &x);
        for (u32 k = 0; k < e->nbody; k++)
            x.seen |= (b->c->node.at[e->body[k]].has & EIN_HAS_SYM) != 0;
        x.seen |= e->guard && b->c->node.at[e->guard].has & EIN_HAS_SYM;
        x.seen |= e->post && b->c->node.at[e->post].has & EIN_HAS_SYM;
        for (u32 k = 0; k < e->nrank; k++)
            x.seen |= e->rank[k].ext < 0 && (!x.own || b->c->node.at[x.own].u != k);
    }
    return x.seen;
}

/* --- Zeros and sums ---------------------------------------------------------------------------------- */

static bool of_inputs_dtype(const struct law_body *b, const struct law_value *v, u32 out)
{
    for (u32 i = 0; i < v->nterm; i++)
        if (b->c->tens.at[b->in[v->term[i].input]].dtype != b->c->tens.at[b->out[out]].dtype)
            return false;
    return true;
}

static bool agree(const struct law_value *a, const struct law_value *b)
{
    return a->kind == b->kind && (a->kind == LAW_NUM ? a->num == b->num : a->nterm == b->nterm && memcmp(a->term, b->term, a->nterm * sizeof *a->term) == 0);
}

struct cases { VEC(struct law_case) of; };

static void try_zero(struct op_laws *l, struct law_body **body, u32 nbody, u32 zero, struct cases *out)
{
    struct law_value v[2][32];
    u32 nout = MIN(body[0]->nout, COUNTOF(v[0]));
    bool open = false;
    for (u32 k = 0; k < nout; k++) {
        bool implied = false;
        for (u32 i = 0; i < out[k].of.n; i++)
            implied |= (out[k].of.at[i].zero & ~zero) == 0;
        open |= !implied;
    }
    if (!open)
        return;
    for (u32 m = 0; m < nbody; m++) {
        struct law_value *all = NEW_ARRAY(l->scratch, struct law_value, body[m]->nout + 1);
        law_values(body[m], zero, all);
        memcpy(v[m], all, nout * sizeof *all);
    }
    for (u32 k = 0; k < nout; k++) {
        const struct law_value *x = &v[0][k];
        bool implied = false;
        for (u32 i = 0; i < out[k].of.n; i++)
            implied |= (out[k].of.at[i].zero & ~zero) == 0;
        bool holds = (x->kind == LAW_NUM && x->num == 0) || (x->kind == LAW_SUM && of_inputs_dtype(body[0], x, k));
        if (implied || !holds || (nbody > 1 && !agree(x, &v[1][k])))
            continue;
        struct law_case c = { .zero = zero, .nterm = x->nterm };
        c.term = arena_dup(l->a, x->nterm ? (const void *)x->term : "", x->nterm * sizeof *x->term);
        vec_push(l->scratch, &out[k].of, c);
    }
}

static void all_cases(struct op_laws *l, struct law_body **body, u32 nbody, struct cases *out)
{
    u32 n = body[0]->nin, all = n >= 32 ? UINT32_MAX : (1u << n) - 1;
    if (n > CASE_INPUTS) {
        try_zero(l, body, nbody, 0, out);
        for (u32 i = 0; i < MIN(n, 32); i++)
            try_zero(l, body, nbody, 1u << i, out);
        if (n <= 32)
            try_zero(l, body, nbody, all, out);
        return;
    }
    for (u32 size = 0; size <= n; size++)
        for (u32 zero = 0; zero <= all; zero++)
            if ((u32)__builtin_popcount(zero) == size)
                try_zero(l, body, nbody, zero, out);
}

/* --- Exchanges ------------------------------------------------------------------------------------------ */

static struct hash128 meaning(struct law_body **body, u32 nbody, const u32 *perm, bool flat)
{
    struct hash128 h[2] = { law_meaning(body[0], perm, flat) };
    if (nbody == 1)
        return h[0];
    h[1] = law_meaning(body[1], perm, flat);
    return hash128(h, sizeof h);
}

static bool same_shape(const struct law_body *b, u32 i, u32 k)
{
    const struct ein_tens *x = &b->c->tens.at[b->in[i]], *y = &b->c->tens.at[b->in[k]];
    return x->dtype == y->dtype && x->ndim == y->ndim && memcmp(x->dim, y->dim, x->ndim * sizeof *x->dim) == 0;
}

static void exchanges(struct op_laws *l, struct law_body **body, u32 nbody, struct op_law *law)
{
    u32 n = law->nin, *sym = NEW_ARRAY(l->a, u32, n + 1), *perm = NEW_ARRAY(l->scratch, u32, n + 1);
    for (u32 i = 0; i < n; i++)
        sym[i] = perm[i] = i;
    law->meaning = meaning(body, nbody, perm, law->elementwise);
    for (u32 i = 0; i < n && n <= SYM_INPUTS; i++)
        for (u32 k = 0; k < i && sym[i] == i; k++) {
            if (sym[k] != k || !same_shape(body[0], i, k))
                continue;
            perm[i] = k;
            perm[k] = i;
            struct hash128 h = meaning(body, nbody, perm, law->elementwise);
            perm[i] = i;
            perm[k] = k;
            if (h.hi == law->meaning.hi && h.lo == law->meaning.lo)
                sym[i] = k;
        }
    law->sym = sym;
}

struct lead { const struct law_body *b; const struct ein_eq *e; u32 input; u64 rank; bool ok; };

/* Reads of the input name its first axis by a reduced rank of their own. */
static void lead_read(void *ctx, const struct ein_x *read)
{
    struct lead *l = ctx;
    const struct cascade *c = l->b->c;
    if (l->b->input_of[read->u] != l->input + 1)
        return;
    if (read->kind != EIN_READ || read->nlist < 2) {
        l->ok = false;
        return;
    }
    const struct ein_x *first = &c->node.at[c->list.at[read->list + 1]];
    l->ok &= first->kind == EIN_RANK && first->u < l->e->nrank && l->e->rank[first->u].kind == EIN_RED && l->e->rank[first->u].ext == c->tens.at[read->u].dim[1];
    if (first->kind == EIN_RANK)
        l->rank |= (u64)1 << first->u;
}

/* Does x name that rank anywhere but as the first axis of the input? */
static bool names(const struct lead *l, ein_node x)
{
    const struct cascade *c = l->b->c;
    if (!x || !(c->node.at[x].ranks & l->rank))
        return false;
    const struct ein_x *y = &c->node.at[x];
    if (y->kind == EIN_RANK)
        return true;
    bool own = y->kind == EIN_READ && l->b->input_of[y->u] == l->input + 1;
    for (u32 i = 0; i < y->nlist; i++)
        if (!(own && i == 1) && names(l, c->list.at[y->list + i]))
            return true;
    return names(l, y->a) || names(l, y->b) || names(l, y->c);
}

static bool leads(const struct law_body *b, u32 input)
{
    u32 t = b->in[input];
    bool read = false;
    if (!law_batched(b->c, t) || b->c->tens.at[t].ndim < 2)
        return false;
    for (u32 i = 0; i < b->c->eq.n; i++) {
        const struct ein_eq *e = &b->c->eq.at[i];
        struct lead l = { .b = b, .e = e, .input = input, .ok = true };
        each_read(b->c, e, lead_read, &l);
        if (!l.rank && l.ok)
            continue;
        read = true;
        bool order = e->red == RED_ADD || e->red == RED_MUL || e->red == RED_MAX || e->red == RED_MIN;
        if (!l.ok || !order || e->nbody != 1 || e->scan || __builtin_popcountll(l.rank) != 1 || names(&l, e->body[0]) || names(&l, e->guard))
            return false;
    }
    return read;
}

/* --- All of it ------------------------------------------------------------------------------------------ */

static void parameters(struct op_laws *l, const struct op_bind *b, struct op_law *law)
{
    for (u32 t = 0; t < b->op->tensor.n; t++) {
        const struct otensor *k = &b->op->tensor.at[t];
        bool there = op_static(b, l->types, k->guard, false) || op_static(b, l->types, k->guard, true);
        law->nparam += there && (k->role == OT_PARAM || k->role == OT_STATE);
    }
    law->own = law->nparam > 0;
    for (u32 i = 0; i < b->op->eq.n; i++) {
        const struct oeq *q = &b->op->eq.at[i];
        law->updates |= q->next && (op_static(b, l->types, q->guard, false) || op_static(b, l->types, q->guard, true));
    }
}

static struct op_law *prove(struct op_laws *l, const struct op_bind *b)
{
    struct op_law *law = NEW(l->a, struct op_law);
    struct law_body *body[2] = { body_of(l, b, false) };
    u32 nbody = 1;
    if (asks_training(b->op))
        body[nbody++] = body_of(l, b, true);
    law->nin = b->op->nin;
    law->nout = b->op->nout;
    struct law_out *out = NEW_ARRAY(l->a, struct law_out, law->nout + 1);
    struct cases *found = NEW_ARRAY(l->scratch, struct cases, law->nout + 1);
    law->elementwise = law->nout > 0;
    parameters(l, b, law);
    for (u32 m = 0; m < nbody; m++) {
        law->elementwise &= law_elementwise(body[m]);
        law->sees_batch |= sees_batch(body[m]);
        for (u32 k = 0; k < law->nout; k++)
            out[k].uses |= uses(body[m], k);
    }
    all_cases(l, body, nbody, found);
    for (u32 k = 0; k < law->nout; k++) {
        law->elementwise &= out[k].uses != 0;
        out[k].ncase = found[k].of.n;
        out[k].when = arena_dup(l->a, found[k].of.n ? (const void *)found[k].of.at : "", found[k].of.n * sizeof *found[k].of.at);
    }
    exchanges(l, body, nbody, law);
    for (u32 i = 0; i < MIN(law->nin, 32); i++) {
        bool all = true;
        for (u32 m = 0; m < nbody; m++)
            all &= leads(body[m], i);
        law->lead |= (u32)all << i;
    }
    law->out = out;
    return law;
}

const struct op_law *op_law(struct op_laws *l, const struct op_bind *b)
{
    while (l->by.n <= b->serial)
        vec_push(l->a, &l->by, NULL);
    if (!l->by.at[b->serial]) {
        arena_clear(l->scratch);
        l->by.at[b->serial] = prove(l, b);
    }
    return l->by.at[b->serial];
}
