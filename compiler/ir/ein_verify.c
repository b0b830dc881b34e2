/* ein_verify.c - the invariants of ein.h, equation by equation.
 *
 * In: any cascade whose arrays are well formed (a reader's, a pass's).  Out: true, or false and one
 * sentence that names the equation and says what does not hold.  Left sides and reads are proved in range from
 * the ranges of ranks, the guard, the conditions of enclosing selects and symbolic extents (ein_region.c has the
 * disjointness of several equations that write one tensor). */
#include "compiler/ir/ein_check.h"

#include <stdarg.h>
#include <stdio.h>

bool ein_fail(struct ein_check *v, const char *fmt, ...)
{
    if (v->why) {
        const struct cascade *c = v->c;
        if (v->e) {
            buf_printf(v->why, "equation %u", v->eq);
            if (v->e->nout && v->e->out[0] < c->tens.n)
                buf_printf(v->why, " (%s)", c->tens.at[v->e->out[0]].name);
            buf_puts(v->why, ": ");
        }
        va_list ap;
        char text[600];
        va_start(ap, fmt);
        vsnprintf(text, sizeof text, fmt, ap);
        va_end(ap);
        buf_puts(v->why, text);
    }
    return false;
}

/* Facts: sums known to be >= 0 */

static i64 divisor(i64 a, i64 b)
{
    for (i64 r; b; b = r)
        r = a % b, a = b;
    return a < 0 ? -a : a;
}

static bool add_fact(struct ein_check *v, const struct ein_lin *l)
{
    if (v->nfact == COUNTOF(v->fact))
        return false;
    struct ein_lin *f = &v->fact[v->nfact++];
    *f = *l;
    i64 g = 0;
    for (u32 t = 0; t < f->n; t++)
        g = divisor(g, f->t[t].k);
    if (g > 1) {                        /* in integers: 2 x - 1 >= 0 is x - 1 >= 0 */
        for (u32 t = 0; t < f->n; t++)
            f->t[t].k /= g;
        f->c = f->c / g - (f->c % g < 0);
    }
    return true;
}

/* k * l, while the numbers are small. */
static bool scale(struct ein_lin *l, i64 k)
{
    bool ok = !__builtin_mul_overflow(l->c, k, &l->c);
    for (u32 t = 0; ok && t < l->n; t++) {
        ok = l->t[t].k <= ((i64)1 << 40) / k && l->t[t].k >= -((i64)1 << 40) / k;
        l->t[t].k *= ok ? k : 1;
    }
    return ok;
}

/* m * (x / k) of l, where k divides m: by its most, which is m / k * x, or (m < 0) m / k * (x - (k - 1)); by its least the other way round. */
static bool bound_quotient(struct ein_check *v, struct ein_lin *l, u32 i, bool most)
{
    const struct ein_x *y = &v->c->node.at[l->t[i].atom];
    i64 k = v->c->node.at[y->b].i, m = l->t[i].k / k, less;
    l->t[i] = l->t[--l->n];
    return ein_lin(v->c, y->a, m, l) &&
           ((m > 0) == most || (!__builtin_mul_overflow(m, k - 1, &less) && !__builtin_sub_overflow(l->c, less, &l->c)));
}

/* What the fact says of the numbers under its quotients: x / 6 < 1 says x < 6, and so something of x / 18. */
static void look_into_quotients(struct ein_check *v, u32 fact, u32 depth)
{
    for (u32 i = 0; depth && i < v->fact[fact].n; i++) {
        struct ein_lin l = v->fact[fact];
        const struct ein_x *y = &v->c->node.at[l.t[i].atom];
        if (y->kind == EIN_IDIV && (l.t[i].k % v->c->node.at[y->b].i == 0 || scale(&l, v->c->node.at[y->b].i)) && bound_quotient(v, &l, i, true) && add_fact(v, &l))
            look_into_quotients(v, v->nfact - 1, depth - 1);
    }
}

/* b - a - strict >= 0 */
static void add_le(struct ein_check *v, ein_node a, ein_node b, i64 strict)
{
    struct ein_lin l = { .c = -strict };
    if (ein_lin(v->c, b, 1, &l) && ein_lin(v->c, a, -1, &l))
        add_fact(v, &l);
}

