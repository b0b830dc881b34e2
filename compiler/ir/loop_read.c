/* loop_read.c - loop functions from their text (see loop_text.c).
 *
 * In: records.  Out: a function, or NULL after complaining with the place.  Holds: every value used was defined earlier in the text,
 * once, and every buffer exists; types and scopes are loop_verify's. */
#include "compiler/ir/loop.h"

#include "compiler/base/rec.h"
#include "compiler/ir/loop_words.h"

enum { MOST_VALUES = 1 << 20, MOST_BUFFERS = 1 << 16 };

struct reader {
    struct diags *ds;
    struct loop_fn *f;
};

static bool bad(struct reader *r, const struct rec *at, const char *what)
{
    diag_add(r->ds, E0809, at->loc, "%s", what);
    return false;
}

/* "v17" or "b3" -> 17, 3. */
static bool numbered(const char *s, char letter, u32 most, u32 *out)
{
    u32 n = 0;
    if (*s++ != letter || !*s)
        return false;
    for (; *s; s++) {
        if (*s < '0' || *s > '9' || (n = n * 10 + (u32)(*s - '0')) > most)
            return false;
    }
    *out = n;
    return true;
}

static bool read_use(struct reader *r, const struct rec *at, u32 i, lval *v)
{
    str w;
    if (!rec_word(r->ds, at, i, &w))
        return false;
    if (!numbered(w, 'v', MOST_VALUES, v) || !*v || *v >= r->f->val.n || !r->f->val.at[*v].lanes)
        return bad(r, &at->item[i], "this is not a value defined before");
    return true;
}

/* Defines value `word` with a type. */
static bool define(struct reader *r, const struct rec *at, const char *word, struct ltype t, lval *v)
{
    if (!numbered(word, 'v', MOST_VALUES, v) || !*v)
        return bad(r, at, "a value is written v and its number");
    while (r->f->val.n <= *v) {
        vec_push(r->f->a, &r->f->val, (struct ltype){ 0 });
        vec_push(r->f->a, &r->f->known, (struct loop_known){ 0 });
    }
    if (r->f->val.at[*v].lanes)
        return bad(r, at, "this value is defined twice");
    r->f->val.at[*v] = t;
    return true;
}

static bool read_buf_use(struct reader *r, const struct rec *at, u32 i, u32 *out)
{
    str w;
    if (!rec_word(r->ds, at, i, &w))
        return false;
    return (numbered(w, 'b', MOST_BUFFERS, out) && *out < r->f->buf.n) || bad(r, &at->item[i], "there is no such buffer");
}

static bool read_type(struct reader *r, const struct rec *at, u32 i, struct ltype *t)
{
    str w;
    return rec_word(r->ds, at, i, &w) && (ltype_parse(w, t) || bad(r, &at->item[i], "a type is a dtype, or one with lanes: f32x16"));
}

static bool read_option(struct reader *r, const struct rec *at, const char *head, lval *v)
{
    const struct rec *o = rec_find(at, head);
    return !o || read_use(r, o, 0, v);
}

static bool read_small(struct reader *r, const struct rec *at, u32 i, u32 *out)
{
    i64 v;
    if (!rec_int(r->ds, at, i, &v))
        return false;
    if (v < 0 || v > MOST_BUFFERS)
        return bad(r, &at->item[i], "this number is out of range");
    *out = (u32)v;
    return true;
}

static bool read_flags(struct reader *r, const struct rec *at, u32 *i, u8 *flag)
{
    for (; *i < at->n && at->item[*i].kind == REC_WORD; ++*i) {
        u32 k = 0;
        while (k < COUNTOF(flag_word) && strcmp(flag_word[k].word, at->item[*i].text) != 0)
            k++;
        if (k == COUNTOF(flag_word))
            return true;
        *flag |= flag_word[k].flag;
    }
    (void)r;
    return true;
}

static bool read_region(struct reader *r, const struct rec *at, u32 from, struct loop_region *out);

