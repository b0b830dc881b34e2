/* arch_text.c - architectures as records, and back.
 *
 *   (arch "space"
 *     (fn edge (params "f32[16, 32, 32]")
 *       (op relu 0 relu (in 0) (attrs 1/2) (out "f32[16, 32, 32]"))
 *       (rep 4 each (fn 0) (in 1 2) (split 1 0) (out ..))
 *       (results 2))
 *     (recipe lr 0.001))
 *
 * Nodes: (op NAME OVERLOAD LABEL ..), (call 1 LABEL ..), (rep N LABEL ..), (loop N LABEL ..). */
#include "compiler/base/rec.h"
#include "compiler/ir/arch.h"

#include <stdio.h>

static const char *const node_head[] = {[ANODE_OP] = "op", [ANODE_CALL] = "call", [ANODE_REP] = "rep", [ANODE_LOOP] = "loop"};

static void put_type(struct buf *b, const struct types *t, type_id id)
{
    struct buf s = {0};
    type_print(&s, t, id, true);
    rec_put_word(b, s.at);
    buf_free(&s);
}

static void put_num(struct buf *b, struct num v)
{
    struct buf s = {0};
    if (v.kind == NUM_REAL) {
        rec_put_real(b, v.r);
        return;
    }
    num_print(&s, v);
    buf_printf(b, " %s", s.at);
    buf_free(&s);
}

static void put_values(struct buf *b, const char *head, u32 n, const aval *v)
{
    rec_open(b, 0, head);
    for (u32 i = 0; i < n; i++)
        rec_put_int(b, v[i]);
    rec_close(b);
}

static void put_node(struct buf *b, const struct arch *a, const struct anode *n)
{
    rec_open(b, 2, node_head[n->kind]);
    if (n->kind == ANODE_OP) {
        rec_put_word(b, n->op->op->name);
        rec_put_int(b, n->op->op->overload);
    } else {
        rec_put_int(b, (i64)n->n);
    }
    rec_put_word(b, n->label);
    if (n->kind != ANODE_OP) {
        rec_open(b, 0, "fn");
        rec_put_int(b, n->fn);
        rec_close(b);
    }
    put_values(b, "in", n->nin, n->in);
    if (n->kind == ANODE_OP && n->op->op->nattr) {
        rec_open(b, 0, "attrs");
        for (u32 i = 0; i < n->op->op->nattr; i++)
            put_num(b, n->op->slot[i].v);
        rec_close(b);
    }
    if (n->kind == ANODE_REP) {
        rec_open(b, 0, "split");
        for (u32 i = 0; i < n->nin; i++)
            rec_put_int(b, n->spread && n->spread[i]);
        rec_close(b);
    }
    if (n->tie) {
        rec_open(b, 0, "tie");
        rec_put_int(b, n->tie);
        rec_put_int(b, n->tie_up);
        rec_close(b);
    }
    rec_open(b, 0, "out");
    for (u32 i = 0; i < n->nout; i++)
        put_type(b, a->types, n->out[i]);
    rec_close(b);
    rec_close(b);
}

void arch_dump(struct buf *b, const struct arch *a)
{
    rec_open(b, 0, "arch");
    rec_put_word(b, a->space);
    for (u32 i = 0; i < a->fn.n; i++) {
        const struct afn *f = &a->fn.at[i];
        rec_open(b, 1, "fn");
        rec_put_word(b, f->name);
        rec_open(b, 0, "params");
        for (u32 k = 0; k < f->nparam; k++)
            put_type(b, a->types, f->param[k]);
        rec_close(b);
        for (u32 k = 0; k < f->node.n; k++)
            put_node(b, a, &f->node.at[k]);
        rec_open(b, 2, "results");
        for (u32 k = 0; k < f->nout; k++)
            rec_put_int(b, f->out[k]);
        rec_close(b);
        rec_close(b);
    }
    for (u32 i = 0; i < a->recipe.n; i++) {
        const struct arecipe *r = &a->recipe.at[i];
        rec_open(b, 1, "recipe");
        rec_put_word(b, r->name);
        if (r->is_str) {
            rec_open(b, 0, "text");
            rec_put_word(b, r->s);
            rec_close(b);
        } else {
            put_num(b, r->v);
        }
        rec_close(b);
    }
    rec_close(b);
    buf_putc(b, '\n');
}

struct reader {
    struct arena *a;
    struct str_pool *sp;
    struct diags *ds;
    struct op_memo *memo;
    struct op_table *ops;
    struct arch *arch;
    struct afn *f;              /* under construction */
    u32 nerrors;                /* ds's, when we began */
};

