/* skel_value.c - values without types: copied from symbol to symbol, compared, joined, forced. */
#include "grammar/skel_build.h"

struct sv sv_tuple(struct sbuild *b, u32 n, const struct sv *at)
{
    struct sv_tuple *t = arena_alloc(b->tmp, sizeof(*t) + n * sizeof(*at));
    t->n = n;
    if (n)
        memcpy(t->at, at, n * sizeof(*at));
    return (struct sv){.kind = SV_TUPLE, .tuple = t};
}

/* ---- asking ---- */

static void ask(struct sbuild *b, const struct sv *v)
{
    if (v->kind != SV_ANY || !v->of)
        return;
    struct srule *r = &b->rule[v->of->serial];
    if (r->open >> v->slot & 1)
        return;
    r->open |= (u64)1 << v->slot;
    b->restart = true;
}

static bool force_draw(struct sbuild *b, struct sv *v)
{
    struct sdraw *d = &b->draw.at[v->draw];
    const struct ssym *s = b->sym.at[d->sym];
    if (d->cls < 0) {
        if (!s->cls.n)
            return false;
        d->cls = (i32)skel_decide(b, s->cls.n);
        b->p *= s->cls.at[d->cls].p;
        if (!(b->p > 0))
            return false;
    }
    struct crossing c = {.how = CROSS_KEEP, .shift = d->shift};
    return sv_cross(b, &c, s->cls.at[d->cls].v, v);
}

bool sv_force(struct sbuild *b, struct sv *v)
{
    switch (v->kind) {
    case SV_DRAWN:
        return force_draw(b, v);
    case SV_LAZY: {
        const struct sv_lazy *l = v->lazy;
        struct sv arg[8];
        for (u32 i = 0; i < l->n; i++) {
            arg[i] = l->arg[i];
            if (!sv_force(b, &arg[i]))
                return false;
        }
        return skel_compute(b, l->at, l->n, arg, v);
    }
    case SV_TUPLE: {
        struct sv t = sv_tuple(b, v->tuple->n, v->tuple->at);
        for (u32 i = 0; i < t.tuple->n; i++)
            if (!sv_force(b, &((struct sv_tuple *)t.tuple)->at[i]))
                return false;
        *v = t;
        return true;
    }
    case SV_ANY:
        ask(b, v);
        return !b->restart;
    default:
        return true;
    }
}

bool sv_known_int(struct sbuild *b, struct sv *v, i64 *out, bool *known)
{
    *known = false;
    if (!sv_force(b, v))
        return false;
    if (v->kind == SV_ANY)
        return true;
    *known = v->kind == SV_NUM && num_is_int(v->num, out);
    return *known;
}

i64 sv_leading(struct sbuild *b, const struct sv *v)
{
    if (v->kind != SV_ANY)
        return 0;
    if (!v->lead)
        ask(b, v);
    return v->lead;
}

/* ---- what draws ---- */

static bool code_draws(struct sbuild *b, const struct sv_frame *f, const struct ast *n, u32 level)
{
    if (!n)
        return false;
    switch (n->kind) {
    case A_CHOOSE:
        return true;
    case A_LAMBDA:
        return code_draws(b, f, n->kid[1], level + 1);
    case A_REPEAT:
        return code_draws(b, f, n->kid[0], level) || code_draws(b, f, n->kid[1], level + 1);
    case A_ID: case A_FIELD:
        if (n->bind.kind == BIND_RULE) {
            const struct gram_rules *s = n->bind.ptr;
            for (u32 i = 0; i < s->overload.n; i++)
                if (s->overload.at[i]->draws)
                    return true;
        }
        if (n->bind.kind == BIND_LOCAL && n->bind.up >= level) {
            u32 up = n->bind.up - level;
            for (; up && f; up--)
                f = f->up;
            return f && n->bind.slot < f->nslot && sv_draws(b, &f->slot[n->bind.slot]);
        }
        return false;
    default:
        for (u32 i = 0; i < n->nkid; i++)
            if (code_draws(b, f, n->kid[i], level))
                return true;
        return false;
    }
}

bool sv_may_draw(struct sbuild *b, struct sv_frame *f, const struct ast *n)
{
    return code_draws(b, f, n, 0);
}

static bool stage_draws(struct sbuild *b, const struct sv_stage *st)
{
    for (u32 i = 0; i < st->nattr; i++)
        if (sv_draws(b, &st->attr[i].v))
            return true;
    for (u32 i = 0; i < st->narg; i++)
        if (sv_draws(b, &st->arg[i]))
            return true;
    switch (st->kind) {
    case SS_RULE: {
        const struct gram_rules *s = st->ptr;
        for (u32 i = 0; i < s->overload.n; i++)
            if (s->overload.at[i]->draws)
                return true;
        return false;
    }
    case SS_LAMBDA: case SS_REPEAT:
        return code_draws(b, st->frame, st->code->kid[1], 1);
    case SS_ONCE:
        return code_draws(b, st->frame, st->code, 0);
    case SS_PIPE:
        return stage_draws(b, st->f) || stage_draws(b, st->g);
    case SS_EACH: case SS_PARTIAL:
        return stage_draws(b, st->f);
    default:
        return false;
    }
}

