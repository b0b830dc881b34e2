/* op_body.c - statements of an op's body.
 *
 * Declarations come first, in whatever `if` they stand (their names are known everywhere in the
 * body, their static cases go with them); then intermediates get their number of subscripts from
 * the left sides; then equations become rows, in written order, with their subscripts noted
 * for op_index.c. */
#include "grammar/op_build.h"

struct raw { const struct ast *ast; struct ob_path path; };
struct raws { VEC(struct raw) v; };

u32 ob_guard(struct ob *o, struct ob_path p)
{
    u32 g = 0;
    for (u32 i = 0; i < p.n; i++) {
        u32 c = p.at[i].ox;
        if (!p.at[i].holds)
            c = ob_node(o, (struct ox){ .kind = OX_NOT, .a = c, .loc = o->op->ox.at[c].loc });
        g = ob_and(o, g, c);
    }
    return g;
}

static struct ob_path path_with(struct ob *o, struct ob_path p, u32 ox, bool holds)
{
    struct ob_case *at = NEW_ARRAY(o->a, struct ob_case, p.n + 1);
    for (u32 i = 0; i < p.n; i++)
        at[i] = p.at[i];
    at[p.n] = (struct ob_case){ ox, holds };
    return (struct ob_path){ p.n + 1, at };
}

static struct loc named(struct loc loc, const char *name)
{
    loc.len = (u32)strlen(name);
    return loc;
}

enum { MAX_WRITTEN_OUT = 2000 };

static u32 nodes(const struct ob *o, u32 ox, u32 most)
{
    const struct ox *x = &o->op->ox.at[ox];
    const u32 kid[3] = { x->a, x->b, x->c };
    u32 n = 1;
    for (u32 i = 0; i < 3 && n <= most; i++)
        if (kid[i])
            n += nodes(o, kid[i], most - n);
    return n;
}

bool ob_small(const struct ob *o, u32 ox)
{
    return nodes(o, ox, MAX_WRITTEN_OUT) <= MAX_WRITTEN_OUT;
}

/* --- Declarations -------------------------------------------------------------------------- */

static bool of_training(const struct ob *o, u32 ox)
{
    const struct ox *x = &o->op->ox.at[ox];
    return x->kind == OX_TRAINING || (x->a && of_training(o, x->a)) || (x->b && of_training(o, x->b)) || (x->c && of_training(o, x->c));
}

static void declare_let(struct ob *o, const struct ast *s)
{
    struct ob_let l = { .name = s->text, .ast = s, .path = o->path };
    if (!ob_name_free(o, s->text, s->loc, "a size"))
        return;
    /* extent(batch) makes it a run-time number, which is written out where it is used. */
    o->cur = UINT32_MAX;                /* no equation: no indices */
    l.ox = ob_expr(o, s->kid[0], OB_POINT);
    if (!l.ox)
        return;
    if (ob_is_bool(o, l.ox)) {
        diag_add(o->ds, E0429, s->kid[0]->loc, "`%s` would be a condition, not a number", s->text);
        return;
    }
    if (!ob_small(o, l.ox)) {
        diag_add(o->ds, E0425, s->kid[0]->loc, "`%s` reads the batch and is written out where it is used: it is too large for that", s->text);
        return;
    }
    l.slotted = ox_is_size(o->op, l.ox);
    if (l.slotted) {
        /* A size of one static case: it need not exist in the others. */
        struct ob_path p = { 0 };
        for (u32 i = 0; i < o->path.n; i++)
            if (!of_training(o, o->path.at[i].ox))
                p = path_with(o, p, o->path.at[i].ox, o->path.at[i].holds);
        u32 g = ob_guard(o, p), v = g ? ob_node(o, (struct ox){ .kind = OX_SELECT, .a = g, .b = l.ox, .c = ob_int(o, 0, s->loc), .loc = s->loc }) : l.ox;
        l.slot = ob_new_slot(o, s->text, s->loc, g ? 0 : l.ox);
        vec_push(o->a, &o->where, ((struct owhere){ l.slot, v, true, s->loc }));
    }
    vec_push(o->a, &o->let, l);
}

/* A let is a number of sizes and extent(batch): no index, no tensor. */
static bool let_reads(const struct ob *o, u32 ox)
{
    const struct ox *x = &o->op->ox.at[ox];
    if (x->kind == OX_READ || x->kind == OX_INDEX || x->kind == OX_LAST)
        return true;
    return (x->a && let_reads(o, x->a)) || (x->b && let_reads(o, x->b)) || (x->c && let_reads(o, x->c));
}

