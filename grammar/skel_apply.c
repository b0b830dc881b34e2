/* skel_apply.c - applying a function to values without types: ops give opaque tensors, rules are drawn. */
#include "grammar/skel_build.h"

enum { MOST_NEST = 500, MOST_ROUNDS = 100000 };

static bool spread(struct sbuild *b, u32 nparam, u32 narg, const struct sv *arg, const struct sv **out)
{
    *out = arg;
    if (narg == nparam)
        return true;
    if (narg > nparam)
        return false;
    struct sv *v = NEW_ARRAY(b->tmp, struct sv, nparam + 1);
    u32 k = 0, left = narg;
    for (u32 i = 0; i < narg; i++, left--) {
        if (arg[i].kind == SV_TUPLE && k + arg[i].tuple->n + (left - 1) <= nparam && k + left < nparam) {
            for (u32 j = 0; j < arg[i].tuple->n; j++)
                v[k++] = arg[i].tuple->at[j];
        } else {
            v[k++] = arg[i];
        }
    }
    for (; narg == 1 && arg[0].kind == SV_ANY && k < nparam; k++)        /* a tuple that is not known as one */
        v[k] = sv_any();
    *out = v;
    return k == nparam;
}

/* ---- ops ---- */

static const struct ast *type_of(const struct ast *p)
{
    return p->kind == A_PARAM ? (p->nkid ? p->kid[0] : NULL) : p;
}

static const struct ast *first_elem(const struct ast *type)
{
    return type && type->kind == A_TYPE && type->nkid ? type->kid[0] : NULL;
}

/* A size of an op's signature from its attributes and what the arguments' leading extents are; false: not known. */
static bool lead_size(const struct ast *op, const struct sv_stage *st, const struct sv *arg, u32 narg, const struct ast *n, struct num *out)
{
    struct num l, r;
    if (n->kind == A_INT) {
        *out = n->num;
        return true;
    }
    if (n->kind == A_BINARY) {
        if (!lead_size(op, st, arg, narg, n->kid[0], &l) || !lead_size(op, st, arg, narg, n->kid[1], &r))
            return false;
        *out = n->op == AB_MUL ? num_mul(l, r) : n->op == AB_ADD ? num_add(l, r) : n->op == AB_SUB ? num_sub(l, r) : n->op == AB_DIV ? num_div(l, r) : (struct num){0};
        return out->kind != NUM_BAD;
    }
    if (n->kind != A_ID)
        return false;
    const struct ast *attrs = op->kid[OP_ATTRS], *params = op->kid[OP_PARAMS];
    for (u32 j = 0; attrs && j < attrs->nkid; j++) {
        if (attrs->kid[j]->text != n->text)
            continue;
        u32 pos = 0;
        for (u32 i = 0; i < st->nattr; i++) {
            bool it = st->attr[i].name ? st->attr[i].name == n->text : pos == j;
            pos += !st->attr[i].name;
            if (it && st->attr[i].v.kind == SV_NUM)
                *out = st->attr[i].v.num;
            if (it)
                return st->attr[i].v.kind == SV_NUM;
        }
        const struct ast *def = attrs->kid[j]->nkid ? attrs->kid[j]->kid[0] : NULL;
        return def && lead_size(op, st, arg, narg, def, out);
    }
    for (u32 i = 0; params && i < params->nkid && i < narg; i++) {
        const struct ast *e = first_elem(type_of(params->kid[i]));
        if (e && e->kind == A_ID && e->text == n->text && arg[i].kind == SV_ANY && arg[i].lead) {
            *out = num_int(arg[i].lead);
            return true;
        }
    }
    return false;
}

