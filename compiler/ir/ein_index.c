/* ein_index.c - index arithmetic: sums of multiples of atoms, quotients, remainders, ranges.
 *
 * Everything goes through one form, struct ein_lin: sum of integer * atom + integer, where an atom is a
 * rank, a symbol, a quotient, a remainder or a gather.  The constructors keep these laws, all true
 * for negative numbers too since quotients are floored:
 *
 *     (k*q + r) / k = q + r / k          (k*q + r) % k = r % k
 *     (g*x + c) / (g*m) = (x + c/g) / m  (g*x + c) % (g*m) = g*((x + c/g) % m) + c % g
 *     (x / a) / b = x / (a*b)            (x % (a*b)) % b = x % b
 *     (x % (a*b)) / b = (x / b) % a      k*(x / k) + x % k = x
 *
 * and ein_simplify adds what ranges of ranks allow: a quotient or remainder of something that
 * stays within one multiple, and the small part s in (g*x + s) / (g*m) for s within one multiple of g.
 * Where an intermediate number does not fit 64 bits the node is left as it is. */
#include "compiler/ir/ein_node.h"

static i64 floor_div(i64 a, i64 k)
{
    i64 q = a / k;
    return q - (a % k < 0);
}

static i64 floor_mod(i64 a, i64 k)
{
    i64 r = a % k;
    return r < 0 ? r + k : r;
}

static i64 gcd(i64 a, i64 b)
{
    while (b) {
        i64 t = a % b;
        a = b;
        b = t;
    }
    return a < 0 ? -a : a;
}

static bool fits(i64 v)         /* room for sums, and no INT64_MIN */
{
    return v >= -((i64)1 << 61) && v <= (i64)1 << 61;
}

static ein_node raw2(struct cascade *c, enum ein_kind k, ein_node a, ein_node b)
{
    return ein_make(c, (struct ein_x){ .kind = (u8)k, .a = a, .b = b }, 0, NULL);
}

/* A fixed order of index nodes by what they say, not by when they were made. */
static int order(const struct cascade *c, ein_node x, ein_node y)
{
    if (x == y)
        return 0;
    const struct ein_x *a = &c->node.at[x], *b = &c->node.at[y];
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->u != b->u)
        return a->u < b->u ? -1 : 1;
    if (a->i != b->i)
        return a->i < b->i ? -1 : 1;
    if (a->nlist != b->nlist)
        return a->nlist < b->nlist ? -1 : 1;
    int r = a->a && b->a ? order(c, a->a, b->a) : (a->a > b->a) - (a->a < b->a);
    if (!r && a->b && b->b)
        r = order(c, a->b, b->b);
    for (u32 i = 0; !r && i < a->nlist; i++)
        r = order(c, c->list.at[a->list + i], c->list.at[b->list + i]);
    return r ? r : x < y ? -1 : 1;
}

static bool lin_add(struct ein_lin *l, ein_node atom, i64 k)
{
    u32 i = 0;
    while (i < l->n && l->t[i].atom != atom)
        i++;
    if (i == l->n) {
        if (l->n == LIN_TERMS)
            return false;
        l->t[l->n].atom = atom;
        l->t[l->n++].k = 0;
    }
    if (__builtin_add_overflow(l->t[i].k, k, &l->t[i].k) || !fits(l->t[i].k))
        return false;
    if (!l->t[i].k)
        l->t[i] = l->t[--l->n];
    return true;
}

bool ein_lin(const struct cascade *c, ein_node x, i64 times, struct ein_lin *l)
{
    if (!times)
        return true;
    const struct ein_x *y = &c->node.at[x];
    i64 v;
    switch (y->kind) {
    case EIN_INT:
        return !__builtin_mul_overflow(y->i, times, &v) && !__builtin_add_overflow(l->c, v, &l->c) && fits(l->c);
    case EIN_IADD:
        return ein_lin(c, y->a, times, l) && ein_lin(c, y->b, times, l);
    case EIN_IMUL:
        return !__builtin_mul_overflow(c->node.at[y->b].i, times, &v) && fits(v) && ein_lin(c, y->a, v, l);
    default:
        return lin_add(l, x, times);
    }
}

