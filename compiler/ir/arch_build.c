/* arch_build.c - architectures under construction.
 *
 * In: functions opened, filled node by node and closed, innermost first.  Out: an arch whose callees
 * stand before their callers and where equal functions are one.
 *
 * Numbers of values.  While a function is open, its declared parameters are 0 .. nparam-1, outputs of nodes
 * follow, and parameters added later (ab_param) carry the ADDED bit; closing renumbers to the
 * order of arch.h: all parameters, then outputs. */
#include "compiler/ir/arch.h"
#include "compiler/ir/idmap.h"

enum { ADDED = 0x80000000u };

struct open_fn {
    struct open_fn *outer;
    str name;
    u32 ndeclared;
    VEC(type_id) param;
    VEC(struct anode) node;
    VEC(type_id) value;             /* types of outputs, in order */
    u32 ntie;
};
struct arch_builder {
    struct arch *arch;
    struct open_fn *open, *spare;   /* spare: closed ones, whose memory the next take */
    struct idmap by_hash;
    VEC(u32) reach;                 /* per function: how many levels beyond it its ties reach */
};

struct arch_builder *arch_builder_new(struct arena *a, struct types *t, str space)
{
    struct arch_builder *b = NEW(a, struct arch_builder);
    b->arch = NEW(a, struct arch);
    b->arch->a = a;
    b->arch->types = t;
    b->arch->space = space;
    return b;
}

u32 ab_begin(struct arch_builder *b, str name, u32 nparam, const type_id *param)
{
    struct arena *a = b->arch->a;
    struct open_fn *o = b->spare;
    if (o) {
        b->spare = o->outer;
        o->param.n = o->node.n = o->value.n = o->ntie = 0;
    } else {
        o = NEW(a, struct open_fn);
    }
    o->outer = b->open;
    o->name = name;
    o->ndeclared = nparam;
    for (u32 i = 0; i < nparam; i++)
        vec_push(a, &o->param, param[i]);
    b->open = o;
    u32 depth = 0;
    for (struct open_fn *p = o; p; p = p->outer)
        depth++;
    return depth;
}

static void close_fn(struct arch_builder *b)
{
    struct open_fn *o = b->open;
    b->open = o->outer;
    o->outer = b->spare;
    b->spare = o;
}

void ab_drop(struct arch_builder *b)
{
    CHECK(b->open);
    close_fn(b);
}

aval ab_param(struct arch_builder *b, type_id t)
{
    vec_push(b->arch->a, &b->open->param, t);
    return ADDED | (b->open->param.n - 1);
}

aval ab_param_entry(struct arch_builder *b, type_id t)
{
    struct open_fn *o = b->open;
    while (o->outer)
        o = o->outer;
    vec_push(b->arch->a, &o->param, t);
    return ADDED | (o->param.n - 1);
}

u32 ab_tie(struct arch_builder *b)
{
    return ++b->open->ntie;
}

void ab_recipe(struct arch_builder *b, struct arecipe r)
{
    vec_push(b->arch->a, &b->arch->recipe, r);
}

type_id ab_type(const struct arch_builder *b, aval v)
{
    const struct open_fn *o = b->open;
    if (v & ADDED)
        return o->param.at[v & ~(u32)ADDED];
    return v < o->ndeclared ? o->param.at[v] : o->value.at[v - o->ndeclared];
}

aval ab_node(struct arch_builder *b, struct anode n)
{
    struct arena *a = b->arch->a;
    struct open_fn *o = b->open;
    CHECK(o);
    n.in = arena_dup(a, n.in, n.nin * sizeof(*n.in));
    if (n.spread)
        n.spread = arena_dup(a, n.spread, n.nin * sizeof(*n.spread));
    if (!n.op || n.out != n.op->out)        /* a bind outlives the graph */
        n.out = arena_dup(a, n.out, n.nout * sizeof(*n.out));
    n.out0 = o->ndeclared + o->value.n;
    for (u32 i = 0; i < n.nout; i++)
        vec_push(a, &o->value, n.out[i]);
    vec_push(a, &o->node, n);
    return n.out0;
}

static aval renumber(const struct open_fn *o, aval v)
{
    if (v & ADDED)
        return v & ~(u32)ADDED;
    return v < o->ndeclared ? v : v - o->ndeclared + o->param.n;
}

/* --- Labels --------------------------------------------------------------------------------------- */

