/* mach_target.c - machines by name.
 *
 * In: words of --target, --cpu and --features.  Out: a struct mach.  Holds: its features are written out, in the order of cpu.def, with what
 * they bring along, so that a binary can check them one by one; nothing depends on the machine we run on unless `native` is named.
 *
 *     riscv64-v256          ->  +m,+a,+f,+d,+c,+v,+zvl128b,+zvl256b    vectors of 256 bits, 32 registers, fma, masks
 *     native --cpu haswell  ->  what haswell has and the host has, the host's caches */
#include "compiler/ir/mach.h"

#include "compiler/base/arena.h"

#include <stdio.h>

static const struct row { const char *name; u8 isa; const char *brings; } feature[] = {
#define X86(name, leaf, sub, reg, bit, state, brings) { name, ISA_X86_64, brings },
#define ARM(name, word, bit, brings) { name, ISA_AARCH64, brings },
#define RISCV(name, letter, bit, brings) { name, ISA_RISCV64, brings },
#include "compiler/runtime/cpu.def"
};
static const struct { const char *name; u8 isa; const char *triple, *cpu, *features; u32 least_bits, l1d, l2, l3; } target_row[] = {
#define TARGET(name, isa, triple, cpu, features, least, l1d, l2, l3) { name, isa, triple, cpu, features, least, l1d, l2, l3 },
#include "compiler/ir/mach.def"
};
static const struct { const char *name, *target, *more; u32 least_bits, l1d, l2, l3; } cpu_row[] = {
#define CPU(name, target, more, least, l1d, l2, l3) { name, target, more, least, l1d, l2, l3 },
#include "compiler/ir/mach.def"
};
enum { FEATURES = COUNTOF(feature) };
struct set { bool is[FEATURES]; };

const char *mach_isa_name(enum mach_isa isa)
{
    static const char *const name[ISAS] = { "x86_64", "aarch64", "riscv64" };
    return name[isa];
}

const char *mach_target_name(u32 k)
{
    return k < COUNTOF(target_row) ? target_row[k].name : NULL;
}

static u32 target_of(const char *name)
{
    u32 k = 0;
    while (k < COUNTOF(target_row) && strcmp(target_row[k].name, name) != 0)
        k++;
    return k;
}

const char *mach_cpu_name(u32 k, enum mach_isa *isa)
{
    if (k >= COUNTOF(cpu_row))
        return NULL;
    *isa = (enum mach_isa)target_row[target_of(cpu_row[k].target)].isa;
    return cpu_row[k].name;
}

/* ---- sets of features ---- */

static u32 feature_of(enum mach_isa isa, const char *name, size_t n)
{
    u32 k = 0;
    while (k < FEATURES && (feature[k].isa != isa || strncmp(feature[k].name, name, n) != 0 || feature[k].name[n]))
        k++;
    return k;
}

static void add(struct set *s, u32 k)
{
    s->is[k] = true;
    for (const char *f = feature[k].brings; *f; f += strcspn(f, ","), f += *f == ',')
        add(s, feature_of((enum mach_isa)feature[k].isa, f, strcspn(f, ",")));
}

/* The feature, and all that would bring it along. */
static void drop(struct set *s, u32 k)
{
    s->is[k] = false;
    for (u32 i = k + 1; i < FEATURES; i++) {
        struct set with = { 0 };
        add(&with, i);
        s->is[i] &= !with.is[k];
    }
}

static void known_features(struct buf *why, enum mach_isa isa)
{
    for (u32 i = 0, n = 0; i < FEATURES; i++)
        if (feature[i].isa == isa)
            buf_printf(why, "%s%s", n++ ? ", " : "", feature[i].name);
}

/* Applies "+f,-f"; what of `fixed` is there stays. */
static bool apply(struct set *s, enum mach_isa isa, const char *text, const struct set *fixed, struct buf *why)
{
    for (const char *f = text; *f; f += strcspn(f, ","), f += *f == ',') {
        bool minus = *f == '-';
        f += *f == '-' || *f == '+';
        size_t n = strcspn(f, ",");
        u32 k = feature_of(isa, f, n);
        if (k == FEATURES) {
            buf_printf(why, "`%.*s` is no feature of %s: ", (int)n, f, mach_isa_name(isa));
            known_features(why, isa);
            return false;
        }
        if (minus && fixed && fixed->is[k]) {
            buf_printf(why, "all code for %s uses `%s`: it cannot be left out", mach_isa_name(isa), feature[k].name);
            return false;
        }
        if (minus)
            drop(s, k);
        else
            add(s, k);
    }
    return true;
}