static void declare_rank(struct ob *o, const struct ast *s)
{
    bool iter = s->flags & AF_ITER;
    u32 extent = ob_expr(o, s->kid[1], OB_SIZE);
    if (extent && ob_is_bool(o, extent)) {
        diag_add(o->ds, E0429, s->kid[1]->loc, "a condition is no extent");
        extent = 0;
    }
    for (u32 i = 0; i < s->kid[0]->nkid; i++) {
        const struct ast *id = s->kid[0]->kid[i];
        if (strcmp(id->text, "batch") == 0 || ob_find_slot(o, id->text) >= 0) {
            ob_name_free(o, id->text, id->loc, "an index");
            continue;
        }
        for (u32 k = 0; k < o->index.n; k++)
            if (o->index.at[k].rank && o->index.at[k].name == id->text) {
                struct diag *d = diag_add(o->ds, E0431, id->loc, "rank `%s` is declared twice", id->text);
                diag_label(o->ds, d, o->index.at[k].loc, "first here");
            }
        if (!extent)
            extent = ob_int(o, 1, s->kid[1]->loc);
        struct ob_index x = { .name = id->text, .rank = true, .iter = iter, .loc = id->loc };
        x.node = ob_new_range(o, extent, s->kid[1]->loc, iter ? "`rank ...: iter`" : "`rank`");
        vec_push(o->a, &o->index, x);
        vec_push(o->a, &o->op->index, ((struct oindex){ .name = id->text, .extent = extent, .iter = iter, .loc = id->loc }));
    }
}

static const struct { const char *name; u8 kind, nargs; } initializers[] = {
    { "zeros", INIT_ZEROS, 0 }, { "ones", INIT_ONES, 0 }, { "constant", INIT_CONSTANT, 1 }, { "uniform", INIT_UNIFORM, 2 },
    { "normal", INIT_NORMAL, 2 }, { "kaiming_uniform", INIT_KAIMING_UNIFORM, 1 }, { "kaiming_normal", INIT_KAIMING_NORMAL, 1 },
    { "xavier_uniform", INIT_XAVIER_UNIFORM, 2 }, { "xavier_normal", INIT_XAVIER_NORMAL, 2 }, { "trunc_normal", INIT_TRUNC_NORMAL, 2 },
};

static void initializer(struct ob *o, const struct ast *e, struct otensor *t)
{
    bool is_call = e->kind == A_CALL;
    const struct ast *name = is_call ? e->kid[0] : e;
    u32 n = is_call ? e->nkid - 1 : 0;
    const char *cand[COUNTOF(initializers)];
    for (u32 i = 0; i < COUNTOF(initializers); i++) {
        cand[i] = initializers[i].name;
        if (name->kind != A_ID || strcmp(name->text, cand[i]) != 0)
            continue;
        t->init = (enum init_kind)initializers[i].kind;
        if (n != initializers[i].nargs) {
            diag_add(o->ds, E0419, e->loc, "initializer `%s` takes %u number%s, given %u", cand[i], initializers[i].nargs, initializers[i].nargs == 1 ? "" : "s", n);
            return;
        }
        for (u32 k = 0; k < n; k++)
            t->init_arg[k] = ob_expr(o, e->kid[k + 1], OB_SIZE);
        return;
    }
    struct diag *d = diag_add(o->ds, E0419, e->loc, "this is no initializer");
    const char *near = name->kind == A_ID ? diag_nearest(name->text, cand, COUNTOF(cand)) : NULL;
    if (near)
        diag_hint(o->ds, d, "did you mean `%s`?", near);
    else
        diag_note(o->ds, d, "initializers: zeros ones constant(c) uniform(lo, hi) normal(mean, sigma) kaiming_uniform(fan) kaiming_normal(fan) "
                            "xavier_uniform(in, out) xavier_normal(in, out) trunc_normal(mean, sigma)");
}

static void declare_tensor(struct ob *o, const struct ast *s, enum otensor_role role)
{
    struct otensor t = { .name = s->text, .role = role, .loc = loc_join(s->loc, s->kid[0]->loc) };
    bool free_name = ob_name_free(o, s->text, s->loc, role == OT_PARAM ? "a parameter" : role == OT_STATE ? "a state" : "a table");
    ob_type(o, s->kid[0], false, &t.type);
    t.guard = ob_guard(o, o->path);
    if (role != OT_CONST)
        initializer(o, s->kid[1], &t);
    if (free_name)
        ob_new_tensor(o, t, true);
}

struct values { VEC(u32) v; };

