/* cpu_riscv64.c - see cpu.h. */
#if defined(__riscv)
#include "cpu.h"

int nasc_cpu_check(const nasc_model *m, char *why, size_t size)
{
    (void)m;
    (void)why;
    (void)size;
    return 1;
}
#else
typedef int nothing_here;               /* ISO C wants a declaration */
#endif
