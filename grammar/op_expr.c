/* op_expr.c - expressions of an op: one tree in the source, one kind of node in the row, and
 * what may stand in it depends on what it is for: a size, a static condition, a subscript, a
 * point of a tensor, a condition on points. */
#include "grammar/op_build.h"

static const char *const want_name[] = {
    [OB_SIZE] = "a size", [OB_STATIC] = "a static condition", [OB_SUBSCRIPT] = "a subscript", [OB_POINT] = "a value", [OB_COND] = "a condition",
};

/* Functions: arguments, and whether they exist at compile time. */
static const struct function { const char *name; u8 kind, least, most; bool size; } functions[] = {
    { "floor", OX_FLOOR, 1, 1, true }, { "sqrt", OX_SQRT, 1, 1, true }, { "exp", OX_EXP, 1, 1, true },
    { "log", OX_LOG, 1, 1, true }, { "abs", OX_ABS, 1, 1, true }, { "pow", OX_POW, 2, 2, true },
    { "min", OX_MIN, 2, 255, true }, { "max", OX_MAX, 2, 255, true }, { "select", OX_SELECT, 3, 3, true },
    { "rsqrt", OX_RSQRT, 1, 1, false }, { "tanh", OX_TANH, 1, 1, false }, { "sigmoid", OX_SIGMOID, 1, 1, false },
    { "erf", OX_ERF, 1, 1, false }, { "sin", OX_SIN, 1, 1, false }, { "cos", OX_COS, 1, 1, false },
    { "sign", OX_SIGN, 1, 1, false },
    { "pad", OX_READ, 2, 2, false }, { "extent", OX_EXTENT_RUN, 1, 1, true }, { "rank", OX_RANK_RUN, 1, 1, true },
    { "last", OX_LAST, 1, 1, false },
};

bool ob_is_bool(const struct ob *o, u32 ox)
{
    const struct ox *x = &o->op->ox.at[ox];
    switch ((enum ox_kind)x->kind) {
    case OX_LT: case OX_LE: case OX_GT: case OX_GE: case OX_EQ: case OX_NE: case OX_AND: case OX_OR: case OX_NOT: case OX_TRAINING:
        return true;
    case OX_SELECT:
        return ob_is_bool(o, x->b);
    case OX_READ:
        return o->op->tensor.at[x->u].role != OT_TEMP && o->op->tensor.at[x->u].type.dtype == DT_BOOL;
    default:
        return false;
    }
}

/* --- Names -------------------------------------------------------------------------------- */

static void suggest(struct ob *o, struct diag *d, str name, bool sizes, bool tensors)
{
    VEC(const char *) c = { 0 };
    for (u32 i = 0; sizes && i < o->slot.n; i++)
        vec_push(o->a, &c, o->slot.at[i]);
    for (u32 i = 0; sizes && i < o->let.n; i++)
        vec_push(o->a, &c, o->let.at[i].name);
    for (u32 i = 0; tensors && i < o->op->tensor.n; i++)
        if (o->op->tensor.at[i].name != name)
            vec_push(o->a, &c, o->op->tensor.at[i].name);
    const char *near = diag_nearest(name, c.at, c.n);
    if (near)
        diag_hint(o->ds, d, "did you mean `%s`?", near);
    else if (name[0] >= 'A' && name[0] <= 'Z')
        diag_hint(o->ds, d, "constants of the file are not visible in an op: give it an attribute `%s`, or a `let`", name);
}

u32 ob_index_var(struct ob *o, str name, struct loc loc)
{
    if (strcmp(name, "batch") == 0) {
        if (!o->batch_index) {
            vec_push(o->a, &o->index, ((struct ob_index){ .name = name, .batch = true, .loc = loc, .used = true }));
            vec_push(o->a, &o->op->index, ((struct oindex){ .name = name, .batch = true, .loc = loc }));
            o->batch_index = o->index.n;
        }
        return o->batch_index - 1;
    }
    for (u32 i = 0; i < o->index.n; i++) {
        struct ob_index *x = &o->index.at[i];
        if (x->name == name && !x->run && (x->rank || (x->eq == o->cur && !x->batch))) {
            x->used = true;
            return i;
        }
    }
    struct ob_index x = { .name = name, .eq = o->cur, .loc = loc, .used = true };
    x.node = ob_new_range(o, 0, loc, NULL);
    vec_push(o->a, &o->index, x);
    vec_push(o->a, &o->op->index, ((struct oindex){ .name = name, .loc = loc }));
    return o->index.n - 1;
}

