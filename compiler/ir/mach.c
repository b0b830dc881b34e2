/* mach.c - the host, from its feature bits.
 *
 * In: CPUID (with what the operating system saves of the registers, XCR0) or Linux's hardware capabilities, and sysconf.  Out: a struct mach.  Holds: a feature is named
 * only if it can be used; the model's name is never asked, as virtual machines report odd ones. */
#include "compiler/ir/mach.h"

#include "compiler/base/arena.h"

#include <unistd.h>
#if defined __x86_64__
#include <cpuid.h>
#else
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#endif

static u64 from_sysconf(int name)
{
    long v = sysconf(name);
    return v > 0 ? (u64)v : 0;
}

#if defined __x86_64__

enum reg { EAX, EBX, ECX, EDX };
enum state { ANY, YMM, ZMM, TILE };      /* which registers the system must save */

static const struct { const char *name; u32 leaf, sub; u8 reg, bit, state; } feature[] = {
#define X86(name, leaf, sub, reg, bit, state, brings) { name, leaf, sub, reg, bit, state },
#include "compiler/runtime/cpu.def"
};

static u32 read_reg(u32 leaf, u32 sub, u32 reg)
{
    u32 r[4];
    if (!__get_cpuid_count(leaf, sub, &r[EAX], &r[EBX], &r[ECX], &r[EDX]))
        return 0;
    return r[reg];
}

static u64 saved_state(void)
{
    if (!(read_reg(1, 0, ECX) >> 27 & 1))       /* no XGETBV for programs */
        return 0;
    u32 lo, hi;
    __asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
    return (u64)hi << 32 | lo;
}

/* Size of the data or unified cache of a level, by CPUID leaf 4; 0: not told. */
static u64 cache_size(u32 level)
{
    for (u32 i = 0; i < 16; i++) {
        u32 a = read_reg(4, i, EAX), b = read_reg(4, i, EBX);
        if ((a & 31) == 0)
            break;
        if ((a & 31) != 2 && (a >> 5 & 7) == level)
            return (u64)((b >> 22) + 1) * ((b >> 12 & 0x3ff) + 1) * ((b & 0xfff) + 1) * (u64)(read_reg(4, i, ECX) + 1);
    }
    return 0;
}

static void probe(struct mach *m, struct arena *a)
{
    static const u64 needed[] = { [ANY] = 0, [YMM] = 0x6, [ZMM] = 0xe6, [TILE] = 0x60000 };
    u64 saved = saved_state();
    struct buf b = { 0 };
    for (u32 i = 0; i < COUNTOF(feature); i++)
        if ((saved & needed[feature[i].state]) == needed[feature[i].state] &&
            read_reg(feature[i].leaf, feature[i].sub, feature[i].reg) >> feature[i].bit & 1)
            buf_printf(&b, "%s+%s", b.n ? "," : "", feature[i].name);
    m->isa = ISA_X86_64;
    m->triple = "x86_64-pc-linux-gnu";
    m->cpu = "x86-64";
    m->features = arena_strdup(a, b.at ? b.at : "");
    buf_free(&b);
    m->l1d = cache_size(1);
    m->l2 = cache_size(2);
    m->l3 = cache_size(3);
    m->line = (read_reg(1, 0, EBX) >> 8 & 0xff) * 8;
}

#else

/* Linux says what there is in words of bits. */
static void name_features(struct mach *m, struct arena *a, u32 n, const char *const *name, const bool *is)
{
    struct buf b = { 0 };
    for (u32 i = 0; i < n; i++)
        if (is[i])
            buf_printf(&b, "%s+%s", b.n ? "," : "", name[i]);
    m->features = arena_strdup(a, b.at ? b.at : "");
    buf_free(&b);
}

#if defined __aarch64__

