/* move_cross.c - crossover: two parents, a node in each, their subtrees exchanged.
 *
 * Pairs of nodes of one nonterminal and equal attributes are taken in a random order until both children are valid and new networks.  What
 * a child is depends on the node that changes and on the decisions put there, not on where they came from: each such combination is
 * evaluated once. */
#include "grammar/move_int.h"

/* Children evaluated; pairs taken. */
enum { MOST_CHILDREN = 4000, MOST_PAIRS = 1000000 };

#define CROSS_PATH 0x6e6173632d637278ull

/* Nodes of the second parent that may be exchanged with some of the first. */
struct group { u64 key; u32 n, *at; };
struct pairs {
    VEC(struct group) group;
    struct idmap by_key;
    u32 n; u32 *node, *of; u64 *end;    /* nodes of the first parent, their groups, and the running count of pairs */
    u64 total;
    /* a random order of 0 .. total-1, as far as it is asked for: what swaps have moved */
    struct idmap moved;
    VEC(u64) place, value;
};
enum verdict { UNKNOWN, REFUSED, GOOD };
struct side { struct move_parent *p, *q; struct idmap known; VEC(u8) verdict; };
struct cross {
    struct arena *scratch;
    const struct move_test *t;
    struct side side[2];
    u32 children;
    bool hard;
};

static bool key_of(const struct move_node *n, u64 *key)
{
    if (!n->up || !n->has_attrs)
        return false;
    *key = path_mix(path_mix(n->attrs, (u64)(uintptr_t)(n->d->rules ? (const void *)n->d->rules : (const void *)n->d->at)), n->d->rules != NULL);
    return true;
}

static struct group *group_find(struct pairs *ps, u64 key, u32 *number)
{
    u32 at = idmap_home(&ps->by_key, key), id = idmap_find(&ps->by_key, key, &at);
    *number = id - 1;
    return id ? &ps->group.at[id - 1] : NULL;
}

static void list_pairs(struct arena *a, struct pairs *ps, const struct move_parent *p, const struct move_parent *q)
{
    u64 key;
    u32 g;
    for (u32 pass = 0; pass < 2; pass++)        /* counted, then filled in */
        for (u32 i = 0; i < q->nnode; i++) {
            if (!key_of(&q->node[i], &key))
                continue;
            struct group *it = group_find(ps, key, &g);
            if (!it) {
                vec_push(a, &ps->group, ((struct group){.key = key}));
                idmap_put(a, &ps->by_key, key, ps->group.n);
                it = &ps->group.at[ps->group.n - 1];
            }
            if (pass && !it->at) {
                it->at = NEW_ARRAY(a, u32, it->n);
                it->n = 0;
            }
            if (pass)
                it->at[it->n] = i;
            it->n++;
        }
    ps->node = NEW_ARRAY(a, u32, p->nnode);
    ps->of = NEW_ARRAY(a, u32, p->nnode);
    ps->end = NEW_ARRAY(a, u64, p->nnode);
    for (u32 i = 0; i < p->nnode; i++)
        if (key_of(&p->node[i], &key) && group_find(ps, key, &g)) {
            ps->total += ps->group.at[g].n;
            ps->node[ps->n] = i;
            ps->of[ps->n] = g;
            ps->end[ps->n++] = ps->total;
        }
}

static u64 *moved(struct pairs *ps, u64 place)
{
    u64 h = path_mix(1, place);
    u32 at = idmap_home(&ps->moved, h);
    for (u32 id; (id = idmap_find(&ps->moved, h, &at));)
        if (ps->place.at[id - 1] == place)
            return &ps->value.at[id - 1];
    return NULL;
}

/* Element k of a random order, of which k were taken. */
static u64 take(struct arena *a, struct pairs *ps, struct rng *r, u64 k)
{
    u64 j = k + (u64)(rng_unit(r) * (double)(ps->total - k));
    j = MIN(j, ps->total - 1);
    u64 *vj = moved(ps, j), *vk = moved(ps, k), got = vj ? *vj : j, here = vk ? *vk : k;
    if (vj) {
        *vj = here;
    } else if (j != k) {
        vec_push(a, &ps->place, j);
        vec_push(a, &ps->value, here);
        idmap_put(a, &ps->moved, path_mix(1, j), ps->place.n);
    }
    return got;
}

