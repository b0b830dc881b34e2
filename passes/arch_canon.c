/* arch_canon.c - what is live of a canonical graph, numbered, as text, hashed.
 *
 * The text, in bytes (numbers are varints: seven bits a byte, low ones first):
 *
 *     version, types of the inputs, types of the outputs
 *     the number of vertices, then each vertex in canonical order, inputs before what reads them:
 *         kind, what it is (below), the number of its inputs, their numbers (from 1; 0: none is read)
 *     the numbers of the outputs
 *
 *     IN which · ZERO · PART which · SUM and the multiplicity before each number · VIEW hash · EACH and ALL depth, n · each: dtype, elements
 *     OP: the meaning, the indices its parameters are replicated over, how it takes part in a state's updates
 *     SHARED: a set of parameters that several ops have: the indices; they name it as their last input */
#include "passes/arch_canon_graph.h"

enum { SHARED = CN_KINDS, TEXT_VERSION = 1 };
#define INST CANON_INST

struct canon *canon_new(struct arena *a, struct op_laws *laws, struct types *t)
{
    struct canon *c = NEW(a, struct canon);
    c->a = a;
    c->scratch = arena_new_in(a, "canonical graph");
    c->laws = laws;
    c->views = op_laws_views(laws);
    c->types = t;
    c->text.a = a;
    return c;
}

/* --- What is live ------------------------------------------------------------------------------ */

static void find_live(struct canon *c)
{
    for (u32 i = 0; i < c->nout; i++)
        c->node.at[c->out[i]].live = true;
    for (bool more = true; more;) {
        more = false;
        for (u32 id = c->node.n; id-- > 1;) {
            struct cnode *x = &c->node.at[id];
            if (!x->live)
                continue;
            for (u32 i = 0; i < x->nin; i++)
                c->node.at[c->list.at[x->in + i]].live = true;
            /* Those that update the same state are alive together. */
            if (x->inst && c->inst.at[x->inst - 1].uses > 1 && x->law->updates)
                for (u32 y = c->inst.at[x->inst - 1].first_use; y; y = c->node.at[y].next_use) {
                    more |= !c->node.at[y].live && y > id;
                    c->node.at[y].live = true;
                }
        }
    }
    c->node.at[CN_NONE].live = false;
    for (u32 id = 1; id < c->node.n; id++)
        if (c->node.at[id].live && c->node.at[id].inst)
            c->inst.at[c->node.at[id].inst - 1].live++;
}

/* --- Vertices ----------------------------------------------------------------------------------- */

static u64 mix2(u64 h, u64 x)
{
    return canon_mix(h * 3 + canon_mix(x + 0x9e3779b97f4a7c15u));
}

static u64 reps_label(const struct canon *c, const struct cinst *i)
{
    u64 h = i->reps;
    for (u32 k = 0; k < (u32)__builtin_popcount(i->reps); k++)
        h = mix2(h, c->wide.at[i->wide + k]);
    return h;
}

static bool is_shared(const struct canon *c, const struct cnode *x)
{
    return x->inst && c->inst.at[x->inst - 1].live > 1;
}

static u64 label(const struct canon *c, const struct cnode *x)
{
    u64 h = mix2((u64)x->kind << 32 | x->dtype, (u64)x->elems);
    switch ((enum cn_kind)x->kind) {
    case CN_VIEW: {
        struct hash128 v = view_get(c->views, x->a)->hash;
        return mix2(mix2(h, v.lo), v.hi);
    }
    case CN_OP:
        h = mix2(mix2(h, x->law->meaning.lo), x->law->meaning.hi);
        if (x->inst) {
            const struct cinst *i = &c->inst.at[x->inst - 1];
            h = mix2(h, is_shared(c, x) ? 1 : reps_label(c, i));
            if (is_shared(c, x) && x->law->updates)
                h = mix2(h, (u64)x->turn << 32 | i->uses);
        }
        return h;
    case CN_SUM: case CN_ZERO:
        return h;
    default:
        return mix2(mix2(h, x->a), (u64)x->n);
    }
}

