/* ein_read.c - records to a cascade (the text of ein_text.c).
 *
 * In: any bytes.  Out: a cascade whose nodes are well formed (children of the right class, names
 * defined, divisors positive), or NULL after complaining with a place.  What an equation means as a whole is
 * ein_verify's business. */
#include "compiler/ir/ein.h"

#include "compiler/base/rec.h"

enum { HEIGHT = 2000, MAX_DIMS = 64 };      /* walks over nodes recurse: bounded here */
#define MAX_EXTENT ((i64)1 << 40)

struct let { str name; ein_node x; };
struct ein_reader {
    struct arena *a;
    struct diags *ds;
    struct cascade *c;
    VEC(struct let) let;
    VEC(u32) height;            /* by node */
};

static bool bad(struct ein_reader *r, enum diag_code code, const struct rec *at, const char *what)
{
    diag_add(r->ds, code, at->loc, "%s", what);
    return false;
}

/* A word that must be one of n; its number. */
static bool one_of(struct ein_reader *r, const struct rec *in, u32 i, const char *const *word, u32 n, const char *what, u8 *out)
{
    str w;
    if (!rec_word(r->ds, in, i, &w))
        return false;
    for (u32 k = 0; k < n; k++)
        if (strcmp(word[k], w) == 0) {
            *out = (u8)k;
            return true;
        }
    struct diag *d = diag_add(r->ds, E0846, in->item[i].loc, "`%s` is no %s", w, what);
    const char *near = diag_nearest(w, word, n);
    if (near)
        diag_hint(r->ds, d, "did you mean `%s`?", near);
    return false;
}

static bool read_dtype(struct ein_reader *r, const struct rec *in, u32 i, u8 *out)
{
    str w;
    enum dtype t;
    if (!rec_word(r->ds, in, i, &w))
        return false;
    if (!dtype_parse(w, &t)) {
        diag_add(r->ds, E0846, in->item[i].loc, "`%s` is no dtype", w);
        return false;
    }
    *out = (u8)t;
    return true;
}

static bool read_u32(struct ein_reader *r, const struct rec *in, u32 i, u32 *out)
{
    i64 v;
    if (!rec_int(r->ds, in, i, &v))
        return false;
    if (v < 0 || v > UINT32_MAX / 2)
        return bad(r, E0809, &in->item[i], "this number is out of range");
    *out = (u32)v;
    return true;
}

static bool read_tens(struct ein_reader *r, const struct rec *in, u32 i, u32 *out)
{
    str w;
    if (!rec_word(r->ds, in, i, &w))
        return false;
    if (cascade_find(r->c, w, out))
        return true;
    diag_add(r->ds, E0845, in->item[i].loc, "no tensor `%s` is declared above", w);
    return false;
}

static bool find_sym(const struct cascade *c, str w, u32 *out)
{
    for (u32 i = 0; i < c->sym.n; i++)
        if (strcmp(c->sym.at[i].name, w) == 0) {
            *out = i;
            return true;
        }
    return false;
}

static bool read_ext(struct ein_reader *r, const struct rec *in, u32 i, ein_ext *out)
{
    if (i < in->n && (in->item[i].kind == REC_WORD || in->item[i].kind == REC_STRING)) {
        u32 s;
        if (!find_sym(r->c, in->item[i].text, &s)) {
            diag_add(r->ds, E0845, in->item[i].loc, "no symbol `%s` is declared above", in->item[i].text);
            return false;
        }
        *out = -1 - (i64)s;
        return true;
    }
    if (!rec_int(r->ds, in, i, out))
        return false;
    return *out >= 1 && *out <= MAX_EXTENT ? true : bad(r, E0847, &in->item[i], "an extent is an integer from 1 to 2^40");
}

static u32 height_of(struct ein_reader *r, ein_node x)
{
    return x < r->height.n ? r->height.at[x] : 0;
}

