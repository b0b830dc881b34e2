/* be_llvm_ir.c - a loop function as an LLVM function: structure, memory, arguments.
 *
 * In: a verified, legalized function.  Out: void f(ptr args, i64 lo, i64 hi, ptr scratch) in SSA, ready for code generation (no pass runs in
 * between, so loops carry phis from the start).
 *
 *   (for v3 (lo v1) (hi v2) (step 8) (carry (v5 v4)) (results v6) body (yield v7))
 *
 *       br (lo < hi), body, after
 *   body:  v3 = phi [lo, ..], [next, end]   v5 = phi [v4, ..], [v7, end]  ...   next = v3 + 8   br (next < hi), body, after
 *   after: v6 = phi [v4, ..], [v7, end]
 *
 * Buffers do not overlap (the plan's law), and each has an alias scope that says so. */
#include "backends/be_llvm.h"

enum { UNROLL_MOST = 64 };

static struct ltype type_of(const struct llvm_fn *lf, lval v)
{
    return lf->f->val.at[v];
}

static LLVMValueRef *value_list(struct llvm_fn *lf, u32 n)
{
    return NEW_ARRAY(lf->tmp, LLVMValueRef, n);
}

static LLVMValueRef number(const struct llvm_fn *lf, i64 v)
{
    return LLVMConstInt(lf->u->i64, (u64)v, true);
}

/* ---- memory ---- */

/* The type of an element in memory: bool is a byte. */
static struct ltype in_memory(struct ltype t)
{
    return t.dtype == DT_BOOL ? (struct ltype){ DT_U8, t.lanes } : t;
}

static void mark(const struct llvm_fn *lf, u32 buf, LLVMValueRef access)
{
    if (lf->f->buf.n < 2)
        return;
    LLVMSetMetadata(access, lf->u->kind_scope, lf->scope[buf]);
    LLVMSetMetadata(access, lf->u->kind_noalias, lf->others[buf]);
}

/* A masked intrinsic: `align` is an argument up to LLVM 21, an attribute of the pointer from 22 on. */
static LLVMValueRef masked(const struct llvm_fn *lf, const char *name, LLVMTypeRef *over, LLVMValueRef *arg, u32 n, u32 pointer, u32 align)
{
    struct llvm_unit *u = lf->u;
    LLVMValueRef callee = llvm_intrinsic(u, name, over, 2), all[4];
    bool as_argument = LLVMCountParams(callee) == n + 1;
    u32 k = 0;
    for (u32 i = 0; i < n; i++) {
        all[k++] = arg[i];
        if (as_argument && i == pointer)
            all[k++] = LLVMConstInt(u->i32, align, false);
    }
    LLVMValueRef call = llvm_call(u, callee, all, k);
    if (!as_argument) {
        unsigned kind = LLVMGetEnumAttributeKindForName("align", 5);
        LLVMAddCallSiteAttribute(call, pointer + 1, LLVMCreateEnumAttribute(u->ctx, kind, align));
    }
    return call;
}

static void emit_access(struct llvm_fn *lf, const struct loop_stmt *s)
{
    struct llvm_unit *u = lf->u;
    bool load = s->kind == LS_LOAD;
    lval v = load ? s->res : s->arg[1], m = load ? s->arg[1] : s->arg[2], index = load ? s->arg[2] : 0;
    struct ltype t = in_memory(type_of(lf, v));
    bool is_bool = type_of(lf, v).dtype == DT_BOOL;
    u32 align = dtype_bytes((enum dtype)t.dtype);
    LLVMTypeRef elem = llvm_type(u, (struct ltype){ t.dtype, 1 }), type = llvm_type(u, t);
    LLVMValueRef p = LLVMBuildInBoundsGEP2(u->b, elem, lf->base[s->u], &lf->val[s->arg[0]], 1, ""), access;
    LLVMValueRef mask = m ? lf->val[m] : NULL;
    if (index) {
        p = LLVMBuildInBoundsGEP2(u->b, elem, p, &lf->val[index], 1, "");
        LLVMTypeRef over[2] = { type, LLVMTypeOf(p) };
        LLVMValueRef all = mask ? mask : llvm_splat_int(u, (struct ltype){ DT_BOOL, t.lanes }, 1);
        LLVMValueRef arg[3] = { p, all, LLVMConstNull(type) };
        access = masked(lf, "llvm.masked.gather", over, arg, 3, 0, align);
    } else if (mask && load) {
        LLVMTypeRef over[2] = { type, u->ptr };
        LLVMValueRef arg[3] = { p, mask, LLVMConstNull(type) };
        access = masked(lf, "llvm.masked.load", over, arg, 3, 0, align);
    } else if (load) {
        access = LLVMBuildLoad2(u->b, type, p, "");
        LLVMSetAlignment(access, align);
    } else {
        LLVMValueRef x = is_bool ? LLVMBuildZExt(u->b, lf->val[v], type, "") : lf->val[v];
        if (mask) {
            LLVMTypeRef over[2] = { type, u->ptr };
            LLVMValueRef arg[3] = { x, p, mask };
            access = masked(lf, "llvm.masked.store", over, arg, 3, 1, align);
        } else {
            access = LLVMBuildStore(u->b, x, p);
            LLVMSetAlignment(access, align);
        }
    }
    mark(lf, s->u, access);
    if (load)
        lf->val[v] = is_bool ? LLVMBuildICmp(u->b, LLVMIntNE, access, LLVMConstNull(type), "") : access;
}

