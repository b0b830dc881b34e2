/* filter.c - a filter's text to its tree: words, precedence, types; every mistake with its place. */
#include "compiler/filter_node.h"

#include "compiler/base/num.h"
#include "compiler/base/real.h"
#include "compiler/base/utf8.h"

#include <stdlib.h>

enum { MOST_NESTED = 200, MOST_NODES = 10000 };

enum tok { T_END, T_NUM, T_STR, T_NAME, T_OP, T_BAD };
struct reader {
    struct filter *f;
    struct diags *ds;
    const struct src *src;
    /* the token under way */
    enum tok tok;
    u32 off, len;
    enum fop op; char sign;             /* OP: its operation, or the sign alone: ( ) ! - */
    struct fnode value;                 /* NUM, STR */
    u32 end;                            /* of the token before */
    u32 nested, nodes;
    bool failed;
};

static struct loc place(const struct reader *r, u32 off, u32 len)
{
    return (struct loc){r->src->id, off, len};
}

#define COMPLAIN(r, d, code, loc, ...)                                  \
    struct diag *d = (r)->failed ? NULL : diag_add((r)->ds, code, loc, __VA_ARGS__); \
    (r)->failed = true;                                                 \
    (r)->tok = T_BAD

static void hint(struct reader *r, struct diag *d, const char *text)
{
    if (d)
        diag_hint(r->ds, d, "%s", text);
}

/* ---- words ---- */

static bool digit(char c) { return c >= '0' && c <= '9'; }
static bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

static bool suffix(const char *s, u32 n, u64 *by)
{
    static const struct { const char *text; u64 by; } known[] = {
        {"k", 1000}, {"M", 1000000}, {"G", 1000000000}, {"Ki", 1024}, {"Mi", 1048576}, {"Gi", 1073741824}};
    *by = 1;
    for (u32 i = 0; i < COUNTOF(known); i++)
        if (strlen(known[i].text) == n && memcmp(known[i].text, s, n) == 0) {
            *by = known[i].by;
            return true;
        }
    return n == 0;
}

static void read_number(struct reader *r, const char *s)
{
    u32 n = 0, digits;
    bool real = false;
    while (digit(s[n]))
        n++;
    if (s[n] == '.' && digit(s[n + 1])) {
        real = true;
        for (n++; digit(s[n]);)
            n++;
    }
    if ((s[n] == 'e' || s[n] == 'E') && (digit(s[n + 1]) || ((s[n + 1] == '-' || s[n + 1] == '+') && digit(s[n + 2])))) {
        real = true;
        for (n += 2; digit(s[n]);)
            n++;
    }
    digits = n;
    while (letter(s[n]) || digit(s[n]) || (s[n] == '.' && digit(s[n + 1])))
        n++;
    r->len = n;
    r->tok = T_NUM;
    u64 by;
    __int128 i = 0;
    for (u32 k = 0; k < digits && !real; k++)
        real = __builtin_mul_overflow(i, 10, &i) || __builtin_add_overflow(i, s[k] - '0', &i);
    double x = 0;
    if (!suffix(s + digits, n - digits, &by) || (real && !real_read(s, digits, &x))) {
        COMPLAIN(r, d, E0930, place(r, r->off, n), "`%.*s` is not a number", (int)MIN(n, 60u), s);
        hint(r, d, "the suffixes are k M G Ki Mi Gi");
        return;
    }
    if (!real && __builtin_mul_overflow(i, (__int128)by, &i)) {
        real = true;
        real_read(s, digits, &x);
    }
    r->value = real ? (struct fnode){.op = F_REAL, .r = x * (double)by} : (struct fnode){.op = F_INT, .i = i};
    r->value.type = FT_NUM;
}

static void read_string(struct reader *r, const char *s)
{
    u32 n = 1, k = 0;
    while (s[n] && s[n] != *s)
        n += s[n] == '\\' && s[n + 1] ? 2 : 1;
    if (!s[n]) {
        COMPLAIN(r, d, E0930, place(r, r->off, n), "this string is not closed");
        (void)d;
        return;
    }
    char *text = arena_alloc(r->f->a, n + 1);
    for (u32 i = 1; i < n; i++) {       /* \" \' \\ are the character; any other \ is itself, for regular expressions */
        if (s[i] == '\\' && (s[i + 1] == *s || s[i + 1] == '\\'))
            i++;
        text[k++] = s[i];
    }
    r->len = n + 1;
    r->tok = T_STR;
    r->value = (struct fnode){.op = F_STR, .type = FT_STR, .s = text};
}

