/* op_inst.c - one op instance: its tensors, and its equations with sizes become integers.
 *
 * An equation of an op row says what its own axes do; added here are the ranks every sample and every instance has:
 * batch, unless the row mentions it, and the reps that the left side depends on, in front of its own indices.
 * `..` becomes as many ranks as the run has axes; (h w) one sum.  Equations of the other static case are left out. */
#include "compiler/ir/count.h"
#include "passes/arch_to_ein.h"
#include "passes/rewrite.h"

enum dtype op_inst_float(const struct op_inst *o)
{
    return o->op->ndtvar ? o->b->dtvar[0] : DT_F32;
}

static enum dtype dtype_of(const struct op_inst *o, const struct otensor *k)
{
    i32 t = k->type.dtype;
    if (k->role == OT_CONST)        /* as precise as what it meets */
        return op_inst_float(o);
    return t >= 0 ? (enum dtype)t : (u32)(-1 - t) < o->op->ndtvar ? o->b->dtvar[-1 - t] : DT_F32;
}

/* Sums are kept in at least f32, and in i32 or i64. */
static enum dtype accumulator(enum dtype t)
{
    return t == DT_F64 || t == DT_I64 ? t : dtype_is_float(t) ? DT_F32 : DT_I32;
}

i64 op_inst_extent(const struct op_inst *o, u32 index)
{
    i64 n;
    struct num v = op_size(o->b, o->x->types, o->op->index.at[index].extent, o->x->training);
    if (v.kind == NUM_BAD || !num_is_int(v, &n))
        BUG("index %s of %s has no extent", o->op->index.at[index].name, o->op->name);
    return n;
}

/* --- Tensors --------------------------------------------------------------------------------- */

static u32 reads_reps(const struct op_inst *o, u32 ox)
{
    const struct ox *x = &o->op->ox.at[ox];
    u32 reps = 0;
    if (!ox)
        return 0;
    if (x->kind == OX_READ)
        reps = o->reps[x->u];
    for (u32 i = 0; i < x->nlist; i++)
        reps |= reads_reps(o, o->op->list.at[x->list + i]);
    return reps | reads_reps(o, x->a) | reads_reps(o, x->b) | reads_reps(o, x->c);
}

static bool active(const struct op_inst *o, const struct oeq *q)
{
    return op_static(o->b, o->x->types, q->guard, o->x->training);
}

static u32 parts(const struct op_inst *o, const struct oeq *q)
{
    return q->red == RED_USER ? o->op->monoid.at[q->monoid].nstate : 1;
}

/* A tensor has the reps of everything it is computed from; recurrences carry them around. */
static void find_reps(struct op_inst *o)
{
    for (bool more = true; more;) {
        more = false;
        for (u32 i = 0; i < o->op->eq.n; i++) {
            const struct oeq *q = &o->op->eq.at[i];
            if (!active(o, q) || q->next)
                continue;
            u32 reps = reads_reps(o, q->rhs) | reads_reps(o, q->where);
            for (u32 k = 0; k < q->nrhs; k++)
                reps |= reads_reps(o, o->op->list.at[q->rhs_list + k]);
            for (u32 k = 0; k < parts(o, q); k++)
                reps |= o->reps[q->lhs + k];
            for (u32 k = 0; k < parts(o, q); k++) {
                more |= reps != o->reps[q->lhs + k];
                o->reps[q->lhs + k] = reps;
            }
        }
    }
}

static u32 param(struct op_inst *o, const struct otensor *t, u32 ndim, const i64 *dim)
{
    struct a2e *x = o->x;
    struct a2e_set *set = o->f->set;
    if (set && set->next < set->tens.n) {
        u32 old = set->tens.at[set->next++];
        CHECK(x->c->tens.at[old].ndim >= ndim);
        return old;
    }
    u32 id = a2e_tens(x, a2e_path(x, o->path, t->name), t->role == OT_PARAM ? EIN_PARAM : EIN_STATE, dtype_of(o, t), false,
                      o->f->own_reps, ndim, dim);
    struct ein_tens *to = &x->c->tens.at[id];
    to->init = t->init;
    to->number = x->number++;
    vec_push(x->a, &x->owner, x->inst - 1);
    for (u32 i = 0; i < 2; i++)
        to->init_arg[i] = t->init_arg[i] ? num_double(op_size(o->b, x->types, t->init_arg[i], x->training)) : 0;
    if (set) {
        vec_push(x->a, &set->tens, id);
        set->next++;
    }
    return id;
}

