/* elab_expr.c - expressions and blocks of rules, nets and spaces, evaluated over a frame. */
#include "grammar/elab.h"

struct frame *elab_frame(struct elab *e, u32 nslot, struct frame *up)
{
    struct frame *f = arena_alloc(e->a, sizeof(*f) + nslot * sizeof(struct val));
    f->up = up;
    f->nslot = nslot;
    if (up) {
        f->draw = up->draw;
        f->rule = up->rule;
        f->round = up->round;
        f->nrun = up->nrun;
        f->run = up->run;
        f->has_run = up->has_run;
    }
    return f;
}

static struct val *slot_of(struct frame *f, const struct ast *n)
{
    for (u32 up = n->bind.up; up; up--)
        f = f->up;
    return &f->slot[n->bind.slot];
}

static struct stage *new_stage(struct elab *e, struct frame *f, enum stage_kind k, const struct ast *at)
{
    struct stage *st = NEW(e->a, struct stage);
    st->kind = (u8)k;
    st->at = at;
    st->frame = f;
    return st;
}

static struct val stage_val(const struct stage *st)
{
    return (struct val){.kind = V_STAGE, .stage = st};
}

static bool eval_local(struct elab *e, struct frame *f, const struct ast *n, struct val *out)
{
    struct val *v = slot_of(f, n);
    if (v->kind == V_NONE && e->space_frame && v >= e->space_frame->slot && v < e->space_frame->slot + e->space->nslot &&
        !elab_space_inputs(e, true))
        return false;
    if (v->kind == V_NONE)
        return elab_wrong(e, E0211, n->loc, "`%s` is read before it has a value", n->text);
    *out = *v;
    return true;
}

static bool eval_name(struct elab *e, struct frame *f, const struct ast *n, struct val *out)
{
    struct stage *st;
    switch (n->bind.kind) {
    case BIND_LOCAL:
        return eval_local(e, f, n, out);
    case BIND_CONST: {
        const struct gram_const *c = n->bind.ptr;
        *out = c->s ? val_str(c->s) : val_num(e, c->v);
        return true;
    }
    case BIND_OP:
        st = new_stage(e, f, ST_OP, n);
        st->ops = n->bind.ptr;
        break;
    case BIND_RULE:
        st = new_stage(e, f, ST_RULE, n);
        st->rules = n->bind.ptr;
        break;
    case BIND_BUILTIN:
        if (n->bind.slot == BI_DEPTH)
            return elab_builtin(e, f, BI_DEPTH, 0, NULL, n, out);
        st = new_stage(e, f, ST_BUILTIN, n);
        st->builtin = n->bind.slot;
        break;
    default:
        return elab_wrong(e, E0303, n->loc, "`%s` is not a value", n->text ? n->text : "this");
    }
    *out = stage_val(st);
    return true;
}

static bool eval_stage(struct elab *e, struct frame *f, const struct ast *n, const struct stage **out)
{
    struct val v;
    if (!elab_callee(e, f, n, &v))
        return false;
    if (v.kind != V_STAGE)
        return elab_wrong(e, E0301, n->loc, "%s is not a function: only ops, rules, nets and `y => ..` apply", val_kind_name(&v));
    *out = v.stage;
    return true;
}

static bool is_fresh(const struct ast *n);

/* f[64, K = 3] */
static bool eval_index(struct elab *e, struct frame *f, const struct ast *n, struct val *out)
{
    const struct stage *st;
    if (!eval_stage(e, f, n->kid[0], &st))
        return false;
    struct sattr *attr = NEW_ARRAY(e->a, struct sattr, n->nkid);
    for (u32 i = 1; i < n->nkid; i++) {
        const struct ast *k = n->kid[i];
        struct sattr *s = &attr[i - 1];
        s->loc = k->loc;
        if (k->kind == A_NAMED) {
            s->name = k->text;
            k = k->kid[0];
        }
        if (k->kind == A_DOTS || k->kind == A_FOLD)
            return elab_wrong(e, E0306, k->loc, "an attribute is an expression");
        if (!elab_eval(e, f, k, &s->v))
            return false;
        if (s->v.kind == V_TENSOR)
            return elab_wrong(e, E0306, k->loc, "an attribute is a number, a string or a function, not a tensor");
    }
    if (is_fresh(n->kid[0])) {
        struct stage *own = (struct stage *)st;
        own->nattr = n->nkid - 1;
        own->attr = attr;
        *out = stage_val(own);
    } else {
        *out = stage_val(stage_with_attrs(e, st, n->nkid - 1, attr));
    }
    return true;
}

