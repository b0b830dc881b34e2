/* fuzz_parse.c - lexer, parser and formatter: any bytes get a tree or diagnostics; the layout of
 * a text without errors reads without errors, and is its own layout. */
#include "tests/fuzz/fuzz.h"

#include "grammar/ast.h"
#include "grammar/lex.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct fuzz f = fuzz_begin();
    diags_init(&f.ds, f.a, f.srcs);
    const struct src *src = srcs_add(f.srcs, "fuzz.nas", (const char *)data, n);
    struct ast_file *file = ast_parse(f.a, f.sp, &f.ds, src);
    HOLDS(file);
    struct buf once = { 0 }, twice = { 0 };
    ast_dump(&once, file->root);
    buf_clear(&once);
    if (!f.ds.nerrors) {
        ast_format(&once, file);
        file = ast_parse(f.a, f.sp, &f.ds, srcs_add(f.srcs, "formatted.nas", once.at ? once.at : "", once.n));
        HOLDS(!f.ds.nerrors);
        ast_format(&twice, file);
        HOLDS(once.n == twice.n && (!once.n || memcmp(once.at, twice.at, once.n) == 0));
    }
    struct diags ds;
    diags_init(&ds, f.a, f.srcs);
    lex_dump(&once, lex_new(f.a, &ds, src));
    diags_init(&ds, f.a, f.srcs);
    ast_parse_expr(f.a, f.sp, &ds, src);
    buf_free(&once);
    buf_free(&twice);
    fuzz_end(&f);
    return 0;
}
