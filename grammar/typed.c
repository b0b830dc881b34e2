/* typed.c - the tables: values, symbols, sites and edges, interned; states come from typed_fill.c. */
#include "grammar/typed.h"

enum { MOST_WORDS = 48 };

struct typed *typed_of(struct gram *g)
{
    struct typed *t = g->typed;
    if (!t) {
        t = g->typed = NEW(g->tables, struct typed);
        t->g = g;
        t->a = g->tables;
        t->scratch = arena_new_in(g->tables, "pass");
    }
    return t;
}

u32 typed_count(const struct typed *t, u32 *nsym, u32 *nval)
{
    *nsym = t->sym.n;
    *nval = t->val.n;
    return t->nstate;
}

/* ---- values as words ---- */

struct words { u64 at[MOST_WORDS]; u32 n; };

static bool put(struct words *w, u64 x)
{
    if (w->n == MOST_WORDS)
        return false;
    w->at[w->n++] = x;
    return true;
}

static bool put_val(struct words *w, const struct val *v);

/* Functions that read nothing of the place where they were written. */
static bool put_stage(struct words *w, const struct stage *s)
{
    if (!put(w, (u64)V_STAGE << 32 | s->kind) || !put(w, s->nattr))
        return false;
    for (u32 i = 0; i < s->nattr; i++)
        if (!put(w, (u64)(uintptr_t)s->attr[i].name) || !put_val(w, &s->attr[i].v))
            return false;
    switch (s->kind) {
    case ST_OP:
        return put(w, (u64)(uintptr_t)s->ops);
    case ST_RULE:
        for (u32 i = 0; i < s->rules->overload.n; i++)
            if (s->rules->overload.at[i]->draws)
                return false;
        return elab_net_is_plain(s->rules) && put(w, (u64)(uintptr_t)s->rules);
    case ST_PIPE:
        return put_stage(w, s->f) && put_stage(w, s->g);
    case ST_PARTIAL:
        if (!put_stage(w, s->f) || !put(w, s->narg))
            return false;
        for (u32 i = 0; i < s->narg; i++)
            if (!put_val(w, &s->arg[i]))
                return false;
        return true;
    default:
        return false;
    }
}

static bool put_val(struct words *w, const struct val *v)
{
    switch (v->kind) {
    case V_NONE:
        return put(w, 0);
    case V_TENSOR:
        return put(w, (u64)V_TENSOR << 32 | v->type);
    case V_NUM:
        if (v->exact)
            return put(w, (u64)V_NUM << 32 | v->type) && put(w, (u64)v->i);
        u64 bits;
        memcpy(&bits, &v->num->r, sizeof(bits));
        return put(w, (u64)(V_NUM | (u64)v->num->kind << 8) << 32 | v->type) && put(w, v->num->kind == NUM_REAL ? bits : (u64)v->num->n) &&
               put(w, v->num->kind == NUM_REAL ? 0 : (u64)v->num->d);
    case V_STR:
        return put(w, (u64)V_STR << 32) && put(w, (u64)(uintptr_t)v->s);
    case V_TUPLE:
        if (!put(w, (u64)V_TUPLE << 32 | v->tuple->n))
            return false;
        for (u32 i = 0; i < v->tuple->n; i++)
            if (!put_val(w, &v->tuple->at[i]))
                return false;
        return true;
    default:
        return put_stage(w, v->stage);
    }
}

/* The same value, in memory of the tables. */
static struct val keep(struct arena *a, const struct val *v);

static const struct stage *keep_stage(struct arena *a, const struct stage *s)
{
    struct stage *n = arena_dup(a, s, sizeof(*n));
    n->frame = NULL;
    struct sattr *attr = arena_dup(a, s->attr ? (const void *)s->attr : "", s->nattr * sizeof(*attr));
    for (u32 i = 0; i < s->nattr; i++)
        attr[i].v = keep(a, &s->attr[i].v);
    n->attr = attr;
    if (s->kind == ST_PIPE || s->kind == ST_PARTIAL)
        n->f = keep_stage(a, s->f);
    if (s->kind == ST_PIPE)
        n->g = keep_stage(a, s->g);
    if (s->kind == ST_PARTIAL) {
        struct val *arg = NEW_ARRAY(a, struct val, s->narg + 1);
        for (u32 i = 0; i < s->narg; i++)
            arg[i] = keep(a, &s->arg[i]);
        n->arg = arg;
    }
    return n;
}

