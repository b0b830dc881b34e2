/* typed_plain.c - alternatives that only hand values on or apply ops: their states without the elaborator.
 *
 * `x |> a:M |> b:M`, `{ let p = b:B2(x); a:A2(l:M(p.0), r:M(p.1)) }`, `x |> linear[d]` do the same whatever the types are.  So what is
 * at their events but values and costs - place, steps, replication - is the same for all symbols of the rule: it is noted when the
 * elaborator has made the state for the first, and from then on only values and costs are worked out here.
 *
 * Plain is an alternative of names, numbers, tuples and their parts, lets and applications of rules and ops (one overload, no
 * patterns, all attributes given); everything else is the elaborator's.  An op that does not take the types given ends it.
 * A note is kept only if this file gives for the state at hand just what the elaborator gave. */
#include "grammar/typed.h"

enum { MOST_EVENTS = 8, MOST_SLOTS = 24, MOST_ARGS = 6, MOST_NEST = 12 };

struct tplain {
    const struct gram_rule *rule;
    u64 alt;
    bool not;                   /* it is not plain */
    bool partly;                /* only its beginning is: good for refusals */
    bool refuses;               /* a refusal here was the elaborator's, too */
    u32 nevent;
    struct { const struct tsite *site; u32 steps; u8 kind; } event[MOST_EVENTS];
};

enum got { GIVEN, WANTED, REFUSED, OTHER };
struct plain {
    struct typed *t;
    const struct acase *c;      /* the alternative */
    const struct tval *result[MOST_EVENTS];
    u32 nresult, ncall, nest;
    struct count cost; u32 nop; /* since the last call */
    /* WANTED */
    const struct gram_rule *want;
    const struct ast *at;
    struct { struct frame f; struct val slot[MOST_SLOTS]; } frame;
};

static enum got eval(struct plain *p, struct val *slot, const struct ast *n, struct val *out);

static bool untyped(const struct gram_rule *r)
{
    const struct ast *params = r->ast->kid[RULE_PARAMS];
    if (r->ast->kid[RULE_TYPE] || r->ast->kid[RULE_WHERE] || r->nslot > MOST_SLOTS)
        return false;
    for (u32 i = 0; i < r->nparam; i++)
        if (params->kid[i]->nkid && params->kid[i]->kid[0])
            return false;
    return true;
}

static enum got alternative(struct plain *p, struct val *slot, const struct gram_rule *r, const struct acase *c, struct val *out)
{
    u32 v = 0;
    if (c->alt->where)
        return OTHER;
    for (u32 i = r->nattr + r->nparam; i < r->nslot; i++)
        slot[i].kind = V_NONE;
    for (u32 i = 0; c->alt->fors && i < c->alt->fors->nkid; i++) {
        const struct ast *pat = c->alt->fors->kid[i]->kid[0];
        for (u32 k = 0; k < pat->nkid; k++)
            slot[pat->kid[k]->bind.slot] = c->var[v++];
    }
    return eval(p, slot, c->alt->expr, out);
}

static enum got apply_op(struct plain *p, const struct gram_ops *set, u32 nattr, const struct val *attr, u32 narg, const struct val *arg, struct val *out)
{
    const struct op *op = set->overload.at[0];
    struct num num[MOST_ARGS];
    type_id in[MOST_ARGS];
    if (set->overload.n != 1 || op->nattr != nattr || op->nin != narg || op->nout != 1)
        return OTHER;
    for (u32 i = 0; i < nattr; i++) {
        if (attr[i].kind != V_NUM)
            return OTHER;
        num[i] = val_get(attr[i]);
    }
    for (u32 i = 0; i < narg; i++) {
        if (arg[i].kind != V_TENSOR)
            return OTHER;
        in[i] = arg[i].type;
    }
    const struct op_bind *b = op_infer(p->t->g->memo, op, num, narg, in, NULL);
    if (!b)
        return REFUSED;
    p->cost = count_add_all(p->cost, elab_op_count(p->t->g, b));
    p->nop++;
    *out = val_tensor(b->out[0]);
    return GIVEN;
}

