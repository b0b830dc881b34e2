/* tape_text.c - a tape as one record, and back.
 *
 *     (tape "y" 2 1099511627776 (buf "x" f32 0) (buf "y" f32 1)
 *       (nest blocks none f32 (flags 1 0 0 0) (scan 0 0 0) (counts 1 0 0 0 0 4) (zero 0.0) (rank 1 1 0) .. (par 0 1) (red)
 *         (mdom) (kdom) (prog 0 (dom 1 256) (ins add 2 0 1 0 0 0.0) (ins load 0 0 0 0 0 0.0 (x 0 (0 1 1))) (res 2)) .. (out 1) (lhs 0 (0 1 1)))
 *       (unit 1 1 0) (units 0))
 *
 * An index is a constant and terms (atom u k); tests and slots carry theirs. */
#include "compiler/ir/tape.h"

#include "compiler/base/rec.h"

static const char *const mode_word[] = { "blocks", "rows", "product" };
static const char *const red_word[] = { "none", "add", "mul", "max", "min", "argmax", "argmin", "user" };
static const char *const slot_word[] = { "div", "mod", "gather" };

static void put_string(struct buf *b, const char *s)
{
    buf_putc(b, ' ');
    buf_json(b, s ? s : "", s ? strlen(s) : 0);
}

static void put_ints(struct buf *b, const char *head, u32 n, const i64 *v)
{
    rec_open(b, 0, head);
    for (u32 i = 0; i < n; i++)
        rec_put_int(b, v[i]);
    rec_close(b);
}
#define PUT(b, head, ...) put_ints(b, head, sizeof((i64[]){ __VA_ARGS__ }) / sizeof(i64), (i64[]){ __VA_ARGS__ })

static void put_list(struct buf *b, const char *head, u32 n, const u32 *v)
{
    rec_open(b, 0, head);
    for (u32 i = 0; i < n; i++)
        rec_put_int(b, v[i]);
    rec_close(b);
}

static void put_index(struct buf *b, const char *head, const struct tape_index *x)
{
    if (!x->n && !x->c)
        return;
    rec_open(b, 0, head);
    rec_put_int(b, x->c);
    for (u32 i = 0; i < x->n; i++)
        PUT(b, "t", x->t[i].atom, x->t[i].u, x->t[i].k);
    rec_close(b);
}

static void put_tests(struct buf *b, u32 n, const struct tape_test *t)
{
    for (u32 i = 0; i < n; i++) {
        rec_open(b, 0, "test");
        rec_put_int(b, t[i].ext);
        rec_put_int(b, t[i].tb);
        put_index(b, "x", &t[i].x);
        rec_close(b);
    }
}

static void put_dom(struct buf *b, const char *head, const struct tape_dom *d)
{
    rec_open(b, 0, head);
    for (u32 i = 0; i < d->n; i++) {
        rec_put_int(b, d->rank[i]);
        rec_put_int(b, d->size[i]);
    }
    rec_close(b);
}

static void put_prog(struct buf *b, u32 k, const struct tape_prog *p)
{
    rec_open(b, 2, "prog");
    rec_put_int(b, k);
    put_dom(b, "dom", &p->dom);
    for (u32 i = 0; i < p->slot.n; i++) {
        const struct tape_slot *s = &p->slot.at[i];
        rec_open(b, 3, "slot");
        rec_put_word(b, slot_word[s->kind]);
        rec_put_int(b, s->k);
        rec_put_int(b, s->buf);
        put_index(b, "x", &s->x);
        put_tests(b, s->ntest, s->test);
        rec_close(b);
    }
    for (u32 i = 0; i < p->ins.n; i++) {
        const struct tape_ins *s = &p->ins.at[i];
        rec_open(b, 3, "ins");
        rec_put_word(b, tape_ops[s->op].word);
        const u32 v[] = { s->dst, s->a, s->b, s->c, s->u };
        for (u32 j = 0; j < COUNTOF(v); j++)
            rec_put_int(b, v[j]);
        rec_put_real(b, s->r);
        put_index(b, "x", &s->x);
        put_index(b, "y", &s->y);
        put_tests(b, s->ntest, s->test);
        rec_close(b);
    }
    put_list(b, "res", p->res.n, p->res.at);
    rec_close(b);
}

