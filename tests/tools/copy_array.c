/* copy_array.c - copy_array IN OUT: reads a .npy or .safetensors file and writes it again, for
 * cases that compare our reader and writer with others'. */
#include "compiler/npy.h"
#include "compiler/safetensors.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    struct arena *a = arena_new("copy");
    struct diags ds;
    diags_init(&ds, a, srcs_new(a));
    const char *dot = strrchr(argv[1], '.');
    bool ok;
    if (dot && strcmp(dot, ".npy") == 0) {
        struct npy x;
        ok = npy_load(a, &ds, argv[1], &x) && npy_save(&ds, argv[2], x.dtype, x.rank, x.extent, x.data);
    } else {
        struct safetensors s;
        ok = safetensors_load(a, &ds, argv[1], &s) && safetensors_save(&ds, argv[2], s.at, s.n);
    }
    struct buf b = { 0 };
    for (u32 i = 0; i < ds.all.n; i++)
        diag_render(&b, &ds, ds.all.at[i], false);
    if (b.n)
        fputs(b.at, stderr);
    buf_free(&b);
    arena_free(a);
    return ok ? 0 : 1;
}
