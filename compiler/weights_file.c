/* weights_file.c - see weights_file.h. */
#include "compiler/weights_file.h"
#include "compiler/safetensors.h"

#include <errno.h>

static void describe(const nasc_net *n, struct arena *a, u32 i, struct safetensor *t)
{
    const struct plan_buf *b = &n->plan->buf.at[n->plan->weight.at[i]];
    const struct ein_tens *e = &n->ein->tens.at[b->tens];
    u64 bytes;
    i64 *extent = NEW_ARRAY(a, i64, e->ndim + 1);
    memcpy(extent, e->dim, sizeof *extent * e->ndim);
    *t = (struct safetensor){.name = e->name, .dtype = e->dtype, .rank = e->ndim, .extent = extent, .data = exec_weight(n->exec, i, &bytes)};
    t->bytes = bytes;
}

static bool matches(const struct safetensor *want, const struct safetensor *got)
{
    return got->dtype == want->dtype && got->rank == want->rank && memcmp(got->extent, want->extent, sizeof *want->extent * want->rank) == 0;
}

static const char *shape_text(struct arena *a, const struct safetensor *t)
{
    struct buf b = {0};
    buf_printf(&b, "%s[", dtype_name(t->dtype));
    for (u32 i = 0; i < t->rank; i++)
        buf_printf(&b, "%s%lld", i ? ", " : "", (long long)t->extent[i]);
    buf_putc(&b, ']');
    const char *s = arena_strdup(a, b.at);
    buf_free(&b);
    return s;
}

bool weights_load(nasc_net *n, const char *path)
{
    nasc_session *s = n->s;
    struct arena *a = arena_new("file");
    struct safetensors f;
    u32 before = s->ds.nerrors, count = n->plan->weight.n;
    const struct safetensor **from = NEW_ARRAY(a, const struct safetensor *, count + 1);
    bool ok = safetensors_load(a, &s->ds, path, &f);
    for (u32 i = 0; ok && i < count; i++) {
        struct safetensor want;
        describe(n, a, i, &want);
        from[i] = safetensors_find(&f, want.name);
        if (!from[i])
            session_complain(s, E0840, "%s: the network's tensor `%s` %s is missing", path, want.name, shape_text(a, &want));
        else if (!matches(&want, from[i]))
            session_complain(s, E0840, "%s: `%s` is %s, the network's is %s", path, want.name, shape_text(a, from[i]), shape_text(a, &want));
    }
    if (ok && s->ds.nerrors == before && f.n != count)
        session_complain(s, E0840, "%s: holds %u tensors, the network has %u", path, f.n, count);
    ok = ok && s->ds.nerrors == before;
    for (u32 i = 0; ok && i < count; i++) {
        u64 bytes;
        void *to = exec_weight(n->exec, i, &bytes);
        CHECK(bytes == from[i]->bytes);
        memcpy(to, from[i]->data, bytes);
    }
    arena_free(a);
    return ok;
}

bool weights_save(nasc_net *n, const char *path)
{
    struct arena *a = arena_new("file");
    struct safetensor *t = NEW_ARRAY(a, struct safetensor, n->plan->weight.n + 1);
    for (u32 i = 0; i < n->plan->weight.n; i++)
        describe(n, a, i, &t[i]);
    bool ok = safetensors_save(&n->s->ds, path, t, n->plan->weight.n);
    arena_free(a);
    return ok;
}
