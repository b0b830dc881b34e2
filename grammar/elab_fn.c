/* elab_fn.c - once, share, each and repeat: what is elaborated once and used many times.
 *
 * In the graph each of them is a function: its tensors come in as parameters, and a tensor from further out that
 * its body reads becomes one more parameter (elab_use).  Without a graph only types and counts are kept. */
#include "grammar/elab.h"

/* ---- levels: functions of the graph under construction ---- */

void elab_open(struct elab *e, str name, u32 nparam, const type_id *param)
{
    struct level *l = NEW(e->a, struct level);
    l->outer = e->level;
    l->prefix = e->prefix;
    e->level = l;
    e->nlevel++;
    e->prefix = NULL;
    ab_begin(e->build, name, nparam, param);
}

static struct level *close_level(struct elab *e)
{
    struct level *l = e->level;
    e->level = l->outer;
    e->prefix = l->prefix;
    e->nlevel--;
    return l;
}

static aval use_at(struct elab *e, struct level *l, u16 number, struct val v)
{
    if (v.level == number)
        return v.ref;
    CHECK(v.level < number && v.level > 0);
    for (u32 i = 0; i < l->from.n; i++)
        if (l->from.at[i].level == v.level && l->from.at[i].ref == v.ref)
            return l->as.at[i];
    aval p = ab_param(e->build, v.type);
    vec_push(e->a, &l->from, v);
    vec_push(e->a, &l->as, p);
    return p;
}

aval elab_use(struct elab *e, struct val v)
{
    return use_at(e, e->level, e->nlevel, v);
}

str elab_prefixed(struct elab *e, str name)
{
    if (!e->prefix)
        return name;
    size_t a = strlen(e->prefix), b = strlen(name);
    char *s = arena_alloc(e->a, a + b + 2);
    memcpy(s, e->prefix, a);
    s[a] = '.';
    memcpy(s + a + 1, name, b + 1);
    return s;
}

/* ---- tensors of a value ---- */

void elab_tensors(struct elab *e, const struct val *v, u32 *n, struct val *out, u32 cap)
{
    if (v->kind == V_TENSOR) {
        if (*n < cap)
            out[*n] = *v;
        (*n)++;
    } else if (v->kind == V_TUPLE) {
        for (u32 i = 0; i < v->tuple->n; i++)
            elab_tensors(e, &v->tuple->at[i], n, out, cap);
    }
}

struct tensors { u32 n; struct val *at; type_id *type; };

static struct tensors tensors_of(struct elab *e, u32 narg, const struct val *arg)
{
    struct tensors t = {0};
    for (u32 i = 0; i < narg; i++)
        elab_tensors(e, &arg[i], &t.n, NULL, 0);
    t.at = NEW_ARRAY(e->a, struct val, t.n + 1);
    t.type = NEW_ARRAY(e->a, type_id, t.n + 1);
    u32 n = 0;
    for (u32 i = 0; i < narg; i++)
        elab_tensors(e, &arg[i], &n, t.at, t.n);
    for (u32 i = 0; i < n; i++)
        t.type[i] = t.at[i].type;
    return t;
}

/* The value with its tensors replaced, in order. */
static struct val with_tensors(struct elab *e, const struct val *v, const struct val *t, u32 *k)
{
    if (v->kind == V_TENSOR)
        return t[(*k)++];
    if (v->kind != V_TUPLE)
        return *v;
    struct vtuple *nt = arena_alloc(e->a, sizeof(*nt) + v->tuple->n * sizeof(struct val));
    nt->n = v->tuple->n;
    for (u32 i = 0; i < nt->n; i++)
        nt->at[i] = with_tensors(e, &v->tuple->at[i], t, k);
    return (struct val){.kind = V_TUPLE, .tuple = nt};
}

static struct val *args_with(struct elab *e, u32 narg, const struct val *arg, const struct val *t)
{
    struct val *v = NEW_ARRAY(e->a, struct val, narg + 1);
    u32 k = 0;
    for (u32 i = 0; i < narg; i++)
        v[i] = with_tensors(e, &arg[i], t, &k);
    return v;
}

