/* cpu_x86_64.c - see cpu.h: CPUID, and the registers that the system saves (XCR0). */
#if defined(__x86_64__)
#include "cpu.h"

#include <cpuid.h>

enum reg { EAX, EBX, ECX, EDX };
enum state { ANY, YMM, ZMM, TILE };

static const struct { const char *name; unsigned leaf, sub; unsigned char reg, bit, state; } feature[] = {
#define X86(name, leaf, sub, reg, bit, state, brings) { name, leaf, sub, reg, bit, state },
#include "cpu.def"
};

static unsigned read_reg(unsigned leaf, unsigned sub, unsigned reg)
{
    unsigned r[4];
    return __get_cpuid_count(leaf, sub, &r[EAX], &r[EBX], &r[ECX], &r[EDX]) ? r[reg] : 0;
}

static unsigned saved(void)
{
    unsigned lo = 0, hi;
    if (read_reg(1, 0, ECX) >> 27 & 1)
        __asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
    return lo;
}

int nasc_cpu_has(unsigned k, const char **name)
{
    static const unsigned needs[] = { 0, 0x6, 0xe6, 0x60000 };
    *name = k < sizeof feature / sizeof *feature ? feature[k].name : NULL;
    return !*name || ((read_reg(feature[k].leaf, feature[k].sub, feature[k].reg) >> feature[k].bit & 1) &&
                      (saved() & needs[feature[k].state]) == needs[feature[k].state]);
}

unsigned nasc_cpu_vector_bits(void)
{
    return 0;
}
#else
typedef int nothing_here;               /* ISO C wants a declaration */
#endif
