/* ein.c - cascades under construction: tensors, equations, hash-consed nodes.
 *
 * Holds: node 0 is "none"; two nodes of one cascade are equal iff their numbers are; children
 * have smaller numbers than their parents.  Index constructors are in ein_index.c. */
#include "compiler/ir/ein.h"

#include "compiler/ir/ein_node.h"

const char *ein_kind_word(enum ein_kind k)
{
    static const char *const word[] = {
#define X(kind, word, nchild, class) word,
#include "compiler/ir/ein.def"
#undef X
    };
    return k < EIN_KINDS ? word[k] : "?";
}

const char *ein_red_word(enum red_kind k)
{
    static const char *const word[] = { "none", "add", "mul", "max", "min", "argmax", "argmin", "user" };
    return (u32)k < COUNTOF(word) ? word[k] : "?";
}

const char *ein_init_word(enum init_kind k)
{
    static const char *const word[] = { "none", "zeros", "ones", "constant", "uniform", "normal", "kaiming_uniform", "kaiming_normal",
                                        "xavier_uniform", "xavier_normal", "trunc_normal" };
    _Static_assert(COUNTOF(word) == INITS, "a word for each initializer");
    return (u32)k < COUNTOF(word) ? word[k] : "?";
}

u32 ein_kind_nchild(enum ein_kind k)
{
    static const u8 nchild[] = {
#define X(kind, word, nchild, class) nchild,
#include "compiler/ir/ein.def"
#undef X
    };
    return k < EIN_KINDS ? nchild[k] : 0;
}

bool ein_is_index(const struct cascade *c, ein_node x)
{
    u8 k = c->node.at[x].kind;
    return k >= EIN_INT && k <= EIN_GATHER;
}

struct cascade *cascade_new(struct arena *a, struct str_pool *sp, str name)
{
    struct cascade *c = NEW(a, struct cascade);
    c->a = a;
    c->sp = sp;
    c->name = name;
    c->walks = NEW(a, struct ein_walks);
    struct ein_sym batch = { .name = str_c(sp, "batch"), .lo = 1, .hi = (i64)1 << 31, .divides = 1, .bind = EIN_BIND_CALL };
    vec_push(a, &c->sym, batch);
    vec_push(a, &c->node, (struct ein_x){ .kind = EIN_NONE });
    return c;
}

bool cascade_find(const struct cascade *c, str name, u32 *tens)
{
    u64 h = hash64(name, strlen(name));
    u32 at = idmap_home(&c->byname, h), id;
    while ((id = idmap_find(&c->byname, h, &at)))
        if (strcmp(c->tens.at[id - 1].name, name) == 0) {
            *tens = id - 1;
            return true;
        }
    return false;
}

u32 cascade_tens(struct cascade *c, struct ein_tens t)
{
    u32 id = c->tens.n, other;
    str name = t.name && *t.name ? t.name : str_fmt(c->sp, "t%u", id);
    /* The first free number; how many are taken is not known, so steps double and then narrow. */
    if (cascade_find(c, name, &other)) {
        u32 taken = 1, step = 1;
        while (cascade_find(c, str_fmt(c->sp, "%s'%u", name, taken + step), &other)) {
            taken += step;
            step *= 2;
        }
        for (; step; step /= 2)
            if (cascade_find(c, str_fmt(c->sp, "%s'%u", name, taken + step), &other))
                taken += step;
        name = str_fmt(c->sp, "%s'%u", name, taken + 1);
    }
    t.name = name;
    t.dim = arena_dup(c->a, t.dim, sizeof *t.dim * t.ndim);
    vec_push(c->a, &c->tens, t);
    idmap_put(c->a, &c->byname, hash64(name, strlen(name)), id + 1);
    return id;
}

u32 cascade_eq(struct cascade *c, struct ein_eq e)
{
    e.out = arena_dup(c->a, e.out, sizeof *e.out * e.nout);
    e.sub = arena_dup(c->a, e.sub, sizeof *e.sub * e.nsub);
    e.rank = arena_dup(c->a, e.rank, sizeof *e.rank * e.nrank);
    e.body = arena_dup(c->a, e.body, sizeof *e.body * e.nbody);
    vec_push(c->a, &c->eq, e);
    return c->eq.n - 1;
}

