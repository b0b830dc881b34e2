/* cmd_mutate.c - nasc mutate: networks that differ from a parent in what was drawn at one node.  Parents: --arch, or lines of
 * stdin, texts or records with one. */
#include "compiler/cli.h"
#include "compiler/out_cols.h"

static const struct out_col columns[] = {
    OUT_COL_SPACE,
    OUT_COL_SEED,
    OUT_COL_INDEX,
    {"parent", OUT_STR, NULL, 0, true, NULL},
    OUT_COL_ID,
    OUT_COL_LOGP,
    OUT_COLS_SIZE,
    {"tries", OUT_U64, NULL, 0, false, NULL},
    {"given_up", OUT_U64, NULL, 0, false, NULL},
    {"rule", OUT_STR, "rule", 6, true, NULL},
    {"node", OUT_STR, "node", 16, true, NULL},
    OUT_COL_ARCH(60),
};

static void row(struct out *o, const nasc_record *parent, nasc_arch *child, u64 seed, u64 index, const nasc_move *m)
{
    nasc_record r;
    nasc_arch_record(child, &r);
    struct out_cell cell[] = {
        {.s = r.space}, {.u = seed}, {.u = index}, {.s = parent->id}, {.s = r.id}, {.r = r.logp}, {.u = r.depth}, {.u = r.nodes},
        {.c = r.params}, {.c = r.macs}, {.u = m->tries}, {.u = m->given_up}, {.s = m->rule}, {.s = m->node}, {.s = r.arch},
    };
    out_row(o, cell);
}

/* n children of one parent; it is read anew now and then, so that types made for children do not pile up. */
static nasc_status children(struct cli *c, struct out *o, const char *text, u64 n, u64 seed, u64 first)
{
    enum { OFTEN = 1000 };
    nasc_arch *parent = NULL, *child;
    nasc_status st = NASC_OK;
    for (u64 k = 0; k < n && !st; k++) {
        if (k % OFTEN == 0) {
            nasc_arch_free(parent);
            parent = NULL;
            st = cli_arch_text(c, text, &parent);
            if (st)
                break;
        }
        nasc_move m;
        st = nasc_mutate(c->s, parent, seed, first + k, &child, &m);
        if (st)
            break;
        nasc_record r;
        nasc_arch_record(parent, &r);
        row(o, &r, child, seed, first + k, &m);
        nasc_arch_free(child);
    }
    nasc_arch_free(parent);
    return st;
}

nasc_status cmd_mutate(struct cli *c)
{
    u64 n, seed, first;
    enum out_format f;
    if (!cli_u64(c, OPT_N, 1, 1, UINT64_MAX, &n) || !cli_u64(c, OPT_SEED, 0, 0, UINT64_MAX, &seed) ||
        !cli_u64(c, OPT_FIRST, 0, 0, UINT64_MAX, &first) || !out_format_of(c, &f))
        return NASC_USAGE;
    nasc_status st = cli_load(c, true, NULL), worst = NASC_OK;
    if (st)
        return st;
    struct out *o = out_begin(c, f, COUNTOF(columns), columns);
    if (!o)
        return NASC_WRONG;
    if (c->value[OPT_ARCH]) {
        worst = children(c, o, c->value[OPT_ARCH], n, seed, first);
    } else {
        struct buf line = {0};
        u64 no = 0;
        bool wrong;
        for (const char *text; (text = cli_line_arch(c, &line, &no, &wrong)); first += n) {
            st = wrong ? NASC_WRONG : children(c, o, text, n, seed, first);
            worst = MAX(worst, st);     /* a bad line does not stop the others */
            cli_say(c);
        }
        buf_free(&line);
        st = cli_lines_end(c);
        worst = MAX(worst, st);
    }
    out_close(o);
    return worst;
}
