/* cmd_crossover.c - nasc crossover: pairs of networks with subtrees of their derivations exchanged. */
#include "compiler/cli.h"
#include "compiler/out_cols.h"

static const struct out_col columns[] = {
    OUT_COL_SPACE,
    OUT_COL_SEED,
    OUT_COL_INDEX,
    {"child", OUT_U64, "child", 5, false, NULL},
    {"parent", OUT_STR, NULL, 0, true, NULL},
    {"donor", OUT_STR, NULL, 0, true, NULL},
    OUT_COL_ID,
    OUT_COL_LOGP,
    OUT_COLS_SIZE,
    {"tries", OUT_U64, NULL, 0, false, NULL},
    {"rule", OUT_STR, "rule", 6, true, NULL},
    {"node", OUT_STR, "node", 12, true, NULL},
    {"from", OUT_STR, "from", 12, true, NULL},
    OUT_COL_ARCH(60),
};

/* Child k has the network of parent k but for one subtree, which is the other's. */
static void row(struct out *o, nasc_arch *const parent[2], nasc_arch *child, u32 k, u64 seed, u64 index, const nasc_move *m)
{
    nasc_record r, p, d;
    nasc_arch_record(child, &r);
    nasc_arch_record(parent[k], &p);
    nasc_arch_record(parent[1 - k], &d);
    struct out_cell cell[] = {
        {.s = r.space}, {.u = seed}, {.u = index}, {.u = k}, {.s = p.id}, {.s = d.id}, {.s = r.id}, {.r = r.logp}, {.u = r.depth},
        {.u = r.nodes}, {.c = r.params}, {.c = r.macs}, {.u = m->tries}, {.s = m->rule}, {.s = k ? m->other : m->node},
        {.s = k ? m->node : m->other}, {.s = r.arch},
    };
    out_row(o, cell);
}

static void free_both(nasc_arch *ar[2])
{
    for (u32 k = 0; k < 2; k++) {
        nasc_arch_free(ar[k]);
        ar[k] = NULL;
    }
}

static nasc_status read_both(struct cli *c, const char *const text[2], nasc_arch *ar[2])
{
    for (u32 k = 0; k < 2; k++) {
        nasc_status st = cli_arch_text(c, text[k], &ar[k]);
        if (st)
            return st;
    }
    return NASC_OK;
}

/* n crossovers of one pair, read anew now and then, so that types made for children do not pile up. */
static nasc_status children(struct cli *c, struct out *o, const char *const text[2], u64 n, u64 seed, u64 first)
{
    enum { OFTEN = 1000 };
    nasc_arch *parent[2] = {NULL, NULL}, *child[2];
    nasc_status st = NASC_OK;
    for (u64 k = 0; k < n && !st; k++) {
        if (k % OFTEN == 0) {
            free_both(parent);
            st = read_both(c, text, parent);
            if (st)
                break;
        }
        nasc_move m;
        st = nasc_crossover(c->s, parent[0], parent[1], seed, first + k, child, &m);
        for (u32 i = 0; i < 2; i++)
            if (child[i])
                row(o, parent, child[i], i, seed, first + k, &m);
        free_both(child);
    }
    free_both(parent);
    return st;
}

/* Two lines of stdin at a time. */
static nasc_status from_lines(struct cli *c, struct out *o, u64 n, u64 seed, u64 first)
{
    struct buf one = {0}, two = {0};
    nasc_status st, worst = NASC_OK;
    u64 no = 0;
    bool wrong[2];
    for (; cli_line_arch(c, &one, &no, &wrong[0]); first += n) {
        if (!cli_line_arch(c, &two, &no, &wrong[1])) {
            session_complain(c->s, E0762, "the last line has no partner: crossover takes two lines at a time");
            worst = NASC_WRONG;
            break;
        }
        st = wrong[0] || wrong[1] ? NASC_WRONG : children(c, o, (const char *[]){one.at ? one.at : "", two.at ? two.at : ""}, n, seed, first);
        worst = MAX(worst, st);         /* a bad pair does not stop the others */
        cli_say(c);
    }
    buf_free(&one);
    buf_free(&two);
    st = cli_lines_end(c);
    return MAX(worst, st);
}

nasc_status cmd_crossover(struct cli *c)
{
    u64 n, seed, first;
    enum out_format f;
    if (!cli_u64(c, OPT_N, 1, 1, UINT64_MAX, &n) || !cli_u64(c, OPT_SEED, 0, 0, UINT64_MAX, &seed) ||
        !cli_u64(c, OPT_FIRST, 0, 0, UINT64_MAX, &first) || !out_format_of(c, &f))
        return NASC_USAGE;
    if (c->arch.n && c->arch.n != 2)
        return cli_usage(c, "a crossover has two parents: --arch is given twice, or not at all and the pairs are lines of stdin");
    nasc_status st = cli_load(c, true, NULL);
    if (st)
        return st;
    struct out *o = out_begin(c, f, COUNTOF(columns), columns);
    if (!o)
        return NASC_WRONG;
    st = c->arch.n ? children(c, o, c->arch.at, n, seed, first) : from_lines(c, o, n, seed, first);
    out_close(o);
    return st;
}