static void put_nest(struct buf *b, const struct tape_nest *n)
{
    rec_open(b, 1, "nest");
    rec_put_word(b, mode_word[n->mode]);
    rec_put_word(b, red_word[n->red]);
    rec_put_word(b, dtype_name((enum dtype)n->ct));
    PUT(b, "flags", n->fuse, n->guard, n->post, n->round);
    PUT(b, "scan", n->scan, n->scan_rank, n->scan_down);
    PUT(b, "counts", n->nstate, n->nlift, n->nm, n->nn, n->nreg);
    rec_open(b, 0, "zero");
    rec_put_real(b, n->zero);
    rec_close(b);
    for (u32 r = 0; r < n->nrank; r++)
        PUT(b, "rank", n->rank[r].ext, n->rank[r].tb, n->rank[r].red);
    put_list(b, "par", n->npar, n->par);
    put_list(b, "red", n->nred, n->redr);
    put_dom(b, "mdom", &n->mdom);
    put_dom(b, "kdom", &n->kdom);
    put_list(b, "out", n->nout, n->out);
    put_index(b, "lhs", &n->lhs);
    for (u32 k = 0; k < TAPE_PROGS; k++)
        if (n->prog[k].ins.n || n->prog[k].dom.n || n->prog[k].slot.n)
            put_prog(b, k, &n->prog[k]);
    rec_close(b);
}

void tape_dump(struct buf *b, const struct tape *t)
{
    rec_open(b, 0, "tape");
    put_string(b, t->name);
    rec_put_int(b, t->level);
    rec_put_int(b, t->piece);
    for (u32 i = 0; i < t->buf.n; i++) {
        rec_open(b, 0, "buf");
        put_string(b, t->buf.at[i].name);
        rec_put_word(b, dtype_name((enum dtype)t->buf.at[i].dtype));
        rec_put_int(b, t->buf.at[i].out);
        rec_close(b);
    }
    for (u32 i = 0; i < t->nest.n; i++)
        put_nest(b, &t->nest.at[i]);
    for (u32 u = 0; u < t->nunit; u++) {
        rec_open(b, 1, "unit");
        rec_put_int(b, t->unit[u].ext);
        rec_put_int(b, t->unit[u].tb);
        for (u32 i = 0; i < t->nest.n; i++)
            rec_put_int(b, t->unit_rank[i][u]);
        rec_close(b);
    }
    rec_close(b);
}

/* Reading */

struct reader { struct arena *a; struct diags *ds; };

static bool bad(struct reader *r, const struct rec *at, const char *what)
{
    diag_add(r->ds, E0809, at->loc, "%s", what);
    return false;
}

static bool number(struct reader *r, const struct rec *at, u32 i, i64 most, i64 *out)
{
    return rec_int(r->ds, at, i, out) && ((*out >= 0 && *out <= most) || bad(r, &at->item[i], "this number is out of its range"));
}

static bool small(struct reader *r, const struct rec *at, u32 i, u32 *out)
{
    i64 v;
    if (!number(r, at, i, UINT32_MAX, &v))
        return false;
    *out = (u32)v;
    return true;
}

static bool flag(struct reader *r, const struct rec *at, u32 i, bool *out)
{
    i64 v;
    if (!number(r, at, i, 1, &v))
        return false;
    *out = v;
    return true;
}

static bool word(struct reader *r, const struct rec *at, u32 i, u32 n, const char *const *words, u8 *out)
{
    str w;
    if (!rec_word(r->ds, at, i, &w))
        return false;
    for (u32 k = 0; k < n; k++)
        if (!strcmp(w, words[k])) {
            *out = (u8)k;
            return true;
        }
    return bad(r, &at->item[i], "there is no such word here");
}

static const struct rec *part(struct reader *r, const struct rec *at, const char *head)
{
    const struct rec *x = rec_find(at, head);
    if (!x)
        diag_add(r->ds, E0806, at->loc, "a (%s ..) is missing", head);
    return x;
}

static bool read_list(struct reader *r, const struct rec *at, u32 *n, u32 **out)
{
    *n = at->n;
    *out = NEW_ARRAY(r->a, u32, at->n + 1);
    for (u32 i = 0; i < at->n; i++)
        if (!small(r, at, i, &(*out)[i]))
            return false;
    return true;
}

