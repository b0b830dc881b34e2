/* gen_count.c - what generated cascades are made of: each construct of the IR a row, with the cascades that have it. */
#include "tests/differential/gen.h"

#include <stdio.h>

enum { ROWS = 256 };

/* What is neither a node, a dtype nor a reduction. */
#define THINGS \
    X(T_EQS, "several equations") X(T_UNBATCHED, "an equation without the batch") X(T_LOAD, "an equation of the load phase") \
    X(T_BATCH_RED, "a reduction over the batch") X(T_CONST_PHASE, "an equation that depends on nothing") X(T_POST, "an epilogue") X(T_GUARD, "a guard of a reduction") \
    X(T_MAP_GUARD, "a guard of a map") X(T_REGIONS, "several equations write a tensor") X(T_LHS_FOLD, "a left side of several ranks") \
    X(T_LHS_STEP, "a left side with a stride") X(T_LHS_BACK, "a left side backwards") X(T_LHS_ORDER, "a left side in another order") X(T_SCAN, "a recurrence") \
    X(T_SCAN_DOWN, "a recurrence downwards") X(T_SCAN_TWO, "a recurrence of several equations") X(T_SCAN_RED, "a reduction in a recurrence") \
    X(T_SCAN_LAG, "a recurrence over two rounds") X(T_PAD_0, "a pad of 0") X(T_PAD_NUM, "another constant pad") X(T_PAD_EXPR, "a pad that is an expression") \
    X(T_COND_READ, "a read behind a condition") X(T_PADDED_GATHER, "a gather with a pad") X(T_STRIDE, "an index with a stride") X(T_SUM, "an index of two ranks") \
    X(T_BACK, "an index backwards") X(T_DIV, "an index with a quotient") X(T_MOD, "an index with a remainder") X(T_INDEX_0, "a constant index") \
    X(T_SCALAR, "a tensor without axes") X(T_MANY_DIMS, "a tensor of five axes or more") X(T_MANY_RED, "three reduced ranks or more") X(T_EXT_1, "a rank of extent 1") \
    X(T_TAIL, "a rank that lanes do not divide") X(T_LONG, "a rank of 64 or more") X(T_ACC_WIDE, "an accumulator wider than the result") \
    X(T_LIFT_2, "a monoid of two arguments") X(T_CHAIN, "an intermediate that several read")
enum thing {
#define X(id, name) id,
    THINGS
#undef X
    THINGS_N
};
static const char *const thing_name[] = {
#define X(id, name) name,
    THINGS
#undef X
};
static const char *const role_name[] = { "in", "out", "param", "state", "next", "const", "temp" };
static const char *const red_name[] = { "map", "add", "mul", "max", "min", "argmax", "argmin", "user" };
enum { AT_NODE = 0, AT_DTYPE = EIN_KINDS, AT_ACC = AT_DTYPE + DTYPES, AT_RED = AT_ACC + DTYPES, AT_ROLE = AT_RED + RED_USER + 1, AT_INIT = AT_ROLE + EIN_TEMP + 1,
       AT_THING = AT_INIT + INITS, AT_END = AT_THING + THINGS_N };

struct gen_table *gen_table_new(struct arena *a)
{
    struct gen_table *t = NEW(a, struct gen_table);
    t->n = AT_END;
    t->row = NEW_ARRAY(a, struct gen_row, AT_END);
    for (u32 i = 0; i < EIN_KINDS; i++)
        t->row[AT_NODE + i] = (struct gen_row){ "node", ein_kind_word((enum ein_kind)i), 0, 0 };
    for (u32 i = 0; i < DTYPES; i++) {
        t->row[AT_DTYPE + i] = (struct gen_row){ "tensor of", dtype_name((enum dtype)i), 0, 0 };
        t->row[AT_ACC + i] = (struct gen_row){ "equation in", dtype_name((enum dtype)i), 0, 0 };
    }
    for (u32 i = 0; i <= RED_USER; i++)
        t->row[AT_RED + i] = (struct gen_row){ "reduction", red_name[i], 0, 0 };
    for (u32 i = 0; i <= EIN_TEMP; i++)
        t->row[AT_ROLE + i] = (struct gen_row){ "role", role_name[i], 0, 0 };
    for (u32 i = 0; i < INITS; i++)
        t->row[AT_INIT + i] = (struct gen_row){ "initializer", ein_init_word((enum init_kind)i), 0, 0 };
    for (u32 i = 0; i < THINGS_N; i++)
        t->row[AT_THING + i] = (struct gen_row){ "", thing_name[i], 0, 0 };
    return t;
}

