/* op_build.c - one A_OP to an op row: the driver, and the signature.
 *
 * In: the tree of an op as parsed (names not bound: an op sees only its own attributes, sizes,
 * tensors and indices).  Out: a row in g->ops, complete and freed from the tree, or NULL
 * after complaining.  Names inside an op go by position: attributes and sizes first, then
 * tensors, and in subscripts whatever is left is an index. */
#include "grammar/op_build.h"

bool ob_failed(const struct ob *o)
{
    return o->ds->nerrors > o->errors;
}

u32 ob_node(struct ob *o, struct ox x)
{
    vec_push(o->a, &o->op->ox, x);
    return o->op->ox.n - 1;
}

u32 ob_const(struct ob *o, struct num v, struct loc loc)
{
    return ob_node(o, (struct ox){ .kind = OX_CONST, .num = v, .loc = loc });
}

u32 ob_int(struct ob *o, i64 v, struct loc loc)
{
    return ob_const(o, num_int(v), loc);
}

u32 ob_binary(struct ob *o, enum ox_kind k, u32 a, u32 b, struct loc loc)
{
    return ob_node(o, (struct ox){ .kind = k, .a = a, .b = b, .loc = loc });
}

u32 ob_and(struct ob *o, u32 a, u32 b)
{
    if (!a || !b || op_ox_equal(o->op, a, b))
        return a ? a : b;
    return ob_binary(o, OX_AND, a, b, o->op->ox.at[a].loc);
}

u32 ob_list(struct ob *o, u32 n, const u32 *at)
{
    u32 first = o->op->list.n;
    for (u32 i = 0; i < n; i++)
        vec_push(o->a, &o->op->list, at[i]);
    return first;
}

const char *ob_text(struct ob *o, u32 ox)
{
    struct buf b = { 0 };
    o->op->slot_name = o->slot.at;
    buf_puts(&b, "");
    op_size_print(&b, o->op, ox);
    const char *s = arena_strdup(o->a, b.at);
    buf_free(&b);
    return s;
}

/* --- Names -------------------------------------------------------------------------------- */

i32 ob_find_slot(const struct ob *o, str name)
{
    for (u32 i = 0; i < o->slot.n; i++)
        if (o->slot.at[i] == name && strcmp(name, "_") != 0)
            return (i32)i;
    return -1;
}

u32 ob_find_tensor(const struct ob *o, str name)
{
    for (u32 i = 0; i < o->op->tensor.n; i++)
        if (o->op->tensor.at[i].name == name)
            return i + 1;
    return 0;
}

static bool reserved(str name)
{
    return strcmp(name, "batch") == 0 || strcmp(name, "inf") == 0 || strcmp(name, "training") == 0;
}

/* Attributes, sizes, lets and tensors share one space of names. */
bool ob_name_free(struct ob *o, str name, struct loc loc, const char *what)
{
    struct loc old = { 0 };
    const char *is = NULL;
    i32 s = ob_find_slot(o, name);
    u32 t = ob_find_tensor(o, name);
    if (reserved(name)) {
        diag_add(o->ds, E0345, loc, "`%s` has a meaning of its own in ops and cannot name %s", name, what);
        return false;
    }
    if (s >= 0) {
        old = o->slot_loc.at[s];
        is = (u32)s < o->op->nattr ? "an attribute" : "a size";
    } else if (t) {
        old = o->op->tensor.at[t - 1].loc;
        is = "a tensor";
    }
    for (u32 i = 0; i < o->let.n && !is; i++)
        if (o->let.at[i].name == name) {
            old = o->let.at[i].ast->loc;
            is = "a size";
        }
    if (!is)
        return true;
    struct diag *d = diag_add(o->ds, E0345, loc, "`%s` cannot name %s: it already names %s of this op", name, what, is);
    diag_label(o->ds, d, old, "here");
    return false;
}

u32 ob_new_slot(struct ob *o, str name, struct loc loc, u32 def)
{
    vec_push(o->a, &o->slot, name);
    vec_push(o->a, &o->slot_loc, loc);
    vec_push(o->a, &o->slot_def, def);
    vec_push(o->a, &o->slot_used, false);
    return o->slot.n - 1;
}

u32 ob_new_tensor(struct ob *o, struct otensor t, bool known)
{
    struct ob_tensor x = { .ndim = t.type.n, .run_at = -1, .known = known };
    for (u32 i = 0; i < t.type.n; i++)
        if (t.type.axis[i].kind == OAXIS_RUN)
            x.run_at = (i32)i;
    vec_push(o->a, &o->op->tensor, t);
    vec_push(o->a, &o->tensor, x);
    return o->op->tensor.n - 1;
}

