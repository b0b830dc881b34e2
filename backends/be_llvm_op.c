/* be_llvm_op.c - operations of loop IR as LLVM instructions.
 *
 * In: a statement whose arguments have values.  Out: its value.  Holds: the meaning of loop.def to the bit, so no fast-math flags
 * anywhere, minima and maxima by comparison, saturating conversions, reductions by halves in the stated order. */
#include "backends/be_llvm.h"

#include "compiler/ir/op.h"

static struct ltype type_of(const struct llvm_fn *lf, lval v)
{
    return lf->f->val.at[v];
}

LLVMTypeRef llvm_type(const struct llvm_unit *u, struct ltype t)
{
    LLVMTypeRef s;
    switch ((enum dtype)t.dtype) {
    case DT_F64: s = LLVMDoubleTypeInContext(u->ctx); break;
    case DT_F32: s = LLVMFloatTypeInContext(u->ctx); break;
    case DT_F16: case DT_BF16: s = LLVMInt16TypeInContext(u->ctx); break;
    case DT_I64: s = u->i64; break;
    case DT_I32: s = u->i32; break;
    case DT_I8: case DT_U8: s = u->i8; break;
    case DT_BOOL: s = u->i1; break;
    default: BUG("no such dtype %d", t.dtype);
    }
    return t.lanes == 1 ? s : LLVMVectorType(s, t.lanes);
}

static LLVMValueRef splat_constant(LLVMValueRef c, u32 lanes)
{
    LLVMValueRef all[LOOP_LANES];
    if (lanes == 1)
        return c;
    for (u32 k = 0; k < lanes; k++)
        all[k] = c;
    return LLVMConstVector(all, lanes);
}

LLVMValueRef llvm_splat_int(const struct llvm_unit *u, struct ltype t, i64 v)
{
    return splat_constant(LLVMConstInt(llvm_type(u, (struct ltype){ t.dtype, 1 }), (u64)v, true), t.lanes);
}

LLVMValueRef llvm_intrinsic(const struct llvm_unit *u, const char *name, LLVMTypeRef *over, u32 nover)
{
    unsigned id = LLVMLookupIntrinsicID(name, strlen(name));
    CHECK(id);
    return LLVMGetIntrinsicDeclaration(u->mod, id, over, nover);
}

LLVMValueRef llvm_call(const struct llvm_unit *u, LLVMValueRef callee, LLVMValueRef *arg, u32 n)
{
    return LLVMBuildCall2(u->b, LLVMGlobalGetValueType(callee), callee, arg, n, "");
}

/* An intrinsic over one type, all of whose arguments have it. */
static LLVMValueRef same_type(const struct llvm_unit *u, const char *name, LLVMValueRef *arg, u32 n)
{
    LLVMTypeRef t = LLVMTypeOf(arg[0]);
    return llvm_call(u, llvm_intrinsic(u, name, &t, 1), arg, n);
}

static LLVMValueRef choose(const struct llvm_unit *u, LLVMValueRef is, LLVMValueRef x, LLVMValueRef y)
{
    return LLVMBuildSelect(u->b, is, x, y, "");
}

/* Which zero does v hold in all lanes: 1 for 0, -1 for -0, or neither? */
static int which_zero(LLVMValueRef v, LLVMTypeRef one, u32 lanes)
{
    return LLVMIsNull(v) ? 1 : v == splat_constant(LLVMConstReal(one, -0.0), lanes) ? -1 : 0;
}

/* Beside a constant zero, LLVM selects minnum and maxnum of AArch64 and RISC-V, which order -0 before 0.  Where that is another zero than ours, x < 0
 * is said as x <= -d, d the least number there is, and x > 0 as x >= d.  NULL: no such case. */