struct counter { const struct cascade *c; const struct ein_eq *e; u64 *n; };

static void index_of(struct counter *k, ein_node x)
{
    struct ein_lin l = { 0 };
    u32 ranks = 0;
    if (k->c->node.at[x].kind == EIN_INT)
        k->n[AT_THING + T_INDEX_0]++;
    if (!ein_lin(k->c, x, 1, &l))
        return;
    for (u32 i = 0; i < l.n; i++) {
        u8 kind = k->c->node.at[l.t[i].atom].kind;
        ranks += kind == EIN_RANK;
        k->n[AT_THING + T_STRIDE] += kind == EIN_RANK && l.t[i].k > 1;
        k->n[AT_THING + T_BACK] += kind == EIN_RANK && l.t[i].k < 0;
        k->n[AT_THING + T_DIV] += kind == EIN_IDIV;
        k->n[AT_THING + T_MOD] += kind == EIN_IMOD;
    }
    k->n[AT_THING + T_SUM] += ranks > 1;
}

static void expression(struct counter *k, ein_node root)
{
    struct arena *a = arena_new("count");
    ein_nodes all = { 0 };
    if (root)
        ein_reach(a, k->c, root, &all);
    for (u32 i = 0; i < all.n; i++) {
        const struct ein_x *y = &k->c->node.at[all.at[i]];
        k->n[AT_NODE + y->kind]++;
        if (y->kind != EIN_READ && y->kind != EIN_GATHER)
            continue;
        for (u32 d = 0; d < y->nlist; d++) {
            ein_node s = k->c->list.at[y->list + d];
            i64 lo, hi, ext = k->c->tens.at[y->u].dim[d];
            if (y->kind == EIN_READ && !y->a && ext > 0 && k->e && (!ein_range(k->c, s, k->e->nrank, k->e->rank, &lo, &hi) || lo < 0 || hi >= ext))
                k->n[AT_THING + T_COND_READ]++;
            index_of(k, s);
            if (y->kind == EIN_READ && y->a && k->c->node.at[s].kind == EIN_GATHER)
                k->n[AT_THING + T_PADDED_GATHER]++;
        }
        if (y->kind == EIN_READ && y->a) {
            const struct ein_x *pad = &k->c->node.at[y->a];
            k->n[AT_THING + (pad->kind != EIN_NUM ? T_PAD_EXPR : pad->r == 0 ? T_PAD_0 : T_PAD_NUM)]++;
        }
    }
    arena_free(a);
}

