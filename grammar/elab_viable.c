/* elab_viable.c - which alternatives of a rule cannot be evaluated for arguments of given types.
 *
 * An alternative that draws nothing and does not read `depth` either types or does not, whatever is drawn around it:
 * where it has failed once for some attributes and argument types, and not at a limit, it fails for them always.  That
 * is kept per rule.  What is in the table never shows in a sample: the chooser is asked the same, and such a failure is
 * charged the same work whether it was evaluated or looked up. */
#include "compiler/ir/idmap.h"
#include "grammar/elab.h"

enum { MOST_WORDS = 24, MOST_ENTRIES = 400000 };

struct viable { const struct gram_rule *rule; u32 nword; u64 dead, sifted /* those looked at, dead or not */; u64 word[]; };
struct viable_table { struct idmap by_key; VEC(struct viable *) at; };

/* Evaluating it asks the chooser nothing and sees nothing but locals. */
static bool is_terminal(const struct ast *n, const struct gram_rules *inlined)
{
    if (!n)
        return true;
    switch (n->kind) {
    case A_CHOOSE: case A_ONCE: case A_SHARE: case A_RECIPE:
        return false;
    case A_ID: case A_FIELD:
        if (n->bind.kind == BIND_BUILTIN)
            return n->bind.slot != BI_DEPTH;
        if (n->bind.kind == BIND_RULE) {
            const struct gram_rules *s = n->bind.ptr;
            if (s == inlined)
                return true;
            for (u32 i = 0; i < s->overload.n; i++)
                if (s->overload.at[i]->draws)
                    return false;
            return elab_net_is_plain(s);
        }
        return true;
    default:
        for (u32 i = 0; i < n->nkid; i++)
            if (!is_terminal(n->kid[i], inlined))
                return false;
        return true;
    }
}

/* A net that draws nothing and does not read depth.  Recursion is cut short by saying no. */
bool elab_net_is_plain(const struct gram_rules *s)
{
    struct gram_rules *w = (struct gram_rules *)s;
    if (w->plain)
        return w->plain == 1;
    w->plain = 2;
    for (u32 i = 0; i < s->overload.n; i++) {
        const struct gram_rule *r = s->overload.at[i];
        if (!is_terminal(r->ast, NULL))
            return false;
    }
    w->plain = 1;
    return true;
}

static bool alt_is_terminal(const struct gram_alt *a)
{
    struct gram_alt *w = (struct gram_alt *)a;
    if (!w->terminal)
        w->terminal = is_terminal(a->expr, a->inline_of) && is_terminal(a->where, NULL) ? 1 : 2;
    return w->terminal == 1;
}

bool elab_is_terminal(const struct acase *c)
{
    return alt_is_terminal(c->alt) && (!c->inner || alt_is_terminal(c->inner->alt));
}

static bool any_terminal(const struct gram_rule *r)
{
    for (u32 i = 0; i < r->nalt; i++) {
        const struct gram_alt *a = &r->alt[i];
        const struct gram_rule *in = a->inline_of ? a->inline_of->overload.at[0] : NULL;
        bool inner = !in;
        for (u32 k = 0; in && k < in->nalt && !inner; k++)
            inner = alt_is_terminal(&in->alt[k]);
        if (inner && alt_is_terminal(a))
            return true;
    }
    return false;
}

bool elab_words(const struct val *v, u32 most, u64 *w, u32 *n)
{
    if (*n + 2 > most)
        return false;
    switch (v->kind) {
    case V_TENSOR:
        w[(*n)++] = (u64)V_TENSOR << 32 | v->type;
        return true;
    case V_NUM:
        if (!v->exact)
            return false;
        w[(*n)++] = (u64)V_NUM << 32 | v->type;
        w[(*n)++] = (u64)v->i;
        return true;
    case V_STR:
        w[(*n)++] = (u64)(uintptr_t)v->s;
        return true;
    case V_TUPLE:
        w[(*n)++] = (u64)V_TUPLE << 32 | v->tuple->n;
        for (u32 i = 0; i < v->tuple->n; i++)
            if (!elab_words(&v->tuple->at[i], most, w, n))
                return false;
        return true;
    default:
        return false;
    }
}