/* --- Types -------------------------------------------------------------------------------- */

static bool dtype_of(struct ob *o, const struct ast *t, bool binds, i32 *out)
{
    enum dtype d;
    *out = -1;                          /* nothing written: the op's generic float */
    if (!t->text)
        return true;
    if (dtype_parse(t->text, &d)) {
        *out = (i32)d;
        return true;
    }
    for (u32 i = 0; i < o->dtvar.n; i++)
        if (o->dtvar.at[i] == t->text) {
            *out = -1 - (i32)i;
            return true;
        }
    if (binds) {
        vec_push(o->a, &o->dtvar, t->text);
        *out = -(i32)o->dtvar.n;
        return true;
    }
    const char *name[DTYPES];
    for (u32 i = 0; i < DTYPES; i++)
        name[i] = dtype_name((enum dtype)i);
    struct diag *e = diag_add(o->ds, E0348, t->loc, "`%s` is neither a dtype nor one that an input names", t->text);
    const char *near = diag_nearest(t->text, name, DTYPES);
    if (near)
        diag_hint(o->ds, e, "did you mean `%s`?", near);
    return false;
}

static bool type_elem(struct ob *o, const struct ast *e, bool binds, bool factor, struct oaxis *out)
{
    *out = (struct oaxis){ .kind = OAXIS_EXPR, .loc = e->loc };
    if (binds && (e->kind == A_ID || e->kind == A_HOLE)) {
        i32 s = e->kind == A_ID ? ob_find_slot(o, e->text) : -1;
        if (s < 0) {
            if (e->kind == A_ID && reserved(e->text)) {
                diag_add(o->ds, E0345, e->loc, "`%s` has a meaning of its own in ops and cannot name a size", e->text);
                return false;
            }
            out->kind = OAXIS_BIND;
            out->slot = ob_new_slot(o, e->kind == A_ID ? e->text : str_c(o->g->sp, "_"), e->loc, 0);
            return true;
        }
    }
    if (e->kind == A_HOLE) {
        diag_add(o->ds, E0343, e->loc, "`_` stands for any extent of an input: here a size is needed");
        return false;
    }
    if (binds && !factor && e->kind != A_ID && e->kind != A_INT)
        return true;                    /* may read sizes that later axes bind: see pattern_exprs */
    out->ox = ob_expr(o, e, OB_SIZE);
    return out->ox != 0;
}

bool ob_type(struct ob *o, const struct ast *t, bool binds, struct otype *out)
{
    *out = (struct otype){ .loc = t ? t->loc : o->ast->loc };
    if (!t || t->kind != A_TYPE || (t->flags & AF_BARE)) {
        o->has_run |= binds;            /* nobody knows: no second complaint */
        struct diag *d = diag_add(o->ds, E0340, out->loc, "a tensor type is needed here, with its axes in [ ]");
        diag_hint(o->ds, d, "`[..]` is a tensor of any rank, `[]` a single number");
        return false;
    }
    bool ok = dtype_of(o, t, binds, &out->dtype), run = false;
    out->n = t->nkid;
    out->axis = NEW_ARRAY(o->a, struct oaxis, t->nkid + 1);
    for (u32 i = 0; i < t->nkid; i++) {
        const struct ast *e = t->kid[i];
        struct oaxis *x = &out->axis[i];
        if (e->kind == A_DOTS) {
            *x = (struct oaxis){ .kind = OAXIS_RUN, .loc = e->loc };
            if (run)
                diag_add(o->ds, E0411, e->loc, "`..` can stand at one place of a type only");
            else if (!binds && !o->has_run)
                diag_add(o->ds, E0411, e->loc, "no input has a `..` that says which ranks these are");
            ok &= !run && (binds || o->has_run);
            if (run)                    /* taken for a plain axis, to go on */
                *x = (struct oaxis){ .kind = OAXIS_EXPR, .ox = ob_int(o, 1, e->loc), .loc = e->loc };
            run = true;
        } else if (e->kind == A_FOLD) {
            *x = (struct oaxis){ .kind = OAXIS_FOLD, .loc = e->loc, .nfactor = e->nkid };
            x->factor = NEW_ARRAY(o->a, struct oaxis, e->nkid);
            for (u32 k = 0; k < e->nkid; k++)
                ok &= type_elem(o, e->kid[k], binds, true, &x->factor[k]);
        } else if (e->kind == A_NAMED) {
            diag_add(o->ds, E0340, e->loc, "`name = value` is no axis");
            ok = false;
        } else {
            ok &= type_elem(o, e, binds, false, x);
        }
    }
    o->has_run |= binds && run;
    return ok;
}