static struct val keep(struct arena *a, const struct val *v)
{
    struct val k = *v;
    if (v->kind == V_NUM && !v->exact)
        k.num = arena_dup(a, v->num, sizeof(*v->num));
    if (v->kind == V_STAGE)
        k.stage = keep_stage(a, v->stage);
    if (v->kind == V_TUPLE) {
        struct vtuple *t = arena_alloc(a, sizeof(*t) + v->tuple->n * sizeof(struct val));
        t->n = v->tuple->n;
        for (u32 i = 0; i < t->n; i++)
            t->at[i] = keep(a, &v->tuple->at[i]);
        k.tuple = t;
    }
    return k;
}

static u64 hash_words(u64 h, u32 n, const u64 *w)
{
    for (u32 i = 0; i < n; i++) {
        h = (h ^ w[i]) * 0x9e3779b97f4a7c15u;
        h ^= h >> 29;
    }
    return h;
}

const struct tval *typed_val(struct typed *t, const struct val *v)
{
    struct words w;
    w.n = 0;
    if (!put_val(&w, v))
        return NULL;
    u64 h = hash_words(1, w.n, w.at);
    u32 at = idmap_home(&t->val_by, h);
    for (u32 id; (id = idmap_find(&t->val_by, h, &at));) {
        struct tval *x = t->val.at[id - 1];
        if (x->nword == w.n && memcmp(x->word, w.at, w.n * sizeof(u64)) == 0)
            return x;
    }
    struct tval *x = arena_alloc(t->a, sizeof(*x) + w.n * sizeof(u64));
    x->hash = h;
    x->v = keep(t->a, v);
    x->id = t->val.n;
    x->nword = w.n;
    memcpy(x->word, w.at, w.n * sizeof(u64));
    vec_push(t->a, &t->val, x);
    idmap_put(t->a, &t->val_by, h, t->val.n);
    return x;
}

/* ---- symbols ---- */

/* Does evaluating an alternative of it read `depth`? Nets that draw nothing are evaluated with it; one that is not plain may. */
static bool mentions_depth(const struct ast *n)
{
    if (!n)
        return false;
    if (n->kind == A_ID || n->kind == A_FIELD) {
        if (n->bind.kind == BIND_BUILTIN)
            return n->bind.slot == BI_DEPTH;
        if (n->bind.kind != BIND_RULE)
            return false;
        const struct gram_rules *s = n->bind.ptr;
        bool draws = false;
        for (u32 i = 0; i < s->overload.n; i++)
            draws |= s->overload.at[i]->draws;
        return !draws && !elab_net_is_plain(s);
    }
    for (u32 i = 0; i < n->nkid; i++)
        if (mentions_depth(n->kid[i]))
            return true;
    return false;
}

static bool find_depth(const struct gram_rule *r)
{
    if (mentions_depth(r->ast))
        return true;
    for (u32 i = 0; i < r->nalt; i++)
        if (r->alt[i].inline_of && mentions_depth(r->alt[i].inline_of->overload.at[0]->ast))
            return true;
    return false;
}

static bool reads_depth(const struct gram_rule *r)
{
    struct gram_rule *w = (struct gram_rule *)r;
    if (!w->reads_depth)
        w->reads_depth = find_depth(r) ? 1 : 2;
    return w->reads_depth == 1;
}

static const struct frame *keep_frame(struct arena *a, const struct gram_rule *r, const struct frame *f)
{
    u32 n = f->nslot;
    while (n && f->slot[n - 1].kind == V_NONE)
        n--;
    struct frame *k = arena_alloc(a, sizeof(*k) + n * sizeof(struct val));
    k->rule = r;
    k->nslot = n;
    k->nrun = f->nrun;
    k->run = f->run;            /* axes of a type: they stay */
    k->has_run = f->has_run;
    for (u32 i = 0; i < n; i++)
        k->slot[i] = keep(a, &f->slot[i]);
    return k;
}

