/* fuzz_filter.c - conditions on records: each is taken or complained about once, with a place in its text, and what is taken can be asked. */
#include "tests/fuzz/fuzz.h"

#include "compiler/filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const struct field field[] = {{"space", OUT_STR}, {"index", OUT_U64}, {"logp", OUT_REAL}, {"params", OUT_COUNT}, {"arch", OUT_STR}};
    const struct out_cell cell[] = {{.s = "s"}, {.none = true}, {.r = -3.5}, {.c = (u128)1 << 100}, {.s = "sequential(relu, linear(64))"}};
    struct fuzz f = fuzz_begin();
    diags_init(&f.ds, f.a, f.srcs);
    const struct src *src = srcs_add(f.srcs, "<--where>", (const char *)data, n);
    struct filter *w = filter_compile(&f.ds, src, COUNTOF(field), field);
    HOLDS(f.ds.nerrors == !w);
    if (w) {
        filter_pass(w, cell);
    } else {
        const struct loc at = f.ds.all.at[0]->loc;
        HOLDS(at.file == src->id && at.off <= n && at.len <= n - at.off);
    }
    filter_free(w);
    fuzz_end(&f);
    return 0;
}