/* Which of an op's inputs in position i: those that may be exchanged are one place. */
static u32 place(const struct cnode *x, u32 i)
{
    if (x->kind != CN_OP)
        return i;
    for (u32 k = 0; k < i; k++)
        if (x->law->sym[k] == x->law->sym[i])
            return k;
    return i;
}

struct by { u64 colour; u32 vertex; };

static int by_colour(const void *x, const void *y)
{
    const struct by *a = x, *b = y;
    return a->colour != b->colour ? (a->colour < b->colour ? -1 : 1) : a->vertex < b->vertex ? -1 : a->vertex > b->vertex;
}

/* By level, then by colour: levels have few vertices. */
static struct by *sorted(struct arena *a, u32 n, const u32 *level, const u64 *colour)
{
    u32 deep = 0;
    for (u32 v = 0; v < n; v++)
        deep = MAX(deep, level[v]);
    u32 *at = NEW_ARRAY(a, u32, deep + 2);
    struct by *by = NEW_ARRAY(a, struct by, n + 1);
    for (u32 v = 0; v < n; v++)
        at[level[v] + 1]++;
    for (u32 l = 0; l <= deep; l++)
        at[l + 1] += at[l];
    for (u32 v = 0; v < n; v++)
        by[at[level[v]]++] = (struct by){ colour[v], v };
    for (u32 l = 0, from = 0; l <= deep; from = at[l++]) {
        u32 size = at[l] - from;
        struct by *p = by + from;
        if (size > 8) {
            qsort(p, size, sizeof *p, by_colour);
            continue;
        }
        for (u32 i = 1; i < size; i++) {
            struct by x = p[i];
            u32 k = i;
            for (; k && by_colour(&p[k - 1], &x) > 0; k--)
                p[k] = p[k - 1];
            p[k] = x;
        }
    }
    return by;
}

/* Numbers the live: c->order, and each node's and shared set's `vertex`, from 1. */
static bool number(struct canon *c)
{
    struct arena *a = c->scratch;
    u32 n = 0, ne = 0, most = c->node.n + c->inst.n, edges = c->list.n + c->node.n;
    u32 *what = NEW_ARRAY(a, u32, most), *level = NEW_ARRAY(a, u32, most), *first = NEW_ARRAY(a, u32, most + 1), *from = NEW_ARRAY(a, u32, edges);
    u64 *as = NEW_ARRAY(a, u64, edges), *colour = NEW_ARRAY(a, u64, most);
    for (u32 i = 0; i < c->inst.n; i++)
        if (c->inst.at[i].live > 1) {
            colour[n] = mix2(SHARED, reps_label(c, &c->inst.at[i]));
            what[n] = INST | i;
            c->inst.at[i].vertex = n++;
        }
    for (u32 id = 1; id < c->node.n; id++) {
        struct cnode *x = &c->node.at[id];
        if (!x->live)
            continue;
        first[n] = ne;
        for (u32 i = 0; i < x->nin; i++) {
            u32 y = c->list.at[x->in + i];
            if (!y)
                continue;
            from[ne] = c->node.at[y].vertex;
            as[ne] = canon_mix(x->kind == CN_SUM ? c->wide.at[x->mult + i] << 8 | 0xff : place(x, i));
            level[n] = MAX(level[n], level[from[ne]] + 1);
            ne++;
        }
        if (is_shared(c, x)) {
            from[ne] = c->inst.at[x->inst - 1].vertex;
            level[n] = MAX(level[n], 1);
            as[ne++] = SHARED;
        }
        colour[n] = label(c, x);
        what[n] = id;
        x->vertex = n++;
    }
    first[n] = ne;
    for (u32 i = 0; i < c->nout; i++) {
        u64 *to = &colour[c->node.at[c->out[i]].vertex];
        *to = mix2(*to, 0x100000000u + i);
    }
    struct cgraph g = { .n = n, .colour = colour, .nedge = ne, .from = from, .as = as, .first = first };
    bool whole = canon_order(a, &g);
    const struct by *by = sorted(a, n, level, colour);
    c->nvertex = n;
    c->order = NEW_ARRAY(a, u32, n + 1);
    for (u32 k = 0; k < n; k++) {
        u32 w = what[by[k].vertex];
        c->order[k] = w;
        if (w & INST)
            c->inst.at[w & ~INST].vertex = k + 1;
        else
            c->node.at[w].vertex = k + 1;
    }
    return whole;
}

