/* earley.c - see earley.h.
 *
 * Items (production, dot, origin) live at positions; positions are worked off in order, each as a
 * queue.  Literals are scanned whole, so most positions stay empty.  Every way an item came about is
 * a link (the item before, the node it stepped over); a finished nonterminal is a node (symbol, from,
 * to), which holds its completed items.  Links and nodes are the forest.
 *
 * Where the text stops to fit: every literal that was tried and failed reports the place of its first
 * wrong word; the furthest such place is kept, with all that was tried there. */
#include "grammar/earley.h"

/* What a chart may hold: a text that is read in one way needs a few links per character. */
enum { MOST_LINKS = 2000000, MOST_LINKS_AT = 16 };

struct cf_link { struct cf_item *prev; struct cf_node *node; struct cf_link *next; };
struct cf_item {
    u32 prod, dot, origin, pos;
    struct cf_link *links, *last;
    struct cf_item *next;           /* of its position's queue */
    struct cf_item *wait_next;      /* of those at its position before a nonterminal */
    struct cf_item *done_next;      /* of its node's completed items */
};

void cfg_init(struct cfg *g, struct arena *a)
{
    *g = (struct cfg){ .a = a };
}

u32 cf_nt(struct cfg *g, const char *name)
{
    vec_push(g->a, &g->nt, ((struct cf_nt){ .name = name }));
    return g->nt.n - 1;
}

u32 cf_prod(struct cfg *g, u32 lhs, u32 n, const struct cf_sym *sym, u32 user)
{
    struct cf_sym *keep = NEW_ARRAY(g->a, struct cf_sym, n + 1);
    u32 m = 0;
    for (u32 i = 0; i < n; i++) {
        if (sym[i].kind == CF_LIT && sym[i].len == 0)
            continue;
        if (sym[i].kind == CF_SPACE) {
            bool before = m > 0 && keep[m - 1].kind == CF_LIT && !cf_word_char(keep[m - 1].lit[keep[m - 1].len - 1]);
            bool after = i + 1 < n && sym[i + 1].kind == CF_LIT && sym[i + 1].len && !cf_word_char(sym[i + 1].lit[0]);
            if (before || after || (m > 0 && keep[m - 1].kind == CF_SPACE))
                continue;
        }
        keep[m++] = sym[i];
    }
    u32 id = g->prod.n;
    vec_push(g->a, &g->prod, ((struct cf_prod){ .lhs = lhs, .n = m, .state0 = g->nstate, .user = user, .sym = keep }));
    vec_push(g->a, &g->nt.at[lhs].prod, id);
    g->nstate += m + 1;
    return id;
}

static bool begins(const struct cf_prod *p, u32 bucket)
{
    return !p->n || p->sym[0].kind != CF_LIT || (u8)p->sym[0].lit[0] % CF_BUCKETS == bucket;
}

void cfg_index(struct cfg *g)
{
    for (u32 i = 0; i < g->nt.n; i++) {
        struct cf_nt *t = &g->nt.at[i];
        VEC(u32) start = { 0 };
        t->first = NEW_ARRAY(g->a, u32, CF_BUCKETS + 1);
        for (u32 b = 0; b < CF_BUCKETS; b++) {
            for (u32 k = 0; k < t->prod.n; k++)
                if (begins(&g->prod.at[t->prod.at[k]], b))
                    vec_push(g->a, &start, t->prod.at[k]);
            t->first[b + 1] = start.n;
        }
        t->start = start.at;
    }
}

static bool nullable(const struct cf_sym *s, const bool *null)
{
    return s->kind == CF_SPACE || (s->kind == CF_NT && null[s->nt]);
}

