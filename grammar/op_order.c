/* op_order.c - single assignment, definitions before uses, static cases, scans.
 *
 * Two equations may define one tensor if they exclude each other statically, or if both write
 * regions of it.  A use is fine if some definition is there in every static case of the use.  A
 * recurrence over iterative rank t (T[t+1] on a left side) is evaluated round by round together
 * with every equation between recurrences of t: these form a scan.  Out: op->eq in an order
 * that evaluates, scans contiguous, each equation with its index lists. */
#include "grammar/op_build.h"

/* --- Static cases ---------------------------------------------------------------------------- */

static bool excludes(const struct ob *o, struct ob_path a, struct ob_path b)
{
    for (u32 i = 0; i < a.n; i++)
        for (u32 k = 0; k < b.n; k++)
            if (a.at[i].holds != b.at[k].holds && op_ox_equal(o->op, a.at[i].ox, b.at[k].ox))
                return true;
    return false;
}

static bool within(const struct ob *o, struct ob_path def, struct ob_path use)
{
    for (u32 i = 0; i < def.n; i++) {
        bool found = false;
        for (u32 k = 0; k < use.n; k++)
            found |= def.at[i].holds == use.at[k].holds && op_ox_equal(o->op, def.at[i].ox, use.at[k].ox);
        if (!found)
            return false;
    }
    return true;
}

enum { MAX_CASES = 20000 };

/* Is there a definition in every static case of `use`?  If not, *gap is one where there is none. */
static bool covered(struct ob *o, u32 n, const struct ob_path *def, struct ob_path use, struct ob_path *gap)
{
    if (++o->case_work > MAX_CASES)
        return true;                    /* complained of by check_uses */
    for (u32 i = 0; i < n; i++)
        if (within(o, def[i], use))
            return true;
    for (u32 i = 0; i < n; i++) {
        if (excludes(o, def[i], use))
            continue;
        for (u32 k = 0; k < def[i].n; k++) {
            struct ob_path one = { 1, &def[i].at[k] };
            if (within(o, one, use))
                continue;
            for (u32 holds = 0; holds < 2; holds++) {
                struct ob_case *at = NEW_ARRAY(o->a, struct ob_case, use.n + 1);
                for (u32 j = 0; j < use.n; j++)
                    at[j] = use.at[j];
                at[use.n] = (struct ob_case){ def[i].at[k].ox, holds };
                if (!covered(o, n, def, (struct ob_path){ use.n + 1, at }, gap))
                    return false;
            }
            return true;
        }
    }
    *gap = use;
    return false;
}

static const char *path_text(struct ob *o, struct ob_path p)
{
    struct buf b = { 0 };
    buf_puts(&b, "");
    for (u32 i = 0; i < p.n; i++)
        buf_printf(&b, "%s`%s` is %s", i ? " and " : "", ob_text(o, p.at[i].ox), p.at[i].holds ? "true" : "false");
    const char *s = arena_strdup(o->a, b.at);
    buf_free(&b);
    return s;
}

static void check_assigned_once(struct ob *o)
{
    for (u32 j = 0; j < o->op->eq.n; j++)
        for (u32 i = 0; i < j; i++) {
            const struct oeq *a = &o->op->eq.at[i], *b = &o->op->eq.at[j];
            const struct ob_eq *x = &o->eq.at[i], *y = &o->eq.at[j];
            if (a->lhs != b->lhs || excludes(o, x->path, y->path) || (!x->full && !y->full))
                continue;
            const char *name = x->ast->kid[0]->text;
            struct diag *d = diag_add(o->ds, E0407, b->loc, "`%s` is assigned twice", name);
            diag_label(o->ds, d, a->loc, "first here");
            diag_hint(o->ds, d, a->red != RED_NONE || b->red != RED_NONE ? "`+=` reduces, it does not update: give the second result a name of its own"
                                                                         : "give the second result a name of its own");
            return;
        }
}

