/* test_diag.c - places, and diagnostics as people and programs read them. */
#include "tests/unit/unit.h"

#include "compiler/base/diag.h"
#include "compiler/base/str.h"

#include <errno.h>
#include <jansson.h>

struct fix { struct arena *a; struct srcs *ss; struct diags ds; struct buf out; };

static int setup(void **state)
{
    struct fix *f = calloc(1, sizeof *f);
    f->a = arena_new("test");
    f->ss = srcs_new(f->a);
    diags_init(&f->ds, f->a, f->ss);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fix *f = *state;
    buf_free(&f->out);
    arena_free(f->a);
    free(f);
    return 0;
}

static struct loc at(const struct src *s, const char *what)
{
    const char *p = strstr(s->text, what);
    assert_non_null(p);
    return (struct loc){ s->id, (u32)(p - s->text), (u32)strlen(what) };
}

static const struct src *text(struct fix *f, const char *name, const char *t)
{
    return srcs_add(f->ss, name, t, strlen(t));
}

static const char *draw(struct fix *f, const struct diag *d)
{
    buf_clear(&f->out);
    diag_render(&f->out, &f->ds, d, false);
    return f->out.at;
}

static void places(void **state)
{
    struct fix *f = *state;
    const struct src *s = text(f, "a", "one\ntwo\n\nfour");
    assert_int_equal(s->nlines, 4);
    static const struct { u32 off, line, col; } want[] = {
        { 0, 1, 1 }, { 3, 1, 4 }, { 4, 2, 1 }, { 8, 3, 1 }, { 9, 4, 1 }, { 13, 4, 5 }, { 999, 4, 5 },
    };
    for (u32 i = 0; i < COUNTOF(want); i++) {
        struct src_pos p = src_pos(s, want[i].off);
        assert_int_equal(p.line, want[i].line);
        assert_int_equal(p.col, want[i].col);
    }
    assert_null(srcs_get(f->ss, 0));
    assert_null(srcs_get(f->ss, 2));
    assert_ptr_equal(srcs_get(f->ss, 1), s);
    struct loc j = loc_join(at(s, "two"), at(s, "our"));
    assert_int_equal(j.off, 4);
    assert_int_equal(j.len, 9);
    assert_int_equal(src_pos(text(f, "empty", ""), 0).line, 1);
}

static void files(void **state)
{
    struct fix *f = *state;
    size_t n;
    assert_null(src_read_file(f->a, "/nonexistent/file", &n));
    assert_int_equal(errno, ENOENT);
    assert_null(src_read_file(f->a, "/", &n));
    assert_int_equal(errno, EISDIR);
    assert_non_null(src_read_file(f->a, "/dev/null", &n));
    assert_int_equal(n, 0);
    FILE *t = fopen("t.txt", "wb");
    for (int i = 0; i < 100000; i++)
        fputs("0123456789", t);
    fclose(t);
    char *s = src_read_file(f->a, "t.txt", &n);
    assert_int_equal(n, 1000000);
    assert_int_equal(s[n], 0);
    assert_memory_equal(s + 999990, "0123456789", 10);
    remove("t.txt");
}

static void one_caret(void **state)
{
    struct fix *f = *state;
    const struct src *s = text(f, "lin.nas", "op f(x: [A, B])\n    y[i] = x[i, j]\n");
    struct diag *d = diag_add(&f->ds, E0110, at(s, "j"), "index `%s` is not on the left side", "j");
    assert_string_equal(draw(f, d),
        "error[E0110]: index `j` is not on the left side\n"
        " --> lin.nas:2:17\n"
        "  |\n"
        "2 |     y[i] = x[i, j]\n"
        "  |                 ^\n");
}