u32 cf_cycle(const struct cfg *g, struct arena *scratch)
{
    u32 n = g->nt.n;
    bool *null = NEW_ARRAY(scratch, bool, n + 1);
    for (bool more = true; more;) {
        more = false;
        for (u32 p = 0; p < g->prod.n; p++) {
            const struct cf_prod *q = &g->prod.at[p];
            bool all = !null[q->lhs];
            for (u32 i = 0; all && i < q->n; i++)
                all = nullable(&q->sym[i], null);
            if (all)
                null[q->lhs] = more = true;
        }
    }
    /* Depth-first over "derives alone": state 1 on the path, 2 done; own stack, grammars may be deep. */
    u8 *state = NEW_ARRAY(scratch, u8, n + 1);
    struct step { u32 nt, prod, sym; };
    VEC(struct step) path = { 0 };
    for (u32 root = 0; root < n; root++) {
        if (state[root])
            continue;
        vec_push(scratch, &path, ((struct step){ root, 0, 0 }));
        state[root] = 1;
        while (path.n) {
            u32 at = path.n - 1, nt = path.at[at].nt, child = ~0u;
            const struct cf_nt *t = &g->nt.at[nt];
            while (path.at[at].prod < t->prod.n && child == ~0u) {
                const struct cf_prod *q = &g->prod.at[t->prod.at[path.at[at].prod]];
                while (path.at[at].sym < q->n && child == ~0u) {
                    u32 i = path.at[at].sym++;
                    bool alone = q->sym[i].kind == CF_NT;
                    for (u32 j = 0; alone && j < q->n; j++)
                        alone = j == i || nullable(&q->sym[j], null);
                    if (alone)
                        child = q->sym[i].nt;
                }
                if (child == ~0u) {
                    path.at[at].prod++;
                    path.at[at].sym = 0;
                }
            }
            if (child == ~0u) {
                state[nt] = 2;
                path.n--;
            } else if (state[child] == 1) {
                return child + 1;
            } else if (state[child] == 0) {
                state[child] = 1;
                vec_push(scratch, &path, ((struct step){ child, 0, 0 }));
            }
        }
    }
    return 0;
}

/* ---- text -------------------------------------------------------------------------------- */

bool cf_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || (c & 0x80);
}

