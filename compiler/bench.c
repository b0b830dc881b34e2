/* bench.c - see bench.h: the batch, its three phases, and which networks were measured before. */
#include "compiler/bench.h"

#include "compiler/base/mem.h"
#include "compiler/plan_same.h"

#include <stdlib.h>

enum { BATCH = 64, MOST_KNOWN = 1 << 16 };

/* What was measured of a plan: kept for as long as the bench lasts, since any later network may have the same (of the first
 * MOST_KNOWN plans: a bench of any length takes bounded memory). */
struct known { struct hash128 id; u64 index; bool measured; double compile_ns; struct measure m; const char *error; };
struct item { struct bench_result r; nasc_net *net; u32 known; /* 1-based, 0: its plan equals no other's */ };
struct bench {
    nasc_session *s;
    struct bench_options o;
    void (*emit)(void *, const struct bench_result *); void *ctx;
    struct arena *a, *batch;            /* the bench's and the batch's lifetime */
    struct meter *meter;
    struct item item[BATCH]; u32 n;
    VEC(struct known) known; struct hmap map;
    struct bench_totals totals;
    nasc_status worst;
};

struct bench *bench_open(nasc_session *s, const struct bench_options *o, void (*emit)(void *, const struct bench_result *), void *ctx)
{
    if (!session_backend_named(s, o->backend))
        return NULL;
    struct bench *b = calloc(1, sizeof *b);
    if (!b || !(b->meter = measure_open())) {
        free(b);
        NO_MEMORY(sizeof *b, "measuring");
    }
    b->s = s;
    b->o = *o;
    b->emit = emit;
    b->ctx = ctx;
    b->a = arena_new_in(s->a, "bench");
    b->batch = arena_new_in(b->a, "batch");
    return b;
}

void bench_close(struct bench *b, struct bench_totals *t)
{
    *t = b->totals;
    measure_close(b->meter);
    hmap_free(&b->map);
    arena_free(b->a);
    free(b);
}

static void fail(struct bench *b, struct item *it, nasc_status st, const char *why)
{
    it->r.error = arena_strdup(b->batch, why);
    b->worst = MAX(b->worst, st);
}

/* The end of memory in one network is that network's. A bug goes on to the entry point. */
static void out_of_memory(struct bench *b, struct item *it, const struct bug_trap *t, nasc_net *before)
{
    if (!t->memory)
        BUG("%s", t->text);
    while (b->s->nets != before)
        nasc_net_free(b->s->nets);
    it->net = NULL;
    session_complain(b->s, E0904, "not enough memory for network %llu: %s", (unsigned long long)it->r.index, t->text);
    fail(b, it, NASC_ENV, "not enough memory");
}

static u32 find_known(struct bench *b, struct hash128 id)
{
    u32 at;
    for (u32 i = hmap_first(&b->map, id.lo, &at); i; i = hmap_next(&b->map, id.lo, &at))
        if (b->known.at[i - 1].id.hi == id.hi && b->known.at[i - 1].id.lo == id.lo)
            return i;
    return 0;
}

/* Is there a network with this plan already?  If not, this one will be measured for those to come. */
static void look_up(struct bench *b, struct item *it)
{
    struct hash128 id;
    if (!plan_identity(it->net->plan, &id))
        return;
    it->known = find_known(b, id);
    it->r.same = it->known;
    if (it->known || b->known.n == MOST_KNOWN) {
        it->r.same_as = it->known ? b->known.at[it->known - 1].index : 0;
        return;
    }
    struct known k = {.id = id, .index = it->r.index};
    vec_push(b->a, &b->known, k);
    hmap_put(&b->map, id.lo, it->known = b->known.n);
}

static void lower(struct bench *b, struct item *it, nasc_arch *ar)
{
    struct bug_trap trap;
    nasc_net *before = b->s->nets;
    bug_trap_push(&trap);
    if (setjmp(trap.back)) {
        out_of_memory(b, it, &trap, before);
        return;
    }
    u64 start = clock_ns();
    it->net = net_lower(b->s, arch_graph(ar), &b->o.pass);
    it->r.compile_ns = (double)(clock_ns() - start);
    bug_trap_pop(&trap);
    const struct plan *p = it->net->plan;
    it->r.lowered = true;
    it->r.peak_bytes = plan_peak_bytes(p, b->o.measure.batch);
    it->r.launches = p->run.n;
    it->r.kernels = p->kernel.n;
    look_up(b, it);
    if (it->r.same && !b->o.verify) {           /* its code is not needed */
        nasc_net_free(it->net);
        it->net = NULL;
    }
}

