/* be_gccjit_unit.c - a unit as a context of libgccjit: kernels as local functions, load and forward; its data is the assembler's (be_gccjit_data.c).
 *
 *     NAME_forward(packed, inputs, outputs, arena, batch, par):   nasc_part(.., scratch) for each PART steps
 *     nasc_part:    base[0] = packed + 128;  base[1] = inputs[0];  base[2] = arena + 640 * batch;  ..  nasc_k3(args, 0, 16 * batch, scratch)
 *                   or, where workers may share it,                                               nasc_share(nasc_k4, args, units, scratch, .., par)
 *     nasc_share:   par && par->workers > 1 && units > 1 ? par->run(par->ctx, units, nasc_range, &job) : the kernel
 *     nasc_range:   job.kernel(job.args, lo, hi, job.scratch + worker * job.each)
 *
 * Parts are short, so that compiling takes time in proportion to the steps.  Pointers stay pointers, as libgccjit makes no numbers of them. */
#include "backends/be_gccjit.h"

#include "compiler/base/arena.h"

enum { PART = 48, LEAST_STACK = 1, FIELDS = 4 };
/* The parameters of a part; a load's batch is 1. */
enum { P_WEIGHTS, P_PACKED, P_INPUTS, P_OUTPUTS, P_ARENA, P_BATCH, P_PAR, P_SCRATCH, PARAMS };
enum { JOB_KERNEL, JOB_ARGS, JOB_SCRATCH, JOB_EACH, JOB };
enum { PAR_CTX, PAR_WORKERS, PAR_RUN, PAR };

struct record { gj_t type, pointer; gcc_jit_field *field[FIELDS]; };
struct drv {
    struct gj_unit *u;
    struct arena *tmp;
    const struct unit *unit;
    const char *prefix, **data_name;
    gcc_jit_function **kernel, *share, *copy, *set, *cpu /* NULL: any will do */, *fill[9];
    struct record job, par;             /* nasc_parallel of compiler/runtime/nasc_model.h */
    u32 npart;
    /* of the part under way */
    gj_r param[PARAMS], args;
    gj_l base, sym;
};

/* No global's name begins as local ones do. */
static const char *prefix_of(struct arena *a, const struct unit *u)
{
    const char *p = "nasc_";
    for (bool again = true; again;) {
        again = false;
        for (u32 i = 0; i < u->fn.n; i++)
            again |= strncmp(u->fn.at[i].name, p, strlen(p)) == 0;
        for (u32 i = 0; i < u->data.n; i++)
            again |= u->data.at[i].global && strncmp(u->data.at[i].name, p, strlen(p)) == 0;
        if (again)
            p = arena_printf(a, "%s_", p);
    }
    return p;
}

static const char *local_name(const struct drv *d, const char *name)
{
    return arena_printf(d->tmp, "%s%s", d->prefix, name);
}

/* ---- expressions ---- */

static gj_r number(const struct gj_fn *g, u64 v)
{
    return gj_int(g, g->u->i64, (i64)v);
}

static gj_r null(const struct gj_fn *g)
{
    return gcc_jit_context_null(g->u->c, g->u->voidp);
}

static gj_r value_of(gj_l v)
{
    return gcc_jit_lvalue_as_rvalue(v);
}

static gj_r address_of(const struct gj_fn *g, gj_l v)
{
    return gj_cast(g, gcc_jit_lvalue_get_address(v, NULL), g->u->voidp);
}

static gj_l entry(const struct gj_fn *g, gj_r array, u64 i)
{
    return gcc_jit_context_new_array_access(g->u->c, NULL, array, number(g, i));
}

static void assign(const struct gj_fn *g, gj_l to, gj_r x)
{
    gcc_jit_block_add_assignment(g->at, NULL, to, x);
}

static gj_r bytes_on(const struct gj_fn *g, gj_r p, gj_r off)
{
    gj_r bytes = gj_cast(g, p, gcc_jit_type_get_pointer(g->u->u8));
    return address_of(g, gcc_jit_context_new_array_access(g->u->c, NULL, bytes, off));
}