/* ---- structure ---- */

static const lval *emit_region(struct llvm_fn *lf, const struct loop_region *r);

static LLVMBasicBlockRef new_block(struct llvm_fn *lf)
{
    return LLVMAppendBasicBlockInContext(lf->u->ctx, lf->fn, "");
}

static LLVMBasicBlockRef here(struct llvm_fn *lf)
{
    return LLVMGetInsertBlock(lf->u->b);
}

/* Bounds known and few turns: the body that many times, with numbers for the variable. */
static bool emit_unrolled(struct llvm_fn *lf, const struct loop_stmt *s)
{
    LLVMValueRef lo = lf->val[s->arg[0]], hi = lf->val[s->arg[1]];
    if (!LLVMIsAConstantInt(lo) || !LLVMIsAConstantInt(hi))
        return false;
    i64 from = LLVMConstIntGetSExtValue(lo), to = LLVMConstIntGetSExtValue(hi);
    u64 turns = from < to ? ((u64)to - (u64)from + (u64)s->step - 1) / (u64)s->step : 0;
    if (turns > (s->flag & LF_UNROLL ? UNROLL_MOST : 1))
        return false;
    LLVMValueRef *next = value_list(lf, s->ncarry);
    for (u32 i = 0; i < s->ncarry; i++)
        lf->val[s->carry[i]] = lf->val[s->init[i]];
    for (u64 k = 0; k < turns; k++) {
        lf->val[s->var] = number(lf, from + (i64)k * s->step);
        const lval *y = emit_region(lf, s->body);
        for (u32 i = 0; i < s->ncarry; i++)
            next[i] = lf->val[y[i]];
        for (u32 i = 0; i < s->ncarry; i++)
            lf->val[s->carry[i]] = next[i];
    }
    for (u32 i = 0; i < s->ncarry; i++)
        lf->val[s->result[i]] = lf->val[s->carry[i]];
    return true;
}

static void emit_for(struct llvm_fn *lf, const struct loop_stmt *s)
{
    struct llvm_unit *u = lf->u;
    if (emit_unrolled(lf, s))
        return;
    LLVMValueRef lo = lf->val[s->arg[0]], hi = lf->val[s->arg[1]], *init = value_list(lf, s->ncarry);
    bool runs = LLVMIsAConstantInt(lo) && LLVMIsAConstantInt(hi);      /* at least once, as one turn or none was unrolled */
    LLVMBasicBlockRef before = here(lf), body = new_block(lf), after = new_block(lf);
    for (u32 i = 0; i < s->ncarry; i++)
        init[i] = lf->val[s->init[i]];
    if (runs)
        LLVMBuildBr(u->b, body);
    else
        LLVMBuildCondBr(u->b, LLVMBuildICmp(u->b, LLVMIntSLT, lo, hi, ""), body, after);
    LLVMPositionBuilderAtEnd(u->b, body);
    LLVMValueRef var = LLVMBuildPhi(u->b, u->i64, "");
    for (u32 i = 0; i < s->ncarry; i++)
        lf->val[s->carry[i]] = LLVMBuildPhi(u->b, LLVMTypeOf(init[i]), "");
    LLVMValueRef *phi = value_list(lf, s->ncarry);
    for (u32 i = 0; i < s->ncarry; i++)
        phi[i] = lf->val[s->carry[i]];
    lf->val[s->var] = var;
    const lval *y = emit_region(lf, s->body);
    LLVMValueRef next = LLVMBuildAdd(u->b, var, number(lf, s->step), "");
    LLVMBasicBlockRef end = here(lf);
    LLVMBuildCondBr(u->b, LLVMBuildICmp(u->b, LLVMIntSLT, next, hi, ""), body, after);
    LLVMAddIncoming(var, &lo, &before, 1);
    LLVMAddIncoming(var, &next, &end, 1);
    LLVMPositionBuilderAtEnd(u->b, after);
    for (u32 i = 0; i < s->ncarry; i++) {
        LLVMValueRef last = lf->val[y[i]];
        LLVMAddIncoming(phi[i], &init[i], &before, 1);
        LLVMAddIncoming(phi[i], &last, &end, 1);
        LLVMValueRef res = LLVMBuildPhi(u->b, LLVMTypeOf(init[i]), "");
        if (!runs)
            LLVMAddIncoming(res, &init[i], &before, 1);
        LLVMAddIncoming(res, &last, &end, 1);
        lf->val[s->result[i]] = res;
    }
}