static bool eval_args(struct elab *e, struct frame *f, const struct ast *call, u32 lead, u32 *n, struct val **out)
{
    struct val *arg = NEW_ARRAY(e->a, struct val, lead + call->nkid);
    u32 k = lead;
    for (u32 i = 1; i < call->nkid; i++) {
        if (call->kid[i]->kind == A_DOTS)
            return elab_wrong(e, E0302, call->kid[i]->loc, "`..` is an argument of `extent` only");
        if (!elab_eval(e, f, call->kid[i], &arg[k++]))
            return false;
    }
    *n = k;
    *out = arg;
    return true;
}

static bool eval_call(struct elab *e, struct frame *f, const struct ast *n, struct val *out)
{
    const struct ast *fn = n->kid[0];
    struct val *arg;
    u32 narg;
    if (fn->kind == A_ID && fn->bind.kind == BIND_BUILTIN) {
        if (n->nkid == 2 && n->kid[1]->kind == A_DOTS && fn->bind.slot == BI_EXTENT) {
            i64 p = 1;
            for (u32 i = 0; i < f->nrun; i++)
                if (__builtin_mul_overflow(p, axis_extent(e->types, f->run[i]), &p))
                    return FAIL(e, E0506, n->loc, "extent(..) overflows");
            *out = val_int(p);
            return true;
        }
        return eval_args(e, f, n, 0, &narg, &arg) && elab_builtin(e, f, fn->bind.slot, narg, arg, n, out);
    }
    /* Arguments before the function: that is the order of draws. */
    const struct stage *st;
    if (!eval_args(e, f, n, 0, &narg, &arg))
        return false;
    if (fn->kind == A_ID && fn->bind.kind == BIND_OP && fn->bind.slot) {        /* an op and a builtin: exp(x), exp(3) */
        bool tensors = false;
        for (u32 i = 0; i < narg; i++)
            tensors |= arg[i].kind == V_TENSOR;
        if (!tensors)
            return elab_builtin(e, f, fn->bind.slot - 1, narg, arg, n, out);
    }
    return eval_stage(e, f, fn, &st) && elab_apply(e, st, narg, arg, n, out);
}

/* v |> f, v |> f(a), f |> g */
static bool eval_pipe(struct elab *e, struct frame *f, const struct ast *n, struct val *out)
{
    const struct ast *r = n->kid[1];
    struct val l;
    if (!elab_eval(e, f, n->kid[0], &l))
        return false;
    bool call = r->kind == A_CALL && !(r->flags & AF_PAREN);
    u32 narg = 1;
    struct val *arg = &l;
    if (call) {
        if (!eval_args(e, f, r, 1, &narg, &arg))
            return false;
        arg[0] = l;
    }
    const struct stage *st;
    if (!eval_stage(e, f, call ? r->kid[0] : r, &st))
        return false;
    if (l.kind != V_STAGE)
        return elab_apply(e, st, narg, arg, r, out);
    if (call) {
        struct stage *p = new_stage(e, f, ST_PARTIAL, r);
        p->f = st;
        p->narg = narg - 1;
        p->arg = arg + 1;
        st = p;
    }
    struct stage *p = new_stage(e, f, ST_PIPE, n);
    p->f = l.stage;
    p->g = st;
    *out = stage_val(p);
    return true;
}