/* Parameters of the function just opened, as values. */
static struct val *as_params(struct elab *e, const struct tensors *t)
{
    struct val *v = NEW_ARRAY(e->a, struct val, t->n + 1);
    for (u32 i = 0; i < t->n; i++)
        v[i] = (struct val){.kind = V_TENSOR, .type = t->type[i], .ref = i, .level = e->nlevel};
    return v;
}

static aval *uses_of(struct elab *e, u32 n, const struct val *v)
{
    aval *a = NEW_ARRAY(e->a, aval, n + 1);
    for (u32 i = 0; i < n; i++)
        a[i] = elab_use(e, v[i]);
    return a;
}

static const char *stage_name(const struct stage *st, const char *otherwise)
{
    if (st->label)
        return st->label;
    if (st->kind == ST_RULE)
        return st->rules->d.name;
    if (st->kind == ST_OP)
        return st->ops->d.name;
    if (st->kind == ST_ONCE || st->kind == ST_EACH)
        return st->f ? stage_name(st->f, otherwise) : otherwise;
    return otherwise;
}

/* ---- once, share ---- */

struct once_use {
    struct once_use *next;
    u32 nattr; const struct sattr *attr;
    u32 narg; const struct val *arg;
    struct val out;
    struct count count;         /* of one instance */
    u64 nodes;
    u32 fn; str label;
    u32 no;                     /* tabulating: its number */
    u32 ncap; const struct val *cap;
};

static const struct once_use *find_use(const struct once *o, const struct stage *st, u32 narg, const struct val *arg)
{
    for (const struct once_use *u = o->use; u; u = u->next) {
        if (u->nattr != st->nattr || u->narg != narg)
            continue;
        bool same = true;
        for (u32 i = 0; same && i < narg; i++)
            same = val_same(&u->arg[i], &arg[i]);
        for (u32 i = 0; same && i < st->nattr; i++)
            same = u->attr[i].name == st->attr[i].name && val_same(&u->attr[i].v, &st->attr[i].v);
        if (same)
            return u;
    }
    return NULL;
}

/* The call of a finished body, and its outputs here. */
static struct val call_use(struct elab *e, const struct once *o, const struct once_use *u, u32 narg, const struct val *arg)
{
    if (!e->build)
        return u->out;
    struct tensors in = tensors_of(e, narg, arg), out = tensors_of(e, 1, &u->out);
    struct val *all = NEW_ARRAY(e->a, struct val, in.n + u->ncap + 1);
    memcpy(all, in.at, in.n * sizeof(*all));
    if (u->ncap)
        memcpy(all + in.n, u->cap, u->ncap * sizeof(*all));
    struct anode nd = {.kind = ANODE_CALL, .fn = u->fn, .n = 1, .nin = in.n + u->ncap, .in = uses_of(e, in.n + u->ncap, all), .nout = out.n,
                       .out = out.type, .label = elab_prefixed(e, u->label)};
    if (o->share) {
        nd.tie = o->tie;
        nd.tie_up = (u32)(e->nlevel - o->level);
    }
    aval out0 = ab_node(e->build, nd);
    for (u32 i = 0; i < out.n; i++)
        out.at[i] = (struct val){.kind = V_TENSOR, .type = out.type[i], .ref = out0 + i, .level = e->nlevel};
    u32 k = 0;
    return with_tensors(e, &u->out, out.at, &k);
}

static struct frame *frame_under(struct elab *e, const struct frame *f, struct enode *holder)
{
    struct frame *c = arena_dup(e->a, f, sizeof(*c) + f->nslot * sizeof(struct val));
    c->draw = holder;
    return c;
}

struct counters { struct count rel; u128 mult, pmult, rel_mult, rel_pmult; bool in_share, outer_share; u64 params_hash; };