static u32 table(struct op_inst *o, u32 t, enum dtype dtype, u32 ndim, const i64 *dim)
{
    struct a2e *x = o->x;
    const struct otensor *k = &o->op->tensor.at[t];
    u64 n = 1;
    for (u32 i = 0; i < ndim; i++)
        n *= (u64)dim[i];
    double *v = NEW_ARRAY(x->c->a, double, n);
    for (u64 i = 0; i < n; i++)
        v[i] = num_double(op_size(o->b, x->types, o->op->list.at[k->table + i], x->training));
    u32 id = a2e_tens(x, a2e_path(x, o->path, k->name), EIN_CONST, dtype, false, 0, ndim, dim);
    x->c->tens.at[id].value = v;
    return id;
}

/* NEXT of a state that has one already (a tied op, again): the earlier one is an intermediate now. */
static u32 next_of(struct a2e *x, u32 state)
{
    if (state >= x->cap_next) {
        u32 cap = MAX(state + 1, x->cap_next * 2);
        u32 *at = NEW_ARRAY(x->a, u32, cap);
        for (u32 i = 0; i < x->cap_next; i++)
            at[i] = x->next_of[i];
        x->next_of = at;
        x->cap_next = cap;
    }
    return x->next_of[state];
}

/* Counts the instance, unless it is one that a set has already. */
static void count_instance(struct op_inst *o)
{
    struct a2e_set *set = o->f->set;
    if (!op_params(o->b, o->x->types) || (set && set->next_inst++ < set->ninst))
        return;
    o->x->inst++;
    if (set)
        set->ninst++;
}

static void make_tensors(struct op_inst *o, const struct a2e_val *in)
{
    struct a2e *x = o->x;
    i64 dim[A2E_RANKS];
    count_instance(o);
    for (u32 t = 0; t < o->op->tensor.n; t++) {
        const struct otensor *k = &o->op->tensor.at[t];
        o->there[t] = t < o->op->nin || op_static(o->b, x->types, k->guard, x->training);
        if (!o->there[t])
            continue;
        if (t < o->op->nin) {
            o->tens[t] = in[t].tens;
            o->reps[t] = in[t].reps;
        } else if (k->role == OT_PARAM || k->role == OT_STATE) {
            u32 n = op_extents(o->b, x->types, t, dim);
            o->tens[t] = param(o, k, n, dim);
            o->reps[t] = o->f->own_reps;
            u32 next = next_of(x, o->tens[t]);
            if (next)
                o->tens[t] = next - 1;
        } else if (k->role == OT_CONST && k->table) {
            u32 n = op_extents(o->b, x->types, t, dim);
            o->tens[t] = table(o, t, dtype_of(o, k), n, dim);
        }
    }
    find_reps(o);
    for (u32 t = o->op->nin; t < o->op->tensor.n; t++) {
        const struct otensor *k = &o->op->tensor.at[t];
        bool rule = k->role == OT_CONST && !k->table;
        if (!o->there[t] || !(k->role == OT_OUT || k->role == OT_TEMP || rule))
            continue;
        u32 n = op_extents(o->b, x->types, t, dim);
        enum dtype d = dtype_of(o, k);
        if (k->monoid_part)
            d = accumulator(d);
        o->tens[t] = a2e_tens(x, a2e_path(x, o->path, k->name), EIN_TEMP, d, k->batched && !rule, o->reps[t], n, dim);
    }
}

/* --- Equations ------------------------------------------------------------------------------- */

static u32 add_rank(struct op_inst *o, str name, ein_ext ext, u8 kind)
{
    CHECK(o->nrank < A2E_RANKS);
    o->rank[o->nrank] = (struct ein_rank){ .name = name, .ext = ext, .kind = kind };
    return ++o->nrank;
}

/* false: an index has no values (the equation writes nothing); *empty: a reduced one has none. */
static bool add_index(struct op_inst *o, u32 v, u8 kind, bool *empty)
{
    const struct oindex *i = &o->op->index.at[v];
    if (i->batch) {
        o->batch_rank = o->index_rank[v] = add_rank(o, i->name, -1, kind);
        return true;
    }
    if (i->run) {
        o->index_rank[v] = o->nrank + 1;
        for (u32 k = 0; k < o->b->run; k++)
            add_rank(o, NULL, axis_extent(o->x->types, o->b->run_axis[k]), kind);
        return true;
    }
    i64 n = op_inst_extent(o, v);
    if (n <= 0 && kind == EIN_PAR)
        return false;
    *empty |= n <= 0;
    o->index_rank[v] = add_rank(o, i->name, MAX(n, 1), kind);
    return true;
}

