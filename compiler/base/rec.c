/* rec.c - records: text to tree, accessors that complain with a place, and printing.
 *
 * In: any bytes.  Out: a tree, or NULL and one diagnostic.  Nesting is bounded by DEPTH, so
 * no text can use up the stack. */
#include "compiler/base/rec.h"

#include "compiler/base/real.h"

enum { DEPTH = 200 };

struct reader {
    struct arena *a;
    struct str_pool *sp;
    struct diags *ds;
    const struct src *s;
    u32 at;
    struct buf text;            /* of the string being read */
};

typedef VEC(struct rec) recs;

static struct loc place(const struct reader *r, u32 from, u32 to)
{
    return (struct loc){ r->s->id, from, to - from };
}

static bool is_space(unsigned char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_word(unsigned char c)
{
    return c > ' ' && c != 0x7f && c != '(' && c != ')' && c != '"' && c != ';';
}

static void skip_space(struct reader *r)
{
    const char *t = r->s->text;
    for (; r->at < r->s->len; r->at++) {
        if (t[r->at] == ';')
            while (r->at < r->s->len && t[r->at] != '\n')
                r->at++;
        if (r->at >= r->s->len || !is_space((unsigned char)t[r->at]))
            return;
    }
}

static bool is_integer(const char *s, u32 n)
{
    u32 i = n && (s[0] == '-' || s[0] == '+');
    if (i == n)
        return false;
    for (; i < n; i++)
        if (s[i] < '0' || s[i] > '9')
            return false;
    return true;
}

/* A word, an integer or a real: what the whole run of characters says. */
static bool read_word(struct reader *r, struct rec *out)
{
    const char *s = r->s->text + r->at;
    u32 from = r->at, n = 0;
    while (from + n < r->s->len && is_word((unsigned char)s[n]))
        n++;
    r->at += n;
    out->loc = place(r, from, r->at);
    if (is_integer(s, n)) {
        out->kind = REC_INT;
        bool minus = s[0] == '-';
        i64 v = 0;
        for (u32 i = minus || s[0] == '+'; i < n; i++) {
            i64 digit = s[i] - '0';
            if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, minus ? -digit : digit, &v)) {
                diag_add(r->ds, E0804, out->loc, "this integer does not fit 64 bits");
                return false;
            }
        }
        out->i = v;
        out->r = (double)v;
    } else if (real_read(s, n, &out->r)) {
        out->kind = REC_REAL;
    } else {
        out->kind = REC_WORD;
        out->text = str_intern(r->sp, s, n);
    }
    return true;
}

static bool read_string(struct reader *r, struct rec *out)
{
    const char *t = r->s->text;
    u32 from = r->at++;
    buf_clear(&r->text);
    for (; r->at < r->s->len && t[r->at] != '"'; r->at++) {
        char c = t[r->at];
        if (c == '\n' || c == 0)
            break;
        if (c != '\\') {
            buf_putc(&r->text, c);
            continue;
        }
        c = ++r->at < r->s->len ? t[r->at] : 0;
        if (c == 'n')
            c = '\n';
        else if (c == 't')
            c = '\t';
        else if (c == 'r')
            c = '\r';
        else if (c != '"' && c != '\\') {
            diag_add(r->ds, E0805, place(r, r->at - 1, MIN(r->at + 1, r->s->len)),
                     "unknown escape in a string: \\\" \\\\ \\n \\t \\r are known");
            return false;
        }
        buf_putc(&r->text, c);
    }
    if (r->at >= r->s->len || t[r->at] != '"') {
        diag_add(r->ds, E0803, place(r, from, from + 1), "this string is not closed on its line");
        return false;
    }
    r->at++;
    out->kind = REC_STRING;
    out->loc = place(r, from, r->at);
    out->text = str_intern(r->sp, r->text.at, r->text.n);
    return true;
}

static bool read_item(struct reader *r, struct rec *out, u32 depth);

static bool read_list(struct reader *r, struct rec *out, u32 depth)
{
    u32 from = r->at++;
    if (depth >= DEPTH) {
        diag_add(r->ds, E0802, place(r, from, from + 1), "records are nested more than %d deep", DEPTH);
        return false;
    }
    recs items = { 0 };
    bool head = false;
    for (;;) {
        skip_space(r);
        if (r->at >= r->s->len) {
            diag_add(r->ds, E0803, place(r, from, from + 1), "this record is not closed");
            return false;
        }
        if (r->s->text[r->at] == ')')
            break;
        struct rec item = { 0 };
        if (!read_item(r, &item, depth + 1))
            return false;
        if (head) {
            vec_push(r->a, &items, item);
            continue;
        }
        if (item.kind != REC_WORD) {
            diag_add(r->ds, E0801, item.loc, "a record begins with a word that says what it is");
            return false;
        }
        out->text = item.text;
        head = true;
    }
    r->at++;
    out->kind = REC_LIST;
    out->loc = place(r, from, r->at);
    if (!head) {
        diag_add(r->ds, E0801, out->loc, "this record is empty: it must begin with a word");
        return false;
    }
    out->item = items.at;
    out->n = items.n;
    return true;
}

/* One item; something other than space is at r->at. */
static bool read_item(struct reader *r, struct rec *out, u32 depth)
{
    unsigned char c = (unsigned char)r->s->text[r->at];
    if (c == '(')
        return read_list(r, out, depth);
    if (c == '"')
        return read_string(r, out);
    if (is_word(c))
        return read_word(r, out);
    if (c == ')')
        diag_add(r->ds, E0803, place(r, r->at, r->at + 1), "`)` closes nothing");
    else
        diag_add(r->ds, E0801, place(r, r->at, r->at + 1), "character 0x%02x has no place in a record", c);
    return false;
}

