/* fuzz.h - what every fuzz target shares: a session's worth of memory for one input.
 *
 * A bug of ours has no trap here, so bug_raise aborts: a finding.  Diagnostics are drawn both
 * ways, since they quote the input. */
#ifndef NASC_FUZZ_H
#define NASC_FUZZ_H
#include "compiler/base/diag.h"
#include "compiler/base/str.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct fuzz { struct arena *a; struct srcs *srcs; struct str_pool *sp; struct diags ds; };

static inline struct fuzz fuzz_begin(void)
{
    struct fuzz f = { .a = arena_new("fuzz") };
    f.srcs = srcs_new(f.a);
    f.sp = str_pool_new(f.a);
    return f;
}

static inline void fuzz_end(struct fuzz *f)
{
    struct buf b = { 0 };
    for (u32 i = 0; i < f->ds.all.n; i++) {
        diag_render(&b, &f->ds, f->ds.all.at[i], i % 2);
        diag_render_json(&b, &f->ds, f->ds.all.at[i]);
        buf_clear(&b);
    }
    buf_free(&b);
    arena_free(f->a);
}

/* What must hold for every input. */
#define HOLDS(c)                                                            \
    do {                                                                    \
        if (!(c)) {                                                         \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #c); \
            abort();                                                        \
        }                                                                   \
    } while (0)

#endif
