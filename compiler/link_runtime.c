/* link_runtime.c - see link_runtime.h.
 *
 *   CC -std=gnu11 -O1 -fno-tree-vectorize -pthread -r RUNTIME/x.c... -o runtime.o
 *
 * -O1, without vectors: Debian's aarch64-linux-gnu-gcc 12 has crashed on loops it was vectorising.  The cache's key: this command, what the compiler
 * says of its version, and the contents of all files. */
#include "compiler/link_runtime.h"

#include "compiler/atomic_file.h"
#include "compiler/cache_file.h"
#include "compiler/child.h"

#include <stdlib.h>
#include <unistd.h>

static const char *const flags[] = { "-std=gnu11", "-O1", "-fno-tree-vectorize", "-pthread" };
static const char *const code[] = {
    "main.c", "glue.c", "fail.c", "dtype.c", "file.c", "npy.c", "safetensors.c", "pool.c", "info.c", "bench.c",
    "cpu.c", "cpu_x86_64.c", "cpu_aarch64.c", "cpu_riscv64.c",
};
static const char *const headers[] = { "nasc_model.h", "rt.h", "cpu.h", "cpu.def" };

static void words(struct arena *a, struct link_words *to, const char *const *w, u32 n, const char *dir)
{
    for (u32 i = 0; i < n; i++)
        vec_push(a, to, dir ? arena_printf(a, "%s/%s", dir, w[i]) : w[i]);
}

/* What it printed; false: it did not run to its end. */
static bool run(struct arena *a, struct link_words *argv, struct buf *said)
{
    struct buf why = {0};
    int status = 1;
    vec_push(a, argv, NULL);
    bool ran = child_run(argv->at, NULL, LINK_SECONDS, said, &status, &why);
    buf_free(&why);
    return ran && !status;
}

static bool add_file(struct arena *a, struct buf *all, const char *dir, const char *name)
{
    size_t n;
    const char *text = src_read_file(a, arena_printf(a, "%s/%s", dir, name), &n);
    buf_printf(all, "\n%s %zu\n", name, text ? n : 0);
    if (text)
        buf_put(all, text, n);
    return text;
}

/* false: a file is missing. */
static bool key_of(struct arena *a, const struct link_cc *cc, const char *dir, struct hash128 *key)
{
    struct link_words ask = {0};
    struct buf all = {0};
    bool ok = true;
    words(a, &ask, cc->words.at, cc->words.n, NULL);
    vec_push(a, &ask, "--version");
    run(a, &ask, &all);
    buf_printf(&all, "\n%s %s\n", cc->path, cc->command);
    for (u32 i = 0; i < COUNTOF(flags); i++)
        buf_printf(&all, "%s ", flags[i]);
    for (u32 i = 0; ok && i < COUNTOF(headers); i++)
        ok = add_file(a, &all, dir, headers[i]);
    for (u32 i = 0; ok && i < COUNTOF(code); i++)
        ok = add_file(a, &all, dir, code[i]);
    *key = hash128(all.at, all.n);
    buf_free(&all);
    return ok;
}

static bool compile(struct arena *a, const struct link_cc *cc, const char *dir, const char *path, struct buf *object)
{
    struct link_words argv = {0};
    struct buf said = {0};
    size_t n;
    words(a, &argv, cc->words.at, cc->words.n, NULL);
    words(a, &argv, flags, COUNTOF(flags), NULL);
    vec_push(a, &argv, "-r");
    words(a, &argv, code, COUNTOF(code), dir);
    vec_push(a, &argv, "-o");
    vec_push(a, &argv, path);
    const char *bytes = run(a, &argv, &said) ? src_read_file_max(a, path, &n, FILE_LARGEST) : NULL;
    if (bytes)
        buf_put(object, bytes, n);
    buf_free(&said);
    return bytes;
}

void link_runtime(nasc_session *s, struct arena *a, const struct link_cc *cc, const char *tmp, struct link_words *argv)
{
    const char *dir = session_runtime(s), *own = getenv("NASC_RUNTIME"), *path = arena_printf(a, "%s/nasc_runtime.o", session_modules(s));
    struct hash128 key;
    struct buf object = {0};
    bool there = !cc->named && !cc->cross && !(own && *own) && access(path, R_OK) == 0;
    if (!there && key_of(a, cc, dir, &key)) {
        path = arena_printf(a, "%s/runtime.o", tmp);
        if (cache_file_get(a, LINK_RUNTIME_KIND, key, &object)) {
            there = atomic_write(path, object.at, object.n);
        } else if ((there = compile(a, cc, dir, path, &object))) {
            cache_file_put(a, LINK_RUNTIME_KIND, key, object.at, object.n);
        }
    }
    buf_free(&object);
    if (there) {
        vec_push(a, argv, path);
    } else {
        words(a, argv, flags, COUNTOF(flags), NULL);
        words(a, argv, code, COUNTOF(code), dir);
    }
}
