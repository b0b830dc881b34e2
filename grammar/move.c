/* move.c - parents and their nodes; an evaluation that follows one; mutation.
 *
 * Follows: each draw of the new derivation that stands for one of a parent knows it (draw.user).  The k-th draw that is asked for by a
 * mention under such a draw stands for the k-th that the parent made there; so rounds of a repeat keep their draws when there are more
 * or fewer of them.  Draws under the node that changes stand for none, or, in a crossover, for those of the other parent. */
#include "grammar/move_int.h"

/* Bounds of the search at one node: subtrees drawn, and steps of evaluation.  Past them the node is given up. */
enum { MOST_TRIES = 10000, MOST_STEPS = 5000000 };

#define MOVE_PATH 0x6e6173632d6d7574ull

/* ---- values, compared ---- */

/* Hashes what a value gives; exact: with where axes came from.  False: a stage that cannot be compared (`stages`: none may be there). */
static bool hash_val(const struct val *v, bool exact, bool stages, u64 *h);

static bool hash_stage(const struct stage *st, bool exact, u64 *h)
{
    if (st->kind != ST_OP && st->kind != ST_RULE)
        return false;
    *h = path_mix(path_mix(*h, st->kind), (u64)(uintptr_t)(st->kind == ST_OP ? (const void *)st->ops : (const void *)st->rules));
    for (u32 i = 0; i < st->nattr; i++) {
        *h = path_mix(*h, (u64)(uintptr_t)st->attr[i].name);
        if (!hash_val(&st->attr[i].v, exact, true, h))
            return false;
    }
    return true;
}

static bool hash_val(const struct val *v, bool exact, bool stages, u64 *h)
{
    *h = path_mix(*h, v->kind);
    switch (v->kind) {
    case V_TENSOR:
        *h = path_mix(*h, v->type);
        return true;
    case V_NUM:
        if (exact)
            *h = path_mix(*h, v->type);
        if (v->exact) {
            *h = path_mix(*h, (u64)v->i);
        } else {
            double d = num_double(val_get(*v));
            *h = hash64_seed(&d, sizeof(d), *h);
        }
        return true;
    case V_STR:
        *h = hash64_seed(v->s, strlen(v->s), *h);
        return true;
    case V_TUPLE:
        *h = path_mix(*h, v->tuple->n);
        for (u32 i = 0; i < v->tuple->n; i++)
            if (!hash_val(&v->tuple->at[i], exact, stages, h))
                return false;
        return true;
    case V_STAGE:
        return stages && hash_stage(v->stage, exact, h);
    default:
        return true;
    }
}

/* ---- following ---- */

/* Alternative i of this choice is what the parent took there. */
static bool same_alternative(const struct choice *c, u32 i, const struct draw *src)
{
    const struct elab_choice *ec = c->elab;
    const struct acase *k = &ec->cases->at[i];
    if (!k->alt ? k->opt != src->alt : k->alt->ast != src->alt || (k->inner ? k->inner->alt->ast : NULL) != src->inner)
        return false;
    if (!k->alt ? k->opt->kind != A_RANGE : c->draw->rule->cache != NULL)
        return true;            /* the same everywhere */
    struct draw d = *c->draw;
    elab_alternative(c, i, &d);
    u32 first = 0;              /* attributes may differ: families must not */
    for (u32 j = 0; k->alt && j < c->draw->rule->nattr; j++)
        first += val_has_text(&ec->d->frame->slot[j]);
    for (u32 j = first; j < d.nvar; j++)
        for (u32 s = 0; s < src->nvar; s++)
            if (d.var[j] == src->var[s] && strcmp(d.value[j].text, src->value[s].text))
                return false;
    return true;
}

static int follow(const struct choice *c, const struct draw *src)
{
    u32 i = src->alt_no;
    if (c->draw->rule != src->rule)
        return -1;
    if (i >= c->n || !same_alternative(c, i, src))
        for (i = 0; i < c->n && !same_alternative(c, i, src); i++)
            ;
    return i < c->n && (c->weight[i] > 0 || !(src->p > 0)) ? (int)i : -1;
}

static bool in_once(const struct enode *d)
{
    for (d = d->parent; d; d = d->parent)
        if (d->holder)
            return true;
    return false;
}

static void note(struct move_node *n, const struct choice *c, u32 taken)
{
    const struct elab_choice *ec = c->elab;
    const struct gram_rule *r = c->draw->rule;
    for (u32 i = 0; i < c->n; i++)
        n->decides |= i != taken && c->weight[i] > 0;
    n->in_once = in_once(ec->d);
    n->attrs = 1;
    n->has_attrs = true;
    n->has_args = r != NULL;
    u64 all = 1;
    for (u32 i = 0; r && i < r->nattr + r->nparam; i++) {
        if (i < r->nattr)
            n->has_attrs &= hash_val(&ec->d->frame->slot[i], false, true, &n->attrs);
        n->has_args &= hash_val(&ec->d->frame->slot[i], true, false, &all);
    }
}

