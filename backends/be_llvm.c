/* be_llvm.c - the LLVM backend, a module of its own: loop functions in, machine code out.
 *
 * In: batches of legalized functions.  Out: kernels whose code lives until the instance is closed, or the text of one.  A batch is shared
 * out over the cores: per part one LLVM context and module, no IR passes, one code generation.  What part a function is in changes nothing in its
 * code.  An instance belongs to one thread at a time, and instances share nothing but LLVM's process-wide options, set once.  A bug
 * found in here becomes a refusal with the reason. */
#include "backends/be_llvm.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum { MOST_PARTS = 8, LEAST_PER_PART = 2 };

struct be {
    struct mach m;
    struct arena *a;
    LLVMTargetRef target;
    LLVMTargetMachineRef tm[MOST_PARTS];        /* one a thread; [0] from the start, the others when needed */
    struct llvm_code *code;
    LLVMOrcLLJITRef jit;                /* for objects that are not x86-64: made when needed */
    u64 nkernel;                        /* names of functions are never used twice */
};

static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Loops come written as they should run.  Strength reduction would take a third of the time of code generation for nothing; the
 * scheduler moves loads up until accumulators spill (a 14x32 tile: 37 GFLOP/s with it, 100 without, in the same minute). */
static void set_options(void)
{
    static const char *const option[] = { "nasc", "-disable-lsr", "-enable-misched=false" };
    LLVMInitializeNativeTarget();
    LLVMInitializeNativeAsmPrinter();
    LLVMParseCommandLineOptions((int)COUNTOF(option), option, NULL);
}

static u64 now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (u64)t.tv_sec * 1000000000u + (u64)t.tv_nsec;
}

static const char *llvm_version(void)
{
    return LLVM_VERSION_STRING;
}

static bool has(const char *features, const char *name)
{
    size_t n = strlen(name);
    for (const char *s = features; (s = strchr(s, '+')); s++)
        if (strncmp(s + 1, name, n) == 0 && (s[1 + n] == ',' || !s[1 + n]))
            return true;
    return false;
}

/* What loops may ask of any machine: fused multiply-add, rounding to integers, f16 conversion. Without, LLVM would call a library. */
static const char *missing(const struct mach *m)
{
    static const char *const x86[] = { "fma", "sse4.1", "f16c" };
    for (u32 i = 0; m->isa == ISA_X86_64 && i < COUNTOF(x86); i++)
        if (!has(m->features, x86[i]))
            return x86[i];
    return NULL;
}

static LLVMTargetMachineRef machine(struct be *be, u32 part)
{
    if (!be->tm[part])
        be->tm[part] = LLVMCreateTargetMachine(be->target, be->m.triple, be->m.cpu, be->m.features, LLVMCodeGenLevelLess, LLVMRelocPIC, LLVMCodeModelSmall);
    return be->tm[part];
}

static void llvm_close(struct be *be)
{
    if (be->jit)
        LLVMConsumeError(LLVMOrcDisposeLLJIT(be->jit));
    for (u32 i = 0; i < MOST_PARTS; i++)
        if (be->tm[i])
            LLVMDisposeTargetMachine(be->tm[i]);
    llvm_unload(be->code);
    arena_free(be->a);
}

static struct be *llvm_open(const struct mach *m, struct buf *why)
{
    const char *lacks = missing(m);
    if (lacks) {
        buf_printf(why, "this machine has no %s, which the LLVM backend needs", lacks);
        return NULL;
    }
    pthread_once(&once, set_options);
    struct arena *a = arena_new("code");
    struct be *be = NEW(a, struct be);
    be->a = a;
    be->m = *m;
    be->m.triple = arena_strdup(a, m->triple);
    be->m.cpu = arena_strdup(a, m->cpu);
    be->m.features = arena_strdup(a, m->features);
    char *error = NULL;
    if (LLVMGetTargetFromTriple(be->m.triple, &be->target, &error)) {
        buf_printf(why, "%s", error);
        LLVMDisposeMessage(error);
    } else if (!machine(be, 0)) {
        buf_printf(why, "LLVM has no code generator for %s", be->m.triple);
    }
    if (be->tm[0])
        return be;
    llvm_close(be);
    return NULL;
}

