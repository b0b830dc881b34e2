/* law_hash.c - a hash of what an op computes: the same for ops that differ in names, in the order of their equations, of their reduced
 * indices and of operands that commute, or in copies of intermediates; different for different bodies.
 *
 * A tensor's hash is that of the equations that write it, reads standing for the hashes of the tensors they read; inputs and parameters are
 * named by their positions.  An equation's ranks are numbered as a walk through it meets them, commuting operands ordered by their
 * hashes under ranks without numbers.  Equations of a recurrence are hashed together, in order. */
#include "passes/law.h"

enum { MOST_OPERANDS = 64 };
enum tag { TAG_IN = 256, TAG_PARAM, TAG_CONST, TAG_TENS, TAG_SCAN, TAG_ROUND, TAG_EQ, TAG_RANK, TAG_ALL };

struct words { u64 at[16]; u32 n; struct hash128 so_far; };

static void flush(struct words *w)
{
    if (!w->n)
        return;
    u64 all[COUNTOF(w->at) + 2] = { w->so_far.hi, w->so_far.lo };
    memcpy(all + 2, w->at, w->n * sizeof *all);
    w->so_far = hash128(all, (w->n + 2) * sizeof *all);
    w->n = 0;
}

static void word(struct words *w, u64 v)
{
    if (w->n == COUNTOF(w->at))
        flush(w);
    w->at[w->n++] = v;
}

static void real(struct words *w, double v)
{
    u64 bits;
    v += 0.0;                   /* one zero */
    memcpy(&bits, &v, sizeof bits);
    word(w, bits);
}

static void part(struct words *w, struct hash128 h)
{
    word(w, h.hi);
    word(w, h.lo);
}

static struct hash128 finish(struct words *w)
{
    flush(w);
    return w->so_far;
}

static int order(struct hash128 a, struct hash128 b)
{
    return a.hi != b.hi ? (a.hi < b.hi ? -1 : 1) : a.lo != b.lo ? (a.lo < b.lo ? -1 : 1) : 0;
}

static void sort_hashes(struct hash128 *h, u32 n, u32 *with)
{
    for (u32 i = 1; i < n; i++)
        for (u32 k = i; k && order(h[k - 1], h[k]) > 0; k--) {
            struct hash128 t = h[k];
            h[k] = h[k - 1];
            h[k - 1] = t;
            if (with) {
                u32 u = with[k];
                with[k] = with[k - 1];
                with[k - 1] = u;
            }
        }
}

struct meaning {
    struct law_body *b;
    const u32 *perm;
    bool flat;
    struct hash128 *tens; bool *known;
    struct hash128 *scan; bool *scan_known;     /* by scan */
};

/* The equation under work. */
struct walk {
    struct meaning *m;
    const struct ein_eq *e;
    bool numbered;
    u32 number[64], n;              /* by rank: 1 + number */
    struct hash128 *memo; bool *known;
};

static struct hash128 tens_hash(struct meaning *m, u32 t, u32 scan);
static struct hash128 node_hash(struct walk *w, ein_node x);

static bool commutes(u8 kind)
{
    switch (kind) {
    case EIN_IADD: case EIN_ADD: case EIN_MUL: case EIN_MIN: case EIN_MAX: case EIN_AND: case EIN_OR: case EIN_EQ: case EIN_NE: return true;
    default: return false;
    }
}

/* The operands of a chain of one operation; 0: too many. */
static u32 operands(const struct cascade *c, ein_node x, u8 kind, ein_node *to, u32 n)
{
    const struct ein_x *y = &c->node.at[x];
    bool chain = y->kind == kind && kind != EIN_EQ && kind != EIN_NE;
    if (!chain) {
        if (n == MOST_OPERANDS)
            return 0;
        to[n] = x;
        return n + 1;
    }
    n = operands(c, y->a, kind, to, n);
    return n ? operands(c, y->b, kind, to, n) : 0;
}

/* The operands of x in their order. */
static u32 ordered(struct walk *w, ein_node x, ein_node *of, struct hash128 *h)
{
    const struct cascade *c = w->m->b->c;
    struct ein_x y = c->node.at[x];
    u32 n = y.kind == EIN_EQ || y.kind == EIN_NE ? 0 : operands(c, x, y.kind, of, 0);
    if (!n) {
        n = 2;
        of[0] = y.a;
        of[1] = y.b;
    }
    for (u32 i = 0; i < n; i++)
        h[i] = node_hash(w, of[i]);
    sort_hashes(h, n, of);
    return n;
}

