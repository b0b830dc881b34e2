/* note_sum.c - all derivations of a text, by a table instead of one by one.
 *
 * In: a chart.  Out: how many derivations there are, their forest, the most likely and another.
 *
 * What a drawn rule gives depends on the nodes it is read from, on its arguments, and (where the grammar looks at it) on
 * its depth: nothing else of what surrounds it.  So the chooser takes such a draw over (chooser.decide): the first time a
 * rule is met with these nodes and arguments, each of its alternatives is evaluated along all paths of decisions, and
 * the results are kept: value and what it counts, where limits look at that, with all ways that lead there.  Whoever asked goes on
 * with one result after the other, as one more decision.  Three kinds of draws stay decisions of the body around them: a `choose`;
 * draws of a `once` or `share`, whose later uses repeat what was decided; and rules that take or give functions, whose
 * draws may belong to somebody else. */
#include "compiler/base/real.h"
#include "compiler/ir/idmap.h"
#include "grammar/elab.h"
#include "grammar/note_reader.h"

enum { MOST_WORK = 100000 };            /* evaluations of alternatives: about a second */

struct way { u32 nstep; const struct step *step; double best, count; };        /* best: log of the most likely derivation; count: how many */
struct result {
    struct val v;
    struct count count; u64 nodes;
    VEC(struct way) way;
    u32 best;                           /* way */
    double best_logp, n;
    u64 only;                           /* of one derivation: its hash */
    u32 number;                         /* of its entry */
    u32 node; bool used;                /* in the forest */
};
struct entry {
    const struct gram_rule *rule;
    u32 nnode; struct cf_node **node;
    u32 narg; const struct val *arg;
    u32 depth, id;
    bool opaque;                        /* gives functions: a decision of whoever asks, after all */
    VEC(struct result *) result;
    struct idmap seen;
};
struct sum {
    struct reader *r;
    VEC(struct entry *) entry;          /* as they were begun */
    struct idmap by_key;
    VEC(struct entry *) done;           /* as they were finished: what an entry is made of comes before it */
    struct entry *root;
    u64 work;
    bool hard, by_depth;
};

/* ---- values -------------------------------------------------------------------------------- */

static bool has_stage(const struct val *v)
{
    for (u32 i = 0; v->kind == V_TUPLE && i < v->tuple->n; i++)
        if (has_stage(&v->tuple->at[i]))
            return true;
    return v->kind == V_STAGE;
}

static u64 mix(u64 h, u64 x)
{
    h = (h ^ x) * 0x9e3779b97f4a7c15u;
    return h ^ h >> 29;
}

static u64 val_hash(u64 h, const struct val *v)
{
    h = mix(h, v->kind);
    switch (v->kind) {
    case V_TENSOR:
        return mix(h, v->type);
    case V_NUM:
        return mix(h, v->exact ? (u64)v->i : 0);
    case V_STR:
        return hash64_seed(v->s, strlen(v->s), h);
    case V_TUPLE:
        for (u32 i = 0; i < v->tuple->n; i++)
            h = val_hash(h, &v->tuple->at[i]);
        return mix(h, v->tuple->n);
    default:
        return h;
    }
}

/* Into memory that stays. */
static struct val val_keep(struct arena *a, const struct val *v)
{
    struct val k = *v;
    if (v->kind == V_NUM && !v->exact)
        k.num = arena_dup(a, v->num, sizeof *v->num);
    if (v->kind == V_TUPLE) {
        struct vtuple *t = arena_alloc(a, sizeof *t + v->tuple->n * sizeof *t->at);
        t->n = v->tuple->n;
        for (u32 i = 0; i < t->n; i++)
            t->at[i] = val_keep(a, &v->tuple->at[i]);
        k.tuple = t;
    }
    return k;
}

/* ---- entries -------------------------------------------------------------------------------- */