/* The tensors an expression reads, each with the place. */
struct read { u32 tensor, ox; };
struct reads { VEC(struct read) v; };

static void collect(struct ob *o, u32 ox, struct reads *r)
{
    const struct ox *x = &o->op->ox.at[ox];
    if (x->kind == OX_READ)
        vec_push(o->a, &r->v, ((struct read){ x->u, ox }));
    if (x->a)
        collect(o, x->a, r);
    if (x->b)
        collect(o, x->b, r);
    if (x->c)
        collect(o, x->c, r);
    for (u32 i = 0; i < x->nlist; i++)
        collect(o, o->op->list.at[x->list + i], r);
}

static struct reads reads_of(struct ob *o, u32 eq)
{
    const struct oeq *q = &o->op->eq.at[eq];
    struct reads r = { 0 };
    for (u32 i = 0; i < q->nsub; i++)
        collect(o, o->op->list.at[q->sub + i], &r);
    if (q->rhs)
        collect(o, q->rhs, &r);
    for (u32 i = 0; i < q->nrhs; i++)
        collect(o, o->op->list.at[q->rhs_list + i], &r);
    return r;
}

/* A part of a user reduction is written with the first part. */
static u32 writer(const struct ob *o, u32 tensor)
{
    u32 part = o->op->tensor.at[tensor].monoid_part;
    return part ? tensor - (part - 1) : tensor;
}

static void check_uses(struct ob *o)
{
    struct ob_path *def = NEW_ARRAY(o->a, struct ob_path, o->op->eq.n + 1), gap;
    for (u32 e = 0; e < o->op->eq.n; e++) {
        struct reads r = reads_of(o, e);
        for (u32 i = 0; i < r.v.n; i++) {
            u32 t = r.v.at[i].tensor, w = writer(o, t), n = 0;
            const struct otensor *x = &o->op->tensor.at[t];
            struct loc at = o->op->ox.at[r.v.at[i].ox].loc;
            struct diag *d;
            if (x->role == OT_PARAM || x->role == OT_STATE || x->role == OT_CONST) {
                continue;               /* there whenever its guard holds: see check_guards */
            }
            if (x->role == OT_IN)
                continue;
            u32 later = UINT32_MAX;
            for (u32 k = 0; k < o->op->eq.n; k++) {
                if (o->op->eq.at[k].lhs != w || o->op->eq.at[k].init || excludes(o, o->eq.at[k].path, o->eq.at[e].path))
                    continue;
                def[n++] = o->eq.at[k].path;
                if (k >= e)
                    later = k;
            }
            if (later != UINT32_MAX && !x->iter) {
                if (later == e) {
                    d = diag_add(o->ds, E0434, at, "`%s` is defined by itself", x->name);
                    diag_hint(o->ds, d, "a recurrence steps an iterative rank: `rank t: iter N`, `init %s[0] = ...`, `%s[t+1] = ... %s[t] ...`", x->name, x->name, x->name);
                } else {
                    d = diag_add(o->ds, E0408, at, "`%s` is used before it is defined", x->name);
                    diag_label(o->ds, d, o->op->eq.at[later].loc, "it is defined here");
                }
                return;
            }
            if (!covered(o, n, def, o->eq.at[e].path, &gap)) {
                d = diag_add(o->ds, E0432, at, "`%s` is not defined where %s", x->name, gap.n ? path_text(o, gap) : "it is used");
                diag_label(o->ds, d, x->loc, "defined only in another case");
                return;
            }
        }
    }
    for (u32 t = o->op->nin; t < o->op->nin + o->op->nout; t++) {
        const struct otensor *x = &o->op->tensor.at[t];
        u32 n = 0;
        for (u32 k = 0; k < o->op->eq.n; k++)
            if (o->op->eq.at[k].lhs == t && !o->op->eq.at[k].init)
                def[n++] = o->eq.at[k].path;
        if (n == 0) {
            diag_add(o->ds, E0412, x->loc, "output `%s` is never written", x->name);
        } else if (!covered(o, n, def, (struct ob_path){ 0 }, &gap)) {
            diag_add(o->ds, E0432, x->loc, "output `%s` is not written where %s", x->name, path_text(o, gap));
        }
    }
    if (o->case_work > MAX_CASES)
        diag_add(o->ds, E0432, o->ast->loc, "`%s` has too many static cases to see that each defines what it needs", o->op->name);
}