/* k + per_sample * batch */
static gj_r sum(const struct gj_fn *g, gj_r batch, u64 k, u64 per_sample)
{
    if (!per_sample)
        return number(g, k);
    gj_r x = gj_bin(g, GCC_JIT_BINARY_OP_MULT, g->u->i64, batch, number(g, per_sample));
    return k ? gj_bin(g, GCC_JIT_BINARY_OP_PLUS, g->u->i64, x, number(g, k)) : x;
}

static gj_l field(gj_r p, const struct record *r, u32 k)
{
    return gcc_jit_rvalue_dereference_field(p, NULL, r->field[k]);
}

static void call(const struct gj_fn *g, gcc_jit_function *f, int n, gj_r *arg)
{
    gcc_jit_block_add_eval(g->at, NULL, gcc_jit_context_new_call(g->u->c, NULL, f, n, arg));
}

static void call_through(const struct gj_fn *g, gj_r f, u32 n, gj_t *type, gj_r *arg)
{
    gj_t t = gcc_jit_context_new_function_ptr_type(g->u->c, NULL, g->u->voidt, (int)n, type, 0);
    gcc_jit_block_add_eval(g->at, NULL, gcc_jit_context_new_call_through_ptr(g->u->c, NULL, gj_cast(g, f, t), (int)n, arg));
}

static gj_r function_address(const struct gj_fn *g, gcc_jit_function *f)
{
    return gj_cast(g, gcc_jit_function_get_address(f, NULL), g->u->voidp);
}

/* ---- functions ---- */

static gcc_jit_function *declare(const struct drv *d, enum gcc_jit_function_kind kind, gj_t result, const char *name, u32 n, const gj_t *type, gj_r *value)
{
    gcc_jit_param *p[PARAMS];
    for (u32 i = 0; i < n; i++) {
        p[i] = gcc_jit_context_new_param(d->u->c, NULL, type[i], arena_printf(d->tmp, "p%u", i));
        if (value)
            value[i] = gcc_jit_param_as_rvalue(p[i]);
    }
    return gcc_jit_context_new_function(d->u->c, NULL, kind, result, name, (int)n, p, 0);
}

static gcc_jit_block *block(const struct gj_fn *g)
{
    return gcc_jit_function_new_block(g->fn, NULL);
}

static struct gj_fn body_of(const struct drv *d, gcc_jit_function *f)
{
    struct gj_fn g = { .u = d->u, .tmp = d->tmp, .fn = f };
    g.at = block(&g);
    return g;
}

static struct record record(const struct drv *d, const char *name, u32 n, const gj_t *type)
{
    struct record r;
    for (u32 i = 0; i < n; i++)
        r.field[i] = gcc_jit_context_new_field(d->u->c, NULL, type[i], arena_printf(d->tmp, "f%u", i));
    gcc_jit_struct *s = gcc_jit_context_new_struct_type(d->u->c, NULL, local_name(d, name), (int)n, r.field);
    r.type = gcc_jit_struct_as_type(s);
    r.pointer = gcc_jit_type_get_pointer(r.type);
    return r;
}

static gcc_jit_function *range_function(struct drv *d)
{
    struct gj_unit *u = d->u;
    gj_r p[4];
    gcc_jit_function *f = declare(d, GCC_JIT_FUNCTION_INTERNAL, u->voidt, local_name(d, "range"), 4, (gj_t[]){ u->voidp, u->i64, u->i64, u->u32 }, p);
    struct gj_fn g = body_of(d, f);
    gj_r job = gj_let(&g, d->job.pointer, gj_cast(&g, p[0], d->job.pointer));
    gj_r mine = gj_bin(&g, GCC_JIT_BINARY_OP_MULT, u->i64, gj_cast(&g, p[3], u->i64), value_of(field(job, &d->job, JOB_EACH)));
    gj_r scratch = bytes_on(&g, value_of(field(job, &d->job, JOB_SCRATCH)), mine);
    gj_r arg[4] = { value_of(field(job, &d->job, JOB_ARGS)), p[1], p[2], scratch };
    call_through(&g, value_of(field(job, &d->job, JOB_KERNEL)), 4, (gj_t[]){ u->voidp, u->i64, u->i64, u->voidp }, arg);
    gcc_jit_block_end_with_void_return(g.at, NULL);
    return f;
}

