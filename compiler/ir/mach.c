/* mach.c - the host, from its feature bits.
 *
 * In: CPUID (with what the operating system saves of the registers, XCR0) and sysconf.  Out: a struct mach.  Holds: a feature is named
 * only if it can be used; the model's name is never asked, as virtual machines report odd ones. */
#include "compiler/ir/mach.h"

#include "compiler/base/arena.h"

#include <unistd.h>
#if defined __x86_64__
#include <cpuid.h>
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
    { "sse3", 1, 0, ECX, 0, ANY }, { "pclmul", 1, 0, ECX, 1, ANY }, { "ssse3", 1, 0, ECX, 9, ANY }, { "fma", 1, 0, ECX, 12, YMM },
    { "cx16", 1, 0, ECX, 13, ANY }, { "sse4.1", 1, 0, ECX, 19, ANY }, { "sse4.2", 1, 0, ECX, 20, ANY }, { "movbe", 1, 0, ECX, 22, ANY },
    { "popcnt", 1, 0, ECX, 23, ANY }, { "aes", 1, 0, ECX, 25, ANY }, { "avx", 1, 0, ECX, 28, YMM }, { "f16c", 1, 0, ECX, 29, YMM },
    { "bmi", 7, 0, EBX, 3, ANY }, { "avx2", 7, 0, EBX, 5, YMM }, { "bmi2", 7, 0, EBX, 8, ANY }, { "avx512f", 7, 0, EBX, 16, ZMM },
    { "avx512dq", 7, 0, EBX, 17, ZMM }, { "adx", 7, 0, EBX, 19, ANY }, { "avx512ifma", 7, 0, EBX, 21, ZMM }, { "avx512cd", 7, 0, EBX, 28, ZMM },
    { "avx512bw", 7, 0, EBX, 30, ZMM }, { "avx512vl", 7, 0, EBX, 31, ZMM }, { "avx512vbmi", 7, 0, ECX, 1, ZMM },
    { "avx512vbmi2", 7, 0, ECX, 6, ZMM }, { "gfni", 7, 0, ECX, 8, ANY }, { "vaes", 7, 0, ECX, 9, YMM }, { "vpclmulqdq", 7, 0, ECX, 10, YMM },
    { "avx512vnni", 7, 0, ECX, 11, ZMM }, { "avx512bitalg", 7, 0, ECX, 12, ZMM }, { "avx512vpopcntdq", 7, 0, ECX, 14, ZMM },
    { "amx-bf16", 7, 0, EDX, 22, TILE }, { "avx512fp16", 7, 0, EDX, 23, ZMM }, { "amx-tile", 7, 0, EDX, 24, TILE },
    { "amx-int8", 7, 0, EDX, 25, TILE }, { "avxvnni", 7, 1, EAX, 4, YMM }, { "avx512bf16", 7, 1, EAX, 5, ZMM },
    { "lzcnt", 0x80000001, 0, ECX, 5, ANY },
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

static bool has(const struct mach *m, const char *name)
{
    size_t n = strlen(name);
    for (const char *s = m->features; (s = strchr(s, '+')); s++)
        if (strncmp(s + 1, name, n) == 0 && (s[1 + n] == ',' || !s[1 + n]))
            return true;
    return false;
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
    m->masks = has(m, "avx512f") && has(m, "avx512bw") && has(m, "avx512dq") && has(m, "avx512vl");
    m->fma = has(m, "fma");
    m->vector_bits = m->masks ? 512 : has(m, "avx2") && m->fma ? 256 : 128;
    m->nvreg = m->masks ? 32 : 16;
    m->l1d = cache_size(1);
    m->l2 = cache_size(2);
    m->l3 = cache_size(3);
    m->line = (read_reg(1, 0, EBX) >> 8 & 0xff) * 8;
}

#elif defined __aarch64__