static void read_sign(struct reader *r, const char *s)
{
    static const struct { const char *text; enum fop op; char sign; } known[] = {
        {"<=", F_LE, 0}, {">=", F_GE, 0}, {"==", F_EQ, 0}, {"!=", F_NE, 0}, {"=~", F_MATCH, 0}, {"&&", F_AND, 0}, {"||", F_OR, 0}, {"<", F_LT, 0}, {">", F_GT, 0},
        {"+", F_ADD, '+'}, {"-", F_SUB, '-'}, {"*", F_MUL, 0}, {"/", F_DIV, 0}, {"%", F_MOD, 0}, {"!", F_NOT, '!'}, {"(", F_INT, '('}, {")", F_INT, ')'}};
    for (u32 i = 0; i < COUNTOF(known); i++)
        if (strncmp(s, known[i].text, strlen(known[i].text)) == 0) {
            r->tok = T_OP;
            r->len = (u32)strlen(known[i].text);
            r->op = known[i].op;
            r->sign = known[i].sign;
            return;
        }
    u32 bytes;
    utf8_decode(s, strlen(s), &bytes);
    COMPLAIN(r, d, E0930, place(r, r->off, bytes), "nothing of a condition begins with `%.*s`", (int)bytes, s);
    hint(r, d, *s == '=' ? "`==` compares" : *s == '&' ? "`&&`, or `and`" : *s == '|' ? "`||`, or `or`" :
         "comparisons are < <= > >= == != contains =~, and they are joined by and, or, not");
}

static void next(struct reader *r)
{
    static const struct { const char *text; enum fop op; } word[] = {{"and", F_AND}, {"or", F_OR}, {"not", F_NOT}, {"contains", F_CONTAINS}};
    const char *s = r->src->text;
    if (r->tok == T_BAD)
        return;
    r->end = r->off + r->len;
    u32 at = r->end;
    while (s[at] == ' ' || s[at] == '\t' || s[at] == '\n' || s[at] == '\r')
        at++;
    r->off = at;
    r->len = 0;
    r->sign = 0;
    r->tok = T_END;
    s += at;
    if (at >= r->src->len)
        return;
    if (digit(*s)) {
        read_number(r, s);
    } else if (*s == '"' || *s == '\'') {
        read_string(r, s);
    } else if (letter(*s)) {
        while (letter(s[r->len]) || digit(s[r->len]))
            r->len++;
        r->tok = T_NAME;
        for (u32 i = 0; i < COUNTOF(word); i++)
            if (r->len == strlen(word[i].text) && memcmp(s, word[i].text, r->len) == 0) {
                r->tok = T_OP;
                r->op = word[i].op;
                r->sign = word[i].op == F_NOT ? '!' : 0;
            }
    } else {
        read_sign(r, s);
    }
}

/* ---- the tree ---- */

static struct fnode *node(struct reader *r, enum fop op, enum ftype type, struct loc loc, struct fnode *a, struct fnode *b)
{
    if (++r->nodes > MOST_NODES) {
        COMPLAIN(r, d, E0930, loc, "this condition is longer than any needs to be");
        (void)d;
    }
    struct fnode *n = NEW(r->f->a, struct fnode);
    *n = (struct fnode){.op = op, .type = type, .loc = loc, .kid = {a, b}};
    return n;
}

static const char *type_name(enum ftype t)
{
    return t == FT_NUM ? "a number" : t == FT_STR ? "a string" : "a condition";
}

static void need(struct reader *r, const struct fnode *n, enum ftype t, const char *what)
{
    if (r->failed || n->type == t)
        return;
    COMPLAIN(r, d, E0932, n->loc, "%s%s%s is %s, and %s %s", n->op == F_FIELD ? "`" : "", n->op == F_FIELD ? r->f->field[n->field].name : "this",
             n->op == F_FIELD ? "`" : "", type_name(n->type), what, type_name(t));
    if (t == FT_BOOL)
        hint(r, d, n->type == FT_STR ? "compare it: `==`, `contains`, `=~`" : "compare it: `<`, `<=`, `>`, `>=`, `==`, `!=`");
    else if (n->type == FT_BOOL)
        hint(r, d, "comparisons do not chain: join them by `and`");
    else if (n->type == FT_STR)
        hint(r, d, n->op == F_STR ? "without quotes it would be a number or a field" : "strings are compared, not computed with");
}