static struct entry *find(struct sum *s, const struct gram_rule *rule, struct cf_node **node, u32 nnode, const struct val *arg, u32 narg, u32 depth, bool *fresh)
{
    u64 h = mix(rule->serial, depth);
    for (u32 i = 0; i < nnode; i++)
        h = mix(h, (u64)node[i]->nt << 32 | node[i]->from), h = mix(h, node[i]->to);
    for (u32 i = 0; i < narg; i++)
        h = val_hash(h, &arg[i]);
    u32 at = idmap_home(&s->by_key, h);
    for (u32 id; (id = idmap_find(&s->by_key, h, &at));) {
        struct entry *e = s->entry.at[id - 1];
        bool same = e->rule == rule && e->nnode == nnode && e->depth == depth && !memcmp(e->node, node, nnode * sizeof *node);
        for (u32 i = 0; same && i < narg; i++)
            same = val_same(&e->arg[i], &arg[i]);
        if (same) {
            *fresh = false;
            return e;
        }
    }
    struct arena *a = s->r->scratch;
    struct entry *e = NEW(a, struct entry);
    struct val *keep = NEW_ARRAY(a, struct val, narg + 1);
    for (u32 i = 0; i < narg; i++)
        keep[i] = val_keep(a, &arg[i]);
    *e = (struct entry){ .rule = rule, .nnode = nnode, .node = arena_dup(a, node, nnode * sizeof *node), .narg = narg, .arg = keep, .depth = depth };
    vec_push(a, &s->entry, e);
    idmap_put(a, &s->by_key, h, s->entry.n);
    *fresh = true;
    return e;
}

static struct result *result_for(struct sum *s, struct elab *e, struct entry *en, const struct val *v)
{
    const struct limits *l = &e->limits;
    for (u32 i = 0; i < en->result.n; i++) {
        struct result *r = en->result.at[i];
        if (val_same(&r->v, v) && (!l->params || r->count.params == e->total.params) && (!l->macs || r->count.macs == e->total.macs) &&
            (!l->nodes || r->count.nodes == e->total.nodes) && (!l->memory || r->count.bytes == e->total.bytes))
            return r;
    }
    struct result *r = NEW(s->r->scratch, struct result);
    *r = (struct result){ .v = val_keep(s->r->scratch, v), .count = e->total, .nodes = e->nodes, .number = en->result.n };
    vec_push(s->r->scratch, &en->result, r);
    return r;
}

/* The path just evaluated leads to v. */
static void add_way(struct sum *s, struct elab *e, struct entry *en, const struct val *v)
{
    const struct tries *t = s->r->t;
    struct result *r = result_for(s, e, en, v);
    struct way w = { .nstep = t->step.n, .count = 1 };
    u64 sig = 1, only = 2;
    for (u32 i = 0; i < t->step.n; i++) {
        const struct step *p = &t->step.at[i];
        if (p->entry) {
            const struct result *of = p->entry->result.at[p->result];
            w.best += of->best_logp;
            w.count *= of->n;
            sig = mix(mix(sig, p->entry->id), p->result);
            only = mix(only, of->only);
        } else {
            w.best += p->draw.p < 1 ? p->draw.p > 0 ? real_log(p->draw.p) : -__builtin_inf() : 0;
            sig = mix(sig, p->draw.alt_no);
            only = mix(only, p->draw.alt_no);
        }
    }
    /* Once, however often it can be read: with two notations, or white space here or there. */
    u64 id = mix(w.count == 1 ? only : sig, r->number);
    u32 at = idmap_home(&en->seen, id);
    if (idmap_find(&en->seen, id, &at))
        return;
    idmap_put(s->r->scratch, &en->seen, id, 1);
    w.step = arena_dup(s->r->scratch, t->step.at, t->step.n * sizeof *t->step.at);
    if (!r->way.n || w.best > r->best_logp)
        r->best = r->way.n, r->best_logp = w.best;
    r->n += w.count;
    r->only = only;
    vec_push(s->r->scratch, &r->way, w);
}

static bool conditions_hold(struct elab *e, struct frame *f, const struct ast *where)
{
    for (u32 i = 0; where && i < where->nkid; i++) {
        bool ok;
        if (!elab_cond(e, f, where->kid[i], &ok) || !ok)
            return false;
    }
    return true;
}

/* One path: does it lead anywhere? */
static bool evaluate(struct sum *s, struct elab *e, struct frame *f, const struct gram_rule *rule, struct enode *d, const struct acase *c, struct val *v)
{
    struct reader *r = s->r;
    if (!elab_alternate(e, f, rule, c, v))
        return false;
    if (!d->parent && (!elab_space_inputs(e, true) || !conditions_hold(e, f, rule->ast->kid[RULE_WHERE])))
        return false;
    d->chosen = *v;
    for (u32 i = 0; i < r->t->inst.n; i++)
        elab_fill_vars(e, (struct enode *)r->t->inst.at[i]->draw);
    return note_all_used(r);
}

