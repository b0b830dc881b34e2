/* plan_sign.c - a group of equations as a hash of all that lowering may look at, and as a cascade that holds no more.
 *
 * Tensors are numbered by first mention and are their dtype, phase and dims; a node without tensors under it is the hash of what it says,
 * worked out once in a cascade; the others are numbered by first mention too.  Lowering sees the group through
 * plan_alone only, so what it makes is a function of the signature: the same whatever else the network holds, and
 * whatever was lowered before. */
#include "passes/plan_sign.h"

static void put(struct plan_signer *s, u64 v)
{
    vec_push(s->a, &s->word, v);
}

static struct hash128 hash_words(const struct plan_signer *s, u32 from)
{
    return hash128(s->word.at + from, (s->word.n - from) * sizeof(u64));
}

static void put_str(struct plan_signer *s, const char *x)
{
    put(s, x ? hash64(x, strlen(x)) : 0);
}

void plan_signer_open(struct plan_signer *s, struct arena *a, const struct cascade *c, const struct mach *m, const struct pass_options *o)
{
    *s = (struct plan_signer){ .a = a, .c = c };
    s->hash = NEW_ARRAY(a, struct hash128, c->node.n);
    s->closed = NEW_ARRAY(a, u8, c->node.n);
    s->seen_in = NEW_ARRAY(a, u32, c->node.n);
    s->seen = NEW_ARRAY(a, u32, c->node.n);
    s->tens_in = NEW_ARRAY(a, u32, c->tens.n + 1);
    s->number = NEW_ARRAY(a, u32, c->tens.n + 1);
    put(s, (u64)o->strict | (u64)o->training << 1 | (u64)c->training << 2 | (u64)o->code << 8 | (u64)o->break_ << 32);
    put(s, (u64)(uintptr_t)o->tune);            /* one table of measurements is one place in memory */
    put(s, (u64)m->isa << 32 | m->vector_bits);
    put(s, (u64)m->nvreg << 32 | (u64)m->fma << 1 | m->masks);
    put_str(s, m->triple);
    put_str(s, m->cpu);
    put_str(s, m->features);
    put(s, m->least_bits);
    put(s, m->l1d);
    put(s, m->l2);
    put(s, m->l3);
    put(s, (u64)m->cores << 32 | m->line);
    for (u32 i = 0; i < c->sym.n; i++) {
        put(s, (u64)c->sym.at[i].lo);
        put(s, (u64)c->sym.at[i].hi);
        put(s, (u64)c->sym.at[i].divides << 8 | c->sym.at[i].bind);
    }
    s->context = hash_words(s, 0);
}

/* Is there no tensor under x?  Then its hash is known. */
static bool closed(struct plan_signer *s, ein_node x)
{
    if (s->closed[x])
        return s->closed[x] == 1;
    const struct ein_x *y = &s->c->node.at[x];
    const ein_node child[3] = { y->a, y->b, y->c };
    bool all = y->kind != EIN_READ && y->kind != EIN_GATHER;
    for (u32 i = 0; i < 3; i++)
        all &= !child[i] || closed(s, child[i]);
    for (u32 i = 0; i < y->nlist; i++)
        all &= closed(s, s->c->list.at[y->list + i]);
    s->closed[x] = all ? 1 : 2;
    if (!all)
        return false;
    u32 from = s->word.n;
    u64 bits;
    memcpy(&bits, &y->r, sizeof bits);
    put(s, (u64)y->kind << 32 | y->u);
    put(s, (u64)y->i);
    put(s, bits);
    put(s, (u64)!!y->a | (u64)!!y->b << 1 | (u64)!!y->c << 2 | (u64)y->nlist << 32);
    for (u32 i = 0; i < 3 + y->nlist; i++) {
        ein_node k = i < 3 ? child[i] : s->c->list.at[y->list + i - 3];
        if (k) {
            put(s, s->hash[k].hi);
            put(s, s->hash[k].lo);
        }
    }
    s->hash[x] = hash_words(s, from);
    s->word.n = from;
    return true;
}

