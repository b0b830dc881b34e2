/* elab_num.c - numbers and the other values that are not tensors: arithmetic, builtins, texts. */
#include "compiler/base/real.h"
#include "grammar/elab.h"

enum { MOST_TEXT = 1 << 16 };

struct val val_num(struct elab *e, struct num n)
{
    if (n.kind == NUM_RAT && n.d == 1)
        return val_int(n.n);
    struct val v = {.kind = V_NUM};
    v.num = arena_dup(e->a, &n, sizeof(n));
    return v;
}

struct num val_get(struct val v)
{
    return v.exact ? num_int(v.i) : *v.num;
}

struct val val_tuple(struct elab *e, u32 n, const struct val *at)
{
    struct vtuple *t = arena_alloc(e->a, sizeof(*t) + n * sizeof(*at));
    t->n = n;
    if (n)
        memcpy(t->at, at, n * sizeof(*at));
    return (struct val){.kind = V_TUPLE, .tuple = t};
}

static bool attrs_same(const struct stage *a, const struct stage *b)
{
    if (a->nattr != b->nattr)
        return false;
    for (u32 i = 0; i < a->nattr; i++)
        if (a->attr[i].name != b->attr[i].name || !val_same(&a->attr[i].v, &b->attr[i].v))
            return false;
    return true;
}

bool val_same(const struct val *a, const struct val *b)
{
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case V_TENSOR:
        return a->type == b->type;
    case V_NUM:
        if (a->type != b->type || a->exact != b->exact)
            return false;
        return a->exact ? a->i == b->i : num_cmp(*a->num, *b->num) == 0 && a->num->kind == b->num->kind;
    case V_STR:
        return a->s == b->s;
    case V_TUPLE:
        if (a->tuple->n != b->tuple->n)
            return false;
        for (u32 i = 0; i < a->tuple->n; i++)
            if (!val_same(&a->tuple->at[i], &b->tuple->at[i]))
                return false;
        return true;
    case V_STAGE:
        if (a->stage == b->stage)
            return true;
        return a->stage->kind == ST_OP && b->stage->kind == ST_OP && a->stage->ops == b->stage->ops && attrs_same(a->stage, b->stage);
    }
    return true;
}

const char *val_kind_name(const struct val *v)
{
    static const char *const name[] = {"nothing", "a tensor", "a number", "a string", "a tuple", "a function"};
    return name[v->kind];
}

bool val_has_text(const struct val *v)
{
    if (v->kind == V_TUPLE) {
        for (u32 i = 0; i < v->tuple->n; i++)
            if (!val_has_text(&v->tuple->at[i]))
                return false;
        return true;
    }
    return v->kind == V_NUM || v->kind == V_STR;
}

bool val_print(struct buf *b, const struct val *v)
{
    switch (v->kind) {
    case V_NUM:
        if (v->exact)
            buf_printf(b, "%lld", (long long)v->i);
        else
            num_print(b, *v->num);
        return true;
    case V_STR:
        buf_puts(b, v->s);
        return true;
    case V_TUPLE:
        buf_putc(b, '(');
        for (u32 i = 0; i < v->tuple->n; i++) {
            if (i)
                buf_puts(b, ", ");
            if (!val_print(b, &v->tuple->at[i]))
                return false;
        }
        buf_putc(b, ')');
        return true;
    }
    return false;
}

static bool num_result(struct elab *e, const struct ast *n, struct num r, struct val *out)
{
    if (r.kind == NUM_BAD)
        return FAIL(e, E0506, n->loc, "this number does not exist: a division by zero, or exact arithmetic that overflows");
    *out = val_num(e, r);
    return true;
}

static bool compare(struct elab *e, const struct ast *n, struct val l, struct val r, struct val *out)
{
    int c;
    if (l.kind == V_NUM && r.kind == V_NUM) {
        c = l.exact && r.exact ? (l.i > r.i) - (l.i < r.i) : num_cmp(val_get(l), val_get(r));
    } else if (l.kind == V_STR && r.kind == V_STR && (n->op == AB_EQ || n->op == AB_NE)) {
        c = l.s != r.s;
    } else if (l.kind == V_TUPLE && r.kind == V_TUPLE && (n->op == AB_EQ || n->op == AB_NE)) {
        c = !val_same(&l, &r);
    } else {
        return elab_wrong(e, E0303, n->loc, "%s and %s cannot be compared", val_kind_name(&l), val_kind_name(&r));
    }
    bool v = false;
    switch (n->op) {
    case AB_LT: v = c < 0; break;
    case AB_LE: v = c <= 0; break;
    case AB_GT: v = c > 0; break;
    case AB_GE: v = c >= 0; break;
    case AB_EQ: v = c == 0; break;
    case AB_NE: v = c != 0; break;
    }
    *out = val_int(v);
    return true;
}

