/* cmd_bench.c - nasc bench: architectures (sampled, --arch, or a text a line on stdin) compiled and timed, a record each.
 *
 * Records come in the order of the input, whatever the order of measuring (--shuffle).  Ctrl-C ends it after the network under way,
 * with the records of what was measured. */
#include "compiler/bench.h"
#include "compiler/cli.h"
#include "compiler/dump.h"
#include "compiler/exec_pool.h"
#include "compiler/ir/tune.h"

#include "compiler/code_id.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct out_col columns[] = {
    {"space", OUT_STR, NULL, 0, true, NULL},
    {"seed", OUT_U64, NULL, 0, false, NULL},
    {"index", OUT_U64, "#", 4, false, NULL},
    {"id", OUT_STR, "id", 12, true, NULL},
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
    {"measured", OUT_STR, NULL, 0, true, NULL},
    {"error", OUT_STR, NULL, 0, true, NULL},
    {"spread", OUT_REAL, NULL, 0, false, NULL},
    {"samples", OUT_U64, NULL, 0, false, NULL},
    {"runs", OUT_U64, NULL, 0, false, NULL},
    {"canary", OUT_REAL, NULL, 0, false, NULL},
    {"windows", OUT_U64, NULL, 0, false, NULL},
    {"drift", OUT_STR, NULL, 0, true, NULL},
    {"cycles", OUT_REAL, NULL, 0, false, NULL},
    {"instructions", OUT_REAL, NULL, 0, false, NULL},
    {"code", OUT_STR, NULL, 0, true, NULL},
    {"threads", OUT_U64, NULL, 0, false, NULL},
    {"batch", OUT_U64, NULL, 0, false, NULL},
    {"version", OUT_STR, NULL, 0, true, NULL},
    {"code_id", OUT_STR, NULL, 0, true, NULL},
    {"tune", OUT_STR, NULL, 0, true, NULL},
    {"cpu", OUT_STR, NULL, 0, true, NULL},
    {"features", OUT_STR, NULL, 0, true, NULL},
    {"arch", OUT_STR, "architecture", 48, true, NULL},
};
static const struct out_col launch_columns[] = {
    {"index", OUT_U64, "#", 4, false, NULL},
    {"id", OUT_STR, "id", 10, true, NULL},
    {"launch", OUT_U64, "launch", 6, false, NULL},
    {"kernel", OUT_STR, "kernel", 24, true, NULL},
    {"units", OUT_U64, "units", 7, false, "k"},
    {"macs", OUT_COUNT, "macs", 7, false, NULL},
    {"bytes", OUT_COUNT, "bytes", 7, false, NULL},
    {"latency_us_min", OUT_REAL, "min us", 9, false, NULL},
    {"gflops", OUT_REAL, "GFLOP/s", 7, false, NULL},
    {"what", OUT_STR, "what", 40, true, NULL},
};

/* A handler can tell nobody but a variable of the program. */
static volatile sig_atomic_t interrupted;
static void interrupt(int signal)
{
    (void)signal;
    interrupted = 1;
}

struct cmd {
    struct cli *c;
    struct bench_options o;
    enum out_format f;
    u64 n, first, shuffle;
    bool shuffled;
    struct out *out;
    FILE *raw;
    char tune[33];                              /* of the table that --code tuned takes */
    struct bench *bench;
    struct bench_result *kept; u64 nkept;       /* shuffled: by place, until all are there */
};

/* ---- records ---- */

static void put_launches(struct cmd *b, const struct bench_result *r)
{
    for (u32 k = 0; k < r->nlaunch; k++) {
        const struct bench_launch *l = &r->launch[k];
        struct out_cell cell[] = {
            {.u = r->index}, {.s = r->r.id}, {.u = k}, {.s = l->kernel}, {.u = l->units}, {.c = l->macs}, {.c = l->bytes},
            {.r = l->ns / 1e3}, {.none = !l->macs, .r = l->ns > 0 ? 2 * (double)l->macs / l->ns : 0}, {.s = l->what},
        };
        out_row(b->out, cell);
    }
}

