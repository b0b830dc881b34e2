/* arch_canon_graph.c - nodes of canonical graphs, brought into normal form as they are made. */
#include "passes/arch_canon_graph.h"

/* --- Tables: emptied by counting on, never by walking ------------------------------------------- */

static u32 *slot(const struct canon_table *t, u64 h, u32 *i)
{
    for (*i = (u32)(h ^ h >> 32) & (t->cap - 1);; *i = (*i + 1) & (t->cap - 1))
        if (t->used[*i] != t->now || t->hash[*i] == h)
            return &t->id[*i];
}

static void grow(struct arena *a, struct canon_table *t)
{
    struct canon_table to = { .cap = t->cap ? t->cap * 2 : 1024, .now = 1, .n = t->n };
    to.id = NEW_ARRAY(a, u32, to.cap);
    to.used = NEW_ARRAY(a, u32, to.cap);
    to.hash = NEW_ARRAY(a, u64, to.cap);
    for (u32 k = 0; k < t->cap; k++)
        if (t->used[k] == t->now) {
            u32 i = (u32)(t->hash[k] ^ t->hash[k] >> 32) & (to.cap - 1);
            while (to.used[i])
                i = (i + 1) & (to.cap - 1);
            to.id[i] = t->id[k];
            to.hash[i] = t->hash[k];
            to.used[i] = 1;
        }
    *t = to;
}

static void empty(struct canon_table *t)
{
    t->n = 0;
    if (++t->now == 0) {
        memset(t->used, 0, t->cap * sizeof *t->used);
        t->now = 1;
    }
}

void canon_clear(struct canon *c)
{
    arena_clear(c->scratch);
    empty(&c->cons);
    empty(&c->memo);
    c->node.n = c->list.n = c->wide.n = c->inst.n = c->moved.n = 0;
    c->nindex = 0;
    vec_push(c->a, &c->node, (struct cnode){ 0 });
}

/* --- Nodes -------------------------------------------------------------------------------------- */

static u64 mix2(u64 h, u64 x)
{
    h = (h ^ x) * 0x9e3779b97f4a7c15u;
    return h ^ h >> 29;
}

static bool same_node(const struct canon *c, const struct cnode *x, const struct cnode *y, const u32 *in, const u64 *mult)
{
    if (x->kind != y->kind || x->a != y->a || x->n != y->n || x->nin != y->nin || x->elems != y->elems || x->dtype != y->dtype ||
        x->inst != y->inst || !x->law != !y->law)
        return false;
    if (x->law && (x->law->meaning.hi != y->law->meaning.hi || x->law->meaning.lo != y->law->meaning.lo))
        return false;
    for (u32 i = 0; i < x->nin; i++)
        if (c->list.at[x->in + i] != in[i] || (mult && c->wide.at[x->mult + i] != mult[i]))
            return false;
    return true;
}

static u32 make(struct canon *c, struct cnode n, u32 nin, const u32 *in, const u64 *mult, bool apart)
{
    u32 at = 0;
    u64 h = 0;
    n.nin = nin;
    if (!apart) {
        h = mix2((u64)n.kind << 32 | n.a, (u64)n.n);
        h = mix2(h, (u64)n.elems << 8 | n.dtype);
        if (n.law)
            h = mix2(h, n.law->meaning.lo ^ n.inst);
        for (u32 i = 0; i < nin; i++)
            h = mix2(h, mult ? in[i] + (mult[i] << 32) + (mult[i] >> 32) : in[i]);
        if ((c->cons.n + 1) * 4 > c->cons.cap * 3)
            grow(c->a, &c->cons);
        for (u32 *s = slot(&c->cons, h, &at); c->cons.used[at] == c->cons.now; at = (at + 1) & (c->cons.cap - 1), s = &c->cons.id[at]) {
            if (c->cons.hash[at] == h && same_node(c, &c->node.at[*s], &n, in, mult))
                return *s;
        }
    }
    n.in = c->list.n;
    n.mult = c->wide.n;
    for (u32 i = 0; i < nin; i++) {
        const struct cnode *x = &c->node.at[in[i]];
        n.free |= x->free;
        if (n.kind == CN_SUM || (n.law && n.law->elementwise))
            n.moved = (u16)MAX(n.moved, MIN(x->moved + 1, UINT16_MAX));
        vec_push(c->a, &c->list, in[i]);
        if (mult)
            vec_push(c->a, &c->wide, mult[i]);
    }
    if (n.kind == CN_ALL)
        n.free &= ~(1u << n.a);
    u32 id = c->node.n;
    vec_push(c->a, &c->node, n);
    if (!apart) {
        c->cons.id[at] = id;
        c->cons.hash[at] = h;
        c->cons.used[at] = c->cons.now;
        c->cons.n++;
    }
    return id;
}

