/* be_llvm_unit.c - a unit as an LLVM module: constant data, kernels as local functions, load and forward.
 *
 *     NAME_forward(packed, inputs, outputs, arena, batch, par):   nasc.part(.., scratch) for each PART steps
 *     nasc.part:    base[0] = packed + 128;  base[1] = inputs[0];  base[2] = arena + 640 * batch;  ..  nasc.k3(&args, 0, 16 * batch, scratch)
 *                   or, where workers may share it,                                               nasc.share(nasc.k4, &args, units, scratch, .., par)
 *     nasc.share:   par && par->workers > 1 && units > 1 ? par->run(par->ctx, units, nasc.range, &job) : the kernel
 *     nasc.range:   job.kernel(job.args, lo, hi, job.scratch + worker * job.worker_bytes)
 *
 * Parts are short, so that code generation takes time in proportion to the steps.  Nothing is written but the caller's memory and the stack. */
#include "backends/be_llvm.h"

enum { PART = 48, LEAST_STACK = 1 };

struct drv {
    struct llvm_unit *u;
    struct arena *tmp;
    const struct unit *unit;
    LLVMValueRef *kernel, *fn, *data, share, cpu, fill[9];
    LLVMTypeRef load_type, forward_type, part_type, share_type, range_type, run_type, fill_type[9];
    u32 npart;
    /* of the part under way */
    LLVMValueRef args, base, sym;
};
/* The parameters of a part; a load's batch is 1. */
enum { P_WEIGHTS, P_PACKED, P_INPUTS, P_OUTPUTS, P_ARENA, P_BATCH, P_PAR, P_SCRATCH, PARAMS };

static LLVMValueRef number(const struct drv *d, u64 v)
{
    return LLVMConstInt(d->u->i64, v, false);
}

static LLVMValueRef bytes_on(const struct drv *d, LLVMValueRef p, LLVMValueRef off)
{
    return LLVMBuildGEP2(d->u->b, d->u->i8, p, &off, 1, "");
}

static LLVMValueRef field(const struct drv *d, LLVMValueRef p, u64 at)
{
    return at ? bytes_on(d, p, number(d, at)) : p;
}

static LLVMValueRef get(const struct drv *d, LLVMTypeRef t, LLVMValueRef p, u64 at)
{
    return LLVMBuildLoad2(d->u->b, t, field(d, p, at), "");
}

static void put(const struct drv *d, LLVMValueRef v, LLVMValueRef p, u64 at)
{
    LLVMBuildStore(d->u->b, v, field(d, p, at));
}

/* k + per_sample * batch */
static LLVMValueRef sum(const struct drv *d, LLVMValueRef batch, u64 k, u64 per_sample)
{
    LLVMBuilderRef b = d->u->b;
    if (!per_sample)
        return number(d, k);
    LLVMValueRef x = per_sample == 1 ? batch : LLVMBuildMul(b, batch, number(d, per_sample), "");
    return k ? LLVMBuildAdd(b, x, number(d, k), "") : x;
}

static LLVMBasicBlockRef block(const struct drv *d, LLVMValueRef fn)
{
    return LLVMAppendBasicBlockInContext(d->u->ctx, fn, "");
}

/* A local name is no identifier of C: what users call their models cannot meet it. */
static const char *own(const struct drv *d, const char *name, bool global)
{
    return global ? name : arena_printf(d->tmp, "nasc.%s", name);
}

static LLVMValueRef function(const struct drv *d, const char *name, LLVMTypeRef type, bool global)
{
    LLVMValueRef f = LLVMAddFunction(d->u->mod, name, type);
    llvm_attributes(d->u, d->tmp, f);
    if (!global)
        LLVMSetLinkage(f, LLVMInternalLinkage);
    LLVMPositionBuilderAtEnd(d->u->b, block(d, f));
    return f;
}

/* ---- what functions have in common ---- */

