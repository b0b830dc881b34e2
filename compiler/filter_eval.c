/* filter_eval.c - a filter on a record: its nodes evaluated from the root. */
#include "compiler/filter_node.h"

#include <math.h>

enum vkind { VK_NONE, VK_INT, VK_REAL, VK_STR, VK_BOOL };
struct fval { enum vkind kind; __int128 i; double r; const char *s; bool b; };

static double real_of(struct fval v)
{
    return v.kind == VK_INT ? (double)v.i : v.r;
}

static struct fval of_int(__int128 i) { return (struct fval){.kind = VK_INT, .i = i}; }
static struct fval of_real(double r) { return (struct fval){.kind = VK_REAL, .r = r}; }
static struct fval of_bool(bool b) { return (struct fval){.kind = VK_BOOL, .b = b}; }

static struct fval of_cell(const struct out_cell *c, enum out_kind kind)
{
    if (c->none)
        return (struct fval){.kind = VK_NONE};
    switch (kind) {
    case OUT_U64: return of_int((__int128)c->u);
    case OUT_COUNT: return c->c >> 127 ? of_real((double)c->c) : of_int((__int128)c->c);
    case OUT_REAL: return of_real(c->r);
    default: return (struct fval){.kind = VK_STR, .s = c->s ? c->s : ""};
    }
}

/* The sign of b, as in the language. */
static struct fval remainder_of(struct fval a, struct fval b)
{
    if (a.kind == VK_INT && b.kind == VK_INT) {
        if (!b.i)
            return (struct fval){.kind = VK_NONE};
        if (b.i == -1)
            return of_int(0);
        __int128 m = a.i % b.i;
        return of_int(m && (m < 0) != (b.i < 0) ? m + b.i : m);
    }
    double x = real_of(a), y = real_of(b), m = fmod(x, y);
    return of_real(m != 0 && (m < 0) != (y < 0) ? m + y : m);
}

static struct fval arithmetic(enum fop op, struct fval a, struct fval b)
{
    if (a.kind == VK_NONE || b.kind == VK_NONE)
        return (struct fval){.kind = VK_NONE};
    if (op == F_MOD)
        return remainder_of(a, b);
    if (a.kind == VK_INT && b.kind == VK_INT) {
        __int128 z;
        if (op == F_ADD && !__builtin_add_overflow(a.i, b.i, &z))
            return of_int(z);
        if (op == F_SUB && !__builtin_sub_overflow(a.i, b.i, &z))
            return of_int(z);
        if (op == F_MUL && !__builtin_mul_overflow(a.i, b.i, &z))
            return of_int(z);
        if (op == F_DIV && b.i > 0 && a.i % b.i == 0)
            return of_int(a.i / b.i);
    }
    double x = real_of(a), y = real_of(b);
    return of_real(op == F_ADD ? x + y : op == F_SUB ? x - y : op == F_MUL ? x * y : x / y);
}

static bool compare(enum fop op, struct fval a, struct fval b)
{
    if (a.kind == VK_NONE || b.kind == VK_NONE)
        return false;
    int c;
    if (a.kind == VK_STR)
        c = strcmp(a.s, b.s);
    else if (a.kind == VK_INT && b.kind == VK_INT)
        c = a.i < b.i ? -1 : a.i > b.i;
    else {
        double x = real_of(a), y = real_of(b);
        if (x != x || y != y)
            return op == F_NE;
        c = x < y ? -1 : x > y;
    }
    switch (op) {
    case F_LT: return c < 0;
    case F_LE: return c <= 0;
    case F_GT: return c > 0;
    case F_GE: return c >= 0;
    case F_EQ: return c == 0;
    default: return c != 0;
    }
}

static struct fval eval(const struct filter *f, const struct fnode *n, const struct out_cell *cell)
{
    switch (n->op) {
    case F_INT: return of_int(n->i);
    case F_REAL: return of_real(n->r);
    case F_STR: return (struct fval){.kind = VK_STR, .s = n->s};
    case F_FIELD: return of_cell(&cell[n->field], f->field[n->field].kind);
    case F_OR: return of_bool(eval(f, n->kid[0], cell).b || eval(f, n->kid[1], cell).b);
    case F_AND: return of_bool(eval(f, n->kid[0], cell).b && eval(f, n->kid[1], cell).b);
    case F_NOT: return of_bool(!eval(f, n->kid[0], cell).b);
    case F_NEG: return arithmetic(F_SUB, of_int(0), eval(f, n->kid[0], cell));
    default: break;
    }
    struct fval a = eval(f, n->kid[0], cell);
    if (n->op == F_MATCH)
        return of_bool(a.kind == VK_STR && regexec(n->regex, a.s, 0, NULL, 0) == 0);
    struct fval b = eval(f, n->kid[1], cell);
    if (n->op == F_CONTAINS)
        return of_bool(a.kind == VK_STR && b.kind == VK_STR && strstr(a.s, b.s));
    return fop_compares(n->op) ? of_bool(compare(n->op, a, b)) : arithmetic(n->op, a, b);
}

bool filter_pass(const struct filter *f, const struct out_cell *cell)
{
    return eval(f, f->root, cell).b;
}