static LLVMValueRef beside_zero(const struct llvm_unit *u, bool least, LLVMValueRef a, LLVMValueRef b)
{
    LLVMTypeRef t = LLVMTypeOf(a), one = LLVMGetTypeKind(t) == LLVMVectorTypeKind ? LLVMGetElementType(t) : t;
    u32 lanes = one == t ? 1 : LLVMGetVectorSize(t);
    LLVMTypeKind kind = LLVMGetTypeKind(one);
    if (u->m->isa == ISA_X86_64 || (kind != LLVMFloatTypeKind && kind != LLVMDoubleTypeKind))
        return NULL;
    bool second = which_zero(b, one, lanes) == (least ? 1 : -1), first = which_zero(a, one, lanes) == (least ? -1 : 1);
    if (first == second)
        return NULL;
    bool below = least == second;       /* is the other one below 0? */
    LLVMValueRef d = splat_constant(LLVMConstReal(one, (below ? -1 : 1) * (kind == LLVMFloatTypeKind ? 0x1p-149 : 0x1p-1074)), lanes);
    return LLVMBuildFCmp(u->b, below ? LLVMRealOLE : LLVMRealOGE, second ? a : b, d, "");
}

/* a < b ? a : b and a > b ? a : b */
static LLVMValueRef extreme(const struct llvm_unit *u, bool least, bool is_float, LLVMValueRef a, LLVMValueRef b)
{
    LLVMValueRef zero = is_float ? beside_zero(u, least, a, b) : NULL;
    LLVMValueRef is = zero ? zero : is_float ? LLVMBuildFCmp(u->b, least ? LLVMRealOLT : LLVMRealOGT, a, b, "")
                               : LLVMBuildICmp(u->b, least ? LLVMIntSLT : LLVMIntSGT, a, b, "");
    return choose(u, is, a, b);
}

/* ---- integers ---- */

static bool constant_power_of_two(LLVMValueRef v, u32 *shift)
{
    if (!LLVMIsAConstantInt(v))
        return false;
    i64 k = LLVMConstIntGetSExtValue(v);
    if (k <= 0 || (k & (k - 1)))
        return false;
    *shift = (u32)__builtin_ctzll((u64)k);
    return true;
}

/* Floored, divisor above 0. */
static LLVMValueRef divide(const struct llvm_unit *u, struct ltype t, bool quotient, LLVMValueRef a, LLVMValueRef b)
{
    u32 shift;
    if (constant_power_of_two(b, &shift))
        return quotient ? LLVMBuildAShr(u->b, a, LLVMConstInt(LLVMTypeOf(a), shift, false), "")
                        : LLVMBuildAnd(u->b, a, LLVMConstInt(LLVMTypeOf(a), ((u64)1 << shift) - 1, false), "");
    LLVMValueRef zero = llvm_splat_int(u, t, 0), r = LLVMBuildSRem(u->b, a, b, ""), below = LLVMBuildICmp(u->b, LLVMIntSLT, r, zero, "");
    if (!quotient)
        return choose(u, below, LLVMBuildAdd(u->b, r, b, ""), r);
    LLVMValueRef q = LLVMBuildSDiv(u->b, a, b, "");
    return choose(u, below, LLVMBuildSub(u->b, q, llvm_splat_int(u, t, 1), ""), q);
}

/* ---- casts ---- */

static u32 int_bits(enum dtype d)
{
    return dtype_bytes(d) * 8;
}

/* Integer to integer: what does not fit saturates. u8 is widened first, so that all is signed. */
static LLVMValueRef cast_int(const struct llvm_unit *u, struct ltype from, struct ltype to, LLVMValueRef x)
{
    LLVMTypeRef target = llvm_type(u, to);
    u32 bits = int_bits((enum dtype)from.dtype), want = int_bits((enum dtype)to.dtype);
    if (from.dtype == DT_U8) {
        LLVMTypeRef wide = LLVMInt16TypeInContext(u->ctx);
        x = LLVMBuildZExt(u->b, x, from.lanes == 1 ? wide : LLVMVectorType(wide, from.lanes), "");
        bits = 16;
    }
    i64 most = to.dtype == DT_U8 ? 255 : (i64)(((u64)1 << (want - 1)) - 1), least = to.dtype == DT_U8 ? 0 : -most - 1;
    LLVMTypeRef one = bits == 16 ? LLVMInt16TypeInContext(u->ctx) : llvm_type(u, (struct ltype){ from.dtype, 1 });
    if (want < bits)
        x = extreme(u, true, false, x, splat_constant(LLVMConstInt(one, (u64)most, true), to.lanes));
    if (want < bits || to.dtype == DT_U8)
        x = extreme(u, false, false, x, splat_constant(LLVMConstInt(one, (u64)least, true), to.lanes));
    return want < bits ? LLVMBuildTrunc(u->b, x, target, "") : want > bits ? LLVMBuildSExt(u->b, x, target, "") : x;
}

