/* be_llvm_cpu.c - nasc.cpu: has this x86-64 processor the features that the module's code uses?
 *
 *     nasc.cpu():   CPUID of 0x7, 0 is answered, ebx & 0x29 == 0x29, ..; XCR0 & 0x6 == 0x6 ? 1 : 0
 *
 * It is itself code for any x86-64, as is what calls it.  On other instruction sets only the operating system knows. */
#include "backends/be_llvm.h"

struct ask { struct llvm_unit *u; LLVMValueRef fn; LLVMBasicBlockRef no; };

void llvm_plain_attributes(struct llvm_unit *u, LLVMValueRef fn)
{
    static const char key[] = "target-cpu", any[] = "x86-64";
    LLVMAddAttributeAtIndex(fn, (LLVMAttributeIndex)LLVMAttributeFunctionIndex,
                            LLVMCreateStringAttribute(u->ctx, key, sizeof key - 1, any, sizeof any - 1));
    LLVMAddAttributeAtIndex(fn, (LLVMAttributeIndex)LLVMAttributeFunctionIndex,
                            LLVMCreateEnumAttribute(u->ctx, LLVMGetEnumAttributeKindForName("nounwind", 8), 0));
}

static LLVMValueRef number(const struct ask *q, u32 v)
{
    return LLVMConstInt(q->u->i32, v, false);
}

/* The instruction with its inputs; {eax, ebx, ecx, edx} or {eax, edx}. */
static LLVMValueRef instruction(const struct ask *q, const char *text, const char *where, u32 nout, LLVMValueRef *arg, u32 narg)
{
    LLVMTypeRef i = q->u->i32, out[] = { i, i, i, i }, in[] = { i, i };
    LLVMTypeRef type = LLVMFunctionType(LLVMStructTypeInContext(q->u->ctx, out, nout, false), in, narg, false);
    LLVMValueRef code = LLVMGetInlineAsm(type, text, strlen(text), where, strlen(where), true, false, LLVMInlineAsmDialectATT, false);
    return LLVMBuildCall2(q->u->b, type, code, arg, narg, "");
}

static LLVMValueRef cpuid(const struct ask *q, u32 leaf, u32 sub)
{
    LLVMValueRef arg[] = { number(q, leaf), number(q, sub) };
    return instruction(q, "cpuid", "={ax},={bx},={cx},={dx},{ax},{cx},~{dirflag},~{fpsr},~{flags}", 4, arg, 2);
}

/* On where the condition holds; else the answer is no. */
static void demand(const struct ask *q, LLVMValueRef holds)
{
    LLVMBasicBlockRef on = LLVMAppendBasicBlockInContext(q->u->ctx, q->fn, "");
    LLVMBuildCondBr(q->u->b, holds, on, q->no);
    LLVMPositionBuilderAtEnd(q->u->b, on);
}

static void demand_bits(const struct ask *q, LLVMValueRef regs, u32 reg, u32 bits)
{
    LLVMBuilderRef b = q->u->b;
    LLVMValueRef has = LLVMBuildAnd(b, LLVMBuildExtractValue(b, regs, reg, ""), number(q, bits), "");
    if (bits)
        demand(q, LLVMBuildICmp(b, LLVMIntEQ, has, number(q, bits), ""));
}

LLVMValueRef llvm_cpu(struct llvm_unit *u)
{
    struct mach_cpuid row[MACH_CPUID];
    u32 saved, n = mach_cpuid(u->m, row, &saved);
    LLVMBuilderRef b = u->b;
    LLVMTypeRef type = LLVMFunctionType(u->i32, NULL, 0, false);
    if (!n)
        return NULL;
    struct ask q = { .u = u, .fn = LLVMAddFunction(u->mod, "nasc.cpu", type) };
    LLVMSetLinkage(q.fn, LLVMInternalLinkage);
    llvm_plain_attributes(u, q.fn);
    LLVMPositionBuilderAtEnd(b, LLVMAppendBasicBlockInContext(u->ctx, q.fn, ""));
    q.no = LLVMAppendBasicBlockInContext(u->ctx, q.fn, "");
    for (u32 i = 0; i < n; i++) {
        LLVMValueRef last = LLVMBuildExtractValue(b, cpuid(&q, row[i].leaf & 0x80000000u, 0), 0, "");
        demand(&q, LLVMBuildICmp(b, LLVMIntUGE, last, number(&q, row[i].leaf), ""));
        LLVMValueRef regs = cpuid(&q, row[i].leaf, row[i].sub);
        for (u32 r = 0; r < 4; r++)
            demand_bits(&q, regs, r, row[i].want[r]);
    }
    if (saved) {
        LLVMValueRef zero = number(&q, 0);
        demand_bits(&q, instruction(&q, "xgetbv", "={ax},={dx},{cx},~{dirflag},~{fpsr},~{flags}", 2, &zero, 1), 0, saved);
    }
    LLVMBuildRet(b, number(&q, 1));
    LLVMPositionBuilderAtEnd(b, q.no);
    LLVMBuildRet(b, number(&q, 0));
    return q.fn;
}
