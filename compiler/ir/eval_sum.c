/* eval_sum.c - bounds of sums of expressions that hold for any order of their terms.
 *
 * In: an equation's programs.  Out: for each register that is a sum, beside its value and bound, of its terms: their sizes
 * together (mag), the errors they come with together (own), and how many there are that are not 0 (n).
 *
 * Usual arithmetic lets passes take a sum of expressions in any order, through tensors that they fuse, join equal terms, and
 * distribute factors that depend on no input over sums (ein-epilogue).  The bound must not depend on whether they do.  Terms:
 *
 *     a + b, a - b        the terms of both
 *     -a, select          the terms of what is taken (ranges decide selects once they are split)
 *     f * a, a / f        f depends on parameters at most: each term of a times f.  f's error (constants joined are rounded each
 *                         by itself) and a rounding (a quotient: two) are in each product, whose sizes together are |f| mag: more than those
 *                         of f times the sum
 *     anything else       one term of the size of its value; reductions of more than a point, other dtypes, recurrences among them
 *
 * n terms have n - 1 additions.  The last one gives the sum itself, rounded once; the n - 2 others give partial sums, in whatever
 * order, so that each term is in n - 2 of them at most: gamma(n - 2) * (mag + own), gamma(k) = k u / (1 - k u)  (Higham, 4.2).
 *
 * Equal terms joined, k1 x + .. + kp x -> (k1 + .. + kp) x, save p - 1 additions, and cost two roundings of at most their sizes: of the product, and of
 * the new constant.  Three terms and more, and two groups of terms, save as much; one pair saves one of the two, so one more, of at most
 * mag, covers all joining: gamma(n - 1).  Only sums with factors (`scaled`) pay it: without, constants are whole numbers, and of x + x the
 * product is exact, too.  Constants multiplied together are rounded once, where each was.
 *
 * Products at the root of a reduction's body stay as they are: no pass distributes those, and they are most of the work. */
#include "compiler/ir/eval_prog.h"

#include <math.h>

bool eval_sums(const struct eval_run *r)
{
    return r->ev->mode == EVAL_BOUND && !r->ev->lowered;
}

/* --- what is a sum --------------------------------------------------------------------------- */

static void look(struct eval_run *r, const struct eval_prog *p, struct eval_ins *s, const struct eval_ins *const *of)
{
    static const struct eval_ins none = { .kind = EIN_NONE };
    u32 kids = s->index || s->kind == EIN_READ ? 0 : ein_kind_nchild(s->kind);
    const struct eval_ins *a = kids > 0 ? of[s->a] : &none, *b = kids > 1 ? of[s->b] : &none, *c = kids > 2 ? of[s->c] : &none;
    const struct eval_sums *t = s->kind == EIN_READ ? &r->ev->sum[s->u] : NULL;
    s->fixed = (kids < 1 || a->fixed) && (kids < 2 || b->fixed) && (kids < 3 || c->fixed);
    s->sum = EVAL_TERM;
    s->scaled = false;
    switch (s->kind) {
    case EIN_READ:
        s->fixed = t->fixed && (!s->padded || of[s->a]->fixed);
        s->sum = t->on ? EVAL_SUM_READ : EVAL_TERM;
        s->scaled = t->scaled || (s->padded && of[s->a]->scaled);
        return;
    case EIN_RAND: case EIN_ARG:
        s->fixed = false;
        return;
    case EIN_ACC:
        s->fixed = p->acc_fixed;
        s->sum = p->acc_sum ? EVAL_SUM_ACC : EVAL_TERM;
        s->scaled = p->acc_scaled;
        return;
    default:
        break;
    }
    if (s->index || !dtype_is_float((enum dtype)s->dtype))
        return;
    switch (s->kind) {
    case EIN_ADD: case EIN_SUB:
        s->sum = EVAL_SUM_ADD;
        s->scaled = a->scaled || b->scaled;
        break;
    case EIN_NEG:
        s->sum = a->sum ? EVAL_SUM_SAME : EVAL_TERM;
        s->scaled = a->scaled;
        break;
    case EIN_CAST:
        if (a->dtype != s->dtype)
            break;
        s->sum = a->sum ? EVAL_SUM_SAME : EVAL_TERM;
        s->scaled = a->scaled;
        break;
    case EIN_SELECT:
        s->sum = b->sum || c->sum ? EVAL_SUM_PICK : EVAL_TERM;
        s->scaled = b->scaled || c->scaled;
        break;
    case EIN_MUL: case EIN_DIV: case EIN_DIV0:
        s->over_a = b->fixed && a->sum;
        s->over_b = s->kind == EIN_MUL && a->fixed && b->sum;
        s->sum = s->over_a || s->over_b ? EVAL_SUM_TIMES : EVAL_TERM;
        s->scaled = b->fixed || (s->kind == EIN_MUL && a->fixed);
        break;
    default:
        break;
    }
}