/* What a condition says where it holds (or, not, where it does not). */
static void add_condition(struct ein_check *v, ein_node x, bool holds, u32 depth)
{
    const struct ein_x *y = &v->c->node.at[x];
    if (depth > 40)
        return;
    if (y->kind == EIN_NOT) {
        add_condition(v, y->a, !holds, depth + 1);
    } else if ((y->kind == EIN_AND && holds) || (y->kind == EIN_OR && !holds)) {
        add_condition(v, y->a, holds, depth + 1);
        add_condition(v, y->b, holds, depth + 1);
    } else if (y->kind >= EIN_LT && y->kind <= EIN_NE && ein_is_index(v->c, y->a)) {
        bool equal = (y->kind == EIN_EQ) == holds;
        if (y->kind == EIN_LT || y->kind == EIN_LE) {
            bool strict = (y->kind == EIN_LT) == holds;
            if (holds)
                add_le(v, y->a, y->b, strict);
            else
                add_le(v, y->b, y->a, strict);
        } else if (equal) {
            add_le(v, y->a, y->b, 0);
            add_le(v, y->b, y->a, 0);
        }
    }
}

static void assume(struct ein_check *v, ein_node x, bool holds)
{
    u32 from = v->nfact;
    add_condition(v, x, holds, 0);
    for (u32 f = from, n = v->nfact; f < n; f++)
        look_into_quotients(v, f, 3);
}

/* Is l >= 0?  By its range, or after taking away facts (which are >= 0 themselves). */
static bool prove(struct ein_check *v, const struct ein_lin *l, u32 depth)
{
    i64 lo, hi;
    if (ein_lin_range(v->c, l, v->e->nrank, v->e->rank, &lo, &hi) && lo >= 0)
        return true;
    if (!depth)
        return false;
    for (u32 f = 0; f < v->nfact; f++) {
        const struct ein_lin *fact = &v->fact[f];
        for (u32 t = 0; t < fact->n; t++) {
            i64 times = 0, all = 1;
            for (u32 i = 0; i < l->n; i++)
                if (l->t[i].atom == fact->t[t].atom && (l->t[i].k < 0) == (fact->t[t].k < 0)) {
                    i64 g = divisor(l->t[i].k, fact->t[t].k);
                    all = fact->t[t].k / (fact->t[t].k < 0 ? -g : g);
                    times = l->t[i].k / (l->t[i].k < 0 ? -g : g);
                }
            if (times <= 0 || times > 1 << 20)
                continue;
            struct ein_lin rest = *l;
            /* l is an integer: it is >= 0 if all*l + all - 1 is */
            bool ok = scale(&rest, all) && !__builtin_add_overflow(rest.c, all - 1, &rest.c) && !__builtin_sub_overflow(rest.c, fact->c * times, &rest.c);
            for (u32 i = 0; ok && i < fact->n; i++)
                ok = ein_lin(v->c, fact->t[i].atom, -times * fact->t[i].k, &rest);
            if (ok && prove(v, &rest, depth - 1))
                return true;
        }
    }
    /* x - k*(x / k) >= 0 and k*(x / k) + k - 1 - x >= 0 for the quotients in l */
    for (u32 i = 0; i < l->n; i++) {
        const struct ein_x *y = &v->c->node.at[l->t[i].atom];
        if (y->kind != EIN_IDIV)
            continue;
        i64 k = v->c->node.at[y->b].i;
        struct ein_lin rest = *l;
        if (l->t[i].k % k) {
            if (scale(&rest, k) && !__builtin_add_overflow(rest.c, k - 1, &rest.c) && prove(v, &rest, depth - 1))
                return true;
        } else if (bound_quotient(v, &rest, i, false) && prove(v, &rest, depth - 1)) {
            return true;
        }
    }
    return false;
}

/* Is 0 <= x < ext everywhere? */
bool ein_within(struct ein_check *v, ein_node x, ein_ext ext)
{
    struct ein_lin l = { 0 }, up = { .c = ext > 0 ? ext - 1 : -1 };
    if (!ein_lin(v->c, x, 1, &l) || !ein_lin(v->c, x, -1, &up))
        return false;
    if (ext < 0) {
        const struct ein_x *y = &v->c->node.at[x];
        ein_node sym = v->sym[-1 - ext];
        if (y->kind == EIN_RANK && v->e->rank[y->u].ext == ext)
            return true;
        if (y->kind == EIN_INT && y->i >= 0 && y->i < v->c->sym.at[-1 - ext].lo)
            return true;
        if (!sym || !ein_lin(v->c, sym, 1, &up))
            return false;
    }
    return prove(v, &l, 3) && prove(v, &up, 3);
}