/* Which argument's leading extent it would be. */
static const struct sv *op_lead_from(const struct ast *op, const struct sv *arg, u32 narg, const struct ast *elem)
{
    const struct ast *params = op->kid[OP_PARAMS];
    for (u32 i = 0; params && i < params->nkid && i < narg; i++) {
        const struct ast *e = first_elem(type_of(params->kid[i]));
        bool run = e && elem->kind == A_DOTS && e->kind == A_DOTS && type_of(params->kid[i])->nkid == 1;
        if (run || (e && elem->kind == A_ID && e->kind == A_ID && e->text == elem->text))
            return &arg[i];
    }
    return NULL;
}

static struct sv op_out(const struct ast *op, const struct sv_stage *st, const struct sv *arg, u32 narg, const struct ast *type)
{
    const struct ast *e = first_elem(type);
    struct num n;
    i64 k;
    if (!e)
        return sv_any();
    if (e->kind != A_DOTS && lead_size(op, st, arg, narg, e, &n) && num_is_int(n, &k) && k > 0)
        return sv_lead(k);
    if (e->kind == A_DOTS && type->nkid > 1)
        return sv_any();
    const struct sv *from = op_lead_from(op, arg, narg, e);
    return from && from->kind == SV_ANY ? (struct sv){.kind = SV_ANY, .lead = from->lead, .of = from->of, .slot = from->slot} : sv_any();
}

static bool apply_op(struct sbuild *b, const struct sv_stage *st, u32 narg, const struct sv *arg, struct sv *out)
{
    const struct gram_ops *set = st->ptr;
    for (u32 k = 0; k < set->ast.n; k++) {
        const struct ast *op = set->ast.at[k], *res = op->kid[OP_TYPE];
        const struct sv *in;
        if (!spread(b, op->kid[OP_PARAMS]->nkid, narg, arg, &in))
            continue;
        u32 n = op->kid[OP_PARAMS]->nkid;
        struct sv one;
        if (res->kind == A_TUPLETYPE) {
            struct sv *v = NEW_ARRAY(b->tmp, struct sv, res->nkid + 1);
            for (u32 i = 0; i < res->nkid; i++)
                v[i] = op_out(op, st, in, n, type_of(res->kid[i]));
            one = sv_tuple(b, res->nkid, v);
        } else {
            one = op_out(op, st, in, n, type_of(res));
        }
        if (set->ast.n > 1 && one.kind == SV_ANY)
            one = sv_any();                     /* another of them might apply */
        *out = one;
        return true;
    }
    *out = sv_any();
    return true;
}

/* ---- rules ---- */

void skel_match(struct sbuild *b, struct sv_frame *f, const struct ast *type, const struct sv *v)
{
    if (!type)
        return;
    if (type->kind == A_TUPLETYPE) {
        for (u32 i = 0; i < type->nkid; i++) {
            struct sv part = v->kind == SV_TUPLE && i < v->tuple->n ? v->tuple->at[i] : sv_any();
            skel_match(b, f, type->kid[i], &part);
        }
        return;
    }
    for (u32 i = 0; i < type->nkid; i++) {
        const struct ast *e = type->kid[i];
        for (u32 k = 0; k < (e->kind == A_FOLD ? e->nkid : 1); k++) {
            const struct ast *id = e->kind == A_FOLD ? e->kid[k] : e;
            if (id->kind != A_ID || id->bind.kind != BIND_LOCAL || id->bind.up || id->bind.slot >= f->nslot || f->slot[id->bind.slot].kind != SV_NONE)
                continue;
            struct sv size = sv_any();
            if (i == 0 && e->kind == A_ID && v->kind == SV_ANY)
                size = v->lead ? sv_int(v->lead) : (struct sv){.kind = SV_ANY, .of = v->of, .slot = v->slot};
            f->slot[id->bind.slot] = size;
        }
    }
}

static bool place_attrs(const struct sv_stage *st, const struct gram_rule *r, struct sv_frame *f)
{
    const struct ast *attrs = r->ast->kid[RULE_ATTRS];
    u32 pos = 0;
    for (u32 i = 0; i < st->nattr; i++) {
        u32 j = r->nattr;
        if (!st->attr[i].name)
            j = pos++;
        else
            for (j = 0; j < r->nattr && attrs->kid[j]->text != st->attr[i].name; j++)
                ;
        if (j >= r->nattr)
            return false;
        f->slot[j] = st->attr[i].v;
    }
    return true;
}