/* Products at the roots stay products. */
static void keep_products(struct eval_run *r, struct eval_prog *p, u32 nroot, const u32 *root)
{
    bool *stays = NEW_ARRAY(r->a, bool, p->nreg + 1);
    for (u32 k = 0; k < nroot; k++)
        stays[root[k]] = true;
    for (u32 i = p->ins.n; i-- > 0;) {
        struct eval_ins *s = &p->ins.at[i];
        if (!stays[s->dst] || s->kind != EIN_MUL)
            continue;
        s->sum = EVAL_TERM;
        stays[s->a] = stays[s->b] = true;
    }
}

void eval_sum_prepare(struct eval_run *r, struct eval_prog *p, u32 nroot, const u32 *root, enum eval_root as)
{
    struct eval_ins **of = NEW_ARRAY(r->a, struct eval_ins *, p->nreg + 1);
    bool *want = NEW_ARRAY(r->a, bool, p->nreg + 1);
    for (u32 i = 0; i < p->ins.n; i++)
        of[p->ins.at[i].dst] = &p->ins.at[i];
    for (u32 i = 0; i < p->ins.n; i++)
        look(r, p, &p->ins.at[i], (const struct eval_ins *const *)of);
    if (as == EVAL_ROOT_POINT)
        keep_products(r, p, nroot, root);
    for (u32 k = 0; k < nroot && as == EVAL_ROOT_KEPT; k++)
        want[root[k]] = true;
    /* Only what a sum is made of, and what a reader may add to. */
    for (u32 i = p->ins.n; i-- > 0;) {
        struct eval_ins *s = &p->ins.at[i];
        bool mine = want[s->dst];
        switch (s->sum) {
        case EVAL_SUM_ADD: want[s->a] = want[s->b] = true; break;
        case EVAL_SUM_TIMES:
            want[s->a] |= s->over_a;
            want[s->b] |= s->over_b;
            break;
        case EVAL_SUM_SAME: want[s->a] |= mine; break;
        case EVAL_SUM_PICK: want[s->b] |= mine; want[s->c] |= mine; break;
        case EVAL_SUM_READ:
            if (s->padded)
                want[s->a] |= mine;
            break;
        default: break;
        }
    }
    p->terms = NEW_ARRAY(r->a, struct eval_terms, p->nreg);
    for (u32 i = 0; i < p->ins.n; i++) {
        const struct eval_ins *s = &p->ins.at[i];
        if (s->sum && want[s->dst])
            p->terms[s->dst] = eval_terms_new(r->a, EVAL_BLOCK);
    }
}

struct eval_terms eval_terms_new(struct arena *a, u64 n)
{
    return (struct eval_terms){ NEW_ARRAY(a, double, n), NEW_ARRAY(a, double, n), NEW_ARRAY(a, float, n) };
}

/* --- their terms ------------------------------------------------------------------------------- */

struct terms { double mag, own, n; };

static struct terms one_term(double v, double e)
{
    return (struct terms){ fabs(v), e, v != 0 || e != 0 };      /* adding 0 is exact */
}

static struct terms terms_at(const struct eval_terms *t, u64 i, double v, double e)
{
    return t && t->mag ? (struct terms){ t->mag[i], t->own[i], (double)t->n[i] } : one_term(v, e);
}

static void put(struct eval_terms *t, u64 i, struct terms x)
{
    t->mag[i] = x.mag;
    t->own[i] = x.own;
    t->n[i] = (float)x.n;
}