/* The ranks of an equation with those indices, whose left side has the batch rank and these reps. */
static bool set_ranks(struct op_inst *o, u32 nleft, u32 nix, const u32 *ix, bool batched, u32 reps, bool *empty)
{
    struct a2e *x = o->x;
    bool mentioned = false;
    o->nrank = o->batch_rank = 0;
    *empty = false;
    memset(o->index_rank, 0, o->op->index.n * sizeof *o->index_rank);
    memset(o->rep_rank, 0, sizeof o->rep_rank);
    for (u32 i = 0; i < nleft; i++)
        mentioned |= o->op->index.at[ix[i]].batch;
    if (batched && !mentioned)
        o->batch_rank = add_rank(o, str_c(x->c->sp, "batch"), -1, EIN_PAR);
    for (u32 i = 0; i < nleft; i++)
        if (o->op->index.at[ix[i]].batch && !add_index(o, ix[i], EIN_PAR, empty))
            return false;
    for (u32 i = 0; i < x->nrep; i++)
        if (reps >> i & 1)
            o->rep_rank[i] = add_rank(o, str_c(x->c->sp, "rep"), x->rep[i], EIN_PAR);
    for (u32 i = 0; i < nix; i++)
        if ((i >= nleft || !o->op->index.at[ix[i]].batch) && !add_index(o, ix[i], i < nleft ? EIN_PAR : EIN_RED, empty))
            return false;
    return true;
}

/* Reads that ein_verify could not prove in range (the op's own check did, or they are gathered) get a pad: 0 that is never
 * read, or NaN for an index from a table that may lie outside. */
static ein_node guard_reads(struct op_inst *o, const struct ein_eq *e, ein_node x)
{
    struct cascade *c = o->x->c;
    ein_nodes under = { 0 }, open = { 0 };
    bool any = false;
    ein_reach(o->x->a, c, x, &under);
    for (u32 i = 0; i < under.n && !any; i++) {
        const struct ein_x *y = &c->node.at[under.at[i]];
        for (u32 k = 0; y->kind == EIN_READ && !y->a && k < y->nlist && !any; k++) {
            i64 lo, hi;
            ein_node s = c->list.at[y->list + k];
            ein_ext dim = c->tens.at[y->u].dim[k];
            any = dim < 0 ? c->node.at[s].kind != EIN_RANK : !ein_range(c, s, e->nrank, e->rank, &lo, &hi) || lo < 0 || hi >= dim;
        }
    }
    if (!any)
        return x;
    ein_open_reads(o->x->a, c, e, x, &open);
    if (!open.n)
        return x;
    ein_node *to = NEW_ARRAY(o->x->a, ein_node, open.n);
    for (u32 i = 0; i < open.n; i++) {
        struct ein_x y = c->node.at[open.at[i]];
        bool gathered = false;
        ein_nodes below = { 0 };
        ein_reach(o->x->a, c, open.at[i], &below);
        for (u32 k = 0; k < below.n; k++)
            gathered |= c->node.at[below.at[k]].kind == EIN_GATHER;
        double pad = gathered && dtype_is_float(c->tens.at[y.u].dtype) ? __builtin_nan("") : 0;
        y.a = ein_num(c, pad);
        to[i] = ein_make(c, y, y.nlist, c->list.at + y.list);
    }
    return rw_replace(c, x, open.n, open.at, to);
}

void op_inst_emit(struct op_inst *o, struct ein_eq e)
{
    e.prov = o->prov;
    for (u32 i = 0; i < e.nbody; i++)
        e.body[i] = guard_reads(o, &e, e.body[i]);
    cascade_eq(o->x->c, e);
}