static u32 run_var(struct ob *o, struct loc loc)
{
    if (!o->run_index) {
        str dots = str_c(o->g->sp, "..");
        vec_push(o->a, &o->index, ((struct ob_index){ .name = dots, .run = true, .loc = loc, .used = true }));
        vec_push(o->a, &o->op->index, ((struct oindex){ .name = dots, .run = true, .loc = loc }));
        o->run_index = o->index.n;
    }
    return o->run_index - 1;
}

/* Note that index variable v stands in the equation, on this side. */
static void note_index(struct ob *o, u32 v, bool left)
{
    if (!o->in_eq)
        return;
    struct ob_eq *e = &o->eq.at[o->cur];
    for (u32 i = 0; i < e->left.n; i++)
        if (e->left.at[i] == v)
            return;
    if (left) {
        vec_push(o->a, &e->left, v);
        return;
    }
    for (u32 i = 0; i < e->right.n; i++)
        if (e->right.at[i] == v)
            return;
    vec_push(o->a, &e->right, v);
}

static u32 not_here(struct ob *o, const struct ast *e, enum ob_want want, const char *is)
{
    struct diag *d = diag_add(o->ds, E0425, e->loc, "`%s` is %s; here %s is needed, known before anything runs",
                              e->text ? e->text : ast_kind_name(e->kind), is, want_name[want]);
    suggest(o, d, e->text ? e->text : "", true, false);
    return 0;
}

static u32 name(struct ob *o, const struct ast *e, enum ob_want want, bool left)
{
    i32 s = ob_find_slot(o, e->text);
    if (s >= 0) {
        o->slot_used.at[s] = true;
        return ob_node(o, (struct ox){ .kind = OX_SLOT, .u = (u32)s, .loc = e->loc });
    }
    for (u32 i = 0; i < o->let.n; i++)
        if (o->let.at[i].name == e->text) {
            struct ob_let *l = &o->let.at[i];
            l->used = true;
            if (l->slotted)
                return ob_node(o, (struct ox){ .kind = OX_SLOT, .u = l->slot, .loc = e->loc });
            if (l->ox && !ox_is_size(o->op, l->ox) && want != OB_POINT && want != OB_COND)
                return not_here(o, e, want, "a run-time number (it reads the batch)");
            return l->ox;
        }
    if (strcmp(e->text, "inf") == 0)
        return ob_const(o, num_real(__builtin_inf()), e->loc);
    if (strcmp(e->text, "training") == 0) {
        if (want == OB_STATIC)
            return ob_node(o, (struct ox){ .kind = OX_TRAINING, .loc = e->loc });
        diag_add(o->ds, E0425, e->loc, "`training` can only be the condition of an `if ... { }` around equations");
        return 0;
    }
    u32 t = ob_find_tensor(o, e->text);
    if (want == OB_SIZE || want == OB_STATIC || (o->cur == UINT32_MAX && !t)) {
        if (t)
            return not_here(o, e, want, "a tensor");
        for (u32 i = 0; i < o->index.n; i++)
            if (o->index.at[i].name == e->text && (o->index.at[i].rank || (o->in_eq && o->index.at[i].eq == o->cur)))
                return not_here(o, e, want, "an index");
        struct diag *d = diag_add(o->ds, E0343, e->loc, "size `%s` is not defined", e->text);
        if (o->in_pattern)
            diag_hint(o->ds, d, "only a name alone takes an axis' size: name the axis `N`, and say `where %s = ...` of it", e->text);
        else
            suggest(o, d, e->text, true, false);
        return 0;
    }
    if (t && (o->tensor.at[t - 1].ndim == 0 || want != OB_SUBSCRIPT)) {
        u32 list = 0, n = 0;
        if (!ob_subscripts(o, t - 1, NULL, 0, e->loc, false, &list, &n))
            return 0;
        return ob_node(o, (struct ox){ .kind = OX_READ, .u = t - 1, .list = list, .nlist = n, .loc = e->loc });
    }
    if (strcmp(e->text, "batch") == 0) {
        diag_add(o->ds, E0426, e->loc, "`batch` can only be the first subscript of a tensor");
        return 0;
    }
    u32 v = ob_index_var(o, e->text, e->loc);
    note_index(o, v, left);
    if (want == OB_SUBSCRIPT)
        o->index.at[v].subscripted = true;
    else if (!o->index.at[v].subscripted && !o->index.at[v].rank && !o->index.at[v].value.len)
        o->index.at[v].value = e->loc;
    return ob_node(o, (struct ox){ .kind = OX_INDEX, .u = v, .loc = e->loc });
}

