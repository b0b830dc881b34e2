/* link.h - a model's object to an executable or a shared library, by the target's C compiler.
 *
 * In: an object's bytes.  Out: a file's bytes.  What is needed beside them: the C compiler (a row of link.c's table, or NASC_CC) and, for an executable, the
 * C files of compiler/runtime, which are installed with nasc (link_runtime.h). */
#ifndef NASC_LINK_H
#define NASC_LINK_H
#include "compiler/base/vec.h"
#include "compiler/session.h"

enum { LINK_SECONDS = 300 };            /* that a compiler may take: large constants are slow to link on a busy machine */
struct link_words { const char **at; u32 n, cap; };

/* The C compiler for an instruction set.  NASC_CC, if set, is it, options included; else the host's own, or Debian's cross compiler. */
struct link_cc {
    const char *command;                /* "aarch64-linux-gnu-gcc" */
    struct link_words words;            /* of it */
    const char *path;                   /* the program; NULL: it is not there */
    const char *packages;               /* Debian's, that it comes in */
    const char *mend;                   /* the command that installs them */
    bool cross, named;                  /* for another instruction set than ours; by NASC_CC */
};
void link_cc(struct arena *a, enum mach_isa isa, struct link_cc *out);

struct link_model {
    const struct mach *mach;
    const char *name;                   /* the object defines NAME_model */
    bool weights;                       /* and NAME_weights: as many bytes as load reads, aligned like them */
    const void *object; size_t nobject;
};
/* Appends the file, which is the same for the same object and compiler.  False after complaining (E0950, E0951, E0952). */
bool link_executable(nasc_session *s, const struct link_model *m, struct buf *out);
bool link_shared(nasc_session *s, const struct link_model *m, struct buf *out);

#endif