/* k*(x / m) + (x % m) parts become x; (x % m) with m*((x / m) % n) becomes x % (m*n). */
static bool recombine(struct cascade *c, struct ein_lin *l)
{
    for (u32 i = 0; i < l->n; i++) {
        struct ein_x y = c->node.at[l->t[i].atom];
        i64 k = l->t[i].k, m, km;
        if (y.kind != EIN_IMOD && y.kind != EIN_IDIV)
            continue;
        m = c->node.at[y.b].i;
        if (y.kind == EIN_IDIV) {
            /* x*k' - (x / m)*m*k' = (x % m)*k' */
            if (k % m)
                continue;
            i64 want = -(k / m);
            for (u32 j = 0; j < l->n; j++)
                if (l->t[j].atom == y.a && l->t[j].k == want) {
                    ein_node rem = ein_imod(c, y.a, m);
                    return lin_add(l, y.a, -want) && lin_add(l, raw2(c, EIN_IDIV, y.a, y.b), -k) && ein_lin(c, rem, want, l) &&
                           recombine(c, l);
                }
            continue;
        }
        if (__builtin_mul_overflow(k, m, &km) || !fits(km))
            continue;
        ein_node quot = ein_idiv(c, y.a, m), rem = l->t[i].atom;
        for (u32 j = 0; j < l->n; j++) {
            if (l->t[j].k != km || j == i)
                continue;
            ein_node other = l->t[j].atom;
            struct ein_x z = c->node.at[other];
            if (other == quot)
                return lin_add(l, other, -km) && lin_add(l, rem, -k) && ein_lin(c, y.a, k, l) && recombine(c, l);
            i64 mn;
            if (z.kind == EIN_IMOD && z.a == quot && !__builtin_mul_overflow(m, c->node.at[z.b].i, &mn) && fits(mn)) {
                ein_node both = ein_imod(c, y.a, mn);
                return lin_add(l, other, -km) && lin_add(l, rem, -k) && ein_lin(c, both, k, l) && recombine(c, l);
            }
        }
    }
    return true;
}

/* The node that says l: atoms in order, the constant last. */
static ein_node lin_node(struct cascade *c, struct ein_lin l)
{
    struct ein_lin m = l;
    if (recombine(c, &m))
        l = m;
    for (u32 i = 1; i < l.n; i++)
        for (u32 j = i; j && order(c, l.t[j].atom, l.t[j - 1].atom) < 0; j--) {
            __typeof__(l.t[0]) t = l.t[j];
            l.t[j] = l.t[j - 1];
            l.t[j - 1] = t;
        }
    ein_node sum = 0;
    for (u32 i = 0; i < l.n; i++) {
        ein_node term = l.t[i].k == 1 ? l.t[i].atom : raw2(c, EIN_IMUL, l.t[i].atom, ein_int(c, l.t[i].k));
        sum = sum ? raw2(c, EIN_IADD, sum, term) : term;
    }
    if (!sum)
        return ein_int(c, l.c);
    return l.c ? raw2(c, EIN_IADD, sum, ein_int(c, l.c)) : sum;
}

ein_node ein_iadd(struct cascade *c, ein_node a, ein_node b)
{
    struct ein_lin l = { 0 };
    return ein_lin(c, a, 1, &l) && ein_lin(c, b, 1, &l) ? lin_node(c, l) : raw2(c, EIN_IADD, a, b);
}

ein_node ein_imul(struct cascade *c, ein_node a, i64 k)
{
    struct ein_lin l = { 0 };
    return ein_lin(c, a, k, &l) ? lin_node(c, l) : raw2(c, EIN_IMUL, a, ein_int(c, k));
}

/* Splits l into k*q + r: terms and constant that k divides, and the rest with constant in [0, k). */
static void split(const struct ein_lin *l, i64 k, struct ein_lin *q, struct ein_lin *r)
{
    *q = *r = (struct ein_lin){ .n = 0 };
    for (u32 i = 0; i < l->n; i++) {
        struct ein_lin *to = l->t[i].k % k ? r : q;
        to->t[to->n] = l->t[i];
        if (to == q)
            to->t[to->n].k /= k;
        to->n++;
    }
    q->c = floor_div(l->c, k);
    r->c = floor_mod(l->c, k);
}

/* The common divisor of k and r's coefficients. */
static i64 lin_gcd(const struct ein_lin *r, i64 k)
{
    for (u32 i = 0; i < r->n; i++)
        k = gcd(k, r->t[i].k);
    return k;
}