static bool default_attrs(struct sbuild *b, const struct gram_rule *r, struct sv_frame *f, bool late)
{
    const struct ast *attrs = r->ast->kid[RULE_ATTRS];
    for (u32 j = 0; j < r->nattr; j++) {
        const struct ast *a = attrs->kid[j];
        if (f->slot[j].kind != SV_NONE || (a->bind.up != 0) != late)
            continue;
        if (!a->nkid || !a->kid[0] || !skel_eval(b, f, a->kid[0], &f->slot[j]))
            return false;
    }
    return true;
}

/* A frame of the rule with attributes, parameters and sizes in it.  False: it does not apply. */
static bool fit(struct sbuild *b, const struct sv_stage *st, const struct gram_rule *r, u32 narg, const struct sv *arg, struct sv_frame **out)
{
    struct sv_frame *f = skel_frame(b, r->nslot, NULL);
    f->home = st->frame->home;
    *out = f;
    if (!place_attrs(st, r, f) || !default_attrs(b, r, f, false))
        return false;
    if (r->nparam) {
        const struct sv *in;
        if (!spread(b, r->nparam, narg, arg, &in))
            return false;
        for (u32 i = 0; i < r->nparam; i++) {
            const struct ast *p = r->ast->kid[RULE_PARAMS]->kid[i];
            f->slot[r->nattr + i] = in[i];
            skel_match(b, f, p->nkid ? p->kid[0] : NULL, &in[i]);
        }
    }
    if (!default_attrs(b, r, f, true))
        return false;
    const struct ast *where = r->ast->kid[RULE_WHERE];
    for (u32 i = 0; where && i < where->nkid; i++) {
        bool ok, known;
        if (!skel_cond(b, f, where->kid[i], &ok, &known) || !ok)
            return false;
    }
    return true;
}

static void set_family(struct sv_frame *f, const struct sv_case *c)
{
    u32 v = 0;
    for (u32 i = 0; c->alt->fors && i < c->alt->fors->nkid; i++) {
        const struct ast *pat = c->alt->fors->kid[i]->kid[0];
        for (u32 k = 0; k < pat->nkid; k++)
            f->slot[pat->kid[k]->bind.slot] = c->var[v++];
    }
}

static bool evaluate_alt(struct sbuild *b, struct sv_frame *f, const struct gram_alt *alt, struct sv *out)
{
    for (u32 i = 0; alt->where && i < alt->where->nkid; i++) {
        bool ok, known;
        if (!skel_cond(b, f, alt->where->kid[i], &ok, &known) || !ok)
            return false;
    }
    return skel_eval(b, f, alt->expr, out);
}

/* Which overload: the one that applies, or each in turn where types would tell. */
static bool pick_overload(struct sbuild *b, const struct sv_stage *st, u32 narg, const struct sv *arg, const struct gram_rule **r, struct sv_frame **f)
{
    const struct gram_rules *set = st->ptr;
    struct { const struct gram_rule *r; struct sv_frame *f; } can[64];
    u32 n = 0;
    bool draws = false;
    for (u32 i = 0; i < set->overload.n && n < COUNTOF(can); i++) {
        struct sv_frame *at;
        if (fit(b, st, set->overload.at[i], narg, arg, &at)) {
            can[n].r = set->overload.at[i];
            can[n++].f = at;
            draws |= set->overload.at[i]->draws;
        }
        if (b->restart)
            return false;
    }
    if (!n)
        return false;
    u32 k = 0;
    if (n > 1 && draws) {
        skel_note(b, SKN_OVERLOAD);
        k = skel_decide(b, n);
        b->p /= n;
    }
    *r = n > 1 && !draws ? NULL : can[k].r;
    *f = can[k].f;
    return true;
}

