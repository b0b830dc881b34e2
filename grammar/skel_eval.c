/* skel_eval.c - expressions and blocks over values without types, as elab_expr.c evaluates them with. */
#include "grammar/skel_build.h"

struct sv_frame *skel_frame(struct sbuild *b, u32 nslot, struct sv_frame *up)
{
    struct sv_frame *f = arena_alloc(b->tmp, sizeof(*f) + nslot * sizeof(struct sv));
    f->up = up;
    f->nslot = nslot;
    f->home = up ? up->home : NULL;
    return f;
}

static struct sv stage_of(struct sbuild *b, u8 kind, struct sv_frame *f, struct sv_stage **st)
{
    *st = NEW(b->tmp, struct sv_stage);
    (*st)->kind = kind;
    (*st)->frame = f;
    return (struct sv){.kind = SV_STAGE, .stage = *st};
}

static bool odd(struct sbuild *b)
{
    skel_note(b, SKN_ODD);
    return false;
}

/* ---- names ---- */

static bool eval_const(struct sbuild *b, struct sv_frame *f, const struct gram_const *c, struct sv *out)
{
    const struct skel_opts *o = b->o;
    if (o->vary == c)
        *out = (struct sv){.kind = SV_NUM, .num = num_real(o->value)};
    else if (o->vary && !c->overridden && !c->s)        /* it may be made of the one that varies */
        return skel_eval(b, f, c->ast->kid[0], out);
    else
        *out = c->s ? (struct sv){.kind = SV_STR, .s = c->s} : (struct sv){.kind = SV_NUM, .num = c->v};
    return true;
}

static bool eval_name(struct sbuild *b, struct sv_frame *f, const struct ast *n, struct sv *out)
{
    struct sv_stage *st;
    switch (n->bind.kind) {
    case BIND_LOCAL: {
        struct sv_frame *at = f;
        for (u32 up = n->bind.up; up && at; up--)
            at = at->up;
        *out = at && n->bind.slot < at->nslot ? at->slot[n->bind.slot] : sv_any();
        if (out->kind == SV_NONE)
            *out = sv_any();            /* a size of an input not made yet */
        return true;
    }
    case BIND_CONST:
        return eval_const(b, f, n->bind.ptr, out);
    case BIND_OP:
        *out = stage_of(b, SS_OP, f, &st);
        st->ptr = n->bind.ptr;
        return true;
    case BIND_RULE:
        *out = stage_of(b, SS_RULE, f, &st);
        st->ptr = n->bind.ptr;
        return true;
    case BIND_BUILTIN:
        if (n->bind.slot == BI_DEPTH) {
            if (!b->by_depth)
                b->wants_depth = b->restart = true;
            *out = sv_int(f->home->depth);
            return !b->restart;
        }
        *out = stage_of(b, SS_BUILTIN, f, &st);
        st->code = n;
        return true;
    default:
        return odd(b);
    }
}

/* ---- computing ---- */

static bool binary_num(u8 op, struct num l, struct num r, struct num *out)
{
    switch (op) {
    case AB_ADD: *out = num_add(l, r); break;
    case AB_SUB: *out = num_sub(l, r); break;
    case AB_MUL: *out = num_mul(l, r); break;
    case AB_DIV: *out = num_div(l, r); break;
    case AB_MOD: *out = num_mod(l, r); break;
    case AB_LT: *out = num_int(num_cmp(l, r) < 0); break;
    case AB_LE: *out = num_int(num_cmp(l, r) <= 0); break;
    case AB_GT: *out = num_int(num_cmp(l, r) > 0); break;
    case AB_GE: *out = num_int(num_cmp(l, r) >= 0); break;
    case AB_EQ: *out = num_int(num_cmp(l, r) == 0); break;
    case AB_NE: *out = num_int(num_cmp(l, r) != 0); break;
    default: return false;
    }
    return out->kind != NUM_BAD;
}

static bool fold_nums(u32 builtin, const struct sv *v, bool *any, struct num *acc)
{
    if (v->kind == SV_TUPLE) {
        for (u32 i = 0; i < v->tuple->n; i++)
            if (!fold_nums(builtin, &v->tuple->at[i], any, acc))
                return false;
        return true;
    }
    if (v->kind != SV_NUM)
        return false;
    if (!*any)
        *acc = v->num;
    else if (builtin == BI_SUM)
        *acc = num_add(*acc, v->num);
    else if ((num_cmp(v->num, *acc) < 0) == (builtin == BI_MIN))
        *acc = v->num;
    *any = true;
    return acc->kind != NUM_BAD;
}