/* --- Reads -------------------------------------------------------------------------------- */

/* W.mean of W[t] welford= ... is the intermediate named "W.mean". */
static str tensor_text(struct ob *o, const struct ast *e)
{
    if (e->kind == A_ID)
        return e->text;
    if (e->kind == A_FIELD && e->kid[0]->kind == A_ID)
        return str_fmt(o->g->sp, "%s.%s", e->kid[0]->text, e->text);
    return NULL;
}

static const struct ob_head *head_of(const struct ob *o, str name)
{
    for (u32 i = 0; i < o->head.n; i++)
        if (o->head.at[i].name == name)
            return &o->head.at[i];
    return NULL;
}

static u32 read_tensor(struct ob *o, const struct ast *e, const struct ast *what, struct ast *const *elem, u32 n, enum ob_want want)
{
    str text = tensor_text(o, what);
    if (!text) {
        diag_add(o->ds, E0401, what->loc, "a tensor's name is needed before the subscripts");
        return 0;
    }
    u32 t = ob_find_tensor(o, text);
    if (!t) {
        const struct ob_head *h = head_of(o, what->kind == A_FIELD ? what->kid[0]->text : text);
        struct diag *d;
        if (!h && what->kind == A_FIELD && ob_failed(o))
            return 0;                   /* its reduction was wrong */
        if (h && what->kind == A_FIELD) {
            d = diag_add(o->ds, E0422, what->loc, "monoid of `%s` has no part `%s`", h->name, what->text);
        } else if (h) {
            d = diag_add(o->ds, E0422, what->loc, "`%s` has several parts: say which", text);
            diag_hint(o->ds, d, "`%s` is one of them", o->op->tensor.at[h->first].name);
        } else {
            d = diag_add(o->ds, E0401, what->loc, "tensor `%s` is not defined", text);
            if (ob_find_slot(o, text) >= 0)
                diag_note(o->ds, d, "`%s` is a size: sizes take no subscripts", text);
            else
                suggest(o, d, text, false, true);
        }
        return 0;
    }
    if (want == OB_SIZE || want == OB_STATIC)
        return not_here(o, e, want, "a tensor");
    u32 list, ns;
    if (!ob_subscripts(o, t - 1, elem, n, e->loc, false, &list, &ns))
        return 0;
    return ob_node(o, (struct ox){ .kind = OX_READ, .u = t - 1, .list = list, .nlist = ns, .loc = e->loc });
}

