/* elab_frag.c - results that are remembered: of nets that draw nothing, and of alternatives that draw nothing.
 *
 * What such an application gives depends on its attributes and the types of its arguments alone.  It is evaluated once without a
 * graph, and what it did is kept as a fragment: the ops in order and what each reads, counts, work, the value, what it bound in
 * its frame.  Later applications put the fragment in place: the same nodes under the same labels, the same counts, the
 * same work, so what is known never shows.  Whoever would pass a limit is evaluated in full, and so is what a fragment does not say:
 * shared parameters, recipes, replication, functions as arguments or results. */
#include "compiler/ir/idmap.h"
#include "grammar/elab.h"

enum { MOST_WORDS = 24, MOST_FRAGMENTS = 200000, MOST_VALUES = 256 };
enum frag_state { FRAG_KNOWN, FRAG_FAILS, FRAG_NONE /* evaluate it each time */ };

/* Values of a fragment: the tensors among its arguments, then what its ops give. */
struct fnode { const struct op_bind *bind; str label; u32 *in; u32 out0; };
struct frag {
    const void *of; u32 alt;
    u8 state;
    u32 narg, nnode, nslot;
    u32 nest;                       /* 1 + how deep applications stand in it; 0: there are none */
    const struct fnode *node;
    const struct val *slot;         /* of the frame, behind the parameters */
    struct val out;
    struct count count;             /* of one instance */
    u64 nodes, steps;
    u32 nword; const u64 *word;
};
struct frag_table { struct idmap by_key; VEC(struct frag *) at; };

/* What is done while a fragment is recorded; values are numbered as in it. */
struct recorder {
    VEC(struct fnode) node;
    u32 nval;
    bool refused;
    const struct enode *home;       /* the draw whose alternative it is; NULL: a net's */
};

/* ---- recording ---- */

bool elab_record_op(struct elab *e, const struct op_bind *b, str label, u32 narg, const struct val *arg, u32 *out0)
{
    struct recorder *r = e->rec;
    struct fnode n = {.bind = b, .label = elab_prefixed(e, label), .in = NEW_ARRAY(e->a, u32, narg + 1), .out0 = r->nval};
    for (u32 i = 0; i < narg; i++)
        n.in[i] = arg[i].ref;
    *out0 = r->nval;
    r->nval += b->op->nout;
    if (r->nval > MOST_VALUES)
        return elab_record_refuse(e);
    vec_push(e->a, &r->node, n);
    return true;
}

bool elab_record_refuse(struct elab *e)
{
    e->rec->refused = true;
    return false;
}

bool elab_record_knows(const struct elab *e, const struct enode *home)
{
    return e->rec->home == home;
}

static bool number_tensors(struct elab *e, struct val *v, u32 *n)
{
    if (v->kind == V_TENSOR) {
        v->ref = (*n)++;
        return *n < MOST_VALUES;
    }
    if (v->kind != V_TUPLE)
        return true;
    *v = val_tuple(e, v->tuple->n, v->tuple->at);
    for (u32 i = 0; i < v->tuple->n; i++)
        if (!number_tensors(e, (struct val *)&v->tuple->at[i], n))
            return false;
    return true;
}

/* A value that outlives the evaluation; false: functions do not. */
static bool kept(struct elab *e, struct val *v)
{
    struct arena *a = e->g->tables;
    switch (v->kind) {
    case V_NUM:
        if (!v->exact)
            v->num = arena_dup(a, v->num, sizeof(*v->num));
        return true;
    case V_TUPLE: {
        struct vtuple *t = arena_dup(a, v->tuple, sizeof(*t) + v->tuple->n * sizeof(struct val));
        v->tuple = t;
        for (u32 i = 0; i < t->n; i++)
            if (!kept(e, &t->at[i]))
                return false;
        return true;
    }
    default:
        return v->kind != V_STAGE;
    }
}

