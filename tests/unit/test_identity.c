/* Identity at large: equal ids of cells and of einspace networks compute the same from the same seed; rewrites that change nothing never
 * change an id; changes that change something do. */
#include "tests/unit/unit.h"

#include "compiler/base/buf.h"
#include "compiler/ir/ein_eval.h"
#include "compiler/pipeline.h"

static bool long_run(void)
{
    const char *x = getenv("NASC_TEST_LONG");
    return x && *x;
}

static nasc_session *open_space(const char *module, const char *const define[][2], u32 ndefine)
{
    nasc_session *s = nasc_open();
    for (u32 i = 0; i < ndefine; i++)
        nasc_define(s, define[i][0], define[i][1]);
    if (nasc_load(s, module) || nasc_select(s, NULL) || nasc_limit(s, "depth 500, nodes 1M, params 1G"))
        fail_msg("%s", nasc_messages(s));
    return s;
}

static nasc_session *open_cells(void)
{
    char path[512];
    snprintf(path, sizeof path, "%s/tests/cases/identity/cell.nas", NASC_SOURCE_DIR);
    return open_space(path, NULL, 0);
}

static u64 draw(u64 *state, u64 n)
{
    *state += 0x9e3779b97f4a7c15u;
    return hash64(state, sizeof *state) % n;
}

/* ---- what a network computes: its outputs for one rough input and rough weights by number ---- */

enum { OUTPUTS_MOST = 4096 };
struct result { struct hash128 id; u32 n; double y[OUTPUTS_MOST]; };

static void evaluate(nasc_session *s, nasc_arch *ar, struct result *r)
{
    struct arena *a = arena_new("evaluation");
    struct buf why = { 0 };
    struct pass_options o = { 0 };
    r->id = arch_id(ar);
    struct cascade *c = arch_to_ein(a, s->sp, arch_graph(ar), &o);
    struct ein_eval *ev = ein_eval_new(a, c, EVAL_F64, 1);
    for (u32 t = 0; t < c->tens.n; t++) {
        const struct ein_tens *x = &c->tens.at[t];
        if (x->role != EIN_IN && x->role != EIN_PARAM && x->role != EIN_STATE)
            continue;
        double *v = ein_eval_alloc(ev, c, t);
        double scale = x->init == INIT_KAIMING_UNIFORM || x->init == INIT_UNIFORM || x->init == INIT_KAIMING_NORMAL ? 0.5 : 1;
        for (u64 i = 0; i < ev->tens[t].n; i++) {
            u64 h = (x->role == EIN_IN ? 0x1000000 : x->number) * 0x9e3779b97f4a7c15u + i * 0xd6e8feb86659fd93u;
            h = hash64(&h, sizeof h);
            v[i] = (x->role == EIN_IN || scale < 1 ? -0.5 * scale : 0.5) + scale * (double)(h >> 40) * 0x1p-24;
        }
    }
    if (!ein_eval_run(ev, c, 0, c->eq.n, &why))
        fail_msg("%s", why.at);
    r->n = 0;
    for (u32 t = 0; t < c->tens.n; t++)
        for (u64 i = 0; c->tens.at[t].role == EIN_OUT && i < ev->tens[t].n; i++) {
            assert_true(r->n < OUTPUTS_MOST);
            r->y[r->n++] = ev->tens[t].v[i];
        }
    arena_free(a);
}

static bool same_id(const struct result *a, const struct result *b)
{
    return a->id.hi == b->id.hi && a->id.lo == b->id.lo;
}

static bool same_outputs(const struct result *a, const struct result *b)
{
    if (a->n != b->n)
        return false;
    double most = 0, far = 0;
    for (u32 i = 0; i < a->n; i++) {
        most = MAX(most, __builtin_fabs(a->y[i]));
        double d = __builtin_fabs(a->y[i] - b->y[i]);
        far = d > far || d != d ? d : far;
    }
    return far <= 1e-9 * (most + 1e-3);
}

static void read_text(nasc_session *s, const char *text, struct result *r)
{
    nasc_arch *ar;
    if (nasc_parse(s, text, &ar))
        fail_msg("%s\n%s", text, nasc_messages(s));
    evaluate(s, ar, r);
    nasc_arch_free(ar);
}

/* ---- cells ---- */

static const char *const ops[5] = { "none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3" };
enum { CELLS = 15625 };

