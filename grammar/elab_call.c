/* elab_call.c - applying a stage: ops with their overloads and attributes, lambdas, pipes. */
#include "grammar/elab.h"

/* ELAB_MOST_NEST, applications within applications: the C stack is finite, and the bound the same everywhere. */

const struct stage *stage_with_attrs(struct elab *e, const struct stage *st, u32 n, const struct sattr *attr)
{
    if (!n)
        return st;
    struct stage *s = arena_dup(e->a, st, sizeof(*s));
    struct sattr *all = NEW_ARRAY(e->a, struct sattr, st->nattr + n);
    if (st->nattr)
        memcpy(all, st->attr, st->nattr * sizeof(*all));
    memcpy(all + st->nattr, attr, n * sizeof(*all));
    s->nattr = st->nattr + n;
    s->attr = all;
    return s;
}

bool elab_spread(struct elab *e, u32 nparam, u32 narg, const struct val *arg, u32 *n, const struct val **out)
{
    *n = narg;
    *out = arg;
    if (narg == nparam)
        return true;
    if (narg > nparam)
        return false;
    struct val *v = NEW_ARRAY(e->a, struct val, nparam + 1);
    u32 k = 0, left = narg;             /* left: arguments not yet placed */
    for (u32 i = 0; i < narg; i++, left--) {
        /* A tuple is spread when what follows still fits. */
        if (arg[i].kind == V_TUPLE && k + arg[i].tuple->n + (left - 1) <= nparam && k + left < nparam) {
            memcpy(v + k, arg[i].tuple->at, arg[i].tuple->n * sizeof(*v));
            k += arg[i].tuple->n;
        } else {
            v[k++] = arg[i];
        }
    }
    *n = k;
    *out = v;
    return k == nparam;
}

/* ---- counting ---- */

static struct elab_cache *cache_of(struct gram *g)
{
    if (!g->cache)
        g->cache = NEW(g->tables, struct elab_cache);
    return g->cache;
}

struct elab_cache *elab_cache(struct elab *e)
{
    return cache_of(e->g);
}

struct count elab_op_count(struct gram *g, const struct op_bind *b)
{
    struct elab_cache *c = cache_of(g);
    while (c->known.n <= b->serial) {
        struct count zero = {0};
        vec_push(g->tables, &c->known, false);
        vec_push(g->tables, &c->op_count, zero);
    }
    if (!c->known.at[b->serial]) {
        c->op_count.at[b->serial] = count_op(b, g->types);
        c->known.at[b->serial] = true;
    }
    return c->op_count.at[b->serial];
}

static void add_count(struct count *to, const struct count *c, u128 mult, u128 pmult)
{
    if (mult == 1 && pmult == 1) {
        to->params = count_add(to->params, c->params);
        to->macs = count_add(to->macs, c->macs);
        to->nodes = count_add(to->nodes, c->nodes);
        to->bytes = MAX(to->bytes, c->bytes);
        return;
    }
    u128 bytes = count_mul(c->bytes, mult);
    to->params = count_add(to->params, count_mul(c->params, pmult));
    to->macs = count_add(to->macs, count_mul(c->macs, mult));
    to->nodes = count_add(to->nodes, count_mul(c->nodes, mult));
    to->bytes = MAX(to->bytes, bytes);
}

static bool over(struct elab *e, struct loc loc, const char *name, u128 v, u128 limit)
{
    if (!limit || v <= limit)
        return false;
    e->bounded = true;
    if (e->ds) {
        struct buf a = {0}, b = {0};
        count_print(&a, v);
        count_print(&b, limit);
        elab_fail(e, E0509, loc, "more %s than the limit: %s, allowed are %s", name, a.at, b.at);
        buf_free(&a);
        buf_free(&b);
    }
    return true;
}