/* The node, its height noted. */
static bool noted(struct ein_reader *r, const struct rec *at, ein_node x, ein_node *out)
{
    const struct ein_x *y = &r->c->node.at[x];
    u32 h = MAX(height_of(r, y->a), MAX(height_of(r, y->b), height_of(r, y->c)));
    for (u32 i = 0; i < y->nlist; i++)
        h = MAX(h, height_of(r, r->c->list.at[y->list + i]));
    while (r->height.n <= x)
        vec_push(r->a, &r->height, 0);
    r->height.at[x] = h + 1;
    *out = x;
    return h < HEIGHT ? true : bad(r, E0848, at, "this expression is nested too deep");
}

static bool read_node(struct ein_reader *r, const struct rec *in, u32 i, ein_node *out);

/* An operand that must be an index (or must not be). */
static bool operand(struct ein_reader *r, const struct rec *in, u32 i, bool index, ein_node *out)
{
    if (!read_node(r, in, i, out))
        return false;
    if (ein_is_index(r->c, *out) == index)
        return true;
    return bad(r, E0848, &in->item[i], index ? "an index is expected here (5 or r0, not 5.0)" : "a number is expected here, not an index (5.0, not 5)");
}

static bool exactly(struct ein_reader *r, const struct rec *it, u32 n)
{
    if (it->n == n)
        return true;
    diag_add(r->ds, E0848, it->loc, "`%s` takes %u item%s, not %u", it->text, n, n == 1 ? "" : "s", it->n);
    return false;
}

static bool read_access(struct ein_reader *r, const struct rec *it, struct ein_x *x, ein_node *list, u32 *n)
{
    if (!read_tens(r, it, 0, &x->u))
        return false;
    *n = r->c->tens.at[x->u].ndim;
    u32 items = it->n - 1;
    if (x->kind == EIN_READ && items && it->item[it->n - 1].kind == REC_LIST && strcmp(it->item[it->n - 1].text, "pad") == 0) {
        const struct rec *pad = &it->item[it->n - 1];
        items--;
        if (!exactly(r, pad, 1) || !operand(r, pad, 0, false, &x->a))
            return false;
    }
    if (items != *n) {
        diag_add(r->ds, E0848, it->loc, "`%s` has %u axes, but %u subscripts stand here", r->c->tens.at[x->u].name, *n, items);
        return false;
    }
    for (u32 k = 0; k < *n; k++)
        if (!operand(r, it, 1 + k, true, &list[k]))
            return false;
    return true;
}

static bool read_list_node(struct ein_reader *r, const struct rec *it, ein_node *out)
{
    struct cascade *c = r->c;
    struct ein_x x = { .kind = EIN_NONE };
    ein_node list[MAX_DIMS], *kid[3] = { &x.a, &x.b, &x.c };
    u32 nlist = 0;
    for (u32 k = EIN_IADD; k < EIN_KINDS; k++)
        if (strcmp(it->text, ein_kind_word(k)) == 0)
            x.kind = (u8)k;
    if (strcmp(it->text, "sym") == 0)
        x.kind = EIN_SYM;
    switch (x.kind) {
    case EIN_NONE: case EIN_NUM: {
        const char *word[EIN_KINDS];
        u32 n = 0;
        for (u32 k = EIN_IADD; k < EIN_KINDS; k++)
            if (k != EIN_NUM)
                word[n++] = ein_kind_word(k);
        struct diag *d = diag_add(r->ds, E0846, it->loc, "`%s` is no operation of cascades", it->text);
        const char *near = diag_nearest(it->text, word, n);
        if (near)
            diag_hint(r->ds, d, "did you mean `%s`?", near);
        return false;
    }
    case EIN_SYM: {
        str w;
        if (!exactly(r, it, 1) || !rec_word(r->ds, it, 0, &w))
            return false;
        if (!find_sym(c, w, &x.u)) {
            diag_add(r->ds, E0845, it->item[0].loc, "no symbol `%s` is declared above", w);
            return false;
        }
        break;
    }
    case EIN_READ: case EIN_GATHER:
        if (!read_access(r, it, &x, list, &nlist))
            return false;
        break;
    case EIN_ACC: case EIN_ARG:
        if (!exactly(r, it, 1) || !read_u32(r, it, 0, &x.u))
            return false;
        break;
    case EIN_CAST: {
        u8 t;
        if (!exactly(r, it, 2) || !read_dtype(r, it, 0, &t) || !operand(r, it, 1, false, &x.a))
            return false;
        x.u = t;
        break;
    }
    case EIN_RAND:
        if (!exactly(r, it, 2) || !read_u32(r, it, 0, &x.u) || !operand(r, it, 1, true, &x.a))
            return false;
        break;
    default: {
        bool compare = x.kind >= EIN_LT && x.kind <= EIN_NE, index = x.kind <= EIN_IMOD || x.kind == EIN_OF_INT;
        u32 n = ein_kind_nchild(x.kind);
        if (!exactly(r, it, n))
            return false;
        for (u32 k = 0; k < n; k++) {
            if (compare && k == 0) {
                if (!read_node(r, it, 0, kid[0]))
                    return false;
                index = ein_is_index(c, x.a);
            } else if (!operand(r, it, k, index, kid[k])) {
                return false;
            }
        }
        if (x.kind >= EIN_IMUL && x.kind <= EIN_IMOD) {
            const struct ein_x *k = &c->node.at[x.b];
            if (k->kind != EIN_INT || (x.kind != EIN_IMUL && k->i <= 0))
                return bad(r, E0848, &it->item[1], x.kind == EIN_IMUL ? "an index is multiplied by a constant only" :
                                                   "an index is divided by a positive constant only");
        }
    }
    }
    return noted(r, it, ein_make(c, x, nlist, list), out);
}

