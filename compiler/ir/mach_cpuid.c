/* mach_cpuid.c - what an x86-64 processor must answer to have a machine's features: CPUID's bits and XCR0's, by the table of cpu.def. */
#include "compiler/ir/mach.h"

enum reg { EAX, EBX, ECX, EDX };
enum state { ANY, YMM, ZMM, TILE };      /* which registers the system must save */
enum { OSXSAVE = 27 };

static const struct { const char *name; u32 leaf, sub; u8 reg, bit, state; } feature[] = {
#define X86(name, leaf, sub, reg, bit, state, brings) { name, leaf, sub, reg, bit, state },
#include "compiler/runtime/cpu.def"
};

u32 mach_cpuid(const struct mach *m, struct mach_cpuid ask[MACH_CPUID], u32 *saved)
{
    static const u32 needs[] = {0, 0x6, 0xe6, 0x60000};
    u32 n = 0;
    *saved = 0;
    for (u32 i = 0; m->isa == ISA_X86_64 && i < COUNTOF(feature); i++) {
        u32 k = 0;
        if (!mach_has(m, feature[i].name))
            continue;
        while (k < n && (ask[k].leaf != feature[i].leaf || ask[k].sub != feature[i].sub))
            k++;
        CHECK(k < MACH_CPUID);
        if (k == n)
            ask[n++] = (struct mach_cpuid){.leaf = feature[i].leaf, .sub = feature[i].sub};
        ask[k].want[feature[i].reg] |= 1u << feature[i].bit;
        *saved |= needs[feature[i].state];
    }
    if (*saved && ask[0].leaf == 1)      /* only then may XCR0 be read; whatever needs it brings features of leaf 1 along */
        ask[0].want[ECX] |= 1u << OSXSAVE;
    return n;
}
