/* explain.c - see explain.h.
 *
 * Dims have no names: an equation's ranks have, where somebody wrote them.  They are carried over to the dims they index, and from
 * those to the ranks of other equations, until nothing changes (or it has been done ROUNDS times). */
#include "compiler/explain.h"

#include "compiler/measure.h"

#include <ctype.h>

enum { ROUNDS = 4 };

struct naming { struct arena *a; const struct cascade *c; str **dim; bool changed; };

/* A name that says something: not one that a pass made up. */
static bool says(str s)
{
    return s && isalpha((unsigned char)s[0]) && !(s[0] == 'k' && isdigit((unsigned char)s[1]));
}

/* The rank that walks along a dim: the only parallel one of the subscript, else the only one. */
static int walker(const struct cascade *c, const struct ein_eq *e, ein_node sub)
{
    struct ein_lin l = {0};
    if (!ein_lin(c, sub, 1, &l))
        return -1;
    int found = -1, npar = 0, any = -1;
    for (u32 i = 0; i < l.n; i++) {
        const struct ein_x *x = &c->node.at[l.t[i].atom];
        if (x->kind != EIN_RANK)
            return -1;
        any = (int)x->u;
        if (e->rank[x->u].kind == EIN_PAR) {
            found = (int)x->u;
            npar++;
        }
    }
    return npar == 1 ? found : !npar && l.n == 1 ? any : -1;
}

static void carry(struct naming *w, const struct ein_eq *e, str *rank, u32 tens, u32 n, const ein_node *sub)
{
    const struct ein_tens *t = &w->c->tens.at[tens];
    for (u32 d = 0; d < n && d < t->ndim; d++) {
        int r = walker(w->c, e, sub[d]);
        if (r < 0)
            continue;
        if (!rank[r] && w->dim[tens][d]) {
            rank[r] = w->dim[tens][d];
            w->changed = true;
        } else if (rank[r] && !w->dim[tens][d]) {
            w->dim[tens][d] = rank[r];
            w->changed = true;
        }
    }
}

static void name_by(struct naming *w, const struct ein_eq *e)
{
    const struct cascade *c = w->c;
    struct arena *a = arena_new_in(w->a, "names");
    str *rank = NEW_ARRAY(a, str, e->nrank + 1);
    for (u32 r = 0; r < e->nrank; r++)
        rank[r] = e->rank[r].ext < 0 ? "b" : says(e->rank[r].name) ? strcmp(e->rank[r].name, "batch") ? e->rank[r].name : "b" : NULL;
    ein_nodes under = {0};
    for (u32 i = 0; i < e->nbody; i++)
        ein_reach(a, c, e->body[i], &under);
    if (e->post)
        ein_reach(a, c, e->post, &under);
    bool was = w->changed;
    for (u32 turn = 0; turn < 2; turn++) {          /* the second carries what the first found out about ranks */
        for (u32 o = 0; o < e->nout; o++)
            carry(w, e, rank, e->out[o], e->nsub, e->sub);
        for (u32 i = 0; i < under.n; i++) {
            const struct ein_x *x = &c->node.at[under.at[i]];
            if (x->kind == EIN_READ)
                carry(w, e, rank, x->u, x->nlist, &c->list.at[x->list]);
        }
        if (!turn)
            w->changed = was;
    }
    arena_free(a);
}

static void name_dims(struct naming *w)
{
    w->dim = NEW_ARRAY(w->a, str *, w->c->tens.n + 1);
    for (u32 t = 0; t < w->c->tens.n; t++) {
        const struct ein_tens *of = &w->c->tens.at[t];
        w->dim[t] = NEW_ARRAY(w->a, str, of->ndim + 1);
        for (u32 d = 0; d < of->ndim; d++)
            w->dim[t][d] = of->dim[d] < 0 ? "b" : NULL;
    }
    for (u32 round = 0; round < ROUNDS; round++) {
        w->changed = false;
        for (u32 i = 0; i < w->c->eq.n; i++)
            name_by(w, &w->c->eq.at[i]);
        if (!w->changed)
            return;
    }
}

static void put_layout(struct buf *b, const struct naming *w, const struct plan_buf *f)
{
    str *dim = f->tens < w->c->tens.n ? w->dim[f->tens] : NULL;
    const struct ein_tens *t = dim ? &w->c->tens.at[f->tens] : NULL;
    bool letters = dim;
    i64 edge = 0;
    for (u32 k = 0; k < f->lay.n; k++) {
        u32 d = f->lay.dim[k].dim;
        letters &= dim && d < t->ndim && dim[d] && !dim[d][1] && f->lay.dim[k].div == 1;
        if (f->halo)
            edge = MAX(edge, MAX(f->inner[2 * k], f->lay.dim[k].mod - f->inner[2 * k + 1]));
    }
    if (!f->lay.n)
        buf_puts(b, "1");
    for (u32 k = 0; k < f->lay.n; k++) {
        const struct lay_dim *l = &f->lay.dim[k];
        if (k && !letters)
            buf_putc(b, '.');
        if (dim && l->dim < t->ndim && dim[l->dim])
            buf_puts(b, dim[l->dim]);
        else
            buf_printf(b, "%lld", (long long)l->mod);
        if (l->div != 1)
            buf_printf(b, "/%lld", (long long)l->div);
    }
    if (edge)
        buf_printf(b, "+%lld", (long long)edge);
}