static bool table_level(struct ob *o, const struct ast *t, const struct otype *type, u32 at, struct values *out)
{
    if (at == type->n) {
        u32 v = t->kind == A_TABLE ? 0 : ob_expr(o, t, OB_SIZE);
        if (t->kind == A_TABLE)
            diag_add(o->ds, E0420, t->loc, "the table is nested deeper than its type has axes");
        vec_push(o->a, &out->v, v);
        return v != 0;
    }
    i64 n = -1;
    const struct ox *x = &o->op->ox.at[type->axis[at].ox];
    if (type->axis[at].kind == OAXIS_EXPR && x->kind == OX_CONST)
        num_is_int(x->num, &n);
    if (n < 0) {
        diag_add(o->ds, E0420, type->axis[at].loc, "the extents of a table are written as numbers");
        return false;
    }
    if (t->kind != A_TABLE || t->nkid != (u64)n) {
        struct diag *d = diag_add(o->ds, E0420, t->loc, "axis %u of the table has %lld entries by its type, here are %u", at, (long long)n,
                                  t->kind == A_TABLE ? t->nkid : 1);
        diag_label(o->ds, d, type->axis[at].loc, "declared here");
        return false;
    }
    for (u32 i = 0; i < t->nkid; i++)
        if (!table_level(o, t->kid[i], type, at + 1, out))
            return false;
    return true;
}

static void declare_table(struct ob *o, const struct ast *s)
{
    u32 before = o->op->tensor.n;
    declare_tensor(o, s, OT_CONST);
    if (o->op->tensor.n == before)
        return;
    struct values v = { 0 };
    if (table_level(o, s->kid[1], &o->op->tensor.at[before].type, 0, &v))
        o->op->tensor.at[before].table = ob_list(o, v.v.n, v.v.at);
}

static bool reads_something(const struct ob *o, u32 ox)
{
    const struct ox *x = &o->op->ox.at[ox];
    return x->kind == OX_READ || x->kind == OX_BATCH || (x->a && reads_something(o, x->a)) || (x->b && reads_something(o, x->b)) || (x->c && reads_something(o, x->c));
}

/* const s[a, i] = 1 - 2*a*i: the ranges of a and i come from where s is read, or from `rank`. */
static void declare_rule(struct ob *o, const struct ast *s)
{
    const struct ast *access = s->kid[0];
    struct otensor t = { .name = access->text, .role = OT_CONST, .loc = named(access->loc, access->text), .guard = ob_guard(o, o->path) };
    if (!ob_name_free(o, t.name, t.loc, "a table"))
        return;
    u32 *index = NEW_ARRAY(o->a, u32, access->nkid + 1);
    t.type.loc = access->loc;
    t.type.dtype = -1;
    t.type.n = access->nkid;
    t.type.axis = NEW_ARRAY(o->a, struct oaxis, access->nkid + 1);
    o->cur = 0x40000000u + o->op->tensor.n;     /* a scope of its own for its indices */
    struct ob_tensor x = { .ndim = access->nkid, .run_at = -1, .axis_node = NEW_ARRAY(o->a, u32, access->nkid + 1) };
    for (u32 i = 0; i < access->nkid; i++) {
        const struct ast *e = access->kid[i];
        if (e->kind != A_ID || ob_find_slot(o, e->text) >= 0) {
            diag_add(o->ds, E0420, e->loc, "a table defined by a rule has plain indices on its left");
            return;
        }
        index[i] = ob_index_var(o, e->text, e->loc);
        for (u32 k = 0; k < i; k++)
            if (index[k] == index[i])
                diag_add(o->ds, E0420, e->loc, "index `%s` stands twice on the left", e->text);
        o->index.at[index[i]].subscripted = true;
        x.axis_node[i] = ob_new_range(o, 0, e->loc, arena_printf(o->a, "axis %u of `%s`", i, t.name));
        t.type.axis[i] = (struct oaxis){ .kind = OAXIS_EXPR, .loc = e->loc };
        ob_unify(o, x.axis_node[i], o->index.at[index[i]].node, index[i], e->loc);
    }
    t.const_rule = ob_expr(o, s->kid[1], OB_POINT);
    for (u32 i = 0; i < o->index.n; i++) {
        struct ob_index *v = &o->index.at[i];
        if (v->eq == o->cur && !v->rank && !v->run && !v->batch && !v->subscripted)
            diag_add(o->ds, E0402, v->loc, "`%s` is neither a size nor an index of the left side", v->name);
    }
    if (t.const_rule && reads_something(o, t.const_rule))
        diag_add(o->ds, E0420, s->kid[1]->loc, "a table is computed from its indices and sizes alone");
    t.const_index = index;
    t.nconst_index = access->nkid;
    vec_push(o->a, &o->op->tensor, t);
    vec_push(o->a, &o->tensor, x);
}

