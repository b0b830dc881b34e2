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

static ein_node subst(struct cascade *c, u32 stamp, ein_node x, u32 n, const ein_node *with)
{
    if (!x)
        return 0;
    ein_node to = ein_memo_get(c, stamp, x);
    if (to)
        return to;
    struct ein_x y = c->node.at[x];
    if (y.kind == EIN_RANK) {
        to = y.u < n && with[y.u] ? with[y.u] : x;
    } else {
        ein_node a = subst(c, stamp, y.a, n, with), b = subst(c, stamp, y.b, n, with), z = subst(c, stamp, y.c, n, with);
        ein_node few[32], *list = y.nlist <= COUNTOF(few) ? few : NEW_ARRAY(c->a, ein_node, y.nlist);
        bool same = a == y.a && b == y.b && z == y.c;
        for (u32 i = 0; i < y.nlist; i++) {
            ein_node old = c->list.at[y.list + i];
            list[i] = subst(c, stamp, old, n, with);
            same &= list[i] == old;
        }
        to = same ? x : ein_rebuild(c, x, a, b, z, list);
    }
    ein_memo_put(c, stamp, x, to);
    return to;
}

ein_node ein_subst(struct cascade *c, ein_node x, u32 n, const ein_node *with)
{
    return subst(c, ein_memo_open(c), x, n, with);
}

struct reach { struct arena *a; const struct cascade *c; u8 *seen; ein_nodes *out; };

static void reach(struct reach *r, ein_node x)
{
    if (!x || r->seen[x / 8] >> x % 8 & 1)
        return;
    r->seen[x / 8] |= (u8)(1 << x % 8);
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
    struct reach r = { a, c, NEW_ARRAY(a, u8, x / 8 + 1), out };    /* a bit a node: children have smaller numbers */
    reach(&r, x);
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

/* The latest phase of what x reads; memo: 1 + phase. */
static u8 node_phase(const struct cascade *c, ein_node x, u8 *memo)
{
    if (!x)
        return 0;
    if (memo[x])
        return memo[x] - 1;
    const struct ein_x *y = &c->node.at[x];
    u8 p = y->kind == EIN_READ || y->kind == EIN_GATHER ? c->tens.at[y->u].phase : y->kind == EIN_SYM ? EIN_PHASE_RUN : 0;
    p = MAX(p, node_phase(c, y->a, memo));
    p = MAX(p, node_phase(c, y->b, memo));
    p = MAX(p, node_phase(c, y->c, memo));
    for (u32 i = 0; i < y->nlist; i++) {
        u8 q = node_phase(c, c->list.at[y->list + i], memo);
        p = MAX(p, q);
    }
    memo[x] = p + 1;
    return p;
}

static u8 eq_phase(const struct cascade *c, const struct ein_eq *e, u8 *memo)
{
    u8 p = MAX(node_phase(c, e->guard, memo), node_phase(c, e->post, memo));
    for (u32 k = 0; k < e->nbody; k++)
        p = MAX(p, node_phase(c, e->body[k], memo));
    for (u32 k = 0; k < e->nrank; k++)
        if (e->rank[k].ext < 0)
            p = EIN_PHASE_RUN;
    for (u32 k = 0; k < e->nout; k++)
        p = MAX(p, c->tens.at[e->out[k]].phase);
    return p;
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
    u8 *memo = NEW_ARRAY(c->a, u8, c->node.n);
    for (bool again = true; again;) {
        again = false;
        memset(memo, 0, c->node.n);
        for (u32 i = 0; i < c->eq.n; i++) {
            struct ein_eq *e = &c->eq.at[i];
            e->phase = eq_phase(c, e, memo);
            for (u32 k = 0; k < e->nout; k++) {
                struct ein_tens *t = &c->tens.at[e->out[k]];
                again |= t->phase < e->phase;
                t->phase = MAX(t->phase, e->phase);
            }
        }
    }
    for (u32 i = 0; i < c->eq.n; i++)
        c->eq.at[i].phase = c->tens.at[c->eq.at[i].out[0]].phase;
}

struct cascade *ein_copy(struct arena *a, const struct cascade *from)
{
    struct cascade *c = NEW(a, struct cascade);
    c->a = a;
    c->sp = from->sp;
    c->name = from->name;
    c->training = from->training;
    for (u32 i = 0; i < from->sym.n; i++)
        vec_push(a, &c->sym, from->sym.at[i]);
    for (u32 i = 0; i < from->tens.n; i++) {
        u32 id = cascade_tens(c, from->tens.at[i]);
        struct ein_tens *t = &c->tens.at[id];
        if (t->value) {
            u64 n = 1;
            for (u32 k = 0; k < t->ndim; k++)
                n *= (u64)t->dim[k];
            t->value = arena_dup(a, t->value, n * sizeof *t->value);
        }
    }
    /* The same nodes in the same order, so the same numbers. */
    vec_push(a, &c->node, (struct ein_x){ .kind = EIN_NONE });
    for (u32 i = 1; i < from->node.n; i++) {
        struct ein_x x = from->node.at[i];
        const ein_node *list = x.nlist ? from->list.at + x.list : NULL;
        CHECK(ein_make(c, x, x.nlist, list) == i);
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