bool elab_add(struct elab *e, const struct count *c, u64 nodes, bool params, struct loc loc)
{
    add_count(&e->total, c, e->mult, params ? e->pmult : 0);
    add_count(&e->rel, c, e->rel_mult, params ? e->rel_pmult : 0);
    e->nodes += nodes;
    const struct limits *l = &e->limits;
    return !over(e, loc, "params", e->total.params, l->params) && !over(e, loc, "macs", e->total.macs, l->macs) &&
           !over(e, loc, "nodes", e->total.nodes, l->nodes) && !over(e, loc, "bytes of memory", e->total.bytes, l->memory);
}

static void hash_params(struct elab *e, const struct op_bind *b)
{
    i64 ext[32];
    for (u32 i = 0; i < b->op->tensor.n; i++) {
        if (b->op->tensor.at[i].role != OT_PARAM || !op_static(b, e->types, b->op->tensor.at[i].guard, false))
            continue;
        u32 rank = op_extents(b, e->types, i, ext);
        e->params_hash = hash64_seed(ext, rank * sizeof(*ext), e->params_hash + rank + 1);
    }
}

/* ---- ops ---- */

static bool op_result(struct elab *e, const struct stage *st, const struct op_bind *b, u32 narg, const struct val *arg, struct val *out)
{
    u32 n = b->op->nout;
    aval out0 = 0;
    if (e->rec) {
        if (!elab_record_op(e, b, st && st->label ? st->label : b->op->name, narg, arg, &out0))
            return false;
    } else if (e->build) {
        aval *in = NEW_ARRAY(e->a, aval, narg + 1);
        for (u32 i = 0; i < narg; i++)
            in[i] = elab_use(e, arg[i]);
        struct anode nd = {.kind = ANODE_OP, .op = b, .n = 1, .nin = narg, .in = in, .nout = n, .out = b->out,
                           .label = elab_prefixed(e, st && st->label ? st->label : b->op->name)};
        out0 = ab_node(e->build, nd);
    }
    *out = (struct val){.kind = V_TENSOR, .type = b->out[0], .ref = out0, .level = e->nlevel};
    if (n == 1)
        return true;
    struct val *v = NEW_ARRAY(e->a, struct val, n);
    for (u32 i = 0; i < n; i++)
        v[i] = (struct val){.kind = V_TENSOR, .type = b->out[i], .ref = out0 + i, .level = e->nlevel};
    *out = val_tuple(e, n, v);
    return true;
}

static bool emit_op(struct elab *e, const struct stage *st, const struct op_bind *b, u32 narg, const struct val *arg, const struct ast *at,
                    struct val *out)
{
    struct count c = elab_op_count(e->g, b);
    if (e->in_share)
        hash_params(e, b);
    if (!elab_add(e, &c, 1, true, at->loc))
        return false;
    return op_result(e, st, b, narg, arg, out);
}

/* Attributes given and defaults, as numbers. False: this overload cannot take them. */
static bool op_attrs(struct elab *e, const struct stage *st, const struct gram_ops *set, u32 k, u32 narg, const struct val *arg, struct num *num)
{
    const struct ast *ast = set->ast.at[k], *attrs = ast->kid[OP_ATTRS];
    u32 n = attrs ? attrs->nkid : 0, pos = 0;
    struct frame *f = NULL;
    bool some[32] = {false}, *given = n > COUNTOF(some) ? NEW_ARRAY(e->a, bool, n) : some, all = st->nattr == n;
    if (!all)
        f = elab_frame(e, set->nslot.at[k], NULL);
    for (u32 i = 0; i < st->nattr; i++) {
        const struct sattr *s = &st->attr[i];
        u32 j = n;
        if (s->name) {
            for (j = 0; j < n && attrs->kid[j]->text != s->name; j++)
                ;
            if (j == n)
                return elab_wrong(e, E0306, s->loc, "`%s` has no attribute `%s`", set->d.name, s->name);
        } else {
            j = pos++;
            if (j >= n)
                return elab_wrong(e, E0306, s->loc, "`%s` takes %u attribute%s, this is number %u", set->d.name, n, n == 1 ? "" : "s", j + 1);
        }
        if (given[j])
            return elab_wrong(e, E0306, s->loc, "attribute `%s` of `%s` is given twice", attrs->kid[j]->text, set->d.name);
        if (s->v.kind != V_NUM)
            return elab_wrong(e, E0306, s->loc, "attribute `%s` of `%s` is a number, not %s", attrs->kid[j]->text, set->d.name, val_kind_name(&s->v));
        given[j] = true;
        if (f)
            f->slot[j] = s->v;
        num[j] = val_get(s->v);
    }
    if (all)
        return true;
    bool matched = false;
    for (u32 j = 0; j < n; j++) {
        const struct ast *a = attrs->kid[j];
        if (given[j])
            continue;
        if (!a->nkid || !a->kid[0])
            return elab_wrong(e, E0307, st->at->loc, "`%s` needs its attribute `%s`", set->d.name, a->text);
        if (a->bind.up && !matched) {       /* reads sizes of the arguments */
            const struct ast *params = ast->kid[OP_PARAMS];
            for (u32 i = 0; i < params->nkid && i < narg; i++)
                if (params->kid[i]->nkid && params->kid[i]->kid[0] && !elab_match(e, f, params->kid[i]->kid[0], arg[i], false))
                    return false;
            matched = true;
        }
        if (!elab_num(e, f, a->kid[0], &num[j]))
            return false;
        f->slot[j] = val_num(e, num[j]);
    }
    return true;
}