static void emit_if(struct llvm_fn *lf, const struct loop_stmt *s)
{
    struct llvm_unit *u = lf->u;
    LLVMBasicBlockRef way[2] = { new_block(lf), new_block(lf) }, after = new_block(lf), end[2];
    LLVMValueRef *out[2] = { value_list(lf, s->ncarry), value_list(lf, s->ncarry) };
    LLVMBuildCondBr(u->b, lf->val[s->arg[0]], way[0], way[1]);
    for (u32 k = 0; k < 2; k++) {
        LLVMPositionBuilderAtEnd(u->b, way[k]);
        const lval *y = emit_region(lf, k ? s->other : s->body);
        for (u32 i = 0; i < s->ncarry; i++)
            out[k][i] = lf->val[y[i]];
        end[k] = here(lf);
        LLVMBuildBr(u->b, after);
    }
    LLVMPositionBuilderAtEnd(u->b, after);
    for (u32 i = 0; i < s->ncarry; i++) {
        LLVMValueRef res = LLVMBuildPhi(u->b, llvm_type(u, type_of(lf, s->result[i])), "");
        for (u32 k = 0; k < 2; k++)
            LLVMAddIncoming(res, &out[k][i], &end[k], 1);
        lf->val[s->result[i]] = res;
    }
}

/* Emits a region; the values it yields, or NULL. */
static const lval *emit_region(struct llvm_fn *lf, const struct loop_region *r)
{
    for (u32 i = 0; i < r->stmt.n; i++) {
        const struct loop_stmt *s = &r->stmt.at[i];
        switch ((enum loop_stmt_kind)s->kind) {
        case LS_OP: {
            LLVMValueRef v = llvm_op(lf, s);
            if (!v && !lf->cannot)
                lf->cannot = loop_ops[s->op].word;
            lf->val[s->res] = v ? v : LLVMGetPoison(llvm_type(lf->u, type_of(lf, s->res)));
            break;
        }
        case LS_LOAD: case LS_STORE: emit_access(lf, s); break;
        case LS_FOR: emit_for(lf, s); break;
        case LS_IF: emit_if(lf, s); break;
        case LS_YIELD: return s->init;
        case LS_CALL: {
            LLVMValueRef arg[4] = { lf->args, lf->val[s->init[0]], lf->val[s->init[1]], lf->scratch };
            LLVMBuildCall2(lf->u->b, lf->u->fn_type, lf->uk[s->u], arg, 4, "");
            break;
        }
        case LS_FENCE: BUG("no such statement");
        }
    }
    return NULL;
}

/* ---- the function's arguments ---- */

/* A load that gives the same whenever it runs. */
static LLVMValueRef invariant(struct llvm_fn *lf, LLVMTypeRef t, LLVMValueRef from, LLVMTypeRef elem, u32 index)
{
    struct llvm_unit *u = lf->u;
    LLVMValueRef k = LLVMConstInt(u->i64, index, false);
    LLVMValueRef p = index ? LLVMBuildInBoundsGEP2(u->b, elem, from, &k, 1, "") : from;
    LLVMValueRef v = LLVMBuildLoad2(u->b, t, p, "");
    LLVMSetAlignment(v, 8);
    LLVMSetMetadata(v, u->kind_invariant, LLVMMetadataAsValue(u->ctx, LLVMMDNodeInContext2(u->ctx, NULL, 0)));
    return v;
}

static LLVMValueRef *pointers(struct llvm_fn *lf, u32 field, u32 n, LLVMTypeRef t)
{
    LLVMValueRef *out = value_list(lf, n);
    LLVMValueRef table = n ? invariant(lf, lf->u->ptr, lf->args, lf->u->ptr, field) : NULL;
    for (u32 i = 0; i < n; i++)
        out[i] = invariant(lf, t, table, t, i);
    return out;
}

/* struct kernel_args is four pointers: base, sym, tab, uk. */
static void load_arguments(struct llvm_fn *lf)
{
    struct llvm_unit *u = lf->u;
    const struct loop_fn *f = lf->f;
    lf->base = value_list(lf, f->buf.n);
    LLVMValueRef table = NULL;
    for (u32 i = 0; i < f->buf.n; i++)
        if (f->buf.at[i].kind == LB_SCRATCH) {
            LLVMValueRef off = number(lf, (i64)loop_buf_scratch_offset(f, i));
            lf->base[i] = LLVMBuildInBoundsGEP2(u->b, u->i8, lf->scratch, &off, 1, "");
        } else {
            table = table ? table : invariant(lf, u->ptr, lf->args, u->ptr, 0);
            lf->base[i] = invariant(lf, u->ptr, table, u->ptr, i);
        }
    lf->sym = pointers(lf, 1, f->nsym, u->i64);
    lf->tab = pointers(lf, 2, f->ntab, u->ptr);
    lf->uk = pointers(lf, 3, f->nuk, u->ptr);
}