static void put_record(struct cmd *b, const struct bench_result *r)
{
    static const char *const policy[] = {[CODE_SPECIAL] = "special", [CODE_GENERIC] = "generic", [CODE_TUNED] = "tuned"};
    const struct mach *mach = session_mach(b->c->s);
    const struct measure *m = &r->m;
    bool none = r->error != NULL, uncounted = none || !m->counted;
    char measured[40] = "yes";
    if (r->same)
        snprintf(measured, sizeof measured, "same as #%llu", (unsigned long long)r->same_as);
    struct out_cell cell[] = {
        {.s = r->r.space}, {.none = !r->drawn, .u = b->o.seed}, {.u = r->index}, {.s = r->r.id}, {.u = r->r.depth}, {.u = r->r.nodes},
        {.c = r->r.params}, {.c = r->r.macs}, {.r = r->compile_ns / 1e3}, {.none = none, .r = m->min_ns / 1e3}, {.none = none, .r = m->median_ns / 1e3},
        {.none = !r->lowered, .c = r->peak_bytes}, {.none = !r->lowered, .u = r->launches}, {.none = !r->lowered, .u = r->misses},
        {.none = !r->lowered, .u = r->kernels}, {.s = session_backend_named(b->c->s, b->o.backend)->name}, {.s = "slab"}, {.s = none ? "no" : measured},
        {.none = !none, .s = r->error}, {.none = none, .r = m->spread}, {.none = none, .u = m->samples}, {.none = none, .u = m->runs},
        {.none = none, .r = m->canary}, {.none = none, .u = m->windows}, {.none = none, .s = m->drift ? "yes" : "no"},
        {.none = uncounted, .r = m->cycles}, {.none = uncounted, .r = m->instructions}, {.s = policy[b->o.pass.code]},
        {.u = b->o.threads}, {.u = (u64)b->o.measure.batch}, {.s = nasc_version()}, {.s = NASC_CODE_ID},
        {.none = !b->o.pass.tune, .s = b->tune}, {.s = mach->cpu},
        {.s = mach->features}, {.s = r->r.arch},
    };
    _Static_assert(COUNTOF(cell) == COUNTOF(columns), "a cell for each column");
    out_row(b->out, cell);
}

static void put_raw(FILE *f, const struct bench_result *r)
{
    struct buf b = {0};
    if (!r->m.raw)
        return;
    buf_printf(&b, "{\"index\": %llu, \"id\": \"%s\", \"runs_per_sample\": %llu, \"ns\": [", (unsigned long long)r->index, r->r.id,
               (unsigned long long)(r->m.runs / r->m.samples));
    for (u64 i = 0; i < r->m.samples; i++)
        buf_printf(&b, "%s%.1f", i ? ", " : "", r->m.raw[i]);
    buf_puts(&b, "]}\n");
    fwrite(b.at, 1, b.n, f);
    buf_free(&b);
}

static void put(struct cmd *b, const struct bench_result *r)
{
    if (r->verified && b->o.pass.strict)
        fprintf(stderr, "verified: %llu numbers of outputs, the bits of the evaluator\n", (unsigned long long)r->strict.elems);
    else if (r->verified)
        fprintf(stderr, "verified: %u groups, worst %.3g of the bound; outputs %.3g%s\n", r->compare.groups, r->compare.worst_group,
                r->compare.worst_end, r->compare.end_checked ? "" : "; of some the bound is not finite: rewrites compared in f64 there");
    if (b->o.launches)
        put_launches(b, r);
    else
        put_record(b, r);
    if (b->raw)
        put_raw(b->raw, r);
    cli_say(b->c);
}

/* A result that stays: all it points to is copied. */
static void keep(struct cmd *b, const struct bench_result *r)
{
    struct arena *a = b->c->s->a;
    struct bench_result *to = &b->kept[r->place];
    *to = *r;
    to->r.arch = arena_strdup(a, r->r.arch);
    to->error = r->error ? arena_strdup(a, r->error) : NULL;
    if (r->m.raw) {
        double *raw = NEW_ARRAY(a, double, r->m.samples);
        memcpy(raw, r->m.raw, r->m.samples * sizeof *raw);
        to->m.raw = raw;
    }
    if (r->launch) {
        to->launch = NEW_ARRAY(a, struct bench_launch, r->nlaunch + 1);
        for (u32 k = 0; k < r->nlaunch; k++) {
            to->launch[k] = r->launch[k];
            to->launch[k].kernel = arena_strdup(a, r->launch[k].kernel);
            to->launch[k].what = arena_strdup(a, r->launch[k].what);
        }
    }
}

static void emit(void *ctx, const struct bench_result *r)
{
    struct cmd *b = ctx;
    if (b->kept)
        keep(b, r);
    else
        put(b, r);
}

/* ---- what is measured ---- */

