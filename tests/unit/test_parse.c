/* test_parse.c - every form of the grammar as its tree, several errors in one run, depth. */
#include "tests/unit/parse_env.h"

static void expressions(void **state)
{
    static const struct { const char *text, *tree; } row[] = {
        { "1", "(int 1)" },
        { "10k", "(int 10000)" },
        { "2Ki", "(int 2048)" },
        { "0.5", "(real 0.5)" },
        { "\"a\\\"\\n\"", "(string \"a\\\"\\n\")" },
        { "_", "(_)" },
        { "a + b * c", "(binary + (id a) (binary * (id b) (id c)))" },
        { "a - b - c", "(binary - (binary - (id a) (id b)) (id c))" },
        { "(a + b) * c", "(binary * (binary :paren + (id a) (id b)) (id c))" },
        { "-a * b", "(binary * (neg (id a)) (id b))" },
        { "not a == b and c", "(binary and (not (binary == (id a) (id b))) (id c))" },
        { "a or b |> c", "(pipe (binary or (id a) (id b)) (id c))" },
        { "a |> b |> c", "(pipe (pipe (id a) (id b)) (id c))" },
        { "x + (x |> f)", "(binary + (id x) (pipe :paren (id x) (id f)))" },
        { "t ++ x", "(binary ++ (id t) (id x))" },
        { "a:Edge[C](x)", "(call (index (label a (id Edge)) (id C)) (id x))" },
        { "f[64, S = 2](x, ..)", "(call (index (id f) (int 64) (named S (int 2))) (id x) (..))" },
        { "f()", "(call (id f))" },
        { "x[(h w), .., 2*i]", "(index (id x) (fold (id h) (id w)) (..) (binary * (int 2) (id i)))" },
        { "t.0.1", "(proj (proj (id t) (int 0)) (int 1))" },
        { "t.(i)", "(proj (id t) (id i))" },
        { "a.mean", "(field mean (id a))" },
        { "()", "(tuple)" },
        { "(a, b, c)", "(tuple (id a) (id b) (id c))" },
        { "(a)", "(id :paren a)" },
        { "y => y + 1", "(lambda (pat (id y)) (binary + (id y) (int 1)))" },
        { "(y) => y", "(lambda (pat (id y)) (id y))" },
        { "(a, b) => a", "(lambda (pat :tuple (id a) (id b)) (id a))" },
        { "x |> y => y |> f", "(pipe (id x) (lambda (pat (id y)) (pipe (id y) (id f))))" },
        { "if a then b else c |> d", "(if (id a) (id b) (pipe (id c) (id d)))" },
        { "repeat 3 { f }", "(repeat (int 3) (block (id f)))" },
        { "repeat i in n { f }", "(repeat i (id n) (block (id f)))" },
        { "repeat choose {1, 2} { f }", "(repeat (choose (opts (opt - (int 1)) (opt - (int 2)))) (block (id f)))" },
        { "each[n] R(x)", "(call (each (id n) (id R)) (id x))" },
        { "each m:M (p)", "(call (each - (label m (id M))) (id p))" },
        { "once k:Cell[D/2]", "(index (once (label k (id Cell))) (binary / (id D) (int 2)))" },
        { "share R", "(share (id R))" },
        { "choose {0.5 -> 3, 1 .. 4}", "(choose (opts (opt (real 0.5) (int 3)) (range (int 1) (int 4))))" },
        { "{ let (a, b) = t; require a < b, c; recipe lr = f; limit depth 3; a }",
          "(block (let (pat :tuple (id a) (id b)) (id t)) (require (binary < (id a) (id b)) (id c)) (recipe lr (id f)) "
          "(limit (lim depth (int 3))) (id a))" },
        { "rank(x) + text.map", "(binary + (call (id rank) (id x)) (field map (id text)))" },
    };
    struct env *f = *state;
    for (u32 i = 0; i < COUNTOF(row); i++) {
        const struct src *s = env_src(f, row[i].text, strlen(row[i].text));
        struct ast *e = ast_parse_expr(f->a, f->sp, &f->ds, s);
        assert_string_equal(env_codes(f), "");
        assert_non_null(e);
        assert_string_equal(env_dump(f, e), row[i].tree);
        assert_int_equal(e->loc.off + e->loc.len <= s->len, 1);
    }
    static const char *const wrong[] = { "", "a b", "a +", "let x = 3", "a; b", "(a", "rule X = y", "a < b < c" };
    for (u32 i = 0; i < COUNTOF(wrong); i++) {
        const struct src *s = env_src(f, wrong[i], strlen(wrong[i]));
        assert_null(ast_parse_expr(f->a, f->sp, &f->ds, s));
        assert_true(f->ds.nerrors > 0);
    }
}

