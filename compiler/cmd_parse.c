/* cmd_parse.c - nasc parse: architecture texts as records; or, with --readings, their derivations. */
#include "compiler/base/real.h"
#include "compiler/cli.h"
#include "compiler/dump.h"
#include "compiler/out_cols.h"
#include "grammar/sampler.h"

#include <stdio.h>

static const struct out_col columns[] = {
    OUT_COL_SPACE,
    OUT_COL_SEED,
    OUT_COL_INDEX,
    OUT_COL_ID,
    OUT_COL_LOGP,
    {"readings", OUT_REAL, "readings", 8, false, NULL},
    {"sum", OUT_STR, NULL, 0, true, NULL},
    OUT_COLS_SIZE,
    OUT_COL_ARCH(72),
    {"logp_exact", OUT_REAL, "exact", 8, false, NULL},
    {"log_mass", OUT_REAL, NULL, 0, false, NULL},
    {"log_mass_error", OUT_REAL, NULL, 0, false, NULL},
};
enum { COL_ID = 3, COLS_OF_EXACT = 3 };

/* What the sampler `exact` conditions on: the probability that a derivation types and is within the limits. */
struct mass { bool known; double log, error; };

static bool estimate_mass(struct cli *c, struct mass *m)
{
    enum { DRAWS = 20000 };
    struct sampler *s = sampler_open(c->s->g, c->s->space, SAMPLER_EXACT, 0);
    struct sample one;
    bool ok = true;
    for (u64 i = 0; i < DRAWS && ok; i++)
        ok = sampler_draw(s, i, &one);
    m->known = ok;
    m->log = sampler_log_mass(sampler_stats(s), &m->error);
    sampler_close(s);
    return ok;
}

static void row(struct out *o, nasc_arch *ar, const nasc_likelihood *l, u64 index, const struct mass *m)
{
    const struct derivation *d = ar->d;
    char id[33] = "";
    if (out_wants(o, COL_ID))
        hash128_hex(arch_id(ar), id);
    struct out_cell cell[] = {
        {.s = d->space->set->d.name}, {.none = true}, {.u = index}, {.s = id}, {.r = l->logp}, {.r = l->readings}, {.s = l->exact ? "exact" : "at least"},
        {.u = d->depth}, {.u = d->nodes}, {.c = d->count.params}, {.c = d->count.macs}, {.s = ar->text},
        {.r = l->logp - m->log}, {.r = m->log}, {.r = m->error},
    };
    out_row(o, cell);
}

static const struct out_col readings[] = {
    OUT_COL_SPACE,
    OUT_COL_INDEX,
    {"reading", OUT_U64, "reading", 7, false, NULL},
    OUT_COL_LOGP,
    {"share", OUT_REAL, "share", 8, false, NULL},
    OUT_COLS_SIZE,
    {"derivation", OUT_STR, "derivation", 72, true, NULL},
    {"arch", OUT_STR, NULL, 0, true, NULL},
};

static void rows(struct out *o, nasc_arch *ar, const nasc_likelihood *l, u64 index, u32 most)
{
    struct arena *a = arena_new("pass");
    struct derivation **d = NEW_ARRAY(a, struct derivation *, most);
    u32 n = arch_readings(ar, most, d);
    for (u32 i = 0; i < n; i++) {
        struct buf b = {0};
        notation_tree(&b, d[i]);
        double none = -__builtin_inf(), share = l->logp > none ? real_exp(d[i]->logp - l->logp) : 0;
        struct out_cell cell[] = {
            {.s = d[i]->space->set->d.name}, {.u = index}, {.u = i + 1}, {.r = d[i]->logp}, {.none = !(l->logp > none), .r = MIN(share, 1)},
            {.u = d[i]->depth}, {.u = d[i]->nodes}, {.c = d[i]->count.params}, {.c = d[i]->count.macs}, {.s = b.at}, {.s = ar->text},
        };
        out_row(o, cell);
        buf_free(&b);
    }
    arena_free(a);
}

nasc_status cmd_parse(struct cli *c)
{
    bool done;
    u32 next;
    u64 most;
    enum out_format f;
    if (!out_format_of(c, &f) || !cli_u64(c, OPT_READINGS, 0, 1, 10000, &most))
        return NASC_USAGE;
    nasc_status st = dump_load(c, true, &next, &done);
    if (st || done)
        return st;
    if (!session_notation(c->s)) {      /* what is wrong with it is said once, not for every text */
        cli_say(c);
        return NASC_WRONG;
    }
    struct mass mass = {0};
    if (c->s->law == SAMPLER_EXACT && !estimate_mass(c, &mass)) {
        cli_say(c);
        return NASC_WRONG;
    }
    bool dump = c->value[OPT_DUMP] != NULL;
    struct out *o = dump ? NULL : most ? out_begin(c, f, COUNTOF(readings), readings) : out_begin(c, f, COUNTOF(columns) - (mass.known ? 0 : COLS_OF_EXACT), columns);
    if (!o && !dump)
        return NASC_WRONG;
    struct buf line = {0};
    nasc_status worst = NASC_OK;
    for (u64 i = 0;; i++) {
        const char *text = next < c->narg ? (i < c->narg - next ? c->arg[next + i] : NULL) : cli_line(&line);
        if (!text)
            break;
        nasc_arch *ar;
        nasc_likelihood l;
        st = nasc_parse_all(c->s, text, &ar, &l);
        if (st == NASC_OK) {
            if (dump)
                st = dump_arch_stage(c, ar, &(struct pass_options){0}, &done);
            else if (most)
                rows(o, ar, &l, i, (u32)most);
            else
                row(o, ar, &l, i, &mass);
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
