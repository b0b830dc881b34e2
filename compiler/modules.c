/* modules.c - where module texts, backends and the runtime of compiled models are found.
 *
 * "std.nn" -> STDLIB/nn.nas, where STDLIB is $NASC_STDLIB, else the installed one as seen from the program or the
 * library (an installed tree may be moved as a whole), else the source tree of an uninstalled build, else where it was to be
 * installed.  Other names: a path as it is (it has a '/' or ends in .nas), else NAME.nas (dots are slashes) beside
 * the main file. */
#define _GNU_SOURCE
#include "compiler/session.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The file `self`, configured to lie in `own`, may have been moved with its tree: where then is `want`?  Both share a
 * beginning; what of `own` follows that must be where self is.  NULL: not there. */
static const char *moved(struct arena *a, const char *self, const char *own, const char *want, const char *probe)
{
    size_t same = 0, len = strlen(self);
    for (size_t i = 0; own[i] && own[i] == want[i]; i++)
        if (own[i] == '/')
            same = i;
    const char *tail = own + same;
    while (len && self[len - 1] != '/')
        len--;
    size_t k = strlen(tail);
    if (!len || len - 1 < k || memcmp(self + len - 1 - k, tail, k) != 0)
        return NULL;
    const char *dir = arena_printf(a, "%.*s%s", (int)(len - 1 - k), self, want + same);
    return access(arena_printf(a, "%s/%s", dir, probe), R_OK) == 0 ? dir : NULL;
}

static const char *program(char path[PATH_MAX])
{
    ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 1);
    path[n > 0 ? n : 0] = 0;
    return path;
}

/* The program, or the library in it, as installed. */
static const char *installed(struct arena *a, const char *want, const char *probe)
{
    char path[PATH_MAX];
    const char *dir = moved(a, program(path), NASC_PROGRAM_DIR, want, probe);
    Dl_info i;
    if (!dir && dladdr((void *)(uintptr_t)nasc_open, &i) && i.dli_fname && realpath(i.dli_fname, path))
        dir = moved(a, path, NASC_LIBRARY_DIR, want, probe);
    return dir;
}

/* Does the running program lie in the build tree? */
static bool uninstalled(void)
{
    char exe[PATH_MAX];
    size_t len = strlen(NASC_BUILD_DIR);
    return strncmp(program(exe), NASC_BUILD_DIR, len) == 0 && exe[len] == '/';
}

const char *session_stdlib(nasc_session *s)
{
    const char *env = getenv("NASC_STDLIB");
    if (env && *env)
        return env;
    if (!s->stdlib_dir)
        s->stdlib_dir = installed(s->a, NASC_STDLIB_DIR, "prelude.nas");
    if (!s->stdlib_dir)
        s->stdlib_dir = uninstalled() ? NASC_SOURCE_DIR "/stdlib" : NASC_STDLIB_DIR;
    return s->stdlib_dir;
}

const char *session_modules(nasc_session *s)
{
    if (!s->module_dir)
        s->module_dir = installed(s->a, NASC_MODULE_DIR, "nasc_be_llvm.so");
    if (!s->module_dir)
        s->module_dir = uninstalled() ? NASC_BUILD_DIR "/.libs" : NASC_MODULE_DIR;
    return s->module_dir;
}

const char *session_runtime(nasc_session *s)
{
    const char *env = getenv("NASC_RUNTIME");
    if (env && *env)
        return env;
    if (!s->runtime_dir)
        s->runtime_dir = installed(s->a, NASC_RUNTIME_DIR, "main.c");
    if (!s->runtime_dir)
        s->runtime_dir = uninstalled() ? NASC_SOURCE_DIR "/compiler/runtime" : NASC_RUNTIME_DIR;
    return s->runtime_dir;
}

static bool is_path(const char *m)
{
    size_t n = strlen(m);
    return strchr(m, '/') || (n > 4 && strcmp(m + n - 4, ".nas") == 0);
}

static const char *open_module(void *ctx, struct arena *a, const char *module, size_t *len, const char **shown)
{
    nasc_session *s = ctx;
    char *path;
    if (is_path(module)) {
        path = arena_strdup(a, module);
    } else {
        bool std = strncmp(module, "std.", 4) == 0;
        const char *dir = std ? session_stdlib(s) : s->main_dir ? s->main_dir : ".";
        path = arena_printf(a, "%s/%s.nas", dir, std ? module + 4 : module);
        for (char *p = path + strlen(dir) + 1; p < path + strlen(path) - 4; p++)
            if (*p == '.')
                *p = '/';
        if (strcmp(dir, ".") == 0)
            path += 2;
    }
    *shown = path;
    return src_read_file(a, path, len);
}

gram_open_fn session_opener(void)
{
    return open_module;
}