static gcc_jit_function *share_function(struct drv *d)
{
    struct gj_unit *u = d->u;
    if (d->share)
        return d->share;
    d->job = record(d, "job", JOB, (gj_t[JOB]){ u->voidp, u->voidp, u->voidp, u->i64 });
    d->par = record(d, "parallel", PAR, (gj_t[PAR]){ u->voidp, u->u32, u->voidp });
    gcc_jit_function *range = range_function(d);
    gj_r p[6];
    d->share = declare(d, GCC_JIT_FUNCTION_INTERNAL, u->voidt, local_name(d, "share"), 6, (gj_t[]){ u->voidp, u->voidp, u->i64, u->voidp, u->i64, u->voidp }, p);
    struct gj_fn g = body_of(d, d->share);
    gcc_jit_block *ask = block(&g), *many = block(&g), *together = block(&g), *alone = block(&g);
    gj_r par = gj_let(&g, d->par.pointer, gj_cast(&g, p[5], d->par.pointer));
    gcc_jit_block_end_with_conditional(g.at, NULL, gj_cmp(&g, GCC_JIT_COMPARISON_EQ, p[5], null(&g)), alone, ask);
    g.at = ask;
    gj_r workers = value_of(field(par, &d->par, PAR_WORKERS));
    gcc_jit_block_end_with_conditional(g.at, NULL, gj_cmp(&g, GCC_JIT_COMPARISON_GT, workers, gj_int(&g, u->u32, 1)), many, alone);
    g.at = many;
    gcc_jit_block_end_with_conditional(g.at, NULL, gj_cmp(&g, GCC_JIT_COMPARISON_GT, p[2], number(&g, 1)), together, alone);
    g.at = alone;
    call_through(&g, p[0], 4, (gj_t[]){ u->voidp, u->i64, u->i64, u->voidp }, (gj_r[]){ p[1], number(&g, 0), p[2], p[3] });
    gcc_jit_block_end_with_void_return(g.at, NULL);
    g.at = together;
    gj_l job = gj_local(&g, d->job.type);
    gj_r at = gcc_jit_lvalue_get_address(job, NULL);
    assign(&g, field(at, &d->job, JOB_KERNEL), p[0]);
    assign(&g, field(at, &d->job, JOB_ARGS), p[1]);
    assign(&g, field(at, &d->job, JOB_SCRATCH), p[3]);
    assign(&g, field(at, &d->job, JOB_EACH), p[4]);
    gj_r arg[4] = { value_of(field(par, &d->par, PAR_CTX)), p[2], function_address(&g, range), gj_cast(&g, at, u->voidp) };
    call_through(&g, value_of(field(par, &d->par, PAR_RUN)), 4, (gj_t[]){ u->voidp, u->i64, u->voidp, u->voidp }, arg);
    gcc_jit_block_end_with_void_return(g.at, NULL);
    return d->share;
}

static gj_t unsigned_of(const struct gj_unit *u, u32 bytes)
{
    return bytes == 1 ? u->u8 : bytes == 2 ? u->u16 : bytes == 4 ? u->u32 : u->u64;
}