/* The rule or op `fn` applied: a draw, the alternative of an inline rule that stands in its place, or a type. */
static enum got apply(struct plain *p, struct val *slot, const struct ast *fn, u32 narg, const struct val *arg, struct val *out)
{
    const struct ast *attrs = fn->kind == A_INDEX ? fn : NULL, *at = attrs ? fn->kid[0] : fn, *head = at->kind == A_LABEL ? at->kid[0] : at;
    if ((head->kind != A_ID && head->kind != A_FIELD) || (head->bind.kind != BIND_RULE && head->bind.kind != BIND_OP))
        return OTHER;
    u32 nattr = attrs ? attrs->nkid - 1 : 0;
    struct val at_call[MOST_ARGS * 2];
    if (nattr > MOST_ARGS)
        return OTHER;
    for (u32 i = 0, was = p->ncall; i < nattr; i++)
        if (eval(p, slot, attrs->kid[1 + i], &at_call[i]) != GIVEN || p->ncall != was)
            return OTHER;
    if (head->bind.kind == BIND_OP)
        return apply_op(p, head->bind.ptr, nattr, at_call, narg, arg, out);
    const struct gram_rules *set = head->bind.ptr;
    const struct gram_rule *r = set->overload.at[0];
    if (set->overload.n != 1 || r->yield != RY_VALUE || r->nattr != nattr || r->nparam != narg || !narg || !untyped(r))
        return OTHER;
    if (r->inline_) {
        struct val inner[MOST_SLOTS];
        if (set != p->c->alt->inline_of || !p->c->inner || nattr || ++p->nest > MOST_NEST)
            return OTHER;
        memcpy(inner, arg, narg * sizeof(*arg));
        return alternative(p, inner, r, p->c->inner, out);
    }
    if (!r->draws)
        return OTHER;
    memcpy(at_call + nattr, arg, narg * sizeof(*arg));
    p->at = at;
    if (p->ncall < p->nresult) {
        *out = p->result[p->ncall++]->v;
        p->cost = (struct count){0};
        p->nop = 0;
        return GIVEN;
    }
    p->want = r;
    p->frame.f = (struct frame){.rule = r, .nslot = nattr + narg};
    memcpy(p->frame.f.slot, at_call, (nattr + narg) * sizeof(*arg));
    return WANTED;
}

static enum got eval_args(struct plain *p, struct val *slot, u32 n, struct ast *const *kid, struct val *out)
{
    if (n > MOST_ARGS)
        return OTHER;
    for (u32 i = 0; i < n; i++) {
        enum got g = eval(p, slot, kid[i], &out[i]);
        if (g != GIVEN)
            return g;
    }
    return GIVEN;
}

static enum got eval_block(struct plain *p, struct val *slot, const struct ast *n, struct val *out)
{
    enum got g = OTHER;
    for (u32 i = 0; i < n->nkid; i++) {
        const struct ast *it = n->kid[i];
        if (it->kind != A_LET) {
            if (i + 1 < n->nkid || it->kind == A_REQUIRE || it->kind == A_LIMIT || it->kind == A_RECIPE)
                return OTHER;
            return eval(p, slot, it, out);
        }
        const struct ast *pat = it->kid[0];
        struct val v;
        if ((g = eval(p, slot, it->kid[1], &v)) != GIVEN)
            return g;
        if (!(pat->flags & AF_TUPLE)) {
            slot[pat->kid[0]->bind.slot] = v;
            continue;
        }
        if (v.kind != V_TUPLE || v.tuple->n != pat->nkid)
            return OTHER;
        for (u32 k = 0; k < pat->nkid; k++)
            slot[pat->kid[k]->bind.slot] = v.tuple->at[k];
    }
    return OTHER;
}