static bool eval_proj(struct elab *e, struct frame *f, const struct ast *n, struct val *out)
{
    struct val v;
    i64 i;
    if (!elab_eval(e, f, n->kid[0], &v) || !elab_int(e, f, n->kid[1], &i))
        return false;
    if (v.kind == V_TENSOR) {
        struct num k = num_int(i);
        return elab_apply_op_named(e, "pick", 1, &k, 1, &v, n, out);
    }
    if (v.kind != V_TUPLE)
        return elab_wrong(e, E0303, n->loc, "only tuples and bundles have parts, not %s", val_kind_name(&v));
    if (i < 0 || i >= (i64)v.tuple->n)
        return FAIL(e, E0501, n->loc, "there is no part %lld: the tuple has %u", (long long)i, v.tuple->n);
    *out = v.tuple->at[i];
    return true;
}

bool elab_bind_pat(struct elab *e, struct frame *f, const struct ast *pat, struct val v)
{
    if (!(pat->flags & AF_TUPLE)) {
        f->slot[pat->kid[0]->bind.slot] = v;
        return true;
    }
    if (v.kind != V_TUPLE || v.tuple->n != pat->nkid) {
        if (v.kind == V_TUPLE)
            return elab_wrong(e, E0308, pat->loc, "%u names for a tuple of %u", pat->nkid, v.tuple->n);
        return elab_wrong(e, E0308, pat->loc, "%u names need a tuple, not %s", pat->nkid, val_kind_name(&v));
    }
    for (u32 i = 0; i < pat->nkid; i++)
        f->slot[pat->kid[i]->bind.slot] = v.tuple->at[i];
    return true;
}

static bool eval_recipe(struct elab *e, struct frame *f, const struct ast *it)
{
    struct val v;
    bool was = e->in_recipe;
    if (e->tab)
        return tab_cannot(e);
    e->in_recipe = true;
    bool ok = elab_eval(e, f, it->kid[0], &v);
    e->in_recipe = was;
    if (!ok)
        return false;
    struct arecipe r = {.name = it->text};
    if (v.kind == V_STR) {
        r.is_str = true;
        r.s = v.s;
    } else if (v.kind == V_NUM) {
        r.v = val_get(v);
    } else {
        return elab_wrong(e, E0303, it->loc, "a recipe is a number or a string, not %s", val_kind_name(&v));
    }
    vec_push(e->a, &e->recipe, r);
    return true;
}

static bool eval_block(struct elab *e, struct frame *f, const struct ast *n, struct val *out)
{
    bool some = false;
    for (u32 i = 0; i < n->nkid; i++) {
        const struct ast *it = n->kid[i];
        switch (it->kind) {
        case A_LET: {
            struct val v;
            if (!elab_eval(e, f, it->kid[1], &v) || !elab_bind_pat(e, f, it->kid[0], v))
                return false;
            break;
        }
        case A_REQUIRE:
            for (u32 k = 0; k < it->nkid; k++) {
                bool c;
                if (!elab_cond(e, f, it->kid[k], &c))
                    return false;
                if (!c)
                    return FAIL(e, E0508, it->kid[k]->loc, "what is required here does not hold");
            }
            break;
        case A_LIMIT:       /* read before the evaluation */
            break;
        case A_RECIPE:
            if (!eval_recipe(e, f, it))
                return false;
            break;
        default:
            if (!elab_eval(e, f, it, out))
                return false;
            some = true;
        }
    }
    if (!some)
        return elab_wrong(e, E0313, n->loc, "this block has no value: its last item is an expression");
    return true;
}

/* A name of an op or a rule, or its label: evaluating it made a stage that nobody else has. */
static bool is_fresh(const struct ast *n)
{
    if (n->kind == A_LABEL)
        n = n->kid[0];
    return (n->kind == A_ID || n->kind == A_FIELD) && (n->bind.kind == BIND_OP || n->bind.kind == BIND_RULE);
}

