/* typed_walk.c - drawing on the tables: what derive.c and elab_draw.c say, without evaluating anything twice.
 *
 * Whatever is done here must be what the elaborator does under the chooser of that sampler, attempt for attempt: the same choices are
 * asked for in the same order, with the same numbers to decide them, and the same alternatives fail.  Costs are
 * added from event to event instead of op by op; as they only grow and limits only fail, that is the same. */
#include "grammar/typed_walk.h"

#include <stdlib.h>

struct wframe {
    struct tstate *done;
    u64 path[8];                /* of the draw, and of the choices open in it */
    u32 depth[8];
    u64 mult;
    u32 nest, me, use;          /* me: its node; use: where its once bodies are */
};

static const struct tval *draw(struct walk *w, struct tsym *s, u64 mult, u32 depth, u32 nest, u64 path);
static const struct tval *run(struct walk *w, struct wframe *f, struct tstate *st);
static const struct tval *follow(struct walk *w, struct tsym *s, u32 node, u64 mult, u32 depth, u32 nest);

void walk_init(struct walk *w, struct typed *t)
{
    *w = (struct walk){.t = t};
}

void walk_free(struct walk *w)
{
    free(w->node);
    free(w->use);
}

/* ---- costs ---- */

static const void *over(struct walk *w)
{
    w->stop = w->slow = true;
    return NULL;
}

static bool add(u64 *to, u64 x, u64 mult)
{
    u64 y;
    return !__builtin_mul_overflow(x, mult, &y) && !__builtin_add_overflow(*to, y, to) && *to <= (u64)INT64_MAX;
}

/* What it costs, mult times: false: past a limit, or (w->slow) past what is counted here. */
static bool pay(struct walk *w, const struct tcost *c, u64 mult)
{
    u64 bytes;
    if (!add(&w->params, c->params, mult) || !add(&w->macs, c->macs, mult) || !add(&w->nodes, c->nodes, mult) ||
        __builtin_mul_overflow(c->bytes, mult, &bytes)) {
        over(w);
        return false;
    }
    w->bytes = MAX(w->bytes, bytes);
    w->instances += c->instances;
    return w->params <= w->limit_params && w->macs <= w->limit_macs && w->nodes <= w->limit_nodes && w->bytes <= w->limit_memory;
}

static bool begin_use(struct walk *w, struct wframe *f, const struct tsite *s)
{
    u32 at = f->use + s->use;
    if (at >= w->capuse) {
        w->capuse = 2 * at + 16;
        w->use = realloc(w->use, w->capuse * sizeof(*w->use));
        CHECK(w->use);
    }
    w->nuse = MAX(w->nuse, at + 1);
    w->use[at] = (struct wuse){w->params, w->macs, w->nodes, 0, w->instances, f->mult * s->mult, w->bytes};
    w->bytes = 0;
    return true;
}

static void end_use(struct walk *w, struct wframe *f, const struct tsite *s)
{
    struct wuse *u = &w->use[f->use + s->use];
    *u = (struct wuse){(w->params - u->params) / u->mult, (w->macs - u->macs) / u->mult, (w->nodes - u->nodes) / u->mult, w->bytes / u->mult,
                       w->instances - u->instances, 0, MAX(w->bytes, u->outer)};
    w->bytes = u->outer;
}

static bool use_again(struct walk *w, struct wframe *f, const struct tsite *s)
{
    const struct wuse *u = &w->use[f->use + s->use];
    struct tcost c = {u->params, u->macs, u->nodes, u->bytes, u->instances};
    return pay(w, &c, f->mult * s->mult);
}

/* ---- undoing ---- */

struct mark { u64 params, macs, nodes, bytes, instances, tried, wasted; u32 depth, nnode, nuse; };

static struct mark mark_of(const struct walk *w)
{
    return (struct mark){w->params, w->macs, w->nodes, w->bytes, w->instances, w->tried, w->wasted, w->depth, w->nnode, w->nuse};
}