static enum got eval(struct plain *p, struct val *slot, const struct ast *n, struct val *out)
{
    struct val arg[MOST_ARGS];
    enum got g;
    i64 i;
    switch (n->kind) {
    case A_ID:
        if (n->bind.kind != BIND_LOCAL || n->bind.up || n->bind.slot >= MOST_SLOTS)
            return OTHER;
        *out = slot[n->bind.slot];
        return out->kind == V_NONE || out->kind == V_STAGE ? OTHER : GIVEN;
    case A_INT:
        if (!num_is_int(n->num, &i))
            return OTHER;
        *out = val_int(i);
        return GIVEN;
    case A_TUPLE: {
        if ((g = eval_args(p, slot, n->nkid, n->kid, arg)) != GIVEN)
            return g;
        struct vtuple *t = arena_alloc(p->t->scratch, sizeof(*t) + n->nkid * sizeof(struct val));
        t->n = n->nkid;
        memcpy(t->at, arg, n->nkid * sizeof(*arg));
        *out = (struct val){.kind = V_TUPLE, .tuple = t};
        return GIVEN;
    }
    case A_PROJ:
        if ((g = eval(p, slot, n->kid[0], arg)) != GIVEN)
            return g;
        if (n->kid[1]->kind != A_INT || !num_is_int(n->kid[1]->num, &i) || arg->kind != V_TUPLE || i < 0 || i >= (i64)arg->tuple->n)
            return OTHER;
        *out = arg->tuple->at[i];
        return GIVEN;
    case A_BLOCK:
        return eval_block(p, slot, n, out);
    case A_PIPE:
        if (n->kid[1]->kind == A_CALL)
            return OTHER;
        g = eval(p, slot, n->kid[0], arg);
        return g == GIVEN ? apply(p, slot, n->kid[1], 1, arg, out) : g;
    case A_CALL:
        g = eval_args(p, slot, n->nkid - 1, n->kid + 1, arg);
        return g == GIVEN ? apply(p, slot, n->kid[0], n->nkid - 1, arg, out) : g;
    default:
        return OTHER;
    }
}

/* ---- notes ---- */

static struct tplain *note_of(struct typed *t, const struct gram_rule *r, u64 alt)
{
    u64 h = ((u64)r->serial << 32 | alt) * 0x9e3779b97f4a7c15u;
    h ^= h >> 29;
    u32 at = idmap_home(&t->plain_by, h);
    for (u32 id; (id = idmap_find(&t->plain_by, h, &at));)
        if (t->plain.at[id - 1]->rule == r && t->plain.at[id - 1]->alt == alt)
            return t->plain.at[id - 1];
    struct tplain *n = NEW(t->a, struct tplain);
    n->rule = r;
    n->alt = alt;
    n->not = r->form != RF_RULE || !untyped(r);
    vec_push(t->a, &t->plain, n);
    idmap_put(t->a, &t->plain_by, h, t->plain.n);
    return n;
}

/* What the alternative is at after these answers: the results of its calls so far. */
static enum got work_out(struct plain *p, struct typed *t, const struct tsym *sym, struct tstate *from, u64 alt, const struct tval *on, u32 k, struct val *out)
{
    const struct tstate *entry = from;
    p->t = t;
    p->nresult = k;
    p->ncall = p->nest = p->nop = 0;
    p->cost = (struct count){0};
    for (u32 i = k; i-- > 0; entry = entry->up) {
        p->result[i] = on;
        on = entry->on;
    }
    p->c = &entry->choice->w->at[alt];
    struct val slot[MOST_SLOTS];
    u32 n = MIN(sym->frame->nslot, sym->rule->nattr + sym->rule->nparam);
    memcpy(slot, sym->frame->slot, n * sizeof(*slot));
    for (; n < sym->rule->nattr + sym->rule->nparam; n++)
        slot[n].kind = V_NONE;
    enum got g = alternative(p, slot, sym->rule, p->c, out);
    return g != WANTED && p->ncall != k ? OTHER : g;
}

/* As take_cost of typed_fill.c; false: past what is counted here. */
static bool cost_of(const struct plain *p, struct tcost *c)
{
    const u128 most = (u128)INT64_MAX;
    *c = (struct tcost){(u64)p->cost.params, (u64)p->cost.macs, (u64)p->cost.nodes, (u64)p->cost.bytes, p->nop};
    return p->cost.params <= most && p->cost.macs <= most && p->cost.nodes <= most && p->cost.bytes <= most;
}

