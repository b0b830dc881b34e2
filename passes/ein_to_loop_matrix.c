/* ein_to_loop_matrix.c - products with small constant matrices as straight-line code.
 *
 *     v[..,p,q] = post((+) A[p,i] * A[q,j] * x(i, j))       A a constant, i and j its only reduced ranks
 *         =>  v[..,p,q] = post(select(p == 0, 4*t0(q) - 5*t2(q) + t4(q), select(p == 1, ..)))
 *             tk(q)     = select(q == 0, 4*x(k,0) - 5*x(k,2) + x(k,4), select(q == 1, ..))
 *
 * In: one equation of a kernel.  Out: a map whose selects are decided per instance (ein_to_loop_static.c), rows before columns: what
 * a dense product would take rows x columns multiplications for is a handful of additions.  The rows of such matrices go in pairs that
 * differ in signs: each row is a sum over groups of terms, made once for both - columns that are equal but for signs, or else
 * the even columns and the odd ones - times a factor, where dividing by it is exact. */
#include "passes/lower.h"
#include "passes/rewrite.h"

enum { SIDE_MOST = 8, FACTORS = 8 };

struct matrix { u32 rows, cols, ngroup, group[SIDE_MOST]; const double *at; };
struct factor { u32 tens; ein_node row; u32 rank; };
struct product { struct cascade *c; struct factor f[2]; u32 n; ein_node rest; };

static double entry(const struct matrix *m, u32 r, u32 k)
{
    return m->at[r * m->cols + k];
}

static bool twins(const struct matrix *m, u32 a, u32 b)
{
    bool some = false;
    for (u32 r = 0; r < m->rows; r++) {
        double x = entry(m, r, a), y = entry(m, r, b);
        if (x != y && x != -y)
            return false;
        some |= x != y;
    }
    return some;
}

static struct matrix matrix_of(const struct ein_tens *t)
{
    struct matrix m = { (u32)t->dim[0], (u32)t->dim[1], 0, { 0 }, t->value };
    bool paired = false;
    for (u32 k = 0; k < m.cols; k++) {
        u32 j = 0;
        while (j < k && !twins(&m, j, k))
            j++;
        paired |= j < k;
        m.group[k] = j < k ? m.group[j] : m.ngroup++;
    }
    if (!paired) {
        m.ngroup = MIN(m.cols, 2u);
        for (u32 k = 0; k < m.cols; k++)
            m.group[k] = k % 2;
    }
    return m;
}

/* sum + k * x, where one may be missing (0). */
static ein_node plus(struct cascade *c, ein_node sum, double k, ein_node x)
{
    if (!sum)
        return k == 1 ? x : ein_op2(c, EIN_MUL, ein_num(c, k), x);
    if (k == 1 || k == -1)
        return ein_op2(c, k > 0 ? EIN_ADD : EIN_SUB, sum, x);
    return ein_op2(c, EIN_ADD, sum, ein_op2(c, EIN_MUL, ein_num(c, k), x));
}

/* Row r times the vector x. */
static ein_node times(struct cascade *c, const struct matrix *m, u32 r, const ein_node *x)
{
    ein_node sum = 0;
    for (u32 g = 0; g < m->ngroup; g++) {
        u32 lead = m->cols;                     /* the term that comes without a factor: one of factor 1, if there is */
        for (u32 k = 0; k < m->cols; k++) {
            double v = entry(m, r, k), was = lead < m->cols ? entry(m, r, lead) : 0;
            if (m->group[k] == g && v != 0 && (lead == m->cols || (was != 1 && (v == 1 || (v > 0 && was < 0)))))
                lead = k;
        }
        if (lead == m->cols)
            continue;
        double by = entry(m, r, lead);
        bool exact = true;
        for (u32 k = 0; k < m->cols; k++)
            if (m->group[k] == g) {
                double q = entry(m, r, k) / by;
                exact &= q == (float)q && q * by == entry(m, r, k);
            }
        ein_node part = exact ? x[lead] : 0;
        for (u32 k = 0; k < m->cols; k++)
            if (m->group[k] == g && entry(m, r, k) != 0 && (!exact || k != lead))
                part = plus(c, part, exact ? entry(m, r, k) / by : entry(m, r, k), x[k]);
        sum = plus(c, sum, exact ? by : 1, part);
    }
    return sum ? sum : ein_num(c, 0);
}

