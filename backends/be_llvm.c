/* be_llvm.c - the LLVM backend, a module of its own: loop functions in, machine code out.
 *
 * In: legalized functions.  Out: their images, or the text of one.  They are shared out over parts, the parts over the cores: per part
 * one LLVM context and module, no IR passes, one code generation.  What part a function is in changes nothing in its
 * code.  Where objects cannot be made into images (elf_image.c), LLJIT loads them, and the code lives until the instance is closed.
 * An instance belongs to one thread at a time, and instances share nothing but LLVM's process-wide options, set once.  A bug
 * found in here becomes a refusal with the reason. */
#include "backends/be_llvm.h"
#include "backends/elf_alone.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

enum { MOST_WORKERS = 64, LEAST_PER_PART = 2, MOST_PER_PART = 16 };

struct be {
    struct mach m;
    struct arena *a;
    LLVMTargetRef target;
    LLVMTargetMachineRef tm[MOST_WORKERS];      /* one a thread; [0] from the start, the others when needed */
    LLVMOrcLLJITRef jit;                /* for objects that are not x86-64: made when needed */
    u64 nkernel;                        /* names of functions are never used twice */
};

/* The code generators this LLVM was built with, by LLVM's lists. */
static const struct { const char *name; void (*info)(void), (*target)(void), (*mc)(void); } generator[] = {
#define LLVM_TARGET(name) { #name, LLVMInitialize##name##TargetInfo, LLVMInitialize##name##Target, LLVMInitialize##name##TargetMC },
#include <llvm/Config/Targets.def>
#undef LLVM_TARGET
};
static const struct { const char *name; void (*init)(void); } printer[] = {
#define LLVM_ASM_PRINTER(name) { #name, LLVMInitialize##name##AsmPrinter },
#include <llvm/Config/AsmPrinters.def>
#undef LLVM_ASM_PRINTER
};

static const struct { const char *name; void (*init)(void); } parser[] = {        /* of inline assembly */
#define LLVM_ASM_PARSER(name) { #name, LLVMInitialize##name##AsmParser },
#include <llvm/Config/AsmParsers.def>
#undef LLVM_ASM_PARSER
};

static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Loops come written as they should run.  Strength reduction would take a third of the time of code generation for nothing; the
 * scheduler moves loads up until accumulators spill (a 14x32 tile: 37 GFLOP/s with it, 100 without, in the same minute). */