static struct counters save_counters(const struct elab *e)
{
    return (struct counters){e->rel, e->mult, e->pmult, e->rel_mult, e->rel_pmult, e->in_share, e->outer_share, e->params_hash};
}

static void restore_mult(struct elab *e, const struct counters *c)
{
    e->mult = c->mult;
    e->pmult = c->pmult;
    e->rel_mult = c->rel_mult;
    e->rel_pmult = c->rel_pmult;
    e->in_share = c->in_share;
}

static struct enode *new_holder(struct elab *e, struct once *o, bool first)
{
    struct enode *h = NEW(e->a, struct enode), *home = o->frame->draw;
    h->holder = true;
    h->parent = home;
    h->d.depth = home->d.depth;
    h->d.rule = home->d.rule;
    h->frame = home->frame;
    h->step = 0x6f6e6365u + ((u64)home->d.alt_no << 33) + home->seq++;
    h->path = path_mix(home->path, h->step);
    if (!first) {
        elab_follow(h, o->holder);
        h->attached = true;
    }
    return h;
}

static bool share_fits(struct elab *e, struct once *o, const struct ast *at)
{
    if (!o->has_hash) {
        o->has_hash = true;
        o->params_hash = e->params_hash;
        return true;
    }
    return o->params_hash == e->params_hash ||
           FAIL(e, E0511, at->loc, "`share` has one set of parameters, and at these types the body needs others");
}

static bool elaborate_once(struct elab *e, const struct stage *st, u32 narg, const struct val *arg, const struct ast *at, struct once_use *u)
{
    struct once *o = st->once;
    bool first = !o->holder;
    if (e->tab && o->share)
        return tab_cannot(e);
    e->made++;
    elab_trail(e, TR_ONCE, o, arena_dup(e->a, o, sizeof(*o)));
    if (first)
        o->holder = new_holder(e, o, true);
    struct frame *f = frame_under(e, o->frame, first ? o->holder : new_holder(e, o, false));
    struct val head;
    if (!elab_callee(e, f, o->head, &head))
        return false;
    if (head.kind != V_STAGE)
        return elab_wrong(e, E0301, o->head->loc, "`%s` takes a function, not %s", o->share ? "share" : "once", val_kind_name(&head));
    const struct stage *body = stage_with_attrs(e, head.stage, st->nattr, st->attr);
    struct counters was = save_counters(e);
    u64 nodes = e->nodes;
    memset(&e->rel, 0, sizeof(e->rel));
    e->rel_mult = e->rel_pmult = 1;
    if (o->share) {
        if (!first)
            e->pmult = 0;
        else
            e->pmult = o->pmult;
        e->in_share = true;
        e->params_hash = 1;
    }
    e->outer_share = false;
    e->nesting++;
    u->label = st->label ? st->label : stage_name(body, o->share ? "share" : "once");
    struct tensors in = tensors_of(e, narg, arg), out;
    const struct val *inner = arg;
    if (e->build) {
        elab_open(e, u->label, in.n, in.type);
        e->skip_prefix = body->kind == ST_RULE;
        inner = args_with(e, narg, arg, as_params(e, &in));
    }
    u->no = e->tab ? tab_use(e) : 0;
    bool ok = (!e->tab || tab_once(e, TAB_ONCE, u->no)) && elab_apply(e, body, narg, inner, at, &u->out) &&
              (!e->tab || tab_once(e, TAB_ONCE_END, u->no));
    e->nesting--;
    if (!ok)
        goto done;
    if (e->build) {
        out = tensors_of(e, 1, &u->out);
        const aval *ret = uses_of(e, out.n, out.at);
        u->fn = ab_end(e->build, out.n, ret);
        struct level *l = close_level(e);
        u->ncap = l->from.n;
        u->cap = l->from.at;
    }
    u->nattr = st->nattr;
    u->attr = st->attr;
    u->narg = narg;
    u->arg = arena_dup(e->a, arg, narg * sizeof(*arg));     /* may be on the stack of the caller */
    u->count = e->rel;
    u->nodes = e->nodes - nodes;
    if (o->share) {
        ok = share_fits(e, o, at);
        if (was.in_share)
            e->params_hash = path_mix(was.params_hash, e->params_hash);
    }
    if (ok && !e->outer_share) {        /* else its count depends on what came before */
        u->next = o->use;
        o->use = u;
    }
    /* What the body counted, seen from outside it. */
    {
        u128 pm = o->share ? (first ? o->rel_pmult : 0) : was.rel_pmult;
        struct count c = e->rel;
        e->rel = was.rel;
        e->rel.params = count_add(e->rel.params, count_mul(c.params, pm));
        e->rel.macs = count_add(e->rel.macs, count_mul(c.macs, was.rel_mult));
        e->rel.nodes = count_add(e->rel.nodes, count_mul(c.nodes, was.rel_mult));
        e->rel.bytes = MAX(e->rel.bytes, count_mul(c.bytes, was.rel_mult));
    }
done:
    restore_mult(e, &was);
    if (!o->share && !was.in_share)
        e->params_hash = was.params_hash;
    e->outer_share = was.outer_share || e->outer_share || (o->share && o->nesting < e->nesting);
    return ok;
}