static void items(void **state)
{
    static const struct { const char *text, *tree; } row[] = {
        { "import std.nn", "(import (path (id std) (id nn)))" },
        { "import std.nn as n", "(import n (path (id std) (id nn)))" },
        { "import a (b, c)", "(import (path (id a)) (id b) (id c))" },
        { "const N = 3", "(const N (int 3))" },
        { "limit depth 20, nodes 10k", "(limit (lim depth (int 20)) (lim nodes (int 10000)))" },
        { "text t(a) = `x${a}`", "(text t (params (param a -)) (btext x${a}))" },
        { "text t = ``", "(text t - (btext \"\"))" },
        { "arch r in a.b = `x`", "(arch r (path (id a) (id b)) (btext x))" },
        { "op f[K = 3](x: T[.., C], i: i32[S], n: i32) -> y: [(H W), _] where H = C / 2, H > 1 { y[c] = 1 }",
          "(op f (attrs (attr K (int 3))) (params (param x (type T (..) (id C))) (param i (type i32 (id S))) (param n (type :bare i32))) "
          "(param y (type (fold (id H) (id W)) (_))) (where (wdef H (binary / (id C) (int 2))) (binary > (id H) (int 1))) "
          "(body (seq (access y (id c)) (int 1) -)))" },
        { "op f(x: []) -> (y: [], z: [A]) { y = x }",
          "(op f (attrs) (params (param x (type))) (tupletype (param y (type)) (param z (type (id A)))) - "
          "(body (seq (access y) (id x) -)))" },
        { "rule R = a | b", "(rule R (attrs) - - - (alts (alt (fors) - (id a) - -) (alt (fors) - (id b) - -)))" },
        { "inline rule R(x, y: ([A], [B])) -> [C] where c =\n  | 0.3 -> x where d as \"p\" or \"q\"",
          "(rule :inline R (attrs) (params (param x -) (param y (tupletype (type (id A)) (type (id B))))) (type (id C)) (where (id c)) "
          "(alts (alt (fors) (real 0.3) (id x) (where (id d)) (note (string p) (string q)))))" },
        { "rule R = for k in {1, 3}: for (a, b) in {(1, 2)}: k",
          "(rule R (attrs) - - - (alts (alt (fors (for (pat (id k)) (opts (opt - (int 1)) (opt - (int 3)))) "
          "(for (pat :tuple (id a) (id b)) (opts (opt - (tuple (int 1) (int 2)))))) - (id k) - -)))" },
        { "net n(x) = x as \"n\"", "(net n (attrs) (params (param x -)) - - (alts (alt (fors) - (id x) - (note (string n)))))" },
        { "space s(x) -> [3] { x } as \"s\"",
          "(space s (attrs) (params (param x -)) (type (int 3)) - (alts (alt (fors) - (block (id x)) - (note (string s)))))" },
        { "monoid w(n, m) { zero (0, 0); lift (x) (1, x); merge (a, b) a }",
          "(monoid w (ids (id n) (id m)) (tuple (int 0) (int 0)) (ids (id x)) (tuple (int 1) (id x)) (ids (id a) (id b)) (id a))" },
        { "map f { tile i, j: 8, 4; order i }",
          "(map f (mapline tile (ids (id i) (id j)) (tuple (int 8) (int 4))) (mapline order (ids (id i)) -))" },
    };
    struct env *f = *state;
    for (u32 i = 0; i < COUNTOF(row); i++) {
        struct ast_file *t = env_parse(f, row[i].text);
        assert_string_equal(env_codes(f), "");
        assert_int_equal(t->root->nkid, 1);
        assert_string_equal(env_dump(f, t->root->kid[0]), row[i].tree);
        assert_int_equal(t->root->kid[0]->loc.off, 0);
        assert_int_equal(t->root->kid[0]->loc.len, strlen(row[i].text));
    }
}