/* bf16 is the upper half of an f32, rounded to even by hand; a NaN keeps a bit. */
static LLVMValueRef bf16_of(const struct llvm_unit *u, u32 lanes, LLVMValueRef x)
{
    const struct ltype word = { DT_I32, (u16)lanes }, half = { DT_BF16, (u16)lanes };
    LLVMValueRef b = LLVMBuildBitCast(u->b, x, llvm_type(u, word), ""), nan = LLVMBuildFCmp(u->b, LLVMRealUNO, x, x, "");
    LLVMValueRef s16 = llvm_splat_int(u, word, 16), top = LLVMBuildLShr(u->b, b, s16, "");
    LLVMValueRef up = LLVMBuildAdd(u->b, LLVMBuildAnd(u->b, top, llvm_splat_int(u, word, 1), ""), llvm_splat_int(u, word, 0x7fff), "");
    LLVMValueRef rounded = LLVMBuildLShr(u->b, LLVMBuildAdd(u->b, b, up, ""), s16, "");
    LLVMValueRef quiet = LLVMBuildOr(u->b, top, llvm_splat_int(u, word, 0x40), "");
    return LLVMBuildTrunc(u->b, choose(u, nan, quiet, rounded), llvm_type(u, half), "");
}

/* Does the processor convert f16? Else LLVM would call a library. */
static bool has_f16(const struct llvm_unit *u, u32 lanes)
{
    return u->m->isa == ISA_AARCH64 || mach_has(u->m, u->m->isa == ISA_X86_64 ? "f16c" : lanes > 1 ? "zvfhmin" : "zfhmin");
}

/* Eight operations on integers each way.  f16 to f32: exponents move by 112; what is below them, times 2^-24. */
static LLVMValueRef f32_of_f16(const struct llvm_unit *u, u32 lanes, LLVMValueRef x)
{
    const struct ltype word = { DT_I32, (u16)lanes }, real = { DT_F32, (u16)lanes };
    LLVMBuilderRef B = u->b;
    LLVMTypeRef w = llvm_type(u, word), f = llvm_type(u, real);
    LLVMValueRef h = LLVMBuildZExt(B, x, w, ""), size = LLVMBuildAnd(B, h, llvm_splat_int(u, word, 0x7fff), "");
    LLVMValueRef sign = LLVMBuildShl(B, LLVMBuildAnd(B, h, llvm_splat_int(u, word, 0x8000), ""), llvm_splat_int(u, word, 16), "");
    LLVMValueRef up = LLVMBuildShl(B, size, llvm_splat_int(u, word, 13), "");
    LLVMValueRef least = LLVMBuildBitCast(B, llvm_splat_int(u, word, 0x33800000), f, "");       /* 2^-24 */
    LLVMValueRef small = LLVMBuildBitCast(B, LLVMBuildFMul(B, LLVMBuildSIToFP(B, size, f, ""), least, ""), w, "");
    LLVMValueRef other = LLVMBuildOr(B, up, llvm_splat_int(u, word, 0x7f800000), ""), usual = LLVMBuildAdd(B, up, llvm_splat_int(u, word, 112 << 23), "");
    LLVMValueRef is_small = LLVMBuildICmp(B, LLVMIntSLT, size, llvm_splat_int(u, word, 0x400), "");
    LLVMValueRef is_usual = LLVMBuildICmp(B, LLVMIntSLT, size, llvm_splat_int(u, word, 0x7c00), "");
    return LLVMBuildBitCast(B, LLVMBuildOr(B, choose(u, is_small, small, choose(u, is_usual, usual, other)), sign, ""), f, "");
}