/* fillW(to, n, x): n elements of W bytes. */
static gcc_jit_function *fill_function(struct drv *d, u32 width)
{
    struct gj_unit *u = d->u;
    gj_t t = unsigned_of(u, width);
    gj_r p[3];
    if (d->fill[width])
        return d->fill[width];
    gcc_jit_function *f = d->fill[width] = declare(d, GCC_JIT_FUNCTION_INTERNAL, u->voidt, local_name(d, arena_printf(d->tmp, "fill%u", width)), 3,
                                                   (gj_t[]){ u->voidp, u->i64, t }, p);
    struct gj_fn g = body_of(d, f);
    gcc_jit_block *ask = block(&g), *turn = block(&g), *end = block(&g);
    gj_r to = gj_let(&g, gcc_jit_type_get_pointer(t), gj_cast(&g, p[0], gcc_jit_type_get_pointer(t)));
    gj_l i = gj_local(&g, u->i64);
    assign(&g, i, number(&g, 0));
    gcc_jit_block_end_with_jump(g.at, NULL, ask);
    gcc_jit_block_end_with_conditional(ask, NULL, gj_cmp(&g, GCC_JIT_COMPARISON_LT, value_of(i), p[1]), turn, end);
    g.at = turn;
    assign(&g, gcc_jit_context_new_array_access(u->c, NULL, to, value_of(i)), p[2]);
    assign(&g, i, gj_bin(&g, GCC_JIT_BINARY_OP_PLUS, u->i64, value_of(i), number(&g, 1)));
    gcc_jit_block_end_with_jump(g.at, NULL, ask);
    gcc_jit_block_end_with_void_return(end, NULL);
    return f;
}

/* ---- steps ---- */

/* An instruction: as a global of somebody else, which is all libgccjit could know it for, it would be looked up in a table of the linker's. */
static gj_r data_address(const struct drv *d, struct gj_fn *g, u32 k)
{
    return gj_instruction(g, arena_printf(d->tmp, "leaq %s(%%%%rip), %%0", d->data_name[k]), g->u->voidp, "=r", 0, NULL, NULL);
}

static gj_r address(struct drv *d, struct gj_fn *g, const struct unit_place *p)
{
    static const u8 param[] = { [UA_WEIGHTS] = P_WEIGHTS, [UA_PACKED] = P_PACKED, [UA_INPUT] = P_INPUTS, [UA_OUTPUT] = P_OUTPUTS, [UA_ARENA] = P_ARENA };
    gj_r from = p->area == UA_DATA ? data_address(d, g, p->slot) : d->param[param[p->area]];
    if (p->area == UA_INPUT || p->area == UA_OUTPUT)
        from = value_of(entry(g, gj_cast(g, from, gcc_jit_type_get_pointer(g->u->voidp)), p->slot));
    return p->offset || p->per_sample ? bytes_on(g, from, sum(g, d->param[P_BATCH], p->offset, p->per_sample)) : from;
}

static gj_r scaled(const struct drv *d, const struct gj_fn *g, const struct plan_int *x)
{
    return sum(g, d->param[P_BATCH], x->times_batch ? 0 : (u64)x->k, x->times_batch ? (u64)x->k : 0);
}

static void kernel_step(struct drv *d, struct gj_fn *g, const struct unit_fn *f, const struct unit_step *s)
{
    for (u32 i = 0; i < s->nplace; i++)
        assign(g, entry(g, value_of(d->base), i), address(d, g, &s->place[i]));
    for (u32 i = 0; i < s->nsym; i++)
        assign(g, entry(g, value_of(d->sym), i), scaled(d, g, &s->sym[i]));
    gcc_jit_function *kernel = d->kernel[s->kernel];
    gj_r units = scaled(d, g, &s->units), scratch = d->param[P_SCRATCH];
    if (!s->share) {
        call(g, kernel, 4, (gj_r[]){ d->args, number(g, 0), units, scratch });
        return;
    }
    gj_r par = d->param[P_PAR];
    if (s->share > 1) {
        gj_l some = gj_local(g, g->u->voidp);
        gcc_jit_block *few = block(g), *after = block(g);
        assign(g, some, par);
        gj_r enough = gj_cmp(g, GCC_JIT_COMPARISON_GE, d->param[P_BATCH], number(g, (u64)s->share));
        gcc_jit_block_end_with_conditional(g->at, NULL, enough, after, few);
        g->at = few;
        assign(g, some, null(g));
        gcc_jit_block_end_with_jump(g->at, NULL, after);
        g->at = after;
        par = value_of(some);
    }
    gcc_jit_function *share = share_function(d);
    gj_r at = function_address(g, kernel);
    call(g, share, 6, (gj_r[]){ at, d->args, units, scratch, number(g, f->worker_bytes), par });
}