static void declarations(struct ob *o, const struct ast *body, struct raws *raw)
{
    for (u32 i = 0; i < body->nkid; i++) {
        const struct ast *s = body->kid[i];
        if (!s)
            continue;
        switch ((enum ast_kind)s->kind) {
        case A_SLET: {
            u32 n = o->let.n;
            declare_let(o, s);
            if (o->let.n > n && let_reads(o, o->let.at[n].ox))
                diag_add(o->ds, E0425, s->kid[0]->loc, "`let` names a size: it can read neither tensors nor indices");
            break;
        }
        case A_SRANK: declare_rank(o, s); break;
        case A_SPARAM: declare_tensor(o, s, OT_PARAM); break;
        case A_SSTATE: declare_tensor(o, s, OT_STATE); break;
        case A_SCONST: declare_table(o, s); break;
        case A_SCONSTEQ: declare_rule(o, s); break;
        case A_SIF: {
            u32 c = ob_expr(o, s->kid[0], OB_STATIC);
            if (c && !ob_is_bool(o, c)) {
                struct diag *d = diag_add(o->ds, E0415, s->kid[0]->loc, "a number is no condition");
                diag_hint(o->ds, d, "compare it: `%s == 1`", ob_text(o, c));
            }
            if (!c)
                c = ob_int(o, 1, s->kid[0]->loc);
            struct ob_path was = o->path;
            o->path = path_with(o, was, c, true);
            declarations(o, s->kid[1], raw);
            o->path = path_with(o, was, c, false);
            if (s->nkid > 2 && s->kid[2])
                declarations(o, s->kid[2], raw);
            o->path = was;
            break;
        }
        default:
            vec_push(o->a, &raw->v, ((struct raw){ s, o->path }));
        }
    }
}

/* --- Monoids -------------------------------------------------------------------------------- */

/* n numbers: a tuple, a block with lets that ends in one, or one expression. */
static bool numbers(struct ob *o, const struct ast *e, u32 n, u32 *out)
{
    if (e->kind == A_BLOCK && e->nkid) {
        for (u32 i = 0; i + 1 < e->nkid; i++) {
            const struct ast *l = e->kid[i];
            if (!l || l->kind != A_LET || (l->kid[0]->flags & AF_TUPLE)) {
                diag_add(o->ds, E0422, l ? l->loc : e->loc, "here only `let name = ...` can stand before the result");
                return false;
            }
            u32 v = ob_expr(o, l->kid[1], OB_POINT);
            if (!v)
                return false;
            if (!ob_small(o, v)) {
                diag_add(o->ds, E0422, l->loc, "`%s` is written out where it is used, and too large for that", l->kid[0]->kid[0]->text);
                return false;
            }
            vec_push(o->a, &o->marg, ((struct ob_marg){ l->kid[0]->kid[0]->text, NULL, 0, v }));
        }
        return numbers(o, e->kid[e->nkid - 1], n, out);
    }
    u32 have = e->kind == A_TUPLE ? e->nkid : 1;
    if (have != n) {
        diag_add(o->ds, E0422, e->loc, "the state of this monoid has %u part%s, here %s %u", n, n == 1 ? "" : "s", have == 1 ? "is" : "are", have);
        return false;
    }
    for (u32 i = 0; i < n; i++)
        if (!(out[i] = ob_expr(o, e->kind == A_TUPLE ? e->kid[i] : e, OB_POINT)))
            return false;
    return true;
}