/* f32 to f16, to even: exponents move, half a unit and the last bit are added; below 2^-14 adding 0.5 rounds. */
static LLVMValueRef f16_of_f32(const struct llvm_unit *u, u32 lanes, LLVMValueRef x)
{
    const struct ltype word = { DT_I32, (u16)lanes }, real = { DT_F32, (u16)lanes }, half = { DT_F16, (u16)lanes };
    LLVMBuilderRef B = u->b;
    LLVMTypeRef w = llvm_type(u, word), f = llvm_type(u, real);
    LLVMValueRef b = LLVMBuildBitCast(B, x, w, ""), size = LLVMBuildAnd(B, b, llvm_splat_int(u, word, 0x7fffffff), "");
    LLVMValueRef sign = LLVMBuildAnd(B, LLVMBuildLShr(B, b, llvm_splat_int(u, word, 16), ""), llvm_splat_int(u, word, 0x8000), "");
    LLVMValueRef top = LLVMBuildLShr(B, size, llvm_splat_int(u, word, 13), "");
    LLVMValueRef add = LLVMBuildAdd(B, LLVMBuildAnd(B, top, llvm_splat_int(u, word, 1), ""), llvm_splat_int(u, word, 0xfff - (112 << 23)), "");
    LLVMValueRef usual = LLVMBuildLShr(B, LLVMBuildAdd(B, size, add, ""), llvm_splat_int(u, word, 13), "");
    LLVMValueRef one_half = llvm_splat_int(u, word, 0x3f000000);
    LLVMValueRef sum = LLVMBuildFAdd(B, LLVMBuildBitCast(B, size, f, ""), LLVMBuildBitCast(B, one_half, f, ""), "");
    LLVMValueRef small = LLVMBuildSub(B, LLVMBuildBitCast(B, sum, w, ""), one_half, "");
    LLVMValueRef nan = LLVMBuildOr(B, LLVMBuildAnd(B, top, llvm_splat_int(u, word, 0x3ff), ""), llvm_splat_int(u, word, 0x7e00), "");
    LLVMValueRef is_nan = LLVMBuildICmp(B, LLVMIntSGT, size, llvm_splat_int(u, word, 0x7f800000), "");
    LLVMValueRef is_large = LLVMBuildICmp(B, LLVMIntSGE, size, llvm_splat_int(u, word, 0x477ff000), "");
    LLVMValueRef is_small = LLVMBuildICmp(B, LLVMIntSLT, size, llvm_splat_int(u, word, 0x38800000), "");
    LLVMValueRef v = choose(u, is_small, small, choose(u, is_large, llvm_splat_int(u, word, 0x7c00), usual));
    return LLVMBuildTrunc(B, LLVMBuildOr(B, choose(u, is_nan, nan, v), sign, ""), llvm_type(u, half), "");
}

static LLVMValueRef cast_16(const struct llvm_unit *u, struct ltype from, struct ltype to, LLVMValueRef x)
{
    LLVMTypeRef halfs = LLVMHalfTypeInContext(u->ctx), target = llvm_type(u, to);
    if (to.lanes > 1)
        halfs = LLVMVectorType(halfs, to.lanes);
    if ((to.dtype == DT_F16 || from.dtype == DT_F16) && !has_f16(u, to.lanes))
        return to.dtype == DT_F16 ? f16_of_f32(u, to.lanes, x) : f32_of_f16(u, to.lanes, x);
    if (to.dtype == DT_F16)
        return LLVMBuildBitCast(u->b, LLVMBuildFPTrunc(u->b, x, halfs, ""), target, "");
    if (from.dtype == DT_F16)
        return LLVMBuildFPExt(u->b, LLVMBuildBitCast(u->b, x, halfs, ""), target, "");
    if (to.dtype == DT_BF16)
        return bf16_of(u, to.lanes, x);
    const struct ltype word = { DT_I32, to.lanes };
    LLVMValueRef b = LLVMBuildZExt(u->b, x, llvm_type(u, word), "");
    return LLVMBuildBitCast(u->b, LLVMBuildShl(u->b, b, llvm_splat_int(u, word, 16), ""), target, "");
}

/* Is x a number that rounding has made whole? */
static bool is_whole(LLVMValueRef x)
{
    if (!LLVMIsACallInst(x))
        return false;
    size_t n;
    const char *name = LLVMGetValueName2(LLVMGetCalledValue(x), &n);
    return strncmp(name, "llvm.roundeven.", 15) == 0 || strncmp(name, "llvm.floor.", 11) == 0;
}

/* RVV's conversion, f32 to i32 or f64 to i64: saturates by itself.  Not its form that always truncates (nor one that LLVM takes for that): QEMU 7.2,
 * Debian 12's, ends with an assertion where it translates it.  So: down from 0 on, up below; whole numbers as they are. */