bool elab_apply_once(struct elab *e, const struct stage *st, u32 narg, const struct val *arg, const struct ast *at, struct val *out)
{
    struct once *o = st->once;
    if (e->rec)
        return elab_record_refuse(e);
    const struct once_use *u = find_use(o, st, narg, arg);
    if (u) {
        if (e->in_share)
            e->params_hash = path_mix(e->params_hash, u->nodes);
        if (o->share && o->nesting < e->nesting)
            e->outer_share = true;
        if (e->tab ? !tab_once(e, TAB_AGAIN, u->no) : !elab_add(e, &u->count, u->nodes, !o->share, at->loc))
            return false;
    } else {
        struct once_use *nu = NEW(e->a, struct once_use);
        if (!elaborate_once(e, st, narg, arg, at, nu))
            return false;
        u = nu;
    }
    *out = call_use(e, o, u, narg, arg);
    return true;
}

/* ---- each ---- */

static bool each_count(struct elab *e, const struct stage *st, const struct tensors *in, const struct ast *at, i64 *n, bool *split)
{
    *split = st->n == 0;
    *n = st->n;
    if (!*split)
        return true;
    if (!in->n)
        return elab_wrong(e, E0303, at->loc, "`each` without a count takes a bundle: a tensor whose first axis counts the parts");
    for (u32 i = 0; i < in->n; i++) {
        const struct type *t = type_get(e->types, in->type[i]);
        if (!t->rank)
            return FAIL(e, E0501, at->loc, "a bundle has a first axis");
        i64 k = axis_extent(e->types, t->axis[0]);
        if (i && k != *n)
            return FAIL(e, E0504, at->loc, "bundles of %lld and %lld parts", (long long)*n, (long long)k);
        *n = k;
    }
    return true;
}

/* A tuple of tensors of one type as a bundle. */
static bool bundle_parts(struct elab *e, const struct vtuple *t, const struct ast *at, struct val *out)
{
    struct num one = num_int(1);
    for (u32 i = 0; i < t->n; i++) {
        struct val b;
        if (t->at[i].kind != V_TENSOR)
            return elab_wrong(e, E0303, at->loc, "`each` takes tensors, part %u is %s", i, val_kind_name(&t->at[i]));
        if (t->at[i].type != t->at[0].type)
            return FAIL(e, E0504, at->loc, "the parts that `each` takes are of different types");
        if (!elab_apply_op_named(e, "bundle_of", 1, &one, 1, &t->at[i], at, i ? &b : out))
            return false;
        if (i && !elab_apply_op_named(e, "bundle_join", 0, NULL, 2, (struct val[]){*out, b}, at, out))
            return false;
    }
    return true;
}