/* The monoid of this op in the cascade; equal ones are one. */
static u32 monoid(struct op_inst *o, const struct op_monoid *m)
{
    struct a2e *x = o->x;
    struct cascade *c = x->c;
    struct ein_monoid to = { .nstate = m->nstate, .nlift = m->nlift };
    const u32 *from[3] = { m->zero, m->lift, m->merge };
    ein_node **part[3] = { &to.zero, &to.lift, &to.merge };
    for (u32 k = 0; k < 3; k++) {
        *part[k] = NEW_ARRAY(c->a, ein_node, m->nstate);
        for (u32 i = 0; i < m->nstate; i++)
            (*part[k])[i] = op_inst_point(o, from[k][i]).x;
    }
    u32 same_name = 0;
    for (u32 i = 0; i < c->monoid.n; i++) {
        const struct ein_monoid *y = &c->monoid.at[i];
        size_t bytes = m->nstate * sizeof(ein_node);
        if (y->nstate == m->nstate && y->nlift == m->nlift && memcmp(y->zero, to.zero, bytes) == 0 && memcmp(y->lift, to.lift, bytes) == 0 &&
            memcmp(y->merge, to.merge, bytes) == 0)
            return i;
        same_name += strncmp(y->name, m->name, strlen(m->name)) == 0;
    }
    to.name = same_name ? str_fmt(c->sp, "%s'%u", m->name, same_name + 1) : m->name;
    vec_push(c->a, &c->monoid, to);
    return c->monoid.n - 1;
}

static u32 lhs_tensor(struct op_inst *o, const struct oeq *q, u32 part)
{
    struct a2e *x = o->x;
    u32 t = q->lhs + part;
    if (!q->next)
        return o->tens[t];
    /* The state may stand for an earlier NEXT: that becomes an intermediate, this one is the state's. */
    struct ein_tens s = x->c->tens.at[o->tens[t]];
    u32 state = s.role == EIN_STATE ? o->tens[t] : s.of;
    if (s.role == EIN_NEXT)
        x->c->tens.at[o->tens[t]].role = EIN_TEMP;
    u32 id = cascade_tens(x->c, (struct ein_tens){ .name = str_fmt(x->c->sp, "%s.next", x->c->tens.at[state].name), .role = EIN_NEXT, .of = state,
                                                   .dtype = s.dtype, .ndim = s.ndim, .dim = s.dim });
    next_of(x, state);
    x->next_of[state] = id + 1;
    return id;
}

static void equation(struct op_inst *o, const struct oeq *q, u32 scan)
{
    struct cascade *c = o->x->c;
    const struct otensor *left = &o->op->tensor.at[q->lhs];
    ein_node sub[A2E_RANKS], body[16];
    u32 out[16], nout = parts(o, q);
    bool empty;
    o->q = q;
    o->scan = scan;
    if (!set_ranks(o, q->nleft, q->nix, o->op->list.at + q->ix, left->batched, o->reps[q->lhs], &empty))
        return;
    /* A state shared by instances side by side goes on with the mean of what they make of it. */
    i64 shared = 1;
    u32 extra = q->next ? reads_reps(o, q->rhs) & ~o->reps[q->lhs] : 0;
    CHECK(!extra || !q->red);
    for (u32 i = 0; i < o->x->nrep; i++)
        if (extra >> i & 1) {
            o->rep_rank[i] = add_rank(o, str_c(o->x->c->sp, "rep"), o->x->rep[i], EIN_RED);
            shared *= o->x->rep[i];
        }
    for (u32 k = 0; k < nout; k++)
        out[k] = lhs_tensor(o, q, k);
    enum dtype t = c->tens.at[out[0]].dtype;
    struct ein_eq e = { .nout = nout, .out = out, .sub = sub, .red = q->red, .nbody = 1, .body = body };
    e.nsub = op_inst_subs(o, q->lhs, q->sub, q->nsub, sub);
    struct op_point p = { 0 };
    if (q->rhs)
        p = op_inst_point(o, q->rhs);
    switch ((enum red_kind)q->red) {
    case RED_NONE: case RED_MAX: case RED_MIN:
        e.acc = (u8)t;
        break;
    case RED_ARGMAX: case RED_ARGMIN:
        e.acc = (u8)(p.t == EIN_ANY ? op_inst_float(o) : (enum dtype)p.t);
        break;
    case RED_USER:
        e.acc = (u8)t;
        e.monoid = monoid(o, &o->op->monoid.at[q->monoid]);
        e.nbody = o->op->monoid.at[q->monoid].nlift;
        CHECK(e.nbody <= COUNTOF(body) && nout <= COUNTOF(out));
        break;
    default:
        e.acc = (u8)accumulator(t);
        break;
    }
    body[0] = q->rhs ? op_inst_cast(o, p, e.acc) : 0;
    for (u32 k = 0; k < q->nrhs; k++)
        body[k] = op_inst_cast(o, op_inst_point(o, o->op->list.at[q->rhs_list + k]), e.acc);
    enum dtype result = q->red == RED_ARGMAX || q->red == RED_ARGMIN ? DT_I32 : (enum dtype)e.acc;
    if (extra) {
        e.red = RED_ADD;
        e.post = ein_make(c, (struct ein_x){ .kind = EIN_ACC }, 0, NULL);
        e.post = ein_op2(c, EIN_DIV, e.post, ein_num(c, (double)shared));
    } else if (result != t)
        e.post = ein_cast(c, ein_make(c, (struct ein_x){ .kind = EIN_ACC }, 0, NULL), t);
    if (q->where)
        e.guard = op_inst_bool(o, q->where);
    if (empty)
        e.guard = ein_num(c, 0);
    e.nrank = o->nrank;
    e.rank = o->rank;
    if (scan) {
        e.scan = scan;
        e.scan_rank = o->index_rank[q->iter - 1] - 1;
    }
    op_inst_emit(o, e);
}