/* + - * / where a tensor takes part: ops of the prelude. */
static bool tensor_binary(struct elab *e, const struct ast *n, struct val l, struct val r, struct val *out)
{
    static const char *const both[] = {[AB_ADD] = "add", [AB_SUB] = "sub", [AB_MUL] = "mul", [AB_DIV] = "div"};
    static const char *const right[] = {[AB_ADD] = "add_const", [AB_SUB] = "sub_const", [AB_MUL] = "mul_const", [AB_DIV] = "div_const"};
    static const char *const left[] = {[AB_ADD] = "add_const", [AB_SUB] = "const_sub", [AB_MUL] = "mul_const", [AB_DIV] = "const_div"};
    if (n->op != AB_ADD && n->op != AB_SUB && n->op != AB_MUL && n->op != AB_DIV)
        return elab_wrong(e, E0303, n->loc, "`%s` does not apply to tensors here", ast_binop_text(n->op));
    if (l.kind == V_TENSOR && r.kind == V_TENSOR) {
        struct val arg[2] = {l, r};
        return elab_apply_op_named(e, both[n->op], 0, NULL, 2, arg, n, out);
    }
    struct val t = l.kind == V_TENSOR ? l : r, s = l.kind == V_TENSOR ? r : l;
    if (s.kind != V_NUM)
        return elab_wrong(e, E0303, n->loc, "`%s` needs tensors or numbers, not %s", ast_binop_text(n->op), val_kind_name(&s));
    struct num c = val_get(s);
    return elab_apply_op_named(e, l.kind == V_TENSOR ? right[n->op] : left[n->op], 1, &c, 1, &t, n, out);
}

bool elab_binary(struct elab *e, const struct ast *n, struct val l, struct val r, struct val *out)
{
    if (n->op != AB_CAT && (l.kind == V_TENSOR || r.kind == V_TENSOR))
        return tensor_binary(e, n, l, r, out);
    if (n->op >= AB_LT && n->op <= AB_NE)
        return compare(e, n, l, r, out);
    if (n->op == AB_CAT) {
        if (l.kind == V_STR && r.kind == V_STR) {
            if (strlen(l.s) + strlen(r.s) > MOST_TEXT)
                return FAIL(e, E0506, n->loc, "a string of more than %d bytes", MOST_TEXT);
            *out = val_str(str_fmt(e->g->sp, "%s%s", l.s, r.s));
            return true;
        }
        u32 nl = l.kind == V_TUPLE ? l.tuple->n : 1, nr = r.kind == V_TUPLE ? r.tuple->n : 1;
        struct vtuple *t = arena_alloc(e->a, sizeof(*t) + (nl + nr) * sizeof(struct val));
        e->steps += (nl + nr) / 8;      /* copying is work: tuples that grow round by round end at the bound too */
        t->n = nl + nr;
        memcpy(t->at, l.kind == V_TUPLE ? l.tuple->at : &l, nl * sizeof(struct val));
        memcpy(t->at + nl, r.kind == V_TUPLE ? r.tuple->at : &r, nr * sizeof(struct val));
        *out = (struct val){.kind = V_TUPLE, .tuple = t};
        return true;
    }
    if (l.kind != V_NUM || r.kind != V_NUM) {
        const struct val *odd = l.kind != V_NUM ? &l : &r;
        return elab_wrong(e, E0303, n->loc, "`%s` needs numbers or tensors, not %s", ast_binop_text(n->op), val_kind_name(odd));
    }
    if (l.exact && r.exact) {
        i64 v;
        if ((n->op == AB_ADD && !__builtin_add_overflow(l.i, r.i, &v)) || (n->op == AB_SUB && !__builtin_sub_overflow(l.i, r.i, &v)) ||
            (n->op == AB_MUL && !__builtin_mul_overflow(l.i, r.i, &v))) {
            *out = val_int(v);
            return true;
        }
    }
    struct num a = val_get(l), b = val_get(r);
    switch (n->op) {
    case AB_ADD: return num_result(e, n, num_add(a, b), out);
    case AB_SUB: return num_result(e, n, num_sub(a, b), out);
    case AB_MUL: return num_result(e, n, num_mul(a, b), out);
    case AB_DIV: return num_result(e, n, num_div(a, b), out);
    case AB_MOD: return num_result(e, n, num_mod(a, b), out);
    }
    BUG("binary operator %u", n->op);
}

