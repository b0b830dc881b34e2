/* fuzz_parse.c - lexer and parser: any bytes get a tree or diagnostics. */
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
    struct buf b = { 0 };
    ast_dump(&b, file->root);
    struct diags ds;
    diags_init(&ds, f.a, f.srcs);
    lex_dump(&b, lex_new(f.a, &ds, src));
    diags_init(&ds, f.a, f.srcs);
    HOLDS(ast_parse_expr(f.a, f.sp, &ds, src) || ds.nerrors);
    buf_free(&b);
    fuzz_end(&f);
    return 0;
}
