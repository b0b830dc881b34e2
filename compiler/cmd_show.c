/* cmd_show.c - nasc show: what an architecture consists of, op by op, and what it is compiled to, launch by launch. */
#include "compiler/cli.h"
#include "compiler/dump.h"
#include "compiler/explain.h"

#include <stdio.h>

static const struct out_col op_columns[] = {
    {"path", OUT_STR, "path", 34, true, NULL},
    {"op", OUT_STR, "op", 16, true, NULL},
    {"times", OUT_COUNT, "times", 7, false, NULL},
    {"in", OUT_STR, "in", 28, true, NULL},
    {"out", OUT_STR, "out", 22, true, NULL},
    {"params", OUT_COUNT, "params", 7, false, NULL},
    {"macs", OUT_COUNT, "macs", 7, false, NULL},
    {"bytes", OUT_COUNT, "bytes", 7, false, NULL},
};
static const struct out_col launch_columns[] = {
    {"launch", OUT_U64, "launch", 6, false, NULL},
    {"kernel", OUT_STR, "kernel", 20, true, NULL},
    {"units", OUT_U64, "units", 6, false, "k"},
    {"reads", OUT_STR, "reads", 18, true, NULL},
    {"writes", OUT_STR, "writes", 14, true, NULL},
    {"weights", OUT_STR, NULL, 0, true, NULL},
    {"macs", OUT_COUNT, "macs", 6, false, NULL},
    {"bytes", OUT_COUNT, "bytes", 6, false, NULL},
    {"us", OUT_REAL, "us", 8, false, NULL},
    {"gflops", OUT_REAL, "GFLOP/s", 7, false, NULL},
    {"share_of_peak", OUT_REAL, "of peak", 7, false, NULL},
    {"gbytes", OUT_REAL, "GB/s", 6, false, NULL},
    {"bound", OUT_STR, "bound", 7, true, NULL},
    {"moves", OUT_STR, NULL, 0, true, NULL},
    {"what", OUT_STR, "what", 40, true, NULL},
};
/* Networks up to this size are timed without being asked to. */
#define QUICK_MACS 1000000000u

static const char *types_text(struct arena *a, struct types *t, u32 n, const type_id *ty)
{
    struct buf b = {0};
    for (u32 i = 0; i < n; i++) {
        if (i)
            buf_puts(&b, ", ");
        type_print(&b, t, ty[i], false);
    }
    const char *s = arena_strdup(a, b.at ? b.at : "()");
    buf_free(&b);
    return s;
}

/* Ops of a function, calls opened, replication multiplied out. */
static void show_fn(struct out *o, struct arena *a, const struct arch *g, const struct afn *f, const char *path, u128 times)
{
    for (u32 i = 0; i < f->node.n; i++) {
        const struct anode *n = &f->node.at[i];
        const char *here = arena_printf(a, "%s%s%s", path, *path && n->label ? "." : "", n->label ? n->label : "");
        if (n->kind != ANODE_OP) {
            show_fn(o, a, g, &g->fn.at[n->fn], here, count_mul(times, n->n));
            continue;
        }
        type_id *in = NEW_ARRAY(a, type_id, n->nin + 1);
        for (u32 k = 0; k < n->nin; k++)
            in[k] = arch_val_type(f, n->in[k]);
        struct count ct = count_op(n->op, g->types);
        struct out_cell cell[] = {
            {.s = here}, {.s = n->op->op->name}, {.c = times}, {.s = types_text(a, g->types, n->nin, in)},
            {.s = types_text(a, g->types, n->nout, n->out)}, {.c = count_mul(times, ct.params)}, {.c = count_mul(times, ct.macs)}, {.c = ct.bytes},
        };
        out_row(o, cell);
    }
}

void show_ops(enum out_format f, nasc_arch *ar)
{
    const struct arch *g = arch_graph(ar);
    struct out *o = out_open(f, COUNTOF(op_columns), op_columns);
    show_fn(o, ar->a, g, &g->fn.at[g->fn.n - 1], "", 1);
    out_close(o);
}

static void put_launches(enum out_format f, const struct explain *x)
{
    struct out *o = out_open(f, COUNTOF(launch_columns), launch_columns);
    for (u32 k = 0; k < x->n; k++) {
        const struct explain_launch *l = &x->launch[k];
        bool none = !(l->ns > 0), idle = none || !l->macs;
        struct out_cell cell[] = {
            {.u = k}, {.s = l->kernel}, {.u = l->units}, {.s = l->reads}, {.s = l->writes}, {.s = l->weights}, {.c = l->macs}, {.c = l->bytes},
            {.none = none, .r = l->ns / 1e3}, {.none = idle, .r = l->gflops}, {.none = idle, .r = l->share}, {.none = none, .r = none ? 0 : (double)l->bytes / l->ns},
            {.none = none, .s = l->memory ? "memory" : "compute"}, {.s = l->relayout ? "relayout" : l->moves ? "copy" : "no"}, {.s = l->what},
        };
        _Static_assert(COUNTOF(cell) == COUNTOF(launch_columns), "a cell for each column");
        out_row(o, cell);
    }
    out_close(o);
}