static struct set set_of(const struct mach *m)
{
    struct set s = { 0 };
    for (u32 i = 0; i < FEATURES; i++)
        s.is[i] = feature[i].isa == m->isa && mach_has(m, feature[i].name);
    return s;
}

static const char *set_text(struct arena *a, const struct set *s)
{
    struct buf b = { 0 };
    for (u32 i = 0; i < FEATURES; i++)
        if (s->is[i])
            buf_printf(&b, "%s+%s", b.n ? "," : "", feature[i].name);
    const char *text = arena_strdup(a, b.at ? b.at : "");
    buf_free(&b);
    return text;
}

bool mach_has(const struct mach *m, const char *name)
{
    size_t n = strlen(name);
    for (const char *s = m->features; (s = strchr(s, '+')); s++)
        if (strncmp(s + 1, name, n) == 0 && (s[1 + n] == ',' || !s[1 + n]))
            return true;
    return false;
}

const char *mach_lacks(const struct mach *of, const struct mach *m, struct arena *a)
{
    struct set have = set_of(of), want = set_of(m);
    for (u32 i = 0; i < FEATURES; i++)
        if (want.is[i] && !have.is[i])
            return feature[i].name;
    return m->least_bits > of->least_bits ? arena_printf(a, "vectors of %u bits", m->least_bits) : NULL;
}

/* ---- what features mean ---- */

void mach_describe(struct mach *m)
{
    if (m->isa == ISA_X86_64) {
        m->masks = mach_has(m, "avx512f") && mach_has(m, "avx512bw") && mach_has(m, "avx512dq") && mach_has(m, "avx512vl");
        m->fma = mach_has(m, "fma");
        m->vector_bits = m->masks ? 512 : mach_has(m, "avx2") && m->fma ? 256 : 128;
        m->nvreg = m->masks ? 32 : 16;
        m->least_bits = 0;
        return;
    }
    m->fma = true;
    m->nvreg = 32;
    if (m->isa == ISA_AARCH64) {        /* vectors of 128 bits are NEON's, which have no masks */
        m->least_bits = mach_has(m, "sve") ? MAX(m->least_bits, 128) : 0;
        m->vector_bits = MAX(MIN(m->least_bits, 512), 128);
        m->masks = m->least_bits >= 256;
        return;
    }
    m->least_bits = 0;
    for (u32 bits = 128; bits <= 1024; bits *= 2) {
        char name[16];
        snprintf(name, sizeof name, "zvl%ub", bits);
        if (mach_has(m, name) || (bits == 128 && mach_has(m, "v")))
            m->least_bits = bits;
    }
    m->vector_bits = m->least_bits ? MIN(m->least_bits, 512) : 64;     /* without: pairs of scalars, so that sums have register tiles */
    m->nvreg = m->least_bits ? 32 : 16;
    m->masks = m->least_bits > 0;
}

/* ---- names ---- */

static void known_targets(struct buf *why)
{
    buf_puts(why, "native");
    for (u32 i = 0; i < COUNTOF(target_row); i++)
        buf_printf(why, ", %s", target_row[i].name);
    buf_puts(why, ", or a triple of one of these");
}

/* x86_64-linux-musl: an architecture, then words with an ELF system among them. */
static u32 row_of_triple(const char *text)
{
    static const char *const word[ISAS][2] = { { "x86_64", "amd64" }, { "aarch64", "arm64" }, { "riscv64", "riscv64gc" } };
    size_t n = strcspn(text, "-");
    bool elf = strstr(text + n, "-linux") || strstr(text + n, "-elf") || strstr(text + n, "-none");
    for (u32 k = 0; k < COUNTOF(target_row) && elf; k++)
        for (u32 i = 0; i < 2; i++) {
            const char *w = word[target_row[k].isa][i];
            if (strlen(w) == n && memcmp(w, text, n) == 0)
                return k;               /* the first of an isa is its base */
        }
    return COUNTOF(target_row);
}

