/* ein_text.c - a cascade as records; ein_read.c reads them back.
 *
 *     (cascade "net" training)
 *     (sym batch 1 2147483648 1 call)
 *     (tens x in f32 run (dims batch 8))
 *     (tens w param f32 load (dims 4 8) (init kaiming_uniform 8.0 0.0) (number 0))
 *     (eq (out y) (lhs r0 r1) (rank batch par batch) (rank d par 4) (rank k red 8) (red add) (acc f32)
 *       (body (mul (read x r0 r2) (read w r1 r2)))
 *       (phase run) (prov "linear"))
 *
 * Expressions: r0 is a rank, 5 an index, 5.0 a number, %1 what (let %1 ..) of the equation says: large
 * parts that are mentioned twice, so that the text is never longer than the graph. */
#include "compiler/ir/ein.h"

#include "compiler/base/rec.h"

static const char *const role_word[] = { "in", "out", "param", "state", "next", "const", "temp" };
static const char *const phase_word[] = { "const", "load", "run" };
static const char *const bind_word[] = { "load", "plan", "call" };

/* Names of the nodes of one equation that are printed once: let[x] > 0. */
struct printer {
    struct buf *b;
    const struct cascade *c;
    u32 *let, *uses, *size, *height, nlet;
    ein_nodes under;
};

static void put_ext(struct buf *b, const struct cascade *c, ein_ext e)
{
    if (e < 0)
        rec_put_word(b, c->sym.at[-1 - e].name);
    else
        rec_put_int(b, e);
}

static void put_node(struct printer *p, ein_node x);

static void put_inside(struct printer *p, ein_node x)
{
    const struct cascade *c = p->c;
    const struct ein_x *y = &c->node.at[x];
    struct buf *b = p->b;
    switch (y->kind) {
    case EIN_INT: rec_put_int(b, y->i); return;
    case EIN_NUM: rec_put_real(b, y->r); return;
    case EIN_RANK: buf_printf(b, " r%u", y->u); return;
    default: break;
    }
    rec_open(b, 0, ein_kind_word(y->kind));
    switch (y->kind) {
    case EIN_SYM: rec_put_word(b, c->sym.at[y->u].name); break;
    case EIN_READ: case EIN_GATHER: rec_put_word(b, c->tens.at[y->u].name); break;
    case EIN_ACC: case EIN_ARG: case EIN_RAND: rec_put_int(b, y->u); break;
    case EIN_CAST: rec_put_word(b, dtype_name(y->u)); break;
    default: break;
    }
    for (u32 i = 0; i < y->nlist; i++)
        put_node(p, c->list.at[y->list + i]);
    if (y->kind == EIN_READ && y->a) {
        rec_open(b, 0, "pad");
        put_node(p, y->a);
        rec_close(b);
    } else {
        ein_node kid[3] = { y->a, y->b, y->c };
        for (u32 i = 0; i < ein_kind_nchild(y->kind); i++)
            put_node(p, kid[i]);
    }
    rec_close(b);
}

static void put_node(struct printer *p, ein_node x)
{
    if (p->let[x])
        buf_printf(p->b, " %%%u", p->let[x]);
    else
        put_inside(p, x);
}

static void measure(struct printer *p, ein_node kid, u32 *size, u32 *height)
{
    if (!kid)
        return;
    p->uses[kid]++;
    *size = MIN(*size + p->size[kid], 1000u);
    *height = MAX(*height, p->height[kid] + 1);
}

/* Prints (let ..) for what is shared and large, and for every so many levels, so that no record is deeper than
 * a reader allows. */