/* Index of the monoid of that name in op->monoid, or -1 after complaining. */
static i32 use_monoid(struct ob *o, str name, struct loc loc)
{
    for (u32 i = 0; i < o->op->monoid.n; i++)
        if (o->op->monoid.at[i].name == name)
            return (i32)i;
    const struct ast *m = o->monoid ? o->monoid(o->monoid_ctx, name) : NULL;
    if (!m) {
        static const char *const cand[] = { "max", "min", "argmax", "argmin" };
        struct diag *d = diag_add(o->ds, E0410, loc, "`%s=` is no reduction", name);
        const char *near = diag_nearest(name, cand, COUNTOF(cand));
        if (near)
            diag_hint(o->ds, d, "did you mean `%s=`?", near);
        diag_note(o->ds, d, "reductions are += *= max= min= argmax= argmin=, and name= for a declared `monoid`");
        return -1;
    }
    struct op_monoid x = { .name = name, .nstate = m->kid[MONOID_IDS]->nkid, .nlift = m->kid[MONOID_LIFT_IDS]->nkid };
    if (x.nstate > OP_MONOID_MOST || x.nlift > OP_MONOID_MOST) {
        bool state = x.nstate > OP_MONOID_MOST;
        diag_add(o->ds, E0422, m->kid[state ? MONOID_IDS : MONOID_LIFT_IDS]->loc, "a monoid has at most %d %s, here are %u", OP_MONOID_MOST,
                 state ? "parts" : "arguments of its lift", state ? x.nstate : x.nlift);
        return -1;
    }
    str *part = NEW_ARRAY(o->a, str, x.nstate);
    x.zero = NEW_ARRAY(o->a, u32, x.nstate);
    x.lift = NEW_ARRAY(o->a, u32, x.nstate);
    x.merge = NEW_ARRAY(o->a, u32, x.nstate);
    x.part = part;
    for (u32 i = 0; i < x.nstate; i++)
        part[i] = m->kid[MONOID_IDS]->kid[i]->text;
    const struct ast *two = m->kid[MONOID_MERGE_IDS];
    bool in_eq = o->in_eq, ok = true;
    o->in_eq = false;
    o->in_monoid = true;
    o->marg.n = 0;
    ok = numbers(o, m->kid[MONOID_ZERO], x.nstate, x.zero);
    for (u32 i = 0; i < x.nlift; i++)
        vec_push(o->a, &o->marg, ((struct ob_marg){ m->kid[MONOID_LIFT_IDS]->kid[i]->text, NULL, i, 0 }));
    ok = numbers(o, m->kid[MONOID_LIFT], x.nstate, x.lift) && ok;
    o->marg.n = 0;
    if (two->nkid != 2) {
        diag_add(o->ds, E0422, two->loc, "`merge` takes two states");
        ok = false;
    }
    for (u32 k = 0; k < two->nkid && k < 2; k++)
        for (u32 i = 0; i < x.nstate; i++) {
            vec_push(o->a, &o->marg, ((struct ob_marg){ two->kid[k]->text, part[i], k * x.nstate + i, 0 }));
            if (x.nstate == 1)
                vec_push(o->a, &o->marg, ((struct ob_marg){ two->kid[k]->text, NULL, k, 0 }));
        }
    ok = ok && numbers(o, m->kid[MONOID_MERGE], x.nstate, x.merge);
    o->in_monoid = false;
    o->in_eq = in_eq;
    vec_push(o->a, &o->op->monoid, x);
    return ok ? (i32)o->op->monoid.n - 1 : -1;
}

static enum red_kind reduction(const struct ast *s)
{
    static const struct { const char *text; u8 red; } row[] = {
        { "+", RED_ADD }, { "*", RED_MUL }, { "max", RED_MAX }, { "min", RED_MIN }, { "argmax", RED_ARGMAX }, { "argmin", RED_ARGMIN },
    };
    if (s->kind != A_SEQ || !s->text)
        return RED_NONE;
    for (u32 i = 0; i < COUNTOF(row); i++)
        if (strcmp(s->text, row[i].text) == 0)
            return (enum red_kind)row[i].red;
    return RED_USER;
}

/* --- Intermediates --------------------------------------------------------------------------- */

static i32 iter_index(const struct ob *o, const struct ast *e)
{
    for (u32 i = 0; e->kind == A_ID && i < o->index.n; i++)
        if (o->index.at[i].iter && o->index.at[i].name == e->text)
            return (i32)i;
    return -1;
}

static bool is_one(const struct ast *e)
{
    i64 v;
    return e->kind == A_INT && num_is_int(e->num, &v) && v == 1;
}

/* t + 1 of an iterative rank: its index variable, else -1. */
static i32 next_round(const struct ob *o, const struct ast *e)
{
    if (e->kind != A_BINARY || e->op != AB_ADD)
        return -1;
    if (is_one(e->kid[1]))
        return iter_index(o, e->kid[0]);
    return is_one(e->kid[0]) ? iter_index(o, e->kid[1]) : -1;
}

static u32 first_elem(const struct ast *access)
{
    return access->nkid && access->kid[0]->kind == A_ID && strcmp(access->kid[0]->text, "batch") == 0;
}

static u32 new_temp(struct ob *o, str name, const struct ast *access, u32 part)
{
    u32 skip = first_elem(access), n = access->nkid - skip;
    struct otensor t = { .name = name, .role = OT_TEMP, .loc = named(access->loc, access->text), .monoid_part = part };
    struct ob_tensor x = { .ndim = n, .run_at = -1 };
    t.type = (struct otype){ .dtype = -1, .n = n, .loc = access->loc, .axis = NEW_ARRAY(o->a, struct oaxis, n + 1) };
    x.axis_node = NEW_ARRAY(o->a, u32, n + 1);
    x.region = NEW_ARRAY(o->a, bool, n + 1);
    for (u32 i = 0; i < n; i++) {
        const struct ast *e = access->kid[skip + i];
        t.type.axis[i] = (struct oaxis){ .kind = e->kind == A_DOTS ? OAXIS_RUN : OAXIS_EXPR, .loc = e->loc };
        if (e->kind == A_DOTS)
            x.run_at = (i32)i;
        else
            x.axis_node[i] = ob_new_range(o, 0, e->loc, arena_printf(o->a, "axis %u of `%s`", i, name));
    }
    vec_push(o->a, &o->op->tensor, t);
    vec_push(o->a, &o->tensor, x);
    return o->op->tensor.n - 1;
}