/* Quasi-affine over indices: sums, multiples by sizes, floor of a quotient, remainders. */
static bool subscript_form(struct ob *o, u32 ox, bool floored)
{
    const struct ox *x = &o->op->ox.at[ox];
    if (ox_is_size(o->op, ox))
        return true;
    switch ((enum ox_kind)x->kind) {
    case OX_INDEX: case OX_LAST: case OX_READ: case OX_FOLDIDX:
        return true;
    case OX_ADD: case OX_SUB:
        return subscript_form(o, x->a, floored) && subscript_form(o, x->b, floored);
    case OX_NEG:
        return subscript_form(o, x->a, floored);
    case OX_FLOOR:
        return subscript_form(o, x->a, true);
    case OX_MUL:
        if (ox_is_size(o->op, x->a) || ox_is_size(o->op, x->b))
            return subscript_form(o, ox_is_size(o->op, x->a) ? x->b : x->a, floored);
        diag_add(o->ds, E0413, x->loc, "a subscript multiplies indices by sizes only");
        return false;
    case OX_MOD: case OX_DIV:
        if (!ox_is_size(o->op, x->b)) {
            diag_add(o->ds, E0413, x->loc, "a subscript divides by sizes only");
            return false;
        }
        if (x->kind == OX_DIV && !floored) {
            struct diag *d = diag_add(o->ds, E0414, x->loc, "`/` does not round, so this subscript is no whole number");
            diag_hint(o->ds, d, "write `floor(%s)`", ob_text(o, ox));
            return false;
        }
        return subscript_form(o, x->a, floored);
    default:
        diag_add(o->ds, E0413, x->loc, "a subscript is made of + - *, floor(a/n) and a %% n over indices");
        return false;
    }
}

/* Item i of (h w): an index, or a number which then carries its factor's size in b. */
static u32 fold_item(struct ob *o, const struct ast *f, const struct oaxis *axis, u32 i, bool left)
{
    u32 v = ob_expr_side(o, f, OB_SUBSCRIPT, left);
    if (!v)
        return 0;
    struct ox x = o->op->ox.at[v];
    const struct oaxis *factor = axis && axis->kind == OAXIS_FOLD ? &axis->factor[i] : NULL;
    if (x.kind == OX_INDEX) {
        if (factor)
            ob_unify(o, o->index.at[x.u].node, ob_new_range(o, ob_axis_size(o, factor), factor->loc, "a factor"), x.u, f->loc);
        return v;
    }
    if (!factor) {
        diag_add(o->ds, E0430, f->loc, "a number can index a factor only where the axis is declared with its factors");
        return 0;
    }
    x.b = ob_axis_size(o, factor);
    return ob_node(o, x);
}

static u32 fold_subscript(struct ob *o, u32 tensor, u32 at, const struct ast *e, bool left)
{
    const struct otensor *t = &o->op->tensor.at[tensor];
    const struct oaxis *axis = o->tensor.at[tensor].known ? &t->type.axis[at] : NULL;
    if (axis && axis->kind == OAXIS_FOLD && axis->nfactor != e->nkid) {
        struct diag *d = diag_add(o->ds, E0430, e->loc, "%u indices for axis %u of `%s`, which was folded from %u", e->nkid, at, t->name, axis->nfactor);
        diag_label(o->ds, d, axis->loc, "declared here");
        return 0;
    }
    u32 *item = NEW_ARRAY(o->a, u32, e->nkid);
    for (u32 i = 0; i < e->nkid; i++)
        if (!(item[i] = fold_item(o, e->kid[i], axis, i, left)))
            return 0;
    u32 x = ob_node(o, (struct ox){ .kind = OX_FOLDIDX, .list = ob_list(o, e->nkid, item), .nlist = e->nkid, .loc = e->loc });
    if (!axis || axis->kind != OAXIS_FOLD)
        vec_push(o->a, &o->fold, ((struct ob_fold){ tensor, at, x, ob_guard(o, o->path) }));
    return x;
}