static void mark(struct mover *m, struct move_node *n, u64 seen)
{
    n->seen = seen;
    if (m->target)
        vec_push(m->scratch, &m->matched, n);
}

/* The node that a draw stands for: NULL: none is left. */
static struct move_node *stands_for(struct mover *m, const struct choice *c)
{
    if (!c->parent)
        return &m->p->node[0];
    struct move_node *up = c->parent->user;
    struct move_parent *p = m->q && up >= m->q->node && up < m->q->node + m->q->nnode ? m->q : m->p;
    u64 seen = p == m->q && p != m->p ? m->seen_q : m->seen;
    for (u32 i = 0; i < up->nkid; i++) {
        struct move_node *n = &p->node[p->kid[up->kid + i]];
        if (n->seen != seen && n->d->at == c->draw->at && n->d->rules == c->draw->rules) {
            mark(m, n, seen);
            return n;
        }
    }
    return NULL;
}

static int pick_fresh(struct mover *m, const struct choice *c)
{
    if (!m->trie)
        return -1;
    const struct elab_choice *ec = c->elab;
    m->nrest += m->done;
    if (c->draw->rule && !elab_sift(ec->e, ec->d->frame, c->draw->rule, ec->cases, (bool *)c->tried))
        return -1;
    return trie_pick(m->trie, c);
}

static int pick(void *ctx, const struct choice *c)
{
    struct mover *m = ctx;
    struct draw *d = (struct draw *)c->draw;
    if (d == m->target)                     /* its last subtree failed */
        return pick_fresh(m, c);
    if (c->parent && !c->parent->user)
        return pick_fresh(m, c);
    struct move_node *n = stands_for(m, c);
    if (!n)
        return pick_fresh(m, c);
    if (n == m->at && !m->target) {
        m->target = d;
        if (!m->graft)
            return pick_fresh(m, c);
        n = m->graft;
        n->seen = m->seen_q;
    }
    d->user = n;
    int i = follow(c, n->d);
    if (m->noting && i >= 0)
        note(n, c, (u32)i);
    return i;
}

/* The subtree under way is no good: is another to be tried? */
static bool another(struct mover *m)
{
    trie_refuse(m->trie);
    trie_restart(m->trie);
    m->tries++;
    while (m->matched.n)
        m->matched.at[--m->matched.n]->seen = 0;
    return !trie_exhausted(m->trie) && m->tries < MOST_TRIES && m->steps < MOST_STEPS;
}

static bool was_refused(const struct mover *m, u64 value)
{
    u32 at = idmap_home(&m->refused, value);
    return idmap_find(&m->refused, value, &at) != 0;
}

static bool again(void *ctx, const struct draw *d, const struct val *v, u64 steps)
{
    struct mover *m = ctx;
    if (d != m->target || m->graft)
        return false;
    m->steps += steps;
    if (v) {
        m->value = 1;
        m->has_value = m->at->has_args && !m->at->in_once && hash_val(v, true, false, &m->value);
        m->done = true;
        if (!m->has_value || !was_refused(m, m->value))
            return false;
        m->done = false;
    }
    return another(m);
}

static double unit(void *ctx, u64 path)
{
    struct mover *m = ctx;
    (void)path;
    return m->trie ? rng_unit(m->trie->rng) : 0.5;
}

struct derivation *move_run(struct mover *m, struct arena *a, struct diags *why, struct elab_end *end)
{
    struct chooser c = {.ctx = m, .mute = true, .pick = pick, .again = m->trie ? again : NULL, .unit = unit};
    m->seen = ++m->p->stamp;
    m->seen_q = m->q ? ++m->q->stamp : 0;
    m->target = NULL;
    m->done = false;
    m->nrest = 0;
    m->matched.n = 0;
    if (m->trie)
        trie_restart(m->trie);
    return elab_run(a, m->p->g, m->p->d->space, &c, why, NULL, end);
}

/* ---- parents ---- */

static u32 count(const struct draw *d)
{
    u32 n = 1;
    for (u32 i = 0; i < d->nchild; i++)
        n += count(d->child[i]);
    return n;
}

static struct hash128 shape_of(const struct move_parent *p, const struct move_node *n)
{
    const struct draw *d = n->d;
    struct buf b = {0};
    const void *what[] = {d->rules ? (const void *)d->rules : (const void *)d->at, d->alt, d->inner};
    buf_put(&b, what, sizeof(what));
    buf_put(&b, &d->alt_no, sizeof(d->alt_no));
    for (u32 i = 0; !(d->rule && d->rule->cache) && i < d->nvar; i++) {     /* its number alone does not say which it is */
        buf_puts(&b, d->value[i].text);
        buf_putc(&b, 0);
    }
    for (u32 i = 0; i < n->nkid; i++)
        buf_put(&b, &p->node[p->kid[n->kid + i]].shape, sizeof(struct hash128));
    struct hash128 h = hash128(b.at, b.n);
    buf_free(&b);
    return h;
}

