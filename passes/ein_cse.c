/* ein_cse.c - ein-cse: equal equations become one.
 *
 * Nodes are hash-consed and ranks are numbers, so two equations compute the same iff their fields agree; parameters
 * are tensors of their own, so nothing with weights of its own is ever merged. */
#include "compiler/base/hash.h"
#include "passes/rewrite.h"

static u64 key_of(const struct ein_eq *e)
{
    u64 h = hash64(e->body, sizeof *e->body * e->nbody);
    h = hash64_seed(e->sub, sizeof *e->sub * e->nsub, h);
    for (u32 i = 0; i < e->nrank; i++) {
        i64 r[2] = {e->rank[i].ext, e->rank[i].kind};
        h = hash64_seed(r, sizeof r, h);
    }
    u32 rest[] = {e->red, e->monoid, e->acc, e->guard, e->post, e->nrank};
    return hash64_seed(rest, sizeof rest, h);
}

static bool equal(const struct cascade *c, const struct ein_eq *x, const struct ein_eq *y)
{
    const struct ein_tens *s = &c->tens.at[x->out[0]], *t = &c->tens.at[y->out[0]];
    bool same = x->red == y->red && x->monoid == y->monoid && x->acc == y->acc && x->guard == y->guard && x->post == y->post &&
                x->nrank == y->nrank && x->nsub == y->nsub && x->nbody == y->nbody && s->dtype == t->dtype && s->ndim == t->ndim;
    for (u32 i = 0; same && i < x->nrank; i++)
        same = x->rank[i].ext == y->rank[i].ext && x->rank[i].kind == y->rank[i].kind;
    for (u32 i = 0; same && i < x->nsub; i++)
        same = x->sub[i] == y->sub[i];
    for (u32 i = 0; same && i < x->nbody; i++)
        same = x->body[i] == y->body[i];
    for (u32 i = 0; same && i < s->ndim; i++)
        same = s->dim[i] == t->dim[i];
    return same;
}

/* BREAK_CSE: every parameter is taken for the first one of its shape. */
static void confuse_parameters(const struct cascade *c, u32 *map)
{
    for (u32 i = 0; i < c->tens.n; i++)
        for (u32 k = 0; k < i && c->tens.at[i].role == EIN_PARAM; k++) {
            const struct ein_tens *s = &c->tens.at[i], *t = &c->tens.at[k];
            if (t->role == EIN_PARAM && s->ndim == t->ndim && memcmp(s->dim, t->dim, sizeof *s->dim * s->ndim) == 0) {
                map[i] = k;
                break;
            }
        }
}

u32 ein_cse(struct cascade *c, const struct pass_options *o)
{
    struct rewrite *w = rw_open(c, o);
    u32 *map = NEW_ARRAY(w->a, u32, w->ntens + 1);
    for (u32 i = 0; i < w->ntens; i++)
        map[i] = i;
    if (o->break_ == BREAK_CSE)
        confuse_parameters(c, map);
    struct hmap seen = {0};
    bool moved = o->break_ == BREAK_CSE;
    for (u32 i = 0; i < w->neq; i++) {
        struct ein_eq e = c->eq.at[i];
        if (moved) {
            bool reads_moved = false;
            for (u32 r = 0; r < w->reads[i].n; r++)
                reads_moved |= map[c->node.at[w->reads[i].at[r]].u] != c->node.at[w->reads[i].at[r]].u;
            if (reads_moved) {
                e.body = arena_dup(c->a, e.body, sizeof *e.body * e.nbody);
                for (u32 k = 0; k < e.nbody; k++)
                    e.body[k] = rw_retarget(c, e.body[k], map);
                e.guard = rw_retarget(c, e.guard, map);
                e.post = rw_retarget(c, e.post, map);
                rw_set(w, i, e);
                w->fired--;             /* counted where the equal one was dropped */
            }
        }
        if (!rw_inlinable(w, i))
            continue;
        u64 key = key_of(&e);
        u32 at, same = 0;
        for (u32 k = hmap_first(&seen, key, &at); k && !same; k = hmap_next(&seen, key, &at))
            if (equal(c, &c->eq.at[k - 1], &e))
                same = k;
        if (same) {
            map[e.out[0]] = c->eq.at[same - 1].out[0];
            rw_drop(w, i);
            w->fired++;
            moved = true;
        } else {
            hmap_put(&seen, key, i + 1);
        }
    }
    hmap_free(&seen);
    return rw_close(w);
}