static bool read_node(struct ein_reader *r, const struct rec *in, u32 i, ein_node *out)
{
    if (i >= in->n) {
        diag_add(r->ds, E0806, in->loc, "`%s` has %u item%s, and an expression is expected as item %u", in->text, in->n,
                 in->n == 1 ? "" : "s", i + 1);
        return false;
    }
    const struct rec *it = &in->item[i];
    struct cascade *c = r->c;
    switch (it->kind) {
    case REC_INT:
        if (it->i < -MAX_EXTENT || it->i > MAX_EXTENT)
            return bad(r, E0847, it, "an index constant is within +-2^40");
        return noted(r, it, ein_int(c, it->i), out);
    case REC_REAL:
        return noted(r, it, ein_num(c, it->r), out);
    case REC_LIST:
        return read_list_node(r, it, out);
    case REC_WORD:
        if (it->text[0] == 'r' && it->text[1] >= '0' && it->text[1] <= '9') {
            u32 k = 0;
            for (const char *s = it->text + 1; *s; s++) {
                if (*s < '0' || *s > '9' || k >= 1000)
                    return bad(r, E0846, it, "a rank is written r0, r1, ..");
                k = k * 10 + (u32)(*s - '0');
            }
            return noted(r, it, ein_rank(c, k), out);
        }
        for (u32 k = r->let.n; k--;)
            if (r->let.at[k].name == it->text) {
                *out = r->let.at[k].x;
                return true;
            }
        diag_add(r->ds, E0845, it->loc, it->text[0] == '%' ? "no `(let %s ..)` stands above" : "`%s` is no expression", it->text);
        return false;
    default:
        return bad(r, E0807, it, "expected an expression, found a string");
    }
}

/* All items of a record as nodes. */
static bool read_nodes(struct ein_reader *r, const struct rec *in, bool index, u32 *n, ein_node **out)
{
    *n = in->n;
    *out = NEW_ARRAY(r->a, ein_node, in->n);
    for (u32 i = 0; i < in->n; i++)
        if (!operand(r, in, i, index, &(*out)[i]))
            return false;
    return true;
}

static const char *const phase_word[] = { "const", "load", "run" };

static bool read_sym(struct ein_reader *r, const struct rec *in)
{
    static const char *const bind_word[] = { "load", "plan", "call" };
    struct ein_sym s = { 0 };
    if (!rec_word(r->ds, in, 0, &s.name) || !rec_int(r->ds, in, 1, &s.lo) || !rec_int(r->ds, in, 2, &s.hi) ||
        !rec_int(r->ds, in, 3, &s.divides) || !one_of(r, in, 4, bind_word, 3, "binding time", &s.bind))
        return false;
    if (s.lo < 1 || s.hi < s.lo || s.hi > MAX_EXTENT || s.divides < 1)
        return bad(r, E0847, in, "a symbol is from 1 to 2^40, and divided by at least 1");
    u32 old;
    if (strcmp(s.name, "batch") == 0)
        r->c->sym.at[0] = s;
    else if (find_sym(r->c, s.name, &old))
        return bad(r, E0849, in, "this symbol is declared twice");
    else
        vec_push(r->a, &r->c->sym, s);
    return true;
}