/* What a plain index in axis `at` of a tensor says about the index. */
static void plain_subscript(struct ob *o, u32 tensor, u32 at, u32 v, struct loc loc, bool left)
{
    struct ob_tensor *x = &o->tensor.at[tensor];
    const struct otensor *t = &o->op->tensor.at[tensor];
    struct ob_index *i = &o->index.at[v];
    if (i->batch || i->run)
        return;
    u32 node;
    if (x->known) {
        const struct oaxis *axis = &t->type.axis[at];
        if (axis->kind == OAXIS_EXPR && !axis->ox)
            return;
        node = ob_new_range(o, ob_axis_size(o, axis), axis->loc, arena_printf(o->a, "axis %u of `%s`", at, t->name));
    } else {
        node = x->axis_node[at];
    }
    bool region = x->region && x->region[at];
    if (i->iter && t->iter && t->iter_axis == at + 1)
        return;                         /* one round of N, of an axis of N + 1 */
    if (i->rank && x->known)
        return;                         /* as declared: it must be in range, not everything */
    if ((left && region) || o->in_pad)  /* says what the index is only if nothing else does */
        vec_push(o->a, &o->weak, ((struct ob_weak){ i->node, node, v, loc }));
    else
        ob_unify(o, i->node, node, v, loc);
}

bool ob_subscripts(struct ob *o, u32 tensor, struct ast *const *elem, u32 n, struct loc loc, bool left, u32 *list, u32 *nsub)
{
    struct otensor *t = &o->op->tensor.at[tensor];
    struct ob_tensor *x = &o->tensor.at[tensor];
    u32 *out = NEW_ARRAY(o->a, u32, n + 1), m = 0, at = 0;
    if (!left && !x->read) {
        x->read = true;
        x->first_read = loc;
    }
    if (n && elem[0]->kind == A_ID && strcmp(elem[0]->text, "batch") == 0) {
        if (t->role == OT_PARAM || t->role == OT_STATE || t->role == OT_CONST) {
            diag_add(o->ds, E0426, elem[0]->loc, "`%s` is the same for every sample: it has no `batch`", t->name);
            return false;
        }
        u32 v = ob_index_var(o, elem[0]->text, elem[0]->loc);
        note_index(o, v, left);
        t->sees_batch = true;
        out[m++] = ob_node(o, (struct ox){ .kind = OX_INDEX, .u = v, .loc = elem[0]->loc });
        elem++, n--;
    }
    i32 run = -1;
    for (u32 i = 0; i < n; i++)
        if (elem[i]->kind == A_DOTS) {
            if (run >= 0) {
                diag_add(o->ds, E0411, elem[i]->loc, "`..` can be one subscript only");
                return false;
            }
            run = (i32)i;
        }
    struct diag *d = NULL;
    if (run >= 0 && !o->has_run)
        d = diag_add(o->ds, E0411, elem[run]->loc, "no input of `%s` has a `..` that says which ranks these are", o->op->name);
    else if (n != x->ndim)
        d = diag_add(o->ds, E0406, loc, "`%s` takes %u subscript%s, here %s %u", t->name, x->ndim, x->ndim == 1 ? "" : "s", n == 1 ? "is" : "are", n);
    else if (run != x->run_at)
        d = diag_add(o->ds, E0411, loc, run < 0 ? "`%s` has a `..` among its axes, the subscripts have none" : x->run_at < 0
                     ? "`%s` has no `..` among its axes" : "`..` stands at another place among the axes of `%s`", t->name);
    if (d) {
        diag_label(o->ds, d, t->loc, "`%s` is defined here", t->name);
        return false;
    }
    for (u32 i = 0; i < n; i++, at++) {
        const struct ast *e = elem[i];
        u32 s;
        if (e->kind == A_DOTS) {
            u32 v = run_var(o, e->loc);
            note_index(o, v, left);
            s = ob_node(o, (struct ox){ .kind = OX_RUN, .u = v, .loc = e->loc });
        } else if (e->kind == A_FOLD) {
            s = fold_subscript(o, tensor, at, e, left);
        } else if (e->kind == A_NAMED) {
            diag_add(o->ds, E0413, e->loc, "subscripts go by position: no `name =`");
            s = 0;
        } else {
            s = ob_expr_side(o, e, OB_SUBSCRIPT, left);
            if (s && ob_is_bool(o, s)) {
                diag_add(o->ds, E0429, e->loc, "a condition is no subscript");
                s = 0;
            }
            if (s && !subscript_form(o, s, false))
                s = 0;
            /* The array may have moved while the subscript was built. */
            if (s && o->op->ox.at[s].kind == OX_INDEX)
                plain_subscript(o, tensor, at, o->op->ox.at[s].u, e->loc, left);
        }
        if (!s)
            return false;
        out[m++] = s;
    }
    *nsub = m;
    *list = ob_list(o, m, out);
    return true;
}