static void rank_words(struct words *v, const struct ein_rank *r)
{
    word(v, (u64)r->ext);
    word(v, r->kind);
}

static struct hash128 node_of(struct walk *w, ein_node x)
{
    const struct cascade *c = w->m->b->c;
    struct ein_x y = c->node.at[x];
    struct words v = { .n = 0 };
    word(&v, y.kind);
    if (commutes(y.kind)) {
        ein_node of[MOST_OPERANDS];
        struct hash128 h[MOST_OPERANDS];
        u32 n = ordered(w, x, of, h);
        word(&v, n);
        for (u32 i = 0; i < n; i++)
            part(&v, h[i]);
        return finish(&v);
    }
    switch ((enum ein_kind)y.kind) {
    case EIN_INT:
        word(&v, (u64)y.i);
        break;
    case EIN_NUM:
        real(&v, y.r);
        break;
    case EIN_RANK:
        if (w->numbered)
            word(&v, w->number[y.u]);
        else
            rank_words(&v, &w->e->rank[y.u]);
        break;
    case EIN_READ: case EIN_GATHER:
        part(&v, tens_hash(w->m, y.u, w->e->scan));
        if (!w->m->flat)
            for (u32 i = 0; i < y.nlist; i++)
                part(&v, node_hash(w, c->list.at[y.list + i]));
        break;
    default:
        word(&v, y.u);              /* symbols, components, arguments, dtypes, keys */
        break;
    }
    for (u32 i = 0; i < 3; i++) {
        ein_node k = i == 0 ? y.a : i == 1 ? y.b : y.c;
        word(&v, k != 0);
        if (k)
            part(&v, node_hash(w, k));
    }
    return finish(&v);
}

static struct hash128 node_hash(struct walk *w, ein_node x)
{
    if (!w->known[x]) {
        w->memo[x] = node_of(w, x);
        w->known[x] = true;
    }
    return w->memo[x];
}

static void number_ranks(struct walk *w, ein_node x)
{
    const struct cascade *c = w->m->b->c;
    if (!x || !(c->node.at[x].ranks || c->node.at[x].has & EIN_HAS_FAR))
        return;
    struct ein_x y = c->node.at[x];
    if (y.kind == EIN_RANK) {
        if (!w->number[y.u])
            w->number[y.u] = ++w->n;
    } else if (commutes(y.kind)) {
        ein_node of[MOST_OPERANDS];
        struct hash128 h[MOST_OPERANDS];
        u32 n = ordered(w, x, of, h);
        for (u32 i = 0; i < n; i++)
            number_ranks(w, of[i]);
    } else {
        for (u32 i = 0; i < y.nlist; i++)
            number_ranks(w, c->list.at[y.list + i]);
        number_ranks(w, y.a);
        number_ranks(w, y.b);
        number_ranks(w, y.c);
    }
}

static void forget(struct walk *w)
{
    u32 n = w->m->b->c->node.n;
    w->memo = NEW_ARRAY(w->m->b->a, struct hash128, n);
    w->known = NEW_ARRAY(w->m->b->a, bool, n);
}

/* Does the result depend on the order in which reduced points are met? */
static bool in_order(const struct ein_eq *e)
{
    return e->red == RED_ARGMAX || e->red == RED_ARGMIN || e->red == RED_USER;
}

