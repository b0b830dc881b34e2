/* fuzz_safetensors.c - what was read is written and read again to the same tensors. */
#include "tests/fuzz/fuzz.h"

#include "compiler/safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct fuzz f = fuzz_begin();
    diags_init(&f.ds, f.a, f.srcs);
    struct safetensors s, t;
    if (safetensors_read(f.a, &f.ds, "fuzz", data, n, &s)) {
        struct buf b = { 0 };
        HOLDS(safetensors_write(&f.ds, "fuzz", &b, s.at, s.n));
        HOLDS(safetensors_read(f.a, &f.ds, "fuzz", b.at, b.n, &t));
        HOLDS(s.n == t.n);
        for (u32 i = 0; i < s.n; i++) {
            HOLDS(strcmp(s.at[i].name, t.at[i].name) == 0 && s.at[i].bytes == t.at[i].bytes);
            HOLDS(!s.at[i].bytes || memcmp(s.at[i].data, t.at[i].data, s.at[i].bytes) == 0);
        }
        buf_free(&b);
    } else {
        HOLDS(f.ds.nerrors == 1);
    }
    fuzz_end(&f);
    return 0;
}