static void fill(struct sum *s, struct elab *e, struct frame *f, const struct gram_rule *rule, struct enode *d, const struct choice *parent, struct entry *en)
{
    struct reader *r = s->r;
    struct tries mine = { 0 }, *was = r->t;
    struct acases cases;
    u128 mult = e->mult, pmult = e->pmult;
    u32 ninput = e->ninput, nslot = f->nslot;
    if (!elab_cases(e, f, rule, &cases)) {
        s->hard |= e->halt;
        goto done;
    }
    elab_attr_vars(e, d);
    struct choice c = *parent;
    c.n = cases.n;
    c.weight = cases.weight;
    c.elab = &(struct elab_choice){ e, d, &cases };
    struct cands cand = { 0 };
    note_candidates(r, &c, en->node, en->nnode, &cand);
    struct val *slot = arena_dup(r->scratch, f->slot, nslot * sizeof *slot);
    r->t = &mine;
    struct emark m = elab_mark(e);
    e->mult = e->pmult = 1;
    for (u32 k = 0; k < cand.at.n && !e->halt; k++) {
        const struct cand *q = &cand.at.at[k];
        mine.taken.n = mine.of.n = 0;
        do {
            if (s->work++ >= MOST_WORK) {
                r->cut = true;
                if (en->result.n || s->work > 4 * MOST_WORK)
                    goto undone;
            }
            note_begin(&mine);
            note_inst(r, &c, q->nread, q->read, en->node[0]->from, en->node[0]->to);
            d->taken = &cases.at[q->alt];
            d->inner = NULL;
            d->d.alt_no = q->alt;
            d->d.p = cases.weight[q->alt];
            d->seq = 0;
            struct step own = { .draw = { rule, d->d.at, NULL, NULL, q->alt, cases.weight[q->alt] }, .from = en->node[0]->from, .to = en->node[0]->to };
            elab_taken(&c, q->alt, &own.draw.alt, &own.draw.inner);
            d->d.alt = own.draw.alt;
            d->d.inner = own.draw.inner;
            vec_push(r->scratch, &mine.step, own);
            memset(&e->total, 0, sizeof e->total);
            e->nodes = 0;
            struct val v;
            if (evaluate(s, e, f, rule, d, d->taken, &v)) {
                if (has_stage(&v))
                    en->opaque = true;
                else
                    add_way(s, e, en, &v);
            }
            s->hard |= e->hard;
            r->cut |= e->deep;
            elab_undo(e, &m);
            e->ninput = ninput;
            memcpy(f->slot, slot, nslot * sizeof *slot);
            if (en->opaque)
                goto undone;
        } while (!e->halt && note_advance(&mine));
    }
undone:
    e->mult = mult;
    e->pmult = pmult;
done:
    r->t = was;
    d->taken = NULL;
    en->id = s->done.n;
    vec_push(r->scratch, &s->done, en);
}

static bool decide(void *ctx, struct elab *e, struct frame *f, const struct gram_rule *rule, struct enode *d, struct val *out, bool *mine)
{
    struct sum *s = ctx;
    struct reader *r = s->r;
    u32 narg = rule->nattr + rule->nparam, n, *used;
    bool fresh;
    *mine = false;
    e->plain = true;            /* shapes of locals are looked at */
    if (e->nesting || rule->yield == RY_STAGE || (d->parent && d->parent->holder))
        return false;
    for (u32 i = 0; i < narg; i++)
        if (has_stage(&f->slot[i]))
            return false;
    struct choice c = { .draw = &d->d, .parent = d->parent ? &d->parent->d : NULL };
    struct cf_node **node;
    if (!note_nodes(r, &c, &node, &n, &used)) {
        *mine = true;
        return false;
    }
    if (n == 0)
        return false;
    struct entry *en = find(s, rule, node, n, f->slot, narg, s->by_depth || e->limits.depth ? d->d.depth : 0, &fresh);
    if (fresh)
        fill(s, e, f, rule, d, &c, en);
    if (en->opaque) {
        if (used)
            --*used;
        return false;
    }
    *mine = true;
    if (!d->parent) {
        s->root = en;
        return false;           /* all is known: the evaluation need not go on */
    }
    if (!en->result.n || e->halt)
        return false;
    u32 k = note_take(r, en->result.n);
    const struct result *of = en->result.at[k];
    vec_push(r->scratch, &r->t->step, ((struct step){ .entry = en, .result = k, .from = node[0]->from, .to = node[0]->to }));
    *out = of->v;
    return elab_add(e, &of->count, of->nodes, true, d->d.at->loc);
}