static void declare_left(struct ob *o, const struct ast *s)
{
    const struct ast *access = s->kid[0];
    str name = access->text;
    if (reduction(s) == RED_USER) {
        for (u32 i = 0; i < o->head.n; i++)
            if (o->head.at[i].name == name)
                return;
        i32 m = use_monoid(o, s->text, s->loc);
        if (m < 0 || !ob_name_free(o, name, access->loc, "an intermediate"))
            return;
        const struct op_monoid *x = &o->op->monoid.at[m];
        struct ob_head h = { name, o->op->tensor.n, x->nstate, (u32)m };
        for (u32 i = 0; i < h.n; i++)
            new_temp(o, str_fmt(o->g->sp, "%s.%s", name, o->op->monoid.at[m].part[i]), access, i + 1);
        for (u32 i = 1; i < h.n; i++)   /* the parts have the same axes */
            o->tensor.at[h.first + i].axis_node = o->tensor.at[h.first].axis_node;
        vec_push(o->a, &o->head, h);
        return;
    }
    if (!ob_find_tensor(o, name) && s->kind != A_SNEXT && ob_name_free(o, name, access->loc, "an intermediate"))
        new_temp(o, name, access, 0);
}

/* Recurrences, and axes that are written in regions. */
static void left_shape(struct ob *o, const struct ast *s)
{
    const struct ast *access = s->kid[0];
    u32 t = ob_find_tensor(o, access->text), skip = first_elem(access);
    if (!t || access->nkid - skip != o->tensor.at[t - 1].ndim)
        return;
    struct ob_tensor *x = &o->tensor.at[t - 1];
    struct otensor *y = &o->op->tensor.at[t - 1];
    if (!x->region)
        x->region = NEW_ARRAY(o->a, bool, x->ndim + 1);
    for (u32 i = 0; i < x->ndim; i++) {
        const struct ast *e = access->kid[skip + i];
        i32 v = next_round(o, e);
        if (v >= 0 && !y->iter_axis && s->kind == A_SEQ) {
            y->iter = true;
            y->iter_axis = i + 1;
            if (!x->known) {            /* entries 0 .. N */
                u32 n = o->op->index.at[v].extent;
                u32 node = ob_new_range(o, ob_binary(o, OX_ADD, n, ob_int(o, 1, e->loc), e->loc), e->loc, arena_printf(o->a, "axis %u of `%s`", i, y->name));
                ob_unify(o, x->axis_node[i], node, (u32)v, e->loc);
            }
        }
        if (e->kind != A_DOTS && e->kind != A_FOLD && (e->kind != A_ID || ob_find_slot(o, e->text) >= 0))
            x->region[i] = true;
    }
}

/* --- Equations -------------------------------------------------------------------------------- */

static bool assignable(struct ob *o, const struct ast *s, const struct otensor *t)
{
    static const char *const what[] = { [OT_IN] = "an input", [OT_PARAM] = "a parameter", [OT_CONST] = "a table", [OT_STATE] = "a state" };
    struct diag *d;
    if ((s->kind == A_SNEXT) == (t->role == OT_STATE) && (t->role == OT_OUT || t->role == OT_TEMP || t->role == OT_STATE))
        return true;
    if (s->kind == A_SNEXT) {
        d = diag_add(o->ds, E0421, s->kid[0]->loc, "`next` gives a state its new value; `%s` is none", t->name);
        diag_hint(o->ds, d, "declare it: `state %s: [...] ~ zeros`", t->name);
    } else {
        d = diag_add(o->ds, t->role == OT_STATE ? E0421 : E0427, s->kid[0]->loc, "`%s` is %s and cannot be defined by an equation", t->name, what[t->role]);
        if (t->role == OT_STATE)
            diag_hint(o->ds, d, "`next %s[...] = ...` gives its new value", t->name);
    }
    diag_label(o->ds, d, t->loc, "declared here");
    return false;
}

static bool conditions(struct ob *o, const struct ast *where, u32 *out)
{
    for (u32 i = 0; where && i < where->nkid; i++) {
        const struct ast *c = where->kid[i];
        u32 x = c->kind == A_WDEF ? 0 : ob_expr(o, c, OB_COND);
        if (!x)
            return false;
        if (!ob_is_bool(o, x)) {
            diag_add(o->ds, E0415, c->loc, "a number is no condition");
            return false;
        }
        if (reads_something(o, x)) {
            struct diag *d = diag_add(o->ds, E0415, c->loc, "`where` selects points by their indices, not by values");
            diag_hint(o->ds, d, "`select(c, a, b)` chooses by value");
            return false;
        }
        *out = ob_and(o, *out, x);
    }
    return true;
}