/* Names of a function's nodes: a node's number by its label.  Small ones live on the stack. */
struct names { u32 cap, few[64], *slot; const struct anode *node; };

static u64 name_hash(const char *s)
{
    u64 h = 0xcbf29ce484222325u;
    for (; *s; s++)
        h = (h ^ (u8)*s) * 0x100000001b3u;
    return h ^ h >> 29;
}

/* The place of that name: empty (0), or 1 + the first node that has it. */
static u32 *name_slot(struct names *m, const char *s)
{
    u32 i = (u32)name_hash(s) & (m->cap - 1);
    while (m->slot[i] && m->node[m->slot[i] - 1].label != s && strcmp(m->node[m->slot[i] - 1].label, s) != 0)
        i = (i + 1) & (m->cap - 1);
    return &m->slot[i];
}

static str numbered(struct arena *a, str name, u32 n)
{
    char digits[12], *d = digits + sizeof digits;
    size_t len = strlen(name);
    *--d = 0;
    for (; n; n /= 10)
        *--d = (char)('0' + n % 10);
    *--d = '_';
    size_t most = (size_t)(digits + sizeof digits - d);
    char *s = arena_alloc(a, len + most);
    memcpy(s, name, len);
    memcpy(s + len, d, most);
    return s;
}

/* Labels that occur more than once in a function get numbers: conv, conv_2, conv_3. */
static void number_labels(struct arena *a, struct afn *f)
{
    u32 n = f->node.n, few[32] = {0}, *count = n > COUNTOF(few) ? NEW_ARRAY(a, u32, n) : few;
    struct names m = {.cap = COUNTOF(m.few), .slot = m.few, .node = f->node.at};
    while (m.cap < 2 * n)
        m.cap *= 2;
    if (m.cap > COUNTOF(m.few))
        m.slot = NEW_ARRAY(a, u32, m.cap);
    for (u32 i = 0; i < n; i++) {
        struct anode *nd = &f->node.at[i];
        if (!nd->label)
            nd->label = "node";
        u32 *at = name_slot(&m, nd->label), first = *at;
        if (!first) {
            *at = i + 1;
            continue;
        }
        /* The numbered name may itself be taken ("conv_2" written by hand): go on until it is free. */
        str name = f->node.at[first - 1].label;
        do {
            nd->label = numbered(a, name, ++count[first - 1] + 1);
            at = name_slot(&m, nd->label);
        } while (*at);
        *at = i + 1;
    }
}

/* --- Closing ---------------------------------------------------------------------------------------- */

struct afn *ab_detach(struct arch_builder *b, u32 nout, const aval *out)
{
    struct arena *a = b->arch->a;
    struct open_fn *o = b->open;
    CHECK(o);
    struct afn *f = NEW(a, struct afn);
    f->name = o->name;
    f->nparam = o->param.n;
    f->param = arena_dup(a, o->param.at, o->param.n * sizeof(*o->param.at));
    f->node.n = f->node.cap = o->node.n;
    f->node.at = arena_dup(a, o->node.at, o->node.n * sizeof(*o->node.at));
    for (u32 i = 0; i < f->node.n; i++) {
        struct anode *n = &f->node.at[i];
        aval *in = (aval *)n->in;       /* ours: ab_node copied it */
        for (u32 k = 0; k < n->nin; k++)
            in[k] = renumber(o, in[k]);
        n->out0 = renumber(o, n->out0);
    }
    f->nval = o->param.n + o->value.n;
    f->nout = nout;
    aval *fo = NEW_ARRAY(a, aval, nout ? nout : 1);
    for (u32 i = 0; i < nout; i++)
        fo[i] = renumber(o, out[i]);
    f->out = fo;
    number_labels(a, f);
    close_fn(b);
    return f;
}

/* Equal bytes; the places may be NULL where there are none. */
static bool same(const void *x, const void *y, size_t n)
{
    return n == 0 || memcmp(x, y, n) == 0;
}

static bool node_equal(const struct anode *x, const struct anode *y)
{
    if (x->kind != y->kind || x->op != y->op || x->fn != y->fn || x->n != y->n || x->nin != y->nin || x->nout != y->nout ||
        x->tie != y->tie || x->tie_up != y->tie_up || !x->spread != !y->spread || strcmp(x->label, y->label) != 0)
        return false;
    return same(x->in, y->in, x->nin * sizeof(*x->in)) && same(x->out, y->out, x->nout * sizeof(*x->out)) &&
           (!x->spread || same(x->spread, y->spread, x->nin * sizeof(*x->spread)));
}