nasc_status bench_add(struct bench *b, nasc_arch *ar, u64 index, bool drawn, u64 place)
{
    struct item *it = &b->item[b->n++];
    *it = (struct item){.r = {.index = index, .drawn = drawn, .place = place}};
    nasc_arch_record(ar, &it->r.r);
    it->r.r.arch = arena_strdup(b->batch, it->r.r.arch);
    lower(b, it, ar);
    nasc_arch_free(ar);
    return b->n == BATCH ? bench_flush(b) : b->worst;
}

/* ---- one network, measured ---- */

/* Plain inputs, then special ones among them. */
static bool same_bits(struct bench *b, struct item *it, struct buf *why)
{
    static const enum compare_draw draw[] = {DRAW_PLAIN, DRAW_SPECIAL};
    for (u32 i = 0; i < COUNTOF(draw); i++) {
        struct compare_strict r;
        if (!compare_strict(it->net, b->o.seed, b->o.measure.batch, draw[i], &r, why))
            return false;
        it->r.strict.elems += r.elems;
        if (r.differ) {
            session_complain(b->s, E0920, "native code has other bits than the evaluator: %llu of %llu numbers, %u launches; %s (network %llu)", (unsigned long long)r.differ,
                             (unsigned long long)r.elems, r.bad_launches, r.first_bad ? r.first_bad : "", (unsigned long long)it->r.index);
            return false;
        }
    }
    return true;
}

static bool in_bounds(struct bench *b, struct item *it, struct buf *why)
{
    struct compare *r = &it->r.compare;
    bool ok = compare_net(it->net, b->o.seed, b->o.measure.batch, r, why);
    if (ok && (r->bad_groups || r->worst_end > 1 || r->worst_rewrite > 1)) {
        session_complain(b->s, E0920, "native code differs from the evaluator: %u of %u groups beyond their bound (%s); outputs at %.3g of theirs, rewrites at %.3g (network %llu)",
                         r->bad_groups, r->groups, r->first_bad ? r->first_bad : "none", r->worst_end, r->worst_rewrite, (unsigned long long)it->r.index);
        ok = false;
    }
    r->first_bad = NULL;                        /* it goes with the network */
    return ok;
}

static bool verify(struct bench *b, struct item *it)
{
    struct buf why = {0};
    bool ok = b->o.pass.strict ? same_bits(b, it, &why) : in_bounds(b, it, &why);
    if (why.n)
        session_complain(b->s, E0920, "not verified: %s (network %llu)", why.at, (unsigned long long)it->r.index);
    buf_free(&why);
    it->r.verified = ok;
    if (!ok)
        fail(b, it, NASC_WRONG, "native code differs from the evaluator");
    return ok;
}

static bool launches(struct bench *b, struct item *it)
{
    const struct plan *p = it->net->plan;
    double *ns = NEW_ARRAY(b->batch, double, p->run.n + 1);
    if (!measure_launches(b->meter, it->net->exec, p, &b->o.measure, b->o.seed, ns))
        return false;
    it->r.launch = NEW_ARRAY(b->batch, struct bench_launch, p->run.n + 1);
    it->r.nlaunch = p->run.n;
    for (u32 k = 0; k < p->run.n; k++) {
        const struct plan_cmd *c = &p->run.at[k];
        u64 batch = (u64)b->o.measure.batch;
        it->r.launch[k] = (struct bench_launch){
            .kernel = arena_strdup(b->batch, plan_cmd_name(p, c)), .what = arena_strdup(b->batch, c->what ? c->what : ""), .units = (u64)c->units.k * (c->units.times_batch ? batch : 1),
            .macs = c->macs * batch, .bytes = c->bytes * batch, .ns = ns[k],
        };
    }
    return true;
}

static bool time_it(struct bench *b, struct item *it)
{
    nasc_session *s = b->s;
    nasc_net *n = it->net;
    u64 t = clock_ns();
    bool ok = exec_weights_slab(n->exec);
    session_clock(s, STAGE_WEIGHTS, t);
    t = clock_ns();
    ok = ok && exec_load(n->exec);
    session_clock(s, STAGE_LOADSEC, t);
    t = clock_ns();
    ok = ok && measure_run(b->meter, n->exec, n->plan, &b->o.measure, b->o.seed, &it->r.m);
    session_clock(s, STAGE_RUN, t);
    if (ok && b->o.raw) {
        double *raw = NEW_ARRAY(b->batch, double, it->r.m.samples + 1);
        memcpy(raw, it->r.m.raw, it->r.m.samples * sizeof *raw);
        it->r.m.raw = raw;
    } else {
        it->r.m.raw = NULL;
    }
    return ok && (!b->o.launches || it->r.m.late || launches(b, it));
}