static void cell_text(u32 k, char out[200])
{
    u32 e[6];
    for (u32 i = 0; i < 6; i++, k /= 5)
        e[i] = k % 5;
    snprintf(out, 200, "|%s~0|+|%s~0|%s~1|+|%s~0|%s~1|%s~2|", ops[e[0]], ops[e[1]], ops[e[2]], ops[e[3]], ops[e[4]], ops[e[5]]);
}

/* An oracle that shares nothing with the canonical graph: a value is a sorted list of terms, as text: x, p(value), and bI(kK(value)) or bI() for the
 * normalized convolution of a value that is not zero or is; its instances numbered in every way, the least text wins. */
struct oracle { u32 op[6], number[6]; };

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static char *edge_value(struct arena *a, const struct oracle *o, u32 e, char *x)
{
    switch (o->op[e]) {
    case 0: return "";
    case 1: return x;
    case 4: return *x ? arena_printf(a, "p(%s)", x) : "";
    default: return *x ? arena_printf(a, "b%uk%u(%s)", o->number[e], o->op[e], x) : arena_printf(a, "b%u()", o->number[e]);
    }
}

/* Texts of sums are terms behind each other, each ended by `,`; top-level terms are found again by their brackets. */
static char *sum(struct arena *a, u32 n, char *const *value)
{
    char *term[4096];
    u32 k = 0;
    for (u32 i = 0; i < n; i++) {
        u32 depth = 0;
        const char *from = value[i];
        for (const char *p = value[i]; *p; p++) {
            depth += *p == '(';
            depth -= *p == ')';
            if (!depth && (p[1] == ',' || !p[1])) {
                term[k++] = arena_printf(a, "%.*s", (int)(p + 1 - from), from);
                from = p[1] ? p + 2 : p + 1;
                if (p[1])
                    p++;
            }
        }
    }
    qsort(term, k, sizeof *term, by_text);
    struct buf b = { 0 };
    buf_puts(&b, "");
    for (u32 i = 0; i < k; i++)
        buf_printf(&b, "%s%s", i ? "," : "", term[i]);
    char *s = arena_strdup(a, b.at);
    buf_free(&b);
    return s;
}

static char *cell_value(struct arena *a, const struct oracle *o)
{
    char *x = "x", *n1 = edge_value(a, o, 0, x);
    char *n2 = sum(a, 2, (char *[]){ edge_value(a, o, 1, x), edge_value(a, o, 2, n1) });
    return sum(a, 3, (char *[]){ edge_value(a, o, 3, x), edge_value(a, o, 4, n1), edge_value(a, o, 5, n2) });
}

static u64 oracle_class(struct arena *a, u32 k)
{
    struct oracle o = { 0 };
    u32 conv[6], n = 0, order[6] = { 0 };
    for (u32 i = 0; i < 6; i++, k /= 5) {
        o.op[i] = k % 5;
        if (o.op[i] == 2 || o.op[i] == 3)
            conv[n++] = i;
    }
    u64 least = UINT64_MAX;
    /* all orders of the instances, by counting in factorial digits; dead ones do not show */
    for (;;) {
        struct arena_mark m = arena_mark(a);
        u32 left[6], nleft = n;
        for (u32 i = 0; i < n; i++)
            left[i] = conv[i];
        for (u32 i = 0; i < n; i++) {
            u32 at = order[i], e = left[at];
            o.number[e] = i;
            memmove(left + at, left + at + 1, (--nleft - at) * sizeof *left);
        }
        /* the numbers of the live ones, closed up, so that dead ones leave no holes */
        char *s = cell_value(a, &o);
        u32 seen[6], nseen = 0;
        for (char *p = s; *p; p++)
            if (*p == 'b') {
                u32 j = 0;
                while (j < nseen && seen[j] != (u32)(p[1] - '0'))
                    j++;
                if (j == nseen)
                    seen[nseen++] = (u32)(p[1] - '0');
                p[1] = (char)('A' + p[1] - '0');
            }
        for (u32 i = 1; i < nseen; i++)         /* ranks of the numbers, not order of first sight: sorting came before */
            for (u32 j = i; j && seen[j] < seen[j - 1]; j--) {
                u32 t = seen[j];
                seen[j] = seen[j - 1];
                seen[j - 1] = t;
            }
        for (char *p = s; *p; p++)
            if (*p == 'b')
                for (u32 j = 0; j < nseen; j++)
                    if (seen[j] == (u32)(p[1] - 'A')) {
                        p[1] = (char)('0' + j);
                        break;
                    }
        u64 h = hash64(s, strlen(s));
        least = MIN(least, h);
        arena_reset(a, m);
        u32 i = n;
        while (i && ++order[i - 1] > n - i) {
            order[i - 1] = 0;
            i--;
        }
        if (!i)
            return least;
    }
}