static bool builtin_num(u32 builtin, u32 n, const struct sv *arg, struct num *out)
{
    bool any = false;
    *out = num_int(0);
    if (builtin == BI_SUM || builtin == BI_MIN || builtin == BI_MAX) {
        for (u32 i = 0; i < n; i++)
            if (!fold_nums(builtin, &arg[i], &any, out))
                return false;
        return any || builtin == BI_SUM;
    }
    for (u32 i = 0; i < n; i++)
        if (arg[i].kind != SV_NUM)
            return false;
    struct num a = arg[0].num;
    switch (builtin) {
    case BI_FLOOR: *out = num_floor(a); break;
    case BI_CEIL: *out = num_neg(num_floor(num_neg(a))); break;
    case BI_ABS: *out = num_abs(a); break;
    case BI_SQRT: *out = num_sqrt(a); break;
    case BI_EXP: *out = num_exp(a); break;
    case BI_LOG: *out = num_log(a); break;
    case BI_POW: *out = num_pow(a, arg[1].num); break;
    default: return false;
    }
    return out->kind != NUM_BAD;
}

static bool compute_cat(struct sbuild *b, const struct sv *l, const struct sv *r, struct sv *out)
{
    if (l->kind == SV_STR && r->kind == SV_STR) {
        *out = (struct sv){.kind = SV_STR, .s = str_fmt(b->g->sp, "%s%s", l->s, r->s)};
        return true;
    }
    if ((l->kind == SV_ANY && !l->lead && l->of) || (r->kind == SV_ANY && !r->lead && r->of)) {
        struct sv a = *l, c = *r;       /* may be tuples */
        if (!sv_force(b, &a) || !sv_force(b, &c))
            return false;
    }
    u32 nl = l->kind == SV_TUPLE ? l->tuple->n : 1, nr = r->kind == SV_TUPLE ? r->tuple->n : 1;
    b->steps += nl + nr;
    struct sv *t = NEW_ARRAY(b->tmp, struct sv, nl + nr + 1);
    for (u32 i = 0; i < nl; i++)
        t[i] = l->kind == SV_TUPLE ? l->tuple->at[i] : *l;
    for (u32 i = 0; i < nr; i++)
        t[nl + i] = r->kind == SV_TUPLE ? r->tuple->at[i] : *r;
    *out = sv_tuple(b, nl + nr, t);
    return true;
}

bool skel_compute(struct sbuild *b, const struct ast *at, u32 n, const struct sv *arg, struct sv *out)
{
    bool late = false;
    const struct sv *any = NULL;
    for (u32 i = 0; i < n; i++) {
        late |= arg[i].kind == SV_DRAWN || arg[i].kind == SV_LAZY;
        if (arg[i].kind == SV_ANY && (!any || !any->of))
            any = &arg[i];
    }
    if (at->kind == A_BINARY && at->op == AB_CAT && !late)
        return compute_cat(b, &arg[0], &arg[1], out);
    if (any) {                  /* arithmetic on tensors, or a number that types would tell */
        *out = (struct sv){.kind = SV_ANY, .of = any->of, .slot = any->slot};
        return true;
    }
    if (late && n <= 8) {
        struct sv_lazy *l = arena_alloc(b->tmp, sizeof(*l) + n * sizeof(*arg));
        l->at = at;
        l->n = n;
        memcpy(l->arg, arg, n * sizeof(*arg));
        *out = (struct sv){.kind = SV_LAZY, .lazy = l};
        return true;
    }
    *out = (struct sv){.kind = SV_NUM};
    if (at->kind == A_BINARY) {
        if (arg[0].kind == SV_STR && arg[1].kind == SV_STR && (at->op == AB_EQ || at->op == AB_NE)) {
            out->num = num_int((strcmp(arg[0].s, arg[1].s) == 0) == (at->op == AB_EQ));
            return true;
        }
        return arg[0].kind == SV_NUM && arg[1].kind == SV_NUM && binary_num(at->op, arg[0].num, arg[1].num, &out->num);
    }
    if (at->kind == A_NEG || at->kind == A_NOT) {
        if (arg[0].kind != SV_NUM)
            return false;
        out->num = at->kind == A_NEG ? num_neg(arg[0].num) : num_int(num_double(arg[0].num) == 0);
        return out->num.kind != NUM_BAD;
    }
    return builtin_num(at->bind.slot, n, arg, &out->num);
}