/* Nodes */

/* Which ranks and components an expression may mention. */
struct place { const char *what; u32 nrank; bool acc; u32 narg; bool reads; };

static bool check_index(struct ein_check *v, const struct place *at, ein_node x);

static bool check_children(struct ein_check *v, const struct ein_x *y, ein_node x)
{
    if (y->a >= x || y->b >= x || y->c >= x)
        return ein_fail(v, "a node before its children");
    ein_node kid[3] = { y->a, y->b, y->c };
    for (u32 i = 0; i < ein_kind_nchild(y->kind); i++)
        if (!kid[i])
            return ein_fail(v, "`%s` lacks an operand", ein_kind_word(y->kind));
    return true;
}

/* Subscripts of a read: well formed; *proven: in range. */
static bool check_subs(struct ein_check *v, const struct place *at, const struct ein_x *y, bool *proven)
{
    const struct cascade *c = v->c;
    if (y->u >= c->tens.n || c->tens.at[y->u].ndim != y->nlist)
        return ein_fail(v, "a read has %u subscripts, its tensor another number of axes", y->nlist);
    if (!at->reads)
        return ein_fail(v, "%s reads a tensor", at->what);
    *proven = true;
    for (u32 i = 0; i < y->nlist; i++) {
        ein_node s = c->list.at[y->list + i];
        if (!check_index(v, at, s))
            return false;
        *proven &= ein_within(v, s, c->tens.at[y->u].dim[i]);
    }
    return true;
}

static bool out_of_range(struct ein_check *v, const struct ein_x *y)
{
    struct buf sub = { 0 };
    const struct ein_tens *t = &v->c->tens.at[y->u];
    for (u32 i = 0; i < y->nlist; i++)
        if (!ein_within(v, v->c->list.at[y->list + i], t->dim[i])) {
            i64 lo, hi;
            if (ein_range(v->c, v->c->list.at[y->list + i], v->e->nrank, v->e->rank, &lo, &hi))
                buf_printf(&sub, "subscript %u goes from %lld to %lld, the axis to %lld", i, (long long)lo, (long long)hi, (long long)t->dim[i] - 1);
            else
                buf_printf(&sub, "subscript %u has no bounds", i);
            break;
        }
    ein_fail(v, "a read of %s is not proven in range and has no pad: %s", t->name, sub.at ? sub.at : "");
    buf_free(&sub);
    return false;
}

static bool check_index(struct ein_check *v, const struct place *at, ein_node x)
{
    const struct cascade *c = v->c;
    if (!x || x >= c->node.n || !ein_is_index(c, x))
        return ein_fail(v, "%s: an index is needed", at->what);
    if (v->seen[x] == v->stamp)
        return true;
    const struct ein_x *y = &c->node.at[x];
    bool proven;
    if (!check_children(v, y, x))
        return false;
    switch (y->kind) {
    case EIN_RANK:
        if (y->u >= at->nrank)
            return ein_fail(v, "%s mentions rank r%u, which is not there", at->what, y->u);
        break;
    case EIN_SYM:
        if (y->u >= c->sym.n)
            return ein_fail(v, "%s mentions an unknown symbol", at->what);
        break;
    case EIN_IADD:
        if (!check_index(v, at, y->a) || !check_index(v, at, y->b))
            return false;
        break;
    case EIN_IMUL: case EIN_IDIV: case EIN_IMOD:
        if (!check_index(v, at, y->a))
            return false;
        if (c->node.at[y->b].kind != EIN_INT || (y->kind != EIN_IMUL && c->node.at[y->b].i <= 0))
            return ein_fail(v, "`%s` needs a constant", ein_kind_word(y->kind));
        break;
    case EIN_GATHER:
        if (!check_subs(v, at, y, &proven))
            return false;
        if (dtype_is_float(c->tens.at[y->u].dtype))
            return ein_fail(v, "an index is gathered from %s, which does not hold integers", c->tens.at[y->u].name);
        if (!proven)
            return out_of_range(v, y);
        if (!ein_check_defined(v, x))
            return false;
        break;
    default:
        break;
    }
    v->seen[x] = v->stamp;
    return true;
}