struct cell { u64 class; struct hash128 id; u32 k; };

static int by_class(const void *a, const void *b)
{
    const struct cell *x = a, *y = b;
    return x->class != y->class ? (x->class < y->class ? -1 : 1) : x->k < y->k ? -1 : x->k > y->k;
}
static int by_id(const void *a, const void *b)
{
    const struct cell *x = a, *y = b;
    int c = memcmp(&x->id, &y->id, sizeof x->id);
    return c ? c : x->k < y->k ? -1 : x->k > y->k;
}

static struct cell *all_cells(nasc_session *s)
{
    struct cell *cell = calloc(CELLS, sizeof *cell);
    struct arena *a = arena_new("oracle");
    for (u32 k = 0; k < CELLS; k++) {
        char text[200];
        nasc_arch *ar;
        cell_text(k, text);
        if (nasc_parse(s, text, &ar))
            fail_msg("%s", nasc_messages(s));
        cell[k] = (struct cell){ oracle_class(a, k), arch_id(ar), k };
        nasc_arch_free(ar);
        arena_clear(a);
    }
    arena_free(a);
    return cell;
}

/* The same partition as the oracle's; and members of a class compute the same. */
static void cells_by_an_oracle(void **state)
{
    (void)state;
    nasc_session *s = open_cells();
    struct cell *cell = all_cells(s);
    u32 ids = 0, classes = 0, both = 0, pairs = 0;
    qsort(cell, CELLS, sizeof *cell, by_class);
    for (u32 i = 0; i < CELLS; i++) {
        classes += !i || cell[i].class != cell[i - 1].class;
        both += !i || cell[i].class != cell[i - 1].class || memcmp(&cell[i].id, &cell[i - 1].id, sizeof cell->id);
    }
    qsort(cell, CELLS, sizeof *cell, by_id);
    for (u32 i = 0; i < CELLS; i++)
        ids += !i || memcmp(&cell[i].id, &cell[i - 1].id, sizeof cell->id);
    assert_int_equal(classes, 5485);
    assert_int_equal(ids, 5485);
    assert_int_equal(both, 5485);
    struct result *first = malloc(sizeof *first), *r = malloc(sizeof *r);
    u32 of = UINT32_MAX, step = long_run() ? 1 : 8;
    for (u32 i = 1; i < CELLS; i++) {
        if (memcmp(&cell[i].id, &cell[i - 1].id, sizeof cell->id) || cell[i].k % step)
            continue;
        char text[200];
        u32 head = i;
        while (head && !memcmp(&cell[i].id, &cell[head - 1].id, sizeof cell->id))
            head--;
        if (of != head) {
            cell_text(cell[head].k, text);
            read_text(s, text, first);
            of = head;
        }
        cell_text(cell[i].k, text);
        read_text(s, text, r);
        if (!same_id(first, r) || !same_outputs(first, r))
            fail_msg("equal ids, other outputs: %s", text);
        pairs++;
    }
    print_message("%u pairs of equal ids\n", pairs);
    assert_true(pairs > (long_run() ? 10000 : 1000));
    free(first);
    free(r);
    free(cell);
    nasc_close(s);
}

/* One edge changed: equal ids only where it is the same function; and where outputs differ, ids do. */
static void cells_changed(void **state)
{
    (void)state;
    nasc_session *s = open_cells();
    u64 rng = 11;
    u32 n = long_run() ? 5000 : 500, differ = 0, power[6] = { 1, 5, 25, 125, 625, 3125 };
    struct result *a = malloc(sizeof *a), *b = malloc(sizeof *b);
    for (u32 i = 0; i < n; i++) {
        u32 k = (u32)draw(&rng, CELLS), e = (u32)draw(&rng, 6), op = k / power[e] % 5, to = (op + 1 + (u32)draw(&rng, 4)) % 5;
        char one[200], two[200];
        cell_text(k, one);
        cell_text(k + power[e] * to - power[e] * op, two);
        read_text(s, one, a);
        read_text(s, two, b);
        if (same_id(a, b) && !same_outputs(a, b))
            fail_msg("one id: %s %s", one, two);
        differ += !same_id(a, b);
    }
    print_message("%u of %u changes change the id\n", differ, n);
    assert_true(differ > n * 3 / 4);
    free(a);
    free(b);
    nasc_close(s);
}

/* ---- einspace ---- */

/* The modules of a text: where each begins and ends. */
struct span { u32 from, to; };