static void explain_op(struct elab *e, const struct gram_ops *set, const struct op *op, const struct op_why *why, u32 narg, const type_id *in, struct loc loc)
{
    struct buf b = {0};
    for (u32 i = 0; i < narg; i++) {
        if (i)
            buf_puts(&b, ", ");
        type_print(&b, e->types, in[i], false);
    }
    u32 before = e->ds->all.n;
    elab_fail(e, E0502, loc, "`%s` does not apply to %s", set->d.name, b.at ? b.at : "()");
    buf_clear(&b);
    op_why_print(&b, e->g->memo, op, why);
    if (e->ds->all.n > before && b.n) {
        struct diag *d = e->ds->all.at[e->ds->all.n - 1];
        diag_note(e->ds, d, "%s", b.at);
        op_why_label(e->ds, d, why);
        if (set->overload.n > 1)
            diag_note(e->ds, d, "none of its %u overloads does; the note is about the last", set->overload.n);
    }
    buf_free(&b);
}

static bool apply_op(struct elab *e, const struct stage *st, u32 narg, const struct val *arg, const struct ast *at, struct val *out)
{
    const struct gram_ops *set = st->ops;
    struct op_why why = {0};
    for (u32 k = 0; k < set->overload.n; k++) {
        const struct op *op = set->overload.at[k];
        const struct val *in;
        u32 nin;
        bool last = k + 1 == set->overload.n;
        if (!elab_spread(e, op->nin, narg, arg, &nin, &in)) {
            if (!last)
                continue;
            return elab_wrong(e, E0302, at->loc, "`%s` takes %u argument%s, not %u", set->d.name, op->nin, op->nin == 1 ? "" : "s", narg);
        }
        type_id t[16], *type = nin > 16 ? NEW_ARRAY(e->a, type_id, nin) : t;
        for (u32 i = 0; i < nin; i++) {
            if (in[i].kind != V_TENSOR)
                return elab_wrong(e, E0303, at->loc, "`%s` takes tensors, argument %u is %s", set->d.name, i + 1, val_kind_name(&in[i]));
            type[i] = in[i].type;
        }
        struct num n[16], *num = op->nattr > 16 ? NEW_ARRAY(e->a, struct num, op->nattr) : n;
        if (!op_attrs(e, st, set, k, nin, in, num))
            return false;
        const struct op_bind *b = op_infer(e->g->memo, op, num, nin, type, e->ds ? &why : NULL);
        if (b)
            return emit_op(e, st, b, nin, in, at, out);
        if (last && e->ds)
            explain_op(e, set, op, &why, nin, type, at->loc);
    }
    return false;
}