static void pair_of(const struct pairs *ps, const struct move_parent *p, const struct move_parent *q, u64 k, struct move_node **a, struct move_node **b)
{
    u32 lo = 0, hi = ps->n;
    while (lo < hi) {
        u32 mid = lo + (hi - lo) / 2;
        if (ps->end[mid] > k)
            hi = mid;
        else
            lo = mid + 1;
    }
    const struct group *g = &ps->group.at[ps->of[lo]];
    *a = &p->node[ps->node[lo]];
    *b = &q->node[g->at[k - (ps->end[lo] - g->n)]];
}

/* The child that has graft's decisions at node `at`, if it is valid and new. */
static struct derivation *child_of(struct cross *x, u32 which, struct arena *a, struct move_node *at, struct move_node *graft)
{
    struct side *s = &x->side[which];
    u64 key = path_mix(path_mix(graft->shape.lo, graft->shape.hi), at->number);
    u32 slot = idmap_home(&s->known, key), id = idmap_find(&s->known, key, &slot);
    if (id && s->verdict.at[id - 1] == REFUSED)
        return NULL;
    struct elab_end end;
    struct arena_mark mk = arena_mark(a), sm = arena_mark(x->scratch);
    struct mover m = {.p = s->p, .q = s->q, .at = at, .graft = graft, .scratch = x->scratch};
    struct derivation *d = move_run(&m, a, NULL, &end);
    arena_reset(x->scratch, sm);
    x->hard |= end.hard;
    x->children++;
    bool good = d && x->t->is_new(x->t->ctx, d);
    if (!id) {
        vec_push(x->scratch, &s->verdict, good ? GOOD : REFUSED);
        idmap_put(x->scratch, &s->known, key, s->verdict.n);
    }
    if (!good)
        arena_reset(a, mk);
    return good ? d : NULL;
}

/* Of the pairs in their order, the first that gives both children, or the first that gives one. */
static bool search(struct cross *x, struct arena *const a[2], struct pairs *ps, struct rng r, bool both, struct derivation *child[2], struct move *what)
{
    struct move_parent *p = x->side[0].p, *q = x->side[0].q;
    for (u64 k = 0; k < ps->total && k < MOST_PAIRS && x->children < MOST_CHILDREN && !x->hard; k++) {
        struct move_node *i, *j;
        pair_of(ps, p, q, take(x->scratch, ps, &r, k), &i, &j);
        what->tries++;
        if (i->shape.lo == j->shape.lo && i->shape.hi == j->shape.hi)
            continue;
        struct arena_mark mk = arena_mark(a[0]);
        child[0] = child_of(x, 0, a[0], i, j);
        child[1] = child[0] || !both ? child_of(x, 1, a[1], j, i) : NULL;
        if (both ? child[0] && child[1] : child[0] || child[1]) {
            what->node = i;
            what->other = j;
            return true;
        }
        arena_reset(a[0], mk);
    }
    child[0] = child[1] = NULL;
    return false;
}

bool move_crossover(struct arena *const a[2], struct move_parent *p, struct move_parent *q, const struct move_test *t, u64 seed, u64 index,
                    struct derivation *child[2], struct move *what)
{
    *what = (struct move){0};
    struct cross x = {.scratch = arena_new("move"), .t = t, .side = {{.p = p, .q = q}, {.p = q, .q = p}}};
    bool ok = false;
    for (u32 both = 2; both-- > 0 && !ok && !x.hard;) {
        struct pairs ps = {0};
        x.children = 0;
        list_pairs(x.scratch, &ps, p, q);
        ok = search(&x, a, &ps, rng_make(seed, index, CROSS_PATH), both, child, what);
    }
    what->hard = x.hard;
    arena_free(x.scratch);
    return ok;
}