static bool wrong(struct reader *r, const struct rec *at, const char *what)
{
    diag_add(r->ds, E0809, at->loc, "%s", what);
    return false;
}

static bool read_num(struct reader *r, const struct rec *x, struct num *out)
{
    if (x->kind == REC_INT) {
        *out = num_int(x->i);
        return true;
    }
    if (x->kind == REC_REAL) {
        *out = num_real(x->r);
        return true;
    }
    long long n, d;
    int end = 0;
    if (x->kind == REC_WORD && sscanf(x->text, "%lld/%lld%n", &n, &d, &end) == 2 && x->text[end] == 0 && d > 0) {
        *out = num_rat(n, d);
        return out->kind != NUM_BAD;
    }
    return wrong(r, x, "a number is expected here");
}

static bool read_types(struct reader *r, const struct rec *x, u32 *n, const type_id **out)
{
    type_id *t = NEW_ARRAY(r->a, type_id, x->n + 1);
    for (u32 i = 0; i < x->n; i++) {
        const char *end;
        str s;
        if (!rec_word(r->ds, x, i, &s))
            return false;
        t[i] = type_parse(r->arch->types, s, &end);
        if (!t[i] || *end)
            return wrong(r, &x->item[i], "this is not a tensor type");
    }
    *n = x->n;
    *out = t;
    return true;
}

static bool read_values(struct reader *r, const struct rec *x, u32 *n, const aval **out)
{
    aval *v = NEW_ARRAY(r->a, aval, x->n + 1);
    for (u32 i = 0; i < x->n; i++) {
        i64 k;
        if (!rec_int(r->ds, x, i, &k))
            return false;
        if (k < 0 || k >= r->f->nval)
            return wrong(r, &x->item[i], "no value of this number is defined yet");
        v[i] = (aval)k;
    }
    *n = x->n;
    *out = v;
    return true;
}

static const struct rec *need(struct reader *r, const struct rec *x, const char *head)
{
    const struct rec *s = rec_find(x, head);
    if (!s)
        diag_add(r->ds, E0806, x->loc, "this record needs a (%s ..)", head);
    return s;
}

static bool read_op(struct reader *r, const struct rec *x, struct anode *n)
{
    str name;
    i64 overload;
    if (!rec_word(r->ds, x, 0, &name) || !rec_int(r->ds, x, 1, &overload) || !rec_word(r->ds, x, 2, &n->label))
        return false;
    const struct op *op = NULL;
    for (u32 i = 0; i < r->ops->at.n && !op; i++)
        if (strcmp(r->ops->at.at[i]->name, name) == 0 && r->ops->at.at[i]->overload == overload)
            op = r->ops->at.at[i];
    if (!op)
        return wrong(r, &x->item[0], "the grammar has no such op");
    struct num *attr = NEW_ARRAY(r->a, struct num, op->nattr + 1);
    const struct rec *at = rec_find(x, "attrs");
    if ((at ? at->n : 0) != op->nattr)
        return wrong(r, at ? at : x, "the op has another number of attributes");
    for (u32 i = 0; i < op->nattr; i++)
        if (!read_num(r, &at->item[i], &attr[i]))
            return false;
    type_id *in = NEW_ARRAY(r->a, type_id, n->nin + 1);
    for (u32 i = 0; i < n->nin; i++)
        in[i] = arch_val_type(r->f, n->in[i]);
    struct op_why why = {0};
    n->op = op_infer(r->memo, op, attr, n->nin, in, &why);
    if (!n->op) {
        struct buf b = {0};
        op_why_print(&b, r->memo, op, &why);
        diag_add(r->ds, E0809, x->loc, "%s does not apply: %s", op->name, b.at ? b.at : "refused");
        buf_free(&b);
        return false;
    }
    return true;
}

