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
        if (o->without >> i & 1)
            continue;
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
    enum { MEMO_MOST = 64 << 20 };
    u64 t = clock_ns();
    if (!s->plans || plan_memo_bytes(s->plans) > MEMO_MOST) {
        plan_memo_drop(s->plans);
        s->plans = plan_memo_new();
    }
    struct plan *p = ein_to_plan(a, c, session_mach(s), o, s->plans);
    session_clock(s, STAGE_PLAN, t);
    struct buf why = {0};
    if (s->checked)
        verdict(s, plan_verify(p, &why), &why, "plan", dump_plan, p);
    return p;
}

static nasc_net *net_new(nasc_session *s, const struct pass_options *o)
{
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
    return n;
}

static void lower(nasc_net *n)
{
    n->ein = ein_copy(n->a, n->written);
    pipe_optimize(n->s, n->ein, &n->opt, NULL, NULL);
    n->plan = pipe_plan(n->s, n->a, n->ein, &n->opt);
    n->memo = plan_memo_hold(n->s->plans);
}

nasc_net *net_lower(nasc_session *s, const struct arch *graph, const struct pass_options *o)
{
    nasc_net *n = net_new(s, o);
    n->written = pipe_cascade(s, n->a, graph, o);
    lower(n);
    return n;
}

nasc_net *net_lower_cascade(nasc_session *s, const struct cascade *c, const struct pass_options *o)
{
    nasc_net *n = net_new(s, o);
    n->written = ein_copy(n->a, c);
    check_ein(s, n->written, "what was given");
    lower(n);
    return n;
}

bool net_code(nasc_session *s, u32 n, nasc_net *const *net, const char *backend)
{
    struct backend_handle *be = session_backend_named(s, backend);
    struct arena *a = arena_new_in(s->a, "pass");
    const struct plan **plan = NEW_ARRAY(a, const struct plan *, n);
    struct be_kernel **out = NEW_ARRAY(a, struct be_kernel *, n);
    u32 *misses = NEW_ARRAY(a, u32, n);
    u64 *ns = NEW_ARRAY(a, u64, n);
    for (u32 i = 0; i < n; i++) {
        plan[i] = net[i]->plan;
        out[i] = NEW_ARRAY(net[i]->a, struct be_kernel, plan[i]->kernel.n + 1);
        net[i]->kernel = out[i];        /* whatever unwinds: what is pinned is given back with the network */
    }
    bool ok = be && pipe_kernels_many(s, be, n, plan, out, misses, ns);
    for (u32 i = 0; i < n && !ok; i++)
        net[i]->kernel = NULL;
    for (u32 i = 0; i < n && ok; i++) {
        net[i]->misses = misses[i];
        net[i]->compile_ns = ns[i];
        net[i]->backend = be->name;
    }
    arena_free(a);
    return ok;
}

nasc_net *net_compile(nasc_session *s, const struct arch *graph, const char *backend, const struct pass_options *o)
{
    if (!session_backend_named(s, backend))     /* before the work */
        return NULL;
    nasc_net *n = net_lower(s, graph, o);
    if (net_code(s, 1, &n, backend))
        return n;
    nasc_net_free(n);
    return NULL;
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
    if (n->kernel)
        pipe_release(n->s, n->plan, n->kernel);
    plan_memo_drop(n->memo);
    arena_free(n->a);
}
