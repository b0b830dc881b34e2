/* test_fmt.c - the layout: what it looks like, and that it changes nothing but the layout.
 *
 * The property, for every .nas file of the tree and for the same files with comments thrown in anywhere:
 * the text printed parses to the same tree, keeps the comments, and is printed again as it is. */
#include "tests/unit/parse_env.h"

#include <ftw.h>

static char *format(struct env *f, const struct ast_file *t)
{
    struct buf b = { 0 };
    ast_format(&b, t);
    char *s = arena_strdup(f->a, b.at ? b.at : "");
    buf_free(&b);
    return s;
}

static void layout(void **state)
{
    static const struct { const char *in, *out; } row[] = {
        { "", "" },
        { "\n\n// only\n\n\n// comments\n", "// only\n\n// comments\n" },
        { "import  a . b( c,d )", "import a.b (c, d)\n" },
        { "const a=1+2*3 ;const b=-x", "const a = 1 + 2*3\nconst b = -x\n" },
        { "const a = x[..]*y[..] + h*2/sqrt( K )", "const a = x[..] * y[..] + h*2/sqrt(K)\n" },
        { "const a = (1+ (2) )%H", "const a = (1 + (2)) % H\n" },
        { "const a = t.(0).(i).(10k) ++ 3 .0", "const a = t.0.(i).(10k) ++ 3 .0\n" },
        { "rule R = a as \"x\" |b as \"y\"", "rule R = a as \"x\" | b as \"y\"\n" },
        { "rule R = a as \"x\" | bb as \"y\" or \"z\" | c | d |> e as \"w\"",
          "rule R =\n    a  as \"x\"\n  | bb as \"y\" or \"z\"\n  | c\n  | d |> e as \"w\"\n" },
        { "rule R = 0.3->a|_->b", "rule R =\n    0.3 -> a\n  | _ -> b\n" },
        { "rule R(x)={let a=f(x);let b=g(a)\na+b}as\"n\"",
          "rule R(x) = {\n    let a = f(x)\n    let b = g(a)\n    a + b\n} as \"n\"\n" },
        { "net n(x)={x}", "net n(x) {\n    x\n}\n" },
        { "op f(x:[C])->y:[C]{y[c]=x[c]}", "op f(x: [C]) -> y: [C] { y[c] = x[c] }\n" },
        { "op f(x: [C]) -> y: [C] { s[]max=x[c] ; t[c,c] += 1; y=2 where c<1 }", NULL },
        { "op f(x: [C]) -> y: [C] { s max=x[c] ; t[c,c] += 1; y=2 where c<1 }",
          "op f(x: [C]) -> y: [C] {\n    s     max= x[c]\n    t[c, c] += 1\n    y        = 2 where c < 1\n}\n" },
        { "op f(x: []) -> y: [] { if a { y = 1 } else if b { y = 2 } else { y = 3 } }",
          "op f(x: []) -> y: [] { if a { y = 1 } else if b { y = 2 } else { y = 3 } }\n" },
        { "monoid m(a){zero 0;lift(x)x;merge(a,b)a+b}",
          "monoid m(a) {\n    zero 0\n    lift (x) x\n    merge (a, b) a + b\n}\n" },
        { "map f{tile i,j:8,4;order i}", "map f {\n    tile i, j: 8, 4\n    order i\n}\n" },
        { "// head\n\n\n\nconst a = 1 // tail\n/* own */\n\nconst b = f( // why\n 1)\n// end",
          "// head\n\nconst a = 1  // tail\n/* own */\n\nconst b = f(1)  // why\n// end\n" },
        { "net n(x) = { // opens\n  // inside\n  x\n  // closes\n}",
          "net n(x) {  // opens\n    // inside\n    x\n    // closes\n}\n" },
        { "rule R = a // one\n  // before b\n  | b // two\n\n  | c",
          "rule R =\n    a  // one\n    // before b\n  | b  // two\n\n  | c\n" },
        { "net n(x) = x |> aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa |> bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb |> cccccccccccccccccccccccccc |> d |> e |> fffffffff",
          "net n(x) =\n    x |> aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa |> bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb |> cccccccccccccccccccccccccc |> d\n"
          "      |> e |> fffffffff\n" },
        { "const a = if b then c else if d then e else f(aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa)",
          "const a = if b then c\n  else if d then e\n"
          "  else f(aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa)\n" },
        { "text t = `a\n  b`", "text t = `a\n  b`\n" },
    };
    struct env *f = *state;
    for (u32 i = 0; i < COUNTOF(row); i++) {
        struct ast_file *t = env_parse(f, row[i].in);
        if (!row[i].out) {
            assert_true(f->ds.nerrors > 0);
            continue;
        }
        assert_string_equal(env_codes(f), "");
        assert_string_equal(format(f, t), row[i].out);
    }
}