u32 cn_make(struct canon *c, struct cnode n, u32 nin, const u32 *in, bool apart)
{
    return make(c, n, nin, in, NULL, apart);
}

u32 cn_input(struct canon *c, u32 k, i64 elems, u8 dtype)
{
    return make(c, (struct cnode){ .kind = CN_IN, .a = k, .elems = elems, .dtype = dtype, .name = "input" }, 0, NULL, NULL, false);
}

u32 cn_zero(struct canon *c, i64 elems, u8 dtype)
{
    return make(c, (struct cnode){ .kind = CN_ZERO, .elems = elems, .dtype = dtype, .name = "zero" }, 0, NULL, NULL, false);
}

/* --- Sums --------------------------------------------------------------------------------------- */

void cn_add(struct canon *c, struct canon_terms *t, u32 x, u64 times)
{
    const struct cnode *n = &c->node.at[x];
    if (n->kind == CN_ZERO)
        return;
    if (n->kind == CN_SUM && n->nin <= CN_TERMS) {
        bool fits = true;
        u64 most;
        for (u32 i = 0; i < n->nin; i++)
            fits &= !__builtin_mul_overflow(times, c->wide.at[n->mult + i], &most);
        if (fits) {
            for (u32 i = 0; i < n->nin; i++)
                vec_push(c->scratch, t, ((struct canon_term){ c->list.at[n->in + i], times * c->wide.at[n->mult + i] }));
            return;
        }
    }
    vec_push(c->scratch, t, ((struct canon_term){ x, times }));
}

static int by_node(const void *x, const void *y)
{
    const struct canon_term *a = x, *b = y;
    return a->x != b->x ? (a->x < b->x ? -1 : 1) : a->times != b->times ? (a->times < b->times ? -1 : 1) : 0;
}

void canon_sort_terms(struct canon_terms *t)
{
    if (t->n > 16) {
        qsort(t->at, t->n, sizeof *t->at, by_node);
        return;
    }
    for (u32 i = 1; i < t->n; i++) {
        struct canon_term x = t->at[i];
        u32 k = i;
        for (; k && by_node(&t->at[k - 1], &x) > 0; k--)
            t->at[k] = t->at[k - 1];
        t->at[k] = x;
    }
}

u32 cn_sum(struct canon *c, struct canon_terms *t, i64 elems, u8 dtype)
{
    u32 n = 0;
    canon_sort_terms(t);
    for (u32 i = 0; i < t->n; i++) {
        u64 both;
        if (n && t->at[n - 1].x == t->at[i].x && !__builtin_add_overflow(t->at[n - 1].times, t->at[i].times, &both))
            t->at[n - 1].times = both;
        else
            t->at[n++] = t->at[i];
    }
    if (!n)
        return cn_zero(c, elems, dtype);
    if (n == 1 && t->at[0].times == 1)
        return t->at[0].x;
    u32 few[16];
    u64 times[16];
    u32 *x = n <= COUNTOF(few) ? few : NEW_ARRAY(c->scratch, u32, n);
    u64 *m = n <= COUNTOF(few) ? times : NEW_ARRAY(c->scratch, u64, n);
    for (u32 i = 0; i < n; i++) {
        x[i] = t->at[i].x;
        m[i] = t->at[i].times;
    }
    return make(c, (struct cnode){ .kind = CN_SUM, .elems = elems, .dtype = dtype, .name = "sum" }, n, x, m, false);
}

/* --- Movements ---------------------------------------------------------------------------------- */