bool ab_equal(const struct afn *f, const struct afn *g)
{
    if (strcmp(f->name, g->name) != 0 || f->nparam != g->nparam || f->node.n != g->node.n || f->nval != g->nval || f->nout != g->nout)
        return false;
    if (!same(f->param, g->param, f->nparam * sizeof(*f->param)) || !same(f->out, g->out, f->nout * sizeof(*f->out)))
        return false;
    for (u32 i = 0; i < f->node.n; i++)
        if (!node_equal(&f->node.at[i], &g->node.at[i]))
            return false;
    return true;
}

static u64 mix(u64 h, u64 v)
{
    h = (h ^ v) * 0x9e3779b97f4a7c15u;
    return h ^ h >> 32;
}

static u64 fn_hash(const struct afn *f)
{
    u64 h = name_hash(f->name);
    for (u32 i = 0; i < f->nparam; i++)
        h = mix(h, f->param[i]);
    for (u32 i = 0; i < f->node.n; i++) {
        const struct anode *n = &f->node.at[i];
        h = mix(h, (u64)(n->op ? n->op->serial : 0) << 32 | (u64)n->kind << 24 | (n->tie ^ n->tie_up << 8));
        h = mix(h, (u64)n->fn << 32 | (u32)n->n);
        for (u32 k = 0; k < n->nin; k++)
            h = mix(h, n->in[k]);
    }
    for (u32 i = 0; i < f->nout; i++)
        h = mix(h, f->out[i]);
    return h;
}

/* How far beyond f the ties in it reach: 0 = they are all its own. */
static u32 fn_reach(const struct arch_builder *b, const struct afn *f)
{
    u32 far = 0;
    for (u32 i = 0; i < f->node.n; i++) {
        const struct anode *n = &f->node.at[i];
        if (n->tie)
            far = MAX(far, n->tie_up);
        if (n->kind != ANODE_OP && b->reach.at[n->fn])
            far = MAX(far, b->reach.at[n->fn] - 1);
    }
    return far;
}

u32 ab_keep(struct arch_builder *b, struct afn *f)
{
    u64 h = fn_hash(f);
    u32 at = idmap_home(&b->by_hash, h), id;
    while ((id = idmap_find(&b->by_hash, h, &at)))
        if (ab_equal(&b->arch->fn.at[id - 1], f))
            return id - 1;
    vec_push(b->arch->a, &b->reach, fn_reach(b, f));
    vec_push(b->arch->a, &b->arch->fn, *f);
    idmap_put(b->arch->a, &b->by_hash, h, b->arch->fn.n);
    return b->arch->fn.n - 1;
}

u32 ab_end(struct arch_builder *b, u32 nout, const aval *out)
{
    return ab_keep(b, ab_detach(b, nout, out));
}

bool ab_splice(struct arch_builder *b, const struct afn *f, const aval *arg, aval *out)
{
    struct arena *a = b->arch->a;
    struct open_fn *o = b->open;
    for (u32 i = 0; i < f->node.n; i++)
        if (f->node.at[i].kind != ANODE_OP && b->reach.at[f->node.at[i].fn])
            return false;
    u32 ntie = 0;
    aval *map = NEW_ARRAY(a, aval, f->nval + 1);
    for (u32 i = 0; i < f->nparam; i++)
        map[i] = arg[i];
    for (u32 i = 0; i < f->node.n; i++) {
        struct anode n = f->node.at[i];
        aval *in = NEW_ARRAY(a, aval, n.nin + 1);
        for (u32 k = 0; k < n.nin; k++)
            in[k] = map[n.in[k]];
        n.in = in;
        if (n.tie && n.tie_up)
            n.tie_up--;
        else if (n.tie) {
            ntie = MAX(ntie, n.tie);
            n.tie += o->ntie;
        }
        u32 from = n.out0;
        aval got = ab_node(b, n);
        for (u32 k = 0; k < n.nout; k++)
            map[from + k] = got + k;
    }
    o->ntie += ntie;
    for (u32 i = 0; i < f->nout; i++)
        out[i] = map[f->out[i]];
    return true;
}

struct arch *ab_finish(struct arch_builder *b)
{
    CHECK(!b->open && b->arch->fn.n);
    return b->arch;
}
