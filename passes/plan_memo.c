/* plan_memo.c - groups lowered before, by signature.
 *
 * In: a group.  Out: its loop function, the values of its symbols, its costs.  A group that has no equal before it is lowered
 * alone (plan_alone), so what is remembered does not depend on the network it was first met in; a memo changes times and
 * nothing else.  It only grows; whoever holds one drops it when it has become large, plans that use it keep it alive. */
#include "passes/plan_memo.h"
#include "passes/lower.h"
#include "passes/tape.h"

struct plan_memo {
    struct arena *a;
    u32 refs;
    struct idmap map;
    VEC(const struct group_code *) code;
};

struct plan_memo *plan_memo_in(struct arena *a)
{
    struct plan_memo *m = NEW(a, struct plan_memo);
    m->a = a;
    m->refs = 1;
    return m;
}

struct plan_memo *plan_memo_new(void)
{
    return plan_memo_in(arena_new("plan memo"));
}

struct plan_memo *plan_memo_hold(struct plan_memo *m)
{
    if (m)
        m->refs++;
    return m;
}

void plan_memo_drop(struct plan_memo *m)
{
    if (m && !--m->refs)
        arena_free(m->a);
}

size_t plan_memo_bytes(const struct plan_memo *m)
{
    return m ? arena_bytes(m->a) : 0;
}

void plan_points(const struct ein_eq *e, double *par, double *all)
{
    *par = *all = 1;
    for (u32 r = 0; r < e->nrank; r++) {
        double ext = e->rank[r].ext < 0 ? 1 : (double)e->rank[r].ext;
        *all *= ext;
        if (e->rank[r].kind == EIN_PAR)
            *par *= ext;
    }
}

static bool is_op(u8 kind)
{
    return kind >= EIN_NEG && kind <= EIN_CAST;
}

static u64 count(double x)
{
    return x < 1.8e19 ? (u64)x : UINT64_MAX;
}

/* Counted before lowering, which may rewrite the equations it is given. */
static void costs(struct arena *a, const struct cascade *c, const struct pass_options *o, struct group_code *to)
{
    enum { FEW = 16384 };       /* points that are not worth a compiler */
    double macs = 0, flops = 0, points = 0;
    bool load = true;
    for (u32 i = 0; i < c->eq.n; i++) {
        const struct ein_eq *e = &c->eq.at[i];
        double par, all;
        plan_points(e, &par, &all);
        points += all;
        load &= e->phase != EIN_PHASE_RUN;
        u32 inner = e->red != RED_NONE, outer = 0, tens[2] = { 0 }, reads = 0, constants = 0;
        ein_nodes n = { 0 };
        for (u32 k = 0; k < e->nbody; k++)
            ein_reach(a, c, e->body[k], &n);
        for (u32 k = 0; k < n.n; k++) {
            const struct ein_x *x = &c->node.at[n.at[k]];
            inner += is_op(x->kind);
            if (x->kind == EIN_READ && c->tens.at[x->u].role == EIN_CONST)
                constants++;
            else if (x->kind == EIN_READ && (!reads || x->u != tens[0]))
                tens[reads++ ? 1 : 0] = x->u;
        }
        n = (ein_nodes){ 0 };
        if (e->post)
            ein_reach(a, c, e->post, &n);
        for (u32 k = 0; k < n.n; k++)
            outer += is_op(c->node.at[n.at[k]].kind);
        flops += (constants == 2 ? par : all) * inner + par * outer;     /* two: matrices of a transform, multiplied out */
        if (e->red == RED_ADD && e->nbody == 1 && c->node.at[e->body[0]].kind == EIN_MUL && reads > 1)
            macs += all;
    }
    to->macs = count(macs);
    to->flops = count(flops);
    to->kind = o->code == CODE_GENERIC ? PC_TAPE : load && points <= FEW ? PC_ONCE : PC_KERNEL;
}

static u64 tens_bytes(const struct ein_tens *t)
{
    u64 n = dtype_bytes((enum dtype)t->dtype);
    for (u32 d = 0; d < t->ndim; d++)
        if (__builtin_mul_overflow(n, t->dim[d] < 0 ? 1 : (u64)t->dim[d], &n))
            BUG("a tensor does not fit memory");
    return n;
}

static void lower_loops(struct arena *a, struct cascade *c, const struct mach *m, const struct pass_options *o, struct group_code *to, u32 **tens)
{
    struct plan_int *sym;
    struct loop_fn *f = lower_group(c->a, c, 1, m, o, &to->narg, tens, &to->nsym, &sym, &to->units);
    loop_clean(f);
    struct buf text = { 0 };
    loop_canon(&text, f);
    to->key = hash128(text.at, text.n);
    buf_free(&text);
    f->scratch_bytes = loop_scratch_bytes(f);
    to->fn = loop_copy(a, f);
    to->sym = arena_dup(a, sym, sizeof *sym * to->nsym);
}

static struct group_code *lowered(struct arena *a, struct hash128 sign, struct plan_signer *s, const struct plan_group *g, const struct mach *m,
                                  const struct pass_options *o)
{
    struct arena *tmp = arena_new_in(a, "lowering");     /* so that nothing is left of it if this unwinds */
    struct cascade *c = plan_alone(tmp, s, g);
    struct group_code *to = NEW(a, struct group_code);
    costs(tmp, c, o, to);
    u32 *tens;
    if (to->kind == PC_TAPE) {
        to->tape = ein_to_tape(a, c, 1, m, o, &to->narg, &tens, &to->units);
        to->key = sign;
    } else {
        lower_loops(a, c, m, o, to, &tens);
    }
    to->sign = sign;
    to->place = arena_dup(a, tens, sizeof *tens * to->narg);
    for (u32 i = 0; i < to->narg; i++)
        to->bytes += tens_bytes(&c->tens.at[tens[i]]);
    arena_free(tmp);
    return to;
}

const struct group_code *plan_code(struct plan_memo *memo, struct plan_signer *s, const struct plan_group *g, const struct mach *m,
                                   const struct pass_options *o)
{
    struct hash128 sign = plan_sign(s, g);
    u32 at = idmap_home(&memo->map, sign.lo), id;
    while ((id = idmap_find(&memo->map, sign.lo, &at)))
        if (memo->code.at[id - 1]->sign.hi == sign.hi)
            return memo->code.at[id - 1];
    struct group_code *k = lowered(memo->a, sign, s, g, m, o);
    vec_push(memo->a, &memo->code, k);
    idmap_put(memo->a, &memo->map, sign.lo, memo->code.n);
    return k;
}