static bool white(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

struct cf_text cf_squeeze(struct arena *a, const char *text, u32 len)
{
    char *at = arena_alloc(a, (size_t)len + 1);
    u32 *off = NEW_ARRAY(a, u32, (size_t)len + 1), n = 0, end = 0;
    for (u32 i = 0; i < len;) {
        if (!white(text[i])) {
            at[n] = text[i];
            off[n++] = i++;
            end = i;
            continue;
        }
        u32 from = i;
        while (i < len && white(text[i]))
            i++;
        if (n && i < len && cf_word_char(at[n - 1]) && cf_word_char(text[i])) {
            at[n] = ' ';
            off[n++] = from;
        }
    }
    off[n] = end;
    return (struct cf_text){ at, n, off };
}

/* ---- chart -------------------------------------------------------------------------------- */

static u64 mix(u64 a, u64 b, u64 c)
{
    u64 h = a * 0x9e3779b97f4a7c15u ^ (b + 0x632be59bd9b4e019u) * 0xff51afd7ed558ccdu ^ (c + 0x85ebca6bu) * 0xc2b2ae3d27d4eb4fu;
    h ^= h >> 31;
    h *= 0xbf58476d1ce4e5b9u;
    return h ^ h >> 29;
}

/* Items and nodes of a position are few: a list. Where they become many, they are hashed. */
enum { MOST_LISTED = 12 };

static u32 item_home(const struct cf_chart *c, u32 prod, u32 dot, u32 origin, u32 pos)
{
    return (u32)mix(c->g->prod.at[prod].state0 + dot, origin, pos) & (c->nslot - 1);
}

static struct cf_item *item_find(const struct cf_chart *c, u32 prod, u32 dot, u32 origin, u32 pos)
{
    if (c->at[pos].nitem <= MOST_LISTED) {
        struct cf_item *t = c->at[pos].first;
        while (t && (t->prod != prod || t->dot != dot || t->origin != origin))
            t = t->next;
        return t;
    }
    for (u32 i = item_home(c, prod, dot, origin, pos); c->slot[i]; i = (i + 1) & (c->nslot - 1)) {
        struct cf_item *t = c->slot[i];
        if (t->prod == prod && t->dot == dot && t->origin == origin && t->pos == pos)
            return t;
    }
    return NULL;
}

static void item_hash(struct cf_chart *c, struct cf_item *t)
{
    if (++c->nitem * 3 > c->nslot * 2) {
        struct cf_item **old = c->slot;
        u32 n = c->nslot;
        c->nslot = n ? n * 2 : 256;
        c->slot = NEW_ARRAY(c->a, struct cf_item *, c->nslot);
        c->nitem = 1;
        for (u32 i = 0; i < n; i++)
            if (old[i])
                item_hash(c, old[i]);
    }
    u32 i = item_home(c, t->prod, t->dot, t->origin, t->pos);
    while (c->slot[i])
        i = (i + 1) & (c->nslot - 1);
    c->slot[i] = t;
}

static void item_listed(struct cf_chart *c, struct cf_item *t)
{
    struct cf_position *p = &c->at[t->pos];
    if (p->last)
        p->last->next = t;
    else
        p->first = t;
    p->last = t;
    if (++p->nitem == MOST_LISTED + 1)
        for (struct cf_item *k = p->first; k; k = k->next)
            item_hash(c, k);
    else if (p->nitem > MOST_LISTED)
        item_hash(c, t);
}

/* The item, made if it is new; the link is kept either way. */
static void item_add(struct cf_chart *c, u32 prod, u32 dot, u32 origin, u32 pos, struct cf_item *prev, struct cf_node *node)
{
    struct cf_item *t = item_find(c, prod, dot, origin, pos);
    if (!t) {
        t = NEW(c->a, struct cf_item);
        t->prod = prod, t->dot = dot, t->origin = origin, t->pos = pos;
        item_listed(c, t);
    }
    if (prev) {
        struct cf_link *l = NEW(c->a, struct cf_link);
        *l = (struct cf_link){ prev, node, NULL };
        if (t->last)
            t->last->next = l;
        else
            t->links = l;
        t->last = l;
        c->nlink++;
    }
}

static struct cf_node *node_find(const struct cf_chart *c, u32 nt, u32 from, u32 to)
{
    if (c->at[to].nnode <= MOST_LISTED) {
        struct cf_node *d = c->at[to].node;
        while (d && (d->nt != nt || d->from != from))
            d = d->next;
        return d;
    }
    for (u32 i = (u32)mix(nt, from, to) & (c->nodecap - 1); c->nodes[i]; i = (i + 1) & (c->nodecap - 1))
        if (c->nodes[i]->nt == nt && c->nodes[i]->from == from && c->nodes[i]->to == to)
            return c->nodes[i];
    return NULL;
}

static void node_hash(struct cf_chart *c, struct cf_node *d)
{
    if (++c->nnode * 2 > c->nodecap) {
        struct cf_node **old = c->nodes;
        u32 n = c->nodecap;
        c->nodecap = n ? n * 2 : 64;
        c->nodes = NEW_ARRAY(c->a, struct cf_node *, c->nodecap);
        c->nnode = 1;
        for (u32 i = 0; i < n; i++)
            if (old[i])
                node_hash(c, old[i]);
    }
    u32 i = (u32)mix(d->nt, d->from, d->to) & (c->nodecap - 1);
    while (c->nodes[i])
        i = (i + 1) & (c->nodecap - 1);
    c->nodes[i] = d;
}

static struct cf_node *node_new(struct cf_chart *c, u32 nt, u32 from, u32 to)
{
    struct cf_position *p = &c->at[to];
    struct cf_node *d = NEW(c->a, struct cf_node);
    d->nt = nt, d->from = from, d->to = to;
    d->next = p->node;
    p->node = d;
    if (++p->nnode == MOST_LISTED + 1)
        for (struct cf_node *k = p->node; k; k = k->next)
            node_hash(c, k);
    else if (p->nnode > MOST_LISTED)
        node_hash(c, d);
    return d;
}

static void expected(struct cf_chart *c, u32 pos, const char *lit, u32 len, u32 prod)
{
    if (c->only != CF_FURTHEST ? pos != c->only : pos < c->far)
        return;             /* CF_NOTHING is no place */
    if (pos > c->far) {
        c->far = pos;
        c->expect.n = 0;
    }
    for (u32 i = 0; i < c->expect.n; i++) {
        const struct cf_expect *e = &c->expect.at[i];
        if (e->len == len && !e->lit == !lit && (!len || !memcmp(e->lit, lit, len)))
            return;
    }
    vec_push(c->a, &c->expect, ((struct cf_expect){ lit, len, prod }));
}

/* Does a word at the end of this literal end there, whatever follows? */
static bool whole_word(const struct cf_chart *c, const struct cf_sym *s, u32 prod)
{
    const struct cf_prod *p = &c->g->prod.at[prod];
    return s + 1 == p->sym + p->n || s[1].kind == CF_LIT || s[1].kind == CF_SPACE;
}

/* Does the literal stand at pos?  If not, notes what was expected, at the first word that differs. */
static bool literal(struct cf_chart *c, u32 pos, const struct cf_sym *s, u32 prod)
{
    u32 left = c->text.n - pos, k = 0;
    const char *t = c->text.at + pos;
    while (k < s->len && k < left && t[k] == s->lit[k])
        k++;
    if (k == s->len) {
        /* A word that the text goes on: "id" in "idd". */
        if (c->only != CF_FURTHEST && k < left && cf_word_char(t[k])) {
            while (k > 0 && cf_word_char(s->lit[k - 1]))
                k--;
            if (k < s->len && whole_word(c, s, prod))
                expected(c, pos + k, s->lit + k, s->len - k, prod);
        }
        return true;
    }
    while (k > 0 && cf_word_char(s->lit[k - 1]) && (cf_word_char(s->lit[k]) || (k < left && cf_word_char(t[k]))))
        k--;
    expected(c, pos + k, s->lit + k, s->len - k, prod);
    return false;
}

static bool digit(char c) { return c >= '0' && c <= '9'; }

/* Ends of the value tokens that begin at pos, at most 3: 12, 12.5, 12/5; words whole. */
static u32 values(const struct cf_text *t, u32 pos, u32 end[3])
{
    u32 i = pos, n = 0;
    if (i < t->n && t->at[i] == '-')
        i++;
    if (i < t->n && digit(t->at[i])) {
        while (i < t->n && digit(t->at[i]))
            i++;
        end[n++] = i;
        if (i + 1 < t->n && (t->at[i] == '.' || t->at[i] == '/') && digit(t->at[i + 1])) {
            for (i++; i < t->n && digit(t->at[i]);)
                i++;
            end[n++] = i;
        }
        u32 e = i;
        if (e < t->n && t->at[e] == 'e') {
            e++;
            if (e < t->n && (t->at[e] == '-' || t->at[e] == '+'))
                e++;
            if (e < t->n && digit(t->at[e])) {
                while (e < t->n && digit(t->at[e]))
                    e++;
                end[n++] = e;
            }
        }
        return n;
    }
    if (i == pos && i < t->n && cf_word_char(t->at[i])) {
        while (i < t->n && cf_word_char(t->at[i]))
            i++;
        end[n++] = i;
    }
    return n;
}

static void scan(struct cf_chart *c, struct cf_item *t, const struct cf_sym *s)
{
    u32 pos = t->pos, n = c->text.n, end[3];
    switch (s->kind) {
    case CF_LIT:
        if (literal(c, pos, s, t->prod))
            item_add(c, t->prod, t->dot + 1, t->origin, pos + s->len, t, NULL);
        break;
    case CF_SPACE:
        if (pos < n && c->text.at[pos] == ' ')
            item_add(c, t->prod, t->dot + 1, t->origin, pos + 1, t, NULL);
        else if (pos == 0 || pos == n || !cf_word_char(c->text.at[pos - 1]) || !cf_word_char(c->text.at[pos]))
            item_add(c, t->prod, t->dot + 1, t->origin, pos, t, NULL);
        else
            expected(c, pos, " ", 1, t->prod);
        break;
    case CF_SHAPE: {
        u32 end_at = pos;
        while (end_at < n && (digit(c->text.at[end_at]) || c->text.at[end_at] == ','))
            end_at++;
        item_add(c, t->prod, t->dot + 1, t->origin, end_at, t, NULL);
        break;
    }
    default:
        n = values(&c->text, pos, end);
        for (u32 i = 0; i < n; i++)
            item_add(c, t->prod, t->dot + 1, t->origin, end[i], t, NULL);
        if (n == 0)
            expected(c, pos, NULL, 0, t->prod);
    }
}

static void complete(struct cf_chart *c, struct cf_item *t, u32 start)
{
    u32 nt = c->g->prod.at[t->prod].lhs;
    struct cf_node *d = node_find(c, nt, t->origin, t->pos);
    bool fresh = !d;
    if (fresh)
        d = node_new(c, nt, t->origin, t->pos);
    if (d->last)
        d->last->done_next = t;
    else
        d->done = t;
    d->last = t;
    if (!fresh)
        return;         /* whoever waited has this node already */
    for (struct cf_item *w = c->at[t->origin].wait; w; w = w->wait_next) {
        const struct cf_sym *s = &c->g->prod.at[w->prod].sym[w->dot];
        if (s->nt == nt)
            item_add(c, w->prod, w->dot + 1, w->origin, t->pos, w, d);
    }
    if (nt == start && t->origin == 0) {
        if (t->pos == c->text.n)
            c->root = d;
        else
            expected(c, t->pos, "", 0, t->prod);
    }
}

static struct cf_chart *parse(struct arena *a, const struct cfg *g, u32 start, struct cf_text text, u32 only)
{
    CHECK(text.n < CF_MOST_TEXT);
    struct cf_chart *c = NEW(a, struct cf_chart);
    c->a = a, c->g = g, c->text = text, c->only = only;
    c->at = NEW_ARRAY(a, struct cf_position, text.n + 1);
    u32 *predicted = NEW_ARRAY(a, u32, g->nt.n);        /* position + 1 */

    for (u32 i = 0; i < g->nt.at[start].prod.n; i++)
        item_add(c, g->nt.at[start].prod.at[i], 0, 0, 0, NULL, NULL);
    predicted[start] = 1;
    c->most = MOST_LINKS + (u64)text.n * MOST_LINKS_AT;
    for (u32 pos = 0; pos <= text.n && !c->full; pos++)
        for (struct cf_item *t = c->at[pos].first; t; t = t->next) {
            if (c->nlink > c->most) {
                c->full = true;
                break;
            }
            const struct cf_prod *p = &g->prod.at[t->prod];
            if (t->dot == p->n) {
                complete(c, t, start);
                continue;
            }
            const struct cf_sym *s = &p->sym[t->dot];
            if (s->kind != CF_NT) {
                scan(c, t, s);
                continue;
            }
            t->wait_next = c->at[pos].wait;
            c->at[pos].wait = t;
            struct cf_node *empty = node_find(c, s->nt, pos, pos);
            if (empty)
                item_add(c, t->prod, t->dot + 1, t->origin, pos, t, empty);
            if (predicted[s->nt] == pos + 1)
                continue;
            predicted[s->nt] = pos + 1;
            const struct cf_nt *n = &g->nt.at[s->nt];
            const u32 *list = n->prod.at;
            u32 many = n->prod.n;
            if (only == CF_NOTHING && n->first && pos < text.n) {
                u32 b = (u8)text.at[pos] % CF_BUCKETS;
                list = n->start + n->first[b];
                many = n->first[b + 1] - n->first[b];
            }
            for (u32 i = 0; i < many; i++) {
                const struct cf_prod *q = &g->prod.at[list[i]];
                /* Most alternatives begin with a word that does not stand here. */
                if (q->n && q->sym[0].kind == CF_LIT && !literal(c, pos, &q->sym[0], list[i]))
                    continue;
                item_add(c, list[i], 0, pos, pos, NULL, NULL);
            }
        }
    return c;
}

struct cf_chart *cf_parse(struct arena *a, const struct cfg *g, u32 start, struct cf_text text)
{
    struct cf_chart *c = parse(a, g, start, text, CF_NOTHING);
    if (c->root || c->full)
        return c;
    /* Again, to say where it stopped. */
    c = parse(a, g, start, text, CF_FURTHEST);
    u32 w = c->far;
    if (w == 0 || w >= text.n || !cf_word_char(text.at[w]))
        return c;
    while (w > 0 && cf_word_char(text.at[w - 1]))
        w--;
    if (w == c->far)
        return c;
    struct cf_chart *again = parse(a, g, start, text, w);
    again->far = w;
    return again->expect.n ? again : c;
}

/* ---- readings ------------------------------------------------------------------------------ */

static void list_back(struct cf_chart *c, struct cf_node *n, const struct cf_prod *p, const struct cf_item *t, struct cf_span *span, u32 *cap)
{
    if (n->cut)
        return;
    if (t->dot == 0) {
        if (n->nreading == CF_MOST_READINGS) {
            n->cut = c->cut = true;
            return;
        }
        if (n->nreading == *cap) {
            u32 more = *cap ? *cap * 2 : 1;
            struct cf_reading *r = NEW_ARRAY(c->a, struct cf_reading, more);
            if (n->nreading)
                memcpy(r, n->reading, n->nreading * sizeof *r);
            n->reading = r;
            *cap = more;
        }
        n->reading[n->nreading++] =
            (struct cf_reading){ p, p->n ? arena_dup(c->a, span, p->n * sizeof *span) : NULL };
        return;
    }
    for (const struct cf_link *l = t->links; l; l = l->next) {
        span[t->dot - 1] = (struct cf_span){ l->prev->pos, t->pos, l->node };
        list_back(c, n, p, l->prev, span, cap);
    }
}

void cf_readings(struct cf_chart *c, struct cf_node *n)
{
    if (n->listed)
        return;
    n->listed = true;
    u32 cap = 0;
    for (const struct cf_item *t = n->done; t; t = t->done_next) {
        const struct cf_prod *p = &c->g->prod.at[t->prod];
        struct cf_span *span = NEW_ARRAY(c->a, struct cf_span, p->n + 1);
        list_back(c, n, p, t, span, &cap);
    }
}