static bool keep_fragment(struct elab *e, struct frag *f, const struct recorder *r, u32 nslot, const struct val *slot, struct val out)
{
    struct arena *a = e->g->tables;
    struct fnode *node = NEW_ARRAY(a, struct fnode, r->node.n + 1);
    struct val *s = NEW_ARRAY(a, struct val, nslot + 1);
    for (u32 i = 0; i < r->node.n; i++) {
        node[i] = r->node.at[i];
        node[i].in = arena_dup(a, node[i].in, (node[i].bind->op->nin + 1) * sizeof(*node[i].in));
        node[i].label = str_c(e->g->sp, node[i].label);
    }
    for (u32 i = 0; i < nslot; i++)
        if (slot[i].kind == V_NUM || slot[i].kind == V_STR) {
            s[i] = slot[i];         /* notations show these; nobody asks for the rest */
            kept(e, &s[i]);
        } else if (slot[i].kind == V_TUPLE && val_has_text(&slot[i])) {
            return false;
        }
    f->nnode = r->node.n;
    f->node = node;
    f->nslot = nslot;
    f->slot = s;
    f->out = out;
    return kept(e, &f->out);
}

/* Evaluates without a graph and without limits, and leaves no trace but the fragment. */
static void record(struct elab *e, struct frag *f, struct elab_known *k)
{
    struct recorder r = {.home = k->home};
    struct elab was = *e;
    struct emark m = elab_mark(e);
    struct val *arg = NEW_ARRAY(e->a, struct val, k->narg + 1), out = {0};
    if (k->narg)
        memcpy(arg, k->arg, k->narg * sizeof(*arg));
    f->state = FRAG_NONE;
    for (u32 i = 0; i < k->narg; i++)
        if (!number_tensors(e, &arg[i], &r.nval))
            return;
    f->narg = r.nval;
    e->build = NULL;
    e->prefix = NULL;
    e->skip_prefix = false;
    e->rec = &r;
    e->limits = (struct limits){0};
    memset(&e->total, 0, sizeof(e->total));
    memset(&e->rel, 0, sizeof(e->rel));
    e->mult = e->pmult = e->rel_mult = e->rel_pmult = 1;
    e->nodes = 0;
    e->bounded = false;
    e->nest_most = 0;
    bool ok = k->eval(e, k, arg, &out), refused = r.refused || e->halt || e->bounded || e->trail.n != m.trail;
    f->steps = e->steps - was.steps;
    f->count = e->rel;
    f->nodes = e->nodes;
    f->nest = e->nest_most ? e->nest_most - was.nest + 1 : 0;
    if (!refused && ok && keep_fragment(e, f, &r, k->nslot, k->slot, out))
        f->state = FRAG_KNOWN;
    else if (!refused && !ok)
        f->state = FRAG_FAILS;
    bool hard = e->hard;
    struct arena *a = e->a;
    u32 cap = e->trail.cap;
    struct trail *at = e->trail.at;
    CHECK(e->trail.n == m.trail);
    *e = was;
    e->trail.at = at;
    e->trail.cap = cap;
    e->halt = e->hard = hard;
    arena_reset(a, m.m);
}

/* ---- putting it in place ---- */

static struct val placed(struct elab *e, const struct val *v, const struct val *value)
{
    if (v->kind == V_TENSOR)
        return value[v->ref];
    if (v->kind != V_TUPLE)
        return *v;
    struct vtuple *t = arena_alloc(e->a, sizeof(*t) + v->tuple->n * sizeof(struct val));
    t->n = v->tuple->n;
    for (u32 i = 0; i < t->n; i++)
        t->at[i] = placed(e, &v->tuple->at[i], value);
    return (struct val){.kind = V_TUPLE, .tuple = t};
}

