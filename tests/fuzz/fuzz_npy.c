/* fuzz_npy.c - .npy: what was read is written and read again to the same array. */
#include "tests/fuzz/fuzz.h"

#include "compiler/npy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct fuzz f = fuzz_begin();
    diags_init(&f.ds, f.a, f.srcs);
    struct npy x, y;
    if (npy_read(f.a, &f.ds, "fuzz", data, n, &x)) {
        struct buf b = { 0 };
        HOLDS(npy_write(&f.ds, "fuzz", &b, x.dtype, x.rank, x.extent, x.data));
        HOLDS(npy_read(f.a, &f.ds, "fuzz", b.at, b.n, &y));
        HOLDS(x.bytes == y.bytes && (!x.bytes || memcmp(x.data, y.data, x.bytes) == 0));
        HOLDS(x.rank == y.rank && (!x.rank || memcmp(x.extent, y.extent, x.rank * sizeof *x.extent) == 0));
        buf_free(&b);
    } else {
        HOLDS(f.ds.nerrors == 1);
    }
    fuzz_end(&f);
    return 0;
}
