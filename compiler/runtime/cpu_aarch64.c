/* cpu_aarch64.c - see cpu.h: Linux's words of hardware capabilities, and the length of SVE's vectors. */
#if defined(__aarch64__)
#include "cpu.h"

#include <sys/auxv.h>
#include <sys/prctl.h>

static const struct { const char *name; unsigned char word, bit; } feature[] = {
#define ARM(name, word, bit, brings) { name, word, bit },
#include "cpu.def"
};

int nasc_cpu_has(unsigned k, const char **name)
{
    *name = k < sizeof feature / sizeof *feature ? feature[k].name : NULL;
    if (!*name || !feature[k].word)
        return 1;
    return getauxval(feature[k].word == 1 ? AT_HWCAP : AT_HWCAP2) >> feature[k].bit & 1;
}

unsigned nasc_cpu_vector_bits(void)
{
    int bytes = (getauxval(AT_HWCAP) >> 22 & 1) ? prctl(51 /* PR_SVE_GET_VL */) : 0;
    return bytes > 0 ? (unsigned)(bytes & 0xffff) * 8 : 0;
}
#else
typedef int nothing_here;               /* ISO C wants a declaration */
#endif
