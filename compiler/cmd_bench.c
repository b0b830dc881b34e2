/* cmd_bench.c - nasc bench: architectures (sampled, --arch, or a text a line on stdin) compiled and timed, a record each. */
#include "compiler/cli.h"
#include "compiler/compare.h"
#include "compiler/dump.h"
#include "compiler/measure.h"

#include <stdio.h>
#include <unistd.h>

static const struct out_col columns[] = {
    {"space", OUT_STR, NULL, 0, true, NULL},
    {"seed", OUT_U64, NULL, 0, false, NULL},
    {"index", OUT_U64, "#", 4, false, NULL},
    {"text_hash", OUT_STR, "text hash", 12, true, NULL},
    {"depth", OUT_U64, "depth", 5, false, NULL},
    {"nodes", OUT_U64, NULL, 0, false, "k"},
    {"params", OUT_COUNT, "params", 7, false, NULL},
    {"macs", OUT_COUNT, "macs", 7, false, NULL},
    {"compile_us", OUT_REAL, "compile us", 10, false, NULL},
    {"latency_us_min", OUT_REAL, "min us", 9, false, NULL},
    {"latency_us", OUT_REAL, "median us", 9, false, NULL},
    {"peak_bytes", OUT_COUNT, "peak B", 7, false, NULL},
    {"launches", OUT_U64, "launches", 8, false, NULL},
    {"misses", OUT_U64, "misses", 6, false, NULL},
    {"kernels", OUT_U64, NULL, 0, false, NULL},
    {"backend", OUT_STR, NULL, 0, true, NULL},
    {"weights", OUT_STR, NULL, 0, true, NULL},
    {"arch", OUT_STR, "architecture", 48, true, NULL},
};

struct bench { struct cli *c; struct out *out; struct pass_options opt; struct measure_options m; struct meter *meter; u64 seed, threads; bool drawn; };

static nasc_status verify(struct bench *b, nasc_net *n)
{
    nasc_session *s = b->c->s;
    struct compare r;
    struct buf why = {0};
    nasc_status st = NASC_OK;
    if (!compare_net(n, b->seed, b->m.batch, &r, &why)) {
        session_complain(s, E0920, "not verified: %s", why.at ? why.at : "");
        st = NASC_WRONG;
    } else if (r.bad_groups || r.worst_end > 1 || r.worst_rewrite > 1) {
        session_complain(s, E0920, "native code differs from the evaluator: %u of %u groups beyond their bound (%s); outputs at %.3g of theirs, rewrites at %.3g",
                         r.bad_groups, r.groups, r.first_bad ? r.first_bad : "none", r.worst_end, r.worst_rewrite);
        st = NASC_WRONG;
    } else {
        fprintf(stderr, "verified: %u groups, worst %.3g of the bound; outputs %.3g%s\n", r.groups, r.worst_group, r.worst_end,
                r.end_checked ? "" : "; of some the bound is not finite: rewrites compared in f64 there");
    }
    buf_free(&why);
    return st;
}

static nasc_status one(struct bench *b, nasc_arch *ar, u64 index)
{
    nasc_session *s = b->c->s;
    bool done;
    nasc_status st = dump_arch_stage(b->c, ar, &b->opt, &done);
    if (done || st)
        return st;
    u64 start = clock_ns();
    nasc_net *n = net_compile(s, arch_graph(ar), b->c->value[OPT_BACKEND], &b->opt);
    u64 compile = clock_ns() - start;
    if (!n)
        return NASC_ENV;
    struct measure m = {0};
    if (!net_threads(n, (u32)b->threads)) {
        st = NASC_ENV;
    } else if (b->c->value[OPT_VERIFY]) {
        st = verify(b, n);
    }
    if (st == NASC_OK) {
        u64 t = clock_ns();
        bool have = exec_weights_slab(n->exec);
        session_clock(s, STAGE_WEIGHTS, t);
        t = clock_ns();
        if (have)
            exec_load(n->exec);
        session_clock(s, STAGE_LOADSEC, t);
        if (!have || !measure_run(b->meter, n->exec, n->plan, &b->m, b->seed, &m)) {
            session_complain(s, E0904, "not enough memory to run sample %llu", (unsigned long long)index);
            st = NASC_ENV;
        }
    }
    if (st == NASC_OK) {
        nasc_record r;
        nasc_arch_record(ar, &r);
        struct out_cell cell[] = {
            {.s = r.space}, {.none = !b->drawn, .u = b->seed}, {.u = index}, {.s = r.text_hash}, {.u = r.depth}, {.u = r.nodes},
            {.c = r.params}, {.c = r.macs}, {.r = (double)compile / 1e3}, {.r = m.min_ns / 1e3}, {.r = m.median_ns / 1e3},
            {.c = plan_peak_bytes(n->plan, b->m.batch)}, {.u = n->plan->run.n}, {.u = n->misses}, {.u = n->plan->kernel.n},
            {.s = n->backend}, {.s = "slab"}, {.s = r.arch},
        };
        out_row(b->out, cell);
    }
    nasc_net_free(n);
    return st;
}

nasc_status cmd_bench(struct cli *c)
{
    struct bench b = {.c = c};
    u64 n, first, repeat, ms, batch;
    enum out_format f;
    if (!cli_u64(c, OPT_N, 0, 1, UINT64_MAX, &n) || !cli_u64(c, OPT_SEED, 0, 0, UINT64_MAX, &b.seed) ||
        !cli_u64(c, OPT_FIRST, 0, 0, UINT64_MAX, &first) || !cli_u64(c, OPT_REPEAT, 10, 1, 1000000, &repeat) ||
        !cli_u64(c, OPT_MINTIME, 20, 0, 1000000, &ms) || !cli_u64(c, OPT_BATCH, 1, 1, 65536, &batch) ||
        !cli_pass_options(c, &b.opt) || !cli_u64(c, OPT_THREADS, 1, 0, 1024, &b.threads) || !out_format_of(c, &f))
        return NASC_USAGE;
    b.m = (struct measure_options){.batch = (i64)batch, .min_samples = (u32)repeat, .min_ns = ms * 1000000, .give_up_ns = 2000000000};
    if (!(b.meter = measure_open()))
        NO_MEMORY(0, "measuring");
    bool done;
    nasc_status st = dump_load(c, true, NULL, &done);
    if (st || done)
        return st;
    if (!c->value[OPT_DUMP])
        b.out = out_open(f, COUNTOF(columns), columns);
    nasc_arch *ar;
    if (c->value[OPT_ARCH]) {
        st = cli_arch(c, &ar);
        if (!st) {
            st = one(&b, ar, 0);
            nasc_arch_free(ar);
        }
    } else if (n || isatty(0)) {
        b.drawn = true;
        for (u64 k = 0, i = first; k < MAX(n, 1) && !st; k++, i++) {
            st = nasc_sample(c->s, b.seed, i, &ar);
            if (st)
                break;
            st = one(&b, ar, i);
            nasc_arch_free(ar);
        }
    } else {
        struct buf line = {0};
        u64 i = 0;
        for (const char *text; (text = cli_line(&line)); i++) {
            nasc_status one_st = nasc_parse(c->s, text, &ar);
            if (!one_st) {
                one_st = one(&b, ar, i);
                nasc_arch_free(ar);
            }
            st = MAX(st, one_st);
            cli_say(c);
        }
        buf_free(&line);
        nasc_status end = cli_lines_end(c);
        st = MAX(st, end);
    }
    measure_close(b.meter);
    if (b.out)
        out_close(b.out);
    return st;
}