static struct tsym *find_sym(struct typed *t, const struct gram_rule *r, u32 depth, const struct words *w, u64 *hash)
{
    u64 h = *hash = hash_words((u64)r->serial << 32 | depth, w->n, w->at);
    u32 at = idmap_home(&t->sym_by, h);
    for (u32 id; (id = idmap_find(&t->sym_by, h, &at));) {
        struct tsym *s = t->sym.at[id - 1];
        if (s->rule == r && s->depth == depth && s->nword == w->n && memcmp(s->word, w->at, w->n * sizeof(u64)) == 0)
            return s;
    }
    return NULL;
}

static struct tsym *new_sym(struct typed *t, const struct gram_rule *r, u32 depth, const struct words *w, u64 hash)
{
    struct tsym *s = arena_alloc(t->a, sizeof(*s) + w->n * sizeof(u64));
    s->hash = hash;
    s->rule = r;
    s->depth = depth;
    s->id = t->sym.n;
    s->nword = w->n;
    memcpy(s->word, w->at, w->n * sizeof(u64));
    vec_push(t->a, &t->sym, s);
    idmap_put(t->a, &t->sym_by, hash, t->sym.n);
    return s;
}

struct tsym *typed_sym(struct typed *t, const struct gram_rule *r, const struct frame *f)
{
    struct words w;
    u64 h;
    w.n = 0;
    for (u32 i = 0; i < r->nattr + r->nparam; i++)
        if (!put_val(&w, &f->slot[i]))
            return NULL;
    struct tsym *s = find_sym(t, r, 0, &w, &h);
    if (!s) {
        s = new_sym(t, r, 0, &w, h);
        s->frame = keep_frame(t->a, r, f);
        s->reads_depth = reads_depth(r);
    }
    return s;
}

struct tsym *typed_space(struct typed *t, const struct gram_rule *space)
{
    struct words w;
    u64 h;
    w.n = 0;
    struct tsym *s = find_sym(t, space, 0, &w, &h);
    return s ? s : new_sym(t, space, 0, &w, h);
}

struct tsym *typed_at_depth(struct typed *t, struct tsym *s, u32 depth)
{
    if (!s->reads_depth)
        return s;
    while (s->by_depth.n <= depth)
        vec_push(t->a, &s->by_depth, NULL);
    struct tsym *d = s->by_depth.at[depth];
    if (!d) {
        struct words w;
        w.n = s->nword;
        memcpy(w.at, s->word, w.n * sizeof(u64));
        d = s->by_depth.at[depth] = new_sym(t, s->rule, depth + 1, &w, hash_words((u64)s->rule->serial << 32 | (depth + 1), w.n, w.at));
        d->frame = s->frame;
    }
    return d;
}

const struct tsite *typed_site(struct typed *t, const struct tsite *s)
{
    u64 h = hash64(s, sizeof(*s));
    u32 at = idmap_home(&t->site_by, h);
    for (u32 id; (id = idmap_find(&t->site_by, h, &at));)
        if (memcmp(t->site.at[id - 1], s, sizeof(*s)) == 0)
            return t->site.at[id - 1];
    const struct tsite *k = arena_dup(t->a, s, sizeof(*s));
    vec_push(t->a, &t->site, k);
    idmap_put(t->a, &t->site_by, h, t->site.n);
    return k;
}

/* ---- edges ---- */

static u32 edge_home(const struct typed *t, const struct tstate *from, const struct tval *on)
{
    u64 h = ((u64)(uintptr_t)from ^ on->hash) * 0x9e3779b97f4a7c15u;
    return (u32)(h >> 32) & (t->edge.cap - 1);
}

static struct tstate *edge_find(const struct typed *t, const struct tstate *from, const struct tval *on)
{
    if (!t->edge.cap)
        return NULL;
    for (u32 i = edge_home(t, from, on); t->edge.from[i]; i = (i + 1) & (t->edge.cap - 1))
        if (t->edge.from[i] == from && t->edge.on[i] == on)
            return t->edge.to[i];
    return NULL;
}