/* Each layout once, in the order of the arguments. */
static void add_layout(struct buf *list, const struct naming *w, const struct plan_buf *f)
{
    struct buf one = {0};
    put_layout(&one, w, f);
    const char *had = list->at ? strstr(list->at, one.at) : NULL;
    while (had && !((had == list->at || had[-1] == ' ') && (had[one.n] == ' ' || !had[one.n])))
        had = strstr(had + 1, one.at);
    if (!had) {
        if (list->n)
            buf_putc(list, ' ');
        buf_puts(list, one.at);
    }
    buf_free(&one);
}

static const char *keep(struct arena *a, struct buf *b)
{
    const char *s = arena_strdup(a, b->at ? b->at : "");
    buf_free(b);
    return s;
}

/* Which buffers the command writes: the outputs of its group's equations. */
static bool writes(const struct plan *p, const struct plan_cmd *c, u32 arg)
{
    if (c->kind == PC_COPY || c->kind == PC_FILL)
        return arg == 0;
    u32 tens = p->buf.at[c->arg[arg].buf].tens;
    for (u32 i = 0; i < p->ein->eq.n; i++)
        if (p->ein->eq.at[i].group == c->group)
            for (u32 o = 0; o < p->ein->eq.at[i].nout; o++)
                if (p->ein->eq.at[i].out[o] == tens)
                    return true;
    return false;
}

/* Does the group only move numbers?  And all of a tensor, in another order? */
static void judge_moves(const struct plan *p, const struct plan_cmd *c, struct explain_launch *l)
{
    const struct cascade *e = p->ein;
    u32 n = 0, from = 0;
    l->moves = true;
    for (u32 i = 0; i < e->eq.n && l->moves; i++) {
        const struct ein_eq *q = &e->eq.at[i];
        if (q->group != c->group)
            continue;
        l->moves = q->red == RED_NONE && q->nbody == 1 && !q->post && e->node.at[q->body[0]].kind == EIN_READ;
        from = l->moves ? e->node.at[q->body[0]].u : 0;
        n++;
    }
    l->moves &= n > 0;
    if (!l->moves || n != 1 || c->narg != 2)
        return;
    u64 size[2] = {1, 1};
    const u32 tens[2] = {from, p->buf.at[c->arg[0].buf].tens == from ? p->buf.at[c->arg[1].buf].tens : p->buf.at[c->arg[0].buf].tens};
    for (u32 k = 0; k < 2; k++)
        for (u32 d = 0; d < e->tens.at[tens[k]].ndim; d++)
            size[k] *= e->tens.at[tens[k]].dim[d] > 0 ? (u64)e->tens.at[tens[k]].dim[d] : 1;
    l->relayout = size[0] == size[1];
}

static void one_launch(struct arena *a, const struct naming *w, const nasc_net *n, const struct plan_cmd *c, struct explain_launch *l)
{
    const struct plan *p = n->plan;
    struct buf reads = {0}, writes_ = {0}, weights = {0};
    *l = (struct explain_launch){.kernel = plan_cmd_name(p, c), .what = c->what ? c->what : "", .units = (u64)c->units.k, .bytes = c->bytes,
                                 .macs = c->macs};
    for (u32 i = 0; i < c->narg; i++) {
        const struct plan_buf *f = &p->buf.at[c->arg[i].buf];
        bool moving = f->segment == SEG_IO || f->segment == SEG_SAMPLE;
        add_layout(writes(p, c, i) ? &writes_ : moving ? &reads : &weights, w, f);
    }
    if (c->kind == PC_COPY)
        l->moves = true;
    else if (c->kind != PC_FILL)
        judge_moves(p, c, l);
    l->reads = keep(a, &reads);
    l->writes = keep(a, &writes_);
    l->weights = keep(a, &weights);
}

static bool time_launches(struct arena *a, nasc_net *n, struct explain *x)
{
    const struct plan *p = n->plan;
    struct measure_options o = {.batch = 1, .max_ns = 50000000, .give_up_ns = 2000000000};
    double *ns = NEW_ARRAY(a, double, p->run.n + 1);
    struct meter *m = measure_open();
    bool ok = m && exec_weights_slab(n->exec) && exec_load(n->exec);
    if (ok) {
        measure_quiet(m);
        ok = measure_launches(m, n->exec, p, &o, 0, ns) && peak_measure(&x->peak);
    }
    measure_close(m);
    for (u32 k = 0; ok && k < p->run.n; k++) {
        struct explain_launch *l = &x->launch[k];
        l->ns = ns[k];
        l->gflops = 2 * (double)l->macs / l->ns;
        l->share = l->gflops * 1e9 / x->peak.flops;
        l->memory = (double)l->bytes / x->peak.bytes > 2 * (double)l->macs / x->peak.flops;
        x->ns += l->ns;
    }
    return ok;
}

bool explain_net(struct arena *a, nasc_net *n, bool measured, struct explain *x)
{
    const struct plan *p = n->plan;
    struct naming w = {.a = a, .c = p->ein};
    *x = (struct explain){.n = p->run.n, .launch = NEW_ARRAY(a, struct explain_launch, p->run.n + 1)};
    name_dims(&w);
    for (u32 k = 0; k < p->run.n; k++) {
        struct explain_launch *l = &x->launch[k];
        one_launch(a, &w, n, &p->run.at[k], l);
        x->copies += l->moves;
        x->relayouts += l->relayout;
        x->fills += p->run.at[k].kind == PC_FILL;
        x->bytes += l->bytes;
        x->macs += l->macs;
    }
    if (measured && (!net_exec(n) || !time_launches(a, n, x)))
        return false;
    x->share = x->ns > 0 ? 2 * (double)x->macs / x->ns * 1e9 / x->peak.flops : 0;
    return true;
}