static bool read_init(struct ein_reader *r, const struct rec *in, struct ein_tens *t)
{
    const struct rec *init = rec_find(in, "init"), *number = rec_find(in, "number");
    const char *word[INITS];
    for (u32 i = 0; i < INITS; i++)
        word[i] = ein_init_word(i);
    if (!init || !number)
        return bad(r, E0809, in, "a parameter or state has (init ..) and (number ..)");
    return one_of(r, init, 0, word, INITS, "initializer", &t->init) && rec_real(r->ds, init, 1, &t->init_arg[0]) &&
           rec_real(r->ds, init, 2, &t->init_arg[1]) && read_u32(r, number, 0, &t->number);
}

static bool read_value(struct ein_reader *r, const struct rec *in, const struct rec *value, struct ein_tens *t)
{
    u64 elems = 1;
    for (u32 i = 0; i < t->ndim; i++)
        if (t->dim[i] < 0 || __builtin_mul_overflow(elems, (u64)t->dim[i], &elems))
            return bad(r, E0847, in, "a constant has a fixed size");
    if (value->n != elems) {
        diag_add(r->ds, E0809, value->loc, "%llu values are expected here, not %u", (unsigned long long)elems, value->n);
        return false;
    }
    double *v = NEW_ARRAY(r->a, double, elems);
    for (u32 i = 0; i < value->n; i++)
        if (!rec_real(r->ds, value, i, &v[i]))
            return false;
    t->value = v;
    return true;
}

static bool read_tensor(struct ein_reader *r, const struct rec *in)
{
    static const char *const role_word[] = { "in", "out", "param", "state", "next", "const", "temp" };
    struct ein_tens t = { 0 };
    u32 old;
    const struct rec *dims = rec_find(in, "dims"), *of = rec_find(in, "of"), *value = rec_find(in, "value");
    if (!rec_word(r->ds, in, 0, &t.name) || !one_of(r, in, 1, role_word, 7, "role", &t.role) || !read_dtype(r, in, 2, &t.dtype) ||
        !one_of(r, in, 3, phase_word, 3, "phase", &t.phase))
        return false;
    if (!*t.name || cascade_find(r->c, t.name, &old))
        return bad(r, E0849, in, "this tensor has no name, or one that is taken");
    if (!dims || dims->n > MAX_DIMS)
        return bad(r, E0809, in, "a tensor has (dims ..), at most 64");
    t.ndim = dims->n;
    t.dim = NEW_ARRAY(r->a, ein_ext, t.ndim);
    for (u32 i = 0; i < t.ndim; i++)
        if (!read_ext(r, dims, i, &t.dim[i]))
            return false;
    t.hist_last = rec_find(in, "last") != NULL;
    if (t.role == EIN_NEXT && (!of || !read_tens(r, of, 0, &t.of)))
        return of ? false : bad(r, E0809, in, "a next value has (of STATE)");
    if ((t.role == EIN_PARAM || t.role == EIN_STATE) && !read_init(r, in, &t))
        return false;
    const struct rec *rest = rec_find(in, "rest");
    t.halo = rest != NULL;
    if (rest && !rec_real(r->ds, rest, 0, &t.rest))
        return false;
    if (rest && t.role != EIN_TEMP)
        return bad(r, E0809, rest, "only a temporary may have elements that nothing writes");
    if ((t.role == EIN_CONST) != (value != NULL))
        return bad(r, E0809, in, "a constant, and nothing else, has (value ..)");
    if (value && !read_value(r, in, value, &t))
        return false;
    cascade_tens(r->c, t);
    return true;
}

