/* pipe_code.c - plans to kernels: what the session has, what it lacks compiled at once.
 *
 * In: plans; a kernel's key is the hash of its canonical text.  Out: callable kernels, pinned.  The table's key, and the cache's on disk, is the plan's
 * with the backend's identity (backend_id) in it.  Holds: hits cost a look into a hash table; a backend is opened for what neither
 * has; a copy of a miss's loop function is legalized, and nothing of it is kept where the backend makes images. */
#include "compiler/pipeline.h"

#include "compiler/base/arena.h"

struct missing {
    struct hash128 key;
    const struct plan *plan;
    u32 kernel, first;          /* plan->kernel[]; which plan needs it first */
    u64 ns;
};
struct job {
    nasc_session *s;
    struct backend_handle *be;
    struct arena *a;
    VEC(struct missing) miss;
    struct hmap seen;           /* key -> miss + 1 */
};

static struct hash128 table_key(struct hash128 kernel, struct hash128 backend)
{
    struct hash128 both[2] = {kernel, backend};
    return hash128(both, sizeof both);
}

static void need(struct job *j, struct hash128 key, const struct plan *p, u32 kernel, u32 first)
{
    u32 at;
    for (u32 i = hmap_first(&j->seen, key.lo, &at); i; i = hmap_next(&j->seen, key.lo, &at))
        if (j->miss.at[i - 1].key.hi == key.hi && j->miss.at[i - 1].key.lo == key.lo)
            return;
    struct missing m = {.key = key, .plan = p, .kernel = kernel, .first = first};
    vec_push(j->a, &j->miss, m);
    hmap_put(&j->seen, key.lo, j->miss.n);
}

static struct loop_fn *legal(struct job *j, const struct missing *m)
{
    struct loop_fn *f = loop_copy(j->a, m->plan->kernel.at[m->kernel].fn);
    loop_vectors(f, session_mach(j->s), j->be->be->can, &j->s->vector_ops, &j->s->lane_ops);
    loop_legalize(f, session_mach(j->s), j->be->be->can);
    if (j->s->checked) {
        struct buf why = {0};
        if (!loop_verify(f, &why)) {
            loop_dump(&j->s->repro, f);
            BUG("kernel %s does not verify: %s", m->plan->kernel.at[m->kernel].name, why.at);
        }
        buf_free(&why);
    }
    return f;
}

/* Enters what the backend made; images go into code memory together. */
static bool enter(struct job *j, u32 n, const struct hash128 *key, const struct be_code *code, const struct loop_fn *const *fn)
{
    struct kernels *t = j->s->kernels;
    struct be_image *image = NEW_ARRAY(j->a, struct be_image, n);
    struct hash128 *ikey = NEW_ARRAY(j->a, struct hash128, n);
    u32 *id = NEW_ARRAY(j->a, u32, n), images = 0;
    struct buf why = {0};
    for (u32 i = 0; i < n; i++)
        if (code[i].image.at) {
            image[images] = code[i].image;
            ikey[images++] = key[i];
        }
    bool ok = kernels_add(t, images, ikey, image, id, &why);
    for (u32 i = 0; i < n && ok; i++)
        if (!code[i].image.at) {
            struct be_kernel k = {.fn = code[i].fn, .self = code[i].self, .code_bytes = code[i].code_bytes};
            struct arena *own = k.fn ? NULL : arena_new("code");
            if (own)
                k.self = loop_copy(own, fn[i]);      /* what an interpreter walks must outlive the plan */
            kernels_add_plain(t, key[i], &k, own);
        }
    if (!ok)
        session_complain(j->s, E0907, "%s", why.at);
    buf_free(&why);
    return ok;
}

/* Images are for the next process, too. */
static void save(struct job *j, u32 n, const struct hash128 *key, const struct be_code *code)
{
    struct be_image *image = NEW_ARRAY(j->a, struct be_image, n);
    struct hash128 *of = NEW_ARRAY(j->a, struct hash128, n);
    u32 images = 0;
    for (u32 i = 0; i < n; i++)
        if (code[i].image.at) {
            of[images] = key[i];
            image[images++] = code[i].image;
        }
    struct kernel_cache *c = images ? session_cache(j->s) : NULL;
    if (c)
        kernel_cache_put(c, images, of, image);
}

/* What the cache on disk has leaves the list of what is missing. */
static bool load_cached(struct job *j)
{
    struct kernel_cache *c = j->miss.n && strcmp(j->be->name, be_ref.name) != 0 ? session_cache(j->s) : NULL;
    if (!c)
        return true;
    u32 n = j->miss.n, found = 0, left = 0;
    struct hash128 *key = NEW_ARRAY(j->a, struct hash128, n);
    struct be_image *image = NEW_ARRAY(j->a, struct be_image, n);
    u32 *id = NEW_ARRAY(j->a, u32, n);
    for (u32 i = 0; i < n; i++)
        key[i] = j->miss.at[i].key;
    if (!kernel_cache_get(c, j->a, n, key, image))
        return true;
    for (u32 i = 0; i < n; i++)
        if (image[i].at) {
            image[found] = image[i];
            key[found++] = key[i];
        } else {
            j->miss.at[left++] = j->miss.at[i];
        }
    struct buf why = {0};
    bool ok = kernels_add(j->s->kernels, found, key, image, id, &why);
    if (!ok)
        session_complain(j->s, E0907, "%s", why.at);
    buf_free(&why);
    j->miss.n = left;
    j->s->loaded += found;
    return ok;
}