static bool name_target(struct mach *m, struct arena *a, const char *target, struct buf *why)
{
    u32 k = target_of(target), t = k < COUNTOF(target_row) ? k : row_of_triple(target);
    if (t == COUNTOF(target_row)) {
        buf_printf(why, "`%s` is no target: ", target);
        known_targets(why);
        return false;
    }
    struct mach host = *m;
    *m = (struct mach){ .isa = (enum mach_isa)target_row[t].isa, .triple = k == t ? target_row[t].triple : arena_strdup(a, target), .cpu = target_row[t].cpu,
                        .abi = target_row[t].isa == ISA_RISCV64 ? "lp64d" : NULL, .least_bits = target_row[t].least_bits, .name = arena_strdup(a, target),
                        .l1d = (u64)target_row[t].l1d << 10, .l2 = (u64)target_row[t].l2 << 10, .l3 = (u64)target_row[t].l3 << 10, .cores = host.cores, .line = 64 };
    struct set s = { 0 };
    if (!apply(&s, m->isa, target_row[t].features, NULL, why))
        BUG("target %s: %s", target_row[t].name, why->at);
    m->features = set_text(a, &s);
    return true;
}

static bool name_cpu(struct mach *m, struct arena *a, const char *cpu, bool native, struct buf *why)
{
    u32 k = 0, t;
    while (k < COUNTOF(cpu_row) && (strcmp(cpu_row[k].name, cpu) != 0 || target_row[target_of(cpu_row[k].target)].isa != m->isa))
        k++;
    if (k == COUNTOF(cpu_row)) {
        buf_printf(why, "`%s` is no processor of %s: native", cpu, mach_isa_name(m->isa));
        for (u32 i = 0; i < COUNTOF(cpu_row); i++)
            if (target_row[target_of(cpu_row[i].target)].isa == m->isa)
                buf_printf(why, ", %s", cpu_row[i].name);
        return false;
    }
    t = target_of(cpu_row[k].target);
    struct mach now = *m;
    struct set s = { 0 };
    if (!apply(&s, m->isa, target_row[t].features, NULL, why) || !apply(&s, m->isa, cpu_row[k].more, NULL, why))
        BUG("processor %s: %s", cpu, why->at);
    now.features = set_text(a, &s);
    now.least_bits = cpu_row[k].least_bits;
    now.tune = strcmp(cpu_row[k].name, m->cpu) != 0 && strncmp(cpu_row[k].name, "x86-64", 6) != 0 ? cpu_row[k].name : NULL;
    mach_describe(&now);
    if (!native) {
        const char *lacks = mach_lacks(&now, m, a);
        if (lacks) {
            buf_printf(why, "`%s` has no %s, which `%s` means", cpu, lacks, m->name);
            return false;
        }
        now.l1d = (u64)cpu_row[k].l1d << 10;
        now.l2 = (u64)cpu_row[k].l2 << 10;
        now.l3 = (u64)cpu_row[k].l3 << 10;
    }
    *m = now;
    return true;
}

bool mach_target(struct mach *m, struct arena *a, const char *target, const char *cpu, const char *features, struct buf *why)
{
    struct mach host, x;
    bool native = !target || strcmp(target, "native") == 0;
    mach_host(&host, a);
    x = host;
    if (!native) {
        if (!name_target(&x, a, target, why))
            return false;
        mach_describe(&x);
    }
    if (cpu && strcmp(cpu, "native") == 0 && !native) {
        const char *lacks = x.isa == host.isa ? mach_lacks(&host, &x, a) : "such processor";
        if (lacks) {
            buf_printf(why, "this machine has no %s, which `%s` means", lacks, target);
            return false;
        }
        const char *triple = x.triple, *name = x.name;
        x = host;
        x.triple = triple;
        x.name = name;
    } else if (cpu && strcmp(cpu, "native") != 0 && !name_cpu(&x, a, cpu, native, why)) {
        return false;
    }
    if (features) {
        struct set s = set_of(&x), fixed = { 0 };
        u32 base = 0;
        while (target_row[base].isa != x.isa)
            base++;
        if (!apply(&fixed, x.isa, target_row[base].features, NULL, why) || !apply(&s, x.isa, features, &fixed, why))
            return false;
        x.features = set_text(a, &s);
        mach_describe(&x);
    }
    x.host = x.isa == host.isa && strstr(x.triple, "-linux") && !mach_lacks(&host, &x, a);
    *m = x;
    return true;
}

bool mach_level(struct mach *m, struct arena *a, const char *level, struct buf *why)
{
    if (strcmp(level, "native") == 0)
        return true;
    struct mach now = *m;
    if (!name_cpu(&now, a, level, true, why))
        return false;
    const char *lacks = mach_lacks(m, &now, a);
    if (lacks) {
        buf_printf(why, "this machine has no %s, which `%s` needs", lacks, level);
        return false;
    }
    *m = now;
    return true;
}
