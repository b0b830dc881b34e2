/* pipeline.c - the stages behind one another, each clocked and, in checked builds, verified. */
#include "compiler/pipeline.h"

#include "compiler/exec_pool.h"

#include <stdio.h>

const struct pass pass_table[] = {
#define X(fn, name, needs, spoils, about) {name, needs, spoils, about, fn},
#include "passes/passes.def"
#undef X
};
const u32 pass_count = COUNTOF(pass_table);

/* A verifier's verdict on what `stage` made: a BUG with the IR kept. */
static void verdict(nasc_session *s, bool ok, struct buf *why, const char *stage, void (*dump)(struct buf *, const void *), const void *ir)
{
    if (ok) {
        buf_free(why);
        return;
    }
    char text[256];
    snprintf(text, sizeof text, "%s", why->at ? why->at : "");
    buf_free(why);
    buf_clear(&s->repro);
    dump(&s->repro, ir);
    BUG("%s left an IR that does not verify: %s", stage, text);
}
static void dump_ein(struct buf *b, const void *c) { ein_dump(b, c); }
static void dump_arch(struct buf *b, const void *a) { arch_dump(b, a); }
static void dump_plan(struct buf *b, const void *p) { plan_dump(b, p); }

static void check_ein(nasc_session *s, const struct cascade *c, const char *stage)
{
    struct buf why = {0};
    if (s->checked)
        verdict(s, ein_verify(c, &why), &why, stage, dump_ein, c);
}

struct cascade *pipe_cascade(nasc_session *s, struct arena *a, const struct arch *graph, const struct pass_options *o)
{
    struct buf why = {0};
    if (s->checked)
        verdict(s, arch_verify(graph, &why), &why, "build", dump_arch, graph);
    u64 t = clock_ns();
    struct cascade *c = arch_to_ein(a, s->sp, graph, o);
    session_clock(s, STAGE_EIN, t);
    check_ein(s, c, "arch-to-ein");
    return c;
}

void pipe_optimize(nasc_session *s, struct cascade *c, const struct pass_options *o, void (*after)(void *, const char *, const struct cascade *), void *ctx)
{
    u64 spent = 0;
    for (u32 i = 0; i < pass_count; i++) {
        u64 t = clock_ns();
        pass_table[i].run(c, o);
        spent += clock_ns() - t;
        check_ein(s, c, pass_table[i].name);
        if (after)
            after(ctx, pass_table[i].name, c);
    }
    s->clock[STAGE_PASSES].ns += spent;
    s->clock[STAGE_PASSES].n++;
}

struct plan *pipe_plan(nasc_session *s, struct arena *a, const struct cascade *c, const struct pass_options *o)
{
    u64 t = clock_ns();
    struct plan *p = ein_to_plan(a, c, session_mach(s), o);
    session_clock(s, STAGE_PLAN, t);
    struct buf why = {0};
    if (s->checked)
        verdict(s, plan_verify(p, &why), &why, "plan", dump_plan, p);
    return p;
}

static const struct kernel_entry *find_kernel(nasc_session *s, struct hash128 key)
{
    u32 at;
    for (u32 i = hmap_first(&s->kernel_map, key.lo, &at); i; i = hmap_next(&s->kernel_map, key.lo, &at))
        if (s->kernel.at[i - 1].key.hi == key.hi && s->kernel.at[i - 1].key.lo == key.lo)
            return &s->kernel.at[i - 1];
    return NULL;
}

/* Kernels outlive the plan that first needed them: the function is read back into the code arena from its text. */
static struct loop_fn *keep(nasc_session *s, const struct loop_fn *f)
{
    struct buf b = {0};
    struct arena *a = arena_new("kernel text");
    struct srcs *srcs = srcs_new(a);
    struct diags ds;
    diags_init(&ds, a, srcs);
    loop_dump(&b, f);
    struct loop_fn *g = loop_read(s->code, s->sp, &ds, srcs_add(srcs, "<kernel>", b.at, b.n));
    if (!g)
        BUG("the text of kernel %s does not read back: %s", f->name, ds.all.n ? ds.all.at[0]->text : "");
    buf_free(&b);
    arena_free(a);
    return g;
}