static nasc_status take(struct cmd *b, nasc_arch *ar, u64 index, bool drawn, u64 place)
{
    if (!b->bench) {
        bool done;
        nasc_status st = dump_arch_stage(b->c, ar, &b->o.pass, &done);
        nasc_arch_free(ar);
        return st;
    }
    nasc_status st = bench_add(b->bench, ar, index, drawn, place);
    cli_say(b->c);
    return st;
}

/* A permutation of n numbers, the same for a seed on every machine. */
static u64 *permutation(struct cmd *b, u64 n)
{
    if (n > (u64)1 << 32) {
        cli_usage(b->c, "--shuffle holds all networks in memory: at most 2^32");
        return NULL;
    }
    u64 *order = NEW_ARRAY(b->c->s->a, u64, n + 1);
    for (u64 i = 0; i < n; i++)
        order[i] = i;
    for (u64 i = 0; b->shuffled && i + 1 < n; i++) {
        u32 w[4];
        rng_at(b->shuffle, 0x73687566u, i, w);
        u64 k = i + (((u64)w[0] << 32 | w[1]) % (n - i)), was = order[i];
        order[i] = order[k];
        order[k] = was;
    }
    return order;
}

static nasc_status draws(struct cmd *b)
{
    u64 n = MAX(b->n, 1), *order = b->shuffled ? permutation(b, n) : NULL;
    nasc_status st = NASC_OK, worst = NASC_OK;
    if (b->shuffled && !order)
        return NASC_USAGE;
    if (b->shuffled)
        b->kept = NEW_ARRAY(b->c->s->a, struct bench_result, b->nkept = n);
    for (u64 k = 0; k < n && !interrupted && st != NASC_WRONG; k++) {
        u64 place = order ? order[k] : k;       /* first + n may be past 64 bits */
        nasc_arch *ar;
        st = nasc_sample(b->c->s, b->o.seed, b->first + place, &ar);
        if (!st) {
            nasc_status one = take(b, ar, b->first + place, true, place);
            worst = MAX(worst, one);
        }
    }
    return MAX(st, worst);
}

static nasc_status text(struct cmd *b, const char *line, u64 index)
{
    nasc_arch *ar;
    nasc_status st = nasc_parse(b->c->s, line, &ar);
    if (!st)
        st = take(b, ar, index, false, index);
    cli_say(b->c);
    return st;
}

static nasc_status texts(struct cmd *b)
{
    struct buf line = {0};
    VEC(const char *) all = {0};
    nasc_status st = NASC_OK;
    u64 i = 0;
    for (const char *at; !interrupted && (at = cli_line(&line)); i++)
        if (b->shuffled) {
            vec_push(b->c->s->a, &all, arena_strdup(b->c->s->a, at));
        } else {
            nasc_status one = text(b, at, i);
            st = MAX(st, one);
        }
    buf_free(&line);
    if (b->shuffled) {
        u64 *order = permutation(b, all.n);
        b->kept = NEW_ARRAY(b->c->s->a, struct bench_result, (b->nkept = all.n) + 1);
        for (u64 k = 0; k < all.n && !interrupted; k++) {
            nasc_status one = text(b, all.at[order[k]], order[k]);
            st = MAX(st, one);
        }
    }
    nasc_status end = cli_lines_end(b->c);
    return MAX(st, end);
}

static nasc_status everything(struct cmd *b)
{
    if (b->c->value[OPT_ARCH]) {
        nasc_arch *ar;
        nasc_status st = cli_arch(b->c, &ar);
        return st ? st : take(b, ar, 0, false, 0);
    }
    b->shuffled = b->c->value[OPT_SHUFFLE];
    return b->n || isatty(0) ? draws(b) : texts(b);
}

static void summary(const struct bench_totals *t, double seconds)
{
    fprintf(stderr, "%llu networks in %.2f s; forward passes %.2f s; wall/forward %.2f; warming up %.2f s", (unsigned long long)t->networks, seconds,
            t->forward_ns / 1e9, t->forward_ns > 0 ? seconds * 1e9 / t->forward_ns : 0, t->warm_ns / 1e9);
    if (t->measured + t->errors < t->networks)
        fprintf(stderr, "; %llu equal to others", (unsigned long long)(t->networks - t->measured - t->errors));
    if (t->errors)
        fprintf(stderr, "; %llu not measured", (unsigned long long)t->errors);
    if (t->drifted)
        fprintf(stderr, "; %llu while the machine was slow", (unsigned long long)t->drifted);
    fprintf(stderr, "%s\n", interrupted ? "; interrupted" : "");
}