static bool eval_label(struct elab *e, struct frame *f, const struct ast *n, struct val *out)
{
    const struct ast *head = n->kid[0];
    if (head->kind == A_CHOOSE)
        return elab_choose(e, f, head, n, out);
    if (!elab_callee(e, f, head, out))
        return false;
    if (out->kind == V_STAGE) {
        struct stage *st = is_fresh(head) ? (struct stage *)out->stage : arena_dup(e->a, out->stage, sizeof(*st));
        st->label = n->text;
        st->at = n;
        *out = stage_val(st);
    }
    return true;
}

bool elab_callee(struct elab *e, struct frame *f, const struct ast *n, struct val *out)
{
    if (++e->steps > e->most_steps) {
        e->halt = e->over_work = true;
        return FAIL(e, E0515, n->loc, "this derivation takes too much work");
    }
    struct stage *st;
    struct val l, r;
    bool c;
    switch (n->kind) {
    case A_ID:
        return eval_name(e, f, n, out);
    case A_FIELD:
        if (n->bind.kind == BIND_NONE)
            return elab_wrong(e, E0303, n->loc, "`.%s` of something that is not a module", n->text);
        return eval_name(e, f, n, out);
    case A_INT: case A_REAL:
        *out = val_num(e, n->num);
        return true;
    case A_STRING:
        *out = val_str(n->text);
        return true;
    case A_BINARY:
        if (n->op == AB_AND || n->op == AB_OR) {
            if (!elab_cond(e, f, n->kid[0], &c))
                return false;
            if (c != (n->op == AB_OR) && !elab_cond(e, f, n->kid[1], &c))
                return false;
            *out = val_int(c);
            return true;
        }
        return elab_eval(e, f, n->kid[0], &l) && elab_eval(e, f, n->kid[1], &r) && elab_binary(e, n, l, r, out);
    case A_NOT:
        if (!elab_cond(e, f, n->kid[0], &c))
            return false;
        *out = val_int(!c);
        return true;
    case A_NEG:
        if (!elab_eval(e, f, n->kid[0], &l))
            return false;
        if (l.kind == V_TENSOR) {
            struct num minus = num_int(-1);
            return elab_apply_op_named(e, "mul_const", 1, &minus, 1, &l, n, out);
        }
        if (l.kind != V_NUM)
            return elab_wrong(e, E0303, n->loc, "`-` needs a number or a tensor, not %s", val_kind_name(&l));
        *out = val_num(e, num_neg(val_get(l)));
        return true;
    case A_IF:
        return elab_cond(e, f, n->kid[0], &c) && elab_eval(e, f, n->kid[c ? 1 : 2], out);
    case A_LAMBDA:
        st = new_stage(e, f, ST_LAMBDA, n);
        st->code = n;
        *out = stage_val(st);
        return true;
    case A_PIPE:
        return eval_pipe(e, f, n, out);
    case A_INDEX:
        return eval_index(e, f, n, out);
    case A_CALL:
        return eval_call(e, f, n, out);
    case A_PROJ:
        return eval_proj(e, f, n, out);
    case A_TUPLE: {
        struct vtuple *t = arena_alloc(e->a, sizeof(*t) + n->nkid * sizeof(struct val));
        t->n = n->nkid;
        for (u32 i = 0; i < n->nkid; i++)
            if (!elab_eval(e, f, n->kid[i], &t->at[i]))
                return false;
        *out = (struct val){.kind = V_TUPLE, .tuple = t};
        return true;
    }
    case A_REPEAT:
        st = new_stage(e, f, ST_REPEAT, n);
        st->code = n;
        if (!elab_int(e, f, n->kid[0], &st->n))
            return false;
        if (st->n < 0)
            return FAIL(e, E0506, n->kid[0]->loc, "%lld rounds", (long long)st->n);
        *out = stage_val(st);
        return true;
    case A_EACH:
        st = new_stage(e, f, ST_EACH, n);
        if (n->nkid == 2 && n->kid[0]) {
            if (!elab_int(e, f, n->kid[0], &st->n))
                return false;
            if (st->n < 1)
                return FAIL(e, E0506, n->kid[0]->loc, "%lld instances", (long long)st->n);
        }
        if (!eval_stage(e, f, n->kid[n->nkid - 1], &st->f))
            return false;
        *out = stage_val(st);
        return true;
    case A_ONCE: case A_SHARE:
        st = new_stage(e, f, ST_ONCE, n);
        e->made++;
        st->once = NEW(e->a, struct once);
        st->once->share = n->kind == A_SHARE;
        st->once->head = n->kid[0];
        st->once->frame = f;
        st->once->level = e->nlevel;
        st->once->nesting = e->nesting;
        st->once->pmult = e->pmult;
        st->once->rel_pmult = e->rel_pmult;
        if (st->once->share && e->build)
            st->once->tie = ab_tie(e->build);
        *out = stage_val(st);
        return true;
    case A_LABEL:
        return eval_label(e, f, n, out);
    case A_CHOOSE:
        return elab_choose(e, f, n, n, out);
    case A_BLOCK:
        return eval_block(e, f, n, out);
    case A_HOLE:
        return elab_wrong(e, E0303, n->loc, "`_` is no value here");
    default:
        return elab_wrong(e, E0303, n->loc, "%s is no value", ast_kind_name(n->kind));
    }
}

