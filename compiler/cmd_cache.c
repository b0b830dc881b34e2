/* cmd_cache.c - nasc cache: where compiled kernels are kept for the next run, what is there, and away with it. */
#include "compiler/cache_file.h"
#include "compiler/cli.h"
#include "compiler/link_runtime.h"

#include <stdio.h>
#include <stdlib.h>

static const struct out_col columns[] = {
    {"path", OUT_STR, "directory", 40, true, NULL},
    {"entries", OUT_U64, "kernels", 8, false, NULL},
    {"bytes", OUT_U64, "bytes", 12, false, NULL},
    {"most_bytes", OUT_U64, "at most", 12, false, NULL},
    {"hits", OUT_U64, "found", 9, false, NULL},
    {"misses", OUT_U64, "not found", 9, false, NULL},
};

static nasc_status info(struct cli *c, const char *dir)
{
    enum out_format f;
    if (!out_format_of(c, &f))
        return NASC_USAGE;
    struct kernel_cache_info i = {0};
    struct buf why = {0};
    u64 most;
    if (!kernel_cache_size(&most))
        session_complain(c->s, W0901, "NASC_CACHE_SIZE is bytes, or a number with K, M or G behind it: %u MiB are taken", (u32)KERNEL_CACHE_MB);
    i.most = most;
    if (!kernel_cache_built()) {
        session_complain(c->s, W0901, "this nasc was built without SQLite: it keeps no kernels on disk");
    } else if (kernel_cache_there(dir)) {       /* asking makes nothing */
        struct kernel_cache *k = kernel_cache_open(dir, most, &why);
        if (!k || !kernel_cache_about(k, &i))
            session_complain(c->s, W0901, "no cache of kernels: %s", why.at ? why.at : "it cannot be read");
        const char *said = k ? kernel_cache_said(k) : NULL;
        if (said)
            session_complain(c->s, W0901, "the cache of kernels: %s", said);
        kernel_cache_close(k);
    }
    buf_free(&why);
    struct out *o = out_open(f, COUNTOF(columns), columns);
    struct out_cell cell[] = {{.s = dir}, {.u = i.entries}, {.u = i.bytes}, {.u = i.most}, {.u = i.hits}, {.u = i.misses}};
    out_row(o, cell);
    out_close(o);
    return NASC_OK;
}

static nasc_status clear(struct cli *c, const char *dir)
{
    struct buf why = {0};
    bool ok = kernel_cache_clear(dir, &why) && cache_file_clear(dir, LINK_RUNTIME_KIND, &why);
    if (!ok)
        session_complain(c->s, E0906, "the cache cannot be removed: %s", why.at);
    buf_free(&why);
    return ok ? NASC_OK : NASC_ENV;
}

nasc_status cmd_cache(struct cli *c)
{
    if (c->narg != 1)
        return cli_usage(c, "info, clear or path?");
    const char *what = c->arg[0];
    struct buf dir = {0};
    nasc_status st = NASC_ENV;
    if (!kernel_cache_dir(&dir))
        session_complain(c->s, E0908, "there is no place for a cache: neither NASC_CACHE_DIR nor XDG_CACHE_HOME nor HOME is set");
    else if (strcmp(what, "path") == 0)
        st = printf("%s\n", dir.at) < 0 ? NASC_ENV : NASC_OK;
    else if (strcmp(what, "info") == 0)
        st = info(c, dir.at);
    else if (strcmp(what, "clear") == 0)
        st = clear(c, dir.at);
    else
        st = cli_usage(c, "`%s` is not what `nasc cache` does: info, clear or path", what);
    buf_free(&dir);
    return st;
}