/* Does a movement of x go to what x is made of? */
static bool through(const struct cnode *x)
{
    if (x->moved > CN_MOVED)
        return false;
    return x->kind == CN_SUM ? x->nin <= CN_TERMS : x->kind == CN_OP && !x->inst && x->law->elementwise && x->law->nout == 1;
}

static u32 move(struct canon *c, u8 kind, u32 a, i64 n, u32 x)
{
    return kind == CN_VIEW ? cn_view(c, a, x) : kind == CN_EACH ? cn_each(c, a, n, x) : cn_all(c, a, n, x);
}

/* The movement of each of x's inputs, then what x makes of them. */
static u32 move_through(struct canon *c, u8 kind, u32 a, i64 n, i64 elems, u32 x)
{
    u64 h = mix2(mix2((u64)kind << 32 | a, (u64)n), x);
    u32 at;
    if (c->memo.cap)
        for (slot(&c->memo, h, &at); c->memo.used[at] == c->memo.now; at = (at + 1) & (c->memo.cap - 1)) {
            const struct canon_moved *m = &c->moved.at[c->memo.id[at]];
            if (m->kind == kind && m->a == a && m->n == n && m->x == x)
                return m->result;
        }
    struct cnode y = c->node.at[x];
    u32 result;
    if (y.kind == CN_SUM) {
        struct canon_terms t = { 0 };
        for (u32 i = 0; i < y.nin; i++) {
            u64 times = c->wide.at[y.mult + i];
            cn_add(c, &t, move(c, kind, a, n, c->list.at[y.in + i]), times);
        }
        result = cn_sum(c, &t, elems, y.dtype);
    } else {
        u32 in[32];
        CHECK(y.nin <= COUNTOF(in));
        for (u32 i = 0; i < y.nin; i++) {
            u32 z = c->list.at[y.in + i];
            in[i] = z ? move(c, kind, a, n, z) : CN_NONE;
        }
        y.elems = elems;
        y.free = 0;
        y.moved = 0;
        result = cn_op(c, y, y.nin, in);
    }
    if ((c->memo.n + 1) * 4 > c->memo.cap * 3)
        grow(c->a, &c->memo);
    for (slot(&c->memo, h, &at); c->memo.used[at] == c->memo.now;)
        at = (at + 1) & (c->memo.cap - 1);
    c->memo.id[at] = c->moved.n;
    c->memo.hash[at] = h;
    c->memo.used[at] = c->memo.now;
    c->memo.n++;
    vec_push(c->a, &c->moved, ((struct canon_moved){ kind, a, x, result, n }));
    return result;
}

/* An op without parameters whose inputs that may be exchanged stand in order. */
u32 cn_op(struct canon *c, struct cnode n, u32 nin, const u32 *in)
{
    u32 sorted[32];
    if (nin > 1 && nin <= COUNTOF(sorted)) {
        for (u32 i = 0; i < nin; i++) {
            u32 k = i, x = in[i];
            sorted[i] = x;
            for (u32 j = i; j-- > 0;)
                if (n.law->sym[j] == n.law->sym[i] && sorted[j] > x) {
                    sorted[k] = sorted[j];
                    sorted[j] = x;
                    k = j;
                }
        }
        in = sorted;
    }
    return make(c, n, nin, in, NULL, false);
}

/* The view w of one part with v = n times w side by side; 0: v is no such view. */
static view_id part_of_lead(struct canon *c, view_id v, i64 n)
{
    struct view w = *view_get(c->views, v);
    if (w.from % n || w.to % n)
        return 0;
    struct vdigit d[VIEW_DIGITS];
    i64 left = w.to / n, lo = w.first, hi = w.first;
    u32 k = w.n;
    while (k && left > 1) {             /* innermost digits that make up one part */
        k--;
        i64 e = MIN(w.digit[k].extent, left);
        if (w.digit[k].extent % e || left % e)
            return 0;
        d[k] = (struct vdigit){ e, w.digit[k].stride };
        left /= e;
        if (d[k].stride > 0)
            hi += (e - 1) * d[k].stride;
        else
            lo += (e - 1) * d[k].stride;
    }
    if (left > 1 || lo < 0 || hi >= w.from / n)
        return 0;
    u32 count = w.n - k;
    struct vdigit copy[VIEW_DIGITS];
    memcpy(copy, d + k, count * sizeof *copy);
    view_id one = view_make(c->views, w.from / n, w.first, count, copy);
    return one && view_lead(c->views, one, n) == v ? one : 0;
}

