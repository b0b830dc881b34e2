/* cpu_riscv64.c - see cpu.h: letters by Linux's hardware capabilities, other extensions by riscv_hwprobe where the kernel has it, and the
 * length of vectors from their register. */
#if defined(__riscv)
#include "cpu.h"

#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

static const struct { const char *name; char letter; signed char bit; } feature[] = {
#define RISCV(name, letter, bit, brings) { name, letter, bit },
#include "cpu.def"
};

/* The key IMA_EXT_0; all bits where nobody tells. */
static uint64_t probed(void)
{
    struct { int64_t key; uint64_t value; } pair = { 4, 0 };
    return syscall(258 /* riscv_hwprobe */, &pair, (size_t)1, (size_t)0, NULL, 0u) == 0 && pair.key == 4 ? pair.value : ~(uint64_t)0;
}

int nasc_cpu_has(unsigned k, const char **name)
{
    *name = k < sizeof feature / sizeof *feature ? feature[k].name : NULL;
    if (!*name || strncmp(*name, "zvl", 3) == 0)        /* those are the least length */
        return 1;
    if (feature[k].letter)
        return getauxval(AT_HWCAP) >> (feature[k].letter - 'A') & 1;
    return feature[k].bit < 0 || (probed() >> feature[k].bit & 1);
}

unsigned nasc_cpu_vector_bits(void)
{
    unsigned long bytes = 0;
    if (getauxval(AT_HWCAP) >> ('V' - 'A') & 1)
        __asm__ volatile("csrr %0, 0xc22" : "=r"(bytes));       /* vlenb */
    return (unsigned)bytes * 8;
}
#else
typedef int nothing_here;               /* ISO C wants a declaration */
#endif