/* Where index variable v first stands on the right. */
static struct loc place_in(const struct ob *o, u32 ox, u32 v)
{
    const struct ox *x = &o->op->ox.at[ox];
    struct loc l = { 0 };
    if ((x->kind == OX_INDEX || x->kind == OX_RUN) && x->u == v)
        return x->loc;
    for (u32 i = 0; i < x->nlist && !l.len; i++)
        l = place_in(o, o->op->list.at[x->list + i], v);
    const u32 kid[3] = { x->a, x->b, x->c };
    for (u32 i = 0; i < 3 && !l.len; i++)
        if (kid[i])
            l = place_in(o, kid[i], v);
    return l;
}

static struct loc first_place(const struct ob *o, const struct oeq *q, u32 v)
{
    struct loc l = q->rhs ? place_in(o, q->rhs, v) : (struct loc){ 0 };
    if (!l.len && q->where)
        l = place_in(o, q->where, v);
    return l.len ? l : q->loc;
}

static void check_indices(struct ob *o, const struct oeq *q, const struct ob_eq *e)
{
    for (u32 i = 0; i < o->index.n; i++) {
        const struct ob_index *v = &o->index.at[i];
        if (v->eq != o->cur || v->rank || v->run || v->batch || v->subscripted)
            continue;
        struct diag *d = diag_add(o->ds, E0402, v->value, "`%s` is not defined: no size, no tensor, no index that a subscript or `rank` gives a range", v->name);
        VEC(const char *) c = { 0 };
        for (u32 k = 0; k < o->slot.n; k++)
            vec_push(o->a, &c, o->slot.at[k]);
        for (u32 k = 0; k < o->op->tensor.n; k++)
            vec_push(o->a, &c, o->op->tensor.at[k].name);
        const char *near = diag_nearest(v->name, c.at, c.n);
        if (near)
            diag_hint(o->ds, d, "did you mean `%s`?", near);
        else if (v->name[0] >= 'A' && v->name[0] <= 'Z')
            diag_hint(o->ds, d, "constants of the file are not visible in an op: give it an attribute `%s`", v->name);
        return;
    }
    const char *name = o->op->tensor.at[q->lhs].name;
    if (q->red == RED_NONE && e->right.n) {
        for (u32 i = 0; i < e->right.n; i++) {
            u32 v = e->right.at[i];
            struct loc at = first_place(o, q, v);
            struct diag *d = diag_add(o->ds, E0403, at, "index `%s` is on the right of `=` but not on the left", o->index.at[v].name);
            diag_label(o->ds, d, e->ast->kid[0]->loc, "`%s` does not have it", name);
            if (o->index.at[v].run)
                diag_hint(o->ds, d, "`+=` sums over `..`; or keep it: add `..` to the subscripts of `%s`", name);
            else
                diag_hint(o->ds, d, "`+=` sums over `%s` (max= min= *= ... reduce otherwise); or keep it: add `%s` to the subscripts of `%s`",
                          o->index.at[v].name, o->index.at[v].name, name);
        }
    }
    if (q->red != RED_NONE && e->right.n == 0) {
        struct diag *d = diag_add(o->ds, E0409, e->ast->loc, "nothing to reduce: every index on the right is on the left");
        diag_hint(o->ds, d, "tensors are assigned once, so `%s=` never updates; write `=`", e->ast->text);
    }
}