static void edge_place(struct typed *t, const struct tstate *from, const struct tval *on, struct tstate *to)
{
    u32 i = edge_home(t, from, on);
    while (t->edge.from[i])
        i = (i + 1) & (t->edge.cap - 1);
    t->edge.from[i] = from;
    t->edge.on[i] = on;
    t->edge.to[i] = to;
}

static void edge_put(struct typed *t, const struct tstate *from, const struct tval *on, struct tstate *to)
{
    if ((t->edge.n + 1) * 4 > t->edge.cap * 3) {
        struct typed was = *t;
        t->edge.cap = was.edge.cap ? 2 * was.edge.cap : 256;
        t->edge.from = NEW_ARRAY(t->a, const struct tstate *, t->edge.cap);
        t->edge.on = NEW_ARRAY(t->a, const struct tval *, t->edge.cap);
        t->edge.to = NEW_ARRAY(t->a, struct tstate *, t->edge.cap);
        for (u32 i = 0; i < was.edge.cap; i++)
            if (was.edge.from[i])
                edge_place(t, was.edge.from[i], was.edge.on[i], was.edge.to[i]);
    }
    t->edge.n++;
    edge_place(t, from, on, to);
}

/* ---- what follows ---- */

/* Where the alternatives and weights of a rule are constants, and nothing is evaluated before one is chosen, the entries of its
 * symbols differ in what follows only. */
static void note_entry(struct typed *t, const struct tsym *s)
{
    const struct tstate *e = s->entry;
    if (e->kind != T_CHOICE || e->cost || !s->frame || e->choice->w != s->rule->weights)
        return;
    while (t->first.n <= s->rule->serial)
        vec_push(t->a, &t->first, NULL);
    t->first.at[s->rule->serial] = e;
}

static struct tstate *entry_like(struct typed *t, struct tsym *s)
{
    const struct tstate *f = s->rule->serial < t->first.n ? t->first.at[s->rule->serial] : NULL;
    if (!f)
        return NULL;
    const struct tweights *w = f->choice->w;
    struct tstate *e = arena_dup(t->a, f, sizeof(*e));
    struct tchoice *c = arena_alloc(t->a, sizeof(*c) + w->n * sizeof(struct tstate *));
    c->w = w;
    e->choice = c;
    e->owner = s;
    e->to = NULL;
    t->nstate++;
    return e;
}

struct tstate *typed_entry(struct typed *t, struct tsym *s)
{
    if (!s->entry)
        s->entry = entry_like(t, s);
    if (!s->entry) {
        s->entry = typed_fill(t, s, NULL, 0, NULL);
        note_entry(t, s);
    }
    return s->entry;
}

/* The symbol whose alternative a state belongs to is found at its entry's choice. */
static struct tsym *sym_of(const struct tstate *s)
{
    while (s->up)
        s = s->up;
    return s->owner;
}

static struct tstate *fill(struct typed *t, struct tsym *s, struct tstate *from, u64 alt, const struct tval *on)
{
    struct tstate *to = typed_plain(t, s, from, alt, on);
    if (!to) {
        to = typed_fill(t, s, from, alt, on);
        typed_plain_note(t, s, from, alt, on, to);
    }
    return to;
}

struct tstate *typed_pick(struct typed *t, struct tstate *c, u32 alt)
{
    CHECK(c->kind == T_CHOICE && alt < c->choice->w->n);
    if (!c->choice->to[alt])
        c->choice->to[alt] = fill(t, sym_of(c), c, alt, NULL);
    return c->choice->to[alt];
}

struct tstate *typed_result(struct typed *t, struct tstate *c, const struct tval *v)
{
    if (c->last_on == v)
        return c->to;
    struct tstate *to = edge_find(t, c, v);
    if (!to) {
        to = fill(t, sym_of(c), c, 0, v);
        edge_put(t, c, v, to);
    }
    c->last_on = v;
    c->to = to;
    return to;
}

struct tstate *typed_pass(struct typed *t, struct tstate *s)
{
    (void)t;
    CHECK(s->to);
    return s->to;
}