static LLVMValueRef to_int_rvv(const struct llvm_unit *u, u32 lanes, u32 bits, LLVMTypeRef target, LLVMValueRef x)
{
    enum { DOWN = 2, UP = 3, ANY = 7 };
    u32 per = MAX(lanes * 64 / u->m->least_bits, 64 / bits);       /* elements for each 64 bits of the least length */
    LLVMTypeRef floats = LLVMScalableVectorType(LLVMGetElementType(LLVMTypeOf(x)), per), ints = LLVMScalableVectorType(LLVMGetElementType(target), per);
    LLVMTypeRef in[2] = { floats, LLVMTypeOf(x) }, over[3] = { ints, floats, u->i64 }, back[2] = { target, ints };
    LLVMValueRef zero = LLVMConstNull(u->i64), wide[3] = { LLVMGetPoison(floats), x, zero }, r[2] = { NULL };
    LLVMValueRef from = llvm_call(u, llvm_intrinsic(u, "llvm.vector.insert", in, 2), wide, 3);
    bool whole = is_whole(x);
    for (u32 k = 0; k < (whole ? 1u : 2u); k++) {
        LLVMValueRef arg[4] = { LLVMGetPoison(ints), from, LLVMConstInt(u->i64, whole ? ANY : k ? UP : DOWN, false), LLVMConstInt(u->i64, lanes, false) };
        LLVMValueRef part[2] = { llvm_call(u, llvm_intrinsic(u, "llvm.riscv.vfcvt.x.f.v", over, 3), arg, 4), zero };
        r[k] = llvm_call(u, llvm_intrinsic(u, "llvm.vector.extract", back, 2), part, 2);
    }
    LLVMValueRef none = LLVMConstNull(LLVMTypeOf(x));
    LLVMValueRef v = whole ? r[0] : choose(u, LLVMBuildFCmp(u->b, LLVMRealOLT, x, none, ""), r[1], r[0]);
    return choose(u, LLVMBuildFCmp(u->b, LLVMRealORD, x, x, ""), v, LLVMConstNull(target));
}

/* Toward zero, saturating, NaN becomes 0. */
static LLVMValueRef to_int(const struct llvm_unit *u, struct ltype from, struct ltype to, LLVMTypeRef target, LLVMValueRef x)
{
    if (u->m->isa == ISA_RISCV64 && from.lanes > 1 && u->m->least_bits) {
        /* Through as many bits as the floats have, at most eight registers at a time. */
        struct ltype wide = { to.dtype == DT_I64 ? DT_F64 : from.dtype, from.lanes }, ints = { wide.dtype == DT_F64 ? DT_I64 : DT_I32, from.lanes };
        u32 bits = wide.dtype == DT_F64 ? 64 : 32;
        if (wide.lanes * bits <= 8 * u->m->least_bits) {
            if (wide.dtype != from.dtype)
                x = LLVMBuildFPExt(u->b, x, llvm_type(u, wide), "");
            x = to_int_rvv(u, wide.lanes, bits, llvm_type(u, ints), x);
            return ints.dtype == to.dtype ? x : cast_int(u, ints, to, x);
        }
    }
    if (u->m->isa == ISA_RISCV64 && from.lanes > 1) {
        LLVMValueRef r = LLVMGetPoison(target);
        for (u32 i = 0; i < from.lanes; i++) {
            LLVMValueRef lane = LLVMConstInt(u->i32, i, false), v = LLVMBuildExtractElement(u->b, x, lane, "");
            v = to_int(u, (struct ltype){ from.dtype, 1 }, (struct ltype){ to.dtype, 1 }, LLVMGetElementType(target), v);
            r = LLVMBuildInsertElement(u->b, r, v, lane, "");
        }
        return r;
    }
    LLVMTypeRef over[2] = { target, LLVMTypeOf(x) };
    return llvm_call(u, llvm_intrinsic(u, to.dtype == DT_U8 ? "llvm.fptoui.sat" : "llvm.fptosi.sat", over, 2), &x, 1);
}