static int pick(void *ctx, const struct choice *c)
{
    return note_pick(((struct sum *)ctx)->r, c);
}

/* ---- what came out ---------------------------------------------------------------------------- */

/* A derivation as alternatives in order; at one result another way than the best may be taken. */
struct other { const struct result *at; u32 way, place; bool met; };
struct alts { VEC(u32) at; };
static void spell(struct sum *s, const struct result *r, struct other *o, struct alts *out)
{
    const struct way *w = &r->way.at[o && r == o->at ? o->way : r->best];
    if (o && r == o->at && !o->met) {
        o->met = true;
        o->place = out->at.n;
    }
    for (u32 i = 0; i < w->nstep; i++)
        if (w->step[i].entry)
            spell(s, w->step[i].entry->result.at[w->step[i].result], o, out);
        else
            vec_push(s->r->scratch, &out->at, w->step[i].draw.alt_no);
}

/* The first result of the best derivation, from the top, that has two ways. */
static const struct result *forked(const struct result *r)
{
    if (r->n == 1)
        return NULL;
    if (r->way.n > 1)
        return r;
    const struct way *w = &r->way.at[r->best];
    for (u32 i = 0; i < w->nstep; i++)
        if (w->step[i].entry) {
            const struct result *f = forked(w->step[i].entry->result.at[w->step[i].result]);
            if (f)
                return f;
        }
    return NULL;
}

static struct forest_path trail(const struct alts *v) { return (struct forest_path){ .n = v->at.n, .alt = v->at.at }; }

/* Where two ways of one node part.  Either the same words stand for two things, or they are grouped in two ways: then the
 * group is to blame. */
static void part(struct sum *s, const struct way *a, const struct way *b, u32 place, struct note_total *out)
{
    for (u32 i;;) {
        out->split = place;
        out->from = a->step[0].from, out->to = a->step[0].to;
        if (a->step[0].draw.alt_no != b->step[0].draw.alt_no)
            return;
        u32 at = place;
        for (i = 0; i < a->nstep && i < b->nstep; i++) {
            const struct step *p = &a->step[i], *q = &b->step[i];
            if (p->entry != q->entry || p->from != q->from || p->to != q->to)
                return;
            if (!p->entry && p->draw.alt_no != q->draw.alt_no) {
                out->split = at;
                out->from = p->from, out->to = p->to;
                return;
            }
            if (p->entry && p->result != q->result)
                break;
            struct alts skip = { 0 };
            if (p->entry)
                spell(s, p->entry->result.at[p->result], NULL, &skip);
            at += p->entry ? skip.at.n : 1;
        }
        if (i == a->nstep || i == b->nstep)
            return;
        /* The same draw gives two things: look into it. */
        const struct result *x = a->step[i].entry->result.at[a->step[i].result], *y = b->step[i].entry->result.at[b->step[i].result];
        a = &x->way.at[x->best], b = &y->way.at[y->best];
        place = at;
    }
}

static void find_other(struct sum *s, struct result *best, struct note_total *out)
{
    struct alts v = { 0 };
    const struct result *f = forked(best);
    if (!f) {                   /* then the text as a whole gives two things */
        const struct result *second = s->root->result.at[s->root->result.at[0] == best];
        spell(s, second, NULL, &v);
        out->other = trail(&v);
        part(s, &best->way.at[best->best], &second->way.at[second->best], 0, out);
        return;
    }
    struct other o = { .at = f, .way = f->best == 0 };
    for (u32 i = 0; i < f->way.n; i++)
        if (i != f->best && f->way.at[i].best > f->way.at[o.way].best)
            o.way = i;
    spell(s, best, &o, &v);
    out->other = trail(&v);
    part(s, &f->way.at[f->best], &f->way.at[o.way], o.place, out);
}

static void mark(struct result *r)
{
    if (r->used)
        return;
    r->used = true;
    for (u32 i = 0; i < r->way.n; i++)
        for (u32 k = 0; k < r->way.at[i].nstep; k++)
            if (r->way.at[i].step[k].entry)
                mark(r->way.at[i].step[k].entry->result.at[r->way.at[i].step[k].result]);
}