/* The view that each part of v is, where they are all the same. */
static view_id part_of_clone(struct canon *c, view_id v, i64 n)
{
    i64 to = view_get(c->views, v)->to;
    if (to % n)
        return 0;
    view_id part = view_part(c->views, to, n, 0);
    view_id one = part ? view_compose(c->views, part, v) : 0;
    if (!one)
        return 0;
    view_id all = view_clone(c->views, view_get(c->views, one)->to, n);
    return all && view_compose(c->views, all, one) == v ? one : 0;
}

u32 cn_view(struct canon *c, view_id v, u32 x)
{
    if (view_is_identity(c->views, v))
        return x;
    struct cnode y = c->node.at[x];
    i64 elems = view_get(c->views, v)->to;
    CHECK(view_get(c->views, v)->from == y.elems);
    if (y.kind == CN_ZERO)
        return cn_zero(c, elems, y.dtype);
    if (through(&y))
        return move_through(c, CN_VIEW, v, 0, elems, x);
    if (y.kind == CN_VIEW) {
        view_id both = view_compose(c->views, v, y.a);
        if (both)
            return cn_view(c, both, c->list.at[y.in]);
    }
    if (y.kind == CN_EACH) {
        view_id all = view_lead(c->views, v, y.n);
        if (all)
            return cn_each(c, y.a, y.n, cn_view(c, all, c->list.at[y.in]));
    }
    return make(c, (struct cnode){ .kind = CN_VIEW, .a = v, .elems = elems, .dtype = y.dtype, .name = "view" }, 1, &x, NULL, false);
}

u32 cn_each(struct canon *c, u32 depth, i64 n, u32 x)
{
    struct cnode y = c->node.at[x];
    if (n == 1)
        return x;
    CHECK(y.elems % n == 0 && !(y.free >> depth & 1));
    i64 elems = y.elems / n;
    if (y.kind == CN_ZERO)
        return cn_zero(c, elems, y.dtype);
    if (y.kind == CN_ALL && y.a == depth && y.n == n)
        return c->list.at[y.in];
    if (through(&y))
        return move_through(c, CN_EACH, depth, n, elems, x);
    if (y.kind == CN_VIEW) {
        view_id one = part_of_clone(c, y.a, n);
        if (one)
            return cn_view(c, one, c->list.at[y.in]);
        struct cnode z = c->node.at[c->list.at[y.in]];
        one = z.kind == CN_ALL && z.a == depth && z.n == n ? part_of_lead(c, y.a, n) : 0;
        if (one)
            return cn_view(c, one, c->list.at[z.in]);
    }
    return make(c, (struct cnode){ .kind = CN_EACH, .a = depth, .n = n, .free = 1u << depth, .elems = elems, .dtype = y.dtype, .name = "each" }, 1, &x,
                NULL, false);
}

u32 cn_all(struct canon *c, u32 depth, i64 n, u32 x)
{
    struct cnode y = c->node.at[x];
    if (n == 1)
        return x;
    i64 elems = y.elems * n;
    if (y.kind == CN_ZERO)
        return cn_zero(c, elems, y.dtype);
    if (!(y.free >> depth & 1)) {
        view_id v = view_clone(c->views, y.elems, n);
        if (v)
            return cn_view(c, v, x);
    }
    if (y.kind == CN_EACH && y.a == depth && y.n == n)
        return c->list.at[y.in];
    if (through(&y))
        return move_through(c, CN_ALL, depth, n, elems, x);
    if (y.kind == CN_VIEW) {
        view_id all = view_lead(c->views, y.a, n);
        if (all)
            return cn_view(c, all, cn_all(c, depth, n, c->list.at[y.in]));
    }
    return make(c, (struct cnode){ .kind = CN_ALL, .a = depth, .n = n, .elems = elems, .dtype = y.dtype, .name = "all" }, 1, &x, NULL, false);
}
