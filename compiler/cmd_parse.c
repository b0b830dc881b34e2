/* cmd_parse.c - nasc parse: architecture texts as records. */
#include "compiler/cli.h"
#include "compiler/dump.h"

#include <stdio.h>

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

static void row(struct out *o, const nasc_arch *ar, u64 index)
{
    nasc_record r;
    nasc_arch_record(ar, &r);
    struct out_cell cell[] = {
        {.s = r.space}, {.none = true}, {.u = index}, {.s = r.text_hash}, {.r = r.logp},
        {.u = r.depth}, {.u = r.nodes}, {.c = r.params}, {.c = r.macs}, {.s = r.arch},
    };
    out_row(o, cell);
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
    struct out *o = c->value[OPT_DUMP] ? NULL : out_begin(c, f, COUNTOF(columns), columns);
    if (!o && !c->value[OPT_DUMP])
        return NASC_WRONG;
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
                row(o, ar, i);
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