static void equation(struct counter *k, u32 no)
{
    const struct cascade *c = k->c;
    const struct ein_eq *e = k->e;
    u64 *t = k->n + AT_THING;
    u32 red = 0;
    bool batch = false;
    for (u32 i = 0; i < e->nrank; i++) {
        bool r = e->rank[i].kind == EIN_RED;
        red += r;
        batch |= e->rank[i].ext < 0;
        t[T_BATCH_RED] += r && e->rank[i].ext < 0;
        t[T_EXT_1] += e->rank[i].ext == 1;
        t[T_TAIL] += e->rank[i].ext > 4 && e->rank[i].ext % 4;
        t[T_LONG] += e->rank[i].ext >= 64;
    }
    for (u32 i = 0, last = 0; i < e->nsub; i++) {
        struct ein_lin l = { 0 };
        if (!ein_lin(c, e->sub[i], 1, &l))
            continue;
        u32 most = 0;
        for (u32 m = 0; m < l.n; m++) {
            t[T_LHS_STEP] += l.n == 1 && l.t[m].k > 1;
            t[T_LHS_BACK] += l.t[m].k < 0;
            most = MAX(most, c->node.at[l.t[m].atom].u);
        }
        t[T_LHS_FOLD] += l.n > 1;
        t[T_LHS_ORDER] += l.n && most < last;
        last = MAX(most, last);
    }
    k->n[AT_RED + e->red]++;
    k->n[AT_ACC + e->acc]++;
    t[T_UNBATCHED] += !batch;
    t[T_LOAD] += e->phase == EIN_PHASE_LOAD;
    t[T_CONST_PHASE] += e->phase == EIN_PHASE_CONST;
    t[T_POST] += e->post != 0;
    t[T_GUARD] += e->guard && e->red;
    t[T_MAP_GUARD] += e->guard && !e->red;
    t[T_MANY_RED] += red >= 3;
    t[T_ACC_WIDE] += e->red && dtype_bytes((enum dtype)e->acc) > dtype_bytes((enum dtype)c->tens.at[e->out[0]].dtype);
    t[T_LIFT_2] += e->nbody > 1;
    t[T_SCAN] += e->scan != 0;
    t[T_SCAN_DOWN] += e->scan && e->scan_down;
    t[T_SCAN_RED] += e->scan && e->red;
    if (e->scan) {
        struct ein_lin l = { 0 };
        for (u32 i = 0; i < e->nsub; i++)
            if (ein_lin(c, e->sub[i], 1, &l) && l.n == 1 && c->node.at[l.t[0].atom].u == e->scan_rank)
                t[T_SCAN_LAG] += l.c == 2;
            else
                l = (struct ein_lin){ 0 };
    }
    t[T_SCAN_TWO] += no && e->scan && c->eq.at[no - 1].scan == e->scan;
    t[T_REGIONS] += no && e->nout == 1 && c->eq.at[no - 1].nout == 1 && c->eq.at[no - 1].out[0] == e->out[0] && !e->scan;
    for (u32 b = 0; b < e->nbody; b++)
        expression(k, e->body[b]);
    expression(k, e->guard);
    expression(k, e->post);
}

void gen_table_count(struct gen_table *t, const struct cascade *c)
{
    u64 n[AT_END] = { 0 };
    struct counter k = { c, NULL, n };
    t->cascades++;
    n[AT_THING + T_EQS] += c->eq.n > 1;
    for (u32 i = 0; i < c->tens.n; i++) {
        const struct ein_tens *x = &c->tens.at[i];
        n[AT_ROLE + x->role]++;
        n[AT_DTYPE + x->dtype]++;
        if (x->role == EIN_PARAM || x->role == EIN_STATE)
            n[AT_INIT + x->init]++;
        n[AT_THING + T_SCALAR] += x->ndim == 0 || (x->ndim == 1 && x->dim[0] < 0);
        n[AT_THING + T_MANY_DIMS] += x->ndim >= 5;
        u32 readers = 0;
        for (u32 e = 0; e < c->eq.n && x->role == EIN_TEMP; e++) {
            struct ein_reads r = ein_reads(c, c->eq.at[e].body[0]);
            for (u32 m = 0; m < r.n; m++)
                if (c->node.at[r.at[m]].u == i) {
                    readers++;
                    break;
                }
        }
        n[AT_THING + T_CHAIN] += readers > 1;
    }
    for (u32 i = 0; i < c->eq.n; i++) {
        k.e = &c->eq.at[i];
        equation(&k, i);
    }
    k.e = NULL;
    for (u32 m = 0; m < c->monoid.n; m++)
        for (u32 s = 0; s < c->monoid.at[m].nstate; s++) {
            expression(&k, c->monoid.at[m].lift[s]);
            expression(&k, c->monoid.at[m].merge[s]);
        }
    for (u32 i = 0; i < AT_END; i++) {
        t->row[i].times += n[i];
        t->row[i].cascades += n[i] != 0;
    }
}

void gen_table_print(struct buf *b, const struct gen_table *t)
{
    buf_printf(b, "%llu cascades; of them have\n", (unsigned long long)t->cascades);
    for (u32 i = 0; i < t->n; i++) {
        const struct gen_row *r = &t->row[i];
        if (r->name && strcmp(r->name, "none") != 0)
            buf_printf(b, "  %7llu  %s%s%s\n", (unsigned long long)r->cascades, r->kind, *r->kind ? " " : "", r->name);
    }
}