/* const s[a, i] = e: a map over its indices. */
static void const_rule(struct op_inst *o, u32 t)
{
    const struct otensor *k = &o->op->tensor.at[t];
    ein_node sub[A2E_RANKS];
    bool empty;
    if (!set_ranks(o, k->nconst_index, k->nconst_index, k->const_index, false, 0, &empty))
        return;
    for (u32 i = 0; i < o->nrank; i++)
        sub[i] = ein_rank(o->x->c, i);
    enum dtype d = o->x->c->tens.at[o->tens[t]].dtype;
    ein_node body = op_inst_cast(o, op_inst_point(o, k->const_rule), d);
    op_inst_emit(o, (struct ein_eq){ .nout = 1, .out = &o->tens[t], .nsub = o->nrank, .sub = sub, .nrank = o->nrank, .rank = o->rank, .acc = (u8)d,
                                     .nbody = 1, .body = &body });
}

/* The place r0, r1, .. of tensor t as points of an equation that writes sub, where every subscript is a rank plus a
 * constant: with[rank], and the condition that the place is one of the equation's.  false: another left side. */
static bool invert(struct op_inst *o, u32 t, const ein_node *sub, ein_node *with, ein_node *inside)
{
    struct cascade *c = o->x->c;
    memset(with, 0, o->nrank * sizeof *with);
    *inside = ein_num(c, 1);
    for (u32 d = 0; d < c->tens.at[t].ndim; d++) {
        struct ein_lin l = { 0 };
        ein_node place = ein_rank(c, d);
        ein_ext dim = c->tens.at[t].dim[d];
        if (!ein_lin(c, sub[d], 1, &l) || l.n > 1)
            return false;
        if (!l.n) {
            *inside = ein_op2(c, EIN_AND, *inside, ein_op2(c, EIN_EQ, place, ein_int(c, l.c)));
            continue;
        }
        const struct ein_x *y = &c->node.at[l.t[0].atom];
        if (y->kind != EIN_RANK || l.t[0].k != 1 || with[y->u])
            return false;
        ein_ext ext = o->rank[y->u].ext;
        with[y->u] = ein_iadd(c, place, ein_int(c, -l.c));
        if (l.c > 0)
            *inside = ein_op2(c, EIN_AND, *inside, ein_op2(c, EIN_LE, ein_int(c, l.c), place));
        if (ext != dim && l.c + ext < dim)
            *inside = ein_op2(c, EIN_AND, *inside, ein_op2(c, EIN_LT, place, ein_int(c, l.c + ext)));
    }
    for (u32 i = 0; i < o->nrank; i++)
        if (!with[i])
            return false;
    return true;
}