/* --- Calls -------------------------------------------------------------------------------- */

static u32 call_extent(struct ob *o, const struct ast *e, bool rank, enum ob_want want)
{
    const struct ast *arg = e->kid[1];
    if (arg->kind == A_DOTS) {
        if (!o->has_run) {
            diag_add(o->ds, E0411, arg->loc, "no input has a `..`");
            return 0;
        }
        return ob_node(o, (struct ox){ .kind = rank ? OX_RANK_RUN : OX_EXTENT_RUN, .loc = e->loc });
    }
    if (!rank && arg->kind == A_ID && strcmp(arg->text, "batch") == 0) {
        if (want == OB_SIZE || want == OB_STATIC || want == OB_SUBSCRIPT) {
            diag_add(o->ds, E0426, e->loc, "`extent(batch)` is known only when the network runs: it is no extent and no subscript");
            return 0;
        }
        return ob_node(o, (struct ox){ .kind = OX_BATCH, .loc = e->loc });
    }
    struct diag *d = diag_add(o->ds, E0423, arg->loc, "in an op `%s` is asked of `..`%s", rank ? "rank" : "extent", rank ? "" : " or of `batch`");
    diag_hint(o->ds, d, "name the axis in the signature and use its name");
    return 0;
}

static u32 call_pad(struct ob *o, const struct ast *e)
{
    bool was = o->in_pad;
    o->in_pad = true;
    u32 r = ob_expr(o, e->kid[1], OB_POINT), c = ob_expr(o, e->kid[2], OB_POINT);
    o->in_pad = was;
    if (!r || !c)
        return 0;
    if (o->op->ox.at[r].kind != OX_READ || o->op->ox.at[r].a) {
        struct diag *d = diag_add(o->ds, E0424, e->kid[1]->loc, "`pad` takes one read of a tensor and the value outside of it");
        diag_hint(o->ds, d, "`pad(x[i - 1], 0)`");
        return 0;
    }
    if (!ox_is_size(o->op, c)) {
        diag_add(o->ds, E0424, e->kid[2]->loc, "what `pad` reads outside must be a constant");
        return 0;
    }
    struct ox x = o->op->ox.at[r];
    x.a = c;
    x.loc = e->loc;
    return ob_node(o, x);
}

static u32 call_last(struct ob *o, const struct ast *e)
{
    const struct ast *arg = e->kid[1];
    for (u32 i = 0; arg->kind == A_ID && i < o->index.n; i++)
        if (o->index.at[i].iter && o->index.at[i].name == arg->text) {
            o->index.at[i].used = true;
            return ob_node(o, (struct ox){ .kind = OX_LAST, .u = i, .loc = e->loc });
        }
    struct diag *d = diag_add(o->ds, E0418, arg->loc, "`last` takes an index of an iterative rank");
    diag_hint(o->ds, d, "declare it: `rank t: iter N`");
    return 0;
}

