/* tune.c - see tune.h. */
#include "compiler/ir/tune.h"

#include "compiler/base/rec.h"

bool tune_fits(const struct mach *m, u32 points, u32 vectors)
{
    return points && vectors && points <= TUNE_POINTS && vectors <= TUNE_VECTORS && points * vectors <= TUNE_POINTS &&
           points * vectors + vectors + 2 <= m->nvreg + (m->nvreg < 32);
}

static const char *isa_word(const struct mach *m)
{
    return m->isa == ISA_X86_64 ? "x86-64" : m->isa == ISA_AARCH64 ? "aarch64" : "riscv64";
}

str tune_machine(struct str_pool *sp, const struct mach *m)
{
    return str_fmt(sp, "%s, %u-bit vectors, %u registers, %s, caches %llu %llu", isa_word(m), m->vector_bits, m->nvreg, m->masks ? "masks" : "no masks",
                   (unsigned long long)m->l1d, (unsigned long long)m->l2);
}

void tune_file(struct buf *b, const struct mach *m)
{
    buf_printf(b, "tune-%s-%u-%u.txt", isa_word(m), m->vector_bits, m->nvreg);
}

void tune_dump(struct buf *b, const struct tune *t)
{
    rec_open(b, 0, "tune");
    rec_open(b, 1, "version");
    rec_put_int(b, TUNE_VERSION);
    rec_close(b);
    rec_open(b, 1, "machine");
    buf_printf(b, " \"%s\"", t->machine);
    rec_close(b);
    for (u32 n = 1; n <= TUNE_POINTS; n++)
        for (u32 o = 1; o <= TUNE_VECTORS; o++)
            if (t->share[n][o] > 0) {
                rec_open(b, 1, "tile");
                rec_put_int(b, n);
                rec_put_int(b, o);
                rec_put_real(b, t->share[n][o]);
                rec_close(b);
            }
    rec_close(b);
    buf_puts(b, "\n");
}

static struct tune *refuse(struct diags *ds, struct loc at, const char *why)
{
    struct diag *d = diag_add(ds, E0850, at, "this is no table of measurements for this machine: %s", why);
    diag_hint(ds, d, "`nasc tune` measures it again");
    return NULL;
}

static bool tile(struct diags *ds, const struct rec *r, const struct mach *m, struct tune *t)
{
    i64 n, o;
    double share;
    if (!rec_int(ds, r, 0, &n) || !rec_int(ds, r, 1, &o) || !rec_real(ds, r, 2, &share))
        return false;
    if (n < 1 || o < 1 || n > TUNE_POINTS || o > TUNE_VECTORS || !tune_fits(m, (u32)n, (u32)o))
        return refuse(ds, r->loc, "a tile that its registers do not hold");
    if (!(share > 0 && share <= 2))
        return refuse(ds, r->loc, "a share of the peak that cannot be");
    t->share[n][o] = share;
    return true;
}

struct tune *tune_read(struct arena *a, struct str_pool *sp, struct diags *ds, const struct src *s, const struct mach *m)
{
    u32 n;
    struct rec *r = rec_parse(a, sp, ds, s, &n);
    if (!r)
        return NULL;
    struct loc start = n ? r[0].loc : (struct loc){ 0 };
    if (n != 1 || r[0].kind != REC_LIST || strcmp(r[0].text, "tune"))
        return refuse(ds, start, "there is not one record (tune ..)");
    struct tune *t = NEW(a, struct tune);
    const struct rec *version = rec_find(r, "version"), *machine = rec_find(r, "machine");
    i64 v;
    if (!version || !machine)
        return refuse(ds, start, "it does not name its version and machine");
    if (!rec_int(ds, version, 0, &v) || !rec_word(ds, machine, 0, &t->machine))
        return NULL;
    if (v != TUNE_VERSION)
        return refuse(ds, version->loc, "it is of another version");
    if (strcmp(t->machine, tune_machine(sp, m)))
        return refuse(ds, machine->loc, "it was measured on another one");
    for (u32 i = 0; i < r->n; i++) {
        const struct rec *x = &r->item[i];
        if (x == version || x == machine)
            continue;
        if (x->kind != REC_LIST || strcmp(x->text, "tile"))
            return refuse(ds, x->loc, "it holds something else than tiles");
        if (!tile(ds, x, m, t))
            return NULL;
    }
    return t;
}

double tune_share(const struct tune *t, const struct mach *m, u32 points, u32 vectors)
{
    static const struct { u32 bits, points, vectors; double share; } known[] = {
#define X(bits, points, vectors, share) { bits, points, vectors, share },
#include "compiler/ir/tune.def"
#undef X
    };
    if (points > TUNE_POINTS || vectors > TUNE_VECTORS)
        return 0;
    if (t)
        return t->share[points][vectors];
    for (u32 i = 0; i < COUNTOF(known); i++)
        if (known[i].bits == m->vector_bits && known[i].points == points && known[i].vectors == vectors)
            return known[i].share;
    return 0;
}