static bool llvm_can(const struct mach *m, enum loop_op op, struct ltype t)
{
    (void)m, (void)t;
    return op < LO_EXP || op > LO_POW;
}

/* ---- one part of a batch: a module, on one thread ---- */

struct batch {
    struct be *be;
    LLVMTargetMachineRef tm;
    struct arena *tmp;
    struct llvm_unit u;
    LLVMMemoryBufferRef object;
    struct buf *why;
    bool failed;                /* LLVM complained to the context */
    u32 n;                      /* what to do: functions to kernels, or one to text */
    const struct loop_fn **fn;
    struct llvm_symbol *sym;    /* and where they are */
    u64 *ns;                    /* the thread's time for each */
    u64 values;
    bool ok;
    const char *what;
    struct buf *text;
};

static void complain(LLVMDiagnosticInfoRef info, void *data)
{
    struct batch *x = data;
    if (LLVMGetDiagInfoSeverity(info) != LLVMDSError)
        return;
    char *text = LLVMGetDiagInfoDescription(info);
    buf_printf(x->why, "LLVM: %s; ", text);
    LLVMDisposeMessage(text);
    x->failed = true;
}

static void batch_open(struct batch *x)
{
    struct llvm_unit *u = &x->u;
    x->tmp = arena_new("pass");
    u->m = &x->be->m;
    u->ctx = LLVMContextCreate();
    LLVMContextSetDiagnosticHandler(u->ctx, complain, x);
    u->mod = LLVMModuleCreateWithNameInContext("nasc", u->ctx);
    u->b = LLVMCreateBuilderInContext(u->ctx);
    LLVMSetTarget(u->mod, x->be->m.triple);
    LLVMTargetDataRef layout = LLVMCreateTargetDataLayout(x->tm);
    LLVMSetModuleDataLayout(u->mod, layout);
    LLVMDisposeTargetData(layout);
    u->ptr = LLVMPointerTypeInContext(u->ctx, 0);
    u->i1 = LLVMInt1TypeInContext(u->ctx);
    u->i8 = LLVMInt8TypeInContext(u->ctx);
    u->i32 = LLVMInt32TypeInContext(u->ctx);
    u->i64 = LLVMInt64TypeInContext(u->ctx);
    u->voidt = LLVMVoidTypeInContext(u->ctx);
    LLVMTypeRef arg[4] = { u->ptr, u->i64, u->i64, u->ptr };
    u->fn_type = LLVMFunctionType(u->voidt, arg, 4, false);
    u->kind_scope = LLVMGetMDKindIDInContext(u->ctx, "alias.scope", 11);
    u->kind_noalias = LLVMGetMDKindIDInContext(u->ctx, "noalias", 7);
    u->kind_invariant = LLVMGetMDKindIDInContext(u->ctx, "invariant.load", 14);
}

static void batch_close(struct batch *x)
{
    if (x->object)
        LLVMDisposeMemoryBuffer(x->object);
    if (x->u.b)
        LLVMDisposeBuilder(x->u.b);
    if (x->u.mod)
        LLVMDisposeModule(x->u.mod);
    if (x->u.ctx)
        LLVMContextDispose(x->u.ctx);
    arena_free(x->tmp);
}

static bool verified(struct batch *x)
{
#ifdef NASC_CHECKED
    char *text = NULL;
    bool ok = !LLVMVerifyModule(x->u.mod, LLVMReturnStatusAction, &text);
    if (!ok)
        buf_printf(x->why, "LLVM does not accept this module: %s", text);
    LLVMDisposeMessage(text);
    return ok;
#else
    (void)x;
    return true;
#endif
}