static u32 list_nodes(struct move_parent *p, const struct draw *d, const struct move_node *up, u32 *nkid)
{
    u32 number = p->nnode++;
    struct move_node *n = &p->node[number];
    *n = (struct move_node){.d = d, .up = up, .number = number, .kid = *nkid, .nkid = d->nchild};
    *nkid += d->nchild;
    for (u32 i = 0; i < d->nchild; i++)
        p->kid[n->kid + i] = list_nodes(p, d->child[i], n, nkid);
    n->shape = shape_of(p, n);
    return number;
}

struct move_parent *move_parent_new(struct arena *a, struct gram *g, const struct derivation *d, struct diags *ds)
{
    struct move_parent *p = NEW(a, struct move_parent);
    u32 n = count(d->root), nkid = 0;
    *p = (struct move_parent){.a = a, .g = g, .d = d, .node = NEW_ARRAY(a, struct move_node, n), .kid = NEW_ARRAY(a, u32, n), .open = NEW_ARRAY(a, u32, n)};
    list_nodes(p, d->root, NULL, &nkid);
    struct arena *scratch = arena_new("move");
    struct diags why;
    diags_init(&why, scratch, g->srcs);
    struct mover m = {.p = p, .scratch = scratch, .noting = true};
    bool ok = move_run(&m, scratch, &why, NULL);
    if (!ok) {
        const struct diag *w = why.all.n ? why.all.at[0] : NULL;
        struct diag *e = diag_add(ds, E0760, w ? w->loc : d->space->ast->loc, "the parent is no network of `%s` as it is here%s%s", d->space->set->d.name,
                                  w ? ": " : "", w ? w->text : "");
        diag_hint(ds, e, "limits and constants have to be those it was made with");
    }
    arena_free(scratch);
    for (u32 i = 0; ok && i < p->nnode; i++)
        if (p->node[i].decides)
            p->open[p->nopen++] = i;
    return ok ? p : NULL;
}

static const char *name_of(const struct move_node *n)
{
    return n->d->label ? n->d->label : n->d->rules ? n->d->rules->d.name : "choose";
}

void move_path(struct buf *b, const struct move_parent *p, const struct move_node *n)
{
    if (!n->up)
        return;
    if (n->up->up) {
        move_path(b, p, n->up);
        buf_putc(b, '.');
    }
    const char *name = name_of(n);
    u32 same = 0, before = 0;
    for (u32 i = 0; i < n->up->nkid; i++) {
        const struct move_node *k = &p->node[p->kid[n->up->kid + i]];
        if (strcmp(name_of(k), name))
            continue;
        before += k->number < n->number;
        same++;
    }
    buf_puts(b, name);
    if (same > 1)
        buf_printf(b, "[%u]", before);
}

/* ---- mutation ---- */

/* The node's subtree drawn anew until the whole is valid and another network; NULL: impossible, or given up. */
static struct derivation *mutate_at(struct arena *a, struct mover *m, const struct move_test *t, struct elab_end *end)
{
    struct arena_mark mk = arena_mark(a);
    for (;;) {
        struct derivation *d = move_run(m, a, NULL, end);
        if (end->hard)
            return NULL;
        if (!d && !m->done)                 /* the target never had a value: there is none left */
            return NULL;
        m->steps += end->steps;
        if (d && t->is_new(t->ctx, d))
            return d;
        if (!d && m->has_value && !m->nrest && !end->bounded)
            idmap_put(m->scratch, &m->refused, m->value, 1);
        arena_reset(a, mk);
        if (!another(m))
            return NULL;
    }
}

struct derivation *move_mutate(struct arena *a, struct move_parent *p, const struct move_test *t, u64 seed, u64 index, struct move *what)
{
    *what = (struct move){0};
    struct arena *scratch = arena_new("move");
    struct rng rng = rng_make(seed, index, MOVE_PATH);
    u32 *open = arena_dup(scratch, p->open, p->nopen * sizeof(*open));
    struct derivation *d = NULL;
    for (u32 n = p->nopen; n && !d && !what->hard; n--) {
        u32 k = (u32)(rng_unit(&rng) * n), at = open[k];
        open[k] = open[n - 1];
        if (p->node[at].closed)             /* known: of no influence on what is drawn */
            continue;
        struct arena_mark mk = arena_mark(scratch);
        struct rng own = rng_make(seed, index, path_mix(MOVE_PATH, at + 1));
        struct trie trie;
        struct elab_end end;
        trie_begin(&trie, scratch, &own);
        struct mover m = {.p = p, .at = &p->node[at], .trie = &trie, .scratch = scratch};
        d = mutate_at(a, &m, t, &end);
        what->node = m.at;
        what->tries = m.tries + 1;
        what->hard = end.hard;
        p->node[at].closed = !d && trie_exhausted(&trie);
        what->given_up += !d && !p->node[at].closed;
        arena_reset(scratch, mk);
    }
    arena_free(scratch);
    return d;
}