static bool same_node(const struct cascade *c, const struct ein_x *y, const struct ein_x *x, u32 nlist, const ein_node *list)
{
    return y->kind == x->kind && y->u == x->u && y->a == x->a && y->b == x->b && y->c == x->c && y->i == x->i &&
           memcmp(&y->r, &x->r, sizeof x->r) == 0 && y->nlist == nlist &&
           (!nlist || memcmp(c->list.at + y->list, list, nlist * sizeof *list) == 0);
}

/* What x is, and what its children have. */
static void set_facts(const struct cascade *c, struct ein_x *x, u32 nlist, const ein_node *list)
{
    const ein_node child[3] = { x->a, x->b, x->c };
    x->has = 0;
    x->ranks = 0;
    switch (x->kind) {
    case EIN_RANK:
        if (x->u < 64)
            x->ranks = (u64)1 << x->u;
        else
            x->has = EIN_HAS_FAR;
        break;
    case EIN_READ: x->has = x->a ? EIN_HAS_TENS | EIN_HAS_RANGES : EIN_HAS_TENS; break;
    case EIN_GATHER: x->has = EIN_HAS_TENS; break;
    case EIN_SYM: x->has = EIN_HAS_SYM; break;
    case EIN_ACC: case EIN_ARG: case EIN_RAND: x->has = EIN_HAS_OTHER; break;
    case EIN_IDIV: case EIN_IMOD: case EIN_LT: case EIN_LE: case EIN_EQ: case EIN_NE: x->has = EIN_HAS_RANGES; break;
    default: break;
    }
    for (u32 i = 0; i < 3; i++)
        if (child[i]) {
            x->has |= c->node.at[child[i]].has;
            x->ranks |= c->node.at[child[i]].ranks;
        }
    for (u32 i = 0; i < nlist; i++) {
        x->has |= c->node.at[list[i]].has;
        x->ranks |= c->node.at[list[i]].ranks;
    }
}

ein_node ein_make(struct cascade *c, struct ein_x x, u32 nlist, const ein_node *list)
{
    u64 word[6] = { (u64)x.kind << 32 | x.u, (u64)x.a << 32 | x.b, (u64)x.c << 32 | nlist, (u64)x.i };
    memcpy(&word[4], &x.r, sizeof x.r);
    word[5] = nlist ? hash64(list, nlist * sizeof *list) : 0;
    u64 h = hash64(word, sizeof word);
    u32 at = idmap_home(&c->cons, h), id;
    while ((id = idmap_find(&c->cons, h, &at)))
        if (same_node(c, &c->node.at[id], &x, nlist, list))
            return id;
    set_facts(c, &x, nlist, list);
    x.nlist = nlist;
    x.list = c->list.n;
    for (u32 i = 0; i < nlist; i++)     /* list may lie in c->list: growing leaves the old block behind */
        vec_push(c->a, &c->list, list[i]);
    id = c->node.n;
    vec_push(c->a, &c->node, x);
    idmap_put(c->a, &c->cons, h, id);
    return id;
}

ein_node ein_int(struct cascade *c, i64 v)
{
    return ein_make(c, (struct ein_x){ .kind = EIN_INT, .i = v }, 0, NULL);
}

ein_node ein_rank(struct cascade *c, u32 k)
{
    return ein_make(c, (struct ein_x){ .kind = EIN_RANK, .u = k }, 0, NULL);
}

ein_node ein_num(struct cascade *c, double v)
{
    if (v != v)
        v = __builtin_nan("");      /* one NaN */
    return ein_make(c, (struct ein_x){ .kind = EIN_NUM, .r = v }, 0, NULL);
}

static double floor_exact(double x)
{
    if (!(x > -0x1p52 && x < 0x1p52))
        return x;
    double t = (double)(i64)x;
    return t > x ? t - 1 : t == 0 ? x * 0 : t;
}