static struct hash128 eq_hash(struct meaning *m, const struct ein_eq *e)
{
    struct walk w = { .m = m, .e = e };
    struct words v = { .n = 0 };
    CHECK(e->nrank <= COUNTOF(w.number));
    forget(&w);
    for (u32 i = 0; i < e->nsub; i++)
        number_ranks(&w, e->sub[i]);
    for (u32 i = 0; i < e->nrank && in_order(e); i++)
        if (!w.number[i])
            w.number[i] = ++w.n;
    for (u32 i = 0; i < e->nbody; i++)
        number_ranks(&w, e->body[i]);
    number_ranks(&w, e->guard);
    number_ranks(&w, e->post);
    w.numbered = true;
    forget(&w);
    word(&v, TAG_EQ);
    word(&v, e->red);
    word(&v, e->acc);
    word(&v, e->nout);
    /* Ranks by number; then those that nothing mentions, which only count. */
    for (u32 k = 1; k <= w.n && !m->flat; k++)
        for (u32 i = 0; i < e->nrank; i++)
            if (w.number[i] == k)
                rank_words(&v, &e->rank[i]);
    u64 silent = 1;
    for (u32 i = 0; i < e->nrank && !m->flat; i++)
        if (!w.number[i])
            silent *= (u64)e->rank[i].ext;
    word(&v, silent);
    for (u32 i = 0; i < e->nsub && !m->flat; i++)
        part(&v, node_hash(&w, e->sub[i]));
    word(&v, e->nbody);
    for (u32 i = 0; i < e->nbody; i++)
        part(&v, node_hash(&w, e->body[i]));
    for (u32 i = 0; i < 2; i++) {
        ein_node k = i ? e->post : e->guard;
        word(&v, k != 0);
        if (k)
            part(&v, node_hash(&w, k));
    }
    if (e->red == RED_USER) {
        const struct ein_monoid *o = &m->b->c->monoid.at[e->monoid];
        word(&v, o->nstate);
        word(&v, o->nlift);
        for (u32 i = 0; i < o->nstate; i++) {
            part(&v, node_hash(&w, o->zero[i]));
            part(&v, node_hash(&w, o->lift[i]));
            part(&v, node_hash(&w, o->merge[i]));
        }
    }
    if (e->scan) {
        word(&v, w.number[e->scan_rank]);
        word(&v, e->scan_down);
    }
    return finish(&v);
}

/* --- Recurrences ------------------------------------------------------------------------------- */

/* Which tensor of the scan, counted as its equations write them; UINT32_MAX: none of it. */
static u32 place_in_scan(const struct cascade *c, u32 scan, u32 t)
{
    u32 n = 0;
    for (u32 i = 0; i < c->eq.n; i++)
        for (u32 k = 0; c->eq.at[i].scan == scan && k < c->eq.at[i].nout; k++, n++)
            if (c->eq.at[i].out[k] == t)
                return n;
    return UINT32_MAX;
}

static bool writes(const struct ein_eq *e, u32 t)
{
    for (u32 k = 0; k < e->nout; k++)
        if (e->out[k] == t)
            return true;
    return false;
}

static void dims(struct words *v, const struct meaning *m, u32 t)
{
    const struct ein_tens *x = &m->b->c->tens.at[t];
    word(v, x->dtype);
    word(v, m->flat ? 0 : x->ndim);
    for (u32 i = 0; i < x->ndim && !m->flat; i++)
        word(v, (u64)x->dim[i]);
}

static struct hash128 scan_hash(struct meaning *m, u32 scan)
{
    const struct cascade *c = m->b->c;
    if (m->scan_known[scan])
        return m->scan[scan];
    struct words v = { .n = 0 };
    word(&v, TAG_SCAN);
    for (u32 i = 0; i < c->eq.n; i++) {
        const struct ein_eq *e = &c->eq.at[i];
        if (e->scan != scan)
            continue;
        part(&v, eq_hash(m, e));
        for (u32 k = 0; k < e->nout; k++) {
            dims(&v, m, e->out[k]);
            for (u32 j = 0; j < c->eq.n; j++)       /* what it begins with */
                if (c->eq.at[j].scan != scan && writes(&c->eq.at[j], e->out[k])) {
                    struct ein_eq init = c->eq.at[j];
                    init.scan = scan;
                    init.scan_rank = 0;
                    part(&v, eq_hash(m, &init));
                }
        }
    }
    m->scan[scan] = finish(&v);
    m->scan_known[scan] = true;
    return m->scan[scan];
}

/* --- Tensors ----------------------------------------------------------------------------------- */

/* T = S, point by point, as it is: the source. */
static bool copy_of(const struct meaning *m, const struct ein_eq *e, u32 *source)
{
    const struct cascade *c = m->b->c;
    const struct ein_x *x = &c->node.at[e->body[0]];
    if (e->red != RED_NONE || e->guard || e->post || e->scan || x->kind != EIN_READ || x->a)
        return false;
    const struct ein_tens *to = &c->tens.at[e->out[0]], *from = &c->tens.at[x->u];
    struct law_place p;
    struct vfun f;
    if (to->dtype != from->dtype || to->ndim != from->ndim || memcmp(to->dim, from->dim, to->ndim * sizeof *to->dim) != 0)
        return false;
    law_place(c, e, &p);
    if (!law_read_place(&p, x, &f))
        return false;
    view_id v = view_of(m->b->v, p.size, &f);
    *source = x->u;
    return v && view_is_identity(m->b->v, v);
}

