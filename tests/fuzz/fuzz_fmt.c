/* fuzz_fmt.c - the formatter: the layout of a text without errors reads without errors to the same
 * tree, and is its own layout. */
#include "tests/fuzz/fuzz.h"

#include "grammar/ast.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct fuzz f = fuzz_begin();
    diags_init(&f.ds, f.a, f.srcs);
    struct ast_file *file = ast_parse(f.a, f.sp, &f.ds, srcs_add(f.srcs, "fuzz.nas", (const char *)data, n));
    if (!f.ds.nerrors) {
        struct buf tree = { 0 }, once = { 0 }, tree2 = { 0 }, twice = { 0 };
        ast_dump(&tree, file->root);
        ast_format(&once, file);
        file = ast_parse(f.a, f.sp, &f.ds, srcs_add(f.srcs, "formatted.nas", once.at ? once.at : "", once.n));
        HOLDS(!f.ds.nerrors);
        ast_dump(&tree2, file->root);
        HOLDS(strcmp(tree.at, tree2.at) == 0);
        ast_format(&twice, file);
        HOLDS(once.n == twice.n && (!once.n || memcmp(once.at, twice.at, once.n) == 0));
        buf_free(&tree), buf_free(&once), buf_free(&tree2), buf_free(&twice);
    }
    fuzz_end(&f);
    return 0;
}