static bool generate(struct batch *x, LLVMCodeGenFileType what)
{
    char *text = NULL;
    if (!verified(x))
        return false;
    if (LLVMTargetMachineEmitToMemoryBuffer(x->tm, x->u.mod, what, &text, &x->object)) {
        buf_printf(x->why, "LLVM: %s", text ? text : "no code");
        LLVMDisposeMessage(text);
        return false;
    }
    return !x->failed;
}

/* What this loader does not know - another machine's objects - LLJIT does. */
static bool load_by_llvm(struct batch *x)
{
    u32 n = x->n;
    struct llvm_symbol *sym = x->sym;
    struct be *be = x->be;
    LLVMErrorRef e = be->jit ? NULL : LLVMOrcCreateLLJIT(&be->jit, NULL);
    u64 bytes = LLVMGetBufferSize(x->object);
    if (!e) {
        e = LLVMOrcLLJITAddObjectFile(be->jit, LLVMOrcLLJITGetMainJITDylib(be->jit), x->object);
        x->object = NULL;
    }
    for (u32 i = 0; i < n && !e; i++) {
        LLVMOrcExecutorAddress at = 0;
        e = LLVMOrcLLJITLookup(be->jit, &at, sym[i].name);
        sym[i].at = (void *)(uintptr_t)at;
        sym[i].bytes = bytes / n;       /* it does not tell */
    }
    if (!e)
        return true;
    char *text = LLVMGetErrorMessage(e);
    buf_printf(x->why, "LLJIT: %s", text);
    LLVMDisposeErrorMessage(text);
    return false;
}

static bool compile(struct batch *x)
{
    u64 from = now_ns();
    for (u32 i = 0; i < x->n; i++) {
        if (!llvm_emit(&x->u, x->tmp, x->fn[i], x->sym[i].name, x->why))
            return false;
        u64 t = now_ns();
        x->ns[i] = t - from;
        from = t;
    }
    if (!generate(x, LLVMObjectFile))
        return false;
    u64 shared = now_ns() - from;       /* code generation is of all at once: shared out by size */
    for (u32 i = 0; i < x->n; i++)
        x->ns[i] += (u64)((double)shared * x->fn[i]->val.n / (double)x->values);
    return true;
}

static bool load(struct batch *x)
{
    switch (llvm_load(&x->be->code, LLVMGetBufferStart(x->object), LLVMGetBufferSize(x->object), x->n, x->sym, x->why)) {
    case LLVM_LOADED: return true;
    case LLVM_NOT_OURS: return load_by_llvm(x);
    case LLVM_BAD_OBJECT: break;
    }
    return false;
}

static bool print(struct batch *x)
{
    const struct loop_fn *fn = x->fn[0];
    const char *what = x->what;
    struct buf *out = x->text;
    if (strcmp(what, "llvm") != 0 && strcmp(what, "asm") != 0) {
        buf_printf(x->why, "the LLVM backend has `llvm` and `asm`, no `%s`", what);
        return false;
    }
    if (!llvm_emit(&x->u, x->tmp, fn, fn->name && *fn->name ? fn->name : "kernel", x->why))
        return false;
    if (strcmp(what, "llvm") == 0) {
        char *text = LLVMPrintModuleToString(x->u.mod);
        buf_puts(out, text);
        LLVMDisposeMessage(text);
        return verified(x);
    }
    if (!generate(x, LLVMAssemblyFile))
        return false;
    buf_put(out, LLVMGetBufferStart(x->object), LLVMGetBufferSize(x->object));
    return true;
}

/* A bug in here must not take the program's trap, which this module does not share: it becomes a reason. */
static bool guarded(struct batch *x, bool (*work)(struct batch *))
{
    struct bug_trap trap;
    bool ok = false;
    bug_trap_push(&trap);
    if (!setjmp(trap.back)) {
        if (!x->u.ctx)
            batch_open(x);
        ok = work(x);
    } else {
        buf_printf(x->why, "%s", trap.text);
        return false;
    }
    bug_trap_pop(&trap);
    return ok;
}