/* Only what is exactly rounded is folded, so that a folded constant is the same on every machine. */
static bool fold1(enum ein_kind k, double a, double *r)
{
    switch (k) {
    case EIN_NEG: *r = -a; return true;
    case EIN_ABS: *r = __builtin_fabs(a); return true;
    case EIN_SIGN: *r = (a > 0) - (a < 0); return true;
    case EIN_SQRT: *r = __builtin_sqrt(a); return true;
    case EIN_FLOOR: *r = floor_exact(a); return true;
    case EIN_NOT: *r = a == 0; return true;
    default: return false;
    }
}

static bool fold2(enum ein_kind k, double a, double b, double *r)
{
    switch (k) {
    case EIN_ADD: *r = a + b; return true;
    case EIN_SUB: *r = a - b; return true;
    case EIN_MUL: *r = a * b; return true;
    case EIN_DIV: *r = a / b; return true;
    case EIN_MIN: *r = a < b ? a : b; return true;
    case EIN_MAX: *r = a > b ? a : b; return true;
    case EIN_LT: *r = a < b; return true;
    case EIN_LE: *r = a <= b; return true;
    case EIN_EQ: *r = a == b; return true;
    case EIN_NE: *r = a != b; return true;
    case EIN_AND: *r = a != 0 && b != 0; return true;
    case EIN_OR: *r = a != 0 || b != 0; return true;
    default: return false;
    }
}

ein_node ein_op1(struct cascade *c, enum ein_kind k, ein_node a)
{
    CHECK(ein_kind_nchild(k) == 1 && a);
    struct ein_x x = c->node.at[a];
    double r;
    if (k == EIN_OF_INT && x.kind == EIN_INT)
        return ein_num(c, (double)x.i);
    if (x.kind == EIN_NUM && fold1(k, x.r, &r))
        return ein_num(c, r);
    return ein_make(c, (struct ein_x){ .kind = (u8)k, .a = a }, 0, NULL);
}

ein_node ein_op2(struct cascade *c, enum ein_kind k, ein_node a, ein_node b)
{
    CHECK(ein_kind_nchild(k) == 2 && a && b);
    if (k == EIN_IADD)
        return ein_iadd(c, a, b);
    struct ein_x x = c->node.at[a], y = c->node.at[b];
    double r;
    if (x.kind == EIN_NUM && y.kind == EIN_NUM && fold2(k, x.r, y.r, &r))
        return ein_num(c, r);
    if (x.kind == EIN_INT && y.kind == EIN_INT && k >= EIN_LT && k <= EIN_NE)
        return ein_num(c, k == EIN_LT ? x.i < y.i : k == EIN_LE ? x.i <= y.i : k == EIN_EQ ? x.i == y.i : x.i != y.i);
    /* true and false in conditions */
    for (u32 side = 0; side < 2 && (k == EIN_AND || k == EIN_OR); side++) {
        const struct ein_x *v = side ? &y : &x;
        if (v->kind == EIN_NUM)
            return (v->r != 0) == (k == EIN_AND) ? (side ? a : b) : ein_num(c, k == EIN_OR);
    }
    if ((k == EIN_AND || k == EIN_OR) && a == b)
        return a;
    return ein_make(c, (struct ein_x){ .kind = (u8)k, .a = a, .b = b }, 0, NULL);
}

ein_node ein_select(struct cascade *c, ein_node a, ein_node b, ein_node z)
{
    CHECK(a && b && z);
    if (c->node.at[a].kind == EIN_NUM)
        return c->node.at[a].r != 0 ? b : z;
    if (b == z)
        return b;
    return ein_make(c, (struct ein_x){ .kind = EIN_SELECT, .a = a, .b = b, .c = z }, 0, NULL);
}

ein_node ein_cast(struct cascade *c, ein_node a, enum dtype t)
{
    return ein_make(c, (struct ein_x){ .kind = EIN_CAST, .u = (u32)t, .a = a }, 0, NULL);
}

ein_node ein_read(struct cascade *c, u32 tens, u32 nsub, const ein_node *sub, ein_node pad)
{
    CHECK(tens < c->tens.n && c->tens.at[tens].ndim == nsub);
    return ein_make(c, (struct ein_x){ .kind = EIN_READ, .u = tens, .a = pad }, nsub, sub);
}

