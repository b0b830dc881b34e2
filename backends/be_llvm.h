/* be_llvm.h - inside of the LLVM module: the one place where LLVM's headers are included.
 *
 * be_llvm.c       the backend: instances, target machine, compiling a batch, text
 * be_llvm_ir.c    one loop function -> LLVM IR: structure and memory
 * be_llvm_op.c    ... its operations
 * be_llvm_load.c  object bytes -> executable memory */
#ifndef NASC_BE_LLVM_H
#define NASC_BE_LLVM_H
#include "backends/backend.h"

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
/* An operation's value; NULL: not one of LLVM's. */
LLVMValueRef llvm_op(struct llvm_fn *lf, const struct loop_stmt *s);

/* Executable memory: a list of mappings, each written and then made executable, never both. */
struct llvm_code { void *at; size_t bytes; struct llvm_code *next; };
enum llvm_loaded { LLVM_LOADED, LLVM_NOT_OURS /* an object of another kind: let LLJIT try */, LLVM_BAD_OBJECT };
struct llvm_symbol { const char *name; void *at; u64 bytes; };
/* Loads an x86-64 ELF object that depends on nothing: fills the addresses and sizes of n symbols. An undefined symbol is an error:
 * kernels are freestanding. */
enum llvm_loaded llvm_load(struct llvm_code **code, const char *object, size_t bytes, u32 n, struct llvm_symbol *sym, struct buf *why);
void llvm_unload(struct llvm_code *code);

#endif
