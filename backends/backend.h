/* backend.h - a code generator: loop functions in, machine code (or text) out.
 *
 * A backend is a constant struct and may say no.  Vendor libraries live in loadable modules (nasc_be_NAME.so,
 * exporting `const struct backend nasc_backend`) opened when asked for; `ref` (an interpreter of loop IR) is built in.
 * A backend owns no code memory: it makes images, and the core (compiler/code.h) puts them where they run. */
#ifndef NASC_BACKEND_H
#define NASC_BACKEND_H
#include "compiler/ir/loop.h"
#include "compiler/ir/mach.h"
#include "compiler/ir/unit.h"

struct be;                              /* an instance: contexts, target machines */
/* One function and the constants it refers to, as bytes that run wherever they are copied to (at a multiple of `align`): nothing
 * outside of them is referred to, nothing in them is written.  at NULL: there is none. */
struct be_image { const u8 *at; u32 bytes, entry, align; };
enum { IMAGE_MOST_BYTES = 16 << 20, IMAGE_MOST_ALIGN = 64 };
/* What became of a function: an image, or - where there cannot be one - the function where it is. */
struct be_code { struct be_image image; kernel_fn fn; void *self; u64 code_bytes, compile_ns; };
/* What is called.  held: the entry of a kernel table (compiler/kernels.h) that keeps it, 0: none. */
struct be_kernel { kernel_fn fn; u64 compile_ns; u64 code_bytes; void *self; u32 held; };
struct backend {
    u32 abi;                            /* BACKEND_ABI */
    const char *name, *about;
    const char *(*version)(void);
    struct be *(*open)(const struct mach *m, struct buf *why);
    void (*close)(struct be *be);
    /* Can it compile this operation at this type?  loop_legalize expands what it cannot. */
    bool (*can)(const struct mach *m, enum loop_op op, struct ltype t);
    /* Compiles n (legalized, verified) functions into out[]; false with *why.  Images lie in the arena and do not depend on what else
     * is compiled along; code without an image lives until be_close. */
    bool (*compile)(struct be *be, u32 n, const struct loop_fn *const *fn, struct be_code *out, struct arena *a, struct buf *why);
    /* --dump=llvm | asm: text of one function. */
    bool (*text)(struct be *be, const struct loop_fn *fn, const char *what, struct buf *out, struct buf *why);
    /* A whole unit as bytes of a relocatable object, or as text, for the machine of `open`.  NULL: it has no such.  forms: a bit for each unit_form it makes. */
    u32 forms;
    bool (*emit)(struct be *be, const struct unit *u, enum unit_form form, struct buf *out, struct buf *why);
};
#define BACKEND_ABI 4
extern const struct backend be_ref;     /* backends/be_ref.c */
/* Calling a ref kernel needs its loop function: this is the call every executor makes. */
static inline void be_call(const struct be_kernel *k, const struct kernel_args *a, i64 lo, i64 hi, void *scratch);
void be_ref_run(const struct loop_fn *f, const struct kernel_args *a, i64 lo, i64 hi, void *scratch);
static inline void be_call(const struct be_kernel *k, const struct kernel_args *a, i64 lo, i64 hi, void *scratch)
{
    if (k->fn)
        k->fn(a, lo, hi, scratch);
    else
        be_ref_run((const struct loop_fn *)k->self, a, lo, hi, scratch);
}

#endif
