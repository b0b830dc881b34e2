/* fuzz_rec.c - records: any bytes are read or refused, and what was read prints and reads back. */
#include "tests/fuzz/fuzz.h"

#include "compiler/base/rec.h"

static void print(struct buf *b, const struct rec *r, int depth)
{
    rec_open(b, depth, r->text);
    for (u32 i = 0; i < r->n; i++) {
        const struct rec *it = &r->item[i];
        if (it->kind == REC_LIST)
            print(b, it, depth + 1);
        else if (it->kind == REC_INT)
            rec_put_int(b, it->i);
        else if (it->kind == REC_REAL)
            rec_put_real(b, it->r);
        else
            rec_put_word(b, it->text);
    }
    rec_close(b);
}

static bool print_all(struct fuzz *f, const char *text, size_t n, struct buf *out)
{
    u32 nrec;
    struct rec *r = rec_parse(f->a, f->sp, &f->ds, srcs_add(f->srcs, "fuzz", text, n), &nrec);
    for (u32 i = 0; r && i < nrec; i++) {
        print(out, &r[i], 0);
        buf_putc(out, '\n');
    }
    return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct fuzz f = fuzz_begin();
    diags_init(&f.ds, f.a, f.srcs);
    struct buf once = { 0 }, twice = { 0 };
    if (print_all(&f, (const char *)data, n, &once) && once.n) {
        HOLDS(print_all(&f, once.at, once.n, &twice));
        HOLDS(once.n == twice.n && memcmp(once.at, twice.at, once.n) == 0);
    }
    buf_free(&once);
    buf_free(&twice);
    fuzz_end(&f);
    return 0;
}