bool elab_apply_each(struct elab *e, const struct stage *st, u32 narg, const struct val *arg, const struct ast *at, struct val *out)
{
    struct val parts;
    if (e->rec)
        return elab_record_refuse(e);
    if (!st->n && narg == 1 && arg[0].kind == V_TUPLE && arg[0].tuple->n) {
        if (!bundle_parts(e, arg[0].tuple, at, &parts))
            return false;
        arg = &parts;
    }
    struct tensors in = tensors_of(e, narg, arg);
    i64 n;
    bool split;
    if (!each_count(e, st, &in, at, &n, &split))
        return false;
    for (u32 i = 0; split && i < in.n; i++)
        in.type[i] = arch_unlead(e->types, in.type[i], n);
    const struct stage *body = stage_with_attrs(e, st->f, st->nattr, st->attr);
    struct val *inner = NEW_ARRAY(e->a, struct val, in.n + 1), v;
    for (u32 i = 0; i < in.n; i++)
        inner[i] = val_tensor(in.type[i]);
    const char *name = st->label ? st->label : stage_name(body, "each");
    if (e->build) {
        elab_open(e, name, in.n, in.type);
        e->skip_prefix = body->kind == ST_RULE;
        inner = as_params(e, &in);
    }
    struct counters was = save_counters(e);
    e->mult = count_mul(e->mult, (u128)n);
    e->pmult = count_mul(e->pmult, (u128)n);
    e->rel_mult = count_mul(e->rel_mult, (u128)n);
    e->rel_pmult = count_mul(e->rel_pmult, (u128)n);
    bool ok = elab_apply(e, body, narg, args_with(e, narg, arg, inner), at, &v);
    restore_mult(e, &was);
    if (!ok)
        return false;
    struct tensors res = tensors_of(e, 1, &v);
    type_id *outer = NEW_ARRAY(e->a, type_id, res.n + 1);
    for (u32 i = 0; i < res.n; i++) {
        if (type_get(e->types, res.type[i])->rank >= 31)
            return FAIL(e, E0506, at->loc, "too many axes");
        outer[i] = arch_lead(e->types, res.type[i], n);
        i64 elems;
        if (__builtin_mul_overflow((i64)MIN(type_elems(e->types, res.type[i]), (u128)INT64_MAX), n, &elems))
            return FAIL(e, E0506, at->loc, "a bundle of too many elements");
    }
    aval out0 = 0;
    if (e->build) {
        const aval *ret = uses_of(e, res.n, res.at);
        u32 fn = ab_end(e->build, res.n, ret);
        struct level *l = close_level(e);
        u32 nin = in.n + l->from.n;
        struct val *all = NEW_ARRAY(e->a, struct val, nin + 1);
        bool *spread = NEW_ARRAY(e->a, bool, nin + 1);
        struct tensors given = tensors_of(e, narg, arg);
        for (u32 i = 0; i < nin; i++) {
            all[i] = i < in.n ? given.at[i] : l->from.at[i - in.n];
            spread[i] = split && i < in.n;
        }
        struct anode nd = {.kind = ANODE_REP, .fn = fn, .n = (u64)n, .nin = nin, .in = uses_of(e, nin, all), .spread = spread, .nout = res.n,
                           .out = outer, .label = elab_prefixed(e, name)};
        out0 = ab_node(e->build, nd);
    }
    for (u32 i = 0; i < res.n; i++)
        res.at[i] = (struct val){.kind = V_TENSOR, .type = outer[i], .ref = out0 + i, .level = e->nlevel};
    u32 k = 0;
    *out = with_tensors(e, &v, res.at, &k);
    return true;
}

/* ---- repeat ---- */

/* Rounds under way in the graph: equal ones in a row become a loop, one alone is copied in. */
struct rounds {
    struct afn *f;              /* NULL: none pending */
    u64 count;
    u32 nin, nout, ncap;
    const struct val *cap;
    type_id *out;
    u32 n; aval *cur;           /* the state's tensors, in the function around */
};