/* Does lowering look at the values? */
static u64 values(const struct ein_tens *t)
{
    u64 n = t->role == EIN_CONST && t->value && t->ndim == 2 ? 1 : 0;
    for (u32 d = 0; d < t->ndim; d++)
        n = t->dim[d] > 0 && t->dim[d] <= 8 ? n * (u64)t->dim[d] : 0;
    return n;
}

static void put_tens(struct plan_signer *s, u32 t)
{
    if (s->tens_in[t] == s->group) {
        put(s, s->number[t]);
        return;
    }
    s->tens_in[t] = s->group;
    s->number[t] = s->tens.n;
    put(s, s->tens.n);
    vec_push(s->a, &s->tens, t);
    const struct ein_tens *x = &s->c->tens.at[t];
    put(s, (u64)!!values(x) << 48 | (u64)x->dtype << 40 | (u64)x->phase << 32 | x->ndim);
    for (u32 d = 0; d < x->ndim; d++)
        put(s, (u64)x->dim[d]);
    for (u64 i = 0; i < values(x); i++) {
        u64 bits;
        memcpy(&bits, &x->value[i], sizeof bits);
        put(s, bits);
    }
}

enum { NO_NODE, CLOSED_NODE, OLD_NODE, NEW_NODE };

static void put_node(struct plan_signer *s, ein_node x)
{
    if (!x) {
        put(s, NO_NODE);
        return;
    }
    if (closed(s, x)) {
        put(s, CLOSED_NODE);
        put(s, s->hash[x].hi);
        put(s, s->hash[x].lo);
        return;
    }
    if (s->seen_in[x] == s->group) {
        put(s, OLD_NODE | (u64)s->seen[x] << 8);
        return;
    }
    const struct ein_x *y = &s->c->node.at[x];
    u64 bits;
    memcpy(&bits, &y->r, sizeof bits);
    put(s, NEW_NODE | (u64)y->kind << 8 | (u64)y->nlist << 32);
    put(s, (u64)y->i);
    put(s, bits);
    if (y->kind == EIN_READ || y->kind == EIN_GATHER)
        put_tens(s, y->u);
    else
        put(s, y->u);
    put_node(s, y->a);
    put_node(s, y->b);
    put_node(s, y->c);
    for (u32 i = 0; i < y->nlist; i++)
        put_node(s, s->c->list.at[y->list + i]);
    s->seen_in[x] = s->group;
    s->seen[x] = s->nseen++;
}

static void put_monoid(struct plan_signer *s, const struct ein_monoid *m)
{
    put(s, (u64)m->nstate << 32 | m->nlift);
    for (u32 i = 0; i < m->nstate; i++) {
        put_node(s, m->zero[i]);
        put_node(s, m->lift[i]);
        put_node(s, m->merge[i]);
    }
}

/* Scans are numbered through a network; here from 1. */
static u32 scan_number(struct plan_signer *s, u32 scan)
{
    u32 k = 0;
    if (!scan)
        return 0;
    while (k < s->scan.n && s->scan.at[k] != scan)
        k++;
    if (k == s->scan.n)
        vec_push(s->a, &s->scan, scan);
    return k + 1;
}

struct hash128 plan_sign(struct plan_signer *s, const struct plan_group *g)
{
    s->group++;
    s->nseen = s->tens.n = s->word.n = s->scan.n = 0;
    put(s, s->context.hi);
    put(s, s->context.lo);
    for (u32 i = 0; i < g->n; i++) {
        const struct ein_eq *e = g->eq[i];
        put(s, (u64)e->nout << 32 | e->nsub);
        put(s, (u64)e->nrank << 32 | e->nbody);
        put(s, (u64)e->red | (u64)e->acc << 8 | (u64)e->as_written << 16 | (u64)e->phase << 24 | (u64)e->scan_down << 32);
        put(s, (u64)scan_number(s, e->scan) << 32 | (e->scan ? e->scan_rank : 0));
        for (u32 k = 0; k < e->nout; k++)
            put_tens(s, e->out[k]);
        for (u32 k = 0; k < e->nrank; k++) {
            put(s, (u64)e->rank[k].ext);
            put(s, e->rank[k].kind);
        }
        if (e->red == RED_USER)
            put_monoid(s, &s->c->monoid.at[e->monoid]);
        for (u32 k = 0; k < e->nsub; k++)
            put_node(s, e->sub[k]);
        for (u32 k = 0; k < e->nbody; k++)
            put_node(s, e->body[k]);
        put_node(s, e->guard);
        put_node(s, e->post);
    }
    return hash_words(s, 0);
}