/* The plan as a whole. */
static void put_summary(enum out_format f, const nasc_record *r, const nasc_net *n, const struct explain *x)
{
    struct buf b = {0};
    bool text = f == OUT_TEXT;
    u64 peak = plan_peak_bytes(n->plan, 1);
    if (text) {
        buf_printf(&b, "\n%s\nin all: ", r->arch);
        count_print(&b, r->params);
        buf_puts(&b, " params, ");
        count_print(&b, r->macs);
        buf_printf(&b, " macs, %llu op instances; %u launches of %u kernels, %llu bytes at peak\n", (unsigned long long)r->nodes, x->n,
                   n->plan->kernel.n + n->plan->tape.n, (unsigned long long)peak);
        buf_printf(&b, "launches: %u that only copy (%u of them relayouts), %u fills; %llu macs, %llu bytes through memory\n", x->copies, x->relayouts,
                   x->fills, (unsigned long long)x->macs, (unsigned long long)x->bytes);
        if (x->ns > 0)
            buf_printf(&b, "measured: %.1f us, %.1f GFLOP/s, %.0f %% of the %.0f that one core does in registers (%s); %.1f GB/s of %.1f\n", x->ns / 1e3,
                       2 * (double)x->macs / x->ns, x->share * 100, x->peak.flops / 1e9, x->peak.how, (double)x->bytes / x->ns, x->peak.bytes / 1e9);
        buf_putc(&b, '\n');
    } else {
        buf_puts(&b, "{\"arch\": ");
        buf_json(&b, r->arch, strlen(r->arch));
        buf_printf(&b, ",\n \"summary\": {\"launches\": %u, \"kernels\": %u, \"copies\": %u, \"relayouts\": %u, \"fills\": %u, \"macs\": %llu, \"bytes\": %llu, \"peak_bytes\": %llu",
                   x->n, n->plan->kernel.n + n->plan->tape.n, x->copies, x->relayouts, x->fills, (unsigned long long)x->macs,
                   (unsigned long long)x->bytes, (unsigned long long)peak);
        if (x->ns > 0)
            buf_printf(&b, ", \"us\": %.3f, \"share_of_peak\": %.4f, \"peak_gflops\": %.1f, \"peak_gbytes\": %.1f, \"peak_by\": \"%s\"", x->ns / 1e3, x->share,
                       x->peak.flops / 1e9, x->peak.bytes / 1e9, x->peak.how);
        buf_puts(&b, "},\n \"launches\": ");
    }
    fwrite(b.at, 1, b.n, stdout);
    buf_free(&b);
}

static nasc_status show_plan(struct cli *c, enum out_format f, nasc_arch *ar, const struct pass_options *opt)
{
    nasc_record r;
    nasc_arch_record(ar, &r);
    nasc_net *n = net_compile(c->s, arch_graph(ar), c->value[OPT_BACKEND], opt);
    if (!n)
        return NASC_ENV;
    bool native = strcmp(session_backend_named(c->s, c->value[OPT_BACKEND])->name, "ref") != 0;
    bool timed = c->value[OPT_MEASURE] || (!c->value[OPT_NOMEAS] && native && r.macs <= QUICK_MACS);
    struct explain x;
    nasc_status st = NASC_OK;
    if (explain_net(n->a, n, timed, &x)) {
        if (f == OUT_TEXT || f == OUT_JSON)
            put_summary(f, &r, n, &x);
        put_launches(f, &x);
        if (f == OUT_JSON)
            printf("}\n");
    } else {
        if (!c->s->ds.nerrors)
            session_complain(c->s, E0904, "not enough memory to run the network");
        st = NASC_ENV;
    }
    nasc_net_free(n);
    return st;
}

nasc_status cmd_show(struct cli *c)
{
    enum out_format f;
    bool done;
    u64 seed;
    struct pass_options opt;
    if (!out_format_of(c, &f) || !cli_u64(c, OPT_SEED, 0, 0, UINT64_MAX, &seed) || !cli_pass_options(c, &opt))
        return NASC_USAGE;
    nasc_status st = dump_load(c, true, NULL, &done);
    if (st || done)
        return st;
    nasc_arch *ar;
    st = c->value[OPT_ARCH] ? cli_arch(c, &ar) : nasc_sample(c->s, seed, 0, &ar);
    if (st)
        return st;
    st = dump_arch_stage(c, ar, &opt, &done);
    if (!done) {
        if (!c->value[OPT_LAUNCHES])
            show_ops(f, ar);
        if (f == OUT_TEXT || c->value[OPT_LAUNCHES])
            st = show_plan(c, f, ar, &opt);
    }
    nasc_arch_free(ar);
    return st;
}