static void flush_rounds(struct elab *e, struct rounds *r)
{
    if (!r->f)
        return;
    u32 nin = r->nin + r->ncap;
    aval *arg = NEW_ARRAY(e->a, aval, nin + 1), *out = NEW_ARRAY(e->a, aval, r->nout + r->ncap + 1);
    type_id *type = NEW_ARRAY(e->a, type_id, r->nout + r->ncap + 1);
    memcpy(arg, r->cur, r->nin * sizeof(*arg));
    for (u32 i = 0; i < r->ncap; i++)
        arg[r->nin + i] = elab_use(e, r->cap[i]);
    memcpy(type, r->out, r->nout * sizeof(*type));
    for (; r->count > 1 && !r->f->node.n && r->nout == r->nin; r->count--) {     /* nothing to loop over: values are only passed on */
        ab_splice(e->build, r->f, arg, out);
        memcpy(arg, out, r->nout * sizeof(*arg));
    }
    if (r->count > 1 || !ab_splice(e->build, r->f, arg, out)) {
        u32 nout = r->nout;
        if (r->count > 1 && r->ncap) {          /* what a loop reads from outside is carried unchanged */
            aval *o = NEW_ARRAY(e->a, aval, nout + r->ncap);
            memcpy(o, r->f->out, nout * sizeof(*o));
            for (u32 i = 0; i < r->ncap; i++) {
                o[nout + i] = r->nin + i;
                type[nout + i] = r->cap[i].type;
            }
            r->f->out = o;
            r->f->nout = nout + r->ncap;
            nout += r->ncap;
        }
        struct anode nd = {.kind = r->count > 1 ? ANODE_LOOP : ANODE_CALL, .fn = ab_keep(e->build, r->f), .n = r->count, .nin = nin, .in = arg,
                           .nout = nout, .out = type, .label = elab_prefixed(e, "repeat")};
        aval out0 = ab_node(e->build, nd);
        for (u32 i = 0; i < r->nout; i++)
            out[i] = out0 + i;
    }
    r->cur = out;
    r->n = r->nout;
    r->f = NULL;
}

static bool same_caps(const struct rounds *r, const struct level *l)
{
    if (r->ncap != l->from.n)
        return false;
    for (u32 i = 0; i < r->ncap; i++)
        if (r->cap[i].level != l->from.at[i].level || r->cap[i].ref != l->from.at[i].ref)
            return false;
    return true;
}

static bool one_round(struct elab *e, const struct stage *st, i64 round, struct val state, const struct ast *at, struct val *out)
{
    const struct ast *n = st->code;
    struct frame *f = elab_frame(e, n->bind.slot, st->frame);
    f->round = (u32)round;
    if (n->text)
        f->slot[0] = val_int(round);
    struct val body;
    if (!elab_eval(e, f, n->kid[1], &body))
        return false;
    if (body.kind != V_STAGE)
        return elab_wrong(e, E0301, n->kid[1]->loc, "the block of a repeat is a function of the state, not %s: end it in `y => ..` or a name",
                          val_kind_name(&body));
    return elab_apply(e, body.stage, 1, &state, at, out);
}

/* Rounds that drew and made nothing new are all alike: what one counted, and whether it may be counted again. */
struct round { struct count total, rel; u64 nodes, steps; u32 order, made, nunit; };

static struct round round_begins(const struct elab *e)
{
    return (struct round){e->total, e->rel, e->nodes, e->steps, e->order, e->made, e->nunit};
}

static u128 again(u128 now, u128 before, u64 times)
{
    return count_add(now, count_mul(now - before, times));
}