static void types(struct drv *d)
{
    struct llvm_unit *u = d->u;
    LLVMTypeRef p = u->ptr, l = u->i64;
    d->load_type = LLVMFunctionType(u->i32, (LLVMTypeRef[]){ p, p }, 2, false);
    d->forward_type = LLVMFunctionType(u->voidt, (LLVMTypeRef[]){ p, p, p, p, l, p }, 6, false);
    d->part_type = LLVMFunctionType(u->voidt, (LLVMTypeRef[PARAMS]){ p, p, p, p, p, l, p, p }, PARAMS, false);
    d->share_type = LLVMFunctionType(u->voidt, (LLVMTypeRef[]){ p, p, l, p, l, p }, 6, false);
    d->range_type = LLVMFunctionType(u->voidt, (LLVMTypeRef[]){ p, l, l, u->i32 }, 4, false);
    d->run_type = LLVMFunctionType(u->voidt, (LLVMTypeRef[]){ p, l, p, p }, 4, false);
}

/* A job is what nasc.range finds behind its first argument: kernel, args, scratch, bytes of scratch for each worker. */
static LLVMValueRef range_function(struct drv *d)
{
    struct llvm_unit *u = d->u;
    LLVMValueRef f = function(d, "nasc.range", d->range_type, false), job = LLVMGetParam(f, 0);
    LLVMValueRef kernel = get(d, u->ptr, job, 0), args = get(d, u->ptr, job, 8), scratch = get(d, u->ptr, job, 16), each = get(d, u->i64, job, 24);
    LLVMValueRef worker = LLVMBuildZExt(u->b, LLVMGetParam(f, 3), u->i64, "");
    scratch = bytes_on(d, scratch, LLVMBuildMul(u->b, worker, each, ""));
    LLVMValueRef arg[4] = { args, LLVMGetParam(f, 1), LLVMGetParam(f, 2), scratch };
    LLVMBuildCall2(u->b, u->fn_type, kernel, arg, 4, "");
    LLVMBuildRetVoid(u->b);
    return f;
}

static void share_function(struct drv *d)
{
    struct llvm_unit *u = d->u;
    LLVMBuilderRef b = u->b;
    LLVMValueRef range = range_function(d), f = d->share = function(d, "nasc.share", d->share_type, false), p[6];
    LLVMBasicBlockRef ask = block(d, f), alone = block(d, f), together = block(d, f);
    for (u32 i = 0; i < 6; i++)
        p[i] = LLVMGetParam(f, i);
    LLVMValueRef job = LLVMBuildAlloca(b, LLVMArrayType(u->i64, 4), ""), kernel = p[0], args = p[1], units = p[2], scratch = p[3], each = p[4], par = p[5];
    LLVMSetAlignment(job, 8);
    LLVMBuildCondBr(b, LLVMBuildICmp(b, LLVMIntEQ, par, LLVMConstNull(u->ptr), ""), alone, ask);
    LLVMPositionBuilderAtEnd(b, ask);
    LLVMValueRef many = LLVMBuildICmp(b, LLVMIntUGT, get(d, u->i32, par, 8), LLVMConstInt(u->i32, 1, false), "");
    many = LLVMBuildAnd(b, many, LLVMBuildICmp(b, LLVMIntSGT, units, number(d, 1), ""), "");
    LLVMBuildCondBr(b, many, together, alone);
    LLVMPositionBuilderAtEnd(b, alone);
    LLVMBuildCall2(b, u->fn_type, kernel, (LLVMValueRef[]){ args, number(d, 0), units, scratch }, 4, "");
    LLVMBuildRetVoid(b);
    LLVMPositionBuilderAtEnd(b, together);
    put(d, kernel, job, 0);
    put(d, args, job, 8);
    put(d, scratch, job, 16);
    put(d, each, job, 24);
    LLVMValueRef ctx = get(d, u->ptr, par, 0), run = get(d, u->ptr, par, 16);
    LLVMBuildCall2(b, d->run_type, run, (LLVMValueRef[]){ ctx, units, range, job }, 4, "");
    LLVMBuildRetVoid(b);
}