/* f: the mention of the builtin. */
static bool builtin(struct sbuild *b, const struct ast *f, u32 n, const struct sv *arg, struct sv *out)
{
    struct sv v;
    switch (f->bind.slot) {
    case BI_EXTENT:
        v = n > 1 ? arg[1] : sv_any();
        if (n > 1 && v.kind == SV_NUM && num_cmp(v.num, num_int(0)) == 0 && arg[0].kind == SV_ANY) {
            *out = arg[0].lead ? sv_int(arg[0].lead) : arg[0];
            return true;
        }
        *out = sv_any();
        return true;
    case BI_LEN:
        v = n ? arg[0] : sv_any();
        if (v.kind == SV_DRAWN && !sv_force(b, &v))
            return false;
        *out = v.kind == SV_TUPLE ? sv_int(v.tuple->n) : v.kind == SV_ANY && v.lead ? sv_int(v.lead) : v.kind == SV_ANY ? v : sv_any();
        return true;
    case BI_RANK: case BI_FOLD: case BI_UNIFORM: case BI_LOG_UNIFORM:
        *out = sv_any();
        return true;
    default:
        return skel_compute(b, f, n, arg, out);
    }
}

bool skel_cond(struct sbuild *b, struct sv_frame *f, const struct ast *n, bool *out, bool *known)
{
    struct sv v;
    *known = false;
    *out = true;
    if (!skel_eval(b, f, n, &v) || !sv_force(b, &v))
        return false;
    if (v.kind == SV_ANY)
        return true;
    if (v.kind != SV_NUM)
        return odd(b);
    *known = true;
    *out = num_double(v.num) != 0;
    return true;
}

static bool eval_logic(struct sbuild *b, struct sv_frame *f, const struct ast *n, struct sv *out)
{
    bool l, r, kl, kr, decides = n->op == AB_OR;
    if (!skel_cond(b, f, n->kid[0], &l, &kl))
        return false;
    if (kl && l == decides) {
        *out = sv_int(l);
        return true;
    }
    if (!skel_cond(b, f, n->kid[1], &r, &kr))
        return false;
    if (kr && (r == decides || kl))
        *out = sv_int(r);
    else
        *out = sv_any();
    return true;
}

/* ---- applying ---- */

static bool eval_stage(struct sbuild *b, struct sv_frame *f, const struct ast *n, const struct sv_stage **out)
{
    struct sv v;
    *out = NULL;                        /* opaque: what it gives is, too */
    if (!skel_callee(b, f, n, &v))
        return false;
    if (v.kind == SV_DRAWN && !sv_draws(b, &v))
        return true;
    if (!sv_force(b, &v))
        return false;
    if (v.kind == SV_STAGE)
        *out = v.stage;
    return v.kind == SV_STAGE || v.kind == SV_ANY || odd(b);
}

static bool apply(struct sbuild *b, const struct sv_stage *st, u32 narg, const struct sv *arg, struct sv *out)
{
    *out = sv_any();
    return !st || skel_apply(b, st, narg, arg, out);
}

static bool eval_args(struct sbuild *b, struct sv_frame *f, const struct ast *call, u32 lead, u32 *n, struct sv **out)
{
    struct sv *arg = NEW_ARRAY(b->tmp, struct sv, lead + call->nkid);
    *n = lead;
    for (u32 i = 1; i < call->nkid; i++) {
        if (call->kid[i]->kind == A_DOTS)
            arg[(*n)++] = sv_any();
        else if (!skel_eval(b, f, call->kid[i], &arg[(*n)++]))
            return false;
    }
    *out = arg;
    return true;
}

static bool eval_call(struct sbuild *b, struct sv_frame *f, const struct ast *n, struct sv *out)
{
    const struct ast *fn = n->kid[0];
    const struct sv_stage *st;
    struct sv *arg;
    u32 narg;
    if (!eval_args(b, f, n, 0, &narg, &arg))
        return false;
    if (fn->kind == A_ID && fn->bind.kind == BIND_BUILTIN)
        return builtin(b, fn, narg, arg, out);
    return eval_stage(b, f, fn, &st) && apply(b, st, narg, arg, out);
}

static bool eval_pipe(struct sbuild *b, struct sv_frame *f, const struct ast *n, struct sv *out)
{
    const struct ast *r = n->kid[1];
    struct sv l, *arg = &l;
    u32 narg = 1;
    if (!skel_eval(b, f, n->kid[0], &l))
        return false;
    if (l.kind == SV_DRAWN && sv_draws(b, &l) && !sv_force(b, &l))
        return false;
    bool call = r->kind == A_CALL && !(r->flags & AF_PAREN);
    if (call) {
        if (!eval_args(b, f, r, 1, &narg, &arg))
            return false;
        arg[0] = l;
    }
    const struct sv_stage *st;
    if (!eval_stage(b, f, call ? r->kid[0] : r, &st))
        return false;
    if (l.kind != SV_STAGE)
        return apply(b, st, narg, arg, out);
    struct sv_stage *p;
    if (!st)
        return odd(b);
    if (call) {
        stage_of(b, SS_PARTIAL, f, &p);
        p->f = st;
        p->narg = narg - 1;
        p->arg = arg + 1;
        st = p;
    }
    *out = stage_of(b, SS_PIPE, f, &p);
    p->f = l.stage;
    p->g = st;
    return true;
}