static u32 call(struct ob *o, const struct ast *e, enum ob_want want)
{
    const struct ast *callee = e->kid[0];
    const struct function *f = NULL;
    u32 n = e->nkid - 1;
    for (u32 i = 0; i < COUNTOF(functions) && callee->kind == A_ID; i++)
        if (strcmp(callee->text, functions[i].name) == 0)
            f = &functions[i];
    if (!f) {
        const char *nm[COUNTOF(functions)];
        for (u32 i = 0; i < COUNTOF(functions); i++)
            nm[i] = functions[i].name;
        struct diag *d = diag_add(o->ds, E0423, callee->loc, "`%s` is no function of op bodies", callee->text ? callee->text : "this");
        const char *near = callee->text ? diag_nearest(callee->text, nm, COUNTOF(functions)) : NULL;
        if (near)
            diag_hint(o->ds, d, "did you mean `%s`?", near);
        else if (callee->text && ob_find_tensor(o, callee->text))
            diag_hint(o->ds, d, "subscripts stand in [ ]");
        return 0;
    }
    if (n < f->least || n > f->most) {
        diag_add(o->ds, E0423, e->loc, "`%s` takes %s%u argument%s, given %u", f->name, f->most > f->least ? "at least " : "", f->least, f->least == 1 ? "" : "s", n);
        return 0;
    }
    if (!f->size && (want == OB_SIZE || want == OB_STATIC)) {
        diag_add(o->ds, E0425, e->loc, "`%s` is computed when the network runs: it cannot stand in a size", f->name);
        return 0;
    }
    switch (f->kind) {
    case OX_EXTENT_RUN: return call_extent(o, e, false, want);
    case OX_RANK_RUN: return call_extent(o, e, true, want);
    case OX_READ: return call_pad(o, e);
    case OX_LAST: return call_last(o, e);
    default: break;
    }
    u32 arg[3] = { 0 }, v = 0;
    for (u32 i = 0; i < n; i++) {
        u32 a = ob_expr(o, e->kid[i + 1], f->kind == OX_SELECT && i == 0 && want == OB_POINT ? OB_COND : want);
        if (!a)
            return 0;
        bool cond = f->kind == OX_SELECT && i == 0;
        if (ob_is_bool(o, a) != cond && !(f->kind == OX_SELECT && i > 0)) {
            diag_add(o->ds, E0429, e->kid[i + 1]->loc, cond ? "`select` chooses by a condition, this is a number" : "`%s` takes numbers, this is a condition", f->name);
            return 0;
        }
        if (f->kind == OX_MIN || f->kind == OX_MAX)
            v = i ? ob_binary(o, f->kind, v, a, e->loc) : a;
        else
            arg[i] = a;
    }
    return v ? v : ob_node(o, (struct ox){ .kind = f->kind, .a = arg[0], .b = arg[1], .c = arg[2], .loc = e->loc });
}

/* --- Expressions --------------------------------------------------------------------------- */

static const u8 binop_ox[] = {
    [AB_OR] = OX_OR, [AB_AND] = OX_AND, [AB_LT] = OX_LT, [AB_LE] = OX_LE, [AB_GT] = OX_GT, [AB_GE] = OX_GE, [AB_EQ] = OX_EQ, [AB_NE] = OX_NE,
    [AB_ADD] = OX_ADD, [AB_SUB] = OX_SUB, [AB_CAT] = OX_NONE, [AB_MUL] = OX_MUL, [AB_DIV] = OX_DIV, [AB_MOD] = OX_MOD,
};

static u32 binary(struct ob *o, const struct ast *e, enum ob_want want, bool left)
{
    u8 k = binop_ox[e->op];
    if (k == OX_NONE) {
        diag_add(o->ds, E0423, e->loc, "`++` joins tuples: ops compute with numbers");
        return 0;
    }
    bool logic = k == OX_AND || k == OX_OR;
    u32 a = ob_expr_side(o, e->kid[0], want, left), b = ob_expr_side(o, e->kid[1], want, left);
    if (!a || !b)
        return 0;
    for (u32 i = 0; i < 2; i++) {
        u32 x = i ? b : a;
        if (ob_is_bool(o, x) != logic && !((k == OX_EQ || k == OX_NE) && ob_is_bool(o, a) == ob_is_bool(o, b))) {
            struct diag *d = diag_add(o->ds, E0429, e->kid[i]->loc, logic ? "`%s` joins conditions, this is a number" : "`%s` computes with numbers, this is a condition",
                                      ast_binop_text((enum ast_binop)e->op));
            if (!logic)
                diag_hint(o->ds, d, "`select(c, 1, 0)` makes a number of a condition");
            return 0;
        }
    }
    return ob_binary(o, (enum ox_kind)k, a, b, e->loc);
}

