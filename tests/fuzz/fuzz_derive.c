/* fuzz_derive.c - any bytes as a module: what passes the checker is drawn from.  Either there is a sample, whose
 * graph holds together, has the counts of its derivation, is built again the same and reads back; or a diagnostic
 * says why not. */
#include "tests/fuzz/fuzz.h"

#include "grammar/derive.h"

struct text { const char *s; size_t n; };

/* In place of std.nn: what spaces use most, and quick to read. */
static const char small_nn[] =
    "op linear[D, BIAS = 1](x: [.., K]) -> y: [.., D] { param w: [D, K] ~ kaiming_uniform(K);  y[.., d] += x[.., k] * w[d, k] }\n"
    "op relu(x: [..]) -> y: [..] { y[..] = max(x[..], 0) }\n"
    "op tanh(x: [..]) -> y: [..] { y[..] = tanh(x[..]) }\n"
    "op zeros(x: [..]) -> y: [..] { y[..] = 0 }\n"
    "op layer_norm(x: [.., D]) -> y: [.., D] { param g: [D] ~ ones;  y[.., d] = x[.., d] * g[d] }\n"
    "op batch_norm(x: [C, ..]) -> y: [C, ..] { param g: [C] ~ ones;  y[c, ..] = x[c, ..] * g[c] }\n"
    "op conv[D, K = 3, S = 1, P = floor(K/2)](x: [C, H, W]) -> y: [D, OH, OW]\n"
    "    where OH = floor((H + 2*P - K) / S) + 1, OW = floor((W + 2*P - K) / S) + 1, OH >= 1, OW >= 1\n"
    "{ param w: [D, C, K, K] ~ zeros;  y[d, oh, ow] += pad(x[c, oh*S + i - P, ow*S + j - P], 0) * w[d, c, i, j] }\n"
    "op global_avg_pool(x: [C, H, W]) -> y: [C] { s[c] += x[c, h, w];  y[c] = s[c] / (H*W) }\n"
    "op to_sequence(x: [C, H, W]) -> y: [(H W), C] { y[(h w), c] = x[c, h, w] }\n"
    "op from_sequence(x: [(H W), D]) -> y: [D, H, W] { y[d, h, w] = x[(h w), d] }\n"
    "op sum_of(x: [N, ..]) -> y: [..] { y[..] += x[n, ..] }\n"
    "net relu_conv_bn[D, K = 3, S = 1](x) = x |> relu |> conv[D, K, S] |> batch_norm\n";

static const char *open_module(void *ctx, struct arena *a, const char *module, size_t *len, const char **shown)
{
    const struct text *t = ctx;
    *shown = arena_strdup(a, module);
    if (strcmp(module, "fuzz.nas") == 0) {
        *len = t->n;
        return arena_dup(a, t->s, t->n);
    }
    if (strcmp(module, "std.nn") == 0) {
        *len = sizeof(small_nn) - 1;
        return small_nn;
    }
    if (strncmp(module, "std.", 4) != 0 || strchr(module, '/'))
        return NULL;
    char *path = arena_printf(a, "%s/%s.nas", NASC_SOURCE_DIR "/stdlib", module + 4);
    for (char *p = path + strlen(NASC_SOURCE_DIR "/stdlib/"); p < path + strlen(path) - 4; p++)
        if (*p == '.')
            *p = '/';
    return src_read_file(a, path, len);
}

static void draw(struct fuzz *f, struct gram *g, const struct gram_rule *space, u64 index)
{
    struct arena *a = arena_new("sample");
    struct arch *arch = NULL, *again = NULL;
    u64 attempts = 0;
    struct derivation *d = derive_local(a, g, space, 1, index, &attempts, &arch);
    HOLDS(d || f->ds.nerrors);
    if (d) {
        struct buf one = {0}, two = {0}, why = {0};
        HOLDS(arch_verify(arch, &why));
        struct count c = count_arch(arch);
        HOLDS(c.params == d->count.params && c.macs == d->count.macs && c.nodes == d->count.nodes && c.bytes == d->count.bytes);
        HOLDS(derive_replay(a, g, d, &again));
        arch_dump(&one, arch);
        arch_dump(&two, again);
        HOLDS(strcmp(one.at, two.at) == 0);
        struct arch *read = arch_read(a, f->sp, &f->ds, srcs_add(f->srcs, "<arch>", one.at, one.n), g->memo, &g->ops);
        HOLDS(read);
        buf_clear(&two);
        arch_dump(&two, read);
        HOLDS(strcmp(one.at, two.at) == 0);
        buf_free(&one);
        buf_free(&two);
        buf_free(&why);
    }
    arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct fuzz f = fuzz_begin();
    diags_init(&f.ds, f.a, f.srcs);
    struct text t = {(const char *)data, n};
    struct gram *g = gram_load(f.a, f.sp, f.srcs, &f.ds, open_module, &t, "fuzz.nas", 0, NULL);
    if (g && !f.ds.nerrors) {
        struct gram_rule *space = gram_space(g, NULL);
        for (u64 i = 0; space && i < 2 && !f.ds.nerrors; i++)
            draw(&f, g, space, i);
    }
    fuzz_end(&f);
    return 0;
}