/* Comments as they are, without those that flowed together on one line. */
static bool has_comments(const struct ast_file *t, const char *out)
{
    for (u32 i = 0; i < t->comments.n; i++) {
        struct loc at = t->comments.at[i].loc;
        if (!memmem(out, strlen(out), t->src->text + at.off, at.len))
            return false;
    }
    return true;
}

static void changes_nothing(struct env *f, const char *name, const char *text, size_t len)
{
    struct ast_file *t = env_parse_n(f, text, len);
    if (f->ds.nerrors)
        return;
    const char *once = format(f, t), *tree = env_dump(f, t->root);
    if (!has_comments(t, once))
        fail_msg("%s: a comment is lost:\n%s", name, once);
    struct ast_file *again = env_parse(f, once);
    if (f->ds.nerrors)
        fail_msg("%s: what was printed has errors:\n%s", name, once);
    if (strcmp(env_dump(f, again->root), tree) != 0)
        fail_msg("%s: what was printed is another tree:\n%s", name, once);
    const char *twice = format(f, again);
    if (strcmp(once, twice) != 0)
        fail_msg("%s: printed twice differs:\n%s\n--- and\n%s", name, once, twice);
}

static u64 state_of_rng = 88172645463325252u;

static u32 draw(u32 n)
{
    u64 x = state_of_rng;
    x ^= x << 13, x ^= x >> 7, x ^= x << 17;
    state_of_rng = x;
    return (u32)(x % n);
}

/* The text with comments between its characters; in the middle of a word they make another word,
 * which does not matter. */
static void with_comments(struct env *f, const char *name, const char *text, size_t len)
{
    static const char *const comment[] = { " // a\n", "\n// b\n", " /* c */ ", "\n/* d */\n", " /* e\n e */ ", "\n\n// f\n\n" };
    struct buf b = { 0 };
    u32 every = (u32)MAX(len / (1 + draw(6)), 2);
    for (size_t i = 0; i < len; i++) {
        bool between = i && (text[i] == ' ' || text[i] == '\n') && text[i - 1] != '/';
        if (between && draw(every) < 8)
            buf_puts(&b, comment[draw(COUNTOF(comment))]);
        buf_putc(&b, text[i]);
    }
    changes_nothing(f, name, b.at, b.n);
    buf_free(&b);
}

static u32 files_seen;

static int one_file(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)at;
    size_t n = strlen(path), len;
    if (kind != FTW_F || st->st_size > 200000 || n < 4 || strcmp(path + n - 4, ".nas") != 0)
        return 0;
    void *state;
    env_setup(&state);
    struct env *f = state;
    char *text = src_read_file(f->a, path, &len);
    assert_non_null(text);
    changes_nothing(f, path, text, len);
    for (u32 i = 0; i < 4; i++)
        with_comments(f, path, text, len);
    files_seen++;
    env_teardown(&state);
    return 0;
}

static void all_files(void **state)
{
    (void)state;
    const char *root = getenv("NASC_SRCDIR");
    static const char *const dirs[] = { "stdlib", "examples", "tests/cases" };
    char path[4096];
    for (u32 i = 0; i < COUNTOF(dirs); i++) {
        snprintf(path, sizeof path, "%s/%s", root ? root : ".", dirs[i]);
        assert_int_equal(nftw(path, one_file, 16, FTW_PHYS), 0);
    }
    assert_true(files_seen > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(layout, env_setup, env_teardown),
        cmocka_unit_test(all_files),
    };
    return cmocka_run_group_tests_name("fmt", tests, NULL, NULL);
}
