/* move_trie.c - a subtree drawn from the grammar, and drawn again when it failed, without repeating a failure.
 *
 * In: choices with their weights, and which paths of decisions were refused.  Holds: the mass of each known prefix
 * that is not refused.  A path is drawn in proportion to the product of its weights among those not refused yet: so what is
 * accepted at last has the grammar's own distribution conditioned on being acceptable, whatever was refused on the way, and when
 * no mass is left there is nothing acceptable.  Past a number of nodes nothing more is recorded: then a refused path may
 * come again, which changes no probability. */
#include "grammar/move_int.h"

enum { MOST_NODES = 20000 };

struct tedge { double weight; struct tnode *to; };      /* weight 0: refused, or never drawn */
struct tnode { struct tnode *up; u32 up_alt, n, nopen; double mass; struct tedge edge[]; };

void trie_begin(struct trie *t, struct arena *a, struct rng *r)
{
    *t = (struct trie){.a = a, .rng = r};
}

void trie_restart(struct trie *t)
{
    t->at = NULL;
    t->lost = false;
}

bool trie_exhausted(const struct trie *t)
{
    return t->root && !t->root->nopen;
}

static double edge_mass(const struct tedge *e)
{
    return e->to ? e->weight * e->to->mass : e->weight;
}

/* The mass of a node and of those above, after something below has changed: summed anew, so that nothing cancels. */
static void settle(struct tnode *n)
{
    for (; n; n = n->up) {
        n->mass = 0;
        n->nopen = 0;
        for (u32 i = 0; i < n->n; i++) {
            struct tedge *e = &n->edge[i];
            if (e->to && !e->to->nopen)
                *e = (struct tedge){0};
            n->mass += edge_mass(e);
            n->nopen += e->weight > 0;
        }
    }
}

static struct tnode *new_node(struct trie *t, const struct choice *c)
{
    struct tnode *n = arena_alloc(t->a, sizeof(*n) + c->n * sizeof(struct tedge));
    n->n = c->n;
    n->up = t->at;
    n->up_alt = t->alt;
    for (u32 i = 0; i < c->n; i++)
        n->edge[i].weight = c->tried[i] ? 0 : c->weight[i];
    if (t->at)
        t->at->edge[t->alt].to = n;
    else
        t->root = n;
    t->n++;
    settle(n);
    return n;
}

/* The alternative that u in [0, 1) falls on; -1: there is none. */
static int fall(const struct choice *c, const struct tnode *n, double u)
{
    double all = 0, sum = 0;
    int last = -1;
    for (u32 i = 0; i < c->n; i++)
        all += n ? edge_mass(&n->edge[i]) : c->tried[i] ? 0 : c->weight[i];
    for (u32 i = 0; i < c->n; i++) {
        double w = n ? edge_mass(&n->edge[i]) : c->tried[i] ? 0 : c->weight[i];
        if (!(w > 0))
            continue;
        sum += w;
        last = (int)i;
        if (u * all < sum)
            break;
    }
    return last;
}

int trie_pick(struct trie *t, const struct choice *c)
{
    double u = rng_unit(t->rng);
    if (t->lost)
        return fall(c, NULL, u);
    struct tnode *n = t->at ? t->at->edge[t->alt].to : t->root;
    if (!n && t->n >= MOST_NODES) {
        t->lost = true;
        return fall(c, NULL, u);
    }
    if (!n)
        n = new_node(t, c);
    CHECK(n->n == c->n);
    int i = fall(c, n, u);
    if (i >= 0) {
        t->at = n;
        t->alt = (u32)i;
    }
    return i;
}

void trie_refuse(struct trie *t)
{
    if (t->lost || !t->at)
        return;
    t->at->edge[t->alt] = (struct tedge){0};
    settle(t->at);
}