static void probe(struct mach *m, struct arena *a)
{
    const u64 word[] = { ~0ull, getauxval(AT_HWCAP), getauxval(AT_HWCAP2) };
    static const char *const name[] = {
#define ARM(name, word, bit, brings) name,
#include "compiler/runtime/cpu.def"
    };
    const bool is[] = {
#define ARM(name, w, bit, brings) word[w] >> bit & 1,
#include "compiler/runtime/cpu.def"
    };
    m->isa = ISA_AARCH64;
    m->triple = "aarch64-unknown-linux-gnu";
    m->cpu = "generic";
    name_features(m, a, COUNTOF(name), name, is);
    if (mach_has(m, "sve"))
        m->least_bits = (u32)(prctl(51 /* PR_SVE_GET_VL */) & 0xffff) * 8;
}

#else

static void probe(struct mach *m, struct arena *a)
{
    const u64 letters = getauxval(AT_HWCAP);
    u64 bits = 0;
    if (letters >> ('V' - 'A') & 1) {
        u64 bytes;
        __asm__ volatile(".option push\n.option arch, +v\ncsrr %0, vlenb\n.option pop" : "=r"(bytes));
        bits = bytes * 8;
    }
    static const char *const name[] = {
#define RISCV(name, letter, bit, brings) name,
#include "compiler/runtime/cpu.def"
    };
    const bool is[] = {     /* zvl128b .. by what was read; what has no letter is not asked for */
#define RISCV(name, letter, bit, brings) (letter) && (letters >> ((letter) - 'A') & 1) && (strncmp(name, "zvl", 3) != 0 || strtoul(name + 3, NULL, 10) <= bits),
#include "compiler/runtime/cpu.def"
    };
    m->isa = ISA_RISCV64;
    m->triple = "riscv64-unknown-linux-gnu";
    m->cpu = "generic-rv64";
    m->abi = "lp64d";
    name_features(m, a, COUNTOF(name), name, is);
}

#endif
#endif

void mach_host(struct mach *m, struct arena *a)
{
    memset(m, 0, sizeof *m);
    m->name = "native";
    m->host = true;
    probe(m, a);
    mach_describe(m);
#ifdef _SC_LEVEL1_DCACHE_SIZE
    m->l1d = m->l1d ? m->l1d : from_sysconf(_SC_LEVEL1_DCACHE_SIZE);
    m->l2 = m->l2 ? m->l2 : from_sysconf(_SC_LEVEL2_CACHE_SIZE);
    m->l3 = m->l3 ? m->l3 : from_sysconf(_SC_LEVEL3_CACHE_SIZE);
    m->line = m->line ? m->line : (u32)from_sysconf(_SC_LEVEL1_DCACHE_LINESIZE);
#endif
    m->cores = (u32)from_sysconf(_SC_NPROCESSORS_ONLN);
    /* What nobody told: small, usual sizes. */
    m->l1d = m->l1d ? m->l1d : 32 << 10;
    m->l2 = m->l2 ? m->l2 : 256 << 10;
    m->l3 = m->l3 ? m->l3 : m->l2;
    m->line = m->line ? m->line : 64;
    m->cores = m->cores ? m->cores : 1;
}

void mach_print(struct buf *b, const struct mach *m)
{
    buf_printf(b, "(mach %s (cpu %s) (features \"%s\") (vector %u) (registers %u)%s%s", mach_isa_name(m->isa), m->cpu, m->features,
               m->vector_bits, m->nvreg, m->fma ? " fma" : "", m->masks ? " masks" : "");
    if (m->tune)
        buf_printf(b, " (tune %s)", m->tune);
    if (m->least_bits)
        buf_printf(b, " (least %u)", m->least_bits);
    if (m->abi)
        buf_printf(b, " (abi %s)", m->abi);
    buf_printf(b, " (l1d %llu) (l2 %llu) (l3 %llu) (line %u) (cores %u))\n", (unsigned long long)m->l1d, (unsigned long long)m->l2,
               (unsigned long long)m->l3, m->line, m->cores);
}