static LLVMMetadataRef text_node(struct llvm_unit *u, const char *text)
{
    return LLVMMDStringInContext2(u->ctx, text, strlen(text));
}

static void alias_scopes(struct llvm_fn *lf, const char *name)
{
    struct llvm_unit *u = lf->u;
    u32 n = lf->f->buf.n;
    LLVMMetadataRef domain_text = text_node(u, name), domain = LLVMMDNodeInContext2(u->ctx, &domain_text, 1);
    LLVMMetadataRef *scope = arena_alloc(lf->tmp, n * sizeof *scope), *rest = arena_alloc(lf->tmp, n * sizeof *rest);
    lf->scope = value_list(lf, n);
    lf->others = value_list(lf, n);
    for (u32 i = 0; i < n; i++) {
        LLVMMetadataRef pair[2] = { text_node(u, arena_printf(lf->tmp, "%s.b%u", name, i)), domain };
        scope[i] = LLVMMDNodeInContext2(u->ctx, pair, 2);
    }
    for (u32 i = 0; i < n; i++) {
        u32 k = 0;
        for (u32 j = 0; j < n; j++)
            if (j != i)
                rest[k++] = scope[j];
        lf->scope[i] = LLVMMetadataAsValue(u->ctx, LLVMMDNodeInContext2(u->ctx, &scope[i], 1));
        lf->others[i] = LLVMMetadataAsValue(u->ctx, LLVMMDNodeInContext2(u->ctx, rest, k));
    }
}

void llvm_attributes(struct llvm_unit *u, struct arena *tmp, LLVMValueRef fn)
{
    const char *const word[][2] = { { "target-cpu", u->m->cpu }, { "target-features", u->m->features },
                                    { "prefer-vector-width", arena_printf(tmp, "%u", u->m->vector_bits) }, { "tune-cpu", u->m->tune } };
    for (u32 i = 0; i < COUNTOF(word) - !u->m->tune; i++)
        LLVMAddAttributeAtIndex(fn, (LLVMAttributeIndex)LLVMAttributeFunctionIndex,
                                LLVMCreateStringAttribute(u->ctx, word[i][0], (unsigned)strlen(word[i][0]), word[i][1], (unsigned)strlen(word[i][1])));
    unsigned nounwind = LLVMGetEnumAttributeKindForName("nounwind", 8);
    LLVMAddAttributeAtIndex(fn, (LLVMAttributeIndex)LLVMAttributeFunctionIndex, LLVMCreateEnumAttribute(u->ctx, nounwind, 0));
    if (u->m->least_bits) {             /* how long vectors are at least; at most: not said (0) */
        u32 unit = u->m->isa == ISA_RISCV64 ? 64 : 128;
        LLVMAddAttributeAtIndex(fn, (LLVMAttributeIndex)LLVMAttributeFunctionIndex,
                                LLVMCreateEnumAttribute(u->ctx, LLVMGetEnumAttributeKindForName("vscale_range", 12), (u64)(u->m->least_bits / unit) << 32));
    }
}

LLVMValueRef llvm_emit(struct llvm_unit *u, struct arena *tmp, const struct loop_fn *f, const char *name, struct buf *why)
{
    struct llvm_fn lf = { .u = u, .f = f, .tmp = tmp };
    lf.fn = LLVMAddFunction(u->mod, name, u->fn_type);
    lf.args = LLVMGetParam(lf.fn, 0);
    lf.scratch = LLVMGetParam(lf.fn, 3);
    lf.val = value_list(&lf, f->val.n);
    lf.val[f->lo] = LLVMGetParam(lf.fn, 1);
    lf.val[f->hi] = LLVMGetParam(lf.fn, 2);
    llvm_attributes(u, tmp, lf.fn);
    LLVMAddAttributeAtIndex(lf.fn, 1, LLVMCreateEnumAttribute(u->ctx, LLVMGetEnumAttributeKindForName("noalias", 7), 0));
    alias_scopes(&lf, name);
    LLVMPositionBuilderAtEnd(u->b, new_block(&lf));
    load_arguments(&lf);
    emit_region(&lf, &f->body);
    LLVMBuildRetVoid(u->b);
    if (lf.cannot) {
        buf_printf(why, "kernel %s: LLVM has no `%s`: loop_legalize has not run", f->name ? f->name : "?", lf.cannot);
        return NULL;
    }
    return lf.fn;
}