static void put_lets(struct printer *p, const ein_node *root, u32 n, int depth)
{
    enum { LARGE = 8, DEEP = 48 };
    const struct cascade *c = p->c;
    p->under.n = 0;
    struct arena *a = arena_new("ein text");
    for (u32 i = 0; i < n; i++)
        if (root[i]) {
            p->uses[root[i]]++;
            ein_reach(a, c, root[i], &p->under);
        }
    u32 kept = 0;
    for (u32 i = 0; i < p->under.n; i++) {
        ein_node x = p->under.at[i];
        if (p->size[x])
            continue;           /* reached from an earlier root */
        p->under.at[kept++] = x;
        const struct ein_x *y = &c->node.at[x];
        u32 size = 1, height = 0;
        measure(p, y->a, &size, &height);
        measure(p, y->b, &size, &height);
        measure(p, y->c, &size, &height);
        for (u32 k = 0; k < y->nlist; k++)
            measure(p, c->list.at[y->list + k], &size, &height);
        p->size[x] = size;
        p->height[x] = height >= DEEP ? 0 : height;     /* DEEP: becomes a let, so its users begin anew */
        if (height >= DEEP)
            p->uses[x] += 2, p->size[x] = 1000;
    }
    p->under.n = kept;
    for (u32 i = 0; i < kept; i++) {
        ein_node x = p->under.at[i];
        if (p->uses[x] < 2 || p->size[x] <= LARGE)
            continue;
        rec_open(p->b, depth, "let");
        buf_printf(p->b, " %%%u", p->nlet + 1);
        put_inside(p, x);
        rec_close(p->b);
        p->let[x] = ++p->nlet;
    }
    arena_free(a);
    p->under = (ein_nodes){ 0 };
}

/* The nodes a printer marked are unmarked by walking the roots again; whole arrays would be quadratic. */
static void unmark(struct printer *p, const ein_node *root, u32 n)
{
    struct arena *a = arena_new("ein text");
    ein_nodes under = { 0 };
    for (u32 i = 0; i < n; i++)
        if (root[i])
            ein_reach(a, p->c, root[i], &under);
    for (u32 i = 0; i < under.n; i++)
        p->let[under.at[i]] = p->uses[under.at[i]] = p->size[under.at[i]] = p->height[under.at[i]] = 0;
    p->nlet = 0;
    arena_free(a);
}

static void put_nodes(struct printer *p, int depth, const char *head, const ein_node *x, u32 n)
{
    rec_open(p->b, depth, head);
    for (u32 i = 0; i < n; i++)
        put_node(p, x[i]);
    rec_close(p->b);
}

static void put_tens(struct buf *b, const struct cascade *c, const struct ein_tens *t)
{
    rec_open(b, 0, "tens");
    rec_put_word(b, t->name);
    rec_put_word(b, role_word[t->role]);
    rec_put_word(b, dtype_name(t->dtype));
    rec_put_word(b, phase_word[t->phase]);
    rec_open(b, 0, "dims");
    u64 elems = 1;
    for (u32 i = 0; i < t->ndim; i++) {
        put_ext(b, c, t->dim[i]);
        elems *= (u64)t->dim[i];
    }
    rec_close(b);
    if (t->hist_last) {
        rec_open(b, 0, "last");
        rec_close(b);
    }
    if (t->halo) {
        rec_open(b, 0, "rest");
        rec_put_real(b, t->rest);
        rec_close(b);
    }
    if (t->role == EIN_NEXT) {
        rec_open(b, 0, "of");
        rec_put_word(b, c->tens.at[t->of].name);
        rec_close(b);
    }
    if (t->role == EIN_PARAM || t->role == EIN_STATE) {
        rec_open(b, 0, "init");
        rec_put_word(b, ein_init_word(t->init));
        rec_put_real(b, t->init_arg[0]);
        rec_put_real(b, t->init_arg[1]);
        rec_close(b);
        rec_open(b, 0, "number");
        rec_put_int(b, t->number);
        rec_close(b);
    }
    if (t->value) {
        rec_open(b, 1, "value");
        for (u64 i = 0; i < elems; i++)
            rec_put_real(b, t->value[i]);
        rec_close(b);
    }
    rec_close(b);
    buf_putc(b, '\n');
}

static void put_monoid(struct printer *p, const struct ein_monoid *m)
{
    struct buf *b = p->b;
    rec_open(b, 0, "monoid");
    rec_put_word(b, m->name);
    rec_put_int(b, m->nstate);
    rec_put_int(b, m->nlift);
    ein_node *all = NULL;
    struct arena *a = arena_new("ein text");
    all = NEW_ARRAY(a, ein_node, 3 * m->nstate);
    memcpy(all, m->zero, m->nstate * sizeof *all);
    memcpy(all + m->nstate, m->lift, m->nstate * sizeof *all);
    memcpy(all + 2 * m->nstate, m->merge, m->nstate * sizeof *all);
    put_lets(p, all, 3 * m->nstate, 1);
    put_nodes(p, 1, "zero", m->zero, m->nstate);
    put_nodes(p, 1, "lift", m->lift, m->nstate);
    put_nodes(p, 1, "merge", m->merge, m->nstate);
    unmark(p, all, 3 * m->nstate);
    arena_free(a);
    rec_close(b);
    buf_putc(b, '\n');
}

