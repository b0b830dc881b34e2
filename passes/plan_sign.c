/* plan_sign.c - a group of equations as bytes: what ein_to_loop would look at, and nothing else.
 *
 * In: a group.  Out: a byte string in which tensors are numbered by first mention and appear as shape, dtype
 * and phase; nodes are numbered by first mention too.  Equal strings lower to equal functions, symbols and units, so a
 * plan lowers each string once: the fifteen cells of a network cost what one does. */
#include "passes/plan_sign.h"

struct signer { struct buf *b; const struct cascade *c; u32 ntens, most, *tens; bool ok; struct idmap seen; u32 nseen; struct arena *a; };

static void put(struct signer *s, i64 v)
{
    /* seven bits a byte, low first, the sign folded in */
    u64 u = v < 0 ? ~((u64)v << 1) : (u64)v << 1;
    do {
        buf_putc(s->b, (char)((u & 127) | (u > 127 ? 128 : 0)));
        u >>= 7;
    } while (u);
}

static void put_tens(struct signer *s, u32 t)
{
    u32 k = 0;
    while (k < s->ntens && s->tens[k] != t)
        k++;
    put(s, k);
    if (k < s->ntens)
        return;
    if (s->ntens == s->most) {
        s->ok = false;
        return;
    }
    s->tens[s->ntens++] = t;
    const struct ein_tens *x = &s->c->tens.at[t];
    put(s, x->dtype);
    put(s, x->ndim);
    for (u32 d = 0; d < x->ndim; d++)
        put(s, x->dim[d]);
}

static void put_node(struct signer *s, ein_node x)
{
    if (!x) {
        put(s, -1);
        return;
    }
    u32 at = idmap_home(&s->seen, x), id;
    if ((id = idmap_find(&s->seen, x, &at))) {
        put(s, -1 - (i64)id);
        return;
    }
    const struct ein_x *y = &s->c->node.at[x];
    put(s, y->kind);
    if (y->kind == EIN_READ || y->kind == EIN_GATHER)
        put_tens(s, y->u);
    else
        put(s, y->u);
    put(s, y->i);
    u64 bits;
    memcpy(&bits, &y->r, sizeof bits);
    put(s, (i64)bits);
    put_node(s, y->a);
    put_node(s, y->b);
    put_node(s, y->c);
    put(s, y->nlist);
    for (u32 i = 0; i < y->nlist; i++)
        put_node(s, s->c->list.at[y->list + i]);
    idmap_put(s->a, &s->seen, x, ++s->nseen);
}

u32 plan_sign(struct buf *b, struct arena *a, const struct cascade *c, u32 group, u32 first, u32 most, u32 *tens, bool *ok)
{
    struct signer s = { .b = b, .c = c, .most = most, .tens = tens, .ok = true, .a = a };
    for (u32 i = first; i < c->eq.n; i++) {
        const struct ein_eq *e = &c->eq.at[i];
        if (e->group != group)
            continue;
        put(&s, e->nout);
        for (u32 k = 0; k < e->nout; k++)
            put_tens(&s, e->out[k]);
        put(&s, e->nrank);
        for (u32 k = 0; k < e->nrank; k++) {
            put(&s, e->rank[k].ext);
            put(&s, e->rank[k].kind);
        }
        put(&s, e->red);
        put(&s, e->red == RED_USER ? (i64)e->monoid : -1);
        put(&s, e->acc);
        put(&s, e->as_written);
        put(&s, e->scan);
        put(&s, e->scan ? e->scan_rank * 2 + e->scan_down : 0);
        for (u32 k = 0; k < e->nsub; k++)
            put_node(&s, e->sub[k]);
        for (u32 k = 0; k < e->nbody; k++)
            put_node(&s, e->body[k]);
        put_node(&s, e->guard);
        put_node(&s, e->post);
    }
    *ok = s.ok;
    return s.ntens;
}