/* Parameters that exist in one static case are read in that case only. */
static void check_guards(struct ob *o)
{
    for (u32 e = 0; e < o->op->eq.n; e++) {
        struct reads r = reads_of(o, e);
        for (u32 i = 0; i < r.v.n; i++) {
            const struct otensor *x = &o->op->tensor.at[r.v.at[i].tensor];
            if (!x->guard || x->role == OT_TEMP)
                continue;
            u32 have = ob_guard(o, o->eq.at[e].path);
            VEC(u32) part = { 0 };
            for (u32 g = x->guard; g; g = o->op->ox.at[g].kind == OX_AND ? o->op->ox.at[g].a : 0)
                vec_push(o->a, &part, o->op->ox.at[g].kind == OX_AND ? o->op->ox.at[g].b : g);
            for (u32 k = 0; k < part.n; k++) {
                bool found = false;
                for (u32 g = have; g; g = o->op->ox.at[g].kind == OX_AND ? o->op->ox.at[g].a : 0)
                    found |= op_ox_equal(o->op, o->op->ox.at[g].kind == OX_AND ? o->op->ox.at[g].b : g, part.at[k]);
                if (found)
                    continue;
                struct diag *d = diag_add(o->ds, E0432, o->op->ox.at[r.v.at[i].ox].loc, "`%s` exists only where `%s`", x->name, ob_text(o, part.at[k]));
                diag_label(o->ds, d, x->loc, "declared here");
                return;
            }
        }
    }
}

/* --- Scans ----------------------------------------------------------------------------------- */

struct sched {
    u32 n;
    bool *edge, *reach;                 /* [n * n]: the first is needed by the second */
    u32 *group;                         /* 1 + scan number per equation, 0 */
    u32 ngroup;
    VEC(u32) iter;                      /* iterative index of each scan */
};

/* How a read inside the scan over t refers to rounds. */
enum round { ROUND_NONE, ROUND_SAME, ROUND_BEFORE };

static enum round round_of(struct ob *o, u32 t, u32 ox, u32 tensor)
{
    const struct ox *x = &o->op->ox.at[ox];
    const struct otensor *y = &o->op->tensor.at[tensor];
    u32 skip = x->nlist - o->tensor.at[tensor].ndim;
    if (y->iter_axis) {
        const struct ox *s = &o->op->ox.at[o->op->list.at[x->list + skip + y->iter_axis - 1]];
        if (s->kind == OX_INDEX && s->u == t)
            return ROUND_BEFORE;        /* T[t] was written by the round before as T[t + 1] */
        if (s->kind == OX_ADD) {
            const struct ox *a = &o->op->ox.at[s->a], *b = &o->op->ox.at[s->b];
            if (b->kind == OX_INDEX) {
                const struct ox *swap = a;
                a = b, b = swap;
            }
            if (a->kind == OX_INDEX && a->u == t && b->kind == OX_CONST && num_cmp(b->num, num_int(1)) == 0)
                return ROUND_SAME;
        }
        return ROUND_NONE;
    }
    /* Not a recurrence: it must be read at the point t where its own left side has t. */
    for (u32 e = 0; e < o->op->eq.n; e++) {
        const struct oeq *q = &o->op->eq.at[e];
        if (q->lhs != writer(o, tensor))
            continue;
        bool same = false;
        for (u32 k = 0; k < q->nsub; k++) {
            const struct ox *l = &o->op->ox.at[o->op->list.at[q->sub + k]];
            if (l->kind != OX_INDEX || l->u != t)
                continue;
            const struct ox *s = &o->op->ox.at[o->op->list.at[x->list + k]];
            same = s->kind == OX_INDEX && s->u == t;
        }
        if (!same)
            return ROUND_NONE;
    }
    return ROUND_SAME;
}