static void put_eq(struct printer *p, const struct ein_eq *e)
{
    struct buf *b = p->b;
    const struct cascade *c = p->c;
    rec_open(b, 0, "eq");
    rec_open(b, 0, "out");
    for (u32 i = 0; i < e->nout; i++)
        rec_put_word(b, c->tens.at[e->out[i]].name);
    rec_close(b);
    put_nodes(p, 0, "lhs", e->sub, e->nsub);
    for (u32 i = 0; i < e->nrank; i++) {
        rec_open(b, 0, "rank");
        rec_put_word(b, e->rank[i].name ? e->rank[i].name : "-");
        rec_put_word(b, e->rank[i].kind == EIN_RED ? "red" : "par");
        put_ext(b, c, e->rank[i].ext);
        rec_close(b);
    }
    if (e->red) {
        rec_open(b, 0, "red");
        rec_put_word(b, ein_red_word(e->red));
        if (e->red == RED_USER)
            rec_put_word(b, c->monoid.at[e->monoid].name);
        rec_close(b);
    }
    rec_open(b, 0, "acc");
    rec_put_word(b, dtype_name(e->acc));
    rec_close(b);
    if (e->as_written) {
        rec_open(b, 0, "as_written");
        rec_close(b);
    }
    struct arena *a = arena_new("ein text");
    ein_node *root = NEW_ARRAY(a, ein_node, e->nbody + 2);
    memcpy(root, e->body, e->nbody * sizeof *root);
    root[e->nbody] = e->guard;
    root[e->nbody + 1] = e->post;
    put_lets(p, root, e->nbody + 2, 1);
    put_nodes(p, 1, "body", e->body, e->nbody);
    if (e->guard)
        put_nodes(p, 1, "guard", &e->guard, 1);
    if (e->post)
        put_nodes(p, 1, "post", &e->post, 1);
    unmark(p, root, e->nbody + 2);
    arena_free(a);
    if (e->scan) {
        rec_open(b, 1, "scan");
        rec_put_int(b, e->scan);
        rec_put_int(b, e->scan_rank);
        if (e->scan_down)
            rec_put_word(b, "down");
        rec_close(b);
    }
    rec_open(b, 1, "phase");
    rec_put_word(b, phase_word[e->phase]);
    rec_close(b);
    if (e->group) {
        rec_open(b, 0, "group");
        rec_put_int(b, e->group);
        rec_close(b);
    }
    if (e->prov) {
        rec_open(b, 0, "prov");
        rec_put_word(b, e->prov);
        rec_close(b);
    }
    rec_close(b);
    buf_putc(b, '\n');
}

void ein_dump(struct buf *b, const struct cascade *c)
{
    rec_open(b, 0, "cascade");
    rec_put_word(b, c->name ? c->name : "-");
    if (c->training)
        rec_put_word(b, "training");
    rec_close(b);
    buf_putc(b, '\n');
    for (u32 i = 0; i < c->sym.n; i++) {
        const struct ein_sym *s = &c->sym.at[i];
        rec_open(b, 0, "sym");
        rec_put_word(b, s->name);
        rec_put_int(b, s->lo);
        rec_put_int(b, s->hi);
        rec_put_int(b, s->divides);
        rec_put_word(b, bind_word[s->bind]);
        rec_close(b);
        buf_putc(b, '\n');
    }
    for (u32 i = 0; i < c->tens.n; i++)
        put_tens(b, c, &c->tens.at[i]);
    struct arena *a = arena_new("ein text");
    struct printer p = { .b = b, .c = c, .let = NEW_ARRAY(a, u32, c->node.n), .uses = NEW_ARRAY(a, u32, c->node.n),
                         .size = NEW_ARRAY(a, u32, c->node.n), .height = NEW_ARRAY(a, u32, c->node.n) };
    for (u32 i = 0; i < c->monoid.n; i++)
        put_monoid(&p, &c->monoid.at[i]);
    for (u32 i = 0; i < c->eq.n; i++)
        put_eq(&p, &c->eq.at[i]);
    arena_free(a);
}