/* Counts `left` more rounds like the one since `was`; false: they have to be evaluated. */
static bool count_rounds(struct elab *e, const struct round *was, const struct ast *code, u64 left, struct loc loc)
{
    u64 steps, nodes;
    if (e->order != was->order || e->made != was->made || e->nunit != was->nunit || e->in_share || e->ds || e->plain || e->tab || code->text)
        return false;
    if (__builtin_mul_overflow(e->steps - was->steps, left, &steps) || __builtin_add_overflow(steps, e->steps, &steps) || steps > e->most_steps ||
        __builtin_mul_overflow(e->nodes - was->nodes, left, &nodes))
        return false;
    struct count total = e->total, rel = e->rel, none = {0};
    e->total.params = again(total.params, was->total.params, left);
    e->total.macs = again(total.macs, was->total.macs, left);
    e->total.nodes = again(total.nodes, was->total.nodes, left);
    if (!elab_add(e, &none, nodes, false, loc)) {
        e->total = total;
        e->nodes -= nodes;
        return false;
    }
    e->rel.params = again(rel.params, was->rel.params, left);
    e->rel.macs = again(rel.macs, was->rel.macs, left);
    e->rel.nodes = again(rel.nodes, was->rel.nodes, left);
    e->steps = steps;
    return true;
}

static bool same_state(const struct val *a, const struct val *b)
{
    return a->kind == V_TENSOR && b->kind == V_TENSOR && a->type == b->type;
}

bool elab_apply_repeat(struct elab *e, const struct stage *st, u32 narg, const struct val *arg, const struct ast *at, struct val *out)
{
    if (e->rec)
        return elab_record_refuse(e);
    if (st->nattr)
        return elab_wrong(e, E0306, st->attr[0].loc, "a repeat has no attributes");
    struct val v = narg == 1 ? arg[0] : val_tuple(e, narg, arg);
    if (!e->build || st->n < 2) {
        for (i64 i = 0; i < st->n; i++) {
            struct round was = round_begins(e);
            struct val in = v;
            if (!one_round(e, st, i, in, at, &v))
                return false;
            if (i + 1 < st->n && same_state(&in, &v) && count_rounds(e, &was, st->code, (u64)(st->n - i - 1), at->loc))
                break;
        }
        *out = v;
        return true;
    }
    struct tensors t = tensors_of(e, 1, &v);
    struct rounds r = {.n = t.n, .cur = uses_of(e, t.n, t.at)};
    for (i64 i = 0; i < st->n; i++) {
        t = tensors_of(e, 1, &v);
        elab_open(e, "repeat", t.n, t.type);
        u32 k = 0;
        struct round was = round_begins(e);
        struct val in = with_tensors(e, &v, as_params(e, &t), &k), got;
        if (!one_round(e, st, i, in, at, &got))
            return false;
        struct tensors o = tensors_of(e, 1, &got);
        const aval *ret = uses_of(e, o.n, o.at);
        struct afn *f = ab_detach(e->build, o.n, ret);
        struct level *l = close_level(e);
        bool carried = o.n == t.n && (!t.n || memcmp(o.type, t.type, t.n * sizeof(*o.type)) == 0);
        if (r.f && carried && r.nout == r.nin && same_caps(&r, l) && ab_equal(r.f, f)) {
            r.count++;
        } else {
            flush_rounds(e, &r);
            r.f = f;
            r.count = 1;
            r.nin = t.n;
            r.nout = o.n;
            r.ncap = l->from.n;
            r.cap = l->from.at;
            r.out = o.type;
        }
        v = got;                /* types only: its tensors are set when the rounds are in place */
        if (i + 1 < st->n && carried && same_state(&in, &got) && count_rounds(e, &was, st->code, (u64)(st->n - i - 1), at->loc)) {
            r.count += (u64)(st->n - i - 1);
            break;
        }
    }
    flush_rounds(e, &r);
    t = tensors_of(e, 1, &v);
    for (u32 i = 0; i < t.n; i++)
        t.at[i] = (struct val){.kind = V_TENSOR, .type = t.type[i], .ref = r.cur[i], .level = e->nlevel};
    u32 k = 0;
    *out = with_tensors(e, &v, t.at, &k);
    return true;
}