bool sv_draws(struct sbuild *b, const struct sv *v)
{
    if (v->kind == SV_STAGE)
        return stage_draws(b, v->stage);
    if (v->kind == SV_TUPLE)
        for (u32 i = 0; i < v->tuple->n; i++)
            if (sv_draws(b, &v->tuple->at[i]))
                return true;
    if (v->kind == SV_DRAWN) {
        const struct ssym *s = b->sym.at[b->draw.at[v->draw].sym];
        for (u32 i = 0; i < s->cls.n; i++)
            if (sv_draws(b, &s->cls.at[i].v))
                return true;
    }
    return false;
}

/* ---- crossing ---- */

static const struct sv_case *copy_case(struct sbuild *b, const struct sv_case *k)
{
    if (!k)
        return NULL;
    struct sv_case *c = arena_dup(b->a, k, sizeof(*k));
    c->var = k->nvar ? arena_dup(b->a, k->var, k->nvar * sizeof(*k->var)) : NULL;
    c->inner = copy_case(b, k->inner);
    return c;
}

static bool copy_reads(struct sbuild *b, i32 shift, const struct sv_frame *f, struct sv_frame *to, const struct ast *n, u32 level)
{
    if (!n)
        return true;
    if (n->kind == A_LAMBDA)
        return copy_reads(b, shift, f, to, n->kid[1], level + 1);
    if (n->kind == A_REPEAT)
        return copy_reads(b, shift, f, to, n->kid[0], level) && copy_reads(b, shift, f, to, n->kid[1], level + 1);
    if (n->kind == A_ID && n->bind.kind == BIND_LOCAL && n->bind.up >= level) {
        for (u32 up = n->bind.up - level; up && f; up--) {
            f = f->up;
            to = to->up;
        }
        struct crossing c = {.how = CROSS_KEEP, .shift = shift};
        return !f || n->bind.slot >= f->nslot || sv_cross(b, &c, f->slot[n->bind.slot], &to->slot[n->bind.slot]);
    }
    for (u32 i = 0; i < n->nkid; i++)
        if (!copy_reads(b, shift, f, to, n->kid[i], level))
            return false;
    return true;
}

static struct sv_frame *empty_like(struct sbuild *b, i32 shift, const struct sv_frame *f)
{
    if (!f)
        return NULL;
    struct sv_frame *t = arena_alloc(b->a, sizeof(*t) + f->nslot * sizeof(struct sv));
    struct sv_home *h = NEW(b->a, struct sv_home);
    h->depth = f->home->depth + shift;
    h->taken = copy_case(b, f->home->taken);
    t->up = empty_like(b, shift, f->up);
    t->home = h;
    t->nslot = f->nslot;
    return t;
}

bool sv_cross_frame(struct sbuild *b, i32 shift, struct sv_frame *f, const struct ast *code, u32 level, struct sv_frame **out)
{
    *out = empty_like(b, shift, f);
    return copy_reads(b, shift, f, *out, code, level);
}

static bool cross_stage(struct sbuild *b, i32 shift, const struct sv_stage *st, const struct sv_stage **out)
{
    struct crossing c = {.how = CROSS_KEEP, .shift = shift};
    struct sv_stage *s = arena_dup(b->a, st, sizeof(*s));
    struct sv_attr *attr = NEW_ARRAY(b->a, struct sv_attr, st->nattr);
    struct sv *arg = NEW_ARRAY(b->a, struct sv, st->narg);
    *out = s;
    s->attr = attr;
    s->arg = arg;
    for (u32 i = 0; i < st->nattr; i++) {
        attr[i].name = st->attr[i].name;
        if (!sv_cross(b, &c, st->attr[i].v, &attr[i].v))
            return false;
    }
    for (u32 i = 0; i < st->narg; i++)
        if (!sv_cross(b, &c, st->arg[i], &arg[i]))
            return false;
    if (!sv_cross(b, &c, st->n, &s->n))
        return false;
    if ((st->f && !cross_stage(b, shift, st->f, &s->f)) || (st->g && !cross_stage(b, shift, st->g, &s->g)))
        return false;
    switch (st->kind) {
    case SS_LAMBDA: case SS_REPEAT:
        return sv_cross_frame(b, shift, st->frame, st->code->kid[1], 1, &s->frame);
    case SS_ONCE:
        s->once = NEW(b->a, struct sv_once);
        if (stage_draws(b, st))
            skel_note(b, SKN_ONCE);
        return sv_cross_frame(b, shift, st->frame, st->code, 0, &s->frame);
    case SS_RULE:
        s->frame = empty_like(b, shift, st->frame);
        return true;
    default:
        s->frame = NULL;
        return true;
    }
}