/* The byte that all bytes of the pattern are, or -1. */
static int one_byte(const struct unit_step *s)
{
    for (u32 i = 1; i < s->width; i++)
        if ((s->pattern >> 8 * i & 0xff) != (s->pattern & 0xff))
            return -1;
    return (int)(s->pattern & 0xff);
}

static void step(struct drv *d, struct gj_fn *g, const struct unit_fn *f, const struct unit_step *s)
{
    struct gj_unit *u = d->u;
    if (s->kind == US_KERNEL) {
        kernel_step(d, g, f, s);
        return;
    }
    gj_r to = address(d, g, &s->place[0]), batch = d->param[P_BATCH], bytes = sum(g, batch, s->bytes.k, s->bytes.per_sample);
    if (s->kind == US_COPY) {
        gj_r from = address(d, g, &s->place[1]);
        call(g, d->copy, 3, (gj_r[]){ to, from, bytes });
    } else if (one_byte(s) >= 0) {
        gj_r byte = gj_int(g, u->i32, one_byte(s));
        call(g, d->set, 3, (gj_r[]){ to, byte, bytes });
    } else {
        gcc_jit_function *fill = fill_function(d, s->width);
        gj_r n = sum(g, batch, s->bytes.k / s->width, s->bytes.per_sample / s->width), x = gj_cast(g, gj_int(g, u->u64, (i64)s->pattern), unsigned_of(u, s->width));
        call(g, fill, 3, (gj_r[]){ to, n, x });
    }
}

/* Steps [lo, hi) of a function. */
static gcc_jit_function *part(struct drv *d, const struct unit_fn *f, u32 lo, u32 hi)
{
    struct gj_unit *u = d->u;
    const gj_t p = u->voidp;
    u32 nbase = LEAST_STACK, nsym = LEAST_STACK;
    gcc_jit_function *fn = declare(d, GCC_JIT_FUNCTION_INTERNAL, u->voidt, local_name(d, arena_printf(d->tmp, "part%u", d->npart++)), PARAMS,
                                   (gj_t[PARAMS]){ p, p, p, p, p, u->i64, p, p }, d->param);
    struct gj_fn g = body_of(d, fn);
    for (u32 i = lo; i < hi; i++) {
        nbase = MAX(nbase, f->step[i].nplace);
        nsym = MAX(nsym, f->step[i].nsym);
    }
    gj_l args = gj_local(&g, gcc_jit_context_new_array_type(u->c, NULL, p, 4));
    d->base = gj_local(&g, gcc_jit_context_new_array_type(u->c, NULL, p, (int)nbase));
    d->sym = gj_local(&g, gcc_jit_context_new_array_type(u->c, NULL, u->i64, (int)nsym));
    d->args = gj_let(&g, p, address_of(&g, args));
    assign(&g, entry(&g, value_of(args), 0), address_of(&g, d->base));
    assign(&g, entry(&g, value_of(args), 1), address_of(&g, d->sym));
    assign(&g, entry(&g, value_of(args), 2), null(&g));         /* no tables, no other kernels */
    assign(&g, entry(&g, value_of(args), 3), null(&g));
    for (u32 i = lo; i < hi; i++)
        step(d, &g, f, &f->step[i]);
    gcc_jit_block_end_with_void_return(g.at, NULL);
    return fn;
}

/* Before anything else: the rest is code for processors that have what is asked for. */
static void check_processor(const struct drv *d, struct gj_fn *g)
{
    gj_t t = g->u->i32;
    gcc_jit_block *wrong = block(g), *right = block(g);
    gj_r has = gj_let(g, t, gcc_jit_context_new_call(g->u->c, NULL, d->cpu, 0, NULL));
    gcc_jit_block_end_with_conditional(g->at, NULL, gj_cmp(g, GCC_JIT_COMPARISON_NE, has, gj_int(g, t, 0)), right, wrong);
    gcc_jit_block_end_with_return(wrong, NULL, gj_int(g, t, 1));        /* NASC_MODEL_WRONG_CPU */
    g->at = right;
}