static struct fnode *either(struct reader *r);

static struct fnode *field(struct reader *r)
{
    const char *s = r->src->text + r->off, *cand[256];
    struct filter *f = r->f;
    for (u32 i = 0; i < f->nfield; i++) {
        const struct field *x = &f->field[i];
        if (strlen(x->name) == r->len && memcmp(x->name, s, r->len) == 0) {
            struct fnode *n = node(r, F_FIELD, x->kind == OUT_STR || x->kind == OUT_HEX || x->kind == OUT_BIG ? FT_STR : FT_NUM, place(r, r->off, r->len), NULL, NULL);
            n->field = i;
            f->reads[i] = true;
            next(r);
            return n;
        }
        cand[MIN(i, 255u)] = x->name;
    }
    char *name = arena_printf(f->a, "%.*s", (int)r->len, s);
    COMPLAIN(r, d, E0931, place(r, r->off, r->len), "a record has no field `%s`", name);
    if (!d)
        return NULL;
    const char *near = diag_nearest(name, cand, MIN(f->nfield, 256u));
    if (near)
        diag_hint(r->ds, d, "did you mean `%s`?", near);
    struct buf b = {0};
    for (u32 i = 0; i < f->nfield; i++)
        buf_printf(&b, "%s%s", i ? ", " : "", f->field[i].name);
    diag_note(r->ds, d, "fields are: %s", b.at ? b.at : "");
    buf_free(&b);
    return NULL;
}

static struct fnode *primary(struct reader *r)
{
    u32 from = r->off;
    if (r->tok == T_NUM || r->tok == T_STR) {
        struct fnode *n = node(r, r->value.op, r->value.type, place(r, r->off, r->len), NULL, NULL);
        n->i = r->value.i;
        n->r = r->value.r;
        n->s = r->value.s;
        next(r);
        return n;
    }
    if (r->tok == T_NAME)
        return field(r);
    if (r->tok == T_OP && r->sign == '(') {
        if (++r->nested > MOST_NESTED) {
            COMPLAIN(r, d, E0930, place(r, from, 1), "parentheses are nested deeper than any condition needs");
            (void)d;
            return NULL;
        }
        next(r);
        struct fnode *n = either(r);
        r->nested--;
        if (r->tok == T_OP && r->sign == ')') {
            next(r);
            if (n)
                n->loc = place(r, from, r->end - from);
            return n;
        }
        COMPLAIN(r, d, E0930, place(r, r->off, r->len), "this is not closed");
        if (d)
            diag_label(r->ds, d, place(r, from, 1), "opened here");
        return NULL;
    }
    if (r->tok != T_BAD) {
        COMPLAIN(r, d, E0930, place(r, r->off, r->len), r->tok == T_END ? "something is missing at the end" : "a field, a number or a string is expected here");
        (void)d;
    }
    return NULL;
}

static struct fnode *negative(struct reader *r)
{
    if (r->tok != T_OP || r->sign != '-')
        return primary(r);
    u32 from = r->off;
    if (++r->nested > MOST_NESTED) {
        COMPLAIN(r, d, E0930, place(r, from, 1), "signs are nested deeper than any condition needs");
        (void)d;
        return NULL;
    }
    next(r);
    struct fnode *a = negative(r);
    r->nested--;
    if (!a)
        return NULL;
    need(r, a, FT_NUM, "`-` takes");
    return node(r, F_NEG, FT_NUM, place(r, from, r->end - from), a, NULL);
}

static struct fnode *arith(struct reader *r, bool products)
{
    struct fnode *a = products ? negative(r) : arith(r, true);
    while (a && r->tok == T_OP && (products ? r->op >= F_MUL && r->op <= F_MOD : r->op == F_ADD || r->op == F_SUB)) {
        enum fop op = r->op;
        next(r);
        struct fnode *b = products ? negative(r) : arith(r, true);
        if (!b)
            return NULL;
        need(r, a, FT_NUM, "arithmetic takes");
        need(r, b, FT_NUM, "arithmetic takes");
        a = node(r, op, FT_NUM, loc_join(a->loc, b->loc), a, b);
    }
    return a;
}