static bool is_number(int t)
{
    return t == EIN_ANY || t != DT_BOOL;
}

/* A point node: well formed; *type its dtype.  Reads that need a select's condition are noted in v->open. */
static bool check_point(struct ein_check *v, const struct place *at, ein_node x, int *type)
{
    const struct cascade *c = v->c;
    if (!x || x >= c->node.n || ein_is_index(c, x) || c->node.at[x].kind == EIN_NONE)
        return ein_fail(v, "%s: a number is needed", at->what);
    if (v->seen[x] == v->stamp) {
        *type = v->type[x];
        return true;
    }
    const struct ein_x *y = &c->node.at[x];
    const char *word = ein_kind_word(y->kind);
    int a = EIN_ANY, b = EIN_ANY, z = EIN_ANY;
    bool proven = true, open = false;
    if (y->kind != EIN_READ && !check_children(v, y, x))
        return false;
    switch (y->kind) {
    case EIN_NUM:
        *type = EIN_ANY;
        break;
    case EIN_OF_INT: case EIN_RAND:
        if (!check_index(v, at, y->a))
            return false;
        *type = EIN_ANY;
        break;
    case EIN_READ:
        if (!check_subs(v, at, y, &proven) || (y->a && !check_point(v, at, y->a, &a)) || !ein_check_defined(v, x))
            return false;
        *type = c->tens.at[y->u].dtype;
        if (a != EIN_ANY && a != *type)
            return ein_fail(v, "the pad of a read of %s has another dtype", c->tens.at[y->u].name);
        open = y->a ? v->open[y->a] : !proven;
        break;
    case EIN_ACC:
        if (!at->acc || y->u != 0)
            return ein_fail(v, "%s mentions (acc %u)", at->what, y->u);
        *type = ein_dtype(c, v->e, x);
        break;
    case EIN_ARG:
        if (y->u >= at->narg)
            return ein_fail(v, "%s mentions (arg %u)", at->what, y->u);
        *type = v->e->acc;
        break;
    case EIN_CAST:
        if (!check_point(v, at, y->a, &a))
            return false;
        if (y->u >= DTYPES)
            return ein_fail(v, "a cast to no dtype");
        *type = (int)y->u;
        open = v->open[y->a];
        break;
    case EIN_SELECT:
        if (!check_point(v, at, y->a, &z) || !check_point(v, at, y->b, &a) || !check_point(v, at, y->c, &b))
            return false;
        if (z != EIN_ANY && z != DT_BOOL)
            return ein_fail(v, "`select` needs a condition, not %s", dtype_name(z));
        if (a != EIN_ANY && b != EIN_ANY && a != b)
            return ein_fail(v, "`select` of %s and %s: a cast is missing", dtype_name(a), dtype_name(b));
        *type = a == EIN_ANY ? b : a;
        open = v->open[y->a] || v->open[y->b] || v->open[y->c];
        break;
    case EIN_LT: case EIN_LE: case EIN_EQ: case EIN_NE:
        if (ein_is_index(c, y->a) || ein_is_index(c, y->b)) {
            if (!check_index(v, at, y->a) || !check_index(v, at, y->b))
                return false;
            *type = DT_BOOL;
            break;
        }
        /* fall through */
    default: {
        bool one = ein_kind_nchild(y->kind) == 1, logic = y->kind == EIN_AND || y->kind == EIN_OR || y->kind == EIN_NOT;
        if (!check_point(v, at, y->a, &a) || (!one && !check_point(v, at, y->b, &b)))
            return false;
        if (logic) {
            if ((a != EIN_ANY && a != DT_BOOL) || (b != EIN_ANY && b != DT_BOOL))
                return ein_fail(v, "`%s` of something that is no condition", word);
            *type = DT_BOOL;
        } else {
            if (a != EIN_ANY && b != EIN_ANY && a != b)
                return ein_fail(v, "`%s` of %s and %s: a cast is missing", word, dtype_name(a), dtype_name(b));
            if (!is_number(a) || !is_number(b))
                return ein_fail(v, "`%s` of a condition: a cast is missing", word);
            *type = y->kind >= EIN_LT && y->kind <= EIN_NE ? DT_BOOL : a == EIN_ANY ? b : a;
        }
        open = v->open[y->a] || (!one && v->open[y->b]);
    }
    }
    v->seen[x] = v->stamp;
    v->type[x] = (i8)*type;
    v->open[x] = open;
    return true;
}