/* (v5 f32x16 word ...) */
static bool read_value(struct reader *r, const struct rec *at, struct loop_stmt *s)
{
    struct ltype t;
    str word;
    if (!read_type(r, at, 0, &t) || !rec_word(r->ds, at, 1, &word))
        return false;
    if (strcmp(word, "load") == 0) {
        s->kind = LS_LOAD;
        s->narg = 3;
        if (!read_buf_use(r, at, 2, &s->u) || !read_use(r, at, 3, &s->arg[0]) || !read_option(r, at, "mask", &s->arg[1]) ||
            !read_option(r, at, "index", &s->arg[2]))
            return false;
        s->flag = s->arg[2] ? LF_INDEXED : 0;
        return define(r, at, at->text, t, &s->res);
    }
    u32 op = 0, i = 2;
    while (op < LOOP_OPS && strcmp(loop_ops[op].word, word) != 0)
        op++;
    if (op == LOOP_OPS)
        return bad(r, &at->item[1], "there is no such operation");
    s->kind = LS_OP;
    s->op = (u8)op;
    s->narg = loop_ops[op].nargs;
    switch (op) {
    case LO_ICONST:
        if (!rec_int(r->ds, at, i++, &s->i))
            return false;
        break;
    case LO_FCONST:
        if (!rec_real(r->ds, at, i++, &s->r))
            return false;
        break;
    case LO_SYM: case LO_TAB: case LO_LANE: case LO_INSERT:
        if (!read_small(r, at, i++, &s->u))
            return false;
        break;
    case LO_REDUCE: {
        str red;
        if (!rec_word(r->ds, at, i++, &red))
            return false;
        for (s->u = RED_ADD; s->u <= RED_MIN && strcmp(red_word[s->u], red) != 0;)
            s->u++;
        if (s->u > RED_MIN)
            return bad(r, &at->item[i - 1], "a reduction is add, mul, max or min");
        break;
    }
    default:
        break;
    }
    if (!read_flags(r, at, &i, &s->flag))
        return false;
    for (u32 k = 0; k < s->narg; k++)
        if (!read_use(r, at, i++, &s->arg[k]))
            return false;
    if (i != at->n)
        return bad(r, &at->item[i], "this operation has fewer arguments");
    if (!define(r, at, at->text, t, &s->res))
        return false;
    if (op == LO_ICONST)
        r->f->known.at[s->res] = (struct loop_known){ true, s->flag & LF_LIFT, s->i };
    return true;
}

static bool read_uses(struct reader *r, const struct rec *at, u32 from, u32 *n, lval **out)
{
    *n = at->n - from;
    *out = NEW_ARRAY(r->f->a, lval, *n);
    for (u32 i = 0; i < *n; i++)
        if (!read_use(r, at, from + i, &(*out)[i]))
            return false;
    return true;
}

