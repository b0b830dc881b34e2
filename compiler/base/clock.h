/* clock.h - nanoseconds that only go forward. */
#ifndef NASC_CLOCK_H
#define NASC_CLOCK_H
#include "compiler/base/base.h"

#include <time.h>

static inline u64 clock_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (u64)t.tv_sec * 1000000000u + (u64)t.tv_nsec;
}

#endif
