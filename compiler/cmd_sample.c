/* cmd_sample.c - nasc sample: architectures drawn from a space, a record each.
 *
 * Records come in the order of their numbers, the same bytes for any number of threads.  Ctrl-C ends it with the records there are. */
#include "compiler/cli.h"
#include "compiler/dump.h"
#include "compiler/out_cols.h"
#include "compiler/stream.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static const struct out_col columns[] = {
    OUT_COL_SPACE,
    OUT_COL_SEED,
    OUT_COL_INDEX,
    OUT_COL_ID,
    OUT_COL_LOGP,
    OUT_COLS_SIZE,
    OUT_COL_ARCH(72),
};
_Static_assert(COUNTOF(columns) == STREAM_NFIELD, "a column for each field");

enum { TRIES = 1000000 };

/* A handler can tell nobody but a variable of the program. */
static volatile sig_atomic_t interrupted;
static void interrupt(int signal)
{
    (void)signal;
    interrupted = 1;
}

static void render(void *ctx, struct buf *b, const struct out_cell *cell)
{
    out_render(ctx, b, cell);
}

static nasc_status put_records(struct stream *st, struct out *o, u64 n)
{
    enum { SOON_NS = 20000000 };
    bool more = true, terminal = isatty(1);
    u64 flushed = 0;
    for (u64 k = 0; k < n && !interrupted; k++) {
        struct stream_record r;
        if (terminal || (stream_waits(st) && clock_ns() - flushed > SOON_NS)) {
            if (!out_flush(o))
                return NASC_ENV;                /* nobody reads any more: main.c says so */
            flushed = clock_ns();
        }
        nasc_status s = stream_next(st, &r, &more);
        if (s || !more)
            return s;
        out_rendered(o, r.text, r.len);
    }
    return interrupted ? NASC_ENV : NASC_OK;
}

static void report(struct cli *c, const struct stream_options *so, const struct stream_totals *t, u64 n, u64 ns)
{
    if (t->ran_dry) {
        const char *what = so->unique ? so->where ? "that passes and is new" : "that is new" : "that passes";
        struct diag *d = diag_add(&c->s->ds, W0902, (struct loc){0}, "%llu of %llu records: %llu samples in a row gave none %s", (unsigned long long)t->records,
                                  (unsigned long long)n, (unsigned long long)so->tries, what);
        diag_note(&c->s->ds, d, "%llu samples were looked at", (unsigned long long)t->samples);
        diag_hint(&c->s->ds, d, "--tries N looks further");
    }
    if (c->value[OPT_QUIET] || t->samples < 2)
        return;
    double s = (double)ns / 1e9, error, mass = sampler_log_mass(&t->drawn, &error);
    fprintf(stderr, "%llu %s in %llu attempts", (unsigned long long)t->samples, so->all ? "derivations" : "samples", (unsigned long long)t->drawn.attempts);
    if (c->s->law == SAMPLER_EXACT && !so->all)
        fprintf(stderr, ", acceptance %.4g, log of the mass %.4f +- %.2g", sampler_acceptance(&t->drawn), mass, error);
    if (so->where)
        fprintf(stderr, ", %llu pass", (unsigned long long)t->passed);
    if (so->unique)
        fprintf(stderr, ", %llu distinct", (unsigned long long)t->records);
    fprintf(stderr, "; %.2f s, %.0f a second%s\n", s, s > 0 ? (double)t->samples / s : 0, interrupted ? "; interrupted" : "");
}

/* Closes o. */
static nasc_status samples(struct cli *c, struct out *o, struct stream_options *so, u64 n)
{
    struct sigaction by = {.sa_handler = interrupt, .sa_flags = (int)SA_RESETHAND}, was;
    struct stream_totals t;
    u64 start = clock_ns();
    so->render = render;
    so->ctx = o;
    so->id = out_wants(o, SF_ID);
    so->arch = out_wants(o, SF_ARCH);
    sigaction(SIGINT, &by, &was);
    struct stream *st = stream_open(c->s, so);
    nasc_status s = st ? put_records(st, o, n) : NASC_WRONG;
    if (st) {
        stream_totals(st, &t);
        stream_close(st);
    }
    sigaction(SIGINT, &was, NULL);
    out_close(o);                               /* what is said comes after it */
    if (st)
        report(c, so, &t, n, clock_ns() - start);
    return s;
}

static nasc_status dumps(struct cli *c, u64 seed, u64 first, u64 n)
{
    nasc_status st = NASC_OK;
    bool done;
    for (u64 k = 0, i = first; k < n && !st; k++, i++) {        /* first + n may be past 64 bits */
        nasc_arch *ar;
        st = nasc_sample(c->s, seed, i, &ar);
        if (st)
            break;
        st = dump_arch_stage(c, ar, &(struct pass_options){0}, &done);
        nasc_arch_free(ar);
    }
    return st;
}

nasc_status cmd_sample(struct cli *c)
{
    bool done;
    u64 n;
    enum out_format f;
    struct stream_options so = {.where = c->value[OPT_WHERE], .unique = c->value[OPT_UNIQUE], .all = c->value[OPT_ALL]};
    u64 depth, most = so.all ? UINT64_MAX : 1;
    if (!cli_u64(c, OPT_N, most, 1, UINT64_MAX, &n) || !cli_u64(c, OPT_MAXDEPTH, 0, 0, UINT32_MAX, &depth) || !cli_u64(c, OPT_SEED, 0, 0, UINT64_MAX, &so.seed) ||
        !cli_u64(c, OPT_FIRST, 0, 0, UINT64_MAX, &so.first) || !cli_u64(c, OPT_TRIES, TRIES, 1, UINT64_MAX, &so.tries) ||
        !cli_threads(c, &so.threads) || !out_format_of(c, &f))
        return NASC_USAGE;
    bool each = !so.where && !so.unique;        /* every sample is a record */
    if ((each || so.all) && c->value[OPT_TRIES])
        return cli_usage(c, "--tries is about samples with --where or --unique");
    if (so.all && (c->value[OPT_SEED] || c->value[OPT_SAMPLER] || c->value[OPT_DUMP]))
        return cli_usage(c, "--all draws nothing: it goes without --seed, --sampler and --dump");
    if (!so.all && c->value[OPT_MAXDEPTH])
        return cli_usage(c, "--max-depth is about --all; --limit 'depth %llu' bounds samples", (unsigned long long)depth);
    so.most_depth = (u32)depth;
    so.tries = so.all ? 0 : so.tries;
    nasc_status st = dump_load(c, true, NULL, &done);
    if (st || done)
        return st;
    if (c->value[OPT_DUMP])
        return dumps(c, so.seed, so.first, n);
    so.samples = each && n < UINT64_MAX ? n : 0;
    struct out *o = out_begin(c, f, COUNTOF(columns), columns);
    if (!o)
        return NASC_WRONG;
    return samples(c, o, &so, n);
}