struct rec *rec_parse(struct arena *a, struct str_pool *sp, struct diags *ds, const struct src *s, u32 *n)
{
    struct reader r = { .a = a, .sp = sp, .ds = ds, .s = s };
    recs all = { 0 };
    bool ok = true;
    *n = 0;
    for (skip_space(&r); ok && r.at < s->len; skip_space(&r)) {
        struct rec item = { 0 };
        ok = read_item(&r, &item, 0);
        if (ok && item.kind != REC_LIST) {
            diag_add(ds, E0801, item.loc, "only records stand at the top of a text: `(` is missing");
            ok = false;
        }
        if (ok)
            vec_push(a, &all, item);
    }
    buf_free(&r.text);
    if (!ok)
        return NULL;
    *n = all.n;
    return all.at ? all.at : NEW(a, struct rec);
}

const struct rec *rec_find(const struct rec *r, const char *head)
{
    if (r->kind == REC_LIST)
        for (u32 i = 0; i < r->n; i++)
            if (r->item[i].kind == REC_LIST && strcmp(r->item[i].text, head) == 0)
                return &r->item[i];
    return NULL;
}

static const char *kind_text(enum rec_kind k)
{
    switch (k) {
    case REC_WORD: return "a word";
    case REC_INT: return "an integer";
    case REC_REAL: return "a real";
    case REC_STRING: return "a string";
    case REC_LIST: return "a record";
    }
    return "?";
}

/* Item i, or NULL after complaining that it is absent. */
static const struct rec *item_of(struct diags *ds, const struct rec *r, u32 i, const char *want)
{
    if (r->kind != REC_LIST) {
        diag_add(ds, E0807, r->loc, "expected a record that holds %s, found %s", want, kind_text(r->kind));
        return NULL;
    }
    if (i < r->n)
        return &r->item[i];
    diag_add(ds, E0806, r->loc, "`%s` has %u item%s, and %s is expected as item %u", r->text, r->n,
             r->n == 1 ? "" : "s", want, i + 1);
    return NULL;
}

static bool wrong_kind(struct diags *ds, const struct rec *it, const char *want)
{
    diag_add(ds, E0807, it->loc, "expected %s, found %s", want, kind_text(it->kind));
    return false;
}

bool rec_int(struct diags *ds, const struct rec *r, u32 i, i64 *out)
{
    const struct rec *it = item_of(ds, r, i, "an integer");
    if (!it)
        return false;
    if (it->kind != REC_INT)
        return wrong_kind(ds, it, "an integer");
    *out = it->i;
    return true;
}

bool rec_real(struct diags *ds, const struct rec *r, u32 i, double *out)
{
    const struct rec *it = item_of(ds, r, i, "a number");
    if (!it)
        return false;
    if (it->kind != REC_INT && it->kind != REC_REAL)
        return wrong_kind(ds, it, "a number");
    *out = it->r;
    return true;
}

bool rec_word(struct diags *ds, const struct rec *r, u32 i, str *out)
{
    const struct rec *it = item_of(ds, r, i, "a word");
    if (!it)
        return false;
    if (it->kind != REC_WORD && it->kind != REC_STRING)
        return wrong_kind(ds, it, "a word");
    *out = it->text;
    return true;
}

bool rec_list(struct diags *ds, const struct rec *r, u32 i, const char *head, const struct rec **out)
{
    const struct rec *it = item_of(ds, r, i, "a record");
    if (!it)
        return false;
    if (it->kind != REC_LIST)
        return wrong_kind(ds, it, "a record");
    if (head && strcmp(it->text, head) != 0) {
        diag_add(ds, E0808, it->loc, "expected `(%s ...)`, found `(%s ...)`", head, it->text);
        return false;
    }
    *out = it;
    return true;
}

void rec_open(struct buf *b, int depth, const char *head)
{
    if (depth > 0) {
        buf_putc(b, '\n');
        buf_pad(b, 2 * (size_t)depth);
    } else if (b->n && b->at[b->n - 1] != '\n') {
        buf_putc(b, ' ');
    }
    buf_putc(b, '(');
    buf_puts(b, head);
}

void rec_close(struct buf *b)
{
    buf_putc(b, ')');
}

void rec_put_word(struct buf *b, const char *w)
{
    size_t n = strlen(w);
    double number;
    bool plain = n && n < UINT32_MAX && !is_integer(w, (u32)n) && !real_read(w, n, &number);
    for (size_t i = 0; i < n && plain; i++)
        plain = is_word((unsigned char)w[i]);
    buf_putc(b, ' ');
    if (plain) {
        buf_put(b, w, n);
        return;
    }
    buf_putc(b, '"');
    for (size_t i = 0; i < n; i++) {
        char c = w[i];
        const char *escape = c == '"' ? "\\\"" : c == '\\' ? "\\\\" : c == '\n' ? "\\n" : c == '\t' ? "\\t" : c == '\r' ? "\\r" : NULL;
        if (escape)
            buf_puts(b, escape);
        else
            buf_putc(b, c);
    }
    buf_putc(b, '"');
}

void rec_put_int(struct buf *b, i64 v)
{
    buf_printf(b, " %lld", (long long)v);
}

void rec_put_real(struct buf *b, double v)
{
    char text[REAL_TEXT];
    real_print(text, v);
    buf_printf(b, " %s%s", text, strpbrk(text, ".einf") ? "" : ".0");
}