/* nasc.fillW(to, n, x): n elements of W bytes.  Made at first use; the builder stays where it is. */
static LLVMValueRef fill_function(struct drv *d, u32 width)
{
    struct llvm_unit *u = d->u;
    LLVMBuilderRef b = u->b;
    if (d->fill[width])
        return d->fill[width];
    LLVMBasicBlockRef back = LLVMGetInsertBlock(b);
    LLVMTypeRef t = LLVMIntTypeInContext(u->ctx, 8 * width);
    d->fill_type[width] = LLVMFunctionType(u->voidt, (LLVMTypeRef[]){ u->ptr, u->i64, t }, 3, false);
    LLVMValueRef f = d->fill[width] = function(d, arena_printf(d->tmp, "nasc.fill%u", width), d->fill_type[width], false);
    LLVMBasicBlockRef entry = LLVMGetInsertBlock(b), body = block(d, f), end = block(d, f);
    LLVMValueRef n = LLVMGetParam(f, 1), zero = number(d, 0);
    LLVMBuildCondBr(b, LLVMBuildICmp(b, LLVMIntSGT, n, zero, ""), body, end);
    LLVMPositionBuilderAtEnd(b, body);
    LLVMValueRef i = LLVMBuildPhi(b, u->i64, ""), at = LLVMBuildGEP2(b, t, LLVMGetParam(f, 0), &i, 1, "");
    LLVMSetAlignment(LLVMBuildStore(b, LLVMGetParam(f, 2), at), width);
    LLVMValueRef next = LLVMBuildAdd(b, i, number(d, 1), "");
    LLVMBuildCondBr(b, LLVMBuildICmp(b, LLVMIntSLT, next, n, ""), body, end);
    LLVMAddIncoming(i, &zero, &entry, 1);
    LLVMAddIncoming(i, &next, &body, 1);
    LLVMPositionBuilderAtEnd(b, end);
    LLVMBuildRetVoid(b);
    LLVMPositionBuilderAtEnd(b, back);
    return f;
}

/* ---- steps ---- */

static LLVMValueRef address(struct drv *d, LLVMValueRef part, const struct unit_place *p)
{
    struct llvm_unit *u = d->u;
    static const u8 param[] = { [UA_WEIGHTS] = P_WEIGHTS, [UA_PACKED] = P_PACKED, [UA_INPUT] = P_INPUTS, [UA_OUTPUT] = P_OUTPUTS, [UA_ARENA] = P_ARENA };
    LLVMValueRef from = p->area == UA_DATA ? d->data[p->slot] : LLVMGetParam(part, param[p->area]);
    if (p->area == UA_INPUT || p->area == UA_OUTPUT)
        from = get(d, u->ptr, from, 8ull * p->slot);
    return p->offset || p->per_sample ? bytes_on(d, from, sum(d, LLVMGetParam(part, P_BATCH), p->offset, p->per_sample)) : from;
}

static LLVMValueRef scaled(struct drv *d, LLVMValueRef part, const struct plan_int *x)
{
    return sum(d, LLVMGetParam(part, P_BATCH), x->times_batch ? 0 : (u64)x->k, x->times_batch ? (u64)x->k : 0);
}