/* Alone */

struct alone { struct cascade *c; const struct plan_signer *s; struct arena *a; struct idmap map; };

static ein_node again(struct alone *w, ein_node x)
{
    if (!x)
        return 0;
    u32 at = idmap_home(&w->map, x), id = idmap_find(&w->map, x, &at);
    if (id)
        return id;
    const struct cascade *from = w->s->c;
    struct ein_x y = from->node.at[x];
    ein_node *list = NEW_ARRAY(w->a, ein_node, y.nlist);
    y.a = again(w, y.a);
    y.b = again(w, y.b);
    y.c = again(w, y.c);
    for (u32 i = 0; i < y.nlist; i++)
        list[i] = again(w, from->list.at[y.list + i]);
    if (y.kind == EIN_READ || y.kind == EIN_GATHER)
        y.u = w->s->number[y.u];
    id = ein_make(w->c, y, y.nlist, list);
    idmap_put(w->a, &w->map, x, id);
    return id;
}

static ein_node *all_again(struct alone *w, u32 n, const ein_node *x)
{
    ein_node *to = NEW_ARRAY(w->a, ein_node, n);
    for (u32 i = 0; i < n; i++)
        to[i] = again(w, x[i]);
    return to;
}

static u32 monoid_again(struct alone *w, const struct ein_monoid *from)
{
    struct ein_monoid m = *from;
    m.name = "monoid";
    m.zero = all_again(w, m.nstate, from->zero);
    m.lift = all_again(w, m.nstate, from->lift);
    m.merge = all_again(w, m.nstate, from->merge);
    vec_push(w->a, &w->c->monoid, m);
    return w->c->monoid.n - 1;
}

struct cascade *plan_alone(struct arena *a, struct plan_signer *s, const struct plan_group *g)
{
    struct cascade *c = cascade_new(a, s->c->sp, "group");
    struct alone w = { .c = c, .s = s, .a = a };
    c->training = s->c->training;
    c->sym.n = 0;
    for (u32 i = 0; i < s->c->sym.n; i++)
        vec_push(a, &c->sym, s->c->sym.at[i]);
    for (u32 i = 0; i < s->tens.n; i++) {
        const struct ein_tens *t = &s->c->tens.at[s->tens.at[i]];
        u64 n = values(t);
        cascade_tens(c, (struct ein_tens){ .role = n ? EIN_CONST : EIN_TEMP, .dtype = t->dtype, .phase = t->phase, .ndim = t->ndim, .dim = t->dim,
                                           .value = n ? arena_dup(a, t->value, n * sizeof *t->value) : NULL });
    }
    for (u32 i = 0; i < g->n; i++) {
        struct ein_eq e = *g->eq[i];
        u32 *out = NEW_ARRAY(a, u32, e.nout);
        struct ein_rank *rank = arena_dup(a, e.rank, sizeof *rank * e.nrank);
        for (u32 k = 0; k < e.nout; k++)
            out[k] = s->number[e.out[k]];
        for (u32 k = 0; k < e.nrank; k++)
            rank[k].name = NULL;
        e.out = out;
        e.rank = rank;
        if (e.red == RED_USER)
            e.monoid = monoid_again(&w, &s->c->monoid.at[e.monoid]);
        e.sub = all_again(&w, e.nsub, e.sub);
        e.body = all_again(&w, e.nbody, e.body);
        e.guard = again(&w, e.guard);
        e.post = again(&w, e.post);
        e.scan = scan_number(s, e.scan);
        e.prov = NULL;
        e.group = 1;
        vec_push(a, &c->eq, e);
    }
    return c;
}