const struct sv_stage *skel_with_attrs(struct sbuild *b, const struct sv_stage *st, u32 n, const struct sv_attr *attr)
{
    if (!n)
        return st;
    struct sv_stage *s = arena_dup(b->tmp, st, sizeof(*s));
    struct sv_attr *all = NEW_ARRAY(b->tmp, struct sv_attr, st->nattr + n);
    if (st->nattr)
        memcpy(all, st->attr, st->nattr * sizeof(*all));
    memcpy(all + st->nattr, attr, n * sizeof(*all));
    s->nattr = st->nattr + n;
    s->attr = all;
    return s;
}

static bool eval_index(struct sbuild *b, struct sv_frame *f, const struct ast *n, struct sv *out)
{
    const struct sv_stage *st;
    if (!eval_stage(b, f, n->kid[0], &st))
        return false;
    struct sv_attr *attr = NEW_ARRAY(b->tmp, struct sv_attr, n->nkid);
    for (u32 i = 1; i < n->nkid; i++) {
        const struct ast *k = n->kid[i];
        if (k->kind == A_NAMED) {
            attr[i - 1].name = k->text;
            k = k->kid[0];
        }
        if (!skel_eval(b, f, k, &attr[i - 1].v))
            return false;
    }
    if (!st) {
        *out = sv_any();
        return true;
    }
    *out = (struct sv){.kind = SV_STAGE, .stage = skel_with_attrs(b, st, n->nkid - 1, attr)};
    return true;
}

/* ---- the rest ---- */

static bool eval_proj(struct sbuild *b, struct sv_frame *f, const struct ast *n, struct sv *out)
{
    struct sv v, i;
    i64 k;
    bool known;
    if (!skel_eval(b, f, n->kid[0], &v) || !skel_eval(b, f, n->kid[1], &i))
        return false;
    if (v.kind == SV_DRAWN && !sv_force(b, &v))
        return false;
    if (v.kind != SV_TUPLE) {
        *out = v.kind == SV_ANY ? (struct sv){.kind = SV_ANY, .of = v.of, .slot = v.slot} : sv_any();
        return true;
    }
    if (!sv_known_int(b, &i, &k, &known))
        return false;
    if (known && (k < 0 || k >= (i64)v.tuple->n))
        return false;
    if (!known && sv_draws(b, &v))
        skel_note(b, SKN_ODD);
    *out = known ? v.tuple->at[k] : sv_any();
    return true;
}

bool skel_bind(struct sbuild *b, struct sv_frame *f, const struct ast *pat, struct sv v)
{
    if (!(pat->flags & AF_TUPLE)) {
        f->slot[pat->kid[0]->bind.slot] = v;
        return true;
    }
    if (v.kind == SV_DRAWN && !sv_force(b, &v))
        return false;
    if (v.kind == SV_TUPLE && v.tuple->n != pat->nkid)
        return false;
    for (u32 i = 0; i < pat->nkid; i++)
        f->slot[pat->kid[i]->bind.slot] = v.kind == SV_TUPLE ? v.tuple->at[i] : (struct sv){.kind = SV_ANY, .of = v.of, .slot = v.slot};
    return true;
}

static bool eval_block(struct sbuild *b, struct sv_frame *f, const struct ast *n, struct sv *out)
{
    *out = sv_any();
    for (u32 i = 0; i < n->nkid; i++) {
        const struct ast *it = n->kid[i];
        struct sv v;
        bool c, known;
        switch (it->kind) {
        case A_LET:
            if (!skel_eval(b, f, it->kid[1], &v) || !skel_bind(b, f, it->kid[0], v))
                return false;
            break;
        case A_REQUIRE:
            for (u32 k = 0; k < it->nkid; k++)
                if (!skel_cond(b, f, it->kid[k], &c, &known) || !c)
                    return false;
            break;
        case A_LIMIT: case A_RECIPE:
            break;
        default:
            if (!skel_eval(b, f, it, out))
                return false;
        }
    }
    return true;
}