static void probe(struct mach *m, struct arena *a)
{
    (void)a;
    m->isa = ISA_AARCH64;
    m->triple = "aarch64-unknown-linux-gnu";
    m->cpu = "generic";
    m->features = "+neon";
    m->fma = true;
    m->vector_bits = 128;
    m->nvreg = 32;
}

#else

static void probe(struct mach *m, struct arena *a)
{
    (void)a;
    m->isa = ISA_RISCV64;
    m->triple = "riscv64-unknown-linux-gnu";
    m->cpu = "generic-rv64";
    m->features = "+m,+a,+f,+d,+c";
    m->fma = true;
    m->vector_bits = 128;
    m->nvreg = 32;
}

#endif

void mach_host(struct mach *m, struct arena *a)
{
    memset(m, 0, sizeof *m);
    probe(m, a);
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

/* Levels of x86-64, as the psABI has them; each has the features of those before it. */
static const struct { const char *name, *features; u32 vector_bits, nvreg; bool masks; } level_row[] = {
    { "x86-64-v3", "+sse3,+ssse3,+sse4.1,+sse4.2,+popcnt,+cx16,+movbe,+avx,+avx2,+fma,+f16c,+bmi,+bmi2,+lzcnt", 256, 16, false },
    { "x86-64-v4", "+avx512f,+avx512bw,+avx512cd,+avx512dq,+avx512vl", 512, 32, true },
};

/* Is the feature at `name` (up to a comma) among these? */
static bool among(const char *features, const char *name)
{
    size_t n = strcspn(name, ",");
    for (const char *s = features; *s; s += strcspn(s, ","), s += *s == ',')
        if (strcspn(s, ",") == n && memcmp(s, name, n) == 0)
            return true;
    return false;
}

bool mach_level(struct mach *m, struct arena *a, const char *level, struct buf *why)
{
    if (strcmp(level, "native") == 0)
        return true;
    u32 k = 0;
    while (k < COUNTOF(level_row) && strcmp(level, level_row[k].name) != 0)
        k++;
    if (m->isa != ISA_X86_64 || k == COUNTOF(level_row)) {
        bool low = m->isa == ISA_X86_64 && (strcmp(level, "x86-64") == 0 || strcmp(level, "x86-64-v2") == 0);
        buf_printf(why, low ? "`%s` has no fused multiply-add, which native code needs: x86-64-v3 is the lowest" :
                   m->isa == ISA_X86_64 ? "`%s` is not a level of this machine: native, x86-64-v3 or x86-64-v4" : "`%s` is not a level of this machine: native", level);
        return false;
    }
    struct buf b = { 0 };
    for (u32 i = 0; i <= k; i++)
        for (const char *f = level_row[i].features; *f; f += strcspn(f, ","), f += *f == ',') {
            if (!among(m->features, f)) {
                buf_printf(why, "this machine has no %.*s, which `%s` needs", (int)strcspn(f, ",") - 1, f + 1, level);
                buf_free(&b);
                return false;
            }
            buf_printf(&b, "%s%.*s", b.n ? "," : "", (int)strcspn(f, ","), f);
        }
    m->features = arena_strdup(a, b.at);
    buf_free(&b);
    m->vector_bits = level_row[k].vector_bits;
    m->nvreg = level_row[k].nvreg;
    m->masks = level_row[k].masks;
    m->fma = true;
    return true;
}

void mach_print(struct buf *b, const struct mach *m)
{
    static const char *const isa[] = { "x86_64", "aarch64", "riscv64" };
    buf_printf(b, "(mach %s (cpu %s) (features \"%s\") (vector %u) (registers %u)%s%s", isa[m->isa], m->cpu, m->features,
               m->vector_bits, m->nvreg, m->fma ? " fma" : "", m->masks ? " masks" : "");
    buf_printf(b, " (l1d %llu) (l2 %llu) (l3 %llu) (line %u) (cores %u))\n", (unsigned long long)m->l1d, (unsigned long long)m->l2,
               (unsigned long long)m->l3, m->line, m->cores);
}