/* ---- a batch: its parts ---- */

static void *compile_part(void *at)
{
    struct batch *x = at;
    x->ok = guarded(x, compile);
    return NULL;
}

/* Compiles the parts, the first on this thread, and loads them. */
static bool compile_parts(u32 parts, struct batch *part)
{
    pthread_t thread[MOST_PARTS];
    bool started[MOST_PARTS] = { false }, ok = true;
    for (u32 p = 1; p < parts; p++)
        started[p] = pthread_create(&thread[p], NULL, compile_part, &part[p]) == 0;
    for (u32 p = 0; p < parts; p++)
        if (!started[p])
            compile_part(&part[p]);
    for (u32 p = 1; p < parts; p++)
        if (started[p])
            pthread_join(thread[p], NULL);
    for (u32 p = 0; p < parts; p++)
        ok = ok && part[p].ok && guarded(&part[p], load);
    return ok;
}

static bool llvm_jit(struct be *be, u32 n, const struct loop_fn *const *fn, struct be_kernel *out, struct buf *why)
{
    u32 parts = MIN(MIN(be->m.cores, MOST_PARTS), n / LEAST_PER_PART);
    struct batch part[MOST_PARTS] = { 0 };
    struct buf said[MOST_PARTS] = { 0 };
    struct arena *tmp = arena_new("pass");
    u32 *part_of = NEW_ARRAY(tmp, u32, n), *index = NEW_ARRAY(tmp, u32, n);
    parts = MAX(parts, 1);
    for (u32 p = 0; p < parts; p++) {
        part[p] = (struct batch){ .be = be, .why = &said[p], .tm = machine(be, p) };
        part[p].fn = NEW_ARRAY(tmp, const struct loop_fn *, n);
        part[p].sym = NEW_ARRAY(tmp, struct llvm_symbol, n);
        part[p].ns = NEW_ARRAY(tmp, u64, n);
        if (!part[p].tm)
            parts = p;
    }
    for (u32 i = 0; i < n; i++) {       /* each to the part that has least so far */
        u32 p = 0;
        for (u32 k = 1; k < parts; k++)
            p = part[k].values < part[p].values ? k : p;
        part_of[i] = p;
        index[i] = part[p].n++;
        part[p].values += fn[i]->val.n;
        part[p].fn[index[i]] = fn[i];
        part[p].sym[index[i]].name = arena_printf(tmp, "nasc_k%llu", (unsigned long long)be->nkernel++);
    }
    bool ok = n == 0 || compile_parts(parts, part);
    for (u32 i = 0; i < n && ok; i++) {
        const struct llvm_symbol *s = &part[part_of[i]].sym[index[i]];
        out[i] = (struct be_kernel){ .fn = (kernel_fn)s->at, .code_bytes = s->bytes, .compile_ns = part[part_of[i]].ns[index[i]] };
    }
    for (u32 p = 0; p < MOST_PARTS; p++) {
        if (said[p].n && !ok)
            buf_puts(why, said[p].at);
        buf_free(&said[p]);
        batch_close(&part[p]);
    }
    arena_free(tmp);
    return ok;
}

static bool llvm_text(struct be *be, const struct loop_fn *fn, const char *what, struct buf *out, struct buf *why)
{
    struct batch x = { .be = be, .tm = be->tm[0], .why = why, .n = 1, .fn = &fn, .what = what, .text = out };
    bool ok = guarded(&x, print);
    batch_close(&x);
    return ok;
}

extern const struct backend nasc_backend;
const struct backend nasc_backend = {
    .abi = BACKEND_ABI, .name = "llvm", .about = "compiles loop IR with LLVM for this machine", .version = llvm_version,
    .open = llvm_open, .close = llvm_close, .can = llvm_can, .jit = llvm_jit, .text = llvm_text,
};