static void statements(void **state)
{
    static const struct { const char *text, *tree; } row[] = {
        { "let n = extent(..)", "(slet n (call (id extent) (..)))" },
        { "param w: [D, K] ~ zeros", "(sparam w (type (id D) (id K)) (id zeros))" },
        { "state w: [D] ~ ones", "(sstate w (type (id D)) (id ones))" },
        { "const h: [2, 2] = [[1, -1], [a, b]]",
          "(sconst h (type (int 2) (int 2)) (table (table (int 1) (neg (int 1))) (table (id a) (id b))))" },
        { "const s[a] = 2*a", "(sconsteq (access s (id a)) (binary * (int 2) (id a)))" },
        { "rank i, j: K", "(srank (ids (id i) (id j)) (id K))" },
        { "rank t: iter T", "(srank :iter (ids (id t)) (id T))" },
        { "init h[0, d] = 0", "(sinit (access h (int 0) (id d)) (int 0))" },
        { "next r[c] = m[c]", "(snext (access r (id c)) (index (id m) (id c)))" },
        { "y[.., (a b)] += x where m <= p",
          "(seq + (access y (..) (fold (id a) (id b))) (id x) (where (binary <= (id m) (id p))))" },
        { "y *= x", "(seq * (access y) (id x) -)" },
        { "y[i] max= x", "(seq max (access y (id i)) (id x) -)" },
        { "if a { y = x }", "(sif (id a) (body (seq (access y) (id x) -)) -)" },
        { "if a { y = 1 } else if b { y = 2 } else { y = 3 }",
          "(sif (id a) (body (seq (access y) (int 1) -)) (body (sif (id b) (body (seq (access y) (int 2) -)) "
          "(body (seq (access y) (int 3) -)))))" },
    };
    struct env *f = *state;
    for (u32 i = 0; i < COUNTOF(row); i++) {
        struct ast_file *t = env_parse(f, arena_printf(f->a, "op f(x: []) -> y: [] { %s }", row[i].text));
        assert_string_equal(env_codes(f), "");
        struct ast *body = t->root->kid[0]->kid[OP_BODY];
        assert_int_equal(body->nkid, 1);
        assert_string_equal(env_dump(f, body->kid[0]), row[i].tree);
    }
}

static void ids(void **state)
{
    struct env *f = *state;
    struct ast_file *t = env_parse(f, "const a = 1 + 2\nconst b = 3");
    assert_int_equal(t->nnodes, 7);
    assert_int_equal(t->root->id, 0);
    assert_int_equal(t->root->kid[0]->kid[0]->kid[1]->id, 4);
    assert_int_equal(t->root->kid[1]->kid[0]->id, 6);
}

/* What is broken is left out and said once; the rest is read. */
static void recovery(void **state)
{
    static const struct { const char *text, *codes; u32 items; } row[] = {
        { "const a = \nconst b = 2", "E0110", 0 },
        { "const a = 1 1\nconst b = 2", "E0110", 1 },
        { "const = 1\nconst = 2\nconst c = 3", "E0110 E0110", 1 },
        { "rule R = a b | c d | e\nconst b = 2", "E0110 E0110", 1 },
        { "rule R = a\nconst b = 2 2\nconst c = 3", "E0110", 2 },
        { "op f(x: []) -> y: [] {\n  y = 1 1\n  z = 2\n  w 3\n}\nconst c = 3", "E0110 E0110", 1 },
        { "net n(x) = { let a; let = 2; f(a b); (c }\nconst c = 3", "E0110 E0110 E0110 E0112", 1 },
        { "net n(x) = { f({ let a; b }); c d }\nconst c = 3", "E0110 E0110", 1 },
        { "const a = choose {1 2}\nconst c = 3", "E0110", 1 },
        { "rule R = for k in {1 2}: k | a b\nconst c = 3", "E0110 E0110", 1 },
        { "map f { tile; order i; i }\nconst c = 3", "E0110 E0110", 1 },
        { "monoid m(a) { zero; lift (x) x; merge (a, b) a }\nconst c = 3", "E0110", 1 },
        { "op f(x) { y = x; z = 1 1 }\nconst c = 3", "E0110", 1 },
        { "f(a b)\n{ c d }\nconst c = 3", "E0110", 1 },
        { "const a = f(1,\nrule R = x", "E0112", 1 },
        { "rule op = x\nrule R(let) = y\nconst c = 1", "E0113 E0113", 1 },
        { "net n(x) = (a + 1) => x\nnet m(x) = f(y) => x\nnet o(x) = () => x", "E0114 E0114 E0114", 0 },
        { "const a = 99999999999999999999\nconst b = 10000000000000000k\nconst c = 1e999", "E0103 E0103 E0103", 3 },
        { "x", "E0110", 0 },
        { "}", "E0112", 0 },
    };
    struct env *f = *state;
    for (u32 i = 0; i < COUNTOF(row); i++) {
        struct ast_file *t = env_parse(f, row[i].text);
        const char *codes = env_codes(f);
        if (strcmp(codes, row[i].codes) != 0 || t->root->nkid != row[i].items)
            fail_msg("%s: %s (%u items)", row[i].text, codes, t->root->nkid);
    }
}