static void function(struct drv *d, const struct unit_fn *f)
{
    struct gj_unit *u = d->u;
    const gj_t p = u->voidp, load_type[] = { p, p }, forward_type[] = { p, p, p, p, u->i64, p };
    bool load = f->kind == UF_LOAD;
    u32 n = (f->nstep + PART - 1) / PART;
    gcc_jit_function **parts = NEW_ARRAY(d->tmp, gcc_jit_function *, n + 1);
    for (u32 i = 0; i < n; i++)
        parts[i] = part(d, f, i * PART, MIN(f->nstep, (i + 1) * PART));
    gj_r given[6], arg[PARAMS];
    struct gj_fn g = body_of(d, declare(d, GCC_JIT_FUNCTION_EXPORTED, load ? u->i32 : u->voidt, f->name, load ? 2 : 6, load ? load_type : forward_type, given));
    if (load && d->cpu)
        check_processor(d, &g);
    for (u32 i = 0; i < PARAMS; i++)
        arg[i] = null(&g);
    arg[P_BATCH] = number(&g, 1);
    for (u32 i = 0; i < (load ? 2 : 6); i++)
        arg[load ? P_WEIGHTS + i : P_PACKED + i] = given[i];
    CHECK(f->scratch.area == (load ? UA_PACKED : UA_ARENA));
    gj_r scratch = bytes_on(&g, arg[load ? P_PACKED : P_ARENA], sum(&g, arg[P_BATCH], f->scratch.offset, f->scratch.per_sample));
    arg[P_SCRATCH] = gj_let(&g, p, scratch);
    for (u32 i = 0; i < n; i++)
        call(&g, parts[i], PARAMS, arg);
    if (load)
        gcc_jit_block_end_with_return(g.at, NULL, gj_int(&g, u->i32, 0));
    else
        gcc_jit_block_end_with_void_return(g.at, NULL);
}

bool gj_emit_unit(struct gj_unit *u, struct arena *tmp, const struct mach *m, const struct unit *unit, const char *files, struct buf *why)
{
    struct drv d = { .u = u, .tmp = tmp, .unit = unit, .prefix = prefix_of(tmp, unit) };
    const gj_t p = u->voidp;
    d.kernel = NEW_ARRAY(tmp, gcc_jit_function *, unit->kernel.n + 1);
    d.data_name = NEW_ARRAY(tmp, const char *, unit->data.n + 1);
    for (u32 i = 0; i < unit->data.n; i++)
        d.data_name[i] = local_name(&d, unit->data.at[i].name);
    d.copy = declare(&d, GCC_JIT_FUNCTION_IMPORTED, p, "memcpy", 3, (gj_t[]){ p, p, u->i64 }, NULL);
    struct buf text = { 0 };
    if (gj_cpu(&text, m, local_name(&d, "cpu")))
        d.cpu = declare(&d, GCC_JIT_FUNCTION_IMPORTED, u->i32, local_name(&d, "cpu"), 0, NULL, NULL);
    d.set = declare(&d, GCC_JIT_FUNCTION_IMPORTED, p, "memset", 3, (gj_t[]){ p, u->i32, u->i64 }, NULL);
    for (u32 i = 0; i < unit->kernel.n; i++) {
        d.kernel[i] = gj_emit(u, tmp, unit->kernel.at[i].fn, local_name(&d, unit->kernel.at[i].name), GCC_JIT_FUNCTION_INTERNAL, why);
        if (!d.kernel[i]) {
            buf_free(&text);
            return false;
        }
    }
    for (u32 i = 0; i < unit->fn.n; i++)
        function(&d, &unit->fn.at[i]);
    bool ok = gj_data(&text, tmp, unit, d.data_name, files, why);
    if (ok && text.n)
        gcc_jit_context_add_top_level_asm(u->c, NULL, text.at);
    buf_free(&text);
    return ok;
}
