/* modules.c - where module texts and backends are found.
 *
 * "std.nn" -> STDLIB/nn.nas, where STDLIB is $NASC_STDLIB, else the source tree of an uninstalled build, else the
 * installed one.  Other names: a path as it is (it has a '/' or ends in .nas), else NAME.nas (dots are slashes) beside
 * the main file. */
#include "compiler/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *session_stdlib(void)
{
    const char *env = getenv("NASC_STDLIB");
    if (env && *env)
        return env;
    return session_uninstalled() ? NASC_SOURCE_DIR "/stdlib" : NASC_STDLIB_DIR;
}

bool session_uninstalled(void)
{
    char exe[4096];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
    size_t len = strlen(NASC_BUILD_DIR);
    return n > (ssize_t)len && strncmp(exe, NASC_BUILD_DIR, len) == 0 && exe[len] == '/';
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
        const char *dir = std ? session_stdlib() : s->main_dir ? s->main_dir : ".";
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