static bool left_has(const struct ob_eq *e, u32 v)
{
    for (u32 i = 0; i < e->left.n; i++)
        if (e->left.at[i] == v)
            return true;
    return false;
}

/* Can the equations of `in` run round by round over t?  Complains if asked. */
static bool runs_by_rounds(struct ob *o, u32 t, const bool *in, bool complain)
{
    for (u32 e = 0; e < o->op->eq.n; e++) {
        if (!in[e])
            continue;
        if (!left_has(&o->eq.at[e], t)) {
            if (complain) {
                struct diag *d = diag_add(o->ds, E0417, o->op->eq.at[e].loc, "this feeds the recurrence over `%s` but has no `%s` on its left", o->op->index.at[t].name, o->op->index.at[t].name);
                diag_note(o->ds, d, "a round can use only what the rounds before it made");
            }
            return false;
        }
        struct reads r = reads_of(o, e);
        for (u32 i = 0; i < r.v.n; i++) {
            u32 w = writer(o, r.v.at[i].tensor);
            bool inside = false;
            for (u32 k = 0; k < o->op->eq.n; k++)
                inside |= in[k] && o->op->eq.at[k].lhs == w;
            if (!inside || round_of(o, t, r.v.at[i].ox, r.v.at[i].tensor) != ROUND_NONE)
                continue;
            if (complain) {
                const char *name = o->op->tensor.at[r.v.at[i].tensor].name, *tn = o->op->index.at[t].name;
                struct diag *d = diag_add(o->ds, E0417, o->op->ox.at[r.v.at[i].ox].loc, "inside the recurrence `%s` can be read at `%s`%s only", name, tn,
                                          o->op->tensor.at[r.v.at[i].tensor].iter ? " (the round before) or `t + 1` (this one)" : "");
                diag_note(o->ds, d, "round `%s` can use only what rounds up to it made", tn);
            }
            return false;
        }
    }
    return true;
}

static void find_edges(struct ob *o, struct sched *s)
{
    u32 n = s->n = o->op->eq.n;
    s->edge = NEW_ARRAY(o->a, bool, (size_t)n * n + 1);
    s->reach = NEW_ARRAY(o->a, bool, (size_t)n * n + 1);
    s->group = NEW_ARRAY(o->a, u32, n + 1);
    for (u32 e = 0; e < n; e++) {
        struct reads r = reads_of(o, e);
        for (u32 i = 0; i < r.v.n; i++) {
            u32 w = writer(o, r.v.at[i].tensor);
            if (o->op->tensor.at[w].role != OT_TEMP && o->op->tensor.at[w].role != OT_OUT)
                continue;
            for (u32 k = 0; k < n; k++)
                if (o->op->eq.at[k].lhs == w && !excludes(o, o->eq.at[k].path, o->eq.at[e].path))
                    s->edge[k * n + e] = true;
        }
    }
    memcpy(s->reach, s->edge, (size_t)n * n);
    bool iter = false;
    for (u32 i = 0; i < o->op->index.n; i++)
        iter |= o->op->index.at[i].iter;
    for (u32 k = 0; k < n && iter; k++)     /* asked only for scans and in complaints */
        for (u32 i = 0; i < n; i++)
            for (u32 j = 0; j < n && s->reach[i * n + k]; j++)
                s->reach[i * n + j] |= s->reach[k * n + j];
}

static void add_scan(struct ob *o, struct sched *s, u32 t, const bool *in)
{
    vec_push(o->a, &s->iter, t);
    s->ngroup++;
    for (u32 e = 0; e < s->n; e++)
        if (in[e]) {
            s->group[e] = s->ngroup;
            o->op->eq.at[e].iter = t + 1;
        }
}