/* Axes of inputs that are expressions, once every size has a name. */
static void pattern_exprs(struct ob *o, const struct ast *t, struct otype *type)
{
    o->in_pattern = true;
    for (u32 i = 0; i < type->n; i++)
        if (type->axis[i].kind == OAXIS_EXPR && !type->axis[i].ox)
            type->axis[i].ox = ob_expr(o, t->kid[i], OB_SIZE);
    o->in_pattern = false;
}

u32 ob_axis_size(struct ob *o, const struct oaxis *x)
{
    switch ((enum oaxis_kind)x->kind) {
    case OAXIS_BIND:
        return ob_node(o, (struct ox){ .kind = OX_SLOT, .u = x->slot, .loc = x->loc });
    case OAXIS_EXPR:
        return x->ox;
    case OAXIS_FOLD: {
        u32 p = ob_axis_size(o, &x->factor[0]);
        for (u32 i = 1; i < x->nfactor; i++)
            p = ob_binary(o, OX_MUL, p, ob_axis_size(o, &x->factor[i]), x->loc);
        return p;
    }
    default:
        BUG("an axis without a size");
    }
}

/* --- Signature ---------------------------------------------------------------------------- */

static void mark_names(struct ob *o, const struct ast *e)
{
    if (!e)
        return;
    if (e->kind == A_ID) {
        i32 s = ob_find_slot(o, e->text);
        if (s >= 0)
            o->slot_used.at[s] = true;
    }
    for (u32 i = 0; i < e->nkid; i++)
        mark_names(o, e->kid[i]);
}

static void attributes(struct ob *o, const struct ast *attrs)
{
    for (u32 i = 0; i < attrs->nkid; i++) {
        const struct ast *x = attrs->kid[i];
        ob_name_free(o, x->text, x->loc, "an attribute");
        ob_new_slot(o, x->text, x->loc, 0);
        o->op->nattr = o->slot.n;
    }
    for (u32 i = 0; i < attrs->nkid; i++)       /* a default may read other attributes */
        if (attrs->kid[i]->nkid)
            mark_names(o, attrs->kid[i]->kid[0]);
}

static void add_tensor(struct ob *o, const struct ast *param, enum otensor_role role, bool binds)
{
    struct otensor t = { .name = param->text, .role = role, .loc = param->loc };
    t.loc.len = (u32)strlen(param->text);
    ob_name_free(o, t.name, t.loc, role == OT_IN ? "an input" : "an output");
    if (!param->nkid || !param->kid[0]) {
        o->has_run |= binds;
        struct diag *d = diag_add(o->ds, E0340, param->loc, "`%s` needs a type: an op is defined for tensors of a stated form", t.name);
        diag_hint(o->ds, d, "`%s: [..]` takes a tensor of any rank", t.name);
        t.type.loc = param->loc;
    } else {
        ob_type(o, param->kid[0], binds, &t.type);
    }
    ob_new_tensor(o, t, true);
}

static void output(struct ob *o, const struct ast *t)
{
    if (t->kind == A_TUPLETYPE) {
        for (u32 i = 0; i < t->nkid; i++)
            output(o, t->kid[i]);
        return;
    }
    if (t->kind != A_PARAM) {
        struct diag *d = diag_add(o->ds, E0341, t->loc, "an output of an op needs a name");
        diag_hint(o->ds, d, "write `-> y: ...`, and define `y` in the body");
        return;
    }
    add_tensor(o, t, OT_OUT, false);
}

static void where_rows(struct ob *o, const struct ast *where)
{
    for (u32 i = 0; i < where->nkid; i++) {
        const struct ast *w = where->kid[i];
        u32 slot = 0, ox;
        bool def = w->kind == A_WDEF;
        ox = ob_expr(o, def ? w->kid[0] : w, OB_SIZE);
        if (def) {
            struct loc at = w->loc;
            at.len = (u32)strlen(w->text);
            ob_name_free(o, w->text, at, "a size");
            slot = ob_new_slot(o, w->text, at, ox);
            if (ox && ob_is_bool(o, ox))
                diag_add(o->ds, E0429, w->kid[0]->loc, "size `%s` would be a condition, not a number", w->text);
        } else if (ox && !ob_is_bool(o, ox)) {
            struct diag *d = diag_add(o->ds, E0415, w->loc, "a number is no condition");
            diag_hint(o->ds, d, "conditions compare: `OH >= 1`; a definition reads `OH = ...`");
        }
        vec_push(o->a, &o->where, ((struct owhere){ slot, ox, def, w->loc }));
    }
}