static struct gram_ops *named_ops(struct elab *e, const char *name)
{
    const struct gram_module *m = e->g->prelude;
    struct elab_cache *c = elab_cache(e);
    u32 k = 0;
    for (; k < COUNTOF(c->named) && c->named[k].name; k++)
        if (c->named[k].name == name)
            return c->named[k].ops;
    for (u32 i = 0; m && i < m->decl.n; i++)
        if (m->decl.at[i]->kind == GD_OPS && strcmp(m->decl.at[i]->name, name) == 0) {
            struct gram_ops *ops = (struct gram_ops *)m->decl.at[i];
            if (k < COUNTOF(c->named)) {
                c->named[k].name = name;
                c->named[k].ops = ops;
            }
            return ops;
        }
    return NULL;
}

bool elab_apply_op_named(struct elab *e, const char *name, u32 nattr, const struct num *attr, u32 narg, const struct val *arg, const struct ast *at,
                         struct val *out)
{
    struct gram_ops *ops = named_ops(e, name);
    struct sattr s[2];
    if (!ops)
        return elab_wrong(e, E0303, at->loc, "the prelude has no op `%s`", name);
    struct stage st = {.kind = ST_OP, .at = at, .ops = ops, .nattr = nattr, .attr = s};
    for (u32 k = 0; k < nattr; k++)
        s[k] = (struct sattr){NULL, val_num(e, attr[k]), at->loc};
    return apply_op(e, &st, narg, arg, at, out);
}

/* ---- the other stages ---- */

static bool apply_lambda(struct elab *e, const struct stage *st, u32 narg, const struct val *arg, const struct ast *at, struct val *out)
{
    const struct ast *l = st->code, *pat = l->kid[0];
    struct frame *f = elab_frame(e, l->bind.slot, st->frame);
    struct val v;
    if (st->nattr)
        return elab_wrong(e, E0306, st->attr[0].loc, "a `=>` function has no attributes");
    if (narg == 1)
        v = arg[0];
    else
        v = val_tuple(e, narg, arg);
    if (!(pat->flags & AF_TUPLE) && narg == 0)
        return elab_wrong(e, E0302, at->loc, "this function takes an argument");
    return elab_bind_pat(e, f, pat, v) && elab_eval(e, f, l->kid[1], out);
}

static bool apply_stage(struct elab *e, const struct stage *st, u32 narg, const struct val *arg, const struct ast *at, struct val *out)
{
    struct val v;
    switch (st->kind) {
    case ST_OP:
        return apply_op(e, st, narg, arg, at, out);
    case ST_RULE:
        return elab_apply_rule(e, st, narg, arg, at, out);
    case ST_LAMBDA:
        return apply_lambda(e, st, narg, arg, at, out);
    case ST_ONCE:
        return elab_apply_once(e, st, narg, arg, at, out);
    case ST_EACH:
        return elab_apply_each(e, st, narg, arg, at, out);
    case ST_REPEAT:
        return elab_apply_repeat(e, st, narg, arg, at, out);
    case ST_PIPE:
        return elab_apply(e, st->f, narg, arg, at, &v) && elab_apply(e, st->g, 1, &v, at, out);
    case ST_PARTIAL: {
        struct val *all = NEW_ARRAY(e->a, struct val, narg + st->narg);
        memcpy(all, arg, narg * sizeof(*all));
        memcpy(all + narg, st->arg, st->narg * sizeof(*all));
        return elab_apply(e, st->f, narg + st->narg, all, at, out);
    }
    case ST_BUILTIN:
        return elab_builtin(e, st->frame, st->builtin, narg, arg, at, out);
    }
    BUG("stage %u", st->kind);
}

bool elab_apply(struct elab *e, const struct stage *st, u32 narg, const struct val *arg, const struct ast *at, struct val *out)
{
    e->nest_most = MAX(e->nest_most, e->nest);
    if (e->nest >= ELAB_MOST_NEST) {
        e->bounded = e->deep = true;
        return FAIL(e, E0512, at->loc, "applications are nested %u deep here", e->nest);
    }
    e->nest++;
    bool ok = apply_stage(e, st, narg, arg, at, out);
    e->nest--;
    return ok;
}