static void labels_notes_hints(void **state)
{
    struct fix *f = *state;
    const struct src *s = text(f, "f.nas", "op f(x: [A, B])\n\ty[i] = x[i, \xe6\x97\xa5j] * w\nc\nd\ne\n\n\n\n\nlast\n");
    const struct src *g = text(f, "g.nas", "const K = 3\n");
    struct diag *d = diag_add(&f->ds, E0110, at(s, "j]"), "sizes differ");
    diag_label(&f->ds, d, at(s, "last"), "%s", "ten lines on");
    diag_label(&f->ds, d, at(s, "x[i"), "this tensor");
    diag_label(&f->ds, d, at(s, "A"), "3 here");
    diag_label(&f->ds, d, at(g, "K"), "the const");
    diag_label(&f->ds, d, (struct loc){ 0 }, "nowhere in particular");
    diag_note(&f->ds, d, "first\nsecond line");
    diag_hint(&f->ds, d, "write `+=`");
    assert_string_equal(draw(f, d),
        "error[E0110]: sizes differ\n"
        "  --> f.nas:2:17\n"
        "   |\n"
        " 1 | op f(x: [A, B])\n"
        "   |          - 3 here\n"
        " 2 |     y[i] = x[i, \xe6\x97\xa5j] * w\n"
        "   |                   ^^\n"
        "   |            --- this tensor\n"
        "...\n"
        "10 | last\n"
        "   | ---- ten lines on\n"
        "  ::: g.nas:1:7\n"
        "   |\n"
        " 1 | const K = 3\n"
        "   |       - the const\n"
        "   = note: nowhere in particular\n"
        "   = note: first\n"
        "           second line\n"
        "   = help: write `+=`\n");
}

static void awkward_places(void **state)
{
    struct fix *f = *state;
    /* Past the end, over several lines, empty, a carriage return, control characters. */
    const struct src *s = text(f, "a", "ab\r\ncd\x1b[31m\n");
    assert_string_equal(draw(f, diag_add(&f->ds, E0110, (struct loc){ 1, 999, 5 }, "end")),
                        "error[E0110]: end\n --> a:3:1\n  |\n3 |\n  | ^\n");
    assert_string_equal(draw(f, diag_add(&f->ds, E0110, (struct loc){ 1, 1, 99 }, "many\x1b[0m")),
                        "error[E0110]: many\xef\xbf\xbd[0m\n --> a:1:2\n  |\n1 | ab\n  |  ^\n");
    assert_string_equal(draw(f, diag_add(&f->ds, E0110, (struct loc){ s->id, 6, 0 }, "empty")),
                        "error[E0110]: empty\n --> a:2:3\n  |\n2 | cd\xef\xbf\xbd[31m\n  |   ^\n");
    assert_string_equal(draw(f, diag_add(&f->ds, E0110, (struct loc){ 0 }, "no place")), "error[E0110]: no place\n");
}

static void long_lines_are_cut(void **state)
{
    struct fix *f = *state;
    char line[2001];
    memset(line, 'x', 2000);
    line[2000] = 0;
    line[1000] = 'Y';
    line[10] = 'Z';
    const struct src *s = text(f, "long", line);
    struct diag *d = diag_add(&f->ds, E0110, at(s, "Y"), "far");
    diag_label(&f->ds, d, at(s, "Z"), "near");
    draw(f, d);
    assert_true(f->out.n < 600);
    /* Each caret stands under its letter. */
    const char *lines[8], *p = f->out.at;
    u32 n = 0;
    for (; *p && n < 8; n++) {
        lines[n] = p;
        p = strchr(p, '\n') + 1;
    }
    assert_int_equal(n, 7);
    assert_true(strchr(lines[3], 'Y') - lines[3] == strchr(lines[4], '^') - lines[4]);
    assert_true(strchr(lines[5], 'Z') - lines[5] == strchr(lines[6], '-') - lines[6]);
}

