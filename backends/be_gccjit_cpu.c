/* be_gccjit_cpu.c - has this processor the features that the unit's code uses?  A function in the assembler's words, so that none of them is in it:
 *
 *     int nasc_cpu(void):   CPUID of 0x7, 0 is answered, ebx & 0x29 == 0x29, ..; XCR0 & 0x6 == 0x6 ? 1 : 0 */
#include "backends/be_gccjit.h"

static void demand(struct buf *b, const char *reg, u32 bits)
{
    if (bits)
        buf_printf(b, "\tandl $%#x,%%%s\n\tcmpl $%#x,%%%s\n\tjne 1f\n", bits, reg, bits, reg);
}

static void cpuid(struct buf *b, u32 leaf, u32 sub)
{
    buf_printf(b, "\tmovl $%#x,%%eax\n\tmovl $%#x,%%ecx\n\tcpuid\n", leaf, sub);
}

bool gj_cpu(struct buf *b, const struct mach *m, const char *name)
{
    static const char *const reg[4] = { "eax", "ebx", "ecx", "edx" };
    struct mach_cpuid row[MACH_CPUID];
    u32 saved, n = mach_cpuid(m, row, &saved);
    if (!n)
        return false;
    buf_printf(b, "\t.pushsection .text\n\t.type %s,@function\n%s:\n\tpushq %%rbx\n", name, name);
    for (u32 i = 0; i < n; i++) {
        cpuid(b, row[i].leaf & 0x80000000u, 0);
        buf_printf(b, "\tcmpl $%#x,%%eax\n\tjb 1f\n", row[i].leaf);
        cpuid(b, row[i].leaf, row[i].sub);
        for (u32 r = 0; r < COUNTOF(reg); r++)
            demand(b, reg[r], row[i].want[r]);
    }
    if (saved) {
        buf_puts(b, "\txorl %ecx,%ecx\n\txgetbv\n");
        demand(b, "eax", saved);
    }
    buf_printf(b, "\tmovl $1,%%eax\n\tpopq %%rbx\n\tret\n1:\txorl %%eax,%%eax\n\tpopq %%rbx\n\tret\n\t.size %s,.-%s\n\t.popsection\n", name, name);
    return true;
}