/* The alternative tried since is undone. */
static void undo(struct walk *w, const struct mark *m)
{
    w->params = m->params;
    w->macs = m->macs;
    w->nodes = m->nodes;
    w->bytes = m->bytes;
    w->instances = m->instances;
    w->depth = m->depth;
    w->nnode = m->nnode;
    w->nuse = m->nuse;
    w->wasted = m->wasted + (w->tried - m->tried);
    if (w->wasted > ELAB_MOST_WASTED)
        w->stop = true;
}

/* ---- choosing ---- */

/* By weight among those not tried; -1: none left.  The sums are those of derive_pick. */
static int pick(struct walk *w, const struct tweights *c, const u64 *tried, u32 ntried, u32 attempt, u64 path)
{
    if (w->pick)
        return w->pick(w->ctx, c);
    if (c->nopen == ntried)
        return -1;
    if (c->nopen == 1)
        return (int)c->only;
    double sum = 0, left = 0;
    int last = -1;
    if (!ntried) {
        w->chance = true;
        double u = w->unit(w->ctx, path, attempt) * c->sum[c->n - 1];
        for (u32 i = 0; i < c->n; i++)
            if (u < c->sum[i])
                return (int)i;          /* a weight of 0 adds nothing: it is never the first */
        for (u32 i = c->n; i-- > 0;)
            if (c->weight[i] > 0)
                return (int)i;
    }
    for (u32 i = 0; i < c->n; i++)
        if (!(tried[i / 64] >> i % 64 & 1) && c->weight[i] > 0) {
            left += c->weight[i];
            last = (int)i;
        }
    if (c->nopen - ntried == 1)
        return last;
    w->chance = true;
    double u = w->unit(w->ctx, path, attempt) * left;
    for (u32 i = 0; i < c->n; i++) {
        if (tried[i / 64] >> i % 64 & 1 || !(c->weight[i] > 0))
            continue;
        sum += c->weight[i];
        if (u < sum)
            return (int)i;
    }
    return last;
}

/* ---- drawing ---- */

static u64 path_of(const struct wframe *f, const struct tstate *st)
{
    u64 p = f->path[st->level];
    for (u32 i = 0; i < st->site->nstep; i++)
        p = path_mix(p, st->site->step[i]);
    return p;
}

static struct tstate *passed(struct walk *w, const struct wframe *f, struct tstate *st)
{
    w->steps += st->steps;
    if (w->steps > ELAB_MOST_STEPS)
        return (struct tstate *)over(w);
    if (st->site && f->nest + st->site->nest_most >= ELAB_MOST_NEST)
        return NULL;
    return !st->cost || pay(w, st->cost, f->mult) ? st : NULL;
}

static void deeper(struct walk *w, u32 depth)
{
    w->depth = MAX(w->depth, depth);
}

/* As in elab_draw.c. */
static u32 leave_out_deep(struct walk *w, const struct tsym *s, const struct tweights *c, u32 depth, u64 *tried)
{
    u32 n = 0;
    struct gram *g = w->t->g;
    if (!s->frame || depth + elab_most_need(g, s->rule) <= w->limit_depth || !elab_args_are_values(s->rule, s->frame))
        return 0;
    for (u32 i = 0; i < c->n; i++)
        if (depth + elab_need(g, &c->at[i]) > w->limit_depth) {
            tried[i / 64] |= (u64)1 << i % 64;
            n += c->weight[i] > 0;
        }
    return n;
}

/* The alternatives of the choice at st, and with one of them the rest of the symbol's alternative.  own: the level of its failures;
 * those below own - 1 are not its to answer. */