static bool eval_if(struct sbuild *b, struct sv_frame *f, const struct ast *n, struct sv *out)
{
    bool c, known;
    if (!skel_cond(b, f, n->kid[0], &c, &known))
        return false;
    if (!known) {
        if (!sv_may_draw(b, f, n->kid[1]) && !sv_may_draw(b, f, n->kid[2])) {
            *out = sv_any();
            return true;
        }
        skel_note(b, SKN_IF);
        c = skel_decide(b, 2) == 0;
        b->p /= 2;
    }
    return skel_eval(b, f, n->kid[c ? 1 : 2], out);
}

static bool eval_many(struct sbuild *b, struct sv_frame *f, const struct ast *n, struct sv *out)
{
    struct sv_stage *st;
    const struct sv_stage *body;
    struct sv v = {0};
    switch (n->kind) {
    case A_REPEAT:
        if (!skel_eval(b, f, n->kid[0], &v))
            return false;
        *out = stage_of(b, SS_REPEAT, f, &st);
        st->code = n;
        st->n = v;
        return true;
    case A_EACH:
        if (n->nkid == 2 && n->kid[0] && !skel_eval(b, f, n->kid[0], &v))
            return false;
        if (!eval_stage(b, f, n->kid[n->nkid - 1], &body))
            return false;
        *out = sv_any();
        if (!body)
            return true;
        *out = stage_of(b, SS_EACH, f, &st);
        st->n = v;
        st->f = body;
        return true;
    default:
        *out = stage_of(b, SS_ONCE, f, &st);
        st->code = n->kid[0];
        st->once = NEW(b->tmp, struct sv_once);
        return true;
    }
}

bool skel_callee(struct sbuild *b, struct sv_frame *f, const struct ast *n, struct sv *out)
{
    struct sv arg[2];
    struct sv_stage *st;
    if (++b->steps > b->most_steps)
        b->over = b->restart = true;
    if (b->restart)
        return false;
    switch (n->kind) {
    case A_ID: case A_FIELD:
        return eval_name(b, f, n, out);
    case A_INT: case A_REAL:
        *out = (struct sv){.kind = SV_NUM, .num = n->num};
        return true;
    case A_STRING:
        *out = (struct sv){.kind = SV_STR, .s = n->text};
        return true;
    case A_BINARY:
        if (n->op == AB_AND || n->op == AB_OR)
            return eval_logic(b, f, n, out);
        return skel_eval(b, f, n->kid[0], &arg[0]) && skel_eval(b, f, n->kid[1], &arg[1]) && skel_compute(b, n, 2, arg, out);
    case A_NOT: case A_NEG:
        return skel_eval(b, f, n->kid[0], &arg[0]) && skel_compute(b, n, 1, arg, out);
    case A_IF:
        return eval_if(b, f, n, out);
    case A_LAMBDA:
        *out = stage_of(b, SS_LAMBDA, f, &st);
        st->code = n;
        return true;
    case A_PIPE:
        return eval_pipe(b, f, n, out);
    case A_INDEX:
        return eval_index(b, f, n, out);
    case A_CALL:
        return eval_call(b, f, n, out);
    case A_PROJ:
        return eval_proj(b, f, n, out);
    case A_TUPLE: {
        struct sv *t = NEW_ARRAY(b->tmp, struct sv, n->nkid + 1);
        for (u32 i = 0; i < n->nkid; i++)
            if (!skel_eval(b, f, n->kid[i], &t[i]))
                return false;
        *out = sv_tuple(b, n->nkid, t);
        return true;
    }
    case A_REPEAT: case A_EACH: case A_ONCE: case A_SHARE:
        return eval_many(b, f, n, out);
    case A_LABEL:
        return n->kid[0]->kind == A_CHOOSE ? skel_draw_choose(b, f, n->kid[0], out) : skel_callee(b, f, n->kid[0], out);
    case A_CHOOSE:
        return skel_draw_choose(b, f, n, out);
    case A_BLOCK:
        return eval_block(b, f, n, out);
    default:
        return odd(b);
    }
}

bool skel_eval(struct sbuild *b, struct sv_frame *f, const struct ast *n, struct sv *out)
{
    if (!skel_callee(b, f, n, out))
        return false;
    if (out->kind == SV_STAGE && out->stage->kind == SS_RULE) {
        const struct gram_rule *r = ((const struct gram_rules *)out->stage->ptr)->overload.at[0];
        if (r->nparam == 0 && r->yield != RY_STAGE)
            return skel_apply(b, out->stage, 0, NULL, out);
    }
    return true;
}