/* The note of the alternative that follows `from`, and which of its events is asked for; NULL: the elaborator's. */
static struct tplain *note_at(struct typed *t, const struct tsym *sym, const struct tstate *from, u64 *alt, u32 *k)
{
    *k = 0;
    for (; from->up; from = from->up) {
        if (from->kind != T_CALL || ++*k == MOST_EVENTS)
            return NULL;
        *alt = from->alt;
    }
    if (!sym->frame || from->kind != T_CHOICE || from->choice->choose || !from->choice->w->at)
        return NULL;
    struct tplain *n = note_of(t, sym->rule, *alt);
    return n->not ? NULL : n;
}

struct tstate *typed_plain(struct typed *t, struct tsym *sym, struct tstate *from, u64 alt, const struct tval *on)
{
    u32 k;
    u64 no = alt;
    struct tplain *n = note_at(t, sym, from, &no, &k);
    if (!n || (k >= n->nevent && !n->refuses))
        return NULL;
    struct plain p;
    struct val v;
    struct tcost cost;
    struct arena_mark m = arena_mark(t->scratch);
    enum got g = work_out(&p, t, sym, from, no, on, k, &v);
    const struct tval *result = NULL;
    struct tsym *want = NULL;
    bool known = k < n->nevent && cost_of(&p, &cost);
    if (g == REFUSED && n->refuses) {
        arena_reset(t->scratch, m);
        return t->fail[0];
    }
    if (known && g == WANTED && n->event[k].kind == T_CALL && p.at == n->event[k].site->at)
        want = typed_sym(t, p.want, &p.frame.f);
    else if (known && g == GIVEN && n->event[k].kind == T_DONE)
        result = typed_val(t, &v);
    arena_reset(t->scratch, m);
    if (!want && !result)
        return NULL;
    struct tstate *s = NEW(t->a, struct tstate);
    t->nstate++;
    s->kind = n->event[k].kind;
    s->steps = n->event[k].steps;
    s->site = n->event[k].site;
    s->cost = p.nop ? arena_dup(t->a, &cost, sizeof(cost)) : NULL;
    s->up = from;
    if (k)
        s->on = on;
    else
        s->alt = alt;
    if (want)
        s->sym = want;
    else
        s->result = result;
    return s;
}

/* Is it what the elaborator made? */
static bool agrees(struct typed *t, const struct plain *p, enum got g, const struct val *v, const struct tstate *made, const struct tstate *from)
{
    struct tcost c;
    if (made->level || made->chooses || made->up != from || !cost_of(p, &c) || (made->cost != NULL) != (p->nop != 0) ||
        (made->cost && memcmp(made->cost, &c, sizeof(c))))
        return false;
    if (made->kind == T_CALL)
        return g == WANTED && p->at == made->site->at && typed_sym(t, p->want, &p->frame.f) == made->sym;
    return made->kind == T_DONE && g == GIVEN && typed_val(t, v) == made->result;
}

void typed_plain_note(struct typed *t, struct tsym *sym, struct tstate *from, u64 alt, const struct tval *on, const struct tstate *made)
{
    u32 k;
    u64 no = alt;
    struct tplain *n = note_at(t, sym, from, &no, &k);
    if (!n || (k != n->nevent && made->kind != T_FAIL) || (n->partly && n->refuses))
        return;
    struct plain p;
    struct val v;
    struct arena_mark m = arena_mark(t->scratch);
    enum got g = work_out(&p, t, sym, from, no, on, k, &v);
    if (g == OTHER) {
        n->partly = true;
    } else if (made->kind == T_FAIL || g == REFUSED) {
        n->refuses = made == t->fail[0] && g == REFUSED;
        n->not |= !n->refuses;
    } else if (!n->partly && agrees(t, &p, g, &v, made, from)) {
        n->event[k].site = made->site;
        n->event[k].steps = made->steps;
        n->event[k].kind = made->kind;
        n->nevent++;
    } else {
        n->not |= !n->partly;
    }
    arena_reset(t->scratch, m);
}