bool sv_cross(struct sbuild *b, const struct crossing *c, struct sv v, struct sv *out)
{
    struct sv shut = sv_of(c->of, c->slot);
    *out = v;
    switch (v.kind) {
    case SV_ANY:
        if (c->how == CROSS_SHUT)
            *out = shut;
        else if (c->how == CROSS_OPEN && !v.lead)
            ask(b, &v);
        return !b->restart;
    case SV_DRAWN: case SV_LAZY:
        if (c->how == CROSS_SHUT || c->how == CROSS_RESULT) {
            *out = shut;
            return true;
        }
        return sv_force(b, &v) && sv_cross(b, c, v, out);
    case SV_TUPLE: {
        struct sv_tuple *t = arena_alloc(b->a, sizeof(*t) + v.tuple->n * sizeof(struct sv));
        t->n = v.tuple->n;
        for (u32 i = 0; i < t->n; i++)
            if (!sv_cross(b, c, v.tuple->at[i], &t->at[i]))
                return false;
        out->tuple = t;
        return true;
    }
    case SV_STAGE:
        return cross_stage(b, c->shift, v.stage, &out->stage);
    default:
        return true;
    }
}

/* ---- comparing ---- */

static void put(struct sbuild *b, sv_words *w, u64 x)
{
    vec_push(b->tmp, w, x);
}

static void key_frame(struct sbuild *b, const struct sv_frame *f, sv_words *w)
{
    for (; f; f = f->up) {
        put(b, w, (u64)(u32)f->home->depth << 32 | f->nslot);
        put(b, w, (u64)(uintptr_t)(f->home->taken ? f->home->taken->alt : NULL));
        for (u32 i = 0; i < f->nslot; i++)
            sv_key(b, &f->slot[i], w);
    }
    put(b, w, 0);
}

static void key_stage(struct sbuild *b, const struct sv_stage *st, sv_words *w)
{
    put(b, w, (u64)st->kind << 32 | st->nattr);
    put(b, w, (u64)(uintptr_t)st->ptr);
    put(b, w, (u64)(uintptr_t)st->code);
    sv_key(b, &st->n, w);
    for (u32 i = 0; i < st->nattr; i++) {
        put(b, w, (u64)(uintptr_t)st->attr[i].name);
        sv_key(b, &st->attr[i].v, w);
    }
    put(b, w, st->narg);
    for (u32 i = 0; i < st->narg; i++)
        sv_key(b, &st->arg[i], w);
    put(b, w, (u64)(st->f != NULL) << 1 | (st->g != NULL));
    if (st->f)
        key_stage(b, st->f, w);
    if (st->g)
        key_stage(b, st->g, w);
    if (st->kind != SS_RULE)
        key_frame(b, st->frame, w);
    else
        put(b, w, (u64)(u32)st->frame->home->depth);
}

void sv_key(struct sbuild *b, const struct sv *v, sv_words *w)
{
    u64 r;
    put(b, w, v->kind);
    switch (v->kind) {
    case SV_ANY:
        put(b, w, (u64)v->lead);
        break;
    case SV_NUM:
        memcpy(&r, &v->num.r, sizeof(r));
        put(b, w, v->num.kind == NUM_REAL ? r : (u64)v->num.n);
        put(b, w, v->num.kind == NUM_REAL ? 0 : (u64)v->num.d);
        break;
    case SV_STR:
        put(b, w, (u64)(uintptr_t)v->s);
        break;
    case SV_TUPLE:
        put(b, w, v->tuple->n);
        for (u32 i = 0; i < v->tuple->n; i++)
            sv_key(b, &v->tuple->at[i], w);
        break;
    case SV_STAGE:
        key_stage(b, v->stage, w);
        break;
    case SV_DRAWN:
        put(b, w, v->draw);
        break;
    default:
        break;
    }
}

bool sv_same(struct sbuild *b, const struct sv *x, const struct sv *y)
{
    sv_words p = {0}, q = {0};
    sv_key(b, x, &p);
    sv_key(b, y, &q);
    return p.n == q.n && memcmp(p.at, q.at, p.n * sizeof(*p.at)) == 0;
}

bool sv_join(struct sbuild *b, const struct gram_rule *r, struct sv *to, const struct sv *v)
{
    if (to->kind == SV_NONE) {
        *to = *v;
        return true;
    }
    if (sv_same(b, to, v))
        return true;
    if (to->kind == SV_STAGE || v->kind == SV_STAGE)
        return false;
    if (to->kind == SV_TUPLE && v->kind == SV_TUPLE && to->tuple->n == v->tuple->n) {
        struct sv_tuple *t = arena_dup(b->a, to->tuple, sizeof(*t) + to->tuple->n * sizeof(struct sv));
        for (u32 i = 0; i < t->n; i++)
            if (!sv_join(b, r, &t->at[i], &v->tuple->at[i]))
                return false;
        to->tuple = t;
        return true;
    }
    *to = sv_of(r, SKEL_RESULT);
    return true;
}