/* --- The text ----------------------------------------------------------------------------------- */

static void put(struct canon_text *b, u64 x)
{
    for (; x >= 128; x >>= 7)
        vec_push(b->a, b, (u8)(x | 128));
    vec_push(b->a, b, (u8)x);
}

static void put_hash(struct canon_text *b, struct hash128 h)
{
    while (b->n + 16 > b->cap)
        b->at = vec_grow(b->a, b->at, b->n, &b->cap, 1);
    for (u32 i = 0; i < 8; i++) {
        b->at[b->n + i] = (u8)(h.hi >> 8 * i);
        b->at[b->n + 8 + i] = (u8)(h.lo >> 8 * i);
    }
    b->n += 16;
}

/* dtype and extents: how axes were folded is not in it. */
static void put_type(struct canon_text *b, const struct types *t, type_id id)
{
    const struct type *x = type_get(t, id);
    put(b, x->dtype);
    put(b, x->rank);
    for (u32 i = 0; i < x->rank; i++)
        put(b, (u64)axis_extent(t, x->axis[i]));
}

static void put_signature(struct canon_text *b, const struct canon *c, const struct arch *ar)
{
    const struct afn *f = &ar->fn.at[ar->fn.n - 1];
    put(b, f->nparam);
    for (u32 i = 0; i < f->nparam; i++)
        put_type(b, c->types, f->param[i]);
    put(b, f->nout);
    for (u32 i = 0; i < f->nout; i++)
        put_type(b, c->types, arch_val_type(f, f->out[i]));
}

static void put_reps(struct canon_text *b, const struct canon *c, const struct cinst *i)
{
    put(b, i->reps);
    for (u32 k = 0; k < (u32)__builtin_popcount(i->reps); k++)
        put(b, c->wide.at[i->wide + k]);
}

/* Inputs by number; exchangeable ones in order of their numbers, the terms of a sum too. */
void canon_inputs(struct canon *c, const struct cnode *x, u32 *in, u64 *times)
{
    for (u32 i = 0; i < x->nin; i++) {
        u32 y = c->list.at[x->in + i];
        in[i] = y ? c->node.at[y].vertex : 0;
        if (x->kind == CN_SUM)
            times[i] = c->wide.at[x->mult + i];
    }
    if (x->kind != CN_SUM && x->kind != CN_OP)
        return;
    if (x->kind == CN_SUM) {
        struct canon_term few[16];
        struct canon_terms t = { x->nin <= COUNTOF(few) ? few : NEW_ARRAY(c->scratch, struct canon_term, x->nin), x->nin, x->nin };
        for (u32 i = 0; i < x->nin; i++)
            t.at[i] = (struct canon_term){ in[i], times[i] };
        canon_sort_terms(&t);
        for (u32 i = 0; i < x->nin; i++) {
            in[i] = t.at[i].x;
            times[i] = t.at[i].times;
        }
        return;
    }
    for (u32 i = 1; i < x->nin; i++)
        for (u32 k = i, j = i; j-- > 0;)
            if (x->law->sym[j] == x->law->sym[i] && in[j] > in[k]) {
                u32 y = in[j];
                in[j] = in[k];
                in[k] = y;
                k = j;
            }
}