static void expression(struct reader *r, struct fnode *n)
{
    if (n->kid[1]->op != F_STR) {
        COMPLAIN(r, d, E0932, n->kid[1]->loc, "right of `=~` stands a regular expression in quotes");
        (void)d;
        return;
    }
    regex_t *x = NEW(r->f->a, regex_t);
    int code = regcomp(x, n->kid[1]->s, REG_EXTENDED | REG_NOSUB);
    if (code) {
        char why[128];
        regerror(code, x, why, sizeof why);
        COMPLAIN(r, d, E0930, n->kid[1]->loc, "not a regular expression: %s", why);
        (void)d;
        return;
    }
    n->regex = x;
    vec_push(r->f->a, &r->f->regex, x);
}

static struct fnode *comparison(struct reader *r)
{
    struct fnode *a = arith(r, false);
    while (a && r->tok == T_OP && r->op >= F_LT && r->op <= F_MATCH) {
        enum fop op = r->op;
        if (a->type == FT_BOOL && a->op >= F_LT && a->op <= F_MATCH) {
            COMPLAIN(r, d, E0930, place(r, r->off, r->len), "comparisons do not chain");
            hint(r, d, "join two of them by `and`");
            return NULL;
        }
        next(r);
        struct fnode *b = arith(r, false);
        if (!b)
            return NULL;
        if (op == F_CONTAINS || op == F_MATCH) {
            need(r, a, FT_STR, "this takes");
            need(r, b, FT_STR, "this takes");
        } else if (a->type == FT_BOOL || b->type == FT_BOOL) {
            need(r, a->type == FT_BOOL ? a : b, a->type == FT_BOOL ? b->type == FT_BOOL ? FT_NUM : b->type : a->type, "it is compared with");
        } else {
            need(r, b, a->type, "it is compared with");
        }
        a = node(r, op, FT_BOOL, loc_join(a->loc, b->loc), a, b);
        if (op == F_MATCH && !r->failed)
            expression(r, a);
    }
    return a;
}

static struct fnode *negation(struct reader *r)
{
    if (r->tok != T_OP || r->sign != '!')
        return comparison(r);
    u32 from = r->off;
    if (++r->nested > MOST_NESTED) {
        COMPLAIN(r, d, E0930, place(r, from, r->len), "`not` is nested deeper than any condition needs");
        (void)d;
        return NULL;
    }
    next(r);
    struct fnode *a = negation(r);
    r->nested--;
    if (!a)
        return NULL;
    need(r, a, FT_BOOL, "`not` takes");
    return node(r, F_NOT, FT_BOOL, place(r, from, r->end - from), a, NULL);
}

static struct fnode *joined(struct reader *r, enum fop op)
{
    struct fnode *a = op == F_OR ? joined(r, F_AND) : negation(r);
    while (a && r->tok == T_OP && r->op == op) {
        next(r);
        struct fnode *b = op == F_OR ? joined(r, F_AND) : negation(r);
        if (!b)
            return NULL;
        const char *takes = op == F_OR ? "`or` joins" : "`and` joins";
        need(r, a, FT_BOOL, takes);
        need(r, b, FT_BOOL, takes);
        a = node(r, op, FT_BOOL, loc_join(a->loc, b->loc), a, b);
    }
    return a;
}

static struct fnode *either(struct reader *r)
{
    return joined(r, F_OR);
}

struct filter *filter_compile(struct diags *ds, const struct src *text, u32 nfield, const struct field *field)
{
    struct arena *a = arena_new("filter");
    struct filter *f = NEW(a, struct filter);
    *f = (struct filter){.a = a, .nfield = nfield, .reads = NEW_ARRAY(a, bool, nfield + 1)};
    f->field = arena_dup(a, field, nfield * sizeof *field);
    struct reader r = {.f = f, .ds = ds, .src = text};
    next(&r);
    f->root = either(&r);
    if (f->root)
        need(&r, f->root, FT_BOOL, "the whole must be");
    if (r.tok != T_END && r.tok != T_BAD) {
        COMPLAIN(&r, d, E0930, place(&r, r.off, r.len), "the condition has ended before this");
        hint(&r, d, "conditions are joined by `and` or `or`");
    }
    if (!r.failed && f->root)
        return f;
    filter_free(f);
    return NULL;
}

void filter_free(struct filter *f)
{
    if (!f)
        return;
    for (u32 i = 0; i < f->regex.n; i++)
        regfree(f->regex.at[i]);
    arena_free(f->a);
}

bool filter_reads(const struct filter *f, u32 field)
{
    return f->reads[field];
}