/* sum(cols): tuples count as their parts. */
static bool fold_numbers(struct elab *e, u32 builtin, const struct val *v, const struct ast *at, bool *any, struct num *acc)
{
    if (v->kind == V_TUPLE) {
        for (u32 i = 0; i < v->tuple->n; i++)
            if (!fold_numbers(e, builtin, &v->tuple->at[i], at, any, acc))
                return false;
        return true;
    }
    if (v->kind != V_NUM)
        return elab_wrong(e, E0303, at->loc, "`%s` takes numbers, not %s", gram_builtin_name(builtin), val_kind_name(v));
    struct num n = val_get(*v);
    if (!*any)
        *acc = n;
    else if (builtin == BI_SUM)
        *acc = num_add(*acc, n);
    else if (acc->kind != NUM_BAD)
        *acc = (num_cmp(n, *acc) < 0) == (builtin == BI_MIN) ? n : *acc;
    *any = true;
    return true;
}

static bool axis_arg(struct elab *e, const struct type *t, const struct val *v, const struct ast *at, u32 *out)
{
    i64 i = 0;
    if (v->kind != V_NUM || !num_is_int(val_get(*v), &i))
        return elab_wrong(e, E0303, at->loc, "the number of an axis is an integer, not %s", val_kind_name(v));
    if (i < 0)
        i += t->rank;
    if (i < 0 || i >= (i64)t->rank)
        return FAIL(e, E0501, at->loc, "there is no such axis: the tensor has %u", t->rank);
    *out = (u32)i;
    return true;
}

static bool tensor_builtin(struct elab *e, u32 builtin, u32 narg, const struct val *arg, const struct ast *at, struct val *out)
{
    if (arg[0].kind != V_TENSOR)
        return elab_wrong(e, E0303, at->loc, "`%s` asks a tensor, not %s", gram_builtin_name(builtin), val_kind_name(&arg[0]));
    const struct type *t = type_get(e->types, arg[0].type);
    u32 ax = 0;
    if (builtin == BI_RANK) {
        *out = val_int(t->rank);
        return true;
    }
    if (narg < 2)
        return elab_wrong(e, E0304, at->loc, "`extent` of a tensor needs the number of an axis: extent(x, 0)");
    if (!axis_arg(e, t, &arg[1], at, &ax))
        return false;
    if (builtin == BI_EXTENT) {
        *out = val_int(axis_extent(e->types, t->axis[ax]));
        out->type = t->axis[ax];
        return true;
    }
    const struct axis *axis = axis_get(e->types, t->axis[ax]);
    i64 k;
    if (arg[2].kind != V_NUM || !num_is_int(val_get(arg[2]), &k))
        return elab_wrong(e, E0303, at->loc, "the number of a factor is an integer");
    if (k < 0 || k >= (i64)axis->nfactor)
        return FAIL(e, E0503, at->loc, "axis %u of extent %lld remembers %u factors: there is no number %lld", ax, (long long)axis->extent,
                    axis->nfactor, (long long)k);
    *out = val_int(axis_extent(e->types, axis->factor[k]));
    out->type = axis->factor[k];
    return true;
}