static bool read_for(struct reader *r, const struct rec *at, struct loop_stmt *s)
{
    const struct rec *lo, *hi, *step, *carry, *results;
    str var;
    s->kind = LS_FOR;
    s->narg = 2;
    if (!rec_word(r->ds, at, 0, &var) || !rec_list(r->ds, at, 1, "lo", &lo) || !rec_list(r->ds, at, 2, "hi", &hi) ||
        !rec_list(r->ds, at, 3, "step", &step) || !read_use(r, lo, 0, &s->arg[0]) || !read_use(r, hi, 0, &s->arg[1]) ||
        !rec_int(r->ds, step, 0, &s->step))
        return false;
    u32 i = 4;
    if (i < at->n && at->item[i].kind == REC_LIST && strcmp(at->item[i].text, "flag") == 0) {
        u32 k = 0;
        if (!read_flags(r, &at->item[i], &k, &s->flag))
            return false;
        if (k != at->item[i].n)
            return bad(r, &at->item[i].item[k], "there is no such flag");
        i++;
    }
    if (!rec_list(r->ds, at, i, "carry", &carry) || !rec_list(r->ds, at, i + 1, "results", &results))
        return false;
    s->ncarry = carry->n;
    if (results->n != carry->n)
        return bad(r, results, "a loop has as many results as carried values");
    s->init = NEW_ARRAY(r->f->a, lval, s->ncarry);
    s->carry = NEW_ARRAY(r->f->a, lval, s->ncarry);
    s->result = NEW_ARRAY(r->f->a, lval, s->ncarry);
    for (u32 k = 0; k < s->ncarry; k++)
        if (carry->item[k].kind != REC_LIST)
            return bad(r, &carry->item[k], "a carried value is written (v5 v4): in the body, before");
        else if (!read_use(r, &carry->item[k], 0, &s->init[k]))
            return false;
    if (!define(r, at, var, (struct ltype){ DT_I64, 1 }, &s->var))
        return false;
    for (u32 k = 0; k < s->ncarry; k++)
        if (!define(r, &carry->item[k], carry->item[k].text, r->f->val.at[s->init[k]], &s->carry[k]))
            return false;
    s->body = NEW(r->f->a, struct loop_region);
    if (!read_region(r, at, i + 2, s->body))
        return false;
    for (u32 k = 0; k < s->ncarry; k++) {
        str w;
        if (!rec_word(r->ds, results, k, &w) || !define(r, &results->item[k], w, r->f->val.at[s->init[k]], &s->result[k]))
            return false;
    }
    return true;
}

static bool read_if(struct reader *r, const struct rec *at, struct loop_stmt *s)
{
    const struct rec *results, *then, *other;
    s->kind = LS_IF;
    s->narg = 1;
    s->body = NEW(r->f->a, struct loop_region);
    s->other = NEW(r->f->a, struct loop_region);
    if (!read_use(r, at, 0, &s->arg[0]) || !rec_list(r->ds, at, 1, "results", &results) || !rec_list(r->ds, at, 2, "then", &then) ||
        !rec_list(r->ds, at, 3, "else", &other) || !read_region(r, then, 0, s->body) || !read_region(r, other, 0, s->other))
        return false;
    s->ncarry = results->n;
    s->result = NEW_ARRAY(r->f->a, lval, s->ncarry);
    for (u32 k = 0; k < s->ncarry; k++) {
        struct ltype t;
        const struct rec *x = &results->item[k];
        if (x->kind != REC_LIST)
            return bad(r, x, "a result of an if is written (v5 f32)");
        if (!read_type(r, x, 0, &t) || !define(r, x, x->text, t, &s->result[k]))
            return false;
    }
    return true;
}

static bool read_stmt(struct reader *r, const struct rec *at, struct loop_stmt *s)
{
    if (at->kind != REC_LIST)
        return bad(r, at, "a statement is a record");
    u32 v;
    if (numbered(at->text, 'v', MOST_VALUES, &v))
        return read_value(r, at, s);
    if (strcmp(at->text, "store") == 0) {
        s->kind = LS_STORE;
        s->narg = 3;
        return read_buf_use(r, at, 0, &s->u) && read_use(r, at, 1, &s->arg[0]) && read_use(r, at, 2, &s->arg[1]) &&
               read_option(r, at, "mask", &s->arg[2]);
    }
    if (strcmp(at->text, "for") == 0)
        return read_for(r, at, s);
    if (strcmp(at->text, "if") == 0)
        return read_if(r, at, s);
    if (strcmp(at->text, "yield") == 0) {
        s->kind = LS_YIELD;
        return read_uses(r, at, 0, &s->ncarry, &s->init);
    }
    if (strcmp(at->text, "call") == 0) {
        s->kind = LS_CALL;
        return read_small(r, at, 0, &s->u) && read_uses(r, at, 1, &s->ncarry, &s->init);
    }
    return bad(r, at, "there is no such statement");
}

static bool read_region(struct reader *r, const struct rec *at, u32 from, struct loop_region *out)
{
    for (u32 i = from; i < at->n; i++) {
        struct loop_stmt s = { 0 };
        if (!read_stmt(r, &at->item[i], &s))
            return false;
        vec_push(r->f->a, &out->stmt, s);
    }
    return true;
}

