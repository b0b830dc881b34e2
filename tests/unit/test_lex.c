/* test_lex.c - which line ends separate, what a number is, brackets that balance, any bytes at all. */
#include "tests/unit/parse_env.h"

#include "grammar/parse.h"

/* The kinds of tokens as a line of words; a separator is `/`, one made up has a star. */
static const char *kinds_n(struct env *f, const char *text, size_t len)
{
    struct buf b = { 0 };
    const struct src *s = env_src(f, text, len);
    struct lexer *lx = lex_new(f->a, &f->ds, s);
    u32 end = 0;
    for (struct token t = lex_next(lx); t.kind; t = lex_next(lx)) {
        if (b.n)
            buf_putc(&b, ' ');
        if (t.kind == TK_SEP)
            buf_putc(&b, '/');
        else if (t.made_up || t.kind == TK_BAD)
            buf_printf(&b, "%s*", t.kind == TK_BAD ? "bad" : lex_token_name(t.kind));
        else
            buf_put(&b, s->text + t.loc.off, t.loc.len);
        assert_true(t.loc.off >= end && t.loc.off + t.loc.len <= s->len);
        end = t.loc.off + t.loc.len;
    }
    assert_int_equal(lex_next(lx).kind, 0);         /* and stays at the end */
    const char *out = arena_strdup(f->a, b.at ? b.at : "");
    buf_free(&b);
    return out;
}

static const char *kinds(struct env *f, const char *text)
{
    return kinds_n(f, text, strlen(text));
}

static void separators(void **state)
{
    static const struct { const char *text, *tokens; } row[] = {
        { "", "" },
        { "\n\n// nothing\n", "" },
        { "a\nb", "a / b /" },
        { "a\n\n\nb\n", "a / b /" },
        { "a;b", "a / b /" },
        { ";;a;;\n;b;", "a / b /" },
        /* a line that ends in what cannot end an item */
        { "a +\nb", "a + b /" },
        { "a =\nb", "a = b /" },
        { "a ->\nb", "a -> b /" },
        { "a =>\nb", "a => b /" },
        { "a:\nb", "a : b /" },
        { "a ~\nb", "a ~ b /" },
        { "a |\nb", "a | b /" },
        { "a,\nb", "a , b /" },
        { "if\nb", "if b /" },
        { "rule\nb", "rule b /" },
        { "a ..\nb", "a .. b /" },
        /* a line that begins with what cannot begin one */
        { "a\n+ b", "a + b /" },
        { "a\n- b", "a - b /" },
        { "a\n|> b", "a |> b /" },
        { "a\n| b", "a | b /" },
        { "a\n= b", "a = b /" },
        { "a\n, b", "a , b /" },
        { "a\n{ b }", "a { b } /" },
        { "a\nas b", "a as b /" },
        { "a\nwhere b", "a where b /" },
        { "a\nor b\nand c", "a or b and c /" },
        { "a\nthen b\nelse c", "a then b else c /" },
        { "a\n: b\n~ c\n-> d\n=> e", "a : b ~ c -> d => e /" },
        { "a // why\n  |> b", "a |> b /" },
        { "a /* two\nlines */ b", "a / b /" },
        /* what begins an item */
        { "a\nnot b", "a / not b /" },
        { "a\n(b)", "a / ( b ) /" },
        { "a\n[b]", "a / [ b ] /" },
        { "a\n\"b\"", "a / \"b\" /" },
        /* brackets */
        { "f(a\nb)\nc", "f ( a b ) / c /" },
        { "f[a\nb]", "f [ a b ] /" },
        { "{\na\nb\n}\nc", "{ a / b } / c /" },
        { "{ a; b; }", "{ a / b } /" },
        { "f({ a\nb })", "f ( { a / b } ) /" },
        { "{ f(a\nb)\nc }", "{ f ( a b ) / c } /" },
        { "a\r\nb\r\n", "a / b /" },
        { "a in\nb", "a in / b /" },                    /* a name, there */
    };
    struct env *f = *state;
    for (u32 i = 0; i < COUNTOF(row); i++) {
        assert_string_equal(kinds(f, row[i].text), row[i].tokens);
        assert_int_equal(f->ds.nerrors, 0);
    }
}

static void numbers(void **state)
{
    static const struct { const char *text, *tokens; int errors; } row[] = {
        { "1 10k 3M 2G 4Ki 64Mi 1Gi", "1 10k 3M 2G 4Ki 64Mi 1Gi /", 0 },
        { "0.5 1e-4 2.5E+3 1e9", "0.5 1e-4 2.5E+3 1e9 /", 0 },
        { "1..4", "1 .. 4 /", 0 },
        { "1 .. 4", "1 .. 4 /", 0 },
        { "t.0.1", "t . 0 . 1 /", 0 },
        { "t.0..2", "t . 0 .. 2 /", 0 },
        { "x.1e5", "x . 1e5 /", 1 },
        { "3x3", "3x3 /", 1 },
        { "1.5k", "1.5k /", 1 },
        { "10kx", "10kx /", 1 },
        { "1e", "1e /", 1 },
        { "0x10", "0x10 /", 1 },
        { ".5", ". 5 /", 0 },
        { "1._", "1 . _ /", 0 },
    };
    struct env *f = *state;
    for (u32 i = 0; i < COUNTOF(row); i++) {
        assert_string_equal(kinds(f, row[i].text), row[i].tokens);
        assert_int_equal(f->ds.nerrors, row[i].errors);
        if (row[i].errors)
            assert_string_equal(env_codes(f), "E0103");
    }
}