static bool read_index(struct reader *r, const struct rec *in, const char *head, struct tape_index *x)
{
    const struct rec *at = rec_find(in, head), *t;
    if (!at)
        return true;
    if (!rec_int(r->ds, at, 0, &x->c))
        return false;
    x->t = NEW_ARRAY(r->a, struct tape_term, at->n);
    for (u32 i = 1; i < at->n; i++, x->n++) {
        struct tape_term *k = &x->t[x->n];
        i64 atom;
        if (!rec_list(r->ds, at, i, "t", &t) || !number(r, t, 0, TA_BATCH, &atom) || !small(r, t, 1, &k->u) || !rec_int(r->ds, t, 2, &k->k))
            return false;
        k->atom = (u8)atom;
    }
    return true;
}

static bool is_list(const struct rec *at, const char *head)
{
    return at->kind == REC_LIST && !strcmp(at->text, head);
}

static bool read_tests(struct reader *r, const struct rec *at, u32 *n, struct tape_test **out)
{
    *out = NEW_ARRAY(r->a, struct tape_test, at->n + 1);
    *n = 0;
    for (u32 i = 0; i < at->n; i++) {
        struct tape_test *t = &(*out)[*n];
        if (!is_list(&at->item[i], "test"))
            continue;
        if (!number(r, &at->item[i], 0, INT64_MAX, &t->ext) || !flag(r, &at->item[i], 1, &t->tb) || !read_index(r, &at->item[i], "x", &t->x))
            return false;
        ++*n;
    }
    return true;
}

static bool read_dom(struct reader *r, const struct rec *in, const char *head, struct tape_dom *d)
{
    const struct rec *at = part(r, in, head);
    if (!at || at->n / 2 > TAPE_DIMS)
        return at && bad(r, at, "too many dimensions");
    for (d->n = 0; d->n < at->n / 2; d->n++)
        if (!small(r, at, 2 * d->n, &d->rank[d->n]) || !rec_int(r->ds, at, 2 * d->n + 1, &d->size[d->n]))
            return false;
    return true;
}

static bool read_ins(struct reader *r, const struct rec *at, struct tape_ins *s)
{
    const char *words[TAPE_OPS];
    for (u32 i = 0; i < TAPE_OPS; i++)
        words[i] = tape_ops[i].word;
    return word(r, at, 0, TAPE_OPS, words, &s->op) && small(r, at, 1, &s->dst) && small(r, at, 2, &s->a) && small(r, at, 3, &s->b) &&
           small(r, at, 4, &s->c) && small(r, at, 5, &s->u) && rec_real(r->ds, at, 6, &s->r) && read_index(r, at, "x", &s->x) &&
           read_index(r, at, "y", &s->y) && read_tests(r, at, &s->ntest, &s->test);
}

static bool read_prog(struct reader *r, const struct rec *at, struct tape_nest *n)
{
    i64 k;
    if (!number(r, at, 0, TAPE_PROGS - 1, &k))
        return false;
    struct tape_prog *p = &n->prog[k];
    if (!read_dom(r, at, "dom", &p->dom))
        return false;
    for (u32 i = 0; i < at->n; i++) {
        const struct rec *x = &at->item[i];
        if (is_list(x, "slot")) {
            struct tape_slot s = { 0 };
            if (!word(r, x, 0, COUNTOF(slot_word), slot_word, &s.kind) || !rec_int(r->ds, x, 1, &s.k) || !small(r, x, 2, &s.buf) ||
                !read_index(r, x, "x", &s.x) || !read_tests(r, x, &s.ntest, &s.test))
                return false;
            vec_push(r->a, &p->slot, s);
        } else if (is_list(x, "ins")) {
            struct tape_ins s = { 0 };
            if (!read_ins(r, x, &s))
                return false;
            vec_push(r->a, &p->ins, s);
        }
    }
    const struct rec *res = part(r, at, "res");
    for (u32 i = 0; res && i < res->n; i++) {
        u32 v;
        if (!small(r, res, i, &v))
            return false;
        vec_push(r->a, &p->res, v);
    }
    return res;
}