static LLVMValueRef cast_value(const struct llvm_unit *u, struct ltype from, struct ltype to, LLVMValueRef x)
{
    LLVMTypeRef target = llvm_type(u, to);
    bool ff = dtype_is_float((enum dtype)from.dtype), tf = dtype_is_float((enum dtype)to.dtype);
    if (from.dtype == DT_F16 || from.dtype == DT_BF16 || to.dtype == DT_F16 || to.dtype == DT_BF16)
        return cast_16(u, from, to, x);
    if (to.dtype == DT_BOOL)
        return ff ? LLVMBuildFCmp(u->b, LLVMRealUNE, x, LLVMConstNull(LLVMTypeOf(x)), "")
                  : LLVMBuildICmp(u->b, LLVMIntNE, x, LLVMConstNull(LLVMTypeOf(x)), "");
    if (from.dtype == DT_BOOL)
        return tf ? LLVMBuildUIToFP(u->b, x, target, "") : LLVMBuildZExt(u->b, x, target, "");
    if (ff && tf)
        return from.dtype == DT_F32 ? LLVMBuildFPExt(u->b, x, target, "") : LLVMBuildFPTrunc(u->b, x, target, "");
    if (ff)
        return to_int(u, from, to, target, x);
    if (tf)
        return from.dtype == DT_U8 ? LLVMBuildUIToFP(u->b, x, target, "") : LLVMBuildSIToFP(u->b, x, target, "");
    return cast_int(u, from, to, x);
}

/* ---- vector shapes ---- */

static LLVMValueRef lane_number(const struct llvm_unit *u, u32 k)
{
    return LLVMConstInt(u->i32, k, false);
}

static LLVMValueRef splat(const struct llvm_unit *u, struct ltype t, LLVMValueRef x)
{
    if (LLVMIsConstant(x))
        return splat_constant(x, t.lanes);
    LLVMValueRef v = LLVMGetPoison(llvm_type(u, t));
    v = LLVMBuildInsertElement(u->b, v, x, lane_number(u, 0), "");
    return LLVMBuildShuffleVector(u->b, v, LLVMGetPoison(llvm_type(u, t)), LLVMConstNull(LLVMVectorType(u->i32, t.lanes)), "");
}

static LLVMValueRef iota(const struct llvm_unit *u, struct ltype t)
{
    LLVMValueRef k[LOOP_LANES];
    for (u32 i = 0; i < t.lanes; i++)
        k[i] = LLVMConstInt(llvm_type(u, (struct ltype){ t.dtype, 1 }), i, false);
    return LLVMConstVector(k, t.lanes);
}

static LLVMValueRef part(const struct llvm_unit *u, LLVMValueRef v, u32 from, u32 n)
{
    LLVMValueRef k[LOOP_LANES];
    for (u32 i = 0; i < n; i++)
        k[i] = lane_number(u, from + i);
    return LLVMBuildShuffleVector(u->b, v, LLVMGetPoison(LLVMTypeOf(v)), LLVMConstVector(k, n), "");
}

static LLVMValueRef combine(const struct llvm_unit *u, bool is_float, u32 red, LLVMValueRef a, LLVMValueRef b)
{
    switch (red) {
    case RED_ADD: return is_float ? LLVMBuildFAdd(u->b, a, b, "") : LLVMBuildAdd(u->b, a, b, "");
    case RED_MUL: return is_float ? LLVMBuildFMul(u->b, a, b, "") : LLVMBuildMul(u->b, a, b, "");
    default: return extreme(u, red == RED_MIN, is_float, a, b);
    }
}

static LLVMValueRef reduce(const struct llvm_unit *u, struct ltype t, u32 red, LLVMValueRef v)
{
    bool is_float = dtype_is_float((enum dtype)t.dtype);
    u32 n = t.lanes;
    for (; n > 2; n /= 2)
        v = combine(u, is_float, red, part(u, v, 0, n / 2), part(u, v, n / 2, n / 2));
    return combine(u, is_float, red, LLVMBuildExtractElement(u->b, v, lane_number(u, 0), ""), LLVMBuildExtractElement(u->b, v, lane_number(u, 1), ""));
}

/* ---- all ---- */