static u32 closing(const char *t, u32 from)
{
    u32 depth = 0;
    for (u32 i = from; t[i]; i++) {
        if (strchr("([{<", t[i]))
            depth++;
        if (strchr(")]}>", t[i]) && --depth == 0 && !(t[i] == ')' && (t[i + 1] == '{' || t[i + 1] == '(')))
            return i + 1;
    }
    return 0;
}

static u32 modules(const char *t, struct span *out, u32 cap)
{
    static const char *const word[] = { "sequential(", "branching(", "routing[", "computation<" };
    u32 n = 0;
    for (u32 i = 0; t[i]; i++)
        for (u32 k = 0; k < COUNTOF(word); k++)
            if (strncmp(t + i, word[k], strlen(word[k])) == 0 && n < cap)
                out[n++] = (struct span){ i, closing(t, i) };
    return n;
}

/* The arguments of a bracket from t[from] on (behind the bracket): n spans. */
static u32 arguments(const char *t, u32 from, struct span *out, u32 cap)
{
    u32 depth = 0, n = 0, begin = from;
    for (u32 i = from; t[i]; i++) {
        bool close = strchr(")]}>", t[i]) != NULL;
        if (!depth && (t[i] == ',' || close)) {
            if (n < cap)
                out[n++] = (struct span){ begin, i };
            begin = i + 1;
            if (close)
                return n;
        } else if (close)
            depth--;
        else if (strchr("([{<", t[i]))
            depth++;
    }
    return n;
}

static char *splice(struct arena *a, const char *t, struct span s, const char *by)
{
    return arena_printf(a, "%.*s%s%s", (int)s.from, t, by, t + s.to);
}

static char *cut(struct arena *a, const char *t, struct span s)
{
    while (t[s.from] == ' ')
        s.from++;
    return arena_printf(a, "%.*s", (int)(s.to - s.from), t + s.from);
}

/* One rewrite that changes nothing, at a random module; NULL: not there.  What does not type is refused by the reader. */
static char *rewrite(struct arena *a, const char *t, u64 *rng)
{
    static const char *const around[] = {
        "sequential(%s, computation<identity>)", "sequential(computation<identity>, %s)", "routing[identity, %s, identity]",
        "sequential(routing[perm(0,2,1), computation<identity>, perm(0,2,1)], %s)", "sequential(%s, routing[perm(0,2,1), computation<identity>, perm(0,2,1)])",
        "sequential(routing[perm(0,2,3,1), computation<identity>, perm(0,3,1,2)], %s)",
        "sequential(%s, routing[perm(0,3,2,1), routing[perm(0,3,1,2), computation<identity>, identity], perm(0,1,3,2)])",
        "sequential(%s, routing[perm(0,1,3,2), routing[perm(0,1,3,2), computation<identity>, identity], identity])",
        "sequential(branching(4){group(4,2), computation<identity>, cat(4,2)}, %s)", "sequential(%s, branching(8){group(8,1), computation<identity>, cat(8,1)})",
        "sequential(routing[im2col(1,1,0), computation<identity>, col2im], %s)", "routing[perm(0,2,1), routing[perm(0,2,1), %s, identity], identity]",
        "sequential(branching(4){group(4,2), routing[perm(0,2,1), computation<identity>, perm(0,2,1)], cat(4,2)}, %s)",
    };
    struct span m[256], arg[8], in[8];
    u32 n = modules(t, m, COUNTOF(m)), kind = (u32)draw(rng, COUNTOF(around) + 5);
    struct span at = m[draw(rng, n)];
    const char *whole = cut(a, t, at);
    if (kind < COUNTOF(around)) {
        struct buf b = { 0 };
        const char *hole = strstr(around[kind], "%s");
        buf_printf(&b, "%.*s%s%s", (int)(hole - around[kind]), around[kind], whole, hole + 2);
        char *s = splice(a, t, at, b.at);
        buf_free(&b);
        return s;
    }
    if (strncmp(whole, "branching(2){clone(2), ", 23) == 0 && strstr(whole + strlen(whole) - 9, "add(2)}")) {
        u32 k = arguments(whole, 13, arg, COUNTOF(arg));
        if (k == 4)
            return splice(a, t, at, arena_printf(a, "branching(2){clone(2), %s, %s, add(2)}", cut(a, whole, arg[2]), cut(a, whole, arg[1])));
    }
    if (strncmp(whole, "sequential(", 11) == 0 && arguments(whole, 11, arg, COUNTOF(arg)) == 2) {
        const char *x = cut(a, whole, arg[0]), *y = cut(a, whole, arg[1]);
        if (strncmp(x, "sequential(", 11) == 0 && arguments(x, 11, in, COUNTOF(in)) == 2)
            return splice(a, t, at, arena_printf(a, "sequential(%s, sequential(%s, %s))", cut(a, x, in[0]), cut(a, x, in[1]), y));
        if (strncmp(y, "sequential(", 11) == 0 && arguments(y, 11, in, COUNTOF(in)) == 2)
            return splice(a, t, at, arena_printf(a, "sequential(sequential(%s, %s), %s)", x, cut(a, y, in[0]), cut(a, y, in[1])));
    }
    return NULL;
}