/* Reads that check_point left open, once more with the conditions of the selects above them. */
static bool check_open(struct ein_check *v, ein_node x)
{
    const struct ein_x *y = &v->c->node.at[x];
    if (!x || !v->open[x])
        return true;
    if (!v->budget--)
        return ein_fail(v, "too many paths to reads that need a condition");
    if (y->kind == EIN_READ && !y->a) {
        for (u32 i = 0; i < y->nlist; i++)
            if (!ein_within(v, v->c->list.at[y->list + i], v->c->tens.at[y->u].dim[i])) {
                if (!v->collect)
                    return out_of_range(v, y);
                bool known = false;
                for (u32 k = 0; k < v->collect->n; k++)
                    known |= v->collect->at[k] == x;
                if (!known)
                    vec_push(v->to, v->collect, x);
                return true;
            }
        return true;
    }
    if (y->kind != EIN_SELECT)
        return check_open(v, y->a) && check_open(v, y->b) && check_open(v, y->c);
    u32 keep = v->nfact;
    bool ok = check_open(v, y->a);
    assume(v, y->a, true);
    ok = ok && check_open(v, y->b);
    v->nfact = keep;
    assume(v, y->a, false);
    ok = ok && check_open(v, y->c);
    v->nfact = keep;
    return ok;
}

static bool check_expr(struct ein_check *v, struct place at, ein_node x, int *type)
{
    v->budget = 100000;
    return check_point(v, &at, x, type) && check_open(v, x);
}

/* Forgets what was seen: the facts or the ranks have changed. */
static void fresh(struct ein_check *v)
{
    v->stamp++;
}

static bool check_type(struct ein_check *v, const char *what, int got, int want)
{
    if (got == EIN_ANY || got == want)
        return true;
    return ein_fail(v, "the %s is %s and should be %s: a cast is missing", what, dtype_name(got), dtype_name(want));
}

static bool check_shape(struct ein_check *v)
{
    const struct cascade *c = v->c;
    const struct ein_eq *e = v->e;
    if (e->red > RED_USER || (e->red == RED_USER && e->monoid >= c->monoid.n))
        return ein_fail(v, "an unknown reduction");
    u32 nout = e->red == RED_USER ? c->monoid.at[e->monoid].nstate : 1, nbody = e->red == RED_USER ? c->monoid.at[e->monoid].nlift : 1;
    if (e->nout != nout || e->nbody != nbody)
        return ein_fail(v, "%u tensors from %u expressions, where its reduction gives %u from %u", e->nout, e->nbody, nout, nbody);
    if (e->post && (e->red == RED_NONE || e->red == RED_USER))
        return ein_fail(v, "a post expression without a built-in reduction");
    if (e->nrank > MAX_RANKS)
        return ein_fail(v, "more than %d ranks", MAX_RANKS);
    if (e->acc >= DTYPES)
        return ein_fail(v, "no accumulator dtype");
    for (u32 i = 0; i < e->nout; i++) {
        if (e->out[i] >= c->tens.n)
            return ein_fail(v, "it writes a tensor that is not there");
        const struct ein_tens *t = &c->tens.at[e->out[i]];
        if (t->role != EIN_OUT && t->role != EIN_TEMP && t->role != EIN_NEXT)
            return ein_fail(v, "it writes %s, which is not its to write", t->name);
        if (t->ndim != e->nsub)
            return ein_fail(v, "%u subscripts on the left side, %u axes of %s", e->nsub, t->ndim, t->name);
    }
    for (u32 i = 0; i < e->nrank; i++) {
        const struct ein_rank *k = &e->rank[i];
        if (k->ext == 0 || (k->ext < 0 && -1 - k->ext >= c->sym.n))
            return ein_fail(v, "rank r%u has no extent", i);
        if (k->kind == EIN_RED && e->red == RED_NONE)
            return ein_fail(v, "rank r%u is reduced by an equation without a reduction", i);
        if (i && k->kind == EIN_PAR && e->rank[i - 1].kind == EIN_RED)
            return ein_fail(v, "parallel rank r%u after a reduced one", i);
    }
    if (e->scan && (e->scan_rank >= e->nrank || e->rank[e->scan_rank].kind != EIN_PAR))
        return ein_fail(v, "the rank of its scan is not one of its parallel ranks");
    return true;
}

