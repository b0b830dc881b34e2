/* doctor.h - what nasc finds of what it works with: itself, the machine, code generators, compilers and emulators of its targets.
 *
 * Each part looks and tries, and enters findings; cmd_doctor.c prints them. */
#ifndef NASC_DOCTOR_H
#define NASC_DOCTOR_H
#include "compiler/session.h"

/* note: there is nothing to be right or wrong.  missing: it is not there.  fails: it is there, and does not do what it is for. */
enum finding_state { FOUND_OK, FOUND_NOTE, FOUND_MISSING, FOUND_FAILS };
struct finding {
    const char *part, *name;            /* "target riscv64", "emulator" */
    u8 state;
    bool needed;                        /* for what nasc does on this very machine */
    const char *value;                  /* for programs: a path, a number, a word; NULL: none */
    const char *says;                   /* for people */
    const char *mend;                   /* a command; NULL: nothing to mend, or nobody knows how */
    const char *package;                /* Debian's, by which `mend` mends; NULL: by something else */
};
struct doctor {
    nasc_session *s;
    struct arena *a;
    const char *part;                   /* of what is entered next */
    VEC(struct finding) found;
};

/* Enters a finding of the current part; what it says is as in printf. */
struct finding *doctor_found(struct doctor *d, const char *name, enum finding_state state, const char *value, const char *fmt, ...) PRINTF_LIKE(5, 6);
/* The command that installs packages, here. */
void doctor_install(struct doctor *d, struct finding *f, const char *packages);
const char *doctor_install_command(struct arena *a, const char *packages);
const char *doctor_size(struct arena *a, u64 bytes);                    /* 48 KiB */
/* The first line of a small file; "" where it cannot be read. */
const char *doctor_line(struct arena *a, const char *path);

void doctor_self(struct doctor *d);     /* doctor.c: the standard library, the cache, measurements */
void doctor_machine(struct doctor *d);  /* doctor_machine.c */
void doctor_code(struct doctor *d);     /* doctor_code.c: code generators, tried */
void doctor_targets(struct doctor *d);  /* doctor_target.c: C compilers and emulators, tried */

#endif