/* A stamp per call marks whose results the memo holds. */
u32 ein_memo_open(struct cascade *c)
{
    return ++c->memo.now;
}

ein_node ein_memo_get(const struct cascade *c, u32 stamp, ein_node x)
{
    return x < c->memo.cap && c->memo.at[x] >> 32 == stamp ? (ein_node)c->memo.at[x] : 0;
}

void ein_memo_put(struct cascade *c, u32 stamp, ein_node x, ein_node to)
{
    if (x >= c->memo.cap) {
        u32 cap = MAX(c->node.n * 2, 64u);
        u64 *at = NEW_ARRAY(c->a, u64, cap);
        if (c->memo.cap)
            memcpy(at, c->memo.at, c->memo.cap * sizeof *at);
        c->memo.at = at;
        c->memo.cap = cap;
    }
    c->memo.at[x] = (u64)stamp << 32 | to;
}

ein_node ein_rebuild(struct cascade *c, ein_node x, ein_node a, ein_node b, ein_node z, const ein_node *list)
{
    struct ein_x y = c->node.at[x];
    switch (y.kind) {
    case EIN_IADD: return ein_iadd(c, a, b);
    case EIN_IMUL: return ein_imul(c, a, c->node.at[y.b].i);
    case EIN_IDIV: return ein_idiv(c, a, c->node.at[y.b].i);
    case EIN_IMOD: return ein_imod(c, a, c->node.at[y.b].i);
    case EIN_SELECT: return ein_select(c, a, b, z);
    case EIN_CAST: case EIN_RAND: case EIN_READ: case EIN_GATHER:
        y.a = a;
        return ein_make(c, y, y.nlist, list);
    default:
        return ein_kind_nchild(y.kind) == 1 ? ein_op1(c, y.kind, a) : ein_kind_nchild(y.kind) == 2 ? ein_op2(c, y.kind, a, b) : x;
    }
}

static ein_node subst(struct cascade *c, u32 stamp, ein_node x, u32 n, const ein_node *with, u64 ranks)
{
    if (!x || !(c->node.at[x].ranks & ranks || c->node.at[x].has & EIN_HAS_FAR))
        return x;
    ein_node to = ein_memo_get(c, stamp, x);
    if (to)
        return to;
    struct ein_x y = c->node.at[x];
    if (y.kind == EIN_RANK) {
        to = y.u < n && with[y.u] ? with[y.u] : x;
    } else {
        ein_node a = subst(c, stamp, y.a, n, with, ranks), b = subst(c, stamp, y.b, n, with, ranks), z = subst(c, stamp, y.c, n, with, ranks);
        ein_node few[32], *list = y.nlist <= COUNTOF(few) ? few : NEW_ARRAY(c->a, ein_node, y.nlist);
        bool same = a == y.a && b == y.b && z == y.c;
        for (u32 i = 0; i < y.nlist; i++) {
            ein_node old = c->list.at[y.list + i];
            list[i] = subst(c, stamp, old, n, with, ranks);
            same &= list[i] == old;
        }
        to = same ? x : ein_rebuild(c, x, a, b, z, list);
    }
    ein_memo_put(c, stamp, x, to);
    return to;
}

ein_node ein_subst(struct cascade *c, ein_node x, u32 n, const ein_node *with)
{
    u64 ranks = 0;              /* those that become something else */
    for (u32 k = 0; k < MIN(n, 64u); k++)
        if (with[k] && !(c->node.at[with[k]].kind == EIN_RANK && c->node.at[with[k]].u == k))
            ranks |= (u64)1 << k;
    return subst(c, ein_memo_open(c), x, n, with, ranks);
}

/* A new walk: no node is marked by it. */
static void walk_open(const struct cascade *c)
{
    struct ein_walks *w = c->walks;
    if (w->cap < c->node.n) {
        w->cap = MAX(c->node.n * 2, 256u);
        w->mark = NEW_ARRAY(c->a, u32, w->cap);
    }
    w->now++;
}

struct reach { struct arena *a; const struct cascade *c; u32 *mark, now; ein_nodes *out; };