static bool read_count(struct reader *r, const struct rec *at, const char *head, u32 *out)
{
    const struct rec *x = rec_find(at, head);
    *out = 0;
    return !x || read_small(r, x, 0, out);
}

/* (buf b0 x in f32 (align 64) (elems 1024)) */
static bool read_buf(struct reader *r, const struct rec *at)
{
    const struct rec *align, *elems;
    str number, name, kind, dtype;
    u32 n, k = 0, bytes;
    i64 count;
    enum dtype d;
    if (!rec_word(r->ds, at, 0, &number) || !rec_word(r->ds, at, 1, &name) || !rec_word(r->ds, at, 2, &kind) ||
        !rec_word(r->ds, at, 3, &dtype) || !rec_list(r->ds, at, 4, "align", &align) || !rec_list(r->ds, at, 5, "elems", &elems) ||
        !read_small(r, align, 0, &bytes) || !rec_int(r->ds, elems, 0, &count))
        return false;
    if (!numbered(number, 'b', MOST_BUFFERS, &n) || n != r->f->buf.n)
        return bad(r, &at->item[0], "buffers are numbered b0, b1, .. in order");
    while (k < COUNTOF(kind_word) && strcmp(kind_word[k], kind) != 0)
        k++;
    if (k == COUNTOF(kind_word))
        return bad(r, &at->item[2], "a buffer is in, out, inout or scratch");
    if (!dtype_parse(dtype, &d))
        return bad(r, &at->item[3], "there is no such dtype");
    if (count < -1 || count > INT64_MAX / 64 || (count < 0 && k == LB_SCRATCH))
        return bad(r, elems, "a scratch buffer has a size; others have one or -1");
    loop_buf_add(r->f, name, (enum loop_buf_kind)k, d, bytes, count);
    return true;
}

struct loop_fn *loop_read_rec(struct arena *a, struct str_pool *sp, struct diags *ds, const struct rec *at)
{
    struct reader r = { .ds = ds };
    str name;
    if (at->kind != REC_LIST || strcmp(at->text, "fn") != 0) {
        diag_add(ds, E0808, at->loc, "expected a loop function: `(fn name ...)`");
        return NULL;
    }
    if (!rec_word(ds, at, 0, &name))
        return NULL;
    r.f = loop_fn_new(a, sp, name);
    if (!read_count(&r, at, "syms", &r.f->nsym) || !read_count(&r, at, "tabs", &r.f->ntab) || !read_count(&r, at, "uks", &r.f->nuk))
        return NULL;
    const struct rec *body = NULL;
    for (u32 i = 1; i < at->n; i++) {
        const struct rec *x = &at->item[i];
        bool is_list = x->kind == REC_LIST;
        if (is_list && strcmp(x->text, "buf") == 0) {
            if (!read_buf(&r, x))
                return NULL;
        } else if (is_list && strcmp(x->text, "body") == 0 && !body) {
            body = x;
        } else if (!is_list || (strcmp(x->text, "syms") != 0 && strcmp(x->text, "tabs") != 0 && strcmp(x->text, "uks") != 0)) {
            bad(&r, x, "a loop function holds syms, tabs, uks, buffers and one body");
            return NULL;
        }
    }
    if (!body) {
        bad(&r, at, "this loop function has no body");
        return NULL;
    }
    return read_region(&r, body, 0, &r.f->body) ? r.f : NULL;
}

struct loop_fn *loop_read(struct arena *a, struct str_pool *sp, struct diags *ds, const struct src *s)
{
    u32 n;
    struct rec *all = rec_parse(a, sp, ds, s, &n);
    if (!all)
        return NULL;
    if (n != 1) {
        diag_add(ds, E0809, (struct loc){ s->id, 0, 0 }, "expected one loop function, found %u records", n);
        return NULL;
    }
    return loop_read_rec(a, sp, ds, &all[0]);
}