static const struct tval *try_all(struct walk *w, struct wframe *f, struct tstate *st, u32 own, u64 path, const struct tsym *sym)
{
    const struct tweights *c = st->choice->w;
    u64 some[2] = {0}, *tried = some, *heap = NULL;
    if (c->n > 128)
        tried = heap = calloc(c->n / 64 + 1, sizeof(*heap));
    CHECK(tried);
    const struct tval *r = NULL;
    struct mark m = mark_of(w);
    u32 ntried = sym && !w->exact ? leave_out_deep(w, sym, c, f->depth[0], tried) : 0;
    for (u32 attempt = 0; !r && !w->stop; attempt++, ntried++) {
        int i = pick(w, c, tried, ntried, attempt, path);
        if (i < 0) {
            w->level = st->level;
            break;
        }
        m.tried = w->tried++;
        m.wasted = w->wasted;
        struct tstate *to = st->choice->to[i];
        if (!to)
            to = typed_pick(w->t, st, (u32)i);
        r = run(w, f, to);
        if (r || w->stop || w->level < own)
            break;
        if (w->exact) {
            w->stop = true;
            break;
        }
        undo(w, &m);
        tried[i / 64] |= (u64)1 << i % 64;
    }
    free(heap);
    return r;
}

static const struct tval *choose(struct walk *w, struct wframe *f, struct tstate *st)
{
    u32 l = st->level + 1u, depth = f->depth[st->level] + st->site->deeper;
    w->level = st->level;
    if (depth > w->limit_depth)
        return NULL;
    f->depth[l] = depth;
    deeper(w, depth);
    u64 path = f->path[l] = path_of(f, st);
    return try_all(w, f, st, l, path, NULL);
}

/* From st to the end of the alternative.  NULL: failed at w->level, or w->stop. */
static const struct tval *run(struct walk *w, struct wframe *f, struct tstate *st)
{
    for (;;) {
        w->level = st->level;
        if (!passed(w, f, st))
            return NULL;
        switch ((enum tkind)st->kind) {
        case T_CALL: case T_FOLLOW: {
            const struct tsite *s = st->site;
            u32 depth = f->depth[st->level] + s->deeper;
            u64 mult;
            if (depth > w->limit_depth)
                return NULL;
            if (__builtin_mul_overflow(f->mult, s->mult, &mult))
                return over(w);
            const struct tval *r;
            if (st->kind == T_CALL) {
                r = draw(w, st->sym, mult, depth, f->nest + s->nest, path_of(f, st));
            } else {
                u32 child = f->me + 1;
                for (u32 i = 0; i < s->use; i++)
                    child += w->node[child].size;
                r = follow(w, st->sym, child, mult, depth, f->nest + s->nest);
            }
            if (!r) {
                w->level = st->level;
                return NULL;
            }
            st = st->last_on == r ? st->to : typed_result(w->t, st, r);
            break;
        }
        case T_CHOICE:
            w->chooses = true;
            return choose(w, f, st);
        case T_ONCE:
            begin_use(w, f, st->site);
            st = st->to;
            break;
        case T_ONCE_END:
            end_use(w, f, st->site);
            st = st->to;
            break;
        case T_AGAIN:
            if (!use_again(w, f, st->site))
                return NULL;
            st = st->to;
            break;
        case T_CLOSE:
            st = st->to;
            break;
        case T_DONE:
            f->done = st;
            return st->result;
        case T_FAIL:
            return NULL;
        case T_SLOW:
            return over(w);
        }
    }
}

static const struct tval *draw(struct walk *w, struct tsym *s, u64 mult, u32 depth, u32 nest, u64 path)
{
    if (w->nnode == w->cap) {
        w->cap = w->cap ? 2 * w->cap : 256;
        w->node = realloc(w->node, w->cap * sizeof(*w->node));
        CHECK(w->node);
    }
    struct wframe f;
    f.me = w->nnode++;
    f.mult = mult;
    f.nest = nest;
    f.use = w->nuse;
    f.path[0] = path;
    f.depth[0] = depth;
    deeper(w, depth);
    if (s->reads_depth)
        s = typed_at_depth(w->t, s, depth);
    struct tstate *st = s->entry ? s->entry : typed_entry(w->t, s);
    w->level = 0;
    if (!passed(w, &f, st) || st->kind == T_FAIL)
        return NULL;
    if (st->kind != T_CHOICE)
        return over(w);
    const struct tval *r = try_all(w, &f, st, 0, path, s);
    if (!r)
        return NULL;
    w->node[f.me] = (struct wnode){f.done, w->nnode - f.me};
    w->nuse = f.use;
    return r;
}