/* A rank of symbolic extent stays below the symbol. */
static void rank_facts(struct ein_check *v)
{
    const struct ein_eq *e = v->e;
    v->nfact = 0;
    for (u32 i = 0; i < e->nrank; i++)
        if (e->rank[i].ext < 0 && v->sym[-1 - e->rank[i].ext] && v->rank[i]) {
            struct ein_lin l = { .n = 2, .c = -1 };
            l.t[0].atom = v->sym[-1 - e->rank[i].ext];
            l.t[0].k = 1;
            l.t[1].atom = v->rank[i];
            l.t[1].k = -1;
            add_fact(v, &l);
        }
}

static bool check_eq(struct ein_check *v)
{
    const struct cascade *c = v->c;
    const struct ein_eq *e = v->e;
    if (!check_shape(v))
        return false;
    u32 npar = 0;
    while (npar < e->nrank && e->rank[npar].kind == EIN_PAR)
        npar++;
    rank_facts(v);
    fresh(v);
    struct place lhs = { .what = "the left side", .nrank = npar, .reads = false };
    for (u32 i = 0; i < e->nsub; i++) {
        if (!check_index(v, &lhs, e->sub[i]))
            return false;
        for (u32 k = 0; k < e->nout; k++)
            if (!ein_within(v, e->sub[i], c->tens.at[e->out[k]].dim[i]))
                return ein_fail(v, "subscript %u of the left side is not proven within %s", i, c->tens.at[e->out[k]].name);
    }
    int type;
    fresh(v);
    if (e->guard && (!check_expr(v, (struct place){ .what = "the guard", .nrank = e->nrank, .reads = true }, e->guard, &type)))
        return false;
    if (e->guard && type != EIN_ANY && type != DT_BOOL)
        return ein_fail(v, "the guard is no condition");
    fresh(v);
    if (e->post) {
        if (!check_expr(v, (struct place){ .what = "the post expression", .nrank = npar, .acc = true, .reads = true }, e->post, &type) ||
            !check_type(v, "result", type, c->tens.at[e->out[0]].dtype))
            return false;
    } else {
        int result = e->red == RED_ARGMAX || e->red == RED_ARGMIN ? DT_I32 : e->acc;
        for (u32 k = 0; k < e->nout; k++)
            if (!check_type(v, "result", result, c->tens.at[e->out[k]].dtype))
                return false;
    }
    fresh(v);
    if (e->guard)
        assume(v, e->guard, true);
    for (u32 k = 0; k < e->nbody; k++)
        if (!check_expr(v, (struct place){ .what = "the body", .nrank = e->nrank, .reads = true }, e->body[k], &type) ||
            !check_type(v, "body", type, e->acc))
            return false;
    return true;
}

static bool check_monoid(struct ein_check *v, const struct ein_monoid *m)
{
    struct ein_eq as_if = { .acc = DT_F32 };
    v->e = &as_if;
    int type;
    for (u32 part = 0; part < 3; part++) {
        const ein_node *x = part == 0 ? m->zero : part == 1 ? m->lift : m->merge;
        struct place at = { .what = part == 0 ? "zero" : part == 1 ? "lift" : "merge", .narg = part == 0 ? 0 : part == 1 ? m->nlift : 2 * m->nstate };
        fresh(v);
        for (u32 i = 0; i < m->nstate; i++)
            if (!check_expr(v, at, x[i], &type) || !check_type(v, at.what, type, DT_F32))
                return false;
    }
    v->e = NULL;
    return true;
}

