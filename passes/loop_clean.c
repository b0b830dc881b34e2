/* loop_clean.c - the same loop function with less in it.
 *
 * In: a verified function.  Out: the same function in which no pure operation is computed twice where one value is seen from
 * both places, scalar integer operations and constant expressions stand outside of the loops that do not change them, and nothing
 * unused is left.
 *
 *   (for v5 .. (v6 i64 imul v3 v4) (v7 i64 imul v3 v4) (v8 i64 iadd v7 v5) ..)
 *   ->  (v6 i64 imul v3 v4) (for v5 .. (v8 i64 iadd v6 v5) ..)
 *
 * Holds: every value as before.  Nothing that can fail (a division by what is not a constant, a read) moves to where it did not run; of vectors
 * only constant expressions move, as registers are what inner loops have least of. */
#include "passes/pass.h"

enum { MOST_LEVELS = 256 };

struct entry { const struct loop_stmt *s; struct ltype t; lval value; u32 next; u32 bucket; };

struct cleaner {
    struct loop_fn *f;
    u32 nvalue, level, fired;
    lval *now;                  /* value -> the one that replaced it, 0: itself */
    u32 *home;                  /* value -> level of the region it stands in */
    bool *fixed;                /* value -> a constant expression */
    struct loop_region *at[MOST_LEVELS];        /* the open regions, being rebuilt */
    bool branch[MOST_LEVELS];                   /* of an if */
    u32 opened[MOST_LEVELS];                    /* entries from here on came after it was opened */
    VEC(struct entry) entry;
    u32 *bucket, nbucket;       /* heads of chains, 1-based into entry */
};

static lval current(const struct cleaner *c, lval v)
{
    return v && c->now[v] ? c->now[v] : v;
}

static u64 key_of(const struct loop_stmt *s, struct ltype t)
{
    u64 real;
    memcpy(&real, &s->r, sizeof real);
    u64 word[8] = { (u64)s->kind << 32 | (u64)s->op << 16 | s->flag, s->u, (u64)s->i, real, (u64)t.dtype << 32 | t.lanes, s->arg[0], s->arg[1], s->arg[2] };
    return hash64(word, sizeof word);
}

static bool same(const struct loop_stmt *a, const struct loop_stmt *b)
{
    return a->kind == b->kind && a->op == b->op && a->flag == b->flag && a->u == b->u && a->i == b->i && memcmp(&a->r, &b->r, sizeof a->r) == 0 &&
           memcmp(a->arg, b->arg, sizeof a->arg) == 0;
}

/* The value of an equal statement that is still in scope, or 0. Entries of closed regions are taken out when they close. */
static lval known(const struct cleaner *c, const struct loop_stmt *s, struct ltype t, u64 key)
{
    for (u32 i = c->bucket[key & (c->nbucket - 1)]; i; i = c->entry.at[i - 1].next) {
        const struct entry *e = &c->entry.at[i - 1];
        if (e->t.dtype == t.dtype && e->t.lanes == t.lanes && same(e->s, s))
            return e->value;
    }
    return 0;
}

/* Can it run where it did not run before? */
static bool safe(const struct cleaner *c, const struct loop_stmt *s)
{
    if (s->op == LO_TAB)
        return false;
    if (s->op != LO_IDIV && s->op != LO_IMOD && s->op != LO_BSHL && s->op != LO_BSHR)
        return true;
    struct loop_known k = c->f->known.at[s->arg[1]];
    return k.is_const && k.i > 0 && k.i < 32;
}

static bool positive(const struct cleaner *c, lval v)
{
    return c->f->known.at[v].is_const && c->f->known.at[v].i > 0;
}

/* The outermost level where the operation can stand and has a reason to. */
static u32 level_for(const struct cleaner *c, const struct loop_stmt *s, struct ltype t)
{
    u32 level = 0;
    bool fixed = true;
    for (u32 i = 0; i < s->narg; i++) {
        level = MAX(level, c->home[s->arg[i]]);
        fixed = fixed && c->fixed[s->arg[i]];
    }
    bool divides = s->op == LO_IDIV || s->op == LO_IMOD;
    if (!(safe(c, s) || (divides && positive(c, s->arg[1]))))
        return c->level;
    if (fixed)
        return 0;                           /* free: folded, or made once */
    if (t.lanes != 1 || loop_ops[s->op].class == 'F' || loop_ops[s->op].class == 'V')
        return c->level;
    u32 inner = c->level;                   /* out of loops, not out of branches */
    while (inner > level && !c->branch[inner])
        inner--;
    return inner;
}

/* Entries are chained newest first, and closing a region takes away exactly those put since it was opened, except what moved further out. */
static void put(struct cleaner *c, const struct loop_stmt *s, struct ltype t, u64 key)
{
    struct loop_stmt *copy = arena_dup(c->f->a, s, sizeof *s);
    u32 b = (u32)(key & (c->nbucket - 1));
    vec_push(c->f->a, &c->entry, ((struct entry){ copy, t, s->res, c->bucket[b], b }));
    c->bucket[b] = c->entry.n;
}

static void close_level(struct cleaner *c)
{
    u32 from = c->opened[c->level], kept = from;
    for (u32 i = c->entry.n; i > from; i--)
        c->bucket[c->entry.at[i - 1].bucket] = c->entry.at[i - 1].next;
    u32 n = c->entry.n;
    for (u32 i = from; i < n; i++) {
        struct entry e = c->entry.at[i];
        if (c->home[e.value] >= c->level)
            continue;
        e.next = c->bucket[e.bucket];
        c->entry.at[kept] = e;
        c->bucket[e.bucket] = ++kept;
    }
    c->entry.n = kept;
    c->level--;
}