static void too_deep(void **state)
{
    static const struct { const char *before, *again, *after; u32 most; } row[] = {
        { "const a = 1", " + 1", "", AST_DEPTH - 3 },
        { "const a = x", " |> f", "", AST_DEPTH - 3 },
        { "const a = ", "not ", "1", AST_DEPTH - 3 },
        { "const a = ", "-", "1", AST_DEPTH - 3 },
        { "const a = ", "a:", "b", AST_DEPTH - 3 },
        { "const a = ", "y => ", "b", AST_DEPTH - 4 },
        { "const a = ", "if c then ", "1", 0 },
        { "const a = f", "(1)", "", AST_DEPTH - 3 },
        { "const a = ", "f(", "", 0 },
    };
    struct env *f = *state;
    for (u32 i = 0; i < COUNTOF(row); i++) {
        for (u32 k = 0; k < 3; k++) {
            u32 n = k == 0 ? row[i].most : k == 1 ? row[i].most + 4 : 20000;
            if (k < 2 && !row[i].most)
                continue;
            struct buf b = { 0 };
            buf_puts(&b, row[i].before);
            for (u32 j = 0; j < n; j++)
                buf_puts(&b, row[i].again);
            buf_printf(&b, "%s\nconst b = 2\n", row[i].after);
            struct ast_file *t = env_parse_n(f, b.at, b.n);
            if (strcmp(env_codes(f), k ? "E0111" : "") != 0)
                fail_msg("%s times %u: %s", row[i].again, n, env_codes(f));
            assert_int_equal(t->root->nkid, k ? 1 : 2);     /* the rest, or what precedes brackets that are too deep */
            assert_true(t->root->depth <= AST_DEPTH);
            buf_free(&b);
        }
    }
}

/* What could have stood there, in words, and the hint. */
static void messages(void **state)
{
    static const struct { const char *text, *message, *hint; } row[] = {
        { "rule R(x) { x }", "expected `where`, `=` or `->`, found `{`", "the alternatives of a rule follow `=`" },
        { "op f(x: [C]) { y = x }", "expected `->`, found `{`", "an op names its output: `-> y: [..]`" },
        { "net n(x) = { let a }", "expected `=`, found `}`", "`let` gives a value a name: `let n = ...`" },
        { "net n(x) = { a = 3 }", "expected `}` or the end of the line, found `=`", "a block names a value with `let x = ...`" },
        { "const a = if b = 3 then 1 else 2", "expected `then`, found `=`", "compare with `==`" },
        { "const a = if b then 1", "expected `else`, found the end of the line", "an expression chooses with `if c then a else b`" },
        { "const a = 1 < 2 < 3", "expected an operator or the end of the line, found `<`",
          "comparisons do not chain: write `a < b and b < c`" },
        { "rul R = x", "expected an item (op, rule, net, space, const, import, ...), found `rul`", "did you mean `rule`?" },
        { "rule R = x\ny |> f", "expected an item (op, rule, net, space, const, import, ...), found `y`",
          "if this is one more alternative of the rule above, begin it with `|`" },
        { "rule R = x as k", "expected a string, found `k`", "a notation is a string: as \"conv($k)\"" },
        { "rule R = for k in 3: x", "expected `{`, found `3`", "a family ranges over a set in braces: `for k in {1, 3}: ...`" },
        { "const a = f(1,)", "expected an expression or `..`, found `)`", "a list does not end with a comma" },
        { "text t = \"x\"", "expected an architecture text in backticks, found a string", "an architecture text stands in backticks" },
        { "op f(x: []) -> y: [] { param w: [3] }", "expected `~`, found `}`",
          "a parameter or state says how it begins: `~ zeros`, `~ kaiming_uniform(K)`" },
        { "const a = x |> op", "expected an expression, found `op`", "`op` is a reserved word, so nothing can have that name" },
        { "const a = 2 x", "expected an operator or the end of the line, found `x`", "a product needs its `*`" },
    };
    struct env *f = *state;
    for (u32 i = 0; i < COUNTOF(row); i++) {
        env_parse(f, row[i].text);
        assert_int_equal(f->ds.nerrors, 1);
        assert_string_equal(f->ds.all.at[0]->text, row[i].message);
        if (f->ds.all.at[0]->hints.n != 1)
            fail_msg("%s: no hint", row[i].text);
        assert_string_equal(f->ds.all.at[0]->hints.at[0], row[i].hint);
    }
    env_parse(f, "net n(x) = {\n  f(a\n}");
    assert_string_equal(env_codes(f), "E0112");
    assert_string_equal(f->ds.all.at[0]->text, "expected `)` before `}`");
    assert_int_equal(f->ds.all.at[0]->labels.n, 1);
    assert_int_equal(f->ds.all.at[0]->labels.at[0].loc.off, 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(expressions, env_setup, env_teardown),
        cmocka_unit_test_setup_teardown(items, env_setup, env_teardown),
        cmocka_unit_test_setup_teardown(statements, env_setup, env_teardown),
        cmocka_unit_test_setup_teardown(ids, env_setup, env_teardown),
        cmocka_unit_test_setup_teardown(recovery, env_setup, env_teardown),
        cmocka_unit_test_setup_teardown(too_deep, env_setup, env_teardown),
        cmocka_unit_test_setup_teardown(messages, env_setup, env_teardown),
    };
    return cmocka_run_group_tests_name("parse", tests, NULL, NULL);
}