static void find_scans(struct ob *o, struct sched *s)
{
    u32 n = s->n;
    bool *in = NEW_ARRAY(o->a, bool, n + 1);
    for (u32 t = 0; t < o->op->index.n; t++) {
        if (!o->op->index.at[t].iter)
            continue;
        bool any = false;
        for (u32 e = 0; e < n; e++) {
            bool after = false, before = false;
            for (u32 r = 0; r < n; r++) {
                if (o->eq.at[r].iter != t + 1)
                    continue;
                after |= r == e || s->reach[r * n + e];
                before |= r == e || s->reach[e * n + r];
            }
            in[e] = after && before && !o->op->eq.at[e].init;
            any |= in[e];
        }
        if (!any)
            continue;
        if (runs_by_rounds(o, t, in, false)) {
            add_scan(o, s, t, in);
            continue;
        }
        /* Recurrences that follow one another: one scan per cycle. */
        for (u32 r = 0; r < n; r++) {
            if (o->eq.at[r].iter != t + 1 || s->group[r])
                continue;
            for (u32 e = 0; e < n; e++)
                in[e] = e == r || (s->reach[r * n + e] && s->reach[e * n + r] && !o->op->eq.at[e].init);
            if (!runs_by_rounds(o, t, in, true))
                return;
            add_scan(o, s, t, in);
        }
    }
}

static void check_recurrences(struct ob *o)
{
    for (u32 e = 0; e < o->op->eq.n; e++) {
        const struct oeq *q = &o->op->eq.at[e];
        const struct otensor *x = &o->op->tensor.at[q->lhs];
        bool init = false, step = false;
        for (u32 k = 0; k < o->op->eq.n; k++)
            if (o->op->eq.at[k].lhs == q->lhs) {
                init |= o->op->eq.at[k].init;
                step |= o->eq.at[k].iter != 0;
            }
        if (o->eq.at[e].iter && !init) {
            struct diag *d = diag_add(o->ds, E0416, q->loc, "the recurrence of `%s` has no beginning", x->name);
            diag_hint(o->ds, d, "add `init %s[0, ...] = ...`", x->name);
            return;
        }
        if (q->init && !step) {
            struct diag *d = diag_add(o->ds, E0416, q->loc, "`init` begins a recurrence; `%s` has none", x->name);
            diag_hint(o->ds, d, "a recurrence reads `%s[t+1, ...] = ...` with `rank t: iter N`", x->name);
            return;
        }
        if (q->init && x->iter_axis) {
            const struct ox *s = &o->op->ox.at[o->op->list.at[q->sub + q->nsub - o->tensor.at[q->lhs].ndim + x->iter_axis - 1]];
            if (s->kind != OX_CONST || num_cmp(s->num, num_int(0)) != 0) {
                diag_add(o->ds, E0416, s->loc, "`init` gives entry 0 of the iterative axis");
                return;
            }
        }
        if (o->eq.at[e].iter && q->where) {
            diag_add(o->ds, E0417, q->loc, "points of a recurrence cannot be absent");
            return;
        }
        if (step && !q->init && !o->eq.at[e].iter) {
            struct diag *d = diag_add(o->ds, E0417, q->loc, "`%s` is a recurrence and is defined by its `init` and its step only", x->name);
            diag_label(o->ds, d, x->loc, "`%s`", x->name);
            return;
        }
    }
}