static void reach(struct reach *r, ein_node x)
{
    if (!x || r->mark[x] == r->now)
        return;
    r->mark[x] = r->now;
    const struct ein_x *y = &r->c->node.at[x];
    for (u32 i = 0; i < y->nlist; i++)
        reach(r, r->c->list.at[y->list + i]);
    reach(r, y->a);
    reach(r, y->b);
    reach(r, y->c);
    vec_push(r->a, r->out, x);
}

void ein_reach(struct arena *a, const struct cascade *c, ein_node x, ein_nodes *out)
{
    walk_open(c);
    struct reach r = { a, c, c->walks->mark, c->walks->now, out };
    reach(&r, x);
}

static void reads(struct reach *r, ein_node x)
{
    if (!x || !(r->c->node.at[x].has & EIN_HAS_TENS) || r->mark[x] == r->now)
        return;
    r->mark[x] = r->now;
    const struct ein_x *y = &r->c->node.at[x];
    for (u32 i = 0; i < y->nlist; i++)
        reads(r, r->c->list.at[y->list + i]);
    reads(r, y->a);
    reads(r, y->b);
    reads(r, y->c);
    if (y->kind == EIN_READ || y->kind == EIN_GATHER)
        vec_push(r->a, r->out, x);
}

struct ein_reads ein_reads(const struct cascade *c, ein_node x)
{
    struct ein_walks *w = c->walks;
    if (!x || !(c->node.at[x].has & EIN_HAS_TENS))
        return (struct ein_reads){ 0 };
    if (x >= w->read_cap) {
        u32 cap = MAX(c->node.n * 2, 256u);
        struct ein_reads **more = NEW_ARRAY(c->a, struct ein_reads *, cap);
        if (w->read_cap)
            memcpy(more, w->reads, sizeof *more * w->read_cap);
        w->reads = more;
        w->read_cap = cap;
    }
    if (!w->reads[x]) {
        ein_nodes out = { 0 };
        walk_open(c);
        struct reach r = { c->a, c, w->mark, w->now, &out };
        reads(&r, x);
        w->reads[x] = NEW(c->a, struct ein_reads);
        *w->reads[x] = (struct ein_reads){ out.n, out.at };
    }
    return *w->reads[x];
}

/* Of two operands that agree (ein_verify), the first that says one. */
static int join(const struct cascade *c, const struct ein_eq *e, ein_node a, ein_node b)
{
    int t = ein_dtype(c, e, a);
    return t == EIN_ANY ? ein_dtype(c, e, b) : t;
}

int ein_dtype(const struct cascade *c, const struct ein_eq *e, ein_node x)
{
    const struct ein_x *y = &c->node.at[x];
    switch (y->kind) {
    case EIN_READ: return c->tens.at[y->u].dtype;
    case EIN_ACC: return e->red == RED_ARGMAX || e->red == RED_ARGMIN ? DT_I32 : e->acc;
    case EIN_ARG: return e->acc;
    case EIN_CAST: return (int)y->u;
    case EIN_LT: case EIN_LE: case EIN_EQ: case EIN_NE: case EIN_AND: case EIN_OR: case EIN_NOT: return DT_BOOL;
    case EIN_SELECT: return join(c, e, y->b, y->c);
    case EIN_NUM: case EIN_OF_INT: case EIN_RAND: return EIN_ANY;
    default:
        switch (ein_kind_nchild(y->kind)) {
        case 1: return ein_dtype(c, e, y->a);
        case 2: return join(c, e, y->a, y->b);
        default: return EIN_ANY;
        }
    }
}

static u8 node_phase(const struct cascade *c, ein_node x, u8 p)
{
    struct ein_reads r = ein_reads(c, x);
    if (x && c->node.at[x].has & EIN_HAS_SYM)
        p = EIN_PHASE_RUN;
    for (u32 i = 0; i < r.n && p < EIN_PHASE_RUN; i++)
        p = MAX(p, c->tens.at[c->node.at[r.at[i]].u].phase);
    return p;
}