static void clean_region(struct cleaner *c, struct loop_region *r, bool branch, u32 nin, const lval *in);

static void define(struct cleaner *c, lval v, u32 level)
{
    c->home[v] = level;
}

static void clean_op(struct cleaner *c, struct loop_stmt *s)
{
    struct ltype t = c->f->val.at[s->res];
    u64 key = key_of(s, t);
    lval had = known(c, s, t, key);
    if (had) {
        c->now[s->res] = had;
        c->fired++;
        return;
    }
    u32 level = s->kind == LS_OP ? level_for(c, s, t) : c->level;
    c->fixed[s->res] = s->kind == LS_OP && s->op != LO_SYM && s->op != LO_TAB && level == 0;
    for (u32 i = 0; i < s->narg; i++)
        c->fixed[s->res] = c->fixed[s->res] && c->fixed[s->arg[i]];
    c->fired += level != c->level;
    define(c, s->res, level);
    vec_push(c->f->a, &c->at[level]->stmt, *s);
    put(c, s, t, key);
}

static void clean_stmt(struct cleaner *c, struct loop_stmt *s)
{
    u32 nargs = s->kind == LS_LOAD || s->kind == LS_STORE ? 3 : s->narg;
    for (u32 i = 0; i < nargs; i++)
        s->arg[i] = current(c, s->arg[i]);
    if (s->kind == LS_FOR || s->kind == LS_YIELD || s->kind == LS_CALL)
        for (u32 i = 0; i < s->ncarry; i++)
            s->init[i] = current(c, s->init[i]);
    if (s->kind == LS_OP || (s->kind == LS_LOAD && c->f->buf.at[s->u].kind == LB_IN)) {
        clean_op(c, s);
        return;
    }
    if (s->kind == LS_LOAD)
        define(c, s->res, c->level);
    if (s->kind == LS_FOR) {
        define(c, s->var, c->level + 1);
        clean_region(c, s->body, false, s->ncarry, s->carry);
    }
    if (s->kind == LS_IF) {
        clean_region(c, s->body, true, 0, NULL);
        clean_region(c, s->other, true, 0, NULL);
    }
    if (s->kind == LS_FOR || s->kind == LS_IF)
        for (u32 i = 0; i < s->ncarry; i++)
            define(c, s->result[i], c->level);
    vec_push(c->f->a, &c->at[c->level]->stmt, *s);
}

static void clean_region(struct cleaner *c, struct loop_region *r, bool branch, u32 nin, const lval *in)
{
    struct loop_region old = *r;
    memset(&r->stmt, 0, sizeof r->stmt);
    c->level++;
    CHECK(c->level < MOST_LEVELS);
    c->at[c->level] = r;
    c->branch[c->level] = branch;
    c->opened[c->level] = c->entry.n;
    for (u32 i = 0; i < nin; i++)
        define(c, in[i], c->level);
    for (u32 i = 0; i < old.stmt.n; i++)
        clean_stmt(c, &old.stmt.at[i]);
    close_level(c);
}

/* ---- what nobody uses: from the end back ---- */

static u32 drop_unused(struct cleaner *c, struct loop_region *r, bool *used)
{
    u32 dropped = 0, kept = r->stmt.n;
    for (u32 i = r->stmt.n; i-- > 0;) {
        struct loop_stmt *s = &r->stmt.at[i];
        if ((s->kind == LS_OP || s->kind == LS_LOAD) && !used[s->res]) {
            dropped++;
            continue;
        }
        if (s->kind == LS_FOR || s->kind == LS_YIELD || s->kind == LS_CALL)
            for (u32 k = 0; k < s->ncarry; k++)
                used[s->init[k]] = true;
        if (s->body)
            dropped += drop_unused(c, s->body, used);
        if (s->other)
            dropped += drop_unused(c, s->other, used);
        u32 nargs = s->kind == LS_LOAD || s->kind == LS_STORE ? 3 : s->narg;
        for (u32 k = 0; k < nargs; k++)
            used[s->arg[k]] = true;
        r->stmt.at[--kept] = *s;
    }
    memmove(r->stmt.at, r->stmt.at + kept, (r->stmt.n - kept) * sizeof *r->stmt.at);
    r->stmt.n -= kept;
    return dropped;
}

u32 loop_clean(struct loop_fn *f)
{
    struct cleaner c = { .f = f, .nvalue = f->val.n };
    c.now = NEW_ARRAY(f->a, lval, c.nvalue);
    c.home = NEW_ARRAY(f->a, u32, c.nvalue);
    c.fixed = NEW_ARRAY(f->a, bool, c.nvalue);
    for (c.nbucket = 64; c.nbucket < c.nvalue;)
        c.nbucket *= 2;
    c.bucket = NEW_ARRAY(f->a, u32, c.nbucket);
    c.at[0] = &f->body;
    struct loop_region old = f->body;
    memset(&f->body.stmt, 0, sizeof f->body.stmt);
    for (u32 i = 0; i < old.stmt.n; i++)
        clean_stmt(&c, &old.stmt.at[i]);
    return c.fired + drop_unused(&c, &f->body, NEW_ARRAY(f->a, bool, c.nvalue));
}
