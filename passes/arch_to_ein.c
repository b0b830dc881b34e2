/* arch_to_ein.c - a typed graph of op instances becomes a cascade: every instance's body, one after the other.
 *
 * In: an arch that arch_verify accepts.  Out: a cascade that ein_verify accepts; its inputs and outputs are the entry's in
 * order.  Calls and rounds of loops are instantiated each for themselves; a rep is instantiated once, its
 * instances side by side along a rank of their own in front of a value's axes:
 *
 *     each[4] { linear[8] } (x: [4, 16])      param rep.w: [4, 8, 16]
 *                                             rep.y[b, r, d] += x[b, r, k] * rep.w[r, d, k]
 *
 * A value has only the reps it depends on.  Parameters have those around them, but for tied calls, whose parameters belong to
 * the activation that evaluated the `share`; later calls take the parameters of the first, in order.  A state that a
 * tied op updates twice is updated in turn. */
#include "passes/arch_to_ein.h"

str a2e_path(struct a2e *x, str path, str label)
{
    return *path ? str_fmt(x->c->sp, "%s.%s", path, label) : label;
}

u32 a2e_tens(struct a2e *x, str name, u8 role, enum dtype t, bool batched, u32 reps, u32 ndim, const i64 *dim)
{
    ein_ext d[A2E_RANKS];
    u32 n = 0;
    if (batched)
        d[n++] = -1;
    for (u32 i = 0; i < x->nrep; i++)
        if (reps >> i & 1)
            d[n++] = x->rep[i];
    CHECK(n + ndim <= A2E_RANKS);
    for (u32 i = 0; i < ndim; i++)
        d[n++] = dim[i];
    return cascade_tens(x->c, (struct ein_tens){ .name = name, .role = role, .dtype = (u8)t, .ndim = n, .dim = d });
}

void a2e_copy(struct a2e *x, struct a2e_val src, struct a2e_val dst, str prov)
{
    const struct ein_tens *to = &x->c->tens.at[dst.tens];
    struct ein_rank rank[A2E_RANKS];
    ein_node lhs[A2E_RANKS], sub[A2E_RANKS];
    u32 nsub = 0;
    for (u32 i = 0; i < to->ndim; i++) {
        rank[i] = (struct ein_rank){ .name = i ? NULL : str_c(x->c->sp, "batch"), .ext = to->dim[i], .kind = EIN_PAR };
        lhs[i] = ein_rank(x->c, i);
    }
    u32 at = 0;
    sub[nsub++] = lhs[at++];
    for (u32 r = 0; r < x->nrep; r++)
        if (dst.reps >> r & 1) {
            if (src.reps >> r & 1)
                sub[nsub++] = lhs[at];
            at++;
        }
    while (at < to->ndim)
        sub[nsub++] = lhs[at++];
    ein_node body = ein_read(x->c, src.tens, nsub, sub, 0);
    cascade_eq(x->c, (struct ein_eq){ .nout = 1, .out = &dst.tens, .nsub = to->ndim, .sub = lhs, .nrank = to->ndim, .rank = rank,
                                      .acc = to->dtype, .nbody = 1, .body = &body, .prov = prov });
}

static void run_fn(struct a2e *x, struct a2e_frame *f);

/* The set that a tied call's parameters come from. */
static struct a2e_set *tied_set(struct a2e *x, const struct a2e_frame *f, const struct anode *n)
{
    const struct a2e_frame *home = f;
    for (u32 i = 0; i < n->tie_up; i++) {
        CHECK(home->up);
        home = home->up;
    }
    for (u32 i = 0; i < x->set.n; i++)
        if (x->set.at[i]->frame == home->id && x->set.at[i]->tie == n->tie) {
            x->set.at[i]->next = x->set.at[i]->next_inst = 0;
            return x->set.at[i];
        }
    struct a2e_set *s = NEW(x->a, struct a2e_set);
    s->frame = home->id;
    s->tie = n->tie;
    vec_push(x->a, &x->set, s);
    return s;
}

static void call(struct a2e *x, struct a2e_frame *f, const struct anode *n, str path, const struct a2e_val *in, struct a2e_val *out, u32 own_reps,
                 struct a2e_set *set)
{
    const struct afn *g = &x->ar->fn.at[n->fn];
    struct a2e_frame inner = { .up = f, .id = ++x->frames, .f = g, .val = NEW_ARRAY(x->a, struct a2e_val, g->nval), .path = path,
                               .own_reps = own_reps, .set = set };
    for (u32 i = 0; i < g->nparam; i++)
        inner.val[i] = in[i];
    run_fn(x, &inner);
    for (u32 i = 0; i < g->nout; i++)
        out[i] = inner.val[g->out[i]];
}

static void rep(struct a2e *x, struct a2e_frame *f, const struct anode *n, const struct a2e_val *in, struct a2e_val *out)
{
    u32 bit = 1u << x->nrep;
    struct a2e_val inner[A2E_RANKS];
    CHECK(x->nrep < A2E_REPS && n->nin <= A2E_RANKS);
    /* [batch, outer reps, n, ..] is the same tensor seen from inside: n is the innermost rep. */
    for (u32 i = 0; i < n->nin; i++) {
        inner[i] = in[i];
        if (n->spread && n->spread[i])
            inner[i].reps |= bit;
    }
    str path = a2e_path(x, f->path, n->label);
    x->rep[x->nrep++] = (i64)n->n;
    call(x, f, n, path, inner, out, f->own_reps | bit, f->set);
    for (u32 i = 0; i < n->nout; i++) {
        if (!(out[i].reps & bit)) {     /* the same for all: spelled out, since consumers see an axis */
            const struct ein_tens *t = &x->c->tens.at[out[i].tens];
            u32 lead = 1 + (u32)__builtin_popcount(out[i].reps);
            struct a2e_val all = { .reps = out[i].reps | bit };
            all.tens = a2e_tens(x, a2e_path(x, path, "all"), EIN_TEMP, t->dtype, true, all.reps, t->ndim - lead, t->dim + lead);
            a2e_copy(x, out[i], all, path);
            out[i] = all;
        }
        out[i].reps &= ~bit;
    }
    x->nrep--;
}

