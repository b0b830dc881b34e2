/* doctor.c - findings, and the first of them: nasc's own files and directories. */
#include "compiler/doctor.h"

#include "compiler/cache_dir.h"
#include "compiler/ir/tune.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct finding *doctor_found(struct doctor *d, const char *name, enum finding_state state, const char *value, const char *fmt, ...)
{
    char text[2048];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    struct finding f = {.part = d->part, .name = name, .state = state, .value = value ? arena_strdup(d->a, value) : NULL, .says = arena_strdup(d->a, text)};
    vec_push(d->a, &d->found, f);
    return &d->found.at[d->found.n - 1];
}

/* A system with Debian's packages? */
static bool debian(void)
{
    return access("/etc/debian_version", R_OK) == 0;
}

const char *doctor_install_command(struct arena *a, const char *packages)
{
    if (!debian())
        return arena_printf(a, "install what Debian calls %s", packages);
    return arena_printf(a, "%sapt-get install %s", geteuid() ? "sudo " : "", packages);
}

void doctor_install(struct doctor *d, struct finding *f, const char *packages)
{
    f->mend = doctor_install_command(d->a, packages);
    f->package = packages;
}

const char *doctor_size(struct arena *a, u64 bytes)
{
    static const char *const unit[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    u32 k = 0;
    double x = (double)bytes;
    for (; x >= 1024 && k + 1 < COUNTOF(unit); k++)
        x /= 1024;
    bool whole = x == (double)(u64)x;
    return arena_printf(a, whole || x >= 100 ? "%.0f %s" : "%.1f %s", x, unit[k]);
}

const char *doctor_line(struct arena *a, const char *path)
{
    char text[512] = "";
    FILE *f = fopen(path, "r");
    if (!f)
        return "";
    size_t n = fgets(text, sizeof text, f) ? strcspn(text, "\n") : 0;
    fclose(f);
    return arena_printf(a, "%.*s", (int)n, text);
}

static void library(struct doctor *d)
{
    const char *dir = session_stdlib(d->s), *path = arena_printf(d->a, "%s/prelude.nas", dir);
    bool there = access(path, R_OK) == 0;
    struct finding *f = doctor_found(d, "standard library", there ? FOUND_OK : FOUND_MISSING, dir, there ? "%s" : "%s has no prelude.nas", dir);
    f->needed = true;
    if (!there)
        f->mend = getenv("NASC_STDLIB") ? "unset NASC_STDLIB" : "make install";
}

/* The C files that go along with executables. */
static void runtime(struct doctor *d)
{
    const char *dir = session_runtime(d->s), *path = arena_printf(d->a, "%s/main.c", dir);
    bool there = access(path, R_OK) == 0;
    struct finding *f = doctor_found(d, "runtime", there ? FOUND_OK : FOUND_MISSING, dir, there ? "%s" : "%s has no main.c: no executables", dir);
    f->needed = true;
    if (!there)
        f->mend = getenv("NASC_RUNTIME") ? "unset NASC_RUNTIME" : "make install";
}

static void cache(struct doctor *d)
{
    struct buf dir = {0}, why = {0};
    u64 most;
    bool sized = kernel_cache_size(&most);
    struct kernel_cache_info i = {0};
    if (!kernel_cache_built()) {
        struct finding *f = doctor_found(d, "kernel cache", FOUND_MISSING, NULL, "nasc was built without SQLite: compiled kernels are not kept for the next run");
        doctor_install(d, f, "libsqlite3-dev");
        f->mend = arena_printf(d->a, "%s, then configure and build nasc again", f->mend);
        f->package = NULL;
    } else if (!cache_wanted()) {
        doctor_found(d, "kernel cache", FOUND_NOTE, NULL, "off, by NASC_CACHE");
    } else if (!kernel_cache_dir(&dir)) {
        doctor_found(d, "kernel cache", FOUND_FAILS, NULL, "there is no place for it")->mend = "export NASC_CACHE_DIR=DIRECTORY";
    } else if (!sized) {
        doctor_found(d, "kernel cache", FOUND_FAILS, dir.at, "NASC_CACHE_SIZE is no size: %u MiB are taken", (u32)KERNEL_CACHE_MB)->mend = "unset NASC_CACHE_SIZE";
    } else if (!kernel_cache_there(dir.at)) {       /* asking makes nothing */
        doctor_found(d, "kernel cache", FOUND_NOTE, dir.at, "%s: nothing in it yet", dir.at);
    } else {
        struct kernel_cache *k = kernel_cache_open(dir.at, most, &why);
        bool ok = k && kernel_cache_about(k, &i);
        const char *said = k ? kernel_cache_said(k) : NULL;
        if (!ok || said)
            doctor_found(d, "kernel cache", FOUND_FAILS, dir.at, "%s: %s", dir.at, said ? said : why.n ? why.at : "it cannot be read")->mend = "nasc cache clear";
        else
            doctor_found(d, "kernel cache", FOUND_OK, dir.at, "%s: %llu kernels, %s of %s", dir.at, (unsigned long long)i.entries, doctor_size(d->a, i.bytes),
                         doctor_size(d->a, most));
        kernel_cache_close(k);
    }
    buf_free(&dir);
    buf_free(&why);
}

static void tuned(struct doctor *d)
{
    struct buf path = {0};
    if (kernel_cache_dir(&path)) {
        buf_puts(&path, "/");
        tune_file(&path, session_mach(d->s));
        bool there = access(path.at, R_OK) == 0;
        struct finding *f = doctor_found(d, "measurements", there ? FOUND_OK : FOUND_NOTE, there ? path.at : NULL,
                                         there ? "%s, for --code tuned" : "none of this machine: --code tuned has no table", path.at);
        if (!there)
            f->mend = "nasc tune";
    }
    buf_free(&path);
}

void doctor_self(struct doctor *d)
{
    d->part = "nasc";
    doctor_found(d, "version", FOUND_NOTE, nasc_version(), "%s%s", nasc_version(), d->s->checked ? ", a checked build: every IR is verified" : "");
    library(d);
    runtime(d);
    cache(d);
    tuned(d);
}
