/* be_llvm.h - inside of the LLVM module: the one place where LLVM's headers are included.
 *
 * be_llvm.c       the backend: instances, target machine, compiling a batch, text
 * be_llvm_ir.c    one loop function -> LLVM IR: structure and memory
 * be_llvm_op.c    ... its operations
 * be_llvm_unit.c  a unit: data, load and forward, what shares a kernel among workers
 * be_llvm_cpu.c   ... whether the processor has what its code uses
 * elf_image.c     object bytes -> images */
#ifndef NASC_BE_LLVM_H
#define NASC_BE_LLVM_H
#include "backends/backend.h"
#include "backends/elf_image.h"

#include <llvm-c/Analysis.h>
#include <llvm-c/Core.h>
#include <llvm-c/LLJIT.h>
#include <llvm-c/Support.h>
#include <llvm-c/Target.h>
#include <llvm-c/TargetMachine.h>
#include <llvm/Config/llvm-config.h>

/* One module under construction. */
struct llvm_unit {
    LLVMContextRef ctx;
    LLVMModuleRef mod;
    LLVMBuilderRef b;
    const struct mach *m;
    LLVMTypeRef ptr, i1, i8, i32, i64, voidt, fn_type;
    u32 kind_scope, kind_noalias, kind_invariant;       /* metadata */
};

/* One function in it. */
struct llvm_fn {
    struct llvm_unit *u;
    struct arena *tmp;
    const struct loop_fn *f;
    const char *cannot;                 /* an operation LLVM has not */
    LLVMValueRef fn, args, scratch;
    LLVMValueRef *val;                  /* loop value -> LLVM value */
    LLVMValueRef *base, *sym, *tab, *uk;        /* loaded in the entry block */
    LLVMValueRef *scope, *others;       /* per buffer: its alias scope as a list, the scopes of the others */
};

LLVMTypeRef llvm_type(const struct llvm_unit *u, struct ltype t);               /* of a value; bool: i1, f16 and bf16: i16 */
LLVMValueRef llvm_intrinsic(const struct llvm_unit *u, const char *name, LLVMTypeRef *over, u32 nover);
LLVMValueRef llvm_call(const struct llvm_unit *u, LLVMValueRef callee, LLVMValueRef *arg, u32 n);
LLVMValueRef llvm_splat_int(const struct llvm_unit *u, struct ltype t, i64 v);  /* a constant, of any lanes */
/* Adds the function; NULL with *why if it says what LLVM cannot do. */
LLVMValueRef llvm_emit(struct llvm_unit *u, struct arena *tmp, const struct loop_fn *f, const char *name, struct buf *why);
/* What the machine of the unit wants of every function. */
void llvm_attributes(struct llvm_unit *u, struct arena *tmp, LLVMValueRef fn);
/* A whole unit (ir/unit.h) into the module. */
bool llvm_emit_unit(struct llvm_unit *u, struct arena *tmp, const struct unit *unit, struct buf *why);
/* A function without arguments: 1 if the processor has what the unit's code uses, else 0.  NULL: nothing to ask, or not ours to ask. */
LLVMValueRef llvm_cpu(struct llvm_unit *u);
void llvm_plain_attributes(struct llvm_unit *u, LLVMValueRef fn);       /* of functions that any x86-64 runs */
/* An operation's value; NULL: not one of LLVM's. */
LLVMValueRef llvm_op(struct llvm_fn *lf, const struct loop_stmt *s);

#endif