static void run_node(struct a2e *x, struct a2e_frame *f, const struct anode *n)
{
    struct a2e_val *in = NEW_ARRAY(x->a, struct a2e_val, n->nin), *out = f->val + n->out0;
    for (u32 i = 0; i < n->nin; i++)
        in[i] = f->val[n->in[i]];
    switch ((enum anode_kind)n->kind) {
    case ANODE_OP:
        a2e_op(x, f, n, in, out);
        break;
    case ANODE_CALL: {
        const struct a2e_frame *home = f;
        struct a2e_set *set = f->set;
        u32 own_reps = f->own_reps;
        if (n->tie) {
            set = tied_set(x, f, n);
            for (u32 i = 0; i < n->tie_up; i++)
                home = home->up;
            own_reps = home->own_reps;
        }
        call(x, f, n, a2e_path(x, f->path, n->label), in, out, own_reps, set);
        break;
    }
    case ANODE_REP:
        rep(x, f, n, in, out);
        break;
    case ANODE_LOOP:
        for (u64 round = 0; round < n->n; round++) {
            str path = a2e_path(x, a2e_path(x, f->path, n->label), str_fmt(x->c->sp, "%llu", (unsigned long long)round));
            call(x, f, n, path, in, out, f->own_reps, f->set);
            for (u32 i = 0; i < n->nout; i++)
                in[i] = out[i];
        }
        break;
    }
}

static void run_fn(struct a2e *x, struct a2e_frame *f)
{
    for (u32 i = 0; i < f->f->node.n; i++)
        run_node(x, f, &f->f->node.at[i]);
}

static u32 own_dims(const struct a2e *x, type_id id, i64 *dim)
{
    const struct type *t = type_get(x->types, id);
    CHECK(t->rank <= A2E_RANKS);
    for (u32 i = 0; i < t->rank; i++)
        dim[i] = axis_extent(x->types, t->axis[i]);
    return t->rank;
}

/* Parameters numbered in the order that the arch has for their instances. */
static void number_params(struct a2e *x)
{
    const struct arch *ar = x->ar;
    if (!ar->rank)
        return;
    CHECK(ar->ninst == x->inst);
    u32 *next = NEW_ARRAY(x->a, u32, x->inst + 1), *number = NEW_ARRAY(x->a, u32, x->number + 1);
    for (u32 k = 0; k < x->number; k++)
        next[ar->rank[x->owner.at[k]] + 1]++;
    for (u32 r = 0; r < x->inst; r++)
        next[r + 1] += next[r];
    for (u32 k = 0; k < x->number; k++)
        number[k] = next[ar->rank[x->owner.at[k]]]++;
    for (u32 t = 0; t < x->c->tens.n; t++)
        if (x->c->tens.at[t].role == EIN_PARAM || x->c->tens.at[t].role == EIN_STATE)
            x->c->tens.at[t].number = number[x->c->tens.at[t].number];
}

struct cascade *arch_to_ein(struct arena *a, struct str_pool *sp, const struct arch *ar, const struct pass_options *o)
{
    struct cascade *c = cascade_new(a, sp, ar->space ? ar->space : "net");
    struct a2e x = { .a = arena_new("arch to ein"), .c = c, .ar = ar, .types = ar->types, .training = o->training };
    const struct afn *entry = &ar->fn.at[ar->fn.n - 1];
    struct a2e_frame top = { .id = ++x.frames, .f = entry, .val = NEW_ARRAY(x.a, struct a2e_val, entry->nval), .path = "" };
    i64 dim[A2E_RANKS];
    c->training = o->training;
    for (u32 i = 0; i < entry->nparam; i++) {
        u32 n = own_dims(&x, entry->param[i], dim);
        str name = entry->nparam == 1 ? str_c(sp, "x") : str_fmt(sp, "x%u", i);
        top.val[i].tens = a2e_tens(&x, name, EIN_IN, type_get(ar->types, entry->param[i])->dtype, true, 0, n, dim);
    }
    run_fn(&x, &top);
    number_params(&x);
    /* A result is an output as it stands, unless it is an input or another output already. */
    for (u32 i = 0; i < entry->nout; i++) {
        struct a2e_val v = top.val[entry->out[i]];
        struct ein_tens *t = &c->tens.at[v.tens];
        u32 before = 0;     /* outputs are told apart by their order among the tensors */
        for (u32 k = v.tens + 1; k < c->tens.n; k++)
            before += c->tens.at[k].role == EIN_OUT;
        if (t->role == EIN_TEMP && !before) {
            t->role = EIN_OUT;
            continue;
        }
        u32 n = own_dims(&x, arch_val_type(entry, entry->out[i]), dim);
        struct a2e_val y = { a2e_tens(&x, str_fmt(sp, "y%u", i), EIN_OUT, t->dtype, true, 0, n, dim), 0 };
        a2e_copy(&x, v, y, "output");
    }
    ein_phases(c);
    arena_free(x.a);
    return c;
}
