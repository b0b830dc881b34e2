/* backend.h - a code generator: loop functions in, callable kernels (or object bytes) out.
 *
 * A backend is a constant struct and may say no.  Vendor libraries live in loadable modules (nasc_be_NAME.so,
 * exporting `const struct backend nasc_backend`) opened when asked for; `ref` (an interpreter of loop IR) is built in. */
#ifndef NASC_BACKEND_H
#define NASC_BACKEND_H
#include "compiler/ir/loop.h"
#include "compiler/ir/mach.h"

struct be;                              /* an instance: contexts, code memory */
struct be_kernel { kernel_fn fn; u64 compile_ns; u64 code_bytes; void *self; };
struct backend {
    u32 abi;                            /* BACKEND_ABI */
    const char *name, *about;
    const char *(*version)(void);
    struct be *(*open)(const struct mach *m, struct buf *why);
    void (*close)(struct be *be);
    /* Can it compile this operation at this type?  loop_legalize expands what it cannot. */
    bool (*can)(const struct mach *m, enum loop_op op, struct ltype t);
    /* Compiles n (legalized, verified) functions into out[]; false with *why. The code lives until be_close. */
    bool (*jit)(struct be *be, u32 n, const struct loop_fn *const *fn, struct be_kernel *out, struct buf *why);
    /* --dump=llvm | asm: text of one function. */
    bool (*text)(struct be *be, const struct loop_fn *fn, const char *what, struct buf *out, struct buf *why);
};
#define BACKEND_ABI 1
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