static void pack_ways(struct arena *a, const struct result *r, struct forest_way *out)
{
    for (u32 i = 0; i < r->way.n; i++) {
        const struct way *w = &r->way.at[i];
        struct forest_step *p = NEW_ARRAY(a, struct forest_step, w->nstep);
        out[i] = (struct forest_way){ w->nstep, p };
        for (u32 k = 0; k < w->nstep; k++)
            if (w->step[k].entry)
                p[k].node = w->step[k].entry->result.at[w->step[k].result]->node + 1;
            else
                p[k].draw = w->step[k].draw;
    }
}

static struct forest pack(struct sum *s, struct arena *a)
{
    struct forest f = { 0 };
    u32 total = 1, ways = 0, k = 0;
    for (u32 i = 0; i < s->root->result.n; i++) {
        mark(s->root->result.at[i]);
        ways += s->root->result.at[i]->way.n;
    }
    for (u32 i = 0; i < s->done.n; i++)
        total += s->done.at[i]->result.n;
    struct forest_node *node = NEW_ARRAY(a, struct forest_node, total);
    for (u32 i = 0; i < s->done.n; i++)
        for (u32 j = 0; j < s->done.at[i]->result.n; j++) {
            struct result *r = s->done.at[i]->result.at[j];
            if (!r->used || s->done.at[i] == s->root)
                continue;
            struct forest_way *w = NEW_ARRAY(a, struct forest_way, r->way.n);
            pack_ways(a, r, w);
            r->node = f.nnode;
            node[f.nnode++] = (struct forest_node){ r->way.n, w };
        }
    struct forest_way *w = NEW_ARRAY(a, struct forest_way, ways + 1);
    for (u32 i = 0; i < s->root->result.n; i++) {
        pack_ways(a, s->root->result.at[i], w + k);
        k += s->root->result.at[i]->way.n;
    }
    node[f.nnode++] = (struct forest_node){ k, w };
    f.node = node;
    return f;
}

static bool reads_depth(const struct ast *n)
{
    if (!n)
        return false;
    if ((n->kind == A_ID || n->kind == A_FIELD) && n->bind.kind == BIND_BUILTIN && n->bind.slot == BI_DEPTH)
        return true;
    for (u32 i = 0; i < n->nkid; i++)
        if (reads_depth(n->kid[i]))
            return true;
    return false;
}

static bool grammar_reads_depth(struct notation *n)
{
    for (u32 i = 0; !n->depth_known && i < n->g->module.n; i++)
        n->reads_depth |= reads_depth(n->g->module.at[i]->file->root);
    n->depth_known = true;
    return n->reads_depth;
}

void note_sum(struct reader *r, struct note_total *out)
{
    *out = (struct note_total){ 0 };
    struct sum s = { .r = r, .by_depth = grammar_reads_depth(r->n) };
    struct tries top = { 0 };
    struct diags why, *complaints = r->n->g->ds;
    diags_init(&why, r->scratch, r->n->g->srcs);
    r->t = &top;
    r->n->g->ds = &why;
    struct chooser c = { .ctx = &s, .decide = decide, .pick = pick, .unit = note_unit };
    struct arena_mark m = arena_mark(r->a);
    struct derivation *none = elab_space(r->a, r->n->g, r->n->space, &c, NULL, NULL);
    CHECK(!none);
    arena_reset(r->a, m);
    r->n->g->ds = complaints;
    r->t = NULL;
    if (s.hard || why.nerrors) {
        out->broken = true;
        r->best = (struct failure){ .any = true, .code = E0703, .from = 0, .to = r->chart->text.n, .why = arena_dup(r->scratch, &why, sizeof why) };
        return;
    }
    if (!s.root || !s.root->result.n)
        return;
    struct result *best = s.root->result.at[0];
    for (u32 i = 0; i < s.root->result.n; i++) {
        out->nreading += s.root->result.at[i]->n;
        if (s.root->result.at[i]->best_logp > best->best_logp)
            best = s.root->result.at[i];
    }
    struct alts v = { 0 };
    spell(&s, best, NULL, &v);
    out->best = trail(&v);
    if (out->nreading > 1)
        find_other(&s, best, out);
    out->forest = pack(&s, r->a);
}