/* value[k] where the index is k. */
static ein_node pick(struct cascade *c, ein_node index, u32 n, const ein_node *value)
{
    ein_node x = value[n - 1];
    for (u32 k = n - 1; k-- > 0;)
        x = ein_select(c, ein_op2(c, EIN_EQ, index, ein_int(c, k)), value[k], x);
    return x;
}

static bool constant(const struct ein_tens *t)
{
    return t->role == EIN_CONST && t->value && t->ndim == 2 && t->dim[0] > 0 && t->dim[0] <= SIDE_MOST && t->dim[1] > 0 && t->dim[1] <= SIDE_MOST;
}

/* Is x A[row, reduced rank], A small and constant?  row: a rank, or its remainder by the number of rows. */
static bool matrix_read(const struct cascade *c, const struct ein_eq *e, ein_node x, struct factor *f)
{
    const struct ein_x *y = &c->node.at[x];
    if (y->kind != EIN_READ || y->a || !constant(&c->tens.at[y->u]))
        return false;
    *f = (struct factor){ y->u, c->list.at[y->list], 0 };
    const struct ein_x *r = &c->node.at[f->row], *k = &c->node.at[c->list.at[y->list + 1]];
    i64 rows = c->tens.at[y->u].dim[0];
    if (k->kind != EIN_RANK || e->rank[k->u].kind != EIN_RED || e->rank[k->u].ext != c->tens.at[y->u].dim[1])
        return false;
    f->rank = k->u;
    if (r->kind == EIN_IMOD)
        return c->node.at[r->b].i == rows && c->node.at[r->a].kind == EIN_RANK && e->rank[c->node.at[r->a].u].kind == EIN_PAR;
    return r->kind == EIN_RANK && e->rank[r->u].kind == EIN_PAR && e->rank[r->u].ext <= rows;
}

static bool split(struct product *p, const struct ein_eq *e, ein_node x)
{
    struct ein_x y = p->c->node.at[x];
    struct factor f;
    if (y.kind == EIN_MUL && !matrix_read(p->c, e, x, &f))
        return split(p, e, y.a) && split(p, e, y.b);
    if (matrix_read(p->c, e, x, &f)) {
        if (p->n == 2)
            return false;
        p->f[p->n++] = f;
        return true;
    }
    p->rest = p->rest ? ein_op2(p->c, EIN_MUL, p->rest, x) : x;
    return true;
}

bool lower_matrices(struct lower *L, struct ein_eq *e)
{
    struct cascade *c = L->c;
    struct product p = { .c = c };
    if (e->red != RED_ADD || e->nbody != 1 || e->nout != 1 || e->guard || e->scan || e->as_written || L->o->strict || e->nrank > 60 ||
        !split(&p, e, e->body[0]) || p.n != 2 || p.f[0].rank == p.f[1].rank || !p.rest)
        return false;
    u32 npar = 0;
    for (u32 r = 0; r < e->nrank; r++) {
        npar += e->rank[r].kind == EIN_PAR;
        if (e->rank[r].kind == EIN_RED && r != p.f[0].rank && r != p.f[1].rank)
            return false;
    }
    struct matrix a = matrix_of(&c->tens.at[p.f[0].tens]), b = matrix_of(&c->tens.at[p.f[1].tens]);
    ein_node *with = NEW_ARRAY(L->a, ein_node, e->nrank), line[SIDE_MOST], of[SIDE_MOST], x[SIDE_MOST];
    for (u32 i = 0; i < a.cols; i++) {
        for (u32 j = 0; j < b.cols; j++) {
            with[p.f[0].rank] = ein_int(c, i);
            with[p.f[1].rank] = ein_int(c, j);
            x[j] = ein_simplify(c, ein_subst(c, p.rest, e->nrank, with), npar, e->rank);
        }
        for (u32 k = 0; k < b.rows; k++)
            of[k] = times(c, &b, k, x);
        line[i] = pick(c, p.f[1].row, b.rows, of);
    }
    for (u32 k = 0; k < a.rows; k++)
        of[k] = times(c, &a, k, line);
    ein_node sum = pick(c, p.f[0].row, a.rows, of), acc = ein_make(c, (struct ein_x){ .kind = EIN_ACC }, 0, NULL);
    ein_node *body = NEW(L->a, ein_node);
    body[0] = e->post ? rw_replace(c, e->post, 1, &acc, &sum) : sum;
    e->body = body;
    e->post = 0;
    e->red = RED_NONE;
    e->nrank = npar;
    return true;
}