/* The lets of an equation or monoid, in order. */
static bool read_lets(struct ein_reader *r, const struct rec *in)
{
    r->let.n = 0;
    for (u32 i = 0; i < in->n; i++) {
        const struct rec *it = &in->item[i];
        if (it->kind != REC_LIST || strcmp(it->text, "let") != 0)
            continue;
        struct let l = { 0 };
        if (!exactly(r, it, 2) || !rec_word(r->ds, it, 0, &l.name) || !read_node(r, it, 1, &l.x))
            return false;
        vec_push(r->a, &r->let, l);
    }
    return true;
}

static bool read_monoid(struct ein_reader *r, const struct rec *in)
{
    struct ein_monoid m = { 0 };
    const struct rec *zero = rec_find(in, "zero"), *lift = rec_find(in, "lift"), *merge = rec_find(in, "merge");
    u32 n[3];
    if (!rec_word(r->ds, in, 0, &m.name) || !read_u32(r, in, 1, &m.nstate) || !read_u32(r, in, 2, &m.nlift) || !read_lets(r, in))
        return false;
    if (!zero || !lift || !merge)
        return bad(r, E0809, in, "a monoid has (zero ..), (lift ..) and (merge ..)");
    if (!read_nodes(r, zero, false, &n[0], &m.zero) || !read_nodes(r, lift, false, &n[1], &m.lift) ||
        !read_nodes(r, merge, false, &n[2], &m.merge))
        return false;
    if (!m.nstate || m.nstate > 16 || m.nlift > 16 || n[0] != m.nstate || n[1] != m.nstate || n[2] != m.nstate)
        return bad(r, E0809, in, "zero, lift and merge of a monoid give as many numbers as it has parts, at most 16");
    vec_push(r->a, &r->c->monoid, m);
    return true;
}

static bool read_rank(struct ein_reader *r, const struct rec *it, struct ein_rank *k)
{
    static const char *const kind_word[] = { "par", "red" };
    if (!rec_word(r->ds, it, 0, &k->name) || !one_of(r, it, 1, kind_word, 2, "kind of rank", &k->kind) || !read_ext(r, it, 2, &k->ext))
        return false;
    if (strcmp(k->name, "-") == 0)
        k->name = NULL;
    return true;
}

static bool read_reduction(struct ein_reader *r, const struct rec *red, struct ein_eq *e)
{
    const char *word[RED_USER + 1];
    for (u32 i = 0; i <= RED_USER; i++)
        word[i] = ein_red_word(i);
    str name;
    if (!one_of(r, red, 0, word, RED_USER + 1, "reduction", &e->red))
        return false;
    if (e->red != RED_USER)
        return true;
    if (!rec_word(r->ds, red, 1, &name))
        return false;
    for (u32 i = 0; i < r->c->monoid.n; i++)
        if (strcmp(r->c->monoid.at[i].name, name) == 0) {
            e->monoid = i;
            return true;
        }
    diag_add(r->ds, E0845, red->item[1].loc, "no monoid `%s` is declared above", name);
    return false;
}

static bool read_scan(struct ein_reader *r, const struct rec *scan, struct ein_eq *e)
{
    str w;
    if (!read_u32(r, scan, 0, &e->scan) || !read_u32(r, scan, 1, &e->scan_rank))
        return false;
    if (!e->scan)
        return bad(r, E0809, scan, "scans are numbered from 1");
    if (scan->n > 2) {
        if (!rec_word(r->ds, scan, 2, &w))
            return false;
        if (strcmp(w, "down") != 0)
            return bad(r, E0846, &scan->item[2], "only `down` may stand here");
        e->scan_down = true;
    }
    return true;
}