/* Stable topological order; a scan is one node of it. */
static bool order(struct ob *o, struct sched *s, u32 *out)
{
    u32 n = s->n, done = 0;
    bool *placed = NEW_ARRAY(o->a, bool, n + 1);
    while (done < n) {
        bool moved = false;
        for (u32 e = 0; e < n && !moved; e++) {
            if (placed[e])
                continue;
            u32 g = s->group[e];
            bool ready = true;
            for (u32 m = 0; m < n && ready; m++) {
                if (m != e && (!g || s->group[m] != g))
                    continue;
                for (u32 k = 0; k < n && ready; k++)
                    ready = !s->edge[k * n + m] || placed[k] || (g && s->group[k] == g);
            }
            if (!ready)
                continue;
            if (!g) {
                placed[e] = true;
                out[done++] = e;
                moved = true;
                continue;
            }
            /* Inside a round: what is read of this round comes first. */
            for (bool more = true; more;) {
                more = false;
                for (u32 m = 0; m < n && !more; m++) {
                    if (placed[m] || s->group[m] != g)
                        continue;
                    bool now = true;
                    struct reads r = reads_of(o, m);
                    for (u32 i = 0; i < r.v.n && now; i++)
                        for (u32 k = 0; k < n && now; k++)
                            if (s->group[k] == g && !placed[k] && o->op->eq.at[k].lhs == writer(o, r.v.at[i].tensor)
                                && s->edge[k * n + m] && round_of(o, s->iter.at[g - 1], r.v.at[i].ox, r.v.at[i].tensor) == ROUND_SAME)
                                now = false;
                    if (now) {
                        placed[m] = more = true;
                        out[done++] = m;
                    }
                }
            }
            for (u32 m = 0; m < n; m++)
                if (s->group[m] == g && !placed[m]) {
                    diag_add(o->ds, E0417, o->op->eq.at[m].loc, "within a round `%s` depends on itself", o->op->tensor.at[o->op->eq.at[m].lhs].name);
                    return false;
                }
            moved = true;
        }
        if (!moved) {
            for (u32 e = 0; e < n; e++)
                if (!placed[e] && s->reach[e * n + e]) {
                    diag_add(o->ds, E0434, o->op->eq.at[e].loc, "`%s` is defined by itself", o->op->tensor.at[o->op->eq.at[e].lhs].name);
                    return false;
                }
            BUG("equations without an order");
        }
    }
    return true;
}

void ob_order(struct ob *o)
{
    check_assigned_once(o);
    if (!ob_failed(o))
        check_recurrences(o);
    if (!ob_failed(o))
        check_uses(o);
    if (!ob_failed(o))
        check_guards(o);
    if (ob_failed(o))
        return;
    struct sched s = { 0 };
    find_edges(o, &s);
    find_scans(o, &s);
    u32 *to = NEW_ARRAY(o->a, u32, s.n + 1);
    if (ob_failed(o) || !order(o, &s, to))
        return;
    struct oeq *q = NEW_ARRAY(o->a, struct oeq, s.n + 1);
    struct ob_eq *e = NEW_ARRAY(o->a, struct ob_eq, s.n + 1);
    for (u32 i = 0; i < s.n; i++) {
        q[i] = o->op->eq.at[to[i]];
        e[i] = o->eq.at[to[i]];
        q[i].scan = s.group[to[i]];
        q[i].nleft = e[i].left.n;
        q[i].nix = e[i].left.n + e[i].right.n;
        q[i].ix = ob_list(o, e[i].left.n, e[i].left.at);
        ob_list(o, e[i].right.n, e[i].right.at);
    }
    o->op->eq.at = q;
    o->op->eq.cap = s.n + 1;
    o->eq.at = e;
    o->eq.cap = s.n + 1;
    /* An intermediate exists where one of its definitions does. */
    for (u32 t = 0; t < o->op->tensor.n; t++) {
        struct otensor *x = &o->op->tensor.at[t];
        u32 any = 0, n = 0, g = 0;
        bool always = false;
        for (u32 i = 0; i < s.n && x->role == OT_TEMP; i++) {
            if (o->op->eq.at[i].lhs != writer(o, t))
                continue;
            g = o->op->eq.at[i].guard;
            always |= !g;
            any = n++ && any && g && !op_ox_equal(o->op, any, g) ? ob_binary(o, OX_OR, any, g, x->loc) : g;
        }
        x->guard = x->role != OT_TEMP ? x->guard : always ? 0 : any;
    }
}