/* ---- following ---- */

/* The states on the way to a DONE, first to last. */
static u32 way_to(const struct tstate *done, u32 most, const struct tstate **out)
{
    u32 n = 0, i;
    for (const struct tstate *s = done; s; s = s->up)
        n++;
    i = n;
    for (const struct tstate *s = done; s; s = s->up)
        if (--i < most)
            out[i] = s;
    return n;
}

/* The decisions of a node again, at another symbol; nothing is chosen. */
static const struct tval *follow(struct walk *w, struct tsym *s, u32 node, u64 mult, u32 depth, u32 nest)
{
    const struct tstate *way[T_MOST_WAY + 8];
    struct wframe f = {.mult = mult, .nest = nest, .use = w->nuse, .depth = {depth}, .me = node};
    u32 n = way_to(w->node[node].done, COUNTOF(way), way), at = 0, child = node + 1;
    if (n > COUNTOF(way))
        return over(w);
    deeper(w, depth);
    if (s->reads_depth)
        s = typed_at_depth(w->t, s, depth);
    struct tstate *st = s->entry ? s->entry : typed_entry(w->t, s);
    for (;;) {
        if (!passed(w, &f, st))
            return NULL;
        const struct tsite *site = st->site;
        switch ((enum tkind)st->kind) {
        case T_CHOICE: {
            while (at < n && way[at]->kind != T_CHOICE && way[at]->kind != T_CALL)
                at++;
            if (at + 1 >= n || way[at]->kind != T_CHOICE || (st->up && way[at]->site->at != site->at))
                return over(w);         /* other draws: by their homes they may still fit */
            u64 alt = way[at + 1]->alt;
            at++;
            if (st->up) {
                f.depth[st->level + 1] = f.depth[st->level] + site->deeper;
                if (f.depth[st->level + 1] > w->limit_depth)
                    return NULL;
                deeper(w, f.depth[st->level + 1]);
            }
            if (alt >= st->choice->w->n)
                return NULL;
            st = st->choice->to[alt] ? st->choice->to[alt] : typed_pick(w->t, st, (u32)alt);
            break;
        }
        case T_CALL: {
            while (at < n && way[at]->kind != T_CHOICE && way[at]->kind != T_CALL)
                at++;
            if (at >= n || way[at]->kind != T_CALL || way[at]->site->at != site->at || way[at]->sym->rule->set != st->sym->rule->set)
                return over(w);
            at++;
            u32 below = f.depth[st->level] + site->deeper;
            u64 m;
            if (below > w->limit_depth)
                return NULL;
            if (__builtin_mul_overflow(mult, site->mult, &m))
                return over(w);
            const struct tval *r = follow(w, st->sym, child, m, below, nest + site->nest);
            if (!r)
                return NULL;
            child += w->node[child].size;
            st = st->last_on == r ? st->to : typed_result(w->t, st, r);
            break;
        }
        case T_FOLLOW: {
            u32 c = node + 1;
            u64 m;
            for (u32 i = 0; i < site->use; i++)
                c += w->node[c].size;
            if (f.depth[st->level] + site->deeper > w->limit_depth)
                return NULL;
            if (__builtin_mul_overflow(mult, site->mult, &m))
                return over(w);
            const struct tval *r = follow(w, st->sym, c, m, f.depth[st->level] + site->deeper, nest + site->nest);
            if (!r)
                return NULL;
            st = st->last_on == r ? st->to : typed_result(w->t, st, r);
            break;
        }
        case T_ONCE:
            begin_use(w, &f, site);
            st = st->to;
            break;
        case T_ONCE_END:
            end_use(w, &f, site);
            st = st->to;
            break;
        case T_AGAIN:
            if (!use_again(w, &f, site))
                return NULL;
            st = st->to;
            break;
        case T_CLOSE:
            st = st->to;
            break;
        case T_DONE:
            w->nuse = f.use;
            return st->result;
        case T_FAIL:
            return NULL;
        case T_SLOW:
            return over(w);
        }
    }
}