bool elab_eval(struct elab *e, struct frame *f, const struct ast *n, struct val *out)
{
    if (!elab_callee(e, f, n, out))
        return false;
    if (out->kind == V_STAGE && out->stage->kind == ST_RULE && stage_is_nullary(out->stage))
        return elab_apply(e, out->stage, 0, NULL, n, out);
    return true;
}

bool elab_num(struct elab *e, struct frame *f, const struct ast *n, struct num *out)
{
    struct val v;
    if (n->kind == A_INT) {
        *out = n->num;
        return true;
    }
    if (!elab_eval(e, f, n, &v))
        return false;
    if (v.kind != V_NUM)
        return elab_wrong(e, E0303, n->loc, "a number is needed here, not %s", val_kind_name(&v));
    *out = val_get(v);
    return true;
}

bool elab_int(struct elab *e, struct frame *f, const struct ast *n, i64 *out)
{
    struct num v;
    if (!elab_num(e, f, n, &v))
        return false;
    if (!num_is_int(v, out)) {
        if (e->ds) {
            struct buf b = {0};
            num_print(&b, v);
            elab_fail(e, E0506, n->loc, "an integer is needed here, not %s", b.at);
            buf_free(&b);
        }
        return false;
    }
    return true;
}

bool elab_cond(struct elab *e, struct frame *f, const struct ast *n, bool *out)
{
    struct val v;
    if (!elab_eval(e, f, n, &v))
        return false;
    if (v.kind != V_NUM)
        return elab_wrong(e, E0303, n->loc, "a condition is needed here, not %s", val_kind_name(&v));
    *out = v.exact ? v.i != 0 : num_double(*v.num) != 0;
    return true;
}

/* ---- families and choose ---- */

bool elab_opts(struct elab *e, struct frame *f, const struct ast *opts, bool values, u32 *n, struct opt_val **out)
{
    VEC(struct opt_val) v = {0};
    for (u32 i = 0; i < opts->nkid; i++) {
        const struct ast *o = opts->kid[i];
        if (o->kind == A_RANGE) {
            i64 lo, hi;
            if (!elab_int(e, f, o->kid[0], &lo) || !elab_int(e, f, o->kid[1], &hi))
                return false;
            if (hi - lo >= 100000)
                return elab_wrong(e, E0306, o->loc, "a range of %lld numbers is too long for a family", (long long)(hi - lo + 1));
            for (; lo <= hi; lo++) {
                struct opt_val ov = {o, NULL, val_int(lo)};
                vec_push(e->a, &v, ov);
            }
            continue;
        }
        struct opt_val ov = {.opt = o, .weight = o->nkid == 2 ? o->kid[0] : NULL};
        const struct ast *x = o->kid[o->nkid - 1];
        if (values && !elab_eval(e, f, x, &ov.v))
            return false;
        vec_push(e->a, &v, ov);
    }
    *n = v.n;
    *out = v.at;
    return true;
}