static void set_options(void)
{
    static const char *const option[] = { "nasc", "-disable-lsr", "-enable-misched=false" };
    static const char *const isa[ISAS] = { "X86", "AArch64", "RISCV" };
    for (u32 i = 0; i < ISAS; i++) {
        for (u32 k = 0; k < COUNTOF(generator); k++)
            if (strcmp(generator[k].name, isa[i]) == 0) {
                generator[k].info();
                generator[k].target();
                generator[k].mc();
            }
        for (u32 k = 0; k < COUNTOF(printer); k++)
            if (strcmp(printer[k].name, isa[i]) == 0)
                printer[k].init();
        for (u32 k = 0; k < COUNTOF(parser); k++)
            if (strcmp(parser[k].name, isa[i]) == 0)
                parser[k].init();
    }
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

static LLVMTargetMachineRef machine(struct be *be, u32 worker)
{
    if (be->tm[worker])
        return be->tm[worker];
    LLVMTargetMachineOptionsRef o = LLVMCreateTargetMachineOptions();
    LLVMTargetMachineOptionsSetCPU(o, be->m.cpu);
    LLVMTargetMachineOptionsSetFeatures(o, be->m.features);
    LLVMTargetMachineOptionsSetCodeGenOptLevel(o, LLVMCodeGenLevelLess);
    LLVMTargetMachineOptionsSetRelocMode(o, LLVMRelocPIC);
    LLVMTargetMachineOptionsSetCodeModel(o, LLVMCodeModelSmall);
    if (be->m.abi)
        LLVMTargetMachineOptionsSetABI(o, be->m.abi);
    be->tm[worker] = LLVMCreateTargetMachineWithOptions(be->target, be->m.triple, o);
    LLVMDisposeTargetMachineOptions(o);
    return be->tm[worker];
}

static void llvm_close(struct be *be)
{
    if (be->jit)
        LLVMConsumeError(LLVMOrcDisposeLLJIT(be->jit));
    for (u32 i = 0; i < MOST_WORKERS; i++)
        if (be->tm[i])
            LLVMDisposeTargetMachine(be->tm[i]);
    arena_free(be->a);
}

static struct be *llvm_open(const struct mach *m, struct buf *why)
{
    pthread_once(&once, set_options);
    struct arena *a = arena_new("code");
    struct be *be = NEW(a, struct be);
    be->a = a;
    be->m = *m;
    be->m.triple = arena_strdup(a, m->triple);
    be->m.cpu = arena_strdup(a, m->cpu);
    be->m.features = arena_strdup(a, m->features);
    be->m.tune = m->tune ? arena_strdup(a, m->tune) : NULL;
    be->m.abi = m->abi ? arena_strdup(a, m->abi) : NULL;
    char *error = NULL;
    if (LLVMGetTargetFromTriple(be->m.triple, &be->target, &error)) {
        buf_printf(why, "this LLVM makes no code for %s: %s", mach_isa_name(m->isa), error);
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
    (void)t;
    if (op == LO_FMA)
        return m->fma;
    if (op == LO_FROUND || op == LO_FFLOOR)
        return m->isa != ISA_X86_64 || mach_has(m, "sse4.1");
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
    const char **name;          /* their symbols */
    struct be_code **code;      /* and what became of them */
    u64 values;
    bool ok;
    const char *what;
    const struct unit *unit; enum unit_form form;
    struct buf *text;           /* or bytes */
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
    if (u->m->abi)
        LLVMAddModuleFlag(u->mod, LLVMModuleFlagBehaviorError, "target-abi", 10, LLVMMDStringInContext2(u->ctx, u->m->abi, strlen(u->m->abi)));
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

/* Frees what only code generation needs: the object stays. */
static void batch_finish(struct batch *x)
{
    if (x->u.b)
        LLVMDisposeBuilder(x->u.b);
    if (x->u.mod)
        LLVMDisposeModule(x->u.mod);
    if (x->u.ctx)
        LLVMContextDispose(x->u.ctx);
    arena_free(x->tmp);
    x->u = (struct llvm_unit){ 0 };
    x->tmp = NULL;
}

static void batch_close(struct batch *x)
{
    batch_finish(x);
    if (x->object)
        LLVMDisposeMemoryBuffer(x->object);
    x->object = NULL;
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

/* What cannot be made into images - another machine's objects - LLJIT keeps. */
static bool load_by_llvm(struct batch *x)
{
    struct be *be = x->be;
    LLVMErrorRef e = be->jit ? NULL : LLVMOrcCreateLLJIT(&be->jit, NULL);
    u64 bytes = LLVMGetBufferSize(x->object);
    if (!e) {
        e = LLVMOrcLLJITAddObjectFile(be->jit, LLVMOrcLLJITGetMainJITDylib(be->jit), x->object);
        x->object = NULL;
    }
    for (u32 i = 0; i < x->n && !e; i++) {
        LLVMOrcExecutorAddress at = 0;
        e = LLVMOrcLLJITLookup(be->jit, &at, x->name[i]);
        x->code[i]->fn = (kernel_fn)(uintptr_t)at;
        x->code[i]->code_bytes = bytes / x->n;  /* it does not tell */
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
        LLVMValueRef f = llvm_emit(&x->u, x->tmp, x->fn[i], x->name[i], x->why);
        if (!f)
            return false;
        LLVMSetSection(f, arena_printf(x->tmp, ".text.%s", x->name[i]));        /* of its own: nothing in it depends on the others */
        u64 t = now_ns();
        x->code[i]->compile_ns += t - from;
        from = t;
    }
    if (!generate(x, LLVMObjectFile))
        return false;
    u64 shared = now_ns() - from;       /* code generation is of all at once: shared out by size */
    for (u32 i = 0; i < x->n; i++)
        x->code[i]->compile_ns += (u64)((double)shared * x->fn[i]->val.n / (double)x->values);
    return true;
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

static bool emit_unit(struct batch *x)
{
    if (!llvm_emit_unit(&x->u, x->tmp, x->unit, x->why))
        return false;
    if (x->form == UNIT_IR) {
        char *text = LLVMPrintModuleToString(x->u.mod);
        buf_puts(x->text, text);
        LLVMDisposeMessage(text);
        return verified(x);
    }
    if (!generate(x, x->form == UNIT_ASM ? LLVMAssemblyFile : LLVMObjectFile))
        return false;
    const char *at = LLVMGetBufferStart(x->object);
    size_t n = LLVMGetBufferSize(x->object);
    if (x->form == UNIT_OBJECT && !elf_stands_alone(x->tmp, at, n, x->why))
        return false;
    buf_put(x->text, at, n);
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

/* ---- parts, and who compiles them ---- */

/* What the workers share: the parts, and which is next. */
struct parts { struct batch *part; u32 n; atomic_uint next; };
struct worker { struct parts *all; LLVMTargetMachineRef tm; pthread_t thread; bool started; };

static void *compile_parts(void *at)
{
    struct worker *w = at;
    for (u32 p; (p = atomic_fetch_add(&w->all->next, 1)) < w->all->n;) {
        struct batch *x = &w->all->part[p];
        x->tm = w->tm;
        x->ok = guarded(x, compile);
        batch_finish(x);
    }
    return NULL;
}

/* Each function to the part that has least so far, the parts' sizes as even as can be. */
static void share_out(struct be *be, struct arena *tmp, struct parts *all, u32 n, const struct loop_fn *const *fn, struct be_code *out)
{
    u32 most = all->n ? MIN(n, 4 * ((n + all->n - 1) / all->n)) : 0;
    for (u32 p = 0; p < all->n; p++)
        all->part[p] = (struct batch){ .be = be, .why = NEW(tmp, struct buf), .fn = NEW_ARRAY(tmp, const struct loop_fn *, most),
                                       .name = NEW_ARRAY(tmp, const char *, most), .code = NEW_ARRAY(tmp, struct be_code *, most) };
    for (u32 i = 0; i < n; i++) {
        struct batch *x = NULL;
        for (u32 k = 0; k < all->n; k++)
            if (all->part[k].n < most && (!x || all->part[k].values < x->values))
                x = &all->part[k];
        x->values += fn[i]->val.n;
        x->fn[x->n] = fn[i];
        x->code[x->n] = &out[i];
        x->name[x->n++] = arena_printf(tmp, "nasc_k%llu", (unsigned long long)be->nkernel++);
        out[i] = (struct be_code){ 0 };
    }
}

static bool take_images(struct batch *x, struct arena *a, enum image_by by, bool *alone)
{
    struct be_image *image = NEW_ARRAY(a, struct be_image, x->n);
    if (elf_images(a, LLVMGetBufferStart(x->object), LLVMGetBufferSize(x->object), x->n, x->name, by, image, alone, x->why) != IMAGE_DONE)
        return false;
    for (u32 i = 0; i < x->n; i++) {
        x->code[i]->image = image[i];
        x->code[i]->code_bytes = image[i].bytes;
    }
    return true;
}

static bool images(struct batch *x, struct arena *a)
{
    bool *alone = NEW_ARRAY(a, bool, x->n), no;
    if (!elf_object_ours(LLVMGetBufferStart(x->object), LLVMGetBufferSize(x->object)))
        return load_by_llvm(x);
    bool ok = take_images(x, a, IMAGE_BY_GRID, alone);
    for (u32 i = 0; i < x->n && ok; i++) {
        struct batch one = { .be = x->be, .tm = x->be->tm[0], .why = x->why, .n = 1, .fn = &x->fn[i], .name = &x->name[i], .code = &x->code[i], .values = x->fn[i]->val.n };
        if (alone[i])
            ok = guarded(&one, compile) && take_images(&one, a, IMAGE_WHOLE, &no);
        batch_close(&one);
    }
    return ok;
}

static bool llvm_compile(struct be *be, u32 n, const struct loop_fn *const *fn, struct be_code *out, struct arena *a, struct buf *why)
{
    u32 workers = MAX(MIN(MIN(be->m.cores, MOST_WORKERS), n / LEAST_PER_PART), 1);
    struct arena *tmp = arena_new("pass");
    struct parts all = { .n = MAX((n + MOST_PER_PART - 1) / MOST_PER_PART, n ? workers : 0) };
    struct worker w[MOST_WORKERS] = { 0 };
    all.part = NEW_ARRAY(tmp, struct batch, all.n + 1);
    share_out(be, tmp, &all, n, fn, out);
    for (u32 k = 0; k < workers; k++) {
        w[k] = (struct worker){ .all = &all, .tm = machine(be, k) };
        w[k].started = k && w[k].tm && pthread_create(&w[k].thread, NULL, compile_parts, &w[k]) == 0;
    }
    compile_parts(&w[0]);
    for (u32 k = 1; k < workers; k++)
        if (w[k].started)
            pthread_join(w[k].thread, NULL);
    bool ok = true;
    for (u32 p = 0; p < all.n; p++) {
        struct batch *x = &all.part[p];
        ok = ok && x->ok && images(x, a);
        if (x->why->n && !ok)
            buf_puts(why, x->why->at);
        buf_free(x->why);
        batch_close(x);
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

static bool llvm_unit_bytes(struct be *be, const struct unit *u, enum unit_form form, struct buf *out, struct buf *why)
{
    struct batch x = { .be = be, .tm = be->tm[0], .why = why, .unit = u, .form = form, .text = out };
    bool ok = guarded(&x, emit_unit);
    batch_close(&x);
    return ok;
}

extern const struct backend nasc_backend;
const struct backend nasc_backend = {
    .abi = BACKEND_ABI, .name = "llvm", .about = "compiles loop IR with LLVM for this machine", .version = llvm_version,
    .open = llvm_open, .close = llvm_close, .can = llvm_can, .compile = llvm_compile, .text = llvm_text, .forms = 1u << UNIT_OBJECT | 1u << UNIT_ASM | 1u << UNIT_IR, .emit = llvm_unit_bytes,
};