LLVMValueRef llvm_op(struct llvm_fn *lf, const struct loop_stmt *s)
{
    const struct llvm_unit *u = lf->u;
    LLVMBuilderRef B = u->b;
    struct ltype t = type_of(lf, s->res), at = s->narg ? type_of(lf, s->arg[0]) : t;
    LLVMValueRef x[3] = { 0 };
    for (u32 i = 0; i < s->narg; i++)
        x[i] = lf->val[s->arg[i]];
    switch ((enum loop_op)s->op) {
    case LO_ICONST: return llvm_splat_int(u, t, s->i);
    case LO_FCONST: return splat_constant(LLVMConstReal(llvm_type(u, (struct ltype){ t.dtype, 1 }), s->r), t.lanes);
    case LO_SYM: return lf->sym[s->u];
    case LO_TAB: {
        LLVMValueRef p = LLVMBuildInBoundsGEP2(B, u->i32, lf->tab[s->u], x, 1, "");
        return LLVMBuildSExt(B, LLVMBuildLoad2(B, u->i32, p, ""), u->i64, "");
    }
    case LO_IADD: return LLVMBuildAdd(B, x[0], x[1], "");
    case LO_ISUB: return LLVMBuildSub(B, x[0], x[1], "");
    case LO_IMUL: return LLVMBuildMul(B, x[0], x[1], "");
    case LO_IDIV: return divide(u, t, true, x[0], x[1]);
    case LO_IMOD: return divide(u, t, false, x[0], x[1]);
    case LO_IMIN: return extreme(u, true, false, x[0], x[1]);
    case LO_IMAX: return extreme(u, false, false, x[0], x[1]);
    case LO_ILT: return LLVMBuildICmp(B, LLVMIntSLT, x[0], x[1], "");
    case LO_ILE: return LLVMBuildICmp(B, LLVMIntSLE, x[0], x[1], "");
    case LO_IEQ: return LLVMBuildICmp(B, LLVMIntEQ, x[0], x[1], "");
    case LO_FADD: return LLVMBuildFAdd(B, x[0], x[1], "");
    case LO_FSUB: return LLVMBuildFSub(B, x[0], x[1], "");
    case LO_FMUL: return LLVMBuildFMul(B, x[0], x[1], "");
    case LO_FDIV: return LLVMBuildFDiv(B, x[0], x[1], "");
    case LO_FMA: return same_type(u, "llvm.fma", x, 3);
    case LO_FNEG: return LLVMBuildFNeg(B, x[0], "");
    case LO_FABS: return same_type(u, "llvm.fabs", x, 1);
    case LO_FMIN: return extreme(u, true, true, x[0], x[1]);
    case LO_FMAX: return extreme(u, false, true, x[0], x[1]);
    case LO_FSQRT: return same_type(u, "llvm.sqrt", x, 1);
    case LO_FFLOOR: return same_type(u, "llvm.floor", x, 1);
    case LO_FROUND: return same_type(u, "llvm.roundeven", x, 1);
    case LO_FLT: return LLVMBuildFCmp(B, LLVMRealOLT, x[0], x[1], "");
    case LO_FLE: return LLVMBuildFCmp(B, LLVMRealOLE, x[0], x[1], "");
    case LO_FEQ: return LLVMBuildFCmp(B, LLVMRealOEQ, x[0], x[1], "");
    case LO_FNE: return LLVMBuildFCmp(B, LLVMRealUNE, x[0], x[1], "");
    case LO_AND: return LLVMBuildAnd(B, x[0], x[1], "");
    case LO_OR: return LLVMBuildOr(B, x[0], x[1], "");
    case LO_NOT: return LLVMBuildNot(B, x[0], "");
    case LO_SELECT: return choose(u, x[0], x[1], x[2]);
    case LO_SPLAT: return splat(u, t, x[0]);
    case LO_IOTA: return iota(u, t);
    case LO_REDUCE: return reduce(u, at, s->u, x[0]);
    case LO_LANE: return LLVMBuildExtractElement(B, x[0], lane_number(u, s->u), "");
    case LO_INSERT: return LLVMBuildInsertElement(B, x[0], x[1], lane_number(u, s->u), "");
    case LO_CAST: return cast_value(u, at, t, x[0]);
    case LO_BITS: return LLVMBuildBitCast(B, x[0], llvm_type(u, t), "");
    case LO_BSHL: return LLVMBuildShl(B, x[0], x[1], "");
    case LO_BSHR: return LLVMBuildAShr(B, x[0], x[1], "");
    case LO_BAND: return LLVMBuildAnd(B, x[0], x[1], "");
    case LO_BOR: return LLVMBuildOr(B, x[0], x[1], "");
    default: return NULL;
    }
}