static bool apply_rule(struct sbuild *b, const struct sv_stage *st, u32 narg, const struct sv *arg, struct sv *out)
{
    const struct gram_rule *r, *first = ((const struct gram_rules *)st->ptr)->overload.at[0];
    struct sv_frame *f;
    struct sv v;
    bool then = first->nparam == 0 && narg;     /* it gives a function, which applies to the arguments */
    if (!pick_overload(b, st, narg, arg, &r, &f))
        return false;
    if (!r) {
        *out = sv_any();
        return true;
    }
    const struct sv_case *taken = f->home->taken;
    if (r->inline_ && taken && taken->inner && taken->alt->inline_of == r->set) {
        set_family(f, taken->inner);
        if (!evaluate_alt(b, f, taken->inner->alt, &v))
            return false;
    } else if (r->form == RF_NET) {
        if (!evaluate_alt(b, f, &r->alt[0], &v))
            return false;
    } else if (!skel_draw(b, f->home, r, f->slot, &v)) {
        return false;
    }
    if (!then) {
        *out = v;
        return true;
    }
    if (v.kind == SV_DRAWN && !sv_draws(b, &v)) {
        *out = sv_any();
        return true;
    }
    if (!sv_force(b, &v))
        return false;
    if (v.kind == SV_STAGE)
        return skel_apply(b, v.stage, narg, arg, out);
    *out = sv_any();
    return v.kind == SV_ANY;
}

/* ---- once, each, repeat ---- */

static bool apply_once(struct sbuild *b, const struct sv_stage *st, u32 narg, const struct sv *arg, struct sv *out)
{
    struct sv_once *o = st->once;
    if (o->used) {                      /* the same draws, once more in the network */
        for (u32 i = o->from; i < o->to; i++)
            b->draw.at[i].inst += b->draw.at[i].inst * (b->mult / o->mult);
        o->mult += b->mult;
        *out = o->result;
        return true;
    }
    struct sv head;
    if (!skel_callee(b, st->frame, st->code, &head) || !sv_force(b, &head))
        return false;
    o->from = b->draw.n;
    if (head.kind == SV_STAGE) {
        if (!skel_apply(b, skel_with_attrs(b, head.stage, st->nattr, st->attr), narg, arg, &o->result))
            return false;
    } else {
        o->result = sv_any();
    }
    o->used = true;
    o->to = b->draw.n;
    o->mult = b->mult;
    *out = o->result;
    return true;
}

static struct sv with_lead(struct sbuild *b, struct sv v, i64 n)
{
    if (v.kind == SV_ANY)
        return sv_lead(n);
    if (v.kind != SV_TUPLE)
        return v;
    struct sv t = sv_tuple(b, v.tuple->n, v.tuple->at);
    for (u32 i = 0; i < t.tuple->n; i++)
        ((struct sv_tuple *)t.tuple)->at[i] = with_lead(b, v.tuple->at[i], n);
    return t;
}

static bool apply_each(struct sbuild *b, const struct sv_stage *st, u32 narg, const struct sv *arg, struct sv *out)
{
    i64 n = 0;
    bool known = true;
    struct sv count = st->n;
    struct sv *in = NEW_ARRAY(b->tmp, struct sv, narg + 1);
    for (u32 i = 0; i < narg; i++)
        in[i] = arg[i];
    if (count.kind != SV_NONE) {
        if (!sv_known_int(b, &count, &n, &known) || (known && n < 1))
            return false;
    } else if (narg == 1 && arg[0].kind == SV_TUPLE && arg[0].tuple->n) {
        n = arg[0].tuple->n;
        in[0] = sv_any();
    } else {
        for (u32 i = 0; i < narg && !n; i++)
            n = sv_leading(b, &arg[i]);
        if (b->restart)
            return false;
        known = n > 0;
        for (u32 i = 0; i < narg; i++)
            in[i] = with_lead(b, arg[i], 0);
    }
    if (!known && sv_draws(b, &(struct sv){.kind = SV_STAGE, .stage = st->f}))
        skel_note(b, SKN_EACH);
    double was = b->mult;
    if (known)
        b->mult *= (double)n;
    struct sv v;
    bool ok = skel_apply(b, skel_with_attrs(b, st->f, st->nattr, st->attr), narg, in, &v);
    b->mult = was;
    if (!ok || (v.kind == SV_DRAWN && !sv_force(b, &v)))
        return false;
    *out = with_lead(b, v, known ? n : 0);
    return true;
}