bool pipe_kernels(nasc_session *s, struct backend_handle *be, const struct plan *p, struct be_kernel *out, u32 *misses, u64 *ns)
{
    u64 start = clock_ns();
    u32 nmiss = 0;
    struct kernel_entry *miss = NEW_ARRAY(p->a, struct kernel_entry, p->kernel.n + 1);
    const struct loop_fn **fn = NEW_ARRAY(p->a, const struct loop_fn *, p->kernel.n + 1);
    for (u32 i = 0; i < p->kernel.n; i++) {
        struct hash128 key = p->kernel.at[i].key;
        key.hi ^= hash64(be->be->name, strlen(be->be->name));
        if (find_kernel(s, key))
            continue;
        struct loop_fn *f = keep(s, p->kernel.at[i].fn);
        loop_legalize(f, session_mach(s), be->be->can);
        if (s->checked) {
            struct buf why = {0};
            if (!loop_verify(f, &why)) {
                loop_dump(&s->repro, f);
                BUG("kernel %s does not verify: %s", p->kernel.at[i].name, why.at);
            }
            buf_free(&why);
        }
        miss[nmiss] = (struct kernel_entry){.key = key, .fn = f};
        fn[nmiss++] = f;
    }
    if (nmiss) {
        struct be_kernel *k = NEW_ARRAY(p->a, struct be_kernel, nmiss);
        struct buf why = {0};
        if (!be->be->jit(be->inst, nmiss, fn, k, &why)) {
            loop_dump(&s->repro, fn[0]);
            BUG("backend %s: %s", be->be->name, why.at ? why.at : "no code");
        }
        for (u32 i = 0; i < nmiss; i++) {
            miss[i].k = k[i];
            vec_push(s->a, &s->kernel, miss[i]);
            hmap_put(&s->kernel_map, miss[i].key.lo, s->kernel.n);
        }
        buf_free(&why);
    }
    for (u32 i = 0; i < p->kernel.n; i++) {
        struct hash128 key = p->kernel.at[i].key;
        key.hi ^= hash64(be->be->name, strlen(be->be->name));
        out[i] = find_kernel(s, key)->k;
    }
    *misses = nmiss;
    *ns = clock_ns() - start;
    s->clock[STAGE_CODE].ns += *ns;
    s->clock[STAGE_CODE].n++;
    return true;
}

nasc_net *net_compile(nasc_session *s, const struct arch *graph, const char *backend, const struct pass_options *o)
{
    struct backend_handle *be = session_backend(s, backend);
    if (!be)
        return NULL;
    struct arena *a = arena_new("sample");
    nasc_net *n = NEW(a, nasc_net);
    n->s = s;
    n->a = a;
    n->opt = *o;
    n->next = s->nets;
    n->link = &s->nets;
    if (n->next)
        n->next->link = &n->next;
    s->nets = n;
    n->written = pipe_cascade(s, a, graph, o);
    n->ein = ein_copy(a, n->written);
    pipe_optimize(s, n->ein, o, NULL, NULL);
    n->plan = pipe_plan(s, a, n->ein, o);
    n->kernel = NEW_ARRAY(a, struct be_kernel, n->plan->kernel.n + 1);
    if (!pipe_kernels(s, be, n->plan, n->kernel, &n->misses, &n->compile_ns)) {
        nasc_net_free(n);
        return NULL;
    }
    return n;
}

bool net_exec(nasc_net *n)
{
    if (!n->s->mem)
        n->s->mem = exec_mem_new();
    if (!n->exec && n->s->mem)
        n->exec = exec_new_in(n->plan, n->kernel, n->s->mem);
    if (!n->exec)
        session_complain(n->s, E0904, "not enough memory for the network's weights and activations");
    return n->exec;
}

bool net_threads(nasc_net *net, u32 n)
{
    nasc_session *s = net->s;
    n = n ? n : exec_cpus();
    if (!net_exec(net))
        return false;
    if (n > 1 && (!s->pool || exec_pool_size(s->pool) < n)) {
        for (nasc_net *other = s->nets; other; other = other->next)     /* they use the one there is */
            if (other->exec)
                exec_threads(other->exec, 1, NULL);
        exec_pool_free(s->pool);
        s->pool = exec_pool_new(n);
    }
    if ((n > 1 && !s->pool) || !exec_threads(net->exec, n, s->pool)) {
        session_complain(s, E0904, "the system has no %u threads, or no memory for them", n);
        return false;
    }
    return true;
}

void nasc_net_free(nasc_net *n)
{
    if (!n)
        return;
    *n->link = n->next;
    if (n->next)
        n->next->link = n->link;
    if (n->exec)
        exec_free(n->exec);
    arena_free(n->a);
}