ein_node ein_idiv(struct cascade *c, ein_node a, i64 k)
{
    CHECK(k > 0);
    struct ein_lin l = { 0 }, q, r;
    if (k == 1)
        return a;
    if (!ein_lin(c, a, 1, &l))
        return raw2(c, EIN_IDIV, a, ein_int(c, k));
    split(&l, k, &q, &r);
    if (!r.n)
        return lin_node(c, q);
    i64 g = lin_gcd(&r, k);
    for (u32 i = 0; i < r.n; i++)
        r.t[i].k /= g;
    r.c = floor_div(r.c, g);
    k /= g;
    ein_node rest = 0;
    if (k == 1) {
        rest = lin_node(c, r);
    } else if (r.n == 1 && r.t[0].k == 1) {
        struct ein_x y = c->node.at[r.t[0].atom];
        i64 m = y.kind == EIN_IDIV || y.kind == EIN_IMOD ? c->node.at[y.b].i : 0, mk, mc;
        if (y.kind == EIN_IDIV && !__builtin_mul_overflow(m, k, &mk) && fits(mk) && !__builtin_mul_overflow(m, r.c, &mc) && fits(mc))
            rest = ein_idiv(c, ein_iadd(c, y.a, ein_int(c, mc)), mk);
        else if (y.kind == EIN_IMOD && m % k == 0 && r.c == 0)
            rest = ein_imod(c, ein_idiv(c, y.a, k), m / k);
    }
    if (!rest) {
        rest = lin_node(c, r);
        rest = c->node.at[rest].kind == EIN_INT ? ein_int(c, floor_div(c->node.at[rest].i, k)) : raw2(c, EIN_IDIV, rest, ein_int(c, k));
    }
    return ein_lin(c, rest, 1, &q) ? lin_node(c, q) : raw2(c, EIN_IDIV, a, ein_int(c, k * g));
}

ein_node ein_imod(struct cascade *c, ein_node a, i64 k)
{
    CHECK(k > 0);
    struct ein_lin l = { 0 }, q, r;
    if (k == 1)
        return ein_int(c, 0);
    if (!ein_lin(c, a, 1, &l))
        return raw2(c, EIN_IMOD, a, ein_int(c, k));
    /* x % (k*n) inside becomes x; this may bring new terms, each time fewer remainders. */
    for (u32 i = 0; i < l.n; i++) {
        struct ein_x y = c->node.at[l.t[i].atom];
        i64 m;
        if (y.kind != EIN_IMOD || __builtin_mul_overflow(c->node.at[y.b].i, l.t[i].k, &m) || m % k)
            continue;
        struct ein_lin n = l;
        if (!lin_add(&n, l.t[i].atom, -l.t[i].k) || !ein_lin(c, y.a, l.t[i].k, &n))
            break;
        return ein_imod(c, lin_node(c, n), k);
    }
    split(&l, k, &q, &r);
    for (u32 i = 0; i < r.n; i++)
        if (r.t[i].k >= k || r.t[i].k <= -k)
            r.t[i].k = floor_mod(r.t[i].k, k);
    i64 g = lin_gcd(&r, k), left = r.c % g;
    for (u32 i = 0; i < r.n; i++)
        r.t[i].k /= g;
    r.c /= g;
    k /= g;
    ein_node rem = lin_node(c, r);
    if (k == 1)
        rem = ein_int(c, 0);
    else if (c->node.at[rem].kind == EIN_INT)
        rem = ein_int(c, floor_mod(c->node.at[rem].i, k));
    else if (c->node.at[rem].kind == EIN_IMOD && c->node.at[c->node.at[rem].b].i % k == 0)
        rem = ein_imod(c, c->node.at[rem].a, k);
    else
        rem = raw2(c, EIN_IMOD, rem, ein_int(c, k));
    rem = ein_imul(c, rem, g);
    return ein_iadd(c, rem, ein_int(c, left));
}

/* Ranges */

static bool range_add(i64 *lo, i64 *hi, i64 l, i64 h, i64 k)
{
    i64 a, b;
    if (__builtin_mul_overflow(l, k, &a) || __builtin_mul_overflow(h, k, &b) || __builtin_add_overflow(*lo, MIN(a, b), lo) ||
        __builtin_add_overflow(*hi, MAX(a, b), hi))
        return false;
    return fits(*lo) && fits(*hi);
}