static void put_node(struct canon_text *b, struct canon *c, const struct cnode *x)
{
    put(b, x->kind);
    put(b, x->dtype);
    put(b, (u64)x->elems);
    switch ((enum cn_kind)x->kind) {
    case CN_VIEW:
        put_hash(b, view_get(c->views, x->a)->hash);
        break;
    case CN_OP:
        put_hash(b, x->law->meaning);
        if (x->inst) {
            const struct cinst *i = &c->inst.at[x->inst - 1];
            put(b, 1 + is_shared(c, x));
            if (!is_shared(c, x)) {
                put_reps(b, c, i);
            } else {
                put(b, i->vertex);
                if (x->law->updates) {
                    put(b, 1 + x->turn);
                    put(b, i->uses);
                }
            }
        } else {
            put(b, 0);
        }
        break;
    case CN_EACH: case CN_ALL:
        put(b, (u64)x->n);
        put(b, x->a);
        break;
    case CN_IN: case CN_PART:
        put(b, x->a);
        break;
    default:
        break;
    }
    struct arena_mark m = arena_mark(c->scratch);
    u32 few[16], *in = x->nin <= COUNTOF(few) ? few : NEW_ARRAY(c->scratch, u32, x->nin);
    u64 few_times[16], *times = x->nin <= COUNTOF(few) ? few_times : NEW_ARRAY(c->scratch, u64, x->nin);
    canon_inputs(c, x, in, times);
    put(b, x->nin);
    for (u32 i = 0; i < x->nin; i++) {
        if (x->kind == CN_SUM)
            put(b, times[i]);
        put(b, in[i]);
    }
    arena_reset(c->scratch, m);
}

static void put_graph(struct canon_text *b, struct canon *c)
{
    put(b, TEXT_VERSION);
    put_signature(b, c, c->ar);
    put(b, c->nvertex);
    for (u32 k = 0; k < c->nvertex; k++) {
        u32 w = c->order[k];
        if (w & INST) {
            put(b, SHARED);
            put_reps(b, c, &c->inst.at[w & ~INST]);
        } else {
            put_node(b, c, &c->node.at[w]);
        }
    }
    for (u32 i = 0; i < c->nout; i++)
        put(b, c->node.at[c->out[i]].vertex);
}

/* The functions as they stand, for what is too large. */
static void put_functions(struct canon_text *b, struct canon *c, const struct arch *ar)
{
    put(b, 0);
    put_signature(b, c, ar);
    put(b, ar->fn.n);
    for (u32 i = 0; i < ar->fn.n; i++) {
        const struct afn *f = &ar->fn.at[i];
        put(b, f->nparam);
        put(b, f->node.n);
        for (u32 k = 0; k < f->node.n; k++) {
            const struct anode *n = &f->node.at[k];
            put(b, n->kind);
            if (n->kind == ANODE_OP)
                put_hash(b, op_law(c->laws, n->op)->meaning);
            for (u32 j = 0; n->kind == ANODE_OP && j < n->nout; j++)
                put_type(b, c->types, n->out[j]);
            put(b, n->fn);
            put(b, n->n);
            put(b, n->tie);
            put(b, n->tie_up);
            put(b, n->nout);
            put(b, n->nin);
            for (u32 j = 0; j < n->nin; j++)
                put(b, (u64)n->in[j] << 1 | (n->spread && n->spread[j]));
        }
        put(b, f->nout);
        for (u32 k = 0; k < f->nout; k++)
            put(b, f->out[k]);
    }
}

/* Places of the sets of parameters: by the first vertex that names one, then the dead. */
static void rank_instances(struct canon *c)
{
    u32 *rank = NEW_ARRAY(c->scratch, u32, c->inst.n + 1), next = 0;
    for (u32 k = 0; k < c->nvertex; k++) {
        u32 w = c->order[k];
        const struct cnode *x = w & INST ? NULL : &c->node.at[w];
        if (x ? x->inst && !is_shared(c, x) : true)
            rank[x ? x->inst - 1 : w & ~INST] = next++;
    }
    c->result.nlive = next;
    for (u32 i = 0; i < c->inst.n; i++)
        if (!c->inst.at[i].live)
            rank[i] = next++;
    CHECK(next == c->inst.n);
    c->result.ninst = c->inst.n;
    c->result.rank = rank;
}

struct canon_result arch_canon(struct canon *c, const struct arch *ar)
{
    canon_clear(c);
    c->ar = ar;
    c->result = (struct canon_result){ 0 };
    c->nvertex = 0;
    c->text.n = 0;
    if (canon_build(c, ar)) {
        find_live(c);
        c->result.whole = number(c);
        rank_instances(c);
        put_graph(&c->text, c);
        c->result.nodes = c->nvertex;
    } else {
        put_functions(&c->text, c, ar);
    }
    c->result.id = hash128(c->text.at, c->text.n);
    return c->result;
}