static bool read_eq(struct ein_reader *r, const struct rec *in)
{
    static const char *const known[] = { "out", "lhs", "rank", "red", "acc", "as_written", "let", "body", "guard", "post", "scan", "phase",
                                         "group", "prov" };
    struct ein_eq e = { 0 };
    VEC(struct ein_rank) rank = { 0 };
    for (u32 i = 0; i < in->n; i++) {
        const struct rec *it;
        struct ein_rank k = { 0 };
        if (!rec_list(r->ds, in, i, NULL, &it))
            return false;
        u32 w = 0;
        while (w < COUNTOF(known) && strcmp(known[w], it->text) != 0)
            w++;
        if (w == COUNTOF(known)) {
            struct diag *d = diag_add(r->ds, E0846, it->loc, "an equation has no `%s`", it->text);
            const char *near = diag_nearest(it->text, known, COUNTOF(known));
            if (near)
                diag_hint(r->ds, d, "did you mean `%s`?", near);
            return false;
        }
        if (strcmp(it->text, "rank") != 0)
            continue;
        if (!read_rank(r, it, &k))
            return false;
        vec_push(r->a, &rank, k);
    }
    if (rank.n > MAX_DIMS)
        return bad(r, E0809, in, "an equation has at most 64 ranks");
    e.nrank = rank.n;
    e.rank = rank.at;
    const struct rec *out = rec_find(in, "out"), *lhs = rec_find(in, "lhs"), *acc = rec_find(in, "acc"), *body = rec_find(in, "body"),
                     *red = rec_find(in, "red"), *guard = rec_find(in, "guard"), *post = rec_find(in, "post"), *scan = rec_find(in, "scan"),
                     *phase = rec_find(in, "phase"), *group = rec_find(in, "group"), *prov = rec_find(in, "prov");
    if (!out || !out->n || !lhs || !acc || !body || !body->n)
        return bad(r, E0809, in, "an equation has (out ..), (lhs ..), (acc ..) and (body ..)");
    e.nout = out->n;
    e.out = NEW_ARRAY(r->a, u32, e.nout);
    for (u32 i = 0; i < e.nout; i++)
        if (!read_tens(r, out, i, &e.out[i]))
            return false;
    e.as_written = rec_find(in, "as_written") != NULL;
    return read_nodes(r, lhs, true, &e.nsub, &e.sub) && read_dtype(r, acc, 0, &e.acc) && (!red || read_reduction(r, red, &e)) &&
           read_lets(r, in) && read_nodes(r, body, false, &e.nbody, &e.body) && (!guard || operand(r, guard, 0, false, &e.guard)) &&
           (!post || operand(r, post, 0, false, &e.post)) && (!scan || read_scan(r, scan, &e)) &&
           (!phase || one_of(r, phase, 0, phase_word, 3, "phase", &e.phase)) && (!group || read_u32(r, group, 0, &e.group)) &&
           (!prov || rec_word(r->ds, prov, 0, &e.prov)) && (cascade_eq(r->c, e), true);
}

struct cascade *ein_read_text(struct arena *a, struct str_pool *sp, struct diags *ds, const struct src *s)
{
    u32 n;
    struct rec *all = rec_parse(a, sp, ds, s, &n);
    if (!all)
        return NULL;
    str name;
    if (!n || strcmp(all[0].text, "cascade") != 0) {
        diag_add(ds, E0808, n ? all[0].loc : (struct loc){ s->id, 0, 0 }, "a cascade begins with `(cascade name)`");
        return NULL;
    }
    if (!rec_word(ds, &all[0], 0, &name))
        return NULL;
    struct ein_reader r = { .a = a, .ds = ds, .c = cascade_new(a, sp, name) };
    if (all[0].n > 1) {
        str w;
        if (!rec_word(ds, &all[0], 1, &w))
            return NULL;
        if (strcmp(w, "training") != 0)
            return bad(&r, E0846, &all[0].item[1], "only `training` may stand here"), NULL;
        r.c->training = true;
    }
    for (u32 i = 1; i < n; i++) {
        const char *head = all[i].text;
        bool ok = strcmp(head, "sym") == 0 ? read_sym(&r, &all[i]) : strcmp(head, "tens") == 0 ? read_tensor(&r, &all[i]) :
                  strcmp(head, "monoid") == 0 ? read_monoid(&r, &all[i]) : strcmp(head, "eq") == 0 ? read_eq(&r, &all[i]) :
                  (diag_add(ds, E0808, all[i].loc, "a cascade has sym, tens, monoid and eq records, no `%s`", head), false);
        if (!ok)
            return NULL;
    }
    return r.c;
}