/* The latest phase of what it reads and writes; what depends on the batch runs. */
static u8 eq_phase(const struct cascade *c, const struct ein_eq *e)
{
    u8 p = EIN_PHASE_CONST;
    for (u32 k = 0; k < e->nrank; k++)
        if (e->rank[k].ext < 0)
            p = EIN_PHASE_RUN;
    for (u32 k = 0; k < e->nout; k++)
        p = MAX(p, c->tens.at[e->out[k]].phase);
    for (u32 k = 0; k < e->nbody; k++)
        p = node_phase(c, e->body[k], p);
    p = node_phase(c, e->guard, p);
    return node_phase(c, e->post, p);
}

void ein_phases(struct cascade *c)
{
    for (u32 i = 0; i < c->tens.n; i++) {
        struct ein_tens *t = &c->tens.at[i];
        t->phase = t->role == EIN_IN ? EIN_PHASE_RUN :
                   t->role == EIN_PARAM || t->role == EIN_STATE ? (c->training ? EIN_PHASE_RUN : EIN_PHASE_LOAD) : EIN_PHASE_CONST;
    }
    /* What is read was written before, but for recurrences and tensors of several regions: phases only
     * rise, and there are three. */
    for (bool again = true; again;) {
        again = false;
        for (u32 i = 0, end; i < c->eq.n; i = end) {
            u8 phase = eq_phase(c, &c->eq.at[i]);
            for (end = i + 1; end < c->eq.n && c->eq.at[i].scan && c->eq.at[end].scan == c->eq.at[i].scan; end++)
                phase = MAX(phase, eq_phase(c, &c->eq.at[end]));        /* the equations of a scan take turns: one launch */
            for (u32 j = i; j < end; j++)
                for (u32 k = 0; k < c->eq.at[j].nout; k++) {
                    struct ein_tens *t = &c->tens.at[c->eq.at[j].out[k]];
                    again |= t->phase < phase;
                    t->phase = MAX(t->phase, phase);
                }
        }
    }
    for (u32 i = 0; i < c->eq.n; i++)
        c->eq.at[i].phase = c->tens.at[c->eq.at[i].out[0]].phase;
}

#define copy_vec(arena, to, from)                                                       \
    do {                                                                                \
        (to)->at = arena_dup((arena), (from)->at, sizeof *(from)->at * (from)->n);      \
        (to)->n = (to)->cap = (from)->n;                                                \
    } while (0)

static struct idmap copy_map(struct arena *a, const struct idmap *from)
{
    struct idmap m = *from;
    m.id = arena_dup(a, m.id, sizeof *m.id * m.cap);
    m.hash = arena_dup(a, m.hash, sizeof *m.hash * m.cap);
    return m;
}

struct cascade *ein_copy(struct arena *a, const struct cascade *from)
{
    struct cascade *c = NEW(a, struct cascade);
    c->a = a;
    c->sp = from->sp;
    c->walks = NEW(a, struct ein_walks);
    c->name = from->name;
    c->training = from->training;
    /* Nodes and tensors keep their numbers, so the maps to them are good as they are. */
    copy_vec(a, &c->sym, &from->sym);
    copy_vec(a, &c->tens, &from->tens);
    copy_vec(a, &c->node, &from->node);
    copy_vec(a, &c->list, &from->list);
    c->cons = copy_map(a, &from->cons);
    c->byname = copy_map(a, &from->byname);
    for (u32 i = 0; i < c->tens.n; i++) {
        struct ein_tens *t = &c->tens.at[i];
        t->dim = arena_dup(a, t->dim, sizeof *t->dim * t->ndim);
        if (t->value) {
            u64 n = 1;
            for (u32 k = 0; k < t->ndim; k++)
                n *= (u64)t->dim[k];
            t->value = arena_dup(a, t->value, n * sizeof *t->value);
        }
    }
    for (u32 i = 0; i < from->monoid.n; i++) {
        struct ein_monoid m = from->monoid.at[i];
        m.zero = arena_dup(a, m.zero, sizeof *m.zero * m.nstate);
        m.lift = arena_dup(a, m.lift, sizeof *m.lift * m.nstate);
        m.merge = arena_dup(a, m.merge, sizeof *m.merge * m.nstate);
        vec_push(a, &c->monoid, m);
    }
    for (u32 i = 0; i < from->eq.n; i++)
        cascade_eq(c, from->eq.at[i]);
    return c;
}