static bool read_node(struct reader *r, const struct rec *x)
{
    struct anode n = {.n = 1};
    u32 kind = 0;
    while (kind < COUNTOF(node_head) && strcmp(x->text, node_head[kind]) != 0)
        kind++;
    if (kind == COUNTOF(node_head))
        return wrong(r, x, "(op ..), (call ..), (rep ..), (loop ..) or (results ..) is expected here");
    n.kind = (u8)kind;
    const struct rec *in = need(r, x, "in"), *out = need(r, x, "out"), *s;
    if (!in || !out || !read_values(r, in, &n.nin, &n.in) || !read_types(r, out, &n.nout, &n.out))
        return false;
    if (kind == ANODE_OP) {
        if (!read_op(r, x, &n))
            return false;
    } else {
        i64 times, fn;
        if (!rec_int(r->ds, x, 0, &times) || !rec_word(r->ds, x, 1, &n.label) || !(s = need(r, x, "fn")) || !rec_int(r->ds, s, 0, &fn))
            return false;
        if (fn < 0 || fn >= r->arch->fn.n)
            return wrong(r, s, "no function of this number stands before");
        if (times < 1)
            return wrong(r, &x->item[0], "a count is at least 1");
        n.n = (u64)times;
        n.fn = (u32)fn;
    }
    if (kind == ANODE_REP) {
        bool *split = NEW_ARRAY(r->a, bool, n.nin + 1);
        if (!(s = need(r, x, "split")))
            return false;
        for (u32 i = 0; i < n.nin; i++) {
            i64 v;
            if (!rec_int(r->ds, s, i, &v))
                return false;
            split[i] = v != 0;
        }
        n.spread = split;
    }
    if ((s = rec_find(x, "tie"))) {
        i64 tie, up;
        if (!rec_int(r->ds, s, 0, &tie) || !rec_int(r->ds, s, 1, &up))
            return false;
        n.tie = (u32)tie;
        n.tie_up = (u32)up;
    }
    n.out0 = r->f->nval;
    r->f->nval += n.nout;
    vec_push(r->a, &r->f->node, n);
    return true;
}

static bool read_fn(struct reader *r, const struct rec *x)
{
    struct afn f = {0};
    r->f = &f;
    const struct rec *params = need(r, x, "params"), *results = need(r, x, "results");
    if (!params || !results || !rec_word(r->ds, x, 0, &f.name) || !read_types(r, params, &f.nparam, &f.param))
        return false;
    f.nval = f.nparam;
    for (u32 i = 1; i < x->n; i++) {
        const struct rec *it = &x->item[i];
        if (it == params || it == results)
            continue;
        if (it->kind != REC_LIST)
            return wrong(r, it, "a node is expected here");
        if (!read_node(r, it))
            return false;
    }
    if (!read_values(r, results, &f.nout, &f.out))
        return false;
    vec_push(r->a, &r->arch->fn, f);
    return true;
}

static bool read_recipe(struct reader *r, const struct rec *x)
{
    struct arecipe rc = {0};
    if (!rec_word(r->ds, x, 0, &rc.name))
        return false;
    const struct rec *text = rec_find(x, "text");
    if (text) {
        rc.is_str = true;
        if (!rec_word(r->ds, text, 0, &rc.s))
            return false;
    } else {
        if (x->n < 2)
            return wrong(r, x, "a recipe has a value");
        if (!read_num(r, &x->item[1], &rc.v))
            return false;
    }
    vec_push(r->a, &r->arch->recipe, rc);
    return true;
}

struct arch *arch_read(struct arena *a, struct str_pool *sp, struct diags *ds, const struct src *s, struct op_memo *m, struct op_table *ops)
{
    u32 n;
    struct rec *top = rec_parse(a, sp, ds, s, &n);
    if (!top)
        return NULL;
    struct reader r = {.a = a, .sp = sp, .ds = ds, .memo = m, .ops = ops};
    struct loc at = {s->id, 0, 0};
    if (n != 1 || top->kind != REC_LIST || strcmp(top->text, "arch") != 0) {
        diag_add(ds, E0808, n ? top->loc : at, "one (arch ..) is expected");
        return NULL;
    }
    r.arch = NEW(a, struct arch);
    r.arch->a = a;
    r.arch->types = op_memo_types(m);
    if (!rec_word(ds, top, 0, &r.arch->space))
        return NULL;
    for (u32 i = 1; i < top->n; i++) {
        const struct rec *x = &top->item[i];
        bool ok = x->kind == REC_LIST && strcmp(x->text, "fn") == 0       ? read_fn(&r, x)
                  : x->kind == REC_LIST && strcmp(x->text, "recipe") == 0 ? read_recipe(&r, x)
                                                                          : wrong(&r, x, "(fn ..) or (recipe ..) is expected here");
        if (!ok)
            return NULL;
    }
    struct buf why = {0};
    bool ok = arch_verify(r.arch, &why);
    if (!ok)
        diag_add(ds, E0809, top->loc, "this architecture does not hold together: %s", why.at);
    buf_free(&why);
    return ok ? r.arch : NULL;
}
