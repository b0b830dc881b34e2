/* doctor_target.c - the targets of nasc compile: a C compiler that links for each, an emulator for those that are not this machine.
 *
 * A compiler is tried on a program, and what it makes is run where it can be: installed by half, or for another system, is not there. */
#define _GNU_SOURCE
#include "compiler/child.h"
#include "compiler/doctor.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { SECONDS = 20 };

static const struct target {
    enum mach_isa isa;
    const char *name;
    const char *cc, *cc_package;        /* of another machine; this one's is cc */
    const char *emulator, *emulator_package;
} target_row[] = {
    {ISA_X86_64, "x86_64", "x86_64-linux-gnu-gcc", "gcc-x86-64-linux-gnu libc6-dev-amd64-cross", "qemu-x86_64", "qemu-user"},
    {ISA_AARCH64, "aarch64", "aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu libc6-dev-arm64-cross", "qemu-aarch64", "qemu-user"},
    {ISA_RISCV64, "riscv64", "riscv64-linux-gnu-gcc", "gcc-riscv64-linux-gnu libc6-dev-riscv64-cross", "qemu-riscv64", "qemu-user"},
};

/* The first line of a text in which a number with a point is: what a program says of its version. */
static const char *version_in(struct arena *a, const char *text)
{
    for (const char *p = text; p && *p; p++)
        if (*p >= '0' && *p <= '9' && (p == text || p[-1] == ' ') && p[strspn(p, "0123456789")] == '.')
            return arena_printf(a, "%.*s", (int)strspn(p, "0123456789."), p);
    return "";
}

/* What went wrong, of all that a compiler prints: its first line that says error, or fatal, else the first. */
static const char *complaint_in(struct arena *a, const char *text)
{
    const char *at = strstr(text, "error"), *fatal = strstr(text, "cannot find");
    at = at ? at : fatal ? fatal : text;
    while (at > text && at[-1] != '\n')
        at--;
    return arena_printf(a, "%.*s", (int)MIN(strcspn(at, "\n"), 200u), at);
}

static const char *version_of(struct doctor *d, const char *program)
{
    struct buf out = {0}, why = {0};
    int status = 0;
    child_run((const char *const[]){program, "--version", NULL}, NULL, SECONDS, &out, &status, &why);
    const char *v = version_in(d->a, out.at);
    buf_free(&out);
    buf_free(&why);
    return v;
}

/* Compiles and links a program for the target into `file`; false and *why.  What an emulator is to run needs no library beside it. */
static bool trial(struct doctor *d, const char *cc, bool whole, const char *file, struct buf *why)
{
    static const char text[] = "#include <stdio.h>\nint main(void) { return printf(\"%d bits\\n\", (int)sizeof(void *) * 8) < 0; }\n";
    struct buf out = {0};
    int status = 0;
    bool ok = child_run((const char *const[]){cc, "-x", "c", "-", "-O1", "-o", file, whole ? "-static" : NULL, NULL}, text, SECONDS, &out, &status, why);
    if (ok && status) {
        buf_printf(why, "%s", complaint_in(d->a, out.at ? out.at : ""));
        ok = false;
    }
    buf_free(&out);
    return ok;
}

/* What it makes is run: by the emulator, or as it is. */
static bool runs(const char *emulator, const char *file, struct buf *why)
{
    struct buf out = {0};
    int status = 0;
    const char *const by[] = {emulator, file, NULL}, *const bare[] = {file, NULL};
    bool ok = child_run(emulator ? by : bare, NULL, SECONDS, &out, &status, why);
    if (ok && (status || !out.at || strcmp(out.at, "64 bits\n"))) {
        buf_printf(why, "a program that should print `64 bits` prints %s", out.n ? "something else" : "nothing");
        ok = false;
    }
    buf_free(&out);
    return ok;
}

static void look(struct doctor *d, const struct target *t, const char *dir)
{
    bool host = session_mach(d->s)->isa == t->isa, linked = false;
    const char *env = getenv("NASC_CC"), *cc = host ? env && *env ? env : "cc" : t->cc, *file = arena_printf(d->a, "%s/%s", dir, t->name);
    struct buf path = {0}, why = {0};
    struct finding *f;
    d->part = arena_printf(d->a, "target %s", t->name);
    const char *package = host ? "gcc libc6-dev" : t->cc_package;
    if (!child_find(cc, &path)) {
        f = doctor_found(d, "C compiler", FOUND_MISSING, NULL, "there is no %s: no executables and shared libraries", cc);
        doctor_install(d, f, package);
    } else {
        const char *where = arena_strdup(d->a, path.at), *version = version_of(d, cc);
        linked = trial(d, cc, !host, file, &why);
        f = doctor_found(d, "C compiler", linked ? FOUND_OK : FOUND_FAILS, where, linked ? "%s %s" : "%s %s does not make a program: %s", where, version, why.at);
        if (!linked)
            doctor_install(d, f, package);
    }
    f->needed = host;
    buf_clear(&why);
    if (host) {
        if (linked && !runs(NULL, file, &why))
            doctor_found(d, "programs", FOUND_FAILS, NULL, "what it makes does not run: %s", why.at)->needed = true;
    } else if (!child_find(t->emulator, &path)) {
        f = doctor_found(d, "emulator", FOUND_MISSING, NULL, "there is no %s: what is compiled does not run here", t->emulator);
        doctor_install(d, f, t->emulator_package);
    } else {
        const char *where = arena_strdup(d->a, path.at), *version = version_of(d, t->emulator);
        bool ok = !linked || runs(t->emulator, file, &why);
        f = doctor_found(d, "emulator", ok ? FOUND_OK : FOUND_FAILS, where, ok ? "%s %s%s" : "%s %s: %s", where, version, ok ? linked ? ", runs what it compiles" : "" : why.at);
        if (!ok)
            doctor_install(d, f, t->emulator_package);
    }
    unlink(file);
    buf_free(&path);
    buf_free(&why);
}

void doctor_targets(struct doctor *d)
{
    const char *tmp = getenv("TMPDIR");
    char *dir = arena_printf(d->a, "%s/nasc-doctor-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(dir)) {
        d->part = "targets";
        doctor_found(d, "directory", FOUND_FAILS, NULL, "nothing can be written to %s: %s", tmp && *tmp ? tmp : "/tmp", strerror(errno))->needed = true;
        d->found.at[d->found.n - 1].mend = "export TMPDIR=DIRECTORY";
        return;
    }
    const enum mach_isa here = session_mach(d->s)->isa;
    for (u32 turn = 0; turn < 2; turn++)        /* this machine first */
        for (u32 i = 0; i < COUNTOF(target_row); i++)
            if ((target_row[i].isa == here) == !turn)
                look(d, &target_row[i], dir);
    rmdir(dir);
}