static void equation(struct ob *o, const struct raw *r)
{
    const struct ast *s = r->ast, *access = s->kid[0];
    struct oeq q = { .loc = s->loc, .red = reduction(s), .init = s->kind == A_SINIT, .next = s->kind == A_SNEXT };
    struct ob_eq e = { .ast = s, .where_ast = s->kind == A_SEQ && s->nkid > 2 ? s->kid[2] : NULL, .path = r->path };
    u32 t = 0;
    if (q.red == RED_USER) {
        for (u32 i = 0; i < o->head.n; i++)
            if (o->head.at[i].name == access->text) {
                t = o->head.at[i].first + 1;
                q.monoid = o->head.at[i].monoid;
                if (o->op->monoid.at[q.monoid].name != s->text) {
                    diag_add(o->ds, E0407, s->loc, "`%s` is defined by another reduction already", access->text);
                    return;
                }
            }
    } else {
        t = ob_find_tensor(o, access->text);
    }
    if (!t) {
        if (s->kind == A_SNEXT)
            diag_add(o->ds, E0421, access->loc, "`next` gives a state its new value; `%s` is none", access->text);
        else if (!ob_failed(o))
            diag_add(o->ds, E0407, access->loc, "`%s` is defined by a reduction to several parts already", access->text);
        return;
    }
    q.lhs = t - 1;
    if (!assignable(o, s, &o->op->tensor.at[q.lhs]))
        return;
    if (o->op->tensor.at[q.lhs].monoid_part && q.red != RED_USER) {
        diag_add(o->ds, E0407, access->loc, "`%s` is a part of a reduction", access->text);
        return;
    }
    o->cur = o->op->eq.n;
    o->in_eq = true;
    o->path = r->path;
    vec_push(o->a, &o->op->eq, q);
    vec_push(o->a, &o->eq, e);
    q.guard = ob_guard(o, r->path);
    bool ok = ob_subscripts(o, q.lhs, access->kid, access->nkid, access->loc, true, &q.sub, &q.nsub);
    for (u32 i = 0; ok && i < q.nsub; i++) {
        u32 x = o->op->list.at[q.sub + i];
        if (reads_something(o, x)) {
            diag_add(o->ds, E0428, o->op->ox.at[x].loc, "a left side cannot be indexed by data");
            ok = false;
        }
    }
    const struct ast *rhs = s->kid[1];
    u32 nlift = q.red == RED_USER ? o->op->monoid.at[q.monoid].nlift : 1;
    if (ok && nlift == 1) {
        q.rhs = ob_expr(o, rhs, OB_POINT);
        ok = q.rhs != 0;
        if (ok && ob_is_bool(o, q.rhs)) {
            struct diag *d = diag_add(o->ds, E0429, rhs->loc, "a condition is no value of a tensor");
            diag_hint(o->ds, d, "`select(%s, 1, 0)`", "c");
            ok = false;
        }
    } else if (ok) {
        u32 *v = NEW_ARRAY(o->a, u32, nlift + 1);
        if (rhs->kind != A_TUPLE || rhs->nkid != nlift) {
            diag_add(o->ds, E0422, rhs->loc, "`%s=` takes %u values: (a, b, ...)", s->text, nlift);
            ok = false;
        }
        for (u32 i = 0; ok && i < nlift; i++)
            ok = (v[i] = ob_expr(o, rhs->kid[i], OB_POINT)) != 0;
        if (ok) {
            q.rhs_list = ob_list(o, nlift, v);
            q.nrhs = nlift;
        }
    }
    struct ob_eq *f = &o->eq.at[o->cur];
    if (ok && conditions(o, f->where_ast, &q.where)) {
        f = &o->eq.at[o->cur];
        f->own_where = q.where;
        f->full = !q.where || q.red != RED_NONE;
        for (u32 i = 0; i < q.nsub; i++) {
            const struct ox *x = &o->op->ox.at[o->op->list.at[q.sub + i]];
            f->full &= x->kind == OX_RUN || x->kind == OX_INDEX || x->kind == OX_FOLDIDX;
            u32 skip = q.nsub - o->tensor.at[q.lhs].ndim;
            f->full &= i < skip || !o->tensor.at[q.lhs].region[i - skip];
            if (x->kind == OX_ADD && o->op->tensor.at[q.lhs].iter_axis && !q.init) {
                u32 a = o->op->ox.at[x->a].kind == OX_INDEX ? x->a : x->b;
                u32 v = o->op->ox.at[a].u;
                if (o->op->ox.at[a].kind == OX_INDEX && o->index.at[v].iter && o->op->tensor.at[q.lhs].iter_axis == i + 1 - (q.nsub > o->tensor.at[q.lhs].ndim)) {
                    f->iter = v + 1;
                    f->iter_pos = i;
                }
            }
        }
        if (f->left.n != q.nsub && f->full)     /* an index that stands twice: y[i, i] */
            for (u32 i = 0; i < q.nsub; i++)
                f->full &= o->op->ox.at[o->op->list.at[q.sub + i]].kind == OX_FOLDIDX || f->left.n >= q.nsub;
        o->op->eq.at[o->cur] = q;
        check_indices(o, &q, f);
    }
    o->op->eq.at[o->cur] = q;
    o->in_eq = false;
}

void ob_body(struct ob *o, const struct ast *body)
{
    struct raws raw = { 0 };
    declarations(o, body, &raw);
    for (u32 i = 0; i < raw.v.n; i++)
        declare_left(o, raw.v.at[i].ast);
    for (u32 i = 0; i < raw.v.n; i++)
        left_shape(o, raw.v.at[i].ast);
    for (u32 i = 0; i < raw.v.n; i++)
        equation(o, &raw.v.at[i]);
}