void eval_terms_copy(struct eval_terms *to, u64 at, const struct eval_terms *from, u64 i, double v, double e)
{
    put(to, at, terms_at(from, i, v, e));
}

static double any_order(enum dtype t, double v, struct terms x, bool scaled)
{
    if (x.n < 2)
        return x.own;
    double k = x.n - 2 + scaled, ku = k * eval_unit(t);
    double others = k == 0 ? 0 : ku < 0.5 ? ku / (1 - ku) * (x.mag + x.own) + k * eval_tiny(t) : INFINITY;
    return eval_rounded(t, v, x.own + others, 1);
}

/* Each term of x times f, or over f. */
static struct terms times_each(enum ein_kind k, enum dtype t, struct terms x, double f, double ef)
{
    struct terms y = { .n = x.n };
    if (k == EIN_DIV0 && f == 0 && ef == 0)
        return (struct terms){ 0 };
    if (k == EIN_MUL && fabs(f) == 1 && ef == 0)
        return x;
    if (k == EIN_MUL) {
        y.mag = eval_times(x.mag, fabs(f));
        y.own = eval_rounded(t, y.mag, eval_times(x.own, fabs(f)) + eval_times(x.mag + x.own, ef), 1);
    } else {
        y.mag = x.mag / fabs(f);
        y.own = eval_err_op(k, t, y.mag, x.mag, x.own, f, ef, 0, 0);
    }
    if (x.n > 1)
        y.own += (x.n - 1) * eval_tiny(t);
    return y;
}

void eval_sum_block(struct eval_prog *p, const struct eval_ins *s, enum dtype t, u32 n)
{
    struct eval_terms *to = p->terms[s->dst].mag ? &p->terms[s->dst] : NULL;
    const struct eval_terms *ta = &p->terms[s->a], *tb = &p->terms[s->b], *tc = &p->terms[s->c];
    double *e = p->e[s->dst];
    const double *d = p->v[s->dst], *a = p->v[s->a], *b = p->v[s->b], *c = p->v[s->c];
    const double *ea = p->e[s->a], *eb = p->e[s->b], *ec = p->e[s->c];
    for (u32 i = 0; i < n; i++) {
        struct terms x = { 0 };
        switch (s->sum) {
        case EVAL_SUM_ADD: {
            struct terms y = terms_at(ta, i, a[i], ea[i]), z = terms_at(tb, i, b[i], eb[i]);
            x = (struct terms){ y.mag + z.mag, y.own + z.own, y.n + z.n };
            e[i] = any_order(t, d[i], x, s->scaled);
            break;
        }
        case EVAL_SUM_TIMES:
            if (s->over_a)
                x = times_each(s->kind, t, terms_at(ta, i, a[i], ea[i]), b[i], eb[i]);
            if (s->over_b) {            /* both: one of the two will do it, whichever */
                struct terms y = times_each(s->kind, t, terms_at(tb, i, b[i], eb[i]), a[i], ea[i]);
                x = (struct terms){ fmax(x.mag, y.mag), fmax(x.own, y.own), fmax(x.n, y.n) };
            }
            e[i] = any_order(t, d[i], x, true);
            break;
        case EVAL_SUM_SAME:
            e[i] = s->kind == EIN_CAST ? eval_cast_err(t, a[i], ea[i]) : ea[i];
            x = terms_at(ta, i, a[i], ea[i]);
            if (e[i] > ea[i])
                x.own += e[i] - ea[i];
            break;
        default:                        /* EVAL_SUM_PICK */
            e[i] = eval_err_op(EIN_SELECT, t, d[i], a[i], ea[i], b[i], eb[i], c[i], ec[i]);
            x = ea[i] > 0 ? one_term(d[i], e[i]) : a[i] != 0 ? terms_at(tb, i, b[i], eb[i]) : terms_at(tc, i, c[i], ec[i]);
        }
        if (to)
            put(to, i, x);
    }
}

