/* emit.h - an architecture to the bytes of native files: object, header, library, executable, assembly, LLVM IR.
 *
 *   nasc_arch --net_lower--> plan --unit_build--> unit --backend.emit--> object --link.h--> executable, shared library
 *
 * Code is for the session's machine (session_mach), whether it can run here or not. */
#ifndef NASC_EMIT_H
#define NASC_EMIT_H
#include "compiler/pipeline.h"
#include "compiler/unit_build.h"

/* Kinds of files: X(id, "word of --emit", "suffix", executable, needs an object). */
#define EMIT_KINDS_DEF(X)                          \
    X(EMIT_OBJECT, "obj", ".o", false, true)       \
    X(EMIT_HEADER, "header", ".h", false, false)   \
    X(EMIT_STATIC, "static", ".a", false, true)    \
    X(EMIT_SHARED, "shared", ".so", true, true)    \
    X(EMIT_EXE, "exe", "", true, true)             \
    X(EMIT_ASM, "asm", ".s", false, false)         \
    X(EMIT_LLVM, "llvm", ".ll", false, false)
enum emit_kind {
#define X(id, word, suffix, exec, object) id,
    EMIT_KINDS_DEF(X)
#undef X
    EMIT_KINDS
};
struct emit_row { const char *word, *suffix; bool exec, object; };
extern const struct emit_row emit_rows[EMIT_KINDS];

struct emit_options {
    const char *name;                   /* of the model, a C identifier; NULL: "model" */
    const char *backend;                /* NULL: the best there is */
    bool embed;                         /* the weights: of the file, NULL: of the seed */
    const char *weights;
    u64 seed;
};
/* out[k] gets the bytes of kind k for each k of the set `kinds` (1 << k); else complained. */
nasc_status emit_arch(nasc_arch *ar, const struct pass_options *po, const struct emit_options *o, u32 kinds, struct buf out[EMIT_KINDS]);

/* One unit of several plans, for the session's machine; be is opened.  NULL after complaining.  Its bytes: be->be->emit(be->inst, unit, ...). */
struct unit *session_unit(nasc_session *s, struct arena *a, struct backend_handle *be, const char *name, u32 n, const struct unit_model *model);
/* A C identifier (of letters, digits and _)? */
bool emit_name_ok(const char *name);

#endif
