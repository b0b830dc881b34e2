/* peer_xsmm.c - libxsmm's small matrix products, where it is installed (Debian: libxsmm-dev). */
#include "tests/bench/kernels.h"

#if __has_include(<libxsmm.h>) && defined(BENCH_XSMM)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
#include <libxsmm.h>
#pragma GCC diagnostic pop
#include <stdlib.h>

struct product { libxsmm_smmfunction f; float *a, *b, *c; i64 n, batch; };

static void product_call(void *state)
{
    struct product *p = state;
    i64 step = p->n * p->n;
    for (i64 i = 0; i < p->batch; i++)
        p->f(p->b + i * step, p->a + i * step, p->c + i * step);     /* columns first: C' = B' A' */
}

u32 peer_xsmm(const struct shape *s, struct contender *out, u32 room)
{
    if (s->kind != MATMUL || s->c > 64 || !room)
        return 0;
    libxsmm_init();
    const float one = 1, zero = 0;
    const libxsmm_blasint n = (libxsmm_blasint)s->c;
    libxsmm_smmfunction f = libxsmm_smmdispatch(n, n, n, &n, &n, &n, &one, &zero, NULL, NULL);
    struct product *p = malloc(sizeof *p);
    if (!f || !p)
        return 0;
    i64 all = s->c * s->c * s->batch;
    *p = (struct product){ f, bench_floats(all), bench_floats(all), bench_floats(all), s->c, s->batch };
    out[0] = (struct contender){ "libxsmm", product_call, p, (double)s->batch };
    return 1;
}

const char *peer_xsmm_version(void) { return "libxsmm " LIBXSMM_VERSION; }
#else
u32 peer_xsmm(const struct shape *s, struct contender *out, u32 room)
{
    (void)s, (void)out, (void)room;
    return 0;
}
const char *peer_xsmm_version(void) { return "no libxsmm"; }
#endif