static void as_json(void **state)
{
    struct fix *f = *state;
    const struct src *s = text(f, "a \"b\".nas", "let x = y\n");
    struct diag *d = diag_add(&f->ds, E0110, at(s, "y"), "no \"y\"");
    diag_label(&f->ds, d, at(s, "x"), "label");
    diag_note(&f->ds, d, "note");
    diag_hint(&f->ds, d, "hint");
    diag_render_json(&f->out, &f->ds, d);
    assert_ptr_equal(strchr(f->out.at, '\n'), f->out.at + f->out.n - 1);
    json_t *j = json_loads(f->out.at, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(j);
    const char *code, *name, *severity, *file, *message, *label, *note, *hint, *drawn;
    int line, column, length, label_column;
    assert_int_equal(json_unpack(j, "{s:s, s:s, s:s, s:s, s:i, s:i, s:i, s:s, s:[{s:s, s:i}], s:[s], s:[s], s:s}",
        "code", &code, "name", &name, "severity", &severity, "file", &file, "line", &line, "column", &column,
        "length", &length, "message", &message, "labels", "text", &label, "column", &label_column,
        "notes", &note, "hints", &hint, "rendered", &drawn), 0);
    assert_string_equal(code, "E0110");
    assert_string_equal(name, "syntax");
    assert_string_equal(severity, "error");
    assert_string_equal(file, "a \"b\".nas");
    assert_int_equal(line, 1);
    assert_int_equal(column, 9);
    assert_int_equal(length, 1);
    assert_string_equal(message, "no \"y\"");
    assert_string_equal(label, "label");
    assert_int_equal(label_column, 5);
    assert_string_equal(note, "note");
    assert_string_equal(hint, "hint");
    struct buf again = { 0 };
    diag_render(&again, &f->ds, d, false);
    assert_string_equal(drawn, again.at);
    buf_free(&again);
    json_decref(j);
    buf_clear(&f->out);
    diag_render_json(&f->out, &f->ds, diag_add(&f->ds, E0110, (struct loc){ 0 }, "no place"));
    assert_non_null(strstr(f->out.at, "\"file\":null,\"line\":null"));
}

static void many_are_counted(void **state)
{
    struct fix *f = *state;
    for (int i = 0; i < 500; i++) {
        struct diag *d = diag_add(&f->ds, E0110, (struct loc){ 0 }, "%d", i);
        diag_label(&f->ds, d, (struct loc){ 0 }, "l");
        diag_note(&f->ds, d, "n");
        diag_hint(&f->ds, d, "h");
    }
    assert_int_equal(f->ds.nerrors, 500);
    assert_int_equal(f->ds.all.n, 50);
    assert_string_equal(f->ds.all.at[49]->text, "49");
    assert_int_equal(f->ds.all.at[49]->notes.n, 1);
}

static void nearest(void **state)
{
    (void)state;
    static const char *const c[] = { "linear", "relu", "softmax", "x", "Norm" };
    assert_string_equal(diag_nearest("liner", c, 5), "linear");
    assert_string_equal(diag_nearest("sofmtax", c, 5), "softmax");
    assert_string_equal(diag_nearest("norm", c, 5), "Norm");
    assert_string_equal(diag_nearest("X", c, 5), "x");
    assert_null(diag_nearest("y", c, 5));
    assert_null(diag_nearest("conv", c, 5));
    assert_null(diag_nearest("conv", NULL, 0));
}

/* Codes are unique, in their order, and named. */
static void table_is_sound(void **state)
{
    (void)state;
    for (u32 i = 0; i < DIAG_CODES; i++) {
        const char *code = diag_code_text(i), *name = diag_code_name(i);
        assert_int_equal(strlen(code), 5);
        assert_true(code[0] == 'E' || code[0] == 'W');
        if (i)
            assert_true(strcmp(diag_code_text(i - 1), code) < 0);
        assert_true(*name && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(name));
        for (u32 k = 0; k < i; k++)
            assert_string_not_equal(name, diag_code_name(k));
        const char *about = diag_code_about(i);
        assert_true(strlen(about) > 10 && about[strlen(about) - 1] == '.');
    }
    expect_bug(diag_code_text(DIAG_CODES));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(places), T(files), T(one_caret), T(labels_notes_hints), T(awkward_places), T(long_lines_are_cut),
        T(as_json), T(many_are_counted), T(nearest), T(table_is_sound),
    };
    return cmocka_run_group_tests_name("diag", tests, NULL, NULL);
}
