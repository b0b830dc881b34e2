/* cmd_show.c - nasc show: what an architecture consists of, op by op, and what it is compiled to, launch by launch. */
#include "compiler/cli.h"
#include "compiler/dump.h"

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
    {"kernel", OUT_STR, "kernel", 24, true, NULL},
    {"units", OUT_U64, "units", 7, false, "k"},
    {"macs", OUT_COUNT, "macs", 7, false, NULL},
    {"bytes", OUT_COUNT, "bytes", 7, false, NULL},
    {"what", OUT_STR, "what", 60, true, NULL},
};

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
        const struct arch *g = arch_graph(ar);
        nasc_record r;
        nasc_arch_record(ar, &r);
        struct out *o = out_open(f, COUNTOF(op_columns), op_columns);
        show_fn(o, ar->a, g, &g->fn.at[g->fn.n - 1], "", 1);
        out_close(o);
        nasc_net *n = f == OUT_TEXT ? net_compile(c->s, g, c->value[OPT_BACKEND], &opt) : NULL;
        if (f == OUT_TEXT && !n)
            st = NASC_ENV;
        if (n) {
            struct buf b = {0};
            buf_printf(&b, "\n%s\nin all: ", r.arch);
            count_print(&b, r.params);
            buf_puts(&b, " params, ");
            count_print(&b, r.macs);
            buf_printf(&b, " macs, %llu op instances; %u launches of %u kernels, %llu bytes at peak\n\n", (unsigned long long)r.nodes, n->plan->run.n,
                       n->plan->kernel.n, (unsigned long long)plan_peak_bytes(n->plan, 1));
            fwrite(b.at, 1, b.n, stdout);
            buf_free(&b);
            o = out_open(f, COUNTOF(launch_columns), launch_columns);
            for (u32 i = 0; i < n->plan->run.n; i++) {
                const struct plan_cmd *k = &n->plan->run.at[i];
                const char *kern = k->kind == PC_KERNEL ? n->plan->kernel.at[k->kernel].name : k->kind == PC_TAPE ? n->plan->tape.at[k->kernel]->name : NULL;
                struct out_cell cell[] = {
                    {.u = i}, {.s = kern ? kern : k->kind == PC_COPY ? "copy" : "fill"}, {.u = (u64)k->units.k},
                    {.c = k->macs}, {.c = k->bytes}, {.s = k->what ? k->what : ""},
                };
                out_row(o, cell);
            }
            out_close(o);
            nasc_net_free(n);
        }
    }
    nasc_arch_free(ar);
    return st;
}