static void kernel_step(struct drv *d, LLVMValueRef part, const struct unit_fn *f, const struct unit_step *s)
{
    struct llvm_unit *u = d->u;
    LLVMBuilderRef b = u->b;
    for (u32 i = 0; i < s->nplace; i++)
        put(d, address(d, part, &s->place[i]), d->base, 8ull * i);
    for (u32 i = 0; i < s->nsym; i++)
        put(d, scaled(d, part, &s->sym[i]), d->sym, 8ull * i);
    LLVMValueRef kernel = d->kernel[s->kernel], units = scaled(d, part, &s->units), scratch = LLVMGetParam(part, P_SCRATCH);
    if (!s->share) {
        LLVMBuildCall2(b, u->fn_type, kernel, (LLVMValueRef[]){ d->args, number(d, 0), units, scratch }, 4, "");
        return;
    }
    LLVMValueRef par = LLVMGetParam(part, P_PAR);
    if (s->share > 1) {
        LLVMValueRef enough = LLVMBuildICmp(b, LLVMIntSGE, LLVMGetParam(part, P_BATCH), number(d, (u64)s->share), "");
        par = LLVMBuildSelect(b, enough, par, LLVMConstNull(u->ptr), "");
    }
    LLVMBuildCall2(b, d->share_type, d->share, (LLVMValueRef[]){ kernel, d->args, units, scratch, number(d, f->worker_bytes), par }, 6, "");
}

/* The byte that all bytes of the pattern are, or -1. */
static int one_byte(const struct unit_step *s)
{
    for (u32 i = 1; i < s->width; i++)
        if ((s->pattern >> 8 * i & 0xff) != (s->pattern & 0xff))
            return -1;
    return (int)(s->pattern & 0xff);
}

static void step(struct drv *d, LLVMValueRef part, const struct unit_fn *f, const struct unit_step *s)
{
    struct llvm_unit *u = d->u;
    LLVMBuilderRef b = u->b;
    if (s->kind == US_KERNEL) {
        kernel_step(d, part, f, s);
        return;
    }
    LLVMValueRef to = address(d, part, &s->place[0]), batch = LLVMGetParam(part, P_BATCH), bytes = sum(d, batch, s->bytes.k, s->bytes.per_sample);
    if (s->kind == US_COPY) {
        LLVMBuildMemCpy(b, to, 1, address(d, part, &s->place[1]), 1, bytes);
    } else if (one_byte(s) >= 0) {
        LLVMBuildMemSet(b, to, LLVMConstInt(u->i8, (u64)one_byte(s), false), bytes, 1);
    } else {
        LLVMValueRef fill = fill_function(d, s->width), n = sum(d, batch, s->bytes.k / s->width, s->bytes.per_sample / s->width);
        LLVMValueRef x = LLVMConstInt(LLVMIntTypeInContext(u->ctx, 8 * s->width), s->pattern, false);
        LLVMBuildCall2(b, d->fill_type[s->width], fill, (LLVMValueRef[]){ to, n, x }, 3, "");
    }
}

/* Steps [lo, hi) of a function. */
static LLVMValueRef part(struct drv *d, const struct unit_fn *f, u32 lo, u32 hi)
{
    struct llvm_unit *u = d->u;
    LLVMBuilderRef b = u->b;
    u32 nbase = LEAST_STACK, nsym = LEAST_STACK;
    LLVMValueRef fn = function(d, arena_printf(d->tmp, "nasc.part%u", d->npart++), d->part_type, false);
    for (u32 i = lo; i < hi; i++) {
        nbase = MAX(nbase, f->step[i].nplace);
        nsym = MAX(nsym, f->step[i].nsym);
    }
    d->args = LLVMBuildAlloca(b, LLVMArrayType(u->i64, 4), "");
    d->base = LLVMBuildAlloca(b, LLVMArrayType(u->ptr, nbase), "");
    d->sym = LLVMBuildAlloca(b, LLVMArrayType(u->i64, nsym), "");
    put(d, d->base, d->args, 0);
    put(d, d->sym, d->args, 8);
    put(d, LLVMConstNull(u->ptr), d->args, 16);         /* no tables, no other kernels */
    put(d, LLVMConstNull(u->ptr), d->args, 24);
    for (u32 i = lo; i < hi; i++)
        step(d, fn, f, &f->step[i]);
    LLVMBuildRetVoid(b);
    return fn;
}

