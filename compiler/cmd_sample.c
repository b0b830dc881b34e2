/* cmd_sample.c - nasc sample, nasc parse: architectures as records. */
#include "compiler/cli.h"
#include "compiler/dump.h"

#include <stdio.h>
#include <unistd.h>

static const struct out_col columns[] = {
    {"space", OUT_STR, NULL, 0, true, NULL},
    {"seed", OUT_U64, NULL, 0, false, NULL},
    {"index", OUT_U64, "#", 5, false, NULL},
    {"text_hash", OUT_STR, "text hash", 10, true, NULL},
    {"logp", OUT_REAL, "logp", 8, false, NULL},
    {"depth", OUT_U64, "depth", 5, false, NULL},
    {"nodes", OUT_U64, "nodes", 6, false, "k"},
    {"params", OUT_COUNT, "params", 7, false, NULL},
    {"macs", OUT_COUNT, "macs", 7, false, NULL},
    {"arch", OUT_STR, "architecture", 72, true, NULL},
};

static void row(struct out *o, const nasc_arch *ar, bool drawn, u64 seed, u64 index)
{
    nasc_record r;
    nasc_arch_record(ar, &r);
    struct out_cell cell[] = {
        {.s = r.space}, {.none = !drawn, .u = seed}, {.u = index}, {.s = r.text_hash}, {.r = r.logp},
        {.u = r.depth}, {.u = r.nodes}, {.c = r.params}, {.c = r.macs}, {.s = r.arch},
    };
    out_row(o, cell);
}

nasc_status cmd_sample(struct cli *c)
{
    bool done;
    u64 n, seed, first;
    enum out_format f;
    if (!cli_u64(c, OPT_N, 1, 1, UINT64_MAX, &n) || !cli_u64(c, OPT_SEED, 0, 0, UINT64_MAX, &seed) ||
        !cli_u64(c, OPT_FIRST, 0, 0, UINT64_MAX, &first) || !out_format_of(c, &f))
        return NASC_USAGE;
    if (c->value[OPT_SAMPLER] && strcmp(c->value[OPT_SAMPLER], "local"))
        return cli_usage(c, "`%s` is not a sampler: local", c->value[OPT_SAMPLER]);
    nasc_status st = dump_load(c, true, NULL, &done);
    if (st || done)
        return st;
    struct out *o = c->value[OPT_DUMP] ? NULL : out_open(f, COUNTOF(columns), columns);
    for (u64 k = 0, i = first; k < n && !st; k++, i++) {       /* first + n may be past 64 bits */
        nasc_arch *ar;
        st = nasc_sample(c->s, seed, i, &ar);
        if (st)
            break;
        if (o)
            row(o, ar, true, seed, i);
        else
            st = dump_arch_stage(c, ar, &(struct pass_options){0}, &done);
        nasc_arch_free(ar);
    }
    if (o)
        out_close(o);
    return st;
}

nasc_status cmd_parse(struct cli *c)
{
    bool done;
    u32 next;
    enum out_format f;
    if (!out_format_of(c, &f))
        return NASC_USAGE;
    nasc_status st = dump_load(c, true, &next, &done);
    if (st || done)
        return st;
    struct out *o = c->value[OPT_DUMP] ? NULL : out_open(f, COUNTOF(columns), columns);
    struct buf line = {0};
    nasc_status worst = NASC_OK;
    for (u64 i = 0;; i++) {
        const char *text = next < c->narg ? (i < c->narg - next ? c->arg[next + i] : NULL) : cli_line(&line);
        if (!text)
            break;
        nasc_arch *ar;
        st = nasc_parse(c->s, text, &ar);
        if (st == NASC_OK) {
            if (o)
                row(o, ar, false, 0, i);
            else
                st = dump_arch_stage(c, ar, &(struct pass_options){0}, &done);
            nasc_arch_free(ar);
        }
        worst = MAX(worst, st);     /* a bad line does not stop the others */
        cli_say(c);
    }
    buf_free(&line);
    if (o)
        out_close(o);
    st = cli_lines_end(c);
    return MAX(worst, st);
}