void eval_sum_read(const struct eval_run *r, struct eval_prog *p, const struct eval_ins *s, const i64 *off, const u8 *out, u32 n)
{
    struct eval_terms *to = &p->terms[s->dst];
    const struct eval_terms *from = &r->ev->sum[s->u].terms, *pad = s->padded ? &p->terms[s->a] : NULL;
    const double *v = p->v[s->dst], *e = p->e[s->dst];
    for (u32 i = 0; i < n; i++)
        if (out && out[i])
            put(to, i, terms_at(pad, i, v[i], e[i]));
        else
            put(to, i, terms_at(from, (u64)off[i], v[i], e[i]));
}

void eval_sum_acc(struct eval_prog *p, const struct eval_ins *s, u32 n)
{
    for (u32 i = 0; i < n; i++)
        put(&p->terms[s->dst], i, terms_at(&p->acc_terms, i, p->v[s->dst][i], p->e[s->dst][i]));
}

/* --- tensors ----------------------------------------------------------------------------------- */

/* Tensors whose terms count for x, part of e: those that operations which pass terms on read; a point's products stay. */
static void ask(struct ein_eval *ev, const struct cascade *c, struct arena *a, ein_node x, bool point)
{
    ein_nodes all = { 0 };
    ein_reach(a, c, x, &all);
    bool *stays = NEW_ARRAY(a, bool, all.n + 1);
    if (c->node.at[x].kind == EIN_READ)
        ev->sum[c->node.at[x].u].asked |= !point;
    for (u32 i = all.n; i-- > 0;) {
        const struct ein_x *y = &c->node.at[all.at[i]];
        ein_node kid[3] = { y->a, y->b, y->c };
        stays[i] |= point && all.at[i] == x;
        bool passes = y->kind == EIN_ADD || y->kind == EIN_SUB || y->kind == EIN_MUL || y->kind == EIN_DIV || y->kind == EIN_DIV0 || y->kind == EIN_NEG ||
                      y->kind == EIN_CAST || y->kind == EIN_SELECT || y->kind == EIN_READ;
        for (u32 k = 0; passes && k < 3; k++)
            if (kid[k] && c->node.at[kid[k]].kind == EIN_READ && !(stays[i] && y->kind == EIN_MUL))
                ev->sum[c->node.at[kid[k]].u].asked = true;
        for (u32 j = 0; stays[i] && y->kind == EIN_MUL && j < i; j++)
            stays[j] |= all.at[j] == y->a || all.at[j] == y->b;
    }
}

void eval_sum_tensors(struct ein_eval *ev, const struct cascade *c, u32 first, u32 last)
{
    struct arena *a = arena_new("sums");
    for (u32 t = 0; t < c->tens.n; t++)
        ev->sum[t].fixed |= c->tens.at[t].role == EIN_PARAM || c->tens.at[t].role == EIN_STATE || c->tens.at[t].role == EIN_CONST;
    for (u32 i = first; i < last; i++)
        for (u32 k = 0; k < c->eq.at[i].nout; k++) {
            struct eval_sums *s = &ev->sum[c->eq.at[i].out[k]];
            s->on = s->scaled = s->asked = false;
            s->fixed = true;            /* until an equation of it is not */
        }
    for (u32 i = first; i < last; i++) {
        const struct ein_eq *e = &c->eq.at[i];
        bool one = true;                /* a reduction of one point */
        for (u32 k = 0; k < e->nrank; k++)
            one &= e->rank[k].kind == EIN_PAR || e->rank[k].ext == 1 || e->rank[k].ext < 0;
        for (u32 k = 0; k < e->nbody; k++)
            ask(ev, c, a, e->body[k], e->red && !one);
        if (e->post)
            ask(ev, c, a, e->post, false);
    }
    arena_free(a);
}

void eval_sum_tensor(struct eval_run *r, u32 tens)
{
    struct eval_sums *s = &r->ev->sum[tens];
    const struct ein_array *t = &r->ev->tens[tens];
    if (!s->on) {
        if (!s->terms.mag || s->size != t->n)
            s->terms = eval_terms_new(r->ev->a, t->n);
        s->size = t->n;
        for (u64 i = 0; i < t->n; i++)          /* what other equations have written */
            if (t->v[i] != 0 || t->err[i] != 0)
                put(&s->terms, i, one_term(t->v[i], t->err[i]));
    }
    s->on = true;
}