static bool compile(struct job *j)
{
    u32 n = j->miss.n;
    if (!n)
        return true;
    if (!backend_open(j->s, j->be))
        return false;
    const struct loop_fn **fn = NEW_ARRAY(j->a, const struct loop_fn *, n);
    struct be_code *code = NEW_ARRAY(j->a, struct be_code, n);
    struct hash128 *key = NEW_ARRAY(j->a, struct hash128, n);
    struct hash128 id = backend_id(j->s, j->be);        /* opening may have changed it */
    for (u32 i = 0; i < n; i++) {
        struct missing *m = &j->miss.at[i];
        m->key = key[i] = table_key(m->plan->kernel.at[m->kernel].key, id);
        fn[i] = legal(j, m);
    }
    struct buf why = {0};
    if (!j->be->be->compile(j->be->inst, n, fn, code, j->a, &why)) {
        loop_dump(&j->s->repro, fn[0]);
        BUG("backend %s: %s", j->be->be->name, why.at ? why.at : "no code");
    }
    buf_free(&why);
    for (u32 i = 0; i < n; i++)
        j->miss.at[i].ns = code[i].compile_ns;
    j->s->compiled += n;
    if (!enter(j, n, key, code, fn))
        return false;
    save(j, n, key, code);
    return true;
}

void pipe_release(nasc_session *s, const struct plan *p, const struct be_kernel *out)
{
    for (u32 k = 0; k < p->kernel.n; k++)
        kernels_unpin(s->kernels, &out[k]);
    kernels_trim(s->kernels);
}

/* A plan's share of the time: what it was the first to need, by the time that took; without any, all alike. */
static void share_time(const struct job *j, u32 n, const u32 *misses, u64 *ns, u64 spent)
{
    u64 all = 0;
    for (u32 i = 0; i < j->miss.n; i++) {
        all += j->miss.at[i].ns;
        ns[j->miss.at[i].first] += j->miss.at[i].ns;
    }
    for (u32 i = 0; i < n; i++)
        ns[i] = all ? (u64)((double)spent * (double)ns[i] / (double)all) : j->miss.n ? spent * misses[i] / j->miss.n : spent / n;
}

bool pipe_kernels_many(nasc_session *s, struct backend_handle *be, u32 n, const struct plan *const *plan, struct be_kernel *const *out, u32 *misses, u64 *ns)
{
    u64 start = clock_ns();
    for (u32 i = 0; i < n; i++) {
        misses[i] = 0;
        ns[i] = 0;
    }
    if (!session_runs(s))
        return false;
    struct job j = {.s = s, .be = be, .a = arena_new_in(s->a, "pass")};
    session_kernels(s);
    struct hash128 id = backend_id(s, be), now;
    for (u32 i = 0; i < n; i++) {
        for (u32 k = 0; k < plan[i]->kernel.n; k++) {
            struct hash128 key = table_key(plan[i]->kernel.at[k].key, id);
            u32 have = kernels_find(s->kernels, key);
            out[i][k] = have ? kernels_pin(s->kernels, have) : (struct be_kernel){0};
            if (!have)
                need(&j, key, plan[i], k, i);
        }
    }
    u32 wanted = j.miss.n;
    bool ok = load_cached(&j) && compile(&j);
    session_cache_said(s);
    now = backend_id(s, be);            /* another if the backend could not be opened, and ref took its place */
    for (u32 i = 0; i < j.miss.n; i++)
        misses[j.miss.at[i].first]++;
    for (u32 i = 0; i < n && wanted; i++)
        for (u32 k = 0; k < plan[i]->kernel.n; k++)
            if (!out[i][k].held && ok) {
                u32 have = kernels_find(s->kernels, table_key(plan[i]->kernel.at[k].key, now));
                out[i][k] = kernels_pin(s->kernels, have ? have : kernels_find(s->kernels, table_key(plan[i]->kernel.at[k].key, id)));
            }
    for (u32 i = 0; i < n && !ok; i++)
        pipe_release(s, plan[i], out[i]);
    kernels_trim(s->kernels);
    u64 spent = clock_ns() - start;
    if (n)
        share_time(&j, n, misses, ns, spent);
    s->clock[STAGE_CODE].ns += spent;
    s->clock[STAGE_CODE].n += n;
    hmap_free(&j.seen);
    arena_free(j.a);
    return ok;
}

bool pipe_kernels(nasc_session *s, struct backend_handle *be, const struct plan *p, struct be_kernel *out, u32 *misses, u64 *ns)
{
    return pipe_kernels_many(s, be, 1, &p, &out, misses, ns);
}