/* What the arguments of a rule are, as words; false: nothing that a table can be kept by. */
static bool key_of(const struct frame *f, const struct gram_rule *r, u32 ncase, u64 *word, u32 *n)
{
    if (ncase > 64 || ncase < 2 || !any_terminal(r))
        return false;
    for (u32 i = 0; i < r->nattr + r->nparam; i++)
        if (!elab_words(&f->slot[i], MOST_WORDS, word, n))
            return false;
    return true;
}

/* NULL: the table is full. */
static struct viable *entry(struct elab *e, const struct gram_rule *r, const u64 *word, u32 n)
{
    u32 at;
    struct viable_table *t = e->g->viable;
    if (!t)
        t = e->g->viable = NEW(e->g->tables, struct viable_table);
    u64 h = (u64)r->serial << 8 | n;
    for (u32 i = 0; i < n; i++)
        h = (h ^ word[i]) * 0x9e3779b97f4a7c15u, h ^= h >> 29;
    at = idmap_home(&t->by_key, h);
    for (u32 id; (id = idmap_find(&t->by_key, h, &at));) {
        struct viable *v = t->at.at[id - 1];
        if (v->rule == r && v->nword == n && (n == 0 || memcmp(v->word, word, n * sizeof(*word)) == 0))
            return v;
    }
    if (t->at.n >= MOST_ENTRIES)
        return NULL;
    struct viable *v = arena_alloc(e->g->tables, sizeof(*v) + n * sizeof(*word));
    v->rule = r;
    v->nword = n;
    memcpy(v->word, word, n * sizeof(*word));
    vec_push(e->g->tables, &t->at, v);
    idmap_put(e->g->tables, &t->by_key, h, t->at.n);
    return v;
}

u64 *elab_dead(struct elab *e, struct frame *f, const struct gram_rule *r, u32 ncase)
{
    u64 word[MOST_WORDS];
    u32 n = 0;
    struct viable *v = key_of(f, r, ncase, word, &n) ? entry(e, r, word, n) : NULL;
    return v ? &v->dead : NULL;
}

/* Does it type, limits aside?  Leaves no trace. */
static bool types(struct elab *e, struct frame *f, const struct gram_rule *r, const struct acase *c)
{
    struct limits limits = e->limits;
    struct diags *ds = e->ds;
    struct emark m = elab_mark(e);
    struct val v;
    bool bounded = e->bounded;
    memset(&e->limits, 0, sizeof(e->limits));
    e->steps = e->wasted = 0;
    e->bounded = false;
    e->ds = NULL;
    const struct acase *taken = f->draw->taken;
    f->draw->taken = c;                 /* an inline rule's mention asks for it */
    bool ok = elab_alternate(e, f, r, c, &v) || e->bounded;
    f->draw->taken = taken;
    e->ds = ds;
    if (!e->hard) {
        e->wasted = 0;
        elab_undo(e, &m);
        e->halt = e->over_work = false;
    }
    e->limits = limits;
    e->bounded = bounded;
    e->steps = m.steps;
    e->tried = m.tried;
    e->wasted = m.wasted;
    return ok;
}

bool elab_sift(struct elab *e, struct frame *f, const struct gram_rule *r, const struct acases *c, bool *tried)
{
    u64 word[MOST_WORDS];
    u32 n = 0;
    if (!key_of(f, r, c->n, word, &n))
        return true;
    struct viable once = {0}, *v = entry(e, r, word, n);
    if (!v)                             /* work done in vain, but the same answer */
        v = &once;
    struct val *saved = arena_dup(e->a, f->slot, r->nslot * sizeof(*saved));
    for (u32 i = 0; i < c->n; i++) {
        u64 bit = (u64)1 << i;
        if (!(v->sifted & bit) && c->weight[i] > 0 && elab_is_terminal(&c->at[i])) {
            if (!(v->dead & bit) && !types(e, f, r, &c->at[i])) {
                if (e->hard)
                    return false;
                v->dead |= bit;
            }
            memcpy(f->slot, saved, r->nslot * sizeof(*saved));
            v->sifted |= bit;
        }
        tried[i] = v->dead & bit;
    }
    return true;
}