static void name_tune(struct cmd *b)
{
    struct buf text = {0};
    if (b->o.pass.tune) {
        tune_dump(&text, b->o.pass.tune);
        hash128_hex(hash128(text.at, text.n), b->tune);
    }
    buf_free(&text);
}

static nasc_status bench(struct cmd *b, u64 start)
{
    name_tune(b);
    struct bench_totals t;
    struct sigaction by = {.sa_handler = interrupt, .sa_flags = (int)SA_RESETHAND}, was;
    b->bench = bench_open(b->c->s, &b->o, emit, b);
    if (!b->bench)
        return NASC_ENV;
    const char *raw = b->c->value[OPT_RAW];
    if (raw && !(b->raw = fopen(raw, "w"))) {
        session_complain(b->c->s, E0906, "cannot write `%s`: %s", raw, strerror(errno));
        bench_close(b->bench, &t);
        return NASC_ENV;
    }
    b->out = b->o.launches ? out_begin(b->c, b->f, COUNTOF(launch_columns), launch_columns) : out_begin(b->c, b->f, COUNTOF(columns), columns);
    if (!b->out) {
        if (b->raw)
            fclose(b->raw);
        bench_close(b->bench, &t);
        return NASC_WRONG;
    }
    sigaction(SIGINT, &by, &was);
    nasc_status st = everything(b), end = bench_flush(b->bench);
    for (u64 i = 0; i < b->nkept; i++)
        if (b->kept[i].r.arch)
            put(b, &b->kept[i]);
    out_close(b->out);
    sigaction(SIGINT, &was, NULL);
    bench_close(b->bench, &t);
    if (t.networks > 1 || interrupted)
        summary(&t, (double)(clock_ns() - start) / 1e9);
    if (b->raw && (fflush(b->raw) || ferror(b->raw))) {
        session_complain(b->c->s, E0906, "cannot write `%s`: %s", raw, strerror(errno));
        end = NASC_ENV;
    }
    if (b->raw)
        fclose(b->raw);
    st = MAX(st, end);
    return st == NASC_OK && interrupted ? NASC_ENV : st;
}

nasc_status cmd_bench(struct cli *c)
{
    struct cmd b = {.c = c};
    u64 start = clock_ns(), repeat, least, most, batch, longest;
    bool done;
    if (!cli_u64(c, OPT_N, 0, 1, UINT64_MAX, &b.n) || !cli_u64(c, OPT_SEED, 0, 0, UINT64_MAX, &b.o.seed) ||
        !cli_u64(c, OPT_FIRST, 0, 0, UINT64_MAX, &b.first) || !cli_u64(c, OPT_REPEAT, 3, 1, 1000000, &repeat) ||
        !cli_u64(c, OPT_MINTIME, 0, 0, 1000000, &least) || !cli_u64(c, OPT_MAXTIME, 20, 0, 1000000, &most) ||
        !cli_u64(c, OPT_BATCH, 1, 1, 65536, &batch) || !cli_threads(c, &b.o.threads) ||
        !cli_u64(c, OPT_GIVEUP, c->value[OPT_ARCH] ? 0 : 1000, 0, 1000000000, &longest) || !cli_u64(c, OPT_SHUFFLE, 0, 0, UINT64_MAX, &b.shuffle) || !cli_pass_options(c, &b.o.pass) || !out_format_of(c, &b.f))
        return NASC_USAGE;
    u64 budget = MAX(least, most) * 1000000;
    /* What is asked for is taken, unless it takes seconds; what is not, unless it takes three times the budget. */
    u64 enough = c->value[OPT_REPEAT] || !budget ? MAX(2000000000, 2 * budget) : 3 * budget;
    b.o.measure = (struct measure_options){.batch = (i64)batch, .min_samples = (u32)repeat, .min_ns = least * 1000000, .max_ns = budget,
                                           .give_up_ns = enough, .run_ns = longest * 1000000, .width = budget ? 0.02 : 0, .again = budget ? 2 : 0};
    b.o.backend = c->value[OPT_BACKEND];
    b.o.verify = c->value[OPT_VERIFY];
    b.o.launches = c->value[OPT_LAUNCHES];
    b.o.raw = c->value[OPT_RAW];
    b.o.stop = &interrupted;
    nasc_status st = dump_load(c, true, NULL, &done);
    if (st || done)
        return st;
    return c->value[OPT_DUMP] ? everything(&b) : bench(&b, start);
}