static void signature(struct ob *o)
{
    const struct ast *op = o->ast, *params = op->kid[OP_PARAMS];
    attributes(o, op->kid[OP_ATTRS]);
    for (u32 i = 0; i < params->nkid; i++)
        add_tensor(o, params->kid[i], OT_IN, true);
    o->op->nin = o->op->tensor.n;
    if (op->kid[OP_WHERE])
        where_rows(o, op->kid[OP_WHERE]);
    for (u32 i = 0; i < params->nkid; i++)
        if (params->kid[i]->nkid && params->kid[i]->kid[0] && params->kid[i]->kid[0]->kind == A_TYPE)
            pattern_exprs(o, params->kid[i]->kid[0], &o->op->tensor.at[i].type);
    if (op->kid[OP_TYPE])
        output(o, op->kid[OP_TYPE]);
    o->op->nout = o->op->tensor.n - o->op->nin;
}

static void unused(struct ob *o)
{
    for (u32 i = 0; i < o->op->nattr; i++)
        if (!o->slot_used.at[i]) {
            struct diag *d = diag_add(o->ds, W0401, o->slot_loc.at[i], "attribute `%s` is not used", o->slot.at[i]);
            diag_note(o->ds, d, "in op `%s`", o->op->name);
        }
    for (u32 i = 0; i < o->op->tensor.n; i++) {
        const struct otensor *t = &o->op->tensor.at[i];
        if (o->tensor.at[i].read || t->role == OT_IN || t->role == OT_OUT || t->monoid_part)
            continue;
        static const char *const role[] = { [OT_PARAM] = "parameter", [OT_STATE] = "state", [OT_CONST] = "table", [OT_TEMP] = "intermediate" };
        diag_add(o->ds, W0402, t->loc, "%s `%s` is never read", role[t->role], t->name);
    }
    for (u32 i = 0; i < o->index.n; i++)
        if (o->index.at[i].rank && !o->index.at[i].used)
            diag_add(o->ds, W0403, o->index.at[i].loc, "rank `%s` is declared and not used", o->index.at[i].name);
    for (u32 i = 0; i < o->let.n; i++)
        if (!o->let.at[i].used && !(o->let.at[i].slotted && o->slot_used.at[o->let.at[i].slot]))
            diag_add(o->ds, W0401, o->let.at[i].ast->loc, "size `%s` is not used", o->let.at[i].name);
}

struct op *op_build(struct gram *g, const struct ast *ast, op_monoid_fn monoid, void *ctx)
{
    CHECK(ast->kind == A_OP);
    struct ob o = { .g = g, .a = g->a, .ds = g->ds, .ast = ast, .monoid = monoid, .monoid_ctx = ctx, .errors = g->ds->nerrors };
    struct op *op = o.op = NEW(o.a, struct op);
    op->name = ast->text;
    op->loc = ast->loc;
    vec_push(o.a, &op->ox, (struct ox){ 0 });
    vec_push(o.a, &op->list, 0);
    vec_push(o.a, &o.range, (struct ob_range){ 0 });
    signature(&o);
    ob_body(&o, ast->kid[OP_BODY]);
    op->slot_name = o.slot.at;
    op->nslot = o.slot.n;
    op->ndtvar = MAX(o.dtvar.n, 1u);
    op->where = o.where.at;
    op->nwhere = o.where.n;
    if (!ob_failed(&o))
        ob_ranges(&o);
    if (!ob_failed(&o))
        ob_order(&o);
    if (!ob_failed(&o))
        ob_absence(&o);
    if (!ob_failed(&o)) {
        ob_batch(&o);
        ob_dtypes(&o);
    }
    if (ob_failed(&o))
        return NULL;
    unused(&o);
    op_facts(o.a, op);
    op->id = g->ops.at.n;
    if (!g->ops.a)
        g->ops.a = g->a;
    vec_push(g->ops.a, &g->ops.at, op);
    return op;
}