static bool read_nest(struct reader *r, const struct rec *at, struct tape_nest *n)
{
    str ct;
    enum dtype d;
    u32 round;
    if (!word(r, at, 0, COUNTOF(mode_word), mode_word, &n->mode) || !word(r, at, 1, COUNTOF(red_word), red_word, &n->red) || !rec_word(r->ds, at, 2, &ct))
        return false;
    if (!dtype_parse(ct, &d))
        return bad(r, at, "a nest computes in a dtype");
    n->ct = (u8)d;
    const struct rec *f = part(r, at, "flags"), *s = part(r, at, "scan"), *k = part(r, at, "counts"), *z = part(r, at, "zero"), *par = part(r, at, "par"),
                     *red = part(r, at, "red"), *out = part(r, at, "out");
    if (!f || !s || !k || !z || !par || !red || !out || !flag(r, f, 0, &n->fuse) || !flag(r, f, 1, &n->guard) || !flag(r, f, 2, &n->post) ||
        !small(r, f, 3, &round) || round >= TAPE_OPS || (round && (tape_ops[round].class != 'A' || tape_ops[round].nsrc != 1)) ||
        !small(r, s, 0, &n->scan) || !small(r, s, 1, &n->scan_rank) || !flag(r, s, 2, &n->scan_down) || !small(r, k, 0, &n->nstate) ||
        !small(r, k, 1, &n->nlift) || !small(r, k, 2, &n->nm) || !small(r, k, 3, &n->nn) || !small(r, k, 4, &n->nreg) || !rec_real(r->ds, z, 0, &n->zero) ||
        !read_list(r, par, &n->npar, &n->par) || !read_list(r, red, &n->nred, &n->redr) || !read_list(r, out, &n->nout, &n->out) ||
        !read_dom(r, at, "mdom", &n->mdom) || !read_dom(r, at, "kdom", &n->kdom) || !read_index(r, at, "lhs", &n->lhs))
        return false;
    n->round = (u8)round;
    n->rank = NEW_ARRAY(r->a, struct tape_rank, at->n);
    for (u32 i = 0; i < at->n; i++) {
        const struct rec *x = &at->item[i];
        struct tape_rank *t = &n->rank[n->nrank];
        if (is_list(x, "rank")) {
            if (!rec_int(r->ds, x, 0, &t->ext) || !flag(r, x, 1, &t->tb) || !flag(r, x, 2, &t->red))
                return false;
            if (t->ext < 1)
                return bad(r, x, "an extent is positive");
            n->nrank++;
        } else if (is_list(x, "prog") && !read_prog(r, x, n)) {
            return false;
        }
    }
    return true;
}

struct tape *tape_read_rec(struct arena *a, struct str_pool *sp, struct diags *ds, const struct rec *at)
{
    struct reader r = { a, ds };
    struct tape *t = NEW(a, struct tape);
    i64 level;
    (void)sp;
    if (!rec_word(ds, at, 0, &t->name) || !number(&r, at, 1, 2, &level) || !rec_int(ds, at, 2, &t->piece))
        return NULL;
    t->level = (u8)level;
    u32 nunit = 0;
    for (u32 i = 0; i < at->n; i++) {
        const struct rec *x = &at->item[i];
        if (is_list(x, "buf")) {
            struct tape_buf b = { 0 };
            str dt;
            enum dtype d;
            if (!rec_word(ds, x, 0, &b.name) || !rec_word(ds, x, 1, &dt) || !flag(&r, x, 2, &b.out))
                return NULL;
            if (!dtype_parse(dt, &d)) {
                bad(&r, x, "a buffer has a dtype");
                return NULL;
            }
            b.dtype = (u8)d;
            vec_push(a, &t->buf, b);
        } else if (is_list(x, "nest")) {
            struct tape_nest n = { 0 };
            if (!read_nest(&r, x, &n))
                return NULL;
            vec_push(a, &t->nest, n);
        } else {
            nunit += is_list(x, "unit");
        }
    }
    t->unit = NEW_ARRAY(a, struct tape_rank, nunit + 1);
    t->unit_rank = NEW_ARRAY(a, u32 *, t->nest.n + 1);
    for (u32 i = 0; i < t->nest.n; i++)
        t->unit_rank[i] = NEW_ARRAY(a, u32, nunit + 1);
    for (u32 i = 0; i < at->n; i++) {
        const struct rec *x = &at->item[i];
        if (!is_list(x, "unit"))
            continue;
        struct tape_rank *u = &t->unit[t->nunit];
        if (!rec_int(ds, x, 0, &u->ext) || !flag(&r, x, 1, &u->tb))
            return NULL;
        for (u32 k = 0; k < t->nest.n; k++)
            if (!small(&r, x, 2 + k, &t->unit_rank[k][t->nunit]))
                return NULL;
        t->nunit++;
    }
    struct buf why = { 0 };
    bool ok = t->nunit <= TAPE_RANKS && tape_finish(a, t, &why);
    if (!ok)
        bad(&r, at, why.at ? arena_strdup(a, why.at) : "this is no tape");
    buf_free(&why);
    return ok ? t : NULL;
}