/* ---- the whole ---- */

static u64 limit_of(u128 l)
{
    return !l || l > (u128)INT64_MAX ? (u64)INT64_MAX : (u64)l;
}

enum walk_end walk_space(struct walk *w, struct tsym *space, const struct limits *l)
{
    w->limit_depth = limit_of(l->depth);
    w->limit_params = limit_of(l->params);
    w->limit_macs = limit_of(l->macs);
    w->limit_nodes = limit_of(l->nodes);
    w->limit_memory = limit_of(l->memory);
    w->params = w->macs = w->nodes = w->bytes = w->instances = 0;
    w->tried = w->wasted = w->steps = 0;
    w->nnode = w->nuse = w->depth = 0;
    w->stop = w->slow = w->chooses = false;
    w->result = draw(w, space, 1, 0, 0, 1);
    return w->result ? WALK_DONE : w->slow ? WALK_SLOW : WALK_FAILED;
}

/* In the order of the derivation: a draw, then what is below it. */
static void logp_of(const struct walk *w, u32 node, double *sum)
{
    const struct tstate *way[T_MOST_WAY + 8];
    u32 n = way_to(w->node[node].done, COUNTOF(way), way), child = node + 1;
    CHECK(n <= COUNTOF(way));
    for (u32 i = 0; i + 1 < n; i++)
        if (way[i]->kind == T_CHOICE) {
            *sum += way[i]->choice->w->logp[way[i + 1]->alt];
        } else if (way[i]->kind == T_CALL) {
            logp_of(w, child, sum);
            child += w->node[child].size;
        }
}

static const struct tstate *entry_of(const struct tstate *done, u64 *alt)
{
    const struct tstate *s = done;
    for (; s->up; s = s->up)
        *alt = s->alt;
    return s;
}

double walk_logp(const struct walk *w)
{
    double sum = 0;
    if (w->chooses) {
        logp_of(w, 0, &sum);
        return sum;
    }
    for (u32 i = 0; i < w->nnode; i++) {
        u64 alt = 0;
        const struct tstate *s = entry_of(w->node[i].done, &alt);
        sum += s->choice->w->logp[alt];
    }
    return sum;
}

static void decided_of(const struct walk *w, u32 node, u32 *n, u32 *out)
{
    const struct tstate *way[T_MOST_WAY + 8];
    u32 nway = way_to(w->node[node].done, COUNTOF(way), way), child = node + 1;
    CHECK(nway <= COUNTOF(way));
    for (u32 i = 0; i + 1 < nway; i++)
        if (way[i]->kind == T_CHOICE) {
            if (out)
                out[*n] = (u32)way[i + 1]->alt;
            ++*n;
        } else if (way[i]->kind == T_CALL) {
            decided_of(w, child, n, out);
            child += w->node[child].size;
        }
}

u32 walk_draws(const struct walk *w)
{
    u32 n = w->nnode;
    if (w->chooses) {
        n = 0;
        decided_of(w, 0, &n, NULL);
    }
    return n;
}

void walk_decided(const struct walk *w, u32 *out)
{
    u32 n = 0;
    if (w->chooses) {
        decided_of(w, 0, &n, out);
        return;
    }
    for (u32 i = 0; i < w->nnode; i++) {
        u64 alt = 0;
        entry_of(w->node[i].done, &alt);
        out[i] = (u32)alt;
    }
}