/* RISC-V and SVE code for vectors of a least length computes wrong on shorter ones, silently; x86-64 code dies where features are missing: load asks,
 * before anything else. */
static void check_processor(struct drv *d, LLVMValueRef fn)
{
    struct llvm_unit *u = d->u;
    LLVMBuilderRef b = u->b;
    u32 unit = u->m->isa == ISA_RISCV64 ? 64 : 128;     /* bits of vscale's one */
    if (!u->m->least_bits && !d->cpu)
        return;
    LLVMBasicBlockRef wrong = block(d, fn), right = block(d, fn);
    LLVMValueRef has = d->cpu ? llvm_call(u, d->cpu, NULL, 0) : llvm_call(u, llvm_intrinsic(u, "llvm.vscale", &u->i64, 1), NULL, 0);
    LLVMValueRef least = d->cpu ? LLVMConstInt(u->i32, 1, false) : number(d, u->m->least_bits / unit);
    LLVMBuildCondBr(b, LLVMBuildICmp(b, LLVMIntULT, has, least, ""), wrong, right);
    LLVMPositionBuilderAtEnd(b, wrong);
    LLVMBuildRet(b, LLVMConstInt(u->i32, 1, false));    /* NASC_MODEL_WRONG_CPU */
    LLVMPositionBuilderAtEnd(b, right);
}

static void body(struct drv *d, const struct unit_fn *f, LLVMValueRef fn)
{
    struct llvm_unit *u = d->u;
    LLVMBuilderRef b = u->b;
    bool load = f->kind == UF_LOAD;
    u32 n = (f->nstep + PART - 1) / PART;
    LLVMValueRef *parts = NEW_ARRAY(d->tmp, LLVMValueRef, n + 1), none = LLVMConstNull(u->ptr), arg[PARAMS];
    for (u32 i = 0; i < n; i++)
        parts[i] = part(d, f, i * PART, MIN(f->nstep, (i + 1) * PART));
    LLVMPositionBuilderAtEnd(b, block(d, fn));
    if (load)
        check_processor(d, fn);
    const int from[PARAMS] = { load ? 0 : -1, load ? 1 : 0, load ? -1 : 1, load ? -1 : 2, load ? -1 : 3, load ? -1 : 4, load ? -1 : 5, -1 };
    for (u32 i = 0; i < PARAMS; i++)
        arg[i] = from[i] >= 0 ? LLVMGetParam(fn, (unsigned)from[i]) : none;
    if (load)
        arg[P_BATCH] = number(d, 1);
    CHECK(f->scratch.area == (load ? UA_PACKED : UA_ARENA));
    arg[P_SCRATCH] = bytes_on(d, arg[load ? P_PACKED : P_ARENA], sum(d, arg[P_BATCH], f->scratch.offset, f->scratch.per_sample));
    for (u32 i = 0; i < n; i++)
        LLVMBuildCall2(b, d->part_type, parts[i], arg, PARAMS, "");
    if (load)
        LLVMBuildRet(b, LLVMConstInt(u->i32, 0, false));
    else
        LLVMBuildRetVoid(b);
}

/* ---- data ---- */

static LLVMValueRef raw(const struct drv *d, const u8 *at, u64 n)
{
    return LLVMConstStringInContext2(d->u->ctx, n ? (const char *)at : "", n, true);
}

