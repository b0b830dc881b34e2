/* arch_canon_dump.c - a canonical graph as people read it (--dump=arch:canon): a record a vertex, in canonical order.
 *
 *     (canon (id 0123..) (vertices 5) (sets 2) (live 2))
 *     (v 3 (op linear) (in 2) (set 1) (elems 64))
 *
 * Numbers are canonical, so what is printed is the same for equal ids but for the names of ops, which are those of the first. */
#include "passes/arch_canon_graph.h"

static void dump_view(struct buf *b, const struct view *v)
{
    buf_printf(b, " (map %lld", (long long)v->first);
    for (u32 i = 0; i < v->n; i++)
        buf_printf(b, " %lld*%lld", (long long)v->digit[i].extent, (long long)v->digit[i].stride);
    buf_puts(b, ")");
}

static void dump_reps(struct buf *b, const struct canon *c, const struct cinst *i)
{
    if (!i->reps)
        return;
    buf_puts(b, " (each");
    for (u32 k = 0; k < (u32)__builtin_popcount(i->reps); k++)
        buf_printf(b, " %llu", (unsigned long long)c->wide.at[i->wide + k]);
    buf_puts(b, ")");
}

static void dump_node(struct buf *b, struct canon *c, const struct cnode *x)
{
    static const char *const word[CN_KINDS] = { "input", "zero", "op", "part", "sum", "view", "each", "all" };
    struct arena_mark m = arena_mark(c->scratch);
    u32 *in = NEW_ARRAY(c->scratch, u32, x->nin + 1);
    u64 *times = NEW_ARRAY(c->scratch, u64, x->nin + 1);
    buf_printf(b, "(v %u (%s", x->vertex, word[x->kind]);
    if (x->kind == CN_OP)
        buf_printf(b, " %s", x->name);
    else if (x->kind == CN_IN || x->kind == CN_PART)
        buf_printf(b, " %u", x->a);
    else if (x->kind == CN_EACH || x->kind == CN_ALL)
        buf_printf(b, " %lld", (long long)x->n);
    buf_puts(b, ")");
    if (x->kind == CN_VIEW)
        dump_view(b, view_get(c->views, x->a));
    canon_inputs(c, x, in, times);
    if (x->nin)
        buf_puts(b, " (in");
    for (u32 i = 0; i < x->nin; i++) {
        if (x->kind == CN_SUM && times[i] != 1)
            buf_printf(b, " %llu*%u", (unsigned long long)times[i], in[i]);
        else if (in[i])
            buf_printf(b, " %u", in[i]);
        else
            buf_puts(b, " -");
    }
    if (x->nin)
        buf_puts(b, ")");
    if (x->inst) {
        const struct cinst *i = &c->inst.at[x->inst - 1];
        buf_printf(b, " (set %u", c->result.rank[x->inst - 1]);
        if (i->live > 1)
            buf_printf(b, " of %u", i->vertex);
        buf_puts(b, ")");
        if (i->live <= 1)
            dump_reps(b, c, i);
    }
    buf_printf(b, " (elems %lld))\n", (long long)x->elems);
    arena_reset(c->scratch, m);
}

void arch_canon_dump(struct canon *c, struct buf *b)
{
    char hex[33];
    hash128_hex(c->result.id, hex);
    buf_printf(b, "(canon (id %s) (vertices %u) (sets %u) (live %u))\n", hex, c->nvertex, c->result.ninst, c->result.nlive);
    for (u32 k = 0; k < c->nvertex; k++) {
        u32 w = c->order[k];
        if (w & CANON_INST) {
            const struct cinst *i = &c->inst.at[w & ~CANON_INST];
            buf_printf(b, "(v %u (shared %u)", i->vertex, c->result.rank[w & ~CANON_INST]);
            dump_reps(b, c, i);
            buf_puts(b, ")\n");
        } else {
            dump_node(b, c, &c->node.at[w]);
        }
    }
    buf_puts(b, "(out");
    for (u32 i = 0; i < c->nout && c->nvertex; i++)
        buf_printf(b, " %u", c->node.at[c->out[i]].vertex);
    buf_puts(b, ")\n");
}