static bool range(const struct cascade *c, ein_node x, u32 nrank, const struct ein_rank *rank, i64 *lo, i64 *hi, u32 *steps)
{
    if (!(*steps)--) {
        *steps = 0;
        return false;
    }
    const struct ein_x *y = &c->node.at[x];
    i64 l, h, k;
    switch (y->kind) {
    case EIN_INT:
        *lo = *hi = y->i;
        return fits(y->i);
    case EIN_RANK:
        if (y->u >= nrank)
            return false;
        *lo = 0;
        k = rank[y->u].ext;
        *hi = (k < 0 ? c->sym.at[-1 - k].hi : k) - 1;
        return true;
    case EIN_SYM:
        *lo = c->sym.at[y->u].lo;
        *hi = c->sym.at[y->u].hi;
        return true;
    case EIN_IADD:
        *lo = *hi = 0;
        return range(c, y->a, nrank, rank, &l, &h, steps) && range_add(lo, hi, l, h, 1) &&
               range(c, y->b, nrank, rank, &l, &h, steps) && range_add(lo, hi, l, h, 1);
    case EIN_IMUL:
        *lo = *hi = 0;
        return range(c, y->a, nrank, rank, &l, &h, steps) && range_add(lo, hi, l, h, c->node.at[y->b].i);
    case EIN_IDIV:
        k = c->node.at[y->b].i;
        if (!range(c, y->a, nrank, rank, &l, &h, steps))
            return false;
        *lo = floor_div(l, k);
        *hi = floor_div(h, k);
        return true;
    case EIN_IMOD:
        k = c->node.at[y->b].i;
        if (range(c, y->a, nrank, rank, &l, &h, steps) && floor_div(l, k) == floor_div(h, k)) {
            *lo = floor_mod(l, k);
            *hi = floor_mod(h, k);
        } else {
            *lo = 0;
            *hi = k - 1;
        }
        return true;
    default:
        return false;
    }
}

bool ein_range(const struct cascade *c, ein_node x, u32 nrank, const struct ein_rank *rank, i64 *lo, i64 *hi)
{
    u32 steps = 100000;     /* shared parts are walked again: a bound for hostile graphs */
    return range(c, x, nrank, rank, lo, hi, &steps);
}

bool ein_lin_range(const struct cascade *c, const struct ein_lin *l, u32 nrank, const struct ein_rank *rank, i64 *lo, i64 *hi)
{
    *lo = *hi = l->c;
    for (u32 i = 0; i < l->n; i++) {
        i64 a, b;
        if (!ein_range(c, l->t[i].atom, nrank, rank, &a, &b) || !range_add(lo, hi, a, b, l->t[i].k))
            return false;
    }
    return true;
}

/* Simplification under ranges */

struct simp { struct cascade *c; u32 stamp, nrank; const struct ein_rank *rank; u64 ones; /* ranks of extent 1 */ };

/* Does l stay within one multiple of k, i.e. is l / k the number *q? */
static bool one_multiple(const struct simp *s, const struct ein_lin *l, i64 k, i64 *q)
{
    i64 lo, hi;
    if (!ein_lin_range(s->c, l, s->nrank, s->rank, &lo, &hi) || floor_div(lo, k) != floor_div(hi, k))
        return false;
    *q = floor_div(lo, k);
    return true;
}

/* A g that divides k such that l = g*(*big) + (*small) with *small within one multiple of g, which goes
 * into *big.  Then l / k = big / (k/g), l % k = g*(big % (k/g)) + small. */
static bool split_small(const struct simp *s, const struct ein_lin *l, i64 k, i64 *g, struct ein_lin *big, struct ein_lin *small)
{
    for (u32 i = 0; i < l->n; i++) {
        *g = gcd(k, l->t[i].k);
        i64 q;
        if (*g <= 1)
            continue;
        split(l, *g, big, small);
        if (!small->n || !one_multiple(s, small, *g, &q))
            continue;
        small->c -= q * *g;
        big->c += q;
        return true;
    }
    return false;
}

static ein_node simp_div(struct simp *s, ein_node a, i64 k)
{
    struct cascade *c = s->c;
    struct ein_lin l = { 0 }, big, small;
    i64 q, g;
    ein_node x = ein_idiv(c, a, k);
    if (!ein_lin(c, a, 1, &l) || c->node.at[x].kind == EIN_INT)
        return x;
    split(&l, k, &big, &small);
    if (one_multiple(s, &small, k, &q)) {
        big.c += q;
        return lin_node(c, big);
    }
    struct ein_lin rest = small, high;
    if (split_small(s, &rest, k, &g, &high, &small)) {
        struct ein_lin sum = big;
        return ein_lin(c, simp_div(s, lin_node(c, high), k / g), 1, &sum) ? lin_node(c, sum) : x;
    }
    return x;
}