static struct hash128 tens_of(struct meaning *m, u32 t)
{
    const struct cascade *c = m->b->c;
    const struct ein_tens *x = &c->tens.at[t];
    struct words v = { .n = 0 };
    u32 source;
    if (m->b->input_of[t]) {
        word(&v, TAG_IN);
        word(&v, m->perm[m->b->input_of[t] - 1]);
        dims(&v, m, t);
    } else if (x->role == EIN_PARAM || x->role == EIN_STATE) {
        word(&v, TAG_PARAM);
        word(&v, x->role);
        word(&v, x->number);
        dims(&v, m, t);
        word(&v, x->init);
        real(&v, x->init_arg[0]);
        real(&v, x->init_arg[1]);
    } else if (x->role == EIN_CONST) {
        word(&v, TAG_CONST);
        dims(&v, m, t);
        for (i64 i = 0, n = law_size(c, t); i < n; i++)
            real(&v, x->value[i]);
    } else if (m->b->nwriter[t] == 1 && copy_of(m, &c->eq.at[m->b->writer[t]], &source)) {
        return tens_hash(m, source, 0);
    } else {
        struct hash128 *h = NEW_ARRAY(m->b->a, struct hash128, m->b->nwriter[t] + 1);
        u32 n = 0;
        word(&v, TAG_TENS);
        dims(&v, m, t);
        for (u32 i = 0; i < c->eq.n; i++)
            for (u32 k = 0; k < c->eq.at[i].nout; k++)
                if (c->eq.at[i].out[k] == t) {
                    struct words e = { .n = 0 };
                    part(&e, eq_hash(m, &c->eq.at[i]));
                    word(&e, k);
                    h[n++] = finish(&e);
                }
        sort_hashes(h, n, NULL);
        for (u32 i = 0; i < n; i++)
            part(&v, h[i]);
    }
    return finish(&v);
}

static struct hash128 tens_hash(struct meaning *m, u32 t, u32 scan)
{
    const struct cascade *c = m->b->c;
    u32 own = 0, at;
    for (u32 i = 0; i < c->eq.n && !own; i++)
        if (c->eq.at[i].scan && writes(&c->eq.at[i], t))
            own = c->eq.at[i].scan;
    if (own) {
        struct words v = { .n = 0 };
        at = place_in_scan(c, own, t);
        word(&v, TAG_ROUND);
        word(&v, at);
        if (own != scan)
            part(&v, scan_hash(m, own));
        return finish(&v);
    }
    if (!m->known[t]) {
        struct hash128 h = tens_of(m, t);
        m->tens[t] = h;
        m->known[t] = true;
    }
    return m->tens[t];
}

struct hash128 law_meaning(struct law_body *b, const u32 *perm, bool flat)
{
    const struct cascade *c = b->c;
    u32 scans = 0;
    for (u32 i = 0; i < c->eq.n; i++)
        scans = MAX(scans, c->eq.at[i].scan);
    struct meaning m = { .b = b, .perm = perm, .flat = flat };
    m.tens = NEW_ARRAY(b->a, struct hash128, c->tens.n + 1);
    m.known = NEW_ARRAY(b->a, bool, c->tens.n + 1);
    m.scan = NEW_ARRAY(b->a, struct hash128, scans + 1);
    m.scan_known = NEW_ARRAY(b->a, bool, scans + 1);
    struct words v = { .n = 0 };
    word(&v, TAG_ALL);
    word(&v, b->nout);
    for (u32 i = 0; i < b->nout; i++)
        part(&v, tens_hash(&m, b->out[i], 0));
    for (u32 t = 0; t < c->tens.n; t++)
        if (c->tens.at[t].role == EIN_NEXT) {
            word(&v, c->tens.at[c->tens.at[t].of].number);
            part(&v, tens_hash(&m, t, 0));
        } else if (c->tens.at[t].role == EIN_PARAM || c->tens.at[t].role == EIN_STATE) {
            part(&v, tens_hash(&m, t, 0));      /* those that are not read are there, too */
        }
    return finish(&v);
}