static u32 monoid_arg(struct ob *o, const struct ast *e, str base, str field)
{
    for (u32 i = 0; i < o->marg.n; i++)
        if (o->marg.at[i].base == base && o->marg.at[i].field == field)
            return o->marg.at[i].ox ? o->marg.at[i].ox : ob_node(o, (struct ox){ .kind = OX_ARG, .u = o->marg.at[i].arg, .loc = e->loc });
    struct diag *d = diag_add(o->ds, E0422, e->loc, field ? "`%s.%s` is no part here" : "`%s` is not defined in this monoid", base, field ? field : "");
    for (u32 i = 0; i < o->marg.n; i++)
        if (o->marg.at[i].base == base && o->marg.at[i].field) {
            diag_hint(o->ds, d, "`%s.%s` is one", base, o->marg.at[i].field);
            break;
        }
    return 0;
}

u32 ob_expr_side(struct ob *o, const struct ast *e, enum ob_want want, bool left)
{
    switch ((enum ast_kind)e->kind) {
    case A_INT: case A_REAL:
        return ob_const(o, e->num, e->loc);
    case A_ID:
        if (o->in_monoid)
            return strcmp(e->text, "inf") == 0 ? ob_const(o, num_real(__builtin_inf()), e->loc) : monoid_arg(o, e, e->text, NULL);
        return name(o, e, want, left);
    case A_NEG: {
        u32 a = ob_expr_side(o, e->kid[0], want, left);
        if (!a)
            return 0;
        if (ob_is_bool(o, a)) {
            diag_add(o->ds, E0429, e->kid[0]->loc, "a condition has no negative; `not` inverts it");
            return 0;
        }
        if (o->op->ox.at[a].kind == OX_CONST)
            return ob_const(o, num_neg(o->op->ox.at[a].num), e->loc);
        return ob_node(o, (struct ox){ .kind = OX_NEG, .a = a, .loc = e->loc });
    }
    case A_NOT: {
        u32 a = ob_expr_side(o, e->kid[0], want, left);
        if (a && !ob_is_bool(o, a)) {
            diag_add(o->ds, E0429, e->kid[0]->loc, "`not` inverts a condition, this is a number");
            return 0;
        }
        return a ? ob_node(o, (struct ox){ .kind = OX_NOT, .a = a, .loc = e->loc }) : 0;
    }
    case A_BINARY:
        return binary(o, e, want, left);
    case A_IF: {
        u32 c = ob_expr_side(o, e->kid[0], want, left), a = ob_expr_side(o, e->kid[1], want, left), b = ob_expr_side(o, e->kid[2], want, left);
        if (!a || !b || !c)
            return 0;
        if (!ob_is_bool(o, c)) {
            diag_add(o->ds, E0429, e->kid[0]->loc, "`if` chooses by a condition, this is a number");
            return 0;
        }
        return ob_node(o, (struct ox){ .kind = OX_SELECT, .a = c, .b = a, .c = b, .loc = e->loc });
    }
    case A_CALL:
        return call(o, e, want);
    case A_INDEX:
        if (o->in_monoid)
            break;
        return read_tensor(o, e, e->kid[0], e->kid + 1, e->nkid - 1, want);
    case A_FIELD:
        if (o->in_monoid && e->kid[0]->kind == A_ID)
            return monoid_arg(o, e, e->kid[0]->text, e->text);
        return read_tensor(o, e, e, NULL, 0, want);
    case A_DOTS:
        diag_add(o->ds, E0411, e->loc, "`..` is a subscript, not a value");
        return 0;
    case A_HOLE:
        diag_add(o->ds, E0423, e->loc, "`_` stands for any extent in the type of an input, not for %s", want_name[want]);
        return 0;
    default:
        break;
    }
    struct diag *d = diag_add(o->ds, E0423, e->loc, "this cannot stand in an op");
    diag_note(o->ds, d, "an op computes with sizes, indices, reads of tensors and functions of numbers");
    return 0;
}

u32 ob_expr(struct ob *o, const struct ast *e, enum ob_want want)
{
    return ob_expr_side(o, e, want, false);
}