static bool check_tensor(struct ein_check *v, u32 id)
{
    const struct cascade *c = v->c;
    const struct ein_tens *t = &c->tens.at[id];
    u64 elems = 1;
    u32 other;
    if (!t->name || !cascade_find(c, t->name, &other) || other != id)
        return ein_fail(v, "tensor %u has no name of its own", id);
    if (t->role > EIN_TEMP || t->dtype >= DTYPES || t->phase > EIN_PHASE_RUN)
        return ein_fail(v, "tensor %s has no role, dtype or phase", t->name);
    for (u32 i = 0; i < t->ndim; i++) {
        if (t->dim[i] == 0 || (t->dim[i] < 0 && -1 - t->dim[i] >= c->sym.n))
            return ein_fail(v, "axis %u of tensor %s has no extent", i, t->name);
        if (t->dim[i] > 0 && (__builtin_mul_overflow(elems, (u64)t->dim[i], &elems) || elems >> 48))
            return ein_fail(v, "tensor %s has too many elements", t->name);
    }
    if ((t->role == EIN_CONST) != (t->value != NULL))
        return ein_fail(v, "tensor %s: constants have values, others have none", t->name);
    if (t->role == EIN_NEXT) {
        if (t->of >= c->tens.n || c->tens.at[t->of].role != EIN_STATE || c->tens.at[t->of].ndim != t->ndim ||
            memcmp(c->tens.at[t->of].dim, t->dim, t->ndim * sizeof *t->dim) != 0)
            return ein_fail(v, "tensor %s is the next value of no state of its shape", t->name);
    }
    return true;
}

/* Parameters and states are numbered 0, 1, .. */
static bool check_numbers(struct ein_check *v, struct arena *a)
{
    const struct cascade *c = v->c;
    u8 *taken = NEW_ARRAY(a, u8, c->tens.n + 1);
    u32 n = 0;
    for (u32 i = 0; i < c->tens.n; i++)
        n += c->tens.at[i].role == EIN_PARAM || c->tens.at[i].role == EIN_STATE;
    for (u32 i = 0; i < c->tens.n; i++) {
        const struct ein_tens *t = &c->tens.at[i];
        if (t->role != EIN_PARAM && t->role != EIN_STATE)
            continue;
        if (t->number >= n || taken[t->number])
            return ein_fail(v, "parameter %s has number %u, which is taken or not below %u", t->name, t->number, n);
        taken[t->number] = 1;
    }
    return true;
}

static struct ein_check check_of(struct arena *a, const struct cascade *c, struct buf *why)
{
    struct ein_check v = { .c = c, .why = why, .a = a, .seen = NEW_ARRAY(a, u32, c->node.n), .type = NEW_ARRAY(a, i8, c->node.n),
                           .open = NEW_ARRAY(a, bool, c->node.n), .sym = NEW_ARRAY(a, ein_node, c->sym.n) };
    for (u32 i = 1; i < c->node.n; i++) {
        const struct ein_x *x = &c->node.at[i];
        if (x->kind == EIN_SYM && x->u < c->sym.n)
            v.sym[x->u] = i;
        if (x->kind == EIN_RANK && x->u < MAX_RANKS)
            v.rank[x->u] = i;
    }
    return v;
}

void ein_open_reads(struct arena *a, const struct cascade *c, const struct ein_eq *e, ein_node x, ein_nodes *out)
{
    struct arena *scratch = arena_new("ein open reads");
    struct ein_check v = check_of(scratch, c, NULL);
    v.e = e;
    v.collect = out;
    v.to = a;
    v.any_order = true;
    rank_facts(&v);
    fresh(&v);
    if (e->guard)
        assume(&v, e->guard, true);
    int type;
    check_expr(&v, (struct place){ .what = "the body", .nrank = e->nrank, .acc = true, .reads = true }, x, &type);
    arena_free(scratch);
}

bool ein_verify(const struct cascade *c, struct buf *why)
{
    struct arena *a = arena_new("ein verify");
    struct ein_check v = check_of(a, c, why);
    bool ok = true;
    for (u32 i = 0; ok && i < c->tens.n; i++)
        ok = check_tensor(&v, i);
    ok = ok && check_numbers(&v, a);
    for (u32 i = 0; ok && i < c->monoid.n; i++)
        ok = check_monoid(&v, &c->monoid.at[i]);
    ok = ok && ein_check_writers(&v);
    for (u32 i = 0; ok && i < c->eq.n; i++) {
        v.eq = i;
        v.e = &c->eq.at[i];
        ok = check_eq(&v);
    }
    v.e = NULL;
    ok = ok && ein_check_regions(&v);
    arena_free(a);
    return ok;
}
