/* peak.h - what one core of this machine can do at most, found by trying: arithmetic in registers, bytes through the caches. */
#ifndef NASC_PEAK_H
#define NASC_PEAK_H
#include "compiler/base/base.h"

struct peak {
    double flops;           /* single-precision operations a second; a multiply-add is two */
    double bytes;           /* bytes read a second from a buffer that the last cache holds, but not the one before it */
    const char *how;        /* the instructions the former were: "avx512f", "fma", "neon", "c" */
};
/* Takes some ten milliseconds; the best of several tries, since others may use the machine.  false: out of memory. */
bool peak_measure(struct peak *p);

#endif