/* One genuine change: another op, another size. */
static char *change(struct arena *a, const char *t, u64 *rng)
{
    static const char *const op[] = { "linear(16)", "linear(32)", "linear(64)", "linear(128)", "norm", "relu", "softmax", "pos_enc" };
    struct span m[256];
    u32 n = modules(t, m, COUNTOF(m));
    for (u32 tries = 0; tries < 20; tries++) {
        struct span at = m[draw(rng, n)];
        if (strncmp(t + at.from, "computation<", 12) || strncmp(t + at.from, "computation<identity>", 21) == 0)
            continue;
        const char *by = op[draw(rng, COUNTOF(op))];
        char *new = arena_printf(a, "computation<%s>", by);
        if (strncmp(t + at.from, new, strlen(new)))
            return splice(a, t, at, new);
    }
    return NULL;
}

static const char *const small[][2] = { { "C", "4" }, { "H", "8" }, { "W", "8" }, { "CLASSES", "3" } };

static void einspace_rewritten(void **state)
{
    (void)state;
    nasc_session *s = open_space("std.spaces.einspace", small, COUNTOF(small));
    struct arena *a = arena_new("texts");
    u64 rng = 7;
    u32 want = long_run() ? 10000 : 500, done = 0, evaluated = 0, refused = 0, changed = 0, kept = 0;
    struct result *x = malloc(sizeof *x), *y = malloc(sizeof *y);
    for (u64 i = 0; done < want; i++) {
        nasc_arch *ar;
        nasc_record r;
        assert_int_equal(nasc_sample(s, 21, i, &ar), NASC_OK);
        nasc_arch_record(ar, &r);
        if (strlen(r.arch) > 1500 || r.nodes > 60) {
            nasc_arch_free(ar);
            continue;
        }
        bool tiny = r.macs < 50000 && r.params < 20000;
        char *first = arena_strdup(a, r.arch), *text = first, id[33];
        memcpy(id, r.id, sizeof id);
        if (tiny)
            evaluate(s, ar, x);
        nasc_arch_free(ar);
        for (u32 k = 0; k < 4; k++) {           /* rewrites on top of each other */
            char *next = rewrite(a, text, &rng);
            if (!next)
                continue;
            if (nasc_parse(s, next, &ar)) {
                refused++;
                continue;
            }
            char new[33];
            assert_int_equal(nasc_arch_id(ar, new), NASC_OK);
            if (strcmp(new, id))
                fail_msg("%s %s\n%s %s", id, first, new, next);
            if (tiny && evaluated < want / 4) {
                evaluate(s, ar, y);
                if (!same_outputs(x, y))
                    fail_msg("equal ids, other outputs\n%s\n%s", first, next);
                evaluated++;
            }
            nasc_arch_free(ar);
            text = next;
            done++;
        }
        for (u32 k = 0; k < 2; k++) {
            char *other = change(a, first, &rng);
            if (!other || nasc_parse(s, other, &ar))
                continue;
            char new[33];
            nasc_arch_id(ar, new);
            changed += strcmp(new, id) != 0;
            if (strcmp(new, id) == 0) {         /* then it must be the same function */
                kept++;
                if (tiny) {
                    evaluate(s, ar, y);
                    if (!same_outputs(x, y))
                        fail_msg("one id, other outputs\n%s\n%s", first, other);
                } else {
                    print_message("kept: %s\n%s\n", first, other);
                }
            }
            nasc_arch_free(ar);
        }
        arena_clear(a);
    }
    print_message("%u rewrites (%u evaluated, %u refused), %u changes (%u kept the id)\n", done, evaluated, refused, changed + kept, kept);
    assert_true(evaluated > want / 10 && changed > want / 10);
    assert_true(kept * 50 <= changed);
    free(x);
    free(y);
    arena_free(a);
    nasc_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_by_an_oracle), cmocka_unit_test(cells_changed), cmocka_unit_test(einspace_rewritten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