static bool recipe_builtin(struct elab *e, u32 builtin, const struct val *arg, const struct ast *at, struct val *out)
{
    if (!e->in_recipe)
        return elab_wrong(e, E0305, at->loc, "`%s` draws a number: it stands in a `recipe` only", gram_builtin_name(builtin));
    if (arg[0].kind != V_NUM || arg[1].kind != V_NUM)
        return elab_wrong(e, E0303, at->loc, "`%s` takes two numbers", gram_builtin_name(builtin));
    double lo = num_double(val_get(arg[0])), hi = num_double(val_get(arg[1]));
    double u = e->chooser->unit ? e->chooser->unit(e->chooser->ctx, path_mix(0x7265636970650000u, ++e->nunit)) : 0.5, v;
    if (builtin == BI_UNIFORM) {
        v = lo + (hi - lo) * u;
    } else {
        if (!(lo > 0) || !(hi > 0))
            return elab_wrong(e, E0303, at->loc, "`log_uniform` needs two numbers above 0");
        double l = real_log(lo), h = real_log(hi);
        v = real_exp(l + (h - l) * u);
        v = v < lo ? lo : v > hi ? hi : v;
    }
    *out = val_num(e, num_real(v));
    return true;
}

bool elab_builtin(struct elab *e, struct frame *f, u32 builtin, u32 narg, const struct val *arg, const struct ast *at, struct val *out)
{
    static const u8 least[] = {
#define X(id, name, lo, hi) lo,
        GRAM_BUILTINS(X)
#undef X
    }, most[] = {
#define X(id, name, lo, hi) hi,
        GRAM_BUILTINS(X)
#undef X
    };
    if (narg < least[builtin] || narg > most[builtin])
        return elab_wrong(e, E0304, at->loc, "`%s` takes %u argument%s, not %u", gram_builtin_name(builtin), least[builtin],
                          least[builtin] == 1 ? "" : "s", narg);
    switch (builtin) {
    case BI_DEPTH:
        if (e->rec)
            return elab_record_refuse(e);
        *out = val_int(f->draw ? f->draw->d.depth : 0);
        return true;
    case BI_EXTENT: case BI_RANK: case BI_FOLD:
        return tensor_builtin(e, builtin, narg, arg, at, out);
    case BI_LEN:
        if (arg[0].kind == V_TENSOR)
            return tensor_builtin(e, BI_EXTENT, 2, (struct val[]){arg[0], val_int(0)}, at, out);
        if (arg[0].kind != V_TUPLE)
            return elab_wrong(e, E0303, at->loc, "`len` counts the parts of a tuple, not of %s", val_kind_name(&arg[0]));
        *out = val_int(arg[0].tuple->n);
        return true;
    case BI_SUM: case BI_MIN: case BI_MAX: {
        bool any = false;
        struct num acc = num_int(0);
        for (u32 i = 0; i < narg; i++)
            if (!fold_numbers(e, builtin, &arg[i], at, &any, &acc))
                return false;
        if (!any && builtin != BI_SUM)
            return FAIL(e, E0506, at->loc, "`%s` of nothing", gram_builtin_name(builtin));
        return num_result(e, at, acc, out);
    }
    case BI_UNIFORM: case BI_LOG_UNIFORM:
        return recipe_builtin(e, builtin, arg, at, out);
    }
    for (u32 i = 0; i < narg; i++)
        if (arg[i].kind != V_NUM)
            return elab_wrong(e, E0303, at->loc, "`%s` takes a number, not %s", gram_builtin_name(builtin), val_kind_name(&arg[i]));
    if (arg[0].exact && (builtin == BI_FLOOR || builtin == BI_CEIL)) {
        *out = val_int(arg[0].i);
        return true;
    }
    struct num a = val_get(arg[0]);
    switch (builtin) {
    case BI_FLOOR: return num_result(e, at, num_floor(a), out);
    case BI_CEIL: return num_result(e, at, num_neg(num_floor(num_neg(a))), out);
    case BI_ABS: return num_result(e, at, num_abs(a), out);
    case BI_SQRT: return num_result(e, at, num_sqrt(a), out);
    case BI_EXP: return num_result(e, at, num_exp(a), out);
    case BI_LOG: return num_result(e, at, num_log(a), out);
    case BI_POW: return num_result(e, at, num_pow(a, val_get(arg[1])), out);
    }
    BUG("builtin %u", builtin);
}

u64 path_mix(u64 path, u64 step)
{
    /* splitmix64's finaliser over a sum with odd multiples: a permutation of 64 bits per step. */
    u64 z = path * 0x9e3779b97f4a7c15u + (step + 1) * 0xd1342543de82ef95u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}