static ein_node simp_mod(struct simp *s, ein_node a, i64 k)
{
    struct cascade *c = s->c;
    struct ein_lin l = { 0 }, big, small;
    i64 q, g;
    ein_node x = ein_imod(c, a, k);
    if (!ein_lin(c, a, 1, &l) || c->node.at[x].kind == EIN_INT)
        return x;
    split(&l, k, &big, &small);
    if (one_multiple(s, &small, k, &q)) {
        small.c -= q * k;
        return lin_node(c, small);
    }
    struct ein_lin rest = small, high;
    if (split_small(s, &rest, k, &g, &high, &small)) {
        struct ein_lin sum = small;
        return ein_lin(c, simp_mod(s, lin_node(c, high), k / g), g, &sum) ? lin_node(c, sum) : x;
    }
    return x;
}

/* Comparisons of indices that the ranges decide. */
static ein_node simp_compare(struct simp *s, enum ein_kind k, ein_node a, ein_node b)
{
    struct cascade *c = s->c;
    struct ein_lin d = { 0 };
    i64 lo, hi;
    if (ein_lin(c, b, 1, &d) && ein_lin(c, a, -1, &d) && ein_lin_range(c, &d, s->nrank, s->rank, &lo, &hi)) {
        if (k == EIN_LT && (lo > 0 || hi <= 0))
            return ein_num(c, lo > 0);
        if (k == EIN_LE && (lo >= 0 || hi < 0))
            return ein_num(c, lo >= 0);
        if ((k == EIN_EQ || k == EIN_NE) && (lo > 0 || hi < 0))
            return ein_num(c, k == EIN_NE);
        if ((k == EIN_EQ || k == EIN_NE) && lo == 0 && hi == 0)
            return ein_num(c, k == EIN_EQ);
    }
    return ein_op2(c, k, a, b);
}

static bool in_tensor(struct simp *s, u32 tens, const ein_node *sub)
{
    const struct ein_tens *t = &s->c->tens.at[tens];
    for (u32 i = 0; i < t->ndim; i++) {
        i64 lo, hi;
        /* a batch-sized axis only takes the batch rank itself */
        if (t->dim[i] < 0) {
            const struct ein_x *y = &s->c->node.at[sub[i]];
            if (y->kind != EIN_RANK || y->u >= s->nrank || s->rank[y->u].ext != t->dim[i])
                return false;
        } else if (!ein_range(s->c, sub[i], s->nrank, s->rank, &lo, &hi) || lo < 0 || hi >= t->dim[i]) {
            return false;
        }
    }
    return true;
}

static ein_node simp(struct simp *s, ein_node x)
{
    struct cascade *c = s->c;
    if (!x || !(c->node.at[x].has & (EIN_HAS_RANGES | EIN_HAS_FAR) || c->node.at[x].ranks & s->ones))
        return x;
    ein_node to = ein_memo_get(c, s->stamp, x);
    if (to)
        return to;
    struct ein_x y = c->node.at[x];
    if (y.kind == EIN_RANK) {
        to = y.u < s->nrank && s->rank[y.u].ext == 1 ? ein_int(c, 0) : x;
    } else {
        ein_node a = simp(s, y.a), b = simp(s, y.b), z = simp(s, y.c);
        ein_node few[32], *list = y.nlist <= COUNTOF(few) ? few : NEW_ARRAY(c->a, ein_node, y.nlist);
        for (u32 i = 0; i < y.nlist; i++)
            list[i] = simp(s, c->list.at[y.list + i]);
        if (y.kind == EIN_IDIV)
            to = simp_div(s, a, c->node.at[y.b].i);
        else if (y.kind == EIN_IMOD)
            to = simp_mod(s, a, c->node.at[y.b].i);
        else if (y.kind >= EIN_LT && y.kind <= EIN_NE && ein_is_index(c, a))
            to = simp_compare(s, y.kind, a, b);
        else if (y.kind == EIN_READ)
            to = ein_rebuild(c, x, a && in_tensor(s, y.u, list) ? 0 : a, 0, 0, list);
        else
            to = ein_rebuild(c, x, a, b, z, list);
    }
    ein_memo_put(c, s->stamp, x, to);
    return to;
}

ein_node ein_simplify(struct cascade *c, ein_node x, u32 nrank, const struct ein_rank *rank)
{
    struct simp s = { c, ein_memo_open(c), nrank, rank, 0 };
    for (u32 k = 0; k < MIN(nrank, 64u); k++)
        s.ones |= (u64)(rank[k].ext == 1) << k;
    return simp(&s, x);
}