/* A constant's type and, when all it refers to is there, its value: bytes and addresses in turn. */
static LLVMValueRef content(struct drv *d, const struct unit_data *x, bool values, LLVMTypeRef *type)
{
    struct llvm_unit *u = d->u;
    if (!x->nref) {
        *type = LLVMArrayType2(u->i8, x->bytes);
        return values ? raw(d, x->at, x->bytes) : NULL;
    }
    u32 n = 0;
    LLVMTypeRef *t = NEW_ARRAY(d->tmp, LLVMTypeRef, 2 * x->nref + 1);
    LLVMValueRef *v = NEW_ARRAY(d->tmp, LLVMValueRef, 2 * x->nref + 1);
    u64 at = 0;
    for (u32 i = 0; i <= x->nref; i++) {
        const struct unit_ref *r = i < x->nref ? &x->ref[i] : NULL;
        u64 end = r ? r->at : x->bytes;
        CHECK(end >= at && end <= x->bytes);
        if (end > at) {
            t[n] = LLVMArrayType2(u->i8, end - at);
            v[n++] = values ? raw(d, x->at + at, end - at) : NULL;
        }
        if (!r)
            break;
        t[n] = u->ptr;
        if (values) {
            LLVMValueRef to = r->fn ? d->fn[r->index] : d->data[r->index], off = number(d, r->addend);
            v[n] = r->addend ? LLVMConstGEP2(u->i8, to, &off, 1) : to;
        }
        n++;
        at = end + 8;
    }
    *type = LLVMStructTypeInContext(u->ctx, t, n, true);
    return values ? LLVMConstStructInContext(u->ctx, v, n, true) : NULL;
}

static void declare_data(struct drv *d)
{
    for (u32 i = 0; i < d->unit->data.n; i++) {
        const struct unit_data *x = &d->unit->data.at[i];
        LLVMTypeRef type;
        content(d, x, false, &type);
        LLVMValueRef g = d->data[i] = LLVMAddGlobal(d->u->mod, type, own(d, x->name, x->global));
        LLVMSetGlobalConstant(g, true);
        LLVMSetAlignment(g, x->align);
        if (!x->global)
            LLVMSetLinkage(g, LLVMInternalLinkage);
    }
}

bool llvm_emit_unit(struct llvm_unit *u, struct arena *tmp, const struct unit *unit, struct buf *why)
{
    struct drv d = { .u = u, .tmp = tmp, .unit = unit };
    d.kernel = NEW_ARRAY(tmp, LLVMValueRef, unit->kernel.n + 1);
    d.fn = NEW_ARRAY(tmp, LLVMValueRef, unit->fn.n + 1);
    d.data = NEW_ARRAY(tmp, LLVMValueRef, unit->data.n + 1);
    LLVMSetModuleIdentifier(u->mod, unit->name, strlen(unit->name));
    LLVMSetSourceFileName(u->mod, unit->name, strlen(unit->name));
    types(&d);
    declare_data(&d);
    for (u32 i = 0; i < unit->kernel.n; i++) {
        d.kernel[i] = llvm_emit(u, tmp, unit->kernel.at[i].fn, own(&d, unit->kernel.at[i].name, false), why);
        if (!d.kernel[i])
            return false;
        LLVMSetLinkage(d.kernel[i], LLVMInternalLinkage);
    }
    share_function(&d);
    d.cpu = llvm_cpu(u);
    for (u32 i = 0; i < unit->fn.n; i++) {
        const struct unit_fn *f = &unit->fn.at[i];
        d.fn[i] = LLVMAddFunction(u->mod, f->name, f->kind == UF_LOAD ? d.load_type : d.forward_type);
        if (f->kind == UF_LOAD && d.cpu)
            llvm_plain_attributes(u, d.fn[i]);
        else
            llvm_attributes(u, tmp, d.fn[i]);
        if (f->kind == UF_LOAD && u->m->isa == ISA_RISCV64)     /* its ABI: an int fills the register */
            LLVMAddAttributeAtIndex(d.fn[i], LLVMAttributeReturnIndex, LLVMCreateEnumAttribute(u->ctx, LLVMGetEnumAttributeKindForName("signext", 7), 0));
        body(&d, f, d.fn[i]);
    }
    for (u32 i = 0; i < unit->data.n; i++) {
        LLVMTypeRef type;
        LLVMSetInitializer(d.data[i], content(&d, &unit->data.at[i], true, &type));
    }
    return true;
}
