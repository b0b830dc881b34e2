/* bench_sample MODULE local|exact N [SEED [text]] - samples a second, with acceptance and memory.  Draws are those of the samples given; what
 * was thrown away on the way to them is work, not draws. */
#include "grammar/sampler.h"
#include "tests/unit/gram_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* The thread's own time: others may run beside it. */
static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double resident_mib(void)
{
    char line[256];
    double kib = 0;
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "VmHWM: %lf", &kib) == 1)
            break;
    if (f)
        fclose(f);
    return kib / 1024;
}

int main(int argc, char **argv)
{
    enum sampler_kind kind;
    u64 n = argc > 3 ? strtoull(argv[3], NULL, 10) : 0, seed = argc > 4 ? strtoull(argv[4], NULL, 10) : 1;
    bool text = argc > 5;
    if (!n || !sampler_kind_parse(argv[2], &kind)) {
        printf("bench_sample MODULE local|exact N [SEED [text]]\n");
        return 2;
    }
    struct world w;
    world_begin(&w, NULL);
    w.g = gram_load(w.a, w.sp, w.srcs, &w.ds, world_module, &w, argv[1], 0, NULL);
    const struct gram_rule *space = w.g ? gram_space(w.g, NULL) : NULL;
    struct notation *nt = space ? notation_build(w.g, space) : NULL;
    if (!nt) {
        world_show(&w);
        return 1;
    }
    struct sampler *s = sampler_open(w.g, space, kind, seed);
    struct sampler_stats from = {0};
    struct buf b = {0};
    double t = now(), began = t;
    u64 bytes = 0;
    for (u64 i = 0; i < n; i++) {
        struct sample x;
        if (!sampler_draw(s, i, &x)) {
            world_show(&w);
            return 1;
        }
        if (text) {
            buf_clear(&b);
            sampler_text(s, nt, &b);
            bytes += b.n;
        }
        if ((i + 1) * 5 % n < 5 || i + 1 == n) {
            struct sampler_stats d = *sampler_stats(s);
            double dt = now() - t, m = (double)(d.samples - from.samples);
            printf("%llu: %.0f samples/s, %.2f M draws/s, %.2f M ops/s, acceptance %.4f, %.1f draws and %.1f tried a sample, %.3f slow, %.1f MiB\n",
                   (unsigned long long)i + 1, m / dt, (double)(d.draws - from.draws) / dt / 1e6, (double)(d.nodes - from.nodes) / dt / 1e6,
                   m / (double)(d.attempts - from.attempts), (double)(d.draws - from.draws) / m, (double)(d.tried - from.tried) / m,
                   (double)(d.slow - from.slow) / m, resident_mib());
            from = d;
            t = now();
        }
    }
    double error, mass = sampler_log_mass(sampler_stats(s), &error);
    printf("%s %s: %.0f samples/s, acceptance %.5f (log %.5f +- %.5f), %.1f bytes of text a sample\n", argv[1], argv[2], (double)n / (now() - began),
           sampler_acceptance(sampler_stats(s)), mass, error, (double)bytes / (double)n);
    sampler_close(s);
    buf_free(&b);
    world_end(&w);
    return 0;
}