static bool put(struct elab *e, const struct frag *f, const struct elab_known *k, struct val *out)
{
    struct val value[MOST_VALUES];
    u32 n = 0;
    for (u32 i = 0; i < k->narg; i++)
        elab_tensors(e, &k->arg[i], &n, value, COUNTOF(value));
    CHECK(n == f->narg);
    for (u32 i = 0; i < f->nnode; i++) {
        const struct fnode *x = &f->node[i];
        u32 nin = x->bind->op->nin, nout = x->bind->op->nout, out0 = 0;
        if (e->rec) {
            struct val few[16], *in = nin > COUNTOF(few) ? NEW_ARRAY(e->a, struct val, nin) : few;
            for (u32 j = 0; j < nin; j++)
                in[j] = value[x->in[j]];
            if (!elab_record_op(e, x->bind, x->label, nin, in, &out0))
                return false;
        } else if (e->build) {
            aval few[16], *in = nin > COUNTOF(few) ? NEW_ARRAY(e->a, aval, nin) : few;
            for (u32 j = 0; j < nin; j++)
                in[j] = elab_use(e, value[x->in[j]]);
            out0 = ab_node(e->build, (struct anode){.kind = ANODE_OP, .op = x->bind, .n = 1, .nin = nin, .in = in, .nout = nout,
                                                    .out = x->bind->out, .label = elab_prefixed(e, x->label)});
        }
        for (u32 j = 0; j < nout; j++)
            value[x->out0 + j] = (struct val){.kind = V_TENSOR, .type = x->bind->out[j], .ref = out0 + j, .level = e->nlevel};
    }
    *out = placed(e, &f->out, value);
    for (u32 i = 0; i < f->nslot; i++)
        k->slot[i] = f->slot[i];
    return true;
}

/* ---- asking ---- */

static struct frag *find(struct elab *e, const struct elab_known *k)
{
    u64 word[MOST_WORDS];
    u32 n = 0;
    for (u32 i = 0; i < k->nattr; i++) {
        if (n + 1 > MOST_WORDS)
            return NULL;
        word[n++] = (u64)(uintptr_t)k->attr[i].name;
        if (!elab_words(&k->attr[i].v, MOST_WORDS, word, &n))
            return NULL;
    }
    for (u32 i = 0; i < k->narg; i++)
        if (!elab_words(&k->arg[i], MOST_WORDS, word, &n))
            return NULL;
    struct elab_cache *c = elab_cache(e);
    struct frag_table *t = c->frag;
    if (!t)
        t = c->frag = NEW(e->g->tables, struct frag_table);
    u64 h = ((u64)(uintptr_t)k->of << 8 | n) + k->alt * 0x9e3779b97f4a7c15u;
    for (u32 i = 0; i < n; i++)
        h = (h ^ word[i]) * 0x9e3779b97f4a7c15u, h ^= h >> 29;
    u32 at = idmap_home(&t->by_key, h);
    for (u32 id; (id = idmap_find(&t->by_key, h, &at));) {
        struct frag *f = t->at.at[id - 1];
        if (f->of == k->of && f->alt == k->alt && f->nword == n && (n == 0 || memcmp(f->word, word, n * sizeof(*word)) == 0))
            return f;
    }
    if (t->at.n >= MOST_FRAGMENTS)
        return NULL;
    struct frag *f = NEW(e->g->tables, struct frag);
    f->of = k->of;
    f->alt = k->alt;
    f->nword = n;
    f->word = arena_dup(e->g->tables, word, n * sizeof(*word));
    vec_push(e->g->tables, &t->at, f);
    idmap_put(e->g->tables, &t->by_key, h, t->at.n);
    record(e, f, (struct elab_known *)k);
    return f;
}

enum elab_how elab_known(struct elab *e, struct elab_known *k, struct loc loc, struct val *out)
{
    if (e->ds || e->plain || e->in_share || e->in_recipe)
        return ELAB_EVALUATE;
    const struct frag *f = find(e, k);
    if (!f || f->state == FRAG_NONE || e->hard)
        return e->hard ? ELAB_NO : ELAB_EVALUATE;
    if (e->steps + f->steps > e->most_steps || (f->nest && e->nest + f->nest > ELAB_MOST_NEST))
        return ELAB_EVALUATE;
    if (f->state == FRAG_FAILS) {
        e->steps += f->steps;
        return ELAB_NO;
    }
    struct count total = e->total, rel = e->rel;
    u64 nodes = e->nodes;
    if (!elab_add(e, &f->count, f->nodes, true, loc)) {
        e->total = total;
        e->rel = rel;
        e->nodes = nodes;
        return ELAB_EVALUATE;
    }
    e->steps += f->steps;
    if (f->nest)
        e->nest_most = MAX(e->nest_most, e->nest + f->nest - 1);
    return put(e, f, k, out) ? ELAB_YES : ELAB_NO;
}