/* y[i] = a where c; y[i] = b where d: regions told apart by conditions become one map with selects. */
static bool conditional_regions(struct op_inst *o, u32 first)
{
    const struct oeq *q = &o->op->eq.at[first];
    struct cascade *c = o->x->c;
    ein_node sub[A2E_RANKS], with[A2E_RANKS], inside, body = ein_num(c, 0);
    u32 n = 0, conditional = 0, earlier = 0, t = o->tens[q->lhs];
    for (u32 i = 0; i < o->op->eq.n; i++) {
        const struct oeq *k = &o->op->eq.at[i];
        if (k->lhs != q->lhs || !active(o, k) || k->next)
            continue;
        earlier += i < first;
        n++;
        conditional += k->where != 0;
        if (k->red || k->scan || k->init)
            return false;
    }
    if (n < 2 || !conditional)
        return false;
    const struct ein_tens *to = &c->tens.at[t];
    struct ein_rank rank[A2E_RANKS];
    enum dtype dtype = to->dtype;
    u32 ndim = to->ndim;
    for (u32 i = o->op->eq.n; i--;) {
        const struct oeq *k = &o->op->eq.at[i];
        bool empty;
        if (k->lhs != q->lhs || !active(o, k))
            continue;
        o->q = k;
        o->scan = 0;
        if (!set_ranks(o, k->nleft, k->nix, o->op->list.at + k->ix, o->op->tensor.at[k->lhs].batched, o->reps[k->lhs], &empty))
            continue;
        op_inst_subs(o, k->lhs, k->sub, k->nsub, sub);
        if (!invert(o, t, sub, with, &inside))
            return false;               /* strided: equations of their own, which have to be disjoint without conditions */
        ein_node v = op_inst_cast(o, op_inst_point(o, k->rhs), dtype), where = k->where ? op_inst_bool(o, k->where) : ein_num(c, 1);
        inside = ein_op2(c, EIN_AND, inside, ein_subst(c, where, o->nrank, with));
        body = ein_select(c, inside, ein_subst(c, v, o->nrank, with), body);
    }
    if (earlier)
        return true;                    /* done with the first of them */
    for (u32 i = 0; i < ndim; i++) {
        sub[i] = ein_rank(c, i);
        rank[i] = (struct ein_rank){ .name = i ? NULL : str_c(c->sp, "batch"), .ext = c->tens.at[t].dim[i], .kind = EIN_PAR };
    }
    op_inst_emit(o, (struct ein_eq){ .nout = 1, .out = &t, .nsub = ndim, .sub = sub, .nrank = ndim, .rank = rank, .acc = (u8)dtype, .nbody = 1,
                                     .body = &body });
    return true;
}

void a2e_op(struct a2e *x, struct a2e_frame *f, const struct anode *n, const struct a2e_val *in, struct a2e_val *out)
{
    const struct op *op = n->op->op;
    struct op_inst o = { .x = x, .f = f, .b = n->op, .op = op, .path = a2e_path(x, f->path, n->label) };
    o.prov = strcmp(n->label, op->name) == 0 ? o.path : str_fmt(x->c->sp, "%s: %s", o.path, op->name);
    o.tens = NEW_ARRAY(x->a, u32, op->tensor.n);
    o.reps = NEW_ARRAY(x->a, u32, op->tensor.n);
    o.there = NEW_ARRAY(x->a, bool, op->tensor.n);
    o.int_tens = NEW_ARRAY(x->a, u32, op->tensor.n);
    o.index_rank = NEW_ARRAY(x->a, u32, op->index.n);
    make_tensors(&o, in);
    for (u32 t = op->nin; t < op->tensor.n; t++)
        if (o.there[t] && op->tensor.at[t].role == OT_CONST && !op->tensor.at[t].table)
            const_rule(&o, t);
    u32 last = 0;
    for (u32 i = 0; i < op->eq.n; i++) {
        const struct oeq *q = &op->eq.at[i];
        if (!active(&o, q))
            continue;
        if (q->scan && q->scan != last)
            x->scan++;
        last = q->scan;
        if (!conditional_regions(&o, i))
            equation(&o, q, q->scan ? x->scan : 0);
    }
    for (u32 i = 0; i < op->nout; i++)
        out[i] = (struct a2e_val){ o.tens[op->nin + i], o.reps[op->nin + i] };
}

struct cascade *op_to_ein(struct arena *a, struct types *t, const struct op_bind *b, bool training, u32 *in, u32 *out)
{
    struct str_pool *sp = str_pool_new(a);
    struct cascade *c = cascade_new(a, sp, "op");
    struct a2e x = { .a = a, .c = c, .types = t, .training = training };
    struct a2e_frame f = { .path = "" };
    struct op_inst o = { .x = &x, .b = b, .op = b->op };
    struct a2e_val *val = NEW_ARRAY(a, struct a2e_val, b->op->nin + b->op->nout + 1);
    c->training = training;
    for (u32 i = 0; i < b->op->nin; i++) {
        i64 dim[A2E_RANKS];
        u32 n = op_extents(b, t, i, dim);
        in[i] = val[i].tens = a2e_tens(&x, b->op->tensor.at[i].name, EIN_IN, dtype_of(&o, &b->op->tensor.at[i]), true, 0, n, dim);
    }
    a2e_op(&x, &f, &(struct anode){ .kind = ANODE_OP, .op = b, .label = b->op->name }, val, val + b->op->nin);
    for (u32 i = 0; i < b->op->nout; i++)
        out[i] = val[b->op->nin + i].tens;
    return c;
}