static bool apply_repeat(struct sbuild *b, const struct sv_stage *st, u32 narg, const struct sv *arg, struct sv *out)
{
    struct sv n = st->n, v = narg == 1 ? arg[0] : sv_tuple(b, narg, arg), body;
    i64 rounds;
    bool known;
    if (!sv_draws(b, &(struct sv){.kind = SV_STAGE, .stage = st}) && n.kind != SV_NUM) {
        *out = sv_any();
        return true;
    }
    if (!sv_known_int(b, &n, &rounds, &known))
        return false;
    if (!known) {
        skel_note(b, SKN_ROUNDS);
        rounds = 1;
    }
    if (rounds < 0)
        return false;
    if (rounds > MOST_ROUNDS) {
        b->over = b->restart = true;
        return false;
    }
    for (i64 i = 0; i < rounds; i++) {
        struct sv_frame *f = skel_frame(b, st->code->bind.slot, st->frame);
        if (st->code->text)
            f->slot[0] = sv_int(i);
        if (!skel_eval(b, f, st->code->kid[1], &body) || !sv_force(b, &body))
            return false;
        struct sv state = v;
        v = sv_any();
        if (body.kind == SV_STAGE && !skel_apply(b, body.stage, 1, &state, &v))
            return false;
    }
    *out = v;
    return true;
}

static bool apply_lambda(struct sbuild *b, const struct sv_stage *st, u32 narg, const struct sv *arg, struct sv *out)
{
    const struct ast *l = st->code;
    struct sv_frame *f = skel_frame(b, l->bind.slot, st->frame);
    struct sv v = narg == 1 ? arg[0] : sv_tuple(b, narg, arg);
    return skel_bind(b, f, l->kid[0], v) && skel_eval(b, f, l->kid[1], out);
}

static bool apply(struct sbuild *b, const struct sv_stage *st, u32 narg, const struct sv *arg, struct sv *out)
{
    struct sv v;
    switch (st->kind) {
    case SS_OP:
        return apply_op(b, st, narg, arg, out);
    case SS_RULE:
        return apply_rule(b, st, narg, arg, out);
    case SS_LAMBDA:
        return apply_lambda(b, st, narg, arg, out);
    case SS_ONCE:
        return apply_once(b, st, narg, arg, out);
    case SS_EACH:
        return apply_each(b, st, narg, arg, out);
    case SS_REPEAT:
        return apply_repeat(b, st, narg, arg, out);
    case SS_PIPE:
        return skel_apply(b, st->f, narg, arg, &v) && skel_apply(b, st->g, 1, &v, out);
    case SS_PARTIAL: {
        struct sv *all = NEW_ARRAY(b->tmp, struct sv, narg + st->narg + 1);
        memcpy(all, arg, narg * sizeof(*all));
        if (st->narg)
            memcpy(all + narg, st->arg, st->narg * sizeof(*all));
        return skel_apply(b, st->f, narg + st->narg, all, out);
    }
    case SS_BUILTIN:
        return skel_compute(b, st->code, narg, arg, out);
    }
    BUG("stage %u", st->kind);
}

bool skel_apply(struct sbuild *b, const struct sv_stage *st, u32 narg, const struct sv *arg, struct sv *out)
{
    if (b->nest >= MOST_NEST) {         /* nets that call each other without end */
        skel_note(b, SKN_ODD);
        return false;
    }
    b->nest++;
    bool ok = apply(b, st, narg, arg, out);
    b->nest--;
    return ok;
}
