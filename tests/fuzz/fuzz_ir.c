/* fuzz_ir.c - texts of cascades, loops and plans: the first byte says which.  What reads and
 * verifies prints to a text that reads to the same text. */
#include "tests/fuzz/fuzz.h"

#include "compiler/ir/ein.h"
#include "compiler/ir/loop.h"
#include "compiler/ir/plan.h"

static bool round_trip(struct fuzz *f, int which, const char *text, size_t n, struct buf *out)
{
    const struct src *s = srcs_add(f->srcs, "fuzz", text, n);
    struct buf why = { 0 };
    bool ok = false;
    if (which == 0) {
        struct cascade *c = ein_read_text(f->a, f->sp, &f->ds, s);
        HOLDS(c || f->ds.nerrors);
        if ((ok = c && !f->ds.nerrors && ein_verify(c, &why)))
            ein_dump(out, c);
    } else if (which == 1) {
        struct loop_fn *l = loop_read(f->a, f->sp, &f->ds, s);
        HOLDS(l || f->ds.nerrors);
        if ((ok = l && !f->ds.nerrors && loop_verify(l, &why)))
            loop_dump(out, l);
    } else {
        struct plan *p = plan_read(f->a, f->sp, &f->ds, s);
        HOLDS(p || f->ds.nerrors);
        if ((ok = p && !f->ds.nerrors && plan_verify(p, &why)))
            plan_dump(out, p);
    }
    buf_free(&why);
    return ok;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (!n)
        return 0;
    int which = data[0] % 3;
    struct fuzz f = fuzz_begin();
    diags_init(&f.ds, f.a, f.srcs);
    struct buf once = { 0 }, twice = { 0 };
    if (round_trip(&f, which, (const char *)data + 1, n - 1, &once)) {
        HOLDS(round_trip(&f, which, once.at, once.n, &twice));
        HOLDS(strcmp(once.at, twice.at) == 0);
    }
    buf_free(&once);
    buf_free(&twice);
    fuzz_end(&f);
    return 0;
}
