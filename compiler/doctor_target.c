/* doctor_target.c - the targets of nasc compile: a C compiler that links for each, an emulator for those that are not this machine.
 *
 * A compiler is tried on a program, and what it makes is run where it can be: installed by half, or for another system, is not there. */
#define _GNU_SOURCE
#include "compiler/child.h"
#include "compiler/doctor.h"
#include "compiler/link.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { SECONDS = 20 };

static const struct { const char *emulator, *package; u16 elf; } isa_row[ISAS] = {     /* elf: e_machine of its files */
    [ISA_X86_64] = {"qemu-x86_64", "qemu-user", 62},
    [ISA_AARCH64] = {"qemu-aarch64", "qemu-user", 183},
    [ISA_RISCV64] = {"qemu-riscv64", "qemu-user", 243},
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

/* Is it a program for the instruction set? */
static bool made_for(const char *file, enum mach_isa isa)
{
    u8 head[20] = {0};
    FILE *f = fopen(file, "rb");
    bool ok = f && fread(head, 1, sizeof head, f) == sizeof head && memcmp(head, "\177ELF", 4) == 0 && head[4] == 2 &&
              (head[18] | head[19] << 8) == isa_row[isa].elf;
    if (f)
        fclose(f);
    return ok;
}

/* Compiles and links a program for the instruction set into `file`; false and *why.  What an emulator is to run needs no library beside it. */
static bool trial(struct doctor *d, const struct link_cc *cc, enum mach_isa isa, const char *file, struct buf *why)
{
    static const char text[] = "#include <stdio.h>\nint main(void) { return printf(\"%d bits\\n\", (int)sizeof(void *) * 8) < 0; }\n";
    const char *const more[] = {"-x", "c", "-", "-O1", "-o", file, cc->cross ? "-static" : NULL};
    VEC(const char *) argv = {0};
    struct buf out = {0};
    int status = 0;
    for (const char *p = cc->command; p += strspn(p, " "), *p; p += strcspn(p, " "))
        vec_push(d->a, &argv, (const char *)arena_printf(d->a, "%.*s", (int)strcspn(p, " "), p));
    for (u32 i = 0; i < COUNTOF(more); i++)
        if (more[i])
            vec_push(d->a, &argv, more[i]);
    vec_push(d->a, &argv, (const char *)NULL);
    bool ok = child_run(argv.at, text, SECONDS, &out, &status, why);
    if (ok && status) {
        buf_printf(why, "does not make a program: %s", complaint_in(d->a, out.at ? out.at : ""));
        ok = false;
    } else if (ok && !made_for(file, isa)) {
        buf_puts(why, "makes programs for another machine");
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

/* Machine code: which of the targets of the instruction set the code generator makes. */
static void generator(struct doctor *d, enum mach_isa isa)
{
    struct backend_handle *be = backend_there(d->s, "llvm") ? session_backend(d->s, "llvm") : NULL;
    struct buf made = {0}, not = {0}, why = {0};
    const char *name;
    session_clear(d->s);                /* what llvm lacks has been found before */
    for (u32 k = 0; (name = mach_target_name(k)); k++) {
        struct mach m;
        buf_clear(&why);
        if (!mach_target(&m, d->a, name, NULL, NULL, &why) || m.isa != isa)
            continue;
        struct be *inst = be ? be->be->open(&m, &why) : NULL;
        struct buf *to = inst ? &made : &not;
        buf_printf(to, "%s%s", to->n ? ", " : "", name);
        if (inst)
            be->be->close(inst);
    }
    bool host = session_mach(d->s)->isa == isa;
    struct finding *f = doctor_found(d, "machine code", not.n ? FOUND_MISSING : FOUND_OK, made.at, "%s%s%s%s", made.n ? made.at : "",
                                     made.n && not.n ? "; " : "", not.n ? "not " : "", not.n ? not.at : "");
    if (not.n && !be)
        f->says = arena_printf(d->a, "needs the code generator llvm");
    f->needed = host && !not.n;
    buf_free(&made);
    buf_free(&not);
    buf_free(&why);
}

static void look(struct doctor *d, enum mach_isa isa, const char *dir)
{
    bool linked = false, host = session_mach(d->s)->isa == isa;
    const char *emulator = isa_row[isa].emulator, *file = arena_printf(d->a, "%s/%s", dir, mach_isa_name(isa));
    struct buf path = {0}, why = {0};
    struct finding *f;
    struct link_cc cc;
    d->part = arena_printf(d->a, "target %s", mach_isa_name(isa));
    generator(d, isa);
    link_cc(d->a, isa, &cc);
    if (!cc.path) {
        f = doctor_found(d, "C compiler", FOUND_MISSING, NULL, "there is no %s: no executables and shared libraries", cc.command);
        doctor_install(d, f, cc.packages);
    } else {
        linked = trial(d, &cc, isa, file, &why);
        f = doctor_found(d, "C compiler", linked ? FOUND_OK : FOUND_FAILS, cc.path, "%s %s%s%s", cc.path, version_of(d, cc.path), linked ? "" : " ", linked ? "" : why.at);
        if (!linked)
            doctor_install(d, f, cc.packages);
    }
    if (f->mend && getenv("NASC_CC") && *getenv("NASC_CC")) {          /* not the one that is installed */
        f->mend = "unset NASC_CC";
        f->package = NULL;
    }
    f->needed = host;
    buf_clear(&why);
    if (host) {
        if (linked && !runs(NULL, file, &why))
            doctor_found(d, "programs", FOUND_FAILS, NULL, "what it makes does not run: %s", why.at)->needed = true;
    } else if (!child_find(emulator, &path)) {
        f = doctor_found(d, "emulator", FOUND_MISSING, NULL, "there is no %s: what is compiled does not run here", emulator);
        doctor_install(d, f, isa_row[isa].package);
    } else {
        bool ok = !linked || runs(emulator, file, &why);
        f = doctor_found(d, "emulator", ok ? FOUND_OK : FOUND_FAILS, path.at, "%s %s%s", path.at, version_of(d, emulator), ok ? linked ? ", runs what it compiles" : "" : arena_printf(d->a, ": %s", why.at));
        if (!ok)
            doctor_install(d, f, isa_row[isa].package);
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
    for (u32 turn = 0; turn < 2; turn++)        /* this machine first */
        for (enum mach_isa isa = 0; isa < ISAS; isa++)
            if ((isa == session_mach(d->s)->isa) == !turn)
                look(d, isa, dir);
    rmdir(dir);
}