static void words(void **state)
{
    struct env *f = *state;
    assert_string_equal(kinds(f, "|>|| >"), "|> || > /");
    assert_string_equal(env_codes(f), "E0101");
    assert_string_equal(kinds(f, "++ += + = ==>= => <= != *= ** "), "++ += + = == >= => <= != *= ** /");
    assert_string_equal(env_codes(f), "E0101");
    assert_string_equal(kinds(f, "_ _a a_1 rules inn"), "_ _a a_1 rules inn /");
    assert_int_equal(f->ds.nerrors, 0);
    assert_string_equal(kinds(f, "\"a\\\"b\\\\\" \"\\n\\t\" `x\n$y`"), "\"a\\\"b\\\\\" \"\\n\\t\" `x\n$y` /");
    assert_int_equal(f->ds.nerrors, 0);
}

static void mistakes(void **state)
{
    static const struct { const char *text, *tokens, *codes; } row[] = {
        { "a ? b", "a bad* b /", "E0101" },
        { "a && b || !c", "a && b || ! c /", "E0101 E0101 E0101" },
        { "a \xe2\x86\x92 b \xc3\x97 c", "a \xe2\x86\x92 b \xc3\x97 c /", "E0101 E0101" },
        { "caf\xc3\xa9 x", "caf \xc3\xa9 x /", "E0101" },
        { "# a comment\nb", "b /", "E0101" },
        { "\"abc\nd", "\"abc / d /", "E0102" },
        { "\"a\\qb\"", "\"a\\qb\" /", "E0105" },
        { "`abc\nd", "`abc\nd /", "E0102" },
        { "a /* b", "a /", "E0102" },
        { "a \x01\x01\x01 b", "a bad* b /", "E0101" },
        { "a \xff b // \xfe", "a bad* b /", "E0104" },      /* said once */
        { "\xef\xbb\xbf" "a", "a /", "" },
        /* brackets */
        { "f(a", "f ( a `)`* /", "E0112" },
        { "{ f(a }", "{ f ( a `)`* } /", "E0112" },
        { "f(a]", "f ( a `)`* /", "E0112" },
        { "a) b", "a b /", "E0112" },
        { "f(a\nrule R = x", "f ( a `)`* / rule R = x /", "E0112" },
        { "{ a\nop f", "{ a `}`* / op f /", "E0112" },
        { "{ a\nnet n(x)", "{ a `}`* / net n ( x ) /", "E0112" },
        { "{ a\nimport b.c", "{ a `}`* / import b . c /", "E0112" },
        { "{ a\nnet = 3 }", "{ a / net = 3 } /", "" },      /* a name, there */
    };
    struct env *f = *state;
    for (u32 i = 0; i < COUNTOF(row); i++) {
        assert_string_equal(kinds(f, row[i].text), row[i].tokens);
        assert_string_equal(env_codes(f), row[i].codes);
    }
    assert_string_equal(kinds_n(f, "a \0 b", 5), "a bad* b /");
    assert_string_equal(kinds_n(f, "\"a\0b\"", 5), arena_strdup(f->a, "\"a"));
    assert_string_equal(env_codes(f), "E0101");
}

static void depth(void **state)
{
    struct env *f = *state;
    char text[5000];
    memset(text, '(', sizeof text);
    kinds_n(f, text, sizeof text);
    assert_string_equal(env_codes(f), "E0111");
    /* Tokens know the brackets around them. */
    const struct src *s = env_src(f, "{ a(b) { c } }", 14);
    struct lexer *lx = lex_new(f->a, &f->ds, s);
    static const struct { u16 depth, brace; } want[] = {
        { 0, 0 }, { 1, 1 }, { 1, 1 }, { 2, 1 }, { 1, 1 }, { 1, 1 }, { 2, 2 }, { 1, 2 }, { 0, 1 },
    };
    for (u32 i = 0; i < COUNTOF(want); i++) {
        struct token t = lex_next(lx);
        assert_int_equal(t.depth, want[i].depth);
        assert_int_equal(t.brace, want[i].brace);
    }
}

static void comments(void **state)
{
    struct env *f = *state;
    struct ast_file *t = env_parse(f, "// one\nconst a = 1 // two  \n  /* three */ const b = 2 /* four */\n");
    assert_int_equal(f->ds.nerrors, 0);
    assert_int_equal(t->comments.n, 4);
    static const bool own[] = { true, false, true, false };
    static const u32 len[] = { 6, 6, 11, 10 };
    for (u32 i = 0; i < 4; i++) {
        assert_int_equal(t->comments.at[i].own_line, own[i]);
        assert_int_equal(t->comments.at[i].loc.len, len[i]);
    }
}

static void any_bytes(void **state)
{
    struct env *f = *state;
    u64 x = 88172645463325252u;
    for (u32 round = 0; round < 200; round++) {
        char text[400];
        for (u32 i = 0; i < sizeof text; i++) {
            x ^= x << 13, x ^= x >> 7, x ^= x << 17;
            text[i] = round % 2 ? (char)x : "(){}[]|>=\n;\"`/*,.:0aek _-+?"[x % 28];
        }
        env_parse_n(f, text, sizeof text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(separators, env_setup, env_teardown),
        cmocka_unit_test_setup_teardown(numbers, env_setup, env_teardown),
        cmocka_unit_test_setup_teardown(words, env_setup, env_teardown),
        cmocka_unit_test_setup_teardown(mistakes, env_setup, env_teardown),
        cmocka_unit_test_setup_teardown(depth, env_setup, env_teardown),
        cmocka_unit_test_setup_teardown(comments, env_setup, env_teardown),
        cmocka_unit_test_setup_teardown(any_bytes, env_setup, env_teardown),
    };
    return cmocka_run_group_tests_name("lex", tests, NULL, NULL);
}