/* Memory is touched for the first time at no more than this: a network with more of it cannot make the time a first run has. Below a
 * gigabyte that is found out by trying; what the machine does not have at all is another error. */
#define TOUCHED_PER_SECOND 1e9

static bool too_large(const struct bench *b, const struct item *it)
{
    double run = (double)b->o.measure.run_ns / 1e9;
    return run > 0 && !b->o.verify && it->r.peak_bytes >= (u64)1000000000 && mem_fits(it->r.peak_bytes) && (double)it->r.peak_bytes > run * TOUCHED_PER_SECOND;
}

static void measure(struct bench *b, struct item *it)
{
    struct bug_trap trap;
    if (too_large(b, it)) {                     /* nobody's mistake either, and it would cost seconds to find out */
        it->r.error = arena_printf(b->batch, "a first run takes more than %.3g s: %.3g GB to touch", (double)b->o.measure.run_ns / 1e9, (double)it->r.peak_bytes / 1e9);
        return;
    }
    bug_trap_push(&trap);
    if (setjmp(trap.back)) {
        if (!trap.memory)
            BUG("%s", trap.text);
        session_complain(b->s, E0904, "not enough memory for network %llu: %s", (unsigned long long)it->r.index, trap.text);
        fail(b, it, NASC_ENV, "not enough memory");
        return;
    }
    if (!net_threads(it->net, b->o.threads)) {
        fail(b, it, NASC_ENV, "not enough memory");
    } else if (b->o.verify && !verify(b, it)) {
        ;
    } else if (!it->r.same && !time_it(b, it)) {
        session_complain(b->s, E0904, "not enough memory to run network %llu", (unsigned long long)it->r.index);
        fail(b, it, NASC_ENV, "not enough memory");
    } else if (it->r.m.late) {                  /* not a mistake of anybody: no complaint */
        it->r.error = arena_printf(b->batch, "a run takes more than %.3g s", (double)b->o.measure.run_ns / 1e9);
    } else {
        it->r.measured = !it->r.same;
    }
    bug_trap_pop(&trap);
}

/* ---- the batch ---- */

static bool stopped(const struct bench *b)
{
    return b->o.stop && *b->o.stop;
}

/* Code for what is to be measured.  false after complaining. */
static bool compile(struct bench *b)
{
    nasc_net **net = NEW_ARRAY(b->batch, nasc_net *, BATCH);
    u32 n = 0;
    for (u32 i = 0; i < b->n; i++)
        if (b->item[i].net)
            net[n++] = b->item[i].net;
    if (n && !net_code(b->s, n, net, b->o.backend))
        return false;
    for (u32 i = 0; i < b->n; i++)
        if (b->item[i].net) {
            b->item[i].r.misses = b->item[i].net->misses;
            b->item[i].r.compile_ns += (double)b->item[i].net->compile_ns;
        }
    return true;
}

/* What the measured ones found goes to those that are the same. */
static void share(struct bench *b, struct item *it)
{
    if (!it->known)
        return;
    struct known *k = &b->known.at[it->known - 1];
    if (!it->r.same) {
        k->measured = it->r.measured;
        k->m = it->r.m;
        k->m.raw = NULL;
        k->error = it->r.error ? arena_strdup(b->a, it->r.error) : NULL;
    } else if (!it->r.error) {
        it->r.m = k->m;
        it->r.error = k->measured ? NULL : k->error ? k->error : "not measured";
    }
}

static void give_out(struct bench *b, u32 n)
{
    for (u32 i = 0; i < n; i++) {
        struct bench_result *r = &b->item[i].r;
        share(b, &b->item[i]);
        b->totals.networks++;
        b->totals.measured += r->measured;
        b->totals.errors += r->error != NULL;
        b->totals.drifted += r->measured && r->m.drift;
        b->totals.forward_ns += r->measured ? r->m.timed_ns : 0;
        b->totals.warm_ns += r->measured ? r->m.warm_ns : 0;
        b->emit(b->ctx, r);
    }
}

nasc_status bench_flush(struct bench *b)
{
    if (b->n && !compile(b))
        b->worst = MAX(b->worst, NASC_ENV);
    else if (b->n) {
        u32 done = 0;
        measure_quiet(b->meter);
        for (; done < b->n && !stopped(b); done++)
            if (b->item[done].net) {
                measure(b, &b->item[done]);
                nasc_net_free(b->item[done].net);
                b->item[done].net = NULL;
            }
        measure_loud(b->meter);
        give_out(b, done);
    }
    for (u32 i = 0; i < b->n; i++)
        nasc_net_free(b->item[i].net);
    b->n = 0;
    arena_clear(b->batch);
    return b->worst;
}
